/** The expressions within JSONPath filters `[?(...)]` and scripts `[(...)]`. The rules are evilmonkeyinc/jsonpath's. */
import { RE2JS } from 're2js';
import { formatValue, isMap, isSlice, NumberError, parseFloat64, unmarshalJson, JsonError, type GoValue } from './go.ts';

/** A selector that cannot be read, or that finds nothing where something must be. */
export class JsonPathError extends Error {}

export interface ScriptScope {
  root: GoValue;
  current: GoValue;
  /** Reads a selector within the expression; the result applies it. */
  select: (path: string) => (at?: GoValue) => GoValue;
}

/** A compiled expression. Throws JsonPathError when it cannot be evaluated. */
export type Script = (scope: ScriptScope) => GoValue;

/** From the loosest to the tightest. */
const OPERATORS = ['||', '&&', '==', '!=', '<=', '>=', '<', '>', '=~', ' not in ', ' in ', '+', '-', '**', '*', '/', '%'] as const;
type Operator = (typeof OPERATORS)[number];

const MAX_DEPTH = 100;

/** Compiles an expression; it fails, if at all, when it is evaluated. */
export function compileScript(text: string): Script {
  if (text === '') throw new JsonPathError('invalid expression. is empty');
  return compile(text, 0);
}

function compile(text: string, depth: number): Script {
  if (depth > MAX_DEPTH) throw new JsonPathError('invalid expression. it is nested too deeply');
  const expression = text.trim();
  const inner = withoutParentheses(expression);
  if (inner !== undefined) return compile(inner, depth + 1);
  for (const operator of OPERATORS) {
    const at = findOutside(expression, operator);
    if (at < 0) continue;
    const leftText = expression.slice(0, at).trim();
    const rightText = expression.slice(at + operator.length).trim();
    if (leftText === '' || rightText === '') continue;
    const left = compile(leftText, depth + 1);
    const right = compile(rightText, depth + 1);
    return (scope) => operate(operator, left(scope), right(scope));
  }
  if (expression.startsWith('!')) {
    const negated = compile(expression.slice(1), depth + 1);
    return (scope) => !booleanOf(negated(scope));
  }
  return leaf(expression);
}

function leaf(text: string): Script {
  if (text.startsWith('$') || text.startsWith('@')) {
    return (scope) => {
      const value = scope.select(text)();
      return typeof value === 'string' && !/^'.+'$/s.test(value) ? `'${value}'` : value;
    };
  }
  if (text === 'nil' || text === 'null') return () => null;
  const literal = jsonLiteral(text);
  return () => literal;
}

function jsonLiteral(text: string): GoValue {
  if (!/^\[.*\]$|^\{.*\}$/s.test(text)) return text;
  try {
    return unmarshalJson(text.startsWith('[') ? text.replaceAll("'", '"') : text);
  } catch (error) {
    if (error instanceof JsonError) return text;
    throw error;
  }
}

function withoutParentheses(text: string): string | undefined {
  if (!text.startsWith('(') || !text.endsWith(')')) return undefined;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0 && i < text.length - 1) return undefined;
  }
  return text.slice(1, -1);
}

/** Where an operator stands outside of quotes and brackets; of several, the first. */
function findOutside(text: string, operator: string): number {
  let quote = '';
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    else if (depth === 0 && text.startsWith(operator, i) && !isPartOfLonger(text, operator, i)) return i;
  }
  return -1;
}

function isPartOfLonger(text: string, operator: string, at: number): boolean {
  if (operator === '*') return text[at + 1] === '*' || text[at - 1] === '*' || text[at - 1] === '.';
  // A dash within a name or before a digit at the start is no minus.
  if (operator === '-') return /^[$@]/.test(text) && /[\w.]-[A-Za-z_]/.test(text.slice(Math.max(at - 1, 0), at + 2));
  if (operator === '/') return text.startsWith('/');
  return false;
}

function operate(operator: Operator, left: GoValue, right: GoValue): GoValue {
  switch (operator) {
    case '||': {
      const first = booleanOf(left);
      return booleanOf(right) || first;
    }
    case '&&': {
      const first = booleanOf(left);
      return booleanOf(right) && first;
    }
    case '==': return equal(left, right);
    case '!=': return !equal(left, right);
    case '=~': return matches(stringOf(left), stringOf(right));
    case ' in ': return isIn(left, right);
    case ' not in ': return !isIn(left, right);
    default: return compute(operator, numberOf(left), numberOf(right));
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
    case '%': return left % right;
    default: return left ** right;
  }
}

function isIn(value: GoValue, list: GoValue): boolean {
  if (isMap(list)) return [...list.values()].some((member) => equal(value, member));
  if (!isSlice(list)) throw new JsonPathError('invalid argument. expected array, map, or slice');
  return list.some((element) => equal(value, element));
}

function equal(left: GoValue, right: GoValue): boolean {
  const first = numberIn(left);
  const second = numberIn(right);
  if (first !== undefined && second !== undefined) return first === second;
  return quoted(left) === quoted(right);
}

/** Texts compare with their quotes: a bare word is not the text of the same letters. */
function quoted(value: GoValue): string {
  if (value === null) throw new JsonPathError('invalid argument. is nil');
  const text = formatValue(value);
  return /^".+"$/s.test(text) ? `'${text.slice(1, -1)}'` : text;
}

function stringOf(value: GoValue): string {
  return quoted(value).replace(/^'(.*)'$/s, '$1');
}

function numberIn(value: GoValue): number | undefined {
  if (value === null) return undefined;
  try {
    return parseFloat64(formatValue(value));
  } catch (error) {
    if (error instanceof NumberError) return undefined;
    throw error;
  }
}

function numberOf(value: GoValue): number {
  const number = numberIn(value);
  if (number === undefined) throw new JsonPathError('invalid argument. expected number');
  return number;
}

function booleanOf(value: GoValue): boolean {
  const text = value === null ? '' : formatValue(value);
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new JsonPathError('invalid argument. expected boolean');
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
