// The artifacts of a run in the running window, on a real cluster whose store only a forwarded port reaches: found from the step,
// looked into, downloaded to the disk.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { connect, createArtifactStore, kubeconfigPath, NO_CLUSTER, withEngine, withNamespace } from '../cluster/support.ts';
import { launchApp } from './launch.ts';

const real = kubeconfigPath();
test('an artifact is found from its step, shown and downloaded', { skip: real === undefined ? NO_CLUSTER : false }, async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-artifact-'));
  t.after(() => { rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); });
  const cluster = await connect(real ?? '');
  t.after(() => cluster.close());
  await withNamespace(cluster, 'artifact', async (namespace) => {
    await createArtifactStore(cluster, namespace);
    await withEngine(cluster, namespace, async (play) => {
      const template = { name: 'main', container: { image: 'debian', command: ['bash', '-c'], args: ['mkdir /site; echo "<script>alert(1)</script>" > /site/index.html; echo "body {}" > /site/a.css; sleep 1'] }, outputs: { artifacts: [{ name: 'site', path: '/site' }] } };
      const done = await play({ metadata: { name: 'publish' }, spec: { entrypoint: 'main', templates: [template] } });
      assert.equal(done.status?.phase, 'Succeeded', JSON.stringify(done.status));
    });
    const config = parse(readFileSync(real ?? '', 'utf8')) as { contexts: { name: string; context: { namespace?: string } }[]; 'current-context': string };
    const context = config.contexts.find(({ name }) => name === config['current-context']) ?? config.contexts[0]!;
    context.context.namespace = namespace;
    const kubeconfig = path.join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
    const window = await launchApp({ kubeconfig });
    try {
      const { page, app } = window;
      await page.getByRole('button', { name: new RegExp(`^Context ${context.name},`) }).click();
      await page.getByRole('listbox', { name: 'Runs' }).getByText('publish').first().click({ timeout: 30_000 });
      await page.getByRole('region', { name: 'Run publish' }).locator('.step').first().click();
      await page.getByRole('complementary', { name: 'Inspector' }).getByRole('button', { name: 'Open the artifact site' }).click();
      const pane = page.getByRole('region', { name: 'Artifact site' });
      await pane.getByRole('option', { name: /index\.html/ }).click({ timeout: 20_000 });
      await pane.getByText('<script>alert(1)</script>').waitFor({ timeout: 20_000 });
      await window.screenshot('artifact-file');
      const file = path.join(folder, 'index.html');
      await app.evaluate(({ dialog }, filePath) => { dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath }); }, file);
      await pane.getByRole('button', { name: 'Download…' }).click();
      await page.getByText('index.html is saved.').waitFor({ timeout: 20_000 });
      assert.equal(readFileSync(file, 'utf8'), '<script>alert(1)</script>\n');
      await pane.getByRole('button', { name: 'Back to the files' }).click();
      await app.evaluate(({ dialog }, filePath) => { dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [filePath] }); }, folder);
      await pane.getByRole('button', { name: 'Unpack…' }).click();
      await page.getByText('site is saved, 2 files.').waitFor({ timeout: 20_000 });
      assert.equal(readFileSync(path.join(folder, 'site/a.css'), 'utf8'), 'body {}\n');
      assert.match(await page.getByRole('row', { name: /site/ }).innerText(), /\d+ B/);
      assert.deepEqual(window.errors, []);
    } finally {
      await window.close();
    }
  });
});
