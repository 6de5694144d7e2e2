/** The engine's only door. */
export type * from './api.ts';
export { RESOURCE } from './kube/port.ts';
export type { Cluster, KubeObject, ResourceType, Subscription, WatchState } from './kube/port.ts';
export { createClient } from './kube/client.ts';
export { loadKubeconfig, parseKubeconfig, watchKubeconfig } from './kube/kubeconfig.ts';
export type { Kubeconfig, ResolvedContext } from './kube/kubeconfig.ts';
export { createEngine } from './controller/engine.ts';
export { podNameOf } from './controller/logs.ts';
import { AppError } from './spec/error.ts';
import type { Cluster } from './kube/port.ts';
export function createLocalCluster(_options: { dataDir: string }): Promise<Cluster> {
  return Promise.reject(new AppError('unsupported', 'The local cluster is not there yet.'));
}
