// Every state of the window with scripted data, in Electron's own Chromium: a picture of each, no error in the console,
// nothing that axe finds, in both themes; and the keyboard alone.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright';
import { artifacts, launchBlank, root } from './launch.ts';
import { PICTURES, servePictures, show } from './pictures.ts';

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[];
}

const axe = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
/** axe takes a minute over thousands of rows; their parts are checked in the smaller pictures. */
const UNCHECKED = new Set(['big', 'mid', 'large', 'longlog', 'many', 'canvas-many', 'canvas-large']);

let page: Page;
let url: string;
const ends: (() => Promise<void> | void)[] = [];
const errors: string[] = [];

before(async () => {
  const served = await servePictures();
  url = served.url;
  ends.push(() => { served.close(); });
  const opened = await launchBlank();
  page = opened.page;
  page.setDefaultTimeout(15_000);
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error.stack)));
  mkdirSync(artifacts, { recursive: true });
  ends.push(async () => { await opened.close(); });
});
after(async () => { for (const end of ends.reverse()) await end(); });

for (const [name, picture] of Object.entries(PICTURES)) {
  for (const theme of ['light', 'dark']) {
    test(`${name}, ${theme}`, async () => {
      errors.length = 0;
      const { width = 1440, height = 900, zoom = 1 } = picture;
      await page.setViewportSize({ width: Math.round(width / zoom), height: Math.round(height / zoom) });
      await show(page, url, picture, theme);
      await page.screenshot({ path: path.join(artifacts, `state-${name}-${theme}.png`), animations: 'disabled' });
      assert.deepEqual(errors, []);
      if (UNCHECKED.has(name)) return;
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: { run(where: Document, options: object): Promise<AxeResult> } }).axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(' | ')}`), []);
    });
  }
}

test('by keyboard alone: choose a run, walk its graph, read a step, come back', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${url}/?s=run&t=light`);
  await page.getByRole('option').first().waitFor();
  const focused = async (): Promise<string> => await page.evaluate(() => document.activeElement?.closest('[aria-label]')?.getAttribute('aria-label') ?? '');
  await page.keyboard.press('F6');
  for (let i = 0; i < 6 && await focused() !== 'Runs'; i++) await page.keyboard.press('F6');
  assert.equal(await focused(), 'Runs');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('region', { name: 'Run nightly-features-x7k2p' }).waitFor();
  await page.locator('.step').first().waitFor();
  await page.keyboard.press('Enter');
  assert.match(await focused(), /^Graph of nightly-features/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('f');
  await page.getByRole('heading', { name: 'validate-schema' }).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.getByRole('heading', { name: 'extract' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Run', exact: true }).waitFor();
  await page.keyboard.press('t');
  await page.getByRole('listbox', { name: 'Timeline' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('high contrast');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'contrast');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('artifacts by keyboard alone: choose one, go into its files, read one, come back', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${url}/?s=run&t=light`);
  await page.locator('[data-run="nightly-features-x7k2p"]').click();
  await page.locator('.step').first().waitFor();
  await page.keyboard.press('a');
  const list = page.getByRole('grid', { name: 'Artifacts' });
  await list.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
  const pane = page.getByRole('region', { name: 'Artifact snapshot' });
  await pane.getByRole('listbox').waitFor();
  await page.getByRole('heading', { name: 'snapshot' }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await pane.getByText('SchemaError: price is not null').waitFor();
  await page.keyboard.press('Escape');
  await pane.getByRole('listbox').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('role')), 'listbox');
  await list.focus();
  await page.keyboard.press('Escape');
  await pane.waitFor({ state: 'detached' });
});

test('new runs wait while somebody reads, and a graph stays where it is', async () => {
  await page.goto(`${url}/?s=new&t=light`);
  await page.getByRole('option').first().waitFor();
  await page.getByRole('listbox', { name: 'Runs' }).hover();
  const first = await page.getByRole('option').first().getAttribute('data-run');
  await page.getByRole('button', { name: '3 new' }).waitFor();
  assert.equal(await page.getByRole('option').first().getAttribute('data-run'), first);
  await page.getByRole('button', { name: '3 new' }).click();
  await page.locator('[data-run="fresh-1"]').waitFor();
});
