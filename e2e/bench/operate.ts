/** operate() on workflows of 100 to 10,000 nodes: the first call, one Pod's change, nothing changed. */
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

/** Allocated bytes of one call, as the heap shows them when the collector is asked first (needs --expose-gc). */
function allocated(action: () => void): string {
  if (!globalThis.gc) return 'n/a';
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  action();
  return `${((process.memoryUsage().heapUsed - before) / 1e6).toFixed(1)} MB`;
}

export function benchOperate(): void {
  for (const count of [100, 1000, 10_000]) {
    const workflow = fanOut(count);
    const empty: Observed = { pods: new Map(), reports: new Map() };
    const first = operate(workflow, empty, START);
    const times = count > 1000 ? 5 : 20;
    report(`operate, ${count} nodes, first call`, milliseconds(time(times, () => operate(workflow, empty, START))), allocated(() => operate(workflow, empty, START)));

    const pods = new Map<string, Pod>();
    for (const action of first.actions) if (action.type === 'create-pod') running(pods, action.plan);
    const reports = new Map([...pods.keys()].map((id) => [id, { complete: true }]));
    const now = START + 2000;
    const settled = operate(first.workflow, { pods, reports }, now).workflow;
    const same: Observed = { pods, reports };
    report(`operate, ${count} nodes, nothing changed`, milliseconds(time(times, () => operate(settled, same, now))), allocated(() => operate(settled, same, now)));

    const changed = new Map(pods);
    const [id, pod] = [...pods][Math.floor(count / 2)] ?? [];
    if (id !== undefined && pod) changed.set(id, succeeded(pod));
    const one: Observed = { pods: changed, reports };
    report(`operate, ${count} nodes, one Pod ended`, milliseconds(time(times, () => operate(settled, one, now))), allocated(() => operate(settled, one, now)));
  }
}
