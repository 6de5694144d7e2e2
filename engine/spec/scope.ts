/** Which variables a place of a workflow may use. */
import { TemplateError, simpleTags } from '../template/tags.ts';
import { isTag } from './names.ts';
import type { Path, Report } from './report.ts';
import type { Template } from './types.ts';

/** Tags outside these name spaces are nobody's business: Argo leaves them as text. */
const PREFIXES = ['item.', 'steps.', 'inputs.', 'outputs.', 'pod.', 'workflow.', 'tasks.'];
/** Known only when the workflow runs. */
const LATE = ['outputs.', 'workflow.creationTimestamp', 'workflow.scheduledTime', 'workflow.duration', 'tasks.name', 'steps.name', 'node.name'];

/** Names that can be resolved; `open` are prefixes under which every name can. */
export class Scope {
  private readonly names: Set<string>;
  private readonly open: Set<string>;
  private readonly outer: Scope | undefined;
  private readonly rule: (name: string) => boolean;

  /** `rule` tells of names that would take long to list. */
  constructor(outer?: Scope, rule: (name: string) => boolean = () => false) {
    this.outer = outer;
    this.rule = rule;
    this.names = new Set();
    this.open = new Set();
  }

  add(...names: string[]): void {
    for (const name of names) this.names.add(name);
  }

  addOpen(prefix: string): void {
    this.open.add(prefix);
  }

  has(name: string): boolean {
    if (this.names.has(name)) return true;
    for (const prefix of this.open) if (name.startsWith(prefix)) return true;
    return this.outer?.has(name) === true || this.rule(name);
  }
}

/** Types whose main container's exit code and output others can use. Argo: Template.HasOutput */
function hasOutput(template: Template): boolean {
  return (
    template.container !== undefined || template.script !== undefined || template.data !== undefined || template.http !== undefined || template.plugin !== undefined ||
    template.containerSet?.containers.some((container) => container.name === 'main') === true
  );
}

/** Puts the outputs of a step or task into scope. `kind` is `steps` or `tasks`. Returns the global names its outputs are published under. */
export function addOutputs(scope: Scope, kind: 'steps' | 'tasks', name: string, template: Template | undefined, aggregate: boolean): string[] {
  const node = `${kind}.${name}`;
  scope.add(`${node}.id`, `${node}.startedAt`, `${node}.finishedAt`, `${node}.hostNodeName`);
  const published: string[] = [];
  if (!template) return published;
  if (template.daemon === true) scope.add(`${node}.ip`);
  if (hasOutput(template)) scope.add(`${node}.outputs.result`, `${node}.exitCode`);
  for (const sort of ['parameters', 'artifacts'] as const) {
    for (const output of template.outputs?.[sort] ?? []) {
      scope.add(`${node}.outputs.${sort}.${output.name}`);
      if (output.globalName === undefined || output.globalName === '') continue;
      if (isTag(output.globalName)) scope.addOpen(`workflow.outputs.${sort}.`);
      else published.push(`workflow.outputs.${sort}.${output.globalName}`);
    }
  }
  if (aggregate) scope.add(`${node}.outputs.parameters`);
  if (aggregate && (template.script || template.containerSet)) scope.add(`${node}.outputs.result`, `${node}.exitCode`);
  scope.add(...published);
  return published;
}

/**
 * Refuses tags that nothing can fill in. `inTemplate`: the workflow's parameters are not known yet.
 * @param text the JSON text of the object
 * @param place finds where a text stands
 */
// Argo: resolveAllVariables
export function checkTags(text: string, scope: Scope, inTemplate: boolean, prefix: string, place: (needle: string) => Path, report: Report): void {
  for (const tag of tagsOf(text, prefix, place, report)) {
    const name = tag.trim();
    if (!PREFIXES.some((start) => name.startsWith(start)) || scope.has(name)) continue;
    if (LATE.some((start) => name.startsWith(start))) continue;
    if (inTemplate && name.startsWith('workflow.parameters')) continue;
    report.refuse('unknown-variable', `${prefix}failed to resolve {{${tag}}}`, place(`{{${tag}}}`), hintFor(name));
  }
}

function tagsOf(text: string, prefix: string, place: (needle: string) => Path, report: Report): string[] {
  try {
    return simpleTags(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return report.refuse('unclosed-tag', `${prefix}${error.message}`, place('{{'), 'Close the tag with }}.');
  }
}

function hintFor(name: string): string {
  const [space, owner = ''] = name.split('.');
  switch (space) {
    case 'steps': return `No earlier step ${owner} gives this.`;
    case 'tasks': return `Let the task depend on ${owner}, and see that ${owner} gives this.`;
    case 'inputs': return 'Declare it under inputs of this template.';
    case 'workflow': return owner === 'parameters' ? 'Declare it under spec.arguments.parameters.' : 'Look for the name in the list of variables.';
    case 'item': return 'The items of the loop have no such key.';
    default: return 'It is not known here.';
  }
}

/** Path below `path` of the first text that holds `needle`, keys included; `path` itself when there is none. */
export function findText(value: unknown, needle: string, path: Path): Path {
  return search(value, needle, path) ?? path;
}

function search(value: unknown, needle: string, path: Path): Path | undefined {
  if (typeof value === 'string') return value.includes(needle) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of entries as Iterable<[string | number, unknown]>) {
    const found = search(item, needle, [...path, key]);
    if (found) return found;
  }
  return undefined;
}
