/** Mutexes and semaphores across runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../kube/port.ts';
import { INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Synchronization, Workflow, WorkflowSpec } from '../spec/types.ts';
import { container, killable, NS, withWorld, workflow } from './harness.test.ts';
import type { World } from './harness.test.ts';

const mutex = (name: string, namespace?: string): Synchronization => ({ mutexes: [{ name, ...(namespace && { namespace }) }] });
const semaphore = (namespace?: string): Synchronization => ({ semaphores: [{ configMapKeyRef: { name: 'limits', key: 'small' }, ...(namespace && { namespace }) }] });

const locked = (synchronization: Synchronization, more: Partial<WorkflowSpec> = {}): WorkflowSpec => ({ entrypoint: 'main', synchronization, templates: [container('main')], ...more });
const lockedStep = (synchronization: Synchronization): WorkflowSpec => ({ entrypoint: 'main', templates: [container('main', { synchronization })] });

async function limits(world: World, small: string, namespace = NS): Promise<void> {
  await world.cluster.create(RESOURCE.configMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'limits', namespace }, data: { small } } as never);
}

/** Pods that have begun and not ended, by the name of their run. */
function working(world: World, namespace = NS): string[] {
  return world.cluster.pods(namespace).filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? '')).map((pod) => pod.metadata.labels?.[LABEL.workflow] ?? '').sort();
}

test('one run at a time holds a mutex; the other says what it waits for and goes on at once', async () => {
  await withWorld([{ node: /./, after: 30 }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.submit(workflow('first', locked(mutex('door'))), { namespace: NS });
    await world.clock.advance(1_000);
    await e.submit(workflow('second', locked(mutex('door'))), { namespace: NS });
    await world.clock.advance(1_000);
    const { status } = world.run('second');
    assert.equal(status?.phase, 'Pending');
    assert.equal(status.message, 'Waiting for work/Mutex/door lock. Lock status: 0/1');
    assert.deepEqual(status.synchronization, { mutex: { waiting: [{ mutex: 'work/Mutex/door', holder: 'work/first' }] } });
    assert.deepEqual(world.run('first').status?.synchronization, { mutex: { holding: [{ mutex: 'work/Mutex/door', holder: 'work/first' }] } });
    const first = await world.finish('first');
    assert.equal(first.status?.synchronization, undefined);
    assert.ok(await world.clock.until(() => world.phase('second') === 'Running', 200), 'no waiting for the next look');
    const second = await world.finish('second');
    assert.equal(second.status?.phase, 'Succeeded');
    assert.equal(second.status.message, undefined);
  });
});

test('a higher priority goes first, then age', async () => {
  await withWorld([{ node: /./, after: 5 }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    const order: string[] = [];
    for (const [name, priority] of [['holder', 0], ['old', 0], ['young', 0], ['urgent', 7]] as const) {
      await e.submit(workflow(name, locked(mutex('door'), { priority })), { namespace: NS });
      await world.clock.advance(1_100);
    }
    for (const name of ['holder', 'urgent', 'old', 'young']) {
      assert.ok(await world.clock.until(() => working(world).length > 0, 10_000));
      assert.deepEqual(working(world), [name]);
      order.push(name);
      await world.finish(name);
    }
    assert.deepEqual(order, ['holder', 'urgent', 'old', 'young']);
  });
});

test('a deleted holder lets the next one in', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.submit(workflow('first', locked(mutex('door'))), { namespace: NS });
    await world.clock.advance(1_000);
    await e.submit(workflow('second', locked(mutex('door'))), { namespace: NS });
    await world.clock.advance(1_000);
    assert.equal(world.phase('second'), 'Pending');
    await e.act(NS, 'first', { action: 'delete' });
    assert.ok(await world.clock.until(() => world.phase('second') === 'Running', 1_000));
  });
});

test('a semaphore lets in as many as its ConfigMap says, more as soon as it says more', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    await limits(world, '2');
    const e = world.engine();
    await e.start(NS);
    for (let i = 0; i < 5; i++) {
      await e.submit(workflow(`run-${i}`, lockedStep(semaphore())), { namespace: NS });
      await world.clock.advance(1_100);
    }
    assert.deepEqual(working(world), ['run-0', 'run-1']);
    const node = world.nodes('run-4')['run-4'];
    assert.equal(node?.phase, 'Pending');
    assert.equal(node.message, 'Waiting for work/ConfigMap/limits/small lock. Lock status: 0/2');
    assert.deepEqual(node.synchronizationStatus, { waiting: 'work/ConfigMap/limits/small' });
    await world.cluster.patch(RESOURCE.configMap, NS, 'limits', { type: 'merge', body: { data: { small: '4' } } });
    assert.ok(await world.clock.until(() => working(world).length === 4, 1_000));
    await e.act(NS, 'run-0', { action: 'terminate' });
    assert.ok(await world.clock.until(() => working(world).includes('run-4'), 60_000));
  });
});

test('a lock of another namespace is one lock for all that name it', async () => {
  await withWorld([{ node: /./, after: 20 }], async (world) => {
    await limits(world, '1', 'other');
    const e = world.engine();
    await Promise.all([e.start(NS), e.start('other')]);
    await e.submit(workflow('here', locked({ ...mutex('door', 'other'), ...semaphore('other') })), { namespace: NS });
    await world.clock.advance(1_100);
    await e.submit(workflow('there', locked({ ...mutex('door'), ...semaphore() })), { namespace: 'other' });
    await world.clock.advance(2_000);
    assert.deepEqual([working(world), working(world, 'other')], [['here'], []]);
    assert.deepEqual(world.run('here').status?.synchronization?.semaphore?.holding, [{ semaphore: 'other/ConfigMap/limits/small', holders: ['work/here'] }]);
    await world.finish('here');
    assert.ok(await world.clock.until(() => working(world, 'other').length === 1, 1_000));
  });
});

test('locks that cannot be had end the run with the reason', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.submit(workflow('no-limit', locked(semaphore())), { namespace: NS });
    await e.submit(workflow('elsewhere', locked(semaphore('other'))), { namespace: NS });
    await e.submit(workflow('twice', locked({ mutexes: [{ name: 'a' }, { name: 'a', namespace: NS }] })), { namespace: NS });
    assert.equal((await world.finish('no-limit')).status?.message, 'Failed to acquire the synchronization lock. failed to initialize semaphore work/ConfigMap/limits/small with limit');
    assert.equal((await world.finish('elsewhere')).status?.message, 'Failed to acquire the synchronization lock. failed to initialize semaphore other/ConfigMap/limits/small with limit');
    assert.match((await world.finish('twice')).status?.message ?? '', /work\/Mutex\/a is asked for twice/);
  });
});

test('steps that need two locks at once take turns, though they wait for different ones', async () => {
  await withWorld([], async ({ engine, cluster, finish, made }) => {
    cluster.store.create(RESOURCE.configMap, { metadata: { name: 'limits', namespace: NS }, data: { two: '2' } });
    const e = engine();
    await e.start(NS);
    const job = container('job', { synchronization: { semaphores: [{ configMapKeyRef: { name: 'limits', key: 'two' } }], mutexes: [{ name: 'one' }] } });
    await e.submit(workflow('both', { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'job', template: 'job', withSequence: { count: 5 } }]] }, job] }), { namespace: NS });
    assert.equal((await finish('both')).status?.phase, 'Succeeded');
    assert.equal(made.length, 5);
  });
});

test('the singular fields of Argo 3 lock nothing', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    for (const name of ['a', 'b']) await e.submit(workflow(name, locked({ mutex: { name: 'door' } } as Synchronization)), { namespace: NS });
    assert.ok(await world.clock.until(() => working(world).length === 2, 5_000));
  });
});

test('many runs at one mutex: each look of a waiting one is worth it', async () => {
  await withWorld([{ node: /./, after: 1 }], async (world) => {
    const e = world.engine();
    await e.start(NS);
    for (let i = 0; i < 40; i++) await e.submit(workflow(`run-${i}`, locked(mutex('door'))), { namespace: NS });
    await world.clock.advance(500);
    const before = world.cluster.requests.length;
    await world.finish('run-39', 600);
    const saves = world.cluster.requests.slice(before).filter((r) => r.verb === 'update' && r.type.plural === 'workflows').length;
    assert.ok(saves < 40 * 8, `${saves} saves`);
  });
});

/** Kills the engine at its `kill`-th write while two runs want one mutex. @returns the most that ever worked at a time */
async function crowd(kill: number, after: boolean): Promise<{ most: number; writes: number }> {
  let [most, writes] = [0, 0];
  await withWorld([{ node: /./, after: 3 }], async (world) => {
    const { cluster, clock } = world;
    const spec = { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', template: 'one' }, { name: 'b', template: 'one' }]] }, container('one', { synchronization: mutex('door') })] };
    for (const name of ['left', 'right']) {
      await cluster.create<Workflow>(RESOURCE.workflow, { ...workflow(name, spec), apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name, namespace: NS, labels: { [LABEL.instanceId]: INSTANCE_ID } } });
    }
    const watching = cluster.watch(RESOURCE.pod, NS, {}, { onChange: () => { most = Math.max(most, working(world).length); } });
    const control = killable(cluster);
    const fate = { killed: false };
    control.onWrite = (call) => {
      if (call.endsWith('leases')) return;
      writes += 1;
      if (writes !== kill) return;
      fate.killed = true;
      if (after) setImmediate(() => control.kill());
      else control.kill();
    };
    const done = (): boolean => ['left', 'right'].every((name) => world.run(name).metadata.labels?.[LABEL.completed] === 'true');
    const engine = world.engine({ cluster: control.cluster, identity: 'same' });
    await engine.start(NS);
    await clock.until(() => fate.killed || done(), 120_000);
    if (fate.killed) {
      world.abandon(engine);
      await clock.settle();
      await cluster.delete(RESOURCE.lease, NS, 'tiphys').catch(() => undefined);
      await world.engine({ identity: 'same' }).start(NS);
    }
    for (const name of ['left', 'right']) assert.equal((await world.finish(name)).status?.phase, 'Succeeded');
    watching.close();
    assert.equal(world.made.length, 4);
  });
  return { most, writes };
}

test('killed at any write, a mutex is never held twice', async () => {
  const { most, writes } = await crowd(0, false);
  assert.equal(most, 1);
  for (const after of [false, true]) for (let kill = 1; kill <= writes; kill++) assert.equal((await crowd(kill, after)).most, 1, `killed ${after ? 'after' : 'before'} write ${kill}`);
});
