/**
 * Large statuses on their way to and from the API server. Argo: above 1 MiB `status.nodes` becomes
 * `status.compressedNodes`, base64 of gzip; readers take whichever is there.
 */
import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { omit } from '../operate/omit.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { AppError } from '../spec/error.ts';

const MAX_WORKFLOW_BYTES = 1024 * 1024;
const compress = promisify(gzip);

/** @returns the workflow with `status.nodes` readable; the same object when it is so already. Throws AppError `unsupported`. */
export function hydrate(workflow: Workflow): Workflow {
  const compressed = workflow.status?.compressedNodes;
  if (!compressed) return workflow;
  return { ...workflow, status: { ...omit(workflow.status ?? {}, 'compressedNodes'), nodes: unpack(compressed, workflow.metadata.name ?? '') } };
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
  if (!nodes) return workflow;
  const json = JSON.stringify(nodes);
  if (Buffer.byteLength(json) + restSize(workflow) <= MAX_WORKFLOW_BYTES) return workflow;
  const packed = (await compress(json, { level: 5 })).toString('base64');
  return { ...workflow, status: { ...omit(workflow.status ?? {}, 'nodes'), compressedNodes: packed } };
}

function restSize(workflow: Workflow): number {
  return Buffer.byteLength(JSON.stringify({ ...workflow, status: { ...workflow.status, nodes: undefined } }));
}
