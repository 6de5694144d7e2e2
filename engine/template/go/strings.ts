/** Go strings are byte sequences; a byte outside valid UTF-8 travels in a JS string as the lone surrogate U+DC00 + byte. */
const RAW = 0xdc00;

/** @returns whether the UTF-16 unit stands for a raw byte (U+DC80 to U+DCFF) */
function isRaw(unit: number): boolean {
  return unit >= RAW + 0x80 && unit <= RAW + 0xff;
}

/** @returns the bytes of a Go string; a lone surrogate that stands for no byte becomes U+FFFD */
export function toBytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0;
    if (code < 0x80) out[n++] = code;
    else if (isRaw(code)) out[n++] = code - RAW;
    else {
      const point = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
      if (point > 0xffff) i++;
      n = writeRune(out, n, point);
    }
  }
  return out.slice(0, n);
}

function writeRune(out: Uint8Array, at: number, point: number): number {
  let n = at;
  if (point < 0x800) {
    out[n++] = 0xc0 | (point >> 6);
  } else if (point < 0x10000) {
    out[n++] = 0xe0 | (point >> 12);
    out[n++] = 0x80 | ((point >> 6) & 0x3f);
  } else {
    out[n++] = 0xf0 | (point >> 18);
    out[n++] = 0x80 | ((point >> 12) & 0x3f);
    out[n++] = 0x80 | ((point >> 6) & 0x3f);
  }
  out[n++] = 0x80 | (point & 0x3f);
  return n;
}

/** @returns the Go string of these bytes */
export function fromBytes(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length;) {
    const [point, size] = decodeRune(bytes, i);
    out += point === undefined ? String.fromCharCode(RAW + (bytes[i] ?? 0)) : String.fromCodePoint(point);
    i += size;
  }
  return out;
}

/** Whether a decoded code point is one, and needs all its bytes. */
function isRune(point: number, size: number): boolean {
  const overlong = (size === 3 && point < 0x800) || (size === 4 && point < 0x10000);
  return !overlong && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

/** @returns the rune at `at` and its size in bytes; undefined and 1 where the bytes are no valid UTF-8 */
function decodeRune(bytes: Uint8Array, at: number): [number | undefined, number] {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return [first, 1];
  const size = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (size === 0 || at + size > bytes.length) return [undefined, 1];
  let point = first & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return [undefined, 1];
    point = (point << 6) | (next & 0x3f);
  }
  return isRune(point, size) ? [point, size] : [undefined, 1];
}

/** @returns the count of characters; a byte outside UTF-8 counts as one */
export function runeCount(text: string): number {
  let pairs = 0;
  for (let i = 0; i + 1 < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800 && isLow(text.charCodeAt(i + 1))) pairs++;
  return text.length - pairs;
}

/** @returns the length in bytes, Go's len(text) */
export function byteLength(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80 || isRaw(unit)) n += 1;
    else if (unit < 0x800) n += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      n += 4;
      i++;
    } else n += 3;
  }
  return n;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

const ASCII_ONLY = /^[\x00-\x7f]*$/;  

/** @returns text[from:to] of the bytes, as Go cuts strings; the indices must lie within */
export function sliceBytes(text: string, from: number, to: number): string {
  if (ASCII_ONLY.test(text)) return text.slice(from, to);
  return fromBytes(toBytes(text).slice(from, to));
}

/** @returns the byte index of the first (or last) occurrence, or -1 */
export function indexOfBytes(text: string, part: string, last = false): number {
  const at = last ? text.lastIndexOf(part) : text.indexOf(part);
  return at < 0 ? -1 : byteLength(text.slice(0, at));
}

/** Orders by bytes, as Go compares strings: code points, not UTF-16 units. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  const x = a.charCodeAt(i);
  const y = b.charCodeAt(i);
  if (i < length && (x < 0xd800 || y < 0xd800)) return x < y ? -1 : 1;
  const left = toBytes(a);
  const right = toBytes(b);
  for (let k = 0; k < Math.min(left.length, right.length); k++) {
    const difference = (left[k] ?? 0) - (right[k] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

const LONE = /\p{Surrogate}/gu;

/** @returns text in which everything that is no valid UTF-8 is U+FFFD, as Go writes it to JSON */
export function toValidUtf8(text: string): string {
  return text.replace(LONE, '\ufffd');
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"', '\\': '\\\\', '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
};
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const PLAIN = /^[ !#-[\]-~]*$/;

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}

/** @returns whether Go prints the rune as it is (strconv.IsPrint) */
export function isPrintable(character: string): boolean {
  return PRINTABLE.test(character);
}

/** @returns strconv.Quote(text) without the outer quotes */
export function quoteInner(text: string): string {
  if (PLAIN.test(text)) return text;
  let out = '';
  for (const character of text) out += quoteRune(character, '"');
  return out;
}

/** @returns strconv.Quote(text) */
export function quote(text: string): string {
  return `"${quoteInner(text)}"`;
}

/** @returns one rune as Go writes it inside the given quotes */
export function quoteRune(character: string, mark: string): string {
  if (character === '"' && mark !== '"') return character;
  if (character === mark) return `\\${mark}`;
  const named = NAMED_ESCAPES[character];
  if (named !== undefined) return named;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (isRaw(code)) return `\\x${hex(code - RAW, 2)}`;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}
