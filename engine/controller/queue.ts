/**
 * The work queue: one task per key at a time, calls for a waiting or running key are coalesced, and no more than
 * `concurrency` keys run at once. A key rests between two runs for as long as `pause` says, so that a storm of events
 * about a large run costs one look, not one per event; the first event after a rest is served at once.
 */
import type { Clock } from '../api.ts';

interface Entry {
  running: boolean;
  /** Asked for again while it ran. */
  again: boolean;
  /** Milliseconds since the epoch of the last start. */
  startedAt: number;
  cancel: (() => void) | undefined;
  queued: boolean;
}

export interface QueueOptions {
  clock: Clock;
  concurrency: number;
  /** Milliseconds between the starts of two runs of a key. */
  pause: (key: string) => number;
  work: (key: string) => Promise<void>;
  onError: (key: string, error: unknown) => void;
}

export class KeyedQueue {
  readonly #options: QueueOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #ready: string[] = [];
  #active = 0;
  #closed = false;
  #pumping = false;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Sees to it that `key` is worked on after this call. */
  add(key: string): void {
    if (this.#closed) return;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { running: false, again: false, startedAt: -Infinity, cancel: undefined, queued: false };
      this.#entries.set(key, entry);
    }
    if (entry.running) entry.again = true;
    else if (!entry.queued && !entry.cancel) this.#arm(key, entry);
  }

  /** Forgets a key: what waits is dropped, what runs ends without a further turn. */
  forget(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.cancel?.();
    this.#entries.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) entry.cancel?.();
    this.#entries.clear();
    this.#ready.length = 0;
  }

  #arm(key: string, entry: Entry): void {
    const rest = entry.startedAt + this.#options.pause(key) - this.#options.clock.now();
    if (rest <= 0) { this.#enqueue(key, entry); return; }
    entry.cancel = this.#options.clock.after(rest, () => {
      entry.cancel = undefined;
      this.#enqueue(key, entry);
    });
  }

  #enqueue(key: string, entry: Entry): void {
    entry.queued = true;
    this.#ready.push(key);
    this.#pump();
  }

  /** One key per turn of the event loop: many runs that are due together do not hold up what else waits. */
  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      if (this.#closed || this.#active >= this.#options.concurrency) return;
      const key = this.#ready.shift();
      if (key === undefined) return;
      const entry = this.#entries.get(key);
      if (entry?.queued) void this.#run(key, entry);
      this.#pump();
    });
  }

  async #run(key: string, entry: Entry): Promise<void> {
    entry.queued = false;
    entry.running = true;
    entry.again = false;
    entry.startedAt = this.#options.clock.now();
    this.#active += 1;
    try {
      await this.#options.work(key);
    } catch (error) {
      this.#options.onError(key, error);
    }
    this.#ended(key, entry);
  }

  #ended(key: string, entry: Entry): void {
    this.#active -= 1;
    entry.running = false;
    if (entry.again && this.#entries.get(key) === entry && !this.#closed) this.#arm(key, entry);
    this.#pump();
  }
}
