import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash, createHmac, createVerify, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { PodPlan } from '../operate/types.ts';
import type { Artifact } from '../spec/types.ts';
import { COLLECT, DROP, LOAD, SAVE, ZIP } from './artifact-scripts.ts';
import { dropCall, inputTransfers, outputTransfers } from './transfers.ts';

/**
 * The scripts run here, on this machine's shell and curl, with the folders of a Pod's below a folder of the test. With
 * TIPHYS_TEST_BUSYBOX, the path of a static busybox, that one is the shell and has the tools.
 */
const busybox = process.env['TIPHYS_TEST_BUSYBOX'] ?? '';
const curl = spawnSync('curl', ['--version']).status === 0;
const skip = curl ? false : 'no curl on this machine';
const root = mkdtempSync(join(tmpdir(), 'tiphys-scripts-'));
after(() => rmSync(root, { recursive: true, force: true }));
for (const folder of ['argo/inputs/artifacts', 'var/run/tiphys/artifacts', 'argo/secret/cred', 'tmp', 'dev', 'out']) mkdirSync(join(root, folder), { recursive: true });
writeFileSync(join(root, 'var/run/tiphys/busybox'), `#!/bin/sh\nexec ${busybox} "$@"\n`, { mode: 0o755 });
const secret = (key: string, value: string): void => writeFileSync(join(root, 'argo/secret/cred', key), value);

const here = (text: string): string => text.replaceAll(/\/(argo\/inputs|argo\/secret|argo\/trust|var\/run\/tiphys|tmp\/tiphys-transfer|dev\/termination-log)/g, (path) => root + path);

interface Ended {
  code: number;
  output: string;
  /** What the script left in the termination message. */
  message: string;
}

function run(script: string, env: Record<string, string>, before = ''): Promise<Ended> {
  const log = join(root, 'dev/termination-log');
  writeFileSync(log, '');
  return new Promise((resolve) => {
    const child = execFile(busybox || '/bin/sh', [...(busybox ? ['sh'] : []), '-c', here(before + script)], { env: { PATH: process.env['PATH'] ?? '', ...Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)])) } }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr, message: readFileSync(log, 'utf8') }));
  });
}

const plan = (template: PodPlan['template']): PodPlan => ({ nodeId: 'n', nodeName: 'n', name: 'p', namespace: 'ns', labels: {}, annotations: {}, spec: { containers: [] }, template, includeResult: false });
const load = (artifact: Artifact): Promise<Ended> => {
  rmSync(join(root, 'argo/inputs/artifacts', artifact.name), { recursive: true, force: true });
  const [transfer] = inputTransfers(plan({ inputs: { artifacts: [{ path: '/in', ...artifact }] } }));
  return run(LOAD, { TIPHYS_LOAD: transfer!.call });
};
const save = async (artifact: Artifact): Promise<Ended> => {
  const [transfer] = outputTransfers(plan({ outputs: { artifacts: [artifact] } }));
  const left = join(root, 'var/run/tiphys/artifacts');
  rmSync(left, { recursive: true });
  mkdirSync(left);
  writeFileSync(join(left, '0.path'), transfer!.pack!.path);
  writeFileSync(join(left, '0.how'), `${transfer!.pack!.how}\n`);
  writeFileSync(join(root, 'var/run/tiphys/zip'), here(ZIP));
  const packed = await run(COLLECT, {}, `d=/var/run/tiphys; b=${busybox}\n`);
  assert.equal(packed.output, '');
  return run(`${SAVE}\nprintf '%s|%s' "$saved" "$faults" > /dev/termination-log\n`, { TIPHYS_SAVE: transfer!.call }, `d=/var/run/tiphys; b=${busybox}\n`);
};
const drop = (artifact: Artifact): Promise<Ended> => run(DROP, { TIPHYS_DROP: dropCall(artifact, artifact, '0') });
const loaded = (name: string): string => join(root, 'argo/inputs/artifacts', name);

/** Objects by their path, and what is asked of the server. */
const objects = new Map<string, Buffer>();
let authorize: (request: IncomingMessage, url: URL) => boolean = () => true;
let special: (request: IncomingMessage, url: URL, body: Buffer) => string | undefined = () => undefined;
let server: Server;
let origin = '';

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const url = new URL(request.url ?? '/', origin);
  const said = special(request, url, body);
  const path = decodeURIComponent(url.pathname);
  if (said !== undefined) response.end(said);
  else if (!authorize(request, url)) {
    response.statusCode = 403;
    response.end('<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>the signature does not match</Message></Error>');
  } else if (request.method === 'PUT') {
    objects.set(path, body);
    response.statusCode = 201;
    response.end();
  } else if (url.searchParams.get('comp') === 'list') {
    const marker = url.searchParams.get('marker');
    const names = [...objects.keys()].map((key) => key.slice(path.length + 1)).filter((name) => name.startsWith(url.searchParams.get('prefix') ?? '')).sort();
    const page = marker === null ? names.slice(0, 1) : names.slice(1);
    response.end(`<R>${page.map((name) => `<Blob><Name>${name.replaceAll('&', '&amp;')}</Name></Blob>`).join('')}<NextMarker>${marker === null && names.length > 1 ? 'two' : ''}</NextMarker></R>`);
  } else if (!objects.has(path)) {
    response.statusCode = 404;
    response.end('<Error><Code>BlobNotFound</Code><Message>no such blob</Message></Error>');
  } else if (request.method === 'DELETE') {
    objects.delete(path);
    response.end();
  } else response.end(objects.get(path));
}

before(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => answer(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

/** Azure's Shared Key, from its documentation: verb, eleven headers, x-ms headers, resource and parameters. */
function sharedKey(key: string): typeof authorize {
  return (request, url) => {
    const headers = Object.entries(request.headers).filter(([name]) => name.startsWith('x-ms-')).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}:${String(value)}\n`).join('');
    const length = request.headers['content-length'];
    const params = [...url.searchParams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `\n${name}:${value}`).join('');
    const text = [request.method, '', '', length === '0' || length === undefined ? '' : length, '', '', '', '', '', '', '', '', ''].join('\n') + headers + `/devaccount${url.pathname}${params}`;
    return request.headers.authorization === `SharedKey devaccount:${createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')}`;
  };
}

test('Azure: files and folders are written, read page by page and deleted, each request signed', { skip }, async () => {
  const key = Buffer.from('a key of some length, as accounts have one').toString('base64');
  secret('azure', key);
  authorize = sharedKey(key);
  const azure = (blob: string): Artifact => ({ name: 'a', path: join(root, 'out/dir'), archive: { none: {} }, azure: { endpoint: `${origin}/devaccount`, container: 'c', blob, accountKeySecret: { name: 'cred', key: 'azure' } } });
  mkdirSync(join(root, 'out/dir/sub'), { recursive: true });
  writeFileSync(join(root, 'out/dir/a & b'), 'one');
  writeFileSync(join(root, 'out/dir/sub/ü'), '');
  symlinkSync('/etc/passwd', join(root, 'out/dir/link'));
  assert.equal((await save(azure('x/dir'))).message, '0|');
  assert.deepEqual([...objects.keys()].sort(), ['/devaccount/c/x/dir/a & b', '/devaccount/c/x/dir/sub/ü'], 'links are not followed');
  const got = await load(azure('x/dir'));
  assert.deepEqual([got.code, got.output], [0, '']);
  assert.deepEqual(readdirSync(loaded('a'), { recursive: true }).sort(), ['a & b', 'sub', 'sub/ü']);
  assert.equal(readFileSync(join(loaded('a'), 'a & b'), 'utf8'), 'one');
  assert.equal((await save({ ...azure('x/f.zip'), archive: { zip: {} } })).message, '0|');
  assert.equal((await load({ ...azure('x/f.zip'), archive: {} })).code, 0);
  assert.equal(readFileSync(join(loaded('a'), 'a & b'), 'utf8'), 'one');
  assert.deepEqual((await drop(azure('x/dir'))).message, '{"failed":"","faults":""}');
  assert.deepEqual([...objects.keys()], ['/devaccount/c/x/f.zip']);
  const nothing = await load(azure('nope'));
  assert.deepEqual([nothing.code, nothing.message], [64, `failed to load the input artifact a: there is nothing at azure ${origin}/devaccount/c/nope`]);
  secret('azure', Buffer.from('another').toString('base64'));
  const refused = await load(azure('x/f.zip'));
  assert.equal(refused.message, `failed to load the input artifact a from azure ${origin}/devaccount/c/x/f.zip: AuthenticationFailed: the signature does not match (check the keys in the Secret cred)`);
  authorize = () => true;
  objects.clear();
});

test('OAuth 2: a token is asked for with the client\'s secret, and sent', { skip }, async () => {
  secret('id', 'me');
  secret('secret', 's&cret');
  secret('url', `${origin}/token`);
  let asked = '';
  special = (_request, url, body) => {
    if (url.pathname !== '/token') return undefined;
    asked = body.toString();
    return '{ "token_type": "bearer", "access_token" : "T0K" }';
  };
  authorize = (request) => request.headers.authorization === 'Bearer T0K';
  objects.set('/file', Buffer.from('data'));
  const ref = (key: string): { name: string; key: string } => ({ name: 'cred', key });
  const got = await load({ name: 'h', http: { url: `${origin}/file`, auth: { oauth2: { clientIDSecret: ref('id'), clientSecretSecret: ref('secret'), tokenURLSecret: ref('url'), scopes: ['a', 'b'], endpointParams: [{ key: 'k', value: 'v' }] } } } });
  assert.deepEqual([got.code, got.output, readFileSync(loaded('h'), 'utf8')], [0, '', 'data']);
  assert.deepEqual([...new URLSearchParams(asked)].sort(), [['client_id', 'me'], ['client_secret', 's&cret'], ['grant_type', 'client_credentials'], ['k', 'v'], ['scope', 'a b']]);
  special = () => undefined;
  authorize = () => true;
});

const openssl = spawnSync('openssl', ['version']).status === 0;

test('HTTP: who shows a client certificate gets in, who shows none is told', { skip: skip || (openssl ? false : 'no openssl on this machine') }, async (t) => {
  const make = `set -e
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=authority
for name in server client; do
  openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
  echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' > san
  openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $name.crt -days 2 -extfile san
done`;
  const tls = join(root, 'tls');
  mkdirSync(tls);
  assert.equal(spawnSync('sh', ['-c', make], { cwd: tls }).status, 0);
  const text = (file: string): string => readFileSync(join(tls, file), 'utf8');
  const closed = createTlsServer({ key: text('server.key'), cert: text('server.crt'), ca: text('ca.crt'), requestCert: true, rejectUnauthorized: false }, (request, response) => {
    response.statusCode = (request.socket as { authorized?: boolean }).authorized ? 200 : 403;
    response.end('secret');
  });
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  t.after(() => closed.close());
  secret('crt', text('client.crt'));
  secret('key', text('client.key'));
  const get = (auth: object): Promise<Ended> => {
    rmSync(loaded('h'), { recursive: true, force: true });
    const [transfer] = inputTransfers(plan({ inputs: { artifacts: [{ name: 'h', path: '/in', http: { url: `https://localhost:${(closed.address() as AddressInfo).port}/x`, ...auth } }] } }));
    return run(LOAD, { TIPHYS_LOAD: transfer!.call, CURL_CA_BUNDLE: join(tls, 'ca.crt') });
  };
  const shown = await get({ auth: { clientCert: { clientCertSecret: { name: 'cred', key: 'crt' }, clientKeySecret: { name: 'cred', key: 'key' } } } });
  assert.deepEqual([shown.code, shown.output, readFileSync(loaded('h'), 'utf8')], [0, '', 'secret']);
  assert.match((await get({})).message, /status 403 \(check the credentials\)$/);
});

test('Google: the service account signs with nothing but dc', { skip: skip || (busybox ? false : 'set TIPHYS_TEST_BUSYBOX to a static busybox, whose dc it takes') }, async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  secret('account', JSON.stringify({ client_email: 'a@b', token_uri: `${origin}/token`, private_key: privateKey }, null, 2));
  let verified: unknown;
  special = (_request, url, body) => {
    if (url.pathname !== '/token') return undefined;
    const [header = '', claim = '', signature = ''] = (new URLSearchParams(body.toString()).get('assertion') ?? '').split('.');
    const good = createVerify('RSA-SHA256').update(`${header}.${claim}`).verify(publicKey, Buffer.from(signature, 'base64url'));
    verified = good && JSON.parse(Buffer.from(claim, 'base64url').toString());
    return '{"access_token":"G"}';
  };
  authorize = (request) => request.headers.authorization === 'Bearer G';
  objects.set('/b/k', Buffer.from('data'));
  const [transfer] = inputTransfers(plan({ inputs: { artifacts: [{ name: 'g', path: '/in', gcs: { bucket: 'b', key: 'k', serviceAccountKeySecret: { name: 'cred', key: 'account' } } }] } }));
  const got = await run(LOAD, { TIPHYS_LOAD: transfer!.call.replace('https://storage.googleapis.com', origin) });
  assert.deepEqual([got.code, got.output, readFileSync(loaded('g'), 'utf8')], [0, '', 'data']);
  const { iss, aud, iat, exp } = verified as { iss: string; aud: string; iat: number; exp: number };
  assert.deepEqual([iss, aud, exp - iat], ['a@b', `${origin}/token`, 3600]);
  special = () => undefined;
  authorize = () => true;
});

test('a key that leads out of its folder is refused', { skip }, async () => {
  special = (_request, url) => (url.searchParams.get('list-type') === '2' ? '<R><EncodingType>url</EncodingType><Contents><Key>d/../../evil</Key></Contents></R>' : undefined);
  const got = await load({ name: 's', s3: { endpoint: origin.slice('http://'.length), bucket: 'b', insecure: true, key: 'd' } });
  assert.deepEqual([got.code, got.message], [64, 'failed to load the input artifact s: the key ../../evil leads out of its folder']);
  special = () => undefined;
});

test('the host keys of large servers are those that their owners publish', () => {
  // docs.github.com "GitHub's SSH key fingerprints", docs.gitlab.com "GitLab.com settings", support.atlassian.com "Configure SSH and two-step verification".
  const published: Record<string, string> = { 'github.com': '+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU', 'gitlab.com': 'eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8', 'bitbucket.org': 'ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM' };
  const known = [...LOAD.matchAll(/echo '(\S+) ssh-ed25519 (\S+)'/g)].map(([, host = '', key = '']) => [host, createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace('=', '')]);
  assert.deepEqual(Object.fromEntries(known), published);
});

const sshd = ['/usr/sbin/sshd', '/usr/bin/sshd'].find((program) => existsSync(program));
const noSsh = sshd && spawnSync('git', ['--version']).status === 0 ? false : 'no sshd and git on this machine';

test('git over ssh: with a key and a server that its Secret knows, a branch, a tag and a commit; not with one that it does not know', { skip: noSsh, timeout: 60_000 }, async (t) => {
  const ssh = join(root, 'ssh');
  mkdirSync(join(root, 'argo/trust/cred'), { recursive: true });
  mkdirSync(ssh);
  const keygen = (file: string): void => assert.equal(spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(ssh, file)]).status, 0);
  keygen('host');
  keygen('user');
  const make = 'git init -q -b main sub; git -C sub commit -q --allow-empty -m s; git init -q -b main repo; cd repo; echo one > f; git add f; git commit -qm 1; git tag v1; echo two > f; git commit -qam 2; git checkout -q -b other; echo three > f; git commit -qam 3; git -c protocol.file.allow=always submodule --quiet add ../sub inner; git commit -qm 4; git checkout -q main; git rev-parse v1';
  const identity = { GIT_AUTHOR_NAME: 'n', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'n', GIT_COMMITTER_EMAIL: 'a@b' };
  const commit = spawnSync('sh', ['-c', make], { cwd: ssh, env: { ...process.env, ...identity }, encoding: 'utf8' }).stdout.trim();
  const port = await freePort();
  writeFileSync(join(ssh, 'config'), `Port ${port}\nListenAddress 127.0.0.1\nHostKey ${ssh}/host\nAuthorizedKeysFile ${ssh}/user.pub\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n`);
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const daemon = spawn(sshd ?? '', ['-D', '-f', join(ssh, 'config')], { stdio: 'ignore' });
  t.after(() => daemon.kill());
  await reachable(port);
  secret('sshkey', readFileSync(join(ssh, 'user'), 'utf8').trim());
  const git = (more: object): Promise<Ended> => load({ name: 'g', git: { repo: `ssh://${userInfo().username}@127.0.0.1:${port}${ssh}/repo`, sshPrivateKeySecret: { name: 'cred', key: 'sshkey' }, ...more } });
  const strange = await git({});
  assert.equal(strange.code, 64);
  assert.match(strange.message, /Host key verification failed.*\(add the server's line of known_hosts to the Secret cred under the key known_hosts, or set insecureIgnoreHostKey\)$/);
  assert.equal((await git({ insecureIgnoreHostKey: true })).code, 0);
  writeFileSync(join(root, 'argo/trust/cred/known_hosts'), `[127.0.0.1]:${port} ${readFileSync(join(ssh, 'host.pub'), 'utf8').trim()}`);
  for (const [more, content] of [[{ revision: 'v1' }, 'one'], [{ revision: commit, depth: 1 }, 'one'], [{ fetch: ['refs/heads/other:refs/heads/mine'], revision: 'mine', singleBranch: true, branch: 'main', disableSubmodules: true }, 'three']] as [object, string][]) {
    const got = await git(more);
    assert.deepEqual([got.code, got.message], [0, ''], JSON.stringify(more));
    assert.equal(readFileSync(join(loaded('g'), 'f'), 'utf8').trim(), content, JSON.stringify(more));
  }
  const nested = await git({ branch: 'other', depth: 1 });
  assert.deepEqual([nested.code, existsSync(join(loaded('g'), 'inner/.git'))], [0, true], nested.message);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nothing listens');
}

test('the scripts are POSIX shell', () => {
  for (const [name, script] of Object.entries({ LOAD, SAVE, DROP, COLLECT, ZIP })) {
    const { status, stderr } = spawnSync('/bin/sh', ['-n', '-c', script], { encoding: 'utf8' });
    assert.equal(status, 0, `${name}: ${stderr}`);
  }
});
