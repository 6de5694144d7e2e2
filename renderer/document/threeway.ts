/** Two changes of one object brought together, field by field: the person's, and what somebody else made of it meanwhile. */
import { isDeepEqual } from './equal.ts';
import { mergeTexts } from './merge.ts';

/** A field that differs, and by whose change. */
export interface Difference {
  /** As people read it: `spec.templates[main].container.image`. Names it, too. */
  id: string;
  /** Undefined: it is not there. */
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** `both`: each another value. Without a base every difference is of both. */
  by: 'mine' | 'theirs' | 'both';
  /** Both changes of a text of several lines, where they do not touch. */
  merged?: string;
}

export type Choice = 'mine' | 'theirs' | 'merged';

/** @returns the choice that loses nothing; undefined where somebody has to decide */
export function plainChoice({ by, merged }: Difference): Choice | undefined {
  return by !== 'both' ? by : merged === undefined ? undefined : 'merged';
}

/** @returns the fields that differ, in the order of the text */
export function differences(base: unknown, mine: unknown, theirs: unknown): Difference[] {
  const found: Difference[] = [];
  join(base, mine, theirs, '', (difference) => {
    found.push(difference);
    return 'mine';
  });
  return found;
}

/** @returns the object in which every difference has the chosen side */
export function joined(base: unknown, mine: unknown, theirs: unknown, choose: (difference: Difference) => Choice): unknown {
  return join(base, mine, theirs, '', choose);
}

type Json = Record<string, unknown>;

function join(base: unknown, mine: unknown, theirs: unknown, id: string, choose: (difference: Difference) => Choice): unknown {
  if (isDeepEqual(mine, theirs)) return mine;
  const changedByOne = base !== undefined && (isDeepEqual(base, mine) || isDeepEqual(base, theirs));
  if (isMap(mine) && isMap(theirs)) return joinMaps(isMap(base) ? base : undefined, mine, theirs, id, choose);
  const [ours, others] = [namedItems(mine), namedItems(theirs)];
  if (ours && others) return joinLists(namedItems(base), ours, others, id, choose);
  const by = !changedByOne ? (base === undefined && mine === undefined ? 'theirs' : base === undefined && theirs === undefined ? 'mine' : 'both') : isDeepEqual(base, mine) ? 'theirs' : 'mine';
  const difference: Difference = { id, base, mine, theirs, by };
  if (by === 'both' && [base, mine, theirs].every((each) => typeof each === 'string' && each.includes('\n'))) {
    const merged = mergeTexts(base as string, mine as string, theirs as string);
    if ('text' in merged) difference.merged = merged.text;
  }
  const choice = choose(difference);
  return choice === 'merged' ? difference.merged : choice === 'mine' ? mine : theirs;
}

function joinMaps(base: Json | undefined, mine: Json, theirs: Json, id: string, choose: (difference: Difference) => Choice): Json {
  const out: Json = {};
  for (const key of new Set([...Object.keys(mine), ...Object.keys(theirs)])) {
    const value = join(base?.[key], mine[key], theirs[key], id === '' ? key : `${id}.${key}`, choose);
    if (value !== undefined) out[key] = value;
  }
  return out;
}

/** Items stand in the person's order, new ones of theirs behind the one that they follow there. */
function joinLists(base: ReadonlyMap<string, Json> | undefined, mine: ReadonlyMap<string, Json>, theirs: ReadonlyMap<string, Json>, id: string, choose: (difference: Difference) => Choice): Json[] {
  const names = [...mine.keys()];
  let last = -1;
  for (const name of theirs.keys()) {
    const at = names.indexOf(name);
    if (at < 0) names.splice(++last, 0, name);
    else last = at;
  }
  return names.flatMap((name): Json[] => {
    const value = join(base?.get(name), mine.get(name), theirs.get(name), `${id}[${name}]`, choose);
    return isMap(value) ? [value] : [];
  });
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of a list by their names; undefined when they are not told apart by them. */
function namedItems(value: unknown): ReadonlyMap<string, Json> | undefined {
  if (!Array.isArray(value)) return undefined;
  const named = new Map<string, Json>();
  for (const item of value as unknown[]) {
    if (!isMap(item) || typeof item.name !== 'string' || named.has(item.name)) return undefined;
    named.set(item.name, item);
  }
  return named;
}

/** @returns the id of a place in an object: its keys, and the names of items */
export function idOfPath(path: readonly (string | number)[], object: unknown): string {
  let value = object;
  let id = '';
  for (const step of path) {
    value = (value as Record<string | number, unknown> | undefined)?.[step];
    const name = isMap(value) && typeof step === 'number' && typeof value.name === 'string' ? value.name : String(step);
    id += typeof step === 'number' ? `[${name}]` : id === '' ? name : `.${name}`;
  }
  return id;
}

/** Whether one of two ids holds the other. */
export function related(a: string, b: string): boolean {
  const inside = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
  return inside(a, b) || inside(b, a);
}
