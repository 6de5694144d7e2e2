/**
 * JSON with what JSON.parse throws away: the spelling of numbers (`5.0`, `1e3`) and the raw text of every value. Argo
 * keeps loop items as raw text, so node names depend on that spelling.
 */
import { unmarshalJson } from './go.ts';

export { JsonError as JsonSyntaxError } from './go.ts';

export type RawJson =
  | { kind: 'null' | 'bool' | 'number' | 'string'; text: string }
  | { kind: 'array'; text: string; items: RawJson[] }
  | { kind: 'object'; text: string; entries: [key: string, value: RawJson][] };

const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s"[\]{},:]+|[[\]{},:]/g;
/** Nesting beyond this is refused; deeper values would exhaust the stack of whoever walks them. */
const MAX_DEPTH = 1000;

/**
 * Reads one JSON value. `text` of each part is its source without the white space between tokens.
 * Throws JsonError (of go.ts) with Go's message.
 */
export function parseRawJson(source: string): RawJson {
  unmarshalJson(source); // It alone says what is wrong; from here on the text is known to be JSON.
  return new Reader(source.match(TOKEN) ?? []).value(0);
}

/** The string that a JSON string literal stands for; halves of surrogate pairs become U+FFFD as in Go. */
export function decodeJsonString(literal: string): string {
  return (JSON.parse(literal) as string).replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Go's json.Marshal also escapes `<`, `>`, `&` and the two line separators, within any JSON text. */
export function escapeHtmlInJson(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

class Reader {
  private at = 0;
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  value(depth: number): RawJson {
    if (depth > MAX_DEPTH) throw new RangeError('exceeded max depth');
    const token = this.next();
    switch (token.charAt(0)) {
      case '[': return this.array(depth);
      case '{': return this.object(depth);
      case '"': return { kind: 'string', text: token };
      case 'n': return { kind: 'null', text: token };
      case 't': case 'f': return { kind: 'bool', text: token };
      default: return { kind: 'number', text: token };
    }
  }

  private array(depth: number): RawJson {
    const items: RawJson[] = [];
    while (this.tokens[this.at] !== ']') {
      if (items.length > 0) this.at++; // comma
      items.push(this.value(depth + 1));
    }
    this.at++;
    return { kind: 'array', text: `[${items.map((item) => item.text).join(',')}]`, items };
  }

  private object(depth: number): RawJson {
    const entries: [string, RawJson][] = [];
    const parts: string[] = [];
    while (this.tokens[this.at] !== '}') {
      if (entries.length > 0) this.at++; // comma
      const key = this.next();
      this.at++; // colon
      const value = this.value(depth + 1);
      entries.push([decodeJsonString(key), value]);
      parts.push(`${key}:${value.text}`);
    }
    this.at++;
    return { kind: 'object', text: `{${parts.join(',')}}`, entries };
  }

  private next(): string {
    return this.tokens[this.at++] ?? '';
  }
}
