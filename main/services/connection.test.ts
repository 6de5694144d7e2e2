import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { ContextState } from '../ipc/contract.ts';
import { Connection } from './connection.ts';

type Answer = 'ok' | AppError | 'never';

/** A cluster whose answers to `version` are given, a clock of its own, and the states that were announced. */
function world(answers: Answer[], may = true) {
  let now = 0;
  let waiting: { at: number; callback: () => void }[] = [];
  const states: ContextState[] = [];
  const seen = { opened: 0, probes: 0, reconnects: 0, closed: 0 };
  const cluster = {
    version: () => {
      seen.probes += 1;
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === 'never') return new Promise(() => undefined);
      return answer instanceof AppError ? Promise.reject(answer) : Promise.resolve({ major: 1, minor: 34, gitVersion: 'v1.34.4' });
    },
    can: () => Promise.resolve(may),
    reconnect: () => { seen.reconnects += 1; },
    close: () => { seen.closed += 1; return Promise.resolve(); },
  } as unknown as Cluster;
  const connection = new Connection({
    open: () => { seen.opened += 1; return Promise.resolve(cluster); },
    namespace: 'default', random: () => 0.5, onChange: (state) => states.push(state),
    timers: {
      now: () => now,
      after: (ms, callback) => {
        const entry = { at: now + ms, callback };
        waiting.push(entry);
        return () => { waiting = waiting.filter((other) => other !== entry); };
      },
    },
  });
  const settle = async (): Promise<void> => { for (let i = 0; i < 20; i += 1) await Promise.resolve(); };
  const pass = async (ms: number): Promise<void> => {
    await settle();
    const end = now + ms;
    for (;;) {
      const next = waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      now = next.at;
      waiting = waiting.filter((other) => other !== next);
      next.callback();
      await settle();
    }
    now = end;
  };
  return { connection, states, seen, pass, names: () => states.map(({ state }) => state) };
}

const unreachable = new AppError('unreachable', 'No answer from 10.0.0.1.', { retryable: true });
const unauthorized = new AppError('unauthorized', 'The token has expired.');

test('nothing is asked of a context that nobody opened', async () => {
  const { seen, pass, states } = world(['ok']);
  await pass(3_600_000);
  assert.deepEqual([seen.opened, seen.probes, states.length], [0, 0, 0]);
});

test('connects and says version and latency, then looks again every half minute', async () => {
  const { connection, names, states, seen, pass } = world(['ok']);
  await connection.connect();
  assert.deepEqual(names(), ['connecting', 'online']);
  assert.equal(states[1]?.serverVersion, 'v1.34.4');
  await pass(61_000);
  assert.equal(seen.probes, 3);
  assert.equal(connection.state.state, 'online');
});

test('two connects at once are one', async () => {
  const { connection, seen } = world(['ok']);
  await Promise.all([connection.connect(), connection.connect(), connection.cluster()]);
  assert.deepEqual([seen.opened, seen.probes], [1, 1]);
});

test('an unreachable cluster is tried three more times, then waits for the person', async () => {
  const { connection, seen, pass } = world([unreachable]);
  await connection.connect();
  assert.equal(connection.state.state, 'offline');
  await pass(3_600_000);
  assert.equal(seen.probes, 4);
  assert.match(connection.state.message ?? '', /No answer.*try again/);
  await assert.rejects(connection.cluster(), { code: 'unreachable' });
  assert.equal(seen.probes, 4, 'asking for the client alone does not try');
});

test('a wake-up tries what was given up once more', async () => {
  const { connection, seen, pass } = world([unreachable, unreachable, unreachable, unreachable, 'ok']);
  await connection.connect();
  await pass(3_600_000);
  await connection.wake();
  assert.equal(connection.state.state, 'online');
  assert.equal(seen.reconnects, 1);
});

test('a wake-up leaves an idle context alone', async () => {
  const { connection, seen } = world(['ok']);
  await connection.wake();
  assert.equal(seen.opened, 0);
});

test('expired credentials are not retried: a new client is made when the person connects', async () => {
  const { connection, seen, pass } = world([unauthorized, 'ok']);
  await connection.connect();
  assert.equal(connection.state.state, 'auth-needed');
  await pass(3_600_000);
  assert.equal(seen.probes, 1);
  await assert.rejects(connection.cluster(), { code: 'unauthorized' });
  await connection.connect();
  assert.equal(connection.state.state, 'online');
  assert.deepEqual([seen.opened, seen.closed], [2, 1]);
});

test('one failed look changes nothing, the second marks what is shown as old, and it heals by itself', async () => {
  const { connection, pass, names } = world(['ok', unreachable, unreachable, unreachable, 'ok']);
  await connection.connect();
  await pass(31_000);
  assert.equal(connection.state.state, 'online');
  await pass(16_000);
  assert.equal(connection.state.state, 'degraded');
  assert.match(connection.state.message ?? '', /last known/);
  await assert.doesNotReject(connection.cluster(), 'the last known state can still be read');
  await pass(120_000);
  assert.equal(connection.state.state, 'online');
  assert.equal(connection.state.message, undefined);
  assert.ok(!names().includes('offline'));
});

test('a cluster that never answers is given up after 20 seconds', async () => {
  const { connection, pass } = world(['never']);
  void connection.connect();
  await pass(19_000);
  assert.equal(connection.state.state, 'connecting');
  await pass(1_500);
  assert.equal(connection.state.state, 'offline');
  assert.match(connection.state.message ?? '', /no answer for 20 seconds/);
});

test('who may do nothing here is told so, and can still work elsewhere', async () => {
  const { connection } = world(['ok'], false);
  await connection.connect();
  assert.equal(connection.state.state, 'no-rights');
  assert.match(connection.state.message ?? '', /namespace default/);
  await assert.doesNotReject(connection.cluster());
  connection.usable();
  assert.deepEqual([connection.state.state, connection.state.message], ['online', undefined]);
});

test('a client that could not be made is made anew at the next try', async () => {
  let opened = 0;
  const connection = new Connection({
    open: () => {
      opened += 1;
      return Promise.reject(new AppError('unavailable', 'Another program uses this folder.'));
    },
    namespace: 'default', random: () => 0, onChange: () => undefined, timers: { now: () => 0, after: () => () => undefined },
  });
  await connection.connect();
  await connection.connect();
  assert.equal(opened, 2);
  assert.match(connection.state.message ?? '', /Another program/);
});

test('a context that is wrong by itself is not tried again and again', async () => {
  const { connection, seen, pass } = world([new AppError('invalid', 'The context names a cluster that is not in the file.')]);
  await connection.connect();
  await pass(3_600_000);
  assert.deepEqual([connection.state.state, seen.probes], ['offline', 1]);
});

test('after the end nothing is announced', async () => {
  const { connection, states, pass, seen } = world(['ok']);
  await connection.connect();
  await connection.close();
  const before = states.length;
  await pass(3_600_000);
  assert.deepEqual([states.length, seen.probes, seen.closed], [before, 1, 1]);
});
