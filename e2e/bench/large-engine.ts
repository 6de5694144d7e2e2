/**
 * The engine's side of the benchmark of large runs, in a process of its own whose main thread is watched: large-engine.ts URL.
 * Does what its parent tells it, one thing after the other, and answers each with what it measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient, createEngine, parseKubeconfig } from '../../engine/index.ts';
import type { Engine } from '../../engine/index.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { watchStalls } from './stalls.ts';
import type { Stalls } from './stalls.ts';

export type Told = { what: 'start' } | { what: 'submit'; workflow: Workflow; namespace: string } | { what: 'restart' } | { what: 'measure' } | { what: 'end' };
/** What the main thread was held since the last measure, and the process's memory. */
export type Measured = Stalls & { rssMiB: number };

const [url = '', namespace = '', name = ''] = process.argv.slice(2);
const config = { 'current-context': 'c', clusters: [{ name: 'c', cluster: { server: url } }], users: [{ name: 'u', user: { token: 't' } }], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }] };
const [context] = parseKubeconfig(JSON.stringify(config), '/bench').contexts;
if (!context) throw new Error('bug: the kubeconfig has no context');
const cluster = createClient(context, { env: {} });
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-bench-'));
let engine: Engine | undefined;
let stalls = watchStalls();

async function start(): Promise<void> {
  engine = createEngine({ cluster, clusterId: 'bench', dataDir });
  await engine.start(namespace);
  engine.watchRuns(namespace, () => undefined);
  engine.watchRun(namespace, name, () => undefined);
}

async function follow(told: Told): Promise<Measured | undefined> {
  switch (told.what) {
    case 'start':
      await start();
      return undefined;
    case 'submit':
      await engine?.submit(told.workflow, { namespace: told.namespace });
      return undefined;
    case 'restart':
      await engine?.close();
      await start();
      return undefined;
    case 'measure': {
      const measured = { ...stalls(), rssMiB: process.memoryUsage.rss() / 2 ** 20 };
      stalls = watchStalls();
      return measured;
    }
    case 'end':
      stalls();
      await engine?.close();
      await cluster.close();
      rmSync(dataDir, { recursive: true, force: true });
      process.disconnect();
      return undefined;
  }
}

process.on('message', (told: Told) => {
  void follow(told).then((measured) => { if (process.connected) process.send?.(measured ?? {}); });
});
