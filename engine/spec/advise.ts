/** What Argo lets through and what fails, or does nothing, once it runs: warnings at the place. */
import { evaluateDepends, parseDepends } from '../template/depends.ts';
import { ScalarError, parseStringToDuration } from '../template/durations.ts';
import { ExprError, compile } from '../template/expr/index.ts';
import { evaluateWhen } from '../template/when.ts';
import type { ObjectMeta } from './kubernetes.ts';
import type { Path, Report } from './report.ts';
import { nearest } from './suggest.ts';
import type { DAGTask, LifecycleHook, Sequence, Template, TemplateCall, WorkflowSpec, WorkflowStep } from './types.ts';

interface Advice {
  spec: WorkflowSpec;
  report: Report;
  /** Names of the templates that calls can name; undefined when some come from elsewhere. */
  names: ReadonlySet<string> | undefined;
}

/** Warns of what fails later in a workflow's spec. `path` is the spec's. */
export function advise(spec: WorkflowSpec, path: Path, report: Report): void {
  const names = spec.workflowTemplateRef ? undefined : new Set((spec.templates ?? []).map((template) => template.name ?? ''));
  const advice: Advice = { spec, report, names };
  adviseDuration(spec.podGC?.deleteDelayDuration, [...path, 'podGC', 'deleteDelayDuration'], report);
  adviseHooks(spec.hooks, [...path, 'hooks'], advice);
  for (const [index, template] of (spec.templates ?? []).entries()) adviseTemplate(template, [...path, 'templates', index], advice, 0);
  adviseExpressions(spec, path, report);
}

const OBJECT_NAME = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;

/** Warns of names that Kubernetes will not take. */
export function adviseMetadata({ name, generateName }: ObjectMeta, report: Report): void {
  if (!name && !generateName) { report.warn('missing-name', 'The object has no name.', ['metadata'], 'Write name, or generateName to have one made.'); return; }
  if (name && !OBJECT_NAME.test(name)) report.warn('bad-object-name', `Kubernetes does not take the name ${name}.`, ['metadata', 'name'], 'Use small letters, digits, dashes and dots.');
  if (!name && generateName && !/^[a-z0-9][-a-z0-9.]*$/.test(generateName)) {
    report.warn('bad-object-name', `Kubernetes does not take the name ${generateName}.`, ['metadata', 'generateName'], 'Use small letters, digits, dashes and dots.');
  }
}

const WAIT = 'tiphys.dev/wait';

/** What is carried out otherwise than in Argo's controller, or not at all. */
function adviseEngineWork(template: Template, path: Path, report: Report): void {
  const plugin = Object.keys(template.plugin ?? {})[0];
  if (plugin !== undefined) {
    report.warn('needs-plugin', `The executor plugin ${plugin} runs beside Argo's own controller only; here the step ends in error.`, [...path, 'plugin'], 'Call what the plugin calls from an http, resource or container template.');
  }
  const wait = template.metadata?.annotations?.[WAIT];
  if (wait === undefined) return;
  const at = [...path, 'metadata', 'annotations', WAIT];
  if (wait !== 'ready' && wait !== 'none') report.warn('bad-wait', `${WAIT} is ${wait}, which means nothing.`, at, 'Write ready: the step then waits until what it applied is ready or has failed.');
  else if (!template.resource) report.warn('bad-wait', `${WAIT} means something in resource templates only.`, at, 'Leave it out.');
}

function adviseTemplate(template: Template, path: Path, advice: Advice, depth: number): void {
  const { report } = advice;
  const durations: [string | undefined, Path][] = [
    [template.timeout, ['timeout']], [template.pendingTimeout, ['pendingTimeout']], [template.suspend?.duration, ['suspend', 'duration']], [template.memoize?.maxAge, ['memoize', 'maxAge']],
    [template.retryStrategy?.backoff?.duration, ['retryStrategy', 'backoff', 'duration']], [template.retryStrategy?.backoff?.maxDuration, ['retryStrategy', 'backoff', 'maxDuration']],
    [template.retryStrategy?.backoff?.cap, ['retryStrategy', 'backoff', 'cap']], [template.containerSet?.retryStrategy?.duration, ['containerSet', 'retryStrategy', 'duration']],
  ];
  for (const [duration, rest] of durations) adviseDuration(duration, [...path, ...rest], report);
  adviseVolumes(template, path, advice);
  adviseEngineWork(template, path, report);
  adviseContainers(template, path, report);
  for (const [group, row] of (template.steps ?? []).entries()) {
    for (const [index, step] of row.entries()) {
      adviseCall(step, [...path, 'steps', group, index], advice, depth);
      adviseRow(step, row, [...path, 'steps', group, index], report);
    }
  }
  const tasks = Array.isArray(template.dag?.tasks) ? template.dag.tasks : [];
  const byName = new Map(tasks.map((task) => [task.name ?? '', task]));
  for (const [index, task] of tasks.entries()) {
    adviseCall(task, [...path, 'dag', 'tasks', index], advice, depth);
    adviseDepends(task, byName, [...path, 'dag', 'tasks', index, 'depends'], report);
  }
}

function adviseCall(call: TemplateCall, path: Path, advice: Advice, depth: number): void {
  const { report } = advice;
  adviseWhen(call.when, [...path, 'when'], report);
  adviseHooks(call.hooks, [...path, 'hooks'], advice);
  adviseName(call.onExit, [...path, 'onExit'], advice);
  if (call.withSequence) adviseSequence(call.withSequence, [...path, 'withSequence'], report);
  const loops = (call.withItems?.length ?? 0) > 0 || call.withParam !== undefined || call.withSequence !== undefined;
  if (!loops && /\{\{\s*item\s*\}\}/.test(JSON.stringify(call))) report.warn('item-outside-loop', '{{item}} has no value here.', path, 'Add withItems, withParam or withSequence, or write the value.');
  if (call.inline && depth < 50) adviseTemplate(call.inline, [...path, 'inline'], advice, depth + 1);
}

/** A step that waits for another of its own row waits for ever. */
function adviseRow(step: WorkflowStep, row: readonly WorkflowStep[], path: Path, report: Report): void {
  if (row.length < 2) return;
  for (const [, name = ''] of JSON.stringify({ ...step, hooks: undefined }).matchAll(/\{\{[^}]*?\bsteps\.([-\w]+)\./g)) {
    if (name !== step.name && row.some((other) => other.name === name)) report.warn('same-row', `${name} runs at the same time as ${step.name ?? ''}: its outputs are not there yet.`, path, 'Move this step into a row of its own.');
  }
}

function adviseContainers(template: Template, path: Path, report: Report): void {
  const names = new Set(['main']);
  for (const field of ['initContainers', 'sidecars'] as const) {
    for (const [index, { name = '' }] of (template[field] ?? []).entries()) {
      if (names.has(name) && name !== '') report.warn('duplicate-name', `Two containers of the Pod are named ${name}.`, [...path, field, index, 'name'], 'Give it another name.');
      names.add(name);
    }
  }
}

function adviseHooks(hooks: Record<string, LifecycleHook> | undefined, path: Path, advice: Advice): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    adviseName(hook.template, [...path, name, 'template'], advice);
    if (hook.expression) adviseExpression(hook.expression, [...path, name, 'expression'], advice.report);
  }
}

function adviseName(name: string | undefined, path: Path, { names, report }: Advice): void {
  if (!name || !names || names.has(name) || name.includes('{{')) return;
  const likely = nearest(name, names);
  report.warn('unknown-template', `No template is named ${name}; the run fails when it gets here.`, path, likely === undefined ? 'Name a template of this workflow.' : `Did you mean ${likely}?`, likely);
}

function adviseDuration(text: string | undefined, path: Path, report: Report): void {
  if (!text || text.includes('{{')) return;
  try {
    parseStringToDuration(text);
  } catch (error) {
    if (!(error instanceof ScalarError)) throw error;
    report.warn('bad-duration', `"${text}" is no duration; the run fails when it gets here.`, path, 'Write it as 30s, 5m or 1h30m.');
  }
}

function adviseSequence(sequence: Sequence, path: Path, report: Report): void {
  for (const field of ['count', 'start', 'end'] as const) {
    const value = sequence[field];
    if (typeof value !== 'string' || value.includes('{{') || /^[-+]?\d+$/.test(value)) continue;
    report.warn('bad-number', `"${value}" is no whole number; the run fails when it gets here.`, [...path, field], 'Write a whole number.');
  }
}

/** Tags are not known yet: a condition is bad when it fails whatever they stand for. */
const STAND_INS = ['1', 'true', 'x', "'x'"];

function adviseWhen(when: string | undefined, path: Path, report: Report): void {
  if (!when) return;
  const tag = /\{\{[\s\S]*?\}\}/g;
  let message = '';
  for (const standIn of when.includes('{{') ? STAND_INS : ['']) {
    try {
      evaluateWhen(when.replace(tag, standIn));
      return;
    } catch (error) {
      message ||= error instanceof Error ? error.message : '';
    }
  }
  report.warn('bad-when', `This condition cannot be read: ${message}`, path, 'Compare with ==, !=, < or >, and quote texts with spaces or dashes.');
}

function adviseDepends(task: DAGTask, tasks: ReadonlyMap<string, DAGTask>, path: Path, report: Report): void {
  if (!task.depends) return;
  try {
    const depends = parseDepends(task, (name) => tasks.get(name) ?? { name });
    evaluateDepends(depends, () => ({ phase: 'Succeeded', type: 'Pod', daemoned: false, fulfilled: true, children: [] }));
  } catch (error) {
    report.warn('bad-depends', `This condition cannot be read: ${error instanceof Error ? error.message : ''}`, path, 'Join tasks with && and ||, as A && (B || C.Failed).');
  }
}

function adviseVolumes(template: Template, path: Path, { spec, report, names }: Advice): void {
  if (!names) return;
  const known = new Set([...(spec.volumes ?? []), ...(template.volumes ?? [])].map((volume) => volume.name));
  for (const claim of spec.volumeClaimTemplates ?? []) known.add((claim as Partial<typeof claim>).metadata?.name ?? '');
  for (const field of ['container', 'script'] as const) {
    for (const [index, mount] of (template[field]?.volumeMounts ?? []).entries()) {
      const { name = '' } = mount as Partial<typeof mount>;
      if (known.has(name) || name.includes('{{')) continue;
      report.warn('unknown-volume', `No volume is named ${name}.`, [...path, field, 'volumeMounts', index, 'name'], 'Declare it under volumes or volumeClaimTemplates.');
    }
  }
}

/** Expressions in tags that cannot be read: `{{=1 +}}`. */
function adviseExpressions(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string') {
    if (!value.includes('{{=')) return;
    for (const [, source = ''] of value.matchAll(/\{\{=([\s\S]*?)\}\}/g)) adviseExpression(source, path, report);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) adviseExpressions(item, [...path, key], report);
  }
}

function adviseExpression(source: string, path: Path, report: Report): void {
  if (source.includes('{{')) return;
  try {
    compile(source);
  } catch (error) {
    if (!(error instanceof ExprError)) throw error;
    report.warn('bad-expression', `This expression cannot be read: ${error.message.split('\n')[0] ?? ''}`, path, 'Look for a missing operand, bracket or quote.');
  }
}
