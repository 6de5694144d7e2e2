/** Locks across runs and a CronWorkflow on the real cluster. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createEngine } from '../../engine/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, mirrors, NO_CLUSTER, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();
const skip = kubeconfig === undefined ? NO_CLUSTER : false;

const work = (seconds: number): NonNullable<Workflow['spec']['templates']>[number] => ({ name: 'main', container: { image: 'busybox', command: ['sh', '-c', `sleep ${seconds}`] } });

async function until(what: string, done: () => Promise<boolean>, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!(await done())) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

test('three runs and one mutex: one after the other; a schedule starts its run at the minute', { skip, timeout: 180_000 }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-schedules-'));
  const engine = createEngine({ cluster, clusterId: 'e2e', dataDir, registryMirrors: await mirrors() });
  try {
    await withNamespace(cluster, 'schedules', async (namespace) => {
      await engine.start(namespace);
      await engine.definitions.create('CronWorkflow', namespace, { metadata: { name: 'tick' }, spec: { schedules: ['* * * * *'], workflowSpec: { entrypoint: 'main', templates: [work(1)] } } });
      for (const name of ['a', 'b', 'c']) await engine.submit({ metadata: { name }, spec: { entrypoint: 'main', synchronization: { mutexes: [{ name: 'door' }] }, podGC: { strategy: 'OnWorkflowSuccess', deleteDelayDuration: '0s' }, templates: [work(2)] } }, { namespace });
      const list = async (): ReturnType<typeof engine.listRuns> => (await engine.listRuns(namespace)).filter((run) => run.name.length === 1);
      await until('all three end', async () => {
        const runs = await list();
        assert.ok(runs.filter((run) => run.phase === 'Running').length <= 1, 'one holds the mutex');
        return runs.every((run) => run.phase === 'Succeeded');
      }, 90_000);
      await until('the Pods of runs that succeeded go', async () => (await cluster.list(RESOURCE.pod, namespace, { labelSelector: 'workflows.argoproj.io/workflow in (a,b,c)' })).items.length === 0, 30_000);
      await until('a scheduled run succeeds and is counted', async () => ((await engine.definitions.list('CronWorkflow', namespace))[0]?.schedule?.succeeded ?? 0) > 0, 90_000);
    });
  } finally {
    await engine.close();
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
