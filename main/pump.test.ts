import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pump } from './pump.ts';
import type { Timers } from './pump.ts';

function manual(): Timers & { pass(ms: number): void } {
  let now = 0;
  let waiting: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    after: (ms, callback) => {
      const entry = { at: now + ms, callback };
      waiting.push(entry);
      return () => { waiting = waiting.filter((other) => other !== entry); };
    },
    pass: (ms) => {
      now += ms;
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { callback } of due) callback();
    },
  };
}

test('the first item goes at once, later ones at most ten times a second, merged', () => {
  const timers = manual();
  const sent: number[][] = [];
  const pump = new Pump<number[]>((item) => sent.push(item), { merge: (a, b) => [...a, ...b] }, timers);
  pump.push([1]);
  assert.deepEqual(sent, [[1]]);
  pump.push([2]);
  pump.push([3]);
  timers.pass(99);
  assert.equal(sent.length, 1);
  timers.pass(1);
  assert.deepEqual(sent, [[1], [2, 3]]);
});

test('a receiver that takes nothing gets no more than two, and then all the rest in one', async () => {
  const timers = manual();
  const sent: number[][] = [];
  const pump = new Pump<number[]>((item) => sent.push(item), { merge: (a, b) => [...a, ...b] }, timers);
  for (let i = 0; i < 100; i += 1) {
    pump.push([i]);
    timers.pass(100);
  }
  assert.equal(sent.length, 2);
  let drained = false;
  const wait = pump.drained().then(() => { drained = true; });
  await Promise.resolve();
  assert.equal(drained, false);
  pump.taken();
  await wait;
  assert.equal(sent.length, 3);
  assert.deepEqual(sent.flat(), Array.from({ length: 100 }, (_, i) => i));
});

test('an item that is too large goes in parts, at the same pace, and what comes meanwhile joins the rest', async () => {
  const timers = manual();
  const sent: number[][] = [];
  const pump = new Pump<number[]>((item) => sent.push(item), { merge: (a, b) => [...a, ...b], split: (item) => (item.length > 2 ? [item.slice(0, 2), item.slice(2)] : [item]) }, timers);
  pump.push([1, 2, 3, 4, 5]);
  assert.deepEqual(sent, [[1, 2]]);
  pump.push([6]);
  timers.pass(100);
  assert.deepEqual(sent, [[1, 2], [3, 4]]);
  let drained = false;
  const wait = pump.drained().then(() => { drained = true; });
  timers.pass(500);
  await Promise.resolve();
  assert.equal(drained, false);
  pump.taken();
  await wait;
  assert.deepEqual(sent, [[1, 2], [3, 4], [5, 6]]);
});

test('without a merge every item is sent, in order', () => {
  const timers = manual();
  const sent: string[] = [];
  const pump = new Pump<string>((item) => sent.push(item), {}, timers);
  for (const item of ['a', 'b', 'c']) pump.push(item);
  timers.pass(100);
  assert.deepEqual(sent, ['a', 'b', 'c']);
});

test('a closed pump sends nothing and holds nobody up', async () => {
  const timers = manual();
  const sent: number[] = [];
  const pump = new Pump<number>((item) => sent.push(item), { merge: (_a, b) => b }, timers);
  pump.push(1);
  pump.push(2);
  const wait = pump.drained();
  pump.close();
  await wait;
  timers.pass(1000);
  assert.deepEqual(sent, [1]);
});
