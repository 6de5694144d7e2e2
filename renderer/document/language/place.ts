/** What stands at the caret: the word being written, the path to it, and what surrounds it. */
import type { Path } from '../../../engine/spec/yaml.ts';
import { readTree } from './tree.ts';
import type { MapNode, Node, ScalarNode, Tree, TreeDocument } from './tree.ts';

export interface Found {
  document: TreeDocument;
  /** Index of the document in the tree. */
  index: number;
  /** Of the value; of a key, the path of its value. */
  path: Path;
  role: 'key' | 'value';
  node: ScalarNode;
  /** Nodes from the root down to the one that holds it. */
  around: Node[];
}

/** @returns the word whose letters, or whose end, an offset touches */
export function wordAt(tree: Tree, offset: number): Found | undefined {
  const index = tree.documents.findIndex((each) => offset >= each.start && offset <= each.end);
  const document = tree.documents[index];
  return document?.root && find(document.root, { offset, document, index }, [], []);
}

interface Search {
  offset: number;
  document: TreeDocument;
  index: number;
}

function find(node: Node, search: Search, path: Path, around: Node[]): Found | undefined {
  const touches = (span: { start: number; end: number }): boolean => search.offset >= span.start && search.offset <= span.end;
  const { document, index } = search;
  if (node.kind === 'scalar') return touches(node) ? { document, index, path, role: 'value', node, around } : undefined;
  if (!touches(node)) return undefined;
  const inside = [...around, node];
  if (node.kind === 'list') {
    for (const [i, item] of node.items.entries()) {
      const found = item.value && find(item.value, search, [...path, i], inside);
      if (found) return found;
    }
    return undefined;
  }
  for (const entry of node.entries) {
    const below = [...path, entry.key.text];
    if (touches(entry.key)) return { document, index, path: below, role: 'key', node: entry.key, around: inside };
    const found = entry.value && find(entry.value, search, below, inside);
    if (found) return found;
  }
  return undefined;
}

/** Stands in for what is about to be written; no text has it. */
const MARK = '\uE0FF';

export interface Place {
  /** The tree with a mark at the caret, so that an empty place is a word too. */
  tree: Tree;
  document: TreeDocument;
  index: number;
  /** Of the value that is written; of a key, the path of the map it goes into. */
  path: Path;
  role: 'key' | 'value';
  /** The map a key goes into, when it has keys. */
  map: MapNode | undefined;
  around: readonly Node[];
  style: ScalarNode['style'];
  /** What is inserted replaces this in the text as it is, quotes left out. */
  start: number;
  end: number;
  /** What is written before the caret. */
  prefix: string;
  /** Column in which the word begins. */
  column: number;
  /** Inside brackets. */
  flow: boolean;
  /** A key that has its colon already. */
  colon: boolean;
}

/** @returns what is being written at an offset; undefined in a comment and where nothing can stand */
export function placeAt(text: string, offset: number): Place | undefined {
  const tree = readTree(text.slice(0, offset) + MARK + text.slice(offset));
  const found = wordAt(tree, offset);
  if (!found || !tree.text.slice(found.node.start, found.node.end).includes(MARK)) return undefined;
  const { node, around, document, index } = found;
  const last = around.at(-1);
  const entry = last?.kind === 'map' ? last.entries.find((each) => each.key === node) : undefined;
  const lineStart = text.lastIndexOf('\n', node.start - 1) + 1;
  return {
    tree, document, index, around, role: found.role, style: node.style,
    path: found.role === 'key' ? found.path.slice(0, -1) : found.path,
    map: found.role === 'key' && last?.kind === 'map' ? last : undefined,
    start: node.inner.start, end: Math.max(node.inner.start, node.inner.end - 1), prefix: text.slice(node.inner.start, offset), column: node.start - lineStart,
    flow: around.some((each) => each.kind !== 'scalar' && each.flow), colon: entry?.colon === true,
  };
}

/** A word as it was before the mark was set. */
export function unmarked(text: string): string {
  return text.replace(MARK, '');
}

/** The tag that an offset stands in. */
export interface TagAt {
  /** Offsets of what stands between the braces. */
  start: number;
  end: number;
  /** `{{=…}}` */
  expression: boolean;
  /** `}}` is there. */
  closed: boolean;
}

/** @returns the tag around an offset: the caret stands behind `{{` or `{{=` and not behind its `}}` */
export function tagAt(text: string, offset: number, limit: { start: number; end: number }): TagAt | undefined {
  const open = text.lastIndexOf('{{', offset - 2);
  if (open < limit.start - 2 || open < 0 || open + 2 > offset) return undefined;
  const closeBefore = text.indexOf('}}', open + 2);
  if (closeBefore >= 0 && closeBefore < offset) return undefined;
  const expression = text[open + 2] === '=';
  const start = open + (expression ? 3 : 2);
  if (offset < start) return undefined;
  const nextOpen = text.indexOf('{{', open + 2);
  const closed = closeBefore >= 0 && closeBefore <= limit.end && (nextOpen < 0 || nextOpen > closeBefore) && (expression || !text.slice(open, closeBefore).includes('\n'));
  const lineEnd = text.indexOf('\n', offset);
  return { start, end: closed ? closeBefore : Math.min(limit.end, lineEnd < 0 ? text.length : lineEnd), expression, closed };
}
