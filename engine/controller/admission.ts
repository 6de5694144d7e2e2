/**
 * Which runs may begin where only so many are to run at once: in this engine, and in each namespace. What runs is never held
 * up; of those that wait the one with the highest priority comes first, then the oldest. Argo: workflow/sync/multi_throttler.go
 */
import type { Subscription } from '../kube/port.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';

export interface AdmissionLimits {
  /** Runs of this engine at once; 0: any number. */
  parallelism: number;
  /** Runs of a namespace at once, unless a label of the Namespace says otherwise; 0: any number. */
  namespaceParallelism: number;
}

const LIMIT_LABEL = 'workflows.argoproj.io/parallelism-limit';

interface Entry {
  workflow: Workflow;
  /** Asks for another look at the run. */
  wake: () => void;
}

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #runsKnown: () => boolean;
  /** By `namespace/name`: runs that wait for their turn, and those that have it. */
  readonly #waiting = new Map<string, Entry>();
  readonly #running = new Map<string, Entry>();
  /** What labels of Namespaces say. */
  readonly #labels = new Map<string, number>();
  /** Namespaces whose labels are not read yet. */
  readonly #unread = new Set<string>();

  /** @param runsKnown the runs of all namespaces are listed: before that nobody can tell how many there are */
  constructor(limits: AdmissionLimits, runsKnown: () => boolean) {
    this.#limits = limits;
    this.#runsKnown = runsKnown;
  }

  /**
   * Follows the limit that a label of the Namespace sets. Where it may not be read the engine's own limit counts.
   * @param onKnown the first answer is there
   */
  follow(cluster: Cluster, namespace: string, onKnown: () => void): Subscription {
    this.#unread.add(namespace);
    const read = (limit: number | undefined): void => {
      if (limit === undefined) this.#labels.delete(namespace);
      else this.#labels.set(namespace, limit);
      if (this.#unread.delete(namespace)) onKnown();
      this.#admit();
    };
    const subscription = cluster.watch<KubeObject>(RESOURCE.namespace, undefined, { fieldSelector: `metadata.name=${namespace}` }, {
      onChange: ({ upserts }) => read(limitOf(upserts.find(({ metadata }) => metadata.name === namespace))),
      onState: ({ state }) => {
        if ((state === 'forbidden' || state === 'missing') && this.#unread.has(namespace)) read(undefined);
      },
    });
    return {
      refresh: () => subscription.refresh(),
      close: () => {
        subscription.close();
        this.#unread.delete(namespace);
        this.#labels.delete(namespace);
      },
    };
  }

  /** A run as it is now. One that runs, or was let in, counts until it is over. */
  see(workflow: Workflow, wake: () => void): void {
    const key = keyOf(workflow);
    const phase = workflow.status?.phase ?? '';
    if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Error') this.#drop(key);
    else if (phase === 'Running' || this.#running.has(key)) {
      this.#waiting.delete(key);
      this.#running.set(key, { workflow, wake });
    } else this.#waiting.set(key, { workflow, wake });
  }

  /** The run is gone, or is no longer this engine's. */
  forget(workflow: Workflow): void {
    this.#drop(keyOf(workflow));
  }

  /** @returns whether the run may begin, or go on; undefined while that is not known: whoever asks is looked at again then */
  admits(workflow: Workflow): boolean | undefined {
    const key = keyOf(workflow);
    if (!this.#running.has(key) && (this.#unread.has(namespaceOf(workflow)) || !this.#isCountable())) return undefined;
    this.#admit(key);
    return !this.#waiting.has(key);
  }

  #isCountable(): boolean {
    return this.#limits.parallelism === 0 || this.#runsKnown();
  }

  #drop(key: string): void {
    this.#waiting.delete(key);
    if (this.#running.delete(key)) this.#admit();
  }

  /** Lets in as many as there is room for. */
  #admit(asking?: string): void {
    for (let next = this.#next(); next; next = this.#next()) {
      const key = keyOf(next.workflow);
      this.#waiting.delete(key);
      this.#running.set(key, next);
      if (key !== asking) next.wake();
    }
  }

  #next(): Entry | undefined {
    if (this.#waiting.size === 0 || !this.#isCountable()) return undefined;
    if (this.#limits.parallelism > 0 && this.#running.size >= this.#limits.parallelism) return undefined;
    const full = new Map<string, boolean>();
    let best: Entry | undefined;
    for (const entry of this.#waiting.values()) {
      const namespace = namespaceOf(entry.workflow);
      if (!full.has(namespace)) full.set(namespace, this.#isFull(namespace));
      if (!full.get(namespace) && (!best || startsBefore(entry.workflow, best.workflow))) best = entry;
    }
    return best;
  }

  #isFull(namespace: string): boolean {
    if (this.#unread.has(namespace)) return true;
    const limit = this.#labels.get(namespace) ?? this.#limits.namespaceParallelism;
    if (limit === 0) return false;
    let count = 0;
    for (const { workflow } of this.#running.values()) if (namespaceOf(workflow) === namespace) count++;
    return count >= limit;
  }
}

/** @returns the limit that the label sets; what is no number sets none */
function limitOf(namespace: KubeObject | undefined): number | undefined {
  const text = namespace?.metadata.labels?.[LIMIT_LABEL];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function namespaceOf({ metadata }: Workflow): string {
  return metadata.namespace ?? '';
}

function keyOf(workflow: Workflow): string {
  return `${namespaceOf(workflow)}/${workflow.metadata.name ?? ''}`;
}

/** @returns whether the first begins before the second: by priority, then by age */
export function startsBefore(a: Workflow, b: Workflow): boolean {
  const [first, second] = [a.spec.priority ?? 0, b.spec.priority ?? 0];
  if (first !== second) return first > second;
  const [older, younger] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return older === younger ? keyOf(a) < keyOf(b) : older < younger;
}
