/** The designer on large templates: reading, projecting and laying out, and how long a frame takes while a task is dragged. */
import { sizeOfNode } from '../../renderer/document/canvas-layout.ts';
import { layout } from '../../renderer/document/layout.ts';
import { entryOf } from '../../renderer/document/objects.ts';
import { readText } from '../../renderer/document/reading.ts';
import { sketch } from '../../renderer/document/sketch.ts';
import { manyTasks } from '../window/workflows.ts';
import { launchBlank } from '../window/launch.ts';
import { servePictures } from '../window/pictures.ts';
import { milliseconds, percentiles, report, time } from './measure.ts';

export async function benchCanvas(): Promise<void> {
  for (const count of [100, 500, 3000]) {
    const text = manyTasks(count);
    const times = count > 1000 ? 3 : 10;
    report(`designer, read a text of ${count} tasks`, milliseconds(time(times, () => readText(text))));
    const object = readText(text).objects[0];
    const entry = object && entryOf(object);
    if (!object || !entry) throw new Error('bug: the benchmark has no workflow');
    report(`designer, project ${count} tasks`, milliseconds(time(times, () => sketch(object, entry, ['main']))));
    const model = sketch(object, entry, ['main']);
    const input = { nodes: model.nodes.map((node) => ({ id: node.id, ...sizeOfNode(node) })), edges: model.edges };
    report(`designer, lay out ${count} tasks`, milliseconds(time(times, () => layout(input))));
  }
  await benchDrag(500);
}

/** Drags one task about and takes the time between frames. */
async function benchDrag(count: number): Promise<void> {
  const served = await servePictures();
  const opened = await launchBlank();
  const { page } = opened;
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${served.url}/?s=run&t=light`);
  await page.locator('.foot').waitFor();
  await page.evaluate((text) => { (globalThis as unknown as { fake: { open: (name: string, text: string) => void } }).fake.open('many.yaml', text); }, manyTasks(count));
  await page.locator('.canvas .painting, .canvas .react-flow__node').first().waitFor();
  await page.locator('.canvas').focus();
  await page.keyboard.press('Control+f');
  await page.getByRole('textbox', { name: 'Find a step' }).fill('task-250');
  await page.keyboard.press('Escape');
  await page.waitForTimeout(500);
  const box = await page.locator('.react-flow__node[data-id="task-250"]').boundingBox();
  if (!box) throw new Error('bug: the task is not in view');
  await page.mouse.move(box.x + 90, box.y + 20);
  await page.mouse.down();
  // Text: what the test runner makes of a function is not for the page.
  await page.evaluate('globalThis.frames = []; { let last = performance.now(); requestAnimationFrame(function tick(now) { globalThis.frames.push(now - last); last = now; requestAnimationFrame(tick); }); }');
  for (let i = 0; i < 120; i++) await page.mouse.move(box.x + 90 + Math.sin(i / 12) * 160, box.y + 20 + Math.cos(i / 12) * 120);
  const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames);
  await page.mouse.up();
  await opened.close();
  served.close();
  report(`designer, a frame while dragging one of ${count} tasks`, percentiles(frames));
}
