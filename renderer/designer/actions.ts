/** Everything that can be done on the canvas and in the outline, by name: keys, menus and the palette use this one list. */
import type { Path } from '../../engine/spec/yaml.ts';
import { contribute } from '../app/commands.ts';
import { say, useUi } from '../app/store.ts';
import type { Command, OutputRef, StepPlace } from '../document/command.ts';
import type { TaskRef } from '../document/draft.ts';
import type { SketchNode } from '../document/sketch.ts';
import { ALWAYS } from './additions.ts';
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
async function here(make: (place: { part: number; template: string }) => Command | readonly Command[]): Promise<boolean> {
  const place = templatePlace();
  if (typeof place === 'string') return refuse(place);
  const made = make(place);
  return await run(...(Array.isArray(made) ? made as readonly Command[] : [made as Command]));
}

/** Adds what was chosen from the palette. Where it goes follows the grammar of the template. */
export async function add(addition: Addition, where: Where): Promise<void> {
  const place = templatePlace();
  if (typeof place === 'string') {
    refuse(place);
    return;
  }
  const model = sketchOf(useDesigner.getState());
  if (model.grammar === 'leaf' && templateOnCanvas(useDesigner.getState())) {
    if (await wrapInDag()) await add(addition, {});
    return;
  }
  const first = model.grammar === 'steps' ? { ...place, type: 'addStep' as const, task: addition.task, at: where.step ?? stepPlaceAfter(where.after) }
    : where.between ? { ...place, type: 'insertBetween' as const, ...where.between, task: addition.task }
      : { ...place, type: 'addTask' as const, task: addition.task, ...(where.after?.length ? { after: where.after } : {}) };
  const done = await run(first, ...(addition.followers ?? []).map((task) => ({ ...place, type: 'follow' as const, task })));
  const id = useDesigner.getState().selection.at(-1);
  if (done && where.point && id !== undefined && model.grammar === 'dag' && !addition.followers) placeByHand(id, where.point);
  if (id !== undefined) canvasView()?.reveal(id);
}

/** Adds behind what is selected. */
export function addChosen(addition: Addition): void {
  const { selection, objects } = useDesigner.getState();
  if (objects.length) void add(addition, selection.length ? { after: selection } : {});
}

/** A row of its own below the lowest of the named steps; at the end without any. */
function stepPlaceAfter(after: readonly string[] | undefined): StepPlace {
  const { nodes, rows } = sketchOf(useDesigner.getState());
  const below = nodes.filter((node) => after?.includes(node.id)).map((node) => (node.row ?? 0) + 1);
  return { newRow: below.length ? Math.max(...below) : rows };
}

/** A single template becomes the first task of a dag, which is the entrypoint from now on. */
async function wrapInDag(): Promise<boolean> {
  const state = useDesigner.getState();
  const object = objectOf(state);
  const name = templateOnCanvas(state)?.template.name;
  if (!object || name === undefined) return refuse('A single inline template holds no steps. Make it a template of its own first.');
  const dag = freeTemplateName(`${name}-dag`);
  const done = await run({ type: 'addTemplate', part: object.document, value: { name: dag, dag: { tasks: [{ name, template: name }] } }, index: 0 }, { type: 'setEntrypoint', part: object.document, template: dag });
  if (done) useDesigner.setState({ levels: [{ object: state.levels.at(-1)?.object ?? 0 }], selection: [] });
  return done;
}

function freeTemplateName(wanted: string): string {
  const taken = new Set((objectOf(useDesigner.getState())?.spec.templates ?? []).map((template) => template.name));
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}-${n}`;
  return name;
}

export function connect(from: string, to: string): Promise<boolean> {
  return here((place) => ({ ...place, type: 'connect', from, to }));
}

export function reconnect(old: { from: string; to: string }, next: { from: string; to: string }): Promise<boolean> {
  if (old.from === next.from && old.to === next.to) return Promise.resolve(true);
  return here((place) => ({ ...place, type: 'reconnect', ...old, newFrom: next.from, newTo: next.to }));
}

/** Deletes the selected edge, or what is selected of tasks and hooks. */
export function deleteChosen(): void {
  const { edge } = useDesigner.getState();
  const found = sketchOf(useDesigner.getState()).edges.find((each) => each.id === edge);
  const nodes = chosen();
  if (found && nodes.length === 0) {
    void here((place) => ({ ...place, type: 'disconnect', from: found.source, to: found.target }));
    return;
  }
  const part = objectOf(useDesigner.getState())?.document;
  if (nodes.length === 0 || part === undefined) return;
  const hooks = nodes.filter((node) => node.shape === 'hook').map(({ path }) => path);
  const gone = hooks.map((path): Command => ({ type: 'setField', part, path: isLastHook(path, hooks) ? path.slice(0, -1) : path, value: undefined }));
  const tasks = tasksChosen().map(refOf);
  void here((place) => [...gone, ...(tasks.length ? [{ ...place, type: 'deleteTasks' as const, tasks }] : [])]);
}

/** Whether nothing is left where a hook is taken away with others: then the map of hooks goes too. */
function isLastHook(path: Path, gone: readonly Path[]): boolean {
  if (path.at(-2) !== 'hooks') return false;
  const owner = path.slice(0, -1).join('/');
  const within = (each: Path): boolean => each.slice(0, -1).join('/') === owner;
  const all = sketchOf(useDesigner.getState()).nodes.filter((node) => node.shape === 'hook' && within(node.path)).length;
  const here = gone.filter(within);
  return here.length === all && here.at(-1) === path;
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
    if (await run({ type: 'renameTemplate', part: object.document, from: node.name, to })) useDesigner.setState({ levels: [...state.levels.slice(0, -1), { object: state.levels.at(-1)?.object ?? 0, template: to }] });
    return;
  }
  const along = !calledElsewhere(state) && node.opens && 'template' in node.opens && node.opens.template === node.name && callersOf(node.name) === 1;
  const done = await here((place) => [...(along ? [{ type: 'renameTemplate' as const, part: object.document, from: node.name, to }] : []), { ...place, type: 'renameTask', task: refOf(node), to }]);
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
export async function moveStep(id: string, to: StepPlace): Promise<boolean> {
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
  void moveStep(node.id, to);
}

/** Passes an output of one task to an input of another, and lets it wait. */
export function wire(from: { task: string; name: string }, to: { task: string; name: string }): Promise<boolean> {
  const model = sketchOf(useDesigner.getState());
  const [source, target] = [from.task, to.task].map((id) => model.nodes.find((node) => node.id === id));
  if (!source || !target) return Promise.resolve(false);
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
    if (connecting.to !== undefined) void connect(connecting.from, connecting.to).then((done) => { if (done) setMode({}); });
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
  setMode({ asking: { title: `Make a template of ${tasks.length === 1 ? 'this task' : `these ${tasks.length}`}`, label: 'Name of the template', value: freeTemplateName('part'), action: 'Extract', run: (name) => { void here((place) => ({ ...place, type: 'extractTemplate', tasks, name })); } } });
}

function convert(): void {
  const grammar = sketchOf(useDesigner.getState()).grammar === 'dag' ? 'steps' as const : 'dag' as const;
  void here((place) => ({ ...place, type: 'convertTo', grammar }));
}

const act = (id: string, title: string, keys: string | undefined, unable: Action['unable'], go: () => void): Action => ({ id, title, unable, run: go, ...(keys === undefined ? {} : { keys }) });

export const ACTIONS: readonly Action[] = [
  act('add', 'Add a step…', 'A', always, openAdd),
  act('connect', 'Connect to…', 'C', () => needsOne() ?? (sketchOf(useDesigner.getState()).grammar === 'dag' ? undefined : 'Steps wait for the row before'), () => { setMode({ connecting: { from: leading()?.id ?? '', to: undefined } }); }),
  act('pass', 'Pass an output on…', 'P', () => needsOne() ?? (leading()?.outputs.length ? undefined : 'It has no outputs'), () => { setMode({ passing: leading()?.id ?? '' }); }),
  act('rename', 'Rename', 'F2', () => (chosen().length === 1 && leading()?.shape === 'task' ? undefined : 'Select one task'), () => { setMode({ renaming: leading()?.id ?? '' }); }),
  act('open', 'Open its template', 'Enter', () => (useMode.getState().connecting ?? leading()?.opens ? undefined : 'It opens nothing'), enter),
  act('up', 'Back to the template above', 'Backspace', () => (useDesigner.getState().levels.length > 1 ? undefined : 'This is the top'), () => { climb(); }),
  act('duplicate', 'Duplicate', 'Mod+D', needsTask, () => { void here((place) => ({ ...place, type: 'duplicateTasks', tasks: tasksChosen().map(refOf) })); }),
  act('copy', 'Copy', 'Mod+C', needsTask, () => { void copyChosen(); }),
  act('cut', 'Cut', 'Mod+X', needsTask, () => { void copyChosen().then((done) => { if (done) deleteChosen(); }); }),
  act('paste', 'Paste', 'Mod+V', always, () => { void paste(); }),
  act('delete', 'Delete', 'Delete', () => (chosen().length || useDesigner.getState().edge !== undefined ? undefined : 'Nothing is selected'), deleteChosen),
  act('all', 'Select all', 'Mod+A', always, () => { select(sketchOf(useDesigner.getState()).nodes.map((node) => node.id)); }),
  act('extract', 'Extract to a template…', 'Mod+G', needsTask, extract),
  act('inline', 'Inline its template', 'Mod+Shift+G', needsOne, () => { void here((place) => ({ ...place, type: 'inlineTemplate', task: refOf(leading() as SketchNode) })); }),
  act('splice', 'Put its tasks in its place', 'Mod+Alt+G', () => needsOne() ?? (leading()?.opens ? undefined : 'It calls nothing here'), () => { void here((place) => ({ ...place, type: 'spliceTask', task: refOf(leading() as SketchNode) })); }),
  act('convert', 'Convert to steps or DAG', undefined, () => (sketchOf(useDesigner.getState()).grammar === 'leaf' ? 'This template calls nothing' : undefined), convert),
  act('entrypoint', 'Start the workflow here', undefined, always, () => { const place = templatePlace(); if (typeof place === 'string') refuse(place); else void run({ type: 'setEntrypoint', ...place }); }),
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
  const copied = await copyText(tasksChosen().map(refOf));
  if ('refused' in copied) return refuse(copied.refused);
  return await navigator.clipboard.writeText(copied.text).then(() => true, () => refuse('The clipboard could not be written.'));
}

async function paste(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => '');
  if (text.trim() === '') say('failed', 'There is nothing to paste.');
  else void here((place) => ({ ...place, type: 'pasteTasks', text }));
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
contribute(ALWAYS.map((addition) => ({ id: `add-${addition.id}`, title: `Add ${addition.title}`, group: 'Canvas' as const, when: inDesigner, run: () => { addChosen(addition); } })));
contribute([{ id: 'canvas-redo-y', title: 'Redo', group: 'Canvas', keys: 'Mod+Y', when: () => inDesigner() && action('redo').unable() === undefined, keysWhen: notTyping, run: redo }]);
window.addEventListener('keydown', onKey);
