/** Where a new key goes among those that an object has. */
import { objectType, typeAt } from '../../engine/spec/schema.ts';
import { derive } from './origin.ts';

/** As people write them, where that differs from the table of fields. A dash stands for the table's other fields. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  WorkflowSpec: ['entrypoint', 'onExit', 'serviceAccountName', 'arguments', '-', 'templates'],
  Template: ['name', 'inputs', '-', 'outputs'],
  DAGTask: ['name', 'template', 'templateRef', 'dependencies', 'depends', 'when', 'withItems', 'withParam', 'withSequence', 'arguments', '-', 'inline'],
  WorkflowStep: ['name', 'template', 'templateRef', 'when', 'withItems', 'withParam', 'withSequence', 'arguments', '-', 'inline'],
  Container: ['name', 'image', 'command', 'args', '-'],
  ScriptTemplate: ['name', 'image', 'command', '-', 'source'],
  Parameter: ['name', 'value', '-'],
  DAGTemplate: ['target', 'failFast', 'tasks'],
};

const orders = new Map<string, readonly string[]>();

function orderOf(type: string): readonly string[] {
  const known = orders.get(type);
  if (known) return known;
  const fields = [...(objectType(type)?.fields.keys() ?? [])];
  const written = WRITTEN[type] ?? ['-'];
  const order = written.flatMap((key) => (key === '-' ? fields.filter((field) => !written.includes(field)) : [key]));
  orders.set(type, order);
  return order;
}

/** @returns the object with the key set: in its place if it is there, else behind those that are written before it */
export function withKey(object: Readonly<Record<string, unknown>>, key: string, value: unknown, kind: string, path: readonly (string | number)[]): Record<string, unknown> {
  if (Object.hasOwn(object, key)) return derive(object, Object.fromEntries(Object.entries(object).map(([each, old]) => [each, each === key ? value : old])));
  const type = typeAt(kind, path);
  const order = type?.kind === 'object' ? orderOf(type.name) : [];
  const rank = order.indexOf(key);
  const entries = Object.entries(object);
  const before = rank < 0 ? entries.length - 1 : entries.findLastIndex(([each]) => order.indexOf(each) < rank && order.includes(each));
  return derive(object, Object.fromEntries([...entries.slice(0, before + 1), [key, value], ...entries.slice(before + 1)]));
}
