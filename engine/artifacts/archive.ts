/** Archives of artifacts, read as they stream by (tar) or from their directory (zip). What they hold is never trusted. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import yauzl from 'yauzl';
import type { ArtifactEntry } from '../api.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { Range, StoredContent } from './store.ts';

/** What something is by its first bytes. */
export type Wrapping = 'tar' | 'tgz' | 'zip' | 'gzip' | undefined;

/** Bytes that are needed to say what something is. */
export const HEAD_BYTES = 4096;
const TAR_MAGIC_END = 262;

/** @param head the first bytes, HEAD_BYTES of them when there are so many */
export async function wrappingOf(head: Uint8Array): Promise<Wrapping> {
  if (head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5)) return 'zip';
  if (isTar(head)) return 'tar';
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  return isTar(await inflated(head)) ? 'tgz' : 'gzip';
}

function isTar(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', 257, TAR_MAGIC_END) === 'ustar';
}

/** As much as can be unpacked of the beginning of a gzip. */
async function inflated(head: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const unzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  unzip.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    unzip.once('error', () => { resolve(); });
    unzip.once('end', resolve);
    unzip.end(head);
  });
  return Buffer.concat(chunks);
}

/** @returns the bytes out of a gzip. Throws `invalid` when it is damaged. */
export function gunzipped(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const unzip = createGunzip();
  pipeline(Readable.from(body, { objectMode: false }), unzip).catch((error: unknown) => { unzip.destroy(asDamage(error)); });
  return unzip as AsyncIterable<Uint8Array>;
}

/** @returns what a tar holds, in its order. Throws `invalid` when it is damaged. */
export async function* tarEntries(body: AsyncIterable<Uint8Array>): AsyncGenerator<ArtifactEntry> {
  const extract = tar.extract();
  const feeding = pipeline(Readable.from(body, { objectMode: false }), extract);
  feeding.catch(() => undefined);
  try {
    for await (const entry of extract) {
      const { name, type, size, mode, mtime, linkname } = entry.header;
      const kind = type === 'directory' ? 'folder' : type === 'file' ? 'file' : 'link';
      yield { path: name, type: kind, size, mode, modifiedAt: mtime.toISOString(), ...(typeof linkname === 'string' && { target: linkname }), body: bytesOf(entry as AsyncIterable<Uint8Array>) };
      entry.resume();
    }
    await feeding;
  } catch (error) {
    throw asDamage(error);
  } finally {
    extract.destroy();
  }
}

/** The bytes of an entry. Whoever stops reading them leaves the entry as it is: to destroy it would end the whole archive. */
async function* bytesOf(entry: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = entry[Symbol.asyncIterator]();
  try {
    for (let next = await bytes.next(); !next.done; next = await bytes.next()) yield next.value;
  } catch (error) {
    throw asDamage(error);
  }
}

/**
 * @param open reads a part of the archive
 * @param size of the archive, in bytes
 * @returns what a zip holds. Throws `invalid` when it is damaged.
 */
export async function* zipEntries(open: (range: Range) => Promise<StoredContent>, size: number): AsyncGenerator<ArtifactEntry> {
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.fromRandomAccessReaderPromise(new Parts(open), size, { lazyEntries: true, autoClose: false });
    for await (const entry of zip.eachEntry()) {
      const folder = entry.fileName.endsWith('/');
      const mode = entry.externalFileAttributes >>> 16;
      const link = (mode & 0o170000) === 0o120000;
      const opened = zip;
      yield {
        path: entry.fileName, type: folder ? 'folder' : link ? 'link' : 'file', size: entry.uncompressedSize, modifiedAt: entry.getLastModDate().toISOString(), ...(mode & 0o777 && { mode: mode & 0o777 }),
        body: contentOfEntry(opened, entry),
      };
    }
  } catch (error) {
    throw asDamage(error);
  } finally {
    zip?.close();
  }
}

async function* contentOfEntry(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Uint8Array> {
  if (entry.isEncrypted()) throw new AppError('unsupported', `${entry.fileName} is encrypted.`, { hint: 'Download the archive and open it with its password.' });
  try {
    yield* await zip.openReadStreamPromise(entry) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw asDamage(error);
  }
}

const BLOCK = 256 * 1024;
const MOST_BLOCKS = 8;

/** A directory is read in many small pieces: they come out of a few large ones. */
class Parts extends yauzl.RandomAccessReader {
  readonly #open: (range: Range) => Promise<StoredContent>;
  readonly #blocks = new Map<number, Promise<Buffer>>();

  constructor(open: (range: Range) => Promise<StoredContent>) {
    super();
    this.#open = open;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#bytes(start, end - 1), { objectMode: false });
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    this.#fill(buffer.subarray(offset, offset + length), position).then(() => { callback(null); }, (error: unknown) => { callback(error instanceof Error ? error : new Error(String(error))); });
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    for (let done = 0; done < target.length;) {
      const at = position + done;
      const block = await this.#block(Math.floor(at / BLOCK));
      const copied = block.copy(target, done, at % BLOCK);
      if (copied === 0) throw new Error('the archive ends too early');
      done += copied;
    }
  }

  #block(index: number): Promise<Buffer> {
    let block = this.#blocks.get(index);
    if (!block) {
      const [oldest] = this.#blocks.keys();
      if (oldest !== undefined && this.#blocks.size >= MOST_BLOCKS) this.#blocks.delete(oldest);
      this.#blocks.set(index, block = this.#gather(index * BLOCK));
    }
    return block;
  }

  async #gather(start: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#bytes(start, start + BLOCK - 1)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Uint8Array> {
    yield* (await this.#open({ start, end })).body;
  }
}

/** What a reader of archives threw: an error of ours as it is, anything else means that the archive is not whole. */
function asDamage(error: unknown): AppError {
  if (isAppError(error)) return error;
  if (error instanceof Error && error.name === 'AbortError') return new AppError('cancelled', 'Cancelled.', { cause: error });
  return new AppError('invalid', `The archive is damaged: ${error instanceof Error ? error.message : String(error)}`, { cause: error, hint: 'Download it as it is and look at it with other tools.' });
}
