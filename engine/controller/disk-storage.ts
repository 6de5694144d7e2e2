/**
 * The engine's own store: one file a run, `runs/CLUSTER/NAMESPACE/NAME.json`. It serves where the Workflow kind does not
 * exist or may not be used; several processes on the machine may share it.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../api.ts';
import { AppError } from '../spec/error.ts';
import type { Workflow } from '../spec/types.ts';
import { DiskObjects } from './disk-objects.ts';
import { hasCode, pathSegment, withFileLock, writeFileAtomic } from './files.ts';
import { dehydrate } from './hydrate.ts';
import type { Hydrator } from './hydrate.ts';
import type { LeaseRecord, LeaseRecords, RunStorage } from './storage.ts';

const LEASE_FILE = '.engine';

export class DiskStorage extends DiskObjects<Workflow> implements RunStorage {
  readonly kind = 'disk';
  readonly #leases: string;
  readonly #hydrator: Hydrator;

  constructor(dataDir: string, clusterId: string, clock: Clock, hydrator: Hydrator) {
    super(dataDir, clusterId, clock, { kind: 'Workflow', noun: 'run', folder: 'runs' });
    this.#leases = path.join(dataDir, 'runs', pathSegment(clusterId));
    this.#hydrator = hydrator;
  }

  override async get(namespace: string, name: string): Promise<Workflow> {
    return this.#hydrator.hydrated(await this.head(namespace, name));
  }

  head(namespace: string, name: string): Promise<Workflow> {
    return super.get(namespace, name);
  }

  /** Large ones are compressed, as in a cluster; none is too large. */
  override async replace(workflow: Workflow): Promise<Workflow> {
    const kept = await dehydrate(workflow);
    return super.replace(kept.kind === 'too-large' ? { ...kept.workflow, status: { ...kept.workflow.status, compressedNodes: kept.packed.toString('base64') } } : kept.workflow);
  }

  leases(namespace: string): LeaseRecords {
    return new DiskLeases(path.join(this.#leases, pathSegment(namespace), `${LEASE_FILE}.lease`));
  }
}

/** The lease as a file beside the runs: only this machine's processes see these runs, so only they compete. */
class DiskLeases implements LeaseRecords {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async read(): Promise<LeaseRecord | undefined> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as LeaseRecord;
    } catch (error) {
      if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  write(record: Omit<LeaseRecord, 'version'>, previous: LeaseRecord | undefined): Promise<LeaseRecord> {
    return withFileLock(this.#file, async () => {
      const kept = await this.read();
      if (kept?.version !== previous?.version) throw new AppError('conflict', 'Another engine took the lease.');
      const next: LeaseRecord = { ...record, version: randomUUID() };
      await writeFileAtomic(this.#file, JSON.stringify(next));
      return next;
    });
  }

  async clear(previous: LeaseRecord): Promise<void> {
    await withFileLock(this.#file, async () => {
      if ((await this.read())?.version === previous.version) await rm(this.#file, { force: true });
    });
  }
}
