import assert from 'node:assert/strict';
import test from 'node:test';
import { objectType } from '../../../engine/spec/schema.ts';
import { isBuiltin } from '../../../engine/template/expr/builtin-names.ts';
import { SPRIG } from '../../../engine/template/sprig.ts';
import { applyEdits } from '../edit.ts';
import { complete, signatureAt } from './completion.ts';
import type { Completion } from './completion.ts';
import { aboutField } from './fields.ts';
import { FUNCTIONS } from './functions.ts';
import { readFile } from './names.ts';

/** The caret stands at `|` of the line that takes the place of `@@`. */
const DAG = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: x-}
spec:
  entrypoint: main
  arguments:
    parameters: [{name: msg, value: hi}]
  templates:
    - name: main
      dag:
        tasks:
          - name: a
            template: echo
            arguments: {parameters: [{name: m, value: "1"}]}
          - name: other
            template: echo
          - name: b-c
            template: echo
            dependencies: [a]
            @@
          - name: last
            template: echo
            dependencies: [b-c]
    - name: echo
      inputs:
        parameters:
          - {name: m, enum: [one, two]}
          - {name: n, default: "2"}
      container:
        image: alpine
      outputs:
        parameters: [{name: out}]
`;

function at(line: string, text = DAG, others: { file: string; text: string }[] = []): { items: Completion[]; text: string } {
  const marked = text.replace('@@', () => line);
  const offset = marked.lastIndexOf('|');
  const plain = marked.slice(0, offset) + marked.slice(offset + 1);
  return { items: complete(plain, offset, others.map(readFile)).sort((a, b) => a.order - b.order), text: plain };
}

function labels(line: string, text = DAG, others: { file: string; text: string }[] = []): string[] {
  return at(line, text, others).items.map((item) => item.label);
}

/** The text after a completion was taken. */
function taken(line: string, label: string, text = DAG): string {
  const { items, text: before } = at(line, text);
  const item = items.find((each) => each.label === label);
  assert.ok(item, `${label} is offered at ${line}`);
  return applyEdits(before, [{ start: item.start, end: item.end, text: item.insert }, ...(item.also ?? [])]);
}

void test('keys: those of the place, without those that are there, the wanted ones first', () => {
  const keys = labels('|');
  assert.deepEqual(keys.slice(0, 3), ['templateRef', 'depends', 'arguments']);
  assert.ok(!keys.includes('name') && !keys.includes('template'));
  assert.deepEqual(labels('whe|').includes('when'), true);
  assert.match(taken('args|', 'arguments'), /\n {12}arguments:\n {14}\n/);
  assert.match(taken('hooks: {exit: {|}}', 'template'), /hooks: \{exit: \{template: \}\}/);
  assert.equal(at('|').items.find((item) => item.label === 'when')?.detail, 'text');
});

void test('keys: in broken text, in wrong columns, in flow style and in JSON', () => {
  assert.ok(labels('arguments:\n                parameters:\n                  - na|').includes('name'));
  assert.ok(labels('when: "unclosed\n            |').includes('withItems'));
  assert.ok(labels('  wi|').includes('withItems'));
  assert.ok(labels('|', '{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": {@@}}').includes('entrypoint'));
  assert.equal(taken('"ent|"', 'entrypoint', '{"kind": "Workflow", "spec": {"templates": [], @@}}'), '{"kind": "Workflow", "spec": {"templates": [], "entrypoint": }}');
  assert.equal(taken('|', 'name', '- @@'.replace('- ', 'kind: Workflow\nspec:\n  templates:\n  - ')), 'kind: Workflow\nspec:\n  templates:\n  - name: ');
  assert.ok(labels('|', '@@').includes('new Workflow'));
  assert.deepEqual(labels('# |'), []);
});

void test('keys: whole templates, tasks and steps', () => {
  const text = 'kind: Workflow\nspec:\n  templates:\n    - @@';
  assert.ok(['container template', 'dag template', 'script template'].every((label) => labels('|', text).includes(label)));
  assert.match(taken('|', 'dag template', text), /\n {4}- name: \$\{1:main\}\n {6}dag:\n {8}tasks:\n {10}- name/);
  assert.match(taken('|', 'dag template', text.replace('    - ', '  - ')), /\n {4}dag:\n {6}tasks:\n {6}- name: \$\{2:first\}\n {8}template/);
  assert.ok(labels('|', 'kind: Workflow\nspec:\n  templates:\n    - name: a\n    @@').includes('- '));
});

void test('values: enums, booleans, kinds, templates, tasks, results', () => {
  assert.deepEqual(labels('template: |'), ['main', 'echo']);
  assert.deepEqual(labels('depends: |'), ['a', 'other']);
  assert.deepEqual(labels('depends: "a && !oth|"'), ['a', 'other']);
  assert.deepEqual(labels('depends: a.|').slice(0, 3), ['Succeeded', 'Failed', 'Errored']);
  assert.match(taken('depends: other && a.F|', 'Failed'), /depends: other && a\.Failed\n/);
  assert.deepEqual(labels('|', DAG.replace('[a]', '[a, @@]').replace('            @@\n', '')), ['other']);
  assert.deepEqual(labels('|', 'kind: @@').slice(0, 2), ['Workflow', 'WorkflowTemplate']);
  assert.deepEqual(labels('|', 'kind: Workflow\nspec:\n  suspend: @@'), ['true', 'false']);
  assert.deepEqual(labels('|', 'kind: Workflow\nspec:\n  templates:\n    - container: {imagePullPolicy: @@}'), ['Always', 'IfNotPresent', 'Never']);
  assert.deepEqual(labels('|', 'kind: Workflow\nspec:\n  entrypoint: "@@"\n  templates: [{name: one}]'), ['one']);
  assert.deepEqual(labels('retryPolicy|', 'kind: CronWorkflow\nspec:\n  concurrencyPolicy: @@'.replace('@@', '|')), ['Allow', 'Forbid', 'Replace']);
});

void test('values: parameters of the called template, and what they may be', () => {
  assert.deepEqual(labels('arguments: {parameters: [{name: |}]}'), ['m', 'n']);
  assert.deepEqual(labels('arguments: {parameters: [{name: m, value: "1"}, {name: |}]}'), ['n']);
  const values = labels('arguments: {parameters: [{name: m, value: |}]}');
  assert.deepEqual(values.slice(0, 2), ['one', 'two']);
  assert.ok(values.includes('{{tasks.a.outputs.parameters.out}}'));
  assert.match(taken('arguments: {parameters: [{name: m, value: |}]}', '{{workflow.parameters.msg}}'), /value: '\{\{workflow\.parameters\.msg\}\}'\}/);
});

void test('values: WorkflowTemplates of the folder and the cluster', () => {
  const others = [{ file: 'lib.yaml', text: 'kind: WorkflowTemplate\nmetadata: {name: lib}\nspec: {templates: [{name: build, inputs: {parameters: [{name: tag}]}, container: {}}, {name: push}]}\n' }, { file: 'c.json', text: '{"kind":"ClusterWorkflowTemplate","metadata":{"name":"shared"},"spec":{"templates":[{"name":"notify"}]}}' }];
  assert.deepEqual(labels('templateRef: {name: |}', DAG, others), ['lib', 'shared']);
  assert.deepEqual(labels('templateRef: {name: lib, template: |}', DAG, others), ['build', 'push']);
  assert.deepEqual(labels('templateRef: {clusterScope: true, name: |}', DAG, others), ['shared']);
  assert.deepEqual(labels('|', DAG.replace('template: echo\n            dependencies: [a]', 'templateRef: {name: lib, template: build}\n            arguments:\n              parameters:\n              - name: @@').replace('            @@\n', ''), others), ['tag']);
});

void test('tags: what has a value at the place, of ancestors only', () => {
  const names = labels('when: "{{|');
  assert.ok(names.includes('tasks.a.outputs.parameters.out') && names.includes('tasks.a.outputs.result') && names.includes('workflow.parameters.msg') && names.includes('workflow.name'));
  assert.ok(!names.some((name) => name.startsWith('tasks.other') || name.startsWith('tasks.last') || name.startsWith('tasks.b-c') || name.startsWith('inputs.parameters.')));
  assert.ok(!names.includes('item'));
  const looped = labels('withItems: [{os: linux}, {os: mac, arch: arm}]\n            when: "{{item.|}}"');
  assert.ok(looped.includes('item.os') && looped.includes('item.arch') && looped.includes('item'));
  assert.match(taken('when: "{{tasks.|}} == 1"', 'tasks.a.outputs.result'), /when: "\{\{tasks\.a\.outputs\.result\}\} == 1"/);
  assert.match(taken('when: {{|', 'tasks.a.outputs.result'), /when: '\{\{tasks\.a\.outputs\.result\}\}'\n/);
  assert.match(taken('when: "{{|', 'workflow.name'), /when: "\{\{workflow\.name\}\}/);
  const script = 'kind: Workflow\nspec:\n  templates:\n    - name: s\n      inputs: {parameters: [{name: p}], artifacts: [{name: f, path: /f}]}\n      retryStrategy: {limit: 2}\n      script:\n        source: |\n          echo {{@@}}\n          cat';
  const inScript = labels('|', script);
  assert.ok(['inputs.parameters.p', 'inputs.artifacts.f.path', 'retries', 'lastRetry.exitCode', 'pod.name'].every((name) => inScript.includes(name)));
});

void test('tags: steps of earlier rows', () => {
  const text = 'kind: Workflow\nspec:\n  templates:\n    - name: s\n      steps:\n        - - name: one\n            template: t\n        - - name: two\n            when: "{{@@}}"\n          - name: beside\n            template: t\n        - - name: three\n            template: t\n    - name: t\n      script: {}\n';
  const names = labels('|', text);
  assert.ok(names.includes('steps.one.outputs.result'));
  assert.ok(!names.some((name) => /steps\.(?:two|beside|three)\./.test(name)));
});

void test('expressions: variables in their form, functions with what they take', () => {
  assert.match(taken('when: "{{=tasks.|}}"', 'tasks.a.exitCode'), /"\{\{=tasks\.a\.exitCode\}\}"/);
  assert.match(taken("when: \"{{= tasks['a'].out|}}\"", 'tasks.a.outputs.result'), /\{\{= tasks\.a\.outputs\.result\}\}/);
  assert.ok(labels('when: "{{=as|').includes('asInt'));
  assert.ok(labels('when: "{{=sprig.tr|').includes('sprig.trim'));
  assert.deepEqual(labels("when: \"{{='in text |"), []);
  const dashed = 'kind: Workflow\nspec:\n  templates:\n    - name: s\n      inputs: {parameters: [{name: my-p}]}\n      container: {args: ["{{=@@}}"]}\n';
  assert.match(taken('|', 'inputs.parameters.my-p', dashed), /\{\{=inputs\.parameters\['my-p'\]\}\}/);
  const expression = labels('hooks: {x: {template: echo, expression: "|"}}');
  assert.ok(expression.includes('tasks.b-c.status') && expression.includes('len'));
  const signature = (line: string): unknown => {
    const marked = DAG.replace('@@', line);
    const offset = marked.indexOf('|');
    return signatureAt(marked.slice(0, offset) + marked.slice(offset + 1), offset);
  };
  assert.deepEqual(signature("when: \"{{=split(join(x, 'a,b'), |)}}\""), { signature: 'split(text, separator, limit)', about: 'Parts of the text between separators.', argument: 1 });
  assert.equal(signature('when: a(|'), undefined);
});

void test('every function that is offered is one the engine has', () => {
  const argo = new Set(['asInt', 'asFloat', 'jsonpath', 'toJson']);
  for (const { name, about, signature } of FUNCTIONS) {
    assert.ok(name.startsWith('sprig.') ? SPRIG.has(name.slice(6)) : isBuiltin(name) || argo.has(name), name);
    assert.ok(about.endsWith('.') || name.startsWith('sprig.'), `${name} has a sentence`);
    assert.ok(signature.startsWith(`${name}(`), name);
  }
  assert.equal(new Set(FUNCTIONS.map(({ name }) => name)).size, FUNCTIONS.length);
});

void test('every field that a workflow can have is documented', () => {
  const seen = new Set<string>();
  const missing: string[] = [];
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const field of objectType(name)?.fields.values() ?? []) {
      const about = aboutField({ field, owner: name });
      if (!about?.endsWith('.')) missing.push(`${name}.${field.name}`);
      let type = field.type;
      while (type.kind === 'list' || type.kind === 'map') type = type.of;
      if (type.kind === 'object') visit(type.name);
    }
  };
  for (const kind of ['Workflow', 'WorkflowTemplate', 'CronWorkflow', 'WorkflowEventBinding', 'WorkflowStep']) visit(kind);
  assert.deepEqual(missing, []);
  assert.ok(seen.size > 150);
});
