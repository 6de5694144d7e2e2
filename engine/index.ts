/** The engine's only door. */
export type * from './api.ts';
export { RESOURCE } from './kube/port.ts';
export type { Cluster, KubeObject, WatchState, Subscription, ResourceType } from './kube/port.ts';
export { watchKubeconfig } from './kube/kubeconfig.ts';
export type { ResolvedContext } from './kube/kubeconfig.ts';
