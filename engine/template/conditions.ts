/**
 * Success and failure conditions of resource templates: Kubernetes label selectors whose keys are paths into the object.
 * Argo: executor.matchConditions over k8s.io/apimachinery/labels and tidwall/gjson.
 */
import { compareStrings, formatFloat, JsonError, NumberError, parseInteger, quote } from './go.ts';
import { decodeJsonString, parseRawJson, type RawJson } from './json.ts';

export type ConditionOperator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';

export interface Requirement {
  key: string;
  operator: ConditionOperator;
  /** Sorted. */
  values: readonly string[];
}

/** A condition that cannot be read; the message is that of Kubernetes. */
export class ConditionError extends Error {}

type Kind = 'end' | 'identifier' | 'symbol' | 'keyword';

interface Token {
  kind: Kind;
  text: string;
}

const SYMBOLS = new Set([')', ',', '!', '==', '>', '=', '(', '<', '!=']);
const OPERATORS = new Map<string, ConditionOperator>([['in', 'in'], ['notin', 'notin'], ['=', '='], ['==', '=='], ['!=', '!='], ['>', 'gt'], ['<', 'lt']]);

/** Reads a condition: requirements separated by commas, all of which are meant. Throws ConditionError. */
export function parseCondition(text: string): Requirement[] {
  // labels.Parse puts them in the order of their keys; that decides which failure is told.
  return new Parser(tokenize(text)).requirements().sort((a, b) => compareStrings(a.key, b.key));
}

/** A requirement as Kubernetes prints it: `status.phase in (Failed,Running)`. */
export function requirementText({ key, operator, values }: Requirement): string {
  const joined = values.join(',');
  switch (operator) {
    case '!': return `!${key}`;
    case 'exists': return key;
    case 'in': case 'notin': return `${key} ${operator} (${joined})`;
    default: return `${key}${operator === 'gt' ? '>' : operator === 'lt' ? '<' : operator}${joined}`;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/[ \t\r\n]/.test(text.charAt(at))) {
      at++;
      continue;
    }
    let end = at;
    while (end < text.length && /[=!(),><]/.test(text.charAt(end))) {
      // The longest run of symbols that is one.
      if (end > at && !SYMBOLS.has(text.slice(at, end + 1))) break;
      end++;
    }
    if (end > at) tokens.push({ kind: 'symbol', text: text.slice(at, end) });
    else {
      while (end < text.length && !/[=!(),>< \t\r\n]/.test(text.charAt(end))) end++;
      const word = text.slice(at, end);
      tokens.push({ kind: word === 'in' || word === 'notin' ? 'keyword' : 'identifier', text: word });
    }
    at = end;
  }
  return tokens;
}

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const next = this.peek();
      if (next.kind === 'end') return found;
      if (next.kind !== 'identifier' && next.text !== '!') throw new ConditionError(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      found.push(this.prefixed());
      const after = this.take();
      if (after.kind === 'end') return found;
      if (after.text !== ',') throw new ConditionError(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.peek();
      if (following.kind !== 'identifier' && following.text !== '!') throw new ConditionError(`found '${following.text}', expected: identifier after ','`);
    }
  }

  private prefixed(): Requirement {
    try {
      return this.requirement();
    } catch (error) {
      if (error instanceof ConditionError) throw new ConditionError(`unable to parse requirement: ${error.message}`, { cause: error });
      throw error;
    }
  }

  private requirement(): Requirement {
    let token = this.take();
    const negated = token.text === '!' && token.kind === 'symbol';
    if (negated) token = this.take();
    if (token.kind !== 'identifier') throw new ConditionError(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const faults = keyFaults(key);
    if (faults.length > 0) throw new ConditionError(`<nil>: Invalid value: ${quote(key)}: ${faults.join('; ')}`);
    if (negated) return { key, operator: '!', values: [] };
    const next = this.peek();
    if (next.kind === 'end' || next.text === ',') return { key, operator: 'exists', values: [] };
    const operator = this.operator();
    const values = operator === 'in' || operator === 'notin' ? this.list() : [this.exact()];
    return checked({ key, operator, values: [...new Set(values)].sort(compareStrings) });
  }

  private operator(): ConditionOperator {
    const token = this.take(false);
    const operator = token.kind === 'identifier' ? undefined : OPERATORS.get(token.text);
    if (operator === undefined) throw new ConditionError(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  private exact(): string {
    const next = this.peek();
    if (next.kind === 'end' || next.text === ',') return '';
    const token = this.take();
    if (token.kind !== 'identifier') throw new ConditionError(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  private list(): string[] {
    const open = this.take();
    if (open.text !== '(') throw new ConditionError(`found '${open.text}' expected: '('`);
    const next = this.peek();
    if (next.text === ')') {
      this.at++;
      return [''];
    }
    if (next.kind !== 'identifier' && next.text !== ',') throw new ConditionError(`found '${next.text}', expected: ',', ')' or identifier`);
    const values = this.listed();
    this.at++; // the parenthesis
    return values;
  }

  private listed(): string[] {
    const values: string[] = [];
    for (;;) {
      const token = this.take();
      const next = this.peek();
      if (token.kind === 'identifier') {
        values.push(token.text);
        if (next.text === ')') return values;
        if (next.text !== ',') throw new ConditionError(`found '${next.text}', expected: ',' or ')'`);
        continue;
      }
      if (token.text !== ',') throw new ConditionError(`found '${token.text}', expected: ',', or identifier`);
      if (values.length === 0) values.push('');
      if (next.text === ')') return [...values, ''];
      if (next.text === ',') {
        this.at++;
        values.push('');
      }
    }
  }

  private peek(): Token {
    return asValue(this.tokens[this.at]);
  }

  /** The next token; where values may stand, `in` and `notin` are plain words. */
  private take(values = true): Token {
    const token = this.tokens[this.at];
    this.at++;
    return values ? asValue(token) : token ?? { kind: 'end', text: '' };
  }
}

function asValue(token: Token | undefined): Token {
  if (token === undefined) return { kind: 'end', text: '' };
  return token.kind === 'keyword' ? { kind: 'identifier', text: token.text } : token;
}

const NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const NAME_RULE = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${NAME}')`;
const SUBDOMAIN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const VALUE_RULE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${NAME})?')`;

function keyFaults(key: string): string[] {
  const parts = key.split('/');
  const faults: string[] = [];
  const [first = '', second] = parts;
  if (parts.length > 2) return [`a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  if (second !== undefined) {
    if (first === '') faults.push('prefix part must be non-empty');
    else faults.push(...prefixFaults(first));
  }
  const name = second ?? first;
  if (name === '') faults.push('name part must be non-empty');
  else if (name.length > 63) faults.push('name part must be no more than 63 bytes');
  if (!new RegExp(`^${NAME}$`).test(name)) faults.push(`name part ${NAME_RULE}`);
  return faults;
}

function prefixFaults(prefix: string): string[] {
  const faults: string[] = [];
  if (prefix.length > 253) faults.push('prefix part must be no more than 253 bytes');
  if (!new RegExp(`^${SUBDOMAIN}$`).test(prefix)) {
    faults.push(`prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`);
  }
  return faults;
}

function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement;
  const faults: string[] = [];
  values.forEach((value, index) => {
    if ((operator === 'gt' || operator === 'lt') && integerIn(value) === undefined) {
      faults.push(`values[${index}]: Invalid value: ${quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`);
    }
  });
  values.forEach((value, index) => {
    const wrong: string[] = [];
    if (value.length > 63) wrong.push('must be no more than 63 bytes');
    if (!new RegExp(`^(${NAME})?$`).test(value)) wrong.push(VALUE_RULE);
    if (wrong.length > 0) faults.push(`values[${index}][${key}]: Invalid value: ${quote(value)}: ${wrong.join('; ')}`);
  });
  if (faults.length > 0) throw new ConditionError(faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`);
  return requirement;
}

function integerIn(text: string): bigint | undefined {
  try {
    return parseInteger(text);
  } catch (error) {
    if (error instanceof NumberError) return undefined;
    throw error;
  }
}

export type ConditionResult = { result: 'succeeded' } | { result: 'wait' | 'failed'; error: string };

/**
 * Whether an object (its JSON) meets the conditions of a resource template. One requirement of `failure` that holds
 * fails it; all of `success` must hold; without any it succeeds.
 */
export function matchConditions(json: string, success: readonly Requirement[], failure: readonly Requirement[]): ConditionResult {
  const object = readLeniently(json);
  for (const requirement of failure) {
    if (!holds(requirement, object)) continue;
    const { key, operator, values } = requirement;
    return { result: 'failed', error: `failure condition '{${key} ${operator} [${values.join(' ')}]}' evaluated true` };
  }
  if (success.every((requirement) => holds(requirement, object))) return { result: 'succeeded' };
  return { result: 'wait', error: 'Neither success condition nor the failure condition has been matched. Retrying...' };
}

function readLeniently(json: string): RawJson | undefined {
  try {
    return parseRawJson(json);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

function holds({ key, operator, values }: Requirement, object: RawJson | undefined): boolean {
  const text = lookUp(object, key);
  switch (operator) {
    case 'exists': return text !== undefined;
    case '!': return text === undefined;
    case 'notin': case '!=': return text === undefined || !values.includes(text);
    case 'gt': case 'lt': {
      const actual = integerIn(text ?? '');
      const limit = integerIn(values[0] ?? '');
      if (actual === undefined || limit === undefined) return false;
      return operator === 'gt' ? actual > limit : actual < limit;
    }
    default: return text !== undefined && values.includes(text);
  }
}

/** The value at a path of keys and indices as text; undefined when there is none. `null` is there, as an empty text. */
function lookUp(object: RawJson | undefined, path: string): string | undefined {
  let value = object;
  for (const part of path.split('.')) {
    if (value?.kind === 'object') value = value.entries.find(([name]) => name === part)?.[1];
    else if (value?.kind === 'array' && /^\d+$/.test(part)) value = value.items[Number(part)];
    else return undefined;
  }
  return value === undefined ? undefined : textOf(value);
}

function textOf(value: RawJson): string {
  switch (value.kind) {
    case 'null': return '';
    case 'string': return decodeJsonString(value.text);
    case 'number': return /^-?\d+$/.test(value.text) ? value.text : formatFloat(Number(value.text), 'f');
    default: return value.text;
  }
}
