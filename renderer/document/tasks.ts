/** Tasks and steps: added, deleted. */
import type { CommandOf, NewTask, StepPlace } from './command.ts';
import { connect, dropDependency } from './edges.ts';
import { freeName, isJson, Refusal, textOf } from './draft.ts';
import type { Draft, Json, TaskAt, TaskRef, TemplateAt } from './draft.ts';
import { speaksOf } from './references.ts';
import type { Path } from '../../engine/spec/yaml.ts';

export function addTask(draft: Draft, command: CommandOf<'addTask'>): Path {
  const template = dagTemplate(draft, command.template);
  const value = writeTask(draft, template, command.task);
  const path = [...template.path, 'dag', 'tasks'];
  const index = draft.list(path).length;
  draft.insert(path, index, value);
  for (const before of command.after ?? []) connect(draft, draft.template(command.template), before, value.name);
  return [...path, index];
}

/** A template that can hold tasks; one without any content becomes a dag. */
function dagTemplate(draft: Draft, name: string): TemplateAt {
  const template = draft.template(name);
  if (isJson(template.value.dag)) return template;
  if (Array.isArray(template.value.steps)) throw new Refusal(`${name} is made of steps; add a step, or convert it to a dag first.`);
  const content = CONTENTS.find((key) => template.value[key] !== undefined && template.value[key] !== null);
  if (content !== undefined) throw new Refusal(`${name} is a ${content} template; it holds no tasks.`);
  draft.set([...template.path, 'dag'], { tasks: [] });
  return draft.template(name);
}

const CONTENTS = ['container', 'script', 'containerSet', 'resource', 'suspend', 'data', 'http', 'plugin'];

/** The task as it will be written, under a free name; its new template is in the document. */
export function writeTask(draft: Draft, template: TemplateAt, task: NewTask): Json & { name: string } {
  const name = freeName(task.name, draft.tasks(template).map((each) => each.name));
  const called = task.newTemplate ? addTemplate(draft, task.newTemplate) : task.template;
  if (called !== undefined && !task.newTemplate && !draft.findTemplate(called)) throw new Refusal(`There is no template ${called} here.`);
  return {
    name,
    ...(called === undefined ? {} : { template: called }),
    ...(task.templateRef ? { templateRef: task.templateRef } : {}),
    ...task.fields,
    ...(task.inline ? { inline: task.inline } : {}),
  };
}

/** Puts a template behind the others, under a free name. @returns the name */
export function addTemplate(draft: Draft, value: Json & { name: string }, index?: number): string {
  const path = [...draft.specPath, 'templates'];
  const name = freeName(value.name, draft.templates().map((template) => template.name));
  const length = draft.list(path).length;
  draft.insert(path, Math.min(index ?? length, length), { ...value, name });
  return name;
}

export function addStep(draft: Draft, command: CommandOf<'addStep'>): Path {
  const template = stepsTemplate(draft, command.template);
  const value = writeTask(draft, template, command.task);
  return placeStep(draft, template, command.at, value);
}

function stepsTemplate(draft: Draft, name: string): TemplateAt {
  const template = draft.template(name);
  if (Array.isArray(template.value.steps)) return template;
  if (isJson(template.value.dag)) throw new Refusal(`${name} is a dag; add a task, or convert it to steps first.`);
  const content = CONTENTS.find((key) => template.value[key] !== undefined && template.value[key] !== null);
  if (content !== undefined) throw new Refusal(`${name} is a ${content} template; it holds no steps.`);
  draft.set([...template.path, 'steps'], []);
  return draft.template(name);
}

/** @returns where the step came to stand */
export function placeStep(draft: Draft, template: TemplateAt, at: StepPlace, value: unknown): Path {
  const path = [...template.path, 'steps'];
  const rows = draft.list(path).length;
  if ('newRow' in at) {
    const row = Math.max(0, Math.min(at.newRow, rows));
    draft.insert(path, row, [value]);
    return [...path, row, 0];
  }
  const [row, column] = at;
  if (row < 0 || row >= rows) throw new Refusal(`${template.name} has no row ${row + 1}.`);
  const index = Math.max(0, Math.min(column, draft.list([...path, row]).length));
  draft.insert([...path, row], index, value);
  return [...path, row, index];
}

/** How tags of a template call its tasks. */
export function taskSpace(template: TemplateAt): 'tasks' | 'steps' {
  return isJson(template.value.dag) ? 'tasks' : 'steps';
}

export function deleteTasks(draft: Draft, command: CommandOf<'deleteTasks'>): void {
  const template = draft.template(command.template);
  const tasks = uniqueTasks(draft, template, command.tasks);
  const names = new Set(tasks.map((task) => task.name));
  if (command.force !== true) checkUnused(draft, template, names);
  for (const name of names) {
    for (const other of draft.tasks(draft.template(command.template))) if (!names.has(other.name) && taskSpace(template) === 'tasks') dropDependency(draft, other, name);
  }
  dropTargets(draft, template, names);
  // From the end, so that the places before stay what they are.
  for (const { path } of tasks.sort((a, b) => comparePaths(b.path, a.path))) {
    draft.set(path, undefined);
    const row = path.slice(0, -1);
    if (taskSpace(template) === 'steps' && draft.list(row).length === 0) draft.set(row, undefined);
  }
}

export function uniqueTasks(draft: Draft, template: TemplateAt, refs: readonly TaskRef[]): TaskAt[] {
  const found = new Map(refs.map((ref) => draft.task(template, ref)).map((task) => [task.path.join('/'), task]));
  return [...found.values()].sort((a, b) => comparePaths(a.path, b.path));
}

function comparePaths(a: Path, b: Path): number {
  for (const [index, step] of a.entries()) if (step !== b[index]) return Number(step) - Number(b[index]);
  return 0;
}

/** Tasks and outputs of the template that take what the named tasks give. */
function checkUnused(draft: Draft, template: TemplateAt, names: ReadonlySet<string>): void {
  const space = taskSpace(template);
  for (const name of names) {
    if (name === '') continue;
    const user = draft.tasks(template).find((other) => !names.has(other.name) && speaksOf(other.value, [space, name]));
    if (user) throw new Refusal(`${user.name} takes outputs of ${name}.`);
    if (speaksOf(template.value.outputs, [space, name])) throw new Refusal(`The outputs of ${template.name} come from ${name}.`);
  }
}

function dropTargets(draft: Draft, template: TemplateAt, names: ReadonlySet<string>): void {
  const target = isJson(template.value.dag) ? textOf(template.value.dag.target) : '';
  if (target === '') return;
  const left = target.split(/\s+/).filter((name) => name !== '' && !names.has(name));
  if (left.length < target.split(/\s+/).filter((name) => name !== '').length) draft.set([...template.path, 'dag', 'target'], left.length > 0 ? left.join(' ') : undefined);
}
