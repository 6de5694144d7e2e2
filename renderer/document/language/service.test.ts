import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { lintText } from '../../../engine/spec/lint.ts';
import { readDocuments } from '../../../engine/spec/yaml.ts';
import { applyEdits } from '../edit.ts';
import { LanguageService } from './service.ts';
import { readTree } from './tree.ts';
import type { Node, TreeDocument } from './tree.ts';

const FOLDER = path.join(import.meta.dirname, '../../../../shared/conformance/yaml');
const SAMPLES = path.join(import.meta.dirname, '../../../assets/samples');

function texts(): { file: string; text: string }[] {
  return [FOLDER, SAMPLES].filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder, { recursive: true }).map(String).filter((file) => /\.(?:ya?ml|json)$/.test(file)).map((file) => ({ file, text: readFileSync(path.join(folder, file), 'utf8') })));
}

/** A service over a text whose caret is at `|`. */
function at(marked: string, others: { file: string; text: string }[] = []): { service: LanguageService; offset: number; text: string } {
  const offset = marked.indexOf('¦');
  const text = marked.replace('¦', '');
  const service = new LanguageService();
  service.open('main.yaml', text);
  service.surround(others);
  return { service, offset, text };
}

const FLOW = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: x-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - name: first
        template: echo
        arguments: {parameters: [{name: m, value: "1"}]}
      - name: second
        template: echo
        depends: first.Succeeded
        arguments: {parameters: [{name: m, value: "{{tasks.first.outputs.result}} {{=tasks['first'].outputs.parameters.out}}"}]}
  - name: echo
    inputs:
      parameters:
      - name: m
    container:
      image: alpine  # small
      args: ["{{inputs.parameters.m}}"]
    outputs:
      parameters:
      - name: out
        valueFrom: {path: /out}
`;

void test('the tolerant tree says of a readable text what the strict reader says', { skip: existsSync(FOLDER) ? false : 'no ../shared' }, () => {
  const shape = (node: Node | undefined, document: TreeDocument): unknown => {
    if (!node) return null;
    if (node.kind === 'scalar') return node.style === 'alias' ? shape(document.anchors.get(node.text), document) : '$';
    if (node.kind === 'list') return node.items.map((item) => shape(item.value, document));
    const out: Record<string, unknown> = {};
    for (const { key, value } of node.entries) {
      if (key.text !== '<<') out[key.text] = shape(value, document);
      else for (const [name, item] of Object.entries([shape(value, document)].flat().reduce((all: object, one) => ({ ...(one as object), ...all }), {}))) out[name] ??= item;
    }
    return out;
  };
  const blank = (value: unknown): unknown => (value === null || value === undefined ? null : Array.isArray(value) ? value.map(blank) : typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, blank(item)])) : '$');
  let compared = 0;
  for (const { file, text } of texts()) {
    const { documents } = readDocuments(text);
    if (documents.some(({ value }) => value === undefined)) continue;
    const tree = readTree(text).documents.filter(({ root }) => root);
    assert.deepEqual(tree.map((document) => shape(document.root, document)), documents.filter(({ value }) => value !== null).map(({ value }) => blank(value)), file);
    compared++;
  }
  assert.ok(compared > 200, `${compared} files compared`);
});

void test('nothing throws at any place of any text, cut anywhere, and no problem is made up', { skip: existsSync(FOLDER) ? false : 'no ../shared' }, () => {
  const service = new LanguageService();
  for (const [i, { file, text }] of texts().entries()) {
    service.open(file, text);
    const problems = service.problems().filter(({ severity }) => severity !== 'info');
    assert.deepEqual(problems.map(({ code, range }) => [code, range.start]), lintText(text).filter(({ severity }) => severity !== 'info').map(({ code, range }) => [code, range.start]), file);
    service.outline();
    service.folds();
    for (let offset = i % 50; offset <= text.length; offset += text.length > 20_000 ? 1500 : 200) {
      for (const item of service.complete(offset)) assert.ok(item.start <= offset && item.end >= item.start && item.end <= text.length, `${file} at ${offset}: ${item.label}`);
      service.hover(offset);
      service.signature(offset);
      service.references(offset);
      service.trail(offset);
    }
    for (let offset = (i * 7) % 50; offset <= Math.min(text.length, 6000); offset += 750) {
      service.open(file, text.slice(0, offset));
      service.complete(offset);
      service.outline();
      service.open(file, text.slice(0, offset) + text.slice(offset + 40));
      service.complete(offset);
      service.hover(offset);
    }
  }
});

void test('every reference in a text that Argo takes is found where the text speaks of it', { skip: existsSync(FOLDER) ? false : 'no ../shared' }, () => {
  const service = new LanguageService();
  let found = 0;
  for (const { file, text } of texts()) {
    if (text.length > 20_000 || lintText(text).some(({ severity }) => severity === 'error')) continue;
    service.open(file, text);
    for (const match of text.matchAll(/^\s*(?:- )?template: ([\w-]+)\s*$/gm)) {
      const offset = match.index + match[0].indexOf(match[1]!) + 1;
      const places = service.references(offset);
      if (places.length === 0) continue;
      found++;
      for (const { start, end } of places) assert.equal(text.slice(start, end), match[1], file);
    }
  }
  assert.ok(found > 150, `${found} calls found`);
});

void test('hover: fields, templates, tasks, variables, functions', () => {
  const hover = (marked: string): string[] => {
    const { service, offset } = at(marked);
    const found = service.hover(offset);
    return found ? [found.title, ...found.lines] : [];
  };
  assert.deepEqual(hover(FLOW.replace('entrypoint', 'entry¦point')), ['entrypoint: text', 'Name of the template the run starts with.']);
  assert.deepEqual(hover(FLOW.replace('template: echo', 'template: ec¦ho')), ['template echo', 'container, alpine', 'Takes m', 'Gives out']);
  assert.deepEqual(hover(FLOW.replace('depends: first', 'depends: fir¦st')), ['task first', 'Runs echo.']);
  assert.deepEqual(hover(FLOW.replace('tasks.first.outputs.result', 'tasks.first.outputs.res¦ult')), ['tasks.first.outputs.result', 'What it printed.']);
  assert.deepEqual(hover('kind: Workflow\nspec: {templates: [{container: {image: a, args: ["{{=as¦Int(1)}}"]}}]}'), ['asInt(value)', 'The value as a whole number.']);
  assert.deepEqual(hover('kind: Workflow\nspec: {arguments: {parameters: [{name: p, value: v}]}, templates: [{container: {args: ["{{workflow.param¦eters.p}}"]}}]}'), ['workflow.parameters.p', 'Parameter of the run.', 'Now v']);
  assert.deepEqual(hover('kind: Workflow\nspec: {templates: [{container: {imagePull¦Policy: Always}}]}').at(-1), 'One of Always, IfNotPresent, Never.');
});

void test('definition, references and highlights of templates, tasks, inputs and outputs', () => {
  const definition = (marked: string): string => {
    const { service, offset, text } = at(marked);
    const [place] = service.definitions(offset);
    return place ? text.slice(text.lastIndexOf('\n', place.start) + 1, place.end).trim() : '';
  };
  assert.equal(definition(FLOW.replace('template: echo', 'template: e¦cho')), '- name: echo');
  assert.equal(definition(FLOW.replace('entrypoint: main', 'entrypoint: ¦main')), '- name: main');
  assert.equal(definition(FLOW.replace('depends: first', 'depends: f¦irst')), '- name: first');
  assert.equal(definition(FLOW.replace('tasks.first.outputs.result', 'tasks.fi¦rst.outputs.result')), '- name: first');
  assert.equal(definition(FLOW.replace("outputs.parameters.out}}", "outputs.parameters.o¦ut}}")), '- name: out');
  assert.equal(definition(FLOW.replace('{{inputs.parameters.m}}', '{{inputs.parameters.¦m}}')), '- name: m');
  assert.equal(definition(FLOW.replace('{name: m, value: "1"}', '{name: ¦m, value: "1"}')), '- name: m');
  const { service, offset } = at(FLOW.replace('name: first', 'name: fir¦st'));
  assert.equal(service.references(offset).length, 4);
  assert.equal(service.highlights(offset).length, 4);
});

void test('a definition in another file, and a rename there and here', () => {
  const lib = { file: 'lib.yaml', text: 'apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: lib}\nspec:\n  templates:\n  - name: build # keep\n    container: {image: a}\n' };
  const marked = 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    steps:\n    - - name: a\n        templateRef: {name: lib, template: b¦uild}\n';
  const { service, offset, text } = at(marked, [lib]);
  assert.deepEqual(service.definitions(offset).map(({ file }) => file), ['lib.yaml']);
  const renamed = service.rename(offset, 'make');
  assert.ok(!('refused' in renamed));
  const edited = Object.fromEntries(renamed.map(({ file, edits }) => [file, applyEdits(file === 'lib.yaml' ? lib.text : text, edits)]));
  assert.equal(edited['main.yaml'], text.replace('template: build', 'template: make'));
  assert.equal(edited['lib.yaml'], lib.text.replace('name: build', 'name: make'));
});

const CALLS = (name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: ${name}-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: t, templateRef: {name: "lib", template: build}} # ${name}
`;
const LIB = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  templates:
  - name: build
    inputs: {parameters: [{name: what}]}
    container: {image: a}
`;

void test('a template and its object are named anew in every file, asked from any of them; the cluster stays', () => {
  const others = [{ file: 'lib.yaml', text: LIB }, { file: 'two.yaml', text: CALLS('two') }, { file: 'far', text: CALLS('far').replace('kind: Workflow', 'kind: WorkflowTemplate').replace('generateName: far-', 'name: far'), cluster: true }];
  for (const [place, name] of [['template: bui¦ld', 'build'], ['name: "l¦ib"', 'lib']] as const) {
    const { service, offset, text } = at(CALLS('one').replace(place.replace('¦', ''), place), others);
    assert.equal(service.renameable(offset)?.name, name);
    const renamed = service.rename(offset, 'other');
    assert.ok(!('refused' in renamed));
    assert.deepEqual(renamed.map(({ file, left }) => [file, left]), [['main.yaml', undefined], ['lib.yaml', undefined], ['two.yaml', undefined], ['far', 1]]);
    const texts: Record<string, string> = { 'main.yaml': text, 'lib.yaml': LIB, 'two.yaml': CALLS('two') };
    for (const { file, edits } of renamed.slice(0, 3)) assert.equal(applyEdits(texts[file]!, edits), texts[file]!.replace(name, 'other'), file);
    assert.ok('refused' in service.rename(offset, 'true'));
    assert.ok('refused' in service.rename(offset, 'a: b'));
  }
});

void test('what is written in the folder stands before the object of its name in the cluster, whose own names are not changed from here', () => {
  const far = { file: 'WorkflowTemplate lib of the cluster', text: LIB.replace('build', 'other'), cluster: true };
  const both = at(CALLS('one').replace('build', 'bui¦ld'), [far, { file: 'lib.yaml', text: LIB }]);
  assert.deepEqual(both.service.definitions(both.offset).map(({ file }) => file), ['lib.yaml']);
  const alone = at(CALLS('one').replace('build', 'oth¦er'), [far]);
  assert.deepEqual(alone.service.definitions(alone.offset).map(({ file }) => file), [far.file]);
  const renamed = alone.service.rename(alone.offset, 'x');
  assert.ok('refused' in renamed);
  assert.match(renamed.refused, /of the cluster/);
});

void test('files around the open one are judged with it, and taken in one by one', () => {
  const { service } = at(CALLS('one'), []);
  assert.deepEqual(service.problems().map(({ code }) => code), []);
  service.surround([{ file: 'lib.yaml', text: LIB }, { file: 'two.yaml', text: CALLS('two') }]);
  assert.deepEqual(service.stored('lib.yaml').map(({ kind, name, spec }) => [kind, name, spec?.templates?.[0]?.name]), [['WorkflowTemplate', 'lib', 'build']]);
  assert.equal(service.problems()[0]?.severity, 'error', 'the input that is not given');
  assert.deepEqual(service.judge('two.yaml'), { errors: 1, warnings: 0 });
  assert.deepEqual(service.judge('lib.yaml'), { errors: 0, warnings: 0 });
  service.surround([{ file: 'lib.yaml', text: LIB.replace('{name: what}', '{name: what, value: x}') }]);
  assert.deepEqual(service.judge('two.yaml'), { errors: 0, warnings: 0 });
  service.surround([], ['lib.yaml']);
  assert.deepEqual(service.stored('lib.yaml'), []);
});

void test('rename changes a task wherever the text speaks of it and nothing else', () => {
  const { service, offset, text } = at(FLOW.replace('name: first', 'name: fir¦st'));
  assert.deepEqual(service.renameable(offset)?.name, 'first');
  const renamed = service.rename(offset, 'begin');
  assert.ok(!('refused' in renamed));
  assert.equal(applyEdits(text, renamed[0]!.edits), text.replaceAll('first', 'begin'));
  const taken = service.rename(offset, 'second');
  assert.ok('refused' in taken && taken.refused.includes('second'));
});

/** The text after the fix of that title. */
function fixed(text: string, title: string): string {
  const { service } = at(text);
  const fixes = service.problems().flatMap((problem) => problem.fixes);
  const fix = fixes.find((each) => each.title === title);
  assert.ok(fix, `${title} is among ${fixes.map((each) => each.title).join(' | ')}`);
  const edits = service.fix(fix);
  assert.ok(!('refused' in edits), 'refused' in edits ? edits.refused : '');
  return applyEdits(text, edits);
}

void test('quick fixes', () => {
  assert.equal(fixed(FLOW.replace('        template: echo\n        depends', '        template: exho\n        depends'), 'Change to echo'), FLOW);
  const without = FLOW.replace('        depends: first.Succeeded\n', '');
  assert.match(fixed(without, 'Let second depend on first'), /name: second[\s\S]*dependencies:[\s\S]*first/);
  assert.equal(fixed(FLOW.replace('inputs.parameters.m}}', 'inputs.parameters.mm}}'), 'Change to inputs.parameters.m'), FLOW);
  assert.match(fixed(FLOW.replace('"{{inputs.parameters.m}}"', '"{{inputs.parameters.m}}", "{{inputs.parameters.brandnew}}"'), 'Declare input brandnew'), /- name: m\n {6}- name: brandnew\n/);
  assert.match(fixed(FLOW.replace('"{{inputs.parameters.m}}"', '"{{workflow.parameters.who}}"'), 'Declare parameter who of the run'), /arguments:\n {4}parameters:\n {4}- name: who\n/);
  assert.match(fixed(FLOW.replace('        arguments: {parameters: [{name: m, value: "1"}]}\n', ''), 'Give m'), /name: first\n {8}template: echo\n {8}arguments:\n {10}parameters:\n {10}- name: m\n/);
  assert.match(fixed(FLOW.replace('        template: echo\n        depends', '        template: publish\n        depends'), 'Create template publish'), /- name: publish\n {4}container:/);
  assert.match(fixed(FLOW.replace('  entrypoint: main\n', ''), 'Start with main'), /entrypoint: main/);
  assert.match(fixed(FLOW.replace('        depends:', '        onExit: echo\n        depends:'), 'Write it as hooks.exit'), /hooks:\n {10}exit:\n {12}template: echo/);
  assert.equal(fixed(FLOW.replace('image: alpine', 'image: {{workflow.name}}'), 'Put it in quotes'), FLOW.replace('image: alpine', "image: '{{workflow.name}}'"));
  assert.match(fixed('apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: c}\nspec:\n  schedule: "0 3 * * *"\n  workflowSpec:\n    entrypoint: a\n    templates: [{name: a, container: {image: a}}]\n', 'Write it as schedules'), /schedules:\n {2,4}- ["']?0 3 \* \* \*/);
  assert.match(fixed(FLOW.replace('    container:\n', '    synchronization:\n      mutex: {name: one}\n    container:\n'), 'Write it as mutexes'), /mutexes:/);
});

void test('all fixes of edits at once, and hints that are no problems', () => {
  const broken = FLOW.replace('template: echo', 'template: exho').replace('{{inputs.parameters.m}}', '{{inputs.parameters.mm}}');
  const { service, text } = at(broken);
  assert.equal(applyEdits(text, service.fixAll()), FLOW);
  const unused = at(`${FLOW}  - name: alone\n    suspend: {}\n`).service.problems();
  assert.deepEqual(unused.map(({ code, severity }) => `${severity} ${code}`), ['info unused-template']);
});

void test('outline and folds', () => {
  const { service, text } = at(FLOW);
  const [object] = service.outline();
  assert.deepEqual(object?.children.map(({ name, detail }) => `${name} ${detail}`), ['main dag', 'echo container']);
  assert.deepEqual(object.children[0]?.children.map(({ name }) => name), ['first', 'second']);
  assert.deepEqual(service.trail(text.indexOf('first.Succeeded')).map(({ name }) => name), ['x-', 'main', 'second']);
  assert.ok(service.folds().some(({ start }) => text.startsWith('templates:', start)));
});

void test('a text that changes by edits is the text that was meant', () => {
  const { service, text } = at(FLOW);
  const start = text.indexOf('echo');
  service.change([{ start, end: start + 4, text: 'other' }]);
  assert.ok(service.problems().some(({ code }) => code === 'unknown-template'));
});

test('names in an expression are looked for where it stands', () => {
  const said = (text: string): string[] => {
    const service = new LanguageService();
    service.open('f', text);
    return service.problems().filter(({ code }) => code === 'unknown-name').map(({ message, range, fixes }) => [text.slice(range.start, range.end), message, ...fixes.map(({ title }) => title)].join(' · '));
  };
  const flow = (expression: string): string => `kind: Workflow
apiVersion: argoproj.io/v1alpha1
metadata: {generateName: x-}
spec:
  entrypoint: main
  templates:
  - name: main
    inputs: {parameters: [{name: day, value: mon}]}
    dag:
      tasks:
      - {name: a-b, template: work}
      - {name: late, template: work}
      - name: e
        template: work
        dependencies: [a-b]
        when: "{{=${expression}}}"
  - name: work
    outputs: {parameters: [{name: out, value: x}]}
    script: {image: x, command: [sh], source: echo}
`;
  assert.deepEqual(said(flow("tasks['a-b'].outputs.parameters.out == inputs.parameters.day && tasks['a-b'].status == workflow.name")), []);
  assert.deepEqual(said(flow('inputs.parameters.dya == 1')), ['dya · The template has no input dya. · Change to day']);
  assert.deepEqual(said(flow("inputs.parameters['dya'] ?? 'x' == 1")), [], 'what it is without is said');
  assert.deepEqual(said(flow('tasks.late.exitCode == 0')), ['late · late has not ended yet where this is worked out.']);
  assert.deepEqual(said(flow('tasks.nobody.exitCode == 0')), ['nobody · There is no task nobody here.']);
  assert.deepEqual(said(flow("tasks['a-b'].outputs.parameters.uot == ''")), ['uot · a-b has no output uot. · Change to out']);
});
