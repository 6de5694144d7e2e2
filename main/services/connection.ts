/**
 * The connection of one context, as a state machine:
 *
 *   idle ─connect→ connecting ─ok→ online ─two failed probes→ degraded ─ok→ online
 *                  connecting ─401→ auth-needed      (waits for the person)
 *                  connecting ─no rights→ no-rights  (usable in another namespace)
 *                  connecting ─no answer→ offline ─3 tries→ offline, waits for the person, a wake-up or the network
 *
 * Nothing is asked of a context that nobody opened: signing in may open a browser, and retries may lock a user out.
 */
import type { Cluster } from '../../engine/index.ts';
import { AppError, isAppError } from '../../engine/spec/error.ts';
import type { ContextState } from '../ipc/contract.ts';
import type { Timers } from '../pump.ts';

const PROBE_MS = 30_000;
const SECOND_PROBE_MS = 15_000;
const FIRST_TRIES_MS = [1_000, 4_000, 15_000];
const ANSWER_MS = 20_000;

export interface ConnectionOptions {
  /** Makes the client; may read files and run a credential plugin. */
  open: () => Promise<Cluster>;
  /** The namespace whose rights say whether the context can be used as it is. */
  namespace: string;
  timers: Timers;
  /** Between 0 and 1: spreads retries of several contexts. */
  random: () => number;
  onChange: (state: ContextState) => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  #state: ContextState = { state: 'idle' };
  #cluster: Promise<Cluster> | undefined;
  #attempt: Promise<void> | undefined;
  #failures = 0;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ContextState { return this.#state; }

  /** Connects, or tries again. Settles when the state is known; never throws. */
  connect(): Promise<void> {
    if (this.#state.state === 'online' || this.#state.state === 'no-rights') return Promise.resolve();
    this.#failures = 0;
    return this.#try();
  }

  /** @returns the client. Throws what keeps the context from being used. */
  async cluster(): Promise<Cluster> {
    if (this.#state.state === 'idle') await this.#try();
    else if (this.#attempt && this.#state.state === 'connecting') await this.#attempt;
    const { state, message } = this.#state;
    if (this.#cluster && (state === 'online' || state === 'degraded' || state === 'no-rights')) return await this.#cluster;
    throw new AppError(state === 'auth-needed' ? 'unauthorized' : 'unreachable', message ?? 'The cluster is not connected.', { retryable: true, hint: 'Press the context to connect again.' });
  }

  /** After sleep or a change of network: old connections are dropped, and what was given up is tried once more. */
  async wake(): Promise<void> {
    if (this.#state.state === 'idle' || this.#closed) return;
    (await this.#cluster?.catch(() => undefined))?.reconnect();
    await this.#try();
  }

  /** The person may do something somewhere, so the context is of use. */
  usable(): void {
    if (this.#state.state !== 'no-rights') return;
    const state: ContextState = { ...this.#state, state: 'online' };
    delete state.message;
    this.#set(state);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.#cluster?.then((cluster) => cluster.close(), () => undefined);
  }

  #try(): Promise<void> {
    return this.#attempt ??= this.#probe().finally(() => { this.#attempt = undefined; });
  }

  async #probe(): Promise<void> {
    this.#cancelTimer?.();
    const established = this.#state.state === 'online' || this.#state.state === 'degraded' || this.#state.state === 'no-rights';
    if (!established) this.#set({ state: 'connecting' });
    const { timers } = this.#options;
    try {
      const cluster = await (this.#cluster ??= this.#open());
      const start = timers.now();
      const version = await this.#withLimit(cluster.version());
      const latencyMs = Math.round(timers.now() - start);
      this.#failures = 0;
      const state: ContextState = { state: 'online', latencyMs, serverVersion: version.gitVersion };
      if (this.#state.state === 'no-rights') this.#set({ ...this.#state, latencyMs });
      else if (established || await this.#mayAnything(cluster)) this.#set(state);
      else this.#set({ ...state, state: 'no-rights', message: `You may neither see nor create Pods or workflows in namespace ${this.#options.namespace}. Choose a namespace that is yours, or ask for the right to create Pods.` });
      this.#again(PROBE_MS);
    } catch (error) {
      this.#failed(error, established);
    }
  }

  #failed(error: unknown, established: boolean): void {
    this.#failures += 1;
    const message = error instanceof Error ? error.message : String(error);
    if (isAppError(error, 'unauthorized')) {
      // A new client reads the credentials anew at the next try.
      this.#forget();
      this.#set({ state: 'auth-needed', message: error.hint ? `${message} ${error.hint}` : `${message} Sign in to the cluster again, then connect.` });
      return;
    }
    if (isAppError(error) && !error.retryable && !established && error.code !== 'unreachable' && error.code !== 'timeout') {
      this.#forget();
      this.#set({ state: 'offline', message: error.hint ? `${message} ${error.hint}` : message });
      return;
    }
    if (established) {
      if (this.#failures >= 2) this.#set({ ...this.#state, state: 'degraded', message: `${message} What is shown is the last known state.` });
      this.#again(this.#failures === 1 ? SECOND_PROBE_MS : Math.min(60_000, SECOND_PROBE_MS * 2 ** (this.#failures - 2)));
      return;
    }
    const wait = FIRST_TRIES_MS[this.#failures - 1];
    this.#set({ state: 'offline', message: wait === undefined ? `${message} Press the context to try again.` : message });
    if (wait !== undefined) this.#again(wait);
  }

  async #open(): Promise<Cluster> {
    try {
      return await this.#options.open();
    } catch (error) {
      // The next try opens anew.
      this.#cluster = undefined;
      throw error;
    }
  }

  #forget(): void {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    void cluster?.then((client) => client.close(), () => undefined);
  }

  #again(ms: number): void {
    if (this.#closed) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.timers.after(ms * (0.9 + 0.2 * this.#options.random()), () => { void this.#try(); });
  }

  async #mayAnything(cluster: Cluster): Promise<boolean> {
    const { namespace } = this.#options;
    const asked = [
      { verb: 'create', group: '', resource: 'pods', namespace },
      { verb: 'list', group: '', resource: 'pods', namespace },
      { verb: 'list', group: 'argoproj.io', resource: 'workflows', namespace },
    ];
    const answers = await Promise.all(asked.map((review) => cluster.can(review).catch(() => true)));
    return answers.some(Boolean);
  }

  async #withLimit<T>(promise: Promise<T>): Promise<T> {
    let cancel: (() => void) | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      cancel = this.#options.timers.after(ANSWER_MS, () => { reject(new AppError('timeout', `The cluster gave no answer for ${ANSWER_MS / 1000} seconds.`, { retryable: true })); });
    });
    try {
      return await Promise.race([promise, limit]);
    } finally {
      cancel?.();
    }
  }

  #set(state: ContextState): void {
    if (this.#closed) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}
