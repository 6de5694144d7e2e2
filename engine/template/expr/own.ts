import type { GoValue } from '../go.ts';

const made = new WeakSet<ReadonlyMap<GoValue, GoValue>>();

/** Marks a map as made by an expression itself: functions that change maps in Go may change it, all others they copy. */
export function own<T extends Map<GoValue, GoValue>>(map: T): T {
  made.add(map);
  return map;
}

/** @returns the map itself when an expression made it, else a copy that may be changed */
export function changeable(map: ReadonlyMap<GoValue, GoValue>): Map<GoValue, GoValue> {
  return made.has(map) ? map as Map<GoValue, GoValue> : own(new Map(map));
}
