/** Saving a CronWorkflow or template by server-side apply: what others own is asked about, never taken or left silently. */
import type { ApplyOptions, ApplyOutcome, FieldClaim } from '../api.ts';
import { statusOf } from '../kube/status.ts';
import type { Cluster, FieldOwner, ResourceType } from '../kube/port.ts';
import { sameJson } from './equal.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { Definition } from './definitions.ts';

/** Shown by Kubernetes as the manager of what is saved here; also of what was written here in other ways. */
const FIELD_MANAGER = 'tiphys';

type Step = string | number;

/**
 * @param object what is wanted, with name and, for a namespaced kind, namespace
 * @returns the object as it is saved; or, with nothing written, what stands against it
 */
export async function applyDefinition(cluster: Cluster, type: ResourceType, object: Definition, { version, base, force = false, remove = [] }: ApplyOptions): Promise<ApplyOutcome> {
  const { namespace, name = '' } = object.metadata;
  const send = (body: Definition, options: { force?: boolean; dryRun?: boolean }): Promise<Definition> =>
    cluster.patch<Definition>(type, namespace, name, { type: 'apply', body, fieldManager: FIELD_MANAGER, ...(options.force && { force: true }) }, options.dryRun ? { dryRun: true } : {});
  return await saying(type, namespace, async () => {
    const current = await cluster.get<Definition>(type, namespace, name).catch((error: unknown) => {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    });
    if (!current) {
      if (version !== undefined) throw new AppError('not-found', `${name} is not in the cluster any more.`, { hint: 'Save it under its name as a new one.' });
      return { object: await send(object, {}), created: true };
    }
    const changed = version !== undefined && version !== current.metadata.resourceVersion;
    const conflicts = await conflictsOf(send(object, { dryRun: true }), current);
    const others = conflicts.filter(({ manager }) => manager !== FIELD_MANAGER);
    const result = await send(object, { dryRun: true, force: true });
    const left = leftOver(object, result, base, await cluster.owners(type, namespace, name));
    const kept = left.filter(({ manager, path }) => manager !== FIELD_MANAGER && !remove.some((each) => sameJson(each, path)));
    if (changed || (!force && others.length > 0) || kept.length > 0) return { current, changed, conflicts: others, kept };
    // What was decided on is this version: another one is asked about again.
    const pinned = { ...object, metadata: { ...object.metadata, resourceVersion: current.metadata.resourceVersion ?? '' } };
    const saved = await send(pinned, { force: conflicts.length > 0 });
    const gone = left.filter((each) => !kept.includes(each)).map(({ path }) => path);
    return { object: gone.length > 0 ? await takeAway(cluster, type, saved, gone) : saved, created: false };
  });
}

async function takeAway(cluster: Cluster, type: ResourceType, { metadata: { namespace, name = '', resourceVersion } }: Definition, paths: readonly Step[][]): Promise<Definition> {
  const pointer = (path: readonly Step[]): string => path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  // The last items of a list go first, so that the others keep their places.
  const operations = [...paths].reverse().map((path) => ({ op: 'remove', path: pointer(path) }));
  return await cluster.patch<Definition>(type, namespace, name, { type: 'json', body: [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...operations] });
}

/** @returns the fields that others own and that would get another value */
async function conflictsOf(applying: Promise<unknown>, current: Definition): Promise<FieldClaim[]> {
  try {
    await applying;
    return [];
  } catch (error) {
    const causes = statusOf(error)?.details?.causes?.filter(({ reason }) => reason === 'FieldManagerConflict') ?? [];
    if (causes.length === 0) throw error;
    return causes.map(({ message = '', field = '' }) => ({ path: pathOf(field, current), manager: /conflict with "([^"]*)"/.exec(message)?.[1] ?? message }));
  }
}

/** @returns the place that the server names as `.spec.templates[name="a"].inputs`, in an object */
function pathOf(field: string, object: unknown): Step[] {
  const path: Step[] = [];
  let rest = field;
  let value = object;
  while (rest !== '') {
    const item = /^\[([^\]]*)\]/.exec(rest);
    if (item) {
      const index = Array.isArray(value) ? indexOf(value, (item[1] ?? '').replaceAll('"', '')) : -1;
      if (index < 0) return path;
      path.push(index);
      value = (value as unknown[])[index];
      rest = rest.slice(item[0].length);
      continue;
    }
    rest = rest.slice(1);
    // Keys of labels have dots themselves: the longest that is there is meant.
    const known = typeof value === 'object' && value !== null ? Object.keys(value).filter((key) => rest === key || rest.startsWith(`${key}.`) || rest.startsWith(`${key}[`)) : [];
    const key = known.sort((a, b) => b.length - a.length)[0] ?? /^[^.[]*/.exec(rest)?.[0] ?? rest;
    path.push(key);
    value = (value as Record<string, unknown> | undefined)?.[key];
    rest = rest.slice(key.length);
  }
  return path;
}

/** The item that `name=a,port=80` means. */
function indexOf(list: readonly unknown[], keys: string): number {
  const wanted = keys.split(',').map((pair) => pair.split('='));
  return list.findIndex((item) => wanted.every(([key = '', value]) => String((item as Record<string, unknown> | null)?.[key]) === value));
}

/**
 * What would stay in the object though the text has it no more, since others own it. With a base only what the text had; without one
 * only what stands in the spec. Values that the server fills in belong to nobody.
 */
function leftOver(wanted: Definition, result: Definition, base: Definition | undefined, owners: readonly FieldOwner[]): FieldClaim[] {
  const parts = base ? [['metadata', 'labels'], ['metadata', 'annotations'], ['spec']] : [['spec']];
  return parts.flatMap((part) => missing(at(wanted, part) ?? {}, at(result, part), part)).flatMap((path) => {
    if (base && at(base, path, result) === undefined) return [];
    const owner = owners.filter(({ fields }) => fields.some((field) => overlap(field, path, result))).sort((a, b) => Number(a.manager === FIELD_MANAGER) - Number(b.manager === FIELD_MANAGER))[0];
    return owner ? [{ path, manager: owner.manager }] : [];
  });
}

/** @returns the outermost places of `has` that `wanted` lacks */
function missing(wanted: unknown, has: unknown, path: Step[]): Step[][] {
  if (Array.isArray(wanted) && Array.isArray(has)) {
    return has.flatMap((item, i) => {
      const own = (wanted as unknown[]).find((each) => nameOf(each) === nameOf(item) && nameOf(item) !== undefined);
      if (nameOf(item) === undefined) return [];
      return own === undefined ? [[...path, i]] : missing(own, item, [...path, i]);
    });
  }
  if (!isMap(wanted) || !isMap(has)) return [];
  return Object.entries(has).flatMap(([key, value]) => (Object.hasOwn(wanted, key) ? missing(wanted[key], value, [...path, key]) : [[...path, key]]));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(value: unknown): string | undefined {
  return isMap(value) && typeof value['name'] === 'string' ? value['name'] : undefined;
}

/** The value at a path. An item of a list is found by the name that it has in `named`. */
function at(object: unknown, path: readonly Step[], named?: unknown): unknown {
  let value: unknown = object;
  let guide: unknown = named;
  for (const step of path) {
    const item: unknown = (guide as Record<Step, unknown> | undefined)?.[step];
    value = typeof step === 'number' && Array.isArray(value) && named !== undefined ? (value as unknown[]).find((each) => nameOf(each) === nameOf(item)) : (value as Record<Step, unknown> | undefined)?.[step];
    guide = item;
  }
  return value;
}

/** Whether one of a field and a path holds the other. */
function overlap(field: readonly string[], path: readonly Step[], object: unknown): boolean {
  let value: unknown = object;
  for (const [i, step] of path.entries()) {
    const segment = field[i];
    if (segment === undefined) return true;
    if (typeof step === 'number') {
      if (!Array.isArray(value) || indexOf(value, segment.slice(1, -1)) !== step) return false;
    } else if (segment !== step) return false;
    value = (value as Record<Step, unknown> | undefined)?.[step];
  }
  return true;
}

/** Names the right that is missing. */
async function saying<T>(type: ResourceType, namespace: string | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!isAppError(error, 'forbidden')) throw error;
    const verb = /cannot (\w+) resource/.exec(error.message)?.[1] ?? 'patch';
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
    throw new AppError('forbidden', error.message, { cause: error.cause, hint: `It needs the right to get, create and patch ${type.plural} (argoproj.io) ${where}; ${verb} is missing.` });
  }
}
