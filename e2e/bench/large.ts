/** How long a run of 10,000 nodes holds the main thread at a time: the engine over HTTP, its API server and kubelet in this process. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { startFakeApiServer } from '../../engine/kube/fake/api-server.ts';
import type { FakeApiServer } from '../../engine/kube/fake/api-server.ts';
import { createFakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { Measured, Told } from './large-engine.ts';
import { report, sleep } from './measure.ts';
import type { Stalls } from './stalls.ts';

const NS = 'bench';
const NAME = 'large';

/** @returns `12 ms computed, …`: the thread's own work, and what the machine's other work made of it */
export function stallText({ longest, computed, above30 }: Stalls): string {
  const own = computed === undefined ? '' : `${computed.toFixed(0)} ms computed, `;
  return `${own}${longest.toFixed(0)} ms by the clock, ${above30} above 30 ms`;
}

function loop(count: number): Workflow {
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: NAME },
    spec: { entrypoint: 'main', templates: [
      { name: 'main', steps: [[{ name: 'job', template: 'job', withSequence: { count: String(count) }, arguments: { parameters: [{ name: 'n', value: '{{item}}' }] } }]] },
      { name: 'job', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
    ] },
  };
}

/** What the store itself does not answer: which kinds there are, and that everything is allowed. */
function introduce({ faults, store }: FakeApiServer): void {
  faults.intercept = (request, response) => {
    const group = /^\/(?:api|apis\/([^/]+))\/([^/?]+)$/.exec(request.url ?? '');
    const review = request.url?.endsWith('/selfsubjectaccessreviews') === true;
    if (!group && !review) return false;
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json' });
    const resources = store.kinds.all().filter(({ type }) => type.group === (group?.[1] ?? '') && type.version === group?.[2]).map(({ type }) => ({ name: type.plural, kind: type.kind, namespaced: type.namespaced, verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'] }));
    response.end(JSON.stringify(review ? { status: { allowed: true } } : { kind: 'APIResourceList', resources }));
    return true;
  };
}

function ask(child: ChildProcess, told: Told): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`the engine's process ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (answer) => {
      child.off('exit', failed);
      resolve(answer as Measured);
    });
    child.send(told);
  });
}

async function until(what: string, done: () => boolean): Promise<void> {
  const end = performance.now() + 600_000;
  while (!done()) {
    if (performance.now() > end) throw new Error(`not within ten minutes: ${what}`);
    await sleep(20);
  }
}

/** @param events Pods that end one after the other while the others run */
export async function benchLarge(count: number, events: number): Promise<void> {
  const cluster = createFakeCluster({ history: 100_000 });
  const server = await startFakeApiServer(cluster.store);
  introduce(server);
  const child = fork(path.join(import.meta.dirname, 'large-engine.ts'), [server.url, NS, NAME], { execArgv: ['--import', 'tsx'] });
  const part = async (name: string, work: () => Promise<void>): Promise<void> => {
    await ask(child, { what: 'measure' });
    const start = performance.now();
    await work();
    const seconds = (performance.now() - start) / 1000;
    const measured = await ask(child, { what: 'measure' });
    report(`longest stall, ${count} nodes: ${name}`, stallText(measured), `${seconds.toFixed(1)} s, ${measured.rssMiB.toFixed(0)} MiB`);
  };
  const tell = async (names: readonly string[], change: (name: string) => void): Promise<void> => {
    for (const [index, name] of names.entries()) {
      change(name);
      if (index % 20 === 19) await turn();
    }
  };
  const saved = (): Workflow | undefined => cluster.store.peek(RESOURCE.workflow, NS, NAME) as Workflow | undefined;
  const progress = (): number => Number(saved()?.status?.progress?.split('/')[0] ?? 0);
  const pods = new Set<string>();
  cluster.watch(RESOURCE.pod, NS, {}, { onChange: ({ upserts }) => { for (const pod of upserts) pods.add(pod.metadata.name ?? ''); } });
  try {
    await ask(child, { what: 'start' });
    await part(`${count} Pods made`, async () => {
      await ask(child, { what: 'submit', workflow: loop(count), namespace: NS });
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
      await ask(child, { what: 'restart' });
      cluster.finishPod(NS, names[events] ?? '');
      await until('progress', () => progress() > events);
    });
    await part('the rest ends', async () => {
      await tell(names.slice(events + 1), (name) => cluster.finishPod(NS, name));
      await until('the end', () => saved()?.status?.phase === 'Succeeded' && saved()?.metadata.labels?.['workflows.argoproj.io/completed'] === 'true');
    });
  } finally {
    if (child.connected) child.send({ what: 'end' } satisfies Told);
    await server.close();
  }
}
