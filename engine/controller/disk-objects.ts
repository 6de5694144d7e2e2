/**
 * Objects of one kind as files, `KIND/CLUSTER/NAMESPACE/NAME.json`: where the cluster does not know the kind. Several
 * processes on the machine may share them.
 */
import { randomUUID } from 'node:crypto';
import { watch as watchFolder } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../api.ts';
import type { KubeObject, Subscription, WatchHandler } from '../kube/port.ts';
import { AppError } from '../spec/error.ts';
import { ARGO_API_VERSION } from '../spec/types.ts';
import { timestamp } from './clock.ts';
import { hasCode, pathSegment, withFileLock, writeFileAtomic } from './files.ts';
import { randomSuffix } from './names.ts';

/** What another process wrote is seen at the latest after this. */
const POLL_MS = 3_000;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
/** The folder of objects without namespace: no namespace is called so. */
const NO_NAMESPACE = '_cluster';

interface KeptKind {
  kind: string;
  /** As people call it: `run`, `cron workflow`. */
  noun: string;
  /** Name of the folder. */
  folder: string;
}

export class DiskObjects<T extends KubeObject> {
  readonly #kept: KeptKind;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #watchers = new Set<{ namespace: string | undefined; scan: () => void }>();

  constructor(dataDir: string, clusterId: string, clock: Clock, kept: KeptKind) {
    this.#kept = kept;
    this.#folder = path.join(dataDir, kept.folder, pathSegment(clusterId));
    this.#clock = clock;
  }

  /** @returns whether any of the namespace is kept here */
  async has(namespace: string | undefined): Promise<boolean> {
    return (await this.#names(namespace)).length > 0;
  }

  async get(namespace: string | undefined, name: string): Promise<T> {
    const found = await this.#read(this.#file(namespace, name));
    if (!found) throw this.#notFound(name);
    return found;
  }

  async list(namespace: string | undefined): Promise<T[]> {
    const objects = await Promise.all((await this.#names(namespace)).map((name) => this.#read(this.#file(namespace, name))));
    return objects.filter((object) => object !== undefined);
  }

  async create(object: T, options: { dryRun?: boolean } = {}): Promise<T> {
    const { namespace } = object.metadata;
    const name = object.metadata.name ?? `${object.metadata.generateName ?? 'run-'}${randomSuffix()}`;
    const file = this.#file(namespace, name);
    const now = this.#clock.now();
    const made: T = {
      ...object, apiVersion: ARGO_API_VERSION, kind: this.#kept.kind,
      metadata: { ...object.metadata, name, ...(namespace !== undefined && { namespace }), uid: randomUUID(), resourceVersion: String(now), generation: 1, creationTimestamp: timestamp(now) },
    };
    await withFileLock(file, async () => {
      if (await this.#read(file)) throw new AppError('already-exists', `A ${this.#kept.noun} named ${name} is there already.`, { hint: 'Choose another name, or delete the old one.' });
      if (!options.dryRun) await writeFileAtomic(file, JSON.stringify(made));
    });
    if (!options.dryRun) this.#notify(namespace);
    return made;
  }

  async replace(object: T): Promise<T> {
    const { namespace, name = '', resourceVersion } = object.metadata;
    const file = this.#file(namespace, name);
    const replaced = await withFileLock(file, async () => {
      const kept = await this.#read(file);
      if (!kept) throw this.#notFound(name);
      if (resourceVersion && kept.metadata.resourceVersion !== resourceVersion) {
        throw new AppError('conflict', `The ${this.#kept.noun} ${name} was changed by somebody else meanwhile.`, { retryable: true });
      }
      const version = Math.max(Number(kept.metadata.resourceVersion) + 1 || 0, this.#clock.now());
      const next: T = { ...object, metadata: { ...object.metadata, uid: kept.metadata.uid ?? '', resourceVersion: String(version) } };
      // As with an API server, one that was deleted goes when nothing holds it any more.
      if (next.metadata.deletionTimestamp !== undefined && !next.metadata.finalizers?.length) await rm(file);
      else await writeFileAtomic(file, JSON.stringify(next));
      return next;
    });
    this.#notify(namespace);
    return replaced;
  }

  async remove(namespace: string | undefined, name: string, uid?: string): Promise<void> {
    const file = this.#file(namespace, name);
    await withFileLock(file, async () => {
      const kept = await this.#read(file);
      if (!kept) throw this.#notFound(name);
      if (uid && kept.metadata.uid !== uid) throw new AppError('conflict', `Another ${this.#kept.noun} named ${name} was made meanwhile.`);
      if (!kept.metadata.finalizers?.length) await rm(file);
      else if (kept.metadata.deletionTimestamp === undefined) {
        const now = this.#clock.now();
        const version = Math.max(Number(kept.metadata.resourceVersion) + 1 || 0, now);
        await writeFileAtomic(file, JSON.stringify({ ...kept, metadata: { ...kept.metadata, deletionTimestamp: timestamp(now), resourceVersion: String(version) } }));
      }
    });
    this.#notify(namespace);
  }

  /** Follows the folder: writes of this process at once, those of others by the file system's notice or a slow poll. */
  watch(namespace: string | undefined, handler: WatchHandler<T>): Subscription {
    const follower = new FolderFollower<T>(() => this.#names(namespace), (name) => this.#file(namespace, name), (file) => this.#read(file), handler, this.#clock);
    const entry = { namespace, scan: () => follower.scan() };
    this.#watchers.add(entry);
    follower.start(this.#place(namespace));
    return {
      close: () => {
        this.#watchers.delete(entry);
        follower.close();
      },
      refresh: () => follower.scan(),
    };
  }

  #notify(namespace: string | undefined): void {
    for (const watcher of this.#watchers) if (watcher.namespace === namespace) watcher.scan();
  }

  #file(namespace: string | undefined, name: string): string {
    if (!NAME.test(name) || name.length > 253) throw new AppError('invalid', `"${name}" is not a name for a ${this.#kept.noun}.`, { hint: 'Use lower-case letters, digits, "-" and ".".' });
    return path.join(this.#place(namespace), `${name}.json`);
  }

  async #names(namespace: string | undefined): Promise<string[]> {
    try {
      const files = await readdir(this.#place(namespace));
      return files.filter((file) => file.endsWith('.json') && NAME.test(file.slice(0, -5))).map((file) => file.slice(0, -5));
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  async #read(file: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as T;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw new AppError('internal', `The file of a ${this.#kept.noun} cannot be read: ${file}`, { cause: error, hint: 'Move the file away; Pods are not touched.' });
    }
  }

  #notFound(name: string): AppError {
    return new AppError('not-found', `There is no ${this.#kept.noun} named ${name}.`);
  }

  /** The folder of a namespace. */
  #place(namespace: string | undefined): string {
    return path.join(this.#folder, namespace === undefined ? NO_NAMESPACE : pathSegment(namespace));
  }
}

/** Turns the states of a folder into the changes of a watch. */
class FolderFollower<T extends KubeObject> {
  readonly #known = new Map<string, { stamp: string; object: T }>();
  readonly #names: () => Promise<string[]>;
  readonly #file: (name: string) => string;
  readonly #read: (file: string) => Promise<T | undefined>;
  readonly #handler: WatchHandler<T>;
  readonly #clock: Clock;
  #first = true;
  #scanning = false;
  #again = false;
  #closed = false;
  #stopWatching: () => void = () => undefined;
  #cancelPoll: () => void = () => undefined;

  constructor(names: () => Promise<string[]>, file: (name: string) => string, read: (file: string) => Promise<T | undefined>, handler: WatchHandler<T>, clock: Clock) {
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
    const upserts: T[] = [];
    for (const name of names) {
      const file = this.#file(name);
      const info = await stat(file).catch(() => undefined);
      if (!info) continue;
      const stamp = `${info.mtimeMs}/${info.size}/${info.ino}`;
      if (this.#known.get(name)?.stamp === stamp) continue;
      const object = await this.#read(file);
      if (!object) continue;
      this.#known.set(name, { stamp, object });
      upserts.push(object);
    }
    const present = new Set(names);
    const removed: T[] = [];
    for (const [name, { object }] of this.#known) {
      if (present.has(name)) continue;
      this.#known.delete(name);
      removed.push(object);
    }
    if (this.#closed || (!this.#first && !upserts.length && !removed.length)) return;
    const reset = this.#first;
    this.#first = false;
    this.#handler.onChange({ upserts, removed, reset });
    if (reset) this.#handler.onState?.({ state: 'live' });
  }
}
