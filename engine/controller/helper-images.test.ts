/** The image of the helpers on the fake cluster, whose registry has some images and lacks others. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { WorkflowSpec } from '../spec/types.ts';
import { NS, withWorld, workflow } from './harness.test.ts';
import type { World } from './harness.test.ts';

const script: WorkflowSpec = { entrypoint: 'main', templates: [{ name: 'main', script: { image: 'user/busybox', command: ['sh'], source: 'true' } }] };

const helperImage = (pod: Pod): string | undefined => pod.spec.initContainers?.find((c) => c.name === 'init')?.image;

/** Ends Pods whose helpers' image is there; the others wait for it, as a kubelet says it. @returns each helper image asked for */
function registry({ cluster, clock }: World, present: readonly string[], message = 'not found'): string[] {
  const asked: string[] = [];
  cluster.watch<Pod>(RESOURCE.pod, NS, {}, {
    onChange: ({ upserts }) => {
      for (const pod of upserts) {
        const { name = '' } = pod.metadata;
        const image = helperImage(pod) ?? '';
        const status = pod.status?.initContainerStatuses?.[0];
        if (pod.status?.phase !== 'Pending' || status?.image === image) continue;
        asked.push(image);
        const state = present.includes(image) ? {} : { waiting: { reason: 'ErrImagePull', message: `${image}: ${message}` } };
        clock.after(10, () => cluster.setPodStatus(NS, name, { initContainerStatuses: [{ name: 'init', image, imageID: '', ready: false, restartCount: 0, state }] }));
        if (!present.includes(image)) continue;
        clock.after(20, () => cluster.startPod(NS, name));
        clock.after(40, () => cluster.finishPod(NS, name));
      }
    },
  });
  return asked;
}

async function submit(engine: Engine, name: string): Promise<void> {
  await engine.start(NS);
  await engine.submit(workflow(name, script), { namespace: NS });
}

const hang = [{ node: /./, hang: 'pending' as const }];

test('an image that is not there gives way to the next, in a second; later Pods and starts use that at once', async () => {
  await withWorld(hang, async (world) => {
    const { engine, cluster, clock, finish, dataDir } = world;
    const asked = registry(world, ['r.io/c']);
    const images = { busybox: ['r.io/a', 'r.io/b', 'r.io/c'], curl: '' };
    const first = engine({ images });
    const before = clock.now();
    await submit(first, 'one');
    assert.equal((await finish('one')).status?.phase, 'Succeeded');
    assert.ok(clock.now() - before < 1500, `${clock.now() - before} ms`);
    assert.deepEqual(asked, ['r.io/a', 'r.io/b', 'r.io/c']);
    assert.ok(cluster.pods(NS).every((pod) => pod.spec.containers.find((c) => c.name === 'main')?.image === 'user/busybox'));
    await submit(first, 'two');
    await finish('two');
    await first.close();
    assert.deepEqual(JSON.parse(readFileSync(path.join(dataDir, 'images', 'fake.json'), 'utf8')), { busybox: 'r.io/c' });
    await submit(engine({ images }), 'three');
    await finish('three');
    assert.deepEqual(asked.slice(3), ['r.io/c', 'r.io/c']);
  });
});

test('when none is left, the node says why, and each was tried once', async () => {
  await withWorld(hang, async (world) => {
    const { engine, clock, nodes } = world;
    const asked = registry(world, []);
    await submit(engine({ images: { busybox: ['r.io/a', 'r.io/b'], curl: '' } }), 'none');
    await clock.until(() => false, 60_000);
    assert.deepEqual(asked, ['r.io/a', 'r.io/b']);
    assert.equal(nodes('none')['none']?.phase, 'Pending');
    assert.match(nodes('none')['none']?.message ?? '', /ErrImagePull.*r\.io\/b/);
  });
});

test('a patch that does not get through is tried again; a registry in trouble is waited for', async () => {
  await withWorld(hang, async (world) => {
    const { engine, cluster, clock, finish } = world;
    const asked = registry(world, ['r.io/b']);
    cluster.fault({ verb: 'patch', resource: 'pods', error: 503 });
    await submit(engine({ images: { busybox: ['r.io/a', 'r.io/b'], curl: '' } }), 'again');
    await clock.until(() => asked.length === 1, 5_000);
    await clock.until(() => false, 1_000);
    const [pod] = cluster.pods(NS);
    const status = (reason: string): void => {
      cluster.setPodStatus(NS, pod?.metadata.name ?? '', { initContainerStatuses: [{ name: 'init', image: 'r.io/a', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason, message: 'r.io/a: not found' } } }] });
    };
    status('ImagePullBackOff');
    assert.equal((await finish('again')).status?.phase, 'Succeeded');
    assert.deepEqual(asked, ['r.io/a', 'r.io/b']);
  });
  await withWorld(hang, async (world) => {
    const asked = registry(world, ['r.io/b'], '429 Too Many Requests');
    await submit(world.engine({ images: { busybox: ['r.io/a', 'r.io/b'], curl: '' } }), 'busy');
    await world.clock.until(() => false, 30_000);
    assert.deepEqual(asked, ['r.io/a']);
  });
});

test('an image that cannot serve fails one Pod and is used no more', async () => {
  await withWorld(hang, async (world) => {
    const { engine, cluster, clock, finish } = world;
    const e = engine({ images: { busybox: ['r.io/dynamic', 'r.io/static'], curl: '' } });
    await submit(e, 'unfit');
    await clock.until(() => cluster.pods(NS).length === 1, 5_000);
    const [pod] = cluster.pods(NS);
    cluster.setPodStatus(NS, pod?.metadata.name ?? '', { phase: 'Failed', initContainerStatuses: [{ name: 'init', image: 'r.io/dynamic', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 65, message: 'not static' } } }] });
    assert.match((await finish('unfit')).status?.message ?? '', /not static/);
    const asked = registry(world, ['r.io/static']);
    await submit(e, 'fit');
    assert.equal((await finish('fit')).status?.phase, 'Succeeded');
    assert.deepEqual(asked, ['r.io/static']);
  });
});
