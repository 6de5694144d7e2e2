/** Topological layers of a graph that may have cycles. */

export interface Edge {
  from: number;
  to: number;
  hard: boolean;
}

/**
 * @param edges `from` needs `to`
 * @returns edges without those that close a circle (soft ones go first), and those that were dropped
 */
export function acyclic(count: number, edges: readonly Edge[]): { kept: Edge[]; dropped: Edge[] } {
  const kept: Edge[] = [];
  const dropped: Edge[] = [];
  const next: number[][] = Array.from({ length: count }, () => []);
  // What a hard edge says is settled before soft ones are asked.
  for (const edge of [...edges].sort((a, b) => Number(b.hard) - Number(a.hard))) {
    if (edge.from === edge.to) continue;
    if (reaches(next, edge.to, edge.from)) dropped.push(edge);
    else {
      next[edge.from]?.push(edge.to);
      kept.push(edge);
    }
  }
  return { kept, dropped };
}

function reaches(next: readonly number[][], from: number, to: number): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true;
    for (const each of next[at] ?? []) {
      if (seen.has(each)) continue;
      seen.add(each);
      open.push(each);
    }
  }
  return false;
}

/** @returns the layer of each node: 0 where it needs nothing, else one more than the highest it needs; edges have no circle */
export function layers(count: number, edges: readonly Edge[]): number[] {
  const found = new Array<number>(count).fill(-1);
  const needs: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) needs[from]?.push(to);
  const layer = (node: number): number => {
    const known = found[node] ?? 0;
    if (known >= 0) return known;
    const own = Math.max(-1, ...(needs[node] ?? []).map(layer)) + 1;
    found[node] = own;
    return own;
  };
  for (let node = 0; node < count; node++) layer(node);
  return found;
}

/** @returns for each node the nodes it needs, without those that are needed by another one of them */
export function direct(count: number, edges: readonly Edge[]): number[][] {
  const needs: Set<number>[] = Array.from({ length: count }, () => new Set());
  for (const { from, to } of edges) needs[from]?.add(to);
  const lists = needs.map((set) => [...set]);
  return lists.map((own) => own.filter((to) => !own.some((other) => other !== to && reaches(lists, other, to))).sort((a, b) => a - b));
}
