/** What every drawn graph shares: marks, lines, fitting, and the zoom buttons. */
import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { useReactFlow } from 'reactflow';
import type { Point } from '../document/layout.ts';
import type { StepKind } from '../document/model.ts';
import { Button } from '../ui/parts.tsx';

/** @returns whether the person asked for no motion */
export function calm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** What a template is, as a mark. */
export function KindMark({ kind }: { kind: StepKind }): ReactElement {
  const d: Partial<Record<StepKind, string>> = {
    container: 'M2.5 4.5 7 2l4.5 2.5v5L7 12 2.5 9.5zM2.5 4.5 7 7l4.5-2.5M7 7v5', script: 'M4.5 4 2 7l2.5 3M9.5 4 12 7l-2.5 3', dag: 'M7 2v3M7 5 3.5 9M7 5l3.5 4M2.5 11h2M9.5 11h2', steps: 'M3 3h8M3 7h8M3 11h8',
    suspend: 'M5 3v8M9 3v8', http: 'M2 5h9L8.5 2.5M12 9H3l2.5 2.5', resource: 'M2.5 4c0-2.2 9-2.2 9 0v6c0 2.2-9 2.2-9 0zM2.5 4c0 2.2 9 2.2 9 0M2.5 7c0 2.2 9 2.2 9 0', unknown: 'M5 5.2C5 3 9 3 9 5.2 9 6.8 7 6.8 7 8.4M7 11v.2',
  };
  return <svg className={kind === 'suspend' ? 'glyph c-Suspended' : kind === 'unknown' ? 'glyph c-Failed' : 'glyph kind'} viewBox="0 0 14 14" aria-hidden><path d={d[kind] ?? 'M3 3h8v8H3z'} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" /></svg>;
}

/** A line down through the points, upright at each. */
export function curve(points: readonly Point[]): string {
  let d = '';
  points.forEach((point, i) => {
    const last = points[i - 1];
    if (!last) d = `M${point.x} ${point.y}`;
    else {
      const middle = (last.y + point.y) / 2;
      d += `C${last.x} ${middle},${point.x} ${middle},${point.x} ${point.y}`;
    }
  });
  return d;
}

export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The whole graph, never larger than life; from the top when it is higher than the view. */
export function fitted(bounds: Bounds, width: number, height: number): { x: number; y: number; zoom: number } {
  const margin = 44;
  const zoom = Math.min(1, Math.max(0.02, Math.min((width - 2 * margin) / bounds.width, (height - 2 * margin) / bounds.height)));
  const free = height - bounds.height * zoom;
  return { zoom, x: (width - bounds.width * zoom) / 2 - bounds.x * zoom, y: Math.max(margin / 2, Math.min(free / 2, 56)) - bounds.y * zoom };
}

/** @returns the theme that is shown, for what is painted by hand */
export function useThemeName(): string {
  const [name, setName] = useState(() => document.documentElement.dataset.theme ?? '');
  useEffect(() => {
    const watch = new MutationObserver(() => { setName(document.documentElement.dataset.theme ?? ''); });
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => { watch.disconnect(); };
  }, []);
  return name;
}

interface ZoomToolProps {
  zoom: number;
  onFit: () => void;
  children?: ReactNode;
}

/** Zoom and fit; inside a React Flow. */
export function ZoomTool({ zoom, onFit, children }: ZoomToolProps): ReactElement {
  const flow = useReactFlow();
  return (
    <div className="tool" role="toolbar" aria-label="Zoom">
      <Button kind="quiet" size="icon" tip="Zoom out" keys="−" onClick={() => void flow.zoomOut()}><Minus aria-hidden /></Button>
      <Button kind="quiet" className="zoom" tip="Zoom to 100 %" onClick={() => void flow.zoomTo(1)}>{Math.round(zoom * 100)} %</Button>
      <Button kind="quiet" size="icon" tip="Zoom in" keys="+" onClick={() => void flow.zoomIn()}><Plus aria-hidden /></Button>
      {children}
      <Button kind="quiet" size="icon" tip="Fit" keys="0" onClick={onFit}><Maximize aria-hidden /></Button>
    </div>
  );
}

/** @returns the next node in the direction of an arrow key, by what stands nearest there; the first when one starts from none */
export function neighbour(ids: readonly string[], positions: ReadonlyMap<string, Point>, chosen: string | undefined, key: string): string | undefined {
  const from = chosen === undefined ? undefined : positions.get(chosen);
  if (!from) return ids[0];
  let best: string | undefined;
  let cost = Infinity;
  for (const id of ids) {
    const at = positions.get(id);
    if (!at || id === chosen) continue;
    const dx = at.x - from.x;
    const dy = at.y - from.y;
    const along = key === 'ArrowDown' ? dy : key === 'ArrowUp' ? -dy : key === 'ArrowRight' ? dx : -dx;
    const aside = Math.abs(key === 'ArrowDown' || key === 'ArrowUp' ? dx : dy);
    if (along <= 4) continue;
    const price = along + aside * (key === 'ArrowDown' || key === 'ArrowUp' ? 0.7 : 4);
    if (price < cost) [best, cost] = [id, price];
  }
  return best;
}
