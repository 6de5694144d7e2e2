/** From submit to the first Pod that the API server has. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createEngine } from '../../engine/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import { withNamespace } from '../cluster/support.ts';
import { milliseconds, report, sleep } from './measure.ts';

export async function benchSubmit(cluster: Cluster, times: number): Promise<void> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-bench-'));
  const engine = createEngine({ cluster, clusterId: 'bench', dataDir });
  await withNamespace(cluster, 'submit', async (namespace) => {
    await engine.start(namespace);
    const seen = new Map<string, () => void>();
    const watch = cluster.watch<Pod>(RESOURCE.pod, namespace, {}, { onChange: ({ upserts }) => {
      for (const pod of upserts) seen.get(pod.metadata.labels?.['workflows.argoproj.io/workflow'] ?? '')?.();
    } });
    await sleep(1000);
    const samples: number[] = [];
    for (let i = 0; i < times; i++) {
      const name = `first-pod-${i}`;
      const created = new Promise<void>((resolve) => { seen.set(name, resolve); });
      const start = performance.now();
      await engine.submit({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name }, spec: { entrypoint: 'a', schedulerName: 'nobody', templates: [{ name: 'a', container: { image: 'busybox', command: ['true'] } }] } }, { namespace });
      await created;
      samples.push(performance.now() - start);
    }
    watch.close();
    report('from submit to the first Pod', milliseconds(samples));
  });
  await engine.close();
  rmSync(dataDir, { recursive: true, force: true });
}
