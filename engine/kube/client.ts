/** The cluster port over a real API server. */
import type { Duplex } from 'node:stream';
import { AppError, isAppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import { actingFor, createCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { findNamed } from './named.ts';
import type { NamedType } from './named.ts';
import type { ResolvedContext } from './kubeconfig.ts';
import { execOverSocket } from './exec-socket.ts';
import { forwardOverSocket } from './port-forward.ts';
import { followLogs } from './pod-logs.ts';
import type { AccessReview, Cluster, DeleteOptions, ExecResult, FieldOwner, ListResult, LogOptions, Patch, ResourceType, Selectors, ServerVersion, Subscription, WatchHandler, WriteOptions } from './port.ts';
import { REFLECTOR_TIMES, Reflector } from './reflector.ts';
import type { ReflectorTimes } from './reflector.ts';
import { isMap } from './store/json.ts';
import { Transport } from './transport.ts';

export interface ClientOptions {
  /** The environment for credential plugins and proxies; the process's own when absent. */
  env?: Record<string, string | undefined>;
  /** Shown by the API server as the manager of fields and in its audit log. */
  userAgent?: string;
  /** Milliseconds for a call and all its tries (default 30 s). */
  deadline?: number;
  /** Milliseconds a credential plugin may take (default 60 s). */
  pluginTimeLimit?: number;
  connections?: number;
  /** For tests. */
  times?: Partial<ReflectorTimes>;
}

const PAGE = 500;
const LIST_DEADLINE_MS = 60_000;
const DISCOVERY_MS = 10 * 60_000;
const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' } as const;

type Query = Record<string, string | number | boolean | undefined>;

/** @returns path and query of a collection, or of an object in it */
export function pathOf(type: ResourceType, namespace: string | undefined, name?: string, subresource?: string, query: Query = {}): string {
  const root = type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`;
  const scope = type.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const path = `${root}${scope}/${type.plural}${name === undefined ? '' : `/${encodeURIComponent(name)}`}${subresource ? `/${subresource}` : ''}`;
  return withQuery(path, query);
}

function withQuery(path: string, query: Query): string {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== '').map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`);
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}

/**
 * Connects to nothing yet: the first call does. Throws `invalid` when the context cannot be used as the kubeconfig has it.
 * @param context as loadKubeconfig gives it
 */
export function createClient(context: ResolvedContext, options: ClientOptions = {}): Cluster {
  const fault = context.problems.find((problem) => problem.severity === 'error');
  if (fault || !context.cluster) {
    throw new AppError('invalid', `The context "${context.name}" cannot be used. ${fault?.message ?? ''}`.trim(), { ...(fault?.hint === undefined ? {} : { hint: fault.hint }) });
  }
  const env = options.env ?? process.env;
  const credentials = createCredentials(context.cluster, context.user, {
    env, now: () => Date.now(),
    ...(options.pluginTimeLimit === undefined ? {} : { timeLimit: options.pluginTimeLimit }),
    ...(context.cluster.authority.data === undefined ? {} : { authority: context.cluster.authority.data }),
  });
  const { cluster } = context;
  const client = (identity: Credentials, actAs?: Impersonate): Client => new Client(new Transport(cluster, identity, {
    env,
    ...(options.connections === undefined ? {} : { connections: options.connections }),
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
    ...(options.userAgent === undefined ? {} : { userAgent: options.userAgent }),
  }), { ...REFLECTOR_TIMES, ...options.times }, options.userAgent?.split('/')[0] ?? 'tiphys', actAs);
  // Who acts for somebody already cannot act for another: the server knows one such header.
  return client(credentials, context.user.as === undefined ? (user) => client(actingFor(credentials, user)) : undefined);
}

/** @returns a client of the same connection data that acts for this user */
type Impersonate = (user: string) => Client;

class Client implements Cluster {
  readonly #transport: Transport;
  readonly #times: ReflectorTimes;
  readonly #manager: string;
  readonly #watches = new Set<Reflector>();
  readonly #discovery = new Map<string, { at: number; types: Promise<ResourceType[]> }>();
  readonly #closing = new AbortController();
  readonly #impersonate: Impersonate | undefined;
  readonly #others = new Map<string, Client>();

  constructor(transport: Transport, times: ReflectorTimes, manager: string, impersonate: Impersonate | undefined) {
    this.#transport = transport;
    this.#times = times;
    this.#manager = manager;
    this.#impersonate = impersonate;
  }

  async get<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string): Promise<T> {
    return clean(await this.#transport.json<T>({ method: 'GET', path: pathOf(type, namespace, name) }));
  }

  async owners(type: ResourceType, namespace: string | undefined, name: string): Promise<FieldOwner[]> {
    const { metadata } = await this.#transport.json<{ metadata: { managedFields?: { manager?: string; fieldsV1?: unknown }[] } }>({ method: 'GET', path: pathOf(type, namespace, name) });
    return (metadata.managedFields ?? []).map(({ manager = '', fieldsV1 }) => ({ manager, fields: fieldsOf(fieldsV1) }));
  }

  async list<T extends KubeObject>(type: ResourceType, namespace?: string, selectors: Selectors = {}): Promise<ListResult<T>> {
    return this.#list<T>(type, namespace, selectors, undefined);
  }

  async #list<T extends KubeObject>(type: ResourceType, namespace: string | undefined, selectors: Selectors, signal: AbortSignal | undefined): Promise<ListResult<T>> {
    const page = (query: Query) => this.#transport.json<{ items: T[] | null; metadata: { resourceVersion: string; continue?: string } }>({
      method: 'GET', path: pathOf(type, namespace, undefined, undefined, { ...selectors, ...query }), deadline: LIST_DEADLINE_MS, signal,
    });
    const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
    const items: T[] = [];
    let answer = await page({ limit: PAGE });
    for (;;) {
      // Items of a list do not say what they are.
      for (const item of answer.items ?? []) items.push(clean({ ...item, apiVersion, kind: type.kind }));
      const next = answer.metadata.continue;
      if (!next) return { items, resourceVersion: answer.metadata.resourceVersion };
      try {
        answer = await page({ limit: PAGE, continue: next });
      } catch (error) {
        if (!isAppError(error, 'gone')) throw error;
        // The list took longer than the server remembers: once more, whole.
        items.length = 0;
        answer = await page({});
      }
    }
  }

  async create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const path = pathOf(type, object.metadata.namespace, undefined, undefined, this.#writeQuery(options));
    return clean(await this.#transport.json<T>({ method: 'POST', path, body: typed(type, object), signal: options.signal }));
  }

  async replace<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const path = pathOf(type, object.metadata.namespace, object.metadata.name ?? '', options.subresource, this.#writeQuery(options));
    return clean(await this.#transport.json<T>({ method: 'PUT', path, body: typed(type, object), signal: options.signal }));
  }

  async patch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, name: string, patch: Patch, options: WriteOptions = {}): Promise<T> {
    const query = { ...this.#writeQuery(options), ...(patch.type === 'apply' ? { fieldManager: patch.fieldManager, force: patch.force } : {}) };
    const body = patch.type === 'apply' && isMap(patch.body) ? typed(type, patch.body as unknown as KubeObject) : patch.body;
    return clean(await this.#transport.json<T>({ method: 'PATCH', path: pathOf(type, namespace, name, options.subresource, query), body, contentType: PATCH_TYPES[patch.type], signal: options.signal }));
  }

  #writeQuery(options: WriteOptions): Query {
    return { fieldManager: this.#manager, ...(options.dryRun ? { dryRun: 'All' } : {}) };
  }

  async delete(type: ResourceType, namespace: string | undefined, name: string, options: DeleteOptions = {}): Promise<void> {
    const body = {
      kind: 'DeleteOptions', apiVersion: 'v1',
      ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
      propagationPolicy: options.propagationPolicy ?? 'Background',
    };
    await this.#transport.json<unknown>({ method: 'DELETE', path: pathOf(type, namespace, name), body, signal: options.signal });
  }

  watch<T extends KubeObject>(type: ResourceType, namespace: string | undefined, selectors: Selectors, handler: WatchHandler<T>): Subscription {
    const reflector: Reflector = new Reflector({
      list: (signal) => this.#list(type, namespace, selectors, signal),
      open: (resourceVersion, timeoutSeconds, signal) => this.#transport.stream(pathOf(type, namespace, undefined, undefined, { ...selectors, watch: 1, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }), signal),
    }, handler, this.#times, () => this.#watches.delete(reflector));
    this.#watches.add(reflector);
    return reflector;
  }

  logs(namespace: string, pod: string, options: LogOptions = {}): AsyncIterable<Uint8Array> {
    const closing = this.#closing.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, closing]) : closing;
    return followLogs((query, inner) => this.#transport.stream(pathOf(POD, namespace, pod, 'log', query), inner), { ...options, signal });
  }

  async exec(namespace: string, pod: string, container: string, command: string[], options: { signal?: AbortSignal } = {}): Promise<ExecResult> {
    const path = pathOf(POD, namespace, pod, 'exec');
    const words = command.map((word) => `command=${encodeURIComponent(word)}`).join('&');
    const query = `${path}?container=${encodeURIComponent(container)}&stdout=true&stderr=true&${words}`;
    // A refused upgrade says nothing; the same request without one gives the reason.
    const explain = () => this.#transport.json<unknown>({ method: 'GET', path: query });
    return execOverSocket(() => this.#transport.socket(query), explain, options.signal);
  }

  async portForward(namespace: string, pod: string, port: number): Promise<Duplex> {
    const path = pathOf(POD, namespace, pod, 'portforward', { ports: port });
    const explain = () => this.#transport.json<unknown>({ method: 'GET', path });
    return forwardOverSocket(() => this.#transport.socket(path), explain);
  }

  async can(review: AccessReview): Promise<boolean> {
    const [resource, subresource] = review.resource.split('/');
    const body = {
      apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: review.verb, group: review.group, resource, ...(subresource ? { subresource } : {}), ...(review.namespace ? { namespace: review.namespace } : {}), ...(review.name ? { name: review.name } : {}) } },
    };
    const answer = await this.#transport.json<{ status?: { allowed?: boolean } }>({ method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', body });
    return answer.status?.allowed === true;
  }

  async asServiceAccount(namespace: string, name: string): Promise<Cluster | undefined> {
    if (!this.#impersonate || !await this.can({ verb: 'impersonate', group: '', resource: 'serviceaccounts', namespace, name })) return undefined;
    const user = `system:serviceaccount:${namespace}:${name}`;
    const client = this.#others.get(user) ?? this.#impersonate(user);
    this.#others.set(user, client);
    return client;
  }

  async version(): Promise<ServerVersion> {
    const answer = await this.#transport.json<{ major: string; minor: string; gitVersion: string }>({ method: 'GET', path: '/version' });
    return { major: Number.parseInt(answer.major, 10), minor: Number.parseInt(answer.minor, 10), gitVersion: answer.gitVersion };
  }

  async resourceFor(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const kept = this.#discovery.get(apiVersion);
    const known = kept && Date.now() - kept.at < DISCOVERY_MS ? (await kept.types).find((type) => type.kind === kind) : undefined;
    if (known) return known;
    // What is not there may have come since: only what was found is kept.
    const types = this.#discover(apiVersion);
    this.#discovery.set(apiVersion, { at: Date.now(), types });
    types.catch(() => this.#discovery.delete(apiVersion));
    return (await types).find((type) => type.kind === kind);
  }

  async resourceNamed(name: string): Promise<ResourceType | undefined> {
    return findNamed(await this.#discoverAll(), name);
  }

  /** All kinds by all their names, the core ones first, of each group the version it prefers. */
  async #discoverAll(): Promise<NamedType[]> {
    const { groups } = await this.#transport.json<{ groups: { preferredVersion: { groupVersion: string } }[] }>({ method: 'GET', path: '/apis' });
    const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
    // A group whose own server is away does not hide the others.
    return (await Promise.all(versions.map((version) => this.#namesIn(version).catch(() => [])))).flat();
  }

  async #namesIn(groupVersion: string): Promise<NamedType[]> {
    const [group, version] = groupVersion.includes('/') ? (groupVersion.split('/') as [string, string]) : ['', groupVersion];
    const { resources } = await this.#transport.json<{ resources: DiscoveredResource[] }>({ method: 'GET', path: group ? `/apis/${groupVersion}` : `/api/${version}` });
    return resources.filter(({ name }) => !name.includes('/')).map(({ name, kind, namespaced, singularName, shortNames }) => (
      { type: { group, version, kind, plural: name, namespaced }, names: [kind, name, singularName ?? '', ...(shortNames ?? [])] }
    ));
  }

  async #discover(apiVersion: string): Promise<ResourceType[]> {
    const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
    try {
      const { resources } = await this.#transport.json<{ resources: { name: string; kind: string; namespaced: boolean }[] }>({ method: 'GET', path: group ? `/apis/${group}/${version}` : `/api/${version}` });
      return resources.filter(({ name }) => !name.includes('/')).map(({ name, kind, namespaced }) => ({ group, version, kind, plural: name, namespaced }));
    } catch (error) {
      if (isAppError(error, 'not-found')) return [];
      throw error;
    }
  }

  reconnect(): void {
    this.#discovery.clear();
    this.#transport.reset();
    for (const other of this.#others.values()) other.reconnect();
    for (const watch of this.#watches) watch.refresh();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const watch of [...this.#watches]) watch.close();
    await Promise.all([this.#transport.close(), ...[...this.#others.values()].map((other) => other.close())]);
  }
}

interface DiscoveredResource {
  name: string;
  kind: string;
  namespaced: boolean;
  singularName?: string;
  shortNames?: string[];
}

const POD: ResourceType = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };

/** Who wrote which field is a third of many objects and of no use here; a write without it leaves it as it is. */
function clean<T extends KubeObject>(object: T): T {
  if (isMap(object.metadata)) delete object.metadata['managedFields'];
  return object;
}

/** Kubernetes: FieldsV1, where `f:` is a field, `k:` an item by its keys, `v:` one by its value and `.` the thing itself. */
function fieldsOf(value: unknown, at: readonly string[] = []): string[][] {
  const inner = isMap(value) ? Object.entries(value).filter(([key]) => key !== '.') : [];
  if (inner.length === 0) return at.length > 0 ? [[...at]] : [];
  return inner.flatMap(([key, member]) => fieldsOf(member, [...at, segmentOf(key)]));
}

function segmentOf(key: string): string {
  const rest = key.slice(2);
  if (!key.startsWith('k:')) return key.startsWith('f:') ? rest : `[${rest}]`;
  const keys = JSON.parse(rest) as Record<string, unknown>;
  return `[${Object.entries(keys).map(([name, each]) => `${name}=${String(each)}`).join(',')}]`;
}

function typed(type: ResourceType, object: KubeObject): KubeObject {
  return { apiVersion: type.group ? `${type.group}/${type.version}` : type.version, kind: type.kind, ...object };
}
