/** What the canvas is in the middle of, and what of it others may ask for. */
import { create } from 'zustand';
import type { Point } from '../document/layout.ts';
import type { StepPlace } from '../document/command.ts';

/** Where an addition goes: behind tasks, between two, to a place among rows, or just in. */
export interface Where {
  after?: readonly string[];
  between?: { from: string; to: string };
  step?: StepPlace;
  /** Where it shall stand, in the canvas' own pixels. */
  point?: Point;
}

export interface Mode {
  /** The list of additions is open at this place of the window. */
  adding?: { at: Point; where: Where };
  /** A connection is being made by keys: from, and the target that is proposed. */
  connecting?: { from: string; to: string | undefined };
  /** Id of the node that is being renamed in place. */
  renaming?: string;
  searching?: boolean;
  /** A question with one line of text for its answer. */
  asking?: { title: string; label: string; value: string; action: string; run: (text: string) => void };
  /** An output is being passed on by keys: id of the task it comes from. */
  passing?: string;
  /** An output was dropped on a task with several inputs. */
  choosing?: { at: Point; output: { task: string; name: string }; target: string; inputs: readonly string[] };
}

export const useMode = create<Mode>(() => ({}));

export function setMode(mode: Mode): void {
  useMode.setState(mode, true);
}

/** The canvas as actions see it; there is none while another view is shown. */
export interface CanvasView {
  /** The next node in the direction of an arrow key; the first one when nothing is where one starts. */
  neighbour: (from: string | undefined, key: string) => string | undefined;
  reveal: (id: string) => void;
  /** Where a node is in the window; the middle of the canvas without one. */
  windowPoint: (id: string | undefined) => Point;
  /** The node below a point of the window, whether it is built or painted. */
  nodeAt: (at: Point) => string | undefined;
  /** @param duration milliseconds; those of a short motion by default */
  fit: (duration?: number) => void;
  zoom: (by: 'in' | 'out') => void;
  focus: () => void;
}

let canvas: CanvasView | undefined;

export function setCanvasView(view: CanvasView | undefined): void {
  canvas = view;
}

export function canvasView(): CanvasView | undefined {
  return canvas;
}
