/**
 * Schedules of CronWorkflows: reading them and finding the next times. Argo: robfig/cron v3 ParseStandard, with `timezone`
 * put before the schedule as `CRON_TZ=`.
 */
import { civil, fromCivil, GoTime, loadLocation, NumberError, parseDuration, parseInteger, TimeError, UTC, type GoLocation } from './go.ts';

/** A schedule that cannot be read; the message is Argo's. */
export class CronError extends Error {}

export type CronSchedule =
  | { kind: 'every'; seconds: bigint }
  | { kind: 'spec'; location: GoLocation | undefined; minutes: Field; hours: Field; days: Field; months: Field; weekdays: Field };

interface Field {
  values: ReadonlySet<number>;
  /** Written as `*` or `?`: leaves the choice of the day to the other day field. */
  any: boolean;
}

interface Bounds {
  min: number;
  max: number;
  names: readonly string[];
}

const MINUTES: Bounds = { min: 0, max: 59, names: [] };
const HOURS: Bounds = { min: 0, max: 23, names: [] };
const DAYS: Bounds = { min: 1, max: 31, names: [] };
const MONTHS: Bounds = { min: 1, max: 12, names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] };
const WEEKDAYS: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
};

const SECOND = 1_000_000_000n;
/** How far ahead a next time is looked for. */
const YEARS = 5;

/** The schedule as Argo reads it: with the CronWorkflow's `timezone`, when it has one. */
export function fullSchedule(schedule: string, timezone: string | undefined): string {
  return timezone === undefined || timezone === '' ? schedule : `CRON_TZ=${timezone} ${schedule}`;
}

/** Reads a schedule: five fields, `@every 1h30m`, `@daily` and the like, after an optional `CRON_TZ=zone`. Throws CronError. */
export function parseSchedule(text: string): CronSchedule {
  if (text === '') throw new CronError('empty spec string');
  let spec = text;
  let location: GoLocation | undefined;
  if (spec.startsWith('TZ=') || spec.startsWith('CRON_TZ=')) {
    const space = spec.indexOf(' ');
    // Argo panics here.
    if (space < 0) throw new CronError(`the schedule ${JSON.stringify(text)} is a time zone only`);
    location = zone(spec.slice(spec.indexOf('=') + 1, space));
    spec = spec.slice(space).trim();
  }
  return spec.startsWith('@') ? descriptor(spec, location) : fields(spec, location);
}

function zone(name: string): GoLocation {
  try {
    return loadLocation(name);
  } catch (error) {
    throw new CronError(`provided bad location ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function descriptor(spec: string, location: GoLocation | undefined): CronSchedule {
  const standard = DESCRIPTORS[spec];
  if (standard !== undefined) return fields(standard, location);
  if (!spec.startsWith('@every ')) throw new CronError(`unrecognized descriptor: ${spec}`);
  try {
    const seconds = parseDuration(spec.slice('@every '.length)) / SECOND;
    return { kind: 'every', seconds: seconds < 1n ? 1n : seconds };
  } catch (error) {
    if (error instanceof TimeError) throw new CronError(`failed to parse duration ${spec}: ${error.message}`, { cause: error });
    throw error;
  }
}

function fields(spec: string, location: GoLocation | undefined): CronSchedule {
  const parts = spec.split(/[\p{White_Space}]+/u).filter((part) => part !== '');
  if (parts.length !== 5) throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`);
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = parts;
  return {
    kind: 'spec', location, minutes: field(minutes, MINUTES), hours: field(hours, HOURS), days: field(days, DAYS), months: field(months, MONTHS),
    weekdays: field(weekdays, WEEKDAYS),
  };
}

function field(text: string, bounds: Bounds): Field {
  const values = new Set<number>();
  let any = false;
  for (const part of text.split(',')) {
    if (part === '') continue;
    const range = readRange(part, bounds);
    any ||= range.any;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return { values, any };
}

function readRange(text: string, bounds: Bounds): { from: number; to: number; step: number; any: boolean } {
  const [span = '', stepText, ...tooMany] = text.split('/');
  const [low = '', high, ...more] = span.split('-');
  let any = false;
  let from = bounds.min;
  let to = bounds.max;
  if (low === '*' || low === '?') any = true;
  else {
    from = value(low, bounds);
    if (more.length > 0) throw new CronError(`too many hyphens: ${text}`);
    to = high === undefined ? from : value(high, bounds);
  }
  let step = 1;
  if (tooMany.length > 0) throw new CronError(`too many slashes: ${text}`);
  if (stepText !== undefined) {
    step = number(stepText);
    if (high === undefined && !any) to = bounds.max;
    if (step > 1) any = false;
  }
  if (from < bounds.min) throw new CronError(`beginning of range (${from}) below minimum (${bounds.min}): ${text}`);
  if (to > bounds.max) throw new CronError(`end of range (${to}) above maximum (${bounds.max}): ${text}`);
  if (from > to) throw new CronError(`beginning of range (${from}) beyond end of range (${to}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  return { from, to, step, any };
}

function value(text: string, { names }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  return text !== '' && named >= 0 ? named : number(text);
}

function number(text: string): number {
  let parsed: number;
  try {
    parsed = Number(parseInteger(text, 10, 'Atoi'));
  } catch (error) {
    if (error instanceof NumberError) throw new CronError(`failed to parse int from ${text}: ${error.message}`, { cause: error });
    throw error;
  }
  if (parsed < 0) throw new CronError(`negative number (${parsed}) not allowed: ${text}`);
  return parsed;
}

/**
 * The first time after `after` that the schedule names, ms since the epoch; undefined when there is none within five
 * years. `location`: the zone of schedules that name none (default UTC).
 */
export function nextTime(schedule: CronSchedule, after: number, location: GoLocation = UTC): number | undefined {
  const next = following(schedule, new GoTime(BigInt(Math.floor(after)) * 1_000_000n, location));
  return next === undefined ? undefined : Number(next.nanoseconds / 1_000_000n);
}

/** As nextTime, in Go's times: the result is in the zone of `after`. */
export function following(schedule: CronSchedule, after: GoTime): GoTime | undefined {
  const whole = after.nanoseconds - modulo(after.nanoseconds, SECOND);
  if (schedule.kind === 'every') return new GoTime(whole + schedule.seconds * SECOND, after.location);
  const location = schedule.location ?? after.location;
  const found = search(schedule, new GoTime(whole + SECOND, location));
  return found === undefined ? undefined : new GoTime(found.nanoseconds, after.location);
}

function modulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

type Spec = CronSchedule & { kind: 'spec' };

/**
 * Looks for the next time field by field, from the months down, starting over whenever a field turns over. Around changes
 * of daylight saving time the steps are those of robfig/cron: an hour that is skipped is not made up for, one that is
 * repeated counts twice.
 */
function search(spec: Spec, start: GoTime): GoTime | undefined {
  const lastYear = civil(start).year + YEARS;
  let time = start;
  let added = false;
  for (;;) {
    if (civil(time).year > lastYear) return undefined;
    const month = advance(time, added, (t) => spec.months.values.has(civil(t).month), startOfMonth, nextMonth, (t) => civil(t).month === 1);
    ({ time, added } = month);
    if (civil(time).year > lastYear) return undefined;
    if (month.wrapped) continue;
    const day = advance(time, added, (t) => dayMatches(spec, t), startOfDay, nextDay, (t) => civil(t).day === 1);
    ({ time, added } = day);
    if (day.wrapped) continue;
    const hour = advance(time, added, (t) => spec.hours.values.has(civil(t).hour), startOfHour, (t) => plus(t, 3600n), (t) => civil(t).hour === 0);
    ({ time, added } = hour);
    if (hour.wrapped) continue;
    const minute = advance(time, added, (t) => spec.minutes.values.has(civil(t).minute), startOfMinute, (t) => plus(t, 60n), (t) => civil(t).minute === 0);
    ({ time, added } = minute);
    if (minute.wrapped) continue;
    const second = advance(time, added, (t) => civil(t).second === 0, (t) => t, (t) => plus(t, 1n), (t) => civil(t).second === 0);
    ({ time, added } = second);
    if (second.wrapped) continue;
    return time;
  }
}

interface Advance {
  time: GoTime;
  added: boolean;
  wrapped: boolean;
}

/** Steps until a field fits; `wrapped` when the next larger field has turned over meanwhile. */
function advance(from: GoTime, added: boolean, fits: (time: GoTime) => boolean, start: (time: GoTime) => GoTime, step: (time: GoTime) => GoTime, turned: (time: GoTime) => boolean): Advance {
  let time = from;
  let begun = added;
  while (!fits(time)) {
    if (!begun) time = start(time);
    begun = true;
    time = step(time);
    if (turned(time)) return { time, added: begun, wrapped: true };
  }
  return { time, added: begun, wrapped: false };
}

function plus(time: GoTime, seconds: bigint): GoTime {
  return new GoTime(time.nanoseconds + seconds * SECOND, time.location);
}

function startOfMonth(time: GoTime): GoTime {
  const { year, month } = civil(time);
  return fromCivil({ year, month, day: 1 }, time.location);
}

function startOfDay(time: GoTime): GoTime {
  const { year, month, day } = civil(time);
  return fromCivil({ year, month, day }, time.location);
}

function startOfHour(time: GoTime): GoTime {
  const { year, month, day, hour } = civil(time);
  return fromCivil({ year, month, day, hour }, time.location);
}

function startOfMinute(time: GoTime): GoTime {
  return new GoTime(time.nanoseconds - modulo(time.nanoseconds, 60n * SECOND), time.location);
}

function nextMonth(time: GoTime): GoTime {
  const { year, month, day, hour, minute, second } = civil(time);
  return fromCivil({ year, month: month + 1, day, hour, minute, second }, time.location);
}

/** The same time of the next day; where midnight does not exist, the first hour that does. */
function nextDay(time: GoTime): GoTime {
  const { year, month, day, hour, minute, second } = civil(time);
  const next = fromCivil({ year, month, day: day + 1, hour, minute, second }, time.location);
  const at = civil(next).hour;
  if (at === 0) return next;
  return at > 12 ? plus(next, BigInt(24 - at) * 3600n) : plus(next, BigInt(-at) * 3600n);
}

function dayMatches({ days, weekdays }: Spec, time: GoTime): boolean {
  const { day, weekday } = civil(time);
  const inDays = days.values.has(day);
  const inWeekdays = weekdays.values.has(weekday);
  return days.any || weekdays.any ? inDays && inWeekdays : inDays || inWeekdays;
}
