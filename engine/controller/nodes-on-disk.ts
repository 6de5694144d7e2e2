/**
 * Nodes of runs whose status no API server takes, kept on this machine: `nodes/CLUSTER/NAMESPACE/RUN-UID/VERSION.json.gz`. The
 * run in the cluster names the version that belongs to it; a version goes only when the run names a later one.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { omit } from '../operate/omit.ts';
import { AppError } from '../spec/error.ts';
import type { ObjectMeta } from '../spec/kubernetes.ts';
import type { Condition, Workflow } from '../spec/types.ts';
import { hasCode, pathSegment, writeFileAtomic } from './files.ts';

/** On the run: `HOST/VERSION`. */
const ANNOTATION = 'tiphys.dev/nodes-on-disk';
export const NODES_ON_DISK = 'NodesOnDisk';

export function isOnDisk({ annotations }: ObjectMeta): boolean {
  return annotations?.[ANNOTATION] !== undefined;
}

/** @returns what tells people that the run's nodes are on a machine, as the run has it */
export function onDiskCondition({ status }: Workflow): Condition | undefined {
  return status?.conditions?.find(({ type }) => type === NODES_ON_DISK);
}

/** @returns the run without a word of nodes on a disk */
export function notOnDisk(workflow: Workflow): Workflow {
  if (!isOnDisk(workflow.metadata)) return workflow;
  return { ...workflow, metadata: { ...workflow.metadata, annotations: omit(workflow.metadata.annotations ?? {}, ANNOTATION) } };
}

export class NodesOnDisk {
  readonly #folder: string;

  constructor(dataDir: string, clusterId: string) {
    this.#folder = path.join(dataDir, 'nodes', pathSegment(clusterId));
  }

  /** Writes a new version. @returns the run that names it and says why, to be saved without its nodes */
  async keep(bare: Workflow, packed: Uint8Array, words: { nodes: number; size: number }): Promise<Workflow> {
    const version = `${os.hostname()}/${randomUUID()}`;
    await writeFileAtomic(this.#file(bare, version), packed);
    // What was said once stays: its figures would change with every save.
    const condition: Condition = onDiskCondition(bare) ?? {
      type: NODES_ON_DISK, status: 'True',
      message: `The status of this run has ${words.nodes} nodes and ${Math.ceil(words.size / 1024)} KiB compressed: more than the API server keeps in one object. Its nodes are kept on ${os.hostname()}; the run goes on, but only Tiphys on that machine can show its steps and carry it on. `
        + 'Next time split the workflow into several, or let its steps hand on less in parameters and results.',
    };
    return {
      ...bare, metadata: { ...bare.metadata, annotations: { ...bare.metadata.annotations, [ANNOTATION]: version } },
      status: { ...bare.status, conditions: [...(bare.status?.conditions ?? []).filter(({ type }) => type !== NODES_ON_DISK), condition] },
    };
  }

  /** @returns the compressed nodes of the version that the run names. Throws AppError `unavailable` when they are not here. */
  async read(workflow: Workflow): Promise<Uint8Array> {
    const version = workflow.metadata.annotations?.[ANNOTATION] ?? '';
    try {
      return await readFile(this.#file(workflow, version));
    } catch (cause) {
      if (!hasCode(cause, 'ENOENT')) throw cause;
      throw new AppError('unavailable', `The steps of run ${workflow.metadata.name ?? ''} are kept on ${version.split('/')[0] ?? 'another machine'}, not here: they are too many for the API server.`, {
        cause, hint: 'Open the run there. It goes on as soon as Tiphys runs on that machine.',
      });
    }
  }

  /** The run that names this version is saved: older ones are of no use. */
  async tidy(workflow: Workflow): Promise<void> {
    const kept = path.basename(this.#file(workflow, workflow.metadata.annotations?.[ANNOTATION] ?? ''));
    const folder = this.#place(workflow.metadata.namespace ?? '', workflow.metadata.uid ?? '');
    for (const file of await namesIn(folder)) if (file !== kept) await rm(path.join(folder, file), { force: true });
  }

  /** All that is there of a namespace's runs, but for these uids. */
  async sweep(namespace: string, present: ReadonlySet<string>): Promise<void> {
    for (const uid of await namesIn(path.join(this.#folder, pathSegment(namespace)))) {
      if (!present.has(uid)) await rm(this.#place(namespace, uid), { recursive: true, force: true });
    }
  }

  /** The run is gone. */
  async forget(namespace: string, uid: string): Promise<void> {
    await rm(this.#place(namespace, uid), { recursive: true, force: true });
  }

  #place(namespace: string, uid: string): string {
    return path.join(this.#folder, pathSegment(namespace), pathSegment(uid));
  }

  #file({ metadata }: Workflow, version: string): string {
    return path.join(this.#place(metadata.namespace ?? '', metadata.uid ?? ''), `${pathSegment(version.split('/')[1] ?? '')}.json.gz`);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
