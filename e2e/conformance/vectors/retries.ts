/** What becomes of a Retry node, against Argo's processNodeRetries. */
import type { NodePhase, RetryStrategy } from '../../../engine/spec/types.ts';
import { environment } from '../../../engine/template/expr/env.ts';
import { evaluate as evaluateExpression } from '../../../engine/template/expr/index.ts';
import { formatValue } from '../../../engine/template/go.ts';
import { decideRetry, retryPolicy, type Attempt, type RetryDecision } from '../../../engine/template/retries.ts';
import { answerOf, difference, first, type Vector } from './compare.ts';

interface Child {
  phase: NodePhase;
  message: string;
  startedAgo: number;
  finishedAgo: number;
  daemoned?: boolean;
  exitCode?: string;
}

/** The vectors' times are before this; the decision fell a moment later. */
const NOW = Date.UTC(2026, 0, 1);
const DONE = new Set<NodePhase>(['Succeeded', 'Failed', 'Error', 'Skipped', 'Omitted']);

export function run(vector: Vector): string | undefined {
  const strategy = vector.retryStrategy as RetryStrategy;
  const attempts = (vector.children as Child[]).map(attemptOf);
  const { value, error } = answerOf(() => decideRetry({ strategy, attempts, now: NOW + 1, shutdown: vector.shutdown as string | undefined, evaluate }));
  const policy = difference('policy', retryPolicy(strategy), vector.policyActual);
  if (error !== undefined || vector.error !== undefined) return first(policy, difference('error', error, vector.error));
  return first(policy, ...decision(value, vector));
}

// Argo: argoexpr.EvalBool over env.GetFuncMap
function evaluate(expression: string, variables: Record<string, string>): boolean {
  const result = evaluateExpression(expression, environment(new Map(Object.entries(variables))));
  if (typeof result === 'boolean') return result;
  throw new Error(`unable to cast expression result '${formatValue(result)}' to bool`);
}

function decision(value: RetryDecision, vector: Vector): (string | undefined)[] {
  const outcome = value.outcome === 'retry' || value.outcome === 'running' ? 'retryOrUnchanged' : value.outcome;
  return [
    difference('outcome', outcome, vector.outcome),
    difference('message', 'message' in value ? value.message : '', vector.message),
    difference('phase', value.outcome === 'done' ? value.phase : 'Running', vector.phase),
    difference('requeueAfter', value.outcome === 'wait' ? Number(value.requeueAfterNanoseconds) : undefined, vector.requeueAfterNs),
    difference('executionDeadlineSet', value.outcome === 'retry' && value.executionDeadline !== undefined, vector.executionDeadlineSet),
  ];
}

function attemptOf(child: Child): Attempt {
  const fulfilled = DONE.has(child.phase);
  return {
    phase: child.phase, message: child.message, daemoned: child.daemoned === true, fulfilled, exitCode: child.exitCode,
    startedAt: NOW - child.startedAgo * 1000, finishedAt: fulfilled ? NOW - child.finishedAgo * 1000 : undefined,
  };
}
