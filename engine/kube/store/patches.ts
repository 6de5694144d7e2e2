/** The patch formats of the API server, on plain JSON values. Nothing given is changed; a new value is returned. */
import { statusError } from '../status.ts';
import { clone, isMap, sameJson, setOwn } from './json.ts';

const invalid = (message: string) => statusError({ code: 422, reason: 'Invalid', message });

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return clone(patch);
  const out: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else if (value !== undefined) setOwn(out, key, mergePatch(out[key], value));
  }
  return out;
}

export interface JsonOperation {
  op: string;
  path: string;
  value?: unknown;
  from?: string;
}

/** RFC 6902. Throws `invalid` when a path is missing or a test does not hold. */
export function jsonPatch(target: unknown, operations: readonly JsonOperation[]): unknown {
  let root = clone(target);
  for (const operation of operations) root = applyOperation(root, operation);
  return root;
}

function applyOperation(root: unknown, operation: JsonOperation): unknown {
  const { op, path, value, from } = operation;
  switch (op) {
    case 'add': return insert(root, pointer(path), clone(value));
    case 'remove': return take(root, pointer(path)).root;
    case 'replace': return insert(take(root, pointer(path)).root, pointer(path), clone(value));
    case 'move': {
      const taken = take(root, pointer(from ?? ''));
      return insert(taken.root, pointer(path), taken.value);
    }
    case 'copy': return insert(root, pointer(path), clone(read(root, pointer(from ?? ''))));
    case 'test': {
      if (!sameJson(read(root, pointer(path)), value)) throw invalid(`testing path ${path} failed: the value there is another`);
      return root;
    }
    default: throw invalid(`unexpected kind of patch operation: ${op}`);
  }
}

function pointer(path: string): string[] {
  if (path === '') return [];
  if (!path.startsWith('/')) throw invalid(`not a JSON pointer: ${path}`);
  return path.slice(1).split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const part of path) value = child(value, part);
  return value;
}

function child(value: unknown, part: string): unknown {
  if (Array.isArray(value)) return value[index(part, value.length - 1)];
  if (isMap(value) && Object.hasOwn(value, part)) return value[part];
  throw invalid(`the patch names a path that is not there: ${part}`);
}

function index(part: string, max: number): number {
  const at = /^(0|[1-9]\d*)$/.test(part) ? Number(part) : -1;
  if (at < 0 || at > max) throw invalid(`the patch names an index that is not there: ${part}`);
  return at;
}

function insert(root: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(last === '-' ? parent.length : index(last, parent.length), 0, value);
  else if (isMap(parent)) setOwn(parent, last, value);
  else throw invalid(`the patch names a path that is not there: ${path.join('/')}`);
  return root;
}

function take(root: unknown, path: readonly string[]): { root: unknown; value: unknown } {
  const last = path.at(-1);
  if (last === undefined) return { root: undefined, value: root };
  const parent = read(root, path.slice(0, -1));
  const value = child(parent, last);
  if (Array.isArray(parent)) parent.splice(index(last, parent.length - 1), 1);
  else if (isMap(parent)) delete parent[last];
  return { root, value };
}

/** Lists of the core kinds that are merged by a key of their items; every other list is replaced whole. */
export const MERGE_KEYS: Record<string, string> = {
  containers: 'name', initContainers: 'name', ephemeralContainers: 'name', volumes: 'name', env: 'name', imagePullSecrets: 'name',
  volumeMounts: 'mountPath', volumeDevices: 'devicePath', ports: 'containerPort', hostAliases: 'ip', topologySpreadConstraints: 'topologyKey',
  conditions: 'type', ownerReferences: 'uid', secrets: 'name', schedulingGates: 'name', resourceClaims: 'name',
};

/** Kubernetes' strategic merge patch with the merge keys above, `$patch: delete|replace` and `$deleteFromPrimitiveList`. */
export function strategicPatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return clone(patch);
  if (patch['$patch'] === 'replace') return clone(without(patch, '$patch'));
  const out: Record<string, unknown> = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) strategicDirective(out, key, value);
    else if (value === null) delete out[key];
    else setOwn(out, key, strategicMember(key, out[key], value));
  }
  return out;
}

function strategicMember(key: string, current: unknown, value: unknown): unknown {
  if (!Array.isArray(value)) return strategicPatch(current, value);
  if (key === 'finalizers') return [...new Set([...(Array.isArray(current) ? (current as unknown[]) : []), ...(value as unknown[])])];
  const mergeKey = MERGE_KEYS[key];
  if (mergeKey === undefined || !value.every((item) => isMap(item) && (item[mergeKey] !== undefined || '$patch' in item))) return clone(value);
  return mergeList(Array.isArray(current) ? current : [], value as Record<string, unknown>[], mergeKey);
}

function mergeList(current: unknown[], patch: Record<string, unknown>[], key: string): unknown[] {
  let out = [...current];
  if (patch.some((item) => item['$patch'] === 'replace')) return clone(patch.filter((item) => !('$patch' in item)));
  for (const item of patch) {
    const at = out.findIndex((other) => isMap(other) && other[key] === item[key]);
    if (item['$patch'] === 'delete') out = out.filter((_, position) => position !== at);
    else if (at >= 0) out[at] = strategicPatch(out[at], item);
    else out.push(clone(item));
  }
  return out;
}

function strategicDirective(out: Record<string, unknown>, key: string, value: unknown): void {
  const prefix = '$deleteFromPrimitiveList/';
  if (!key.startsWith(prefix) || !Array.isArray(value)) return;
  const list = out[key.slice(prefix.length)];
  if (Array.isArray(list)) out[key.slice(prefix.length)] = list.filter((item) => !value.includes(item));
}

function without(map: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}
