import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { AppliedDefinition, UnappliedDefinition } from '../../main/ipc/contract.ts';
import type { TextEdit } from '../document/edit.ts';

const TEXT = `# mine
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  templates:
  - name: main   # kept
    container: {image: mine, command: [echo]}
`;
const cluster = (image: string, more = ''): string => `apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: lib\nspec:\n${more}  templates:\n    - name: main\n      container:\n        image: ${image}\n        command:\n          - echo\n`;

let asked: Record<string, unknown>[] = [];
let answers: (AppliedDefinition | UnappliedDefinition)[] = [];
Object.assign(globalThis, {
  addEventListener: () => undefined,
  window: { addEventListener: () => undefined, tiphys: { invoke: (verb: string, request: Record<string, unknown>) => { if (verb === 'definitions.apply') asked.push(request); return Promise.resolve({ ok: true, value: answers.shift() }); } } },
});
const { runCommand } = await import('../app/commands.ts');
const { openDocument, useUi, setUi } = await import('../app/store.ts');
const { attachEditor, beginSession } = await import('../designer/session.ts');
const { choose, saveAs, saveDecided, useSaving } = await import('./saving.ts');
const { applyEdits } = await import('../document/edit.ts');

const text = (): string => useUi.getState().document?.text ?? '';
const done = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 20); });
const saved = (of: string): AppliedDefinition => ({ kind: 'WorkflowTemplate', name: 'lib', created: false, text: of, version: '9' });
const refused = (of: string, more: Partial<UnappliedDefinition>): UnappliedDefinition => ({ kind: 'WorkflowTemplate', name: 'lib', current: { text: of, version: '5' }, changed: false, conflicts: [], kept: [], ...more });

beforeEach(() => {
  asked = [];
  answers = [];
  openDocument({ title: 'lib.yaml', text: TEXT, saved: TEXT, origin: { contextId: 'c', namespace: 'ns', version: '4', text: cluster('first') } });
  beginSession(TEXT);
  const apply = (edits: readonly TextEdit[]): void => { const { document } = useUi.getState(); if (document) setUi({ document: { ...document, text: applyEdits(document.text, edits) } }); };
  attachEditor({ goTo: () => undefined, apply, undo: () => undefined, redo: () => undefined });
});

test('what nobody else owns is saved without a question, from the version that was opened', async () => {
  answers = [saved(cluster('mine'))];
  runCommand('save-cluster');
  await done();
  assert.deepEqual([asked[0]?.version, asked[0]?.base, asked[0]?.force], ['4', cluster('first'), undefined]);
  assert.equal(useUi.getState().document?.origin?.version, '9');
  assert.equal(useSaving.getState().deciding, undefined);
});

test('each field is decided: theirs is written into the text, mine is forced, what stays of others goes when that is said', async () => {
  answers = [refused(cluster('theirs', '  activeDeadlineSeconds: 60\n  entrypoint: main\n'), { changed: true, conflicts: [{ path: ['spec', 'templates'], manager: 'kubectl' }], kept: [{ path: ['spec', 'activeDeadlineSeconds'], manager: 'argocd' }] }), saved('x')];
  runCommand('save-cluster');
  await done();
  const rows = useSaving.getState().deciding?.rows ?? [];
  assert.deepEqual(rows.map(({ difference: { id }, manager, choice }) => [id, manager, choice]), [
    ['spec.templates[main].container.image', 'kubectl', undefined], ['spec.activeDeadlineSeconds', 'argocd', 'theirs'], ['spec.entrypoint', undefined, 'theirs'],
  ]);
  choose(['spec.templates[main].container.image'], 'mine');
  choose(['spec.activeDeadlineSeconds'], 'mine');
  await saveDecided();
  assert.equal(text(), `${TEXT}  entrypoint: main\n`, 'every other byte stays');
  assert.deepEqual([asked[1]?.version, asked[1]?.force, asked[1]?.remove, asked[1]?.text], ['5', true, [['spec', 'activeDeadlineSeconds']], text()]);
});

test('where all of theirs is kept, nothing is taken over', async () => {
  answers = [refused(cluster('theirs'), { conflicts: [{ path: ['spec', 'templates'], manager: 'kubectl' }] }), saved('x')];
  runCommand('save-cluster');
  await done();
  choose(['spec.templates[main].container.image'], 'theirs');
  await saveDecided();
  assert.equal(text(), TEXT.replace('image: mine', 'image: theirs'));
  assert.deepEqual([asked[1]?.force, asked[1]?.remove], [undefined, undefined]);
});

test('as another kind: the open text stays, its lines go along', async () => {
  answers = [saved('x')];
  assert.equal(await saveAs({ kind: 'ClusterWorkflowTemplate', name: 'wide', namespace: 'ns', schedules: [] }), undefined);
  assert.equal(text(), TEXT);
  assert.equal(asked[0]?.text, TEXT.replace('kind: WorkflowTemplate', 'kind: ClusterWorkflowTemplate').replace('name: lib', 'name: wide'));
  answers = [saved('x')];
  await saveAs({ kind: 'CronWorkflow', name: 'each-hour', namespace: 'ns', schedules: ['0 * * * *'] });
  assert.match(String(asked[1]?.text), /kind: CronWorkflow\nmetadata: \{name: each-hour, namespace: ns\}\nspec:\n {2}schedules:\n {2}- "?0 \* \* \* \*"?\n {2}workflowSpec:\n/);
});
