/** The canvas: the template as a graph that can be changed. Gestures become commands on the text. */
import { Plus, Shapes } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement, RefObject } from 'react';
import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore, ViewportPortal } from 'reactflow';
import type { EdgeChange } from 'reactflow';
import { useUi } from '../app/store.ts';
import { arrangeRows, rowPlaceAt, sizeOfNode, TASK_SIZE } from '../document/canvas-layout.ts';
import type { Lane, RowsArranged } from '../document/canvas-layout.ts';
import type { Point } from '../document/layout.ts';
import { templateKind } from '../document/projection.ts';
import type { Sketch, SketchNode } from '../document/sketch.ts';
import { calm, fitted, neighbour, ZoomTool } from '../monitor/graph-parts.tsx';
import type { Bounds } from '../monitor/graph-parts.tsx';
import { Button, EmptyState, Loading } from '../ui/parts.tsx';
import { action } from './actions.ts';
import { CanvasMenu } from './CanvasMenu.tsx';
import { beginDrag, useDrag } from './drag.ts';
import { middle, useGestures } from './gestures.ts';
import { setCanvasView, useMode } from './mode.ts';
import type { CanvasView } from './mode.ts';
import { ConnectionLine, EDGE_TYPES, NODE_TYPES } from './nodes.tsx';
import type { NeedsEdge, TaskData, TaskNode } from './nodes.tsx';
import { ConnectTip, DragGhost, KeyConnectTip } from './Over.tsx';
import { Overview } from './Overview.tsx';
import { usePositions } from './positions.ts';
import { QuickAdd } from './QuickAdd.tsx';
import { Search } from './Search.tsx';
import { drillInto, faultsOf, objectOf, outsideOnCanvas, select, sketchOf, templateOnCanvas, useDesigner } from './session.ts';

/** Above this many nodes only what is in view is in the page. */
const MANY = 200;
/** Above this many nodes, and below this zoom, boxes are painted instead of built. */
const PAINTED = 300;
const PAINTED_ZOOM = 0.28;
/** The selected edge lies over nodes, so that its ends can be taken. */
const ABOVE = 1001;
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
  // A canvas of many nodes is drawn when there is time: who types does not wait for it.
  const model = useDeferredValue(useDesigner(sketchOf));
  const stale = useDesigner((state) => state.stale);
  const title = useUi((state) => state.document?.title ?? '');
  const positions = usePositions(model, scope);
  const [dragged, setDragged] = useState(NONE);
  const nodes = useFlowNodes(model, positions, dragged, !stale);
  const edges = useFlowEdges(model);
  const zoom = useStore((state) => state.transform[2]);
  const connecting = useStore((state) => (state.connection.inProgress ? state.connection.fromHandle.type : undefined));
  const box = useRef<HTMLDivElement>(null);
  const { view, shown } = useCanvasView(model, positions, box);
  const rows = useMemo(() => (model.grammar === 'steps' ? arrangeRows(model) : undefined), [model]);
  const gestures = useGestures(model, rows, setDragged);
  const painted = model.nodes.length > PAINTED && zoom < PAINTED_ZOOM;
  return (
    <CanvasMenu>
      <div ref={box} className="graph canvas" data-far={zoom < 0.45 || undefined} data-connecting={connecting} tabIndex={0} data-pane-focus data-canvas role="application" aria-label={`Canvas of ${title}`} aria-roledescription="graph that can be changed; A adds, C connects, arrows go from step to step, Enter opens">
        <ReactFlow<TaskNode, NeedsEdge>
          nodes={shown && !painted ? nodes : EMPTY_NODES} edges={shown && !painted ? edges : EMPTY_EDGES} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} onEdgesChange={takeEdges} {...gestures}
          onlyRenderVisibleElements={model.nodes.length > MANY} minZoom={0.05} maxZoom={2} nodesDraggable={!stale && model.grammar !== 'leaf'} nodesConnectable={!stale && model.grammar === 'dag'} edgesReconnectable={!stale} nodesFocusable={false} edgesFocusable={false} elevateEdgesOnSelect={false}
          disableKeyboardA11y deleteKeyCode={null} multiSelectionKeyCode={ADD_KEYS} selectionKeyCode="Shift" zoomOnDoubleClick={false} nodeDragThreshold={3} connectionRadius={28} connectionLineComponent={ConnectionLine} autoPanOnNodeFocus={false} proOptions={PRO}
          onPaneClick={(event) => { choose(painted ? view.nodeAt({ x: event.clientX, y: event.clientY }) : undefined, view); }} onNodeClick={view.focus} onEdgeClick={() => { select([]); view.focus(); }} onNodeDoubleClick={(_, node) => { drillInto(node.id); }}
        >
          {rows ? <ViewportPortal><Lanes rows={rows} dragged={dragged} /></ViewportPortal> : null}
          {positions ? <ViewportPortal><Ports model={model} positions={positions} hidden={stale || dragged.size > 0 || zoom < 0.45} /></ViewportPortal> : null}
          {painted && positions ? <Overview model={model} positions={positions} /> : null}
          {model.nodes.length >= MAP_FROM && !painted ? <MiniMap<TaskNode> className="minimap" style={MAP_SIZE} pannable zoomable ariaLabel="Small map of the canvas" nodeColor="var(--line-strong)" nodeStrokeWidth={0} nodeBorderRadius={14} maskColor="transparent" maskStrokeColor="var(--accent)" maskStrokeWidth={1.5} /> : null}
        </ReactFlow>
        <Nothing stale={stale} />
        <ZoomTool zoom={zoom} onFit={() => { view.fit(); }}>{model.grammar === 'dag' ? <Button kind="quiet" tip="Lay everything out anew" keys="T" onClick={action('tidy').run}>tidy</Button> : null}</ZoomTool>
        <Search model={model} />
        <ConnectTip model={model} />
        <KeyConnectTip model={model} view={view} />
        <DragGhost model={model} />
        <QuickAdd />
        <Said model={model} />
      </div>
    </CanvasMenu>
  );
}

/** Selects what was pressed, or nothing. What is painted from afar is brought near. */
function choose(id: string | undefined, view: CanvasView): void {
  select(id === undefined ? [] : [id]);
  if (id !== undefined) view.reveal(id);
  view.focus();
}

/** A canvas on which nothing stands says how to begin. */
function Nothing({ stale }: { stale: boolean }): ReactElement | null {
  const model = useDesigner(sketchOf);
  const reading = useDesigner((state) => state.busy === 'reading' && state.objects.length === 0);
  const object = useDesigner(objectOf);
  const placed = useDesigner(templateOnCanvas);
  const outside = useDesigner(outsideOnCanvas);
  const ref = object?.spec.workflowTemplateRef?.name;
  if (model.grammar === 'leaf' && placed) return <p className="canvas-hint soft">A single {templateKind(placed.template)}{outside ? '' : '. Add a step to make it the first task of a DAG'}.</p>;
  if (reading) return <div className="canvas-nothing"><Loading words="Reading the text" /></div>;
  if (model.nodes.length > 0 || stale) return null;
  const [title, words] = !object ? ['Nothing to draw', 'This text holds no Argo kind yet.'] : ref !== undefined && !placed ? [`Runs ${ref}`, 'Its steps are those of that WorkflowTemplate in the cluster.']
    : !placed ? ['No templates yet', 'Write one in the text, or start from a sample.'] : ['Nothing here yet', 'Drag a step from the left onto this canvas, or add one here.'];
  return <div className="canvas-nothing"><EmptyState icon={<Shapes aria-hidden />} title={title} actions={placed ? <Button tip="Add a step" keys="A" onClick={action('add').run}><Plus aria-hidden />Add a step…</Button> : undefined}>{words}</EmptyState></div>;
}

/** What is selected, for a screen reader. */
function Said({ model }: { model: Sketch }): ReactElement {
  const selection = useDesigner((state) => state.selection);
  const node = model.nodes.find((each) => each.id === selection.at(-1));
  const waits = model.edges.filter((edge) => edge.target === node?.id).map((edge) => edge.source);
  return <div className="sr" aria-live="polite">{selection.length > 1 ? `${selection.length} selected` : node ? `${node.name}, ${node.line}${waits.length ? `, waits for ${waits.join(', ')}` : ''}` : ''}</div>;
}

/** The outputs of the one selected task: each can be dragged onto a task that takes it. */
function Ports({ model, positions, hidden }: { model: Sketch; positions: ReadonlyMap<string, Point>; hidden: boolean }): ReactElement | null {
  const selection = useDesigner((state) => state.selection);
  const node = model.nodes.find((each) => each.id === selection[0]);
  const at = node && positions.get(node.id);
  if (hidden || selection.length !== 1 || !node || !at || node.shape !== 'task' || model.grammar === 'leaf' || node.outputs.length === 0) return null;
  return (
    <div className="ports nopan nodrag" style={{ left: at.x + TASK_SIZE.width / 2 + 14, top: at.y + TASK_SIZE.height + 4 }} aria-hidden>
      {node.outputs.slice(0, 4).map((output) => <span key={output} className="badge port" title={`Drag ${output} onto a task that takes it`} onPointerDown={(event) => { event.stopPropagation(); beginDrag({ output: { task: node.id, name: output } }, event); }}>{output.replace('parameters.', '')} ↴</span>)}
    </div>
  );
}

/** The view for actions from keys, menus and other panes; and whether it has been fitted. */
function useCanvasView(model: Sketch, positions: ReadonlyMap<string, Point> | undefined, box: RefObject<HTMLDivElement | null>): { view: CanvasView; shown: boolean } {
  const flow = useReactFlow<TaskNode, NeedsEdge>();
  const now = useRef({ model, positions });
  now.current = { model, positions };
  const view = useMemo((): CanvasView => {
    const motion = (): number => (calm() ? 0 : 150);
    const fit = (duration: number): void => {
      const { model: drawn, positions: placed } = now.current;
      if (placed && box.current) void flow.setViewport(fitted(boundsOf(drawn, placed), box.current.clientWidth, box.current.clientHeight), { duration });
    };
    return {
      neighbour: (from, key) => neighbour(now.current.model.nodes.map((node) => node.id), now.current.positions ?? NONE, from, key),
      reveal: (id) => { requestAnimationFrame(() => { reveal(flow, now.current.positions?.get(id), box.current, motion()); }); },
      windowPoint: (id) => {
        const at = id === undefined ? undefined : now.current.positions?.get(id);
        const rect = box.current?.getBoundingClientRect();
        return at ? flow.flowToScreenPosition({ x: at.x + TASK_SIZE.width / 2, y: at.y + TASK_SIZE.height }) : { x: (rect?.left ?? 0) + (rect?.width ?? 0) / 2 - 120, y: (rect?.top ?? 0) + (rect?.height ?? 0) / 3 };
      },
      nodeAt: (at) => {
        const { x, y } = flow.screenToFlowPosition(at);
        return [...(now.current.positions ?? NONE)].find(([, place]) => x >= place.x && x <= place.x + TASK_SIZE.width && y >= place.y && y <= place.y + TASK_SIZE.height)?.[0];
      },
      fit: (duration) => { fit(duration ?? motion()); }, zoom: (by) => void (by === 'in' ? flow.zoomIn() : flow.zoomOut()), focus: () => { box.current?.focus({ preventScroll: true }); },
    };
  }, [flow, box]);
  useEffect(() => {
    setCanvasView(view);
    return () => { setCanvasView(undefined); };
  }, [view]);
  const shown = useFirstFit(view, positions !== undefined, (positions?.size ?? 0) > 0);
  return { view, shown };
}

/** Moves what is out of view into it, and nothing else. */
function reveal(flow: ReturnType<typeof useReactFlow<TaskNode, NeedsEdge>>, at: Point | undefined, box: HTMLElement | null, duration: number): void {
  if (!at || !box) return;
  const view = flow.getViewport();
  const [x, y] = [at.x * view.zoom + view.x, at.y * view.zoom + view.y];
  const inside = x > 0 && y > 0 && x + TASK_SIZE.width * view.zoom < box.clientWidth && y + TASK_SIZE.height * view.zoom < box.clientHeight;
  if (!inside || view.zoom < 0.45) void flow.setCenter(at.x + TASK_SIZE.width / 2, at.y + TASK_SIZE.height / 2, { zoom: Math.max(view.zoom, 0.8), duration });
}

/** Fits when it is first known where everything stands, and when the first node comes to an empty canvas. @returns whether nodes may be shown */
function useFirstFit(view: CanvasView, placed: boolean, filled: boolean): boolean {
  const [shown, setShown] = useState(false);
  const fits = useRef(false);
  useEffect(() => {
    if (!placed) return;
    if (filled && !fits.current) {
      fits.current = true;
      view.fit(0);
    }
    setShown(true);
  }, [placed, filled, view]);
  return shown;
}

const EMPTY_NODES: TaskNode[] = [];
const EMPTY_EDGES: NeedsEdge[] = [];

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
  const renaming = useMode((state) => state.renaming);
  const proposed = useMode((state) => state.connecting?.to);
  const faults = useDesigner(faultsOf);
  const before = useRef(new Map<string, TaskNode>());
  return useMemo(() => {
    if (!positions) return EMPTY_NODES;
    const chosen = new Set(selection);
    const next = new Map<string, TaskNode>();
    for (const node of model.nodes) {
      const position = dragged.get(node.id) ?? positions.get(node.id);
      if (!position) continue;
      next.set(node.id, flowNode(node, position, { selected: chosen.has(node.id), connectable: connectable && model.grammar === 'dag', renaming: node.id === renaming, proposed: node.id === proposed, fault: faults.get(node.id) }, before.current.get(node.id)));
    }
    before.current = next;
    return [...next.values()];
  }, [model, positions, dragged, selection, connectable, renaming, proposed, faults]);
}

interface Look {
  selected: boolean;
  connectable: boolean;
  renaming: boolean;
  proposed: boolean;
  fault: TaskData['fault'];
}

function flowNode(node: SketchNode, position: Point, { selected, ...look }: Look, old: TaskNode | undefined): TaskNode {
  const sameData = old !== undefined && old.data.connectable === look.connectable && old.data.renaming === look.renaming && old.data.proposed === look.proposed && old.data.fault === look.fault && (old.data.node === node || JSON.stringify(old.data.node) === JSON.stringify(node));
  if (sameData && old.selected === selected && old.position.x === position.x && old.position.y === position.y) return old;
  const size = sizeOfNode(node);
  return { id: node.id, type: node.shape, position, ...size, measured: size, selected, draggable: node.shape === 'task', selectable: true, data: sameData ? old.data : { node, ...look } };
}

function useFlowEdges(model: Sketch): NeedsEdge[] {
  const chosen = useDesigner((state) => state.edge);
  return useMemo(() => model.edges.map((edge) => ({
    id: edge.id, type: 'needs' as const, source: edge.source, target: edge.target, selected: edge.id === chosen, focusable: false, zIndex: edge.id === chosen ? ABOVE : 0, selectable: edge.hook !== true,
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

/** The bands that rows of steps stand in, the arrows from each to the next, and where a dragged step would come. */
function Lanes({ rows, dragged }: { rows: RowsArranged; dragged: ReadonlyMap<string, Point> }): ReactElement {
  const model = useDesigner(sketchOf);
  const flow = useReactFlow();
  const { dragged: addition, at } = useDrag();
  const moved = [...dragged][0];
  const point = moved ? middle(moved[1]) : addition && 'addition' in addition ? flow.screenToFlowPosition(at) : undefined;
  const place = point && rowPlaceAt(rows, model, point);
  return (
    <div className="lanes" aria-hidden>
      {rows.lanes.map((lane, i) => <LaneBand key={i} lane={lane} number={i + 1} next={rows.lanes[i + 1]} on={place?.row === i && place.column !== undefined} />)}
      {place && place.column === undefined ? <div className="lane-new" style={newLane(rows, place.row)} /> : null}
    </div>
  );
}

function newLane({ lanes }: RowsArranged, row: number): { left: number; top: number; width: number } {
  const [before, after] = [lanes[row - 1], lanes[row]];
  const top = before && after ? (before.y + before.height + after.y) / 2 : before ? before.y + before.height + 18 : (after?.y ?? 0) - 18;
  return { left: 0, top: top - 3, width: (before ?? after)?.width ?? TASK_SIZE.width };
}

function LaneBand({ lane, number, next, on }: { lane: Lane; number: number; next: Lane | undefined; on: boolean }): ReactElement {
  return (
    <>
      <div className="lane-band" data-on={on || undefined} style={{ left: lane.x, top: lane.y, width: lane.width, height: lane.height }}><span>{number}</span></div>
      {next ? <div className="lane-arrow" style={{ left: lane.x + lane.width / 2, top: lane.y + lane.height, height: next.y - lane.y - lane.height }} /> : null}
    </>
  );
}
