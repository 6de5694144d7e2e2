import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createEngine } from '../../engine/index.ts';
import { createFakeCluster } from '../../engine/kube/fake/index.ts';
import type { FakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import type { Connect } from './connect.ts';
import type { Io } from './io.ts';
import { plain } from './io.ts';
import { positionOf } from './output.ts';
import { COMMANDS, runProgram } from './program.ts';
import { table, width } from './table.ts';
import { duration, span } from './time.ts';
import { renderRun } from './tree.ts';

interface Session {
  run: (...args: string[]) => Promise<{ code: number; out: string; err: string }>;
  cluster: FakeCluster;
  dir: string;
  interrupt: () => void;
}

const HELLO = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: hello
spec:
  entrypoint: main
  arguments:
    parameters: [{name: who, value: world}]
  templates:
    - name: main
      container: {image: busybox, command: [echo, "{{workflow.parameters.who}}"]}
`;

/** The command line over a fake cluster whose Pods end with `exitCode`; they stay Pending when there is none. */
async function session(exitCode?: number): Promise<Session> {
  const cluster = createFakeCluster();
  const dir = await mkdtemp(path.join(tmpdir(), 'tiphys-cli-'));
  await writeFile(path.join(dir, 'hello.yaml'), HELLO);
  await writeFile(path.join(dir, 'bad.yaml'), HELLO.replace('entrypoint: main', 'entrypoint: nowhere'));
  cluster.watch<Pod>(RESOURCE.pod, undefined, {}, {
    onChange: ({ upserts }) => {
      for (const { metadata: { name = '', namespace = '' }, status } of upserts) {
        if (exitCode === undefined || status?.phase !== 'Pending') continue;
        cluster.setLog(namespace, name, 'main', '2026-01-01T00:00:00Z hello there\n');
        cluster.startPod(namespace, name);
        cluster.finishPod(namespace, name, { exitCode });
      }
    },
  });
  let interruption = new AbortController();
  const connect: Connect = (options) => {
    const engine = createEngine({ cluster, clusterId: 'fake', dataDir: dir });
    return Promise.resolve({ engine, cluster, contextName: 'fake', namespace: options.namespace ?? 'default', flags: '', close: () => engine.close() });
  };
  return {
    cluster, dir, interrupt: () => interruption.abort(),
    run: async (...args) => {
      interruption = new AbortController();
      let out = '';
      let err = '';
      const io: Io = {
        out: (text) => { out += text; }, err: (text) => { err += text; }, env: { KUBECONFIG: path.join(dir, 'none') }, cwd: dir, tty: false, columns: 80,
        now: () => Date.now(), interrupted: interruption.signal, readStdin: () => Promise.resolve(HELLO),
      };
      return { code: await runProgram(args, io, '1.2.3', connect), out, err };
    },
  };
}

test('called wrongly: exit code 2 and what is right', async () => {
  const { run } = await session();
  for (const args of [[], ['sumbit'], ['submit'], ['get'], ['get', 'a', 'b'], ['list', '--nonsense'], ['list', '-o', 'xml'], ['submit', 'hello.yaml', '-p', 'novalue'], ['submit', 'hello.yaml', '--watch', '--log'], ['list', '--limit', 'x'], ['help', 'nothing'], ['delete']]) {
    const { code, err } = await run(...args);
    assert.equal(code, 2, args.join(' '));
    assert.ok(err.length > 10, args.join(' '));
    assert.doesNotMatch(err, /at .*\.ts:\d+/, 'no stack');
  }
  assert.match((await run('sumbit')).err, /submit/);
});

test('every command has a help that names its options', async () => {
  const { run } = await session();
  for (const command of COMMANDS) {
    const { code, out } = await run(command.name, '--help');
    assert.equal(code, 0);
    assert.ok(out.startsWith(`Usage: tiphys ${command.name}`), out);
    for (const option of Object.keys(command.options)) assert.ok(out.includes(`--${option}`), `${command.name} ${option}`);
  }
  assert.equal((await run('--version')).out, 'tiphys 1.2.3\n');
  assert.match((await run('help')).out, /Exit codes/);
});

test('submit --watch, --wait and --log end with the run and its exit code', async () => {
  const good = await session(0);
  const watched = await good.run('submit', 'hello.yaml', '--watch', '-p', 'who=you');
  assert.equal(watched.code, 0, watched.err);
  assert.match(watched.out, /✔ hello /);
  assert.match(watched.out, /who: +you/);
  const logged = await good.run('submit', '-', '--log', '--name', 'second');
  assert.equal(logged.code, 0, logged.err);
  assert.match(logged.out, /second: hello there\n/);
  const bad = await session(7);
  const failed = await bad.run('submit', 'hello.yaml', '--wait');
  assert.equal(failed.code, 1);
  assert.match(failed.out, /hello Failed: .*exit code 7/);
});

test('list, get, logs, and actions on a run', async () => {
  const { run, cluster } = await session(0);
  assert.equal((await run('list')).code, 0);
  await run('submit', 'hello.yaml', '--wait');
  assert.match((await run('list')).out, /NAME +STATUS.*\nhello +Succeeded/);
  assert.equal((await run('list', '-o', 'name')).out, 'hello\n');
  assert.equal((JSON.parse((await run('list', '-o', 'json')).out) as { items: { name: string }[] }).items[0]?.name, 'hello');
  assert.equal((await run('list', '--status', 'failed', '-o', 'name')).out, '');
  assert.match((await run('get', 'hello')).out, /Status: +Succeeded[^]*STEP +TEMPLATE +PODNAME/);
  assert.equal((JSON.parse((await run('get', 'hello', '-o', 'json')).out) as Workflow).status?.phase, 'Succeeded');
  assert.match((await run('get', 'hello', '-o', 'yaml')).out, /phase: Succeeded/);
  assert.equal((await run('logs', 'hello', '--no-prefix')).out, 'hello there\n');
  assert.equal((await run('logs', 'hello', 'nowhere')).code, 1);
  assert.match((await run('stop', 'hello')).err, /completed/);
  assert.match((await run('resubmit', 'hello', '--wait')).out, /resubmitted as hello-.*\nhello-.* Succeeded/);
  const missing = await run('get', 'missing');
  assert.equal(missing.code, 1);
  assert.match(missing.err, /no run named missing/);
  assert.equal((await run('delete', '--completed')).code, 0);
  assert.equal(cluster.pods().length, 0);
});

test('artifacts are listed with their sizes, and copied: files, folders, parts of them, nothing written over', async () => {
  const { run, cluster, dir } = await session();
  const store = path.join(dir, 'store');
  Object.assign(cluster, { artifactFolder: store });
  await mkdir(path.join(store, 'k/site/css'), { recursive: true });
  await writeFile(path.join(store, 'k/model.bin'), 'weights');
  await writeFile(path.join(store, 'k/site/index.html'), '<p>');
  await writeFile(path.join(store, 'k/site/css/a b.css'), 'p{}');
  const step = (name: string, artifacts: object[]): object => ({ id: `w-${name}`, name: `w.${name}`, displayName: name, type: 'Pod', phase: 'Succeeded', templateName: 't', outputs: { artifacts } });
  const kept = (name: string, key: string, more = {}): object => ({ name, archive: { none: {} }, s3: { key }, ...more });
  await cluster.create(RESOURCE.workflow, {
    metadata: { name: 'w', namespace: 'default' }, spec: { templates: [] },
    status: {
      phase: 'Succeeded', finishedAt: '2026-01-01T00:00:00Z', artifactRepositoryRef: { artifactRepository: { s3: { endpoint: 'folder.tiphys.local', bucket: 'artifacts' } } },
      nodes: { 'w-train(0:a/b)': step('train(0:a/b)', [kept('model', 'k/model.bin'), kept('lost', 'k/none')]), 'w-build': step('build', [kept('site', 'k/site'), kept('model', 'k/model.bin'), kept('old', 'k/old', { deleted: true })]) },
    },
  });
  const listed = await run('artifacts', 'w');
  assert.deepEqual(listed.out.trimEnd().split('\n').map((line) => line.replaceAll(/\b\d+s\b/g, 'N').split(/ {2,}/)), [
    ['STEP', 'NAME', 'DIRECTION', 'KIND', 'SIZE', 'AGE', 'KEY'], ['train(0:a/b)', 'model', 'output', 's3', '7B', 'N', 'k/model.bin'], ['train(0:a/b)', 'lost', 'output', 's3', 'missing', 'k/none'],
    ['build', 'site', 'output', 's3', '6B in 2 files', 'N', 'k/site'], ['build', 'model', 'output', 's3', '7B', 'N', 'k/model.bin'], ['build', 'old', 'output', 's3', 'deleted', 'k/old'],
  ]);
  const { artifacts } = JSON.parse((await run('artifacts', 'w', '--node', 'build', '-o', 'json')).out) as { artifacts: { step: string; name: string; bytes?: number; files?: number }[] };
  assert.deepEqual(artifacts.map(({ step: of, name, bytes, files }) => [of, name, bytes, files]), [['build', 'site', 6, 2], ['build', 'model', 7, 1], ['build', 'old', undefined, undefined]]);
  assert.equal((await run('artifacts', 'w', '-o', 'name')).out, 'model\nlost\nsite\nmodel\nold\n');

  const several = await run('cp', 'w:model', '.');
  assert.deepEqual([several.code, /w\/train\(0:a\/b\):model, w\/build:model/.test(several.err)], [2, true]);
  assert.equal((await run('cp', 'w/train(0:a/b):model', '.')).out, `${path.join(dir, 'model.bin')}: 1 file, 7B\n`);
  assert.match((await run('cp', 'w/build:model', '.')).err, /model\.bin is there already/);
  assert.equal((await run('cp', 'w/build:model', 'model.bin', '--force')).code, 0);
  assert.equal((await run('cp', 'w:site', 'out')).out, `${path.join(dir, 'out')}: 2 files, 6B\n`);
  assert.equal(await readFile(path.join(dir, 'out/css/a b.css'), 'utf8'), 'p{}');
  assert.equal((await run('cp', 'w:site/css/a b.css', 'one.css')).code, 0);
  assert.equal(await readFile(path.join(dir, 'one.css'), 'utf8'), 'p{}');
  assert.equal((await run('cp', 'w/build:model', 'packed', '--packed')).out, `${path.join(dir, 'packed')}: 7B\n`);
  assert.match((await run('cp', 'w:site', 'x', '--packed')).err, /is a folder, not one file/);
  assert.match((await run('cp', 'w:nope', 'x')).err, /has no output artifact "nope"\.\n {2}Artifacts: model, lost, site, old/);
  assert.match((await run('cp', 'w:old', 'x')).err, /was deleted when the run's artifacts were cleaned up/);
  assert.match((await run('cp', 'w:lost', 'x')).err, /nothing under the key "k\/none"/);
  assert.match((await run('cp', 'w:site/nope', 'x')).err, /nothing at "nope"/);
  assert.match((await run('cp', 'w:site', 'no/where')).err, /no such folder/);
  assert.equal((await run('cp', 'w', 'x')).code, 2);
});

test('a submit without staying says how the run goes on; a dry run makes nothing', async () => {
  const { run, cluster } = await session(0);
  const dry = await run('submit', 'hello.yaml', '--dry-run');
  assert.equal(dry.code, 0, dry.err);
  assert.match((await run('submit', 'hello.yaml')).err, /tiphys watch hello/);
  assert.equal(cluster.pods().length, 0);
  assert.equal((await run('watch', 'hello')).code, 0);
});

test('Ctrl-C leaves the run as it is and says how to continue', async () => {
  const s = await session();
  const running = s.run('submit', 'hello.yaml', '--watch');
  while (!s.cluster.pods().length) await new Promise((resolve) => setTimeout(resolve, 10));
  s.interrupt();
  const { code, err } = await running;
  assert.equal(code, 1);
  assert.match(err, /tiphys watch hello/);
  assert.equal(s.cluster.pods().length, 1);
});

test('what is wrong in a file is said with its place, and nothing is submitted', async () => {
  const { run, cluster } = await session(0);
  const linted = await run('lint', 'bad.yaml', 'hello.yaml');
  assert.equal(linted.code, 1);
  assert.match(linted.out, /^bad\.yaml:6:\d+: error: /);
  const { diagnostics, errors } = JSON.parse((await run('lint', '.', '-o', 'json')).out) as { errors: number; diagnostics: { file: string; line: number; severity: string }[] };
  assert.equal(errors, 1);
  assert.equal(diagnostics.find((d) => d.severity === 'error')?.line, 6);
  assert.equal((await run('lint', 'hello.yaml')).code, 0);
  const refused = await run('submit', 'bad.yaml', '--wait');
  assert.equal(refused.code, 1);
  assert.match(refused.err, /bad\.yaml:6:/);
  assert.equal(cluster.pods().length, 0);
  assert.match((await run('submit', 'nothing.yaml')).err, /no such file/);
});

test('contexts always has local', async () => {
  const { run } = await session();
  assert.match((await run('contexts')).out, /\* +local/);
});

function node(name: string, more: Partial<NodeStatus> = {}): NodeStatus {
  return { id: name === 'run' ? 'run' : `run-${Buffer.from(name).toString('hex')}`, name, displayName: name.replace(/^.*\./, ''), type: 'Pod', phase: 'Succeeded', templateName: 't', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:05Z', ...more };
}

function tree(nodes: NodeStatus[], tty = false): string[] {
  const run: Workflow = { metadata: { name: 'run', namespace: 'n' }, spec: {}, status: { phase: 'Failed', nodes: Object.fromEntries(nodes.map((n) => [n.id, n])) } };
  const lines = renderRun(run, { tty, env: {}, now: () => Date.parse('2026-01-01T01:00:00Z') });
  return lines.slice(lines.findIndex((line) => line.startsWith('STEP')) + 1);
}

test('the tree of steps: rows, loops, retries, hooks, exit handlers', () => {
  const root = node('run', { type: 'Steps', phase: 'Failed', displayName: 'run' });
  const within = { boundaryID: 'run' };
  const lines = tree([
    root,
    node('run[0]', { ...within, type: 'StepGroup' }), node('run[0].one', within),
    node('run[1]', { ...within, type: 'StepGroup', phase: 'Failed' }), node('run[1].two(0:a)', within), node('run[1].two(1:b)', { ...within, phase: 'Failed', message: 'main: Error (exit code 1)' }),
    node('run[2]', { ...within, type: 'StepGroup' }), node('run[2].three', { ...within, type: 'Retry' }), node('run[2].three(0)', { ...within, phase: 'Failed' }), node('run[2].three(1)', within),
    node('run[2].three.onExit', within), node('run.onExit', { phase: 'Error' }),
  ]).map((line) => line.replace(/ +t .*$/, ''));
  assert.deepEqual(lines, [
    ' ✖ run',
    ' ├───✔ one',
    ' ├─┬─✔ two(0:a)',
    ' │ └─✖ two(1:b)',
    ' └───✔ three',
    '     ├─✔ onExit',
    '     ├─✖ three(0)',
    '     └─✔ three(1)',
    ' ⚠ onExit',
  ]);
});

test('the tree of a dag, with names of 60 characters and messages whole, and nothing that steers the terminal', () => {
  const long = 'a'.repeat(60);
  const lines = tree([
    node('run', { type: 'DAG', phase: 'Failed', displayName: 'run' }),
    node(`run.${long}`, { boundaryID: 'run', phase: 'Failed', message: `line one\nline two \u001b[2J${'x'.repeat(300)}` }),
    node('run.wait', { boundaryID: 'run', type: 'Suspend', phase: 'Running', finishedAt: null }),
  ]);
  assert.ok(lines[1]?.includes(long));
  assert.ok(lines[1]?.includes(`line one line two [2J${'x'.repeat(300)}`));
  assert.ok(!lines.join('').includes('\u001b'));
  assert.match(lines[2] ?? '', /waits to be resumed/);
  assert.equal(lines.every((line, i) => i === 0 || line.indexOf(' t ') === lines[1]?.indexOf(' t ')), true, 'columns stand under each other');
});

test('small things', () => {
  assert.deepEqual([duration(0), duration(59_400), duration(61_000), duration(3_600_000), duration(90_000_000)], ['0s', '59s', '1m1s', '1h', '1d1h']);
  assert.equal(span(null, null, 0), '');
  assert.equal(width('a\u001b[31mb\u001b[0m日'), 4);
  assert.deepEqual(table(['A', 'B', 'C'], [['1', '', 'x'], ['22', '', 'y']]), ['A   C', '1   x', '22  y']);
  assert.deepEqual(positionOf('a\nbc', 3), [2, 2]);
  assert.equal(plain('a\u001b]0;title\u0007b\u009bc'), 'a]0;titlebc');
});

const CRON = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: nightly
spec:
  schedules: ["0 3 * * *"]
  timezone: Europe/Berlin
  workflowSpec:
    entrypoint: main
    templates:
      - name: main
        container: {image: busybox, command: ["true"]}
`;

const LIBRARY = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: library
  annotations: {workflows.argoproj.io/description: Says who}
spec:
  entrypoint: main
  arguments:
    parameters: [{name: who, value: you}]
  templates:
    - name: main
      container: {image: busybox, command: [echo, "{{workflow.parameters.who}}"]}
`;

test('cron workflows: create, list, get, suspend, resume, update, backfill, submit, delete', async () => {
  const { run, dir } = await session(0);
  await writeFile(path.join(dir, 'cron.yaml'), CRON);
  assert.equal((await run('cron', 'create', 'cron.yaml')).out, 'nightly created\n');
  const again = await run('cron', 'create', 'cron.yaml');
  assert.equal(again.code, 1);
  assert.match((await run('cron', 'list')).out, /^NAME +STATE +SCHEDULE +NEXT +AGE\nnightly +Active +every day at 03:00 \(Europe\/Berlin\) +in /);
  await run('cron', 'suspend', 'nightly');
  assert.match((await run('cron', 'list')).out, /Suspended/);
  await run('cron', 'resume', 'nightly');
  await writeFile(path.join(dir, 'cron.yaml'), CRON.replace('0 3', '0 4'));
  assert.equal((await run('cron', 'update', 'cron.yaml')).out, 'nightly updated\n');
  const made = await run('cron', 'backfill', 'nightly', '--start', '2026-01-01T00:00:00Z', '--end', '2026-01-03T00:00:00Z', '--name', 'new-year');
  assert.equal(made.out.split('\n').length, 3, made.out + made.err);
  assert.match(made.out, /^nightly-backfill-new-year-\d+ submitted\n/);
  const now = await run('submit', '--from', 'cronwf/nightly', '--wait');
  assert.equal(now.code, 0, now.err);
  const shown = await run('cron', 'get', 'nightly');
  assert.match(shown.out, /In words: +every day at 04:00/);
  assert.match(shown.out, /Next times:\n( {2}\d{4}-\d\d-\d\d \d\d:00:00 UTC .*\n){5}/);
  assert.match(shown.out, /Runs:\n {2}NAME/);
  assert.equal((await run('cron', 'delete', 'nightly')).out, 'nightly deleted\n');
  assert.match((await run('cron', 'list')).err, /There are no cron workflows in namespace default/);
  assert.equal((await run('cron', 'get', 'nightly')).code, 1);
});

test('templates: create, list, get, submit, and what does not belong', async () => {
  const { run, dir } = await session(0);
  await writeFile(path.join(dir, 'library.yaml'), LIBRARY);
  await writeFile(path.join(dir, 'shared.yaml'), LIBRARY.replace('kind: WorkflowTemplate', 'kind: ClusterWorkflowTemplate').replace('name: library', 'name: shared'));
  await run('template', 'create', 'library.yaml');
  await run('template', 'create', 'shared.yaml');
  assert.match((await run('template', 'list')).out, /library +\d+s +who +Says who/);
  assert.match((await run('template', 'list', '--cluster')).out, /shared/);
  assert.match((await run('template', 'get', 'library')).out, /Parameters: +who=you/);
  for (const from of ['workflowtemplate/library', 'cwft/shared']) {
    const submitted = await run('submit', '--from', from, '-p', 'who=me', '--wait');
    assert.equal(submitted.code, 0, submitted.err);
  }
  assert.equal((await run('cron', 'create', 'library.yaml')).code, 2);
  assert.equal((await run('template', 'create', 'hello.yaml')).code, 1);
  assert.equal((await run('template', 'lint', 'library.yaml')).code, 0);
  assert.equal((await run('submit', '--from', 'pod/x')).code, 2);
  assert.match((await run('template')).err, /template list/);
  assert.match((await run('template', '--help')).out, /template create/);
});
