import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fnv32a, generateNodeName, nodeId, podName, podNameVersion, recoverIndex, stepOrTaskName } from './names.ts';

test('the hash is FNV-1a over UTF-8 bytes', () => {
  assert.equal(fnv32a(''), 2166136261);
  assert.equal(fnv32a('a'), 0xe40c292c);
  assert.equal(fnv32a('foobar'), 0xbf9cf968);
});

test('the root node has the name of its workflow, all others a hash', () => {
  assert.equal(nodeId('wf', 'wf'), 'wf');
  assert.equal(nodeId('wf', 'wf.a'), `wf-${fnv32a('wf.a')}`);
});

test('Pods carry the template unless the old naming is asked for, and no name is too long', () => {
  const node = { workflowName: 'wf', nodeName: 'wf[0].a', templateName: 'echo' };
  assert.equal(podName(node), `wf-echo-${fnv32a('wf[0].a')}`);
  assert.equal(podName({ ...node, version: 'v1' }), nodeId('wf', 'wf[0].a'));
  assert.equal(podName({ ...node, nodeName: 'wf' }), 'wf');
  assert.ok(podName({ ...node, templateName: 'x'.repeat(300) }).length <= 253);
  assert.match(podName({ ...node, templateName: '界'.repeat(100) }), /^[^\ud800-\udfff]*$/);
});

test('the version of Pod names is read from the workflow before it is taken from the settings', () => {
  assert.equal(podNameVersion(undefined), 'v2');
  assert.equal(podNameVersion({}, 'v1'), 'v1');
  assert.equal(podNameVersion({ 'workflows.argoproj.io/pod-name-format': 'v2' }, 'v1'), 'v2');
});

test('the index of an expanded name can be found again, whatever the description', () => {
  fc.assert(fc.property(fc.nat(), fc.string(), (index, description) => recoverIndex(generateNodeName('step', index, description)) === index));
});

test('a name that hides its index is refused', () => {
  assert.throws(() => generateNodeName('a(1)', 0, 'x'), /unrecoverable digit/);
});

test('the own name of a step is what is left of its path', () => {
  for (const name of ['wf.a.own', 'wf[0].own', 'wf[0].own(3:x.y)', 'wf.own(0:a[b])(2)']) assert.equal(stepOrTaskName(name), 'own');
});
