/** What the scenarios share: a fake cluster, a clock that is told, Pods that do what a script says, and engines. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine, EngineOptions } from '../api.ts';
import { createFakeCluster } from '../kube/fake/index.ts';
import type { FakeCluster, FakeClusterOptions } from '../kube/fake/index.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { ANNOTATION } from '../spec/types.ts';
import type { NodeStatus, Workflow, WorkflowSpec } from '../spec/types.ts';
import { createEngine } from './engine.ts';
import type { EngineParts } from './engine.ts';
import { ManualClock } from './manual-clock.ts';

export const NS = 'work';

/** How Pods of nodes whose name matches behave. */
export interface Rule {
  node: RegExp;
  exitCode?: number;
  message?: string;
  result?: string;
  params?: Record<string, string>;
  /** Seconds from created to Running, and from there to the end. */
  startAfter?: number;
  after?: number;
  /** Stays Pending, or Running, for ever. */
  hang?: 'pending' | 'running';
}

export interface World {
  clock: ManualClock;
  cluster: FakeCluster;
  dataDir: string;
  /** Node names of the Pods in the order of their creation, each Pod ever made. */
  made: string[];
  engine: (options?: Partial<EngineOptions>, parts?: Partial<EngineParts>) => Engine;
  /** An engine that was killed never ends by itself. */
  abandon: (engine: Engine) => void;
  run: (name: string) => Workflow;
  phase: (name: string) => string;
  nodes: (name: string) => Record<string, NodeStatus>;
  /** Lets time pass until the run's label says completed. */
  finish: (name: string, seconds?: number) => Promise<Workflow>;
}

export async function withWorld(rules: Rule[], work: (world: World) => Promise<void>, options: FakeClusterOptions = {}): Promise<void> {
  const clock = new ManualClock();
  const cluster = createFakeCluster({ clock, ...options });
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tiphys-test-'));
  const made: string[] = [];
  const player = play(cluster, clock, rules, made);
  const engines = new Set<Engine>();
  const world: World = {
    clock, cluster, dataDir, made,
    engine: (more = {}, parts = {}) => {
      const engine = createEngine({ cluster, clusterId: 'fake', dataDir, clock, ...more }, parts);
      engines.add(engine);
      return engine;
    },
    abandon: (engine) => {
      engines.delete(engine);
    },
    run: (name) => cluster.store.get(RESOURCE.workflow, NS, name) as Workflow,
    phase: (name) => (cluster.store.peek(RESOURCE.workflow, NS, name) as Workflow | undefined)?.status?.phase ?? '',
    nodes: (name) => Object.fromEntries(Object.values(world.run(name).status?.nodes ?? {}).map((node) => [node.name, node])),
    finish: async (name, seconds = 600) => {
      const done = await clock.until(() => world.run(name).metadata.labels?.['workflows.argoproj.io/completed'] === 'true', seconds * 1000);
      assert.ok(done, `run ${name} ended: ${JSON.stringify(world.run(name).status, null, 1)}`);
      return world.run(name);
    },
  };
  try {
    await work(world);
  } finally {
    player.close();
    await Promise.all([...engines].map((engine) => engine.close()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A kubelet that follows the script. */
function play(cluster: FakeCluster, clock: ManualClock, rules: Rule[], made: string[]): { close(): void } {
  const seen = new Set<string>();
  return cluster.watch<Pod>(RESOURCE.pod, undefined, {}, {
    onChange: ({ upserts }) => {
      for (const pod of upserts) {
        const { uid = '', namespace = '', name = '' } = pod.metadata;
        const node = pod.metadata.annotations?.[ANNOTATION.nodeName] ?? '';
        const current = (): Pod | undefined => {
          const now = cluster.store.peek(RESOURCE.pod, namespace, name) as Pod | undefined;
          return now?.metadata.uid === uid && !['Succeeded', 'Failed'].includes(now.status?.phase ?? '') ? now : undefined;
        };
        // The kubelet ends what is past its deadline.
        if (pod.spec.activeDeadlineSeconds === 1 && pod.status?.phase === 'Running') {
          clock.after(200, () => current() && cluster.finishPod(namespace, name, { exitCode: 143, status: { phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' } }));
        }
        if (seen.has(uid)) continue;
        seen.add(uid);
        made.push(node);
        const rule = rules.find((candidate) => candidate.node.test(node)) ?? { node: /./ };
        if (rule.hang === 'pending') continue;
        clock.after((rule.startAfter ?? 0.01) * 1000, () => {
          if (!current()) return;
          cluster.startPod(namespace, name);
          if (rule.hang !== 'running') clock.after((rule.after ?? 0.05) * 1000, () => current() && cluster.finishPod(namespace, name, finishOf(rule, pod)));
        });
      }
    },
  });
}

function finishOf(rule: Rule, pod: Pod): Parameters<FakeCluster['finishPod']>[2] {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const outputs = JSON.parse((pod.spec.containers.find((c) => c.name === 'wait')?.env?.find((e) => e.name === 'TIPHYS_OUTPUTS')?.value ?? '{}').replaceAll('$$', '$')) as { parameters?: { name: string; valueFrom?: { path?: string } }[]; result?: boolean };
  const paths = (outputs.parameters ?? []).filter((parameter) => parameter.valueFrom?.path !== undefined);
  const report = {
    exitCode: String(rule.exitCode ?? 0), ...(outputs.result && { result: encode(rule.result ?? 'heads') }),
    parameters: Object.fromEntries(paths.flatMap((parameter, i) => [[String(i), encode(rule.params?.[parameter.name] ?? `value-of-${parameter.name}`)]])),
  };
  return { exitCode: rule.exitCode ?? 0, ...(rule.message !== undefined && { message: rule.message }), containers: { wait: { exitCode: 0, message: JSON.stringify(report) } } };
}

export function workflow(name: string, spec: WorkflowSpec): Workflow {
  return { metadata: { name }, spec };
}

/** A container template that does nothing in particular. */
export const container = (name: string, more: Record<string, unknown> = {}): NonNullable<WorkflowSpec['templates']>[number] => ({ name, container: { image: 'busybox', command: ['true'] }, ...more });

interface Killable {
  cluster: Cluster;
  kill: () => void;
  /** Called before each write leaves, with verb and kind. */
  onWrite: (call: string) => void;
}

const never = (): Promise<never> => new Promise(() => undefined);
const WRITES = new Set(['create', 'replace', 'patch', 'delete']);

/** Hands out the cluster, but lets one engine's calls stop for ever at some moment, as if its process had ended. */
export function killable(cluster: Cluster): Killable {
  const state = { dead: false };
  const control: Killable = {
    cluster,
    onWrite: () => undefined,
    kill: () => {
      state.dead = true;
    },
  };
  control.cluster = new Proxy(cluster, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== 'function') return value;
      if (property === 'watch') {
        return (type: never, namespace: never, selectors: never, handler: Parameters<Cluster['watch']>[3]) => target.watch(type, namespace, selectors, {
          onChange: (change) => state.dead || handler.onChange(change),
          onState: (watch) => state.dead || handler.onState?.(watch),
        });
      }
      if (property === 'logs' || property === 'close') return value.bind(target) as unknown;
      return async (...args: unknown[]) => {
        if (state.dead) return never();
        if (WRITES.has(String(property))) control.onWrite(`${String(property)} ${(args[0] as { plural: string }).plural}`);
        // Killed before the call: it never left. Killed after it: the answer never arrives.
        if (isDead()) return never();
        const result = await (value.apply(target, args) as Promise<unknown>);
        return isDead() ? never() : result;
      };
    },
  });
  const isDead = (): boolean => state.dead;
  return control;
}
