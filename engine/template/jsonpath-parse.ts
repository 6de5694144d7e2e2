/** Reading kubectl's JSONPath templates. The grammar and its messages are those of k8s.io/client-go/util/jsonpath. */
import { NumberError, parseFloat64, parseInteger } from './go.ts';

/** A template that cannot be read or executed; the message is kubectl's. */
export class KubectlPathError extends Error {}

export type PathNode =
  | { type: 'text'; text: string }
  | { type: 'list'; nodes: PathNode[] }
  | { type: 'field'; name: string }
  | { type: 'identifier'; name: string }
  | { type: 'literal'; value: bigint | number | boolean }
  | { type: 'array'; from: number | undefined; to: number | undefined; toDerived: boolean; step: number | undefined }
  | { type: 'union'; lists: PathNode[][] }
  | { type: 'filter'; left: PathNode[]; operator: string; right: PathNode[] }
  | { type: 'wildcard' }
  | { type: 'recursive' };

/** Longer templates are refused: filters and unions recurse. */
const MAX_LENGTH = 10_000;
const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;
const COMPARISON = /^([^!<>=]+)([!<>=~]+)(.+?)$/;

/** Reads a template: text with actions in braces. Throws KubectlPathError. */
export function parseTemplate(text: string): PathNode[] {
  if (text.length > MAX_LENGTH) throw new KubectlPathError(`a JSONPath template is longer than ${MAX_LENGTH} characters`);
  return new Parser(text).template();
}

function parseAction(text: string): PathNode[] {
  const first = parseTemplate(`{${text}}`)[0];
  return first?.type === 'list' ? first.nodes : [];
}

class Parser {
  private readonly characters: string[];
  private at = 0;

  constructor(text: string) {
    this.characters = Array.from(text);
  }

  template(): PathNode[] {
    const nodes: PathNode[] = [];
    while (this.at < this.characters.length) {
      if (this.characters[this.at] === '{') {
        this.at++;
        nodes.push({ type: 'list', nodes: this.action() });
        continue;
      }
      const end = this.characters.indexOf('{', this.at);
      const stop = end < 0 ? this.characters.length : end;
      nodes.push({ type: 'text', text: this.text(this.at, stop) });
      this.at = stop;
    }
    return nodes;
  }

  private action(): PathNode[] {
    const nodes: PathNode[] = [];
    for (;;) {
      const c = this.characters[this.at];
      if (c === '}') {
        this.at++;
        return nodes;
      }
      if (this.ahead('[?(')) nodes.push(this.filter());
      else if (this.ahead('..')) this.recursive(nodes);
      else if (c === undefined || c === '\n' || c === '\r') throw new KubectlPathError('unclosed action');
      else if (c === ' ' || c === '@' || c === '$') this.at++;
      else this.element(c, nodes);
    }
  }

  private element(c: string, nodes: PathNode[]): void {
    if (c === '[') nodes.push(...this.subscript());
    else if (c === '"' || c === "'") nodes.push(this.quoted(c));
    else if (c === '.') {
      this.at++;
      nodes.push(this.field());
    } else if (c === '+' || c === '-' || /^\p{Nd}$/u.test(c)) nodes.push(this.number());
    else if (isWord(c)) nodes.push(this.identifier());
    else throw new KubectlPathError(`unrecognized character in action: ${unicode(c)}`);
  }

  private recursive(nodes: PathNode[]): void {
    if (nodes.at(-1)?.type === 'recursive') throw new KubectlPathError('invalid multiple recursive descent');
    this.at += 2;
    nodes.push({ type: 'recursive' });
    if (isWord(this.characters[this.at] ?? '')) nodes.push(this.field());
  }

  private field(): PathNode {
    const start = this.at;
    for (;;) {
      const c = this.characters[this.at];
      if (c === '\\') this.at += 2;
      else if (isTerminator(c)) break;
      else this.at++;
    }
    const name = this.text(start, this.at);
    return name === '*' ? { type: 'wildcard' } : { type: 'field', name: name.replaceAll('\\', '') };
  }

  private identifier(): PathNode {
    const start = this.at;
    while (!isTerminator(this.characters[this.at])) this.at++;
    const name = this.text(start, this.at);
    return name === 'true' || name === 'false' ? { type: 'literal', value: name === 'true' } : { type: 'identifier', name };
  }

  private number(): PathNode {
    const start = this.at;
    if (/^[+-]$/.test(this.characters[this.at] ?? '')) this.at++;
    while (/^[\p{Nd}.]$/u.test(this.characters[this.at] ?? '')) this.at++;
    const text = this.text(start, this.at);
    for (const read of [(): bigint => parseInteger(text), (): number => parseFloat64(text)]) {
      try {
        return { type: 'literal', value: read() };
      } catch (error) {
        if (!(error instanceof NumberError)) throw error;
      }
    }
    throw new KubectlPathError(`cannot parse number ${text}`);
  }

  private quoted(quote: string): PathNode {
    const start = this.at++;
    for (;;) {
      const c = this.characters[this.at];
      if (c === undefined || c === '\n') throw new KubectlPathError('unterminated quoted string');
      this.at++;
      if (c === quote && this.characters[this.at - 2] !== '\\') break;
    }
    const body = this.text(start + 1, this.at - 1);
    return { type: 'text', text: unquote(body, quote) };
  }

  private subscript(): PathNode[] {
    const start = this.at;
    for (;;) {
      const c = this.characters[this.at];
      if (c === undefined || c === '\n') throw new KubectlPathError('unterminated array');
      this.at++;
      if (c === ']') break;
    }
    const inner = this.text(start + 1, this.at - 1);
    const text = inner === '*' ? ':' : inner;
    const parts = text.split(',');
    if (parts.length > 1) return [{ type: 'union', lists: parts.map((part) => parseAction(`[${part.replace(/^ +| +$/g, '')}]`)) }];
    const key = /^'([^']*)'$/.exec(text)?.[1];
    if (key !== undefined) return parseAction(`.${key}`);
    return [slice(text)];
  }

  private filter(): PathNode {
    this.at += 3;
    const start = this.at;
    let pair = '';
    let closed = false;
    for (;;) {
      const c = this.characters[this.at];
      if (c === undefined || c === '\n') throw new KubectlPathError('unterminated filter');
      this.at++;
      if (c === '"' || c === "'") {
        if (pair === '') pair = c;
        else if (c === pair && this.characters[this.at - 2] !== '\\') closed = true;
      } else if (c === ')' && (pair === '') === !closed) break;
    }
    const text = this.text(start, this.at - 1);
    if (this.characters[this.at++] !== ']') throw new KubectlPathError('unclosed array expect ]');
    const comparison = COMPARISON.exec(text);
    if (comparison === null) return { type: 'filter', left: parseAction(text), operator: 'exists', right: [] };
    const [, left = '', operator = '', right = ''] = comparison;
    return { type: 'filter', left: parseAction(left), operator, right: parseAction(right) };
  }

  private ahead(text: string): boolean {
    return Array.from(text).every((c, i) => this.characters[this.at + i] === c);
  }

  private text(from: number, to: number): string {
    return this.characters.slice(from, to).join('');
  }
}

function slice(text: string): PathNode {
  const match = SLICE.exec(text);
  if (match === null) throw new KubectlPathError(`invalid array index ${text}`);
  const read = (part: string | undefined): number | undefined => {
    if (part === undefined || part === '') return undefined;
    if (!/^-?\d{1,15}$/.test(part)) throw new KubectlPathError(`array index ${part} is not a number`);
    return Number(part);
  };
  const from = read(match[1]);
  const toDerived = match[2] === undefined;
  const to = toDerived ? (from ?? 0) + 1 : read(match[2]?.slice(1));
  return { type: 'array', from, to, toDerived, step: read(match[3]?.slice(1)) };
}

function isWord(c: string): boolean {
  return /^[_\p{L}\p{Nd}]$/u.test(c);
}

function isTerminator(c: string | undefined): boolean {
  return c === undefined || ' \t\r\n.,[]$@{}'.includes(c);
}

/** Go's %#U. */
function unicode(c: string): string {
  return `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${c}'`;
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };

/** Go's escapes, the other kind of quote standing as it is. */
function unquote(text: string, quote: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.|$)/gsu, (_whole, escape: string) => {
    const plain = ESCAPES[escape];
    if (plain !== undefined) return plain;
    if (escape === quote) return quote;
    const code = /^[xuU]/.test(escape) ? Number.parseInt(escape.slice(1), 16) : Number.parseInt(escape, 8);
    if (escape === '' || Number.isNaN(code) || code > 0x10ffff) throw new KubectlPathError(`unquote string ${quote}${text}${quote} error invalid syntax`);
    return String.fromCodePoint(code);
  });
}
