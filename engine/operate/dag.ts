/**
 * DAGs: every task once its dependencies let it. Argo: dag.go
 */
import type { DAGTask, NodePhase, NodeStatus, TemplateCall } from '../spec/types.ts';
import { shouldExpand } from '../template/items.ts';
import { resolveCall, turnsOf, type Turn } from './calls.ts';
import { killDaemons } from './daemons.ts';
import { Dependencies } from './dependencies.ts';
import { Fault, attempt } from './fault.ts';
import { exitHookOf, hooksFulfilled, runExitHook, runHooks, type HookContext } from './hooks.ts';
import { shouldRun } from './language.ts';
import { saveToCache } from './memoize.ts';
import { isCompleted, isFailed, isFulfilled, phaseFulfilled } from './nodes.ts';
import { outboundNodes } from './outbound.ts';
import { addAggregates, templateOutputs } from './outputs.ts';
import { scopeOf } from './resolve.ts';
import type { Executed, Run } from './run.ts';
import { milliseconds } from './time.ts';
import { Scope } from './scope.ts';
import { isSettled } from './settled.ts';
import { continuesOn, lastAttempt, skippedTemplate } from './steps.ts';
import { openNode, type Task } from './task.ts';

export function executeDag(run: Run, task: Task): Executed {
  const node = openNode(run, task, 'DAG', 'Running');
  if (node.phase === 'Pending') run.nodes.mark(node.id, 'Running');
  const result = new Dag(run, task, node.id).advance();
  const after = run.nodes.get(node.id);
  if (after && phaseFulfilled(after)) killDaemons(run, node.id);
  return result;
}

class Dag {
  private readonly tasks: readonly DAGTask[];
  private readonly byName = new Map<string, DAGTask>();
  private readonly dependencies: Dependencies;
  private readonly visited = new Set<string>();
  /** How many turns the loops of this DAG have, by the id of their group. */
  private readonly loops = new Map<string, number>();
  /** Tasks that this call ended by a fault of their own, by the id of their node. */
  private readonly faulted = new Set<string>();
  private readonly run: Run;
  private readonly task: Task;
  private readonly id: string;

  constructor(run: Run, task: Task, id: string) {
    this.run = run;
    this.task = task;
    this.id = id;
    this.tasks = task.template.dag?.tasks ?? [];
    for (const each of this.tasks) if (each.name) this.byName.set(each.name, each);
    this.dependencies = new Dependencies(this.byName);
  }

  private nodeName(taskName: string): string {
    return `${this.task.name}.${taskName}`;
  }

  private nodeOf(taskName: string): NodeStatus | undefined {
    return this.run.nodes.byName(this.nodeName(taskName));
  }

  /** A Pod ended by a shutdown has not left its outputs yet: nothing may follow on it in the same call. */
  private isEnding(node: NodeStatus | undefined): boolean {
    return node !== undefined && this.run.shutdown !== '' && this.run.ended.has(node.id);
  }

  private targets(): string[] {
    const target = this.task.template.dag?.target;
    if (target) return target.split(' ');
    const needed = new Set(this.tasks.flatMap((each) => this.dependencies.of(each.name ?? '')));
    return this.tasks.flatMap((each) => (each.name && !needed.has(each.name) ? each.name : [])).sort();
  }

  advance(): Executed {
    const { run, id } = this;
    const targets = this.targets();
    for (const each of this.tasks) if (this.nodeOf(each.name ?? '')?.daemoned) this.visit(each.name ?? '');
    let exited = true;
    for (const target of targets) {
      this.visit(target);
      const followed = attempt(() => this.followTarget(target));
      if (followed.fault) {
        if (followed.fault.kind === 'wait') continue;
        return { fault: followed.fault };
      }
      if (!followed.value) exited = false;
    }
    const phase = this.assess(targets, run.shutdown !== '' && !run.mayExecute(this.task.options.onExit ?? false) && exited);
    if (phase === 'Running') return { node: run.nodes.get(id) };
    if (phase === 'Succeeded') return this.succeed(targets);
    this.setOutbound(targets);
    return { node: run.nodes.mark(id, phase) };
  }

  private succeed(targets: readonly string[]): Executed {
    const { run, id } = this;
    const scope = new Scope(this.task.template);
    const gathered = attempt(() => {
      for (const each of this.tasks) {
        const node = this.nodeOf(each.name ?? '');
        if (!node) continue;
        this.addToScope(scope, each, node);
        run.publish(node.outputs);
      }
      return templateOutputs(this.task.template, scope);
    });
    if (gathered.fault) return { fault: gathered.fault };
    if (gathered.value) run.nodes.edit(id).outputs = gathered.value;
    saveToCache(run, id);
    this.setOutbound(targets);
    return { node: run.nodes.mark(id, 'Succeeded') };
  }

  /** Target tasks are not visited again once the DAG is over: their hooks are followed here too. @returns whether the exit hook is over */
  private followTarget(name: string): boolean {
    const node = this.nodeOf(name);
    const task = this.byName.get(name);
    if (!node || !task || this.isEnding(node)) return true;
    if (!hasHooks(task)) {
      this.checkAggregates(name);
      return true;
    }
    const context = this.hookContext(task, node);
    runHooks(this.run, task.hooks, context);
    // As recorded: a task that could not go on is no sooner followed by its exit hook than the next call, if there is one.
    if (!isFulfilled(node) || !isCompleted(node) || this.faulted.has(node.id)) return true;
    const exit = runExitHook(this.run, exitHookOf(this.run, task), context);
    return !exit.has || (exit.node !== undefined && isFulfilled(exit.node));
  }

  private hookContext(task: DAGTask, node: NodeStatus): HookContext {
    const name = task.name ?? '';
    const scope = this.scopeFor(name);
    scope.values.set(`tasks.${name}.status`, node.phase ?? '');
    return { node, boundaryID: this.id, place: this.task.place, prefix: `tasks.${name}`, scope };
  }

  /** A loop among the ancestors whose results are no JSON is a fault, whoever asks. */
  private checkAggregates(name: string): void {
    const ancestors = this.dependencies.ancestors(name);
    if (ancestors.some((ancestor) => this.nodeOf(ancestor)?.type === 'TaskGroup')) this.scopeFor(name);
  }

  /** What a task may refer to: its ancestors. Throws Fault. */
  private scopeFor(name: string): Scope {
    const scope = new Scope(this.task.template);
    scope.addOutputs('workflow', this.run.status.outputs);
    const ancestors = this.dependencies.ancestors(name).map((ancestor) => ({ ancestor, node: this.nodeOf(ancestor) }));
    const finished = (node: NodeStatus | undefined): number => milliseconds(node?.finishedAt) || milliseconds(node?.startedAt);
    ancestors.sort((a, b) => finished(a.node) - finished(b.node));
    for (const { ancestor, node } of ancestors) {
      if (!node) throw new Fault('error', `Ancestor task node ${ancestor} not found`);
      const task = this.byName.get(ancestor);
      if (task) this.addToScope(scope, task, node);
    }
    return scope;
  }

  private addToScope(scope: Scope, task: DAGTask, node: NodeStatus): void {
    const prefix = `tasks.${task.name ?? ''}`;
    if (node.type === 'TaskGroup') {
      addAggregates(scope, prefix, this.run.nodes.within(this.id).filter((child) => child.name.startsWith(`${node.name}(`)));
    }
    scope.addNode(prefix, lastAttempt(this.run, node));
    if (node.phase === 'Skipped' || node.phase === 'Omitted') scope.addSkipped(prefix, node, skippedTemplate(this.run, this.task, task), false);
  }

  /** Argo: executeDAGTask */
  private visit(name: string): void {
    const task = this.byName.get(name);
    if (this.visited.has(name)) return;
    this.visited.add(name);
    if (this.isEnding(this.nodeOf(name))) return;
    if (!task) throw new Fault('error', `target ${name} does not exist`);
    const node = this.nodeOf(name);
    if (node && (isFulfilled(node) || node.phase === 'Running') && !this.followRunning(task, node)) return;
    if (node && phaseFulfilled(node)) {
      this.followFulfilled(task, node);
      return;
    }
    if (!this.ready(task)) return;
    this.start(task);
  }

  /** @returns whether the task may go on: none of its hooks is under way */
  private followRunning(task: DAGTask, node: NodeStatus): boolean {
    const followed = attempt(() => {
      if (!hasHooks(task)) {
        this.checkAggregates(task.name ?? '');
        return true;
      }
      return runHooks(this.run, task.hooks, this.hookContext(task, node));
    });
    if (!followed.fault) return followed.value;
    if (followed.fault.kind !== 'wait') this.run.nodes.mark(node.id, 'Error', followed.fault.message);
    return false;
  }

  private followFulfilled(task: DAGTask, node: NodeStatus): void {
    if (!hasHooks(task) || !isCompleted(node)) return;
    // A fault here is met again, and reported, where targets are followed.
    attempt(() => runExitHook(this.run, exitHookOf(this.run, task), this.hookContext(task, node)));
  }

  /** Visits the dependencies. @returns whether the task is to start now */
  private ready(task: DAGTask): boolean {
    const name = task.name ?? '';
    if (!this.dependencies.logic(name)) return true;
    for (const dependency of this.dependencies.of(name)) this.visit(dependency);
    if (this.nodeOf(name)) return true;
    const verdict = attempt(() => this.dependencies.evaluate(name, (dependency) => {
      const node = this.nodeOf(dependency);
      return node && isFulfilled(node) && !this.isEnding(node) && hooksFulfilled(this.run, node) ? { node, children: this.run.nodes.children(node) } : undefined;
    }));
    if (verdict.fault) {
      this.bear(task, name, 'Error', verdict.fault.message);
      return false;
    }
    if (verdict.value === false) this.bear(task, name, 'Omitted', 'omitted: depends condition not met');
    return verdict.value === true;
  }

  /** Makes a node that never runs. */
  private bear(task: DAGTask, name: string, phase: NodePhase, message: string): void {
    if (this.nodeOf(name)) return;
    const node = this.run.nodes.add({ name: this.nodeName(name), type: 'Skipped', scope: scopeOf(this.task.place), call: task, boundaryID: this.id, phase, message });
    this.connect(task, node.id);
  }

  /** Links a node below the ends of its dependencies; without any, below the DAG; a turn below its group. */
  private connect(task: DAGTask, childId: string): void {
    const group = this.nodeOf(task.name ?? '');
    if (group?.type === 'TaskGroup' && group.id !== childId) {
      this.run.nodes.link(group.id, childId);
      return;
    }
    const dependencies = this.dependencies.of(task.name ?? '');
    if (dependencies.length === 0) this.run.nodes.link(this.id, childId);
    for (const dependency of dependencies) {
      const node = this.nodeOf(dependency);
      if (node) for (const outbound of outboundNodes(this.run, node)) this.run.nodes.link(outbound, childId);
    }
  }

  private start(task: DAGTask): void {
    const name = task.name ?? '';
    const group = this.nodeOf(name)?.type === 'TaskGroup' ? this.nodeOf(name) : undefined;
    const settled = this.nodeOf(name);
    if (settled && !group && isSettled(this.run, settled)) return;
    const turns = attempt(() => {
      const resolved = resolveCall(this.run, task, this.scopeFor(name), true);
      return { resolved, turns: turnsOf(this.run, task, resolved, !group?.children?.length) };
    });
    if (turns.fault) {
      if (turns.fault.kind !== 'wait') this.fail(task, name, turns.fault.message);
      return;
    }
    if (shouldExpand(task)) {
      if (turns.value.turns.length === 0) {
        this.bear(turns.value.resolved, name, 'Skipped', 'Skipped, empty params');
        return;
      }
      if (!group) {
        const made = this.run.nodes.add({ name: this.nodeName(name), type: 'TaskGroup', scope: scopeOf(this.task.place), call: task, boundaryID: this.id, phase: 'Running' });
        this.connect(task, made.id);
      }
    }
    if (shouldExpand(task)) this.loops.set(this.run.nodes.id(this.nodeName(name)), turns.value.turns.length);
    for (const turn of turns.value.turns) if (!this.startTurn(task, turn)) return;
    if (shouldExpand(task)) this.closeGroup(name, turns.value.turns);
  }

  private fail(task: DAGTask, name: string, message: string): void {
    const node = this.nodeOf(name);
    if (node) this.run.nodes.mark(node.id, 'Error', message);
    else this.bear(task, name, 'Error', message);
  }

  /** @returns whether the next turn may be looked at */
  private startTurn(task: DAGTask, turn: Turn): boolean {
    const { run } = this;
    const name = this.nodeName(turn.name);
    const existing = run.nodes.byName(name);
    if (existing && isSettled(run, existing)) return this.followTurn(task, existing);
    const call = turn.call();
    if (!existing && this.skips(task, name, call)) return true;
    const { onExit } = this.task.options;
    const result = run.execute(run, name, call, this.task.place, call.arguments ?? {}, { boundaryID: this.id, onExit: onExit ?? false, caller: { kind: 'tasks', name: turn.name } });
    const node = run.nodes.byName(name);
    if (node && !existing) this.connect(task, node.id);
    const fault = result.fault;
    if (fault && fault.kind !== 'parallelism' && fault.kind !== 'depth') {
      const phase = fault.kind === 'timeout' ? 'Failed' : 'Error';
      if (!node) return false;
      this.faulted.add(node.id);
      run.nodes.mark(node.id, phase, fault.kind === 'timeout' ? fault.message : `task '${name}' errored: ${fault.message}`);
      return false;
    }
    return result.node ? this.followTurn(task, result.node) : false;
  }

  /** @returns whether `when` keeps the turn from running; it has a node then */
  private skips(task: DAGTask, name: string, call: TemplateCall): boolean {
    const verdict = attempt(() => shouldRun(call.when));
    if (verdict.value) return false;
    const node = this.run.nodes.add({
      name, type: 'Skipped', scope: scopeOf(this.task.place), call, boundaryID: this.id,
      phase: verdict.fault ? 'Error' : 'Skipped', message: verdict.fault?.message ?? `when '${call.when ?? ''}' evaluated false`,
    });
    this.connect(task, node.id);
    return true;
  }

  /** Runs the exit hook of a turn that is over. @returns whether it is over too, or there is none */
  private followTurn(task: DAGTask, node: NodeStatus): boolean {
    if (!isCompleted(node) || !hasHooks(task)) return true;
    const exit = attempt(() => {
      const context = { ...this.hookContext(task, node) };
      context.scope.values.set(`tasks.${task.name ?? ''}.status`, node.phase ?? '');
      return runExitHook(this.run, exitHookOf(this.run, task), context);
    });
    if (exit.fault) return false;
    return !exit.value.has || (exit.value.node !== undefined && isFulfilled(exit.value.node));
  }

  private closeGroup(name: string, turns: readonly Turn[]): void {
    const group = this.nodeOf(name);
    if (!group || group.type !== 'TaskGroup') return;
    let phase: NodePhase = 'Succeeded';
    for (const turn of turns) {
      const node = this.nodeOf(turn.name);
      if (!node || !isFulfilled(node)) return;
      if (isFailed(node) && node.phase) phase = node.phase;
    }
    this.run.nodes.mark(group.id, phase);
  }

  /** Argo: assessDAGPhase */
  private assess(targets: readonly string[], stopped: boolean): 'Running' | 'Succeeded' | 'Failed' | 'Error' {
    if (stopped) return 'Failed';
    const phases = new Map<string, NodePhase | undefined>(targets.map((target) => [this.run.nodes.id(this.nodeName(target)), undefined]));
    if (!this.walk(phases)) return 'Running';
    const failFast = this.task.template.dag?.failFast ?? true;
    let result: 'Running' | 'Succeeded' | 'Failed' | 'Error' = 'Succeeded';
    for (const target of targets) {
      const phase = phases.get(this.run.nodes.id(this.nodeName(target)));
      if (!phase) {
        result = 'Running';
        if (!failFast) break;
      } else if (phase === 'Failed' || phase === 'Error') {
        const node = this.nodeOf(target);
        if (continuesOn(this.byName.get(target), { ...(node ?? { id: '', name: '', displayName: '', type: 'Skipped' }), phase })) continue;
        result = phase;
        if (failFast) break;
      }
    }
    return result;
  }

  /** Goes through all that hangs below the DAG, breadth first. @returns false when something is not over */
  private walk(phases: Map<string, NodePhase | undefined>): boolean {
    const { run } = this;
    const root = run.nodes.get(this.id);
    const queue: { id: string; phase: NodePhase }[] = (root?.children ?? []).map((id) => ({ id, phase: 'Succeeded' }));
    const seen = new Set(queue.map(({ id, phase }) => `${id} ${phase}`));
    for (let at = 0; at < queue.length; at++) {
      const entry = queue[at];
      const seenNode = entry && run.nodes.get(entry.id);
      if (!seenNode || !this.isOver(seenNode)) return false;
      const node = run.nodes.get(seenNode.id) ?? seenNode;
      const phase = isCompleted(node) && node.phase ? node.phase : entry.phase;
      if (phases.has(node.id)) {
        const before = phases.get(node.id);
        if (before !== 'Failed' && before !== 'Error') phases.set(node.id, phase);
      }
      for (const id of node.type === 'Retry' ? this.belowRetry(node) : node.children ?? []) {
        const key = `${id} ${phase}`;
        if (seen.has(key)) continue;
        seen.add(key);
        queue.push({ id, phase });
      }
    }
    return true;
  }

  /**
   * A loop whose turns are all over is over too, though hooks of single turns kept it from being closed, or nothing looks at it
   * any more: what comes after it ran before the workflow was retried.
   */
  private isOver(node: NodeStatus): boolean {
    if (isFulfilled(node)) return true;
    const children = this.run.nodes.children(node);
    const turns = this.loops.get(node.id) ?? Math.max(children.length, 1);
    if (node.type !== 'TaskGroup' || children.length < turns || !children.every(isFulfilled)) return false;
    const failed = children.findLast((child) => isFailed(child) && !child.nodeFlag?.hooked);
    this.run.nodes.mark(node.id, failed?.phase ?? 'Succeeded');
    return true;
  }

  /** A finished retry node speaks for its attempts; what hangs below them and its hooks go on. */
  private belowRetry(node: NodeStatus): string[] {
    return this.run.nodes.children(node).reverse().flatMap((child) => (child.nodeFlag?.hooked ? [child.id] : child.children ?? []));
  }

  private setOutbound(targets: readonly string[]): void {
    const outbound = targets.flatMap((target) => {
      const node = this.nodeOf(target);
      return node ? outboundNodes(this.run, node) : [];
    });
    this.run.nodes.edit(this.id).outboundNodes = outbound;
  }
}

function hasHooks(task: DAGTask): boolean {
  return task.onExit !== undefined || Object.keys(task.hooks ?? {}).length > 0;
}
