/**
 * A store behind a forwarded port, asked for one piece after the other: the API server's web socket cannot be told to wait, so
 * that whatever was asked for is in memory before it is read.
 */
import { AppError, isAppError } from '../spec/error.ts';
import type { Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';

const PIECE = 8 * 1024 * 1024;

export class InPieces implements ObjectStore {
  readonly #store: ObjectStore;
  readonly #piece: number;

  /** @param piece bytes that are asked for at once */
  constructor(store: ObjectStore, piece = PIECE) {
    this.#store = store;
    this.#piece = piece;
  }

  head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    return this.#store.head(key, signal);
  }

  list(prefix: string, limit: number, signal?: AbortSignal, next?: string): Promise<Listed> {
    return this.#store.list(prefix, limit, signal, next);
  }

  presign(key: string, seconds: number): Promise<string> {
    return this.#store.presign(key, seconds);
  }

  async get(key: string, range: Range = {}): Promise<StoredContent> {
    const { start = 0, end = Infinity } = range;
    if (end - start < this.#piece) return this.#store.get(key, range);
    const first = await this.#first(key, range);
    // A server that knows no ranges sends all of it at once.
    if (!first?.partial || first.size === undefined) {
      if (first) await letGo(first);
      return this.#store.get(key, range);
    }
    return { ...first, body: this.#pieces(key, first, start, Math.min(end, first.size - 1), range.signal) };
  }

  async #first(key: string, { start = 0, signal }: Range): Promise<StoredContent | undefined> {
    try {
      return await this.#store.get(key, { start, end: start + this.#piece - 1, ...(signal && { signal }) });
    } catch (error) {
      // An object without any byte has no part that could be asked for.
      if (isAppError(error, 'invalid')) return undefined;
      throw error;
    }
  }

  async *#pieces(key: string, first: StoredContent, start: number, last: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    yield* first.body;
    for (let at = start + this.#piece; at <= last; at += this.#piece) {
      const next = await this.#store.get(key, { start: at, end: Math.min(at + this.#piece - 1, last), ...(signal && { signal }) });
      if (next.size !== first.size || next.tag !== first.tag) throw new AppError('conflict', `"${key}" was changed while it was read.`, { retryable: true, hint: 'Read it again.' });
      yield* next.body;
    }
  }
}

/** Frees the connection of an answer that nobody reads. */
async function letGo({ body }: StoredContent): Promise<void> {
  for await (const chunk of body) if (chunk.length >= 0) break;
}
