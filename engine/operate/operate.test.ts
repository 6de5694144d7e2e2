import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pod } from '../spec/kubernetes.ts';
import type { DAGTask, NodeStatus, Template, Workflow, WorkflowSpec, WorkflowStep } from '../spec/types.ts';
import { resume, stop, suspend } from './commands.ts';
import { operate } from './operate.ts';
import type { Action, Observed, PodReport } from './types.ts';

const START = Date.parse('2026-01-01T00:00:00Z');

function workflow(spec: Partial<WorkflowSpec>): Workflow {
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow',
    metadata: { name: 'wf', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { entrypoint: 'main', ...spec },
  };
}

const job: Template = { name: 'job', container: { image: 'busybox', command: ['true'] } };

/** How a Pod ends: its exit code, or never (undefined). */
type Ends = (nodeName: string) => number | undefined;

class Cluster {
  readonly pods = new Map<string, Pod>();
  readonly reports = new Map<string, PodReport>();
  readonly created: string[] = [];
  private readonly names = new Map<string, string>();

  observe(): Observed {
    return { pods: new Map(this.pods), reports: new Map(this.reports) };
  }

  apply(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.type === 'create-pod') {
        const { plan } = action;
        if (this.pods.has(plan.nodeId)) continue;
        this.created.push(plan.nodeName);
        this.names.set(plan.nodeId, plan.nodeName);
        this.pods.set(plan.nodeId, { metadata: { name: plan.name, labels: plan.labels }, spec: plan.spec, status: { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, state: { running: {} } }] } });
      } else if (action.type === 'delete-pod') this.pods.delete(action.nodeId);
      else if (action.type === 'label-pod') {
        const pod = this.pods.get(action.nodeId);
        if (pod) this.pods.set(action.nodeId, { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...action.labels } } });
      }
    }
  }

  /** Ends every Pod that runs. */
  finish(ends: Ends): void {
    for (const [id, pod] of this.pods) {
      const exitCode = ends(this.names.get(id) ?? '');
      if (pod.status?.phase !== 'Running' || exitCode === undefined) continue;
      const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
      this.pods.set(id, { ...pod, status: { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'main', state: { terminated } }] } });
      this.reports.set(id, { complete: true });
    }
  }
}

/** Runs until nothing moves. `crash` says after how many actions of a call everything else of it is lost; undefined: not at all. */
function run(start: Workflow, ends: Ends, crash: (call: number, actions: number) => number | undefined = () => undefined): { workflow: Workflow; cluster: Cluster } {
  const cluster = new Cluster();
  let current = start;
  for (let call = 0; call < 200; call++) {
    const outcome = operate(current, cluster.observe(), START + call * 1000);
    const lost = crash(call, outcome.actions.length);
    if (lost !== undefined) {
      cluster.apply(outcome.actions.slice(0, lost));
      continue;
    }
    cluster.apply(outcome.actions);
    const moved = outcome.changed || outcome.actions.length > 0;
    current = outcome.workflow;
    const before = [...cluster.pods.values()];
    cluster.finish(ends);
    if (!moved && [...cluster.pods.values()].every((pod, at) => pod === before[at])) return { workflow: current, cluster };
  }
  return { workflow: current, cluster };
}

/** What a run came to, without its times. */
function essence({ status }: Workflow): unknown {
  const nodes = Object.values(status?.nodes ?? {}).map((node: NodeStatus) => ({
    name: node.name, phase: node.phase, message: node.message, type: node.type, outputs: node.outputs, children: [...(node.children ?? [])].sort(),
  }));
  return { phase: status?.phase, message: status?.message, nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function phases(result: Workflow): Record<string, string | undefined> {
  return Object.fromEntries(Object.values(result.status?.nodes ?? {}).map(({ name, phase }) => [name, phase]));
}

function names(actions: readonly Action[]): string[] {
  return actions.map((action) => (action.type === 'create-pod' ? `create ${action.plan.nodeName}` : action.type));
}

const empty: Observed = { pods: new Map(), reports: new Map() };

test('a container is one Pod with the name of the workflow', () => {
  const { actions, workflow: after } = operate(workflow({ entrypoint: 'job', templates: [job] }), empty, START);
  assert.deepEqual(names(actions), ['create wf']);
  const plan = actions[0]?.type === 'create-pod' ? actions[0].plan : undefined;
  assert.equal(plan?.name, 'wf');
  assert.deepEqual(plan.spec.containers, [{ image: 'busybox', command: ['true'], name: 'main' }]);
  assert.equal(after.status?.phase, 'Running');
  assert.deepEqual(phases(after), { wf: 'Pending' });
});

test('steps of a group start side by side, groups one after the other', () => {
  const main: Template = { name: 'main', steps: [[{ name: 'a', template: 'job' }, { name: 'b', template: 'job' }], [{ name: 'c', template: 'job' }]] };
  const first = operate(workflow({ templates: [main, job] }), empty, START);
  assert.deepEqual(names(first.actions), ['create wf[0].a', 'create wf[0].b']);
  const { workflow: end, cluster } = run(workflow({ templates: [main, job] }), () => 0);
  assert.deepEqual(cluster.created, ['wf[0].a', 'wf[0].b', 'wf[1].c']);
  assert.equal(end.status?.phase, 'Succeeded');
  assert.equal(end.status.progress, '3/3');
});

test('a failed step fails its group and the run', () => {
  const main: Template = { name: 'main', steps: [[{ name: 'a', template: 'job' }], [{ name: 'b', template: 'job' }]] };
  const { workflow: end, cluster } = run(workflow({ templates: [main, job] }), () => 3);
  assert.deepEqual(cluster.created, ['wf[0].a']);
  assert.equal(end.status?.phase, 'Failed');
  assert.match(end.status.message ?? '', /^child 'wf-\d+' failed$/);
  assert.equal(Object.values(end.status.nodes ?? {}).find(({ name }) => name === 'wf[0].a')?.message, 'main: Error (exit code 3)');
});

test('tasks of a DAG start once their dependencies let them', () => {
  const main: Template = { name: 'main', dag: { tasks: [{ name: 'a', template: 'job' }, { name: 'b', template: 'job', depends: 'a.Failed' }, { name: 'c', template: 'job', depends: 'a' }] } };
  const { workflow: end, cluster } = run(workflow({ templates: [main, job] }), () => 0);
  assert.deepEqual(cluster.created, ['wf.a', 'wf.c']);
  assert.equal(phases(end)['wf.b'], 'Omitted');
  assert.equal(end.status?.phase, 'Succeeded');
});

test('a wave of nodes that end at once costs one call', () => {
  const tasks: DAGTask[] = Array.from({ length: 20 }, (_, i) => ({ name: `t${i}`, template: 'job', when: 'false', ...(i > 0 ? { depends: `t${i - 1}` } : {}) }));
  const { workflow: after, actions } = operate(workflow({ templates: [{ name: 'main', dag: { tasks } }, job] }), empty, START);
  assert.deepEqual(actions, []);
  assert.equal(after.status?.phase, 'Succeeded');
});

test('a loop has a node per item, and parallelism holds back', () => {
  const main: Template = { name: 'main', parallelism: 2, steps: [[{ name: 'a', template: 'job', withItems: ['x', 'y', 'z'] }]] };
  const first = operate(workflow({ templates: [main, job] }), empty, START);
  assert.deepEqual(names(first.actions), ['create wf[0].a(0:x)', 'create wf[0].a(1:y)']);
  assert.equal(run(workflow({ templates: [main, job] }), () => 0).workflow.status?.progress, '3/3');
});

test('attempts end with the limit', () => {
  const { workflow: end, cluster } = run(workflow({ entrypoint: 'job', templates: [{ ...job, retryStrategy: { limit: 2 } }] }), () => 1);
  assert.deepEqual(cluster.created, ['wf(0)', 'wf(1)', 'wf(2)']);
  assert.equal(end.status?.message, 'No more retries left');
});

test('a backoff asks to be woken', () => {
  const spec = workflow({ entrypoint: 'job', templates: [{ ...job, retryStrategy: { limit: 2, backoff: { duration: '30s' } } }] });
  const cluster = new Cluster();
  const first = operate(spec, cluster.observe(), START);
  cluster.apply(first.actions);
  cluster.finish(() => 1);
  const second = operate(first.workflow, cluster.observe(), START + 1000);
  assert.deepEqual(names(second.actions), []);
  assert.equal(second.wakeAt, START + 31_000);
});

test('a suspended step waits for a person, a stopped run still runs its exit handler', () => {
  const main: Template = { name: 'main', steps: [[{ name: 'wait', template: 'wait' }], [{ name: 'a', template: 'job' }]] };
  const templates = [main, job, { name: 'wait', suspend: {} }, { name: 'bye', container: { image: 'busybox', command: ['true'] } }];
  const waiting = run(workflow({ templates, onExit: 'bye' }), () => 0).workflow;
  assert.equal(phases(waiting)['wf[0].wait'], 'Running');
  const resumed = run(resume(waiting, {}, START), () => 0);
  assert.deepEqual(resumed.cluster.created, ['wf[1].a', 'wf.onExit']);
  const stopped = run(stop(waiting, {}, START), () => 0);
  assert.deepEqual(stopped.cluster.created, ['wf.onExit']);
  assert.equal(stopped.workflow.status?.phase, 'Failed');
  assert.equal(stopped.workflow.status.message, 'Stopped with strategy \'Stop\'');
  assert.deepEqual(operate(suspend(workflow({ templates })), empty, START).actions, []);
});

test('what cannot be carried out says so', () => {
  const { workflow: end } = run(workflow({ templates: [{ name: 'main', plugin: { hello: {} } }] }), () => 0);
  assert.equal(end.status?.phase, 'Error');
  assert.match(end.status.message ?? '', /needs the executor plugin 'hello'/);
});

test('a refused Pod errors its node', () => {
  const first = operate(workflow({ entrypoint: 'job', templates: [job] }), empty, START);
  const refusals = new Map([['wf', { message: 'pods "wf" is forbidden', transient: false }]]);
  const second = operate(first.workflow, { ...empty, refusals }, START + 1000);
  assert.equal(second.workflow.status?.phase, 'Error');
  assert.equal(second.workflow.status.message, 'error in entry template execution: pods "wf" is forbidden');
  const later = operate(first.workflow, { ...empty, refusals: new Map([['wf', { message: 'exceeded quota', transient: true }]]) }, START + 1000);
  assert.deepEqual(names(later.actions), ['create wf']);
  assert.equal(later.workflow.status?.nodes?.['wf']?.message, 'exceeded quota');
});

// Properties over generated workflows.

const when = fc.constantFrom(undefined, 'true', 'false', 'a == b');
const template = fc.constantFrom('job', 'flaky', 'inner', 'wave');

function call(name: string): fc.Arbitrary<WorkflowStep> {
  return fc.record({ template, when, loop: fc.boolean(), exit: fc.boolean(), goOn: fc.boolean() }).map(({ template: called, when: condition, loop, exit, goOn }) => ({
    name, template: called,
    ...(condition === undefined ? {} : { when: condition }), ...(loop ? { withItems: ['x', 'y'] } : {}), ...(exit ? { hooks: { exit: { template: 'job' } } } : {}),
    ...(goOn ? { continueOn: { failed: true } } : {}),
  }));
}

const steps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }).chain((sizes) =>
  fc.tuple(...sizes.map((size, group) => fc.tuple(...Array.from({ length: size }, (_, at) => call(`s${group}-${at}`))))));
const dag = fc.integer({ min: 1, max: 5 }).chain((size) => fc.tuple(...Array.from({ length: size }, (_, at) =>
  fc.tuple(call(`t${at}`), fc.subarray(Array.from({ length: at }, (_unused, before) => `t${before}`))).map(([task, dependencies]): DAGTask => ({ ...task, dependencies })))));

const generated = fc.record({ main: fc.oneof(steps.map((groups): Template => ({ name: 'main', steps: groups })), dag.map((tasks): Template => ({ name: 'main', dag: { tasks } }))), limited: fc.boolean() })
  .map(({ main, limited }) => workflow({
    ...(limited ? { parallelism: 2 } : {}),
    templates: [
      main, job, { ...job, name: 'flaky', retryStrategy: { limit: 1 } }, { name: 'inner', steps: [[{ name: 'i', template: 'job' }, { name: 'j', template: 'flaky' }]] },
      { name: 'wave', dag: { tasks: [{ name: 'w', template: 'job', when: 'false' }, { name: 'v', template: 'job', depends: 'w' }] } },
    ],
  }));

/** Pods that end as a number decides, by their names. */
function outcomes(seed: number): Ends {
  return (name) => (Array.from(name).reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 1009, seed) % 4 === 0 ? 1 : 0);
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

test('every generated run ends, and never changes what it was given', () => {
  fc.assert(fc.property(generated, fc.nat(1000), (start, seed) => {
    const { workflow: end, cluster } = run(frozen(start), outcomes(seed));
    assert.ok(['Succeeded', 'Failed', 'Error'].includes(end.status?.phase ?? ''), `phase ${end.status?.phase ?? ''}`);
    assert.equal(new Set(cluster.created).size, cluster.created.length);
  }), { numRuns: 60 });
});

test('the same world gives the same decision, and a decision that was carried out and seen gives none', () => {
  fc.assert(fc.property(generated, fc.nat(1000), fc.integer({ min: 0, max: 6 }), (start, seed, calls) => {
    const cluster = new Cluster();
    let current = start;
    for (let at = 0; at < calls; at++) {
      const outcome = operate(frozen(current), cluster.observe(), START + at * 1000);
      cluster.apply(outcome.actions);
      current = outcome.workflow;
      cluster.finish(outcomes(seed));
    }
    const now = START + calls * 1000;
    const first = operate(frozen(current), cluster.observe(), now);
    assert.deepEqual(operate(current, cluster.observe(), now), first);
    cluster.apply(first.actions);
    const second = operate(first.workflow, cluster.observe(), now);
    cluster.apply(second.actions);
    const third = operate(second.workflow, cluster.observe(), now);
    assert.deepEqual(names(third.actions), []);
    assert.equal(third.changed, false);
  }), { numRuns: 60 });
});

test('a crash at any boundary between actions changes neither the end nor how often a step runs', () => {
  fc.assert(fc.property(generated, fc.nat(1000), fc.array(fc.option(fc.nat(5), { nil: undefined }), { maxLength: 8 }), (start, seed, crashes) => {
    const calm = run(start, outcomes(seed));
    const shaken = run(start, outcomes(seed), (at, actions) => {
      const crash = crashes[at];
      return crash === undefined ? undefined : Math.min(crash, actions);
    });
    assert.deepEqual(essence(shaken.workflow), essence(calm.workflow));
    assert.deepEqual([...shaken.cluster.created].sort(), [...calm.cluster.created].sort());
  }), { numRuns: 60 });
});
