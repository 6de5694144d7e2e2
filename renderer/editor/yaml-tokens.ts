/** Colours of YAML, line by line: keys, values, texts of several lines by their columns, and the tags in all of them. */
import type { languages } from 'monaco-editor/editor/editor.api';

/** What a line takes over from the one before. */
class State implements languages.IState {
  /** Column of the key that a block text belongs to; -1 outside of one. */
  readonly block: number;
  /** The quote that is open. */
  readonly quote: string;

  constructor(block = -1, quote = '') {
    this.block = block;
    this.quote = quote;
  }

  clone(): this {
    return this;
  }

  equals(other: languages.IState): boolean {
    return other instanceof State && other.block === this.block && other.quote === this.quote;
  }
}

type Token = languages.IToken;

const RULES: readonly (readonly [RegExp, string])[] = [
  [/\s+/y, ''],
  [/#.*/y, 'comment'],
  [/(?:---|\.\.\.)(?=\s|$)/y, 'delimiter'],
  [/\{\{.*?(?:\}\}|$)/y, 'variable'],
  [/"(?:[^"\\]|\\.)*"(?=\s*:)|'(?:[^']|'')*'(?=\s*:(?:\s|$))/y, 'type'],
  [/[^\s#&*!|>'"%@`{}[\],:-][^#{}[\],:]*(?:[#:](?!\s|$)[^#{}[\],:]*)*(?=\s*:(?:\s|$))|-[^\s:{}[\],]+(?=:(?:\s|$))/y, 'type'],
  [/[-?:](?=\s|$)|[{}[\],:]/y, 'delimiter'],
  [/[&*!][^\s,[\]{}]*/y, 'namespace'],
  [/(?:true|false|null|yes|no|on|off|~)(?=\s*(?:[,\]}]|#|$))/iy, 'keyword'],
  [/[-+]?(?:0[xo])?[\d._]+(?:e[-+]?\d+)?(?=\s*(?:[,\]}]|\s#|$))/iy, 'number'],
];
const PLAIN = /(?:(?!\{\{)(?:[^\s,[\]{}#:]|[:](?!\s|$)|(?<=\S)#|[ \t]+(?![#\s])(?!\{\{)))+/y;

function tokenize(line: string, state: languages.IState): languages.ILineTokens {
  const tokens: Token[] = [];
  const before = state instanceof State ? state : new State();
  const indent = line.search(/\S/);
  if (before.block >= 0 && (indent < 0 || indent > before.block)) {
    withTags(line, 0, line.length, tokens);
    return { tokens, endState: before };
  }
  let at = 0;
  let { quote } = before;
  if (quote !== '') [at, quote] = quoted(line, 0, quote, tokens);
  while (at < line.length) {
    const rule = RULES.find(([pattern]) => {
      pattern.lastIndex = at;
      return pattern.test(line);
    });
    if (rule) {
      tokens.push({ startIndex: at, scopes: rule[1] });
      at = rule[0].lastIndex;
    } else if (line[at] === '"' || line[at] === "'") [at, quote] = quoted(line, at + 1, line[at] ?? '"', tokens, at);
    else {
      PLAIN.lastIndex = at;
      tokens.push({ startIndex: at, scopes: 'string' });
      at = PLAIN.test(line) ? PLAIN.lastIndex : at + 1;
    }
  }
  const opens = /(?:^|[\s:-])[|>][-+0-9]*\s*(?:#.*)?$/.test(line) && quote === '' && !/^\s*#/.test(line);
  return { tokens, endState: new State(opens ? keyColumn(line) : -1, quote) };
}

/** Column of the key, or of the dash, that a block text belongs to. */
function keyColumn(line: string): number {
  const lead = /^\s*(?:- +)*/.exec(line)?.[0] ?? '';
  return /^[|>]/.test(line.slice(lead.length)) ? Math.max(0, lead.trimEnd().length - 1) : lead.length;
}

/** A quoted text from behind its quote to its end, or to the end of the line. @returns where it ends, and the quote when it is open */
function quoted(line: string, from: number, quote: string, tokens: Token[], start = from): [number, string] {
  let at = from;
  for (; at < line.length; at++) {
    if (quote === '"' && line[at] === '\\') at++;
    else if (line[at] === quote && quote === "'" && line[at + 1] === "'") at++;
    else if (line[at] === quote) {
      withTags(line, start, at + 1, tokens);
      return [at + 1, ''];
    }
  }
  withTags(line, start, line.length, tokens);
  return [line.length, quote];
}

function withTags(line: string, from: number, to: number, tokens: Token[]): void {
  tokens.push({ startIndex: from, scopes: 'string' });
  for (const match of line.slice(from, to).matchAll(/\{\{.*?\}\}/g)) {
    tokens.push({ startIndex: from + match.index, scopes: 'variable' });
    if (from + match.index + match[0].length < to) tokens.push({ startIndex: from + match.index + match[0].length, scopes: 'string' });
  }
}

export const YAML_TOKENS: languages.TokensProvider = { getInitialState: () => new State(), tokenize };
