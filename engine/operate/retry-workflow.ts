/**
 * A finished run once more from where it failed: failed steps and what hangs below them are forgotten, what succeeded stays.
 * Argo: FormulateRetryWorkflow
 */
import { AppError } from '../spec/error.ts';
import { LABEL, type NodeStatus, type Workflow, type WorkflowSpec, type WorkflowStatus } from '../spec/types.ts';
import { podName, podNameVersion } from '../template/names.ts';
import { isFailed } from './nodes.ts';
import { omit } from './omit.ts';
import { overrideParameters } from './parameters.ts';
import { nodeSelector } from './selector.ts';
import { timestamp } from './time.ts';

export interface RetryOptions {
  /** Steps that succeeded and match the selector run again, too. */
  restartSuccessful?: boolean;
  /** Field selector over nodes. */
  selector?: string;
  /** `name=value` */
  parameters?: readonly string[];
  /** Who did it, as a label of the Workflow. */
  actor?: string;
}

export interface Retried {
  workflow: Workflow;
  /** Names of the Pods that must be gone before the run goes on. */
  podsToDelete: string[];
}

const EXECUTED: ReadonlySet<string> = new Set(['Pod', 'Container', 'HTTP', 'Plugin']);
const GROUPS: ReadonlySet<string> = new Set(['DAG', 'TaskGroup', 'StepGroup', 'Steps']);

/** @returns the workflow as it starts again. Throws AppError when it cannot. */
export function retryWorkflow(workflow: Workflow, options: RetryOptions, now: number): Retried {
  const { status } = workflow;
  const phase = status?.phase ?? '';
  if (phase === 'Succeeded') {
    if (!options.restartSuccessful || !options.selector) {
      throw new AppError('invalid', 'To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector');
    }
  } else if (phase !== 'Failed' && phase !== 'Error') {
    throw new AppError('invalid', `Cannot retry a workflow in phase ${phase}`);
  }
  const plan = new Rewind(workflow, options, now);
  return { workflow: restarted(workflow, plan.nodes(), options, now), podsToDelete: plan.pods() };
}

function restarted(workflow: Workflow, nodes: Record<string, NodeStatus>, options: RetryOptions, now: number): Workflow {
  const labels: Record<string, string> = omit(workflow.metadata.labels ?? {}, LABEL.completed, 'workflows.argoproj.io/workflow-archiving-status');
  const spec: WorkflowSpec = omit(workflow.spec, 'shutdown');
  if (spec.activeDeadlineSeconds === 0) delete spec.activeDeadlineSeconds;
  const rest = omit(workflow.status ?? {}, 'message', 'persistentVolumeClaims');
  const status: WorkflowStatus = { ...rest, phase: '', startedAt: timestamp(now), finishedAt: null, nodes };
  status.conditions = [...(rest.conditions ?? []).filter(({ type }) => type !== 'Completed'), { type: 'Completed', status: 'False' }];
  const overridden = overrideParameters(spec, options.parameters ?? []);
  if (rest.storedWorkflowTemplateSpec) {
    status.storedWorkflowTemplateSpec = overrideParameters(omit(rest.storedWorkflowTemplateSpec, 'shutdown'), options.parameters ?? []);
  }
  return { ...workflow, metadata: { ...workflow.metadata, labels: { ...labels, [LABEL.phase]: 'Running', ...(options.actor ? { 'workflows.argoproj.io/action': 'Retry', 'workflows.argoproj.io/actor': options.actor } : {}) } }, spec: overridden, status };
}

class Rewind {
  private readonly old: Record<string, NodeStatus>;
  private readonly name: string;
  private readonly workflow: Workflow;
  private readonly stamp: string;
  private readonly deleted = new Set<string>();
  private readonly reset = new Set<string>();
  private readonly podsGone = new Set<string>();
  private readonly parents = new Map<string, string>();
  private readonly overridden: boolean;

  constructor(workflow: Workflow, options: RetryOptions, now: number) {
    this.workflow = workflow;
    this.old = workflow.status?.nodes ?? {};
    this.name = workflow.metadata.name ?? '';
    this.stamp = timestamp(now);
    this.overridden = (options.parameters ?? []).length > 0;
    for (const node of this.ordered()) for (const child of node.children ?? []) if (!this.parents.has(child)) this.parents.set(child, node.id);
    for (const node of this.starts(options)) if (!this.deleted.has(node.id)) this.rewind(node);
    this.dropExitHandlers();
  }

  /** From the root on, breadth first. */
  private ordered(): NodeStatus[] {
    const seen = new Set<string>([this.name]);
    const queue: NodeStatus[] = this.old[this.name] ? [this.old[this.name] as NodeStatus] : [];
    for (let at = 0; at < queue.length; at++) {
      for (const id of queue[at]?.children ?? []) {
        const child = this.old[id];
        if (!child || seen.has(id)) continue;
        seen.add(id);
        queue.push(child);
      }
    }
    return queue;
  }

  private starts(options: RetryOptions): NodeStatus[] {
    const matches = options.restartSuccessful && options.selector ? nodeSelector(options.selector) : undefined;
    const chosen = new Set(matches ? Object.values(this.old).filter(matches).map(({ id }) => id) : []);
    return this.ordered().filter((node) => chosen.has(node.id) || (isFailed(node) && EXECUTED.has(node.type) && !this.succeedsBelow(node, chosen)));
  }

  private succeedsBelow(node: NodeStatus, chosen: ReadonlySet<string>): boolean {
    const below = this.below(node.nodeFlag?.retried ? this.retryParent(node) ?? node : node);
    return below.some((id) => this.old[id]?.phase === 'Succeeded' && !chosen.has(id) && EXECUTED.has(this.old[id].type));
  }

  private retryParent(node: NodeStatus): NodeStatus | undefined {
    const parent = this.parents.get(node.id);
    const found = parent === undefined ? undefined : this.old[parent];
    return found?.type === 'Retry' ? found : undefined;
  }

  private below(node: NodeStatus): string[] {
    const seen = new Set<string>();
    const pending = [...(node.children ?? [])];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      pending.push(...(this.old[id]?.children ?? []));
    }
    return [...seen];
  }

  private rewind(node: NodeStatus): void {
    this.forget(node.id);
    for (const id of this.below(node)) this.forget(id);
    this.resetAbove(node);
  }

  private forget(id: string): void {
    this.deleted.add(id);
    const node = this.old[id];
    if (node?.type === 'Pod') this.podsGone.add(id);
  }

  /** Goes up and opens what is around: groups are left for their boundary at once. */
  private resetAbove(node: NodeStatus): void {
    let current = this.parentOf(node);
    const seen = new Set<string>();
    while (current && !seen.has(current.id)) {
      seen.add(current.id);
      if (GROUPS.has(current.type)) {
        this.open(current);
        const boundary = current.boundaryID ? this.old[current.boundaryID] : undefined;
        current = current.type === 'StepGroup' || current.type === 'TaskGroup' ? boundary : this.parentOf(current);
      } else {
        if (current.type === 'Retry') {
          if (isFailed(current)) this.open(current);
        } else if (current.type === 'Container') {
          this.forget(current.id);
        } else if (current.type === 'Pod' && node.type === 'Container') this.forget(current.id);
        current = this.parentOf(current);
      }
    }
  }

  private parentOf(node: NodeStatus): NodeStatus | undefined {
    const parent = this.parents.get(node.id);
    return parent === undefined ? undefined : this.old[parent];
  }

  private open(node: NodeStatus): void {
    if (this.reset.has(node.id)) return;
    this.reset.add(node.id);
    if (this.overridden && (node.type === 'TaskGroup' || node.type === 'StepGroup')) for (const id of this.below(node)) this.forget(id);
  }

  private dropExitHandlers(): void {
    for (const node of Object.values(this.old)) if (node.name.startsWith(`${this.name}.onExit`)) this.forget(node.id);
  }

  nodes(): Record<string, NodeStatus> {
    const nodes: Record<string, NodeStatus> = {};
    for (const [id, node] of Object.entries(this.old)) {
      if (this.deleted.has(id)) continue;
      nodes[id] = this.kept(this.reset.has(id) ? this.opened(node) : node);
    }
    return nodes;
  }

  private opened(node: NodeStatus): NodeStatus {
    return { ...omit(node, 'message'), phase: node.phase === 'Skipped' ? 'Skipped' : 'Running', startedAt: this.stamp, finishedAt: null };
  }

  private kept(node: NodeStatus): NodeStatus {
    const keep = (ids: string[] | undefined): string[] | undefined => (ids?.some((id) => this.deleted.has(id)) ? ids.filter((id) => !this.deleted.has(id)) : ids);
    const children = keep(node.children);
    const outbound = keep(node.outboundNodes);
    if (children === node.children && outbound === node.outboundNodes) return node;
    return { ...node, ...(children ? { children } : {}), ...(outbound ? { outboundNodes: outbound } : {}) };
  }

  pods(): string[] {
    const version = podNameVersion(this.workflow.metadata.annotations);
    return [...this.podsGone].flatMap((id) => {
      const node = this.old[id];
      return node ? podName({ workflowName: this.name, nodeName: node.name, templateName: node.templateRef?.template ?? node.templateName ?? '', version }) : [];
    });
  }
}
