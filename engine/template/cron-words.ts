/** Schedules as people say them. */
import { CronError, parseSchedule, type CronSchedule } from './cron.ts';

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
/** More times of a day than these are not listed. */
const MOST_TIMES = 4;

type Spec = Extract<CronSchedule, { kind: 'spec' }>;

/** @returns `every 5 minutes`, `Monday to Friday at 03:00`; the schedule itself where words would be longer, or it cannot be read */
export function scheduleWords(text: string): string {
  let schedule: CronSchedule;
  try {
    schedule = parseSchedule(text);
  } catch (error) {
    if (error instanceof CronError) return text;
    throw error;
  }
  if (schedule.kind === 'every') return `every ${text.slice(text.indexOf('@every ') + '@every '.length).trim()}`;
  return specWords(schedule) ?? text;
}

function specWords(spec: Spec): string | undefined {
  const time = timeWords(spec);
  const day = dayWords(spec);
  if (time === undefined || day === undefined) return undefined;
  const months = spec.months.any ? '' : ` in ${sorted(spec.months.values).map((month) => MONTHS[month - 1] ?? '').join(', ')}`;
  if (time.startsWith('at ')) return `${day || 'every day'} ${time}${months}`;
  return `${time}${day && `, ${day}`}${months}`;
}

function timeWords({ minutes, hours }: Spec): string | undefined {
  const allHours = hours.values.size === 24;
  const every = stepOf(sorted(minutes.values), 60);
  if (allHours && every !== undefined) return every === 1 ? 'every minute' : every === 60 ? 'every hour' : `every ${every} minutes`;
  const [minute, ...more] = sorted(minutes.values);
  if (minute === undefined || more.length > 0) return undefined;
  if (allHours) return `every hour at :${two(minute)}`;
  const step = stepOf(sorted(hours.values), 24);
  if (step !== undefined && step > 1 && step < 24 && minute === 0) return `every ${step} hours`;
  return hours.values.size <= MOST_TIMES ? `at ${sorted(hours.values).map((hour) => `${two(hour)}:${two(minute)}`).join(', ')}` : undefined;
}

function dayWords({ days, weekdays }: Spec): string | undefined {
  const everyDay = days.values.size === 31;
  const everyWeekday = weekdays.values.size === 7;
  if (everyDay && everyWeekday) return '';
  if (everyDay) return weekdayWords(sorted(weekdays.values));
  return everyWeekday ? `on day ${sorted(days.values).join(', ')} of the month` : undefined;
}

function weekdayWords(values: number[]): string {
  const names = values.map((value) => WEEKDAYS[value] ?? '');
  const run = values.length > 2 && values.every((value, i) => i === 0 || value === (values[i - 1] ?? 0) + 1);
  return run ? `${names[0] ?? ''} to ${names.at(-1) ?? ''}` : values.length === 1 ? `every ${names[0] ?? ''}` : names.join(', ');
}

/** @returns n for 0, n, 2n, … below `end`, when n divides it */
function stepOf(values: number[], end: number): number | undefined {
  const step = end / values.length;
  return Number.isInteger(step) && values.every((value, i) => value === i * step) ? step : undefined;
}

function sorted(values: ReadonlySet<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
