// What the product is for, in the running window: choose a context, run a sample with changed parameters, watch it, read a
// log, stop another run, and lose nothing when the app is killed. On the local cluster, and on a real one where there is one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { parse, stringify } from 'yaml';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import { connect, kubeconfigPath, NO_CLUSTER } from '../cluster/support.ts';
import { launchApp } from './launch.ts';
import type { LaunchedApp } from './launch.ts';

interface World {
  context: string;
  kubeconfig?: string;
  /** The real cluster, to look at what was really made there. */
  cluster?: Cluster;
  namespace: string;
}

const RUN_LIMIT = 90_000;

async function choose(page: Page, context: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^Context ${context},`) }).click();
  await page.getByRole('button', { name: new RegExp(`^Context ${context}, (reachable|online|connected)`, 'i') }).waitFor({ timeout: 30_000 });
}

async function startSample(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'Samples', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Filter samples' }).fill(title);
  await page.getByRole('button', { name: `Run ${title}`, exact: true }).click();
}

/** @returns the name of the run that is open, once it is one of `prefix` */
async function openRun(page: Page, prefix: string): Promise<string> {
  const region = page.getByRole('region', { name: new RegExp(`^Run ${prefix}`) });
  await region.waitFor({ timeout: 30_000 });
  return (await region.getAttribute('aria-label') ?? '').replace(/^Run /, '');
}

/** Waits for the run's phase in its header. @returns every phase that was seen on the way */
async function phasesUntil(page: Page, name: string, last: RegExp): Promise<string[]> {
  const seen: string[] = [];
  const end = Date.now() + RUN_LIMIT;
  while (Date.now() < end) {
    const text = await page.getByRole('region', { name: `Run ${name}` }).locator('header').first().innerText();
    const phase = /Pending|Running|Succeeded|Failed|Error/.exec(text)?.[0];
    if (phase !== undefined && seen.at(-1) !== phase) seen.push(phase);
    if (phase !== undefined && last.test(phase)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} did not become ${String(last)}; seen: ${seen.join(', ')}`);
}

function flows(world: () => World, dataDir: () => string): void {
  let window: LaunchedApp;
  const open = async (): Promise<Page> => {
    const { kubeconfig } = world();
    window = await launchApp({ dataDir: dataDir(), ...(kubeconfig === undefined ? {} : { kubeconfig }) });
    await choose(window.page, world().context);
    return window.page;
  };
  after(async () => { await window.close(); });

  test('a sample with changed parameters runs live to its end, and its log can be read', async () => {
    const page = await open();
    await startSample(page, 'Parameters');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('environment').selectOption('production');
    await dialog.getByLabel('message').fill('hello from the window');
    await window.screenshot(`${world().context}-run-dialog`);
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    const name = await openRun(page, 'parameters-');
    const phases = await phasesUntil(page, name, /Succeeded|Failed|Error/);
    assert.equal(phases.at(-1), 'Succeeded');
    assert.ok(phases.includes('Running'), `seen live: ${phases.join(', ')}`);
    await page.getByRole('region', { name: `Run ${name}` }).getByText('deploy', { exact: true }).first().click();
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    await inspector.getByRole('tab', { name: 'Log' }).click();
    await inspector.getByText('hello from the window').waitFor({ timeout: 20_000 });
    await inspector.getByText('environment: production').waitFor();
    await window.screenshot(`${world().context}-run-light`);
    await window.setTheme('dark');
    await window.screenshot(`${world().context}-run-dark`);
    await window.setTheme('light');
    assert.deepEqual(window.errors, []);
  });

  test('another run is stopped', async () => {
    const { page } = window;
    await startSample(page, 'Parallel limits');
    const name = await openRun(page, 'parallel-limit-');
    await phasesUntil(page, name, /Running/);
    await page.getByRole('region', { name: `Run ${name}` }).getByRole('button', { name: 'Stop…' }).click();
    await page.getByRole('dialog').or(page.getByRole('alertdialog')).getByRole('button', { name: /^Stop/ }).click();
    assert.equal((await phasesUntil(page, name, /Succeeded|Failed|Error/)).at(-1), 'Failed');
    await window.screenshot(`${world().context}-stopped`);
  });

  test('killed in the middle of a run and started again, the app brings it to its right end, every Pod made once', async () => {
    const { page } = window;
    await startSample(page, 'Parallel limits');
    const name = await openRun(page, 'parallel-limit-');
    const { cluster, namespace } = world();
    // Steps that the limit holds back are not counted yet.
    await page.getByText(/\b[1-5] of [2-8]\b/).first().waitFor({ timeout: RUN_LIMIT });
    const uidsOf = async (): Promise<Map<string, string>> => new Map((await cluster?.list(RESOURCE.pod, namespace, { labelSelector: `workflows.argoproj.io/workflow=${name}` }))?.items.map(({ metadata }) => [metadata.name ?? '', metadata.uid ?? '']));
    const early = await uidsOf();
    await window.kill();
    const again = await open();
    await again.getByRole('button', { name: 'Runs', exact: true }).click();
    await again.getByRole('listbox', { name: 'Runs' }).getByText(name).first().click();
    assert.equal((await phasesUntil(again, name, /Succeeded|Failed|Error/)).at(-1), 'Succeeded');
    await again.getByText('8 of 8').first().waitFor();
    if (cluster) {
      const late = await uidsOf();
      assert.equal(late.size, 8);
      for (const [pod, uid] of early) assert.equal(late.get(pod), uid, `${pod} was made twice`);
    }
    await window.screenshot(`${world().context}-continued`);
  });
}

describe('on the local cluster', () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-runs-'));
  // As processes, since a machine with Docker or Podman need not reach the images.
  writeFileSync(path.join(dataDir, 'settings.json'), JSON.stringify({ version: 1, values: { 'local.runtime': 'processes' } }));
  after(() => { rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 }); });
  flows(() => ({ context: 'local', namespace: 'default' }), () => dataDir);
});

const real = kubeconfigPath();
describe('on a real cluster', { skip: real === undefined ? NO_CLUSTER : false }, () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-runs-'));
  const namespace = `tiphys-window-${Date.now().toString(36)}`;
  let world: World;
  before(async () => {
    // The same kubeconfig with the namespace of this test in its first context.
    const config = parse(readFileSync(real ?? '', 'utf8')) as { contexts: { name: string; context: { namespace?: string } }[]; 'current-context': string };
    const found = config.contexts.find(({ name }) => name === config['current-context']) ?? config.contexts[0]!;
    found.context.namespace = namespace;
    const kubeconfig = path.join(dataDir, 'kubeconfig');
    writeFileSync(kubeconfig, stringify(config), { mode: 0o600 });
    const cluster = await connect(kubeconfig, found.name);
    await cluster.create(RESOURCE.namespace, { metadata: { name: namespace } });
    world = { context: found.name, kubeconfig, cluster, namespace };
  });
  after(async () => {
    await world.cluster?.delete(RESOURCE.namespace, undefined, namespace);
    await world.cluster?.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
  flows(() => world, () => dataDir);
});
