import { duration, GoLocation, GoTime, UTC } from './values.ts';
import type { GoNumber } from './values.ts';
import { toBytes } from './strings.ts';

export const RFC3339 = '2006-01-02T15:04:05Z07:00';
export const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';
const SECOND = 1_000_000_000n;
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export { MONTHS, WEEKDAYS };

/** Floor division and remainder. */
function divide(a: bigint, b: bigint): [bigint, bigint] {
  const quotient = a / b;
  const rest = a % b;
  return rest < 0n ? [quotient - 1n, rest + b] : [quotient, rest];
}

/** The calendar fields of an instant in its zone. Month 1 to 12, weekday 0 = Sunday, offset in seconds east. */
export interface Civil {
  year: number; month: number; day: number; hour: number; minute: number; second: number; nanosecond: number;
  weekday: number; yearDay: number; offset: number; abbreviation: string;
}

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar; month and day may lie outside their ranges. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const months = year * 12 + (month - 1);
  const y0 = Math.floor(months / 12);
  const m = months - y0 * 12 + 1;
  const y = m <= 2 ? y0 - 1 : y0;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

/** @returns the calendar fields of the instant in its own zone */
export function civil(time: GoTime): Civil {
  const [seconds, nanosecond] = divide(time.nanoseconds, SECOND);
  const zone = zoneAt(time.location, Number(seconds));
  const [daysBig, rest] = divide(seconds + BigInt(zone.offset), 86400n);
  const days = Number(daysBig);
  const inDay = Number(rest);
  const date = civilFromDays(days);
  return {
    ...date, hour: Math.floor(inDay / 3600), minute: Math.floor(inDay / 60) % 60, second: inDay % 60, nanosecond: Number(nanosecond),
    weekday: (((days + 4) % 7) + 7) % 7, yearDay: days - daysFromCivil(date.year, 1, 1) + 1, offset: zone.offset, abbreviation: zone.abbreviation,
  };
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string, locale: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone}`;
  let found = formatters.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, {
      timeZone: zone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric', timeZoneName: 'short',
    });
    formatters.set(key, found);
  }
  return found;
}

// No single locale knows the abbreviations of all zones.
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'ja-JP', 'en-CA', 'en-NZ', 'ko-KR', 'en-HK'];

/** @returns the offset in seconds east of UTC and the abbreviation that hold in the zone at the instant (Unix seconds) */
export function zoneAt(location: GoLocation, seconds: number): { offset: number; abbreviation: string } {
  if (location.offset !== undefined) return { offset: location.offset, abbreviation: location.name };
  const date = new Date(seconds * 1000);
  const parts = new Map(formatter(location.name, 'en-US').formatToParts(date).map((part) => [part.type, part.value]));
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
  const year = parts.get('era') === 'BC' ? 1 - field('year') : field('year');
  const local = daysFromCivil(year, field('month'), field('day')) * 86400 + field('hour') * 3600 + field('minute') * 60 + field('second');
  const offset = local - seconds;
  return { offset, abbreviation: abbreviation(location.name, date, offset) };
}

function abbreviation(zone: string, date: Date, offset: number): string {
  for (const locale of LOCALES) {
    const name = formatter(zone, locale).formatToParts(date).find((part) => part.type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  const minutes = Math.floor(Math.abs(offset) / 60);
  const pad = (n: number): string => n.toString().padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${minutes % 60 === 0 ? '' : pad(minutes % 60)}`;
}

/**
 * time.LoadLocation. The empty name and "UTC" are UTC; "Local" too, since the engine has no local time of its own.
 * @throws Error "unknown time zone NAME"
 */
export function loadLocation(name: string): GoLocation {
  if (name === '' || name === 'UTC') return UTC;
  if (name === 'Local') return new GoLocation('Local', 0);
  const unknown = new Error(`unknown time zone ${name}`);
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) throw unknown;
  try {
    const known = formatter(name, 'en-US').resolvedOptions().timeZone;
    if (known !== name && known.toLowerCase() === name.toLowerCase()) throw unknown;
  } catch {
    throw unknown;
  }
  return new GoLocation(name);
}

/** @returns the instant of calendar fields in a zone, out-of-range fields carried over as time.Date does */
export function fromCivil(fields: { year: number; month: number; day: number; hour?: number; minute?: number; second?: number; nanosecond?: number }, location: GoLocation = UTC): GoTime {
  const { year, month, day, hour = 0, minute = 0, second = 0, nanosecond = 0 } = fields;
  const local = daysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  let unix = local;
  if (location.offset !== undefined) unix = local - location.offset;
  else {
    const guess = local - zoneAt(location, local).offset;
    unix = local - zoneAt(location, guess).offset;
  }
  return new GoTime(BigInt(unix) * SECOND + BigInt(nanosecond), location);
}

/** One piece of a layout: literal text, or the name of a field as the layout spells it. */
interface Piece {
  text: string;
  std: string;
}

const STD = [
  'January', 'Monday', '-07:00:00', 'Z07:00:00', '-070000', 'Z070000', '-07:00', 'Z07:00', '-0700', 'Z0700', '2006', 'MST', 'Jan', 'Mon', '-07', 'Z07',
  '__2', '002', '_2', '01', '02', '03', '04', '05', '06', '15', 'PM', 'pm', '1', '2', '3', '4', '5',
];
const layouts = new Map<string, readonly Piece[]>();

function stdAt(layout: string, at: number): string | undefined {
  const c = layout[at];
  if ((c === '.' || c === ',') && /^[09]/.test(layout.slice(at + 1))) {
    const run = /^(0+|9+)(?![0-9])/.exec(layout.slice(at + 1));
    return run === null ? undefined : c + run[0];
  }
  const found = STD.find((std) => layout.startsWith(std, at));
  if ((found === 'Jan' || found === 'Mon') && /^[a-z]/.test(layout.slice(at + 3))) return undefined;
  return found;
}

function pieces(layout: string): readonly Piece[] {
  const known = layouts.get(layout);
  if (known !== undefined) return known;
  const out: Piece[] = [];
  let text = '';
  for (let i = 0; i < layout.length;) {
    let std = stdAt(layout, i);
    // "_2006" is an underscore before a year.
    if (std === '_2' && layout.startsWith('_2006', i)) std = undefined;
    if (std === undefined) {
      text += layout[i++] ?? '';
      continue;
    }
    out.push({ text, std });
    text = '';
    i += std.length;
  }
  out.push({ text, std: '' });
  if (layouts.size > 200) layouts.clear();
  layouts.set(layout, out);
  return out;
}

function offsetText(std: string, offset: number): string {
  if (std.startsWith('Z') && offset === 0) return 'Z';
  const size = Math.abs(offset);
  const pad = (n: number): string => Math.floor(n).toString().padStart(2, '0');
  const colon = std.includes(':') ? ':' : '';
  const digits = std.replaceAll(':', '').length - 1;
  return (offset < 0 ? '-' : '+') + pad(size / 3600) + (digits >= 4 ? colon + pad((size / 60) % 60) : '') + (digits >= 6 ? colon + pad(size % 60) : '');
}

function fractionText(std: string, nanosecond: number): string {
  const digits = nanosecond.toString().padStart(9, '0').slice(0, std.length - 1);
  if (std[1] === '0') return std.slice(0, 1) + digits.padEnd(std.length - 1, '0');
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : std.slice(0, 1) + trimmed;
}

type Show = (c: Civil) => string;
const two: (n: number) => string = (n) => n.toString().padStart(2, '0');
const twelve: (hour: number) => number = (hour) => (hour % 12 === 0 ? 12 : hour % 12);
const SHOW: Readonly<Record<string, Show>> = {
  'January': (c) => MONTHS[c.month - 1] ?? '', 'Jan': (c) => (MONTHS[c.month - 1] ?? '').slice(0, 3), '1': (c) => String(c.month), '01': (c) => two(c.month),
  'Monday': (c) => WEEKDAYS[c.weekday] ?? '', 'Mon': (c) => (WEEKDAYS[c.weekday] ?? '').slice(0, 3), '2': (c) => String(c.day), '_2': (c) => String(c.day).padStart(2, ' '),
  '02': (c) => two(c.day), '__2': (c) => String(c.yearDay).padStart(3, ' '), '002': (c) => String(c.yearDay).padStart(3, '0'), '15': (c) => two(c.hour),
  '3': (c) => String(twelve(c.hour)), '03': (c) => two(twelve(c.hour)), '4': (c) => String(c.minute), '04': (c) => two(c.minute), '5': (c) => String(c.second),
  '05': (c) => two(c.second), '2006': (c) => (c.year < 0 ? '-' : '') + String(Math.abs(c.year)).padStart(4, '0'), '06': (c) => two(((c.year % 100) + 100) % 100),
  'PM': (c) => (c.hour >= 12 ? 'PM' : 'AM'), 'pm': (c) => (c.hour >= 12 ? 'pm' : 'am'), 'MST': (c) => c.abbreviation,
};

/** @returns time.Format(layout) */
export function formatTime(time: GoTime, layout: string): string {
  const fields = civil(time);
  let out = '';
  for (const { text, std } of pieces(layout)) {
    out += text;
    if (std === '') continue;
    if (/^[.,]/.test(std)) out += fractionText(std, fields.nanosecond);
    else out += SHOW[std]?.(fields) ?? offsetText(std, fields.offset);
  }
  return out;
}

/** @returns time.Time.String() */
export function timeString(time: GoTime): string {
  return formatTime(time, '2006-01-02 15:04:05.999999999 -0700 MST');
}

/** Text that does not match its layout, with Go's words. */
export class TimeError extends Error {
  override readonly name = 'TimeError';
}

/** Go's own quoting in time errors: only quotes, backslashes and what is no plain ASCII are escaped. */
function quoted(text: string): string {
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x80 || code < 0x20) {
      out += [...toBytes(character)].map((b) => `\\x${b.toString(16).padStart(2, '0')}`).join('');
    } else out += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return `${out}"`;
}

interface Parsed {
  year: number; month: number; day: number; yearDay: number; hour: number; minute: number; second: number; nanosecond: number;
  pm: boolean | undefined; offset: number | undefined; zone: string;
}

class TimeReader {
  private rest: string;
  private readonly layout: string;
  private readonly value: string;
  private readonly out: Parsed = {
    year: 0, month: -1, day: -1, yearDay: -1, hour: 0, minute: 0, second: 0, nanosecond: 0, pm: undefined, offset: undefined, zone: '',
  };
  private range = '';

  constructor(layout: string, value: string) {
    this.layout = layout;
    this.value = value;
    this.rest = value;
  }

  private fail(std: string, held: string = this.rest): never {
    throw new TimeError(`parsing time ${quoted(this.value)} as ${quoted(this.layout)}: cannot parse ${quoted(held)} as ${quoted(std)}`);
  }

  private problem(message: string): never {
    throw new TimeError(`parsing time ${quoted(this.value)}${message}`);
  }

  read(): Parsed {
    const all = pieces(this.layout);
    for (const [index, piece] of all.entries()) {
      this.literal(piece.text);
      if (piece.std === '') {
        if (this.rest !== '') this.problem(`: extra text: ${quoted(this.rest)}`);
        break;
      }
      this.field(piece.std, all[index + 1]);
      if (this.range !== '') this.problem(`: ${this.range} out of range`);
    }
    return this.out;
  }

  private literal(prefix: string): void {
    for (let i = 0; i < prefix.length;) {
      if (prefix[i] === ' ') {
        if (this.rest !== '' && !this.rest.startsWith(' ')) this.fail(prefix);
        while (prefix[i] === ' ') i++;
        this.rest = this.rest.replace(/^ +/, '');
        continue;
      }
      if (this.rest === '' || this.rest[0] !== prefix[i]) this.fail(prefix);
      i++;
      this.rest = this.rest.slice(1);
    }
  }

  private match(pattern: RegExp, std: string): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) this.fail(std);
    this.rest = this.rest.slice(found.length);
    return found;
  }

  private ranged(value: number, low: number, high: number, name: string): number {
    if (value < low || value > high) this.range = name;
    return value;
  }

  private name(names: readonly string[], length: number | undefined, std: string): number {
    const index = names.findIndex((name) => this.rest.slice(0, length ?? name.length).toLowerCase() === name.slice(0, length).toLowerCase());
    if (index < 0) this.fail(std);
    this.rest = this.rest.slice(length ?? names[index]?.length ?? 0);
    return index;
  }

  private field(std: string, next: Piece | undefined): void {
    if (this.date(std) || this.clock(std, next)) return;
    if (/^[.,]/.test(std)) this.fraction(std);
    else if (std === 'MST') this.zoneName();
    else this.zoneOffset(std);
  }

  private date(std: string): boolean {
    const out = this.out;
    switch (std) {
      case '2006': out.year = Number(this.match(/^\d{4}/, std)); return true;
      case '06': {
        const year = Number(this.match(/^\d\d/, std));
        out.year = year >= 69 ? year + 1900 : year + 2000;
        return true;
      }
      case 'January': out.month = this.name(MONTHS, undefined, std) + 1; return true;
      case 'Jan': out.month = this.name(MONTHS, 3, std) + 1; return true;
      case '1': case '01': out.month = this.ranged(Number(this.match(std === '1' ? /^\d\d?/ : /^\d\d/, std)), 1, 12, 'month'); return true;
      case 'Monday': this.name(WEEKDAYS, undefined, std); return true;
      case 'Mon': this.name(WEEKDAYS, 3, std); return true;
      case '2': case '_2': case '02':
        if (std === '_2') this.rest = this.rest.replace(/^ /, '');
        out.day = Number(this.match(std === '02' ? /^\d\d/ : /^\d\d?/, std));
        return true;
      case '002': case '__2':
        if (std === '__2') this.rest = this.rest.replace(/^ {1,2}/, '');
        out.yearDay = Number(this.match(std === '002' ? /^\d{3}/ : /^\d{1,3}/, std));
        return true;
      default: return false;
    }
  }

  private clock(std: string, next: Piece | undefined): boolean {
    const out = this.out;
    switch (std) {
      case '15': out.hour = this.ranged(Number(this.match(/^\d\d?/, std)), 0, 23, 'hour'); return true;
      case '3': case '03': out.hour = this.ranged(Number(this.match(std === '3' ? /^\d\d?/ : /^\d\d/, std)), 0, 12, 'hour'); return true;
      case '4': case '04': out.minute = this.ranged(Number(this.match(std === '4' ? /^\d\d?/ : /^\d\d/, std)), 0, 59, 'minute'); return true;
      case '5': case '05': {
        out.second = this.ranged(Number(this.match(std === '5' ? /^\d\d?/ : /^\d\d/, std)), 0, 59, 'second');
        // A fraction may follow though the layout does not mention it.
        const mentioned = next?.text === '' && /^[.,]/.test(next.std);
        if (!mentioned && /^[.,]\d/.test(this.rest)) out.nanosecond = nanoseconds(this.match(/^[.,]\d+/, std));
        return true;
      }
      case 'PM': case 'pm': {
        const word = this.match(std === 'PM' ? /^(AM|PM)/ : /^(am|pm)/, std);
        out.pm = word.toLowerCase() === 'pm';
        return true;
      }
      default: return false;
    }
  }

  private fraction(std: string): void {
    if (std[1] === '0') this.out.nanosecond = nanoseconds(this.match(new RegExp(`^[.,]\\d{${std.length - 1}}`), std));
    else if (/^[.,]\d/.test(this.rest)) this.out.nanosecond = nanoseconds(this.match(/^[.,]\d+/, std));
  }

  private zoneName(): void {
    if (this.rest.startsWith('UTC')) {
      this.out.offset = 0;
      this.out.zone = 'UTC';
      this.rest = this.rest.slice(3);
      return;
    }
    this.out.zone = this.match(/^(GMT[+-]\d{1,2}|[+-]\d\d(\d\d)?|ChST|MeST|[A-Z]{4}T|[A-Z]{3}T|[A-Z]{3}|WITA)(?![A-Z])/, 'MST');
  }

  private zoneOffset(std: string): void {
    if (std.startsWith('Z') && this.rest.startsWith('Z')) {
      this.rest = this.rest.slice(1);
      this.out.offset = 0;
      this.out.zone = 'UTC';
      return;
    }
    const colon = std.includes(':') ? ':' : '';
    const groups = Math.floor(std.replaceAll(':', '').length / 2);
    const text = this.match(new RegExp(`^[+-]\\d\\d(${colon}\\d\\d){${groups - 1}}`), std);
    const [hours = 0, minutes = 0, seconds = 0] = (text.slice(1).replaceAll(':', '').match(/\d\d/g) ?? []).map(Number);
    if (hours > 24) this.range = 'time zone offset hour';
    if (minutes > 60) this.range = 'time zone offset minute';
    if (seconds > 60) this.range = 'time zone offset second';
    this.out.offset = (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  }
}

function nanoseconds(fraction: string): number {
  return Number(fraction.slice(1, 10).padEnd(9, '0'));
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(month: number, year: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_DAYS[month - 1] ?? 31;
}

/**
 * time.ParseInLocation(layout, value, location).
 * @throws TimeError with Go's text
 */
export function parseTime(layout: string, value: string, location: GoLocation = UTC): GoTime {
  const p = new TimeReader(layout, value).read();
  if (p.pm === true && p.hour < 12) p.hour += 12;
  else if (p.pm === false && p.hour === 12) p.hour = 0;
  setDay(p, value);
  if (p.offset === undefined && p.zone === '') return fromCivil(p, location);
  if (p.offset === undefined) {
    const hours = /^GMT([+-]\d+)$/.exec(p.zone)?.[1];
    return fromCivil(p, new GoLocation(p.zone, hours === undefined ? 0 : Number(hours) * 3600));
  }
  if (p.offset === 0 && p.zone === 'UTC') return fromCivil(p);
  const time = fromCivil(p, new GoLocation(p.zone, p.offset));
  const local = zoneAt(location, Number(time.nanoseconds / SECOND));
  if (local.offset === p.offset && (p.zone === '' || p.zone === local.abbreviation)) return new GoTime(time.nanoseconds, location);
  return new GoTime(time.nanoseconds, new GoLocation(p.zone === '' ? offsetText('-0700', p.offset) : p.zone, p.offset));
}

/** Fills in what the layout left out of the date, and checks the day. */
function setDay(p: Parsed, value: string): void {
  if (p.yearDay >= 0) {
    if (p.yearDay < 1 || p.yearDay > (daysIn(2, p.year) === 29 ? 366 : 365)) throw new TimeError(`parsing time ${quoted(value)}: day-of-year out of range`);
    p.month = 1;
    p.day = p.yearDay;
    return;
  }
  if (p.month < 0) p.month = 1;
  if (p.day < 0) p.day = 1;
  if (p.day < 1 || p.day > daysIn(p.month, p.year)) throw new TimeError(`parsing time ${quoted(value)}: day out of range`);
}

const UNITS: ReadonlyMap<string, bigint> = new Map([['ns', 1n], ['us', 1000n], ['µs', 1000n], ['μs', 1000n], ['ms', 1_000_000n], ['s', SECOND], ['m', 60n * SECOND], ['h', 3600n * SECOND]]);

/**
 * time.ParseDuration.
 * @returns nanoseconds
 * @throws TimeError with Go's text
 */
export function parseDuration(text: string): bigint {
  const invalid = new TimeError(`time: invalid duration "${durationQuote(text)}"`);
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') throw invalid;
  let total = 0n;
  while (rest !== '') {
    const [whole = '', digits = '', fraction = ''] = /^(\d*)(?:\.(\d*))?/.exec(rest) ?? [];
    if (digits + fraction === '') throw invalid;
    rest = rest.slice(whole.length);
    const unit = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    rest = rest.slice(unit.length);
    total += inUnit(digits, fraction, unit, text);
    if (total > LONGEST) throw invalid;
  }
  if (text.startsWith('-')) return -total;
  if (total >= LONGEST) throw invalid;
  return total;
}

const LONGEST = 2n ** 63n;

/** Nanoseconds of one number with its unit. */
function inUnit(digits: string, fraction: string, unit: string, text: string): bigint {
  if (unit === '') throw new TimeError(`time: missing unit in duration "${durationQuote(text)}"`);
  const scale = UNITS.get(unit);
  if (scale === undefined) throw new TimeError(`time: unknown unit "${durationQuote(unit)}" in duration "${durationQuote(text)}"`);
  return BigInt(digits || '0') * scale + (fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length));
}

function durationQuote(text: string): string {
  return quoted(text).slice(1, -1);
}

/** @returns time.Duration.String() of so many nanoseconds */
export function formatDuration(nanosecondCount: bigint): string {
  const sign = nanosecondCount < 0n ? '-' : '';
  const size = nanosecondCount < 0n ? -nanosecondCount : nanosecondCount;
  if (size === 0n) return '0s';
  const decimal = (value: bigint, unit: bigint): string => {
    const fraction = (value % unit).toString().padStart(unit.toString().length - 1, '0').replace(/0+$/, '');
    return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
  };
  if (size < 1000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 1000n)}µs`;
  if (size < SECOND) return `${sign}${decimal(size, 1_000_000n)}ms`;
  const hours = size / (3600n * SECOND);
  const minutes = (size / (60n * SECOND)) % 60n;
  const head = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : '';
  return `${sign}${head}${decimal(size % (60n * SECOND), SECOND)}s`;
}

/** @returns a - b as time.Time.Sub gives it: held within the range of a Duration */
export function timeDifference(a: GoTime, b: GoTime): GoNumber {
  const difference = a.nanoseconds - b.nanoseconds;
  const limit = 2n ** 63n;
  return duration(difference >= limit ? limit - 1n : difference < -limit ? -limit : difference);
}
