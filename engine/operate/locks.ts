/**
 * Mutexes and semaphores. The holders are kept in the workflow's status; those of other workflows are observed.
 * Argo: workflow/sync
 */
import type { NodeStatus, Synchronization, SynchronizationStatus } from '../spec/types.ts';
import { Fault } from './fault.ts';
import { phaseFulfilled } from './nodes.ts';
import type { Run } from './run.ts';

export interface LockAnswer {
  acquired: boolean;
  /** The lock that is not free. */
  lock: string;
  message: string;
}

interface Wanted {
  name: string;
  kind: 'mutex' | 'semaphore';
  limit: number;
}

export class Locks {
  private readonly held = new Map<string, string[]>();
  private readonly waiting = new Map<string, string[]>();
  private changed = false;

  constructor(status: SynchronizationStatus | undefined) {
    for (const { mutex, holder } of status?.mutex?.holding ?? []) this.held.set(mutex, [holder]);
    for (const { semaphore, holders } of status?.semaphore?.holding ?? []) this.held.set(semaphore, [...holders]);
    for (const { mutex, holder } of status?.mutex?.waiting ?? []) if (holder) this.waiting.set(mutex, [holder]);
    for (const { semaphore, holders } of status?.semaphore?.waiting ?? []) this.waiting.set(semaphore, [...holders]);
  }

  /** Takes all locks or none. `nodeId` is '' for the workflow itself. Throws Fault for locks that cannot exist. */
  acquire(run: Run, nodeId: string, wanted: Synchronization): LockAnswer {
    const holder = holderKey(run, nodeId);
    const locks = wantedLocks(run, wanted);
    const missing = locks.find((lock) => !this.isFree(run, lock, holder));
    if (missing) {
      for (const lock of locks) this.note(this.waiting, lock.name, holder);
      const taken = this.holdersOf(run, missing.name).length;
      return { acquired: false, lock: missing.name, message: `Waiting for ${missing.name} lock. Lock status: ${Math.max(0, missing.limit - taken)}/${missing.limit}` };
    }
    for (const lock of locks) {
      this.note(this.held, lock.name, holder);
      this.strike(this.waiting, lock.name, holder);
    }
    return { acquired: true, lock: '', message: '' };
  }

  private holdersOf(run: Run, name: string): string[] {
    return [...(this.held.get(name) ?? []), ...(run.observed.locks?.holders.get(name) ?? [])];
  }

  private isFree(run: Run, lock: Wanted, holder: string): boolean {
    if (this.held.get(lock.name)?.includes(holder)) return true;
    const before = this.waiting.get(lock.name) ?? [];
    const place = before.indexOf(holder);
    const ahead = (place < 0 ? before : before.slice(0, place)).length + (run.observed.locks?.waitingBefore.get(lock.name)?.length ?? 0);
    return this.holdersOf(run, lock.name).length + ahead < lock.limit;
  }

  private note(where: Map<string, string[]>, name: string, holder: string): void {
    const list = where.get(name) ?? [];
    if (list.includes(holder)) return;
    where.set(name, [...list, holder]);
    this.changed = true;
  }

  private strike(where: Map<string, string[]>, name: string, holder: string): void {
    const list = where.get(name);
    if (!list?.includes(holder)) return;
    const rest = list.filter((other) => other !== holder);
    if (rest.length > 0) where.set(name, rest);
    else where.delete(name);
    this.changed = true;
  }

  /** Frees what nodes that are over still hold or wait for; with `all` everything. @returns whether something became free */
  release(run: Run, all: boolean): boolean {
    let freed = false;
    for (const where of [this.held, this.waiting]) {
      for (const [name, holders] of [...where]) {
        for (const holder of holders) {
          if (!all && !this.isOver(run, holder)) continue;
          this.strike(where, name, holder);
          freed = true;
        }
      }
    }
    return freed;
  }

  private isOver(run: Run, holder: string): boolean {
    const nodeId = holder.split('/')[2];
    const node: NodeStatus | undefined = nodeId === undefined ? undefined : run.nodes.get(nodeId);
    return node !== undefined && phaseFulfilled(node);
  }

  /** Writes holders and waiters into the status. */
  save(run: Run): void {
    if (!this.changed) return;
    const status: SynchronizationStatus = {};
    const of = (where: Map<string, string[]>, mutexes: boolean): [string, string[]][] => [...where].filter(([name]) => name.includes('/Mutex/') === mutexes);
    const mutex = {
      holding: of(this.held, true).flatMap(([name, holders]) => holders.map((holder) => ({ mutex: name, holder }))),
      waiting: of(this.waiting, true).flatMap(([name, holders]) => holders.map((holder) => ({ mutex: name, holder }))),
    };
    const semaphore = {
      holding: of(this.held, false).map(([name, holders]) => ({ semaphore: name, holders })),
      waiting: of(this.waiting, false).map(([name, holders]) => ({ semaphore: name, holders })),
    };
    if (mutex.holding.length + mutex.waiting.length > 0) status.mutex = dropEmpty(mutex);
    if (semaphore.holding.length + semaphore.waiting.length > 0) status.semaphore = dropEmpty(semaphore);
    run.set('synchronization', Object.keys(status).length > 0 ? status : undefined);
    this.changed = false;
  }
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
    const namespace = semaphore.namespace ?? run.namespace;
    if (semaphore.database) throw new Fault('error', `database session is not available for semaphore ${namespace}/Database/${semaphore.database.key}`);
    const { name = '', key = '' } = semaphore.configMapKeyRef ?? {};
    const lock = `${namespace}/ConfigMap/${name}/${key}`;
    const text = run.observed.configMaps?.get(name)?.data?.[key];
    if (text === undefined || !/^\d+$/.test(text)) throw new Fault('error', `failed to initialize semaphore ${lock} with limit`);
    locks.push({ name: lock, kind: 'semaphore', limit: Number(text) });
  }
  for (const mutex of mutexes) {
    const namespace = mutex.namespace ?? run.namespace;
    if (mutex.database) throw new Fault('error', `database session is not available for mutex ${namespace}/Database/${mutex.name ?? ''}`);
    locks.push({ name: `${namespace}/Mutex/${mutex.name ?? ''}`, kind: 'mutex', limit: 1 });
  }
  return locks;
}
