import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectType, typeAt } from './schema.ts';
import { fromObject, readManifests } from './read.ts';
import type { Workflow } from './types.ts';

const head = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: x}\nspec:\n';
const read = (spec: string): { workflow: Workflow; found: string[] } => {
  const { manifests, diagnostics } = readManifests(head + spec);
  return { workflow: manifests[0]?.object as Workflow, found: diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path.join('.')}`) };
};

test('values of parameters become text', () => {
  const { workflow, found } = read('  arguments:\n    parameters:\n    - {name: a, value: yes}\n    - {name: b, value: 1.10}\n    - {name: c, value: 1e21}\n    - {name: d, value: 1e-7}\n    - {name: e, value: null}\n    - {name: f, value: [1]}\n    - {name: g, enum: [1, null]}\n');
  assert.deepEqual(workflow.spec.arguments?.parameters, [
    { name: 'a', value: 'true' }, { name: 'b', value: '1.1' }, { name: 'c', value: '1000000000000000000000' }, { name: 'd', value: '0.0000001' }, { name: 'e' }, { name: 'f', value: '' },
    { name: 'g', enum: ['1', ''] },
  ]);
  assert.deepEqual(found, ['warning value-lost spec.arguments.parameters.5.value']);
});

test('wrong types are left out and reported with their place and what to write', () => {
  const text = `${head}  entrypoint: 1\n  suspend: 'true'\n  templates:\n  - {name: t, container: {command: sh}}\n`;
  const { manifests, diagnostics } = readManifests(text);
  assert.deepEqual(manifests[0]?.object.spec, { templates: [{ name: 't', container: {} }] });
  assert.equal(manifests[0].readable, false);
  assert.deepEqual(diagnostics.map(({ message, hint, range }) => [message, hint, text.slice(range?.start, range?.end)]), [
    ['spec.entrypoint must be text, not the number 1.', 'Quote it: "1".', '1'],
    ['spec.suspend must be true or false, not the text "true".', 'Write true or false, without quotes.', "'true'"],
    ['spec.templates[0].container.command must be a list, not the text "sh".', 'Put a dash in front of each item.', 'sh'],
  ]);
});

test('unknown fields stay, with a warning and a guess', () => {
  const text = `${head}  entryPoint: a\n`;
  const { manifests, diagnostics } = readManifests(text);
  assert.deepEqual(manifests[0]?.object.spec, { entryPoint: 'a' });
  const [fault] = diagnostics;
  assert.deepEqual([fault?.severity, fault?.message, fault?.hint], ['warning', 'unknown field "spec.entryPoint"', 'Did you mean entrypoint?']);
  assert.equal(text.slice(fault?.range?.start, fault?.range?.end), 'entryPoint');
});

test('steps are read strictly, as Argo does', () => {
  assert.deepEqual(read('  templates:\n  - steps:\n    - - {name: a, templat: b}\n').found, ['error unknown-field spec.templates.0.steps.0.0.templat']);
  assert.deepEqual(read('  templates:\n  - steps:\n    - {name: a}\n').found, ['error wrong-type spec.templates.0.steps.0']);
  assert.deepEqual(read('  templates:\n  - steps:\n    - - {name: a, arguments: {parameterz: []}}\n').found, ['warning unknown-field-in-step spec.templates.0.steps.0.0.arguments.parameterz']);
});

test('the CLI reads names in any case and refuses numbers too large', () => {
  const text = `${head}  entryPoint: a\n  priority: 2147483648\n`;
  const cli = readManifests(text, { dialect: 'cli' });
  assert.deepEqual(cli.manifests[0]?.object.spec, { entrypoint: 'a' });
  assert.ok(cli.diagnostics.some(({ severity, path }) => severity === 'error' && path.join('.') === 'spec.priority'));
  assert.deepEqual(readManifests(text).manifests[0]?.object.spec, { entryPoint: 'a', priority: -2147483648 });
});

test('kinds: ours, others, none', () => {
  const kinds = (text: string): string[] => readManifests(text).manifests.map(({ kind }) => kind);
  assert.deepEqual(kinds('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: example.com/v1\nkind: Workflow\n---\napiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nspec: {}\n'), ['other', 'other', 'CronWorkflow']);
  assert.deepEqual(readManifests('a: b\n').diagnostics.map(({ code }) => code), ['missing-kind']);
  assert.deepEqual(readManifests('- a\n').diagnostics.map(({ code }) => code), ['not-an-object']);
  assert.deepEqual(readManifests('apiVersion: argoproj.io/v1alpha1\nkind: workflow\n').diagnostics.map(({ hint }) => hint), ['Did you mean Workflow?']);
});

test('objects of a cluster never throw', () => {
  for (const value of [null, undefined, 1, 'x', [], {}, { kind: 'Workflow', spec: 5, metadata: [] }, { spec: { templates: [null, 5, { steps: [null, [null]], dag: { tasks: {} } }] } }]) {
    const { workflow, diagnostics } = fromObject(value);
    assert.ok(workflow !== undefined || diagnostics.length > 0);
  }
  assert.deepEqual(fromObject({ metadata: { name: 'a' }, spec: { entrypoint: 'b' } }).workflow?.spec.entrypoint, 'b');
  let deep: unknown = {};
  for (let depth = 0; depth < 3000; depth++) deep = { steps: [[{ inline: deep }]] };
  assert.ok(fromObject({ spec: { templates: [deep] } }).diagnostics.some(({ code }) => code === 'too-deep'));
});

test('the table knows every type it names, and finds types by path', () => {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const type = objectType(name);
    assert.ok(type, name);
    for (const field of type.fields.values()) {
      let inner = field.type;
      while (inner.kind === 'list' || inner.kind === 'map') inner = inner.of;
      if (inner.kind === 'object') visit(inner.name);
    }
  };
  for (const kind of ['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow', 'WorkflowEventBinding', 'WorkflowStep']) visit(kind);
  assert.ok(seen.size > 150);
  assert.deepEqual(typeAt('Workflow', ['spec', 'templates', 0, 'steps', 0, 1, 'arguments', 'parameters', 0, 'value']), { kind: 'scalar', name: 'anyString' });
  assert.deepEqual(typeAt('Workflow', ['spec', 'nothing', 'here']), undefined);
});
