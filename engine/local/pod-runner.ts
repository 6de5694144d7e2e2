/**
 * The life of one Pod on this machine, as a kubelet leads it: volumes, init containers one by one, containers together,
 * restarts, the deadline, the asked-for end. All that must survive us is in the Pod's folder and in its status: a new
 * runner takes over where another was cut off, and never starts a container twice.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, ContainerState, ContainerStatus, Pod, PodStatus } from '../spec/kubernetes.ts';
import { environmentOf, expand, mountsOf, NotReady, prepareVolumes } from './pod-files.ts';
import type { PodFilesOptions } from './pod-files.ts';
import { FILE } from './runtime.ts';
import type { ContainerPlan, Ended, Runtime } from './runtime.ts';

export interface PodRunnerOptions extends PodFilesOptions {
  runtime: Runtime;
  now(): number;
  /** @returns the Pod as it is, or undefined when it is gone */
  pod(): Pod | undefined;
  setStatus(status: PodStatus): void;
  /** All has ended after a deletion was asked for. */
  deleted(): void;
}

const RETRY_MS = 1000;
const RESTART_MS = 10_000;
const RESTART_CAP_MS = 300_000;
const MESSAGE_BYTES = 4096;
/** Ends what a runner was about when the Pod is to end; no fault. */
class Stopped extends Error {}

type Volumes = ReturnType<typeof prepareVolumes>;

interface Task {
  spec: Container;
  attempt: number;
  state: ContainerState;
  lastState?: ContainerState;
  startedAt: number;
  /** Its exit says nothing about the Pod, and it is started again while the Pod lives. */
  native: boolean;
}

const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

export class PodRunner {
  readonly #options: PodRunnerOptions;
  readonly #inits: Task[];
  readonly #mains: Task[];
  #stop: 'deleted' | 'deadline' | undefined;
  #wake = new Set<() => void>();
  #graceMs = 0;
  #killTimer: NodeJS.Timeout | undefined;
  #deadlineTimer: NodeJS.Timeout | undefined;
  #reason: { reason: string; message: string } | undefined;
  #over = false;
  #detached = false;
  readonly done: Promise<void>;

  constructor(pod: Pod, options: PodRunnerOptions) {
    this.#options = options;
    const task = (spec: Container, native: boolean): Task => ({ spec, attempt: 0, state: { waiting: { reason: 'PodInitializing' } }, startedAt: 0, native });
    this.#inits = (pod.spec.initContainers ?? []).map((spec) => task(spec, spec.restartPolicy === 'Always'));
    this.#mains = pod.spec.containers.map((spec) => task(spec, false));
    for (const each of this.#tasks()) this.#recover(each, pod);
    this.#changed(pod);
    this.done = this.#run(pod);
  }

  /** The Pod has changed: a deletion or a deadline may have come. */
  changed(pod: Pod): void {
    this.#changed(pod);
  }

  /** Looks after it no more; its containers go on by themselves. */
  detach(): void {
    this.#detached = true;
    clearTimeout(this.#killTimer);
    clearTimeout(this.#deadlineTimer);
    this.#wakeAll();
  }

  /** The Pod is gone without our doing (forced): so are its containers. */
  async kill(): Promise<void> {
    this.#stop = 'deleted';
    this.#wakeAll();
    await this.#signalAll('SIGKILL');
  }

  /** @returns the folder of a container's present or last attempt, and whether it runs */
  container(name: string, previous = false): { dir: string; running: () => boolean; state: ContainerState } | undefined {
    const task = this.#tasks().find(({ spec }) => spec.name === name);
    if (!task || (previous && task.attempt === 0)) return undefined;
    return { dir: this.#dir(task, previous ? task.attempt - 1 : task.attempt), state: task.state, running: () => !previous && task.state.terminated === undefined && !this.#over };
  }

  #tasks(): Task[] {
    return [...this.#inits, ...this.#mains];
  }

  #dir(task: Task, attempt = task.attempt): string {
    return join(this.#options.dir, 'containers', task.spec.name ?? '', String(attempt));
  }

  /** What a former runner did with this container. */
  #recover(task: Task, pod: Pod): void {
    const parent = join(this.#options.dir, 'containers', task.spec.name ?? '');
    const attempts = existsSync(parent) ? readdirSync(parent).map(Number).filter((attempt) => existsSync(join(parent, String(attempt), FILE.started))) : [];
    if (attempts.length === 0) return;
    task.attempt = Math.max(...attempts);
    task.startedAt = Number(readFileSync(join(this.#dir(task), FILE.started), 'utf8')) || statSync(join(this.#dir(task), FILE.started)).mtimeMs;
    const known = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(({ name }) => name === task.spec.name);
    if (known?.lastState) task.lastState = known.lastState;
    task.state = known?.state?.terminated && known.restartCount === task.attempt ? known.state : { running: { startedAt: rfc3339(task.startedAt) } };
  }

  async #run(pod: Pod): Promise<void> {
    try {
      const refusal = this.#options.runtime.refusal?.(pod);
      if (refusal !== undefined) {
        this.#reason = { reason: 'CannotRunHere', message: refusal };
        throw new Stopped();
      }
      const volumes = await this.#whenReady('ContainerCreating', () => prepareVolumes(pod, this.#options));
      await this.#whenReady('ContainerCreating', () => this.#tryPull(this.#options.runtime.preparePod(pod)));
      const initialized = await this.#runInits(pod, volumes);
      if (initialized) await Promise.all(this.#mains.map((task) => this.#runTask(task, pod, volumes, pod.spec.restartPolicy ?? 'Always')));
    } catch (error) {
      if (!(error instanceof Stopped)) this.#reason ??= { reason: 'Failed', message: error instanceof Error ? error.message : String(error) };
    }
    if (!this.#detached) await this.#conclude();
  }

  /** @returns whether all went well; native sidecars run on */
  async #runInits(pod: Pod, volumes: Volumes): Promise<boolean> {
    const policy = pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    for (const task of this.#inits) {
      if (task.native) {
        void this.#runTask(task, pod, volumes, 'Always').catch(() => undefined);
        await this.#until(() => task.state.waiting === undefined);
        continue;
      }
      const code = await this.#runTask(task, pod, volumes, policy);
      if (code !== 0) return false;
    }
    return true;
  }

  /** Runs a container, again where the policy says so. @returns its last exit code */
  async #runTask(task: Task, pod: Pod, volumes: Volumes, policy: string): Promise<number> {
    for (let restarts = 0; ; restarts += 1) {
      if (task.state.terminated === undefined) await this.#runOnce(task, pod, volumes);
      const code = task.state.terminated?.exitCode ?? 0;
      const again = policy === 'Always' || (policy === 'OnFailure' && code !== 0);
      if (!again) return code;
      if (this.#stop || this.#over) throw new Stopped();
      const wait = Math.min(RESTART_MS * 2 ** restarts, RESTART_CAP_MS);
      task.lastState = task.state;
      task.state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${Math.round(wait / 1000)}s restarting failed container` } };
      this.#report();
      await this.#sleep(wait);
      task.attempt += 1;
    }
  }

  async #runOnce(task: Task, pod: Pod, volumes: Volumes): Promise<void> {
    const { runtime } = this.#options;
    const dir = this.#dir(task);
    let ended: Ended | undefined;
    if (!existsSync(join(dir, FILE.started))) {
      await this.#whenReady('ErrImagePull', () => this.#tryPull(runtime.ensureImage(task.spec.image ?? '', task.spec.imagePullPolicy)));
      const plan = await this.#whenReady('CreateContainerConfigError', () => this.#plan(task, pod, volumes));
      task.startedAt = this.#options.now();
      // From here on it counts as started, come what may: a second run of a step is worse than a lost one.
      writeFileSync(join(dir, FILE.started), String(task.startedAt), { flush: true });
      task.state = { waiting: { reason: 'ContainerCreating' } };
      ended = await runtime.start(plan).then(() => undefined, (error: unknown): Ended => ({ exitCode: 128, reason: 'StartError', message: error instanceof Error ? error.message : String(error), finishedAt: this.#options.now() }));
    }
    if (!ended) {
      task.state = { running: { startedAt: rfc3339(task.startedAt) } };
      this.#report();
      if (this.#stop) void this.#end(task);
      ended = await this.#orDetached(runtime.wait(dir));
    }
    const message = ended.message ?? this.#message(task, dir, ended.exitCode);
    task.state = { terminated: { exitCode: ended.exitCode, reason: ended.reason, startedAt: rfc3339(task.startedAt), finishedAt: rfc3339(Math.max(ended.finishedAt, task.startedAt)), ...(message === undefined ? {} : { message }) } };
    this.#report();
  }

  #plan(task: Task, pod: Pod, volumes: Volumes): ContainerPlan {
    const { spec } = task;
    const dir = this.#dir(task);
    const env = environmentOf(pod, spec, this.#options.store);
    mkdirSync(dir, { recursive: true, mode: 0o755 });
    writeFileSync(join(dir, FILE.termination), '', { mode: 0o666 });
    const plan: ContainerPlan = {
      dir, podUid: pod.metadata.uid ?? '', podName: pod.metadata.name ?? '', name: spec.name ?? '', image: spec.image ?? '', env, spec,
      ...(spec.command === undefined ? {} : { command: spec.command.map((word) => expand(word, env)) }),
      ...(spec.args === undefined ? {} : { args: spec.args.map((word) => expand(word, env)) }),
      ...(spec.workingDir === undefined ? {} : { workingDir: spec.workingDir }),
      ...(spec.imagePullPolicy === undefined ? {} : { imagePullPolicy: spec.imagePullPolicy }),
      mounts: mountsOf(spec, volumes), terminationPath: spec.terminationMessagePath ?? '/dev/termination-log',
    };
    writeFileSync(join(dir, FILE.plan), JSON.stringify(plan), { mode: 0o600 });
    return plan;
  }

  #message(task: Task, dir: string, exitCode: number): string | undefined {
    const read = (file: string) => (existsSync(join(dir, file)) ? readFileSync(join(dir, file)) : Buffer.alloc(0));
    const written = read(FILE.termination).subarray(0, MESSAGE_BYTES).toString('utf8');
    if (written !== '') return written;
    if (exitCode === 0 || task.spec.terminationMessagePolicy !== 'FallbackToLogsOnError') return undefined;
    const tail = read(FILE.log).subarray(-2048).toString('utf8');
    return tail === '' ? undefined : tail;
  }

  /** Ends what still runs beside the containers, and says how the Pod ended. */
  async #conclude(): Promise<void> {
    this.#over = true;
    this.#graceMs ||= this.#grace() * 1000;
    for (const task of this.#inits.filter((each) => each.native).toReversed()) {
      if (task.state.running) await this.#end(task);
      await this.#settled(task);
    }
    for (const task of this.#mains) await this.#settled(task);
    clearTimeout(this.#killTimer);
    clearTimeout(this.#deadlineTimer);
    if (this.#isDetached()) return;
    this.#report();
    await this.#options.runtime.podEnded(this.#options.pod()?.metadata.uid ?? '');
    if (this.#options.pod()?.metadata.deletionTimestamp !== undefined) this.#options.deleted();
  }

  #isDetached(): boolean {
    return this.#detached;
  }

  async #settled(task: Task): Promise<void> {
    while (task.state.running && !this.#detached) await new Promise<void>((resolve) => setTimeout(resolve, 20));
  }

  #grace(): number {
    const pod = this.#options.pod();
    const asked = pod?.metadata['deletionGracePeriodSeconds'];
    return typeof asked === 'number' ? asked : (pod?.spec.terminationGracePeriodSeconds ?? 30);
  }

  #changed(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (this.#stop === 'deleted') return;
      if (this.#over) {
        void this.done.then(() => this.#options.deleted());
        return;
      }
      this.#halt('deleted');
      return;
    }
    this.#takeImages(pod);
    clearTimeout(this.#deadlineTimer);
    const { activeDeadlineSeconds } = pod.spec;
    if (activeDeadlineSeconds === undefined || this.#over) return;
    const started = Date.parse(pod.status?.startTime ?? rfc3339(this.#options.now()));
    this.#deadlineTimer = setTimeout(() => {
      this.#reason = { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
      this.#halt('deadline');
    }, Math.max(0, started + activeDeadlineSeconds * 1000 - this.#options.now()));
  }

  /** Images are all of a container that may change: one that could not be had may have become another. */
  #takeImages(pod: Pod): void {
    const specs = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    for (const task of this.#tasks()) {
      const image = specs.find(({ name }) => name === task.spec.name)?.image;
      if (image === undefined || image === task.spec.image || !task.state.waiting) continue;
      task.spec = { ...task.spec, image };
      this.#wakeAll();
    }
  }

  #halt(why: 'deleted' | 'deadline'): void {
    this.#stop = why;
    this.#graceMs = this.#grace() * 1000;
    for (const task of this.#tasks()) if (task.state.running) void this.#end(task);
    this.#wakeAll();
  }

  /** Asks a container to end, and ends it when the grace period is over. */
  async #end(task: Task): Promise<void> {
    const { runtime } = this.#options;
    const dir = this.#dir(task);
    await runtime.signal(dir, this.#graceMs === 0 ? 'SIGKILL' : 'SIGTERM');
    setTimeout(() => {
      if (task.state.running && !this.#detached) void runtime.signal(dir, 'SIGKILL');
    }, this.#graceMs).unref();
  }

  async #signalAll(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await Promise.all(this.#tasks().filter(({ state }) => state.running).map((task) => this.#options.runtime.signal(this.#dir(task), signal)));
  }

  /** Tries until what the Pod needs is there; meanwhile says what is missing. */
  async #whenReady<T>(reason: string, make: () => T | Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      if (this.#stop || this.#detached) throw new Stopped();
      try {
        return await make();
      } catch (error) {
        if (!(error instanceof NotReady)) throw error;
        const told = reason === 'ErrImagePull' && tries > 0 ? 'ImagePullBackOff' : reason;
        for (const task of this.#tasks()) if (task.state.waiting) task.state = { waiting: { reason: told, message: error.message } };
        this.#report();
        await this.#sleep(reason === 'ErrImagePull' ? Math.min(RESTART_MS * 2 ** tries, RESTART_CAP_MS) : RETRY_MS);
      }
    }
  }

  /** An image that cannot be had now may come. */
  async #tryPull(pull: Promise<void>): Promise<void> {
    try {
      await pull;
    } catch (error) {
      throw new NotReady(error instanceof Error ? error.message : String(error));
    }
  }

  async #orDetached<T>(promise: Promise<T>): Promise<T> {
    let quit: (() => void) | undefined;
    const detached = new Promise<never>((_, reject) => {
      quit = () => {
        if (this.#detached) reject(new Error('detached'));
      };
      this.#wake.add(quit);
    });
    try {
      return await Promise.race([promise, detached]);
    } catch (error) {
      throw this.#detached ? new Stopped() : error;
    } finally {
      if (quit) this.#wake.delete(quit);
    }
  }

  /** Sleeps, unless the Pod is to end meanwhile: then throws. */
  async #sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#wake.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#wake.add(end);
    });
    if (this.#stop || this.#detached || this.#over) throw new Stopped();
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#sleep(20);
  }

  #wakeAll(): void {
    for (const wake of [...this.#wake]) wake();
  }

  #report(): void {
    const pod = this.#options.pod();
    if (!pod || this.#detached) return;
    const status: PodStatus = { ...pod.status, ...this.#phase(), hostIP: '127.0.0.1', podIP: '127.0.0.1', startTime: pod.status?.startTime ?? rfc3339(this.#options.now()) };
    const statuses = (tasks: Task[]): ContainerStatus[] => tasks.map((task) => ({
      name: task.spec.name ?? '', image: task.spec.image ?? '', imageID: '', restartCount: task.attempt, ready: task.state.running !== undefined, state: task.state,
      ...(task.lastState === undefined ? {} : { lastState: task.lastState }),
    }));
    status.containerStatuses = statuses(this.#mains);
    if (this.#inits.length > 0) status.initContainerStatuses = statuses(this.#inits);
    this.#options.setStatus(status);
  }

  #phase(): PodStatus {
    const reason = this.#reason ?? {};
    if (!this.#over) return { phase: this.#mains.some(({ state }) => state.running ?? state.terminated) || this.#inits.length === 0 && this.#mains.every(({ state }) => !state.waiting) ? 'Running' : 'Pending' };
    const bad = (task: Task) => task.state.terminated === undefined || task.state.terminated.exitCode !== 0;
    const failed = this.#reason !== undefined || this.#mains.some(bad) || this.#inits.some((task) => !task.native && bad(task));
    return { phase: failed ? 'Failed' : 'Succeeded', ...reason };
  }
}

/** Takes away a Pod's folder. */
export async function removePodFolder(dir: string, runtime: Runtime): Promise<void> {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await runtime.removeFolder(dir);
    rmSync(dir, { recursive: true, force: true });
  }
}
