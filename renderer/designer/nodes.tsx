/** Nodes and edges of the canvas. */
import { CircleX, CornerUpLeft, TriangleAlert, Zap } from 'lucide-react';
import { memo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { BaseEdge, EdgeLabelRenderer, Handle, Position } from 'reactflow';
import type { ConnectionLineComponentProps, Edge, EdgeProps, Node, NodeProps } from 'reactflow';
import type { SketchEdge, SketchNode } from '../document/sketch.ts';
import { curve, KindMark } from '../monitor/graph-parts.tsx';
import { renameTask } from './actions.ts';
import { EdgeLabel } from './EdgeLabel.tsx';
import { canvasView, setMode } from './mode.ts';
import type { Fault } from './session.ts';

export interface TaskData extends Record<string, unknown> {
  node: SketchNode;
  /** Its handles can be pulled. */
  connectable: boolean;
  /** It is being renamed in place. */
  renaming: boolean;
  /** A connection that is made by keys would end here. */
  proposed: boolean;
  /** The worst of what the validator says of it. */
  fault: Fault | undefined;
}
export type TaskNode = Node<TaskData, 'task' | 'hook'>;

export interface NeedsData extends Record<string, unknown> {
  edge: SketchEdge;
}
export type NeedsEdge = Edge<NeedsData, 'needs'>;

const Task = memo(function Task({ data: { node, connectable, renaming, proposed, fault } }: NodeProps<TaskNode>): ReactElement {
  return (
    <div className={`step kind-${node.kind.replace(' ', '-')}`} data-proposed={proposed || undefined} data-fault={fault?.severity} title={[node.name, node.line, ...(fault ? [fault.message] : []), ...node.badges.map((badge) => badge.title)].join('\n')}>
      <Handle type="target" position={Position.Top} isConnectable={connectable} />
      <span className="mark"><KindMark kind={node.kind} /></span>
      <span className="words">{renaming ? <NameInput node={node} /> : <b>{node.name || 'unnamed'}</b>}<small>{node.recursive ? <CornerUpLeft className="again" aria-hidden /> : null}{node.line}</small></span>
      {node.badges.length ? <span className="bd">{node.badges.slice(0, 3).map((badge) => <span key={badge.text} className="badge">{badge.text}</span>)}{node.badges.length > 3 ? <span className="badge">+{node.badges.length - 3}</span> : null}</span> : null}
      {fault ? <span className="fault" data-severity={fault.severity}>{fault.severity === 'error' ? <CircleX aria-hidden /> : <TriangleAlert aria-hidden />}</span> : null}
      <Handle type="source" position={Position.Bottom} isConnectable={connectable} />
    </div>
  );
});

/** The name, while it is being changed in place. */
export function NameInput({ node }: { node: SketchNode }): ReactElement {
  const [name, setName] = useState(node.name);
  const ended = useRef(false);
  const end = (keep: boolean): void => {
    if (ended.current) return;
    ended.current = true;
    setMode({});
    if (keep && name !== node.name) void renameTask(node.id, name.trim());
  };
  return (
    <input
      className="name-input nodrag" aria-label="Name" value={name} autoFocus onFocus={(event) => { event.target.select(); }} onChange={(event) => { setName(event.target.value); }} onBlur={() => { end(true); }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        end(event.key === 'Enter');
        canvasView()?.focus();
      }}
    />
  );
}

const Hook = memo(function Hook({ data: { node } }: NodeProps<TaskNode>): ReactElement {
  return (
    <div className="step hook" title={[`Hook ${node.name}`, node.line, ...node.badges.map((badge) => badge.title)].join('\n')}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className="mark"><Zap aria-hidden /></span>
      <span className="words"><b>{node.name}</b><small>{node.line}</small></span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
});

const Needs = memo(function Needs({ id, sourceX, sourceY, targetX, targetY, data, selected }: EdgeProps<NeedsEdge>): ReactElement {
  const edge = data?.edge;
  const labelled = edge && !edge.hook && (selected === true || edge.results.length > 0);
  return (
    <>
      <BaseEdge path={curve([{ x: sourceX, y: sourceY }, { x: targetX, y: targetY }])} interactionWidth={18} />
      {labelled ? (
        <EdgeLabelRenderer>
          <div className="edge-label nodrag nopan" data-edge={id} onClick={(event) => { event.stopPropagation(); }} style={{ transform: `translate(-50%, -50%) translate(${(sourceX + targetX) / 2}px, ${sourceY + (targetY - sourceY) * 0.46}px)` }}><EdgeLabel edge={edge} /></div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});

/** The line that is being drawn. */
export function ConnectionLine({ fromX, fromY, toX, toY }: ConnectionLineComponentProps): ReactElement {
  return <path className="drawn-line" d={curve([{ x: fromX, y: fromY }, { x: toX, y: toY }])} fill="none" />;
}

export const NODE_TYPES = { task: Task, hook: Hook };
export const EDGE_TYPES = { needs: Needs };
