/** `when` of CronWorkflows: what it may name, and its verdict. Argo: cron.evalWhen, cron.expressionEnv. */
import type { CronWorkflow } from '../spec/types.ts';
import { marshalPlain, parseTime, RFC3339, type GoValue } from './go.ts';
import { replaceInText } from './tags.ts';
import { evaluateCronWhen } from './when.ts';

/** The values that tags and expressions of a CronWorkflow may name, `cronworkflow.*`. */
export function cronVariables(cron: CronWorkflow): Map<string, GoValue> {
  const { name = '', namespace = '', labels = {}, annotations = {} } = cron.metadata;
  const { lastScheduledTime, failed, succeeded } = cron.status ?? {};
  const values = new Map<string, GoValue>([
    ['name', name], ['namespace', namespace], ['labels.json', marshalPlain(labels)], ['annotations.json', marshalPlain(annotations)],
    ['lastScheduledTime', typeof lastScheduledTime === 'string' ? parseTime(RFC3339, lastScheduledTime) : null], ['failed', countOf(failed)], ['succeeded', countOf(succeeded)],
  ]);
  for (const [key, value] of Object.entries(labels)) {
    values.set(`labels.${key}`, value);
    // Argo fills both from the labels.
    values.set(`annotations.${key}`, value);
  }
  return new Map([...values].map(([key, value]) => [`cronworkflow.${key}`, value]));
}

function countOf(value: unknown): bigint {
  return typeof value === 'number' ? BigInt(value) : 0n;
}

/** Whether a CronWorkflow's schedule fires now (ms since the epoch). Throws TemplateError and WhenError. */
export function cronFires(cron: CronWorkflow, now: number): boolean {
  return evaluateCronWhen(replaceInText(cron.spec.when ?? '', cronVariables(cron), { allowUnresolved: false, now }));
}
