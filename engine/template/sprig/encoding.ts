import { base64, fromBytes, quote, toBytes } from '../go.ts';
import type { GoValue } from '../go.ts';
import { decodeBase64 } from '../expr/builtins.ts';
import { Panic } from '../expr/error.ts';
import { own } from '../expr/own.ts';
import { dict, DICT, kindOf, text } from './convert.ts';
import type { Entry } from './convert.ts';
import { parseUrl, urlText, userinfoOf } from './url.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(value: string): string {
  let out = '';
  let word = 0;
  let filled = 0;
  for (const byte of toBytes(value)) {
    word = (word << 8) | byte;
    filled += 8;
    while (filled >= 5) {
      out += ALPHABET[(word >> (filled - 5)) & 31] ?? '';
      filled -= 5;
    }
    word &= 0xff;
  }
  if (filled > 0) out += ALPHABET[(word << (5 - filled)) & 31] ?? '';
  return out.padEnd(Math.ceil(out.length / 8) * 8, '=');
}

/** Characters that the last group may hold before its padding. */
const PARTIAL = new Set([2, 4, 5, 7]);

/** @returns the index of the first character that is wrong where it stands; -1 where all is well */
function wrongBase32(source: string): number {
  const data = source.replace(/=+$/, '');
  const wrong = Array.from(data).findIndex((c) => !ALPHABET.includes(c));
  if (wrong >= 0) return wrong;
  const left = data.length % 8;
  const padding = source.length - data.length;
  if (padding === 0) return left === 0 ? -1 : source.length - left;
  if (left < 2) return data.length;
  if (left + padding < 8) return source.length;
  if (!PARTIAL.has(left)) return data.length;
  return left + padding > 8 ? data.length + 8 - left : -1;
}

function decodeBase32(value: string): string {
  const source = value.replace(/[\r\n]/g, '');
  const wrong = wrongBase32(source);
  if (wrong >= 0) throw new Panic(`illegal base32 data at input byte ${wrong}`);
  const bytes: number[] = [];
  let word = 0;
  let filled = 0;
  for (const c of source.replace(/=+$/, '')) {
    word = (word << 5) | ALPHABET.indexOf(c);
    filled += 5;
    if (filled >= 8) {
      bytes.push((word >> (filled - 8)) & 0xff);
      filled -= 8;
    }
    word &= 0xfff;
  }
  return fromBytes(Uint8Array.from(bytes));
}

/** Decoding that shows its error as the result, as sprig does. */
function orMessage(decode: () => string): string {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Panic) return error.message;
    throw error;
  }
}

function clean(path: string): string {
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!rooted) out.push('..');
  }
  const joined = out.join('/');
  if (rooted) return `/${joined}`;
  return joined === '' ? '.' : joined;
}

function base(path: string): string {
  if (path === '') return '.';
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

function extension(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}

const directory = (path: string): string => clean(path.slice(0, path.lastIndexOf('/') + 1));

function path(call: (value: string) => string): Entry {
  return ['func(string) string', (args) => call(text(args, 0))];
}

const IS_ABSOLUTE: Entry = ['func(string) bool', (args) => text(args, 0).startsWith('/')];

function parse(args: readonly GoValue[]): GoValue {
  const url = parseUrl(text(args, 0));
  if (typeof url === 'string') throw new Panic(`unable to parse url: parse ${quote(text(args, 0))}: ${url}`);
  return own(new Map<GoValue, GoValue>(Object.entries(url)));
}

function join(args: readonly GoValue[]): string {
  const map = dict(args, 0);
  const part = (key: string): string => {
    const value = map.get(key);
    if (value === undefined) return '';
    if (typeof value === 'string') return value;
    if (value === null) throw new Panic('runtime error: invalid memory address or nil pointer dereference');
    throw new Panic(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
  };
  const parts = { scheme: part('scheme'), host: part('host'), path: part('path'), query: part('query'), opaque: part('opaque'), fragment: part('fragment') };
  const given = part('userinfo');
  const userinfo = userinfoOf(given);
  if (userinfo === undefined) throw new Panic(`unable to parse userinfo in dict: parse ${quote(`proto://${given}@host`)}: net/url: invalid userinfo`);
  return urlText({ ...parts, userinfo });
}

export const ENCODING: Readonly<Record<string, Entry>> = {
  b64enc: ['func(string) string', (args) => base64(toBytes(text(args, 0)))],
  b64dec: ['func(string) string', (args) => orMessage(() => fromBytes(decodeBase64(text(args, 0))))],
  b32enc: ['func(string) string', (args) => base32(text(args, 0))],
  b32dec: ['func(string) string', (args) => orMessage(() => decodeBase32(text(args, 0)))],
  base: path(base), dir: path(directory), clean: path(clean), ext: path(extension), isAbs: IS_ABSOLUTE,
  osBase: path(base), osDir: path(directory), osClean: path(clean), osExt: path(extension), osIsAbs: IS_ABSOLUTE,
  urlParse: [`func(string) ${DICT}`, parse],
  urlJoin: [`func(${DICT}) string`, join],
};
