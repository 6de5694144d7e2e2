import type { NodeStatus, NodeType, Template } from '../spec/types.ts';
import { templateType, type Call, type Place } from './resolve.ts';
import type { ExecuteOptions, Run } from './run.ts';

/** A template on its way to its executor: inputs filled in, tags replaced. */
export interface Task {
  /** Name of the node. */
  name: string;
  template: Template;
  call: Call;
  /** Where the caller stands, as nodes record it. */
  scope: string;
  /** Where the template's own calls are looked up. */
  place: Place;
  options: ExecuteOptions;
}

/** The type of the node that a template becomes. */
export function nodeTypeOf(run: Run, template: Template): NodeType {
  if (run.retryStrategy(template)) return 'Retry';
  switch (templateType(template)) {
    case 'steps': return 'Steps';
    case 'dag': return 'DAG';
    case 'suspend': return 'Suspend';
    case 'http': return 'HTTP';
    case 'plugin': return 'Plugin';
    default: return 'Pod';
  }
}

/** @returns the node of the task: made now, or begun before. One that a memoized run brought along begins now. */
export function openNode(run: Run, task: Task, type: NodeType, phase: 'Pending' | 'Running'): NodeStatus {
  const node = run.nodes.byName(task.name) ?? createNode(run, task, type, phase);
  if (!node.startedAt) run.nodes.edit(node.id).startedAt = run.stamp;
  return run.nodes.get(node.id) ?? node;
}

/** Argo: initializeExecutableNode */
export function createNode(run: Run, task: Task, type: NodeType, phase: 'Pending' | 'Running', message?: string): NodeStatus {
  const { template, options } = task;
  const node = run.nodes.add({ name: task.name, type, scope: task.scope, call: task.call, boundaryID: options.boundaryID, phase, flag: options.flag, message });
  if (template.inputs?.parameters?.length || template.inputs?.artifacts?.length) node.inputs = template.inputs;
  if (template.memoize) node.memoizationStatus = { hit: false, key: template.memoize.key, cacheName: template.memoize.cache?.configMap?.name ?? '' };
  return node;
}
