import {
  base64, byteLength, compareKeys, formatValue, fromBytes, GoLocation, GoMap, GoNumber, GoObject, GoSlice, GoTime, GoFunc, indexOfBytes, isMap, isSlice, loadLocation, marshalJson,
  NumberError, parseDuration, parseFloat64, parseInteger, parseTime, RFC3339, runeCount, toBytes, toLower, toUpper, trimCharacters, trimSpace, duration, typeName, unmarshalJson, UTC, wrapInt,
} from '../go.ts';
import type { Call, FunctionHost, GoValue } from '../go.ts';
import { Panic } from './error.ts';
import { method } from './methods.ts';
import { compare, equal, mapValue, numberOf, toInt, toText } from './operators.ts';

type Builtin = Call;

/** Calls a builtin that takes no predicate. */
export function callBuiltin(name: string, args: readonly GoValue[], host: FunctionHost): GoValue {
  const builtin = BUILTINS[name];
  if (builtin === undefined) throw new Panic(`unknown builtin ${name}`);
  return builtin(args, host);
}

function at(args: readonly GoValue[], index: number): GoValue {
  return args[index] ?? null;
}

function text(args: readonly GoValue[], index: number): string {
  return toText(at(args, index));
}

function list(name: string, value: GoValue): readonly GoValue[] {
  if (isSlice(value)) return value;
  if (value instanceof Uint8Array) return [...value].map((byte) => new GoNumber('uint8', BigInt(byte)));
  throw new Panic(`cannot ${name} ${kindOfValue(value)}`);
}

/** Go's reflect.Kind of a value. */
export function kindOfValue(value: GoValue): string {
  if (value === null) return 'invalid';
  if (isMap(value)) return 'map';
  if (isSlice(value) || value instanceof Uint8Array) return 'slice';
  if (value instanceof GoFunc) return 'func';
  if (value instanceof GoTime || value instanceof GoObject) return 'struct';
  if (value instanceof GoLocation) return 'ptr';
  const type = typeName(value);
  return type === 'time.Duration' ? 'int64' : type.startsWith('time.') ? 'int' : type;
}

function strings(items: readonly string[]): GoSlice {
  return GoSlice.make('[]string', items);
}

/** The conversion int(x), also Argo's asInt. */
export function convertToInt(value: GoValue): bigint {
  if (value === null) throw new Panic('reflect: call of reflect.Value.Type on zero Value');
  if (typeof value !== 'string') return toInt(value);
  try {
    return parseInteger(value);
  } catch (error) {
    if (error instanceof NumberError) throw new Panic(`invalid operation: int(${value})`);
    throw error;
  }
}

/** The conversion float(x), also Argo's asFloat. */
export function convertToFloat(value: GoValue): number {
  if (typeof value !== 'string') {
    const number = numberOf(value);
    if (number === undefined) throw new Panic(`invalid operation: float(${typeName(value)})`);
    return Number(number);
  }
  try {
    return parseFloat64(value);
  } catch (error) {
    if (error instanceof NumberError) throw new Panic(`invalid operation: float(${value})`);
    throw error;
  }
}

function typeOf(value: GoValue): string {
  if (value === null) return 'nil';
  const type = typeName(value);
  if (value instanceof GoLocation) return 'time.Location';
  if (type.startsWith('time.')) return type;
  if (/^int/.test(type)) return 'int';
  if (/^uint/.test(type)) return 'uint';
  if (type.startsWith('float')) return 'float';
  if (value instanceof GoFunc) return 'func';
  if (isMap(value)) return 'map';
  if (value instanceof GoObject) return 'struct';
  return type.startsWith('[') ? 'array' : type;
}

function length(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(runeCount(value));
  if (isSlice(value) || value instanceof Uint8Array) return BigInt(value.length);
  if (isMap(value)) return BigInt(value.size);
  throw new Panic(`invalid argument for len (type ${typeName(value)})`);
}

function rounded(name: string, operation: (value: number) => number): Builtin {
  return ([value = null]) => {
    const number = numberOf(value);
    if (number === undefined) throw new Panic(`invalid argument for ${name} (type ${typeName(value)})`);
    return operation(Number(number));
  };
}

/** Half away from zero, unlike Math.round. */
function roundHalfAway(value: number): number {
  return Math.abs(value) >= 2 ** 52 ? value : Math.sign(value) * Math.floor(Math.abs(value) + (Math.abs(value) === 0.49999999999999994 ? 0 : 0.5));
}

function abs([value = null]: readonly GoValue[]): GoValue {
  const number = numberOf(value);
  if (number === undefined) throw new Panic(`invalid argument for abs (type ${typeName(value)})`);
  if (typeof number === 'number') return Math.abs(number);
  const size = wrapInt(number < 0n ? -number : number);
  if (size < 0n) throw new Panic('integer overflow');
  return value instanceof GoNumber ? new GoNumber(value.type, size) : size;
}

/** Splits as strings.SplitN and SplitAfterN do. */
export function split(value: string, separator: string, count: bigint, keep: boolean): string[] {
  if (count === 0n) return [];
  const parts = separator === '' ? Array.from(value) : value.split(separator);
  const limit = count < 0n || count > BigInt(parts.length) ? parts.length : Number(count);
  const head = parts.slice(0, limit - 1);
  const tail = parts.slice(limit - 1).join(separator);
  return [...head.map((part) => (keep ? part + separator : part)), ...(parts.length === 0 ? [] : [tail])];
}

/** Longer texts are not made. */
const MAX_TEXT = 10_000_000;

/** strings.Replace; texts that would grow beyond all measure are refused. */
export function replace(value: string, old: string, by: string, count: bigint): string {
  if (old === by || count === 0n) return value;
  const parts = old === '' ? Array.from(value) : value.split(old);
  if (parts.length * by.length > MAX_TEXT) throw new Panic('memory budget exceeded');
  if (old === '') return insertBetween(parts, by, count);
  const limit = count < 0n || count >= BigInt(parts.length) ? parts.length - 1 : Number(count);
  return parts.slice(0, limit + 1).join(by) + (limit + 1 < parts.length ? old + parts.slice(limit + 1).join(old) : '');
}

function insertBetween(runes: readonly string[], by: string, count: bigint): string {
  let left = count < 0n ? runes.length + 1 : Number(count > BigInt(runes.length + 1) ? BigInt(runes.length + 1) : count);
  let out = '';
  for (const rune of runes) out += (left-- > 0 ? by : '') + rune;
  return left > 0 ? out + by : out;
}

const REPEATS = 1_000_000n;

function repeat(args: readonly GoValue[], host: FunctionHost): GoValue {
  const value = text(args, 0);
  const count = toInt(at(args, 1));
  if (count < 0n) throw new Panic('strings: negative Repeat count');
  if (count > REPEATS) throw new Panic('memory budget exceeded');
  host.grow(byteLength(value) * Number(count));
  return value.repeat(Number(count));
}

function numbers(name: string, args: readonly GoValue[], depth = 0): GoValue[] {
  if (depth > 100) throw new Panic(`recursion depth exceeded`);
  return args.flatMap((arg) => {
    if (isSlice(arg) || arg instanceof Uint8Array) return numbers(name, list(name, arg), depth + 1);
    if (numberOf(arg) === undefined) throw new Panic(`invalid argument for ${name} (type ${typeName(arg)})`);
    return [arg];
  });
}

function extreme(name: string, operator: string): Builtin {
  return (args) => {
    // One value that is no number is handed back as it is.
    const [only = null] = args;
    if (args.length === 1 && !isSlice(only) && !(only instanceof Uint8Array) && numberOf(only) === undefined) return only;
    let best: GoValue = null;
    for (const value of numbers(name, args)) if (best === null || compare(operator, value, best)) best = value;
    return best;
  };
}

function mean(args: readonly GoValue[]): GoValue {
  const values = numbers('mean', args).map((value) => Number(numberOf(value)));
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(args: readonly GoValue[]): GoValue {
  const values = numbers('median', args).map((value) => Number(numberOf(value))).sort((a, b) => a - b);
  const middle = Math.floor(values.length / 2);
  if (values.length === 0) return 0;
  return values.length % 2 === 1 ? values[middle] ?? 0 : ((values[middle - 1] ?? 0) + (values[middle] ?? 0)) / 2;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Standard base64 with padding; line breaks are skipped.
 * @throws Error with Go's text
 */
export function decodeBase64(value: string): Uint8Array {
  const source = toBytes(value);
  const out: number[] = [];
  let word = 0;
  let filled = 0;
  const corrupt = (index: number): never => {
    throw new Panic(`illegal base64 data at input byte ${index}`);
  };
  for (let i = 0; i < source.length; i++) {
    const c = String.fromCharCode(source[i] ?? 0);
    if (c === '\n' || c === '\r') continue;
    if (c === '=') {
      if (filled < 2) corrupt(i);
      finish(source, i, filled, corrupt);
      out.push((word >> 4) & 0xff);
      if (filled === 3) {
        out.pop();
        out.push((word >> 10) & 0xff, (word >> 2) & 0xff);
      }
      return Uint8Array.from(out);
    }
    const digit = ALPHABET.indexOf(c);
    if (digit < 0) corrupt(i);
    word = ((word << 6) | digit) & 0xffffff;
    if (++filled === 4) {
      out.push(word >> 16, (word >> 8) & 0xff, word & 0xff);
      filled = 0;
      word = 0;
    }
  }
  if (filled > 0) corrupt(source.length - filled);
  return Uint8Array.from(out);
}

/** Checks what follows the first `=`. */
function finish(source: Uint8Array, at: number, filled: number, corrupt: (index: number) => never): void {
  const isBreak = (index: number): boolean => source[index] === 10 || source[index] === 13;
  let next = at + 1;
  if (filled === 2) {
    while (isBreak(next)) next++;
    if (next >= source.length) corrupt(source.length);
    if (source[next] !== 0x3d) corrupt(next);
    next++;
  }
  while (isBreak(next)) next++;
  if (next < source.length) corrupt(next);
}

const LAYOUTS = [
  '2006-01-02', '15:04:05', '2006-01-02 15:04:05', RFC3339, '02 Jan 06 15:04 MST', 'Monday, 02-Jan-06 15:04:05 MST', 'Mon, 02 Jan 2006 15:04:05 MST',
];

function date(args: readonly GoValue[]): GoValue {
  const [first = null] = args;
  const rest = first instanceof GoLocation ? args.slice(1) : args;
  const value = text(rest, 0);
  let zone = first instanceof GoLocation ? first : UTC;
  if (rest.length > 2) zone = loadLocation(text(rest, 2));
  if (rest.length > 1) return parseTime(text(rest, 1), value, zone);
  for (const layout of LAYOUTS) {
    try {
      return parseTime(layout, value, zone);
    } catch {
      // The next layout may fit.
    }
  }
  throw new Panic(`invalid date ${value}`);
}

function now(args: readonly GoValue[], { now: present }: FunctionHost): GoValue {
  const [zone = null] = args;
  return new GoTime(BigInt(Math.round(present() * 1000)) * 1000n, zone instanceof GoLocation ? zone : UTC);
}

function get([from = null, key = null]: readonly GoValue[]): GoValue {
  if (from === null) return null;
  const bound = typeof key === 'string' ? method(from, typeName(from), key) : undefined;
  if (bound !== undefined) return bound;
  if (isMap(from)) return mapValue(from, key);
  if (kindOfValue(from) === 'struct') toText(key);
  const items = typeof from === 'string' ? toBytes(from) : from;
  if (!isSlice(items) && !(items instanceof Uint8Array)) return null;
  const index = toInt(key);
  const item = items[Number(index < 0n ? BigInt(items.length) + index : index)] ?? null;
  return typeof item === 'number' && items instanceof Uint8Array ? new GoNumber('uint8', BigInt(item)) : item;
}

function take([from = null, count = null]: readonly GoValue[]): GoValue {
  const items = list('take from', from);
  if (count === null || !/^int/.test(kindOfValue(count))) throw new Panic(`cannot take ${kindOfValue(count)} elements`);
  const size = toInt(count);
  if (size < 0n) throw new Panic('reflect.Value.Slice: slice index out of bounds');
  const taken = items.slice(0, Number(size > BigInt(items.length) ? BigInt(items.length) : size));
  return from instanceof GoSlice ? GoSlice.make(from.type, taken) : taken;
}

/** Go walks maps at random; here the keys come in order. */
function entries(name: string, value: GoValue, after = ''): [GoValue, GoValue][] {
  if (!isMap(value)) throw new Panic(`cannot ${name} ${kindOfValue(value)}${after}`);
  return [...value].sort((a, b) => compareKeys(a[0], b[0]));
}

/** fmt's %s of a reflect.Value */
function asString(value: GoValue): string {
  if (value === null) return '<invalid reflect.Value>';
  return typeof value === 'string' || typeof value === 'object' ? formatValue(value) : `%!s(${typeName(value)}=${formatValue(value)})`;
}

function fromPairs([value = null]: readonly GoValue[]): GoValue {
  const out = new GoMap('map[interface {}]interface {}');
  if (!isSlice(value) && !(value instanceof Uint8Array)) throw new Panic(`cannot transform ${asString(value)} from pairs`);
  for (const pair of list('transform', value)) {
    if (!isSlice(pair)) throw new Panic(`invalid pair ${formatValue(pair)}`);
    if (pair.length !== 2) throw new Panic(`invalid pair length ${formatValue(pair)}`);
    out.set(pair[0] ?? null, pair[1] ?? null);
  }
  return out;
}

/**
 * The elements without those that equal an earlier one.
 * @param grow counts the work on lists and maps, which are compared one by one
 */
export function distinct(items: readonly GoValue[], same: (a: GoValue, b: GoValue) => boolean, grow: (size: number) => void): GoValue[] {
  const out: GoValue[] = [];
  const plain = new Set<GoValue>();
  const others: GoValue[] = [];
  const numbersAlike = same(1n, 1);
  for (const item of items) {
    if (item === null || typeof item !== 'object') {
      const key = numbersAlike && typeof item === 'bigint' && Number.isSafeInteger(Number(item)) ? Number(item) : item;
      if (plain.has(key)) continue;
      plain.add(key);
    } else {
      grow(others.length >> 4);
      if (others.some((known) => same(known, item))) continue;
      others.push(item);
    }
    out.push(item);
  }
  return out;
}

function uniq([value = null]: readonly GoValue[], { grow }: FunctionHost): GoValue {
  return distinct(list('uniq', value), equal, grow);
}

function flatten(items: readonly GoValue[], depth = 0): GoValue[] {
  if (depth > 100) throw new Panic('recursion depth exceeded');
  return items.flatMap((item) => (isSlice(item) ? flatten(item, depth + 1) : [item]));
}

function sort([value = null, direction = 'asc']: readonly GoValue[]): GoValue {
  // What is no list sorts to an empty one.
  const items = isSlice(value) ? [...value] : [];
  if (typeof direction !== 'string') throw new Panic(`sort order argument must be a string (got ${direction === null ? '<nil>' : typeName(direction)})`);
  if (direction !== 'asc' && direction !== 'desc') throw new Panic(`invalid order ${formatValue(direction)}, expected asc or desc`);
  const less = (a: GoValue, b: GoValue): boolean => compare(direction === 'asc' ? '<' : '>', a, b);
  return items.sort((a, b) => (less(a, b) ? -1 : less(b, a) ? 1 : 0));
}

function join(args: readonly GoValue[]): GoValue {
  const glue = args.length > 1 ? text(args, 1) : '';
  const parts = at(args, 0);
  if (isSlice(parts) && (!(parts instanceof GoSlice) || parts.type === '[]string' || parts.type === '[]interface {}')) return parts.map(toText).join(glue);
  throw new Panic(`invalid argument for join (type ${parts === null ? '%!s(<nil>)' : typeName(parts)})`);
}

function shift(name: string, operation: (value: bigint, count: bigint) => bigint): Builtin {
  return bits(name, (value, places) => {
    if (places < 0n) throw new Panic(`invalid operation: negative shift count ${places} (type int)`);
    return wrapInt(operation(value, places > 64n ? 64n : places));
  });
}

function bits(name: string, operation: (a: bigint, b: bigint) => bigint): Builtin {
  return (args) => {
    const [a = 0n, b = 0n] = args.map((value) => {
      if (value === null || numberOf(value) === undefined) throw new Panic(`cannot use ${value === null ? '<nil>' : typeName(value)} as argument (type int) to call ${name}`);
      return toInt(value);
    });
    return operation(a, b);
  };
}

const BUILTINS: Readonly<Record<string, Builtin>> = {
  len: ([value = null]) => length(value), type: ([value = null]) => typeOf(value), abs,
  ceil: rounded('ceil', Math.ceil), floor: rounded('floor', Math.floor), round: rounded('round', roundHalfAway),
  int: ([value = null]) => convertToInt(value), float: ([value = null]) => convertToFloat(value), string: ([value = null]) => formatValue(value),
  trim: (args) => (args.length > 1 ? trimCharacters(text(args, 0), text(args, 1)) : trimSpace(text(args, 0))),
  trimPrefix: (args) => trimmed(args, withoutPrefix),
  trimSuffix: (args) => trimmed(args, withoutSuffix),
  upper: (args) => toUpper(text(args, 0)), lower: (args) => toLower(text(args, 0)),
  split: (args) => strings(split(text(args, 0), text(args, 1), args.length > 2 ? toInt(at(args, 2)) : -1n, false)),
  splitAfter: (args) => strings(split(text(args, 0), text(args, 1), args.length > 2 ? toInt(at(args, 2)) : -1n, true)),
  replace: (args) => replace(text(args, 0), text(args, 1), text(args, 2), args.length > 3 ? toInt(at(args, 3)) : -1n),
  repeat, join,
  indexOf: (args) => BigInt(indexOfBytes(text(args, 0), text(args, 1))), lastIndexOf: (args) => BigInt(indexOfBytes(text(args, 0), text(args, 1), true)),
  hasPrefix: (args) => text(args, 0).startsWith(text(args, 1)), hasSuffix: (args) => text(args, 0).endsWith(text(args, 1)),
  max: extreme('max', '>'), min: extreme('min', '<'), mean, median,
  toJSON: ([value = null]) => marshalJson(value, { indent: '  ' }), fromJSON: (args) => unmarshalJson(text(args, 0)),
  toBase64: (args) => base64(toBytes(text(args, 0))), fromBase64: (args) => fromBytes(decodeBase64(text(args, 0))),
  now, date, duration: (args) => duration(parseDuration(text(args, 0))), timezone: (args) => loadLocation(text(args, 0)),
  first: ([value = null]) => (isMap(value) ? null : get([value, 0n])), last: ([value = null]) => (isMap(value) ? null : get([value, -1n])), get, take,
  keys: ([value = null]) => entries('get keys from', value).map(([key]) => key), values: ([value = null]) => entries('get values from', value).map(([, item]) => item),
  toPairs: ([value = null]) => GoSlice.make('[][2]interface {}', entries('transform', value, ' to pairs').map((pair) => GoSlice.make('[2]interface {}', pair))), fromPairs,
  reverse: ([value = null]) => [...list('reverse', value)].reverse(), uniq,
  concat: (args, { grow }) => {
    const joined = args.flatMap((arg) => list('concat', arg));
    grow(joined.length);
    return joined;
  },
  flatten: ([value = null], { grow }) => {
    const flat = flatten(list('flatten', value));
    grow(flat.length);
    return flat;
  },
  sort, bitand: bits('bitand', (a, b) => a & b), bitor: bits('bitor', (a, b) => a | b), bitxor: bits('bitxor', (a, b) => a ^ b), bitnand: bits('bitnand', (a, b) => a & ~b), bitnot: bits('bitnot', (a) => ~a),
  bitshl: shift('bitshl', (value, count) => BigInt.asIntN(64, value << count)), bitshr: shift('bitshr', (value, count) => value >> count), bitushr: shift('bitushr', (value, count) => BigInt.asUintN(64, value) >> count),
};

/** The second argument is looked at first, as in expr. */
function trimmed(args: readonly GoValue[], cut: (value: string, part: string) => string): string {
  const part = args.length > 1 ? text(args, 1) : ' ';
  return cut(text(args, 0), part);
}

function withoutPrefix(value: string, prefix: string): string {
  return value.startsWith(prefix) ? value.slice(prefix.length) : value;
}

function withoutSuffix(value: string, suffix: string): string {
  return suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;
}
