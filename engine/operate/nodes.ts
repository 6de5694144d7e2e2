/**
 * The nodes of a run while one call of operate works on them: looked up by id and by name, indexed by boundary, and copied
 * only when they are written, so that a call that changes nothing costs nothing and the input stays as it was.
 */
import type { NodePhase, NodeStatus, NodeType, TemplateCall, TemplateRef } from '../spec/types.ts';
import { nodeId } from '../template/names.ts';
import { invariant } from '../spec/error.ts';
import { TooManyNodes } from './fault.ts';

/** What a node is told at birth. */
export interface NewNode {
  name: string;
  type: NodeType;
  scope: string;
  /** Whom it runs: name, reference or (neither) an inline template. */
  call: Pick<TemplateCall, 'template' | 'templateRef'>;
  boundaryID: string;
  phase: NodePhase;
  flag?: { hooked?: boolean; retried?: boolean } | undefined;
  message?: string | undefined;
}

/** Lists of children so long are looked through as they are. */
const SHORT = 8;

const SEPARATOR = /^(\[\d+\])?\./;

/** @returns whether the phase says that the work is over: succeeded, failed, errored */
export function isCompleted(node: Pick<NodeStatus, 'phase'>): boolean {
  return node.phase === 'Succeeded' || node.phase === 'Failed' || node.phase === 'Error';
}

export function isFailed(node: Pick<NodeStatus, 'phase'>): boolean {
  return node.phase === 'Failed' || node.phase === 'Error';
}

/** @returns whether the phase will not change any more (a running daemon does not count) */
export function phaseFulfilled(node: Pick<NodeStatus, 'phase'>): boolean {
  return isCompleted(node) || node.phase === 'Skipped' || node.phase === 'Omitted';
}

/** @returns whether dependents may go on: over, or a daemon that serves */
export function isFulfilled(node: Pick<NodeStatus, 'phase' | 'daemoned'>): boolean {
  return phaseFulfilled(node) || (node.daemoned === true && node.phase !== 'Pending');
}

export class Nodes {
  private map: Record<string, NodeStatus>;
  private readonly owned = new Set<string>();
  private copied = false;
  private list: NodeStatus[] | undefined;
  /** Whether the ids of the nodes that were there at first are known by name: hashing each name would cost more. */
  private named = false;
  private readonly ids = new Map<string, string>();
  private readonly childSets = new Map<string, Set<string>>();
  private boundaries: Map<string, string[]> | undefined;
  /** Counts writes; equal before and after means that nothing moved. */
  changes = 0;

  private readonly workflowName: string;
  private readonly stamp: string;
  /** How many more may be made. */
  private room: number;

  private readonly estimate: (name: string) => number | undefined;

  /** `stamp`: the present, as statuses write it. `estimate`: seconds that a node will take, as far as known. `room`: how many nodes may be made. */
  constructor(workflowName: string, nodes: Record<string, NodeStatus>, stamp: string, estimate: (name: string) => number | undefined, room = Infinity) {
    this.estimate = estimate;
    this.workflowName = workflowName;
    this.map = nodes;
    this.stamp = stamp;
    this.room = room;
  }

  id(name: string): string {
    if (!this.named) {
      this.named = true;
      for (const node of this.all()) this.ids.set(node.name, node.id);
    }
    let id = this.ids.get(name);
    if (id === undefined) this.ids.set(name, id = nodeId(this.workflowName, name));
    return id;
  }

  get(id: string): NodeStatus | undefined {
    return this.map[id];
  }

  byName(name: string): NodeStatus | undefined {
    return this.map[this.id(name)];
  }

  all(): readonly NodeStatus[] {
    return this.list ??= Object.values(this.map);
  }

  record(): Record<string, NodeStatus> {
    return this.map;
  }

  /** Children as they stand in the list of their parent. */
  children(node: NodeStatus): NodeStatus[] {
    const children: NodeStatus[] = [];
    for (const id of node.children ?? []) {
      const child = this.map[id];
      if (child) children.push(child);
    }
    return children;
  }

  /** Nodes enclosed by a Steps, DAG or container set node; '' for those of the workflow itself. */
  within(boundaryID: string): NodeStatus[] {
    if (!this.boundaries) {
      this.boundaries = new Map();
      for (const node of this.all()) this.file(node);
    }
    return (this.boundaries.get(boundaryID) ?? []).flatMap((id) => this.map[id] ?? []);
  }

  private file(node: NodeStatus): void {
    const key = node.boundaryID ?? '';
    const list = this.boundaries?.get(key);
    if (list) list.push(node.id);
    else this.boundaries?.set(key, [node.id]);
  }

  /** @returns this call's own copy of the node, to be written to */
  edit(id: string): NodeStatus {
    const node = this.map[id];
    invariant(node, `no node ${id}`);
    this.changes++;
    if (this.owned.has(id)) return node;
    return this.put({ ...node });
  }

  private put(node: NodeStatus): NodeStatus {
    if (!this.copied) {
      this.map = { ...this.map };
      this.copied = true;
    }
    this.owned.add(node.id);
    this.list = undefined;
    this.map[node.id] = node;
    return node;
  }

  /** Argo: initializeNode */
  add(spec: NewNode): NodeStatus {
    if (this.room-- <= 0) throw new TooManyNodes();
    const id = this.id(spec.name);
    invariant(!this.map[id], `node ${spec.name} already initialized`);
    const boundary = spec.boundaryID ? this.map[spec.boundaryID] : undefined;
    let displayName = spec.name;
    if (boundary) displayName = (spec.name.startsWith(boundary.name) ? spec.name.slice(boundary.name.length) : spec.name).replace(SEPARATOR, '');
    const node: NodeStatus = { id, name: spec.name, displayName, type: spec.type };
    if (spec.call.template) node.templateName = spec.call.template;
    if (spec.call.templateRef) node.templateRef = withoutFalse(spec.call.templateRef);
    node.templateScope = spec.scope;
    node.phase = spec.phase;
    if (spec.boundaryID) node.boundaryID = spec.boundaryID;
    if (spec.message) node.message = spec.message;
    node.startedAt = this.stamp;
    node.finishedAt = isFulfilled(node) ? this.stamp : null;
    const estimated = this.estimate(spec.name);
    if (estimated !== undefined) node.estimatedDuration = estimated;
    if (spec.flag && (spec.flag.hooked || spec.flag.retried)) node.nodeFlag = { ...spec.flag };
    this.changes++;
    this.put(node);
    if (this.boundaries) this.file(node);
    return node;
  }

  /** Sets phase and, when given, message; nothing is written when both are so already. Argo: markNodePhase */
  mark(id: string, phase: NodePhase, message?: string): NodeStatus {
    const node = this.map[id];
    invariant(node, `no node ${id}`);
    const sameMessage = message === undefined || message === (node.message ?? '');
    const finishing = isFulfilled({ ...node, phase }) && !node.finishedAt;
    if (node.phase === phase && sameMessage && !finishing) return node;
    const own = this.edit(id);
    own.phase = phase;
    if (message !== undefined) setMessage(own, message);
    if (finishing) own.finishedAt = this.stamp;
    return own;
  }

  /** Links a child below a parent, once. */
  link(parentId: string, childId: string): void {
    const parent = this.map[parentId];
    invariant(parent, `no node ${parentId}`);
    let set = this.childSets.get(parentId);
    if (!set && parent.children && parent.children.length <= SHORT && parent.children.includes(childId)) return;
    if (!set) this.childSets.set(parentId, set = new Set(parent.children));
    if (set.has(childId)) return;
    set.add(childId);
    const owned = this.owned.has(parentId);
    const own = this.edit(parentId);
    if (owned && this.listsOwned.has(parentId) && own.children) own.children.push(childId);
    else {
      own.children = [...(own.children ?? []), childId];
      this.listsOwned.add(parentId);
    }
  }

  private readonly listsOwned = new Set<string>();
}

function withoutFalse({ clusterScope, ...rest }: TemplateRef): TemplateRef {
  return clusterScope ? { ...rest, clusterScope } : rest;
}

/** Writes a message; an empty one is left out of the status. */
export function setMessage(node: NodeStatus, message: string): void {
  if (message) node.message = message;
  else delete node.message;
}
