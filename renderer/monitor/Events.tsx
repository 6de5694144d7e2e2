import { Info, RefreshCw, TriangleAlert } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import type { KubeObject } from '../../engine/spec/kubernetes.ts';
import { asUiError, invoke } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { usePlace } from '../app/store.ts';
import { Button, EmptyState, ErrorState, Loading, useNow } from '../ui/parts.tsx';
import { age, exact } from '../ui/time.ts';

/** Milliseconds between two looks while the run goes on. */
const LOOK_MS = 5000;

interface EventLine {
  id: string;
  warning: boolean;
  reason: string;
  message: string;
  about: string;
  time: string;
  count: number;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** An Event of either API (core or events.k8s.io), as a line. */
function lineOf(object: KubeObject): EventLine {
  const event = object as unknown as Record<string, unknown>;
  const about = (event.involvedObject ?? event.regarding ?? {}) as Record<string, unknown>;
  const time = text(event.lastTimestamp) || text(event.eventTime) || text(event.firstTimestamp) || text(object.metadata.creationTimestamp);
  return {
    id: object.metadata.uid ?? object.metadata.name ?? time, warning: event.type === 'Warning', reason: text(event.reason), message: text(event.message) || text(event.note),
    about: [text(about.kind), text(about.name)].filter(Boolean).join(' '), time, count: typeof event.count === 'number' ? event.count : 1,
  };
}

/** What the cluster said about a run or a step, newest first. */
export function Events({ name, nodeId, live }: { name: string; nodeId?: string; live: boolean }): ReactElement {
  const { contextId, namespace } = usePlace();
  const [events, setEvents] = useState<EventLine[]>();
  const [error, setError] = useState<UiError>();
  const now = useNow(true, LOOK_MS);
  const look = useCallback(() => {
    invoke('runs.events', { contextId, namespace, name, ...(nodeId === undefined ? {} : { nodeId }) }).then(
      (objects) => { setEvents(objects.map(lineOf).sort((a, b) => b.time.localeCompare(a.time))); setError(undefined); },
      (reason: unknown) => { setError(asUiError(reason)); },
    );
  }, [contextId, namespace, name, nodeId]);
  useEffect(() => {
    look();
    if (!live) return;
    const timer = setInterval(look, LOOK_MS);
    return () => { clearInterval(timer); };
  }, [look, live]);
  if (error && !events) return <ErrorState title="Events could not be read" hint={error.hint} raw={error.message} actions={<Button onClick={look}><RefreshCw aria-hidden />Try again</Button>} />;
  if (!events) return <Loading words="Reading events" />;
  if (events.length === 0) return <EmptyState icon={<Info aria-hidden />} title="No events">Kubernetes keeps events for about an hour; older ones are gone.</EmptyState>;
  return (
    <ul className="events" aria-label="Events" tabIndex={0}>
      {events.map((event) => (
        <li key={event.id} className={event.warning ? 'c-Suspended' : 'c-Pending'}>
          {event.warning ? <TriangleAlert aria-label="Warning" /> : <Info aria-hidden />}
          <div className="grow text"><b>{event.reason}</b>{event.count > 1 ? <span className="badge">×{event.count}</span> : null} <span className="soft">{event.about}</span><p>{event.message}</p></div>
          <time className="soft" title={exact(event.time)}>{age(event.time, now)}</time>
        </li>
      ))}
    </ul>
  );
}
