import { formatValue, GoFunc, GoLocation, GoMap, GoNumber, GoObject, GoSlice, GoTime, isMap, isSlice, NumberError, parseFloat64, parseInteger, truncateToInt, typeName } from '../go.ts';
import type { Call, GoValue } from '../go.ts';
import { Panic } from '../expr/error.ts';

/** A function of sprig: its Go type and what it does. Arguments have been checked against the type. */
export type Entry = readonly [type: string, call: Call];

/** Shorthand for the type texts, which are long. */
export const ANY = 'interface {}';
export const DICT = 'map[string]interface {}';
export const LIST = '[]interface {}';

/** @returns the string at an index of the arguments */
export function text(args: readonly GoValue[], index: number): string {
  const value = args[index];
  return typeof value === 'string' ? value : '';
}

/** @returns the int at an index of the arguments, held within what a number keeps exactly */
export function int(args: readonly GoValue[], index: number): number {
  const value = args[index];
  return typeof value === 'bigint' ? Number(value) : 0;
}

export function any(args: readonly GoValue[], index: number): GoValue {
  return args[index] ?? null;
}

/** sprig's strval */
export function textOf(value: GoValue): string {
  return value instanceof Uint8Array ? String.fromCharCode(...value) : formatValue(value);
}

export function strings(items: Iterable<string>): GoSlice {
  return GoSlice.make('[]string', items);
}

function numeric(value: GoValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return value instanceof GoNumber ? value.value : undefined;
}

/** cast.ToInt64: what is no number is 0; text may have a base prefix and a fraction, which is cut. */
export function toInt64(value: GoValue): bigint {
  if (typeof value === 'string') return textToInt(value);
  const number = numeric(value) ?? 0n;
  return typeof number === 'bigint' ? number : truncateToInt(number);
}

function textToInt(value: string): bigint {
  const decimal = /^([-+]?\d*)(\.\d*)?$/.exec(value);
  const whole = decimal === null ? value : decimal[1] ?? '';
  try {
    return parseInteger(/^[-+]?$/.test(whole) ? `${whole}0` : whole, 0);
  } catch (error) {
    if (error instanceof NumberError) return 0n;
    throw error;
  }
}

/** cast.ToFloat64 */
export function toFloat64(value: GoValue): number {
  if (typeof value !== 'string') return Number(numeric(value) ?? 0);
  try {
    return parseFloat64(value);
  } catch (error) {
    if (error instanceof NumberError) return 0;
    throw error;
  }
}

export function int64(value: bigint): GoNumber {
  return new GoNumber('int64', BigInt.asIntN(64, value));
}

/** sprig's empty: zero values, empty texts and collections */
export function isEmpty(value: GoValue): boolean {
  if (value === null || value === '' || value === false) return true;
  const number = numeric(value);
  if (number !== undefined) return Number(number) === 0;
  if (isSlice(value) || value instanceof Uint8Array) return value.length === 0;
  return isMap(value) && value.size === 0;
}

/** @returns reflect.Kind of a value by its name */
export function kindOf(value: GoValue): string {
  if (value === null) return 'invalid';
  if (value instanceof GoNumber) return value.type === 'time.Duration' ? 'int64' : /^time\./.test(value.type) ? 'int' : value.type;
  if (value instanceof GoTime) return 'struct';
  if (value instanceof GoLocation) return 'ptr';
  if (value instanceof GoFunc) return 'func';
  if (value instanceof GoObject) return value.type.startsWith('*') ? 'ptr' : 'struct';
  if (value instanceof GoSlice) return value.type.startsWith('[]') ? 'slice' : 'array';
  if (isSlice(value) || value instanceof Uint8Array) return 'slice';
  return isMap(value) ? 'map' : typeName(value);
}

/** @returns the elements of a list; `verb` and `suffix` make the message for anything else */
export function elements(value: GoValue, verb: string, suffix = ''): readonly GoValue[] {
  if (isSlice(value)) return value;
  if (value instanceof Uint8Array) return [...value].map((byte) => new GoNumber('uint8', BigInt(byte)));
  if (value === null) throw new Panic('runtime error: invalid memory address or nil pointer dereference');
  throw new Panic(`Cannot ${verb} type ${kindOf(value)}${suffix}`);
}

/** sprig's strslice: texts of the elements without nil */
export function textsOf(value: GoValue): string[] {
  if (isSlice(value)) return value.filter((item) => item !== null).map(textOf);
  if (value instanceof Uint8Array) return [...value].map(String);
  return value === null ? [] : [textOf(value)];
}

/** The entries of map[string]interface {} arguments. */
export function dict(args: readonly GoValue[], index: number): ReadonlyMap<GoValue, GoValue> {
  const value = args[index];
  return value !== undefined && isMap(value) ? value : new Map();
}

export function stringMap(entries: Iterable<readonly [string, string]>): GoMap {
  return new GoMap('map[string]string', entries);
}

/** Texts longer than this, and lists with more elements, are refused. */
const LARGEST = 10_000_000;

/** @throws Panic when something would become too large */
export function limit(size: number): void {
  if (size > LARGEST) throw new Panic('memory budget exceeded');
}
