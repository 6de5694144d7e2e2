/** Whole runs on the fake cluster. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import type { RunChange, RunListChange } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import type { Workflow, WorkflowSpec } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';

const single: WorkflowSpec = { entrypoint: 'main', templates: [container('main')] };

function fanOut(count: number): WorkflowSpec {
  return { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'one', template: 'one', withSequence: { count } }]] }, container('one')] };
}

const twoSteps: WorkflowSpec = {
  entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', template: 'one' }], [{ name: 'b', template: 'one' }]] }, container('one')],
};

test('a run of one step succeeds, with its Pod owned by it', async () => {
  await withWorld([], async ({ engine, finish, cluster, nodes }) => {
    const e = engine();
    assert.deepEqual(await e.start(NS), { state: 'us' });
    const made = await e.submit(workflow('hello', single), { namespace: NS });
    assert.equal(made.metadata.labels?.['workflows.argoproj.io/controller-instanceid'], 'tiphys');
    const run = await finish('hello');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.equal(nodes('hello')['hello']?.phase, 'Succeeded');
    const [pod] = cluster.pods(NS);
    assert.equal(pod?.metadata.ownerReferences?.[0]?.uid, run.metadata.uid);
  });
});

test('a dag hands outputs on', async () => {
  await withWorld([{ node: /\.produce$/, result: '42' }], async ({ engine, finish, made, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('pipe', {
      entrypoint: 'main',
      templates: [
        { name: 'main', dag: { tasks: [
          { name: 'produce', template: 'produce' },
          { name: 'consume', template: 'consume', dependencies: ['produce'], arguments: { parameters: [{ name: 'n', value: '{{tasks.produce.outputs.result}}' }] } },
        ] } },
        { name: 'produce', script: { image: 'busybox', command: ['sh'], source: 'echo 42' } },
        { name: 'consume', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
      ],
    }), { namespace: NS });
    const run = await finish('pipe');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.equal(nodes('pipe')['pipe.consume']?.inputs?.parameters?.[0]?.value, '42');
    assert.deepEqual(made, ['pipe.produce', 'pipe.consume']);
  });
});

test('a fan-out makes every Pod once, with few looks and few saves', async () => {
  await withWorld([{ node: /./, after: 2 }], async ({ engine, finish, cluster, made }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('wide', fanOut(400)), { namespace: NS });
    const run = await finish('wide');
    assert.equal(run.status?.phase, 'Succeeded');
    assert.equal(new Set(made).size, 400);
    assert.equal(made.length, 400);
    const saves = cluster.requests.filter((r) => r.verb === 'update' && r.type.plural === 'workflows').length;
    assert.ok(saves < 40, `${saves} saves`);
  });
});

test('logs are kept after all Pods are made, and few at a time', { timeout: 60_000 }, async () => {
  await withWorld([], async ({ engine, finish, cluster, made, dataDir }) => {
    cluster.fault({ verb: 'create', resource: 'pods', delayMs: 500, times: 120 });
    const madeBefore: number[] = [];
    let [reading, most] = [0, 0];
    const watched = new Proxy(cluster, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (typeof value !== 'function') return value;
        if (property !== 'logs') return value.bind(target) as unknown;
        return async function* () {
          madeBefore.push(made.length);
          most = Math.max(most, ++reading);
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield new TextEncoder().encode('said\n');
          reading -= 1;
        };
      },
    });
    const e = engine({ cluster: watched });
    await e.start(NS);
    await e.submit(workflow('wide', fanOut(120)), { namespace: NS });
    await finish('wide');
    const kept = async (): Promise<number> => (await readdir(dataDir, { recursive: true })).filter((file) => file.endsWith('.log')).length;
    while (await kept() < 120) await new Promise((resolve) => setTimeout(resolve, 20));
    await e.close();
    assert.ok(madeBefore.every((count) => count === 120), `logs were read when ${Math.min(...madeBefore)} Pods were made`);
    assert.ok(most <= 2, `${most} logs at once`);
  });
});

test('a large status is compressed as Argo does, and read back', async () => {
  await withWorld([{ node: /./, after: 2, result: `"${'x'.repeat(9_000)}"` }], async ({ engine, finish, clock }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('big', {
      entrypoint: 'main',
      templates: [{ name: 'main', steps: [[{ name: 'one', template: 'one', withSequence: { count: 300 } }], [{ name: 'use', template: 'use', arguments: { parameters: [{ name: 'n', value: '{{steps.one.outputs.result}}' }] } }]] },
        { name: 'one', script: { image: 'i', command: ['sh'], source: 'echo' } }, container('use', { inputs: { parameters: [{ name: 'n' }] } })],
    }), { namespace: NS });
    const kept = await finish('big');
    assert.ok(kept.status?.compressedNodes);
    assert.equal(kept.status.nodes, undefined);
    await clock.settle();
    const other = engine();
    assert.equal(Object.keys((await other.getRun(NS, 'big')).status?.nodes ?? {}).length, 304);
    assert.equal((await other.listRuns(NS))[0]?.counts.Succeeded, 301);
  });
});

test('stop in the middle ends the running step, and the exit handler still runs', async () => {
  await withWorld([{ node: /\.a$/, after: 1000 }], async ({ engine, clock, finish, made, nodes, cluster }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('halt', { ...twoSteps, onExit: 'one' }), { namespace: NS });
    await clock.until(() => cluster.pods(NS)[0]?.status?.phase === 'Running', 10_000);
    await e.act(NS, 'halt', { action: 'stop' });
    const run = await finish('halt');
    assert.equal(run.status?.phase, 'Failed');
    assert.equal(run.status.message, "Stopped with strategy 'Stop'");
    assert.deepEqual(made, ['halt[0].a', 'halt.onExit']);
    assert.equal(nodes('halt')['halt.onExit']?.phase, 'Succeeded');
    await clock.advance(1000);
    assert.equal(cluster.pods(NS).find((pod) => pod.metadata.annotations?.['workflows.argoproj.io/node-name'] === 'halt[0].a')?.status?.phase, 'Failed', 'its containers were ended');
  });
});

test('terminate deletes a Pod that has not begun', async () => {
  await withWorld([{ node: /./, hang: 'pending' }], async ({ engine, clock, finish, cluster }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('stuck', twoSteps), { namespace: NS });
    await clock.until(() => cluster.pods(NS).length === 1, 10_000);
    await e.act(NS, 'stuck', { action: 'terminate' });
    assert.equal((await finish('stuck')).status?.phase, 'Failed');
    assert.ok(await clock.until(() => cluster.pods(NS).length === 0, 5_000));
  });
});

test('a suspended step waits for its person, shows that it does, and takes outputs', async () => {
  await withWorld([], async ({ engine, clock, finish, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('ask', {
      entrypoint: 'main',
      templates: [
        { name: 'main', steps: [[{ name: 'approve', template: 'approve' }], [{ name: 'go', template: 'one', arguments: { parameters: [{ name: 'd', value: '{{steps.approve.outputs.parameters.decision}}' }] } }]] },
        { name: 'approve', suspend: {}, outputs: { parameters: [{ name: 'decision', valueFrom: { supplied: {} } }] } },
        container('one', { inputs: { parameters: [{ name: 'd' }] } }),
      ],
    }), { namespace: NS });
    await clock.advance(60_000);
    const [summary] = await e.listRuns(NS);
    assert.equal(summary?.note, 'waits for you: approve');
    assert.deepEqual(summary.counts, { Suspended: 1 });
    await e.act(NS, 'ask', { action: 'resume', outputs: { decision: 'yes' } });
    assert.equal((await finish('ask')).status?.phase, 'Succeeded');
    assert.equal(nodes('ask')['ask[1].go']?.inputs?.parameters?.[0]?.value, 'yes');
  });
});

test('retry makes only what failed again, after its Pods are gone; resubmit makes a new run', async () => {
  const rules = [{ node: /\.b$/, exitCode: 1, message: 'no luck' }];
  await withWorld(rules, async ({ engine, clock, finish, made }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('again', twoSteps), { namespace: NS });
    assert.equal((await finish('again')).status?.phase, 'Failed');
    assert.equal((await e.listRuns(NS))[0]?.note, 'step b: Error (exit code 1): no luck'.replace('Error', 'main: Error'));
    rules.length = 0;
    const retry = e.act(NS, 'again', { action: 'retry' });
    await clock.advance(1_000);
    await retry;
    assert.equal((await finish('again')).status?.phase, 'Succeeded');
    assert.deepEqual(made, ['again[0].a', 'again[1].b', 'again[1].b']);
    const next = await e.act(NS, 'again', { action: 'resubmit' });
    assert.match(next?.metadata.name ?? '', /^again-/);
    assert.equal((await finish(next?.metadata.name ?? '')).status?.phase, 'Succeeded');
  }, { podTermination: 500 });
});

test('delete takes the Pods along', async () => {
  await withWorld([], async ({ engine, clock, finish, cluster }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('gone', single), { namespace: NS });
    await finish('gone');
    await e.act(NS, 'gone', { action: 'delete' });
    await clock.advance(1000);
    assert.equal(cluster.pods(NS).length, 0);
    assert.deepEqual(await e.listRuns(NS), []);
    await assert.rejects(e.getRun(NS, 'gone'), (error) => isAppError(error, 'not-found'));
  });
});

test('podGC and ttl are kept, also by an engine that starts afterwards', async () => {
  await withWorld([], async ({ engine, clock, finish, cluster }) => {
    const first = engine();
    await first.start(NS);
    await first.submit(workflow('tidy', { ...single, podGC: { strategy: 'OnPodCompletion' }, ttlStrategy: { secondsAfterCompletion: 100 } }), { namespace: NS });
    await finish('tidy');
    await first.close();
    assert.equal(cluster.pods(NS).length, 1, 'its delay has not passed');
    const second = engine();
    await second.start(NS);
    assert.ok(await clock.until(() => cluster.pods(NS).length === 0, 10_000));
    assert.ok(await clock.until(() => cluster.store.peek(RESOURCE.workflow, NS, 'tidy') === undefined, 120_000));
  });
});

test('runs of others are only watched, and operated as the argo CLI would', async () => {
  await withWorld([], async ({ engine, clock, cluster, run }) => {
    await cluster.create<Workflow>(RESOURCE.workflow, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'theirs', namespace: NS }, spec: single });
    const e = engine();
    await e.start(NS);
    await clock.advance(30_000);
    assert.equal(cluster.pods(NS).length, 0);
    assert.equal((await e.listRuns(NS))[0]?.ours, false);
    await e.act(NS, 'theirs', { action: 'stop' });
    await e.act(NS, 'theirs', { action: 'suspend' });
    assert.equal(run('theirs').spec.shutdown, 'Stop');
    assert.equal(run('theirs').spec.suspend, true);
    assert.equal(run('theirs').status, undefined);
  });
});

test('a submit that cannot run is refused with its diagnostics, before anything is made', async () => {
  await withWorld([], async ({ engine, cluster }) => {
    const e = engine();
    await assert.rejects(e.submit(workflow('bad', { entrypoint: 'nowhere', templates: [container('main')] }), { namespace: NS }), (error) => isAppError(error, 'invalid') && Array.isArray(error.cause));
    await assert.rejects(e.submit({ metadata: {}, spec: single }, { namespace: NS }), (error) => isAppError(error, 'invalid'));
    assert.equal(cluster.requests.filter((r) => r.verb === 'create').length, 0);
    await e.submit(workflow('dry', single), { namespace: NS, dryRun: true });
    assert.deepEqual(await e.listRuns(NS), []);
  });
});

test('parameters given at submit replace and add', async () => {
  await withWorld([], async ({ engine }) => {
    const made = await engine().submit(workflow('p', { ...single, arguments: { parameters: [{ name: 'a', value: '1' }, { name: 'b', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }] } }), { namespace: NS, parameters: { b: '2', c: '3' }, labels: { team: 'x' }, entrypoint: 'main', serviceAccount: 'runner' });
    assert.deepEqual(made.spec.arguments?.parameters, [{ name: 'a', value: '1' }, { name: 'b', value: '2' }, { name: 'c', value: '3' }]);
    assert.equal(made.metadata.labels?.['team'], 'x');
    assert.equal(made.spec.serviceAccountName, 'runner');
  });
});

test('watchers get a whole first and then only what changed', async () => {
  await withWorld([], async ({ engine, clock, finish }) => {
    const e = engine();
    await e.start(NS);
    const lists: RunListChange[] = [];
    const changes: RunChange[] = [];
    const list = e.watchRuns(NS, (change) => lists.push(change));
    const one = e.watchRun(NS, 'seen', (change) => changes.push(change));
    await clock.advance(500);
    assert.deepEqual(structuredClone(lists), [{ upserts: [], removed: [], reset: true }]);
    assert.equal(changes[0]?.deleted, true);
    await e.submit(workflow('seen', twoSteps), { namespace: NS });
    await finish('seen');
    await clock.advance(500);
    assert.deepEqual(changes.map((change) => change.reset).slice(1), [true, ...changes.slice(2).map(() => false)]);
    assert.ok(changes.every((change) => change.workflow?.status?.nodes === undefined));
    assert.ok(changes.length > 3);
    const last = changes.at(-1);
    assert.ok(last);
    assert.equal(last.workflow?.status?.phase, 'Succeeded');
    assert.ok(!last.nodes.some((node) => node.name === 'seen[0].a'), 'a step that ended long ago is not sent again');
    assert.equal(lists.at(-1)?.upserts[0]?.phase, 'Succeeded');
    await e.act(NS, 'seen', { action: 'delete' });
    await clock.advance(500);
    assert.deepEqual(lists.at(-1)?.removed, ['seen']);
    assert.equal(changes.at(-1)?.deleted, true);
    list.close();
    one.close();
  });
});

test('logs come from the Pod, then as kept, then not at all; helpers never show', async () => {
  await withWorld([], async ({ engine, clock, finish, cluster }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('talk', {
      entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', template: 'say' }, { name: 'b', template: 'say' }]] }, { name: 'say', script: { image: 'i', command: ['sh'], source: 'echo' }, outputs: { parameters: [{ name: 'o', valueFrom: { path: '/o' } }] } }],
    }), { namespace: NS });
    await clock.until(() => cluster.pods(NS).length === 2, 5_000);
    for (const pod of cluster.pods(NS)) {
      cluster.setLog(NS, pod.metadata.name!, 'main', `2026-01-01T00:00:0${pod.metadata.annotations?.['workflows.argoproj.io/node-name']?.endsWith('a') ? 2 : 1}.5Z from ${pod.metadata.annotations?.['workflows.argoproj.io/node-name']}\n`);
      cluster.setLog(NS, pod.metadata.name!, 'wait', '=== tiphys report ===\n');
    }
    await finish('talk');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const read = async (nodeId?: string) => {
      const items = [];
      for await (const item of e.logs(NS, 'talk', nodeId ? { nodeId } : {})) items.push(item);
      return { sources: items.flatMap((item) => ('source' in item ? [item.source] : [])), texts: items.flatMap((item) => ('text' in item ? [(item).text.replace(/^\S+Z /, '')] : [])) };
    };
    assert.deepEqual((await read()).sources, ['pod']);
    assert.deepEqual((await read()).texts.sort(), ['from talk[0].a', 'from talk[0].b']);
    for (const pod of cluster.pods(NS)) await cluster.delete(RESOURCE.pod, NS, pod.metadata.name!);
    assert.deepEqual((await read()).sources, ['kept']);
    assert.deepEqual((await read()).texts.sort(), ['from talk[0].a', 'from talk[0].b']);
    const other = engine({ dataDir: `${(await import('node:os')).tmpdir()}/tiphys-nothing-here` });
    const sources = [];
    for await (const item of other.logs(NS, 'talk', {})) sources.push(item);
    assert.deepEqual(sources, [{ source: 'gone' }]);
  });
});
