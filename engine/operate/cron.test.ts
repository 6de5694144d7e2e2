import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CronWorkflow, CronWorkflowSpec, CronWorkflowStatus, Workflow } from '../spec/types.ts';
import { backfillRun, backfillTimes, beyondHistory, childOf, decideCron, nextTimes, reconcileCron, recordError, recordFired, scheduleText } from './cron.ts';
import type { CronDecision, CronMoment } from './cron.ts';

const NOON = Date.parse('2026-03-10T12:00:00Z');
const MINUTE = 60_000;
const workflowSpec = { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'busybox' } }] };

function cron(spec: Partial<CronWorkflowSpec> = {}, status?: CronWorkflowStatus): CronWorkflow {
  const made: CronWorkflow = { metadata: { name: 'nightly', namespace: 'work', uid: 'c', labels: { 'workflows.argoproj.io/controller-instanceid': 'tiphys', team: 'a' } }, spec: { schedules: ['*/5 * * * *'], workflowSpec, ...spec }, ...(status && { status }) };
  return { ...made, metadata: { ...made.metadata, annotations: { 'cronworkflows.argoproj.io/last-used-schedule': scheduleText(made) } } };
}

function run(name: string, phase: string, finishedAt?: string): Workflow {
  return { metadata: { name, namespace: 'work', uid: `u-${name}`, labels: { 'workflows.argoproj.io/cron-workflow': 'nightly' } }, spec: workflowSpec, status: { phase: phase as 'Running', ...(finishedAt && { finishedAt }) } };
}

const at = (offset: number, since: number | 'just begun' = -MINUTE): CronMoment => ({ now: NOON + offset, since: since === 'just begun' ? undefined : NOON + since });

test('when a run starts', () => {
  const cases: [string, CronWorkflow, Workflow[], CronMoment, { [K in keyof CronDecision]?: CronDecision[K] | undefined }][] = [
    ['at its time', cron(), [], at(20), { fire: NOON }],
    ['not before', cron(), [], at(-1), { fire: undefined, next: NOON }],
    ['once, however late: the first time that was due', cron(), [], at(62 * MINUTE), { fire: NOON, next: NOON + 65 * MINUTE }],
    ['suspended', cron({ suspend: true }), [], at(0), { skipped: { reason: 'suspended' } }],
    ['stopped', cron({}, { phase: 'Stopped' }), [], at(0), { skipped: { reason: 'stopped' } }],
    ['Allow beside another', cron({ concurrencyPolicy: 'Allow' }), [run('a', 'Running')], at(0), { fire: NOON, replace: [] }],
    ['Forbid beside another', cron({ concurrencyPolicy: 'Forbid' }), [run('a', 'Running')], at(0), { skipped: { reason: 'a run is active' } }],
    ['Forbid after the other', cron({ concurrencyPolicy: 'Forbid' }), [run('a', 'Failed')], at(0), { fire: NOON }],
    ['Replace', cron({ concurrencyPolicy: 'Replace' }), [run('a', 'Running'), run('b', 'Succeeded')], at(0), { fire: NOON, replace: ['a'] }],
    ['when holds', cron({ when: '{{=cronworkflow.failed < 3}}' }), [], at(0), { fire: NOON }],
    ['when does not hold', cron({ when: '{{=cronworkflow.failed < 3}}' }, { failed: 3 }), [], at(0), { fire: undefined, skipped: { reason: 'when: {{=cronworkflow.failed < 3}}' } }],
    ['two schedules, the earlier', cron({ schedules: ['30 12 * * *', '2 12 * * *'] }), [], at(3 * MINUTE, 0), { fire: NOON + 2 * MINUTE }],
    ['a schedule that cannot be read', cron({ schedules: ['nonsense'] }), [], at(0), { fire: undefined, next: undefined }],
    ['in its zone', cron({ schedules: ['0 13 * * *'], timezone: 'Europe/Berlin' }), [], at(0), { fire: NOON }],
  ];
  for (const [title, object, runs, moment, expected] of cases) {
    const decision = decideCron(object, runs, moment);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(decision[key as 'fire'], value, `${title}: ${key}`);
  }
  assert.equal(decideCron(cron({ when: '1 +' }), [], at(0)).skipped?.error, true);
});

test('what was missed while no engine ran', () => {
  const last = { lastScheduledTime: '2026-03-10T08:00:00Z' };
  const cases: [string, CronWorkflow, number | undefined][] = [
    ['the latest one within the deadline', cron({ startingDeadlineSeconds: 600 }, last), NOON],
    ['none without a deadline', cron({}, last), undefined],
    ['none that never ran', cron({ startingDeadlineSeconds: 600 }), undefined],
    ['too late', cron({ startingDeadlineSeconds: 60 }, last), undefined],
    ['the schedule was changed meanwhile', { ...cron({ startingDeadlineSeconds: 600 }, last), spec: { ...cron().spec, startingDeadlineSeconds: 600, schedules: ['*/4 * * * *'] } }, undefined],
    ['none since the last run', cron({ startingDeadlineSeconds: 600 }, { lastScheduledTime: '2026-03-10T12:00:00Z' }), undefined],
    ['a very long time', cron({ schedules: ['* * * * *'], startingDeadlineSeconds: 10 ** 9 }, { lastScheduledTime: '2001-01-01T00:00:00Z' }), NOON + 2 * MINUTE],
  ];
  for (const [title, object, expected] of cases) assert.equal(decideCron(object, [], at(2 * MINUTE + 10, 'just begun')).fire, expected, title);
});

test('the run of a time', () => {
  const made = cron({ workflowMetadata: { labels: { l: '1' }, annotations: { a: '2' }, finalizers: ['f'] } });
  const child = childOf({ ...made, metadata: { ...made.metadata, labels: { ...made.metadata.labels, 'workflows.argoproj.io/creator-email': 'jane' } } }, NOON);
  assert.deepEqual(child.metadata, {
    name: `nightly-${NOON / 1000}`, namespace: 'work',
    labels: { 'workflows.argoproj.io/controller-instanceid': 'tiphys', 'workflows.argoproj.io/creator-email': 'jane', 'workflows.argoproj.io/cron-workflow': 'nightly', l: '1' },
    annotations: { 'workflows.argoproj.io/scheduled-time': '2026-03-10T12:00:00Z', a: '2' }, finalizers: ['f'],
    ownerReferences: [{ apiVersion: 'argoproj.io/v1alpha1', kind: 'CronWorkflow', name: 'nightly', uid: 'c', controller: true, blockOwnerDeletion: true }],
  });
});

test('what is written down of a start', () => {
  const before = cron({}, { conditions: [{ type: 'SubmissionError', status: 'True', message: 'x' }], failed: 1 });
  const fired = recordFired(before, NOON, { run: run('a', 'Running') });
  assert.equal(fired.status?.lastScheduledTime, '2026-03-10T12:00:00Z');
  assert.equal(fired.status.phase, 'Active');
  assert.deepEqual(fired.status.conditions, []);
  assert.deepEqual(fired.status.active?.map(({ name }) => name), ['a']);
  const refused = recordFired(before, NOON, { error: 'Failed to submit Workflow: no' });
  assert.deepEqual([refused.status?.failed, refused.status?.conditions?.[0]?.message, refused.status?.lastScheduledTime], [2, 'Failed to submit Workflow: no', undefined]);
  assert.equal(recordError(cron(), 'y').status?.failed, 1);
});

test('runs that end are counted once', () => {
  const active = [{ name: 'a', uid: 'u-a' }, { name: 'b', uid: 'u-b' }, { name: 'gone', uid: 'u-gone' }];
  const next = reconcileCron(cron({}, { active }), [run('a', 'Succeeded'), run('b', 'Error'), run('c', 'Running')]);
  assert.deepEqual([next.status?.succeeded, next.status?.failed, next.status?.active?.map(({ name }) => name)], [1, 1, ['c']]);
  assert.equal(reconcileCron(next, [run('a', 'Succeeded'), run('b', 'Error'), run('c', 'Running')]), next, 'a fixed point');
});

test('stopStrategy, and errors of the spec', () => {
  const stop = reconcileCron(cron({ stopStrategy: { expression: 'cronworkflow.failed >= 2' } }, { failed: 2 }), []);
  assert.deepEqual([stop.status?.phase, stop.metadata.labels?.['cronworkflows.argoproj.io/completed']], ['Stopped', 'true']);
  const wrong = reconcileCron(cron({ stopStrategy: { expression: 'nothing >= 2' } }), []);
  assert.match(wrong.status?.conditions?.[0]?.message ?? '', /^failed to check CronWorkflow 'nightly' stopping condition: /);
  const bad = reconcileCron(cron({ schedules: ['99 * * * *'] }), []);
  assert.deepEqual(bad.status?.conditions, [{ type: 'SpecError', status: 'True', message: 'cron schedule 99 * * * * is malformed: end of range (99) above maximum (59): 99' }]);
  assert.deepEqual(reconcileCron({ ...bad, spec: cron().spec }, []).status?.conditions, []);
});

test('histories', () => {
  const runs = [1, 2, 3, 4, 5].map((n) => run(`ok-${n}`, 'Succeeded', `2026-03-0${n}T00:00:00Z`)).concat([1, 2].map((n) => run(`bad-${n}`, 'Failed', `2026-03-0${n}T00:00:00Z`)), run('on', 'Running'));
  assert.deepEqual(beyondHistory(cron(), runs), ['ok-2', 'ok-1', 'bad-1']);
  assert.deepEqual(beyondHistory(cron({ successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 5 }), runs), ['ok-5', 'ok-4', 'ok-3', 'ok-2', 'ok-1']);
});

test('daylight saving time in the next times', () => {
  const berlin = cron({ schedules: ['30 2 * * *'], timezone: 'Europe/Berlin' });
  assert.deepEqual(nextTimes(berlin, Date.parse('2026-03-27T12:00:00Z'), 3).map((time) => new Date(time).toISOString()), ['2026-03-28T01:30:00.000Z', '2026-03-30T00:30:00.000Z', '2026-03-31T00:30:00.000Z']);
});

test('a backfill', () => {
  const wanted = { name: 'may', start: NOON, end: NOON + 11 * MINUTE, parallel: false, parameter: 'cronScheduleTime' };
  assert.deepEqual(backfillTimes(cron(), wanted, 1000), [NOON, NOON + 5 * MINUTE, NOON + 10 * MINUTE]);
  assert.equal(backfillTimes(cron(), wanted, 2).length, 2);
  const made = backfillRun(cron(), NOON, wanted);
  assert.equal(made.metadata.name, `nightly-backfill-may-${NOON / 1000}`);
  assert.deepEqual(made.spec.arguments?.parameters, [{ name: 'cronScheduleTime', value: '2026-03-10 12:00:00 +0000 UTC' }]);
  assert.deepEqual(made.spec.synchronization, { mutexes: [{ name: 'may' }] });
  assert.equal(backfillRun(cron(), NOON, { ...wanted, parallel: true }).spec.synchronization, undefined);
});
