/** The drawn graph, for a run and for a file: React Flow near by, a plain canvas from afar. */
import { ChevronsDownUp } from 'lucide-react';
import { memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import { BaseEdge, Handle, MiniMap, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore, useViewport } from 'reactflow';
import type { Edge, EdgeProps, Node, NodeProps } from 'reactflow';
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { GraphModel, GraphNode, Phase } from '../document/model.ts';
import { subtitle } from '../document/summary.ts';
import type { Point } from '../document/layout.ts';
import { Button, useNow } from '../ui/parts.tsx';
import { PhaseGlyph, PHASE_WORD } from '../ui/phase.tsx';
import { between } from '../ui/time.ts';
import { calm, curve, fitted, KindMark, neighbour, useThemeName, ZoomTool } from './graph-parts.tsx';
import type { Bounds } from './graph-parts.tsx';
import { NODE, sizeOf, useLayout } from './layout.ts';
import type { Placed } from './layout.ts';

/** Above this many nodes only what is in view is in the page. */
const MANY = 200;
/** Above this many nodes, and below this zoom, the graph is painted instead of built. */
const PAINTED = 300;
const PAINTED_ZOOM = 0.28;
/** A moving dash on more edges than this is noise, and costs. */
const MOVING_EDGES = 50;

interface StepData extends Record<string, unknown> {
  node: GraphNode;
  status: NodeStatus | undefined;
  chosen: boolean;
  planned: boolean;
}
type StepNode = Node<StepData, 'step' | 'join'>;
interface FlowData extends Record<string, unknown> {
  bends: Point[];
}
type FlowEdge = Edge<FlowData, 'flow'>;

interface GraphProps {
  model: GraphModel;
  /** Nodes of the run by id; none for a file. */
  nodes?: ReadonlyMap<string, NodeStatus>;
  /** Another graph altogether has another scope. */
  scope: string;
  label: string;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
  onOpen?: (id: string) => void;
  onFold?: (node: GraphNode) => void;
  byLoop?: { on: boolean; toggle: () => void };
  children?: ReactNode;
}

const NO_NODES: ReadonlyMap<string, NodeStatus> = new Map();

export function Graph(props: GraphProps): ReactElement {
  return <ReactFlowProvider key={props.scope}><Canvas {...props} /></ReactFlowProvider>;
}

function Canvas({ model, nodes = NO_NODES, scope, label, chosen, onChoose, onOpen, onFold, byLoop, children }: GraphProps): ReactElement {
  const placed = useLayout(model, scope, sizeOf);
  const flow = useReactFlow<StepNode, FlowEdge>();
  const zoom = useStore((state) => state.transform[2]);
  const painted = model.nodes.length > PAINTED && zoom < PAINTED_ZOOM;
  const planned = nodes.size === 0;
  const steps = useSteps(model, nodes, placed, chosen, planned);
  const edges = useEdges(model, placed);
  const box = useRef<HTMLDivElement>(null);
  const fit = useCallback((duration = 0): void => {
    if (!placed || !box.current) return;
    const bounds = boundsOf(model, placed);
    void flow.setViewport(fitted(bounds, box.current.clientWidth, box.current.clientHeight), { duration: calm() ? 0 : duration });
  }, [flow, model, placed]);
  // Nodes are built only once it is known which of them are in view.
  const [fittedScope, setFittedScope] = useState('');
  const shown = fittedScope === scope;
  useEffect(() => {
    if (!placed || shown) return;
    fit();
    setFittedScope(scope);
  }, [placed, scope, fit, shown]);
  const reveal = useCallback((id: string): void => {
    const at = placed?.positions.get(id);
    const element = box.current;
    if (!at || !element) return;
    const view = flow.getViewport();
    const x = at.x * view.zoom + view.x;
    const y = at.y * view.zoom + view.y;
    const inside = x > 0 && y > 0 && x + NODE.width * view.zoom < element.clientWidth && y + NODE.height * view.zoom < element.clientHeight;
    if (!inside || view.zoom < 0.45) void flow.setCenter(at.x + NODE.width / 2, at.y + NODE.height / 2, { zoom: Math.max(view.zoom, 0.8), duration: calm() ? 0 : 150 });
  }, [flow, placed]);
  // A pane beside it opened or closed: show the same as before, unless the person chose what to see.
  const moved = useRef(false);
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const refit = useRef(() => {});
  refit.current = () => {
    if (!shown) return;
    if (!moved.current) fit();
    else if (chosen !== undefined) reveal(chosen);
  };
  useEffect(() => { refit.current(); }, [width, height]);
  const choose = (id: string | undefined): void => {
    onChoose(id);
    if (id !== undefined) reveal(id);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.target !== box.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const handled = graphKey(event.key, { model, placed, chosen, choose, open: () => { if (chosen !== undefined) onOpen?.(chosen); }, zoomIn: () => void flow.zoomIn(), zoomOut: () => void flow.zoomOut(), fit: () => { fit(150); } });
    if (handled) event.preventDefault();
  };
  const said = model.nodes.find((node) => node.id === chosen);
  return (
    <div
      ref={box} className="graph" data-far={zoom < 0.45 || undefined} tabIndex={0} data-pane-focus role="application" aria-label={label}
      aria-roledescription="graph; arrow keys go from step to step, Enter opens, F finds the next failed" onKeyDown={key}
    >
      <ReactFlow<StepNode, FlowEdge>
        nodes={painted || !shown ? EMPTY_NODES : steps} edges={painted || !shown ? EMPTY_EDGES : edges} onMoveStart={(event) => { if (event) moved.current = true; }} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES}
        onlyRenderVisibleElements={model.nodes.length > MANY} minZoom={0.01} maxZoom={2} nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false}
        elementsSelectable={false} disableKeyboardA11y zoomOnDoubleClick={false} panOnScroll={false} proOptions={PRO}
        onNodeClick={(_, { data: { node } }) => { if (node.shape !== 'join') { onChoose(node.id); box.current?.focus({ preventScroll: true }); } }}
        onNodeDoubleClick={(_, { data: { node } }) => { if (node.foldable) onFold?.(node); else onOpen?.(node.id); }}
        onPaneClick={(event) => {
          const hit = painted ? nodeAt(model, placed, flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })) : undefined;
          choose(hit);
        }}
      >
        {painted && placed ? <Painting model={model} placed={placed} chosen={chosen} /> : null}
        {!painted && model.nodes.length > 6 && model.nodes.length <= 1500 ? <MiniMap<StepNode> className="minimap" style={MAP_SIZE} pannable zoomable ariaLabel="Small map of the graph" nodeColor={(node) => `var(--${TOKEN[node.data.node.phase]})`} nodeStrokeWidth={0} nodeBorderRadius={14} maskColor="transparent" maskStrokeColor="var(--accent)" maskStrokeWidth={1.5} /> : null}
      </ReactFlow>
      {placed === undefined ? <div className="state" role="status"><span className="soft">Drawing</span></div> : null}
      <ZoomTool zoom={zoom} onFit={() => { fit(150); }}>
        {byLoop ? <Button kind="quiet" tip="Every loop as one node" aria-pressed={byLoop.on} onClick={byLoop.toggle}><ChevronsDownUp aria-hidden />by loop</Button> : null}
      </ZoomTool>
      {children}
      <div className="sr" aria-live="polite">{said ? `${said.title}, ${PHASE_WORD[said.phase]}` : ''}</div>
    </div>
  );
}

const MAP_SIZE = { width: 150, height: 88 };
const PRO = { hideAttribution: true };
const EMPTY_NODES: StepNode[] = [];
const EMPTY_EDGES: FlowEdge[] = [];
const TOKEN: Record<Phase, string> = { Pending: 'pending', Running: 'running', Succeeded: 'ok', Failed: 'failed', Error: 'error', Suspended: 'wait', Skipped: 'skipped', Omitted: 'skipped', Planned: 'planned' };

/** React Flow's nodes: an object is new only when what it shows is. */
function useSteps(model: GraphModel, nodes: ReadonlyMap<string, NodeStatus>, placed: Placed | undefined, chosen: string | undefined, planned: boolean): StepNode[] {
  const before = useRef(new Map<string, { key: string; node: StepNode }>());
  return useMemo(() => {
    if (!placed) return EMPTY_NODES;
    const next = new Map<string, { key: string; node: StepNode }>();
    const list: StepNode[] = [];
    for (const node of model.nodes) {
      const position = placed.positions.get(node.id);
      if (!position) continue;
      const status = nodes.get(node.nodeId ?? '');
      const isChosen = node.id === chosen || (chosen !== undefined && node.members.length > 0 && chosen.startsWith(`${node.id}(`));
      const key = [position.x, position.y, node.phase, isChosen, planned, node.badges.join(), JSON.stringify(node.counts), node.members.length, node.folded, status?.message, status?.finishedAt, status?.startedAt, status?.outputs?.result].join('|');
      const old = before.current.get(node.id);
      const entry = old?.key === key ? old : { key, node: { id: node.id, type: node.shape === 'join' ? 'join' as const : 'step' as const, position, ...sizeOf(node), measured: sizeOf(node), data: { node, status, chosen: isChosen, planned } } };
      next.set(node.id, entry);
      list.push(entry.node);
    }
    before.current = next;
    return list;
  }, [model, nodes, placed, chosen, planned]);
}

function useEdges(model: GraphModel, placed: Placed | undefined): FlowEdge[] {
  const before = useRef(new Map<string, FlowEdge>());
  return useMemo(() => {
    if (!placed) return EMPTY_EDGES;
    const byId = new Map(model.nodes.map((node) => [node.id, node]));
    let moving = 0;
    const next = new Map<string, FlowEdge>();
    const list = model.edges.flatMap((edge, i): FlowEdge[] => {
      const source = byId.get(edge.source);
      const target = byId.get(edge.target);
      if (!source || !target || !placed.positions.has(edge.source) || !placed.positions.has(edge.target)) return [];
      const live = target.phase === 'Running' && moving++ < MOVING_EDGES;
      const quiet = target.phase === 'Skipped' || target.phase === 'Omitted';
      const className = live ? 'live' : quiet ? 'quiet' : '';
      const bends = placed.key && placed.bends.get(i);
      const id = `${edge.source}>${edge.target}`;
      const old = before.current.get(id);
      if (old && old.className === className && old.data?.bends === (bends ? bends : NO_BENDS)) {
        next.set(id, old);
        return [old];
      }
      const fresh: FlowEdge = { id, type: 'flow', source: edge.source, target: edge.target, className, focusable: false, data: { bends: bends ? bends : NO_BENDS }, ...(edge.label === undefined ? {} : { label: edge.label }) };
      next.set(id, fresh);
      return [fresh];
    });
    before.current = next;
    return list;
  }, [model, placed]);
}
const NO_BENDS: Point[] = [];

const Step = memo(function Step({ data: { node, status, chosen, planned } }: NodeProps<StepNode>): ReactElement {
  const running = node.phase === 'Running' && status?.startedAt;
  const now = useNow(Boolean(running));
  const line = planned ? plannedLine(node) : subtitle(node, status, status?.startedAt ? between(status.startedAt, status.finishedAt, now) : undefined);
  const faint = node.phase === 'Planned' && !planned;
  return (
    <div className={`step c-${node.phase}`} data-chosen={chosen || undefined} data-faint={faint || undefined} data-none={node.phase === 'Skipped' || node.phase === 'Omitted' || undefined} data-stack={node.members.length > 1 || node.shape === 'group' || node.shape === 'loop' || undefined} title={`${node.title}\n${PHASE_WORD[node.phase]}${status?.message ? `: ${status.message}` : ''}`}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className="mark">{planned ? <KindMark kind={node.kind} /> : <PhaseGlyph phase={faint && node.kind === 'suspend' ? 'Suspended' : node.phase} />}</span>
      <span className="words"><b>{node.title}</b><small>{line}</small></span>
      {node.badges.length ? <span className="bd">{node.badges.slice(0, 3).map((badge) => <span key={badge} className="badge">{badge}</span>)}</span> : null}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
});

function plannedLine(node: GraphNode): string {
  return node.templateRef ?? (node.kind === 'unknown' ? `no template ${node.templateName ?? ''}` : node.templateName !== undefined && node.templateName !== node.title ? `${node.kind} · ${node.templateName}` : node.kind);
}

const Join = memo(function Join(): ReactElement {
  return <div className="join"><Handle type="target" position={Position.Top} isConnectable={false} /><Handle type="source" position={Position.Bottom} isConnectable={false} /></div>;
});

const Flow = memo(function Flow({ sourceX, sourceY, targetX, targetY, data }: EdgeProps<FlowEdge>): ReactElement {
  return <BaseEdge path={curve([{ x: sourceX, y: sourceY }, ...(data?.bends ?? NO_BENDS), { x: targetX, y: targetY }])} />;
});

const NODE_TYPES = { step: Step, join: Join };
const EDGE_TYPES = { flow: Flow };

function boundsOf(model: GraphModel, placed: Placed): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const node of model.nodes) {
    const at = placed.positions.get(node.id);
    if (!at) continue;
    const size = sizeOf(node);
    left = Math.min(left, at.x);
    top = Math.min(top, at.y);
    right = Math.max(right, at.x + size.width);
    bottom = Math.max(bottom, at.y + size.height);
  }
  return left === Infinity ? { x: 0, y: 0, width: 1, height: 1 } : { x: left, y: top, width: right - left, height: bottom - top };
}

function nodeAt(model: GraphModel, placed: Placed | undefined, point: Point): string | undefined {
  // From afar a node is small: take the nearest within reach of a finger.
  let best: string | undefined;
  let distance = 160;
  for (const node of model.nodes) {
    const at = placed?.positions.get(node.id);
    if (!at || node.shape === 'join') continue;
    const d = Math.hypot(Math.max(at.x - point.x, 0, point.x - at.x - NODE.width), Math.max(at.y - point.y, 0, point.y - at.y - NODE.height));
    if (d < distance) [best, distance] = [node.id, d];
  }
  return best;
}

/** The graph from afar: one rectangle a step, in the colour of its phase; failures last, so that none is hidden. */
function Painting({ model, placed, chosen }: { model: GraphModel; placed: Placed; chosen: string | undefined }): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null);
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
    if (model.edges.length <= 6000) {
      context.strokeStyle = color('line-strong');
      context.lineWidth = 0.7 / view.zoom;
      context.beginPath();
      for (const edge of model.edges) {
        const a = placed.positions.get(edge.source);
        const b = placed.positions.get(edge.target);
        if (!a || !b) continue;
        context.moveTo(a.x + NODE.width / 2, a.y + NODE.height);
        context.lineTo(b.x + NODE.width / 2, b.y);
      }
      context.stroke();
    }
    const least = 2.5 / view.zoom;
    for (const phase of PAINT_ORDER) {
      context.fillStyle = color(TOKEN[phase]);
      for (const node of model.nodes) {
        if (node.phase !== phase || node.shape === 'join') continue;
        const at = placed.positions.get(node.id);
        if (at) context.fillRect(at.x, at.y, NODE.width, Math.max(NODE.height, least));
      }
    }
    const at = chosen === undefined ? undefined : placed.positions.get(chosen);
    if (at) {
      context.strokeStyle = color('accent');
      context.lineWidth = 3 / view.zoom;
      context.strokeRect(at.x - 12, at.y - 12, NODE.width + 24, NODE.height + 24);
    }
  }, [model, placed, chosen, view, width, height, theme]);
  return <canvas ref={canvas} className="painting" style={{ width, height }} aria-hidden />;
}
const PAINT_ORDER: Phase[] = ['Planned', 'Omitted', 'Skipped', 'Succeeded', 'Pending', 'Running', 'Suspended', 'Failed', 'Error'];

interface KeyContext {
  model: GraphModel;
  placed: Placed | undefined;
  chosen: string | undefined;
  choose: (id: string | undefined) => void;
  open: () => void;
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
}

function graphKey(key: string, context: KeyContext): boolean {
  switch (key) {
    case 'ArrowDown': case 'ArrowUp': case 'ArrowLeft': case 'ArrowRight': {
      const { model, placed, chosen } = context;
      const to = placed ? neighbour(model.nodes.filter((node) => node.shape !== 'join').map((node) => node.id), placed.positions, chosen, key) : undefined;
      if (to !== undefined) context.choose(to);
      return true;
    }
    case 'Enter': context.open(); return true;
    case 'Escape': context.choose(undefined); return true;
    case 'f': case 'F': {
      const failed = context.model.nodes.filter((node) => node.phase === 'Failed' || node.phase === 'Error' || node.phase === 'Suspended');
      const at = failed.findIndex((node) => node.id === context.chosen);
      const next = failed[(at + 1) % Math.max(1, failed.length)];
      if (next) context.choose(next.id);
      return true;
    }
    case '+': case '=': context.zoomIn(); return true;
    case '-': context.zoomOut(); return true;
    case '0': context.fit(); return true;
    default: return false;
  }
}
