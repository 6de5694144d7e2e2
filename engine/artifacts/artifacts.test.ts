import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac, createVerify, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent } from 'undici';
import { createFakeCluster } from '../kube/fake/index.ts';
import { RESOURCE } from '../kube/port.ts';
import { readText } from '../controller/text.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { ArtifactLocation, Workflow } from '../spec/types.ts';
import type { ReadArtifactOptions } from '../api.ts';
import { filesOf, readWithin } from './contents.ts';
import { artifactsOf, locateArtifact } from './locate.ts';
import { googleAuth } from './google.ts';
import { ANYBODY, S3Store } from './s3.ts';
import { ArtifactStores } from './stores.ts';
import { decodeEntities } from './xml.ts';

const NS = 'ns';

interface Asked {
  method: string;
  url: string;
  authorization: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A store that answers what `answer` says, behind a Service of a cluster whose Pods are this process. */
async function withStore(answer: (asked: Asked, response: ServerResponse) => void, use: (stores: ArtifactStores, asked: Asked[], origin: string) => Promise<void>): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { method = '', url = '', headers } = request;
    void readText(request as AsyncIterable<Uint8Array>).then((body) => {
      const one = { method, url, headers, body, authorization: headers.authorization ?? '' };
      asked.push(one);
      answer(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  const cluster = createFakeCluster();
  const labels = { app: 'minio' };
  await cluster.create(RESOURCE.service, { metadata: { name: 'minio', namespace: NS }, spec: { selector: labels, ports: [{ port: 9000, targetPort: 's3' }] } });
  await cluster.create(RESOURCE.secret, { metadata: { name: 'cred', namespace: NS }, data: { access: btoa('KEY'), secret: btoa('SECRET'), tokens: btoa('http://minio:9000/token'), azure: btoa(btoa('SECRET')) } });
  const pod: Pod = { metadata: { name: 'minio-0', namespace: NS, labels }, spec: { containers: [{ name: 's3', image: 's3', ports: [{ name: 's3', containerPort: port }] }] } };
  await cluster.create(RESOURCE.pod, pod);
  cluster.setPodStatus(NS, 'minio-0', { phase: 'Running', containerStatuses: [{ name: 's3', ready: true, state: { running: {} } }] });
  const stores = new ArtifactStores(cluster, undefined);
  try {
    await use(stores, asked, `http://127.0.0.1:${port}`);
  } finally {
    await stores.close();
    await cluster.close();
    server.close();
  }
}

const files = async (stores: ArtifactStores, namespace: string, location: ArtifactLocation): ReturnType<typeof filesOf> => filesOf(await stores.open(namespace, location));
const read = async (stores: ArtifactStores, namespace: string, location: ArtifactLocation, options?: ReadArtifactOptions): ReturnType<typeof readWithin> => readWithin(await stores.open(namespace, location), options);

const at = (key: string, more: Record<string, unknown> = {}): ArtifactLocation => ({
  s3: { endpoint: 'minio:9000', bucket: 'b', insecure: true, key, accessKeySecret: { name: 'cred', key: 'access' }, secretKeySecret: { name: 'cred', key: 'secret' }, ...more },
});

test('an object of a store inside the cluster is looked at, read in part and linked, signed each time', async () => {
  await withStore((asked, response) => {
    response.setHeader('content-type', 'text/plain');
    if (asked.method === 'HEAD') response.setHeader('content-length', '5');
    else response.setHeader('content-range', 'bytes 1-2/5');
    response.end(asked.method === 'HEAD' ? '' : 'el');
  }, async (stores, asked) => {
    assert.deepEqual(await files(stores, NS, at('a b/ü.txt')), { files: [{ path: '', size: 5 }], more: false });
    const { size, contentType, body } = await read(stores, NS, at('a b/ü.txt'), { start: 1, end: 2 });
    assert.deepEqual([size, contentType, await readText(body)], [5, 'text/plain', 'el']);
    assert.deepEqual(asked.map(({ method, url }) => `${method} ${url}`), ['HEAD /b/a%20b/%C3%BC.txt', 'GET /b/a%20b/%C3%BC.txt']);
    for (const { authorization } of asked) assert.match(authorization, /^AWS4-HMAC-SHA256 Credential=KEY\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/);
    const { url, seconds } = await stores.presign(NS, at('a'), { file: "it's", seconds: 1e9 });
    assert.equal(seconds, 604_800);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/b\/a\/it%27s\?.*X-Amz-Signature=/);
    assert.ok(!url.includes('SECRET'));
  });
});

test('a folder lists what is below it, with names as they are', async () => {
  await withStore((asked, response) => {
    if (asked.method === 'HEAD') { response.statusCode = 404; response.end(); return; }
    response.end('<R><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>d/x+y%0A.txt</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>7</Size></Contents></R>');
  }, async (stores, asked) => {
    assert.deepEqual(await files(stores, NS, at('d')), { files: [{ path: 'x y\n.txt', size: 7, modifiedAt: '2026-01-01T00:00:00.000Z' }], more: true });
    assert.equal(asked[1]?.url, '/b/?encoding-type=url&list-type=2&max-keys=1000&prefix=d%2F');
    await assert.rejects(read(stores, NS, at('d'), { file: '../x' }), { code: 'invalid' });
  });
});

test('the region that a store names is taken', async () => {
  await withStore((asked, response) => {
    if (asked.authorization.includes('/eu-north-1/')) { response.end('ok'); return; }
    response.statusCode = 400;
    response.end('<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-north-1</Region></Error>');
  }, async (stores) => {
    assert.equal(await readText((await read(stores, NS, at('k'))).body), 'ok');
  });
});

test('what refuses says where, why and what to do', async () => {
  await withStore((asked, response) => {
    response.statusCode = asked.url.startsWith('/b/') ? 403 : 404;
    response.end(asked.method === 'HEAD' ? '' : asked.url.startsWith('/b/') ? '<Error><Code>InvalidAccessKeyId</Code><Message>no such &quot;key&quot;</Message></Error>' : '<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>');
  }, async (stores) => {
    await assert.rejects(files(stores, NS, at('k')), { code: 'unauthorized', message: 'The artifact store refused minio:9000/b/k: InvalidAccessKeyId: no such "key"', hint: /access key in the Secret/ });
    await assert.rejects(files(stores, NS, at('k', { bucket: 'c' })), { code: 'not-found', message: /NoSuchBucket/ });
    await assert.rejects(read(stores, NS, at('k', { accessKeySecret: { name: 'none', key: 'a' } })), { code: 'not-found', message: 'The Secret none with the keys of the artifact store is not there.' });
    await assert.rejects(read(stores, NS, at('k', { accessKeySecret: { name: 'cred', key: 'a' } })), { code: 'not-found', message: 'The Secret cred has no key "a".' });
    await assert.rejects(read(stores, NS, { hdfs: { path: '/x' } }), { code: 'unsupported', message: 'Artifacts of kind hdfs cannot be read from here.' });
    assert.equal(await readText((await read(stores, NS, { raw: { data: 'héllo' } }, { start: 1, end: 2 })).body), 'é');
  });
});

test('a Service without a Pod that is ready says so', async () => {
  const cluster = createFakeCluster();
  await cluster.create(RESOURCE.service, { metadata: { name: 'minio', namespace: NS }, spec: { selector: { app: 'x' }, ports: [{ port: 9000 }] } });
  const stores = new ArtifactStores(cluster, undefined);
  await assert.rejects(read(stores, NS, { s3: { endpoint: 'minio.ns.svc:9000', bucket: 'b', key: 'k' } }), { code: 'unavailable', message: 'No Pod behind the Service ns/minio is ready.' });
  await stores.close();
});

test('a folder of this machine is a store, and nothing outside of it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tiphys-artifacts-'));
  after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'store/run/dir'), { recursive: true });
  writeFileSync(join(root, 'store/run/f'), 'hello');
  writeFileSync(join(root, 'store/run/dir/g'), 'x');
  writeFileSync(join(root, 'secret'), 's');
  symlinkSync(join(root, 'secret'), join(root, 'store/run/link'));
  const stores = new ArtifactStores(createFakeCluster(), join(root, 'store'));
  const local = (key: string): ArtifactLocation => ({ s3: { endpoint: 'folder.tiphys.local', bucket: 'artifacts', key } });
  assert.equal(await readText((await read(stores, NS, local('run/f'), { start: 1, end: 2 })).body), 'el');
  assert.deepEqual((await files(stores, NS, local('run/dir'))).files.map((file) => file.path), ['g']);
  await assert.rejects(read(stores, NS, local('../secret')), { code: 'invalid' });
  await assert.rejects(read(stores, NS, local('run/link')), { code: 'invalid' });
  await assert.rejects(files(stores, NS, local('nope')), { code: 'not-found' });
  assert.equal((await stores.presign(NS, local('run/f'), {})).url, `file://${root}/store/run/f`);
});

test('an artifact of a run is found with the settings of its template, or of the run\'s repository', () => {
  const repository = { s3: { endpoint: 'minio:9000', bucket: 'b', keyFormat: 'x' } };
  const node = { id: 'n', name: 'w', displayName: 'w', type: 'Pod' as const, templateName: 't', templateScope: 'local/w', phase: 'Succeeded' as const };
  const run = (archive?: ArtifactLocation): Workflow => ({
    metadata: { name: 'w' }, spec: { templates: [{ name: 't', container: { image: 'i' }, ...(archive && { archiveLocation: archive }) }] },
    status: { artifactRepositoryRef: { artifactRepository: repository }, nodes: { n: { ...node, outputs: { artifacts: [{ name: 'o', path: '/o', s3: { key: 'k/o.tgz' } }, { name: 'old', deleted: true, s3: { key: 'z' } }] } } } },
  });
  assert.deepEqual(locateArtifact(run(), { nodeId: 'n', name: 'o' }).location, { s3: { endpoint: 'minio:9000', bucket: 'b', key: 'k/o.tgz' } });
  assert.deepEqual(locateArtifact(run({ s3: { endpoint: 'other', bucket: 'c', key: 'y' } }), { nodeId: 'n', name: 'o' }).location, { s3: { endpoint: 'other', bucket: 'c', key: 'k/o.tgz' } });
  assert.deepEqual(artifactsOf(run()), [
    { nodeId: 'n', name: 'o', direction: 'output', kind: 's3', key: 'k/o.tgz', archive: 'tar', deleted: false, path: '/o' },
    { nodeId: 'n', name: 'old', direction: 'output', kind: 's3', key: 'z', archive: 'none', deleted: true },
  ]);
  assert.throws(() => locateArtifact(run(), { nodeId: 'n', name: 'old' }), { code: 'gone' });
  assert.throws(() => locateArtifact(run(), { nodeId: 'n', name: 'nope' }), { code: 'not-found' });
});

test('entities', () => {
  assert.equal(decodeEntities('&lt;&amp;&#x41;&#66;&#x110000;&x;'), '<&AB&#x110000;&x;');
});

test('one file of an HTTP server: its headers, its credentials, redirects, servers that know neither HEAD nor ranges', async () => {
  const told: IncomingHttpHeaders[] = [];
  await withStore(({ method, url, headers }, response) => {
    told.push(headers);
    if (url === '/token') { response.end(JSON.stringify({ access_token: 'given' })); return; }
    if (url === '/moved') { response.writeHead(302, { location: '/x' }).end(); return; }
    if (url === '/loop') { response.writeHead(302, { location: '/loop' }).end(); return; }
    if (method === 'HEAD') { response.writeHead(405).end(); return; }
    if (url === '/none') { response.writeHead(404).end(); return; }
    if (headers.authorization !== `Basic ${btoa('KEY:SECRET')}` && headers.authorization !== 'Bearer given') { response.writeHead(401).end(); return; }
    response.end('all of it');
  }, async (stores, asked) => {
    const secret = (key: string): { name: string; key: string } => ({ name: 'cred', key });
    const http = (path: string, auth: object): ArtifactLocation => ({ http: { url: `http://minio:9000${path}`, headers: [{ name: 'X-More', value: 'yes' }], auth } });
    const basic = { basicAuth: { usernameSecret: secret('access'), passwordSecret: secret('secret') } };
    assert.deepEqual(await files(stores, NS, http('/x', basic)), { files: [{ path: '', size: 9 }], more: false });
    assert.equal(await readText((await read(stores, NS, http('/moved', basic), { start: 4, end: 5 })).body), 'of');
    assert.equal(told.at(-1)?.['x-more'], 'yes');
    const client = { oauth2: { clientIDSecret: secret('access'), clientSecretSecret: secret('secret'), tokenURLSecret: secret('tokens'), scopes: ['a', 'b'], endpointParams: [{ key: 'audience', value: 'me' }] } };
    assert.equal(await readText((await read(stores, NS, http('/x', client))).body), 'all of it');
    const body = asked.find(({ url }) => url === '/token')?.body;
    assert.equal(body, 'grant_type=client_credentials&client_id=KEY&client_secret=SECRET&scope=a+b&audience=me');
    await assert.rejects(read(stores, NS, http('/x', {})), { code: 'unauthorized', hint: /credentials/ });
    await assert.rejects(files(stores, NS, http('/none', basic)), { code: 'not-found' });
    await assert.rejects(read(stores, NS, http('/loop', basic)), { code: 'unavailable', message: /without end/ });
    await assert.rejects(stores.presign(NS, http('/x', basic), {}), { code: 'unsupported', hint: /Download/ });
    const open: ArtifactLocation = { artifactory: { url: 'http://minio:9000/x?y=1' } };
    const { url, local } = await stores.presign(NS, open, {});
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/x\?y=1$/);
    assert.equal(local, true);
  });
});

/** Microsoft: "Authorize with Shared Key", checked as a server does. */
function sharedKey({ method, url, headers }: Asked, account: string, key: string): string {
  const { pathname, searchParams } = new URL(url, 'http://x');
  const line = (name: string): string => String(headers[name] ?? '');
  const standard = ['content-encoding', 'content-language', 'content-length', 'content-md5', 'content-type', 'date', 'if-modified-since', 'if-match', 'if-none-match', 'if-unmodified-since', 'range'].map(line);
  const ours = Object.keys(headers).filter((name) => name.startsWith('x-ms-')).sort().map((name) => `${name}:${line(name)}`);
  const query = [...searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${value}`);
  const text = [method, ...standard, ...ours, [`/${account}${pathname}`, ...query].join('\n')].join('\n');
  return `SharedKey ${account}:${createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')}`;
}

test('Azure: requests by Shared Key, folders page by page, a link that is a SAS', async () => {
  const account = 'devaccount';
  const key = Buffer.from('SECRET').toString('base64');
  await withStore((asked, response) => {
    const { method, url } = asked;
    const { pathname, searchParams } = new URL(url, 'http://x');
    if (asked.authorization !== sharedKey(asked, account, key)) { response.writeHead(403).end(method === 'HEAD' ? '' : '<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>Wrong.\nRequestId:1</Message></Error>'); return; }
    if (searchParams.get('comp') === 'list') {
      const second = searchParams.get('marker') === 'two';
      const name = second ? 'd/z&amp;.txt' : 'd/a b.txt';
      response.end(`<EnumerationResults><Blobs><Blob><Name>${name}</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified><Content-Length>7</Content-Length></Properties></Blob></Blobs><NextMarker>${second ? '' : 'two'}</NextMarker></EnumerationResults>`);
    } else if (pathname.endsWith('/ü.txt') || pathname.endsWith('/%C3%BC.txt')) response.writeHead(method === 'GET' ? 206 : 200, method === 'GET' ? { 'content-range': 'bytes 1-2/5' } : { 'content-length': '5' }).end(method === 'HEAD' ? '' : 'el');
    else response.writeHead(404).end();
  }, async (stores) => {
    const azure = (blob: string, secret = 'azure'): ArtifactLocation => ({ azure: { endpoint: `http://minio:9000/${account}`, container: 'c', blob, accountKeySecret: { name: 'cred', key: secret } } });
    assert.deepEqual(await files(stores, NS, azure('ü.txt')), { files: [{ path: '', size: 5 }], more: false });
    assert.equal(await readText((await read(stores, NS, azure('ü.txt'), { start: 1, end: 2 })).body), 'el');
    assert.deepEqual(await files(stores, NS, azure('d')), { files: [{ path: 'a b.txt', size: 7, modifiedAt: '2026-01-01T00:00:00.000Z' }], more: true });
    assert.deepEqual((await stores.keys(NS, azure('d'), 10)).keys, ['d/a b.txt', 'd/z&.txt']);
    await assert.rejects(files(stores, NS, azure('ü.txt', 'access')), { code: 'unauthorized', message: 'The artifact store refused minio:9000/c/ü.txt: AuthenticationFailed: Wrong.', hint: /secret key in the Secret/ });
    const { url } = await stores.presign(NS, azure('a b'), { seconds: 60 });
    const { pathname, searchParams } = new URL(url);
    assert.equal(pathname, `/${account}/c/a%20b`);
    const signed = ['r', '', searchParams.get('se'), `/blob/${account}/c/a b`, '', '', '', '2021-08-06', 'b', '', '', '', '', '', '', ''].join('\n');
    assert.equal(searchParams.get('sig'), createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64'));
    assert.ok(Math.abs(Date.parse(searchParams.get('se') ?? '') - Date.now() - 60_000) < 5000);
  });
});

test('Google: a token for the service account, and links in its own name', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const isSigned = (text: string, signature: Buffer): boolean => createVerify('RSA-SHA256').update(text).verify(publicKey, signature);
  let tokens = 0;
  await withStore(({ url, authorization, body }, response) => {
    if (url === '/token') {
      tokens += 1;
      const assertion = new URLSearchParams(body).get('assertion') ?? '';
      const at = assertion.lastIndexOf('.');
      const claim = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()) as { iss?: string; scope?: string };
      const good = isSigned(assertion.slice(0, at), Buffer.from(assertion.slice(at + 1), 'base64url')) && claim.iss === 'me@project' && claim.scope === 'https://www.googleapis.com/auth/devstorage.read_only';
      response.writeHead(good ? 200 : 401).end(JSON.stringify({ access_token: 'token' }));
    } else if (authorization === 'Bearer token') response.end('content');
    else response.writeHead(401).end();
  }, async (_stores, _asked, origin) => {
    const agent = new Agent();
    const key = { client_email: 'me@project', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), token_uri: `${origin}/token` };
    const auth = googleAuth(JSON.stringify(key), agent);
    const store = new S3Store({ endpoint: new URL(origin).host, bucket: 'b', insecure: true, virtualHosted: false }, auth, agent);
    assert.equal(await readText((await store.get('k')).body), 'content');
    assert.equal((await store.head('k'))?.key, 'k');
    assert.equal(tokens, 1);
    const link = new URL(await store.presign('a b', 60));
    const query = link.search.slice(1).split('&X-Goog-Signature=');
    const time = link.searchParams.get('X-Goog-Date') ?? '';
    const request = `GET\n/b/a%20b\n${query[0] ?? ''}\nhost:${link.host}\n\nhost\nUNSIGNED-PAYLOAD`;
    const text = `GOOG4-RSA-SHA256\n${time}\n${time.slice(0, 8)}/auto/storage/goog4_request\n${createHash('sha256').update(request).digest('hex')}`;
    assert.match(time, /^\d{8}T\d{6}Z$/);
    assert.ok(isSigned(text, Buffer.from(query[1] ?? '', 'hex')));
    const open = new S3Store({ endpoint: new URL(origin).host, bucket: 'b', insecure: true, virtualHosted: false }, ANYBODY, agent);
    await assert.rejects(open.get('k'), { code: 'unauthorized', hint: /names no Secret/ });
    assert.throws(() => googleAuth('{"secret":"text"}', agent), { code: 'invalid', message: /no key file/ });
    await agent.destroy();
  });
});
