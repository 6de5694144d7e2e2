import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SimulationItem } from '../api.ts';
import { statusError } from '../kube/status.ts';
import { AppError } from '../spec/error.ts';
import { RESOURCE } from '../kube/port.ts';
import { pathOf } from './dry-run.ts';
import { simulate } from './simulate.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';

test('a field of the server is a path', () => {
  assert.deepEqual(pathOf('spec.templates[2].container.env[0].name'), ['spec', 'templates', 2, 'container', 'env', 0, 'name']);
  assert.deepEqual(pathOf('metadata.labels[app.io/x]'), ['metadata', 'labels', 'app.io/x']);
  assert.deepEqual(pathOf(undefined), []);
});

const spec = { entrypoint: 'main', templates: [{ name: 'main', steps: [[{ name: 'a', template: 'one' }, { name: 'b', template: 'two' }]] }, container('one'), container('two')] };

test('a dry run keeps nothing and says nothing where the server takes all', async () => {
  await withWorld([], async ({ cluster, engine }) => {
    assert.deepEqual(await engine().dryRun(workflow('wf', spec), { namespace: NS }), []);
    assert.deepEqual(cluster.pods(), []);
    assert.equal(cluster.store.list(RESOURCE.workflow, NS).items.length, 0);
  });
});

test('what the server refuses of a Pod is told at the template it comes from', async () => {
  await withWorld([], async ({ cluster, engine }) => {
    const create = cluster.create.bind(cluster);
    cluster.create = async (type, object, options) => {
      if (type.kind === 'Pod' && object.metadata.name?.includes('two')) {
        const at = (object as unknown as { spec: { containers: { name: string }[] } }).spec.containers.findIndex(({ name }) => name === 'main');
        throw statusError({ code: 422, reason: 'Invalid', message: 'Pod is invalid', details: { causes: [{ field: `spec.containers[${at}].image`, message: 'Required value' }] } });
      }
      return create(type, object, options);
    };
    const [fault, ...more] = await engine().dryRun(workflow('wf', spec), { namespace: NS });
    assert.deepEqual(more, []);
    assert.deepEqual(fault?.path, ['spec', 'templates', 2, 'container', 'image']);
    assert.match(fault.message, /Pod of wf\[0\]\.b: .*Required value/);
  });
});

test('an invalid workflow is told without asking; a server that cannot be reached is an error', async () => {
  await withWorld([], async ({ cluster, engine }) => {
    const faults = await engine().dryRun(workflow('wf', { entrypoint: 'none', templates: [container('one')] }), { namespace: NS });
    assert.equal(faults[0]?.severity, 'error');
    cluster.create = () => Promise.reject(new AppError('unreachable', 'gone'));
    await assert.rejects(engine().dryRun(workflow('wf', spec), { namespace: NS }), { code: 'unreachable' });
  });
});

async function lastOf(items: AsyncIterable<SimulationItem>): Promise<SimulationItem['end']> {
  let end: SimulationItem['end'];
  for await (const item of items) end = item.end;
  return end;
}

test('a simulation knows the templates of its cluster, and tells the Pods that would be made', async () => {
  await withWorld([], async ({ cluster, engine }) => {
    await cluster.create(RESOURCE.workflowTemplate, { apiVersion: 'argoproj.io/v1alpha1', kind: 'WorkflowTemplate', metadata: { name: 'lib', namespace: NS }, spec: { templates: [container('work')] } });
    const run = workflow('wf', { entrypoint: 'main', templates: [{ name: 'main', dag: { tasks: [{ name: 'a', templateRef: { name: 'lib', template: 'work' } }] } }] });
    const options = { namespace: NS, rules: [], duration: 1, now: 0 };
    assert.equal((await lastOf(simulate(run, options)))?.workflow.status?.phase, 'Error');
    const end = await lastOf(engine().simulate(run, options));
    assert.equal(end?.workflow.status?.phase, 'Succeeded');
    assert.deepEqual(end.plans.map(({ nodeName, template }) => [nodeName, template.container?.image]), [['wf.a', 'busybox']]);
    cluster.requests.length = 0;
    assert.deepEqual(await engine().dryRun(run, { namespace: NS }), []);
    assert.equal(cluster.requests.filter(({ verb, type }) => verb === 'list' && type.kind === 'WorkflowTemplate').length, 1);
  });
});

test('templates that are kept on this machine are known to simulations and dry runs', async () => {
  await withWorld([], async ({ cluster, engine }) => {
    const e = engine();
    await e.definitions.create('WorkflowTemplate', NS, { metadata: { name: 'lib' }, spec: { templates: [container('work')] } });
    const run = workflow('wf', { entrypoint: 'main', templates: [{ name: 'main', dag: { tasks: [{ name: 'a', templateRef: { name: 'lib', template: 'work' } }] } }] });
    const end = await lastOf(e.simulate(run, { namespace: NS, rules: [], duration: 1, now: 0 }));
    assert.equal(end?.workflow.status?.phase, 'Succeeded');
    assert.deepEqual(await e.dryRun(run, { namespace: NS }), []);
    assert.deepEqual((await e.dryRun({ ...run, spec: { ...run.spec, entrypoint: 'none' } }, { namespace: NS })).map(({ message }) => message), ["template name 'none' undefined"]);
    assert.equal(cluster.store.list(RESOURCE.pod, NS).items.length, 0);
  }, { crds: false });
});
