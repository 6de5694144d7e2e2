/** What a Pod can be and how it can end, on the real cluster: each ends in Argo's phase with a message that says what happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import type { KubeObject, Pod } from '../../engine/spec/kubernetes.ts';
import { LABEL } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, NO_CLUSTER, told, withEngine, withNamespace } from './support.ts';

const kubeconfig = kubeconfigPath();
const skip = kubeconfig === undefined ? NO_CLUSTER : false;

interface Shape {
  /** The template, less its name. */
  template: Record<string, unknown>;
  spec?: Record<string, unknown>;
  /** Of the root node: `Succeeded`, or what its phase and message look like. */
  ends: string | RegExp;
  result?: string;
}

const sh = (script: string, more: object = {}): object => ({ image: 'alpine', command: ['sh', '-c', script], ...more });
const script = (source: string, more: object = {}): object => ({ image: 'alpine', command: ['sh'], source, ...more });
const strict = { runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };

const SHAPES: Record<string, Shape> = {
  sidecar: { template: { container: sh('until [ -e /w/up ]; do sleep 0.2; done', { volumeMounts: [{ name: 'w', mountPath: '/w' }] }), sidecars: [{ name: 'side', mirrorVolumeMounts: true, ...sh('touch /w/up; sleep 3600') }], volumes: [{ name: 'w', emptyDir: {} }] }, ends: 'Succeeded' },
  init: { template: { initContainers: [{ name: 'before', mirrorVolumeMounts: true, ...sh('echo first > /w/f') }], script: script('cat /w/f', { volumeMounts: [{ name: 'w', mountPath: '/w' }] }), volumes: [{ name: 'w', emptyDir: {} }] }, ends: 'Succeeded' },
  set: { template: { containerSet: { volumeMounts: [{ name: 'w', mountPath: '/w' }], containers: [{ name: 'a', ...sh('sleep 1; echo a > /w/a') }, { name: 'b', dependencies: ['a'], ...sh('cat /w/a') }, { name: 'main', dependencies: ['b'], ...sh('test -e /w/a') }] }, volumes: [{ name: 'w', emptyDir: {} }] }, ends: 'Succeeded' },
  'set-fails': { template: { containerSet: { containers: [{ name: 'a', ...sh('exit 3') }, { name: 'main', dependencies: ['a'], ...sh('true') }] } }, ends: /^Failed: / },
  docker: { template: { container: sh('until nc 127.0.0.1 2375 < /dev/null; do sleep 0.2; done', { env: [{ name: 'DOCKER_HOST', value: '127.0.0.1' }] }), sidecars: [{ name: 'dind', ...sh('while true; do nc -l -p 2375 < /dev/null; done'), securityContext: { privileged: true }, mirrorVolumeMounts: true }] }, ends: 'Succeeded' },
  volumes: {
    template: { container: sh('[ "$(cat /cm/k)$(cat /s/k)$ENVC$ENVS$FROM" = cscsc ] && echo x > /claim/x && test -d /host && test -s /down/labels && test -s /p/k && ls /e /m', { env: [{ name: 'ENVC', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }, { name: 'ENVS', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }], envFrom: [{ configMapRef: { name: 'env' } }], volumeMounts: [['cm', '/cm'], ['s', '/s'], ['claim', '/claim'], ['host', '/host'], ['down', '/down'], ['p', '/p'], ['e', '/e'], ['m', '/m']].map(([name, mountPath]) => ({ name, mountPath })) }) },
    spec: {
      volumes: [{ name: 'cm', configMap: { name: 'c' } }, { name: 's', secret: { secretName: 's' } }, { name: 'host', hostPath: { path: '/tmp' } }, { name: 'down', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }, { name: 'p', projected: { sources: [{ configMap: { name: 'c' } }] } }, { name: 'e', emptyDir: {} }, { name: 'm', emptyDir: { medium: 'Memory' } }],
      volumeClaimTemplates: [{ metadata: { name: 'claim' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } }],
    },
    ends: 'Succeeded',
  },
  tokenless: { template: { script: script('test ! -e /var/run/secrets/kubernetes.io && echo none'), automountServiceAccountToken: false }, ends: 'Succeeded' },
  account: { template: { container: sh('test -s /var/run/secrets/kubernetes.io/serviceaccount/token'), serviceAccountName: 'runner' }, ends: 'Succeeded' },
  'no-account': { template: { container: sh('true'), serviceAccountName: 'nobody' }, ends: /^Error: .*serviceaccount "nobody" not found/ },
  selected: { template: { container: sh('true'), nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [{ operator: 'Exists' }] }, ends: 'Succeeded' },
  restricted: { template: { script: script('id -u', { securityContext: strict }), securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } } }, ends: 'Succeeded' },
  limits: { template: { container: sh('true', { resources: { limits: { cpu: '200m', memory: '32Mi' } } }) }, ends: 'Succeeded' },
  network: { template: { container: sh('true') }, spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet', imagePullSecrets: [{ name: 'none-such' }] }, ends: 'Succeeded' },
  oom: { template: { container: sh('head -c 300m /dev/zero | tail', { resources: { limits: { memory: '24Mi' } } }) }, ends: /^Failed: main: (OOMKilled|Error) \(exit code 137\)/ },
  image: { template: { container: { image: 'nowhere/none:1', command: ['x'] }, activeDeadlineSeconds: 15 }, ends: /^Failed: (Pod was active on the node longer than the specified deadline|.*deadline)/ },
  unschedulable: { template: { container: sh('true'), nodeSelector: { no: 'such' }, pendingTimeout: '5s' }, ends: /^Failed: / },
  deadline: { template: { container: sh('sleep 60'), activeDeadlineSeconds: 3 }, ends: 'Failed: Pod was active on the node longer than the specified deadline' },
  exit: { template: { container: sh('exit 7') }, ends: 'Failed: main: Error (exit code 7)' },
  command: { template: { container: { image: 'alpine', command: ['/no/such'] } }, ends: /^Failed: main: (StartError|Error) \(exit code (128|127|64)\)/ },
};

async function surroundings(cluster: Cluster, namespace: string): Promise<void> {
  const make = (kind: string, name: string, more: object): KubeObject => ({ kind, metadata: { name, namespace }, ...more });
  await cluster.create(RESOURCE.configMap, make('ConfigMap', 'c', { data: { k: 'c' } }));
  await cluster.create(RESOURCE.configMap, make('ConfigMap', 'env', { data: { FROM: 'c' } }));
  await cluster.create(RESOURCE.secret, make('Secret', 's', { stringData: { k: 's' } }));
  await cluster.create(RESOURCE.serviceAccount, make('ServiceAccount', 'runner', {}));
}

test('every shape of a Pod, and every way it ends', { skip, concurrency: 4 }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  t.after(() => cluster.close());
  await withNamespace(cluster, 'exec-pods', async (namespace) => {
    await surroundings(cluster, namespace);
    await withEngine(cluster, namespace, (play) => Promise.all(Object.entries(SHAPES).map(([name, { template, spec, ends }]) => t.test(name, async () => {
      const run = await play(JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name }, spec: { entrypoint: 'main', ...spec, templates: [{ name: 'main', ...template }] } }));
      const end = told(run)[name] ?? `${run.status?.phase ?? ''}: ${run.status?.message ?? ''}`;
      if (typeof ends === 'string') assert.equal(end, ends);
      else assert.match(end, ends);
    }))));
    const claims = await cluster.list(RESOURCE.persistentVolumeClaim, namespace);
    assert.deepEqual(claims.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined), [], 'claims of a run that ended well go with it');
  });
});

test('a namespace of restricted Pods takes ours as they are', { skip }, async () => {
  const cluster = await connect(kubeconfig ?? '');
  try {
    await withNamespace(cluster, 'exec-restricted', async (namespace) => {
      await cluster.patch(RESOURCE.namespace, undefined, namespace, { type: 'merge', body: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } } });
      await withEngine(cluster, namespace, async (play) => {
        const { readOnlyRootFilesystem, ...context } = strict;
        const fits = await play(JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'fits' }, spec: { entrypoint: 'main', securityContext: { runAsNonRoot: true, runAsUser: 1000 }, templates: [
          { name: 'main', steps: [[{ name: 'a', template: 'a' }], [{ name: 'b', template: 'b' }]] }, { name: 'a', script: script('echo 1', { securityContext: { ...context, readOnlyRootFilesystem } }) }, { name: 'b', http: { url: 'https://kubernetes.default.svc/version', insecureSkipVerify: true } },
        ] } }));
        assert.equal(fits.status?.phase, 'Succeeded', JSON.stringify(told(fits)));
        const refused = await play(JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'refused' }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: sh('true') }] } }));
        assert.match(told(refused)['refused'] ?? '', /^Error: .*violates PodSecurity "restricted:latest"/);
      });
    });
  } finally {
    await cluster.close();
  }
});

test('a Pod deleted by hand, evicted, or on a node that is gone ends its step', { skip }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  t.after(() => cluster.close());
  await withNamespace(cluster, 'exec-hands', (namespace) => withEngine(cluster, namespace, async (play, engine) => {
    const long = (name: string): string => JSON.stringify({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name }, spec: { entrypoint: 'main', templates: [{ name: 'main', container: sh('trap "exit 143" TERM; sleep 600 & wait') }] } });
    const runs = ['deleted', 'evicted', 'gone', 'drained'].map((name) => play(long(name)));
    const podOf = async (name: string): Promise<Pod> => {
      for (let tries = 0; tries < 300; tries++) {
        const [pod] = (await cluster.list<Pod>(RESOURCE.pod, namespace, { labelSelector: `${LABEL.workflow}=${name}` })).items;
        // A Pod that goes before the engine has seen it run was never there: it is made again.
        const seen = await engine.getRun(namespace, name).catch(() => undefined);
        if (pod?.status?.phase === 'Running' && seen?.status?.nodes?.[name]?.phase === 'Running') return pod;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      throw new Error(`the Pod of ${name} never ran`);
    };
    const write = async (name: string, status: object): Promise<void> => {
      const pod = await podOf(name);
      await cluster.patch(RESOURCE.pod, namespace, pod.metadata.name ?? '', { type: 'merge', body: { status: { phase: 'Failed', ...status } } }, { subresource: 'status' });
    };
    await cluster.delete(RESOURCE.pod, namespace, (await podOf('deleted')).metadata.name ?? '', { gracePeriodSeconds: 0 });
    await write('evicted', { reason: 'Evicted', message: 'The node was low on resource: memory.' });
    await write('gone', { reason: 'NodeLost', message: 'Node e2e which was running pod main is unresponsive' });
    const drained = (await podOf('drained')).metadata.name ?? '';
    // What kubectl drain does to each Pod of a node, which other tests need.
    await cluster.create({ ...RESOURCE.pod, plural: `pods/${drained}/eviction` }, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: drained, namespace } });
    const [deleted, evicted, gone, moved] = await Promise.all(runs);
    assert.match((moved && told(moved)['drained']) ?? '', /^(Failed: main: Error \(exit code 143\)|Error: pod deleted): the Pod was evicted, as a drain of its node does \(Eviction API: evicting\)$/);
    assert.equal(deleted && told(deleted)['deleted'], 'Error: pod deleted');
    assert.equal(evicted && told(evicted)['evicted'], 'Failed: The node was low on resource: memory.');
    assert.equal(gone && told(gone)['gone'], 'Failed: Node e2e which was running pod main is unresponsive');
  }));
});
