/** The kinds a store knows: the core ones it works with, and custom ones by their CustomResourceDefinitions. */
import type { KubeObject } from '../../spec/kubernetes.ts';
import { RESOURCE } from '../port.ts';
import type { ResourceType } from '../port.ts';
import { statusError } from '../status.ts';
import { isMap } from './json.ts';

export interface Kind {
  readonly type: ResourceType;
  /** Status is written through its own path; writes of the object leave it as it is. */
  readonly hasStatus: boolean;
  /** Defined by a CustomResourceDefinition. */
  readonly custom: boolean;
}

const builtin = (group: string, version: string, kind: string, plural: string, hasStatus = false, namespaced = true): Kind =>
  ({ type: { group, version, kind, plural, namespaced }, hasStatus, custom: false });

const BUILTIN: readonly Kind[] = [
  { type: RESOURCE.pod, hasStatus: true, custom: false },
  { type: RESOURCE.event, hasStatus: false, custom: false },
  { type: RESOURCE.configMap, hasStatus: false, custom: false },
  { type: RESOURCE.secret, hasStatus: false, custom: false },
  { type: RESOURCE.namespace, hasStatus: true, custom: false },
  { type: RESOURCE.serviceAccount, hasStatus: false, custom: false },
  { type: RESOURCE.persistentVolumeClaim, hasStatus: true, custom: false },
  { type: RESOURCE.lease, hasStatus: false, custom: false },
  { type: RESOURCE.podDisruptionBudget, hasStatus: true, custom: false },
  { type: RESOURCE.customResourceDefinition, hasStatus: true, custom: false },
  { type: RESOURCE.service, hasStatus: true, custom: false },
  builtin('', 'v1', 'ResourceQuota', 'resourcequotas', true),
  builtin('', 'v1', 'LimitRange', 'limitranges'),
  builtin('', 'v1', 'PersistentVolume', 'persistentvolumes', true, false),
  builtin('apps', 'v1', 'Deployment', 'deployments', true),
  builtin('apps', 'v1', 'StatefulSet', 'statefulsets', true),
  builtin('apps', 'v1', 'DaemonSet', 'daemonsets', true),
  builtin('batch', 'v1', 'Job', 'jobs', true),
  builtin('batch', 'v1', 'CronJob', 'cronjobs', true),
  builtin('rbac.authorization.k8s.io', 'v1', 'Role', 'roles'),
  builtin('rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rolebindings'),
  builtin('rbac.authorization.k8s.io', 'v1', 'ClusterRole', 'clusterroles', false, false),
];

/** Argo's kinds as its CRDs define them: status is part of the object. */
const ARGO: readonly Kind[] = [RESOURCE.workflow, RESOURCE.workflowTemplate, RESOURCE.clusterWorkflowTemplate, RESOURCE.cronWorkflow]
  .map((type) => ({ type, hasStatus: false, custom: true }));

/** @returns `plural.group/version`, or `plural/version` for the core group */
export const typeKey = (type: ResourceType): string => `${type.plural}${type.group ? `.${type.group}` : ''}/${type.version}`;

/** @returns `pods`, or `workflows.argoproj.io`: as the API server's messages name a kind */
export const qualified = (type: ResourceType): string => (type.group ? `${type.plural}.${type.group}` : type.plural);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** @returns the kinds that a CustomResourceDefinition serves */
export function kindsOf(definition: KubeObject): Kind[] {
  const spec = isMap(definition['spec']) ? definition['spec'] : {};
  const names = isMap(spec['names']) ? spec['names'] : {};
  const versions = Array.isArray(spec['versions']) ? spec['versions'].filter(isMap) : [];
  return versions.filter((version) => version['served'] === true).map((version) => ({
    type: { group: text(spec['group']), version: text(version['name']), kind: text(names['kind']), plural: text(names['plural']), namespaced: spec['scope'] !== 'Cluster' },
    hasStatus: isMap(version['subresources']) && 'status' in version['subresources'],
    custom: true,
  }));
}

export class KindTable {
  readonly #kinds = new Map<string, Kind>();

  constructor(options: { argo: boolean }) {
    for (const kind of options.argo ? [...BUILTIN, ...ARGO] : BUILTIN) this.add(kind);
  }

  add(kind: Kind): void {
    this.#kinds.set(typeKey(kind.type), kind);
  }

  remove(type: ResourceType): void {
    this.#kinds.delete(typeKey(type));
  }

  find(type: ResourceType): Kind | undefined {
    return this.#kinds.get(typeKey(type));
  }

  /** @returns the kind; throws `not-found` when the store does not have it, as for a missing CRD */
  require(type: ResourceType): Kind {
    const kind = this.find(type);
    if (!kind) throw statusError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: { group: type.group, kind: type.plural } });
    return kind;
  }

  byKind(apiVersion: string, kind: string): ResourceType | undefined {
    for (const { type } of this.#kinds.values()) {
      if (type.kind === kind && (type.group ? `${type.group}/${type.version}` : type.version) === apiVersion) return type;
    }
    return undefined;
  }

  all(): Kind[] {
    return [...this.#kinds.values()];
  }
}
