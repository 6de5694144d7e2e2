/**
 * Go values as TypeScript values. Expressions, sprig, jsonpath and jq of Argo compute with Go's types, and these show in what
 * a workflow sees (`7 / 2`, `1.0`, `[1 2]`), so every value keeps its Go type:
 *
 * | Go                      | here                                                        |
 * | ----------------------- | ----------------------------------------------------------- |
 * | nil                     | null                                                        |
 * | bool, string            | boolean, string                                             |
 * | int                     | bigint, always within 64 bits (`wrapInt`)                   |
 * | float64                 | number                                                      |
 * | any other numeric type  | GoNumber with the type's name (int64, time.Duration, ...)   |
 * | []interface {}          | array                                                       |
 * | any other slice, array  | GoSlice with the type's name; []uint8 is Uint8Array         |
 * | map[string]interface {} | Map                                                         |
 * | any other map           | GoMap with the type's name                                  |
 * | time.Time, *Location    | GoTime, GoLocation                                          |
 * | func                    | GoFunc                                                      |
 *
 * Go strings are bytes: a byte that is no valid UTF-8 is kept as the lone surrogate U+DC00 + byte (see `toBytes`).
 */
export type GoValue =
  | null | boolean | string | bigint | number | GoNumber | readonly GoValue[] | Uint8Array | ReadonlyMap<GoValue, GoValue> | GoTime | GoLocation | GoFunc
  | GoObject;

/** A value of a numeric type other than int and float64. `value` is a bigint for integer types, a number for float32. */
export class GoNumber {
  readonly type: string;
  readonly value: bigint | number;
  constructor(type: string, value: bigint | number) {
    this.type = type;
    this.value = value;
  }
}

/** A slice or array whose element type is not interface {}. */
export class GoSlice extends Array<GoValue> {
  type = '[]interface {}';
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
  /** @returns a slice of Go type `type` (`[]int`) with these elements */
  static make(type: string, items: Iterable<GoValue>): GoSlice {
    const slice = new GoSlice();
    for (const item of items) slice.push(item);
    slice.type = type;
    return slice;
  }
}

/** A map whose type is not map[string]interface {}. */
export class GoMap extends Map<GoValue, GoValue> {
  readonly type: string;
  constructor(type: string, entries: Iterable<readonly [GoValue, GoValue]> = []) {
    super(entries);
    this.type = type;
  }
}

/** A time zone: an IANA name, or a fixed offset in seconds with a name of its own. */
export class GoLocation {
  readonly name: string;
  /** Seconds east of UTC for a fixed zone, undefined for a zone of the tz database. */
  readonly offset: number | undefined;
  constructor(name: string, offset?: number) {
    this.name = name;
    this.offset = offset;
  }
}

export const UTC = new GoLocation('UTC', 0);

/** An instant, in nanoseconds since 1970-01-01T00:00:00Z, shown in a zone. */
export class GoTime {
  readonly nanoseconds: bigint;
  readonly location: GoLocation;
  constructor(nanoseconds: bigint, location: GoLocation = UTC) {
    this.nanoseconds = nanoseconds;
    this.location = location;
  }
}

/** What a function may ask of the one that calls it. */
export interface FunctionHost {
  /** The present in ms since the epoch. @throws Error where it is not known */
  readonly now: () => number;
  /** So many random bytes. @throws Error where there is no source of them */
  readonly random: (count: number) => Uint8Array;
  /** Counts memory, in elements or in characters by the thousand. @throws Error when the budget is used up */
  readonly grow: (size: number) => void;
}

export type Call = (args: readonly GoValue[], host: FunctionHost) => GoValue;

/** A function value. `type` is Go's `%T`. */
export class GoFunc {
  readonly type: string;
  readonly call: Call;
  constructor(type: string, call: Call) {
    this.type = type;
    this.call = call;
  }
}

/** A struct or a pointer to one: its type, its text for %v, its JSON, and the fields and methods that expressions may read. */
export class GoObject {
  readonly type: string;
  readonly text: string;
  readonly members: ReadonlyMap<string, GoValue>;
  readonly json: GoValue;
  constructor(type: string, text: string, members: ReadonlyMap<string, GoValue> = new Map(), json: GoValue = text) {
    this.type = type;
    this.text = text;
    this.members = members;
    this.json = json;
  }
}

/** A nil slice: an empty list that counts as nil and is null in JSON. */
export const NIL_LIST: readonly GoValue[] = Object.freeze([]);

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
export { MIN_INT64, MAX_INT64 };

/** Wraps to a signed 64-bit integer as Go's arithmetic does. */
export function wrapInt(value: bigint): bigint {
  return value >= MIN_INT64 && value <= MAX_INT64 ? value : BigInt.asIntN(64, value);
}

/** Go's conversion int(f) on amd64: out of range and NaN give the smallest int64. */
export function truncateToInt(value: number): bigint {
  if (Number.isNaN(value) || value >= 2 ** 63 || value < -(2 ** 63)) return MIN_INT64;
  return BigInt(Math.trunc(value));
}

/** @returns a time.Duration of so many nanoseconds */
export function duration(nanoseconds: bigint): GoNumber {
  return new GoNumber('time.Duration', wrapInt(nanoseconds));
}

/** @returns Go's name of the value's dynamic type, as `%T` prints it */
export function typeName(value: GoValue): string {
  if (value === null) return '<nil>';
  switch (typeof value) {
    case 'boolean': return 'bool';
    case 'string': return 'string';
    case 'bigint': return 'int';
    case 'number': return 'float64';
    default: break;
  }
  if (value instanceof GoNumber || value instanceof GoSlice || value instanceof GoMap || value instanceof GoFunc || value instanceof GoObject) return value.type;
  if (value instanceof Uint8Array) return '[]uint8';
  if (value instanceof GoTime) return 'time.Time';
  if (value instanceof GoLocation) return '*time.Location';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** Narrowing that `Array.isArray` does not give for readonly arrays. */
export function isSlice(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

export function isMap(value: GoValue): value is ReadonlyMap<GoValue, GoValue> {
  return value instanceof Map;
}

