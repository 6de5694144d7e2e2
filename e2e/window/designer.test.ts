// The designer in the running window: a diamond from an empty canvas by mouse, and by keys alone; what comes of it is the text
// that a person would have written, it runs on the real cluster, and undoing all of it gives the first bytes.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright';
import { parse, stringify } from 'yaml';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { Cluster } from '../../engine/kube/port.ts';
import { connect, kubeconfigPath } from '../cluster/support.ts';
import { launchApp } from './launch.ts';
import type { LaunchedApp } from './launch.ts';

const EMPTY = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: my-workflow-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks: []
`;

const container = (name: string): string => `  - name: ${name}\n    container:\n      image: busybox\n      command: [echo]\n      args: [hello]\n`;

/** The diamond as it is written, with the order in which its tasks came. */
const DIAMOND = `${EMPTY.replace(' []\n', '\n')}      - name: a
        template: a
      - name: b
        template: b
        dependencies: [a]
      - name: c
        template: c
        dependencies: [a]
      - name: d
        template: d
        dependencies: [b, c]
${['a', 'b', 'c', 'd'].map(container).join('')}`;

describe('the designer', { timeout: 240_000 }, () => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tiphys-designer-'));
  const real = kubeconfigPath();
  const namespace = `tiphys-canvas-${Date.now().toString(36)}`;
  let window: LaunchedApp;
  let page: Page;
  let cluster: Cluster | undefined;
  let context = 'local';

  before(async () => {
    if (real !== undefined) {
      // The same kubeconfig with the namespace of this test in its first context.
      const config = parse(readFileSync(real, 'utf8')) as { contexts: { name: string; context: { namespace?: string } }[]; 'current-context': string };
      const found = config.contexts.find(({ name }) => name === config['current-context']) ?? config.contexts[0]!;
      found.context.namespace = namespace;
      context = found.name;
      writeFileSync(path.join(dataDir, 'kubeconfig'), stringify(config), { mode: 0o600 });
      cluster = await connect(path.join(dataDir, 'kubeconfig'), found.name);
      await cluster.create(RESOURCE.namespace, { metadata: { name: namespace } });
    }
    window = await launchApp({ dataDir, ...(real === undefined ? {} : { kubeconfig: path.join(dataDir, 'kubeconfig') }) });
    page = window.page;
    page.setDefaultTimeout(15_000);
    await page.getByRole('button', { name: new RegExp(`^Context ${context},`) }).click();
    await page.getByRole('button', { name: new RegExp(`^Context ${context}, reachable`) }).waitFor({ timeout: 30_000 });
  });
  after(async () => {
    await cluster?.delete(RESOURCE.namespace, undefined, namespace);
    await cluster?.close();
    await window.close();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  const canvas = () => page.getByRole('application', { name: /^Canvas of/ });
  const node = (id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
  const boxOf = async (id: string): Promise<{ x: number; y: number; width: number; height: number }> => {
    await node(id).waitFor();
    return (await node(id).boundingBox())!;
  };

  async function newWorkflow(): Promise<void> {
    await page.keyboard.press('Control+n');
    const leave = page.getByRole('button', { name: 'Leave it' });
    await Promise.race([leave.waitFor().then(() => leave.click()), page.getByText('Nothing here yet').waitFor()]).catch(() => undefined);
    await page.getByText('Nothing here yet').waitFor();
    await page.locator('.monaco-editor .view-line').first().waitFor();
  }

  /** The text as it is kept for a crash, once it is `wanted`. */
  async function textIs(wanted: string): Promise<void> {
    let last = '';
    for (const end = Date.now() + 8000; Date.now() < end;) {
      const folder = path.join(dataDir, 'drafts');
      // The first draft makes the folder.
      const drafts = !existsSync(folder) ? [] : readdirSync(folder, { withFileTypes: true }).filter((each) => each.name.endsWith('.json')).map((each) => JSON.parse(readFileSync(path.join(folder, each.name), 'utf8')) as { text: string; savedAt: string });
      last = drafts.sort((a, b) => b.savedAt.localeCompare(a.savedAt))[0]?.text ?? '';
      if (last === wanted) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(last, wanted);
  }

  async function undoAll(): Promise<void> {
    const undo = page.getByRole('button', { name: 'Undo', exact: true }).first();
    for (let i = 0; i < 40 && await undo.getAttribute('aria-disabled') !== 'true'; i++) await undo.click();
    await textIs(EMPTY);
  }

  test('a diamond by mouse: dragged in, named, connected; a cycle is refused with its reason; undone to the first byte', async () => {
    await newWorkflow();
    const board = (await canvas().boundingBox())!;
    const places: [string, number, number][] = [['a', 0.5, 0.15], ['b', 0.25, 0.4], ['c', 0.75, 0.4], ['d', 0.5, 0.65]];
    for (const [name, x, y] of places) {
      const entry = (await page.getByRole('button', { name: 'Add Container', exact: true }).boundingBox())!;
      await page.mouse.move(entry.x + 30, entry.y + 10);
      await page.mouse.down();
      await page.mouse.move(board.x + board.width * x, board.y + board.height * y, { steps: 6 });
      await page.mouse.up();
      await node('container').click({ button: 'right' });
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      await page.locator('.name-input').fill(name);
      await page.keyboard.press('Enter');
      await node(name).waitFor();
    }
    const drag = async (from: string, to: string, drop = true): Promise<void> => {
      const [source, target] = [await boxOf(from), await boxOf(to)];
      await page.mouse.move(source.x + source.width / 2, source.y + source.height - 8);
      await page.mouse.move(source.x + source.width / 2, source.y + source.height + 1);
      await page.mouse.down();
      await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2 + 30, { steps: 4 });
      await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 4 });
      if (drop) await page.mouse.up();
    };
    for (const [from, to] of [['a', 'b'], ['a', 'c'], ['b', 'd'], ['c', 'd']] as const) await drag(from, to);
    await textIs(DIAMOND);
    await drag('d', 'a', false);
    await page.getByText('wait for each other').waitFor();
    await window.screenshot('designer-refused');
    await page.mouse.up();
    await textIs(DIAMOND);
    await window.screenshot('designer-diamond');
    await undoAll();
    assert.deepEqual(window.errors, []);
  });

  test('the same diamond by keys alone, and it runs', async () => {
    await newWorkflow();
    for (let i = 0; i < 8 && !await canvas().evaluate((element) => element === document.activeElement); i++) await page.keyboard.press('F6');
    const add = async (name: string): Promise<void> => {
      await page.keyboard.press('a');
      await page.locator('.quick-add input').waitFor();
      await page.keyboard.type('Container');
      await page.keyboard.press('Enter');
      await node('container').waitFor();
      await page.keyboard.press('F2');
      await page.locator('.name-input').waitFor();
      await page.keyboard.type(name);
      await page.keyboard.press('Enter');
      await node(name).waitFor();
    };
    await add('a');
    await add('b');
    await page.keyboard.press('ArrowUp');
    await add('c');
    await page.keyboard.press('ArrowLeft');
    await add('d');
    // d waits for b; now c is connected to it.
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('c');
    await page.keyboard.press('ArrowDown');
    await page.getByText('Enter to connect').waitFor();
    await page.keyboard.press('Enter');
    await textIs(DIAMOND);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'Run', exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: /^Run my-workflow-/ }).waitFor({ timeout: 30_000 }).catch(async (error: unknown) => {
      await window.screenshot('designer-no-run');
      throw error;
    });
    const header = page.getByRole('region', { name: /^Run my-workflow-/ }).locator('header').first();
    await header.getByText('Succeeded').waitFor({ timeout: 90_000 });
    await window.screenshot('designer-run');
    const pods = await cluster?.list(RESOURCE.pod, namespace);
    if (pods) assert.deepEqual(pods.items.map((pod) => pod.metadata.annotations?.['workflows.argoproj.io/node-name']?.split('.')[1]).sort(), ['a', 'b', 'c', 'd']);
    await page.keyboard.press('Control+2');
    await canvas().waitFor();
    // Its history went along to the run and back.
    await undoAll();
    assert.deepEqual(window.errors, []);
  });
});
