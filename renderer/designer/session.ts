/**
 * The open document as every part of the designer shares it: what its text says, which template is on the canvas, what is
 * selected, and the one way to change it. A change is a command on the text; the editor's undo stack is the only history.
 */
import { create } from 'zustand';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import { say, useUi } from '../app/store.ts';
import type { Command, TemplatePlace } from '../document/command.ts';
import { canConnect, copy, run as doCommand } from '../document/commands.ts';
import type { Place } from '../document/commands.ts';
import type { TaskRef } from '../document/draft.ts';
import { trimEdits } from '../document/edit.ts';
import type { TextEdit } from '../document/edit.ts';
import { entryOf, readObjects, templateOf } from '../document/objects.ts';
import type { DrawnObject, PlacedTemplate } from '../document/objects.ts';
import { readSource } from '../document/source.ts';
import type { Source } from '../document/source.ts';
import { EMPTY_SKETCH, sketch } from '../document/sketch.ts';
import type { Sketch } from '../document/sketch.ts';
import type { History, TextHandle } from '../editor/TextEditor.tsx';

/** A place on the way down: an object's entry, one of its templates, or the inline template of a task. */
export interface Level {
  object: number;
  template?: string;
  /** Name of the task above whose inline template this is. */
  inline?: string;
}

interface DesignerState {
  /** The text that `objects` was read from. */
  text: string;
  objects: readonly DrawnObject[];
  /** The text has a syntax error; `objects` are those of the last text without one. */
  stale: boolean;
  /** From what was opened first down to what is on the canvas; never empty. */
  levels: readonly Level[];
  /** Ids of the selected nodes on the canvas; the last one leads. */
  selection: readonly string[];
  /** Id of the selected edge. */
  edge: string | undefined;
  /** What is being filled in in the form: its lines are marked in the text. */
  field: Path | undefined;
  tab: string;
  /** What is wrong with the text, as it was when it was last looked at. */
  diagnostics: readonly Diagnostic[];
  history: History;
  caret: { line: number; column: number };
}

const START: DesignerState = { text: '', objects: [], stale: false, levels: [{ object: 0 }], selection: [], edge: undefined, field: undefined, tab: 'canvas', diagnostics: [], history: { canUndo: false, canRedo: false }, caret: { line: 1, column: 1 } };

export const useDesigner = create<DesignerState>(() => START);

/** Longer texts are read when the person pauses. */
const LARGE = 30_000;
const PAUSE_MS = 150;
let reading: ReturnType<typeof setTimeout> | undefined;

/** Starts on another document. */
export function beginSession(text: string): void {
  clearTimeout(reading);
  waiting = [];
  useDesigner.setState({ ...START, tab: useDesigner.getState().tab }, true);
  read(text);
}

/** Takes in what the text is now; a long one when its writer pauses. */
export function followText(text: string): void {
  if (text.length <= LARGE) {
    takeIn(text);
    return;
  }
  clearTimeout(reading);
  reading = setTimeout(() => { takeIn(text); }, PAUSE_MS);
}

function takeIn(text: string): void {
  clearTimeout(reading);
  if (text !== useDesigner.getState().text) read(text);
}

function read(text: string): void {
  const { objects, broken } = readObjects(text);
  const before = useDesigner.getState();
  if (broken && before.objects.length > 0) {
    useDesigner.setState({ text, stale: true });
    return;
  }
  const levels = before.levels.filter((_, i) => i === 0 || placeOfLevels(objects, before.levels.slice(0, i + 1)) !== undefined);
  const state = { text, objects, stale: broken, levels: levels[0] && objects[levels[0].object] ? levels : START.levels };
  useDesigner.setState({ ...state, selection: stillThere(before.selection, { ...before, ...state }) });
}

/** What was selected and is there no more is selected no more. */
function stillThere(selection: readonly string[], state: DesignerState): readonly string[] {
  if (selection.length === 0) return selection;
  const ids = new Set(sketchOf(state).nodes.map((node) => node.id));
  const kept = selection.filter((id) => ids.has(id));
  return kept.length === selection.length ? selection : kept;
}

/** The object on the canvas. */
export function objectOf(state: DesignerState): DrawnObject | undefined {
  return state.objects[state.levels.at(-1)?.object ?? 0];
}

/** What is worked out once for a text and a place in it. */
interface View {
  objects: readonly DrawnObject[];
  levels: readonly Level[];
  placed: PlacedTemplate | undefined;
  sketch: Sketch;
}

let view: View | undefined;

function viewOf(state: DesignerState): View {
  const { objects, levels } = state;
  if (view?.objects === objects && view.levels === levels) return view;
  const object = objectOf(state);
  const placed = placeOfLevels(objects, levels);
  view = { objects, levels, placed, sketch: object && placed ? sketch(object, placed, trailOf(state), (ref) => {
    const kind = ref.clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
    const other = objects.find((each) => each.kind === kind && each.name === ref.name);
    return other && templateOf(other, ref.template)?.template;
  }) : EMPTY_SKETCH };
  return view;
}

/** The template on the canvas. The same object until text or place change. */
export function templateOnCanvas(state: DesignerState): PlacedTemplate | undefined {
  return viewOf(state).placed;
}

/** What the canvas shows. The same object until text or place change. */
export function sketchOf(state: DesignerState): Sketch {
  return viewOf(state).sketch;
}

function placeOfLevels(objects: readonly DrawnObject[], levels: readonly Level[]): PlacedTemplate | undefined {
  const level = levels.at(-1);
  const object = level && objects[level.object];
  if (!object) return undefined;
  if (level.inline === undefined) return level.template === undefined ? entryOf(object) : templateOf(object, level.template);
  const above = placeOfLevels(objects, levels.slice(0, -1));
  return above && inlineOf(above, level.inline);
}

function inlineOf({ template, path }: PlacedTemplate, name: string): PlacedTemplate | undefined {
  const tasks = (template.dag?.tasks ?? []).map((call, i) => ({ call, path: [...path, 'dag', 'tasks', i] as Path }));
  const steps = (template.steps ?? []).flatMap((row, r) => row.map((call, c) => ({ call, path: [...path, 'steps', r, c] as Path })));
  const found = [...tasks, ...steps].find(({ call }) => call.name === name);
  return found?.call.inline && { template: found.call.inline, path: [...found.path, 'inline'] };
}

/** What is said of a node, worst first. */
export interface Fault {
  severity: 'error' | 'warning';
  message: string;
}

let lastFaults: { sketch: Sketch; diagnostics: readonly Diagnostic[]; value: ReadonlyMap<string, Fault> } | undefined;

/** The worst that is said of each node on the canvas. The same object until text, place or diagnostics change. */
export function faultsOf(state: DesignerState): ReadonlyMap<string, Fault> {
  const model = sketchOf(state);
  const { diagnostics } = state;
  if (lastFaults?.sketch === model && lastFaults.diagnostics === diagnostics) return lastFaults.value;
  const value = new Map<string, Fault>();
  const found = diagnostics.flatMap(({ severity, message, range }) => (range && severity !== 'info' ? [{ severity, message, at: range.start }] : []));
  const object = objectOf(state);
  if (found.length > 0 && object && !state.stale) {
    for (const node of model.nodes) {
      const range = object.rangeOf(node.path);
      const own = range ? found.filter(({ at }) => at >= range.start && at < range.end) : [];
      const worst = own.find((each) => each.severity === 'error') ?? own[0];
      if (worst) value.set(node.id, { severity: worst.severity, message: worst.message });
    }
  }
  lastFaults = { sketch: model, diagnostics, value };
  return value;
}

/** Names of the templates on the way to the canvas, that of the canvas last. */
export function trailOf(state: DesignerState): string[] {
  return state.levels.map((level, i) => level.inline ?? level.template ?? placeOfLevels(state.objects, state.levels.slice(0, i + 1))?.template.name ?? '');
}

/** Shows another object of the file, from its entry, or one of its templates. */
export function showObject(object: number, template?: string): void {
  useDesigner.setState({ levels: [template === undefined ? { object } : { object, template }], selection: [] });
}

/** Goes into what a node calls. @returns whether there was anything to open */
export function drillInto(id: string): boolean {
  const state = useDesigner.getState();
  const node = sketchOf(state).nodes.find((each) => each.id === id);
  const level = state.levels.at(-1);
  if (!node?.opens || !level) return false;
  const { opens } = node;
  let next: Level;
  if ('inline' in opens) next = { object: level.object, inline: node.name };
  else if ('template' in opens) next = { object: level.object, template: opens.template };
  else {
    const kind = opens.ref.cluster ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
    const object = state.objects.findIndex((each) => each.kind === kind && each.name === opens.ref.name);
    if (object < 0) {
      say('failed', `${opens.ref.name} is not in this file.`, { hint: 'Its templates are those of the cluster.' });
      return false;
    }
    next = { object, template: opens.ref.template };
  }
  useDesigner.setState({ levels: [...state.levels, next], selection: [] });
  return true;
}

/** Back up to a level; without one, one level up, where the node one came from is selected. */
export function climb(to?: number): void {
  const state = useDesigner.getState();
  const depth = Math.max(1, to === undefined ? state.levels.length - 1 : to + 1);
  if (depth >= state.levels.length) return;
  const left = state.levels[depth];
  const levels = state.levels.slice(0, depth);
  const came = sketchOf({ ...state, levels }).nodes.find((node) => node.opens && (('template' in node.opens && node.opens.template === left?.template) || ('inline' in node.opens && node.name === left?.inline) || ('ref' in node.opens && node.opens.ref.template === left?.template)));
  useDesigner.setState({ levels, selection: came ? [came.id] : [] });
}

export function select(ids: readonly string[]): void {
  const before = useDesigner.getState().selection;
  if (ids.length === before.length && ids.every((id, i) => id === before[i])) return;
  useDesigner.setState({ selection: ids });
}

/** Where the leading selected node is written; the template on the canvas when none is. */
export function selectedPath(state: DesignerState): Path | undefined {
  const id = state.selection.at(-1);
  return sketchOf(state).nodes.find((node) => node.id === id)?.path ?? templateOnCanvas(state)?.path;
}

/** Selects the node that is written at an offset, when it is on the canvas. */
export function selectAt(offset: number): void {
  const state = useDesigner.getState();
  const object = objectOf(state);
  if (state.stale || !object) return;
  let best: { id: string; size: number } | undefined;
  for (const node of sketchOf(state).nodes) {
    const range = object.rangeOf(node.path);
    if (range && offset >= range.start && offset <= range.end && (!best || range.end - range.start < best.size)) best = { id: node.id, size: range.end - range.start };
  }
  if (best && !state.selection.includes(best.id)) select([best.id]);
}

let editor: TextHandle | undefined;
/** The document that the editor shows. */
let shownId: string | undefined;
/** A place that is to be shown when its document is. */
let toShow: { id: string | undefined; offset: number } | undefined;
/** What was asked for while the editor was still being loaded. */
let waiting: (() => void)[] = [];

export function attachEditor(handle: TextHandle | null): void {
  editor = handle ?? undefined;
  shownId = editor && useUi.getState().document?.id;
  if (!editor) return;
  showWaiting();
  const asked = waiting;
  waiting = [];
  for (const go of asked) go();
}

/** A command, or one that depends on where the one before it ended: its path in the text as it is then. */
type Step = Command | ((source: Source, before: Place | undefined) => Command);

/**
 * Changes the document: one step of its history, whoever asked for it. What the command names last is selected.
 * @returns whether it was done, or waits for the editor; the reason is said when it was refused
 */
export function run(...steps: readonly Step[]): boolean {
  const { document } = useUi.getState();
  if (!document) return false;
  if (!editor) {
    waiting.push(() => { run(...steps); });
    return true;
  }
  if (useDesigner.getState().stale) return refuse('The text has a syntax error. Mend it first, or undo.');
  const result = perform(document.text, steps);
  if ('refused' in result) return refuse(result.refused, result.force);
  change(result.edits);
  if (result.select) selectPath(result.select);
  return true;
}

/** Replaces parts of the text as one step of its history. */
export function change(edits: readonly TextEdit[]): void {
  if (edits.length === 0) return;
  editor?.apply(edits);
  takeIn(useUi.getState().document?.text ?? '');
}

type Result = { edits: readonly TextEdit[]; select: Place | undefined } | { refused: string; force?: Command };

function perform(text: string, steps: readonly Step[]): Result {
  let source = sourceOf(text);
  let edits: readonly TextEdit[] = [];
  let place: Place | undefined;
  for (const [i, step] of steps.entries()) {
    const command = typeof step === 'function' ? step(source, place) : step;
    const outcome = doCommand(source, command);
    if ('refused' in outcome) return { refused: outcome.refused, ...('force' in command || command.type === 'deleteTasks' ? { force: { ...command, force: true } as Command } : {}) };
    // Edits of a later text are edits of the first one only as a whole.
    edits = i === 0 ? outcome.edits : trimEdits(text, [{ start: 0, end: text.length, text: outcome.source.text }]);
    source = outcome.source;
    place = outcome.select;
  }
  return { edits, select: place };
}

let lastSource: Source | undefined;

function sourceOf(text: string): Source {
  if (lastSource?.text !== text) lastSource = readSource(text);
  return lastSource;
}

/** @returns why a connection cannot be made; undefined when it can */
export function connectionRefused(from: string, to: string): string | undefined {
  const text = useUi.getState().document?.text ?? '';
  const place = templatePlace();
  return typeof place === 'string' ? place : canConnect(sourceOf(text), place, from, to);
}

/** @returns tasks of the template on the canvas with the templates they call, as YAML for the clipboard; a sentence when it cannot be */
export function copyText(tasks: readonly TaskRef[]): { text: string } | { refused: string } {
  const place = templatePlace();
  return typeof place === 'string' ? { refused: place } : copy(sourceOf(useUi.getState().document?.text ?? ''), place, tasks);
}

/** The template on the canvas as commands name it; a sentence when they cannot. */
export function templatePlace(): TemplatePlace | string {
  const state = useDesigner.getState();
  const object = objectOf(state);
  if (!object) return 'There is no workflow in this file.';
  if (state.levels.some((level) => level.inline !== undefined)) return 'An inline template is changed in its form or in the text. Make it a template of its own to change it here.';
  const name = templateOnCanvas(state)?.template.name;
  return name === undefined ? 'The template has no name yet: give it one in the text.' : { part: object.document, template: name };
}

/** Selects the node that is written at a place, when it is on the canvas. */
function selectPath({ part, path }: Place): void {
  const state = useDesigner.getState();
  if (objectOf(state)?.document !== part) return;
  const wanted = path.join('/');
  const found = sketchOf(state).nodes.find((node) => wanted === node.path.join('/') || wanted.startsWith(`${node.path.join('/')}/`));
  if (found) select([found.id]);
}

/** Says in the window why something was not done, and how it can be done all the same. @returns false */
export function refuse(reason: string, force?: Command): false {
  say('failed', reason, force ? { action: { label: 'Delete all the same', run: () => { run(force); } } } : {});
  return false;
}

export function undo(): void {
  editor?.undo();
}

export function redo(): void {
  editor?.redo();
}

/** Puts the caret where something is written and the text into view. */
export function goToText(offset: number): void {
  editor?.goTo(offset);
}

/** Shows a place of the open document in both views, as soon as its editor is there. */
export function showWhenOpen(offset: number): void {
  toShow = { id: useUi.getState().document?.id, offset };
  if (editor && shownId === toShow.id) showWaiting();
}

function showWaiting(): void {
  const wanted = toShow;
  toShow = undefined;
  if (!wanted || wanted.id !== useUi.getState().document?.id) return;
  const { objects } = useDesigner.getState();
  const holds = (range: { start: number; end: number } | undefined): boolean => range !== undefined && wanted.offset >= range.start && wanted.offset <= range.end;
  const index = objects.findIndex((object) => holds(object.rangeOf([])));
  const object = objects[index];
  const template = object?.spec.templates?.find((_, i) => holds(object.rangeOf([...object.specPath, 'templates', i])))?.name;
  if (object) showObject(index, template);
  goToText(wanted.offset);
  selectAt(wanted.offset);
}
