/** Tasks taken out into a template of their own, and a template put back where it is called. */
import type { Path } from '../../engine/spec/yaml.ts';
import type { CommandOf } from './command.ts';
import { replaceInDepends } from './depends.ts';
import { freeName, Refusal, textOf, withoutKeys } from './draft.ts';
import type { Draft, Json, TaskAt, TemplateAt } from './draft.ts';
import { isAfter, waitsFor } from './edges.ts';
import { withKey } from './order.ts';
import { mapTexts, speaksOf } from './references.ts';
import { addTemplate, taskSpace, uniqueTasks } from './tasks.ts';
import { callersOf } from './templates.ts';

/** A simple tag, whole. */
const TAGS = /\{\{\s*([^{}=][^{}]*?)\s*\}\}/g;

export function extractTemplate(draft: Draft, command: CommandOf<'extractTemplate'>): Path {
  const template = draft.template(command.template);
  const chosen = uniqueTasks(draft, template, command.tasks);
  if (chosen.length === 0) throw new Refusal('Select what the new template is made of.');
  const space = taskSpace(template);
  const names = new Set(chosen.map((task) => task.name));
  const others = draft.tasks(template).filter((task) => !names.has(task.name));
  checkWhole(draft, template, chosen, others, space);
  const name = freeName(command.name, draft.templates().map((each) => each.name));
  const caller = freeName(name, others.map((task) => task.name));
  const inward = new Boundary(space, (reference) => reference[0] === 'inputs' || reference[0] === 'item' || (reference[0] === space && !names.has(reference[1] ?? '')));
  const inner = chosen.map((task) => inward.rewrite(task.value, (kind, input) => `inputs.${kind}s.${input}`) as Json);
  const outward = new Boundary(space, (reference) => reference[0] === space && names.has(reference[1] ?? ''));
  const give = (value: unknown): unknown => outward.rewrite(value, (kind, output) => `${space}.${caller}.outputs.${kind}s.${output}`);
  const outputsOfTemplate = give(template.value.outputs);
  const outer = others.map((task) => give(task.value) as Json);
  const call: Json = { name: caller, template: name, ...inward.asArguments() };
  const content = space === 'tasks' ? dagOf(draft, chosen, inner, names) : { steps: rowsOf(chosen, inner) };
  const added: Json & { name: string } = { name, ...inward.asInputs(), ...outward.asOutputs(), ...content };
  const at = space === 'tasks' ? replaceTasks(draft, template, chosen, others, outer, call) : replaceSteps(draft, template, chosen, others, outer, call);
  if (outputsOfTemplate !== template.value.outputs) draft.set([...template.path, 'outputs'], outputsOfTemplate);
  addTemplate(draft, added, Number(template.path[draft.specPath.length + 1]) + 1);
  return at;
}

/** What comes to stand together must be able to run as one. */
function checkWhole(draft: Draft, template: TemplateAt, chosen: readonly TaskAt[], others: readonly TaskAt[], space: string): void {
  const names = chosen.map((task) => task.name);
  for (const task of chosen) {
    if (task.name === '') throw new Refusal('A step without a name cannot be taken out; name it first.');
    if (speaksOf(task.value, ['item'])) if (task.value.withItems === undefined && task.value.withParam === undefined && task.value.withSequence === undefined) throw new Refusal(`${task.name} speaks of an item that is not its own.`);
  }
  if (space === 'steps') {
    const rows = [...new Set(chosen.map((task) => Number(task.path.at(-2))))];
    const whole = rows.every((row) => draft.list([...template.path, 'steps', row]).length === chosen.filter((task) => Number(task.path.at(-2)) === row).length);
    if (rows.length > 1 && (!whole || Math.max(...rows) - Math.min(...rows) !== rows.length - 1)) throw new Refusal('Select steps of one row, or whole rows that follow each other.');
    return;
  }
  const tasks = draft.tasks(template);
  for (const other of others) {
    const between = names.some((name) => isAfter(tasks, other.name, name)) && names.some((name) => isAfter(tasks, name, other.name));
    if (between) throw new Refusal(`${other.name} runs between the selected tasks: select it too.`);
    for (const name of names) {
      const depends = textOf(other.value.depends);
      if (replaceInDepends(depends, name, (result) => (result === undefined ? name : result === 'Succeeded' ? `${name}.Succeeded` : '')) !== depends) throw new Refusal(`${other.name} asks how ${name} ended; that cannot be seen from outside a template.`);
    }
  }
}

/** What a piece of a template takes from what is around it, or gives to it: each reference once, under a free name. */
class Boundary {
  private readonly crossing = new Map<string, { kind: 'parameter' | 'artifact'; name: string }>();
  private readonly space: string;
  private readonly crosses: (reference: readonly string[]) => boolean;

  constructor(space: string, crosses: (reference: readonly string[]) => boolean) {
    this.space = space;
    this.crosses = crosses;
  }

  /** Replaces the tags that cross. `item` stays with the loop it belongs to. */
  rewrite(value: unknown, write: (kind: 'parameter' | 'artifact', name: string) => string): unknown {
    return mapTexts(value, (text, key) => {
      if ((key === 'expression' || key === 'fromExpression' || text.includes('{{=')) && this.inExpression(text)) throw new Refusal('An expression here speaks of the other side; write it as a plain tag first.');
      return text.replace(TAGS, (whole, tag: string) => {
        const reference = tag.split('.');
        if (reference[0] === 'item' || !this.crosses(reference)) return whole;
        const { kind, name } = this.cross(tag, reference);
        return `{{${write(kind, name)}}}`;
      });
    });
  }

  private inExpression(text: string): boolean {
    return [...text.matchAll(/\b(inputs|tasks|steps)(?:\.([\w-]+)|\[\s*['"]([^'"]+)['"]\s*\])/g)].some(([, space = '', dotted, quoted]) => this.crosses([space, dotted ?? quoted ?? '']));
  }

  private cross(tag: string, reference: readonly string[]): { kind: 'parameter' | 'artifact'; name: string } {
    const known = this.crossing.get(tag);
    if (known) return known;
    const kind = reference.includes('artifacts') ? 'artifact' : 'parameter';
    const words = reference[0] === this.space ? reference.filter((word, index) => index === 1 || (index > 2 && word !== 'parameters' && word !== 'artifacts') || (index === 2 && word !== 'outputs')) : reference.slice(2);
    const name = freeName(words.join('-').replace(/[^\w-]/g, '-') || 'value', [...this.crossing.values()].map((each) => each.name));
    const made = { kind, name } as const;
    this.crossing.set(tag, made);
    return made;
  }

  private lists(write: (tag: string, kind: 'parameter' | 'artifact') => Json): Json {
    const of = (kind: 'parameter' | 'artifact'): Json[] => [...this.crossing].filter(([, each]) => each.kind === kind).map(([tag, each]) => ({ name: each.name, ...write(tag, kind) }));
    const [parameters, artifacts] = [of('parameter'), of('artifact')];
    return { ...(parameters.length > 0 ? { parameters } : {}), ...(artifacts.length > 0 ? { artifacts } : {}) };
  }

  asInputs(): Json {
    return this.crossing.size > 0 ? { inputs: this.lists(() => ({})) } : {};
  }

  asArguments(): Json {
    return this.crossing.size > 0 ? { arguments: this.lists((tag, kind) => (kind === 'artifact' ? { from: `{{${tag}}}` } : { value: `{{${tag}}}` })) } : {};
  }

  asOutputs(): Json {
    return this.crossing.size > 0 ? { outputs: this.lists((tag, kind) => (kind === 'artifact' ? { from: `{{${tag}}}` } : { valueFrom: { parameter: `{{${tag}}}` } })) } : {};
  }
}

/** The chosen tasks as a dag: what they waited for outside, their caller waits for. */
function dagOf(draft: Draft, chosen: readonly TaskAt[], inner: readonly Json[], names: ReadonlySet<string>): Json {
  const tasks = inner.map((value, index) => {
    const task = chosen[index];
    let changed = value;
    for (const name of task ? waitsFor(task) : []) if (!names.has(name)) changed = draft.scratch(changed, (each) => { dropFrom(draft, each, name); });
    return changed;
  });
  return { dag: { tasks } };
}

function dropFrom(draft: Draft, task: TaskAt, name: string): void {
  const list = draft.list([...task.path, 'dependencies']).filter((each) => each !== name);
  draft.set([...task.path, 'dependencies'], list.length > 0 ? list : undefined);
  const depends = textOf(task.value.depends);
  if (depends === '') return;
  const rest = depends.split(/\s*&&\s*/).filter((part) => part.split('.')[0] !== name);
  if (rest.length === depends.split(/\s*&&\s*/).length) throw new Refusal(`${task.name} waits for ${depends}, of which a part stays outside; simplify it first.`);
  draft.set([...task.path, 'depends'], rest.length > 0 ? rest.join(' && ') : undefined);
}

function rowsOf(chosen: readonly TaskAt[], inner: readonly Json[]): Json[][] {
  const rows = new Map<number, Json[]>();
  for (const [index, task] of chosen.entries()) {
    const row = Number(task.path.at(-2));
    const value = inner[index];
    if (value) rows.set(row, [...(rows.get(row) ?? []), value]);
  }
  return [...rows.values()];
}

function replaceTasks(draft: Draft, template: TemplateAt, chosen: readonly TaskAt[], others: readonly TaskAt[], outer: readonly Json[], call: Json): Path {
  const names = new Set(chosen.map((task) => task.name));
  const waits = [...new Set(chosen.flatMap(waitsFor))].filter((name) => !names.has(name));
  const usesDepends = draft.tasks(template).some((task) => textOf(task.value.depends) !== '');
  const conditions = new Set(chosen.flatMap((task) => textOf(task.value.depends).match(/[\w-]+\.[A-Z][A-Za-z]+/g) ?? []).filter((part) => waits.includes(part.split('.')[0] ?? '')));
  if (conditions.size > 0) throw new Refusal(`The selected tasks ask how ${[...conditions].join(', ')} ended; that cannot be seen from inside a template.`);
  const waiting = waits.length === 0 ? call : withKey(call, usesDepends ? 'depends' : 'dependencies', usesDepends ? waits.join(' && ') : waits, draft.kind, TASK_PATH);
  const rest = outer.map((value, index) => {
    const task = others[index];
    const inside = task ? waitsFor(task).filter((name) => names.has(name)) : [];
    return inside.length === 0 ? value : waitForCall(draft, value, inside, textOf(call.name));
  });
  const path = [...template.path, 'dag', 'tasks'];
  const index = others.filter((task) => Number(task.path.at(-1)) < Number(chosen[0]?.path.at(-1))).length;
  draft.set(path, [...rest.slice(0, index), waiting, ...rest.slice(index)]);
  return [...path, index];
}

const TASK_PATH = ['spec', 'templates', 0, 'dag', 'tasks', 0] as const;

/** Names the caller where tasks inside were named, once. */
function waitForCall(draft: Draft, value: Json, inside: readonly string[], caller: string): Json {
  return draft.scratch(value, (task) => {
    const list = draft.list([...task.path, 'dependencies']);
    const renamed = list.map((name) => (inside.includes(String(name)) ? caller : name));
    if (list.length > 0) draft.set([...task.path, 'dependencies'], [...new Set(renamed)]);
    let depends = textOf(task.value.depends);
    for (const name of inside) depends = replaceInDepends(depends, name, () => caller);
    const once = depends.includes('||') || depends.includes('!') ? depends : [...new Set(depends.split(/\s*&&\s*/))].join(' && ');
    if (depends !== '') draft.set([...task.path, 'depends'], once);
  });
}

function replaceSteps(draft: Draft, template: TemplateAt, chosen: readonly TaskAt[], others: readonly TaskAt[], outer: readonly Json[], call: Json): Path {
  const rows = draft.list([...template.path, 'steps']);
  const first = Number(chosen[0]?.path.at(-2));
  const next = rows.map((_, row) => {
    const here = others.flatMap((task, index) => (Number(task.path.at(-2)) === row ? [outer[index]] : []));
    return row === first ? [...here, call] : here;
  });
  const path = [...template.path, 'steps'];
  const kept = next.map((row, index) => (isUnchanged(row, rows[index]) ? rows[index] : row)).filter((row) => Array.isArray(row) && row.length > 0);
  draft.set(path, kept);
  return [...path, first, (next[first]?.length ?? 1) - 1];
}

function isUnchanged(row: readonly unknown[], old: unknown): boolean {
  return Array.isArray(old) && row.length === old.length && row.every((item, index) => Object.is(item, old[index]));
}

/** Writes a called template into the task that calls it. Its own copy goes when nothing else calls it. */
export function inlineTemplate(draft: Draft, command: CommandOf<'inlineTemplate'>): Path {
  const caller = draft.template(command.template);
  const task = draft.task(caller, command.task);
  const name = textOf(task.value.template);
  if (name === '') throw new Refusal(`${task.name} does not call a template of this document.`);
  if (name === caller.name) throw new Refusal(`${name} calls itself here.`);
  const called = draft.template(name);
  const inline = withoutKeys(called.value, ['name']);
  draft.set(task.path, withKey(withoutKeys(task.value, ['template']), 'inline', inline, draft.kind, TASK_PATH));
  if (callersOf(draft, name).length === 0) draft.set(draft.template(name).path, undefined);
  return [...task.path, 'inline'];
}
