/**
 * What becomes of a Retry node once its last attempt has ended: wait, try again, or end. Argo: processNodeRetries.
 */
import type { NodePhase, RetryStrategy } from '../spec/types.ts';
import { humanizeDuration, int32Of, intValueOf, parseStringToDuration } from './durations.ts';
import { formatFloat } from './go.ts';

/** One attempt: a child of the Retry node. Times in ms since the epoch. */
export interface Attempt {
  phase: NodePhase | undefined;
  message: string;
  startedAt: number;
  /** undefined while it runs. */
  finishedAt: number | undefined;
  daemoned: boolean;
  /** Its phase is final and its outputs are there (NodeStatus.Fulfilled without the daemon's exception). */
  fulfilled: boolean;
  exitCode: string | undefined;
  /** False for an attempt that must not be repeated (Argo: CanRetry; a Skipped one, for example). Default true. */
  canRetry?: boolean;
}

export interface RetryInput {
  strategy: RetryStrategy;
  /** In order; hook nodes are none. */
  attempts: readonly Attempt[];
  /** The present, ms since the epoch. */
  now: number;
  /** `spec.shutdown`, when set. */
  shutdown?: string | undefined;
  /** When the workflow must end, ms since the epoch. */
  workflowDeadline?: number | undefined;
  /**
   * Evaluates `retryStrategy.expression` over these variables to a boolean (the functions of Argo's expressions are
   * added by the callee). Throws when it cannot; the error is passed on.
   */
  evaluate: (expression: string, variables: Record<string, string>) => boolean;
}

export type RetryDecision =
  /** Nothing to decide: the last attempt still runs, or there is none. `phase` of a running daemon is the node's. */
  | { outcome: 'running'; phase?: NodePhase | undefined; daemoned: boolean }
  /** The node is final: with this phase and message, and the last attempt's outputs when it succeeded. */
  | { outcome: 'done'; phase: NodePhase; message: string; withOutputs: boolean }
  /** Not yet: the node keeps its phase and shows the message; look again at `until` (ms since the epoch). */
  | { outcome: 'wait'; message: string; requeueAfterNanoseconds: bigint; until: number }
  /** Start another attempt; its Pod must end at `executionDeadline` (ms since the epoch), if given. The message is cleared. */
  | { outcome: 'retry'; executionDeadline: number | undefined };

/** A retry strategy that cannot be followed; the message is Argo's. */
export class RetryError extends Error {}

const MILLISECOND = 1_000_000n;
/** Go's longest duration, 292 years. */
const LONGEST = 2n ** 63n - 1n;

/** Messages that Argo takes for faults that pass by themselves (policy OnTransientError). */
const TRANSIENT = [
  'etcdserver: leader changed', 'etcdserver: request timed out', 'etcdserver: too many requests', 'Connection closed by foreign host',
  'net/http: TLS handshake timeout', 'i/o timeout', 'connection timed out', 'connection reset by peer', 'http2: client connection lost',
  'http2: server sent GOAWAY and closed the connection', 'connect: connection refused',
];

/** The policy in force: without one, OnFailure, or Always when there is an expression. */
export function retryPolicy(strategy: RetryStrategy): string {
  if (strategy.retryPolicy !== undefined && strategy.retryPolicy !== '') return strategy.retryPolicy;
  return strategy.expression === undefined || strategy.expression === '' ? 'OnFailure' : 'Always';
}

/** Decides. Throws RetryError, ScalarError, and whatever `evaluate` throws; the node becomes Error then. */
export function decideRetry(input: RetryInput): RetryDecision {
  const { attempts, strategy, now } = input;
  const first = attempts[0];
  const last = attempts.at(-1);
  if (first === undefined || last === undefined) return { outcome: 'running', daemoned: false };
  if (!last.fulfilled) return { outcome: 'running', daemoned: last.daemoned, ...(last.daemoned ? { phase: last.phase } : {}) };
  if (last.phase !== 'Failed' && last.phase !== 'Error') return { outcome: 'done', phase: 'Succeeded', message: '', withOutputs: true };
  const end = (message: string): RetryDecision => ({ outcome: 'done', phase: last.phase ?? 'Error', message, withOutputs: false });
  if (input.shutdown !== undefined && input.shutdown !== '') return end(`Stopped with strategy '${input.shutdown}'`);
  if (input.workflowDeadline !== undefined && now > input.workflowDeadline) return end(`retry exceeded workflow deadline ${goTime(input.workflowDeadline)}`);
  const backoff = strategy.backoff === undefined ? { executionDeadline: undefined } : backOff(input, strategy.backoff, first, last);
  if ('outcome' in backoff) return backoff;
  if (!retriesPhase(strategy, last)) return end(last.message);
  if (last.canRetry === false) return end(last.message);
  const limit = int32Of(strategy.limit);
  if (limit !== undefined && attempts.length > limit) return end('No more retries left');
  if (strategy.expression !== undefined && strategy.expression !== '' && !input.evaluate(strategy.expression, retryVariables(attempts))) {
    return end('retryStrategy.expression evaluated to false');
  }
  return { outcome: 'retry', executionDeadline: backoff.executionDeadline };
}

type BackOff = NonNullable<RetryStrategy['backoff']>;

function backOff(input: RetryInput, backoff: BackOff, first: Attempt, last: Attempt): RetryDecision | { executionDeadline: number | undefined } {
  const { attempts, strategy, now } = input;
  const end = (message: string): RetryDecision => ({ outcome: 'done', phase: last.phase ?? 'Error', message, withOutputs: false });
  let deadline: bigint | undefined;
  if (backoff.maxDuration !== undefined && backoff.maxDuration !== '') {
    deadline = nanoseconds(first.startedAt) + parseStringToDuration(backoff.maxDuration);
    if (nanoseconds(now) > deadline) return end('Max duration limit exceeded');
  }
  const wait = timeToWait(backoff, attempts.length);
  const until = nanoseconds(last.finishedAt ?? now) + wait;
  if (deadline !== undefined && until > deadline) return end('Backoff would exceed max duration limit');
  // Argo waits only where there is a limit.
  if (nanoseconds(now) < until && strategy.limit !== undefined && attempts.length <= Number(BigInt.asIntN(32, intValueOf(strategy.limit)))) {
    return { outcome: 'wait', message: `Backoff for ${humanizeDuration(wait)}`, requeueAfterNanoseconds: wait, until: Number(until / MILLISECOND) };
  }
  return { executionDeadline: deadline === undefined ? undefined : Number(deadline / MILLISECOND) };
}

/** duration × factor^(attempts - 1), at most `cap`; overflow ends up at the longest duration there is. */
function timeToWait(backoff: BackOff, attempts: number): bigint {
  if (backoff.duration === undefined || backoff.duration === '') throw new RetryError('no base duration specified for retryStrategy');
  let wait = parseStringToDuration(backoff.duration);
  const factor = int32Of(backoff.factor);
  if (factor !== undefined && factor > 0) wait = factor === 1 ? wait : scaled(wait, factor, attempts - 1);
  if (backoff.cap !== undefined && backoff.cap !== '') {
    const cap = parseStringToDuration(backoff.cap);
    if (wait > cap) wait = cap;
  }
  return wait;
}

function scaled(wait: bigint, factor: number, times: number): bigint {
  let product = wait;
  for (let i = 0; i < times && product !== 0n; i++) {
    product *= BigInt(factor);
    if (product >= LONGEST) return LONGEST;
    if (product <= -LONGEST) return -LONGEST;
  }
  return product;
}

function retriesPhase(strategy: RetryStrategy, last: Attempt): boolean {
  const policy = retryPolicy(strategy);
  switch (policy) {
    case 'Always': return true;
    case 'OnError': return last.phase === 'Error';
    case 'OnFailure': return last.phase === 'Failed';
    case 'OnTransientError': return isTransient(last.message);
    default: throw new RetryError(`${policy} is not a valid RetryPolicy`);
  }
}

/** Whether a message tells of a fault of the network or the API server that passes by itself. */
export function isTransient(message: string): boolean {
  return TRANSIENT.some((part) => message.includes(part));
}

/** The variables of `retryStrategy.expression`, all texts: `retries` and `lastRetry.*`. */
export function retryVariables(attempts: readonly Attempt[]): Record<string, string> {
  const last = attempts.at(-1);
  if (last === undefined) return {};
  return {
    retries: String(attempts.length - 1),
    'lastRetry.exitCode': last.exitCode ?? '-1',
    'lastRetry.status': last.phase ?? '',
    'lastRetry.duration': formatFloat(last.finishedAt === undefined ? 0 : (last.finishedAt - last.startedAt) / 1000, 'g'),
    'lastRetry.message': last.message,
  };
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n;
}

function goTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('T', ' ').replace(/(\.\d*?)0*Z$/, '$1').replace(/\.$/, '') + ' +0000 UTC';
}
