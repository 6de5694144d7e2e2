/** Jsonnet files evaluated in a worker, within a limit of time. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../engine/spec/error.ts';

export interface JsonnetRequest {
  id: number;
  root: string;
  /** Absolute. */
  file: string;
  /** Code by name. */
  externals: Record<string, string>;
  args: Record<string, string>;
  /** Folders in which imports are looked for, after the importing file's own. */
  libraries: string[];
}

type JsonnetAnswer = { id: number; json: string } | { id: number; error: string };

const LIMIT_MS = 20_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const built = path.join(here, 'jsonnet.worker.cjs');
const worker = existsSync(built) ? built : path.join(here, 'jsonnet.worker.mjs');

export class Jsonnet {
  readonly #root: string;
  readonly #libraries: string[];
  #worker: Worker | undefined;
  #next = 0;
  /** One evaluation at a time. */
  #waiting: { answer: (found: JsonnetAnswer) => void; fail: (error: Error) => void } | undefined;

  /** @param root real path of the only folder that is read; @param libraries where imports are looked for, absolute */
  constructor(root: string, libraries: string[]) {
    this.#root = root;
    this.#libraries = libraries;
  }

  /** @returns the value a file stands for. Throws `invalid` with Jsonnet's own words and place, `timeout`. */
  async evaluate(file: string, externals: Record<string, string>, args: Record<string, string> = {}): Promise<unknown> {
    this.#worker ??= this.#start();
    const id = this.#next++;
    const request: JsonnetRequest = { id, root: this.#root, file, externals, args, libraries: this.#libraries };
    const answer = await new Promise<JsonnetAnswer>((resolve, reject) => {
      const fail = (error: AppError): void => {
        void this.close();
        reject(error);
      };
      const timer = setTimeout(() => { fail(new AppError('timeout', `${path.relative(this.#root, file)} was not evaluated within ${LIMIT_MS / 1000} seconds.`, { hint: 'Look for a recursion without an end.' })); }, LIMIT_MS);
      this.#waiting = {
        answer: (found) => { clearTimeout(timer); resolve(found); },
        fail: (cause) => { clearTimeout(timer); fail(new AppError('invalid', `${path.relative(this.#root, file)} could not be evaluated: ${cause.message}`, { cause })); },
      };
      this.#worker?.postMessage(request);
    });
    if ('error' in answer) throw new AppError('invalid', answer.error.trim().slice(0, 2000));
    return JSON.parse(answer.json);
  }

  #start(): Worker {
    const thread = new Worker(worker, { execArgv: [] });
    thread.on('message', (message: JsonnetAnswer) => { this.#waiting?.answer(message); });
    thread.on('error', (error) => { this.#waiting?.fail(error); });
    return thread;
  }

  async close(): Promise<void> {
    const thread = this.#worker;
    this.#worker = undefined;
    await thread?.terminate();
  }
}
