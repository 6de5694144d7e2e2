/**
 * Artifacts as the desktop reads them, wherever they are: an S3 store (through a forwarded port when it is a Service of the
 * cluster), a folder of this machine, an HTTP server, or the workflow's own text. Keys come from the Secrets that the
 * location names, with the user's own rights, and stay in this process.
 */
import { pathToFileURL } from 'node:url';
import { Agent, buildConnector } from 'undici';
import type { ArtifactContent, ArtifactFile, ReadArtifactOptions } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, KubeObject } from '../kube/port.ts';
import { isInFolder, locationKey, locationKind } from '../pod/artifacts.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { ArtifactLocation } from '../spec/types.ts';
import { FolderStore } from './folder.ts';
import { S3Store } from './s3.ts';
import type { S3Keys } from './s3.ts';
import { Tunnels } from './tunnels.ts';

type Fields = Record<string, unknown>;

/** Files of one artifact that are listed. */
const MOST_FILES = 1000;
const CONNECT_MS = 10_000;
const DEFAULT_LINK_SECONDS = 15 * 60;
/** SigV4 allows no longer. */
const LONGEST_LINK_SECONDS = 7 * 24 * 3600;

interface Opened {
  store: S3Store | FolderStore;
  /** Where a browser of this machine reaches the store, when it is not the endpoint. */
  origin?: string;
}

export class ArtifactStores {
  readonly #cluster: Cluster;
  readonly #folder: FolderStore | undefined;
  readonly #tunnels: Tunnels;
  readonly #agents = new Map<string, Agent>();

  /** @param folder of artifacts, for a cluster whose Pods run on this machine */
  constructor(cluster: Cluster, folder: string | undefined) {
    this.#cluster = cluster;
    this.#folder = folder === undefined ? undefined : new FolderStore(folder);
    this.#tunnels = new Tunnels(cluster);
  }

  /** @returns the files of an artifact: itself, with an empty path, or what is below it when it is a folder. Throws `not-found`. */
  async files(namespace: string, location: ArtifactLocation, signal?: AbortSignal): Promise<{ files: ArtifactFile[]; more: boolean }> {
    if (location.raw) return { files: [{ path: '', size: rawBytes(location.raw).length }], more: false };
    const { store } = await this.#open(namespace, location);
    const key = locationKey(location);
    const file = (object: { size: number; modifiedAt?: string }, path: string): ArtifactFile => ({ path, size: object.size, ...(object.modifiedAt === undefined ? {} : { modifiedAt: object.modifiedAt }) });
    const found = await store.head(key, signal);
    if (found) return { files: [file(found, '')], more: false };
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
    const { objects, more } = await store.list(prefix, MOST_FILES, signal);
    if (objects.length === 0) throw new AppError('not-found', `There is nothing under the key "${key}".`, { hint: 'It was deleted, or was never written.' });
    return { files: objects.map((object) => file(object, object.key.slice(prefix.length))), more };
  }

  /** @returns full keys of all that is kept under the location's key, taken as a folder; at most `most`. Argo: ListObjects */
  async keys(namespace: string, location: ArtifactLocation, most: number, signal?: AbortSignal): Promise<{ keys: string[]; more: boolean }> {
    const { store } = await this.#open(namespace, location);
    const key = locationKey(location).replace(/\/+$/, '');
    const prefix = key === '' ? '' : `${key}/`;
    if (store instanceof FolderStore) return store.list(prefix, most).then(({ objects, more }) => ({ keys: objects.map((object) => object.key), more }));
    const keys: string[] = [];
    for (;;) {
      const { objects, more } = await store.list(prefix, MOST_FILES, signal, keys.at(-1));
      keys.push(...objects.map((object) => object.key));
      if (!more || objects.length === 0 || keys.length >= most) return { keys: keys.slice(0, most), more };
    }
  }

  /** Opens an artifact, or one file of it. */
  async read(namespace: string, location: ArtifactLocation, options: ReadArtifactOptions = {}): Promise<ArtifactContent> {
    const { start, end, signal } = options;
    if (location.raw) {
      const bytes = rawBytes(location.raw);
      return { size: bytes.length, body: chunked(bytes.subarray(start ?? 0, end === undefined ? undefined : end + 1)) };
    }
    const { store } = await this.#open(namespace, location);
    return store.get(keyWithin(location, options.file), { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }), ...(signal && { signal }) });
  }

  /** @returns a link, good for `seconds` (15 minutes when not said, at most 7 days) */
  async presign(namespace: string, location: ArtifactLocation, options: { file?: string; seconds?: number }): Promise<{ url: string; seconds: number }> {
    const { store, origin } = await this.#open(namespace, location);
    const key = keyWithin(location, options.file);
    const seconds = Math.max(1, Math.min(options.seconds ?? DEFAULT_LINK_SECONDS, LONGEST_LINK_SECONDS));
    const url = store instanceof FolderStore ? pathToFileURL(await store.fileOf(key)).href : await store.presign(key, seconds, origin);
    return { url, seconds };
  }

  async #open(namespace: string, location: ArtifactLocation): Promise<Opened> {
    if (isInFolder(location)) {
      if (this.#folder) return { store: this.#folder };
      throw new AppError('unsupported', 'The artifact is in a folder of the machine that ran it.', { hint: 'Open it there.' });
    }
    if (location.s3) return this.#openS3(namespace, location.s3);
    const kind = locationKind(location);
    throw new AppError('unsupported', kind === undefined ? 'The run does not say where the artifact is.' : `Artifacts of kind ${kind} cannot be read from here.`, {
      hint: kind === undefined ? 'The artifact repository of its namespace may have been removed.' : 'Read it with the tools of its store.',
    });
  }

  async #openS3(namespace: string, s3: Fields): Promise<Opened> {
    const endpoint = text(s3['endpoint']) || 's3.amazonaws.com';
    const insecure = s3['insecure'] === true;
    const [keys, authority, port] = await Promise.all([
      this.#keys(namespace, s3), this.#secret(namespace, s3['caSecret']), this.#tunnels.portTo(endpoint, namespace, insecure ? 80 : 443),
    ]);
    const place = {
      endpoint, bucket: text(s3['bucket']), region: text(s3['region']), insecure,
      // Argo: AWS names buckets by host, other stores by path, unless told.
      virtualHosted: s3['addressingStyle'] === 'virtual-hosted' || (!s3['addressingStyle'] && /(^|\.)amazonaws\.com$/.test(endpoint)),
    };
    const origin = port === undefined ? undefined : `${insecure ? 'http' : 'https'}://127.0.0.1:${port}`;
    return { store: new S3Store(place, keys, this.#agent(authority, port)), ...(origin === undefined ? {} : { origin }) };
  }

  async #keys(namespace: string, s3: Fields): Promise<S3Keys | undefined> {
    const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all(['accessKeySecret', 'secretKeySecret', 'sessionTokenSecret'].map((field) => this.#secret(namespace, s3[field])));
    if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }

  /** @returns the text under a Secret's key; undefined when no Secret is named */
  async #secret(namespace: string, reference: unknown): Promise<string | undefined> {
    const { name = '', key = '' } = (reference ?? {}) as { name?: string; key?: string };
    if (!name) return undefined;
    let data: Record<string, string> | undefined;
    try {
      ({ data } = await this.#cluster.get<KubeObject & { data?: Record<string, string> }>(RESOURCE.secret, namespace, name));
    } catch (error) {
      if (isAppError(error, 'forbidden')) throw new AppError('forbidden', `The keys of the artifact store are in the Secret ${name}, which you may not read.`, { cause: error, hint: `Ask for the right to get the Secret ${name} in the namespace ${namespace}.` });
      if (isAppError(error, 'not-found')) throw new AppError('not-found', `The Secret ${name} with the keys of the artifact store is not there.`, { cause: error, hint: `Create it in the namespace ${namespace}.` });
      throw error;
    }
    const value = data?.[key];
    if (value === undefined) throw new AppError('not-found', `The Secret ${name} has no key "${key}".`, { hint: 'Correct the Secret, or the artifact repository that names it.' });
    return Buffer.from(value, 'base64').toString('utf8').trim();
  }

  /** Connections to one store, by way of a forwarded port where there is one; the name in the request stays the store's own. */
  #agent(authority: string | undefined, port: number | undefined): Agent {
    const key = JSON.stringify([authority, port]);
    let agent = this.#agents.get(key);
    if (!agent) {
      const trust = authority === undefined ? {} : { ca: authority };
      agent = new Agent({ connect: port === undefined ? { ...trust, timeout: CONNECT_MS } : throughPort(port, trust) });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    await this.#tunnels.close();
  }
}

function throughPort(port: number, trust: { ca?: string }): buildConnector.connector {
  const connect = buildConnector({ ...trust, timeout: CONNECT_MS });
  return (options, callback) => connect({ ...options, hostname: '127.0.0.1', port: String(port), servername: options.servername ?? options.hostname }, callback);
}

/** The key of a file of an artifact. Throws `invalid` for one that leads out of it. */
function keyWithin(location: ArtifactLocation, file = ''): string {
  const key = locationKey(location);
  if (file === '') return key;
  if (file.split('/').includes('..')) throw new AppError('invalid', `The file "${file}" is not one of the artifact's.`);
  return key === '' || key.endsWith('/') ? key + file : `${key}/${file}`;
}

function rawBytes(raw: Fields): Buffer {
  return Buffer.from(text(raw['data']), 'utf8');
}

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
