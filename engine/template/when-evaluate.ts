/** Parsing and evaluating the tokens of `when` expressions. Precedence, type checks and messages are govaluate's. */
import { compareStrings, formatValue, GoTime, isSlice, truncateToInt, type GoValue } from './go.ts';
import { Pattern, WhenError, type Token, type TokenKind } from './when-tokens.ts';

export type Expression =
  | { type: 'literal'; value: GoValue }
  | { type: 'parameter'; name: string }
  | { type: 'group'; inner: Expression | undefined }
  | { type: 'prefix'; symbol: string; operand: Expression | undefined }
  | { type: 'binary'; level: Level; symbol: string; left: Expression | undefined; right: Expression | undefined };

interface Level {
  kind: TokenKind;
  symbols: readonly string[];
  /** What a type error says: the name of the operator, and what the value is not. */
  role: string;
  wanted: string;
}

/** From the loosest to the tightest; all bind to the left. */
const LEVELS: readonly Level[] = [
  { kind: 'SEPARATOR', symbols: [','], role: '', wanted: '' },
  { kind: 'TERNARY', symbols: ['?', ':', '??'], role: 'ternary operator', wanted: 'bool' },
  { kind: 'LOGICALOP', symbols: ['||'], role: 'logical operator', wanted: 'bool' },
  { kind: 'LOGICALOP', symbols: ['&&'], role: 'logical operator', wanted: 'bool' },
  { kind: 'COMPARATOR', symbols: ['==', '!=', '>', '>=', '<', '<=', '=~', '!~', 'in'], role: 'comparator', wanted: 'number' },
  { kind: 'MODIFIER', symbols: ['^', '&', '|'], role: 'modifier', wanted: 'number' },
  { kind: 'MODIFIER', symbols: ['>>', '<<'], role: 'modifier', wanted: 'number' },
  { kind: 'MODIFIER', symbols: ['+', '-'], role: 'modifier', wanted: 'number' },
  { kind: 'MODIFIER', symbols: ['*', '/', '%'], role: 'modifier', wanted: 'number' },
  { kind: 'MODIFIER', symbols: ['**'], role: 'modifier', wanted: 'number' },
];

const MAX_DEPTH = 200;

/** Builds the expression of tokens that have passed checkSyntax; undefined for none. Throws WhenError. */
export function parse(tokens: readonly Token[]): Expression | undefined {
  return tokens.length === 0 ? undefined : new Parser(tokens).level(0, 0);
}

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  level(index: number, depth: number): Expression | undefined {
    if (depth > MAX_DEPTH) throw new WhenError('the expression is nested too deeply');
    const level = LEVELS[index];
    if (level === undefined) return this.operand(depth);
    let left = this.level(index + 1, depth);
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind !== level.kind || typeof token.value !== 'string' || !level.symbols.includes(token.value)) return left;
      this.at++;
      left = { type: 'binary', level, symbol: token.value, left, right: this.level(index + 1, depth) };
    }
  }

  private operand(depth: number): Expression | undefined {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'CLAUSE_CLOSE') return undefined;
    this.at++;
    switch (token.kind) {
      case 'CLAUSE': {
        const inner = this.level(0, depth + 1);
        this.at++;
        return { type: 'group', inner };
      }
      case 'VARIABLE': return { type: 'parameter', name: formatValue(token.value) };
      case 'ACCESSOR': return this.accessor(token, depth);
      case 'PREFIX': return { type: 'prefix', symbol: formatValue(token.value), operand: this.operand(depth + 1) };
      case 'TIME': return { type: 'literal', value: token.value instanceof GoTime ? unixSeconds(token.value) : null };
      case 'NUMERIC': case 'STRING': case 'PATTERN': case 'BOOLEAN': return { type: 'literal', value: token.value };
      default: throw new WhenError(`Unable to plan token kind: '${token.kind}', value: '${formatValue(token.value)}'`);
    }
  }

  /** Nothing in `when` has fields or methods: all that is left is to fail on the first name when evaluated. */
  private accessor(token: Token, depth: number): Expression {
    if (this.tokens[this.at]?.kind === 'CLAUSE') this.level(0, depth + 1);
    return { type: 'parameter', name: isSlice(token.value) ? formatValue(token.value[0] ?? null) : '' };
  }
}

function unixSeconds(time: GoTime): number {
  const rest = ((time.nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return Number((time.nanoseconds - rest) / 1_000_000_000n);
}

/** The value of an expression. Throws WhenError. */
export function evaluate(expression: Expression | undefined): GoValue {
  if (expression === undefined) return null;
  switch (expression.type) {
    case 'literal': return expression.value;
    case 'parameter': throw new WhenError(`No parameter '${expression.name}' found.`);
    case 'group': return evaluate(expression.inner);
    case 'prefix': return prefix(expression.symbol, evaluate(expression.operand));
    default: return binary(expression);
  }
}

function prefix(symbol: string, value: GoValue): GoValue {
  if (symbol === '!' && typeof value === 'boolean') return !value;
  if (symbol === '-' && typeof value === 'number') return -value;
  if (symbol === '~' && typeof value === 'number') return Number(~truncateToInt(value));
  throw new WhenError(`Value '${formatValue(value)}' cannot be used with the prefix '${symbol}'`);
}

type Refuse = (value: GoValue) => never;

function binary({ level, symbol, left: leftSide, right: rightSide }: Expression & { type: 'binary' }): GoValue {
  const left = evaluate(leftSide);
  const decided = decidedByLeft(symbol, left);
  if (decided !== undefined) return decided;
  const right = evaluate(rightSide);
  const refuse: Refuse = (value) => {
    throw new WhenError(`Value '${formatValue(value)}' cannot be used with the ${level.role} '${symbol}', it is not a ${level.wanted}`);
  };
  switch (level.kind) {
    case 'SEPARATOR': return isSlice(left) ? [...left, right] : [left, right];
    case 'TERNARY': return symbol === '?' && typeof left !== 'boolean' ? refuse(left) : right;
    case 'LOGICALOP':
      if (typeof left !== 'boolean') return refuse(left);
      return typeof right === 'boolean' ? right : refuse(right);
    case 'COMPARATOR': return comparison(symbol, left, right, refuse);
    default: return modified(symbol, left, right, refuse);
  }
}

/** The right side is not looked at once the left one decides. */
function decidedByLeft(symbol: string, left: GoValue): GoValue | undefined {
  switch (symbol) {
    case '&&': return left === false ? false : undefined;
    case '||': return left === true ? true : undefined;
    case '?': return left === false ? null : undefined;
    case ':': case '??': return left ?? undefined;
    default: return undefined;
  }
}

function modified(symbol: string, left: GoValue, right: GoValue, refuse: Refuse): GoValue {
  if (symbol === '+' && (typeof left === 'string' || typeof right === 'string')) return formatValue(left) + formatValue(right);
  if (typeof left !== 'number') return refuse(left);
  if (typeof right !== 'number') return refuse(symbol === '+' ? left : right);
  return arithmetic(symbol, left, right);
}

function comparison(symbol: string, left: GoValue, right: GoValue, refuse: Refuse): boolean {
  switch (symbol) {
    case '==': return equal(left, right);
    case '!=': return !equal(left, right);
    case 'in': return isSlice(right) ? contains(right, left) : refuse(right);
    case '=~': case '!~':
      if (typeof left !== 'string') return refuse(left);
      if (typeof right !== 'string' && !(right instanceof Pattern)) return refuse(right);
      return matches(left, right) === (symbol === '=~');
    default: return ordered(symbol, left, right) ?? refuse(left);
  }
}

function equal(left: GoValue, right: GoValue): boolean {
  if (isSlice(left) && isSlice(right)) return left.length === right.length && left.every((value, i) => equal(value, right[i] ?? null));
  return left === right;
}

function contains(list: readonly GoValue[], value: GoValue): boolean {
  return list.some((item) => {
    // Argo panics here: Go cannot compare lists.
    if (isSlice(item) && isSlice(value)) throw new WhenError('runtime error: comparing uncomparable type []interface {}');
    return item === value;
  });
}

function matches(text: string, pattern: string | Pattern): boolean {
  if (typeof pattern !== 'string') return pattern.regexp.matcher(text).find();
  try {
    return new Pattern(pattern).regexp.matcher(text).find();
  } catch (error) {
    if (error instanceof WhenError) throw new WhenError(`Unable to compile regexp pattern '${pattern}': ${error.message}`, { cause: error });
    throw error;
  }
}

function ordered(symbol: string, left: GoValue, right: GoValue): boolean | undefined {
  let a: number;
  let b: number;
  if (typeof left === 'string' && typeof right === 'string') {
    a = compareStrings(left, right);
    b = 0;
  } else if (typeof left === 'number' && typeof right === 'number') {
    a = left;
    b = right;
  } else return undefined;
  switch (symbol) {
    case '<': return a < b;
    case '<=': return a <= b;
    case '>': return a > b;
    default: return a >= b;
  }
}

function arithmetic(symbol: string, left: number, right: number): number {
  switch (symbol) {
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '/': return left / right;
    case '%': return left % right;
    case '**': return power(left, right);
    case '&': return Number(truncateToInt(left) & truncateToInt(right));
    case '|': return Number(truncateToInt(left) | truncateToInt(right));
    case '^': return Number(truncateToInt(left) ^ truncateToInt(right));
    default: return shift(symbol, unsigned(left), unsigned(right));
  }
}

/** Go's math.Pow differs from JavaScript's where one side is 1 or the other infinite. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1;
  return base ** exponent;
}

function unsigned(value: number): bigint {
  if (value >= 2 ** 63) return value < 2 ** 64 ? BigInt(Math.trunc(value)) : 2n ** 63n;
  return BigInt.asUintN(64, truncateToInt(value));
}

function shift(symbol: string, value: bigint, by: bigint): number {
  if (by >= 64n) return 0;
  return Number(BigInt.asUintN(64, symbol === '<<' ? value << by : value >> by));
}
