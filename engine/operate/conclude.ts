/**
 * Walks the workflow from its entrypoint, then its hooks and exit handler, and gives it its phase when all of it is over.
 * Argo: operate
 */
import type { LifecycleHook, NodePhase, NodeStatus, WorkflowPhase } from '../spec/types.ts';
import { Fault, attempt, type FaultKind } from './fault.ts';
import { goJson, holds } from './language.ts';
import { quote } from '../template/go.ts';
import { isFailed, isFulfilled } from './nodes.ts';
import { killDaemons } from './daemons.ts';
import { exitHookOf } from './hooks.ts';
import type { Call } from './resolve.ts';
import type { Run } from './run.ts';

const WORKFLOW_PHASE: Record<NodePhase, WorkflowPhase> = {
  Pending: 'Pending', Running: 'Running', Succeeded: 'Succeeded', Skipped: 'Succeeded', Omitted: 'Succeeded', Failed: 'Failed', Error: 'Error',
};

/** Nothing is wrong: there is only nothing to do now. */
const PATIENT: ReadonlySet<FaultKind> = new Set(['parallelism', 'wait']);

export function conclude(run: Run): void {
  const { spec } = run;
  const root = run.execute(run, run.name, spec.entrypoint ? { template: spec.entrypoint } : {}, run.resolver.root(), spec.arguments ?? {}, { boundaryID: '' });
  if (root.fault) {
    if (!PATIENT.has(root.fault.kind)) run.mark('Error', `error in entry template execution: ${root.fault.message}`);
    return;
  }
  const node = root.node && run.nodes.get(root.node.id);
  const status = WORKFLOW_PHASE[node?.phase ?? 'Pending'];
  run.globals.set('workflow.status', status);
  if (spec.onExit || spec.hooks) run.globals.set('workflow.failures', quote(failures(run)));
  const hooks = attempt(() => runWorkflowHooks(run));
  if (hooks.fault) {
    if (hooks.fault.kind !== 'wait' && node) run.nodes.mark(node.id, 'Error', hooks.fault.message);
    if (hooks.fault.kind === 'wait') return;
  }
  if (hooks.value === false) return;
  const current = node && run.nodes.get(node.id);
  if (!current || !isFulfilled(current)) return;
  const exit = runExitHandler(run);
  if (!exit.over) return;
  finish(run, current, WORKFLOW_PHASE[current.phase ?? 'Pending'], exit.node);
}

/** The failed nodes, for exit handlers; the text is quoted once more, as Argo does it. */
function failures(run: Run): string {
  const failed = run.nodes.all().filter(isFailed).map((node) => ({
    displayName: node.displayName, message: node.message ?? '', templateName: node.templateRef?.template ?? node.templateName ?? '',
    phase: node.phase, podName: run.podNameOf(node), finishedAt: node.finishedAt ?? null,
  }));
  return failed.length > 0 ? goJson(failed) : 'null';
}

function callOf(hook: LifecycleHook): Call {
  return { ...(hook.template ? { template: hook.template } : {}), ...(hook.templateRef ? { templateRef: hook.templateRef } : {}) };
}

/** @returns whether all hooks that were started are over. Throws Fault. */
function runWorkflowHooks(run: Run): boolean {
  let done = true;
  for (const [name, hook] of Object.entries(run.spec.hooks ?? {})) {
    if (name === 'exit') continue;
    const nodeName = `${run.name}.hooks.${name}`;
    if (!hook.expression) throw new Fault('error', `Expression required for hook ${nodeName}`);
    if (!holds(hook.expression, run.globals) && !run.nodes.byName(nodeName)) continue;
    const result = run.execute(run, nodeName, callOf(hook), run.resolver.root(), hook.arguments ?? {}, { boundaryID: '', flag: { hooked: true } });
    if (result.fault && !PATIENT.has(result.fault.kind)) throw result.fault;
    if (result.node && run.nodes.get(run.name)) run.nodes.link(run.name, result.node.id);
    if (!result.node || !isFulfilled(result.node)) done = false;
  }
  return done;
}

/** @returns whether there is nothing more to wait for */
function runExitHandler(run: Run): { over: boolean; node?: NodeStatus | undefined } {
  const name = `${run.name}.onExit`;
  const hook = exitHookOf(run, run.spec);
  if (!hook || (!run.nodes.byName(name) && !run.mayExecute(true))) return { over: true };
  const result = run.execute(run, name, callOf(hook), run.resolver.root(), hook.arguments ?? {}, { boundaryID: '', onExit: true, flag: { hooked: true } });
  if (result.fault) {
    if (!PATIENT.has(result.fault.kind)) run.mark('Error', `error in exit template execution : ${result.fault.message}`);
    return { over: false };
  }
  const node = run.nodes.byName(name);
  return { over: node !== undefined && isFulfilled(node), node };
}

function finish(run: Run, root: NodeStatus, phase: WorkflowPhase, exit: NodeStatus | undefined): void {
  if (run.nodes.all().some((node) => node.daemoned)) {
    killDaemons(run, '');
    if (run.nodes.all().some((node) => node.daemoned)) return;
  }
  if (phase === 'Succeeded') {
    if (exit && isFailed(exit)) run.mark(exit.phase === 'Failed' ? 'Failed' : 'Error', exit.message);
    else run.mark('Succeeded');
  } else run.mark(phase, isFailed(root) && run.shutdown ? `Stopped with strategy '${run.shutdown}'` : root.message);
}
