/** What goes wrong around a run: conflicts, refusals, lost answers, lost watches, other engines, missing rights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { Workflow, WorkflowSpec } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';
import type { World } from './harness.test.ts';

const twoSteps: WorkflowSpec = {
  entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', template: 'one' }], [{ name: 'b', template: 'one' }]] }, container('one')],
};

async function runTwoSteps(world: World, name = 'two'): Promise<void> {
  const e = world.engine();
  await e.start(NS);
  await e.submit(workflow(name, twoSteps), { namespace: NS });
}

async function succeeds(world: World, name = 'two'): Promise<void> {
  const run = await world.finish(name);
  assert.equal(run.status?.phase, 'Succeeded', run.status?.message);
  assert.deepEqual(world.made, [`${name}[0].a`, `${name}[1].b`]);
}

for (const error of [409, 429, 500, 503, 'unreachable', 'timeout'] as const) {
  test(`a storm of ${error} on every write ends as it should, nothing made twice`, async () => {
    await withWorld([], async (world) => {
      await runTwoSteps(world);
      world.cluster.fault({ verb: 'create', resource: 'pods', error, times: 5 });
      world.cluster.fault({ verb: 'update', resource: 'workflows', error, times: 5 });
      world.cluster.fault({ verb: 'patch', resource: 'pods', error, times: 3 });
      await succeeds(world);
    });
  });
}

test('an answer that is lost after the Pod was made does not make it twice', async () => {
  await withWorld([], async (world) => {
    world.cluster.fault({ verb: 'create', resource: 'pods', afterwards: true, times: 2 });
    world.cluster.fault({ verb: 'update', resource: 'workflows', afterwards: true, times: 3 });
    await runTwoSteps(world);
    await succeeds(world);
  });
});

test('a quota that is full keeps the step Pending with the reason, until there is room', async () => {
  await withWorld([], async (world) => {
    const lift = world.cluster.fault({ verb: 'create', resource: 'pods', error: 429, message: 'exceeded quota: pods', times: 10_000 });
    await runTwoSteps(world);
    await world.clock.advance(20_000);
    assert.equal(world.nodes('two')['two[0].a']?.phase, 'Pending');
    assert.match(world.nodes('two')['two[0].a']?.message ?? '', /exceeded quota/);
    const tries = world.cluster.requests.filter((r) => r.verb === 'create' && r.type.plural === 'pods').length;
    assert.ok(tries > 2 && tries < 12, `${tries} tries in 20 s`);
    lift();
    await succeeds(world);
  });
});

test('a create that is refused for good fails the step with what the server said', async () => {
  await withWorld([], async (world) => {
    world.cluster.forbid({ verb: 'create', resource: 'pods' });
    await runTwoSteps(world);
    await world.finish('two');
    assert.equal(world.nodes('two')['two[0].a']?.phase, 'Error');
    assert.match(world.nodes('two')['two[0].a']?.message ?? '', /pods .*is forbidden/);
  });
});

test('what others write to the run meanwhile is kept', async () => {
  await withWorld([{ node: /./, after: 5 }], async (world) => {
    const { cluster, clock } = world;
    await runTwoSteps(world);
    for (let i = 0; i < 12; i++) {
      await clock.advance(700);
      await cluster.patch(RESOURCE.workflow, NS, 'two', { type: 'merge', body: { metadata: { annotations: { [`note-${i}`]: 'kept' } } } });
    }
    await succeeds(world);
    assert.equal(Object.keys(world.run('two').metadata.annotations ?? {}).filter((key) => key.startsWith('note-')).length, 12);
  });
});

test('a watch that loses its place changes nothing', async () => {
  await withWorld([{ node: /./, after: 5 }], async (world) => {
    await runTwoSteps(world);
    for (let i = 0; i < 8; i++) {
      await world.clock.advance(900);
      world.cluster.expireWatches();
    }
    await succeeds(world);
  });
});

test('a Pod that ended and was deleted in one breath still counts as ended', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    const { cluster, clock } = world;
    await runTwoSteps(world);
    for (let i = 0; i < 2; i++) {
      await clock.until(() => cluster.pods(NS).some((pod) => pod.status?.phase === 'Running'), 5_000);
      const name = cluster.pods(NS).find((pod) => pod.status?.phase === 'Running')!.metadata.name!;
      cluster.finishPod(NS, name);
      await cluster.delete(RESOURCE.pod, NS, name);
      await clock.advance(100);
    }
    await succeeds(world);
  });
});

test('a running Pod that somebody deletes fails its step', async () => {
  await withWorld([{ node: /./, hang: 'running' }], async (world) => {
    const { cluster, clock } = world;
    await runTwoSteps(world);
    await clock.advance(30_000);
    await cluster.delete(RESOURCE.pod, NS, cluster.pods(NS)[0]!.metadata.name!);
    await world.finish('two');
    assert.equal(world.nodes('two')['two[0].a']?.phase, 'Error');
    assert.match(world.nodes('two')['two[0].a']?.message ?? '', /pod deleted/);
  });
});

test('two engines: the second watches, and takes over when the first ends', async () => {
  await withWorld([{ node: /./, after: 20 }], async (world) => {
    const first = world.engine({ identity: 'ann@one' });
    const second = world.engine({ identity: 'ben@two' });
    assert.equal((await first.start(NS)).state, 'us');
    const holder = await second.start(NS);
    assert.deepEqual({ ...holder, renewedAt: '' }, { state: 'other', identity: 'ann@one', renewedAt: '' });
    await second.submit(workflow('two', twoSteps), { namespace: NS });
    assert.ok(await world.clock.until(() => world.cluster.pods(NS).length === 1, 5_000), 'the first runs what the second submits');
    await first.close();
    assert.ok(await world.clock.until(() => second.holder(NS).state === 'us', 15_000));
    await succeeds(world);
  });
});

for (const crds of [true, false]) {
  test(`engines that start at the same moment, runs kept ${crds ? 'in the cluster' : 'on disk'}: one leads, the others follow and take over in turn`, async () => {
    await withWorld([{ node: /./, after: 5 }], async (world) => {
      const engines = ['one', 'two', 'three', 'four'].map((host) => world.engine({ identity: `ann@${host}` }));
      world.cluster.fault({ verb: 'create', resource: 'leases', delayMs: 100, times: engines.length });
      const starting = Promise.all(engines.map((e) => e.start(NS)));
      let started = false;
      void starting.then(() => { started = true; });
      assert.ok(await world.clock.until(() => started, 400), 'every engine knows where it stands without waiting');
      const holders = await starting;
      assert.deepEqual(holders.map(({ state }) => state).sort(), ['other', 'other', 'other', 'us']);
      const leader = engines[holders.findIndex(({ state }) => state === 'us')];
      const followers = engines.filter((e) => e !== leader);
      await followers[0]?.submit(workflow('two', twoSteps), { namespace: NS });
      assert.ok(await world.clock.until(() => world.cluster.pods(NS).length === 1, 10_000), 'the leader runs what a follower submits');
      await leader?.close();
      assert.ok(await world.clock.until(() => followers.some((e) => e.holder(NS).state === 'us'), 5_000), 'one of the others takes over soon');
      const next = followers.find((e) => e.holder(NS).state === 'us');
      assert.equal((await next?.start(NS))?.state, 'us', 'asked again while it leads');
      assert.ok(await world.clock.until(() => world.made.length === 2, 60_000));
      assert.deepEqual(world.made, ['two[0].a', 'two[1].b']);
      const phase = async (): Promise<string | undefined> => (await next?.getRun(NS, 'two'))?.status?.phase;
      for (let i = 0; i < 60 && await phase() !== 'Succeeded'; i++) await world.clock.advance(1_000);
      assert.equal(await phase(), 'Succeeded');
    }, { crds });
  });
}

test('a lease that another engine took by force makes the first stand back', async () => {
  await withWorld([], async (world) => {
    const { cluster, clock } = world;
    const e = world.engine();
    await e.start(NS);
    await cluster.patch(RESOURCE.lease, NS, 'tiphys', { type: 'merge', body: { spec: { holderIdentity: 'eve@three/x/1/1', renewTime: new Date(clock.now()).toISOString() } } });
    await clock.advance(12_000);
    assert.equal(e.holder(NS).state, 'other');
    await cluster.create<Workflow>(RESOURCE.workflow, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'two', namespace: NS, labels: { 'workflows.argoproj.io/controller-instanceid': 'tiphys' } }, spec: twoSteps });
    await clock.advance(10_000);
    assert.deepEqual(world.made, []);
    // Eve is gone: her lease runs out.
    assert.ok(await clock.until(() => e.holder(NS).state === 'us', 60_000));
    await succeeds(world);
  });
});

test('a lease left by a killed engine is taken after its duration', async () => {
  await withWorld([], async (world) => {
    await world.cluster.create(RESOURCE.lease, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'tiphys', namespace: NS }, spec: { holderIdentity: 'ann@gone/x/1/1', leaseDurationSeconds: 30, renewTime: new Date(world.clock.now()).toISOString() } });
    const e = world.engine();
    assert.equal((await e.start(NS)).state, 'other');
    assert.ok(await world.clock.until(() => e.holder(NS).state === 'us', 45_000));
  });
});

test('without rights to leases the engine works on and says so', async () => {
  await withWorld([], async (world) => {
    world.cluster.forbid({ resource: 'leases' });
    await runTwoSteps(world);
    await succeeds(world);
    const e = world.engine();
    const holder = await e.start(NS);
    assert.ok(holder.state === 'us' && holder.reason?.includes('leases'));
  });
});

test('without rights to Pods the engine says which right is missing', async () => {
  await withWorld([], async (world) => {
    world.cluster.forbid({ resource: 'pods' });
    const e = world.engine();
    const holder = await e.start(NS);
    assert.ok(holder.state === 'none' && holder.reason?.includes('Pods'));
  });
});

test('without CRDs runs are kept on disk, survive the engine, and their Pods have no owner', async () => {
  await withWorld([{ node: /./, after: 2 }], async (world) => {
    const { cluster, clock } = world;
    const first = world.engine();
    await first.start(NS);
    const where = await first.store(NS);
    assert.equal(where.store, 'disk');
    assert.match(where.reason ?? '', /CRD/);
    await first.submit(workflow('two', twoSteps), { namespace: NS });
    await clock.until(() => cluster.pods(NS).length === 1, 5_000);
    assert.equal(cluster.pods(NS)[0]?.metadata.ownerReferences, undefined);
    await first.close();
    const second = world.engine();
    await second.start(NS);
    let phase: string | undefined = '';
    second.watchRun(NS, 'two', (change) => {
      phase = change.workflow?.status?.phase ?? phase;
    });
    assert.ok(await clock.until(() => phase === 'Succeeded', 60_000), phase);
    assert.deepEqual(world.made, ['two[0].a', 'two[1].b']);
    await second.act(NS, 'two', { action: 'delete' });
    assert.ok(await clock.until(() => cluster.pods(NS).length === 0, 5_000), 'its Pods went too');
    assert.deepEqual(await second.listRuns(NS), []);
  }, { crds: false });
});

test('with Workflows that may be seen but not written, runs are kept on disk and others\' are shown', async () => {
  await withWorld([], async (world) => {
    await world.cluster.create<Workflow>(RESOURCE.workflow, { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'theirs', namespace: NS }, spec: twoSteps });
    for (const verb of ['create', 'update', 'delete'] as const) world.cluster.forbid({ verb, resource: 'workflows' });
    const e = world.engine();
    await e.start(NS);
    assert.match((await e.store(NS)).reason ?? '', /create, update, delete workflows/);
    await e.submit(workflow('mine', twoSteps), { namespace: NS });
    assert.ok(await world.clock.until(() => world.made.length === 2, 10_000));
    assert.deepEqual((await e.listRuns(NS)).map((run) => [run.name, run.ours]).sort(), [['mine', true], ['theirs', false]]);
  });
});

test('CRDs installed while the engine runs: new runs go to the cluster, old ones stay where they are', async () => {
  await withWorld([], async (world) => {
    const e = world.engine();
    await e.start(NS);
    await e.submit(workflow('old', twoSteps), { namespace: NS });
    const installing = e.installCrds();
    await world.clock.advance(2_000);
    await installing;
    assert.equal((await e.store(NS)).store, 'cluster');
    await e.submit(workflow('new', twoSteps), { namespace: NS });
    await world.finish('new');
    await world.clock.advance(1_000);
    assert.deepEqual((await e.listRuns(NS)).map((run) => [run.name, run.phase]).sort(), [['new', 'Succeeded'], ['old', 'Succeeded']]);
  }, { crds: false });
});

test('a cluster that cannot be reached is told of, and found when it is back', async () => {
  await withWorld([], async (world) => {
    let reachable = false;
    const cluster = new Proxy<Cluster>(world.cluster, {
      get: (target, property) => {
        const value = Reflect.get(target, property, target) as unknown;
        if (property === 'resourceFor' && !reachable) return () => Promise.reject(new AppError('unreachable', 'no route', { retryable: true }));
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const e = world.engine({ cluster });
    const states: string[] = [];
    let resets = 0;
    e.watchRuns(NS, (change) => {
      if (change.reset) resets += 1;
    }, (state) => states.push(state.state));
    await assert.rejects(e.submit(workflow('two', twoSteps), { namespace: NS }), (error) => isAppError(error, 'unreachable'));
    await world.clock.advance(5_000);
    assert.equal(states.at(-1), 'reconnecting');
    reachable = true;
    assert.ok(await world.clock.until(() => resets === 1 && states.at(-1) === 'live', 60_000), states.join());
  });
});

test('a claim that is refused for good ends the run with what the server said', async () => {
  await withWorld([], async (world) => {
    const refusing = new Proxy<Cluster>(world.cluster, {
      get(target, property) {
        const value = Reflect.get(target, property, target) as unknown;
        if (typeof value !== 'function') return value;
        if (property !== 'create') return value.bind(target) as unknown;
        return (type: typeof RESOURCE.pod, ...rest: [Workflow]) => (type.plural === 'persistentvolumeclaims'
          ? Promise.reject(new AppError('invalid', 'spec.accessModes: Unsupported value: "Never"')) : target.create(type, ...rest));
      },
    });
    const e = world.engine({ cluster: refusing });
    await e.start(NS);
    const spec = { ...twoSteps, volumeClaimTemplates: [{ metadata: { name: 'work' }, spec: { accessModes: ['Never'] } }] } as WorkflowSpec;
    await e.submit(workflow('two', spec), { namespace: NS });
    const { status } = await world.finish('two');
    assert.equal(status?.phase, 'Error');
    assert.equal(status.message, 'pvc create error: spec.accessModes: Unsupported value: "Never"');
    assert.deepEqual(world.made, []);
  });
});
