/** A run as `get` and `watch` print it: what it is, and the tree of its steps with phases, Pods, durations and messages. */
import { podNameOf } from '../../engine/index.ts';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { painter, plain } from './io.ts';
import type { Io } from './io.ts';
import { table } from './table.ts';
import { moment, span } from './time.ts';

const ICON: Record<string, [icon: string, colour: string]> = {
  Pending: ['◷', 'yellow'], Running: ['●', 'blue'], Succeeded: ['✔', 'green'], Skipped: ['○', 'gray'], Omitted: ['○', 'gray'], Failed: ['✖', 'red'], Error: ['⚠', 'red'],
};
const HOOK = /^(.+)\.(onExit|hooks\.[^.]+)$/;
const EXPANDED = /^(.+)\([^()]*\)$/;

interface Branch {
  node: NodeStatus;
  children: Branch[];
}

/** @returns lines of the header and the tree */
export function renderRun(workflow: Workflow, io: Pick<Io, 'tty' | 'env' | 'now'>): string[] {
  const nodes = Object.values(workflow.status?.nodes ?? {});
  const lines = header(workflow, io);
  if (nodes.length) lines.push('', ...renderTree(workflow, nodes, io));
  return lines;
}

function header(workflow: Workflow, io: Pick<Io, 'tty' | 'env' | 'now'>): string[] {
  const { metadata, spec, status } = workflow;
  const now = io.now();
  const phase = status?.phase ? status.phase : 'Pending';
  const fields: [string, string | undefined][] = [
    ['Name', metadata.name], ['Namespace', metadata.namespace], ['ServiceAccount', spec.serviceAccountName ?? 'default'],
    ['Status', painter(io)(ICON[phase]?.[1] ?? 'bold', spec.suspend && !status?.finishedAt ? `${phase} (suspended)` : phase)],
    ['Message', status?.message], ['Created', moment(metadata.creationTimestamp, now)], ['Started', moment(status?.startedAt, now)],
    ['Finished', moment(status?.finishedAt, now)], ['Duration', span(status?.startedAt, status?.finishedAt, now)], ['Progress', status?.progress],
  ];
  const lines = fields.filter(([, value]) => value).map(([name, value]) => `${`${name}:`.padEnd(20)} ${name === 'Status' ? (value ?? '') : plain(value ?? '')}`);
  lines.push(...parameterLines('Parameters', spec.arguments?.parameters), ...parameterLines('Output Parameters', status?.outputs?.parameters));
  return lines;
}

function parameterLines(title: string, parameters: readonly { name: string; value?: string }[] | undefined): string[] {
  if (!parameters?.length) return [];
  return [`${title}:`, ...parameters.map(({ name, value = '' }) => `  ${`${plain(name)}:`.padEnd(18)} ${plain(value).replaceAll('\n', ' ')}`)];
}

function renderTree(workflow: Workflow, nodes: readonly NodeStatus[], io: Pick<Io, 'tty' | 'env' | 'now'>): string[] {
  const paint = painter(io);
  const now = io.now();
  const rows: string[][] = [];
  const add = (prefix: string, node: NodeStatus): void => {
    const [icon, colour] = ICON[node.phase ?? 'Pending'] ?? ['?', 'gray'];
    const waiting = node.type === 'Suspend' && node.phase === 'Running';
    const pod = node.type === 'Pod' ? podNameOf(workflow, node) : '';
    rows.push([
      `${prefix}${waiting ? paint('yellow', 'ǁ') : paint(colour, icon)} ${plain(node.displayName || node.name)}`,
      plain(node.templateRef ? `${node.templateRef.name ?? ''}/${node.templateRef.template ?? ''}` : (node.templateName ?? '')),
      pod, span(node.startedAt, node.finishedAt, now), plain(node.message ?? (waiting ? 'waits to be resumed' : '')).replaceAll('\n', ' '),
    ]);
  };
  for (const root of forest(workflow, nodes)) {
    add(' ', root.node);
    renderChildren(root, ' ', add);
  }
  return table(['STEP', 'TEMPLATE', 'PODNAME', 'DURATION', 'MESSAGE'], rows);
}

function renderChildren(branch: Branch, indent: string, add: (prefix: string, node: NodeStatus) => void): void {
  branch.children.forEach((child, i) => {
    const last = i === branch.children.length - 1;
    const [fork, below] = last ? ['└─', '  '] : ['├─', '│ '];
    if (child.node.type !== 'StepGroup') {
      add(indent + fork, child.node);
      renderChildren(child, indent + below, add);
      return;
    }
    // A row of parallel steps: the row itself says nothing, its steps stand under each other.
    child.children.forEach((step, k) => {
      const lastStep = k === child.children.length - 1;
      const only = child.children.length === 1;
      const stem = k === 0 ? fork : below;
      const branchMark = only ? '──' : k === 0 ? '┬─' : lastStep ? '└─' : '├─';
      add(indent + stem + branchMark, step.node);
      renderChildren(step, `${indent}${below}${lastStep ? '  ' : '│ '}`, add);
    });
  });
}

/** The root, and the run's exit handler beside it. */
function forest(workflow: Workflow, nodes: readonly NodeStatus[]): Branch[] {
  const byId = new Map(nodes.map((node) => [node.id, { node, children: [] }]));
  const byName = new Map([...byId.values()].map((branch) => [branch.node.name, branch]));
  const roots: Branch[] = [];
  for (const branch of byId.values()) {
    const parent = branch.node.name === workflow.metadata.name || branch.node.name === `${workflow.metadata.name ?? ''}.onExit` ? undefined : parentOf(branch.node, byId, byName);
    if (parent && parent !== branch) parent.children.push(branch);
    else roots.push(branch);
  }
  for (const branch of byId.values()) branch.children.sort(inOrder);
  return roots.sort((a, b) => Number(a.node.name !== workflow.metadata.name) - Number(b.node.name !== workflow.metadata.name) || inOrder(a, b));
}

/** Names say where a node belongs: hooks to their step, attempts to their retry, items to their group, steps to their row. */
function parentOf(node: NodeStatus, byId: ReadonlyMap<string, Branch>, byName: ReadonlyMap<string, Branch>): Branch | undefined {
  const hooked = HOOK.exec(node.name)?.[1];
  const host = hooked === undefined ? undefined : byName.get(hooked);
  if (host) return host;
  const expanded = EXPANDED.exec(node.name)?.[1];
  const group = expanded === undefined ? undefined : byName.get(expanded);
  if (group && (group.node.type === 'Retry' || group.node.type === 'TaskGroup')) return group;
  const boundary = node.boundaryID === undefined ? undefined : byId.get(node.boundaryID);
  if (boundary?.node.type === 'Steps' && node.type !== 'StepGroup') {
    const row = /^\[\d+\]/.exec(node.name.slice(boundary.node.name.length))?.[0];
    return byName.get(`${boundary.node.name}${row ?? ''}`) ?? boundary;
  }
  return boundary;
}

function inOrder(a: Branch, b: Branch): number {
  const rowA = rowOf(a.node);
  const rowB = rowOf(b.node);
  if (rowA !== rowB) return rowA - rowB;
  const [startA, startB] = [a.node.startedAt ?? '9', b.node.startedAt ?? '9'];
  if (startA !== startB) return startA < startB ? -1 : 1;
  return a.node.name.localeCompare(b.node.name, 'en', { numeric: true });
}

/** Rows of steps come in their order, whatever their times say. */
function rowOf(node: NodeStatus): number {
  return node.type === 'StepGroup' ? Number(/\[(\d+)\]$/.exec(node.name)?.[1] ?? 0) : 0;
}
