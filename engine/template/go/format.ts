import { formatFloat } from './numbers.ts';
import { compareStrings, quote, quoteRune, runeCount, toBytes } from './strings.ts';
import { formatDuration, MONTHS, timeString, WEEKDAYS } from './time.ts';
import { GoFunc, GoLocation, GoNumber, GoObject, GoTime, typeName } from './values.ts';
import type { GoValue } from './values.ts';

/** Text of a named type that has a String method; undefined for plain values. */
function stringer(value: GoValue): string | undefined {
  if (value instanceof GoTime) return timeString(value);
  if (value instanceof GoLocation) return value.name;
  if (value instanceof GoObject) return value.text;
  if (!(value instanceof GoNumber) || typeof value.value !== 'bigint') return undefined;
  if (value.type === 'time.Duration') return formatDuration(value.value);
  if (value.type === 'time.Month') return MONTHS[Number(value.value) - 1] ?? `%!Month(${value.value})`;
  if (value.type === 'time.Weekday') return WEEKDAYS[Number(value.value)] ?? `%!Weekday(${value.value})`;
  return undefined;
}

/** The order in which fmt prints the keys of a map: by kind, then by value. */
export function compareKeys(a: GoValue, b: GoValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  const rank = (key: GoValue): number => (key === null ? 0 : typeof key === 'boolean' ? 1 : typeof key === 'string' ? 4 : typeof key === 'number' ? 3 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const left = a instanceof GoNumber ? a.value : a as number;
  const right = b instanceof GoNumber ? b.value : b as number;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** @returns fmt.Sprint of one value, Go's %v */
export function formatValue(value: GoValue): string {
  return formatElements(value, formatValue);
}

/** Prints a value of any depth; `leaf` prints what is inside lists and maps. */
function formatElements(value: GoValue, leaf: (value: GoValue) => string): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatFloat(value, 'g');
  if (typeof value !== 'object') return String(value);
  const text = stringer(value);
  if (text !== undefined) return text;
  if (value instanceof GoNumber) return typeof value.value === 'bigint' ? String(value.value) : formatFloat(value.value, 'g');
  if (value instanceof GoFunc) return `0x${'0'.repeat(6)}`;
  if (value instanceof Map) {
    const entries = [...value as ReadonlyMap<GoValue, GoValue>].sort((a, b) => compareKeys(a[0], b[0]));
    return `map[${entries.map(([key, item]) => `${leaf(key)}:${leaf(item)}`).join(' ')}]`;
  }
  return `[${[...value as Iterable<GoValue>].map(leaf).join(' ')}]`;
}

/** Flags, width and precision of one verb. */
interface Verb {
  letter: string;
  flags: string;
  width: number;
  precision: number;
}

function pad(text: string, verb: Verb): string {
  const missing = verb.width - runeCount(text);
  if (missing <= 0) return text;
  if (verb.flags.includes('-')) return text + ' '.repeat(missing);
  if (!verb.flags.includes('0')) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.test(text) && /[dfeEgGxXob]/.test(verb.letter) ? text[0] ?? '' : '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}

function signed(text: string, verb: Verb): string {
  if (text.startsWith('-') || text.startsWith('+')) return text;
  return verb.flags.includes('+') ? `+${text}` : verb.flags.includes(' ') ? ` ${text}` : text;
}

function bad(value: GoValue, verb: Verb): string {
  if (value === null) return `%!${verb.letter}(<nil>)`;
  return `%!${verb.letter}(${typeName(value)}=${formatValue(value)})`;
}

function hexOf(text: string, upper: boolean): string {
  const digits = [...toBytes(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return upper ? digits.toUpperCase() : digits;
}

function formatText(text: string, value: GoValue, verb: Verb): string {
  const cut = verb.precision >= 0 ? Array.from(text).slice(0, verb.precision).join('') : text;
  switch (verb.letter) {
    case 'v': if (verb.flags.includes('#')) return pad(quote(cut), verb); return pad(cut, verb);
    case 's': return pad(cut, verb);
    case 'q': return pad(verb.flags.includes('#') && !/[`\n]/.test(cut) ? `\`${cut}\`` : quote(cut), verb);
    case 'x': case 'X': return pad(hexOf(cut, verb.letter === 'X'), verb);
    default: return bad(value, verb);
  }
}

const BASES: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 };
const BASE_PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' };

function formatInteger(value: bigint, original: GoValue, verb: Verb): string {
  if (verb.letter === 'c') return pad(rune(value), verb);
  if (verb.letter === 'q') return pad(`'${quoteRune(rune(value), "'")}'`, verb);
  if (verb.letter === 'U') return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, verb);
  const base = BASES[verb.letter];
  if (base === undefined) return bad(original, verb);
  let digits = (value < 0n ? -value : value).toString(base).padStart(Math.max(verb.precision, 0), '0');
  if (verb.letter === 'X') digits = digits.toUpperCase();
  if (verb.flags.includes('#')) digits = (BASE_PREFIX[verb.letter] ?? '') + digits;
  if (verb.letter === 'O') digits = `0o${digits}`;
  return pad(signed((value < 0n ? '-' : '') + digits, verb), verb);
}

function rune(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd';
}

function formatNumber(value: number, original: GoValue, verb: Verb): string {
  const precision = verb.precision;
  switch (verb.letter) {
    case 'v': case 'g': return pad(signed(formatFloat(value, 'g', precision), verb), verb);
    case 'G': return pad(signed(formatFloat(value, 'G', precision), verb), verb);
    case 'e': case 'E': return pad(signed(formatFloat(value, verb.letter, precision < 0 ? 6 : precision), verb), verb);
    case 'f': case 'F': return pad(signed(formatFloat(value, 'f', precision < 0 ? 6 : precision), verb), verb);
    default: return bad(original, verb);
  }
}

function formatOne(value: GoValue, verb: Verb): string {
  if (verb.letter === 'T') return pad(typeName(value), verb);
  if (value === null) return verb.letter === 'v' ? pad('<nil>', verb) : bad(value, verb);
  const text = /[vsqxX]/.test(verb.letter) ? stringer(value) : undefined;
  if (text !== undefined) return formatText(text, value, verb);
  if (typeof value === 'string') return formatText(value, value, verb);
  if (typeof value === 'boolean') return verb.letter === 't' || verb.letter === 'v' ? pad(String(value), verb) : bad(value, verb);
  if (typeof value === 'bigint') return formatInteger(value, value, verb);
  if (typeof value === 'number') return formatNumber(value, value, verb);
  if (value instanceof GoNumber) return typeof value.value === 'bigint' ? formatInteger(value.value, value, verb) : formatNumber(value.value, value, verb);
  if (value instanceof Uint8Array && /[sqxX]/.test(verb.letter)) return formatText(String.fromCharCode(...value), value, verb);
  return formatElements(value, (item) => formatOne(item, verb));
}

const MAX_WIDTH = 1_000_000;

/** @returns fmt.Sprintf(format, ...args), with Go's marks for wrong, missing and surplus arguments */
export function sprintf(format: string, args: readonly GoValue[]): string {
  let used = 0;
  const out = format.replace(/%([-+# 0]*)(\d+)?(?:\.(\d*))?([\s\S])?/gu, (_whole, flags: string, width: string | undefined, precision: string | undefined, letter: string | undefined) => {
    if (letter === undefined) return '%!(NOVERB)';
    if (letter === '%') return '%';
    const size = Number(width ?? 0);
    if (size > MAX_WIDTH) return '%!(BADWIDTH)';
    const verb = { letter, flags, width: size, precision: precision === undefined ? -1 : Math.min(Number(precision), MAX_WIDTH) };
    const value = args[used];
    if (value === undefined) return `%!${letter}(MISSING)`;
    used++;
    return formatOne(value, verb);
  });
  if (used >= args.length) return out;
  const extra = args.slice(used).map((value) => (value === null ? '<nil>' : `${typeName(value)}=${formatValue(value)}`));
  return `${out}%!(EXTRA ${extra.join(', ')})`;
}
