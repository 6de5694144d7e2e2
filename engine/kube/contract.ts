/** What every cluster behind the port must do alike: run over the fake cluster, the local cluster and a real API server. */
import assert from 'node:assert/strict';
import { after, before, describe, it as declare } from 'node:test';
import type { TestContext } from 'node:test';
import { AppError } from '../spec/error.ts';
import type { ErrorCode } from '../spec/error.ts';
import type { ConfigMap, KubeObject, Pod } from '../spec/kubernetes.ts';
import { keyOf, RESOURCE } from './port.ts';
import type { Cluster, ResourceType, Subscription, WatchState } from './port.ts';

export interface ContractSubject {
  cluster: Cluster;
  /** Exists, is empty, and is the suite's own. */
  namespace: string;
  /** Pods that are created are also run. */
  runsPods: boolean;
  close(): Promise<void>;
}

/** A kind of our own, defined by the suite itself. */
const GADGET: ResourceType = { group: 'contract.tiphys.example', version: 'v1', kind: 'Gadget', plural: 'gadgets', namespaced: true };

const GADGET_DEFINITION: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'gadgets.contract.tiphys.example' },
  spec: {
    group: GADGET.group, scope: 'Namespaced', names: { kind: 'Gadget', listKind: 'GadgetList', plural: 'gadgets', singular: 'gadget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};

/** The suite waits for its tests by itself. */
function it(title: string, body: (context: TestContext) => Promise<void>): void {
  void declare(title, body);
}

async function refused(code: ErrorCode, promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  assert.ok(error instanceof AppError, `expected ${code}, got ${error instanceof Error ? error.message : 'success'}`);
  assert.equal(error.code, code, error.message);
  assert.notEqual(error.message, '');
  return error;
}

async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined, ms = 20_000): Promise<T> {
  for (const end = Date.now() + ms; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Mirror {
  readonly objects = new Map<string, KubeObject>();
  readonly states: string[] = [];
  readonly resets: number[] = [];
  readonly removed: KubeObject[] = [];
  readonly subscription: Subscription;

  constructor(cluster: Cluster, type: ResourceType, namespace: string | undefined, selectors = {}) {
    this.subscription = cluster.watch(type, namespace, selectors, {
      onChange: ({ upserts, removed, reset }) => {
        if (reset) {
          this.objects.clear();
          this.resets.push(upserts.length);
        }
        const keys = [...upserts, ...removed].map(keyOf);
        assert.equal(new Set(keys).size, keys.length, 'a batch has at most one entry per object');
        for (const object of upserts) this.objects.set(keyOf(object), object);
        for (const object of removed) this.objects.delete(keyOf(object));
        this.removed.push(...removed);
      },
      onState: (state: WatchState) => this.states.push(state.state),
    });
  }

  live(): Promise<true> {
    return eventually('live', () => (this.states.at(-1) === 'live' ? true : undefined));
  }

  names(): string[] {
    return [...this.objects.values()].map((object) => object.metadata.name ?? '').sort();
  }

  shows(names: string[]): Promise<true> {
    return eventually(`shows ${names.join()} (has ${this.names().join()})`, () => (this.names().join() === [...names].sort().join() ? true : undefined));
  }
}

/** Declares the suite. `make` is called once. */
export function clusterContract(name: string, make: () => Promise<ContractSubject>): void {
  void describe(`cluster contract: ${name}`, () => {
    let subject: ContractSubject;
    let cluster: Cluster;
    let namespace: string;
    before(async () => {
      subject = await make();
      ({ cluster, namespace } = subject);
    });
    after(async () => {
      await subject.close();
    });
    const map = (objectName: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): ConfigMap =>
      ({ metadata: { name: objectName, namespace, labels }, data });
    const make1 = (object: ConfigMap) => cluster.create(RESOURCE.configMap, object);
    const pod = (objectName: string, script: string, more: Partial<Pod['spec']> = {}): Pod => ({
      metadata: { name: objectName, namespace, labels: { suite: 'pods' } },
      spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 2, containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }], ...more },
    });

    it('makes, reads, refuses twice and forgets objects', async () => {
      const made = await make1(map('basic', { a: '1' }));
      assert.match(made.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.match(made.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.equal(made.kind, 'ConfigMap');
      const read = await cluster.get<ConfigMap>(RESOURCE.configMap, namespace, 'basic');
      assert.deepEqual(read.data, { a: '1' });
      assert.equal(read.metadata.resourceVersion, made.metadata.resourceVersion);
      const twice = await refused('already-exists', make1(map('basic')));
      assert.match(twice.message, /"basic" already exists/);
      await cluster.delete(RESOURCE.configMap, namespace, 'basic');
      const missing = await refused('not-found', cluster.get(RESOURCE.configMap, namespace, 'basic'));
      assert.match(missing.message, /configmaps "basic" not found/);
      await refused('not-found', cluster.delete(RESOURCE.configMap, namespace, 'basic'));
      await refused('not-found', cluster.patch(RESOURCE.configMap, namespace, 'basic', { type: 'merge', body: {} }));
    });

    it('generates names, and refuses bad ones', async () => {
      const made = await cluster.create<ConfigMap>(RESOURCE.configMap, { metadata: { generateName: 'gen-', namespace } });
      assert.match(made.metadata.name ?? '', /^gen-[a-z0-9]{5}$/);
      const error = await refused('invalid', make1(map('Not_A_Name')));
      assert.match(error.message, /metadata\.name/);
      await refused('not-found', cluster.create(RESOURCE.configMap, { metadata: { name: 'x', namespace: 'tiphys-no-such-namespace' } }));
    });

    it('replaces only what nobody changed since', async () => {
      const first = await make1(map('replaced', { a: '1' }));
      const second = await cluster.replace<ConfigMap>(RESOURCE.configMap, { ...first, data: { a: '2' } });
      assert.notEqual(second.metadata.resourceVersion, first.metadata.resourceVersion);
      const error = await refused('conflict', cluster.replace<ConfigMap>(RESOURCE.configMap, { ...first, data: { a: '3' } }));
      assert.equal(error.retryable, false);
      const same = await cluster.replace<ConfigMap>(RESOURCE.configMap, second);
      assert.equal(same.metadata.resourceVersion, second.metadata.resourceVersion, 'a write that changes nothing is none');
      const blind = await cluster.replace<ConfigMap>(RESOURCE.configMap, map('replaced', { b: '1' }));
      assert.deepEqual(blind.data, { b: '1' });
      assert.equal(blind.metadata.uid, first.metadata.uid);
      await refused('not-found', cluster.replace<ConfigMap>(RESOURCE.configMap, map('never-made')));
    });

    it('patches in each format', async () => {
      await make1(map('patched', { a: '1', b: '2' }, { x: '1' }));
      const patch = (type: 'merge' | 'strategic', body: unknown) => cluster.patch<ConfigMap>(RESOURCE.configMap, namespace, 'patched', { type, body });
      assert.deepEqual((await patch('merge', { data: { a: null, c: '3' } })).data, { b: '2', c: '3' });
      assert.deepEqual((await patch('strategic', { data: { b: null } })).data, { c: '3' });
      const json = await cluster.patch<ConfigMap>(RESOURCE.configMap, namespace, 'patched', { type: 'json', body: [{ op: 'test', path: '/data/c', value: '3' }, { op: 'add', path: '/metadata/labels/y~1z', value: '2' }, { op: 'remove', path: '/metadata/labels/x' }] });
      assert.deepEqual(json.metadata.labels, { 'y/z': '2' });
      await refused('invalid', cluster.patch(RESOURCE.configMap, namespace, 'patched', { type: 'json', body: [{ op: 'test', path: '/data/c', value: '4' }] }));
      await refused('conflict', patch('merge', { metadata: { resourceVersion: '1' }, data: { z: '1' } }));
    });

    it('merges the containers of a Pod by name in a strategic patch', async () => {
      await cluster.create(RESOURCE.pod, pod('strategic', 'true', { schedulerName: 'nobody', activeDeadlineSeconds: 100 }));
      const patched = await cluster.patch<Pod>(RESOURCE.pod, namespace, 'strategic', { type: 'strategic', body: { spec: { activeDeadlineSeconds: 50, containers: [{ name: 'main', image: 'alpine' }] } } });
      assert.equal(patched.spec.containers[0]?.image, 'alpine');
      assert.deepEqual(patched.spec.containers.at(0)?.command, ['sh', '-c', 'true']);
      assert.equal(patched.spec.activeDeadlineSeconds, 50);
      await refused('invalid', cluster.patch(RESOURCE.pod, namespace, 'strategic', { type: 'merge', body: { spec: { containers: [{ name: 'main', image: 'alpine', command: ['false'] }] } } }));
      await cluster.delete(RESOURCE.pod, namespace, 'strategic', { gracePeriodSeconds: 0 });
    });

    it('applies, keeps who owns what, and names the owner in a conflict', async () => {
      const apply = (fieldManager: string, data: Record<string, string>, force = false) =>
        cluster.patch<ConfigMap>(RESOURCE.configMap, namespace, 'applied', { type: 'apply', fieldManager, force, body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data } });
      assert.deepEqual((await apply('one', { a: '1', b: '1' })).data, { a: '1', b: '1' });
      assert.deepEqual((await apply('two', { c: '2' })).data, { a: '1', b: '1', c: '2' });
      const conflict = await refused('conflict', apply('two', { a: '2', c: '2' }));
      assert.match(conflict.message, /conflict.*"one"/);
      assert.equal((await apply('two', { a: '2', c: '2' }, true)).data?.['a'], '2');
      assert.deepEqual((await apply('one', {})).data, { a: '2', c: '2' }, 'what one no longer names is removed, what two took over stays');
    });

    it('selects by labels and fields', async () => {
      await make1(map('sel-a', {}, { tier: 'front', sel: 'yes' }));
      await make1(map('sel-b', {}, { tier: 'back', sel: 'yes' }));
      await make1(map('sel-c', {}, { sel: 'yes' }));
      const names = async (labelSelector: string, fieldSelector?: string) => {
        const { items } = await cluster.list(RESOURCE.configMap, namespace, { labelSelector, ...(fieldSelector === undefined ? {} : { fieldSelector }) });
        return items.map((item) => item.metadata.name).sort().join();
      };
      assert.equal(await names('sel=yes'), 'sel-a,sel-b,sel-c');
      assert.equal(await names('sel,tier!=front'), 'sel-b,sel-c');
      assert.equal(await names('sel,tier in (front, back)'), 'sel-a,sel-b');
      assert.equal(await names('sel,tier notin (front)'), 'sel-b,sel-c');
      assert.equal(await names('sel,!tier'), 'sel-c');
      assert.equal(await names('sel', 'metadata.name=sel-b'), 'sel-b');
      await refused('invalid', cluster.list(RESOURCE.configMap, namespace, { labelSelector: 'a in b' }));
      await refused('invalid', cluster.list(RESOURCE.configMap, namespace, { fieldSelector: 'data.x=1' }));
      const everywhere = await cluster.list(RESOURCE.configMap, undefined, { labelSelector: 'sel=yes' });
      assert.equal(everywhere.items.length, 3);
      assert.equal(everywhere.items[0]?.kind, 'ConfigMap');
    });

    it('shows a watcher the list, then every change', async () => {
      await make1(map('w-1', {}, { w: '1' }));
      const mirror = new Mirror(cluster, RESOURCE.configMap, namespace, { labelSelector: 'w=1' });
      await mirror.live();
      assert.deepEqual(mirror.resets, [1]);
      await make1(map('w-2', {}, { w: '1' }));
      await mirror.shows(['w-1', 'w-2']);
      await cluster.patch(RESOURCE.configMap, namespace, 'w-1', { type: 'merge', body: { metadata: { labels: { w: '0' } } } });
      await mirror.shows(['w-2']);
      await cluster.delete(RESOURCE.configMap, namespace, 'w-2');
      await make1(map('w-2', { again: '1' }, { w: '1' }));
      await eventually('w-2 made anew', () => ((mirror.objects.get(`${namespace}/w-2`) as ConfigMap | undefined)?.data?.['again'] === '1' ? true : undefined));
      assert.ok(mirror.removed.some((object) => object.metadata.name === 'w-2'));
      mirror.subscription.refresh();
      await eventually('the list again', () => (mirror.resets.length === 2 ? true : undefined));
      assert.deepEqual(mirror.names(), ['w-2']);
      mirror.subscription.close();
      await cluster.delete(RESOURCE.configMap, namespace, 'w-2');
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(mirror.names(), ['w-2'], 'a closed watch says nothing');
    });

    it('makes every watch start over on reconnect, and loses nothing', async () => {
      const mirror = new Mirror(cluster, RESOURCE.configMap, namespace, { labelSelector: 'r=1' });
      await mirror.live();
      await make1(map('r-1', {}, { r: '1' }));
      cluster.reconnect();
      await make1(map('r-2', {}, { r: '1' }));
      await mirror.shows(['r-1', 'r-2']);
      await eventually('reset', () => (mirror.resets.length >= 2 ? true : undefined));
      mirror.subscription.close();
    });

    it('deletes only the object that is meant', async () => {
      const first = await make1(map('uid'));
      await refused('conflict', cluster.delete(RESOURCE.configMap, namespace, 'uid', { uid: '11111111-2222-4333-8444-555555555555' }));
      await cluster.delete(RESOURCE.configMap, namespace, 'uid', { uid: first.metadata.uid ?? '' });
    });

    it('keeps an object until its finalizers are gone', async () => {
      await cluster.create<ConfigMap>(RESOURCE.configMap, { metadata: { name: 'final', namespace, finalizers: ['tiphys.example/wait'] } });
      await cluster.delete(RESOURCE.configMap, namespace, 'final');
      const waiting = await cluster.get(RESOURCE.configMap, namespace, 'final');
      assert.ok(waiting.metadata.deletionTimestamp);
      await cluster.patch(RESOURCE.configMap, namespace, 'final', { type: 'merge', body: { metadata: { finalizers: null } } });
      await refused('not-found', cluster.get(RESOURCE.configMap, namespace, 'final'));
    });

    it('collects the dependents of what is deleted', async () => {
      const owner = await make1(map('owner'));
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' }];
      await cluster.create<ConfigMap>(RESOURCE.configMap, { metadata: { name: 'owned', namespace, ownerReferences } });
      await cluster.delete(RESOURCE.configMap, namespace, 'owner');
      await eventually('owned is collected', () => cluster.get(RESOURCE.configMap, namespace, 'owned').then(() => undefined, (error: unknown) => (error instanceof AppError && error.code === 'not-found' ? true : undefined)));
    });

    it('tries out without keeping', async () => {
      const dry = await cluster.create<ConfigMap>(RESOURCE.configMap, map('dry', { a: '1' }), { dryRun: true });
      assert.equal(dry.metadata.name, 'dry');
      await refused('not-found', cluster.get(RESOURCE.configMap, namespace, 'dry'));
      await refused('invalid', cluster.create(RESOURCE.pod, { metadata: { name: 'dry', namespace }, spec: { containers: [] } }, { dryRun: true }));
      await make1(map('dry', { a: '1' }));
      await cluster.patch(RESOURCE.configMap, namespace, 'dry', { type: 'merge', body: { data: { a: '2' } } }, { dryRun: true });
      assert.equal((await cluster.get<ConfigMap>(RESOURCE.configMap, namespace, 'dry')).data?.['a'], '1');
    });

    it('refuses Pods that can never be', async () => {
      const error = await refused('invalid', cluster.create(RESOURCE.pod, pod('bad', 'true', { containers: [{ name: 'main', image: 'busybox', volumeMounts: [{ name: 'none', mountPath: '/x' }] }] })));
      assert.match(error.message, /Pod "bad" is invalid: .*volumeMounts\[0\]\.name: Not found: "none"/);
    });

    it('writes a Pod\'s status only by its own path', async () => {
      const made = await cluster.create<Pod>(RESOURCE.pod, { ...pod('status', 'true', { schedulerName: 'nobody' }), status: { phase: 'Succeeded' } });
      assert.equal(made.status?.phase, 'Pending');
      const merged = await cluster.patch<Pod>(RESOURCE.pod, namespace, 'status', { type: 'merge', body: { metadata: { labels: { l: '1' } }, status: { phase: 'Failed' } } });
      assert.equal(merged.status?.phase, 'Pending');
      assert.equal(merged.metadata.labels?.['l'], '1');
      const reported = await cluster.patch<Pod>(RESOURCE.pod, namespace, 'status', { type: 'merge', body: { status: { phase: 'Failed', message: 'as said' } } }, { subresource: 'status' });
      assert.equal(reported.status?.phase, 'Failed');
      await cluster.delete(RESOURCE.pod, namespace, 'status');
      await eventually('gone', () => cluster.get(RESOURCE.pod, namespace, 'status').then(() => undefined, () => true));
    });

    it('says that a kind is missing, and finds it when it comes', async () => {
      assert.equal(await cluster.resourceFor('contract.tiphys.example/v1', 'Gadget'), undefined);
      await refused('not-found', cluster.list(GADGET, namespace));
      const mirror = new Mirror(cluster, GADGET, namespace);
      await eventually('missing', () => (mirror.states.at(-1) === 'missing' ? true : undefined));
      await cluster.create(RESOURCE.customResourceDefinition, GADGET_DEFINITION);
      try {
        await eventually('the kind is served', () => cluster.list(GADGET, namespace).then(() => true, () => undefined));
        assert.deepEqual(await eventually('discovered', () => cluster.resourceFor('contract.tiphys.example/v1', 'Gadget')), GADGET);
        mirror.subscription.refresh();
        await mirror.live();
        const gadget = await cluster.create<KubeObject>(GADGET, { metadata: { name: 'g', namespace }, spec: { any: { thing: [1, 2] } }, status: { phase: 'Odd' } });
        assert.deepEqual([gadget['spec'], gadget['status']], [{ any: { thing: [1, 2] } }, { phase: 'Odd' }], 'nothing is pruned; status is part of the object');
        const changed = await cluster.replace<KubeObject>(GADGET, { ...gadget, status: { phase: 'Even' } });
        assert.deepEqual(changed['status'], { phase: 'Even' });
        assert.equal(changed.metadata.generation, 2);
        await refused('invalid', cluster.replace<KubeObject>(GADGET, { metadata: { name: 'g', namespace }, spec: {} }));
        await refused('unsupported', cluster.patch(GADGET, namespace, 'g', { type: 'strategic', body: { spec: { a: 1 } } }));
        await mirror.shows(['g']);
      } finally {
        mirror.subscription.close();
        await cluster.delete(RESOURCE.customResourceDefinition, undefined, 'gadgets.contract.tiphys.example');
      }
    });

    it('tells its version, its kinds and what the user may do', async () => {
      const version = await cluster.version();
      assert.equal(version.major, 1);
      assert.ok(version.minor >= 29);
      assert.deepEqual(await cluster.resourceFor('v1', 'Pod'), RESOURCE.pod);
      assert.equal((await cluster.resourceFor('apps/v1', 'Deployment'))?.plural, 'deployments');
      assert.equal(await cluster.resourceFor('nobody.example/v9', 'Nothing'), undefined);
      assert.equal(await cluster.can({ verb: 'create', group: '', resource: 'pods', namespace }), true);
      assert.equal(await cluster.can({ verb: 'get', group: '', resource: 'pods/log', namespace }), true);
    });

    it('makes many objects at once', async () => {
      const many = 100;
      await Promise.all(Array.from({ length: many }, (_, index) => make1(map(`many-${index}`, {}, { many: '1' }))));
      const { items } = await cluster.list(RESOURCE.configMap, namespace, { labelSelector: 'many=1' });
      assert.equal(items.length, many);
    });

    it('cancels what is no longer wanted', async () => {
      await refused('cancelled', cluster.create(RESOURCE.configMap, map('cancelled'), { signal: AbortSignal.abort() }));
    });

    podContract({ cluster: () => cluster, namespace: () => namespace, runs: () => subject.runsPods, pod });
  });
}

interface PodSuite {
  cluster: () => Cluster;
  namespace: () => string;
  runs: () => boolean;
  pod: (name: string, script: string, more?: Partial<Pod['spec']>) => Pod;
}

/** What clusters that run Pods must do with them. */
function podContract({ cluster, namespace, runs, pod }: PodSuite): void {
  const ended = (name: string, ms = 60_000) => eventually(`${name} ends`, async () => {
    const now = await cluster().get<Pod>(RESOURCE.pod, namespace(), name);
    return now.status?.phase === 'Succeeded' || now.status?.phase === 'Failed' ? now : undefined;
  }, ms);
  const main = (of: Pod, name = 'main') => of.status?.containerStatuses?.find((status) => status.name === name)?.state;
  const readLog = async (name: string, options: { follow?: boolean; container?: string; tailLines?: number; timestamps?: boolean } = {}) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of cluster().logs(namespace(), name, options)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  };
  const test = (title: string, body: () => Promise<void>) => {
    it(title, async (context) => {
      if (runs()) await body();
      else context.skip('this cluster runs no Pods');
    });
  };

  test('runs a Pod to its end', async () => {
    await cluster().create(RESOURCE.pod, pod('runs', 'echo one; echo two; sleep 1; echo three; echo done > /dev/termination-log; exit 3'));
    await eventually('it runs', async () => ((await cluster().get<Pod>(RESOURCE.pod, namespace(), 'runs')).status?.phase === 'Pending' ? undefined : true));
    assert.equal(await readLog('runs', { follow: true }), 'one\ntwo\nthree\n');
    const done = await ended('runs');
    assert.equal(done.status?.phase, 'Failed');
    const state = main(done)?.terminated;
    assert.equal(state?.exitCode, 3);
    assert.equal(state.reason, 'Error');
    assert.equal(state.message, 'done\n');
    assert.ok(state.startedAt && state.finishedAt && Date.parse(state.finishedAt) >= Date.parse(state.startedAt));
    assert.equal(await readLog('runs', { tailLines: 1 }), 'three\n');
    assert.match(await readLog('runs', { tailLines: 1, timestamps: true }), /^\d{4}-\d\d-\d\dT\S+ three\n$/);
  });

  test('runs init containers first, shares volumes, and several containers together', async () => {
    const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    await cluster().create(RESOURCE.pod, pod('several', '', {
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [{ name: 'first', image: 'busybox', command: ['sh', '-c', 'echo prepared > /shared/file'], ...mount }],
      containers: [
        { name: 'main', image: 'busybox', command: ['sh', '-c', 'cat /shared/file; echo "$GREETING $WHO $NAME"; touch /shared/done'], env: [{ name: 'GREETING', value: 'hello' }, { name: 'WHO', value: '$(GREETING)-world' }, { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }], ...mount },
        { name: 'side', image: 'busybox', command: ['sh', '-c', 'while [ ! -e /shared/done ]; do sleep 0.1; done; echo seen'], ...mount },
      ],
    }));
    const done = await ended('several');
    assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(done.status));
    assert.equal(await readLog('several', { container: 'main' }), 'prepared\nhello hello-world several\n');
    assert.equal(await readLog('several', { container: 'side' }), 'seen\n');
    assert.equal(done.status.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 0);
  });

  test('does not start the containers when an init container fails', async () => {
    await cluster().create(RESOURCE.pod, pod('init-fails', 'echo never', { initContainers: [{ name: 'first', image: 'busybox', command: ['sh', '-c', 'exit 7'] }] }));
    const done = await ended('init-fails');
    assert.equal(done.status?.phase, 'Failed');
    assert.equal(done.status.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 7);
    assert.equal(main(done)?.terminated, undefined);
  });

  test('gives configuration as files and variables', async () => {
    await cluster().create<ConfigMap>(RESOURCE.configMap, { metadata: { name: 'config', namespace: namespace() }, data: { 'a.txt': 'from a', KEY: 'value' } });
    await cluster().create<KubeObject>(RESOURCE.secret, { metadata: { name: 'secret', namespace: namespace() }, data: { pass: Buffer.from('word').toString('base64') } });
    await cluster().create(RESOURCE.pod, pod('configured', '', {
      volumes: [{ name: 'c', configMap: { name: 'config' } }, { name: 's', secret: { secretName: 'secret', optional: true, items: ['pass', 'none'].map((key) => ({ key, path: key })) } }],
      containers: [{
        name: 'main', image: 'busybox', command: ['sh', '-c', 'cat /config/a.txt /secret/pass; echo " $KEY $PASS"'],
        env: [{ name: 'PASS', valueFrom: { secretKeyRef: { name: 'secret', key: 'pass' } } }], envFrom: [{ configMapRef: { name: 'config' } }],
        volumeMounts: [{ name: 'c', mountPath: '/config' }, { name: 's', mountPath: '/secret' }],
      }],
    }));
    const done = await ended('configured');
    assert.equal(await readLog('configured'), 'from aword value word\n');
    assert.equal(done.status?.phase, 'Succeeded');
  });

  test('asks a running Pod to end before it ends it, and forgets it then', async () => {
    const mirror = new Mirror(cluster(), RESOURCE.pod, namespace(), { fieldSelector: 'metadata.name=polite' });
    await cluster().create(RESOURCE.pod, pod('polite', 'trap "echo asked; exit 0" TERM; echo ready; while true; do sleep 0.1; done', { terminationGracePeriodSeconds: 10 }));
    await eventually('ready', () => readLog('polite').then((log) => (log === 'ready\n' ? true : undefined), () => undefined));
    const follow = readLog('polite', { follow: true });
    await cluster().delete(RESOURCE.pod, namespace(), 'polite');
    assert.equal(await follow, 'ready\nasked\n');
    await eventually('gone', () => cluster().get(RESOURCE.pod, namespace(), 'polite').then(() => undefined, () => true));
    await mirror.shows([]);
    mirror.subscription.close();
  });

  test('ends what does not listen after the grace period', async () => {
    await cluster().create(RESOURCE.pod, pod('stubborn', 'trap "" TERM; echo ready; while true; do sleep 0.1; done', { terminationGracePeriodSeconds: 1 }));
    await eventually('ready', () => readLog('stubborn').then((log) => (log === 'ready\n' ? true : undefined), () => undefined));
    await cluster().delete(RESOURCE.pod, namespace(), 'stubborn');
    await eventually('gone', () => cluster().get(RESOURCE.pod, namespace(), 'stubborn').then(() => undefined, () => true));
  });

  test('ends a Pod at its deadline', async () => {
    await cluster().create(RESOURCE.pod, pod('late', 'sleep 100', { activeDeadlineSeconds: 2 }));
    const done = await ended('late');
    assert.equal(done.status?.phase, 'Failed');
    assert.equal(done.status.reason, 'DeadlineExceeded');
    assert.match(done.status.message ?? '', /active on the node longer than the specified deadline/);
  });

  test('runs a command in a container', async () => {
    await cluster().create(RESOURCE.pod, pod('shell', 'echo ready; sleep 100', { terminationGracePeriodSeconds: 0 }));
    await eventually('ready', () => readLog('shell').then((log) => (log === 'ready\n' ? true : undefined), () => undefined));
    assert.deepEqual(await cluster().exec(namespace(), 'shell', 'main', ['sh', '-c', 'echo out; echo err >&2; exit 4']), { exitCode: 4, stdout: 'out\n', stderr: 'err\n' });
    await refused('not-found', cluster().exec(namespace(), 'no-such-pod', 'main', ['true']));
    await cluster().delete(RESOURCE.pod, namespace(), 'shell', { gracePeriodSeconds: 0 });
  });

  test('says why a container cannot start', async () => {
    await cluster().create(RESOURCE.pod, pod('unstartable', '', { containers: [{ name: 'main', image: 'busybox', command: ['/no/such/program'] }] }));
    const done = await ended('unstartable');
    assert.equal(main(done)?.terminated?.exitCode, 128);
    assert.equal(main(done)?.terminated?.reason, 'StartError');
  });
}
