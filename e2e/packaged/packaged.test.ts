// The app as it is shipped: packed, fused, started.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { launchApp, root } from '../window/launch.ts';

/** @returns the packaged program */
function pack(...args: string[]): string {
  const result = spawnSync(process.execPath, ['main/scripts/package.mjs', ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  assert.equal(result.status, 0, 'npm run package failed');
  const folder = result.stdout.trim().split('\n').at(-1) ?? '';
  const program = path.join(folder, 'linux-unpacked', 'tiphys');
  assert.ok(existsSync(program), program);
  return program;
}

const linux = { skip: process.platform === 'linux' ? false : 'the packaged app is tested on Linux' };

test('the release holds what it needs and nothing else, with every fuse set', linux, async () => {
  const program = pack();
  const wire = await getCurrentFuseWire(program);
  // The wire holds the characters 0 and 1.
  const state = (fuse: FuseV1Options): string => String.fromCharCode(Number((wire as unknown as Record<number, number>)[fuse]));
  const off = [FuseV1Options.RunAsNode, FuseV1Options.EnableNodeOptionsEnvironmentVariable, FuseV1Options.EnableNodeCliInspectArguments, FuseV1Options.LoadBrowserProcessSpecificV8Snapshot, FuseV1Options.GrantFileProtocolExtraPrivileges];
  const on = [FuseV1Options.EnableCookieEncryption, FuseV1Options.EnableEmbeddedAsarIntegrityValidation, FuseV1Options.OnlyLoadAppFromAsar];
  for (const fuse of off) assert.equal(state(fuse), '0', FuseV1Options[fuse]);
  for (const fuse of on) assert.equal(state(fuse), '1', FuseV1Options[fuse]);

  const archive = path.join(path.dirname(program), 'resources/app.asar');
  const files = listPackage(archive, { isPack: false });
  for (const file of ['/package.json', '/out/main/main.cjs', '/out/main/preload.cjs', '/out/renderer/index.html', '/assets/samples/hello.yaml', '/assets/crds/workflows.yaml']) assert.ok(files.includes(file), file);
  const strangers = files.filter((file) => !/^\/(package\.json|LICENSE|out(\/(main|renderer)(\/|$)|$)|assets(\/|$))/.test(file) || /\.(map|tsx?|mjs)$|test|node_modules|\.env|kubeconfig$/.test(file));
  assert.deepEqual(strangers, []);
});

test('the packaged app starts, shows its window and runs a command of the contract', linux, async () => {
  const window = await launchApp({ packaged: pack('--e2e') });
  try {
    await window.page.getByRole('button', { name: /local/i }).first().waitFor({ timeout: 20_000 });
    const info = await window.page.evaluate(async () => (window as unknown as { tiphys: { invoke(verb: string, request: unknown): Promise<unknown> } }).tiphys.invoke('app.info', undefined)) as { ok: boolean; value: { version: string } };
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual([info.ok, info.value.version], [true, version]);
    assert.equal(await window.app.evaluate(({ app }) => app.isPackaged), true);
    const samples = await window.page.evaluate(async () => (window as unknown as { tiphys: { invoke(verb: string, request: unknown): Promise<{ value: unknown[] }> } }).tiphys.invoke('samples.list', undefined));
    assert.ok(samples.value.length >= 10);
    // Its thread and its library are read from the archive, too.
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-jsonnet-'));
    try {
      writeFileSync(path.join(folder, 'main.jsonnet'), 'function(name="shop") { apiVersion: "v1", kind: "ConfigMap", metadata: { name: name } }');
      await window.app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
      }, folder);
      const made = await window.page.evaluate(async () => (window as unknown as { tiphys: { invoke(verb: string, request: unknown): Promise<unknown> } }).tiphys.invoke('manifests.generate', { createNamespaces: false })) as { value?: { kind: string; text: string; notices: unknown[] } };
      assert.deepEqual([made.value?.kind, made.value?.notices], ['jsonnet', []], JSON.stringify(made));
      assert.match(made.value?.text ?? '', /kind: ConfigMap\n\s+metadata:\n\s+name: "\{\{workflow\.parameters\.name\}\}"/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    await window.screenshot('packaged');
    assert.deepEqual(window.errors, []);
  } finally {
    await window.close();
  }
});
