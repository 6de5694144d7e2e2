import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CronError, fullSchedule, nextTime, parseSchedule } from './cron.ts';
import { cronFires } from './cron-when.ts';

const next = (schedule: string, after: string): string => {
  const time = nextTime(parseSchedule(schedule), Date.parse(after));
  return time === undefined ? 'never' : new Date(time).toISOString();
};

test('the next times of common schedules', () => {
  const cases: [string, string, string][] = [
    ['*/15 * * * *', '2026-03-01T10:07:30Z', '2026-03-01T10:15:00.000Z'], ['0 9 * * mon-fri', '2026-03-06T09:00:00Z', '2026-03-09T09:00:00.000Z'], ['@monthly', '2026-12-31T23:59:59Z', '2027-01-01T00:00:00.000Z'],
    ['0 0 29 feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'], ['0 0 13 * 5', '2026-03-01T00:00:00Z', '2026-03-06T00:00:00.000Z'], ['@every 90s', '2026-03-01T00:00:00Z', '2026-03-01T00:01:30.000Z'], ['0 0 31 2 *', '2026-01-01T00:00:00Z', 'never'],
  ];
  for (const [schedule, after, expected] of cases) assert.equal(next(schedule, after), expected, schedule);
});

test('time zones and their changes', () => {
  assert.equal(next(fullSchedule('30 9 * * *', 'Asia/Tokyo'), '2026-03-01T00:00:00Z'), '2026-03-01T00:30:00.000Z');
  // On that day there is no 02:30 in Berlin.
  assert.equal(next('CRON_TZ=Europe/Berlin 30 2 * * *', '2026-03-28T12:00:00Z'), '2026-03-30T00:30:00.000Z');
});

test('schedules that cannot be read', () => {
  for (const schedule of ['', '* * * *', '60 * * * *', 'a * * * *', '5-1 * * * *', '*/0 * * * *', '1/2/3 * * * *', '@never', '@every x', 'TZ=Nowhere * * * * *', 'TZ=UTC', '0 0 * * 7', '-1 * * * *']) {
    assert.throws(() => parseSchedule(schedule), CronError, schedule);
  }
});

test('a schedule may hang on what happened before', () => {
  const cron = { apiVersion: 'v1', kind: 'CronWorkflow', metadata: { name: 'c', labels: { team: 'x' } }, spec: { workflowSpec: {}, when: "{{=cronworkflow.failed < 3 && cronworkflow.labels.team == 'x'}}" }, status: { failed: 2 } };
  assert.equal(cronFires(cron, 0), true);
  assert.equal(cronFires({ ...cron, status: { failed: 3 } }, 0), false);
});
