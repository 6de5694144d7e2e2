/** Figures of a benchmark: gathered, then printed as one table. Nothing is asserted by the clock. */

const rows: { what: string; value: string; note: string }[] = [];

/** Prints a figure at once and keeps it for the table at the end. */
export function report(what: string, value: string, note = ''): void {
  rows.push({ what, value, note });
  console.log(`${what}: ${value}${note ? ` (${note})` : ''}`);
}

/** @returns all figures, as a table in Markdown */
export function table(): string {
  return ['| what | measured | note |', '| --- | --- | --- |', ...rows.map((r) => `| ${r.what} | ${r.value} | ${r.note} |`)].join('\n');
}

/** @returns minimum, median and maximum of the samples, in their unit */
export function spread(samples: readonly number[]): { min: number; median: number; max: number } {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (i: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, i))] ?? Number.NaN;
  return { min: at(0), median: at(Math.floor(sorted.length / 2)), max: at(sorted.length - 1) };
}

/** @returns `12.3 ms (min 11.0, max 20.1)` */
export function milliseconds(samples: readonly number[]): string {
  const { min, median, max } = spread(samples);
  return `${median.toFixed(1)} ms (min ${min.toFixed(1)}, max ${max.toFixed(1)}, n ${samples.length})`;
}

/** @returns `12.3 ms (95 % below 15.0, max 20.1, n 80)` */
export function percentiles(samples: readonly number[]): string {
  const sorted = [...samples].sort((a, b) => a - b);
  const { median, max } = spread(samples);
  return `${median.toFixed(1)} ms (95 % below ${(sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN).toFixed(1)}, max ${max.toFixed(1)}, n ${samples.length})`;
}

/** Runs `action` once to warm up and then `times` times. @returns milliseconds of each */
export function time(times: number, action: () => void): number[] {
  action();
  return Array.from({ length: times }, () => {
    const start = performance.now();
    action();
    return performance.now() - start;
  });
}

/** Runs `work` on the items, at most `width` at a time. */
export async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const next = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, next));
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
