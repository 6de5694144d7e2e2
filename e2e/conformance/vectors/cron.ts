/** Schedules of CronWorkflows, against robfig/cron as Argo calls it. */
import { following, fullSchedule, parseSchedule } from '../../../engine/template/cron.ts';
import { formatTime, loadLocation, parseTime, RFC3339, RFC3339_NANO, type GoTime } from '../../../engine/template/go.ts';
import { answerOf, difference, first, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  const schedule = String(vector.schedule);
  const timezone = String(vector.timezone);
  const full = fullSchedule(schedule, timezone);
  const alone = vector.panic === undefined ? difference('validatorScheduleError', answerOf(() => parseSchedule(schedule)).error, vector.validatorScheduleError) : undefined;
  const zone = difference('validatorTimezoneError', answerOf(() => loadLocation(timezone)).error, vector.validatorTimezoneError);
  const { value, error } = answerOf(() => times(full, String(vector.from)));
  if (vector.panic !== undefined) return error === undefined ? 'must fail' : undefined;
  return first(difference('fullSchedule', full, vector.fullSchedule), difference('error', error, vector.error), difference('next', value, vector.next), alone, zone);
}

function times(schedule: string, from: string): string[] {
  const parsed = parseSchedule(schedule);
  const found: string[] = [];
  let last: GoTime = parseTime(RFC3339_NANO, from);
  while (found.length < 5) {
    const next = following(parsed, last);
    if (next === undefined) return [...found, 'zero'];
    found.push(formatTime(next, RFC3339));
    last = next;
  }
  return found;
}
