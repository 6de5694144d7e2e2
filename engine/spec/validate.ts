/**
 * Argo's rules for whole objects. Errors are given exactly where Argo refuses, the first with Argo's own text; what Argo lets through
 * and what fails later is a warning.
 */
import { fullSchedule, parseSchedule } from '../template/cron.ts';
import { loadLocation } from '../template/go.ts';
import { advise, adviseMetadata } from './advise.ts';
import type { Diagnostic } from './diagnostic.ts';
import { checkNames, fieldNameProblem, isTag, utf8Length } from './names.ts';
import { givenArguments } from './process.ts';
import { Report, type Path } from './report.ts';
import { checkSelector } from './selector.ts';
import type { Arguments, CronWorkflow, Template, TemplateCall, Workflow, WorkflowSpec, WorkflowTemplate } from './types.ts';
import { checkArguments, checkPodResources } from './validate-leaf.ts';
import { TemplateValidator, checkHooks, type Base, type FindBase } from './validate-template.ts';

/**
 * Who asks: `controller` as the engine does before a run (arguments must have values), `submit` as `argo submit` does,
 * `lint` as `argo lint` does (arguments may be left open).
 */
export type ValidateMode = 'controller' | 'submit' | 'lint';

/** Finds a WorkflowTemplate of the workflow's namespace or a ClusterWorkflowTemplate; undefined when there is none, 'unknown' when nobody can tell. */
export type TemplateGetter = (name: string, clusterScope: boolean) => WorkflowTemplate | 'unknown' | undefined;

export interface ValidateOptions {
  mode: ValidateMode;
  /** Without it, references to other objects are not followed. */
  templates?: TemplateGetter;
}

/** @returns what is wrong with a Workflow; without errors, Argo would take it */
export function validateWorkflow(workflow: Workflow, options: ValidateOptions): Diagnostic[] {
  const report = new Report();
  report.attempt(() => {
    checkNameLength('workflow', workflow.metadata.name, 63, report);
    checkSpec({ object: workflow, spec: workflow.spec, path: ['spec'], report, options, inTemplate: false });
  });
  adviseMetadata(workflow.metadata, report);
  advise(workflow.spec, ['spec'], report);
  return report.diagnostics;
}

/** @returns what is wrong with a WorkflowTemplate */
export function validateWorkflowTemplate(template: WorkflowTemplate, options: ValidateOptions): Diagnostic[] {
  return validateTemplateObject('workflow template', template, options);
}

/** @returns what is wrong with a ClusterWorkflowTemplate */
export function validateClusterWorkflowTemplate(template: WorkflowTemplate, options: ValidateOptions): Diagnostic[] {
  return validateTemplateObject('cluster workflow template', template, options);
}

function validateTemplateObject(kind: string, template: WorkflowTemplate, options: ValidateOptions): Diagnostic[] {
  const report = new Report();
  report.attempt(() => {
    checkNameLength(kind, template.metadata.name, 63, report);
    const { labels, annotations } = template.metadata;
    const metadata = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
    checkSpec({ object: { metadata, spec: template.spec }, spec: template.spec, path: ['spec'], report, options, inTemplate: true });
  });
  adviseMetadata(template.metadata, report);
  advise(template.spec, ['spec'], report);
  return report.diagnostics;
}

/** @returns what is wrong with a CronWorkflow */
export function validateCronWorkflow(cron: CronWorkflow, options: ValidateOptions): Diagnostic[] {
  const report = new Report();
  report.attempt(() => {
    checkNameLength('cron workflow', cron.metadata.name, 52, report);
    checkSchedules(cron, report);
    const { spec } = cron;
    const policy: string = spec.concurrencyPolicy ?? '';
    if (!['', 'Allow', 'Forbid', 'Replace'].includes(policy)) report.refuse('bad-value', `'${policy}' is not a valid concurrencyPolicy`, ['spec', 'concurrencyPolicy'], 'Choose Allow, Forbid or Replace.');
    if (spec.startingDeadlineSeconds !== undefined && spec.startingDeadlineSeconds < 0) {
      report.refuse('bad-value', 'startingDeadlineSeconds must be positive', ['spec', 'startingDeadlineSeconds'], 'Write a number of seconds.');
    }
    report.within('cannot validate Workflow:', () => report.attempt(() => checkSpec({
      object: workflowOf(cron), spec: spec.workflowSpec, path: ['spec', 'workflowSpec'], report, options: { ...options, mode: 'controller' }, inTemplate: false,
    })));
  });
  adviseMetadata(cron.metadata, report);
  advise(cron.spec.workflowSpec, ['spec', 'workflowSpec'], report);
  return report.diagnostics;
}

function workflowOf(cron: CronWorkflow): Workflow {
  const { labels, annotations } = cron.spec.workflowMetadata ?? {};
  const own = cron.metadata;
  return {
    metadata: { ...(own.namespace === undefined ? {} : { namespace: own.namespace }), ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
    spec: cron.spec.workflowSpec,
  };
}

function checkSchedules({ spec }: CronWorkflow, report: Report): void {
  const schedules = spec.schedules ?? [];
  if (schedules.length === 0) report.refuse('no-schedule', 'cron workflow must have at least one schedule', ['spec', 'schedules'], 'Write a list of schedules, as - "0 3 * * *".');
  for (const [index, schedule] of schedules.entries()) {
    const fault = messageOf(() => parseSchedule(schedule));
    if (fault !== undefined) report.refuse('bad-schedule', `cron schedule ${schedule} is malformed: ${fault}`, ['spec', 'schedules', index], 'Write five fields: minute, hour, day, month, weekday.');
  }
  const { timezone = '' } = spec;
  const fault = timezone === '' ? undefined : messageOf(() => loadLocation(timezone));
  if (fault !== undefined) report.refuse('bad-timezone', `invalid timezone ${JSON.stringify(timezone)}: ${fault}`, ['spec', 'timezone'], 'Write a name as Europe/Berlin.');
  for (const [index, schedule] of schedules.entries()) {
    const later = messageOf(() => parseSchedule(fullSchedule(schedule, timezone)));
    if (later !== undefined) report.warn('bad-schedule', `With the time zone, this schedule cannot be read: ${later}`, ['spec', 'schedules', index], 'Name the zone once: under timezone, or in the schedule.');
  }
}

/** The message of what `act` throws. */
function messageOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkNameLength(kind: string, name: string | undefined, limit: number, report: Report): void {
  const length = utf8Length(name ?? '');
  if (length <= limit) return;
  report.refuse('name-too-long', `${kind} name ${JSON.stringify(name)} must not be more than ${limit} characters long (currently ${length})`, ['metadata', 'name'], `Shorten it to ${limit} characters.`);
}

interface Check {
  object: Pick<Workflow, 'metadata' | 'spec' | 'status'>;
  spec: WorkflowSpec;
  path: Path;
  report: Report;
  options: ValidateOptions;
  inTemplate: boolean;
}

/** What the rules below share. */
interface State extends Check {
  base: Base;
  /** The spec that workflowTemplateRef names. */
  referred: WorkflowSpec | undefined;
  given: Arguments;
  validator: TemplateValidator;
}

// Argo: validate.Workflow
function checkSpec(check: Check): void {
  const { object, spec, path, report } = check;
  checkWorkflowFields(check);
  const base: Base = { kind: 'Workflow', name: object.metadata.name ?? '', spec: withStoredTemplates(object, spec), path };
  const namespace = object.metadata.namespace ?? '';
  const validator = new TemplateValidator({ findBase: finderOf(check.options), inTemplate: check.inTemplate, report, namespace, stored: object.status?.storedTemplates ?? {} });
  const referred = referredSpec(check, validator);
  if (referred === 'unknown') return;
  checkNames(spec.templates, fieldNameProblem, 'spec.templates', [...path, 'templates'], report);
  const given = referred ? mergeArguments(spec.arguments, referred.arguments) : (spec.arguments ?? {});
  const mayBeEmpty = check.options.mode === 'lint' || (check.inTemplate && check.options.mode !== 'submit');
  checkArguments('spec.arguments.', given, mayBeEmpty, [...path, 'arguments'], report);
  const state: State = { ...check, base, referred, given, validator };
  addGlobals(state);
  const entrypoint = spec.entrypoint ? spec.entrypoint : (referred?.entrypoint ?? '');
  const optional = check.inTemplate && !spec.entrypoint;
  if (!optional && entrypoint === '') report.refuse('missing-entrypoint', 'spec.entrypoint is required', [...path, 'entrypoint'], 'Name the template the run starts with.');
  if (!optional) attemptCall(state, entrypoint, 'entrypoint', check.inTemplate ? validator.anyArguments : givenArguments(given));
  checkOnExit(state);
  checkHooks(spec.hooks, 'hooks', [...path, 'hooks'], report);
  checkPodGc(state);
  checkAllTemplates(state);
}

function checkWorkflowFields({ spec, path, report }: Check): void {
  for (const [index, plugin] of (spec.executorPlugins ?? []).entries()) {
    const metadata = plugin.metadata as { name?: unknown } | undefined;
    if (!metadata?.name) report.refuse('missing-name', 'spec.executorPlugins: executor plugin metadata name is mandatory', [...path, 'executorPlugins', index], 'Give the plugin a metadata.name.');
  }
  if (spec.podResources) checkPodResources(spec.podResources, 'spec.podResources', [...path, 'podResources'], report);
}

/** A running workflow keeps the templates it took from elsewhere in its status. */
function withStoredTemplates(object: Check['object'], spec: WorkflowSpec): WorkflowSpec {
  const stored = object.status?.storedWorkflowTemplateSpec?.templates;
  return stored ? { ...spec, templates: [...(spec.templates ?? []), ...stored] } : spec;
}

function finderOf({ templates }: ValidateOptions): FindBase {
  return (name, clusterScope) => {
    const found = templates ? templates(name, clusterScope) : 'unknown';
    return found === 'unknown' ? found : found && { kind: clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate', name, spec: found.spec };
  };
}

function referredSpec({ spec, path, report, options }: Check, validator: TemplateValidator): WorkflowSpec | 'unknown' | undefined {
  const reference = spec.workflowTemplateRef;
  if (!reference) return undefined;
  if ((spec.templates?.length ?? 0) > 0) {
    report.refuse('templates-with-reference', 'Templates is invalid field in spec if workflow referred WorkflowTemplate reference', [...path, 'templates'], 'Delete the templates, or the workflowTemplateRef.');
  }
  const found = finderOf(options)(reference.name ?? '', reference.clusterScope ?? false);
  if (found === 'unknown') return found;
  return found ? found.spec : validator.refuseBase(reference.name ?? '', reference.clusterScope ?? false, [...path, 'workflowTemplateRef', 'name']);
}

/** The workflow's own arguments, then those of the template that it does not give itself: the first of a name counts. */
function mergeArguments(own: Arguments = {}, referred: Arguments = {}): Arguments {
  const merge = <T extends { name: string }>(first: readonly T[] = [], second: readonly T[] = []): T[] => {
    const byName = new Map<string, T>();
    for (const item of [...first, ...second]) if (!byName.has(item.name)) byName.set(item.name, item);
    return [...byName.values()];
  };
  return { parameters: merge(own.parameters, referred.parameters), artifacts: merge(own.artifacts, referred.artifacts) };
}

function addGlobals({ object, spec, referred, given, validator }: State): void {
  for (const name of ['name', 'namespace', 'mainEntrypoint', 'serviceAccountName', 'uid', 'annotations', 'annotations.json', 'labels', 'labels.json', 'status']) validator.addGlobal(`workflow.${name}`);
  const parameters = given.parameters ?? [];
  if (parameters.length > 0) {
    validator.addGlobal('workflow.parameters');
    validator.addGlobal('workflow.parameters.json');
  }
  for (const { name, value } of parameters) validator.addGlobal(`workflow.parameters.${name}`, value);
  const metadata = [object.metadata, spec.workflowMetadata, referred?.workflowMetadata];
  for (const source of metadata) {
    for (const name of Object.keys(source?.annotations ?? {})) validator.addGlobal(`workflow.annotations.${name}`);
    for (const name of Object.keys(source?.labels ?? {})) validator.addGlobal(`workflow.labels.${name}`);
  }
  for (const source of [spec.workflowMetadata, referred?.workflowMetadata]) {
    for (const name of Object.keys(source?.labelsFrom ?? {})) validator.addGlobal(`workflow.labels.${name}`);
  }
  if (spec.priority !== undefined) validator.addGlobal('workflow.priority', String(spec.priority));
}

/** A call of a template by the workflow itself: here, or in the WorkflowTemplate that it refers to. */
function callOf({ spec }: State, template: string): TemplateCall {
  const reference = spec.workflowTemplateRef;
  if (!reference) return { template };
  return { templateRef: { name: reference.name ?? '', template, ...(reference.clusterScope === undefined ? {} : { clusterScope: reference.clusterScope }) } };
}

function attemptCall(state: State, template: string, field: 'entrypoint' | 'onExit', source: ReturnType<typeof givenArguments>): void {
  const { base, path, report, validator, spec } = state;
  const at = spec.workflowTemplateRef ? (spec[field] ? [...path, field] : [...path, 'workflowTemplateRef']) : [...path, field];
  report.attempt(() => validator.check({ call: callOf(state, template), base, path: at }, source));
}

function checkOnExit(state: State): void {
  const { spec, referred, validator } = state;
  const template = spec.onExit ? spec.onExit : referred?.onExit;
  if (!template) return;
  validator.addGlobal('workflow.failures');
  // An artifact may be published under a name that only the run knows.
  const templates: readonly Template[] = [...(spec.templates ?? []), ...(referred?.templates ?? [])];
  if (templates.some(({ outputs }) => outputs?.artifacts?.some(({ globalName }) => globalName !== undefined && isTag(globalName)))) validator.addOpenGlobal('workflow.outputs.artifacts.');
  attemptCall(state, template, 'onExit', givenArguments(spec.arguments));
}

const POD_GC = ['', 'OnPodCompletion', 'OnPodSuccess', 'OnWorkflowCompletion', 'OnWorkflowSuccess'];

function checkPodGc({ spec, path, report }: State): void {
  const strategy = spec.podGC?.strategy ?? '';
  if (!POD_GC.includes(strategy)) report.refuse('bad-value', `podGC.strategy unknown strategy '${strategy}'`, [...path, 'podGC', 'strategy'], `Choose ${POD_GC.slice(1).join(', ')}.`);
  const fault = checkSelector(spec.podGC?.labelSelector);
  if (fault !== undefined) report.refuse('bad-selector', `podGC.labelSelector invalid: ${fault}`, [...path, 'podGC', 'labelSelector'], 'Mend the selector.');
}

/** Templates that nothing calls are checked too. */
function checkAllTemplates(state: State): void {
  const { spec, referred, base, path, report, validator } = state;
  const templates = (spec.workflowTemplateRef ? referred?.templates : spec.templates) ?? [];
  for (const [index, { name = '' }] of templates.entries()) {
    const at = spec.workflowTemplateRef ? [...path, 'workflowTemplateRef'] : [...path, 'templates', index];
    report.within(`templates.${name}`, () => report.attempt(() => validator.check({ call: callOf(state, name), base, path: at }, validator.anyArguments)));
  }
}
