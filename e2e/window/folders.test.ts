// A folder of files in the running window, beside the real cluster: definitions and new names across its files, a template of the cluster
// dragged in and run, and saving to the cluster against another manager.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { parse, stringify } from 'yaml';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import type { WorkflowTemplate } from '../../engine/spec/types.ts';
import { connect, kubeconfigPath, NO_CLUSTER } from '../cluster/support.ts';
import { launchApp } from './launch.ts';
import type { LaunchedApp } from './launch.ts';

const RUN = `# every night
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: nightly-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - name: first
        templateRef: {name: lib, template: greet} # the shared one
        arguments: {parameters: [{name: whom, value: you}]}
`;
const LIB = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: lib
spec:
  entrypoint: greet   # when it is run alone
  templates:
  - name: greet
    inputs: {parameters: [{name: whom, value: all}]}
    container:
      image: busybox
      command: [echo]
      args: ["hello {{inputs.parameters.whom}}"]
`;
const SOLO = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: solo-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks: []
`;
const SHARED: WorkflowTemplate = {
  metadata: { name: 'shared' },
  spec: { templates: [{ name: 'hello', inputs: { parameters: [{ name: 'word', value: 'hi' }] }, container: { name: '', image: 'busybox', command: ['echo'], args: ['{{inputs.parameters.word}}'] } }] },
};

const real = kubeconfigPath();

describe('a folder and the cluster', { timeout: 280_000, skip: real === undefined ? NO_CLUSTER : false }, () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-folder-'));
  const folder = path.join(dataDir, 'flows');
  const namespace = `tiphys-folder-${Date.now().toString(36)}`;
  let window: LaunchedApp;
  let page: Page;
  let cluster: Cluster;

  before(async () => {
    mkdirSync(path.join(folder, 'shared'), { recursive: true });
    writeFileSync(path.join(folder, 'run.yaml'), RUN);
    writeFileSync(path.join(folder, 'solo.yaml'), SOLO);
    writeFileSync(path.join(folder, 'shared/lib.yaml'), LIB);
    const config = parse(readFileSync(real ?? '', 'utf8')) as { contexts: { name: string; context: { namespace?: string } }[]; 'current-context': string };
    const found = config.contexts.find(({ name }) => name === config['current-context']) ?? config.contexts[0]!;
    found.context.namespace = namespace;
    const kubeconfig = path.join(dataDir, 'kubeconfig');
    writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
    cluster = await connect(kubeconfig, found.name);
    await cluster.create(RESOURCE.namespace, { metadata: { name: namespace } });
    await cluster.create(RESOURCE.workflowTemplate, { ...SHARED, metadata: { name: 'shared', namespace } });
    window = await launchApp({ dataDir, kubeconfig, args: [folder], width: 1600 });
    page = window.page;
    page.setDefaultTimeout(15_000);
    await page.getByRole('button', { name: new RegExp(`^Context ${found.name},`) }).click();
    await page.getByRole('button', { name: new RegExp(`^Context ${found.name}, reachable`) }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Designer', exact: true }).click();
  });
  after(async () => {
    await cluster.delete(RESOURCE.namespace, undefined, namespace);
    await cluster.close();
    await window.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const disk = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
  const open = async (file: string): Promise<void> => {
    await page.getByRole('treeitem', { name: file }).click();
    await page.getByRole('heading', { name: path.basename(file), exact: true }).waitFor();
    await page.locator('.monaco-editor .view-line').first().waitFor();
  };
  /** Puts the caret into a word of the text. */
  const caretIn = async (line: string, word: string): Promise<void> => {
    const found = page.locator('.text-box .view-line', { hasText: line }).first();
    await found.locator('span span', { hasText: word }).last().click();
  };
  const save = async (file: string, wanted: string): Promise<void> => {
    await page.keyboard.press('Control+s');
    for (let i = 0; i < 60 && disk(file) !== wanted; i++) await page.waitForTimeout(100);
    assert.equal(disk(file), wanted);
  };
  const stored = (): Promise<WorkflowTemplate> => cluster.get<WorkflowTemplate>(RESOURCE.workflowTemplate, namespace, 'lib');

  test('F12 goes to the file that gives the name; a new name is seen as a list and written in both files', async () => {
    await open('run.yaml');
    const there = page.getByRole('heading', { name: 'lib.yaml', exact: true });
    // The files around the open one are taken in one by one, after it; meanwhile the text may move under the pointer.
    for (let i = 0; i < 10 && !await there.isVisible(); i++) {
      await caretIn('templateRef', 'greet');
      await page.keyboard.press('F12');
      await there.waitFor({ timeout: 1500 }).catch(() => undefined);
    }
    await there.waitFor();
    await page.locator('.where-line', { hasText: 'greet' }).waitFor();
    await caretIn('- name: greet', 'greet');
    await page.keyboard.press('F2');
    await page.locator('.rename-box input').fill('welcome');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Rename greet to welcome' });
    await dialog.getByText('run.yaml').waitFor();
    await window.screenshot('folder-rename');
    await dialog.getByRole('button', { name: 'Rename everywhere' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(disk('run.yaml'), RUN.replace('template: greet', 'template: welcome'));
    assert.equal(disk('shared/lib.yaml'), LIB, 'the open file is changed in its editor');
    await save('shared/lib.yaml', LIB.replaceAll('greet', 'welcome'));
    await page.getByRole('treeitem', { name: 'lib.yaml' }).waitFor();
    assert.deepEqual(window.errors, []);
  });

  test('a template of the cluster is dragged in with its arguments, looked into, and runs', async () => {
    await open('solo.yaml');
    const entry = page.getByRole('button', { name: /^Add hello/ });
    await entry.waitFor();
    const [from, board] = [(await entry.boundingBox())!, (await page.getByRole('application', { name: /^Canvas of/ }).boundingBox())!];
    await page.mouse.move(from.x + 40, from.y + 12);
    await page.mouse.down();
    await page.mouse.move(board.x + board.width / 2, board.y + board.height / 2, { steps: 6 });
    await page.mouse.up();
    const node = page.locator('.react-flow__node[data-id="hello"]');
    await node.waitFor();
    await save('solo.yaml', SOLO.replace(' []\n', '\n      - name: hello\n        templateRef:\n          name: shared\n          template: hello\n        arguments:\n          parameters:\n          - name: word\n            value: hi\n'));
    await node.dblclick();
    await page.getByText('shared, of the cluster').waitFor();
    await window.screenshot('folder-outside');
    await page.locator('.where-line .crumb-part button').first().click();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).click();
    const header = page.getByRole('region', { name: /^Run solo-/ }).locator('header').first();
    await header.getByText('Succeeded').waitFor({ timeout: 90_000 });
    assert.deepEqual(window.errors, []);
  });

  test('saved to the cluster by server-side apply; what another manager owns is decided field by field', async () => {
    await page.keyboard.press('Control+2');
    await open('lib.yaml');
    await page.getByRole('button', { name: 'Save to the cluster', exact: true }).click();
    await page.getByText('Created lib.').waitFor();
    const theirs = structuredClone(await stored());
    theirs.spec.templates![0]!.container!.image = 'busybox:1.37';
    await cluster.patch(RESOURCE.workflowTemplate, namespace, 'lib', { type: 'apply', fieldManager: 'kubectl', force: true, body: { metadata: { name: 'lib', labels: { team: 'b' } }, spec: theirs.spec } });
    await caretIn('command', 'echo');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type(', -n');
    await page.getByRole('button', { name: 'Save to the cluster', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Save the template lib' });
    await dialog.getByText('owned by kubectl').first().waitFor();
    await window.screenshot('save-conflict-real');
    assert.equal((await stored()).spec.templates?.[0]?.container?.command?.length, 1, 'nothing is written before it is decided');
    await dialog.getByRole('radiogroup', { name: /image$/ }).getByRole('radio', { name: /Keep theirs/ }).click();
    await dialog.getByRole('radiogroup', { name: /command$/ }).getByRole('radio', { name: /Take mine/ }).click();
    await dialog.getByRole('button', { name: `Save to ${namespace}` }).click();
    await page.getByText('Saved lib.').waitFor();
    const now = await stored();
    assert.deepEqual([now.spec.templates?.[0]?.container?.image, now.spec.templates?.[0]?.container?.command, now.metadata.labels?.['team']], ['busybox:1.37', ['echo', '-n'], 'b']);
    const owners = await cluster.owners(RESOURCE.workflowTemplate, namespace, 'lib');
    const owning = (field: string): string[] => owners.filter(({ fields }) => fields.some((each) => each.join('.').startsWith(field))).map(({ manager }) => manager).sort();
    assert.deepEqual([owning('spec.templates'), owning('metadata.labels.team')], [['tiphys'], ['kubectl']]);
    await save('shared/lib.yaml', LIB.replaceAll('greet', 'welcome').replace('image: busybox', 'image: busybox:1.37').replace('[echo]', '[echo, -n]'));
    assert.deepEqual(window.errors, []);
  });
});
