import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createImageConfigs, parseDockerConfig, parseImage } from './registry.ts';

test('image names are read by Docker\'s rules', () => {
  const table: [string, string, string, string][] = [
    ['nginx', 'docker.io', 'library/nginx', 'latest'],
    ['nginx:1.13', 'docker.io', 'library/nginx', '1.13'],
    ['docker/whalesay', 'docker.io', 'docker/whalesay', 'latest'],
    ['docker.io/library/busybox', 'docker.io', 'library/busybox', 'latest'],
    ['quay.io/argoproj/argosay:v2', 'quay.io', 'argoproj/argosay', 'v2'],
    ['localhost:5000/a/b', 'localhost:5000', 'a/b', 'latest'],
    ['host:5000/x:1@sha256:abc', 'host:5000', 'x', 'sha256:abc'],
    ['localhost/x', 'localhost', 'x', 'latest'],
  ];
  for (const [image, registry, repository, reference] of table) assert.deepEqual(parseImage(image), { registry, repository, reference });
});

test('credentials come out of a dockerconfigjson, and nonsense gives none', () => {
  const auth = Buffer.from('me:p:w').toString('base64');
  assert.deepEqual(parseDockerConfig(JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth }, 'r.io': { username: 'u', password: 'p' } } })),
    { 'docker.io': { username: 'me', password: 'p:w' }, 'r.io': { username: 'u', password: 'p' } });
  assert.deepEqual(parseDockerConfig('no json'), {});
});

/** A registry that wants a token, holds one multi-platform image, and counts its requests. */
async function registry(): Promise<{ endpoint: string; requests: string[]; close: () => void }> {
  const requests: string[] = [];
  const config = { config: { Entrypoint: ['/docker-entrypoint.sh'], Cmd: ['nginx', '-g', 'daemon off;'] } };
  const answers: Record<string, unknown> = {
    '/v2/library/nginx/manifests/latest': { manifests: [{ digest: 'sha256:win', platform: { os: 'windows', architecture: 'amd64' } }, { digest: 'sha256:lin', platform: { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' } }] },
    '/v2/library/nginx/manifests/sha256:lin': { config: { digest: 'sha256:cfg' } },
    '/v2/library/nginx/blobs/sha256:cfg': config,
  };
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://x');
    requests.push(url.pathname);
    if (url.pathname === '/token') return res.end(JSON.stringify({ token: `t-${url.searchParams.get('scope') ?? ''}` }));
    const port = (server.address() as AddressInfo).port;
    if (req.headers.authorization !== 'Bearer t-repository:library/nginx:pull' && url.pathname.includes('nginx')) {
      res.writeHead(401, { 'www-authenticate': `Bearer realm="http://127.0.0.1:${port}/token",service="s",scope="repository:library/nginx:pull"` });
      return res.end();
    }
    const body = answers[url.pathname];
    res.writeHead(body ? 200 : 404);
    return res.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close: () => server.close() };
}

test('an image\'s command is found through token, index and mirror, and asked for once', async (t) => {
  const { endpoint, requests, close } = await registry();
  t.after(close);
  const images = createImageConfigs({ mirrors: [{ registry: '*', endpoint }] });
  const [a, b] = await Promise.all([images.lookUp('nginx'), images.lookUp('nginx')]);
  assert.deepEqual(a, { entrypoint: ['/docker-entrypoint.sh'], cmd: ['nginx', '-g', 'daemon off;'] });
  assert.equal(a, b);
  assert.equal(requests.filter((r) => r === '/token').length, 1);
});

test('what no registry has is said with every place that was asked', async (t) => {
  const { endpoint, close } = await registry();
  t.after(close);
  const images = createImageConfigs({ mirrors: [{ registry: '*', endpoint }] });
  await assert.rejects(images.lookUp(`${new URL(endpoint).host}/none/such:1`), { code: 'not-found', message: /failed to look-up entrypoint\/cmd for image .*none\/such:1 is not there/ });
});
