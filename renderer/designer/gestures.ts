/** What the mouse does on the canvas, as commands. */
import { useEffect, useMemo, useRef } from 'react';
import type { Dispatch, SetStateAction } from 'react';
import { useReactFlow } from 'reactflow';
import type { Connection, FinalConnectionState, NodeChange, ReactFlowProps } from 'reactflow';
import { rowPlaceAt, TASK_SIZE } from '../document/canvas-layout.ts';
import type { RowsArranged } from '../document/canvas-layout.ts';
import type { Point } from '../document/layout.ts';
import type { Sketch } from '../document/sketch.ts';
import { add, connect, moveStep, reconnect, wire } from './actions.ts';
import { setDropTarget } from './drag.ts';
import type { Dragged } from './drag.ts';
import { setMode } from './mode.ts';
import type { NeedsEdge, TaskNode } from './nodes.tsx';
import { edgeAt, taskAt } from './Over.tsx';
import { placeAllByHand } from './positions.ts';
import { connectionRefused, refuse, select, useDesigner } from './session.ts';

type Gestures = Pick<ReactFlowProps<TaskNode, NeedsEdge>, 'onNodesChange' | 'onNodeDragStop' | 'onConnect' | 'onConnectEnd' | 'onReconnect' | 'isValidConnection'>;

const NONE: ReadonlyMap<string, Point> = new Map();

/** @returns the middle of a node that stands at a point */
export function middle(at: Point): Point {
  return { x: at.x + TASK_SIZE.width / 2, y: at.y + TASK_SIZE.height / 2 };
}

export function useGestures(model: Sketch, rows: RowsArranged | undefined, setDragged: Dispatch<SetStateAction<ReadonlyMap<string, Point>>>): Gestures {
  const flow = useReactFlow<TaskNode, NeedsEdge>();
  const now = useRef({ model, rows });
  now.current = { model, rows };
  useEffect(() => {
    setDropTarget({ drop: (dragged, at) => { drop(dragged, at, flow.screenToFlowPosition(at), now.current.model, now.current.rows); } });
    return () => { setDropTarget(undefined); };
  }, [flow]);
  return useMemo((): Gestures => ({
    onNodesChange: (changes) => {
      takeSelection(changes);
      const moved = changes.flatMap((change) => (change.type === 'position' && change.dragging && change.position ? [[change.id, change.position] as const] : []));
      if (moved.length) setDragged((before) => new Map([...before, ...moved]));
    },
    onNodeDragStop: (_, node, all) => {
      const { model: drawn, rows: arranged } = now.current;
      if (drawn.grammar === 'dag') placeAllByHand(new Map(all.map((each) => [each.id, each.position])));
      else if (arranged) dropStep(node.id, middle(node.position), drawn, arranged);
      setDragged(NONE);
    },
    isValidConnection: ({ source, target }) => connectionRefused(source, target) === undefined,
    onConnect: ({ source, target }: Connection) => { void connect(source, target); },
    onConnectEnd: (event, state) => { connectEnd(event, state); },
    onReconnect: (edge, next) => { void reconnect({ from: edge.source, to: edge.target }, { from: next.source, to: next.target }); },
  }), [setDragged]);
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

/** A line let go over nothing offers what to add there; over a task that cannot take it, why. */
function connectEnd(event: MouseEvent | TouchEvent, state: FinalConnectionState): void {
  if (state.isValid === true || !state.fromNode || state.fromHandle.type !== 'source') return;
  const { clientX: x, clientY: y } = 'clientX' in event ? event : event.changedTouches.item(0) ?? { clientX: 0, clientY: 0 };
  const at = { x, y };
  const over = taskAt(at);
  if (over !== undefined && over !== state.fromNode.id) {
    const reason = connectionRefused(state.fromNode.id, over);
    if (reason === undefined) void connect(state.fromNode.id, over);
    else refuse(reason);
  } else if (over === undefined) setMode({ adding: { at, where: { after: [state.fromNode.id] } } });
}

function dropStep(id: string, at: Point, model: Sketch, rows: RowsArranged): void {
  const node = model.nodes.find((each) => each.id === id);
  const place = rowPlaceAt(rows, model, at);
  if (!node || node.row === undefined) return;
  const alone = model.nodes.filter((each) => each.row === node.row).length === 1;
  if (place.column === undefined) {
    if (!(alone && (place.row === node.row || place.row === node.row + 1))) void moveStep(id, { newRow: place.row });
    return;
  }
  // Its own place counts among those before it.
  const column = place.row === node.row && place.column > (node.column ?? 0) ? place.column - 1 : place.column;
  if (place.row !== node.row || column !== node.column) void moveStep(id, [place.row, column]);
}

function drop(dragged: Dragged, at: Point, point: Point, model: Sketch, rows: RowsArranged | undefined): void {
  const canvas = document.querySelector('.canvas')?.getBoundingClientRect();
  if (!canvas || at.x < canvas.left || at.x > canvas.right || at.y < canvas.top || at.y > canvas.bottom) return;
  if ('output' in dragged) {
    const over = taskAt(at);
    if (over !== undefined && over !== dragged.output.task) dropOutput(dragged.output, over, model, at);
    return;
  }
  if (rows) {
    const place = rowPlaceAt(rows, model, point);
    void add(dragged.addition, { step: place.column === undefined ? { newRow: place.row } : [place.row, place.column] });
    return;
  }
  const edge = model.edges.find((each) => each.id === edgeAt(at));
  const corner = { x: point.x - TASK_SIZE.width / 2, y: point.y - TASK_SIZE.height / 2 };
  if (edge && !edge.hook) void add(dragged.addition, { between: { from: edge.source, to: edge.target } });
  else void add(dragged.addition, { point: corner });
}

function dropOutput(output: { task: string; name: string }, over: string, model: Sketch, at: Point): void {
  const target = model.nodes.find((node) => node.id === over);
  const kind = output.name.startsWith('artifacts.') ? 'artifacts.' : 'parameters.';
  const inputs = target?.inputs.filter((each) => each.startsWith(kind)) ?? [];
  if (!target || inputs.length === 0) refuse(`The template of ${target?.name ?? 'this task'} has no ${kind === 'artifacts.' ? 'artifact' : 'parameter'} among its inputs.`);
  else if (inputs.length === 1) void wire(output, { task: over, name: inputs[0] ?? '' });
  else setMode({ choosing: { at, output, target: over, inputs } });
}
