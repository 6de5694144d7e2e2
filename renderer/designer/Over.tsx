/** What lies over the canvas while something is dragged or connected. */
import type { ReactElement } from 'react';
import { useEffect, useState } from 'react';
import { useConnection } from 'reactflow';
import type { Sketch } from '../document/sketch.ts';
import { KindMark } from '../monitor/graph-parts.tsx';
import { useDrag } from './drag.ts';
import { useMode } from './mode.ts';
import type { CanvasView } from './mode.ts';
import { connectionRefused } from './session.ts';

/** What letting go would do, at the pointer: the line that is drawn, or why it cannot be. */
export function ConnectTip({ model }: { model: Sketch }): ReactElement | null {
  const held = useConnection((connection) => (connection.inProgress ? connection.fromNode.id : undefined));
  const over = useConnection((connection) => (connection.inProgress ? connection.toNode?.id : undefined));
  const backwards = useConnection((connection) => connection.inProgress && connection.fromHandle.type === 'target');
  const at = usePointer(held !== undefined);
  if (held === undefined || !at) return null;
  // The beginning of an edge is moved: what is held is its end.
  if (backwards) return over === undefined ? null : <Tip at={at} model={model} from={over} to={held} />;
  return <Tip at={at} model={model} from={held} to={over} />;
}

/** The same for a connection that is made by keys, beside the node that is proposed. */
export function KeyConnectTip({ model, view }: { model: Sketch; view: CanvasView }): ReactElement | null {
  const connecting = useMode((state) => state.connecting);
  if (!connecting) return null;
  return <Tip at={view.windowPoint(connecting.to ?? connecting.from)} model={model} from={connecting.from} to={connecting.to} byKeys />;
}

function Tip({ at, model, from, to, byKeys = false }: { at: { x: number; y: number }; model: Sketch; from: string; to: string | undefined; byKeys?: boolean }): ReactElement {
  const refused = to === undefined || to === from ? undefined : connectionRefused(from, to);
  const target = model.nodes.find((node) => node.id === to);
  const how = model.edges.some((edge) => edge.results.length > 0) ? 'depends' : 'dependencies';
  return (
    <div className="connect-tip" role="status" data-refused={refused !== undefined || undefined} style={{ left: Math.min(at.x + 14, innerWidth - 250), top: Math.min(at.y + 14, innerHeight - 90) }}>
      {refused !== undefined ? <><b>Cannot connect</b><span>{refused}</span></>
        : target && to !== from ? <><b>{byKeys ? 'Enter to connect' : 'Drop to connect'}</b><span>adds <code>{from}</code> to {how} of {target.name}</span></>
          : <><b>{byKeys ? 'Arrows choose, Esc leaves' : 'Drop on a task'}</b><span>{byKeys ? `what shall wait for ${from}` : 'or on the canvas, to add one'}</span></>}
    </div>
  );
}

function usePointer(active: boolean): { x: number; y: number } | undefined {
  const [at, setAt] = useState<{ x: number; y: number }>();
  useEffect(() => {
    if (!active) return;
    const move = (event: PointerEvent | MouseEvent): void => { setAt({ x: event.clientX, y: event.clientY }); };
    window.addEventListener('pointermove', move);
    window.addEventListener('mousemove', move);
    return () => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('mousemove', move);
      setAt(undefined);
    };
  }, [active]);
  return at;
}

/** What is being dragged, under the pointer; over a task, the inputs that an output can become. */
export function DragGhost({ model }: { model: Sketch }): ReactElement | null {
  const { dragged, at } = useDrag();
  if (!dragged) return null;
  if ('addition' in dragged) return <div className="drag-ghost step" style={{ left: at.x, top: at.y }}><span className="mark"><KindMark kind={dragged.addition.kind} /></span><span className="words"><b>{dragged.addition.title}</b><small>{dropWords(model, at)}</small></span></div>;
  const over = taskAt(at);
  const target = over === dragged.output.task ? undefined : model.nodes.find((node) => node.id === over);
  return (
    <div className="connect-tip" role="status" data-refused={(target && target.inputs.length === 0) ?? undefined} style={{ left: Math.min(at.x + 14, innerWidth - 250), top: Math.min(at.y + 14, innerHeight - 90) }}>
      <b>{dragged.output.name} of {dragged.output.task}</b>
      <span>{!target ? 'Drop it on a task that takes it' : target.inputs.length === 0 ? `The template of ${target.name} has no inputs` : target.inputs.length === 1 ? `becomes ${inputName(target.inputs[0] ?? '')} of ${target.name}` : `Drop to choose an input of ${target.name}`}</span>
    </div>
  );
}

export function inputName(input: string): string {
  return input.split('.').slice(1).join('.');
}

function dropWords(model: Sketch, at: { x: number; y: number }): string {
  if (model.grammar === 'steps') return 'into a row, or between';
  const edge = edgeAt(at);
  const found = model.edges.find((each) => each.id === edge);
  return found ? `between ${found.source} and ${found.target}` : 'drop it on the canvas';
}

/** @returns the id of the task below a point of the window */
export function taskAt(at: { x: number; y: number }): string | undefined {
  return document.elementsFromPoint(at.x, at.y).flatMap((element) => taskId(element.closest<HTMLElement>('.react-flow__node, [data-node]')) ?? [])[0];
}

function taskId(element: HTMLElement | null): string | undefined {
  return element?.dataset.node ?? element?.dataset.id;
}

/** @returns the id of the edge below a point of the window */
export function edgeAt(at: { x: number; y: number }): string | undefined {
  return document.elementsFromPoint(at.x, at.y).flatMap((element) => element.closest<HTMLElement>('.react-flow__edge')?.dataset.id ?? [])[0];
}
