/** Commands of the canvas, of forms and of quick fixes, made into the smallest edits of the text. */
import { parseYaml } from '../../engine/spec/yaml.ts';
import type { Path, YamlDocument } from '../../engine/spec/yaml.ts';
import { copyTasks, duplicateTasks, insertBetween, moveStep, pasteTasks, reconnect, wireOutput } from './moves.ts';
import type { Command, CommandOf } from './command.ts';
import { convertTo } from './convert.ts';
import { applyEdits, trimEdits } from './edit.ts';
import type { TextEdit } from './edit.ts';
import { isDeepEqual } from './equal.ts';
import { Draft, isJson, Refusal } from './draft.ts';
import type { Json, TaskRef } from './draft.ts';
import { connect, connectableTo, connectRefusal, disconnect, setCondition, useDepends } from './edges.ts';
import { extractTemplate, inlineTemplate } from './extract.ts';
import { blockLines } from './fragment.ts';
import { reconcile, Unpatchable } from './reconcile.ts';
import { renameArgument, renameInput, renameOutput, renameTask, renameTemplate } from './rename.ts';
import type { Part, Reading } from './reading.ts';
import { spliceTask } from './splice.ts';
import { placeOf, readSource } from './source.ts';
import type { Source } from './source.ts';
import { styleOf } from './style.ts';
import { addStep, addTask, addTemplate, deleteTasks } from './tasks.ts';
import { addSymbol, duplicateTemplate, moveItem, removeTemplate, setEntrypoint } from './templates.ts';

/** A value in one document of the file. */
export interface Place {
  part: number;
  path: Path;
}

/** What a command comes to: edits of the text with the text read again after them, or why it is not done. */
export type Outcome =
  | { edits: TextEdit[]; source: Source; select?: Place }
  | { refused: string };

/**
 * Does a command on a text. The edits change what the command names and nothing else; that is proved by reading the result.
 * Never throws, whatever the text.
 */
export function run(source: Source, command: Command): Outcome {
  const broken = brokenPart(source, command.part);
  if (broken !== undefined) return { refused: broken };
  const roots = source.parts.map((part) => part.value);
  if (command.part === roots.length) roots.push(skeleton(command));
  try {
    const path = perform(new Draft(roots, command.part), command);
    return settle(source, roots, command.type === 'setText' ? ownText(source, command) : editsFor(source, roots), command.part, path);
  } catch (error) {
    if (error instanceof Refusal || error instanceof Unpatchable) return { refused: error.message };
    throw error;
  }
}

/** @returns tasks and the templates they call as YAML for the clipboard, or why not; `pasteTasks` takes it */
export function copy(source: Source, place: { part: number; template: string }, tasks: readonly TaskRef[]): { text: string } | { refused: string } {
  const text = inquire(source, place.part, (draft) => copyTasks(source, draft, place, tasks));
  return typeof text === 'string' ? { text } : { refused: text.refused };
}

/** What can be asked without the syntax tree. */
type Readable = Pick<Reading, 'text' | 'parts' | 'diagnostics'>;

/** @returns the tasks that `to` can be made to wait for */
export function connectable(source: Readable, place: { part: number; template: string }, to: string): string[] {
  const answer = inquire(source, place.part, (draft) => connectableTo(draft, draft.template(place.template), to));
  return Array.isArray(answer) ? answer : [];
}

/** @returns why `to` cannot wait for `from`, or undefined when it can: what a dragged line is told before it is let go */
export function canConnect(source: Readable, place: { part: number; template: string }, from: string, to: string): string | undefined {
  const answer = inquire(source, place.part, (draft) => connectRefusal(draft, draft.template(place.template), from, to));
  return typeof answer === 'object' ? answer.refused : answer;
}

/** Asks a document something that may be refused. */
function inquire<T>(source: Readable, part: number, ask: (draft: Draft) => T): T | { refused: string } {
  const broken = brokenPart(source, part);
  if (broken !== undefined) return { refused: broken };
  try {
    return ask(new Draft(source.parts.map((each) => each.value), part));
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

function brokenPart(source: Readable, part: number): string | undefined {
  const document = source.parts[part];
  const fault = source.diagnostics.find((diagnostic) => diagnostic.severity === 'error' && (document === undefined || inside(document, diagnostic.range?.start ?? 0)));
  if (fault) {
    const { line, column } = placeOf(source.text, fault.range?.start ?? 0);
    return `The text cannot be read at line ${line}, column ${column}: ${fault.message}`;
  }
  if (document === undefined && part !== source.parts.length) return 'There is no such document in the file.';
  return undefined;
}

function inside(document: Part, offset: number): boolean {
  return offset >= document.range.start && offset <= document.range.end;
}

/** What a command on nothing starts from. */
function skeleton(command: Command): Json {
  const name = 'template' in command ? command.template : 'main';
  const body = command.type === 'addStep' ? { steps: [] } : { dag: { tasks: [] } };
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { generateName: `${name}-` },
    spec: command.type === 'addTask' || command.type === 'addStep' ? { entrypoint: name, templates: [{ name, ...body }] } : {},
  };
}

type Handlers = { [T in Command['type']]: (draft: Draft, command: CommandOf<T>) => unknown };

/** What each command does to the values of the file. A path that it gives is what to select then. */
const HANDLERS: Handlers = {
  addTask,
  addStep,
  deleteTasks,
  duplicateTasks,
  pasteTasks,
  moveStep,
  insertBetween,
  connect: (draft, command) => { connect(draft, draft.template(command.template), command.from, command.to, command.result); },
  disconnect: (draft, command) => { disconnect(draft, draft.template(command.template), command.from, command.to); },
  reconnect,
  setCondition: (draft, command) => { setCondition(draft, draft.template(command.template), command.from, command.to, command.result); },
  useDepends: (draft, command) => { useDepends(draft, draft.template(command.template)); },
  wireOutput,
  setField: (draft, command) => { draft.set(command.path, command.value); return command.value === undefined ? undefined : command.path; },
  setText: (draft, command) => { draft.set(command.path, parseYaml(command.text).value); return command.path; },
  insertItem: (draft, command) => { draft.insert(command.path, command.index, command.value); return [...command.path, command.index]; },
  moveItem,
  addParameter: addSymbol,
  addArtifact: addSymbol,
  renameTemplate,
  renameTask,
  renameInput,
  renameOutput,
  renameArgument,
  addTemplate: (draft, command) => draft.template(addTemplate(draft, command.value, command.index)).path,
  removeTemplate,
  duplicateTemplate,
  setEntrypoint,
  extractTemplate,
  inlineTemplate,
  spliceTask,
  convertTo,
};

function perform<T extends Command['type']>(draft: Draft, command: CommandOf<T>): Path | undefined {
  const handler = HANDLERS[command.type] as (draft: Draft, command: CommandOf<T>) => Path | undefined;
  return handler(draft, command);
}

function editsFor(source: Source, roots: readonly unknown[]): TextEdit[] {
  return roots.flatMap((root, index) => {
    const document = source.parts[index];
    if (!document) return appended(source, root);
    return Object.is(document.value, root) ? [] : changed(source, document, root);
  });
}

/** The text as it was given, moved to the column of what it replaces. */
function ownText(source: Source, { part, path, text }: CommandOf<'setText'>): TextEdit[] {
  const fault = parseYaml(text).diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  const range = source.parts[part]?.rangeOf(path);
  if (fault) throw new Refusal(fault.hint === undefined ? fault.message : `${fault.message} ${fault.hint}`);
  if (!range) throw new Refusal('There is nothing here in the text.');
  const end = range.start + source.text.slice(range.start, range.end).trimEnd().length;
  const column = placeOf(source.text, range.start).column - 1;
  const eol = source.text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.trimEnd().split(/\r?\n/).map((line, index) => (index === 0 || line === '' ? line : ' '.repeat(column) + line));
  return [{ start: range.start, end, text: lines.join(eol) }];
}

function settle(source: Source, roots: readonly unknown[], edits: readonly TextEdit[], part: number, path: Path | undefined): Outcome {
  const trimmed = trimEdits(source.text, edits);
  const after = readSource(applyEdits(source.text, trimmed));
  const same = after.parts.length === roots.length && roots.every((root, index) => isDeepEqual(after.parts[index]?.value, root));
  if (!same) return { refused: whyNot(source) };
  return { edits: trimmed, source: after, ...(path ? { select: { part, path } } : {}) };
}

function changed(source: Source, document: YamlDocument, root: unknown): TextEdit[] {
  const { start, end } = document.range;
  const text = source.text.slice(start, end);
  if (!document.contents) throw new Unpatchable('This document has no content.');
  return reconcile(text, document.contents, document.value, root, styleOf(text, document.contents))
    .map((edit) => ({ start: edit.start + start, end: edit.end + start, text: edit.text }));
}

/** A document of its own behind what the file has. */
function appended(source: Source, root: unknown): TextEdit[] {
  const { text } = source;
  const style = styleOf(text, null);
  const begin = text === '' || text.endsWith('\n') ? '' : style.eol;
  const separator = source.parts.length > 0 ? `---${style.eol}` : '';
  const lines = isJson(root) ? blockLines(root, 0, style) : [];
  return [{ start: text.length, end: text.length, text: `${begin}${separator}${lines.join(style.eol)}${style.eol}` }];
}

function whyNot(source: Source): string {
  const shared = /(?:^|[\s[{,])[&*][A-Za-z0-9_-]+/.test(source.text);
  return shared
    ? 'This place is shared with others through an anchor (& and *); change it in the text.'
    : 'This place is written in a way that only the text editor can change.';
}
