/** Containers as processes of this machine. A supervisor outlives us, so that a restart finds them again. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../spec/error.ts';
import type { ExecResult, LogOptions } from '../kube/port.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { noteTime, readLogFile } from './log-file.ts';
import { FILE } from './runtime.ts';
import type { ContainerPlan, Ended, Runtime } from './runtime.ts';
import { BEGIN, enterCommand, namespacesWork, podTmp, rewriter, sandboxCommand, START_ERROR, SUPERVISE } from './sandbox.ts';

const POLL_MS = 250;
/** A supervisor that another program has just started may not have said its process id yet. */
const LOST_AFTER_MS = 10_000;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

function pidIn(dir: string, file: string): number | undefined {
  const pid = Number.parseInt(read(join(dir, file)) ?? '', 10);
  return pid > 0 ? pid : undefined;
}

interface Watched {
  /** The supervisor, when it was we who started it. */
  child?: ChildProcess;
  noted: number;
  wake: Set<() => void>;
}

export class ProcessRuntime implements Runtime {
  readonly kind = 'processes';
  readonly description: string;
  readonly #isolated: boolean;
  readonly #searchPath: string;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @param options `isolated`: use namespaces (found out when absent); `why`: the sentence that says why no containers */
  constructor(options: { isolated?: boolean; searchPath?: string; why?: string } = {}) {
    if (process.platform === 'win32') throw new AppError('unsupported', 'Steps cannot run as processes on Windows.', { hint: 'Install Docker or Podman, or use a cluster.' });
    this.#isolated = options.isolated ?? namespacesWork();
    this.#searchPath = options.searchPath ?? PATH;
    const how = this.#isolated
      ? 'Steps run as processes of this machine, each with its own files. Images are not used: commands are this machine\'s.'
      : 'Steps run as processes of this machine. Images are not used: commands are this machine\'s, and steps can read and change your files.';
    this.description = options.why === undefined ? how : `${how} ${options.why}`;
  }

  /** A container that leaves its command to the image would be restarted for ever beside a step that waits for it. */
  refusal(pod: Pod): string | undefined {
    const without = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(({ command }) => !command?.length);
    return without && `Container ${without.name ?? ''} gives no command. Steps run as processes of this machine here and images are not used, so the own command of image ${without.image ?? ''} is not known. Give the container a command, or install Docker or Podman and start Tiphys again.`;
  }

  preparePod(): Promise<void> {
    return Promise.resolve();
  }

  ensureImage(): Promise<void> {
    return Promise.resolve();
  }

  podEnded(): Promise<void> {
    return Promise.resolve();
  }

  removeFolder(): Promise<void> {
    return Promise.resolve();
  }

  start(plan: ContainerPlan): Promise<void> {
    const { dir } = plan;
    const command = [...(plan.command ?? []), ...(plan.args ?? [])];
    if (!plan.command?.length) return Promise.reject(new Error(`no command given for image "${plan.image}": images are not used here, so its own command is not known`));
    writeFileSync(join(dir, FILE.log), '', { flag: 'a' });
    // TIPHYS_HOST tells our `init` that all containers have this machine's programs and libraries.
    const own = { PATH: this.#searchPath, HOSTNAME: plan.podName, HOME: this.#isolated ? '/root' : join(dir, 'home'), ...(plan.env['TIPHYS_RUN'] !== undefined && { TIPHYS_HOST: '1' }) };
    const [program = '', ...args] = this.#isolated ? sandboxCommand(plan, command) : this.#plainCommand(plan, command);
    const rewrite = this.#isolated ? (text: string) => text : rewriter(plan);
    const env = { ...own, ...Object.fromEntries(Object.entries(plan.env).map(([key, value]) => [key, rewrite(value)])) };
    const fd = openSync(join(dir, 'setup.log'), 'a', 0o600);
    const child = spawn(program, args, { env, detached: true, stdio: ['ignore', 'ignore', fd], cwd: '/' });
    closeSync(fd);
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(error));
      child.once('spawn', () => {
        this.#follow(dir, child);
        resolve();
      });
    });
  }

  #plainCommand(plan: ContainerPlan, command: readonly string[]): string[] {
    for (const folder of [podTmp(plan), join(plan.dir, 'home')]) mkdirSync(folder, { recursive: true });
    const rewrite = rewriter(plan);
    const workdir = plan.workingDir === undefined ? join(plan.dir, 'home') : rewrite(plan.workingDir);
    return ['/bin/sh', '-c', SUPERVISE, 'supervise', plan.dir, '/bin/sh', '-c', BEGIN, 'begin', workdir, join(plan.dir, START_ERROR), ...command.map(rewrite)];
  }

  /** Notes when the log grows, and wakes those who wait for the end. */
  #follow(dir: string, child?: ChildProcess): Watched {
    let watched = this.#watched.get(dir);
    if (!watched) this.#watched.set(dir, (watched = { noted: 0, wake: new Set() }));
    if (child) watched.child = child;
    const { wake } = watched;
    child?.once('exit', () => {
      for (const call of [...wake]) call();
    });
    child?.unref();
    this.#timer ??= setInterval(() => this.#tick(), POLL_MS);
    this.#timer.unref();
    return watched;
  }

  #tick(): void {
    for (const [dir, watched] of this.#watched) {
      this.#note(dir, watched);
      for (const call of [...watched.wake]) call();
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #note(dir: string, watched: Watched): void {
    const size = statSync(join(dir, FILE.log), { throwIfNoEntry: false })?.size ?? 0;
    if (size === watched.noted) return;
    watched.noted = size;
    if (size > 0) noteTime(join(dir, FILE.times), size, Date.now());
  }

  ended(dir: string): Promise<Ended | undefined> {
    return Promise.resolve(this.#ended(dir));
  }

  #ended(dir: string): Ended | undefined {
    const exit = read(join(dir, FILE.exit));
    if (exit?.endsWith('\n')) {
      const finishedAt = statSync(join(dir, FILE.exit)).mtimeMs;
      const exitCode = Number.parseInt(exit, 10);
      const startError = exitCode === 128 ? (read(join(dir, START_ERROR)) ?? read(join(dir, 'root', START_ERROR))) : undefined;
      if (startError !== undefined) return { exitCode, reason: 'StartError', message: `failed to start: ${startError.trim()}`, finishedAt };
      return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt };
    }
    if (this.#alive(dir)) return undefined;
    const started = statSync(join(dir, FILE.started), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (pidIn(dir, 'shim') === undefined && Date.now() - started < LOST_AFTER_MS) return undefined;
    // The supervisor may have written the code between the two looks.
    if (existsSync(join(dir, FILE.exit))) return this.#ended(dir);
    const finishedAt = Date.now();
    if (existsSync(join(dir, 'killed'))) return { exitCode: 137, reason: 'Error', finishedAt };
    const setup = read(join(dir, 'setup.log'))?.trim();
    if (pidIn(dir, FILE.process) === undefined && setup) return { exitCode: 128, reason: 'StartError', message: `failed to start: ${setup.slice(0, 1000)}`, finishedAt };
    return { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The process is gone and left no exit code: the machine was restarted, or somebody killed it.', finishedAt };
  }

  /** A process id alone may be another's by now: the supervisor is known by the container's folder among its arguments. */
  #alive(dir: string): boolean {
    const child = this.#watched.get(dir)?.child;
    if (child) return child.exitCode === null && child.signalCode === null;
    const pid = pidIn(dir, 'shim');
    if (pid === undefined) return false;
    try {
      process.kill(pid, 0);
    } catch {
      return false;
    }
    const cmdline = read(`/proc/${pid}/cmdline`);
    return cmdline === undefined ? !existsSync('/proc/self/cmdline') : cmdline.includes(dir);
  }

  async wait(dir: string): Promise<Ended> {
    const watched = this.#follow(dir);
    for (;;) {
      const ended = this.#ended(dir);
      if (ended) {
        this.#note(dir, watched);
        this.#watched.delete(dir);
        return ended;
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          watched.wake.delete(wake);
          resolve();
        };
        watched.wake.add(wake);
      });
    }
  }

  async signal(dir: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    // One that is just being set up gets its signal as soon as it can.
    for (let tries = 0; tries < 40 && this.#alive(dir) && pidIn(dir, FILE.process) === undefined; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const shim = pidIn(dir, 'shim');
    const first = pidIn(dir, FILE.process);
    if (!this.#alive(dir) || shim === undefined) return;
    if (signal === 'SIGKILL') writeFileSync(join(dir, 'killed'), '');
    try {
      // The first process of a process namespace takes all others along; else the whole group is meant.
      if (first !== undefined && (signal === 'SIGTERM' || this.#isolated)) process.kill(first, signal);
      else if (signal === 'SIGKILL') process.kill(-shim, signal);
    } catch {
      // It has just ended.
    }
  }

  logs(dir: string, options: LogOptions, running: () => boolean): AsyncIterable<Uint8Array> {
    return readLogFile(join(dir, FILE.log), join(dir, FILE.times), options, running);
  }

  exec(dir: string, command: string[], signal?: AbortSignal): Promise<ExecResult> {
    const plan = JSON.parse(read(join(dir, FILE.plan)) ?? '{}') as ContainerPlan;
    const pid = pidIn(dir, FILE.process);
    if (pid === undefined || !this.#alive(dir)) return Promise.reject(new AppError('invalid', `container not found ("${plan.name}")`));
    const rewrite = rewriter(plan);
    const words = this.#isolated ? enterCommand(pid, join(dir, 'root'), plan.workingDir, command) : command.map(rewrite);
    const env = { PATH: this.#searchPath, HOSTNAME: plan.podName, HOME: this.#isolated ? '/root' : join(dir, 'home'), ...plan.env };
    return runToEnd(words, { env, cwd: this.#isolated ? '/' : join(dir, 'home'), ...(signal === undefined ? {} : { signal }) });
  }

  removePod(): Promise<void> {
    return Promise.resolve();
  }
}

/** @returns exit code and output of a program; throws when it cannot be run or is cancelled */
export function runToEnd(words: readonly string[], options: { env?: Record<string, string | undefined>; cwd?: string; signal?: AbortSignal; timeout?: number; input?: Buffer }): Promise<ExecResult> {
  const [program = '', ...args] = words;
  const { input, ...how } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...how, stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => undefined).end(input);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (error) => reject(options.signal?.aborted ? new AppError('cancelled', 'Cancelled.') : new AppError('invalid', `${program} could not be run: ${error.message}`, { cause: error })));
    child.on('close', (code) => resolve({ exitCode: code ?? 137, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') }));
  });
}
