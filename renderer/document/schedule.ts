/** When a schedule is due, as the form of a CronWorkflow shows it. */
import { CronError, fullSchedule, nextTime, parseSchedule } from '../../engine/template/cron.ts';

/**
 * @param spec of a CronWorkflow as it is written
 * @param after milliseconds since the epoch
 * @returns the next times in milliseconds since the epoch, or what is wrong with a schedule or the time zone
 */
export function nextTimes(spec: unknown, after: number, count: number): number[] | { problem: string } {
  const { schedules, timezone } = (spec ?? {}) as { schedules?: unknown; timezone?: unknown };
  const texts = Array.isArray(schedules) ? schedules.filter((each): each is string => typeof each === 'string') : [];
  try {
    const parsed = texts.map((text) => parseSchedule(fullSchedule(text, typeof timezone === 'string' ? timezone : undefined)));
    const times: number[] = [];
    for (let time = after; times.length < count;) {
      const found = parsed.map((each) => nextTime(each, time)).filter((each) => each !== undefined);
      if (found.length === 0) break;
      time = Math.min(...found);
      times.push(time);
    }
    return times;
  } catch (error) {
    if (error instanceof CronError) return { problem: error.message };
    throw error;
  }
}
