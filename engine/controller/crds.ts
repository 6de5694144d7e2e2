/** Our minimal CRDs: structural, keeping every field, one file each in assets/crds. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Clock } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import { ARGO_API_VERSION } from '../spec/types.ts';
import { sleep } from './clock.ts';

/** In the sources and in the built program alike two folders above this module. */
const FOLDER = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../assets/crds');
const ESTABLISHED_MS = 30_000;

/** Creates the CRDs that are missing and waits until the cluster serves them. Throws `forbidden` where the user may not. */
export async function installCrds(cluster: Cluster, clock: Clock): Promise<void> {
  for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort()) {
    for (const document of parseAllDocuments(await readFile(path.join(FOLDER, file), 'utf8'))) {
      const crd = document.toJS() as KubeObject | null;
      if (crd) await create(cluster, crd);
    }
  }
  for (let waited = 0; waited < ESTABLISHED_MS; waited += 250) {
    if (await cluster.resourceFor(ARGO_API_VERSION, 'Workflow')) return;
    await sleep(clock, 250);
  }
  throw new AppError('timeout', 'The CRDs were created, but the cluster does not serve them yet.', { retryable: true, hint: 'Try again in a minute.' });
}

async function create(cluster: Cluster, crd: KubeObject): Promise<void> {
  try {
    await cluster.create(RESOURCE.customResourceDefinition, crd);
  } catch (error) {
    if (isAppError(error, 'already-exists')) return;
    if (!isAppError(error, 'forbidden')) throw error;
    throw new AppError('forbidden', 'You may not create customresourcedefinitions in this cluster.', {
      cause: error, hint: 'Ask an administrator to install the CRDs of Argo Workflows; until then runs are kept on this machine.',
    });
  }
}
