/** Names inside `{{= }}` that stand for nothing where they are: Argo finds that out when the run is there. */
import type { Diagnostic, TextRange } from '../../../engine/spec/diagnostic.ts';
import { nearest } from '../../../engine/spec/suggest.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import { findCallee, scopeOf } from './names.ts';
import type { Call, Callee, ObjectNames, TemplateNames, Workspace } from './names.ts';
import { chainsIn } from './occurrences.ts';
import type { Segment } from './occurrences.ts';
import type { Node } from './tree.ts';
import { reachable } from './variables.ts';

type Located = Diagnostic & { range: TextRange };

/** @returns a warning for each name of an input, task, step or parameter of the run that is not there, at its place */
export function unknownNames(workspace: Workspace): Located[] {
  const { objects, tree } = workspace.main;
  return objects.flatMap((object) => expressionsBelow(object.root, [], tree.text).flatMap(({ path, chain, given }) => {
    const fault = given ? undefined : faultOf(workspace, object, path, chain);
    if (!fault) return [];
    const { part, message, hint, names } = fault;
    const likely = nearest(part.text, names);
    return [{
      severity: 'warning', code: 'unknown-name', message, path: [...path], range: { start: part.start, end: part.start + part.text.length }, hint: likely === undefined ? hint : `Did you mean ${likely}?`, ...(likely === undefined ? {} : { fix: likely }),
    }];
  }));
}

interface Spoken {
  path: Path;
  chain: readonly Segment[];
  /** What it is when it is not there is said behind it. */
  given: boolean;
}

function expressionsBelow(node: Node | undefined, path: Path, text: string): Spoken[] {
  if (node?.kind === 'list') return node.items.flatMap(({ value }, i) => expressionsBelow(value, [...path, i], text));
  if (node?.kind === 'map') return node.entries.flatMap(({ key, value }) => expressionsBelow(value, [...path, key.text], text));
  if (node?.kind !== 'scalar' || node.style === 'alias') return [];
  const slice = text.slice(node.inner.start, node.inner.end);
  return [...slice.matchAll(/\{\{=([\s\S]*?)\}\}/g)].flatMap((tag) => chainsIn(tag[1] ?? '', node.inner.start + tag.index + 3).map(({ segments, end }) => ({ path, chain: segments, given: /^\s*\?\?/.test(text.slice(end)) })));
}

interface Fault {
  part: Segment;
  message: string;
  hint: string;
  names: readonly string[];
}

function faultOf(workspace: Workspace, object: ObjectNames, path: Path, chain: readonly Segment[]): Fault | undefined {
  const scope = scopeOf(object, path);
  if (!scope.template) return undefined;
  const { template } = scope;
  const space = chain[0]?.text;
  if (space === 'inputs') return faultOfInput(template, chain);
  if ((space !== 'tasks' && space !== 'steps') || template.calls.length === 0) return undefined;
  const known = reachable(template, path.includes('hooks') ? undefined : scope.call);
  const found = known.find(({ name }) => name === chain[1]?.text);
  return found ? faultOfOutput(found, findCallee(workspace, workspace.main, object, found), chain) : faultOfCall(template, known, chain);
}

function faultOfInput(template: TemplateNames, [, sort, name]: readonly Segment[]): Fault | undefined {
  if (!sort || !name || !isSort(sort.text)) return undefined;
  const names = template.inputs[sort.text].map((each) => each.name);
  return names.includes(name.text) ? undefined : { part: name, message: `The template has no input ${name.text}.`, hint: 'Declare it in inputs.', names };
}

function faultOfCall(template: TemplateNames, known: readonly Call[], [space, part]: readonly Segment[]): Fault | undefined {
  // `tasks.name` is the task's own.
  if (!part || part.text === 'name') return undefined;
  if (template.calls.some(({ name }) => name === part.text)) return { part, message: `${part.text} has not ended yet where this is worked out.`, hint: 'Wait for it first.', names: [] };
  return { part, message: `There is no ${space?.text === 'steps' ? 'step' : 'task'} ${part.text} here.`, hint: 'Look at its name.', names: known.map(({ name }) => name) };
}

function faultOfOutput(call: Call, callee: Callee | undefined, [, , outputs, sort, name]: readonly Segment[]): Fault | undefined {
  if (!callee || outputs?.text !== 'outputs' || !sort || !name || !isSort(sort.text)) return undefined;
  const names = callee.template.outputs[sort.text].map((each) => each.name);
  return names.includes(name.text) ? undefined : { part: name, message: `${call.name} has no output ${name.text}.`, hint: `Declare it in outputs of ${callee.template.name}.`, names };
}

function isSort(text: string): text is 'parameters' | 'artifacts' {
  return text === 'parameters' || text === 'artifacts';
}
