/** Tasks as text on the clipboard: they can be pasted into another template, another file, or an editor. */
import { say } from '../app/store.ts';
import type { SketchNode } from '../document/sketch.ts';
import { objectOf, useDesigner } from './session.ts';
import { useUi } from '../app/store.ts';

/** Copies tasks as a YAML list, as they are written. */
export async function copyTasks(nodes: readonly SketchNode[]): Promise<void> {
  const text = useUi.getState().document?.text ?? '';
  const object = objectOf(useDesigner.getState());
  const items = nodes.flatMap((node) => {
    const range = object?.rangeOf(node.path);
    return range ? [asItem(text, range.start, range.end)] : [];
  });
  await navigator.clipboard.writeText(items.join('')).catch(() => { say('failed', 'The clipboard could not be written.'); });
}

/** A mapping out of the text as an item of a list that starts at the margin. */
function asItem(text: string, start: number, end: number): string {
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  const lines = text.slice(start, end).trimEnd().split('\n').map((line, i) => (i === 0 ? line : line.slice(0, column).trim() === '' ? line.slice(column) : line));
  return lines.map((line, i) => `${i === 0 ? '- ' : line === '' ? '' : '  '}${line}\n`).join('');
}
