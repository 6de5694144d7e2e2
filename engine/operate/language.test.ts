import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../spec/kubernetes.ts';
import type { Template, Workflow, WorkflowSpec } from '../spec/types.ts';
import { operate } from './operate.ts';
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
