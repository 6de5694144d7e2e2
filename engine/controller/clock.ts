/** Time as the engine's shell sees it. */
import type { Clock } from '../api.ts';

/** Longer timers overflow in Node and fire at once; waking early is harmless, since whoever wakes looks at the clock. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** @returns a promise that resolves after `ms` on this clock, or at once when `signal` aborts */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) { resolve(); return; }
    const onAbort = (): void => {
      cancel();
      resolve();
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** @returns milliseconds since the epoch as RFC 3339 in UTC with whole seconds, as Kubernetes writes its times */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** @returns milliseconds to wait before the `attempt`-th new try (1-based): 0.5 s doubling up to 30 s */
export function backoff(attempt: number): number {
  return Math.min(30_000, 500 * 2 ** Math.min(10, attempt - 1));
}
