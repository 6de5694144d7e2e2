import { MAX_INT64, MIN_INT64 } from './values.ts';
import { quote } from './strings.ts';

/** Decimal digits of a positive finite number: value = 0.d1d2d3... * 10^point. */
interface Decimal {
  digits: string;
  point: number;
}

function shortest(value: number): Decimal {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  if (value === 0) return { digits: '', point: 0 };
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

const view = new DataView(new ArrayBuffer(8));

/** The exact decimal expansion of a double, which toFixed gives only up to 100 digits and with other ties than Go's. */
function exact(value: number): Decimal {
  if (value === 0) return { digits: '', point: 0 };
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const mantissa = biased === 0 ? bits & 0xfffffffffffffn : (bits & 0xfffffffffffffn) | 0x10000000000000n;
  const exponent = Math.max(biased, 1) - 1075;
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits, point: digits.length };
  }
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits, point: digits.length + exponent };
}

/** Rounds to `count` digits, half to even. */
function round(decimal: Decimal, count: number): Decimal {
  const { digits, point } = decimal;
  if (count < 0) return { digits: '', point: 0 };
  if (count >= digits.length) return decimal;
  const rest = digits.slice(count);
  const odd = count > 0 && Number(digits[count - 1]) % 2 === 1;
  const up = rest[0] === '5' && /^50*$/.test(rest) ? odd : (rest[0] ?? '0') >= '5';
  if (!up) return { digits: digits.slice(0, count), point };
  const raised = (BigInt(digits.slice(0, count) || '0') + 1n).toString().padStart(count, '0');
  return raised.length > count ? { digits: raised, point: point + 1 } : { digits: raised, point };
}

function fixed({ digits, point }: Decimal, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  if (precision <= 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : '0'.repeat(-point) + digits;
  return `${whole}.${fraction.slice(0, precision).padEnd(precision, '0')}`;
}

function scientific({ digits, point }: Decimal, precision: number, mark: string): string {
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = precision > 0 ? `.${digits.slice(1, precision + 1).padEnd(precision, '0')}` : '';
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${digits[0] ?? '0'}${fraction}${mark}${exponent < 0 ? '-' : '+'}${size}`;
}

function general(value: Decimal, precision: number, shortestForm: boolean, mark: string): string {
  const count = value.digits.replace(/0+$/, '').length;
  let limit = precision;
  if (limit > count && count >= value.point) limit = count;
  if (shortestForm) limit = 6;
  const exponent = value.point - 1;
  const trimmed = { digits: value.digits.replace(/0+$/, ''), point: value.point };
  if (exponent < -4 || exponent >= limit) return scientific(trimmed, Math.max(Math.min(precision, count) - 1, 0), mark);
  return fixed(trimmed, Math.max(count - value.point, 0));
}

/**
 * strconv.FormatFloat(value, format, precision, 64).
 * @param precision digits (after the point for e and f, in all for g); -1 = the fewest that give the same number back
 */
export function formatFloat(value: number, format: 'e' | 'E' | 'f' | 'g' | 'G', precision = -1): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  const short = precision < 0;
  const mark = format === 'E' || format === 'G' ? 'E' : 'e';
  let decimal = short ? shortest(size) : exact(size);
  switch (format) {
    case 'f': {
      if (!short) decimal = decimal.digits === '' ? decimal : round(decimal, decimal.point + precision);
      return sign + fixed(decimal, short ? Math.max(decimal.digits.length - decimal.point, 0) : precision);
    }
    case 'e': case 'E': {
      if (!short) decimal = round(decimal, precision + 1);
      return sign + scientific(decimal, short ? decimal.digits.length - 1 : precision, mark);
    }
    default: {
      if (!short) decimal = round(decimal, Math.max(precision, 1));
      return sign + general(decimal, short ? Math.max(decimal.digits.length, 1) : Math.max(precision, 1), short, mark);
    }
  }
}

/** @returns how Go's encoding/json writes a float64 (also the form of JavaScript, but for -0) */
export function formatJsonFloat(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A failed conversion of text to a number, with strconv's text. */
export class NumberError extends Error {
  readonly reason: 'syntax' | 'range';
  constructor(fn: string, text: string, reason: 'syntax' | 'range', detail?: string) {
    super(`strconv.${fn}: parsing ${quote(text)}: ${detail ?? (reason === 'syntax' ? 'invalid syntax' : 'value out of range')}`);
    this.name = 'NumberError';
    this.reason = reason;
  }
}

const DIGITS: Readonly<Record<number, RegExp>> = { 2: /^[01]+$/, 8: /^[0-7]+$/, 10: /^[0-9]+$/, 16: /^[0-9a-fA-F]+$/ };
const PREFIXES: Readonly<Record<number, string>> = { 2: '0b', 8: '0o', 10: '', 16: '0x' };

/** Splits base prefix and underscores off as strconv does for base 0; undefined = wrong underscores. */
function prefixed(body: string): { base: 2 | 8 | 10 | 16; digits: string } | undefined {
  const match = /^0([bBoOxX]?)(.*)$/.exec(body);
  const letter = match?.[1]?.toLowerCase();
  const base = match === null || body === '0' ? 10 : letter === 'b' ? 2 : letter === 'x' ? 16 : 8;
  const rest = match === null || body === '0' ? body : match[2] ?? '';
  if (rest.includes('_')) {
    const valid = base === 10 || rest === '' ? /^[0-9a-fA-F]+(_[0-9a-fA-F]+)*$/ : /^_?[0-9a-fA-F]+(_[0-9a-fA-F]+)*$/;
    if (!valid.test(rest)) return undefined;
  }
  return { base, digits: rest.replaceAll('_', '') };
}

/**
 * strconv.ParseInt(text, base, 64).
 * @param base 2, 8, 10, 16, or 0 = by prefix with underscores allowed
 * @param fn the function named in errors
 * @throws NumberError
 */
export function parseInteger(text: string, base: 0 | 2 | 8 | 10 | 16 = 10, fn = 'ParseInt'): bigint {
  const sign = text.startsWith('-') ? -1n : 1n;
  const body = /^[+-]/.test(text) ? text.slice(1) : text;
  const parts = base === 0 ? prefixed(body) : { base, digits: body };
  if (parts === undefined || DIGITS[parts.base]?.test(parts.digits) !== true) throw new NumberError(fn, text, 'syntax');
  const value = sign * BigInt((PREFIXES[parts.base] ?? '') + parts.digits);
  if (value < MIN_INT64 || value > MAX_INT64) throw new NumberError(fn, text, 'range');
  return value;
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const HEX_FLOAT = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/;

/**
 * strconv.ParseFloat(text, 64).
 * @throws NumberError
 */
export function parseFloat64(text: string): number {
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') {
      if (special[1] === '') return NaN;
      throw new NumberError('ParseFloat', text, 'syntax');
    }
    return special[1] === '-' ? -Infinity : Infinity;
  }
  const hexadecimal = HEX_FLOAT.exec(text);
  if (hexadecimal !== null) {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = hexadecimal;
    if (whole + fraction === '') throw new NumberError('ParseFloat', text, 'syntax');
    const value = Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
    if (!Number.isFinite(value)) throw new NumberError('ParseFloat', text, 'range');
    return sign === '-' ? -value : value;
  }
  const plain = text.replace(/(?<=\d)_(?=\d)/g, '');
  if (!FLOAT.test(plain)) throw new NumberError('ParseFloat', text, 'syntax');
  const value = Number(plain);
  if (!Number.isFinite(value)) throw new NumberError('ParseFloat', text, 'range');
  return value;
}
