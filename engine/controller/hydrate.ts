/**
 * Large statuses on their way to and from the API server. Argo: above 1 MiB `status.nodes` becomes
 * `status.compressedNodes`, base64 of gzip, zstd or brotli; readers take whichever is there, we write gzip.
 */
import { setImmediate as turn } from 'node:timers/promises';
import zlib, { brotliDecompressSync, createGzip, gunzipSync } from 'node:zlib';
import { omit } from '../operate/omit.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { AppError, isAppError } from '../spec/error.ts';

const MAX_WORKFLOW_BYTES = 1024 * 1024;
/** What the store behind the API server takes in one request, less some room for what the server adds. */
const MAX_REQUEST_BYTES = 1.4 * 1024 * 1024;
/** Of what others wrote: more is no status but an attack on the memory. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
/** Nodes put into words before others get their turn on the thread. */
const SLICE = 500;

/** @returns the workflow with `status.nodes` readable; the same object when it is so already. Throws AppError `unsupported`. */
export function hydrate(workflow: Workflow): Workflow {
  const compressed = workflow.status?.compressedNodes;
  if (!compressed) return workflow;
  return { ...workflow, status: { ...omit(workflow.status ?? {}, 'compressedNodes'), nodes: unpack(compressed, workflow.metadata.name ?? '') } };
}

function unpack(compressed: string, name: string): Record<string, NodeStatus> {
  try {
    return JSON.parse(decompress(Buffer.from(compressed, 'base64')).toString('utf8')) as Record<string, NodeStatus>;
  } catch (cause) {
    throw new AppError('unsupported', `The nodes of run ${name} cannot be read: ${isAppError(cause) ? cause.message : 'they are not gzip, zstd or brotli'}.`, {
      cause, hint: 'Another controller may compress them in its own way; look at the run with that controller\'s tools.',
    });
  }
}

/** gzip and zstd say what they are by their first bytes; brotli has no sign of its own. */
function decompress(bytes: Buffer): Buffer {
  const sign = bytes.subarray(0, 4).toString('hex');
  if (sign.startsWith('1f8b')) return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  if (sign === '28b52ffd') return fromZstd(bytes);
  return brotliDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
}

/** Only newer versions of Node read zstd. */
function fromZstd(bytes: Buffer): Buffer {
  const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer };
  if (!zstdDecompressSync) throw new AppError('unsupported', `zstd needs Node 22.15, this is ${process.versions.node}`);
  return zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
}

/**
 * @returns the workflow as it is kept: nodes compressed when the whole would be larger than 1 MiB
 * Throws AppError `invalid` when it is too large for the API server even so.
 */
export async function dehydrate(workflow: Workflow): Promise<Workflow> {
  const nodes = workflow.status?.nodes;
  if (!nodes) return workflow;
  const pieces = await inPieces(nodes);
  const rest = restSize(workflow);
  if (pieces.reduce((size, piece) => size + Buffer.byteLength(piece), rest) <= MAX_WORKFLOW_BYTES) return workflow;
  const compressedNodes = await packed(pieces);
  if (compressedNodes.length + rest > MAX_REQUEST_BYTES) throw tooLarge(workflow, Object.keys(nodes).length, compressedNodes.length + rest);
  return { ...workflow, status: { ...omit(workflow.status ?? {}, 'nodes'), compressedNodes } };
}

function tooLarge(workflow: Workflow, nodes: number, bytes: number): AppError {
  return new AppError('invalid', `The status of run ${workflow.metadata.name ?? ''} has ${nodes} nodes and ${Math.ceil(bytes / 1024)} KiB compressed: more than the API server keeps in one object.`, {
    hint: 'Split it into several workflows, or let its steps hand on less in parameters and results. Its Pods go on; what was saved last is what others see.',
  });
}

/** The JSON of the nodes, a slice at a time: thousands at once would hold the thread. */
async function inPieces(nodes: Record<string, NodeStatus>): Promise<string[]> {
  const entries = Object.entries(nodes);
  const pieces: string[] = [];
  for (let at = 0; at < entries.length; at += SLICE) {
    if (at > 0) await turn();
    const text = JSON.stringify(Object.fromEntries(entries.slice(at, at + SLICE)));
    pieces.push((at === 0 ? '{' : ',') + text.slice(1, -1));
  }
  pieces.push(entries.length === 0 ? '{}' : '}');
  return pieces;
}

/** Compressed on another thread, piece by piece. */
function packed(pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const gzip = createGzip({ level: 5 });
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => resolve(Buffer.concat(chunks).toString('base64')));
    for (const piece of pieces) gzip.write(piece);
    gzip.end();
  });
}

function restSize(workflow: Workflow): number {
  return Buffer.byteLength(JSON.stringify({ ...workflow, status: { ...workflow.status, nodes: undefined } }));
}
