/** What the tasks of one DAG depend on, read once per call. */
import type { DAGTask, NodeStatus } from '../spec/types.ts';
import { evaluateDepends, parseDepends, type Depends } from '../template/depends.ts';
import { Fault } from './fault.ts';

export class Dependencies {
  private readonly parsed = new Map<string, Depends>();
  private readonly tasks: ReadonlyMap<string, DAGTask>;

  constructor(tasks: ReadonlyMap<string, DAGTask>) {
    this.tasks = tasks;
  }

  private depends(name: string): Depends {
    let depends = this.parsed.get(name);
    if (!depends) {
      const task = this.tasks.get(name);
      if (!task) throw new Fault('error', `target ${name} does not exist`);
      depends = parseDepends(task, (other) => this.tasks.get(other));
      this.parsed.set(name, depends);
    }
    return depends;
  }

  of(name: string): string[] {
    return [...this.depends(name).dependencies.keys()];
  }

  /** Empty for a task that depends on nothing. */
  logic(name: string): string {
    return this.depends(name).logic;
  }

  /** All tasks before this one. */
  ancestors(name: string): string[] {
    const found = new Set<string>();
    const pending = this.of(name);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (next === name || found.has(next)) continue;
      found.add(next);
      pending.push(...this.of(next));
    }
    return [...found].sort();
  }

  /**
   * @param stateOf the node of a task that is over, hooks included; else undefined
   * @returns whether the task runs; undefined while its dependencies are not all over. Throws for a broken expression.
   */
  evaluate(name: string, stateOf: (task: string) => { node: NodeStatus; children: NodeStatus[] } | undefined): boolean | undefined {
    const verdict = evaluateDepends(this.depends(name), (task) => {
      const state = stateOf(task);
      return state && {
        phase: state.node.phase, type: state.node.type, daemoned: state.node.daemoned === true, fulfilled: true,
        children: state.children.map((child) => child.phase),
      };
    });
    return verdict.proceed ? verdict.execute : undefined;
  }
}
