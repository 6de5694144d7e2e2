import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintText, positionAt, type LintOptions } from './lint.ts';

const workflow = (spec: string): string => `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: x-}\nspec:\n${spec}`;
const leaf = '  - name: echo\n    inputs: {parameters: [{name: m}]}\n    container: {image: busybox, args: ["{{inputs.parameters.m}}"]}\n';
const main = (steps: string): string => workflow(`  entrypoint: main\n  templates:\n  - name: main\n    steps:\n${steps}${leaf}`);
const errors = (text: string, options?: LintOptions): string[] => lintText(text, options).filter(({ severity }) => severity === 'error').map(({ message }) => message);
const warnings = (text: string): string[] => lintText(text).filter(({ severity }) => severity === 'warning').map(({ code }) => code);

test('a good workflow has nothing wrong', () => {
  assert.deepEqual(lintText(main("    - - {name: a, template: echo, arguments: {parameters: [{name: m, value: hi}]}}\n")), []);
});

test('the first error has Argo’s words and the place of the fault', () => {
  const text = main('    - - {name: a, template: ecko}\n');
  const [fault] = lintText(text);
  assert.equal(fault?.message, "templates.main.steps[0].a template name 'ecko' undefined");
  assert.equal(text.slice(fault.range.start, fault.range.end), 'ecko');
  assert.deepEqual([fault.hint, fault.fix], ['Did you mean echo?', 'echo']);
});

test('every template is looked at, also after a fault', () => {
  const text = workflow("  entrypoint: a\n  templates:\n  - name: a\n    container: {}\n  - name: b\n    container: {image: x, args: ['{{inputs.parameters.q}}']}\n  - name: c\n    script: {}\n");
  assert.deepEqual(errors(text), ['templates.a.container.image may not be empty', 'templates.b templates.b: failed to resolve {{inputs.parameters.q}}', 'templates.c templates.c.script.image may not be empty']);
});

test('arguments: who may leave them open', () => {
  const text = workflow('  entrypoint: echo\n  arguments: {parameters: [{name: m}]}\n  templates:\n' + leaf);
  const missing = ['spec.arguments.m.value or spec.arguments.m.valueFrom is required'];
  assert.deepEqual(errors(text, { mode: 'controller' }), missing);
  assert.deepEqual(errors(text, { mode: 'submit' }), missing);
  assert.deepEqual(errors(text, { mode: 'lint' }), ['templates.echo inputs.parameters.m was not supplied']);
});

test('a variable of a later step is unknown, of an earlier one known', () => {
  const call = (name: string, value: string): string => `    - - {name: ${name}, template: echo, arguments: {parameters: [{name: m, value: "${value}"}]}}\n`;
  assert.deepEqual(errors(main(call('a', 'x') + call('b', '{{steps.a.id}}'))), []);
  assert.deepEqual(errors(main(call('a', '{{steps.b.id}}') + call('b', 'x'))), ['templates.main.steps failed to resolve {{steps.b.id}}']);
});

test('a DAG: cycles, unknown dependencies, targets', () => {
  const dag = (tasks: string, more = ''): string => workflow(`  entrypoint: main\n  templates:\n  - name: main\n    dag:\n      ${more}\n      tasks:\n${tasks}  - name: t\n    container: {image: x}\n`);
  assert.deepEqual(errors(dag('      - {name: a, template: t, dependencies: [b]}\n      - {name: b, template: t, dependencies: [a]}\n')), ['templates.main sorting failed: graph with cycle']);
  assert.deepEqual(errors(dag('      - {name: a, template: t, depends: z}\n')), ['templates.main sorting failed: invalid dependency z']);
  assert.deepEqual(errors(dag('      - {name: a, template: t}\n', 'target: b')), ["templates.main.targets: target 'b' is not defined"]);
  assert.deepEqual(errors(dag('      - {name: a, template: t}\n      - {name: b, template: t, depends: a, arguments: {parameters: [{name: p, value: "{{tasks.a.status}}"}]}}\n')), []);
});

test('references to other objects: in the text, from outside, or nobody can tell', () => {
  const text = main('    - - {name: a, templateRef: {name: lib, template: go}}\n      - {name: b, template: echo, arguments: {parameters: [{name: m, value: "{{steps.a.outputs.parameters.q}}"}]}}\n');
  assert.deepEqual(errors(text), []);
  assert.deepEqual(errors(text, { templates: () => undefined }), ['templates.main.steps[0].a couldn\'t find workflow template "lib" in namespace ""']);
  const library = 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: lib}\nspec:\n  templates:\n  - name: go\n    container: {image: x}\n';
  assert.deepEqual(errors(`${text}---\n${library}`), ['templates.main.steps failed to resolve {{steps.a.outputs.parameters.q}}']);
});

test('CronWorkflows', () => {
  const cron = (spec: string): string => `apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: x}\nspec:\n${spec}  workflowSpec:\n    entrypoint: a\n    templates:\n    - {name: a, container: {image: x}}\n`;
  assert.deepEqual(errors(cron('  schedules: ["* * * * *"]\n  timezone: Europe/Berlin\n')), []);
  assert.deepEqual(errors(cron('')), ['cron workflow must have at least one schedule']);
  assert.deepEqual(errors(cron('  schedules: [bad]\n')), ['cron schedule bad is malformed: expected exactly 5 fields, found 1: [bad]']);
  assert.deepEqual(errors(cron('  schedules: ["* * * * *"]\n  timezone: Nowhere/X\n')), ['invalid timezone "Nowhere/X": unknown time zone Nowhere/X']);
});

test('what Argo lets through and what fails later is warned of', () => {
  assert.deepEqual(warnings(main('    - - {name: a, template: echo, when: "a ==", onExit: gone, arguments: {parameters: [{name: m, value: "{{=1 +}}"}]}}\n')).sort(), ['bad-expression', 'bad-when', 'unknown-template']);
  assert.deepEqual(warnings(main('    - - {name: a, template: echo, when: "{{steps.a.status}} == Succeeded && 1 < 2", arguments: {parameters: [{name: m, value: "{{item}}"}]}}\n')), ['item-outside-loop']);
  assert.deepEqual(warnings(workflow('  entrypoint: a\n  templates:\n  - {name: a, suspend: {duration: 5x}}\n')), ['bad-duration']);
  assert.deepEqual(warnings(workflow('  entrypoint: a\n  shutdown: Bad\n  templates:\n  - {name: a, suspend: {}}\n')), ['unknown-value']);
});

test('names, containers and rows that the cluster will not take', () => {
  assert.deepEqual(warnings('apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: A_b}\nspec: {templates: [{name: a, suspend: {}}]}\n'), ['bad-object-name']);
  assert.deepEqual(warnings('apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {}\nspec: {templates: [{name: a, suspend: {}}]}\n'), ['missing-name']);
  assert.deepEqual(warnings(workflow('  entrypoint: a\n  templates:\n  - {name: a, container: {image: x}, sidecars: [{name: s, image: x}, {name: s, image: x}]}\n')), ['duplicate-name']);
  const call = (name: string, value: string): string => `{name: ${name}, template: echo, arguments: {parameters: [{name: m, value: "${value}"}]}}`;
  assert.deepEqual(warnings(main(`    - - ${call('a', 'x')}\n      - ${call('b', '{{steps.a.id}}')}\n`)), ['same-row']);
});

test('strictness: lint and submit refuse unknown fields, the controller does not', () => {
  const text = workflow('  entrypoint: a\n  foo: 1\n  templates:\n  - {name: a, suspend: {}}\n');
  assert.deepEqual(errors(text), ['unknown field "spec.foo"']);
  assert.deepEqual(errors(text, { mode: 'controller' }), []);
});

test('line and column', () => {
  assert.deepEqual(positionAt('ab\ncd', 4), { line: 2, column: 2 });
  assert.deepEqual(positionAt('', 0), { line: 1, column: 1 });
});
