/**
 * A Pod that speaks TLS with an authority of its own: an S3 store that checks signatures, regions, session tokens and how a
 * bucket is named, a git server behind a password, and an Artifactory behind OAuth 2's or basic credentials.
 */
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster, Pod } from '../../engine/kube/port.ts';

const CERTIFICATES = `mkdir /tls && cd /tls
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=test-authority 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout tls.key -out tls.csr -subj /CN=store 2>/dev/null
echo 'subjectAltName=DNS:tls,DNS:here.tls,DNS:made.tls' > san
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tls.crt -days 2 -extfile san 2>/dev/null
cd /srv && git init -q -b main sub && git init -q -b main repo && for r in sub repo; do git -C $r config user.email a@b; git -C $r config user.name n; done
echo inner > sub/f; git -C sub add f; git -C sub commit -qm 1
cd repo; echo one > f; git add f; git commit -qm 1; git tag v1; git -c protocol.file.allow=always submodule --quiet add ../sub inner; echo two > f; git commit -qam 2
exec node -e "$SERVER"
`;

/** The region that the store is in, and where requests have to be signed for. */
export const REGION = 'eu-test-1';

const SERVER = String.raw`
const { createHash, createHmac } = require('node:crypto'), { spawn } = require('node:child_process'), fs = require('node:fs'), http = require('node:http');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest(), sha = (text) => createHash('sha256').update(text).digest('hex');
const kept = new Map([['here', new Map()]]);
const coded = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
function fault(q, url, host) {
  const [, region, signed, signature] = /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(q.headers.authorization || '') || [];
  if (!region) return [403, 'AccessDenied', 'no signature'];
  if (region !== '${REGION}') return [400, 'AuthorizationHeaderMalformed', 'the region is wrong</Message><Region>${REGION}</Region><Message>'];
  if (q.headers['x-amz-security-token'] !== 'TOKEN' || !signed.includes('x-amz-security-token')) return [403, 'InvalidToken', 'the session token is wrong'];
  const query = [...url.searchParams].map(([k, v]) => coded(k) + '=' + coded(v)).sort().join('&');
  const date = q.headers['x-amz-date'], scope = date.slice(0, 8) + '/' + region + '/s3/aws4_request';
  const request = [q.method, url.pathname, query, ...signed.split(';').map((name) => name + ':' + q.headers[name].trim()), '', signed, q.headers['x-amz-content-sha256']].join('\n');
  const key = [date.slice(0, 8), region, 's3', 'aws4_request'].reduce((k, part) => hmac(k, part), 'AWS4SK');
  if (hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha(request)].join('\n')).toString('hex') !== signature) return [403, 'SignatureDoesNotMatch', 'the signature is wrong'];
}
function store(q, s, url, host, body) {
  const wrong = fault(q, url, host);
  const say = (status, code = '', message = '') => { s.statusCode = status; s.end(code && '<Error><Code>' + code + '</Code><Message>' + message + '</Message></Error>'); };
  if (wrong) return say(...wrong);
  const virtual = host.includes('.tls'), [, first, rest] = /^\/([^/]*)\/?(.*)$/.exec(url.pathname);
  const name = virtual ? host.split('.')[0] : first, key = virtual ? url.pathname.slice(1) : rest;
  if (!key && q.method === 'PUT') {
    if (!body.includes('<LocationConstraint>${REGION}<')) return say(400, 'IllegalLocationConstraintException', 'the bucket is to be elsewhere');
    kept.set(name, new Map());
    return say(200);
  }
  const bucket = kept.get(name);
  if (!bucket) return say(404, 'NoSuchBucket', 'no bucket ' + name);
  if (q.method === 'PUT') { bucket.set(key, body); return say(200); }
  if (!bucket.has(key)) return say(404, 'NoSuchKey', 'no key');
  s.end(bucket.get(key));
}
function git(q, s, url, body) {
  if (q.headers.authorization !== 'Basic ' + Buffer.from('me:pa"ss').toString('base64')) { s.statusCode = 401; s.setHeader('www-authenticate', 'Basic realm=git'); s.end(); return; }
  const child = spawn('git', ['http-backend'], { env: { ...process.env, GIT_PROJECT_ROOT: '/srv', GIT_HTTP_EXPORT_ALL: '1', PATH_INFO: url.pathname.slice(4), QUERY_STRING: url.search.slice(1), REQUEST_METHOD: q.method, CONTENT_TYPE: q.headers['content-type'] || '', HTTP_CONTENT_ENCODING: q.headers['content-encoding'] || '', CONTENT_LENGTH: String(body.length), REMOTE_USER: 'me', GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' } });
  const parts = [];
  child.stdout.on('data', (part) => parts.push(part)).on('end', () => {
    const all = Buffer.concat(parts), end = all.indexOf('\r\n\r\n');
    for (const line of all.subarray(0, end).toString().split('\r\n')) { const [, name, value] = /^([^:]+): (.*)$/.exec(line); if (name === 'Status') s.statusCode = parseInt(value); else s.setHeader(name, value); }
    s.end(all.subarray(end + 4));
  });
  child.stdin.end(body);
}
const files = new Map();
function plain(q, s, url, body) {
  if (url.pathname === '/token') { const form = new URLSearchParams(body.toString()); s.statusCode = form.get('client_secret') === 'cs' && form.get('scope') === 'a b' ? 200 : 401; s.end('{"access_token":"T0K"}'); return; }
  const basic = 'Basic ' + Buffer.from('me:pa"ss').toString('base64');
  if (q.headers.authorization !== (url.pathname.startsWith('/oauth') ? 'Bearer T0K' : basic)) { s.statusCode = 401; s.end(); return; }
  if (q.method === 'PUT') { files.set(url.pathname, body); s.statusCode = 201; s.end(); return; }
  s.statusCode = files.has(url.pathname) ? 200 : 404; s.end(files.get(url.pathname));
}
const heard = (answer) => (q, s) => { const parts = []; q.on('data', (part) => parts.push(part)).on('end', () => { const host = q.headers.host, url = new URL(q.url, 'http://x'); try { answer(q, s, url, host, Buffer.concat(parts)); } catch (error) { s.statusCode = 500; s.end(String(error.stack)); } }); };
require('node:https').createServer({ key: fs.readFileSync('/tls/tls.key'), cert: fs.readFileSync('/tls/tls.crt') }, heard((q, s, url, host, body) => url.pathname.startsWith('/git/') ? git(q, s, url, body) : store(q, s, url, host, body))).listen(9443);
http.createServer(heard((q, s, url, host, body) => plain(q, s, url, body))).listen(9080);
`;

/**
 * Starts the server as Service `tls` (9443 TLS, 9080 plain) with its Secret `tls`: ak, sk, token, ca.crt, user, pass, secret, url.
 * @returns the address of its Service
 */
export async function createTlsServer(cluster: Cluster, namespace: string): Promise<string> {
  const labels = { app: 'tls' };
  const service = await cluster.create(RESOURCE.service, { metadata: { name: 'tls', namespace }, spec: { selector: labels, ports: [{ name: 'tls', port: 9443 }, { name: 'plain', port: 9080 }] } });
  await cluster.create(RESOURCE.pod, {
    metadata: { name: 'tls', namespace, labels },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image: 'node:20', command: ['bash', '-ec', CERTIFICATES], env: [{ name: 'SERVER', value: SERVER.replaceAll('$', '$$$$') }], readinessProbe: { tcpSocket: { port: 9080 }, periodSeconds: 1 } }] },
  });
  for (let tries = 0; !(await cluster.get<Pod>(RESOURCE.pod, namespace, 'tls')).status?.containerStatuses?.[0]?.ready; tries++) {
    if (tries > 300) throw new Error('the TLS server did not become ready');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const { stdout } = await cluster.exec(namespace, 'tls', 'main', ['cat', '/tls/ca.crt']);
  await cluster.create(RESOURCE.secret, { metadata: { name: 'tls', namespace }, stringData: { ak: 'AK', sk: 'SK', token: 'TOKEN', 'ca.crt': stdout, user: 'me', pass: 'pa"ss', secret: 'cs', url: 'http://tls:9080/token' } });
  await cluster.create(RESOURCE.secret, { metadata: { name: 'bare', namespace }, stringData: { user: 'me', pass: 'pa"ss' } });
  return (service as { spec: { clusterIP?: string } }).spec.clusterIP ?? '';
}
