/**
 * CronWorkflows, WorkflowTemplates and ClusterWorkflowTemplates: objects of the cluster where it knows their kinds; where
 * not, and for those made before it did, files of this machine.
 */
import type { ApplyOptions, ApplyOutcome, Clock, DefinitionKind } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, KubeObject, ResourceType, Subscription, WatchHandler, WatchState } from '../kube/port.ts';
import { omit } from '../operate/omit.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { ARGO_API_VERSION } from '../spec/types.ts';
import type { CronWorkflow, WorkflowTemplate } from '../spec/types.ts';
import { applyDefinition } from './apply.ts';
import { DiskObjects } from './disk-objects.ts';
import { typedDefinition, typing } from './typed.ts';

export type Definition = CronWorkflow | WorkflowTemplate;

const CONFLICT_TRIES = 8;

export const DEFINITIONS: Readonly<Record<DefinitionKind, { type: ResourceType; noun: string }>> = {
  CronWorkflow: { type: RESOURCE.cronWorkflow, noun: 'cron workflow' },
  WorkflowTemplate: { type: RESOURCE.workflowTemplate, noun: 'workflow template' },
  ClusterWorkflowTemplate: { type: RESOURCE.clusterWorkflowTemplate, noun: 'cluster workflow template' },
};

/** Where objects of one kind are. All calls throw AppError. */
interface Store {
  /** Who wrote which field is known. */
  managed: boolean;
  get(namespace: string | undefined, name: string): Promise<Definition>;
  list(namespace: string | undefined): Promise<Definition[]>;
  create(object: Definition, options?: { dryRun?: boolean }): Promise<Definition>;
  replace(object: Definition): Promise<Definition>;
  remove(namespace: string | undefined, name: string): Promise<void>;
  watch(namespace: string | undefined, handler: WatchHandler<Definition>): Subscription;
}

export class Definitions {
  readonly #cluster: Cluster;
  readonly #disk: Record<DefinitionKind, DiskObjects<Definition>>;
  readonly #known = new Map<DefinitionKind, Promise<boolean>>();

  constructor(cluster: Cluster, dataDir: string, clusterId: string, clock: Clock) {
    this.#cluster = cluster;
    const disk = (kind: DefinitionKind): DiskObjects<Definition> => new DiskObjects(dataDir, clusterId, clock, { kind, noun: DEFINITIONS[kind].noun, folder: DEFINITIONS[kind].type.plural });
    this.#disk = { CronWorkflow: disk('CronWorkflow'), WorkflowTemplate: disk('WorkflowTemplate'), ClusterWorkflowTemplate: disk('ClusterWorkflowTemplate') };
  }

  /** Asks again which kinds the cluster knows. */
  redetect(): void {
    this.#known.clear();
  }

  async get(kind: DefinitionKind, namespace: string, name: string): Promise<Definition> {
    return (await this.#find(kind, namespace, name)).object;
  }

  async list(kind: DefinitionKind, namespace: string): Promise<Definition[]> {
    const place = placeOf(kind, namespace);
    const byName = new Map<string, Definition>();
    for (const store of await this.#stores(kind, place)) {
      for (const object of await store.list(place)) if (!byName.has(object.metadata.name ?? '')) byName.set(object.metadata.name ?? '', object);
    }
    return [...byName.values()];
  }

  async create(kind: DefinitionKind, namespace: string, object: Definition, options: { dryRun?: boolean } = {}): Promise<Definition> {
    const place = placeOf(kind, namespace);
    const [store] = await this.#stores(kind, place);
    return await (store ?? this.#onDisk(kind)).create(inPlace(kind, place, object), options);
  }

  /** Changes an object on its newest state, again when somebody else was faster; an edit that changes nothing writes nothing. */
  async change(kind: DefinitionKind, namespace: string, name: string, edit: (object: Definition) => Definition): Promise<Definition> {
    for (let tries = 1; ; tries++) {
      const { store, object } = await this.#find(kind, namespace, name);
      const next = edit(object);
      if (next === object) return object;
      try {
        return await store.replace(next);
      } catch (error) {
        if (!isAppError(error, 'conflict') || tries >= CONFLICT_TRIES) throw error;
      }
    }
  }

  /** Saves what is wanted over what is there, in the cluster by server-side apply. */
  async apply(kind: DefinitionKind, namespace: string, object: Definition, options: ApplyOptions): Promise<ApplyOutcome> {
    const place = placeOf(kind, namespace);
    const { name = '' } = object.metadata;
    const stores = await this.#stores(kind, place);
    const onDisk = this.#disk[kind];
    const kept = await onDisk.get(place, name).catch((error: unknown) => {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    });
    const wanted = inPlace(kind, place, object);
    if (!kept && stores[0]?.managed) return await applyDefinition(this.#cluster, DEFINITIONS[kind].type, wanted, options);
    if (!kept) return { object: await onDisk.create(wanted), created: true };
    if (options.version !== undefined && options.version !== kept.metadata.resourceVersion) return { current: kept, changed: true, conflicts: [], kept: [] };
    const metadata = { ...kept.metadata, labels: { ...wanted.metadata.labels }, annotations: { ...wanted.metadata.annotations } };
    return { object: await onDisk.replace({ ...kept, metadata, spec: wanted.spec }), created: false };
  }

  async remove(kind: DefinitionKind, namespace: string, name: string): Promise<void> {
    const { store } = await this.#find(kind, namespace, name);
    await store.remove(placeOf(kind, namespace), name);
  }

  /** Follows all stores of the kind as one. */
  watch(kind: DefinitionKind, namespace: string, handler: WatchHandler<Definition>): Subscription {
    const place = placeOf(kind, namespace);
    const subscriptions: Subscription[] = [];
    const state = { closed: false };
    void this.#stores(kind, place).then((stores) => {
      if (state.closed) return;
      const merge = new Merge(stores.length, handler);
      for (const [i, store] of stores.entries()) subscriptions.push(store.watch(place, merge.handlerOf(i)));
    }, (error: unknown) => handler.onState?.({ state: 'forbidden', error: error instanceof Error ? error : new Error(String(error)) }));
    return {
      close: () => {
        state.closed = true;
        for (const subscription of subscriptions) subscription.close();
      },
      refresh: () => {
        for (const subscription of subscriptions) subscription.refresh();
      },
    };
  }

  async #find(kind: DefinitionKind, namespace: string, name: string): Promise<{ store: Store; object: Definition }> {
    const place = placeOf(kind, namespace);
    for (const store of await this.#stores(kind, place)) {
      try {
        return { store, object: await store.get(place, name) };
      } catch (error) {
        if (!isAppError(error, 'not-found')) throw error;
      }
    }
    throw new AppError('not-found', `There is no ${DEFINITIONS[kind].noun} named ${name}${place === undefined ? '' : ` in namespace ${place}`}.`);
  }

  /** New objects go to the first. */
  async #stores(kind: DefinitionKind, namespace: string | undefined): Promise<Store[]> {
    let known = this.#known.get(kind);
    if (!known) {
      known = this.#cluster.resourceFor(ARGO_API_VERSION, kind).then((type) => type !== undefined);
      this.#known.set(kind, known);
      known.catch(() => this.#known.delete(kind));
    }
    if (!(await known)) return [this.#onDisk(kind)];
    return (await this.#disk[kind].has(namespace)) ? [this.#inCluster(kind), this.#onDisk(kind)] : [this.#inCluster(kind)];
  }

  #inCluster(kind: DefinitionKind): Store {
    const { type } = DEFINITIONS[kind];
    const cluster = this.#cluster;
    const typed = (raw: Definition): Definition => typedDefinition(kind, raw);
    return {
      managed: true, get: async (namespace, name) => typed(await cluster.get<Definition>(type, namespace, name)), list: async (namespace) => (await cluster.list<Definition>(type, namespace)).items.map(typed),
      create: (object, options) => cluster.create(type, object, options), replace: (object) => cluster.replace(type, object),
      remove: (namespace, name) => cluster.delete(type, namespace, name, { propagationPolicy: 'Background' }), watch: (namespace, handler) => cluster.watch(type, namespace, {}, typing(handler, typed)),
    };
  }

  #onDisk(kind: DefinitionKind): Store {
    const disk = this.#disk[kind];
    return {
      managed: false, get: (namespace, name) => disk.get(namespace, name), list: (namespace) => disk.list(namespace), create: (object, options) => disk.create(object, options),
      replace: (object) => disk.replace(object), remove: (namespace, name) => disk.remove(namespace, name), watch: (namespace, handler) => disk.watch(namespace, handler),
    };
  }
}

/** Makes the changes of several lists those of one: the first change holds all of them. */
class Merge {
  readonly #first: (Definition[] | undefined)[];
  readonly #names: Set<string>[];
  readonly #handler: WatchHandler<Definition>;

  constructor(count: number, handler: WatchHandler<Definition>) {
    this.#first = Array.from({ length: count });
    this.#names = Array.from({ length: count }, () => new Set<string>());
    this.#handler = handler;
  }

  handlerOf(index: number): WatchHandler<Definition> {
    return {
      onChange: (change) => this.#change(index, change),
      onState: (state) => this.#state(index, state),
    };
  }

  #change(index: number, { upserts, removed, reset }: { upserts: Definition[]; removed: Definition[]; reset: boolean }): void {
    const names = this.#names[index] ?? new Set<string>();
    const present = new Set(upserts.map(nameOf));
    const gone = reset ? [...names].filter((name) => !present.has(name)).map((name): Definition => ({ metadata: { name }, spec: {} })) : removed;
    for (const object of gone) names.delete(nameOf(object));
    for (const name of present) names.add(name);
    if (this.#first.every((list) => list !== undefined)) {
      this.#handler.onChange({ upserts, removed: gone, reset: reset && this.#first.length === 1 });
      return;
    }
    this.#first[index] = [...(this.#first[index] ?? []).filter((object) => !present.has(nameOf(object))), ...upserts];
    this.#begin();
  }

  /** What cannot be seen counts as an empty list. */
  #state(index: number, state: WatchState): void {
    if (index === 0) this.#handler.onState?.(state);
    if (this.#first[index] !== undefined || (state.state !== 'forbidden' && state.state !== 'missing')) return;
    this.#first[index] = [];
    if (this.#first.length > 1) this.#begin();
  }

  #begin(): void {
    if (this.#first.some((list) => list === undefined)) return;
    this.#handler.onChange({ upserts: this.#first.flatMap((list) => list ?? []), removed: [], reset: true });
  }
}

function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}

function placeOf(kind: DefinitionKind, namespace: string): string | undefined {
  return DEFINITIONS[kind].type.namespaced ? namespace : undefined;
}

function inPlace(kind: DefinitionKind, namespace: string | undefined, object: Definition): Definition {
  return { ...object, apiVersion: ARGO_API_VERSION, kind, metadata: { ...omit(object.metadata, 'namespace'), ...(namespace !== undefined && { namespace }) } };
}
