import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { useStore, useViewport } from 'reactflow';
import { sizeOfNode, TASK_SIZE } from '../document/canvas-layout.ts';
import type { Point } from '../document/layout.ts';
import type { Sketch } from '../document/sketch.ts';
import { useThemeName } from '../monitor/graph-parts.tsx';
import { useDesigner } from './session.ts';

/** A large template from afar: a box for each task and a line for each edge, painted. */
export function Overview({ model, positions }: { model: Sketch; positions: ReadonlyMap<string, Point> }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
  const selection = useDesigner((state) => state.selection);
  const view = useViewport();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const theme = useThemeName();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    const ratio = window.devicePixelRatio;
    element.width = width * ratio;
    element.height = height * ratio;
    context.setTransform(ratio * view.zoom, 0, 0, ratio * view.zoom, ratio * view.x, ratio * view.y);
    const style = getComputedStyle(element);
    const color = (name: string): string => style.getPropertyValue(`--${name}`);
    context.strokeStyle = color('line-strong');
    context.lineWidth = 0.7 / view.zoom;
    context.beginPath();
    for (const edge of model.edges) {
      const [a, b] = [positions.get(edge.source), positions.get(edge.target)];
      if (!a || !b) continue;
      context.moveTo(a.x + TASK_SIZE.width / 2, a.y + TASK_SIZE.height);
      context.lineTo(b.x + TASK_SIZE.width / 2, b.y);
    }
    context.stroke();
    const chosen = new Set(selection);
    for (const node of model.nodes) {
      const at = positions.get(node.id);
      if (!at) continue;
      const size = sizeOfNode(node);
      context.fillStyle = color(chosen.has(node.id) ? 'accent' : 'faint');
      context.fillRect(at.x, at.y, size.width, size.height);
    }
  }, [model, positions, selection, view, width, height, theme]);
  return <canvas ref={canvas} className="painting" style={{ width, height }} aria-hidden />;
}
