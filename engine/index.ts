/** The engine's only door. */
export type * from './api.ts';
export type { Cluster, WatchState, Subscription, ResourceType } from './kube/port.ts';
