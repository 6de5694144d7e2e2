/** Pictures of the window's states with scripted data, in a headless Chromium: node --import tsx e2e/window/pictures.ts [FOLDER] [NAME …] */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright';
import type { Browser, Page } from 'playwright';
import { manyTasks, NIGHTLY_FILE, ROWS_FILE } from './workflows.ts';
import { generateWorkflow } from '../../main/manifests/generate.ts';
import { samplesService } from '../../main/services/samples.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** The built window; another folder for pictures of a build that is not the app's. */
const built = process.env.TIPHYS_RENDERER ?? path.join(root, 'out/renderer');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.ttf': 'font/ttf' };
/** What the app's own protocol sends (main/protocol.ts), so that a forbidden style or script fails here too. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; worker-src 'self'; connect-src 'self'";

/** The window with a scripted bridge behind a local port. */
export async function servePictures(): Promise<{ url: string; close: () => void }> {
  const folder = path.join(root, 'assets/samples');
  const samples = await samplesService(folder)['samples.list'](undefined);
  const spec = path.join(folder, 'sock-shop/kubernetes-spec');
  const made = await generateWorkflow(['monitoring-cr', 'monitoring', 'monitoring-cfg'].map((name) => path.join(spec, name)), { env: {}, values: {}, name: 'monitoring' });
  const fake = await build({ entryPoints: [path.join(root, 'e2e/window/fake-bridge.ts')], bundle: true, write: false, format: 'iife', define: { SAMPLES: JSON.stringify(samples), MADE: JSON.stringify({ handle: 'folder', ...made }) } });
  const bridge = fake.outputFiles[0]?.text ?? '';
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://x').pathname;
    const file = path.join(built, name === '/' ? 'index.html' : name);
    const send = (body: string | Buffer, type: string): void => {
      response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
      response.end(body);
    };
    if (name === '/fake-bridge.js') send(bridge, 'text/javascript');
    else if (!file.startsWith(built) || !existsSync(file)) { response.writeHead(404); response.end(); }
    else if (name === '/') send(readFileSync(file, 'utf8').replace('<script type="module"', '<script src="/fake-bridge.js"></script>\n<script type="module"'), 'text/html');
    else send(readFileSync(file), TYPES[path.extname(file)] ?? 'application/octet-stream');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => { server.close(); server.closeAllConnections(); } };
}

/** @returns a Chromium of this machine, or undefined */
async function openChromium(): Promise<Browser | undefined> {
  const found = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
  return found === undefined ? undefined : await chromium.launch({ executablePath: found, args: ['--no-sandbox', '--disable-gpu'] });
}

export interface Picture {
  scene: string;
  width?: number;
  height?: number;
  zoom?: number;
  act?: (page: Page) => Promise<void>;
}

const open = (name: string) => async (page: Page): Promise<void> => { await page.locator(`[data-run="${name}"]`).click(); };
const openNightly = open('nightly-features-x7k2p');
const step = (title: string) => async (page: Page): Promise<void> => { await openNightly(page); await page.locator('.step', { hasText: title }).first().click(); };
const tab = (title: string) => async (page: Page): Promise<void> => { await openNightly(page); await page.getByRole('tab', { name: title }).click(); };
const artifact = (name: string, then?: (page: Page) => Promise<void>) => async (page: Page): Promise<void> => {
  await tab('Artifacts')(page);
  await page.getByRole('row', { name }).first().click();
  await page.getByRole('region', { name: `Artifact ${name}` }).waitFor();
  await then?.(page);
};
const room = (title: string) => async (page: Page): Promise<void> => { await page.getByRole('button', { name: title, exact: true }).first().click(); };
const schedule = (name: string) => async (page: Page): Promise<void> => { await room('Schedules')(page); await page.locator(`[data-definition="${name}"]`).click(); };
const sample = (title: string) => async (page: Page): Promise<void> => { await room('Samples')(page); await page.getByRole('button', { name: `Open ${title}`, exact: true }).click(); await page.locator('.monaco-editor .view-line').first().waitFor(); };

/** A file that the person changes in one line, and another program meanwhile. */
const changedFile = async (page: Page): Promise<void> => {
  await room('Designer')(page);
  await page.getByRole('button', { name: 'Open a file…' }).click();
  const name = page.getByRole('textbox', { name: 'name', exact: true }).first();
  await name.fill('ship');
  await name.press('Enter');
  await page.locator('.where-line', { hasText: 'ship' }).waitFor();
  await page.evaluate(() => dispatchEvent(new Event('other-program')));
  await page.getByRole('button', { name: 'Take theirs' }).waitFor();
};

/** A sample in the designer with a step of it selected, the form high enough to be seen whole. */
const form = (title: string, task?: string) => async (page: Page): Promise<void> => {
  await sample(title)(page);
  await page.locator('.canvas .step').first().waitFor();
  if (task !== undefined) await page.locator('.canvas .step', { hasText: new RegExp(task) }).last().click();
  const sash = page.getByRole('separator', { name: 'Height of the form' });
  await sash.focus();
  for (let i = 0; i < 12; i++) await page.keyboard.press('ArrowDown');
};

const simulated = (then: (page: Page) => Promise<void>) => async (page: Page): Promise<void> => {
  await sample('Diamond')(page);
  await page.getByRole('tab', { name: 'Simulate' }).click();
  await page.getByRole('button', { name: 'Simulate' }).click();
  await page.getByRole('slider', { name: 'Time' }).waitFor();
  await then(page);
};

/** A file given to the window, as if it had been opened. */
const file = (text: string, then?: (page: Page) => Promise<void>) => async (page: Page): Promise<void> => {
  await page.evaluate((content) => { (globalThis as unknown as { fake: { open: (name: string, text: string) => void } }).fake.open('nightly.yaml', content); }, text);
  await page.locator('.canvas .react-flow__node, .canvas .painting').first().waitFor();
  await page.locator('.monaco-editor .view-line').first().waitFor();
  await then?.(page);
};
const task = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

/** Pulls a line from a task's handle and holds it over another. */
const pull = (from: string, to: string) => async (page: Page): Promise<void> => {
  const [source, target] = [await task(page, from).boundingBox(), await task(page, to).boundingBox()];
  if (!source || !target) throw new Error(`${from} or ${to} is not in view`);
  await page.mouse.move(source.x + source.width / 2, source.y + source.height - 6);
  await page.mouse.move(source.x + source.width / 2, source.y + source.height + 1);
  await page.mouse.down();
  await page.mouse.move(target.x + target.width / 2, target.y + target.height + 12, { steps: 5 });
  await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 5 });
};

/** A schedule of the cluster, opened and changed in two places. */
const changedSchedule = async (page: Page): Promise<void> => {
  await schedule('nightly-features')(page);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.locator('.monaco-editor .view-line', { hasText: 'timezone' }).first().waitFor();
  await page.locator('.monaco-editor .view-line', { hasText: 'timezone' }).first().click();
  await page.keyboard.press('End');
  for (let i = 0; i < 'Berlin'.length; i++) await page.keyboard.press('Backspace');
  await page.keyboard.type('Rome');
  await page.locator('.monaco-editor .view-line', { hasText: 'busybox' }).first().click();
  await page.keyboard.press('End');
  for (let i = 0; i < ', command: [echo]}'.length; i++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.type(':1.36');
};

/** A folder in the designer, with one of its files. */
const folder = (name: string | undefined, then?: (page: Page) => Promise<void>) => async (page: Page): Promise<void> => {
  await room('Designer')(page);
  await page.getByRole('button', { name: 'Open a folder…' }).click();
  await page.getByRole('region', { name: 'Files of the folder' }).waitFor();
  if (name !== undefined) {
    await page.getByRole('treeitem', { name }).click();
    await page.locator('.monaco-editor .view-line').first().waitFor();
    await page.locator('.canvas .react-flow__node').first().waitFor();
  }
  await then?.(page);
};

/** Every state that shared/window asks for and that these views have. */
export const PICTURES: Record<string, Picture> = {
  run: { scene: 'run', act: step('validate-schema') },
  'run-loop': { scene: 'run', act: step('extract') },
  'run-suspend': { scene: 'run', act: step('approve-release') },
  'run-none': { scene: 'run', act: openNightly },
  timeline: { scene: 'run', act: tab('Timeline') },
  table: { scene: 'run', act: tab('Table') },
  log: { scene: 'run', act: tab('Log of all steps') },
  events: { scene: 'run', act: tab('Events') },
  yaml: { scene: 'run', act: async (page) => { await tab('YAML')(page); await page.locator('.monaco-editor .view-line').first().waitFor(); } },
  artifacts: { scene: 'run', act: artifact('snapshot') },
  'artifacts-text': { scene: 'run', act: artifact('partitions') },
  'artifacts-image': { scene: 'run', act: artifact('plan') },
  'artifacts-bytes': { scene: 'run', act: artifact('weights', async (page) => { await page.getByRole('button', { name: 'Download…' }).click(); await page.getByRole('list', { name: 'Downloads' }).waitFor(); }) },
  'artifacts-file': { scene: 'run', act: artifact('raw-rows', async (page) => { await page.getByRole('option', { name: /notes of the day/ }).click(); await page.getByRole('button', { name: 'Back to the files' }).waitFor(); }) },
  'artifacts-missing': { scene: 'run', act: artifact('report') },
  'artifacts-deleted': { scene: 'run', act: artifact('checkpoint-of-the-model-before-the-last-epoch') },
  'artifacts-git': { scene: 'run', act: artifact('sources') },
  'artifacts-link': { scene: 'run', act: artifact('weights', async (page) => { await page.getByRole('button', { name: 'Copy link' }).click(); await page.getByRole('menu').waitFor(); }) },
  'artifacts-forbidden': { scene: 'art-forbidden', act: artifact('snapshot') },
  'artifacts-slow': { scene: 'art-slow', act: artifact('snapshot', async (page) => { await page.getByRole('button', { name: 'Stop', exact: true }).waitFor(); }) },
  'artifacts-none': { scene: 'noartifacts', act: tab('Artifacts') },
  'artifacts-many': { scene: 'art-many', act: tab('Artifacts') },
  'artifacts-small': { scene: 'run', width: 1000, height: 640, act: artifact('partitions') },
  small: { scene: 'run', width: 1000, height: 640, act: step('validate-schema') },
  large: { scene: 'run', width: 2560, height: 1440, act: step('validate-schema') },
  zoomed: { scene: 'run', zoom: 2, act: step('validate-schema') },
  start: { scene: 'run' },
  first: { scene: 'first' },
  many: { scene: 'many', act: open('train-eu-llm-small') },
  long: { scene: 'run', act: open('load-the-partition-of-the-day-into-the-warehouse-and-verify-it') },
  big: { scene: 'big', act: async (page) => { await openNightly(page); await page.waitForTimeout(2500); } },
  mid: { scene: 'mid', act: async (page) => { await openNightly(page); await page.waitForTimeout(1500); for (let i = 0; i < 6; i++) await page.getByRole('button', { name: 'Zoom in' }).click(); } },
  fan: { scene: 'fan', act: async (page) => { await openNightly(page); await page.locator('.step').first().click(); } },
  longlog: { scene: 'longlog', act: tab('Log of all steps') },
  new: { scene: 'new', act: async (page) => { await page.locator('.rows').hover(); await page.waitForTimeout(2200); } },
  offline: { scene: 'offline' }, auth: { scene: 'auth' }, connecting: { scene: 'connecting' }, norights: { scene: 'norights' }, forbidden: { scene: 'forbidden' },
  reconnecting: { scene: 'reconnecting', act: openNightly },
  nopods: { scene: 'nopods', act: openNightly },
  typed: { scene: 'typed', act: async (page) => { await page.getByRole('button', { name: /^Namespace/ }).click(); await page.keyboard.type('team-z'); } },
  other: { scene: 'other', act: async (page) => { await page.getByRole('button', { name: /engine: ada/ }).click(); } },
  palette: { scene: 'run', act: async (page) => { await page.keyboard.press('Control+k'); } },
  keys: { scene: 'run', act: async (page) => { await page.keyboard.press('?'); } },
  stop: { scene: 'run', act: async (page) => { await openNightly(page); await page.getByRole('button', { name: 'Stop…' }).click(); } },
  samples: { scene: 'run', act: room('Samples') },
  dialog: { scene: 'run', act: async (page) => { await room('Samples')(page); await page.getByRole('button', { name: 'Run Parameters' }).click(); } },
  designer: { scene: 'run', act: async (page) => { await sample('Diamond')(page).catch(() => undefined); } },
  'form-task': { scene: 'run', act: form('Diamond', '^D') },
  'form-template': { scene: 'run', act: async (page) => { await form('Diamond', '^D')(page); await page.getByRole('tab', { name: 'Template', exact: true }).click(); } },
  'form-workflow': { scene: 'run', act: async (page) => { await form('Diamond')(page); await page.getByRole('tab', { name: 'Workflow', exact: true }).click(); } },
  'form-yaml': { scene: 'run', act: async (page) => { await form('Diamond', '^D')(page); await page.locator('.form-tabs').getByRole('tab', { name: 'YAML' }).click(); } },
  'form-loop': { scene: 'run', act: form('Loop over items', '.') },
  disk: { scene: 'disk', act: changedFile },
  'disk-both': { scene: 'disk-both', act: changedFile },
  simulate: { scene: 'run', act: simulated(async (page) => { await page.locator('.simulate .step').nth(1).click(); }) },
  'simulate-whole': { scene: 'run', act: simulated(async (page) => { await page.getByRole('slider', { name: 'Time' }).fill('15000'); }) },
  'try-out': { scene: 'run', act: simulated(async (page) => { await page.getByRole('tab', { name: 'Try out' }).click(); await page.getByRole('textbox', { name: 'To try' }).fill('{"day": sprig.title(inputs.parameters.message),\n "steps": len(workflow.name) + 1}'); }) },
  'try-out-fault': { scene: 'run', act: simulated(async (page) => { await page.getByRole('tab', { name: 'Try out' }).click(); await page.getByRole('textbox', { name: 'To try' }).fill('sprig.upper(workflow.name) +\n  asInt(inputs.parameters.none)'); }) },
  resolved: { scene: 'run', act: async (page) => { await sample('Diamond')(page); await page.getByRole('tab', { name: 'Resolved' }).click(); await page.getByRole('option').first().waitFor(); await page.getByRole('button', { name: 'Dry run' }).click(); await page.locator('.resolved .view-line').first().waitFor(); } },
  'canvas-empty': { scene: 'run', act: async (page) => { await page.keyboard.press('Control+n'); await page.locator('.monaco-editor .view-line').first().waitFor(); } },
  canvas: { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await task(page, 'validate').click(); }) },
  'canvas-drop': { scene: 'run', act: file(NIGHTLY_FILE, pull('validate', 'approve')) },
  'canvas-refused': { scene: 'run', act: file(NIGHTLY_FILE, pull('build-features', 'list-partitions')) },
  'canvas-several': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await task(page, 'extract').click(); await task(page, 'build-features').click({ modifiers: ['Control'] }); }) },
  'canvas-add': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await task(page, 'extract').click(); await page.keyboard.press('a'); await page.locator('.quick-add input').waitFor(); }) },
  'canvas-edge': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await page.getByRole('button', { name: 'build-features waits for validate: Succeeded' }).click(); await page.getByRole('menu').waitFor(); }) },
  'canvas-menu': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await task(page, 'extract').click({ button: 'right' }); await page.getByRole('menu').waitFor(); }) },
  'canvas-steps': { scene: 'run', act: file(ROWS_FILE, async (page) => { await task(page, 'load').click(); }) },
  'canvas-long': { scene: 'run', act: file(NIGHTLY_FILE.replaceAll('build-features', 'build-the-features-of-the-day-and-verify-them-before-release'), async (page) => { await task(page, 'list-partitions').click(); }) },
  'canvas-many': { scene: 'run', act: file(manyTasks(500), async (page) => { await page.waitForTimeout(1200); }) },
  'canvas-broken': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await page.locator('.monaco-editor').first().click(); await page.keyboard.press('Control+End'); await page.keyboard.type('  : [oops'); await page.locator('.banner').waitFor(); }) },
  'canvas-small': { scene: 'run', width: 1000, height: 640, act: file(NIGHTLY_FILE, async (page) => { await task(page, 'validate').click(); }) },
  'canvas-large': { scene: 'run', width: 2560, height: 1440, act: file(NIGHTLY_FILE, async (page) => { await task(page, 'validate').click(); }) },
  folder: { scene: 'folder', act: folder('nightly.yaml', async (page) => { await task(page, 'publish').click(); await page.waitForTimeout(600); }) },
  'folder-many': { scene: 'folder-many', act: folder(undefined, async (page) => { await page.waitForTimeout(2500); await page.getByRole('searchbox', { name: 'Find a file or a template' }).fill('01'); }) },
  'folder-empty': { scene: 'folder-empty', act: folder(undefined) },
  'folder-new': { scene: 'folder', act: folder(undefined, async (page) => { await page.getByRole('button', { name: 'New file in this folder…' }).click(); }) },
  'save-as': { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await page.getByRole('button', { name: 'More with this file' }).click(); await page.getByRole('menuitem', { name: 'Save to the cluster as…' }).click(); await page.getByRole('dialog').waitFor(); }) },
  'save-conflict': { scene: 'conflict', act: async (page) => { await changedSchedule(page); await page.getByRole('button', { name: 'Save to the cluster' }).click(); await page.getByRole('dialog').waitFor(); await page.getByRole('radio', { name: /Keep theirs/ }).first().click(); } },
  'diff-cluster': { scene: 'conflict', act: async (page) => { await changedSchedule(page); await page.getByRole('button', { name: 'Compare with…' }).click(); await page.getByRole('menuitem', { name: "Compare with the cluster's version" }).click(); await page.locator('.monaco-diff-editor .view-line').first().waitFor(); } },
  'no-file': { scene: 'run', act: room('Designer') },
  outline: { scene: 'run', act: file(NIGHTLY_FILE, async (page) => { await task(page, 'validate').click(); await page.getByRole('tab', { name: 'Outline' }).click(); await page.getByRole('tree').waitFor(); }) },
  manifests: { scene: 'run', act: async (page) => { await room('Designer')(page); await page.getByRole('button', { name: 'From manifests…' }).click(); await page.getByRole('dialog').waitFor(); } },
  'manifests-broken': { scene: 'broken', act: async (page) => { await room('Designer')(page); await page.getByRole('button', { name: 'From manifests…' }).click(); await page.getByRole('dialog').waitFor(); } },
  'samples-folder': { scene: 'run', act: async (page) => { await room('Samples')(page); await page.getByRole('searchbox', { name: 'Filter samples' }).fill('shop'); } },
  nofile: { scene: 'run', act: room('Designer') },
  broken: { scene: 'run', act: async (page) => { await sample('Parameters')(page); await page.locator('.monaco-editor').first().click(); await page.keyboard.press('Control+End'); await page.keyboard.type('  : [oops'); await page.waitForTimeout(400); } },
  schedules: { scene: 'run', act: schedule('nightly-features') },
  'schedules-small': { scene: 'run', width: 1000, height: 640, act: schedule('report-by-mail') },
  'schedules-suspended': { scene: 'run', act: schedule('load-the-partition-of-the-day-into-the-warehouse-ok') },
  'schedules-none': { scene: 'empty', act: room('Schedules') },
  'schedules-forbidden': { scene: 'forbidden', act: room('Schedules') },
  'schedules-run': { scene: 'run', act: async (page) => { await schedule('nightly-features')(page); await page.getByRole('button', { name: 'Run now…' }).click(); } },
  'schedules-edit': { scene: 'run', act: async (page) => { await schedule('nightly-features')(page); await page.getByRole('button', { name: 'Edit' }).click(); await page.locator('.monaco-editor .view-line').first().waitFor(); } },
  'schedules-delete': { scene: 'run', act: async (page) => { await schedule('hourly-sync')(page); await page.getByRole('button', { name: 'Delete…' }).click(); } },
  templates: { scene: 'run', act: async (page) => { await room('Templates')(page); await page.locator('[data-definition="release"]').click(); } },
  'templates-none': { scene: 'empty', act: room('Templates') },
  'templates-run': { scene: 'run', act: async (page) => { await room('Templates')(page); await page.locator('[data-definition="release"]').click(); await page.getByRole('button', { name: 'Run…' }).click(); } },
  settings: { scene: 'run', act: room('Settings') },
  'settings-wrong': { scene: 'run', act: async (page) => { await room('Settings')(page); await page.getByRole('textbox', { name: /^Artifact repository/ }).fill('s3:\n  bucket: artifacts'); await page.getByRole('button', { name: 'Save', exact: true }).first().click(); await page.getByRole('alert').waitFor(); await page.getByRole('alert').scrollIntoViewIfNeeded(); } },
};

/** Brings a page into a state. */
export async function show(page: Page, url: string, picture: Picture, theme: string): Promise<void> {
  await page.goto(`${url}/?s=${picture.scene}&t=${theme}`);
  await page.locator('.foot').waitFor();
  await page.waitForTimeout(250);
  await picture.act?.(page);
  await page.waitForTimeout(400);
}

if (process.argv[1] === import.meta.filename) {
  const [folder = path.join(root, '.cache/ci/pictures'), ...wanted] = process.argv.slice(2);
  mkdirSync(folder, { recursive: true });
  const { url, close } = await servePictures();
  const browser = await openChromium();
  if (!browser) throw new Error('no Chromium on this machine');
  for (const [name, picture] of Object.entries(PICTURES)) {
    const themes = wanted.includes(name) ? ['light', 'dark'] : wanted.filter((each) => each.startsWith(`${name}-`)).map((each) => each.slice(name.length + 1)).filter((each) => ['light', 'dark', 'contrast'].includes(each));
    for (const theme of wanted.length ? themes : ['light', 'dark']) {
      try {
        const { width = 1440, height = 900, zoom = 1 } = picture;
        const page = await browser.newPage({ viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) }, deviceScaleFactor: zoom });
        page.on('console', (message) => { if (message.type() === 'error') console.error(`${name} ${theme}: ${message.text()}`); });
        page.on('pageerror', (error) => { console.error(`${name} ${theme}: ${String(error.stack)}`); });
        page.setDefaultTimeout(8000);
        await show(page, url, picture, theme);
        await page.screenshot({ path: path.join(folder, `${name}-${theme}.png`) });
        await page.close();
      } catch (error) {
        console.error(`${name} ${theme}: ${String(error)}`);
      }
    }
  }
  await browser.close();
  close();
}
