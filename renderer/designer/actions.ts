/** Everything that can be done on the canvas and in the outline, by name: keys, menus and the palette use this one list. */
import { contribute } from '../app/commands.ts';
import { say, useUi } from '../app/store.ts';
import type { Command, NewTask, OutputRef, StepPlace } from '../document/command.ts';
import type { TaskRef } from '../document/draft.ts';
import type { SketchNode } from '../document/sketch.ts';
import type { Addition } from './additions.ts';
import { renameEverywhere } from './folder/rename.ts';
import { canvasView, setMode, useMode } from './mode.ts';
import type { Where } from './mode.ts';
import { areKeptInFile, forgetPositions, keepInFile, movePosition, placeByHand } from './positions.ts';
import { climb, copyText, drillInto, objectOf, redo, refuse, run, select, sketchOf, templateOnCanvas, templatePlace, undo, useDesigner } from './session.ts';

export interface Action {
  id: string;
  title: string;
  keys?: string;
  /** Why it cannot be done now; undefined when it can. */
  unable: () => string | undefined;
  run: () => void;
}

function chosen(): SketchNode[] {
  const state = useDesigner.getState();
  const { nodes } = sketchOf(state);
  return state.selection.flatMap((id) => nodes.find((node) => node.id === id) ?? []);
}

function leading(): SketchNode | undefined {
  return chosen().at(-1);
}

/** A node as commands name it: steps by their place, since names may be missing or said twice. */
function refOf(node: SketchNode): TaskRef {
  return node.row === undefined || node.column === undefined ? node.name : [node.row, node.column];
}

function tasksChosen(): SketchNode[] {
  return chosen().filter((node) => node.shape === 'task');
}

const needsTask = (): string | undefined => (sketchOf(useDesigner.getState()).grammar === 'leaf' ? 'This template calls nothing' : tasksChosen().length ? undefined : 'Nothing is selected');
const needsOne = (): string | undefined => needsTask() ?? (tasksChosen().length > 1 ? 'Several are selected' : undefined);
const always = (): undefined => undefined;

/** Does something with the template on the canvas, when commands can name it. */
function here(make: (place: { part: number; template: string }) => Command | readonly Command[]): boolean {
  const place = templatePlace();
  if (typeof place === 'string') return refuse(place);
  const made = make(place);
  return run(...(Array.isArray(made) ? made as readonly Command[] : [made as Command]));
}

/** Adds what was chosen from the palette. Where it goes follows the grammar of the template. */
export function add(addition: Addition, where: Where): void {
  const place = templatePlace();
  if (typeof place === 'string') {
    refuse(place);
    return;
  }
  const model = sketchOf(useDesigner.getState());
  if (model.grammar === 'leaf' && templateOnCanvas(useDesigner.getState())) {
    if (!wrapInDag()) return;
    add(addition, {});
    return;
  }
  const first = model.grammar === 'steps' ? { ...place, type: 'addStep' as const, task: addition.task, at: where.step ?? stepPlaceAfter(where.after) }
    : where.between ? { ...place, type: 'insertBetween' as const, ...where.between, task: addition.task }
      : { ...place, type: 'addTask' as const, task: addition.task, ...(where.after?.length ? { after: where.after } : {}) };
  const space = model.grammar === 'steps' ? 'steps' : 'tasks';
  const done = run(first, ...(addition.followers ?? []).map((follower) => (source: { parts: readonly { value: unknown }[] }, before: { part: number; path: readonly (string | number)[] } | undefined): Command => {
    const name = nameAt(source.parts[place.part]?.value, before?.path ?? []);
    const task = JSON.parse(JSON.stringify(follower).replaceAll('{{before.result}}', `{{${space}.${name}.outputs.result}}`)) as NewTask;
    const row = before?.path.at(-2);
    return model.grammar === 'steps' ? { ...place, type: 'addStep', task, at: { newRow: (typeof row === 'number' ? row : 0) + 1 } } : { ...place, type: 'addTask', task, after: [name] };
  }));
  const id = useDesigner.getState().selection.at(-1);
  if (done && where.point && id !== undefined && model.grammar === 'dag' && !addition.followers) placeByHand(id, where.point);
  if (id !== undefined) canvasView()?.reveal(id);
}

function nameAt(value: unknown, path: readonly (string | number)[]): string {
  let at: unknown = value;
  for (const step of path) at = (at as Record<string | number, unknown> | undefined)?.[step];
  const name = (at as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' ? name : '';
}

/** A row of its own below the lowest of the named steps; at the end without any. */
function stepPlaceAfter(after: readonly string[] | undefined): StepPlace {
  const { nodes, rows } = sketchOf(useDesigner.getState());
  const below = nodes.filter((node) => after?.includes(node.id)).map((node) => (node.row ?? 0) + 1);
  return { newRow: below.length ? Math.max(...below) : rows };
}

/** A single template becomes the first task of a dag, which is the entrypoint from now on. */
function wrapInDag(): boolean {
  const state = useDesigner.getState();
  const object = objectOf(state);
  const name = templateOnCanvas(state)?.template.name;
  if (!object || name === undefined) return false;
  const dag = freeTemplateName(`${name}-dag`);
  const done = run({ type: 'addTemplate', part: object.document, value: { name: dag, dag: { tasks: [{ name, template: name }] } }, index: 0 }, { type: 'setEntrypoint', part: object.document, template: dag });
  if (done) useDesigner.setState({ levels: [{ object: state.levels.at(-1)?.object ?? 0 }], selection: [] });
  return done;
}

function freeTemplateName(wanted: string): string {
  const taken = new Set((objectOf(useDesigner.getState())?.spec.templates ?? []).map((template) => template.name));
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}-${n}`;
  return name;
}

export function connect(from: string, to: string): boolean {
  return here((place) => ({ ...place, type: 'connect', from, to }));
}

export function reconnect(old: { from: string; to: string }, next: { from: string; to: string }): boolean {
  if (old.from === next.from && old.to === next.to) return true;
  return here((place) => ({ ...place, type: 'reconnect', ...old, newFrom: next.from, newTo: next.to }));
}

/** Deletes the selected edge, or what is selected of tasks and hooks. */
export function deleteChosen(): void {
  const { edge } = useDesigner.getState();
  const found = sketchOf(useDesigner.getState()).edges.find((each) => each.id === edge);
  const nodes = chosen();
  if (found && nodes.length === 0) {
    here((place) => ({ ...place, type: 'disconnect', from: found.source, to: found.target }));
    return;
  }
  const part = objectOf(useDesigner.getState())?.document;
  if (nodes.length === 0 || part === undefined) return;
  const hooks: Command[] = nodes.filter((node) => node.shape === 'hook').map((node) => ({ type: 'setField', part, path: node.path, value: undefined }));
  const tasks = tasksChosen().map(refOf);
  here((place) => [...hooks, ...(tasks.length ? [{ ...place, type: 'deleteTasks' as const, tasks }] : [])]);
}

/** Names a task anew everywhere; a template that only it calls and that was called the same is named along. Where other files speak of a template, that is seen as a list first. */
export async function renameTask(id: string, to: string): Promise<void> {
  if (await leafElsewhere(id, to)) return;
  const state = useDesigner.getState();
  const model = sketchOf(state);
  const node = model.nodes.find((each) => each.id === id);
  const object = objectOf(state);
  if (!node || !object || to === '' || to === node.name) return;
  if (model.grammar === 'leaf') {
    if (run({ type: 'renameTemplate', part: object.document, from: node.name, to })) useDesigner.setState({ levels: [...state.levels.slice(0, -1), { object: state.levels.at(-1)?.object ?? 0, template: to }] });
    return;
  }
  const along = !calledElsewhere(state) && node.opens && 'template' in node.opens && node.opens.template === node.name && callersOf(node.name) === 1;
  const done = here((place) => [...(along ? [{ type: 'renameTemplate' as const, part: object.document, from: node.name, to }] : []), { ...place, type: 'renameTask', task: refOf(node), to }]);
  if (!done) return;
  movePosition(id, to);
  select([to]);
}

/** Other files may call the templates of a stored object. */
function calledElsewhere(state: ReturnType<typeof useDesigner.getState>): boolean {
  return /Template$/.test(objectOf(state)?.kind ?? '') && state.outside.size > 0;
}

/** @returns whether a single template is asked about, since other files speak of it */
async function leafElsewhere(id: string, to: string): Promise<boolean> {
  const state = useDesigner.getState();
  const { grammar, nodes } = sketchOf(state);
  const node = nodes.find((each) => each.id === id);
  if (!node || grammar !== 'leaf' || to === '' || to === node.name) return false;
  return await renameEverywhere(objectOf(state)?.rangeOf([...node.path, 'name'])?.start, node.name, to);
}

function callersOf(template: string): number {
  const spec = objectOf(useDesigner.getState())?.spec;
  return (spec?.templates ?? []).flatMap((each) => [...(each.dag?.tasks ?? []), ...(each.steps ?? []).flat()]).filter((call) => call.template === template).length;
}

/** Moves a step within rows. Rows that are left empty go. */
export function moveStep(id: string, to: StepPlace): boolean {
  const node = sketchOf(useDesigner.getState()).nodes.find((each) => each.id === id);
  if (node?.row === undefined || node.column === undefined) return false;
  return here((place) => ({ ...place, type: 'moveStep', from: [node.row ?? 0, node.column ?? 0], to }));
}

function moveByKey(key: 'up' | 'down' | 'left' | 'right'): void {
  const node = leading();
  const model = sketchOf(useDesigner.getState());
  if (node?.row === undefined || node.column === undefined) return;
  const { row, column } = node;
  const alone = model.nodes.filter((each) => each.row === row).length === 1;
  // Out of a shared row it gets one of its own; alone it joins the next.
  const to: StepPlace = key === 'left' ? [row, column - 1] : key === 'right' ? [row, column + 1] : !alone ? { newRow: key === 'up' ? row : row + 1 } : [key === 'up' ? row - 1 : row + 1, 0];
  if (!('newRow' in to) && (to[0] < 0 || to[0] >= model.rows || to[1] < 0)) return;
  moveStep(node.id, to);
}

/** Passes an output of one task to an input of another, and lets it wait. */
export function wire(from: { task: string; name: string }, to: { task: string; name: string }): boolean {
  const model = sketchOf(useDesigner.getState());
  const [source, target] = [from.task, to.task].map((id) => model.nodes.find((node) => node.id === id));
  if (!source || !target) return false;
  const [kind, ...rest] = from.name.split('.');
  const output: OutputRef = kind === 'result' ? { task: source.name, kind: 'result' } : { task: source.name, kind: kind === 'artifacts' ? 'artifact' : 'parameter', name: rest.join('.') };
  return here((place) => ({ ...place, type: 'wireOutput', from: output, to: { task: refOf(target), input: to.name.split('.').slice(1).join('.') } }));
}

function extendBy(key: string): void {
  const { selection } = useDesigner.getState();
  const next = canvasView()?.neighbour(selection.at(-1), key);
  if (next !== undefined) select([...selection.filter((id) => id !== next), next]);
}

function moveBy(key: string): void {
  const next = canvasView()?.neighbour(useDesigner.getState().selection.at(-1), key);
  if (next === undefined) return;
  select([next]);
  canvasView()?.reveal(next);
}

/** An arrow on the canvas: the selection goes along; while connecting, the proposed target does. */
export function arrow(key: string, extend: boolean): void {
  const { connecting } = useMode.getState();
  if (connecting) {
    const to = canvasView()?.neighbour(connecting.to ?? connecting.from, key);
    if (to !== undefined) setMode({ connecting: { from: connecting.from, to } });
  } else if (extend) extendBy(key);
  else moveBy(key);
}

function enter(): void {
  const { connecting } = useMode.getState();
  if (connecting) {
    if (connecting.to !== undefined && connect(connecting.from, connecting.to)) setMode({});
    return;
  }
  const id = useDesigner.getState().selection.at(-1);
  if (id !== undefined && !drillInto(id)) document.querySelector<HTMLElement>('.form-pane input, .form-pane select, .form-pane textarea')?.focus();
}

function escape(): void {
  if (useMode.getState().connecting) setMode({});
  else {
    select([]);
    useDesigner.setState({ edge: undefined });
  }
}

function openAdd(): void {
  const ids = tasksChosen().map((node) => node.id);
  setMode({ adding: { at: canvasView()?.windowPoint(ids.at(-1)) ?? { x: innerWidth / 2, y: innerHeight / 3 }, where: ids.length ? { after: ids } : {} } });
}

function extract(): void {
  const tasks = tasksChosen().map(refOf);
  setMode({ asking: { title: `Make a template of ${tasks.length === 1 ? 'this task' : `these ${tasks.length}`}`, label: 'Name of the template', value: freeTemplateName('part'), action: 'Extract', run: (name) => { here((place) => ({ ...place, type: 'extractTemplate', tasks, name })); } } });
}

function convert(): void {
  const grammar = sketchOf(useDesigner.getState()).grammar === 'dag' ? 'steps' as const : 'dag' as const;
  here((place) => ({ ...place, type: 'convertTo', grammar }));
}

const act = (id: string, title: string, keys: string | undefined, unable: Action['unable'], go: () => void): Action => ({ id, title, unable, run: go, ...(keys === undefined ? {} : { keys }) });

export const ACTIONS: readonly Action[] = [
  act('add', 'Add a step…', 'A', always, openAdd),
  act('connect', 'Connect to…', 'C', () => needsOne() ?? (sketchOf(useDesigner.getState()).grammar === 'dag' ? undefined : 'Steps wait for the row before'), () => { setMode({ connecting: { from: leading()?.id ?? '', to: undefined } }); }),
  act('pass', 'Pass an output on…', 'P', () => needsOne() ?? (leading()?.outputs.length ? undefined : 'It has no outputs'), () => { setMode({ passing: leading()?.id ?? '' }); }),
  act('rename', 'Rename', 'F2', () => (chosen().length === 1 && leading()?.shape === 'task' ? undefined : 'Select one task'), () => { setMode({ renaming: leading()?.id ?? '' }); }),
  act('open', 'Open its template', 'Enter', () => (useMode.getState().connecting ?? leading()?.opens ? undefined : 'It opens nothing'), enter),
  act('up', 'Back to the template above', 'Backspace', () => (useDesigner.getState().levels.length > 1 ? undefined : 'This is the top'), () => { climb(); }),
  act('duplicate', 'Duplicate', 'Mod+D', needsTask, () => { here((place) => ({ ...place, type: 'duplicateTasks', tasks: tasksChosen().map(refOf) })); }),
  act('copy', 'Copy', 'Mod+C', needsTask, () => { void copyChosen(); }),
  act('cut', 'Cut', 'Mod+X', needsTask, () => { void copyChosen().then((done) => { if (done) deleteChosen(); }); }),
  act('paste', 'Paste', 'Mod+V', always, () => { void paste(); }),
  act('delete', 'Delete', 'Delete', () => (chosen().length || useDesigner.getState().edge !== undefined ? undefined : 'Nothing is selected'), deleteChosen),
  act('all', 'Select all', 'Mod+A', always, () => { select(sketchOf(useDesigner.getState()).nodes.map((node) => node.id)); }),
  act('extract', 'Extract to a template…', 'Mod+G', needsTask, extract),
  act('inline', 'Inline its template', 'Mod+Shift+G', needsOne, () => { here((place) => ({ ...place, type: 'inlineTemplate', task: refOf(leading() as SketchNode) })); }),
  act('convert', 'Convert to steps or DAG', undefined, () => (sketchOf(useDesigner.getState()).grammar === 'leaf' ? 'This template calls nothing' : undefined), convert),
  act('entrypoint', 'Start the workflow here', undefined, always, () => { const place = templatePlace(); if (typeof place === 'string') refuse(place); else run({ type: 'setEntrypoint', ...place }); }),
  act('move-up', 'Move to the row above', 'Alt+ArrowUp', needsOne, () => { moveByKey('up'); }),
  act('move-down', 'Move to the row below', 'Alt+ArrowDown', needsOne, () => { moveByKey('down'); }),
  act('move-left', 'Move left in its row', 'Alt+ArrowLeft', needsOne, () => { moveByKey('left'); }),
  act('move-right', 'Move right in its row', 'Alt+ArrowRight', needsOne, () => { moveByKey('right'); }),
  act('tidy', 'Tidy', 'T', always, () => { forgetPositions(); requestAnimationFrame(() => { canvasView()?.fit(); }); }),
  act('places', 'Keep positions in the file, or beside it', undefined, () => (sketchOf(useDesigner.getState()).grammar === 'dag' ? undefined : 'Rows stand where they are written'), () => { keepInFile(!areKeptInFile()); }),
  act('find', 'Find a step', 'Mod+F', always, () => { setMode({ searching: true }); }),
  act('undo', 'Undo', 'Mod+Z', () => (useDesigner.getState().history.canUndo ? undefined : 'Nothing to undo'), undo),
  act('redo', 'Redo', 'Mod+Shift+Z', () => (useDesigner.getState().history.canRedo ? undefined : 'Nothing to redo'), redo),
];

/** Puts the selected tasks with their templates on the clipboard. @returns whether they are there */
async function copyChosen(): Promise<boolean> {
  const copied = copyText(tasksChosen().map(refOf));
  if ('refused' in copied) return refuse(copied.refused);
  return await navigator.clipboard.writeText(copied.text).then(() => true, () => refuse('The clipboard could not be written.'));
}

async function paste(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => '');
  if (text.trim() === '') say('failed', 'There is nothing to paste.');
  else here((place) => ({ ...place, type: 'pasteTasks', text }));
}

/** @returns the action of this name */
export function action(id: string): Action {
  const found = ACTIONS.find((each) => each.id === id);
  if (!found) throw new Error(`bug: no action ${id}`);
  return found;
}

const inDesigner = (): boolean => useUi.getState().room === 'designer' && useUi.getState().document !== undefined;
/** The canvas or the outline has the focus. */
const onCanvas = (): boolean => document.activeElement?.closest('[data-canvas]') !== null && document.activeElement !== null;
/** Undo and redo work in the whole designer, but a field that is being typed in has its own. */
const notTyping = (): boolean => document.activeElement?.closest('.monaco-editor, input, textarea, [contenteditable="true"]') === null;

/** Keys that move and leave: not worth a line in the palette. */
function onKey(event: KeyboardEvent): void {
  if (!inDesigner() || !onCanvas() || event.ctrlKey || event.metaKey || event.altKey) return;
  if ((event.target as HTMLElement).closest('input, textarea')) return;
  const view = canvasView();
  if (event.key.startsWith('Arrow') && view) arrow(event.key, event.shiftKey);
  else if (event.key === 'Escape') escape();
  else if (view && (event.key === '+' || event.key === '=')) view.zoom('in');
  else if (view && event.key === '-') view.zoom('out');
  else if (view && event.key === '0') view.fit();
  else return;
  event.preventDefault();
}

contribute(ACTIONS.map((each) => ({
  id: `canvas-${each.id}`, title: each.title, group: 'Canvas' as const, ...(each.keys === undefined ? {} : { keys: each.keys }),
  when: () => inDesigner() && each.unable() === undefined, keysWhen: each.id === 'undo' || each.id === 'redo' ? notTyping : onCanvas, run: each.run,
})));
contribute([{ id: 'canvas-redo-y', title: 'Redo', group: 'Canvas', keys: 'Mod+Y', when: () => inDesigner() && action('redo').unable() === undefined, keysWhen: notTyping, run: redo }]);
window.addEventListener('keydown', onKey);
