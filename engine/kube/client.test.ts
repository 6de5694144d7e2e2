import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isAppError } from '../spec/error.ts';
import type { AppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import { createClient } from './client.ts';
import type { ClientOptions } from './client.ts';
import { clusterContract } from './contract.ts';
import { startFakeApiServer } from './fake/api-server.ts';
import type { FakeApiServer } from './fake/api-server.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { RESOURCE } from './port.ts';
import type { Cluster, WatchState } from './port.ts';
import { ObjectStore } from './store/store.ts';
import { proxyFor } from './transport.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiphys-client-'));
after(() => rmSync(folder, { recursive: true }));

function clientOf(url: string, user: unknown = { token: 't' }, options: ClientOptions = {}): Cluster {
  const config = { 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: url } }], users: [{ name: 'u', user }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }] };
  const [context] = parseKubeconfig(JSON.stringify(config), join(folder, 'config')).contexts;
  assert.ok(context);
  return createClient(context, { env: { PATH: process.env['PATH'] }, times: { backoffMs: 20, batchMs: 1, missingMs: 30 }, ...options });
}

const map = (name: string): KubeObject => ({ metadata: { name, namespace: 'default' } });

async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 5000; Date.now() < end;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never: ${what}`);
}

interface Seen {
  names: Set<string>;
  states: WatchState[];
  resets: number;
  close(): void;
  refresh(): void;
}

function follow(cluster: Cluster): Seen {
  const seen: Seen = { names: new Set(), states: [], resets: 0, close: () => undefined, refresh: () => undefined };
  const subscription = cluster.watch(RESOURCE.configMap, 'default', {}, {
    onChange: ({ upserts, removed, reset }) => {
      if (reset) {
        seen.names.clear();
        seen.resets += 1;
      }
      for (const object of upserts) seen.names.add(object.metadata.name ?? '');
      for (const object of removed) seen.names.delete(object.metadata.name ?? '');
    },
    onState: (state) => seen.states.push(state),
  });
  seen.close = () => subscription.close();
  seen.refresh = () => subscription.refresh();
  return seen;
}

async function withServer(body: (server: FakeApiServer) => Promise<void>): Promise<void> {
  const server = await startFakeApiServer();
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

const live = (seen: Seen) => until('live', () => seen.states.at(-1)?.state === 'live');

test('calls share few connections', () => withServer(async (server) => {
  const cluster = clientOf(server.url, { token: 't' }, { connections: 4 });
  await Promise.all(Array.from({ length: 60 }, (_, index) => cluster.create(RESOURCE.configMap, map(`m-${index}`))));
  assert.ok(server.connections <= 4, `${server.connections} connections`);
  assert.equal((await cluster.list(RESOURCE.configMap, 'default')).items.length, 60);
  await cluster.close();
}));

test('long lists come in pages; a page that is gone starts the list over', () => withServer(async (server) => {
  for (let index = 0; index < 1200; index += 1) server.store.create(RESOURCE.configMap, map(`m-${index}`));
  const cluster = clientOf(server.url);
  assert.equal((await cluster.list(RESOURCE.configMap, 'default')).items.length, 1200);
  assert.equal(server.requests.length, 3);
  server.faults.intercept = (request, response) => {
    if (!request.url?.includes('continue=')) return false;
    response.writeHead(410, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', reason: 'Expired', message: 'too old', code: 410 }));
    return true;
  };
  assert.equal((await cluster.list(RESOURCE.configMap, 'default')).items.length, 1200);
  await cluster.close();
}));

test('a watch that falls silent is noticed, said, and made anew from where it was', () => withServer(async (server) => {
  server.faults.bookmarkMs = 10;
  const cluster = clientOf(server.url, undefined, { times: { backoffMs: 20, batchMs: 1, idleMs: 80 } });
  const seen = follow(cluster);
  await live(seen);
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.faults.silent = true;
  server.store.create(RESOURCE.configMap, map('missed'));
  const lost = await until('reconnecting', () => seen.states.find(({ state }) => state === 'reconnecting'));
  assert.ok(lost.state === 'reconnecting' && isAppError(lost.error, 'timeout'));
  server.faults.silent = false;
  await until('missed is seen', () => seen.names.has('missed'));
  assert.equal(seen.resets, 1, 'no new list was needed');
  seen.close();
  await cluster.close();
}));

test('410 in the stream, a garbage line, an end and a reset: each is survived', () => withServer(async (server) => {
  const cluster = clientOf(server.url);
  const seen = follow(cluster);
  await live(seen);
  const step = async (name: string, harm: () => void, lists: number) => {
    const before = server.requests.length;
    harm();
    await until('asked again', () => server.requests.length > before && server.openWatches() === 1 && seen.states.at(-1)?.state === 'live');
    server.store.create(RESOURCE.configMap, map(name));
    await until(`${name} is seen`, () => seen.names.has(name));
    assert.equal(server.requests.slice(before).filter((line) => !line.includes('watch=')).length, lists, `${name}: ${server.requests.slice(before).join()}`);
  };
  await step('after-410', () => server.inject(JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } })), 1);
  await step('after-garbage', () => server.inject('{"type":"MODI'), 0);
  await step('after-end', () => server.cutWatches('end'), 0);
  await step('after-reset', () => server.cutWatches('reset'), 0);
  assert.deepEqual([...seen.names].sort(), ['after-410', 'after-end', 'after-garbage', 'after-reset']);
  seen.close();
  await until('the watch is closed at the server', () => server.openWatches() === 0);
  await cluster.close();
}));

test('a watch that cannot be resumed reads the list again and drops what is gone', () => withServer(async (server) => {
  const cluster = clientOf(server.url, undefined, { times: { backoffMs: 300, batchMs: 1 } });
  server.store.create(RESOURCE.configMap, map('old'));
  const seen = follow(cluster);
  await live(seen);
  server.faults.intercept = (request, response) => {
    if (!request.url?.includes('watch=')) return false;
    response.socket?.destroy();
    return true;
  };
  server.cutWatches('reset');
  await until('reconnecting', () => seen.states.at(-1)?.state === 'reconnecting');
  server.store.delete(RESOURCE.configMap, 'default', 'old');
  server.store.create(RESOURCE.configMap, map('new'));
  server.store.compact();
  delete server.faults.intercept;
  await until('relisted', () => seen.resets === 2);
  assert.deepEqual([...seen.names], ['new']);
  seen.close();
  await cluster.close();
}));

test('forbidden is a state: nothing is asked until told', () => withServer(async (server) => {
  let allowed = false;
  server.faults.intercept = (_request, response) => {
    if (allowed) return false;
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'configmaps is forbidden', code: 403 }));
    return true;
  };
  const cluster = clientOf(server.url);
  const seen = follow(cluster);
  await until('forbidden', () => seen.states.at(-1)?.state === 'forbidden');
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(server.requests.length, 1);
  allowed = true;
  seen.refresh();
  await live(seen);
  seen.close();
  await cluster.close();
}));

test('429 is waited out as asked, for writes too; other refusals of writes are not repeated', () => withServer(async (server) => {
  let left = 2;
  server.faults.intercept = (_request, response) => {
    if (left-- <= 0) return false;
    response.writeHead(429, { 'retry-after': '0.05', 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'slow down', code: 429 }));
    return true;
  };
  const cluster = clientOf(server.url);
  const before = Date.now();
  await cluster.create(RESOURCE.configMap, map('a'));
  assert.ok(Date.now() - before >= 95, 'it has waited');
  assert.equal(server.requests.length, 3);
  left = 1;
  server.faults.intercept = (request, response) => {
    if (left-- <= 0) return false;
    request.resume();
    response.socket?.destroy();
    return true;
  };
  await assert.rejects(cluster.create(RESOURCE.configMap, map('b')), (error) => isAppError(error, 'unreachable') && error.retryable);
  assert.equal(server.requests.length, 4, 'whether it was carried out is not known, so it is not sent again');
  left = 1;
  assert.equal((await cluster.get(RESOURCE.configMap, 'default', 'a')).metadata.name, 'a', 'a read is');
  await cluster.close();
}));

test('a call has a deadline for all of it', () => withServer(async (server) => {
  server.faults.intercept = () => true;
  const cluster = clientOf(server.url, undefined, { deadline: 100 });
  const before = Date.now();
  await assert.rejects(cluster.get(RESOURCE.configMap, 'default', 'a'), (error) => isAppError(error, 'timeout') && error.retryable);
  assert.ok(Date.now() - before < 2000);
  await cluster.close();
}));

test('what is no API server is said to be none', async () => {
  const page = createServer((_request, response) => response.end('<html>Log in</html>'));
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const cluster = clientOf(`http://127.0.0.1:${(page.address() as AddressInfo).port}`);
  await assert.rejects(cluster.version(), (error) => isAppError(error) && error.message.includes('not an API server'));
  await cluster.close();
  page.close();
});

function plugin(script: string): { exec: unknown; count: () => number; info: () => Record<string, unknown> } {
  const base = join(folder, Math.random().toString(36).slice(2));
  writeFileSync(`${base}.sh`, `echo x >> ${base}.count; printf '%s' "$KUBERNETES_EXEC_INFO" > ${base}.info\n${script}`);
  return {
    exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: [`${base}.sh`], provideClusterInfo: true, interactiveMode: 'Never', installHint: 'Install the thing.' },
    count: () => readFileSync(`${base}.count`, 'utf8').split('\n').length - 1,
    info: () => JSON.parse(readFileSync(`${base}.info`, 'utf8')) as Record<string, unknown>,
  };
}

const credential = (token: string, expires?: string) => JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token, ...(expires === undefined ? {} : { expirationTimestamp: expires }) } });

test('a credential plugin runs once however many calls wait, and is told what it needs', () => withServer(async (server) => {
  server.faults.token = 'good';
  const { exec, count, info } = plugin(`sleep 0.1; echo '${credential('good')}'`);
  const cluster = clientOf(server.url, { exec });
  await Promise.all(Array.from({ length: 10 }, () => cluster.list(RESOURCE.configMap, 'default')));
  const another = clientOf(server.url, { exec });
  await another.list(RESOURCE.configMap, 'default');
  assert.equal(count(), 1);
  assert.deepEqual(info(), { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', spec: { interactive: false, cluster: { server: server.url } } });
  await cluster.close();
  await another.close();
}));

test('an expired or refused token is fetched anew, once', () => withServer(async (server) => {
  const file = join(folder, 'token');
  writeFileSync(file, 'one');
  const { exec, count } = plugin(`printf '%s' '${credential('TOKEN')}' | sed "s/TOKEN/$(cat ${file})/"`);
  server.faults.token = 'one';
  const cluster = clientOf(server.url, { exec });
  await cluster.version();
  writeFileSync(file, 'two');
  server.faults.token = 'two';
  await Promise.all([cluster.version(), cluster.version(), cluster.version()]);
  assert.equal(count(), 2);
  server.faults.token = 'three';
  await assert.rejects(cluster.version(), (error) => isAppError(error, 'unauthorized') && error.hint !== undefined);
  assert.equal(count(), 3);
  await cluster.close();
}));

test('a plugin that fails, hangs, or is not there says so', () => withServer(async (server) => {
  const refused = async (exec: unknown, options: ClientOptions = {}): Promise<AppError> => {
    const cluster = clientOf(server.url, { exec }, options);
    try {
      await cluster.version();
    } catch (error) {
      assert.ok(isAppError(error, 'unauthorized'), String(error));
      return error;
    } finally {
      await cluster.close();
    }
    throw new Error('it was let in');
  };
  const failed = await refused(plugin('echo "session has ended" >&2; exit 3').exec);
  assert.match(failed.message, /failed with code 3\.\nsession has ended/);
  assert.equal(failed.hint, 'Install the thing.');
  const missing = await refused({ apiVersion: 'client.authentication.k8s.io/v1', command: 'tiphys-no-such-plugin', installHint: 'Get it there.' });
  assert.match(missing.message, /was not found/);
  assert.equal(missing.hint, 'Get it there.');
  assert.match((await refused(plugin('sleep 20').exec, { pluginTimeLimit: 100 })).message, /did not answer in time/);
  assert.match((await refused(plugin('echo hello').exec)).message, /not JSON/);
}));

test('a token file that was written anew is read anew', () => withServer(async (server) => {
  const file = join(folder, 'token-file');
  writeFileSync(file, 'one\n');
  utimesSync(file, 1, 1);
  server.faults.token = 'one';
  const cluster = clientOf(server.url, { tokenFile: file });
  await cluster.version();
  writeFileSync(file, 'two\n');
  server.faults.token = 'two';
  await cluster.version();
  await cluster.close();
}));

test('who may act for a service account does so in its name; who acts for somebody already does not', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => {
      asked.push(`${request.url ?? ''} ${String(request.headers['impersonate-user'] ?? '-')} ${String(request.headers.authorization)}`);
      response.end(request.method === 'POST' ? JSON.stringify({ status: { allowed: (JSON.parse(body) as { spec: { resourceAttributes: { name: string } } }).spec.resourceAttributes.name === 'yes' } }) : '{"metadata":{"name":"x"}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = clientOf(url, { token: 't' });
  assert.equal(await cluster.asServiceAccount('ns', 'no'), undefined);
  const other = await cluster.asServiceAccount('ns', 'yes');
  await other?.get(RESOURCE.configMap, 'ns', 'x');
  assert.equal(asked.at(-1), '/api/v1/namespaces/ns/configmaps/x system:serviceaccount:ns:yes Bearer t');
  assert.equal(await cluster.asServiceAccount('ns', 'yes'), other);
  assert.equal(await other?.asServiceAccount('ns', 'yes'), undefined);
  const jane = clientOf(url, { token: 't', as: 'jane' });
  assert.equal(await jane.asServiceAccount('ns', 'yes'), undefined);
  await Promise.all([cluster.close(), jane.close()]);
  server.close();
});

test('impersonation, basic login and proxies are sent as the kubeconfig says', async () => {
  const headers: Record<string, unknown>[] = [];
  const raw: string[][] = [];
  const server = createServer((request, response) => {
    headers.push(request.headers);
    raw.push(request.rawHeaders);
    response.end('{"major":"1","minor":"30+","gitVersion":"v1.30.1"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cluster = clientOf(url, { username: 'u', password: 'p:x', as: 'jane', 'as-groups': ['a', 'b'], 'as-uid': '7', 'as-user-extra': { 'Scope/x': ['1', '2'] } });
  assert.deepEqual(await cluster.version(), { major: 1, minor: 30, gitVersion: 'v1.30.1' });
  assert.equal(headers.at(0)?.['authorization'], `Basic ${Buffer.from('u:p:x').toString('base64')}`);
  assert.equal(headers.at(0)?.['impersonate-user'], 'jane');
  assert.equal(raw.flat().filter((word) => word.toLowerCase() === 'impersonate-group').length, 2);
  assert.equal(raw.flat().filter((word) => word.toLowerCase() === 'impersonate-extra-scope%2fx').length, 2);
  await cluster.close();
  const tunnels: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    for (const each of [upstream, socket]) each.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const config = { clusters: [{ name: 'c', cluster: { server: 'http://cluster.example:80', 'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` } }], users: [], contexts: [{ name: 'c', context: { cluster: 'c' } }] };
  const [context] = parseKubeconfig(JSON.stringify(config), '/x/config').contexts;
  assert.ok(context);
  const proxied = createClient(context, { env: {} });
  assert.equal((await proxied.version()).minor, 30);
  assert.deepEqual(tunnels, ['cluster.example:80']);
  await proxied.close();
  proxy.close();
  server.close();
  server.closeAllConnections();
});

test('NO_PROXY as Go programs read it', () => {
  const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'corp.example, .dot.example,10.0.0.0/8,host.example:8443' };
  const through = (url: string) => proxyFor(new URL(url), env) !== undefined;
  assert.deepEqual(
    ['https://a.example', 'https://corp.example', 'https://x.corp.example', 'https://dot.example', 'https://x.dot.example', 'https://10.1.2.3', 'https://11.1.2.3', 'https://host.example:8443', 'https://host.example', 'https://localhost', 'https://127.0.0.1:6443'].map(through),
    [true, false, false, true, false, false, true, false, true, false, false],
  );
});

test('a followed log goes on after the connection is lost, with no line twice', async () => {
  const lines = Array.from({ length: 6 }, (_, index) => `2026-01-01T00:00:0${Math.floor(index / 2)}.00000000${index}Z line ${index}`);
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const since = new URL(request.url ?? '', 'http://x').searchParams.get('sinceTime') ?? '';
    const shown = lines.filter((line) => line.slice(0, 19) >= since.slice(0, 19));
    if (asked.length === 1) {
      response.write(`${shown.slice(0, 4).join('\n')}\nhalf a li`);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
    } else response.end(`${shown.join('\n')}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cluster = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let text = '';
  for await (const chunk of cluster.logs('default', 'p', { follow: true })) text += Buffer.from(chunk).toString();
  assert.equal(text, lines.map((line) => `${line.slice(line.indexOf(' ') + 1)}\n`).join(''));
  assert.equal(asked.length, 2);
  await cluster.close();
  server.close();
});

test('a context with a fault cannot be connected to, and says why', () => {
  const [context] = parseKubeconfig('{"contexts":[{"name":"c","context":{"cluster":"gone"}}]}', '/x/config').contexts;
  assert.ok(context);
  assert.throws(() => createClient(context), (error) => isAppError(error, 'invalid') && error.message.includes('"gone"'));
});

clusterContract('client over HTTP', async () => {
  const server = await startFakeApiServer(new ObjectStore({ now: () => Date.now(), uid: () => crypto.randomUUID(), random: Math.random, strictNamespaces: true }));
  const cluster = clientOf(server.url);
  const discover = (path: string) => server.store.kinds.all().filter(({ type }) => path === (type.group ? `/apis/${type.group}/${type.version}` : `/api/${type.version}`));
  server.faults.intercept = (request, response) => {
    const found = request.method === 'GET' ? discover(request.url ?? '') : [];
    if (found.length > 0) response.end(JSON.stringify({ resources: found.map(({ type }) => ({ name: type.plural, kind: type.kind, namespaced: type.namespaced })) }));
    else if (request.url?.includes('selfsubjectaccessreviews')) response.end('{"status":{"allowed":true}}');
    else return false;
    return true;
  };
  server.store.create(RESOURCE.namespace, { metadata: { name: 'contract' } });
  return {
    cluster, namespace: 'contract', runsPods: false,
    close: async () => {
      await cluster.close();
      await server.close();
    },
  };
});
