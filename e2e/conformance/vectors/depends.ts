/** `depends` and `dependencies` of DAG tasks, against Argo's dagContext. */
import type { DAGTask, NodePhase, NodeType } from '../../../engine/spec/types.ts';
import { evaluateDepends, parseDepends, validateTaskResults, type TaskState } from '../../../engine/template/depends.ts';
import { answerOf, difference, first, type Vector } from './compare.ts';

/** A node as the vectors describe it. */
interface Node {
  phase?: NodePhase;
  type?: NodeType;
  daemoned?: boolean;
  children?: NodePhase[];
  missingChild?: boolean;
  hookPhases?: NodePhase[];
  taskResultSynced?: boolean;
}

const DONE = new Set<NodePhase | undefined>(['Succeeded', 'Failed', 'Error', 'Skipped', 'Omitted']);

export function run(vector: Vector): string | undefined {
  const tasks = vector.tasks as DAGTask[];
  const taskOf = (name: string): DAGTask | undefined => tasks.find((task) => task.name === name);
  const task = taskOf(vector.task as string)!;
  const { value: depends, error: panic } = answerOf(() => parseDepends(task, taskOf));
  const checked = first(difference('panic', panic, vector.panic), difference('validateTaskResults', validateTaskResults(task) ?? null, vector.validateTaskResults));
  if (checked !== undefined || depends === undefined) return checked;
  const read = first(
    difference('logic', depends.logic, vector.logic),
    difference('dependencies', [...depends.dependencies.keys()].sort(), vector.dependencies),
    difference('dependencyTypes', Object.fromEntries(depends.dependencies), vector.dependencyTypes),
  );
  if (read !== undefined || vector.nodes === undefined) return read;
  const nodes = vector.nodes as Record<string, Node>;
  const { value, error } = answerOf(() => evaluateDepends(depends, (name) => stateOf(nodes[name])));
  return first(difference('error', error, vector.error), difference('proceed', value?.proceed, vector.proceed), difference('execute', value?.execute, vector.execute));
}

function stateOf(node: Node | undefined): TaskState | undefined {
  if (node === undefined) return undefined;
  const daemoned = node.daemoned === true;
  return {
    phase: node.phase,
    type: node.type ?? 'Pod',
    daemoned,
    fulfilled: ((DONE.has(node.phase) && node.taskResultSynced !== false) || (daemoned && node.phase !== 'Pending')) && (node.hookPhases ?? []).every((phase) => DONE.has(phase)),
    children: [...(node.children ?? []), ...(node.missingChild === true ? [undefined] : [])],
  };
}
