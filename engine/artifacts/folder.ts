/** Artifacts in a folder of this machine, under their keys: what an S3 bucket is elsewhere. */
import { createReadStream } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../spec/error.ts';
import type { S3Content, S3Object } from './s3.ts';

export class FolderStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = path.resolve(root);
  }

  /** @returns the path of a key. Throws `invalid` for one that leads out of the folder, be it by a link. */
  async fileOf(key: string): Promise<string> {
    const file = path.resolve(this.#root, key);
    const real = await realpath(file).catch(() => file);
    const root = await realpath(this.#root).catch(() => this.#root);
    if (!isBelow(file, this.#root) || !isBelow(real, root)) throw new AppError('invalid', `The key "${key}" leads out of the folder of artifacts.`);
    return file;
  }

  async head(key: string): Promise<S3Object | undefined> {
    const found = await stat(await this.fileOf(key)).catch(() => undefined);
    return found?.isFile() ? { key, size: found.size, modifiedAt: found.mtime.toISOString() } : undefined;
  }

  /** @returns files whose keys begin with `prefix`, a folder's, at most `limit`, and whether there are more */
  async list(prefix: string, limit: number): Promise<{ objects: S3Object[]; more: boolean }> {
    const objects: S3Object[] = [];
    const pending = [prefix.replace(/\/+$/, '')];
    for (let folder = pending.shift(); folder !== undefined; folder = pending.shift()) {
      const entries = await opendir(await this.fileOf(folder)).catch(() => undefined);
      if (!entries) continue;
      for await (const entry of entries) {
        const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) pending.push(key);
        else if (entry.isFile()) {
          if (objects.length >= limit) return { objects, more: true };
          objects.push(await this.head(key) ?? { key, size: 0 });
        }
      }
    }
    return { objects: objects.sort((a, b) => (a.key < b.key ? -1 : 1)), more: false };
  }

  async get(key: string, { start, end, signal }: { start?: number; end?: number; signal?: AbortSignal } = {}): Promise<S3Content> {
    const found = await this.head(key);
    if (!found) throw new AppError('not-found', `There is no file for the key "${key}".`, { hint: 'It was deleted, or was never written.' });
    const body = createReadStream(await this.fileOf(key), { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }), ...(signal && { signal }) });
    return { size: found.size, body: body as AsyncIterable<Uint8Array> };
  }
}

function isBelow(file: string, root: string): boolean {
  return file === root || file.startsWith(root + path.sep);
}
