/** Following a run to its end, with the engine carrying it on meanwhile. */
import type { EngineHolder, LogLine, RunChange } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import type { Connection } from './connect.ts';
import { painter, plain } from './io.ts';
import type { Io } from './io.ts';
import { renderRun } from './tree.ts';

export type FollowMode = 'watch' | 'wait' | 'log';

const CLEAR = '\u001b[H\u001b[2J\u001b[3J';
const PREFIX_COLOURS = ['green', 'yellow', 'blue', 'gray'];

/** A run put together from its changes. */
export class RunState {
  #head: Workflow | undefined;
  readonly #nodes = new Map<string, NodeStatus>();

  /** @returns nodes whose phase is new */
  take(change: RunChange): NodeStatus[] {
    if (change.workflow) this.#head = change.workflow;
    if (change.reset) this.#nodes.clear();
    const news = change.nodes.filter((node) => this.#nodes.get(node.id)?.phase !== node.phase);
    for (const node of change.nodes) this.#nodes.set(node.id, node);
    for (const id of change.removedNodes) this.#nodes.delete(id);
    return news;
  }

  get workflow(): Workflow | undefined {
    return this.#head && { ...this.#head, status: { ...this.#head.status, nodes: Object.fromEntries(this.#nodes) } };
  }

  get finished(): boolean {
    return Boolean(this.#head?.status?.finishedAt);
  }
}

/** @returns 0 for a phase that is a success, else 1 */
export function exitCodeOf(workflow: Workflow | undefined): number {
  return workflow?.status?.phase === 'Succeeded' ? 0 : 1;
}

/** Starts the engine here, or says on standard error who else has it. Throws when nobody can carry the run on. */
export async function carryOn(connection: Connection, io: Io): Promise<EngineHolder> {
  const holder = await connection.engine.start(connection.namespace);
  if (holder.state === 'other') io.err(`The engine of namespace ${connection.namespace} runs at ${plain(holder.identity)}; here it is only watched.\n`);
  else if (holder.state === 'none') throw new AppError('unavailable', `The engine cannot run in namespace ${connection.namespace}: ${holder.reason ?? 'no reason given'}`);
  else if (holder.reason) io.err(`${holder.reason}\n`);
  return holder;
}

/**
 * Follows a run until it ends, Ctrl-C, or its deletion.
 * @returns the exit code: that of the run, or 1 when it was left or is gone
 */
export async function followRun(connection: Connection, name: string, mode: FollowMode, io: Io): Promise<number> {
  const { engine, namespace } = connection;
  const state = new RunState();
  const draw = mode === 'watch' ? drawer(io) : undefined;
  const logs = mode === 'log' ? printLogs(connection, name, {}, io) : Promise.resolve();
  const end = await new Promise<'finished' | 'deleted' | 'left'>((resolve) => {
    if (io.interrupted.aborted) { resolve('left'); return; }
    io.interrupted.addEventListener('abort', () => resolve('left'), { once: true });
    engine.watchRun(namespace, name, (change) => {
      const news = state.take(change);
      if (change.deleted) { resolve('deleted'); return; }
      const workflow = state.workflow;
      if (workflow) draw?.(workflow, news);
      if (state.finished) resolve('finished');
    });
  });
  if (end === 'left') return left(connection, name, io);
  await logs;
  if (end === 'deleted') {
    io.err(`Run ${name} was deleted.\n`);
    return 1;
  }
  const workflow = state.workflow;
  if (workflow && mode === 'watch' && !io.tty) io.out(`\n${renderRun(workflow, io).join('\n')}\n`);
  if (workflow && mode !== 'watch') io.out(`${name} ${workflow.status?.phase ?? ''}${workflow.status?.message ? `: ${plain(workflow.status.message)}` : ''}\n`);
  return exitCodeOf(workflow);
}

function left(connection: Connection, name: string, io: Io): number {
  io.err(`\nRun ${name} is left as it is; its Pods go on. \`tiphys watch ${name}${connection.flags}\` carries it on.\n`);
  return 1;
}

/** On a terminal the whole run is drawn anew; elsewhere each new phase of a step is a line. */
function drawer(io: Io): (workflow: Workflow, news: readonly NodeStatus[]) => void {
  if (io.tty) return (workflow) => io.out(`${CLEAR}${renderRun(workflow, io).join('\n')}\n`);
  return (_workflow, news) => {
    for (const node of news) {
      if (node.type === 'StepGroup') continue;
      const time = new Date(io.now()).toISOString().slice(11, 19);
      io.out(`${time} ${(node.phase ?? '').padEnd(9)} ${plain(node.name)}${node.message ? `  ${plain(node.message).replaceAll('\n', ' ')}` : ''}\n`);
    }
  };
}

export interface LogChoice {
  nodeId?: string;
  container?: string;
  follow?: boolean;
  tailLines?: number;
  /** Prints no step names. */
  bare?: boolean;
  timestamps?: boolean;
}

/** Prints the lines of a run's steps, each with its step's name. @returns whether anything could be read */
export async function printLogs(connection: Connection, name: string, choice: LogChoice, io: Io): Promise<boolean> {
  const { engine, namespace } = connection;
  const { bare, timestamps, ...options } = choice;
  const paint = painter(io);
  const colours = new Map<string, string>();
  const labels = new Map<string, string>();
  let readable = true;
  for await (const item of engine.logs(namespace, name, { follow: true, ...options, signal: io.interrupted })) {
    if ('source' in item) {
      if (item.source === 'kept') io.err('The Pod is gone; this is the log as it was kept.\n');
      if (item.source === 'gone') readable = false;
      continue;
    }
    if (!labels.has(item.nodeId)) {
      labels.set(item.nodeId, await labelOf(connection, name, item));
      colours.set(item.nodeId, PREFIX_COLOURS[colours.size % PREFIX_COLOURS.length] ?? 'gray');
    }
    const prefix = bare ? '' : `${paint(colours.get(item.nodeId) ?? 'gray', labels.get(item.nodeId) ?? item.pod)}: `;
    io.out(`${prefix}${timestamps && item.time ? `${item.time} ` : ''}${logText(item.text)}\n`);
  }
  return readable;
}

async function labelOf(connection: Connection, name: string, line: LogLine): Promise<string> {
  const run = await connection.engine.getRun(connection.namespace, name).catch(() => undefined);
  return plain(run?.status?.nodes?.[line.nodeId]?.displayName ?? line.pod);
}

const COLOUR = /\u001b\[[0-9;]*m/g;

/** A log keeps its colours and loses every other control. */
function logText(text: string): string {
  const colours = text.match(COLOUR) ?? [];
  return text.split(COLOUR).map((part, i) => plain(part) + (colours[i] ?? '')).join('');
}
