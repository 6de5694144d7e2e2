/** How the author of a text writes YAML, told from the text. */
import { isMap, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Style } from './fragment.ts';

/** As many places are looked at; a file is written in one way or in none. */
const ENOUGH = 400;

/** @param text the text of one document, whose tree is `contents` */
export function styleOf(text: string, contents: ParsedNode | null): Style {
  const style: Style = { step: 2, listStep: 2, quote: "'", eol: /\r\n/.test(text) ? '\r\n' : '\n', json: contents !== null && isJsonText(contents) };
  if (!contents) return style;
  const seen = look(text, contents);
  style.step = commonest(seen.steps, 1) ?? 2;
  style.listStep = commonest(seen.listSteps, 0) ?? style.step;
  if (seen.double > seen.single) style.quote = '"';
  return style;
}

interface Seen {
  steps: Map<number, number>;
  listSteps: Map<number, number>;
  single: number;
  double: number;
}

function look(text: string, contents: ParsedNode): Seen {
  const seen: Seen = { steps: new Map(), listSteps: new Map(), single: 0, double: 0 };
  const pending: ParsedNode[] = [contents];
  for (let count = 0, node = pending.pop(); node && count < ENOUGH; count++, node = pending.pop()) {
    if (isScalar(node)) countQuote(node.type, seen);
    else if (isSeq(node)) pending.push(...node.items);
    else if (isMap(node)) {
      for (const { key, value } of node.items) {
        if (!value) continue;
        pending.push(value);
        if (node.flow !== true) countStep(text, key, value, seen);
      }
    }
  }
  return seen;
}

function countQuote(type: string | undefined, seen: Seen): void {
  if (type === 'QUOTE_DOUBLE') seen.double++;
  if (type === 'QUOTE_SINGLE') seen.single++;
}

function countStep(text: string, key: ParsedNode, value: ParsedNode, seen: Seen): void {
  if ((!isMap(value) && !isSeq(value)) || value.flow === true || !text.slice(key.range[0], value.range[0]).includes('\n')) return;
  const deeper = columnOf(text, value.range[0]) - columnOf(text, key.range[0]);
  const counts = isMap(value) ? seen.steps : seen.listSteps;
  counts.set(deeper, (counts.get(deeper) ?? 0) + 1);
}

function isJsonText(contents: ParsedNode): boolean {
  return isMap(contents) && contents.flow === true && contents.items.every((item) => isScalar(item.key) && item.key.type === 'QUOTE_DOUBLE');
}

function columnOf(text: string, offset: number): number {
  return offset - (offset <= 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1);
}

function commonest(counts: ReadonlyMap<number, number>, least: number): number | undefined {
  return [...counts].filter(([key]) => key >= least).sort((a, b) => b[1] - a[1])[0]?.[0];
}
