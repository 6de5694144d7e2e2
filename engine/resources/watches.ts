/**
 * Follows single objects of any kind with few connections: one watch for each kind and namespace that somebody waits in. It is
 * narrowed to one name while only one is asked for.
 */
import type { Clock } from '../api.ts';
import type { Cluster, ResourceType, Subscription } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';

/** Told of every new state; undefined when the object is not there (any more). */
type Listener = (object: KubeObject | undefined) => void;

interface Followed {
  name: string;
  listener: Listener;
  /** resourceVersion of the last state told. */
  version: string | undefined;
}

interface Place {
  type: ResourceType;
  namespace: string | undefined;
  followed: Set<Followed>;
  subscription: Subscription | undefined;
  /** The name that the watch is narrowed to; undefined for all. */
  only: string | undefined;
  cancelPoll: (() => void) | undefined;
}

/** Without the right to watch, an object is read again after this. */
const POLL_MS = 5_000;

export class ObjectWatches {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** @returns what ends it. States are told in order; the first one soon. */
  follow(type: ResourceType, namespace: string | undefined, name: string, listener: Listener): () => void {
    const key = `${type.group}/${type.version}/${type.plural}/${namespace ?? ''}`;
    let place = this.#places.get(key);
    if (!place) this.#places.set(key, place = { type, namespace, followed: new Set(), subscription: undefined, only: undefined, cancelPoll: undefined });
    const entry: Followed = { name, listener, version: undefined };
    place.followed.add(entry);
    this.#open(place, entry);
    const here = place;
    return () => {
      here.followed.delete(entry);
      if (here.followed.size > 0) return;
      this.#end(here);
      this.#places.delete(key);
    };
  }

  close(): void {
    for (const place of this.#places.values()) this.#end(place);
    this.#places.clear();
  }

  #end(place: Place): void {
    place.subscription?.close();
    place.subscription = undefined;
    place.cancelPoll?.();
    place.cancelPoll = undefined;
  }

  /** One name: a narrow watch. From the second on all of the place are watched. */
  #open(place: Place, newest: Followed): void {
    const names = new Set([...place.followed].map(({ name }) => name));
    const only = names.size === 1 ? [...names][0] : undefined;
    if (place.subscription && (place.only === undefined || place.only === only)) {
      this.#read(place, newest);
      return;
    }
    this.#end(place);
    place.only = only;
    place.subscription = this.#cluster.watch(place.type, place.namespace, only === undefined ? {} : { fieldSelector: `metadata.name=${only}` }, {
      onChange: ({ upserts, removed, reset }) => {
        for (const object of upserts) this.#tell(place, object);
        const present = new Set(upserts.map(({ metadata }) => metadata.name));
        const gone = [...place.followed].filter(({ name }) => removed.some(({ metadata }) => metadata.name === name) || (reset && !present.has(name)));
        // The list may be older than what was just made: only the object itself says that it is gone.
        for (const entry of gone) this.#read(place, entry);
      },
      onState: (state) => {
        if (state.state === 'forbidden' && !place.cancelPoll) this.#poll(place);
        // With the kind its objects are gone.
        if (state.state === 'missing') for (const entry of place.followed) this.#read(place, entry);
      },
    });
  }

  #poll(place: Place): void {
    for (const entry of place.followed) this.#read(place, entry);
    place.cancelPoll = this.#clock.after(POLL_MS, () => this.#poll(place));
  }

  #read(place: Place, entry: Followed): void {
    this.#cluster.get(place.type, place.namespace, entry.name).then(
      (object) => this.#tell(place, object),
      (error: unknown) => {
        if (!place.followed.has(entry)) return;
        if (isAppError(error, 'not-found')) entry.listener(undefined);
        else if (!place.cancelPoll) this.#clock.after(POLL_MS, () => place.followed.has(entry) && this.#read(place, entry));
      },
    );
  }

  #tell(place: Place, object: KubeObject): void {
    const { name, resourceVersion } = object.metadata;
    for (const entry of place.followed) {
      if (entry.name !== name || isOlder(resourceVersion, entry.version)) continue;
      entry.version = resourceVersion;
      entry.listener(object);
    }
  }
}

function isOlder(version: string | undefined, known: string | undefined): boolean {
  return /^\d+$/.test(version ?? '') && /^\d+$/.test(known ?? '') && BigInt(version ?? 0) < BigInt(known ?? 0);
}
