/** `when` of steps, tasks and CronWorkflows, against the answers of Argo's shouldExecute and evalWhen. */
import type { CronWorkflow } from '../../../engine/spec/types.ts';
import { cronFires } from '../../../engine/template/cron-when.ts';
import { jsonString } from '../../../engine/template/go.ts';
import { replaceTags, TemplateError } from '../../../engine/template/tags.ts';
import { evaluateCronWhen, evaluateWhen } from '../../../engine/template/when.ts';
import { answerOf, difference, first, type Answer, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  if (vector.group === 'cronWhen') return against('when', answerOf(() => cronFires(vector.cron as CronWorkflow, Date.UTC(2026, 0, 1))), vector.result, vector.error);
  const substituted = vector.group === 'substituted' ? substitution(vector) : undefined;
  if (substituted !== undefined || typeof vector.when !== 'string') return substituted;
  const { when } = vector;
  const steps = answerOf(() => evaluateWhen(when));
  if (vector.panic !== undefined) return steps.error === undefined ? 'must fail' : undefined;
  const cron = answerOf(() => evaluateCronWhen(when));
  const hasCron = vector.cronResult !== undefined || vector.cronError !== undefined;
  return first(against('when', steps, vector.result, vector.error), hasCron ? against('cron', cron, vector.cronResult, vector.cronError) : undefined);
}

/** The text that stands in `when` once its tags are replaced, as steps and tasks do it. */
function substitution(vector: Vector): string | undefined {
  let missing: boolean | undefined;
  const { value, error } = answerOf(() => {
    try {
      const json = replaceTags(jsonString(String(vector.template)), vector.params as Record<string, string>, { allowUnresolved: true, strictPrefixes: ['steps', 'tasks'] });
      return JSON.parse(json) as string;
    } catch (failure) {
      if (failure instanceof TemplateError) missing = failure.missingVariable;
      throw failure;
    }
  });
  return first(difference('substitution error', error, vector.substitutionError), difference('requeue', missing, vector.requeue), difference('substituted', value, vector.when));
}

function against(what: string, answer: Answer<boolean>, result: unknown, error: unknown): string | undefined {
  return first(difference(`${what} error`, answer.error, error), difference(what, answer.value, result));
}
