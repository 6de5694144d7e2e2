/** Artifacts in a folder of this machine, under their keys: what an S3 bucket is elsewhere. */
import { createReadStream } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../spec/error.ts';
import type { Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';

export class FolderStore implements ObjectStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  /** @returns the path of a key. Throws `invalid` for one that leads out of the folder, be it by a link. */
  async #fileOf(key: string): Promise<string> {
    const file = path.resolve(this.#root, key);
    const real = await realpath(file).catch(() => file);
    const root = await realpath(this.#root).catch(() => this.#root);
    if (!isBelow(file, this.#root) || !isBelow(real, root)) throw new AppError('invalid', `The key "${key}" leads out of the folder of artifacts.`);
    return file;
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const found = await stat(await this.#fileOf(key)).catch(() => undefined);
    return found?.isFile() ? { key, size: found.size, modifiedAt: found.mtime.toISOString() } : undefined;
  }

  /** The prefix is a folder's. */
  async list(prefix: string, limit: number, _signal?: AbortSignal, next = ''): Promise<Listed> {
    const keys = (await this.#keys(prefix.replace(/\/+$/, ''))).sort().filter((key) => key > next);
    const shown = keys.slice(0, limit);
    const objects = await Promise.all(shown.map(async (key) => await this.head(key) ?? { key, size: 0 }));
    const last = shown.at(-1);
    return { objects, ...(last !== undefined && keys.length > shown.length && { next: last }) };
  }

  async #keys(start: string): Promise<string[]> {
    const keys: string[] = [];
    const pending = [start];
    for (let folder = pending.shift(); folder !== undefined; folder = pending.shift()) {
      const entries = await opendir(await this.#fileOf(folder)).catch(() => undefined);
      if (!entries) continue;
      for await (const entry of entries) {
        const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) pending.push(key);
        else if (entry.isFile()) keys.push(key);
      }
    }
    return keys;
  }

  async get(key: string, { start, end, signal }: Range = {}): Promise<StoredContent> {
    const found = await this.head(key);
    if (!found) throw new AppError('not-found', `There is no file for the key "${key}".`, { hint: 'It was deleted, or was never written.' });
    const body = createReadStream(await this.#fileOf(key), { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }), ...(signal && { signal }) });
    return { ...(found.size === undefined ? {} : { size: found.size }), body: body as AsyncIterable<Uint8Array> };
  }

  async presign(key: string): Promise<string> {
    return pathToFileURL(await this.#fileOf(key)).href;
  }
}

function isBelow(file: string, root: string): boolean {
  return file === root || file.startsWith(root + path.sep);
}
