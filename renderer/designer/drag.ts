/** Something that is dragged onto the canvas: an addition from the palette, or an output of a task. */
import { create } from 'zustand';
import type { PointerEvent } from 'react';
import type { Addition } from './additions.ts';

export type Dragged = { addition: Addition } | { output: { task: string; name: string } };

interface DragState {
  dragged: Dragged | undefined;
  /** Pixels in the window. */
  at: { x: number; y: number };
}

export const useDrag = create<DragState>(() => ({ dragged: undefined, at: { x: 0, y: 0 } }));

/** Where things can be dropped. */
export interface DropTarget {
  drop: (dragged: Dragged, at: { x: number; y: number }) => void;
}

let target: DropTarget | undefined;

export function setDropTarget(next: DropTarget | undefined): void {
  target = next;
}

/** Pixels the pointer goes before a press is a drag. */
const THRESHOLD = 4;

/** Follows the pointer from a press until it is let go; Esc gives up. */
export function beginDrag(dragged: Dragged, event: PointerEvent): void {
  if (event.button !== 0) return;
  const start = { x: event.clientX, y: event.clientY };
  const move = (next: globalThis.PointerEvent): void => {
    const at = { x: next.clientX, y: next.clientY };
    if (!useDrag.getState().dragged && Math.hypot(at.x - start.x, at.y - start.y) < THRESHOLD) return;
    // The pointer of the whole window: a rule that looks for the ghost would have every element's style worked out anew at every key.
    document.body.toggleAttribute('data-dragging', true);
    useDrag.setState({ dragged, at });
  };
  const end = (next: globalThis.PointerEvent): void => {
    const was = useDrag.getState().dragged;
    stop();
    if (was && next.type === 'pointerup') target?.drop(was, { x: next.clientX, y: next.clientY });
  };
  const key = (next: KeyboardEvent): void => { if (next.key === 'Escape') stop(); };
  const stop = (): void => {
    window.removeEventListener('pointermove', move);
    window.removeEventListener('pointerup', end);
    window.removeEventListener('pointercancel', end);
    window.removeEventListener('keydown', key, true);
    document.body.toggleAttribute('data-dragging', false);
    useDrag.setState({ dragged: undefined });
  };
  window.addEventListener('pointermove', move);
  window.addEventListener('pointerup', end);
  window.addEventListener('pointercancel', end);
  window.addEventListener('keydown', key, true);
}
