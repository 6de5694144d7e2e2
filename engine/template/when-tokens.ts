/** Tokens of `when` expressions: reading them and checking which may follow which. The rules are govaluate's. */
import { RE2JS } from 're2js';
import { formatValue, GoObject, NumberError, parseFloat64, parseTime, TimeError, type GoTime, type GoValue } from './go.ts';

/** An expression that cannot be read or evaluated. */
export class WhenError extends Error {}

export type TokenKind =
  | 'UNKNOWN' | 'PREFIX' | 'NUMERIC' | 'BOOLEAN' | 'STRING' | 'PATTERN' | 'TIME' | 'VARIABLE' | 'ACCESSOR' | 'SEPARATOR'
  | 'COMPARATOR' | 'LOGICALOP' | 'MODIFIER' | 'CLAUSE' | 'CLAUSE_CLOSE' | 'TERNARY';

/** A compiled regular expression among the values; it prints as its source. */
export class Pattern extends GoObject {
  readonly regexp: RE2JS;

  constructor(source: string) {
    super('*regexp.Regexp', source);
    this.regexp = compile(source);
  }
}

export interface Token {
  kind: TokenKind;
  value: GoValue;
}

/** Longer expressions are refused: reading and evaluating recurse. */
const MAX_LENGTH = 100_000;

const OPERANDS: TokenKind[] = ['PREFIX', 'NUMERIC', 'BOOLEAN', 'VARIABLE', 'ACCESSOR', 'STRING', 'TIME', 'CLAUSE'];
const AFTER_VALUE: TokenKind[] = ['MODIFIER', 'COMPARATOR', 'LOGICALOP', 'CLAUSE_CLOSE', 'TERNARY', 'SEPARATOR'];
const AFTER_CONSTANT: TokenKind[] = ['MODIFIER', 'COMPARATOR', 'LOGICALOP', 'CLAUSE_CLOSE', 'SEPARATOR'];

/** Which tokens may follow a token. */
const NEXT: Record<TokenKind, readonly TokenKind[]> = {
  UNKNOWN: [...OPERANDS, 'PATTERN'],
  CLAUSE: [...OPERANDS, 'PATTERN', 'CLAUSE_CLOSE'],
  // What follows a clause without an operator is read and not looked at.
  CLAUSE_CLOSE: [...AFTER_VALUE, 'NUMERIC', 'BOOLEAN', 'VARIABLE', 'STRING', 'PATTERN', 'TIME', 'CLAUSE'],
  NUMERIC: AFTER_VALUE,
  BOOLEAN: AFTER_VALUE,
  STRING: AFTER_VALUE,
  VARIABLE: AFTER_VALUE,
  TIME: AFTER_CONSTANT,
  PATTERN: AFTER_CONSTANT,
  MODIFIER: ['PREFIX', 'NUMERIC', 'VARIABLE', 'ACCESSOR', 'STRING', 'BOOLEAN', 'CLAUSE', 'CLAUSE_CLOSE'],
  COMPARATOR: [...OPERANDS, 'PATTERN', 'CLAUSE_CLOSE'],
  LOGICALOP: [...OPERANDS, 'CLAUSE_CLOSE'],
  PREFIX: ['NUMERIC', 'BOOLEAN', 'VARIABLE', 'ACCESSOR', 'CLAUSE', 'CLAUSE_CLOSE'],
  TERNARY: [...OPERANDS, 'SEPARATOR'],
  ACCESSOR: ['CLAUSE', ...AFTER_VALUE],
  SEPARATOR: OPERANDS,
};
const MAY_END = new Set<TokenKind>(['CLAUSE_CLOSE', 'NUMERIC', 'BOOLEAN', 'STRING', 'TIME', 'PATTERN', 'VARIABLE', 'ACCESSOR']);

const PREFIXES = new Set(['-', '!', '~']);
const SYMBOLS = new Map<string, TokenKind>([
  ...['+', '-', '*', '/', '%', '**', '&', '|', '^', '>>', '<<'].map((symbol) => [symbol, 'MODIFIER'] as const),
  ...['&&', '||'].map((symbol) => [symbol, 'LOGICALOP'] as const),
  ...['==', '!=', '>', '>=', '<', '<=', '=~', '!~'].map((symbol) => [symbol, 'COMPARATOR'] as const),
  ...['?', ':', '??'].map((symbol) => [symbol, 'TERNARY'] as const),
]);

const TIME_LAYOUTS = [
  'Mon Jan _2 15:04:05 2006', 'Mon Jan _2 15:04:05 MST 2006', 'Mon Jan 02 15:04:05 -0700 2006', '3:04PM',
  '2006-01-02T15:04:05Z07:00', '2006-01-02T15:04:05.999999999Z07:00', '2006-01-02', '2006-01-02 15:04',
  '2006-01-02 15:04:05', '2006-01-02 15:04:05-07:00', '2006-01-02T15Z0700', '2006-01-02T15:04Z0700',
  '2006-01-02T15:04:05Z0700', '2006-01-02T15:04:05.999999999Z0700',
];

/** Splits an expression into tokens. Throws WhenError. */
export function readTokens(text: string): Token[] {
  if (text.length > MAX_LENGTH) throw new WhenError(`the expression is longer than ${MAX_LENGTH} characters`);
  const tokens = new Lexer(text).read();
  const open = tokens.filter((token) => token.kind === 'CLAUSE').length;
  if (open !== tokens.filter((token) => token.kind === 'CLAUSE_CLOSE').length) throw new WhenError('Unbalanced parenthesis');
  return tokens;
}

/** Checks that each token may follow the one before. Throws WhenError. */
export function checkSyntax(tokens: readonly Token[]): void {
  let last: Token = { kind: 'UNKNOWN', value: null };
  for (const token of tokens) {
    if (!NEXT[last.kind].includes(token.kind)) {
      if (last.kind === 'VARIABLE' && token.kind === 'CLAUSE') throw new WhenError(`Undefined function ${formatValue(last.value)}`);
      throw new WhenError(`Cannot transition token types from ${describe(last)} to ${describe(token)}`);
    }
    last = token;
  }
  if (!MAY_END.has(last.kind)) throw new WhenError('Unexpected end of expression');
}

/** Compiles, in place, the string literals after `=~` and `!~`. Throws WhenError. */
export function compilePatterns(tokens: Token[]): void {
  tokens.forEach((token, index) => {
    if (token.kind !== 'COMPARATOR' || (token.value !== '=~' && token.value !== '!~')) return;
    const right = tokens[index + 1];
    if (right?.kind === 'STRING') tokens[index + 1] = { kind: 'PATTERN', value: new Pattern(formatValue(right.value)) };
  });
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new WhenError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function describe(token: Token): string {
  // Go prints the parentheses as the numbers of their characters.
  const value = token.kind === 'CLAUSE' ? '40' : token.kind === 'CLAUSE_CLOSE' ? '41' : formatValue(token.value);
  return `${token.kind} [${value}]`;
}

const isLetter = (c: string): boolean => /^\p{L}$/u.test(c);
const isDigit = (c: string): boolean => /^\p{Nd}$/u.test(c);
const isSpace = (c: string): boolean => /^\p{White_Space}$/u.test(c);
const isNumeric = (c: string): boolean => isDigit(c) || c === '.';
const isHexDigit = (c: string): boolean => /^[0-9a-fA-F]$/.test(c);
const isVariableName = (c: string): boolean => isLetter(c) || isDigit(c) || c === '_' || c === '.';
const isNotQuote = (c: string): boolean => c !== "'" && c !== '"';
const isNotBracket = (c: string): boolean => c !== ']';
const isSymbol = (c: string): boolean => !(isDigit(c) || isLetter(c) || '()[]'.includes(c)) && isNotQuote(c);

class Lexer {
  private readonly characters: string[];
  private at = 0;

  constructor(text: string) {
    this.characters = Array.from(text);
  }

  read(): Token[] {
    const tokens: Token[] = [];
    let last: TokenKind = 'UNKNOWN';
    for (;;) {
      while (isSpace(this.characters[this.at] ?? '')) this.at++;
      const c = this.characters[this.at];
      if (c === undefined) return tokens;
      const token = this.token(c, last);
      tokens.push(token);
      last = token.kind;
    }
  }

  private token(c: string, last: TokenKind): Token {
    if (isNumeric(c)) return this.number(c);
    switch (c) {
      case ',': return this.single('SEPARATOR', c);
      case '(': return this.single('CLAUSE', c);
      case ')': return this.single('CLAUSE_CLOSE', c);
      case '[': return { kind: 'VARIABLE', value: this.delimited(isNotBracket, 'Unclosed parameter bracket') };
      case "'": case '"': return this.string();
      default: return isLetter(c) ? this.word() : this.symbol(last);
    }
  }

  private single(kind: TokenKind, c: string): Token {
    this.at++;
    return { kind, value: c };
  }

  private number(c: string): Token {
    if (c === '0' && this.characters[this.at + 1] === 'x') {
      this.at += 2;
      const digits = this.readWhile(isHexDigit, false);
      if (!/^[0-9a-fA-F]+$/.test(digits) || BigInt(`0x${digits}`) >= 2n ** 64n) throw new WhenError(`Unable to parse hex value '${digits}' to uint64\n`);
      return { kind: 'NUMERIC', value: Number(BigInt(`0x${digits}`)) };
    }
    const text = this.readWhile(isNumeric, false);
    try {
      return { kind: 'NUMERIC', value: parseFloat64(text) };
    } catch (error) {
      if (!(error instanceof NumberError)) throw error;
      throw new WhenError(`Unable to parse numeric value '${text}' to float64\n`, { cause: error });
    }
  }

  private word(): Token {
    const text = this.readWhile(isVariableName, false);
    if (text === 'true' || text === 'false') return { kind: 'BOOLEAN', value: text === 'true' };
    if (text === 'in' || text === 'IN') return { kind: 'COMPARATOR', value: 'in' };
    if (text.indexOf('.') <= 0) return { kind: 'VARIABLE', value: text };
    if (text.endsWith('.')) throw new WhenError(`Hanging accessor on token '${text}'`);
    const names = text.split('.');
    for (const name of names.slice(1)) {
      const first = Array.from(name)[0] ?? '';
      if (first.toUpperCase() !== first) throw new WhenError(`Unable to access unexported field '${name}' in token '${text}'`);
    }
    return { kind: 'ACCESSOR', value: names };
  }

  private string(): Token {
    const text = this.delimited(isNotQuote, 'Unclosed string literal');
    const time = timeOf(text);
    return time === undefined ? { kind: 'STRING', value: text } : { kind: 'TIME', value: time };
  }

  /** The text up to a closing character; white space counts, a backslash takes the next character as it is. */
  private delimited(inside: (c: string) => boolean, unclosed: string): string {
    this.at++;
    const text = this.readWhile(inside, true);
    if (this.at >= this.characters.length) throw new WhenError(unclosed);
    this.at++;
    return text;
  }

  private symbol(last: TokenKind): Token {
    const text = this.readWhile(isSymbol, false);
    if (NEXT[last].includes('PREFIX') && PREFIXES.has(text)) return { kind: 'PREFIX', value: text };
    const kind = SYMBOLS.get(text);
    if (kind === undefined) throw new WhenError(`Invalid token: '${text}'`);
    return { kind, value: text };
  }

  private readWhile(belongs: (c: string) => boolean, withSpace: boolean): string {
    let text = '';
    for (;;) {
      const c = this.characters[this.at];
      if (c === undefined) return text;
      if (c === '\\') {
        const escaped = this.characters[this.at + 1];
        // Argo panics here; a word with a backslash at its end cannot mean anything.
        if (escaped === undefined) throw new WhenError(`runtime error: index out of range [${this.at + 1}] with length ${this.at + 1}`);
        text += escaped;
        this.at += 2;
        continue;
      }
      if (isSpace(c) && !withSpace) {
        if (text !== '') return text;
        this.at++;
        continue;
      }
      if (!belongs(c)) return text;
      text += c;
      this.at++;
    }
  }
}

function timeOf(text: string): GoTime | undefined {
  if (!/[0-9]/.test(text)) return undefined;
  for (const layout of TIME_LAYOUTS) {
    try {
      return parseTime(layout, text);
    } catch (error) {
      if (!(error instanceof TimeError)) throw error;
    }
  }
  return undefined;
}
