/** Files that survive a crash and other processes: whole or not at all, and one writer at a time. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../spec/error.ts';

/** A lock older than this belonged to a process that died: no writer holds one for more than milliseconds. */
const STALE_LOCK_MS = 10_000;
const LOCK_WAIT_MS = 15_000;

/** Writes a file so that a reader, or a crash at any moment, finds the old text or the new one. Makes the folder. */
export async function writeFileAtomic(file: string, text: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Runs `work` while no other process (nor this one) runs another under the same file's lock. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  await acquire(lock);
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string): Promise<void> {
  for (let waited = 0; waited < LOCK_WAIT_MS; waited += 10) {
    try {
      await (await open(lock, 'wx', 0o600)).close();
      return;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const age = Date.now() - (await stat(lock).then((s) => s.mtimeMs, () => Date.now()));
    if (age > STALE_LOCK_MS) await rm(lock, { force: true });
    else await delay(10);
  }
  throw new AppError('unavailable', `Another process keeps ${lock}.`, { retryable: true, hint: 'End the other process, or delete the file when none is running.' });
}

/** @returns whether an error of Node's file system has this code */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

/** @returns a name from outside as one safe path segment, the same for the same name */
export function pathSegment(name: string): string {
  const safe = encodeURIComponent(name).replaceAll('*', '%2A').slice(0, 200);
  return /^\.+$/.test(safe) || safe === '' ? `%2E${safe}` : safe;
}
