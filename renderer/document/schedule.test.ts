import assert from 'node:assert/strict';
import test from 'node:test';
import { nextTimes } from './schedule.ts';

void test('the next times of several schedules in their zone, in order; what cannot be read is said', () => {
  const after = Date.UTC(2026, 0, 1);
  const iso = (found: ReturnType<typeof nextTimes>): unknown => (Array.isArray(found) ? found.map((time) => new Date(time).toISOString()) : found);
  assert.deepEqual(iso(nextTimes({ schedules: ['0 3 * * *', '30 4 * * *'], timezone: 'Europe/Berlin' }, after, 3)), ['2026-01-01T02:00:00.000Z', '2026-01-01T03:30:00.000Z', '2026-01-02T02:00:00.000Z']);
  assert.deepEqual(nextTimes({ schedules: [] }, after, 5), []);
  assert.deepEqual(nextTimes(undefined, after, 5), []);
  assert.ok('problem' in nextTimes({ schedules: ['61 * * * *'] }, after, 5));
  assert.ok('problem' in nextTimes({ schedules: ['0 3 * * *'], timezone: 'Nowhere/Else' }, after, 5));
});
