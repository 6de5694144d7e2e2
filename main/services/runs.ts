/** Runs: submit, act, look, follow. Everything is the engine's own; this service only names and batches. */
import type { Engine, LogLine, RunChange, RunListChange } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import { lintText } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { StreamItems } from '../ipc/contract.ts';
import type { Timers } from '../pump.ts';
import type { Contexts } from './contexts.ts';
import type { Handlers, Sink, Sources } from './service.ts';

const HOLDER_MS = 5_000;
const MAX_LOG_BATCH = 1_000;
/** Nodes in one message to the window: a copy is made of it while the thread is held. */
const MOST_NODES = 2_000;

type RunVerb = 'runs.submit' | 'runs.act' | 'runs.get' | 'runs.pod' | 'runs.events';
type RunStream = 'runs.list' | 'runs.run' | 'runs.logs';

/** What runs ask of the contexts. */
type Engines = Pick<Contexts, 'engine' | 'startEngine'>;

export function runHandlers(contexts: Engines): Handlers<RunVerb> {
  return {
    'runs.submit': async ({ contextId, namespace, text, parameters, name }) => {
      const workflow = readWorkflow(text);
      // The engine runs where somebody works; a run that nobody carries on would stay Pending.
      await contexts.startEngine(contextId, namespace);
      const engine = await contexts.engine(contextId);
      const run = await engine.submit(workflow, { namespace, parameters, ...(name === undefined ? {} : { name }) });
      return { name: run.metadata.name ?? '' };
    },
    'runs.act': async ({ contextId, namespace, name, request }) => {
      const engine = await contexts.engine(contextId);
      const result = await engine.act(namespace, name, compact(request));
      const made = result?.metadata.name;
      return made === undefined ? {} : { name: made };
    },
    'runs.get': async ({ contextId, namespace, name }) => await (await contexts.engine(contextId)).getRun(namespace, name),
    'runs.pod': async ({ contextId, namespace, name, nodeId }) => {
      const pod = await (await contexts.engine(contextId)).pod(namespace, name, nodeId);
      return pod ? { pod } : {};
    },
    'runs.events': async ({ contextId, namespace, name, nodeId }) => await (await contexts.engine(contextId)).events(namespace, name, nodeId),
  };
}

export function runSources(contexts: Pick<Engines, 'engine'>, timers: Timers): Sources<RunStream> {
  return {
    'runs.list': {
      open: async ({ contextId, namespace }, sink, signal) => {
        const engine = await contexts.engine(contextId);
        if (signal.aborted) return;
        const subscription = engine.watchRuns(namespace, (change) => { sink.push({ change }); }, (watch) => { sink.push({ watch: sendable(watch) }); });
        signal.addEventListener('abort', () => { subscription.close(); });
        followHolder(engine, namespace, sink, signal, timers);
      },
      merge: (older, newer) => {
        const merged: StreamItems['runs.list'] = { ...older, ...newer };
        if (older.change && newer.change) merged.change = mergeList(older.change, newer.change);
        return merged;
      },
    },
    'runs.run': {
      open: async ({ contextId, namespace, name }, sink, signal) => {
        const engine = await contexts.engine(contextId);
        if (signal.aborted) return;
        const subscription = engine.watchRun(namespace, name, (change) => { sink.push({ change }); }, (watch) => { sink.push({ watch: sendable(watch) }); });
        signal.addEventListener('abort', () => { subscription.close(); });
      },
      merge: (older, newer) => {
        const merged: StreamItems['runs.run'] = { ...older, ...newer };
        if (older.change && newer.change) merged.change = mergeRun(older.change, newer.change);
        return merged;
      },
      split: (item) => {
        const [first, rest] = item.change ? splitRun(item.change) : [];
        return first && rest ? [{ ...item, change: first }, { change: rest }] : [item];
      },
    },
    'runs.logs': {
      open: async ({ contextId, namespace, name, ...options }, sink, signal) => {
        const engine = await contexts.engine(contextId);
        await pipeLogs(engine.logs(namespace, name, { ...compact(options), signal }), sink, signal);
      },
      // Lines are many: the older batch, which nobody else holds, grows in place.
      merge: (older, newer) => {
        for (const line of newer.lines) older.lines.push(line);
        return { ...older, ...newer, lines: older.lines };
      },
    },
  };
}

/** Sends lines as they come and waits when the window is behind: the log is then not read on. */
async function pipeLogs(entries: AsyncIterable<LogLine | { source: StreamItems['runs.logs']['source'] }>, sink: Sink<StreamItems['runs.logs']>, signal: AbortSignal): Promise<void> {
  let waiting = 0;
  for await (const entry of entries) {
    if (signal.aborted) return;
    if ('source' in entry) sink.push({ lines: [], ...(entry.source === undefined ? {} : { source: entry.source }) });
    else sink.push({ lines: [entry] });
    waiting += 1;
    if (waiting >= MAX_LOG_BATCH) {
      waiting = 0;
      await sink.drained();
    }
  }
  sink.push({ lines: [], end: true });
}

/** Who runs the engine changes without any run changing. */
function followHolder(engine: Engine, namespace: string, sink: Sink<StreamItems['runs.list']>, signal: AbortSignal, timers: Timers): void {
  let last = '';
  let cancel: (() => void) | undefined;
  const look = (): void => {
    const holder = engine.holder(namespace);
    const now = JSON.stringify(holder);
    if (now !== last) sink.push({ holder });
    last = now;
    cancel = timers.after(HOLDER_MS, look);
  };
  look();
  signal.addEventListener('abort', () => cancel?.());
}

/** Errors do not cross as objects. */
export function sendable(watch: NonNullable<StreamItems['runs.list']['watch']>): NonNullable<StreamItems['runs.list']['watch']> {
  if (!('error' in watch)) return watch;
  const { message, name } = watch.error;
  return { ...watch, error: { name, message } };
}

export function mergeList(older: RunListChange, newer: RunListChange): RunListChange {
  if (newer.reset) return newer;
  const upserts = new Map(older.upserts.map((run) => [run.name, run]));
  const removed = new Set(older.removed);
  for (const name of newer.removed) {
    upserts.delete(name);
    removed.add(name);
  }
  for (const run of newer.upserts) {
    removed.delete(run.name);
    upserts.set(run.name, run);
  }
  return { upserts: [...upserts.values()], removed: [...removed], reset: older.reset };
}

export function mergeRun(older: RunChange, newer: RunChange): RunChange {
  if (newer.reset) return newer;
  const nodes = new Map(older.nodes.map((node) => [node.id, node]));
  const removed = new Set(older.removedNodes);
  for (const id of newer.removedNodes) {
    nodes.delete(id);
    removed.add(id);
  }
  for (const node of newer.nodes) {
    removed.delete(node.id);
    nodes.set(node.id, node);
  }
  const merged: RunChange = { ...older, ...newer, nodes: [...nodes.values()], removedNodes: [...removed], reset: older.reset };
  return merged;
}

/** @returns a change of thousands of nodes as a first one and the rest, which mean the same one after the other */
export function splitRun(change: RunChange, most = MOST_NODES): [first: RunChange, rest?: RunChange] {
  if (change.nodes.length <= most) return [change];
  return [{ ...change, nodes: change.nodes.slice(0, most) }, { reset: false, nodes: change.nodes.slice(most), removedNodes: [] }];
}

/** @returns the one workflow of a text. Throws `invalid` with diagnostics when it may not run or is not one. */
function readWorkflow(text: string): Workflow {
  const errors = lintText(text, { mode: 'submit' }).filter(({ severity }) => severity === 'error');
  const workflows = readManifests(text).manifests.flatMap((manifest) => (manifest.kind === 'Workflow' ? [manifest.object] : []));
  const [workflow] = workflows;
  if (workflows.length > 1) throw new AppError('invalid', `This text holds ${workflows.length} workflows.`, { hint: 'Keep the one to run, or use `tiphys submit` for all of them.' });
  if (errors.length) throw new AppError('invalid', errors.length === 1 ? 'An error keeps it from running.' : `${errors.length} errors keep it from running.`, { cause: errors, hint: 'Mend what is marked, then run it again.' });
  if (!workflow) throw new AppError('invalid', 'There is no workflow in this text.', { hint: 'A workflow has `kind: Workflow` and `apiVersion: argoproj.io/v1alpha1`.' });
  return workflow;
}

/** Drops members that are undefined, as exact optional properties ask. */
function compact<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
