import type { NodeStatus, Template } from '../spec/types.ts';
import { durationOf, goDurationOf, milliseconds } from './time.ts';
import { Fault, TIMEOUT, asFault } from './fault.ts';
import type { Run } from './run.ts';

/**
 * The time (milliseconds) by which a node must be over: `timeout` counts from its start; while it is Pending also
 * `pendingTimeout` does. Throws TIMEOUT when a Pending node is late. Argo: checkTemplateTimeout
 */
export function timeoutOf(run: Run, template: Template, node: NodeStatus | undefined): number | undefined {
  // What a memoized run brought along has not begun: it has all its time.
  if (!node?.startedAt) return undefined;
  const pending = node.phase === 'Pending';
  const start = milliseconds(node.startedAt);
  if (pending && template.pendingTimeout) checkLate(run, start + durationOf(template.pendingTimeout));
  if (!template.timeout) return undefined;
  const deadline = start + timeout(template.timeout);
  if (pending) checkLate(run, deadline);
  return deadline;
}

function timeout(text: string): number {
  try {
    return goDurationOf(text);
  } catch (error) {
    throw new Fault('error', `invalid timeout format. ${asFault(error).message}`);
  }
}

function checkLate(run: Run, deadline: number): void {
  if (run.now > deadline) throw TIMEOUT;
  run.wakeAt(deadline + 1);
}
