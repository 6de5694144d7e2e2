/** The expressions within JSONPath filters `[?(...)]` and scripts `[(...)]`. The rules are evilmonkeyinc/jsonpath's. */
import { RE2JS } from 're2js';
import { formatValue, GoNumber, isMap, isSlice, NumberError, parseFloat64, unmarshalJson, JsonError, type GoValue } from './go.ts';

/** A selector that cannot be read, or that finds nothing where something must be. */
export class JsonPathError extends Error {}

export interface ScriptScope {
  root: GoValue;
  current: GoValue;
}

/** A compiled expression. Throws JsonPathError when it cannot be evaluated. */
export type Script = (scope: ScriptScope) => GoValue;

/** Reads a selector within an expression; the result applies it. Throws JsonPathError. */
export type ReadSelector = (path: string) => Script;

/** From the loosest to the tightest. */
const OPERATORS = ['||', '&&', '==', '!=', '<=', '>=', '<', '>', '=~', '!', '+', '-', '**', '*', '/', '%', 'not in', 'in', '@', '$'] as const;
type Operator = (typeof OPERATORS)[number];

/** Every pair of parentheses is looked through for every operator. */
const MAX_DEPTH = 500;

/** Compiles an expression. Throws JsonPathError where a selector in it cannot be read. */
export function compileScript(text: string, read: ReadSelector): Script {
  const script = new Compiler(read).operation(text, OPERATORS);
  if (script !== undefined) return script;
  return (scope) => {
    if (text === '') throw new JsonPathError('invalid expression. is empty');
    const value = named(text, scope);
    if (value !== undefined) return value;
    return numberIn(text, scope) ?? parseBool(text) ?? text;
  };
}

/** What stands on one side of an operator: an operation, or a text or list as it is written. */
class Compiler {
  private readonly read: ReadSelector;
  private depth = 0;

  constructor(read: ReadSelector) {
    this.read = read;
  }

  /**
   * Looks for the operators one after the other; undefined where there is none. Within parentheses all of them are looked for
   * again, but the one that was looked for just now comes first, and then nothing can be made of what stands beside it.
   */
  operation(text: string, operators: readonly string[]): Script | undefined {
    if (++this.depth > MAX_DEPTH) throw new JsonPathError('invalid expression. it is nested too deeply');
    try {
      return this.find(text, operators);
    } finally {
      this.depth--;
    }
  }

  private find(text: string, given: readonly string[]): Script | undefined {
    let operators = given;
    const operator = operators[0] ?? '';
    let expression = text.trim();
    if (expression === '') return undefined;
    if (expression.startsWith('(') && expression.endsWith(')')) {
      expression = expression.slice(1, -1).trim();
      operators = ['', ...OPERATORS];
    }
    const next = (): Script | undefined => (operators.length === 1 ? undefined : this.operation(expression, operators.slice(1)));
    const at = findOutside(expression, operator);
    if (at < 0) return next();
    const isSelector = operator === '$' || operator === '@';
    const right = expression.slice(at + operator.length).trim();
    if (right === '' && !isSelector) return next();
    const rightSide = this.argument(right, operators);
    const left = expression.slice(0, at).trim();
    if (left === '' && !isSelector && operator !== '!') return next();
    const leftSide = this.argument(left, operators);
    if (isSelector) return leftSide === undefined ? this.read(expression) : next();
    if (operator === '!') return leftSide === undefined ? (scope) => !booleanOf(rightSide, scope) : next();
    if (operator === '') throw new JsonPathError('unsupported operator');
    return (scope) => operate(operator as Operator, leftSide, rightSide, scope);
  }

  private argument(text: string, operators: readonly string[]): Argument {
    const operation = this.operation(text, operators);
    if (operation !== undefined) return operation;
    return text === '' ? undefined : literal(text);
  }
}

type Argument = Script | GoValue | undefined;

function literal(text: string): GoValue {
  if (!/^\[.*\]$|^\{.*\}$/s.test(text)) return text;
  try {
    return unmarshalJson(text);
  } catch (error) {
    if (error instanceof JsonError) return text;
    throw error;
  }
}

/** Where an operator stands outside of quotes and brackets; of several, the first. */
function findOutside(text: string, operator: string): number {
  const nesting = new Nesting();
  for (let i = 0; i < text.length; i++) {
    nesting.step(text.charAt(i));
    const start = i + 1 - operator.length;
    if (nesting.isOutside() && start >= 0 && text.slice(start, i + 1) === operator) return start;
  }
  return -1;
}

/** Quotes and brackets that are open; within one kind the others do not count. */
class Nesting {
  private quote = '';
  private square = 0;
  private round = 0;

  step(c: string): void {
    const isQuote = c === "'" || c === '"';
    if ((c === '(' || c === ')') && this.quote === '' && this.square <= 0) this.round += c === '(' ? 1 : -1;
    else if ((c === '[' || c === ']') && this.quote === '' && this.round <= 0) this.square += c === '[' ? 1 : -1;
    else if (isQuote && this.square <= 0 && this.round <= 0 && (this.quote === '' || this.quote === c)) this.quote = this.quote === '' ? c : '';
  }

  isOutside(): boolean {
    return this.quote === '' && this.square <= 0 && this.round <= 0;
  }
}

/** What a name stands for; undefined for any other text. */
function named(text: string, { root, current }: ScriptScope): GoValue | undefined {
  switch (text) {
    case '$': return root;
    case '@': return current;
    case 'nil': case 'null': return null;
    default: return undefined;
  }
}

/** The value of an argument. */
function valueOf(argument: Argument, scope: ScriptScope): GoValue {
  if (argument === undefined) throw new JsonPathError('invalid argument. is nil');
  const value = typeof argument === 'function' ? argument(scope) : argument;
  return typeof value === 'string' ? named(value, scope) ?? (value === 'nil' || value === 'null' ? null : value) : value;
}

function operate(operator: Operator, left: Argument, right: Argument, scope: ScriptScope): GoValue {
  const integers = (): [bigint, bigint] => [integerOf(left, scope), integerOf(right, scope)];
  switch (operator) {
    case '||': case '&&': {
      const first = booleanOf(left, scope);
      const second = booleanOf(right, scope);
      return operator === '||' ? first || second : first && second;
    }
    case '==': return equal(left, right, scope);
    case '!=': return !equal(left, right, scope);
    case '=~': return matches(bare(stringOf(left, scope)), bare(stringOf(right, scope)));
    case 'in': return isIn(left, right, scope);
    case 'not in': return !isIn(left, right, scope);
    case '%': {
      const [first, second] = integers();
      if (second === 0n) throw new JsonPathError('runtime error: integer divide by zero');
      return new GoNumber('int64', first % second);
    }
    default: return compute(operator, numberOf(left, scope), numberOf(right, scope));
  }
}

function compute(operator: Operator, left: number, right: number): GoValue {
  switch (operator) {
    case '<': return left < right;
    case '<=': return left <= right;
    case '>': return left > right;
    case '>=': return left >= right;
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '/': return left / right;
    default: return left ** right;
  }
}

function isIn(item: Argument, list: Argument, scope: ScriptScope): boolean {
  const wanted = numberIn(item, scope) ?? attempt(() => stringOf(item, scope)) ?? attempt(() => booleanOf(item, scope)) ?? null;
  const value = valueOf(list, scope);
  const elements = typeof value === 'string' ? literalList(value) : value;
  if (isMap(elements)) return [...elements.values()].some((member) => member === wanted);
  if (elements === null) throw new JsonPathError('invalid argument. is nil');
  if (!isSlice(elements)) throw new JsonPathError('invalid argument. expected array, map, or slice');
  return elements.some((element) => element === wanted);
}

function literalList(text: string): GoValue {
  const value = literal(text);
  if (typeof value === 'string' && /^\[.*\]$|^\{.*\}$/s.test(text)) throw new JsonPathError('invalid argument');
  return value;
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function equal(left: Argument, right: Argument, scope: ScriptScope): boolean {
  const first = numberIn(left, scope);
  const second = first === undefined ? undefined : numberIn(right, scope);
  if (first !== undefined && second !== undefined) return first === second;
  return stringOf(left, scope) === stringOf(right, scope);
}

/** Texts compare with their quotes: a bare word is not the text of the same letters. */
function stringOf(argument: Argument, scope: ScriptScope): string {
  if (argument === undefined) throw new JsonPathError('invalid argument. is nil');
  const own = typeof argument === 'function' ? argument(scope) : argument;
  const value = typeof own === 'string' ? named(own, scope) : own;
  if (typeof own === 'string' && value === undefined) return /^".*"$/s.test(own) && own.length > 1 ? `'${own.slice(1, -1)}'` : own;
  if (typeof own === 'string' && typeof value === 'string') return /^'.*'$/s.test(value) && value.length > 1 ? value : `'${value.replace(/^"(.*)"$/s, '$1')}'`;
  return formatValue(value ?? null);
}

function bare(text: string): string {
  return text.length > 1 ? text.replace(/^'(.*)'$/s, '$1') : text;
}

function numberIn(argument: Argument, scope: ScriptScope): number | undefined {
  return attempt(() => numberOf(argument, scope));
}

function numberOf(argument: Argument, scope: ScriptScope): number {
  try {
    return parseFloat64(formatValue(valueOf(argument, scope)));
  } catch (error) {
    if (error instanceof NumberError) throw new JsonPathError('invalid argument. expected number', { cause: error });
    throw error;
  }
}

function integerOf(argument: Argument, scope: ScriptScope): bigint {
  const text = formatValue(valueOf(argument, scope));
  if (!/^[+-]?\d+$/.test(text)) throw new JsonPathError('invalid argument. expected integer');
  return BigInt(text.replace('+', ''));
}

function booleanOf(argument: Argument, scope: ScriptScope): boolean {
  if (argument === undefined) return false;
  const value = valueOf(argument, scope);
  const truth = value === null ? false : parseBool(formatValue(value));
  if (truth === undefined) throw new JsonPathError('invalid argument. expected boolean');
  return truth;
}

function parseBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}

function matches(text: string, pattern: string): boolean {
  let regexp: RE2JS;
  try {
    regexp = RE2JS.compile(pattern);
  } catch (error) {
    throw new JsonPathError('invalid argument. expected a valid regexp', { cause: error });
  }
  return regexp.matcher(text).find();
}
