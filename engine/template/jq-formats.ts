/** jq's formats: `@csv`, `@base64` and their like. The messages are gojq's. */
import { base64, fromBytes, toBytes, toValidUtf8 } from './go.ts';
import { JqError, type JqValue } from './jq-parse.ts';
import { cannot, described, isArray, isObject, preview, toJson } from './jq-values.ts';

const asText = (value: JqValue): string => (typeof value === 'string' ? value : toJson(value));
const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' };

function row(name: string, value: JqValue, separator: string, cell: (value: string) => string): string {
  if (!isArray(value)) return cannot(name, value);
  return value.map((element) => {
    if (isArray(element) || isObject(element)) throw new JqError(`${name} cannot format an array including: ${described(element)}`);
    const text = typeof element === 'string' ? cell(element.replaceAll('\0', '\\0')) : toJson(element);
    return typeof element !== 'string' && text === 'null' && name !== '@sh' ? '' : text;
  }).join(separator);
}

function uri(value: string): string {
  return Array.from(toBytes(value), (byte) => {
    const c = String.fromCharCode(byte);
    return /[A-Za-z0-9\-_.~]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 without what follows the first `=`; line breaks are skipped. */
function unbase64(value: JqValue): string {
  const source = toBytes(asText(value).replace(/=.*$/s, ''));
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  const corrupt = (at: number): never => {
    throw new JqError(`@base64d cannot be applied to ${preview(value)}: illegal base64 data at input byte ${at}`);
  };
  for (const [at, byte] of source.entries()) {
    if (byte === 10 || byte === 13) continue;
    const digit = DIGITS.indexOf(String.fromCharCode(byte));
    if (digit < 0) corrupt(at);
    bits = ((bits << 6) | digit) & 0xffffff;
    count++;
    if (count % 4 !== 1) bytes.push((bits >> (count % 4 === 2 ? 4 : count % 4 === 3 ? 2 : 0)) & 255);
  }
  if (count % 4 === 1) corrupt(source.length - 1);
  return toValidUtf8(fromBytes(Uint8Array.from(bytes)));
}

function unuri(value: JqValue): string {
  const bytes: number[] = [];
  const source = asText(value);
  for (const part of source.match(/%[^]{0,2}|[^%]+/g) ?? []) {
    if (!part.startsWith('%')) bytes.push(...toBytes(part));
    else if (/^%[0-9a-fA-F]{2}$/.test(part)) bytes.push(Number.parseInt(part.slice(1), 16));
    else throw new JqError(`@urid cannot be applied to ${preview(value)}: invalid URL escape ${JSON.stringify(part)}`);
  }
  return toValidUtf8(fromBytes(Uint8Array.from(bytes)));
}

/** The formats, by name. */
export const FORMATS: ReadonlyMap<string, (value: JqValue) => string> = new Map([
  ['@text', asText],
  ['@json', toJson],
  ['@html', (value): string => asText(value).replace(/[<>&'"]/g, (c) => HTML[c] ?? c)],
  ['@uri', (value): string => uri(asText(value))],
  ['@urid', (value): string => unuri(value)],
  ['@csv', (value): string => row('@csv', value, ',', (cell) => `"${cell.replaceAll('"', '""')}"`)],
  ['@tsv', (value): string => row('@tsv', value, '\t', (cell) => cell.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\r', '\\r').replaceAll('\n', '\\n'))],
  ['@sh', (value): string => row('@sh', isArray(value) ? value : [value], ' ', (cell) => `'${cell.replaceAll("'", "'\\''")}'`)],
  ['@base64', (value): string => base64(toBytes(asText(value)))],
  ['@base64d', (value): string => unbase64(value)],
] satisfies [string, (value: JqValue) => string][]);

