/** The canvas: the template as a graph that can be changed. Gestures become commands on the text. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore, ViewportPortal } from 'reactflow';
import type { EdgeChange, NodeChange } from 'reactflow';
import { arrangeRows, sizeOfNode } from '../document/arrange.ts';
import type { Lane, RowsArranged } from '../document/arrange.ts';
import type { Point } from '../document/layout.ts';
import type { Sketch, SketchNode } from '../document/sketch.ts';
import { useUi } from '../app/store.ts';
import { calm, fitted, ZoomTool } from '../monitor/graph-parts.tsx';
import type { Bounds } from '../monitor/graph-parts.tsx';
import { EDGE_TYPES, NODE_TYPES } from './nodes.tsx';
import type { NeedsEdge, TaskNode } from './nodes.tsx';
import { usePositions } from './positions.ts';
import { drillInto, select, sketchOf, useDesigner } from './session.ts';

/** Above this many nodes only what is in view is in the page. */
const MANY = 200;
const MAP_FROM = 7;
const MAP_SIZE = { width: 150, height: 88 };
const PRO = { hideAttribution: true };
const NONE: ReadonlyMap<string, Point> = new Map();
const ADD_KEYS = ['Shift', 'Control', 'Meta'];

export function Canvas(): ReactElement {
  const document = useUi((state) => state.document?.id ?? '');
  const levels = useDesigner((state) => state.levels);
  const scope = `${document}/${JSON.stringify(levels)}`;
  return <ReactFlowProvider key={scope}><Board scope={scope} /></ReactFlowProvider>;
}

function Board({ scope }: { scope: string }): ReactElement {
  const model = useDesigner(sketchOf);
  const stale = useDesigner((state) => state.stale);
  const title = useUi((state) => state.document?.title ?? '');
  const positions = usePositions(model, scope);
  const [dragged, setDragged] = useState(NONE);
  const nodes = useFlowNodes(model, positions, dragged, !stale);
  const edges = useFlowEdges(model);
  const flow = useReactFlow<TaskNode, NeedsEdge>();
  const zoom = useStore((state) => state.transform[2]);
  const box = useRef<HTMLDivElement>(null);
  const fit = useCallback((duration: number): void => {
    if (!positions || !box.current) return;
    void flow.setViewport(fitted(boundsOf(model, positions), box.current.clientWidth, box.current.clientHeight), { duration: calm() ? 0 : duration });
  }, [flow, model, positions]);
  const shown = useFirstFit(fit, positions !== undefined);
  const onNodesChange = useCallback((changes: NodeChange<TaskNode>[]): void => {
    takeSelection(changes);
    const moved = changes.flatMap((change) => (change.type === 'position' && change.dragging && change.position ? [[change.id, change.position] as const] : []));
    if (moved.length) setDragged((before) => new Map([...before, ...moved]));
  }, []);
  const rows = useMemo(() => (model.grammar === 'steps' ? arrangeRows(model) : undefined), [model]);
  return (
    <div ref={box} className="graph canvas" data-far={zoom < 0.45 || undefined} tabIndex={0} data-pane-focus data-canvas role="application" aria-label={`Canvas of ${title}`} aria-roledescription="graph that can be changed">
      <ReactFlow<TaskNode, NeedsEdge>
        nodes={shown ? nodes : EMPTY_NODES} edges={shown ? edges : EMPTY_EDGES} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onNodesChange={onNodesChange} onEdgesChange={takeEdges}
        onlyRenderVisibleElements={model.nodes.length > MANY} minZoom={0.05} maxZoom={2} nodesDraggable={!stale} nodesConnectable={!stale && model.grammar === 'dag'} nodesFocusable={false} edgesFocusable={false} elevateEdgesOnSelect={false}
        disableKeyboardA11y deleteKeyCode={null} multiSelectionKeyCode={ADD_KEYS} selectionKeyCode="Shift" zoomOnDoubleClick={false} nodeDragThreshold={3} proOptions={PRO}
        onNodeDragStop={() => { setDragged(NONE); }} onNodeDoubleClick={(_, node) => { drillInto(node.id); }} onPaneClick={() => { select([]); box.current?.focus({ preventScroll: true }); }} onNodeClick={() => { box.current?.focus({ preventScroll: true }); }}
      >
        {rows ? <ViewportPortal><Lanes rows={rows} /></ViewportPortal> : null}
        {model.nodes.length >= MAP_FROM ? <MiniMap<TaskNode> className="minimap" style={MAP_SIZE} pannable zoomable ariaLabel="Small map of the canvas" nodeColor="var(--line-strong)" nodeStrokeWidth={0} nodeBorderRadius={14} maskColor="transparent" maskStrokeColor="var(--accent)" maskStrokeWidth={1.5} /> : null}
      </ReactFlow>
      <ZoomTool zoom={zoom} onFit={() => { fit(150); }} />
    </div>
  );
}

const EMPTY_NODES: TaskNode[] = [];
const EMPTY_EDGES: NeedsEdge[] = [];

/** Fits once, when it is known where everything stands. @returns whether that has happened */
function useFirstFit(fit: (duration: number) => void, placed: boolean): boolean {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!placed || shown) return;
    fit(0);
    setShown(true);
  }, [placed, shown, fit]);
  return shown;
}

/** React Flow tells which nodes it selected or left; the session knows which are. */
function takeSelection(changes: readonly NodeChange<TaskNode>[]): void {
  const selected = changes.filter((change) => change.type === 'select');
  if (selected.length === 0) return;
  const before = useDesigner.getState().selection;
  const left = new Set(selected.filter((change) => !change.selected).map((change) => change.id));
  const come = selected.filter((change) => change.selected).map((change) => change.id);
  select([...before.filter((id) => !left.has(id) && !come.includes(id)), ...come]);
}

function takeEdges(changes: readonly EdgeChange<NeedsEdge>[]): void {
  for (const change of changes) {
    if (change.type !== 'select') continue;
    const { edge } = useDesigner.getState();
    if (change.selected) useDesigner.setState({ edge: change.id });
    else if (edge === change.id) useDesigner.setState({ edge: undefined });
  }
}

/** React Flow's nodes: an object is new only when what it shows is. */
function useFlowNodes(model: Sketch, positions: ReadonlyMap<string, Point> | undefined, dragged: ReadonlyMap<string, Point>, connectable: boolean): TaskNode[] {
  const selection = useDesigner((state) => state.selection);
  const before = useRef(new Map<string, TaskNode>());
  return useMemo(() => {
    if (!positions) return EMPTY_NODES;
    const chosen = new Set(selection);
    const next = new Map<string, TaskNode>();
    for (const node of model.nodes) {
      const position = dragged.get(node.id) ?? positions.get(node.id);
      if (!position) continue;
      next.set(node.id, flowNode(node, position, chosen.has(node.id), connectable && model.grammar === 'dag', before.current.get(node.id)));
    }
    before.current = next;
    return [...next.values()];
  }, [model, positions, dragged, selection, connectable]);
}

function flowNode(node: SketchNode, position: Point, selected: boolean, connectable: boolean, old: TaskNode | undefined): TaskNode {
  const sameData = old !== undefined && old.data.connectable === connectable && (old.data.node === node || JSON.stringify(old.data.node) === JSON.stringify(node));
  if (sameData && old.selected === selected && old.position.x === position.x && old.position.y === position.y) return old;
  const size = sizeOfNode(node);
  return {
    id: node.id, type: node.shape, position, ...size, measured: size, selected, draggable: node.shape === 'task', selectable: true,
    data: sameData ? old.data : { node, connectable, problem: undefined, renaming: false },
  };
}

function useFlowEdges(model: Sketch): NeedsEdge[] {
  const chosen = useDesigner((state) => state.edge);
  return useMemo(() => model.edges.map((edge) => ({
    id: edge.id, type: 'needs' as const, source: edge.source, target: edge.target, selected: edge.id === chosen, focusable: false, selectable: edge.hook !== true,
    className: edge.hook ? 'hook-edge' : edge.results.includes('Failed') || edge.results.includes('Errored') ? 'on-failure' : '', data: { edge },
  })), [model, chosen]);
}

function boundsOf(model: Sketch, positions: ReadonlyMap<string, Point>): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const node of model.nodes) {
    const at = positions.get(node.id);
    if (!at) continue;
    const size = sizeOfNode(node);
    left = Math.min(left, at.x);
    top = Math.min(top, at.y);
    right = Math.max(right, at.x + size.width);
    bottom = Math.max(bottom, at.y + size.height);
  }
  return left === Infinity ? { x: 0, y: 0, width: 1, height: 1 } : { x: left, y: top, width: right - left, height: bottom - top };
}

/** The bands that rows of steps stand in, and the arrows from each to the next. */
function Lanes({ rows }: { rows: RowsArranged }): ReactElement {
  return (
    <div className="lanes" aria-hidden>
      {rows.lanes.map((lane, i) => <LaneBand key={i} lane={lane} number={i + 1} next={rows.lanes[i + 1]} />)}
    </div>
  );
}

function LaneBand({ lane, number, next }: { lane: Lane; number: number; next: Lane | undefined }): ReactElement {
  return (
    <>
      <div className="lane-band" style={{ left: lane.x, top: lane.y, width: lane.width, height: lane.height }}><span>{number}</span></div>
      {next ? <div className="lane-arrow" style={{ left: lane.x + lane.width / 2, top: lane.y + lane.height, height: next.y - lane.y - lane.height }} /> : null}
    </>
  );
}
