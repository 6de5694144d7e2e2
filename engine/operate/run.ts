/**
 * What one call of operate holds while it thinks: the input, the spec as it is carried out, the nodes, the globals, and what
 * it has decided so far. The three passes and the executors share it.
 */
import type { Arguments, Artifact, NodeStatus, Outputs, Parameter, RetryStrategy, Template, Workflow, WorkflowPhase, WorkflowSpec, WorkflowStatus } from '../spec/types.ts';
import type { Volume } from '../spec/kubernetes.ts';
import type { Action, Observed } from './types.ts';
import { estimate } from './estimates.ts';
import { podName, podNameVersion, type PodNameVersion } from '../template/names.ts';
import { Nodes } from './nodes.ts';
import { Resolver, type Call, type Place } from './resolve.ts';
import type { Fault } from './fault.ts';
import type { Locks } from './locks.ts';
import { omit } from './omit.ts';
import { timestamp } from './time.ts';

/** How a template is to be carried out. */
export interface ExecuteOptions {
  boundaryID: string;
  /** Part of an exit handler: neither a stop nor the workflow's deadline ends it. */
  onExit?: boolean;
  /** Milliseconds: no attempt lives longer (retryStrategy.backoff.maxDuration). */
  deadline?: number | undefined;
  flag?: { hooked?: boolean; retried?: boolean } | undefined;
  /** The caller is a step or a task: its name is a variable of the template. */
  caller?: { kind: 'steps' | 'tasks'; name: string } | undefined;
}

/** What became of it so far; without a node nothing was begun. */
export interface Executed {
  node?: NodeStatus | undefined;
  fault?: Fault | undefined;
}

export type Execute = (run: Run, name: string, call: Call, place: Place, args: Arguments, options: ExecuteOptions) => Executed;

export class Run {
  readonly input: Workflow;
  readonly observed: Observed;
  readonly now: number;
  /** `now` as statuses write it. */
  readonly stamp: string;
  readonly name: string;
  readonly namespace: string;
  readonly nodes: Nodes;
  /** A shallow copy, to be written to. */
  readonly status: WorkflowStatus;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** Undefined where there never were any. */
  finalizers: readonly string[] | undefined;
  /** The spec that is carried out: defaults and template merged in, globals replaced (save in templates). */
  spec: WorkflowSpec;
  readonly globals = new Map<string, string>();
  resolver: Resolver;
  /** spec.volumes, with the tags replaced that were known so far. */
  volumes: Volume[] = [];
  /** Milliseconds; the workflow's own deadline. */
  deadline: number | undefined;
  readonly podNames: PodNameVersion;
  locks!: Locks;
  execute!: Execute;
  /** Nested calls of templates, against endless recursion. */
  depth = 0;
  /** Templates of nodes with their inputs filled in, for who asks about a boundary. */
  readonly templates = new Map<string, Template>();
  /** Nodes whose running Pod this call ends: what they leave behind is not in yet. */
  readonly ended = new Set<string>();
  /** Cache entries that this call writes, by ConfigMap and key. */
  readonly cached = new Map<string, string>();
  /** The artifact repository in force. */
  repository: Record<string, unknown> | undefined;
  /** Nodes whose Pod this call creates. */
  readonly creating = new Set<string>();
  private readonly actions: Action[] = [];
  private readonly actionKeys = new Set<string>();
  private wake: number | undefined;
  private edits = 0;

  constructor(workflow: Workflow, observed: Observed, now: number) {
    this.input = workflow;
    this.observed = observed;
    this.now = now;
    this.stamp = timestamp(now);
    this.name = workflow.metadata.name ?? '';
    this.namespace = workflow.metadata.namespace ?? 'default';
    this.status = { ...workflow.status };
    this.nodes = new Nodes(this.name, workflow.status?.nodes ?? {}, this.stamp, (name) => estimate(this.name, observed.baseline, name), observed.newNodes);
    this.labels = workflow.metadata.labels ?? {};
    this.annotations = workflow.metadata.annotations ?? {};
    this.finalizers = workflow.metadata.finalizers;
    this.spec = workflow.spec;
    this.resolver = this.newResolver();
    // Argo: a run that starts is named as the controller wants it, whatever its annotation says.
    this.podNames = workflow.status?.phase ? podNameVersion(workflow.metadata.annotations) : 'v2';
  }

  /** To be called again when the spec has been replaced. */
  newResolver(): Resolver {
    return new Resolver({ kind: 'local', name: this.input.spec.workflowTemplateRef ? '' : this.name, templates: this.spec.templates ?? [] }, this.status, this.observed);
  }

  /** Grows with every change; the same before and after a pass means that nothing moved. */
  get changes(): number {
    return this.nodes.changes + this.edits + this.actions.length;
  }

  /** Writes a field of the workflow's status. */
  set<K extends keyof WorkflowStatus>(key: K, value: WorkflowStatus[K]): void {
    if (this.status[key] === value) return;
    if (value === undefined) delete this.status[key];
    else this.status[key] = value;
    this.edits++;
  }

  setLabel(key: string, value: string): void {
    if (this.labels[key] === value) return;
    this.labels = { ...this.labels, [key]: value };
    this.edits++;
  }

  setAnnotation(key: string, value: string): void {
    if (this.annotations[key] === value) return;
    this.annotations = { ...this.annotations, [key]: value };
    this.edits++;
  }

  setFinalizers(finalizers: readonly string[]): void {
    this.finalizers = finalizers;
    this.edits++;
  }

  touched(): void {
    this.edits++;
  }

  /** Adds an action, unless the same one is there already. */
  act(action: Action): void {
    const key = actionKey(action);
    if (this.actionKeys.has(key)) return;
    this.actionKeys.add(key);
    this.actions.push(action);
  }

  /** Asks to be called again at this time (milliseconds), though nothing may have happened. */
  wakeAt(time: number): void {
    if (time > this.now && (this.wake === undefined || time < this.wake)) this.wake = time;
  }

  get decided(): { actions: Action[]; wakeAt: number | undefined } {
    return { actions: this.actions, wakeAt: this.wake };
  }

  get shutdown(): string {
    return this.spec.shutdown ?? '';
  }

  /** Whether a shutdown lets this run: exit handlers survive a Stop. */
  mayExecute(onExit: boolean): boolean {
    return this.shutdown === '' || (this.shutdown === 'Stop' && onExit);
  }

  retryStrategy(template: Template): RetryStrategy | undefined {
    return template.retryStrategy ?? this.spec.retryStrategy;
  }

  podName(node: { name: string; template: string }): string {
    return podName({ workflowName: this.name, nodeName: node.name, templateName: node.template, version: this.podNames });
  }

  podNameOf(node: NodeStatus): string {
    return this.podName({ name: node.name, template: node.templateRef?.template ?? node.templateName ?? '' });
  }

  /** The template of the node, as processed in this call or as written. */
  templateOf(node: NodeStatus): Template | undefined {
    return this.templates.get(node.id) ?? this.resolver.ofNode(node, node.boundaryID ? this.nodes.get(node.boundaryID) : undefined);
  }

  boundaryTemplate(boundaryID: string): Template | undefined {
    const node = boundaryID ? this.nodes.get(boundaryID) : undefined;
    return node && this.templateOf(node);
  }

  /** Publishes outputs that carry a global name. Argo: addOutputsToGlobalScope */
  publish(outputs: Outputs | undefined): void {
    for (const parameter of outputs?.parameters ?? []) if (parameter.globalName) this.publishParameter(parameter, parameter.globalName);
    for (const artifact of outputs?.artifacts ?? []) if (artifact.globalName) this.publishArtifact(artifact, artifact.globalName);
  }

  private publishParameter(parameter: Parameter, name: string): void {
    if (parameter.value === undefined) return;
    this.globals.set(`workflow.outputs.parameters.${name}`, parameter.value);
    const list = this.status.outputs?.parameters ?? [];
    const known = list.find((candidate) => candidate.name === name);
    if (known?.value === parameter.value) return;
    const published: Parameter = known ? { ...known, value: parameter.value } : { name, value: parameter.value };
    this.set('outputs', { ...this.status.outputs, parameters: known ? list.map((item) => (item === known ? published : item)) : [...list, published] });
  }

  private publishArtifact(artifact: Artifact, name: string): void {
    const published: Artifact = { ...omit(artifact, 'globalName', 'path'), name };
    const list = this.status.outputs?.artifacts ?? [];
    const known = list.find((candidate) => candidate.name === name);
    if (known && JSON.stringify(known) === JSON.stringify(published)) return;
    this.set('outputs', { ...this.status.outputs, artifacts: known ? list.map((item) => (item === known ? published : item)) : [...list, published] });
  }

  /** Sets the workflow's phase; a completed one also gets its end, label and condition. Argo: markWorkflowPhase */
  mark(phase: WorkflowPhase, message = ''): void {
    const completed = phase === 'Succeeded' || phase === 'Failed' || phase === 'Error';
    this.set('phase', phase);
    this.setLabel('workflows.argoproj.io/phase', phase);
    this.setLabel('workflows.argoproj.io/completed', completed ? 'true' : this.labels['workflows.argoproj.io/completed'] ?? 'false');
    if (!this.status.startedAt && phase !== 'Pending') {
      this.set('startedAt', this.stamp);
      this.set('estimatedDuration', estimate(this.name, this.observed.baseline));
    }
    this.set('message', message || undefined);
    if (phase === 'Error') {
      const root = this.nodes.get(this.name);
      if (root?.phase === 'Running') this.nodes.mark(root.id, 'Error', 'Workflow operation error');
    }
    if (!completed) return;
    this.set('finishedAt', this.status.finishedAt ?? this.stamp);
    this.setCondition('Completed', 'True');
  }

  setCondition(type: string, status: string, message?: string): void {
    const list = this.status.conditions ?? [];
    const known = list.find((condition) => condition.type === type);
    if (known?.status === status && known.message === message) return;
    const condition = message === undefined ? { type, status } : { type, status, message };
    this.set('conditions', known ? list.map((item) => (item === known ? condition : item)) : [...list, condition]);
  }

  /** Somebody deleted it, and it waits for its finalizers. */
  get deleting(): boolean {
    return this.input.metadata.deletionTimestamp !== undefined;
  }

  get completed(): boolean {
    const phase = this.status.phase;
    return phase === 'Succeeded' || phase === 'Failed' || phase === 'Error';
  }

  /** Marks a node errored, or makes an errored one where there is none yet. Argo: initializeNodeOrMarkError */
  failNode(node: NodeStatus | undefined, name: string, place: string, call: Call, options: ExecuteOptions, message: string): NodeStatus {
    if (node) return this.nodes.mark(node.id, 'Error', message);
    return this.nodes.add({ name, type: 'Skipped', scope: place, call, boundaryID: options.boundaryID, phase: 'Error', flag: options.flag, message });
  }
}

/** @returns whether this node is below an exit handler, itself included */
export function isPartOfExitHandler(run: Run, node: NodeStatus): boolean {
  for (let current: NodeStatus | undefined = node; current; current = current.boundaryID ? run.nodes.get(current.boundaryID) : undefined) {
    if (current.displayName.endsWith('.onExit')) return true;
  }
  return false;
}

function actionKey(action: Action): string {
  switch (action.type) {
    case 'create-pod': return `create-pod ${action.plan.nodeId}`;
    case 'delete-pod': case 'terminate-pod': case 'label-pod': return `${action.type} ${action.name}`;
    case 'create-claim': return `create-claim ${action.object.metadata.name ?? ''}`;
    case 'create-disruption-budget': return `create-disruption-budget ${action.object.metadata.name ?? ''}`;
    case 'delete-claim': case 'delete-disruption-budget': return `${action.type} ${action.name}`;
    case 'engine-task': return `engine-task ${action.task.nodeId}`;
    case 'save-cache': return `save-cache ${action.configMap} ${action.key}`;
    case 'collect-artifacts': return `collect-artifacts ${action.plan.name}`;
    case 'delete-workflow': return 'delete-workflow';
  }
}
