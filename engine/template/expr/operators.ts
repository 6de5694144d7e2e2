import { compareStrings, duration, GoLocation, GoNumber, GoTime, GoFunc, GoObject, isMap, isSlice, NIL_LIST, timeDifference, truncateToInt, typeName, wrapInt } from '../go.ts';
import type { GoValue } from '../go.ts';
import { Panic } from './error.ts';

const PLAIN = /^u?int(8|16|32|64)?$|^float32$/;

/** @returns the number in an int, a float64 or another plain number type; undefined for named types such as time.Duration and for all else */
export function numberOf(value: GoValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof GoNumber && PLAIN.test(value.type) ? value.value : undefined;
}

function durationOf(value: GoValue): bigint | undefined {
  return value instanceof GoNumber && value.type === 'time.Duration' && typeof value.value === 'bigint' ? value.value : undefined;
}

function mismatch(operator: string, a: GoValue, b: GoValue): never {
  throw new Panic(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`);
}

/** @returns -1, 0 or 1; undefined when the values cannot be ordered, NaN when one is no number */
function order(a: GoValue, b: GoValue): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const x = numberOf(a) ?? durationOf(a);
  const y = numberOf(b) ?? durationOf(b);
  if (x !== undefined && y !== undefined) {
    if ((durationOf(a) === undefined) !== (durationOf(b) === undefined)) return undefined;
    const [l, r] = typeof x === typeof y ? [x, y] : [Number(x), Number(y)];
    return l < r ? -1 : l > r ? 1 : l === r ? 0 : NaN;
  }
  if (a instanceof GoTime && b instanceof GoTime) return a.nanoseconds < b.nanoseconds ? -1 : a.nanoseconds > b.nanoseconds ? 1 : 0;
  return undefined;
}

/** @returns the outcome of `<`, `<=`, `>` or `>=` */
export function compare(operator: string, a: GoValue, b: GoValue): boolean {
  const result = order(a, b) ?? mismatch(operator, a, b);
  switch (operator) {
    case '<': return result < 0;
    case '<=': return result <= 0;
    case '>': return result > 0;
    default: return result >= 0;
  }
}

/** `==` of expr: numbers by value whatever their type, lists by their elements, maps only when all types agree. */
export function equal(a: GoValue, b: GoValue): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const x = numberOf(a);
  const y = numberOf(b);
  if (x !== undefined && y !== undefined) return typeof x === typeof y ? x === y : Number(x) === Number(y);
  if (a instanceof GoTime && b instanceof GoTime) return a.nanoseconds === b.nanoseconds;
  if (isSlice(a) && isSlice(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null));
  return deepEqual(a, b);
}

/** reflect.DeepEqual: types must agree as well. */
export function deepEqual(a: GoValue, b: GoValue): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeName(a) !== typeName(b)) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((byte, index) => byte === b[index]);
  if (isSlice(a) && isSlice(b)) return a.length === b.length && a.every((item, index) => deepEqual(item, b[index] ?? null));
  if (isMap(a) && isMap(b)) return a.size === b.size && [...a].every(([key, item]) => b.has(key) && deepEqual(item, b.get(key) ?? null));
  return sameScalar(a, b);
}

function sameScalar(a: GoValue, b: GoValue): boolean {
  if (a instanceof GoNumber && b instanceof GoNumber) return a.value === b.value;
  if (a instanceof GoTime && b instanceof GoTime) return a.nanoseconds === b.nanoseconds && a.location.name === b.location.name;
  if (a instanceof GoLocation && b instanceof GoLocation) return a.name === b.name;
  if (a instanceof GoObject && b instanceof GoObject) return a.text === b.text;
  return false;
}

/** @returns the outcome of an arithmetic operator */
export function arithmetic(operator: string, a: GoValue, b: GoValue): GoValue {
  switch (operator) {
    case '**': case '^': return power(toFloat(a), toFloat(b));
    case '%': return remainder(a, b);
    case '/': {
      const x = numberOf(a);
      const y = numberOf(b);
      return x === undefined || y === undefined ? mismatch('/', a, b) : Number(x) / Number(y);
    }
    default: break;
  }
  const x = numberOf(a);
  const y = numberOf(b);
  if (x !== undefined && y !== undefined) return numeric(operator, x, y);
  if (operator === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  return temporal(operator, a, b) ?? mismatch(operator, a, b);
}

function numeric(operator: string, x: bigint | number, y: bigint | number): GoValue {
  if (typeof x === 'bigint' && typeof y === 'bigint') return wrapInt(operator === '+' ? x + y : operator === '-' ? x - y : x * y);
  const l = Number(x);
  const r = Number(y);
  return operator === '+' ? l + r : operator === '-' ? l - r : l * r;
}

function temporal(operator: string, a: GoValue, b: GoValue): GoValue | undefined {
  const x = durationOf(a);
  const y = durationOf(b);
  if (a instanceof GoTime) {
    if (operator === '-' && b instanceof GoTime) return timeDifference(a, b);
    if (y === undefined || operator === '*') return undefined;
    return new GoTime(a.nanoseconds + (operator === '+' ? y : -y), a.location);
  }
  if (b instanceof GoTime) return operator === '+' && x !== undefined ? new GoTime(b.nanoseconds + x, b.location) : undefined;
  if (operator === '*') return product(a, b);
  if (x === undefined || y === undefined) return undefined;
  return duration(operator === '+' ? x + y : x - y);
}

function product(a: GoValue, b: GoValue): GoValue | undefined {
  const x = durationOf(a) ?? numberOf(a);
  const y = durationOf(b) ?? numberOf(b);
  if (x === undefined || y === undefined) return undefined;
  if (typeof x === 'bigint' && typeof y === 'bigint') return duration(x * y);
  return duration(truncateToInt(Number(x) * Number(y)));
}

function remainder(a: GoValue, b: GoValue): GoValue {
  const x = numberOf(a);
  const y = numberOf(b);
  if (typeof x !== 'bigint' || typeof y !== 'bigint') return mismatch('%', a, b);
  if (y === 0n) throw new Panic('runtime error: integer divide by zero');
  return x % y;
}

/**
 * x to the power of y: the whole part of y by repeated squaring of the mantissa, the rest by the logarithm. Math.pow differs from Go in the last bit.
 */
export function power(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && !Number.isFinite(y) && !Number.isNaN(y)) return 1;
  if (!Number.isFinite(x) || !Number.isFinite(y) || x === 0 || Math.abs(y) > 2 ** 31 || y === 0.5 || y === -0.5) return x ** y;
  let whole = Math.floor(Math.abs(y));
  let rest = Math.abs(y) - whole;
  if (rest !== 0 && x < 0) return NaN;
  if (rest > 0.5) {
    rest--;
    whole++;
  }
  let result = rest === 0 ? 1 : Math.exp(rest * Math.log(x));
  let exponent = 0;
  let [mantissa, shift] = split(x);
  for (let left = whole; left > 0; left = Math.floor(left / 2)) {
    if (Math.abs(shift) > 4096) {
      exponent += shift;
      break;
    }
    if (left % 2 === 1) {
      result *= mantissa;
      exponent += shift;
    }
    mantissa *= mantissa;
    shift *= 2;
    if (mantissa < 0.5) {
      mantissa += mantissa;
      shift--;
    }
  }
  if (y < 0) {
    result = 1 / result;
    exponent = -exponent;
  }
  return scale(result, exponent);
}

/** Mantissa within [0.5, 1) (with sign) and exponent of two. */
function split(x: number): [number, number] {
  let exponent = Math.max(-1074, Math.floor(Math.log2(Math.abs(x))) + 1);
  let mantissa = scale(x, -exponent);
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  return [mantissa, exponent];
}

function scale(x: number, exponent: number): number {
  let value = x;
  let left = exponent;
  for (; left > 1000; left -= 1000) {
    value *= 2 ** 1000;
    if (!Number.isFinite(value)) return value;
  }
  for (; left < -1000; left += 1000) {
    value *= 2 ** -1000;
    if (value === 0) return value;
  }
  return value * 2 ** left;
}

/** @returns the value as an int, as expr converts where it needs one */
export function toInt(value: GoValue): bigint {
  const number = value instanceof GoNumber ? value.value : numberOf(value);
  if (number === undefined) throw new Panic(`invalid operation: int(${typeName(value)})`);
  return typeof number === 'bigint' ? wrapInt(number) : truncateToInt(number);
}

/** @returns the value as a float64 */
export function toFloat(value: GoValue): number {
  const number = numberOf(value);
  if (number === undefined) throw new Panic(`invalid operation: float(${typeName(value)})`);
  return Number(number);
}

export function toBool(value: GoValue): boolean {
  if (typeof value === 'boolean') return value;
  throw new Panic(`interface conversion: interface {} is ${value === null ? 'nil' : typeName(value)}, not bool`);
}

export function toText(value: GoValue): string {
  if (typeof value === 'string') return value;
  throw new Panic(`interface conversion: interface {} is ${value === null ? 'nil' : typeName(value)}, not string`);
}

/** @returns -value */
export function negate(value: GoValue): GoValue {
  if (typeof value === 'bigint') return wrapInt(-value);
  if (typeof value === 'number') return -value;
  if (value instanceof GoNumber && PLAIN.test(value.type)) return new GoNumber(value.type, typeof value.value === 'bigint' ? wrapInt(-value.value) : -value.value);
  throw new Panic(`invalid operation: - ${typeName(value)}`);
}

/** @returns whether the value may be a key of a map */
export function isHashable(value: GoValue): boolean {
  if (value === null || typeof value !== 'object') return true;
  return !(value instanceof Map || value instanceof Uint8Array || value instanceof GoFunc || Array.isArray(value));
}

/** @returns the key under which an equal key already stands in the map, else the key itself */
export function existingKey(map: ReadonlyMap<GoValue, GoValue>, key: GoValue): GoValue {
  if (key === null || typeof key !== 'object' || map.has(key)) return key;
  for (const known of map.keys()) if (deepEqual(known, key)) return known;
  return key;
}

/** @returns whether `needle in collection` holds */
export function contains(needle: GoValue, collection: GoValue): boolean {
  if (collection === null) return false;
  if (isSlice(collection)) return collection.some((item) => equal(item, needle));
  if (collection instanceof Uint8Array) return collection.some((byte) => equal(BigInt(byte), needle));
  if (isMap(collection)) {
    checkKey(collection, needle);
    return collection.has(existingKey(collection, needle ?? zeroKey(collection)));
  }
  throw new Panic(`operator "in" not defined on ${typeName(collection)}`);
}

function zeroKey(map: GoValue): GoValue {
  return typeName(map).startsWith('map[string]') ? '' : null;
}

function checkKey(map: GoValue, key: GoValue): void {
  const type = /^map\[(.*?)\]/.exec(typeName(map))?.[1];
  if (!isHashable(key)) throw new Panic(`runtime error: hash of unhashable type ${typeName(key)}`);
  if (key !== null && type === 'string' && typeof key !== 'string') {
    throw new Panic(`reflect.Value.MapIndex: value of type ${typeName(key)} is not assignable to type string`);
  }
}

/** @returns map[key] */
export function mapValue(map: ReadonlyMap<GoValue, GoValue>, key: GoValue): GoValue {
  checkKey(map, key);
  const found = map.get(existingKey(map, key ?? zeroKey(map)));
  if (found !== undefined) return found;
  return typeName(map).endsWith('[]interface {}') ? NIL_LIST : null;
}
