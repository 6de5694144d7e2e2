/** Values of jq: types, order, texts, arithmetic and access. The rules and messages are gojq's. */
import { compareStrings, formatFloat, jsonString, toBytes } from './go.ts';
import { JqError, type JqObject, type JqValue } from './jq-parse.ts';

/** An error with a value, as `error(value)` raises it; `catch` is given the value. */
export class JqRaised extends JqError {
  readonly value: JqValue;

  constructor(value: JqValue) {
    super(`error: ${typeof value === 'string' ? value : toJson(value)}`);
    this.value = value;
  }
}

/** The end of a program by `halt`; nothing catches it. */
export class JqHalt extends JqError {
  constructor(value: JqValue) {
    super(`halt error: ${typeof value === 'string' ? value : toJson(value)}`);
  }
}

export function isArray(value: JqValue): value is readonly JqValue[] {
  return Array.isArray(value);
}

export function isObject(value: JqValue): value is JqObject {
  return value instanceof Map;
}

export function isNumber(value: JqValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function typeOf(value: JqValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'string') return 'string';
  if (isNumber(value)) return 'number';
  return isArray(value) ? 'array' : 'object';
}

export function isTrue(value: JqValue): boolean {
  return value !== null && value !== false;
}

/** Members in the order of their keys. */
export function entriesOf(object: JqObject): [string, JqValue][] {
  return [...object].sort(([a], [b]) => compareStrings(a, b));
}

/** JSON as jq writes it: keys sorted, nothing escaped for HTML, no infinities. */
export function toJson(value: JqValue): string {
  if (typeof value === 'number') return floatText(value);
  if (typeof value === 'string') return textJson(value);
  if (isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isObject(value)) return `{${entriesOf(value).map(([key, member]) => `${textJson(key)}:${toJson(member)}`).join(',')}}`;
  return String(value);
}

/** Unlike Go's own JSON, jq's leaves line separators as they are, and escapes DEL. */
function textJson(value: string): string {
  return jsonString(value, false).replaceAll('\\u2028', '\u2028').replaceAll('\\u2029', '\u2029').replaceAll('\x7f', '\\u007f');
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) return value > 0 ? '1.7976931348623157e+308' : '-1.7976931348623157e+308';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) return formatFloat(value, 'e').replace(/e([+-])0(\d)$/, 'e$1$2');
  return formatFloat(value, 'f');
}

/** A value as it stands in messages: its type and the beginning of its JSON. */
export function described(value: JqValue): string {
  return value === null ? 'null' : `${typeOf(value)} (${preview(value)})`;
}

export function preview(value: JqValue): string {
  const text = toJson(value);
  if (toBytes(text).length <= 30) return text;
  const trailing = typeof value === 'string' ? ' ..."' : isArray(value) ? ' ...]' : isObject(value) ? ' ...}' : ' ...';
  let kept = '';
  for (const c of text) {
    if (toBytes(kept + c).length > 30 - trailing.length) break;
    kept += c;
  }
  return kept + trailing;
}

const RANK: Readonly<Record<string, number>> = { null: 0, number: 3, string: 4, array: 5, object: 6 };

function rank(value: JqValue): number {
  return typeof value === 'boolean' ? (value ? 2 : 1) : RANK[typeOf(value)] ?? 7;
}

/** jq's order of all values. */
export function compareValues(left: JqValue, right: JqValue): number {
  const ranks = rank(left) - rank(right);
  if (ranks !== 0) return ranks;
  if (isNumber(left) && isNumber(right)) return left < right || Number.isNaN(left) ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right);
  if (isArray(left) && isArray(right)) return compareLists(left, right);
  if (!isObject(left) || !isObject(right)) return 0;
  const a = entriesOf(left);
  const b = entriesOf(right);
  const keys = compareLists(a.map(([key]) => key), b.map(([key]) => key));
  return keys !== 0 ? keys : compareLists(a.map(([, member]) => member), b.map(([, member]) => member));
}

function compareLists(left: readonly JqValue[], right: readonly JqValue[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareValues(left[i] ?? null, right[i] ?? null);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Text longer than this is refused. */
const MAX_TEXT = 10_000_000;

/** A binary operator over values. Throws JqError. */
export function operate(operator: string, left: JqValue, right: JqValue): JqValue {
  switch (operator) {
    case '==': return compareValues(left, right) === 0;
    case '!=': return compareValues(left, right) !== 0;
    case '<': return compareValues(left, right) < 0;
    case '<=': return compareValues(left, right) <= 0;
    case '>': return compareValues(left, right) > 0;
    case '>=': return compareValues(left, right) >= 0;
    case '+': return add(left, right);
    case '-': return subtract(left, right);
    case '*': return multiply(left, right);
    case '/': return divide(left, right);
    default: return modulo(left, right);
  }
}

function refuse(name: string, left: JqValue, right: JqValue, word = 'and'): never {
  throw new JqError(`cannot ${name}${word === 'and' ? ':' : ''} ${described(left)} ${word} ${described(right)}`);
}

export function add(left: JqValue, right: JqValue): JqValue {
  if (left === null) return right;
  if (right === null) return left;
  if (isNumber(left) && isNumber(right)) return arithmetic(left, right, (a, b) => a + b, (a, b) => a + b);
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (isArray(left) && isArray(right)) return [...left, ...right];
  if (isObject(left) && isObject(right)) return new Map([...left, ...right]);
  return refuse('add', left, right);
}

/** Numbers beyond this are refused: they would only eat memory. */
const LARGEST = 10n ** 4000n;

function arithmetic(left: number | bigint, right: number | bigint, whole: (a: bigint, b: bigint) => bigint, real: (a: number, b: number) => number): number | bigint {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return real(Number(left), Number(right));
  const result = whole(left, right);
  if (result > LARGEST || result < -LARGEST) throw new JqError('a number has more than 4000 digits');
  return result;
}

function subtract(left: JqValue, right: JqValue): JqValue {
  if (isNumber(left) && isNumber(right)) return arithmetic(left, right, (a, b) => a - b, (a, b) => a - b);
  if (isArray(left) && isArray(right)) return without(left, right);
  return refuse('subtract', left, right);
}

/** Values that are alike are written alike, but for what is no number: that equals nothing, as null does not equal it. */
function without(list: readonly JqValue[], gone: readonly JqValue[]): JqValue[] {
  const written = new Set(gone.filter((value) => !Number.isNaN(value)).map(toJson));
  return list.filter((value) => Number.isNaN(value) || !written.has(toJson(value)));
}

function multiply(left: JqValue, right: JqValue): JqValue {
  if (isNumber(left) && isNumber(right)) return arithmetic(left, right, (a, b) => a * b, (a, b) => a * b);
  if (typeof left === 'string' && isNumber(right)) return repeat(left, Number(right));
  if (isNumber(left) && typeof right === 'string') return repeat(right, Number(left));
  if (isObject(left) && isObject(right)) return merge(left, right);
  return refuse('multiply', left, right);
}

function repeat(text: string, times: number): JqValue {
  if (times < 0 || Number.isNaN(times)) return null; // as in Go's order, NaN is less than any number
  if (text.length * times > MAX_TEXT) throw new JqError(`repeat string result too large: ${preview(text)} * ${preview(times)}`);
  return text.repeat(Math.trunc(times));
}

function merge(left: JqObject, right: JqObject): JqObject {
  const merged = new Map(left);
  for (const [key, value] of right) {
    const old = merged.get(key);
    merged.set(key, old !== undefined && isObject(old) && isObject(value) ? merge(old, value) : value);
  }
  return merged;
}

function divide(left: JqValue, right: JqValue): JqValue {
  if (isNumber(left) && isNumber(right)) {
    if (Number(right) === 0) return refuse('divide', left, right, 'by:');
    if (typeof left === 'bigint' && typeof right === 'bigint' && left % right === 0n) return left / right;
    return Number(left) / Number(right);
  }
  if (typeof left === 'string' && typeof right === 'string') return split(left, right);
  return refuse('divide', left, right);
}

export function split(text: string, separator: string): JqValue {
  if (text === '') return [];
  return separator === '' ? Array.from(text) : text.split(separator);
}

function modulo(left: JqValue, right: JqValue): JqValue {
  if (!isNumber(left) || !isNumber(right)) return refuse('modulo', left, right);
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.NaN;
  const divisor = integerOf(right);
  if (divisor === 0n) return refuse('modulo', left, right, 'by:');
  return integerOf(left) % divisor;
}

/** A number without its fraction; beyond 64 bits the nearest in them. */
export function integerOf(value: number | bigint): bigint {
  const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
  if (typeof value === 'bigint') return value < least ? least : value > most ? most : value;
  if (value >= 2 ** 63) return most;
  return value >= -(2 ** 63) ? BigInt(Math.trunc(value)) : least; // NaN too
}

/** An index counted from the end where it is negative, and brought into bounds. */
function clamped(index: bigint, least: number, most: number): number {
  const from = index < 0n ? index + BigInt(most) : index;
  return from < BigInt(least) ? least : from > BigInt(most) ? most : Number(from);
}

/** `target[key]`. Throws JqError. */
export function indexValue(target: JqValue, key: JqValue): JqValue {
  if (typeof key === 'string') {
    if (target === null) return null;
    if (!isObject(target)) throw new JqError(`expected an object but got: ${described(target)}`);
    return target.get(key) ?? null;
  }
  if (isNumber(key)) {
    if (target === null) return null;
    if (typeof target === 'string') return Array.from(target)[clamped(integerOf(key), -1, Array.from(target).length)] ?? null;
    if (!isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
    return target[clamped(integerOf(key), -1, target.length)] ?? null;
  }
  if (isArray(key)) {
    if (target === null) return null;
    if (!isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
    return indicesOf(target, key);
  }
  if (isObject(key)) return target === null ? null : sliceValue(target, ...boundsOf(key));
  throw wrongKey(target, key);
}

function wrongKey(target: JqValue, key: JqValue): JqError {
  const wanted = isArray(target) ? 'a number for indexing an array' : typeof target === 'string' ? 'a number for indexing a string' : 'a string for object key';
  return new JqError(`expected ${wanted} but got: ${described(key)}`);
}

/** The bounds of a slice that an object names. */
function boundsOf(key: JqObject): [JqValue, JqValue] {
  const start = key.get('start');
  const end = key.get('end');
  if (start === undefined || end === undefined) throw new JqError(`expected "start" and "end" for slicing but got: ${described(key)}`);
  return [start, end];
}

const weights = new WeakMap<object, number>();
/** A value of more parts is refused, counted as often as they are held: lists that hold each other twice grow beyond all measure when written. */
const MAX_WEIGHT = 1_000_000;

/** Counts what a value holds, all the way down. Throws JqError where it is too much. */
export function weigh(value: JqValue): number {
  if (!isArray(value) && !isObject(value)) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let weight = 1;
  for (const part of value.values()) weight += weigh(part);
  if (weight > MAX_WEIGHT) throw new JqError('a value of the filter is too large');
  weights.set(value, weight);
  return weight;
}

/** Where a list stands within a list. */
export function indicesOf(list: readonly JqValue[], part: readonly JqValue[]): JqValue[] {
  if (part.length === 0) return [];
  const found: JqValue[] = [];
  for (let i = 0; i + part.length <= list.length; i++) if (part.every((value, j) => compareValues(list[i + j] ?? null, value) === 0)) found.push(BigInt(i));
  return found;
}

/** `target[from:to]`; null is an open end. Throws JqError. */
export function sliceValue(target: JqValue, from: JqValue, to: JqValue): JqValue {
  if (target === null) return null;
  if (isArray(target)) return target.slice(...sliceBounds(target, target.length, from, to));
  if (typeof target !== 'string') throw new JqError(`expected an array but got: ${described(target)}`);
  const characters = Array.from(target);
  return characters.slice(...sliceBounds(target, characters.length, from, to)).join('');
}

function sliceBounds(target: JqValue, length: number, from: JqValue, to: JqValue): [number, number] {
  if (from !== null && !isNumber(from)) throw wrongKey(target, from);
  const start = from === null ? 0 : clamped(integerOf(from), 0, length);
  if (to !== null && !isNumber(to)) throw wrongKey(target, to);
  const end = to === null ? length : clamped(integerOf(typeof to === 'number' ? Math.ceil(to) : to), start, length);
  return [start, end];
}

/** What `.[]` yields. Throws JqError. */
export function iterated(target: JqValue): [JqValue, JqValue][] {
  if (isArray(target)) return target.map((value, i) => [BigInt(i), value]);
  if (isObject(target)) return entriesOf(target);
  throw new JqError(`cannot iterate over: ${described(target)}`);
}

/** The longest list that assigning beyond an end may make. */
const MAX_LIST = 1_000_000;

/** Stands for what is to be taken away, until all paths were followed: indices must stay true meanwhile. */
const GONE: JqValue = [];

/** `getpath`. Throws JqError. */
export function valueAt(target: JqValue, path: readonly JqValue[]): JqValue {
  let value = target;
  for (const key of path) {
    if (value !== null && !isArray(value) && !isObject(value)) throw new JqError(`getpath(${preview(path)}) cannot be applied to: ${described(target)}`);
    const at = value;
    value = within(`getpath(${preview(path)})`, target, () => indexValue(at, key));
  }
  return value;
}

/** The value with another one at a path; what is missing on the way is made. Throws JqError. */
export function setPath(target: JqValue, path: readonly JqValue[], value: JqValue): JqValue {
  return within(`setpath(${preview(path)}; ${preview(value)})`, target, () => changed(target, path, value));
}

/** The value without what lies at the paths. Throws JqError. */
export function deletePaths(target: JqValue, paths: readonly JqValue[]): JqValue {
  if (paths.length === 0) return target;
  return withoutGone(within(`delpaths(${preview(paths)})`, target, () => paths.reduce<JqValue>((value, path) => {
    if (!isArray(path)) throw new JqError(`expected an array but got: ${described(path)}`);
    return changed(value, path, GONE);
  }, target)));
}

/** Says of what goes wrong in which call it was. */
export function within<T>(call: string, target: JqValue, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    throw new JqError(`${call} cannot be applied to ${preview(target)}: ${error.message}`, { cause: error });
  }
}

function changed(target: JqValue, path: readonly JqValue[], value: JqValue, at = 0): JqValue {
  const key = path[at];
  if (key === undefined) return value;
  if (target === GONE) return target;
  const inner = (old: JqValue): JqValue => changed(old, path, value, at + 1);
  if (typeof key === 'string') {
    if (target !== null && !isObject(target)) throw new JqError(`expected an object but got: ${described(target)}`);
    const old = target?.get(key);
    return old === undefined && value === GONE ? target : new Map(target ?? []).set(key, inner(old ?? null));
  }
  if (!isNumber(key) && !isObject(key)) throw wrongKey(isArray(target) ? target : null, key);
  if (target !== null && !isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
  return isObject(key) ? changedSlice(target, key, value, inner) : changedElement(target, integerOf(key), value, inner);
}

function changedSlice(target: readonly JqValue[] | null, key: JqObject, value: JqValue, inner: (old: JqValue) => JqValue): JqValue {
  const list = [...(target ?? [])];
  const [start, end] = sliceBounds([], list.length, ...boundsOf(key));
  if (start === end && value === GONE) return target;
  const part = inner(list.slice(start, end));
  if (part === GONE) return list.fill(GONE, start, end);
  if (!isArray(part)) throw new JqError(`expected an array but got: ${described(part)}`);
  list.splice(start, end - start, ...part);
  return list;
}

function changedElement(target: readonly JqValue[] | null, key: bigint, value: JqValue, inner: (old: JqValue) => JqValue): JqValue {
  const list = [...(target ?? [])];
  const place = clamped(key, -1, list.length);
  if (value === GONE && (place < 0 || place === list.length)) return target;
  if (place < 0) throw new JqError(`array index should not be negative: ${key}`);
  const index = place < list.length ? place : Number(key);
  if (index > MAX_LIST) throw new JqError(`array index too large: ${key}`);
  while (list.length <= index) list.push(null);
  list[index] = inner(list[index] ?? null);
  return list;
}

function withoutGone(value: JqValue): JqValue {
  if (value === GONE) return null;
  if (isArray(value)) return value.filter((element) => element !== GONE).map(withoutGone);
  if (isObject(value)) return new Map([...value].filter(([, member]) => member !== GONE).map(([key, member]) => [key, withoutGone(member)]));
  return value;
}

/** Refuses a value for a function. */
export function cannot(name: string, value: JqValue, ...args: JqValue[]): never {
  throw new JqError(`${name}${args.length === 0 ? '' : `(${args.map(preview).join('; ')})`} cannot be applied to: ${described(value)}`);
}
