/** Volumes as folders of this machine, and variables as values: what a kubelet makes of a Pod's spec before it starts anything. */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Container, EnvVar, KubeObject, Pod, Volume } from '../spec/kubernetes.ts';
import { RESOURCE } from '../kube/port.ts';
import type { ResourceType } from '../kube/port.ts';
import { isMap } from '../kube/store/json.ts';
import type { ObjectStore } from '../kube/store/store.ts';
import type { Mount } from './runtime.ts';

/** Something the Pod needs is not there (yet): a kubelet waits for it. */
export class NotReady extends Error {}

export interface PodFilesOptions {
  store: ObjectStore;
  /** The Pod's folder. */
  dir: string;
  /** Where claims have their folders. */
  claims: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isMap) : []);

function source(store: ObjectStore, type: ResourceType, namespace: string, name: string, optional: boolean): KubeObject | undefined {
  const object = store.peek(type, namespace, name);
  if (!object && !optional) throw new NotReady(`${type.kind.toLowerCase()} "${name}" not found`);
  return object;
}

/** @returns the entries of a ConfigMap or Secret as bytes */
function entriesOf(object: KubeObject | undefined): Map<string, Buffer> {
  const out = new Map<string, Buffer>();
  if (!object) return out;
  const secret = object.kind === 'Secret';
  for (const [key, value] of Object.entries(isMap(object['data']) ? object['data'] : {})) out.set(key, Buffer.from(text(value), secret ? 'base64' : 'utf8'));
  for (const [key, value] of Object.entries(isMap(object['binaryData']) ? object['binaryData'] : {})) out.set(key, Buffer.from(text(value), 'base64'));
  return out;
}

/** @returns the value of a `fieldRef` */
function fieldValue(pod: Pod, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return (keyed[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations)?.[keyed[2] ?? ''] ?? '';
  const pairs = (map: Record<string, string> | undefined) => Object.entries(map ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n');
  switch (path) {
    case 'metadata.name': return pod.metadata.name ?? '';
    case 'metadata.namespace': return pod.metadata.namespace ?? '';
    case 'metadata.uid': return pod.metadata.uid ?? '';
    case 'metadata.labels': return pairs(pod.metadata.labels);
    case 'metadata.annotations': return pairs(pod.metadata.annotations);
    default: return placeValue(pod, path);
  }
}

function placeValue(pod: Pod, path: string): string {
  if (path === 'spec.nodeName') return pod.spec.nodeName ?? '';
  if (path === 'spec.serviceAccountName') return pod.spec.serviceAccountName ?? 'default';
  return /^status\.(pod|host)IPs?$/.test(path) ? '127.0.0.1' : '';
}

function resourceValue(container: Container, ref: Record<string, unknown>): string {
  const [kind = '', name = ''] = text(ref['resource']).split('.');
  const resources = container.resources?.[kind];
  const value = isMap(resources) ? resources[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '0';
}

/** Puts the files of a list of entries into a folder; `items` choose and rename, as in a Pod's volume. */
function writeEntries(folder: string, entries: Map<string, Buffer>, { items: chosen, optional }: Record<string, unknown>, name: string): void {
  const items = list(chosen);
  const wanted = items.length === 0 ? [...entries.keys()].map((key) => ({ key, path: key, mode: undefined })) : items.map((item) => ({ key: text(item['key']), path: text(item['path']), mode: item['mode'] }));
  for (const { key, path, mode } of wanted) {
    const value = entries.get(key);
    if (value === undefined && optional === true) continue;
    if (value === undefined) throw new NotReady(`${name} has no key "${key}"`);
    writeInside(folder, path, value, typeof mode === 'number' ? mode : 0o644);
  }
}

function writeInside(folder: string, path: string, value: string | Buffer, mode: number): void {
  const full = join(folder, normalize(`/${path}`));
  mkdirSync(dirname(full), { recursive: true });
  rmSync(full, { force: true });
  writeFileSync(full, value, { mode });
  chmodSync(full, mode);
}

/** @returns the folder (or host path) behind each volume by name; throws NotReady for what is missing */
export function prepareVolumes(pod: Pod, options: PodFilesOptions): Map<string, { path: string; readOnly: boolean }> {
  const out = new Map<string, { path: string; readOnly: boolean }>();
  for (const volume of pod.spec.volumes ?? []) out.set(volume.name, prepareVolume(pod, volume, options));
  return out;
}

function prepareVolume(pod: Pod, volume: Volume, { store, dir, claims }: PodFilesOptions): { path: string; readOnly: boolean } {
  const folder = join(dir, 'volumes', volume.name);
  const namespace = pod.metadata.namespace ?? '';
  const claim = volume['persistentVolumeClaim'];
  if (isMap(claim)) return claimFolder(store, claims, namespace, claim);
  if (isMap(volume['ephemeral'])) return claimFolder(store, claims, namespace, { claimName: `${pod.metadata.name ?? ''}-${volume.name}` });
  const host = volume['hostPath'];
  if (isMap(host)) {
    const path = text(host['path']);
    if (text(host['type']) === 'DirectoryOrCreate') mkdirSync(path, { recursive: true });
    if (!existsSync(path)) throw new NotReady(`hostPath ${path} does not exist`);
    return { path, readOnly: false };
  }
  mkdirSync(folder, { recursive: true });
  if (isMap(volume['emptyDir'])) {
    chmodSync(folder, 0o777);
    return { path: folder, readOnly: false };
  }
  const projected = isMap(volume['projected']) ? list(volume['projected']['sources']) : [volume];
  for (const part of projected) projectInto(folder, pod, part, store);
  return { path: folder, readOnly: true };
}

function claimFolder(store: ObjectStore, claims: string, namespace: string, claim: Record<string, unknown>): { path: string; readOnly: boolean } {
  const name = text(claim['claimName']);
  if (!store.peek(RESOURCE.persistentVolumeClaim, namespace, name)) throw new NotReady(`persistentvolumeclaim "${name}" not found`);
  const path = join(claims, namespace, name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return { path, readOnly: claim['readOnly'] === true };
}

/** Writes one source (ConfigMap, Secret, downward API) of a volume into its folder. */
function projectInto(folder: string, pod: Pod, part: Record<string, unknown>, store: ObjectStore): void {
  const namespace = pod.metadata.namespace ?? '';
  const { configMap, secret, downwardAPI } = part;
  if (isMap(configMap)) {
    const name = text(configMap['name']);
    writeEntries(folder, entriesOf(source(store, RESOURCE.configMap, namespace, name, configMap['optional'] === true)), configMap, `configmap "${name}"`);
  }
  if (isMap(secret)) {
    const name = text(secret['secretName']) || text(secret['name']);
    writeEntries(folder, entriesOf(source(store, RESOURCE.secret, namespace, name, secret['optional'] === true)), secret, `secret "${name}"`);
  }
  if (isMap(downwardAPI)) {
    for (const item of list(downwardAPI['items'])) {
      const ref = item['fieldRef'];
      writeInside(folder, text(item['path']), isMap(ref) ? fieldValue(pod, text(ref['fieldPath'])) : '', 0o644);
    }
  }
}

/** @returns the container's mounts; a subPath that is not there becomes a folder */
export function mountsOf(container: Container, volumes: Map<string, { path: string; readOnly: boolean }>): Mount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = volumes.get(mount.name);
    if (!volume) throw new NotReady(`volume "${mount.name}" is not there`);
    const path = mount.subPath ? join(volume.path, normalize(`/${mount.subPath}`)) : volume.path;
    if (!existsSync(path)) {
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o777);
    }
    return { source: path, target: mount.mountPath, readOnly: volume.readOnly || mount.readOnly === true };
  });
}

/** Kubernetes: `$(NAME)` becomes the variable's value when there is one, `$$` becomes `$`. */
export function expand(value: string, env: Record<string, string>): string {
  return value.replaceAll(/\$(\$|\(([^()]*)\))/g, (whole: string, _: string, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(env, name) ? (env[name] ?? '') : whole;
  });
}

/** @returns the variables of a container, those of envFrom first; throws NotReady for what is missing */
export function environmentOf(pod: Pod, container: Container, store: ObjectStore): Record<string, string> {
  const env: Record<string, string> = {};
  const namespace = pod.metadata.namespace ?? '';
  for (const from of container.envFrom ?? []) {
    const prefix = text(from['prefix']);
    for (const [type, ref] of [[RESOURCE.configMap, from['configMapRef']], [RESOURCE.secret, from['secretRef']]] as const) {
      if (!isMap(ref)) continue;
      for (const [key, value] of entriesOf(source(store, type, namespace, text(ref['name']), ref['optional'] === true))) env[prefix + key] = value.toString('utf8');
    }
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? referredValue(pod, container, variable, store) : expand(variable.value ?? '', env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

function referredValue(pod: Pod, container: Container, variable: EnvVar, store: ObjectStore): string | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {};
  if (isMap(fieldRef)) return fieldValue(pod, text(fieldRef['fieldPath']));
  if (isMap(resourceFieldRef)) return resourceValue(container, resourceFieldRef);
  const ref = isMap(configMapKeyRef) ? configMapKeyRef : secretKeyRef;
  if (!isMap(ref)) return undefined;
  const type = isMap(configMapKeyRef) ? RESOURCE.configMap : RESOURCE.secret;
  const optional = ref['optional'] === true;
  const name = text(ref['name']);
  const value = entriesOf(source(store, type, pod.metadata.namespace ?? '', name, optional)).get(text(ref['key']));
  if (value === undefined && !optional) throw new NotReady(`couldn't find key ${text(ref['key'])} in ${type.kind} ${pod.metadata.namespace ?? ''}/${name}`);
  return value?.toString('utf8');
}

