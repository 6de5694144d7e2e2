import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { scopeAt, tryOut } from './playground.ts';

const workflow: Workflow = { metadata: { name: 'wf', namespace: 'ns' }, spec: { entrypoint: 'main', arguments: { parameters: [{ name: 'day', value: 'monday' }, { name: 'n', default: '3' }] } }, status: { phase: 'Running' } };
const node = (id: string, name: string, more: Partial<NodeStatus> = {}): [string, NodeStatus] => [id, { id, name, displayName: name.replace(/.*\./, ''), type: 'Pod', phase: 'Succeeded', startedAt: null, finishedAt: null, ...more }];
const nodes = new Map([
  node('wf', 'wf', { type: 'DAG', inputs: { parameters: [{ name: 'outer', value: 'o' }] } }),
  node('a', 'wf.a', { boundaryID: 'wf', outputs: { result: '[1,2,3]', exitCode: '0', parameters: [{ name: 'say', value: 'a "quoted"\nline' }] } }),
  node('b', 'wf.b', { boundaryID: 'wf', inputs: { parameters: [{ name: 'x', value: '7' }] } }),
]);
const scope = scopeAt(workflow, nodes, 'b');

test('a node sees the workflow, its inputs, those of its template and what stands beside it', () => {
  assert.equal(scope.get('workflow.parameters.day'), 'monday');
  assert.equal(scope.get('workflow.parameters.n'), '3');
  assert.equal(scope.get('inputs.parameters.x'), '7');
  assert.equal(scope.get('inputs.parameters.outer'), 'o');
  assert.equal(scope.get('tasks.a.outputs.result'), '[1,2,3]');
  assert.equal(scope.get('tasks.a.exitCode'), '0');
  assert.equal(scope.has('tasks.b.id'), false);
  assert.deepEqual([...scopeAt(workflow, nodes).keys()].filter((name) => !name.startsWith('workflow.')), []);
});

test('an expression gives a value and its type', () => {
  assert.deepEqual(tryOut('asInt(inputs.parameters.x) + 1', 'expression', scope, 0), { value: '8', type: 'int' });
  assert.deepEqual(tryOut('{{= map(fromJSON(tasks.a.outputs.result), {# * 2}) }}', 'expression', scope, 0), { value: '[2,4,6]', type: '[]interface {}' });
  assert.deepEqual(tryOut('sprig.upper(workflow.parameters.day)', 'expression', scope, 0), { value: 'MONDAY', type: 'string' });
});

test('a fault says where it is', () => {
  const result = tryOut('1 +\n  * 2', 'expression', scope, 0);
  assert.ok('error' in result && result.line === 2 && result.column !== undefined, JSON.stringify(result));
  assert.deepEqual(tryOut('1 + asInt(inputs.parameters.none)', 'expression', scope, 0), { error: 'inputs.parameters.none is missing', line: 1, column: 5 });
  assert.match((tryOut('{{tasks.zzz.id}}', 'text', scope, 0) as { error: string }).error, /tasks\.zzz\.id/);
  assert.match((tryOut('{{inputs.parameters.x}} ==', 'when', scope, 0) as { error: string }).error, /when/);
});

test('a text keeps quotes and line ends of its values; a condition gives true or false', () => {
  assert.deepEqual(tryOut('say: "{{tasks.a.outputs.parameters.say}}"\nnext', 'text', scope, 0), { value: 'say: "a "quoted"\nline"\nnext', type: 'string' });
  assert.deepEqual(tryOut('{{workflow.parameters.day}} == monday && {{inputs.parameters.x}} > 5', 'when', scope, 0), { value: 'true', type: 'bool' });
});
