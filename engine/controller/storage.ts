/** Where runs are kept, behind one interface: Workflow objects in the cluster (here), or files (disk-storage.ts). */
import type { RunStore } from '../api.ts';
import type { Cluster, Subscription, WatchHandler } from '../kube/port.ts';
import { RESOURCE } from '../kube/port.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';
import { isAppError } from '../spec/error.ts';
import { dehydrate } from './hydrate.ts';
import type { Dehydrated, Hydrator } from './hydrate.ts';
import { isOnDisk, NODES_ON_DISK, notOnDisk } from './nodes-on-disk.ts';
import type { NodesOnDisk } from './nodes-on-disk.ts';
import { malformedOf, typedRun, typing } from './typed.ts';

/** All calls throw AppError; `replace` throws `conflict` when the resourceVersion is not the kept one. */
export interface RunStorage {
  readonly kind: RunStore;
  /** With its nodes. */
  get(namespace: string, name: string): Promise<Workflow>;
  /** As it is kept. */
  head(namespace: string, name: string): Promise<Workflow>;
  /** Objects come as they are kept. */
  list(namespace: string): Promise<Workflow[]>;
  create(workflow: Workflow, options?: { dryRun?: boolean }): Promise<Workflow>;
  replace(workflow: Workflow): Promise<Workflow>;
  remove(namespace: string, name: string, uid?: string): Promise<void>;
  /** Objects come as they are kept: a Hydrator reads their nodes. */
  watch(namespace: string, handler: WatchHandler<Workflow>): Subscription;
  leases(namespace: string): LeaseRecords;
}

/** Who says to run the engine for the runs of one namespace in one storage. */
export interface LeaseRecord {
  holder: string;
  /** Milliseconds since the epoch, by the holder's clock. */
  renewedAt: number;
  durationSeconds: number;
  /** Names this state of the record; `write` and `clear` fail with `conflict` when it is no longer so. */
  version: string;
}

export interface LeaseRecords {
  read(): Promise<LeaseRecord | undefined>;
  write(record: Omit<LeaseRecord, 'version'>, previous: LeaseRecord | undefined): Promise<LeaseRecord>;
  clear(previous: LeaseRecord): Promise<void>;
}

const LEASE_NAME = 'tiphys';

/** Runs as Workflow objects: kubectl, argo and every other desktop see them. */
export class ClusterStorage implements RunStorage {
  readonly kind = 'cluster';
  readonly #cluster: Cluster;
  readonly #hydrator: Hydrator;
  readonly #disk: NodesOnDisk;
  /** By uid, runs that fit no type as they are kept. */
  readonly #malformed = new Map<string, Workflow>();
  /** By uid, what the server will not take more of. */
  readonly #smaller = new Map<string, Dehydrated['kind']>();

  constructor(cluster: Cluster, hydrator: Hydrator, disk: NodesOnDisk) {
    this.#cluster = cluster;
    this.#hydrator = hydrator;
    this.#disk = disk;
  }

  async get(namespace: string, name: string): Promise<Workflow> {
    return this.#hydrator.hydrated(await this.head(namespace, name));
  }

  async head(namespace: string, name: string): Promise<Workflow> {
    return this.#typed(await this.#cluster.get<Workflow>(RESOURCE.workflow, namespace, name));
  }

  async list(namespace: string): Promise<Workflow[]> {
    return (await this.#cluster.list<Workflow>(RESOURCE.workflow, namespace)).items.map((raw) => this.#typed(raw));
  }

  create(workflow: Workflow, options: { dryRun?: boolean } = {}): Promise<Workflow> {
    return this.#cluster.create(RESOURCE.workflow, workflow, options);
  }

  /** What the server finds too large is compressed; what is too large even so is kept on this machine but for its head. */
  async replace(workflow: Workflow): Promise<Workflow> {
    const { uid = '' } = workflow.metadata;
    const whole = this.#whole(workflow);
    for (let from = this.#smaller.get(uid) ?? 'plain'; ;) {
      const kept = await dehydrate(whole, from);
      try {
        return this.#typed(kept.kind === 'too-large' ? await this.#replaceApart(kept, whole) : await this.#cluster.replace(RESOURCE.workflow, fitting(kept.workflow)));
      } catch (error) {
        if (!isAppError(error, 'too-large') || kept.kind === 'too-large' || !whole.status?.nodes) throw error;
        from = kept.kind === 'plain' ? 'packed' : 'too-large';
        this.#smaller.set(uid, from);
      }
    }
  }

  async #replaceApart({ workflow, packed, size }: Extract<Dehydrated, { kind: 'too-large' }>, whole: Workflow): Promise<Workflow> {
    const nodes = Object.keys(whole.status?.nodes ?? {}).length;
    const { namespace = '', uid = '' } = workflow.metadata;
    const head = await this.#disk.keep(workflow, packed, { nodes, size });
    const saved = await this.#cluster.replace(RESOURCE.workflow, head).catch(async (error: unknown) => {
      if (isAppError(error, 'not-found')) await this.#disk.forget(namespace, uid);
      throw error;
    });
    // An answer that was lost leaves both versions: the run names one of them.
    await this.#disk.tidy(saved);
    return saved;
  }

  #typed(raw: Workflow): Workflow {
    const workflow = typedRun(raw);
    const { uid = '' } = raw.metadata;
    if (malformedOf(workflow)) this.#malformed.set(uid, raw);
    else this.#malformed.delete(uid);
    return workflow;
  }

  /** What could not be read is the user's all the same, and goes back as it came. */
  #whole(workflow: Workflow): Workflow {
    const raw = this.#malformed.get(workflow.metadata.uid ?? '');
    return raw ? { ...raw, metadata: workflow.metadata, ...(workflow.status && { status: workflow.status }) } : workflow;
  }

  async remove(namespace: string, name: string, uid?: string): Promise<void> {
    await this.#cluster.delete(RESOURCE.workflow, namespace, name, { propagationPolicy: 'Background', ...(uid && { uid }) });
  }

  watch(namespace: string, handler: WatchHandler<Workflow>): Subscription {
    return this.#cluster.watch(RESOURCE.workflow, namespace, {}, typing(handler, (raw) => this.#typed(raw)));
  }

  leases(namespace: string): LeaseRecords {
    return new ClusterLeases(this.#cluster, namespace);
  }
}

/** A run that was too large and is no longer. */
function fitting(workflow: Workflow): Workflow {
  const { conditions } = workflow.status ?? {};
  const known = conditions?.some(({ type }) => type === NODES_ON_DISK) ? { ...workflow, status: { ...workflow.status, conditions: conditions.filter(({ type }) => type !== NODES_ON_DISK) } } : workflow;
  return isOnDisk(known.metadata) ? notOnDisk(known) : known;
}

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string; leaseTransitions?: number };
}

class ClusterLeases implements LeaseRecords {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  /** The object behind the record last read or written. */
  #lease: Lease | undefined;

  constructor(cluster: Cluster, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  async read(): Promise<LeaseRecord | undefined> {
    try {
      return this.#keep(await this.#cluster.get<Lease>(RESOURCE.lease, this.#namespace, LEASE_NAME));
    } catch (error) {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async write(record: Omit<LeaseRecord, 'version'>, previous: LeaseRecord | undefined): Promise<LeaseRecord> {
    const spec = this.#lease?.spec ?? {};
    const taken = spec.holderIdentity !== record.holder;
    const time = new Date(record.renewedAt).toISOString().replace('Z', '000Z');
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1', kind: 'Lease',
      metadata: { ...(previous && this.#lease?.metadata), name: LEASE_NAME, namespace: this.#namespace, ...(previous && { resourceVersion: previous.version }) },
      spec: {
        holderIdentity: record.holder, leaseDurationSeconds: record.durationSeconds, renewTime: time,
        acquireTime: taken ? time : (spec.acquireTime ?? time), leaseTransitions: (spec.leaseTransitions ?? 0) + (taken && previous ? 1 : 0),
      },
    };
    return this.#keep(previous ? await this.#cluster.replace(RESOURCE.lease, lease) : await this.#cluster.create(RESOURCE.lease, lease));
  }

  async clear(previous: LeaseRecord): Promise<void> {
    await this.write({ holder: '', renewedAt: previous.renewedAt, durationSeconds: 1 }, previous);
  }

  #keep(lease: Lease): LeaseRecord {
    this.#lease = lease;
    return {
      holder: lease.spec?.holderIdentity ?? '', renewedAt: Date.parse(lease.spec?.renewTime ?? '') || 0,
      durationSeconds: lease.spec?.leaseDurationSeconds ?? 0, version: lease.metadata.resourceVersion ?? '',
    };
  }
}
