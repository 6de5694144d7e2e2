/**
 * An object store with the rules of a Kubernetes API server: resourceVersions, conflicts, selectors, watches with a history,
 * finalizers, graceful deletion of Pods and collection of dependents. Everything happens at once, in memory, in one thread;
 * objects kept here are never changed in place, and those handed out are copies.
 */
import { isAppError } from '../../spec/error.ts';
import type { KubeObject, ObjectMeta, Pod } from '../../spec/kubernetes.ts';
import { RESOURCE } from '../port.ts';
import type { DeleteOptions, FieldOwner, ListResult, Patch, ResourceType, Selectors, WriteOptions } from '../port.ts';
import { statusError } from '../status.ts';
import { applyPatch, ownershipAfterWrite, pathSegments } from './apply.ts';
import type { Ownership } from './apply.ts';
import { clone, isMap, sameJson } from './json.ts';
import { KindTable, kindsOf, qualified, typeKey } from './kinds.ts';
import type { Kind } from './kinds.ts';
import { jsonPatch, mergePatch, strategicPatch } from './patches.ts';
import { checkPodUpdate, isTerminal, preparePod } from './pod-rules.ts';
import { matcher } from './selectors.ts';
import type { Matcher } from './selectors.ts';

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  kind: ResourceType;
  object: KubeObject;
  previous?: KubeObject;
  revision: number;
}

/** What a watcher with selectors sees of an event. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
  revision: number;
}

export interface StoreOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  uid(): string;
  /** A random number in [0, 1), for generated names. */
  random(): number;
  /** The Argo kinds are there from the start; else they come with their CRDs. */
  argoKinds?: boolean;
  /** Events kept for watches that start in the past; older starts are `gone`. */
  history?: number;
  /** Writing into a namespace that does not exist is refused; else the namespace is made. */
  strictNamespaces?: boolean;
  /** Objects whose serialized form is larger are refused with `too-large`. Not checked when absent. */
  maxObjectBytes?: number;
}

interface Row {
  object: KubeObject;
  owners?: Ownership;
}

type Rows = Map<string, Row>;

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
const NAME = /^[a-z0-9]([-a-z0-9.:]{0,251}[a-z0-9])?$/;
const FOREGROUND = 'foregroundDeletion';

export class ObjectStore {
  readonly kinds: KindTable;
  readonly #options: StoreOptions;
  readonly #tables = new Map<string, Rows>();
  readonly #byUid = new Map<string, { type: ResourceType; key: string }>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #history: StoreEvent[] = [];
  #revision = 0;
  #compacted = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.kinds = new KindTable({ argo: options.argoKinds ?? true });
    for (const name of ['default', 'kube-system']) this.#insert(this.kinds.require(RESOURCE.namespace), { metadata: { name } });
  }

  /** The revision of the last write; objects and lists carry it as resourceVersion. */
  get revision(): number {
    return this.#revision;
  }

  get(type: ResourceType, namespace: string | undefined, name: string): KubeObject {
    return clone(this.#row(this.kinds.require(type), namespace, name).object);
  }

  /** As `get`, but undefined for what is not there, and not a copy: do not change it. */
  peek(type: ResourceType, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#tables.get(typeKey(type))?.get(rowKey(type, namespace, name))?.object;
  }

  list(type: ResourceType, namespace?: string, selectors?: Selectors): ListResult {
    this.kinds.require(type);
    const matches = matcher(type.kind, namespace, selectors);
    const items = this.#all(type).filter(matches).map(clone);
    return { items, resourceVersion: String(this.#revision) };
  }

  create(type: ResourceType, object: KubeObject, options: WriteOptions = {}): KubeObject {
    const kind = this.kinds.require(type);
    const next = clone(object);
    next.metadata = isMap(next.metadata) ? next.metadata : {};
    this.#checkType(kind, next);
    this.#placeInNamespace(kind, next, options.dryRun === true);
    this.#nameIt(kind, next);
    if (this.#table(type).has(rowKey(type, next.metadata.namespace, next.metadata.name ?? ''))) {
      throw statusError({ code: 409, reason: 'AlreadyExists', message: `${qualified(type)} "${next.metadata.name ?? ''}" already exists`, details: { name: next.metadata.name ?? '', group: type.group, kind: type.plural } });
    }
    this.#admit(kind, next);
    if (options.dryRun) return { ...next, metadata: { ...next.metadata, uid: this.#options.uid(), creationTimestamp: timestamp(this.#options.now()) } };
    const stored = this.#insert(kind, next);
    if ((stored.metadata.ownerReferences ?? []).length > 0) this.#collectIfOrphan(kind, stored);
    return clone(stored);
  }

  replace(type: ResourceType, object: KubeObject, options: WriteOptions = {}): KubeObject {
    const kind = this.kinds.require(type);
    const row = this.#row(kind, object.metadata.namespace, object.metadata.name ?? '');
    const expected = object.metadata.resourceVersion;
    if (!expected && (kind.custom || type.kind === 'Lease')) {
      throw this.#invalid(kind, object, 'metadata.resourceVersion: Invalid value: 0: must be specified for an update');
    }
    return this.#update(kind, row, clone(object), options, 'update');
  }

  patch(type: ResourceType, namespace: string | undefined, name: string, patch: Patch, options: WriteOptions = {}): KubeObject {
    const kind = this.kinds.require(type);
    if (patch.type === 'apply') return this.#apply(kind, namespace, name, patch, options);
    if (patch.type === 'strategic' && kind.custom) {
      throw statusError({ code: 415, reason: 'UnsupportedMediaType', message: 'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml' });
    }
    const row = this.#row(kind, namespace, name);
    const patched = patch.type === 'json' ? jsonPatch(row.object, patch.body) : patch.type === 'merge' ? mergePatch(row.object, patch.body) : strategicPatch(row.object, patch.body);
    if (!isMap(patched) || !isMap(patched['metadata'])) throw this.#invalid(kind, row.object, 'the patch leaves no object');
    const next = clone(patched) as KubeObject;
    if (next.metadata.name !== row.object.metadata.name) throw this.#invalid(kind, row.object, `metadata.name: Invalid value: "${next.metadata.name ?? ''}": field is immutable`);
    return this.#update(kind, row, next, options, 'patch');
  }

  /** For the keepers of the cluster themselves (kubelet, tests): changes any field, status too, whatever it is. */
  edit(type: ResourceType, namespace: string | undefined, name: string, change: (object: KubeObject) => void): KubeObject {
    const kind = this.kinds.require(type);
    const row = this.#row(kind, namespace, name);
    const next = clone(row.object);
    change(next);
    return clone(this.#commit(kind, row, next));
  }

  delete(type: ResourceType, namespace: string | undefined, name: string, options: DeleteOptions = {}): void {
    const kind = this.kinds.require(type);
    const row = this.#row(kind, namespace, name);
    if (options.uid !== undefined && options.uid !== row.object.metadata.uid) {
      throw statusError({ code: 409, reason: 'Conflict', message: `Precondition failed: UID in precondition: ${options.uid}, UID in object meta: ${row.object.metadata.uid ?? ''}`, details: { name, group: type.group, kind: type.plural } });
    }
    this.#delete(kind, row, options);
  }

  /** Ends a deletion that waits for its Pod's containers: what a kubelet does when they have ended. */
  finishDeletion(namespace: string, name: string): void {
    const kind = this.kinds.require(RESOURCE.pod);
    const row = this.#row(kind, namespace, name);
    if (row.object.metadata.deletionTimestamp !== undefined) this.#removeOrWait(kind, row);
  }

  /** Calls back after every write, in order, until the function returned is called. The events are not copies. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Events of a kind after `since`, first those of the past, then live ones. Throws `gone` when the history no longer
   * reaches back so far. @returns what ends the watch
   */
  watch(type: ResourceType, namespace: string | undefined, selectors: Selectors, since: number, onEvent: (event: WatchEvent) => void): () => void {
    this.kinds.require(type);
    if (since < this.#compacted) throw statusError({ code: 410, reason: 'Expired', message: `too old resource version: ${since} (${this.#compacted})` });
    const matches = matcher(type.kind, namespace, selectors);
    const key = typeKey(type);
    const emit = (event: StoreEvent) => {
      const seen = typeKey(event.kind) === key ? project(event, matches) : undefined;
      if (seen) onEvent(seen);
    };
    for (const event of this.#history) if (event.revision > since) emit(event);
    return this.subscribe(emit);
  }

  /** Forgets the history up to now, as an API server does in time: watches that start before are `gone`. */
  compact(): void {
    this.#history.length = 0;
    this.#compacted = this.#revision;
  }

  /** Every object with its type, oldest first: what a snapshot keeps. */
  dump(): { type: ResourceType; object: KubeObject }[] {
    const out: { type: ResourceType; object: KubeObject }[] = [];
    for (const { type } of this.kinds.all()) for (const object of this.#all(type)) out.push({ type, object });
    return out.sort((a, b) => revisionOf(a.object) - revisionOf(b.object));
  }

  /** Puts objects back as they were kept, without any rule or event; for a store that was just made. */
  restore(entries: readonly { type: ResourceType; object: KubeObject }[], revision: number): void {
    this.#tables.clear();
    this.#byUid.clear();
    this.#dependents.clear();
    for (const { object } of entries) if (object.kind === 'CustomResourceDefinition') for (const kind of kindsOf(object)) this.kinds.add(kind);
    for (const { type, object } of entries) {
      const row: Row = { object };
      this.#table(type).set(rowKey(type, object.metadata.namespace, object.metadata.name ?? ''), row);
      this.#index(type, object);
    }
    this.#revision = Math.max(revision, ...entries.map(({ object }) => revisionOf(object)), 0);
    this.compact();
  }

  #all(type: ResourceType): KubeObject[] {
    return [...(this.#tables.get(typeKey(type))?.values() ?? [])].map((row) => row.object);
  }

  #table(type: ResourceType): Rows {
    const key = typeKey(type);
    const rows: Rows = this.#tables.get(key) ?? new Map<string, Row>();
    this.#tables.set(key, rows);
    return rows;
  }

  #row(kind: Kind, namespace: string | undefined, name: string): Row {
    const row = this.#table(kind.type).get(rowKey(kind.type, namespace, name));
    if (!row) throw statusError({ code: 404, reason: 'NotFound', message: `${qualified(kind.type)} "${name}" not found`, details: { name, group: kind.type.group, kind: kind.type.plural } });
    return row;
  }

  #invalid(kind: Kind, object: KubeObject, message: string) {
    return statusError({ code: 422, reason: 'Invalid', message: `${kind.type.kind} "${object.metadata.name ?? ''}" is invalid: ${message}`, details: { name: object.metadata.name ?? '', group: kind.type.group, kind: kind.type.kind } });
  }

  #checkType(kind: Kind, object: KubeObject): void {
    const { type } = kind;
    const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
    object.apiVersion ??= apiVersion;
    object.kind ??= type.kind;
    if (object.apiVersion === apiVersion && object.kind === type.kind) return;
    throw statusError({ code: 400, reason: 'BadRequest', message: `the object provided is ${object.apiVersion} ${object.kind}, but ${apiVersion} ${type.kind} was expected` });
  }

  #placeInNamespace(kind: Kind, object: KubeObject, dryRun: boolean): void {
    const { namespace } = object.metadata;
    if (!kind.type.namespaced) {
      delete object.metadata.namespace;
      return;
    }
    if (!namespace) throw statusError({ code: 400, reason: 'BadRequest', message: `${qualified(kind.type)}: a namespace is required` });
    const existing = this.peek(RESOURCE.namespace, undefined, namespace);
    if (existing?.metadata.deletionTimestamp !== undefined) {
      throw statusError({ code: 403, reason: 'Forbidden', message: `${qualified(kind.type)} "${object.metadata.name ?? ''}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated` });
    }
    if (existing) return;
    if (this.#options.strictNamespaces) throw statusError({ code: 404, reason: 'NotFound', message: `namespaces "${namespace}" not found`, details: { name: namespace, kind: 'namespaces' } });
    if (!dryRun) this.#insert(this.kinds.require(RESOURCE.namespace), { metadata: { name: namespace } });
  }

  #nameIt(kind: Kind, object: KubeObject): void {
    const { metadata } = object;
    if (!metadata.name && metadata.generateName) {
      const base = metadata.generateName.slice(0, 58);
      do metadata.name = base + Array.from({ length: 5 }, () => SUFFIX[Math.floor(this.#options.random() * SUFFIX.length)]).join('');
      while (this.#table(kind.type).has(rowKey(kind.type, metadata.namespace, metadata.name)));
    }
    if (!metadata.name) throw this.#invalid(kind, object, 'metadata.name: Required value: name or generateName is required');
    if (!NAME.test(metadata.name)) throw this.#invalid(kind, object, `metadata.name: Invalid value: "${metadata.name}": a lowercase RFC 1123 subdomain is needed: lower case letters, digits, '-' and '.'`);
  }

  /** What the server sets and refuses when an object is made. */
  #admit(kind: Kind, object: KubeObject): void {
    const { metadata } = object;
    for (const field of ['uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'managedFields', 'selfLink']) delete metadata[field];
    if (kind.hasStatus) delete object['status'];
    if (kind.type.kind === 'Pod') preparePod(object);
    if (kind.type.kind === 'Secret') foldSecret(object);
    if (kind.type.kind === 'PersistentVolumeClaim') object['status'] = { phase: 'Pending' };
    this.#checkSize(object);
  }

  #checkSize(object: KubeObject): void {
    const limit = this.#options.maxObjectBytes;
    if (limit !== undefined && Buffer.byteLength(JSON.stringify(object)) > limit) {
      throw statusError({ code: 413, reason: 'RequestEntityTooLarge', message: `Request entity too large: limit is ${limit}` });
    }
  }

  #insert(kind: Kind, object: KubeObject): KubeObject {
    const { type } = kind;
    const stored: KubeObject = {
      apiVersion: type.group ? `${type.group}/${type.version}` : type.version, kind: type.kind,
      ...object,
      metadata: { ...object.metadata, uid: this.#options.uid(), creationTimestamp: timestamp(this.#options.now()), generation: 1 },
    };
    if (type.kind === 'Namespace') stored['status'] = { phase: 'Active' };
    if (type.kind === 'CustomResourceDefinition') stored['status'] = this.#established(stored);
    stored.metadata.resourceVersion = String(++this.#revision);
    this.#table(type).set(rowKey(type, stored.metadata.namespace, stored.metadata.name ?? ''), { object: stored });
    this.#index(type, stored);
    this.#emit({ type: 'ADDED', kind: type, object: stored, revision: this.#revision });
    return stored;
  }

  #established(definition: KubeObject): Record<string, unknown> {
    for (const kind of kindsOf(definition)) this.kinds.add(kind);
    const at = timestamp(this.#options.now());
    return { conditions: ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True', reason: type === 'Established' ? 'InitialNamesAccepted' : 'NoConflicts', message: '', lastTransitionTime: at })) };
  }

  #update(kind: Kind, row: Row, next: KubeObject, options: WriteOptions, writer: string): KubeObject {
    const previous = row.object;
    this.#checkType(kind, next);
    const { metadata } = next;
    if (metadata.resourceVersion && metadata.resourceVersion !== previous.metadata.resourceVersion) {
      throw statusError({ code: 409, reason: 'Conflict', message: `Operation cannot be fulfilled on ${qualified(kind.type)} "${metadata.name ?? ''}": the object has been modified; please apply your changes to the latest version and try again`, details: { name: metadata.name ?? '', group: kind.type.group, kind: kind.type.plural } });
    }
    if (metadata.uid !== undefined && metadata.uid !== previous.metadata.uid) {
      throw statusError({ code: 409, reason: 'Conflict', message: `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${previous.metadata.uid ?? ''}` });
    }
    const wanted = this.#admitUpdate(kind, previous, next, options);
    if (options.dryRun) return wanted;
    if (row.owners) ownershipAfterWrite(row.owners, previous, wanted, writer, !kind.custom);
    return clone(this.#commit(kind, row, wanted));
  }

  /** The object as this write may make it: the fixed metadata kept, and only the part that this path writes. */
  #admitUpdate(kind: Kind, previous: KubeObject, next: KubeObject, options: WriteOptions): KubeObject {
    if (options.subresource === 'status') {
      if (!kind.hasStatus) throw statusError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource' });
      return { ...previous, status: next['status'] };
    }
    const wanted: KubeObject = { ...next, metadata: keptMetadata(previous.metadata, next.metadata) };
    if (kind.hasStatus) {
      delete wanted['status'];
      if (previous['status'] !== undefined) wanted['status'] = previous['status'];
    }
    if (kind.type.kind === 'Pod') checkPodUpdate(previous, wanted);
    if (kind.type.kind === 'Secret') foldSecret(wanted);
    this.#checkSize(wanted);
    return wanted;
  }

  /** Keeps the new state, unless nothing changed; ends a deletion whose last finalizer is gone. */
  #commit(kind: Kind, row: Row, next: KubeObject): KubeObject {
    const previous = row.object;
    if (sameJson(previous, next)) return previous;
    if (!sameJson(contentOf(previous, kind), contentOf(next, kind))) next.metadata.generation = (previous.metadata.generation ?? 1) + 1;
    next.metadata.resourceVersion = String(++this.#revision);
    row.object = next;
    this.#unindex(previous);
    this.#index(kind.type, next);
    this.#emit({ type: 'MODIFIED', kind: kind.type, object: next, previous, revision: this.#revision });
    const waitedForFinalizers = next.metadata.deletionTimestamp !== undefined && (previous.metadata.finalizers ?? []).length > 0;
    if (waitedForFinalizers && (next.metadata.finalizers ?? []).length === 0 && !waitsForContainers(kind, next)) this.#remove(kind, row);
    return next;
  }

  /** @returns who applied or wrote which fields of an object; nobody before somebody applied */
  owners(type: ResourceType, namespace: string | undefined, name: string): FieldOwner[] {
    this.get(type, namespace, name);
    const owners = this.#table(type).get(rowKey(type, namespace, name))?.owners ?? new Map<string, Set<string>>();
    return [...owners].map(([manager, paths]) => ({ manager, fields: [...paths].map(pathSegments) }));
  }

  #apply(kind: Kind, namespace: string | undefined, name: string, patch: Extract<Patch, { type: 'apply' }>, options: WriteOptions): KubeObject {
    if (!isMap(patch.body)) throw statusError({ code: 400, reason: 'BadRequest', message: 'an object to apply is needed' });
    const row = this.#table(kind.type).get(rowKey(kind.type, namespace, name));
    const input = { applied: patch.body, manager: patch.fieldManager, force: patch.force ?? false, keyed: !kind.custom };
    if (!row) {
      const metadata = isMap(patch.body['metadata']) ? patch.body['metadata'] : {};
      const created = this.create(kind.type, { ...patch.body, metadata: { ...metadata, name, ...(namespace ? { namespace } : {}) } }, options);
      const made = this.#table(kind.type).get(rowKey(kind.type, namespace, name));
      if (made) made.owners = applyPatch({ ...input, current: {}, ownership: new Map() }).ownership;
      return created;
    }
    const { object, ownership } = applyPatch({ ...input, current: row.object, ownership: row.owners });
    const metadata = { ...(object['metadata'] as ObjectMeta), name, ...(namespace ? { namespace } : {}) };
    const next = this.#admitUpdate(kind, row.object, { ...object, metadata }, options);
    if (options.dryRun) return clone(next);
    row.owners = ownership;
    return clone(this.#commit(kind, row, next));
  }

  #delete(kind: Kind, row: Row, options: DeleteOptions): void {
    const { object } = row;
    if (kind.type.kind === 'Pod' && this.#beginPodDeletion(kind, row, options)) return;
    const finalizers = new Set(object.metadata.finalizers ?? []);
    const children = this.#childrenOf(object);
    if (options.propagationPolicy === 'Foreground' && children.length > 0) finalizers.add(FOREGROUND);
    if (options.propagationPolicy === 'Orphan') for (const child of children) this.#disown(child, object.metadata.uid ?? '');
    if (finalizers.size > 0) {
      const deletionTimestamp = object.metadata.deletionTimestamp ?? timestamp(this.#options.now());
      this.#commit(kind, row, { ...object, metadata: { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0, finalizers: [...finalizers] } });
      if (finalizers.has(FOREGROUND)) for (const child of children) this.#deleteKeyed(child, { propagationPolicy: 'Foreground' });
      return;
    }
    this.#remove(kind, row);
  }

  /** @returns true when the Pod stays until its containers have ended */
  #beginPodDeletion(kind: Kind, row: Row, options: DeleteOptions): boolean {
    const pod = row.object as Pod;
    const grace = options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    if (grace === 0 || !pod.spec.nodeName || isTerminal(pod)) return false;
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp !== undefined && typeof deletionGracePeriodSeconds === 'number' && deletionGracePeriodSeconds <= grace) return true;
    this.#commit(kind, row, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: timestamp(this.#options.now() + grace * 1000), deletionGracePeriodSeconds: grace } });
    return true;
  }

  #removeOrWait(kind: Kind, row: Row): void {
    if ((row.object.metadata.finalizers ?? []).length > 0) this.#commit(kind, row, { ...row.object, metadata: { ...row.object.metadata, deletionGracePeriodSeconds: 0 } });
    else this.#remove(kind, row);
  }

  #remove(kind: Kind, row: Row): void {
    const { type } = kind;
    const { object } = row;
    const { namespace, name = '', uid = '' } = object.metadata;
    if (type.kind === 'Namespace') this.#emptyNamespace(name);
    this.#table(type).delete(rowKey(type, namespace, name));
    this.#unindex(object);
    const last: KubeObject = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
    this.#emit({ type: 'DELETED', kind: type, object: last, previous: object, revision: this.#revision });
    if (type.kind === 'CustomResourceDefinition') this.#dropKinds(object);
    for (const key of [...(this.#dependents.get(uid) ?? [])]) this.#collect(key);
    for (const reference of object.metadata.ownerReferences ?? []) this.#finishForeground(reference.uid);
  }

  #emptyNamespace(namespace: string): void {
    for (const { type } of this.kinds.all()) {
      if (!type.namespaced) continue;
      for (const object of this.#all(type)) {
        if (object.metadata.namespace === namespace) this.#remove(this.kinds.require(type), this.#row(this.kinds.require(type), namespace, object.metadata.name ?? ''));
      }
    }
  }

  #dropKinds(definition: KubeObject): void {
    for (const kind of kindsOf(definition)) {
      for (const object of this.#all(kind.type)) this.#remove(kind, this.#row(kind, object.metadata.namespace, object.metadata.name ?? ''));
      this.kinds.remove(kind.type);
    }
  }

  #childrenOf(object: KubeObject): string[] {
    return [...(this.#dependents.get(object.metadata.uid ?? '') ?? [])];
  }

  #byUidRow(uid: string): { kind: Kind; row: Row } | undefined {
    const place = this.#byUid.get(uid);
    const row = place && this.#tables.get(typeKey(place.type))?.get(place.key);
    return row && { kind: this.kinds.require(place.type), row };
  }

  #deleteKeyed(uid: string, options: DeleteOptions): void {
    const found = this.#byUidRow(uid);
    if (found) this.#delete(found.kind, found.row, options);
  }

  /** Deletes a dependent none of whose owners is left. */
  #collect(uid: string): void {
    const found = this.#byUidRow(uid);
    if (!found) return;
    const owners = found.row.object.metadata.ownerReferences ?? [];
    if (owners.every((owner) => !this.#byUid.has(owner.uid))) this.#delete(found.kind, found.row, {});
  }

  /** An object made for an owner that is already gone does not stay. */
  #collectIfOrphan(kind: Kind, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (owners.some((owner) => this.#byUid.has(owner.uid))) return;
    queueMicrotask(() => {
      try {
        this.delete(kind.type, object.metadata.namespace, object.metadata.name ?? '', { uid: object.metadata.uid ?? '' });
      } catch (error) {
        if (!isAppError(error)) throw error; // gone already
      }
    });
  }

  #disown(uid: string, owner: string): void {
    const found = this.#byUidRow(uid);
    if (!found) return;
    const { object } = found.row;
    const ownerReferences = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner);
    this.#commit(found.kind, found.row, { ...object, metadata: { ...object.metadata, ownerReferences } });
  }

  #finishForeground(uid: string): void {
    const found = this.#byUidRow(uid);
    if (!found?.row.object.metadata.finalizers?.includes(FOREGROUND) || (this.#dependents.get(uid)?.size ?? 0) > 0) return;
    const { object } = found.row;
    this.#commit(found.kind, found.row, { ...object, metadata: { ...object.metadata, finalizers: (object.metadata.finalizers ?? []).filter((name) => name !== FOREGROUND) } });
  }

  #index(type: ResourceType, object: KubeObject): void {
    const { uid, namespace, name, ownerReferences } = object.metadata;
    if (!uid) return;
    this.#byUid.set(uid, { type, key: rowKey(type, namespace, name ?? '') });
    for (const owner of ownerReferences ?? []) {
      const set = this.#dependents.get(owner.uid);
      if (set) set.add(uid);
      else this.#dependents.set(owner.uid, new Set([uid]));
    }
  }

  #unindex(object: KubeObject): void {
    const { uid, ownerReferences } = object.metadata;
    if (!uid) return;
    this.#byUid.delete(uid);
    for (const owner of ownerReferences ?? []) {
      const set = this.#dependents.get(owner.uid);
      set?.delete(uid);
      if (set?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  #emit(event: StoreEvent): void {
    this.#history.push(event);
    const limit = this.#options.history ?? 20_000;
    if (this.#history.length > limit * 1.25) {
      const dropped = this.#history.splice(0, this.#history.length - limit);
      this.#compacted = dropped.at(-1)?.revision ?? this.#compacted;
    }
    for (const listener of [...this.#listeners]) listener(event);
  }
}

/** Kubernetes' timestamps have whole seconds. */
function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const rowKey = (type: ResourceType, namespace: string | undefined, name: string): string => (type.namespaced ? `${namespace ?? ''}/${name}` : name);

const revisionOf = (object: KubeObject): number => Number(object.metadata.resourceVersion ?? 0);

/** What a change of counts as a new generation: everything but metadata and a status that is written apart. */
function contentOf(object: KubeObject, kind: Kind): Record<string, unknown> {
  const content: Record<string, unknown> = { ...object };
  delete content['metadata'];
  if (kind.hasStatus) delete content['status'];
  return content;
}

/** A Pod under deletion stays until its kubelet says so. */
const waitsForContainers = (kind: Kind, object: KubeObject): boolean => kind.type.kind === 'Pod' && object.metadata['deletionGracePeriodSeconds'] !== 0 && !isTerminal(object);

function keptMetadata(previous: ObjectMeta, next: ObjectMeta): ObjectMeta {
  const out: ObjectMeta = { ...next };
  delete out['managedFields'];
  delete out['selfLink'];
  for (const field of ['name', 'generateName', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'resourceVersion']) {
    if (previous[field] === undefined) delete out[field];
    else out[field] = previous[field];
  }
  return out;
}

/** `stringData` is only a way to write `data`. */
function foldSecret(object: KubeObject): void {
  const plain = object['stringData'];
  if (!isMap(plain)) return;
  const data: Record<string, unknown> = isMap(object['data']) ? { ...object['data'] } : {};
  for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(String(value)).toString('base64');
  object['data'] = data;
  delete object['stringData'];
}

function project(event: StoreEvent, matches: Matcher): WatchEvent | undefined {
  const was = event.previous !== undefined && matches(event.previous);
  const is = event.type !== 'DELETED' && matches(event.object);
  if (event.type === 'DELETED') return was ? { type: 'DELETED', object: event.object, revision: event.revision } : undefined;
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: event.object, revision: event.revision };
  return was ? { type: 'DELETED', object: event.object, revision: event.revision } : undefined;
}
