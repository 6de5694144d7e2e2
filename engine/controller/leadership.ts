/**
 * One engine per namespace and storage. The lease says who; it is renewed while the engine runs, given back when it
 * ends, and taken over when its holder has not renewed it for its duration.
 */
import type { Clock, EngineHolder } from '../api.ts';
import { isAppError } from '../spec/error.ts';
import { timestamp } from './clock.ts';
import type { LeaseRecord, LeaseRecords } from './storage.ts';

const DURATION_SECONDS = 30;
const RENEW_MS = 10_000;
/** Another's lease is looked at this often, so that runs do not rest long when its holder leaves. */
const FOLLOW_MS = 2_000;
const SOON_MS = 500;
/** Tries of one round while others keep being faster. */
const RACE_TRIES = 5;
const FORBIDDEN_RETRY_MS = 5 * 60_000;
/** Without a renewal for so long the engine stands back, before another may take over. */
const STAND_BACK_MS = 22_000;
/** Clocks of two machines differ by less than this: older leases are dead whatever the clocks say. */
const CLOCK_SKEW_MS = 5 * 60_000;

export interface LeadershipOptions {
  records: LeaseRecords;
  /** `user@host/INSTALLATION/PID/SERIAL`; what is before the slash is shown to people. */
  identity: string;
  clock: Clock;
  onChange: (holder: EngineHolder) => void;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  #holder: EngineHolder = { state: 'none', reason: 'not started' };
  #record: LeaseRecord | undefined;
  #renewedAt = 0;
  /** The other's record as first seen, and when, by our clock. */
  #seen: { version: string; at: number } | undefined;
  #cancel: () => void = () => undefined;
  #closed = false;
  #first: Promise<void> | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get holder(): EngineHolder {
    return this.#holder;
  }

  /** Tries to take the lease; goes on renewing or trying until `stop`. Asked again, it only waits until the first try has ended. */
  async start(): Promise<EngineHolder> {
    this.#first ??= this.#round();
    await this.#first;
    return this.#holder;
  }

  /** Gives the lease back. */
  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#turn;
    const record = this.#record;
    if (this.#holder.state === 'us' && record) await this.#options.records.clear(record).catch(() => undefined);
    this.#set({ state: 'none', reason: 'stopped' });
  }

  #round(): Promise<void> {
    this.#turn = this.#race().then(() => (this.#holder.state === 'other' ? FOLLOW_MS : RENEW_MS), (error: unknown) => this.#failed(error)).then((next) => {
      if (!this.#closed) this.#cancel = this.#options.clock.after(next, () => void this.#round());
    });
    return this.#turn;
  }

  /** Of several engines that begin at once all but one find the lease taken between their look and their write: they look again, and follow. */
  async #race(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#attempt();
        return;
      } catch (error) {
        if (this.#holder.state === 'us' || this.#closed || tries >= RACE_TRIES || !isLost(error)) throw error;
        this.#record = undefined;
      }
    }
  }

  async #attempt(): Promise<void> {
    const { records, identity, clock } = this.#options;
    // While it is ours, writing over the version we wrote is enough: a conflict says that another took it.
    const current = this.#holder.state === 'us' && this.#record ? this.#record : await records.read();
    if (current && current.holder !== identity && !this.#abandoned(current)) {
      this.#record = undefined;
      this.#set({ state: 'other', identity: shown(current.holder), renewedAt: timestamp(current.renewedAt) });
      return;
    }
    this.#record = await records.write({ holder: identity, renewedAt: clock.now(), durationSeconds: DURATION_SECONDS }, current);
    this.#renewedAt = clock.now();
    this.#set({ state: 'us' });
  }

  #abandoned(record: LeaseRecord): boolean {
    const now = this.#options.clock.now();
    if (record.holder === '' || this.#ownDead(record.holder)) return true;
    if (this.#seen?.version !== record.version) this.#seen = { version: record.version, at: now };
    return now - this.#seen.at >= record.durationSeconds * 1000 || now - record.renewedAt > CLOCK_SKEW_MS + record.durationSeconds * 1000;
  }

  /** The holder was a process of this very installation that is no more: an app that crashed and was started again. */
  #ownDead(holder: string): boolean {
    const [who, installation, pid] = holder.split('/');
    const [we, ours] = this.#options.identity.split('/');
    if (!pid || who !== we || installation !== ours) return false;
    try {
      process.kill(Number(pid), 0);
      return false;
    } catch (error) {
      return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
  }

  /** @returns milliseconds until the next try */
  #failed(error: unknown): number {
    if (isAppError(error, 'forbidden')) {
      this.#record = undefined;
      this.#set({ state: 'us', reason: 'You may not use leases in this namespace, so another engine would not be noticed. The right to get, create and update leases (coordination.k8s.io) changes this.' });
      return FORBIDDEN_RETRY_MS;
    }
    if (isLost(error)) {
      // Somebody was faster, or the lease was deleted: look again soon.
      this.#record = undefined;
      if (this.#holder.state === 'us') this.#set({ state: 'none', reason: 'Another engine took over.' });
      return SOON_MS;
    }
    if (this.#holder.state !== 'us' || this.#options.clock.now() - this.#renewedAt >= STAND_BACK_MS) {
      this.#record = undefined;
      this.#set({ state: 'none', reason: `The lease cannot be renewed: ${error instanceof Error ? error.message : String(error)}` });
    }
    return RENEW_MS;
  }

  #set(holder: EngineHolder): void {
    const before = this.#holder;
    this.#holder = holder;
    if (before.state !== holder.state || (before.state === 'other' && holder.state === 'other' && before.identity !== holder.identity)) this.#options.onChange(holder);
  }
}

/** @returns whether the lease is no longer as it was read */
function isLost(error: unknown): boolean {
  return isAppError(error, 'conflict') || isAppError(error, 'already-exists') || isAppError(error, 'not-found');
}

/** @returns the part of an identity that people read */
export function shown(identity: string): string {
  return identity.split('/')[0] ?? identity;
}
