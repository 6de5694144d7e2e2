/** http templates on the real cluster: a Pod asks a server that another step runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../../engine/kube/port.ts';
import { connect, kubeconfigPath, NO_CLUSTER, told, withEngine, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();

/** Says what it was asked: method, path, headers and body. `/moved` leads elsewhere, `/slow` takes its time. */
const SERVER = `
require('http').createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const { method, url, headers } = request;
  if (url === '/slow') await new Promise((resolve) => setTimeout(resolve, 20000));
  const code = url === '/moved' ? 302 : url === '/teapot' ? 418 : 200;
  response.writeHead(code, { 'X-Answer': 'yes', ...(code === 302 && { Location: '/there' }) });
  response.end(JSON.stringify({ method, path: url, key: headers['x-key'] ?? null, type: headers['content-type'] ?? null, body }) + String.fromCharCode(10));
}).listen(8000);
`;

test('http templates ask, send secrets and bodies, follow redirects, and fail as they should', { skip: kubeconfig === undefined ? NO_CLUSTER : false }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-http', (namespace) => withEngine(cluster, namespace, async (play) => {
      await cluster.create(RESOURCE.secret, { metadata: { name: 'key', namespace }, stringData: { key: 'it\'s "$HOME" \\ secret' } });
      const header = { name: 'X-Key', valueFrom: { secretKeyRef: { name: 'key', key: 'key' } } };
      const requests: Record<string, object> = {
        get: { url: 'BASE/a/../b?c={d}[1]', headers: [header], successCondition: 'response.statusCode == 200 && response.headers["X-Answer"][0] == "yes"' },
        post: { url: 'BASE/post', method: 'POST', body: '{"a": "$(HOME) \'\\"{{workflow.name}}"}' }, put: { url: 'BASE/put', method: 'PUT', bodyFrom: { bytes: Buffer.from('bytes').toString('base64') }, headers: [{ name: 'Content-Type', value: 'text/x' }] },
        head: { url: 'BASE/head', method: 'HEAD' }, moved: { url: 'BASE/moved' }, teapot: { url: 'BASE/teapot' }, unfit: { url: 'BASE/x', successCondition: 'response.body contains "nope"' },
        slow: { url: 'BASE/slow', timeoutSeconds: 2 }, nowhere: { url: 'http://nowhere.invalid/' }, secure: { url: 'https://kubernetes.default.svc/version' }, trusting: { url: 'https://kubernetes.default.svc/version', insecureSkipVerify: true },
      };
      const templates = Object.entries(requests).map(([name, http]) => ({ name, inputs: { parameters: [{ name: 'base' }] }, http: JSON.parse(JSON.stringify(http).replaceAll('BASE', 'http://{{inputs.parameters.base}}:8000')) as object }));
      const run = await play(JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'asks' }, spec: { entrypoint: 'main', templates: [
        { name: 'main', steps: [[{ name: 'server', template: 'server' }], Object.keys(requests).map((name) => ({ name, template: name, continueOn: { failed: true }, arguments: { parameters: [{ name: 'base', value: '{{steps.server.ip}}' }] } }))] },
        { name: 'server', daemon: true, container: { image: 'node:20', command: ['node', '-e', SERVER], readinessProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1 } } }, ...templates,
      ] } }));
      const end = told(run);
      const result = (name: string): unknown => JSON.parse(Object.values(run.status?.nodes ?? {}).find(({ displayName }) => displayName === name)?.outputs?.result ?? 'null');
      for (const name of ['get', 'post', 'put', 'head', 'moved', 'trusting']) assert.equal(end[name], 'Succeeded', JSON.stringify(end));
      assert.equal(Object.values(run.status?.nodes ?? {}).find(({ displayName }) => displayName === 'get')?.type, 'HTTP');
      assert.deepEqual(result('get'), { method: 'GET', path: '/a/../b?c={d}[1]', key: 'it\'s "$HOME" \\ secret', type: null, body: '' });
      assert.deepEqual(result('post'), { method: 'POST', path: '/post', key: null, type: null, body: '{"a": "$(HOME) \'\\"asks"}' });
      assert.deepEqual(result('put'), { method: 'PUT', path: '/put', key: null, type: 'text/x', body: 'bytes' });
      assert.equal((result('moved') as { path: string }).path, '/there');
      assert.equal(end['teapot'], 'Failed: received non-2xx response code: 418');
      assert.equal(end['unfit'], 'Failed: successCondition \'response.body contains "nope"\' evaluated false');
      assert.match(end['slow'] ?? '', /^Failed: curl: \(28\) /);
      assert.match(end['nowhere'] ?? '', /^Failed: curl: \(6\) Could not resolve host: nowhere\.invalid/);
      assert.match(end['secure'] ?? '', /^Failed: curl: \(60\) /);
    }));
  } finally {
    await cluster.close();
  }
});
