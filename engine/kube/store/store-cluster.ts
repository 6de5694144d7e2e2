/** The cluster port over an object store; what a store cannot do itself (logs, commands, rights, faults) comes in as hooks. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, isAppError } from '../../spec/error.ts';
import type { KubeObject } from '../../spec/kubernetes.ts';
import { findNamed, namesOf } from '../named.ts';
import { keyOf } from '../port.ts';
import type { AccessReview, Cluster, DeleteOptions, ExecResult, FieldOwner, ListResult, LogOptions, Patch, ResourceType, Selectors, ServerVersion, Subscription, WatchHandler, WatchState, WriteOptions } from '../port.ts';
import { clone } from './json.ts';
import type { ObjectStore, WatchEvent } from './store.ts';

export interface Call {
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
  type: ResourceType;
  namespace: string | undefined;
  name: string | undefined;
  /** `status`, `log`, `exec` or `portforward`. */
  subresource?: string;
}

export interface StoreHooks {
  version: ServerVersion;
  /** Around every call but watch: may refuse it, delay it, or lose its answer. */
  around<T>(call: Call, run: () => T): Promise<T>;
  /** The reason why a list or watch is not allowed, if it is not. */
  refuseWatch(type: ResourceType, namespace: string | undefined): AppError | undefined;
  can(review: AccessReview): boolean;
  logs(namespace: string, pod: string, options: LogOptions): AsyncIterable<Uint8Array>;
  exec(namespace: string, pod: string, container: string, command: string[], signal?: AbortSignal): Promise<ExecResult>;
  close(): Promise<void>;
}

/** What tests and the store's keepers do to all watches at once. */
export interface WatchControl {
  /** No watch says anything until told again, as behind a dead connection. */
  silence(on: boolean): void;
  /** Every watch reads its list again. */
  refreshAll(): void;
  /** Every watch says that it lost its connection and when it will try again. */
  interrupt(error: Error, retryAt: number): void;
}

export class StoreCluster implements Cluster, WatchControl {
  readonly store: ObjectStore;
  readonly #hooks: StoreHooks;
  readonly #watches = new Set<StoreWatch>();
  #silent = false;
  #closed = false;

  constructor(store: ObjectStore, hooks: StoreHooks) {
    this.store = store;
    this.#hooks = hooks;
    store.subscribe((event) => {
      if (event.kind.plural === 'customresourcedefinitions') for (const watch of this.#watches) watch.recheck();
    });
  }

  async #call<T>(call: Call, signal: AbortSignal | undefined, run: () => T): Promise<T> {
    if (this.#closed) throw new AppError('cancelled', 'The connection to this cluster is closed.');
    if (signal?.aborted) throw new AppError('cancelled', 'Cancelled.');
    return this.#hooks.around(call, run);
  }

  async get<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string): Promise<T> {
    return this.#call({ verb: 'get', type, namespace, name }, undefined, () => this.store.get(type, namespace, name) as T);
  }

  async list<T extends KubeObject>(type: ResourceType, namespace?: string, selectors: Selectors = {}): Promise<ListResult<T>> {
    return this.#call({ verb: 'list', type, namespace, name: undefined }, undefined, () => this.store.list(type, namespace, selectors) as ListResult<T>);
  }

  async create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#call({ verb: 'create', type, namespace, name }, options.signal, () => this.store.create(type, object, options) as T);
  }

  async replace<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#call({ verb: 'update', type, namespace, name, ...part(options) }, options.signal, () => this.store.replace(type, object, options) as T);
  }

  async patch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string, patch: Patch, options: WriteOptions = {}): Promise<T> {
    return this.#call({ verb: 'patch', type, namespace, name, ...part(options) }, options.signal, () => this.store.patch(type, namespace, name, patch, options) as T);
  }

  async owners(type: ResourceType, namespace: string | undefined, name: string): Promise<FieldOwner[]> {
    return this.#call({ verb: 'get', type, namespace, name }, undefined, () => this.store.owners(type, namespace, name));
  }

  async delete(type: ResourceType, namespace: string | undefined, name: string, options: DeleteOptions = {}): Promise<void> {
    await this.#call({ verb: 'delete', type, namespace, name }, options.signal, () => this.store.delete(type, namespace, name, options));
  }

  watch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, selectors: Selectors, handler: WatchHandler<T>): Subscription {
    const watch = new StoreWatch({
      store: this.store, type, namespace, selectors, handler: handler,
      refuse: () => this.#hooks.refuseWatch(type, namespace), silent: () => this.#silent, closed: () => this.#watches.delete(watch),
    });
    this.#watches.add(watch);
    watch.refresh();
    return watch;
  }

  async *logs(namespace: string, pod: string, options: LogOptions = {}): AsyncIterable<Uint8Array> {
    await this.#call({ verb: 'get', type: POD, namespace, name: pod, subresource: 'log' }, options.signal, () => this.store.get(POD, namespace, pod));
    yield* this.#hooks.logs(namespace, pod, options);
  }

  async exec(namespace: string, pod: string, container: string, command: string[], options: { signal?: AbortSignal } = {}): Promise<ExecResult> {
    await this.#call({ verb: 'create', type: POD, namespace, name: pod, subresource: 'exec' }, options.signal, () => this.store.get(POD, namespace, pod));
    return this.#hooks.exec(namespace, pod, container, command, options.signal);
  }

  async portForward(namespace: string, pod: string, port: number): Promise<Duplex> {
    await this.#call({ verb: 'create', type: POD, namespace, name: pod, subresource: 'portforward' }, undefined, () => this.store.get(POD, namespace, pod));
    return connectHere(port);
  }

  can(review: AccessReview): Promise<boolean> {
    return Promise.resolve(this.#hooks.can(review));
  }

  /** A store knows no users: what is done is done by whoever asks. */
  asServiceAccount(): Promise<Cluster | undefined> {
    return Promise.resolve(this);
  }

  version(): Promise<ServerVersion> {
    return Promise.resolve(this.#hooks.version);
  }

  resourceFor(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    return Promise.resolve(this.store.kinds.byKind(apiVersion, kind));
  }

  resourceNamed(name: string): Promise<ResourceType | undefined> {
    return Promise.resolve(findNamed(this.store.kinds.all().map(({ type }) => namesOf(type)), name));
  }

  silence(on: boolean): void {
    this.#silent = on;
  }

  refreshAll(): void {
    for (const watch of [...this.#watches]) watch.refresh();
  }

  interrupt(error: Error, retryAt: number): void {
    for (const watch of this.#watches) watch.interrupt(error, retryAt);
  }

  reconnect(): void {
    this.refreshAll();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of [...this.#watches]) watch.close();
    await this.#hooks.close();
  }
}

/** Pods of a store, where they run at all, are processes of this machine. */
function connectHere(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', (cause) => reject(new AppError('unreachable', `Nothing on this machine answers on port ${port}.`, { cause, retryable: true })));
  });
}

const POD: ResourceType = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

const part = (options: WriteOptions): { subresource?: string } => (options.subresource === undefined ? {} : { subresource: options.subresource });

interface WatchInput {
  store: ObjectStore;
  type: ResourceType;
  namespace: string | undefined;
  selectors: Selectors;
  handler: WatchHandler;
  refuse(): AppError | undefined;
  silent(): boolean;
  closed(): void;
}

/** One watch: what changed since the last turn of the event loop's microtasks goes out as one batch. */
class StoreWatch implements Subscription {
  readonly #input: WatchInput;
  #stop: (() => void) | undefined;
  #state: WatchState['state'] | undefined;
  #pending = new Map<string, WatchEvent>();
  #scheduled = false;
  #listing = false;
  #open = true;

  constructor(input: WatchInput) {
    this.#input = input;
  }

  close(): void {
    this.#open = false;
    this.#stop?.();
    this.#pending.clear();
    this.#input.closed();
  }

  refresh(): void {
    if (!this.#open || this.#listing) return;
    this.#listing = true;
    if (this.#state !== 'live') this.#say({ state: 'connecting' });
    queueMicrotask(() => {
      this.#listing = false;
      if (this.#open) this.#start();
    });
  }

  /** Looks again whether the kind is there. */
  recheck(): void {
    if ((this.#input.store.kinds.find(this.#input.type) !== undefined) === (this.#state === 'missing')) this.refresh();
  }

  interrupt(error: Error, retryAt: number): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#say({ state: 'reconnecting', error, retryAt });
  }

  #say(state: WatchState): void {
    if (state.state === this.#state && state.state !== 'reconnecting') return;
    this.#state = state.state;
    this.#input.handler.onState?.(state);
  }

  #start(): void {
    const { store, type, namespace, selectors, handler } = this.#input;
    this.#stop?.();
    this.#stop = undefined;
    this.#pending.clear();
    const refused = this.#input.refuse();
    if (refused) {
      this.#say({ state: 'forbidden', error: refused });
      return;
    }
    if (!store.kinds.find(type)) {
      this.#say({ state: 'missing' });
      return;
    }
    try {
      const { items } = store.list(type, namespace, selectors);
      this.#stop = store.watch(type, namespace, selectors, store.revision, (event) => this.#take(event));
      handler.onChange({ upserts: items, removed: [], reset: true });
      this.#say({ state: 'live' });
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#say({ state: 'reconnecting', error, retryAt: Number.POSITIVE_INFINITY });
    }
  }

  #take(event: WatchEvent): void {
    if (this.#input.silent()) return;
    const key = keyOf(event.object);
    // A name that is deleted and made anew goes out as two batches: within one, nobody could tell the order.
    const before = this.#pending.get(key);
    if (before && before.object.metadata.uid !== event.object.metadata.uid) this.#flush();
    this.#pending.set(key, event);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#pending.size === 0 || !this.#open) return;
    const events = [...this.#pending.values()];
    this.#pending = new Map();
    const upserts = events.filter(({ type }) => type !== 'DELETED').map(({ object }) => clone(object));
    const removed = events.filter(({ type }) => type === 'DELETED').map(({ object }) => clone(object));
    this.#input.handler.onChange({ upserts, removed, reset: false });
  }
}
