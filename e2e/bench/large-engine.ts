/**
 * A run of many nodes on the fake cluster, in a process of its own whose main thread is watched: large-engine.ts COUNT EVENTS.
 * Prints a line of JSON for each part of its life.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createEngine } from '../../engine/index.ts';
import type { Engine } from '../../engine/index.ts';
import { createFakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import { sleep } from './measure.ts';
import { watchStalls } from './stalls.ts';
import type { Stalls } from './stalls.ts';

/** What one part of the run's life did to the main thread. */
export interface Part extends Stalls {
  part: string;
  seconds: number;
  rssMiB: number;
}

const NS = 'bench';
const NAME = 'large';
const [count = 0, events = 0] = process.argv.slice(2).map(Number);
const cluster = createFakeCluster({ history: 100_000 });
/** As a server is: every answer comes by a turn of its own. */
const remote = new Proxy(cluster, {
  get(target, property) {
    const value = Reflect.get(target, property, target) as unknown;
    if (typeof value !== 'function' || !['create', 'replace', 'patch', 'delete', 'apply'].includes(String(property))) return typeof value === 'function' ? value.bind(target) as unknown : value;
    return async (...args: unknown[]) => {
      await turn();
      return value.apply(target, args) as unknown;
    };
  },
});
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-bench-'));
let engine: Engine | undefined;

async function part(name: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const end = watchStalls();
  await work();
  const result: Part = { part: name, seconds: (performance.now() - start) / 1000, rssMiB: process.memoryUsage.rss() / 2 ** 20, ...end() };
  console.log(JSON.stringify(result));
}

async function until(what: string, done: () => boolean): Promise<void> {
  for (const end = performance.now() + 600_000; !done(); await sleep(20)) if (performance.now() > end) throw new Error(`not within ten minutes: ${what}`);
}

const saved = (): Workflow | undefined => cluster.store.peek(RESOURCE.workflow, NS, NAME) as Workflow | undefined;
const progress = (): number => Number(saved()?.status?.progress?.split('/')[0] ?? 0);

/** As the watch of a busy cluster brings them: a few at a time, so that the fake's own work is not what is measured. */
async function tell(names: readonly string[], change: (name: string) => void): Promise<void> {
  for (const [index, name] of names.entries()) {
    change(name);
    if (index % 10 === 9) await turn();
  }
}

async function start(): Promise<void> {
  engine = createEngine({ cluster: remote, clusterId: 'bench', dataDir });
  await engine.start(NS);
  engine.watchRuns(NS, () => undefined);
  engine.watchRun(NS, NAME, () => undefined);
}

const pods = new Set<string>();
cluster.watch(RESOURCE.pod, NS, {}, { onChange: ({ upserts }) => { for (const pod of upserts) pods.add(pod.metadata.name ?? ''); } });

await start();
await part(`${count} Pods made`, async () => {
  await engine?.submit({
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: NAME },
    spec: { entrypoint: 'main', templates: [
      { name: 'main', steps: [[{ name: 'job', template: 'job', withSequence: { count: String(count) }, arguments: { parameters: [{ name: 'n', value: '{{item}}' }] } }]] },
      { name: 'job', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
    ] },
  }, { namespace: NS });
  await until('Pods', () => pods.size === count);
});
const names = [...pods];
await part('all run', async () => {
  await tell(names, (name) => cluster.startPod(NS, name));
  await sleep(3000);
});
await part(`${events} Pods end`, async () => {
  await tell(names.slice(0, events), (name) => cluster.finishPod(NS, name));
  await until('progress', () => progress() >= events);
});
await part('another engine takes it up', async () => {
  await engine?.close();
  await start();
  const [next = ''] = names.splice(events, 1);
  cluster.finishPod(NS, next);
  await until('progress', () => progress() > events);
});
await part('the rest ends', async () => {
  await tell(names.slice(events), (name) => cluster.finishPod(NS, name));
  await until('the end', () => saved()?.status?.phase === 'Succeeded' && saved()?.metadata.labels?.['workflows.argoproj.io/completed'] === 'true');
});
await engine?.close();
rmSync(dataDir, { recursive: true, force: true });
process.exit(0);
