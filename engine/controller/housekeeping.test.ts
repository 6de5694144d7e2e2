/** What a run leaves behind and takes up, and what a person sets: garbage, budgets, claims, caches, waiting steps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import type { ConfigMap } from '../spec/kubernetes.ts';
import type { WorkflowSpec } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';

const PAIR: WorkflowSpec = {
  entrypoint: 'main',
  templates: [{ name: 'main', dag: { failFast: false, tasks: [{ name: 'good', template: 'good' }, { name: 'bad', template: 'bad' }] } }, container('good', { metadata: { labels: { keep: 'no' } } }), container('bad', { metadata: { labels: { keep: 'yes' } } })],
};

test('podGC: every strategy, its selector and its delay', async () => {
  const cases: [string, NonNullable<WorkflowSpec['podGC']>, string[]][] = [
    ['none', {}, ['bad', 'good']],
    ['on-pod-completion', { strategy: 'OnPodCompletion' }, []],
    ['on-pod-success', { strategy: 'OnPodSuccess' }, ['bad']],
    ['on-workflow-completion', { strategy: 'OnWorkflowCompletion' }, []],
    ['on-workflow-success', { strategy: 'OnWorkflowSuccess' }, ['bad', 'good']],
    ['labels', { strategy: 'OnPodCompletion', labelSelector: { matchLabels: { keep: 'no' } } }, ['bad']],
    ['expressions', { strategy: 'OnPodCompletion', labelSelector: { matchExpressions: [{ key: 'keep', operator: 'NotIn', values: ['yes'] }] } }, ['bad']],
    ['later', { strategy: 'OnPodCompletion', deleteDelayDuration: '1h' }, ['bad', 'good']],
  ];
  await withWorld([{ node: /bad$/, exitCode: 1 }], async ({ engine, finish, clock, cluster }) => {
    const e = engine();
    await e.start(NS);
    for (const [name, podGC] of cases) await e.submit(workflow(name, { ...PAIR, podGC }), { namespace: NS });
    for (const [name] of cases) await finish(name);
    await clock.advance(60_000);
    for (const [name, , left] of cases) {
      const pods = cluster.pods(NS).filter((pod) => pod.metadata.labels?.['workflows.argoproj.io/workflow'] === name).map((pod) => pod.metadata.annotations?.['workflows.argoproj.io/node-name']?.split('.')[1]);
      assert.deepEqual(pods.sort(), left, name);
    }
  });
});

test('a disruption budget lives as long as its run', async () => {
  await withWorld([{ node: /./, after: 5 }], async ({ engine, finish, clock, cluster }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('guarded', { entrypoint: 'main', podDisruptionBudget: { minAvailable: 1 }, templates: [container('main')] }), { namespace: NS });
    await clock.until(() => cluster.pods(NS).length > 0, 5_000);
    const budget = cluster.store.get(RESOURCE.podDisruptionBudget, NS, 'guarded') as { spec?: unknown };
    assert.deepEqual(budget.spec, { selector: { matchLabels: { 'workflows.argoproj.io/workflow': 'guarded' } }, minAvailable: 1 });
    await finish('guarded');
    await clock.advance(2_000);
    assert.equal(cluster.store.peek(RESOURCE.podDisruptionBudget, NS, 'guarded'), undefined);
  });
});

test('claims are made for a run, kept after a failure, and go after a success', async () => {
  await withWorld([{ node: /^fails/, exitCode: 1 }], async ({ engine, finish, clock, cluster }) => {
    const e = engine();
    await e.start(NS);
    const spec: WorkflowSpec = { entrypoint: 'main', volumeClaimTemplates: [{ metadata: { name: 'disk' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }], templates: [container('main')] };
    for (const name of ['works', 'fails']) await e.submit(workflow(name, spec), { namespace: NS });
    for (const name of ['works', 'fails']) await finish(name);
    await clock.advance(2_000);
    assert.deepEqual(cluster.store.list(RESOURCE.persistentVolumeClaim, NS).items.map((claim) => claim.metadata.name), ['fails-disk']);
  });
});

test('a memoized result is kept in the form Argo reads, and one that Argo kept is used', async () => {
  await withWorld([{ node: /./, params: { out: 'computed' } }], async ({ engine, finish, nodes, cluster, made }) => {
    const e = engine();
    await e.start(NS);
    const memoized = (key: string): WorkflowSpec => ({ entrypoint: 'main', templates: [container('main', { memoize: { key, maxAge: '1h', cache: { configMap: { name: 'cache' } } }, outputs: { parameters: [{ name: 'out', valueFrom: { path: '/out' } }] } })] });
    await e.submit(workflow('first', memoized('ours')), { namespace: NS });
    await finish('first');
    const map = cluster.store.get(RESOURCE.configMap, NS, 'cache') as ConfigMap;
    assert.deepEqual(map.metadata.labels, { 'workflows.argoproj.io/configmap-type': 'Cache' });
    const entry = JSON.parse(map.data?.['ours'] ?? '') as Record<string, unknown>;
    assert.deepEqual(Object.keys(entry).sort(), ['creationTimestamp', 'lastHitTimestamp', 'nodeID', 'outputs']);
    await cluster.patch(RESOURCE.configMap, NS, 'cache', { type: 'merge', body: { data: { theirs: '{"nodeID":"x","outputs":{"parameters":[{"name":"out","value":"from Argo"}]},"creationTimestamp":"2026-01-01T00:00:00Z","lastHitTimestamp":"2026-01-01T00:00:00Z"}' } } });
    for (const key of ['ours', 'theirs']) await e.submit(workflow(`again-${key}`, memoized(key)), { namespace: NS });
    for (const key of ['ours', 'theirs']) await finish(`again-${key}`);
    assert.equal(made.length, 1, 'nothing ran twice');
    assert.equal(nodes('again-theirs')['again-theirs']?.outputs?.parameters?.[0]?.value, 'from Argo');
    assert.deepEqual(nodes('again-ours')['again-ours']?.memoizationStatus, { hit: true, key: 'ours', cacheName: 'cache' });
  });
});

test('waiting steps are set, ended and failed by a field selector', async () => {
  const asks: WorkflowSpec = {
    entrypoint: 'main', templates: [
      { name: 'main', steps: [[{ name: 'left', template: 'ask' }, { name: 'right', template: 'ask' }]] },
      { name: 'ask', suspend: {}, outputs: { parameters: [{ name: 'word', valueFrom: { supplied: {} } }] } },
    ],
  };
  await withWorld([], async ({ engine, finish, clock, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('asks', asks), { namespace: NS });
    await clock.until(() => Object.keys(nodes('asks')).length >= 4, 5_000);
    await assert.rejects(e.act(NS, 'asks', { action: 'set', nodeFieldSelector: 'displayName=nobody', outputs: { word: 'x' } }), (error) => isAppError(error, 'not-found'));
    await e.act(NS, 'asks', { action: 'set', nodeFieldSelector: 'displayName=left', outputs: { word: 'yes' }, message: 'as agreed' });
    const left = nodes('asks')['asks[0].left'];
    assert.deepEqual([left?.phase, left?.outputs?.parameters?.[0]?.value, left?.message], ['Running', 'yes', 'as agreed']);
    await e.act(NS, 'asks', { action: 'set', nodeFieldSelector: 'displayName=left', phase: 'Succeeded' });
    await e.act(NS, 'asks', { action: 'stop', nodeFieldSelector: 'displayName=right', message: 'not today' });
    const run = await finish('asks');
    assert.equal(run.status?.phase, 'Failed');
    assert.equal(nodes('asks')['asks[0].left']?.phase, 'Succeeded');
    assert.deepEqual([nodes('asks')['asks[0].right']?.phase, nodes('asks')['asks[0].right']?.message], ['Failed', 'not today']);
  });
});

test('what a retried run had and gave back when it failed is made anew', async () => {
  await withWorld([{ node: /./, exitCode: 1 }], async ({ cluster, clock, engine, finish, run }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('wf', {
      entrypoint: 'main', templates: [container('main')], podDisruptionBudget: { minAvailable: 1 }, volumeClaimGC: { strategy: 'OnWorkflowCompletion' },
      volumeClaimTemplates: [{ metadata: { name: 'work' }, spec: { accessModes: ['ReadWriteOnce'] } }],
    }), { namespace: NS });
    const there = (): boolean[] => [cluster.store.peek(RESOURCE.persistentVolumeClaim, NS, 'wf-work'), cluster.store.peek(RESOURCE.podDisruptionBudget, NS, 'wf')].map((object) => object !== undefined);
    assert.ok(await clock.until(() => there().every(Boolean), 5_000));
    await finish('wf');
    assert.ok(await clock.until(() => !there().some(Boolean), 5_000));
    void e.act(NS, 'wf', { action: 'retry' });
    assert.ok(await clock.until(() => run('wf').status?.phase === 'Running' && there().every(Boolean), 10_000));
    await finish('wf');
  });
});
