import { formatJsonFloat } from './numbers.ts';
import { compareStrings, isPrintable, toValidUtf8 } from './strings.ts';
import { formatTime, RFC3339_NANO } from './time.ts';
import { GoMap, GoNumber, GoTime, GoFunc, GoLocation, GoObject, NIL_LIST } from './values.ts';
import type { GoValue } from './values.ts';

/** A value that cannot become JSON or text that is no JSON, with the text of Go's encoding/json. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

const ESCAPED = /["\\\x00-\x1f<>&\u2028\u2029]/g;  
const ESCAPED_NO_HTML = /["\\\x00-\x1f\u2028\u2029]/g;  
const INVALID = /\p{Surrogate}/gu;
const SHORT: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** @returns the string as a JSON string, as Go writes it; `html` false leaves < > & as they are */
export function jsonString(text: string, html = true): string {
  const escaped = text.replace(html ? ESCAPED : ESCAPED_NO_HTML, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped.replace(INVALID, '\\ufffd')}"`;
}

export interface MarshalOptions {
  /** Spaces (or any text) per level; undefined = compact. */
  indent?: string;
  /** Escape < > & as \u003c, Go's default: true. */
  html?: boolean;
}

const MAX_DEPTH = 1000;

interface Container {
  open: string;
  close: string;
  items: string[];
}

/**
 * json.Marshal of a Go value: keys sorted by bytes.
 * @throws JsonError for functions, NaN, infinities and maps with other keys than text and integers
 */
export function marshalJson(value: GoValue, options: MarshalOptions = {}, depth = 0): string {
  if (depth > MAX_DEPTH) throw new JsonError('json: unsupported value: encountered a cycle');
  const html = options.html ?? true;
  if (value === null || value === NIL_LIST) return 'null';
  switch (typeof value) {
    case 'boolean': case 'bigint': return String(value);
    case 'string': return jsonString(value, html);
    case 'number': return jsonFloat(value);
    default: break;
  }
  if (value instanceof GoNumber) return typeof value.value === 'bigint' ? String(value.value) : jsonFloat(value.value);
  if (value instanceof Uint8Array) return `"${base64(value)}"`;
  if (value instanceof GoTime) return `"${formatTime(value, RFC3339_NANO)}"`;
  if (value instanceof GoFunc) throw new JsonError(`json: unsupported type: ${value.type}`);
  if (value instanceof GoLocation) return '{}';
  if (value instanceof GoObject) return marshalJson(value.json, options, depth + 1);
  return layOut(container(value, options, depth), options.indent, depth);
}

function container(value: readonly GoValue[] | ReadonlyMap<GoValue, GoValue>, options: MarshalOptions, depth: number): Container {
  if (value instanceof Map) {
    if (value instanceof GoMap && !/^map\[(string|u?int\d*)\]/.test(value.type)) throw new JsonError(`json: unsupported type: ${value.type}`);
    const entries = [...value as ReadonlyMap<GoValue, GoValue>].map(([key, item]) => [keyText(key), item] as const);
    entries.sort((a, b) => compareStrings(a[0], b[0]));
    const colon = options.indent === undefined ? ':' : ': ';
    return { open: '{', close: '}', items: entries.map(([key, item]) => jsonString(key, options.html ?? true) + colon + marshalJson(item, options, depth + 1)) };
  }
  return { open: '[', close: ']', items: (value as readonly GoValue[]).map((item) => marshalJson(item, options, depth + 1)) };
}

function keyText(key: GoValue): string {
  if (typeof key === 'string') return key;
  return key instanceof GoNumber ? String(key.value) : typeof key === 'bigint' ? String(key) : '';
}

function layOut({ open, close, items }: Container, indent: string | undefined, depth: number): string {
  if (indent === undefined || items.length === 0) return open + items.join(',') + close;
  const inner = `\n${indent.repeat(depth + 1)}`;
  return `${open}${inner}${items.join(`,${inner}`)}\n${indent.repeat(depth)}${close}`;
}

function jsonFloat(value: number): string {
  if (!Number.isFinite(value)) throw new JsonError(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
  return formatJsonFloat(value);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @returns standard base64 with padding */
export function base64(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += (BASE64[word >> 18] ?? '') + (BASE64[(word >> 12) & 63] ?? '');
    out += (left > 1 ? BASE64[(word >> 6) & 63] ?? '' : '=') + (left > 2 ? BASE64[word & 63] ?? '' : '=');
  }
  return out;
}

/**
 * json.Marshal of a plain JSON-like JavaScript value: Go's escapes, but keys in the order they stand (as Go's struct fields do).
 * @throws JsonError for numbers that JSON cannot hold
 */
export function marshalPlain(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'function' || typeof value === 'symbol') return 'null';
  if (typeof value === 'string') return jsonString(value);
  if (typeof value === 'number') return jsonFloat(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(marshalPlain).join(',')}]`;
  const fields: string[] = [];
  for (const [key, item] of Object.entries(value)) if (item !== undefined) fields.push(`${jsonString(key)}:${marshalPlain(item)}`);
  return `{${fields.join(',')}}`;
}

/** Reads JSON as json.Unmarshal does into interface{}: every number a float64, the last of equal keys wins. */
class Reader {
  private at = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  document(): GoValue {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) this.fail('after top-level value');
    return value;
  }

  private space(): void {
    while (/^[ \t\r\n]$/.test(this.text[this.at] ?? '')) this.at++;
  }

  private fail(where: string): never {
    const code = this.text.codePointAt(this.at);
    if (code === undefined) throw new JsonError('unexpected end of JSON input');
    throw new JsonError(`invalid character ${characterName(code)} ${where}`);
  }

  private value(depth: number): GoValue {
    if (depth > 10_000) throw new JsonError('exceeded max depth');
    this.space();
    const c = this.text[this.at];
    if (c === '{') return this.object(depth);
    if (c === '[') return this.list(depth);
    if (c === '"') return this.string();
    if (c === 't') return this.word('true', true);
    if (c === 'f') return this.word('false', false);
    if (c === 'n') return this.word('null', null);
    if (c !== undefined && /[-0-9]/.test(c)) return this.number();
    return this.fail('looking for beginning of value');
  }

  private word(word: string, value: boolean | null): boolean | null {
    for (let i = 1; i < word.length; i++) {
      this.at++;
      if (this.text[this.at] !== word[i]) this.fail(`in literal ${word} (expecting '${word[i] ?? ''}')`);
    }
    this.at++;
    return value;
  }

  private digits(where: string): void {
    if (!isDigit(this.text[this.at])) this.fail(where);
    while (isDigit(this.text[this.at])) this.at++;
  }

  private number(): number {
    const start = this.at;
    if (this.text[this.at] === '-') this.at++;
    if (this.text[this.at] === '0') this.at++;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at++;
      this.digits('after decimal point in numeric literal');
    }
    if (/^[eE]$/.test(this.text[this.at] ?? '')) {
      this.at++;
      if (/^[+-]$/.test(this.text[this.at] ?? '')) this.at++;
      this.digits('in exponent of numeric literal');
    }
    const spelled = this.text.slice(start, this.at);
    const value = Number(spelled);
    if (!Number.isFinite(value)) throw new JsonError(`json: cannot unmarshal number ${spelled} into Go value of type float64`);
    return value;
  }

  private string(): string {
    const start = this.at++;
    let plain = true;
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) this.fail('');
      if (c === '"') break;
      if (c < ' ') this.fail('in string literal');
      if (c === '\\') {
        plain = false;
        this.escape();
      } else this.at++;
    }
    this.at++;
    const raw = this.text.slice(start, this.at);
    return plain ? toValidUtf8(raw.slice(1, -1)) : toValidUtf8(JSON.parse(raw) as string);
  }

  private escape(): void {
    this.at++;
    const c = this.text[this.at];
    if (c === undefined || !'bfnrtu\\/"'.includes(c)) this.fail('in string escape code');
    this.at++;
    if (c !== 'u') return;
    for (let i = 0; i < 4; i++, this.at++) if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
  }

  private list(depth: number): GoValue {
    const items: GoValue[] = [];
    this.at++;
    this.space();
    if (this.text[this.at] === ']') {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.space();
      const c = this.text[this.at];
      if (c !== ',' && c !== ']') this.fail('after array element');
      this.at++;
      if (c === ']') return items;
    }
  }

  private object(depth: number): GoValue {
    const entries = new Map<GoValue, GoValue>();
    this.at++;
    this.space();
    if (this.text[this.at] === '}') {
      this.at++;
      return entries;
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string');
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ':') this.fail('after object key');
      this.at++;
      entries.set(key, this.value(depth + 1));
      this.space();
      const c = this.text[this.at];
      if (c !== ',' && c !== '}') this.fail('after object key:value pair');
      this.at++;
      if (c === '}') return entries;
    }
  }
}

function isDigit(c: string | undefined): boolean {
  return c !== undefined && c >= '0' && c <= '9';
}

function characterName(code: number): string {
  const c = String.fromCodePoint(code);
  if (c === "'") return "'\\''";
  if (c === '"') return "'\"'";
  // Go looks at one byte: of a longer character it names the first byte.
  if (code >= 0x80) {
    const lead = code < 0x800 ? 0xc0 | (code >> 6) : code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
    const byte = String.fromCharCode(lead);
    return isPrintable(byte) ? `'${byte}'` : `'\\u${lead.toString(16).padStart(4, '0')}'`;
  }
  if (c === '\\') return "'\\\\'";
  const named: Readonly<Record<string, string>> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };
  return `'${named[c] ?? (code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : c)}'`;
}

/**
 * json.Unmarshal into interface{}.
 * @throws JsonError with Go's text
 */
export function unmarshalJson(text: string): GoValue {
  return new Reader(text).document();
}

/** @returns whether Go's json.Valid accepts the text */
export function isValidJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @returns the Go value of a plain JavaScript value: whole numbers become int, others float64, as Argo's own maps hold them */
export function fromPlain(value: unknown): GoValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(fromPlain);
  if (typeof value === 'object') return new Map(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]));
  throw new JsonError(`json: unsupported type: ${typeof value}`);
}

/** @returns the plain JavaScript value that JSON of a Go value gives */
export function toPlain(value: GoValue): unknown {
  return JSON.parse(marshalJson(value));
}

