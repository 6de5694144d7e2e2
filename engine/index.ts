/** The engine's only door. */
export type * from './api.ts';
export { RESOURCE } from './kube/port.ts';
export type { Cluster, KubeObject, ResourceType, Subscription, WatchState } from './kube/port.ts';
export { createClient } from './kube/client.ts';
export { loadKubeconfig, parseKubeconfig, watchKubeconfig } from './kube/kubeconfig.ts';
export type { Kubeconfig, ResolvedContext } from './kube/kubeconfig.ts';
export { createEngine } from './controller/engine.ts';
export { podNameOf } from './controller/logs.ts';
export { simulate } from './controller/simulate.ts';
export { scheduleWords } from './template/cron-words.ts';
export { createLocalCluster } from './local/cluster.ts';
export type { LocalCluster } from './local/cluster.ts';
export { markValues } from './manifests/values.ts';
export type { Values } from './manifests/values.ts';
export { workflowFromManifests } from './manifests/workflow.ts';
export type { ManifestGroup, ManifestWorkflow } from './manifests/workflow.ts';
export type { ManifestNotice, ManifestText } from './manifests/objects.ts';
export type { ManifestParameter, MarkedValue } from './manifests/parameters.ts';
