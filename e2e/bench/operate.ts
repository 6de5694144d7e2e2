/** operate() on workflows of 100 to 10,000 nodes: the first call, one Pod's change, nothing changed. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { operate } from '../../engine/operate/operate.ts';
import type { Observed } from '../../engine/operate/types.ts';
import { ANNOTATION, LABEL } from '../../engine/spec/types.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { Pod } from '../../engine/spec/kubernetes.ts';
import { milliseconds, report, time } from './measure.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

function fanOut(count: number): Workflow {
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow',
    metadata: { name: 'bench', namespace: 'bench', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { entrypoint: 'main', templates: [
      { name: 'main', steps: [[{ name: 'job', template: 'job', withSequence: { count: String(count) }, arguments: { parameters: [{ name: 'n', value: '{{item}}' }] } }]] },
      { name: 'job', inputs: { parameters: [{ name: 'n' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.n}}'] } },
    ] },
  };
}

function running(pods: Map<string, Pod>, plan: { nodeId: string; name: string }): void {
  pods.set(plan.nodeId, {
    metadata: { name: plan.name, namespace: 'bench', uid: plan.nodeId, annotations: { [ANNOTATION.nodeId]: plan.nodeId }, labels: { [LABEL.workflow]: 'bench' } },
    spec: { containers: [{ name: 'main', image: 'busybox' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, state: { running: { startedAt: '2026-01-01T00:00:01Z' } } }] },
  });
}

function succeeded(pod: Pod): Pod {
  const times = { startedAt: '2026-01-01T00:00:01Z', finishedAt: '2026-01-01T00:00:02Z' };
  return { ...pod, status: { phase: 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0, reason: 'Completed', ...times } } }] } };
}

export interface Case {
  what: string;
  count: number;
  call: () => void;
}

/** Calls of operate that benchmarks time and weigh. */
export function operateCases(): Case[] {
  return [100, 1000, 10_000].flatMap((count) => {
    const workflow = fanOut(count);
    const empty: Observed = { pods: new Map(), reports: new Map() };
    const first = operate(workflow, empty, START);
    const pods = new Map<string, Pod>();
    for (const action of first.actions) if (action.type === 'create-pod') running(pods, action.plan);
    const reports = new Map([...pods.keys()].map((id) => [id, { complete: true }]));
    const now = START + 2000;
    const settled = operate(first.workflow, { pods, reports }, now).workflow;
    const changed = new Map(pods);
    const [id, pod] = [...pods][Math.floor(count / 2)] ?? [];
    if (id !== undefined && pod) changed.set(id, succeeded(pod));
    return [
      { what: 'first call', count, call: () => { operate(workflow, empty, START); } },
      { what: 'nothing changed', count, call: () => { operate(settled, { pods, reports }, now); } },
      { what: 'one Pod ended', count, call: () => { operate(settled, { pods: changed, reports }, now); } },
    ];
  });
}

/** Bytes that each case allocates: measured by a process of its own, whose heap is so large that nothing is collected meanwhile. */
function allocations(): number[] {
  const child = spawnSync(process.execPath, ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024', '--import', 'tsx', path.join(import.meta.dirname, 'operate-bytes.ts')], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(`the allocations could not be measured: ${child.stderr}`);
  return JSON.parse(child.stdout) as number[];
}

export function benchOperate(): void {
  const bytes = allocations();
  for (const [index, { what, count, call }] of operateCases().entries()) {
    report(`operate, ${count} nodes, ${what}`, milliseconds(time(count > 1000 ? 5 : 20, call)), `${((bytes[index] ?? Number.NaN) / 1e6).toFixed(2)} MB allocated`);
  }
}
