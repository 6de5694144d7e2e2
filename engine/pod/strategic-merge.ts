/**
 * Kubernetes' strategic merge patch, for the types that workflows patch: Pod specs, containers, templates.
 * Lists of objects merge by the key that their type names; other lists are replaced; null deletes.
 */

/** Merge keys by the name of the list's field (core/v1, and Argo's own types). */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name', initContainers: 'name', ephemeralContainers: 'name', sidecars: 'name', volumes: 'name', env: 'name', volumeMounts: 'mountPath',
  volumeDevices: 'devicePath', ports: 'containerPort', imagePullSecrets: 'name', hostAliases: 'ip', topologySpreadConstraints: 'topologyKey',
  templates: 'name', parameters: 'name', artifacts: 'name', resourceClaims: 'name', schedulingGates: 'name',
};
/** Lists of plain values that are joined instead of replaced. */
const JOINED: ReadonlySet<string> = new Set(['finalizers']);
/** Objects of which only one member may be given: a patch that sets another drops the first. */
const ONE_OF: ReadonlySet<string> = new Set(['volumes']);

type Fields = Record<string, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param base is not changed
 * @returns base with the patch applied
 */
export function strategicMerge<T extends object>(base: T, patch: object): T {
  return mergeObjects(base as Fields, patch as Fields) as T;
}

function mergeObjects(base: Fields, patch: Fields): Fields {
  if (patch['$patch'] === 'replace') return without(patch, '$patch');
  if (patch['$patch'] === 'delete') return {};
  const merged: Fields = { ...base };
  const retain = patch['$retainKeys'];
  if (Array.isArray(retain)) for (const key of Object.keys(merged)) if (!retain.includes(key)) delete merged[key];
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$')) {
      applyDirective(merged, key, value);
      continue;
    }
    if (value === null) delete merged[key];
    else merged[key] = mergeValue(key, merged[key], value);
  }
  return merged;
}

function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}

/** `$deleteFromPrimitiveList/x` and `$setElementOrder/x`; the order of elements is left as it is. */
function applyDirective(merged: Fields, key: string, value: unknown): void {
  const name = key.startsWith('$deleteFromPrimitiveList/') ? key.slice(key.indexOf('/') + 1) : undefined;
  const list = name === undefined ? undefined : merged[name];
  if (name !== undefined && Array.isArray(list) && Array.isArray(value)) merged[name] = list.filter((item) => !value.includes(item));
}

function mergeValue(key: string, base: unknown, patch: unknown): unknown {
  if (isObject(patch)) return isObject(base) ? mergeObjects(base, patch) : mergeObjects({}, patch);
  if (!Array.isArray(patch)) return patch;
  const mergeKey = MERGE_KEYS[key];
  if (mergeKey !== undefined && patch.every(isObject) && (base === undefined || Array.isArray(base))) {
    return mergeLists(key, mergeKey, (base as Fields[] | undefined) ?? [], patch);
  }
  if (JOINED.has(key) && Array.isArray(base)) return [...new Set([...base as unknown[], ...patch as unknown[]])];
  return patch;
}

function mergeLists(key: string, mergeKey: string, base: readonly Fields[], patch: readonly Fields[]): Fields[] {
  if (patch.some((item) => item['$patch'] === 'replace' && Object.keys(item).length === 1)) {
    return patch.filter((item) => item['$patch'] !== 'replace');
  }
  let merged = [...base];
  const added: Fields[] = [];
  for (const item of patch) {
    const same = (other: Fields): boolean => other[mergeKey] === item[mergeKey];
    if (item['$patch'] === 'delete') {
      merged = merged.filter((other) => !same(other));
      continue;
    }
    const at = merged.findIndex(same);
    const known = at < 0 ? undefined : merged[at];
    if (known) merged[at] = ONE_OF.has(key) ? mergeOneOf(mergeKey, known, item) : mergeObjects(known, item);
    else added.push(mergeObjects({}, item));
  }
  return [...added, ...merged];
}

function mergeOneOf(mergeKey: string, base: Fields, patch: Fields): Fields {
  const kept = Object.fromEntries(Object.entries(base).filter(([key]) => key === mergeKey || key in patch));
  const changesKind = Object.keys(patch).some((key) => key !== mergeKey && !key.startsWith('$') && !(key in base));
  return mergeObjects(changesKind ? kept : base, patch);
}
