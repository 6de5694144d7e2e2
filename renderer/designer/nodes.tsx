/** Nodes and edges of the canvas. */
import { CornerUpLeft, Zap } from 'lucide-react';
import { memo } from 'react';
import type { ReactElement } from 'react';
import { BaseEdge, EdgeLabelRenderer, Handle, Position } from 'reactflow';
import type { Edge, EdgeProps, Node, NodeProps } from 'reactflow';
import type { SketchEdge, SketchNode } from '../document/sketch.ts';
import { curve, KindMark } from '../monitor/graph-parts.tsx';
import { EdgeLabel } from './EdgeLabel.tsx';

export interface TaskData extends Record<string, unknown> {
  node: SketchNode;
  /** Its handles can be pulled. */
  connectable: boolean;
  /** What the validator says of it, worst first. */
  problem: 'error' | 'warning' | undefined;
  /** It is being renamed in place. */
  renaming: boolean;
}
export type TaskNode = Node<TaskData, 'task' | 'hook'>;

export interface NeedsData extends Record<string, unknown> {
  edge: SketchEdge;
}
export type NeedsEdge = Edge<NeedsData, 'needs'>;

const Task = memo(function Task({ data: { node, connectable, problem } }: NodeProps<TaskNode>): ReactElement {
  return (
    <div className={`step kind-${node.kind.replace(' ', '-')}`} data-problem={problem} title={[node.name, node.line, ...node.badges.map((badge) => badge.title)].join('\n')}>
      <Handle type="target" position={Position.Top} isConnectable={connectable} />
      <span className="mark"><KindMark kind={node.kind} /></span>
      <span className="words"><b>{node.name || 'unnamed'}</b><small>{node.recursive ? <CornerUpLeft className="again" aria-hidden /> : null}{node.line}</small></span>
      {node.badges.length ? <span className="bd">{node.badges.slice(0, 3).map((badge) => <span key={badge.text} className="badge">{badge.text}</span>)}{node.badges.length > 3 ? <span className="badge">+{node.badges.length - 3}</span> : null}</span> : null}
      <Handle type="source" position={Position.Bottom} isConnectable={connectable} />
    </div>
  );
});

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
          <div className="edge-label nodrag nopan" data-edge={id} style={{ transform: `translate(-50%, -50%) translate(${(sourceX + targetX) / 2}px, ${(sourceY + targetY) / 2}px)` }}><EdgeLabel edge={edge} selected={selected === true} /></div>
        </EdgeLabelRenderer>
      ) : null}
    </>
  );
});

export const NODE_TYPES = { task: Task, hook: Hook };
export const EDGE_TYPES = { needs: Needs };
