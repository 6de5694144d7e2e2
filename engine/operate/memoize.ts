/**
 * Outputs kept from earlier runs in a ConfigMap: a step whose key is known there does not run again. Argo: workflow/controller/cache
 */
import type { NodeStatus, Outputs } from '../spec/types.ts';
import { goDurationOf, milliseconds, timestamp } from './time.ts';
import { Fault } from './fault.ts';
import { goJson } from './language.ts';
import type { Run } from './run.ts';
import type { Task } from './task.ts';

interface Entry {
  nodeID: string;
  outputs: Outputs | null;
  creationTimestamp: string;
  lastHitTimestamp: string;
}

const TYPE_LABEL = 'workflows.argoproj.io/configmap-type';
const KEY = /^[a-zA-Z0-9][-a-zA-Z0-9]*$/;

/** Gives the node the cached outputs, or notes that there were none. Throws Fault. */
export function consultCache(run: Run, task: Task, node: NodeStatus | undefined, create: () => NodeStatus): NodeStatus {
  const memoize = task.template.memoize;
  const cacheName = memoize?.cache?.configMap?.name ?? '';
  const key = memoize?.key ?? '';
  const entry = read(run, cacheName, key);
  const hit = entry !== undefined && isFresh(run, entry, memoize?.maxAge);
  const own = run.nodes.edit((node ?? create()).id);
  own.memoizationStatus = { hit, key, cacheName };
  if (!hit) return own;
  own.phase = 'Succeeded';
  if (entry.outputs) own.outputs = entry.outputs;
  own.finishedAt = run.stamp;
  run.act({ type: 'save-cache', configMap: cacheName, key, value: goJson({ ...entry, lastHitTimestamp: run.stamp }) });
  return own;
}

function read(run: Run, cacheName: string, key: string): Entry | undefined {
  if (!KEY.test(key)) throw new Fault('error', `invalid cache key ${key}`);
  const fresh = run.cached.get(`${cacheName}/${key}`);
  if (fresh !== undefined) return JSON.parse(fresh) as Entry;
  const map = run.observed.configMaps?.get(cacheName);
  if (!map) return undefined;
  if (map.metadata.labels?.[TYPE_LABEL] !== 'Cache') {
    throw new Fault('error', `memoization configmap ${cacheName} doesn't have the ${TYPE_LABEL}=Cache label, refusing to use it`);
  }
  const text = map.data?.[key];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Entry;
  } catch {
    throw new Fault('error', 'malformed cache entry: could not unmarshal JSON; unable to parse');
  }
}

function isFresh(run: Run, entry: Entry, maxAge: string | undefined): boolean {
  if (!maxAge) return true;
  let age: number;
  try {
    age = goDurationOf(maxAge);
  } catch (error) {
    throw new Fault('error', `invalid maxAge: ${error instanceof Error ? error.message : ''}`);
  }
  return milliseconds(entry.creationTimestamp) + age > run.now;
}

/** Keeps the outputs of a node that succeeded. */
export function saveToCache(run: Run, id: string): void {
  const node = run.nodes.get(id);
  const status = node?.memoizationStatus;
  if (!node || !status || status.hit) return;
  const stamp = timestamp(run.now);
  const value = goJson({ nodeID: id, outputs: node.outputs ?? null, creationTimestamp: stamp, lastHitTimestamp: stamp });
  run.cached.set(`${status.cacheName}/${status.key}`, value);
  run.act({ type: 'save-cache', configMap: status.cacheName, key: status.key, value });
}
