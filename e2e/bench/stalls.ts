/** How long the thread was held at a time: what a window of the same process would feel. */
import { readFileSync } from 'node:fs';

export interface Stalls {
  /** Longest time in ms between two turns of a 2 ms ticker, less its 2 ms. */
  longest: number;
  /** Of one such time, the most that this thread itself computed (ms): what is left when others on the machine are taken off. Undefined where no system says. */
  computed: number | undefined;
  /** How often more than 30 ms were computed at a time. */
  above30: number;
}

const TICK_MS = 2;
/** The main thread's own number is the process's. */
const SCHEDULE = `/proc/self/task/${process.pid}/schedstat`;

/** Milliseconds that the main thread has computed so far. */
function computed(): number | undefined {
  try {
    return Number(readFileSync(SCHEDULE, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined;
  }
}

/** Begins to watch this thread, which has to be the main one. @returns what ends it */
export function watchStalls(): () => Stalls {
  const stalls: Stalls = { longest: 0, computed: undefined, above30: 0 };
  let at = performance.now();
  let worked = computed();
  const tick = (): void => {
    const now = performance.now();
    const work = computed();
    stalls.longest = Math.max(stalls.longest, now - at - TICK_MS);
    const own = work === undefined || worked === undefined ? undefined : work - worked;
    if (own !== undefined) stalls.computed = Math.max(stalls.computed ?? 0, own);
    if ((own ?? now - at) > 30) stalls.above30 += 1;
    at = now;
    worked = work;
    timer = setTimeout(tick, TICK_MS);
  };
  let timer = setTimeout(tick, TICK_MS);
  return () => {
    clearTimeout(timer);
    return stalls;
  };
}
