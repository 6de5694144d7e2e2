/** jq's times: broken down to lists of numbers, in UTC. */
import { civil, fromCivil, GoTime, MONTHS, WEEKDAYS } from './go.ts';
import { JqError, type JqValue } from './jq-parse.ts';
import { described, isArray, isNumber } from './jq-values.ts';

/** Seconds since the epoch as [year, month from 0, day, hour, minute, second, weekday, day of the year from 0]. */
export function brokenDown(seconds: number): JqValue[] {
  const whole = Math.floor(seconds);
  const { year, month, day, hour, minute, second, weekday, yearDay } = civil(new GoTime(BigInt(whole) * 1_000_000_000n));
  const rest = seconds - whole;
  return [year, month - 1, day, hour, minute, rest === 0 ? second : second + rest, weekday, yearDay - 1].map((part) => (Number.isInteger(part) ? BigInt(part) : part));
}

/** Seconds since the epoch of a broken down time. Throws JqError. */
export function secondsOf(time: readonly JqValue[]): bigint {
  const [year = 1970, month = 0, day = 1, hour = 0, minute = 0, second = 0] = time.map((part) => {
    if (!isNumber(part)) throw new JqError(`mktime cannot be applied to: ${described(time)}`);
    return Math.floor(Number(part));
  });
  return fromCivil({ year, month: month + 1, day, hour, minute, second }).nanoseconds / 1_000_000_000n;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A time put through C's strftime. */
export function formatDate(time: JqValue, format: string): string {
  const seconds = isArray(time) ? Number(secondsOf(time)) : Math.floor(Number(time));
  const { year, month, day, hour, minute, second, weekday, yearDay } = civil(new GoTime(BigInt(seconds) * 1_000_000_000n));
  const monthName = MONTHS[month - 1] ?? '';
  const dayName = WEEKDAYS[weekday] ?? '';
  const parts: Readonly<Record<string, string>> = {
    Y: String(year), C: two(Math.floor(year / 100)), y: two(year % 100), m: two(month), d: two(day), e: String(day).padStart(2, ' '), H: two(hour), k: String(hour).padStart(2, ' '),
    I: two(hour % 12 === 0 ? 12 : hour % 12), M: two(minute), S: two(second), p: hour < 12 ? 'AM' : 'PM', j: String(yearDay).padStart(3, '0'), Z: 'UTC', z: '+0000',
    a: dayName.slice(0, 3), A: dayName, b: monthName.slice(0, 3), h: monthName.slice(0, 3), B: monthName, u: String(weekday === 0 ? 7 : weekday), w: String(weekday),
    s: String(seconds), n: '\n', t: '\t', '%': '%', F: `${year}-${two(month)}-${two(day)}`, T: `${two(hour)}:${two(minute)}:${two(second)}`, R: `${two(hour)}:${two(minute)}`,
    D: `${two(month)}/${two(day)}/${two(year % 100)}`, c: `${dayName.slice(0, 3)} ${monthName.slice(0, 3)} ${String(day).padStart(2, ' ')} ${two(hour)}:${two(minute)}:${two(second)} ${year}`,
  };
  return format.replace(/%(.)/gs, (whole, letter: string) => parts[letter] ?? whole);
}

const DIGITS: Readonly<Record<string, string>> = { Y: '(?<Y>\\d{4})', m: '(?<m>\\d{1,2})', d: '(?<d>\\d{1,2})', e: ' ?(?<d>\\d{1,2})', H: '(?<H>\\d{1,2})', M: '(?<M>\\d{1,2})', S: '(?<S>\\d{1,2})', y: '(?<y>\\d{2})', j: '(?<j>\\d{1,3})' };
const WORDS: Readonly<Record<string, string>> = { b: '(?<b>[A-Za-z]+)', B: '(?<b>[A-Za-z]+)', h: '(?<b>[A-Za-z]+)', a: '[A-Za-z]+', A: '[A-Za-z]+', Z: '(?<Z>[A-Za-z]+)', z: '(?<z>Z|[+-]\\d{2}:?\\d{2})', '%': '%', n: '\\s+', t: '\\s+' };

/** C's strptime: the broken down time a text names. Throws JqError. */
export function parseDate(text: string, format: string): JqValue[] {
  const expanded = format.replaceAll('%F', '%Y-%m-%d').replaceAll('%T', '%H:%M:%S').replaceAll('%R', '%H:%M');
  const source = expanded.replace(/%(.)|[\\^$.*+?()[\]{}|/]/gs, (whole, letter: string | undefined) => (letter === undefined ? `\\${whole}` : DIGITS[letter] ?? WORDS[letter] ?? whole));
  let parts: Readonly<Record<string, string | undefined>> | undefined;
  try {
    parts = new RegExp(`^${source}$`).exec(text)?.groups;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // a directive named twice
  }
  if (parts === undefined) throw new JqError(`strptime(${JSON.stringify(format)}) cannot be applied to: ${described(text)}`);
  const number = (name: string, otherwise: number): number => (parts[name] === undefined ? otherwise : Number(parts[name]));
  const named = MONTHS.findIndex((month) => month.slice(0, 3).toLowerCase() === (parts.b ?? '').slice(0, 3).toLowerCase());
  const month = named >= 0 ? named + 1 : number('m', 1);
  const short = number('y', -1);
  const year = short < 0 ? number('Y', 1900) : short + (short < 69 ? 2000 : 1900);
  const time = fromCivil({ year, month, day: number('d', 1), hour: number('H', 0), minute: number('M', 0), second: number('S', 0) });
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(parts.z ?? '');
  const shift = offset === null ? 0 : (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60;
  return brokenDown(Number(time.nanoseconds / 1_000_000_000n) - shift);
}
