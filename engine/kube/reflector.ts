/**
 * Follows a list of objects on an API server over every interruption: a paged list, then a watch from there on, again and
 * again. What it last said is true as of its state: `live` only while a connection is open that has spoken lately.
 */
import { AppError, isAppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import { LineSplitter } from './lines.ts';
import { keyOf } from './port.ts';
import type { ListResult, Subscription, WatchHandler, WatchState } from './port.ts';
import { statusError } from './status.ts';
import type { ApiStatus } from './status.ts';
import { isMap } from './store/json.ts';
import type { Streamed } from './transport.ts';

export interface ReflectorSource {
  list(signal: AbortSignal): Promise<ListResult>;
  /** Opens the watch; the query's time limit is in seconds. */
  open(resourceVersion: string, timeoutSeconds: number, signal: AbortSignal): Promise<Streamed>;
}

export interface ReflectorTimes {
  /** The server ends a watch after a random number of seconds between these two. */
  watchSeconds: [number, number];
  /** Silence after which a connection that had bookmarks counts as dead: an API server sends one a minute. */
  idleMs: number;
  /** Silence that counts as dead before the first bookmark; by default the watch's own time and 30 s. */
  firstIdleMs?: number;
  backoffMs: number;
  backoffCapMs: number;
  /** How long it must have been well for the wait to start small again. */
  healthyMs: number;
  missingMs: number;
  /** The list is read again after this long even if nothing seems wrong. */
  relistMs: number;
  batchMs: number;
}

export const REFLECTOR_TIMES: ReflectorTimes = {
  watchSeconds: [290, 590], idleMs: 90_000, backoffMs: 800, backoffCapMs: 30_000, healthyMs: 60_000, missingMs: 60_000, relistMs: 30 * 60_000, batchMs: 10,
};

const MAX_LINE = 64 * 1024 * 1024;

type Outcome = 'again' | 'relist' | 'stop';

export class Reflector implements Subscription {
  readonly #source: ReflectorSource;
  readonly #handler: WatchHandler;
  readonly #times: ReflectorTimes;
  readonly #ended: () => void;
  #version = '';
  #closed = false;
  #round: AbortController | undefined;
  #wake: (() => void) | undefined;
  #relistAsked = true;
  #failures = 0;
  #liveSince = 0;
  #shortWatches = 0;
  #state: WatchState['state'] | undefined;
  #pending = new Map<string, { object: KubeObject; removed: boolean }>();
  #flushTimer: NodeJS.Timeout | undefined;

  constructor(source: ReflectorSource, handler: WatchHandler, times: ReflectorTimes, ended: () => void) {
    this.#source = source;
    this.#handler = handler;
    this.#times = times;
    this.#ended = ended;
    void this.#run();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#round?.abort();
    this.#wake?.();
    clearTimeout(this.#flushTimer);
    this.#pending.clear();
    this.#ended();
  }

  refresh(): void {
    this.#relistAsked = true;
    this.#failures = 0;
    this.#round?.abort();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    this.#say({ state: 'connecting' });
    while (!this.#closed) {
      const round = new AbortController();
      this.#round = round;
      let outcome: Outcome;
      try {
        outcome = await this.#turn(round.signal);
      } catch (error) {
        outcome = round.signal.aborted ? 'again' : await this.#failed(error);
      }
      if (outcome === 'relist') this.#relistAsked = true;
      if (outcome === 'stop') await this.#sleep(undefined);
    }
  }

  /** One list if needed, and one watch until it ends. */
  async #turn(signal: AbortSignal): Promise<Outcome> {
    if (this.#relistAsked || this.#version === '') {
      this.#relistAsked = false;
      try {
        await this.#list(signal);
      } catch (error) {
        this.#relistAsked = true;
        throw error;
      }
    }
    const [least, most] = this.#times.watchSeconds;
    const seconds = Math.round(least + Math.random() * (most - least));
    const opened = Date.now();
    const outcome = await this.#watch(seconds, signal);
    if (outcome === 'again') await this.#slowIfShort(opened);
    return outcome;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await this.#source.list(signal);
    if (this.#closed || signal.aborted) return;
    this.#pending.clear();
    this.#version = resourceVersion;
    this.#handler.onChange({ upserts: items, removed: [], reset: true });
  }

  async #watch(seconds: number, signal: AbortSignal): Promise<Outcome> {
    const connection = new AbortController();
    const giveUp = () => connection.abort();
    signal.addEventListener('abort', giveUp, { once: true });
    const watchdog = new Watchdog(this.#times.firstIdleMs ?? (seconds + 30) * 1000, giveUp);
    const relist = setTimeout(() => this.refresh(), this.#times.relistMs * (0.8 + Math.random() * 0.4));
    try {
      const { body } = await this.#source.open(this.#version, seconds, connection.signal);
      this.#liveSince = Date.now();
      this.#say({ state: 'live' });
      return await this.#read(body, watchdog);
    } catch (error) {
      if (watchdog.fired) throw new AppError('timeout', 'The API server has been silent for too long.', { cause: error, retryable: true, hint: 'The connection is made anew.' });
      throw error;
    } finally {
      watchdog.stop();
      clearTimeout(relist);
      signal.removeEventListener('abort', giveUp);
      this.#flush();
    }
  }

  async #read(body: Streamed['body'], watchdog: Watchdog): Promise<Outcome> {
    const splitter = new LineSplitter(MAX_LINE);
    try {
      for await (const chunk of body) {
        watchdog.touch();
        for (const line of splitter.push(chunk)) {
          if (line.length === 0) continue;
          const outcome = this.#take(parseEvent(line), watchdog);
          if (outcome !== undefined) return outcome;
        }
        if (this.#closed) return 'stop';
      }
      return 'again';
    } finally {
      body.destroy();
    }
  }

  #take(event: { type: string; object: unknown }, watchdog: Watchdog): Outcome | undefined {
    if (event.type === 'ERROR') {
      const error = statusError(event.object as ApiStatus);
      if (error.code === 'gone') return 'relist';
      throw error;
    }
    const object = event.object as KubeObject;
    const version = object.metadata.resourceVersion;
    if (event.type === 'BOOKMARK') watchdog.limit(this.#times.idleMs);
    else this.#queue(object, event.type === 'DELETED');
    if (version) this.#version = version;
    return undefined;
  }

  #queue(object: KubeObject, removed: boolean): void {
    delete object.metadata['managedFields'];
    const key = keyOf(object);
    const before = this.#pending.get(key);
    // A name that is deleted and made anew goes out as two batches: within one, nobody could tell the order.
    if (before && before.object.metadata.uid !== object.metadata.uid) this.#flush();
    this.#pending.set(key, { object, removed });
    this.#flushTimer ??= setTimeout(() => this.#flush(), this.#times.batchMs);
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#pending.size === 0 || this.#closed) return;
    const entries = [...this.#pending.values()];
    this.#pending = new Map();
    const pick = (removed: boolean) => entries.filter((entry) => entry.removed === removed).map((entry) => entry.object);
    this.#handler.onChange({ upserts: pick(false), removed: pick(true), reset: false });
  }

  /** Watches that end at once, three in a row, are a server or a proxy that must not be asked again without pause. */
  async #slowIfShort(opened: number): Promise<void> {
    this.#shortWatches = Date.now() - opened < 1000 ? this.#shortWatches + 1 : 0;
    if (this.#shortWatches >= 3) await this.#sleep(this.#wait());
  }

  /** Says how it stands and waits before the next try. */
  async #failed(error: unknown): Promise<Outcome> {
    const app = isAppError(error) ? error : new AppError('unavailable', error instanceof Error ? error.message : String(error), { cause: error, retryable: true });
    switch (app.code) {
      case 'gone': return 'relist';
      // A credential that was refused is not shown again and again: plugins would ask the person each time.
      case 'forbidden': case 'unauthorized':
        this.#say({ state: 'forbidden', error: app });
        this.#relistAsked = true;
        return 'stop';
      case 'not-found':
        this.#say({ state: 'missing' });
        await this.#sleep(this.#times.missingMs);
        return 'relist';
      default: {
        const wait = app.retryAfter ?? this.#wait();
        this.#say({ state: 'reconnecting', error: app, retryAt: Date.now() + wait });
        await this.#sleep(wait);
        return 'again';
      }
    }
  }

  /** @returns ms, at random below a limit that doubles with every failure */
  #wait(): number {
    if (this.#liveSince > 0 && Date.now() - this.#liveSince > this.#times.healthyMs) this.#failures = 0;
    this.#liveSince = 0;
    const limit = Math.min(this.#times.backoffMs * 2 ** this.#failures, this.#times.backoffCapMs);
    this.#failures += 1;
    return Math.round(limit / 4 + Math.random() * limit * 0.75);
  }

  #sleep(ms: number | undefined): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #say(state: WatchState): void {
    if (this.#closed || (state.state === this.#state && state.state !== 'reconnecting')) return;
    this.#state = state.state;
    this.#handler.onState?.(state);
  }
}

function parseEvent(line: Buffer): { type: string; object: unknown } {
  let event: unknown;
  try {
    event = JSON.parse(line.toString('utf8'));
  } catch (error) {
    throw new AppError('unavailable', 'The API server sent a line that is no event.', { cause: error, retryable: true });
  }
  if (!isMap(event) || typeof event['type'] !== 'string' || !isMap(event['object'])) throw new AppError('unavailable', 'The API server sent a line that is no event.', { retryable: true });
  if (event['type'] !== 'ERROR' && !isMap(event['object']['metadata'])) throw new AppError('unavailable', 'The API server sent an event without an object.', { retryable: true });
  return { type: event['type'], object: event['object'] };
}

/** Calls back when nothing has been heard for the limit. */
class Watchdog {
  #limitMs: number;
  #last = Date.now();
  #timer: NodeJS.Timeout | undefined;
  readonly #bite: () => void;
  fired = false;

  constructor(limitMs: number, bite: () => void) {
    this.#limitMs = limitMs;
    this.#bite = bite;
    this.#arm();
  }

  touch(): void {
    this.#last = Date.now();
  }

  limit(ms: number): void {
    if (ms === this.#limitMs) return;
    this.#limitMs = ms;
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (Date.now() - this.#last < this.#limitMs) this.#arm();
      else {
        this.fired = true;
        this.#bite();
      }
    }, Math.max(10, this.#last + this.#limitMs - Date.now()));
  }
}
