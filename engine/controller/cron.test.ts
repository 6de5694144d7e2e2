/** CronWorkflows on the fake cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import { INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { CronWorkflow, CronWorkflowSpec, Workflow, WorkflowTemplate } from '../spec/types.ts';
import { container, killable, NS, withWorld } from './harness.test.ts';
import type { World } from './harness.test.ts';

const MINUTE = 60_000;
const SPEC = { entrypoint: 'main', templates: [container('main')] };
const cron = (spec: Partial<CronWorkflowSpec> = {}, name = 'tick'): CronWorkflow => ({ metadata: { name }, spec: { schedules: ['* * * * *'], workflowSpec: SPEC, ...spec } });

const runs = ({ cluster }: World): Workflow[] => (cluster.store.list(RESOURCE.workflow, NS).items as Workflow[]).filter((run) => run.metadata.labels?.[LABEL.cronWorkflow] !== undefined);
const names = (world: World): string[] => runs(world).map((run) => run.metadata.name ?? '').sort();
const current = ({ cluster }: World, name = 'tick'): CronWorkflow => cluster.store.get(RESOURCE.cronWorkflow, NS, name) as CronWorkflow;

test('a run a minute, its history kept short, its ends counted', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    const made = await e.definitions.create('CronWorkflow', NS, cron());
    assert.equal(made.metadata.labels?.[LABEL.instanceId], INSTANCE_ID);
    const start = world.clock.now();
    await world.clock.advance(6 * MINUTE + 20_000);
    const times = [1, 2, 3, 4, 5, 6].map((minute) => start / 1000 + minute * 60);
    assert.deepEqual(names(world), times.slice(3).map((time) => `tick-${time}`));
    const [run] = runs(world);
    assert.equal(run?.metadata.ownerReferences?.[0]?.kind, 'CronWorkflow');
    assert.equal(run.metadata.annotations?.['workflows.argoproj.io/scheduled-time'], new Date((times[3] ?? 0) * 1000).toISOString().replace('.000Z', 'Z'));
    const { status, metadata } = current(world);
    assert.deepEqual([status?.succeeded, status?.failed, status?.active, status?.phase, status?.lastScheduledTime], [6, 0, [], 'Active', '2026-01-01T00:06:00Z']);
    assert.equal(metadata.annotations?.['cronworkflows.argoproj.io/last-used-schedule'], '* * * * *');
  });
});

test('Replace ends the run before; Forbid waits for it', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.definitions.create('CronWorkflow', NS, cron({ concurrencyPolicy: 'Forbid' }, 'one'));
    await e.definitions.create('CronWorkflow', NS, cron({ concurrencyPolicy: 'Replace' }, 'next'));
    await world.clock.advance(3 * MINUTE + 20_000);
    const of = (name: string): Workflow[] => runs(world).filter((run) => run.metadata.labels?.[LABEL.cronWorkflow] === name);
    assert.equal(of('one').length, 1);
    assert.deepEqual(of('next').filter((run) => run.status?.phase === 'Running').map((run) => run.spec.shutdown), [undefined]);
    assert.equal(current(world, 'next').status?.active?.length, 1);
  });
});

test('suspended and resumed; stopped by its strategy', async () => {
  await withWorld([{ node: /./, exitCode: 1 }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.definitions.create('CronWorkflow', NS, cron({ suspend: true, failedJobsHistoryLimit: 10, stopStrategy: { expression: 'cronworkflow.failed >= 2' } }));
    await world.clock.advance(3 * MINUTE);
    assert.deepEqual(names(world), []);
    const [before] = await e.definitions.list('CronWorkflow', NS);
    assert.deepEqual([before?.schedule?.suspended, before?.schedule?.next], [true, []]);
    await e.definitions.suspend(NS, 'tick', false);
    await world.clock.advance(10 * MINUTE);
    assert.equal(names(world).length, 2);
    assert.equal(current(world).status?.phase, 'Stopped');
    assert.equal((await e.definitions.list('CronWorkflow', NS))[0]?.schedule?.stopped, true);
  });
});

test('a controller of the cluster keeps its own CronWorkflows', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await world.cluster.create(RESOURCE.cronWorkflow, { ...cron(), apiVersion: 'argoproj.io/v1alpha1', kind: 'CronWorkflow', metadata: { name: 'tick', namespace: NS } });
    await world.clock.advance(3 * MINUTE);
    assert.deepEqual(names(world), []);
    assert.equal(current(world).status, undefined);
    assert.equal((await e.definitions.list('CronWorkflow', NS))[0]?.schedule?.ours, false);
  });
});

test('what was missed while no engine ran starts once, if not too late', async () => {
  await withWorld([], async (world) => {
    const first = world.engine();
    await first.start(NS);
    await first.definitions.create('CronWorkflow', NS, cron({ schedules: ['*/10 * * * *'], startingDeadlineSeconds: 300 }, 'soon'));
    await first.definitions.create('CronWorkflow', NS, cron({ schedules: ['*/10 * * * *'], startingDeadlineSeconds: 60 }, 'strict'));
    await world.clock.advance(10 * MINUTE + 5_000);
    assert.equal(names(world).length, 2);
    await first.close();
    await world.clock.advance(22 * MINUTE);
    await world.engine().start(NS);
    await world.clock.advance(20_000);
    assert.deepEqual(names(world).map((name) => name.split('-')[0]), ['soon', 'soon', 'strict']);
    assert.equal(current(world, 'soon').status?.lastScheduledTime, '2026-01-01T00:30:00Z');
  });
});

test('killed between the start of a run and the note of it: the run starts once', async () => {
  for (const kill of [1, 2, 3, 4]) {
    await withWorld([{ node: /./, after: 30 }], async (world) => {
      await world.engine().definitions.create('CronWorkflow', NS, cron({ schedules: ['*/10 * * * *'], startingDeadlineSeconds: 300 }));
      const control = killable(world.cluster);
      const fate = { writes: 0, killed: false };
      control.onWrite = (call) => {
        if (world.clock.now() < Date.parse('2026-01-01T00:10:00Z') || call.endsWith('leases') || ++fate.writes !== kill) return;
        fate.killed = true;
        setImmediate(() => control.kill());
      };
      const e = world.engine({ cluster: control.cluster, identity: 'same' });
      await e.start(NS);
      await world.clock.until(() => fate.killed, 15 * MINUTE);
      assert.ok(fate.killed);
      world.abandon(e);
      await world.clock.settle();
      await world.cluster.delete(RESOURCE.lease, NS, 'tiphys').catch(() => undefined);
      await world.engine({ identity: 'same' }).start(NS);
      assert.ok(await world.clock.until(() => current(world).status?.succeeded === 1, 5 * MINUTE), `killed at ${kill}`);
      assert.deepEqual(names(world), [`tick-${Date.parse('2026-01-01T00:10:00Z') / 1000}`]);
      assert.equal(world.made.length, 1);
    });
  }
});

test('a run that is refused is a condition, not the end of the schedule', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.definitions.create('CronWorkflow', NS, cron());
    world.cluster.fault({ verb: 'create', resource: 'workflows', error: 500, message: 'no room' });
    await world.clock.advance(MINUTE + 15_000);
    assert.match((await e.definitions.list('CronWorkflow', NS))[0]?.schedule?.problems[0] ?? '', /^Failed to submit Workflow: .*no room/);
    await world.clock.advance(MINUTE);
    assert.equal(names(world).length, 1);
    assert.deepEqual(current(world).status?.conditions, []);
  });
});

test('without CRDs all of it lives on this machine', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    const library: WorkflowTemplate = { metadata: { name: 'library', annotations: { 'workflows.argoproj.io/description': 'Two words' } }, spec: { entrypoint: 'work', arguments: { parameters: [{ name: 'who', value: 'you' }] }, templates: [container('work')] } };
    await e.definitions.create('WorkflowTemplate', NS, library);
    await e.definitions.create('ClusterWorkflowTemplate', NS, { ...library, metadata: { name: 'shared' } });
    await e.definitions.create('CronWorkflow', NS, cron({ workflowSpec: { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', templateRef: { name: 'library', template: 'work' } }]] }] } }));
    // Files take real time, during which the clock runs on.
    assert.ok(await world.clock.until(() => world.made.length > 0, 60 * MINUTE));
    assert.equal((await e.listRuns(NS))[0]?.labels?.[LABEL.cronWorkflow], 'tick');
    const other = await e.definitions.submit('ClusterWorkflowTemplate', 'shared', { namespace: NS, parameters: { who: 'me' } });
    assert.deepEqual(other.spec, { workflowTemplateRef: { name: 'shared', clusterScope: true }, arguments: { parameters: [{ name: 'who', value: 'me' }] } });
    assert.ok(await world.clock.until(() => world.made.length > 1, 60 * MINUTE));
    const [summary] = await e.definitions.list('WorkflowTemplate', NS);
    assert.deepEqual([summary?.description, summary?.parameters, summary?.templates, summary?.entrypoint], ['Two words', [{ name: 'who', value: 'you' }], ['work'], 'work']);
    // Another process sees them, and goes on after this one.
    await e.close();
    const later = world.engine();
    assert.deepEqual((await later.definitions.list('CronWorkflow', NS)).map(({ name }) => name), ['tick']);
    await later.definitions.remove('CronWorkflow', NS, 'tick');
    await assert.rejects(later.definitions.get('CronWorkflow', NS, 'tick'), (error) => isAppError(error, 'not-found'));
  }, { crds: false });
});

test('run now and backfill, by hand', async () => {
  await withWorld([{ node: /./, after: 5 }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.definitions.create('CronWorkflow', NS, cron({ schedules: ['0 0 * * *'], successfulJobsHistoryLimit: 10 }));
    const now = await e.definitions.submit('CronWorkflow', 'tick', { namespace: NS, parameters: { a: '1' } });
    assert.match(now.metadata.name ?? '', /^tick-[a-z0-9]{5}$/);
    assert.deepEqual(now.spec.arguments?.parameters, [{ name: 'a', value: '1' }]);
    await assert.rejects(e.definitions.backfill(NS, 'tick', { start: '2025-12-01T01:00:00Z', end: '2025-12-01T02:00:00Z' }), (error) => isAppError(error, 'invalid'));
    const made = await e.definitions.backfill(NS, 'tick', { start: '2025-12-01T00:00:00Z', end: '2025-12-04T00:00:00Z', name: 'december' });
    assert.equal(made.length, 4);
    assert.ok(await world.clock.until(() => world.cluster.pods(NS).length > 1, 5_000));
    const working = (): number => world.cluster.pods(NS).filter((pod) => pod.status?.phase === 'Running' && pod.metadata.labels?.[LABEL.workflow]?.includes('backfill')).length;
    await world.clock.until(() => {
      assert.ok(working() <= 1, 'one after the other');
      return made.every((run) => world.phase(run.metadata.name ?? '') === 'Succeeded');
    }, 60_000);
    assert.ok(made.every((run) => world.phase(run.metadata.name ?? '') === 'Succeeded'));
  });
});

test('what is wrong is refused with its place, and a changed object is not overwritten', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await assert.rejects(e.definitions.create('CronWorkflow', NS, cron({ schedules: ['61 * * * *'] })), (error) => isAppError(error, 'invalid') && /end of range \(61\)/.test(error.message));
    const made = await e.definitions.create('CronWorkflow', NS, cron()) as CronWorkflow;
    await e.definitions.suspend(NS, 'tick', true);
    await assert.rejects(e.definitions.replace('CronWorkflow', NS, made), (error) => isAppError(error, 'conflict'));
    const fresh = await e.definitions.get('CronWorkflow', NS, 'tick') as CronWorkflow;
    await e.definitions.replace('CronWorkflow', NS, { ...fresh, spec: { ...fresh.spec, schedules: ['5 * * * *'] } });
    assert.deepEqual(current(world).spec.schedules, ['5 * * * *']);
    assert.equal(current(world).metadata.labels?.[LABEL.instanceId], INSTANCE_ID);
  });
});
