/** `when` of steps, tasks and CronWorkflows, against the answers of Argo's shouldExecute. */
import { evaluateCronWhen, evaluateWhen } from '../../../engine/template/when.ts';
import { answerOf, difference, first, type Answer, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  if (typeof vector.when !== 'string') return undefined;
  const { when } = vector;
  const steps = answerOf(() => evaluateWhen(when));
  if (vector.panic !== undefined) return steps.error === undefined ? 'must fail' : undefined;
  const cron = answerOf(() => evaluateCronWhen(when));
  const hasCron = vector.cronResult !== undefined || vector.cronError !== undefined;
  return first(against('when', steps, vector.result, vector.error), hasCron ? against('cron', cron, vector.cronResult, vector.cronError) : undefined);
}

function against(what: string, answer: Answer<boolean>, result: unknown, error: unknown): string | undefined {
  return first(difference(`${what} error`, answer.error, error), difference(what, answer.value, result));
}
