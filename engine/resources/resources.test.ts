/** Resource templates on the fake cluster: what they do, what they wait for, and that nothing is done twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killable, NS, withWorld, workflow } from '../controller/harness.test.ts';
import { RESOURCE } from '../kube/port.ts';
import type { ResourceType } from '../kube/port.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { ResourceTemplate, Template, WorkflowSpec } from '../spec/types.ts';
import { validateWorkflow } from '../spec/validate.ts';
import { readFlags } from './flags.ts';
import { rolloutState } from './rollout.ts';

const DEPLOYMENT: ResourceType = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
const JOB: ResourceType = { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs', namespaced: true };

function spec(resource: ResourceTemplate, more: Partial<Template> = {}, rest: Partial<WorkflowSpec> = {}): WorkflowSpec {
  return { entrypoint: 'main', templates: [{ name: 'main', resource, ...more }], ...rest };
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: value\n`;
const deployment = (name: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ${name}\nspec:\n  replicas: 1\n`;

test('create makes the object, owned when asked, and its outputs are read', async () => {
  await withWorld([], async ({ engine, finish, cluster, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('made', spec({ action: 'create', manifest: configMap('made'), setOwnerReference: true }, {
      outputs: { parameters: [{ name: 'n', valueFrom: { jsonPath: '{.metadata.name}' } }, { name: 'd', valueFrom: { jqFilter: '.data' } }, { name: 'x', valueFrom: { jqFilter: 'error', default: 'none' } }] },
    })), { namespace: NS });
    const run = await finish('made');
    const node = nodes('made')['made'];
    assert.ok(node);
    assert.equal(node.type, 'Pod');
    assert.equal(node.phase, 'Succeeded');
    assert.equal(node.message, undefined);
    const { outputs } = node;
    assert.ok(outputs);
    assert.deepEqual(outputs.parameters?.map(({ value }) => value), ['made', '{"key":"value"}', 'none']);
    assert.equal(outputs.exitCode, '0');
    assert.equal(cluster.store.get(RESOURCE.configMap, NS, 'made').metadata.ownerReferences?.[0]?.uid, run.metadata.uid);
    assert.equal(cluster.pods(NS).length, 0);
  });
});

test('what is there already is not created, and the node says so', async () => {
  await withWorld([], async ({ engine, finish, cluster, nodes }) => {
    await cluster.create(RESOURCE.configMap, { metadata: { name: 'there', namespace: NS } });
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('again', spec({ action: 'create', manifest: configMap('there') })), { namespace: NS });
    assert.equal((await finish('again')).status?.phase, 'Failed');
    assert.match(nodes('again')['again']?.message ?? '', /^main: Error \(exit code 64\): configmaps "there" already exists/);
  });
});

test('a create is done once, though the engine is killed before it can write that down', async () => {
  for (const manifest of [configMap('once'), configMap('once').replace('name: once', 'generateName: once-')]) {
    await withWorld([], async ({ engine, finish, cluster, clock, abandon, phase }) => {
      const first = killable(cluster);
      const doomed = engine({ cluster: first.cluster, identity: 'first' });
      await doomed.start(NS);
      first.onWrite = (call) => {
        if (call === 'create configmaps') queueMicrotask(() => first.kill());
      };
      await doomed.submit(workflow('once', spec({ action: 'create', manifest })), { namespace: NS });
      await clock.until(() => cluster.store.list(RESOURCE.configMap, NS).items.length > 0, 60_000);
      abandon(doomed);
      assert.notEqual(phase('once'), 'Succeeded');
      await engine({ identity: 'second' }).start(NS);
      assert.equal((await finish('once')).status?.phase, 'Succeeded');
      assert.equal(cluster.store.list(RESOURCE.configMap, NS).items.length, 1);
    });
  }
});

test('conditions are waited for by one watch of a kind, and failure counts first', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, nodes, phase }) => {
    const wait = (name: string): Template => ({ name, resource: { action: 'create', manifest: configMap(name), successCondition: 'data.state == good', failureCondition: 'data.state in (bad, worse)' } });
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('waiting', {
      entrypoint: 'main', templates: [{ name: 'main', steps: [['a', 'b', 'c'].map((name) => ({ name, template: name, continueOn: { failed: true } }))] }, wait('a'), wait('b'), wait('c')],
    }), { namespace: NS });
    await clock.until(() => ['a', 'b', 'c'].every((name) => nodes('waiting')[`waiting[0].${name}`]?.phase === 'Running'), 30_000);
    assert.equal(nodes('waiting')['waiting[0].a']?.message, `0 of 1 ready: ${NS}/a`);
    const opened = cluster.requests.filter(({ verb, type }) => verb === 'watch' && type.plural === 'configmaps').length;
    assert.ok(opened <= 4, `${opened} watches`);
    const set = (name: string, state: string): Promise<KubeObject> => cluster.patch(RESOURCE.configMap, NS, name, { type: 'merge', body: { data: { state } } });
    await set('a', 'good');
    await set('b', 'worse');
    await clock.until(() => nodes('waiting')['waiting[0].b']?.phase === 'Failed', 30_000);
    assert.equal(nodes('waiting')['waiting[0].a']?.phase, 'Succeeded');
    assert.equal(nodes('waiting')['waiting[0].b']?.message, "main: Error (exit code 64): failure condition '{data.state in [bad worse]}' evaluated true");
    assert.equal(phase('waiting'), 'Running');
    await cluster.delete(RESOURCE.configMap, NS, 'c');
    await finish('waiting');
    assert.match(nodes('waiting')['waiting[0].c']?.message ?? '', /The resource has been deleted while its status was still being checked/);
  });
});

test('a wait goes on in the next engine, although the run may do only one thing at a time', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, abandon, nodes }) => {
    const first = killable(cluster);
    const doomed = engine({ cluster: first.cluster, identity: 'first' });
    await doomed.start(NS);
    await doomed.submit(workflow('long', {
      entrypoint: 'main', parallelism: 1,
      templates: [{ name: 'main', dag: { tasks: [{ name: 'a', template: 'a' }] } }, { name: 'a', resource: { action: 'create', manifest: configMap('long'), successCondition: 'data.state == good' } }],
    }), { namespace: NS });
    await clock.until(() => nodes('long')['long.a']?.phase === 'Running', 30_000);
    first.kill();
    abandon(doomed);
    await engine({ identity: 'second' }).start(NS);
    await clock.advance(60_000);
    await cluster.patch(RESOURCE.configMap, NS, 'long', { type: 'merge', body: { data: { state: 'good' } } });
    assert.equal((await finish('long')).status?.phase, 'Succeeded');
    assert.equal(cluster.requests.filter(({ verb, type }) => verb === 'create' && type.plural === 'configmaps').length, 1);
  });
});

test('apply waits until all documents are ready when asked, and an unchanged object stays as it is', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, nodes }) => {
    const manifest = ['one', 'two'].map(deployment).concat(configMap('three')).join('---\n');
    const rollout = spec({ action: 'apply', manifest }, { metadata: { annotations: { 'tiphys.dev/wait': 'ready' } } });
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('rollout', rollout), { namespace: NS });
    await clock.until(() => nodes('rollout')['rollout']?.message?.startsWith('1 of 3 ready: work/one') === true, 30_000);
    for (const name of ['one', 'two']) {
      const object = cluster.store.get(DEPLOYMENT, NS, name);
      await cluster.replace(DEPLOYMENT, { ...object, status: { observedGeneration: object.metadata.generation, replicas: 1, updatedReplicas: 1, availableReplicas: 1 } }, { subresource: 'status' });
    }
    assert.equal((await finish('rollout')).status?.phase, 'Succeeded');
    const versions = (): (string | undefined)[] => ['one', 'two'].map((name) => cluster.store.get(DEPLOYMENT, NS, name).metadata.resourceVersion);
    const before = versions();
    await e.submit(workflow('second', rollout), { namespace: NS });
    assert.equal((await finish('second')).status?.phase, 'Succeeded');
    assert.deepEqual(versions(), before);
  });
});

test('conditions and readiness asked for together: both must hold', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, nodes }) => {
    const e = engine();
    await e.start(NS);
    const resource = { action: 'apply', manifest: deployment('one'), successCondition: 'status.readyReplicas == 1' };
    await e.submit(workflow('both', spec(resource, { metadata: { annotations: { 'tiphys.dev/wait': 'ready' } } })), { namespace: NS });
    const say = async (status: Record<string, unknown>): Promise<void> => {
      const object = cluster.store.get(DEPLOYMENT, NS, 'one');
      await cluster.replace(DEPLOYMENT, { ...object, status: { observedGeneration: object.metadata.generation, ...status } }, { subresource: 'status' });
      await clock.advance(10_000);
    };
    await clock.until(() => nodes('both')['both']?.phase === 'Running', 30_000);
    await say({ replicas: 2, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 });
    assert.equal(nodes('both')['both']?.phase, 'Running');
    await say({ replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 0 });
    assert.equal(nodes('both')['both']?.phase, 'Running');
    await say({ replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 });
    assert.equal((await finish('both')).status?.phase, 'Succeeded');
  });
});

test('a rollout that fails names the object and the reason', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('broken', spec({ action: 'apply', manifest: 'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: broken\n' }, { metadata: { annotations: { 'tiphys.dev/wait': 'ready' } } })), { namespace: NS });
    await clock.until(() => nodes('broken')['broken']?.phase === 'Running', 30_000);
    const object = cluster.store.get(JOB, NS, 'broken');
    await cluster.replace(JOB, { ...object, status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }] } }, { subresource: 'status' });
    await finish('broken');
    assert.equal(nodes('broken')['broken']?.message, 'main: Error (exit code 64): Job work/broken: BackoffLimitExceeded: Job has reached the specified backoff limit');
  });
});

test('stop, deadline and retry end a wait as they end a Pod', async () => {
  await withWorld([], async ({ engine, finish, cluster, clock, nodes }) => {
    const waits: ResourceTemplate = { action: 'apply', manifest: configMap('shared'), successCondition: 'data.state == good' };
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('stopped', spec(waits)), { namespace: NS });
    await e.submit(workflow('late', spec(waits, { activeDeadlineSeconds: 5 })), { namespace: NS });
    await e.submit(workflow('over', spec(waits, {}, { activeDeadlineSeconds: 5 })), { namespace: NS });
    await e.submit(workflow('tried', spec(waits, { activeDeadlineSeconds: 3, retryStrategy: { limit: '1' } })), { namespace: NS });
    await clock.until(() => nodes('stopped')['stopped']?.phase === 'Running', 30_000);
    await e.act(NS, 'stopped', { action: 'stop' });
    for (const name of ['stopped', 'late', 'over', 'tried']) assert.equal((await finish(name)).status?.phase, 'Failed', name);
    assert.equal(nodes('stopped')['stopped']?.message, 'workflow shutdown with strategy:  Stop');
    assert.equal(nodes('late')['late']?.message, `Pod was active on the node longer than the specified deadline: 0 of 1 ready: ${NS}/shared`);
    assert.equal(nodes('over')['over']?.message, 'Step exceeded its deadline');
    assert.equal(nodes('tried')['tried(1)']?.phase, 'Failed');
    assert.equal(cluster.pods(NS).length, 0);
  });
});

test('a workload that does not become ready says what its Pods say', async () => {
  await withWorld([{ node: /^$/, hang: 'pending' }], async ({ engine, finish, cluster, clock, nodes }) => {
    const e = engine();
    await e.start(NS);
    const manifest = `${deployment('web')}  selector: {matchLabels: {app: web}}\n`;
    await e.submit(workflow('slow', spec({ action: 'apply', manifest }, { activeDeadlineSeconds: 60, metadata: { annotations: { 'tiphys.dev/wait': 'ready' } } })), { namespace: NS });
    await clock.until(() => nodes('slow')['slow']?.phase === 'Running', 30_000);
    for (const [name, reason, message] of [['starting', 'ContainerCreating', ''], ['stuck', 'ImagePullBackOff', 'no such image']] as const) {
      await cluster.create(RESOURCE.pod, { metadata: { name, namespace: NS, labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'x' }] } });
      cluster.setPodStatus(NS, name, { containerStatuses: [{ name: 'c', state: { waiting: { reason, message } } }] });
    }
    await clock.until(() => (nodes('slow')['slow']?.message ?? '').includes('ImagePullBackOff'), 30_000);
    assert.match(nodes('slow')['slow']?.message ?? '', /^0 of 1 ready: .*; Pod stuck: ImagePullBackOff: no such image$/);
    await finish('slow');
    assert.match(nodes('slow')['slow']?.message ?? '', /^Pod was active on the node longer than the specified deadline: 0 of 1 ready: .*; Pod stuck: ImagePullBackOff: no such image$/);
  });
});

test('delete by selector, patch by flags, replace, get, and a namespace of its own', async () => {
  await withWorld([], async ({ engine, finish, cluster, nodes }) => {
    for (const name of ['a', 'b']) await cluster.create(RESOURCE.configMap, { metadata: { name, namespace: NS, labels: { gone: 'soon' } } });
    await cluster.create(RESOURCE.configMap, { metadata: { name: 'kept', namespace: 'elsewhere' }, data: { key: 'old' } });
    const steps: [string, ResourceTemplate][] = [
      ['delete', { action: 'delete', flags: ['configmap', '--selector', 'gone=soon'] }],
      ['again', { action: 'delete', manifest: configMap('a') }],
      ['patch', { action: 'patch', mergeStrategy: 'json', flags: ['cm/kept', '-n', 'elsewhere'], manifest: '- op: add\n  path: /data/more\n  value: x\n' }],
      ['merge', { action: 'patch', mergeStrategy: 'merge', manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  namespace: elsewhere\ndata:\n  merged: "1"\n' }],
      ['replace', { action: 'replace', manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  namespace: elsewhere\n  annotations: {a: b}\ndata:\n  key: new\n' }],
      ['get', { action: 'get', flags: ['configmaps', 'kept', '-n=elsewhere'] }],
      ['missing', { action: 'get', manifest: configMap('nowhere') }],
    ];
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('many', {
      entrypoint: 'main',
      templates: [{ name: 'main', steps: steps.map(([name]) => [{ name, template: name }]) }, ...steps.map(([name, resource]): Template => ({ name, resource, ...(name === 'get' ? { outputs: { parameters: [{ name: 'k', valueFrom: { jsonPath: '{.data.key}' } }] } } : {}) }))],
    }), { namespace: NS });
    await finish('many');
    const byStep = Object.fromEntries(Object.values(nodes('many')).map((node) => [node.displayName, node]));
    assert.deepEqual(steps.map(([name]) => byStep[name]?.phase), ['Succeeded', 'Succeeded', 'Succeeded', 'Succeeded', 'Succeeded', 'Succeeded', 'Failed'], JSON.stringify(byStep, null, 1));
    assert.equal(byStep['get']?.outputs?.parameters?.[0]?.value, 'new');
    assert.match(byStep['missing']?.message ?? '', /configmaps "nowhere" not found/);
    assert.equal(cluster.store.list(RESOURCE.configMap, NS).items.length, 0);
  });
});

test('flags are kubectl\'s, and one that would mean something is refused when unknown', () => {
  assert.deepEqual(readFlags(['configmap', '-l', 'a=b', '--grace-period=0', '--cascade=orphan', '--validate=false', '-n', 'x']), {
    words: ['configmap'], selector: 'a=b', gracePeriodSeconds: 0, propagationPolicy: 'Orphan', namespace: 'x', all: false, ignoreNotFound: false, force: false, wait: true, dryRun: false, keepConflicts: false,
  });
  assert.throws(() => readFlags(['--prune']), /the flag --prune is not known here/);
});

test('readiness follows the kind', () => {
  const object = (kind: string, spec: object, status: object, generation = 1): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name: 'x', generation }, spec, status });
  const cases: [KubeObject, string, string][] = [
    [object('Deployment', {}, {}, 2), 'waiting', 'not taken up by its controller yet'],
    [object('Deployment', { replicas: 2 }, { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1 }), 'waiting', '1 of 2 available'],
    [object('Deployment', {}, { observedGeneration: 1, replicas: 2, updatedReplicas: 1, availableReplicas: 2 }), 'waiting', '1 of the old ones still there'],
    [object('Deployment', {}, { observedGeneration: 1, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }] }), 'failed', 'ProgressDeadlineExceeded: timed out'],
    [object('StatefulSet', { replicas: 1 }, { observedGeneration: 1, readyReplicas: 1, updateRevision: 'b', currentRevision: 'a' }), 'waiting', '0 of 1 updated'],
    [object('StatefulSet', { replicas: 0 }, { observedGeneration: 1, updateRevision: 'a', currentRevision: 'a' }), 'ready', ''],
    [object('DaemonSet', {}, { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }), 'waiting', '1 of 2 available'],
    [object('Job', { completions: 3 }, { succeeded: 1 }), 'waiting', '1 of 3 done'],
    [object('Job', { suspend: true }, {}), 'ready', ''],
    [object('CronJob', {}, {}), 'ready', ''],
    [object('PersistentVolumeClaim', {}, { phase: 'Pending' }), 'ready', ''],
    [object('Pod', {}, { phase: 'Failed', message: 'evicted' }), 'failed', 'evicted'],
    [object('CustomResourceDefinition', {}, { conditions: [{ type: 'Established', status: 'True' }] }), 'ready', ''],
  ];
  for (const [given, state, detail] of cases) assert.deepEqual(rolloutState(given), { state, detail }, JSON.stringify(given));
  assert.equal(rolloutState(object('PersistentVolumeClaim', {}, { phase: 'Pending' }), true).state, 'waiting');
});

test('a plugin says what it would need, and the annotation is checked, before anything runs', async () => {
  const diagnostics = validateWorkflow({ metadata: { name: 'x' }, spec: { entrypoint: 'main', templates: [
    { name: 'main', steps: [[{ name: 'a', template: 'a' }, { name: 'b', template: 'b' }]] },
    { name: 'a', plugin: { hello: {} } }, { name: 'b', metadata: { annotations: { 'tiphys.dev/wait': 'soon' } }, resource: { action: 'apply', manifest: configMap('x') } },
  ] } }, { mode: 'submit' });
  assert.deepEqual(diagnostics.filter(({ severity }) => severity === 'error'), []);
  assert.deepEqual(diagnostics.map(({ code }) => code).sort(), ['bad-wait', 'needs-plugin']);
  await withWorld([], async ({ engine, finish, nodes }) => {
    const e = engine();
    await e.start(NS);
    await e.submit(workflow('plug', { entrypoint: 'a', templates: [{ name: 'a', plugin: { hello: {} } }] }), { namespace: NS });
    await finish('plug');
    assert.equal(nodes('plug')['plug']?.phase, 'Error');
    assert.match(nodes('plug')['plug']?.message ?? '', /needs the executor plugin 'hello'/);
  });
});
