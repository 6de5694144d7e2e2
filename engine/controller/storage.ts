/** Where runs are kept, behind one interface: Workflow objects in the cluster (here), or files (disk-storage.ts). */
import type { RunStore } from '../api.ts';
import type { Cluster, Subscription, WatchHandler } from '../kube/port.ts';
import { RESOURCE } from '../kube/port.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';
import { isAppError } from '../spec/error.ts';
import { dehydrate, hydrate } from './hydrate.ts';
import { malformedOf, typedRun, typing } from './typed.ts';

/** All calls throw AppError; `replace` throws `conflict` when the resourceVersion is not the kept one. */
export interface RunStorage {
  readonly kind: RunStore;
  get(namespace: string, name: string): Promise<Workflow>;
  list(namespace: string): Promise<Workflow[]>;
  create(workflow: Workflow, options?: { dryRun?: boolean }): Promise<Workflow>;
  replace(workflow: Workflow): Promise<Workflow>;
  remove(namespace: string, name: string, uid?: string): Promise<void>;
  /** Objects come as they are kept: call `hydrate` before reading nodes. */
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
  /** By uid, runs that fit no type as they are kept. */
  readonly #malformed = new Map<string, Workflow>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async get(namespace: string, name: string): Promise<Workflow> {
    return this.#typed(hydrate(await this.#cluster.get<Workflow>(RESOURCE.workflow, namespace, name)));
  }

  async list(namespace: string): Promise<Workflow[]> {
    return (await this.#cluster.list<Workflow>(RESOURCE.workflow, namespace)).items.map((raw) => this.#typed(raw));
  }

  create(workflow: Workflow, options: { dryRun?: boolean } = {}): Promise<Workflow> {
    return this.#cluster.create(RESOURCE.workflow, workflow, options);
  }

  async replace(workflow: Workflow): Promise<Workflow> {
    return this.#typed(await this.#cluster.replace(RESOURCE.workflow, await dehydrate(this.#whole(workflow))));
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
