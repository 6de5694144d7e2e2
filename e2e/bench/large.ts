/** How long a run of 10,000 nodes holds the main thread at a time, on the fake cluster. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Part } from './large-engine.ts';
import { report } from './measure.ts';
import type { Stalls } from './stalls.ts';

/** @returns `12 ms`, and what the machine's other work made of it */
export function stallText({ longest, computed, above30 }: Stalls): string {
  const own = computed === undefined ? '' : `${computed.toFixed(0)} ms computed, `;
  return `${own}${longest.toFixed(0)} ms by the clock, ${above30} above 30 ms`;
}

export async function benchLarge(count: number, events: number): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, 'large-engine.ts'), String(count), String(events)], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const part = JSON.parse(line) as Part;
    report(`longest stall, ${count} nodes: ${part.part}`, stallText(part), `${part.seconds.toFixed(1)} s, ${part.rssMiB.toFixed(0)} MiB`);
  }
}
