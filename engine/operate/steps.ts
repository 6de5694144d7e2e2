/**
 * Steps: groups one after the other, the steps of a group side by side. Argo: steps.go
 */
import type { NodeStatus, TemplateCall } from '../spec/types.ts';
import { shouldExpand } from '../template/items.ts';
import { resolveCall, turnsOf, type Turn } from './calls.ts';
import { killDaemons } from './daemons.ts';
import { Fault, attempt } from './fault.ts';
import { exitHookOf, runExitHook, runHooks, type HookContext } from './hooks.ts';
import { shouldRun } from './language.ts';
import { saveToCache } from './memoize.ts';
import { isCompleted, isFailed, isFulfilled, phaseFulfilled } from './nodes.ts';
import { outboundNodes } from './outbound.ts';
import { addAggregates, templateOutputs } from './outputs.ts';
import { scopeOf } from './resolve.ts';
import type { Executed, Run } from './run.ts';
import { Scope } from './scope.ts';
import { isSettled } from './settled.ts';
import { openNode, type Task } from './task.ts';

export function executeSteps(run: Run, task: Task): Executed {
  const node = openNode(run, task, 'Steps', 'Running');
  if (node.phase === 'Pending') run.nodes.mark(node.id, 'Running');
  const result = advanceSteps(run, task, node.id);
  const after = run.nodes.get(node.id);
  if (after && phaseFulfilled(after)) killDaemons(run, node.id);
  return result;
}

function advanceSteps(run: Run, task: Task, id: string): Executed {
  const groups = task.template.steps ?? [];
  const scope = new Scope(task.template);
  scope.addOutputs('workflow', run.status.outputs);
  for (const [index, steps] of groups.entries()) {
    const group = openGroup(run, task, index);
    const state = runGroup(run, task, id, group, steps, scope);
    if (state === 'open') return { node: run.nodes.get(id) };
    // Argo hands on the group instead of the step; at the root this ends the run.
    if (state === 'abandoned') return { node: run.nodes.get(group.id) };
    const closed = run.nodes.get(group.id);
    if (closed && isFailed(closed)) {
      setOutbound(run, task, id);
      return { node: run.nodes.mark(id, 'Failed', closed.message ?? '') };
    }
    const added = attempt(() => addGroup(run, task, id, group.name, steps, scope));
    if (added.fault) return { fault: added.fault };
  }
  setOutbound(run, task, id);
  const outputs = attempt(() => templateOutputs(task.template, scope));
  if (outputs.fault) return { fault: outputs.fault };
  if (outputs.value) {
    run.nodes.edit(id).outputs = outputs.value;
    run.publish(outputs.value);
  }
  saveToCache(run, id);
  return { node: run.nodes.mark(id, 'Succeeded') };
}

/** The exit hook of a step could not be run. */
class ExitFault extends Fault {}

/** The node of group `index`, linked below what ran before it: what ran again, too, in a run that brought its nodes along. */
function openGroup(run: Run, task: Task, index: number): NodeStatus {
  const name = `${task.name}[${index}]`;
  const boundaryID = run.nodes.id(task.name);
  let group = run.nodes.byName(name);
  if (group && isFulfilled(group)) return group;
  if (group) group = run.nodes.mark(group.id, 'Running');
  else group = run.nodes.add({ name, type: 'StepGroup', scope: scopeOf(task.place), call: {}, boundaryID, phase: 'Running' });
  const before = index === 0 ? undefined : run.nodes.byName(`${task.name}[${index - 1}]`);
  const children = before ? run.nodes.children(before) : [];
  if (!before) run.nodes.link(boundaryID, group.id);
  else if (children.length === 0) run.nodes.link(before.id, group.id);
  for (const child of children) for (const outbound of outboundNodes(run, child)) run.nodes.link(outbound, group.id);
  return group;
}

/** @returns `open` while something of the group is still to come */
function runGroup(run: Run, task: Task, boundaryID: string, group: NodeStatus, steps: readonly TemplateCall[], scope: Scope): 'open' | 'closed' | 'abandoned' {
  if (isFulfilled(group) && descendantsFulfilled(run, group)) return 'closed';
  const started = attempt(() => startGroup(run, task, boundaryID, group, steps, scope));
  if (started.fault) {
    if (started.fault.kind === 'wait') return 'open';
    run.nodes.mark(group.id, started.fault.kind === 'timeout' ? 'Failed' : 'Error', started.fault.message);
    return 'closed';
  }
  const followed = attempt(() => follow(run, task, boundaryID, group.id, started.value, scope));
  if (followed.fault) {
    run.nodes.mark(group.id, 'Error', followed.fault.message);
    return followed.fault instanceof ExitFault ? 'abandoned' : 'open';
  }
  const current = run.nodes.get(group.id);
  if (!followed.value) {
    // What gave up at the first failure meanwhile stays so.
    if (current && isFulfilled(current) && !phaseFulfilled(run.nodes.get(boundaryID) ?? current)) run.nodes.mark(group.id, 'Running');
    return 'open';
  }
  const failed = current && run.nodes.children(current).find((child) => isFailed(child) && !continuesOn(started.value.get(child.name)?.written, child));
  if (failed) run.nodes.mark(group.id, 'Failed', `child '${failed.id}' failed`);
  else run.nodes.mark(group.id, 'Succeeded');
  return 'closed';
}

export function continuesOn(call: TemplateCall | undefined, node: NodeStatus): boolean {
  return (node.phase === 'Error' && call?.continueOn?.error === true) || (node.phase === 'Failed' && call?.continueOn?.failed === true);
}

/** Starts what is ready; the turns by the names of their nodes. Throws Fault. */
function startGroup(run: Run, task: Task, boundaryID: string, group: NodeStatus, steps: readonly TemplateCall[], scope: Scope): Map<string, Turn> {
  const fresh = !group.children?.length;
  const turns = turnsOfGroup(run, task, boundaryID, group, steps, scope, fresh);
  const byNode = new Map<string, Turn>();
  const blocked = new Set<TemplateCall>();
  for (const turn of turns) {
    const name = `${group.name}.${turn.name}`;
    const existing = run.nodes.byName(name);
    if (existing && isSettled(run, existing)) {
      if (existing.phase !== 'Skipped') byNode.set(name, turn);
      run.nodes.link(group.id, existing.id);
      continue;
    }
    // A limit that keeps one turn of a loop from starting keeps those after it, too.
    if (!existing && blocked.has(turn.written)) continue;
    const started = startStep(run, task, boundaryID, group, name, turn);
    if (started === 'limited') blocked.add(turn.written);
    else if (started) byNode.set(name, turn);
  }
  return byNode;
}

function turnsOfGroup(run: Run, task: Task, boundaryID: string, group: NodeStatus, steps: readonly TemplateCall[], scope: Scope, fresh: boolean): Turn[] {
  const resolved = attempt(() => steps.map((step) => resolveCall(run, step, scope, false)));
  if (resolved.fault) throw resolved.fault.kind === 'wait' ? resolved.fault : new Fault('error', `failed to resolve references: ${wrapArtifact(resolved.fault.message)}`);
  return steps.flatMap((step, index) => {
    const call = resolved.value[index];
    if (!call) return [];
    const turns = turnsOf(run, step, call, fresh);
    if (turns.length === 0) skip(run, task, boundaryID, group, `${group.name}.${step.name ?? ''}`, call, 'Skipped, empty params');
    return turns;
  });
}

function wrapArtifact(message: string): string {
  return message.startsWith('Unable to resolve') ? `unable to resolve references: ${message}` : message;
}

function skip(run: Run, task: Task, boundaryID: string, group: NodeStatus, name: string, call: TemplateCall, message: string, phase: 'Skipped' | 'Error' = 'Skipped'): void {
  const node = run.nodes.byName(name) ?? run.nodes.add({ name, type: 'Skipped', scope: scopeOf(task.place), call, boundaryID, phase, message });
  run.nodes.link(group.id, node.id);
}

/** @returns whether there is a node to be followed, or a limit in its way. Throws Fault. */
function startStep(run: Run, task: Task, boundaryID: string, group: NodeStatus, name: string, turn: Turn): boolean | 'limited' {
  const call = turn.call();
  const verdict = attempt(() => shouldRun(call.when));
  if (verdict.fault) {
    skip(run, task, boundaryID, group, name, call, verdict.fault.message, 'Error');
    throw verdict.fault;
  }
  if (!verdict.value) {
    skip(run, task, boundaryID, group, name, call, `when '${call.when ?? ''}' evaluated false`);
    return false;
  }
  const { onExit } = task.options;
  const result = run.execute(run, name, call, task.place, call.arguments ?? {}, { boundaryID, onExit: onExit ?? false, caller: { kind: 'steps', name: turn.name } });
  if (result.fault && result.fault.kind !== 'parallelism' && result.fault.kind !== 'depth') {
    const child = run.nodes.byName(name);
    if (result.fault.kind === 'timeout') throw result.fault;
    if (child) run.nodes.link(group.id, child.id);
    throw new Fault('error', `step group deemed errored due to child ${name} error: ${result.fault.message}`);
  }
  if (!result.node) return result.fault?.kind === 'parallelism' ? 'limited' : false;
  run.nodes.link(group.id, result.node.id);
  return true;
}

/** Follows hooks and exit hooks. @returns whether the whole group is over. Throws Fault. */
function follow(run: Run, task: Task, boundaryID: string, groupId: string, turns: Map<string, Turn>, scope: Scope): boolean {
  let completed = true;
  const group = run.nodes.get(groupId);
  const children = group ? run.nodes.children(group) : [];
  if (![...turns.values()].some(isHooked)) return children.every(isFulfilled);
  for (const child of children) {
    const written = turns.get(child.name);
    scope.values.set(`steps.${child.displayName}.status`, child.phase ?? '');
    if (!written || !isHooked(written)) {
      if (!isFulfilled(child)) completed = false;
      continue;
    }
    const call = written.call();
    const context: HookContext = { node: child, boundaryID, place: task.place, prefix: `steps.${call.name ?? ''}`, scope };
    if (!runHooks(run, call.hooks, context)) return false;
    const current = run.nodes.get(child.id) ?? child;
    if (!isFulfilled(current)) completed = false;
    else if (isCompleted(current)) {
      const exit = attempt(() => runExitHook(run, exitHookOf(run, call), { ...context, node: current }));
      if (exit.fault) throw new ExitFault(exit.fault.kind, exit.fault.message);
      if (exit.value.has && (!exit.value.node || !isFulfilled(exit.value.node))) completed = false;
    }
  }
  return completed;
}

function isHooked({ written }: Turn): boolean {
  return written.hooks !== undefined || written.onExit !== undefined;
}

/** Adds what the steps of a finished group left behind to the scope. Throws Fault. */
function addGroup(run: Run, task: Task, boundaryID: string, groupName: string, steps: readonly TemplateCall[], scope: Scope): void {
  for (const step of steps) {
    const name = `${groupName}.${step.name ?? ''}`;
    const prefix = `steps.${step.name ?? ''}`;
    const node = run.nodes.byName(name);
    if (node) {
      scope.addNode(prefix, lastAttempt(run, node));
      if (node.phase === 'Skipped') scope.addSkipped(prefix, node, skippedTemplate(run, task, step), true);
    } else if (shouldExpand(step)) {
      addAggregates(scope, prefix, run.nodes.within(boundaryID).filter((child) => child.type !== 'Skipped' && child.name.startsWith(`${name}(`)));
    }
  }
}

/** The template that a skipped call would have run, as far as it can be found. */
export function skippedTemplate(run: Run, task: Task, call: TemplateCall): ReturnType<Run['templateOf']> {
  const found = attempt(() => run.resolver.resolve(task.place, call).template);
  return found.value;
}

/** A retry node stands for its last attempt. */
export function lastAttempt(run: Run, node: NodeStatus): NodeStatus {
  if (node.type !== 'Retry' || node.memoizationStatus?.hit) return node;
  return run.nodes.children(node).findLast((child) => !child.nodeFlag?.hooked) ?? node;
}

function setOutbound(run: Run, task: Task, id: string): void {
  for (let index = (task.template.steps ?? []).length - 1; index >= 0; index--) {
    const group = run.nodes.byName(`${task.name}[${index}]`);
    if (!group) continue;
    const outbound = run.nodes.children(group).flatMap((child) => outboundNodes(run, child));
    if (outbound.length > 0 || run.nodes.get(id)?.outboundNodes) run.nodes.edit(id).outboundNodes = outbound;
    return;
  }
}

/** Argo: childrenFulfilled; a node with children counts as its descendants do. */
export function descendantsFulfilled(run: Run, node: NodeStatus, known = new Map<string, boolean>()): boolean {
  const seen = known.get(node.id);
  if (seen !== undefined) return seen;
  known.set(node.id, true);
  const children = run.nodes.children(node);
  const fulfilled = children.length === 0 ? isFulfilled(node) : children.every((child) => descendantsFulfilled(run, child, known));
  known.set(node.id, fulfilled);
  return fulfilled;
}
