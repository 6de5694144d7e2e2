/** Contexts: the kubeconfig's and the embedded local cluster; their connections, engines and rights. */
import { createHash } from 'node:crypto';
import { RESOURCE } from '../../engine/index.ts';
import type { Cluster, Engine, EngineHolder, KubeObject, RunListChange, Subscription } from '../../engine/index.ts';
import { AppError, isAppError } from '../../engine/spec/error.ts';
import type { ContextState, ContextSummary, NamespaceList, Permissions } from '../ipc/contract.ts';
import type { Timers } from '../pump.ts';
import { Connection } from './connection.ts';
import type { Handlers, Sources } from './service.ts';
import type { Place } from './settings.ts';

/** A context as its source knows it. */
export interface ContextEntry {
  id: string;
  name: string;
  namespace: string;
  origin?: string;
  kind: ContextSummary['kind'];
  note?: string;
  /** Changes when a client made before no longer fits: another server or user stands behind the name. */
  revision: string;
  /** Makes a client; throws an AppError that says what is wrong with the context. */
  open(): Promise<Cluster>;
}

export interface ContextSource {
  /** Settles when the list is complete for the first time. */
  ready: Promise<void>;
  list(): ContextEntry[];
  onChange(callback: () => void): void;
}

export interface ContextsOptions {
  source: ContextSource;
  createEngine: (cluster: Cluster, clusterId: string) => Engine;
  /** Where unfinished runs are, for the next start. */
  places: { get(): readonly Place[]; set(places: Place[]): void };
  timers: Timers;
  random: () => number;
  log: (message: string, detail?: unknown) => void;
}

interface Live {
  entry: ContextEntry;
  connection: Connection;
  engine?: { cluster: Cluster; engine: Engine };
  /** Namespaces our engine runs in, with what watches for unfinished runs. */
  working: Map<string, Subscription>;
}

const ASKED: [name: string, verb: string, group: string, resource: string][] = [
  ['create pods', 'create', '', 'pods'], ['list pods', 'list', '', 'pods'], ['watch pods', 'watch', '', 'pods'], ['delete pods', 'delete', '', 'pods'], ['patch pods', 'patch', '', 'pods'],
  ['read logs', 'get', '', 'pods/log'], ['exec', 'create', '', 'pods/exec'], ['list events', 'list', '', 'events'],
  ['list workflows', 'list', 'argoproj.io', 'workflows'], ['watch workflows', 'watch', 'argoproj.io', 'workflows'], ['create workflows', 'create', 'argoproj.io', 'workflows'],
  ['update workflows', 'update', 'argoproj.io', 'workflows'], ['patch workflows', 'patch', 'argoproj.io', 'workflows'], ['delete workflows', 'delete', 'argoproj.io', 'workflows'],
  ['get secrets', 'get', '', 'secrets'], ['get configmaps', 'get', '', 'configmaps'], ['create leases', 'create', 'coordination.k8s.io', 'leases'],
];

export class Contexts {
  readonly #options: ContextsOptions;
  readonly #live = new Map<string, Live>();
  readonly #listeners = new Set<(contexts: ContextSummary[]) => void>();

  constructor(options: ContextsOptions) {
    this.#options = options;
    this.#sync();
    options.source.onChange(() => {
      this.#sync();
      this.#announce();
    });
  }

  list(): ContextSummary[] {
    return [...this.#live.values()].map(({ entry, connection }) => summaryOf(entry, connection.state));
  }

  /** @returns the engine of a context, connecting first when it is not. Throws what keeps it from being used. */
  async engine(contextId: string): Promise<Engine> {
    return (await this.#engine(contextId)).engine;
  }

  async cluster(contextId: string): Promise<Cluster> {
    return await this.#get(contextId).connection.cluster();
  }

  readonly handlers: Handlers<'contexts.list' | 'contexts.connect' | 'contexts.namespaces' | 'contexts.startEngine' | 'contexts.installCrds' | 'contexts.permissions'> = {
    'contexts.list': async () => {
      await this.#options.source.ready;
      return this.list();
    },
    'contexts.connect': async ({ contextId }) => {
      const { entry, connection } = this.#get(contextId);
      await connection.connect();
      return summaryOf(entry, connection.state);
    },
    'contexts.namespaces': async ({ contextId }) => await this.#namespaces(contextId),
    'contexts.startEngine': async ({ contextId, namespace }) => await this.startEngine(contextId, namespace),
    'contexts.installCrds': async ({ contextId }) => {
      await (await this.engine(contextId)).installCrds();
      return undefined;
    },
    'contexts.permissions': async ({ contextId, namespace }) => await this.#permissions(contextId, namespace),
  };

  readonly sources: Sources<'contexts'> = {
    contexts: {
      open: (_request, sink, signal) => {
        const listener = (contexts: ContextSummary[]): void => { sink.push(contexts); };
        this.#listeners.add(listener);
        signal.addEventListener('abort', () => this.#listeners.delete(listener));
        sink.push(this.list());
      },
      merge: (_older, newer) => newer,
    },
  };

  /** Takes over the namespace where nobody else has it, and remembers it while runs of ours are unfinished there. */
  async startEngine(contextId: string, namespace: string): Promise<EngineHolder> {
    const live = this.#get(contextId);
    const { engine } = await this.#engine(contextId);
    const holder = await engine.start(namespace);
    if (!live.working.has(namespace)) {
      live.working.set(namespace, watchUnfinished(engine, namespace, (unfinished) => { this.#remember(contextId, namespace, unfinished); }));
    }
    return holder;
  }

  /** Goes on with what was unfinished when the app last ended. */
  async resume(): Promise<void> {
    await this.#options.source.ready;
    await Promise.all(this.#options.places.get().map(async ({ contextId, namespace }) => {
      if (!this.#live.has(contextId)) return;
      try {
        await this.startEngine(contextId, namespace);
      } catch (error) {
        this.#options.log(`runs in namespace ${namespace} could not be taken up again`, error);
      }
    }));
  }

  /** After sleep or a change of network. Spread, so that not all contexts ask at once. */
  wake(): void {
    for (const { connection } of this.#live.values()) {
      this.#options.timers.after(this.#options.random() * 2000, () => { void connection.wake(); });
    }
  }

  async close(): Promise<void> {
    const all = [...this.#live.values()];
    this.#live.clear();
    await Promise.all(all.map((live) => closeLive(live)));
  }

  async #engine(contextId: string): Promise<{ cluster: Cluster; engine: Engine }> {
    const live = this.#get(contextId);
    const cluster = await live.connection.cluster();
    if (live.engine && live.engine.cluster !== cluster) {
      const { engine } = live.engine;
      for (const subscription of live.working.values()) subscription.close();
      live.working.clear();
      void engine.close();
      delete live.engine;
    }
    return live.engine ??= { cluster, engine: this.#options.createEngine(cluster, contextId) };
  }

  #get(contextId: string): Live {
    const live = this.#live.get(contextId);
    if (!live) throw new AppError('not-found', 'That context is no longer in the kubeconfig.', { hint: 'Choose another one in the rail.' });
    return live;
  }

  /** Makes the list what the source says; connections of contexts that stayed as they were live on. */
  #sync(): void {
    const entries = this.#options.source.list();
    const wanted = new Map(entries.map((entry) => [entry.id, entry]));
    for (const [id, live] of this.#live) {
      const entry = wanted.get(id);
      if (entry?.revision === live.entry.revision) live.entry = entry;
      else {
        this.#live.delete(id);
        void closeLive(live);
      }
    }
    const before = new Map(this.#live);
    this.#live.clear();
    for (const entry of entries) this.#live.set(entry.id, before.get(entry.id) ?? this.#open(entry));
  }

  #open(entry: ContextEntry): Live {
    const { timers, random } = this.#options;
    const connection = new Connection({ open: () => entry.open(), namespace: entry.namespace, timers, random, onChange: () => { this.#announce(); } });
    return { entry, connection, working: new Map() };
  }

  #announce(): void {
    const contexts = this.list();
    for (const listener of this.#listeners) listener(contexts);
  }

  #remember(contextId: string, namespace: string, unfinished: boolean): void {
    const { places } = this.#options;
    const others = places.get().filter((place) => place.contextId !== contextId || place.namespace !== namespace);
    const known = others.length !== places.get().length;
    if (unfinished !== known) places.set(unfinished ? [...others, { contextId, namespace }] : others);
  }

  async #namespaces(contextId: string): Promise<NamespaceList> {
    const { entry } = this.#get(contextId);
    const cluster = await this.cluster(contextId);
    try {
      const { items } = await cluster.list<KubeObject>(RESOURCE.namespace);
      return { namespaces: items.map((item) => item.metadata.name ?? '').sort(), forbidden: false };
    } catch (error) {
      if (isAppError(error, 'forbidden')) return { namespaces: [entry.namespace], forbidden: true };
      throw error;
    }
  }

  async #permissions(contextId: string, namespace: string): Promise<Permissions> {
    const { cluster, engine } = await this.#engine(contextId);
    const [answers, { store, reason }] = await Promise.all([
      Promise.all(ASKED.map(async ([name, verb, group, resource]) => [name, await cluster.can({ verb, group, resource, namespace })] as const)),
      engine.store(namespace),
    ]);
    const crds = await cluster.resourceFor('argoproj.io/v1alpha1', 'Workflow') !== undefined;
    const may = Object.fromEntries(answers);
    if (may['create pods'] || may['list pods'] || may['list workflows']) this.#get(contextId).connection.usable();
    const permissions: Permissions = { may, crds, store };
    if (reason !== undefined) permissions.storeReason = reason;
    return permissions;
  }
}

async function closeLive({ connection, engine, working }: Live): Promise<void> {
  for (const subscription of working.values()) subscription.close();
  await engine?.engine.close();
  await connection.close();
}

/** Calls back with whether any run of ours is unfinished, or any schedule of ours starts others, whenever the answer changes. */
function watchUnfinished(engine: Engine, namespace: string, onChange: (unfinished: boolean) => void): Subscription {
  const unfinished = new Set<string>();
  const scheduled = new Set<string>();
  let known = false;
  let last: boolean | undefined;
  const tell = (): void => {
    const now = unfinished.size + scheduled.size > 0;
    if (!known || now === last) return;
    last = now;
    onChange(now);
  };
  const schedules = engine.definitions.watch('CronWorkflow', namespace, ({ upserts, removed, reset }) => {
    if (reset) scheduled.clear();
    for (const name of removed) scheduled.delete(name);
    for (const { name, schedule } of upserts) {
      if (schedule?.ours && !schedule.suspended && !schedule.stopped) scheduled.add(name);
      else scheduled.delete(name);
    }
    tell();
  });
  const runs = engine.watchRuns(namespace, ({ upserts, removed, reset }: RunListChange) => {
    if (reset) unfinished.clear();
    for (const name of removed) unfinished.delete(name);
    for (const { name, ours, phase } of upserts) {
      if (ours && (phase === '' || phase === 'Pending' || phase === 'Running')) unfinished.add(name);
      else unfinished.delete(name);
    }
    known = true;
    tell();
  });
  return {
    close: () => {
      runs.close();
      schedules.close();
    },
    refresh: () => {
      runs.refresh();
      schedules.refresh();
    },
  };
}

function summaryOf(entry: ContextEntry, state: ContextState): ContextSummary {
  const { id, name, namespace, origin, kind, note } = entry;
  const summary: ContextSummary = { id, name, initials: initialsOf(name), hue: hueOf(name), production: /(^|[^a-z])(prod|production|prd|live)([^a-z]|$)/i.test(name), namespace, kind, state };
  if (origin !== undefined) summary.origin = origin;
  if (note !== undefined) summary.note = note;
  return summary;
}

/** @returns two letters that tell contexts apart: of the first two words, cloud prefixes left out */
export function initialsOf(name: string): string {
  const short = name.replace(/^arn:.*\//, '').replace(/^gke_[^_]+_[^_]+_/, '').replace(/^.*@/, '');
  const words = short.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = '?', second] = words;
  return (second ? `${first.charAt(0)}${second.charAt(0)}` : first.slice(0, 2)).toUpperCase();
}

function hueOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt16BE(0) % 12;
}
