/** Objects that fit no type, as a cluster whose CRDs check nothing may hold them: each ends with a word about its place, and all others go on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { seeded } from '../kube/fake/index.ts';
import { RESOURCE } from '../kube/port.ts';
import type { KubeObject, ResourceType } from '../kube/port.ts';
import { readManifests } from '../spec/read.ts';
import { INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Workflow } from '../spec/types.ts';
import { container, NS, withWorld, workflow } from './harness.test.ts';
import type { World } from './harness.test.ts';

const KINDS: Record<string, ResourceType> = { Workflow: RESOURCE.workflow, WorkflowTemplate: RESOURCE.workflowTemplate, ClusterWorkflowTemplate: RESOURCE.clusterWorkflowTemplate, CronWorkflow: RESOURCE.cronWorkflow };
const good = { entrypoint: 'main', templates: [container('main')] };

function raw(kind: string, name: string, rest: object): KubeObject {
  const namespaced = kind !== 'ClusterWorkflowTemplate';
  return { apiVersion: 'argoproj.io/v1alpha1', kind, metadata: { name, ...(namespaced && { namespace: NS }), labels: { [LABEL.instanceId]: INSTANCE_ID } }, ...rest };
}

/** Puts an object into the cluster as kubectl would where nothing checks it. */
async function put(world: World, object: KubeObject): Promise<void> {
  await world.cluster.create(KINDS[object.kind ?? ''] ?? RESOURCE.workflow, object);
}

function nested(levels: number): unknown {
  return levels === 0 ? {} : { name: 't', steps: [[{ name: 's', inline: nested(levels - 1) }]] };
}

const BAD: [what: string, rest: object, message: RegExp][] = [
  ['a number where text belongs', { spec: { ...good, templates: [{ name: 'main', container: { image: 3 } }] } }, /spec\.templates\[0\]\.container\.image must be text, not the number 3\. Quote it: "3"\./],
  ['a map where a list belongs', { spec: { ...good, templates: { main: {} } } }, /spec\.templates must be a list/],
  ['text where the spec belongs', { spec: 'text' }, /spec must be a map of fields/],
  ['a list where the spec belongs', { spec: [1] }, /spec must be a map of fields/],
  ['a step that is no list', { spec: { ...good, templates: [{ name: 'main', steps: [{ name: 'a' }] }] } }, /spec\.templates\[0\]\.steps\[0\] must be a list of steps/],
  ['200 levels of nesting', { spec: { ...good, templates: [nested(200)] } }, /nested too deeply/],
  ['text where the status belongs', { spec: good, status: 'garbage' }, /status must be a map/],
  ['nodes that are none', { spec: good, status: { phase: 'Running', nodes: { a: 1, b: { id: 3 } } } }, /status\.nodes\.a is no node/],
];

for (const [what, rest, message] of BAD) {
  test(`${what}: the run ends in error with the place, keeps what it says, and another goes on`, async () => {
    await withWorld([], async (world) => {
      const object = raw('Workflow', 'bad', rest);
      await put(world, structuredClone(object));
      const engine = world.engine();
      await engine.start(NS);
      await engine.submit(workflow('good', good), { namespace: NS });
      assert.equal((await world.finish('good')).status?.phase, 'Succeeded');
      const bad = await world.finish('bad');
      assert.equal(bad.status?.phase, 'Error');
      assert.match(bad.status.message ?? '', message);
      assert.deepEqual(bad.spec, object['spec']);
      assert.deepEqual((await engine.listRuns(NS)).map(({ name, phase }) => [name, phase]).sort(), [['bad', 'Error'], ['good', 'Succeeded']]);
    });
  });
}

test('unknown fields and one text of a mebibyte are no reason to end', async () => {
  await withWorld([], async (world) => {
    await put(world, raw('Workflow', 'odd', { spec: { ...good, nonsense: { a: [1, 'x'] }, arguments: { parameters: [{ name: 'big', value: 'x'.repeat(1024 * 1024) }, { name: 'n', value: 3 }] } } }));
    await world.engine().start(NS);
    assert.equal((await world.finish('odd')).status?.phase, 'Succeeded');
  });
});

test('a template that cannot be read ends the runs that use it, with the place in it', async () => {
  await withWorld([], async (world) => {
    await put(world, raw('ClusterWorkflowTemplate', 'lib', { spec: { templates: [{ name: 'work', container: { image: 'busybox', command: 'true' } }] } }));
    await put(world, raw('WorkflowTemplate', 'whole', { spec: { ...good, arguments: { parameters: { a: 'b' } } } }));
    await put(world, raw('Workflow', 'uses', { spec: { entrypoint: 'main', templates: [{ name: 'main', dag: { tasks: [{ name: 'a', templateRef: { name: 'lib', template: 'work', clusterScope: true } }] } }] } }));
    await put(world, raw('Workflow', 'refers', { spec: { workflowTemplateRef: { name: 'whole' } } }));
    const engine = world.engine();
    await engine.start(NS);
    const uses = await world.finish('uses');
    const refers = await world.finish('refers');
    assert.match(JSON.stringify(uses.status), /malformed cluster workflow template \\"lib\\": spec\.templates\[0\]\.container\.command must be a list/);
    assert.match(refers.status?.message ?? '', /malformed workflow template "whole": spec\.arguments\.parameters must be a list/);
    const [listed] = await engine.definitions.list('WorkflowTemplate', NS);
    assert.match(listed?.problem ?? '', /spec\.arguments\.parameters/);
  });
});

test('a schedule that cannot be read starts nothing and says so; another starts its runs', async () => {
  await withWorld([], async (world) => {
    await put(world, raw('CronWorkflow', 'bad', { spec: { schedules: '* * * * *', workflowSpec: good } }));
    await put(world, raw('CronWorkflow', 'good', { spec: { schedules: ['* * * * *'], workflowSpec: good } }));
    const engine = world.engine();
    await engine.start(NS);
    await world.clock.advance(150_000);
    const runs = await engine.listRuns(NS);
    assert.ok(runs.length >= 2 && runs.every(({ name }) => name.startsWith('good-')), runs.map(({ name }) => name).join());
    const bad = (await engine.definitions.list('CronWorkflow', NS)).find(({ name }) => name === 'bad');
    assert.match(bad?.schedule?.problems.join() ?? '', /spec\.schedules must be a list/);
    assert.deepEqual(bad?.schedule?.next, []);
  });
});

const JUNK: readonly unknown[] = [null, true, 0, -1, 3.5, 1e300, '', 'text', '{{', '{{=', '{{inputs.parameters.none}}', '{{= 1 + }}', [], [null], [[]], {}, { a: 1 }, '\u0000', '__proto__', 'x'.repeat(5000)];

/** Replaces, removes or renames something at one place of a JSON value. */
function mutate(value: unknown, random: () => number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(JUNK);
  if (Array.isArray(value)) {
    if (value.length === 0 || random() < 0.1) return [...value as unknown[], pick(JUNK)];
    const at = Math.floor(random() * value.length);
    return value.map((item: unknown, i) => (i === at ? mutate(item, random) : item));
  }
  const keys = Object.keys(value);
  if (keys.length === 0 || random() < 0.05) return { ...value, [pick(['name', 'steps', 'dag', 'when', 'nodes', 'status'])]: pick(JUNK) };
  const key = pick(keys);
  return Object.fromEntries(Object.entries(value).map(([name, item]: [string, unknown]) => [name, name === key ? mutate(item, random) : item]));
}

test('mutated manifests of every kind: each comes to an end or waits, none holds up the others, and nothing is thrown', async () => {
  const samples = path.resolve(import.meta.dirname, '../../assets/samples');
  const specs = readdirSync(samples).filter((file) => file.endsWith('.yaml')).flatMap((file) => readManifests(readFileSync(path.join(samples, file), 'utf8')).manifests)
    .flatMap((manifest) => (manifest.kind === 'Workflow' ? [manifest.raw as { spec: unknown }] : []));
  const random = seeded(20260301);
  const faults: string[] = [];
  await withWorld([], async (world) => {
    const engine = world.engine({ log: ({ level, message }) => { if (level === 'error') faults.push(message); } });
    await engine.start(NS);
    const list = engine.watchRuns(NS, () => undefined);
    for (let i = 0; i < 240; i++) {
      const kind = ['Workflow', 'Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'][i % 5] ?? '';
      const { spec } = specs[i % specs.length] as { spec: object };
      const whole = kind === 'CronWorkflow' ? { schedules: ['* * * * *'], workflowSpec: spec } : spec;
      const mutated = i % 7 === 0 ? { spec: whole, status: mutate({ phase: 'Running', nodes: { a: { id: 'a', name: 'a', displayName: 'a', type: 'Pod' } } }, random) } : { spec: mutate(mutate(whole, random), random) };
      // A run that would go on for ever is told to stop.
      await put(world, raw(kind, `m${i}`, kind === 'Workflow' && typeof mutated.spec === 'object' && mutated.spec !== null && !Array.isArray(mutated.spec) ? { ...mutated, spec: { ...mutated.spec, activeDeadlineSeconds: 60 } } : mutated)).catch(() => undefined);
    }
    await engine.submit(workflow('good', good), { namespace: NS });
    assert.equal((await world.finish('good')).status?.phase, 'Succeeded');
    await world.clock.advance(120_000);
    const runs = (await engine.listRuns(NS)).filter(({ name }) => /^m\d+$/.test(name));
    assert.ok(runs.length > 60, String(runs.length));
    const open = runs.filter(({ phase }) => phase === '' || phase === 'Running' || phase === 'Pending').map(({ name }) => name);
    const suspended = open.filter((name) => !isWaiting(world.run(name)));
    assert.deepEqual(suspended, []);
    await Promise.all((['WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'] as const).map((kind) => engine.definitions.list(kind, NS)));
    list.close();
  });
  assert.deepEqual(faults, []);
});

/** Suspended by its own spec, or by a step. */
function isWaiting({ spec, status }: Workflow): boolean {
  return spec.suspend === true || Object.values(status?.nodes ?? {}).some(({ type, phase }) => type === 'Suspend' && phase === 'Running');
}
