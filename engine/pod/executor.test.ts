import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { executorPod, imagesToLookUp, unwrap } from './executor.ts';
import type { ExecutorOptions } from './executor.ts';
import { observedPod, onlySidecarsLeft, progressIn, readReport, SIDECARS_ENDED, tellsProgress } from './report.ts';
import { INIT, REPORT_BEGIN, REPORT_END, RUN, WAIT } from './scripts.ts';
import { unreachableArtifacts } from './transfers.ts';
import type { Container, ContainerStatus, Pod } from '../spec/kubernetes.ts';
import type { Artifact, Template } from '../spec/types.ts';
import type { PodPlan } from '../operate/types.ts';

const OPTIONS: ExecutorOptions = { busybox: 'busybox', curl: 'curl', git: 'git', sidecars: 'native', instanceId: 'tiphys' };
const main: Container = { name: 'main', image: 'debian', command: ['sh', '-c'], args: ['true'] };

function plan(template: Template, containers: Container[] = [main], includeResult = false): PodPlan {
  return { nodeId: 'w-1', nodeName: 'w.a', name: 'w-a-1', namespace: 'ns', labels: { 'workflows.argoproj.io/workflow': 'w' }, annotations: {}, spec: { restartPolicy: 'Never', containers }, template, includeResult };
}

const withPath: Template = { outputs: { parameters: [{ name: 'p', valueFrom: { path: '/tmp/p' } }, { name: 'q', valueFrom: { path: '/tmp/q', default: 'd' } }] } };

test('a step whose outputs nobody wants has no helper', () => {
  const pod = executorPod(plan({}), OPTIONS);
  assert.deepEqual(pod.spec.containers.map((c) => c.name), ['main']);
  assert.deepEqual(pod.spec.containers[0]?.command, ['sh', '-c']);
  assert.equal(pod.spec.initContainers, undefined);
  assert.equal(pod.metadata.labels?.['workflows.argoproj.io/controller-instanceid'], 'tiphys');
  assert.equal(pod.metadata.annotations?.['workflows.argoproj.io/node-id'], 'w-1');
  assert.deepEqual(readReport(pod), { complete: true });
});

test('an output parameter with a value of its own is reported, too', () => {
  const pod = executorPod(plan({ outputs: { parameters: [{ name: 'v', value: '1' }] } }), OPTIONS);
  pod.status = { phase: 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0 } } }, { name: 'wait', state: { terminated: { exitCode: 0, message: '{}' } } }] };
  assert.deepEqual(readReport(pod), { complete: true, outputs: { parameters: [{ name: 'v', value: '1' }] } });
});

test('a wanted result wraps main, and unwrap gives the user\'s command back', () => {
  const pod = executorPod(plan({}, [main], true), OPTIONS);
  assert.deepEqual(pod.spec.containers.map((c) => c.name), ['wait', 'main']);
  const wrapped = pod.spec.containers[1]!;
  assert.deepEqual(wrapped.command?.slice(0, 9), ['/var/run/tiphys/busybox', 'sh', '/var/run/tiphys/run', 'main', 'result', '', '1', '--', 'sh']);
  assert.deepEqual(unwrap(wrapped), { command: ['sh', '-c'], args: ['true'] });
  assert.deepEqual(unwrap(main), { command: ['sh', '-c'], args: ['true'] });
});

test('a missing command is the image\'s, and its cmd stands in for missing arguments only', () => {
  const bare: Container = { name: 'main', image: 'tool' };
  assert.deepEqual(imagesToLookUp(plan({}, [bare]), OPTIONS), [], 'nothing to wrap, nothing to ask');
  assert.deepEqual(imagesToLookUp(plan({}, [bare], true), OPTIONS), ['tool']);
  const imageConfigs = new Map([['tool', { entrypoint: ['/tool'], cmd: ['--help'] }]]);
  const command = (c: Container): unknown => unwrap(executorPod(plan({}, [c], true), { ...OPTIONS, imageConfigs }).spec.containers[1]!);
  assert.deepEqual(command(bare), { command: ['/tool'], args: ['--help'] });
  assert.deepEqual(command({ ...bare, args: ['x'] }), { command: ['/tool'], args: ['x'] });
  assert.throws(() => executorPod(plan({}, [bare], true), OPTIONS), { code: 'unsupported', message: /failed to look-up entrypoint\/cmd for image "tool"/ });
});

test('each way of ending sidecars', () => {
  const nginx: Container = { name: 'nginx', image: 'nginx' };
  const logger: Container = { name: 'logger', image: 'busybox', command: ['tail', '-f', '/dev/null'] };
  const native = executorPod(plan({}, [main, nginx, logger]), OPTIONS).spec;
  assert.deepEqual(native.containers.map((c) => c.name), ['main']);
  assert.deepEqual(native.initContainers?.map((c) => [c.name, c.restartPolicy]), [['init', undefined], ['nginx', 'Always'], ['logger', 'Always']]);
  assert.equal(native.initContainers[1]?.command, undefined, 'a server without command runs as its image says');
  assert.equal(native.initContainers[2]?.command?.[4], 'hold');

  assert.deepEqual(imagesToLookUp(plan({}, [main, nginx]), { sidecars: 'wrapped' }), ['nginx']);
  const wrapped = executorPod(plan({}, [main, logger]), { ...OPTIONS, sidecars: 'wrapped' }).spec;
  assert.deepEqual(wrapped.containers.map((c) => [c.name, c.command?.[4]]), [['main', 'main'], ['logger', 'side']]);

  const deadline = executorPod(plan({}, [main, nginx]), { ...OPTIONS, sidecars: 'deadline' }).spec;
  assert.deepEqual(deadline.containers.map((c) => [c.name, c.command]), [['main', ['sh', '-c']], ['nginx', undefined]]);
  assert.equal(deadline.initContainers, undefined);
});

test('a script is staged where Argo has it, and dollar signs arrive as they were', () => {
  const source = 'echo $(date) $$ "$X"\n';
  const script: Container = { name: 'main', image: 'busybox', command: ['sh'], args: ['/argo/staging/script'] };
  const pod = executorPod(plan({ script: { image: 'busybox', command: ['sh'], source } }, [script]), OPTIONS);
  const env = Object.fromEntries((pod.spec.initContainers?.[0]?.env ?? []).map((e) => [e.name, e.value ?? '']));
  assert.equal(env['TIPHYS_SOURCE_0']?.replaceAll('$$', () => '$'), source);
  assert.ok(pod.spec.containers[0]?.volumeMounts?.some((m) => m.mountPath === '/argo/staging' && m.subPath === 'staging'));
});

test('a source of a megabyte is cut into variables that Linux takes, never inside a character', () => {
  const source = 'ü😀'.repeat(100_000);
  const pod = executorPod(plan({ script: { source } }, [main]), OPTIONS);
  const parts = (pod.spec.initContainers?.[0]?.env ?? []).filter((e) => /^TIPHYS_SOURCE_\d/.test(e.name)).map((e) => e.value ?? '');
  assert.equal(parts.join(''), source);
  assert.ok(parts.every((part) => Buffer.byteLength(part) < 128 * 1024 && !part.includes('\ufffd')));
});

test('helpers pass the restricted security level beside a Pod that forbids root', () => {
  const p = plan({}, [main], true);
  p.spec.securityContext = { runAsNonRoot: true };
  const wait = executorPod(p, OPTIONS).spec.containers[0]!;
  assert.equal(wait.securityContext?.['runAsUser'], 65534);
  assert.equal(wait.securityContext['allowPrivilegeEscalation'], false);
  const own = executorPod(plan({}, [{ ...main, securityContext: { runAsNonRoot: true, runAsUser: 1000 } }], true), OPTIONS).spec.containers[0]!;
  assert.deepEqual([own.securityContext?.['runAsNonRoot'], own.securityContext?.['runAsUser']], [true, 1000], 'what each container says for itself, the helpers say, too');
  assert.equal(executorPod(plan({}, [main], true), OPTIONS).spec.containers[0]!.securityContext?.['runAsUser'], undefined);
});

const inS3 = (key: string): Partial<Artifact> => ({ s3: { endpoint: 'e:9000', bucket: 'b', key, accessKeySecret: { name: 'cred', key: 'a' }, secretKeySecret: { name: 'cred', key: 's' } } });
const byName = (list: readonly Container[] | undefined, name: string): Container => list!.find((c) => c.name === name)!;

test('artifacts: who loads and saves them, with the Secrets that main does not see', () => {
  const p = plan({
    inputs: { artifacts: [{ name: 'in', path: '/in', ...inS3('k') }, { name: 'code', path: '/code', git: { repo: 'https://g/r' } }, { name: 'deep', path: '/data/x', raw: { data: 'r' } }] },
    outputs: { artifacts: [{ name: 'o', path: '/o/', ...inS3('o.tgz') }] },
  }, [{ ...main, volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: true }, { name: 'input-artifacts', mountPath: '/in', subPath: 'in' }] }]);
  p.spec.volumes = [{ name: 'data', emptyDir: {} }, { name: 'cred', secret: { secretName: 'cred' } }];
  const { spec } = executorPod(p, OPTIONS);
  assert.deepEqual(spec.initContainers?.map(({ name, image }) => [name, image]), [['init', 'busybox'], ['init-artifacts', 'curl'], ['init-git', 'git']]);
  assert.deepEqual(spec.containers.map(({ name, image }) => [name, image]), [['wait', 'curl'], ['main', 'debian']]);
  const loader = byName(spec.initContainers, 'init-artifacts');
  assert.deepEqual(loader.volumeMounts?.map(({ mountPath }) => mountPath), ['/var/run/tiphys', '/argo/inputs/artifacts', '/argo/secret/cred', '/mainctrfs/data']);
  assert.equal(loader.securityContext?.['runAsUser'], 0, 'it writes into a volume of main');
  assert.ok(byName(spec.containers, 'main').volumeMounts?.every(({ name }) => name !== 'cred'));
  assert.deepEqual(spec.volumes?.map(({ name }) => name), ['data', 'cred', 'tiphys', 'input-artifacts']);
  assert.ok(!JSON.stringify(spec).includes('SECRET'));
});

test('artifacts in the folder of this machine need neither curl nor Secrets', () => {
  const folder = { s3: { endpoint: 'folder.tiphys.local', bucket: 'artifacts', key: 'w/p' } };
  const { spec } = executorPod(plan({ archiveLocation: { ...folder, archiveLogs: true }, inputs: { artifacts: [{ name: 'in', path: '/in', s3: { key: 'k' } }] }, outputs: { artifacts: [{ name: 'o', path: '/o' }] } }), { ...OPTIONS, artifactFolder: '/home/me/artifacts' });
  assert.deepEqual([...spec.initContainers ?? [], ...spec.containers].map(({ image }) => image), ['busybox', 'busybox', 'busybox', 'debian']);
  assert.deepEqual(spec.volumes?.at(-1), { name: 'tiphys-artifacts', hostPath: { path: '/home/me/artifacts', type: 'DirectoryOrCreate' } });
});

test('the report of artifacts: keys as Argo gives them, what is missing, what could not be saved', () => {
  const p = plan({ archiveLocation: { ...inS3('w/p'), archiveLogs: true }, outputs: { artifacts: [
    { name: 'a', path: '/o/a' }, { name: 'b', path: '/o/b', archive: { none: {} } }, { name: 'c', path: '/o/c', archive: { zip: {} }, optional: true }, { name: 'd', path: '/o/d', ...inS3('own') },
  ] } });
  const pod = executorPod(p, OPTIONS);
  const outputs = (saved: string, faults = '', mainCode = 0): ReturnType<typeof readReport> => readReport(ended(pod, JSON.stringify({ saved, faults: base64(faults) }), mainCode));
  assert.deepEqual(outputs('0,1,3,main-logs'), { complete: true, outputs: { artifacts: [
    { name: 'a', path: '/o/a', s3: { key: 'w/p/a.tgz' } }, { name: 'b', path: '/o/b', archive: { none: {} }, s3: { key: 'w/p/b' } }, { name: 'd', path: '/o/d', ...inS3('own') }, { name: 'main-logs', s3: { key: 'w/p/main.log' } },
  ] } });
  assert.deepEqual(outputs('0,3'), { complete: true, outputs: { artifacts: [{ name: 'a', path: '/o/a', s3: { key: 'w/p/a.tgz' } }, { name: 'd', path: '/o/d', ...inS3('own') }] }, error: 'wait: Error (exit code 64): the step ended without writing /o/b of output artifact b' });
  assert.deepEqual(outputs('', 'failed to save a'), { complete: true, error: 'wait: Error (exit code 64): failed to save a' });
  assert.deepEqual(outputs('', 'failed to save a', 1), { complete: true }, 'a step that failed has its own story');
});

test('artifacts that no Pod could reach are refused', () => {
  const refused = (template: Template, message: RegExp): void => assert.throws(() => executorPod(plan(template), OPTIONS), { code: 'unsupported', message });
  refused({ outputs: { artifacts: [{ name: 'o', path: '/o' }] } }, /has no place to go: no artifact repository is set up/);
  refused({ inputs: { artifacts: [{ name: 'o', path: '/o', hdfs: { path: '/x' } }] } }, /HDFS/);
  refused({ inputs: { artifacts: [{ name: 'o', path: '/o', ...inS3('a/../b') }] } }, /key with "\.\."/);
  refused({ outputs: { artifacts: [{ name: 'o', path: '/', ...inS3('a') }] } }, /the whole file system/);
});

function ended(pod: Pod, message: string, mainCode = 0): Pod {
  const status = (name: string, exitCode: number, text?: string): ContainerStatus => ({ name, state: { terminated: { exitCode, ...(text === undefined ? {} : { message: text }) } } });
  return { ...pod, status: { phase: mainCode ? 'Failed' : 'Succeeded', containerStatuses: [status('main', mainCode), status('wait', 0, message)] } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('the report: values lose one newline, defaults stand in, a missing file is an error of a step that succeeded', () => {
  const pod = executorPod(plan(withPath, [main], true), OPTIONS);
  assert.equal(readReport({ ...pod, status: { phase: 'Running' } }), undefined);
  const full = JSON.stringify({ result: base64('heads\n\n'), parameters: { 0: base64('a "ü" 😀\n'), 1: base64('') } });
  assert.deepEqual(readReport(ended(pod, full)), { complete: true, outputs: { parameters: [
    { name: 'p', valueFrom: { path: '/tmp/p' }, value: 'a "ü" 😀' }, { name: 'q', valueFrom: { path: '/tmp/q', default: 'd' }, value: '' }], result: 'heads\n' } });
  const partial = readReport(ended(pod, JSON.stringify({ parameters: {} })));
  assert.ok(partial && 'error' in partial && partial.error.includes('/tmp/p of output parameter p'));
  const failed = readReport(ended(pod, JSON.stringify({ parameters: {} }), 1));
  assert.ok(failed && !('error' in failed), 'the failure of main is the news');
  const garbage = readReport(ended(pod, 'out of memory'));
  assert.ok(garbage && 'error' in garbage);
});

test('a report too large for a termination message is read from the log', () => {
  const pod = ended(executorPod(plan(withPath), OPTIONS), '{"log":true}');
  assert.deepEqual(readReport(pod), { needsLog: 'wait' });
  const json = JSON.stringify({ parameters: { 0: base64('x'.repeat(70_000)) } });
  const log = `noise\n${REPORT_BEGIN}\n${json.replaceAll(/(.{8000})/g, '$1\n')}\n${REPORT_END}\n`;
  const report = readReport(pod, log);
  assert.ok(report && 'outputs' in report && report.outputs.parameters?.[0]?.value?.length === 70_000);
});

test('bytes that are no UTF-8 become replacement characters', () => {
  const pod = ended(executorPod(plan(withPath), OPTIONS), JSON.stringify({ parameters: { 0: Buffer.from([0x61, 0xff, 0xe2, 0x28, 0xed, 0xa0, 0x80, 0x62]).toString('base64') } }));
  const report = readReport(pod);
  assert.ok(report && 'outputs' in report);
  assert.match(report.outputs.parameters?.[0]?.value ?? '', /^a\ufffd+\(\ufffd+b$/);
});

test('a native sidecar that failed fails the Pod as Argo has it; one that was told to end does not', () => {
  const pod = executorPod(plan({}, [main, { name: 'side', image: 'busybox', command: ['false'] }]), OPTIONS);
  const seen = (code: number): string | undefined => observedPod({ ...pod, status: { phase: 'Succeeded',
    containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0 } } }],
    initContainerStatuses: [{ name: 'init', state: { terminated: { exitCode: 0 } } }, { name: 'side', state: { terminated: { exitCode: code } } }] } }).status?.phase;
  assert.deepEqual([seen(5), seen(0), seen(143), seen(137)], ['Failed', 'Succeeded', 'Succeeded', 'Succeeded']);
});

test('sidecars that only the deadline ends: seen, and not taken for the step\'s failure', () => {
  const pod = executorPod(plan({}, [main, { name: 'nginx', image: 'nginx' }]), { ...OPTIONS, sidecars: 'deadline' });
  const containerStatuses: ContainerStatus[] = [{ name: 'main', state: { terminated: { exitCode: 0 } } }, { name: 'nginx', state: { running: {} } }];
  assert.equal(onlySidecarsLeft({ ...pod, status: { phase: 'Running', containerStatuses } }, ['main']), true);
  assert.equal(onlySidecarsLeft({ ...pod, status: { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] } }, ['main']), false);
  const over: Pod = { ...pod, metadata: { ...pod.metadata, annotations: { [SIDECARS_ENDED]: 'main' } },
    status: { phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active…', containerStatuses: [containerStatuses[0]!, { name: 'nginx', state: { terminated: { exitCode: 137 } } }] } };
  assert.equal(observedPod(over).status?.phase, 'Succeeded');
  assert.equal(observedPod(over).status?.message, undefined);
});

test('a step that speaks of its progress file gets one, and `wait` looks into it', () => {
  const teller: Container = { ...main, args: ['echo 1/2 > $ARGO_PROGRESS_FILE'] };
  const pod = executorPod(plan({}, [teller]), OPTIONS);
  assert.deepEqual(pod.spec.containers.map((c) => c.name), ['wait', 'main']);
  assert.equal(pod.spec.containers[1]?.env?.find(({ name }) => name === 'ARGO_PROGRESS_FILE')?.value, '/var/run/tiphys/progress');
  assert.deepEqual([tellsProgress(pod), tellsProgress(executorPod(plan({}, [main], true), OPTIONS))], [true, false]);
  assert.deepEqual(readReport(ended(pod, JSON.stringify({ progress: '3/4', parameters: {} }), 1)), { complete: true, progress: '3/4' });
  assert.deepEqual(['progress 3/10\n', '3/10', '4/3', '0/0', 'n/m', ''].map(progressIn), ['3/10', '3/10', undefined, undefined, undefined, undefined]);
});

test('the containers of a set run their commands until one ends well, as often as its strategy says', () => {
  const set: Template = { containerSet: { containers: [main], retryStrategy: { retries: '3', duration: '100ms' } } };
  const env = executorPod(plan(set), OPTIONS).spec.initContainers?.[0]?.env;
  assert.equal(env?.find(({ name }) => name === 'TIPHYS_TRIES')?.value, '3 0.1');
  const folder = mkdtempSync(path.join(tmpdir(), 'tiphys-run-'));
  try {
    for (const name of ['ctr/main', 'outputs']) mkdirSync(path.join(folder, name), { recursive: true });
    writeFileSync(path.join(folder, 'busybox'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    for (const [name, text] of [['tries', '3 0.1\n'], ['params', '']] as const) writeFileSync(path.join(folder, name), text);
    execFileSync('mkfifo', [path.join(folder, 'ctr/main/alive')]);
    const run = (ends: number): { code: number | null; stdout: string } => {
      rmSync(path.join(folder, 'count'), { force: true });
      const command = ['sh', '-c', `echo x >> ${folder}/count; n=$(wc -l < ${folder}/count); echo "try" $n; [ $n -ge ${ends} ]`];
      const { status } = spawnSync('sh', ['-c', RUN.replaceAll('/var/run/tiphys', folder), 'run', 'main', 'result', '', '0', '--', ...command]);
      return { code: status, stdout: readFileSync(path.join(folder, 'ctr/main/stdout'), 'utf8') };
    };
    assert.deepEqual(run(1), { code: 0, stdout: 'try 1\n' });
    assert.deepEqual(run(3), { code: 0, stdout: 'try 3\n' });
    assert.deepEqual(run(4), { code: 1, stdout: 'try 3\n' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the scripts are POSIX shell', () => {
  for (const script of [INIT, RUN, WAIT]) execFileSync('sh', ['-n'], { input: script });
});

test('a place that no Pod can read or write is an error before there is one, wherever it stands', () => {
  const kinds: [string, object, reads: boolean, writes: boolean][] = [
    ['s3', { bucket: 'b', key: 'k' }, true, true], ['gcs', { bucket: 'b', key: 'k' }, true, true], ['azure', { endpoint: 'https://a', container: 'c', blob: 'b' }, true, true],
    ['http', { url: 'https://a/b' }, true, true], ['artifactory', { url: 'https://a/b' }, true, true], ['git', { repo: 'https://a/b' }, true, false], ['raw', { data: 'x' }, true, false],
    ['oss', { bucket: 'b', key: 'k' }, false, false], ['hdfs', { path: '/x' }, false, false], ['plugin', { name: 'p', key: 'k' }, false, false],
    ['s3', { key: 'k', useSDKCreds: true }, false, false], ['s3', { key: 'k', roleARN: 'r' }, false, false], ['azure', { blob: 'b', useSDKCreds: true }, false, false], ['s3', { key: 'a/../b' }, false, false],
  ];
  const faults = (spec: object): string[] => unreachableArtifacts({ metadata: {}, spec: { entrypoint: 'm', ...spec } }).map(({ path }) => path.join('.'));
  for (const [kind, settings, reads, writes] of kinds) {
    const artifacts = [{ name: 'a', path: '/a', [kind]: settings }];
    const inner = { name: 's', template: 'm', arguments: { artifacts }, inline: { inputs: { artifacts } }, hooks: { exit: { template: 'm', arguments: { artifacts } } } };
    const read = { arguments: { artifacts }, templateDefaults: { inputs: { artifacts } }, templates: [{ name: 'm', inputs: { artifacts }, data: { source: { artifactPaths: artifacts[0] } }, steps: [[inner]], dag: { tasks: [inner] } }] };
    const calls = ['steps.0.0', 'dag.tasks.0'].flatMap((at) => [`${at}.arguments.artifacts.0`, `${at}.inline.inputs.artifacts.0`, `${at}.hooks.exit.arguments.artifacts.0`]);
    const places = ['arguments.artifacts.0', 'templateDefaults.inputs.artifacts.0', ...['inputs.artifacts.0', 'data.source.artifactPaths', ...calls].map((at) => `templates.0.${at}`)].map((at) => `spec.${at}`);
    assert.deepEqual(faults(read), reads ? [] : places, `${kind} ${JSON.stringify(settings)}`);
    const written = { templates: [{ name: 'm', archiveLocation: { [kind]: settings }, outputs: { artifacts } }] };
    assert.deepEqual(faults(written), writes ? [] : ['spec.templates.0.archiveLocation', 'spec.templates.0.outputs.artifacts.0'], `${kind} ${JSON.stringify(settings)}`);
  }
  const manifest = (location: object): string[] => faults({ templates: [{ name: 'm', inputs: { artifacts: [{ name: 'a', path: '/a', ...location }] }, resource: { action: 'apply', manifestFrom: { artifact: { name: 'a' } } } }] });
  assert.deepEqual([manifest({ raw: { data: 'x' } }), manifest({}), manifest({ git: { repo: 'https://a/b' } })], [[], [], ['spec.templates.0.inputs.artifacts.0']]);
});
