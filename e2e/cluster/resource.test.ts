/** Resource templates on the real cluster: controllers that roll out, rights that are missing, kinds that come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { ResourceType } from '../../engine/kube/port.ts';
import { connect, kubeconfigPath, NO_CLUSTER, told, withEngine, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();
const skip = kubeconfig === undefined ? NO_CLUSTER : false;
const of = (kind: string, plural: string, group = 'apps'): ResourceType => ({ group, version: 'v1', kind, plural, namespaced: true });

const labels = (name: string): string => `{metadata: {labels: {app: ${name}}}, spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: busybox, command: [sleep, "3600"]}]}}`;
const workload = (kind: string, name: string, more: string): string => `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec: {${more}selector: {matchLabels: {app: ${name}}}, template: ${labels(name)}}
`;
const STACK = [
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n',
  workload('Deployment', 'web', 'replicas: 2, '), workload('StatefulSet', 'db', 'serviceName: db, '), workload('DaemonSet', 'agent', ''),
  'apiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ["true"]}]}}}\n',
  'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: "0 0 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}}}}\n',
  'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: later}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n',
].join('---\n');

function single(name: string, resource: object, more: object = {}): string {
  return JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name }, spec: { entrypoint: 'main', templates: [{ name: 'main', resource, ...more }] } });
}

const WAIT = { metadata: { annotations: { 'tiphys.dev/wait': 'ready' } } };

test('an application of seven kinds is applied and waited for; a second run changes nothing', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-stack', (namespace) => withEngine(cluster, namespace, async (play) => {
      const first = await play(single('first', { action: 'apply', manifest: STACK }, WAIT));
      assert.equal(first.status?.phase, 'Succeeded', JSON.stringify(told(first)));
      const types: [ResourceType, string][] = [[of('Deployment', 'deployments'), 'web'], [of('StatefulSet', 'statefulsets'), 'db'], [of('DaemonSet', 'daemonsets'), 'agent'], [of('Job', 'jobs', 'batch'), 'setup'], [RESOURCE.configMap, 'settings']];
      const web = await cluster.get(types[0]?.[0] ?? RESOURCE.pod, namespace, 'web') as { status?: { availableReplicas?: number } };
      assert.equal(web.status?.availableReplicas, 2);
      const versions = (): Promise<(string | undefined)[]> => Promise.all(types.map(async ([type, name]) => (await cluster.get(type, namespace, name)).metadata.resourceVersion));
      const before = await versions();
      assert.equal((await play(single('second', { action: 'apply', manifest: STACK }, WAIT))).status?.phase, 'Succeeded');
      assert.deepEqual(await versions(), before);
    }));
  } finally {
    await cluster.close();
  }
});

test('rollouts and jobs that fail say which and why', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-broken', (namespace) => withEngine(cluster, namespace, async (play) => {
      const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: bad}\nspec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: ["false"]}]}}}\n';
      const stuck = workload('Deployment', 'stuck', 'progressDeadlineSeconds: 5, ').replace('image: busybox', 'image: nowhere/none');
      const [failed, late] = await Promise.all([play(single('job', { action: 'apply', manifest: job }, WAIT)), play(single('stuck', { action: 'apply', manifest: stuck }, WAIT))]);
      assert.equal(told(failed)['job'], `Failed: main: Error (exit code 64): Job ${namespace}/bad: BackoffLimitExceeded: Job has reached the specified backoff limit; Pod ${told(failed)['job']?.split('; Pod ')[1]?.split(':')[0] ?? ''}: c ended with exit code 1 (Error)`);
      assert.match(told(late)['stuck'] ?? '', new RegExp(`^Failed: main: Error \\(exit code 64\\): Deployment ${namespace}/stuck: ProgressDeadlineExceeded: .*; Pod stuck-\\S+: (ErrImagePull|ImagePullBackOff): .*nowhere/none`));
    }));
  } finally {
    await cluster.close();
  }
});

test('owners, outputs, three kinds of patch, replace, delete, and a workflow of workflows', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-many', (namespace) => withEngine(cluster, namespace, async (play) => {
      const made = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, labels: {part: "1"}}\ndata: {some: value}\n';
      const child = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: child-, labels: {workflows.argoproj.io/controller-instanceid: tiphys}}\nspec: {entrypoint: m, templates: [{name: m, container: {image: busybox, command: ["true"]}}]}\n';
      const outputs = { outputs: { parameters: [{ name: 'n', valueFrom: { jsonPath: '{.metadata.ownerReferences[0].kind}' } }, { name: 'd', valueFrom: { jqFilter: '.data' } }] } };
      const steps: [string, object, object?][] = [
        ['create', { action: 'create', manifest: made, setOwnerReference: true }, outputs],
        ['strategic', { action: 'patch', manifest: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {strategic: "1"}\n' }],
        ['merge', { action: 'patch', mergeStrategy: 'merge', flags: ['configmap', 'made'], manifest: 'data: {merge: "1"}\n' }],
        ['json', { action: 'patch', mergeStrategy: 'json', flags: ['cm/made'], manifest: '- {op: remove, path: /data/some}\n' }],
        ['get', { action: 'get', flags: ['cm', 'made'] }, outputs],
        ['replace', { action: 'replace', manifest: made.replace('some: value', 'new: "1"') }],
        ['child', { action: 'create', manifest: child, setOwnerReference: true, successCondition: 'status.phase == Succeeded', failureCondition: 'status.phase in (Failed, Error)' }],
        ['delete', { action: 'delete', flags: ['configmaps', '-l', 'part=1'] }],
        ['unknown', { action: 'create', manifest: 'apiVersion: v1\nkind: Nope\nmetadata: {name: x}\n' }],
      ];
      const run = await play(JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'many' }, spec: {
        entrypoint: 'main', templates: [{ name: 'main', steps: steps.map(([name]) => [{ name, template: name }]) }, ...steps.map(([name, resource, more]) => ({ name, resource, ...more }))],
      } }));
      const end = told(run);
      for (const [name] of steps.slice(0, -1)) assert.equal(end[name], 'Succeeded', name);
      assert.match(end['unknown'] ?? '', /no matches for kind "Nope" in version "v1"/);
      const value = (step: string): (string | undefined)[] => Object.values(run.status?.nodes ?? {}).find(({ displayName }) => displayName === step)?.outputs?.parameters?.map((parameter) => parameter.value) ?? [];
      assert.deepEqual(value('create'), ['Workflow', '{"some":"value"}']);
      assert.deepEqual(value('get'), ['Workflow', '{"merge":"1","strategic":"1"}']);
    }));
  } finally {
    await cluster.close();
  }
});

test('a definition, a namespace and objects of both in one manifest', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  const group = `g${Date.now().toString(36)}.tiphys.dev`;
  const name = `things.${group}`;
  try {
    await withNamespace(cluster, 'exec-kinds', (namespace) => withEngine(cluster, namespace, async (play) => {
      const manifest = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${name}}
spec: {group: ${group}, scope: Cluster, names: {kind: Thing, plural: things}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}-more}
---
apiVersion: ${group}/v1
kind: Thing
metadata: {name: one}
status: {phase: Good}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: there, namespace: ${namespace}-more}
`;
      const made = await play(single('made', { action: 'apply', manifest }, WAIT));
      assert.equal(made.status?.phase, 'Succeeded', JSON.stringify(told(made)));
      const thing = `apiVersion: ${group}/v1\nkind: Thing\nmetadata: {name: one}\n`;
      assert.equal((await play(single('seen', { action: 'get', manifest: thing, successCondition: 'status.phase == Good' }))).status?.phase, 'Succeeded');
      const gone = await play(single('gone', { action: 'delete', manifest }));
      assert.equal(gone.status?.phase, 'Succeeded', JSON.stringify(told(gone)));
      await assert.rejects(cluster.get(RESOURCE.namespace, undefined, `${namespace}-more`), /not found/);
    }));
  } finally {
    await cluster.delete(RESOURCE.customResourceDefinition, undefined, name).catch(() => undefined);
    await cluster.close();
  }
});

test('a named account acts where the person may act for it; else the step says that it did not', { skip }, async () => {
  const admin = await connect(kubeconfig ?? '');
  const rbac = (kind: string, plural: string): ResourceType => of(kind, plural, 'rbac.authorization.k8s.io');
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{pod.name}}"}\n';
  const create = (name: string, account: string): string => single(name, { action: 'create', manifest }, { serviceAccountName: account });
  const read = ['get', 'list', 'watch'];
  try {
    await withNamespace(admin, 'exec-accounts', async (namespace) => {
      const role = (name: string, rules: object[], subject: object): Promise<unknown> => Promise.all([
        admin.create(rbac('Role', 'roles'), { metadata: { name, namespace }, rules }),
        admin.create(rbac('RoleBinding', 'rolebindings'), { metadata: { name, namespace }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [subject] }),
      ]);
      for (const name of ['maker', 'idle']) await admin.create(RESOURCE.serviceAccount, { metadata: { name, namespace } });
      await role('maker', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['create'] }], { kind: 'ServiceAccount', name: 'maker', namespace });
      await role('nobody', [{ apiGroups: [''], resources: ['pods', 'pods/log', 'configmaps', 'events'], verbs: [...read, 'create', 'patch', 'delete'] }, { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['*'] }], { kind: 'User', name: 'nobody', apiGroup: 'rbac.authorization.k8s.io' });
      await withEngine(admin, namespace, async (play) => {
        assert.deepEqual(told(await play(create('may', 'maker'))), { may: 'Succeeded' });
        await admin.get(RESOURCE.configMap, namespace, 'may');
        assert.match(told(await play(create('may-not', 'idle')))['may-not'] ?? '', new RegExp(`^Failed: .*User "system:serviceaccount:${namespace}:idle" cannot create resource "configmaps"`));
      });
      const nobody = await connect(kubeconfig ?? '', 'e2e-nobody');
      try {
        await withEngine(nobody, namespace, async (play) => {
          assert.deepEqual(told(await play(create('own', 'idle'))), { own: 'Succeeded: done with your own rights: you may not act for the service account idle' });
        });
      } finally {
        await nobody.close();
      }
    });
  } finally {
    await admin.close();
  }
});

test('what the person may not do ends with the right that is missing', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '', 'e2e-developer');
  try {
    await withEngine(cluster, 'team-a', async (play, engine) => {
      const name = `exec-${Date.now().toString(36)}`;
      const run = await play(single(name, { action: 'create', manifest: `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules: []\n` }));
      assert.match(told(run)[name] ?? '', /^Failed: main: Error \(exit code 64\): .*forbidden: User ".*" cannot create resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope/);
      await engine.act('team-a', name, { action: 'delete' });
    });
  } finally {
    await cluster.close();
  }
});
