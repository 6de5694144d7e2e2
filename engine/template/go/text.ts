const SPACES = '\t\n\v\f\r \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

/** @returns strings.Trim(text, cutset), or one side of it */
export function trimCharacters(text: string, cutset: string, side: 'both' | 'left' | 'right' = 'both'): string {
  const cut = new Set(Array.from(cutset));
  const points = Array.from(text);
  let from = 0;
  let to = points.length;
  if (side !== 'right') while (from < to && cut.has(points[from] ?? '')) from++;
  if (side !== 'left') while (to > from && cut.has(points[to - 1] ?? '')) to--;
  return points.slice(from, to).join('');
}

/** @returns strings.TrimSpace(text); unlike trim() it keeps U+FEFF and takes U+0085 */
export function trimSpace(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && SPACES.includes(text[from] ?? '')) from++;
  while (to > from && SPACES.includes(text[to - 1] ?? '')) to--;
  return text.slice(from, to);
}

/** Upper case of Greek letters with iota subscript, which JavaScript writes as two letters. */
function withIota(code: number): number | undefined {
  if (code >= 0x1f80 && code <= 0x1faf) return code | 8;
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return code + 9;
  return undefined;
}

/** @returns strings.ToUpper(text): rune by rune, never more runes than before */
export function toUpper(text: string): string {
  return mapRunes(text, (c) => {
    const upper = c.toUpperCase();
    if (Array.from(upper).length === 1) return upper;
    const iota = withIota(c.codePointAt(0) ?? 0);
    return iota === undefined ? c : String.fromCodePoint(iota);
  });
}

/** @returns strings.ToLower(text): rune by rune, without the final sigma and other rules of context */
export function toLower(text: string): string {
  return mapRunes(text, (c) => {
    if (c === '\u0130') return 'i';
    const lower = c.toLowerCase();
    return Array.from(lower).length === 1 ? lower : c;
  });
}

function mapRunes(text: string, map: (character: string) => string): string {
  let out = '';
  for (const character of text) out += map(character);
  return out;
}
