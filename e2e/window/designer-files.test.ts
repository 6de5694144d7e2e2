// The designer over files as people have them: every one draws without error, and one edit of each kind changes only its own lines.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Page } from 'playwright';
import { entryOf } from '../../renderer/document/objects.ts';
import { readText } from '../../renderer/document/reading.ts';
import { sketch } from '../../renderer/document/sketch.ts';
import { launchBlank, root } from './launch.ts';
import { servePictures } from './pictures.ts';

interface Fake {
  fake: { text?: string; open: (name: string, text: string) => void };
}

const shared = path.resolve(root, '../shared/conformance/yaml');
let page: Page;
let url: string;
const ends: (() => Promise<void> | void)[] = [];
const errors: string[] = [];

before(async () => {
  const served = await servePictures();
  ends.push(() => { served.close(); });
  const opened = await launchBlank();
  ends.push(async () => { await opened.close(); });
  page = opened.page;
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  page.on('pageerror', (error) => errors.push(String(error.stack)));
  await page.setViewportSize({ width: 1440, height: 900 });
  url = served.url;
});
beforeEach(async () => {
  errors.length = 0;
  await page.goto(`${url}/?s=run&t=light`);
  await page.locator('.foot').waitFor();
});
after(async () => { for (const end of ends.reverse()) await end(); });

function yamlFiles(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml')).map((file) => path.join(folder, file)) : [];
}

/** Nodes on the canvas of a file, as its entry has them. */
function expected(text: string): number {
  const object = readText(text).objects[0];
  const placed = object && entryOf(object);
  return object && placed ? sketch(object, placed, [placed.template.name ?? '']).nodes.length : 0;
}

/** Opens a file in the window and waits for its canvas. @returns how many nodes it shows, or what is wrong */
async function open(name: string, text: string, nodes: number): Promise<number | string> {
  return await page.evaluate(async ([title, content, wanted]) => {
    (globalThis as unknown as Fake).fake.open(title, content);
    const end = performance.now() + 6000;
    for (;;) {
      const shown = document.querySelector('.canvas')?.getAttribute('aria-label') === `Canvas of ${title}`;
      const count = document.querySelectorAll('.canvas .react-flow__node').length;
      if (shown && count === wanted && (count > 0 || document.querySelector('.canvas-nothing'))) return count;
      if (document.body.innerText.includes('stopped working')) return 'the view stopped working';
      if (performance.now() > end) return `${count} nodes${shown ? '' : ', and another title'}`;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }, [name, text, nodes] as const);
}

test('every file of the corpus and every sample draws without an error', { timeout: 280_000 }, async () => {
  const files = [...yamlFiles(path.join(root, 'assets/samples')), ...yamlFiles(shared)];
  const faults: string[] = [];
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const nodes = expected(text);
    // Of more than this only what is in view is in the page.
    const shown = nodes > 200 ? 'many' : await open(path.basename(file), text, nodes);
    if (shown !== nodes) faults.push(`${file}: ${shown} instead of ${nodes}`);
    if (errors.length) faults.push(`${file}: ${errors.splice(0).join(' ').slice(0, 300)}`);
  }
  assert.deepEqual(faults, []);
  assert.ok(files.length > 15);
});

/** Lines that one text has and the other has not, each with its sign. */
function changed(before: string, after: string): string[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const common = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const lines: string[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) [i, j] = [i + 1, j + 1];
    else if (i < a.length && (j >= b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push(`-${a[i++]!}`);
    else lines.push(`+${b[j++]!}`);
  }
  return lines;
}

const DAG = `# kept
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: kept-}   # as it is
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: say}
      - name: b          # the second
        template: say
        dependencies: [a]
      - name: c
        template: say

        depends: "b"
  - name: say
    inputs:
      parameters:
      - {name: who, value: you}
    script: {image: busybox, command: [sh], source: "echo 'hi'"}
`.replace('dependencies: [a]', 'depends: a');

const STEPS = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: rows-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: a
        template: say
    - - name: b   # beside c
        template: say
      - name: c
        template: say
  - name: say
    container: {image: busybox}
`;

const node = (id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const canvas = () => page.getByRole('application', { name: /^Canvas of/ });
const press = async (...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key); };
const menu = async (id: string, item: string): Promise<void> => {
  await node(id).click({ button: 'right' });
  await page.getByRole('menuitem', { name: item }).click();
};

/** Presses at one point of the window, goes to another, and lets go. */
async function drag(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}
/** A point of a node: its share from the left and from the top. */
async function at(id: string, x = 0.5, y = 0.5): Promise<{ x: number; y: number }> {
  const box = (await node(id).boundingBox())!;
  return { x: box.x + box.width * x, y: box.y + box.height * y };
}
const palette = async (title: string): Promise<{ x: number; y: number }> => { const box = (await page.getByRole('button', { name: title }).first().boundingBox())!; return { x: box.x + 40, y: box.y + box.height / 2 }; };

/** Every kind of edit: what is done, and the lines it may change. */
const EDITS: [what: string, text: string, act: () => Promise<void>, lines: string[]][] = [
  ['rename a task', DAG, async () => { await node('b').click(); await press('F2'); await page.locator('.name-input').fill('second'); await press('Enter'); },
    ['-      - name: b          # the second', '+      - name: second          # the second', '-        depends: "b"', '+        depends: "second"']],
  ['connect', DAG, async () => { await node('a').click(); await press('c', 'ArrowDown', 'ArrowDown'); await page.getByText('Enter to connect').waitFor(); await press('Enter'); },
    ['-        depends: "b"', '+        depends: "b && a"']],
  ['delete a task', DAG, async () => { await node('c').click(); await press('Delete'); },
    ['-      - name: c', '-        template: say', '-', '-        depends: "b"']],
  ['add after a task', DAG, async () => { await node('c').click(); await press('a'); await page.locator('.quick-add input').fill('say'); await press('Enter'); await node('say').waitFor(); },
    ['+      - name: say', '+        template: say', '+        depends: c']],
  ['duplicate a task', DAG, async () => { await node('b').click(); await press('Control+d'); await node('b-2').waitFor(); },
    ['+      - name: b-2', '+        template: say', '+        depends: a']],
  ['copy and paste a task', DAG, async () => { await node('b').click(); await press('Control+c', 'Control+v'); await node('b-2').waitFor(); },
    ['+      - name: b-2', '+        template: say']],
  ['pass an output on', DAG, async () => { await node('b').click(); await press('p'); await page.getByLabel('To the task').selectOption('c'); await page.getByRole('button', { name: 'Pass on' }).click(); await page.getByRole('dialog').waitFor({ state: 'detached' }); },
    ['+        arguments:', '+          parameters:', '+          - name: who', '+            value: "{{tasks.b.outputs.result}}"']],
  ['wait for a failure', DAG, async () => { await page.locator('.react-flow__edge[data-id="a>b"]').click({ button: 'right', force: true }); await page.getByRole('menuitem', { name: 'when it failed' }).click(); },
    ['-        depends: a', '+        depends: a.Failed']],
  ['drop a template on an edge', DAG, async () => { const [b, c] = [await at('b', 0.5, 1), await at('c', 0.5, 0)]; await drag(await palette('Add say'), { x: (b.x + c.x) / 2, y: (b.y + c.y) / 2 }); await node('say').waitFor(); },
    ['+      - name: say', '+        template: say', '+        depends: b', '-        depends: "b"', '+        depends: "say"']],
  ['let a line go over the empty canvas', DAG, async () => { await node('c').hover(); const c = await at('c', 0.5, 1); await drag({ x: c.x, y: c.y + 1 }, { x: c.x + 120, y: c.y + 120 }); await page.locator('.quick-add input').fill('say'); await press('Enter'); await node('say').waitFor(); },
    ['+      - name: say', '+        template: say', '+        depends: c']],
  ['drag an output onto a task', DAG, async () => { await node('b').click(); const port = (await page.locator('.port').first().boundingBox())!; await drag({ x: port.x + 20, y: port.y + 8 }, await at('c')); await page.getByText('● unsaved').first().waitFor(); },
    ['+        arguments:', '+          parameters:', '+          - name: who', '+            value: "{{tasks.b.outputs.result}}"']],
  ['drag the beginning of an edge to another task', DAG, async () => {
    const [b, c] = [await at('b', 0.5, 1), await at('c', 0.5, 0)];
    await page.mouse.click((b.x + c.x) / 2, (b.y + c.y) / 2);
    await page.locator('.react-flow__edge.selected').waitFor();
    await drag({ x: b.x, y: b.y + 10 }, await at('a'));
    await page.getByText('● unsaved').first().waitFor();
  }, ['-        depends: "b"', '+        depends: "a"']],
  ['drag a step into another row', STEPS, async () => { await drag(await at('a'), await at('b', 0.05)); await page.getByText('● unsaved').first().waitFor(); },
    []],
  ['delete several in a box', DAG, async () => { const [b, c] = [await at('b', -0.2, -0.2), await at('c', 1.2, 1.3)]; await page.locator('.react-flow__pane').click({ position: { x: 20, y: 20 } }); await page.keyboard.down('Shift'); await drag(b, c); await page.keyboard.up('Shift'); await page.locator('.react-flow__node.selected').nth(1).waitFor(); await canvas().focus(); await press('Delete'); },
    ['-      - name: b          # the second', '-        template: say', '-        depends: a', '-      - name: c', '-        template: say', '-', '-        depends: "b"']],
  ['make a template of a task', DAG, async () => { await menu('b', 'Extract to a template'); await page.getByLabel('Name of the template').fill('inner'); await press('Enter'); await node('inner').waitFor(); },
    []],
  ['move a step out of its row', STEPS, async () => { await node('c').click(); await press('Alt+ArrowDown'); await page.locator('.lane-band').nth(2).waitFor(); },
    ['-      - name: c', '+    - - name: c']],
  ['convert rows to a dag', STEPS, async () => { await page.locator('.react-flow__pane').click({ button: 'right', position: { x: 30, y: 400 } }); await page.getByRole('menuitem', { name: 'Convert to' }).click(); await page.getByText('dag · 3 tasks').waitFor(); },
    []],
];

for (const [what, text, act, lines] of EDITS) {
  test(`to ${what} changes only its own lines, and undo gives them back`, async () => {
    const name = `${what.replaceAll(' ', '-')}.yaml`;
    assert.equal(await open(name, text, expected(text)), expected(text));
    await page.locator('.monaco-editor .view-line').first().waitFor();
    await act();
    await page.getByText('● unsaved').first().waitFor();
    const save = async (): Promise<string> => {
      await page.keyboard.press('Control+s');
      await page.waitForFunction(() => (globalThis as unknown as Fake).fake.text !== undefined);
      return await page.evaluate(() => { const { fake } = globalThis as unknown as Fake; const { text: now = '' } = fake; delete fake.text; return now; });
    };
    const after = await save();
    const diff = changed(text, after);
    if (lines.length) assert.deepEqual(diff, lines);
    else assert.ok(diff.length > 0 && readText(after).diagnostics.every((each) => each.severity !== 'error'), after);
    const undo = page.getByRole('button', { name: 'Undo', exact: true }).first();
    await undo.click();
    // One edit is one step of the history.
    await page.locator('.acts [aria-disabled="true"]', { has: page.locator('.lucide-undo-2') }).waitFor({ timeout: 3000 });
    assert.equal(await save(), text);
    assert.deepEqual(errors, []);
  });
}
