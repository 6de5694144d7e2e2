/**
 * A cluster in memory for tests and simulations: the object store behind the cluster port, with Pods that do what the
 * test says, and faults on demand. Nothing in it waits for real time; batches of changes go out as microtasks.
 */
import { AppError } from '../../spec/error.ts';
import type { ContainerStateTerminated, KubeObject, Pod, PodStatus } from '../../spec/kubernetes.ts';
import { RESOURCE } from '../port.ts';
import type { AccessReview, ExecResult, LogOptions, ResourceType, ServerVersion } from '../port.ts';
import { statusError } from '../status.ts';
import { qualified } from '../store/kinds.ts';
import { StoreCluster } from '../store/store-cluster.ts';
import type { Call, StoreHooks } from '../store/store-cluster.ts';
import { ObjectStore } from '../store/store.ts';
import { FakeLogs } from './logs.ts';

/** As engine/api.ts's Clock. */
export interface FakeClock {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

export interface FakeClusterOptions {
  /** Real time when absent. */
  clock?: FakeClock;
  /** Whether Argo's kinds are there (default true); without, they come by creating their CRDs. */
  crds?: boolean;
  /** Writing into a namespace that was not created is refused (default: it is made). */
  strictNamespaces?: boolean;
  maxObjectBytes?: number;
  /** How long deleted Pods with running containers stay, in ms; `manual`: until `finishDeletion`. Default 0. */
  podTermination?: number | 'manual';
  version?: ServerVersion;
  seed?: number;
  /** Makes the uid of a new object; by default they are counted. */
  uid?: () => string;
  /** Events kept for watches that start in the past. */
  history?: number;
}

export interface AccessRule {
  /** Absent members match everything; `resource` as `pods` or `pods/log`. */
  verb?: string;
  group?: string;
  resource?: string;
  namespace?: string;
}

export interface Fault {
  verb?: Call['verb'];
  /** Plural name. */
  resource?: string;
  name?: string | RegExp;
  /** How many matching calls meet it (default 1). */
  times?: number;
  /** HTTP status to refuse with, or no answer at all. */
  error?: 409 | 429 | 500 | 503 | 'unreachable' | 'timeout';
  /** The call is carried out, and then its answer is lost (as `error`, default `timeout`). */
  afterwards?: boolean;
  message?: string;
  /** Milliseconds on the fake's clock before anything happens. */
  delayMs?: number;
  retryAfterMs?: number;
}

export interface FinishPod {
  /** Of `main` (or of the first container); default 0. */
  exitCode?: number;
  message?: string;
  reason?: string;
  /** Other containers by name; those not named end with 0. */
  containers?: Record<string, Partial<ContainerStateTerminated>>;
  /** The Pod's own reason and message, as for an eviction. */
  status?: Partial<PodStatus>;
  phase?: 'Succeeded' | 'Failed';
}

export interface RequestRecord extends Call {
  /** Milliseconds since the epoch. */
  at: number;
  error?: string;
}

const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const realClock: FakeClock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** A small seeded generator (mulberry32): the same names in every run of a test. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export class FakeCluster extends StoreCluster {
  readonly #clock: FakeClock;
  readonly #options: FakeClusterOptions;
  readonly #denied: AccessRule[];
  readonly #faults: { fault: Fault; left: number }[];
  readonly #logs: FakeLogs;
  /** Every call but watches, oldest first. */
  readonly requests: RequestRecord[];
  /** Answers `exec`; by default every command ends with 0 and says nothing. */
  onExec: (pod: Pod, container: string, command: string[]) => ExecResult | Promise<ExecResult>;

  constructor(options: FakeClusterOptions = {}) {
    const clock = options.clock ?? realClock;
    let uids = 0;
    const store = new ObjectStore({
      now: () => clock.now(), random: seeded(options.seed ?? 1), argoKinds: options.crds ?? true,
      uid: options.uid ?? (() => `00000000-0000-4000-8000-${(++uids).toString(16).padStart(12, '0')}`),
      ...(options.strictNamespaces === undefined ? {} : { strictNamespaces: options.strictNamespaces }),
      ...(options.maxObjectBytes === undefined ? {} : { maxObjectBytes: options.maxObjectBytes }),
      ...(options.history === undefined ? {} : { history: options.history }),
    });
    const hooks: StoreHooks = {
      version: options.version ?? { major: 1, minor: 34, gitVersion: 'v1.34.4' },
      around: (call, run) => this.#around(call, run),
      refuseWatch: (type, namespace) => this.#refusal({ verb: 'list', type, namespace, name: undefined }) ?? this.#refusal({ verb: 'watch', type, namespace, name: undefined }),
      can: (review) => !this.#denied.some((rule) => ruleMatches(rule, review)),
      logs: (namespace, pod, logOptions) => this.#readLogs(namespace, pod, logOptions),
      exec: async (namespace, pod, container, command) => this.onExec(store.get(RESOURCE.pod, namespace, pod) as Pod, container, command),
      close: () => Promise.resolve(),
    };
    super(store, hooks);
    this.#clock = clock;
    this.#options = options;
    this.#denied = [];
    this.#faults = [];
    this.#logs = new FakeLogs();
    this.requests = [];
    this.onExec = () => ({ exitCode: 0, stdout: '', stderr: '' });
    store.subscribe((event) => {
      if (event.kind.kind === 'Pod') this.#podChanged(event.type, event.object as Pod);
    });
  }

  /** Refuses what the rule matches with 403, and `can` says no; watches already open are told. */
  forbid(rule: AccessRule): void {
    this.#denied.push(rule);
    this.refreshAll();
  }

  /** Takes every `forbid` back; watches must be refreshed by their owners, as with a real server. */
  allowAll(): void {
    this.#denied.length = 0;
  }

  /** The next calls that match meet this fault. @returns what takes it away again */
  fault(fault: Fault): () => void {
    const entry = { fault, left: fault.times ?? 1 };
    this.#faults.push(entry);
    return () => {
      entry.left = 0;
    };
  }

  pods(namespace?: string): Pod[] {
    return this.store.list(RESOURCE.pod, namespace).items as Pod[];
  }

  /** Merges into a Pod's status, as its kubelet would; also places it on a node. */
  setPodStatus(namespace: string, name: string, status: Partial<PodStatus>): Pod {
    return this.store.edit(RESOURCE.pod, namespace, name, (object) => {
      const pod = object as Pod;
      if (status.phase !== undefined && status.phase !== 'Pending') pod.spec.nodeName ??= 'fake-node';
      pod.status = { ...pod.status, ...status };
    }) as Pod;
  }

  /** All containers of the Pod run; its init containers have ended well. */
  startPod(namespace: string, name: string): Pod {
    const at = rfc3339(this.#clock.now());
    const pod = this.store.get(RESOURCE.pod, namespace, name) as Pod;
    const native = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
    return this.setPodStatus(namespace, name, {
      phase: 'Running', startTime: at, podIP: '10.0.0.1', hostIP: '10.0.0.100',
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status: 'True', lastTransitionTime: at })),
      containerStatuses: pod.spec.containers.map((container) => running(container.name ?? '', container.image ?? '', at)),
      ...(pod.spec.initContainers === undefined ? {} : {
        initContainerStatuses: pod.spec.initContainers.map((container) => (native.includes(container)
          ? running(container.name ?? '', container.image ?? '', at)
          : ended(container.name ?? '', container.image ?? '', at, at, {}))),
      }),
    });
  }

  /** All containers of the Pod have ended, and so has the Pod. */
  finishPod(namespace: string, name: string, finish: FinishPod = {}): Pod {
    const at = rfc3339(this.#clock.now());
    const pod = this.store.get(RESOURCE.pod, namespace, name) as Pod;
    const main = pod.spec.containers.find((container) => container.name === 'main') ?? pod.spec.containers[0];
    const own: Partial<ContainerStateTerminated> = { exitCode: finish.exitCode ?? 0, ...(finish.message === undefined ? {} : { message: finish.message }), ...(finish.reason === undefined ? {} : { reason: finish.reason }) };
    const statuses = pod.spec.containers.map((container) => {
      const how = { ...(container === main ? own : {}), ...finish.containers?.[container.name ?? ''] };
      const started = pod.status?.containerStatuses?.find((status) => status.name === container.name)?.state?.running?.startedAt ?? at;
      return ended(container.name ?? '', container.image ?? '', started, at, how);
    });
    const failed = statuses.some(({ state }) => state.terminated.exitCode !== 0);
    const inits = pod.status?.initContainerStatuses ?? [];
    return this.setPodStatus(namespace, name, {
      phase: finish.phase ?? (failed ? 'Failed' : 'Succeeded'), startTime: pod.status?.startTime ?? at, containerStatuses: statuses,
      ...(inits.length === 0 ? {} : { initContainerStatuses: inits.map((status) => (status.state?.running ? ended(status.name, status.image ?? '', status.state.running.startedAt ?? at, at, {}) : status)) }),
      ...finish.status,
    });
  }

  /** Ends a deletion that waits (`podTermination: 'manual'`). */
  finishDeletion(namespace: string, name: string): void {
    this.store.finishDeletion(namespace, name);
  }

  /** Sets or adds to what a container has written; followers get it at once. */
  setLog(namespace: string, pod: string, container: string, text: string): void {
    this.#logs.set(`${namespace}/${pod}/${container}`, text);
  }

  appendLog(namespace: string, pod: string, container: string, text: string): void {
    this.#logs.append(`${namespace}/${pod}/${container}`, text);
  }

  /** Every watch loses its place in the history, and so reads its list again. */
  expireWatches(): void {
    this.store.compact();
    this.refreshAll();
  }

  /** Resolves when all changes made so far have gone out to watches, and what these did at once has too. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  async #around<T>(call: Call, run: () => T): Promise<T> {
    const record: RequestRecord = { ...call, at: this.#clock.now() };
    this.requests.push(record);
    try {
      return await this.#withFaults(call, () => {
        const refused = this.#refusal(call);
        if (refused) throw refused;
        return run();
      });
    } catch (error) {
      record.error = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #withFaults<T>(call: Call, run: () => T): Promise<T> {
    const entry = this.#faults.find(({ fault, left }) => left > 0 && faultMatches(fault, call));
    if (!entry) return run();
    entry.left -= 1;
    const { fault } = entry;
    if (fault.delayMs !== undefined) await this.#wait(fault.delayMs);
    if (fault.afterwards) {
      run();
      throw faultError(fault, call);
    }
    if (fault.error !== undefined) throw faultError(fault, call);
    return run();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }

  #refusal(call: Call): AppError | undefined {
    const resource = call.subresource === undefined ? call.type.plural : `${call.type.plural}/${call.subresource}`;
    const denied = this.#denied.some((rule) => ruleMatches(rule, { verb: call.verb, group: call.type.group, resource, ...(call.namespace === undefined ? {} : { namespace: call.namespace }) }));
    if (!denied) return undefined;
    const scope = call.namespace === undefined ? 'at the cluster scope' : `in the namespace "${call.namespace}"`;
    return statusError({
      code: 403, reason: 'Forbidden', details: { group: call.type.group, kind: call.type.plural },
      message: `${qualified(call.type)}${call.name === undefined ? '' : ` "${call.name}"`} is forbidden: User "fake" cannot ${call.verb} resource "${resource}" in API group "${call.type.group}" ${scope}`,
    });
  }

  #podChanged(type: string, pod: Pod): void {
    const { namespace = '', name = '', uid } = pod.metadata;
    if (type === 'DELETED') this.#logs.drop(`${namespace}/${name}/`);
    const termination = this.#options.podTermination ?? 0;
    if (type !== 'MODIFIED' || pod.metadata.deletionTimestamp === undefined || termination === 'manual') return;
    const finish = () => {
      const current = this.store.peek(RESOURCE.pod, namespace, name);
      if (current?.metadata.uid === uid) this.store.finishDeletion(namespace, name);
    };
    if (termination === 0) queueMicrotask(finish);
    else this.#clock.after(termination, finish);
  }

  #readLogs(namespace: string, name: string, options: LogOptions): AsyncIterable<Uint8Array> {
    const pod = this.store.get(RESOURCE.pod, namespace, name) as Pod;
    const container = options.container ?? pod.spec.containers[0]?.name ?? '';
    const waiting = pod.status?.phase === 'Pending';
    if (waiting) throw statusError({ code: 400, reason: 'BadRequest', message: `container "${container}" in pod "${name}" is waiting to start: ContainerCreating` });
    const done = () => {
      const now = this.store.peek(RESOURCE.pod, namespace, name) as Pod | undefined;
      const status = [...(now?.status?.containerStatuses ?? []), ...(now?.status?.initContainerStatuses ?? [])].find((entry) => entry.name === container);
      return now === undefined || status?.state?.terminated !== undefined;
    };
    return this.#logs.read(`${namespace}/${name}/${container}`, options, done, (wake) => this.store.subscribe(wake));
  }
}

function running(name: string, image: string, at: string) {
  return { name, image, imageID: image, ready: true, restartCount: 0, state: { running: { startedAt: at } } };
}

function ended(name: string, image: string, startedAt: string | null, finishedAt: string, how: Partial<ContainerStateTerminated>) {
  const exitCode = how.exitCode ?? 0;
  return { name, image, imageID: image, ready: false, restartCount: 0, state: { terminated: { reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt, ...how, exitCode } } };
}

function ruleMatches(rule: AccessRule, review: AccessReview): boolean {
  return (rule.verb === undefined || rule.verb === review.verb) && (rule.group === undefined || rule.group === review.group)
    && (rule.resource === undefined || rule.resource === review.resource) && (rule.namespace === undefined || rule.namespace === review.namespace);
}

function faultMatches(fault: Fault, call: Call): boolean {
  if (fault.verb !== undefined && fault.verb !== call.verb) return false;
  if (fault.resource !== undefined && fault.resource !== call.type.plural) return false;
  if (fault.name === undefined) return true;
  return typeof fault.name === 'string' ? fault.name === call.name : fault.name.test(call.name ?? '');
}

const REASONS = { 409: 'Conflict', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' } as const;

function faultError(fault: Fault, call: Call): AppError {
  const kind = fault.error ?? 'timeout';
  const retryAfter = fault.retryAfterMs === undefined ? {} : { retryAfter: fault.retryAfterMs };
  if (kind === 'timeout') return new AppError('timeout', fault.message ?? 'The API server did not answer in time.', { retryable: true, ...retryAfter });
  if (kind === 'unreachable') return new AppError('unreachable', fault.message ?? 'The API server cannot be reached.', { retryable: true, ...retryAfter });
  return statusError({ code: kind, reason: REASONS[kind], message: fault.message ?? `${REASONS[kind]}: ${qualified(call.type)} "${call.name ?? ''}"` }, retryAfter);
}

/** @returns a new, empty cluster in memory */
export function createFakeCluster(options: FakeClusterOptions = {}): FakeCluster {
  return new FakeCluster(options);
}

export type { KubeObject, ResourceType };
