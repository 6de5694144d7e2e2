/** A clock that moves only when told: time for scenarios, simulations and the players of recorded runs. */
import type { Clock } from '../api.ts';

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** Turns of the event loop after which everything that one timer set off has happened. */
const SETTLE_TURNS = 8;
/** Files take real time: before giving up, so much of it. */
const REAL_TURNS = 50;
const REAL_TURN_MS = 4;

/** Turns after which waiting for files is given up. */
const MAX_TURNS = 200_000;

/** @returns whether a file is being read or written, something compressed, or another thread waited for */
function atWork(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq') || resource === 'Zlib' || resource === 'MessagePort');
}

export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param now milliseconds since the epoch */
  constructor(now = Date.parse('2026-01-01T00:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Waits until what was set off by now has happened; files that are being read or written take as long as they take. */
  async settle(): Promise<void> {
    for (let quiet = 0, turns = 0; quiet < SETTLE_TURNS && turns < MAX_TURNS; turns++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      quiet = atWork() ? 0 : quiet + 1;
      if (quiet === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Lets time pass, timer by timer, everything settling in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) await this.#fire(timer);
    this.#now = end;
  }

  /** Lets time pass until `done`, at most `ms`. @returns whether it came true */
  async until(done: () => boolean, ms: number): Promise<boolean> {
    const end = this.#now + ms;
    await this.settle();
    for (let patience = REAL_TURNS; !done();) {
      const timer = this.#next(end);
      if (timer) await this.#fire(timer);
      else if (patience-- > 0) await new Promise((resolve) => setTimeout(resolve, REAL_TURN_MS));
      else return false;
    }
    return true;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.callback();
    await this.settle();
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order))) next = timer;
    return next;
  }
}
