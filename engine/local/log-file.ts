/** A container's log as a plain file, read as an API server gives it: the last lines, since a time, followed as it grows. */
import { appendFileSync, existsSync, readFileSync, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogOptions } from '../kube/port.ts';

const POLL_MS = 200;
const CHUNK = 256 * 1024;

/** Notes when which part of a log was first seen: plain files know no times. A line is `OFFSET MILLISECONDS`. */
export function noteTime(timesPath: string, size: number, now: number): void {
  try {
    appendFileSync(timesPath, `${size} ${now}\n`);
  } catch (error) {
    // The Pod has just been removed with its folder: nobody will ask.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

type Times = (offset: number) => number;

/** @returns the time at which the byte at an offset was first seen */
function readTimes(timesPath: string): Times {
  const marks = (existsSync(timesPath) ? readFileSync(timesPath, 'utf8') : '').split('\n').filter((line) => line !== '').map((line) => line.split(' ').map(Number) as [number, number]);
  return (offset) => {
    let [low, high] = [0, marks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((marks[middle]?.[0] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return marks[low]?.[1] ?? Date.now();
  };
}

async function readFrom(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
  return buffer.subarray(0, bytesRead);
}

const sizeOf = async (file: FileHandle): Promise<number> => (await file.stat()).size;

/** @returns the offset at which the last `lines` lines begin */
async function tailOffset(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines <= 0) return size;
  let missing = lines + 1;
  for (let end = size; end > 0; end = Math.max(0, end - CHUNK)) {
    const start = Math.max(0, end - CHUNK);
    const chunk = await readFrom(file, start, end);
    for (let at = chunk.length - 1; at >= 0; at -= 1) {
      // The newline that ends the file begins no line.
      if (chunk[at] !== 0x0a || start + at === size - 1) continue;
      missing -= 1;
      if (missing === 1) return start + at + 1;
    }
  }
  return 0;
}

/**
 * @param running whether more may come
 * @returns the log's bytes
 */
export async function* readLogFile(path: string, timesPath: string, options: LogOptions, running: () => boolean): AsyncIterable<Uint8Array> {
  // Held open to the end: when the Pod is removed meanwhile, what its containers wrote last can still be read.
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return;
  try {
    const first = options.tailLines === undefined ? 0 : await tailOffset(file, await sizeOf(file), options.tailLines);
    let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const dress = dresser(timesPath, options);
    for await (const [offset, chunk] of growing(file, path, first, options, running)) {
      const out = dress(offset, chunk).subarray(0, left);
      left -= out.length;
      if (out.length > 0) yield out;
      if (left <= 0) return;
    }
  } finally {
    await file.close();
  }
}

/** Yields the file's bytes with their offsets, and when following waits for more until the container has ended. */
async function* growing(file: FileHandle, path: string, from: number, options: LogOptions, running: () => boolean): AsyncIterable<[number, Buffer]> {
  let offset = from;
  while (!options.signal?.aborted) {
    const more = running();
    const size = await sizeOf(file);
    while (offset < size) {
      const chunk = await readFrom(file, offset, Math.min(size, offset + CHUNK));
      yield [offset, chunk];
      offset += chunk.length;
    }
    if (!options.follow || (!more && offset >= (await sizeOf(file)))) return;
    await changed(path, options.signal);
  }
}

/** @returns what adds times to lines and leaves out those that are too old, as the options say */
function dresser(timesPath: string, options: LogOptions): (offset: number, chunk: Buffer) => Buffer {
  if (!options.timestamps && options.sinceTime === undefined) return (_, chunk) => chunk;
  const since = options.sinceTime === undefined ? 0 : Date.parse(options.sinceTime);
  let lineStart = true;
  let shown = true;
  return (offset, chunk) => {
    const times = readTimes(timesPath);
    const parts: Buffer[] = [];
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(0x0a, start);
      const end = newline < 0 ? chunk.length : newline + 1;
      if (lineStart) {
        const at = times(offset + start);
        shown = at >= since;
        if (shown && options.timestamps) parts.push(Buffer.from(`${new Date(at).toISOString()} `));
      }
      if (shown) parts.push(chunk.subarray(start, end));
      lineStart = newline >= 0;
      start = end;
    }
    return Buffer.concat(parts);
  };
}

/** @returns when something in the file's folder has changed, or after a short while */
function changed(path: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    let watcher: { close(): void } | undefined;
    const end = () => {
      clearTimeout(timer);
      watcher?.close();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, POLL_MS);
    signal?.addEventListener('abort', end, { once: true });
    try {
      const made = watch(dirname(path), { persistent: false }, end);
      made.on('error', end);
      watcher = made;
    } catch {
      // The folder is gone: the poll ends it.
    }
  });
}
