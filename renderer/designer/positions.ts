/** Where the nodes of the template on the canvas stand: laid out, or as the person placed them. What was placed is remembered beside the file. */
import { useMemo, useRef } from 'react';
import { create } from 'zustand';
import { invoke } from '../app/bridge.ts';
import { useUi } from '../app/store.ts';
import { arrangeKept, arrangeRows, LAYOUT_ANNOTATION, placeWorkflowHooks, readPlaces, sizeOfNode } from '../document/canvas-layout.ts';
import type { Places } from '../document/canvas-layout.ts';
import type { Point } from '../document/layout.ts';
import type { Sketch, SketchNode } from '../document/sketch.ts';
import { useLayout } from '../monitor/layout.ts';
import { objectOf, run, useDesigner, wayOf } from './session.ts';

interface Kept {
  /** By file, object and template, the longest unused first. */
  kept: Readonly<Record<string, Places>>;
}

/** Arrangements of more templates than this are forgotten, the oldest first. */
const MOST = 200;
const SETTING = 'canvas-positions';

const useKept = create<Kept>(() => ({ kept: {} }));
let loaded = false;
let saving: ReturnType<typeof setTimeout> | undefined;
/** As it is on screen. */
let shown: ReadonlyMap<string, Point> = new Map();

async function load(): Promise<void> {
  if (loaded) return;
  loaded = true;
  const settings = await invoke('settings.get', undefined).catch((): Record<string, unknown> => ({}));
  const value = settings[SETTING];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) useKept.setState(({ kept }) => ({ kept: { ...(value as Kept['kept']), ...kept } }));
}

/** Names the template on the canvas beyond this session. */
function keyNow(): string {
  const state = useDesigner.getState();
  const object = objectOf(state);
  const { document } = useUi.getState();
  // What was never saved has no name of its own yet.
  const file = document?.handle === undefined ? document?.id : document.title;
  return [file ?? '', object?.kind ?? '', object?.name ?? '', wayOf(state) ?? ''].join('|');
}

/** Places that the file itself keeps, by template; undefined when it keeps none. */
function placesInFile(): Record<string, Places> | undefined {
  const annotation = objectOf(useDesigner.getState())?.annotations[LAYOUT_ANNOTATION];
  return annotation === undefined ? undefined : readPlaces(annotation);
}

function writeInFile(places: Record<string, Places> | undefined): void {
  const part = objectOf(useDesigner.getState())?.document;
  if (part !== undefined) void run({ type: 'setField', part, path: ['metadata', 'annotations', LAYOUT_ANNOTATION], value: places && JSON.stringify(places) });
}

/** Keeps the places of this object in its file from now on, or beside it again. */
export function keepInFile(on: boolean): void {
  const template = wayOf(useDesigner.getState());
  const here = template === undefined ? undefined : rounded(shown);
  writeInFile(on && here && template !== undefined ? { [template]: here } : undefined);
}

export function areKeptInFile(): boolean {
  return placesInFile() !== undefined;
}

function rounded(places: ReadonlyMap<string, Point>): Places {
  return Object.fromEntries([...places].map(([id, at]): [string, readonly [number, number]] => [id, [Math.round(at.x), Math.round(at.y)]]));
}

/** @returns the top left corners of what the canvas shows, by node id */
export function shownPositions(): ReadonlyMap<string, Point> {
  return shown;
}

function keep(places: ReadonlyMap<string, Point> | undefined): void {
  const inFile = placesInFile();
  const template = wayOf(useDesigner.getState());
  if (inFile && template !== undefined) {
    writeInFile(Object.fromEntries([...Object.entries(inFile).filter(([each]) => each !== template), ...(places ? [[template, rounded(places)] as const] : [])]));
    return;
  }
  const key = keyNow();
  const rest = Object.entries(useKept.getState().kept).filter(([each]) => each !== key).slice(-MOST);
  const kept: Kept['kept'] = Object.fromEntries(places ? [...rest, [key, rounded(places)]] : rest);
  useKept.setState({ kept });
  clearTimeout(saving);
  saving = setTimeout(() => { invoke('settings.set', { key: SETTING, value: kept as Record<string, Record<string, [number, number]>> }).catch(() => undefined); }, 500);
}

/** From now on everything on this canvas stands where it is, and these where they were put. */
export function placeAllByHand(moved: ReadonlyMap<string, Point>): void {
  keep(new Map([...shown, ...moved]));
}

export function placeByHand(id: string, at: Point): void {
  placeAllByHand(new Map([[id, at]]));
}

/** A task that is named anew stays where it is. */
export function movePosition(from: string, to: string): void {
  const places = placesInFile()?.[wayOf(useDesigner.getState()) ?? ''] ?? useKept.getState().kept[keyNow()];
  const at = places?.[from];
  if (places && at) keep(new Map(Object.entries({ ...places, [to]: at }).filter(([id]) => id !== from).map(([id, [x, y]]) => [id, { x, y }])));
}

/** Everything is laid out anew. */
export function forgetPositions(): void {
  keep(undefined);
}

const NOTHING: { nodes: SketchNode[]; edges: Sketch['edges'] } = { nodes: [], edges: [] };

/** @returns top left corners by node id; undefined while the first layout is on its way */
export function usePositions(model: Sketch, scope: string): ReadonlyMap<string, Point> | undefined {
  void load();
  const beside = useKept((state) => state.kept[keyNow()]);
  const annotation = useDesigner((state) => objectOf(state)?.annotations[LAYOUT_ANNOTATION]);
  const name = useDesigner((state) => wayOf(state) ?? '');
  const places = useMemo(() => (annotation === undefined ? beside : readPlaces(annotation)[name]), [annotation, beside, name]);
  const automatic = useMemo(() => (model.grammar === 'dag' && !places ? { nodes: model.nodes.filter((node) => node.shape === 'task' || node.owner !== undefined), edges: model.edges } : NOTHING), [model, places]);
  const placed = useLayout(automatic, scope, sizeOfNode);
  const last = useRef<ReadonlyMap<string, Point> | undefined>(undefined);
  return useMemo(() => {
    const positions = arrange(model, places, placed?.positions);
    // A layout on its way leaves what is on screen where it is.
    const whole = positions && (model.grammar !== 'dag' || places !== undefined || model.nodes.every((node) => positions.has(node.id)));
    if (positions && (whole ?? !last.current)) {
      last.current = positions;
      shown = positions;
    }
    return positions ?? last.current;
  }, [model, places, placed]);
}

function arrange(model: Sketch, places: Places | undefined, placed: ReadonlyMap<string, Point> | undefined): Map<string, Point> | undefined {
  if (model.grammar === 'steps') return arrangeRows(model).positions;
  if (model.grammar === 'dag' && places) return arrangeKept(model, new Map(Object.entries(places).map(([id, [x, y]]) => [id, { x, y }])));
  if (model.grammar === 'dag' && !placed) return undefined;
  const positions = new Map<string, Point>(placed);
  if (model.grammar === 'leaf') for (const node of model.nodes) if (node.shape === 'task') positions.set(node.id, { x: 0, y: 0 });
  placeWorkflowHooks(model, positions);
  return positions;
}
