/** From the start of the program to a window that can be used. */
import { launchApp } from '../window/launch.ts';
import { milliseconds, report } from './measure.ts';

export async function benchWindow(): Promise<void> {
  const samples: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const launched = await launchApp({});
    await launched.page.getByRole('navigation').first().waitFor();
    samples.push(performance.now() - start);
    await launched.close();
  }
  report('cold start of the window to usable', milliseconds(samples));
}
