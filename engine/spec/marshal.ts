/** Objects in the form in which Argo writes them as JSON: known fields only, in its order. Tags are looked for in this text. */
import { STEPS, objectType, type FieldType } from './schema.ts';

/** Struct fields that Go writes even when they are empty. */
const ALWAYS: Readonly<Record<string, readonly string[]>> = {
  Template: ['inputs', 'outputs', 'metadata'],
  WorkflowStep: ['arguments'],
  DAGTask: ['arguments'],
};

/** @returns a copy of `value`, an object of type `name`, with its known fields in Argo's order */
export function ordered(name: string, value: unknown): unknown {
  return orderedAs({ kind: 'object', name }, value);
}

function orderedAs(type: FieldType, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  switch (type.kind) {
    case 'list': return Array.isArray(value) ? value.map((item: unknown) => orderedAs(type.of, item) ?? null) : value;
    case 'map': return typeof value === 'object' ? sortedMap(value, (item) => orderedAs(type.of, item) ?? null) : value;
    case 'object': return orderedObject(type.name, value);
    case 'scalar': return type.name === 'steps' ? orderedAs(STEPS, value) : type.name === 'item' ? value : sortDeep(value);
  }
}

function orderedObject(name: string, value: unknown): unknown {
  const type = objectType(name);
  if (!type || typeof value !== 'object' || value === null) return value;
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const field of type.fields.values()) {
    const item = Object.hasOwn(source, field.name) ? orderedAs(field.type, source[field.name]) : undefined;
    if (item !== undefined && !isOmitted(item, field.type, field.required)) result[field.name] = item;
    else if (ALWAYS[name]?.includes(field.name) === true) result[field.name] = {};
  }
  return result;
}

function isOmitted(item: unknown, type: FieldType, required: boolean): boolean {
  if (required) return false;
  return (item === '' && type.kind === 'scalar' && type.name === 'string') || (Array.isArray(item) && item.length === 0);
}

function sortedMap(value: object, convert: (item: unknown) => unknown): Record<string, unknown> {
  const entries = Object.entries(value as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, convert(item)]));
}

function sortDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortDeep);
  return typeof value === 'object' && value !== null ? sortedMap(value, sortDeep) : value;
}
