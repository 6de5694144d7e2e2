import type { NodeStatus } from '../spec/types.ts';
import type { Run } from './run.ts';

const COUNTED = new Set(['Pod', 'HTTP', 'Plugin', 'Container', 'Suspend']);

/** Progress of nodes and of the workflow: `N/M` of what is executed below. Argo: workflow/progress */
export function updateProgress(run: Run): void {
  let done = 0;
  let total = 0;
  for (const node of run.nodes.all()) {
    if (!COUNTED.has(node.type)) continue;
    const own = ownProgress(node);
    if (node.progress !== own.text) run.nodes.edit(node.id).progress = own.text;
    done += own.done;
    total += own.total;
  }
  const text = `${done}/${total}`;
  if (run.status.progress !== text) run.set('progress', text);
  for (const node of run.nodes.all()) {
    if (COUNTED.has(node.type)) continue;
    const sum = sumBelow(run, node);
    if (sum !== '0/0' && node.progress !== sum) run.nodes.edit(node.id).progress = sum;
  }
}

function ownProgress(node: NodeStatus): { text: string; done: number; total: number } {
  const match = /^(\d+)\/(\d+)$/.exec(node.progress ?? '');
  const total = match && Number(match[2]) > 0 ? Number(match[2]) : 1;
  const done = node.phase === 'Succeeded' ? total : match ? Number(match[1]) : 0;
  return { text: `${done}/${total}`, done, total };
}

/** Sums over what hangs below a node, each executed node once. */
function sumBelow(run: Run, node: NodeStatus): string {
  let done = 0;
  let total = 0;
  const seen = new Set<string>([node.id]);
  const pending = [...(node.children ?? [])];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const below = run.nodes.get(id);
    if (!below) continue;
    if (COUNTED.has(below.type)) {
      const own = ownProgress(below);
      done += own.done;
      total += own.total;
    }
    pending.push(...(below.children ?? []));
  }
  return `${done}/${total}`;
}
