import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { loadKubeconfig, parseKubeconfig, watchKubeconfig } from './kubeconfig.ts';
import type { Kubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiphys-kubeconfig-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string | Buffer, name = `config-${files++}`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const config = (context: string, server: string, more = ''): string => `apiVersion: v1
kind: Config
current-context: ${context}
clusters:
- name: c
  cluster: {server: "${server}"}
users:
- name: u
  user: {token: ${context}-token}
contexts:
- name: ${context}
  context: {cluster: c, user: u, namespace: team}
${more}`;

const names = (loaded: Kubeconfig) => loaded.contexts.map((context) => context.name);
const PEM = Buffer.from('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n').toString('base64');

test('the first file to define a name wins, and to name a current context', async () => {
  const loaded = await loadKubeconfig({ env: { KUBECONFIG: [file(config('one', 'https://one')), '', file(config('two', 'https://two'))].join(delimiter) } });
  assert.deepEqual(names(loaded), ['one', 'two']);
  assert.equal(loaded.contexts.find(({ id }) => id === loaded.current)?.name, 'one');
  assert.deepEqual(loaded.contexts.map(({ cluster, user, namespace }) => [cluster?.server, user.token, namespace]), [['https://one', 'one-token', 'team'], ['https://one', 'one-token', 'team']]);
});

test('a context of a name that was there already is shown, by its own file', async () => {
  const second = file(config('same', 'https://two'));
  const loaded = await loadKubeconfig({ paths: [file(config('same', 'https://one')), second] });
  assert.deepEqual(loaded.contexts.map(({ label, cluster }) => [label, cluster?.server]), [['same', 'https://one'], [`same (${second})`, 'https://two']]);
  assert.equal(new Set(loaded.contexts.map(({ id }) => id)).size, 2);
});

test('one bad file does not hide the others', async () => {
  const big = file(Buffer.alloc(11 * 1024 * 1024, 32));
  const loaded = await loadKubeconfig({ paths: [file('a: [1'), join(folder, 'missing'), folder, file(Buffer.from([0xff, 0xfe, 0])), big, file('[1, 2]'), file(''), file(config('good', 'https://good'))] });
  assert.deepEqual(names(loaded), ['good']);
  assert.deepEqual(loaded.files.map(({ error }) => error !== undefined), [true, true, true, true, true, true, false, false]);
});

test('a bad context tells what is wrong, the others work', () => {
  const loaded = parseKubeconfig(config('good', 'https://good', `- name: no-cluster
  context: {cluster: nowhere, user: u}
- name: no-user
  context: {cluster: c, user: nobody}
`), '/somewhere/config');
  assert.deepEqual(loaded.contexts.map(({ name, problems }) => [name, problems.map(({ severity }) => severity)]), [['good', []], ['no-cluster', ['error']], ['no-user', ['error']]]);
  const faults = (cluster: unknown, user: unknown) => parseKubeconfig(JSON.stringify({ clusters: [{ name: 'c', cluster }], users: [{ name: 'u', user }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }] }), '/somewhere/config').contexts[0]?.problems.map(({ message }) => message) ?? [];
  const server = { server: 'https://x' };
  assert.match(faults({ server: 'x' }, {})[0] ?? '', /no address/);
  assert.match(faults({ server: 'ftp://x' }, {})[0] ?? '', /no http or https/);
  assert.match(faults({ ...server, 'certificate-authority-data': 'bm8=' }, {})[0] ?? '', /PEM/);
  assert.match(faults({ ...server, 'certificate-authority': 'ca.crt' }, {})[0] ?? '', /does not exist: \/somewhere\/ca\.crt/);
  assert.match(faults({ ...server, 'insecure-skip-tls-verify': true }, {})[0] ?? '', /not checked/);
  assert.match(faults(server, { 'auth-provider': { name: 'gcp' } })[0] ?? '', /removed/);
  assert.match(faults(server, { exec: { apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' } })[0] ?? '', /v1alpha1/);
});

test('paths are relative to their file, data wins over files, plugins are found beside the file', () => {
  const [context] = parseKubeconfig(JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://x', 'certificate-authority': 'ca.crt', 'certificate-authority-data': PEM, extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'a' } }] } }],
    users: [{ name: 'u', user: { tokenFile: 'sub/token', exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/plugin', env: [{ name: 'A', value: '1' }] }, 'as-groups': ['g'] } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  }), '/home/me/.kube/config').contexts;
  assert.deepEqual(context?.problems, []);
  assert.match(context.cluster?.authority.data ?? '', /BEGIN CERTIFICATE/);
  assert.deepEqual(context.cluster?.execExtension, { audience: 'a' });
  assert.equal(context.user.tokenFile, '/home/me/.kube/sub/token');
  assert.equal(context.user.exec?.command, '/home/me/.kube/bin/plugin');
  assert.deepEqual(context.user.exec.env, { A: '1' });
  assert.deepEqual(context.user.asGroups, ['g']);
});

test('without KUBECONFIG it is ~/.kube/config, and its absence is no fault', async () => {
  const home = join(folder, 'home');
  assert.deepEqual(await loadKubeconfig({ env: {}, home }), { contexts: [], files: [{ path: join(home, '.kube', 'config') }] });
  mkdirSync(join(home, '.kube'), { recursive: true });
  writeFileSync(join(home, '.kube', 'config'), `\uFEFF${config('home', 'https://home').replaceAll('\n', '\r\n')}`);
  assert.deepEqual(names(await loadKubeconfig({ env: {}, home })), ['home']);
});

test('a file that may not be read says so', { skip: process.getuid?.() === 0 ? 'root may read everything' : false }, async () => {
  const path = file(config('x', 'https://x'));
  chmodSync(path, 0);
  assert.match((await loadKubeconfig({ paths: [path] })).files[0]?.error ?? '', /permission denied/);
});

test('two thousand contexts are no burden', async () => {
  const many = Array.from({ length: 2000 }, (_, index) => index);
  const path = file(JSON.stringify({
    clusters: many.map((index) => ({ name: `c${index}`, cluster: { server: `https://c${index}` } })), users: many.map((index) => ({ name: `u${index}`, user: { token: 't' } })),
    contexts: many.map((index) => ({ name: `x${index}`, context: { cluster: `c${index}`, user: `u${index}` } })),
  }));
  const loaded = await loadKubeconfig({ paths: [path] });
  assert.equal(loaded.contexts.length, 2000);
  assert.equal(loaded.contexts.filter(({ problems }) => problems.length > 0).length, 0);
});

test('changes are told once each: written, renamed over, swapped behind a link, gone, back', async () => {
  const place = join(folder, 'watched');
  mkdirSync(place);
  const path = join(place, 'config');
  writeFileSync(path, config('first', 'https://x'));
  const seen: string[] = [];
  const watch = watchKubeconfig({ paths: [path] }, (loaded) => seen.push(names(loaded).join() || 'none'), 100);
  const shows = async (wanted: string) => {
    for (const end = Date.now() + 5000; seen.at(-1) !== wanted;) {
      if (Date.now() > end) throw new Error(`${wanted} never came: ${seen.join(' ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  try {
    await shows('first');
    writeFileSync(path, config('second', 'https://x'));
    await shows('second');
    writeFileSync(`${path}.new`, config('third', 'https://x'));
    renameSync(`${path}.new`, path);
    await shows('third');
    rmSync(path);
    await shows('none');
    const elsewhere = file(config('fourth', 'https://x'));
    symlinkSync(elsewhere, path);
    await shows('fourth');
    writeFileSync(elsewhere, config('fifth', 'https://x'));
    await shows('fifth');
    assert.deepEqual(seen, ['first', 'second', 'third', 'none', 'fourth', 'fifth']);
  } finally {
    watch.close();
  }
});
