/**
 * Large statuses on their way to and from the API server. Argo: above 1 MiB `status.nodes` becomes
 * `status.compressedNodes`, base64 of gzip; readers take whichever is there.
 */
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { AppError } from '../spec/error.ts';

const MAX_WORKFLOW_BYTES = 1024 * 1024;
/** Fewer nodes than this never reach the limit, whatever they say: nothing is measured. */
const NODES_WORTH_MEASURING = 200;
const compress = promisify(gzip);

/** @returns the workflow with `status.nodes` readable; the same object when it is so already. Throws AppError `unsupported`. */
export function hydrate(workflow: Workflow): Workflow {
  const compressed = workflow.status?.compressedNodes;
  if (!compressed) return workflow;
  const { compressedNodes: _, ...status } = workflow.status ?? {};
  return { ...workflow, status: { ...status, nodes: unpack(compressed, workflow.metadata.name ?? '') } };
}

function unpack(compressed: string, name: string): Record<string, NodeStatus> {
  try {
    return JSON.parse(gunzipSync(Buffer.from(compressed, 'base64')).toString('utf8')) as Record<string, NodeStatus>;
  } catch (cause) {
    throw new AppError('unsupported', `The nodes of run ${name} cannot be read: they are not gzip.`, {
      cause, hint: 'Another controller may compress them in its own way; look at the run with that controller\'s tools.',
    });
  }
}

/** @returns the workflow as it is kept: nodes compressed when the whole would be larger than 1 MiB */
export async function dehydrate(workflow: Workflow): Promise<Workflow> {
  const nodes = workflow.status?.nodes;
  if (!nodes || Object.keys(nodes).length < NODES_WORTH_MEASURING && !hasLargeNode(nodes)) return workflow;
  const json = JSON.stringify(nodes);
  if (Buffer.byteLength(json) + restSize(workflow) <= MAX_WORKFLOW_BYTES) return workflow;
  const packed = (await compress(json, { level: 5 })).toString('base64');
  const { nodes: _, ...status } = workflow.status ?? {};
  return { ...workflow, status: { ...status, compressedNodes: packed } };
}

/** A few nodes can be large by their outputs and messages. */
function hasLargeNode(nodes: Record<string, NodeStatus>): boolean {
  for (const id in nodes) {
    const node = nodes[id];
    if ((node?.outputs?.result?.length ?? 0) > 2_000 || (node?.outputs?.parameters?.length ?? 0) > 4 || (node?.inputs?.parameters?.length ?? 0) > 4) return true;
    for (const parameter of [...(node?.outputs?.parameters ?? []), ...(node?.inputs?.parameters ?? [])]) {
      if ((parameter.value?.length ?? 0) > 2_000) return true;
    }
  }
  return false;
}

function restSize(workflow: Workflow): number {
  return Buffer.byteLength(JSON.stringify({ ...workflow, status: { ...workflow.status, nodes: undefined } }));
}
