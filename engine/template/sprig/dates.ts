import { formatDuration, formatTime, GoNumber, GoTime, loadLocation, parseDuration, parseTime, TimeError, UTC } from '../go.ts';
import type { FunctionHost, GoLocation, GoValue } from '../go.ts';
import { ZERO_TIME } from '../expr/methods.ts';
import { any, ANY, text } from './convert.ts';
import type { Entry } from './convert.ts';

const SECOND = 1_000_000_000n;

function present(host: FunctionHost): GoTime {
  return new GoTime(BigInt(Math.round(host.now())) * 1_000_000n);
}

/** What is no time and no whole number stands for the present: sprig's rule. */
function timeOf(value: GoValue, host: FunctionHost): GoTime {
  if (value instanceof GoTime) return value;
  if (typeof value === 'bigint') return new GoTime(value * SECOND);
  if (value instanceof GoNumber && typeof value.value === 'bigint' && (value.type === 'int64' || value.type === 'int32')) return new GoTime(value.value * SECOND);
  return present(host);
}

function zone(name: string): GoLocation {
  try {
    return loadLocation(name);
  } catch {
    return UTC;
  }
}

function show(layout: string, value: GoValue, zoneName: string, host: FunctionHost): string {
  return formatTime(new GoTime(timeOf(value, host).nanoseconds, zone(zoneName)), layout);
}

function shifted(args: readonly GoValue[], strict: boolean): GoValue {
  const time = any(args, 1);
  if (!(time instanceof GoTime)) return time;
  try {
    return new GoTime(time.nanoseconds + parseDuration(text(args, 0)), time.location);
  } catch (error) {
    if (!strict && error instanceof TimeError) return time;
    throw error;
  }
}

function parsed(args: readonly GoValue[]): GoValue {
  try {
    return parseTime(text(args, 0), text(args, 1));
  } catch (error) {
    if (error instanceof TimeError) return ZERO_TIME;
    throw error;
  }
}

/** Whole nanoseconds of a text as a Duration; 0 where it is none. */
function durationOrZero(value: string): bigint {
  try {
    return parseDuration(value);
  } catch (error) {
    if (error instanceof TimeError) return 0n;
    throw error;
  }
}

function ago(args: readonly GoValue[], host: FunctionHost): string {
  const since = present(host).nanoseconds - timeOf(any(args, 0), host).nanoseconds;
  const size = since < 0n ? -since : since;
  const rounded = (size + SECOND / 2n) / SECOND * SECOND;
  return formatDuration(since < 0n ? -rounded : rounded);
}

function seconds(value: GoValue): string {
  if (typeof value === 'string') return formatDuration(/^[+-]?\d+$/.test(value) ? BigInt.asIntN(64, BigInt(value) * SECOND) : 0n);
  if (value instanceof GoNumber && value.type === 'int64' && typeof value.value === 'bigint') return formatDuration(BigInt.asIntN(64, value.value * SECOND));
  return '0s';
}

const STEPS: readonly (readonly [bigint, string])[] = [[86400n * 365n, 'y'], [86400n * 30n, 'mo'], [86400n, 'd'], [3600n, 'h'], [60n, 'm'], [1n, 's']];

/** The largest whole unit of a duration. */
function roughly(value: GoValue, host: FunctionHost): string {
  let span = 0n;
  if (typeof value === 'string') span = durationOrZero(value);
  else if (value instanceof GoTime) span = present(host).nanoseconds - value.nanoseconds;
  else if (value instanceof GoNumber && value.type === 'int64' && typeof value.value === 'bigint') span = value.value;
  const size = span < 0n ? -span : span;
  const step = STEPS.find(([unit]) => size > unit * SECOND);
  return step === undefined ? '0s' : `${size / (step[0] * SECOND)}${step[1]}`;
}

const IN_ZONE: Entry = [`func(string, ${ANY}, string) string`, (args, host) => show(text(args, 0), any(args, 1), text(args, 2), host)];
const MODIFY: Entry = ['func(string, time.Time) time.Time', (args) => shifted(args, false)];
const MUST_MODIFY: Entry = ['func(string, time.Time) (time.Time, error)', (args) => shifted(args, true)];

export const DATES: Readonly<Record<string, Entry>> = {
  now: ['func() time.Time', (_args, host) => present(host)],
  ago: [`func(${ANY}) string`, ago],
  date: [`func(string, ${ANY}) string`, (args, host) => show(text(args, 0), any(args, 1), 'Local', host)],
  date_in_zone: IN_ZONE, dateInZone: IN_ZONE,
  date_modify: MODIFY, dateModify: MODIFY, must_date_modify: MUST_MODIFY, mustDateModify: MUST_MODIFY,
  duration: [`func(${ANY}) string`, (args) => seconds(any(args, 0))],
  durationRound: [`func(${ANY}) string`, (args, host) => roughly(any(args, 0), host)],
  htmlDate: [`func(${ANY}) string`, (args, host) => show('2006-01-02', any(args, 0), 'Local', host)],
  htmlDateInZone: [`func(${ANY}, string) string`, (args, host) => show('2006-01-02', any(args, 0), text(args, 1), host)],
  toDate: ['func(string, string) time.Time', parsed],
  mustToDate: ['func(string, string) (time.Time, error)', (args) => parseTime(text(args, 0), text(args, 1))],
  unixEpoch: ['func(time.Time) string', (args) => {
    const time = any(args, 0);
    if (!(time instanceof GoTime)) return '0';
    const rest = ((time.nanoseconds % SECOND) + SECOND) % SECOND;
    return String((time.nanoseconds - rest) / SECOND);
  }],
};
