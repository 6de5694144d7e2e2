/** The engine of one namespace: its storages, who leads, the runs under care, and what is shown of all of them. */
import type { Clock, EngineHolder, EngineOptions, RunStore } from '../api.ts';
import type { Cluster, Subscription, WatchState } from '../kube/port.ts';
import { RESOURCE } from '../kube/port.ts';
import { terminate } from '../operate/commands.ts';
import { lockClaims } from '../operate/locks.ts';
import { FINALIZER } from '../operate/artifact-gc.ts';
import { baselineOf } from '../operate/estimates.ts';
import type { Operate } from '../operate/types.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { ARGO_API_VERSION, INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Workflow } from '../spec/types.ts';
import type { Actions } from './actions.ts';
import type { Admission } from './admission.ts';
import { backoff } from './clock.ts';
import { CronController } from './cron.ts';
import type { Definitions } from './definitions.ts';
import type { DiskStorage } from './disk-storage.ts';
import { hydrate } from './hydrate.ts';
import type { Hydrator } from './hydrate.ts';
import type { KeptLogs } from './kept-logs.ts';
import { Leadership } from './leadership.ts';
import { FairLimiter } from './limiter.ts';
import type { LockRegistry } from './locks.ts';
import { podsOf } from './logs.ts';
import type { LookThread } from './look-thread.ts';
import type { NodesOnDisk } from './nodes-on-disk.ts';
import { PodIndex } from './pods.ts';
import { KeyedQueue } from './queue.ts';
import { Run } from './run.ts';
import type { RunContext } from './run.ts';
import type { RunStorage } from './storage.ts';
import { ClusterStorage } from './storage.ts';
import { checkRun } from './submit.ts';
import { Surroundings } from './surroundings.ts';
import type { StartTask } from './tasks.ts';
import { RunsView } from './view.ts';

/** What the namespaces of one engine share. */
export interface EngineShared {
  cluster: Cluster;
  clock: Clock;
  operate: Operate;
  /** Where large runs are looked at. */
  thread: LookThread | undefined;
  hydrator: Hydrator;
  nodesOnDisk: NodesOnDisk;
  actions: Actions;
  disk: DiskStorage;
  kept: KeptLogs;
  definitions: Definitions;
  locks: LockRegistry;
  admission: Admission;
  identity: string;
  /** The artifact repository of those that name none. */
  repository: () => Record<string, unknown> | undefined;
  /** Image of http templates. */
  curlImage: string | undefined;
  startTask: StartTask;
  /** The random end of a generated name. */
  suffix: () => string;
  creates: FairLimiter;
  chores: FairLimiter;
  log: NonNullable<EngineOptions['log']>;
}

interface Attached {
  storage: RunStorage;
  subscription: Subscription | undefined;
  leadership: Leadership | undefined;
  /** Its list is known, or will not be. */
  settled: boolean;
  state: WatchState;
}

/** Runs looked at together; a look itself is one turn of the event loop. */
const RECONCILES_AT_ONCE = 16;
/** Logs of runs with more Pods are kept only when a Pod is about to be deleted. */
const KEEP_LOGS_OF_PODS = 200;
const KEEPERS = 2;
const CONFLICT_TRIES = 8;
const NEEDED_VERBS = ['get', 'list', 'watch', 'create', 'update', 'delete'];

export class NamespaceEngine {
  readonly namespace: string;
  readonly view: RunsView;
  readonly #shared: EngineShared;
  readonly #queue: KeyedQueue;
  readonly #runs = new Map<string, Run>();
  /** Where each known run is kept. */
  readonly #storageOf = new Map<string, RunStorage>();
  readonly #keepers = new FairLimiter(KEEPERS);
  readonly #keptPods = new Set<string>();
  #attached: Attached[] = [];
  #store: { store: RunStore; reason?: string } | undefined;
  #opening: Promise<void> | undefined;
  #pods: PodIndex | undefined;
  #podState: WatchState = { state: 'connecting' };
  #podsKnown: Promise<void> = Promise.resolve();
  #surroundings: Surroundings | undefined;
  #limit: Subscription | undefined;
  #cron: CronController | undefined;
  #started = false;
  #closed = false;
  #cancelReopen: (() => void) | undefined;

  constructor(namespace: string, shared: EngineShared) {
    this.namespace = namespace;
    this.#shared = shared;
    this.view = new RunsView(shared.clock, shared.hydrator, () => this.refresh());
    shared.locks.onKnown(() => this.#lookAtAll());
    this.#queue = new KeyedQueue({
      clock: shared.clock, concurrency: RECONCILES_AT_ONCE,
      pause: (name) => this.#runs.get(name)?.lookRest ?? 0,
      work: async (name) => this.#runs.get(name)?.reconcile(),
      onError: (name, error) => shared.log({ level: 'error', message: `run ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, run: name }),
    });
  }

  /** Finds out where runs are kept and follows them. Throws when the cluster cannot be asked. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** As `open`, tried again until it succeeds; watchers hear of the state meanwhile. */
  openEventually(attempt = 1): void {
    void this.open().catch((error: unknown) => {
      if (this.#closed) return;
      const wait = backoff(attempt);
      this.view.setState({ state: 'reconnecting', error: error instanceof Error ? error : new Error(String(error)), retryAt: this.#shared.clock.now() + wait });
      this.#cancelReopen = this.#shared.clock.after(wait, () => this.openEventually(attempt + 1));
    });
  }

  async store(): Promise<{ store: RunStore; reason?: string }> {
    await this.open();
    return this.#store ?? { store: 'disk' };
  }

  /** Looks again for the Workflow kind and the rights to it. */
  async redetect(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    this.#opening = undefined;
    await this.open();
  }

  async #open(): Promise<void> {
    const { cluster, disk, hydrator, nodesOnDisk } = this.#shared;
    const { usable, visible, reason } = await detectStore(cluster, this.namespace);
    if (this.#closed) return;
    this.#store = usable ? { store: 'cluster' } : { store: 'disk', reason };
    const wanted: RunStorage[] = !usable || (await disk.has(this.namespace)) ? [disk] : [];
    if (visible) wanted.unshift(this.#attached.find((a) => a.storage.kind === 'cluster')?.storage ?? new ClusterStorage(cluster, hydrator, nodesOnDisk));
    for (const storage of wanted) if (!this.#attached.some((a) => a.storage === storage)) this.#attach(storage);
    await this.#lead();
  }

  #attach(storage: RunStorage): void {
    const attached: Attached = { storage, subscription: undefined, leadership: undefined, settled: false, state: { state: 'connecting' } };
    this.#attached.push(attached);
    attached.subscription = storage.watch(this.namespace, {
      onChange: (change) => this.#onChange(attached, change),
      onState: (state) => this.#onState(attached, state),
    });
  }

  #onState(attached: Attached, state: WatchState): void {
    attached.state = state;
    if (state.state === 'forbidden' || state.state === 'missing') this.#settled(attached);
    // The state that matters to people is that of the storage in the cluster, where there is one.
    if (attached === this.#attached.find((a) => a.storage.kind === 'cluster') || this.#attached.length === 1) this.view.setState(state);
    else if (this.#attached.every((a) => a.storage.kind === 'disk')) this.view.setState(state);
  }

  #settled(attached: Attached): void {
    attached.settled = true;
    if (!this.#store || !this.#attached.every((a) => a.settled)) return;
    this.view.synced();
    this.#shared.locks.settle(this.namespace);
  }

  #onChange(attached: Attached, change: { upserts: Workflow[]; removed: Workflow[]; reset: boolean }): void {
    const { storage } = attached;
    for (const workflow of change.removed) this.#removed(storage, workflow.metadata.name ?? '', workflow.metadata.uid);
    if (change.reset && storage.kind === 'cluster') void this.#shared.nodesOnDisk.sweep(this.namespace, new Set(change.upserts.map((workflow) => workflow.metadata.uid ?? ''))).catch(() => undefined);
    if (change.reset) {
      const present = new Set(change.upserts.map((workflow) => workflow.metadata.name));
      for (const [name, owner] of this.#storageOf) if (owner === storage && !present.has(name)) this.#removed(storage, name, undefined);
    }
    for (const workflow of change.upserts) this.#take(storage, workflow);
    if (!attached.settled) this.#settled(attached);
  }

  #take(storage: RunStorage, workflow: Workflow): void {
    const name = workflow.metadata.name ?? '';
    const owner = this.#storageOf.get(name);
    // Both storages have one of the name: the machine's own is shown.
    if (owner && owner !== storage && owner.kind === 'disk') return;
    this.#storageOf.set(name, storage);
    this.#tellSchedule(workflow);
    const run = this.#runs.get(name);
    if (run && run.storage === storage && run.uid === workflow.metadata.uid) {
      run.adopt(workflow);
      return;
    }
    if (run) this.#dropRun(name);
    this.view.put(workflow, isOurs(storage, workflow));
    // Its locks are known before anybody looks after it.
    if (isOurs(storage, workflow)) this.#shared.locks.claim(workflow, lockClaims(workflow), () => this.#queue.add(name));
    if (this.#leads(storage) && isOurs(storage, workflow) && needsCare(workflow)) this.#care(storage, workflow);
  }

  /** A schedule counts its runs, and may wait for one to end. */
  #tellSchedule({ metadata }: Workflow): void {
    const cron = metadata.labels?.[LABEL.cronWorkflow];
    if (cron !== undefined && metadata.labels?.[LABEL.completed] === 'true') this.#cron?.lookAgain(cron);
  }

  #removed(storage: RunStorage, name: string, uid: string | undefined): void {
    if (this.#storageOf.get(name) !== storage) return;
    const known = this.view.get(name);
    if (uid !== undefined && known?.metadata.uid !== undefined && known.metadata.uid !== uid) return;
    this.#storageOf.delete(name);
    this.#dropRun(name);
    this.#shared.locks.forget(this.namespace, name);
    this.view.remove(name);
    if (!known || !isOurs(storage, known) || !this.#leads(storage)) return;
    // In the cluster the Pods go with their owner.
    if (storage.kind === 'disk') void this.#deletePods(known);
    void this.#shared.nodesOnDisk.forget(this.namespace, known.metadata.uid ?? '').catch(() => undefined);
    void this.#shared.kept.forget(this.namespace, known.metadata.uid ?? '').catch(() => undefined);
  }

  async #deletePods(workflow: Workflow): Promise<void> {
    const { cluster, chores, actions, log } = this.#shared;
    try {
      const pods = this.#pods?.all(workflow.metadata.name ?? '', workflow.metadata.uid ?? '') ?? [...(await podsOf(cluster, workflow)).values()];
      await Promise.all(pods.map((pod) => chores.run(`delete ${workflow.metadata.uid ?? ''}`, () => actions.deletePod(this.namespace, pod.metadata.name ?? '', pod.metadata.uid))));
    } catch (error) {
      log({ level: 'warn', message: `Pods of the deleted run ${workflow.metadata.name ?? ''} may be left: ${String(error)}` });
    }
  }

  // --- leading ---

  async start(): Promise<EngineHolder> {
    this.#started = true;
    if (!this.#attached.length || !this.#attached.every((a) => a.settled)) this.#shared.locks.expect(this.namespace);
    await this.open();
    await this.#lead();
    // Whether Pods may be watched is part of the answer.
    await this.#podsKnown;
    return this.holder();
  }

  async #lead(): Promise<void> {
    if (!this.#started || this.#closed) return;
    this.#pods ??= this.#watchPods();
    const { cluster, identity, clock } = this.#shared;
    this.#surroundings ??= new Surroundings(cluster, this.#shared.definitions, this.namespace, () => this.#lookAtAll());
    this.#limit ??= this.#shared.admission.follow(cluster, this.namespace, () => this.#lookAtAll());
    for (const attached of this.#attached) {
      if (attached.storage.kind !== 'disk' && this.#store?.store !== 'cluster') continue;
      attached.leadership ??= new Leadership({
        records: attached.storage.leases(this.namespace), identity, clock, onChange: (holder) => this.#leadershipChanged(attached.storage, holder),
      });
    }
    this.#cron ??= this.#schedule();
    await Promise.all(this.#attached.map(async ({ leadership }) => leadership?.start()));
  }

  #schedule(): CronController {
    const { clock, definitions, log } = this.#shared;
    return new CronController({
      namespace: this.namespace, definitions, clock, log,
      leads: () => this.holder().state === 'us', runsKnown: () => this.#attached.every((a) => a.settled), runs: () => this.view.ours(),
      submit: async (run) => {
        await checkRun(definitions, run);
        return this.create(run);
      },
      terminate: async (run) => {
        await this.change(run, (workflow) => terminate(workflow, {}));
      },
      remove: (run) => this.remove(run),
    });
  }

  #lookAtAll(): void {
    for (const name of this.#runs.keys()) this.#queue.add(name);
  }

  #watchPods(): PodIndex {
    const { cluster, clock } = this.#shared;
    this.#podState = { state: 'connecting' };
    let known: () => void = () => undefined;
    this.#podsKnown = new Promise((resolve) => {
      known = resolve;
    });
    return new PodIndex({
      cluster, namespace: this.namespace, clock,
      onChange: (run) => {
        if (run === '') this.#lookAtAll();
        else if (this.#runs.has(run)) this.#queue.add(run);
      },
      onPod: (pod) => this.#keepFinished(pod),
      onState: (state) => {
        this.#podState = state;
        if (state.state !== 'connecting') known();
      },
    });
  }

  #keepFinished(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const phase = pod.status?.phase;
    if ((phase !== 'Succeeded' && phase !== 'Failed') || this.#keptPods.has(uid)) return;
    const run = this.#runs.get(pod.metadata.labels?.[LABEL.workflow] ?? '');
    if (!run || run.nodeCount > KEEP_LOGS_OF_PODS) return;
    this.#keptPods.add(uid);
    // Pods that are still to be made come first.
    void run.whenCreated().then(() => this.#keepers.run(run.name, () => this.#shared.kept.keep(pod))).catch(() => undefined);
  }

  #leads(storage: RunStorage): boolean {
    return this.#attached.find((a) => a.storage === storage)?.leadership?.holder.state === 'us';
  }

  #leadershipChanged(storage: RunStorage, holder: EngineHolder): void {
    this.#shared.log({ level: 'info', message: `engine of namespace ${this.namespace} (${storage.kind}): ${holder.state}` });
    this.#cron?.restart();
    if (holder.state !== 'us') {
      for (const run of [...this.#runs.values()]) if (run.storage === storage) this.#dropRun(run.name);
      return;
    }
    for (const [name, owner] of this.#storageOf) {
      const workflow = this.view.get(name);
      if (owner === storage && workflow && isOurs(storage, workflow) && needsCare(workflow) && !this.#runs.has(name)) this.#care(storage, workflow);
    }
  }

  #care(storage: RunStorage, workflow: Workflow): void {
    const name = workflow.metadata.name ?? '';
    const pods = this.#pods;
    const surroundings = this.#surroundings;
    if (!pods || !surroundings) return;
    if (this.#shared.hydrator.takesTime(workflow)) {
      void this.#careLater(storage, workflow);
      return;
    }
    const { clock, operate, thread, hydrator, actions, creates, chores, kept, locks, admission, log } = this.#shared;
    const context: RunContext = {
      clock, operate, thread, hydrator, actions, creates, chores, pods, surroundings, locks, admission, log,
      repository: this.#shared.repository, curlImage: this.#shared.curlImage, startTask: this.#shared.startTask,
      enqueue: (run) => this.#queue.add(run),
      baseline: (run) => baselineOf(run, this.view.ours()),
      onUpdate: (next) => this.view.put(next, true),
      onGone: (run) => this.#removed(storage, run, undefined),
      keepLogs: (_run, pod) => kept.keep(pod),
    };
    try {
      this.#runs.set(name, new Run(hydrate(workflow), storage, context));
    } catch (error) {
      log({ level: 'error', message: `run ${name} cannot be read: ${String(error)}`, run: name });
      return;
    }
    this.#queue.add(name);
  }

  /** Its nodes are read first. */
  async #careLater(storage: RunStorage, workflow: Workflow): Promise<void> {
    const { name = '', uid } = workflow.metadata;
    try {
      const whole = await this.#shared.hydrator.hydrated(workflow);
      const newest = this.view.get(name);
      if (this.#closed || this.#runs.has(name) || !this.#leads(storage) || this.#storageOf.get(name) !== storage || newest?.metadata.uid !== uid) return;
      this.#care(storage, whole);
      this.#runs.get(name)?.adopt(newest ?? whole);
    } catch (error) {
      this.#shared.log({ level: 'error', message: `run ${name} cannot be carried on: ${error instanceof Error ? error.message : String(error)}`, run: name });
    }
  }

  #dropRun(name: string): void {
    this.#runs.get(name)?.close();
    this.#runs.delete(name);
    this.#queue.forget(name);
  }

  holder(): EngineHolder {
    if (!this.#started) return { state: 'none', reason: 'not started' };
    if (this.#podState.state === 'forbidden') return { state: 'none', reason: `You may not list and watch Pods in namespace ${this.namespace}; without that no run can go on.` };
    const primary = this.#attached.find((a) => a.storage.kind === this.#store?.store);
    return primary?.leadership?.holder ?? { state: 'none', reason: 'connecting' };
  }

  /** Saves what is unsaved, gives the leases back, and stops caring. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#shared.locks.settle(this.namespace);
    await this.#standDown();
  }

  async #standDown(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.flush().catch(() => undefined)));
    for (const name of [...this.#runs.keys()]) this.#dropRun(name);
    await Promise.all(this.#attached.map(async ({ leadership }) => leadership?.stop()));
    for (const attached of this.#attached) attached.leadership = undefined;
    this.#pods?.close();
    this.#pods = undefined;
    this.#surroundings?.close();
    this.#surroundings = undefined;
    this.#limit?.close();
    this.#limit = undefined;
    this.#cron?.close();
    this.#cron = undefined;
  }

  refresh(): void {
    for (const attached of this.#attached) attached.subscription?.refresh();
    this.#pods?.refresh();
  }

  async close(): Promise<void> {
    this.#started = false;
    await this.#opening?.catch(() => undefined);
    await this.#standDown();
    this.#closed = true;
    this.#cancelReopen?.();
    for (const attached of this.#attached) attached.subscription?.close();
    this.view.close();
    this.#queue.close();
  }

  // --- for people ---

  /** Creates a run where runs are kept here. */
  async create(workflow: Workflow, options: { dryRun?: boolean } = {}): Promise<Workflow> {
    await this.open();
    const storage = this.#attached.find((a) => a.storage.kind === this.#store?.store)?.storage ?? this.#shared.disk;
    const created = await storage.create(workflow, options);
    if (!options.dryRun) this.#take(storage, created);
    return created;
  }

  async get(name: string): Promise<Workflow> {
    await this.open();
    const run = this.#runs.get(name);
    if (run) return run.workflow;
    return (await this.#find(name)).workflow;
  }

  async list(): Promise<{ workflow: Workflow; ours: boolean }[]> {
    await this.open();
    const lists = await Promise.all(this.#attached.map(async ({ storage }) =>
      (await storage.list(this.namespace)).map((workflow) => ({ workflow, ours: isOurs(storage, workflow), kind: storage.kind }))));
    const byName = new Map<string, { workflow: Workflow; ours: boolean }>();
    for (const entry of lists.flat().sort((a, b) => (a.kind === 'disk' ? 1 : 0) - (b.kind === 'disk' ? 1 : 0))) {
      const name = entry.workflow.metadata.name ?? '';
      byName.set(name, { workflow: this.#runs.get(name)?.workflow ?? entry.workflow, ours: entry.ours });
    }
    return [...byName.values()];
  }

  /** Changes a run as a person wants it: on its newest state, again when somebody else was faster. */
  async change(name: string, edit: (workflow: Workflow) => Workflow | Promise<Workflow>): Promise<Workflow> {
    await this.open();
    const run = this.#runs.get(name);
    const attempt = async (): Promise<Workflow> => {
      for (let tries = 1; ; tries++) {
        const { storage, workflow } = await this.#find(name);
        const next = await edit(workflow);
        if (next === workflow) return workflow;
        try {
          const saved = await this.#shared.hydrator.hydrated(await storage.replace(next));
          this.#take(storage, saved);
          return saved;
        } catch (error) {
          if (!isAppError(error, 'conflict') || tries >= CONFLICT_TRIES) throw error;
        }
      }
    };
    return run ? run.exclusive(attempt) : attempt();
  }

  async remove(name: string): Promise<void> {
    await this.open();
    const { storage, workflow } = await this.#find(name, 'head');
    await storage.remove(this.namespace, name, workflow.metadata.uid);
    const left = workflow.metadata.finalizers?.length ? await storage.get(this.namespace, name).catch(() => undefined) : undefined;
    if (left && left.metadata.uid === workflow.metadata.uid) {
      // It stays until its finalizers are done.
      this.#take(storage, left);
      return;
    }
    this.#removed(storage, name, workflow.metadata.uid);
    if (storage.kind === 'disk' && !this.#leads(storage)) await this.#deletePods(workflow);
  }

  async #find(name: string, what: 'get' | 'head' = 'get'): Promise<{ storage: RunStorage; workflow: Workflow }> {
    const known = this.#storageOf.get(name);
    const order = [...this.#attached.map((a) => a.storage)].sort((a, b) => rank(a, known) - rank(b, known));
    for (const storage of order) {
      try {
        return { storage, workflow: await storage[what](this.namespace, name) };
      } catch (error) {
        if (!isAppError(error, 'not-found')) throw error;
      }
    }
    throw new AppError('not-found', `There is no run named ${name} in namespace ${this.namespace}.`, { hint: '`tiphys list` shows the runs that are there.' });
  }
}

function rank(storage: RunStorage, known: RunStorage | undefined): number {
  return storage === known ? 0 : storage.kind === 'disk' ? 1 : 2;
}

/** Runs on disk are this engine's by their place; those in the cluster by their label. */
function isOurs(storage: RunStorage, workflow: Workflow): boolean {
  return storage.kind === 'disk' || workflow.metadata.labels?.[LABEL.instanceId] === INSTANCE_ID;
}

/** A completed run is looked at only when something is still to be done with it. */
function needsCare(workflow: Workflow): boolean {
  const { metadata, spec } = workflow;
  const stored = workflow.status?.storedWorkflowTemplateSpec;
  return metadata.labels?.[LABEL.completed] !== 'true' || metadata.finalizers?.includes(FINALIZER) === true || [spec.ttlStrategy, spec.podGC, stored?.ttlStrategy, stored?.podGC].some((x) => x !== undefined);
}

/** @returns whether runs can be kept as Workflow objects, whether such objects can be seen, and if not kept, why */
async function detectStore(cluster: Cluster, namespace: string): Promise<{ usable: boolean; visible: boolean; reason: string }> {
  if (!(await cluster.resourceFor(ARGO_API_VERSION, 'Workflow'))) {
    return { usable: false, visible: false, reason: 'The cluster does not know the kind Workflow, so runs are kept on this machine. Installing the CRDs (the right to create customresourcedefinitions) changes this.' };
  }
  const { group, plural } = RESOURCE.workflow;
  const may = await Promise.all(NEEDED_VERBS.map((verb) => cluster.can({ verb, group, resource: plural, namespace })));
  const missing = NEEDED_VERBS.filter((_, i) => !may[i]);
  const visible = !missing.includes('list') && !missing.includes('watch') && !missing.includes('get');
  const reason = `You may not ${missing.join(', ')} workflows (argoproj.io) in namespace ${namespace}, so runs are kept on this machine. That right changes this.`;
  return { usable: missing.length === 0, visible, reason };
}
