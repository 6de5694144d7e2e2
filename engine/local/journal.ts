/** Keeps an object store on disk: a snapshot, and a journal of every write since. A write is on disk before its caller goes on. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { ResourceType } from '../kube/port.ts';
import { keyOf } from '../kube/port.ts';
import { typeKey } from '../kube/store/kinds.ts';
import type { ObjectStore, StoreEvent } from '../kube/store/store.ts';
import { isMap } from '../kube/store/json.ts';

interface Entry {
  type: ResourceType;
  object: KubeObject;
  /** The object is gone. */
  gone?: true;
}

const SNAPSHOT = 'objects.jsonl';
const JOURNAL = 'journal.jsonl';
/** The journal is folded into a new snapshot when it has grown to this. */
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;
const SYNC_MS = 500;

/** Reads lines of JSON; one that a crash cut off ends the reading. */
function readEntries(path: string): { entries: Entry[]; revision: number } {
  const entries: Entry[] = [];
  let revision = 0;
  if (!existsSync(path)) return { entries, revision };
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      break;
    }
    if (!isMap(value)) break;
    if (typeof value['revision'] === 'number') revision = value['revision'];
    else entries.push(value as unknown as Entry);
  }
  return { entries, revision };
}

export class Journal {
  readonly #folder: string;
  readonly #store: ObjectStore;
  readonly #stop: () => void;
  #fd: number;
  #size = 0;
  #dirty = false;
  readonly #timer: NodeJS.Timeout;

  /** Puts into the store what the folder holds, and keeps there what the store does from now on. */
  constructor(folder: string, store: ObjectStore) {
    this.#folder = folder;
    this.#store = store;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#restore();
    this.#snapshot();
    this.#fd = openSync(join(folder, JOURNAL), 'a', 0o600);
    this.#stop = store.subscribe((event) => this.#append(event));
    this.#timer = setInterval(() => this.#sync(), SYNC_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#stop();
    clearInterval(this.#timer);
    this.#sync();
    closeSync(this.#fd);
  }

  #restore(): void {
    const snapshot = readEntries(join(this.#folder, SNAPSHOT));
    if (snapshot.entries.length === 0) return;
    const journal = readEntries(join(this.#folder, JOURNAL));
    const objects = new Map<string, Entry>();
    let revision = snapshot.revision;
    for (const entry of [...snapshot.entries, ...journal.entries]) {
      const key = `${typeKey(entry.type)} ${keyOf(entry.object)}`;
      revision = Math.max(revision, Number(entry.object.metadata.resourceVersion));
      if (entry.gone) objects.delete(key);
      else objects.set(key, entry);
    }
    this.#store.restore([...objects.values()], revision);
  }

  /** The new snapshot stands before the journal that it holds goes: a crash between the two loses nothing. */
  #snapshot(): void {
    const lines = [JSON.stringify({ revision: this.#store.revision }), ...this.#store.dump().map((entry) => JSON.stringify(entry))];
    const path = join(this.#folder, SNAPSHOT);
    writeFileSync(`${path}.new`, `${lines.join('\n')}\n`, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    rmSync(join(this.#folder, JOURNAL), { force: true });
    this.#size = 0;
  }

  #append({ type, kind, object }: StoreEvent): void {
    const line = Buffer.from(`${JSON.stringify({ type: kind, object, ...(type === 'DELETED' ? { gone: true } : {}) })}\n`);
    writeSync(this.#fd, line);
    this.#dirty = true;
    this.#size += line.length;
    if (this.#size < MAX_JOURNAL_BYTES) return;
    closeSync(this.#fd);
    this.#snapshot();
    this.#fd = openSync(join(this.#folder, JOURNAL), 'a', 0o600);
  }

  /** What was written is safe from the end of this program at once, from a power cut after half a second. */
  #sync(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    fsyncSync(this.#fd);
  }
}
