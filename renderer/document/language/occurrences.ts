/** Every place of a file where a name is given or spoken of: what definitions, references, renaming and marks are made of. */
import { findCallee, findStored, Look, TASK_IN_DEPENDS } from './names.ts';
import type { Call, NamedFile, ObjectNames, TemplateNames, Workspace } from './names.ts';
import type { Node, ScalarNode } from './tree.ts';

type PortSort = 'parameters' | 'artifacts';

/** What a name names. */
export type NameSymbol =
  | { kind: 'object'; object: ObjectNames; name: string }
  | { kind: 'template'; object: ObjectNames; name: string }
  | { kind: 'task'; object: ObjectNames; template: TemplateNames; name: string }
  | { kind: 'port'; object: ObjectNames; template: TemplateNames; direction: 'inputs' | 'outputs'; sort: PortSort; name: string }
  | { kind: 'argument'; object: ObjectNames; sort: PortSort; name: string };

export interface Occurrence {
  /** The same for all occurrences of one name, in all files. */
  key: string;
  symbol: NameSymbol;
  start: number;
  end: number;
  /** The name is given here. */
  definition: boolean;
}

/** @returns the occurrences in one file of the workspace, in no order */
export function occurrencesIn(workspace: Workspace, file: NamedFile): Occurrence[] {
  return new Collector({ main: file, others: [workspace.main, ...workspace.others].filter((each) => each !== file) }).collect();
}

/** @returns the occurrence that an offset touches */
export function occurrenceAt(occurrences: readonly Occurrence[], offset: number): Occurrence | undefined {
  return occurrences.filter((each) => offset >= each.start && offset <= each.end).sort((a, b) => a.end - a.start - (b.end - b.start))[0];
}

class Collector {
  private readonly workspace: Workspace;
  private readonly found: Occurrence[] = [];

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  collect(): Occurrence[] {
    for (const object of this.workspace.main.objects) this.object(object);
    return this.found;
  }

  private object(object: ObjectNames): void {
    const look = new Look(object.document);
    if (object.node) this.whole(object.node, this.idOf(this.workspace.main, object), { kind: 'object', object, name: object.name }, true);
    for (const sort of ['parameters', 'artifacts'] as const) {
      for (const { name, node } of object.arguments[sort]) this.whole(node, this.argumentKey(object, sort, name), { kind: 'argument', object, sort, name }, true);
    }
    if (object.spec) {
      const ref = look.map(object.spec, 'workflowTemplateRef');
      const stored = ref && this.storedName(look.scalar(ref, 'name'), look.text(ref, 'clusterScope') === 'true');
      for (const field of ['entrypoint', 'onExit']) this.templateName(look.scalar(object.spec, field), stored ?? { file: this.workspace.main, object });
      this.hooks(object, look.map(object.spec, 'hooks'));
      // Fields beside the templates speak of the run's own parameters only.
      for (const entry of object.spec.entries) if (entry.key.text !== 'templates' && entry.value) this.tags(entry.value, object, undefined);
    }
    for (const template of object.templates) this.template(object, template);
  }

  private template(object: ObjectNames, template: TemplateNames): void {
    if (template.node && template.name !== '') this.whole(template.node, this.templateKey(this.workspace.main, object, template), { kind: 'template', object, name: template.name }, true);
    for (const direction of ['inputs', 'outputs'] as const) {
      for (const sort of ['parameters', 'artifacts'] as const) {
        for (const { name, node } of template[direction][sort]) this.whole(node, this.portKey(this.workspace.main, object, template, `${direction}|${sort}|${name}`), { kind: 'port', object, template, direction, sort, name }, true);
      }
    }
    for (const call of template.calls) this.call(object, template, call);
    this.target(object, template);
    this.tags(template.map, object, template);
  }

  private call(object: ObjectNames, template: TemplateNames, call: Call): void {
    if (call.node) this.whole(call.node, this.taskKey(object, template, call.name), { kind: 'task', object, template, name: call.name }, true);
    this.callee(object, call);
    const look = new Look(object.document);
    for (const { value } of look.list(call.map, 'dependencies')?.items ?? []) if (value?.kind === 'scalar') this.task(value.inner.start, value.text, object, template);
    const depends = look.scalar(call.map, 'depends');
    if (depends) for (const match of this.sliceOf(depends).matchAll(TASK_IN_DEPENDS)) this.task(depends.inner.start + match.index, match[0].split('.')[0] ?? '', object, template);
    this.templateName(look.scalar(call.map, 'onExit'), { file: this.workspace.main, object });
    this.hooks(object, look.map(call.map, 'hooks'));
    if (call.inline) this.template(object, call.inline);
  }

  private hooks(object: ObjectNames, hooks: Node | undefined): void {
    if (hooks?.kind !== 'map') return;
    const look = new Look(object.document);
    for (const { value } of hooks.entries) if (value?.kind === 'map') this.callee(object, look.call(value, [], -1));
  }

  /** The names by which a call says what it runs, and those of the arguments it gives. */
  private callee(object: ObjectNames, call: Call): void {
    const { main } = this.workspace;
    this.templateName(call.template, { file: main, object });
    const stored = call.ref && this.storedName(call.ref.name, call.ref.cluster);
    if (stored) this.templateName(call.ref?.template, stored);
    const callee = findCallee(this.workspace, main, object, call);
    if (!callee) return;
    for (const sort of ['parameters', 'artifacts'] as const) {
      for (const { name, node } of call.arguments[sort]) {
        if (!callee.template.inputs[sort].some((port) => port.name === name)) continue;
        this.whole(node, this.portKey(callee.file, callee.object, callee.template, `inputs|${sort}|${name}`), { kind: 'port', object: callee.object, template: callee.template, direction: 'inputs', sort, name }, false);
      }
    }
  }

  private storedName(node: ScalarNode | undefined, cluster: boolean): { file: NamedFile; object: ObjectNames } | undefined {
    const stored = node && findStored(this.workspace, node.text, cluster);
    if (node && stored) this.whole(node, this.idOf(stored.file, stored.object), { kind: 'object', object: stored.object, name: node.text }, false);
    return stored;
  }

  private templateName(node: ScalarNode | undefined, { file, object }: { file: NamedFile; object: ObjectNames }): void {
    const template = node && object.templates.find((each) => each.name === node.text);
    if (node && template) this.whole(node, this.templateKey(file, object, template), { kind: 'template', object, name: template.name }, false);
  }

  private task(start: number, name: string, object: ObjectNames, template: TemplateNames): void {
    if (template.calls.some((call) => call.name === name)) this.add(start, start + name.length, this.taskKey(object, template, name), { kind: 'task', object, template, name }, false);
  }

  private target(object: ObjectNames, template: TemplateNames): void {
    const look = new Look(object.document);
    const dag = look.map(template.map, 'dag');
    const target = dag && look.scalar(dag, 'target');
    if (target) for (const match of this.sliceOf(target).matchAll(/\S+/g)) this.task(target.inner.start + match.index, match[0], object, template);
  }

  /** Names in the tags and expressions below a node; inline templates look after their own. */
  private tags(node: Node, object: ObjectNames, template: TemplateNames | undefined, expression = false): void {
    if (node.kind === 'list') for (const { value } of node.items) { if (value) this.tags(value, object, template); }
    if (node.kind === 'map') {
      for (const entry of node.entries) {
        if (entry.value && !(entry.key.text === 'inline' && template)) this.tags(entry.value, object, template, entry.key.text === 'expression' || entry.key.text === 'fromExpression');
      }
    }
    if (node.kind !== 'scalar' || node.style === 'alias') return;
    const text = this.sliceOf(node);
    if (expression) this.chains(text, node.inner.start, object, template);
    if (!text.includes('{{')) return;
    for (const tag of text.matchAll(TAG)) {
      const start = node.inner.start + tag.index + 2;
      if (tag[1] === undefined) this.chains(tag[2] ?? '', start + 1, object, template);
      else this.segments(splitName(tag[1], start), object, template);
    }
  }

  private chains(text: string, start: number, object: ObjectNames, template: TemplateNames | undefined): void {
    for (const { segments } of chainsIn(text, start)) this.segments(segments, object, template);
  }

  private segments(parts: readonly Segment[], object: ObjectNames, template: TemplateNames | undefined): void {
    const [space, second, third] = parts;
    if (!space || !second) return;
    if (space.text === 'workflow' && third && isSort(second.text)) this.argument(third, second.text, object);
    if (!template) return;
    if ((space.text === 'inputs' || space.text === 'outputs') && third && isSort(second.text)) this.port(third, { file: this.workspace.main, object, template }, space.text, second.text);
    if (space.text === 'tasks' || space.text === 'steps') this.ofTask(parts, second, object, template);
  }

  private ofTask([, , third, fourth, fifth]: readonly Segment[], name: Segment, object: ObjectNames, template: TemplateNames): void {
    this.task(name.start, name.text, object, template);
    if (third?.text !== 'outputs' || !fifth || !fourth || !isSort(fourth.text)) return;
    const call = template.calls.find((each) => each.name === name.text);
    const callee = call && findCallee(this.workspace, this.workspace.main, object, call);
    if (callee) this.port(fifth, callee, 'outputs', fourth.text);
  }

  private argument(part: Segment, sort: PortSort, object: ObjectNames): void {
    if (object.arguments[sort].some(({ name }) => name === part.text)) this.add(part.start, part.start + part.text.length, this.argumentKey(object, sort, part.text), { kind: 'argument', object, sort, name: part.text }, false);
  }

  private port(part: Segment, { file, object, template }: { file: NamedFile; object: ObjectNames; template: TemplateNames }, direction: 'inputs' | 'outputs', sort: PortSort): void {
    if (!template[direction][sort].some(({ name }) => name === part.text)) return;
    this.add(part.start, part.start + part.text.length, this.portKey(file, object, template, `${direction}|${sort}|${part.text}`), { kind: 'port', object, template, direction, sort, name: part.text }, false);
  }

  private sliceOf(node: ScalarNode): string {
    return this.workspace.main.tree.text.slice(node.inner.start, node.inner.end);
  }

  private whole(node: ScalarNode, key: string, symbol: NameSymbol, definition: boolean): void {
    if (node.text !== '' && node.style !== 'alias') this.add(node.inner.start, node.inner.end, key, symbol, definition);
  }

  private add(start: number, end: number, key: string, symbol: NameSymbol, definition: boolean): void {
    this.found.push({ start, end, key, symbol, definition });
  }

  private idOf(file: NamedFile, object: ObjectNames): string {
    return /^(?:Cluster)?WorkflowTemplate$/.test(object.kind) ? `${object.kind}/${object.name}` : `${file.file}#${object.index}`;
  }

  private templateKey(file: NamedFile, object: ObjectNames, template: TemplateNames): string {
    const own = template.path.includes('inline') || template.name === '' ? `/${template.path.join('/')}` : template.name;
    return `${this.idOf(file, object)}|template|${own}`;
  }

  private taskKey(object: ObjectNames, template: TemplateNames, name: string): string {
    return `${this.templateKey(this.workspace.main, object, template)}|task|${name}`;
  }

  private portKey(file: NamedFile, object: ObjectNames, template: TemplateNames, rest: string): string {
    return `${this.templateKey(file, object, template)}|${rest}`;
  }

  private argumentKey(object: ObjectNames, sort: PortSort, name: string): string {
    return `${this.idOf(this.workspace.main, object)}|arguments|${sort}|${name}`;
  }
}

export interface Segment {
  text: string;
  start: number;
}

/** Names with their parts in an expression that begins at an offset: `first.second['third']`, each part with its place. */
export function chainsIn(text: string, start: number): { segments: Segment[]; end: number }[] {
  return [...text.matchAll(CHAIN)].map((chain) => ({
    end: start + chain.index + chain[0].length,
    segments: [...chain[0].matchAll(/[A-Za-z_$][\w$]*|'[^']*'|"[^"]*"/g)].map((part) => {
      const quoted = /^['"]/.test(part[0]);
      return { text: quoted ? part[0].slice(1, -1) : part[0], start: start + chain.index + part.index + (quoted ? 1 : 0) };
    }),
  }));
}

function isSort(text: string): text is PortSort {
  return text === 'parameters' || text === 'artifacts';
}

/** `{{ name }}`, or `{{=expression}}`. */
const TAG = /\{\{(?!=)([^{}]*)\}\}|\{\{=([\s\S]*?)\}\}/g;
/** `first.second['third']`, not behind a dot. */
const CHAIN = /(?<![\w$.'"])[A-Za-z_$][\w$]*(?:\s*\??\.\s*[A-Za-z_$][\w$]*|\s*\[\s*(?:'[^']*'|"[^"]*")\s*\])+/g;

function splitName(name: string, start: number): Segment[] {
  let at = start + (/^\s*/.exec(name)?.[0].length ?? 0);
  return name.trim().split('.').map((text) => {
    const segment = { text, start: at };
    at += text.length + 1;
    return segment;
  });
}
