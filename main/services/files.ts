/** Files of the user and drafts of what is being written. The window knows files by handles, never by their paths. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../engine/spec/error.ts';
import { writeAtomic } from '../atomic.ts';
import type { Draft, OnDisk, OpenedFile, Rewrite } from '../ipc/contract.ts';
import type { Handlers, Sources } from './service.ts';

const MAX_FILE = 16 * 1024 * 1024;
/** Milliseconds between two looks at an open file: a look costs little, and works on every kind of file system. */
const LOOK_MS = 1000;

/** The questions that only the person can answer; native dialogs in the app. */
export interface FileDialogs {
  /** @returns the path of a file to open */
  open(): Promise<string | undefined>;
  /** @returns the path to save to */
  save(suggestedName: string): Promise<string | undefined>;
}

const draftSchema = z.object({ title: z.string(), text: z.string(), path: z.string().optional(), hash: z.string().optional(), savedAt: z.string() });

interface Known {
  path: string;
  /** Of the text as it was last read or written by us. */
  hash: string | undefined;
}

export class Files {
  readonly #drafts: string;
  readonly #dialogs: FileDialogs;
  readonly #now: () => Date;
  readonly #handles = new Map<string, Known>();
  readonly #byPath = new Map<string, string>();
  readonly #lookMs: number;

  /** @param folder where drafts are kept */
  constructor(folder: string, dialogs: FileDialogs, now: () => Date = () => new Date(), lookMs = LOOK_MS) {
    this.#drafts = path.join(folder, 'drafts');
    this.#dialogs = dialogs;
    this.#now = now;
    this.#lookMs = lookMs;
  }

  /** Reads a file that the person named: in a dialog, on the command line, or by dropping it. */
  async read(file: string): Promise<OpenedFile> {
    const text = await readText(file);
    return { handle: this.#handle({ path: path.resolve(file), hash: hashOf(text) }), name: path.basename(file), text };
  }

  /** @returns the handle of a file that nothing was read of yet; what is known of it already stays */
  handleOf(file: string): string {
    return this.#byPath.get(file) ?? this.#handle({ path: file, hash: undefined });
  }

  readonly handlers: Handlers<'files.open' | 'files.read' | 'files.save' | 'files.rewrite' | 'files.saveDraft' | 'files.drafts' | 'files.removeDraft'> = {
    'files.open': async () => {
      const file = await this.#dialogs.open();
      return file === undefined ? undefined : await this.read(file);
    },
    'files.read': ({ handle }) => this.read(this.#known(handle).path),
    'files.save': async ({ handle, text, suggestedName, over }) => {
      const known = handle === undefined ? await this.#ask(suggestedName) : this.#known(handle);
      if (!known) return undefined;
      const disk = handle === undefined || known.hash === undefined ? undefined : await onDisk(known.path);
      if (disk && disk.version !== GONE && disk.version !== known.hash && disk.version !== over) return { changed: disk };
      await writeAtomic(known.path, text, 0o644).catch((error: unknown) => { throw fileError(error, known.path, 'saved'); });
      known.hash = hashOf(text);
      return { handle: handle ?? this.#handle(known), name: path.basename(known.path) };
    },
    'files.rewrite': ({ files }) => this.#rewrite(files),
    'files.saveDraft': async ({ id, title, text, handle }) => {
      const known = handle === undefined ? undefined : this.#known(handle);
      const draft: z.infer<typeof draftSchema> = { title, text, savedAt: this.#now().toISOString() };
      if (known) draft.path = known.path;
      if (known?.hash !== undefined) draft.hash = known.hash;
      await mkdir(this.#drafts, { recursive: true, mode: 0o700 });
      await writeAtomic(this.#draftFile(id), JSON.stringify({ id, ...draft }));
      return undefined;
    },
    'files.drafts': async () => {
      const files = await readdir(this.#drafts).catch(() => []);
      const drafts = await Promise.all(files.filter((file) => file.endsWith('.json')).map((file) => this.#readDraft(path.join(this.#drafts, file))));
      return drafts.filter((draft) => draft !== undefined).sort((a, b) => b.savedAt.localeCompare(a.savedAt));
    },
    'files.removeDraft': async ({ id }) => {
      await rm(this.#draftFile(id), { force: true });
      return undefined;
    },
  };

  readonly sources: Sources<'files.watch'> = {
    'files.watch': {
      open: async ({ handle }, sink, signal) => {
        let told = this.#known(handle).hash;
        let stamp: string | undefined;
        while (!signal.aborted) {
          const { path: file } = this.#known(handle);
          const now = await stampOf(file);
          if (now !== stamp) {
            stamp = now;
            const disk = await onDisk(file);
            if (disk.version !== told) sink.push(disk);
            told = disk.version;
          }
          await pause(this.#lookMs, undefined, { signal, ref: false }).catch(() => undefined);
        }
      },
      merge: (_, newer) => newer,
    },
  };

  /** Looks at all of them first: where one has changed, none is written. */
  async #rewrite(files: readonly Rewrite[]): Promise<{ written: string[] } | { changed: string[] }> {
    const known = files.map(({ handle }) => this.#known(handle));
    const found = await Promise.all(known.map(({ path: file }) => onDisk(file)));
    const changed = files.flatMap(({ handle, over }, i) => (found[i]?.version === over ? [] : [handle]));
    if (changed.length > 0) return { changed };
    const written: string[] = [];
    for (const [i, { text }] of files.entries()) {
      const target = known[i];
      if (!target) continue;
      await writeAtomic(target.path, text, 0o644).catch((error: unknown) => { throw fileError(error, target.path, 'saved'); });
      target.hash = hashOf(text);
      written.push(target.hash);
    }
    return { written };
  }

  async #ask(suggestedName: string | undefined): Promise<Known | undefined> {
    const file = await this.#dialogs.save(path.basename(suggestedName ?? 'workflow.yaml'));
    return file === undefined ? undefined : { path: file, hash: undefined };
  }

  #handle(known: Known): string {
    const handle = this.#byPath.get(known.path) ?? randomBytes(12).toString('base64url');
    this.#handles.set(handle, known);
    this.#byPath.set(known.path, handle);
    return handle;
  }

  #known(handle: string): Known {
    const known = this.#handles.get(handle);
    if (!known) throw new AppError('not-found', 'That file is no longer open here.', { hint: 'Save it under a name.' });
    return known;
  }

  /** The window's id is hashed, so that it cannot name a file elsewhere. */
  #draftFile(id: string): string {
    return path.join(this.#drafts, `${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`);
  }

  async #readDraft(file: string): Promise<Draft | undefined> {
    try {
      const { id, path: origin, hash, title, text, savedAt } = draftSchema.extend({ id: z.string() }).parse(JSON.parse(await readFile(file, 'utf8')));
      const draft: Draft = { id, title, text, savedAt };
      if (origin !== undefined) draft.handle = this.#handle({ path: origin, hash });
      return draft;
    } catch {
      // Not a draft of ours, or written by a later version: left as it is.
      return undefined;
    }
  }
}

const GONE = 'gone';

/** Changes whenever a file is written or replaced. */
export async function stampOf(file: string): Promise<string> {
  const info = await stat(file).catch(() => undefined);
  return info ? `${info.mtimeMs} ${info.size} ${info.ino}` : GONE;
}

async function onDisk(file: string): Promise<OnDisk> {
  try {
    const text = await readText(file);
    return { version: hashOf(text), text };
  } catch (error) {
    return { version: error instanceof AppError && error.code === 'not-found' ? GONE : `unreadable ${await stampOf(file)}` };
  }
}

/** @returns the text of a file of at most `most` bytes. Throws AppError. */
export async function readText(file: string, most = MAX_FILE): Promise<string> {
  const info = await stat(file).catch((error: unknown) => { throw fileError(error, file, 'opened'); });
  if (!info.isFile()) throw new AppError('invalid', `${path.basename(file)} is not a file.`);
  if (info.size > most) throw new AppError('too-large', `${path.basename(file)} is larger than ${most / 1024 / 1024} MiB.`, { hint: 'Workflows of that size cannot be kept by Kubernetes either.' });
  const bytes = await readFile(file).catch((error: unknown) => { throw fileError(error, file, 'opened'); });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('invalid', `${path.basename(file)} is not a text in UTF-8.`, { cause });
  }
}

export function fileError(cause: unknown, file: string, what: string): AppError {
  const { code } = cause as NodeJS.ErrnoException;
  const name = path.basename(file);
  if (code === 'ENOENT') return new AppError('not-found', `${name} could not be ${what}: there is no such file.`, { cause });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new AppError('forbidden', `${name} could not be ${what}: this user may not.`, { cause, hint: 'Save it to another place.' });
  if (code === 'ENOSPC') return new AppError('unavailable', `${name} could not be ${what}: the disk is full.`, { cause });
  return new AppError('unavailable', `${name} could not be ${what} (${code ?? 'unknown reason'}).`, { cause });
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
