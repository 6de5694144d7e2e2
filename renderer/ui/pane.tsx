/** Panes side by side that resize, fold and remember. */
import { useRef, useState } from 'react';
import type { KeyboardEvent, PointerEvent, ReactElement } from 'react';

interface SashProps {
  /** What it resizes, for its name. */
  label: string;
  /** Pixels of the pane now. */
  size: number;
  min: number;
  max: number;
  /** Which way dragging makes the pane larger: a pane on the left grows to the right. */
  grows: 'right' | 'left' | 'up' | 'down';
  /** A pane dragged below its minimum folds away. */
  onFold?: () => void;
  onSize: (size: number) => void;
}

/** The line between two panes: dragged, or moved by arrow keys. */
export function Sash({ label, size, min, max, grows, onFold, onSize }: SashProps): ReactElement {
  const start = useRef<{ at: number; size: number } | undefined>(undefined);
  const [dragging, setDragging] = useState(false);
  const vertical = grows === 'up' || grows === 'down';
  const clamp = (value: number): number => Math.min(max, Math.max(min, Math.round(value)));
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { at: vertical ? event.clientY : event.clientX, size };
    setDragging(true);
  };
  const move = (event: PointerEvent): void => {
    if (!start.current) return;
    const moved = (vertical ? event.clientY : event.clientX) - start.current.at;
    const wanted = start.current.size + (grows === 'right' || grows === 'down' ? moved : -moved);
    if (onFold && wanted < min * 0.6) {
      start.current = undefined;
      setDragging(false);
      onFold();
    } else onSize(clamp(wanted));
  };
  const up = (): void => {
    start.current = undefined;
    setDragging(false);
  };
  const key = (event: KeyboardEvent): void => {
    const step = event.shiftKey ? 64 : 16;
    const [larger, smaller] = ({ right: ['ArrowRight', 'ArrowLeft'], left: ['ArrowLeft', 'ArrowRight'], up: ['ArrowUp', 'ArrowDown'], down: ['ArrowDown', 'ArrowUp'] } as const)[grows];
    if (event.key === larger) onSize(clamp(size + step));
    else if (event.key === smaller) onSize(clamp(size - step));
    else if (event.key === 'Enter' && onFold) onFold();
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="separator" tabIndex={0} aria-label={label} aria-orientation={vertical ? 'horizontal' : 'vertical'} aria-valuenow={size} aria-valuemin={min} aria-valuemax={max}
      className={vertical ? 'sash across' : 'sash'} data-dragging={dragging || undefined}
      onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={key}
    />
  );
}
