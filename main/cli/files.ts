/** Reading what the user names: files, folders, standard input. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../engine/spec/error.ts';
import type { Io } from './io.ts';

const MANIFEST = /\.(ya?ml|json)$/i;

export interface NamedText {
  /** As the user would write it. */
  name: string;
  text: string;
}

/** @returns the text of a file, or of standard input for `-` */
export async function readNamed(name: string, io: Io): Promise<NamedText> {
  if (name === '-') return { name: 'stdin', text: await io.readStdin() };
  try {
    return { name, text: await readFile(path.resolve(io.cwd, name), 'utf8') };
  } catch (cause) {
    throw fileError(name, cause);
  }
}

/** @returns the manifests among files and folders, folders with all below them */
export async function readAll(names: readonly string[], io: Io): Promise<NamedText[]> {
  const found: string[] = [];
  for (const name of names) {
    if (name === '-') found.push(name);
    else await collect(name, path.resolve(io.cwd, name), found);
  }
  return Promise.all(found.map((name) => readNamed(name, io)));
}

async function collect(name: string, file: string, found: string[]): Promise<void> {
  const info = await stat(file).catch((cause: unknown) => {
    throw fileError(name, cause);
  });
  if (!info.isDirectory()) {
    found.push(name);
    return;
  }
  for (const entry of (await readdir(file, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) await collect(path.join(name, entry.name), path.join(file, entry.name), found);
    else if (entry.isFile() && MANIFEST.test(entry.name)) found.push(path.join(name, entry.name));
  }
}

function fileError(name: string, cause: unknown): AppError {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code === 'ENOENT') return new AppError('not-found', `${name}: there is no such file.`, { cause, hint: 'Check the path; it is taken from the folder you are in.' });
  if (code === 'EACCES') return new AppError('forbidden', `${name}: you may not read this file.`, { cause });
  return new AppError('invalid', `${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}
