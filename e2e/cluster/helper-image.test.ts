/** The image of our helpers on a real kubelet: one that does not exist gives way to the next. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createEngine } from '../../engine/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, mirrors, NO_CLUSTER, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();
const MISSING = 'docker.io/library/busybox:no-such-tag';
const PRESENT = 'docker.io/library/busybox:1.36';

const run = (name: string): Workflow => ({
  metadata: { name },
  spec: { entrypoint: 'main', templates: [{ name: 'main', script: { image: 'busybox', command: ['sh'], source: 'echo 42' }, outputs: { parameters: [{ name: 'out', valueFrom: { path: '/etc/hostname' } }] } }] },
});

test('a Pod ends well though the first helper image does not exist, and the next Pod does not ask for it', { skip: kubeconfig === undefined ? NO_CLUSTER : false, timeout: 120_000 }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-helper-'));
  const engine = createEngine({ cluster, clusterId: 'e2e', dataDir, images: { busybox: [MISSING, PRESENT], curl: '' }, registryMirrors: await mirrors() });
  t.after(async () => {
    await engine.close();
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await withNamespace(cluster, 'helper', async (namespace) => {
    const image = (pod: Pod): string => pod.spec.initContainers?.[0]?.image ?? '';
    const seen = new Map<string, string[]>();
    const times = { failed: 0, patched: 0 };
    const watch = cluster.watch<Pod>(RESOURCE.pod, namespace, {}, {
      onChange: ({ upserts }) => {
        for (const pod of upserts) {
          const { name = '' } = pod.metadata;
          const images = seen.get(name) ?? [];
          if (images.at(-1) !== image(pod)) seen.set(name, [...images, image(pod)]);
          const reason = pod.status?.initContainerStatuses?.[0]?.state?.waiting?.reason ?? '';
          if (image(pod) === MISSING && /^(ErrImagePull|ImagePullBackOff)$/.test(reason)) times.failed ||= Date.now();
          if (image(pod) === PRESENT) times.patched ||= Date.now();
        }
      },
    });
    await engine.start(namespace);
    const finish = async (name: string): Promise<string | undefined> => {
      await engine.submit(run(name), { namespace });
      for (let tries = 0; tries < 200; tries++) {
        const { status } = await engine.getRun(namespace, name);
        if (status?.finishedAt) return status.phase;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return undefined;
    };
    assert.equal(await finish('first'), 'Succeeded');
    assert.deepEqual(seen.get('first'), [MISSING, PRESENT]);
    t.diagnostic(`from the failed pull to the patch: ${times.patched - times.failed} ms`);
    assert.ok(times.failed > 0 && times.patched - times.failed < 1500, `patched after ${times.patched - times.failed} ms`);
    assert.equal(await finish('second'), 'Succeeded');
    assert.deepEqual(seen.get('second'), [PRESENT]);
    const nodes = Object.values((await engine.getRun(namespace, 'second')).status?.nodes ?? {});
    assert.equal(nodes[0]?.outputs?.parameters?.[0]?.value, 'second');
    watch.close();
  });
});
