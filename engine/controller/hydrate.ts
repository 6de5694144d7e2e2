/**
 * Large statuses on their way to and from the API server. Argo: above 1 MiB `status.nodes` becomes
 * `status.compressedNodes`, base64 of gzip, zstd or brotli; readers take whichever is there, we write gzip.
 */
import { brotliDecompressSync, createGzip, gunzipSync } from 'node:zlib';
import { Decompress as ZstdReader } from 'fzstd';
import { omit } from '../operate/omit.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { LookThread } from './look-thread.ts';
import { isOnDisk, notOnDisk } from './nodes-on-disk.ts';
import type { NodesOnDisk } from './nodes-on-disk.ts';
import { inTurns } from './parcels.ts';
import { inherit } from './typed.ts';

const MAX_WORKFLOW_BYTES = 1024 * 1024;
/** What the store behind the API server takes in one request, less some room for what the server adds. */
const MAX_REQUEST_BYTES = 1.4 * 1024 * 1024;
/** Of what others wrote: more is no status but an attack on the memory. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;
/** Characters of compressed nodes that are read at once: some hundred nodes. */
const SMALL_PACKED = 16 * 1024;
/** Bytes of zstd that are read before their result is weighed. */
const ZSTD_PIECE = 1024;
/** Characters of JSON that are compressed together. */
const PIECE = 64 * 1024;

/** @returns the workflow with `status.nodes` readable; the same object when it is so already. Throws AppError `unsupported`. */
export function hydrate(workflow: Workflow): Workflow {
  const compressed = workflow.status?.compressedNodes;
  return compressed ? withNodes(workflow, unpackNodes(Buffer.from(compressed, 'base64'), workflow.metadata.name ?? '')) : workflow;
}

function withNodes(workflow: Workflow, nodes: Record<string, NodeStatus>): Workflow {
  return inherit(workflow, { ...notOnDisk(workflow), status: { ...omit(workflow.status ?? {}, 'compressedNodes'), nodes } });
}

/** @returns the nodes in compressed JSON. Throws AppError `unsupported`. */
export function unpackNodes(packed: Uint8Array, name: string): Record<string, NodeStatus> {
  try {
    return JSON.parse(Buffer.from(decompress(packed)).toString('utf8')) as Record<string, NodeStatus>;
  } catch (cause) {
    throw new AppError('unsupported', `The nodes of run ${name} cannot be read: ${isAppError(cause) ? cause.message : 'they are not gzip, zstd or brotli'}.`, {
      cause, hint: 'Another controller may compress them in its own way; look at the run with that controller\'s tools.',
    });
  }
}

/** gzip and zstd say what they are by their first bytes; brotli has no sign of its own. */
function decompress(bytes: Uint8Array): Uint8Array {
  const sign = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (sign.startsWith('1f8b')) return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  if (sign === '28b52ffd') return fromZstd(bytes);
  return brotliDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
}

/** Node reads zstd from 22.15 on only. */
function fromZstd(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = new ZstdReader((chunk) => {
    size += chunk.length;
    if (size > MAX_UNPACKED_BYTES) throw new AppError('too-large', 'they are larger than 256 MiB');
    chunks.push(chunk);
  });
  // Little by little: four bytes can stand for 128 KiB.
  for (let at = 0; at < bytes.length; at += ZSTD_PIECE) reader.push(bytes.subarray(at, at + ZSTD_PIECE), at + ZSTD_PIECE >= bytes.length);
  return Buffer.concat(chunks);
}

/** Reads large statuses on another thread, and those that are kept on this machine. */
export class Hydrator {
  readonly #thread: LookThread | undefined;
  readonly #disk: NodesOnDisk;

  constructor(thread: LookThread | undefined, disk: NodesOnDisk) {
    this.#thread = thread;
    this.#disk = disk;
  }

  /** @returns whether the nodes are somewhere from where they take time to be had */
  takesTime({ metadata, status }: Workflow): boolean {
    return status?.nodes === undefined && (isOnDisk(metadata) || (status?.compressedNodes ?? '').length > SMALL_PACKED);
  }

  /** @returns as `hydrate`. Throws AppError `unsupported`; `unavailable` when the nodes are kept on another machine. */
  async hydrated(workflow: Workflow): Promise<Workflow> {
    if (!this.takesTime(workflow)) return hydrate(workflow);
    const { name = '' } = workflow.metadata;
    const packed = isOnDisk(workflow.metadata) ? await this.#disk.read(workflow) : Buffer.from(workflow.status?.compressedNodes ?? '', 'base64');
    return withNodes(workflow, this.#thread ? await this.#thread.unpack(packed, name) : unpackNodes(packed, name));
  }

  /** @returns as `hydrated`; without nodes where they cannot be read */
  async readable(workflow: Workflow): Promise<Workflow> {
    try {
      return await this.hydrated(workflow);
    } catch {
      return withoutNodes(workflow);
    }
  }
}

/** @returns as `hydrate`; without nodes where they cannot be read */
export function readable(workflow: Workflow): Workflow {
  try {
    return hydrate(workflow);
  } catch {
    return withoutNodes(workflow);
  }
}

/** @returns the run as it is shown while its nodes are not read */
export function withoutNodes(workflow: Workflow): Workflow {
  return workflow.status?.compressedNodes === undefined ? workflow : { ...workflow, status: omit(workflow.status, 'compressedNodes') };
}

/** A workflow as it can be kept, and how: with its nodes as they are, compressed, or (too large even so) without them. */
export type Dehydrated = { kind: 'plain' | 'packed'; workflow: Workflow } | { kind: 'too-large'; workflow: Workflow; packed: Buffer; size: number };

/**
 * @param from where to begin: what was refused as too large is made smaller
 * @returns the smallest change that keeps the whole below 1 MiB; what is too large for the API server even compressed comes apart
 */
export async function dehydrate(workflow: Workflow, from: Dehydrated['kind'] = 'plain'): Promise<Dehydrated> {
  const nodes = workflow.status?.nodes;
  if (!nodes) return { kind: 'plain', workflow };
  const pieces = await inPieces(nodes);
  const rest = restSize(workflow);
  if (from === 'plain' && pieces.reduce((size, piece) => size + Buffer.byteLength(piece), rest) <= MAX_WORKFLOW_BYTES) return { kind: 'plain', workflow };
  const packed = await gzipped(pieces);
  const bare: Workflow = { ...workflow, status: omit(workflow.status ?? {}, 'nodes') };
  const size = Math.ceil(packed.length / 3) * 4 + rest;
  if (from === 'too-large' || size > MAX_REQUEST_BYTES) return { kind: 'too-large', workflow: bare, packed, size };
  return { kind: 'packed', workflow: { ...bare, status: { ...bare.status, compressedNodes: packed.toString('base64') } } };
}

/** The JSON of the nodes in pieces, made little by little: thousands at once would hold the thread. */
async function inPieces(nodes: Record<string, NodeStatus>): Promise<string[]> {
  const pieces: string[] = [];
  let piece = '{';
  await inTurns(Object.keys(nodes), (id) => {
    piece += `${JSON.stringify(id)}:${JSON.stringify(nodes[id])},`;
    if (piece.length > PIECE) {
      pieces.push(piece);
      piece = '';
    }
    return true;
  });
  const last = pieces.length > 0 && piece === '' ? pieces.pop() ?? '' : piece;
  pieces.push(`${last.endsWith(',') ? last.slice(0, -1) : last}}`);
  return pieces;
}

/** Compressed on another thread, piece by piece. */
function gzipped(pieces: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const gzip = createGzip({ level: 5 });
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => resolve(Buffer.concat(chunks)));
    for (const piece of pieces) gzip.write(piece);
    gzip.end();
  });
}

function restSize(workflow: Workflow): number {
  return Buffer.byteLength(JSON.stringify({ ...workflow, status: { ...workflow.status, nodes: undefined } }));
}
