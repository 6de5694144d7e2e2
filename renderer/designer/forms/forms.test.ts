import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { objectType } from '../../../engine/spec/schema.ts';
import { controlOf, fieldsOf, unknownKeys, valueOf } from './fields.ts';
import { sliceOf } from './slice.ts';
import { partsOf, SIGNS, textOfParts } from './when.ts';

test('a when of comparisons is read in parts, any other stays a text', () => {
  assert.deepEqual(partsOf("{{tasks.a.outputs.result}} == ok && '{{inputs.parameters.x}}' != ''"), {
    joined: '&&', parts: [{ left: '{{tasks.a.outputs.result}}', sign: '==', right: 'ok' }, { left: "'{{inputs.parameters.x}}'", sign: '!=', right: "''" }],
  });
  assert.deepEqual(partsOf('"a && b" == c || 1 >= 2')?.parts.length, 2);
  for (const text of ['a', '(a == b) && c == d', 'a == b && c == d || e == f', '!a == b', 'x in (1, 2)', 'a == b == c', '{{=a ? b : c}}']) assert.equal(partsOf(text), undefined, text);
});

test('parts written and read again are the same parts', () => {
  const side = fc.stringMatching(/^(?:[a-z0-9]{1,8}|\{\{[a-z.]{1,12}\}\}|'[a-z &|=]{0,8}')$/);
  const comparison = fc.record({ left: side, sign: fc.constantFrom(...SIGNS), right: side }, { noNullPrototype: true });
  fc.assert(fc.property(fc.record({ joined: fc.constantFrom('&&' as const, '||' as const), parts: fc.array(comparison, { minLength: 2, maxLength: 4 }) }, { noNullPrototype: true }), (parts) => {
    assert.deepEqual(partsOf(textOfParts(parts)), parts);
  }));
});

test('a form shows what is set and what most people fill in, and offers the rest', () => {
  const { shown, offered } = fieldsOf('Template', { name: 'x', container: {}, timeout: '1m' });
  assert.deepEqual(shown.map((field) => field.name), ['name', 'container', 'timeout']);
  assert.ok(offered.some((field) => field.name === 'retryStrategy'));
  assert.ok(!offered.some((field) => field.name === 'steps'), 'rows are drawn, not filled in');
  assert.deepEqual(unknownKeys('Template', { name: 'x', contaner: {} }), ['contaner']);
});

test('every field of every type has a control', () => {
  for (const type of ['WorkflowSpec', 'Template', 'DAGTask', 'WorkflowStep', 'Container', 'ScriptTemplate', 'HTTP', 'Data', 'Artifact', 'RetryStrategy', 'Volume', 'Synchronization', 'Memoize', 'Metrics']) {
    const fields = [...(objectType(type)?.fields.values() ?? [])];
    assert.ok(fields.length > 0, type);
    for (const field of fields) assert.notEqual(controlOf(field.type, field.name, field.values), undefined);
  }
});

test('what is typed becomes the value that the type asks for', () => {
  const scalar = (name: 'int' | 'string' | 'intOrString' | 'item' | 'anyString'): { kind: 'scalar'; name: typeof name } => ({ kind: 'scalar', name });
  assert.equal(valueOf('3', scalar('int'), 'parallelism'), 3);
  assert.equal(valueOf('{{x}}', scalar('intOrString'), 'limit'), '{{x}}');
  assert.equal(valueOf('007', scalar('string'), 'image'), '007');
  assert.equal(valueOf('', scalar('string'), 'image'), undefined);
  assert.equal(valueOf('', scalar('anyString'), 'value'), '');
  assert.deepEqual(valueOf('{"a": 1}', scalar('item'), ''), { a: 1 });
  assert.equal(valueOf('a: 1', scalar('item'), ''), 'a: 1');
});

test('a slice stands at the left edge', () => {
  const text = 'a:\n  b:\n    - c: |\n        x\n\n       y\n';
  assert.equal(sliceOf(text, text.indexOf('c:'), text.length), 'c: |\n  x\n\n y');
});
