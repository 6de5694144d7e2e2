/**
 * Kubernetes' quantities (`100m`, `1.5Gi`, `1e3`) with their canonical form and roundings, and Argo's resource durations
 * that are computed of them. Kubernetes: apimachinery/pkg/api/resource. Argo: workflow/util resource.DurationForPod.
 */
import { formatDuration } from './go.ts';
import type { RawJson } from './json.ts';

/** Text that is no quantity; the message is that of Kubernetes. */
export class QuantityError extends Error {}

type Format = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** unscaled × 10^scale. */
export interface Quantity {
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: Format;
  /** Written as it was, for texts that Kubernetes keeps. */
  readonly text: string | undefined;
  /** Held as a 64-bit number by Kubernetes: too large results of conversions are 0 then. */
  readonly small: boolean;
}

const DECIMAL = new Map([['n', -9], ['u', -6], ['m', -3], ['', 0], ['k', 3], ['M', 6], ['G', 9], ['T', 12], ['P', 15], ['E', 18]]);
const BINARY = new Map([['Ki', 10], ['Mi', 20], ['Gi', 30], ['Ti', 40], ['Pi', 50], ['Ei', 60]]);
const MAX_INT64 = 2n ** 63n - 1n;
/** Exponents beyond this are refused: writing such numbers out would fill the memory. */
const MAX_EXPONENT = 1000;

const wrongFormat = (): QuantityError => new QuantityError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");

/** Reads a quantity. Throws QuantityError. */
export function parseQuantity(text: string): Quantity {
  const match = /^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  if (match === null || text === '') throw wrongFormat();
  const [, sign = '', digits = '', point = '', fraction = '', suffix = ''] = match;
  const { format, exponent } = readSuffix(suffix);
  const integral = digits.replace(/^0+/, '') || '0';
  const whole = BigInt(integral + fraction) * (sign === '-' ? -1n : 1n);
  const written = { text, digits: integral + fraction, empty: digits === '' && fraction === '' };
  if (format !== 'BinarySI') return decimalQuantity(whole, exponent - fraction.length, format, written);
  const scaled = whole * 2n ** BigInt(exponent);
  const precision = point !== '' && fraction !== '' ? -1 : 15 - integral.length - Math.trunc((exponent * 3) / 10) - 1;
  if (precision >= 0 && BigInt.asIntN(64, scaled) === scaled) {
    // Kubernetes keeps a text of which it can tell cheaply that it is canonical.
    return { unscaled: scaled, scale: 0, format, small: true, text: (BigInt(integral) & 7n) !== 0n ? text : undefined };
  }
  return cappedBinary(roundedToNano(scaled, -fraction.length));
}

function decimalQuantity(unscaled: bigint, scale: number, format: Format, { text, digits, empty }: { text: string; digits: string; empty: boolean }): Quantity {
  if (digits.length <= 18 && scale >= -9) return { unscaled, scale, format, small: true, text: keepsDecimal(digits, scale) ? text : undefined };
  if (empty) throw new QuantityError('unable to parse numeric part of quantity');
  return { ...roundedToNano(unscaled, scale), format, small: false, text: undefined };
}

function keepsDecimal(digits: string, scale: number): boolean {
  return scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
}

function readSuffix(suffix: string): { format: Format; exponent: number } {
  const decimal = DECIMAL.get(suffix);
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal };
  const binary = BINARY.get(suffix);
  if (binary !== undefined) return { format: 'BinarySI', exponent: binary };
  const exponent = /^[eE]([-+]?\d+)$/.exec(suffix)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > MAX_EXPONENT) throw new QuantityError("unable to parse quantity's suffix");
  return { format: 'DecimalExponent', exponent: Number(exponent) };
}

/** At least nine decimal places; what lies beyond them is rounded away from zero. */
function roundedToNano(unscaled: bigint, scale: number): { unscaled: bigint; scale: number } {
  if (scale >= -9) return { unscaled: unscaled * 10n ** BigInt(scale + 9), scale: -9 };
  return { unscaled: divideAwayFromZero(unscaled, 10n ** BigInt(-9 - scale)), scale: -9 };
}

function divideAwayFromZero(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by === 0n ? quotient : quotient + (value < 0n ? -1n : 1n);
}

function cappedBinary({ unscaled, scale }: { unscaled: bigint; scale: number }): Quantity {
  const one = 10n ** BigInt(-scale);
  const limit = MAX_INT64 * one;
  const size = unscaled < 0n ? -unscaled : unscaled;
  const kept = size > limit ? limit : size;
  return { unscaled: unscaled < 0n ? -kept : kept, scale, format: size < one && size > 0n ? 'DecimalSI' : 'BinarySI', small: false, text: undefined };
}

/** Reads a quantity from JSON: a string, a number, or null for zero. Throws QuantityError. */
export function quantityOfJson(value: RawJson): Quantity {
  if (value.kind === 'null') return parseQuantity('0');
  return parseQuantity((value.kind === 'string' ? value.text.slice(1, -1) : value.text).trim());
}

/** The quantity as Kubernetes writes it. */
export function quantityText(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return '0';
  if (quantity.format === 'BinarySI') {
    const integral = integerOf(quantity);
    if (integral !== undefined && (integral <= -1024n || integral >= 1024n)) return binaryText(integral);
  }
  return decimalText(quantity);
}

function integerOf({ unscaled, scale }: Quantity): bigint | undefined {
  if (scale >= 0) return unscaled * 10n ** BigInt(scale);
  const one = 10n ** BigInt(-scale);
  return unscaled % one === 0n ? unscaled / one : undefined;
}

function binaryText(value: bigint): string {
  let rest = value;
  let exponent = 0;
  for (; rest % 1024n === 0n; rest /= 1024n) exponent += 10;
  return `${rest}${suffixOf(BINARY, exponent)}`;
}

function decimalText({ unscaled, scale, format }: Quantity): string {
  let rest = unscaled;
  let exponent = scale;
  for (; rest % 10n === 0n; rest /= 10n) exponent++;
  for (; exponent % 3 !== 0; exponent--) rest *= 10n;
  if (format === 'DecimalExponent') return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  return `${rest}${suffixOf(DECIMAL, exponent)}`;
}

function suffixOf(table: ReadonlyMap<string, number>, exponent: number): string {
  return [...table].find(([, value]) => value === exponent)?.[0] ?? '';
}

/** The quantity times 10^-scale as a 64-bit number, rounded away from zero. Scale 0: the value, -3: thousandths. */
export function scaledValue(quantity: Quantity, scale: number): bigint {
  const difference = quantity.scale - scale;
  if (difference < 0) {
    const by = 10n ** BigInt(-difference);
    if (quantity.small) return divideAwayFromZero(quantity.unscaled, by);
    const rounded = quantity.unscaled / by;
    return BigInt.asIntN(64, quantity.unscaled > 0n && quantity.unscaled % by !== 0n ? rounded + 1n : rounded);
  }
  const value = quantity.unscaled * 10n ** BigInt(difference);
  const wrapped = BigInt.asIntN(64, value);
  return quantity.small && wrapped !== value ? 0n : wrapped;
}

/** The quantity as a floating-point number. */
export function approximate(quantity: Quantity): number {
  const base = Number(quantity.unscaled);
  return quantity.scale === 0 ? base : base * Number(`1e${quantity.scale}`);
}

/** What a container that names nothing is taken to use, and the unit in which each resource is counted. */
const DEFAULT_USE = { cpu: '100m', memory: '100Mi' };
const UNITS: Readonly<Record<string, string>> = { memory: '100Mi', storage: '10Gi', 'ephemeral-storage': '10Gi' };

export interface ContainerUse {
  limits?: Readonly<Record<string, string | number>>;
  requests?: Readonly<Record<string, string | number>>;
  /** How long the container ran. */
  seconds: number;
}

/** Argo's resourcesDuration of a Pod: seconds of each resource's unit (1 cpu, 100Mi memory). Throws QuantityError. */
export function resourcesDuration(containers: readonly ContainerUse[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { limits, requests, seconds } of containers) {
    const uses: Record<string, string | number> = { ...DEFAULT_USE, ...limits, ...requests };
    for (const [name, use] of Object.entries(uses)) {
      const milli = scaledValue(parseQuantity(String(use)), -3);
      const used = (BigInt(Math.trunc(seconds)) * milli) / scaledValue(parseQuantity(unitOf(name)), -3);
      total[name] = (total[name] ?? 0) + Number(used);
    }
  }
  return total;
}

function unitOf(resource: string): string {
  return UNITS[resource] ?? '1';
}

/** A resourcesDuration as Argo prints it: `3s*(1 cpu),30s*(100Mi memory)`. */
export function resourcesDurationText(duration: Readonly<Record<string, number>>): string {
  return Object.entries(duration).map(([name, seconds]) => `${formatDuration(BigInt(seconds) * 1_000_000_000n)}*(${unitOf(name)} ${name})`).join(',');
}
