import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodePhase, RetryStrategy } from '../spec/types.ts';
import { decideRetry, isTransient, retryPolicy, retryVariables, type Attempt, type RetryDecision } from './retries.ts';

const NOW = 1_000_000;
const attempt = (phase: NodePhase, finishedAgo = 0, more: Partial<Attempt> = {}): Attempt => ({
  phase, message: 'boom', startedAt: NOW - finishedAgo - 5000, finishedAt: NOW - finishedAgo, daemoned: false, fulfilled: true, exitCode: '3', ...more,
});
const never = (): boolean => assert.fail('no expression to evaluate');
const decide = (strategy: RetryStrategy, attempts: Attempt[], more: object = {}): RetryDecision => decideRetry({ strategy, attempts, now: NOW, evaluate: never, ...more });

test('success ends the node with the outputs of the attempt', () => {
  assert.deepEqual(decide({ limit: 2 }, [attempt('Failed'), attempt('Succeeded')]), { outcome: 'done', phase: 'Succeeded', message: '', withOutputs: true });
});

test('a failure is tried again up to the limit', () => {
  assert.equal(decide({ limit: 1 }, [attempt('Failed')]).outcome, 'retry');
  assert.deepEqual(decide({ limit: 1 }, [attempt('Failed'), attempt('Failed')]), { outcome: 'done', phase: 'Failed', message: 'No more retries left', withOutputs: false });
  assert.equal(decide({}, Array.from({ length: 50 }, () => attempt('Failed'))).outcome, 'retry');
});

test('policies choose what is tried again', () => {
  assert.equal(decide({ retryPolicy: 'OnError' }, [attempt('Failed')]).outcome, 'done');
  assert.equal(decide({ retryPolicy: 'OnError' }, [attempt('Error')]).outcome, 'retry');
  assert.equal(decide({ retryPolicy: 'OnTransientError' }, [attempt('Error', 0, { message: 'read: connection reset by peer' })]).outcome, 'retry');
  assert.equal(retryPolicy({ expression: 'true' }), 'Always');
  assert.ok(!isTransient('exit code 1'));
});

test('backoff grows, is capped, and waits from the end of the last attempt', () => {
  const backoff = { duration: '10s', factor: 2, cap: '15s' };
  assert.deepEqual(decide({ limit: 5, backoff }, [attempt('Failed', 4000)]), { outcome: 'wait', message: 'Backoff for 10 seconds', requeueAfterNanoseconds: 10_000_000_000n, until: NOW + 6000 });
  assert.deepEqual(decide({ limit: 5, backoff }, [attempt('Failed'), attempt('Failed')]), { outcome: 'wait', message: 'Backoff for 15 seconds', requeueAfterNanoseconds: 15_000_000_000n, until: NOW + 15_000 });
  assert.equal(decide({ limit: 5, backoff }, [attempt('Failed', 20_000)]).outcome, 'retry');
});

test('maxDuration ends the tries and becomes the deadline of the next one', () => {
  const late = decide({ limit: 5, backoff: { duration: '1s', maxDuration: '1m' } }, [attempt('Failed', 100_000)]);
  assert.deepEqual(late, { outcome: 'done', phase: 'Failed', message: 'Max duration limit exceeded', withOutputs: false });
  const next = decide({ limit: 5, backoff: { duration: '1s', maxDuration: '1m' } }, [attempt('Failed', 10_000)]);
  assert.deepEqual(next, { outcome: 'retry', executionDeadline: NOW - 15_000 + 60_000 });
});

test('a shutdown and an expression end the tries', () => {
  assert.match(JSON.stringify(decide({ limit: 5 }, [attempt('Failed')], { shutdown: 'Stop' })), /Stopped with strategy 'Stop'/);
  const seen: unknown[] = [];
  const evaluate = (...args: unknown[]): boolean => seen.push(args) > 1;
  assert.match(JSON.stringify(decide({ expression: 'x' }, [attempt('Failed')], { evaluate })), /evaluated to false/);
  assert.deepEqual(seen, [['x', retryVariables([attempt('Failed')])]]);
  assert.equal(retryVariables([attempt('Failed')])['lastRetry.duration'], '5');
});

test('a running attempt decides nothing', () => {
  assert.deepEqual(decide({}, [attempt('Running', 0, { fulfilled: false })]), { outcome: 'running', daemoned: false });
  assert.deepEqual(decide({}, []), { outcome: 'running', daemoned: false });
});
