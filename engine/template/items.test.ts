import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandCall, expandItems, expandSequence, itemDescription, itemOf, itemType, itemValues, ItemsError, parseItems } from './items.ts';
import { decodeJsonString } from './json.ts';
import { sprintfInt } from './go-format.ts';

test('items of a list keep the spelling of their numbers', () => {
  assert.deepEqual(parseItems('[1.0, 2e1 ,"x", {"b":1, "a":[ 1.50 ]}]').map((item) => item.text), ['1.0', '2e1', '"x"', '{"b":1,"a":[1.50]}']);
});

test('types, descriptions and values of items', () => {
  const item = itemOf({ b: 'two', a: [1, '<'] });
  assert.equal(itemType(item), 'Map');
  assert.equal(itemDescription(item), 'a:[1,"<"],b:two');
  assert.deepEqual([...itemValues(item)], [['item.a', '[1,"<"]'], ['item.b', 'two'], ['item', '{"a":[1,"\\u003c"],"b":"two"}']]);
  assert.equal(itemType(itemOf(null)), 'List');
  assert.equal(itemDescription(itemOf(['a', 1])), '[a 1]');
});

test('a loop without any list expands to nothing, one with a broken list only fails when it would run', () => {
  assert.deepEqual(expandItems({ name: 'a' }), []);
  assert.deepEqual(expandItems({ name: 'a', withParam: 'oops', when: 'false' }), []);
  assert.throws(() => expandItems({ name: 'a', withParam: 'oops' }), ItemsError);
  assert.throws(() => expandItems({ name: 'a', withParam: '{}' }), /could not be parsed as a JSON list/);
});

test('each turn has its own tags replaced', () => {
  const steps = expandCall({ name: 's', template: 't', withItems: ['x', 'y'], arguments: { parameters: [{ name: 'p', value: '<{{item}}>' }] } }, 'step');
  assert.deepEqual(steps.map((step) => [step.name, step.arguments.parameters[0]?.value, step.withItems]), [['s(0:x)', '<x>', undefined], ['s(1:y)', '<y>', undefined]]);
});

test('tasks see the values of their scope, within their loop too', () => {
  const [task] = expandCall({ name: 's', withItems: ['{{v}}'], arguments: { parameters: [{ name: 'p', value: '{{v}}' }] } }, 'task', { v: '1' });
  assert.deepEqual(task?.withItems, ['1']);
  assert.equal(task.arguments.parameters[0]?.value, '1');
});

test('sequences count up and down, and are bounded', () => {
  const texts = (sequence: Parameters<typeof expandSequence>[0]): string[] => expandSequence(sequence).map((item) => decodeJsonString(item.text));
  assert.deepEqual(texts({ start: '8', end: 11, format: '%02d' }), ['08', '09', '10', '11']);
  assert.deepEqual(texts({ start: 2, end: 0 }), ['2', '1', '0']);
  assert.deepEqual(texts({ count: 0 }), []);
  assert.throws(() => texts({ count: 10 ** 9 }), /at most 1000000/);
  assert.throws(() => texts({ start: 1 }), /neither end nor count/);
});

test('formats are those of Go', () => {
  const cases: [string, bigint, string][] = [
    ['%x|', 255n, 'ff|'], ['%#X', 255n, '0XFF'], ['%+05d', 7n, '+0007'], ['%-4d|', -7n, '-7  |'], ['%.3d', 5n, '005'], ['%b', 5n, '101'], ['%o', 8n, '10'], ['%O', 8n, '0o10'],
    ['%c', 65n, 'A'], ['%q', 65n, "'A'"], ['%U', 0x1f600n, 'U+1F600'], ['%v%%', 1n, '1%'], ['%*d', 3n, '%!d(MISSING)'], ['%[1]d %[1]d', 4n, '4 4'], ['%[2]d', 4n, '%!d(BADINDEX)'],
    ['%s', 1n, '%!s(int=1)'], ['none', 1n, 'none%!(EXTRA int=1)'], ['%d %d', 1n, '1 %!d(MISSING)'], ['% d', 5n, ' 5'], ['%5T|', 1n, '  int|'], ['%', 1n, '%!(NOVERB)%!(EXTRA int=1)'],
  ];
  for (const [format, value, expected] of cases) assert.equal(sprintfInt(format, value), expected, format);
});
