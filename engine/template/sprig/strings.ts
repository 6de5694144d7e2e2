import { byteLength, compareStrings, fromBytes, isSlice, quote, sliceBytes, toBytes, toLower, toUpper, trimCharacters, trimSpace } from '../go.ts';
import type { FunctionHost, GoValue } from '../go.ts';
import { replace, split } from '../expr/builtins.ts';
import { Panic } from '../expr/error.ts';
import { wordsJoined, pascalCase } from './case.ts';
import { any, ANY, int, limit, stringMap, strings, text, textOf, textsOf } from './convert.ts';
import type { Entry } from './convert.ts';
import { randomText, shuffle } from './random.ts';

const ONE = 'func(string) string';
const TWO = 'func(string, string) string';

function abbreviate(value: string, from: number, width: number): string {
  const length = byteLength(value);
  if (length <= width) return value;
  let start = Math.min(from, length);
  if (length - start < width - 3) start = length - (width - 3);
  if (start <= 4) return `${sliceBytes(value, 0, width - 3)}...`;
  if (width < 7) return '';
  if (start + width - 3 < length) return `...${abbreviate(sliceBytes(value, start, length), 0, width - 3)}`;
  return `...${sliceBytes(value, length - (width - 3), length)}`;
}

function abbreviateBoth(left: number, right: number, value: string): string {
  return right < 4 || (left > 0 && right < 7) ? value : abbreviate(value, Math.max(left, 0), right);
}

function truncate(count: number, value: string): string {
  const length = byteLength(value);
  if (count < 0) return length + count > 0 ? sliceBytes(value, length + count, length) : value;
  return length > count ? sliceBytes(value, 0, count) : value;
}

function bounds(detail: string): never {
  throw new Panic(`runtime error: slice bounds out of range ${detail}`);
}

function substring(start: number, end: number, value: string): string {
  const length = byteLength(value);
  if (start < 0) {
    if (end < 0) bounds(`[:${end}]`);
    if (end > length) bounds(`[:${end}] with length ${length}`);
    return sliceBytes(value, 0, end);
  }
  if (end < 0 || end > length) {
    if (start > length) bounds(`[${start}:${length}]`);
    return sliceBytes(value, start, length);
  }
  if (start > end) bounds(`[${start}:${end}]`);
  return sliceBytes(value, start, end);
}

const SPACE = /[\t-\r \x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Upper case for the first letter of each word: strings.Title. Beyond ASCII only spaces part words. */
function title(value: string): string {
  let out = '';
  let begins = true;
  for (const character of value) {
    out += begins ? toUpper(character) : character;
    begins = character < '\x80' ? !/^\w$/.test(character) : SPACE.test(character);
  }
  return out;
}

/** The first letter of each word in lower case. */
function untitle(value: string): string {
  return mapAfterSpace(value, (character, first) => (first ? toLower(character) : character));
}

function initials(value: string): string {
  return mapAfterSpace(value, (character, first) => (first ? character : ''), '');
}

function mapAfterSpace(value: string, map: (character: string, first: boolean) => string, space?: string): string {
  let out = '';
  let first = true;
  for (const character of value) {
    const isSpace = SPACE.test(character);
    out += isSpace ? space ?? character : map(character, first);
    first = isSpace;
  }
  return out;
}

function swapCase(value: string): string {
  let out = '';
  for (const character of value) {
    if (/\p{Lu}|\p{Lt}/u.test(character)) out += toLower(character);
    else out += /\p{Ll}/u.test(character) ? toUpper(character) : character;
  }
  return out;
}

/** sprig looks at bytes, not at characters, and writes each as a character: text outside ASCII comes out mangled there too. */
function withoutSpaces(value: string): string {
  let out = '';
  for (const byte of toBytes(value)) {
    const character = String.fromCharCode(byte);
    if (!SPACE.test(character)) out += character;
  }
  return out;
}

/** Breaks lines at spaces; words longer than the width are broken only when `breakWords`. All lengths are in bytes. */
function wrap(value: string, width: number, separator: string, breakWords: boolean): string {
  const bytes = toBytes(value);
  const size = Math.max(width, 1);
  const line = separator === '' ? '\n' : separator;
  const piece = (from: number, to: number): string => fromBytes(bytes.slice(from, to));
  let out = '';
  let at = 0;
  while (bytes.length - at > size) {
    if (bytes[at] === 0x20) {
      at++;
      continue;
    }
    const space = bytes.slice(at, at + size + 1).lastIndexOf(0x20);
    if (space >= 0) {
      out += piece(at, at + space) + line;
      at += space + 1;
    } else if (breakWords) {
      out += piece(at, at + size) + line;
      at += size;
    } else {
      const next = bytes.indexOf(0x20, at + size);
      if (next < 0) break;
      out += piece(at, next) + line;
      at = next + 1;
    }
  }
  return out + piece(at, bytes.length);
}

function indent(spaces: number, value: string): string {
  if (spaces < 0) throw new Panic('strings: negative Repeat count');
  limit(spaces * value.split('\n').length);
  const pad = ' '.repeat(spaces);
  return pad + value.replaceAll('\n', `\n${pad}`);
}

function repeat(count: number, value: string): string {
  if (count < 0) throw new Panic('strings: negative Repeat count');
  limit(count * value.length);
  return value.repeat(count);
}

function quoted(args: readonly GoValue[], mark: (value: string) => string): string {
  return args.filter((value) => value !== null).map((value) => mark(textOf(value))).join(' ');
}

function numbered(parts: readonly string[]): GoValue {
  return stringMap(parts.map((part, index) => [`_${index}`, part] as const));
}

function fail(args: readonly GoValue[]): never {
  throw new Panic(text(args, 0));
}

function sortAlpha(value: GoValue): GoValue {
  return strings((isSlice(value) ? textsOf(value) : [textOf(value)]).sort(compareStrings));
}

function random(alphabet: string): Entry {
  return ['func(int) string', (args, host: FunctionHost) => {
    limit(int(args, 0) * 100);
    return randomText(int(args, 0), alphabet, host);
  }];
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');

/** Apart, since the type checker takes a property of this name for the one that all objects have. */
const TO_STRING: Entry = [`func(${ANY}) string`, (args) => textOf(any(args, 0))];

export const STRINGS: Readonly<Record<string, Entry>> = {
  abbrev: ['func(int, string) string', (args) => (int(args, 0) < 4 ? text(args, 1) : abbreviate(text(args, 1), 0, int(args, 0)))],
  abbrevboth: ['func(int, int, string) string', (args) => abbreviateBoth(int(args, 0), int(args, 1), text(args, 2))],
  trunc: ['func(int, string) string', (args) => truncate(int(args, 0), text(args, 1))],
  trim: [ONE, (args) => trimSpace(text(args, 0))],
  upper: [ONE, (args) => toUpper(text(args, 0))],
  lower: [ONE, (args) => toLower(text(args, 0))],
  title: [ONE, (args) => title(text(args, 0))],
  untitle: [ONE, (args) => untitle(text(args, 0))],
  substr: ['func(int, int, string) string', (args) => substring(int(args, 0), int(args, 1), text(args, 2))],
  repeat: ['func(int, string) string', (args) => repeat(int(args, 0), text(args, 1))],
  trimall: [TWO, (args) => trimCharacters(text(args, 1), text(args, 0))],
  trimAll: [TWO, (args) => trimCharacters(text(args, 1), text(args, 0))],
  trimSuffix: [TWO, (args) => (text(args, 0) !== '' && text(args, 1).endsWith(text(args, 0)) ? text(args, 1).slice(0, -text(args, 0).length) : text(args, 1))],
  trimPrefix: [TWO, (args) => (text(args, 1).startsWith(text(args, 0)) ? text(args, 1).slice(text(args, 0).length) : text(args, 1))],
  nospace: [ONE, (args) => withoutSpaces(text(args, 0))],
  initials: [ONE, (args) => initials(text(args, 0))],
  randAlphaNum: random(LETTERS + DIGITS), randAlpha: random(LETTERS), randAscii: random(ASCII), randNumeric: random(DIGITS),
  swapcase: [ONE, (args) => swapCase(text(args, 0))],
  shuffle: [ONE, (args, host) => shuffle(text(args, 0), host)],
  snakecase: [ONE, (args) => wordsJoined(text(args, 0), '_')],
  camelcase: [ONE, (args) => pascalCase(text(args, 0))],
  kebabcase: [ONE, (args) => wordsJoined(text(args, 0), '-')],
  wrap: ['func(int, string) string', (args) => wrap(text(args, 1), int(args, 0), '', false)],
  wrapWith: ['func(int, string, string) string', (args) => wrap(text(args, 2), int(args, 0), text(args, 1), true)],
  contains: ['func(string, string) bool', (args) => text(args, 1).includes(text(args, 0))],
  hasPrefix: ['func(string, string) bool', (args) => text(args, 1).startsWith(text(args, 0))],
  hasSuffix: ['func(string, string) bool', (args) => text(args, 1).endsWith(text(args, 0))],
  quote: [`func(...${ANY}) string`, (args) => quoted(args, quote)],
  squote: [`func(...${ANY}) string`, (args) => quoted(args, (value) => `'${value}'`)],
  cat: [`func(...${ANY}) string`, (args) => args.filter((value) => value !== null).map(textOf).join(' ')],
  indent: ['func(int, string) string', (args) => indent(int(args, 0), text(args, 1))],
  nindent: ['func(int, string) string', (args) => `\n${indent(int(args, 0), text(args, 1))}`],
  replace: ['func(string, string, string) string', (args) => replace(text(args, 2), text(args, 0), text(args, 1), -1n)],
  plural: ['func(string, string, int) string', (args) => (int(args, 2) === 1 ? text(args, 0) : text(args, 1))],
  toString: TO_STRING,
  toStrings: [`func(${ANY}) []string`, (args) => strings(textsOf(any(args, 0)))],
  split: ['func(string, string) map[string]string', (args) => numbered(split(text(args, 1), text(args, 0), -1n, false))],
  splitList: ['func(string, string) []string', (args) => strings(split(text(args, 1), text(args, 0), -1n, false))],
  splitn: ['func(string, int, string) map[string]string', (args) => numbered(split(text(args, 2), text(args, 0), BigInt(int(args, 1)), false))],
  join: [`func(string, ${ANY}) string`, (args) => textsOf(any(args, 1)).join(text(args, 0))],
  sortAlpha: [`func(${ANY}) []string`, (args) => sortAlpha(any(args, 0))],
  hello: ['func() string', () => 'Hello!'],
  fail: ['func(string) (string, error)', fail],
};
