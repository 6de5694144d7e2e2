/** Keys in a text of 5,000 lines, in the real window: until the frame that shows them, and until what is wrong is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { launchApp } from '../window/launch.ts';
import { LONG_TEXT, typeTimed } from '../window/typing.ts';
import { milliseconds, percentiles, report } from './measure.ts';

export async function benchTyping(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-typing-'));
  const file = path.join(folder, 'long.yaml');
  writeFileSync(file, LONG_TEXT);
  const launched = await launchApp({ args: [file] });
  const { page } = launched;
  page.setDefaultTimeout(60_000);
  await page.locator('.monaco-editor .view-line').first().waitFor();
  await page.locator('.canvas .painting, .canvas .react-flow__node').first().waitFor();
  await page.locator('.problems').first().waitFor();
  await page.waitForTimeout(3000);
  await caretTo(page, 12);
  for (const [delay, words] of [[150, 'now and then'], [50, 'fast']] as const) {
    const { frames, work } = await typeTimed(page, ' # a remark of some eighty letters, typed out by a person who is in no hurry now', delay);
    report(`designer, key to frame in ${LONG_TEXT.split('\n').length} lines, typed ${words}`, percentiles(frames), `${work.toFixed(1)} ms of work for a key`);
  }
  report('designer, key to what is wrong, 5,000 lines', milliseconds(await timeDiagnostics(page, 5)), 'the pause of 150 ms before it is judged included');
  report('designer, a task added on the canvas, 5,000 lines', milliseconds(await timeCommands(page, 5)), 'from the key to the task on the canvas');
  await launched.close();
  rmSync(folder, { recursive: true, force: true });
}

async function caretTo(page: Page, line: number): Promise<void> {
  await page.locator('.text-box .monaco-editor textarea, .text-box .native-edit-context').first().focus();
  await page.keyboard.press('Control+Home');
  for (let i = 1; i < line; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
}

/** Breaks a line and mends it again. */
async function timeDiagnostics(page: Page, times: number): Promise<number[]> {
  const found: number[] = [];
  await caretTo(page, 12);
  await page.keyboard.press('Enter');
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await page.keyboard.type('}');
    await page.locator('.problems .count.c-Failed').waitFor();
    found.push(performance.now() - start);
    await page.keyboard.press('Backspace');
    await page.locator('.problems .count.c-Failed').waitFor({ state: 'detached' });
  }
  return found;
}

async function timeCommands(page: Page, times: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) {
    const count = await page.locator('.where-line .times').textContent();
    const start = performance.now();
    await page.getByRole('button', { name: 'Add Suspend' }).click();
    await page.waitForFunction((before) => document.querySelector('.where-line .times')?.textContent !== before, count);
    found.push(performance.now() - start);
  }
  return found;
}
