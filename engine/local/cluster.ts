/** The embedded local cluster: an object store on disk behind the cluster port, whose Pods run on this machine. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, isAppError } from '../spec/error.ts';
import type { Pod, PodStatus } from '../spec/kubernetes.ts';
import { RESOURCE } from '../kube/port.ts';
import type { LogOptions } from '../kube/port.ts';
import { statusError } from '../kube/status.ts';
import { isTerminal } from '../kube/store/pod-rules.ts';
import { StoreCluster } from '../kube/store/store-cluster.ts';
import { ObjectStore } from '../kube/store/store.ts';
import type { StoreEvent } from '../kube/store/store.ts';
import { findContainerEngine } from './container-engine.ts';
import { Journal } from './journal.ts';
import { holdFolder } from './lock.ts';
import { PodRunner, removePodFolder } from './pod-runner.ts';
import { ProcessRuntime } from './processes.ts';
import type { Runtime } from './runtime.ts';

export interface LocalClusterOptions {
  /** Everything of it is kept here. Only one program at a time may use it. */
  dataDir: string;
  /** Docker or Podman where one answers, else processes, when absent. */
  runtime?: 'docker' | 'podman' | 'processes';
  /** Of process mode: false forgoes namespaces even where the machine has them. */
  isolated?: boolean;
  /** Pods that run at the same time; others wait as Pending (default 40). */
  maxPods?: number;
}

const NODE = 'local';

export class LocalCluster extends StoreCluster {
  readonly artifactFolder: string;
  readonly #kubelet: Kubelet;
  readonly #runtime: Runtime;

  constructor(store: ObjectStore, kubelet: Kubelet, runtime: Runtime, artifactFolder: string, close: () => Promise<void>) {
    super(store, {
      version: { major: 1, minor: 34, gitVersion: 'v1.34.0-tiphys-local' },
      around: async (_call, run) => Promise.resolve(run()),
      refuseWatch: () => undefined,
      can: () => true,
      logs: (namespace, pod, options) => kubelet.logs(namespace, pod, options),
      exec: (namespace, pod, container, command, signal) => {
        const found = kubelet.container(namespace, pod, container);
        return found ? runtime.exec(found.dir, command, signal) : Promise.reject(statusError({ code: 400, reason: 'BadRequest', message: `container ${container} is not valid for pod ${pod}` }));
      },
      close,
    });
    this.artifactFolder = artifactFolder;
    this.#kubelet = kubelet;
    this.#runtime = runtime;
  }

  /** @returns how Pods run here, in one sentence for people */
  describe(): string {
    return this.#runtime.description;
  }

  get runtime(): Runtime['kind'] {
    return this.#runtime.kind;
  }

  /** @returns how many Pods have containers right now */
  get runningPods(): number {
    return this.#kubelet.running;
  }
}

/** Opens the local cluster, and takes its running Pods up again. Throws `unavailable` when another program has it open. */
export async function createLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  const release = holdFolder(options.dataDir);
  try {
    const runtime = await chooseRuntime(options);
    const store = new ObjectStore({ now: () => Date.now(), uid: randomUUID, random: Math.random, strictNamespaces: true });
    const journal = new Journal(join(options.dataDir, 'objects'), store);
    const kubelet = new Kubelet(store, runtime, options);
    kubelet.start();
    return new LocalCluster(store, kubelet, runtime, join(options.dataDir, 'artifacts'), async () => {
      await kubelet.close();
      journal.close();
      release();
    });
  } catch (error) {
    release();
    throw error;
  }
}

async function chooseRuntime(options: LocalClusterOptions): Promise<Runtime> {
  const { runtime } = options;
  const { engine, fault } = runtime === 'processes' ? {} : await findContainerEngine(runtime);
  if (engine) return engine;
  if (runtime === 'docker' || runtime === 'podman') {
    throw new AppError('unavailable', fault ?? `${runtime === 'docker' ? 'Docker' : 'Podman'} does not answer.`, { hint: 'Check that it is installed and running.' });
  }
  return new ProcessRuntime({ ...(options.isolated === undefined ? {} : { isolated: options.isolated }), ...(fault === undefined ? {} : { why: fault }) });
}

/** Gives every Pod of the store to a runner, so many at a time. */
class Kubelet {
  readonly #store: ObjectStore;
  readonly #runtime: Runtime;
  readonly #podsDir: string;
  readonly #claims: string;
  readonly #max: number;
  readonly #runners = new Map<string, PodRunner>();
  readonly #waiting = new Map<string, { namespace: string; name: string }>();
  readonly #busy = new Set<string>();
  readonly #ending = new Set<Promise<void>>();
  #stop: (() => void) | undefined;

  constructor(store: ObjectStore, runtime: Runtime, options: LocalClusterOptions) {
    this.#store = store;
    this.#runtime = runtime;
    this.#podsDir = join(options.dataDir, 'pods');
    this.#claims = join(options.dataDir, 'claims');
    this.#max = options.maxPods ?? 40;
  }

  get running(): number {
    return this.#busy.size;
  }

  start(): void {
    const known = new Set<string>();
    for (const object of this.#store.list(RESOURCE.pod).items) {
      known.add(object.metadata.uid ?? '');
      if (isTerminal(object) && object.metadata.deletionTimestamp === undefined) continue;
      this.#admit(object as Pod);
    }
    // Folders of Pods that were removed while nobody looked.
    for (const uid of existsSync(this.#podsDir) ? readdirSync(this.#podsDir) : []) if (!known.has(uid)) this.#clear(uid);
    this.#stop = this.#store.subscribe((event) => queueMicrotask(() => this.#handle(event)));
  }

  async close(): Promise<void> {
    this.#stop?.();
    for (const runner of this.#runners.values()) runner.detach();
    await Promise.all([...this.#runners.values()].map((runner) => runner.done));
    await Promise.all(this.#ending);
  }

  container(namespace: string, pod: string, container: string, previous = false) {
    const object = this.#store.peek(RESOURCE.pod, namespace, pod);
    const uid = object?.metadata.uid ?? '';
    return (this.#runners.get(uid) ?? this.#revive(object as Pod | undefined))?.container(container, previous);
  }

  /** A Pod that ended before we started has no runner; its folder still has its logs. */
  #revive(pod: Pod | undefined): PodRunner | undefined {
    if (!pod || !isTerminal(pod) || !existsSync(join(this.#podsDir, pod.metadata.uid ?? ''))) return undefined;
    const runner = new PodRunner(pod, { ...this.#runnerOptions(pod), setStatus: () => undefined, deleted: () => undefined });
    runner.detach();
    return runner;
  }

  logs(namespace: string, name: string, options: LogOptions): AsyncIterable<Uint8Array> {
    const pod = this.#store.get(RESOURCE.pod, namespace, name) as Pod;
    const wanted = options.container ?? pod.spec.containers[0]?.name ?? '';
    const found = this.container(namespace, name, wanted, options.previous);
    const bad = (message: string) => statusError({ code: 400, reason: 'BadRequest', message });
    if (!found) {
      if (pod.status?.phase === 'Pending') throw bad(`container "${wanted}" in pod "${name}" is waiting to start: ContainerCreating`);
      throw bad(options.previous ? `previous terminated container "${wanted}" in pod "${name}" not found` : `container ${wanted} is not valid for pod ${name}`);
    }
    if (found.state.waiting && !options.previous) throw bad(`container "${wanted}" in pod "${name}" is waiting to start: ${found.state.waiting.reason ?? 'ContainerCreating'}`);
    return this.#runtime.logs(found.dir, options, found.running);
  }

  #handle({ type, kind, object }: StoreEvent): void {
    if (kind.kind === 'PersistentVolumeClaim' && type === 'ADDED') this.#bind(object.metadata.namespace ?? '', object.metadata.name ?? '');
    if (kind.kind !== 'Pod') return;
    const pod = object as Pod;
    const uid = pod.metadata.uid ?? '';
    if (type === 'DELETED') this.#gone(uid);
    else if (type === 'ADDED') this.#admit(pod);
    else this.#runners.get(uid)?.changed(pod);
  }

  /** Claims are folders: they are there as soon as they are asked for. */
  #bind(namespace: string, name: string): void {
    if (!this.#store.peek(RESOURCE.persistentVolumeClaim, namespace, name)) return;
    this.#store.edit(RESOURCE.persistentVolumeClaim, namespace, name, (claim) => {
      claim['status'] = { phase: 'Bound' };
    });
  }

  #gone(uid: string): void {
    this.#waiting.delete(uid);
    const runner = this.#runners.get(uid);
    this.#runners.delete(uid);
    this.#clear(uid, runner);
  }

  #clear(uid: string, runner?: PodRunner): void {
    const cleanup = (async () => {
      await runner?.kill();
      await runner?.done;
      await this.#runtime.removePod(uid);
      await removePodFolder(join(this.#podsDir, uid), this.#runtime);
    })().catch(() => undefined).finally(() => this.#ending.delete(cleanup));
    this.#ending.add(cleanup);
  }

  #admit(pod: Pod): void {
    const { uid = '', namespace = '', name = '' } = pod.metadata;
    if (pod.spec.schedulerName !== 'default-scheduler' || this.#runners.has(uid)) return;
    const placed = pod.spec.nodeName !== undefined;
    if (!placed && this.#busy.size >= this.#max) {
      this.#waiting.set(uid, { namespace, name });
      return;
    }
    this.#begin(uid, namespace, name);
  }

  #begin(uid: string, namespace: string, name: string): void {
    const current = this.#store.peek(RESOURCE.pod, namespace, name);
    if (current?.metadata.uid !== uid) return;
    const startTime = `${new Date().toISOString().slice(0, 19)}Z`;
    const pod = this.#store.edit(RESOURCE.pod, namespace, name, (object) => {
      const edited = object as Pod;
      edited.spec.nodeName ??= NODE;
      edited.status = { ...edited.status, startTime: edited.status?.startTime ?? startTime, conditions: edited.status?.conditions ?? [{ type: 'PodScheduled', status: 'True', lastTransitionTime: startTime }] };
    }) as Pod;
    mkdirSync(join(this.#podsDir, uid), { recursive: true, mode: 0o700 });
    const runner = new PodRunner(pod, this.#runnerOptions(pod));
    this.#runners.set(uid, runner);
    this.#busy.add(uid);
    void runner.done.finally(() => {
      this.#busy.delete(uid);
      this.#next();
    });
  }

  #next(): void {
    for (const [uid, { namespace, name }] of this.#waiting) {
      if (this.#busy.size >= this.#max || this.#stop === undefined) return;
      this.#waiting.delete(uid);
      this.#begin(uid, namespace, name);
    }
  }

  #runnerOptions(pod: Pod) {
    const { uid = '', namespace = '', name = '' } = pod.metadata;
    const current = () => {
      const found = this.#store.peek(RESOURCE.pod, namespace, name) as Pod | undefined;
      return found?.metadata.uid === uid ? found : undefined;
    };
    return {
      store: this.#store, runtime: this.#runtime, dir: join(this.#podsDir, uid), claims: this.#claims, now: () => Date.now(), pod: current,
      setStatus: (status: PodStatus) => {
        if (current()) this.#store.edit(RESOURCE.pod, namespace, name, (object) => (object['status'] = status));
      },
      deleted: () => {
        try {
          if (current()) this.#store.finishDeletion(namespace, name);
        } catch (error) {
          if (!isAppError(error, 'not-found')) throw error;
        }
      },
    };
  }
}
