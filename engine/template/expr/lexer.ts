import { ExprError } from './error.ts';
import { fromBytes, isPrintable, toBytes } from '../go.ts';

export type TokenKind = 'Identifier' | 'Number' | 'String' | 'Bytes' | 'Operator' | 'Bracket' | 'EOF';

export interface Token {
  readonly kind: TokenKind;
  readonly value: string;
  /** Index in the source, in code points. */
  readonly at: number;
}

const WORD_OPERATORS = new Set(['in', 'or', 'and', 'matches', 'contains', 'startsWith', 'endsWith', 'let', 'if', 'else']);
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
const SPACE = /^[\t-\r \x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
const WORD = /^[\p{L}\p{Nd}_$]$/u;
const EOF = '';
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' };

/** Reads tokens one by one, so that a fault is reported only when the parser gets there. */
export class Lexer {
  private readonly source: string;
  private readonly points: readonly string[];
  private at = 0;
  private start = 0;
  private queue: Token[] = [];
  private ended = false;

  constructor(source: string) {
    this.source = source;
    this.points = Array.from(source);
  }

  /** @returns the next token; undefined after the EOF token */
  next(): Token | undefined {
    while (this.queue.length === 0 && !this.ended) this.step();
    return this.queue.shift();
  }

  private fail(message: string): never {
    throw new ExprError('compile', message, this.source, this.at - 1);
  }

  private peek(): string {
    return this.points[this.at] ?? EOF;
  }

  private take(): string {
    return this.points[this.at++] ?? EOF;
  }

  private accept(characters: string): boolean {
    const c = this.peek();
    if (c === EOF || !characters.includes(c)) return false;
    this.at++;
    return true;
  }

  private run(characters: string): void {
    while (this.accept(characters));
  }

  private word(): string {
    return this.points.slice(this.start, this.at).join('');
  }

  private emit(kind: TokenKind, value = this.word()): void {
    this.queue.push({ kind, value, at: this.start });
    this.start = this.at;
  }

  private step(): void {
    this.start = this.at;
    const c = this.take();
    if (c === EOF) this.end();
    else if (SPACE.test(c)) this.start = this.at;
    else if (c === "'" || c === '"') this.string(c);
    else if (c === '`') this.rawString();
    else if (c === 'b' && /^['"]$/.test(this.peek())) this.bytes();
    else if (c >= '0' && c <= '9') this.number();
    else if ('([{)]}'.includes(c)) this.emit('Bracket');
    else if (WORD.test(c)) this.identifier();
    else this.operator(c);
  }

  private end(): void {
    this.ended = true;
    this.queue.push({ kind: 'EOF', value: '', at: Math.max(this.points.length - 1, 0) });
  }

  private operator(c: string): void {
    if (c === '?') this.accept('.?');
    else if (c === '/') {
      if (this.comment()) return;
    } else if (c === '#') {
      this.pointer();
      return;
    } else if (c === '|') this.accept('|');
    else if (c === ':') this.accept(':');
    else if (c === '.') {
      if (/^[0-9]$/.test(this.peek())) {
        this.number(1);
        return;
      }
      this.accept('.');
    } else if ('&!=*<>'.includes(c)) this.accept('&=*');
    else if (!',;%+-^'.includes(c)) this.fail(`unrecognized character: ${unicodeName(c)}`);
    this.emit('Operator');
  }

  private pointer(): void {
    this.accept('#');
    this.emit('Operator');
    while (WORD.test(this.peek())) this.at++;
    if (this.at > this.start) this.emit('Identifier');
  }

  /** Skips the rest of a comment; false where the slash begins none. */
  private comment(): boolean {
    if (this.accept('/')) {
      while (this.at < this.points.length && this.take() !== '\n');
      return true;
    }
    if (!this.accept('*')) return false;
    for (;;) {
      const c = this.take();
      if (c === EOF) this.fail('unclosed comment');
      if (c === '*' && this.accept('/')) return true;
    }
  }

  private identifier(): void {
    while (WORD.test(this.peek())) this.at++;
    const word = this.word();
    if (word === 'not') this.not();
    else this.emit(WORD_OPERATORS.has(word) ? 'Operator' : 'Identifier');
  }

  /** `not` may begin `not in` and its like: the second word is an operator then. */
  private not(): void {
    this.emit('Operator');
    while (SPACE.test(this.peek())) this.at++;
    const begin = this.at;
    while (WORD.test(this.peek())) this.at++;
    const word = this.points.slice(begin, this.at).join('');
    this.start = begin;
    if (NEGATABLE.has(word)) this.emit('Operator');
    else this.at = begin;
  }

  /** @param dot 1 where a dot goes before the digits; expr reads what follows as it reads any number, a second dot with it. */
  private number(dot = 0): void {
    this.at = this.start + dot;
    if (!this.scanNumber()) this.fail(`bad number syntax: "${this.word()}"`);
    this.emit('Number');
  }

  private scanNumber(): boolean {
    let digits = '0123456789_';
    if (this.accept('0')) {
      if (this.accept('xX')) digits = '0123456789abcdefABCDEF_';
      else if (this.accept('oO')) digits = '01234567_';
      else if (this.accept('bB')) digits = '01_';
    }
    this.run(digits);
    const end = this.at;
    if (this.accept('.')) {
      // "1..2" is a range.
      if (this.peek() === '.') {
        this.at = end;
        return true;
      }
      this.run(digits);
    }
    if (this.accept('eE')) {
      this.accept('+-');
      this.run(digits);
    }
    if (!WORD.test(this.peek())) return true;
    this.at++;
    return false;
  }

  private rawString(): void {
    let text = '';
    for (;;) {
      const c = this.take();
      if (c === EOF) this.fail('literal not terminated');
      if (c === '`') {
        if (!this.accept('`')) break;
        text += '`';
      } else text += c;
    }
    this.emit('String', text);
  }

  private string(quote: string): void {
    this.scan(quote);
    this.emit('String', this.unescape(this.points.slice(this.start + 1, this.at - 1)));
  }

  private bytes(): void {
    const quote = this.take();
    this.scan(quote);
    const text = this.unescapeBytes(this.points.slice(this.start + 2, this.at - 1));
    this.emit('Bytes', text);
  }

  private scan(quote: string): void {
    let c = this.take();
    while (c !== quote) {
      if (c === '\n' || c === EOF) this.fail('literal not terminated');
      c = c === '\\' ? this.scanEscape(quote) : this.take();
    }
  }

  private scanEscape(quote: string): string {
    const c = this.take();
    if (c !== EOF && `abfnrtv\\${quote}`.includes(c)) return this.take();
    if (c >= '0' && c <= '7') return this.scanDigits(c, /^[0-7]$/, 3);
    if (c === 'x') return this.scanDigits(this.take(), /^[0-9a-fA-F]$/, 2);
    if (c === 'u') {
      if (this.peek() === '{') return this.scanBraced();
      return this.scanDigits(this.take(), /^[0-9a-fA-F]$/, 4);
    }
    if (c === 'U') return this.scanDigits(this.take(), /^[0-9a-fA-F]$/, 8);
    return this.fail('invalid char escape');
  }

  private scanBraced(): string {
    this.at++;
    const begin = this.at;
    while (/^[0-9a-fA-F]$/.test(this.peek())) this.at++;
    const count = this.at - begin;
    if (this.take() !== '}' || count === 0 || count > 6) this.fail('invalid char escape');
    return this.take();
  }

  private scanDigits(first: string, digit: RegExp, count: number): string {
    let c = first;
    let left = count;
    while (left > 0 && digit.test(c)) {
      c = this.take();
      left--;
    }
    if (left > 0) this.fail('invalid char escape');
    return c;
  }

  /** Escapes in a string that `scan` has accepted. */
  private unescape(points: readonly string[]): string {
    let out = '';
    for (let i = 0; i < points.length;) {
      const c = points[i] ?? '';
      if (c !== '\\') {
        out += c;
        i++;
        continue;
      }
      const [code, size] = this.escape(points, i + 1);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) this.fail('unable to unescape string');
      out += String.fromCodePoint(code);
      i += size + 1;
    }
    return out;
  }

  /** @returns the number an escape stands for and the count of code points after the backslash */
  private escape(points: readonly string[], at: number): [number, number] {
    const c = points[at] ?? '';
    const simple = SIMPLE_ESCAPES[c];
    if (simple !== undefined) return [simple.charCodeAt(0), 1];
    if (c === 'u' && points[at + 1] === '{') {
      const close = points.indexOf('}', at);
      return [Number.parseInt(points.slice(at + 2, close).join(''), 16), close - at + 1];
    }
    const width = { x: 2, u: 4, U: 8 }[c];
    if (width !== undefined) return [Number.parseInt(points.slice(at + 1, at + 1 + width).join(''), 16), width + 1];
    if (c >= '4') this.fail('unable to unescape string');
    return [Number.parseInt(points.slice(at, at + 3).join(''), 8), 3];
  }

  private unescapeBytes(points: readonly string[]): string {
    const bytes: number[] = [];
    for (let i = 0; i < points.length;) {
      const c = points[i] ?? '';
      if (c !== '\\') {
        bytes.push(...toBytes(c));
        i++;
        continue;
      }
      if (/^[uU]$/.test(points[i + 1] ?? '')) this.fail('unable to unescape string');
      const [code, size] = this.escape(points, i + 1);
      bytes.push(code);
      i += size + 1;
    }
    return fromBytes(Uint8Array.from(bytes));
  }
}

function unicodeName(c: string): string {
  const code = c.codePointAt(0) ?? 0;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return isPrintable(c) ? `${name} '${c}'` : name;
}
