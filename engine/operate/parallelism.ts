/**
 * Who may start now: limits of the workflow and of templates, and templates that give up at the first failure.
 * Argo: checkParallelism
 */
import type { NodeStatus, Template } from '../spec/types.ts';
import { isEngineTask } from './engine-task.ts';
import { PARALLELISM, type Fault } from './fault.ts';
import { isFailed } from './nodes.ts';
import type { Run } from './run.ts';

const FAIL_FAST = 'template has failed or errored children and failFast enabled';

/** @returns why the node may not start (or go on) now; undefined when it may */
export function checkParallelism(run: Run, template: Template, node: NodeStatus | undefined, boundaryID: string): Fault | undefined {
  if (run.spec.parallelism !== undefined && activePods(run, undefined) >= run.spec.parallelism) return PARALLELISM;
  if (node && (template.dag || template.steps)) {
    if (template.failFast && failingFast(run, template, node)) return PARALLELISM;
    if (template.parallelism !== undefined && activePods(run, node.id) >= template.parallelism) return PARALLELISM;
  }
  if (!boundaryID || (node && (node.phase === 'Pending' || node.phase === 'Running'))) return undefined;
  const boundary = run.nodes.get(boundaryID);
  const around = run.boundaryTemplate(boundaryID);
  if (!boundary || !around) return undefined;
  if (around.failFast && failingFast(run, around, boundary)) return PARALLELISM;
  if (around.parallelism !== undefined && activeChildren(run, boundaryID) >= around.parallelism) return PARALLELISM;
  return undefined;
}

/** Fails the node once nothing runs below it any more. */
function failingFast(run: Run, template: Template, node: NodeStatus): boolean {
  if (!run.nodes.within(node.id).some((child) => isFailed(child) && child.type !== 'StepGroup')) return false;
  if (activePods(run, node.id) === 0) {
    const group = template.steps ? lastStepGroup(run, node) : undefined;
    if (group) run.nodes.mark(group.id, 'Failed', FAIL_FAST);
    run.nodes.mark(node.id, 'Failed', FAIL_FAST);
  }
  return true;
}

/** The step group met last when going down depth first. */
function lastStepGroup(run: Run, node: NodeStatus, seen = new Set<string>()): NodeStatus | undefined {
  let found = node.type === 'StepGroup' ? node : undefined;
  for (const child of run.nodes.children(node)) {
    if (seen.has(child.id)) continue;
    seen.add(child.id);
    found = lastStepGroup(run, child, seen) ?? found;
  }
  return found;
}

/** Pods of the workflow, or of one boundary, that are there and not over. */
function activePods(run: Run, boundaryID: string | undefined): number {
  const nodes = boundaryID === undefined ? run.nodes.all() : run.nodes.within(boundaryID);
  let count = 0;
  for (const node of nodes) {
    if (node.type !== 'Pod' || (node.phase !== 'Pending' && node.phase !== 'Running')) continue;
    // The engine's own work that this process has not taken up again has to be walked to first.
    if (node.phase === 'Running' && isEngineTask(run, node) && !run.observed.tasks?.has(node.id)) continue;
    if (node.phase === 'Running' || run.creating.has(node.id) || run.observed.pods.has(node.id)) count++;
  }
  return count;
}

function activeChildren(run: Run, boundaryID: string): number {
  return run.nodes.within(boundaryID).filter((node) =>
    (node.type === 'Pod' || node.type === 'Steps' || node.type === 'DAG') && (node.phase === 'Pending' || node.phase === 'Running')).length;
}
