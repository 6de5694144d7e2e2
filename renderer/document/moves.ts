/** Tasks and steps copied, moved and put between others; outputs wired to inputs. */
import { parseYaml } from '../../engine/spec/yaml.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf, OutputRef, StepPlace } from './command.ts';
import { moveReference } from './convert.ts';
import { freeName, isJson, Refusal, textOf } from './draft.ts';
import type { Draft, Json, TaskAt, TaskRef, TemplateAt } from './draft.ts';
import { dependsTasks, parseDependsTree } from './depends.ts';
import { connect, connectRefusal, disconnect, dropDependency, isAfter, renameDependency, waitsFor } from './edges.ts';
import { isDeepEqual } from './equal.ts';
import { blockLines } from './fragment.ts';
import { renameReference } from './references.ts';
import type { Source } from './source.ts';
import { styleOf } from './style.ts';
import { addTemplate, placeStep, taskSpace, uniqueTasks, writeTask } from './tasks.ts';

/** @returns tasks and the templates they call as YAML, for the clipboard; `pasteTasks` takes it */
export function copyTasks(source: Source, draft: Draft, place: { template: string }, tasks: readonly TaskRef[]): string {
  const template = draft.template(place.template);
  const found = uniqueTasks(draft, template, tasks);
  const called = new Set(found.map((task) => textOf(task.value.template)).filter((name) => name !== template.name));
  const templates = draft.templates().filter((each) => called.has(each.name)).map((each) => each.value);
  const piece = { tasks: found.map((task) => task.value), ...(templates.length > 0 ? { templates } : {}) };
  const style = styleOf(source.text, source.parts[draft.part]?.contents ?? null);
  return `${blockLines(piece, 0, { ...style, eol: '\n', json: false }).join('\n')}\n`;
}

export function duplicateTasks(draft: Draft, command: CommandOf<'duplicateTasks'>): Path {
  const template = draft.template(command.template);
  const found = uniqueTasks(draft, template, command.tasks);
  const copies = renamed(found.map((task) => task.value), draft.tasks(template).map((task) => task.name), taskSpace(template), draft);
  if (taskSpace(template) === 'tasks') return appendTasks(draft, template, copies);
  // Each copy stands in the row of its original.
  let last: Path = template.path;
  for (const [index, task] of found.entries()) {
    const row = task.path.slice(0, -1);
    const at = draft.list(row).length;
    draft.insert(row, at, copies[index]);
    last = [...row, at];
  }
  return last;
}

export function pasteTasks(draft: Draft, command: CommandOf<'pasteTasks'>): Path {
  const template = draft.template(command.template);
  const { tasks, templates } = readPiece(command.text);
  const calls = new Map<string, string>();
  for (const each of templates) {
    const here = draft.findTemplate(each.name);
    calls.set(each.name, here && isDeepEqual(here.value, each) ? each.name : addTemplate(draft, each));
  }
  const called = tasks.map((task) => (typeof task.template === 'string' && calls.has(task.template) ? { ...task, template: calls.get(task.template) } : task));
  const space = taskSpace(template);
  const names = draft.tasks(template).map((task) => task.name);
  const together = new Set(tasks.map((each) => textOf(each.name)));
  const pasted = renamed(called.map((task) => inGrammar(task, space, together)), names, space, draft);
  if (pasted.length === 0) return template.path;
  if (space === 'tasks') return appendTasks(draft, template, pasted);
  const rows = draft.list([...template.path, 'steps']).length;
  let place: StepPlace = command.at ?? { newRow: rows };
  let last: Path = template.path;
  for (const task of pasted) {
    last = placeStep(draft, draft.template(template.name), place, task);
    place = [Number(last.at(-2)), Number(last.at(-1)) + 1];
  }
  return last;
}

/** What the clipboard holds: tasks with their templates, or a list of tasks, or one. */
function readPiece(text: string): { tasks: Json[]; templates: (Json & { name: string })[] } {
  const { value } = parseYaml(text);
  const list = Array.isArray(value) ? value.flat() : isJson(value) && Array.isArray(value.tasks) ? value.tasks : [value];
  const tasks = (list as unknown[]).filter((task): task is Json => isJson(task) && typeof task.name === 'string' && (task.template !== undefined || task.templateRef !== undefined || task.inline !== undefined));
  const templates = isJson(value) && Array.isArray(value.templates) ? value.templates.filter((each): each is Json & { name: string } => isJson(each) && typeof each.name === 'string') : [];
  if (tasks.length === 0) throw new Refusal('The clipboard holds no tasks.');
  return { tasks, templates };
}

/** Copies under free names that speak of each other by them; what they say of others stays. */
function renamed(tasks: readonly Json[], taken: readonly string[], space: string, draft: Draft): Json[] {
  const names = [...taken];
  const to = new Map<string, string>();
  for (const task of tasks) {
    const name = freeName(textOf(task.name), names);
    names.push(name);
    to.set(textOf(task.name), name);
  }
  return tasks.map((task) => {
    let copy: Json = { ...task, name: to.get(textOf(task.name)) ?? task.name };
    for (const [from, name] of to) {
      if (from === name) continue;
      copy = renameReference(copy, [space, from], name) as Json;
      copy = draft.scratch(copy, (each) => { renameDependency(draft, each, from, name); });
    }
    return copy;
  });
}

/** A pasted task keeps no dependency on what did not come with it; a step has none. */
function inGrammar(task: Json, space: 'tasks' | 'steps', together: ReadonlySet<string>): Json {
  const other = space === 'steps' ? 'tasks' : 'steps';
  const { dependencies, depends, ...rest } = [...together].reduce<unknown>((value, name) => moveReference(value, other, space, name), task) as Json;
  if (space === 'steps') return rest;
  const list = Array.isArray(dependencies) ? dependencies.filter((name) => typeof name === 'string' && together.has(name)) : [];
  return { ...rest, ...(list.length > 0 ? { dependencies: list } : {}), ...(typeof depends === 'string' && comesAlong(depends, together) ? { depends } : {}) };
}

function comesAlong(depends: string, together: ReadonlySet<string>): boolean {
  const tree = parseDependsTree(depends);
  return tree !== undefined && dependsTasks(tree).every((task) => together.has(task.name));
}

function appendTasks(draft: Draft, template: TemplateAt, tasks: readonly Json[]): Path {
  const path = [...template.path, 'dag', 'tasks'];
  const index = draft.list(path).length;
  draft.insert(path, index, ...tasks);
  return [...path, index + tasks.length - 1];
}

export function moveStep(draft: Draft, command: CommandOf<'moveStep'>): Path {
  const template = draft.template(command.template);
  const { value, path } = draft.task(template, command.from);
  const [row, column] = command.from;
  draft.set(path, undefined);
  const emptied = draft.list([...template.path, 'steps', row]).length === 0;
  if (emptied) draft.set([...template.path, 'steps', row], undefined);
  const before = (at: number): number => (emptied && at > row ? at - 1 : at);
  if ('newRow' in command.to) return placeStep(draft, draft.template(template.name), { newRow: before(command.to.newRow) }, value);
  const [toRow, toColumn] = command.to;
  if (emptied && toRow === row) return placeStep(draft, draft.template(template.name), { newRow: row }, value);
  return placeStep(draft, draft.template(template.name), [before(toRow), toRow === row && toColumn > column ? toColumn - 1 : toColumn], value);
}

export function insertBetween(draft: Draft, command: CommandOf<'insertBetween'>): Path {
  const template = draft.template(command.template);
  const target = draft.task(template, command.to);
  if (!waitsFor(target).includes(command.from)) throw new Refusal(`${command.to} does not wait for ${command.from}.`);
  const value = writeTask(draft, template, command.task);
  const path = [...template.path, 'dag', 'tasks'];
  const index = Number(target.path.at(-1));
  draft.insert(path, index, value);
  const here = draft.template(template.name);
  // The new task waits for what its follower waited for there, with the same condition.
  const depends = textOf(target.value.depends);
  if (depends === '') connect(draft, here, command.from, value.name);
  else draft.set([...path, index, 'depends'], conditionOf(depends, command.from));
  renameInDependsPlain(draft, draft.task(draft.template(template.name), command.to), command.from, value.name);
  return [...path, index];
}

function conditionOf(depends: string, name: string): string {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![-\\w])${escaped}(?:\\.[A-Z][A-Za-z]+)?(?![-\\w])`).exec(depends)?.[0] ?? name;
}

/** The follower waits for the new task's success, whatever it asked of the old one. */
function renameInDependsPlain(draft: Draft, task: TaskAt, from: string, to: string): void {
  const depends = textOf(task.value.depends);
  if (depends === '') renameDependency(draft, task, from, to);
  else draft.set([...task.path, 'depends'], depends.replace(conditionOf(depends, from), () => to));
}

export function reconnect(draft: Draft, command: CommandOf<'reconnect'>): void {
  const { from, to, newFrom, newTo } = command;
  const template = draft.template(command.template);
  const task = draft.task(template, to);
  if (!waitsFor(task).includes(from)) throw new Refusal(`${to} does not wait for ${from}.`);
  if (to !== newTo) {
    disconnect(draft, template, from, to);
    connect(draft, draft.template(template.name), newFrom, newTo);
    return;
  }
  if (from === newFrom) return;
  // In its place in the list or the expression, with its condition.
  dropDependency(draft, task, from);
  const refusal = connectRefusal(draft, draft.template(template.name), newFrom, newTo);
  if (refusal !== undefined) throw new Refusal(refusal);
  draft.set(task.path, task.value);
  renameDependency(draft, task, from, newFrom);
}

export function wireOutput(draft: Draft, command: CommandOf<'wireOutput'>): Path {
  const template = draft.template(command.template);
  const space = taskSpace(template);
  const source = draft.task(template, command.from.task);
  const target = draft.task(template, command.to.task);
  if (source.name === target.name) throw new Refusal('A task cannot take its own outputs.');
  if (space === 'steps' && Number(source.path.at(-2)) >= Number(target.path.at(-2))) throw new Refusal(`${target.name} runs before or beside ${source.name}: move it to a later row.`);
  if (space === 'tasks' && !isAfter(draft.tasks(template), target.name, source.name)) connect(draft, template, source.name, target.name);
  return writeArgument(draft, draft.task(draft.template(template.name), command.to.task), command.to.input, command.from, space);
}

function writeArgument(draft: Draft, task: TaskAt, input: string, from: OutputRef, space: string): Path {
  const tag = `{{${space}.${from.task}.outputs.${from.kind === 'result' ? 'result' : `${from.kind}s.${from.name ?? ''}`}}}`;
  const path = [...task.path, 'arguments', from.kind === 'artifact' ? 'artifacts' : 'parameters'];
  const list = draft.list(path);
  const index = list.findIndex((item) => isJson(item) && item.name === input);
  const at = [...path, index < 0 ? list.length : index];
  const field = from.kind === 'artifact' ? 'from' : 'value';
  if (index < 0) draft.set(at, { name: input, [field]: tag });
  else {
    const other = from.kind === 'artifact' ? 'fromExpression' : 'valueFrom';
    draft.set([...at, other], undefined);
    draft.set([...at, field], tag);
  }
  return at;
}
