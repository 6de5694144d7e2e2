/** What a person wants to know of a run or a step, in words. Times are RFC 3339. */
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { isStep, phaseOf, WORST_FIRST } from './model.ts';
import type { Counts, GraphModel, GraphNode, Phase } from './model.ts';

/** Nodes of a run, one entry a step: the tries of a retry are one. */
export function steps(nodes: ReadonlyMap<string, NodeStatus>): NodeStatus[] {
  const list: NodeStatus[] = [];
  for (const node of nodes.values()) {
    if (node.type === 'Retry' ? !hasInner(node, nodes) : isStep(node) && !node.nodeFlag?.retried) list.push(node);
  }
  return list;
}

/** A retry around a steps or dag template is a wrapper: what is inside is counted. */
function hasInner(retry: NodeStatus, nodes: ReadonlyMap<string, NodeStatus>): boolean {
  return (retry.children ?? []).some((id) => {
    const type = nodes.get(id)?.type;
    return type === 'DAG' || type === 'Steps';
  });
}

/** @returns steps by phase */
export function countSteps(nodes: ReadonlyMap<string, NodeStatus>): Counts {
  const counts: Counts = {};
  for (const node of steps(nodes)) {
    const phase = phaseOf(node);
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  return counts;
}

/** @returns the tries of the retry that a node is or belongs to, first to last; empty when nothing was retried */
export function triesOf(node: NodeStatus, nodes: ReadonlyMap<string, NodeStatus>): NodeStatus[] {
  let retry: NodeStatus | undefined = node;
  if (node.type !== 'Retry') {
    const open = /\(\d+\)$/.exec(node.name);
    retry = open && node.nodeFlag?.retried ? [...nodes.values()].find((other) => other.type === 'Retry' && other.name === node.name.slice(0, open.index)) : undefined;
  }
  return (retry?.children ?? []).flatMap((id) => nodes.get(id) ?? []).filter((child) => child.nodeFlag?.retried ?? child.name.startsWith(`${retry?.name ?? ''}(`));
}

export interface Why {
  phase: Phase;
  /** `Failed: exit code 3.` */
  title: string;
  /** What it means for the rest. */
  detail?: string;
  /** The engine's own words, where the title rephrases them. */
  raw?: string;
}

/** @returns why a step is as it is, or undefined when there is nothing to explain */
export function why(node: GraphNode, status: NodeStatus | undefined, graph: GraphModel): Why | undefined {
  const waiting = waitersOf(node.id, graph);
  const held = waiting.length ? `${waiting.length === 1 ? '1 step waits' : `${waiting.length} steps wait`} for it: ${waiting.slice(0, 3).join(', ')}${waiting.length > 3 ? ', …' : ''}.` : undefined;
  const message = status?.message;
  const detail = (text: string | undefined): { detail?: string } => (text === undefined ? {} : { detail: text });
  switch (node.phase) {
    case 'Failed':
    case 'Error': {
      const words = failure(message);
      return { phase: node.phase, title: `${node.phase}: ${words}`, ...detail(held), ...(message !== undefined && !words.includes(message) ? { raw: message } : {}) };
    }
    case 'Suspended':
      return { phase: node.phase, title: 'Waits for a person.', ...detail(message ?? held) };
    case 'Pending':
      return { phase: node.phase, title: message === undefined ? 'Waits to be scheduled.' : `Pending: ${sentence(message)}`, ...detail(held) };
    case 'Skipped':
      return { phase: node.phase, title: `Skipped: ${skipReason(message)}`, ...(message === undefined ? {} : { raw: message }) };
    case 'Omitted':
      return { phase: node.phase, title: message === undefined ? 'Omitted: what it depends on did not end as it wants.' : `Omitted: ${sentence(message)}` };
    case 'Planned':
      return { phase: node.phase, title: node.waitsFor.length ? `Not started. Waits for ${node.waitsFor.slice(0, 4).join(', ')}${node.waitsFor.length > 4 ? ', …' : ''}.` : 'Not started.' };
    default:
      return undefined;
  }
}

function failure(message: string | undefined): string {
  if (message === undefined || message === '') return 'no reason was given.';
  const exit = /^(?:(\S+): )?Error \(exit code (\d+)\)(?:: (.*))?$/s.exec(message);
  if (!exit) return sentence(message);
  const [, container = 'main', code = '', rest] = exit;
  return `exit code ${code} in container ${container}${rest === undefined || rest === 'Error' ? '' : `: ${rest}`}.`;
}

/** Argo: `when 'a == b' evaluated false`. */
function skipReason(message: string | undefined): string {
  const match = /^when '(.*)' evaluated false$/s.exec(message ?? '');
  return match ? `when ${match[1] ?? ''} is false.` : sentence(message ?? 'its condition is false');
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

interface GraphIndex {
  byId: ReadonlyMap<string, GraphNode>;
  /** Ids after a node. */
  next: ReadonlyMap<string, readonly string[]>;
}

const indexes = new WeakMap<GraphModel, GraphIndex>();

function indexOf(graph: GraphModel): GraphIndex {
  const known = indexes.get(graph);
  if (known) return known;
  const next = new Map<string, string[]>();
  for (const edge of graph.edges) {
    const list = next.get(edge.source);
    if (list) list.push(edge.target);
    else next.set(edge.source, [edge.target]);
  }
  const index = { byId: new Map(graph.nodes.map((node) => [node.id, node])), next };
  indexes.set(graph, index);
  return index;
}

/** Titles of the steps directly after a node that have not started. */
function waitersOf(id: string, graph: GraphModel): string[] {
  const { byId, next } = indexOf(graph);
  const found: string[] = [];
  const queue = [id];
  const seen = new Set(queue);
  for (let from = queue.shift(); from !== undefined; from = queue.shift()) {
    for (const id of next.get(from) ?? []) {
      const target = byId.get(id);
      if (seen.has(id) || !target) continue;
      seen.add(id);
      if (target.shape === 'join') queue.push(target.id);
      else if (target.phase === 'Planned' || target.phase === 'Pending') {
        found.push(target.title);
        queue.push(target.id);
      }
    }
  }
  return found;
}

/** @returns one line under a node's title */
export function subtitle(node: GraphNode, status: NodeStatus | undefined, duration: string | undefined): string {
  if (node.shape === 'loop' || node.shape === 'group') {
    const parts = countWords(node.counts);
    if (parts) return parts;
  }
  switch (node.phase) {
    case 'Planned': return plannedWords(node);
    case 'Failed':
    case 'Error': return failedWords(node, status?.message, duration);
    case 'Suspended': return 'waits for you';
    case 'Skipped': return 'skipped';
    case 'Omitted': return 'omitted';
    case 'Pending': return status?.message ?? 'pending';
    default: return doneWords(node, status?.outputs?.result, duration);
  }
}

function plannedWords(node: GraphNode): string {
  if (node.kind === 'suspend') return 'waits for a person';
  return node.waitsFor.length === 1 ? `waits: ${node.waitsFor[0] ?? ''}` : 'not started';
}

function failedWords(node: GraphNode, message: string | undefined, duration: string | undefined): string {
  const code = /exit code (\d+)/.exec(message ?? '')?.[1];
  const short = message?.includes('OOMKilled') ? 'OOMKilled' : code !== undefined ? `exit ${code}` : (message ?? node.phase.toLowerCase());
  if (node.members.length > 1) return `${short} · tried ${node.members.length} times`;
  return duration === undefined || short.length > 20 ? short : `${short} · ${duration}`;
}

function doneWords(node: GraphNode, result: string | undefined, duration: string | undefined): string {
  const kind = node.templateRef ?? (node.kind === 'unknown' ? (node.templateName ?? '') : node.kind);
  if (result && result.length <= 14 && !result.includes('\n')) return `${kind} · result ${result}`;
  return duration === undefined ? kind : `${kind} · ${duration}`;
}

const WORDS: Partial<Record<Phase, string>> = { Succeeded: '✓', Suspended: 'waiting', Running: 'running', Failed: 'failed', Error: 'error', Pending: 'pending', Skipped: 'skipped', Omitted: 'omitted' };

/** @returns `1 failed · 61 ✓ · 3 running`: the worst first, what waits last */
export function countWords(counts: Counts): string {
  return WORST_FIRST.flatMap((phase) => {
    const n = counts[phase];
    return n ? [`${n.toLocaleString('en')} ${WORDS[phase] ?? 'planned'}`] : [];
  }).slice(0, 3).join(' · ');
}

/** @returns steps that ended, however they did */
export function endedSteps(counts: Counts): number {
  return (['Succeeded', 'Failed', 'Error', 'Skipped', 'Omitted'] as const).reduce((sum, phase) => sum + (counts[phase] ?? 0), 0);
}

/** @returns how a workflow is called: its title annotation, its own name, or what its names begin with */
export function titleOf(workflow: Workflow): string {
  return workflow.metadata.annotations?.['workflows.argoproj.io/title'] ?? workflow.metadata.name ?? workflow.metadata.generateName ?? 'workflow';
}
