import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeCluster } from '../kube/fake/index.ts';
import { RESOURCE } from '../kube/port.ts';
import { readText } from '../controller/text.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { ArtifactLocation, Workflow } from '../spec/types.ts';
import { artifactsOf, locateArtifact } from './locate.ts';
import { ArtifactStores } from './stores.ts';
import { decodeEntities } from './xml.ts';

const NS = 'ns';

interface Asked {
  method: string;
  url: string;
  authorization: string;
}

/** A store that answers what `answer` says, behind a Service of a cluster whose Pods are this process. */
async function withStore(answer: (asked: Asked, response: ServerResponse) => void, body: (stores: ArtifactStores, asked: Asked[]) => Promise<void>): Promise<void> {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, authorization: headers.authorization ?? '' });
    answer(asked.at(-1)!, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  const cluster = createFakeCluster();
  const labels = { app: 'minio' };
  await cluster.create(RESOURCE.service, { metadata: { name: 'minio', namespace: NS }, spec: { selector: labels, ports: [{ port: 9000, targetPort: 's3' }] } });
  await cluster.create(RESOURCE.secret, { metadata: { name: 'cred', namespace: NS }, data: { access: btoa('KEY'), secret: btoa('SECRET') } });
  const pod: Pod = { metadata: { name: 'minio-0', namespace: NS, labels }, spec: { containers: [{ name: 's3', image: 's3', ports: [{ name: 's3', containerPort: port }] }] } };
  await cluster.create(RESOURCE.pod, pod);
  cluster.setPodStatus(NS, 'minio-0', { phase: 'Running', containerStatuses: [{ name: 's3', ready: true, state: { running: {} } }] });
  const stores = new ArtifactStores(cluster, undefined);
  try {
    await body(stores, asked);
  } finally {
    await stores.close();
    await cluster.close();
    server.close();
  }
}

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
    assert.deepEqual(await stores.files(NS, at('a b/ü.txt')), { files: [{ path: '', size: 5 }], more: false });
    const { size, contentType, body } = await stores.read(NS, at('a b/ü.txt'), { start: 1, end: 2 });
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
    assert.deepEqual(await stores.files(NS, at('d')), { files: [{ path: 'x y\n.txt', size: 7, modifiedAt: '2026-01-01T00:00:00.000Z' }], more: true });
    assert.equal(asked[1]?.url, '/b/?encoding-type=url&list-type=2&max-keys=1000&prefix=d%2F');
    await assert.rejects(stores.read(NS, at('d'), { file: '../x' }), { code: 'invalid' });
  });
});

test('the region that a store names is taken', async () => {
  await withStore((asked, response) => {
    if (asked.authorization.includes('/eu-north-1/')) { response.end('ok'); return; }
    response.statusCode = 400;
    response.end('<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-north-1</Region></Error>');
  }, async (stores) => {
    assert.equal(await readText((await stores.read(NS, at('k'))).body), 'ok');
  });
});

test('what refuses says where, why and what to do', async () => {
  await withStore((asked, response) => {
    response.statusCode = asked.url.startsWith('/b/') ? 403 : 404;
    response.end(asked.method === 'HEAD' ? '' : asked.url.startsWith('/b/') ? '<Error><Code>InvalidAccessKeyId</Code><Message>no such &quot;key&quot;</Message></Error>' : '<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>');
  }, async (stores) => {
    await assert.rejects(stores.files(NS, at('k')), { code: 'unauthorized', message: 'The artifact store refused minio:9000/b/k: InvalidAccessKeyId: no such "key"', hint: /access key in the Secret/ });
    await assert.rejects(stores.files(NS, at('k', { bucket: 'c' })), { code: 'not-found', message: /NoSuchBucket/ });
    await assert.rejects(stores.read(NS, at('k', { accessKeySecret: { name: 'none', key: 'a' } })), { code: 'not-found', message: 'The Secret none with the keys of the artifact store is not there.' });
    await assert.rejects(stores.read(NS, at('k', { accessKeySecret: { name: 'cred', key: 'a' } })), { code: 'not-found', message: 'The Secret cred has no key "a".' });
    await assert.rejects(stores.read(NS, { hdfs: { path: '/x' } }), { code: 'unsupported', message: 'Artifacts of kind hdfs cannot be read from here.' });
    assert.equal(await readText((await stores.read(NS, { raw: { data: 'héllo' } }, { start: 1, end: 2 })).body), 'é');
  });
});

test('a Service without a Pod that is ready says so', async () => {
  const cluster = createFakeCluster();
  await cluster.create(RESOURCE.service, { metadata: { name: 'minio', namespace: NS }, spec: { selector: { app: 'x' }, ports: [{ port: 9000 }] } });
  const stores = new ArtifactStores(cluster, undefined);
  await assert.rejects(stores.read(NS, { s3: { endpoint: 'minio.ns.svc:9000', bucket: 'b', key: 'k' } }), { code: 'unavailable', message: 'No Pod behind the Service ns/minio is ready.' });
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
  assert.equal(await readText((await stores.read(NS, local('run/f'), { start: 1, end: 2 })).body), 'el');
  assert.deepEqual((await stores.files(NS, local('run/dir'))).files.map((file) => file.path), ['g']);
  await assert.rejects(stores.read(NS, local('../secret')), { code: 'invalid' });
  await assert.rejects(stores.read(NS, local('run/link')), { code: 'invalid' });
  await assert.rejects(stores.files(NS, local('nope')), { code: 'not-found' });
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
