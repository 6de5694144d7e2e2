/** The engine on the real cluster: killed in the middle of a run and started again; and for a person with few rights. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import { ANNOTATION } from '../../engine/spec/types.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, NO_CLUSTER, withNamespace } from './support.ts';

const root = path.resolve(import.meta.dirname, '../..');
const kubeconfig = kubeconfigPath();
const skip = kubeconfig === undefined ? NO_CLUSTER : false;

const RUN = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: survivor}
spec:
  entrypoint: main
  onExit: short
  templates:
    - name: main
      steps:
        - - {name: a, template: work, withSequence: {count: "4"}}
        - - {name: b, template: work, withSequence: {count: "4"}}
        - - {name: said, template: say}
        - - {name: c, template: hear, arguments: {parameters: [{name: word, value: "{{steps.said.outputs.result}}"}]}}
    - name: work
      container: {image: busybox, command: [sh, -c, "sleep 3"]}
    - name: short
      container: {image: busybox, command: ["true"]}
    - name: say
      script: {image: busybox, command: [sh], source: echo argo}
    - name: hear
      inputs: {parameters: [{name: word}]}
      container: {image: busybox, command: [test, "{{inputs.parameters.word}}", "=", argo]}
`;

interface Tiphys {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number>;
}

function tiphys(args: string[], dataDir: string): Tiphys {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(root, 'main/cli.ts'), ...args], {
    cwd: root, env: { ...process.env, KUBECONFIG: kubeconfig, TIPHYS_DATA_DIR: dataDir }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (data: Buffer) => { text += data.toString(); });
  child.stderr.on('data', (data: Buffer) => { text += data.toString(); });
  const ended = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? -1)));
  return { child, output: () => text, ended };
}

async function until(what: string, done: () => Promise<boolean> | boolean, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await done());) {
    assert.ok(Date.now() < end, `in ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function withDataDir(body: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-e2e-'));
  writeFileSync(path.join(dataDir, 'run.yaml'), RUN);
  try {
    await body(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

for (const killAt of [2, 6]) {
  test(`the engine is killed when ${killAt} Pods were made, started again, and the run ends right with no Pod made twice`, { skip, timeout: 240_000 }, async () => {
    const cluster = await connect(kubeconfig ?? '');
    await withDataDir((dataDir) => withNamespace(cluster, 'restart', async (namespace) => {
      const made = new Map<string, Set<string>>();
      const watch = cluster.watch<Pod>(RESOURCE.pod, namespace, {}, {
        onChange: ({ upserts }) => {
          for (const { metadata } of upserts) {
            const node = metadata.annotations?.[ANNOTATION.nodeName] ?? '';
            made.set(node, (made.get(node) ?? new Set()).add(metadata.uid ?? ''));
          }
        },
      });
      const first = tiphys(['engine', '-n', namespace], dataDir);
      await until('the engine is ready', () => first.output().includes('Ready'), 30);
      const submitted = tiphys(['submit', path.join(dataDir, 'run.yaml'), '-n', namespace], dataDir);
      assert.equal(await submitted.ended, 0, submitted.output());
      await until(`${killAt} Pods`, () => made.size >= killAt, 60);
      first.child.kill('SIGKILL');
      await first.ended;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const second = tiphys(['watch', 'survivor', '-n', namespace], dataDir);
      const code = await second.ended;
      watch.close();
      assert.equal(code, 0, second.output());
      assert.match(second.output(), /Status: +Succeeded/);
      const names = [...Array.from({ length: 4 }, (_, i) => [`survivor[0].a(${i}:${i})`, `survivor[1].b(${i}:${i})`]).flat(), 'survivor[2].said', 'survivor[3].c', 'survivor.onExit'];
      assert.deepEqual([...made.keys()].sort(), names.sort());
      for (const [node, uids] of made) assert.equal(uids.size, 1, `${node} was made once`);
    }));
    await cluster.close();
  });
}

test('a person who may only edit a namespace: runs are kept on this machine, and end as they should', { skip, timeout: 120_000 }, async () => {
  await withDataDir(async (dataDir) => {
    const place = ['--context', 'e2e-developer', '-n', 'team-a'];
    const run = tiphys(['submit', path.join(dataDir, 'run.yaml'), '--watch', '--generate-name', 'dev-', '--name', `dev-${Date.now().toString(36)}`, ...place], dataDir);
    assert.equal(await run.ended, 0, run.output());
    const listed = tiphys(['list', '-o', 'name', ...place], dataDir);
    assert.equal(await listed.ended, 0, listed.output());
    const name = listed.output().trim();
    const admin = await connect(kubeconfig ?? '');
    const pods = (await admin.list<Pod>(RESOURCE.pod, 'team-a', { labelSelector: `workflows.argoproj.io/workflow=${name}` })).items;
    assert.equal(pods.length, 11);
    assert.ok(pods.every((pod) => pod.metadata.ownerReferences === undefined));
    const kept = await admin.list<Workflow>(RESOURCE.workflow, 'team-a').then(({ items }) => items.map((item) => item.metadata.name ?? ''), (): string[] => []);
    assert.ok(!kept.includes(name), 'not in the cluster');
    const stored = tiphys(['engine', '--install-crds', ...place], dataDir);
    assert.equal(await stored.ended, 1);
    assert.match(stored.output(), /customresourcedefinitions/);
    const deleted = tiphys(['delete', name, ...place], dataDir);
    assert.equal(await deleted.ended, 0, deleted.output());
    await until('its Pods are gone', async () => (await admin.list(RESOURCE.pod, 'team-a', { labelSelector: `workflows.argoproj.io/workflow=${name}` })).items.length === 0, 60);
    await admin.close();
  });
});

test('a person with no rights is told which are missing', { skip, timeout: 60_000 }, async () => {
  await withDataDir(async (dataDir) => {
    const run = tiphys(['submit', path.join(dataDir, 'run.yaml'), '--wait', '--context', 'e2e-nobody', '-n', 'default'], dataDir);
    await until('an answer', () => run.output().length > 0, 30);
    const timer = setTimeout(() => run.child.kill('SIGINT'), 15_000);
    assert.equal(await run.ended, 1, run.output());
    clearTimeout(timer);
    assert.match(run.output(), /[Pp]ods/);
    assert.doesNotMatch(run.output(), /\.ts:\d+/);
  });
});
