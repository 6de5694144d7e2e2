import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createEngine } from '../../engine/index.ts';
import type { ArtifactRef, Engine } from '../../engine/index.ts';
import { readText } from '../../engine/controller/text.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import type { Artifact, NodeStatus, Template, Workflow, WorkflowSpec } from '../../engine/spec/types.ts';
import { createTlsServer, REGION } from './tls-server.ts';
import { connect, createArtifactStore, kubeconfigPath, mirrors, NO_CLUSTER, STORE, storePod, storeReady, withNamespace } from './support.ts';

const bash = (script: string, rest: Partial<Template> = {}): Template => ({ container: { image: 'debian', command: ['bash', '-c'], args: [script] }, ...rest });
const none = { archive: { none: {} } };

interface World {
  cluster: Cluster;
  namespace: string;
  engine: Engine;
  dataDir: string;
  /** Runs templates; the first is the entrypoint. */
  run: (name: string, templates: Record<string, Template>, spec?: WorkflowSpec) => Promise<Workflow>;
}

/** `make`, whose outputs `use` gets as inputs of the same names, at /in/NAME. */
function handOver(make: Template, use: Template): Record<string, Template> {
  const artifacts = make.outputs?.artifacts ?? [];
  const from = artifacts.map(({ name }) => ({ name, from: `{{steps.make.outputs.artifacts.${name}}}` }));
  return {
    main: { steps: [[{ name: 'make', template: 'make' }], [{ name: 'use', template: 'use', arguments: { artifacts: from } }]] },
    make, use: { ...use, inputs: { ...use.inputs, artifacts: [...artifacts.map(({ name }) => ({ name, path: `/in/${name}` })), ...(use.inputs?.artifacts ?? [])] } },
  };
}

const nodesOf = (run: Workflow): NodeStatus[] => Object.values(run.status?.nodes ?? {});
const step = (run: Workflow, name: string): NodeStatus => nodesOf(run).find((node) => node.displayName === name && node.type === 'Pod')!;
const only = (run: Workflow): NodeStatus => nodesOf(run).find((node) => node.type === 'Pod')!;
const value = (node: NodeStatus, name: string): string => node.outputs?.parameters?.find((each) => each.name === name)?.value ?? '';
const at = (key: string, more: Record<string, unknown> = {}): Partial<Artifact> => ({ s3: { ...STORE, key, ...more } });
const saves = (more: Partial<Artifact>, script = 'echo hi > /tmp/o'): Record<string, Template> => ({ main: bash(script, { outputs: { artifacts: [{ name: 'o', path: '/tmp/o', ...more }] } }) });
const loads = (more: Partial<Artifact>, script = 'cat /in/a > /tmp/p'): Record<string, Template> => ({ main: bash(script, { inputs: { artifacts: [{ name: 'a', path: '/in/a', ...more }] }, outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }] } }) });

const tests: Record<string, (world: World) => Promise<void>> = {
  'files, folders, archives and names as they are, from one step to the next': async ({ run }) => {
    const done = await run('pass', handOver(
      bash(String.raw`mkdir -p /out/dir/sub; echo hello > '/out/dir/a b'; printf x > $'/out/dir/new\nline"q\\'; echo 3 > /out/dir/sub/c; ln -s /etc/passwd /out/dir/link; seq 100000 > /etc/plain`, {
        outputs: { artifacts: [{ name: 'dir', path: '/out/dir' }, { name: 'plain', path: '/etc/plain', archive: { tar: { compressionLevel: 9 } } }, { name: 'zipped', path: '/out/dir', archive: { zip: {} } }, { name: 'files', path: '/out/dir', ...none }, { name: 'maybe', path: '/nope', optional: true }].slice(0, 4) },
      }),
      bash('cd /in; find . -type f | sort | cat -A > /tmp/p; wc -l < plain >> /tmp/p; readlink dir/link >> /tmp/p; cat text >> /tmp/p', {
        inputs: { artifacts: [{ name: 'text', path: '/in/text', raw: { data: 'it\'s $HOME $(X) $$ "ü"' }, mode: 0o600 }] }, outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }] },
      }),
    ));
    assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(nodesOf(done).map((node) => node.message)));
    const make = step(done, 'make');
    const pod = `art/pass/pass-make-${make.id.split('-').at(-1)!}`;
    assert.deepEqual(make.outputs?.artifacts?.map((each) => each.s3?.['key']), [`${pod}/dir.tgz`, `${pod}/plain.tgz`, `${pod}/zipped.zip`, `${pod}/dir`]);
    const folder = (name: string): string[] => [`./${name}/a b$`, `./${name}/new$`, 'line"q\\$', `./${name}/sub/c$`];
    const seen = value(step(done, 'use'), 'p').split('\n');
    assert.deepEqual(seen.slice(0, -3).sort(), [...folder('dir'), ...folder('files'), './plain$', './text$', ...folder('zipped')].sort());
    assert.deepEqual(seen.slice(-3), ['100000', '/etc/passwd', 'it\'s $HOME $(X) $$ "ü"']);
  },

  '200 MiB, a folder of 5,000 files, a parameter of 64 KiB and a long result': async ({ run, engine, namespace }) => {
    const done = await run('large', handOver(
      bash('head -c 209715200 /dev/urandom > /tmp/big; sha256sum < /tmp/big > /tmp/sum; mkdir /tmp/many; cd /tmp/many; for i in $(seq 5000); do echo $i > "file number $i"; done; head -c 65536 /dev/zero | tr "\\\\0" x > /tmp/param; seq 60000', {
        outputs: { parameters: [{ name: 'sum', valueFrom: { path: '/tmp/sum' } }, { name: 'param', valueFrom: { path: '/tmp/param' } }], artifacts: [{ name: 'big', path: '/tmp/big', ...none }, { name: 'many', path: '/tmp/many', ...none }] },
      }),
      bash('ls /in/many | wc -l > /tmp/p; cat /in/many/* | sort -n | sha256sum >> /tmp/p; sha256sum < /in/big >> /tmp/p; test -n "{{inputs.parameters.r}}"', { inputs: { parameters: [{ name: 'r', value: 'x' }] }, outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }] } }),
    ));
    assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(nodesOf(done).map((node) => node.message)));
    const make = step(done, 'make');
    assert.equal(value(make, 'param').length, 65_536);
    const numbers = createHash('sha256').update(Array.from({ length: 5000 }, (_, i) => `${i + 1}\n`).join('')).digest('hex');
    assert.deepEqual(value(step(done, 'use'), 'p').split('\n'), ['5000', `${numbers}  -`, value(make, 'sum').trim()]);
    const { size, body } = await engine.readArtifact(namespace, 'large', { nodeId: make.id, name: 'big' });
    const hash = createHash('sha256');
    for await (const chunk of body) hash.update(chunk);
    assert.deepEqual([size, `${hash.digest('hex')}  -`], [209_715_200, value(make, 'sum').trim()]);
    const { files, more } = await engine.artifactFiles(namespace, 'large', { nodeId: make.id, name: 'many' });
    assert.deepEqual([files.length, more], [1000, true]);
  },

  'without a shell, without root, without a writable file system, without a token, at the restricted level': async ({ run, cluster, namespace }) => {
    const shellless = await run('shellless', { main: { container: { image: 'e2e/shell-less', command: ['/say', 'hello', '/x'] }, outputs: { artifacts: [{ name: 'o', path: '/x', ...none }] } } });
    assert.equal(shellless.status?.phase, 'Succeeded');
    const enforce = (level: string | null): Promise<unknown> => cluster.patch(RESOURCE.namespace, undefined, namespace, { type: 'merge', body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': level } } } });
    const securityContext = { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const work = { volumes: [{ name: 'w', emptyDir: {} }] };
    const w = { image: 'debian', volumeMounts: [{ name: 'w', mountPath: '/out' }], securityContext };
    await enforce('restricted');
    try {
      const done = await run('restricted', {
        main: { steps: [[{ name: 'make', template: 'make' }], [{ name: 'use', template: 'use', arguments: { artifacts: [{ name: 'a', from: '{{steps.make.outputs.artifacts.o}}' }] } }]] },
        make: {
          ...work, inputs: { artifacts: [{ name: 'a', path: '/in/a', raw: { data: 'hello' } }, { name: 'f', path: '/out/f', ...at('seed/folder') }] },
          container: { ...w, command: ['bash', '-c'], args: ['cp /in/a /out/o; cat /out/f/f >> /out/o'] }, outputs: { artifacts: [{ name: 'o', path: '/out/o' }] },
        },
        use: { ...work, inputs: { artifacts: [{ name: 'a', path: '/in/a' }] }, script: { ...w, command: ['bash'], source: 'cat /in/a > /out/p; id -u >> /out/p' }, outputs: { parameters: [{ name: 'p', valueFrom: { path: '/out/p' } }] }, sidecars: [{ name: 's', image: 'debian', command: ['sleep', '600'], securityContext }] },
      }, { automountServiceAccountToken: false, archiveLogs: true, securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } } });
      assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(nodesOf(done).map((node) => node.message)));
      assert.equal(value(step(done, 'use'), 'p'), 'hellof\n1000');
    } finally {
      await enforce(null);
    }
  },

  'paths in volumes and inside each other; a mode for a whole folder': async ({ run }) => {
    const done = await run('paths', {
      main: bash('cat /work/deep/a /in/dir/inner > /tmp/p; echo more >> /work/deep/a; stat -c %a /in/dir /in/dir/f >> /tmp/p', {
        volumes: [{ name: 'w', emptyDir: {} }],
        container: { image: 'debian', command: ['bash', '-c'], args: ['cat /work/deep/a /in/dir/inner > /tmp/p; echo more >> /work/deep/a; stat -c %a /work/deep/a >> /tmp/p'], volumeMounts: [{ name: 'w', mountPath: '/work' }] },
        inputs: { artifacts: [{ name: 'a', path: '/work/deep/a', raw: { data: 'hello ' }, mode: 0o640 }, { name: 'dir', path: '/in/dir', ...at('seed/folder') }, { name: 'inner', path: '/in/dir/inner', raw: { data: 'inner\n' } }] },
        outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }], artifacts: [{ name: 'o', path: '/work/deep' }] },
      }),
    });
    assert.equal(done.status?.phase, 'Succeeded', only(done).message);
    assert.equal(value(only(done), 'p'), 'hello inner\n640');
  },

  'by key alone, by a part of a folder, by an expression, by a global name, with modes for all of it': async ({ run }) => {
    const fromExpression = "steps.low.outputs.parameters.n == '1' ? steps.low.outputs.artifacts.a : steps.high.outputs.artifacts.a";
    const choice = { name: 'choice', template: 'choice' };
    const done = await run('ways', {
      main: { steps: [[{ name: 'make', template: 'make' }, { name: 'choose', template: 'choose' }], [{ name: 'use', template: 'use', arguments: { artifacts: [
        { name: 'part', from: '{{steps.make.outputs.artifacts.dir}}', subPath: 'sub/c' }, { name: 'chosen', from: '{{steps.choose.outputs.artifacts.chosen}}' }, { name: 'key', s3: { key: 'ways/one' } },
      ] } }, { name: 'late', template: 'late' }]] },
      choose: { steps: [['low', 'high'].map((name, n) => ({ ...choice, name, arguments: { parameters: [{ name: 'n', value: String(n) }] } }))], outputs: { artifacts: [{ name: 'chosen', fromExpression }] } },
      choice: bash('echo -n {{inputs.parameters.n}} | tee /n > /a', { inputs: { parameters: [{ name: 'n' }] }, outputs: { parameters: [{ name: 'n', valueFrom: { path: '/n' } }], artifacts: [{ name: 'a', path: '/a', ...none }] } }),
      make: bash('mkdir -p /o/sub; echo c > /o/sub/c; echo one > /one', { outputs: { artifacts: [{ name: 'dir', path: '/o', ...none }, { name: 'one', path: '/one', globalName: 'everywhere', ...none, s3: { key: 'ways/one' } }] } }),
      late: { steps: [[{ name: 'global', template: 'global', arguments: { artifacts: [{ name: 'g', from: '{{workflow.outputs.artifacts.everywhere}}' }] } }]] },
      global: bash('cat /in/g > /tmp/p', { inputs: { artifacts: [{ name: 'g', path: '/in/g' }] }, outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }] } }),
      use: bash('cat /in/part /in/chosen /in/key > /tmp/p; stat -c %a /in/folder/f >> /tmp/p', {
        inputs: { artifacts: [...['part', 'chosen', 'key'].map((name) => ({ name, path: `/in/${name}` })), { name: 'folder', path: '/in/folder', mode: 0o750, recurseMode: true, ...at('seed/folder') }] },
        outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }] },
      }),
    });
    assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(nodesOf(done).map((node) => node.message)));
    assert.deepEqual([value(step(done, 'use'), 'p'), value(step(done, 'global'), 'p')], ['c\n1one\n750', 'one']);
    assert.equal(done.status.outputs?.artifacts?.[0]?.name, 'everywhere');
  },

  'what is missing, and main failing: what can be reported is': async ({ run }) => {
    const missing = only(await run('missing', saves(none, 'true')));
    assert.deepEqual([missing.phase, missing.message], ['Error', 'wait: Error (exit code 64): the step ended without writing /tmp/o of output artifact o']);
    const failing = only(await run('failing', saves(none, 'echo partial > /tmp/o; exit 7')));
    assert.deepEqual([failing.phase, failing.message, failing.outputs?.exitCode, failing.outputs?.artifacts?.length], ['Failed', 'main: Error (exit code 7)', '7', 1]);
    const optional = await run('optional', loads({ optional: true, ...at('not/there') }, 'ls -A /in/a > /tmp/p'));
    assert.equal(optional.status?.phase, 'Succeeded');
    const nothing = only(await run('nothing', loads(at('not/there'))));
    assert.deepEqual([nothing.phase, nothing.message], ['Error', 'init-artifacts: Error (exit code 64): failed to load the input artifact a: there is nothing at s3 minio:9000/my-bucket/not/there']);
  },

  'wrong keys, a bucket that is not there, a server that is not there: each in words': async ({ run }) => {
    const message = async (name: string, templates: Record<string, Template>): Promise<string> => only(await run(name, templates)).message ?? '';
    assert.match(await message('no-bucket', saves(at('x', { bucket: 'nope' }))), /^wait: Error .*failed to save the output artifact o to s3 minio:9000\/nope\/x: NoSuchBucket: .*\(create the bucket, correct its name, or set createBucketIfNotPresent\)$/);
    assert.match(await message('wrong-key', saves(at('x', { accessKeySecret: { name: 'my-minio-cred', key: 'wrong' } }))), /InvalidAccessKeyId: .*\(check the keys in the Secret my-minio-cred\)$/);
    assert.match(await message('no-host', loads(at('x', { endpoint: 'nosuch.invalid:9000' }))), /Could not resolve host: nosuch\.invalid \(check the name of the server/);
    const made = await run('make-bucket', saves(at('x/y', { bucket: 'made-now', createBucketIfNotPresent: {} })));
    assert.equal(made.status?.phase, 'Succeeded', only(made).message);
  },

  'what no Pod could do is refused before there is one': async ({ run, cluster, namespace }) => {
    for (const [name, location, words] of [
      ['hdfs', { hdfs: { addresses: ['a:1'], path: '/x', hdfsUser: 'me' } }, /HDFS/], ['oss', { oss: { endpoint: 'a', bucket: 'b', key: 'c' } }, /OSS/],
      ['plugin', { plugin: { name: 'p', key: 'c' } }, /plugins/], ['sdk', at('x', { useSDKCreds: true }), /useSDKCreds/], ['climbing-key', at('a/../../b'), /key with "\.\."/],
    ] as [string, Partial<Artifact>, RegExp][]) await assert.rejects(run(name, saves(location)), { code: 'invalid', message: words });
    await assert.rejects(run('climbing-path', saves({ path: '/tmp/../../etc' })), { code: 'invalid', message: /Directory traversal is not permitted/ });
    const unknown = await run('no-repository', saves({}), { artifactRepositoryRef: { configMap: 'nope', key: 'k' } });
    assert.match(unknown.status?.message ?? '', /there is no ConfigMap nope in the namespace/);
    assert.deepEqual((await cluster.list(RESOURCE.pod, namespace, { labelSelector: 'workflows.argoproj.io/workflow=no-repository' })).items, []);
  },

  'S3 gone in the middle of an upload: it is tried again until S3 is back': async ({ run, cluster, namespace }) => {
    const pending = run('s3-gone', saves(none, 'head -c 52428800 /dev/urandom > /tmp/o; until [ -e /tmp/never ] || [ $SECONDS -gt 6 ]; do sleep 1; done'));
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await cluster.delete(RESOURCE.pod, namespace, 'minio', { gracePeriodSeconds: 0 });
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    await cluster.create(RESOURCE.pod, storePod(namespace));
    await storeReady(cluster, namespace);
    const done = await pending;
    assert.equal(done.status?.phase, 'Succeeded', only(done).message);
    const pods = await cluster.list(RESOURCE.pod, namespace, { labelSelector: 'workflows.argoproj.io/workflow=s3-gone' });
    const log = await readText(cluster.logs(namespace, pods.items[0]?.metadata.name ?? '', { container: 'wait' }));
    assert.match(log, /artifact o: .*; trying again in \d+ s/);
  },

  '300 MiB on an emptyDir of 100 MiB': async ({ run }) => {
    const done = await run('too-much', {
      main: bash('', {
        volumes: [{ name: 'w', emptyDir: { sizeLimit: '100Mi' } }],
        container: { image: 'debian', command: ['bash', '-c'], args: ['head -c 314572800 /dev/zero > /w/o; sleep 240'], volumeMounts: [{ name: 'w', mountPath: '/w' }] },
        outputs: { artifacts: [{ name: 'o', path: '/w/o' }] },
      }),
    });
    assert.equal(only(done).phase, 'Failed');
    assert.match(only(done).message ?? '', /Usage of EmptyDir volume "w" exceeds the limit "100Mi"/);
  },

  'git: a tag, a branch without history, a repository that is not there': async ({ run, cluster, namespace }) => {
    await cluster.create(RESOURCE.service, { metadata: { name: 'git', namespace }, spec: { selector: { app: 'git' }, ports: [{ port: 9418 }] } });
    const script = 'cd /srv; git init -q -b main repo; cd repo; git config user.email a@b; git config user.name n; echo one > file; git add .; git commit -qm 1; git tag v1; echo two > file; git commit -qam 2; git checkout -q -b other; echo three > file; git commit -qam 3; git checkout -q main; exec git daemon --export-all --base-path=/srv --reuseaddr --listen=0.0.0.0';
    await cluster.create(RESOURCE.pod, { metadata: { name: 'git', namespace, labels: { app: 'git' } }, spec: { containers: [{ name: 'git', image: 'alpine/git', command: ['bash', '-c', script] }] } });
    const tag = await run('git-tag', loads({ git: { repo: 'git://git:9418/repo', revision: 'v1' } }, 'cat /in/a/file > /tmp/p'));
    assert.equal(value(only(tag), 'p'), 'one', only(tag).message);
    const branch = await run('git-branch', loads({ git: { repo: 'git://git:9418/repo', depth: 1, branch: 'other', singleBranch: true } }, 'cat /in/a/file /in/a/.git/shallow | wc -l > /tmp/p'));
    assert.equal(value(only(branch), 'p'), '2', only(branch).message);
    const bad = only(await run('git-bad', loads({ git: { repo: 'git://git:9418/nope' } })));
    assert.match(bad.message ?? '', /^init-git: Error \(exit code 64\): failed to load the input artifact a: git:\/\/git:9418\/nope: .*not exported/);
  },

  'http with a name and a password': async ({ run, cluster, namespace }) => {
    const server = 'const http=require("http");const kept={};http.createServer((q,s)=>{if(q.headers.authorization!=="Basic "+Buffer.from("me:pa\\"ss").toString("base64")||q.headers["x-more"]!=="yes"){s.statusCode=401;s.end();return}if(q.method==="PUT"){let b="";q.on("data",(c)=>b+=c).on("end",()=>{kept[q.url]=b;s.end()});return}s.statusCode=kept[q.url]===undefined?404:200;s.end(kept[q.url])}).listen(8080)';
    await cluster.create(RESOURCE.secret, { metadata: { name: 'web', namespace }, stringData: { user: 'me', pass: 'pa"ss', bad: 'no' } });
    await cluster.create(RESOURCE.service, { metadata: { name: 'web', namespace }, spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] } });
    await cluster.create(RESOURCE.pod, { metadata: { name: 'web', namespace, labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'node:20', command: ['node', '-e', server] }] } });
    const http = (password: string): Partial<Artifact> => ({ ...none, http: { url: 'http://web:8080/x', headers: [{ name: 'X-More', value: 'yes' }], auth: { basicAuth: { usernameSecret: { name: 'web', key: 'user' }, passwordSecret: { name: 'web', key: password } } } } });
    const put = await run('http-put', saves(http('pass'), 'echo over http > /tmp/o'));
    assert.equal(put.status?.phase, 'Succeeded', only(put).message);
    assert.equal(value(only(await run('http-get', loads(http('pass')))), 'p'), 'over http');
    assert.match(only(await run('http-bad', loads(http('bad')))).message ?? '', /from http:\/\/web:8080\/x: status 401 \(check the credentials in the Secret web\)$/);
  },

  'TLS with an authority of its own: S3 by host and by path, in its region, with a session token, buckets made; git; Artifactory and OAuth 2': async ({ run, engine, cluster, namespace }) => {
    const ip = await createTlsServer(cluster, namespace);
    const hosts = { hostAliases: [{ ip, hostnames: ['here.tls', 'made.tls'] }] };
    const ref = (key: string, name = 'tls'): { name: string; key: string } => ({ name, key });
    const s3 = (bucket: string, key: string, more: Record<string, unknown> = {}): Partial<Artifact> => ({ ...none, s3: {
      endpoint: 'tls:9443', bucket, key, region: REGION, accessKeySecret: ref('ak'), secretKeySecret: ref('sk'), sessionTokenSecret: ref('token'), caSecret: ref('ca.crt'), ...more,
    } });
    const virtual = { addressingStyle: 'virtual-hosted' };
    const message = async (name: string, templates: Record<string, Template>): Promise<string> => only(await run(name, templates)).message ?? '';
    const passed = async (name: string, at: Partial<Artifact>, more = true): Promise<void> => {
      const put = await run(`${name}-put`, saves(at, `echo ${name} > /tmp/o`), hosts);
      assert.equal(put.status?.phase, 'Succeeded', only(put).message);
      const got = more ? only(await run(`${name}-get`, loads(at), hosts)) : undefined;
      if (got) assert.equal(value(got, 'p'), name, got.message);
      if (at.s3) assert.equal(await readText((await engine.readArtifact(namespace, `${name}-put`, { nodeId: only(put).id, name: 'o' })).body), `${name}\n`);
    };
    const http = (path: string): Partial<Artifact> => ({ ...none, http: { url: `http://tls:9080/oauth/${path}`, auth: { oauth2: { clientIDSecret: ref('user'), clientSecretSecret: ref('secret'), tokenURLSecret: ref('url'), scopes: ['a', 'b'] } } } });
    await Promise.all([
      passed('by-path', s3('here', 'a b/c+d')), passed('by-host', s3('here', 'x', virtual)), passed('wrong-region', s3('here', 'y', { region: '' }), false),
      passed('made-by-host', s3('made', 'z', { ...virtual, createBucketIfNotPresent: {} }), false), passed('made-by-path', s3('more', 'z', { createBucketIfNotPresent: { objectLocking: true } }), false),
      passed('oauth', http('o')), passed('artifactory', { ...none, artifactory: { url: 'http://tls:9080/art', usernameSecret: ref('user'), passwordSecret: ref('pass') } }),
      message('no-authority', loads(s3('here', 'x', { caSecret: undefined }))).then((said) => assert.match(said, /certificate.*\(check the certificate of the server, its authority \(caSecret\)/)),
      message('no-token', loads(s3('here', 'x', { sessionTokenSecret: undefined }))).then((said) => assert.match(said, /InvalidToken: the session token is wrong/)),
      message('no-keys', loads(s3('here', 'x', { accessKeySecret: undefined, secretKeySecret: undefined }))).then((said) => assert.match(said, /AccessDenied: no signature \(it was asked without keys: name their Secrets, accessKeySecret and secretKeySecret\)$/)),
    ]);
    const git = (more: Record<string, unknown>, secret = 'tls'): Record<string, Template> => loads({ git: { repo: 'https://tls:9443/git/repo', usernameSecret: ref('user', secret), passwordSecret: ref('pass', secret), ...more } }, 'cat /in/a/f > /tmp/p; cat /in/a/inner/f >> /tmp/p || :');
    const runs = await Promise.all([run('tls-git', git({})), run('tls-tag', git({ revision: 'v1', depth: 1 })), run('tls-flat', git({ disableSubmodules: true, insecureSkipTLS: true }, 'bare')), run('tls-unknown', git({}, 'bare'))]);
    assert.deepEqual(runs.slice(0, 3).map((each) => value(only(each), 'p') || only(each).message), ['two\ninner', 'one', 'two']);
    assert.match(only(runs[3]).message ?? '', /certificate.*\(add the authority of the server's certificate to the Secret bare under the key ca\.crt, or set insecureSkipTLS\)$/);
  },

  'logs are archived, and read from there when their Pod and what was kept are gone': async ({ run, engine, cluster, namespace, dataDir }) => {
    const own = await run('logs', { main: bash('echo out; echo err >&2; echo again; exit 3') }, { archiveLogs: true });
    assert.deepEqual(only(own).outputs?.artifacts, [{ name: 'main-logs', s3: { key: 'art/logs/logs/main.log' } }]);
    const byRepository = await run('logs-too', { main: bash('echo here') }, { artifactRepositoryRef: { key: 'archiving' } });
    assert.equal(only(byRepository).outputs?.artifacts?.[0]?.s3?.['key'], 'logs-too/logs-too/main.log');
    await cluster.delete(RESOURCE.pod, namespace, 'logs', { gracePeriodSeconds: 0 });
    // Its log is kept when it ends: that has to be over before it can be taken away.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    rmSync(path.join(dataDir, 'logs'), { recursive: true, force: true });
    const lines: string[] = [];
    for await (const item of engine.logs(namespace, 'logs', {})) lines.push('source' in item ? item.source : item.text);
    assert.deepEqual(lines, ['archived', 'out', 'err', 'again']);
    const ref: ArtifactRef = { nodeId: only(own).id, name: 'main-logs' };
    const { url } = await engine.presignArtifact(namespace, 'logs', ref);
    assert.equal(await fetch(url).then((answer) => answer.text()), 'out\nerr\nagain\n');
    assert.equal(await readText((await engine.readArtifact(namespace, 'logs', ref, { start: 4, end: 6 })).body), 'err');
  },

  'collection: artifacts go at the end, with their run, or never; what cannot be deleted is told and holds the run': async ({ run, engine, cluster, namespace }) => {
    const inStore = async (script: string): Promise<string[]> => (await cluster.exec(namespace, 'minio', 's3', ['sh', '-c', script])).stdout.split('\n').filter(Boolean);
    const kept = (key: string): Promise<string[]> => inStore(`cd /data/my-bucket/gc/${key} && find . -name '*_object' | sort`);
    const get = (name: string): Promise<Workflow | undefined> => engine.getRun(namespace, name).catch(() => undefined);
    const until = async (what: string, ok: () => Promise<boolean>): Promise<void> => {
      for (let tries = 0; !(await ok()); tries++) {
        assert.ok(tries < 200, what);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    const done = await run('gc', {
      main: bash('mkdir /o; echo 1 > /o/1; echo 2 > /o/2', { outputs: { artifacts: [
        { name: 'end', path: '/o', ...none, ...at('gc/a/end'), artifactGC: { strategy: 'OnWorkflowCompletion' } }, { name: 'with-run', path: '/o', ...at('gc/a/with-run.tgz') },
        { name: 'kept', path: '/o', ...at('gc/a/kept.tgz'), artifactGC: { strategy: 'Never' } },
      ] } }),
    }, { artifactGC: { strategy: 'OnWorkflowDeletion' } });
    assert.deepEqual(done.metadata.finalizers, ['workflows.argoproj.io/artifact-gc']);
    await until('the artifact of the end is deleted', async () => only((await get('gc'))!).outputs?.artifacts?.[0]?.deleted === true);
    assert.deepEqual(await kept('a'), ['./kept.tgz._S3rver_object', './with-run.tgz._S3rver_object']);
    await assert.rejects(engine.readArtifact(namespace, 'gc', { nodeId: only(done).id, name: 'end' }), { code: 'gone' });
    await engine.act(namespace, 'gc', { action: 'delete' });
    await until('the run is gone', async () => (await get('gc')) === undefined);
    assert.deepEqual(await kept('a'), ['./kept.tgz._S3rver_object']);

    for (const [name, force] of [['gc-held', false], ['gc-forced', true]] as const) {
      const gc = { artifactGC: { strategy: 'OnWorkflowDeletion', ...(force && { forceFinalizerRemoval: true }) } };
      await run(name, saves(at('x', { bucket: name, createBucketIfNotPresent: {} })), gc);
      await inStore(`rm -r /data/${name}`);
      await engine.act(namespace, name, { action: 'delete' });
      if (force) await until('the forced run is gone', async () => (await get(name)) === undefined);
      else await until('the run says what failed', async () => (await get(name))?.status?.conditions?.some(({ type, message }) => type === 'ArtifactGCError' && /NoSuchBucket/.test(message ?? '')) === true);
    }
    assert.deepEqual((await get('gc-held'))?.metadata.finalizers, ['workflows.argoproj.io/artifact-gc']);
    // Else the namespace of the test would wait for it, too.
    if ((await engine.store(namespace)).store === 'cluster') await cluster.patch(RESOURCE.workflow, namespace, 'gc-held', { type: 'merge', body: { metadata: { finalizers: null } } });
  },
};

const kubeconfig = kubeconfigPath();
const wanted = process.env['TIPHYS_TEST_ONLY'];

test('artifacts on a real cluster', { skip: kubeconfig === undefined ? NO_CLUSTER : false }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-artifacts-'));
  t.after(async () => {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await withNamespace(cluster, 'artifacts', async (namespace) => {
    await createArtifactStore(cluster, namespace);
    const engine = createEngine({ cluster, clusterId: 'artifacts', dataDir, registryMirrors: await mirrors() });
    t.after(() => engine.close());
    await engine.start(namespace);
    const run: World['run'] = async (name, templates, spec = {}) => {
      const list = Object.entries(templates).map(([key, template]) => ({ name: key, ...template }));
      await engine.submit({ metadata: { name }, spec: { entrypoint: 'main', templates: list, ...spec } }, { namespace });
      for (let tries = 0; tries < 1200; tries++) {
        const found = await engine.getRun(namespace, name);
        if (found.status?.finishedAt) return found;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      throw new Error(`${name} did not end: ${JSON.stringify((await engine.getRun(namespace, name)).status)}`);
    };
    await run('seed', { main: bash('mkdir /f; echo f > /f/f', { outputs: { artifacts: [{ name: 'f', path: '/f', ...none, ...at('seed/folder') }] } }) });
    for (const [name, body] of Object.entries(tests)) if (wanted === undefined || name.includes(wanted)) await t.test(name, () => body({ cluster, namespace, engine, dataDir, run }));
  });
});
