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
  if (typeof value === 'string') return jsonString(value, false);
  if (isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (isObject(value)) return `{${entriesOf(value).map(([key, member]) => `${jsonString(key, false)}:${toJson(member)}`).join(',')}}`;
  return String(value);
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
  if (isArray(left) && isArray(right)) return left.filter((value) => !right.some((other) => compareValues(value, other) === 0));
  return refuse('subtract', left, right);
}

function multiply(left: JqValue, right: JqValue): JqValue {
  if (isNumber(left) && isNumber(right)) return arithmetic(left, right, (a, b) => a * b, (a, b) => a * b);
  if (typeof left === 'string' && isNumber(right)) return repeat(left, Number(right));
  if (isNumber(left) && typeof right === 'string') return repeat(right, Number(left));
  if (isObject(left) && isObject(right)) return merge(left, right);
  return refuse('multiply', left, right);
}

function repeat(text: string, times: number): JqValue {
  if (times < 0 || Number.isNaN(times)) return null;
  if (text.length * times > MAX_TEXT) throw new JqError(`repeat string result too large: ${described(text)}`);
  return times < 1 && times > 0 ? text : text.repeat(Math.trunc(times));
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
  return integerOf(left) % (divisor < 0n ? -divisor : divisor);
}

/** A number without its fraction; beyond 64 bits the nearest in them. */
export function integerOf(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return 2n ** 63n - 1n;
  return value <= -(2 ** 63) ? -(2n ** 63n) : BigInt(Math.trunc(value));
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
    if (!isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
    if (Number.isNaN(key)) return null;
    const index = Number(typeof key === 'bigint' ? key : Math.floor(key));
    return target[index < 0 ? target.length + index : index] ?? null;
  }
  if (isArray(key)) {
    if (target === null) return null;
    if (!isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
    return indicesOf(target, key);
  }
  if (isObject(key)) return sliceValue(target, key.get('start') ?? null, key.get('end') ?? null);
  if (target === null || isObject(target)) throw new JqError(`expected a string for object key but got: ${described(key)}`);
  throw new JqError(`expected a number for indexing an array but got: ${described(key)}`);
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
  if (!isArray(target) && typeof target !== 'string') throw new JqError(`expected an array but got: ${described(target)}`);
  if (isArray(target)) return target.slice(...sliceBounds(target.length, from, to));
  const characters = Array.from(target);
  return characters.slice(...sliceBounds(characters.length, from, to)).join('');
}

export function sliceBounds(length: number, from: JqValue, to: JqValue): [number, number] {
  const place = (value: JqValue, otherwise: number, round: (value: number) => number): number => {
    if (value === null) return otherwise;
    if (!isNumber(value)) throw new JqError(`expected a number for slicing an array but got: ${described(value)}`);
    const whole = round(Number(value));
    return Math.min(Math.max(whole < 0 ? length + whole : whole, 0), length);
  };
  const start = place(from, 0, Math.floor);
  return [start, Math.max(start, place(to, length, Math.ceil))];
}

/** What `.[]` yields. Throws JqError. */
export function iterated(target: JqValue): [JqValue, JqValue][] {
  if (isArray(target)) return target.map((value, i) => [BigInt(i), value]);
  if (isObject(target)) return entriesOf(target);
  throw new JqError(`cannot iterate over: ${described(target)}`);
}

/** The longest list that assigning beyond an end may make. */
const MAX_LIST = 1_000_000;

/** The value with another one at a path; what is missing on the way is made. Throws JqError. */
export function setPath(target: JqValue, path: readonly JqValue[], update: (old: JqValue) => JqValue, at = 0): JqValue {
  const key = path[at];
  if (key === undefined) return update(target);
  const inner = (old: JqValue): JqValue => setPath(old, path, update, at + 1);
  if (typeof key === 'string') {
    if (target !== null && !isObject(target)) throw new JqError(`expected an object but got: ${described(target)}`);
    const object = new Map(target ?? []);
    return object.set(key, inner(object.get(key) ?? null));
  }
  if (target !== null && !isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
  return isObject(key) ? setSlice(target, key, inner) : setElement([...(target ?? [])], key, inner);
}

function setSlice(target: readonly JqValue[] | null, bounds: JqObject, inner: (old: JqValue) => JqValue): JqValue {
  const list = [...(target ?? [])];
  const [start, end] = sliceBounds(list.length, bounds.get('start') ?? null, bounds.get('end') ?? null);
  const part = inner(target === null ? null : list.slice(start, end));
  if (!isArray(part)) throw new JqError(`expected an array but got: ${described(part)}`);
  list.splice(start, end - start, ...part);
  return list;
}

function setElement(list: JqValue[], key: JqValue, inner: (old: JqValue) => JqValue): JqValue {
  if (!isNumber(key)) throw new JqError(`expected a string for object key but got: ${described(key)}`);
  const index = Number(integerOf(key)) + (key < 0 ? list.length : 0);
  if (index < 0) throw new JqError(`array index should not be negative: ${toJson(key)}`);
  if (index > MAX_LIST) throw new JqError(`array index too large: ${toJson(key)}`);
  while (list.length <= index) list.push(null);
  list[index] = inner(list[index] ?? null);
  return list;
}

/** The value without what lies at the paths. Throws JqError. */
export function deletePaths(target: JqValue, paths: readonly (readonly JqValue[])[]): JqValue {
  // From the last on, so that indices stay true.
  return [...paths].sort((a, b) => compareValues(b, a)).reduce(deletePath, target);
}

function deletePath(target: JqValue, path: readonly JqValue[]): JqValue {
  const [key, ...rest] = path;
  if (key === undefined || target === null) return null;
  if (rest.length > 0) {
    const inner = indexValue(target, key);
    return inner === null ? target : setPath(target, [key], (old) => deletePath(old, rest));
  }
  if (typeof key === 'string') {
    if (!isObject(target)) throw new JqError(`expected an object but got: ${described(target)}`);
    const object = new Map(target);
    object.delete(key);
    return object;
  }
  if (!isArray(target)) throw new JqError(`expected an array but got: ${described(target)}`);
  const list = [...target];
  if (isObject(key)) {
    const [start, end] = sliceBounds(list.length, key.get('start') ?? null, key.get('end') ?? null);
    list.splice(start, end - start);
  } else if (isNumber(key)) {
    const index = Number(integerOf(key)) + (key < 0 ? list.length : 0);
    if (index >= 0) list.splice(index, 1);
  }
  return list;
}
