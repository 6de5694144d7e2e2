// A text read beside the window says what it says when it is read here; steps done one after another are one change.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Path } from '../../engine/spec/yaml.ts';
import { canConnect, connectable } from './commands.ts';
import { applyEdits } from './edit.ts';
import { packText, readText, unpack } from './reading.ts';
import { perform } from './steps.ts';

const SAMPLES = path.resolve(import.meta.dirname, '../../assets/samples');
const SHARED = path.resolve(import.meta.dirname, '../../../shared/conformance/yaml');
const files = [SAMPLES, ...(existsSync(SHARED) ? [SHARED] : [])].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name)).map((name) => path.join(folder, name)));
/** What the files have little of: keys given twice, merges, aliases, empty values, brackets, keys that are no words. */
const ODD = ['a: 1\na: {b: }\n? [x]\n: y\n1: [[], {c: d}, [e: f]]\n', 'x: &x {k: v}\ny:\n  <<: *x\n  z: *x\n---\n- - a\n  -\n- "q": \'\'\n', '# only a remark\n---\n\n', 'a: [b\n'];

function pathsOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...(Array.isArray(value) ? value.flatMap((item, i) => pathsOf(item, [...at, i])) : Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...at, key]))), [...at, 'none'], [...at, 99]];
}

test('packed and unpacked, a reading has the same values, objects and places', () => {
  for (const [name, text] of [...files.map((file) => [file, readFileSync(file, 'utf8')] as const), ...ODD.map((text) => [text, text] as const)]) {
    const here = readText(text);
    const there = unpack(text, structuredClone(packText(text)));
    assert.deepEqual(there.parts.map(({ value, range }) => ({ value, range })), here.parts.map(({ value, range }) => ({ value, range })), name);
    assert.deepEqual(there.objects.map((object) => ({ ...object, rangeOf: undefined })), here.objects.map((object) => ({ ...object, rangeOf: undefined })), name);
    assert.deepEqual([there.broken, there.diagnostics], [here.broken, here.diagnostics], name);
    for (const [i, part] of here.parts.entries()) {
      for (const each of pathsOf(part.value)) for (const side of ['value', 'key'] as const) assert.deepEqual(there.parts[i]?.rangeOf(each, side), part.rangeOf(each, side), `${name} ${each.join('/')} ${side}`);
    }
  }
});

const DIAMOND = `kind: Workflow
spec:
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: x}
      - {name: b, template: x, dependencies: [a]}
      - {name: c, template: x, depends: a.Failed}
      - {name: d, template: x, depends: b && c}
      - {name: e, template: x}
  - {name: x, suspend: {}}
`;

test('the tasks that can be waited for are those that nothing is against, one by one', () => {
  const reading = readText(DIAMOND);
  const place = { part: 0, template: 'main' };
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const to of names) assert.deepEqual(connectable(reading, place, to), names.filter((from) => canConnect(reading, place, from, to) === undefined), to);
  assert.deepEqual(connectable(reading, place, 'b'), ['c', 'e']);
  assert.deepEqual([connectable(reading, place, 'none'), connectable(reading, { part: 0, template: 'x' }, 'a'), connectable(readText('a: [b'), place, 'a')], [[], [], []]);
});

test('a step that follows another takes its result and its place', () => {
  const place = { part: 0, template: 'main' };
  const made = perform(DIAMOND, [{ type: 'addTask', ...place, task: { name: 'a', template: 'x' } }, { type: 'follow', ...place, task: { name: 'f', template: 'x', fields: { when: '{{before.result}} == 1' } } }]);
  assert.ok(!('refused' in made));
  assert.match(applyEdits(DIAMOND, made.edits), / {6}- name: a-2\n {8}template: x\n {6}- name: f\n {8}template: x\n {8}depends: a-2\n {8}when: '\{\{tasks\.a-2\.outputs\.result\}\} == 1'\n/);
  const rows = perform('kind: Workflow\nspec:\n  templates:\n  - name: main\n    steps:\n    - - {name: a, template: x}\n    - - {name: z, template: x}\n  - {name: x, suspend: {}}\n', [{ type: 'addStep', ...place, task: { name: 'b', template: 'x' }, at: [0, 1] }, { type: 'follow', ...place, task: { name: 'f', template: 'x', fields: { when: '{{before.result}} == 1' } } }]);
  assert.ok(!('refused' in rows) && rows.select?.path.join('/') === 'spec/templates/0/steps/1/0');
  assert.ok(rows.edits.some(({ text }) => text.includes('{{steps.b.outputs.result}}')));
  const refused = perform(DIAMOND, [{ type: 'connect', ...place, from: 'd', to: 'a' }]);
  assert.ok('refused' in refused && !refused.force);
});
