/** The substitution that Argo does before it looks at a template: inputs from arguments, then tags, by values or by placeholders. */
import { TemplateError, replaceTags } from '../template/tags.ts';
import { hasLocationOrKey } from './artifacts.ts';
import { ordered } from './marshal.ts';
import type { Path, Report } from './report.ts';
import type { Arguments, Artifact, Parameter, Template } from './types.ts';

const PLACEHOLDER = '__argo__internal__placeholder';

/** Whether a text starts with a stand-in for a value that is not known yet. */
export function isPlaceholder(text: string): boolean {
  return text.startsWith(PLACEHOLDER);
}

/** Whether a stand-in is part of the text. */
export function hasPlaceholder(text: string): boolean {
  return text.includes(PLACEHOLDER);
}

/** Gives stand-ins for values that are not known yet, each one different. */
export class Placeholders {
  private count = 0;

  next(): string {
    return `${PLACEHOLDER}-${this.count++}`;
  }
}

/** Where arguments come from: a call's own, or stand-ins for whatever is asked for. */
export interface ArgumentSource {
  parameter(name: string): Pick<Parameter, 'value' | 'valueFrom'> | undefined;
  artifact(name: string): Artifact | undefined;
}

export function givenArguments(given: Arguments | undefined): ArgumentSource {
  return {
    parameter: (name) => given?.parameters?.find((parameter) => parameter.name === name),
    artifact: (name) => given?.artifacts?.find((artifact) => artifact.name === name),
  };
}

export function anyArguments(placeholders: Placeholders): ArgumentSource {
  return { parameter: () => ({ value: placeholders.next() }), artifact: (name) => ({ name }) };
}

interface Context {
  globals: ReadonlyMap<string, string>;
  locals: ReadonlyMap<string, string>;
  report: Report;
  /** The template's place, or its caller's. */
  path: Path;
  /** Where a text stands in the template. */
  find: (needle: string) => Path;
  /** Where the arguments are given. */
  caller: Path;
}

/** A copy of the template with inputs and tags filled in; refuses inputs that nobody supplies. Argo: common.ProcessArgs */
export function processArguments(template: Template, source: ArgumentSource, context: Context): Template {
  const prefix = `templates.${template.name ?? ''}`;
  const parameters = template.inputs?.parameters?.map((parameter) => fillParameter(parameter, source, prefix, context));
  const artifacts = template.inputs?.artifacts?.map((artifact) => fillArtifact(artifact, source, prefix, context));
  const inputs = { ...template.inputs, ...(parameters ? { parameters } : {}), ...(artifacts ? { artifacts } : {}) };
  const filled = { ...template, inputs };
  try {
    return substitute(filled, context);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return context.report.refuse('bad-tag', `${prefix} ${error.message}`, context.find('{{'), 'Look for a tag that is not closed, or an expression that cannot be read.');
  }
}

function fillParameter(parameter: Parameter, source: ArgumentSource, prefix: string, context: Context): Parameter {
  const argument = source.parameter(parameter.name);
  const { valueFrom: own, ...rest } = parameter;
  const value = argument?.value ?? parameter.value ?? parameter.default;
  // An argument without a value brings its own source, or none.
  const valueFrom = argument === undefined ? own : argument.value === undefined ? argument.valueFrom : undefined;
  if (value === undefined && !valueFrom?.configMapKeyRef) {
    context.report.refuse('missing-argument', `${prefix} inputs.parameters.${parameter.name} was not supplied`, context.caller, `Give ${parameter.name} under arguments.parameters, or a default where it is declared.`);
  }
  return { ...rest, ...(value === undefined ? {} : { value }), ...(valueFrom ? { valueFrom } : {}) };
}

function fillArtifact(artifact: Artifact, source: ArgumentSource, prefix: string, context: Context): Artifact {
  const argument = source.artifact(artifact.name);
  if (!argument) {
    if (artifact.optional !== true && !hasLocationOrKey(artifact)) {
      context.report.refuse('missing-argument', `${prefix} inputs.artifacts.${artifact.name} was not supplied`, context.caller, `Give ${artifact.name} under arguments.artifacts, or make it optional.`);
    }
    return artifact;
  }
  const filled: Artifact = { ...argument };
  // Where the file stands in the container is the template's own business.
  for (const field of ['path', 'mode', 'recurseMode'] as const) {
    delete filled[field];
    if (artifact[field] !== undefined) Object.assign(filled, { [field]: artifact[field] });
  }
  return filled;
}

// Argo: common.SubstituteParams
function substitute(template: Template, context: Context): Template {
  const values = new Map([...context.globals, ...context.locals]);
  const first = replaceTags(JSON.stringify(ordered('Template', template)), values, { allowUnresolved: true });
  const half = JSON.parse(first) as Template;
  for (const parameter of half.inputs?.parameters ?? []) {
    if (parameter.value !== undefined) values.set(`inputs.parameters.${parameter.name}`, parameter.value);
  }
  values.set('inputs.parameters', JSON.stringify(half.inputs?.parameters ?? null));
  for (const artifact of half.inputs?.artifacts ?? []) if (artifact.path) values.set(`inputs.artifacts.${artifact.name}.path`, artifact.path);
  for (const artifact of half.outputs?.artifacts ?? []) if (artifact.path) values.set(`outputs.artifacts.${artifact.name}.path`, artifact.path);
  for (const parameter of half.outputs?.parameters ?? []) {
    if (parameter.valueFrom?.path) values.set(`outputs.parameters.${parameter.name}.path`, parameter.valueFrom.path);
  }
  return JSON.parse(replaceTags(first, values, { allowUnresolved: true })) as Template;
}
