import { civil, duration, formatDuration, formatTime, formatValue, fromCivil, GoFunc, GoLocation, GoNumber, GoTime, timeDifference, timeString, UTC, wrapInt, zoneAt } from '../go.ts';
import type { GoValue } from '../go.ts';
import { Panic } from './error.ts';

/** A method of one of Go's time types: its Go type and what it does. */
interface Method<T> {
  readonly type: string;
  readonly call: (self: T, args: readonly GoValue[]) => GoValue;
}

const SECOND = 1_000_000_000n;

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

function timeOf(value: GoValue | undefined): GoTime {
  return value instanceof GoTime ? value : ZERO_TIME;
}

function nanosecondsOf(value: GoValue | undefined): bigint {
  return value instanceof GoNumber && typeof value.value === 'bigint' ? value.value : 0n;
}

/** Go's time.Time{}: the first instant of the year 1. */
export const ZERO_TIME = fromCivil({ year: 1, month: 1, day: 1 });

function integer(pick: (time: GoTime) => number): Method<GoTime> {
  return { type: 'func() int', call: (time) => BigInt(pick(time)) };
}

function unix(unit: bigint): Method<GoTime> {
  return { type: 'func() int64', call: (time) => new GoNumber('int64', wrapInt(floorDivide(time.nanoseconds, unit))) };
}

function comparison(test: (difference: bigint) => boolean): Method<GoTime> {
  return { type: 'func(time.Time) bool', call: (time, [other]) => test(time.nanoseconds - timeOf(other).nanoseconds) };
}

/** Truncate and Round count from the first instant of the year 1. */
function rounded(time: GoTime, unit: bigint, half: boolean): GoTime {
  if (unit <= 0n) return time;
  const since = time.nanoseconds - ZERO_TIME.nanoseconds;
  const rest = ((since % unit) + unit) % unit;
  const up = half && rest + rest >= unit;
  return new GoTime(time.nanoseconds - rest + (up ? unit : 0n), time.location);
}

function addDate(time: GoTime, years: number, months: number, days: number): GoTime {
  const c = civil(time);
  return fromCivil({ ...c, year: c.year + years, month: c.month + months, day: c.day + days }, time.location);
}

/** The year of the week, by its Thursday. */
function isoYear(time: GoTime): number {
  return civil(addDate(time, 0, 0, 4 - (civil(time).weekday || 7))).year;
}

const TIME: Readonly<Record<string, Method<GoTime>>> = {
  Year: integer((t) => civil(t).year), Day: integer((t) => civil(t).day), Hour: integer((t) => civil(t).hour), Minute: integer((t) => civil(t).minute),
  Second: integer((t) => civil(t).second), Nanosecond: integer((t) => civil(t).nanosecond), YearDay: integer((t) => civil(t).yearDay),
  Month: { type: 'func() time.Month', call: (t) => new GoNumber('time.Month', BigInt(civil(t).month)) },
  Weekday: { type: 'func() time.Weekday', call: (t) => new GoNumber('time.Weekday', BigInt(civil(t).weekday)) },
  Unix: unix(SECOND), UnixMilli: unix(1_000_000n), UnixMicro: unix(1000n), UnixNano: unix(1n),
  After: comparison((d) => d > 0n), Before: comparison((d) => d < 0n), Equal: comparison((d) => d === 0n),
  Compare: { type: 'func(time.Time) int', call: (t, [other]) => (t.nanoseconds < timeOf(other).nanoseconds ? -1n : t.nanoseconds > timeOf(other).nanoseconds ? 1n : 0n) },
  IsZero: { type: 'func() bool', call: (t) => t.nanoseconds === ZERO_TIME.nanoseconds },
  IsDST: { type: 'func() bool', call: (t) => isSummerTime(t) },
  Add: { type: 'func(time.Duration) time.Time', call: (t, [d]) => new GoTime(t.nanoseconds + nanosecondsOf(d), t.location) },
  Sub: { type: 'func(time.Time) time.Duration', call: (t, [other]) => timeDifference(t, timeOf(other)) },
  AddDate: { type: 'func(int, int, int) time.Time', call: (t, [y, m, d]) => addDate(t, small(y), small(m), small(d)) },
  Truncate: { type: 'func(time.Duration) time.Time', call: (t, [d]) => rounded(t, nanosecondsOf(d), false) },
  Round: { type: 'func(time.Duration) time.Time', call: (t, [d]) => rounded(t, nanosecondsOf(d), true) },
  Format: { type: 'func(string) string', call: (t, [layout]) => formatTime(t, typeof layout === 'string' ? layout : '') },
  String: { type: 'func() string', call: timeString }, GoString: { type: 'func() string', call: (t) => `time.Date(${formatValue(t)})` },
  UTC: { type: 'func() time.Time', call: (t) => new GoTime(t.nanoseconds, UTC) }, Local: { type: 'func() time.Time', call: (t) => new GoTime(t.nanoseconds, new GoLocation('Local', 0)) },
  // Of several results an expression sees the first.
  Date: { type: 'func() (int, time.Month, int)', call: (t) => BigInt(civil(t).year) }, Clock: { type: 'func() (int, int, int)', call: (t) => BigInt(civil(t).hour) },
  ISOWeek: { type: 'func() (int, int)', call: (t) => BigInt(isoYear(t)) }, Zone: { type: 'func() (string, int)', call: (t) => formatTime(t, 'MST') },
  In: { type: 'func(*time.Location) time.Time', call: inZone }, Location: { type: 'func() *time.Location', call: (t) => t.location },
};

function small(value: GoValue | undefined): number {
  return typeof value === 'bigint' ? Math.max(Math.min(Number(value), 1e6), -1e6) : 0;
}

function inZone(time: GoTime, [zone]: readonly GoValue[]): GoValue {
  if (!(zone instanceof GoLocation)) throw new Panic('time: missing Location in call to Time.In');
  return new GoTime(time.nanoseconds, zone);
}

function isSummerTime(time: GoTime): boolean {
  const c = civil(time);
  const offsets = [1, 7].map((month) => zoneAt(time.location, Number(fromCivil({ year: c.year, month, day: 1 }).nanoseconds / SECOND)).offset);
  return c.offset > Math.min(...offsets);
}

function inUnits(unit: number): Method<GoNumber> {
  return { type: 'func() float64', call: (d) => Number(d.value) / unit };
}

function whole(unit: bigint): Method<GoNumber> {
  return { type: 'func() int64', call: (d) => new GoNumber('int64', nanosecondsOf(d) / unit) };
}

function roundedDuration(d: bigint, unit: bigint, half: boolean): bigint {
  if (unit <= 0n) return d;
  const rest = d % unit;
  const size = rest < 0n ? -rest : rest;
  const away = half && size + size >= unit ? unit : 0n;
  return d - rest + (d < 0n ? -away : away);
}

const DURATION: Readonly<Record<string, Method<GoNumber>>> = {
  Hours: inUnits(3.6e12), Minutes: inUnits(6e10), Seconds: inUnits(1e9), Milliseconds: whole(1_000_000n), Microseconds: whole(1000n), Nanoseconds: whole(1n),
  String: { type: 'func() string', call: (d) => formatDuration(nanosecondsOf(d)) },
  Abs: { type: 'func() time.Duration', call: (d) => duration(nanosecondsOf(d) < 0n ? -nanosecondsOf(d) : nanosecondsOf(d)) },
  Truncate: { type: 'func(time.Duration) time.Duration', call: (d, [unit]) => duration(roundedDuration(nanosecondsOf(d), nanosecondsOf(unit), false)) },
  Round: { type: 'func(time.Duration) time.Duration', call: (d, [unit]) => duration(roundedDuration(nanosecondsOf(d), nanosecondsOf(unit), true)) },
};
const LOCATION: Readonly<Record<string, Method<GoLocation>>> = { String: { type: 'func() string', call: (location) => location.name } };
const NAMED: Readonly<Record<string, Method<GoNumber>>> = { String: { type: 'func() string', call: (value) => formatValue(value) } };
const BY_TYPE: Readonly<Record<string, Readonly<Record<string, Method<never>>>>> = {
  'time.Time': TIME, 'time.Duration': DURATION, '*time.Location': LOCATION, 'time.Month': NAMED, 'time.Weekday': NAMED,
};

/** @returns the Go type of a method of a Go type, undefined where there is none of that name */
export function methodType(type: string, name: string): string | undefined {
  const methods = BY_TYPE[type];
  return methods !== undefined && Object.hasOwn(methods, name) ? methods[name]?.type : undefined;
}

/** @returns a method bound to its value */
export function method(value: GoValue, type: string, name: string): GoFunc | undefined {
  const found = methodType(type, name) === undefined ? undefined : BY_TYPE[type]?.[name] as Method<GoValue> | undefined;
  return found === undefined ? undefined : new GoFunc(found.type, (args) => found.call(value, args));
}
