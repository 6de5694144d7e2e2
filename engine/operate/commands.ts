/**
 * What a person does to a run, as changes of the Workflow object: what the argo CLI writes, nothing else. The input is never
 * changed. Argo: workflow/util/util.go
 */
import { AppError } from '../spec/error.ts';
import type { NodeStatus, Parameter, Workflow, WorkflowSpec } from '../spec/types.ts';
import { attempt } from './fault.ts';
import { suppliedDefaults } from './leaf.ts';
import { isFulfilled } from './nodes.ts';
import { omit } from './omit.ts';
import { nodeSelector } from './selector.ts';
import { timestamp } from './time.ts';

export { retryWorkflow, type Retried, type RetryOptions } from './retry-workflow.ts';
export { resubmitWorkflow, type ResubmitOptions } from './resubmit-workflow.ts';

export interface NodeCommand {
  /** Only the nodes that this field selector matches. */
  selector?: string;
  message?: string;
  /** Who did it, for the message of resumed nodes: `{ User: 'jane' }`. */
  user?: Record<string, string>;
  /** Who did it, as a label of the Workflow. */
  actor?: string;
}

const ACTION = 'workflows.argoproj.io/action';
const ACTOR = 'workflows.argoproj.io/actor';

/** Notes who did what last. Argo: creator.LabelActor */
function signed(workflow: Workflow, action: string, actor: string | undefined): Workflow {
  if (!actor) return workflow;
  return { ...workflow, metadata: { ...workflow.metadata, labels: { ...workflow.metadata.labels, [ACTION]: action, [ACTOR]: actor } } };
}

function isSuspended(node: NodeStatus): boolean {
  return node.type === 'Suspend' && node.phase === 'Running';
}

function isCompleted(workflow: Workflow): boolean {
  const phase = workflow.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Error';
}

function withSpec(workflow: Workflow, change: Partial<WorkflowSpec>): Workflow {
  return { ...workflow, spec: { ...workflow.spec, ...change } };
}

function refuseCompleted(workflow: Workflow, verb: string): void {
  if (isCompleted(workflow)) throw new AppError('invalid', `cannot ${verb} completed workflow ${workflow.metadata.name ?? ''}`);
}

/** Stops the run; its exit handlers still run. With a selector only the suspended nodes it matches fail. Throws AppError. */
export function stop(workflow: Workflow, command: NodeCommand = {}, now = 0): Workflow {
  refuseCompleted(workflow, 'stop');
  if (!command.selector) return signed(withSpec(workflow, { shutdown: 'Stop' }), 'Stop', command.actor);
  return changeSuspended(signed(workflow, 'Stop', command.actor), command.selector, (node) => ({ ...node, phase: 'Failed', finishedAt: timestamp(now), ...(command.message ? { message: command.message } : {}) }));
}

/** Ends the run at once, exit handlers included. Throws AppError. */
export function terminate(workflow: Workflow, { actor }: Pick<NodeCommand, 'actor'> = {}): Workflow {
  refuseCompleted(workflow, 'terminate');
  return signed(withSpec(workflow, { shutdown: 'Terminate' }), 'Terminate', actor);
}

/** Lets nothing new start until the run is resumed. Throws AppError. */
export function suspend(workflow: Workflow, { actor }: Pick<NodeCommand, 'actor'> = {}): Workflow {
  refuseCompleted(workflow, 'suspend');
  return signed(withSpec(workflow, { suspend: true }), 'Suspend', actor);
}

/**
 * Resumes the run and its suspended nodes, or only the nodes that the selector matches. Supplied outputs that nobody supplied
 * take their defaults. Throws AppError when there is nothing to resume, or a supplied output has no value.
 */
export function resume(unsigned: Workflow, command: NodeCommand = {}, now = 0): Workflow {
  const workflow = signed(unsigned, 'Resume', command.actor);
  const resumed = (node: NodeStatus): NodeStatus => resumeNode(node, command, now);
  if (command.selector) return changeSuspended(workflow, command.selector, resumed);
  const spec = omit(workflow.spec, 'suspend');
  const nodes = Object.entries(workflow.status?.nodes ?? {}).map(([id, node]): [string, NodeStatus] => [id, isSuspended(node) ? resumed(node) : node]);
  return workflow.status?.nodes ? { ...workflow, spec, status: { ...workflow.status, nodes: Object.fromEntries(nodes) } } : { ...workflow, spec };
}

function resumeNode(node: NodeStatus, { message, user }: NodeCommand, now: number): NodeStatus {
  const filled = attempt(() => suppliedDefaults(node.outputs?.parameters));
  if (filled.fault) throw new AppError('invalid', filled.fault.message, { hint: 'Set the output before you resume the step.' });
  const by = user ? `Resumed by: map[${Object.entries(user).sort().map(([key, value]) => `${key}:${value}`).join(' ')}]` : '';
  const text = [node.message, message, by].filter(Boolean).join('; ');
  const next: NodeStatus = { ...node, phase: 'Succeeded', finishedAt: timestamp(now) };
  if (text) next.message = text;
  if (filled.value) next.outputs = { ...node.outputs, parameters: filled.value };
  return next;
}

/** Gives supplied outputs of suspended nodes their values; the nodes stay suspended unless a phase ends them. Throws AppError. Argo: argo node set */
export function setOutputs(workflow: Workflow, command: NodeCommand & { parameters: Record<string, string>; phase?: 'Succeeded' | 'Failed' | 'Error' }, now = 0): Workflow {
  const published = new Map<string, string>();
  const changed = changeSuspended(workflow, command.selector ?? '', (node) => {
    for (const { name, globalName } of node.outputs?.parameters ?? []) if (globalName && command.parameters[name] !== undefined) published.set(globalName, command.parameters[name]);
    const set = Object.entries(command.parameters).reduce((parameters, [name, value]) => setParameter(parameters, name, value), node.outputs?.parameters ?? []);
    const message = command.message && node.message ? `${node.message}; ${command.message}` : command.message;
    return {
      ...node, ...((set.length > 0 || node.outputs) && { outputs: { ...node.outputs, parameters: set } }), ...(message && { message }),
      ...(command.phase && { phase: command.phase, finishedAt: timestamp(now) }),
    };
  });
  return published.size > 0 ? publish(changed, published) : changed;
}

/** Argo: AddParamToGlobalScope */
function publish(workflow: Workflow, values: ReadonlyMap<string, string>): Workflow {
  const { outputs } = workflow.status ?? {};
  const others = (outputs?.parameters ?? []).filter(({ name }) => !values.has(name));
  return { ...workflow, status: { ...workflow.status, outputs: { ...outputs, parameters: [...others, ...Array.from(values, ([name, value]) => ({ name, value }))] } } };
}

function setParameter(parameters: readonly Parameter[], name: string, value: string): Parameter[] {
  const known = parameters.find((parameter) => parameter.name === name);
  if (!known) throw new AppError('invalid', `node is not expecting output parameter '${name}'`);
  if (known.valueFrom?.supplied === undefined) {
    throw new AppError('invalid', known.value === undefined ? `cannot set output parameter '${name}' because it does not use valueFrom or supplied` : `cannot set output parameters because parameter '${name}' has already been set`);
  }
  const rest = omit(known, 'valueFrom');
  return parameters.map((parameter) => (parameter === known ? { ...rest, value } : parameter));
}

function changeSuspended(workflow: Workflow, selector: string, change: (node: NodeStatus) => NodeStatus): Workflow {
  const matches = nodeSelector(selector);
  const nodes = { ...workflow.status?.nodes };
  let found = false;
  for (const [id, node] of Object.entries(nodes)) {
    if (!isSuspended(node) || isFulfilled(node) || !matches(node)) continue;
    nodes[id] = change(node);
    found = true;
  }
  if (!found) {
    throw new AppError('not-found', `no suspended step of ${workflow.metadata.name ?? ''} matches ${selector}`, { hint: 'Only steps of suspend templates that are waiting can be resumed, stopped or set.' });
  }
  return { ...workflow, status: { ...workflow.status, nodes } };
}
