/**
 * Mutexes and semaphores. The holders are kept in the workflow's status; those of other workflows are observed.
 * Argo: workflow/sync
 */
import type { NodeStatus, Synchronization, SynchronizationStatus, Workflow } from '../spec/types.ts';
import { Fault } from './fault.ts';
import { phaseFulfilled } from './nodes.ts';
import type { Run } from './run.ts';
import type { LockClaims } from './types.ts';

export interface LockAnswer {
  acquired: boolean;
  /** The lock that is not free. */
  lock: string;
  message: string;
}

interface Wanted {
  name: string;
  /** How many may hold it; undefined while that is being read. */
  limit: number | undefined;
}

export class Locks {
  private readonly held: Map<string, string[]>;
  private readonly waiting: Map<string, string[]>;
  private readonly limits = new Map<string, number>();
  private readonly before: SynchronizationStatus | undefined;

  constructor(workflow: Workflow) {
    this.before = workflow.status?.synchronization;
    this.held = holdersIn(this.before);
    this.waiting = waitersOf(workflow);
  }

  /** Takes all locks or none. `nodeId` is '' for the workflow itself. Throws Fault for locks that cannot exist. */
  acquire(run: Run, nodeId: string, wanted: Synchronization): LockAnswer {
    const holder = holderKey(run, nodeId);
    const locks = wantedLocks(run, wanted);
    const missing = locks.find((lock) => !this.isFree(run, lock, holder));
    if (missing) {
      for (const lock of locks) {
        note(this.waiting, lock.name, holder);
        if (lock.limit !== undefined) this.limits.set(lock.name, lock.limit);
      }
      return { acquired: false, lock: missing.name, message: this.waitingMessage(run, missing) };
    }
    for (const lock of locks) {
      note(this.held, lock.name, holder);
      strike(this.waiting, lock.name, holder);
    }
    return { acquired: true, lock: '', message: '' };
  }

  private waitingMessage(run: Run, { name, limit = 0 }: Wanted): string {
    if (limit === 0) return `Failed to get semaphore limit for ${name}`;
    return `Waiting for ${name} lock. Lock status: ${Math.max(0, limit - this.holdersOf(run, name).length)}/${limit}`;
  }

  private holdersOf(run: Run, name: string): string[] {
    return [...(this.held.get(name) ?? []), ...(run.observed.locks?.holders(name) ?? [])];
  }

  /** Whoever waits longer, or with a higher priority, comes first: a place is kept for each of them. */
  private isFree(run: Run, lock: Wanted, holder: string): boolean {
    if (this.held.get(lock.name)?.includes(holder)) return true;
    const queue = this.waiting.get(lock.name) ?? [];
    const ahead = waitingBefore(run, queue, holder) + (run.observed.locks?.waitingBefore(lock.name) ?? 0);
    return this.holdersOf(run, lock.name).length + ahead < (lock.limit ?? 0);
  }

  /** Frees what nodes that are over still hold or wait for; with `all` everything. @returns whether something became free */
  release(run: Run, all: boolean): boolean {
    let freed = false;
    for (const where of [this.held, this.waiting]) {
      for (const [name, holders] of [...where]) {
        for (const holder of holders) {
          if (!all && !isOver(run, holder)) continue;
          strike(where, name, holder);
          freed = true;
        }
      }
    }
    return freed;
  }

  /** Writes holders, and for what is waited for whom it waits for, into the status. Argo: LockAcquired, LockWaiting */
  save(run: Run): void {
    const holding = [...this.held];
    const waiting = [...this.waiting.keys()].map((name): [string, string[]] => [name, this.holdersOf(run, name)]);
    const mutex = {
      holding: mutexes(holding).flatMap(([name, holders]) => holders.map((holder) => ({ mutex: name, holder }))),
      waiting: mutexes(waiting).map(([name, [holder]]) => (holder === undefined ? { mutex: name } : { mutex: name, holder })),
    };
    const semaphore = { holding: semaphores(holding), waiting: semaphores(waiting) };
    const status: SynchronizationStatus = {};
    if (mutex.holding.length + mutex.waiting.length > 0) status.mutex = dropEmpty(mutex);
    if (semaphore.holding.length + semaphore.waiting.length > 0) status.semaphore = dropEmpty(semaphore);
    if (JSON.stringify(status) === JSON.stringify(this.before ?? {})) return;
    run.set('synchronization', Object.keys(status).length > 0 ? status : undefined);
  }

  /** @returns what others have to know; undefined when nothing is held or waited for */
  claims(): LockClaims | undefined {
    return this.held.size + this.waiting.size > 0 ? { held: this.held, waiting: this.waiting, limits: this.limits } : undefined;
  }
}

/** @returns what a workflow holds and waits for, as its status says: for the time before it is looked at */
export function lockClaims(workflow: Workflow): LockClaims | undefined {
  return new Locks(workflow).claims();
}

function holdersIn(status: SynchronizationStatus | undefined): Map<string, string[]> {
  const held = new Map<string, string[]>();
  for (const { mutex, holder } of status?.mutex?.holding ?? []) held.set(mutex, [holder]);
  for (const { semaphore, holders } of status?.semaphore?.holding ?? []) if (holders?.length) held.set(semaphore, [...holders]);
  return held;
}

/** A node that waits for several locks stands in the status with one of them: with the others it keeps the place that its age gives it. */
function waitingBefore(run: Run, queue: readonly string[], holder: string): number {
  const place = queue.indexOf(holder);
  const node = nodeOf(run, holder);
  if (place >= 0 || !node?.synchronizationStatus?.waiting) return place < 0 ? queue.length : place;
  return queue.filter((other) => {
    const before = nodeOf(run, other);
    return !before || byAge(before, node) < 0;
  }).length;
}

function byAge(a: NodeStatus, b: NodeStatus): number {
  return compare(a.startedAt ?? '', b.startedAt ?? '') || compare(a.name, b.name);
}

/** The status names the locks that are waited for; who waits stands at the nodes, the first come first. */
function waitersOf({ metadata, status }: Workflow): Map<string, string[]> {
  const waiting = new Map<string, string[]>();
  const { mutex, semaphore } = status?.synchronization ?? {};
  const names = [...(mutex?.waiting ?? []).map((entry) => entry.mutex), ...(semaphore?.waiting ?? []).map((entry) => entry.semaphore)];
  if (names.length === 0) return waiting;
  const own = `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
  const nodes = Object.values(status?.nodes ?? {}).filter((node) => node.synchronizationStatus?.waiting && !phaseFulfilled(node));
  nodes.sort(byAge);
  for (const node of nodes) note(waiting, node.synchronizationStatus?.waiting ?? '', `${own}/${node.id}`);
  if (status?.phase === 'Pending') for (const name of names) note(waiting, name, own);
  return waiting;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function note(where: Map<string, string[]>, name: string, holder: string): void {
  const list = where.get(name) ?? [];
  if (!list.includes(holder)) where.set(name, [...list, holder]);
}

function strike(where: Map<string, string[]>, name: string, holder: string): void {
  const list = where.get(name);
  if (!list?.includes(holder)) return;
  const rest = list.filter((other) => other !== holder);
  if (rest.length > 0) where.set(name, rest);
  else where.delete(name);
}

/** The node that a holder's key names; undefined for the workflow itself. */
function nodeOf(run: Run, holder: string): NodeStatus | undefined {
  const nodeId = holder.split('/')[2];
  return nodeId === undefined ? undefined : run.nodes.get(nodeId);
}

function isOver(run: Run, holder: string): boolean {
  const node = nodeOf(run, holder);
  return node !== undefined && phaseFulfilled(node);
}

function mutexes(locks: readonly [string, string[]][]): [string, string[]][] {
  return locks.filter(([name]) => name.includes('/Mutex/'));
}

function semaphores(locks: readonly [string, string[]][]): { semaphore: string; holders?: string[] }[] {
  return locks.filter(([name]) => !name.includes('/Mutex/')).map(([semaphore, holders]) => (holders.length ? { semaphore, holders } : { semaphore }));
}

function dropEmpty<T extends { holding: unknown[]; waiting: unknown[] }>(lists: T): Partial<T> {
  const kept: Partial<T> = {};
  if (lists.holding.length > 0) kept.holding = lists.holding;
  if (lists.waiting.length > 0) kept.waiting = lists.waiting;
  return kept;
}

function holderKey(run: Run, nodeId: string): string {
  return nodeId ? `${run.namespace}/${run.name}/${nodeId}` : `${run.namespace}/${run.name}`;
}

function wantedLocks(run: Run, { mutexes = [], semaphores = [] }: Synchronization): Wanted[] {
  const locks: Wanted[] = [];
  for (const semaphore of semaphores) {
    const namespace = semaphore.namespace || run.namespace;
    if (semaphore.database) throw new Fault('error', `database session is not available for semaphore ${namespace}/Database/${semaphore.database.key}`);
    const { name = '', key = '' } = semaphore.configMapKeyRef ?? {};
    const lock = `${namespace}/ConfigMap/${name}/${key}`;
    locks.push({ name: lock, limit: semaphoreLimit(run, namespace, name, key, lock) });
  }
  for (const mutex of mutexes) {
    const namespace = mutex.namespace || run.namespace;
    if (mutex.database) throw new Fault('error', `database session is not available for mutex ${namespace}/Database/${mutex.name ?? ''}`);
    locks.push({ name: `${namespace}/Mutex/${mutex.name ?? ''}`, limit: 1 });
  }
  const twice = locks.find(({ name }, i) => locks.findIndex((other) => other.name === name) < i);
  if (twice) throw new Fault('error', `requested configuration is invalid: the lock ${twice.name} is asked for twice`);
  return locks;
}

function semaphoreLimit(run: Run, namespace: string, configMap: string, key: string, lock: string): number | undefined {
  const text = namespace === run.namespace ? run.observed.configMaps?.get(configMap)?.data?.[key] : run.observed.locks?.limit(namespace, configMap, key);
  if (text === undefined && namespace !== run.namespace && run.observed.locks) return undefined;
  if (typeof text !== 'string' || !/^\d+$/.test(text)) throw new Fault('error', `failed to initialize semaphore ${lock} with limit`);
  return Number(text);
}
