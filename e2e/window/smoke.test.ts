// The window opens, is locked up in the real browser too, and can be used from the first second.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchApp } from './launch.ts';
import type { LaunchedApp } from './launch.ts';

let window: LaunchedApp;
before(async () => { window = await launchApp(); });
after(async () => { await window.close(); });

test('shows the samples and the local cluster without any kubeconfig', async () => {
  const { page } = window;
  await page.getByRole('button', { name: /local/i }).first().waitFor({ timeout: 20_000 });
  assert.match(await page.title(), /Tiphys$/);
  await window.screenshot('first-start');
  assert.deepEqual(window.errors, []);
});
