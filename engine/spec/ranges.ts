/** Where everything of a document is written, without its syntax tree: plain numbers, which go from one thread to another. */
import { isMap, isScalar, isSeq, type ParsedNode, type YAMLMap } from 'yaml';
import { keyText, resolvePlain } from './resolve.ts';
import type { TextRange } from './diagnostic.ts';
import type { Path } from './yaml.ts';

/** The nodes of a document in the order of the text. */
export interface PackedRanges {
  /** `CELLS` numbers for each: start and end of the value and of its key (-1 without one), its name's place in `names` (-1 in a list), and the index behind its last child. */
  cells: Int32Array;
  names: string[];
}

const CELLS = 6;
const NO_NAME = '\0';

/** @returns the ranges of a syntax tree, counting from the start of its document */
export function packRanges(contents: ParsedNode | null): PackedRanges {
  const cells: number[] = [];
  const names: string[] = [];
  const known = new Map<string, number>();
  const nameOf = (name: string): number => {
    const found = known.get(name) ?? names.push(name) - 1;
    known.set(name, found);
    return found;
  };
  const visit = (node: ParsedNode | null, key: ParsedNode | undefined, name: number): void => {
    const last = cells.push(node?.range[0] ?? -1, node?.range[1] ?? -1, key?.range[0] ?? -1, key?.range[1] ?? -1, name, 0) - 1;
    if (isSeq(node)) for (const item of node.items) visit(item, undefined, -1);
    else if (isMap(node)) for (const pair of (node as YAMLMap<ParsedNode, ParsedNode | null>).items) visit(pair.value, pair.key, nameOf(keyOf(pair.key) ?? NO_NAME));
    cells[last] = cells.length / CELLS;
  };
  visit(contents, undefined, -1);
  return { cells: Int32Array.from(cells), names };
}

/** Packed ranges, to be asked. */
export class RangeTable {
  private readonly packed: PackedRanges;
  /** The children of what was asked for, by its index. */
  private readonly children = new Map<number, readonly number[]>();

  constructor(packed: PackedRanges) {
    this.packed = packed;
  }

  /** @returns where a place is written: what `rangeOf` of the document tells that the ranges were packed from, without its offset */
  rangeOf(path: Path, part: 'value' | 'key'): TextRange | undefined {
    let at = 0;
    for (const step of path) {
      const next = this.childOf(at, step);
      if (next === undefined) return undefined;
      at = next;
    }
    const value = { start: this.cell(at, 0), end: this.cell(at, 1) };
    const key = { start: this.cell(at, 2), end: this.cell(at, 3) };
    const found = part === 'value' && value.end > value.start ? value : key.start >= 0 ? key : value;
    return found.start >= 0 ? found : undefined;
  }

  private childOf(parent: number, step: string | number): number | undefined {
    const children = this.childrenOf(parent);
    const first = children[0];
    if (first === undefined) return undefined;
    if (this.cell(first, 4) < 0) return typeof step === 'number' ? children[step] : undefined;
    const name = this.packed.names.indexOf(String(step));
    return name < 0 ? undefined : children.findLast((child) => this.cell(child, 4) === name);
  }

  private childrenOf(parent: number): readonly number[] {
    const known = this.children.get(parent);
    if (known) return known;
    const found: number[] = [];
    for (let child = parent + 1; child < this.cell(parent, 5); child = this.cell(child, 5)) found.push(child);
    this.children.set(parent, found);
    return found;
  }

  private cell(index: number, which: number): number {
    return this.packed.cells[index * CELLS + which] ?? -1;
  }
}

/** A key as go-yaml reads it; undefined for one that is no scalar. */
export function keyOf(node: ParsedNode): string | undefined {
  if (!isScalar(node)) return undefined;
  if (node.type !== 'PLAIN' && node.type !== undefined) return node.source;
  return keyText(resolvePlain(node.source).value);
}
