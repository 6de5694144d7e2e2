import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import { createImageConfigs } from '../../engine/kube/registry.ts';
import type { PodPlan, PodReport } from '../../engine/operate/types.ts';
import { executorPod, imagesToLookUp } from '../../engine/pod/executor.ts';
import type { ImageConfig, SidecarMode } from '../../engine/pod/executor.ts';
import { observedPod, onlySidecarsLeft, readReport, SIDECARS_ENDED } from '../../engine/pod/report.ts';
import type { Container, Pod, PodSpec } from '../../engine/spec/kubernetes.ts';
import type { Template } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, mirrors, NO_CLUSTER, withNamespace } from './support.ts';

interface Step {
  template?: Template;
  containers: Container[];
  result?: boolean;
  sidecars?: SidecarMode;
  spec?: Partial<PodSpec>;
}

interface Ending {
  phase: string;
  containers: Record<string, number>;
  report: PodReport;
  log: string;
}

const shell = (script: string, image = 'busybox', rest: Partial<Container> = {}): Container => ({ name: 'main', image, command: ['sh', '-c', script], ...rest });
const images = createImageConfigs({ mirrors: await mirrors() });

async function run(cluster: Cluster, namespace: string, name: string, step: Step): Promise<Ending> {
  const plan: PodPlan = {
    nodeId: name, nodeName: name, name, namespace, labels: {}, annotations: {}, template: step.template ?? {}, includeResult: step.result ?? false,
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 5, containers: step.containers, ...step.spec },
  };
  const sidecars = step.sidecars ?? 'native';
  const imageConfigs = new Map<string, ImageConfig>();
  for (const image of imagesToLookUp(plan, { sidecars })) imageConfigs.set(image, await images.lookUp(image));
  await cluster.create(RESOURCE.pod, executorPod(plan, { busybox: 'busybox', curl: 'curlimages/curl', git: 'alpine/git', sidecars, imageConfigs }));
  const pod = await ended(cluster, namespace, name, sidecars);
  const seen = observedPod(pod);
  const read = readReport(pod);
  const report = read && 'needsLog' in read ? readReport(pod, await logOf(cluster, namespace, name, 'wait')) : read;
  assert.ok(report && !('needsLog' in report), 'the step has reported');
  return {
    phase: seen.status?.phase ?? '', report, log: await logOf(cluster, namespace, name, step.containers[0]?.name ?? 'main'),
    containers: Object.fromEntries((seen.status?.containerStatuses ?? []).map((c) => [c.name, c.state?.terminated?.exitCode ?? -1])),
  };
}

async function ended(cluster: Cluster, namespace: string, name: string, sidecars: SidecarMode): Promise<Pod> {
  for (let tries = 0; tries < 300; tries++) {
    const pod = await cluster.get<Pod>(RESOURCE.pod, namespace, name);
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return pod;
    if (sidecars === 'deadline' && onlySidecarsLeft(pod, ['main']) && !pod.metadata.annotations?.[SIDECARS_ENDED]) {
      await cluster.patch(RESOURCE.pod, namespace, name, { type: 'merge', body: { metadata: { annotations: { [SIDECARS_ENDED]: 'main' } }, spec: { activeDeadlineSeconds: 1 } } });
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const pod = await cluster.get<Pod>(RESOURCE.pod, namespace, name);
  throw new Error(`Pod ${name} did not end: ${JSON.stringify(pod.status)}`);
}

async function logOf(cluster: Cluster, namespace: string, pod: string, container: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of cluster.logs(namespace, pod, { container })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const path = kubeconfigPath();
test('the in-Pod protocol on real containers', { skip: path === undefined ? NO_CLUSTER : false }, async (t) => {
  const cluster = await connect(path ?? '');
  t.after(() => cluster.close());
  await withNamespace(cluster, 'pods', async (namespace) => {
    const step = (name: string, spec: Step, check: (ending: Ending) => void): Promise<void> =>
      t.test(name, async () => check(await run(cluster, namespace, name.replaceAll(/[^a-z]+/g, '-').slice(0, 50).replace(/-$/, ''), spec)));
    await Promise.all([
      step('a plain step runs as it is', { containers: [shell('echo hi')] }, ({ phase, containers, log }) => {
        assert.deepEqual([phase, containers, log], ['Succeeded', { main: 0 }, 'hi\n']);
      }),
      step('a script of any interpreter, its result, and dollar signs as they were',
        { template: { script: { image: 'python', source: 'print("a $(x) $$ ü")\nimport sys\nprint("err", file=sys.stderr)\n' } }, result: true, containers: [{ name: 'main', image: 'python:alpine3.23', command: ['python'], args: ['/argo/staging/script'] }] },
        ({ phase, report, log }) => {
          assert.deepEqual([phase, report.outputs?.result], ['Succeeded', 'a $(x) $$ ü']);
          assert.match(log, /err/);
        }),
      step('output parameters, one of them a hundred kilobytes', {
        template: { outputs: { parameters: [{ name: 'a', valueFrom: { path: '/tmp/a' } }, { name: 'b', valueFrom: { path: '/tmp/b c' } }, { name: 'c', valueFrom: { path: '/nope', default: 'dd' } }] } },
        containers: [shell('printf "one\\n\\n" > /tmp/a; seq 20000 > "/tmp/b c"', 'debian')],
      }, ({ report }) => {
        const values = report.outputs?.parameters?.map((p) => p.value ?? '') ?? [];
        assert.deepEqual([values[0], values[1]?.length, values[2]], ['one\n', 108_893, 'dd']);
      }),
      step('an image without any shell, and a file that was not written', {
        template: { outputs: { parameters: [{ name: 'x', valueFrom: { path: '/x' } }, { name: 'z', valueFrom: { path: '/zz' } }] } },
        containers: [{ name: 'main', image: 'e2e/shell-less', command: ['/say', 'hello', '/x'] }],
      }, ({ phase, report }) => {
        assert.equal(phase, 'Succeeded');
        assert.equal(report.outputs?.parameters?.[0]?.value, 'hello');
        assert.match(report.error ?? '', /\/zz of output parameter z/);
      }),
      step('an image\'s own command, found at its registry', { result: true, containers: [{ name: 'main', image: 'docker/whalesay', args: ['cowsay', 'found'] }] }, ({ phase, report }) => {
        assert.equal(phase, 'Succeeded');
        assert.match(report.outputs?.result ?? '', /found/);
      }),
      step('an exit code other than zero', { result: true, containers: [shell('echo bye; exit 3')] }, ({ phase, containers, report }) => {
        assert.deepEqual([phase, containers['main'], report.outputs?.result], ['Failed', 3, 'bye']);
      }),
      step('killed for its memory', { result: true, containers: [shell('x=a; while true; do x=$x$x; done', 'busybox', { resources: { limits: { memory: '30Mi' } } })] }, ({ phase, containers }) => {
        assert.deepEqual([phase, containers['main']], ['Failed', 137]);
      }),
      step('a program that is not there', { result: true, containers: [{ name: 'main', image: 'busybox', command: ['nonesuch'] }] }, ({ containers, log }) => {
        assert.equal(containers['main'], 64);
        assert.match(log, /"nonesuch": executable file not found/);
      }),
      step('a signal reaches the command', { result: true, spec: { activeDeadlineSeconds: 4 }, containers: [shell('trap "echo got it; exit 7" TERM; echo ready; while true; do sleep 0.1; done')] }, ({ phase, log }) => {
        assert.deepEqual([phase, log], ['Failed', 'ready\ngot it\n']);
      }),
      step('nginx without a command beside curl', { result: true, containers: [shell('until curl -s http://127.0.0.1/ > /dev/null; do sleep 0.2; done; echo got', 'curlimages/curl'), { name: 'nginx', image: 'nginx:1.13' }] }, ({ phase, report }) => {
        assert.deepEqual([phase, report.outputs?.result], ['Succeeded', 'got']);
      }),
      step('wrapped sidecars end with main', { sidecars: 'wrapped', containers: [shell('sleep 1'), { name: 'nginx', image: 'nginx:1.13' }, { name: 'short', image: 'busybox', command: ['true'] }] }, ({ phase, containers }) => {
        assert.equal(phase, 'Succeeded');
        assert.equal(containers['short'], 0);
      }),
      step('sidecars ended by the deadline do not fail the step', { sidecars: 'deadline', containers: [shell('sleep 1'), { name: 'nginx', image: 'nginx:1.13' }] }, ({ phase, containers }) => {
        assert.deepEqual([phase, containers['main']], ['Succeeded', 0]);
      }),
      step('a sidecar that fails', { containers: [shell('sleep 2'), { name: 'side', image: 'busybox', command: ['sh', '-c', 'exit 5'] }] }, ({ phase, containers }) => {
        assert.deepEqual([phase, containers['side']], ['Failed', 5]);
      }),
      step('a container set in its order', {
        template: { containerSet: { containers: [{ name: 'a' }, { name: 'b', dependencies: ['a'] }, { name: 'main', dependencies: ['b'] }] } }, result: true,
        containers: [{ name: 'a', image: 'busybox', command: ['sleep', '1'] }, { name: 'b', image: 'busybox', command: ['true'] }, shell('echo last')],
      }, ({ phase, report }) => {
        assert.deepEqual([phase, report.outputs?.result], ['Succeeded', 'last']);
      }),
      step('no root, no writable file system, no token', {
        result: true, spec: { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 1000 } },
        containers: [shell('id -u', 'busybox', { securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } })],
      }, ({ phase, report }) => {
        assert.deepEqual([phase, report.outputs?.result], ['Succeeded', '1000']);
      }),
    ]);
  });
});
