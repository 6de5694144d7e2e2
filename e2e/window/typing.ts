/** How long the window takes for a key in a long text. */
import type { Page } from 'playwright';
import { manyTasks } from './workflows.ts';

/** A workflow of 5,000 lines. */
export const LONG_TEXT = manyTasks(1668);

export interface Typed {
  /** Milliseconds from each key's press to the end of the frame that shows it. */
  frames: number[];
  /** Milliseconds that the window's thread has worked for each key: no other program of the machine counts. */
  work: number;
}

/** Types where the caret stands, a key every `delay` ms, and takes the time of each. */
export async function typeTimed(page: Page, text: string, delay: number): Promise<Typed> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async (): Promise<number> => ((await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
  // Text: what the test runner makes of a function is not for the page.
  await page.evaluate(`globalThis.keyFrames = []; globalThis.onKeyFrame ??= addEventListener('keydown', (event) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => globalThis.keyFrames.push(performance.now() - event.timeStamp);
    channel.port2.postMessage(0);
  }), true) ?? true;`);
  const before = await worked();
  await page.keyboard.type(text, { delay });
  await page.waitForFunction((count) => (globalThis as unknown as { keyFrames: number[] }).keyFrames.length >= count, text.length);
  const work = (await worked() - before) / text.length;
  await session.detach();
  return { frames: await page.evaluate(() => (globalThis as unknown as { keyFrames: number[] }).keyFrames), work };
}
