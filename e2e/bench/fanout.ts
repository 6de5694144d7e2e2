/**
 * A fan-out on the real API server: Pods of a scheduler that nobody serves, and a player that reports each of them Running
 * and then Succeeded at once. Beside it, a bare loop of creates on the same connection settings.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import type { Cluster } from '../../engine/kube/port.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import { withNamespace } from '../cluster/support.ts';
import { stallText } from './large.ts';
import { inParallel, report } from './measure.ts';
import type { Stalls } from './stalls.ts';

const barePod = (namespace: string, name: string): Pod => ({
  metadata: { name, namespace }, spec: { schedulerName: 'nobody', restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['echo', name] }] },
});

async function rawLoop(cluster: Cluster, width: number, count: number): Promise<number> {
  return withNamespace(cluster, 'raw', async (namespace) => {
    const start = performance.now();
    await inParallel(Array.from({ length: count }, (_, i) => `p${i}`), width, async (name) => {
      await cluster.create(RESOURCE.pod, barePod(namespace, name));
    });
    return count / ((performance.now() - start) / 1000);
  });
}

interface Player {
  /** ms since `performance.timeOrigin` of the first and the last Pod seen. */
  times(): { first: number; last: number; seen: number };
  close(): void;
}

/** Reports each new Pod Running and then Succeeded. */
function play(cluster: Cluster, namespace: string): Player {
  const seen = new Set<string>();
  let first = 0;
  let last = 0;
  const queue: string[] = [];
  let busy = 0;
  const state = (name: string, value: unknown): Promise<unknown> => cluster.patch(RESOURCE.pod, namespace, name, { type: 'merge', body: value }, { subresource: 'status' });
  const pump = (): void => {
    for (let name = busy < 16 ? queue.shift() : undefined; name !== undefined; name = busy < 16 ? queue.shift() : undefined) {
      busy += 1;
      const startedAt = `${new Date().toISOString().slice(0, 19)}Z`;
      const container = (phase: string, status: unknown): unknown => ({ status: { phase, containerStatuses: [{ name: 'main', image: 'busybox', imageID: '', ready: phase === 'Running', restartCount: 0, state: status }] } });
      void state(name, container('Running', { running: { startedAt } }))
        .then(() => state(name, container('Succeeded', { terminated: { exitCode: 0, reason: 'Completed', startedAt, finishedAt: startedAt } })))
        .catch((error: unknown) => { console.error(`player: ${String(error)}`); })
        .finally(() => { busy -= 1; pump(); });
    }
  };
  const watch = cluster.watch<Pod>(RESOURCE.pod, namespace, {}, {
    onChange: ({ upserts }) => {
      for (const pod of upserts) {
        const name = pod.metadata.name ?? '';
        if (seen.has(name)) continue;
        seen.add(name);
        first ||= performance.now();
        last = performance.now();
        queue.push(name);
      }
      pump();
    },
  });
  return { times: () => ({ first, last, seen: seen.size }), close: () => watch.close() };
}

interface EngineFigures extends Stalls {
  phase?: string;
  seconds: number;
  cpuSeconds: number;
  rssMiB: number;
}

function runEngine(kubeconfig: string, namespace: string, count: number): Promise<EngineFigures> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, 'fanout-engine.ts'), kubeconfig, namespace, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (data: Buffer) => { output += data.toString(); });
    child.on('exit', (code) => {
      try {
        resolve(JSON.parse(output.trim().split('\n').at(-1) ?? '') as EngineFigures);
      } catch (error) {
        reject(new Error(`the engine's process ended with ${code}: ${output}`, { cause: error }));
      }
    });
  });
}

export async function benchFanout(cluster: Cluster, kubeconfig: string, counts: readonly number[]): Promise<void> {
  const raw: Record<number, number> = {};
  for (const width of [1, 8, 32]) {
    raw[width] = await rawLoop(cluster, width, width === 1 ? 300 : 1000);
    report(`raw loop of creates, ${width} at a time`, `${raw[width].toFixed(0)} Pods/s`, `Argo's machine: ${{ 1: 258, 8: 858, 32: 688 }[width] ?? ''}`);
  }
  for (const count of counts) {
    await withNamespace(cluster, 'fan', async (namespace) => {
      const player = play(cluster, namespace);
      const engine = await runEngine(kubeconfig, namespace, count);
      player.close();
      const { first, last, seen } = player.times();
      const rate = seen / ((last - first) / 1000);
      report(`fan-out of ${count}, Pods created`, `${rate.toFixed(0)} Pods/s`, `${((100 * rate) / (raw[8] ?? 1)).toFixed(0)} % of the raw loop at 8, ${seen} Pods; Argo 17, opened 48`);
      report(`fan-out of ${count}, whole run`, `${engine.seconds.toFixed(1)} s, ${engine.phase ?? 'no phase'}`, `${engine.cpuSeconds.toFixed(1)} CPU s, ${engine.rssMiB.toFixed(0)} MiB; Argo opened, 1,000: 32 s, 6.5 CPU s, 215 MiB; 3,000: 138 s, 83 CPU s, 387 MiB`);
      report(`fan-out of ${count}, longest stall of the main thread`, stallText(engine));
    });
  }
}
