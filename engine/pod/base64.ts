/** Text that came as base64 through a Pod's status or log. */

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 -> text; bytes that are not UTF-8 become U+FFFD. (No atob and no TextDecoder in a pure room.) */
export function decodeBase64(text: string): string {
  const bytes: number[] = [];
  let bits = 0;
  let have = 0;
  for (const char of text) {
    const value = BASE64.indexOf(char);
    if (value < 0) continue;
    bits = ((bits << 6) | value) & 0xffffff;
    have += 6;
    if (have >= 8) {
      have -= 8;
      bytes.push((bits >> have) & 0xff);
    }
  }
  return decodeUtf8(bytes);
}

function decodeUtf8(bytes: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length;) {
    const { point, length } = codePointAt(bytes, i);
    parts.push(String.fromCodePoint(point));
    i += length;
  }
  return parts.join('');
}

function codePointAt(bytes: readonly number[], at: number): { point: number; length: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (!length) return { point: 0xfffd, length: 1 };
  let point = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i];
    if (next === undefined || (next & 0xc0) !== 0x80) return { point: 0xfffd, length: i };
    point = (point << 6) | (next & 0x3f);
  }
  const minimum = [0, 0, 0x80, 0x800, 0x10000][length] ?? 0;
  const valid = point >= minimum && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return { point: valid ? point : 0xfffd, length };
}
