import type { NodeStatus } from '../spec/types.ts';
import type { Run } from './run.ts';

/** The nodes below which the next ones hang: the ends of what a node stands for. Argo: getOutboundNodes */
export function outboundNodes(run: Run, node: NodeStatus): string[] {
  switch (node.type) {
    case 'Skipped': case 'Suspend': case 'HTTP': case 'Plugin':
      return [node.id];
    case 'Pod':
      return run.nodes.children(node).some((child) => child.type === 'Container') ? ofChildren(run, node) : [node.id];
    case 'Container': case 'TaskGroup':
      return ofChildren(run, node);
    case 'Retry': {
      const last = node.children?.at(-1);
      return last === undefined ? ofOutbound(run, node) : [last];
    }
    case 'Steps': case 'DAG':
      return node.memoizationStatus?.hit ? [node.id] : ofOutbound(run, node);
    default:
      return ofOutbound(run, node);
  }
}

function ofChildren(run: Run, node: NodeStatus): string[] {
  const children = run.nodes.children(node);
  if (children.length === 0) return [node.id];
  return children.flatMap((child) => (node.type === 'Container' && child.boundaryID !== node.boundaryID ? [node.id] : outboundNodes(run, child)));
}

function ofOutbound(run: Run, node: NodeStatus): string[] {
  return (node.outboundNodes ?? []).flatMap((id) => {
    const outbound = run.nodes.get(id);
    return outbound ? outboundNodes(run, outbound) : [];
  });
}
