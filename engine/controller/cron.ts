/**
 * The CronWorkflows of a namespace while this engine leads it: looks when a time is due, when they or their runs change,
 * and every ten seconds; what to do is decided by operate/cron.ts.
 */
import type { Clock, EngineOptions } from '../api.ts';
import { beyondHistory, childOf, decideCron, reconcileCron, recordError, recordFired } from '../operate/cron.ts';
import type { Subscription } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import { INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { CronWorkflow, Workflow } from '../spec/types.ts';
import type { Definitions } from './definitions.ts';
import { KeyedQueue } from './queue.ts';
import { malformedOf } from './typed.ts';

export interface CronOptions {
  namespace: string;
  definitions: Definitions;
  clock: Clock;
  log: NonNullable<EngineOptions['log']>;
  leads: () => boolean;
  /** All runs of the namespace are known. */
  runsKnown: () => boolean;
  runs: () => Iterable<Workflow>;
  /** Checks and creates a run. */
  submit: (run: Workflow) => Promise<Workflow>;
  terminate: (run: string) => Promise<void>;
  remove: (run: string) => Promise<void>;
}

interface Followed {
  cron: CronWorkflow;
  /** The spec that `since` counts for. */
  spec: string;
  /** Times after this one are due, in ms since the epoch; undefined before the first look. */
  since: number | undefined;
  cancel: () => void;
}

const SYNC_MS = 10_000;
const CRONS_AT_ONCE = 8;
const LOOK_REST_MS = 50;
/** A timer is set for no longer than this: the next look sets another. */
const TIMER_MS = 60 * 60_000;

export class CronController {
  readonly #options: CronOptions;
  readonly #crons = new Map<string, Followed>();
  readonly #queue: KeyedQueue;
  readonly #subscription: Subscription;
  #cancelSync: () => void = () => undefined;

  constructor(options: CronOptions) {
    this.#options = options;
    this.#queue = new KeyedQueue({
      clock: options.clock, concurrency: CRONS_AT_ONCE, pause: () => LOOK_REST_MS, work: (name) => this.#look(name),
      onError: (name, error) => options.log({ level: 'warn', message: `cron workflow ${name}: ${error instanceof Error ? error.message : String(error)}` }),
    });
    this.#subscription = options.definitions.watch('CronWorkflow', options.namespace, {
      onChange: ({ upserts, removed, reset }) => {
        const present = new Set(upserts.map(({ metadata }) => metadata.name ?? ''));
        if (reset) for (const name of this.#crons.keys()) if (!present.has(name)) this.#drop(name);
        for (const { metadata } of removed) this.#drop(metadata.name ?? '');
        for (const cron of upserts) this.#take(cron as CronWorkflow);
      },
    });
    this.#sync();
  }

  /** Runs came, went or ended. */
  lookAgain(cronWorkflow: string): void {
    if (this.#crons.has(cronWorkflow)) this.#queue.add(cronWorkflow);
  }

  /** Another engine leads, or this one again: times that passed meanwhile were not this one's. */
  restart(): void {
    for (const [name, followed] of this.#crons) {
      followed.since = undefined;
      this.#queue.add(name);
    }
  }

  close(): void {
    this.#subscription.close();
    this.#cancelSync();
    for (const name of [...this.#crons.keys()]) this.#drop(name);
    this.#queue.close();
  }

  #sync(): void {
    for (const name of this.#crons.keys()) this.#queue.add(name);
    this.#cancelSync = this.#options.clock.after(SYNC_MS, () => this.#sync());
  }

  #take(cron: CronWorkflow): void {
    const name = cron.metadata.name ?? '';
    const known = this.#crons.get(name);
    // One that cannot be read starts nothing; lists say what is wrong with it.
    if (cron.metadata.labels?.[LABEL.instanceId] !== INSTANCE_ID || malformedOf(cron)) {
      this.#drop(name);
      return;
    }
    const spec = JSON.stringify(cron.spec);
    const since = known && known.cron.metadata.uid === cron.metadata.uid && known.spec === spec ? known.since : undefined;
    known?.cancel();
    this.#crons.set(name, { cron, spec, since, cancel: () => undefined });
    this.#queue.add(name);
  }

  #drop(name: string): void {
    this.#crons.get(name)?.cancel();
    this.#crons.delete(name);
    this.#queue.forget(name);
  }

  async #look(name: string): Promise<void> {
    const { clock, leads, runsKnown } = this.#options;
    const followed = this.#crons.get(name);
    if (!followed || !leads() || !runsKnown()) return;
    const now = clock.now();
    const { cron } = followed;
    const decision = decideCron(cron, this.#runsOf(cron), { now, since: followed.since });
    followed.since = now;
    followed.cancel();
    if (decision.next !== undefined) followed.cancel = clock.after(Math.min(TIMER_MS, decision.next - now), () => this.#queue.add(name));
    if (decision.fire !== undefined) await this.#fire(cron, decision.fire, decision.replace);
    else if (decision.skipped?.error) await this.#change(name, (fresh) => recordError(fresh, decision.skipped?.reason ?? ''));
    await this.#change(name, (fresh) => reconcileCron(fresh, this.#runsOf(fresh)));
    for (const run of beyondHistory(cron, this.#runsOf(cron))) await this.#options.remove(run).catch(() => undefined);
  }

  async #fire(cron: CronWorkflow, time: number, replaced: readonly string[]): Promise<void> {
    const { submit, terminate, log } = this.#options;
    const name = cron.metadata.name ?? '';
    for (const run of replaced) await terminate(run).catch((error: unknown) => log({ level: 'warn', message: `run ${run} of ${name} could not be ended: ${String(error)}` }));
    const result = await submit(childOf(cron, time)).then((run): Parameters<typeof recordFired>[2] => ({ run }), (error: unknown) => {
      if (isAppError(error, 'already-exists')) return { exists: true as const };
      return { error: `Failed to submit Workflow: ${error instanceof Error ? error.message : String(error)}` };
    });
    await this.#change(name, (fresh) => recordFired(fresh, time, result));
  }

  async #change(name: string, edit: (cron: CronWorkflow) => CronWorkflow): Promise<void> {
    const { definitions, namespace } = this.#options;
    const followed = this.#crons.get(name);
    if (!followed || edit(followed.cron) === followed.cron) return;
    const saved = await definitions.change('CronWorkflow', namespace, name, (object) => edit(object as CronWorkflow)) as CronWorkflow;
    const current = this.#crons.get(name);
    if (current && current.spec === JSON.stringify(saved.spec)) current.cron = saved;
  }

  #runsOf({ metadata }: CronWorkflow): Workflow[] {
    return [...this.#options.runs()].filter((run) => run.metadata.labels?.[LABEL.cronWorkflow] === metadata.name);
  }
}

