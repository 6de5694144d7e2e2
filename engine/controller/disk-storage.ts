/**
 * The engine's own store: one file a run, `runs/CLUSTER/NAMESPACE/NAME.json`. It serves where the Workflow kind does not
 * exist or may not be used; several processes on the machine may share it.
 */
import { randomUUID } from 'node:crypto';
import { watch as watchFolder } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../api.ts';
import type { Subscription, WatchHandler } from '../kube/port.ts';
import { AppError } from '../spec/error.ts';
import { ARGO_API_VERSION } from '../spec/types.ts';
import type { Workflow } from '../spec/types.ts';
import { timestamp } from './clock.ts';
import { hasCode, pathSegment, withFileLock, writeFileAtomic } from './files.ts';
import { randomSuffix } from './names.ts';
import type { LeaseRecord, LeaseRecords, RunStorage } from './storage.ts';

/** What another process wrote is seen at the latest after this. */
const POLL_MS = 3_000;
const LEASE_FILE = '.engine';
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

export class DiskStorage implements RunStorage {
  readonly kind = 'disk';
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #watchers = new Set<{ namespace: string; scan: () => void }>();

  constructor(dataDir: string, clusterId: string, clock: Clock) {
    this.#folder = path.join(dataDir, 'runs', pathSegment(clusterId));
    this.#clock = clock;
  }

  /** @returns whether any run of the namespace is kept here */
  async has(namespace: string): Promise<boolean> {
    return (await this.#names(namespace)).length > 0;
  }

  async get(namespace: string, name: string): Promise<Workflow> {
    const found = await this.#read(this.#file(namespace, name));
    if (!found) throw notFound(name);
    return found;
  }

  async list(namespace: string): Promise<Workflow[]> {
    const runs = await Promise.all((await this.#names(namespace)).map((name) => this.#read(this.#file(namespace, name))));
    return runs.filter((run) => run !== undefined);
  }

  async create(workflow: Workflow, options: { dryRun?: boolean } = {}): Promise<Workflow> {
    const namespace = workflow.metadata.namespace ?? 'default';
    const name = workflow.metadata.name ?? `${workflow.metadata.generateName ?? 'run-'}${randomSuffix()}`;
    const file = this.#file(namespace, name);
    const now = this.#clock.now();
    const made: Workflow = {
      ...workflow, apiVersion: ARGO_API_VERSION, kind: 'Workflow',
      metadata: { ...workflow.metadata, name, namespace, uid: randomUUID(), resourceVersion: String(now), generation: 1, creationTimestamp: timestamp(now) },
    };
    await withFileLock(file, async () => {
      if (await this.#read(file)) throw new AppError('already-exists', `A run named ${name} is there already.`, { hint: 'Choose another name, or delete the old run.' });
      if (!options.dryRun) await writeFileAtomic(file, JSON.stringify(made));
    });
    if (!options.dryRun) this.#notify(namespace);
    return made;
  }

  async replace(workflow: Workflow): Promise<Workflow> {
    const { namespace = 'default', name = '', resourceVersion } = workflow.metadata;
    const file = this.#file(namespace, name);
    const replaced = await withFileLock(file, async () => {
      const kept = await this.#read(file);
      if (!kept) throw notFound(name);
      if (resourceVersion && kept.metadata.resourceVersion !== resourceVersion) {
        throw new AppError('conflict', `Run ${name} was changed by somebody else meanwhile.`, { retryable: true });
      }
      const version = Math.max(Number(kept.metadata.resourceVersion) + 1 || 0, this.#clock.now());
      const next: Workflow = { ...workflow, metadata: { ...workflow.metadata, uid: kept.metadata.uid ?? '', resourceVersion: String(version) } };
      await writeFileAtomic(file, JSON.stringify(next));
      return next;
    });
    this.#notify(namespace);
    return replaced;
  }

  async remove(namespace: string, name: string, uid?: string): Promise<void> {
    const file = this.#file(namespace, name);
    await withFileLock(file, async () => {
      const kept = await this.#read(file);
      if (!kept) throw notFound(name);
      if (uid && kept.metadata.uid !== uid) throw new AppError('conflict', `Another run named ${name} was made meanwhile.`);
      await rm(file);
    });
    this.#notify(namespace);
  }

  /** Follows the folder: writes of this process at once, those of others by the file system's notice or a slow poll. */
  watch(namespace: string, handler: WatchHandler<Workflow>): Subscription {
    const follower = new FolderFollower(() => this.#names(namespace), (name) => this.#file(namespace, name), (file) => this.#read(file), handler, this.#clock);
    const entry = { namespace, scan: () => follower.scan() };
    this.#watchers.add(entry);
    follower.start(path.join(this.#folder, pathSegment(namespace)));
    return {
      close: () => {
        this.#watchers.delete(entry);
        follower.close();
      },
      refresh: () => follower.scan(),
    };
  }

  leases(namespace: string): LeaseRecords {
    return new DiskLeases(path.join(this.#folder, pathSegment(namespace), `${LEASE_FILE}.lease`));
  }

  #notify(namespace: string): void {
    for (const watcher of this.#watchers) if (watcher.namespace === namespace) watcher.scan();
  }

  #file(namespace: string, name: string): string {
    if (!NAME.test(name) || name.length > 253) throw new AppError('invalid', `"${name}" is not a name for a run.`, { hint: 'Use lower-case letters, digits, "-" and ".".' });
    return path.join(this.#folder, pathSegment(namespace), `${name}.json`);
  }

  async #names(namespace: string): Promise<string[]> {
    try {
      const files = await readdir(path.join(this.#folder, pathSegment(namespace)));
      return files.filter((file) => file.endsWith('.json') && NAME.test(file.slice(0, -5))).map((file) => file.slice(0, -5));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #read(file: string): Promise<Workflow | undefined> {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Workflow;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw new AppError('internal', `The file of a run cannot be read: ${file}`, { cause: error, hint: 'Move the file away; the run\'s Pods are not touched.' });
    }
  }
}

function notFound(name: string): AppError {
  return new AppError('not-found', `There is no run named ${name}.`);
}

/** Turns the states of a folder into the changes of a watch. */
class FolderFollower {
  readonly #known = new Map<string, { stamp: string; workflow: Workflow }>();
  readonly #names: () => Promise<string[]>;
  readonly #file: (name: string) => string;
  readonly #read: (file: string) => Promise<Workflow | undefined>;
  readonly #handler: WatchHandler<Workflow>;
  readonly #clock: Clock;
  #first = true;
  #scanning = false;
  #again = false;
  #closed = false;
  #stopWatching: () => void = () => undefined;
  #cancelPoll: () => void = () => undefined;

  constructor(names: () => Promise<string[]>, file: (name: string) => string, read: (file: string) => Promise<Workflow | undefined>, handler: WatchHandler<Workflow>, clock: Clock) {
    this.#names = names;
    this.#file = file;
    this.#read = read;
    this.#handler = handler;
    this.#clock = clock;
  }

  start(folder: string): void {
    this.scan();
    this.#poll();
    void mkdir(folder, { recursive: true, mode: 0o700 }).then(() => {
      if (this.#closed) return;
      const watcher = watchFolder(folder, () => this.scan());
      // The poll goes on without it.
      watcher.on('error', () => watcher.close());
      this.#stopWatching = () => watcher.close();
    }).catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.#cancelPoll();
  }

  scan(): void {
    if (this.#scanning) {
      this.#again = true;
      return;
    }
    this.#scanning = true;
    void this.#scan().catch((error: unknown) => {
      this.#handler.onState?.({ state: 'reconnecting', error: error instanceof Error ? error : new Error(String(error)), retryAt: this.#clock.now() + POLL_MS });
    }).finally(() => {
      this.#scanning = false;
      if (this.#again && !this.#closed) {
        this.#again = false;
        this.scan();
      }
    });
  }

  #poll(): void {
    this.#cancelPoll = this.#clock.after(POLL_MS, () => {
      this.scan();
      this.#poll();
    });
  }

  async #scan(): Promise<void> {
    const names = await this.#names();
    const upserts: Workflow[] = [];
    for (const name of names) {
      const file = this.#file(name);
      const info = await stat(file).catch(() => undefined);
      if (!info) continue;
      const stamp = `${info.mtimeMs}/${info.size}/${info.ino}`;
      if (this.#known.get(name)?.stamp === stamp) continue;
      const workflow = await this.#read(file);
      if (!workflow) continue;
      this.#known.set(name, { stamp, workflow });
      upserts.push(workflow);
    }
    const present = new Set(names);
    const removed: Workflow[] = [];
    for (const [name, { workflow }] of this.#known) {
      if (present.has(name)) continue;
      this.#known.delete(name);
      removed.push(workflow);
    }
    if (this.#closed || (!this.#first && !upserts.length && !removed.length)) return;
    const reset = this.#first;
    this.#first = false;
    this.#handler.onChange({ upserts, removed, reset });
    if (reset) this.#handler.onState?.({ state: 'live' });
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
