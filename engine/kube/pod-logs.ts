/** Reading a container's log, and going on where it was when the connection is lost while following. */
import { AppError, isAppError } from '../spec/error.ts';
import { LineSplitter } from './lines.ts';
import { networkError } from './network-error.ts';
import type { LogOptions } from './port.ts';
import type { Streamed } from './transport.ts';

type Query = Record<string, string | number | boolean | undefined>;
type Open = (query: Query, signal: AbortSignal | undefined) => Promise<Streamed>;

const MAX_LINE = 16 * 1024 * 1024;
const NEWLINE = Buffer.from('\n');
const MAX_WAIT_MS = 10_000;

const queryOf = (options: LogOptions): Query => ({
  container: options.container, follow: options.follow, previous: options.previous, timestamps: options.timestamps,
  tailLines: options.tailLines, sinceTime: options.sinceTime, limitBytes: options.limitBytes,
});

/** @returns the log's bytes; with `follow`, until the container has ended or the signal aborts */
export async function* followLogs(open: Open, options: LogOptions): AsyncIterable<Uint8Array> {
  if (options.follow && options.limitBytes === undefined) yield* resuming(open, options);
  else yield* plain(open, options);
}

async function* plain(open: Open, options: LogOptions): AsyncIterable<Uint8Array> {
  const { body } = await open(queryOf(options), options.signal);
  try {
    yield* body;
  } catch (error) {
    if (options.signal?.aborted) return;
    throw networkError(error, '');
  } finally {
    body.destroy();
  }
}

/** Asks for timestamps, to know where to go on; takes them out again unless they were wanted. */
async function* resuming(open: Open, options: LogOptions): AsyncIterable<Uint8Array> {
  const place = new Place();
  for (let failures = 0; ; failures += 1) {
    try {
      const since = place.since();
      const query: Query = { ...queryOf(options), timestamps: true, ...(since === undefined ? {} : { sinceTime: since, tailLines: undefined }) };
      const { body } = await open(query, options.signal);
      for await (const lines of linesOf(body)) {
        failures = 0;
        const fresh = lines.filter((line) => place.isNew(line));
        if (fresh.length > 0) yield Buffer.concat(fresh.flatMap((line) => [options.timestamps ? line : withoutTime(line), NEWLINE]));
      }
      return;
    } catch (error) {
      if (options.signal?.aborted) return;
      const lost = error instanceof AppError ? error.retryable : true;
      // Gone between two tries: all that was to be read has been.
      if (failures > 0 && isAppError(error, 'not-found')) return;
      if (!lost || (failures === 0 && !place.started && error instanceof AppError) || failures > 20) throw error;
      await pause(Math.min(250 * 2 ** failures, MAX_WAIT_MS), options.signal);
    }
  }
}

async function* linesOf(body: Streamed['body']): AsyncIterable<Buffer[]> {
  const splitter = new LineSplitter(MAX_LINE);
  try {
    for await (const chunk of body) {
      const lines = splitter.push(chunk);
      if (lines.length > 0) yield lines;
    }
    const rest = splitter.rest();
    if (rest.length > 0) yield [rest];
  } finally {
    body.destroy();
  }
}

const SPACE = 0x20;

function withoutTime(line: Buffer): Buffer {
  const end = line.indexOf(SPACE);
  return end < 0 ? line : line.subarray(end + 1);
}

/** Where the reader is: the time of the last line, and how many lines had that very time. */
class Place {
  #last = '';
  #same = 0;
  #skip = 0;
  started = false;

  /** @returns the time to ask from after an interruption, in whole seconds as the server takes it */
  since(): string | undefined {
    if (this.#last === '') return undefined;
    this.#skip = this.#same;
    return `${this.#last.slice(0, 19)}Z`;
  }

  isNew(line: Buffer): boolean {
    const end = line.indexOf(SPACE);
    const time = normalized(line.subarray(0, Math.max(end, 0)).toString('latin1'));
    this.started = true;
    if (time === undefined) return true;
    if (time < this.#last) return false;
    if (time === this.#last) {
      if (this.#skip > 0) {
        this.#skip -= 1;
        return false;
      }
      this.#same += 1;
      return true;
    }
    this.#last = time;
    this.#same = 1;
    this.#skip = 0;
    return true;
  }
}

/** @returns UTC with nine digits of a second, so that texts compare as times do */
function normalized(time: string): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (!parts) return undefined;
  const [, seconds = '', fraction = '', zone = 'Z'] = parts;
  const utc = zone === 'Z' ? seconds : new Date(Date.parse(`${seconds}${zone}`)).toISOString().slice(0, 19);
  return `${utc}.${fraction.padEnd(9, '0')}`;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
