/**
 * `jsonpath(text, path)` of expressions: selectors with keys, indices, slices, unions, wildcards, descent, filters and
 * scripts. Argo: util/expr, evilmonkeyinc/jsonpath 0.8.1; a key that is missing is an error there, not nothing.
 */
import { compareStrings, GoNumber, isMap, isSlice, toBytes, unmarshalJson, type GoValue } from './go.ts';
import { compileScript, JsonPathError, type Script } from './jsonpath-script.ts';

export { JsonPathError };

/** Longer selectors are refused: filters within filters recurse. */
const MAX_LENGTH = 10_000;
/** A descent that would gather more values than this is refused. */
const MAX_VALUES = 1_000_000;

type Token =
  | { type: 'root' | 'current' | 'wildcard' | 'recursive' | 'length' }
  | { type: 'key'; key: string }
  | { type: 'index'; index: number }
  | { type: 'filter'; script: Script; empty: boolean }
  | { type: 'script'; script: Script }
  | { type: 'union'; parts: (string | number | Script)[] }
  | { type: 'range'; parts: (number | Script | undefined)[] };

/** What `path` selects in the JSON `inputText`. Throws JsonError (of go.ts) and JsonPathError. */
export function jsonpathExpression(inputText: string, path: string): GoValue {
  const root = unmarshalJson(inputText);
  return select(parseSelector(path), root, root);
}

/** A selector ready to be applied; also those within filters and scripts. Throws JsonPathError. */
export type Selector = readonly Token[];

export function parseSelector(path: string): Selector {
  if (path.length > MAX_LENGTH) throw new JsonPathError(`a JSONPath selector is longer than ${MAX_LENGTH} characters`);
  try {
    return tokenize(path).map(parseToken);
  } catch (error) {
    if (error instanceof JsonPathError) throw new JsonPathError(`invalid JSONPath selector '${path}' ${error.message}`, { cause: error });
    throw error;
  }
}

/** Applies a selector: `$` is `root`, `@` is `current`. Throws JsonPathError. */
export function select(selector: Selector, root: GoValue, current: GoValue): GoValue {
  return apply(selector, 0, root, current);
}

/** Splits a selector. */
function tokenize(path: string): string[] {
  const [head = '', next = ''] = Array.from(path);
  if (head !== '$' && head !== '@') throw new JsonPathError(`unexpected token '${head}' at index 0`);
  // What is looked at is the next byte.
  if (next !== '' && next !== '.' && next !== '[') throw new JsonPathError(`unexpected token '${String.fromCharCode(toBytes(next)[0] ?? 0)}' at index 1`);
  const splitter = new Splitter();
  for (const c of path.slice(1)) splitter.step(c);
  return [head, ...splitter.end()];
}

/** Brackets count to the end of a selector, quotes and parentheses from the beginning of a token. */
class Splitter {
  private readonly tokens: string[] = [];
  private token = '';
  private square = 0;
  private round = 0;
  private quotes = 0;

  step(c: string): void {
    if (this.token === '') this.quotes = this.round = 0;
    this.token += c;
    if (c === "'") this.quotes++;
    else if (c === '(' || c === ')') this.round += c === '(' ? 1 : -1;
    else if (c === '[' || c === ']') this.square += c === '[' ? 1 : -1;
    if (this.token === '..') this.take(this.token, '');
    else if (c === '[') this.opened();
    else if (this.quotes % 2 === 1 || this.round !== 0) return;
    else if (this.token.includes('[')) {
      if (c === ']' && this.square === 0) this.take(this.token, '');
    } else if (c === '.' && this.token !== '.') this.take(this.token.slice(0, -1), '.');
  }

  end(): readonly string[] {
    if (this.token !== '') this.take(this.token, '');
    return this.tokens;
  }

  private opened(): void {
    if (this.token !== '[' && this.token !== '.[' && this.token.split('[').length === 2) this.take(this.token.slice(0, -1), '[');
  }

  private take(text: string, rest: string): void {
    this.tokens.push(text === '..' ? text : text.replace(/^\./, ''));
    this.token = rest;
  }
}

function parseToken(text: string): Token {
  const token = text.trim();
  switch (token) {
    case '': throw new JsonPathError('invalid token. token string is empty');
    case '$': return { type: 'root' };
    case '@': return { type: 'current' };
    case '*': return { type: 'wildcard' };
    case '..': return { type: 'recursive' };
    case 'length': return { type: 'length' };
    default: return token.startsWith('[') ? parseSubscript(token) : { type: 'key', key: token };
  }
}

const noFormat = (token: string): JsonPathError => new JsonPathError(`invalid token. '${token}' does not match any token format`);
const noExpression = (text: string): JsonPathError => new JsonPathError(`invalid expression. invalid format '${text}'`);

/** A selector within a filter or script. */
function readSelector(path: string): Script {
  const selector = tokenize(path).map(parseToken);
  return ({ root, current }) => {
    const value = select(selector, root, current);
    return typeof value === 'string' && !(value.length > 1 && /^'.*'$/s.test(value)) ? `'${value}'` : value;
  };
}

function parseSubscript(token: string): Token {
  const body = token.slice(1, -1).trim();
  if (!token.endsWith(']') || body === '') throw noFormat(token);
  if (body === '*') return { type: 'wildcard' };
  if (body.startsWith('?')) {
    if (!body.startsWith('?(') || !body.endsWith(')')) throw noFormat(token);
    const text = body.slice(2, -1).trim();
    return { type: 'filter', script: compileScript(text, readSelector), empty: text === '' };
  }
  const parts = splitParts(body, token);
  if (parts.length === 1) return single(parts[0] ?? null, token);
  const colons = parts.filter((part) => part === ':').length;
  const commas = parts.filter((part) => part === ',').length;
  if ((colons > 0) === (commas > 0) || colons > 2) throw noFormat(token);
  return commas > 0 ? union(parts.filter((part) => part !== ','), commas, token) : range(parts);
}

/** A part of a subscript: a number, a text in quotes, a script in parentheses, a separator, or whatever else was written. */
type Part = number | string | null;

const isQuoted = (text: string): boolean => text.length > 1 && /^'.*'$|^".*"$/s.test(text);
const isScript = (text: string): boolean => text.length > 2 && /^\(.*\)$/s.test(text);

function partOf(text: string): Part {
  return /^[+-]?\d{1,18}$/.test(text) ? Number(text) : text;
}

/** Takes a subscript apart as the library does: quotes and parentheses end a part, whatever follows them begins another. */
function splitParts(body: string, token: string): Part[] {
  const reader = new PartReader(token);
  for (const [at, c] of Array.from(body).entries()) reader.step(c, at);
  return reader.end();
}

class PartReader {
  private readonly token: string;
  private readonly parts: Part[] = [];
  private text = '';
  private depth = 0;
  private quote = '';

  constructor(token: string) {
    this.token = token;
  }

  step(c: string, at: number): void {
    this.text += c;
    if (c === ')') this.closed();
    else if (this.quote !== '' && c !== this.quote) return;
    else if (c === '(') this.depth++;
    else if (this.depth !== 0) return;
    else if (c === ' ') this.text = this.text.trim();
    else if (c === "'" || c === '"') this.quoted(c);
    else if (c === ':' || c === ',') this.separated(c, at);
  }

  end(): Part[] {
    return this.text === '' ? this.parts : [...this.parts, partOf(this.text)];
  }

  private push(part: Part): void {
    this.parts.push(part);
    this.text = '';
  }

  private closed(): void {
    if (--this.depth !== 0) return;
    if (!isScript(this.text)) throw noExpression(this.text);
    this.push(this.text);
  }

  private quoted(c: string): void {
    if (this.text.length > 1 && this.text.at(-2) === '\\') this.text = this.text.slice(0, -2) + c;
    else if (this.quote === '') {
      this.quote = c;
      if (this.text !== c) throw noFormat(this.token);
    } else {
      this.quote = '';
      if (!isQuoted(this.text)) throw noFormat(this.token);
      this.push(this.text);
    }
  }

  private separated(c: string, at: number): void {
    const before = this.text.slice(0, -1);
    const part = partOf(before);
    if (before !== '' && c === ':' && typeof part === 'string') throw noFormat(this.token);
    if (before !== '') this.push(part);
    else if (c === ':' && at === 0) this.push(null);
    this.push(c);
  }
}

function single(part: Part, token: string): Token {
  if (typeof part === 'number') return { type: 'index', index: part };
  if (part === null) throw noFormat(token);
  if (isQuoted(part)) return { type: 'key', key: part.slice(1, -1) };
  if (isScript(part)) return { type: 'script', script: compileScript(part.slice(1, -1), readSelector) };
  throw noFormat(token);
}

function scriptPart(part: string): Script {
  try {
    return compileScript(part.slice(1, -1), readSelector);
  } catch (error) {
    if (error instanceof JsonPathError) throw new JsonPathError(`invalid expression. ${error.message}`, { cause: error });
    throw error;
  }
}

function union(parts: readonly Part[], commas: number, token: string): Token {
  if (commas >= parts.length) throw noFormat(token);
  return { type: 'union', parts: parts.map((part) => {
    if (typeof part === 'number') return part;
    if (part === null) throw noFormat(token);
    if (isScript(part)) return scriptPart(part);
    if (isQuoted(part)) return part.slice(1, -1);
    throw noFormat(token);
  }) };
}

function range(parts: readonly Part[]): Token {
  const bounds: Part[] = [];
  let lastWasColon = false;
  for (const part of parts) {
    if (part !== ':') bounds.push(part);
    else if (lastWasColon) bounds.push(null);
    lastWasColon = part === ':';
  }
  return { type: 'range', parts: bounds.slice(0, 3).map((part) => {
    if (part === null) return undefined;
    if (typeof part === 'number') return part;
    if (!isScript(part)) throw noExpression(part);
    return scriptPart(part);
  }) };
}

function kindOf(value: GoValue): string {
  if (value === null) return 'nil';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof GoNumber) return value.type;
  if (isSlice(value)) return 'slice';
  return isMap(value) ? 'map' : 'float64';
}

function wrongTarget(type: string, expected: string, value: GoValue): JsonPathError {
  return new JsonPathError(`${type}: invalid token target. expected [${expected}] got [${kindOf(value)}]`);
}

function apply(tokens: Selector, at: number, root: GoValue, current: GoValue): GoValue {
  const token = tokens[at];
  if (token === undefined) return current;
  const onwards = (value: GoValue): GoValue => apply(tokens, at + 1, root, value);
  switch (token.type) {
    case 'root': return onwards(root);
    case 'current': return onwards(current);
    case 'key': return onwards(memberOf(current, token.key));
    case 'index': return onwards(elementOf(current, token.index));
    case 'length': return onwards(lengthOf(current));
    case 'script': return onwards(scripted(token.script, root, current));
    case 'recursive': return descend(tokens, at, root, current);
    case 'wildcard': return each(tokens, at, root, childrenOf('wildcard', current));
    case 'filter':
      if (token.empty) throw new JsonPathError('invalid expression. is empty');
      return each(tokens, at, root, childrenOf('filter', current).filter((value) => isKept(token.script, root, value)));
    case 'union': return each(tokens, at, root, unite(token.parts.map((part) => partValue(part, root, current)), current));
    case 'range': return each(tokens, at, root, slice(token.parts.map((part) => (part === undefined ? undefined : integerPart(part, root, current))), current));
  }
}

/** Goes on from each of several values and gathers what is found; an index counts among them. */
function each(tokens: Selector, at: number, root: GoValue, values: readonly GoValue[]): GoValue {
  const next = tokens[at + 1];
  if (next === undefined) return values;
  if (next.type === 'index' && tokens[at]?.type !== 'wildcard') return apply(tokens, at + 1, root, values);
  return values.map((value) => attempt(() => apply(tokens, at + 1, root, value))).filter((value) => value !== null);
}

/** Values for which the rest of a selector finds nothing are left out. */
function attempt(act: () => GoValue): GoValue {
  try {
    return act();
  } catch (error) {
    if (error instanceof JsonPathError) return null;
    throw error;
  }
}

function memberOf(value: GoValue, key: string): GoValue {
  if (!isMap(value)) throw wrongTarget('key', 'map', value);
  const member = value.get(key);
  if (member === undefined) throw new JsonPathError(`key: invalid token key '${key}' not found`);
  return member;
}

function elementOf(value: GoValue, index: number): GoValue {
  if (!isSlice(value)) throw wrongTarget('index', 'array slice', value);
  const element = value[index < 0 ? value.length + index : index];
  if (element === undefined) throw new JsonPathError('index: invalid token out of range');
  return element;
}

function lengthOf(value: GoValue): GoValue {
  if (isMap(value)) return value.get('length') ?? new GoNumber('int64', BigInt(value.size));
  if (isSlice(value)) return new GoNumber('int64', BigInt(value.length));
  if (typeof value === 'string') return new GoNumber('int64', BigInt(Array.from(value).length));
  throw wrongTarget('length', 'array map slice string', value);
}

function childrenOf(type: string, value: GoValue): readonly GoValue[] {
  if (isSlice(value)) return value;
  if (isMap(value)) return sortedEntries(value).map(([, member]) => member);
  throw wrongTarget(type, 'array map slice', value);
}

function sortedEntries(value: ReadonlyMap<GoValue, GoValue>): [string, GoValue][] {
  return [...value].map(([key, member]): [string, GoValue] => [key as string, member]).sort(([a], [b]) => compareStrings(a, b));
}

function scripted(script: Script, root: GoValue, current: GoValue): GoValue {
  const value = described('', () => script({ root, current }));
  if (typeof value === 'string') return memberOf(current, value);
  return elementOf(current, integer(value, '[int string]'));
}

/** Runs a script of a subscript, and says of what goes wrong where it was. */
function described(type: string, act: () => GoValue): GoValue {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error;
    throw new JsonPathError(`${type === '' ? '' : `${type}: invalid token `}invalid expression. ${error.message}`, { cause: error });
  }
}

function integer(value: GoValue, expected: string): number {
  const number = value instanceof GoNumber ? Number(value.value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new JsonPathError(`unexpected expression result. expected ${expected} got [${kindOf(value)}]`);
}

function partValue(part: string | number | Script, root: GoValue, current: GoValue): string | number {
  if (typeof part === 'string' || typeof part === 'number') return part;
  const value = described('union', () => part({ root, current }));
  if (typeof value === 'string') return value;
  const number = value instanceof GoNumber ? Number(value.value) : value;
  if (typeof number === 'number' && Number.isInteger(number)) return number;
  throw new JsonPathError(`union: invalid token argument. expected [int string] got [${kindOf(value)}]`);
}

function integerPart(part: number | Script, root: GoValue, current: GoValue): number {
  if (typeof part === 'number') return part;
  const value = described('range', () => part({ root, current }));
  try {
    return integer(value, '[int]');
  } catch (error) {
    if (error instanceof JsonPathError) throw new JsonPathError(`range: invalid token ${error.message}`, { cause: error });
    throw error;
  }
}

function isKept(compiled: Script, root: GoValue, current: GoValue): boolean {
  const value = attempt(() => compiled({ root, current }));
  if (value === null || typeof value === 'boolean') return value === true;
  if (typeof value === 'string') return value.replace(/^'(.*)'$|^"(.*)"$/s, '$1$2') !== '';
  if (isSlice(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return value instanceof GoNumber ? Number(value.value) !== 0 : value !== 0;
}

function unite(parts: readonly (string | number)[], value: GoValue): GoValue[] {
  if (new Set(parts.map((part) => typeof part)).size > 1) {
    const last = parts.findIndex((part) => typeof part !== typeof parts[0]);
    throw new JsonPathError(`union: invalid token argument. expected ${typeof parts[last] === 'string' ? '[int] got [string]' : '[string] got [int]'}`);
  }
  if (typeof parts[0] === 'number') {
    if (!isSlice(value)) throw wrongTarget('union', 'array slice', value);
    return parts.map((part) => value[typeof part === 'number' && part < 0 ? value.length + part : Number(part)]).filter((element) => element !== undefined);
  }
  if (!isMap(value)) throw wrongTarget('union', 'map', value);
  return parts.map((key) => value.get(key)).filter((member) => member !== undefined);
}

/** The elements of a slice [from:to:step]; with a negative step from the end to the beginning. */
function slice(parts: readonly (number | undefined)[], value: GoValue): GoValue[] {
  if (!isSlice(value)) throw wrongTarget('range', 'array slice', value);
  const { length } = value;
  const place = (given: number): number => Math.min(Math.max(given < 0 ? length + given : given, 0), length);
  const [from = 0, to = length, step = 1] = parts;
  const [start, end] = [place(from), place(to)];
  if (step === 0) throw new JsonPathError('range: invalid token out of range');
  const found: GoValue[] = [];
  for (let i = step < 0 ? end - 1 : start; step < 0 ? i >= start : i < end; i += step) found.push(value[i] ?? null);
  return found;
}

function descend(tokens: Selector, at: number, root: GoValue, current: GoValue): GoValue {
  const values: GoValue[] = [];
  gather(current, values);
  if (tokens[at + 1] === undefined) return values;
  const found: GoValue[] = [];
  for (const value of values) {
    const result = attempt(() => apply(tokens, at + 1, root, value));
    if (isSlice(result)) for (const element of result) found.push(element);
    else if (result !== null) found.push(result);
    if (found.length > MAX_VALUES) throw new JsonPathError(`a JSONPath selector finds more than ${MAX_VALUES} values`);
  }
  return found;
}

function gather(value: GoValue, into: GoValue[]): void {
  if (value === null) return;
  into.push(value);
  if (!isSlice(value) && !isMap(value)) return;
  for (const child of childrenOf('recursive', value)) gather(child, into);
}
