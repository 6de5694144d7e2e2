/**
 * Turns plain values into the shapes of types.ts by the table of schema.ts, with the rules of Argo's decoders. Never throws:
 * what does not fit is left out and reported.
 */
import type { Diagnostic, Severity } from './diagnostic.ts';
import { STEPS, objectType, type Field, type FieldType, type ObjectType, type ScalarType } from './schema.ts';
import { nearest } from './suggest.ts';

/**
 * Which of Argo's readers decides: `controller` reads objects of the API server (names are case-sensitive, numbers too large wrap around),
 * `cli` reads files without strictness (names in any case, numbers too large are refused).
 */
export type Dialect = 'controller' | 'cli';

type Path = readonly (string | number)[];
type Fields = Record<string, unknown>;

export interface Decoded {
  value: unknown;
  diagnostics: Diagnostic[];
}

/** Decodes `value` as the object type `name`; unknown fields stay and are reported. */
export function decode(name: string, value: unknown, dialect: Dialect = 'controller'): Decoded {
  const decoder = new Decoder(dialect);
  return { value: decoder.field({ kind: 'object', name }, value) ?? {}, diagnostics: decoder.diagnostics };
}

const MAX_DEPTH = 500;

class Decoder {
  readonly diagnostics: Diagnostic[] = [];
  /** Inside `steps` Argo decodes with other rules: stricter for the steps' own fields, and blind to unknown fields below them. */
  private strict = false;
  private depth = 0;
  /** Where the decoder is: one list for all, since most values have nothing wrong. */
  private readonly path: (string | number)[] = [];
  private readonly dialect: Dialect;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  /** The decoded value; null leaves the field out. */
  field(type: FieldType, value: unknown): unknown {
    if (value === null || value === undefined) return null;
    if (this.depth >= MAX_DEPTH) return this.report('error', 'too-deep', 'This is nested too deeply.', 'Look for templates inside templates inside templates.');
    this.depth++;
    try {
      switch (type.kind) {
        case 'list': return this.list(type.of, value);
        case 'map': return this.map(type.of, value);
        case 'object': return this.object(objectType(type.name), value);
        case 'scalar': return this.scalar(type.name, value);
      }
    } finally {
      this.depth--;
    }
  }

  private inside(step: string | number, type: FieldType, value: unknown): unknown {
    this.path.push(step);
    const decoded = this.field(type, value);
    this.path.pop();
    return decoded;
  }

  private list(of: FieldType, value: unknown): unknown[] | null {
    if (!Array.isArray(value)) return this.wrong('a list', value, 'Put a dash in front of each item.');
    return value.map((item: unknown, index) => this.inside(index, of, item) ?? emptyOf(of));
  }

  private map(of: FieldType, value: unknown): Fields | null {
    if (!isObject(value)) return this.wrong('a map of names to values', value, 'Write it as name: value.');
    const map: Fields = {};
    for (const [key, item] of Object.entries(value)) setOwn(map, key, this.inside(key, of, item) ?? emptyOf(of));
    return map;
  }

  private object(type: ObjectType | undefined, value: unknown): Fields | null {
    if (!isObject(value)) return this.wrong('a map of fields', value, 'Write its fields on lines of their own, indented.');
    if (!type) return value;
    const object: Fields = {};
    for (const [key, item] of Object.entries(value)) {
      const field = this.findField(type, key);
      if (!field) {
        setOwn(object, key, item);
        continue;
      }
      const decoded = this.inside(key, field.type, item);
      if (decoded === null) continue;
      if (field.values) this.checkValues(key, field, decoded);
      setOwn(object, field.name, decoded);
    }
    return object;
  }

  private findField(type: ObjectType, key: string): Field | undefined {
    const exact = type.fields.get(key);
    if (exact) return exact;
    const folded = [...type.fields.values()].find((field) => field.name.toLowerCase() === key.toLowerCase());
    if (folded && (this.strict || this.dialect === 'cli')) {
      this.report('warning', 'field-case', `"${key}" is written "${folded.name}".`, `Write ${folded.name}: other readers of this object do not know ${key}.`, [key], folded.name);
      return folded;
    }
    const likely = nearest(key, type.fields.keys());
    const hint = likely === undefined ? 'Delete it, or look for where it belongs.' : `Did you mean ${likely}?`;
    const inStep = this.strict && type.name !== 'WorkflowStep';
    const severity = this.strict && !inStep ? 'error' : 'warning';
    this.report(severity, inStep ? 'unknown-field-in-step' : 'unknown-field', `unknown field "${pathText([...this.path, key])}"`, hint, [key], likely);
    return undefined;
  }

  /** Values outside an enumeration pass Argo's decoder and fail later, if at all. */
  private checkValues(key: string, field: Field, value: unknown): void {
    if (!field.values || typeof value !== 'string' || field.values.includes(value) || value.includes('{{')) return;
    // Those that Argo refuses itself are reported by the validator.
    if (VALIDATED.has(field.name)) return;
    const likely = nearest(value, field.values);
    this.report('warning', 'unknown-value', `"${value}" is none of ${field.values.filter((allowed) => allowed !== '').join(', ')}.`, likely ? `Did you mean ${likely}?` : 'Choose one of these.', [key], likely);
  }

  private scalar(name: ScalarType, value: unknown): unknown {
    switch (name) {
      case 'string': case 'progress': return this.simple('string', value);
      case 'bool': return this.simple('boolean', value);
      case 'int': case 'int32': return this.integer(value, name === 'int32');
      case 'float': return this.simple('number', value);
      case 'intOrString': return typeof value === 'string' ? value : this.integer(value, true, true);
      case 'time': return this.time(value);
      case 'quantity': return this.quantity(value);
      case 'bytes': return this.bytes(value);
      case 'anyString': return this.anyString(value);
      case 'empty': case 'plugin': return this.opaque(value, name === 'plugin');
      case 'steps': return this.steps(value);
      case 'any': case 'item': case 'amount': return value;
    }
  }

  private simple(wanted: 'string' | 'boolean' | 'number', value: unknown): unknown {
    if (typeof value === wanted) return value;
    const name = { string: 'text', boolean: 'true or false', number: 'a number' }[wanted];
    return this.wrong(name, value, wanted === 'string' ? quoteHint(value) : `Write ${name}, without quotes.`);
  }

  private integer(value: unknown, small: boolean, alwaysRefuse = false): number | null {
    if (typeof value !== 'number' || !Number.isInteger(value)) return this.wrong('a whole number', value, 'Write a whole number, without quotes.');
    if (!small || (value | 0) === value) return value;
    if (alwaysRefuse || this.strict || this.dialect === 'cli') return this.wrong('a number below 2147483648', value, 'Write a smaller number.');
    this.report('warning', 'number-too-large', `${value} is too large; Argo takes it for ${value | 0}.`, 'Write a smaller number.');
    return value | 0;
  }

  private time(value: unknown): string | null {
    const valid = typeof value === 'string' && /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)$/.test(value);
    return valid ? value : this.wrong('a time', value, 'Write it as 2030-01-31T12:00:00Z.');
  }

  private quantity(value: unknown): string | null {
    const text = typeof value === 'number' ? String(value) : value;
    const valid = typeof text === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?\s*$/.test(text);
    return valid ? text : this.wrong('an amount', value, 'Write it as 500m, 2 or 64Mi.');
  }

  private bytes(value: unknown): string | null {
    const valid = typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
    return valid ? value : this.wrong('text in base64', value, 'Encode it in base64.');
  }

  private anyString(value: unknown): string {
    const text = anyText(value);
    // The API server's JSON has no negative zero.
    if (text !== undefined) return Object.is(value, -0) && this.dialect === 'cli' ? '-0' : text;
    this.report('warning', 'value-lost', 'Argo takes a list or a map here for empty text.', "Quote it to give it as JSON text: '[…]'.");
    return '';
  }

  /** An object whose inside is not Argo's business. */
  private opaque(value: unknown, plugin: boolean): Fields | null {
    if (!isObject(value)) return plugin ? this.wrong('a map with the plugin’s name', value, 'Write the name of the plugin and its settings under it.') : this.wrong('an empty map: {}', value, 'Write {}.');
    if (!plugin || Object.keys(value).length === 1) return value;
    return this.wrong('a map with one key, the plugin’s name', value, 'Keep one plugin.');
  }

  /** Argo decodes rows of steps by themselves: unknown fields are refused even where they are let through elsewhere. */
  private steps(value: unknown): unknown {
    if (Array.isArray(value)) {
      for (const [index, row] of value.entries()) {
        if (row === null || Array.isArray(row)) continue;
        return this.wrong('a list of steps', row, 'Steps of a row are a list of their own: write two dashes, "- - name: …".', [index]);
      }
    }
    const outside = this.strict;
    this.strict = true;
    const steps = this.field(STEPS, value);
    this.strict = outside;
    return steps;
  }

  private wrong(wanted: string, value: unknown, hint: string, below: (string | number)[] = []): null {
    return this.report('error', 'wrong-type', `${pathText([...this.path, ...below])} must be ${wanted}, not ${describe(value)}.`, hint, below);
  }

  /** `below`: the path from where the decoder is to what is at fault; `fix`: what to write there. */
  private report(severity: Severity, code: string, message: string, hint: string, below: (string | number)[] = [], fix?: string): null {
    this.diagnostics.push({ severity, code, message, path: [...this.path, ...below], hint, ...(fix === undefined ? {} : { fix }) });
    return null;
  }
}

/** Fields whose values the validator checks as Argo does. */
const VALIDATED = new Set(['retryPolicy', 'concurrencyPolicy', 'action', 'kind', 'apiVersion']);

/** What null stands for inside a list or a map: Go's zero value. */
function emptyOf(type: FieldType): unknown {
  if (type.kind === 'list') return [];
  if (type.kind === 'map' || type.kind === 'object') return {};
  return ZERO[type.name];
}

const ZERO: Readonly<Record<ScalarType, unknown>> = {
  string: '', time: '', bytes: '', anyString: '', progress: '', quantity: '0', bool: false, int: 0, int32: 0, float: 0, intOrString: 0,
  item: null, any: null, amount: null, empty: {}, plugin: {}, steps: [],
};

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function setOwn(target: Fields, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}

/** Text of a scalar as Argo's AnyString keeps it; undefined for lists and maps. */
export function anyText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return decimalText(value);
  return undefined;
}

/** A number without an exponent, with the fewest digits that give it back: strconv.FormatFloat(f, 'f', -1, 64). */
export function decimalText(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (Number.isInteger(value)) return BigInt(value) === 0n ? '0' : `${sign}${whole}${fraction}${'0'.repeat(Math.max(0, Number(exponent) - fraction.length))}`;
  return `${sign}0.${'0'.repeat(-Number(exponent) - 1)}${whole}${fraction}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value.length > 40 ? 'text' : `the text "${value}"`;
  return typeof value === 'number' ? `the number ${value}` : value === true ? 'true' : 'false';
}

function quoteHint(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? `Quote it: "${String(value)}".` : 'Write text.';
}

/** `spec.templates[0].name`, as Argo writes places. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}
