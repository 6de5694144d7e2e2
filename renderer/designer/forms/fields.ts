/** Which fields of an object a form shows at once, which it offers, and how each is filled in. */
import { objectType, STEPS } from '../../../engine/spec/schema.ts';
import type { Field, FieldType } from '../../../engine/spec/schema.ts';

/** How a value is filled in. `yaml`: as text, for what has no form of its own. */
export type Control = 'text' | 'lines' | 'number' | 'yes-no' | 'choice' | 'words' | 'pairs' | 'list' | 'object' | 'map' | 'yaml';

/** Fields shown though they are not set: what most people fill in. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  DAGTask: ['name', 'template', 'when', 'arguments'],
  WorkflowStep: ['name', 'template', 'when', 'arguments'],
  Template: ['name'],
  WorkflowSpec: ['entrypoint', 'arguments', 'onExit', 'serviceAccountName', 'ttlStrategy'],
  CronWorkflowSpec: ['schedules', 'timezone', 'concurrencyPolicy', 'suspend', 'when', 'startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit', 'stopStrategy'],
  Container: ['image', 'command', 'args', 'env'],
  ContainerNode: ['name', 'image', 'command', 'args', 'dependencies'],
  UserContainer: ['name', 'image', 'command', 'args'],
  ScriptTemplate: ['image', 'command', 'source'],
  ResourceTemplate: ['action', 'manifest', 'successCondition', 'failureCondition'],
  SuspendTemplate: ['duration'],
  HTTP: ['method', 'url', 'headers', 'body', 'successCondition'],
  ContainerSetTemplate: ['containers'],
  Data: ['source', 'transformation'],
  Inputs: ['parameters', 'artifacts'],
  Outputs: ['parameters', 'artifacts'],
  Arguments: ['parameters', 'artifacts'],
  Parameter: ['name', 'value'],
  Artifact: ['name', 'path'],
  ValueFrom: ['path', 'default'],
  RetryStrategy: ['limit', 'retryPolicy', 'expression', 'backoff'],
  Backoff: ['duration', 'factor', 'maxDuration'],
  Sequence: ['count', 'start', 'end', 'format'],
  ContinueOn: ['failed', 'error'],
  LifecycleHook: ['template', 'expression'],
  Memoize: ['key', 'maxAge', 'cache'],
  TTLStrategy: ['secondsAfterCompletion', 'secondsAfterSuccess', 'secondsAfterFailure'],
  Synchronization: ['mutexes', 'semaphores'],
  Mutex: ['name'],
  TemplateRef: ['name', 'template', 'clusterScope'],
  EnvVar: ['name', 'value'],
  HTTPHeader: ['name', 'value'],
  Volume: ['name'],
  VolumeMount: ['name', 'mountPath'],
  PodGC: ['strategy'],
  DAGTemplate: ['failFast', 'target'],
};

/** Fields that other views show, or that only a controller writes. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  DAGTask: ['depends', 'dependencies'], DAGTemplate: ['tasks'], Template: ['steps'], WorkflowSpec: ['templates'], CronWorkflowSpec: ['workflowSpec'],
};

/** Texts of many lines. */
const LONG: ReadonlySet<string> = new Set(['source', 'manifest', 'body', 'podSpecPatch', 'data', 'expression', 'script']);

/** Fields in which '' says something else than nothing. */
export const KEEPS_EMPTY: ReadonlySet<string> = new Set(['value', 'default']);

export interface FormFields {
  shown: Field[];
  /** Not set; one click adds them. */
  offered: Field[];
}

/** @param value the object as it is written; its unknown keys have no field and are seen in its YAML */
export function fieldsOf(type: string, value: Readonly<Record<string, unknown>>): FormFields {
  const fields = [...(objectType(type)?.fields.values() ?? [])].filter((field) => !(ELSEWHERE[type] ?? []).includes(field.name));
  const common = COMMON[type] ?? fields.filter((field) => field.required).map((field) => field.name);
  const rank = (field: Field): number => (common.includes(field.name) ? common.indexOf(field.name) : common.length);
  const shown = fields.filter((field) => Object.hasOwn(value, field.name) || common.includes(field.name)).sort((a, b) => rank(a) - rank(b));
  return { shown, offered: fields.filter((field) => !shown.includes(field)) };
}

/** Keys of the object that its type does not know. */
export function unknownKeys(type: string, value: Readonly<Record<string, unknown>>): string[] {
  const known = objectType(type)?.fields;
  return known ? Object.keys(value).filter((key) => !known.has(key)) : [];
}

export function controlOf(type: FieldType, name: string, values?: readonly string[]): Control {
  switch (type.kind) {
    case 'object': return (objectType(type.name)?.fields.size ?? 0) > 0 ? 'object' : 'yaml';
    case 'list': return isText(type.of) ? 'words' : type.of.kind === 'object' ? 'list' : 'yaml';
    case 'map': return isText(type.of) ? 'pairs' : type.of.kind === 'object' ? 'map' : 'yaml';
    case 'scalar': return values?.some((value) => value !== '') === true ? 'choice' : (SCALARS[type.name] ?? (LONG.has(name) ? 'lines' : 'text'));
  }
}

const SCALARS: Readonly<Record<string, Control>> = { bool: 'yes-no', int: 'number', int32: 'number', float: 'number', amount: 'number', any: 'yaml', empty: 'yaml', plugin: 'yaml', steps: 'yaml', item: 'yaml' };

function isText(type: FieldType): boolean {
  return type.kind === 'scalar' && !['any', 'empty', 'plugin', 'steps', 'bool'].includes(type.name);
}

/** What is written for what a person typed; undefined takes the field away. */
export function valueOf(typed: string, type: FieldType, name: string): unknown {
  if (typed === '') return KEEPS_EMPTY.has(name) ? '' : undefined;
  if (type.kind !== 'scalar') return typed;
  if (type.name === 'item') return itemOf(typed);
  const numeric = ['int', 'int32', 'float', 'amount', 'intOrString'].includes(type.name);
  return numeric && /^-?\d+(?:\.\d+)?$/.test(typed) && Number.isSafeInteger(Math.trunc(Number(typed))) ? Number(typed) : typed;
}

/** An item of a loop: JSON where it is some, else text. */
function itemOf(typed: string): unknown {
  try {
    const value: unknown = JSON.parse(typed);
    return value === null ? typed : value;
  } catch {
    return typed;
  }
}

/** @returns a value as the control shows it */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a type is, in a word for the help. */
export function wordOf(type: FieldType): string {
  switch (type.kind) {
    case 'list': return `list of ${wordOf(type.of)}`;
    case 'map': return `map to ${wordOf(type.of)}`;
    case 'object': return type.name;
    case 'scalar': return WORDS[type.name] ?? type.name;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text', anyString: 'text', bool: 'yes or no', int: 'whole number', int32: 'whole number', float: 'number', amount: 'number', time: 'time', quantity: 'quantity, as 500m or 2Gi',
  intOrString: 'number or text', item: 'anything', any: 'anything', bytes: 'bytes in base64', plugin: 'one plugin', steps: wordOf(STEPS), empty: 'nothing',
};
