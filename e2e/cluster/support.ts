/** The real cluster that these tests run on: ../shared/cluster beside the project, or the one TIPHYS_E2E_KUBECONFIG names. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine } from '../../engine/controller/engine.ts';
import type { Engine } from '../../engine/index.ts';
import { createClient } from '../../engine/kube/client.ts';
import { loadKubeconfig } from '../../engine/kube/kubeconfig.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster, Pod } from '../../engine/kube/port.ts';
import { readManifests } from '../../engine/spec/read.ts';
import { LABEL } from '../../engine/spec/types.ts';
import type { Workflow } from '../../engine/spec/types.ts';

export const NO_CLUSTER = 'no cluster: ../shared/cluster is not there and TIPHYS_E2E_KUBECONFIG is not set';

const up = fileURLToPath(new URL('../../../shared/cluster/up', import.meta.url));

/** The registry of ../shared/cluster: it has every image under its repository's name. */
const MIRROR = { registry: '*', endpoint: 'http://127.0.0.1:15000' };

/** @returns the registry mirrors that this machine can ask for images' commands */
export async function mirrors(): Promise<(typeof MIRROR)[]> {
  return fetch(`${MIRROR.endpoint}/v2/`).then((response) => (response.ok ? [MIRROR] : []), () => []);
}

/** @returns path of the kubeconfig (the cluster is started when it is not up), or undefined when there is none */
export function kubeconfigPath(): string | undefined {
  const named = process.env['TIPHYS_E2E_KUBECONFIG'];
  if (named) return named;
  return existsSync(up) ? execFileSync(up, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim().split('\n').at(-1) : undefined;
}

/** @returns a client of the context with this name, or of the current one */
export async function connect(kubeconfig: string, context?: string): Promise<Cluster> {
  const config = await loadKubeconfig({ paths: [kubeconfig] });
  const found = context === undefined ? (config.contexts.find((c) => c.id === config.current) ?? config.contexts[0]) : config.contexts.find((c) => c.name === context);
  if (!found) throw new Error(`${kubeconfig} has no context ${context ?? ''}`);
  return createClient(found);
}

/** Runs `body` in a namespace of its own, which is deleted afterwards. */
export async function withNamespace<T>(cluster: Cluster, purpose: string, body: (namespace: string) => Promise<T>): Promise<T> {
  const namespace = `tiphys-${purpose}-${Date.now().toString(36)}`;
  await cluster.create(RESOURCE.namespace, { metadata: { name: namespace } });
  try {
    // Pods are refused until the controller manager has made the account.
    for (let tries = 0; tries < 100; tries++) {
      if (await cluster.get(RESOURCE.serviceAccount, namespace, 'default').then(() => true, () => false)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await body(namespace);
  } finally {
    await cluster.delete(RESOURCE.namespace, undefined, namespace);
  }
}

/** What tests' artifacts are kept in: the keys and the place of the S3 server that `createArtifactStore` starts. */
export const STORE = {
  endpoint: 'minio:9000', bucket: 'my-bucket', insecure: true,
  accessKeySecret: { name: 'my-minio-cred', key: 'accesskey' }, secretKeySecret: { name: 'my-minio-cred', key: 'secretkey' },
} as const;

/** The Pod of the S3 server; deleted and created again, it has the buckets and nothing in them. */
export function storePod(namespace: string): Pod {
  return {
    metadata: { name: 'minio', namespace, labels: { app: 'minio' } },
    spec: {
      containers: [{
        name: 's3', image: 'e2e/s3', ports: [{ name: 's3', containerPort: 9000 }], readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
        // Its lists of more than a thousand objects need a cipher that newer OpenSSL calls legacy.
        env: [{ name: 'BUCKETS', value: STORE.bucket }, { name: 'NODE_OPTIONS', value: '--openssl-legacy-provider' }],
      }],
    },
  };
}

/** Starts an S3 server in the namespace and makes it the namespace's artifact repository, as Argo is told of one. */
export async function createArtifactStore(cluster: Cluster, namespace: string): Promise<void> {
  const labels = { app: 'minio' };
  await cluster.create(RESOURCE.service, { metadata: { name: 'minio', namespace }, spec: { selector: labels, ports: [{ port: 9000, targetPort: 's3' }] } });
  await cluster.create(RESOURCE.secret, { metadata: { name: 'my-minio-cred', namespace }, stringData: { accesskey: 'S3RVER', secretkey: 'S3RVER', wrong: 'nobody' } });
  await cluster.create(RESOURCE.configMap, {
    metadata: { name: 'artifact-repositories', namespace, annotations: { 'workflows.argoproj.io/default-artifact-repository': 'default' } },
    data: { default: JSON.stringify({ s3: { ...STORE, keyFormat: 'art/{{workflow.name}}/{{pod.name}}' } }), archiving: JSON.stringify({ archiveLogs: true, s3: STORE }) },
  });
  await cluster.create(RESOURCE.pod, storePod(namespace));
  await storeReady(cluster, namespace);
}

/** Waits until the S3 server answers. */
export async function storeReady(cluster: Cluster, namespace: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const pod = await cluster.get<Pod>(RESOURCE.pod, namespace, 'minio').catch(() => undefined);
    if (pod?.status?.containerStatuses?.[0]?.ready) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the S3 server did not become ready');
}

/** Submits a workflow (YAML or object). @returns it once it has ended */
export type Play = (workflow: string | Workflow) => Promise<Workflow>;

/** Runs `body` with an engine of this process that leads the namespace. */
export async function withEngine<T>(cluster: Cluster, namespace: string, body: (play: Play, engine: Engine) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-engine-'));
  const engine = createEngine({ cluster, clusterId: 'e2e', dataDir, registryMirrors: await mirrors() });
  const play: Play = async (given) => {
    const workflow = typeof given === 'string' ? readManifests(given).manifests[0]?.object as Workflow : given;
    const { metadata } = await engine.submit(workflow, { namespace });
    return new Promise((resolve) => {
      const watch = engine.watchRun(namespace, metadata.name ?? '', ({ workflow: state }) => {
        if (state?.metadata.labels?.[LABEL.completed] !== 'true') return;
        watch.close();
        resolve(engine.getRun(namespace, metadata.name ?? ''));
      });
    });
  };
  try {
    await engine.start(namespace);
    return await body(play, engine);
  } finally {
    await engine.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** @returns `display name: phase message` of a run's nodes by display name */
export function told(run: Workflow): Record<string, string> {
  return Object.fromEntries(Object.values(run.status?.nodes ?? {}).map(({ displayName, phase = '', message }) => [displayName, message === undefined ? phase : `${phase}: ${message}`]));
}
