import type { FunctionHost } from '../go.ts';
import { Panic } from '../expr/error.ts';

/** @returns a whole number from 0 to below `count`, every one as likely */
export function randomBelow(count: number, host: FunctionHost): number {
  const span = 2 ** 48;
  const fair = span - (span % count);
  for (;;) {
    const value = host.random(6).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < fair) return value % count;
  }
}

/** @returns so many characters of the alphabet; none for a negative count */
export function randomText(count: number, alphabet: string, host: FunctionHost): string {
  let out = '';
  for (let i = 0; i < count; i++) out += alphabet[randomBelow(alphabet.length, host)] ?? '';
  return out;
}

/** @returns the characters of a text in random order */
export function shuffle(value: string, host: FunctionHost): string {
  const points = Array.from(value);
  for (let i = points.length - 1; i > 0; i--) {
    const other = randomBelow(i + 1, host);
    const held = points[i] ?? '';
    points[i] = points[other] ?? '';
    points[other] = held;
  }
  return points.join('');
}

/** @returns a whole number from `low` to below `high` */
export function randomInteger(low: number, high: number, host: FunctionHost): bigint {
  if (high <= low) throw new Panic('invalid argument to Intn');
  return BigInt(low + randomBelow(high - low, host));
}

/** @returns a random UUID, version 4 */
export function uuid(host: FunctionHost): string {
  const bytes = host.random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
