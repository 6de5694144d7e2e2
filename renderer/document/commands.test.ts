import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyEdits, invertEdits } from './edit.ts';
import { canConnect, copy, run } from './commands.ts';
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

const ROWS = `kind: Workflow
spec:
  templates:
  - name: rows
    steps:
    # one
    - - name: a
        template: leaf
    # two
    - - name: b
        template: leaf
        when: "{{steps.a.outputs.result}} == 1"
      - name: c   # third
        template: leaf
`;
const AT_ROWS = { part: 0, template: 'rows' } as const;

test('rows become a dag and back, with their comments', () => {
  const dag = after(ROWS, { type: 'convertTo', ...AT_ROWS, grammar: 'dag' });
  assert.equal(dag, `kind: Workflow
spec:
  templates:
  - name: rows
    dag:
      tasks:
      # one
      - name: a
        template: leaf
      # two
      - name: b
        template: leaf
        dependencies: [a]
        when: "{{tasks.a.outputs.result}} == 1"
      - name: c   # third
        template: leaf
        dependencies: [a]
`);
  assert.equal(after(dag, { type: 'convertTo', ...AT_ROWS, grammar: 'steps' }), ROWS);
  assert.equal(refusal(dag.replace('dependencies: [a]', 'depends: a.Failed'), { type: 'convertTo', ...AT_ROWS, grammar: 'steps' }), 'b waits for a.Failed; steps wait for success only.');
});

test('a step moves with its comment, beside others or to a row of its own', () => {
  assert.equal(after(ROWS, { type: 'moveStep', ...AT_ROWS, from: [1, 1], to: [0, 1] }),
    ROWS.replace('      - name: c   # third\n        template: leaf\n', '').replace('        template: leaf\n    # two', '        template: leaf\n      - name: c   # third\n        template: leaf\n    # two'));
  assert.match(after(ROWS, { type: 'moveStep', ...AT_ROWS, from: [0, 0], to: { newRow: 2 } }), /steps:\n {4}# two\n[^]*# third\n.*\n {4}# one\n {4}- - name: a\n/);
});

test('a task comes between two, and an edge moves, with the condition in its place', () => {
  const text = DIAMOND.replace('dependencies: [b, c]', 'depends: b.Failed && c');
  assert.match(after(text, { type: 'insertBetween', ...MAIN, from: 'b', to: 'd', task: { name: 'mid', template: 'echo' } }), /- name: mid\n {12}template: echo\n {12}depends: b.Failed\n[^]*depends: mid && c\n/);
  assert.equal(after(text, { type: 'reconnect', ...MAIN, from: 'b', to: 'd', newFrom: 'a', newTo: 'd' }), text.replace('b.Failed && c', 'a.Failed && c'));
});

test('an output wired to an input writes the tag and the dependency', () => {
  assert.equal(after(DIAMOND, { type: 'wireOutput', ...MAIN, from: { task: 'b', kind: 'result' }, to: { task: 'c', input: 'text' } }),
    DIAMOND.replace('              - a\n', '              - a\n              - b\n            arguments:\n              parameters:\n                - name: text\n                  value: "{{tasks.b.outputs.result}}"\n'));
  assert.equal(refusal(ROWS, { type: 'wireOutput', ...AT_ROWS, from: { task: 'b', kind: 'result' }, to: { task: 'c', input: 'x' } }), 'c runs before or beside b: move it to a later row.');
});

test('a selection becomes a template that takes and gives what crosses its border', () => {
  const text = after(DIAMOND, { type: 'extractTemplate', ...MAIN, tasks: ['a', 'b'], name: 'first' });
  assert.match(text, /- name: first\n {12}template: first\n {10}- name: c\n {12}template: echo\n {12}dependencies:\n {14}- first\n/);
  assert.match(text, /dependencies: \[first, c\]\n[^]*"\{\{tasks\.first\.outputs\.parameters\.b-result\}\} /);
  assert.match(text, /- name: first\n {6}outputs:\n {8}parameters:\n {10}- name: b-result\n {12}valueFrom:\n {14}parameter: "\{\{tasks\.b\.outputs\.result\}\}"\n {6}dag:\n {8}tasks:\n {10}# first\n {10}- \{name: a, template: echo\}\n {10}- name: b\n {12}template: echo {3}# as a\n/);
  assert.equal(refusal(DIAMOND, { type: 'extractTemplate', ...MAIN, tasks: ['a', 'd'], name: 'x' }), 'b runs between the selected tasks: select it too.');
});

test('what was taken out is put back in its place, with what it was given and gave', () => {
  const text = after(DIAMOND, { type: 'extractTemplate', ...MAIN, tasks: ['a', 'b'], name: 'first' }, { type: 'spliceTask', ...MAIN, task: 'first' });
  assert.deepEqual(readSource(text).parts[0]?.value, readSource(DIAMOND.replace('dependencies:\n              - a\n', 'dependencies:\n              - b\n')).parts[0]?.value, 'c waits for the last of what it waited for');
  assert.match(text, / {10}# first\n {10}- \{name: a, template: echo\}\n {10}- name: b\n {12}template: echo {3}# as a\n/);
  assert.match(refusal(DIAMOND, { type: 'spliceTask', ...MAIN, task: 'a' }), /^a does not call a dag/);
});

test('spliced tasks keep clear of names that are taken, and the conditions of what waits', () => {
  const text = `kind: Workflow
spec:
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: echo}
      - {name: t, template: inner, depends: a.Succeeded, arguments: {parameters: [{name: x, value: "{{tasks.a.outputs.result}}!"}]}}
      - {name: z, template: echo, depends: "t.Succeeded || a.Failed", when: "{{tasks.t.outputs.parameters.o}} == 1"}
  - name: inner
    inputs: {parameters: [{name: x}]}
    outputs: {parameters: [{name: o, valueFrom: {parameter: "{{tasks.b.outputs.result}}"}}]}
    dag:
      tasks:
      - {name: a, template: echo, when: "'{{inputs.parameters.x}}' == ''"}
      - {name: b, template: echo, dependencies: [a]}
      - {name: c, template: echo, dependencies: [a]}
  - {name: echo, suspend: {}}
`;
  const next = after(text, { type: 'spliceTask', ...MAIN, task: 't' });
  assert.ok(!next.includes('inner'));
  assert.match(next, /- \{name: a-2, template: echo, .*depends: a\.Succeeded.*\}\n/);
  assert.match(next, /'\{\{tasks\.a\.outputs\.result\}\}!' == ''/);
  assert.match(next, /- \{name: b, template: echo, depends: a-2\}\n {6}- \{name: c, template: echo, depends: a-2\}\n {6}- \{name: z, template: echo, depends: "\(b\.Succeeded && c\.Succeeded\) \|\| a\.Failed", when: "\{\{tasks\.b\.outputs\.result\}\} == 1"\}/);
  assert.match(refusal(text.replace('depends: a.Succeeded,', 'withItems: [1],'), { type: 'spliceTask', ...MAIN, task: 't' }), /t has withItems/);
  assert.match(refusal(text.replace('t.Succeeded ||', 't.Failed ||'), { type: 'spliceTask', ...MAIN, task: 't' }), /asks whether t ended as Failed/);
});

test('the inline template of a task is changed as any other', () => {
  const text = `kind: Workflow
spec:
  templates:
  - name: main
    steps:
    - - name: s
        inline:
          dag:
            tasks:
            - {name: a, template: echo}   # kept
  - {name: echo, suspend: {}}
`;
  const at = { part: 0, template: 'main/s' };
  const next = after(text, { type: 'addTask', ...at, task: { name: 'b', newTemplate: { name: 'b', suspend: {} } }, after: ['a'] }, { type: 'renameTask', ...at, task: 'a', to: 'first' });
  assert.match(next, / {12}- \{name: first, template: echo\} {3}# kept\n {12}- name: b\n {14}template: b\n {14}dependencies:\n {16}- first\n|dependencies: \[first\]/);
  assert.match(after(next, { type: 'extractTemplate', ...at, tasks: ['b'], name: 'part' }), / {2}- name: part\n {4}dag:\n/);
  for (const command of [{ type: 'setEntrypoint', ...at }, { type: 'duplicateTemplate', ...at }, { type: 'removeTemplate', ...at }] as const) assert.match(refusal(text, command), /is an inline template/);
  assert.equal(refusal(text, { type: 'addTask', part: 0, template: 'main/x', task: { name: 'b' } }), 'There is no template main/x here.');
});

test('copied tasks are pasted under free names and speak of each other', () => {
  const copied = copy(readSource(DIAMOND), MAIN, ['a', 'b']);
  assert.ok('text' in copied);
  assert.match(after(DIAMOND, { type: 'pasteTasks', ...MAIN, text: copied.text }), /- name: a-2\n {12}template: echo\n {10}- name: b-2\n {12}template: echo\n {12}dependencies: \[a-2\]\n/);
  assert.match(after(ROWS, { type: 'pasteTasks', ...AT_ROWS, text: copied.text }), /- - name: a-2\n {8}template: echo\n {6}- name: b-2\n {8}template: echo\n {2}- name: echo\n/);
  assert.equal(refusal(DIAMOND, { type: 'pasteTasks', ...MAIN, text: 'hello' }), 'The clipboard holds no tasks.');
});

test('what an anchor shares is refused, and so is a change inside its alias', () => {
  const text = 'kind: Workflow\nspec:\n  templates:\n  - &a {name: x, suspend: {}}\n  - *a\n';
  const shared = 'This place is shared with others through an anchor (& and *); change it in the text.';
  for (const at of [0, 1]) assert.equal(refusal(text, { type: 'setField', part: 0, path: ['spec', 'templates', at, 'name'], value: 'y' }), shared);
});

test('line ends of Windows, JSON, several documents and a missing last line break stay', () => {
  const crlf = DIAMOND.replaceAll('\n', '\r\n');
  const added = after(crlf, { type: 'addTask', ...MAIN, task: { name: 'e', template: 'echo' } });
  assert.equal(added.replaceAll('\r\n', '').includes('\n'), false);
  const json = '{\n  "kind": "Workflow",\n  "spec": {"entrypoint": "a"}\n}';
  assert.equal(after(json, { type: 'setField', part: 0, path: ['spec', 'onExit'], value: 'yes' }), json.replace('"a"}', '"a", "onExit": "yes"}'));
  const two = 'kind: Workflow\nspec: {}\n---\nkind: Workflow\nspec:\n  entrypoint: a';
  assert.equal(after(two, { type: 'setField', part: 1, path: ['spec', 'entrypoint'], value: 'b' }), `${two.slice(0, -1)}b`);
});

test('a value is taken as it is typed, comments and all', () => {
  const text = after(DIAMOND, { type: 'setText', part: 0, path: ['spec', 'templates', 0, 'dag', 'tasks', 1], text: 'name: b   # here\n# and here\ntemplate: {x: y}\n' });
  assert.match(text, / {10}- name: b {3}# here\n {12}# and here\n {12}template: \{x: y\}\n {10}- name: c\n/);
  assert.match(refusal(DIAMOND, { type: 'setText', part: 0, path: ['spec'], text: 'a: [' }), /not closed/);
});
