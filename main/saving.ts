/** Artifacts on their way to the user's disk: whole or not at all, never over what is there unless the person said so, never outside of the chosen place. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArtifactEntry, ArtifactInfo } from '../engine/index.ts';
import { AppError, isAppError } from '../engine/spec/error.ts';

export interface SavingOptions {
  signal?: AbortSignal;
  /** Told of each piece that was written. */
  onBytes?: (bytes: number) => void;
}

/** Writes a stream beside the file, then puts it in its place; what is there goes. A write that fails or is cancelled leaves nothing behind. */
export async function saveFile(body: AsyncIterable<Uint8Array>, file: string, options: SavingOptions = {}): Promise<void> {
  await place(file, (beside) => write(body, beside, 0o644, options));
}

/** What became of the entries of an artifact. */
export interface Saved {
  files: number;
  bytes: number;
  /** Paths of links and of what has no place here: they were not written. */
  left: string[];
}

export interface EntriesOptions extends SavingOptions {
  /** Where they are put together: of the same disk as the target. */
  folder: string;
  /** Chooses the target, given the name that the artifact has for itself, undefined when it has none. */
  wanted: (own: string | undefined) => Promise<string>;
  /** Only what is at this path, or below it. */
  within?: string;
  /** A file that is there may go; a folder never. */
  over?: boolean;
}

/**
 * Writes the files of an artifact into a new folder, which appears when it is whole. When all are in one folder, or there is only
 * one file, that is what appears.
 */
export async function saveEntries(entries: AsyncIterable<ArtifactEntry>, { folder, wanted, within = '', over = false, ...options }: EntriesOptions): Promise<Saved & { target: string }> {
  const saved: Saved = { files: 0, bytes: 0, left: [] };
  let target = '';
  const onBytes = (bytes: number): void => {
    saved.bytes += bytes;
    options.onBytes?.(bytes);
  };
  const work = besides(path.join(folder, 'artifact'));
  try {
    await mkdir(work, { mode: 0o755 });
    for await (const entry of entries) {
      if (options.signal?.aborted) throw new AppError('cancelled', 'Cancelled.');
      await saveEntry(entry, work, wanting(entry.path, within), { ...options, onBytes }, saved);
    }
    if (within !== '' && saved.files === 0) throw new AppError('not-found', `The artifact has nothing at "${within}".`, { hint: 'Leave the path out to get all of it.' });
    const [first, ...others] = await readdir(work);
    const single = first !== undefined && others.length === 0 ? first : undefined;
    target = await wanted(single === ITSELF ? undefined : single);
    if (await exists(target) && !(over && single !== undefined && await isFile(target) && await isFile(path.join(work, single)))) throw new AppError('already-exists', `${target} is there already.`, { hint: 'Choose another place: nothing is written over.' });
    await rename(single === undefined ? work : path.join(work, single), target);
  } catch (error) {
    throw saveError(error, target || folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { ...saved, target };
}

/** What an artifact that is a single file is called until it has its place. */
const ITSELF = '.itself';

async function saveEntry(entry: ArtifactEntry, work: string, name: string | undefined, options: SavingOptions, saved: Saved): Promise<void> {
  if (name === undefined) return;
  const file = entry.path === '' ? path.join(work, ITSELF) : inside(work, name);
  if (file === undefined || entry.type === 'link') {
    saved.left.push(entry.path);
    return;
  }
  if (entry.type === 'folder') {
    await mkdir(file, { recursive: true });
    return;
  }
  await mkdir(path.dirname(file), { recursive: true });
  await write(entry.body, file, ((entry.mode ?? 0o644) & 0o755) | 0o600, options);
  saved.files += 1;
}

/**
 * @returns the part of an entry's path that is written, when it is wanted: the end of `within` and what is below. An archive of
 *   a folder has the folder's name before each path; a person may leave it out.
 */
function wanting(entry: string, within: string): string | undefined {
  if (within === '') return entry;
  const base = within.slice(within.lastIndexOf('/') + 1);
  for (const at of [entry, entry.slice(entry.indexOf('/') + 1)]) {
    if (at === within || at === `${within}/`) return base;
    if (at.startsWith(`${within}/`)) return `${base}${at.slice(within.length)}`;
  }
  return undefined;
}

/** @returns the file that a path means below a folder; undefined when it leads elsewhere, or no file here can have the name */
function inside(folder: string, name: string): string | undefined {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const bad = parts.length === 0 || name.startsWith('/') || parts.some((part) => part === '..' || part.includes('\0') || (path.sep === '\\' && /[\\:<>"|?*]|[. ]$/.test(part)));
  return bad ? undefined : path.join(folder, ...parts);
}

async function write(body: AsyncIterable<Uint8Array>, file: string, mode: number, { signal, onBytes }: SavingOptions): Promise<void> {
  const count = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      onBytes?.(chunk.length);
      done(null, chunk);
    },
  });
  await pipeline(Readable.from(body, { objectMode: false }), count, createWriteStream(file, { mode }), signal ? { signal } : {});
}

async function place(file: string, fill: (beside: string) => Promise<void>): Promise<void> {
  const beside = besides(file);
  try {
    await fill(beside);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw saveError(error, file);
  }
}

const besides = (file: string): string => path.join(path.dirname(file), `.${path.basename(file).slice(0, 200)}.${randomBytes(4).toString('hex')}`);

/** @returns what an artifact is called as a file: as in its store, else by its own name */
export function fileNameOf({ kind, key, name }: Pick<ArtifactInfo, 'kind' | 'key' | 'name'>): string {
  const base = kind === 'raw' || kind === 'git' ? '' : path.posix.basename(key.split(/[?#]/)[0] ?? '');
  return base || name;
}

export function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false);
}

function isFile(file: string): Promise<boolean> {
  return stat(file).then((found) => found.isFile(), () => false);
}

/** What a disk answered, in words; an error of ours as it is. */
function saveError(cause: unknown, file: string): AppError {
  if (isAppError(cause)) return cause;
  if (cause instanceof Error && cause.name === 'AbortError') return new AppError('cancelled', 'Cancelled.', { cause });
  const { code } = cause as NodeJS.ErrnoException;
  const name = path.basename(file);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('unavailable', `${name} could not be written: the disk is full.`, { cause, hint: 'Make room, or choose another place.' });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new AppError('forbidden', `${name} could not be written: you may not write there.`, { cause, hint: 'Choose another place.' });
  if (code === 'ENOENT') return new AppError('not-found', `${name} could not be written: there is no such folder.`, { cause, hint: 'Make the folder, or choose another place.' });
  return new AppError('unavailable', `${name} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, hint: 'Choose another place.' });
}
