/**
 * Artifacts as the desktop reaches them, wherever they are: a store of S3, Google or Azure (through a forwarded port when it is
 * a Service of the cluster), an HTTP server, a folder of this machine, or the workflow's own text. Keys come from the Secrets
 * that the location names, with the user's own rights, and stay in this process.
 */
import { Agent, buildConnector } from 'undici';
import type { Cluster } from '../kube/port.ts';
import { isInFolder, locationKey, locationKind, withKey } from '../pod/artifacts.ts';
import { AppError } from '../spec/error.ts';
import type { ArtifactLocation } from '../spec/types.ts';
import { AzureStore } from './azure.ts';
import { FolderStore } from './folder.ts';
import { googleAuth } from './google.ts';
import { HttpStore } from './http.ts';
import type { HttpPlace } from './http.ts';
import { InPieces } from './pieces.ts';
import { ANYBODY, awsAuth, S3Store } from './s3.ts';
import type { S3Auth } from './s3.ts';
import { secretText } from './secrets.ts';
import type { Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';
import { Tunnels } from './tunnels.ts';

type Fields = Record<string, unknown>;

const CONNECT_MS = 10_000;
const DEFAULT_LINK_SECONDS = 15 * 60;
/** Signatures of S3 and Google allow no longer. */
const LONGEST_LINK_SECONDS = 7 * 24 * 3600;
/** Milliseconds for which a store stays open without its Secrets being read again. */
const REOPEN_MS = 5000;
const LIST_PAGE = 1000;
const GOOGLE = 'storage.googleapis.com';

interface Store {
  store: ObjectStore;
  /** Only this machine reaches it, or only while we forward a port. */
  local: boolean;
}

/** A store, and the artifact's key in it. */
export interface Place extends Store {
  key: string;
}

/** What a connection to a store trusts and shows. */
interface Tls {
  ca?: string;
  cert?: string;
  key?: string;
}

/** The way to a server. */
interface Route {
  agent: Agent;
  /** The same server for a browser of this machine, where its own name leads nowhere. */
  origin: string | undefined;
}

export class ArtifactStores {
  readonly #cluster: Cluster;
  readonly #folder: FolderStore | undefined;
  readonly #tunnels: Tunnels;
  readonly #agents = new Map<string, Agent>();
  readonly #opened = new Map<string, Promise<Store>>();
  /** Tokens are asked for once, not for each request. */
  readonly #google = new Map<string, S3Auth>();

  /** @param folder of artifacts, for a cluster whose Pods run on this machine */
  constructor(cluster: Cluster, folder: string | undefined) {
    this.#cluster = cluster;
    this.#folder = folder === undefined ? undefined : new FolderStore(folder);
    this.#tunnels = new Tunnels(cluster);
  }

  /** @returns the store of a location. Throws what keeps it from being asked: a Secret, the way to it, a kind that cannot be read from here. */
  async open(namespace: string, location: ArtifactLocation): Promise<Place> {
    const kind = locationKind(location);
    const key = locationKey(location);
    if (location.raw) return { store: new RawStore(text(location.raw['data'])), key, local: true };
    // Many artifacts of a run are in one store: its Secrets are not read for each of them.
    const own = location.http || location.artifactory ? location : withKey(kind ?? 'plugin', '');
    const id = JSON.stringify([namespace, kind && { ...location[kind], ...own[kind] }]);
    let opened = this.#opened.get(id);
    if (!opened) {
      this.#opened.set(id, opened = this.#openStore(namespace, location));
      const forget = (): void => { this.#opened.delete(id); };
      opened.then(() => { setTimeout(forget, REOPEN_MS).unref(); }, forget);
    }
    return { ...await opened, key: kind === 'gcs' || kind === 'azure' ? key.replace(/^\/+/, '') : key };
  }

  #openStore(namespace: string, location: ArtifactLocation): Promise<Store> {
    if (isInFolder(location)) {
      if (this.#folder) return Promise.resolve({ store: this.#folder, local: true });
      return Promise.reject(new AppError('unsupported', 'The artifact is in a folder of the machine that ran it.', { hint: 'Open it there.' }));
    }
    if (location.s3) return this.#openS3(namespace, location.s3);
    if (location.gcs) return this.#openGoogle(namespace, location.gcs);
    if (location.azure) return this.#openAzure(namespace, location.azure);
    const http = location.http ?? location.artifactory;
    return http ? this.#openHttp(namespace, http) : Promise.reject(unreadable(location));
  }

  /** @returns full keys of all that is kept under the location's key, taken as a folder; at most `most`. Argo: ListObjects */
  async keys(namespace: string, location: ArtifactLocation, most: number, signal?: AbortSignal): Promise<{ keys: string[]; more: boolean }> {
    const { store, key } = await this.open(namespace, location);
    const folder = key.replace(/\/+$/, '');
    const keys: string[] = [];
    for (let next: string | undefined; ;) {
      const page = await store.list(folder === '' ? '' : `${folder}/`, LIST_PAGE, signal, next);
      keys.push(...page.objects.map((object) => object.key));
      next = page.next;
      if (next === undefined || page.objects.length === 0 || keys.length >= most) return { keys: keys.slice(0, most), more: next !== undefined || keys.length > most };
    }
  }

  /** @returns a link, good for `seconds` (15 minutes when not said, at most 7 days); `local`: only from this machine, while we run */
  async presign(namespace: string, location: ArtifactLocation, { file, seconds: wanted = DEFAULT_LINK_SECONDS }: { file?: string; seconds?: number }): Promise<{ url: string; seconds: number; local: boolean }> {
    const { store, key, local } = await this.open(namespace, location);
    const seconds = Math.max(1, Math.min(wanted, LONGEST_LINK_SECONDS));
    const url = await store.presign(keyWithin(key, file), seconds);
    if (local) this.#tunnels.keep(url, seconds * 1000);
    return { url, seconds, local };
  }

  async #openS3(namespace: string, s3: Fields): Promise<Store> {
    const endpoint = text(s3['endpoint']) || 's3.amazonaws.com';
    const insecure = s3['insecure'] === true;
    const [[accessKeyId, secretAccessKey, sessionToken], authority] = await Promise.all([
      Promise.all(['accessKeySecret', 'secretKeySecret', 'sessionTokenSecret'].map((field) => this.#secret(namespace, s3[field]))), this.#secret(namespace, s3['caSecret']),
    ]);
    const { agent, origin } = await this.#route(namespace, `${insecure ? 'http' : 'https'}://${endpoint}`, authority === undefined ? {} : { ca: authority });
    const auth = accessKeyId === undefined || secretAccessKey === undefined ? ANYBODY
      : awsAuth({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }, text(s3['region']));
    // Argo: AWS names buckets by host, other stores by path, unless told.
    const virtualHosted = s3['addressingStyle'] === 'virtual-hosted' || (!s3['addressingStyle'] && /(^|\.)amazonaws\.com$/.test(endpoint));
    const place = { endpoint, bucket: text(s3['bucket']), insecure, virtualHosted };
    return paced(new S3Store(place, auth, agent, origin), origin);
  }

  async #openGoogle(namespace: string, gcs: Fields): Promise<Store> {
    const account = await this.#secret(namespace, gcs['serviceAccountKeySecret']);
    const agent = this.#agent({}, undefined);
    return { store: new S3Store({ endpoint: GOOGLE, bucket: text(gcs['bucket']), insecure: false, virtualHosted: false }, account === undefined ? ANYBODY : this.#googleAuth(account, agent), agent), local: false };
  }

  #googleAuth(account: string, agent: Agent): S3Auth {
    let auth = this.#google.get(account);
    if (!auth) this.#google.set(account, auth = googleAuth(account, agent));
    return auth;
  }

  async #openAzure(namespace: string, azure: Fields): Promise<Store> {
    const endpoint = text(azure['endpoint']);
    if (!URL.canParse(endpoint)) throw new AppError('invalid', `"${endpoint}" is no endpoint of Azure's blob storage.`, { hint: 'Write it as https://ACCOUNT.blob.core.windows.net in the artifact repository.' });
    const key = await this.#secret(namespace, azure['accountKeySecret']);
    const { agent, origin } = await this.#route(namespace, endpoint);
    return paced(new AzureStore({ endpoint, container: text(azure['container']) }, key, agent, origin), origin);
  }

  async #openHttp(namespace: string, http: Fields): Promise<Store> {
    const url = text(http['url']);
    if (!/^https?:/.test(url) || !URL.canParse(url)) throw new AppError('invalid', `"${url}" is no URL that can be read.`, { hint: 'Write it with http:// or https:// in the location of the artifact.' });
    const { place, tls } = await this.#httpPlace(namespace, http);
    const { origin } = await this.#route(namespace, url, tls);
    const { pathname, search } = new URL(url);
    const open = place.user === undefined && !place.client && !tls.cert && place.headers.length === 0;
    const route = async (to: URL): Promise<Agent> => (await this.#route(namespace, to.origin, tls)).agent;
    return paced(new HttpStore(place, route, open ? (origin === undefined ? url : `${origin}${pathname}${search}`) : undefined), origin);
  }

  /** Argo: HTTPArtifact and ArtifactoryArtifact */
  async #httpPlace(namespace: string, http: Fields): Promise<{ place: HttpPlace; tls: Tls }> {
    const auth = (http['auth'] ?? {}) as { basicAuth?: Fields; clientCert?: Fields; oauth2?: Fields };
    const basic = auth.basicAuth ?? http;
    const read = (reference: unknown): Promise<string | undefined> => this.#secret(namespace, reference);
    const [user, password, cert, key, id, secret, tokens] = await Promise.all([
      read(basic['usernameSecret']), read(basic['passwordSecret']), read(auth.clientCert?.['clientCertSecret']), read(auth.clientCert?.['clientKeySecret']),
      read(auth.oauth2?.['clientIDSecret']), read(auth.oauth2?.['clientSecretSecret']), read(auth.oauth2?.['tokenURLSecret']),
    ]);
    return {
      place: {
        url: text(http['url']), headers: (http['headers'] ?? []) as { name: string; value: string }[], ...(user !== undefined && { user }), ...(password !== undefined && { password }),
        ...(id !== undefined && secret !== undefined && tokens !== undefined && { client: { id, secret, tokens, fields: clientFields(auth.oauth2 ?? {}) } }),
      },
      tls: { ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) },
    };
  }

  #secret(namespace: string, reference: unknown): Promise<string | undefined> {
    return secretText(this.#cluster, namespace, reference);
  }

  async #route(namespace: string, url: string, tls: Tls = {}): Promise<Route> {
    const { protocol, host } = new URL(url);
    const port = await this.#tunnels.portTo(host, namespace, protocol === 'http:' ? 80 : 443);
    return { agent: this.#agent(tls, port), origin: port === undefined ? undefined : `${protocol}//127.0.0.1:${port}` };
  }

  /** Connections to one store, by way of a forwarded port where there is one; the name in the request stays the store's own. */
  #agent(tls: Tls, port: number | undefined): Agent {
    const key = JSON.stringify([tls, port]);
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = new Agent({ connect: port === undefined ? { ...tls, timeout: CONNECT_MS } : throughPort(port, tls) });
      this.#agents.set(key, agent);
    }
    return agent;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
    await this.#tunnels.close();
  }
}

/** @param origin of the forwarded port, when there is one */
function paced(store: ObjectStore, origin: string | undefined): Store {
  return origin === undefined ? { store, local: false } : { store: new InPieces(store), local: true };
}

/** A text of the workflow itself. */
class RawStore implements ObjectStore {
  readonly #bytes: Buffer;

  constructor(data: string) {
    this.#bytes = Buffer.from(data, 'utf8');
  }

  head(key: string): Promise<StoredObject> {
    return Promise.resolve({ key, size: this.#bytes.length });
  }

  list(): Promise<Listed> {
    return Promise.resolve({ objects: [] });
  }

  get(_key: string, { start = 0, end }: Range = {}): Promise<StoredContent> {
    return Promise.resolve({ size: this.#bytes.length, body: chunked(this.#bytes.subarray(start, end === undefined ? undefined : end + 1)) });
  }

  presign(): Promise<string> {
    throw new AppError('unsupported', 'The artifact is a text in the workflow itself: there is nothing that a link could lead to.', { hint: 'Copy or download it.' });
  }
}

/** What a client says of itself, beside its id and secret. */
function clientFields(oauth2: Fields): [string, string][] {
  const scopes = (oauth2['scopes'] ?? []) as string[];
  const parameters = (oauth2['endpointParams'] ?? []) as { key: string; value?: string }[];
  return [...(scopes.length > 0 ? [['scope', scopes.join(' ')] as [string, string]] : []), ...parameters.map(({ key, value = '' }): [string, string] => [key, value])];
}

/** The key of a file of an artifact that is a folder. Throws `invalid` for one that leads out of it. */
export function keyWithin(key: string, file = ''): string {
  if (file === '') return key;
  if (file.split('/').includes('..')) throw new AppError('invalid', `The file "${file}" is not one of the artifact's.`);
  return key === '' || key.endsWith('/') ? key + file : `${key}/${file}`;
}

function unreadable(location: ArtifactLocation): AppError {
  const kind = locationKind(location);
  if (kind === undefined) return new AppError('unsupported', 'The run does not say where the artifact is.', { hint: 'The artifact repository of its namespace may have been removed.' });
  if (kind === 'git') {
    const revision = text(location.git?.['revision']);
    return new AppError('unsupported', 'The artifact is a git repository, which only git can fetch.', { hint: `Clone it to see what the step got${revision ? `, at the revision ${revision}` : ''}.` });
  }
  return new AppError('unsupported', `Artifacts of kind ${kind} cannot be read from here.`, { hint: 'Read it with the tools of its store.' });
}

function throughPort(port: number, tls: Tls): buildConnector.connector {
  const connect = buildConnector({ ...tls, timeout: CONNECT_MS });
  return (options, callback) => connect({ ...options, hostname: '127.0.0.1', port: String(port), servername: options.servername ?? options.hostname }, callback);
}

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
