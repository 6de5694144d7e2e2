/**
 * The engine's side of the fan-out benchmark, in a process of its own so that its CPU and memory can be told apart:
 * fanout-engine.ts KUBECONFIG NAMESPACE COUNT. Prints one line of JSON.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createEngine } from '../../engine/index.ts';
import type { RunSummary } from '../../engine/index.ts';
import { connect } from '../cluster/support.ts';
import { sleep } from './measure.ts';
import { watchStalls } from './stalls.ts';

const [kubeconfig = '', namespace = '', count = '0'] = process.argv.slice(2);
const cluster = await connect(kubeconfig);
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-bench-'));
const engine = createEngine({ cluster, clusterId: 'bench', dataDir });
await engine.start(namespace);
let last: RunSummary | undefined;
const watching = engine.watchRuns(namespace, ({ upserts }) => { last = upserts.find((run) => run.name === `fan-${count}`) ?? last; });
await sleep(1000);

const stalls = watchStalls();
const cpuBefore = process.cpuUsage();
const start = performance.now();
await engine.submit({
  apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: `fan-${count}` },
  spec: { entrypoint: 'main', schedulerName: 'nobody', templates: [
    { name: 'main', steps: [[{ name: 'job', template: 'job', withSequence: { count }, arguments: { parameters: [{ name: 'n', value: '{{item}}' }] } }]] },
    { name: 'job', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
  ] },
}, { namespace });
let rss = 0;
while (!['Succeeded', 'Failed', 'Error'].includes(last?.phase ?? '') && performance.now() - start < 600_000) {
  rss = Math.max(rss, process.memoryUsage.rss());
  await sleep(50);
}
const cpu = process.cpuUsage(cpuBefore);
const stalled = stalls();
const nodes = Object.values((await engine.getRun(namespace, `fan-${count}`)).status?.nodes ?? {});
const done = nodes.filter((node) => node.type === 'Pod' && node.phase === 'Succeeded').length;
if (last?.phase === 'Succeeded' && done !== Number(count)) throw new Error(`the run succeeded with ${done} of ${count} steps`);
console.log(JSON.stringify({ ...stalled, phase: last?.phase, seconds: (performance.now() - start) / 1000, cpuSeconds: (cpu.user + cpu.system) / 1e6, rssMiB: rss / 2 ** 20 }));
watching.close();
await engine.close();
await cluster.close();
rmSync(dataDir, { recursive: true, force: true });
