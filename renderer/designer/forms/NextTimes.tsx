import { CalendarClock, TriangleAlert } from 'lucide-react';
import type { ReactElement } from 'react';
import { nextTimes } from '../../document/schedule.ts';
import { useNow } from '../../ui/parts.tsx';
import { useValue } from './form.tsx';

const COUNT = 5;

/** When the schedule that is being written starts runs next, in its own time zone. */
export function NextTimes(): ReactElement | null {
  const spec = useValue(['spec']) as { timezone?: unknown; suspend?: unknown } | undefined;
  const now = useNow(true, 30_000);
  const found = nextTimes(spec, now, COUNT);
  if (!Array.isArray(found)) return <p className="form-problem warning"><TriangleAlert aria-hidden /> {found.problem}</p>;
  const timeZone = zoneOf(spec?.timezone);
  const format = new Intl.DateTimeFormat(undefined, { timeZone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  return (
    <section className="next-times" aria-label="Next times">
      <h4><CalendarClock aria-hidden />{found.length === 0 ? 'Starts no runs' : spec?.suspend === true ? 'Suspended; would start next' : 'Starts next'}<span className="soft">{found.length === 0 ? '' : timeZone}</span></h4>
      <ol>{found.map((time) => <li key={time}><time dateTime={new Date(time).toISOString()}>{format.format(time)}</time></li>)}</ol>
    </section>
  );
}

/** A zone that the engine knows and the window does not is shown in UTC. */
function zoneOf(name: unknown): string {
  if (typeof name !== 'string' || name === '') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
