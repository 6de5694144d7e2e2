import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEdits } from './edit.ts';
import { editsBetween, mergeTexts } from './merge.ts';

const BASE = 'a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n';

test('changes in different places come together', () => {
  assert.deepEqual(mergeTexts(BASE, BASE.replace('b: 2', 'b: mine'), BASE.replace('e: 5\n', 'e: theirs')), { text: 'a: 1\nb: mine\nc: 3\nd: 4\ne: theirs' });
  assert.deepEqual(mergeTexts(BASE, BASE.replace('c: 3\n', ''), `${BASE}f: 6\n`), { text: 'a: 1\nb: 2\nd: 4\ne: 5\nf: 6\n' });
});

test('the same place changed in two ways is somebody\'s to decide; in one way it is not', () => {
  assert.deepEqual(mergeTexts(BASE, BASE.replace('2', 'mine'), BASE.replace('2', 'theirs')), { conflicts: 1 });
  assert.deepEqual(mergeTexts(BASE, BASE.replace('2', 'both'), BASE.replace('2', 'both')), { text: BASE.replace('2', 'both') });
});

test('who changed nothing takes what the other has, and an edit between texts is their difference', () => {
  const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\r\n', 'd\n', 'e'), { maxLength: 12 }).map((parts) => parts.join(''));
  fc.assert(fc.property(text, text, (base, other) => {
    assert.deepEqual(mergeTexts(base, base, other), { text: other });
    assert.deepEqual(mergeTexts(base, other, base), { text: other });
    assert.equal(applyEdits(base, editsBetween(base, other)), other);
  }));
});
