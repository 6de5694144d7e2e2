/**
 * Gives a template its inputs and replaces its tags: arguments, defaults, ConfigMaps, then globals and locals, then inputs.
 * Argo: workflow/common/util.go ProcessArgs, SubstituteParams
 */
import type { Arguments, Artifact, Parameter, Template } from '../spec/types.ts';
import type { ConfigMap } from '../spec/kubernetes.ts';
import { Fault, asFault } from './fault.ts';
import { goJson, joined, substitute, substituteJson, type Values } from './language.ts';
import { ABSENT } from './scope.ts';

/** ConfigMaps by name; undefined when none were observed. */
export type ConfigMaps = ReadonlyMap<string, ConfigMap> | undefined;

const CONFIG_MAP_TYPE = 'workflows.argoproj.io/configmap-type';

/**
 * @returns a copy of the template with inputs filled in and tags replaced as far as they can be
 * Throws Fault for inputs that are missing.
 */
export function processTemplate(template: Template, args: Arguments, globals: Values, locals: Values, configMaps: ConfigMaps): Template {
  const inputs = template.inputs;
  const filled = { ...template };
  if (inputs) {
    filled.inputs = { ...inputs };
    if (inputs.parameters) filled.inputs.parameters = inputs.parameters.map((parameter) => fillParameter(parameter, args, globals, configMaps));
    if (inputs.artifacts) filled.inputs.artifacts = inputs.artifacts.map((artifact) => fillArtifact(artifact, args));
  }
  return substituteTemplate(filled, globals, locals);
}

function fillParameter(declared: Parameter, args: Arguments, globals: Values, configMaps: ConfigMaps): Parameter {
  const parameter = { ...declared };
  if (parameter.value === undefined && parameter.default !== undefined) parameter.value = parameter.default;
  const argument = args.parameters?.find((candidate) => candidate.name === declared.name);
  const absent = argument?.value === ABSENT;
  if (argument && !absent) {
    delete parameter.value;
    delete parameter.valueFrom;
    if (argument.value !== undefined) parameter.value = argument.value;
    else if (argument.valueFrom) parameter.valueFrom = argument.valueFrom;
  }
  const reference = parameter.valueFrom?.configMapKeyRef;
  if (reference) {
    parameter.value = fromConfigMap(parameter, reference, globals, configMaps);
  } else if (parameter.value === undefined) {
    throw new Fault('error', absent
      ? `inputs.parameters.${declared.name}: argument references an absent optional (skipped/omitted node output with no default)`
      : `inputs.parameters.${declared.name} was not supplied`);
  }
  return parameter;
}

function fromConfigMap(parameter: Parameter, reference: { name?: string; key: string }, globals: Values, configMaps: ConfigMaps): string {
  const name = globalReference(reference.name ?? '', globals);
  const key = globalReference(reference.key, globals);
  const found = configMapValue(configMaps, name, key);
  if (found.value !== undefined) return found.value;
  if (parameter.valueFrom?.default !== undefined && found.missing) return parameter.valueFrom.default;
  throw new Fault('error', `unable to retrieve inputs.parameters.${parameter.name} from ConfigMap: ${found.error}`);
}

/** Reads a key of a ConfigMap that is marked as a source of parameters. Argo: GetConfigMapValue */
export function configMapValue(configMaps: ConfigMaps, name: string, key: string): { value: string; error?: undefined; missing?: undefined } | { value?: undefined; error: string; missing: boolean } {
  const map = configMaps?.get(name);
  const type = map?.metadata.labels?.[CONFIG_MAP_TYPE];
  if (!map) return { error: `ConfigMap '${name}' does not exist. Please make sure it has the label ${CONFIG_MAP_TYPE}: Parameter to be detectable by the controller`, missing: true };
  if (type !== 'Parameter') return { error: `ConfigMap '${name}' needs to have the label ${CONFIG_MAP_TYPE}: Parameter to load parameters`, missing: false };
  const value = map.data?.[key];
  return value === undefined ? { error: `ConfigMap '${name}' does not have the key '${key}'`, missing: true } : { value };
}

/** Names and keys may hold tags of globals. Argo: substituteConfigMapKeyRefParam */
function globalReference(text: string, globals: Values): string {
  try {
    return substitute(text, globals, 'strict');
  } catch (error) {
    throw new Fault('error', `failed to substitute configMapKeyRef: ${asFault(error).message}`);
  }
}

const LOCATIONS = ['s3', 'git', 'http', 'artifactory', 'hdfs', 'raw', 'oss', 'gcs', 'azure', 'plugin'] as const;

/** @returns whether the artifact says where it is, be it only by a key. Argo: HasLocationOrKey */
export function hasLocationOrKey(artifact: Artifact): boolean {
  return LOCATIONS.some((kind) => artifact[kind] !== undefined);
}

function fillArtifact(declared: Artifact, args: Arguments): Artifact {
  const argument = args.artifacts?.find((candidate) => candidate.name === declared.name);
  if (!declared.optional && !hasLocationOrKey(declared)) {
    if (!argument) throw new Fault('error', `inputs.artifacts.${declared.name} was not supplied`);
    if (!hasLocationOrKey(argument)) throw new Fault('error', `inputs.artifacts.${declared.name} missing location information`);
  }
  if (!argument) return declared;
  const artifact: Artifact = { ...argument };
  delete artifact.path;
  delete artifact.mode;
  delete artifact.recurseMode;
  if (declared.path !== undefined) artifact.path = declared.path;
  if (declared.mode !== undefined) artifact.mode = declared.mode;
  if (declared.recurseMode !== undefined) artifact.recurseMode = declared.recurseMode;
  return artifact;
}

/** Replaces globals and locals, then what needs inputs and paths too. Tags that nothing answers stay. */
export function substituteTemplate(template: Template, globals: Values, locals: Values): Template {
  const text = JSON.stringify(template);
  if (!text.includes('{{')) return template;
  const first = substituteJson(text, joined(text, globals, locals), 'loose');
  if (!first.text.includes('{{')) return first.value as Template;
  const inputs = inputValues(first.value as Template);
  return substituteJson(first.text, joined(first.text, globals, new Map([...locals, ...inputs])), 'loose').value as Template;
}

function inputValues(template: Template): Map<string, string> {
  const values = new Map<string, string>();
  for (const parameter of template.inputs?.parameters ?? []) {
    if (parameter.value !== undefined) values.set(`inputs.parameters.${parameter.name}`, parameter.value);
    else if (!parameter.valueFrom) throw new Fault('error', `inputs.parameters.${parameter.name} had no value`);
  }
  values.set('inputs.parameters', parametersJson(template.inputs?.parameters));
  for (const artifact of template.inputs?.artifacts ?? []) if (artifact.path) values.set(`inputs.artifacts.${artifact.name}.path`, artifact.path);
  for (const artifact of template.outputs?.artifacts ?? []) if (artifact.path) values.set(`outputs.artifacts.${artifact.name}.path`, artifact.path);
  for (const parameter of template.outputs?.parameters ?? []) {
    if (parameter.valueFrom?.path) values.set(`outputs.parameters.${parameter.name}.path`, parameter.valueFrom.path);
  }
  return values;
}

/** The list of parameters as Go writes it: its order of fields, its escapes. */
export function parametersJson(parameters: readonly Parameter[] | undefined): string {
  if (!parameters) return 'null';
  return goJson(parameters.map(({ name, default: fallback, value, valueFrom, globalName, enum: choices, description }) =>
    ({ name, default: fallback, value, valueFrom, globalName, enum: choices, description })));
}
