/** What is wrong with a text and what mends it: the engine's validator, hints of our own, and a fix for each where there is one. */
import type { Diagnostic, TextRange } from '../../../engine/spec/diagnostic.ts';
import { lintText } from '../../../engine/spec/lint.ts';
import type { LintOptions } from '../../../engine/spec/lint.ts';
import { nearest } from '../../../engine/spec/suggest.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import type { Command } from '../command.ts';
import type { TextEdit } from '../edit.ts';
import { readSource } from '../source.ts';
import { perform } from '../steps.ts';
import { unknownNames } from './expressions.ts';
import { allTemplates, Look, scopeOf } from './names.ts';
import type { ObjectNames, TemplateNames, Workspace } from './names.ts';
import { occurrencesIn } from './occurrences.ts';
import { wordAt } from './place.ts';
import { scopeAt, variablesAt } from './variables.ts';

/** A way to mend a problem: edits of the text, or commands on the document that come to edits. */
export interface Fix {
  title: string;
  edits?: TextEdit[];
  commands?: Command[];
}

export interface Problem extends Diagnostic {
  range: TextRange;
  /** The best one first. */
  fixes: Fix[];
}

/** @returns everything there is to say of the main file, in its order */
export function problemsOf(workspace: Workspace, options: LintOptions = {}): Problem[] {
  const { text } = workspace.main.tree;
  const found = [...lintText(text, options), ...hintsOf(workspace), ...unknownNames(workspace)];
  return found.map((diagnostic) => ({ ...diagnostic, fixes: fixesFor(workspace, diagnostic) })).sort((a, b) => a.range.start - b.range.start);
}

/** @returns the edits of a fix, or why it cannot be done */
export function editsOfFix(text: string, fix: Fix): TextEdit[] | { refused: string } {
  if (!fix.commands) return fix.edits ?? [];
  const made = perform(text, fix.commands);
  return 'refused' in made ? { refused: made.refused } : [...made.edits];
}

/** Mends what can be mended, one after another from the end of the text, each on the text that the one before has left. */
export function fixAll(workspace: Workspace): TextEdit[] {
  const { text } = workspace.main.tree;
  const edits: TextEdit[] = [];
  let free = text.length + 1;
  for (const { fixes, severity } of problemsOf(workspace).reverse()) {
    const first = fixes.find((fix) => fix.edits);
    if (!first?.edits || severity === 'info' || first.edits.some((edit) => edit.end >= free)) continue;
    edits.push(...first.edits);
    free = Math.min(...first.edits.map((edit) => edit.start));
  }
  return edits;
}

type Located = Diagnostic & { range: TextRange };

function hintsOf(workspace: Workspace): Located[] {
  const { main } = workspace;
  const occurrences = occurrencesIn(workspace, main);
  return main.objects.flatMap((object) => {
    const look = new Look(object.document);
    const calls = allTemplates(object).flatMap((template) => template.calls);
    const deprecated = calls.flatMap(({ map, path }): Located[] => {
      const entry = map.entries.find(({ key }) => key.text === 'onExit');
      return entry ? [{ severity: 'info', code: 'deprecated-field', message: 'onExit of a step is the old form of hooks.exit.', path: [...path, 'onExit'], range: { start: entry.key.start, end: entry.key.end }, hint: 'Write hooks: {exit: {template: …}}.' }] : [];
    });
    const closed = object.kind === 'Workflow' || object.kind === 'CronWorkflow';
    const used = new Set(occurrences.flatMap(({ symbol, definition }) => (symbol.kind === 'template' && symbol.object === object && !definition ? [symbol.name] : [])));
    const judged = closed && object.spec && look.text(object.spec, 'entrypoint') !== undefined && !look.node(object.spec, 'workflowTemplateRef');
    const unused = judged ? object.templates.flatMap(({ name, node, path }): Located[] => (node && name !== '' && !used.has(name)
      ? [{ severity: 'info', code: 'unused-template', message: `Nothing calls the template ${name}.`, path: [...path, 'name'], range: { start: node.start, end: node.end }, hint: 'Call it, or delete it.' }] : [])) : [];
    return [...deprecated, ...unused];
  });
}

function fixesFor(workspace: Workspace, diagnostic: Located): Fix[] {
  const { text } = workspace.main.tree;
  const fixes: Fix[] = [];
  if (diagnostic.fix !== undefined) fixes.push({ title: `Change to ${diagnostic.fix}`, edits: [replacement(text, diagnostic.range, diagnostic.fix)] });
  const context = contextOf(workspace, diagnostic);
  if (context) fixes.push(...(FIXES[diagnostic.code]?.(context) ?? []));
  return fixes;
}

/** The quotes of a value stay. */
function replacement(text: string, range: TextRange, fix: string): TextEdit {
  const written = text.slice(range.start, range.end);
  const quote = /^(["'])[\s\S]*\1$/.exec(written)?.[1];
  return quote === undefined ? { ...range, text: fix } : { start: range.start + 1, end: range.end - 1, text: fix };
}

interface FixContext {
  workspace: Workspace;
  text: string;
  diagnostic: Located;
  object: ObjectNames;
  /** Index of the document among those with content, as commands count. */
  part: number;
  template: TemplateNames | undefined;
}

function contextOf(workspace: Workspace, diagnostic: Located): FixContext | undefined {
  const { tree, objects } = workspace.main;
  const index = tree.documents.findIndex((document) => diagnostic.range.start >= document.start && diagnostic.range.start <= document.end);
  const object = objects.find((each) => each.index === index);
  if (!object) return undefined;
  const part = tree.documents.slice(0, index).filter((document) => document.root).length;
  return { workspace, text: tree.text, diagnostic, object, part, template: scopeOf(object, diagnostic.path).template };
}

const FIXES: Readonly<Record<string, ((context: FixContext) => Fix[]) | undefined>> = {
  'unknown-variable': fixVariable,
  'missing-dependency': ({ diagnostic, ...context }) => {
    const task = /missing dependency '([^']+)'/.exec(diagnostic.message)?.[1];
    return task === undefined ? [] : dependOn({ ...context, diagnostic }, task);
  },
  'unknown-template': ({ diagnostic, object, part, text }) => {
    const word = text.slice(diagnostic.range.start, diagnostic.range.end).replace(/^["']|["']$/g, '');
    if (diagnostic.path.includes('templateRef') || !/^[a-zA-Z0-9][-a-zA-Z0-9]*$/.test(word) || object.templates.some(({ name }) => name === word)) return [];
    return [{ title: `Create template ${word}`, commands: [{ type: 'addTemplate', part, value: { name: word, container: { image: 'alpine:3.20', command: ['sh', '-c'], args: [`echo ${word}`] } } }] }];
  },
  'unknown-dependency': ({ diagnostic, text, template }) => {
    const name = /dependency '([^']+)'/.exec(diagnostic.message)?.[1] ?? '';
    const likely = nearest(name, (template?.calls ?? []).map((call) => call.name));
    const at = text.indexOf(name, diagnostic.range.start);
    return likely === undefined || at < 0 || at > diagnostic.range.end ? [] : [{ title: `Change to ${likely}`, edits: [{ start: at, end: at + name.length, text: likely }] }];
  },
  'missing-argument': fixArgument,
  'missing-entrypoint': ({ object, part }) => object.templates.filter(({ name }) => name !== '').slice(0, 3).map(({ name }) => ({ title: `Start with ${name}`, commands: [{ type: 'setField', part, path: [...object.specPath, 'entrypoint'], value: name }] })),
  'deprecated-field': ({ diagnostic, object, part }) => {
    const { call } = scopeOf(object, diagnostic.path);
    const template = call && new Look(object.document).text(call.map, 'onExit');
    return call && template !== undefined ? [{ title: 'Write it as hooks.exit', commands: [{ type: 'setField', part, path: [...call.path, 'hooks', 'exit'], value: { template } }, { type: 'setField', part, path: [...call.path, 'onExit'], value: undefined }] }] : [];
  },
  'unused-template': ({ part, template }) => (template ? [{ title: `Delete template ${template.name}`, commands: [{ type: 'removeTemplate', part, template: template.name }] }] : []),
  'unknown-field': fixOldField,
  'yaml-syntax': quoteTags,
  'yaml-key': quoteTags,
};

/** Lists that took the place of single fields. */
const NOW_LISTS: Readonly<Record<string, string>> = { schedule: 'schedules', mutex: 'mutexes', semaphore: 'semaphores' };

function fixOldField({ diagnostic, object, part, text }: FixContext): Fix[] {
  const field = String(diagnostic.path.at(-1));
  const list = NOW_LISTS[field];
  const owner = diagnostic.path.slice(0, -1);
  if (list === undefined || !(owner.at(-1) === 'synchronization' || (field === 'schedule' && owner.join() === 'spec'))) return [];
  const value = valueAt(text, part, diagnostic.path);
  if (value === undefined || object.kind === '') return [];
  return [{ title: `Write it as ${list}`, commands: [{ type: 'setField', part, path: [...owner, list], value: [value] }, { type: 'setField', part, path: diagnostic.path, value: undefined }] }];
}

function valueAt(text: string, part: number, path: Path): unknown {
  let value = readSource(text).parts[part]?.value;
  for (const step of path) value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined;
  return value;
}

function fixVariable(context: FixContext): Fix[] {
  const { diagnostic, text, workspace, object } = context;
  const tag = /\{\{([^{}]*)\}\}/.exec(diagnostic.message)?.[1];
  const at = tag === undefined ? -1 : text.indexOf(`{{${tag}}}`, diagnostic.range.start);
  if (tag === undefined || at < 0) return [];
  const name = tag.trim();
  const start = at + 2 + tag.indexOf(name);
  const found = wordAt(workspace.main.tree, start);
  const scope = found && scopeAt(workspace, object.index, found.path);
  const fixes: Fix[] = [];
  const [space, owner = ''] = name.split('.');
  if (space === 'tasks' && context.template?.calls.some((call) => call.name === owner)) fixes.push(...dependOn(context, owner));
  const likely = scope && nearest(name, variablesAt(scope).map((variable) => variable.name));
  if (likely !== undefined) fixes.push({ title: `Change to ${likely}`, edits: [{ start, end: start + name.length, text: likely }] });
  return [...fixes, ...declare(context, name)];
}

/** Declares an input or a parameter of the run that is spoken of. */
function declare({ object, part, template }: FixContext, name: string): Fix[] {
  const [space, sort, word] = name.split('.');
  if (sort !== 'parameters' || word === undefined) return [];
  if (space === 'workflow') return [{ title: `Declare parameter ${word} of the run`, commands: [append(part, [...object.specPath, 'arguments', 'parameters'], object.arguments.parameters.length, { name: word, value: '' })] }];
  if (space === 'inputs' && template) return [{ title: `Declare input ${word}`, commands: [append(part, [...template.path, 'inputs', 'parameters'], template.inputs.parameters.length, { name: word })] }];
  return [];
}

function append(part: number, path: Path, length: number, value: object): Command {
  return length === 0 ? { type: 'setField', part, path, value: [value] } : { type: 'insertItem', part, path, index: length, value };
}

function dependOn({ diagnostic, object, part }: FixContext, task: string): Fix[] {
  const { template, call } = scopeOf(object, diagnostic.path);
  if (!template || !call || template.path.includes('inline') || call.name === '' || call.name === task) return [];
  return [{ title: `Let ${call.name} depend on ${task}`, commands: [{ type: 'connect', part, template: template.name, from: task, to: call.name }] }];
}

function fixArgument({ diagnostic, object, part }: FixContext): Fix[] {
  const [, sort, name] = /inputs\.(parameters|artifacts)\.(\S+) was not supplied/.exec(diagnostic.message) ?? [];
  const { call } = scopeOf(object, diagnostic.path);
  if (!call || name === undefined || (sort !== 'parameters' && sort !== 'artifacts')) return [];
  const value = sort === 'parameters' ? { name, value: '' } : { name, from: '' };
  return [{ title: `Give ${name}`, commands: [append(part, [...call.path, 'arguments', sort], call.arguments[sort].length, value)] }];
}

/** A value that begins with a tag and stands without quotes. */
function quoteTags({ text, diagnostic }: FixContext): Fix[] {
  const lineStart = text.lastIndexOf('\n', diagnostic.range.start - 1) + 1;
  const lineEnd = text.indexOf('\n', lineStart);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const match = /^(\s*(?:- +)*(?:[\w.-]+:\s+)?)(\{\{.*\}\}[^#'"]*?)(\s*(?:#.*)?)$/.exec(line);
  if (!match) return [];
  const start = lineStart + (match[1]?.length ?? 0);
  const value = match[2] ?? '';
  return [{ title: 'Put it in quotes', edits: [{ start, end: start + value.length, text: `'${value.replaceAll("'", "''")}'` }] }];
}
