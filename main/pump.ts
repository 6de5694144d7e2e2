/**
 * Carries the items of one stream to a receiver that says when it took one: at most ten times a second, never more than
 * a few ahead of it. What comes meanwhile is merged into one item where items can be, so a slow window costs little memory
 * and loses nothing.
 */
const INTERVAL_MS = 100;
const AHEAD = 2;

export interface Timers {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

export const realTimers: Timers = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => { clearTimeout(timer); };
  },
};

/** What a stream's items allow. */
export interface Shape<T> {
  /** Two items as one. */
  merge?: ((older: T, newer: T) => T) | undefined;
  /** An item that would hold the thread, as a first part and the rest; as one part when it is small. */
  split?: ((item: T) => [first: T, rest?: T]) | undefined;
}

export class Pump<T> {
  readonly #send: (item: T) => void;
  readonly #shape: Shape<T>;
  readonly #timers: Timers;
  #pending: T[] = [];
  #ahead = 0;
  #lastSent = -Infinity;
  #cancelTimer: (() => void) | undefined;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(send: (item: T) => void, shape: Shape<T> = {}, timers: Timers = realTimers) {
    this.#send = send;
    this.#shape = shape;
    this.#timers = timers;
  }

  push(item: T): void {
    if (this.#closed) return;
    const [older] = this.#pending;
    if (older !== undefined && this.#shape.merge) this.#pending = [this.#shape.merge(older, item)];
    else this.#pending.push(item);
    this.#schedule();
  }

  /** The receiver took one item. */
  taken(): void {
    this.#ahead = Math.max(0, this.#ahead - 1);
    this.#schedule();
  }

  /** @returns when nothing waits to be sent: a source that can wait should, before it reads on */
  drained(): Promise<void> {
    if (!this.#pending.length || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#closed = true;
    this.#pending = [];
    this.#cancelTimer?.();
    this.#release();
  }

  #schedule(): void {
    if (this.#closed || !this.#pending.length || this.#ahead >= AHEAD || this.#cancelTimer) return;
    const wait = this.#lastSent + INTERVAL_MS - this.#timers.now();
    if (wait <= 0) this.#flush();
    else this.#cancelTimer = this.#timers.after(wait, () => { this.#flush(); });
  }

  #flush(): void {
    this.#cancelTimer = undefined;
    const items = this.#pending;
    this.#pending = [];
    this.#lastSent = this.#timers.now();
    for (const item of items) {
      const [first, rest] = this.#shape.split?.(item) ?? [item];
      this.#ahead += 1;
      this.#send(first);
      if (rest !== undefined) this.#pending.push(rest);
    }
    if (this.#pending.length) this.#schedule();
    else this.#release();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
