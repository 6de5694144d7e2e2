/** What tasks of a dag wait for: edges made, moved and taken away in `dependencies` and in `depends`. */
import type { TaskResult } from '../../engine/template/depends.ts';
import { addToDepends, operandOf, parseDependsTree, removeFromDepends, replaceInDepends } from './depends.ts';
import { isJson, Refusal, textOf } from './draft.ts';
import type { Draft, TaskAt, TemplateAt } from './draft.ts';
import { derive } from './origin.ts';
import { dependenciesOf } from './projection.ts';

/** @returns the names of the tasks that a task waits for */
export function waitsFor(task: TaskAt): string[] {
  const { dependencies, depends } = task.value;
  const list = Array.isArray(dependencies) ? dependencies.filter((name) => typeof name === 'string') : [];
  return dependenciesOf({ name: task.name, dependencies: list, depends: textOf(depends) }).map((dependency) => dependency.task);
}

/** Whether `task` comes to wait for `other`, through however many tasks. */
export function isAfter(tasks: readonly TaskAt[], task: string, other: string): boolean {
  const byName = new Map(tasks.map((each) => [each.name, each]));
  const seen = new Set<string>();
  const pending = [task];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const at = byName.get(name);
    if (!at || seen.has(name)) continue;
    seen.add(name);
    const before = waitsFor(at);
    if (before.includes(other)) return true;
    pending.push(...before);
  }
  return false;
}

/** @returns why `to` cannot be made to wait for `from`, or undefined when it can */
export function connectRefusal(draft: Draft, template: TemplateAt, from: string, to: string): string | undefined {
  if (!isJson(template.value.dag)) return 'Steps go row by row: move the step to a later row instead.';
  const tasks = draft.tasks(template);
  for (const name of [from, to]) if (name === '' || !tasks.some((task) => task.name === name)) return name === '' ? 'A task without a name cannot be connected.' : `${template.name} has no task ${name}.`;
  if (from === to) return 'A task cannot wait for itself.';
  const target = tasks.find((task) => task.name === to);
  if (target && waitsFor(target).includes(from)) return `${to} already waits for ${from}.`;
  if (isAfter(tasks, from, to)) return `${from} already waits for ${to}: they would wait for each other.`;
  return undefined;
}

/** @returns the tasks that `to` can be made to wait for, in their order: those that `connectRefusal` has nothing against */
export function connectableTo(draft: Draft, template: TemplateAt, to: string): string[] {
  const tasks = isJson(template.value.dag) && to !== '' ? draft.tasks(template) : [];
  const target = tasks.find((task) => task.name === to);
  if (!target) return [];
  const before = new Set([to, ...waitsFor(target)]);
  const after = allAfter(tasks, to);
  return tasks.map((task) => task.name).filter((name) => name !== '' && !before.has(name) && !after.has(name));
}

/** Names of all that come to wait for a task, through however many others. */
function allAfter(tasks: readonly TaskAt[], first: string): ReadonlySet<string> {
  const waiting = new Map<string, string[]>();
  for (const task of tasks) for (const name of waitsFor(task)) {
    const known = waiting.get(name);
    if (known) known.push(task.name);
    else waiting.set(name, [task.name]);
  }
  const after = new Set<string>();
  const pending = [first];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const next of waiting.get(name) ?? []) {
      if (after.has(next)) continue;
      after.add(next);
      pending.push(next);
    }
  }
  return after;
}

export function connect(draft: Draft, template: TemplateAt, from: string, to: string, result?: TaskResult): void {
  const refusal = connectRefusal(draft, template, from, to);
  if (refusal !== undefined) throw new Refusal(refusal);
  if (result !== undefined) useDepends(draft, template);
  const task = draft.task(draft.template(template.name), to);
  if (result !== undefined || prefersDepends(draft, template, task)) {
    const depends = addToDepends(textOf(task.value.depends), from, result);
    if (depends === undefined) throw new Refusal(`depends of ${to} cannot be read; change it in the text.`);
    draft.set([...task.path, 'depends'], depends);
  } else draft.set([...task.path, 'dependencies'], [...draft.list([...task.path, 'dependencies']), from]);
}

function prefersDepends(draft: Draft, template: TemplateAt, task: TaskAt): boolean {
  if (textOf(task.value.depends) !== '') return true;
  // Argo: one dag cannot have both.
  return draft.tasks(template).some((each) => textOf(each.value.depends) !== '');
}

export function disconnect(draft: Draft, template: TemplateAt, from: string, to: string): void {
  const task = draft.task(template, to);
  if (!waitsFor(task).includes(from)) throw new Refusal(`${to} does not wait for ${from}.`);
  dropDependency(draft, task, from);
}

/** Takes a name out of what a task waits for, if it is there. */
export function dropDependency(draft: Draft, task: TaskAt, name: string): void {
  const list = draft.list([...task.path, 'dependencies']);
  if (list.includes(name)) draft.set([...task.path, 'dependencies'], orNothing(list.filter((each) => each !== name)));
  const depends = textOf(task.value.depends);
  if (depends === '' || !waitsFor(task).includes(name)) return;
  const left = removeFromDepends(depends, name);
  if (left === undefined) throw new Refusal(`depends of ${task.name} cannot be read; change it in the text.`);
  draft.set([...task.path, 'depends'], left === '' ? undefined : left);
}

function orNothing(list: readonly unknown[]): readonly unknown[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** Names another task wherever a task waits for `from`. */
export function renameDependency(draft: Draft, task: TaskAt, from: string, to: string): void {
  const list = draft.list([...task.path, 'dependencies']);
  if (list.includes(from)) draft.set([...task.path, 'dependencies'], list.map((each) => (each === from ? to : each)));
  const depends = textOf(task.value.depends);
  const renamed = replaceInDepends(depends, from, (result) => operandOf(to, result as TaskResult | undefined));
  if (renamed !== depends) draft.set([...task.path, 'depends'], renamed);
}

export function setCondition(draft: Draft, template: TemplateAt, from: string, to: string, result: TaskResult | undefined): void {
  if (!waitsFor(draft.task(template, to)).includes(from)) throw new Refusal(`${to} does not wait for ${from}.`);
  if (result !== undefined) useDepends(draft, template);
  const task = draft.task(draft.template(template.name), to);
  const depends = textOf(task.value.depends);
  if (depends === '') return;
  if (!parseDependsTree(depends)) throw new Refusal(`depends of ${to} cannot be read; change it in the text.`);
  draft.set([...task.path, 'depends'], replaceInDepends(depends, from, () => operandOf(from, result)));
}

/** Writes every `dependencies` list of a dag as `depends`. Argo: one dag cannot have both, and `depends` excludes `continueOn`. */
export function useDepends(draft: Draft, template: TemplateAt): void {
  const tasks = draft.tasks(draft.template(template.name));
  const lenient = tasks.find((task) => task.value.continueOn !== undefined && task.value.continueOn !== null);
  if (lenient) throw new Refusal(`${lenient.name} has continueOn, which cannot stand beside depends; take it away first.`);
  for (const task of tasks) {
    const list = draft.list([...task.path, 'dependencies']);
    if (list.length === 0) continue;
    // In the place of the list, so that it reads as before.
    draft.set(task.path, derive(task.value, Object.fromEntries(Object.entries(task.value).map(([key, value]) => (key === 'dependencies' ? ['depends', list.join(' && ')] : [key, value])))));
  }
}
