/**
 * Argo's kinds as a table: which fields a type has and what they hold. Drives decoding, the search for unknown fields, and completion.
 *
 * Types of a field: `string`, `bool`, `int` (64 bits), `int32`, `float`, `time` (RFC 3339), `quantity`, `bytes` (base64), `any`, `empty` (an object
 * without fields), `anyString` (text, number or bool, kept as text), `intOrString`, `item` (anything), `amount` (a number), `plugin` (an object),
 * `progress`, `steps` (rows of WorkflowStep), `[T]` a list, `{T}` a map from names, or the name of an object type.
 */
import { ARGO_TYPES } from './schema-argo.ts';
import { KUBERNETES_TYPES } from './schema-kubernetes.ts';

export type ScalarType =
  | 'string' | 'bool' | 'int' | 'int32' | 'float' | 'time' | 'quantity' | 'bytes' | 'any' | 'empty' | 'anyString' | 'intOrString' | 'item' | 'amount' | 'plugin' | 'progress' | 'steps';

export type FieldType =
  | { readonly kind: 'scalar'; readonly name: ScalarType }
  | { readonly kind: 'list'; readonly of: FieldType }
  | { readonly kind: 'map'; readonly of: FieldType }
  | { readonly kind: 'object'; readonly name: string };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly required: boolean;
  /** The values it may have; '' among them when it may be empty. */
  readonly values?: readonly string[];
  /** One sentence. */
  readonly doc?: string;
}

export interface ObjectType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
}

const SCALARS: ReadonlySet<string> = new Set<ScalarType>([
  'string', 'bool', 'int', 'int32', 'float', 'time', 'quantity', 'bytes', 'any', 'empty', 'anyString', 'intOrString', 'item', 'amount', 'plugin', 'progress', 'steps',
]);

/** Kinds whose objects are decoded and checked field by field; others are kept as they are. */
export const KNOWN_KINDS = ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow', 'WorkflowEventBinding'] as const;
export type KnownKind = (typeof KNOWN_KINDS)[number];

/** @returns the object type of this name, or undefined when the table has none */
export function objectType(name: string): ObjectType | undefined {
  table ??= readTable();
  return table.get(name);
}

/** @returns the type of the value at `path` inside an object of `kind`, or undefined where the table does not reach */
export function typeAt(kind: string, path: readonly (string | number)[]): FieldType | undefined {
  let type: FieldType | undefined = { kind: 'object', name: kind };
  for (const step of path) {
    if (!type) return undefined;
    if (type.kind === 'list' || type.kind === 'map') type = type.of;
    else if (type.kind === 'object') type = objectType(type.name)?.fields.get(String(step))?.type;
    else type = type.name === 'steps' ? STEPS.of : undefined;
  }
  return type;
}

const STEP: FieldType = { kind: 'object', name: 'WorkflowStep' };
/** What `steps` stands for: a list of rows, each a list of steps. */
export const STEPS: { readonly kind: 'list'; readonly of: FieldType } = { kind: 'list', of: { kind: 'list', of: STEP } };

let table: Map<string, ObjectType> | undefined;

/** The fields of a type in their order; a name stands for the fields of another type. */
type Draft = (Field | string)[];

function readTable(): Map<string, ObjectType> {
  const drafts = new Map<string, Draft>([...readArgo(ARGO_TYPES), ...readKubernetes(KUBERNETES_TYPES)]);
  const fields = (name: string): Field[] => (drafts.get(name) ?? []).flatMap((entry) => (typeof entry === 'string' ? fields(entry) : [entry]));
  return new Map([...drafts.keys()].map((name) => [name, { name, fields: new Map(fields(name).map((field) => [field.name, field])) }]));
}

function readArgo(text: string): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  let current: Draft = [];
  for (const line of text.split('\n')) {
    const head = /^(#|<) (\w+)$/.exec(line);
    if (head?.[1] === '#') drafts.set(head[2] ?? '', (current = []));
    else if (head) current.push(head[2] ?? '');
    else current.push(...readField(line));
  }
  return drafts;
}

function readField(line: string): Field[] {
  const match = /^(\w+)(!?) (\S+)(?: =(\S+))? (.*)$/.exec(line);
  if (!match) return [];
  const [, name = '', required, type = '', values, doc = ''] = match;
  return [{ name, type: readType(type), required: required === '!', doc, ...(values === undefined ? {} : { values: values.split('|') }) }];
}

function readKubernetes(text: string): Map<string, Draft> {
  const drafts = new Map<string, Draft>();
  let current: Draft = [];
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const match = /^(\w+)(!?):(.+)$/.exec(word);
    if (match) current.push({ name: match[1] ?? '', type: readType(match[3] ?? ''), required: match[2] === '!' });
    else drafts.set(word, (current = []));
  }
  return drafts;
}

function readType(text: string): FieldType {
  if (text.startsWith('[')) return { kind: 'list', of: readType(text.slice(1, -1)) };
  if (text.startsWith('{')) return { kind: 'map', of: readType(text.slice(1, -1)) };
  return isScalarType(text) ? { kind: 'scalar', name: text } : { kind: 'object', name: text };
}

function isScalarType(text: string): text is ScalarType {
  return SCALARS.has(text);
}
