/**
 * Server-side apply with field ownership by manager: enough for conflicts, for removing what a manager no longer names,
 * and for two managers sharing an object. Lists of core kinds are merged by their keys; those of custom kinds are one field.
 */
import { statusError } from '../status.ts';
import { clone, isMap, sameJson, setOwn } from './json.ts';
import { MERGE_KEYS } from './patches.ts';

/** The fields each manager owns: path → value it stood for is not kept, only that it is theirs. */
export type Ownership = Map<string, Set<string>>;

/** The owner of all that was there before anybody applied (Kubernetes gives it the same name). */
const BEFORE = 'before-first-apply';
const IGNORED = new Set(['/apiVersion', '/kind', '/metadata/name', '/metadata/namespace', '/metadata/uid', '/metadata/resourceVersion', '/metadata/generation', '/metadata/creationTimestamp', '/metadata/managedFields', '/metadata/generateName']);

type Visit = (path: string, value: unknown) => void;

function keyOfList(name: string, list: readonly unknown[], keyed: boolean): string | undefined {
  const key = keyed ? MERGE_KEYS[name] : undefined;
  return key !== undefined && list.length > 0 && list.every((item) => isMap(item) && item[key] !== undefined) ? key : undefined;
}

/** Visits every field a manager can own: scalars, empty maps, and lists that are one field. */
function fields(value: unknown, keyed: boolean, visit: Visit, path = '', name = ''): void {
  if (IGNORED.has(path)) return;
  if (isMap(value) && (path === '' || Object.keys(value).length > 0)) {
    for (const [key, member] of Object.entries(value)) fields(member, keyed, visit, `${path}/${escape(key)}`, key);
    return;
  }
  const key = Array.isArray(value) ? keyOfList(name, value, keyed) : undefined;
  if (key === undefined || !Array.isArray(value)) visit(path, value);
  else for (const item of value as Record<string, unknown>[]) fields(item, keyed, visit, `${path}/[${escape(JSON.stringify(item[key]))}]`, '');
}

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** @returns the keys of a path as they are written in objects; an item by its key in brackets */
export function pathSegments(path: string): string[] {
  return path.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function fieldMap(value: unknown, keyed: boolean): Map<string, unknown> {
  const out = new Map<string, unknown>();
  fields(value, keyed, (path, member) => out.set(path, member));
  return out;
}

function merge(target: unknown, applied: unknown, keyed: boolean, name = ''): unknown {
  if (isMap(applied)) {
    const out: Record<string, unknown> = isMap(target) ? { ...target } : {};
    for (const [key, value] of Object.entries(applied)) setOwn(out, key, merge(out[key], value, keyed, key));
    return out;
  }
  const key = Array.isArray(applied) ? keyOfList(name, applied, keyed) : undefined;
  if (key === undefined || !Array.isArray(applied) || !Array.isArray(target)) return clone(applied);
  const out = [...(target as unknown[])];
  for (const item of applied as Record<string, unknown>[]) {
    const at = out.findIndex((other) => isMap(other) && other[key] === item[key]);
    if (at < 0) out.push(clone(item));
    else out[at] = merge(out[at], item, keyed);
  }
  return out;
}

/** Removes the fields at `paths`, and the keyed items and maps that are left with nothing of their own. */
function prune(value: unknown, paths: ReadonlySet<string>, keyed: boolean, path = '', name = ''): unknown {
  if (paths.has(path)) return undefined;
  if (isMap(value)) {
    const out: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(value)) {
      const kept = prune(member, paths, keyed, `${path}/${escape(key)}`, key);
      if (kept !== undefined) setOwn(out, key, kept);
    }
    return Object.keys(out).length === 0 && Object.keys(value).length > 0 && path !== '' ? undefined : out;
  }
  const key = Array.isArray(value) ? keyOfList(name, value, keyed) : undefined;
  if (key === undefined || !Array.isArray(value)) return value;
  const kept = (value as Record<string, unknown>[]).map((item) => prune(item, paths, keyed, `${path}/[${escape(JSON.stringify(item[key]))}]`)).filter((item) => item !== undefined);
  return kept.length === 0 ? undefined : kept;
}

export interface ApplyInput {
  current: Record<string, unknown>;
  applied: Record<string, unknown>;
  ownership: Ownership | undefined;
  manager: string;
  force: boolean;
  /** Lists of core kinds are merged by key; custom kinds' are not. */
  keyed: boolean;
}

/**
 * @returns the merged object and who owns what now; throws `conflict` naming the fields and their owners when another
 * manager owns a field that would get another value, unless forced
 */
export function applyPatch(input: ApplyInput): { object: Record<string, unknown>; ownership: Ownership } {
  const { current, applied, manager, force, keyed } = input;
  const before = fieldMap(current, keyed);
  const wanted = fieldMap(applied, keyed);
  const ownership: Ownership = new Map([...(input.ownership ?? new Map([[BEFORE, new Set(before.keys())]]))].map(([name, owned]) => [name, new Set(owned)]));
  const conflicts: { reason: string; message: string; field: string }[] = [];
  for (const [path, value] of wanted) {
    if (!before.has(path) || sameJson(before.get(path), value)) continue;
    for (const [other, owned] of ownership) {
      if (other === manager || !owned.has(path)) continue;
      if (force) owned.delete(path);
      else conflicts.push({ reason: 'FieldManagerConflict', message: `conflict with "${other}"`, field: pathSegments(path).map((segment) => (segment.startsWith('[') ? segment : `.${segment}`)).join('') });
    }
  }
  if (conflicts.length > 0) {
    const words = conflicts.map(({ message, field }) => `${message}: ${field}`).join('; ');
    throw statusError({ code: 409, reason: 'Conflict', message: `Apply failed with ${conflicts.length} conflict${conflicts.length === 1 ? '' : 's'}: ${words}`, details: { causes: conflicts } });
  }
  const mine = ownership.get(manager) ?? new Set<string>();
  const others = new Set([...ownership].flatMap(([name, owned]) => (name === manager ? [] : [...owned])));
  const dropped = new Set([...mine].filter((path) => !wanted.has(path) && !others.has(path)));
  const pruned = dropped.size === 0 ? current : (prune(current, dropped, keyed) as Record<string, unknown>);
  ownership.set(manager, new Set(wanted.keys()));
  return { object: merge(pruned, applied, keyed) as Record<string, unknown>, ownership };
}

/** After a write that was no apply: what it changed belongs to its writer, no longer to those who applied it. */
export function ownershipAfterWrite(ownership: Ownership, previous: Record<string, unknown>, next: Record<string, unknown>, writer: string, keyed: boolean): void {
  const before = fieldMap(previous, keyed);
  const after = fieldMap(next, keyed);
  const mine = ownership.get(writer) ?? new Set<string>();
  for (const [path, value] of after) {
    if (before.has(path) && sameJson(before.get(path), value)) continue;
    for (const owned of ownership.values()) owned.delete(path);
    mine.add(path);
  }
  for (const path of before.keys()) if (!after.has(path)) for (const owned of ownership.values()) owned.delete(path);
  ownership.set(writer, mine);
}
