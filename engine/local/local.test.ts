import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAppError } from '../spec/error.ts';
import { clusterContract } from '../kube/contract.ts';
import { RESOURCE } from '../kube/port.ts';
import { createLocalCluster } from './cluster.ts';
import { namespacesWork } from './sandbox.ts';

const isolations = namespacesWork() ? [true, false] : [false];
if (!namespacesWork()) test('process mode with namespaces', { skip: 'this machine does not let us make user namespaces' }, () => undefined);

for (const isolated of isolations) {
  clusterContract(`local, processes ${isolated ? 'in namespaces' : 'as they are'}`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tiphys-local-'));
    const cluster = await createLocalCluster({ dataDir, runtime: 'processes', isolated });
    await cluster.create(RESOURCE.namespace, { metadata: { name: 'contract' } });
    return {
      cluster, namespace: 'contract', runsPods: true,
      close: async () => {
        await cluster.close();
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  });
}

for (const engine of ['docker', 'podman'] as const) {
  const wanted = process.env['TIPHYS_TEST_ENGINES']?.split(',').includes(engine) ?? false;
  if (!wanted) test(`local, ${engine}`, { skip: `set TIPHYS_TEST_ENGINES=${engine} to run the contract with it` }, () => undefined);
  else {
    clusterContract(`local, ${engine}`, async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'tiphys-local-'));
      const cluster = await createLocalCluster({ dataDir, runtime: engine });
      await cluster.create(RESOURCE.namespace, { metadata: { name: 'contract' } });
      return {
        cluster, namespace: 'contract', runsPods: true,
        close: async () => {
          await cluster.delete(RESOURCE.namespace, undefined, 'contract');
          await cluster.close();
          rmSync(dataDir, { recursive: true, force: true });
        },
      };
    });
  }
}

test('one program at a time', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tiphys-local-'));
  const first = await createLocalCluster({ dataDir, runtime: 'processes' });
  await assert.rejects(createLocalCluster({ dataDir, runtime: 'processes' }), (error) => isAppError(error, 'unavailable'));
  await first.close();
  const second = await createLocalCluster({ dataDir, runtime: 'processes' });
  await second.close();
  assert.equal(readdirSync(dataDir).includes('in-use'), false);
  rmSync(dataDir, { recursive: true });
});
