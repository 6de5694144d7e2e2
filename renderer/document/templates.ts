/** Templates of a document: removed, copied, made the entrypoint; their inputs and outputs. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf } from './command.ts';
import { freeName, isJson, Refusal, textOf } from './draft.ts';
import type { Draft } from './draft.ts';

/** Where a template of this document is called, in words: for the person who wants to remove it. */
export function callersOf(draft: Draft, name: string): string[] {
  const found: string[] = [];
  for (const key of ['entrypoint', 'onExit']) if (draft.get([...draft.specPath, key]) === name) found.push(key);
  for (const template of draft.everyTemplate()) {
    for (const task of draft.tasks(template)) if (calls(task.value, name)) found.push(`${template.name}/${task.name}`);
    if (isJson(template.value.hooks) && hooksCall(template.value.hooks, name)) found.push(`hooks of ${template.name}`);
  }
  if (hooksCall(draft.get([...draft.specPath, 'hooks']), name)) found.push('hooks');
  return found;
}

function calls(task: Record<string, unknown>, name: string): boolean {
  return task.template === name || task.onExit === name || hooksCall(task.hooks, name);
}

function hooksCall(hooks: unknown, name: string): boolean {
  return isJson(hooks) && Object.values(hooks).some((hook) => isJson(hook) && hook.template === name);
}

export function removeTemplate(draft: Draft, command: CommandOf<'removeTemplate'>): void {
  const template = draft.namedTemplate(command.template);
  const [caller] = callersOf(draft, template.name);
  if (caller !== undefined && command.force !== true) throw new Refusal(`${template.name} is called by ${caller}.`);
  draft.set(template.path, undefined);
}

export function duplicateTemplate(draft: Draft, command: CommandOf<'duplicateTemplate'>): Path {
  const template = draft.namedTemplate(command.template);
  const name = freeName(template.name, draft.templates().map((each) => each.name));
  const index = Number(template.path.at(-1)) + 1;
  draft.insert([...draft.specPath, 'templates'], index, { ...template.value, name });
  return [...draft.specPath, 'templates', index];
}

export function setEntrypoint(draft: Draft, command: CommandOf<'setEntrypoint'>): Path {
  draft.namedTemplate(command.template);
  const path = [...draft.specPath, 'entrypoint'];
  draft.set(path, command.template);
  return path;
}

export function addSymbol(draft: Draft, command: CommandOf<'addParameter'> | CommandOf<'addArtifact'>): Path {
  const template = draft.template(command.template);
  const path = [...template.path, command.direction, command.type === 'addParameter' ? 'parameters' : 'artifacts'];
  const list = draft.list(path);
  const name = freeName(command.value.name, list.map((item) => (isJson(item) ? textOf(item.name) : '')));
  draft.insert(path, list.length, { ...command.value, name });
  return [...path, list.length];
}

export function moveItem(draft: Draft, command: CommandOf<'moveItem'>): Path {
  const list = draft.list(command.path);
  if (command.from < 0 || command.from >= list.length) throw new Refusal('There is no such item.');
  const rest = list.filter((_, index) => index !== command.from);
  const to = Math.max(0, Math.min(command.to, rest.length));
  draft.set(command.path, [...rest.slice(0, to), list[command.from], ...rest.slice(to)]);
  return [...command.path, to];
}
