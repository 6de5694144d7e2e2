/**
 * `jsonpath(text, path)` of expressions: selectors with keys, indices, slices, unions, wildcards, descent, filters and
 * scripts. Argo: util/expr, evilmonkeyinc/jsonpath 0.8.1; a key that is missing is an error there, not nothing.
 */
import { compareStrings, GoNumber, isMap, isSlice, unmarshalJson, type GoValue } from './go.ts';
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
  | { type: 'filter' | 'script'; script: Script }
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

function tokenize(path: string): string[] {
  const head = path.charAt(0);
  if (head !== '$' && head !== '@') throw new JsonPathError(`unexpected token '${head}' at index 0`);
  const next = path.charAt(1);
  if (next !== '' && next !== '.' && next !== '[') throw new JsonPathError(`unexpected token '${next}' at index 1`);
  const tokens = [head];
  let at = 1;
  while (at < path.length) {
    if (path.startsWith('..', at)) {
      tokens.push('..');
      at += 2;
      continue;
    }
    if (path[at] === '.') at++;
    const end = path[at] === '[' ? subscriptEnd(path, at) : nameEnd(path, at);
    tokens.push(path.slice(at, end));
    at = end;
  }
  return tokens;
}

function nameEnd(path: string, at: number): number {
  let end = at;
  while (end < path.length && path[end] !== '.' && path[end] !== '[') end++;
  return end;
}

function subscriptEnd(path: string, at: number): number {
  let depth = 0;
  for (let i = at; i < path.length; i++) {
    if (path[i] === '[') depth++;
    else if (path[i] === ']' && --depth === 0) return i + 1;
  }
  return path.length;
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
    default: return token.startsWith('[') ? parseSubscript(token) : parseName(token);
  }
}

const noFormat = (token: string): JsonPathError => new JsonPathError(`invalid token. '${token}' does not match any token format`);

function parseName(token: string): Token {
  if (/^[+-]?\d+$/.test(token)) throw noFormat(token);
  return { type: 'key', key: token };
}

function parseSubscript(token: string): Token {
  const body = token.slice(1, -1).trim();
  if (!token.endsWith(']') || body === '') throw noFormat(token);
  if (body === '*') return { type: 'wildcard' };
  if (body.startsWith('?')) {
    if (!body.startsWith('?(') || !body.endsWith(')')) throw noFormat(token);
    return { type: 'filter', script: compileScript(body.slice(2, -1).trim()) };
  }
  const commas = splitOutside(body, ',');
  const colons = splitOutside(body, ':');
  if (commas.length > 1 && colons.length > 1) throw noFormat(token);
  if (commas.length > 1) return { type: 'union', parts: commas.map((part) => parsePart(part, token)) };
  if (colons.length > 1) return { type: 'range', parts: rangeParts(colons, token) };
  const part = parsePart(body, token);
  if (typeof part === 'number') return { type: 'index', index: part };
  return typeof part === 'string' ? { type: 'key', key: part } : { type: 'script', script: part };
}

function rangeParts(texts: readonly string[], token: string): (number | Script | undefined)[] {
  if (texts.length > 3) throw noFormat(token);
  return texts.map((text) => {
    if (text.trim() === '') return undefined;
    const part = parsePart(text, token);
    if (typeof part === 'string') throw noFormat(token);
    return part;
  });
}

function parsePart(text: string, token: string): string | number | Script {
  const part = text.trim();
  if (/^[+-]?\d+$/.test(part)) return Number(part);
  if (/^'.+'$|^".+"$/s.test(part)) return part.slice(1, -1);
  if (/^\(.+\)$/s.test(part)) return compileScript(part.slice(1, -1));
  throw noFormat(token);
}

/** Splits at a separator that stands outside of quotes and brackets. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let quote = '';
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === separator && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
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
    case 'filter': return each(tokens, at, root, childrenOf('filter', current).filter((value) => isKept(token.script, root, value)));
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
  const value = partValue(script, root, current);
  return typeof value === 'number' ? elementOf(current, value) : memberOf(current, value);
}

function partValue(part: string | number | Script, root: GoValue, current: GoValue): string | number {
  if (typeof part === 'string' || typeof part === 'number') return part;
  const value = script(part, root, current);
  if (typeof value === 'string') return value.replace(/^'(.*)'$/s, '$1');
  if (value instanceof GoNumber) return Number(value.value);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new JsonPathError(`unexpected expression result. expected [int string] got [${kindOf(value)}]`);
}

function integerPart(part: number | Script, root: GoValue, current: GoValue): number {
  const value = partValue(part, root, current);
  if (typeof value === 'string') throw new JsonPathError('unexpected expression result. expected [int] got [string]');
  return value;
}

function script(compiled: Script, root: GoValue, current: GoValue): GoValue {
  return compiled({ root, current, select: (path) => {
    const selector = parseSelector(path);
    return (at) => select(selector, root, at ?? current);
  } });
}

function isKept(compiled: Script, root: GoValue, current: GoValue): boolean {
  const value = attempt(() => script(compiled, root, current));
  if (value === null || typeof value === 'boolean') return value === true;
  if (typeof value === 'string') return value.replace(/^'(.*)'$|^"(.*)"$/s, '$1$2') !== '';
  if (isSlice(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return value instanceof GoNumber ? Number(value.value) !== 0 : value !== 0;
}

function unite(parts: readonly (string | number)[], value: GoValue): GoValue[] {
  const wanted = [...new Set(parts)];
  if (typeof wanted[0] === 'number') {
    if (!isSlice(value)) throw wrongTarget('union', 'array slice', value);
    return parts.map((part) => value[typeof part === 'number' && part < 0 ? value.length + part : Number(part)]).filter((element) => element !== undefined);
  }
  if (!isMap(value)) throw wrongTarget('union', 'map', value);
  return wanted.map((key) => value.get(key)).filter((member) => member !== undefined);
}

/** The elements of a slice [from:to:step], as Python counts them. */
function slice(parts: readonly (number | undefined)[], value: GoValue): GoValue[] {
  if (!isSlice(value)) throw wrongTarget('range', 'array slice', value);
  const [from, to, step = 1] = parts;
  if (step === 0) throw new JsonPathError('range: invalid token out of range');
  const { length } = value;
  const place = (given: number | undefined, otherwise: number): number => {
    if (given === undefined) return otherwise;
    const lowest = step < 0 ? -1 : 0;
    return Math.min(Math.max(given < 0 ? length + given : given, lowest), step < 0 ? length - 1 : length);
  };
  const start = place(from, step < 0 ? length - 1 : 0);
  const end = place(to, step < 0 ? -1 : length);
  const found: GoValue[] = [];
  for (let i = start; step > 0 ? i < end : i > end; i += step) found.push(value[i] ?? null);
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
