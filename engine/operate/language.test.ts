import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap, Pod } from '../spec/kubernetes.ts';
import type { Template, Workflow, WorkflowSpec } from '../spec/types.ts';
import { nodeId } from '../template/names.ts';
import { resubmitWorkflow, setOutputs } from './commands.ts';
import { baselineOf } from './estimates.ts';
import { operate } from './operate.ts';
import { nodeSelector } from './selector.ts';
import type { Observed, Outcome, PodPlan } from './types.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const NOTHING: Observed = { pods: new Map(), reports: new Map() };
const echo: Template = { name: 'echo', inputs: { parameters: [{ name: 'text' }] }, container: { image: 'busybox', command: ['echo', '{{inputs.parameters.text}}'] } };
const skipped: Template = { name: 'skipped', suspend: { duration: '0' } };

function workflow(spec: Partial<WorkflowSpec>): Workflow {
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow',
    metadata: { name: 'wf', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { entrypoint: 'main', ...spec },
  };
}

/** Looks again, a second later each time, while it changes something. */
function settled(start: Workflow, observed: Observed = NOTHING): Outcome {
  let outcome = operate(start, observed, START);
  for (let call = 1; call < 10; call++) {
    const next = operate(outcome.workflow, observed, START + call * 1000);
    if (!next.changed) return outcome;
    outcome = { ...next, actions: [...outcome.actions, ...next.actions] };
  }
  return outcome;
}

function plans({ actions }: Outcome): PodPlan[] {
  return actions.flatMap((action) => (action.type === 'create-pod' ? [action.plan] : []));
}

function commands(outcome: Outcome): Record<string, unknown> {
  return Object.fromEntries(plans(outcome).map(({ nodeName, spec }) => [nodeName, spec.containers[0]?.command?.[1]]));
}

test('an exit hook without arguments gets those of the workflow, and onExit comes before hooks.exit', () => {
  const args = { parameters: [{ name: 'text', value: 'of the workflow' }] };
  const never = { template: 'never' };
  const step = (name: string, more: object): { name: string; template: string } => ({ name, template: 'skipped', ...more });
  const steps = [step('a', { hooks: { exit: { template: 'echo' } } }), step('b', { onExit: 'echo', hooks: { exit: never } }), step('c', { hooks: { exit: { template: 'echo', arguments: { parameters: [{ name: 'text', value: 'own' }] } } } })];
  const templates = [echo, skipped, { ...skipped, name: 'never' }];
  assert.deepEqual(commands(settled(workflow({ arguments: args, templates: [...templates, { name: 'main', steps: [steps] }] }))), {
    'wf[0].a.onExit': 'of the workflow', 'wf[0].b.onExit': 'of the workflow', 'wf[0].c.onExit': 'own',
  });
  assert.deepEqual(commands(settled(workflow({ arguments: args, templates: [...templates, { name: 'main', dag: { tasks: steps } }] }))), {
    'wf.a.onExit': 'of the workflow', 'wf.b.onExit': 'of the workflow', 'wf.c.onExit': 'own',
  });
  assert.deepEqual(commands(settled(workflow({ arguments: args, hooks: { exit: { template: 'echo' } }, templates: [...templates, { ...skipped, name: 'main' }] }))), { 'wf.onExit': 'of the workflow' });
});

test('the ConfigMap of a parameter may be named by tags', () => {
  const map: ConfigMap = { metadata: { name: 'settings-dev', labels: { 'workflows.argoproj.io/configmap-type': 'Parameter' } }, data: { 'text-DEV': 'from the map' } };
  const observed = { ...NOTHING, configMaps: new Map([['settings-dev', map]]) };
  const main = (name: string): Template => ({ ...echo, name: 'main', inputs: { parameters: [{ name: 'text', valueFrom: { configMapKeyRef: { name, key: "text-{{=sprig.upper(workflow.parameters.stage)}}" } } }] } });
  const run = (name: string): Outcome => settled(workflow({ arguments: { parameters: [{ name: 'stage', value: 'dev' }] }, templates: [main(name)] }), observed);
  assert.deepEqual(commands(run('settings-{{workflow.parameters.stage}}')), { wf: 'from the map' });
  assert.match(run('settings-{{workflow.parameters.other}}').workflow.status?.message ?? '', /failed to (substitute configMapKeyRef: failed to )?resolve \{\{workflow\.parameters\.other\}\}/);
});

test('a supplied output with a global name is one of the workflow at once', () => {
  const wait: Template = { name: 'wait', suspend: {}, outputs: { parameters: [{ name: 'answer', globalName: 'said', valueFrom: { supplied: {} } }] } };
  const tell = { name: 'tell', template: 'echo', arguments: { parameters: [{ name: 'text', value: '{{workflow.outputs.parameters.said}}' }] } };
  const waiting = settled(workflow({ templates: [wait, echo, { name: 'main', steps: [[{ name: 'wait', template: 'wait' }], [tell]] }] })).workflow;
  const set = setOutputs(waiting, { selector: 'templateName=wait', parameters: { answer: 'yes' }, phase: 'Succeeded' }, START);
  assert.deepEqual(set.status?.outputs, { parameters: [{ name: 'said', value: 'yes' }] });
  assert.deepEqual(commands(settled(set)), { 'wf[1].tell': 'yes' });
});

test('a field selector finds a node by the template that its reference names', () => {
  const node = { id: 'x', name: 'x', displayName: 'x', type: 'Pod', templateRef: { name: 'lib', template: 'work' } } as const;
  assert.deepEqual(['templateName=work', 'templateName=lib', 'templateRef.name=lib'].map((text) => nodeSelector(text)(node)), [true, false, true]);
});

test('a timeout and the age of a cache are written as Go writes them, with a unit', () => {
  const main = (more: Partial<Template>): Template => ({ ...echo, name: 'main', inputs: { parameters: [{ name: 'text' }, { name: 'time' }] }, ...more });
  const limited = { ...main({ timeout: '{{inputs.parameters.time}}' }), name: 'limited' };
  const loop = { name: 'work', template: 'limited', withItems: ['30', '30s'], arguments: { parameters: [{ name: 'text', value: 'x' }, { name: 'time', value: '{{item}}' }] } };
  const nodes = Object.values(settled(workflow({ templates: [limited, { name: 'main', dag: { tasks: [loop] } }] })).workflow.status?.nodes ?? {});
  assert.deepEqual(nodes.filter(({ type }) => type === 'Pod').map(({ message }) => message), ["task 'wf.work(0:30)' errored: invalid timeout format. time: missing unit in duration \"30\"", undefined]);
  const cached = main({ memoize: { key: 'k', maxAge: '{{inputs.parameters.time}}', cache: { configMap: { name: 'cache' } } } });
  const cache: ConfigMap = { metadata: { name: 'cache', labels: { 'workflows.argoproj.io/configmap-type': 'Cache' } }, data: { k: JSON.stringify({ nodeID: 'old', outputs: null, creationTimestamp: '2026-01-01T00:00:00Z', lastHitTimestamp: '2026-01-01T00:00:00Z' }) } };
  const withCache = (time: string): Workflow['status'] => settled(workflow({ arguments: { parameters: [{ name: 'text', value: 'x' }, { name: 'time', value: time }] }, templates: [cached] }), { ...NOTHING, configMaps: new Map([['cache', cache]]) }).workflow.status;
  assert.equal(withCache('60')?.message, 'error in entry template execution: invalid maxAge: time: missing unit in duration "60"');
  assert.equal(withCache('1m')?.phase, 'Succeeded');
});

test('a memoized resubmit waits and times out from its own start on', () => {
  const templates: Template[] = [{ name: 'wait', suspend: { duration: '60' } }, { name: 'work', timeout: '1m', container: { image: 'busybox', command: ['true'] } }, { name: 'main', steps: [[{ name: 'wait', template: 'wait' }], [{ name: 'work', template: 'work' }]] }];
  const first = settled(workflow({ templates })).workflow;
  const failed: Workflow = { ...first, status: { ...first.status, phase: 'Failed' } };
  const again = resubmitWorkflow(failed, { memoized: true, suffix: 'x' });
  const run = { ...again, metadata: { ...again.metadata, uid: 'v', creationTimestamp: '2026-01-02T00:00:00Z' } };
  const later = Date.parse('2026-01-02T00:00:00Z');
  const begun = operate(run, NOTHING, later);
  const phases = ({ workflow: { status } }: Outcome): unknown[] => Object.values(status?.nodes ?? {}).filter(({ displayName }) => ['wait', 'work'].includes(displayName)).map(({ displayName, phase }) => [displayName, phase]);
  assert.deepEqual(phases(begun), [['wait', 'Running']]);
  assert.deepEqual(phases(operate(begun.workflow, NOTHING, later + 61_000)), [['wait', 'Succeeded'], ['work', 'Pending']]);
});

test('what Pods used is summed up over the steps around them, once they are over, and over the workflow', () => {
  const job: Template = { name: 'job', container: { image: 'busybox', command: ['true'], resources: { requests: { cpu: '2', memory: '200Mi' } } } };
  const inner: Template = { name: 'inner', steps: [[{ name: 'b', template: 'job' }]] };
  const begun = operate(workflow({ templates: [job, inner, { name: 'main', steps: [[{ name: 'a', template: 'job' }, { name: 'i', template: 'inner' }]] }] }), NOTHING, START);
  const pods = new Map(plans(begun).map((plan): [string, Pod] => [plan.nodeId, { metadata: { name: plan.name, labels: plan.labels }, spec: plan.spec, status: {
    phase: 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 0, startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:10Z' } } }],
  } }]));
  const { status } = settled(begun.workflow, { pods, reports: new Map([...pods.keys()].map((id) => [id, { complete: true }])) }).workflow;
  const used = Object.fromEntries(Object.values(status?.nodes ?? {}).map(({ name, resourcesDuration }) => [name, resourcesDuration]));
  const [one, two] = [{ cpu: 20, memory: 20 }, { cpu: 40, memory: 40 }];
  assert.deepEqual(used, { 'wf': two, 'wf[0]': two, 'wf[0].a': one, 'wf[0].i': one, 'wf[0].i[0]': one, 'wf[0].i[0].b': one });
  assert.deepEqual(status?.resourcesDuration, two);
});

test('how long a run and its steps will take is told by the newest run of the same template that succeeded', () => {
  const labels = { 'workflows.argoproj.io/cron-workflow': 'nightly' };
  const earlier = (name: string, day: string, seconds: number, phase: 'Succeeded' | 'Failed' = 'Succeeded'): Workflow => {
    const times = { startedAt: `${day}T00:00:00Z`, finishedAt: `${day}T00:00:${seconds}Z` };
    const id = nodeId(name, `${name}[0].a`);
    return { ...workflow({}), metadata: { name, labels, creationTimestamp: `${day}T00:00:00Z` }, status: { phase, ...times, nodes: { [id]: { id, name: `${name}[0].a`, displayName: 'a', type: 'Pod', ...times } } } };
  };
  const run = workflow({ templates: [{ name: 'job', container: { image: 'busybox', command: ['true'] } }, { name: 'main', steps: [[{ name: 'a', template: 'job' }, { name: 'b', template: 'job' }]] }] });
  const mine = { ...run, metadata: { ...run.metadata, labels } };
  const baseline = baselineOf(mine, [earlier('one', '2025-12-01', 10), earlier('two', '2025-12-03', 30), earlier('three', '2025-12-02', 20), earlier('four', '2025-12-04', 40, 'Failed')]);
  const { status } = operate(mine, { ...NOTHING, baseline }, START).workflow;
  assert.equal(status?.estimatedDuration, 30);
  assert.deepEqual(Object.values(status.nodes ?? {}).map(({ name, estimatedDuration }) => [name, estimatedDuration]), [['wf', undefined], ['wf[0]', undefined], ['wf[0].a', 30], ['wf[0].b', undefined]]);
  assert.equal(baselineOf(run, [earlier('one', '2025-12-01', 10)]), undefined);
});

test('maxDuration ends an attempt that is under way, but not the first', () => {
  const main: Template = { name: 'main', container: { image: 'busybox', command: ['false'] }, retryStrategy: { limit: 3, backoff: { duration: '1', maxDuration: '60' } } };
  const first = operate(workflow({ templates: [main] }), NOTHING, START);
  const podOf = (outcome: Outcome, status: Pod['status']): [string, Pod] => {
    const [plan] = plans(outcome);
    return [plan?.nodeId ?? '', { metadata: { name: plan?.name ?? '' }, spec: plan?.spec ?? { containers: [] }, status: status ?? {} }];
  };
  const running = { phase: 'Running' };
  const ended = (outcome: Outcome): string[] => outcome.actions.flatMap((action) => (action.type === 'terminate-pod' ? [action.name] : []));
  assert.deepEqual(ended(operate(first.workflow, { ...NOTHING, pods: new Map([podOf(first, running)]) }, START + 100_000)), []);
  const [id, failed] = podOf(first, { phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:10Z' } } }] });
  const reports = new Map([[id, { complete: true }]]);
  const second = operate(first.workflow, { pods: new Map([[id, failed]]), reports }, START + 12_000);
  const observed = { pods: new Map([[id, failed], podOf(second, running)]), reports };
  const third = operate(second.workflow, observed, START + 20_000);
  assert.deepEqual([ended(third), third.wakeAt], [[], START + 60_001]);
  assert.deepEqual(ended(operate(third.workflow, observed, START + 60_001)), [plans(second)[0]?.name]);
  const [laterId, told] = podOf(second, { phase: 'Failed', message: 'Pod was active on the node longer than the specified deadline', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 143, reason: 'Error' } } }] });
  const over = operate(third.workflow, { pods: new Map([[id, failed], [laterId, { ...told, spec: { ...told.spec, activeDeadlineSeconds: 1 } }]]), reports: new Map([...reports, [laterId, { complete: true }]]) }, START + 62_000).workflow.status;
  assert.equal(over?.nodes?.[laterId]?.message, 'main: Error (exit code 143)');
  assert.equal(over.message, 'Max duration limit exceeded');
});
