import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { lintText } from '../../engine/spec/lint.ts';
import { generateWorkflow } from './generate.ts';
import { Jsonnet } from './jsonnet.ts';

const made = mkdtempSync(path.join(os.tmpdir(), 'tiphys-manifests-'));
after(() => { rmSync(made, { recursive: true, force: true }); });
let count = 0;

/** @returns a new folder with these files */
function folder(files: Record<string, string>): string {
  const root = path.join(made, `f${count++}`);
  mkdirSync(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  return root;
}

/** @returns an environment whose only program of this name is the script */
function withProgram(name: string, script: string): NodeJS.ProcessEnv {
  const bin = folder({ [name]: `#!/bin/sh\n${script}` });
  chmodSync(path.join(bin, name), 0o755);
  return { PATH: `${bin}:/usr/bin:/bin` };
}

const NOTHING = { PATH: made };
const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const posix = { skip: process.platform === 'win32' ? 'the programs here are shell scripts' : false };
const found = (name: string, ...args: string[]): { skip: string | false } => ({ skip: spawnSync(name, args).error ? `${name} is not on this machine` : false });

describe('files', () => {
  it('below a folder are taken, hidden and foreign ones are not; links out of it are named', posix, async () => {
    const root = folder({ 'a/x.yaml': CONFIG, '.git/x.yaml': 'a: [', 'node_modules/y.yaml': 'a: [', 'notes.txt': 'x' });
    symlinkSync('/etc/hostname', path.join(root, 'out.yaml'));
    symlinkSync('/etc', path.join(root, 'etc'));
    symlinkSync(path.join(root, 'a/x.yaml'), path.join(root, 'within.yaml'));
    const result = await generateWorkflow([root], { env: NOTHING, values: {} });
    assert.deepEqual(result.groups.map(({ name }) => name), ['a', '']);
    assert.deepEqual(result.notices.slice(0, 2).map(({ place, message }) => `${place}: ${message}`), ['etc: A link to a folder is not followed.', 'out.yaml: This link leads out of the folder: it is left out.']);
  });

  it('that are broken are named with their line, and no workflow is made', async () => {
    const result = await generateWorkflow([folder({ 'deep/bad.yaml': 'kind: A\nmetadata: {name: b\nx: y\n', 'good.yaml': CONFIG })], { env: NOTHING, values: {} });
    assert.equal(result.text, '');
    assert.match(result.notices[0]?.place ?? '', /^deep\/bad\.yaml:\d$/);
  });

  it('of a folder that holds too many, or of none, end with a word about it', async () => {
    const many = folder({});
    for (let i = 0; i < 10_001; i++) writeFileSync(path.join(many, `${i}.txt`), '');
    await assert.rejects(generateWorkflow([many], { env: NOTHING, values: {} }), /more than 10000 files/);
    await assert.rejects(generateWorkflow([path.join(made, 'nowhere')], { env: NOTHING, values: {} }), /there is no such folder/);
    const empty = await generateWorkflow([folder({ 'a.txt': '' })], { env: NOTHING, values: {} });
    assert.equal(empty.notices[0]?.message, 'There are no manifests there.');
  });

  it('of several folders are a group each', async () => {
    const result = await generateWorkflow([folder({ 'x.yaml': CONFIG }), folder({ 'y/z.yaml': CONFIG.replace('a}', 'b}') })], { env: NOTHING, values: {}, name: 'both' });
    assert.equal(result.groups.length, 2);
    assert.match(result.text, /generateName: both-\n/);
  });
});

describe('Helm', () => {
  const chart = { 'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n', 'values.yaml': 'replicas: 2\nimage: {repository: example/shop, tag: "1.0"}\nservice: {enabled: true, type: ClusterIP}\n' };
  const template = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: {{ .Values.replicas }}\n  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec:\n      containers:\n      - name: shop\n        image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n';
  const service = '{{- if eq .Values.service.type "ClusterIP" }}\napiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  type: {{ .Values.service.type }}\n  ports: [{port: 80}]\n{{- end }}\n';

  it('is named when it is not there', async () => {
    await assert.rejects(generateWorkflow([folder(chart)], { env: NOTHING, values: {} }), { code: 'unsupported', message: 'This is a Helm chart, and helm is not on this machine.' });
  });

  it('says in its own words what is wrong', posix, async () => {
    await assert.rejects(generateWorkflow([folder(chart)], { env: withProgram('helm', 'echo "Error: chart is missing its sails" >&2; exit 1'), values: {} }), { code: 'invalid', message: 'helm: chart is missing its sails' });
  });

  it('gets the values in a file, and its templates become groups', posix, async () => {
    const env = withProgram('helm', `v=$(cat "$7"); tag=$(echo "$v" | sed 's/.*"tag":"\\([^"]*\\)".*/\\1/')\nprintf -- '---\\n# Source: shop/templates/c.yaml\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: c}\\ndata: {tag: "%s"}\\n---\\n# Source: shop/charts/db/templates/d.yaml\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: d}\\n' "$tag"`);
    const result = await generateWorkflow([folder(chart)], { env, values: { 'image.tag': '2.0' }, name: 'shop' });
    assert.deepEqual(result.groups.map(({ name }) => name), ['shop', 'db']);
    assert.deepEqual(result.parameters.map(({ name, value }) => `${name}=${value}`), ['image-tag=2.0']);
  });

  it('itself: values become parameters where they do not decide', found('helm', 'version'), async () => {
    const result = await generateWorkflow([folder({ ...chart, 'templates/deployment.yaml': template, 'templates/service.yaml': service })], { env: process.env, values: {} });
    assert.deepEqual(result.parameters.map(({ name, value }) => `${name}=${value}`), ['replicas=2', 'image-repository=example/shop', 'image-tag=1.0']);
    assert.match(result.text, /type: ClusterIP/);
    assert.deepEqual(lintText(result.text, { mode: 'submit' }), []);
  });
});

describe('Kustomize', () => {
  const files = { 'kustomization.yaml': 'namePrefix: my-\nresources: [c.yaml]\n', 'c.yaml': CONFIG };

  it('is named when neither it nor kubectl is there', async () => {
    await assert.rejects(generateWorkflow([folder(files)], { env: NOTHING, values: {} }), { code: 'unsupported', message: /neither kustomize nor kubectl/ });
  });

  it('is asked through kubectl where only that is there', posix, async () => {
    const result = await generateWorkflow([folder(files)], { env: withProgram('kubectl', 'cat "$2/c.yaml"'), values: {} });
    assert.equal(result.kind, 'kustomize');
    assert.match(result.text, /name: a\}/);
  });

  it('itself', found('kustomize', 'version'), async () => {
    assert.match((await generateWorkflow([folder(files)], { env: process.env, values: {} })).text, /name: my-a/);
  });
});

describe('sources below a folder of manifests', () => {
  const kustomization = 'resources: [sub/c.yaml]\n';
  const files = {
    'a.yaml': CONFIG, 'one/Chart.yaml': 'apiVersion: v2\nname: one\nversion: 1.0.0\n', 'one/values.yaml': 'tag: "1"\n', 'one/templates/x.yaml': 'kind: {{ .x }}\n',
    'two/Chart.yaml': 'apiVersion: v2\nname: two\nversion: 1.0.0\n', 'two/values.yaml': 'tag: "2"\n', 'base/kustomization.yaml': kustomization, 'base/sub/c.yaml': CONFIG.replace('a}', 'sub}'),
    'overlays/dev/kustomization.yaml': 'resources: [../../base]\n', 'deep/x.jsonnet': '{}',
  };

  it('are read as what they are, each value with its own chart; a part of a kustomization is built once', posix, async () => {
    const bin = withProgram('helm', `v=$(sed 's/.*"tag":"\\([^"]*\\)".*/\\1/' "$7"); name=\${3##*/}\nprintf -- '---\\n# Source: %s/templates/c.yaml\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s}\\ndata: {tag: "%s"}\\n' "$name" "$name" "$v"`);
    const kubectl = withProgram('kubectl', `printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s}\\n' "\${2##*/}"`);
    const result = await generateWorkflow([folder(files)], { env: { PATH: [kubectl, bin].map((env) => String(env['PATH']).split(':')[0]).concat('/usr/bin', '/bin').join(':') }, values: {}, name: 'all' });
    assert.deepEqual(result.groups.map(({ name }) => name).sort(), ['', 'one', 'overlays', 'two']);
    assert.deepEqual(result.parameters.map(({ name, value }) => `${name}=${value}`), ['tag=1', 'tag-2=2']);
    assert.match(result.text, /name: one\}\n\s+data: \{tag: "\{\{workflow\.parameters\.tag\}\}"/);
    assert.match(result.text, /name: two\}\n\s+data: \{tag: "\{\{workflow\.parameters\.tag-2\}\}"/);
    assert.deepEqual(result.notices.map(({ place, message }) => `${place}: ${message}`), ['deep/x.jsonnet: Jsonnet below a folder of manifests is not evaluated.']);
    assert.doesNotMatch(result.text, /name: (sub|base)/);
  });

  it('whose program is not there are named, and no workflow is made of the rest', async () => {
    const { text, notices } = await generateWorkflow([folder(files)], { env: NOTHING, values: {} });
    assert.equal(text, '');
    assert.deepEqual(notices.slice(0, 3).map(({ severity, place, message }) => `${severity} ${place}: ${message}`), [
      'error one/Chart.yaml: This is a Helm chart, and helm is not on this machine.', 'error overlays/dev/kustomization.yaml: This is a Kustomize folder, and neither kustomize nor kubectl is on this machine.',
      'error two/Chart.yaml: This is a Helm chart, and helm is not on this machine.',
    ]);
  });
});

describe('Jsonnet', () => {
  const main = `local k = import 'lib/k.libsonnet';
// std.extVar("in a comment")
function(replicas=2, image="example/shop:1.0", public="yes") {
  config: k.config('shop', { env: std.extVar('env'), rows: std.join(',', ['a', 'b']) }),
  [if public == 'yes' then 'service']: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'shop' }, spec: { ports: [{ port: 80 }] } },
  workloads: [{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' }, spec: { replicas: replicas, template: { spec: { containers: [{ name: 'a', image: image }] } } } }],
}`;
  const library = `{ config(name, data): { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: data } }`;

  it('is evaluated with its imports; arguments and external variables become parameters', async () => {
    const root = folder({ 'main.jsonnet': main, 'lib/k.libsonnet': library });
    const result = await generateWorkflow([root], { env: NOTHING, values: { env: 'staging' }, name: 'shop' });
    assert.equal(result.kind, 'jsonnet');
    assert.deepEqual(result.parameters.map(({ name, value }) => `${name}=${value}`), ['env=staging', 'replicas=2', 'image=example/shop:1.0']);
    assert.deepEqual(result.groups[0]?.rows.map(({ stage }) => stage), ['configuration', 'services', 'workloads']);
    assert.deepEqual([result.notices, lintText(result.text, { mode: 'submit' })], [[], []]);
  });

  it('whose objects are named, and placed, by its arguments has steps named as these are now', async () => {
    const root = folder({ 'main.jsonnet': `function(name='shop', space='here') [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: name, namespace: space }, data: { a: 'Yg==' } }, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: name }, spec: { template: { spec: { containers: [{ name: 'a', image: 'x/y:1' }] } } } }]` });
    const result = await generateWorkflow([root], { env: NOTHING, values: {}, name: 'named' });
    assert.deepEqual(result.parameters, [
      { name: 'name', value: 'shop', description: 'Value name' }, { name: 'space', value: 'here', description: 'Value space' }, { name: 'image-y', value: 'x/y:1', description: 'Image of shop' },
    ]);
    assert.match(result.text, /- name: shop-secret\n/);
    assert.match(result.notices[0]?.message ?? '', /^Secret shop: its contents/);
    assert.doesNotMatch(JSON.stringify(result), /tiphysv/);
  });

  it('reads nothing outside the folder, and says where a program is wrong', async () => {
    writeFileSync(path.join(made, 'secret.txt'), 'password');
    const root = folder({ 'absolute.jsonnet': `importstr '${made}/secret.txt'`, 'climbs.jsonnet': "importstr '../secret.txt'", 'link.jsonnet': "importstr 'link.txt'", 'wrong.jsonnet': '{\n  a: nothing,\n}' });
    symlinkSync(path.join(made, 'secret.txt'), path.join(root, 'link.txt'));
    const jsonnet = new Jsonnet(root, []);
    for (const file of ['absolute', 'climbs', 'link']) {
      await assert.rejects(jsonnet.evaluate(path.join(root, `${file}.jsonnet`), {}), (error: Error) => /leads out of the folder/.test(error.message) && !error.message.includes('password'), file);
    }
    await assert.rejects(jsonnet.evaluate(path.join(root, 'wrong.jsonnet'), {}), { code: 'invalid', message: /^[^/]*wrong\.jsonnet:2:6.*Unknown variable: nothing/s });
    await jsonnet.close();
  });

  it('of ksonnet: the parameters of its components become parameters', async () => {
    const root = folder({
      'app.yaml': 'apiVersion: 0.3.0\nkind: ksonnet.io/app\nname: shop\n',
      'components/params.libsonnet': '{ global: {}, components: { web: { image: "example/web:1.0", replicas: 1, name: "web" } } }',
      'components/web.jsonnet': `local env = std.extVar("__ksonnet/environments"); local params = std.extVar("__ksonnet/params").components.web; local k = import "k.libsonnet";\n[k.deployment(params)]`,
      'components/extra.yaml': CONFIG,
      'environments/default/params.libsonnet': 'local params = std.extVar("__ksonnet/params"); params + { components+: { web+: { replicas: 3 } } }',
      'environments/default/.metadata/k.libsonnet': '{ deployment(p): { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: p.name }, spec: { replicas: p.replicas, template: { spec: { containers: [{ name: "a", image: p.image }] } } } } }',
    });
    const result = await generateWorkflow([root], { env: NOTHING, values: {} });
    assert.equal(result.kind, 'ksonnet');
    assert.deepEqual(result.parameters.map(({ name, value }) => `${name}=${value}`), ['web-image=example/web:1.0', 'web-name=web', 'web-replicas=3']);
    assert.deepEqual(lintText(result.text, { mode: 'submit' }), []);
  });
});

describe('the sample', () => {
  const sample = path.resolve(import.meta.dirname, '../../assets/samples/sock-shop');
  const groups: Record<string, string[]> = {
    logging: ['logging-cr', 'logging'], monitoring: ['monitoring-cr', 'monitoring', 'monitoring-cfg'],
    'sock-shop': ['zipkin', 'sock-shop-db', 'sock-shop-usvc', 'sock-shop-zipkin-usvc'], 'sock-shop-persist': ['zipkin', 'sock-shop-persist-db', 'sock-shop-usvc', 'sock-shop-zipkin-usvc'],
  };
  for (const [name, folders] of Object.entries(groups)) {
    it(`workflows/${name}.yaml is what its folders give`, async () => {
      const result = await generateWorkflow(folders.map((each) => path.join(sample, 'kubernetes-spec', each)), { env: NOTHING, values: {}, name });
      const kept = readFileSync(path.join(sample, 'workflows', `${name}.yaml`), 'utf8');
      assert.equal(kept.replace(/ {2}annotations:\n(?: {4}.*\n)+/, ''), result.text);
      assert.deepEqual([result.notices, lintText(kept, { mode: 'submit' })], [[], []]);
    });
  }
});
