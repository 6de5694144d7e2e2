import { formatValue, GoSlice, NumberError, parseInteger } from '../go.ts';
import type { GoValue } from '../go.ts';
import { Panic } from '../expr/error.ts';
import { power } from '../expr/operators.ts';
import { any, ANY, int, int64, limit, text, toFloat64, toInt64 } from './convert.ts';
import type { Entry } from './convert.ts';
import { randomInteger } from './random.ts';

const MANY = `func(...${ANY})`;
const SOME = `func(${ANY}, ...${ANY})`;
const PAIR = `func(${ANY}, ${ANY})`;

/** A decimal number: coefficient * 10^exponent. sprig adds and multiplies floats as the decimals they are written as. */
interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

function decimal(value: number): Decimal {
  if (!Number.isFinite(value)) throw new Panic(`Cannot create a Decimal from ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const fraction = mantissa.split('.')[1] ?? '';
  return { coefficient: BigInt(mantissa.replace('.', '')), exponent: Number(exponent) - fraction.length };
}

function numberOf({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  if (Math.max(a.exponent, b.exponent) - exponent > 2000) throw new Panic('decimal out of range');
  return [a.coefficient * 10n ** BigInt(a.exponent - exponent), b.coefficient * 10n ** BigInt(b.exponent - exponent), exponent];
}

/** Digits after the point of a quotient. */
const DIVISION = 16;

const OPERATIONS: Readonly<Record<string, (a: Decimal, b: Decimal) => Decimal>> = {
  add: (a, b) => {
    const [x, y, exponent] = aligned(a, b);
    return { coefficient: x + y, exponent };
  },
  subtract: (a, b) => {
    const [x, y, exponent] = aligned(a, b);
    return { coefficient: x - y, exponent };
  },
  multiply: (a, b) => ({ coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent }),
  divide: (a, b) => {
    if (b.coefficient === 0n) throw new Panic('decimal division by 0');
    const [x, y] = aligned(a, b);
    const scaled = x * 10n ** BigInt(DIVISION);
    const quotient = scaled / y;
    const rest = scaled % y;
    const size = (value: bigint): bigint => (value < 0n ? -value : value);
    const away = size(rest) * 2n >= size(y) ? (x < 0n) === (y < 0n) ? 1n : -1n : 0n;
    return { coefficient: quotient + away, exponent: -DIVISION };
  },
};

function decimals(operation: string, first: GoValue, rest: readonly GoValue[]): number {
  const apply = OPERATIONS[operation];
  let result = decimal(toFloat64(first));
  for (const value of rest) result = apply?.(result, decimal(toFloat64(value))) ?? result;
  return numberOf(result);
}

function divide(args: readonly GoValue[], operation: (a: bigint, b: bigint) => bigint): GoValue {
  const divisor = toInt64(any(args, 1));
  if (divisor === 0n) throw new Panic('runtime error: integer divide by zero');
  return int64(operation(toInt64(any(args, 0)), divisor));
}

function extreme(args: readonly GoValue[], better: (a: bigint, b: bigint) => boolean): GoValue {
  return int64(args.map(toInt64).reduce((best, value) => (better(value, best) ? value : best)));
}

function round(args: readonly GoValue[]): number {
  const value = toFloat64(any(args, 0));
  const on = args.length > 2 ? toFloat64(any(args, 2)) : 0.5;
  const scale = power(10, int(args, 1));
  const scaled = scale * value;
  const rest = scaled - Math.trunc(scaled);
  return (rest >= on ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
}

function untilStep(start: number, stop: number, step: number): number[] {
  const out: number[] = [];
  if ((stop < start && step >= 0) || (stop >= start && step <= 0)) return out;
  limit((stop - start) / step * 10);
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) out.push(i);
  return out;
}

function ints(values: readonly number[]): GoValue {
  return GoSlice.make('[]int', values.map(BigInt));
}

function sequence(args: readonly GoValue[]): string {
  const [a, b, c] = [int(args, 0), int(args, 1), int(args, 2)];
  const range = (start: number, end: number, step: number, past: number): string => untilStep(start, end + past, step).join(' ');
  switch (args.length) {
    case 1: return a < 1 ? range(1, a, -1, -1) : range(1, a, 1, 1);
    case 2: return b < a ? range(a, b, -1, -1) : range(a, b, 1, 1);
    case 3: return c < a ? b > 0 ? '' : range(a, c, b, -1) : range(a, c, b, 1);
    default: return '';
  }
}

function octal(value: GoValue): bigint {
  try {
    return parseInteger(formatValue(value), 8);
  } catch (error) {
    if (error instanceof NumberError) return 0n;
    throw error;
  }
}

function atoi(value: string): bigint {
  try {
    return parseInteger(value);
  } catch (error) {
    if (error instanceof NumberError) return error.reason === 'syntax' ? 0n : value.startsWith('-') ? -(2n ** 63n) : 2n ** 63n - 1n;
    throw error;
  }
}

export const NUMBERS: Readonly<Record<string, Entry>> = {
  atoi: ['func(string) int', (args) => atoi(text(args, 0))],
  int64: [`func(${ANY}) int64`, (args) => int64(toInt64(any(args, 0)))],
  int: [`func(${ANY}) int`, (args) => toInt64(any(args, 0))],
  float64: [`func(${ANY}) float64`, (args) => toFloat64(any(args, 0))],
  seq: ['func(...int) string', sequence],
  toDecimal: [`func(${ANY}) int64`, (args) => int64(octal(any(args, 0)))],
  until: ['func(int) []int', (args) => ints(untilStep(0, int(args, 0), int(args, 0) < 0 ? -1 : 1))],
  untilStep: ['func(int, int, int) []int', (args) => ints(untilStep(int(args, 0), int(args, 1), int(args, 2)))],
  add1: [`func(${ANY}) int64`, (args) => int64(toInt64(any(args, 0)) + 1n)],
  add: [`${MANY} int64`, (args) => int64(args.map(toInt64).reduce((sum, value) => sum + value, 0n))],
  sub: [`${PAIR} int64`, (args) => int64(toInt64(any(args, 0)) - toInt64(any(args, 1)))],
  div: [`${PAIR} int64`, (args) => divide(args, (a, b) => a / b)],
  mod: [`${PAIR} int64`, (args) => divide(args, (a, b) => a % b)],
  mul: [`${SOME} int64`, (args) => int64(args.map(toInt64).reduce((product, value) => BigInt.asIntN(64, product * value)))],
  randInt: ['func(int, int) int', (args, host) => randomInteger(int(args, 0), int(args, 1), host)],
  add1f: [`func(${ANY}) float64`, (args) => decimals('add', any(args, 0), [1n])],
  addf: [`${MANY} float64`, (args) => decimals('add', 0, args)],
  subf: [`${SOME} float64`, (args) => decimals('subtract', any(args, 0), args.slice(1))],
  divf: [`${SOME} float64`, (args) => decimals('divide', any(args, 0), args.slice(1))],
  mulf: [`${SOME} float64`, (args) => decimals('multiply', any(args, 0), args.slice(1))],
  biggest: [`${SOME} int64`, (args) => extreme(args, (a, b) => a > b)],
  max: [`${SOME} int64`, (args) => extreme(args, (a, b) => a > b)],
  min: [`${SOME} int64`, (args) => extreme(args, (a, b) => a < b)],
  maxf: [`${SOME} float64`, (args) => Math.max(...args.map(toFloat64))],
  minf: [`${SOME} float64`, (args) => Math.min(...args.map(toFloat64))],
  ceil: [`func(${ANY}) float64`, (args) => Math.ceil(toFloat64(any(args, 0)))],
  floor: [`func(${ANY}) float64`, (args) => Math.floor(toFloat64(any(args, 0)))],
  round: [`func(${ANY}, int, ...float64) float64`, round],
};
