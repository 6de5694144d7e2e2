/** Large things on their way between threads: as JSON in parcels, none of which holds a thread for long. */
import { setImmediate as turn } from 'node:timers/promises';

/** One thing of a kind by its key; without a value it is gone. */
export type Entry = readonly [kind: string, key: string, value?: unknown];

/** Characters after which a parcel is closed: well below a millisecond's work. */
const PARCEL = 64 * 1024;
/** How long a piece of work may hold the thread before others get their turn. */
const HOLD_MS = 4;

/** @returns the entries as JSON texts, each a list of entries */
export function* parcels(entries: Iterable<Entry>): Generator<string> {
  let texts: string[] = [];
  let size = 0;
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    texts.push(text);
    size += text.length;
    if (size < PARCEL) continue;
    yield `[${texts.join(',')}]`;
    texts = [];
    size = 0;
  }
  if (texts.length > 0) yield `[${texts.join(',')}]`;
}

export function opened(parcel: string): Entry[] {
  return JSON.parse(parcel) as Entry[];
}

/** Goes through items, letting others have the thread every few milliseconds; ends early when `work` returns false. */
export async function inTurns<T>(items: Iterable<T>, work: (item: T) => boolean | undefined): Promise<void> {
  let until = performance.now() + HOLD_MS;
  for (const item of items) {
    if (work(item) === false) return;
    if (performance.now() < until) continue;
    await turn();
    until = performance.now() + HOLD_MS;
  }
}
