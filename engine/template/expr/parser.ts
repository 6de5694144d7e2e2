import type { Node } from './ast.ts';
import { isBuiltin, PREDICATES } from './builtin-names.ts';
import { ExprError } from './error.ts';
import { Lexer } from './lexer.ts';
import type { Token, TokenKind } from './lexer.ts';
import { NumberError, parseFloat64, parseInteger, quote, toBytes } from '../go.ts';

const UNARY: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
const BINARY: ReadonlyMap<string, number> = new Map([
  ['|', 0], ['or', 10], ['||', 10], ['and', 15], ['&&', 15], ['==', 20], ['!=', 20], ['<', 20], ['<=', 20], ['>', 20], ['>=', 20], ['in', 20], ['matches', 20],
  ['contains', 20], ['startsWith', 20], ['endsWith', 20], ['..', 25], ['+', 30], ['-', 30], ['*', 60], ['/', 60], ['%', 60], ['**', 100], ['^', 100], ['??', 500],
]);
const RIGHT = new Set(['**', '^']);
const COMPARISONS = new Set(['<', '>', '<=', '>=']);
const NEGATABLE = new Set(['in', 'matches', 'contains', 'startsWith', 'endsWith']);
const IDENTIFIER = /^[\p{L}_$][\p{L}\p{Nd}_$]*$/u;
const MAX_NODES = 10_000;
const MAX_DEPTH = 400;

export interface Parsed {
  readonly root: Node;
  /** Names of builtins that are called without `::`; an environment may replace them. */
  readonly builtins: ReadonlySet<string>;
}

/**
 * Reads an expression.
 * @param overridden which builtins the environment replaces by values of its own
 * @throws ExprError of kind compile
 */
export function parse(source: string, overridden: (name: string) => boolean = () => false): Parsed {
  return new Parser(source, overridden).parse();
}

class Parser {
  private readonly source: string;
  private readonly overridden: (name: string) => boolean;
  private readonly lexer: Lexer;
  private readonly builtins = new Set<string>();
  private current: Token = { kind: 'EOF', value: '', at: 0 };
  private stash: Token | undefined;
  private predicates = 0;
  private depth = 0;
  private count = 0;

  constructor(source: string, overridden: (name: string) => boolean) {
    this.source = source;
    this.overridden = overridden;
    this.lexer = new Lexer(source);
  }

  parse(): Parsed {
    this.next();
    const root = this.sequence();
    if (this.current.kind !== 'EOF') this.unexpected(this.current);
    return { root, builtins: this.builtins };
  }

  private fail(message: string, token: Token = this.current): never {
    throw new ExprError('compile', message, this.source, token.at);
  }

  private unexpected(token: Token): never {
    this.fail(`unexpected token ${tokenText(token)}`, token);
  }

  private next(): void {
    const token = this.stash ?? this.lexer.next();
    this.stash = undefined;
    if (token === undefined) this.fail('unexpected end of expression');
    this.current = token;
  }

  private is(kind: TokenKind, ...values: string[]): boolean {
    return this.current.kind === kind && (values.length === 0 || values.includes(this.current.value));
  }

  private expect(kind: TokenKind, ...values: string[]): void {
    if (!this.is(kind, ...values)) this.unexpected(this.current);
    this.next();
  }

  private make(node: Node): Node {
    if (++this.count > MAX_NODES) this.fail('compilation failed: expression exceeds maximum allowed nodes');
    return node;
  }

  private sequence(): Node {
    const nodes = [this.expression(0)];
    while (this.is('Operator', ';')) {
      this.next();
      if (this.current.kind === 'EOF') break;
      nodes.push(this.expression(0));
    }
    const [first] = nodes;
    if (first === undefined || nodes.length === 1) return first ?? this.unexpected(this.current);
    return this.make({ kind: 'sequence', nodes, at: first.at });
  }

  private expression(precedence: number): Node {
    if (++this.depth > MAX_DEPTH) this.fail('expression is nested too deeply');
    try {
      if (precedence === 0) {
        if (this.is('Operator', 'let')) return this.variable();
        if (this.is('Operator', 'if')) return this.conditionalIf();
      }
      const node = this.binary(this.primary(), precedence);
      return precedence === 0 ? this.conditional(node) : node;
    } finally {
      this.depth--;
    }
  }

  /** Joins `left` with the operators that bind at least as tightly as `precedence`. */
  private binary(left: Node, precedence: number): Node {
    let node = left;
    let previous = '';
    while (this.current.kind === 'Operator') {
      const not = this.current;
      const negated = not.value === 'not';
      if (negated && !this.afterNot(not, precedence)) break;
      const operator = this.current;
      const level = BINARY.get(operator.value);
      if (level === undefined || level < precedence) break;
      this.next();
      node = this.operation(node, operator, level, previous);
      if (negated) node = this.make({ kind: 'unary', operator: 'not', node, at: operator.at });
      previous = operator.value;
    }
    return node;
  }

  /** Moves from `not` to the operator it negates; false where that binds too loosely. */
  private afterNot(not: Token, precedence: number): boolean {
    this.next();
    if (!NEGATABLE.has(this.current.value)) this.unexpected(this.current);
    if ((BINARY.get(this.current.value) ?? -1) >= precedence) return true;
    this.stash = this.current;
    this.current = not;
    return false;
  }

  private operation(left: Node, operator: Token, level: number, previous: string): Node {
    if (operator.value === '|') {
      const name = this.current;
      this.expect('Identifier');
      return this.call(name, [left], true);
    }
    if (previous === '??' && operator.value !== '??') {
      this.fail(`Operator (${operator.value}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.`, operator);
    }
    if (COMPARISONS.has(operator.value)) return this.comparison(left, operator, level);
    const right = this.expression(RIGHT.has(operator.value) ? level : level + 1);
    return this.make({ kind: 'binary', operator: operator.value, left, right, at: operator.at });
  }

  /** `a < b < c` means `a < b && b < c`. */
  private comparison(first: Node, operator: Token, level: number): Node {
    let left = first;
    let token = operator;
    let root: Node | undefined;
    for (;;) {
      const right = this.expression(level + 1);
      const node = this.make({ kind: 'binary', operator: token.value, left, right, at: token.at });
      root = root === undefined ? node : this.make({ kind: 'binary', operator: '&&', left: root, right: node, at: token.at });
      left = right;
      token = this.current;
      if (token.kind !== 'Operator' || !COMPARISONS.has(token.value)) return root;
      this.next();
    }
  }

  private variable(): Node {
    this.expect('Operator', 'let');
    const name = this.current;
    this.expect('Identifier');
    this.expect('Operator', '=');
    const value = this.expression(0);
    this.expect('Operator', ';');
    const body = this.sequence();
    return this.make({ kind: 'let', name: name.value, value, body, at: name.at });
  }

  private conditionalIf(): Node {
    this.next();
    const condition = this.expression(0);
    this.expect('Bracket', '{');
    const yes = this.sequence();
    this.expect('Bracket', '}');
    this.expect('Operator', 'else');
    if (this.is('Operator', 'if')) return this.make({ kind: 'conditional', condition, yes, no: this.expression(0), at: 0 });
    this.expect('Bracket', '{');
    const no = this.sequence();
    this.expect('Bracket', '}');
    return this.make({ kind: 'conditional', condition, yes, no, at: 0 });
  }

  private conditional(condition: Node): Node {
    let node = condition;
    while (this.is('Operator', '?')) {
      this.next();
      let yes = node;
      if (this.is('Operator', ':')) this.next();
      else {
        yes = this.expression(0);
        this.expect('Operator', ':');
      }
      const no = this.expression(0);
      // expr gives what follows a ternary as its place, and none for an if.
      node = this.make({ kind: 'conditional', condition: node, yes, no, at: this.current.at });
    }
    return node;
  }

  private primary(): Node {
    const token = this.current;
    if (token.kind === 'Operator') {
      const level = UNARY[token.value];
      if (level !== undefined) {
        this.next();
        return this.postfix(this.make({ kind: 'unary', operator: token.value, node: this.expression(level), at: token.at }));
      }
    }
    if (this.is('Bracket', '(')) {
      this.next();
      const node = this.sequence();
      this.expect('Bracket', ')');
      return this.postfix(node);
    }
    if (this.predicates > 0 && this.is('Operator', '#', '.')) return this.pointer(token);
    if (this.is('Operator', '::')) {
      this.next();
      const name = this.current;
      this.expect('Identifier');
      return this.postfix(this.call(name, [], false));
    }
    return this.secondary();
  }

  private pointer(token: Token): Node {
    let name = '';
    if (token.value === '#') {
      this.next();
      if (this.current.kind === 'Identifier') {
        name = this.current.value;
        this.next();
      }
    }
    return this.postfix(this.make({ kind: 'pointer', name, at: token.at }));
  }

  private secondary(): Node {
    const token = this.current;
    switch (token.kind) {
      case 'Identifier':
        this.next();
        if (token.value === 'true' || token.value === 'false') return this.make({ kind: 'bool', value: token.value === 'true', at: token.at });
        if (token.value === 'nil') return this.make({ kind: 'nil', at: token.at });
        return this.postfix(this.is('Bracket', '(') ? this.call(token, [], true) : this.make({ kind: 'identifier', name: token.value, at: token.at }));
      case 'Number':
        this.next();
        return this.number(token);
      case 'String':
        this.next();
        return this.postfix(this.make({ kind: 'string', value: token.value, at: token.at }));
      case 'Bytes':
        this.next();
        return this.postfix(this.make({ kind: 'bytes', value: toBytes(token.value), at: token.at }));
      default:
        if (this.is('Bracket', '[')) return this.postfix(this.array(token));
        if (this.is('Bracket', '{')) return this.postfix(this.map(token));
        return this.unexpected(token);
    }
  }

  private number(token: Token): Node {
    const text = token.value.replaceAll('_', '');
    const lower = text.toLowerCase();
    const kind = lower.startsWith('0x') ? 'hex' : /[.e]/.test(lower) ? 'float' : lower.startsWith('0b') ? 'binary' : lower.startsWith('0o') ? 'octal' : 'integer';
    try {
      if (kind === 'float') return this.make({ kind: 'float', value: parseFloat64(text), at: token.at });
      return this.make({ kind: 'int', value: parseInteger(text, kind === 'integer' ? 10 : 0), at: token.at });
    } catch (error) {
      if (error instanceof NumberError) return this.fail(`invalid ${kind} literal: ${error.message}`);
      throw error;
    }
  }

  /** @param replaceable whether a value of the environment of this name goes before the builtin */
  private call(name: Token, given: readonly Node[], replaceable: boolean): Node {
    const known = isBuiltin(name.value);
    if (known && replaceable) this.builtins.add(name.value);
    if (!known || (replaceable && this.overridden(name.value))) {
      const callee = this.make({ kind: 'identifier', name: name.value, at: name.at });
      return this.make({ kind: 'call', callee, args: this.args(given), at: name.at });
    }
    const predicate = PREDICATES.get(name.value);
    const args = predicate === undefined ? this.args(given) : this.predicateArgs(given, predicate);
    return this.make({ kind: 'builtin', name: name.value, args, at: name.at });
  }

  private predicateArgs(given: readonly Node[], wanted: readonly string[]): Node[] {
    const args = [...given];
    this.expect('Bracket', '(');
    for (const [index, arg] of wanted.slice(given.length).entries()) {
      if (this.is('Bracket', ')')) {
        if (arg.endsWith('?')) break;
        this.fail(`expected at least ${wanted.length - given.length} arguments`);
      }
      if (index > 0) this.expect('Operator', ',');
      args.push(arg.startsWith('predicate') ? this.predicate() : this.expression(0));
    }
    if (this.is('Operator', ',')) this.next();
    this.expect('Bracket', ')');
    return args;
  }

  private predicate(): Node {
    const at = this.current.at;
    const braces = this.is('Bracket', '{');
    if (braces) this.next();
    this.predicates++;
    const node = braces ? this.sequence() : this.expression(0);
    if (!braces && this.is('Operator', ';')) this.fail('wrap predicate with brackets { and }');
    this.predicates--;
    if (braces) this.expect('Bracket', '}');
    return this.make({ kind: 'predicate', node, at });
  }

  private args(given: readonly Node[]): Node[] {
    const args = [...given];
    this.expect('Bracket', '(');
    while (!this.is('Bracket', ')')) {
      if (args.length > given.length) this.expect('Operator', ',');
      if (this.is('Bracket', ')')) break;
      args.push(this.expression(0));
    }
    this.expect('Bracket', ')');
    return args;
  }

  private array(token: Token): Node {
    const nodes: Node[] = [];
    this.expect('Bracket', '[');
    while (!this.is('Bracket', ']')) {
      if (nodes.length > 0) {
        this.expect('Operator', ',');
        if (this.is('Bracket', ']')) break;
      }
      nodes.push(this.expression(0));
    }
    this.expect('Bracket', ']');
    return this.make({ kind: 'array', nodes, at: token.at });
  }

  private map(token: Token): Node {
    const pairs: { key: Node; value: Node }[] = [];
    this.expect('Bracket', '{');
    while (!this.is('Bracket', '}')) {
      if (pairs.length > 0) {
        this.expect('Operator', ',');
        if (this.is('Bracket', '}')) break;
        if (this.is('Operator', ',')) this.unexpected(this.current);
      }
      const key = this.key();
      this.expect('Operator', ':');
      pairs.push({ key, value: this.expression(0) });
    }
    this.expect('Bracket', '}');
    return this.make({ kind: 'map', pairs, at: token.at });
  }

  private key(): Node {
    const token = this.current;
    if (token.kind === 'Number' || token.kind === 'String' || token.kind === 'Identifier') {
      this.next();
      return this.make({ kind: 'string', value: token.value, at: token.at });
    }
    if (this.is('Bracket', '(')) return this.expression(0);
    return this.fail(`a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses (unexpected token ${tokenText(token)})`);
  }

  private postfix(start: Node): Node {
    let node = start;
    for (;;) {
      const token = this.current;
      if (token.kind === 'Operator' && (token.value === '.' || token.value === '?.')) {
        const optional = token.value === '?.';
        this.next();
        node = optional && this.is('Bracket', '[') ? this.index(node, this.current, true) : this.field(node, optional);
      } else if (this.is('Bracket', '[')) node = this.index(node, token, false);
      else return node;
    }
  }

  private field(owner: Node, optional: boolean): Node {
    const token = this.current;
    this.next();
    if (token.kind !== 'Identifier' && (token.kind !== 'Operator' || !IDENTIFIER.test(token.value))) this.fail('expected name');
    const property = this.make({ kind: 'string', value: token.value, at: token.at });
    const chained = owner.kind === 'chain';
    const method = this.is('Bracket', '(');
    let node = this.make({ kind: 'member', node: chained ? owner.node : owner, property, optional, method, at: token.at });
    if (method) node = this.make({ kind: 'call', callee: node, args: this.args([]), at: token.at });
    return chained || optional ? this.make({ kind: 'chain', node, at: token.at }) : node;
  }

  private index(owner: Node, bracket: Token, optional: boolean): Node {
    this.next();
    const from = this.is('Operator', ':') ? undefined : this.expression(0);
    if (this.is('Operator', ':')) {
      this.next();
      const to = this.is('Bracket', ']') ? undefined : this.expression(0);
      this.expect('Bracket', ']');
      return this.make({ kind: 'slice', node: owner, from, to, at: bracket.at });
    }
    if (from === undefined) return this.unexpected(this.current);
    this.expect('Bracket', ']');
    const node = this.make({ kind: 'member', node: owner, property: from, optional, method: false, at: bracket.at });
    return optional ? this.make({ kind: 'chain', node, at: bracket.at }) : node;
  }
}

function tokenText(token: Token): string {
  return token.value === '' ? token.kind : `${token.kind}(${quote(token.value)})`;
}
