/** The names a text gives: its objects, their templates, the steps and tasks of those, parameters and artifacts, each with where it is written. */
import type { Path } from '../../../engine/spec/yaml.ts';
import { readTree } from './tree.ts';
import type { ListNode, MapNode, Node, ScalarNode, Tree, TreeDocument } from './tree.ts';

export interface Named {
  name: string;
  /** Where the name is written. */
  node: ScalarNode;
  map: MapNode;
}

/** Parameters and artifacts of inputs, outputs or arguments. */
export interface Ports {
  parameters: Named[];
  artifacts: Named[];
}

/** A step, a task or a hook: what calls a template. */
export interface Call {
  name: string;
  node: ScalarNode | undefined;
  map: MapNode;
  path: Path;
  /** Row of a step. */
  row: number;
  template: ScalarNode | undefined;
  ref: { name: ScalarNode | undefined; template: ScalarNode | undefined; cluster: boolean } | undefined;
  inline: TemplateNames | undefined;
  arguments: Ports;
  /** What it waits for, by name: `dependencies` and `depends` of a task. */
  needs: string[];
  loops: boolean;
}

export interface TemplateNames {
  name: string;
  node: ScalarNode | undefined;
  map: MapNode;
  path: Path;
  /** The field that says what it runs: container, dag, … */
  type: TemplateType | undefined;
  /** Steps in their order, or tasks. */
  calls: Call[];
  inputs: Ports;
  outputs: Ports;
}

export interface ObjectNames {
  /** Index of its document in the text. */
  index: number;
  document: TreeDocument;
  kind: string;
  name: string;
  node: ScalarNode | undefined;
  root: MapNode;
  spec: MapNode | undefined;
  /** ['spec'], or ['spec', 'workflowSpec']. */
  specPath: Path;
  templates: TemplateNames[];
  arguments: Ports;
}

export const TEMPLATE_TYPES = ['steps', 'dag', 'container', 'script', 'containerSet', 'resource', 'suspend', 'data', 'http', 'plugin'] as const;
type TemplateType = (typeof TEMPLATE_TYPES)[number];

/** A text of the folder or the cluster, by name. */
export interface TextFile {
  file: string;
  text: string;
  /** An object of the cluster: what is written here under its name stands before it. */
  cluster?: boolean;
}

/** A text with the names in it. */
export interface NamedFile {
  file: string;
  tree: Tree;
  objects: ObjectNames[];
  cluster?: boolean;
}

export function readFile({ file, text, cluster = false }: TextFile): NamedFile {
  const tree = readTree(text);
  return { file, tree, objects: readNames(tree), cluster };
}

/** @returns the objects of a text that are of Argo's kinds; a document without a kind counts when it has a spec */
export function readNames(tree: Tree): ObjectNames[] {
  return tree.documents.flatMap((document, index) => {
    const { root } = document;
    if (root?.kind !== 'map') return [];
    const look = new Look(document);
    const kind = look.text(root, 'kind') ?? 'Workflow';
    const metadata = look.map(root, 'metadata');
    const node = metadata && (look.scalar(metadata, 'name') ?? look.scalar(metadata, 'generateName'));
    const outer = look.map(root, 'spec');
    const specPath = kind === 'CronWorkflow' ? ['spec', 'workflowSpec'] : ['spec'];
    const spec = kind === 'CronWorkflow' && outer ? look.map(outer, 'workflowSpec') : outer;
    const templates = spec ? look.maps(spec, 'templates').map(({ map, index: i }) => look.template(map, [...specPath, 'templates', i])) : [];
    return [{ index, document, kind, name: node?.text ?? '', node, root, spec, specPath, templates, arguments: look.ports(spec && look.map(spec, 'arguments')) }];
  });
}

/** Fields of a document's nodes; `*alias` and `<<` are followed. */
export class Look {
  private readonly document: TreeDocument;

  constructor(document: TreeDocument) {
    this.document = document;
  }

  node(map: MapNode, key: string, depth = 0): Node | undefined {
    const entry = map.entries.findLast((each) => each.key.text === key);
    if (entry) return this.follow(entry.value);
    const merged = depth < 8 ? this.follow(map.entries.find((each) => each.key.text === '<<')?.value) : undefined;
    const sources = merged?.kind === 'list' ? merged.items.map((item) => this.follow(item.value)) : [merged];
    for (const source of sources) {
      const found = source?.kind === 'map' ? this.node(source, key, depth + 1) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  private follow(node: Node | undefined): Node | undefined {
    return node?.kind === 'scalar' && node.style === 'alias' ? (this.document.anchors.get(node.text) ?? node) : node;
  }

  map(map: MapNode, key: string): MapNode | undefined {
    const node = this.node(map, key);
    return node?.kind === 'map' ? node : undefined;
  }

  scalar(map: MapNode, key: string): ScalarNode | undefined {
    const node = this.node(map, key);
    return node?.kind === 'scalar' ? node : undefined;
  }

  text(map: MapNode, key: string): string | undefined {
    return this.scalar(map, key)?.text;
  }

  list(map: MapNode, key: string): ListNode | undefined {
    const node = this.node(map, key);
    return node?.kind === 'list' ? node : undefined;
  }

  maps(map: MapNode, key: string): { map: MapNode; index: number }[] {
    return (this.list(map, key)?.items ?? []).flatMap(({ value }, index) => {
      const item = this.follow(value);
      return item?.kind === 'map' ? [{ map: item, index }] : [];
    });
  }

  ports(map: MapNode | undefined): Ports {
    const named = (key: string): Named[] => (map ? this.maps(map, key) : []).flatMap(({ map: item }) => {
      const node = this.scalar(item, 'name');
      return node ? [{ name: node.text, node, map: item }] : [];
    });
    return { parameters: named('parameters'), artifacts: named('artifacts') };
  }

  template(map: MapNode, path: Path, depth = 0): TemplateNames {
    const node = this.scalar(map, 'name');
    const type = TEMPLATE_TYPES.find((field) => map.entries.some((entry) => entry.key.text === field));
    return {
      name: node?.text ?? '', node, map, path, type, calls: depth > 20 ? [] : this.calls(map, path, depth),
      inputs: this.ports(this.map(map, 'inputs')), outputs: this.ports(this.map(map, 'outputs')),
    };
  }

  private calls(map: MapNode, path: Path, depth: number): Call[] {
    const dag = this.map(map, 'dag');
    const tasks = dag ? this.maps(dag, 'tasks').map(({ map: task, index }) => this.call(task, [...path, 'dag', 'tasks', index], -1, depth)) : [];
    const rows = (this.list(map, 'steps')?.items ?? []).flatMap(({ value }, row) => {
      const items = value?.kind === 'list' ? value.items : [];
      return items.flatMap(({ value: step }, i) => (step?.kind === 'map' ? [this.call(step, [...path, 'steps', row, i], row, depth)] : []));
    });
    return [...tasks, ...rows];
  }

  call(map: MapNode, path: Path, row: number, depth = 0): Call {
    const node = this.scalar(map, 'name');
    const ref = this.map(map, 'templateRef');
    const inline = this.map(map, 'inline');
    return {
      name: node?.text ?? '', node, map, path, row, template: this.scalar(map, 'template'),
      ref: ref && { name: this.scalar(ref, 'name'), template: this.scalar(ref, 'template'), cluster: this.text(ref, 'clusterScope') === 'true' },
      inline: inline && this.template(inline, [...path, 'inline'], depth + 1), arguments: this.ports(this.map(map, 'arguments')),
      needs: this.needs(map), loops: map.entries.some((entry) => /^with(?:Items|Param|Sequence)$/.test(entry.key.text)),
    };
  }

  private needs(map: MapNode): string[] {
    const listed = (this.list(map, 'dependencies')?.items ?? []).flatMap(({ value }) => (value?.kind === 'scalar' ? [value.text] : []));
    const depends = this.text(map, 'depends') ?? '';
    return [...listed, ...[...depends.matchAll(TASK_IN_DEPENDS)].map((match) => match[0].split('.')[0] ?? '')];
  }
}

/** A task in `depends`, with the result that is asked for. */
export const TASK_IN_DEPENDS = /[a-zA-Z0-9][-a-zA-Z0-9]*(?:\.[A-Za-z]*)?/g;

/** Every template, those written inline in calls among them. */
export function allTemplates(object: ObjectNames): TemplateNames[] {
  const inside = (template: TemplateNames): TemplateNames[] => [template, ...template.calls.flatMap((call) => (call.inline ? inside(call.inline) : []))];
  return object.templates.flatMap(inside);
}

/** The innermost template and call that hold a path. */
export function scopeOf(object: ObjectNames, path: Path): { template: TemplateNames | undefined; call: Call | undefined } {
  let template = object.templates.find((each) => startsWith(path, each.path));
  for (;;) {
    const call: Call | undefined = template?.calls.find((each) => startsWith(path, each.path));
    if (!call?.inline || !startsWith(path, call.inline.path)) return { template, call };
    template = call.inline;
  }
}

export function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((step, i) => step === path[i]);
}

/** What a call runs. */
export interface Callee {
  file: NamedFile;
  object: ObjectNames;
  template: TemplateNames;
}

/** The open file first, then the folder's and the cluster's. */
export interface Workspace {
  main: NamedFile;
  others: readonly NamedFile[];
}

/** @returns the WorkflowTemplate or ClusterWorkflowTemplate of a name */
export function findStored(workspace: Workspace, name: string, cluster: boolean): { file: NamedFile; object: ObjectNames } | undefined {
  const kind = cluster ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
  for (const file of [workspace.main, ...workspace.others]) {
    const object = file.objects.find((each) => each.kind === kind && each.name === name);
    if (object) return { file, object };
  }
  return undefined;
}

/** @returns the template that a call of `object` runs, when the workspace has it */
export function findCallee(workspace: Workspace, file: NamedFile, object: ObjectNames, call: Call): Callee | undefined {
  if (call.inline) return { file, object, template: call.inline };
  if (call.ref) {
    const stored = findStored(workspace, call.ref.name?.text ?? '', call.ref.cluster);
    const template = stored?.object.templates.find((each) => each.name === call.ref?.template?.text);
    return stored && template && { ...stored, template };
  }
  const template = object.templates.find((each) => each.name === call.template?.text);
  return template && { file, object, template };
}
