import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { lintText } from './lint.ts';
import { fromObject } from './read.ts';

const SHARED = fileURLToPath(new URL('../../../shared/conformance/yaml', import.meta.url));

const SAMPLE = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: x-}
spec:
  entrypoint: main
  onExit: echo
  arguments: {parameters: [{name: msg, value: hello, enum: [hello]}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: echo, arguments: {parameters: [{name: m, value: "{{workflow.parameters.msg}}"}]}}
      - name: B
        depends: A && !A.Failed
        withParam: "{{tasks.A.outputs.result}}"
        when: "{{item}} != 'x'"
        template: echo
        arguments: {parameters: [{name: m, value: "{{=asInt(item)}}"}]}
  - name: echo
    inputs: {parameters: [{name: m, default: d}]}
    outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
    script: {image: busybox, command: [sh], source: "echo {{inputs.parameters.m}}"}
  - name: rows
    steps:
    - - {name: a, template: echo, withItems: [1, {a: b}, [c]]}
`;

/** A text with some of its pieces taken out, doubled, or replaced by what breaks things. */
const mutated = fc
  .array(fc.record({ at: fc.nat(SAMPLE.length), cut: fc.nat(12), put: fc.constantFrom('', '{{', '}}', '\n', ': ', '- ', '"', "'", '[', '}', '&a ', '*a ', '<<: ', '!!int ', '\t', '|\n', '\u0000', '😀', '{{=', '---\n', '__proto__: ', '? ') }), { minLength: 1, maxLength: 8 })
  .map((edits) => edits.reduce((text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut), SAMPLE));

test('mutated manifests are read and validated without throwing, ranges within the text', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      for (const { range, message } of lintText(text, { mode: 'controller', templates: () => undefined })) {
        assert.ok(range.start >= 0 && range.start <= range.end && range.end <= text.length, message);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('any JSON for an object of a cluster', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom('spec', 'metadata', 'status'), (value, field) => {
    const { diagnostics } = fromObject({ kind: 'Workflow', [field]: value, spec: { templates: [value] } });
    assert.ok(Array.isArray(diagnostics));
  }), { numRuns: 300, seed: 2 });
});

test('deep nesting and long texts', () => {
  const cases = ['a: ' + '['.repeat(200) + ']'.repeat(200), '{a: '.repeat(200) + '1' + '}'.repeat(200), '['.repeat(100_000), '- '.repeat(5000), `a: "${'x'.repeat(1 << 20)}"`, `a: ${'{{'.repeat(1 << 19)}`, '&a '.repeat(10_000)];
  for (const text of cases) assert.ok(lintText(text).length > 0);
  assert.ok(!lintText(cases[0] ?? '').some(({ code }) => code === 'yaml-too-deep'));
});

test('a chain of two thousand calls', () => {
  const templates = Array.from({ length: 2000 }, (_, index) => `  - name: t${index}\n    steps:\n    - - {name: s, template: t${index + 1}}\n`).join('');
  const text = `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: x}\nspec:\n  entrypoint: t0\n  templates:\n${templates}  - {name: t2000, suspend: {}}\n`;
  assert.deepEqual(lintText(text), []);
});

test('Argo’s own files: only those that are broken on purpose have errors', { skip: existsSync(SHARED) ? false : '../shared is not there' }, () => {
  const broken: string[] = [];
  for (const name of readdirSync(SHARED, { recursive: true }) as string[]) {
    if (!/\.ya?ml$/.test(name)) continue;
    const found = lintText(readFileSync(join(SHARED, name), 'utf8'));
    if (found.some(({ severity }) => severity === 'error')) broken.push(name.replaceAll('\\', '/'));
  }
  assert.ok(broken.every((name) => name.startsWith('test/') || name === 'examples/k8s-patch-json-workflow.yaml'), broken.join(' '));
  assert.ok(broken.includes('test/e2e/lintfail/malformed-spec.yaml'));
});
