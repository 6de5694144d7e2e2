import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('who holds the folder is named, with what to do', { skip: existsSync('/proc/self/stat') ? false : 'no /proc here' }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tiphys-local-'));
  const said = async (program: string): Promise<string> => {
    // Our parent lives while we do.
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[19] ?? '';
    writeFileSync(join(dataDir, 'in-use'), `${process.ppid} ${stat}${program}`);
    return createLocalCluster({ dataDir, runtime: 'processes' }).then(() => 'opened', (error: unknown) => (isAppError(error) ? `${error.message} ${error.hint ?? ''}` : String(error)));
  };
  assert.match(await said('\nthe Tiphys window'), /open in the Tiphys window \(process \d+\)\. .*close the window/);
  assert.match(await said('\n`tiphys watch`'), /open in `tiphys watch` \(process \d+\)\. .*Ctrl-C/);
  assert.match(await said(''), /open in another program \(process \d+\)/);
  rmSync(dataDir, { recursive: true });
});

test('one program at a time', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tiphys-local-'));
  const first = await createLocalCluster({ dataDir, runtime: 'processes' });
  await assert.rejects(createLocalCluster({ dataDir, runtime: 'processes' }), (error) => isAppError(error, 'unavailable') && error.message.includes(`(process ${process.pid})`) && error.hint !== undefined);
  await first.close();
  const second = await createLocalCluster({ dataDir, runtime: 'processes' });
  await second.close();
  assert.equal(readdirSync(dataDir).includes('in-use'), false);
  rmSync(dataDir, { recursive: true });
});
