/** jq's times: broken down to lists of numbers, in UTC. The directives and messages of formats are those of gojq's timefmt. */
import { civil, fromCivil, GoTime, MONTHS, parseTime, quote, TimeError, WEEKDAYS } from './go.ts';
import { JqError, type JqValue } from './jq-parse.ts';
import { integerOf, isNumber } from './jq-values.ts';

const SECOND = 1_000_000_000n;

/** Seconds since the epoch as [year, month from 0, day, hour, minute, second, weekday, day of the year from 0]. */
export function brokenDown(seconds: number): JqValue[] {
  const nanoseconds = BigInt(Math.trunc((seconds - Math.floor(seconds)) * 1e9) || 0);
  const { year, month, day, hour, minute, second, weekday, yearDay, nanosecond } = civil(new GoTime(integerOf(seconds) * SECOND + nanoseconds));
  return [year, month - 1, day, hour, minute, second + nanosecond / 1e9, weekday, yearDay - 1].map((part) => (Number.isInteger(part) ? BigInt(part) : part));
}

/** Seconds since the epoch of a broken down time. Throws JqError. */
export function secondsOf(time: readonly JqValue[]): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = time.slice(0, 8).map((part) => {
    if (!isNumber(part)) throw new JqError('expected an array of 8 numbers');
    return Number(part);
  });
  const whole = [year, month + 1, day, hour, minute, second].map((part) => Number(integerOf(part)));
  const [y = 0, m = 1, d = 0, h = 0, min = 0, s = 0] = whole;
  const { nanoseconds } = fromCivil({ year: y, month: m, day: d, hour: h, minute: min, second: s });
  return Number(nanoseconds / SECOND) + Math.trunc((second - Math.floor(second)) * 1e9) / 1e9;
}

/** What a directive stands for: a number and its width, or a text. */
type Part = { number: number; width: number; blank?: boolean } | string;

/** Directives that stand for several. */
const COMPOUND: Readonly<Record<string, string>> = { c: '%a %b %e %H:%M:%S %Y', '+': '%a %b %e %H:%M:%S %Z %Y', v: '%e-%b-%Y', r: '%I:%M:%S %p', F: '%Y-%m-%d', D: '%m/%d/%y', x: '%m/%d/%y', T: '%H:%M:%S', X: '%H:%M:%S', R: '%H:%M' };

/** A time put through strftime. */
export function formatDate(seconds: number, format: string): string {
  const time = civil(new GoTime(integerOf(Math.floor(seconds)) * SECOND));
  const parts = partsOf(time, seconds);
  return format.replace(/%([-_^#0]*)([1-9]\d*)?(.)/gs, (whole, flags: string, wide: string | undefined, letter: string) => {
    const compound = COMPOUND[letter];
    if (compound !== undefined) return formatDate(seconds, compound);
    const part = parts[letter];
    return part === undefined ? whole : written(part, flags, Number(wide ?? 0));
  });
}

function written(part: Part, flags: string, wide: number): string {
  const pad = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : undefined;
  if (typeof part === 'string') {
    const text = flags.includes('#') ? part.toLowerCase() === part || part.toUpperCase() === part ? part.toLowerCase() : part.toUpperCase() : flags.includes('^') ? part.toUpperCase() : part;
    return flags.includes('-') ? text : text.padStart(Math.min(wide, 1024), pad ?? ' ');
  }
  if (flags.includes('-')) return String(part.number);
  return String(part.number).padStart(Math.max(Math.min(wide, 1024), part.width), pad ?? (part.blank === true ? ' ' : '0'));
}

function partsOf({ year, month, day, hour, minute, second, weekday, yearDay, nanosecond }: ReturnType<typeof civil>, seconds: number): Readonly<Record<string, Part>> {
  const monthName = MONTHS[month - 1] ?? '';
  const dayName = WEEKDAYS[weekday] ?? '';
  const two = (number: number, blank = false): Part => ({ number, width: 2, blank });
  // The week that holds the Thursday is the week of the year that Thursday is in.
  const thursday = civil(fromCivil({ year, month, day: day + 4 - (weekday === 0 ? 7 : weekday) }));
  return {
    Y: { number: year, width: 4 }, C: two(Math.floor(year / 100)), y: two(year % 100), G: { number: thursday.year, width: 4 }, g: two(thursday.year % 100), m: two(month), d: two(day), e: two(day, true),
    H: two(hour), k: two(hour, true), I: two(hour % 12 === 0 ? 12 : hour % 12), l: two(hour % 12 === 0 ? 12 : hour % 12, true), M: two(minute), S: two(second), f: { number: Math.trunc(nanosecond / 1000), width: 6 },
    j: { number: yearDay, width: 3 }, U: two(Math.floor((yearDay + 6 - weekday) / 7)), W: two(Math.floor((yearDay + (weekday > 0 ? 7 - weekday : 0)) / 7)), V: two(Math.floor((thursday.yearDay - 1) / 7) + 1),
    u: { number: weekday === 0 ? 7 : weekday, width: 1 }, w: { number: weekday, width: 1 }, s: { number: Math.floor(seconds), width: 1, blank: true },
    p: hour < 12 ? 'AM' : 'PM', P: hour < 12 ? 'am' : 'pm', Z: 'UTC', z: '+0000', a: dayName.slice(0, 3), A: dayName, b: monthName.slice(0, 3), h: monthName.slice(0, 3), B: monthName, n: '\n', t: '\t', '%': '%',
  };
}

/** strptime: the broken down time that a text names. Throws JqError. */
export function parseDate(text: string, format: string): JqValue[] {
  try {
    return new DateReader(text).read(format);
  } catch (error) {
    if (!(error instanceof JqError)) throw error;
    throw new JqError(`failed to parse ${quote(text)} with ${quote(format)}: ${error.message}`, { cause: error });
  }
}

/** Directives of numbers: digits at most, least, most, and the field they fill. */
const NUMBERS: Readonly<Record<string, readonly [number, number, number, keyof Fields]>> = {
  m: [2, 1, 12, 'month'], d: [2, 1, 31, 'day'], e: [2, 1, 31, 'day'], j: [3, 1, 366, 'yearDay'], H: [2, 0, 23, 'hour'], k: [2, 0, 23, 'hour'], I: [2, 1, 12, 'hour'], l: [2, 1, 12, 'hour'],
  M: [2, 0, 59, 'minute'], S: [2, 0, 60, 'second'], C: [2, 0, 99, 'century'], w: [1, 0, 6, 'ignored'], u: [1, 1, 7, 'ignored'], Y: [4, 0, 9999, 'year'], y: [2, 0, 99, 'year'],
};

interface Fields {
  year: number; month: number; day: number; yearDay: number; hour: number; minute: number; second: number; century: number; ignored: number;
}

class DateReader {
  private readonly text: string;
  private at = 0;
  private readonly fields: Fields = { year: 1900, month: 1, day: 0, yearDay: 0, hour: 0, minute: 0, second: 0, century: -1, ignored: 0 };
  private fraction = 0;
  private afternoon = false;
  private offset = 0;

  constructor(text: string) {
    this.text = text;
  }

  read(format: string): JqValue[] {
    this.follow(format);
    if (this.at < this.text.length) throw new JqError(`unparsed string ${quote(this.text.slice(this.at))}`);
    const { year, month, day, yearDay, hour, minute, second, century } = this.fields;
    const inYear = day === 0 && yearDay > 0;
    const time = fromCivil({
      year: century < 0 ? year : century * 100 + (year % 100), month: inYear ? 1 : month, day: inYear ? yearDay : day === 0 ? 1 : day, hour: hour + (this.afternoon ? 12 : 0), minute, second,
    });
    return brokenDown(Number(time.nanoseconds / SECOND) - this.offset + this.fraction);
  }

  private follow(format: string): void {
    for (let i = 0; i < format.length; i++) {
      const c = format.charAt(i);
      if (c !== '%') this.expect(c);
      else if (++i === format.length) throw new JqError('stray "%"');
      else this.directive(format.charAt(i));
    }
  }

  private expect(c: string): void {
    if (this.text[this.at] !== c) throw new JqError(`expected '${c === "'" ? String.raw`\'` : c}'`);
    this.at++;
  }

  private directive(letter: string): void {
    const compound = COMPOUND[letter];
    const number = NUMBERS[letter];
    if (compound !== undefined) this.follow(compound);
    else if (number !== undefined) this.number(letter, ...number);
    else if ('bBhaA'.includes(letter)) this.name(letter);
    else switch (letter) {
      case 'p': case 'P': this.afternoon = this.oneOf(['AM', 'PM'], letter) === 1; return;
      case 's': this.unix(); return;
      case 'f': this.fraction = Number(this.take(/\d{1,6}/y, letter).padEnd(6, '0')) / 1e6; return;
      case 'Z': this.zone(); return;
      case 'z': this.shift(); return;
      case 'n': case 't': if (this.match(/[ \t-\r]+/y) === undefined) throw new JqError(`expected a space for "%${letter}"`); return;
      case '%': this.expect('%'); return;
      default: throw new JqError(`unexpected format "%${letter}"`);
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private take(pattern: RegExp, letter: string): string {
    const found = this.match(pattern);
    if (found === undefined) throw new JqError(`cannot parse "%${letter}"`);
    return found;
  }

  private number(letter: string, digits: number, least: number, most: number, field: keyof Fields): void {
    if ('ekl'.includes(letter)) this.match(/ /y);
    const negative = letter === 'Y' && this.match(/-/y) !== undefined;
    const value = Number(this.take(new RegExp(`\\d{1,${digits}}`, 'y'), letter));
    if (value < least || value > most) throw new JqError(`cannot parse "%${letter}"`);
    if ('Il'.includes(letter)) this.fields.hour = value % 12;
    else this.fields[field] = letter === 'y' ? value + (value < 69 ? 2000 : 1900) : negative ? -value : value;
  }

  private oneOf(names: readonly string[], letter: string): number {
    const rest = this.text.slice(this.at).toLowerCase();
    const index = names.findIndex((name) => rest.startsWith(name.toLowerCase()));
    if (index < 0) throw new JqError(`cannot parse "%${letter}"`);
    this.at += names[index]?.length ?? 0;
    return index;
  }

  private name(letter: string): void {
    const long = letter === 'A' || letter === 'B';
    const index = this.oneOf(('aA'.includes(letter) ? WEEKDAYS : MONTHS).map((name) => (long ? name : name.slice(0, 3))), letter);
    if (!'aA'.includes(letter)) this.fields.month = index + 1;
  }

  private unix(): void {
    const { year, month, day, hour, minute, second } = civil(new GoTime(BigInt(this.take(/-?\d{1,19}/y, 's')) * SECOND));
    Object.assign(this.fields, { year, month, day, hour, minute, second });
  }

  private zone(): void {
    const name = this.match(/[A-Z]*/y) ?? '';
    try {
      parseTime('MST', name);
    } catch (error) {
      if (error instanceof TimeError) throw new JqError(`cannot parse ${quote(name)} with "%Z"`, { cause: error });
      throw error;
    }
  }

  private shift(): void {
    if (this.match(/Z/y) !== undefined) return;
    const [, sign, hours, minutes = '0'] = /^([+-])([01]\d|2[0-3])(?::?([0-5]\d))?/.exec(this.take(/[+-](?:[01]\d|2[0-3])(?::?[0-5]\d|:)?/y, 'z')) ?? [];
    this.offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60;
  }
}
