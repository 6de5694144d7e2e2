import type { Run } from './run.ts';

/** Ends the daemons of a boundary: their Pods are terminated, their nodes succeeded. '' is the workflow itself. */
export function killDaemons(run: Run, boundaryID: string): void {
  for (const node of run.nodes.within(boundaryID)) {
    if (!node.daemoned) continue;
    if (run.observed.pods.has(node.id)) run.act({ type: 'terminate-pod', nodeId: node.id, name: run.podNameOf(node) });
    const own = run.nodes.edit(node.id);
    own.phase = 'Succeeded';
    delete own.daemoned;
  }
}
