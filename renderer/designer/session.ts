/**
 * The open document as every part of the designer shares it: what its text says, which template is on the canvas, what is
 * selected, and the one way to change it. A change is a command on the text; the editor's undo stack is the only history.
 */
import { create } from 'zustand';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import type { Path } from '../../engine/spec/yaml.ts';
import { say, useUi } from '../app/store.ts';
import type { Command, TemplatePlace } from '../document/command.ts';
import { canConnect } from '../document/commands.ts';
import type { Place } from '../document/commands.ts';
import { wayInto } from '../document/draft.ts';
import type { TaskRef } from '../document/draft.ts';
import type { TextEdit } from '../document/edit.ts';
import { isDeepEqual } from '../document/equal.ts';
import { entryOf, templateOf } from '../document/objects.ts';
import type { DrawnObject, PlacedTemplate } from '../document/objects.ts';
import { NOTHING_READ } from '../document/reading.ts';
import type { Reading } from '../document/reading.ts';
import { EMPTY_SKETCH, sketch } from '../document/sketch.ts';
import type { Sketch } from '../document/sketch.ts';
import type { Step } from '../document/steps.ts';
import { isLong, read, workOn } from '../editor/reader.ts';
import type { History, TextHandle } from '../editor/TextEditor.tsx';
import { followOutside, outsideId } from './folder/around.ts';
import type { Outside } from './folder/around.ts';
import { openPath } from './folder/store.ts';

/** A place on the way down: an object's entry, one of its templates, or the inline template of a task. */
export interface Level {
  object: number;
  /** An object outside the file, by its id: it is shown and not changed. */
  outside?: string;
  template?: string;
  /** Name of the task above whose inline template this is. */
  inline?: string;
}

interface DesignerState {
  /** The text that was last taken in: a long one is behind that of the editor while its writer goes on. */
  text: string;
  /** The last text without a syntax error, read. */
  reading: Reading;
  /** `reading.objects`. */
  objects: readonly DrawnObject[];
  /** The text has a syntax error; `reading` is that of the last text without one. */
  stale: boolean;
  /** What is under way and takes its time. */
  busy: 'reading' | 'changing' | undefined;
  /** From what was opened first down to what is on the canvas; never empty. */
  levels: readonly Level[];
  /** Templates of the folder and the cluster, by kind and name. */
  outside: ReadonlyMap<string, Outside>;
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
  caret: { line: number; column: number; offset: number };
}

const START: DesignerState = { text: '', reading: NOTHING_READ, objects: [], stale: false, busy: undefined, levels: [{ object: 0 }], outside: new Map(), selection: [], edge: undefined, field: undefined, tab: 'canvas', diagnostics: [], history: { canUndo: false, canRedo: false }, caret: { line: 1, column: 1, offset: 0 } };

export const useDesigner = create<DesignerState>(() => START);
followOutside((outside) => { useDesigner.setState({ outside }); });

/** Milliseconds without a change until a long text is read. */
const PAUSE_MS = 150;
let pause: ReturnType<typeof setTimeout> | undefined;
/** Where the person put the caret in a text that was not yet taken in. */
let caretWaits: number | undefined;

/** Starts on another document. */
export function beginSession(text: string): void {
  clearTimeout(pause);
  waiting = [];
  commands = Promise.resolve(true);
  caretWaits = undefined;
  const { tab, outside } = useDesigner.getState();
  useDesigner.setState({ ...START, tab, outside, busy: isLong(text) ? 'reading' : undefined }, true);
  void takeIn(text);
}

/** Takes in what the text is now; a long one when its writer pauses. */
export function followText(text: string): void {
  clearTimeout(pause);
  if (isLong(text)) pause = setTimeout(() => { void takeIn(text); }, PAUSE_MS);
  else void takeIn(text);
}

/** What is being read beside the window: one text at a time, so that who types faster than it goes is followed by the last one only. */
let underWay: Promise<unknown> | undefined;

/** Takes in a text at once; a long one that was replaced before it is read is left out. */
async function takeIn(text: string): Promise<void> {
  clearTimeout(pause);
  while (underWay && isLong(text)) await underWay;
  if (text === useDesigner.getState().text || isReplaced(text)) return;
  const made = read(text);
  if (made instanceof Promise) underWay = made.finally(() => { underWay = undefined; });
  const reading = made instanceof Promise ? await made : made;
  if (isReplaced(text)) return;
  show(reading);
  showWaiting();
  if (caretWaits !== undefined) selectAt(caretWaits);
}

function isReplaced(text: string): boolean {
  const now = useUi.getState().document?.text;
  return now !== undefined && now !== text;
}

function show(reading: Reading): void {
  const before = useDesigner.getState();
  const { text, objects, broken } = reading;
  if (broken && before.objects.length > 0) {
    useDesigner.setState({ text, stale: true, busy: undefined });
    return;
  }
  const levels = before.levels.filter((_, i) => i === 0 || placeOfLevels({ objects, outside: before.outside }, before.levels.slice(0, i + 1)) !== undefined);
  const same = levels.length === before.levels.length ? before.levels : levels;
  const state = { text, reading, objects, stale: broken, busy: undefined, levels: levels[0] && objects[levels[0].object] ? same : START.levels };
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
  return objectAt(state, state.levels.at(-1) ?? { object: 0 });
}

type Objects = Pick<DesignerState, 'objects' | 'outside'>;

function objectAt({ objects, outside }: Objects, level: Level): DrawnObject | undefined {
  return level.outside === undefined ? objects[level.object] : outside.get(level.outside)?.object;
}

/** @returns the object outside the file that is on the canvas */
export function outsideOnCanvas({ levels, outside }: DesignerState): Outside | undefined {
  return outside.get(levels.at(-1)?.outside ?? '');
}

/** Whether the file holds a template or a schedule, which can be saved to a cluster. */
export function holdsDefinition({ objects }: Pick<DesignerState, 'objects'>): boolean {
  return objects.some(({ kind }) => kind !== 'Workflow');
}

/** What is worked out once for a text and a place in it. */
interface View {
  objects: readonly DrawnObject[];
  outside: DesignerState['outside'];
  levels: readonly Level[];
  placed: PlacedTemplate | undefined;
  sketch: Sketch;
  /** Where each node is written; found when it is first wanted. */
  ranges: readonly NodeRange[] | undefined;
}

interface NodeRange {
  id: string;
  start: number;
  end: number;
}

let view: View | undefined;

function viewOf(state: DesignerState): View {
  const { objects, outside, levels } = state;
  if (view?.objects === objects && view.outside === outside && view.levels === levels) return view;
  const object = objectOf(state);
  const placed = placeOfLevels(state, levels);
  const drawn = object && placed ? sketch(object, placed, trailOf(state), (ref) => {
    const kind = ref.clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
    const other = objects.find((each) => each.kind === kind && each.name === ref.name) ?? outside.get(outsideId(kind, ref.name ?? ''))?.object;
    return other && templateOf(other, ref.template)?.template;
  }) : EMPTY_SKETCH;
  // What most changes of a text leave as it was is not drawn again.
  view = { objects, outside, levels, placed, sketch: view && isDeepEqual(view.sketch, drawn) ? view.sketch : drawn, ranges: undefined };
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

function rangesOf(state: DesignerState): readonly NodeRange[] {
  const now = viewOf(state);
  const object = objectOf(state);
  now.ranges ??= object ? now.sketch.nodes.flatMap((node) => { const range = object.rangeOf(node.path); return range ? [{ id: node.id, ...range }] : []; }) : [];
  return now.ranges;
}

function placeOfLevels(objects: Objects, levels: readonly Level[]): PlacedTemplate | undefined {
  const level = levels.at(-1);
  const object = level && objectAt(objects, level);
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

const NO_FAULTS: ReadonlyMap<string, Fault> = new Map();
let lastFaults: { objects: readonly DrawnObject[]; levels: readonly Level[]; diagnostics: readonly Diagnostic[]; stale: boolean; value: ReadonlyMap<string, Fault> } | undefined;

/** The worst that is said of each node on the canvas. The same object until it changes. */
export function faultsOf(state: DesignerState): ReadonlyMap<string, Fault> {
  const { objects, levels, diagnostics, stale } = state;
  if (lastFaults?.objects === objects && lastFaults.levels === levels && lastFaults.diagnostics === diagnostics && lastFaults.stale === stale) return lastFaults.value;
  const found = faultsIn(state);
  const value = lastFaults && isDeepEqual([...lastFaults.value], [...found]) ? lastFaults.value : found;
  lastFaults = { objects, levels, diagnostics, stale, value };
  return value;
}

function faultsIn(state: DesignerState): ReadonlyMap<string, Fault> {
  const found = state.diagnostics.flatMap(({ severity, message, range }) => (range && severity !== 'info' ? [{ severity, message, at: range.start }] : []));
  if (found.length === 0 || state.stale) return NO_FAULTS;
  const value = new Map<string, Fault>();
  for (const { id, start, end } of rangesOf(state)) {
    const own = found.filter(({ at }) => at >= start && at < end);
    const worst = own.find((each) => each.severity === 'error') ?? own[0];
    if (worst) value.set(id, { severity: worst.severity, message: worst.message });
  }
  return value;
}

/** Names of the templates on the way to the canvas, that of the canvas last. */
export function trailOf(state: DesignerState): string[] {
  return state.levels.map((level, i) => level.inline ?? level.template ?? placeOfLevels(state, state.levels.slice(0, i + 1))?.template.name ?? '');
}

/** Shows another object of the file, from its entry, or one of its templates. */
export function showObject(object: number, template?: string): void {
  useDesigner.setState({ levels: [template === undefined ? { object } : { object, template }], selection: [] });
}

/** Shows another template of the object on the canvas. */
export function showTemplate(template: string | undefined): void {
  const { levels } = useDesigner.getState();
  const level = levels.at(-1);
  if (level?.outside === undefined) showObject(level?.object ?? 0, template);
  else useDesigner.setState({ levels: [...levels.slice(0, -1), { object: level.object, outside: level.outside, ...(template !== undefined && { template }) }], selection: [] });
}

/** Goes into what a node calls. @returns whether there was anything to open */
export function drillInto(id: string): boolean {
  const state = useDesigner.getState();
  const node = sketchOf(state).nodes.find((each) => each.id === id);
  const level = state.levels.at(-1);
  if (!node?.opens || !level) return false;
  const { opens } = node;
  const at = level.outside === undefined ? {} : { outside: level.outside };
  let next: Level;
  if ('inline' in opens) next = { ...at, object: level.object, inline: node.name };
  else if ('template' in opens) next = { ...at, object: level.object, template: opens.template };
  else {
    const kind = opens.ref.cluster ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
    const object = state.objects.findIndex((each) => each.kind === kind && each.name === opens.ref.name);
    const id = outsideId(kind, opens.ref.name);
    const found = object < 0 ? state.outside.get(id) : undefined;
    if (found && !found.cluster) {
      openOutside(found, opens.ref.template);
      return true;
    }
    if (object < 0 && !found) {
      say('failed', `${opens.ref.name} is not known here.`, { hint: 'It is not in this file, not in the open folder and not in this namespace of the cluster.' });
      return false;
    }
    next = found ? { object: level.object, outside: id, template: opens.ref.template } : { object, template: opens.ref.template };
  }
  useDesigner.setState({ levels: [...state.levels, next], selection: [] });
  return true;
}

/** Opens the file of a template outside, and that template. */
export function openOutside({ file, object }: Outside, template: string): void {
  void openPath(file, () => { showWhenOpen({ kind: object.kind, name: object.name, template }); });
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

/** Selects the node that is written at an offset of the open text, when it is on the canvas; of a text that was not taken in yet, when it is. */
export function selectAt(offset: number): void {
  const state = useDesigner.getState();
  const now = useUi.getState().document?.text;
  caretWaits = now !== undefined && now !== state.text ? offset : undefined;
  if (state.stale || caretWaits !== undefined) return;
  let best: NodeRange | undefined;
  for (const range of rangesOf(state)) if (offset >= range.start && offset <= range.end && (!best || range.end - range.start < best.end - best.start)) best = range;
  if (best && !state.selection.includes(best.id)) select([best.id]);
}

let editor: TextHandle | undefined;
/** The document that the editor shows. */
let shownId: string | undefined;
/** A place that is to be shown when its document is. */
let toShow: { id: string | undefined; spot: Spot } | undefined;
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

/** Times a command is begun anew because the text has changed under it. */
const MOST_TRIES = 5;
/** Milliseconds of work that nobody is told of. */
const BUSY_MS = 100;
/** Commands are done one after another, each on the text that the one before has left. */
let commands: Promise<boolean> = Promise.resolve(true);

/**
 * Changes the document: one step of its history, whoever asked for it. What the command names last is selected.
 * @returns whether it was done, once it is; the reason is said when it was refused
 */
export function run(...steps: readonly Step[]): Promise<boolean> {
  const go = (): Promise<boolean> => doSteps(steps);
  commands = commands.then(go, go);
  return commands;
}

async function doSteps(steps: readonly Step[]): Promise<boolean> {
  const { document } = useUi.getState();
  if (!document) return false;
  if (!editor) await new Promise<void>((resolve) => { waiting.push(resolve); });
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const now = useUi.getState().document;
    if (now?.id !== document.id) return false;
    const { text } = now;
    if (useDesigner.getState().stale) return refuse('The text has a syntax error. Mend it first, or undo.');
    const result = await toldWhenLong(workOn('perform', text, steps));
    // The edits are those of one text.
    if (useUi.getState().document?.text !== text) continue;
    if ('refused' in result) return refuse(result.refused, result.force);
    await change(result.edits);
    if (result.select) selectPath(result.select);
    return true;
  }
  return refuse('The text is being changed. Try again when it rests.');
}

/** Waits for work, and says so when that takes long. */
async function toldWhenLong<T>(work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  const timer = setTimeout(() => { useDesigner.setState({ busy: 'changing' }); }, BUSY_MS);
  return await work.finally(() => {
    clearTimeout(timer);
    if (useDesigner.getState().busy === 'changing') useDesigner.setState({ busy: undefined });
  });
}

/** Replaces parts of the text as one step of its history. @returns once that is taken in */
export async function change(edits: readonly TextEdit[]): Promise<void> {
  if (edits.length === 0) return;
  editor?.apply(edits);
  await takeIn(useUi.getState().document?.text ?? '');
}

/** @returns why a connection cannot be made; undefined when it can */
export function connectionRefused(from: string, to: string): string | undefined {
  const place = templatePlace();
  return typeof place === 'string' ? place : canConnect(useDesigner.getState().reading, place, from, to);
}

/** @returns tasks of the template on the canvas with the templates they call, as YAML for the clipboard; a sentence when it cannot be */
export async function copyText(tasks: readonly TaskRef[]): Promise<{ text: string } | { refused: string }> {
  const place = templatePlace();
  return typeof place === 'string' ? { refused: place } : await workOn('copy', useUi.getState().document?.text ?? '', place, tasks);
}

/** The template on the canvas as commands name it; a sentence when they cannot. */
export function templatePlace(): TemplatePlace | string {
  const state = useDesigner.getState();
  const object = objectOf(state);
  if (!object) return 'There is no workflow in this file.';
  if (outsideOnCanvas(state)) return `${object.name} is a template of the cluster: open it to change it.`;
  const template = wayOf(state);
  return template === undefined ? 'The template has no name yet: give it one in the text.' : { part: object.document, template };
}

/** What commands call the template on the canvas: its name, or the way to an inline one from the template that has a name. */
export function wayOf(state: DesignerState): string | undefined {
  const { levels } = state;
  const named = levels.findLastIndex((level) => level.inline === undefined);
  const name = placeOfLevels(state, levels.slice(0, named + 1))?.template.name;
  return name === undefined ? undefined : levels.slice(named + 1).reduce((way, level) => wayInto(way, level.inline ?? ''), name);
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
  say('failed', reason, force ? { action: { label: 'Delete all the same', run: () => { void run(force); } } } : {});
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

/** A place of a document: where something is written, or a template of one of its objects. */
type Spot = number | { kind: string; name: string; template: string };

/** Shows a place of the open document in both views, as soon as its editor is there. */
export function showWhenOpen(spot: Spot): void {
  toShow = { id: useUi.getState().document?.id, spot };
  if (editor && shownId === toShow.id) showWaiting();
}

function showWaiting(): void {
  // Of a long text it is not known yet what stands where.
  if (!editor || useDesigner.getState().busy === 'reading') return;
  const wanted = toShow;
  toShow = undefined;
  if (!wanted || wanted.id !== useUi.getState().document?.id) return;
  const { objects } = useDesigner.getState();
  const { spot } = wanted;
  if (typeof spot !== 'number') {
    const at = objects.findIndex(({ kind, name }) => kind === spot.kind && name === spot.name);
    if (at >= 0) showObject(at, spot.template);
    return;
  }
  const holds = (range: { start: number; end: number } | undefined): boolean => range !== undefined && spot >= range.start && spot <= range.end;
  const index = objects.findIndex((object) => holds(object.rangeOf([])));
  const object = objects[index];
  const template = object?.spec.templates?.find((_, i) => holds(object.rangeOf([...object.specPath, 'templates', i])))?.name;
  if (object) showObject(index, template);
  goToText(spot);
  selectAt(spot);
}
