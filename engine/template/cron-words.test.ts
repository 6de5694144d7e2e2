import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleWords } from './cron-words.ts';

test('schedules in words', () => {
  const cases: [string, string][] = [
    ['* * * * *', 'every minute'], ['*/5 * * * *', 'every 5 minutes'], ['0 * * * *', 'every hour'], ['15 * * * *', 'every hour at :15'], ['0 */6 * * *', 'every 6 hours'],
    ['0 3 * * *', 'every day at 03:00'], ['30 2 * * 1-5', 'Monday to Friday at 02:30'], ['0 9,17 * * 1', 'every Monday at 09:00, 17:00'], ['0 0 1 * *', 'on day 1 of the month at 00:00'],
    ['0 0 1 1 *', 'on day 1 of the month at 00:00 in January'], ['@daily', 'every day at 00:00'], ['@every 1h30m', 'every 1h30m'], ['*/10 * * * 0,6', 'every 10 minutes, Sunday, Saturday'],
    ['CRON_TZ=Europe/Berlin 0 3 * * *', 'every day at 03:00'], ['5,7 1-9 3 * 2', '5,7 1-9 3 * 2'], ['nonsense', 'nonsense'],
  ];
  for (const [schedule, words] of cases) assert.equal(scheduleWords(schedule), words);
});
