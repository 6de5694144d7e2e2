import type { NodeStatus } from '../spec/types.ts';
import { phaseFulfilled } from './nodes.ts';
import type { Run } from './run.ts';

/**
 * @returns whether visiting the node again would change nothing: it is over, or its Pod is there and speaks for itself.
 * Long loops live from this.
 */
export function isSettled(run: Run, node: NodeStatus): boolean {
  if (usesDisplayNames(run)) return false;
  if (phaseFulfilled(node)) return true;
  if (node.type !== 'Pod' || node.synchronizationStatus || node.nodeFlag?.retried) return false;
  if (node.phase === 'Pending' && mayComeTooLate(run, node)) return false;
  return run.observed.pods.has(node.id) && !run.observed.refusals?.has(node.id) && (node.phase === 'Pending' || node.phase === 'Running');
}

/** While its Pod is Pending, a node with a timeout is looked at. */
function mayComeTooLate(run: Run, node: NodeStatus): boolean {
  return [run.templateOf(node), run.spec.templateDefaults].some((template) => template?.timeout !== undefined || template?.pendingTimeout !== undefined);
}

const known = new WeakMap<object, boolean>();

/** Display names of templates are given on a later visit than the first. */
function usesDisplayNames(run: Run): boolean {
  const templates = run.spec.templates ?? [];
  let uses = known.get(templates);
  if (uses === undefined) {
    uses = JSON.stringify([templates, run.resolver.storedTemplates()]).includes('workflows.argoproj.io/display-name');
    known.set(templates, uses);
  }
  return uses;
}
