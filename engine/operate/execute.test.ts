import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../spec/kubernetes.ts';
import type { NodeStatus, Template, Workflow, WorkflowStatus } from '../spec/types.ts';
import { nodeId } from '../template/names.ts';
import { operate } from './operate.ts';
import type { Action, Observed } from './types.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const retried: Template = { name: 'retried', container: { image: 'busybox', command: ['true'] }, retryStrategy: { limit: '2' } };

function workflow(steps: Template['steps'], status?: WorkflowStatus): Workflow {
  return {
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow',
    metadata: { name: 'wf', namespace: 'ns', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { entrypoint: 'main', templates: [retried, { ...retried, name: 'hook' }, { name: 'main', ...(steps ? { steps } : {}) }] }, ...(status ? { status } : {}),
  };
}

function created(actions: readonly Action[]): { node: string; template: string | undefined }[] {
  return actions.flatMap((action) => (action.type === 'create-pod' ? { node: action.plan.nodeName, template: action.plan.template.name } : []));
}

const NOTHING: Observed = { pods: new Map(), reports: new Map() };

test('a retried hook counts as the last attempt of the retried step it hooks, and gets a Pod of the step', () => {
  const hooked = workflow([[{ name: 's', template: 'retried', hooks: { run: { template: 'hook', expression: "steps['s'].status == 'Running'" } } }]]);
  const first = operate(hooked, NOTHING, START);
  assert.deepEqual(created(first.actions), [
    { node: 'wf[0].s(0)', template: 'retried' },
    { node: 'wf[0].s.hooks.run(0)', template: 'hook' },
    { node: 'wf[0].s.hooks.run', template: 'retried' },
  ]);
  const pods = new Map<string, Pod>(first.actions.flatMap((action): [string, Pod][] => (action.type === 'create-pod' ? [[action.plan.nodeId, {
    metadata: { name: action.plan.name, labels: action.plan.labels }, spec: action.plan.spec,
    status: { phase: action.plan.nodeName === 'wf[0].s(0)' ? 'Failed' : 'Succeeded', containerStatuses: [{ name: 'main', state: { terminated: { exitCode: action.plan.nodeName === 'wf[0].s(0)' ? 1 : 0 } } }] },
  }]] : [])));
  const reports = new Map([...pods.keys()].map((id) => [id, { complete: true }]));
  const last = operate(first.workflow, { pods, reports }, START + 1000);
  assert.deepEqual(created(last.actions), []);
  assert.equal(last.workflow.status?.nodes?.[nodeId('wf', 'wf[0].s')]?.phase, 'Succeeded');
});

test('a retry node that ends while an older attempt is open tries once more', () => {
  const node = (name: string, more: Partial<NodeStatus>): [string, NodeStatus] => {
    const id = nodeId('wf', name);
    return [id, { id, name, displayName: name, type: 'Pod', phase: 'Pending', templateName: 'retried', templateScope: 'local/wf', startedAt: null, finishedAt: null, ...more }];
  };
  const below = (...names: string[]): string[] => names.map((name) => nodeId('wf', name));
  const nodes = Object.fromEntries([
    node('wf', { type: 'Steps', templateName: 'main', children: below('wf[0]') }),
    node('wf[0]', { type: 'StepGroup', boundaryID: 'wf', children: below('wf[0].s') }),
    node('wf[0].s', { type: 'Retry', boundaryID: 'wf', children: below('wf[0].s(0)', 'wf[0].s(1)') }),
    node('wf[0].s(0)', { boundaryID: 'wf', nodeFlag: { retried: true } }),
    node('wf[0].s(1)', { type: 'Skipped', phase: 'Skipped', boundaryID: 'wf', nodeFlag: { retried: true } }),
  ]);
  const done = operate(workflow([[{ name: 's', template: 'retried' }]], { phase: '', nodes }), NOTHING, START);
  assert.deepEqual(created(done.actions), [{ node: 'wf[0].s(2)', template: 'retried' }]);
  assert.equal(done.workflow.status?.nodes?.[nodeId('wf', 'wf[0].s')]?.phase, 'Succeeded');
});
