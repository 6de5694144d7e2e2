/** Names changed everywhere in the file: in templates, calls, dependencies, tags and expressions. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf } from './command.ts';
import { renameDependency } from './edges.ts';
import { isJson, Refusal, textOf } from './draft.ts';
import type { Draft, Json, TemplateAt } from './draft.ts';
import { derive } from './origin.ts';
import { mapTexts, renameReference } from './references.ts';
import { taskSpace } from './tasks.ts';

/** A call of a template: what a task, a step or a hook is. */
type Call = Json & { template?: string; templateRef?: { name: string; template: string } };

export function renameTemplate(draft: Draft, { from, to }: CommandOf<'renameTemplate'>): Path {
  checkName(to);
  const template = draft.namedTemplate(from);
  if (from !== to && draft.findTemplate(to)) throw new Refusal(`There is a template ${to} already.`);
  draft.set([...template.path, 'name'], to);
  for (const other of draft.workflows()) renameCalls(other, draft, from, to);
  return [...template.path, 'name'];
}

/** Calls in one document of the file; another document calls through templateRef. */
function renameCalls(draft: Draft, owner: Draft, from: string, to: string): void {
  const own = draft.part === owner.part;
  const stored = storedName(owner);
  const spec = draft.get(draft.specPath);
  const fromHere = own || (stored !== undefined && isJson(spec) && isJson(spec.workflowTemplateRef) && spec.workflowTemplateRef.name === stored);
  draft.set(draft.specPath, mapCalls(spec, (call) => {
    if (own && call.template === from) return { template: to };
    if (stored !== undefined && call.templateRef?.name === stored && call.templateRef.template === from) return { templateRef: { ...call.templateRef, template: to } };
    return {};
  }));
  for (const key of fromHere ? ['entrypoint', 'onExit'] : []) if (draft.get([...draft.specPath, key]) === from) draft.set([...draft.specPath, key], to);
  if (own) draft.set(draft.specPath, mapExits(draft.get(draft.specPath), from, to));
}

/** The name by which other objects call the templates of this document; a Workflow's are its own. */
function storedName(draft: Draft): string | undefined {
  const name = draft.get(['metadata', 'name']);
  return (draft.kind === 'WorkflowTemplate' || draft.kind === 'ClusterWorkflowTemplate') && typeof name === 'string' ? name : undefined;
}

/** Where calls stand: keys that hold a template's name and keys that hold lists or maps of calls. */
const CALL_LISTS: ReadonlySet<string> = new Set(['tasks', 'steps', 'hooks']);

/** Rewrites every task, step and hook below a value. `change` gives the fields that become others. */
function mapCalls(value: unknown, change: (call: Call) => Partial<Call>): unknown {
  if (Array.isArray(value)) return mapItems(value, (item) => mapCalls(item, change));
  if (!isJson(value)) return value;
  return mapFields(value, (key, item) => {
    if (CALL_LISTS.has(key)) return mapCallList(item, change);
    return key === 'templates' || key === 'dag' || key === 'inline' || key === 'templateDefaults' ? mapCalls(item, change) : item;
  });
}

function mapCallList(value: unknown, change: (call: Call) => Partial<Call>): unknown {
  if (Array.isArray(value)) return mapItems(value, (item) => (Array.isArray(item) ? mapCallList(item, change) : mapCall(item, change)));
  return isJson(value) ? mapFields(value, (_, item) => mapCall(item, change)) : value;
}

function mapCall(value: unknown, change: (call: Call) => Partial<Call>): unknown {
  if (!isJson(value)) return value;
  const fields = change(value);
  return mapCalls(mapFields(value, (key, item) => (Object.hasOwn(fields, key) ? fields[key] : item)), change);
}

/** `onExit` of tasks and steps names a template too. */
function mapExits(value: unknown, from: string, to: string): unknown {
  return mapTexts(value, (text, key) => (key === 'onExit' && text === from ? to : text));
}

function mapItems(list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] {
  const items = list.map(change);
  return items.some((item, index) => !Object.is(item, list[index])) ? items : list;
}

function mapFields(object: Json, change: (key: string, item: unknown) => unknown): Json {
  const entries = Object.entries(object).map(([key, item]) => [key, change(key, item)] as const);
  return entries.some(([key, item]) => !Object.is(item, object[key])) ? derive(object, Object.fromEntries(entries)) : object;
}

export function renameTask(draft: Draft, command: CommandOf<'renameTask'>): Path {
  checkName(command.to);
  const { to } = command;
  const template = draft.template(command.template);
  const task = draft.task(template, command.task);
  const from = task.name;
  const tasks = draft.tasks(template);
  if (from !== to && tasks.some((each) => each.name === to)) throw new Refusal(`${template.name} has a step ${to} already.`);
  if (from !== '' && tasks.filter((each) => each.name === from).length === 1) renameTaskUses(draft, template, from, to);
  draft.set([...task.path, 'name'], to);
  return [...task.path, 'name'];
}

function renameTaskUses(draft: Draft, template: TemplateAt, from: string, to: string): void {
  const space = taskSpace(template);
  if (space === 'tasks') for (const task of draft.tasks(template)) renameDependency(draft, task, from, to);
  const target = draft.get([...template.path, 'dag', 'target']);
  if (typeof target === 'string') draft.set([...template.path, 'dag', 'target'], target.split(/(\s+)/).map((word) => (word === from ? to : word)).join(''));
  draft.set(template.path, renameReference(draft.get(template.path), [space, from], to));
}

/** Renames an input of a template, in it and in the arguments of whoever calls it. */
export function renameInput(draft: Draft, command: CommandOf<'renameInput'>): Path {
  const { kind, from, to } = command;
  checkName(to);
  const template = draft.namedTemplate(command.template);
  const list = `${kind}s`;
  const path = renameNamed(draft, [...template.path, 'inputs', list], from, to);
  draft.set(template.path, renameReference(draft.get(template.path), ['inputs', list, from], to));
  renameArguments(draft, template.name, list, from, to);
  // Argo: arguments of the workflow feed the inputs of its entrypoint by their names.
  if (isEntrypoint(draft, template.name) && hasNamed(draft, [...draft.specPath, 'arguments', list], from)) renameWorkflowArgument(draft, list, from, to);
  return path;
}

export function renameArgument(draft: Draft, command: CommandOf<'renameArgument'>): Path {
  const { kind, from, to } = command;
  checkName(to);
  const list = `${kind}s`;
  const path = renameWorkflowArgument(draft, list, from, to);
  const entry = draft.templates().find((template) => isEntrypoint(draft, template.name));
  if (entry && hasNamed(draft, [...entry.path, 'inputs', list], from)) {
    renameNamed(draft, [...entry.path, 'inputs', list], from, to);
    draft.set(entry.path, renameReference(draft.get(entry.path), ['inputs', list, from], to));
    renameArguments(draft, entry.name, list, from, to);
  }
  return path;
}

function renameWorkflowArgument(draft: Draft, list: string, from: string, to: string): Path {
  const path = renameNamed(draft, [...draft.specPath, 'arguments', list], from, to);
  draft.set(draft.specPath, renameReference(draft.get(draft.specPath), ['workflow', list, from], to));
  return path;
}

/** Renames an output of a template, in it and wherever a caller speaks of it. */
export function renameOutput(draft: Draft, command: CommandOf<'renameOutput'>): Path {
  const { kind, from, to } = command;
  checkName(to);
  const template = draft.namedTemplate(command.template);
  const list = `${kind}s`;
  const path = renameNamed(draft, [...template.path, 'outputs', list], from, to);
  draft.set(template.path, renameReference(draft.get(template.path), ['outputs', list, from], to));
  for (const caller of draft.templates()) {
    for (const task of draft.tasks(caller)) {
      if (task.value.template !== template.name || task.name === '') continue;
      draft.set(caller.path, renameReference(draft.get(caller.path), [taskSpace(caller), task.name, 'outputs', list, from], to));
    }
  }
  return path;
}

function isEntrypoint(draft: Draft, template: string): boolean {
  return draft.get([...draft.specPath, 'entrypoint']) === template;
}

/** Names of arguments in every call of a template of this document, in the whole file. */
function renameArguments(owner: Draft, template: string, list: string, from: string, to: string): void {
  const stored = storedName(owner);
  for (const draft of owner.workflows()) {
    const calls = (call: Call): boolean => (draft.part === owner.part && call.template === template) || (stored !== undefined && call.templateRef?.name === stored && call.templateRef.template === template);
    draft.set(draft.specPath, mapCalls(draft.get(draft.specPath), (call) => (calls(call) ? argumentsOf(call, list, from, to) : {})));
  }
}

function argumentsOf(call: Call, list: string, from: string, to: string): Json {
  const given = call.arguments;
  if (!isJson(given) || !Array.isArray(given[list])) return {};
  return { arguments: { ...given, [list]: mapItems(given[list], (item) => (isJson(item) && item.name === from ? derive(item, { ...item, name: to }) : item)) } };
}

/** Renames the item of a list that has this name. @returns the place of its name */
function renameNamed(draft: Draft, path: Path, from: string, to: string): Path {
  const list = draft.list(path);
  if (from !== to && hasNamed(draft, path, to)) throw new Refusal(`${to} is there already.`);
  const index = list.findIndex((item) => isJson(item) && item.name === from);
  if (index < 0) throw new Refusal(`There is no ${from} here.`);
  draft.set([...path, index, 'name'], to);
  return [...path, index, 'name'];
}

function hasNamed(draft: Draft, path: Path, name: string): boolean {
  return draft.list(path).some((item) => isJson(item) && textOf(item.name) === name);
}

function checkName(name: string): void {
  if (name.trim() === '') throw new Refusal('A name cannot be empty.');
}
