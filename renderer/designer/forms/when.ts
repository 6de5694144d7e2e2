/** A `when` of the common shape, in parts: comparisons joined by one sign. */

export interface Comparison {
  left: string;
  sign: string;
  right: string;
}

export interface WhenParts {
  joined: '&&' | '||';
  parts: Comparison[];
}

export const SIGNS = ['==', '!=', '>', '>=', '<', '<=', '=~', '!~'] as const;
const SIGN = /==|!=|>=|<=|=~|!~|>|</g;

/** @returns the parts of an expression; undefined when it is written in another way, and stays a text */
export function partsOf(text: string): WhenParts | undefined {
  if (text.trim() === '') return { joined: '&&', parts: [] };
  const outside = text.replace(/\{\{[^]*?\}\}|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, (inside) => 'x'.repeat(inside.length));
  const joined = outside.includes('||') ? '||' : '&&';
  if ((joined === '||' && outside.includes('&&')) || /[()!?:,](?!=|~)/.test(outside)) return undefined;
  const parts: Comparison[] = [];
  let start = 0;
  for (const end of [...outside.matchAll(joined === '&&' ? /&&/g : /\|\|/g)].map((match) => match.index).concat(text.length)) {
    const [sign, ...more] = [...outside.slice(start, end).matchAll(SIGN)];
    if (!sign || more.length > 0) return undefined;
    const left = text.slice(start, start + sign.index).trim();
    const right = text.slice(start + sign.index + sign[0].length, end).trim();
    if (left === '' || right === '') return undefined;
    parts.push({ left, sign: sign[0], right });
    start = end + 2;
  }
  return { joined, parts };
}

/** @returns the parts as an expression; parts without a left side are left out */
export function textOfParts({ joined, parts }: WhenParts): string {
  return parts.filter((part) => part.left !== '').map(({ left, sign, right }) => `${left} ${sign} ${right === '' ? "''" : right}`).join(` ${joined} `);
}
