/**
 * Lifecycle hooks: templates that run beside a node when an expression holds, and after it when it is over.
 * Argo: hooks.go, exit_handler.go
 */
import type { Arguments, LifecycleHook, NodeStatus, Outputs } from '../spec/types.ts';
import { Fault, asFault } from './fault.ts';
import { holds, substitute } from './language.ts';
import { isFulfilled } from './nodes.ts';
import { resolveArtifact } from './outputs.ts';
import type { Call, Place } from './resolve.ts';
import type { Run } from './run.ts';
import type { Scope } from './scope.ts';

export interface HookContext {
  node: NodeStatus;
  boundaryID: string;
  place: Place;
  /** `steps.NAME` or `tasks.NAME`. */
  prefix: string;
  scope: Scope;
}

/** @returns what the node's last attempt left behind, or the node itself */
function outputsOf(run: Run, node: NodeStatus): Outputs | undefined {
  if (node.type !== 'Retry' || node.memoizationStatus?.hit) return node.outputs;
  const last = run.nodes.children(node).findLast((child) => !child.nodeFlag?.hooked);
  return last ? last.outputs : node.outputs;
}

function callOf(hook: LifecycleHook): Call {
  const call: Call = {};
  if (hook.template) call.template = hook.template;
  if (hook.templateRef) call.templateRef = hook.templateRef;
  return call;
}

function isEmpty(args: Arguments | undefined): boolean {
  return !args?.parameters?.length && !args?.artifacts?.length;
}

/**
 * Starts and follows the hooks of a step or task, the exit hook aside.
 * @returns whether all that were started are over. Throws Fault.
 */
export function runHooks(run: Run, hooks: Record<string, LifecycleHook> | undefined, context: HookContext): boolean {
  let done = true;
  const { node, boundaryID, scope } = context;
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    if (name === 'exit') continue;
    const hookName = `${node.name}.hooks.${name}`;
    if (!hook.expression) throw new Fault('error', `Expression required for hook ${hookName}`);
    const wanted = holds(hook.expression, environment(run, scope));
    if (!wanted && !run.nodes.byName(hookName)) continue;
    const args = isEmpty(hook.arguments) ? {} : resolveHookArguments(run, hook.arguments ?? {}, outputsOf(run, node), context);
    const result = run.execute(run, hookName, callOf(hook), context.place, args, { boundaryID, flag: { hooked: true } });
    if (result.fault && !isPatient(result.fault)) throw result.fault;
    if (result.node) run.nodes.link(node.id, result.node.id);
    if (!result.node || !isFulfilled(result.node)) done = false;
  }
  return done;
}

/**
 * Runs the exit hook of a node that is over.
 * @returns whether there is one, and its node. Throws Fault.
 */
export function runExitHook(run: Run, hook: LifecycleHook | undefined, context: HookContext): { has: boolean; node?: NodeStatus | undefined } {
  if (!hook || !run.mayExecute(true)) return { has: false };
  const { node, boundaryID, scope } = context;
  if (hook.expression && !holds(hook.expression, environment(run, scope))) return { has: false };
  const name = `${node.name}.onExit`;
  const args = isEmpty(hook.arguments) ? {} : resolveHookArguments(run, hook.arguments ?? {}, outputsOf(run, node), context);
  const result = run.execute(run, name, callOf(hook), context.place, args, { boundaryID, onExit: true, flag: { hooked: true } });
  if (result.node) run.nodes.link(node.id, run.nodes.id(name));
  if (result.fault && !isPatient(result.fault)) throw result.fault;
  return { has: true, node: result.node };
}

/** Argo takes a limit that is reached for a fault of the hook and errors what it hooks; we wait. */
function isPatient({ kind }: Fault): boolean {
  return kind === 'parallelism' || kind === 'wait';
}

/** The exit hook of a step, a task or the workflow: `onExit` before `hooks.exit`; without arguments it gets the workflow's. Argo: GetExitHook */
export function exitHookOf(run: Run, call: { onExit?: string; hooks?: Record<string, LifecycleHook> }): LifecycleHook | undefined {
  const hook = call.onExit ? { template: call.onExit } : call.hooks?.['exit'];
  return hook && isEmpty(hook.arguments) && run.spec.arguments ? { ...hook, arguments: run.spec.arguments } : hook;
}

function environment(run: Run, scope: Scope): Map<string, unknown> {
  return new Map<string, unknown>(scope.over(run.globals));
}

function resolveHookArguments(run: Run, args: Arguments, outputs: Outputs | undefined, { prefix, scope }: HookContext): Arguments {
  for (const parameter of outputs?.parameters ?? []) scope.values.set(`${prefix}.outputs.parameters.${parameter.name}`, parameter.value ?? '');
  for (const artifact of outputs?.artifacts ?? []) scope.artifacts.set(`${prefix}.outputs.artifacts.${artifact.name}`, artifact);
  const resolved = substitute(scope.markAbsent(args), scope.over(run.globals), 'loose');
  if (!resolved.artifacts) return resolved;
  return { ...resolved, artifacts: resolved.artifacts.map((artifact) => {
    if (!artifact.from && !artifact.fromExpression) return artifact;
    try {
      const found = resolveArtifact(artifact, scope);
      return found ? { ...found, name: artifact.name } : artifact;
    } catch (error) {
      if (artifact.optional) return artifact;
      throw new Fault('error', `unable to resolve references: ${asFault(error).message}`);
    }
  }) };
}

/** @returns whether no hook of the node is still running */
export function hooksFulfilled(run: Run, node: NodeStatus): boolean {
  return run.nodes.children(node).every((child) => !child.nodeFlag?.hooked || isFulfilled(child));
}

