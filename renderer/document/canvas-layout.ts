/** Where the nodes of a template stand on the canvas: rows of steps, and what was placed by hand. */
import type { Point } from './layout.ts';
import type { Sketch, SketchNode } from './sketch.ts';

/** Pixels of a node at zoom 1. */
export const TASK_SIZE = { width: 184, height: 50 };
export const HOOK_SIZE = { width: 150, height: 38 };
const GAP_X = 28;
const GAP_Y = 46;
/** Room around the steps of a row, and between rows: where a new row can be dropped. */
const LANE_PADDING = 16;
const LANE_GAP = 36;
const HOOK_GAP = 12;

/** The band that a row of steps stands in. */
export interface Lane extends Point {
  width: number;
  height: number;
}

export interface RowsArranged {
  positions: Map<string, Point>;
  lanes: Lane[];
}

/** Annotation that keeps where tasks were placed by hand, when the person wants that in the file: JSON, by template and task. */
export const LAYOUT_ANNOTATION = 'tiphys.dev/layout';

/** Top left corners by task. */
export type Places = Readonly<Record<string, readonly [x: number, y: number]>>;

/** @returns the places of every template that an annotation keeps; what is no place is left out */
export function readPlaces(annotation: string | undefined): Record<string, Places> {
  const templates = Object.entries(objectOf(parsed(annotation)));
  return Object.fromEntries(templates.map(([template, places]) => [template, Object.fromEntries(Object.entries(objectOf(places)).filter((entry): entry is [string, [number, number]] => isPlace(entry[1])))]));
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function isPlace(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'number' && Math.abs(each) < 1e6);
}

export function sizeOfNode(node: { shape: 'task' | 'hook' }): { width: number; height: number } {
  return node.shape === 'hook' ? HOOK_SIZE : TASK_SIZE;
}

/** Rows below each other, each as wide as the widest; a step's hooks stand below it. */
export function arrangeRows(model: Sketch): RowsArranged {
  const positions = new Map<string, Point>();
  const rows: SketchNode[][] = Array.from({ length: model.rows }, () => []);
  const hooks = new Map<string, SketchNode[]>();
  for (const node of model.nodes) {
    if (node.shape === 'hook' && node.owner !== undefined) (hooks.get(node.owner) ?? hooks.set(node.owner, []).get(node.owner))?.push(node);
    else if (node.row !== undefined) rows[node.row]?.push(node);
  }
  const widest = Math.max(1, ...rows.map((row) => row.length));
  const width = widest * TASK_SIZE.width + (widest - 1) * GAP_X + 2 * LANE_PADDING;
  const lanes: Lane[] = [];
  let top = 0;
  for (const row of rows) {
    const used = row.length * TASK_SIZE.width + Math.max(0, row.length - 1) * GAP_X;
    let tall = TASK_SIZE.height;
    row.forEach((node, i) => {
      const x = Math.round((width - used) / 2 + i * (TASK_SIZE.width + GAP_X));
      const y = top + LANE_PADDING;
      positions.set(node.id, { x, y });
      (hooks.get(node.id) ?? []).forEach((hook, h) => {
        const down = TASK_SIZE.height + HOOK_GAP + h * (HOOK_SIZE.height + HOOK_GAP);
        positions.set(hook.id, { x: x + (TASK_SIZE.width - HOOK_SIZE.width), y: y + down });
        tall = Math.max(tall, down + HOOK_SIZE.height);
      });
    });
    lanes.push({ x: 0, y: top, width, height: tall + 2 * LANE_PADDING });
    top += tall + 2 * LANE_PADDING + LANE_GAP;
  }
  placeWorkflowHooks(model, positions);
  return { positions, lanes };
}

/** Hooks of the whole workflow stand in a row below everything. */
export function placeWorkflowHooks(model: Sketch, positions: Map<string, Point>): void {
  const free = model.nodes.filter((node) => node.shape === 'hook' && node.owner === undefined && !positions.has(node.id));
  if (free.length === 0) return;
  let [left, right, bottom] = [Infinity, -Infinity, -Infinity];
  for (const node of model.nodes) {
    const at = positions.get(node.id);
    if (!at) continue;
    const size = sizeOfNode(node);
    left = Math.min(left, at.x);
    right = Math.max(right, at.x + size.width);
    bottom = Math.max(bottom, at.y + size.height);
  }
  const middle = left === Infinity ? 0 : (left + right) / 2;
  const y = bottom === -Infinity ? 0 : bottom + GAP_Y + 14;
  const used = free.length * HOOK_SIZE.width + (free.length - 1) * GAP_X;
  free.forEach((node, i) => positions.set(node.id, { x: Math.round(middle - used / 2 + i * (HOOK_SIZE.width + GAP_X)), y }));
}

/** What was placed by hand stays; what is new finds a free place below what it follows. */
export function arrangeKept(model: Sketch, kept: ReadonlyMap<string, Point>): Map<string, Point> {
  const positions = new Map<string, Point>();
  for (const node of model.nodes) {
    const at = kept.get(node.id);
    if (at) positions.set(node.id, at);
  }
  const fresh = model.nodes.filter((node) => !positions.has(node.id) && !(node.shape === 'hook' && node.owner === undefined));
  for (const node of fresh) {
    const above = model.edges.flatMap((edge) => (edge.target === node.id ? positions.get(edge.source) ?? [] : []));
    const bottom = [...positions.values()].reduce((most, at) => Math.max(most, at.y), -GAP_Y - TASK_SIZE.height);
    const wish = above.length
      ? { x: Math.round(above.reduce((sum, at) => sum + at.x, 0) / above.length), y: Math.max(...above.map((at) => at.y)) + TASK_SIZE.height + GAP_Y }
      : { x: [...positions.values()][0]?.x ?? 0, y: bottom + TASK_SIZE.height + GAP_Y };
    positions.set(node.id, freePlace(positions, wish));
  }
  placeWorkflowHooks(model, positions);
  return positions;
}

/** The nearest free place to the right or left on the same line. */
export function freePlace(positions: ReadonlyMap<string, Point>, wish: Point): Point {
  const taken = [...positions.values()].filter((at) => Math.abs(at.y - wish.y) < TASK_SIZE.height + 8);
  const fits = (x: number): boolean => taken.every((at) => Math.abs(at.x - x) >= TASK_SIZE.width + GAP_X / 2);
  if (fits(wish.x)) return wish;
  const step = TASK_SIZE.width + GAP_X;
  const candidates = taken.flatMap((at) => [at.x + step, at.x - step]).filter(fits).sort((a, b) => Math.abs(a - wish.x) - Math.abs(b - wish.x) || b - a);
  return { x: candidates[0] ?? wish.x, y: wish.y };
}

/** Where something that is dropped at a point comes among rows: into a row at a place, or between rows as one of its own. */
export interface RowPlace {
  row: number;
  /** Place in the row; none: a new row before `row`. */
  column?: number;
}

export function rowPlaceAt(arranged: RowsArranged, model: Sketch, point: Point): RowPlace {
  const { lanes, positions } = arranged;
  for (const [row, lane] of lanes.entries()) {
    if (point.y < lane.y) return { row };
    if (point.y > lane.y + lane.height) continue;
    const before = model.nodes.filter((node) => node.row === row && (positions.get(node.id)?.x ?? 0) + TASK_SIZE.width / 2 < point.x).length;
    return { row, column: before };
  }
  return { row: lanes.length };
}
