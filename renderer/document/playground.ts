/** The expression playground: what an expression, a text with tags or a condition gives with the values of a run, simulated or real. */
import type { NodeStatus, Outputs, Workflow } from '../../engine/spec/types.ts';
import { environment } from '../../engine/template/expr/env.ts';
import { evaluate, ExprError } from '../../engine/template/expr/index.ts';
import { marshalJson, typeName } from '../../engine/template/go.ts';
import { replaceTags, TemplateError } from '../../engine/template/tags.ts';
import { evaluateWhen, WhenError } from '../../engine/template/when.ts';

/** `expression`: what stands in `{{= }}`. `text`: with `{{tags}}`. `when`: a condition, its tags replaced first. */
export type PlaygroundKind = 'expression' | 'text' | 'when';

export type PlaygroundResult =
  | { value: string; /** Go's name of its type: `string`, `int`, `[]interface {}`. */ type: string }
  /** `line` and `column` from 1, where known. */
  | { error: string; line?: number; column?: number };

/**
 * @param at id of the node as which one looks: it sees its inputs and those beside it; without one only what all nodes see
 * @returns values by the name a tag writes, in the order of their names
 */
export function scopeAt(workflow: Workflow, nodes: ReadonlyMap<string, NodeStatus>, at?: string): Map<string, string> {
  const scope = globals(workflow);
  const node = at === undefined ? undefined : nodes.get(at);
  if (node) addNode(scope, node, nodes);
  return new Map([...scope].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function globals({ metadata, spec, status }: Workflow): Map<string, string> {
  const scope = new Map<string, string>();
  const set = (name: string, value: string | number | undefined | null): void => { if (value !== undefined && value !== null) scope.set(`workflow.${name}`, String(value)); };
  set('name', metadata.name ?? metadata.generateName);
  set('namespace', metadata.namespace);
  set('uid', metadata.uid);
  set('creationTimestamp', metadata.creationTimestamp);
  set('mainEntrypoint', spec.entrypoint ?? '');
  set('serviceAccountName', spec.serviceAccountName ?? '');
  set('priority', spec.priority);
  set('status', status?.phase);
  const parameters = spec.arguments?.parameters ?? [];
  set('parameters', JSON.stringify(parameters));
  for (const { name, value, default: fallback } of parameters) set(`parameters.${name}`, value ?? fallback);
  for (const [key, value] of Object.entries(metadata.labels ?? {})) set(`labels.${key}`, value);
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) set(`annotations.${key}`, value);
  for (const { name, value } of status?.outputs?.parameters ?? []) set(`outputs.parameters.${name}`, value);
  return scope;
}

function addNode(scope: Map<string, string>, node: NodeStatus, nodes: ReadonlyMap<string, NodeStatus>): void {
  const boundary = node.boundaryID === undefined ? undefined : nodes.get(node.boundaryID);
  // The template around it first: its own inputs go before.
  if (boundary) addInputs(scope, boundary);
  addInputs(scope, node);
  scope.set('node.name', node.name);
  const prefix = boundary?.type === 'Steps' ? 'steps' : 'tasks';
  for (const other of boundary ? nodes.values() : []) {
    if (other.boundaryID === boundary?.id && other.id !== node.id && !other.type.endsWith('Group')) addOther(scope, `${prefix}.${other.displayName}`, other);
  }
  // What it left behind itself, for outputs and metrics.
  addOutputs(scope, '', node.outputs);
}

function addInputs(scope: Map<string, string>, { inputs }: NodeStatus): void {
  for (const { name, value, default: fallback } of inputs?.parameters ?? []) if ((value ?? fallback) !== undefined) scope.set(`inputs.parameters.${name}`, value ?? fallback ?? '');
  for (const { name, path } of inputs?.artifacts ?? []) if (path !== undefined) scope.set(`inputs.artifacts.${name}.path`, path);
}

function addOther(scope: Map<string, string>, prefix: string, node: NodeStatus): void {
  scope.set(`${prefix}.id`, node.id);
  if (node.phase) scope.set(`${prefix}.status`, node.phase);
  if (node.startedAt) scope.set(`${prefix}.startedAt`, node.startedAt);
  if (node.finishedAt) scope.set(`${prefix}.finishedAt`, node.finishedAt);
  if (node.podIP !== undefined) scope.set(`${prefix}.ip`, node.podIP);
  addOutputs(scope, `${prefix}.`, node.outputs);
}

function addOutputs(scope: Map<string, string>, prefix: string, outputs: Outputs | undefined): void {
  if (outputs?.result !== undefined) scope.set(`${prefix}outputs.result`, outputs.result);
  if (outputs?.exitCode !== undefined) scope.set(prefix === '' ? 'outputs.exitCode' : `${prefix}exitCode`, outputs.exitCode);
  for (const { name, value } of outputs?.parameters ?? []) if (value !== undefined) scope.set(`${prefix}outputs.parameters.${name}`, value);
}

/**
 * @param now milliseconds since the epoch, for `now()`
 * @returns the value, or what is wrong and where; nothing is thrown for what a person typed
 */
export function tryOut(text: string, kind: PlaygroundKind, scope: ReadonlyMap<string, string>, now: number): PlaygroundResult {
  try {
    if (kind === 'expression') {
      const value = evaluate(text.replace(/^\s*\{\{=([\s\S]*)\}\}\s*$/, '$1'), environment(scope), { now });
      return { value: value === null ? 'nil' : typeof value === 'string' ? value : marshalJson(value), type: value === null ? 'nil' : typeName(value) };
    }
    // As in a manifest, which Argo replaces as JSON.
    const plain = JSON.parse(replaceTags(JSON.stringify(text), scope, { allowUnresolved: false, now })) as string;
    return kind === 'text' ? { value: plain, type: 'string' } : { value: String(evaluateWhen(plain)), type: 'bool' };
  } catch (error) {
    if (error instanceof ExprError) return { error: missing(text, scope) ?? error.reason, line: error.line, column: error.column };
    if (error instanceof TemplateError && error.cause instanceof ExprError) return { error: error.cause.reason, line: error.cause.line, column: error.cause.column };
    if (error instanceof TemplateError || error instanceof WhenError) return { error: error.message };
    throw error;
  }
}

/** What Go says of a value that is not there helps nobody: the name does, as Argo's own check of tags finds it. */
function missing(expression: string, scope: ReadonlyMap<string, string>): string | undefined {
  try {
    replaceTags(JSON.stringify(`{{=${expression}}}`), scope, { allowUnresolved: false });
  } catch (error) {
    if (error instanceof TemplateError && !(error.cause instanceof ExprError)) return /: (\S+ is missing)$/.exec(error.message)?.[1];
  }
  return undefined;
}
