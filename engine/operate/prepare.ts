/**
 * Before the passes: the spec as it is carried out, the globals, the workflow's own metadata. Argo: setExecWorkflow
 */
import { LABEL, type Arguments, type Parameter, type Template, type WorkflowSpec, type WorkflowTemplateRef } from '../spec/types.ts';
import { configMapValue, parametersJson } from './arguments.ts';
import { Fault, attempt } from './fault.ts';
import { evaluate, goJson, substitute } from './language.ts';
import { validateWorkflow } from '../spec/validate.ts';
import { parseYaml } from '../spec/yaml.ts';
import { mergeSpecs } from './merge.ts';
import { refuseMalformed } from './resolve.ts';
import type { Run } from './run.ts';
import { milliseconds } from './time.ts';

/** @returns whether the run may go on; if not, its phase says why */
export function prepare(run: Run): boolean {
  const spec = attempt(() => executedSpec(run));
  if (spec.fault) {
    run.mark('Error', spec.fault.message);
    return false;
  }
  run.spec = spec.value;
  if (!run.status.phase) {
    const fault = validate(run);
    storeTemplates(run, fault);
    if (fault !== undefined) {
      run.mark('Failed', `invalid spec: ${fault}`);
      return false;
    }
  }
  const globals = attempt(() => setGlobals(run));
  if (globals.fault) {
    run.mark('Failed', `failed to set global parameters: ${globals.fault.message}`);
    return false;
  }
  const replaced = attempt(() => replaceGlobals(run));
  if (replaced.fault) {
    run.mark('Error', replaced.fault.message);
    return false;
  }
  if (!run.status.phase) {
    const metadata = attempt(() => applyMetadata(run));
    if (metadata.fault) {
      run.mark('Error', metadata.fault.message);
      return false;
    }
  }
  run.globals.set('workflow.status', run.status.phase ?? '');
  run.globals.set('workflow.duration', seconds(run.status.startedAt ? run.now - milliseconds(run.status.startedAt) : 0));
  run.volumes = substitute(run.spec.volumes ?? [], run.globals, 'loose');
  if (run.spec.activeDeadlineSeconds !== undefined && run.status.startedAt) {
    run.deadline = milliseconds(run.status.startedAt) + run.spec.activeDeadlineSeconds * 1000;
  }
  run.resolver = run.newResolver();
  const repository = attempt(() => repositoryOf(run));
  if (repository.fault) {
    run.mark('Error', repository.fault.message);
    return false;
  }
  run.repository = repository.value;
  return true;
}

/**
 * The repository that the workflow names, else the default one of its namespace, else the engine's own: found once, and kept
 * in the status. Throws Fault for one that is named and not there. Argo: artifactRepositories.Resolve
 */
function repositoryOf(run: Run): Record<string, unknown> | undefined {
  const known = run.status.artifactRepositoryRef?.['artifactRepository'];
  if (known !== undefined) return known as Record<string, unknown>;
  const found = configuredRepository(run);
  const own = run.observed.settings?.artifactRepository;
  const status = found ?? (own && { default: true, artifactRepository: own });
  if (status && !run.completed) run.set('artifactRepositoryRef', status);
  return status?.artifactRepository;
}

function configuredRepository(run: Run): { artifactRepository: Record<string, unknown> } & Record<string, unknown> | undefined {
  const reference = run.spec.artifactRepositoryRef;
  const { configMaps } = run.observed;
  const configMap = reference?.configMap || 'artifact-repositories';
  const map = configMaps?.get(configMap);
  const key = reference?.key || map?.metadata.annotations?.['workflows.argoproj.io/default-artifact-repository'];
  const text = key === undefined ? undefined : map?.data?.[key];
  const value = text === undefined ? undefined : parseYaml(text).value;
  if (typeof value === 'object' && value !== null) return { configMap, ...(key === undefined ? {} : { key }), namespace: run.namespace, artifactRepository: value as Record<string, unknown> };
  if (!reference || !configMaps) return undefined;
  throw new Fault('error', `failed to find any artifact repository for artifact repository ref "${configMap}#${reference.key ?? ''}": ${map ? `the ConfigMap ${configMap} has no such key, or what stands there is no repository` : `there is no ConfigMap ${configMap} in the namespace ${run.namespace}`}`);
}

/** @returns what is wrong with the workflow: the first fault that Argo would name */
function validate(run: Run): string | undefined {
  const { templates } = run.observed;
  const found = validateWorkflow(run.input, {
    mode: 'controller',
    ...(templates ? { templates: (name, cluster) => templates[cluster ? 'cluster' : 'namespaced'].get(name) } : {}),
  });
  return found.find(({ severity }) => severity === 'error')?.message;
}

/** Milliseconds as Go's %f prints seconds. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(6);
}

/** The workflow's spec over that of its template over the defaults; a template's is stored once and for all. */
function executedSpec(run: Run): WorkflowSpec {
  const own = run.input.spec;
  const defaults = run.observed.settings?.workflowDefaults?.spec;
  const reference = own.workflowTemplateRef;
  if (!reference) return defaults ? mergeSpecs(own, defaults) : own;
  let stored = run.status.storedWorkflowTemplateSpec;
  if (!stored) {
    stored = mergeSpecs(own, mergeSpecs(referredSpec(run, reference), defaults ?? {}));
    run.set('storedWorkflowTemplateSpec', stored);
  } else if ((own.suspend ?? false) !== (stored.suspend ?? false) || (own.shutdown ?? '') !== (stored.shutdown ?? '')) {
    stored = mergeSpecs(own, stored);
    if (!own.suspend) delete stored.suspend;
    run.set('storedWorkflowTemplateSpec', stored);
  }
  return stored;
}

/** The spec of the workflow template, whose name becomes a label. Throws Fault. */
function referredSpec(run: Run, { name = '', clusterScope = false }: WorkflowTemplateRef): WorkflowSpec {
  const holder = run.observed.templates?.[clusterScope ? 'cluster' : 'namespaced'].get(name);
  if (!holder) throw new Fault('error', `${clusterScope ? 'clusterworkflowtemplates' : 'workflowtemplates'}.argoproj.io "${name}" not found`);
  refuseMalformed(run.observed, holder, clusterScope);
  run.setLabel(clusterScope ? LABEL.clusterWorkflowTemplate : LABEL.workflowTemplate, name);
  return holder.spec;
}

/** A run keeps the templates of its workflow template: those that Argo's validation, going through them, would have met. */
function storeTemplates(run: Run, fault: string | undefined): void {
  const reference = run.input.spec.workflowTemplateRef;
  if (!reference || (fault !== undefined && !fault.startsWith('templates.'))) return;
  const kind = reference.clusterScope ? 'cluster' : 'namespaced';
  const stored = (run.spec.templates ?? []).map((template) => [`${kind}/${reference.name ?? ''}/${template.name ?? ''}`, template]);
  if (stored.length > 0) run.set('storedTemplates', { ...run.status.storedTemplates, ...Object.fromEntries(stored) as Record<string, Template> });
}

/** Formats of a creation time that tags may ask for. Argo: strftime.FormatChars */
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function timeFormats(time: Date): Record<string, string> {
  const two = (value: number): string => String(value).padStart(2, '0');
  const month = MONTHS[time.getUTCMonth()] ?? '';
  const day = DAYS[time.getUTCDay()] ?? '';
  const hour = time.getUTCHours();
  return {
    B: month, b: month.slice(0, 3), m: two(time.getUTCMonth() + 1), A: day, a: day.slice(0, 3), d: two(time.getUTCDate()), H: two(hour),
    I: two(hour % 12 || 12), M: two(time.getUTCMinutes()), S: two(time.getUTCSeconds()), Y: String(time.getUTCFullYear()), y: two(time.getUTCFullYear() % 100),
    p: hour < 12 ? 'AM' : 'PM', Z: 'UTC', z: '+0000', L: `.${String(time.getUTCMilliseconds()).padStart(3, '0')}`,
    s: String(Math.floor(time.getTime() / 1000)), RFC3339: time.toISOString().replace(/\.\d{3}Z$/, 'Z'),
  };
}

/** Throws Fault for an argument without a value. Argo: setGlobalParameters */
function setGlobals(run: Run): void {
  const { globals, spec, input } = run;
  const { metadata } = input;
  globals.set('workflow.name', run.name);
  globals.set('workflow.namespace', run.namespace);
  globals.set('workflow.mainEntrypoint', spec.entrypoint ?? '');
  globals.set('workflow.serviceAccountName', spec.serviceAccountName ?? '');
  globals.set('workflow.uid', metadata.uid ?? '');
  const created = new Date(milliseconds(metadata.creationTimestamp));
  const formats = timeFormats(created);
  globals.set('workflow.creationTimestamp', formats['RFC3339'] ?? '');
  for (const [key, value] of Object.entries(formats)) globals.set(`workflow.creationTimestamp.${key}`, value);
  const scheduled = metadata.annotations?.['workflows.argoproj.io/scheduled-time'];
  if (scheduled) globals.set('workflow.scheduledTime', scheduled);
  if (spec.priority !== undefined) globals.set('workflow.priority', String(spec.priority));
  setParameters(run, spec.arguments);
  for (const { name, value } of run.status.outputs?.parameters ?? []) if (value !== undefined) globals.set(`workflow.outputs.parameters.${name}`, value);
  setMetadataGlobals(run);
}

function setParameters(run: Run, args: Arguments | undefined): void {
  const json = parametersJson(args?.parameters);
  run.globals.set('workflow.parameters', json);
  run.globals.set('workflow.parameters.json', json);
  for (const parameter of args?.parameters ?? []) run.globals.set(`workflow.parameters.${parameter.name}`, argumentValue(run, parameter));
}

function argumentValue(run: Run, parameter: Parameter): string {
  if (parameter.value !== undefined) return parameter.value;
  const reference = parameter.valueFrom?.configMapKeyRef;
  if (!reference) throw new Fault('error', `either value or valueFrom must be specified in order to set global parameter ${parameter.name}`);
  const found = configMapValue(run.observed.configMaps, reference.name ?? '', reference.key);
  if (found.value !== undefined) return found.value;
  if (parameter.valueFrom?.default !== undefined) return parameter.valueFrom.default;
  throw new Fault('error', `failed to set global parameter ${parameter.name} from configmap with name ${reference.name ?? ''} and key ${reference.key}: ${found.error}`);
}

function setMetadataGlobals(run: Run): void {
  const { globals, labels, annotations } = run;
  const extra = run.spec.workflowMetadata;
  for (const [kind, own, more] of [['annotations', annotations, extra?.annotations], ['labels', labels, extra?.labels]] as const) {
    const json = Object.keys(own).length === 0 ? 'null' : goJson(own, true);
    globals.set(`workflow.${kind}`, json);
    globals.set(`workflow.${kind}.json`, json);
    for (const [key, value] of Object.entries({ ...own, ...more })) {
      if (kind === 'labels' && extra?.labelsFrom?.[key]) continue;
      globals.set(`workflow.${kind}.${key}`, value);
    }
  }
}

/** Globals are replaced in the whole spec, templates aside: those wait until they are called. */
function replaceGlobals(run: Run): void {
  const { templates, ...rest } = run.spec;
  const replaced = substitute(rest, run.globals, 'loose');
  if (replaced === rest) return;
  run.spec = templates ? { ...replaced, templates } : replaced;
  setParameters(run, run.spec.arguments);
}

const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

function labelFault(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  if (LABEL_VALUE.test(value)) return undefined;
  return 'a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character '
    + '(e.g. \'MyValue\',  or \'my_value\',  or \'12345\', regex used for validation is \'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\')';
}

/** Labels and annotations that the spec wants on the Workflow itself. Argo: updateWorkflowMetadata */
function applyMetadata(run: Run): void {
  const metadata = run.spec.workflowMetadata;
  if (!metadata) return;
  for (const [name, value] of Object.entries(metadata.labels ?? {})) {
    const fault = labelFault(value);
    if (fault) throw new Fault('error', `invalid label value ${JSON.stringify(value)} for label ${JSON.stringify(name)}: ${fault}`);
    run.setLabel(name, value);
    run.globals.set(`workflow.labels.${name}`, value);
  }
  for (const [name, value] of Object.entries(metadata.annotations ?? {})) {
    run.setAnnotation(name, value);
    run.globals.set(`workflow.annotations.${name}`, value);
  }
  for (const [name, { expression }] of Object.entries(metadata.labelsFrom ?? {})) {
    const value = evaluate(expression, run.globals);
    if (typeof value !== 'string') throw new Fault('error', `failed to evaluate label ${JSON.stringify(name)} expression ${JSON.stringify(expression)} evaluted to ${typeof value} but must be a string`);
    const fault = labelFault(value);
    if (fault) throw new Fault('error', `invalid label value ${JSON.stringify(value)} for label ${JSON.stringify(name)} and expression ${JSON.stringify(expression)}: ${fault}`);
    run.setLabel(name, value);
    run.globals.set(`workflow.labels.${name}`, value);
  }
  replaceGlobals(run);
}
