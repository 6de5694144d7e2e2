/** Folders of the user: which YAML files lie below one, their texts, and what becomes of them. The window knows folders by handles. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { AppError } from '../../engine/spec/error.ts';
import { writeAtomic } from '../atomic.ts';
import type { FolderChange, FolderFile, OpenedFolder } from '../ipc/contract.ts';
import { shorten } from '../paths.ts';
import { fileError, hashOf, readText, stampOf } from './files.ts';
import type { Files } from './files.ts';
import type { Handlers, Sink, Sources } from './service.ts';

/** A folder of more is shown in part: nobody keeps so many workflows in one, but people open their home by mistake. */
const MAX_FILES = 2000;
const MAX_ENTRIES = 50_000;
const MAX_DEPTH = 24;
const MAX_TEXT = 1024 * 1024;
const MAX_TEXTS = 24 * 1024 * 1024;
/** Characters of text in one message to the window. */
const PORTION = 512 * 1024;
/** Milliseconds between two looks; longer where a look takes long. */
const LOOK_MS = 1500;
const SHARE_OF_TIME = 20;
const READS_AT_ONCE = 32;
const RECENT = 10;

const recentSchema = z.array(z.string()).max(100);

export class Folders {
  readonly #recent: string;
  readonly #choose: () => Promise<string | undefined>;
  readonly #files: Files;
  readonly #lookMs: number;
  readonly #paths = new Map<string, string>();

  /** @param data where the list of recent folders is kept */
  constructor(data: string, choose: () => Promise<string | undefined>, files: Files, lookMs = LOOK_MS) {
    this.#recent = path.join(data, 'recent-folders.json');
    this.#choose = choose;
    this.#files = files;
    this.#lookMs = lookMs;
  }

  /** Takes a folder that the person named: in a dialog, on the command line, or by dropping it. */
  async open(named: string): Promise<OpenedFolder> {
    const folder = path.resolve(named);
    const info = await stat(folder).catch((error: unknown) => { throw fileError(error, folder, 'opened'); });
    if (!info.isDirectory()) throw new AppError('invalid', `${path.basename(folder)} is not a folder.`);
    const recent = await this.#readRecent();
    // What cannot be remembered is open all the same.
    await writeAtomic(this.#recent, JSON.stringify([folder, ...recent.filter((each) => each !== folder)].slice(0, RECENT))).catch(() => undefined);
    return this.#opened(folder);
  }

  readonly handlers: Handlers<'files.openFolder' | 'files.recentFolders' | 'files.create'> = {
    'files.openFolder': async ({ handle }) => {
      const folder = handle === undefined ? await this.#choose() : this.#path(handle);
      return folder === undefined ? undefined : await this.open(folder);
    },
    'files.recentFolders': async () => (await this.#readRecent()).map((folder) => this.#opened(folder)),
    'files.create': async ({ folder, path: wanted, text }) => {
      const root = this.#path(folder);
      const file = below(root, wanted);
      await refuseLinksOut(root, file);
      await mkdir(path.dirname(file), { recursive: true }).catch((error: unknown) => { throw fileError(error, file, 'made'); });
      const made = await open(file, 'wx', 0o644).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new AppError('already-exists', `${wanted} is there already.`, { hint: 'Choose another name.' });
        throw fileError(error, file, 'made');
      });
      await made.writeFile(text, 'utf8').finally(() => made.close());
      return { ...await this.#files.read(file), path: relative(root, file) };
    },
  };

  readonly sources: Sources<'files.folder'> = {
    'files.folder': {
      open: async ({ handle }, sink, signal) => {
        const look = new Looking(this.#path(handle), this.#files, sink, signal);
        while (!signal.aborted) {
          const began = performance.now();
          await look.once();
          const wait = Math.max(this.#lookMs, (performance.now() - began) * SHARE_OF_TIME);
          await pause(wait, undefined, { signal, ref: false }).catch(() => undefined);
        }
      },
      merge: (older, newer) => {
        if (newer.reset) return newer;
        const again = new Set([...newer.upserts.map((file) => file.path), ...newer.removed]);
        return { ...newer, reset: older.reset, upserts: [...older.upserts.filter((file) => !again.has(file.path)), ...newer.upserts], removed: [...older.removed.filter((file) => !again.has(file)), ...newer.removed] };
      },
    },
  };

  #opened(folder: string): OpenedFolder {
    let handle = [...this.#paths].find(([, each]) => each === folder)?.[0];
    if (handle === undefined) this.#paths.set(handle = randomBytes(12).toString('base64url'), folder);
    return { handle, name: path.basename(folder) || folder, where: shorten(folder) };
  }

  #path(handle: string): string {
    const folder = this.#paths.get(handle);
    if (folder === undefined) throw new AppError('not-found', 'That folder is no longer open here.', { hint: 'Choose it again.' });
    return folder;
  }

  async #readRecent(): Promise<string[]> {
    try {
      return recentSchema.parse(JSON.parse(await readFile(this.#recent, 'utf8')));
    } catch {
      return [];
    }
  }
}

/** One window's view of a folder: what it was told, compared with what is there now. */
class Looking {
  readonly #root: string;
  readonly #files: Files;
  readonly #sink: Sink<FolderChange>;
  readonly #signal: AbortSignal;
  /** Stamp and characters of what was told, by path. */
  readonly #told = new Map<string, { stamp: string; size: number }>();
  /** Characters of all that was told. */
  #size = 0;
  #first = true;
  #more = false;

  constructor(root: string, files: Files, sink: Sink<FolderChange>, signal: AbortSignal) {
    this.#root = root;
    this.#files = files;
    this.#sink = sink;
    this.#signal = signal;
  }

  /** Tells what is new since the last look, in portions. */
  async once(): Promise<void> {
    const { files, more } = await yamlFiles(this.#root);
    const present = new Set(files);
    let removed = [...this.#told.keys()].filter((file) => !present.has(file));
    for (const file of removed) {
      this.#size -= this.#told.get(file)?.size ?? 0;
      this.#told.delete(file);
    }
    const grew = more !== this.#more;
    this.#more = more;
    let portion: FolderFile[] = [];
    let size = 0;
    const tell = async (complete: boolean): Promise<void> => {
      if (this.#signal.aborted) return;
      this.#sink.push({ upserts: portion, removed, reset: this.#first, complete, more });
      this.#first = false;
      portion = [];
      removed = [];
      size = 0;
      await this.#sink.drained();
    };
    for (let at = 0; at < files.length && !this.#signal.aborted; at += READS_AT_ONCE) {
      for (const file of await Promise.all(files.slice(at, at + READS_AT_ONCE).map((each) => this.#changed(each)))) {
        if (!file) continue;
        portion.push(file);
        size += file.text?.length ?? 0;
      }
      if (size >= PORTION) await tell(false);
    }
    if (this.#first || grew || portion.length > 0 || removed.length > 0) await tell(true);
  }

  /** @returns the file when it is another than was told */
  async #changed(file: string): Promise<FolderFile | undefined> {
    const whole = path.join(this.#root, file);
    const stamp = await stampOf(whole);
    const told = this.#told.get(file);
    if (told?.stamp === stamp) return undefined;
    const base = { handle: this.#files.handleOf(whole), path: file };
    try {
      const text = await readText(whole, MAX_TEXT);
      const all = this.#size - (told?.size ?? 0) + text.length;
      if (all > MAX_TEXTS) throw new AppError('too-large', 'The folder holds more text than is read at once.');
      this.#size = all;
      this.#told.set(file, { stamp, size: text.length });
      return { ...base, version: hashOf(text), text };
    } catch (error) {
      this.#size -= told?.size ?? 0;
      this.#told.set(file, { stamp, size: 0 });
      return { ...base, version: `unread ${stamp}`, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** @returns the YAML files below a folder in the order of their paths; folders of tools and links to folders are left out */
async function yamlFiles(root: string): Promise<{ files: string[]; more: boolean }> {
  const files: string[] = [];
  let entries = 0;
  let more = false;
  const walk = async (folder: string, depth: number): Promise<void> => {
    const found = await readdir(path.join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (folder === '') throw fileError(error, root, 'read');
      // One that may not be read hides nothing of the others.
      return [];
    });
    for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (++entries > MAX_ENTRIES || files.length >= MAX_FILES) {
        more = true;
        return;
      }
      const below = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH) await walk(below, depth + 1);
      } else if (/\.ya?ml$/i.test(entry.name) && (entry.isFile() || entry.isSymbolicLink())) files.push(below);
    }
  };
  await walk('', 0);
  return { files, more };
}

/** @returns the file at a path below a folder. Throws `invalid` for what leads out of it or is no YAML file. */
function below(root: string, wanted: string): string {
  const parts = wanted.split('/');
  const bad = parts.some((part) => part === '' || part.startsWith('.') || /[\\:*?"<>|\u0000-\u001f]/.test(part));
  if (bad) throw new AppError('invalid', `"${wanted}" is no name for a file here.`, { hint: 'Write it as build.yaml, or steps/build.yaml.' });
  if (!/\.ya?ml$/i.test(wanted)) throw new AppError('invalid', `"${wanted}" is no YAML file.`, { hint: 'Let its name end in .yaml.' });
  return path.join(root, ...parts);
}

/** A link inside the folder may lead elsewhere: nothing is made there. */
async function refuseLinksOut(root: string, file: string): Promise<void> {
  let parent = path.dirname(file);
  while (parent !== root && !(await stat(parent).catch(() => undefined))) parent = path.dirname(parent);
  const [real, home] = await Promise.all([realpath(parent), realpath(root)]).catch((error: unknown) => { throw fileError(error, root, 'read'); });
  if (real !== home && !real.startsWith(home + path.sep)) throw new AppError('invalid', `${path.basename(parent)} leads out of the folder.`, { hint: 'Choose another place.' });
}

function relative(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}
