/** What is applied before what: stages by kind, and references between objects. */
import type { KubeObject } from '../spec/kubernetes.ts';
import type { ManifestObject } from './objects.ts';

/** In this order; what is not named here (custom resources, Ingresses, autoscalers, webhooks) comes after the workloads. */
const STAGES: readonly (readonly [name: string, kinds: readonly string[]])[] = [
  ['namespaces', ['Namespace']],
  ['custom resource definitions', ['CustomResourceDefinition']],
  ['accounts and roles', ['ServiceAccount', 'Role', 'ClusterRole']],
  ['bindings', ['RoleBinding', 'ClusterRoleBinding']],
  ['configuration', ['ConfigMap', 'Secret', 'LimitRange', 'ResourceQuota', 'NetworkPolicy', 'PriorityClass', 'RuntimeClass', 'IngressClass', 'PodDisruptionBudget']],
  ['storage', ['StorageClass', 'PersistentVolume', 'PersistentVolumeClaim']],
  ['services', ['Service', 'Endpoints', 'EndpointSlice']],
  ['workloads', ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Pod', 'CronJob']],
  ['jobs', ['Job']],
];
const LAST = 'the rest';
const WORKLOADS = STAGES.findIndex(([name]) => name === 'workloads');

/** @returns the place of a kind in the order, from 0 */
export function stageOf(object: KubeObject): number {
  const kind = object.kind ?? '';
  const stage = STAGES.findIndex(([, kinds]) => kinds.includes(kind));
  return stage < 0 ? STAGES.length : stage;
}

export function stageName(stage: number): string {
  return STAGES[stage]?.[0] ?? LAST;
}

export function isWorkload(object: KubeObject): boolean {
  const stage = stageOf(object);
  return stage === WORKLOADS || stage === WORKLOADS + 1;
}

type Fields = Record<string, unknown>;

/** An object needs another one: `hard` when the cluster itself minds, soft when a text only names it as a host. */
export interface Need {
  from: number;
  to: number;
  hard: boolean;
}

/** @returns who needs whom, by index */
export function needsOf(objects: readonly ManifestObject[]): Need[] {
  const byKey = new Map<string, number>();
  objects.forEach(({ value }, index) => byKey.set(keyOf(value.kind ?? '', namespaceOf(value), value.metadata.name ?? ''), index));
  const services = serviceHosts(objects);
  const definitions = objects.flatMap(({ value }, index) => (value.kind === 'CustomResourceDefinition' ? [{ index, value }] : []));
  const needs = new Map<string, Need>();
  const add = (from: number, to: number | undefined, hard: boolean): void => {
    if (to === undefined || to === from) return;
    const key = `${from} ${to}`;
    needs.set(key, { from, to, hard: hard || (needs.get(key)?.hard ?? false) });
  };
  objects.forEach(({ value }, index) => {
    for (const [kind, namespace, name] of references(value)) add(index, byKey.get(keyOf(kind, namespace, name)), true);
    for (const definition of definitions) if (defines(definition.value, value)) add(index, definition.index, true);
    if (isWorkload(value)) for (const text of hostTexts(value)) for (const to of services(text, namespaceOf(value))) add(index, to, false);
  });
  return [...needs.values()];
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

/** What the cluster resolves by name: namespace, roles and subjects, accounts, configuration, claims. */
function references(object: KubeObject): [kind: string, namespace: string, name: string][] {
  const found: [string, string, string][] = [];
  const namespace = namespaceOf(object);
  const add = (kind: string, name: unknown, where = namespace): void => {
    if (typeof name === 'string' && name !== '') found.push([kind, where, name]);
  };
  if (namespace) add('Namespace', namespace, '');
  const role = fields(object['roleRef']);
  add(text(role['kind']), role['name'], role['kind'] === 'Role' ? namespace : '');
  for (const subject of list(object['subjects'])) add(text(subject['kind']), subject['name'], text(subject['namespace']) || namespace);
  walk(object['spec'], (key, value) => {
    if (key === 'serviceAccountName') add('ServiceAccount', value);
    if (key === 'configMap' || key === 'configMapRef' || key === 'configMapKeyRef') add('ConfigMap', fields(value)['name']);
    if (key === 'secretRef' || key === 'secretKeyRef') add('Secret', fields(value)['name']);
    if (key === 'secret') add('Secret', fields(value)['secretName'] ?? fields(value)['name']);
    if (key === 'persistentVolumeClaim') add('PersistentVolumeClaim', fields(value)['claimName']);
    if (key === 'storageClassName') add('StorageClass', value, '');
    if (key === 'priorityClassName') add('PriorityClass', value, '');
    if (key === 'scaleTargetRef') add(text(fields(value)['kind']), fields(value)['name']);
  });
  return found;
}

function defines(definition: KubeObject, object: KubeObject): boolean {
  const spec = fields(definition['spec']);
  return fields(spec['names'])['kind'] === object.kind && text(object.apiVersion).startsWith(`${text(spec['group'])}/`);
}

/** Where a workload says whom it talks to: commands, arguments, environment. */
function hostTexts(object: KubeObject): string[] {
  const found: string[] = [];
  walk(object['spec'], (key, value) => {
    if (key === 'command' || key === 'args') found.push(...(Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []));
    if (key === 'value' && typeof value === 'string') found.push(value);
  });
  return found;
}

/** @returns a function from a text to the Services it names as hosts, seen from a namespace */
function serviceHosts(objects: readonly ManifestObject[]): (text: string, namespace: string) => number[] {
  const services = objects.flatMap(({ value }, index) => (value.kind === 'Service' && value.metadata.name ? [{ index, name: value.metadata.name, namespace: namespaceOf(value) }] : []));
  // A service is reached when its workloads are ready: those its selector chooses.
  const targets = services.map((service) => ({ ...service, pattern: hostPattern(service.name), ready: [service.index, ...selected(objects, service.index)] }));
  return (given, from) => targets.filter(({ name, pattern, namespace }) => {
    const host = given.includes(name) ? pattern.exec(given) : null;
    return host !== null && (host[1] ?? from) === namespace;
  }).flatMap(({ ready }) => ready);
}

/** A name as a whole value, behind a scheme, a user or a comma, or with a port, a path or a namespace behind it; group 1 is the namespace. */
export function hostPattern(name: string): RegExp {
  return new RegExp(`(?<=^|[/@(,=\\s'"])${escape(name)}(?:\\.([a-z0-9-]+)(?:\\.svc[a-z0-9.-]*)?)?(?=$|[:/,\\s'"?])`);
}

function selected(objects: readonly ManifestObject[], service: number): number[] {
  const { value } = objects[service] as ManifestObject;
  const selector = Object.entries(fields(fields(value['spec'])['selector']));
  if (!selector.length) return [];
  return objects.flatMap((other, index) => {
    const labels = fields(fields(fields(fields(other.value['spec'])['template'])['metadata'])['labels']);
    return isWorkload(other.value) && namespaceOf(other.value) === namespaceOf(value) && selector.every(([key, wanted]) => labels[key] === wanted) ? [index] : [];
  });
}

function escape(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit);
  else for (const [key, inner] of Object.entries(fields(value))) {
    visit(key, inner);
    walk(inner, visit);
  }
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {};
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
