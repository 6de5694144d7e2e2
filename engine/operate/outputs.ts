/**
 * What steps and dag templates pass on: outputs of loops as lists, outputs of the template from those of its children.
 */
import type { Artifact, NodeStatus, Outputs, Parameter, Template } from '../spec/types.ts';
import { JsonSyntaxError, parseRawJson } from '../template/json.ts';
import { recoverIndex } from '../template/names.ts';
import { Fault } from './fault.ts';
import { evaluate, goJson, resolveReference, substituteJson, textOf } from './language.ts';
import type { Scope } from './scope.ts';

/**
 * Adds what the turns of a loop left behind, in order, as JSON lists. Hooks and single attempts do not count.
 * Throws Fault when a result is no JSON. Argo: processAggregateNodeOutputs
 */
export function addAggregates(scope: Scope, prefix: string, children: readonly NodeStatus[]): void {
  if (children.length === 0) return;
  const turns = children.filter((node) => !node.nodeFlag?.hooked && !node.nodeFlag?.retried);
  turns.sort((a, b) => loopIndex(a.name) - loopIndex(b.name));
  const results: string[] = [];
  const maps: string[] = [];
  const lists = new Map<string, string[]>();
  for (const { outputs, phase } of turns) {
    if (!outputs || phase !== 'Succeeded') continue;
    const parameters = outputs.parameters ?? [];
    if (parameters.length > 0) maps.push(goJson(sorted(parameters)));
    for (const { name, value } of parameters) {
      const list = lists.get(name);
      if (list) list.push(value ?? '');
      else lists.set(name, [value ?? '']);
    }
    if (outputs.result !== undefined) results.push(compactJson(outputs.result));
  }
  scope.values.set(`${prefix}.outputs.result`, `[${results.join(',')}]`);
  scope.values.set(`${prefix}.outputs.parameters`, `[${maps.join(',')}]`);
  for (const [name, list] of lists) scope.values.set(`${prefix}.outputs.parameters.${name}`, aggregate(list));
}

function loopIndex(name: string): number {
  return recoverIndex(name.slice(name.lastIndexOf('.') + 1));
}

function sorted(parameters: readonly Parameter[]): Record<string, string> {
  const entries = parameters.map(({ name, value }): [string, string] => [name, value ?? '']);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function compactJson(text: string): string {
  try {
    return parseRawJson(text).text;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new Fault('error', error.message);
    throw error;
  }
}

/** Values are taken as JSON only when every one is an object or a list. */
function aggregate(values: readonly string[]): string {
  const parsed: unknown[] = [];
  for (const value of values) {
    let item: unknown;
    try {
      item = JSON.parse(value);
    } catch {
      return goJson(values);
    }
    if (typeof item !== 'object' || item === null) return goJson(values);
    parsed.push(item);
  }
  return goJson(parsed, true);
}

/**
 * The outputs of a steps or dag template, from the scope of its children; undefined when it declares none.
 * Throws Fault for a source that has nothing to give and no default. Argo: getTemplateOutputsFromScope
 */
export function templateOutputs(template: Template, scope: Scope): Outputs | undefined {
  const declared = template.outputs;
  if (!declared || !hasOutputs(declared)) return undefined;
  const outputs: Outputs = {};
  if (declared.parameters?.length) outputs.parameters = declared.parameters.map((parameter) => outputParameter(parameter, scope));
  if (declared.artifacts?.length) outputs.artifacts = declared.artifacts.flatMap((artifact) => outputArtifact(artifact, scope) ?? []);
  return outputs;
}

export function hasOutputs(outputs: Outputs): boolean {
  return outputs.result !== undefined || outputs.exitCode !== undefined || (outputs.parameters?.length ?? 0) > 0 || (outputs.artifacts?.length ?? 0) > 0;
}

function outputParameter(parameter: Parameter, scope: Scope): Parameter {
  const { valueFrom, ...rest } = parameter;
  if (!valueFrom) throw new Fault('error', 'output parameters must have a valueFrom specified');
  let value: string;
  try {
    value = sourceOf(valueFrom.parameter ?? '', valueFrom.expression ?? '', scope);
  } catch (error) {
    if (!(error instanceof Error) || valueFrom.default === undefined) throw error;
    value = valueFrom.default;
  }
  return { ...rest, value };
}

function sourceOf(reference: string, expression: string, scope: Scope): string {
  if (expression) {
    const value = evaluate(expression, scope.environment());
    if (value === null || value === undefined) throw new Fault('error', `failed to evaluate expression ${JSON.stringify(expression)}`);
    return textOf(value);
  }
  if (!reference) return '';
  const value = resolveReference(reference, scope.environment());
  if (value === null || value === undefined) {
    throw new Fault('error', `unable to resolve ${reference}: output is an absent optional (skipped/omitted node with no default)`);
  }
  return textOf(value);
}

function outputArtifact(declared: Artifact, scope: Scope): Artifact | undefined {
  try {
    const artifact = resolveArtifact(declared, scope);
    return artifact && { ...artifact, name: declared.name };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.message.includes('Unable to resolve') && declared.optional) return undefined;
    throw new Fault('error', `unable to resolve outputs from scope: ${error.message}`);
  }
}

/** The artifact that `from` or `fromExpression` means, with the sub-path appended; undefined when there is neither. */
export function resolveArtifact(declared: Artifact, scope: Scope): Artifact | undefined {
  if (!declared.from && !declared.fromExpression) return undefined;
  const environment = scope.environment();
  const value = declared.fromExpression ? evaluate(declared.fromExpression, environment) : resolveReference(declared.from ?? '', environment);
  if (typeof value !== 'object' || value === null || !('name' in value)) {
    throw new Fault('error', `Variable {{${declared.name}}} is not an artifact`);
  }
  const artifact = value as Artifact;
  if (!declared.subPath) return artifact;
  const subPath = substituteJson(JSON.stringify(declared.subPath), scope.over(new Map()), 'loose').value as string;
  return appendToKey(artifact, subPath);
}

/** Where each kind of location keeps its key. */
const KEY_FIELDS = { s3: 'key', gcs: 'key', oss: 'key', azure: 'blob', hdfs: 'path', plugin: 'key' } as const;

function appendToKey(artifact: Artifact, subPath: string): Artifact {
  for (const [kind, field] of Object.entries(KEY_FIELDS)) {
    const location = artifact[kind as keyof typeof KEY_FIELDS];
    if (location) return { ...artifact, [kind]: { ...location, [field]: joinPath(typeof location[field] === 'string' ? location[field] : '', subPath) } };
  }
  if (artifact.optional) return artifact;
  throw new Fault('error', 'key unsupported: cannot set key for artifact location, because it is invalid');
}

function joinPath(base: string, rest: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${rest}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return (base.startsWith('/') ? '/' : '') + parts.join('/');
}
