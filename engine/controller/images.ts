/** What images run: their configuration at the registry, with the credentials of the Pod's own pull secrets. */
import { createImageConfigs, parseDockerConfig } from '../kube/registry.ts';
import type { Mirror, RegistryAuths } from '../kube/registry.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import type { PodPlan } from '../operate/types.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { ImageLookup } from './actions.ts';

const KEY = '.dockerconfigjson';

/** @returns a lookup that remembers what it found; a secret that may not be read is passed over */
export function registryLookup(cluster: Cluster, mirrors: readonly Mirror[]): ImageLookup {
  const configs = createImageConfigs({ mirrors });
  return async (image, plan) => configs.lookUp(image, await pullSecrets(cluster, plan));
}

async function pullSecrets(cluster: Cluster, plan: PodPlan): Promise<RegistryAuths> {
  const auths: RegistryAuths = {};
  for (const { name } of plan.spec.imagePullSecrets ?? []) {
    if (!name) continue;
    const secret = await cluster.get<KubeObject & { data?: Record<string, string> }>(RESOURCE.secret, plan.namespace, name).catch(() => undefined);
    const encoded = secret?.data?.[KEY];
    if (encoded) Object.assign(auths, parseDockerConfig(Buffer.from(encoded, 'base64').toString('utf8')));
  }
  return auths;
}
