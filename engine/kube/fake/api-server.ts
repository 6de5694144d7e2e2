/** A small HTTP API server over an object store, with faults on demand: what a client must live with, without a cluster. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAppError } from '../../spec/error.ts';
import type { KubeObject } from '../../spec/kubernetes.ts';
import type { Patch, ResourceType, WriteOptions } from '../port.ts';
import { statusOf } from '../status.ts';
import { ObjectStore } from '../store/store.ts';

export interface Faults {
  /** Answers before anything else; true when it did. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Watches send nothing, as behind a dead connection. */
  silent: boolean;
  /** The bearer token that is let in; everybody when absent. */
  token?: string;
  bookmarkMs: number;
}

export interface FakeApiServer {
  url: string;
  store: ObjectStore;
  faults: Faults;
  /** `GET /api/v1/pods?watch=1…`, oldest first. */
  requests: string[];
  /** TCP connections made so far. */
  connections: number;
  /** Writes a line into every open watch. */
  inject(line: string): void;
  /** Cuts every open watch. `reset` sends RST. */
  cutWatches(how: 'end' | 'reset'): void;
  openWatches(): number;
  close(): Promise<void>;
}

interface Route {
  type: ResourceType;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

const PATCHES: Record<string, Patch['type']> = { 'application/merge-patch+json': 'merge', 'application/json-patch+json': 'json', 'application/strategic-merge-patch+json': 'strategic', 'application/apply-patch+yaml': 'apply' };

function routeOf(path: string, store: ObjectStore): Route | undefined {
  const parts = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path);
  if (!parts) return undefined;
  const [, group = '', version = '', namespace, plural = '', name, subresource] = parts;
  const known = store.kinds.all().find(({ type }) => type.group === group && type.version === version && type.plural === plural)?.type;
  return { type: known ?? { group, version, plural, kind: plural, namespaced: namespace !== undefined }, namespace, name, subresource };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

export async function startFakeApiServer(store = new ObjectStore({ now: () => Date.now(), uid: () => crypto.randomUUID(), random: Math.random })): Promise<FakeApiServer> {
  const faults: Faults = { silent: false, bookmarkMs: 60_000 };
  const requests: string[] = [];
  const watches = new Set<ServerResponse>();
  const http = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void answer(request, response).catch((error: unknown) => {
      const status = statusOf(error) ?? { code: 500, reason: 'InternalError', message: isAppError(error) ? error.message : String(error) };
      send(response, status.code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', ...status });
    });
  });
  const send = (response: ServerResponse, code: number, body: unknown) => {
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (faults.intercept?.(request, response)) return;
    const url = new URL(request.url ?? '/', 'http://fake');
    if (faults.token !== undefined && request.headers.authorization !== `Bearer ${faults.token}`) {
      send(response, 401, { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
      return;
    }
    if (url.pathname === '/version') {
      send(response, 200, { major: '1', minor: '34', gitVersion: 'v1.34.4' });
      return;
    }
    const route = routeOf(url.pathname, store);
    if (!route) {
      send(response, 404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' });
      return;
    }
    if (url.searchParams.has('watch')) openWatch(route, url.searchParams, response);
    else send(response, 200, handle(route, request, url.searchParams, await bodyOf(request)));
  };
  const handle = ({ type, namespace, name, subresource }: Route, request: IncomingMessage, query: URLSearchParams, body: unknown): unknown => {
    const options: WriteOptions = { dryRun: query.has('dryRun'), ...(subresource === 'status' ? { subresource: 'status' } : {}) };
    switch (request.method) {
      case 'GET': return name === undefined ? list(type, namespace, query) : store.get(type, namespace, name);
      case 'POST': return store.create(type, { ...(body as KubeObject), metadata: { ...(body as KubeObject).metadata, ...(namespace === undefined ? {} : { namespace }) } }, options);
      case 'PUT': return store.replace(type, body as KubeObject, options);
      case 'PATCH': {
        const kind = PATCHES[request.headers['content-type'] ?? ''] ?? 'merge';
        const patch = kind === 'apply' ? { type: kind, body, fieldManager: query.get('fieldManager') ?? '', force: query.get('force') === 'true' } : { type: kind, body };
        return store.patch(type, namespace, name ?? '', patch as Patch, options);
      }
      default: {
        const { preconditions, gracePeriodSeconds, propagationPolicy } = (body ?? {}) as { preconditions?: { uid?: string }; gracePeriodSeconds?: number; propagationPolicy?: 'Background' };
        store.delete(type, namespace, name ?? '', { ...(preconditions?.uid === undefined ? {} : { uid: preconditions.uid }), ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }), ...(propagationPolicy === undefined ? {} : { propagationPolicy }) });
        return { kind: 'Status', status: 'Success' };
      }
    }
  };
  const selectors = (query: URLSearchParams) => ({ labelSelector: query.get('labelSelector') ?? '', fieldSelector: query.get('fieldSelector') ?? '' });
  const list = (type: ResourceType, namespace: string | undefined, query: URLSearchParams): unknown => {
    const { items, resourceVersion } = store.list(type, namespace, selectors(query));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? 0) || items.length;
    const more = from + limit < items.length;
    return { kind: 'List', metadata: { resourceVersion, ...(more ? { continue: String(from + limit) } : {}) }, items: items.slice(from, from + limit) };
  };
  const openWatch = ({ type, namespace }: Route, query: URLSearchParams, response: ServerResponse) => {
    const write = (event: string, object: unknown) => {
      if (!faults.silent) response.write(`${JSON.stringify({ type: event, object })}\n`);
    };
    // What lies in the past comes at once; a start too far back throws, before anything is answered.
    let ready = false;
    const early: [string, unknown][] = [];
    const stop = store.watch(type, namespace, selectors(query), Number(query.get('resourceVersion')), (event) => (ready ? write(event.type, event.object) : early.push([event.type, event.object])));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    ready = true;
    for (const [event, object] of early) write(event, object);
    watches.add(response);
    const bookmarks = setInterval(() => write('BOOKMARK', { kind: type.kind, metadata: { resourceVersion: String(store.revision) } }), faults.bookmarkMs);
    const timeout = setTimeout(() => response.end(), Number(query.get('timeoutSeconds')) * 1000);
    response.on('close', () => {
      stop();
      clearInterval(bookmarks);
      clearTimeout(timeout);
      watches.delete(response);
    });
  };
  const server: FakeApiServer = {
    url: '', store, faults, requests, connections: 0,
    inject: (line) => {
      for (const watch of watches) watch.write(`${line}\n`);
    },
    cutWatches: (how) => {
      for (const watch of [...watches]) {
        if (how === 'end') watch.end();
        else watch.socket?.resetAndDestroy();
      }
    },
    openWatches: () => watches.size,
    close: () => new Promise((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    }),
  };
  http.on('connection', () => (server.connections += 1));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return server;
}
