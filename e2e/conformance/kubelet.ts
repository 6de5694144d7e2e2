/** Runs the Pods of the fake cluster: each begins at once and ends as the script or the recording says. */
import type { ManualClock } from '../../engine/controller/manual-clock.ts';
import type { FakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE, type Cluster, type KubeObject, type ResourceType, type Subscription } from '../../engine/kube/port.ts';
import { statusError } from '../../engine/kube/status.ts';
import { omit } from '../../engine/operate/omit.ts';
import type { PodPlan } from '../../engine/operate/types.ts';
import { unwrap } from '../../engine/pod/executor.ts';
import { HELPERS } from '../../engine/pod/shared.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../engine/spec/kubernetes.ts';
import { ANNOTATION, type Artifact, type Outputs, type Parameter } from '../../engine/spec/types.ts';
import type { Pace } from './pace.ts';
import type { StartTask } from '../../engine/controller/tasks.ts';
import { claimRefusal, NAMESPACE, podRefusal, resourceRefusal, taskReport, type Ending, type Queued, type World } from './world.ts';

const OVERDUE = 'Pod was active on the node longer than the specified deadline';

/** What the recorded executor reported of a Pod. */
export interface More {
  /** Our in-Pod protocol has no words for it, so all of the outputs are here; else only a played Pod's artifacts, and a result that nobody refers to. */
  whole: boolean;
  outputs: Outputs;
  progress: string | undefined;
}

export class Kubelet {
  /** The plans of all Pods ever created, in order, with labels, annotations and spec as the cluster got them. */
  readonly created: PodPlan[] = [];
  private readonly cluster: FakeCluster;
  private readonly clock: ManualClock;
  private readonly world: World;
  private readonly pace: Pace;
  private readonly subscription: Subscription;
  /** By uid, the deadline that the Pod was created with. */
  private readonly deadlines = new Map<string, number | undefined>();
  /** When and how Pods end, by uid. */
  private readonly endings = new Map<string, Queued>();
  private readonly more = new Map<string, More>();

  constructor(cluster: FakeCluster, clock: ManualClock, world: World, pace: Pace) {
    this.cluster = cluster;
    this.clock = clock;
    this.world = world;
    this.pace = pace;
    this.subscription = cluster.watch<Pod>(RESOURCE.pod, undefined, {}, {
      onChange: ({ upserts, removed }) => {
        // Who deletes artifacts is no step, and was not recorded.
        for (const pod of upserts) if (pod.metadata.labels?.['workflows.argoproj.io/component'] === undefined) this.see(pod);
        for (const pod of removed) this.endings.delete(pod.metadata.uid ?? '');
      },
    });
  }

  get nextEnding(): number | undefined {
    return earliest([...this.endings.values()].map(({ at }) => at));
  }

  /** What a node's Pod ended with. */
  moreOf(nodeId: string): More | undefined {
    return this.more.get(nodeId);
  }

  /** Does the engine's own work as the Pod did it that was recorded. */
  readonly startTask: StartTask = (task, { signal }, report) => {
    if (!task.acted) report({ phase: 'Running' });
    const now = this.clock.now();
    const ending = this.world.endingOfTask(task, now);
    if (!ending) return;
    const key = `task ${task.nodeId}`;
    this.endings.set(key, { ...ending, second: undefined, around: '' });
    signal.addEventListener('abort', () => this.endings.delete(key));
    this.clock.after(ending.at - now, () => {
      if (!this.endings.delete(key)) return;
      report(taskReport(ending));
      this.pace.stirred(this.clock.now());
    });
  };

  close(): void {
    this.subscription.close();
  }

  private see(pod: Pod): void {
    const { uid = '' } = pod.metadata;
    if (!this.deadlines.has(uid)) this.begin(pod);
    // Told to end: a deadline that the Pod did not have.
    else if (pod.spec.activeDeadlineSeconds === 1 && this.deadlines.get(uid) !== 1 && this.isAlive(pod)) {
      this.endings.delete(uid);
      this.write(pod, { ...ended(pod, ({ name }) => terminated(name, 143, this.clock.now())), phase: 'Failed', reason: 'DeadlineExceeded', message: OVERDUE });
    }
  }

  private begin(pod: Pod): void {
    const { uid = '', annotations = {} } = pod.metadata;
    this.deadlines.set(uid, pod.spec.activeDeadlineSeconds);
    const nodeId = annotations[ANNOTATION.nodeId] ?? '';
    const plan = this.pace.plans.get(nodeId);
    if (!plan) throw new Error(`nobody planned the Pod ${pod.metadata.name ?? ''}`);
    this.created.push({ ...plan, labels: pod.metadata.labels ?? {}, annotations, spec: asPlanned(pod.spec, plan.spec) });
    this.more.delete(nodeId);
    const now = this.clock.now();
    const running = ended(pod, ({ name = '' }) => ({ name, ready: true, state: { running: {} } }));
    this.write(pod, { ...running, phase: 'Running', podIP: 'POD_IP' });
    const ending = this.world.endingOf(plan, { metadata: pod.metadata, spec: plan.spec, status: { phase: 'Running' } }, now);
    if (!ending) return;
    const queued = this.world.inOrder(ending, plan, [...this.endings.values()]);
    this.endings.set(uid, queued);
    this.endAt(pod, plan, queued);
  }

  /** A Pod's end may be put off by that of another. */
  private endAt(pod: Pod, plan: PodPlan, ending: Queued): void {
    this.clock.after(ending.at - this.clock.now(), () => {
      if (ending.at > this.clock.now()) this.endAt(pod, plan, ending);
      else this.end(pod, plan, ending);
    });
  }

  private end(pod: Pod, plan: PodPlan, ending: Ending): void {
    if (!this.endings.delete(pod.metadata.uid ?? '') || !this.isAlive(pod)) return;
    const { outputs, progress } = ending.report;
    const words = waitFailed(ending) ? undefined : report(pod, outputs);
    const { artifacts, result } = outputs ?? {};
    // Where Pods were played, keys are those of the player, whatever the repository says.
    const unasked: Outputs = { ...(artifacts && this.world.isPlayed && { artifacts }), ...(result !== undefined && !plan.includeResult && { result }) };
    this.more.set(plan.nodeId, { whole: words === undefined, outputs: words === undefined ? outputs ?? {} : unasked, progress });
    this.write(pod, statusOf(pod, ending, words));
    this.pace.stirred(this.clock.now(), this.world.nextCreation(this.clock.now()));
  }

  private write(pod: Pod, status: Partial<PodStatus>): void {
    this.cluster.setPodStatus(NAMESPACE, pod.metadata.name ?? '', status);
  }

  private isAlive(pod: Pod): boolean {
    const current = this.cluster.store.peek(RESOURCE.pod, NAMESPACE, pod.metadata.name ?? '') as Pod | undefined;
    return current?.metadata.uid === pod.metadata.uid && current?.status?.phase !== 'Succeeded' && current?.status?.phase !== 'Failed';
  }
}

function earliest(times: readonly number[]): number | undefined {
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** States of all containers, sidecars of the kubelet's among the init containers. */
function ended(pod: Pod, stateOf: (container: Container) => ContainerStatus): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'> {
  return {
    containerStatuses: pod.spec.containers.map(stateOf),
    initContainerStatuses: (pod.spec.initContainers ?? []).map((container) => (container.restartPolicy === 'Always' ? stateOf(container) : terminated(container.name, 0, 0))),
  };
}

function terminated(name = '', exitCode: number, at: number, message?: string): ContainerStatus {
  const finishedAt = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  return { name, ready: false, state: { terminated: { exitCode, finishedAt, reason: exitCode === 0 ? 'Completed' : 'Error', ...(message === undefined ? {} : { message }) } } };
}

/** The recorded executor tells of its failures by its exit code, and of the outputs elsewhere. */
function waitFailed({ pod }: Ending): boolean {
  return pod.status?.containerStatuses?.some(({ name, state }) => name === 'wait' && (state?.terminated?.exitCode ?? 0) !== 0) ?? false;
}

/** The end of the plan's Pod, told of the real one: with our helpers, and the report in the words of `wait`. */
function statusOf(pod: Pod, { pod: { status = {} }, at }: Ending, words: string | undefined): Partial<PodStatus> {
  const top = omit(status, 'containerStatuses', 'initContainerStatuses');
  // A Pod that was evicted has no containers any more.
  if (!status.containerStatuses) return { ...top, containerStatuses: [], initContainerStatuses: [] };
  const known = new Map([...status.containerStatuses, ...(status.initContainerStatuses ?? [])].map((each) => [each.name, each]));
  const own = ended(pod, ({ name = '' }) => {
    const recorded = known.get(name);
    if (name === 'wait' && !(recorded?.state?.terminated?.exitCode)) return terminated(name, 0, at, words);
    return recorded ?? terminated(name, 0, at);
  });
  // The recorded executor had a `wait` in every Pod: what it failed of counts.
  const names = new Set([...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }) => name));
  const failed = status.containerStatuses.filter(({ name, state }) => !names.has(name) && state?.terminated?.exitCode);
  return { ...top, containerStatuses: [...own.containerStatuses ?? [], ...failed], initContainerStatuses: own.initContainerStatuses?.map((each) => known.get(each.name) ?? each) ?? [] };
}

/** @returns the report of `wait` on these outputs; undefined when it would say more, or less, than the recorded executor did */
function report(pod: Pod, outputs: Outputs | undefined): string | undefined {
  const wait = pod.spec.containers.find(({ name }) => name === 'wait');
  const wanted = JSON.parse((wait?.env?.find(({ name }) => name === 'TIPHYS_OUTPUTS')?.value ?? '{}').replaceAll('$$', () => '$')) as { parameters?: Parameter[]; artifacts?: { id: string; artifact: Artifact }[] };
  const valueOf = ({ name }: Parameter): unknown => outputs?.parameters?.find((each) => each.name === name)?.value;
  if ((wanted.parameters ?? []).some((parameter) => valueOf(parameter) === undefined)) return undefined;
  const paths = (wanted.parameters ?? []).filter(({ valueFrom }) => valueFrom?.path !== undefined);
  const parameters = Object.fromEntries(paths.map((parameter, at) => [String(at), encoded(valueOf(parameter))]));
  const artifacts = wanted.artifacts ?? [];
  const saved = artifacts.filter(({ artifact }) => outputs?.artifacts?.some(({ name }) => name === artifact.name));
  if (artifacts.some((each) => each.artifact.path !== undefined && !each.artifact.optional && !saved.includes(each))) return undefined;
  return JSON.stringify({ ...(saved.length > 0 && { saved: saved.map(({ id }) => id).join(',') }), ...(outputs?.result === undefined ? {} : { result: encoded(outputs.result) }), parameters });
}

/** As the step wrote it: the newline at the end is not part of the value. */
function encoded(value: unknown): string {
  return Buffer.from(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`).toString('base64');
}

/** The spec without what the in-Pod protocol adds: commands unwrapped, sidecars among the containers again. */
function asPlanned(spec: PodSpec, planned: PodSpec): PodSpec {
  const names = planned.containers.map(({ name }) => name);
  const all = [...spec.containers, ...(spec.initContainers ?? [])];
  const init = (spec.initContainers ?? []).filter(({ name }) => !names.includes(name) && !HELPERS.has(name ?? ''));
  const containers = names.flatMap((name) => all.filter((container) => container.name === name)).map((container) => {
    const given = planned.containers.find(({ name }) => name === container.name);
    const bare = omit(container, 'command', 'args', ...(given?.restartPolicy === undefined ? ['restartPolicy' as const] : []));
    // A command that the registry told is not the plan's.
    const { command, args } = given?.command?.length ? unwrap(container) : given ?? {};
    return { ...bare, ...(command && { command }), ...(args && { args }) };
  });
  return { ...omit(spec, 'initContainers'), containers, ...(init.length > 0 ? { initContainers: init } : {}) };
}

/** The cluster with the admission that the recorded one had. */
export function guarded(cluster: FakeCluster): Cluster {
  const refuse = (type: ResourceType, object: KubeObject): void => {
    const pod = type.plural === 'pods' ? object as Pod : undefined;
    const forbidden = pod && (podRefusal(pod.metadata.name ?? '', pod.spec.serviceAccountName) ?? resourceRefusal(pod.metadata.name ?? '', pod.spec.containers));
    const message = forbidden ?? (type.plural === 'persistentvolumeclaims' ? claimRefusal(object) : undefined);
    if (message === undefined) return;
    throw statusError(message.includes(' is forbidden: ') ? { code: 403, reason: 'Forbidden', message } : { code: 422, reason: 'Invalid', message });
  };
  return new Proxy<Cluster>(cluster, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== 'function') return value;
      // The recorded cluster had the Secrets of all artifacts.
      if (property === 'get') return (type: ResourceType, namespace: string, name: string) => (type.plural === 'secrets' ? Promise.resolve({ metadata: { name, namespace } }) : target.get(type, namespace, name));
      if (property !== 'create') return value.bind(target) as unknown;
      return async (type: ResourceType, object: KubeObject, options?: object) => {
        refuse(type, object);
        return target.create(type, object, options);
      };
    },
  });
}
