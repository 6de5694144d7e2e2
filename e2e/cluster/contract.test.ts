import { clusterContract } from '../../engine/kube/contract.ts';
import { createClient } from '../../engine/kube/client.ts';
import { loadKubeconfig } from '../../engine/kube/kubeconfig.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { isAppError } from '../../engine/spec/error.ts';

const up = fileURLToPath(new URL('../../../shared/cluster/up', import.meta.url));
const named = process.env['TIPHYS_E2E_KUBECONFIG'];

/** @returns path of the kubeconfig, or undefined when there is no cluster to test on */
function kubeconfigPath(): string | undefined {
  if (named) return named;
  return existsSync(up) ? execFileSync(up, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() : undefined;
}

const path = kubeconfigPath();
if (path === undefined) {
  test('real cluster', { skip: 'no cluster: ../shared/cluster is not there and TIPHYS_E2E_KUBECONFIG is not set' }, () => undefined);
} else {
  const config = await loadKubeconfig({ paths: [path] });
  const context = (name: string) => config.contexts.find((entry) => entry.name === name);
  const client = (name: string) => {
    const found = context(name);
    assert.ok(found, `no context ${name}`);
    return createClient(found);
  };

  const current = config.contexts.find(({ id }) => id === config.current) ?? config.contexts[0];
  assert.ok(current);
  clusterContract(`real, context ${current.name}`, async () => {
    const cluster = createClient(current);
    const namespace = `tiphys-kube-${Date.now().toString(36)}`;
    await cluster.create(RESOURCE.namespace, { metadata: { name: namespace } });
    return {
      cluster, namespace, runsPods: true,
      close: async () => {
        await cluster.delete(RESOURCE.namespace, undefined, namespace);
        await cluster.close();
      },
    };
  });

  for (const name of ['e2e-developer', 'e2e-exec']) {
    test(`context ${name}: may edit in its namespace and nothing else`, { skip: context(name) ? false : 'no such context' }, async () => {
      const cluster = client(name);
      try {
        assert.equal(await cluster.can({ verb: 'create', group: '', resource: 'pods', namespace: 'team-a' }), true);
        assert.equal(await cluster.can({ verb: 'list', group: '', resource: 'namespaces' }), false);
        assert.ok((await cluster.list(RESOURCE.configMap, 'team-a')).items.length > 0);
        await assert.rejects(cluster.list(RESOURCE.namespace), (error) => isAppError(error, 'forbidden') && error.message.includes('cannot list resource'));
        await assert.rejects(cluster.create(RESOURCE.customResourceDefinition, { metadata: { name: 'x.y.z' } }), (error) => isAppError(error, 'forbidden'));
      } finally {
        await cluster.close();
      }
    });
  }

  test('context e2e-nobody: a watch says forbidden and asks no more', { skip: context('e2e-nobody') ? false : 'no such context' }, async () => {
    const cluster = client('e2e-nobody');
    try {
      const state = await new Promise<string>((resolve) => {
        cluster.watch(RESOURCE.pod, 'default', {}, { onChange: () => resolve('saw a list'), onState: (now) => (now.state === 'connecting' ? undefined : resolve(now.state)) });
      });
      assert.equal(state, 'forbidden');
    } finally {
      await cluster.close();
    }
  });

  test('context unreachable: says so, and a watch tries again', { skip: context('unreachable') ? false : 'no such context' }, async () => {
    const cluster = client('unreachable');
    try {
      await assert.rejects(cluster.version(), (error) => isAppError(error, 'unreachable') && error.retryable && error.hint !== undefined);
      const state = await new Promise<{ state: string; retryAt?: number }>((resolve) => {
        cluster.watch(RESOURCE.pod, 'default', {}, { onChange: () => resolve({ state: 'saw a list' }), onState: (now) => (now.state === 'connecting' ? undefined : resolve(now)) });
      });
      assert.equal(state.state, 'reconnecting');
      assert.ok((state.retryAt ?? 0) >= Date.now() - 1000);
    } finally {
      await cluster.close();
    }
  });
}
