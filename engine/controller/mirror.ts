/** What another thread has to be told so that it holds the same run: the difference between two states, and its application. */
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { sameJson } from './equal.ts';
import type { Entry } from './parcels.ts';

/** All of a run but its nodes, field by field (`spec`, `metadata`, `status/phase`): those that changed, and those that are gone. */
export interface HeadChange {
  fields: Record<string, unknown>;
  gone: string[];
}

export type NodeChange = readonly [id: string, node: NodeStatus | undefined];

function* headOf(workflow: Workflow): Generator<[string, unknown]> {
  for (const [key, value] of Object.entries(workflow)) if (key !== 'status') yield [key, value];
  for (const [key, value] of Object.entries(workflow.status ?? {})) if (key !== 'nodes') yield [`status/${key}`, value];
}

/** @returns undefined when the heads say the same */
export function headChange(before: Workflow | undefined, after: Workflow): HeadChange | undefined {
  const old = new Map<string, unknown>(before ? headOf(before) : []);
  const change: HeadChange = { fields: {}, gone: [] };
  for (const [key, value] of headOf(after)) {
    if (value !== undefined && !sameJson(old.get(key), value)) change.fields[key] = value;
    if (value !== undefined) old.delete(key);
  }
  change.gone = [...old.keys()];
  return change.gone.length > 0 || Object.keys(change.fields).length > 0 ? change : undefined;
}

/** The nodes that changed. Nodes that both states share cost next to nothing. */
export function* nodeChanges(before: Workflow | undefined, after: Workflow): Generator<NodeChange> {
  const old = before?.status?.nodes ?? {};
  const nodes = after.status?.nodes ?? {};
  if (old === nodes) return;
  for (const id in nodes) if (!sameJson(old[id], nodes[id])) yield [id, nodes[id]];
  for (const id in old) if (nodes[id] === undefined) yield [id, undefined];
}

/** @returns the state after the change, sharing what did not change; the one before is left as it is */
export function changed(before: Workflow | undefined, head: HeadChange | undefined, nodes: readonly NodeChange[]): Workflow {
  const fields = new Map<string, unknown>(before ? headOf(before) : []);
  for (const key of head?.gone ?? []) fields.delete(key);
  for (const [key, value] of Object.entries(head?.fields ?? {})) fields.set(key, value);
  const whole: Record<string, unknown> = {};
  const status: Record<string, unknown> = {};
  for (const [key, value] of fields) {
    if (key.startsWith('status/')) status[key.slice('status/'.length)] = value;
    else whole[key] = value;
  }
  const known = changedNodes(before?.status?.nodes, nodes);
  if (known) status['nodes'] = known;
  return { ...whole, ...(Object.keys(status).length > 0 && { status }) } as unknown as Workflow;
}

function changedNodes(before: Record<string, NodeStatus> | undefined, changes: readonly NodeChange[]): Record<string, NodeStatus> | undefined {
  if (changes.length === 0) return before;
  const nodes = { ...before };
  for (const [id, node] of changes) {
    if (node) nodes[id] = node;
    else Reflect.deleteProperty(nodes, id);
  }
  return nodes;
}

/** Tells what changed in a map since the last time, by the identity of its values. */
export class MapMirror<T> {
  readonly #kind: string;
  readonly #told = new Map<string, T>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** @param as what of a value is told */
  *changes(map: ReadonlyMap<string, T>, as: (value: T) => unknown = (value) => value): Generator<Entry> {
    for (const [key, value] of map) {
      if (this.#told.get(key) === value) continue;
      this.#told.set(key, value);
      yield [this.#kind, key, as(value)];
    }
    for (const key of this.#told.keys()) {
      if (map.has(key)) continue;
      this.#told.delete(key);
      yield [this.#kind, key];
    }
  }
}
