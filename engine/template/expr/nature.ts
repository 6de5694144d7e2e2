import { typeName } from '../go.ts';
import type { GoValue } from '../go.ts';

/**
 * What is known of a value before it is computed: a Go type by its name, with the element type of lists where it is known better than the
 * name says. The empty name is a type not known at all; nil has no type either, but is known to be nil.
 */
export interface Nature {
  readonly type: string;
  readonly nil?: true;
  readonly element?: Nature;
}

export const UNKNOWN: Nature = { type: '' };
export const NIL: Nature = { type: '', nil: true };
export const ANY: Nature = { type: 'interface {}' };
export const BOOL: Nature = { type: 'bool' };
export const INT: Nature = { type: 'int' };
export const FLOAT: Nature = { type: 'float64' };
export const STRING: Nature = { type: 'string' };
export const TIME: Nature = { type: 'time.Time' };
export const DURATION: Nature = { type: 'time.Duration' };
export const LIST: Nature = { type: '[]interface {}' };
export const MAP: Nature = { type: 'map[string]interface {}' };

/** @returns the nature of a list whose elements have this nature */
export function listOf(element: Nature): Nature {
  return { type: LIST.type, element };
}

/** @returns the nature of a value of the environment */
export function natureOf(value: GoValue | undefined): Nature {
  return value === null || value === undefined ? NIL : { type: typeName(value) };
}

export function natureOfType(type: string): Nature {
  return { type };
}

/** @returns the nature's name in messages */
export function nameOf(nature: Nature): string {
  return nature.type === '' ? 'unknown' : nature.type;
}

const INTEGERS = new Set(['int', 'int8', 'int16', 'int32', 'int64', 'uint', 'uint8', 'uint16', 'uint32', 'uint64']);
const FLOATS = new Set(['float32', 'float64']);

export const isNil = (nature: Nature): boolean => nature.nil === true;
export const isUnknown = (nature: Nature): boolean => (nature.type === '' && nature.nil !== true) || nature.type === ANY.type;
export const isBool = (nature: Nature): boolean => nature.type === 'bool';
export const isString = (nature: Nature): boolean => nature.type === 'string';
export const isInteger = (nature: Nature): boolean => INTEGERS.has(nature.type);
export const isFloat = (nature: Nature): boolean => FLOATS.has(nature.type);
export const isNumber = (nature: Nature): boolean => isInteger(nature) || isFloat(nature);
export const isTime = (nature: Nature): boolean => nature.type === 'time.Time';
export const isDuration = (nature: Nature): boolean => nature.type === 'time.Duration';
export const isList = (nature: Nature): boolean => nature.type.startsWith('[');
export const isMap = (nature: Nature): boolean => nature.type.startsWith('map[');
export const isFunction = (nature: Nature): boolean => nature.type.startsWith('func(');

/** @returns what a list or map holds */
export function elementOf(nature: Nature): Nature {
  if (nature.element !== undefined) return nature.element;
  const end = nature.type.indexOf(']');
  return end < 0 ? UNKNOWN : natureOfType(nature.type.slice(end + 1));
}

/** @returns the type of a map's keys */
export function keyOf(nature: Nature): Nature {
  return natureOfType(nature.type.slice('map['.length, nature.type.indexOf(']')));
}

/** @returns whether Go lets a value of the first be used as the second */
export function isAssignable(from: Nature, to: Nature): boolean {
  if (isNil(from)) return to.type === ANY.type || /^(\*|\[\]|map\[|func\()/.test(to.type);
  return isUnknown(to) || from.type === to.type;
}

export interface Signature {
  readonly params: readonly string[];
  /** The last parameter takes any number of arguments of its type. */
  readonly variadic: boolean;
  /** The type of what is returned; empty for a function that returns nothing. */
  readonly result: string;
  /** How many values the function returns. */
  readonly results: number;
}

const signatures = new Map<string, Signature>();

/** @returns the parts of a function type as Go spells it: `func(string, ...int) (string, error)` */
export function signatureOf(type: string): Signature {
  const known = signatures.get(type);
  if (known !== undefined) return known;
  const close = matchingParenthesis(type, 'func'.length);
  const params = splitTypes(type.slice('func('.length, close));
  const variadic = params.at(-1)?.startsWith('...') ?? false;
  const rest = type.slice(close + 1).trim();
  const results = rest.startsWith('(') ? splitTypes(rest.slice(1, -1)) : rest === '' ? [] : [rest];
  const signature = { params: params.map((param) => param.replace(/^\.\.\./, '')), variadic, result: results[0] ?? '', results: results.length };
  signatures.set(type, signature);
  return signature;
}

function matchingParenthesis(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return text.length;
}

function splitTypes(text: string): string[] {
  const out: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '(' || c === '{' || c === '[') depth++;
    else if (c === ')' || c === '}' || c === ']') depth--;
    else if (i === text.length || (c === ',' && depth === 0)) {
      const part = text.slice(start, i).trim();
      if (part !== '') out.push(part);
      start = i + 1;
    }
  }
  return out;
}
