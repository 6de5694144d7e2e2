import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lintText } from '../spec/lint.ts';
import { readManifests } from '../spec/read.ts';
import { parseYaml } from '../spec/yaml.ts';
import { acyclic, direct, layers } from './layers.ts';
import { markValues } from './values.ts';
import { workflowFromManifests } from './workflow.ts';
import type { ManifestWorkflow } from './workflow.ts';

const deployment = (name: string, extra = '', image = `example/${name}:1.0`): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: shop
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
${extra}      containers:
      - name: main
        image: ${image} # the one that counts
`;
const service = (name: string): string => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec:\n  selector: {app: ${name}}\n  ports: [{port: 80}]\n`;
const env = (value: string): string => `${' '.repeat(8)}env: [{name: HOST, value: "${value}"}]\n`;

function rows(made: ManifestWorkflow): Record<string, string[]> {
  return Object.fromEntries(made.groups.map((group) => [group.name, group.rows.map((row) => row.objects.map(({ kind, name }) => `${kind}/${name}`).join(' '))]));
}

/** The manifests in the workflow, with the parameters' values in the place of their tags. */
function carried(made: ManifestWorkflow): unknown[] {
  const { manifests } = readManifests(made.text);
  const workflow = manifests[0]?.kind === 'Workflow' ? manifests[0].object : undefined;
  const values = new Map(workflow?.spec.arguments?.parameters?.map(({ name, value }) => [name, String(value)]));
  const filled = (text: string): string => text.replaceAll(/\{\{workflow\.parameters\.([^}]+)\}\}/g, (_, name: string) => values.get(name) ?? '');
  return (workflow?.spec.templates ?? []).flatMap(({ resource }) => (resource ? [parseYaml(filled(resource.manifest ?? '')).value] : []));
}

describe('a workflow from manifests', () => {
  it('applies by kind: namespaces, definitions, roles, bindings, configuration, storage, services, workloads, the rest', () => {
    const one = (apiVersion: string, kind: string, more = ''): { file: string; text: string } => ({ file: `${kind}.yaml`, text: `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n${more}` });
    const made = workflowFromManifests([
      one('networking.k8s.io/v1', 'Ingress'), one('apps/v1', 'Deployment', 'spec: {}'), one('v1', 'Service'), one('v1', 'PersistentVolumeClaim'), one('v1', 'ConfigMap'), one('v1', 'Secret'),
      one('rbac.authorization.k8s.io/v1', 'RoleBinding'), one('rbac.authorization.k8s.io/v1', 'Role'), one('v1', 'ServiceAccount'), one('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'spec: {names: {kind: Ship}}'), one('v1', 'Namespace'), one('batch/v1', 'Job', 'spec: {}'),
    ], { name: 'all' });
    assert.deepEqual(rows(made), { '': ['Namespace/x', 'CustomResourceDefinition/x', 'Role/x ServiceAccount/x', 'RoleBinding/x', 'ConfigMap/x Secret/x', 'PersistentVolumeClaim/x', 'Service/x', 'Deployment/x', 'Job/x', 'Ingress/x'] });
    assert.deepEqual(lintText(made.text, { mode: 'submit' }), []);
  });

  it('orders groups by what their objects need, and workloads by the hosts they name', () => {
    const made = workflowFromManifests([
      { file: 'web/front.yaml', text: `${deployment('front', '')}${env('http://api.shop.svc:80/x')}` }, { file: 'web/front-service.yaml', text: service('front') },
      { file: 'web/api.yaml', text: `${deployment('api', '      serviceAccountName: api\n')}${env('redis://db:6379')}---\n${service('api')}` },
      { file: 'store/db.yaml', text: deployment('db') }, { file: 'store/db-service.yaml', text: service('db') },
      { file: 'accounts/api.yaml', text: 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: api, namespace: shop}\n' },
    ], { name: 'shop' });
    assert.deepEqual(made.groups.map(({ name, after }) => [name, ...after]), [['namespaces'], ['store', 'namespaces'], ['accounts', 'namespaces'], ['web', 'store', 'accounts']]);
    assert.deepEqual(rows(made)['web'], ['Service/front Service/api', 'Deployment/api', 'Deployment/front']);
    assert.match(made.text, /value: "http:\/\/api\.\{\{workflow\.parameters\.namespace\}\}\.svc:80\/x"/);
  });

  it('makes parameters of images and namespaces, and carries everything else as it was written', () => {
    const sources = [{ file: 'a.yaml', text: `# Sails\n${deployment('a')}` }, { file: 'b.yaml', text: deployment('b', '', 'example/a:1.0') }, { file: 'c.json', text: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"rule":"{{ $labels.x }}"}}' }];
    const made = workflowFromManifests(sources, { name: 'x', createNamespaces: false });
    assert.deepEqual(made.parameters, [{ name: 'namespace', value: 'shop', description: 'Namespace shop' }, { name: 'image-a', value: 'example/a:1.0', description: 'Image of a, b' }]);
    assert.match(made.text, /# Sails\n/);
    assert.match(made.text, /image: "\{\{workflow\.parameters\.image-a\}\}" # the one that counts/);
    const written = [JSON.parse(sources[2]!.text), ...sources.slice(0, 2).map(({ text }) => parseYaml(text).value)];
    assert.deepEqual(carried(made), written);
  });

  it('waits for readiness in words that every controller knows', () => {
    const made = workflowFromManifests([
      { file: 'a.yaml', text: deployment('a').replace('spec:\n', 'spec:\n  replicas: 3\n') }, { file: 'b.yaml', text: 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: b}\nspec: {backoffLimit: 2}\n' }, { file: 'c.yaml', text: service('c') },
    ], { name: 'x', createNamespaces: false });
    assert.match(made.text, /tiphys\.dev\/wait: ready\n {4}resource:\n {6}action: apply\n {6}successCondition: status\.readyReplicas == 3\n/);
    assert.match(made.text, /successCondition: status\.succeeded > 0\n {6}failureCondition: status\.failed > 2\n/);
    assert.equal(made.text.split('successCondition').length - 1, 2);
  });

  it('says where a file is broken, what is left out and what is secret', () => {
    const broken = workflowFromManifests([{ file: 'x/bad.yaml', text: 'kind: A\nmetadata:\n  name: [a\n' }], { name: 'x' });
    assert.equal(broken.text, '');
    assert.match(broken.notices[0]?.place ?? '', /^x\/bad\.yaml:[34]$/);
    const made = workflowFromManifests([
      { file: 'a.yaml', text: `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: x}\n---\nhello: world\n---\n${service('c')}---\n${service('c')}` },
      { file: 'b.yaml', text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {x: "{{workflow.name}}"}\n' },
    ], { name: 'x' });
    assert.deepEqual(made.notices.map(({ severity, place, message }) => `${severity} ${place} ${message.slice(0, 40)}`), [
      'warning a.yaml:6 This document has no apiVersion and kind', "warning a.yaml:1 Secret s: its contents stand in the work", 'warning a.yaml:15 Service c stands in a.yaml:8 too: the on', 'warning b.yaml:1 ConfigMap m holds {{…}} that a workflow ',
    ]);
    assert.equal(workflowFromManifests([], { name: 'x' }).notices[0]?.message, 'There are no manifests there.');
    assert.equal(workflowFromManifests([{ file: 'a.yaml', text: Array.from({ length: 1001 }, (_, i) => service(`s${i}`)).join('---\n') }], { name: 'x' }).text, '');
  });

  it('takes Lists apart, gives long and equal names apart, and copes with circles', () => {
    const long = 'n'.repeat(60);
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [parseYaml(service(long)).value, parseYaml(service('b')).value] });
    const made = workflowFromManifests([
      { file: 'one/list.json', text: list }, { file: 'one/a.yaml', text: `${deployment('a')}${env('b')}` }, { file: 'two/b.yaml', text: `${deployment('b')}${env('a')}---\n${service('a')}` }, { file: 'two/list.yaml', text: service(long) },
    ], { name: long });
    assert.deepEqual(lintText(made.text, { mode: 'submit' }), []);
    assert.equal(carried(made).length, 7);
  });
});

describe('values of a source', () => {
  const render = (values: Record<string, unknown>): Promise<{ file: string; text: string }[]> => Promise.resolve([{
    file: 'a.yaml',
    text: `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: ${String(values['replicas'])}\n  template: {spec: {containers: [{name: a, image: "${String((values['image'] as Record<string, unknown>)['repository'])}:${String((values['image'] as Record<string, unknown>)['tag'])}"}]}}\n${values['mode'] === 'public' ? 'public: yes\n' : ''}note: |\n  welcome ${String(values['greeting'])}\n`,
  }]);

  it('become parameters where they stand as they are, and stay where they decide', async () => {
    const { sources, marked } = await markValues({ replicas: 2, image: { repository: 'example/a', tag: '1.0' }, mode: 'public', greeting: 'all', unused: 'x' }, render);
    assert.deepEqual(marked.map(({ name, value }) => `${name}=${value}`), ['replicas=2', 'image.repository=example/a', 'image.tag=1.0', 'greeting=all']);
    const made = workflowFromManifests(sources, { name: 'a', marked });
    assert.match(made.text, /replicas: \{\{workflow\.parameters\.replicas\}\}\n/);
    assert.match(made.text, /image: "\{\{workflow\.parameters\.image-repository\}\}:\{\{workflow\.parameters\.image-tag\}\}"/);
    assert.match(made.text, /welcome \{\{workflow\.parameters\.greeting\}\}/);
    assert.match(made.text, /successCondition: status\.readyReplicas == \{\{workflow\.parameters\.replicas\}\}/);
    assert.doesNotMatch(made.text, /tiphysv|4100/);
    assert.deepEqual(lintText(made.text, { mode: 'submit' }), []);
  });
});

it('layers: soft edges give way to hard ones', () => {
  const { kept, dropped } = acyclic(3, [{ from: 0, to: 1, hard: false }, { from: 1, to: 0, hard: true }, { from: 2, to: 0, hard: true }]);
  assert.deepEqual(dropped, [{ from: 0, to: 1, hard: false }]);
  assert.deepEqual(layers(3, kept), [0, 1, 1]);
  assert.deepEqual(direct(3, [...kept, { from: 2, to: 1, hard: true }]), [[], [0], [1]]);
});
