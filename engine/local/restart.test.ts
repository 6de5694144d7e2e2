import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigMap, Pod } from '../spec/kubernetes.ts';
import { RESOURCE } from '../kube/port.ts';
import { executorPod } from '../pod/executor.ts';
import { createLocalCluster } from './cluster.ts';
import type { LocalCluster } from './cluster.ts';
import { namespacesWork } from './sandbox.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'tiphys-local-'));

const pod = (name: string, script: string): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }] },
});

async function ended(cluster: LocalCluster, name: string): Promise<Pod> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    const now = await cluster.get<Pod>(RESOURCE.pod, 'default', name);
    if (now.status?.phase === 'Succeeded' || now.status?.phase === 'Failed') return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${name} does not end`);
}

async function log(cluster: LocalCluster, name: string, container = 'main'): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of cluster.logs('default', name, { container })) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Another program that opens the cluster, makes the Pods, says so, and is killed. */
async function killedWhileRunning(dataDir: string, pods: Pod[]): Promise<void> {
  const script = `
    const { createLocalCluster } = await import(${JSON.stringify(new URL('./cluster.ts', import.meta.url).href)});
    const { RESOURCE } = await import(${JSON.stringify(new URL('../kube/port.ts', import.meta.url).href)});
    const cluster = await createLocalCluster({ dataDir: ${JSON.stringify(dataDir)}, runtime: 'processes' });
    for (const pod of ${JSON.stringify(pods)}) await cluster.create(RESOURCE.pod, pod);
    const running = async (name) => (await cluster.get(RESOURCE.pod, 'default', name)).status?.containerStatuses?.some((status) => status.state?.running);
    for (const { metadata } of ${JSON.stringify(pods)}) while (!(await running(metadata.name))) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log('running');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', () => resolve());
    child.once('exit', () => reject(new Error('the other program ended by itself')));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

test('killed in the middle: Pods are found again, none runs twice, and those that ended meanwhile tell how', async () => {
  const dataDir = folder();
  const marks = join(dataDir, 'marks');
  const mounts = { volumes: [{ name: 'marks', hostPath: { path: dataDir } }] };
  const marking = (name: string, script: string): Pod => {
    const made = pod(name, `echo ${name} >> /marks/marks; ${script}`);
    return { ...made, spec: { ...made.spec, ...mounts, containers: made.spec.containers.map((container) => ({ ...container, volumeMounts: [{ name: 'marks', mountPath: '/marks' }] })) } };
  };
  await killedWhileRunning(dataDir, [marking('long', 'echo before; sleep 3; echo after; exit 5'), marking('short', 'sleep 0.3; exit 6'), pod('lost', 'sleep 60')]);
  // The machine ends one of them: supervisor and all.
  const before = await createLocalCluster({ dataDir, runtime: 'processes' });
  const lost = await before.get<Pod>(RESOURCE.pod, 'default', 'lost');
  const dir = join(dataDir, 'pods', lost.metadata.uid ?? '', 'containers', 'main', '0');
  await before.close();
  for (const file of ['process', 'shim']) if (existsSync(join(dir, file))) process.kill(Number(readFileSync(join(dir, file), 'utf8')), 'SIGKILL');
  rmSync(join(dir, 'exit'), { force: true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  rmSync(join(dir, 'exit'), { force: true });
  const cluster = await createLocalCluster({ dataDir, runtime: 'processes' });
  try {
    const [long, short, gone] = [await ended(cluster, 'long'), await ended(cluster, 'short'), await ended(cluster, 'lost')];
    assert.equal(long.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 5);
    assert.equal(await log(cluster, 'long'), 'before\nafter\n');
    assert.equal(short.status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 6);
    assert.equal(gone.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'ContainerStatusUnknown');
    assert.deepEqual(readFileSync(marks, 'utf8').trim().split('\n').sort(), ['long', 'short']);
  } finally {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('what was written is there after a kill, and a torn last line is left out', async () => {
  const dataDir = folder();
  const first = await createLocalCluster({ dataDir, runtime: 'processes' });
  const made = await first.create<ConfigMap>(RESOURCE.configMap, { metadata: { name: 'kept', namespace: 'default' }, data: { a: '1' } });
  await first.create<ConfigMap>(RESOURCE.configMap, { metadata: { name: 'deleted', namespace: 'default' } });
  await first.delete(RESOURCE.configMap, 'default', 'deleted');
  const journal = join(dataDir, 'objects', 'journal.jsonl');
  const { appendFileSync } = await import('node:fs');
  appendFileSync(journal, '{"type":{"gro');
  await first.close();
  const second = await createLocalCluster({ dataDir, runtime: 'processes' });
  try {
    const { items, resourceVersion } = await second.list<ConfigMap>(RESOURCE.configMap, 'default');
    assert.deepEqual(items, [made]);
    assert.ok(Number(resourceVersion) > Number(made.metadata.resourceVersion), 'versions go on where they were');
    assert.equal((await second.list(RESOURCE.namespace)).items.length, 2);
  } finally {
    await second.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

for (const isolated of namespacesWork() ? [true, false] : [false]) {
  test(`the in-Pod protocol runs unchanged (${isolated ? 'namespaces' : 'plain processes'})`, async () => {
    const dataDir = folder();
    const cluster = await createLocalCluster({ dataDir, runtime: 'processes', isolated });
    try {
      const template = {
        name: 'script', script: { image: 'busybox', command: ['sh'], source: 'echo "hello $0" | cut -c1-5; echo "out $ value" > /tmp/out.txt; exit 3\n' },
        outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/out.txt' } }] },
      };
      const made = executorPod({
        nodeId: 'n1', nodeName: 'wf', name: 'wf', namespace: 'default', labels: {}, annotations: {}, template, includeResult: true,
        spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'busybox', command: ['sh'], args: ['/argo/staging/script'] }, { name: 'side', image: 'busybox', command: ['sh', '-c', 'while true; do sleep 0.2; done'] }] },
      }, { busybox: 'busybox', curl: 'curl', git: 'git', sidecars: 'native' });
      await cluster.create(RESOURCE.pod, made);
      const done = await ended(cluster, 'wf');
      const state = (name: string) => [...(done.status?.containerStatuses ?? []), ...(done.status?.initContainerStatuses ?? [])].find((status) => status.name === name)?.state?.terminated;
      assert.equal(state('init')?.exitCode, 0, JSON.stringify(done.status));
      assert.equal(state('main')?.exitCode, 3);
      assert.equal(await log(cluster, 'wf'), 'hello\n');
      const report = JSON.parse(state('wait')?.message ?? '{}') as { exitCode: string; result: string; parameters: Record<string, string> };
      assert.equal(report.exitCode, '3');
      assert.equal(Buffer.from(report.result, 'base64').toString(), 'hello\n');
      assert.equal(Buffer.from(report.parameters['0'] ?? '', 'base64').toString(), 'out $ value\n');
      assert.ok(state('side'), 'the sidecar has been ended');
    } finally {
      await cluster.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
}

test('a container whose command only its image knows fails the Pod at once and says what to do; nothing of it is started', async () => {
  const dataDir = folder();
  const cluster = await createLocalCluster({ dataDir, runtime: 'processes' });
  try {
    const wait = pod('server', `echo ran > ${dataDir}/ran; sleep 60`);
    const nginx = { name: 'nginx', image: 'nginx:1.13' };
    for (const [name, spec] of Object.entries({
      native: { ...wait.spec, initContainers: [{ ...nginx, restartPolicy: 'Always' }] },
      beside: { ...wait.spec, containers: [...wait.spec.containers, nginx] },
      alone: { ...wait.spec, containers: [nginx] },
    })) {
      await cluster.create(RESOURCE.pod, { ...wait, metadata: { ...wait.metadata, name }, spec });
      const { status } = await ended(cluster, name);
      assert.equal(status?.phase, 'Failed', name);
      assert.match(status.message ?? '', /nginx.*images are not used.*command.*Docker or Podman/, name);
    }
    assert.equal(existsSync(join(dataDir, 'ran')), false);
  } finally {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('in namespaces a step has /tmp and home to itself and cannot write the machine', { skip: namespacesWork() ? false : 'this machine does not let us make user namespaces' }, async () => {
  const dataDir = folder();
  const cluster = await createLocalCluster({ dataDir, runtime: 'processes', isolated: true });
  process.env['KUBECONFIG_OF_SOMEBODY'] = 'secret';
  try {
    await cluster.create(RESOURCE.pod, pod('private', 'ls -A /tmp | wc -l; ls -A $HOME | wc -l; touch /usr/bin/x 2>/dev/null && echo wrote; echo $KUBECONFIG_OF_SOMEBODY; echo $$$$; mkdir -p /data/x && echo own > /data/x/y && cat /data/x/y'));
    const done = await ended(cluster, 'private');
    assert.equal(await log(cluster, 'private'), '0\n0\n\n1\nown\n', JSON.stringify(done.status));
  } finally {
    delete process.env['KUBECONFIG_OF_SOMEBODY'];
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
