/** A task that calls a dag becomes the tasks of that dag, and a step that calls steps their rows: what taking out a template does, backwards. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf } from './command.ts';
import { replaceInDepends } from './depends.ts';
import { freeName, isJson, Refusal, textOf, wayInto } from './draft.ts';
import type { Draft, Json, TaskAt, TemplateAt } from './draft.ts';
import { renameDependency, useDepends, waitsFor } from './edges.ts';
import { mapTexts, renameReference, speaksOf } from './references.ts';
import { taskSpace } from './tasks.ts';
import { callersOf } from './templates.ts';

/** What is carried over; anything else holds for all tasks together and would be lost. */
const OF_TASK: ReadonlySet<string> = new Set(['name', 'template', 'inline', 'arguments', 'dependencies', 'depends']);
const OF_TEMPLATE: ReadonlySet<string> = new Set(['name', 'inputs', 'outputs', 'dag', 'steps']);
/** A simple tag, whole. */
const TAGS = /\{\{\s*([^{}=][^{}]*?)\s*\}\}/g;

export function spliceTask(draft: Draft, command: CommandOf<'spliceTask'>): Path {
  const caller = draft.template(command.template);
  const task = draft.task(caller, command.task);
  const called = calledBy(draft, caller, task);
  const space = taskSpace(caller);
  check(draft, caller, task, called);
  const inner = innerTasks(draft, caller, task, called);
  const outward = (value: unknown): unknown => substitute(value, [space, task.name], (rest) => outputOf(called, inner, space, task.name, rest));
  const others = draft.tasks(caller).filter((each) => each.name !== task.name);
  for (const other of others) draft.set(other.path, outward(other.value));
  if (caller.value.outputs !== undefined) draft.set([...caller.path, 'outputs'], outward(caller.value.outputs));
  const at = space === 'tasks' ? putTasks(draft, caller, task, inner) : putRows(draft, called, task, inner);
  const name = textOf(task.value.template);
  if (name !== '' && callersOf(draft, name).length === 0) draft.set(draft.template(name).path, undefined);
  return at;
}

function calledBy(draft: Draft, caller: TemplateAt, task: TaskAt): TemplateAt {
  if (isJson(task.value.inline)) return draft.template(wayInto(caller.name, task.name));
  const name = textOf(task.value.template);
  if (name === '') throw new Refusal(`${task.name} does not call a template of this document.`);
  if (caller.name.split('/')[0] === name) throw new Refusal(`${name} calls itself here.`);
  return draft.template(name);
}

/** Nothing that holds for the whole of the call may be lost. */
function check(draft: Draft, caller: TemplateAt, task: TaskAt, called: TemplateAt): void {
  const grammar = isJson(caller.value.dag) ? 'dag' : 'steps';
  if (called.value[grammar] === undefined) throw new Refusal(`${task.name} does not call ${grammar === 'dag' ? 'a dag' : 'steps'}: only ${grammar === 'dag' ? 'tasks' : 'steps'} can take its place here.`);
  const [more] = [...Object.keys(task.value).filter((key) => !OF_TASK.has(key)), ...Object.keys(called.value).filter((key) => !OF_TEMPLATE.has(key)), ...(isJson(called.value.dag) ? Object.keys(called.value.dag).filter((key) => key !== 'tasks') : [])];
  if (more !== undefined) throw new Refusal(`${task.name} has ${more}, which holds for all of it together. Take it away first.`);
  if (draft.tasks(called).some(({ name }) => name === '')) throw new Refusal(`A task of ${called.name} has no name; name it first.`);
  if (draft.tasks(called).length === 0) throw new Refusal(`${task.name} calls nothing yet.`);
  if (grammar === 'steps' && draft.list(task.path.slice(0, -1)).length > 1) throw new Refusal(`${task.name} stands beside other steps. Give it a row of its own first.`);
}

/** The tasks of the called template, under names that are free here, with what they were given. */
function innerTasks(draft: Draft, caller: TemplateAt, task: TaskAt, called: TemplateAt): { from: string; value: Json }[] {
  const space = taskSpace(caller);
  const tasks = draft.tasks(called);
  const taken = new Set(draft.tasks(caller).map((each) => each.name).filter((name) => name !== task.name));
  const all = new Set([...taken, ...tasks.map((each) => each.name)]);
  const names = new Map(tasks.map(({ name }) => {
    const to = taken.has(name) ? freeName(name, all) : name;
    all.add(to);
    return [name, to];
  }));
  return tasks.map(({ name: from, value }) => {
    const renamed = [...names].filter(([name, to]) => name !== to).reduce((now, [name, to]) => draft.scratch(renameReference(now, [space, name], to) as Json, (each) => {
      renameDependency(draft, each, name, to);
      if (name === from) draft.set([...each.path, 'name'], to);
    }), value);
    // Behind the names: what is given may speak of tasks here that are called the same.
    return { from, value: substitute(renamed, ['inputs'], (rest) => argumentOf(called, task, rest)) as Json };
  });
}

/** Writes something else for every tag of a name; `write` is given what follows the name. */
function substitute(value: unknown, name: readonly string[], write: (rest: string) => string): unknown {
  const prefix = `${name.join('.')}.`;
  const replaced = mapTexts(value, (text) => text.replace(TAGS, (whole, tag: string) => (tag.startsWith(prefix) ? write(tag.slice(prefix.length)) : whole)));
  if (speaksOf(mapTexts(replaced, (text) => text.replace(TAGS, '')), name)) throw new Refusal(`An expression speaks of ${name.join('.')}; write it as a plain tag first.`);
  return replaced;
}

/** What an input is given: the text of the argument, or else of its default. */
function argumentOf(called: TemplateAt, task: TaskAt, rest: string): string {
  const [list = '', ...words] = rest.split('.');
  const name = words.join('.');
  const text = [textIn(task.value.arguments, list, name), textIn(called.value.inputs, list, name)].find((each) => each !== undefined);
  if (text === undefined) throw new Refusal(`inputs.${rest} is not given as a text or tag; give it so first.`);
  return text;
}

/** What an output of the call is taken from inside. */
function outputOf(called: TemplateAt, inner: readonly { from: string; value: Json }[], space: string, task: string, rest: string): string {
  const [word = '', list = '', ...words] = rest.split('.');
  const text = word === 'outputs' ? textIn(called.value.outputs, list, words.join('.')) : undefined;
  if (text === undefined) throw new Refusal(`${space}.${task}.${rest} is spoken of, which none of its tasks gives.`);
  return inner.reduce((now, { from, value }) => (from === value.name ? now : String(renameReference(now, [space, from], textOf(value.name)))), text);
}

function textIn(lists: unknown, list: string, name: string): string | undefined {
  const items = isJson(lists) && Array.isArray(lists[list]) ? lists[list] as unknown[] : [];
  const item = items.find((each): each is Json => isJson(each) && each.name === name);
  const found = item && [item.value, item.from, isJson(item.valueFrom) ? item.valueFrom.parameter : undefined, item.default].find((each) => typeof each === 'string' || typeof each === 'number');
  return found === undefined ? undefined : String(found);
}

/** In the place of the task; its first ones wait for what it waited for, and who waited for it waits for its last ones. */
function putTasks(draft: Draft, caller: TemplateAt, task: TaskAt, inner: readonly { value: Json }[]): Path {
  const placed = inner.map(({ value }): TaskAt => ({ name: textOf(value.name), value, path: [] }));
  const waited = new Set(placed.flatMap(waitsFor));
  const last = placed.map(({ name }) => name).filter((name) => !waited.has(name));
  for (const other of draft.tasks(draft.template(caller.name))) if (other.name !== task.name) waitForLast(draft, other, task.name, last);
  const path = task.path.slice(0, -1);
  const index = Number(task.path.at(-1));
  const list = draft.list(path);
  const first = placed.map((each) => (waitsFor(each).length > 0 ? each.value : draft.scratch(each.value, ({ path: at }) => {
    for (const key of ['dependencies', 'depends']) if (task.value[key] !== undefined) draft.set([...at, key], task.value[key]);
  })));
  draft.set(path, [...list.slice(0, index), ...first, ...list.slice(index + 1)]);
  const tasks = draft.tasks(draft.template(caller.name));
  // Argo: one dag cannot have both.
  if (tasks.some(({ value }) => textOf(value.depends) !== '') && tasks.some(({ value }) => value.dependencies !== undefined)) useDepends(draft, caller);
  return [...path, index];
}

function waitForLast(draft: Draft, other: TaskAt, name: string, last: readonly string[]): void {
  const list = draft.list([...other.path, 'dependencies']);
  if (list.includes(name)) draft.set([...other.path, 'dependencies'], list.flatMap((each): unknown[] => (each === name ? [...last] : [each])));
  const depends = textOf(other.value.depends);
  const replaced = replaceInDepends(depends, name, (result) => {
    if (result !== undefined && result !== 'Succeeded') throw new Refusal(`${other.name} asks whether ${name} ended as ${result}, which its tasks cannot tell together.`);
    const all = last.map((each) => (result === undefined ? each : `${each}.${result}`)).join(' && ');
    return last.length > 1 && depends !== name && /\|\||!/.test(depends) ? `(${all})` : all;
  });
  if (replaced !== depends) draft.set([...other.path, 'depends'], replaced);
}

function putRows(draft: Draft, called: TemplateAt, task: TaskAt, inner: readonly { value: Json }[]): Path {
  let next = 0;
  const rows = draft.list([...called.path, 'steps']).map((row) => (Array.isArray(row) ? row.map(() => inner[next++]?.value) : []));
  const path = task.path.slice(0, -2);
  const index = Number(task.path.at(-2));
  const list = draft.list(path);
  draft.set(path, [...list.slice(0, index), ...rows, ...list.slice(index + 1)]);
  return [...path, index, 0];
}
