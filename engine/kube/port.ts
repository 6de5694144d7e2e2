/**
 * The port to a cluster: all that the engine and the window ever ask of one. Three things stand behind it: a real
 * API server (client.ts), the object store of the fake cluster (fake/), and the local cluster (../local).
 * Every call that fails throws an AppError whose code says how: not-found, conflict, forbidden, unreachable, …
 */
import type { Duplex } from 'node:stream';
import type { KubeObject, Pod } from '../spec/kubernetes.ts';

/** A kind of object, as its URLs need it. `group` is '' for the core group. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const core = (kind: string, plural: string, namespaced = true): ResourceType => ({ group: '', version: 'v1', kind, plural, namespaced });
const argo = (kind: string, plural: string, namespaced = true): ResourceType => ({ group: 'argoproj.io', version: 'v1alpha1', kind, plural, namespaced });

/** The kinds the engine itself works with. Others come from discovery (`Cluster.resourceFor`). */
export const RESOURCE = {
  pod: core('Pod', 'pods'),
  event: core('Event', 'events'),
  configMap: core('ConfigMap', 'configmaps'),
  secret: core('Secret', 'secrets'),
  service: core('Service', 'services'),
  namespace: core('Namespace', 'namespaces', false),
  serviceAccount: core('ServiceAccount', 'serviceaccounts'),
  persistentVolumeClaim: core('PersistentVolumeClaim', 'persistentvolumeclaims'),
  lease: { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases', namespaced: true },
  podDisruptionBudget: { group: 'policy', version: 'v1', kind: 'PodDisruptionBudget', plural: 'poddisruptionbudgets', namespaced: true },
  customResourceDefinition: { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false },
  workflow: argo('Workflow', 'workflows'),
  workflowTemplate: argo('WorkflowTemplate', 'workflowtemplates'),
  clusterWorkflowTemplate: argo('ClusterWorkflowTemplate', 'clusterworkflowtemplates', false),
  cronWorkflow: argo('CronWorkflow', 'cronworkflows'),
} as const satisfies Record<string, ResourceType>;

export interface Selectors {
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ListResult<T extends KubeObject = KubeObject> {
  items: T[];
  resourceVersion: string;
}

export type Patch =
  | { type: 'merge'; body: unknown }
  | { type: 'json'; body: { op: string; path: string; value?: unknown; from?: string }[] }
  | { type: 'strategic'; body: unknown }
  /** Server-side apply; `force` takes fields over from other managers. */
  | { type: 'apply'; body: unknown; fieldManager: string; force?: boolean };

export interface WriteOptions {
  /** Ask the server whether it would accept, without keeping anything. */
  dryRun?: boolean;
  subresource?: 'status';
  signal?: AbortSignal;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  /** Delete only the object with this uid; another one under the name is `conflict`. */
  uid?: string;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  signal?: AbortSignal;
}

/** The state of a watch: what is on screen is as true as this says. */
export type WatchState =
  | { state: 'connecting' }
  | { state: 'live' }
  /** The last known objects are kept; `retryAt` is in ms since the epoch. */
  | { state: 'reconnecting'; error: Error; retryAt: number }
  /** No right to list or watch; nothing is retried until asked. */
  | { state: 'forbidden'; error: Error }
  /** The kind does not exist on this server (no CRD); looked for again every minute. */
  | { state: 'missing' };

/** Called with batches; a batch is at most one entry per object. All of it is in order. */
export interface WatchHandler<T extends KubeObject = KubeObject> {
  /** Objects added or changed, and the last known state of those gone. `reset`: this is the whole list; what it lacks is gone. */
  onChange(change: { upserts: T[]; removed: T[]; reset: boolean }): void;
  onState?(state: WatchState): void;
}

export interface Subscription {
  close(): void;
  /** Reads the list again now (after sleep, or when a forbidden watch may have become allowed). */
  refresh(): void;
}

export interface LogOptions {
  container?: string;
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  /** RFC 3339 */
  sinceTime?: string;
  limitBytes?: number;
  signal?: AbortSignal;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A manager and the fields it owns. Keys in order; an item of a list by a key is `[name=main]`. */
export interface FieldOwner {
  manager: string;
  fields: string[][];
}

export interface ServerVersion {
  major: number;
  minor: number;
  /** `v1.34.4` */
  gitVersion: string;
}

export interface AccessReview {
  verb: string;
  group: string;
  /** Plural, with a subresource behind a slash: `pods/log`. */
  resource: string;
  namespace?: string;
  /** One object; all of them when absent. */
  name?: string;
}

export interface Cluster {
  /** Where Pods run on this machine: a folder that keeps artifacts, the repository of namespaces that name none. */
  readonly artifactFolder?: string;
  get<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string): Promise<T>;
  list<T extends KubeObject>(type: ResourceType, namespace?: string, selectors?: Selectors): Promise<ListResult<T>>;
  create<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  /** Replaces the whole object; with a resourceVersion in its metadata only if nobody changed it since (else `conflict`). */
  replace<T extends KubeObject>(type: ResourceType, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string, patch: Patch, options?: WriteOptions): Promise<T>;
  /** @returns who set which fields of an object, as managers of server-side apply */
  owners(type: ResourceType, namespace: string | undefined, name: string): Promise<FieldOwner[]>;
  delete(type: ResourceType, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void>;
  /** Lists, then follows changes, over every interruption, until closed. All namespaces when none is given. */
  watch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, selectors: Selectors, handler: WatchHandler<T>): Subscription;
  /** A container's log as it comes, in chunks of bytes. */
  logs(namespace: string, pod: string, options?: LogOptions): AsyncIterable<Uint8Array>;
  exec(namespace: string, pod: string, container: string, command: string[], options?: { signal?: AbortSignal }): Promise<ExecResult>;
  /** Opens one connection to a TCP port of a Pod. The caller ends it. */
  portForward(namespace: string, pod: string, port: number): Promise<Duplex>;
  /** @returns whether the current user may do this (SelfSubjectAccessReview) */
  can(review: AccessReview): Promise<boolean>;
  /** @returns the same cluster as this service account sees it, closed together with this one; undefined where the user may not act for it */
  asServiceAccount(namespace: string, name: string): Promise<Cluster | undefined>;
  version(): Promise<ServerVersion>;
  /** @returns the type behind an object's apiVersion and kind, from discovery; undefined when the server has none */
  resourceFor(apiVersion: string, kind: string): Promise<ResourceType | undefined>;
  /** @returns the type that kubectl means by a name: kind, plural, singular or short name, with `.group` behind it where one is meant */
  resourceNamed(name: string): Promise<ResourceType | undefined>;
  /** Drops connections and watches start over: after sleep, a network change, new credentials. */
  reconnect(): void;
  close(): Promise<void>;
}

/** @returns `namespace/name`, or the name alone for an object without namespace */
export function keyOf(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '');
}

export type { KubeObject, Pod };
