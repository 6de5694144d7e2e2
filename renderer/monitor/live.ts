/** Data of clusters as it is now: one list of runs, one open run. Items are gathered and shown at most ten times a second. */
import { create } from 'zustand';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import type { StreamItems } from '../../main/ipc/contract.ts';
import { invoke, subscribe } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import type { Place } from '../app/store.ts';

type ListItem = StreamItems['runs.list'];
export type WatchState = NonNullable<ListItem['watch']>;
export type EngineHolder = NonNullable<ListItem['holder']>;
export type RunSummary = NonNullable<ListItem['change']>['upserts'][number];

/** Milliseconds between two paintings of what arrives. */
const PAINT_MS = 100;

interface RunList {
  /** undefined until the first answer. */
  runs: ReadonlyMap<string, RunSummary> | undefined;
  watch: WatchState | undefined;
  holder: EngineHolder | undefined;
  error: UiError | undefined;
}

const NO_LIST: RunList = { runs: undefined, watch: undefined, holder: undefined, error: undefined };
export const useRunList = create<RunList>(() => NO_LIST);

/** Gathers items and gives them away together, at most once in `PAINT_MS`. */
function paced<T>(flush: (items: T[]) => void): { push: (item: T) => void; stop: () => void } {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = 0;
  const run = (): void => {
    timer = undefined;
    last = performance.now();
    const batch = items;
    items = [];
    flush(batch);
  };
  return {
    push(item) {
      items.push(item);
      timer ??= setTimeout(run, Math.max(0, PAINT_MS - (performance.now() - last)));
    },
    stop() { clearTimeout(timer); },
  };
}

/** Follows the runs of a place until closed. What was shown of it is forgotten. */
export function followRuns(place: Place): () => void {
  useRunList.setState(NO_LIST, true);
  const pace = paced<ListItem>((items) => {
    const state = useRunList.getState();
    let runs = state.runs;
    let { watch, holder } = state;
    let copy: Map<string, RunSummary> | undefined;
    for (const item of items) {
      watch = item.watch ?? watch;
      holder = item.holder ?? holder;
      if (!item.change) continue;
      if (item.change.reset) copy = new Map();
      copy ??= new Map(runs);
      for (const name of item.change.removed) copy.delete(name);
      for (const run of item.change.upserts) copy.set(run.name, run);
    }
    runs = copy ?? runs;
    useRunList.setState({ runs, watch, holder, error: undefined });
  });
  const close = subscribe('runs.list', place, pace.push, (error) => { useRunList.setState({ error }); });
  return () => {
    pace.stop();
    close();
  };
}

/** After a run was started: who carries it on is asked now and not at the next look. */
export function noteHolder(place: Place): void {
  invoke('contexts.startEngine', place).then((holder) => { useRunList.setState({ holder }); }, () => undefined);
}

interface OpenRun {
  name: string | undefined;
  /** Without nodes. */
  workflow: Workflow | undefined;
  nodes: ReadonlyMap<string, NodeStatus>;
  watch: WatchState | undefined;
  deleted: boolean;
  error: UiError | undefined;
}

const NO_RUN: OpenRun = { name: undefined, workflow: undefined, nodes: new Map(), watch: undefined, deleted: false, error: undefined };
export const useOpenRun = create<OpenRun>(() => NO_RUN);

/** Follows one run until closed. */
export function followRun(place: Place, name: string): () => void {
  useOpenRun.setState({ ...NO_RUN, name }, true);
  const pace = paced<StreamItems['runs.run']>((items) => {
    const state = useOpenRun.getState();
    let { workflow, watch, deleted } = state;
    let copy: Map<string, NodeStatus> | undefined;
    for (const { change, watch: nextWatch } of items) {
      watch = nextWatch ?? watch;
      if (!change) continue;
      workflow = change.workflow ?? workflow;
      deleted = change.deleted ?? deleted;
      if (change.reset) copy = new Map();
      if (!change.reset && change.nodes.length === 0 && change.removedNodes.length === 0) continue;
      copy ??= new Map(state.nodes);
      for (const id of change.removedNodes) copy.delete(id);
      for (const node of change.nodes) copy.set(node.id, node);
    }
    useOpenRun.setState({ workflow, watch, deleted, error: undefined, ...(copy ? { nodes: copy } : {}) });
  });
  const close = subscribe('runs.run', { ...place, name }, pace.push, (error) => { useOpenRun.setState({ error }); });
  return () => {
    pace.stop();
    close();
  };
}
