import assert from 'node:assert/strict';
import test from 'node:test';
import { differences, idOfPath, joined, plainChoice, related } from './threeway.ts';

const base = { spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'a', args: ['1'] } }, { name: 'say', script: { source: 'one\ntwo\nthree\n' } }], old: 1 } };
const change = (edit: (copy: typeof base) => void): typeof base => {
  const copy = structuredClone(base);
  edit(copy);
  return copy;
};

void test('what one of two changed is taken from who changed it; lines of a script are brought together', () => {
  const mine = change(({ spec }) => { spec.templates[0]!.container!.image = 'b'; spec.templates[1]!.script!.source = 'ONE\ntwo\nthree\n'; spec.templates.push({ name: 'mine' } as never); });
  const theirs = change(({ spec }) => { spec.templates[0]!.container!.args = ['2']; spec.templates[1]!.script!.source = 'one\ntwo\nTHREE\n'; spec.templates.splice(1, 0, { name: 'theirs' } as never); delete (spec as { old?: number }).old; });
  const found = differences(base, mine, theirs);
  assert.deepEqual(found.map(({ id, by }) => [id, by]), [
    ['spec.templates[main].container.image', 'mine'], ['spec.templates[main].container.args', 'theirs'], ['spec.templates[theirs]', 'theirs'],
    ['spec.templates[say].script.source', 'both'], ['spec.templates[mine]', 'mine'], ['spec.old', 'theirs'],
  ]);
  assert.deepEqual(joined(base, mine, theirs, (each) => plainChoice(each) ?? 'mine'), {
    spec: { entrypoint: 'main', templates: [{ name: 'main', container: { image: 'b', args: ['2'] } }, { name: 'theirs' }, { name: 'say', script: { source: 'ONE\ntwo\nTHREE\n' } }, { name: 'mine' }] },
  });
});

void test('where both changed a field, and where nothing is known of before, somebody decides', () => {
  const mine = change(({ spec }) => { spec.entrypoint = 'x'; });
  const theirs = change(({ spec }) => { spec.entrypoint = 'y'; });
  const [only, ...rest] = differences(base, mine, theirs);
  assert.deepEqual([only?.id, only?.by, only && plainChoice(only), rest.length], ['spec.entrypoint', 'both', undefined, 0]);
  assert.deepEqual(joined(base, mine, theirs, () => 'theirs'), theirs);
  assert.deepEqual(differences(undefined, mine, theirs).map(({ by }) => by), ['both']);
});

void test('places are named by the names of items', () => {
  assert.equal(idOfPath(['spec', 'templates', 1, 'script'], base), 'spec.templates[say].script');
  assert.ok(related('spec.templates', 'spec.templates[say].script'));
  assert.ok(!related('spec.template', 'spec.templates[say]'));
});
