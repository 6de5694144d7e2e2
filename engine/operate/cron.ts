/**
 * CronWorkflows: what is to be started, ended, deleted and written down, given the object, its runs and the time.
 * Argo: workflow/cron/operator.go, workflow/common/convert.go
 */
import type { Condition, CronWorkflow, CronWorkflowStatus, Workflow } from '../spec/types.ts';
import { ARGO_API_VERSION, LABEL } from '../spec/types.ts';
import { fullSchedule, nextTime, parseSchedule, type CronSchedule } from '../template/cron.ts';
import { cronFires, cronVariables } from '../template/cron-when.ts';
import { environment } from '../template/expr/env.ts';
import { evaluate } from '../template/expr/index.ts';
import { validateCronWorkflow } from '../spec/validate.ts';
import { milliseconds, timestamp } from './time.ts';

const LAST_SCHEDULE = 'cronworkflows.argoproj.io/last-used-schedule';
const SCHEDULED_TIME = 'workflows.argoproj.io/scheduled-time';
const COMPLETED = 'cronworkflows.argoproj.io/completed';
const BACKFILL = 'cronworkflows.argoproj.io/backfill';
const KEPT_SUCCESSFUL = 3;
const KEPT_FAILED = 1;
const MINUTE = 60_000;

/** What is to be done at one look. Times are ms since the epoch. */
export interface CronDecision {
  /** Start the run of this time. */
  fire?: number;
  /** Names of runs to be terminated first. */
  replace: string[];
  /** Why the run of a due time does not start; an `error` becomes a condition. */
  skipped?: { reason: string; error?: boolean };
  /** When to look again for the next time. */
  next?: number;
}

export interface CronMoment {
  now: number;
  /** Times after this one are due; undefined when the engine, or this schedule, has just begun. */
  since: number | undefined;
}

/** The schedules as Argo writes them into the annotation that remembers them. */
export function scheduleText({ spec }: CronWorkflow): string {
  return (spec.schedules ?? []).map((schedule) => fullSchedule(schedule, spec.timezone)).join(',');
}

/** @returns the next `count` times after `after`, over all schedules; none when a schedule cannot be read */
export function nextTimes(cron: CronWorkflow, after: number, count: number): number[] {
  const schedules = readSchedules(cron);
  const times: number[] = [];
  for (let time = after; times.length < count;) {
    const next = earliest(schedules.map((schedule) => nextTime(schedule, time)));
    if (next === undefined) break;
    times.push(next);
    time = next;
  }
  return times;
}

/** @returns what to do now; of several missed times only one run starts */
export function decideCron(cron: CronWorkflow, runs: readonly Workflow[], { now, since }: CronMoment): CronDecision {
  const next = nextTimes(cron, now, 1)[0];
  const wake = next === undefined ? {} : { next };
  const due = since === undefined ? missedTime(cron, now) : nextTimes(cron, since, 1)[0];
  if (due === undefined || due > now || specErrors(cron).length > 0) return { ...wake, replace: [] };
  return { ...wake, replace: [], ...policy(cron, runs, due, now) };
}

/** Whether the time's run starts. Argo: enforceRuntimePolicy */
function policy(cron: CronWorkflow, runs: readonly Workflow[], due: number, now: number): Partial<CronDecision> {
  const { spec, status } = cron;
  if (spec.suspend) return { skipped: { reason: 'suspended' } };
  if (status?.phase === 'Stopped') return { skipped: { reason: 'stopped' } };
  try {
    if (spec.when && !cronFires(cron, now)) return { skipped: { reason: `when: ${spec.when}` } };
  } catch (error) {
    return { skipped: { reason: `run policy error: ${messageOf(error)}`, error: true } };
  }
  const active = runs.filter((run) => !isOver(run)).map((run) => run.metadata.name ?? '');
  if (spec.concurrencyPolicy === 'Forbid' && active.length > 0) return { skipped: { reason: 'a run is active' } };
  return { fire: due, replace: spec.concurrencyPolicy === 'Replace' ? active : [] };
}

/** The latest time that passed while no engine ran, when it is not too late for it. Argo: shouldOutstandingWorkflowsBeRun */
function missedTime(cron: CronWorkflow, now: number): number | undefined {
  const last = cron.status?.lastScheduledTime;
  const deadline = cron.spec.startingDeadlineSeconds;
  if (!last || deadline === undefined || cron.metadata.annotations?.[LAST_SCHEDULE] !== scheduleText(cron)) return undefined;
  const from = Math.max(milliseconds(last), now - deadline * 1000);
  const times = readSchedules(cron).flatMap((schedule) => latestBetween(schedule, from, now) ?? []);
  return times.length ? Math.max(...times) : undefined;
}

/** @returns the last time of a schedule after `from` and before `to`; looked for backwards, since there may be very many */
function latestBetween(schedule: CronSchedule, from: number, to: number): number | undefined {
  for (let span = MINUTE; ; span *= 8) {
    const start = Math.max(from, to - span);
    let latest: number | undefined;
    for (let time = nextTime(schedule, start); time !== undefined && time < to; time = nextTime(schedule, time)) latest = time;
    if (latest !== undefined || start === from) return latest;
  }
}

/** The run of a time. Argo: ConvertCronWorkflowToWorkflowWithProperties */
export function childOf(cron: CronWorkflow, time: number, more: { name?: string; annotations?: Record<string, string> } = {}): Workflow {
  const { name = '', namespace = 'default', uid = '', labels = {} } = cron.metadata;
  const { workflowMetadata = {}, workflowSpec } = cron.spec;
  const instance = labels[LABEL.instanceId];
  return {
    apiVersion: ARGO_API_VERSION, kind: 'Workflow',
    metadata: {
      name: more.name ?? `${name}-${Math.floor(time / 1000)}`, namespace,
      labels: { ...(instance !== undefined && { [LABEL.instanceId]: instance }), ...creatorOf(labels), [LABEL.cronWorkflow]: name, ...workflowMetadata.labels },
      annotations: { [SCHEDULED_TIME]: timestamp(time), ...workflowMetadata.annotations, ...more.annotations },
      ...(workflowMetadata.finalizers && { finalizers: workflowMetadata.finalizers }),
      ownerReferences: [{ apiVersion: ARGO_API_VERSION, kind: 'CronWorkflow', name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: workflowSpec,
  };
}

/** Who made the schedule made its runs. */
function creatorOf(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith(LABEL.creator)));
}

export interface Backfill {
  name: string;
  /** ms since the epoch; a time at `start` or `end` counts. */
  start: number;
  end: number;
  /** All at once; otherwise one after the other, by a mutex of the backfill's name. */
  parallel: boolean;
  /** The parameter that tells a run its time. */
  parameter: string;
}

/** @returns the times between start and end, at most `most` of them */
export function backfillTimes(cron: CronWorkflow, { start, end }: Backfill, most: number): number[] {
  const times: number[] = [];
  for (let [time] = nextTimes(cron, start - 1, 1); time !== undefined && time <= end && times.length < most; [time] = nextTimes(cron, time, 1)) times.push(time);
  return times;
}

/** The run that makes up for a time. Argo: argo cron backfill */
export function backfillRun(cron: CronWorkflow, time: number, { name, parallel, parameter }: Backfill): Workflow {
  const child = childOf(cron, time, { name: `${cron.metadata.name ?? ''}-backfill-${name}-${Math.floor(time / 1000)}` });
  const { spec } = child;
  const parameters = [...(spec.arguments?.parameters ?? []).filter((other) => other.name !== parameter), { name: parameter, value: goTime(time) }];
  return {
    ...child, metadata: { ...child.metadata, labels: { ...child.metadata.labels, [BACKFILL]: name } },
    spec: {
      ...spec, arguments: { ...spec.arguments, parameters },
      ...(!parallel && { priority: 2 ** 31 - 1, synchronization: { ...spec.synchronization, mutexes: [...(spec.synchronization?.mutexes ?? []), { name }] } }),
    },
  };
}

/** As Go prints a time: the form that Argo hands to backfilled runs. */
function goTime(time: number): string {
  return timestamp(time).replace('T', ' ').replace('Z', ' +0000 UTC');
}

// --- what is written down ---

/** Writes that a time's run was started, or why it could not be. */
export function recordFired(cron: CronWorkflow, time: number, result: { run: Workflow } | { error: string } | { exists: true }): CronWorkflow {
  if ('error' in result) return recordError(cron, result.error);
  const status: CronWorkflowStatus = { ...cron.status, phase: 'Active', lastScheduledTime: timestamp(time), conditions: without(cron, 'SubmissionError') };
  if ('run' in result) status.active = [...(cron.status?.active ?? []).filter(({ uid }) => uid !== result.run.metadata.uid), referenceTo(result.run)];
  return { ...cron, status };
}

/** A due time could not be used. Argo: reportCronWorkflowError */
export function recordError(cron: CronWorkflow, message: string): CronWorkflow {
  return { ...cron, status: { ...cron.status, failed: (cron.status?.failed ?? 0) + 1, conditions: [...without(cron, 'SubmissionError'), { type: 'SubmissionError', status: 'True', message }] } };
}

/**
 * Brings the status in line with the spec and the runs: errors of the spec, the schedule in use, runs begun and ended,
 * and the end that stopStrategy sets. @returns the object itself when nothing changes
 */
export function reconcileCron(cron: CronWorkflow, runs: readonly Workflow[]): CronWorkflow {
  let next = withSchedule(withSpecErrors(cron));
  const byUid = new Map(runs.map((run) => [run.metadata.uid, run]));
  const active = next.status?.active ?? [];
  const begun = runs.filter((run) => !isOver(run) && !active.some(({ uid }) => uid === run.metadata.uid));
  const ended = active.filter(({ uid }) => {
    const run = byUid.get(uid);
    return !run || isOver(run);
  });
  if (begun.length + ended.length > 0) {
    const phases = ended.flatMap(({ uid }) => byUid.get(uid)?.status?.phase ?? []);
    const count = (old: number | undefined, wanted: (phase: string) => boolean): number => (old ?? 0) + phases.filter(wanted).length;
    next = {
      ...next, status: {
        ...next.status, active: [...active.filter((reference) => !ended.includes(reference)), ...begun.map(referenceTo)],
        succeeded: count(next.status?.succeeded, (phase) => phase === 'Succeeded'), failed: count(next.status?.failed, (phase) => phase !== 'Succeeded'),
      },
    };
  }
  return stopped(next);
}

function stopped(cron: CronWorkflow): CronWorkflow {
  const expression = cron.spec.stopStrategy?.expression;
  if (!expression || cron.status?.phase === 'Stopped') return cron;
  try {
    if (evaluate(expression, environment(cronVariables(cron))) !== true) return cron;
  } catch (error) {
    return withCondition(cron, 'SpecError', `failed to check CronWorkflow '${cron.metadata.name ?? ''}' stopping condition: ${messageOf(error)}`);
  }
  return { ...cron, metadata: { ...cron.metadata, labels: { ...cron.metadata.labels, [COMPLETED]: 'true' } }, status: { ...cron.status, phase: 'Stopped' } };
}

function withSpecErrors(cron: CronWorkflow): CronWorkflow {
  const [error] = specErrors(cron);
  if (error !== undefined) return withCondition(cron, 'SpecError', error);
  return cron.status?.conditions?.some(({ type }) => type === 'SpecError') ? { ...cron, status: { ...cron.status, conditions: without(cron, 'SpecError') } } : cron;
}

function withSchedule(cron: CronWorkflow): CronWorkflow {
  const text = scheduleText(cron);
  if (cron.metadata.annotations?.[LAST_SCHEDULE] === text) return cron;
  return { ...cron, metadata: { ...cron.metadata, annotations: { ...cron.metadata.annotations, [LAST_SCHEDULE]: text } } };
}

function specErrors(cron: CronWorkflow): string[] {
  return validateCronWorkflow(cron, { mode: 'controller' }).filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

function withCondition(cron: CronWorkflow, type: string, message: string): CronWorkflow {
  const known = cron.status?.conditions?.find((condition) => condition.type === type);
  if (known?.message === message && known.status === 'True') return cron;
  return { ...cron, status: { ...cron.status, conditions: [...without(cron, type), { type, status: 'True', message }] } };
}

function without(cron: CronWorkflow, type: string): Condition[] {
  return (cron.status?.conditions ?? []).filter((condition) => condition.type !== type);
}

/** @returns names of ended runs beyond what is to be kept, the oldest. Argo: enforceHistoryLimit */
export function beyondHistory({ spec, metadata }: CronWorkflow, runs: readonly Workflow[]): string[] {
  const own = runs.filter((run) => isOver(run) && run.metadata.labels?.[LABEL.cronWorkflow] === metadata.name)
    .sort((a, b) => milliseconds(b.status?.finishedAt) - milliseconds(a.status?.finishedAt));
  const succeeded = own.filter((run) => run.status?.phase === 'Succeeded');
  const failed = own.filter((run) => run.status?.phase !== 'Succeeded');
  return [...succeeded.slice(limit(spec.successfulJobsHistoryLimit, KEPT_SUCCESSFUL)), ...failed.slice(limit(spec.failedJobsHistoryLimit, KEPT_FAILED))].map((run) => run.metadata.name ?? '');
}

function limit(given: number | undefined, usual: number): number {
  return given !== undefined && given >= 0 ? given : usual;
}

function isOver(run: Workflow): boolean {
  return ['Succeeded', 'Failed', 'Error'].includes(run.status?.phase ?? '');
}

function referenceTo({ metadata }: Workflow): NonNullable<CronWorkflowStatus['active']>[number] {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = metadata;
  return { apiVersion: ARGO_API_VERSION, kind: 'Workflow', namespace, name, uid, resourceVersion };
}

function readSchedules({ spec }: CronWorkflow): CronSchedule[] {
  try {
    return (spec.schedules ?? []).map((schedule) => parseSchedule(fullSchedule(schedule, spec.timezone)));
  } catch {
    // Said by the validation.
    return [];
  }
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((least, time) => (time === undefined || (least !== undefined && least <= time) ? least : time), undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
