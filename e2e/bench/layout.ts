/** Layout of layered graphs as long runs have them. */
import { layout } from '../../renderer/document/layout.ts';
import { milliseconds, report, time } from './measure.ts';

/** A layered graph: every node has one to three parents in the layer above. The same one at every call. */
function layered(count: number, width: number): Parameters<typeof layout>[0] {
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % below;
  };
  const nodes = Array.from({ length: count }, (_, i) => ({ id: `n${i}`, width: 180, height: 48 }));
  const edges = nodes.flatMap((node, i) => {
    const layer = Math.floor(i / width);
    if (!layer) return [];
    const parents = new Set(Array.from({ length: 1 + random(3) }, () => (layer - 1) * width + random(width)));
    return [...parents].map((p) => ({ source: `n${p}`, target: node.id }));
  });
  return { nodes, edges };
}

export function benchLayout(): void {
  for (const count of [500, 2000, 10_000]) {
    const graph = layered(count, Math.round(Math.sqrt(count)));
    report(`layout, layered graph of ${count} nodes`, milliseconds(time(count > 2000 ? 5 : 20, () => layout(graph))));
  }
}
