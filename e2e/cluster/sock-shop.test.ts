/** The whole sample on the real cluster: every workflow puts its part up, and a second run of it changes nothing. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { KubeObject, ResourceType } from '../../engine/kube/port.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, NO_CLUSTER, withNamespace } from './support.ts';
import { pushStandIn, STAND_IN } from './stand-in.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'assets/samples/sock-shop/workflows');
const kubeconfig = kubeconfigPath();
const type = (group: string, kind: string, plural: string, namespaced = true): ResourceType => ({ group, version: 'v1', kind, plural, namespaced });
const ROLES = [type('rbac.authorization.k8s.io', 'ClusterRole', 'clusterroles', false), type('rbac.authorization.k8s.io', 'ClusterRoleBinding', 'clusterrolebindings', false)];
const KINDS = [
  RESOURCE.configMap, RESOURCE.serviceAccount, type('', 'Service', 'services'), type('apps', 'Deployment', 'deployments'), type('apps', 'StatefulSet', 'statefulsets'),
  type('apps', 'DaemonSet', 'daemonsets'), type('batch', 'Job', 'jobs'), type('batch', 'CronJob', 'cronjobs'),
];
/** Kubernetes' own, in every namespace. */
const OWN = new Set(['ConfigMap kube-root-ca.crt', 'ServiceAccount default']);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

function parametersOf(name: string): { name: string; value: string }[] {
  const [manifest] = readManifests(readFileSync(path.join(folder, `${name}.yaml`), 'utf8')).manifests;
  assert.ok(manifest?.kind === 'Workflow');
  return (manifest.object.spec.arguments?.parameters ?? []).map((parameter) => ({ name: parameter.name, value: String(parameter.value) }));
}

for (const name of ['logging', 'monitoring', 'sock-shop', 'sock-shop-persist']) {
  test(`${name} comes up, and a second run changes nothing`, { skip: kubeconfig === undefined ? NO_CLUSTER : false, timeout: 600_000 }, async (t) => {
    if (!await pushStandIn()) {
      t.skip('no registry on 127.0.0.1:15000 to put the stand-in image into');
      return;
    }
    const cluster = await connect(kubeconfig ?? '');
    const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-stack-'));
    t.after(async () => {
      await cluster.close();
      rmSync(dataDir, { recursive: true, force: true });
    });
    await withNamespace(cluster, 'stack', async (runs) => {
      const spaces: string[] = [];
      const given = parametersOf(name).flatMap((parameter) => {
        if (!parameter.name.startsWith('namespace')) return ['-p', `${parameter.name}=${parameter.value.startsWith('curlimages/') ? 'curlimages/curl:latest' : STAND_IN}`];
        spaces.push(`${runs}-${parameter.value}`);
        return ['-p', `${parameter.name}=${runs}-${parameter.value}`];
      });
      const tiphys = (...args: string[]): Promise<Result> => new Promise((resolve) => {
        const child = execFile(process.execPath, [path.join(root, 'main/scripts/tiphys.mjs'), ...args, '-n', runs, '--kubeconfig', kubeconfig ?? ''],
          { env: { ...process.env, TIPHYS_DATA_DIR: dataDir }, timeout: 400_000, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }));
      });
      const up = async (run: string): Promise<void> => {
        const { code, stdout, stderr } = await tiphys('submit', path.join(folder, `${name}.yaml`), '--name', run, '--watch', ...given);
        const got = await tiphys('get', run, '-o', 'json');
        const nodes = Object.values((JSON.parse(got.stdout) as Workflow).status?.nodes ?? {});
        assert.equal(code, 0, `${stdout}${stderr}${nodes.filter(({ phase }) => phase !== 'Succeeded').map((node) => `${node.displayName}: ${node.phase ?? ''} ${node.message ?? ''}`).join('\n')}`);
      };
      const applied = async (): Promise<Map<string, KubeObject>> => {
        const found = new Map<string, KubeObject>();
        for (const space of spaces) for (const kind of KINDS) for (const object of (await cluster.list(kind, space)).items) if (!OWN.has(`${kind.kind} ${object.metadata.name ?? ''}`)) found.set(`${space}/${kind.kind} ${object.metadata.name ?? ''}`, object);
        for (const kind of ROLES) for (const role of ['fluentd', 'prometheus']) await cluster.get(kind, undefined, role).then((object) => found.set(`${kind.kind} ${role}`, object), () => undefined);
        return found;
      };
      try {
        await up('first');
        const before = await applied();
        for (const [key, object] of before) assert.equal(unready(object), undefined, `${key}: ${unready(object) ?? ''}`);
        await up('second');
        const after = await applied();
        const version = ([key, object]: [string, KubeObject]): string => `${key} ${object.metadata.resourceVersion ?? ''}`;
        assert.deepEqual([...after].map(version), [...before].map(version));
        assert.equal(before.size, EXPECTED[name]);
      } finally {
        for (const kind of ROLES) for (const role of ['fluentd', 'prometheus']) if (name === 'logging' || name === 'monitoring') await cluster.delete(kind, undefined, role).catch(() => undefined);
        for (const space of spaces) await cluster.delete(RESOURCE.namespace, undefined, space).catch(() => undefined);
      }
    });
  });
}

/** The objects that each workflow applies, namespaces apart. */
const EXPECTED: Record<string, number> = { logging: 8, monitoring: 14, 'sock-shop': 33, 'sock-shop-persist': 33 };

/** @returns what is missing of a workload; undefined when it is ready, or none */
function unready(object: KubeObject): string | undefined {
  const spec = object['spec'] as { replicas?: number } | undefined;
  const status = (object['status'] ?? {}) as Record<string, number | undefined>;
  const missing = (have: number | undefined, want: number | undefined): string | undefined => ((have ?? 0) === want ? undefined : `${have ?? 0} of ${want ?? 0}`);
  switch (object.kind) {
    case 'Deployment': return missing(status['availableReplicas'], spec?.replicas);
    case 'StatefulSet': return missing(status['readyReplicas'], spec?.replicas);
    case 'DaemonSet': return missing(status['numberReady'], status['desiredNumberScheduled'] ?? 1);
    case 'Job': return missing(status['succeeded'], 1);
    default: return undefined;
  }
}
