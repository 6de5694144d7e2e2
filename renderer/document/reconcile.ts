/** The smallest edits of a text that give its document another value. Bytes of what did not change are not touched. */
import { isAlias, isMap, isScalar, isSeq, type CST, type Pair, type ParsedNode, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { keyOf } from '../../engine/spec/ranges.ts';
import { isDeepEqual } from './equal.ts';
import { applyEdits } from './edit.ts';
import type { TextEdit } from './edit.ts';
import { afterIndicator, blockScalar, entriesOf, entryText, flow, inlineScalar, itemText } from './fragment.ts';
import type { Style } from './fragment.ts';
import { alignItems } from './align.ts';
import { derive, originOf } from './origin.ts';

type Entry = Pair<ParsedNode, ParsedNode | null>;
type MapNode = YAMLMap.Parsed;
type SeqNode = YAMLSeq.Parsed;

/** The text cannot be changed in place; the message is for the person. */
export class Unpatchable extends Error {}

/** Where a value stands: behind a colon, behind a dash, or alone. */
interface Holder {
  /** End of the colon or dash; of the document's start for its root. */
  indicatorEnd: number;
  /** Column of the key or dash. */
  column: number;
  inList: boolean;
  /** Inside brackets. */
  flow: boolean;
}

/**
 * @param text the text of the document alone
 * @param contents its syntax tree, with source tokens
 * @param old its value
 * @param next the value it shall have; parts of `old` that it shares are known to be unchanged
 * @returns edits of `text`
 * @throws Unpatchable
 */
export function reconcile(text: string, contents: ParsedNode, old: unknown, next: unknown, style: Style): TextEdit[] {
  let items: Map<object, Item> | undefined;
  const kept = (value: object, column: number): string | undefined => {
    const item = (items ??= indexItems(contents, old)).get(originOf(value));
    return item && new Patch(text, patchStyle).itemSlice(item, value, column);
  };
  const patchStyle: Style = { ...style, kept };
  const patch = new Patch(text, patchStyle);
  patch.value(contents, old, next, { indicatorEnd: contents.range[0], column: -style.step, inList: false, flow: false });
  return patch.edits.map((edit) => apart(text, edit, patch.edits));
}

/** Where lines go and others come in among them, neither edit may reach into the other. */
function apart(text: string, edit: TextEdit, edits: readonly TextEdit[]): TextEdit {
  const within = (insertion: TextEdit, removal: TextEdit): boolean =>
    insertion.start === insertion.end && removal.text === '' && insertion.start > removal.start && insertion.start < removal.end;
  const atLineEnd = /^\r?\n/;
  const inside = edits.find((other) => within(other, edit) && atLineEnd.test(other.text));
  // New lines behind the old ones: the old ones give up the break before them.
  if (inside && text[edit.start - 1] === '\n') return { start: edit.start - (text[edit.start - 2] === '\r' ? 2 : 1), end: inside.start, text: '' };
  const around = edits.find((other) => within(edit, other));
  if (!around || atLineEnd.test(edit.text)) return edit;
  // New lines before an old one that goes with the comment above it: they come in above the comment.
  const indent = / *$/.exec(edit.text)?.[0] ?? '';
  return { start: around.start, end: around.start, text: indent + edit.text.slice(0, edit.text.length - indent.length) };
}

/** An item of a list in the text. */
interface Item {
  list: SeqNode;
  index: number;
  value: object;
}

/** Where every object that is an item of a list stands. */
function indexItems(contents: ParsedNode, value: unknown): Map<object, Item> {
  const items = new Map<object, Item>();
  const visit = (node: ParsedNode | null, at: unknown): void => {
    if (node && isSeq(node) && Array.isArray(at)) {
      for (const [index, item] of at.entries()) {
        if (typeof item === 'object' && item !== null && !items.has(item as object)) items.set(item as object, { list: node, index, value: item as object });
        visit(node.items[index] ?? null, item);
      }
    } else if (node && isMap(node) && isRecord(at)) for (const [key, entry] of ownEntries(node)) visit(entry.value, at[key]);
  };
  visit(contents, value);
  return items;
}

class Patch {
  readonly edits: TextEdit[] = [];
  /** Offsets of the dashes of lists that were looked at. */
  private readonly dashes = new Map<SeqNode, readonly number[]>();
  private readonly text: string;
  private readonly style: Style;

  constructor(text: string, style: Style) {
    this.text = text;
    this.style = style;
  }

  value(node: ParsedNode | null, old: unknown, next: unknown, holder: Holder): void {
    if (Object.is(old, next)) return;
    // What an alias stands for is written elsewhere; whether that came out right is seen when the text is read again.
    if (node && isAlias(node)) return;
    if (isRecord(old) && isRecord(next) && node && isMap(node) && entriesOf(next).length > 0 && node.items.length > 0) this.map(node, old, next);
    else if (Array.isArray(old) && Array.isArray(next) && node && isSeq(node) && next.length > 0 && node.items.length > 0) this.list(node, old, next);
    else if (!isDeepEqual(old, next)) this.replace(node, next, holder);
  }

  // Maps.

  private map(node: MapNode, old: Record<string, unknown>, next: Record<string, unknown>): void {
    const own = ownEntries(node);
    const wanted = new Map(entriesOf(next));
    const gone = [...own.keys()].filter((key) => !wanted.has(key) && Object.hasOwn(old, key));
    const added = [...wanted.keys()].filter((key) => !own.has(key) && !(Object.hasOwn(old, key) && isDeepEqual(old[key], wanted.get(key))));
    if (gone.length === 1 && added.length === 1 && this.renameKey(node, own, old, next, gone[0] ?? '', added[0] ?? '')) return;
    const kept = [...own.keys()].filter((key) => wanted.has(key));
    if (kept.length === 0 && node.items.every((item) => keyOf(item.key) !== undefined && gone.includes(keyOf(item.key) ?? ''))) {
      this.rewrite(node, next);
      return;
    }
    for (const key of kept) {
      const entry = own.get(key);
      if (entry && !Object.is(old[key], wanted.get(key))) this.value(entry.value, old[key], wanted.get(key), this.holderOf(node, entry));
    }
    this.remove(node, node.items.map((item) => gone.includes(keyOf(item.key) ?? '\0')));
    this.addEntries(node, own, added, wanted);
  }

  /** One key became another and its value stayed. */
  private renameKey(node: MapNode, own: Map<string, Entry>, old: Record<string, unknown>, next: Record<string, unknown>, from: string, to: string): boolean {
    const entry = own.get(from);
    if (!entry || !isScalar(entry.key) || !isDeepEqual(old[from], next[to])) return false;
    this.edits.push({ start: entry.key.range[0], end: entry.key.range[1], text: inlineScalar(to, this.style, isFlow(node), quoteOf(entry.key)) });
    for (const [key, other] of own) if (key !== from) this.value(other.value, old[key], next[key], this.holderOf(node, other));
    return true;
  }

  private holderOf(node: MapNode, entry: Entry): Holder {
    return { indicatorEnd: this.colonEnd(entry), column: this.column(entry.key.range[0]), inList: false, flow: isFlow(node) };
  }

  private colonEnd(entry: Entry): number {
    const item = entry.srcToken;
    if (item?.start.some((token) => token.type === 'explicit-key-ind') === true) throw new Unpatchable('A key here is written with a question mark.');
    const colon = item?.sep?.find((token) => token.type === 'map-value-ind');
    if (!colon) throw new Unpatchable('A key here has no colon.');
    return colon.offset + colon.source.length;
  }

  private addEntries(node: MapNode, own: Map<string, Entry>, added: readonly string[], wanted: Map<string, unknown>): void {
    const keys = [...wanted.keys()];
    for (let at = 0; at < added.length; ) {
      const first = keys.indexOf(added[at] ?? '');
      let run = 1;
      while (at + run < added.length && keys[first + run] === added[at + run]) run++;
      const pieces = keys.slice(first, first + run);
      const before = keys.slice(0, first).findLast((key) => own.has(key));
      const index = before === undefined ? -1 : node.items.indexOf(own.get(before) as never);
      const write = (column: number): string[] => pieces.map((key) => (isFlow(node) ? this.flowEntry(key, wanted.get(key)) : entryText(key, wanted.get(key), column, this.style)));
      this.insert(node, index, write);
      at += run;
    }
  }

  private flowEntry(key: string, value: unknown): string {
    return `${inlineScalar(key, this.style, true)}: ${flow(value, this.style)}`;
  }

  // Lists.

  private list(node: SeqNode, old: readonly unknown[], next: readonly unknown[]): void {
    const { stays, moves } = alignItems(old, next);
    if (stays.size === 0 && moves.size === 0) {
      this.rewrite(node, next);
      return;
    }
    for (const [to, from] of moves) {
      const [before, after] = [old[from], next[to]];
      if (typeof before === 'object' && before !== null && typeof after === 'object' && after !== null && originOf(after) === after) derive(before, after);
    }
    for (const [to, from] of stays) if (!Object.is(old[from], next[to])) this.value(node.items[from] ?? null, old[from], next[to], this.itemHolder(node, from));
    const left = new Set(stays.values());
    this.remove(node, node.items.map((_, index) => !left.has(index)));
    for (let to = 0; to < next.length; to++) {
      if (stays.has(to)) continue;
      const index = to;
      while (to + 1 < next.length && !stays.has(to + 1)) to++;
      const after = stays.get(index - 1) ?? -1;
      this.insert(node, after, (column) => range(index, to).map((each) => (isFlow(node) ? flow(next[each], this.style) : itemText(next[each], column, this.style))));
    }
  }

  private itemHolder(node: SeqNode, index: number): Holder {
    const dash = this.dash(node, index);
    return { indicatorEnd: dash + 1, column: this.column(dash), inList: true, flow: isFlow(node) };
  }

  /** Where an item begins: its dash, or in brackets the item itself. */
  private dash(node: SeqNode, index: number): number {
    if (isFlow(node)) return node.items[index]?.range[0] ?? node.range[0];
    let dashes = this.dashes.get(node);
    if (!dashes) {
      const tokens = (node.srcToken as CST.BlockSequence | undefined)?.items ?? [];
      dashes = tokens.flatMap((token) => token.start.filter((part) => part.type === 'seq-item-ind').map((part) => part.offset));
      this.dashes.set(node, dashes);
    }
    return dashes[index] ?? node.range[0];
  }

  /** The text of an item that goes elsewhere, with its comments and its changes, its dash to stand in `column`. */
  itemSlice({ list, index, value }: Item, next: object, column: number): string | undefined {
    const node = list.items[index] ?? null;
    if (!node || isAlias(node)) return undefined;
    this.value(node, value, next, this.itemHolder(list, index));
    const dash = this.dash(list, index);
    const end = isFlow(list) ? node.range[1] : this.tailEnd(this.contentEnd(node, dash + 1), this.column(dash));
    const lineStart = this.lineStart(dash);
    const ownLine = !isFlow(list) && this.text.slice(lineStart, dash).trim() === '';
    const start = ownLine ? this.commentsAbove(lineStart) : dash;
    // A comment above a row speaks of its first step.
    const opensRow = !isFlow(list) && !ownLine && index === 0 && /^[\s-]*$/.test(this.text.slice(lineStart, dash));
    const above = opensRow ? this.text.slice(this.commentsAbove(lineStart), lineStart) : '';
    const body = applyEdits(this.text.slice(start, end), this.edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start })));
    const lines = body.trimEnd().split(/\r?\n/);
    const shift = column - this.column(dash);
    const moved = lines.map((line, at) => (at === 0 && !ownLine ? line : shiftLine(line, shift)));
    const comments = above.trimEnd().split(/\r?\n/).filter((line) => line !== '').map((line) => ' '.repeat(column) + line.trim());
    const whole = comments.length > 0 ? [...comments, ' '.repeat(column) + (moved[0] ?? ''), ...moved.slice(1)] : moved;
    return (isFlow(list) ? '- ' : '') + whole.join(this.style.eol).trimStart();
  }

  // Values.

  /** A collection with other contents altogether. */
  private rewrite(node: MapNode | SeqNode, next: unknown): void {
    if (isFlow(node)) {
      this.edits.push({ start: node.range[0], end: node.range[1], text: flow(next, this.style) });
      return;
    }
    const start = isMap(node) ? node.items[0]?.key.range[0] ?? node.range[0] : this.dash(node, 0);
    const column = this.column(start);
    const lines = isMap(node) ? entriesOf(next as object).map(([key, value]) => entryText(key, value, column, this.style)) : (next as unknown[]).map((value) => itemText(value, column, this.style));
    this.edits.push({ start, end: this.contentEnd(node, start), text: lines.join(this.style.eol + ' '.repeat(column)) });
  }

  private replace(node: ParsedNode | null, next: unknown, holder: Holder): void {
    const scalar = typeof next !== 'object' || next === null;
    if (node && isScalar(node) && scalar && node.range[1] > node.range[0]) { this.scalar(node, next, holder); return; }
    const empty = !node || node.range[1] <= node.range[0];
    if (holder.flow || this.style.json) {
      const at = empty ? holder.indicatorEnd : node.range[0];
      this.edits.push({ start: at, end: empty ? at : node.range[1], text: (empty ? ' ' : '') + flow(next, this.style) });
      return;
    }
    const written = afterIndicator(next, holder.column, this.style, holder.inList);
    const end = empty ? holder.indicatorEnd : this.valueEnd(node);
    const startsBelow = !empty && this.text.slice(holder.indicatorEnd, node.range[0]).includes('\n');
    if (!written.startsWith(this.style.eol)) {
      this.edits.push({ start: holder.indicatorEnd, end, text: written });
    } else if (startsBelow) {
      const from = this.lineStart(node.range[0]);
      this.edits.push({ start: from, end, text: written.slice(this.style.eol.length) });
    } else {
      // A block goes below the line, and a comment at its end stays there.
      const lineEnd = this.lineEnd(end);
      this.edits.push({ start: holder.indicatorEnd, end, text: '' }, { start: lineEnd, end: lineEnd, text: written });
    }
  }

  /** End of what is written of a value, its last line whole where it is a block. */
  private valueEnd(node: ParsedNode): number {
    if (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')) return this.blockEnd(node);
    return isScalar(node) || isAlias(node) || isFlow(node) ? node.range[1] : this.contentEnd(node, node.range[0]);
  }

  /** End of a value without the blank lines that may follow it. */
  private trimmedEnd(node: ParsedNode): number {
    const body = this.text.slice(node.range[0], node.range[1]).trimEnd();
    return node.range[0] + body.length;
  }

  private scalar(node: Scalar.Parsed, next: unknown, holder: Holder): void {
    const [start, end] = node.range;
    if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') { this.block(node, next, holder); return; }
    if (typeof next === 'string' && next.includes('\n') && !holder.flow && !this.style.json) {
      const block = blockScalar(next, Math.max(holder.column, 0) + this.style.step);
      if (block) return void this.edits.push({ start, end, text: [block.header, ...block.lines].join(this.style.eol) });
    }
    this.edits.push({ start, end, text: inlineScalar(next, this.style, holder.flow, typeof next === 'string' ? quoteOf(node) : undefined) });
  }

  /** Another text for a `|` or `>` block, at the indentation that it has. */
  private block(node: Scalar.Parsed, next: unknown, holder: Holder): void {
    const [start] = node.range;
    const end = this.blockEnd(node);
    const source = this.text.slice(start, end);
    const indent = /\n( +)\S/.exec(source)?.[1]?.length ?? Math.max(holder.column, 0) + this.style.step;
    const block = typeof next === 'string' ? (blockScalar(next, indent) ?? blockOfLine(next, indent)) : undefined;
    if (!block) return void this.edits.push({ start, end, text: inlineScalar(next, this.style, false) });
    const comment = /^[|>][-+0-9]*([ \t]+#[^\n]*?)?\r?\n/.exec(source)?.[1] ?? '';
    this.edits.push({ start, end, text: [block.header + comment, ...block.lines].join(this.style.eol) });
  }

  private blockEnd(node: Scalar.Parsed): number {
    const source = this.text.slice(node.range[0], node.range[1]);
    const keeps = /^[|>][-0-9]*\+/.test(source);
    return keeps ? node.range[1] - (source.endsWith('\r\n') ? 2 : source.endsWith('\n') ? 1 : 0) : this.trimmedEnd(node);
  }

  // Entries and items alike.

  /** Inserts behind the item at `after`, or before the first one. */
  private insert(node: MapNode | SeqNode, after: number, write: (column: number) => string[]): void {
    const start = this.startOf(node, Math.max(after, 0));
    if (isFlow(node)) { this.insertFlow(node, after, write(0)); return; }
    if (this.style.json) throw new Unpatchable('This place is not written as JSON.');
    const column = this.column(start);
    const indent = this.style.eol + ' '.repeat(column);
    const text = write(column).join(indent);
    if (after < 0) return void this.edits.push({ start, end: start, text: text + indent });
    const end = this.tailEnd(this.contentEnd(this.valueAt(node, after), this.keyEnd(node, after)), column);
    const broken = this.text[end - 1] === '\n';
    this.edits.push({ start: end, end, text: broken ? ' '.repeat(column) + text + this.style.eol : indent + text });
  }

  private insertFlow(node: MapNode | SeqNode, after: number, pieces: string[]): void {
    const first = this.startOf(node, 0);
    const alone = this.text.slice(this.lineStart(first), first).trim() === '';
    const glue = alone ? `,${this.style.eol}${' '.repeat(this.column(first))}` : ', ';
    if (after < 0) this.edits.push({ start: first, end: first, text: pieces.join(glue) + glue });
    else {
      const end = this.flowEnd(node, after);
      this.edits.push({ start: end, end, text: glue + pieces.join(glue) });
    }
  }

  /** Takes away the marked items with their lines and the comments that belong to them. */
  private remove(node: MapNode | SeqNode, marked: readonly boolean[]): void {
    if (!marked.includes(true)) return;
    for (let index = 0; index < marked.length; index++) {
      if (marked[index] !== true) continue;
      const first = index;
      while (marked[index + 1] === true) index++;
      if (isFlow(node)) this.removeFlow(node, first, index);
      else this.removeBlock(node, first, index);
    }
  }

  private removeFlow(node: MapNode | SeqNode, first: number, last: number): void {
    if (last + 1 < node.items.length) this.edits.push({ start: this.startOf(node, first), end: this.startOf(node, last + 1), text: '' });
    else this.edits.push({ start: first > 0 ? this.flowEnd(node, first - 1) : this.startOf(node, first), end: this.flowEnd(node, last), text: '' });
  }

  private removeBlock(node: MapNode | SeqNode, first: number, last: number): void {
    const start = this.startOf(node, first);
    const end = this.tailEnd(this.contentEnd(this.valueAt(node, last), this.keyEnd(node, last)), this.column(start));
    const lineStart = this.lineStart(start);
    if (this.text.slice(lineStart, start).trim() !== '') {
      // The first of its block stands behind a dash: what follows moves up there.
      const next = last + 1 < node.items.length ? this.startOf(node, last + 1) : end;
      const between = this.text.slice(end, next);
      this.edits.push({ start, end: between.includes('#') ? end : next, text: '' });
      return;
    }
    let from = this.commentsAbove(lineStart);
    let to = this.text[end - 1] === '\n' ? end : Math.min(this.lineEnd(end) + this.breakAt(this.lineEnd(end)), this.text.length);
    const atEnd = to >= this.text.length && !this.text.endsWith('\n');
    if (atEnd && from > 0 && !this.endsInBlock(node, first - 1)) from -= this.text.slice(from - 2, from) === '\r\n' ? 2 : 1;
    // Two blank lines that come to stand together become one.
    else if (from > 0 && this.isBlankLine(this.lineStart(from - 1)) && this.isBlankLine(to)) to = this.lineEnd(to) + this.breakAt(this.lineEnd(to));
    this.edits.push({ start: from, end: to, text: '' });
  }

  /** A block needs the line break behind it. */
  private endsInBlock(node: MapNode | SeqNode, index: number): boolean {
    const value = index < 0 ? null : this.valueAt(node, index);
    const last = value && lastLeaf(value);
    return last !== null && isScalar(last) && (last.type === 'BLOCK_LITERAL' || last.type === 'BLOCK_FOLDED');
  }

  private isBlankLine(start: number): boolean {
    return start < this.text.length && this.text.slice(start, this.lineEnd(start)).trim() === '';
  }

  /** Start of the block of comment lines right above a line. */
  private commentsAbove(lineStart: number): number {
    let from = lineStart;
    while (from > 0) {
      const above = this.lineStart(from - 1);
      if (!/^[ \t]*#/.test(this.text.slice(above, from))) break;
      from = above;
    }
    return from;
  }

  private startOf(node: MapNode | SeqNode, index: number): number {
    if (isMap(node)) return this.entryStart((node).items[index]);
    return this.dash(node, index);
  }

  /** A key's own properties (an anchor, a tag) stand before it. */
  private entryStart(entry: Entry | undefined): number {
    if (!entry) throw new Unpatchable('This place is empty.');
    const item = entry.srcToken;
    const props = item?.start.find((token) => token.type === 'anchor' || token.type === 'tag' || token.type === 'explicit-key-ind');
    return props?.offset ?? entry.key.range[0];
  }

  private valueAt(node: MapNode | SeqNode, index: number): ParsedNode | null {
    return isMap(node) ? ((node).items[index]?.value ?? null) : ((node).items[index] ?? null);
  }

  private keyEnd(node: MapNode | SeqNode, index: number): number {
    if (!isMap(node)) return isFlow(node) ? this.dash(node, index) : this.dash(node, index) + 1;
    const entry = (node).items[index];
    if (!entry) throw new Unpatchable('This place is empty.');
    return isFlow(node) && !entry.value ? entry.key.range[1] : this.colonEnd(entry);
  }

  private flowEnd(node: MapNode | SeqNode, index: number): number {
    const value = this.valueAt(node, index);
    return value && value.range[1] > value.range[0] ? value.range[1] : this.keyEnd(node, index);
  }

  /** End of the last line of a value, the comment on it included; behind a block that keeps its blank lines, their end. */
  private contentEnd(node: ParsedNode | null, from: number): number {
    const last = node ? lastLeaf(node) : null;
    if (!last || last.range[1] <= last.range[0]) return this.lineEnd(Math.max(from, last ? last.range[0] : from, node ? this.lastIndicator(node) : from));
    if (isScalar(last) && (last.type === 'BLOCK_LITERAL' || last.type === 'BLOCK_FOLDED')) {
      const end = this.blockEnd(last);
      return this.text.startsWith('\n', end) && /^[|>][-0-9]*\+/.test(this.text.slice(last.range[0], end)) ? end : this.lineEnd(end);
    }
    return this.lineEnd(last.range[1]);
  }

  /** End of the last colon or dash of a collection whose last value is not written. */
  private lastIndicator(node: ParsedNode): number {
    if (isFlow(node) || isScalar(node) || isAlias(node)) return node.range[1];
    const collection = node;
    const index = collection.items.length - 1;
    const value = this.valueAt(collection, index);
    return value && value.range[1] > value.range[0] ? this.lastIndicator(value) : this.keyEnd(collection, index);
  }

  /** Comment lines below an item that stand further in than it belong to it. */
  private tailEnd(end: number, column: number): number {
    let at = end;
    for (let next = at + this.breakAt(at); next > at && next < this.text.length; next = at + this.breakAt(at)) {
      const lineEnd = this.lineEnd(next);
      const comment = /^( *)#/.exec(this.text.slice(next, lineEnd));
      if (!comment || (comment[1]?.length ?? 0) <= column) break;
      at = lineEnd;
    }
    return at;
  }

  private column(offset: number): number {
    return offset - this.lineStart(offset);
  }

  private lineStart(offset: number): number {
    return offset <= 0 ? 0 : this.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** The end of the line's text, before its line break. */
  private lineEnd(offset: number): number {
    const at = this.text.indexOf('\n', offset);
    if (at < 0) return this.text.length;
    return this.text[at - 1] === '\r' && at - 1 >= offset ? at - 1 : at;
  }

  private breakAt(offset: number): number {
    return this.text[offset] === '\r' ? 2 : this.text[offset] === '\n' ? 1 : 0;
  }
}

function shiftLine(line: string, by: number): string {
  if (line.trim() === '') return '';
  const blank = /^ */.exec(line)?.[0].length ?? 0;
  return ' '.repeat(Math.max(blank + by, 0)) + line.slice(blank);
}

/** A block that held one line holds the next one too. */
function blockOfLine(value: string, indent: number): { header: string; lines: string[] } | undefined {
  return value.trim() === value && value !== '' && !/[\n\t\r]/.test(value) ? { header: '|-', lines: [' '.repeat(indent) + value] } : undefined;
}

function lastLeaf(node: ParsedNode): ParsedNode | null {
  if (isScalar(node) || isAlias(node) || isFlow(node)) return node;
  if (isMap(node)) {
    const last = (node).items.at(-1);
    return last?.value ? lastLeaf(last.value) : null;
  }
  const last = (node).items.at(-1);
  return last ? lastLeaf(last) : null;
}

function isFlow(node: ParsedNode): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

function quoteOf(node: ParsedNode): '"' | "'" | undefined {
  if (!isScalar(node)) return undefined;
  return node.type === 'QUOTE_DOUBLE' ? '"' : node.type === 'QUOTE_SINGLE' ? "'" : undefined;
}

/** The entries that count, by key: of a key given twice the last. */
function ownEntries(node: MapNode): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const item of node.items) {
    const key = keyOf(item.key);
    if (key !== undefined && !isMerge(item.key)) entries.set(key, item);
  }
  return entries;
}

function isMerge(key: ParsedNode): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
