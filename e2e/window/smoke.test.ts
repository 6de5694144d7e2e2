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

test('the page has the bridge and nothing else of the machine', async () => {
  const found = await window.page.evaluate(() => {
    const outer = globalThis as unknown as Record<string, unknown>;
    return {
      bridge: Object.keys(outer.tiphys as object).sort(), frozen: Object.isFrozen(outer.tiphys) || !Reflect.set(outer, 'tiphys', 1),
      node: ['require', 'process', 'module', 'Buffer', '__dirname', 'electron'].filter((name) => outer[name] !== undefined),
    };
  });
  assert.deepEqual(found, { bridge: ['invoke', 'subscribe'], frozen: true, node: [] });
});

test('the policy stops injected code and every way out', async () => {
  const { page } = window;
  const outcome = await page.evaluate(async () => {
    const violations: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const outer = globalThis as unknown as { injected?: boolean };
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.body.append(script);
    const foreign = document.createElement('script');
    foreign.src = 'https://example.com/x.js';
    document.body.append(foreign);
    const image = new Image();
    image.src = 'http://example.com/x.png';
    document.body.append(image);
    const frame = document.createElement('iframe');
    frame.src = 'https://example.com/';
    document.body.append(frame);
    const button = document.createElement('button');
    button.setAttribute('onclick', 'window.injected = true');
    document.body.append(button);
    button.click();
    const reached = await fetch('https://127.0.0.1:16443/version').then(() => 'reached', () => 'stopped');
    let worker = 'stopped';
    try {
      await new Promise((resolve, reject) => {
        const started = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
        started.onmessage = resolve;
        started.onerror = reject;
      });
      worker = 'ran';
    } catch {
      // As it should be.
    }
    const opened = globalThis.open('https://example.com/');
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const element of [script, foreign, image, frame, button]) element.remove();
    return { injected: outer.injected ?? false, reached, worker, opened: opened !== null, violations: [...new Set(violations)].sort() };
  });
  assert.deepEqual({ ...outcome, violations: undefined }, { injected: false, reached: 'stopped', worker: 'stopped', opened: false, violations: undefined });
  for (const directive of ['connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem', 'worker-src']) assert.ok(outcome.violations.includes(directive), directive);
  await page.evaluate(() => { location.href = 'https://example.com/'; });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.match(page.url(), /^app:\/\/bundle\//);
  assert.equal(window.app.windows().length, 1);
});

test('Node, the sandbox and the session are closed in the running app', async () => {
  const state = await window.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> };
    const { sandbox, contextIsolation, nodeIntegration, webSecurity } = contents.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webSecurity };
  });
  assert.deepEqual(state, { sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true });
});
