import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrangeKept, arrangeRows, freePlace, readPlaces, rowPlaceAt, TASK_SIZE } from './canvas-layout.ts';
import { entryOf, templateOf } from './objects.ts';
import { readText } from './reading.ts';
import { sketch } from './sketch.ts';
import type { Sketch } from './sketch.ts';

const DAG = `
kind: Workflow
apiVersion: argoproj.io/v1alpha1
metadata: {generateName: d-}
spec:
  entrypoint: main
  onExit: clean
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: work}
      - {name: b, template: work, dependencies: [a], hooks: {exit: {template: clean}}}
      - {name: c, template: main, depends: "a.Failed || b.Errored && b.Skipped"}
      - {name: d, templateRef: {name: lib, template: x}, withItems: [1, 2, 3], when: "1 == 1"}
  - name: work
    retryStrategy: {limit: 2}
    inputs: {parameters: [{name: who}]}
    script: {image: x, source: echo}
  - name: clean
    container: {image: x}
`;

function draw(text: string, template?: string): Sketch {
  const object = readText(text).objects[0]!;
  const placed = template === undefined ? entryOf(object)! : templateOf(object, template)!;
  return sketch(object, placed, [placed.template.name ?? '']);
}

test('a dag: tasks, what they wait for with the results named, hooks, and what is recursive', () => {
  const model = draw(DAG);
  assert.equal(model.grammar, 'dag');
  assert.deepEqual(model.nodes.map(({ id, kind, shape }) => `${id} ${kind} ${shape}`), ['a script task', 'b script task', 'c dag task', 'd template task', 'b#exit container hook', '#on exit container hook']);
  assert.deepEqual(model.edges.map(({ source, target, results }) => `${source}>${target} ${results.join()}`), ['a>b ', 'a>c Failed', 'b>c Errored,Skipped', 'b>b#exit ']);
  assert.deepEqual(model.nodes.filter((node) => node.recursive).map((node) => node.id), ['c']);
  assert.deepEqual(model.nodes[3]!.badges.map((badge) => badge.text), ['loop ×3', 'when']);
  assert.deepEqual([model.nodes[0]!.inputs, model.nodes[0]!.outputs, model.nodes[0]!.badges.map((badge) => badge.text)], [['parameters.who'], ['result'], ['retry 2']]);
});

test('names that are missing or said twice still have ids of their own', () => {
  const model = draw('kind: Workflow\nspec: {entrypoint: m, templates: [{name: m, dag: {tasks: [{template: x}, {name: a}, {name: a}, {}]}}]}\n');
  assert.deepEqual(model.nodes.map((node) => node.id), ['unnamed', 'a', 'a 2', 'unnamed 2']);
});

const STEPS = 'kind: Workflow\nspec: {entrypoint: m, templates: [{name: m, steps: [[{name: a}], [{name: b}, {name: c}], [{name: d, onExit: x}]]}]}\n';

test('rows of steps stand below each other, and a drop finds its place in or between them', () => {
  const model = draw(STEPS);
  const arranged = arrangeRows(model);
  assert.deepEqual(model.nodes.map(({ id, row, column }) => `${id} ${row ?? ''} ${column ?? ''}`), ['a 0 0', 'b 1 0', 'c 1 1', 'd 2 0', 'd#on exit  ']);
  const b = arranged.positions.get('b')!;
  const c = arranged.positions.get('c')!;
  assert.equal(b.y, c.y);
  assert.ok(arranged.positions.get('d#on exit')!.y > arranged.positions.get('d')!.y);
  const between = (arranged.lanes[0]!.y + arranged.lanes[0]!.height + arranged.lanes[1]!.y) / 2;
  assert.deepEqual(rowPlaceAt(arranged, model, { x: 0, y: between }), { row: 1 });
  assert.deepEqual(rowPlaceAt(arranged, model, { x: (b.x + c.x) / 2 + TASK_SIZE.width / 2, y: b.y + 10 }), { row: 1, column: 1 });
  assert.deepEqual(rowPlaceAt(arranged, model, { x: 0, y: 9999 }), { row: 3 });
});

test('what was placed by hand stays, and what is new comes below what it follows without covering anything', () => {
  const model = draw(DAG);
  const kept = new Map([['a', { x: 300, y: 40 }], ['b', { x: 300, y: 136 }]]);
  const positions = arrangeKept(model, kept);
  assert.deepEqual(positions.get('a'), { x: 300, y: 40 });
  assert.equal(positions.size, model.nodes.length);
  const places = [...positions].filter(([id]) => !id.includes('#')).map(([, at]) => at);
  for (const [i, one] of places.entries()) for (const other of places.slice(i + 1)) assert.ok(Math.abs(one.x - other.x) >= TASK_SIZE.width || Math.abs(one.y - other.y) >= TASK_SIZE.height, JSON.stringify([one, other]));
  assert.deepEqual(freePlace(new Map(), { x: 5, y: 5 }), { x: 5, y: 5 });
});

test('a text with a syntax error is said to be broken; a schedule is drawn by its workflow', () => {
  assert.equal(readText('kind: Workflow\nspec: [a\n').broken, true);
  const cron = readText('kind: CronWorkflow\nmetadata: {name: n}\nspec: {schedules: ["* * * * *"], workflowSpec: {entrypoint: m, templates: [{name: m, suspend: {}}]}}\n').objects[0]!;
  assert.deepEqual([cron.kind, cron.specPath, entryOf(cron)?.path], ['CronWorkflow', ['spec', 'workflowSpec'], ['spec', 'workflowSpec', 'templates', 0]]);
});

test('an annotation with places is read, and nothing else in it is taken for one', () => {
  assert.deepEqual(readPlaces('{"main":{"a":[1,2],"b":["x",2],"c":[1]},"other":7}'), { main: { a: [1, 2] }, other: {} });
  assert.deepEqual([readPlaces(undefined), readPlaces('[1'), readPlaces('null')], [{}, {}, {}]);
});
