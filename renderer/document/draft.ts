/** The values of a file's documents while a command changes them: plain JSON, changed by copying what is on the way. */
import type { Path } from '../../engine/spec/yaml.ts';
import { withKey } from './order.ts';
import { derive } from './origin.ts';

export type Json = Record<string, unknown>;
/** A task of a dag by name; a step by name, or by its row and column. */
export type TaskRef = string | readonly [row: number, column: number];

/** A command cannot be done; the message says why, to the person. */
export class Refusal extends Error {}

export interface TemplateAt {
  /** Its name; of an inline one the way to it. */
  name: string;
  value: Json;
  path: Path;
}

export interface TaskAt {
  name: string;
  value: Json;
  path: Path;
}

const KINDS = new Set(['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow']);

/** One document of the file under change. `root` of another document is reached through `sibling`. */
export class Draft {
  readonly part: number;
  private readonly roots: unknown[];

  /** @param roots the value of every document; changed in place by commands */
  constructor(roots: unknown[], part: number) {
    this.roots = roots;
    this.part = part;
  }

  /** The drafts of all documents that hold workflows, this one among them. */
  workflows(): Draft[] {
    return this.roots.map((_, part) => (part === this.part ? this : new Draft(this.roots, part))).filter((draft) => KINDS.has(draft.kind));
  }

  get kind(): string {
    const root = this.roots[this.part];
    return isJson(root) && typeof root.kind === 'string' ? root.kind : '';
  }

  get specPath(): Path {
    if (!KINDS.has(this.kind)) throw new Refusal(this.kind === '' ? 'This document is no workflow: it has no kind.' : `A ${this.kind} has no templates.`);
    return this.kind === 'CronWorkflow' ? ['spec', 'workflowSpec'] : ['spec'];
  }

  get(path: Path): unknown {
    return getAt(this.roots[this.part], path);
  }

  /** Sets a value, making what is missing on the way; undefined takes it away. */
  set(path: Path, value: unknown): void {
    this.roots[this.part] = setAt(this.roots[this.part], path, value, this.kind, []);
  }

  insert(path: Path, index: number, ...items: readonly unknown[]): void {
    const list = this.list(path);
    this.set(path, [...list.slice(0, index), ...items, ...list.slice(index)]);
  }

  list(path: Path): readonly unknown[] {
    const value = this.get(path);
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as unknown[];
    throw new Refusal(`${words(path)} is not a list; mend it in the text first.`);
  }

  object(path: Path): Json {
    const value = this.get(path);
    if (value === undefined || value === null) return {};
    if (isJson(value)) return value;
    throw new Refusal(`${words(path)} is not a map; mend it in the text first.`);
  }

  /** Lets a change of tasks work on a task that stands nowhere yet. @returns the task changed */
  scratch(task: Json, change: (task: TaskAt) => void): Json {
    const before = this.roots[this.part];
    this.roots[this.part] = { task };
    change({ name: textOf(task.name), value: task, path: ['task'] });
    const changed = this.get(['task']);
    this.roots[this.part] = before;
    return isJson(changed) ? changed : task;
  }

  templates(): TemplateAt[] {
    const path = [...this.specPath, 'templates'];
    return this.list(path).flatMap((value, index) => (isJson(value) ? [{ name: textOf(value.name), value, path: [...path, index] }] : []));
  }

  findTemplate(name: string): TemplateAt | undefined {
    return this.templates().find((template) => template.name === name);
  }

  /** A template that has a name of its own: others can call it. */
  namedTemplate(name: string): TemplateAt {
    const found = this.findTemplate(name);
    if (!found) throw new Refusal(name.includes('/') ? `${name} is an inline template: make it a template of its own first.` : `There is no template ${name} here.`);
    return found;
  }

  /** @param way a template's name, or the way to an inline one: `main/fetch` is that of the task fetch of main */
  template(way: string): TemplateAt {
    const found = this.findTemplate(way) ?? this.everyTemplate().find((template) => template.name === way);
    if (!found) throw new Refusal(`There is no template ${way} here.`);
    return found;
  }

  /** All templates, and those that are written inside tasks. */
  everyTemplate(): TemplateAt[] {
    return this.templates().flatMap((template) => this.withInline(template));
  }

  private withInline(template: TemplateAt): TemplateAt[] {
    const inner = this.tasks(template).flatMap(({ name, value, path }) => (isJson(value.inline) ? this.withInline({ name: wayInto(template.name, name), value: value.inline, path: [...path, 'inline'] }) : []));
    return [template, ...inner];
  }

  /** Tasks of a dag, or steps in the order of their rows. */
  tasks(template: TemplateAt): TaskAt[] {
    const dag = template.value.dag;
    if (isJson(dag)) return taskList(this.list([...template.path, 'dag', 'tasks']), [...template.path, 'dag', 'tasks']);
    const path = [...template.path, 'steps'];
    return this.list(path).flatMap((row, index) => (Array.isArray(row) ? taskList(row, [...path, index]) : []));
  }

  findTask(template: TemplateAt, ref: TaskRef): TaskAt | undefined {
    if (typeof ref === 'string') return this.tasks(template).find((task) => task.name === ref);
    const path = [...template.path, 'steps', ref[0], ref[1]];
    const value = this.get(path);
    return isJson(value) ? { name: textOf(value.name), value, path } : undefined;
  }

  task(template: TemplateAt, ref: TaskRef): TaskAt {
    const found = this.findTask(template, ref);
    if (!found) throw new Refusal(`${template.name} has no step ${typeof ref === 'string' ? ref : `${ref[0] + 1}.${ref[1] + 1}`}.`);
    return found;
  }
}

/** @returns the way to the inline template of a task */
export function wayInto(template: string, task: string): string {
  return `${template}/${task}`;
}

function taskList(list: readonly unknown[], path: Path): TaskAt[] {
  return list.flatMap((value, index) => (isJson(value) ? [{ name: textOf(value.name), value, path: [...path, index] }] : []));
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** @returns `base`, or `base-2`, `base-3`… where that is taken */
export function freeName(base: string, taken: Iterable<string>): string {
  const names = new Set(taken);
  if (!names.has(base)) return base;
  const stem = base.replace(/-\d+$/, '');
  let number = 2;
  while (names.has(`${stem}-${number}`)) number++;
  return `${stem}-${number}`;
}

function words(path: Path): string {
  return path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join('.').replaceAll('.[', '[');
}

function getAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function setAt(root: unknown, path: Path, value: unknown, kind: string, above: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (root !== undefined && root !== null && typeof root !== 'object') throw new Refusal(`${words(above)} is no place for ${step}: it is ${JSON.stringify(root)}.`);
  if (typeof step === 'number') return setItem(root, step, rest, value, kind, above);
  if (Array.isArray(root)) throw new Refusal(`${words(above)} is a list; it has no ${step}.`);
  const object = (root ?? {}) as Json;
  const old = Object.hasOwn(object, step) ? object[step] : undefined;
  if (value === undefined && old === undefined && !Object.hasOwn(object, step)) return root;
  const next = setAt(old, rest, value, kind, [...above, step]);
  if (next === undefined) return withoutKeys(object, [step]);
  return Object.is(next, old) && Object.hasOwn(object, step) ? root : withKey(object, step, next, kind, above);
}

/** @returns the object without these keys, known to be made of it */
export function withoutKeys(object: Json, keys: readonly string[]): Json {
  return derive(object, Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))));
}

function setItem(root: unknown, index: number, rest: Path, value: unknown, kind: string, above: Path): unknown {
  if (root !== undefined && root !== null && !Array.isArray(root)) throw new Refusal(`${words(above)} is not a list.`);
  const list = (root ?? []) as unknown[];
  if (index > list.length || index < 0) throw new Refusal(`${words(above)} has no item ${index + 1}.`);
  const next = setAt(list[index], rest, value, kind, [...above, index]);
  if (next === undefined) return list.filter((_, at) => at !== index);
  return Object.is(next, list[index]) ? root : [...list.slice(0, index), next, ...list.slice(index + 1)];
}
