/** A failed attempt and what follows from it, on the retry node. Argo: processNodeRetries */
import type { NodeStatus, RetryStrategy } from '../spec/types.ts';
import { decideRetry, type Attempt } from '../template/retries.ts';
import { holds } from './language.ts';
import { phaseFulfilled } from './nodes.ts';
import type { Run } from './run.ts';
import { durationOf, milliseconds } from './time.ts';

/** The attempts, in order. A hook is none, unless it is retried itself: Argo goes by the flag alone. */
export function retriedChildren(run: Run, node: NodeStatus): NodeStatus[] {
  return run.nodes.children(node).filter((child) => child.nodeFlag?.retried);
}

/** What the next attempt may know of the one before. */
export function lastRetryValues(last: NodeStatus | undefined): [string, string][] {
  return [
    ['lastRetry.exitCode', last?.outputs?.exitCode ?? '0'],
    ['lastRetry.duration', String(last ? Math.max(0, milliseconds(last.finishedAt) - milliseconds(last.startedAt)) / 1000 : 0)],
    ['lastRetry.status', last?.phase ?? ''],
    ['lastRetry.message', last?.message ?? ''],
  ];
}

/** @returns when (milliseconds) an attempt after the first must have ended; undefined when it may take its time. Throws for what is no duration. */
export function attemptDeadline({ backoff }: RetryStrategy, attempts: readonly NodeStatus[]): number | undefined {
  const first = attempts[0];
  return backoff?.maxDuration && first ? milliseconds(first.startedAt) + durationOf(backoff.maxDuration) : undefined;
}

export interface Verdict {
  /** Nothing is to be done before the run is woken. */
  wait?: boolean;
}

/** Ends the retry node when no further attempt is due. Throws for a strategy that cannot be followed. */
export function processRetries(run: Run, id: string, strategy: RetryStrategy): Verdict {
  const node = run.nodes.get(id);
  if (!node || phaseFulfilled(node)) return {};
  const attempts = retriedChildren(run, node);
  const last = attempts.at(-1);
  if (!last) return {};
  if (last.daemoned && !node.daemoned) run.nodes.edit(id).daemoned = true;
  const decision = decideRetry({
    strategy, attempts: attempts.map(attemptOf), now: run.now, shutdown: run.shutdown, workflowDeadline: run.deadline,
    evaluate: (expression, variables) => holds(expression, new Map<string, unknown>(Object.entries(variables))),
  });
  switch (decision.outcome) {
    case 'running':
      if (decision.phase) run.nodes.mark(id, decision.phase);
      return {};
    case 'wait':
      run.wakeAt(decision.until);
      run.nodes.mark(id, node.phase ?? 'Running', decision.message);
      return { wait: true };
    case 'done':
      if (decision.withOutputs && last.outputs) run.nodes.edit(id).outputs = last.outputs;
      if (decision.withOutputs) run.nodes.mark(id, decision.phase);
      else run.nodes.mark(id, decision.phase, decision.message);
      return {};
    case 'retry':
      if (strategy.backoff) run.nodes.mark(id, node.phase ?? 'Running', '');
      return {};
  }
}

function attemptOf(node: NodeStatus): Attempt {
  return {
    phase: node.phase, message: node.message ?? '', startedAt: milliseconds(node.startedAt), finishedAt: node.finishedAt ? milliseconds(node.finishedAt) : undefined,
    daemoned: node.daemoned === true, fulfilled: phaseFulfilled(node), exitCode: node.outputs?.exitCode, canRetry: node.type !== 'Skipped' || node.phase === 'Error',
  };
}
