/**
 * YAML as it stands while somebody types: a tree that no text can break. The strict reader (engine/spec/yaml.ts) says what a text means and
 * what is wrong with it; this one says where things are, whatever is half written: a word without its colon is a key to be, a line in a wrong
 * column belongs to the nearest map around it, and a quote or bracket that is not closed ends before the next key.
 */
import { splitDocuments } from '../../../engine/spec/yaml.ts';

interface Span {
  /** UTF-16 offsets into the whole text: [start, end). */
  start: number;
  end: number;
}

export interface ScalarNode extends Span {
  kind: 'scalar';
  /** What it says: without quotes, lines of a block as they are. */
  text: string;
  style: 'plain' | 'single' | 'double' | 'block' | 'alias';
  /** Where what it says is written: inside the quotes, under the block's header. */
  inner: Span;
}

export interface MapEntry extends Span {
  key: ScalarNode;
  /** A colon follows the key. */
  colon: boolean;
  value: Node | undefined;
}

export interface MapNode extends Span {
  kind: 'map';
  entries: MapEntry[];
  flow: boolean;
  /** Column in which its keys begin. */
  column: number;
}

export interface ListItem extends Span {
  value: Node | undefined;
}

export interface ListNode extends Span {
  kind: 'list';
  items: ListItem[];
  flow: boolean;
  column: number;
}

export type Node = ScalarNode | MapNode | ListNode;

export interface TreeDocument extends Span {
  root: Node | undefined;
  /** What `*name` stands for. */
  anchors: ReadonlyMap<string, Node>;
}

export interface Tree {
  text: string;
  documents: TreeDocument[];
}

/** @returns the tree of any text; never throws */
export function readTree(text: string): Tree {
  return { text, documents: splitDocuments(text).map(({ offset, text: piece }) => new Reader(text, offset, offset + piece.length).read()) };
}

/** Deeper nesting is left unread. */
const MAX_DEPTH = 200;
const BLOCK_KEY = /^[ ]*(?:- +)*(?:"[^"\n]*"|'[^'\n]*'|[^\s#&*!|>'"%@`{}[\],-][^\n#{}[\],]*?|-[^\s:][^\n:]*?)[ ]*:(?=\s|$)/;

class Reader {
  private readonly text: string;
  private readonly from: number;
  private readonly to: number;
  private at: number;
  private depth = 0;
  private readonly anchors = new Map<string, Node>();

  constructor(text: string, from: number, to: number) {
    this.text = text;
    this.from = from;
    this.to = to;
    this.at = from;
  }

  read(): TreeDocument {
    if (this.text.charCodeAt(this.at) === 0xfeff) this.at++;
    if (/^---(?=\s|$)/.test(this.text.slice(this.at, this.at + 4))) this.at += 3;
    const root = this.block(-1);
    return { start: this.from, end: this.to, root, anchors: this.anchors };
  }

  /** The value that begins at or after here in a column beyond `parent`. */
  private block(parent: number): Node | undefined {
    this.skipBlank();
    if (this.at >= this.to || this.column() <= parent || this.depth >= MAX_DEPTH) return undefined;
    this.depth++;
    const node = this.value(parent);
    this.depth--;
    return node;
  }

  /** The value that begins here. */
  private value(parent: number): Node | undefined {
    const anchor = this.properties();
    if (this.atLineEnd()) {
      const node = this.block(parent);
      if (anchor !== undefined && node) this.anchors.set(anchor, node);
      return node;
    }
    const node = this.content(parent);
    if (anchor !== undefined) this.anchors.set(anchor, node);
    return node;
  }

  private content(parent: number): Node {
    const character = this.text[this.at];
    if (this.isDash()) return this.list(parent);
    if ((character === '{' && this.text[this.at + 1] !== '{') || character === '[') return this.flow(parent);
    if (character === '|' || character === '>') return this.blockScalar(parent);
    const column = this.column();
    const first = character === '"' || character === "'" ? this.quoted(parent) : character === '*' ? this.alias() : this.plainLine();
    if (this.isColon()) return this.map(first, column, parent);
    if (first.style !== 'plain') return first;
    return this.isPartialKey(first, column) ? this.map(first, column, parent) : this.continued(first, parent);
  }

  /** A word alone on its line with keys below it in its column: a key that is being written. */
  private isPartialKey(first: ScalarNode, column: number): boolean {
    const before = this.at;
    this.skipBlank();
    const follows = this.at < this.to && this.column() === column && !this.isDash() && BLOCK_KEY.test(this.lineFrom(this.at)) && this.lineOf(first.start) !== this.lineOf(this.at);
    this.at = before;
    return follows;
  }

  /** A map whose first key has been read. Its further keys stand in `column`; those in a wrong one beyond `parent` are taken for its own. */
  private map(firstKey: ScalarNode, column: number, parent: number): MapNode {
    const map: MapNode = { kind: 'map', start: firstKey.start, end: firstKey.end, entries: [], flow: false, column };
    let key: ScalarNode | undefined = firstKey;
    while (key) {
      const entry: MapEntry = { key, colon: this.isColon(), value: undefined, start: key.start, end: key.end };
      map.entries.push(entry);
      if (entry.colon) {
        this.at++;
        entry.end = this.at;
        entry.value = this.entryValue(column);
      }
      entry.end = Math.max(entry.end, entry.value?.end ?? 0);
      map.end = entry.end;
      key = this.nextKey(entry, parent);
      map.end = Math.max(map.end, entry.end);
    }
    return map;
  }

  private entryValue(column: number): Node | undefined {
    this.skipSpaces();
    if (!this.atLineEnd()) return this.depth >= MAX_DEPTH ? this.plainLine() : this.nested(() => this.value(column));
    this.skipBlank();
    if (this.at >= this.to) return undefined;
    // A list may stand in the column of its key.
    return this.column() === column && this.isDash() ? this.nested(() => this.list(column - 1)) : this.block(column);
  }

  private nested<T>(read: () => T): T {
    this.depth++;
    const node = read();
    this.depth--;
    return node;
  }

  /** The next key of a map; what is neither key nor word is given to the entry before when that has no value, and passed over else. */
  private nextKey(before: MapEntry, parent: number): ScalarNode | undefined {
    for (;;) {
      this.skipBlank();
      if (this.at >= this.to || this.column() <= parent) return undefined;
      const character = this.text[this.at] ?? '';
      if (!this.isDash() && !'{[|>&!'.includes(character)) {
        if (character === '"' || character === "'") return this.quoted(parent);
        return character === '*' ? this.alias() : this.plainLine();
      }
      const start = this.at;
      const stray = this.value(parent);
      before.value ??= stray;
      before.end = Math.max(before.end, stray?.end ?? 0);
      if (this.at === start) this.at++;
    }
  }

  private list(parent: number): ListNode {
    const column = this.column();
    const list: ListNode = { kind: 'list', start: this.at, end: this.at + 1, items: [], flow: false, column };
    for (;;) {
      const item: ListItem = { start: this.at, end: this.at + 1, value: undefined };
      const dash = this.column();
      list.items.push(item);
      this.at++;
      this.skipSpaces();
      item.value = this.atLineEnd() ? this.block(dash) : this.nested(() => this.value(dash));
      item.end = Math.max(item.end, item.value?.end ?? 0);
      list.end = item.end;
      if (!this.nextItem(item, column, parent)) return list;
      list.end = Math.max(list.end, item.end);
    }
  }

  /** Goes to the next dash of a list; words that belong nowhere are passed over. */
  private nextItem(before: ListItem, column: number, parent: number): boolean {
    for (;;) {
      this.skipBlank();
      if (this.at >= this.to || this.column() <= parent) return false;
      if (this.isDash()) return true;
      if (this.column() <= column) return false;
      const start = this.at;
      const stray = this.value(column);
      before.value ??= stray;
      before.end = Math.max(before.end, stray?.end ?? 0);
      if (this.at === start) this.at++;
    }
  }

  /** Plain text to the end of its line, a comment or a colon. */
  private plainLine(): ScalarNode {
    const line = this.lineFrom(this.at);
    const stop = /:(?=\s|$)|\s#/.exec(hideTags(line));
    const text = (stop ? line.slice(0, stop.index) : line).trimEnd();
    const node = this.scalar('plain', this.at, this.at + text.length, text);
    this.at = node.end;
    this.skipSpaces();
    return node;
  }

  /** Further lines of plain text. */
  private continued(first: ScalarNode, parent: number): ScalarNode {
    for (;;) {
      const before = this.at;
      this.skipSpaces();
      if (this.text[this.at] === '#') return first;
      this.skipBlank();
      const line = this.lineFrom(this.at);
      if (this.at >= this.to || this.column() <= parent || this.isDash() || BLOCK_KEY.test(line) || this.lineOf(before) === this.lineOf(this.at)) {
        this.at = before;
        return first;
      }
      const next = this.plainLine();
      first.text += ` ${next.text}`;
      first.end = next.end;
      first.inner.end = next.end;
      if (this.isColon()) {
        this.at = next.end;
        return first;
      }
    }
  }

  private scalar(style: ScalarNode['style'], start: number, end: number, text: string): ScalarNode {
    return { kind: 'scalar', style, start, end, text, inner: { start, end } };
  }

  private alias(): ScalarNode {
    const name = /^\*[^\s,\]}]*/.exec(this.lineFrom(this.at))?.[0] ?? '*';
    const node = this.scalar('alias', this.at, this.at + name.length, name.slice(1));
    this.at = node.end;
    this.skipSpaces();
    return node;
  }

  private quoted(parent: number): ScalarNode {
    const start = this.at;
    const quote = this.text[start] ?? '"';
    const close = this.closingQuote(start + 1, quote, parent);
    const end = close < 0 ? start + this.lineFrom(start).trimEnd().length : close;
    const raw = this.text.slice(start + 1, end);
    const text = quote === "'" ? raw.replaceAll("''", "'") : raw.replace(/\\(?:(["\\/])|n|t)/g, (whole, plain: string | undefined) => plain ?? (whole === '\\n' ? '\n' : '\t'));
    const node: ScalarNode = { kind: 'scalar', style: quote === "'" ? 'single' : 'double', start, end: close < 0 ? end : end + 1, text, inner: { start: start + 1, end } };
    this.at = node.end;
    this.skipSpaces();
    return node;
  }

  /** Offset of the quote that closes; -1 when a key comes first. */
  private closingQuote(from: number, quote: string, parent: number): number {
    for (let at = from; at < this.to; at++) {
      const character = this.text[at];
      if (character === '\\' && quote === '"') at++;
      else if (character === quote && quote === "'" && this.text[at + 1] === "'") at++;
      else if (character === quote) return at;
      else if (character === '\n' && this.breaksOff(at + 1, parent)) return -1;
    }
    return -1;
  }

  /** A line in or left of the parent's column that begins a key or an item: what is open above it was forgotten. */
  private breaksOff(lineStart: number, parent: number): boolean {
    if (parent < 0) return false;
    const line = this.lineFrom(lineStart);
    const indent = line.search(/\S/);
    return indent >= 0 && indent <= parent && (BLOCK_KEY.test(line) || /^\s*-(?:\s|$)/.test(line));
  }

  private blockScalar(parent: number): ScalarNode {
    const start = this.at;
    this.toNextLine();
    const inner = this.at;
    let end = inner;
    while (this.at < this.to) {
      const line = this.lineFrom(this.at);
      const indent = line.search(/\S/);
      if (indent >= 0 && indent <= Math.max(parent, -1) && !(parent < 0)) break;
      if (indent >= 0) end = this.at + line.length;
      this.toNextLine();
    }
    return { kind: 'scalar', style: 'block', start, end: Math.max(end, start + 1), text: this.text.slice(inner, end), inner: { start: Math.min(inner, Math.max(end, start + 1)), end: Math.max(end, start + 1) } };
  }

  private flow(parent: number): Node {
    const node = this.nested(() => this.flowValue(parent));
    this.skipSpaces();
    return node;
  }

  private flowValue(parent: number): Node {
    this.properties();
    const character = this.text[this.at];
    if (this.depth < MAX_DEPTH && character === '{' && this.text[this.at + 1] !== '{') return this.nested(() => this.flowMap(parent));
    if (this.depth < MAX_DEPTH && character === '[') return this.nested(() => this.flowList(parent));
    if (character === '"' || character === "'") return this.quoted(parent);
    return character === '*' ? this.alias() : this.flowPlain();
  }

  private flowPlain(): ScalarNode {
    const line = this.lineFrom(this.at);
    const stop = /[,[\]{}]|:(?=\s|$|[,[\]{}])|\s#/.exec(hideTags(line));
    const text = (stop ? line.slice(0, stop.index) : line).trimEnd();
    const node = this.scalar('plain', this.at, this.at + text.length, text);
    this.at = node.end;
    this.skipSpaces();
    return node;
  }

  private flowMap(parent: number): MapNode {
    const map: MapNode = { kind: 'map', start: this.at, end: this.at + 1, entries: [], flow: true, column: this.column() };
    this.at++;
    while (this.flowGoesOn('}', parent)) {
      const start = this.at;
      const key = this.flowValue(parent);
      const entry: MapEntry = { key: key.kind === 'scalar' ? key : this.scalar('plain', key.start, key.start, ''), colon: false, value: undefined, start, end: key.end };
      map.entries.push(entry);
      this.skipFlowBlank(parent);
      if (this.text[this.at] === ':') {
        this.at++;
        entry.colon = true;
        this.skipFlowBlank(parent);
        if (!',}]'.includes(this.text[this.at] ?? ',') && !this.flowBroken(parent)) entry.value = this.flowValue(parent);
        entry.end = entry.value?.end ?? this.at;
      }
      if (this.at === start) this.at++;
    }
    map.end = this.closeFlow('}');
    return map;
  }

  private flowList(parent: number): ListNode {
    const list: ListNode = { kind: 'list', start: this.at, end: this.at + 1, items: [], flow: true, column: this.column() };
    this.at++;
    while (this.flowGoesOn(']', parent)) {
      const start = this.at;
      const value = this.flowValue(parent);
      list.items.push({ start, end: value.end, value });
      if (this.text[this.at] === ':') this.at++;
      if (this.at === start) this.at++;
    }
    list.end = this.closeFlow(']');
    return list;
  }

  /** Whether a further item stands in a bracket; passes over commas. */
  private flowGoesOn(close: string, parent: number): boolean {
    for (;;) {
      this.skipFlowBlank(parent);
      if (this.at >= this.to || this.flowBroken(parent)) return false;
      const character = this.text[this.at];
      if (character === close) return false;
      if (character === '}' || character === ']') return false;
      if (character !== ',') return true;
      this.at++;
    }
  }

  private closeFlow(close: string): number {
    if (this.text[this.at] === close) this.at++;
    const end = this.at;
    this.skipSpaces();
    return end;
  }

  private flowBroken(parent: number): boolean {
    const lineStart = this.lineStart(this.at);
    return this.text.slice(lineStart, this.at).trim() === '' && lineStart > this.from && this.breaksOff(lineStart, parent);
  }

  private skipFlowBlank(parent: number): void {
    for (;;) {
      const rest = /^(?:[ \t]*(?:#[^\n]*)?)/.exec(this.lineFrom(this.at))?.[0] ?? '';
      this.at += rest.length;
      const character = this.text[this.at];
      if (this.at >= this.to || (character !== '\n' && character !== '\r') || this.breaksOff(this.at + 1, parent)) return;
      this.at++;
    }
  }

  /** Passes over anchor and tag. @returns the anchor's name */
  private properties(): string | undefined {
    let anchor: string | undefined;
    for (;;) {
      const match = /^(?:&([^\s,[\]{}]+)|![^\s,[\]{}]*)[ \t]*(?=$|[\s\S])/.exec(this.lineFrom(this.at));
      if (!match) return anchor;
      anchor = match[1] ?? anchor;
      this.at += match[0].length;
    }
  }

  private isDash(): boolean {
    return this.text[this.at] === '-' && /[\s]|^$/.test(this.text[this.at + 1] ?? '');
  }

  private isColon(): boolean {
    return this.at < this.to && this.text[this.at] === ':' && /[\s]|^$/.test(this.text[this.at + 1] ?? '');
  }

  private atLineEnd(): boolean {
    const character = this.text[this.at];
    return this.at >= this.to || character === '\n' || character === '\r' || character === '#';
  }

  private skipSpaces(): void {
    while (this.at < this.to && (this.text[this.at] === ' ' || this.text[this.at] === '\t')) this.at++;
  }

  /** To the next thing that is neither blank nor comment. */
  private skipBlank(): void {
    for (;;) {
      this.skipSpaces();
      if (this.at >= this.to || !this.atLineEnd()) return;
      this.toNextLine();
    }
  }

  private toNextLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 || end >= this.to ? this.to : end + 1;
  }

  private lineStart(offset: number): number {
    return Math.max(this.from, this.text.lastIndexOf('\n', offset - 1) + 1);
  }

  private lineOf(offset: number): number {
    return this.lineStart(offset);
  }

  private column(): number {
    return this.at - this.lineStart(this.at);
  }

  /** The rest of the line from here, without its end. */
  private lineFrom(offset: number): string {
    const end = this.text.indexOf('\n', offset);
    const line = this.text.slice(offset, end < 0 || end > this.to ? this.to : end);
    return line.endsWith('\r') ? line.slice(0, -1) : line;
  }
}

/** Tags hold colons and brackets of their own: they are letters to the reader. */
function hideTags(line: string): string {
  return line.includes('{{') ? line.replace(/\{\{.*?(?:\}\}|$)/g, (tag) => 'x'.repeat(tag.length)) : line;
}
