import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits, invertEdits } from './edit.ts';
import { canConnect, run } from './commands.ts';
import type { Command } from './command.ts';
import { readSource } from './source.ts';

/** The text after the commands; each must come to pass, and its inverse must restore the bytes. */
function after(text: string, ...commands: Command[]): string {
  return commands.reduce((before, command) => {
    const outcome = run(readSource(before), command);
    if ('refused' in outcome) assert.fail(`${command.type}: ${outcome.refused}`);
    const next = applyEdits(before, outcome.edits);
    assert.equal(next, outcome.source.text);
    assert.equal(applyEdits(next, invertEdits(before, outcome.edits)), before);
    return next;
  }, text);
}

function refusal(text: string, command: Command): string {
  const outcome = run(readSource(text), command);
  return 'refused' in outcome ? outcome.refused : assert.fail('done');
}

const DIAMOND = `# A diamond.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: diamond-}   # short
spec:
  entrypoint: main
  templates:
    - name: main
      dag:
        tasks:
          # first
          - {name: a, template: echo}
          - name: b
            template: echo   # as a
            dependencies: [a]
          - name: c
            template: echo
            dependencies:
              - a
          # last
          - name: d
            template: echo
            dependencies: [b, c]
            arguments:
              parameters:
                - {name: text, value: "{{tasks.b.outputs.result}} {{tasks.bb.id}}"}

    - name: echo
      inputs: {parameters: [{name: text, value: x}]}
      container: {image: 'alpine:3.20', command: [echo, "{{inputs.parameters.text}}"]}
`;
const MAIN = { part: 0, template: 'main' } as const;

test('a task is added behind the others, in the manner of its neighbours', () => {
  const text = after(DIAMOND, { type: 'addTask', ...MAIN, task: { name: 'a', template: 'echo' }, after: ['d'] });
  assert.equal(text, DIAMOND.replace('{{tasks.bb.id}}"}\n', '{{tasks.bb.id}}"}\n          - name: a-2\n            template: echo\n            dependencies: [d]\n'));
});

test('an empty file becomes a workflow with the first task', () => {
  const text = after('', { type: 'addTask', ...MAIN, task: { name: 'hello', newTemplate: { name: 'hello', container: { image: 'busybox:1.36', command: ['echo', 'yes'] } } } });
  assert.equal(text, `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: main-
spec:
  entrypoint: main
  templates:
    - name: main
      dag:
        tasks:
          - name: hello
            template: hello
    - name: hello
      container:
        image: busybox:1.36
        command: [echo, 'yes']
`);
});

test('connecting appends to the list that is there, or writes one', () => {
  assert.equal(after(DIAMOND, { type: 'disconnect', ...MAIN, from: 'c', to: 'd' }), DIAMOND.replace('[b, c]', '[b]'));
  assert.equal(after(DIAMOND, { type: 'connect', ...MAIN, from: 'b', to: 'c' }), DIAMOND.replace('              - a\n', '              - a\n              - b\n'));
  assert.equal(after(DIAMOND, { type: 'disconnect', ...MAIN, from: 'a', to: 'c' }), DIAMOND.replace('            dependencies:\n              - a\n', ''));
});

test('a condition turns the lists of the dag into depends', () => {
  const text = after(DIAMOND, { type: 'setCondition', ...MAIN, from: 'b', to: 'd', result: 'Failed' });
  assert.equal(text, DIAMOND.replace('dependencies: [a]', 'depends: a').replace('dependencies:\n              - a', 'depends: a').replace('dependencies: [b, c]', 'depends: b.Failed && c'));
});

test('what cannot be connected says why', () => {
  const source = readSource(DIAMOND);
  const why = (from: string, to: string): string | undefined => canConnect(source, MAIN, from, to);
  assert.equal(why('b', 'c'), undefined);
  assert.equal(why('a', 'a'), 'A task cannot wait for itself.');
  assert.equal(why('a', 'b'), 'b already waits for a.');
  assert.equal(why('d', 'a'), 'd already waits for a: they would wait for each other.');
  assert.equal(why('a', 'zz'), 'main has no task zz.');
  assert.equal(canConnect(source, { part: 0, template: 'echo' }, 'a', 'b'), 'Steps go row by row: move the step to a later row instead.');
});

test('deleting takes the lines and comments of a task and every mention in dependencies', () => {
  const text = after(DIAMOND, { type: 'deleteTasks', ...MAIN, tasks: ['c'] });
  assert.equal(text, DIAMOND.replace(/ {10}- name: c\n(?: {12}.*\n){2} {14}- a\n/, '').replace('[b, c]', '[b]'));
  assert.equal(refusal(DIAMOND, { type: 'deleteTasks', ...MAIN, tasks: ['b'] }), 'd takes outputs of b.');
  assert.equal(after(DIAMOND, { type: 'deleteTasks', ...MAIN, tasks: ['d', 'b', 'c'] }).includes('# last'), false);
});

test('a task is renamed in dependencies and tags, a template in its calls', () => {
  assert.equal(after(DIAMOND, { type: 'renameTask', ...MAIN, task: 'b', to: 'left' }),
    DIAMOND.replace('- name: b', '- name: left').replace('[b, c]', '[left, c]').replace('{{tasks.b.', '{{tasks.left.'));
  assert.equal(after(DIAMOND, { type: 'renameTemplate', part: 0, from: 'echo', to: 'say' }), DIAMOND.replaceAll('template: echo', 'template: say').replace('name: echo', 'name: say'));
  assert.equal(after(DIAMOND, { type: 'renameInput', part: 0, template: 'echo', kind: 'parameter', from: 'text', to: 'words' }),
    DIAMOND.replaceAll('name: text', 'name: words').replace('inputs.parameters.text', 'inputs.parameters.words'));
});

test('broken text refuses with the place', () => {
  assert.match(refusal('spec: [\n', { type: 'setField', part: 0, path: ['kind'], value: 'x' }), /^The text cannot be read at line \d, column \d/);
});
