/** What can stand in `{{ }}` at a place, and what each of it is. */
import type { Path } from '../../../engine/spec/yaml.ts';
import { findCallee, Look, scopeOf, startsWith } from './names.ts';
import type { Call, Named, ObjectNames, TemplateNames, Workspace } from './names.ts';
import type { MapNode, ScalarNode } from './tree.ts';

export interface Variable {
  name: string;
  /** One sentence. */
  about: string;
  /** What it is now, where the text says so. */
  value?: string;
  /** Where it is declared. */
  target?: { file: string; node: ScalarNode };
}

export interface VariableScope {
  workspace: Workspace;
  object: ObjectNames;
  /** Of the value with the tag. */
  path: Path;
}

/** @returns every variable that has a value at the place, the nearest first */
export function variablesAt(scope: VariableScope): Variable[] {
  const { object, path } = scope;
  if (object.kind === 'CronWorkflow' && !startsWith(path, object.specPath)) return CRON;
  const { template, call } = scopeOf(object, path);
  const all = [
    ...(call ? ofItem(scope, call) : []),
    ...(template ? ofTemplate(scope, template, call) : []),
    ...(call ? [{ name: template?.type === 'steps' ? 'steps.name' : 'tasks.name', about: 'Name of this step.' }] : []),
    ...(path.includes('metrics') ? METRICS : []),
    ...ofWorkflow(scope),
  ];
  return [...new Map(all.map((variable) => [variable.name, variable])).values()];
}

const CRON: Variable[] = [
  { name: 'cronworkflow.name', about: 'Name of the CronWorkflow.' }, { name: 'cronworkflow.namespace', about: 'Its namespace.' },
  { name: 'cronworkflow.lastScheduledTime', about: 'When a run was last due; nil before the first.' },
  { name: 'cronworkflow.succeeded', about: 'How many of its runs have succeeded.' }, { name: 'cronworkflow.failed', about: 'How many of its runs have failed.' },
  { name: 'cronworkflow.labels', about: 'Its labels, as JSON.' }, { name: 'cronworkflow.annotations', about: 'Its annotations, as JSON.' },
];

const METRICS: Variable[] = [
  { name: 'status', about: 'Phase of the node: Succeeded, Failed or Error.' }, { name: 'duration', about: 'Seconds it took.' }, { name: 'exitCode', about: 'Exit code of the main container.' },
  { name: 'resourcesDuration.cpu', about: 'Seconds of CPU requested.' }, { name: 'resourcesDuration.memory', about: 'Seconds of memory requested.' },
];

const RETRY: Variable[] = [
  { name: 'retries', about: 'Number of this try, from 0.' }, { name: 'lastRetry.exitCode', about: 'Exit code of the try before; -1 without one.' },
  { name: 'lastRetry.status', about: 'Phase of the try before.' }, { name: 'lastRetry.duration', about: 'Seconds the try before took.' }, { name: 'lastRetry.message', about: 'Message of the try before.' },
];

const WORKFLOW: readonly (readonly [string, string])[] = [
  ['name', 'Name of the run.'], ['namespace', 'Namespace of the run.'], ['uid', 'Unique id of the run.'], ['mainEntrypoint', 'Template the run starts with.'], ['serviceAccountName', 'Service account of the run.'],
  ['parameters', 'All parameters of the run, as JSON.'], ['labels', 'Labels of the run, as JSON.'], ['annotations', 'Annotations of the run, as JSON.'], ['priority', 'Priority of the run.'],
  ['creationTimestamp', 'When the run was created.'], ['creationTimestamp.RFC3339', 'When the run was created, as 2006-01-02T15:04:05Z.'], ['creationTimestamp.s', 'When the run was created, in seconds since 1970.'],
  ['creationTimestamp.Y', 'Year the run was created in.'], ['creationTimestamp.m', 'Month, two digits.'], ['creationTimestamp.d', 'Day of the month, two digits.'], ['creationTimestamp.H', 'Hour, two digits.'], ['creationTimestamp.M', 'Minute, two digits.'],
  ['scheduledTime', 'When the run was due, of a CronWorkflow.'], ['duration', 'Seconds the run has taken.'], ['status', 'Phase of the run; in exit handlers and hooks.'], ['failures', 'Failed nodes, as JSON; in exit handlers.'],
];

function ofWorkflow({ workspace, object }: VariableScope): Variable[] {
  const parameters = namedVariables('workflow.parameters', object.arguments.parameters, workspace.main.file, 'Parameter of the run.', object);
  const artifacts = namedVariables('workflow.artifacts', object.arguments.artifacts, workspace.main.file, 'Artifact of the run.', object);
  const globals = object.templates.flatMap((template) => (['parameters', 'artifacts'] as const).flatMap((sort) => template.outputs[sort].flatMap((output) => {
    const node = new Look(object.document).scalar(output.map, 'globalName');
    return node ? [{ name: `workflow.outputs.${sort}.${node.text}`, about: `Published by template ${template.name}.`, target: { file: workspace.main.file, node } }] : [];
  })));
  return [...parameters, ...artifacts, ...metadataVariables(object), ...globals, ...WORKFLOW.map(([name, about]) => ({ name: `workflow.${name}`, about }))];
}

function metadataVariables(object: ObjectNames): Variable[] {
  const look = new Look(object.document);
  const metadata = look.map(object.root, 'metadata');
  return (['labels', 'annotations'] as const).flatMap((sort) => ((metadata && look.map(metadata, sort)?.entries) ?? []).map((entry) => ({
    name: `workflow.${sort}.${entry.key.text}`, about: sort === 'labels' ? 'Label of the run.' : 'Annotation of the run.', ...(entry.value?.kind === 'scalar' ? { value: entry.value.text } : {}),
  })));
}

function namedVariables(prefix: string, list: readonly Named[], file: string, about: string, object: ObjectNames): Variable[] {
  const look = new Look(object.document);
  return list.filter(({ name }) => name !== '').map(({ name, node, map }) => {
    const value = look.text(map, 'value') ?? look.text(map, 'default');
    return { name: `${prefix}.${name}`, about: look.text(map, 'description') ?? about, target: { file, node }, ...(value === undefined ? {} : { value }) };
  });
}

const POD_TYPES: ReadonlySet<string> = new Set(['container', 'script', 'containerSet', 'resource', 'data', 'http', 'plugin']);

function ofTemplate(scope: VariableScope, template: TemplateNames, call: Call | undefined): Variable[] {
  const { file } = scope.workspace.main;
  const { object } = scope;
  const variables = [
    ...namedVariables('inputs.parameters', template.inputs.parameters, file, 'Input of this template.', object),
    ...namedVariables('inputs.artifacts', template.inputs.artifacts, file, 'Input artifact of this template.', object),
    ...template.inputs.artifacts.map(({ name, node }) => ({ name: `inputs.artifacts.${name}.path`, about: 'Where the artifact is in the container.', target: { file, node } })),
    { name: 'inputs.parameters', about: 'All inputs of this template, as JSON.' },
  ];
  if (template.calls.length > 0) variables.push(...outputsOfCalls(scope, template, call));
  if (template.type !== undefined && POD_TYPES.has(template.type)) {
    variables.push({ name: 'pod.name', about: 'Name of the Pod.' }, ...portPaths(template, file));
  }
  variables.push({ name: 'node.name', about: 'Full name of the node.' });
  if (new Look(object.document).node(template.map, 'retryStrategy')) variables.push(...RETRY);
  if (scope.path.includes('metrics')) variables.push(...template.outputs.parameters.map(({ name }) => ({ name: `outputs.parameters.${name}`, about: 'Output of this template.' })), { name: 'outputs.result', about: 'What it printed.' });
  return variables;
}

function portPaths(template: TemplateNames, file: string): Variable[] {
  return (['parameters', 'artifacts'] as const).flatMap((sort) => template.outputs[sort].map(({ name, node }) => ({ name: `outputs.${sort}.${name}.path`, about: 'Where the container writes it.', target: { file, node } })));
}

/** Calls whose outputs are there at a place: of earlier rows, or of tasks that are waited for; outside of calls, all. */
export function reachable(template: TemplateNames, call: Call | undefined): Call[] {
  if (!call) return template.calls;
  if (call.row >= 0) return template.calls.filter((each) => each.row < call.row);
  const byName = new Map(template.calls.map((each) => [each.name, each]));
  const found = new Set<Call>();
  const walk = (from: Call): void => {
    for (const name of from.needs) {
      const next = byName.get(name);
      if (!next || next === call || found.has(next)) continue;
      found.add(next);
      walk(next);
    }
  };
  walk(call);
  return template.calls.filter((each) => found.has(each));
}

function outputsOfCalls(scope: VariableScope, template: TemplateNames, call: Call | undefined): Variable[] {
  const inHooks = scope.path.includes('hooks');
  const calls = reachable(template, call);
  return [...calls, ...(inHooks && call ? [call] : [])].flatMap((each) => outputsOf(scope, each));
}

/** What others can say of a step or task. */
export function outputsOf({ workspace, object }: Omit<VariableScope, 'path'>, call: Call): Variable[] {
  if (call.name === '') return [];
  const prefix = `${call.row >= 0 ? 'steps' : 'tasks'}.${call.name}`;
  const callee = findCallee(workspace, workspace.main, object, call);
  const own = call.node ? { target: { file: workspace.main.file, node: call.node } } : {};
  const many = call.loops ? ', of every item as a JSON list' : '';
  const variables: Variable[] = [];
  for (const sort of ['parameters', 'artifacts'] as const) {
    variables.push(...(callee?.template.outputs[sort] ?? []).map(({ name, node }) => ({ name: `${prefix}.outputs.${sort}.${name}`, about: `Output of template ${callee?.template.name ?? ''}${many}.`, target: { file: callee?.file.file ?? '', node } })));
  }
  if (!callee || (callee.template.type !== undefined && hasResult(callee.template.type))) {
    variables.push({ name: `${prefix}.outputs.result`, about: `What it printed${many}.`, ...own }, { name: `${prefix}.exitCode`, about: 'Exit code of the main container.', ...own });
  }
  if (call.loops) variables.push({ name: `${prefix}.outputs.parameters`, about: 'Outputs of every item, as a JSON list.', ...own });
  const rest: [string, string][] = [['status', 'Phase it ended in.'], ['id', 'Id of its node.'], ['startedAt', 'When it started.'], ['finishedAt', 'When it ended.'], ['hostNodeName', 'Node of the cluster it ran on.'], ['ip', 'Address of its Pod, of a daemon.']];
  return [...variables, ...rest.map(([name, about]) => ({ name: `${prefix}.${name}`, about, ...own }))];
}

/** Types whose main container's exit code and output others can use. Argo: Template.HasOutput */
function hasResult(type: string): boolean {
  return ['container', 'script', 'containerSet', 'data', 'http', 'plugin'].includes(type);
}

function ofItem({ object }: VariableScope, call: Call): Variable[] {
  return call.loops ? [{ name: 'item', about: 'The item of the loop; of a map, as JSON.' }, ...itemFields(call.map, new Look(object.document))] : [];
}

function itemFields(map: MapNode, look: Look): Variable[] {
  const names = new Map<string, string | undefined>();
  for (const { map: item } of look.maps(map, 'withItems')) {
    for (const { key, value } of item.entries) if (!names.has(key.text)) names.set(key.text, value?.kind === 'scalar' ? value.text : undefined);
  }
  return [...names].map(([name, value]) => ({ name: `item.${name}`, about: 'Field of the loop\'s item.', ...(value === undefined ? {} : { value }) }));
}

/** The object and file of a place. */
export function scopeAt(workspace: Workspace, index: number, path: Path): VariableScope | undefined {
  const object = workspace.main.objects.find((each) => each.index === index);
  return object && { workspace, object, path };
}
