/** A run as a list shows it. */
import type { RunSummary } from '../api.ts';
import { ANNOTATION, LABEL } from '../spec/types.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { hydrate } from './hydrate.ts';
import { onDiskCondition } from './nodes-on-disk.ts';

/** Types whose nodes do something themselves; the others only group. */
const EXECUTABLE = new Set(['Pod', 'Container', 'HTTP', 'Plugin', 'Suspend', 'Skipped']);
const LONGEST_NOTE = 200;

/** @returns the nodes, or none where another controller's compression cannot be read */
export function nodesOf(workflow: Workflow): Record<string, NodeStatus> {
  try {
    return hydrate(workflow).status?.nodes ?? {};
  } catch {
    return {};
  }
}

export function summarize(workflow: Workflow, ours: boolean): RunSummary {
  const { metadata, spec, status = {} } = workflow;
  const nodes = Object.values(nodesOf(workflow));
  const summary: RunSummary = {
    namespace: metadata.namespace ?? '', name: metadata.name ?? '', uid: metadata.uid ?? '',
    phase: status.phase ?? '', createdAt: metadata.creationTimestamp ?? '',
    startedAt: status.startedAt ?? null, finishedAt: status.finishedAt ?? null,
    ours, suspended: spec.suspend === true, counts: countsOf(nodes),
  };
  const optional = { message: status.message, progress: status.progress, note: noteOf(workflow, nodes), title: titleOf(workflow), labels: metadata.labels };
  return { ...summary, ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value)) as Partial<RunSummary>) };
}

function titleOf({ metadata }: Workflow): string | undefined {
  return metadata.annotations?.[ANNOTATION.title] ?? metadata.labels?.[LABEL.workflowTemplate] ?? metadata.labels?.[LABEL.cronWorkflow];
}

/** @returns whether this Suspend node waits for a person or for its time */
export function isWaiting(node: NodeStatus): boolean {
  return node.type === 'Suspend' && node.phase === 'Running';
}

function countsOf(nodes: readonly NodeStatus[]): RunSummary['counts'] {
  const counts: RunSummary['counts'] = {};
  for (const node of nodes) {
    if (!EXECUTABLE.has(node.type) || !node.phase) continue;
    const phase = isWaiting(node) ? 'Suspended' : node.phase;
    counts[phase] = (counts[phase] ?? 0) + 1;
  }
  return counts;
}

function noteOf(workflow: Workflow, nodes: readonly NodeStatus[]): string | undefined {
  const { spec, status } = workflow;
  if (status?.finishedAt) return status.phase === 'Succeeded' ? undefined : failureNote(nodes) ?? cut(status.message);
  if (spec.suspend) return 'suspended';
  const waiting = nodes.filter(isWaiting).map((node) => node.displayName);
  if (waiting.length) return cut(`waits for you: ${waiting.slice(0, 3).join(', ')}${waiting.length > 3 ? ` and ${waiting.length - 3} more` : ''}`);
  return failureNote(nodes) ?? stuckNote(nodes) ?? (status?.phase === 'Pending' ? cut(status.message) : undefined) ?? cut(onDiskCondition(workflow)?.message);
}

/** The first executable step that failed and was not tried again. */
function failureNote(nodes: readonly NodeStatus[]): string | undefined {
  let first: NodeStatus | undefined;
  for (const node of nodes) {
    if (!EXECUTABLE.has(node.type) || (node.phase !== 'Failed' && node.phase !== 'Error')) continue;
    if (!first || (node.finishedAt ?? '') < (first.finishedAt ?? '')) first = node;
  }
  return first && cut(`step ${first.displayName}: ${first.message ?? first.phase ?? ''}`);
}

function stuckNote(nodes: readonly NodeStatus[]): string | undefined {
  const stuck = nodes.find((node) => node.type === 'Pod' && node.phase === 'Pending' && node.message && !/^(ContainerCreating|PodInitializing)/.test(node.message));
  return stuck && cut(`step ${stuck.displayName}: ${stuck.message ?? ''}`);
}

function cut(text: string | undefined): string | undefined {
  return text && text.length > LONGEST_NOTE ? `${text.slice(0, LONGEST_NOTE - 1)}…` : text;
}
