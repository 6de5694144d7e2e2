/** What is selected in a run, whichever view it was selected in: a name that graph, table and log share. */
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { GraphModel, GraphNode } from '../document/model.ts';
import { phaseOf } from '../document/model.ts';

export interface Selection {
  /** As the graph has it, or as it would if it were drawn by itself. */
  node: GraphNode;
  status: NodeStatus | undefined;
  /** The drawn node that stands for it, when it is an item or try of one. */
  within?: GraphNode;
}

/** @returns the step of this name, drawn or inside a loop, retry or group; undefined when there is none */
export function select(name: string | undefined, graph: GraphModel, nodes: ReadonlyMap<string, NodeStatus>, byName: ReadonlyMap<string, NodeStatus>): Selection | undefined {
  if (name === undefined) return undefined;
  const drawn = graph.nodes.find((node) => node.id === name);
  if (drawn) return { node: drawn, status: nodes.get(drawn.nodeId ?? '') };
  const status = byName.get(name);
  if (!status) return undefined;
  const within = graph.nodes.find((node) => node.members.includes(status.id));
  const node: GraphNode = {
    id: status.name, title: status.displayName, kind: within?.kind ?? 'unknown', phase: phaseOf(status), shape: 'step', nodeId: status.id, members: [], counts: {}, badges: [], waitsFor: [], foldable: false, folded: false,
    ...(status.templateName === undefined ? {} : { templateName: status.templateName }), ...(status.templateRef?.name === undefined ? {} : { templateRef: status.templateRef.name }),
  };
  return { node, status, ...(within ? { within } : {}) };
}
