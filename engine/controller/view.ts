/** What the outside sees of a namespace's runs: lists and single runs as deltas, at most ten times a second. */
import type { Clock, RunChange, RunListChange, RunSummary } from '../api.ts';
import type { Subscription, WatchState } from '../kube/port.ts';
import { omit } from '../operate/omit.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { sameJson } from './equal.ts';
import { withoutNodes } from './hydrate.ts';
import type { Hydrator } from './hydrate.ts';
import { nodesOf, summarize } from './summary.ts';

const EMIT_MS = 100;
/** Telling about a run of many nodes costs more: its watchers hear of it less often. */
const EMIT_MS_PER_NODE = 0.05;

interface Seen {
  workflow: Workflow;
  ours: boolean;
  /** With its nodes: of a packed run the newest state that was read, as long as somebody looks at its steps. */
  readable?: Workflow;
  summary?: RunSummary;
}

interface Watcher {
  pending: boolean;
  cancel: (() => void) | undefined;
  lastAt: number;
  emit: () => void;
  rest: () => number;
  onState: ((state: WatchState) => void) | undefined;
}

export class RunsView {
  readonly #clock: Clock;
  readonly #hydrator: Hydrator;
  readonly #runs = new Map<string, Seen>();
  readonly #lists = new Set<Watcher & { changed: Set<string> }>();
  readonly #singles = new Map<string, Set<Watcher>>();
  readonly #refresh: () => void;
  #state: WatchState = { state: 'connecting' };
  /** The first list is known. */
  #synced = false;
  /** Packed runs are read one after the other: others want the thread in between. */
  #reading: Promise<void> = Promise.resolve();
  #closed = false;

  /** @param refresh reads the storages again */
  constructor(clock: Clock, hydrator: Hydrator, refresh: () => void) {
    this.#clock = clock;
    this.#hydrator = hydrator;
    this.#refresh = refresh;
  }

  get state(): WatchState {
    return this.#state;
  }

  get(name: string): Workflow | undefined {
    return this.#runs.get(name)?.workflow;
  }

  /** @returns the runs of this engine */
  *ours(): Iterable<Workflow> {
    for (const { workflow, ours } of this.#runs.values()) if (ours) yield workflow;
  }

  summaries(): RunSummary[] {
    return [...this.#runs.values()].map(summaryOf);
  }

  put(workflow: Workflow, ours: boolean): void {
    const name = workflow.metadata.name ?? '';
    const before = this.#runs.get(name);
    if (before?.workflow === workflow && before.ours === ours) return;
    if (!this.#hydrator.takesTime(workflow)) {
      this.#runs.set(name, { workflow, ours, readable: workflow });
      this.#changed(name);
      return;
    }
    // Until it is read, what was shown last is shown.
    const seen: Seen = { workflow, ours, ...(before?.workflow.metadata.uid === workflow.metadata.uid && { ...(before?.readable && { readable: before.readable }), ...(before && { summary: summaryOf(before) }) }) };
    this.#runs.set(name, seen);
    if (!before) this.#changed(name);
    this.#read(name, seen);
  }

  #read(name: string, seen: Seen): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#runs.get(name) !== seen || this.#closed) return;
      const whole = await this.#hydrator.readable(seen.workflow);
      if (this.#runs.get(name) !== seen) return;
      seen.summary = summarize(whole, seen.ours);
      if (this.#singles.has(name)) seen.readable = whole;
      else delete seen.readable;
      this.#changed(name);
    });
  }

  remove(name: string): void {
    if (this.#runs.delete(name)) this.#changed(name);
  }

  setState(state: WatchState): void {
    this.#state = state;
    for (const watcher of this.#all()) watcher.onState?.(state);
  }

  /** The lists of all storages are known: watchers hear of the runs for the first time, even of none. */
  synced(): void {
    if (this.#synced) return;
    this.#synced = true;
    for (const watcher of this.#all()) this.#schedule(watcher);
  }

  watchRuns(onChange: (change: RunListChange) => void, onState?: (state: WatchState) => void): Subscription {
    const sent = new Map<string, RunSummary>();
    let first = true;
    const watcher = {
      changed: new Set<string>(), pending: false, cancel: undefined, lastAt: -Infinity, onState,
      rest: () => EMIT_MS,
      emit: () => {
        const names = first ? [...this.#runs.keys()] : [...watcher.changed];
        watcher.changed.clear();
        const change: RunListChange = { upserts: [], removed: [], reset: first };
        for (const name of names) {
          const seen = this.#runs.get(name);
          if (!seen) {
            if (sent.delete(name)) change.removed.push(name);
            continue;
          }
          const summary = summaryOf(seen);
          if (sameJson(sent.get(name), summary)) continue;
          sent.set(name, summary);
          change.upserts.push(summary);
        }
        if (first || change.upserts.length || change.removed.length) onChange(change);
        first = false;
      },
    };
    this.#lists.add(watcher);
    onState?.(this.#state);
    if (this.#synced) this.#schedule(watcher);
    return this.#subscription(watcher, () => this.#lists.delete(watcher));
  }

  watchRun(name: string, onChange: (change: RunChange) => void, onState?: (state: WatchState) => void): Subscription {
    let sent: { head: Workflow; nodes: Record<string, NodeStatus> } | undefined;
    let told: 'nothing' | 'run' | 'deleted' = 'nothing';
    const watcher: Watcher = {
      pending: false, cancel: undefined, lastAt: -Infinity, onState,
      rest: () => EMIT_MS + Object.keys(sent?.nodes ?? {}).length * EMIT_MS_PER_NODE,
      emit: () => {
        const seen = this.#runs.get(name);
        if (!seen) {
          if (told !== 'deleted') onChange({ reset: told === 'nothing', nodes: [], removedNodes: [], deleted: true });
          told = 'deleted';
          sent = undefined;
          return;
        }
        if (!seen.readable) {
          this.#read(name, seen);
          return;
        }
        const next = { head: headOf(seen.readable), nodes: nodesOf(seen.readable) };
        const change = differenceOf(told === 'run' ? sent : undefined, next);
        sent = next;
        told = 'run';
        if (change) onChange(change);
      },
    };
    const watchers = this.#singles.get(name) ?? new Set();
    this.#singles.set(name, watchers.add(watcher));
    onState?.(this.#state);
    if (this.#synced || this.#runs.has(name)) this.#schedule(watcher);
    return this.#subscription(watcher, () => {
      watchers.delete(watcher);
      if (!watchers.size && this.#singles.get(name) === watchers) this.#singles.delete(name);
    });
  }

  close(): void {
    this.#closed = true;
    for (const watcher of this.#all()) watcher.cancel?.();
    this.#lists.clear();
    this.#singles.clear();
  }

  #subscription(watcher: Watcher, remove: () => void): Subscription {
    return {
      close: () => {
        remove();
        watcher.cancel?.();
        watcher.pending = true;
      },
      refresh: this.#refresh,
    };
  }

  *#all(): Generator<Watcher> {
    yield* this.#lists;
    for (const watchers of this.#singles.values()) yield* watchers;
  }

  #changed(name: string): void {
    for (const watcher of this.#lists) {
      watcher.changed.add(name);
      if (this.#synced) this.#schedule(watcher);
    }
    for (const watcher of this.#singles.get(name) ?? []) this.#schedule(watcher);
  }

  #schedule(watcher: Watcher): void {
    if (watcher.pending) return;
    watcher.pending = true;
    const rest = watcher.lastAt + watcher.rest() - this.#clock.now();
    watcher.cancel = this.#clock.after(Math.max(0, rest), () => {
      watcher.pending = false;
      watcher.lastAt = this.#clock.now();
      watcher.emit();
    });
  }
}

function summaryOf(seen: Seen): RunSummary {
  seen.summary ??= summarize(seen.readable ?? withoutNodes(seen.workflow), seen.ours);
  return seen.summary;
}

/** The run without its nodes and without what the server keeps for itself. */
function headOf(workflow: Workflow): Workflow {
  return { ...workflow, metadata: omit(workflow.metadata, 'managedFields'), status: omit(workflow.status ?? {}, 'nodes', 'compressedNodes') };
}

function differenceOf(before: { head: Workflow; nodes: Record<string, NodeStatus> } | undefined, after: { head: Workflow; nodes: Record<string, NodeStatus> }): RunChange | undefined {
  if (!before) return { reset: true, workflow: after.head, nodes: Object.values(after.nodes), removedNodes: [] };
  const nodes: NodeStatus[] = [];
  const removedNodes: string[] = [];
  for (const id in after.nodes) {
    const node = after.nodes[id];
    if (node && !sameJson(before.nodes[id], node)) nodes.push(node);
  }
  for (const id in before.nodes) if (!after.nodes[id]) removedNodes.push(id);
  const headChanged = !sameJson(before.head, after.head);
  if (!headChanged && !nodes.length && !removedNodes.length) return undefined;
  return { reset: false, nodes, removedNodes, ...(headChanged && { workflow: after.head }) };
}
