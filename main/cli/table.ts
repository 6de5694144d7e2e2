/** Columns for a terminal: as wide as their longest entry, nothing is cut. */

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]/u;
const MARKS = /\p{Mn}|\u001b\[[0-9;]*m/gu;

/** @returns columns a text takes on a terminal; colours take none */
export function width(text: string): number {
  let columns = 0;
  for (const character of text.replaceAll(MARKS, '')) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}

/** @returns lines without trailing blanks; columns that are empty in all rows are left out */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const shown = header.map((_, i) => i === 0 || rows.some((row) => row[i]));
  const pick = (row: readonly string[]): string[] => header.map((_, i) => row[i] ?? '').filter((_, i) => shown[i]);
  const all = [header, ...rows].map(pick);
  const widths = (all[0] ?? []).map((_, i) => Math.max(...all.map((row) => width(row[i] ?? ''))));
  return all.map((row) => row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell))).join('  ').trimEnd());
}
