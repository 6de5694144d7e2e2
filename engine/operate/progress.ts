import type { NodeStatus } from '../spec/types.ts';
import { sameAmounts, sumAmounts } from './durations.ts';
import { isFulfilled } from './nodes.ts';
import type { Run } from './run.ts';

const COUNTED = new Set(['Pod', 'HTTP', 'Plugin', 'Container', 'Suspend']);

/**
 * What is summed up over nodes, for each and for the workflow: progress, `N/M` of what is executed below, and for what is over
 * the resources that were used. Argo: workflow/progress, util/resource UpdateResourceDurations
 */
export function updateSums(run: Run): void {
  const all = emptySum();
  for (const node of run.nodes.all()) {
    if (!COUNTED.has(node.type)) continue;
    const text = count(all, node);
    if (node.progress !== text) run.nodes.edit(node.id).progress = text;
  }
  const text = `${all.done}/${all.total}`;
  if (run.status.progress !== text) run.set('progress', text);
  if (!sameAmounts(all.used, run.status.resourcesDuration)) run.set('resourcesDuration', all.used);
  for (const node of run.nodes.all()) if (!COUNTED.has(node.type)) updateSum(run, node);
}

function updateSum(run: Run, node: NodeStatus): void {
  const { done, total, used } = sumBelow(run, node);
  if (total > 0 && node.progress !== `${done}/${total}`) run.nodes.edit(node.id).progress = `${done}/${total}`;
  if (isFulfilled(node) && !sameAmounts(used, node.resourcesDuration)) run.nodes.edit(node.id).resourcesDuration = used;
}

interface Sum {
  done: number;
  total: number;
  used: Record<string, number>;
}

function emptySum(): Sum {
  return { done: 0, total: 0, used: {} };
}

/** Adds an executed node. @returns its own progress */
function count(sum: Sum, node: NodeStatus): string {
  const match = /^(\d+)\/(\d+)$/.exec(node.progress ?? '');
  const total = match && Number(match[2]) > 0 ? Number(match[2]) : 1;
  const done = node.phase === 'Succeeded' ? total : match ? Number(match[1]) : 0;
  sum.done += done;
  sum.total += total;
  sumAmounts(sum.used, node.resourcesDuration);
  return `${done}/${total}`;
}

/** Sums over what hangs below a node, each executed node once. */
function sumBelow(run: Run, node: NodeStatus): Sum {
  const sum = emptySum();
  const seen = new Set<string>([node.id]);
  const pending = [...(node.children ?? [])];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const below = run.nodes.get(id);
    if (!below) continue;
    if (COUNTED.has(below.type)) count(sum, below);
    pending.push(...(below.children ?? []));
  }
  return sum;
}
