import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml, readDocuments, splitDocuments } from './yaml.ts';

const value = (text: string): unknown => parseYaml(text).value;
const codes = (text: string): string[] => parseYaml(text).diagnostics.map(({ severity, code }) => `${severity} ${code}`);

test('scalars mean what they mean to go-yaml', () => {
  const cases: [string, unknown][] = [
    ['yes', true], ['No', false], ['y', true], ['off', false], ['TRUE', true], ['~', null], ['', null], ['null', null],
    ['010', 8], ['0o10', 8], ['08', 8], ['0x_1F', 31], ['0b11', 3], ['1_000', 1000], ['+5', 5], ['-7', -7], ['1e3', 1000], ['.5', 0.5], ['5.', 5],
    ['12:30:45', '12:30:45'], ['2024-01-01', '2024-01-01'], ['1.2.3', '1.2.3'], ['-', undefined], ['9007199254740993', 9007199254740992],
    ['99999999999999999999', 1e20], ['0xFFFFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFFF'], ['"yes"', 'yes'], ["'1'", '1'], ['!!str 1', '1'], ['!!float 3', 3], ['!!binary aGk=', 'hi'],
  ];
  for (const [text, expected] of cases) assert.deepEqual((value(`a: ${text}\n`) as { a: unknown } | undefined)?.a, expected, text);
});

test('keys become text', () => {
  assert.deepEqual(value('1: a\nyes: b\n1.5: c\n"d": e\n'), { 1: 'a', true: 'b', '1.5': 'c', d: 'e' });
  assert.deepEqual(codes('null: a\n'), ['error yaml-key']);
});

test('anchors, merges, and what they may not do', () => {
  assert.deepEqual(value('x: &a {k: 1, l: 2}\nb: {<<: *a, l: 3}\n'), { x: { k: 1, l: 2 }, b: { k: 1, l: 3 } });
  assert.deepEqual(value('x: &a {k: 1}\ny1: &c {k: 2, l: 3}\nz:\n  <<: [*a, *c]\n'), { x: { k: 1 }, y1: { k: 2, l: 3 }, z: { k: 1, l: 3 } });
  assert.deepEqual(codes('a: *b\n'), ['error yaml-alias']);
  assert.deepEqual(codes('a: &x [*x]\n'), ['error yaml-alias']);
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefgh'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index] ?? ''}`).join(',')}]`)].join('\n');
  assert.deepEqual(codes(bomb), ['error yaml-alias']);
});

test('the leniency of go-yaml inside quotes and brackets', () => {
  assert.deepEqual(value('a:\n    b: "one\n  two"\n'), { a: { b: 'one two' } });
  assert.deepEqual(value('a:\n    b: [\n  one,\n  two\n]\nc: d\n'), { a: { b: ['one', 'two'] }, c: 'd' });
});

test('a key given twice: the last counts, with a warning', () => {
  const { value: read, diagnostics } = parseYaml('a: 1\na: 2\n');
  assert.deepEqual(read, { a: 2 });
  assert.deepEqual(diagnostics.map(({ severity, code, range }) => [severity, code, range]), [['warning', 'duplicate-key', { start: 5, end: 6 }]]);
});

test('broken text is a diagnostic with a place and a hint', () => {
  const cases: [string, string][] = [['a:\n\t- b\n', 'tabs'], ['a: {{x}} y\n', '{{'], ['a: {{x}}\n', '{{'], ['a: @b\n', ''], ['a: "x\n', 'quote'], ['a: [b\n', ''], ['a: "\\/"\n', 'slash'], ['a: \u0001\n', 'escape'], ['%YAML 1.2\n---\na: b\n', '%YAML']];
  for (const [text, hint] of cases) {
    const fault = parseYaml(text).diagnostics.find(({ severity }) => severity === 'error');
    assert.ok(fault?.range, text);
    assert.match(fault.hint ?? '', new RegExp(hint.replace(/[{}%]/g, '\\$&')), text);
  }
});

test('one broken document leaves the others', () => {
  const { documents, diagnostics } = readDocuments('a: [\n---\nb: 1\n---\n# nothing\n---\nc: 2\n');
  assert.deepEqual(documents.map((document) => document.value), [undefined, { b: 1 }, { c: 2 }]);
  assert.ok(diagnostics.length > 0 && diagnostics.every(({ range }) => range !== undefined && range.end <= 6));
});

test('documents are cut at lines of three dashes only', () => {
  assert.deepEqual(splitDocuments('a\n---\nb\n----\nc\n--- d\n').map(({ offset }) => offset), [0, 5, 18]);
});

test('ranges by path, also of keys, in a later document', () => {
  const text = 'x: y\n---\na:\n  - b: "c"\n    d:\n';
  const [, document] = readDocuments(text).documents;
  const slice = (path: (string | number)[], part?: 'key'): string | undefined => {
    const range = document?.rangeOf(path, part);
    return range && text.slice(range.start, range.end);
  };
  assert.equal(slice(['a', 0, 'b']), '"c"');
  assert.equal(slice(['a', 0, 'b'], 'key'), 'b');
  assert.equal(slice(['a', 0, 'd']), 'd');
  assert.equal(slice(['a', 7]), undefined);
});

test('a block at the end of a text or before a separator has no last line break when the text has none', () => {
  assert.deepEqual(value('a: |\n  x\n  y'), { a: 'x\ny' });
  assert.deepEqual(value('a: |\n  x\n  y\n'), { a: 'x\ny\n' });
  assert.deepEqual(value('a: |+\n  x\n\n'), { a: 'x\n\n' });
  assert.deepEqual(readDocuments('a: |\n  x\n---\nb: |\n  y\n').documents.map((document) => document.value), [{ a: 'x' }, { b: 'y\n' }]);
});

test('a key named __proto__ is a key', () => {
  const read = value('__proto__: {polluted: true}\n') as object;
  assert.ok(Object.hasOwn(read, '__proto__'));
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});
