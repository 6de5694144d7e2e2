/** A dag written as rows of steps, and rows of steps as a dag. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf } from './command.ts';
import { parseDependsTree } from './depends.ts';
import { isJson, Refusal, textOf, withoutKeys } from './draft.ts';
import type { Draft, Json, TaskAt, TemplateAt } from './draft.ts';
import { waitsFor } from './edges.ts';
import { withKey } from './order.ts';
import { derive } from './origin.ts';
import { renameReference } from './references.ts';
import { taskSpace } from './tasks.ts';

export function convertTo(draft: Draft, command: CommandOf<'convertTo'>): Path {
  const template = draft.template(command.template);
  if (!isJson(template.value.dag) && !Array.isArray(template.value.steps)) throw new Refusal(`${template.name} has no tasks or steps to convert.`);
  if ((taskSpace(template) === 'tasks') === (command.grammar === 'dag')) throw new Refusal(`${template.name} is written so already.`);
  const tasks = draft.tasks(template);
  checkNames(tasks);
  if (command.grammar === 'dag') toDag(draft, template);
  else toSteps(draft, template, tasks);
  renameSpace(draft, template, tasks, command.grammar);
  return template.path;
}

function checkNames(tasks: readonly TaskAt[]): void {
  const seen = new Set<string>();
  for (const { name } of tasks) {
    if (name === '') throw new Refusal('A step without a name cannot be converted; name it first.');
    if (seen.has(name)) throw new Refusal(`Two steps are named ${name}.`);
    seen.add(name);
  }
}

function renameSpace(draft: Draft, template: TemplateAt, tasks: readonly TaskAt[], grammar: 'dag' | 'steps'): void {
  const [from, to] = grammar === 'dag' ? (['steps', 'tasks'] as const) : (['tasks', 'steps'] as const);
  for (const { name } of tasks) draft.set(template.path, moveReference(draft.get(template.path), from, to, name));
}

/** `steps.a` becomes `tasks.a`: the first word of a reference changes where the second is this name. */
export function moveReference(value: unknown, from: string, to: string, name: string): unknown {
  const mark = `\u0000${name}`;
  const marked = renameReference(value, [from, name], mark);
  if (Object.is(marked, value)) return value;
  // The mark tells the renamed references from all others that begin with the same word.
  return renameMarked(marked, from, to, mark, name);
}

function renameMarked(value: unknown, from: string, to: string, mark: string, name: string): unknown {
  if (typeof value === 'string') return value.replaceAll(`${from}.${mark}`, `${to}.${name}`).replaceAll(`${from}['${mark}']`, `${to}['${name}']`).replaceAll(`${from}["${mark}"]`, `${to}["${name}"]`);
  if (Array.isArray(value)) return value.map((item) => renameMarked(item, from, to, mark, name));
  if (!isJson(value)) return value;
  return derive(value, Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renameMarked(item, from, to, mark, name)])));
}

/** Replaces one key of a template by another, in its place. */
function exchange(draft: Draft, template: TemplateAt, from: string, to: string, value: unknown): void {
  draft.set(template.path, derive(template.value, Object.fromEntries(Object.entries(template.value).map(([key, old]) => (key === from ? [to, value] : [key, old])))));
}

/** Every step waits for the whole row before it, as rows do. */
function toDag(draft: Draft, template: TemplateAt): void {
  const rows = draft.list([...template.path, 'steps']).map((row) => (Array.isArray(row) ? row.filter(isJson) : []));
  const tasks = rows.flatMap((row, index) => {
    const before = index === 0 ? [] : rows.slice(0, index).findLast((each) => each.length > 0) ?? [];
    return row.map((step): Json => (before.length > 0 ? withKey(step, 'dependencies', before.map((each) => each.name), draft.kind, TASK_PATH) : step));
  });
  exchange(draft, template, 'steps', 'dag', { tasks });
}

const TASK_PATH = ['spec', 'templates', 0, 'dag', 'tasks', 0] as const;

/** The longest way to a task is its row. */
function toSteps(draft: Draft, template: TemplateAt, tasks: readonly TaskAt[]): void {
  const dag = template.value.dag as Json;
  if (textOf(dag.target) !== '') throw new Refusal('This dag runs a part of its tasks (target); steps run all of them.');
  if (dag.failFast === false) throw new Refusal('This dag goes on after a failure (failFast: false); steps cannot.');
  for (const task of tasks) checkPlain(task);
  const rowOf = rowsOf(tasks);
  const rows: Json[][] = [];
  for (const task of tasks) (rows[rowOf.get(task.name) ?? 0] ??= []).push(withoutKeys(task.value, ['dependencies', 'depends']));
  exchange(draft, template, 'dag', 'steps', rows.filter((row) => row.length > 0));
}

function checkPlain(task: TaskAt): void {
  const depends = textOf(task.value.depends);
  if (depends === '') return;
  const tree = parseDependsTree(depends);
  const plain = tree && (tree.type === 'task' ? [tree] : tree.type === 'and' ? tree.parts : undefined);
  if (!plain?.every((part) => part.type === 'task' && (part.result === undefined || part.result === 'Succeeded'))) {
    throw new Refusal(`${task.name} waits for ${depends}; steps wait for success only.`);
  }
}

function rowsOf(tasks: readonly TaskAt[]): Map<string, number> {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const rows = new Map<string, number>();
  const open = new Set<string>();
  const rowOf = (name: string): number => {
    const known = rows.get(name);
    const task = byName.get(name);
    if (known !== undefined) return known;
    if (!task) throw new Refusal(`A task waits for ${name}, which is not there.`);
    if (open.has(name)) throw new Refusal(`${name} waits for itself through others.`);
    open.add(name);
    const row = Math.max(-1, ...waitsFor(task).map(rowOf)) + 1;
    rows.set(name, row);
    return row;
  };
  for (const task of tasks) rowOf(task.name);
  return rows;
}
