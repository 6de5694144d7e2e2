// Forms in the running window, by keys: what is typed is the smallest change of the text, and undo gives the first bytes back.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { launchApp } from './launch.ts';
import type { LaunchedApp } from './launch.ts';

const TEXT = `# Kept as it is.
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: forms-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: echo}   # first
      - name: b
        template: echo
        arguments:
          parameters: [{name: text, value: "{{tasks.a.id}}"}]
  - name: echo
    inputs:
      parameters: [{name: text, value: x}]
    container: {image: busybox, command: [echo]}
`;

describe('forms', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-forms-'));
  const file = path.join(folder, 'forms.yaml');
  let window: LaunchedApp;
  let page: Page;

  before(async () => {
    writeFileSync(file, TEXT);
    window = await launchApp({ args: [file] });
    page = window.page;
    page.setDefaultTimeout(20_000);
    await page.locator('.canvas .step').first().waitFor();
    await page.locator('.monaco-editor .view-line').first().waitFor();
  });
  after(async () => {
    assert.deepEqual(window.errors, []);
    await window.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const select = async (name: string): Promise<void> => { await page.locator('.canvas .step', { has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) }).click(); };
  const saved = async (): Promise<string> => {
    await page.keyboard.press('Control+s');
    await page.getByText('Saved forms.yaml.').last().waitFor();
    await page.locator('.toast').getByRole('button').first().click();
    return readFileSync(file, 'utf8');
  };
  const form = (): ReturnType<Page['locator']> => page.locator('.form-tabs');

  test('a task is renamed wherever it is spoken of', async () => {
    await select('a');
    await form().getByRole('textbox', { name: 'name' }).first().fill('first');
    await page.keyboard.press('Enter');
    await page.locator('.canvas .step b', { hasText: 'first' }).waitFor();
    assert.equal(await saved(), TEXT.replace('name: a,', 'name: first,').replace('tasks.a.id', 'tasks.first.id'));
  });

  test('a wait is added with the end that is wanted of it', async () => {
    await select('b');
    await form().getByRole('combobox', { name: 'Wait for another task' }).selectOption('first');
    await form().getByRole('combobox', { name: 'End of first that is wanted' }).selectOption('Succeeded');
    const text = await saved();
    assert.match(text, /- name: b\n {8}template: echo\n {8}depends: first\.Succeeded\n {8}arguments:/);
  });

  test('a file that another program changes in another place is merged', async () => {
    await form().getByRole('textbox', { name: 'when', exact: true }).fill("'{{tasks.first.id}}' != ''");
    await page.keyboard.press('Enter');
    const mine = readFileSync(file, 'utf8');
    writeFileSync(file, mine.replace('# Kept as it is.', '# Kept by another program.'));
    await page.getByRole('button', { name: 'Merge' }).click();
    const text = await saved();
    assert.match(text, /^# Kept by another program\.\n/);
    assert.match(text, /when: "?'\{\{tasks\.first\.id\}\}' != ''"?\n/);
  });

  test('undo of all gives the first bytes back', async () => {
    const undo = page.getByRole('button', { name: 'Undo', exact: true });
    for (let i = 0; i < 20 && await undo.getAttribute('aria-disabled') === null; i++) await undo.click();
    assert.equal(await saved(), TEXT);
  });
});
