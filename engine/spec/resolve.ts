/**
 * What a YAML scalar means. Argo reads manifests through sigs.k8s.io/yaml, that is go-yaml v2: YAML 1.1 without base-60 numbers
 * and with timestamps left as text. Pure functions over the spelling of one scalar.
 */

/** A value that JSON can hold, or a float that it cannot (`.inf`, `.nan`): the reader reports those. */
export type ScalarValue = string | number | boolean | null;

export type ScalarKind = 'null' | 'bool' | 'int' | 'float' | 'str';

export interface ResolvedScalar {
  kind: ScalarKind;
  value: ScalarValue;
}

const WORDS = new Map<string, ResolvedScalar>();
const bool = (value: boolean, words: string): void => {
  for (const word of words.split(' ')) WORDS.set(word, { kind: 'bool', value });
};
bool(true, 'y Y yes Yes YES true True TRUE on On ON');
bool(false, 'n N no No NO false False FALSE off Off OFF');
for (const word of ['', '~', 'null', 'Null', 'NULL']) WORDS.set(word, { kind: 'null', value: null });
for (const name of ['inf', 'Inf', 'INF']) {
  WORDS.set(`.${name}`, { kind: 'float', value: Infinity });
  WORDS.set(`+.${name}`, { kind: 'float', value: Infinity });
  WORDS.set(`-.${name}`, { kind: 'float', value: -Infinity });
}
for (const name of ['.nan', '.NaN', '.NAN']) WORDS.set(name, { kind: 'float', value: NaN });

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const DOT_FLOAT = /^\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;

const MAX_UNSIGNED = 2n ** 64n - 1n;
const MIN_SIGNED = -(2n ** 63n);

/** Digits in base 2, 8, 10 or 16 with an optional sign; undefined when it is no integer of 64 bits. */
function parseInteger(text: string): number | undefined {
  const match = INTEGER.exec(text);
  if (!match) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const digits = hex !== undefined ? `0x${hex}` : binary !== undefined ? `0b${binary}` : octal !== undefined ? `0o${octal}` : (decimal ?? '0');
  const magnitude = BigInt(digits);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value < MIN_SIGNED || value > MAX_UNSIGNED || (sign !== '' && value > 2n ** 63n - 1n)) return undefined;
  return Number(value);
}

/** What an unquoted scalar without a tag stands for. */
export function resolvePlain(text: string): ResolvedScalar {
  const word = WORDS.get(text);
  if (word) return word;
  const string: ResolvedScalar = { kind: 'str', value: text };
  const first = text.charAt(0);
  if (first === '.') return DOT_FLOAT.test(text) ? { kind: 'float', value: Number(text.replaceAll('_', '')) } : string;
  if (!/[-+0-9]/.test(first)) return string;
  const plain = text.replaceAll('_', '');
  const integer = parseInteger(plain);
  if (integer !== undefined) return { kind: 'int', value: integer };
  // A decimal out of float64's range is refused by Go's parser and stays text.
  if (FLOAT.test(plain) && Number.isFinite(Number(plain))) return { kind: 'float', value: Number(plain) };
  return string;
}

const TAG = 'tag:yaml.org,2002:';

/** A scalar with an explicit tag; the error is go-yaml's own sentence. */
export function resolveTagged(text: string, tag: string): ResolvedScalar | { error: string } {
  const name = tag.startsWith(TAG) ? tag.slice(TAG.length) : '';
  if (name === 'binary') return decodeBase64(text);
  if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(name)) return { kind: 'str', value: text };
  const resolved = resolvePlain(text);
  if (resolved.kind === name || (name === 'float' && resolved.kind === 'int')) return resolved;
  if (name === 'timestamp' && /^\d{4}-\d{1,2}-\d{1,2}/.test(text)) return { kind: 'str', value: text };
  return { error: `cannot decode !!${resolved.kind} \`${text}\` as a !!${name}` };
}

function decodeBase64(text: string): ResolvedScalar | { error: string } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const source = text.replace(/[\r\n]/g, '');
  if (source.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(source)) return { error: '!!binary value contains invalid base64 data' };
  const bytes: string[] = [];
  let bits = 0;
  let held = 0;
  for (const character of source.replace(/=+$/, '')) {
    held = (held << 6) | alphabet.indexOf(character);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(`%${((held >> bits) & 0xff).toString(16).padStart(2, '0')}`);
      held &= (1 << bits) - 1;
    }
  }
  try {
    return { kind: 'str', value: decodeURIComponent(bytes.join('')) };
  } catch {
    // Bytes that are no UTF-8: JSON shows a replacement for each.
    return { kind: 'str', value: bytes.map((byte) => (Number.parseInt(byte.slice(1), 16) < 0x80 ? String.fromCharCode(Number.parseInt(byte.slice(1), 16)) : '\uFFFD')).join('') };
  }
}

/** A map key as JSON has it; undefined for null, which Argo refuses. */
export function keyText(value: ScalarValue): string | undefined {
  if (value === null) return undefined;
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  // Keys of floats are printed with the digits a float32 needs.
  return shortestFloat32(value);
}

function shortestFloat32(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(value);
}
