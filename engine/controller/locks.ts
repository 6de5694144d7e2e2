/**
 * The locks of all runs of one engine: who holds them, who waits in which order, and whom to wake. What stands here can be
 * derived again from the runs' statuses; a lock counts from the look that took it on.
 */
import type { LockClaims, LockTable } from '../operate/types.ts';
import type { ConfigMap } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';
import { startsBefore } from './admission.ts';

/** A ConfigMap of any namespace; undefined while it is being read, null when there is none to be had. */
export type ConfigMapReader = (namespace: string, name: string) => ConfigMap | null | undefined;

interface Claimant {
  workflow: Workflow;
  claims: LockClaims;
  /** Asks for another look at the run. */
  wake: () => void;
}

const NOTHING: LockClaims = { held: new Map(), waiting: new Map(), limits: new Map() };

export class LockRegistry {
  /** By `namespace/name` of the run. */
  readonly #claimants = new Map<string, Claimant>();
  /** Runs that hold a lock or wait for it. */
  readonly #parties = new Map<string, Set<string>>();
  readonly #limits = new Map<string, number>();
  readonly #configMap: ConfigMapReader;
  readonly #unknown = new Set<string>();
  readonly #whenKnown = new Set<() => void>();

  constructor(configMap: ConfigMapReader) {
    this.#configMap = configMap;
  }

  /** Runs of the namespace are about to be listed: until then nobody can tell which locks are free. */
  expect(namespace: string): void {
    this.#unknown.add(namespace);
  }

  /** All runs of the namespace have made their claims. */
  settle(namespace: string): void {
    if (!this.#unknown.delete(namespace) || this.#unknown.size > 0) return;
    for (const listener of this.#whenKnown) listener();
  }

  /** Whether the table is complete. */
  get known(): boolean {
    return this.#unknown.size === 0;
  }

  onKnown(listener: () => void): void {
    this.#whenKnown.add(listener);
  }

  /** A run's claims as they are from now on; those that waited for what it gave up are woken. */
  claim(workflow: Workflow, claims: LockClaims | undefined, wake: () => void): void {
    const key = keyOf(workflow);
    const before = this.#claimants.get(key)?.claims ?? NOTHING;
    if (claims) this.#claimants.set(key, { workflow, claims, wake });
    else this.#claimants.delete(key);
    const now = claims ?? NOTHING;
    for (const [lock, limit] of now.limits) this.#limits.set(lock, limit);
    const names = new Set([...before.held.keys(), ...before.waiting.keys(), ...now.held.keys(), ...now.waiting.keys()]);
    for (const lock of names) {
      this.#setParty(lock, key, now.held.has(lock) || now.waiting.has(lock));
      if (count(now.held, lock) < count(before.held, lock) || count(now.waiting, lock) < count(before.waiting, lock)) this.#wakeNext(lock, key);
    }
  }

  /** The run is gone, or is no longer this engine's. */
  forget(namespace: string, name: string): void {
    const known = this.#claimants.get(`${namespace}/${name}`);
    if (known) this.claim(known.workflow, undefined, known.wake);
  }

  /** A ConfigMap changed: who waits for a semaphore of it looks at it again. */
  configMapChanged(namespace: string): void {
    for (const [lock, parties] of this.#parties) {
      if (!lock.startsWith(`${namespace}/ConfigMap/`)) continue;
      for (const key of parties) if (this.#waits(key, lock)) this.#claimants.get(key)?.wake();
    }
  }

  /** @returns the locks as they are for one run */
  tableFor(workflow: Workflow): LockTable {
    const own = keyOf(workflow);
    const others = (lock: string): Claimant[] => [...(this.#parties.get(lock) ?? [])].flatMap((key) => {
      const claimant = key === own ? undefined : this.#claimants.get(key);
      return claimant ? [claimant] : [];
    });
    return {
      holders: (lock) => others(lock).flatMap(({ claims }) => claims.held.get(lock) ?? []),
      waitingBefore: (lock) => others(lock).filter((other) => startsBefore(other.workflow, workflow)).reduce((sum, { claims }) => sum + count(claims.waiting, lock), 0),
      limit: (namespace, configMap, key) => {
        const found = this.#configMap(namespace, configMap);
        return found === undefined ? undefined : found?.data?.[key] ?? null;
      },
    };
  }

  #setParty(lock: string, key: string, is: boolean): void {
    const parties = this.#parties.get(lock) ?? new Set();
    if (is) this.#parties.set(lock, parties.add(key));
    else if (parties.delete(key) && parties.size === 0) {
      this.#parties.delete(lock);
      this.#limits.delete(lock);
    }
  }

  #waits(key: string, lock: string): boolean {
    return this.#claimants.get(key)?.claims.waiting.has(lock) === true;
  }

  /** Wakes as many as there is room for, in the order in which they are served. */
  #wakeNext(lock: string, except: string): void {
    const parties = [...(this.#parties.get(lock) ?? [])].flatMap((key) => this.#claimants.get(key) ?? []);
    let room = (this.#limits.get(lock) ?? 1) - parties.reduce((sum, { claims }) => sum + count(claims.held, lock), 0);
    const waiting = parties.filter(({ claims }) => claims.waiting.has(lock)).sort((a, b) => (startsBefore(a.workflow, b.workflow) ? -1 : 1));
    for (const claimant of waiting) {
      if (room <= 0) return;
      if (keyOf(claimant.workflow) !== except) claimant.wake();
      room -= count(claimant.claims.waiting, lock);
    }
  }
}

function count(where: ReadonlyMap<string, readonly string[]>, lock: string): number {
  return where.get(lock)?.length ?? 0;
}

function keyOf({ metadata }: Workflow): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
