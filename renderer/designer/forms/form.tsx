/** What every field of a form shares: the document it writes to, what is wrong there, and how a change becomes a command. */
import { createContext, useContext } from 'react';
import type { Diagnostic } from '../../../engine/spec/diagnostic.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import type { Command } from '../../document/command.ts';
import { textOf, wayInto } from '../../document/draft.ts';
import type { TaskRef } from '../../document/draft.ts';
import type { Reading } from '../../document/reading.ts';
import { renameEverywhere } from '../folder/rename.ts';
import { run, useDesigner } from '../session.ts';

export interface FormState {
  /** The last text that could be read. */
  source: Reading;
  part: number;
  /** Where the spec of the object stands. */
  specPath: Path;
  diagnostics: readonly Diagnostic[];
  /** Names of the templates of the document. */
  templates: readonly string[];
  /** The text is broken: fields show what was last read and cannot be changed. */
  locked: boolean;
}

export const FormContext = createContext<FormState | undefined>(undefined);

export function useForm(): FormState {
  const form = useContext(FormContext);
  if (!form) throw new Error('bug: a field stands outside a form');
  return form;
}

export function valueAt(source: Reading, part: number, path: Path): unknown {
  let value: unknown = source.parts[part]?.value;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

export function useValue(path: Path): unknown {
  const { source, part } = useForm();
  return valueAt(source, part, path);
}

/** What is wrong with a value itself, not with what is inside it. */
export function useProblem(path: Path): Diagnostic | undefined {
  const { source, part, diagnostics } = useForm();
  const document = source.parts[part];
  return diagnostics.find((each) => each.path.length === path.length && each.path.every((step, index) => String(step) === String(path[index]))
    && (!document || !each.range || (each.range.start >= document.range.start && each.range.end <= document.range.end)));
}

/** @returns the task or step that stands at a path, as commands name it; undefined where none stands */
export function taskAt({ source, part, specPath }: FormState, path: Path): { template: string; task: TaskRef } | undefined {
  if (path[specPath.length] !== 'templates') return undefined;
  let template: Path = path.slice(0, specPath.length + 2);
  let way = valueAt(source, part, [...template, 'name']);
  for (;;) {
    const [space, row, column] = path.slice(template.length);
    const task = path.slice(0, template.length + 3);
    if (typeof way !== 'string' || (space !== 'dag' && space !== 'steps') || column === undefined) return undefined;
    const name = textOf(valueAt(source, part, [...task, 'name']));
    if (task.length === path.length) return { template: way, task: space === 'steps' ? [Number(row), Number(column)] : name };
    if (path[task.length] !== 'inline') return undefined;
    way = wayInto(way, name);
    template = [...task, 'inline'];
  }
}

/** Sets a field; a name is changed wherever it is spoken of. */
export function setField(form: FormState, path: Path, value: unknown): void {
  if (form.locked) return;
  const renaming = path.at(-1) === 'name' && typeof value === 'string' ? renameCommand(form, path, value) : undefined;
  if (!renaming) void run({ type: 'setField', part: form.part, path, value });
  else void renameEverywhere(form.source.parts[form.part]?.rangeOf(path)?.start, String(valueAt(form.source, form.part, path)), String(value)).then((asked) => { if (!asked) void run(renaming); });
}

/** Takes an item out of a list, and the list away with its last item. */
export function removeAt(form: FormState, path: Path): void {
  const list = valueAt(form.source, form.part, path.slice(0, -1));
  const last = Array.isArray(list) ? list.length <= 1 : typeof list === 'object' && list !== null && Object.keys(list).length <= 1;
  setField(form, last ? path.slice(0, -1) : path, undefined);
}

function renameCommand(form: FormState, path: Path, to: string): Command | undefined {
  const { source, part, specPath } = form;
  const from = valueAt(source, part, path);
  const inside = path.slice(specPath.length);
  if (typeof from !== 'string' || from === '' || !specPath.every((step, index) => step === path[index])) return undefined;
  const kind = inside.at(-3) === 'artifacts' ? 'artifact' : 'parameter';
  if (inside[0] === 'arguments' && inside.length === 4) return { type: 'renameArgument', part, kind, from, to };
  if (inside[0] !== 'templates') return undefined;
  if (inside.length === 3) return { type: 'renameTemplate', part, from, to };
  const task = taskAt(form, path.slice(0, -1));
  if (task) return { type: 'renameTask', part, ...task, to };
  const template = valueAt(source, part, [...specPath, 'templates', inside[1] ?? 0, 'name']);
  if (typeof template !== 'string') return undefined;
  if (inside[2] === 'inputs' && inside.length === 6) return { type: 'renameInput', part, template, kind, from, to };
  return inside[2] === 'outputs' && inside.length === 6 ? { type: 'renameOutput', part, template, kind, from, to } : undefined;
}

/** Marks the lines of a field in the text while it is being filled in. */
export function pointAt(path: Path | undefined): void {
  const before = useDesigner.getState().field;
  if (JSON.stringify(before) !== JSON.stringify(path)) useDesigner.setState({ field: path });
}
