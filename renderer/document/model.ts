/** What the graph shows, from a workflow's spec and, when there is a run, its nodes. No layout, no colours. */
import type { NodeStatus, NodeType } from '../../engine/spec/types.ts';

/** A phase as a person reads it: Argo's, `Suspended` for what waits for a person, and `Planned` for what has no node yet. */
export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Error' | 'Suspended' | 'Skipped' | 'Omitted' | 'Planned';

/** What a template is, in one word. */
export type StepKind =
  | 'container' | 'script' | 'resource' | 'suspend' | 'http' | 'data' | 'plugin' | 'container set' | 'dag' | 'steps' | 'template' | 'unknown';

export type Counts = Partial<Record<Phase, number>>;

export interface GraphNode {
  /** The node's name in the run (`wf.task`): known before the node is, so that nothing moves when it starts. */
  id: string;
  title: string;
  kind: StepKind;
  phase: Phase;
  /** `join` is the point where many meet many; `loop`, `retry` and `group` stand for `members`. */
  shape: 'step' | 'loop' | 'retry' | 'group' | 'join';
  /** Node of the run that this shows; none while it is planned. */
  nodeId?: string;
  /** Node ids below a loop, retry or folded group: items, tries, steps. */
  members: string[];
  /** Executable nodes below, by phase: for loops and groups. */
  counts: Counts;
  badges: string[];
  /** Name of the template called, and of the WorkflowTemplate it is in. */
  templateName?: string;
  templateRef?: string;
  /** Names of the steps it waits for (titles), while it is planned or pending. */
  waitsFor: string[];
  /** A loop or group that can be shown unfolded. */
  foldable: boolean;
  folded: boolean;
  /** Index of the task in the text: path below the document's root. */
  path?: (string | number)[];
}

export interface GraphEdge {
  source: string;
  target: string;
  /** The way from a condition: `Failed`, `Succeeded` … when `depends` names it. */
  label?: string;
}

export interface GraphModel {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** Executable nodes: what a person counts as steps. */
const EXECUTABLE: ReadonlySet<NodeType> = new Set<NodeType>(['Pod', 'Container', 'Suspend', 'HTTP', 'Plugin', 'Skipped']);

/** @returns whether the node is a step and no wrapper around steps */
export function isStep(node: NodeStatus): boolean {
  return EXECUTABLE.has(node.type);
}

/** @returns the phase as it is shown */
export function phaseOf(node: NodeStatus): Phase {
  if (node.type === 'Suspend' && node.phase === 'Running') return 'Suspended';
  return node.phase ?? 'Pending';
}

/** Worst first: what a group shows. */
export const WORST_FIRST: readonly Phase[] = ['Error', 'Failed', 'Suspended', 'Running', 'Pending', 'Planned', 'Succeeded', 'Skipped', 'Omitted'];

/** @returns the worst phase that is counted, `Planned` when nothing is */
export function worst(counts: Counts): Phase {
  return WORST_FIRST.find((phase) => (counts[phase] ?? 0) > 0) ?? 'Planned';
}

/** Adds `more` to `counts`, in place. */
export function addCounts(counts: Counts, more: Counts): void {
  for (const phase of WORST_FIRST) {
    const n = more[phase];
    if (n) counts[phase] = (counts[phase] ?? 0) + n;
  }
}

/** @returns how many are counted in all */
export function total(counts: Counts): number {
  return WORST_FIRST.reduce((sum, phase) => sum + (counts[phase] ?? 0), 0);
}
