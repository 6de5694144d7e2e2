/** Which items of a list are the same as before. */
import { isDeepEqual } from './equal.ts';

export interface Alignment {
  /** New index -> old index, of items that keep their order. */
  stays: Map<number, number>;
  /** New index -> old index, of items that go past others. */
  moves: Map<number, number>;
}

/** An item is known again by being the same object, then by its value, then by its name, then by standing alone between known ones. */
export function alignItems(old: readonly unknown[], next: readonly unknown[]): Alignment {
  const known = new Map<number, number>();
  const used = new Set<number>();
  const match = (same: (a: unknown, b: unknown) => boolean): void => {
    for (let to = 0; to < next.length; to++) {
      if (known.has(to)) continue;
      const from = !used.has(to) && to < old.length && same(old[to], next[to]) ? to : old.findIndex((item, index) => !used.has(index) && same(item, next[to]));
      if (from < 0) continue;
      known.set(to, from);
      used.add(from);
    }
  };
  match((a, b) => Object.is(a, b));
  if (known.size < next.length) match(isDeepEqual);
  if (known.size < next.length) match((a, b) => nameOf(a) !== undefined && nameOf(a) === nameOf(b));
  const stays = longestRun(known);
  pairGaps(old.length, next, stays, known, used);
  const moves = new Map([...known].filter(([to]) => !stays.has(to)));
  return { stays, moves };
}

/** Between items that stayed, as many new ones as old ones are the old ones changed. */
function pairGaps(oldLength: number, next: readonly unknown[], stays: Map<number, number>, known: Map<number, number>, used: Set<number>): void {
  let to = 0;
  let from = 0;
  const fixed: [number, number][] = [...[...stays].sort((a, b) => a[0] - b[0]), [next.length, oldLength]];
  for (const [nextTo, nextFrom] of fixed) {
    const news = indexes(to, nextTo).filter((index) => !known.has(index));
    const olds = indexes(from, nextFrom).filter((index) => !used.has(index));
    if (news.length === olds.length) news.forEach((index, at) => stays.set(index, olds[at] ?? 0));
    to = nextTo + 1;
    from = nextFrom + 1;
  }
}

function indexes(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index);
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('name' in value)) return undefined;
  return typeof value.name === 'string' ? value.name : undefined;
}

/** The longest part of a mapping in which both sides grow. */
function longestRun(known: ReadonlyMap<number, number>): Map<number, number> {
  const pairs = [...known].sort((a, b) => a[0] - b[0]);
  if (pairs.every(([, from], index) => index === 0 || from > (pairs[index - 1]?.[1] ?? 0))) return new Map(pairs);
  const best: { length: number; before: number }[] = [];
  let end = -1;
  pairs.forEach(([, from], index) => {
    let length = 1;
    let before = -1;
    for (let at = 0; at < index; at++) {
      const earlier = best[at];
      if ((pairs[at]?.[1] ?? 0) < from && earlier && earlier.length + 1 > length) {
        length = earlier.length + 1;
        before = at;
      }
    }
    best.push({ length, before });
    if (end < 0 || length > (best[end]?.length ?? 0)) end = index;
  });
  const run = new Map<number, number>();
  for (let at = end; at >= 0; at = best[at]?.before ?? -1) {
    const pair = pairs[at];
    if (pair) run.set(pair[0], pair[1]);
  }
  return run;
}
