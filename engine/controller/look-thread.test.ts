/** Large runs: the other thread says what operate says, and may die at any moment. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { seeded } from '../kube/fake/index.ts';
import { operate } from '../operate/operate.ts';
import type { Action, LockTable, Observed, Outcome, PodReport } from '../operate/types.ts';
import { nodeId } from '../template/names.ts';
import { isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { Workflow, WorkflowSpec, WorkflowTemplate } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';
import { LookThread, ThreadLooks, WorkFailed } from './look-thread.ts';

const thread = new LookThread();
after(() => thread.close());
const START = Date.parse('2026-01-01T00:00:00Z');
const loop = (count: number, more: Record<string, unknown> = {}): NonNullable<WorkflowSpec['templates']>[number] => ({ name: 'main', steps: [[{ name: 'one', template: 'one', withSequence: { count } }], [{ name: 'last', template: 'one' }]], ...more });

const SPECS: Record<string, WorkflowSpec> = {
  steps: { entrypoint: 'main', templates: [loop(12), container('one')] },
  'a dag with retries and an exit handler': { entrypoint: 'main', onExit: 'one', templates: [
    { name: 'main', dag: { tasks: [{ name: 'a', template: 'one' }, { name: 'b', template: 'one', depends: 'a.Succeeded || a.Failed', withItems: ['x', 'y', { z: 1 }] as never }, { name: 'c', template: 'one', depends: 'b' }] } },
    container('one', { retryStrategy: { limit: 2 } })] },
  'a referred template, parallelism and garbage': { entrypoint: 'main', parallelism: 3, podGC: { strategy: 'OnPodCompletion' }, templates: [{ name: 'main', steps: [[{ name: 'one', templateRef: { name: 'lib', template: 'one' }, withSequence: { count: 9 } }]] }] },
  'a semaphore': { entrypoint: 'main', templates: [loop(6), container('one', { synchronization: { semaphores: [{ configMapKeyRef: { name: 'limits', key: 'two' } }], mutexes: [{ name: 'm', namespace: 'other' }] } })] },
};

/** Pods as the kubelet would have them by and by: at each turn some begin, and some end. */
function live(pods: Map<string, Pod>, reports: Map<string, PodReport>, actions: readonly Action[], random: () => number): void {
  for (const action of actions) {
    if (action.type === 'create-pod') pods.set(action.plan.nodeId, { metadata: { name: action.plan.name, namespace: NS, uid: action.plan.nodeId, labels: action.plan.labels }, spec: { ...action.plan.spec, containers: [{ name: 'main', image: 'i', args: ['long'] }] }, status: { phase: 'Pending' } });
    if (action.type === 'delete-pod' || action.type === 'terminate-pod') pods.delete(action.nodeId);
    if (action.type === 'label-pod') for (const [id, pod] of pods) if (id === action.nodeId) pods.set(id, { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...action.labels } } });
  }
  for (const [id, pod] of pods) {
    if (random() < 0.5) continue;
    if (pod.status?.phase === 'Pending') pods.set(id, { ...pod, spec: { ...pod.spec, nodeName: 'n' }, status: { phase: 'Running' } });
    else if (pod.status?.phase === 'Running') {
      const exitCode = random() < 0.15 ? 1 : 0;
      pods.set(id, { ...pod, status: { phase: exitCode ? 'Failed' : 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { exitCode, finishedAt: '2026-01-01T00:00:05Z', startedAt: '2026-01-01T00:00:01Z' } } }] } });
      reports.set(id, { complete: true });
    }
  }
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each: unknown) => (each instanceof Map ? [...each] : each)));
const told = ({ workflow: { status, metadata }, actions, wakeAt, locks }: Outcome): unknown => plain({ status, metadata, actions, wakeAt, locks });

for (const [name, spec] of Object.entries(SPECS)) {
  test(`the thread decides as operate does: ${name}`, async () => {
    const random = seeded(7);
    const looks = new ThreadLooks(thread, name);
    const pods = new Map<string, Pod>();
    const reports = new Map<string, PodReport>();
    const lib: WorkflowTemplate = { metadata: { name: 'lib', namespace: NS }, spec: { templates: [container('one')] } };
    const locks: LockTable = { holders: () => [], waitingBefore: () => 0, limit: () => '2' };
    let run: Workflow = { metadata: { name: 'w', namespace: NS, uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }, spec };
    const begun = { name: 'x', displayName: 'x', type: 'Pod' as const, startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:07Z' };
    const baseline: Workflow = { metadata: { name: 'w', labels: { long: 'x' } }, spec, status: { startedAt: begun.startedAt, finishedAt: begun.finishedAt, nodes: Object.fromEntries(['w', nodeId('w', 'w[0]'), nodeId('w', 'w.a'), nodeId('w', 'w[0].one(0:0)')].map((id) => [id, { ...begun, id }])) } };
    let turns = 0;
    for (let now = START; run.status?.finishedAt === undefined && turns < 200; now += 3000, turns++) {
      const observed: Observed = {
        baseline, pods, reports, templates: { namespaced: new Map([['lib', lib]]), cluster: new Map(), faultOf: () => undefined },
        configMaps: new Map([['limits', { metadata: { name: 'limits' }, data: { two: '2' } }]]), ...(name === 'a semaphore' && { locks }),
      };
      const here = operate(run, observed, now);
      const { outcome, holds } = await looks.look(run, observed, now);
      assert.deepEqual(told(outcome), told(here));
      assert.equal(holds(), true);
      assert.equal(outcome.changed, JSON.stringify(plain(here.workflow)) !== JSON.stringify(plain(run)));
      // Now and then a look is not taken, a save gives the run another name, or the thread dies.
      if (random() < 0.2) continue;
      run = { ...outcome.workflow, metadata: { ...outcome.workflow.metadata, resourceVersion: String(now) } };
      live(pods, reports, outcome.actions, random);
      if (turns === 5 && name === 'steps') await thread.close();
    }
    assert.ok(run.status?.finishedAt, 'it ends');
    looks.forget();
  });
}

test('locks that others took meanwhile are noticed', async () => {
  const looks = new ThreadLooks(thread, 'locks');
  let holders: string[] = [];
  const locks: LockTable = { holders: () => holders, waitingBefore: () => 0, limit: () => null };
  const run: Workflow = { metadata: { name: 'w', namespace: NS, uid: 'u' }, spec: { entrypoint: 'one', templates: [container('one', { synchronization: { mutexes: [{ name: 'm' }] } })] } };
  const { outcome, holds } = await looks.look(run, { pods: new Map(), reports: new Map(), locks }, START);
  assert.deepEqual([...outcome.locks?.held.keys() ?? []], [`${NS}/Mutex/m`]);
  holders = ['work/other'];
  assert.equal(holds(), false);
});

test('what operate throws there is known here, and the next look is well', async () => {
  const looks = new ThreadLooks(thread, 'bad');
  const run: Workflow = { metadata: { name: 'w' }, spec: { entrypoint: 'one', templates: [container('one')] } };
  await assert.rejects(looks.look({ ...run, spec: { entrypoint: 'one', templates: [null as never] } }, { pods: new Map(), reports: new Map() }, START), (error) => error instanceof WorkFailed && /null/.test(error.message));
  assert.equal((await looks.look(run, { pods: new Map(), reports: new Map() }, START)).outcome.actions.length, 1);
  await assert.rejects(thread.unpack(Buffer.from('nothing'), 'w'), (error) => isAppError(error, 'unsupported') && error.message.includes('gzip'));
});

/** A thread that dies while it is asked. */
class Mortal extends LookThread {
  readonly #dies: (asked: number) => boolean;
  asked = 0;

  constructor(dies: (asked: number) => boolean) {
    super();
    this.#dies = dies;
  }

  override ask(...args: Parameters<LookThread['ask']>): ReturnType<LookThread['ask']> {
    this.asked += 1;
    const answer = super.ask(...args);
    if (this.#dies(this.asked)) void this.close();
    return answer;
  }
}

for (const [what, dies] of [['now and then', (asked: number) => asked === 2 || asked === 5], ['always', () => true]] as const) {
  test(`a large run ends well though the thread dies ${what}`, async () => {
    await withWorld([{ node: /./, after: 2 }], async ({ engine, finish, made }) => {
      const mortal = new Mortal(dies);
      const e = engine({}, { thread: mortal });
      await e.start(NS);
      await e.submit(workflow('wide', { entrypoint: 'main', templates: [loop(60), container('one')] }), { namespace: NS });
      const run = await finish('wide');
      assert.equal(run.status?.phase, 'Succeeded');
      assert.equal(made.length, 61);
      assert.equal(new Set(made).size, 61);
      assert.ok(mortal.asked >= 3);
    });
  });
}
