/**
 * The Pods of a namespace's runs, indexed by run and node as operate wants them, with what their `wait` containers
 * report. What we created counts from the moment the server said so, not only when the watch tells.
 */
import type { Clock } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, Subscription, WatchState } from '../kube/port.ts';
import type { PodPlan, PodReport } from '../operate/types.ts';
import { observedPod, progressIn, readReport, tellsProgress } from '../pod/report.ts';
import { isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { ANNOTATION, LABEL } from '../spec/types.ts';
import { backoff } from './clock.ts';
import { inTurns } from './parcels.ts';
import { readText } from './text.ts';

/** On Pods of runs that are kept on disk: which run of the name made the Pod (no owner reference can say so). */
export const RUN_UID = 'tiphys/run-uid';

const UNCONFIRMED_CHECK_MS = 5_000;
const LOG_TRIES = 4;
/** Steps that say how far they are get asked at most this often; the more there are, the less often each. */
const PROGRESS_MS = 5_000;
const PROGRESS_MS_PER_POD = 200;
/** A report is at most the result and the parameters, in base64. */
const REPORT_BYTES = 16 * 1024 * 1024;

interface Entry {
  raw: Pod;
  nodeId: string;
  /** Created by us and not yet seen by the watch. */
  unconfirmed: boolean;
  /** Deleted; kept until the run has looked at its last state. */
  gone: boolean;
  readingLog: boolean;
}

/** What operate observes of one run. The maps are live: they change as the watch tells. */
export interface RunPods {
  readonly pods: ReadonlyMap<string, Pod>;
  readonly reports: ReadonlyMap<string, PodReport>;
}

interface Group extends RunPods {
  readonly name: string;
  readonly entries: Map<string, Entry>;
  readonly pods: Map<string, Pod>;
  readonly reports: Map<string, PodReport>;
}

export interface PodIndexOptions {
  cluster: Cluster;
  namespace: string;
  clock: Clock;
  /** Something about this run's Pods changed. */
  onChange: (run: string) => void;
  onPod?: (pod: Pod) => void;
  onState: (state: WatchState) => void;
}

interface Change {
  upserts: Pod[];
  removed: Pod[];
  reset: boolean;
}

/** More Pods in one change are taken in little by little. */
const MANY_PODS = 100;

export class PodIndex {
  readonly #options: PodIndexOptions;
  readonly #groups = new Map<string, Group>();
  /** Group keys by Pod name. */
  readonly #groupOf = new Map<string, Group>();
  readonly #subscription: Subscription;
  /** Running Pods whose steps say how far they are, by uid, and what they said last. */
  readonly #progress = new Map<string, string | undefined>();
  #closed = false;
  /** Large changes that are being taken in, one after the other. */
  #arriving: Promise<void> | undefined;
  synced = false;

  constructor(options: PodIndexOptions) {
    this.#options = options;
    this.#subscription = options.cluster.watch<Pod>(RESOURCE.pod, options.namespace, { labelSelector: LABEL.workflow }, {
      onChange: (change) => this.#onChange(change),
      onState: options.onState,
    });
  }

  of(name: string, uid: string): RunPods {
    return this.#group(name, uid);
  }

  /** @returns the Pod as the cluster has it */
  raw(name: string, uid: string, nodeId: string): Pod | undefined {
    const entry = this.#groups.get(groupKey(name, uid))?.entries.get(nodeId);
    return entry && !entry.gone ? entry.raw : undefined;
  }

  /** @returns all Pods of a run that are there */
  all(name: string, uid: string): Pod[] {
    return [...(this.#groups.get(groupKey(name, uid))?.entries.values() ?? [])].filter((e) => !e.gone).map((e) => e.raw);
  }

  /** A Pod is being created: until that has ended, operate takes it for one that is Pending and plans it no more. */
  expect(name: string, uid: string, plan: PodPlan): void {
    const group = this.#group(name, uid);
    if (group.pods.has(plan.nodeId)) return;
    group.pods.set(plan.nodeId, { metadata: { name: plan.name, namespace: plan.namespace, labels: plan.labels }, spec: plan.spec, status: { phase: 'Pending' } });
  }

  /** The creation has ended, well or not. */
  unexpect(name: string, uid: string, nodeId: string): void {
    const group = this.#groups.get(groupKey(name, uid));
    if (group && !group.entries.has(nodeId)) group.pods.delete(nodeId);
  }

  /** Takes in a Pod that the server just said to exist. */
  add(pod: Pod): void {
    const known = this.#groupOf.get(pod.metadata.name ?? '')?.entries.get(nodeIdOf(pod));
    if (known && !known.gone && known.raw.metadata.uid === pod.metadata.uid) return;
    this.#upsert(pod, true);
  }

  /** The run has seen the last states of these Pods. */
  acknowledge(name: string, uid: string, gone: readonly Pod[]): void {
    const group = this.#groups.get(groupKey(name, uid));
    if (!group) return;
    for (const pod of gone) {
      const entry = group.entries.get(nodeIdOf(pod));
      if (entry?.gone && entry.raw === pod) this.#drop(group, entry);
    }
    if (!group.pods.size) this.#groups.delete(groupKey(name, uid));
  }

  /** @returns Pods of this run that were deleted and that the run has not seen since */
  gone(name: string, uid: string): Pod[] {
    const gone: Pod[] = [];
    for (const entry of this.#groups.get(groupKey(name, uid))?.entries.values() ?? []) if (entry.gone) gone.push(entry.raw);
    return gone;
  }

  refresh(): void {
    this.#subscription.refresh();
  }

  close(): void {
    this.#closed = true;
    this.#subscription.close();
  }

  #onChange(change: Change): void {
    if (!this.#arriving && change.upserts.length <= MANY_PODS) {
      const changed = new Set<string>();
      for (const pod of change.upserts) changed.add(this.#upsert(pod, false).name);
      this.#finish(change, changed);
      return;
    }
    // A list of thousands would hold the thread; what comes meanwhile waits for it.
    this.#arriving = (this.#arriving ?? Promise.resolve()).then(async () => {
      const changed = new Set<string>();
      await inTurns(change.upserts, (pod) => {
        if (!this.#closed) changed.add(this.#upsert(pod, false).name);
        return !this.#closed;
      });
      if (!this.#closed) this.#finish(change, changed);
    });
    const own = this.#arriving;
    void own.finally(() => { if (this.#arriving === own) this.#arriving = undefined; });
  }

  /** The upserts of a change are taken in. */
  #finish(change: Change, changed: Set<string>): void {
    for (const pod of change.removed) this.#remove(pod, changed);
    if (change.reset) this.#reset(new Set(change.upserts.map((pod) => pod.metadata.name ?? '')), changed);
    const first = !this.synced;
    this.synced = true;
    if (first) this.#options.onChange('');
    for (const run of changed) this.#options.onChange(run);
  }

  /** The list is whole: what it lacks is gone, unless it is older than our own create. */
  #reset(present: ReadonlySet<string>, changed: Set<string>): void {
    for (const [name, group] of this.#groupOf) {
      if (present.has(name)) continue;
      for (const entry of group.entries.values()) {
        if (entry.raw.metadata.name !== name || entry.gone) continue;
        if (entry.unconfirmed) this.#verifyLater(entry.raw);
        else this.#remove(entry.raw, changed);
      }
    }
  }

  #verifyLater(pod: Pod): void {
    const { cluster, clock, namespace } = this.#options;
    clock.after(UNCONFIRMED_CHECK_MS, () => {
      if (this.#closed) return;
      void cluster.get<Pod>(RESOURCE.pod, namespace, pod.metadata.name ?? '').then(
        (found) => this.#onChange({ upserts: [found], removed: [], reset: false }),
        (error: unknown) => {
          if (isAppError(error, 'not-found')) this.#onChange({ upserts: [], removed: [pod], reset: false });
          else this.#verifyLater(pod);
        },
      );
    });
  }

  #upsert(pod: Pod, unconfirmed: boolean): Group {
    const group = this.#group(pod.metadata.labels?.[LABEL.workflow] ?? '', runUidOf(pod));
    const nodeId = nodeIdOf(pod);
    const entry: Entry = { raw: pod, nodeId, unconfirmed, gone: false, readingLog: false };
    group.entries.set(nodeId, entry);
    group.pods.set(nodeId, observedPod(pod));
    this.#groupOf.set(pod.metadata.name ?? '', group);
    this.#report(group, entry);
    this.#options.onPod?.(pod);
    return group;
  }

  #remove(pod: Pod, changed: Set<string>): void {
    const group = this.#groupOf.get(pod.metadata.name ?? '');
    const entry = group?.entries.get(nodeIdOf(pod));
    if (!group || !entry || (pod.metadata.uid !== undefined && entry.raw.metadata.uid !== pod.metadata.uid)) return;
    entry.raw = pod;
    entry.gone = true;
    changed.add(group.name);
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') {
      // It ended before it was deleted: that counts, even when both came in one batch.
      group.pods.set(entry.nodeId, observedPod(pod));
      this.#report(group, entry);
    } else {
      this.#drop(group, entry);
    }
  }

  #drop(group: Group, entry: Entry): void {
    group.entries.delete(entry.nodeId);
    group.pods.delete(entry.nodeId);
    group.reports.delete(entry.nodeId);
    this.#groupOf.delete(entry.raw.metadata.name ?? '');
  }

  #report(group: Group, entry: Entry): void {
    const report = readReport(entry.raw);
    if (!report) this.#reportProgress(group, entry);
    else if ('needsLog' in report) this.#readLog(group, entry, report.needsLog, 1);
    else group.reports.set(entry.nodeId, report);
  }

  /** While it runs, a step has nothing to report but how far it is. */
  #reportProgress(group: Group, { raw, nodeId }: Entry): void {
    const { uid = '' } = raw.metadata;
    const follows = raw.status?.phase === 'Running' && tellsProgress(raw);
    if (follows && !this.#progress.has(uid)) {
      this.#progress.set(uid, undefined);
      this.#askProgressLater(group, nodeId, uid);
    }
    const progress = follows ? this.#progress.get(uid) : undefined;
    if (progress === undefined) group.reports.delete(nodeId);
    else group.reports.set(nodeId, { complete: false, progress });
  }

  #askProgressLater(group: Group, nodeId: string, uid: string): void {
    const { clock, cluster, namespace, onChange } = this.#options;
    const entryOf = (): Entry | undefined => {
      const entry = this.#closed ? undefined : group.entries.get(nodeId);
      return entry && !entry.gone && entry.raw.metadata.uid === uid && entry.raw.status?.phase === 'Running' ? entry : undefined;
    };
    clock.after(Math.max(PROGRESS_MS, this.#progress.size * PROGRESS_MS_PER_POD), () => {
      const asked = entryOf();
      if (!asked) {
        this.#progress.delete(uid);
        return;
      }
      void readText(cluster.logs(namespace, asked.raw.metadata.name ?? '', { container: 'wait', tailLines: 1, limitBytes: 1024 })).catch(() => '').then((log) => {
        const progress = progressIn(log);
        const entry = entryOf();
        if (entry && progress !== undefined && progress !== this.#progress.get(uid)) {
          this.#progress.set(uid, progress);
          this.#reportProgress(group, entry);
          onChange(group.name);
        }
        this.#askProgressLater(group, nodeId, uid);
      });
    });
  }

  #readLog(group: Group, entry: Entry, container: string, attempt: number): void {
    if (group.reports.has(entry.nodeId) || (attempt === 1 && entry.readingLog)) return;
    entry.readingLog = true;
    const { cluster, namespace, clock, onChange } = this.#options;
    const settle = (log: string): void => {
      const report = readReport(entry.raw, log);
      if (report && !('needsLog' in report) && group.entries.get(entry.nodeId)?.raw.metadata.uid === entry.raw.metadata.uid) group.reports.set(entry.nodeId, report);
      onChange(group.name);
    };
    readText(cluster.logs(namespace, entry.raw.metadata.name ?? '', { container, limitBytes: REPORT_BYTES })).then(settle, () => {
      if (this.#closed) return;
      if (attempt >= LOG_TRIES) settle('');
      else clock.after(backoff(attempt), () => this.#readLog(group, entry, container, attempt + 1));
    });
  }

  #group(name: string, uid: string): Group {
    const key = groupKey(name, uid);
    let group = this.#groups.get(key);
    if (!group) {
      group = { name, entries: new Map(), pods: new Map(), reports: new Map() };
      this.#groups.set(key, group);
    }
    return group;
  }
}

function groupKey(name: string, uid: string): string {
  return `${name}/${uid}`;
}

function nodeIdOf(pod: Pod): string {
  return pod.metadata.annotations?.[ANNOTATION.nodeId] ?? pod.metadata.name ?? '';
}

/** @returns the uid of the run that made the Pod */
export function runUidOf(pod: Pod): string {
  return pod.metadata.ownerReferences?.find((owner) => owner.kind === 'Workflow')?.uid ?? pod.metadata.annotations?.[RUN_UID] ?? '';
}
