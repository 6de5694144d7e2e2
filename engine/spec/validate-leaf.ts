/** Rules about the insides of one template: its type, inputs, outputs and what runs in a Pod. */
import { checkLocation, checkPath, hasLocationOrKey } from './artifacts.ts';
import { checkNames, fieldNameProblem, isTag, parameterNameProblem } from './names.ts';
import { isPlaceholder } from './process.ts';
import type { Path, Report } from './report.ts';
import type { Arguments, ContainerSetTemplate, Inputs, Metrics, Outputs, Parameter, Template, ValueFrom } from './types.ts';
import { parseYaml } from './yaml.ts';

/** Gives the path of a field of the template, or of its caller where the template stands elsewhere. */
export type Place = (...rest: (string | number)[]) => Path;

export type TemplateType = 'Container' | 'ContainerSet' | 'Steps' | 'DAG' | 'Script' | 'Resource' | 'Data' | 'Suspend' | 'HTTP' | 'Plugin';

const TYPES: readonly [field: keyof Template, type: TemplateType][] = [
  ['container', 'Container'], ['containerSet', 'ContainerSet'], ['steps', 'Steps'], ['dag', 'DAG'], ['script', 'Script'], ['resource', 'Resource'],
  ['data', 'Data'], ['suspend', 'Suspend'], ['http', 'HTTP'], ['plugin', 'Plugin'],
];
const POD_TYPES: ReadonlySet<TemplateType | undefined> = new Set(['Container', 'ContainerSet', 'Script', 'Resource', 'Data']);

/** The type by the first field that says it, in Argo's order; undefined when none does. */
export function templateType(template: Template): TemplateType | undefined {
  return TYPES.find(([field]) => template[field] !== undefined)?.[1];
}

export function isPodType(template: Template): boolean {
  return POD_TYPES.has(templateType(template));
}

/** Templates that run something, as against those that call others or wait. */
export function isLeaf(template: Template): boolean {
  const type = templateType(template);
  return POD_TYPES.has(type) || type === 'HTTP' || type === 'Plugin';
}

const CHOICE = 'choose one of: container, containerSet, steps, script, resource, dag, suspend, template, template ref';

export function checkType(template: Template, place: Place, report: Report): void {
  const types = TYPES.filter(([field]) => template[field] !== undefined);
  const name = template.name ?? '';
  if (types.length === 0) report.refuse('no-template-type', `templates.${name} template type unspecified. ${CHOICE}`, place(), 'Say what it does: container, script, steps, dag, …');
  if (types.length > 1) report.refuse('many-template-types', `templates.${name} multiple template types specified. ${CHOICE}`, place(types[1]?.[0] ?? ''), 'Keep one of them.');
}

export function checkInputs(template: Template, place: Place, report: Report): void {
  const name = template.name ?? '';
  const inputs: Inputs = template.inputs ?? {};
  checkNames(inputs.parameters, parameterNameProblem, `templates.${name}.inputs.parameters`, place('inputs', 'parameters'), report);
  checkNames(inputs.artifacts, parameterNameProblem, `templates.${name}.inputs.artifacts`, place('inputs', 'artifacts'), report);
  for (const [index, artifact] of (inputs.artifacts ?? []).entries()) {
    const path = place('inputs', 'artifacts', index);
    const reference = `templates.${name}.inputs.artifacts.${artifact.name}`;
    if (isLeaf(template)) checkPath(`error in ${reference}`, artifact, path, report);
    else if (artifact.path) report.refuse('path-without-pod', `${reference}.path only valid in container/script templates`, place('inputs', 'artifacts', index, 'path'), 'Delete the path.');
    if (artifact.from) report.refuse('from-in-inputs', `${reference}.from not valid in inputs`, place('inputs', 'artifacts', index, 'from'), 'Give it as an argument where the template is called.');
    checkLocation(reference, artifact, path, report);
  }
}

/** What Argo adds to the rules since 4.1: resources and claims of whole Pods, and names it keeps for itself. */
export function checkPodFields(template: Template, place: Place, report: Report): void {
  const name = template.name ?? '';
  const type = templateType(template);
  const resources = template.podResources;
  if (resources) {
    if (type === 'HTTP' || type === 'Plugin') report.refuse('field-not-supported', `templates.${name}.podResources is not supported for ${type} templates`, place('podResources'), 'Delete it.');
    checkPodResources(resources, `templates.${name}.podResources`, place('podResources'), report);
  }
  if (template.resourceClaims && template.resourceClaims.length > 0 && !isPodType(template)) {
    report.refuse('field-not-supported', `templates.${name}.resourceClaims is not supported for ${type ?? ''} templates, which do not create a pod`, place('resourceClaims'), 'Delete it.');
  }
  const lists: [string, readonly { name?: string }[] | undefined, Path][] = [
    ['containerSet.containers', template.containerSet?.containers, place('containerSet', 'containers')],
    ['initContainers', template.initContainers, place('initContainers')],
    ['sidecars', template.sidecars, place('sidecars')],
  ];
  for (const [field, containers, path] of lists) {
    for (const [index, { name: container = '' }] of (containers ?? []).entries()) {
      if (container !== 'wait' && container !== 'supervisor' && !container.startsWith('artifact-plugin-')) continue;
      report.refuse('reserved-name', `templates.${name}.${field}: ${JSON.stringify(container)} is a reserved Argo container name`, [...path, index, 'name'], 'Give it another name.');
    }
  }
}

/** Resources of a whole Pod: Kubernetes takes only some. */
export function checkPodResources(resources: Record<string, unknown>, prefix: string, path: Path, report: Report): void {
  if (Array.isArray(resources.claims) && resources.claims.length > 0) report.refuse('field-not-supported', `${prefix}.claims is not supported for pod-level resources`, [...path, 'claims'], 'Write the claims under resourceClaims.');
  for (const field of ['limits', 'requests']) {
    const names = Object.keys((resources[field] ?? {})).sort();
    for (const name of names) {
      if (name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')) continue;
      report.refuse('bad-resource', `${prefix}: ${JSON.stringify(name)} is not a valid pod-level resource, only cpu, memory and hugepages-* are supported`, [...path, field, name], 'Ask for it in the container.');
    }
  }
}

/** The image that a container without one gets from templateDefaults. */
export interface DefaultImages {
  container: string;
  script: string;
}

export function checkLeaf(template: Template, defaults: DefaultImages, place: Place, report: Report): void {
  const name = template.name ?? '';
  if (template.container) {
    checkMounts(template, place, report);
    if (!template.container.image && defaults.container === '') report.refuse('missing-image', `templates.${name}.container.image may not be empty`, place('container', 'image'), 'Name the image to run.');
  }
  if (template.containerSet) checkContainerSet(template, template.containerSet, place, report);
  checkResource(template, place, report);
  if (template.script && !template.script.image && defaults.script === '') report.refuse('missing-image', `templates.${name}.script.image may not be empty`, place('script', 'image'), 'Name the image to run.');
  const deadline = template.activeDeadlineSeconds;
  if (deadline !== undefined && !isCount(deadline)) {
    report.refuse('bad-deadline', `templates.${name}.activeDeadlineSeconds must be a positive integer > 0 or an argo variable`, place('activeDeadlineSeconds'), 'Write a number of seconds.');
  }
  if (template.parallelism !== undefined) report.refuse('parallelism-on-leaf', `templates.${name}.parallelism is only valid for steps and dag templates`, place('parallelism'), 'Delete it.');
}

function isCount(value: number | string): boolean {
  if (typeof value === 'number') return value >= 0;
  return isPlaceholder(value) || (value.startsWith('{{') && value.endsWith('}}')) || (/^[-+]?\d+$/.test(value) && Number(value) >= 0);
}

function checkMounts(template: Template, place: Place, report: Report): void {
  const name = template.name ?? '';
  const mounted = new Map<string, string>();
  const mount = (path: string, owner: string, what: string, at: Path): void => {
    const other = mounted.get(path);
    if (other !== undefined) report.refuse('mounted-twice', `templates.${name}.${what} '${path}' already mounted in ${other}`, at, 'Give one of them another path.');
    mounted.set(path, owner);
  };
  for (const [index, { name: volume, mountPath }] of (template.container?.volumeMounts ?? []).entries()) {
    mount(mountPath, `container.volumeMounts.${volume}`, `container.volumeMounts[${index}].mountPath`, place('container', 'volumeMounts', index, 'mountPath'));
  }
  for (const [index, { name: artifact, path = '' }] of (template.inputs?.artifacts ?? []).entries()) {
    mount(path, `inputs.artifacts.${artifact}`, `inputs.artifacts[${index}].path`, place('inputs', 'artifacts', index, 'path'));
  }
}

// Argo: ContainerSetTemplate.Validate
function checkContainerSet(template: Template, set: ContainerSetTemplate, place: Place, report: Report): void {
  const prefix = `templates.${template.name ?? ''}.containerSet`;
  const containers = Array.isArray(set.containers) ? set.containers : [];
  const at = (...rest: (string | number)[]): Path => place('containerSet', ...rest);
  if (containers.length === 0) report.refuse('empty-container-set', `${prefix}.containers must have at least one container`, at('containers'), 'Write the containers to run.');
  checkNames(containers, fieldNameProblem, `${prefix}.containers`, at('containers'), report);
  const mounted = new Map<string, string>();
  for (const [index, { name, mountPath }] of (set.volumeMounts ?? []).entries()) {
    const other = mounted.get(mountPath);
    if (other !== undefined) report.refuse('mounted-twice', `${prefix}.volumeMounts[${index}].mountPath '${mountPath}' already mounted in ${other}`, at('volumeMounts', index, 'mountPath'), 'Give one of them another path.');
    mounted.set(mountPath, `volumeMounts.${name}`);
  }
  checkContainerOrder(containers, `${prefix}.containers`, at('containers'), report);
  const hasFiles = [template.inputs?.artifacts, template.outputs?.parameters, template.outputs?.artifacts].some((list) => list !== undefined && list.length > 0);
  if (hasFiles && !containers.some((container) => container.name === 'main')) report.refuse('no-main-container', `${prefix}.containers must have a container named "main" for input or output`, at('containers'), 'Name the container that reads and writes the files main.');
}

function checkContainerOrder(containers: ContainerSetTemplate['containers'], prefix: string, path: Path, report: Report): void {
  const dependencies = new Map(containers.map((container) => [container.name ?? '', container.dependencies ?? []]));
  for (const [index, container] of containers.entries()) {
    for (const dependency of container.dependencies ?? []) {
      if (!dependencies.has(dependency)) report.refuse('unknown-dependency', `${prefix}.${container.name ?? ''} dependency '${dependency}' not defined`, [...path, index, 'dependencies'], 'Name a container of this set.');
    }
  }
  const cycle = findCycle(dependencies);
  if (cycle) report.refuse('cycle', `${prefix} dependency cycle detected: ${cycle.join('->')}`, path, 'Take one of these dependencies out.');
}

/** A way from a name back to itself, or undefined. */
function findCycle(dependencies: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, way: string[]): string[] | undefined => {
    if (way.includes(name)) return [...way, name];
    if (done.has(name)) return undefined;
    for (const dependency of dependencies.get(name) ?? []) {
      const cycle = visit(dependency, [...way, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of [...dependencies.keys()].sort()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

const ACTIONS = ['get', 'create', 'apply', 'delete', 'replace', 'patch'];

function checkResource(template: Template, place: Place, report: Report): void {
  const resource = template.resource;
  if (!resource) return;
  const { action = '', manifest = '', manifestFrom } = resource as Partial<typeof resource>;
  const prefix = `templates.${template.name ?? ''}.resource`;
  if (!isPlaceholder(action) && !ACTIONS.includes(action)) report.refuse('bad-action', `${prefix}.action must be one of: ${ACTIONS.join(', ')}`, place('resource', 'action'), 'Choose one of these.');
  if (action === 'delete' || action === 'get') return;
  if (manifest === '' && !manifestFrom) report.refuse('missing-manifest', `either ${prefix}.manifest or ${prefix}.manifestFrom must be specified`, place('resource'), 'Write the object under manifest.');
  if (manifest !== '' && manifestFrom) {
    report.refuse('two-manifests', "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template", place('resource', 'manifestFrom'), 'Keep one of them.');
  }
  const artifact = manifestFrom?.artifact;
  if (artifact && template.inputs?.artifacts?.some((input) => input.name === artifact.name) !== true) {
    report.refuse('unknown-artifact', `artifact ${artifact.name} in \`manifestFrom\` refer to a non-exist artifact`, place('resource', 'manifestFrom', 'artifact'), 'Declare it under inputs.artifacts.');
  }
  checkManifest(manifest, prefix, place('resource', 'manifest'), report);
}

function checkManifest(manifest: string, prefix: string, path: Path, report: Report): void {
  if (manifest === '' || isPlaceholder(manifest)) return;
  // Expressions are filled in later; left as they are they would not be YAML.
  const yaml = manifest.replace(/\{\{\s*=\s*(.+?)\s*\}\}/g, '__argo__internal__placeholder');
  const fault = parseYaml(yaml).diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (fault) report.refuse('bad-manifest', `${prefix}.manifest must be a valid yaml`, path, fault.message);
}

/** Arguments of a workflow, a step or a task. Argo: validateArguments */
export function checkArguments(prefix: string, given: Arguments | undefined, mayBeEmpty: boolean, path: Path, report: Report): void {
  checkNames(given?.parameters, parameterNameProblem, `${prefix}parameters`, [...path, 'parameters'], report);
  checkNames(given?.artifacts, parameterNameProblem, `${prefix}artifacts`, [...path, 'artifacts'], report);
  if (checkArgumentValues(prefix, given?.parameters ?? [], mayBeEmpty, [...path, 'parameters'], report) === 'enough') return;
  for (const [index, artifact] of (given?.artifacts ?? []).entries()) {
    const at = [...path, 'artifacts', index];
    if (!artifact.from && !hasLocationOrKey(artifact)) report.refuse('missing-location', `${prefix}${artifact.name}.from, artifact location, or key is required`, at, 'Say where the artifact comes from.');
    if (artifact.from && artifact.fromExpression) report.refuse('two-sources', `${prefix}${artifact.name} shouldn't have both \`from\` and \`fromExpression\` in Artifact`, at, 'Keep one of them.');
  }
}

/** 'enough': Argo looks no further once it meets a choice that is left open. */
function checkArgumentValues(prefix: string, parameters: readonly Parameter[], mayBeEmpty: boolean, path: Path, report: Report): 'enough' | undefined {
  for (const [index, parameter] of parameters.entries()) {
    const name = `${prefix}${parameter.name}`;
    const at = [...path, index];
    if (!parameter.valueFrom && parameter.value === undefined && !mayBeEmpty) {
      report.refuse('missing-value', `${name}.value or ${name}.valueFrom is required`, at, 'Give it a value.');
    }
    if (parameter.valueFrom && !isArgumentSource(parameter.valueFrom)) {
      report.refuse('bad-value-from', `${name}.valueFrom only allows: default, configMapKeyRef and supplied`, [...at, 'valueFrom'], 'Use configMapKeyRef, or write the value.');
    }
    if (parameter.enum === undefined) continue;
    if (parameter.enum.length === 0) report.refuse('empty-enum', `${name}.enum should contain at least one value`, [...at, 'enum'], 'List the values it may have, or delete enum.');
    if (parameter.value === undefined) {
      if (mayBeEmpty) return 'enough';
      report.refuse('missing-value', `${name}.value is required`, at, 'Choose one of the values of enum.');
    }
    if (!parameter.enum.includes(parameter.value)) report.refuse('not-in-enum', `${name}.value should be present in ${name}.enum list`, [...at, 'value'], `Choose one of: ${parameter.enum.join(', ')}.`);
  }
  return undefined;
}

function isArgumentSource(source: ValueFrom): boolean {
  if (!source.configMapKeyRef && !source.event && !source.supplied) return false;
  return !source.path && !source.jsonPath && !source.parameter && !source.expression;
}

// Argo: validateOutputs
export function checkOutputs(template: Template, checkTags: () => void, place: Place, report: Report): void {
  const name = template.name ?? '';
  const outputs: Outputs = template.outputs ?? {};
  checkNames(outputs.parameters, parameterNameProblem, `templates.${name}.outputs.parameters `, place('outputs', 'parameters'), report);
  checkNames(outputs.artifacts, parameterNameProblem, `templates.${name}.outputs.artifacts `, place('outputs', 'artifacts'), report);
  checkTags();
  for (const [index, artifact] of (outputs.artifacts ?? []).entries()) {
    const reference = `templates.${name}.outputs.artifacts.${artifact.name}`;
    if (isLeaf(template)) checkPath(`error in ${reference}`, artifact, place('outputs', 'artifacts', index), report);
    else if (artifact.path) report.refuse('path-without-pod', `${reference}.path only valid in container/script templates`, place('outputs', 'artifacts', index, 'path'), 'Delete the path; use from.');
    checkGlobalName(artifact.globalName, reference, place('outputs', 'artifacts', index, 'globalName'), report);
  }
  for (const [index, parameter] of (outputs.parameters ?? []).entries()) {
    const reference = `templates.${name}.outputs.parameters.${parameter.name}`;
    checkOutputParameter(template, parameter, reference, place('outputs', 'parameters', index), report);
    checkGlobalName(parameter.globalName, reference, place('outputs', 'parameters', index, 'globalName'), report);
  }
}

function checkGlobalName(globalName: string | undefined, reference: string, path: Path, report: Report): void {
  if (!globalName || isTag(globalName)) return;
  const fault = parameterNameProblem(globalName);
  if (fault !== undefined) report.refuse('bad-name', `${reference}.globalName: ${fault}`, path, 'Use letters, digits, - and _ only.');
}

const SOURCES = ['path', 'jqFilter', 'jsonPath', 'parameter', 'expression'] as const;

function checkOutputParameter(template: Template, parameter: Parameter, reference: string, path: Path, report: Report): void {
  const { value, valueFrom } = parameter;
  if (value !== undefined && valueFrom) report.refuse('two-sources', `${reference} has both valueFrom and value specified, choose one`, path, 'Keep one of them.');
  if (value !== undefined) return;
  if (!valueFrom) return void report.refuse('no-source', `${reference} does not have valueFrom or value specified`, path, 'Say under valueFrom where the value comes from.');
  const at = [...path, 'valueFrom'];
  const count = SOURCES.filter((source) => valueFrom[source]).length + (valueFrom.supplied ? 1 : 0);
  if (count === 0) report.refuse('no-source', 'valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression', at, 'Say where the value comes from.');
  if (count > 1) report.refuse('two-sources', 'multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw', at, 'Keep one of them.');
  checkSource(templateType(template), valueFrom, reference, at, report);
}

function checkSource(type: TemplateType | undefined, source: ValueFrom, reference: string, path: Path, report: Report): void {
  switch (type) {
    case 'Container': case 'ContainerSet': case 'Script':
      if (!source.path) report.refuse('wrong-source', `${reference}.path must be specified for ${type} templates`, path, 'Name the file that holds the value.');
      break;
    case 'Resource':
      if (!source.jqFilter && !source.jsonPath) report.refuse('wrong-source', `${reference} .jqFilter or jsonPath must be specified for ${type} templates`, path, 'Use jsonPath or jqFilter.');
      break;
    case 'DAG': case 'Steps':
      if (!source.parameter && !source.expression) report.refuse('wrong-source', `${reference}.parameter or expression must be specified for ${type} templates`, path, 'Refer to an output of a step or task.');
      break;
    default:
  }
}

// Argo: metrics.ValidateMetricValues and its neighbours
export function checkMetrics(template: Template, metrics: Metrics, place: Place, report: Report): void {
  const name = template.name ?? '';
  for (const [index, metric] of (metrics.prometheus ?? []).entries()) {
    const at = place('metrics', 'prometheus', index);
    const { name: metricName = '', help = '' } = metric as Partial<typeof metric>;
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(metricName)) {
      report.refuse('bad-metric', `templates.${name} metric name '${metricName}' is invalid. Metric names must contain alphanumeric characters or '_'`, [...at, 'name'], 'Use letters, digits and _ only.');
    }
    for (const [label, { key = '' }] of (metric.labels ?? []).entries() as Iterable<[number, { key?: string }]>) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(key)) report.refuse('bad-metric', `metric label '${key}' is invalid: keys may only contain alphanumeric characters or '_'`, [...at, 'labels', label, 'key'], 'Use letters, digits and _ only.');
    }
    if (help === '') report.refuse('bad-metric', `templates.${name} metric '${metricName}' must contain a help string under 'help: ' field`, at, 'Say what the metric means.');
    const fault = metricProblem(metric);
    if (fault) report.refuse('bad-metric', `templates.${name} metric '${metricName}' error: ${fault}`, at, 'Write what to measure.');
  }
}

function metricProblem(metric: NonNullable<Metrics['prometheus']>[number]): string | undefined {
  if (metric.gauge) {
    if (!metric.gauge.value) return 'missing gauge.value';
    if (metric.gauge.realtime === true && metric.gauge.value.includes('resourcesDuration.')) return "'resourcesDuration.*' metrics cannot be used in real-time";
  }
  if (metric.counter && !metric.counter.value) return 'missing counter.value';
  if (metric.histogram && !metric.histogram.value) return 'missing histogram.value';
  return undefined;
}
