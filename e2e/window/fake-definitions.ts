/** Schedules and templates for the scripted bridge. */
import type { DefinitionSummary, RunSummary, ScheduleSummary } from '../../engine/api.ts';
import type { StreamItems } from '../../main/ipc/contract.ts';

const start = Date.now();
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const ahead = (...minutes: number[]): string[] => minutes.map((each) => iso(start + each * 60_000));

function schedule(name: string, more: Partial<ScheduleSummary>, rest: Partial<DefinitionSummary> = {}): DefinitionSummary {
  return {
    kind: 'CronWorkflow', name, uid: name, createdAt: iso(start - 40 * 86_400_000), parameters: [], templates: ['main'], entrypoint: 'main',
    schedule: { ours: true, schedules: ['0 3 * * *'], suspended: false, stopped: false, concurrencyPolicy: 'Forbid', active: [], succeeded: 41, failed: 2, problems: [], next: ahead(312, 1752, 3192, 4632, 6072), lastScheduledTime: iso(start - 1128 * 60_000), ...more },
    ...rest,
  };
}

const SCHEDULES: DefinitionSummary[] = [
  schedule('nightly-features', { timezone: 'Europe/Berlin', schedules: ['0 3 * * 1-5', '30 4 * * 0,6'] }, { description: 'Builds the features of the day before from all partitions, then trains the baseline.', parameters: [{ name: 'date', value: 'yesterday', description: 'The day to build' }, { name: 'environment', value: 'production', enum: ['production', 'staging'] }] }),
  schedule('hourly-sync', { schedules: ['0 * * * *'], concurrencyPolicy: 'Replace', active: ['hourly-sync-1769300400'], next: ahead(14, 74, 134, 194, 254), lastScheduledTime: iso(start - 46 * 60_000) }),
  schedule('load-the-partition-of-the-day-into-the-warehouse-ok', { schedules: ['*/5 * * * *'], suspended: true, next: [] }),
  schedule('report-by-mail', { schedules: ['0 9 31 2 *'], problems: ['Failed to submit Workflow: template mail not found in library'], next: [] }),
  schedule('backup', { ours: false, schedules: ['@daily'] }),
  schedule('smoke-test', { schedules: ['@every 1h30m'], stopped: true, next: [] }),
];

const TEMPLATES: DefinitionSummary[] = [
  { kind: 'WorkflowTemplate', name: 'library', uid: 'l', createdAt: iso(start - 9 * 86_400_000), description: 'Steps that all teams share: fetch, verify, publish.', parameters: [], templates: ['fetch', 'verify', 'publish'] },
  { kind: 'WorkflowTemplate', name: 'release', uid: 'r', createdAt: iso(start - 3 * 86_400_000), title: 'Release a service', description: 'Builds, tests and ships one service, after somebody said yes.', parameters: [{ name: 'service', description: 'Name of its repository' }, { name: 'channel', value: 'beta', enum: ['beta', 'stable'] }], templates: ['main', 'build', 'test', 'approve', 'ship'], entrypoint: 'main' },
];

/** The runs of the first schedule. */
export const SCHEDULED_RUNS: RunSummary[] = (['Succeeded', 'Failed', 'Succeeded'] as const).map((phase, i) => ({
  namespace: 'data-team', name: `nightly-features-${1769238000 - i * 86_400}`, uid: `s${i}`, phase, createdAt: iso(start - (1128 + i * 1440) * 60_000), startedAt: iso(start - (1128 + i * 1440) * 60_000), finishedAt: iso(start - (1110 + i * 1440) * 60_000),
  ours: true, suspended: false, counts: phase === 'Failed' ? { Succeeded: 60, Failed: 1 } : { Succeeded: 84 }, labels: { 'workflows.argoproj.io/cron-workflow': 'nightly-features' }, ...(phase === 'Failed' && { message: 'step load: OOMKilled' }),
}));

/** What the stream of a kind tells in a scene. */
export function definitionsIn(scene: string, kind: DefinitionSummary['kind']): StreamItems['definitions.list'] {
  if (scene === 'forbidden') return { watch: { state: 'forbidden', error: { name: 'AppError', message: `User "ada" cannot list resource "${kind.toLowerCase()}s" in API group "argoproj.io" in the namespace "data-team"` } } };
  const all = kind === 'CronWorkflow' ? SCHEDULES : kind === 'WorkflowTemplate' ? TEMPLATES : [];
  return { change: { upserts: scene === 'empty' ? [] : all, removed: [], reset: true }, watch: { state: 'live' } };
}
