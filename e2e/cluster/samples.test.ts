import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { connect, createArtifactStore, kubeconfigPath, NO_CLUSTER, withNamespace } from './support.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, 'assets/samples');

/** The final tree of each sample: `display name: phase`, in alphabetical order. Samples that chance decides have a rule instead. */
const TREES: Record<string, string[] | ((nodes: NodeStatus[]) => void)> = {
  hello: ['RUN: Succeeded'],
  sidecar: ['RUN: Succeeded'],
  'script-result': ['RUN: Succeeded', '[0]: Succeeded', '[1]: Succeeded', 'roll: Succeeded', 'tell: Succeeded'],
  coinflip: (nodes) => {
    assert.deepEqual(phases(nodes, ['heads', 'tails']), ['Skipped', 'Succeeded']);
  },
  'coinflip-recursive': (nodes) => {
    assert.equal(nodes.filter((n) => n.displayName === 'heads' && n.phase === 'Succeeded').length, 1);
  },
  'loop-items': ['RUN: Succeeded', '[0]: Succeeded', ...['Athens', 'Iolcus', 'Lemnos', 'Colchis'].map((port, i) => `visit(${i}:${port}): Succeeded`)],
  'loop-maps': ['RUN: Succeeded', '[0]: Succeeded', 'release(0:image:debian,package:apt): Succeeded', 'release(1:image:alpine,package:apk): Succeeded', 'release(2:image:python:3,package:pip): Succeeded'],
  'loop-generated': ['RUN: Succeeded', 'plan: Succeeded', 'square: Succeeded', 'collect: Succeeded', ...[2, 3, 5, 7].map((n, i) => `square(${i}:${n}): Succeeded`)],
  sequence: ['RUN: Succeeded', '[0]: Succeeded', '[1]: Succeeded', ...[0, 1, 2].map((n) => `count(${n}:${n}): Succeeded`), ...['008', '009', '010', '011'].map((n, i) => `file(${i}:part-${n}): Succeeded`)],
  steps: ['RUN: Succeeded', '[0]: Succeeded', '[1]: Succeeded', 'hello1: Succeeded', 'hello2a: Succeeded', 'hello2b: Succeeded'],
  'dag-diamond': ['RUN: Succeeded', 'A: Succeeded', 'B: Succeeded', 'C: Succeeded', 'D: Succeeded'],
  'dag-nested': ['RUN: Succeeded', 'build: Succeeded', 'test: Succeeded', 'publish: Succeeded', 'compile: Succeeded', 'docs: Succeeded', 'package: Succeeded', 'unit: Succeeded', 'integration: Succeeded'],
  'retry-backoff': ['RUN: Succeeded', 'RUN(0): Failed', 'RUN(1): Failed', 'RUN(2): Succeeded'],
  'retry-fails': ['RUN: Failed', 'extract: Succeeded', 'extract(0): Succeeded', 'validate: Failed', 'validate(0): Failed', 'validate(1): Failed', 'load: Omitted'],
  'exit-handler': ['RUN: Failed', 'RUN.onExit: Succeeded', '[0]: Succeeded', 'notify: Succeeded', 'celebrate: Skipped', 'console: Succeeded'],
  'suspend-approve': ['RUN: Succeeded', '[0]: Succeeded', '[1]: Succeeded', '[2]: Succeeded', '[3]: Succeeded', 'build: Succeeded', 'approve: Succeeded', 'pause: Succeeded', 'release: Succeeded'],
  'parallel-limit': ['RUN: Succeeded', '[0]: Succeeded', ...Array.from({ length: 8 }, (_, i) => `job(${i}:${i}): Succeeded`)],
  'artifact-passing': ['RUN: Succeeded', 'harvest: Succeeded', 'count: Succeeded', 'read: Succeeded'],
  'archive-logs': ['RUN: Succeeded'],
  parameters: ['RUN: Succeeded', 'render: Succeeded', 'deploy: Succeeded'],
};

function phases(nodes: NodeStatus[], names: string[]): (string | undefined)[] {
  return nodes.filter((n) => names.includes(n.displayName)).map((n) => n.phase).sort();
}

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

const samples = readdirSync(folder).filter((file) => file.endsWith('.yaml')).map((file) => path.basename(file, '.yaml'));
const kubeconfig = kubeconfigPath();

test('every sample has an expected tree here, a title and a description', () => {
  assert.deepEqual(samples.filter((name) => !TREES[name]), []);
  for (const name of samples) {
    const text = readFileSync(path.join(folder, `${name}.yaml`), 'utf8');
    assert.match(text, /workflows\.argoproj\.io\/title: \S/, name);
    assert.match(text, /workflows\.argoproj\.io\/description: \S/, name);
  }
});

test('tiphys runs every sample on the real cluster', { skip: kubeconfig === undefined ? NO_CLUSTER : false }, async (t) => {
  const cluster = await connect(kubeconfig ?? '');
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-samples-'));
  t.after(async () => {
    await cluster.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await withNamespace(cluster, 'samples', async (namespace) => {
    await createArtifactStore(cluster, namespace);
    const tiphys = (...args: string[]): Promise<Result> => new Promise((resolve) => {
      const child = execFile(process.execPath, [path.join(root, 'main/scripts/tiphys.mjs'), ...args, '-n', namespace, '--kubeconfig', kubeconfig ?? ''],
        { env: { ...process.env, TIPHYS_DATA_DIR: dataDir }, timeout: 180_000, maxBuffer: 64 * 1024 * 1024 },
        (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }));
    });
    const engine = execFile(process.execPath, [path.join(root, 'main/scripts/tiphys.mjs'), 'engine', '-n', namespace, '--kubeconfig', kubeconfig ?? ''], { env: { ...process.env, TIPHYS_DATA_DIR: dataDir } });
    t.after(() => engine.kill('SIGTERM'));
    const queue = [...samples];
    const worker = async (): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const sample = name;
        await t.test(sample, async () => {
          const submitted = await tiphys('submit', path.join(folder, `${sample}.yaml`), '--name', `s-${sample}`, '-o', 'name');
          assert.equal(submitted.code, 0, submitted.stderr);
          if (sample === 'suspend-approve') await approve(tiphys, `s-${sample}`);
          const ended = await tiphys('watch', `s-${sample}`);
          const got = await tiphys('get', `s-${sample}`, '-o', 'json');
          assert.equal(got.code, 0, got.stderr);
          const run = JSON.parse(got.stdout) as Workflow;
          const expected = run.metadata.annotations?.['tiphys/expect'] ?? 'Succeeded';
          assert.equal(run.status?.phase, expected, ended.stdout + ended.stderr);
          assert.equal(ended.code, expected === 'Succeeded' ? 0 : 1);
          compare(sample, Object.values(run.status.nodes ?? {}), `s-${sample}`);
        });
      }
    };
    await Promise.all([worker(), worker(), worker()]);
  });
});

async function approve(tiphys: (...args: string[]) => Promise<Result>, name: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const { stdout } = await tiphys('get', name, '-o', 'json');
    const nodes = Object.values((JSON.parse(stdout) as Workflow).status?.nodes ?? {});
    if (nodes.some((n) => n.displayName === 'approve' && n.phase === 'Running')) {
      const resumed = await tiphys('resume', name);
      assert.equal(resumed.code, 0, resumed.stderr);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.fail('the run never came to the step that waits');
}

function compare(sample: string, nodes: NodeStatus[], run: string): void {
  const expected = TREES[sample];
  if (typeof expected === 'function') {
    expected(nodes);
    return;
  }
  const actual = nodes.map((n) => `${n.displayName.replace(run, 'RUN')}: ${n.phase ?? ''}`).sort();
  assert.deepEqual(actual, [...(expected ?? [])].sort());
}
