/** @returns the lines of [start, end), as far to the left as they go together */
export function sliceOf(text: string, start: number, end: number): string {
  const column = start - (start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1);
  const lines = text.slice(start, end).replace(/\s+$/, '').split(/\r?\n/);
  return lines.map((line, index) => (index === 0 ? line : line.slice(Math.min(column, /^ */.exec(line)?.[0].length ?? 0)))).join('\n');
}
