/** What the canvas shows of one template: its tasks or rows of steps, how they hang together, and what each is. */
import type { DAGTask, Template, TemplateCall } from '../../engine/spec/types.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import type { StepKind } from './model.ts';
import type { DrawnObject, PlacedTemplate } from './objects.ts';
import { templateOf } from './objects.ts';
import { staticCount, templateKind } from './projection.ts';

/** How a template arranges what it calls. `leaf`: it calls nothing. */
export type Grammar = 'dag' | 'steps' | 'leaf';

export interface Badge {
  text: string;
  /** The whole of what it stands for. */
  title: string;
}

export interface SketchNode {
  /** The task's name; with a number behind it where a file says a name twice. */
  id: string;
  name: string;
  path: Path;
  shape: 'task' | 'hook';
  kind: StepKind;
  /** Second line: what it runs. */
  line: string;
  badges: Badge[];
  /** Row of a step, and its place in it. */
  row?: number;
  column?: number;
  /** What opens below it: a template of this object, an inline one, or one of another object. */
  opens?: { template: string } | { inline: true } | { ref: { name: string; template: string; cluster: boolean } };
  /** It calls a template that is already on the way here: drawn as a reference. */
  recursive: boolean;
  /** Names of what its template gives and takes, as `parameters.x`, `artifacts.y`, `result`. */
  outputs: string[];
  inputs: string[];
  /** For a hook: the id of what it hangs on; none for a hook of the workflow. */
  owner?: string;
}

export interface SketchEdge {
  id: string;
  source: string;
  target: string;
  /** Results that `depends` names, as `Succeeded`; none: any good end. */
  results: string[];
  hook?: boolean;
}

export interface Sketch {
  grammar: Grammar;
  nodes: SketchNode[];
  edges: SketchEdge[];
  /** For steps: how many rows there are, empty ones too. */
  rows: number;
}

export const EMPTY_SKETCH: Sketch = { grammar: 'leaf', nodes: [], edges: [], rows: 0 };

export function grammarOf(template: Template): Grammar {
  return template.dag ? 'dag' : template.steps ? 'steps' : 'leaf';
}

/**
 * @param trail names of the templates on the way to this one, itself included
 * @param outside looks up templates of other objects; undefined when they are not known
 */
export function sketch(object: DrawnObject, { template, path }: PlacedTemplate, trail: readonly string[], outside?: (ref: NonNullable<TemplateCall['templateRef']>) => Template | undefined): Sketch {
  const drawing = new Drawing(object, trail, outside);
  const grammar = grammarOf(template);
  if (template.dag) drawing.dag(template.dag.tasks, [...path, 'dag', 'tasks']);
  else if (template.steps) drawing.steps(template.steps, [...path, 'steps']);
  else drawing.leaf(template, path);
  if (trail.length <= 1) drawing.workflowHooks();
  return { grammar, nodes: drawing.nodes, edges: drawing.edges, rows: template.steps?.length ?? 0 };
}

class Drawing {
  readonly nodes: SketchNode[] = [];
  readonly edges: SketchEdge[] = [];
  private readonly ids = new Set<string>();
  private readonly object: DrawnObject;
  private readonly trail: readonly string[];
  private readonly outside: ((ref: NonNullable<TemplateCall['templateRef']>) => Template | undefined) | undefined;

  constructor(object: DrawnObject, trail: readonly string[], outside: Drawing['outside']) {
    this.object = object;
    this.trail = trail;
    this.outside = outside;
  }

  dag(tasks: readonly DAGTask[], path: Path): void {
    const byName = new Map<string, string>();
    tasks.forEach((task, i) => {
      const node = this.task(task, [...path, i], task.name ?? '');
      if (!byName.has(node.name)) byName.set(node.name, node.id);
    });
    tasks.forEach((task, i) => {
      const target = this.nodeAt([...path, i]);
      if (target) this.needs(task, target, byName);
    });
    tasks.forEach((task, i) => { this.hooks(task, [...path, i]); });
  }

  private needs(task: DAGTask, target: SketchNode, byName: ReadonlyMap<string, string>): void {
    for (const [name, results] of resultsNeeded(task)) {
      const source = byName.get(name);
      if (source !== undefined) this.edges.push({ id: `${source}>${target.id}`, source, target: target.id, results });
    }
  }

  steps(rows: readonly (readonly TemplateCall[])[], path: Path): void {
    rows.forEach((row, r) => {
      row.forEach((step, c) => {
        const node = this.task(step, [...path, r, c], step.name ?? '');
        node.row = r;
        node.column = c;
      });
    });
    rows.forEach((row, r) => { row.forEach((step, c) => { this.hooks(step, [...path, r, c]); }); });
  }

  leaf(template: Template, path: Path): void {
    const name = template.name ?? '';
    this.nodes.push({
      id: this.unique(name), name, path, shape: 'task', kind: templateKind(template), line: templateLine(template), badges: templateBadges(template), recursive: false,
      outputs: outputsOf(template), inputs: inputsOf(template),
    });
  }

  /** What runs beside the plan of the whole workflow. */
  workflowHooks(): void {
    const { spec, specPath } = this.object;
    if (spec.onExit !== undefined) this.hook('on exit', { template: spec.onExit }, [...specPath, 'onExit'], undefined);
    for (const [name, hook] of Object.entries(spec.hooks ?? {})) this.hook(name, hook, [...specPath, 'hooks', name], undefined);
  }

  private hooks(call: TemplateCall, path: Path): void {
    const owner = this.nodeAt(path);
    if (!owner) return;
    if (call.onExit !== undefined) this.hook('on exit', { template: call.onExit }, [...path, 'onExit'], owner.id);
    for (const [name, hook] of Object.entries(call.hooks ?? {})) this.hook(name, hook, [...path, 'hooks', name], owner.id);
  }

  private hook(name: string, call: TemplateCall & { expression?: string }, path: Path, owner: string | undefined): void {
    const node = this.make(call, path, `${owner ?? ''}#${name}`, name);
    const badges = call.expression === undefined ? node.badges : [{ text: 'when', title: call.expression }, ...node.badges];
    this.nodes.push({ ...node, name, shape: 'hook', badges, ...(owner === undefined ? {} : { owner }) });
    if (owner !== undefined) this.edges.push({ id: `${owner}>${node.id}`, source: owner, target: node.id, results: [], hook: true });
  }

  private task(call: TemplateCall, path: Path, name: string): SketchNode {
    const node = this.make(call, path, name, name);
    this.nodes.push(node);
    return node;
  }

  private make(call: TemplateCall, path: Path, id: string, name: string): SketchNode {
    const ref = call.templateRef;
    const template = call.inline ?? (ref ? this.outside?.(ref) : templateOf(this.object, call.template)?.template);
    const recursive = call.template !== undefined && !ref && this.trail.includes(call.template);
    return {
      id: this.unique(id === '' ? 'unnamed' : id), name, path, shape: 'task', recursive,
      kind: template ? templateKind(template) : ref ? 'template' : 'unknown', line: callLine(call, template),
      badges: [...callBadges(call), ...(template ? templateBadges(template) : []), ...(recursive ? [{ text: 'again', title: `Calls ${call.template ?? ''}, which is open above` }] : [])],
      outputs: template ? outputsOf(template) : [], inputs: template ? inputsOf(template) : [], ...opens(call, template),
    };
  }

  private unique(wanted: string): string {
    let id = wanted;
    for (let n = 2; this.ids.has(id); n++) id = `${wanted} ${n}`;
    this.ids.add(id);
    return id;
  }

  private nodeAt(path: Path): SketchNode | undefined {
    const wanted = path.join('/');
    return this.byPath.get(wanted) ?? this.index(wanted);
  }

  private readonly byPath = new Map<string, SketchNode>();
  private index(wanted: string): SketchNode | undefined {
    for (const node of this.nodes) this.byPath.set(node.path.join('/'), node);
    return this.byPath.get(wanted);
  }
}

/** What a task waits for, with every result its `depends` names. */
function resultsNeeded(task: DAGTask): Map<string, string[]> {
  const found = new Map<string, string[]>();
  if (task.dependencies?.length) for (const name of task.dependencies) found.set(name, []);
  else {
    for (const { 0: match } of (task.depends ?? '').matchAll(/[A-Za-z0-9_][-A-Za-z0-9_]*(?:\.[A-Za-z]+)?/g)) {
      const [name = '', result] = match.split('.');
      const results = found.get(name) ?? [];
      if (result !== undefined && !results.includes(result)) results.push(result);
      found.set(name, results);
    }
  }
  return found;
}

function opens(call: TemplateCall, template: Template | undefined): Pick<SketchNode, 'opens'> {
  if (call.inline) return { opens: { inline: true } };
  if (call.templateRef) {
    const { name = '', template: inner = '', clusterScope = false } = call.templateRef;
    return { opens: { ref: { name, template: inner, cluster: clusterScope } } };
  }
  return template && call.template !== undefined ? { opens: { template: call.template } } : {};
}

function callLine(call: TemplateCall, template: Template | undefined): string {
  if (call.templateRef) return `${call.templateRef.name ?? ''} · ${call.templateRef.template ?? ''}`;
  if (call.inline) return `${templateKind(call.inline)}, inline`;
  if (!template) return call.template === undefined ? 'calls no template' : `no template ${call.template}`;
  return call.template === call.name ? templateKind(template) : `${templateKind(template)} · ${call.template ?? ''}`;
}

function templateLine(template: Template): string {
  const kind = templateKind(template);
  const image = template.container?.image ?? template.script?.image;
  return image === undefined ? kind : `${kind} · ${image}`;
}

function callBadges(call: TemplateCall): Badge[] {
  const badges: Badge[] = [];
  const { withItems, withParam, withSequence, when, continueOn } = call;
  const count = Array.isArray(withItems) ? withItems.length : staticCount(withSequence);
  if (withItems ?? withParam ?? withSequence) badges.push({ text: `loop ×${count?.toLocaleString('en') ?? '?'}`, title: withParam === undefined ? 'Runs once for each item' : `Runs once for each item of ${withParam}` });
  if (when !== undefined) badges.push({ text: 'when', title: `Runs only when ${when}` });
  if (continueOn?.failed === true || continueOn?.error === true) badges.push({ text: 'may fail', title: 'What follows goes on when it fails' });
  return badges;
}

function templateBadges(template: Template): Badge[] {
  const badges: Badge[] = [];
  const { retryStrategy: retry, synchronization, timeout, activeDeadlineSeconds: deadline, memoize, daemon } = template;
  if (retry) badges.push({ text: `retry ${retry.limit ?? '∞'}`, title: `Tried again ${retry.limit ?? 'without end'}${retry.retryPolicy === undefined ? '' : `, ${retry.retryPolicy}`}` });
  if (synchronization) badges.push({ text: 'lock', title: 'Waits for a mutex or semaphore' });
  if (timeout ?? deadline) badges.push({ text: timeout ?? `${deadline ?? ''} s`, title: `Ended after ${timeout ?? `${deadline ?? ''} s`}` });
  if (memoize) badges.push({ text: 'memo', title: `Remembers its outputs under ${memoize.key}` });
  if (daemon === true) badges.push({ text: 'daemon', title: 'Goes on while the rest runs' });
  return badges;
}

function outputsOf(template: Template): string[] {
  const { outputs } = template;
  return [
    ...(template.script ?? template.container ?? template.http ? ['result'] : []),
    ...(outputs?.parameters ?? []).map((each) => `parameters.${each.name}`), ...(outputs?.artifacts ?? []).map((each) => `artifacts.${each.name}`),
  ];
}

function inputsOf(template: Template): string[] {
  return [...(template.inputs?.parameters ?? []).map((each) => `parameters.${each.name}`), ...(template.inputs?.artifacts ?? []).map((each) => `artifacts.${each.name}`)];
}
