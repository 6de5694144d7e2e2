/** Schedules in words. */
import { scheduleWords } from '../../engine/template/cron-words.ts';
import type { Phase } from '../document/model.ts';
import { age, shortDuration } from '../ui/time.ts';
import type { Schedule } from './live.ts';

/** @returns `every day at 03:00, every hour` */
export function inWords({ schedules }: Schedule): string {
  return schedules.map(scheduleWords).join('; ');
}

/** How a schedule is: a phase for its mark, and a word. */
export function scheduleState({ ours, suspended, stopped, problems, active }: Schedule): { phase: Phase; word: string } {
  if (problems.length) return { phase: 'Error', word: 'Problem' };
  if (stopped) return { phase: 'Skipped', word: 'Stopped' };
  if (suspended) return { phase: 'Suspended', word: 'Suspended' };
  if (active.length) return { phase: 'Running', word: active.length === 1 ? 'A run is active' : `${active.length} runs are active` };
  return { phase: 'Pending', word: ours ? 'Waits for its time' : 'Watched only' };
}

/** @returns `in 4 m`, or `now` */
export function untilWords(time: string, now: number): string {
  const ms = Date.parse(time) - now;
  return ms <= 0 ? 'now' : `in ${shortDuration(ms)}`;
}

/** @returns `4 m ago`, `yesterday`, `on 12 Nov` */
export function agoWords(time: string, now: number): string {
  const words = age(time, now);
  if (/ [smhd]$/.test(words)) return `${words} ago`;
  return words === 'yesterday' ? words : `on ${words}`;
}

/** @returns the time on a clock of the zone (default: this machine's), with its day: `Tue 10 Mar, 03:00` */
export function inZone(time: string, timezone: string | undefined): string {
  const options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const at = new Date(time);
  try {
    return at.toLocaleString('en-GB', { ...options, ...(timezone !== undefined && { timeZone: timezone }) });
  } catch {
    // A zone that only the engine knows.
    return at.toLocaleString('en-GB', { ...options, timeZone: 'UTC' });
  }
}
