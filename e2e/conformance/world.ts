/**
 * A cluster that exists only to be played with: Pods that end as a script or a recording says, in a time of its own. It does
 * what operate asks for, and nothing else.
 */
import { HELPERS } from '../../engine/pod/shared.ts';
import type { ConfigMap, Container, ContainerStatus, KubeObject, Pod } from '../../engine/spec/kubernetes.ts';
import { omit } from '../../engine/operate/omit.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { LifecycleHook, Outputs, WorkflowTemplate } from '../../engine/spec/types.ts';
import type { Action, EngineTask, Observed, PodPlan, PodReport, Refusal, TaskReport } from '../../engine/operate/types.ts';
import { approximate, parseQuantity } from '../../engine/template/quantity.ts';
import { stepOrTaskName } from '../../engine/template/names.ts';
import type { Case, RecordedPod, Rule, Script } from './cases.ts';

export const NAMESPACE = 'argo-ns';
const SERVICE_ACCOUNTS = new Set(['default', 'argo']);
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** What the recorded workflows find in their cluster. */
export const REPOSITORY = {
  archiveLogs: false,
  s3: {
    endpoint: 'minio:9000', bucket: 'my-bucket', insecure: true, keyFormat: `${NAMESPACE}/{{workflow.name}}/{{pod.name}}`,
    accessKeySecret: { name: 'my-minio-cred', key: 'accesskey' }, secretKeySecret: { name: 'my-minio-cred', key: 'secretkey' },
  },
};

export interface Ending {
  at: number;
  nodeId: string;
  pod: Pod;
  report: PodReport;
}

/** An ending among others. */
export interface Queued extends Ending {
  /** The second of the recording in which the Pod ended. */
  second: number | undefined;
  /** What encloses the step or task: only Pods beside each other are put in order. */
  around: string;
}

/**
 * Pods beside each other whose ends the recording tells apart by a second ended for the controller at two moments: this far
 * apart (milliseconds), more than it waits before it looks.
 */
const APART = 600;
/** The recorded controller looked at what had happened on its cluster so many milliseconds after it, at most. */
const LATE = 3500;
/** A Pod that was looked at while it ran lasted at least so long (seconds): past the look that follows its creation. */
const WATCHED = 0.6;

export class World {
  readonly pods = new Map<string, Pod>();
  readonly reports = new Map<string, PodReport>();
  readonly refusals = new Map<string, Refusal>();
  readonly configMaps = new Map<string, ConfigMap>();
  /** Every Pod that was ever created, in order. */
  readonly created: PodPlan[] = [];
  /** All work without a Pod that was ever begun, in order: the recorded controller had Pods for it. */
  readonly begun: EngineTask[] = [];
  readonly tasks = new Map<string, TaskReport>();
  deleted = false;
  script: Script | undefined;
  private readonly templates = { namespaced: new Map<string, WorkflowTemplate>(), cluster: new Map<string, WorkflowTemplate>() };
  private readonly recorded = new Map<string, RecordedPod[]>();
  private endings: Queued[] = [];
  private readonly start: number;
  private readonly case: Case;
  /** Names of Pods that the recorded controller looked at while they ran. */
  private readonly watched: ReadonlySet<string>;

  constructor(played: Case) {
    this.case = played;
    this.watched = watchedPods(played);
    this.script = played.script;
    this.start = Date.parse(played.creationTimestamp);
    const repositories = { 'my-key': JSON.stringify({ ...REPOSITORY, archiveLogs: true }) };
    this.configMaps.set('artifact-repositories', { metadata: { name: 'artifact-repositories' }, data: repositories });
    for (const manifest of played.manifests.slice(0, -1)) this.add(manifest);
    for (const pod of played.pods) this.recorded.set(pod.node, [...(this.recorded.get(pod.node) ?? []), pod]);
  }

  /** No container ever ran in the recording. */
  get isPlayed(): boolean {
    return this.case.file !== 'real';
  }

  private add(manifest: KubeObject): void {
    const name = manifest.metadata.name ?? '';
    if (manifest.kind === 'ConfigMap') this.configMaps.set(name, manifest);
    else if (manifest.kind === 'WorkflowTemplate') this.templates.namespaced.set(name, decoded(manifest));
    else if (manifest.kind === 'ClusterWorkflowTemplate') this.templates.cluster.set(name, decoded(manifest));
  }

  observe(): Observed {
    return {
      pods: new Map(this.pods), reports: new Map(this.reports), tasks: new Map(this.tasks), refusals: new Map(this.refusals), configMaps: new Map(this.configMaps),
      templates: this.templates, settings: { artifactRepository: REPOSITORY },
    };
  }

  /** When the next Pod ends (milliseconds). */
  get nextEnding(): number | undefined {
    return this.endings.reduce<number | undefined>((first, { at }) => (first === undefined || at < first ? at : first), undefined);
  }

  /** Ends the Pods whose time has come. @returns whether there were any */
  advance(now: number): boolean {
    const due = this.endings.filter(({ at }) => at <= now);
    for (const ending of due) {
      if (this.tasks.has(ending.nodeId)) this.tasks.set(ending.nodeId, taskReport(ending));
      else if (this.pods.has(ending.nodeId)) {
        this.pods.set(ending.nodeId, ending.pod);
        this.reports.set(ending.nodeId, ending.report);
      }
    }
    this.endings = this.endings.filter(({ at }) => at > now);
    return due.length > 0;
  }

  apply(actions: readonly Action[], now: number): void {
    for (const action of actions) this.act(action, now);
  }

  private act(action: Action, now: number): void {
    switch (action.type) {
      case 'create-pod':
        this.create(action.plan, now);
        return;
      case 'delete-pod':
        this.remove(action.nodeId);
        return;
      case 'terminate-pod':
        this.terminate(action.nodeId);
        return;
      case 'label-pod': {
        const pod = this.pods.get(action.nodeId);
        if (pod) this.pods.set(action.nodeId, { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...action.labels } } });
        return;
      }
      case 'save-cache': {
        const map = this.configMaps.get(action.configMap) ?? { metadata: { name: action.configMap, labels: { 'workflows.argoproj.io/configmap-type': 'Cache' } } };
        this.configMaps.set(action.configMap, { ...map, data: { ...map.data, [action.key]: action.value } });
        return;
      }
      case 'delete-workflow':
        this.deleted = true;
        return;
      case 'create-claim': {
        const message = claimRefusal(action.object);
        if (message !== undefined) this.refusals.set(action.object.metadata.name ?? '', { transient: false, message });
        return;
      }
      case 'engine-task': {
        if (this.tasks.has(action.task.nodeId)) return;
        this.tasks.set(action.task.nodeId, { phase: 'Running' });
        const ending = this.endingOfTask(action.task, now);
        if (ending) this.endings.push({ ...ending, second: undefined, around: around(action.task.nodeName) });
        return;
      }
      case 'delete-claim': case 'create-disruption-budget': case 'delete-disruption-budget': case 'collect-artifacts':
    }
  }

  remove(nodeId: string): void {
    this.tasks.delete(nodeId);
    this.pods.delete(nodeId);
    this.reports.delete(nodeId);
    this.endings = this.endings.filter((ending) => ending.nodeId !== nodeId);
  }

  private terminate(nodeId: string): void {
    const pod = this.pods.get(nodeId);
    if (!pod) return;
    this.endings = this.endings.filter((ending) => ending.nodeId !== nodeId);
    this.pods.set(nodeId, { ...pod, status: { ...pod.status, phase: 'Failed', containerStatuses: [terminated('main', 143, 'Error', undefined, 0)] } });
    this.reports.set(nodeId, { complete: true });
  }

  private create(plan: PodPlan, now: number): void {
    const refused = podRefusal(plan.name, plan.spec.serviceAccountName) ?? resourceRefusal(plan.name, plan.spec.containers);
    if (refused) {
      this.refusals.set(plan.nodeId, { message: refused, transient: false });
      return;
    }
    if (this.pods.has(plan.nodeId)) throw new Error(`Pod ${plan.name} was created twice`);
    this.created.push(plan);
    const metadata = { name: plan.name, namespace: plan.namespace, labels: plan.labels, annotations: plan.annotations };
    const status = { phase: 'Running', podIP: 'POD_IP', containerStatuses: plan.spec.containers.map(({ name = '' }): ContainerStatus => ({ name, ready: true, state: { running: {} } })) };
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: plan.spec, status };
    this.pods.set(plan.nodeId, pod);
    const ending = this.endingOf(plan, pod, now);
    if (ending) this.endings.push(this.inOrder(ending, plan, this.endings));
  }

  /** Keeps the order in which a script's Pods ended, moving some: the recorded machine did not start them all at once. */
  inOrder(given: Ending, plan: PodPlan, others: readonly Queued[]): Queued {
    const ending: Queued = { ...given, second: this.recordedOf(plan)?.ended, around: around(plan.nodeName) };
    const distance = (first: Queued, second: Queued): number =>
      (first.around === second.around && first.second !== undefined && second.second !== undefined ? (second.second - first.second) * APART : 0);
    if (this.case.script) {
      for (const other of others) if (distance(other, ending) > 0) ending.at = Math.max(ending.at, other.at + distance(other, ending));
      for (const other of others) if (distance(ending, other) > 0) other.at = Math.max(other.at, ending.at + distance(ending, other));
    }
    return ending;
  }

  private recordedOf(plan: PodPlan): RecordedPod | undefined {
    return this.recorded.get(plan.nodeName)?.find(({ name }) => name === plan.name);
  }

  /** Begins work without a Pod. @returns when and how the Pod ended that did it in the recording */
  endingOfTask(task: EngineTask, now: number): Ending | undefined {
    this.begun.push(task);
    const name = this.recorded.get(task.nodeName)?.[0]?.name ?? '';
    const spec = { containers: [{ name: 'main' }] };
    const plan: PodPlan = { nodeId: task.nodeId, nodeName: task.nodeName, name, namespace: NAMESPACE, labels: {}, annotations: {}, spec, template: task.template, includeResult: task.template.data !== undefined };
    return this.endingOf(plan, { metadata: { name }, spec }, now);
  }

  /**
   * @param now of something that happened to a Pod
   * @returns when the recorded controller made the next Pods, if what happened can be why (milliseconds)
   */
  nextCreation(now: number): number | undefined {
    if (this.isPlayed) return undefined;
    const times = [...this.recorded.values()].flatMap((pods) => pods.map(({ created }) => this.start + created * 1000)).filter((time) => time > now && time <= now + LATE);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** When and how a Pod ends that runs since now; undefined for one that goes on. */
  endingOf(plan: PodPlan, pod: Pod, now: number): Ending | undefined {
    return this.case.script ? this.scripted(plan, pod, now) : this.replayed(plan, pod, now);
  }

  private scripted(plan: PodPlan, pod: Pod, now: number): Ending | undefined {
    const rule = this.script?.rules.find(({ node }) => new RegExp(node).test(plan.nodeName));
    if (plan.template.daemon && rule?.exitCode === undefined && rule?.phase === undefined) return undefined;
    const at = now + Math.max(rule?.after ?? 0.05, this.delay(plan)) * 1000;
    if (rule?.phase) {
      const { phase, reason, message } = rule;
      const status = { podIP: 'POD_IP', phase, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
      return { at, nodeId: plan.nodeId, pod: { ...pod, status }, report: { complete: true } };
    }
    const exitCode = rule?.exitCode ?? 0;
    const names = plan.template.containerSet?.containers.map(({ name = '' }) => name) ?? ['main'];
    const containerStatuses = names.map((name) => terminated(name, exitCode, exitCode === 0 ? 'Completed' : 'Error', name === 'main' ? rule?.message : undefined, at));
    const outputs = scriptedOutputs(plan, rule, exitCode);
    return {
      at, nodeId: plan.nodeId, report: { complete: true, ...(outputs ? { outputs } : {}) },
      pod: { ...pod, status: { podIP: 'POD_IP', phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses } },
    };
  }

  /** Seconds by which the recording machine was behind its script: what a Pod lasted there, where that was clearly longer. */
  private delay(plan: PodPlan): number {
    const recorded = this.recordedOf(plan);
    if (!recorded) return 0;
    const lasted = recorded.ended === undefined ? 0 : recorded.ended - recorded.created;
    return Math.max(lasted >= 2 ? lasted - 0.5 : 0, this.watched.has(recorded.name) ? WATCHED : 0);
  }

  private replayed(plan: PodPlan, pod: Pod, now: number): Ending | undefined {
    const list = this.recorded.get(plan.nodeName);
    const recorded = list?.shift();
    const node = this.case.expect.nodes.find(({ name }) => name === plan.nodeName);
    if (!recorded || recorded.phase === 'Running') return undefined;
    const deadline = recorded.reason === 'DeadlineExceeded' ? now + (plan.spec.activeDeadlineSeconds ?? 0) * 1000 + 900 : 0;
    const at = Math.max(now + 50, deadline, this.start + (recorded.ended ?? recorded.created) * 1000 + 400);
    const states = (recorded.containers ?? []).filter(({ exitCode }) => exitCode !== undefined)
      .map(({ name, exitCode = 0, reason, message }) => terminated(name, exitCode, reason, message, at));
    const init = new Set(['init', ...(plan.spec.initContainers ?? []).map(({ name }) => name)]);
    const outputs = omit(node?.outputs ?? {}, 'exitCode');
    const { phase, reason, message } = recorded;
    return {
      at, nodeId: plan.nodeId, report: { complete: true, ...(Object.keys(outputs).length > 0 ? { outputs } : {}), ...(node?.progress ? { progress: node.progress } : {}) },
      pod: { ...pod, status: {
        podIP: 'POD_IP', phase, ...(reason ? { reason } : {}), ...(message ? { message } : {}),
        initContainerStatuses: states.filter(({ name }) => init.has(name)), containerStatuses: states.filter(({ name }) => !init.has(name)),
      } },
    };
  }
}

/** What the Pod of the recording said, as the engine's own work says it. */
export function taskReport({ pod, report }: Ending): TaskReport {
  const main = pod.status?.containerStatuses?.find(({ name }) => name === 'main')?.state?.terminated;
  const outputs = report.outputs ? { outputs: report.outputs } : {};
  return pod.status?.phase === 'Succeeded' ? { phase: 'Succeeded', ...outputs } : { phase: 'Failed', message: main?.message ?? pod.status?.message ?? '', ...outputs };
}

/**
 * Where a hook waits for the phase Running and has a Pod, the controller looked while the hooked step's own Pod ran. (A step
 * with attempts is Running from its start.)
 */
function watchedPods({ manifests, pods }: Case): Set<string> {
  const hooks = runningHooks(manifests);
  return new Set(pods.flatMap(({ node }) => {
    const [, step = '', hook = ''] = /^(.*)\.hooks\.([^.([]+)(\(\d+\))?$/.exec(node) ?? [];
    return hooks.has(`${stepOrTaskName(step)} ${hook}`) ? pods.find((pod) => pod.node === step)?.name ?? [] : [];
  }));
}

/** @returns of all steps and tasks the hooks whose expression speaks of the phase Running: `STEP HOOK` */
function runningHooks(value: unknown): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set();
  const { name = '', hooks = {} } = value as { name?: string; hooks?: Record<string, LifecycleHook> };
  const own = Object.entries(hooks).filter(([, { expression }]) => expression?.includes('Running')).map(([hook]) => `${name} ${hook}`);
  return new Set([...own, ...Object.values(value).flatMap((part) => [...runningHooks(part)])]);
}

/** The name of what encloses a step or task, whose attempts, turns and hooks are beside it. */
function around(nodeName: string): string {
  return nodeName.replace(/(\.hooks\.[^.]*|\.onExit)(\(.*)?$/, '').replace(/\.[^.]*$/, '');
}

/** A template as the controller reads it. */
export function decoded(manifest: KubeObject): WorkflowTemplate {
  const read = readManifests(JSON.stringify(manifest)).manifests[0];
  return (read?.kind === 'WorkflowTemplate' || read?.kind === 'ClusterWorkflowTemplate' ? read.object : manifest) as WorkflowTemplate;
}

function terminated(name: string, exitCode: number, reason: string | undefined, message: string | undefined, at: number): ContainerStatus {
  const finishedAt = new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  return { name, ready: false, state: { terminated: { exitCode, finishedAt, ...(reason ? { reason } : {}), ...(message ? { message } : {}) } } };
}

/** What the API server says to a Pod that it would not take. */
export function podRefusal(podName: string, account: string | undefined): string | undefined {
  if (!NAME.test(podName)) {
    const rule = '\'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\'';
    return `Pod "${podName}" is invalid: metadata.name: Invalid value: "${podName}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, `
      + `'-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is ${rule})`;
  }
  if (account && !SERVICE_ACCOUNTS.has(account)) {
    return `pods "${podName}" is forbidden: error looking up service account ${NAMESPACE}/${account}: serviceaccount "${account}" not found`;
  }
  return undefined;
}

/** What it says to a Pod that asks for more than it may have. The recorded Pods had `wait` as their first container. */
export function resourceRefusal(podName: string, containers: readonly Container[]): string | undefined {
  const planned = containers.filter(({ name }) => !HELPERS.has(name ?? ''));
  for (const [at, { resources }] of planned.entries()) {
    const { requests = {}, limits = {} } = (resources ?? {}) as Record<string, Record<string, string | number>>;
    for (const [name, request] of Object.entries(requests)) {
      const limit = limits[name];
      if (limit === undefined || approximate(parseQuantity(String(request))) <= approximate(parseQuantity(String(limit)))) continue;
      return `Pod "${podName}" is invalid: spec.containers[${at + 1}].resources.requests: Invalid value: "${request}": must be less than or equal to ${name} limit of ${limit}`;
    }
  }
  return undefined;
}

/** What it says to a claim that it would not take. */
export function claimRefusal(claim: KubeObject): string | undefined {
  const modes = (claim['spec'] as { accessModes?: string[] } | undefined)?.accessModes ?? [];
  const bad = modes.find((mode) => !['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'].includes(mode));
  if (bad === undefined) return undefined;
  return `PersistentVolumeClaim "${claim.metadata.name ?? ''}" is invalid: spec.accessModes: Unsupported value: "${bad}": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`;
}

/** What a Pod of a script leaves behind. */
function scriptedOutputs(plan: PodPlan, rule: Rule | undefined, exitCode: number): Outputs | undefined {
  const outputs: Outputs = {};
  const declared = plan.template.outputs;
  const ok = exitCode === 0;
  if (rule?.result !== undefined) outputs.result = rule.result;
  else if (ok && (plan.template.script || (plan.template.container && plan.includeResult))) outputs.result = 'heads';
  const parameters = (declared?.parameters ?? []).flatMap((parameter) => {
    const value = rule?.params?.[parameter.name] ?? (ok && parameter.valueFrom?.path ? `value-of-${parameter.name}` : undefined);
    return value === undefined ? [] : [{ ...parameter, value }];
  });
  if (parameters.length > 0) outputs.parameters = parameters;
  const artifacts = ok ? (declared?.artifacts ?? []).filter(({ path }) => path).map((artifact) => ({ ...artifact, s3: { key: `${plan.labels['workflows.argoproj.io/workflow'] ?? ''}/${plan.name}/${artifact.name}.tgz` } })) : [];
  if (artifacts.length > 0) outputs.artifacts = artifacts;
  return Object.keys(outputs).length > 0 ? outputs : undefined;
}
