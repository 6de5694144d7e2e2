import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAppError } from '../../spec/error.ts';
import type { KubeObject, Pod } from '../../spec/kubernetes.ts';
import { clusterContract } from '../contract.ts';
import { RESOURCE } from '../port.ts';
import { createFakeCluster } from './index.ts';

clusterContract('fake', async () => {
  const cluster = createFakeCluster({ strictNamespaces: true });
  await cluster.create(RESOURCE.namespace, { metadata: { name: 'contract' } });
  return { cluster, namespace: 'contract', runsPods: false, close: () => cluster.close() };
});

const pod = (name: string): Pod => ({ metadata: { name, namespace: 'ns' }, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x' }] } });

test('a Pod goes through its phases as the test says', async () => {
  const cluster = createFakeCluster();
  const phases: string[] = [];
  cluster.watch<Pod>(RESOURCE.pod, 'ns', {}, { onChange: ({ upserts, removed }) => phases.push(...upserts.map((object) => object.status?.phase ?? ''), ...removed.map(() => 'gone')) });
  await cluster.create(RESOURCE.pod, pod('a'));
  await cluster.settle();
  cluster.startPod('ns', 'a');
  await cluster.settle();
  const done = cluster.finishPod('ns', 'a', { exitCode: 2, message: 'no' });
  assert.equal(done.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 2);
  await cluster.settle();
  await cluster.delete(RESOURCE.pod, 'ns', 'a');
  await cluster.settle();
  assert.deepEqual(phases, ['Pending', 'Running', 'Failed', 'gone']);
});

test('a running Pod that is deleted stays until it is told to go', async () => {
  const cluster = createFakeCluster({ podTermination: 'manual' });
  await cluster.create(RESOURCE.pod, pod('a'));
  cluster.startPod('ns', 'a');
  await cluster.delete(RESOURCE.pod, 'ns', 'a');
  assert.ok((await cluster.get<Pod>(RESOURCE.pod, 'ns', 'a')).metadata.deletionTimestamp);
  cluster.finishDeletion('ns', 'a');
  await assert.rejects(cluster.get(RESOURCE.pod, 'ns', 'a'), (error) => isAppError(error, 'not-found'));
});

test('faults: refusals, and answers that are lost after the deed', async () => {
  const cluster = createFakeCluster();
  cluster.fault({ verb: 'create', resource: 'pods', times: 2, error: 429, retryAfterMs: 5 });
  await assert.rejects(cluster.create(RESOURCE.pod, pod('a')), (error) => isAppError(error, 'throttled') && error.retryAfter === 5);
  await assert.rejects(cluster.create(RESOURCE.pod, pod('a')), (error) => isAppError(error, 'throttled'));
  await cluster.create(RESOURCE.pod, pod('a'));
  cluster.fault({ verb: 'create', afterwards: true });
  await assert.rejects(cluster.create(RESOURCE.pod, pod('b')), (error) => isAppError(error, 'timeout'));
  assert.equal(cluster.pods('ns').length, 2);
  assert.deepEqual(cluster.requests.filter(({ error }) => error === undefined).map(({ name }) => name), ['a']);
});

test('rights: what is forbidden is refused, watched as forbidden, and said by can', async () => {
  const cluster = createFakeCluster();
  cluster.forbid({ verb: 'list', resource: 'workflows' });
  assert.equal(await cluster.can({ verb: 'list', group: 'argoproj.io', resource: 'workflows', namespace: 'ns' }), false);
  await assert.rejects(cluster.list(RESOURCE.workflow, 'ns'), (error) => isAppError(error, 'forbidden'));
  const states: string[] = [];
  const watch = cluster.watch(RESOURCE.workflow, 'ns', {}, { onChange: () => assert.fail('nothing may be seen'), onState: ({ state }) => states.push(state) });
  await cluster.settle();
  assert.equal(states.at(-1), 'forbidden');
  watch.close();
});

test('a silent watch says nothing; a refresh tells what was missed', async () => {
  const cluster = createFakeCluster();
  const seen: [boolean, number][] = [];
  const watch = cluster.watch(RESOURCE.configMap, 'ns', {}, { onChange: ({ upserts, reset }) => seen.push([reset, upserts.length]) });
  await cluster.settle();
  cluster.silence(true);
  await cluster.create<KubeObject>(RESOURCE.configMap, { metadata: { name: 'a', namespace: 'ns' } });
  await cluster.settle();
  assert.deepEqual(seen, [[true, 0]]);
  watch.refresh();
  await cluster.settle();
  assert.deepEqual(seen, [[true, 0], [true, 1]]);
});

test('a watch that starts before the kept history is gone', () => {
  const cluster = createFakeCluster({ history: 4 });
  const before = cluster.store.revision;
  for (let index = 0; index < 20; index += 1) cluster.store.create(RESOURCE.configMap, { metadata: { name: `m-${index}`, namespace: 'ns' } });
  assert.throws(() => cluster.store.watch(RESOURCE.configMap, 'ns', {}, before, () => undefined), (error) => isAppError(error, 'gone'));
  const seen: string[] = [];
  cluster.store.watch(RESOURCE.configMap, 'ns', {}, cluster.store.revision - 2, ({ object }) => seen.push(object.metadata.name ?? ''));
  assert.deepEqual(seen, ['m-18', 'm-19']);
});

test('foreground deletion waits for dependents, orphaning spares them', () => {
  const { store } = createFakeCluster();
  const make = (name: string, owner?: KubeObject, finalizers?: string[]) => store.create(RESOURCE.configMap, {
    metadata: { name, namespace: 'ns', ...(finalizers ? { finalizers } : {}), ...(owner ? { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '' }] } : {}) },
  });
  const owner = make('owner');
  make('child', owner, ['wait']);
  store.delete(RESOURCE.configMap, 'ns', 'owner', { propagationPolicy: 'Foreground' });
  assert.ok(store.get(RESOURCE.configMap, 'ns', 'owner').metadata.deletionTimestamp);
  store.patch(RESOURCE.configMap, 'ns', 'child', { type: 'merge', body: { metadata: { finalizers: [] } } });
  assert.deepEqual(store.list(RESOURCE.configMap, 'ns').items, []);
  const second = make('second');
  make('spared', second);
  store.delete(RESOURCE.configMap, 'ns', 'second', { propagationPolicy: 'Orphan' });
  assert.deepEqual(store.get(RESOURCE.configMap, 'ns', 'spared').metadata.ownerReferences, []);
});

test('logs are followed until the container ends', async () => {
  const cluster = createFakeCluster();
  await cluster.create(RESOURCE.pod, pod('a'));
  cluster.startPod('ns', 'a');
  cluster.setLog('ns', 'a', 'main', 'one\n');
  const read = (async () => {
    let text = '';
    for await (const chunk of cluster.logs('ns', 'a', { follow: true })) text += Buffer.from(chunk).toString();
    return text;
  })();
  await cluster.settle();
  cluster.appendLog('ns', 'a', 'main', 'two\n');
  await cluster.settle();
  cluster.finishPod('ns', 'a');
  assert.equal(await read, 'one\ntwo\n');
});
