/** Reading jq programs, in gojq's dialect. */

export type JqValue = null | boolean | number | bigint | string | readonly JqValue[] | JqObject;
export type JqObject = ReadonlyMap<string, JqValue>;

/** A program that cannot be read or that fails; the message is gojq's. */
export class JqError extends Error {}

export type Pattern = { name: string } | { items: Pattern[] } | { members: { key: Node; name: string | undefined; value: Pattern | undefined }[] };

export interface Definition {
  name: string;
  /** Parameters; those that start with `$` are also variables. */
  parameters: string[];
  body: Node;
}

export type Node =
  | { type: 'identity' | 'recurse' | 'emptyArray' }
  | { type: 'literal'; value: JqValue }
  | { type: 'string'; format: string | undefined; parts: (string | Node)[] }
  | { type: 'format' | 'variable' | 'break'; name: string }
  | { type: 'index'; target: Node; key: Node }
  | { type: 'slice'; target: Node; from: Node | undefined; to: Node | undefined }
  | { type: 'iterate' | 'negate' | 'plus' | 'array'; target: Node }
  | { type: 'try'; target: Node; handler: Node | undefined }
  | { type: 'call'; name: string; args: Node[] }
  | { type: 'object'; members: { key: Node; value: Node }[] }
  | { type: 'binary'; operator: string; left: Node; right: Node }
  | { type: 'if'; condition: Node; then: Node; otherwise: Node | undefined }
  | { type: 'reduce'; source: Node; pattern: Pattern; start: Node; update: Node }
  | { type: 'foreach'; source: Node; pattern: Pattern; start: Node; update: Node; extract: Node | undefined }
  | { type: 'define'; definition: Definition; body: Node }
  | { type: 'bind'; source: Node; patterns: Pattern[]; body: Node }
  | { type: 'label'; name: string; body: Node };

interface Token {
  kind: 'end' | 'symbol' | 'word' | 'field' | 'variable' | 'format' | 'number' | 'string';
  text: string;
  parts?: (string | Node)[];
}

const MAX_LENGTH = 100_000;
const MAX_DEPTH = 200;
const KEYWORDS = new Set(['or', 'and', 'not', 'def', 'reduce', 'foreach', 'if', 'then', 'elif', 'else', 'end', 'try', 'catch', 'label', 'as', 'import', 'include', '__loc__']);
const SYMBOLS = ['?//=', '?//', '|=', '+=', '-=', '*=', '/=', '%=', '//=', '//', '==', '!=', '<=', '>=', '..', '|', ',', '=', '<', '>', '+', '-', '*', '/', '%', '(', ')', '[', ']', '{', '}', ':', ';', '.', '?'];
const PATTERN = /[ \t\r\n]+|#[^\n]*|(?<format>@[A-Za-z0-9_]+)|(?<variable>\$[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)|(?<field>\.[A-Za-z_]\w*)|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)/y;

/** Levels of binary operators from the loosest; `none`: not to be chained. */
const LEVELS: readonly { operators: readonly string[]; side: 'left' | 'right' | 'none' }[] = [
  { operators: [','], side: 'left' },
  { operators: ['//'], side: 'right' },
  { operators: ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='], side: 'none' },
  { operators: ['or'], side: 'left' },
  { operators: ['and'], side: 'left' },
  { operators: ['==', '!=', '<', '<=', '>', '>='], side: 'none' },
  { operators: ['+', '-'], side: 'left' },
  { operators: ['*', '/', '%'], side: 'left' },
];
/** The level of what may stand as a value within an object: neither commas nor pipes. */
const MEMBER = 1;

/** Reads a program. Throws JqError. */
export function parseProgram(source: string): Node {
  if (source.length > MAX_LENGTH) throw new JqError(`the filter is longer than ${MAX_LENGTH} characters`);
  const parser = new Parser(source);
  if (parser.atEnd()) throw new JqError('missing query (try ".")');
  return parser.program();
}

/** Reads definitions alone. */
export function parseDefinitions(source: string): Definition[] {
  return new Parser(source).definitions();
}

class Parser {
  private readonly source: string;
  private at = 0;
  private token: Token;
  private depth = 0;

  constructor(source: string, at = 0) {
    this.source = source;
    this.at = at;
    this.token = this.read();
  }

  atEnd(): boolean {
    return this.token.kind === 'end';
  }

  program(): Node {
    const node = this.pipe();
    if (this.token.kind !== 'end') this.unexpected();
    return node;
  }

  definitions(): Definition[] {
    const found: Definition[] = [];
    while (this.token.kind !== 'end') found.push(this.definition());
    return found;
  }

  private pipe(): Node {
    if (++this.depth > MAX_DEPTH) throw new JqError('the filter is nested too deeply');
    const node = this.pipeParts();
    this.depth--;
    return node;
  }

  private pipeParts(): Node {
    if (this.is('def')) return { type: 'define', definition: this.definition(), body: this.pipe() };
    const left = this.level(0);
    if (!this.is('|')) return left;
    this.next();
    return { type: 'binary', operator: '|', left, right: this.pipe() };
  }

  private definition(): Definition {
    this.expect('def');
    const name = this.word();
    const parameters: string[] = [];
    if (this.is('(')) {
      do {
        this.next();
        parameters.push(this.token.kind === 'variable' ? this.take().text : this.word());
      } while (this.is(';'));
      this.expect(')');
    }
    this.expect(':');
    const body = this.pipe();
    this.expect(';');
    return { name, parameters, body };
  }

  private level(index: number): Node {
    const level = LEVELS[index];
    if (level === undefined) return this.postfixed();
    let left = this.level(index + 1);
    while (this.token.kind !== 'string' && this.token.kind !== 'end' && level.operators.includes(this.token.text)) {
      const operator = this.take().text;
      const right = level.side === 'right' ? this.level(index) : this.level(index + 1);
      left = { type: 'binary', operator, left, right };
      if (level.side === 'none') break;
    }
    return left;
  }

  private postfixed(): Node {
    const node = this.suffixed();
    return this.is('as') ? this.binding(node) : node;
  }

  /** A term with what follows it. A `?` guards the last step alone, whose key is then looked up in what the steps before gave. */
  private suffixed(): Node {
    let node = this.term();
    for (;;) {
      if (this.token.kind === 'field') node = { type: 'index', target: node, key: literal(this.take().text.slice(1)) };
      else if (this.is('.')) {
        this.next();
        if (this.token.kind === 'string') node = { type: 'index', target: node, key: this.string(undefined) };
        else if (!this.is('[')) this.unexpected();
      } else if (this.is('[')) node = this.subscript(node);
      else if (this.is('?')) {
        this.next();
        node = guarded(node);
      } else if (this.is('?//') || this.is('?//=')) {
        // Outside of patterns: a `?` and a `//`.
        this.token = { kind: 'symbol', text: this.token.text.slice(1) };
        node = guarded(node);
      } else return node;
    }
  }

  private binding(source: Node): Node {
    const patterns: Pattern[] = [];
    do {
      this.next();
      patterns.push(this.pattern());
    } while (this.is('?//'));
    this.expect('|');
    return { type: 'bind', source, patterns, body: this.pipe() };
  }

  private subscript(target: Node): Node {
    this.expect('[');
    if (this.is(']')) {
      this.next();
      return { type: 'iterate', target };
    }
    if (this.is(':')) {
      this.next();
      const to = this.pipe();
      this.expect(']');
      return { type: 'slice', target, from: undefined, to };
    }
    const key = this.pipe();
    if (!this.is(':')) {
      this.expect(']');
      return { type: 'index', target, key };
    }
    this.next();
    const to = this.is(']') ? undefined : this.pipe();
    this.expect(']');
    return { type: 'slice', target, from: key, to };
  }

  private term(): Node {
    const { kind, text } = this.token;
    switch (kind) {
      case 'number': this.next(); return literal(numberOf(text));
      case 'string': return this.string(undefined);
      case 'format': this.next(); return this.token.kind === 'string' ? this.string(text) : { type: 'format', name: text };
      case 'field': this.next(); return { type: 'index', target: { type: 'identity' }, key: literal(text.slice(1)) };
      case 'variable': this.next(); return { type: 'variable', name: text };
      case 'word': return this.wordTerm(text);
      case 'symbol': return this.symbolTerm(text);
      default: return this.unexpected();
    }
  }

  private symbolTerm(text: string): Node {
    switch (text) {
      case '.': return this.dot();
      case '..': this.next(); return { type: 'recurse' };
      case '(': {
        this.next();
        const inner = this.pipe();
        this.expect(')');
        return inner;
      }
      case '[': {
        this.next();
        if (this.is(']')) {
          this.next();
          return { type: 'emptyArray' };
        }
        const target = this.pipe();
        this.expect(']');
        return { type: 'array', target };
      }
      case '{': return this.object();
      case '-': this.next(); return { type: 'negate', target: this.suffixed() };
      case '+': this.next(); return { type: 'plus', target: this.suffixed() };
      default: return this.unexpected();
    }
  }

  private dot(): Node {
    this.next();
    if (this.token.kind === 'string') return { type: 'index', target: { type: 'identity' }, key: this.string(undefined) };
    return { type: 'identity' };
  }

  private wordTerm(text: string): Node {
    switch (text) {
      case 'if': return this.conditional();
      case 'try': return this.attempt();
      case 'reduce': return this.fold();
      case 'foreach': return this.each();
      case 'label': return this.label();
      case 'def': return { type: 'define', definition: this.definition(), body: this.pipe() };
      default:
    }
    if (KEYWORDS.has(text) && text !== 'not') return this.unexpected();
    this.next();
    if (text === 'break' && this.token.kind === 'variable') return { type: 'break', name: this.take().text };
    const args: Node[] = [];
    if (this.is('(')) {
      do {
        this.next();
        args.push(this.pipe());
      } while (this.is(';'));
      this.expect(')');
    }
    return { type: 'call', name: text, args };
  }

  private conditional(): Node {
    this.next();
    const condition = this.pipe();
    this.expect('then');
    const then = this.pipe();
    if (this.is('elif')) return { type: 'if', condition, then, otherwise: this.conditional() };
    let otherwise: Node | undefined;
    if (this.is('else')) {
      this.next();
      otherwise = this.pipe();
    }
    this.expect('end');
    return { type: 'if', condition, then, otherwise };
  }

  private attempt(): Node {
    this.next();
    const target = this.postfixed();
    if (!this.is('catch')) return { type: 'try', target, handler: undefined };
    this.next();
    return { type: 'try', target, handler: this.postfixed() };
  }

  private source3(): { source: Node; pattern: Pattern } {
    this.next();
    const source = this.suffixed();
    this.expect('as');
    const pattern = this.pattern();
    this.expect('(');
    return { source, pattern };
  }

  private fold(): Node {
    const { source, pattern } = this.source3();
    const start = this.pipe();
    this.expect(';');
    const update = this.pipe();
    this.expect(')');
    return { type: 'reduce', source, pattern, start, update };
  }

  private each(): Node {
    const { source, pattern } = this.source3();
    const start = this.pipe();
    this.expect(';');
    const update = this.pipe();
    let extract: Node | undefined;
    if (this.is(';')) {
      this.next();
      extract = this.pipe();
    }
    this.expect(')');
    return { type: 'foreach', source, pattern, start, update, extract };
  }

  private label(): Node {
    this.next();
    if (this.token.kind !== 'variable') this.unexpected();
    const name = this.take().text;
    this.expect('|');
    return { type: 'label', name, body: this.pipe() };
  }

  private object(): Node {
    this.next();
    const members: { key: Node; value: Node }[] = [];
    while (!this.is('}')) {
      members.push(this.member());
      if (!this.is('}')) this.expect(',');
    }
    this.next();
    return { type: 'object', members };
  }

  private member(): { key: Node; value: Node } {
    const { kind, text } = this.token;
    let key: Node;
    let short: Node | undefined;
    if (kind === 'variable') {
      this.next();
      short = { type: 'variable', name: text };
      // Before a colon the key is what the variable holds.
      key = this.is(':') ? short : literal(text.slice(1));
    } else if (this.is('(')) {
      this.next();
      key = this.pipe();
      this.expect(')');
    } else if (kind === 'string' || kind === 'word') {
      if (kind === 'word') this.next();
      key = kind === 'word' ? literal(text) : this.string(undefined);
      short = { type: 'index', target: { type: 'identity' }, key };
    } else return this.unexpected();
    if (!this.is(':') && short !== undefined) return { key, value: short };
    this.expect(':');
    return { key, value: this.memberValue() };
  }

  /** Terms joined by `|`; commas end the member. */
  private memberValue(): Node {
    const left = this.level(MEMBER);
    if (left.type === 'bind') throw new JqError('unexpected token "as"');
    if (!this.is('|')) return left;
    this.next();
    return { type: 'binary', operator: '|', left, right: this.memberValue() };
  }

  private pattern(): Pattern {
    if (this.token.kind === 'variable') return { name: this.take().text };
    if (this.is('[')) {
      const items: Pattern[] = [];
      do {
        this.next();
        items.push(this.pattern());
      } while (this.is(','));
      this.expect(']');
      return { items };
    }
    if (!this.is('{')) return this.unexpected();
    const members: { key: Node; name: string | undefined; value: Pattern | undefined }[] = [];
    do {
      this.next();
      members.push(this.patternMember());
    } while (this.is(','));
    this.expect('}');
    return { members };
  }

  private patternMember(): { key: Node; name: string | undefined; value: Pattern | undefined } {
    const { kind, text } = this.token;
    let key: Node;
    let name: string | undefined;
    if (kind === 'variable') {
      this.next();
      key = literal(text.slice(1));
      name = text;
    } else if (kind === 'word') {
      this.next();
      key = literal(text);
    } else if (kind === 'string') key = this.string(undefined);
    else {
      this.expect('(');
      key = this.pipe();
      this.expect(')');
    }
    if (!this.is(':') && name !== undefined) return { key, name, value: undefined };
    this.expect(':');
    return { key, name, value: this.pattern() };
  }

  private string(format: string | undefined): Node {
    const { parts = [] } = this.take();
    if (parts.every((part) => typeof part === 'string')) return literal(parts.join(''));
    return { type: 'string', format, parts };
  }

  private word(): string {
    if (this.token.kind !== 'word') this.unexpected();
    return this.take().text;
  }

  private is(text: string): boolean {
    return (this.token.kind === 'symbol' || this.token.kind === 'word') && this.token.text === text;
  }

  private expect(text: string): void {
    if (!this.is(text)) this.unexpected();
    this.next();
  }

  private take(): Token {
    const { token } = this;
    this.next();
    return token;
  }

  private next(): void {
    this.token = this.read();
  }

  private unexpected(): never {
    if (this.token.kind === 'end') throw new JqError('unexpected EOF');
    throw new JqError(`unexpected token ${JSON.stringify(this.token.text)}`);
  }

  private read(): Token {
    for (;;) {
      PATTERN.lastIndex = this.at;
      const match = PATTERN.exec(this.source);
      if (match === null) return this.readSymbol();
      if (match.groups?.number !== undefined) this.checkNumber();
      this.at = PATTERN.lastIndex;
      for (const kind of ['format', 'variable', 'field', 'number', 'word'] as const) {
        const text = match.groups?.[kind];
        if (text !== undefined) return { kind, text };
      }
    }
  }

  /** A number ends before what can be part of neither a number nor a name. */
  private checkNumber(): void {
    const wrong = /(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*[A-Za-z_]|[eE][+-]?(?!\d)|(?![eE])[A-Za-z_])|(?:\d+\.\d*|\.\d+)\.)/y;
    wrong.lastIndex = this.at;
    const found = wrong.exec(this.source)?.[0];
    if (found !== undefined) throw new JqError(`invalid token ${JSON.stringify(found)}`);
  }

  private readSymbol(): Token {
    if (this.at >= this.source.length) return { kind: 'end', text: '' };
    if (this.source[this.at] === '"') return this.readString();
    const text = SYMBOLS.find((symbol) => this.source.startsWith(symbol, this.at));
    if (text === undefined) throw new JqError(`unexpected token ${JSON.stringify(this.source.charAt(this.at))}`);
    this.at += text.length;
    return { kind: 'symbol', text };
  }

  private readString(): Token {
    const start = this.at++;
    const parts: (string | Node)[] = [];
    let raw = '';
    for (;;) {
      const c = this.source[this.at];
      if (c === undefined) throw new JqError('unterminated string literal');
      if (c === '"') break;
      if (c !== '\\') {
        raw += c;
        this.at++;
      } else if (this.source[this.at + 1] === '(') {
        parts.push(decode(raw));
        raw = '';
        parts.push(this.interpolation());
      } else {
        raw += this.source.slice(this.at, this.at + 2);
        this.at += 2;
      }
    }
    this.at++;
    parts.push(decode(raw));
    return { kind: 'string', text: this.source.slice(start, this.at), parts };
  }

  private interpolation(): Node {
    const inner = new Parser(this.source, this.at + 2);
    inner.depth = this.depth + 1;
    const node = inner.pipe();
    if (!inner.is(')')) inner.unexpected();
    this.at = inner.at;
    return node;
  }
}

function guarded(node: Node): Node {
  const parts = node.type === 'index' || node.type === 'slice' || node.type === 'iterate' ? node.target : undefined;
  if (parts === undefined || parts.type === 'identity') return { type: 'try', target: node, handler: undefined };
  const last: Node = { ...node, target: { type: 'identity' } } as Node;
  return { type: 'binary', operator: '|', left: parts, right: { type: 'try', target: last, handler: undefined } };
}

function literal(value: JqValue): Node {
  return { type: 'literal', value };
}

function numberOf(text: string): number | bigint {
  return /^\d+$/.test(text) ? BigInt(text) : Number(text);
}

/** The escapes of a jq string; control characters may stand as they are. */
function decode(raw: string): string {
  try {
    const text = JSON.parse(`"${raw.replace(/[\x00-\x1f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`) as string;
    return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\uFFFD');
  } catch (error) {
    const wrong = /\\(?:u[0-9a-fA-F]{0,3}(?![0-9a-fA-F])|[^"\\/bfnrtu])/.exec(raw.replace(/\\\\/g, '__'))?.[0] ?? raw;
    throw new JqError(`invalid escape sequence "${wrong}" in string literal`, { cause: error });
  }
}

