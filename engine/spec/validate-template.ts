/** Walks from call to call through templates, with stand-ins for values, as Argo's validator does. */
import { parseDepends, validateTaskResults, type DependencyType } from '../template/depends.ts';
import { checkLocation } from './artifacts.ts';
import { ordered } from './marshal.ts';
import { checkNames, fieldNameProblem, isTag } from './names.ts';
import { Placeholders, anyArguments, givenArguments, hasPlaceholder, processArguments, type ArgumentSource } from './process.ts';
import type { Path, Report } from './report.ts';
import { Scope, addOutputs, checkTags, findText } from './scope.ts';
import { nearest } from './suggest.ts';
import type { DAGTask, LifecycleHook, Sequence, Template, TemplateCall, TemplateRef, WorkflowSpec, WorkflowStep } from './types.ts';
import { checkArguments, checkInputs, checkLeaf, checkMetrics, checkOutputs, checkPodFields, checkType, isLeaf, isPodType, templateType, type Place } from './validate-leaf.ts';

/** What holds templates: the object that is validated, or one that it refers to. */
export interface Base {
  kind: 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate';
  name: string;
  spec: WorkflowSpec;
  /** Where its spec stands in the text; undefined for objects from elsewhere. */
  path?: Path;
}

/** Finds WorkflowTemplates; 'unknown': nobody can tell whether there is one. */
export type FindBase = (name: string, clusterScope: boolean) => Base | 'unknown' | undefined;

export interface TemplateRules {
  findBase: FindBase;
  /** A WorkflowTemplate is validated by itself: its workflow's parameters are not known. */
  inTemplate: boolean;
  report: Report;
  namespace: string;
  /** Templates that a running workflow took from elsewhere, by scope, object and name. Argo: status.storedTemplates */
  stored: Readonly<Record<string, Template>>;
}

interface Found {
  template: Template;
  base: Base;
  place: Place;
}

/** Where a call stands, and its arguments. */
interface Call {
  call: TemplateCall;
  base: Base;
  path: Path;
}

export class TemplateValidator {
  readonly globals = new Map<string, string>();
  readonly placeholders = new Placeholders();
  private readonly globalScope = new Scope();
  private readonly done = new Set<string>();
  private readonly postponed: (() => void)[] = [];
  private depth = 0;
  private readonly rules: TemplateRules;
  private readonly report: Report;

  constructor(rules: TemplateRules) {
    this.rules = rules;
    this.report = rules.report;
  }

  addGlobal(name: string, value = this.placeholders.next()): void {
    this.globals.set(name, value);
    this.globalScope.add(name);
  }

  addOpenGlobal(prefix: string): void {
    this.globalScope.addOpen(prefix);
  }

  /** Stand-ins for whatever arguments are asked for. */
  get anyArguments(): ArgumentSource {
    return anyArguments(this.placeholders);
  }

  /** Checks the template that is called. Refuses what is wrong with the call or the template. */
  check(call: Call, source: ArgumentSource): void {
    const found = this.resolve(call);
    if (found) this.checkFound(found, source, call.path);
    for (let next = this.postponed.shift(); next; next = this.postponed.shift()) next();
  }

  /** Checks a template that a step or task calls; what is wrong inside does not keep the caller from being looked at. */
  private checkCalled(found: Found, source: ArgumentSource, caller: Path, prefix: string): void {
    const check = (): void => this.report.within(prefix, () => this.report.attempt(() => this.checkFound(found, source, caller)));
    // A chain of calls longer than this would fill the stack.
    if (this.depth >= 100) return void this.postponed.push(check);
    this.depth++;
    check();
    this.depth--;
  }

  private checkFound(found: Found, source: ArgumentSource, caller: Path): void {
    const { template, place } = found;
    const policy: string | undefined = template.retryStrategy?.retryPolicy;
    if (policy !== undefined && !['', 'Always', 'OnError', 'OnFailure', 'OnTransientError'].includes(policy)) {
      this.report.refuse('bad-retry-policy', `${policy} is not a valid RetryPolicy`, place('retryStrategy', 'retryPolicy'), 'Choose Always, OnError, OnFailure or OnTransientError.');
    }
    this.checkTemplate(found, source, caller);
  }

  /** The template of a call; undefined when only the running workflow can tell. Argo: validateTemplateHolder, ResolveTemplate */
  private resolve({ call, base, path }: Call): Found | undefined {
    const { template: name, templateRef: reference, inline } = call;
    if (reference) {
      if (name) this.report.refuse('two-templates', 'template name cannot be specified with templateRef', [...path, 'template'], 'Keep one of them.');
      if (!reference.name) this.report.refuse('missing-template', 'resource name is required', [...path, 'templateRef'], 'Name the WorkflowTemplate.');
      if (!reference.template) this.report.refuse('missing-template', 'template name is required', [...path, 'templateRef'], 'Name the template in it.');
      if (/\{\{(?!=)[\s\S]*?\}\}/.test(JSON.stringify(reference))) return undefined;
    } else if (name && !findTemplate(base, name)) {
      this.report.refuse('unknown-template', `template name '${name}' undefined`, [...path, 'template'], ...suggest(base, name));
    }
    const found = inline ? { template: inline, base, place: placeAt(base.path ? [...path, 'inline'] : undefined, path) } : reference ? this.resolveReference(reference, path) : findPlaced(base, name, path);
    if (found === 'unknown') return undefined;
    if (!found) return this.report.refuse('missing-template', 'failed to get a template', path, 'Name the template to run.');
    if (!templateType(found.template)) {
      this.report.refuse('no-template-type', `template '${found.template.name ?? ''}' type is unknown`, found.place(), 'Say what it does: container, script, steps, dag, …');
    }
    return found;
  }

  private resolveReference(reference: TemplateRef, path: Path): Found | 'unknown' {
    const { name = '', template = '', clusterScope = false } = reference;
    const base = this.rules.findBase(name, clusterScope);
    if (base === 'unknown') return 'unknown';
    const at = [...path, 'templateRef'];
    if (!base) return this.refuseBase(name, clusterScope, [...at, 'name']);
    const stored = this.rules.stored[`${clusterScope ? 'cluster' : 'namespaced'}/${name}/${template}`];
    if (stored) return { template: stored, base, place: placeAt(undefined, path) };
    const found = findPlaced(base, template, path);
    if (found) return found;
    if (hasPlaceholder(template)) return 'unknown';
    return this.report.refuse('unknown-template', `template reference ${name}.${template} not found`, [...at, 'template'], ...suggest(base, template));
  }

  /** Says that there is no such WorkflowTemplate. */
  refuseBase(name: string, clusterScope: boolean, path: Path): never {
    const message = clusterScope ? `couldn't find cluster workflow template ${JSON.stringify(name)}` : `couldn't find workflow template ${JSON.stringify(name)} in namespace ${JSON.stringify(this.rules.namespace)}`;
    return this.report.refuse('unknown-workflow-template', message, path, 'Create it first, or look at how its name is written.');
  }

  private checkTemplate({ template, base, place }: Found, source: ArgumentSource, caller: Path): void {
    const { report } = this;
    checkType(template, place, report);
    checkInputs(template, place, report);
    if (template.initContainers?.some((container) => !container.name) === true) report.refuse('missing-name', 'initContainers must all have container name', place('initContainers'), 'Name each of them.');
    checkPodFields(template, place, report);
    const { scope, locals } = this.localScope(template);
    const find = (needle: string): Path => findText(template, needle, place());
    const filled = processArguments(template, source, { globals: this.globals, locals, report, path: place(), find, caller });
    this.checkTimes(filled, place);
    const key = `${base.kind}/${base.name}/${template.name ?? ''}`;
    if (this.done.has(key)) return;
    this.done.add(key);
    const inside = { template: filled, base, place, find };
    switch (templateType(filled)) {
      case 'Steps': this.checkSteps(inside, scope); break;
      case 'DAG': this.checkDag(inside, scope); break;
      default: this.checkLeaf(inside, scope);
    }
    checkOutputs(filled, () => this.checkTags('Outputs', filled.outputs, scope, `templates.${template.name ?? ''}.outputs `, find), place, report);
    if (filled.archiveLocation) checkLocation(`templates.${template.name ?? ''}.archiveLocation`, filled.archiveLocation, place('archiveLocation'), report);
    if (filled.metrics) checkMetrics(filled, filled.metrics, place, report);
  }

  /** The variables that the template itself brings. */
  private localScope(template: Template): { scope: Scope; locals: Map<string, string> } {
    const scope = new Scope(this.globalScope);
    const locals = new Map<string, string>();
    const { parameters = [], artifacts = [] } = template.inputs ?? {};
    if (parameters.length > 0) scope.add('inputs.parameters');
    for (const { name } of parameters) scope.add(`inputs.parameters.${name}`);
    for (const { name } of artifacts) scope.add(`inputs.artifacts.${name}`, ...(isLeaf(template) ? [`inputs.artifacts.${name}.path`] : []));
    const bring = (name: string): void => {
      locals.set(name, this.placeholders.next());
      scope.add(name);
    };
    if (isPodType(template)) bring('pod.name');
    if (template.retryStrategy) for (const name of ['retries', 'lastRetry.exitCode', 'lastRetry.status', 'lastRetry.duration', 'lastRetry.message']) bring(name);
    return { scope, locals };
  }

  private checkTimes(template: Template, place: Place): void {
    const { timeout, pendingTimeout, name = '' } = template;
    const type = templateType(template) ?? '';
    if (timeout) {
      if (!isLeaf(template)) this.report.refuse('timeout-on-non-leaf', `${type} template doesn't support timeout field`, place('timeout'), 'Delete it, or set it on the templates that run Pods.');
      if (/^[-+]?\d+$/.test(timeout)) this.report.refuse('bad-duration', `${name} has invalid duration format in timeout`, place('timeout'), `Write a unit: ${timeout}s.`);
    }
    if (pendingTimeout && !isLeaf(template)) this.report.refuse('timeout-on-non-leaf', `${type} template doesn't support pendingTimeout field`, place('pendingTimeout'), 'Delete it, or set it on the templates that run Pods.');
  }

  private checkTags(type: string, value: unknown, scope: Scope, prefix: string, find: (needle: string) => Path): void {
    checkTags(JSON.stringify(ordered(type, value) ?? null), scope, this.rules.inTemplate, prefix, find, this.report);
  }

  private checkLeaf({ template, base, place, find }: Inside, scope: Scope): void {
    this.checkTags('Template', template, scope, `templates.${template.name ?? ''}: `, find);
    // Argo looks up defaults in these two kinds only.
    const defaults = base.kind === 'ClusterWorkflowTemplate' ? undefined : base.spec.templateDefaults;
    checkLeaf(template, { container: defaults?.container?.image ?? '', script: defaults?.script?.image ?? '' }, place, this.report);
  }

  private checkNonLeaf(template: Template, place: Place): void {
    if (template.activeDeadlineSeconds === undefined) return;
    this.report.refuse('deadline-on-non-leaf', `templates.${template.name ?? ''}.activeDeadlineSeconds is only valid for leaf templates`, place('activeDeadlineSeconds'), 'Set it on the workflow or on the templates that run Pods.');
  }

  private checkSteps(inside: Inside, scope: Scope): void {
    const { template, place } = inside;
    this.checkNonLeaf(template, place);
    const names = new Set<string>();
    for (const [group, row] of (template.steps ?? []).entries()) {
      for (const [index, step] of row.entries()) {
        const at = place('steps', group, index);
        this.checkStepName(step, names, `templates.${template.name ?? ''}.steps[${group}]`, at);
        this.checkStep(step, inside, scope, `templates.${template.name ?? ''}.steps[${group}].${step.name ?? ''}`, at);
      }
    }
  }

  private checkStepName({ name = '' }: WorkflowStep, names: Set<string>, prefix: string, at: Path): void {
    const { report } = this;
    if (name === '') report.refuse('missing-name', `${prefix}.name is required`, at, 'Name the step.');
    if (names.has(name)) report.refuse('duplicate-name', `${prefix}.name '${name}' is not unique`, [...at, 'name'], 'Give it another name.');
    const fault = fieldNameProblem(name);
    // A name made of inputs is whole only when the step runs.
    if (fault !== undefined && !hasPlaceholder(name)) report.refuse('bad-name', `${prefix}.name '${name}' is invalid: ${fault}`, [...at, 'name'], 'Use letters, digits and dashes only.');
    names.add(name);
  }

  private checkStep(step: WorkflowStep, { template, base, find }: Inside, scope: Scope, prefix: string, at: Path): void {
    const { report } = this;
    const name = step.name ?? '';
    scope.add(`steps.${name}.status`);
    this.addItems(step, scope, prefix, at);
    checkArguments(`${prefix}.arguments.`, step.arguments, false, [...at, 'arguments'], report);
    const call = { call: step, base, path: at };
    const found = report.within(prefix, () => this.resolve(call));
    if (found) this.checkCalled(found, this.anyArguments, at, prefix);
    if (hasExitHook(step)) this.publish(addOutputs(scope, 'steps', name, found?.template, false));
    checkHooks(step.hooks, prefix, [...at, 'hooks'], report);
    this.checkTags('WorkflowStep', step, this.stepScope(step, scope), `templates.${template.name ?? ''}.steps `, find);
    if (!found) scope.addOpen(`steps.${name}.`);
    this.publish(addOutputs(scope, 'steps', name, found?.template, isFanOut(step)));
    // Once more, with the arguments it really gets.
    if (found) this.checkCalled(found, givenArguments(step.arguments), at, prefix);
  }

  private stepScope(call: TemplateCall, scope: Scope): Scope {
    if (!call.inline?.inputs?.parameters) return scope;
    const inside = new Scope(scope);
    for (const { name } of call.inline.inputs.parameters) inside.add(`inputs.parameters.${name}`);
    return inside;
  }

  private publish(names: readonly string[]): void {
    for (const name of names) this.addGlobal(name);
  }

  // Argo: addItemsToScope
  private addItems(call: TemplateCall, scope: Scope, prefix: string, at: Path): void {
    const { withItems = [], withParam = '', withSequence } = call;
    const given = [withItems.length > 0, withParam !== '', withSequence !== undefined].filter(Boolean).length;
    if (given > 1) this.report.refuse('two-loops', `${prefix} only one of withItems, withParam, withSequence can be specified`, at, 'Keep one of them.');
    for (const item of withItems) {
      if (Array.isArray(item)) scope.add(...item.map((_, index) => `item.[${index}]`));
      else if (typeof item === 'object' && item !== null) scope.add(...Object.keys(item).map((key) => `item.${key}`));
      else scope.add('item');
    }
    if (withItems.length > 0) return;
    if (withParam !== '') {
      scope.add('item');
      scope.addOpen('item.');
    } else if (withSequence) this.addSequence(withSequence, scope, prefix, at);
  }

  private addSequence(sequence: Sequence, scope: Scope, prefix: string, at: Path): void {
    if (sequence.count !== undefined && sequence.end !== undefined) {
      this.report.refuse('two-ends', `${prefix} only one of count or end can be defined in withSequence`, [...at, 'withSequence'], 'Keep one of them.');
    }
    scope.add('item');
  }

  private checkDag(inside: Inside, scope: Scope): void {
    const { template, place } = inside;
    const { report } = this;
    const prefix = `templates.${template.name ?? ''}`;
    this.checkNonLeaf(template, place);
    const written = Array.isArray(template.dag?.tasks) ? template.dag.tasks : [];
    if (written.length === 0) report.refuse('no-tasks', `${prefix} must have at least one task`, place('dag', 'tasks'), 'Write the tasks to run.');
    const dag = new Dag(written);
    const at = (task: DAGTask): Path => place('dag', 'tasks', written.indexOf(task));
    const tasks = dag.sorted((message, task) => report.refuse('bad-dependency', `${prefix} sorting failed: ${message}`, task ? at(task) : place('dag', 'tasks'), 'Look at what the tasks depend on.'));
    // Argo counts the tasks in the order of its sorting, not of the text.
    checkNames(tasks, fieldNameProblem, `${prefix}.tasks`, (index) => at(tasks[index] ?? {}), report);
    const usesDepends = tasks.some((task) => task.depends);
    const found = new Map<DAGTask, Found | undefined>();
    for (const task of tasks) {
      this.checkTaskForm(task, usesDepends, prefix, at(task));
      found.set(task, this.checkTask(task, inside, scope, prefix, at(task)));
      this.checkDependencies(task, dag, prefix, at(task));
    }
    this.checkTarget(inside, dag, scope, prefix);
    for (const task of tasks) this.checkTaskVariables(task, found.get(task), dag, inside, scope, prefix, at(task));
  }

  private checkTaskForm(task: DAGTask, usesDepends: boolean, prefix: string, at: Path): void {
    const name = task.name ?? '';
    const dependencies = task.dependencies?.length ?? 0;
    if ((usesDepends || dependencies > 0) && /^[0-9]/.test(name)) {
      this.report.refuse('bad-name', `${prefix}.tasks.${name} name cannot begin with a digit when using either 'depends' or 'dependencies'`, [...at, 'name'], 'Start the name with a letter.');
    }
    if (usesDepends && dependencies > 0) {
      this.report.refuse('depends-and-dependencies', `${prefix} cannot use both 'depends' and 'dependencies' in the same DAG template`, [...at, 'dependencies'], 'Write all of them as depends.');
    }
    if (usesDepends && task.continueOn) {
      this.report.refuse('continue-on-with-depends', `${prefix} cannot use 'continueOn' when using 'depends'. Instead use 'dep-task.Failed'/'dep-task.Errored'`, [...at, 'continueOn'], `Let the others depend on ${name}.Failed.`);
    }
  }

  private checkTask(task: DAGTask, { base }: Inside, scope: Scope, prefix: string, at: Path): Found | undefined {
    const { report } = this;
    const name = task.name ?? '';
    const found = report.within(`${prefix}.tasks.${name}`, () => this.resolve({ call: task, base, path: at }));
    if (found) this.checkCalled(found, this.anyArguments, at, `${prefix}.tasks.${name}`);
    else scope.addOpen(`tasks.${name}.`);
    this.publish(addOutputs(scope, 'tasks', name, found?.template, isFanOut(task)));
    return found;
  }

  private checkDependencies(task: DAGTask, dag: Dag, prefix: string, at: Path): void {
    const name = task.name ?? '';
    const fault = validateTaskResults(task);
    if (fault !== undefined) this.report.refuse('bad-depends', `${prefix}.tasks.${name} ${fault}`, [...at, 'depends'], 'Use Succeeded, Failed, Errored, Skipped, Omitted or Daemoned.');
    for (const [dependency, type] of dag.dependenciesOf(name)) {
      const other = dag.task(dependency);
      // Argo names the other task here, not the one that depends on it.
      if (!other) this.report.refuse('unknown-dependency', `${prefix}.tasks. dependency '${dependency}' not defined`, at, 'Name a task of this DAG.');
      else if (type === 'items' && !isFanOut(other) && !other.withSequence) {
        this.report.refuse('not-a-loop', `${prefix}.tasks.${dependency} dependency '${dependency}' uses an items-based condition such as .AnySucceeded or .AllFailed but does not contain any items`, [...at, 'depends'], `Use ${dependency}.Succeeded or ${dependency}.Failed.`);
      }
    }
  }

  private checkTarget({ template, place, find }: Inside, dag: Dag, scope: Scope, prefix: string): void {
    const target = template.dag?.target ?? '';
    checkTags(target, scope, this.rules.inTemplate, `${prefix}.targets `, find, this.report);
    if (target === '') return;
    for (const name of target.split(' ')) {
      if (!isTag(name) && !dag.task(name)) this.report.refuse('unknown-target', `${prefix}.targets: target '${name}' is not defined`, place('dag', 'target'), 'Name a task of this DAG.');
    }
  }

  private checkTaskVariables(task: DAGTask, found: Found | undefined, dag: Dag, { find }: Inside, scope: Scope, prefix: string, at: Path): void {
    const { report } = this;
    const name = task.name ?? '';
    const full = `${prefix}.tasks.${name}`;
    if (task.hooks) scope.add(`tasks.${name}.status`);
    const isAncestor = (other: string): boolean => dag.isBefore(other, name);
    const inside = new Scope(this.stepScope(task, scope), (variable) => {
      const match = /^tasks\.(.+)\.status$/.exec(variable);
      return match !== null && isAncestor(match[1] ?? '');
    });
    this.addItems(task, inside, full, at);
    this.checkTags('DAGTask', task, inside, `${full} `, (needle) => placeInTask(task, needle, at, find));
    checkArguments(`${full}.arguments.`, task.arguments, false, [...at, 'arguments'], report);
    this.checkAncestors(task, isAncestor, full, at);
    if (found) this.checkCalled(found, givenArguments(task.arguments), at, full);
  }

  // Argo: validateDAGTaskArgumentDependency
  private checkAncestors(task: DAGTask, isAncestor: (name: string) => boolean, prefix: string, at: Path): void {
    const check = (value: string | undefined, what: string, index: number, list: string): void => {
      if (value?.startsWith('{{tasks.') !== true) return;
      const other = value.split('.')[1] ?? '';
      if (isAncestor(other)) return;
      this.report.refuse('missing-dependency', `${prefix} missing dependency '${other}' for ${what}`, [...at, 'arguments', list, index], `Let the task depend on ${other}.`);
    };
    for (const [index, parameter] of (task.arguments?.parameters ?? []).entries()) check(parameter.value, `parameter '${parameter.name}'`, index, 'parameters');
    for (const [index, artifact] of (task.arguments?.artifacts ?? []).entries()) check(artifact.from, `artifact '${artifact.name}'`, index, 'artifacts');
  }
}

interface Inside extends Found {
  find: (needle: string) => Path;
}

/** A tag stands in this task when it is written there, else wherever the template has it first. */
function placeInTask(task: DAGTask, needle: string, at: Path, find: (needle: string) => Path): Path {
  const here = findText(task, needle, at);
  return here.length > at.length ? here : find(needle);
}

/** Refuses hooks without an expression, which only the exit hook may be. Argo: validateHooks */
export function checkHooks(hooks: Record<string, LifecycleHook> | undefined, prefix: string, path: Path, report: Report): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    if (name !== 'exit' && !hook.expression) report.refuse('missing-expression', `${prefix}.${name} Expression required`, [...path, name], 'Say when the hook runs, as workflow.status == "Running".');
  }
}

function hasExitHook(call: TemplateCall): boolean {
  return Boolean(call.onExit) || call.hooks?.exit !== undefined;
}

function isFanOut(call: TemplateCall): boolean {
  return (call.withItems?.length ?? 0) > 0 || Boolean(call.withParam);
}

function findTemplate(base: Base, name: string): { template: Template; index: number } | undefined {
  const index = (base.spec.templates ?? []).findIndex((template) => template.name === name);
  const template = base.spec.templates?.[index];
  return template ? { template, index } : undefined;
}

/** A hint, and the name that was most likely meant. */
function suggest(base: Base, name: string): [hint: string, fix?: string] {
  const names = (base.spec.templates ?? []).map((template) => template.name ?? '').filter((known) => known !== '');
  const likely = nearest(name, names);
  return likely === undefined ? [`Templates are: ${names.slice(0, 8).join(', ')}.`] : [`Did you mean ${likely}?`, likely];
}

function findPlaced(base: Base, name: string | undefined, caller: Path): Found | undefined {
  const found = name ? findTemplate(base, name) : undefined;
  if (!found) return undefined;
  return { template: found.template, base, place: placeAt(base.path ? [...base.path, 'templates', found.index] : undefined, caller) };
}

function placeAt(path: Path | undefined, caller: Path): Place {
  return (...rest) => (path ? [...path, ...rest] : caller);
}

/** The tasks of a DAG with what they wait for. */
class Dag {
  private readonly tasks: readonly DAGTask[];
  private readonly byName: ReadonlyMap<string, DAGTask>;
  private readonly dependencies = new Map<string, ReadonlyMap<string, DependencyType>>();

  constructor(tasks: readonly DAGTask[]) {
    this.tasks = tasks;
    this.byName = new Map(tasks.map((task) => [task.name ?? '', task]));
  }

  task(name: string): DAGTask | undefined {
    return this.byName.get(name);
  }

  dependenciesOf(name: string): ReadonlyMap<string, DependencyType> {
    let found = this.dependencies.get(name);
    if (!found) this.dependencies.set(name, (found = this.read(this.byName.get(name) ?? {})));
    return found;
  }

  private read(task: DAGTask): ReadonlyMap<string, DependencyType> {
    return parseDepends(task, (name) => this.byName.get(name) ?? { name }).dependencies;
  }

  /** Whether `task` waits for `other`, by way of any tasks in between. The nearest are looked at first: most references are to them. */
  isBefore(other: string, task: string): boolean {
    const seen = new Set([task]);
    for (const name of seen) {
      for (const dependency of this.dependenciesOf(name).keys()) {
        if (dependency === other && other !== task) return true;
        seen.add(dependency);
      }
    }
    return false;
  }

  /** The tasks, each behind those it depends on. Argo: sorting.TopologicalSorting */
  sorted(refuse: (message: string, task?: DAGTask) => never): DAGTask[] {
    const waiting = new Map<string, number>();
    for (const task of this.tasks) {
      const name = task.name ?? '';
      if (waiting.has(name)) refuse(`duplicated nodeName ${name}`, task);
      waiting.set(name, this.dependenciesOf(name).size);
    }
    const next = new Map<string, DAGTask[]>();
    for (const task of this.tasks) {
      for (const dependency of this.dependenciesOf(task.name ?? '').keys()) {
        if (!waiting.has(dependency)) return refuse(`invalid dependency ${dependency}`, task);
        const followers = next.get(dependency);
        if (followers) followers.push(task);
        else next.set(dependency, [task]);
      }
    }
    const sorted = this.tasks.filter((task) => waiting.get(task.name ?? '') === 0);
    for (const task of sorted) {
      for (const follower of next.get(task.name ?? '') ?? []) {
        const left = (waiting.get(follower.name ?? '') ?? 0) - 1;
        waiting.set(follower.name ?? '', left);
        if (left === 0) sorted.push(follower);
      }
    }
    if (sorted.length !== this.tasks.length) refuse('graph with cycle');
    return sorted;
  }
}
