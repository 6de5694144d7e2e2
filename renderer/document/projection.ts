/** The graph of a workflow: what its spec says will happen, joined with what its nodes say did. */
import type { DAGTask, NodeStatus, Template, TemplateCall, Workflow, WorkflowSpec } from '../../engine/spec/types.ts';
import { addCounts, isStep, phaseOf, total, worst } from './model.ts';
import type { Counts, GraphEdge, GraphModel, GraphNode, Phase, StepKind } from './model.ts';

export interface ProjectionOptions {
  /** Ids of graph nodes that the user folded or unfolded; what is not named follows the size. */
  folded?: ReadonlyMap<string, boolean>;
  /** Show every loop as one node, whatever its size. */
  byLoop?: boolean;
}

/** Loops with more items than this are one node until unfolded. */
const SMALL_LOOP = 6;
/** A nested template with more steps than this is one node until unfolded. */
const SMALL_GROUP = 30;
/** More edges than this between two rows meet in a point. */
const MANY_EDGES = 12;
/** The most planned steps drawn from the spec of one template: recursion and size end here. */
const MAX_PLANNED = 3000;

/** A drawn part of the graph: where it begins and ends. */
interface Part {
  entries: string[];
  exits: string[];
}

interface Call {
  call: TemplateCall;
  /** Name of the node in the run. */
  name: string;
  /** Title on the node. */
  title: string;
  path?: (string | number)[];
  /** Template names on the way here: a repeated one is a recursion. */
  trail: readonly string[];
  waitsFor: string[];
  /** A hook, onExit or anything else that stands beside the plan. */
  badge?: string;
}

/**
 * @param nodes nodes of the run by id; empty for a workflow that does not run
 * @returns every step that ran or will run, each in one node or in the counts of one
 */
export function project(workflow: Workflow, nodes: ReadonlyMap<string, NodeStatus> = new Map(), options: ProjectionOptions = {}): GraphModel {
  return new Projection(workflow, nodes, options).run();
}

/** @returns what a template does, in one word */
export function templateKind(template: Template | undefined): StepKind {
  if (!template) return 'unknown';
  if (template.container) return 'container';
  if (template.script) return 'script';
  if (template.dag) return 'dag';
  if (template.steps) return 'steps';
  if (template.resource) return 'resource';
  if (template.suspend) return 'suspend';
  if (template.http) return 'http';
  if (template.data) return 'data';
  if (template.containerSet) return 'container set';
  if (template.plugin) return 'plugin';
  return 'unknown';
}

/** Tasks that a DAG task waits for, with the result it wants where `depends` names one. Argo: `depends` operands. */
export function dependenciesOf(task: DAGTask): { task: string; result?: string }[] {
  if (task.dependencies?.length) return task.dependencies.map((name) => ({ task: name }));
  const found = new Map<string, { task: string; result?: string }>();
  for (const match of (task.depends ?? '').matchAll(/([A-Za-z0-9_-]+)(?:\.([A-Za-z]+))?/g)) {
    const [, name = '', result] = match;
    if (!found.has(name)) found.set(name, result === undefined ? { task: name } : { task: name, result });
  }
  return [...found.values()];
}

class Projection {
  private readonly byName = new Map<string, NodeStatus>();
  private readonly children = new Map<string, NodeStatus[]>();
  private readonly used = new Set<string>();
  private readonly nodes: GraphNode[] = [];
  private readonly edges: GraphEdge[] = [];
  private readonly drawn = new Map<string, GraphNode>();
  private readonly spec: WorkflowSpec;
  private readonly rootName: string;
  private planned = 0;

  private readonly parents = new Map<string, NodeStatus>();
  private readonly workflow: Workflow;
  private readonly all: ReadonlyMap<string, NodeStatus>;
  private readonly options: ProjectionOptions;

  constructor(workflow: Workflow, all: ReadonlyMap<string, NodeStatus>, options: ProjectionOptions) {
    this.workflow = workflow;
    this.all = all;
    this.options = options;
    this.spec = { ...workflow.spec, ...workflow.status?.storedWorkflowTemplateSpec };
    this.rootName = workflow.metadata.name ?? workflow.metadata.generateName ?? 'workflow';
    for (const node of all.values()) {
      this.byName.set(node.name, node);
      for (const child of node.children ?? []) if (!this.parents.has(child)) this.parents.set(child, node);
      if (node.boundaryID === undefined) continue;
      const list = this.children.get(node.boundaryID);
      if (list) list.push(node);
      else this.children.set(node.boundaryID, [node]);
    }
  }

  run(): GraphModel {
    const entry: TemplateCall = this.spec.entrypoint === undefined ? {} : { template: this.spec.entrypoint };
    const root = this.draw({ call: entry, name: this.rootName, title: this.spec.entrypoint ?? this.rootName, trail: [], waitsFor: [] }, true);
    if (this.spec.onExit !== undefined) {
      const exit = this.draw({ call: { template: this.spec.onExit }, name: `${this.rootName}.onExit`, title: 'onExit', trail: [], waitsFor: [], badge: 'on exit' }, false);
      this.connect(root.exits, exit.entries, `${this.rootName}#exit`);
    }
    this.drawRest();
    return { nodes: this.nodes, edges: this.edges };
  }

  private template(call: TemplateCall): { template: Template | undefined; path: (string | number)[] | undefined } {
    if (call.inline) return { template: call.inline, path: undefined };
    if (call.templateRef) {
      const { name = '', template = '', clusterScope } = call.templateRef;
      return { template: this.workflow.status?.storedTemplates?.[`${clusterScope ? 'cluster' : 'namespaced'}/${name}/${template}`], path: undefined };
    }
    const index = this.spec.templates?.findIndex((t) => t.name === call.template) ?? -1;
    return { template: this.spec.templates?.[index], path: index < 0 ? undefined : ['spec', 'templates', index] };
  }

  /** One call of a template: a step, a loop, a retry or everything below it. */
  private draw(call: Call, root: boolean): Part {
    const node = this.byName.get(call.name);
    if (node) this.used.add(node.id);
    if (node?.type === 'Retry') return this.drawRetry(call, node);
    if (isLoop(call.call) || node?.type === 'TaskGroup') return this.drawLoop(call, node);
    const { template, path } = this.template(call.call);
    const inner = node ? node.type === 'DAG' || node.type === 'Steps' : Boolean(template?.dag ?? template?.steps);
    if (!inner) return this.leaf(call, template, node);
    return node || root ? this.drawInner(call, template, path, node, root) : this.drawPlanned(call, template, path);
  }

  /** A nested template that has not started: drawn from the spec, up to recursion and size. */
  private drawPlanned(call: Call, template: Template | undefined, path: (string | number)[] | undefined): Part {
    const recursive = call.trail.includes(templateKey(call.call));
    if (recursive || this.planned > MAX_PLANNED) return this.leaf(call, template, undefined, recursive ? ['again'] : []);
    return this.drawInner(call, template, path, undefined, false);
  }

  private drawInner(call: Call, template: Template | undefined, path: (string | number)[] | undefined, node: NodeStatus | undefined, root: boolean): Part {
    const trail = [...call.trail, templateKey(call.call)];
    const size = node ? total(this.countBelow(node)) : this.plannedSize(template, trail);
    if (!root && this.isFolded(call.name, size > SMALL_GROUP || (!node && trail.length > 5))) return this.group(call, template, node);
    if (template?.dag && node?.type !== 'Steps') return this.drawDag(call, template, path, trail, node);
    if (template?.steps) return this.drawSteps(call, template, path, trail, node);
    return this.drawUnknown(call, node);
  }

  private drawDag(call: Call, template: Template, path: (string | number)[] | undefined, trail: readonly string[], node: NodeStatus | undefined): Part {
    const tasks = template.dag?.tasks ?? [];
    const wanted = tasks.map((task, i) => ({ task, i, needs: dependenciesOf(task) }));
    const parts = new Map<string, Part>();
    for (const { task, i, needs } of wanted) {
      const name = task.name ?? String(i);
      parts.set(name, this.draw({
        call: task, name: `${call.name}.${name}`, title: name, trail, waitsFor: needs.map((need) => need.task),
        ...(path ? { path: [...path, 'dag', 'tasks', i] } : {}),
      }, false));
    }
    const followed = new Set<string>();
    for (const { task, i, needs } of wanted) {
      const target = parts.get(task.name ?? String(i));
      for (const need of needs) {
        const source = parts.get(need.task);
        if (!source || !target) continue;
        followed.add(need.task);
        this.connect(source.exits, target.entries, `${call.name}.${need.task}>${task.name ?? ''}`, need.result);
      }
    }
    this.extras(node);
    const part = {
      entries: wanted.filter(({ needs }) => !needs.some((need) => parts.has(need.task))).flatMap(({ task, i }) => parts.get(task.name ?? String(i))?.entries ?? []),
      exits: wanted.filter(({ task, i }) => !followed.has(task.name ?? String(i))).flatMap(({ task, i }) => parts.get(task.name ?? String(i))?.exits ?? []),
    };
    return this.orLeaf(part, call, template, node);
  }

  private drawSteps(call: Call, template: Template, path: (string | number)[] | undefined, trail: readonly string[], node: NodeStatus | undefined): Part {
    let first: string[] | undefined;
    let exits: string[] = [];
    let before: string[] = [];
    (template.steps ?? []).forEach((row, r) => {
      const group = this.byName.get(`${call.name}[${r}]`);
      if (group) this.used.add(group.id);
      const parts = row.map((step, i) => this.draw({
        call: step, name: `${call.name}[${r}].${step.name ?? ''}`, title: step.name ?? `step ${i + 1}`, trail, waitsFor: before,
        ...(path ? { path: [...path, 'steps', r, i] } : {}),
      }, false));
      const entries = parts.flatMap((part) => part.entries);
      if (entries.length === 0) return;
      if (first) this.connect(exits, entries, `${call.name}[${r}]`);
      first ??= entries;
      exits = parts.flatMap((part) => part.exits);
      before = row.flatMap((step) => step.name ?? []);
    });
    this.extras(node);
    return this.orLeaf({ entries: first ?? [], exits }, call, template, node);
  }

  /** An empty template still shows that it is there. */
  private orLeaf(part: Part, call: Call, template: Template | undefined, node: NodeStatus | undefined): Part {
    return part.entries.length > 0 ? part : this.leaf(call, template, node);
  }

  /** A boundary whose template is not known: its nodes as their `children` say. */
  private drawUnknown(call: Call, node: NodeStatus | undefined): Part {
    const members = (node ? this.children.get(node.id) : undefined) ?? [];
    const shown = members.filter((member) => member.type !== 'StepGroup' && member.type !== 'TaskGroup');
    if (!node || shown.length === 0) return this.leaf(call, undefined, node);
    const parts = new Map<string, Part>();
    for (const member of shown) parts.set(member.id, this.drawStatus(member, call.trail));
    for (const member of members) this.used.add(member.id);
    const within = new Map(members.map((member) => [member.id, member]));
    const below = (from: NodeStatus, seen: Set<string>): string[] => (from.children ?? []).flatMap((id) => {
      if (seen.has(id)) return [];
      seen.add(id);
      const child = within.get(id);
      return child ? (parts.has(id) ? [id] : below(child, seen)) : [];
    });
    const reached = new Set<string>();
    const leads = new Set<string>();
    for (const member of shown) {
      for (const id of below(member, new Set())) {
        reached.add(id);
        leads.add(member.id);
        this.connect(parts.get(member.id)?.exits ?? [], parts.get(id)?.entries ?? [], `${member.name}>${id}`);
      }
    }
    return {
      entries: shown.filter((member) => !reached.has(member.id)).flatMap((member) => parts.get(member.id)?.entries ?? []),
      exits: shown.filter((member) => !leads.has(member.id)).flatMap((member) => parts.get(member.id)?.exits ?? []),
    };
  }

  private drawStatus(node: NodeStatus, trail: readonly string[], badge?: string): Part {
    const call: TemplateCall = node.templateRef ? { templateRef: node.templateRef } : node.templateName === undefined ? {} : { template: node.templateName };
    return this.draw({ call, name: node.name, title: node.displayName, trail, waitsFor: [], ...(badge ? { badge } : {}) }, false);
  }

  private drawLoop(call: Call, group: NodeStatus | undefined): Part {
    const items = this.itemsOf(call.name, group);
    const { withItems, withSequence } = call.call;
    const plain = withoutLoop(call.call);
    const expected = items.length || (Array.isArray(withItems) ? withItems.length : staticCount(withSequence));
    if (this.options.byLoop || items.length === 0 || this.isFolded(call.name, items.length > SMALL_LOOP)) {
      const { template } = this.template(call.call);
      const counts: Counts = {};
      for (const item of items) this.use(item);
      for (const item of items) addCounts(counts, isStep(item) ? { [phaseOf(item)]: 1 } : this.countBelow(item));
      const skipped = group && items.length === 0 ? group : undefined;
      return this.add({
        ...this.base(call, template), shape: 'loop', phase: items.length ? worst(counts) : skipped ? phaseOf(skipped) : 'Planned',
        members: items.map((item) => item.id), counts, foldable: items.length > 0, folded: true,
        badges: [`loop ×${expected?.toLocaleString('en') ?? '?'}`, ...badgesOf(call, template)],
        ...(group ? { nodeId: group.id } : {}),
      });
    }
    const parts = items.map((item) => this.draw({ ...call, call: plain, name: item.name, title: item.displayName || item.name }, false));
    for (const part of parts) for (const id of part.entries) this.drawn.get(id)?.badges.unshift('item');
    return { entries: parts.flatMap((part) => part.entries), exits: parts.flatMap((part) => part.exits) };
  }

  private itemsOf(name: string, group: NodeStatus | undefined): NodeStatus[] {
    const prefix = `${name}(`;
    const items: NodeStatus[] = [];
    if (group?.children) {
      for (const id of group.children) {
        const child = this.all.get(id);
        if (child?.name.startsWith(prefix)) items.push(child);
      }
    }
    if (items.length === 0) {
      const boundary = this.boundaryOf(name, group);
      for (const child of (boundary ? this.children.get(boundary) : undefined) ?? []) {
        if (child.name.startsWith(prefix) && !child.name.slice(prefix.length).includes(').')) items.push(child);
      }
    }
    return items;
  }

  private boundaryOf(name: string, group: NodeStatus | undefined): string | undefined {
    if (group?.boundaryID) return group.boundaryID;
    for (let end = name.length; end > 0;) {
      end = Math.max(name.lastIndexOf('.', end - 1), name.lastIndexOf('[', end - 1));
      const parent = end > 0 ? this.byName.get(name.slice(0, end)) : undefined;
      if (parent && (parent.type === 'DAG' || parent.type === 'Steps')) return parent.id;
    }
    return undefined;
  }

  private drawRetry(call: Call, node: NodeStatus): Part {
    const tries = (node.children ?? []).flatMap((id) => this.all.get(id) ?? []).filter((child) => child.nodeFlag?.retried ?? child.name.startsWith(`${node.name}(`));
    const { template } = this.template(call.call);
    const last = tries.at(-1);
    for (const each of tries) if (each !== last) this.use(each);
    const limit = template?.retryStrategy?.limit;
    const again = Math.max(0, tries.length - 1);
    const badge = limit === undefined ? (again ? [`retry ${again}`] : []) : [`retry ${again}/${limit}`];
    const nested = last && (last.type === 'DAG' || last.type === 'Steps');
    if (nested && !this.isFolded(call.name, total(this.countBelow(last)) > SMALL_GROUP && call.name !== this.rootName)) {
      const part = this.draw({ ...call, call: withoutLoop(call.call), name: last.name }, true);
      for (const id of part.entries) this.drawn.get(id)?.badges.unshift(...badge);
      return again ? this.earlierTries(call, template, tries.slice(0, -1), part) : part;
    }
    if (last) this.use(last);
    const counts: Counts = {};
    if (nested) addCounts(counts, this.countBelow(last));
    return this.add({
      ...this.base(call, template), shape: 'retry', phase: last?.type === 'Suspend' ? phaseOf(last) : phaseOf(node), nodeId: node.id,
      members: tries.map((each) => each.id), counts, foldable: Boolean(nested), folded: true,
      badges: [...badge, ...badgesOf(call, template)],
    });
  }

  /** Tries of a whole template before the one that is drawn: failures stay visible. */
  private earlierTries(call: Call, template: Template | undefined, tries: readonly NodeStatus[], last: Part): Part {
    const counts: Counts = {};
    for (const each of tries) addCounts(counts, this.countBelow(each));
    const id = `${call.name}#earlier`;
    this.add({
      ...this.base(call, template), id, title: `${call.title}, earlier tries`, shape: 'group', phase: tries.some((each) => each.phase === 'Error') ? 'Error' : 'Failed',
      members: tries.map((each) => each.id), counts, badges: [`tried ${tries.length}`],
    });
    this.connect([id], last.entries, id);
    return { entries: [id], exits: last.exits };
  }

  private group(call: Call, template: Template | undefined, node: NodeStatus | undefined): Part {
    const counts = node ? this.countBelow(node) : {};
    const members = node ? this.stepsBelow(node) : [];
    if (node) this.use(node);
    return this.add({
      ...this.base(call, template), shape: 'group', phase: node ? groupPhase(phaseOf(node), counts) : 'Planned', members, counts,
      badges: badgesOf(call, template), foldable: true, folded: true, ...(node ? { nodeId: node.id } : {}),
    });
  }

  private leaf(call: Call, template: Template | undefined, node: NodeStatus | undefined, more: string[] = []): Part {
    this.planned += node ? 0 : 1;
    return this.add({
      ...this.base(call, template), phase: node ? phaseOf(node) : 'Planned', badges: [...more, ...badgesOf(call, template)],
      ...(node ? { nodeId: node.id } : {}),
    });
  }

  private base(call: Call, template: Template | undefined): GraphNode {
    const { templateRef, template: name } = call.call;
    return {
      id: call.name, title: call.title, kind: template ? templateKind(template) : templateRef ? 'template' : 'unknown', phase: 'Planned', shape: 'step',
      members: [], counts: {}, badges: [], waitsFor: call.waitsFor, foldable: false, folded: false,
      ...(templateRef?.template !== undefined ? { templateName: templateRef.template } : name !== undefined ? { templateName: name } : {}),
      ...(templateRef?.name !== undefined ? { templateRef: templateRef.name } : {}),
      ...(call.path ? { path: call.path } : {}),
    };
  }

  private add(node: GraphNode): Part {
    if (this.drawn.has(node.id)) return { entries: [node.id], exits: [node.id] };
    this.drawn.set(node.id, node);
    this.nodes.push(node);
    return { entries: [node.id], exits: [node.id] };
  }

  private connect(sources: readonly string[], targets: readonly string[], key: string, label?: string): void {
    const more = label === undefined ? {} : { label };
    if (sources.length > 1 && targets.length > 1 && sources.length * targets.length > MANY_EDGES) {
      const id = `${key}#join`;
      this.add({ id, title: '', kind: 'unknown', phase: 'Planned', shape: 'join', members: [], counts: {}, badges: [], waitsFor: [], foldable: false, folded: false });
      for (const source of sources) this.edges.push({ source, target: id });
      for (const target of targets) this.edges.push({ source: id, target, ...more });
      return;
    }
    for (const source of sources) for (const target of targets) this.edges.push({ source, target, ...more });
  }

  /** Hooks and whatever else ran inside a boundary beside its plan. */
  private extras(boundary: NodeStatus | undefined): void {
    if (!boundary) return;
    for (const node of this.children.get(boundary.id) ?? []) {
      if (this.used.has(node.id) || !node.nodeFlag?.hooked) continue;
      const owner = this.parents.get(node.id);
      const part = this.drawStatus(node, [], 'hook');
      const source = owner && this.drawn.get(owner.name);
      if (source) this.connect([source.id], part.entries, `${node.name}#hook`);
    }
  }

  /** What no walk of the spec reached is drawn too, below the node that led to it. */
  private drawRest(): void {
    for (const node of this.all.values()) {
      if (this.used.has(node.id) || node.type === 'StepGroup' || node.type === 'TaskGroup') continue;
      let parent = this.parents.get(node.id);
      for (let up = 0; parent && !this.drawn.has(parent.name) && up < 8; up++) parent = this.parents.get(parent.id);
      const part = this.drawStatus(node, [], node.nodeFlag?.hooked ? 'hook' : undefined);
      if (parent && this.drawn.has(parent.name)) this.connect([parent.name], part.entries, `${node.name}#rest`);
    }
  }

  /** Marks a node and everything below it as shown. */
  private use(node: NodeStatus): void {
    const stack = [node];
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (this.used.has(top.id) && top !== node) continue;
      this.used.add(top.id);
      stack.push(...(this.children.get(top.id) ?? []));
      if (top.type === 'Retry') for (const id of top.children ?? []) { const child = this.all.get(id); if (child) stack.push(child); }
    }
  }

  private stepsBelow(node: NodeStatus): string[] {
    const steps: string[] = [];
    const stack = [node];
    const seen = new Set<string>();
    for (let top = stack.pop(); top; top = stack.pop()) {
      if (seen.has(top.id)) continue;
      seen.add(top.id);
      // Tries of one retry are one step, whatever it took.
      if (top.type === 'Retry') {
        const last = top.children?.map((id) => this.all.get(id)).findLast((child) => child?.name.startsWith(`${top.name}(`));
        if (last) stack.push(last);
        continue;
      }
      if (isStep(top)) steps.push(top.id);
      for (const child of this.children.get(top.id) ?? []) if (!child.nodeFlag?.retried) stack.push(child);
    }
    return steps;
  }

  private countBelow(node: NodeStatus): Counts {
    const counts: Counts = {};
    for (const id of this.stepsBelow(node)) {
      const step = this.all.get(id);
      if (step) addCounts(counts, { [phaseOf(step)]: 1 });
    }
    return counts;
  }

  private plannedSize(template: Template | undefined, trail: readonly string[]): number {
    const calls: TemplateCall[] = template?.dag?.tasks ?? template?.steps?.flat() ?? [];
    let size = 0;
    for (const call of calls) {
      const inner = this.template(call).template;
      const nested = (inner?.dag ?? inner?.steps) && !isLoop(call) && !trail.includes(templateKey(call)) && trail.length < 6;
      size += nested ? this.plannedSize(inner, [...trail, templateKey(call)]) : 1;
      if (size > SMALL_GROUP * 2) break;
    }
    return size;
  }

  private isFolded(id: string, standard: boolean): boolean {
    return this.options.folded?.get(id) ?? standard;
  }
}

function isLoop(call: TemplateCall): boolean {
  return call.withItems !== undefined || call.withParam !== undefined || call.withSequence !== undefined;
}

function withoutLoop(call: TemplateCall): TemplateCall {
  const plain = { ...call };
  delete plain.withItems;
  delete plain.withParam;
  delete plain.withSequence;
  return plain;
}

function templateKey(call: TemplateCall): string {
  return call.templateRef ? `${call.templateRef.name ?? ''}/${call.templateRef.template ?? ''}` : (call.template ?? '');
}

/** How many items a sequence gives when it says so in numbers. */
export function staticCount(sequence: TemplateCall['withSequence']): number | undefined {
  if (!sequence) return undefined;
  const number = (value: number | string | undefined): number | undefined => (value !== undefined && /^-?\d+$/.test(String(value)) ? Number(value) : undefined);
  const count = number(sequence.count);
  if (count !== undefined) return count;
  const end = number(sequence.end);
  const start = sequence.start === undefined ? 0 : number(sequence.start);
  return end === undefined || start === undefined ? undefined : Math.abs(end - start) + 1;
}

/** A group is as bad as the worst below it, and as far as its own node says. */
function groupPhase(own: Phase, counts: Counts): Phase {
  const below = worst(counts);
  return below === 'Planned' || own === 'Skipped' || own === 'Omitted' ? own : below === 'Succeeded' ? own : below;
}

function badgesOf(call: Call, template: Template | undefined): string[] {
  const { call: { when, hooks, onExit }, badge } = call;
  const badges: string[] = badge === undefined ? [] : [badge];
  if (when !== undefined) badges.push('when');
  if (hooks ?? onExit) badges.push('hook');
  if (template?.synchronization) badges.push('lock');
  return badges;
}
