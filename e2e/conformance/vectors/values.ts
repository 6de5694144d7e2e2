import { formatTime, GoFunc, GoLocation, GoNumber, GoTime, isMap, isSlice, parseTime, RFC3339, RFC3339_NANO, formatValue, formatFloat, typeName } from '../../../engine/template/go.ts';
import type { GoValue } from '../../../engine/template/go.ts';

/** @returns the Go value that a vector's JSON stands for: integers are int, {"$float"} a float64, {"$time"} a time.Time */
export function decode(value: unknown): GoValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(decode);
  const object = value as Record<string, unknown>;
  if (typeof object['$float'] === 'string') return Number(object['$float'].replace('Inf', 'Infinity'));
  if (typeof object['$time'] === 'string') return parseTime(RFC3339, object['$time']);
  return new Map(Object.entries(object).map(([key, item]) => [key, decode(item)]));
}

/** @returns the vector's named values as Go values */
export function decodeValues(values: unknown): Map<string, GoValue> {
  return new Map(Object.entries((values ?? {}) as Record<string, unknown>).map(([key, item]) => [key, decode(item)]));
}

/** strconv.QuoteToASCII */
function quoteAscii(text: string): string {
  const named: Record<string, string> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '"': '\\"', '\\': '\\\\' };
  let out = '';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (named[c] !== undefined) out += named[c];
    else if (code >= 0x20 && code < 0x7f) out += c;
    else if (code < 0x80) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${(code - 0xdc00).toString(16)}`;
    else out += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `"${out}"`;
}

/** @returns a value with all its Go types, as the vectors' `typed` writes it */
export function typed(value: GoValue): string {
  if (value === null) return 'nil';
  const type = typeName(value);
  if (typeof value === 'string') return `string(${quoteAscii(value)})`;
  if (typeof value === 'number') return `float64(${formatFloat(value, 'g')})`;
  if (value instanceof GoNumber && type === 'time.Duration') return `time.Duration(${String(value.value)})`;
  if (value instanceof GoTime) return `time.Time(${formatTime(value, RFC3339_NANO)})`;
  if (value instanceof GoFunc) return type;
  if (value instanceof GoLocation) return `*time.Location(${value.name})`;
  if (value instanceof Uint8Array) return `[]uint8[${[...value].map((byte) => `uint8(${byte})`).join(', ')}]`;
  if (isSlice(value)) return `${type}[${value.map(typed).join(', ')}]`;
  if (isMap(value)) return `${type}{${[...value].map(([key, item]) => `${typed(key)}: ${typed(item)}`).sort().join(', ')}}`;
  return `${type}(${formatValue(value)})`;
}

