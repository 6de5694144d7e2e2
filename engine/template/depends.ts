/**
 * What a DAG task waits for: the `depends` expression and the older `dependencies` list, brought to one form, and their
 * evaluation over the states of other tasks. Argo: workflow/common/ancestry.go, dagContext.evaluateDependsLogic.
 */
import type { DAGTask, NodePhase, NodeType } from '../spec/types.ts';
import { compile, evaluate, ExprError } from './expr/index.ts';
import { formatValue, GoMap, type GoValue } from './go.ts';

export type TaskResult = 'Succeeded' | 'Failed' | 'Errored' | 'Skipped' | 'Omitted' | 'Daemoned' | 'AnySucceeded' | 'AllFailed';

const RESULTS: ReadonlySet<string> = new Set<TaskResult>(['Succeeded', 'Failed', 'Errored', 'Skipped', 'Omitted', 'Daemoned', 'AnySucceeded', 'AllFailed']);
const TASK = /([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)/g;
const TASK_RESULT = /[a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+/g;

/** A dependency on a task as a whole, or on the items of its loop. */
export type DependencyType = 'task' | 'items';

export interface Depends {
  /** The expression with every bare task name written out: `A` is `(A.Succeeded || A.Skipped || A.Daemoned)`. */
  logic: string;
  /** The tasks named, in the order of their first appearance. */
  dependencies: Map<string, DependencyType>;
}

/** How a task named in `depends` stands. */
export interface TaskState {
  phase: NodePhase | undefined;
  type: NodeType | undefined;
  daemoned: boolean;
  /** The node and all its hooks have come to an end; a daemon counts as soon as it runs. */
  fulfilled: boolean;
  /** Phases of a TaskGroup's children, undefined for a child that is not there. */
  children: readonly (NodePhase | undefined)[];
}

/** A `depends` that cannot be read or evaluated; the message is Argo's. */
export class DependsError extends Error {}

/**
 * What a task depends on. `taskOf` finds a task of the same DAG by name.
 * Throws DependsError when a task is named that is not there (Argo panics).
 */
export function parseDepends(task: DAGTask, taskOf: (name: string) => DAGTask | undefined): Depends {
  const expand = (name: string): string => {
    const target = taskOf(name);
    if (target === undefined) throw new DependsError(`target ${name} does not exist`);
    return expandDependency(name, target);
  };
  const text = task.depends !== undefined && task.depends !== '' ? task.depends : (task.dependencies ?? []).map(expand).join(' && ');
  const dependencies = new Map<string, DependencyType>();
  const parts: { start: number; name: string }[] = [];
  for (const { 0: match, 1: withResult, index } of text.matchAll(TASK)) {
    const [name = '', result = ''] = match.split('.');
    if (result === 'AnySucceeded' || result === 'AllFailed') dependencies.set(name, 'items');
    else if (withResult === undefined || !dependencies.has(name)) dependencies.set(name, 'task');
    if (withResult === undefined) parts.push({ start: index, name });
  }
  // From the end, as Argo does: of several unknown tasks the last one is named.
  const logic = parts.reduceRight((whole, { start, name }) => whole.slice(0, start) + expand(name) + whole.slice(start + name.length), text);
  return { logic, dependencies };
}

function expandDependency(name: string, task: DAGTask): string {
  const results: TaskResult[] = ['Succeeded', 'Skipped', 'Daemoned'];
  if (task.continueOn?.error === true) results.push('Errored');
  if (task.continueOn?.failed === true) results.push('Failed');
  return `(${results.map((result) => `${name}.${result}`).join(' || ')})`;
}

/** What is wrong with the results a task's `depends` asks for, undefined when nothing is. Argo: ValidateTaskResults. */
export function validateTaskResults(task: DAGTask): string | undefined {
  for (const [match] of (task.depends ?? '').matchAll(TASK_RESULT)) {
    const [name = '', result = ''] = match.split('.');
    if (!RESULTS.has(result)) return `task result '${result}' for task '${name}' is invalid`;
  }
  return undefined;
}

/**
 * Whether a task that has no node yet may start. `proceed` false: its dependencies are not all done. `proceed` without
 * `execute`: they are, and the task must not run (it becomes Omitted). Throws DependsError.
 */
export function evaluateDepends(depends: Depends, stateOf: (task: string) => TaskState | undefined): { proceed: boolean; execute: boolean } {
  const scope = new Map<string, Record<TaskResult, boolean>>();
  for (const name of depends.dependencies.keys()) {
    const state = stateOf(name);
    if (state?.fulfilled !== true) return { proceed: false, execute: false };
    const key = name.replaceAll('-', '_');
    if (!scope.has(key)) scope.set(key, resultsOf(state));
  }
  const logic = depends.logic.replaceAll('-', '_');
  return { proceed: true, execute: evaluateSimple(logic, scope) ?? evaluateFully(logic, scope) };
}

function resultsOf({ phase, type, daemoned, children }: TaskState): Record<TaskResult, boolean> {
  const group = type === 'TaskGroup';
  return {
    Succeeded: phase === 'Succeeded',
    Failed: phase === 'Failed',
    Errored: phase === 'Error',
    Skipped: phase === 'Skipped',
    Omitted: phase === 'Omitted',
    Daemoned: daemoned && phase !== 'Pending',
    AnySucceeded: group && children.includes('Succeeded'),
    AllFailed: group && children.length > 0 && children.every((child) => child === 'Failed'),
  };
}

/**
 * The tasks before a task, earliest end first. `finishedAt` in ms since the epoch, undefined for tasks that have not
 * ended (they come first, as Go's zero time does).
 */
export function ancestry(task: string, dependenciesOf: (task: string) => readonly string[], finishedAt: (task: string) => number | undefined): string[] {
  const found = new Set<string>();
  const pending = [...dependenciesOf(task)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === task || found.has(next)) continue;
    found.add(next);
    pending.push(...dependenciesOf(next));
  }
  const end = (name: string): number => finishedAt(name) ?? -Infinity;
  return [...found].sort().sort((a, b) => (end(a) === end(b) ? 0 : end(a) - end(b)));
}

/** Any expression: rare, but the language is the whole one. */
function evaluateFully(logic: string, scope: Scope): boolean {
  const fail = (message: string, cause?: unknown): never => {
    throw new DependsError(`unable to evaluate expression '${logic}': ${message}`, { cause });
  };
  const env = new Map<string, GoValue>([...scope].map(([name, results]) => [name, new GoMap('map[string]bool', Object.entries(results))]));
  try {
    compile(logic);
    const unknown = unknownResult(logic, scope);
    if (unknown !== undefined) fail(unknown);
    const result = evaluate(logic, env);
    return typeof result === 'boolean' ? result : fail(`unable to cast expression result '${formatValue(result)}' to bool`);
  } catch (error) {
    if (error instanceof ExprError) return fail(error.message, error);
    throw error;
  }
}

/** The results of a task are a struct, not a map: asking for one that it has not is a fault. */
function unknownResult(logic: string, scope: Scope): string | undefined {
  const text = logic.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, (literal) => ' '.repeat(literal.length));
  for (const match of text.matchAll(/([A-Za-z_]\w*)\.(\w+)/g)) {
    const [, name = '', result = ''] = match;
    if (!scope.has(name) || RESULTS.has(result)) continue;
    const at = match.index + name.length + 1;
    return `type controller.TaskResults has no field ${result} (1:${at + 1})\n | ${logic}\n | ${'.'.repeat(at)}^`;
  }
  return undefined;
}

type Scope = ReadonlyMap<string, Record<TaskResult, boolean>>;

const TOKENS = /\s*(&&|\|\||[!().]|[A-Za-z_]\w*)/y;
/** Words that the full expression language reads otherwise than as names. */
const RESERVED = new Set(['not', 'and', 'or', 'in', 'matches', 'contains', 'startsWith', 'endsWith', 'let', 'if', 'else', 'true', 'false', 'nil']);
const MAX_DEPTH = 200;

/**
 * The part of the expression language that `depends` lives on: `&& || ! ( )` over `task.Result`. Anything else yields
 * undefined, as does nesting too deep.
 */
function evaluateSimple(logic: string, scope: Scope): boolean | undefined {
  const tokens = split(logic);
  if (tokens === undefined) return undefined;
  let at = 0;
  // All parts are read even when the left one decides, so that faults on the right are not missed.
  const any = (depth: number): boolean | undefined => {
    let value = all(depth);
    while (value !== undefined && tokens[at] === '||') {
      at++;
      const right = all(depth);
      value = right === undefined ? undefined : value || right;
    }
    return value;
  };
  const all = (depth: number): boolean | undefined => {
    let value = operand(depth);
    while (value !== undefined && tokens[at] === '&&') {
      at++;
      const right = operand(depth);
      value = right === undefined ? undefined : value && right;
    }
    return value;
  };
  const operand = (depth: number): boolean | undefined => {
    const token = tokens[at++];
    if (token === undefined || depth > MAX_DEPTH) return undefined;
    if (token === '!') {
      const value = operand(depth + 1);
      return value === undefined ? undefined : !value;
    }
    if (token === '(') {
      const value = any(depth + 1);
      return tokens[at++] === ')' ? value : undefined;
    }
    const results = RESERVED.has(token) ? undefined : scope.get(token);
    if (results === undefined || tokens[at++] !== '.') return undefined;
    const result = tokens[at++] ?? '';
    return RESULTS.has(result) ? results[result as TaskResult] : undefined;
  };
  const value = any(0);
  return at === tokens.length ? value : undefined;
}

function split(logic: string): string[] | undefined {
  const tokens: string[] = [];
  const text = logic.trimEnd();
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < text.length) {
    const match = TOKENS.exec(text);
    if (match === null) return undefined;
    tokens.push(match[1] ?? '');
  }
  return tokens;
}
