/**
 * Durations, and the loose scalar types of Argo's fields: IntOrString, Amount, AnyString.
 * Argo: v1alpha1.ParseStringToDuration, argoproj/pkg/humanize, util/intstr, v1alpha1/amount.go, anystring.go.
 */
import { formatFloat, isValidJson, JsonError, NumberError, parseDuration, parseFloat64, parseInteger, TimeError, unmarshalJson, wrapInt } from './go.ts';
import { parseRawJson } from './json.ts';

/** A value that is no duration or number; the message is Argo's. */
export class ScalarError extends Error {}

const SECOND = 1_000_000_000n;

/**
 * Nanoseconds of a duration as Argo's fields write it: a whole number of seconds, or Go's form (`1h30m`). Numbers too
 * large wrap around, as in Go. Throws ScalarError.
 */
export function parseStringToDuration(text: string): bigint {
  const seconds = integer(text);
  if (seconds !== undefined) return wrapInt(seconds * SECOND);
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof TimeError) throw new ScalarError(`unable to parse ${text} as a duration: ${error.message}`, { cause: error });
    throw error;
  }
}

function integer(text: string): bigint | undefined {
  try {
    return parseInteger(text, 10, 'Atoi');
  } catch (error) {
    if (error instanceof NumberError) return undefined;
    throw error;
  }
}

const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const WEEK = 7n * DAY;
const MONTH = 30n * DAY;
const YEAR = 12n * MONTH;
const LONG = 37n * YEAR;

/** Up to which length (exclusive) a duration is said how; a unit of 0 means that the words are fixed. */
const STEPS: readonly (readonly [limit: bigint, words: string, unit: bigint])[] = [
  [SECOND, '0 seconds', 0n], [2n * SECOND, '1 second', 0n], [MINUTE, 'seconds', SECOND], [2n * MINUTE, '1 minute', 0n], [HOUR, 'minutes', MINUTE],
  [2n * HOUR, '1 hour', 0n], [DAY, 'hours', HOUR], [2n * DAY, '1 day', 0n], [WEEK, 'days', DAY], [2n * WEEK, '1 week', 0n], [MONTH, 'weeks', WEEK],
  [2n * MONTH, '1 month', 0n], [YEAR, 'months', MONTH], [18n * MONTH, '1 year', 0n], [2n * YEAR, '2 years', 0n], [LONG, 'years', YEAR],
];

/** A duration in words, its largest unit only: `2 minutes`. */
export function humanizeTruncated(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const step = STEPS.find(([limit]) => size < limit);
  if (step === undefined) return 'a long while';
  const [, words, unit] = step;
  return unit === 0n ? words : `${size / unit} ${words}`;
}

/** A duration in words, with what remains in the next smaller unit: `2 minutes 30 seconds`. */
export function humanizeDuration(nanoseconds: bigint): string {
  const whole = humanizeTruncated(nanoseconds);
  if (nanoseconds >= DAY) return `${whole} ${(nanoseconds / HOUR) % 24n} hours`;
  if (nanoseconds >= HOUR) return `${whole} ${(nanoseconds / MINUTE) % 60n} minutes`;
  if (nanoseconds >= MINUTE) return `${whole} ${(nanoseconds / SECOND) % 60n} seconds`;
  return whole;
}

/** The number an IntOrString stands for, cut to 32 bits; undefined for none. Throws ScalarError. */
export function int32Of(value: number | string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return value | 0;
  const number = integer(value);
  if (number === undefined) throw new ScalarError(`value '${value}' cannot be resolved to an int`);
  return Number(BigInt.asIntN(32, number));
}

/** As int32Of, but text that is no number counts as 0 and numbers out of range as the nearest in it (Go: IntValue). */
export function intValueOf(value: number | string): bigint {
  if (typeof value === 'number') return BigInt(value);
  try {
    return parseInteger(value, 10, 'Atoi');
  } catch (error) {
    if (error instanceof NumberError && error.reason === 'range') return value.startsWith('-') ? -(2n ** 63n) : 2n ** 63n - 1n;
    return 0n;
  }
}

/** Whether an IntOrString is a number, or a tag that may become one. */
export function isIntOrTag(value: number | string): boolean {
  return typeof value === 'number' || integer(value) !== undefined || (value.startsWith('{{') && value.endsWith('}}'));
}

/** Reads an IntOrString from JSON. `null` is 0. Throws ScalarError or JsonError. */
export function readIntOrString(json: string): number | string {
  const value = parseRawJson(json);
  if (value.kind === 'string') return JSON.parse(value.text) as string;
  if (value.kind === 'null') return 0;
  const refuse = (what: string): never => {
    throw new ScalarError(`json: cannot unmarshal ${what} into Go value of type int32`);
  };
  if (value.kind !== 'number') return refuse(value.kind);
  const number = integer(value.text);
  if (number === undefined || BigInt.asIntN(32, number) !== number) return refuse(`number ${value.text}`);
  return Number(number);
}

/** Reads an Amount (a number of a metric) from JSON. Throws JsonError or NumberError. */
export function readAmount(json: string): number {
  if (!isValidJson(json)) unmarshalJson(json); // throws and says where
  return parseFloat64(json.trim());
}

/** Reads an AnyString from JSON: numbers are written out in full, lists, maps and null become empty. Throws JsonError. */
export function readAnyString(json: string): string {
  const value = unmarshalJson(json);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'number' ? formatFloat(value, 'f') : '';
}

export { JsonError, NumberError };
