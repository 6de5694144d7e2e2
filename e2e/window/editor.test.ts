// The text editor in the running window: typing, completion, hover, quick fixes, rename, definitions, undo, changes taken back, and how
// long a key takes in a long file.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { launchApp } from './launch.ts';
import { LONG_TEXT, typeTimed } from './typing.ts';
import type { LaunchedApp } from './launch.ts';

const TEXT = `apiVersion: argoproj.io/v1alpha1
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
      - name: second
        template: echo
        dependencies: [first]
  - name: echo
    container:
      image: alpine
      args: [hello]
`;

describe('the editor', { timeout: 200_000 }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-editor-'));
  let window: LaunchedApp;
  let page: Page;

  before(async () => {
    const file = path.join(folder, 'flow.yaml');
    writeFileSync(file, TEXT);
    window = await launchApp({ dataDir: folder, args: [file] });
    ({ page } = window);
    page.setDefaultTimeout(15_000);
    await page.locator('.monaco-editor .view-line').first().waitFor();
  });
  after(async () => {
    await window.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  /** The whole text, as the document has it. */
  async function text(): Promise<string> {
    await focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+c');
    return window.app.evaluate(({ clipboard }) => clipboard.readText());
  }

  async function focus(): Promise<void> {
    await page.locator('.text-box .monaco-editor textarea, .text-box .native-edit-context').first().focus();
  }

  /** Replaces the text, in one step. */
  async function write(next: string): Promise<void> {
    await window.app.evaluate(async ({ clipboard }, words) => { await clipboard.writeText(words); }, next);
    await focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+v');
  }

  /** Puts the caret on a line from 1, at its end or after some of its letters. */
  async function caret(line: number, column?: number): Promise<void> {
    await focus();
    await page.keyboard.press('Control+Home');
    for (let i = 1; i < line; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    if (column !== undefined) {
      await page.keyboard.press('Home');
      await page.keyboard.press('Home');
      for (let i = 0; i < column; i++) await page.keyboard.press('ArrowRight');
    }
  }

  test('completion offers what fits, and a key takes it', async () => {
    await write(TEXT);
    await caret(15);
    await page.keyboard.press('Enter');
    await page.keyboard.type('whe');
    const list = page.locator('.suggest-widget.visible');
    await list.getByText('when', { exact: true }).first().waitFor();
    await window.screenshot('editor-complete');
    await page.keyboard.press('Enter');
    await page.keyboard.type('"{{tasks.fir');
    await list.getByText('tasks.first.outputs.result').first().waitFor();
    await page.keyboard.press('Enter');
    assert.match(await text(), /dependencies: \[first\]\n {8}when: "\{\{tasks\.first\.outputs\.result\}\}"\n/);
  });

  test('a problem shows while typing, and a quick fix mends it in one step', async () => {
    await write(TEXT.replace('template: echo\n        dependencies', 'template: exho\n        dependencies'));
    await page.locator('.problems').getByText(/exho/).first().waitFor();
    await caret(14);
    await page.keyboard.press('Control+.');
    await page.locator('.action-widget').getByText('Change to echo').waitFor();
    await window.screenshot('editor-fix');
    await page.keyboard.press('Enter');
    await page.getByText('No problems').waitFor();
    assert.equal(await text(), TEXT);
    await focus();
    await page.keyboard.press('Control+z');
    await page.locator('.problems').getByText(/exho/).first().waitFor();
  });

  test('hover says what a field and a template are', async () => {
    await write(TEXT);
    await caret(6);
    await page.mouse.move(600, 400);
    await page.waitForTimeout(400);
    await page.locator('.text-box .view-line').getByText('entrypoint').first().hover();
    await page.locator('.monaco-hover', { hasText: 'Name of the template the run starts with' }).first().waitFor();
    await window.screenshot('editor-hover');
  });

  test('rename changes a task wherever it is spoken of, and F12 goes to where it is given', async () => {
    await write(TEXT);
    await caret(15, 24);
    await page.keyboard.press('F12');
    await page.getByText('Ln 11, Col 15').waitFor();
    await page.keyboard.press('F2');
    const box = page.locator('.rename-box input');
    await box.waitFor();
    await box.fill('begin');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('.text-box')?.textContent.includes('[begin]'));
    assert.equal(await text(), TEXT.replaceAll('first', 'begin'));
    await focus();
    await page.keyboard.press('Control+z');
    assert.equal(await text(), TEXT);
  });

  test('changes stand beside what was saved, and are taken back one by one', async () => {
    await write(TEXT.replace('image: alpine', 'image: busybox'));
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await page.getByRole('menuitem', { name: 'Compare with what was saved' }).click();
    await page.locator('.editor.diff .view-line').first().waitFor();
    await window.screenshot('editor-diff');
    await page.getByRole('button', { name: 'Back to the text' }).click();
    await write(TEXT);
  });

  test('nobody waits for a text of 5,000 lines: keys, canvas and what a key makes wrong', async () => {
    await write(LONG_TEXT);
    await page.locator('.where-line .times', { hasText: '1668 tasks' }).waitFor();
    await caret(12);
    const { frames, work } = await typeTimed(page, ' # a remark of forty letters, typed out.', 60);
    await page.locator('.view-line', { hasText: '# a remark of forty letters, typed out.' }).waitFor();
    console.log(`a key in 5,000 lines: ${work.toFixed(1)} ms of work, shown after at most ${Math.max(...frames).toFixed(0)} ms`);
    // A slow machine has five times what is meant; reading the text at a key, or working out all styles, is more than that.
    assert.ok(work < 250, `a key makes the window work for ${work.toFixed(0)} ms`);
    await page.keyboard.press('Enter');
    await page.keyboard.type('}');
    await page.locator('.problems .count.c-Failed').waitFor();
    await page.locator('.banner', { hasText: 'syntax error' }).waitFor();
    await page.keyboard.press('Backspace');
    await page.locator('.banner', { hasText: 'syntax error' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add Suspend' }).click();
    await page.locator('.where-line .times', { hasText: '1669 tasks' }).waitFor();
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await page.locator('.where-line .times', { hasText: '1668 tasks' }).waitFor();
    assert.deepEqual(window.errors, []);
  });
});
