/** Logs of finished steps, kept on disk so that they outlive their Pods: `logs/CLUSTER/NAMESPACE/RUN-UID/POD.CONTAINER.log`. */
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster } from '../kube/port.ts';
import { HELPERS } from '../pod/shared.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { pathSegment, writeFileAtomic } from './files.ts';
import { runUidOf } from './pods.ts';
import { readText } from './text.ts';

/** Of a longer log the end is kept. */
const KEPT_LINES = 20_000;
const KEPT_BYTES = 2 * 1024 * 1024;
/** Bytes that all logs of a cluster may take, when nobody says. */
export const DEFAULT_LOGS_LIMIT = 1024 * 1024 * 1024;

/** @returns the user's own containers of a Pod, main first; never the helpers of the in-Pod protocol */
export function userContainers(pod: Pod): string[] {
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  const names = [...pod.spec.containers, ...sidecars].map((c) => c.name ?? '').filter((name) => !HELPERS.has(name));
  return names.includes('main') ? ['main', ...names.filter((name) => name !== 'main')] : names;
}

interface KeptFile {
  file: string;
  bytes: number;
  /** Of the last write, in milliseconds since the epoch. */
  time: number;
}

const total = (files: readonly KeptFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

export class KeptLogs {
  readonly #folder: string;
  readonly #cluster: Cluster;
  readonly #limit: () => number | undefined;
  /** Bytes in the folder, once they were counted; what is kept meanwhile is added. */
  #size: Promise<number> | undefined;
  #trimming = Promise.resolve();

  /** @param limit bytes that the logs of a cluster may take, asked whenever one is kept; beyond it the oldest go */
  constructor(dataDir: string, clusterId: string, cluster: Cluster, limit: () => number | undefined = () => undefined) {
    this.#limit = limit;
    this.#folder = path.join(dataDir, 'logs', pathSegment(clusterId));
    this.#cluster = cluster;
  }

  /** Keeps what a Pod's containers printed. A log that cannot be read is left: the step's outcome does not hang on it. */
  async keep(pod: Pod): Promise<void> {
    const { namespace = '', name = '' } = pod.metadata;
    for (const container of userContainers(pod)) {
      const file = this.#file(namespace, runUidOf(pod), name, container);
      if (await exists(file)) continue;
      try {
        const text = await readText(this.#cluster.logs(namespace, name, { container, timestamps: true, tailLines: KEPT_LINES, limitBytes: KEPT_BYTES }));
        if (!text) continue;
        await writeFileAtomic(file, text);
        await this.#count(Buffer.byteLength(text));
      } catch {
        // Never started, or gone already.
      }
    }
  }

  /** @returns the kept bytes, with a time before each line; undefined when nothing was kept */
  async read(namespace: string, runUid: string, podName: string, container: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = this.#file(namespace, runUid, podName, container);
    return (await exists(file)) ? (createReadStream(file) as AsyncIterable<Uint8Array>) : undefined;
  }

  /** Forgets a run that was deleted. */
  async forget(namespace: string, runUid: string): Promise<void> {
    if (runUid) await rm(path.join(this.#folder, pathSegment(namespace), pathSegment(runUid)), { recursive: true, force: true });
  }

  /** Counts what was kept, and makes room when it is too much: one at a time. */
  async #count(bytes: number): Promise<void> {
    this.#size = this.#size === undefined ? this.#logs().then(total) : this.#size.then((size) => size + bytes);
    if (await this.#size <= this.#most()) return;
    this.#trimming = this.#trimming.then(() => this.#trim());
    await this.#trimming;
  }

  async #trim(): Promise<void> {
    const logs = (await this.#logs()).sort((a, b) => a.time - b.time);
    let size = total(logs);
    // Below the limit by a tenth, so that the next log does not begin it again.
    const most = this.#most();
    const wanted = most * 0.9;
    for (const { file, bytes } of size > most ? logs : []) {
      if (size <= wanted) break;
      await rm(file, { force: true });
      size -= bytes;
    }
    this.#size = Promise.resolve(size);
  }

  #most(): number {
    return this.#limit() ?? DEFAULT_LOGS_LIMIT;
  }

  #logs(): Promise<KeptFile[]> {
    return filesBelow(this.#folder);
  }

  #file(namespace: string, runUid: string, podName: string, container: string): string {
    return path.join(this.#folder, pathSegment(namespace), pathSegment(runUid), `${pathSegment(podName)}.${pathSegment(container)}.log`);
  }
}

async function filesBelow(folder: string): Promise<KeptFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const found = await Promise.all(files.map((file) => stat(file).then(({ size, mtimeMs }) => ({ file, bytes: size, time: mtimeMs }), () => undefined)));
  return found.filter((each) => each !== undefined);
}

/** The folders of clusters; what lies beside them is no log of a step. */
async function clusterFolders(dataDir: string): Promise<string[]> {
  const entries = await readdir(path.join(dataDir, 'logs'), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(dataDir, 'logs', entry.name));
}

/** @returns how many logs are kept in the data folder, of all clusters, and the bytes that they take */
export async function keptLogsUse(dataDir: string): Promise<{ files: number; bytes: number }> {
  const all = (await Promise.all((await clusterFolders(dataDir)).map(filesBelow))).flat();
  return { files: all.length, bytes: total(all) };
}

/** Forgets all logs that are kept in the data folder. Those of running steps are kept again when they end. */
export async function clearKeptLogs(dataDir: string): Promise<void> {
  await Promise.all((await clusterFolders(dataDir)).map((folder) => rm(folder, { recursive: true, force: true })));
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(() => true, () => false);
}
