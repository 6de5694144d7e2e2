/** Where the nodes of the template on the canvas stand. */
import { useMemo } from 'react';
import { arrangeRows, placeWorkflowHooks, sizeOfNode } from '../document/arrange.ts';
import type { Point } from '../document/layout.ts';
import type { Sketch, SketchNode } from '../document/sketch.ts';
import { useLayout } from '../monitor/layout.ts';

const NOTHING: { nodes: SketchNode[]; edges: Sketch['edges'] } = { nodes: [], edges: [] };

/** @returns top left corners by node id; undefined while the first layout is on its way */
export function usePositions(model: Sketch, scope: string): ReadonlyMap<string, Point> | undefined {
  const automatic = useMemo(() => (model.grammar === 'dag' ? { nodes: model.nodes.filter((node) => node.shape === 'task' || node.owner !== undefined), edges: model.edges } : NOTHING), [model]);
  const placed = useLayout(automatic, scope, sizeOfNode);
  return useMemo(() => {
    if (model.grammar === 'steps') return arrangeRows(model).positions;
    if (model.grammar === 'dag' && !placed) return undefined;
    const positions = new Map<string, Point>(placed?.positions);
    if (model.grammar === 'leaf') for (const node of model.nodes) if (node.shape === 'task') positions.set(node.id, { x: 0, y: 0 });
    placeWorkflowHooks(model, positions);
    return positions;
  }, [model, placed]);
}
