/**
 * Layered layout of a directed graph, top to bottom: longest-path ranks, barycentre ordering, median placement with a
 * minimum gap (isotonic regression, so the order is kept). Linear in nodes and edges per sweep.
 */

export interface LayoutNode {
  id: string;
  /** Pixels at zoom 1. */
  width: number;
  height: number;
}

export interface LayoutEdge {
  source: string;
  target: string;
}

export interface Point {
  x: number;
  y: number;
}

export interface LayoutInput {
  nodes: readonly LayoutNode[];
  edges: readonly LayoutEdge[];
  /** Top left corners of what is on screen: it stays where it is as long as the ranks allow it. */
  previous?: ReadonlyMap<string, Point>;
}

export interface LayoutResult {
  /** Top left corner by node id. */
  positions: Map<string, Point>;
  /** Bends of the edges that pass other ranks, by index of the edge: centres, from source to target. */
  bends: Map<number, Point[]>;
}

const GAP_X = 28;
const GAP_Y = 46;
/** Room an edge takes where it passes a rank. */
const DUMMY_WIDTH = 20;
/** Longer edges are drawn straight: bends for them cost more than they tell. */
const MAX_SPAN = 8;
/** A rank wider than this is set in rows. */
const MAX_ROW = 96;
const SWEEPS = 8;
/** An odd number: the last pass goes down, so that a step stands straight below the one it follows. */
const PLACEMENTS = 9;

interface Graph {
  /** Real nodes first, then the bends of long edges. */
  width: number[];
  height: number[];
  rank: number[];
  up: number[][];
  down: number[][];
  real: number;
  /** Bends of an edge, by its index. */
  chains: Map<number, number[]>;
}

/** @returns where each node goes; the same input gives the same result, cycles included (their back edges are not ranked) */
export function layout(input: LayoutInput): LayoutResult {
  const ids = input.nodes.map((node) => node.id);
  const index = new Map(ids.map((id, i) => [id, i]));
  const pairs = edgePairs(input.edges, index);
  const rank = ranks(ids.length, pairs);
  const pinned = input.previous && input.previous.size > 0 ? pin(input, index, pairs, rank) : undefined;
  if (pinned) return { positions: pinned, bends: new Map() };
  const graph = build(input.nodes, pairs, rank);
  const rows = order(graph, seed(input, graph));
  const x = place(graph, rows);
  return finish(input, ids, graph, rows, x);
}

/** Edges as index pairs `[source, target, edge]`, without loops and unknown ends. */
function edgePairs(edges: readonly LayoutEdge[], index: ReadonlyMap<string, number>): [number, number, number][] {
  const pairs: [number, number, number][] = [];
  const seen = new Set<string>();
  edges.forEach((edge, i) => {
    const source = index.get(edge.source);
    const target = index.get(edge.target);
    if (source === undefined || target === undefined || source === target) return;
    const key = `${source} ${target}`;
    if (seen.has(key)) return;
    seen.add(key);
    pairs.push([source, target, i]);
  });
  return pairs;
}

/** Longest path from the sources (Kahn). What a cycle keeps back is let go in input order. */
function ranks(size: number, pairs: readonly (readonly [number, number, number])[]): number[] {
  const rank = new Array<number>(size).fill(0);
  const waiting = new Array<number>(size).fill(0);
  const out: number[][] = Array.from({ length: size }, () => []);
  for (const [source, target] of pairs) {
    waiting[target] = (waiting[target] ?? 0) + 1;
    out[source]?.push(target);
  }
  const done = new Array<boolean>(size).fill(false);
  const queue: number[] = [];
  for (let node = 0; node < size; node++) if (waiting[node] === 0) queue.push(node);
  let next = 0;
  for (let head = 0; ; head++) {
    if (head >= queue.length) {
      while (next < size && done[next]) next++;
      if (next >= size) return rank;
      queue.push(next);
    }
    const node = queue[head] ?? 0;
    if (done[node]) continue;
    done[node] = true;
    for (const target of out[node] ?? []) {
      if (done[target]) continue;
      rank[target] = Math.max(rank[target] ?? 0, (rank[node] ?? 0) + 1);
      const left = (waiting[target] ?? 0) - 1;
      waiting[target] = left;
      if (left === 0) queue.push(target);
    }
  }
}

function build(nodes: readonly LayoutNode[], pairs: readonly (readonly [number, number, number])[], rank: readonly number[]): Graph {
  const graph: Graph = {
    width: nodes.map((node) => node.width),
    height: nodes.map((node) => node.height),
    rank: [...rank],
    up: nodes.map(() => []),
    down: nodes.map(() => []),
    real: nodes.length,
    chains: new Map(),
  };
  const link = (a: number, b: number): void => {
    graph.down[a]?.push(b);
    graph.up[b]?.push(a);
  };
  for (const [source, target, edge] of pairs) {
    const from = rank[source] ?? 0;
    const span = (rank[target] ?? 0) - from;
    if (span < 1) continue;
    if (span === 1 || span > MAX_SPAN) {
      link(source, target);
      continue;
    }
    const chain: number[] = [];
    let last = source;
    for (let step = 1; step < span; step++) {
      const dummy = graph.rank.push(from + step) - 1;
      graph.width.push(DUMMY_WIDTH);
      graph.height.push(0);
      graph.up.push([]);
      graph.down.push([]);
      link(last, dummy);
      chain.push(dummy);
      last = dummy;
    }
    link(last, target);
    graph.chains.set(edge, chain);
  }
  return graph;
}

/** The order to start from: what was on screen keeps its order, the rest follows a walk from the sources. */
function seed(input: LayoutInput, graph: Graph): number[] {
  const key = new Array<number>(graph.rank.length).fill(-1);
  let count = 0;
  const stack: number[] = [];
  for (let root = 0; root < graph.real; root++) {
    if ((graph.up[root]?.length ?? 0) > 0) continue;
    stack.push(root);
    while (stack.length > 0) {
      const node = stack.pop() ?? 0;
      if ((key[node] ?? 0) >= 0) continue;
      key[node] = count++;
      const below = graph.down[node] ?? [];
      for (let i = below.length - 1; i >= 0; i--) stack.push(below[i] ?? 0);
    }
  }
  for (let node = 0; node < key.length; node++) if (key[node] === -1) key[node] = count++;
  const previous = input.previous;
  if (previous) {
    input.nodes.forEach((node, i) => {
      const at = previous.get(node.id);
      if (at) key[i] = at.x - 1e7;
    });
  }
  return key;
}

/** Nodes by rank, in the order they stand in: barycentre sweeps down and up, the one with the fewest crossings wins. */
function order(graph: Graph, key: number[]): number[][] {
  const rows: number[][] = [];
  for (let node = 0; node < graph.rank.length; node++) {
    const rank = graph.rank[node] ?? 0;
    (rows[rank] ??= []).push(node);
  }
  for (let r = 0; r < rows.length; r++) rows[r] ??= [];
  for (const row of rows) row.sort((a, b) => (key[a] ?? 0) - (key[b] ?? 0));
  const slot = new Array<number>(graph.rank.length).fill(0);
  const number = (row: readonly number[]): void => row.forEach((node, i) => { slot[node] = i; });
  rows.forEach(number);
  const judged = graph.rank.length <= 600;
  let best = rows.map((row) => [...row]);
  let fewest = judged ? crossings(graph, rows, slot) : 0;
  for (let pass = 0; pass < SWEEPS && (!judged || fewest > 0); pass++) {
    sweep(graph, rows, slot, pass % 2 === 0);
    if (!judged) continue;
    const now = crossings(graph, rows, slot);
    if (now < fewest) {
      fewest = now;
      best = rows.map((row) => [...row]);
    }
  }
  return judged ? best : rows;
}

/** Orders every rank by the mean place of its neighbours in the rank before. */
function sweep(graph: Graph, rows: readonly number[][], slot: number[], downward: boolean): void {
  const weight = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[downward ? i : rows.length - 1 - i] ?? [];
    for (const node of row) {
      const near = (downward ? graph.up : graph.down)[node] ?? [];
      weight.set(node, near.length === 0 ? (slot[node] ?? 0) : near.reduce((sum, other) => sum + (slot[other] ?? 0), 0) / near.length);
    }
    row.sort((a, b) => (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || (slot[a] ?? 0) - (slot[b] ?? 0));
    row.forEach((node, at) => { slot[node] = at; });
  }
}

/** Pairs of edges that cross between neighbouring ranks, counted with a Fenwick tree. */
function crossings(graph: Graph, rows: readonly (readonly number[])[], slot: readonly number[]): number {
  let total = 0;
  for (let r = 0; r + 1 < rows.length; r++) {
    const size = rows[r + 1]?.length ?? 0;
    const tree = new Array<number>(size + 1).fill(0);
    let seen = 0;
    for (const node of rows[r] ?? []) {
      const targets = (graph.down[node] ?? []).filter((t) => graph.rank[t] === r + 1).map((t) => slot[t] ?? 0);
      for (const target of targets) {
        let before = 0;
        for (let i = target + 1; i > 0; i -= i & -i) before += tree[i] ?? 0;
        total += seen - before;
      }
      for (const target of targets) {
        for (let i = target + 1; i <= size; i += i & -i) tree[i] = (tree[i] ?? 0) + 1;
        seen++;
      }
    }
  }
  return total;
}

/** Centres: each node as near to the median of its neighbours as order and gaps allow. */
function place(graph: Graph, rows: readonly (readonly number[])[]): number[] {
  const x = new Array<number>(graph.rank.length).fill(0);
  for (const row of rows) {
    let left = 0;
    for (const node of row) {
      x[node] = left + (graph.width[node] ?? 0) / 2;
      left += (graph.width[node] ?? 0) + GAP_X;
    }
    const shift = (left - GAP_X) / 2;
    for (const node of row) x[node] = (x[node] ?? 0) - shift;
  }
  for (let pass = 0; pass < PLACEMENTS; pass++) {
    const downward = pass % 2 === 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[downward ? i : rows.length - 1 - i] ?? [];
      isotonic(graph, row, x, (node) => {
        const near = (downward ? graph.up : graph.down)[node] ?? [];
        return near.length === 0 ? undefined : median(near.map((other) => x[other] ?? 0));
      });
    }
  }
  return x;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const high = values[middle] ?? 0;
  return values.length % 2 ? high : (high + (values[middle - 1] ?? 0)) / 2;
}

/** Least squares under `x[i+1] - x[i] >= gap` (pool adjacent violators). Writes into `x`. */
function isotonic(graph: Graph, row: readonly number[], x: number[], wish: (node: number) => number | undefined): void {
  const offset: number[] = [];
  let sum = 0;
  row.forEach((node, i) => {
    const before = row[i - 1];
    if (before !== undefined) sum += ((graph.width[before] ?? 0) + (graph.width[node] ?? 0)) / 2 + GAP_X;
    offset.push(sum);
  });
  const blocks: { value: number; weight: number; size: number }[] = [];
  row.forEach((node, i) => {
    const wanted = wish(node);
    let block = {
      value: (wanted ?? x[node] ?? 0) - (offset[i] ?? 0),
      // A bend that leaves its line is seen more than a node that does; a node nobody draws to gives way.
      weight: wanted === undefined ? 0.05 : node >= graph.real ? 4 : 1,
      size: 1,
    };
    for (let top = blocks.at(-1); top && top.value > block.value; top = blocks.at(-1)) {
      blocks.pop();
      const weight = top.weight + block.weight;
      block = { value: (top.value * top.weight + block.value * block.weight) / weight, weight, size: top.size + block.size };
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks) {
    for (const end = i + block.size; i < end; i++) x[row[i] ?? 0] = block.value + (offset[i] ?? 0);
  }
}

function finish(input: LayoutInput, ids: readonly string[], graph: Graph, rows: readonly (readonly number[])[], x: number[]): LayoutResult {
  const y = new Array<number>(graph.rank.length).fill(0);
  let top = 0;
  for (const row of rows) {
    const tall = row.reduce((most, node) => Math.max(most, graph.height[node] ?? 0), 0);
    const real = row.filter((node) => node < graph.real);
    if (real.length > MAX_ROW) {
      top = wrap(graph, real, x, y, top, tall);
      continue;
    }
    for (const node of row) y[node] = top + (tall - (graph.height[node] ?? 0)) / 2;
    top += tall + GAP_Y;
  }
  const left = ids.reduce((least, _, node) => Math.min(least, (x[node] ?? 0) - (graph.width[node] ?? 0) / 2), Infinity);
  const shift = anchor(input, ids, graph, x, y) ?? { x: ids.length ? -left : 0, y: 0 };
  const positions = new Map<string, Point>();
  ids.forEach((id, node) => positions.set(id, {
    x: Math.round((x[node] ?? 0) - (graph.width[node] ?? 0) / 2 + shift.x), y: Math.round((y[node] ?? 0) + shift.y),
  }));
  const bends = new Map<number, Point[]>();
  for (const [edge, chain] of graph.chains) {
    bends.set(edge, chain.map((node) => ({ x: Math.round((x[node] ?? 0) + shift.x), y: Math.round((y[node] ?? 0) + shift.y) })));
  }
  return { positions, bends };
}

/** A rank that is too wide becomes rows about its own middle. @returns the top of the next rank */
function wrap(graph: Graph, row: readonly number[], x: number[], y: number[], top: number, tall: number): number {
  const perRow = Math.max(24, Math.ceil(Math.sqrt(row.length * 4)));
  const wide = row.reduce((most, node) => Math.max(most, graph.width[node] ?? 0), 0) + GAP_X;
  const middle = row.reduce((sum, node) => sum + (x[node] ?? 0), 0) / row.length;
  row.forEach((node, i) => {
    const line = Math.floor(i / perRow);
    const count = Math.min(perRow, row.length - line * perRow);
    x[node] = middle + (i % perRow - (count - 1) / 2) * wide;
    y[node] = top + line * (tall + GAP_Y / 2);
  });
  return top + Math.ceil(row.length / perRow) * (tall + GAP_Y / 2) + GAP_Y / 2;
}

/** The shift that leaves most of what was on screen where it was. */
function anchor(input: LayoutInput, ids: readonly string[], graph: Graph, x: readonly number[], y: readonly number[]): Point | undefined {
  const dx: number[] = [];
  const dy: number[] = [];
  ids.forEach((id, node) => {
    const at = input.previous?.get(id);
    if (!at) return;
    dx.push(at.x - ((x[node] ?? 0) - (graph.width[node] ?? 0) / 2));
    dy.push(at.y - (y[node] ?? 0));
  });
  return dx.length ? { x: median(dx), y: median(dy) } : undefined;
}

/**
 * Keeps everything on screen and puts only the new nodes, when the ranks of the old ones still stand in order.
 * @returns undefined when they do not: then all is laid out again
 */
function pin(input: LayoutInput, index: ReadonlyMap<string, number>, pairs: readonly (readonly [number, number, number])[], rank: readonly number[]): Map<string, Point> | undefined {
  const previous = input.previous ?? new Map<string, Point>();
  if (input.nodes.filter((node) => !previous.has(node.id)).length > MAX_ROW) return undefined;
  const lines = rankLines(input, previous, rank);
  if (!lines) return undefined;
  const positions = new Map<string, Point>();
  const taken: { from: number; to: number }[][] = [];
  input.nodes.forEach((node, i) => {
    const at = previous.get(node.id);
    if (!at) return;
    positions.set(node.id, at);
    (taken[rank[i] ?? 0] ??= []).push({ from: at.x, to: at.x + node.width });
  });
  const near: string[][] = input.nodes.map(() => []);
  for (const [source, target] of pairs) {
    near[source]?.push(input.nodes[target]?.id ?? '');
    near[target]?.push(input.nodes[source]?.id ?? '');
  }
  const fresh = input.nodes.filter((node) => !previous.has(node.id)).sort((a, b) => (rank[index.get(a.id) ?? 0] ?? 0) - (rank[index.get(b.id) ?? 0] ?? 0));
  for (const node of fresh) {
    const i = index.get(node.id) ?? 0;
    const r = rank[i] ?? 0;
    const centres = (near[i] ?? []).flatMap((id) => {
      const at = positions.get(id);
      return at ? [at.x + (input.nodes[index.get(id) ?? 0]?.width ?? 0) / 2] : [];
    });
    const row = (taken[r] ??= []);
    const wish = (centres.length ? median(centres) : Math.max(0, ...row.map((s) => s.to + GAP_X + node.width / 2))) - node.width / 2;
    const x = freeSlot(row, wish, node.width);
    row.push({ from: x, to: x + node.width });
    positions.set(node.id, { x: Math.round(x), y: Math.round((lines[r] ?? 0) - node.height / 2) });
  }
  return positions;
}

/** The middle line of each rank as the old nodes have it, or undefined when they do not agree. */
function rankLines(input: LayoutInput, previous: ReadonlyMap<string, Point>, rank: readonly number[]): number[] | undefined {
  const deepest = rank.reduce((most, r) => Math.max(most, r), 0);
  const lines = new Array<number | undefined>(deepest + 1).fill(undefined);
  const count = new Array<number>(deepest + 1).fill(0);
  for (const [i, node] of input.nodes.entries()) {
    const r = rank[i] ?? 0;
    count[r] = (count[r] ?? 0) + 1;
    const at = previous.get(node.id);
    if (!at) continue;
    const line = at.y + node.height / 2;
    const known = lines[r];
    if (known !== undefined && Math.abs(known - line) > 1) return undefined;
    lines[r] = line;
  }
  const tall = input.nodes.reduce((most, node) => Math.max(most, node.height), 0);
  for (let r = 0; r <= deepest; r++) {
    const before = lines[r - 1];
    const line = lines[r];
    if (line === undefined) {
      // A rank between others has no room; one at the end has.
      if (lines.slice(r).some((later) => later !== undefined) || (count[r] ?? 0) > MAX_ROW) return undefined;
      lines[r] = before === undefined ? 0 : before + tall + GAP_Y;
    } else if (before !== undefined && line - before < tall) return undefined;
  }
  return lines.map((line) => line ?? 0);
}

/** The free place nearest to `wish` among the taken ones of a row. */
function freeSlot(row: readonly { from: number; to: number }[], wish: number, width: number): number {
  const fits = (x: number): boolean => row.every((s) => x + width + GAP_X <= s.from || x >= s.to + GAP_X);
  if (fits(wish)) return wish;
  const candidates = row.flatMap((s) => [s.to + GAP_X, s.from - GAP_X - width]).filter(fits);
  return candidates.reduce((best, x) => (Math.abs(x - wish) < Math.abs(best - wish) ? x : best), candidates[0] ?? wish);
}
