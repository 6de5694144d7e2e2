/** The world of a simulation: Pods and resources that end when and how a script says, in a time of its own. */
import type { ConfigMap, ContainerStatus, Pod } from '../spec/kubernetes.ts';
import type { Outputs, Template } from '../spec/types.ts';
import { makesRequest, responseParts } from '../operate/http.ts';
import { timestamp } from '../operate/time.ts';
import type { Action, Observed, PodPlan, PodReport, TaskReport } from '../operate/types.ts';
import { valueOf } from './script.ts';
import type { Script, StepScript } from './script.ts';

interface Ending {
  /** Milliseconds since the epoch. */
  at: number;
  nodeId: string;
  apply: () => void;
}

export class SimulatedWorld {
  readonly #script: Script;
  readonly #templates: Observed['templates'];
  readonly #configMaps: Map<string, ConfigMap>;
  readonly #pods = new Map<string, Pod>();
  readonly #reports = new Map<string, PodReport>();
  readonly #tasks = new Map<string, TaskReport>();
  /** Every Pod that was asked for, in order. */
  readonly plans: PodPlan[] = [];
  #endings: Ending[] = [];

  constructor(script: Script, around: Pick<Observed, 'templates' | 'configMaps'>) {
    this.#script = script;
    this.#templates = around.templates;
    this.#configMaps = new Map(around.configMaps);
  }

  observe(): Observed {
    return {
      pods: this.#pods, reports: this.#reports, tasks: this.#tasks, configMaps: this.#configMaps, settings: { artifactRepository: REPOSITORY },
      ...(this.#templates && { templates: this.#templates }),
    };
  }

  /** When something ends next (milliseconds since the epoch). */
  get next(): number | undefined {
    return this.#endings.reduce<number | undefined>((first, { at }) => (first === undefined || at < first ? at : first), undefined);
  }

  /** Ends what is due. @returns whether there was anything */
  advance(now: number): boolean {
    const due = this.#endings.filter(({ at }) => at <= now);
    this.#endings = this.#endings.filter(({ at }) => at > now);
    for (const ending of due) ending.apply();
    return due.length > 0;
  }

  apply(actions: readonly Action[], now: number): void {
    for (const action of actions) this.#act(action, now);
  }

  #act(action: Action, now: number): void {
    switch (action.type) {
      case 'create-pod':
        this.#create(action.plan, now);
        return;
      case 'delete-pod':
        this.#forget(action.nodeId);
        return;
      case 'terminate-pod':
        this.#terminate(action.nodeId, now);
        return;
      case 'label-pod': {
        const pod = this.#pods.get(action.nodeId);
        if (pod) this.#pods.set(action.nodeId, { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...action.labels } } });
        return;
      }
      case 'engine-task': {
        const { nodeId, nodeName, template } = action.task;
        if (this.#tasks.has(nodeId)) return;
        const step = this.#script.stepOf(nodeName);
        this.#tasks.set(nodeId, { phase: 'Running' });
        this.#endings.push({ at: now + step.duration * 1000, nodeId, apply: () => this.#tasks.set(nodeId, taskEnd(step, template)) });
        return;
      }
      case 'save-cache': {
        const map = this.#configMaps.get(action.configMap) ?? { metadata: { name: action.configMap, labels: { 'workflows.argoproj.io/configmap-type': 'Cache' } } };
        this.#configMaps.set(action.configMap, { ...map, data: { ...map.data, [action.key]: action.value } });
        return;
      }
      default:
        // Claims, budgets and the end of the object leave no trace that a run reads.
    }
  }

  #create(plan: PodPlan, now: number): void {
    this.plans.push(plan);
    const step = this.#script.stepOf(plan.nodeName);
    const startedAt = timestamp(now);
    const pod: Pod = {
      apiVersion: 'v1', kind: 'Pod', spec: plan.spec,
      metadata: { name: plan.name, namespace: plan.namespace, uid: `simulated-${plan.nodeId}`, creationTimestamp: startedAt, labels: plan.labels, annotations: plan.annotations },
      status: { phase: 'Running', startTime: startedAt, podIP: '10.0.0.1', containerStatuses: plan.spec.containers.map(({ name = '' }): ContainerStatus => ({ name, ready: true, state: { running: { startedAt } } })) },
    };
    this.#pods.set(plan.nodeId, pod);
    // A daemon serves until it is no longer needed.
    if (plan.template.daemon && !step.scripted) return;
    const end = now + step.duration * 1000;
    this.#endings.push({ at: end, nodeId: plan.nodeId, apply: () => { this.#end(plan, pod, step, end); } });
  }

  #end(plan: PodPlan, pod: Pod, step: StepScript, now: number): void {
    const { exitCode } = step;
    const containers = plan.template.containerSet?.containers.map(({ name = '' }) => name) ?? ['main'];
    const failed = step.outcome === 'Failed';
    const containerStatuses = containers.map((name) => ended(name, failed ? exitCode : 0, failed && name === containers[0] ? step.message : undefined, now));
    this.#pods.set(plan.nodeId, { ...pod, status: { ...pod.status, phase: failed ? 'Failed' : 'Succeeded', containerStatuses } });
    const outputs = outputsOf(plan, step);
    // A step errs, rather than fails, when what it did cannot be brought home.
    const error = step.outcome === 'Error' ? { error: step.message ?? 'The outputs could not be saved.' } : {};
    this.#reports.set(plan.nodeId, { complete: true, ...error, ...(outputs && { outputs }) });
  }

  #terminate(nodeId: string, now: number): void {
    const pod = this.#pods.get(nodeId);
    if (!pod) return;
    this.#endings = this.#endings.filter((ending) => ending.nodeId !== nodeId);
    this.#pods.set(nodeId, { ...pod, status: { ...pod.status, phase: 'Failed', containerStatuses: [ended('main', 143, undefined, now)] } });
    this.#reports.set(nodeId, { complete: true });
  }

  #forget(nodeId: string): void {
    this.#pods.delete(nodeId);
    this.#reports.delete(nodeId);
    this.#endings = this.#endings.filter((ending) => ending.nodeId !== nodeId);
  }
}

/** Where artifacts would go when the workflow does not say: nothing is ever written there. */
const REPOSITORY = { s3: { endpoint: 'simulated', bucket: 'simulated', keyFormat: '{{workflow.name}}/{{pod.name}}' } };

function ended(name: string, exitCode: number, message: string | undefined, at: number): ContainerStatus {
  return { name, ready: false, state: { terminated: { exitCode, finishedAt: timestamp(at), reason: exitCode === 0 ? 'Completed' : 'Error', ...(message !== undefined && { message }) } } };
}

function taskEnd(step: StepScript, template: Template): TaskReport {
  if (step.outcome !== 'Succeeded') return { phase: 'Failed', message: step.message ?? 'The simulated step failed.' };
  if (template.data) return { phase: 'Succeeded', outputs: { result: step.result ?? '[]' } };
  const parameters = (template.outputs?.parameters ?? []).map((parameter) => ({ ...parameter, value: valueOf(step, parameter) }));
  return { phase: 'Succeeded', ...(parameters.length && { outputs: { parameters } }) };
}

/** What the Pod leaves behind: what the script says, and else a value that tells where it comes from. */
function outputsOf(plan: PodPlan, step: StepScript): Outputs | undefined {
  if (step.outcome !== 'Succeeded') return step.result === undefined ? undefined : { result: step.result };
  if (makesRequest(plan.template)) return { parameters: responseParts(200, step.result ?? step.sample('result')) };
  const declared = plan.template.outputs;
  const outputs: Outputs = {};
  if (step.result !== undefined || plan.includeResult) outputs.result = step.result ?? step.sample('result');
  const parameters = (declared?.parameters ?? []).filter(({ valueFrom }) => valueFrom?.path !== undefined).map((parameter) => ({ ...parameter, value: valueOf(step, parameter) }));
  if (parameters.length) outputs.parameters = parameters;
  const artifacts = (declared?.artifacts ?? []).filter(({ path }) => path).map((artifact) => ({ ...artifact, s3: { key: `${plan.name}/${artifact.name}.tgz` } }));
  if (artifacts.length) outputs.artifacts = artifacts;
  return Object.keys(outputs).length ? outputs : undefined;
}
