/** Limits on how many runs are under way at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../kube/port.ts';
import type { Workflow, WorkflowSpec } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';
import type { World } from './harness.test.ts';

const POSTPONED = 'Workflow processing has been postponed because too many workflows are already running';
const spec = (more: Partial<WorkflowSpec> = {}): WorkflowSpec => ({ entrypoint: 'main', templates: [container('main')], ...more });

function stateOf(world: World, name: string, namespace = NS): { phase: string | undefined; message: string | undefined } {
  const { status } = world.cluster.store.get(RESOURCE.workflow, namespace, name) as Workflow;
  return { phase: status?.phase, message: status?.message };
}

function label(world: World, limit: string | undefined): void {
  world.cluster.store.edit(RESOURCE.namespace, undefined, NS, ({ metadata }) => {
    metadata.labels = limit === undefined ? {} : { 'workflows.argoproj.io/parallelism-limit': limit };
  });
}

test('beyond the limit of the engine runs wait, in all namespaces: the most urgent goes first, then the oldest', async () => {
  await withWorld([{ node: /./, after: 5 }], async (world) => {
    const e = world.engine({ parallelism: 1 });
    await e.start(NS);
    await e.start('other');
    for (const [name, namespace, priority] of [['first', NS, 0], ['old', NS, 0], ['young', 'other', 0], ['urgent', 'other', 3]] as const) {
      await e.submit(workflow(name, spec({ priority })), { namespace });
      await world.clock.advance(1_100);
    }
    assert.deepEqual(stateOf(world, 'old'), { phase: 'Pending', message: POSTPONED });
    assert.deepEqual(stateOf(world, 'urgent', 'other'), { phase: 'Pending', message: POSTPONED });
    assert.ok(await world.clock.until(() => world.made.length === 4, 60_000));
    assert.deepEqual(world.made, ['first', 'urgent', 'old', 'young']);
    assert.equal((await world.finish('old')).status?.message, undefined);
  });
});

test('a namespace has its own limit, and what the label of the Namespace says comes first', async () => {
  await withWorld([{ node: /./, after: 20 }], async (world) => {
    world.cluster.store.create(RESOURCE.namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
    label(world, '2');
    const e = world.engine({ namespaceParallelism: 1 });
    await e.start(NS);
    await e.start('other');
    for (const name of ['a', 'b', 'c', 'd']) {
      await e.submit(workflow(name, spec()), { namespace: NS });
      await e.submit(workflow(name, spec()), { namespace: 'other' });
      await world.clock.advance(1_100);
    }
    const running = (namespace: string): string[] => ['a', 'b', 'c', 'd'].filter((name) => stateOf(world, name, namespace).phase === 'Running');
    assert.deepEqual([running(NS), running('other')], [['a', 'b'], ['a']]);
    label(world, '3');
    await world.clock.advance(1_000);
    assert.deepEqual(running(NS), ['a', 'b', 'c'], 'more room is used at once');
    label(world, undefined);
    await world.finish('c');
    await world.clock.advance(1_000);
    assert.deepEqual(running(NS), ['d']);
  });
});

test('a waiting run may be terminated, and another engine holds nothing up that runs', async () => {
  await withWorld([{ node: /./, after: 60 }], async (world) => {
    const one = world.engine();
    await one.start(NS);
    for (const name of ['a', 'b']) await one.submit(workflow(name, spec()), { namespace: NS });
    await world.clock.advance(2_000);
    await one.close();
    const two = world.engine({ parallelism: 1 });
    await two.start(NS);
    for (const name of ['c', 'd']) await two.submit(workflow(name, spec()), { namespace: NS });
    await world.clock.advance(2_000);
    assert.deepEqual(['a', 'b', 'c', 'd'].map((name) => stateOf(world, name).phase), ['Running', 'Running', 'Pending', 'Pending']);
    await two.act(NS, 'c', { action: 'terminate' });
    assert.equal((await world.finish('c', 5)).status?.phase, 'Failed');
    assert.equal((await world.finish('d')).status?.phase, 'Succeeded');
  });
});

test('who may not read the Namespace has the limit of the engine', async () => {
  await withWorld([{ node: /./, after: 20 }], async (world) => {
    world.cluster.forbid({ resource: 'namespaces' });
    const e = world.engine({ namespaceParallelism: 1 });
    await e.start(NS);
    for (const name of ['a', 'b']) await e.submit(workflow(name, spec()), { namespace: NS });
    await world.clock.advance(2_000);
    assert.deepEqual(['a', 'b'].map((name) => stateOf(world, name).phase).sort(), ['Pending', 'Running']);
    await world.finish('a');
    await world.finish('b');
  });
});
