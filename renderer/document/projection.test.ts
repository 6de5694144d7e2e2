import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { NodeStatus, Template, Workflow } from '../../engine/spec/types.ts';
import { isStep } from './model.ts';
import type { GraphModel, GraphNode } from './model.ts';
import { dependenciesOf, project } from './projection.ts';
import { countSteps, subtitle, triesOf, why } from './summary.ts';

const leaf = (name: string, more: Partial<Template> = {}): Template => ({ name, container: { name: 'main', image: 'busybox' }, ...more });
const workflow = (templates: Template[]): Workflow => ({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { name: 'wf' }, spec: { entrypoint: 'main', templates } });
const node = (name: string, more: Partial<NodeStatus> = {}): NodeStatus => ({ id: `id:${name}`, name, displayName: name.replace(/^.*[.\]]/, ''), type: 'Pod', phase: 'Succeeded', ...more });
const asMap = (list: NodeStatus[]): Map<string, NodeStatus> => new Map(list.map((each) => [each.id, each]));
const find = (graph: GraphModel, id: string): GraphNode => {
  const found = graph.nodes.find((each) => each.id === id);
  assert.ok(found, `${id} is drawn; there is ${graph.nodes.map((each) => each.id).join(', ')}`);
  return found;
};
const lines = (graph: GraphModel): string[] => graph.edges.map((edge) => `${edge.source} > ${edge.target}`).sort();

const diamond = workflow([
  { name: 'main', dag: { tasks: [{ name: 'a', template: 'work' }, { name: 'b', template: 'work', dependencies: ['a'] }, { name: 'c', template: 'work', depends: 'a.Failed' }, { name: 'd', template: 'work', depends: 'b && (c.Succeeded || c.Skipped)' }] } },
  leaf('work'),
]);

test('a dag that has not run is drawn from its spec', () => {
  const graph = project(diamond);
  assert.deepEqual(lines(graph), ['wf.a > wf.b', 'wf.a > wf.c', 'wf.b > wf.d', 'wf.c > wf.d']);
  assert.equal(find(graph, 'wf.a').phase, 'Planned');
  assert.deepEqual(find(graph, 'wf.d').waitsFor, ['b', 'c']);
  assert.deepEqual(find(graph, 'wf.b').path, ['spec', 'templates', 0, 'dag', 'tasks', 1]);
  assert.equal(graph.edges.find((edge) => edge.target === 'wf.c')?.label, 'Failed');
});

test('a run paints the same nodes: none appears, none goes', () => {
  const before = project(diamond);
  const after = project(diamond, asMap([node('wf', { type: 'DAG', phase: 'Running' }), node('wf.a', { boundaryID: 'id:wf', phase: 'Running' })]));
  assert.deepEqual(after.nodes.map((each) => each.id), before.nodes.map((each) => each.id));
  assert.equal(find(after, 'wf.a').phase, 'Running');
  assert.equal(find(after, 'wf.b').phase, 'Planned');
});

test('steps: each row after the one before', () => {
  const graph = project(workflow([{ name: 'main', steps: [[{ name: 'one', template: 'work' }], [{ name: 'two', template: 'work' }, { name: 'three', template: 'work', when: 'x' }]] }, leaf('work')]));
  assert.deepEqual(lines(graph), ['wf[0].one > wf[1].three', 'wf[0].one > wf[1].two']);
  assert.deepEqual(find(graph, 'wf[1].three').badges, ['when']);
});

test('nested templates are drawn in place, a recursion only as far as it ran', () => {
  const flip = workflow([
    { name: 'main', steps: [[{ name: 'flip', template: 'flip' }], [{ name: 'heads', template: 'flip' }, { name: 'tails', template: 'main' }]] },
    leaf('flip'),
  ]);
  const planned = project(flip);
  assert.deepEqual(find(planned, 'wf[1].tails').badges, ['again']);
  const ran = project(flip, asMap([
    node('wf', { type: 'Steps' }), node('wf[0].flip', { boundaryID: 'id:wf' }), node('wf[1].heads', { boundaryID: 'id:wf', type: 'Skipped', phase: 'Skipped' }),
    node('wf[1].tails', { type: 'Steps', boundaryID: 'id:wf' }), node('wf[1].tails[0].flip', { boundaryID: 'id:wf[1].tails' }),
  ]));
  assert.equal(find(ran, 'wf[1].tails[0].flip').phase, 'Succeeded');
  assert.equal(find(ran, 'wf[1].tails[1].tails').phase, 'Planned');
  assert.ok(lines(ran).includes('wf[0].flip > wf[1].tails[0].flip'));
});

const loop = workflow([{ name: 'main', dag: { tasks: [{ name: 'plan', template: 'work' }, { name: 'each', template: 'work', dependencies: ['plan'], withParam: '{{x}}' }, { name: 'end', template: 'work', dependencies: ['each'] }] } }, leaf('work')]);
const ranLoop = (count: number): Map<string, NodeStatus> => asMap([
  node('wf', { type: 'DAG', phase: 'Running' }), node('wf.plan', { boundaryID: 'id:wf' }),
  node('wf.each', { type: 'TaskGroup', phase: 'Running', boundaryID: 'id:wf', children: Array.from({ length: count }, (_, i) => `id:wf.each(${i}:x)`) }),
  ...Array.from({ length: count }, (_, i) => node(`wf.each(${i}:x)`, { boundaryID: 'id:wf', phase: i === 7 ? 'Failed' : i % 2 ? 'Running' : 'Succeeded' })),
]);

test('a large loop is one node with the worst phase on top, a small one shows its items', () => {
  assert.equal(find(project(loop), 'wf.each').badges[0], 'loop ×?');
  const many = find(project(loop, ranLoop(64)), 'wf.each');
  assert.equal(many.shape, 'loop');
  assert.equal(many.phase, 'Failed');
  assert.deepEqual(many.counts, { Failed: 1, Running: 31, Succeeded: 32 });
  assert.equal(subtitle(many, undefined, undefined), '1 failed · 31 running · 32 ✓');
  const few = project(loop, ranLoop(3));
  assert.ok(lines(few).includes('wf.plan > wf.each(0:x)') && lines(few).includes('wf.each(2:x) > wf.end'));
});

test('the user unfolds a loop; many to many meet in a point', () => {
  const open = project(loop, ranLoop(64), { folded: new Map([['wf.each', false]]) });
  assert.equal(open.nodes.length, 66);
  const shut = project(loop, ranLoop(3), { byLoop: true });
  assert.equal(shut.nodes.length, 3);
});

test('a retry is one node that knows its tries', () => {
  const retried = workflow([{ name: 'main', dag: { tasks: [{ name: 'a', template: 'work' }] } }, leaf('work', { retryStrategy: { limit: 2 } })]);
  const nodes = asMap([
    node('wf', { type: 'DAG', phase: 'Failed' }), node('wf.a', { type: 'Retry', phase: 'Failed', message: 'No more retries left', boundaryID: 'id:wf', children: ['id:wf.a(0)', 'id:wf.a(1)'] }),
    node('wf.a(0)', { phase: 'Failed', boundaryID: 'id:wf', nodeFlag: { retried: true } }), node('wf.a(1)', { phase: 'Failed', boundaryID: 'id:wf', nodeFlag: { retried: true } }),
  ]);
  const graph = project(retried, nodes);
  const shown = find(graph, 'wf.a');
  assert.deepEqual([shown.shape, shown.phase, shown.members.length, shown.badges[0]], ['retry', 'Failed', 2, 'retry 1/2']);
  assert.equal(graph.nodes.length, 1);
  assert.equal(triesOf(nodes.get('id:wf.a(1)')!, nodes).length, 2);
  assert.deepEqual(countSteps(nodes), { Failed: 1 });
});

test('what the plan does not name is drawn all the same', () => {
  const nodes = asMap([node('wf', { type: 'DAG' }), node('wf.a', { boundaryID: 'id:wf', children: ['id:wf.a.hooks.x'] }), node('wf.a.hooks.x', { boundaryID: 'id:wf', nodeFlag: { hooked: true } }), node('wf.onExit')]);
  const graph = project(diamond, nodes);
  assert.equal(find(graph, 'wf.a.hooks.x').badges[0], 'hook');
  assert.ok(lines(graph).includes('wf.a > wf.a.hooks.x'));
  find(graph, 'wf.onExit');
});

test('depends: the tasks it names and the result it wants', () => {
  assert.deepEqual(dependenciesOf({ name: 't', depends: '!a && (b.Failed || c-1.Succeeded)' }), [{ task: 'a' }, { task: 'b', result: 'Failed' }, { task: 'c-1', result: 'Succeeded' }]);
});

test('why: failed, skipped, waiting, in words', () => {
  const nodes = asMap([node('wf', { type: 'DAG', phase: 'Running' }), node('wf.a', { boundaryID: 'id:wf', phase: 'Failed', message: 'Error (exit code 3)' })]);
  const graph = project(diamond, nodes);
  const told = why(find(graph, 'wf.a'), nodes.get('id:wf.a'), graph);
  assert.equal(told?.title, 'Failed: exit code 3 in container main.');
  assert.equal(told.detail, '3 steps wait for it: b, c, d.');
  assert.equal(why(find(graph, 'wf.d'), undefined, graph)?.title, 'Not started. Waits for b, c.');
  const skipped = { ...find(graph, 'wf.b'), phase: 'Skipped' as const };
  assert.equal(why(skipped, node('wf.b', { message: "when 'tails == heads' evaluated false" }), graph)?.title, 'Skipped: when tails == heads is false.');
});

// Every recorded run of the real Argo: nothing throws, nothing is dropped, nothing is drawn twice.
const recorded = path.resolve(import.meta.dirname, '../../../shared/conformance');
for (const file of ['real.jsonl.gz', 'played.jsonl.gz']) {
  test(`recorded runs of ${file}`, { skip: existsSync(path.join(recorded, file)) ? false : 'the recorded cases (../shared/conformance) are not here' }, () => {
    const cases = gunzipSync(readFileSync(path.join(recorded, file))).toString('utf8').trim().split('\n').map((line) => JSON.parse(line) as { id: string; manifests: Workflow[]; expect: { nodes?: NodeStatus[] } });
    for (const each of cases) {
      const nodes = asMap(each.expect.nodes ?? []);
      const last = each.manifests.at(-1)!;
      // The recorded root tells the run's name.
      const root = [...nodes.values()].find((status) => !status.boundaryID && !/\.(onExit|hooks\.)/.test(status.name));
      const graph = project({ ...last, metadata: { ...last.metadata, name: root?.name.replace(/\(\d+\)$/, '') ?? 'wf' } }, nodes);
      const ids = graph.nodes.map((shown) => shown.id);
      assert.equal(new Set(ids).size, ids.length, `${each.id}: drawn twice`);
      for (const edge of graph.edges) assert.ok(ids.includes(edge.source) && ids.includes(edge.target), `${each.id}: edge to nowhere ${edge.source} > ${edge.target}`);
      const seen = new Set(graph.nodes.flatMap((shown) => [shown.nodeId ?? '', ...shown.members]));
      for (const status of nodes.values()) {
        if (!isStep(status) || seen.has(status.id)) continue;
        // Steps below a folded node or the earlier tries of a retry are counted there.
        const covered = graph.nodes.some((shown) => (shown.shape !== 'step' || shown.folded) && status.name.startsWith(shown.id));
        const earlierTry = /\(\d+\)/.test(status.name);
        assert.ok(covered || earlierTry, `${each.id}: ${status.name} is not shown`);
      }
    }
    assert.ok(cases.length > 20);
  });
}
