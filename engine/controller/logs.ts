/** Logs of a run's steps: from the Pod, else as kept, else from the archive, in the order of their times; followed as steps come and go. */
import type { LogLine, LogSource, RunChange } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, Subscription } from '../kube/port.ts';
import { isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { ANNOTATION, LABEL } from '../spec/types.ts';
import type { NodeStatus, Workflow } from '../spec/types.ts';
import { podName, podNameVersion } from '../template/names.ts';
import type { KeptLogs } from './kept-logs.ts';
import { userContainers } from './kept-logs.ts';
import { nodesOf } from './summary.ts';
import { readLines } from './text.ts';

export interface LogOptions {
  nodeId?: string;
  container?: string;
  follow?: boolean;
  tailLines?: number;
  signal?: AbortSignal;
}

export interface LogSources {
  cluster: Cluster;
  kept: KeptLogs;
  /** @returns the bytes of the artifact that a container's log was archived as; throws when there is none */
  archived: (workflow: Workflow, nodeId: string, container: string) => Promise<AsyncIterable<Uint8Array>>;
  getRun: () => Promise<Workflow>;
  watchRun: (onChange: (change: RunChange) => void) => Subscription;
}

type Item = LogLine | { source: LogSource };

/** Lines of one step that are read when nobody says how many. */
const MOST_LINES = 50_000;
const AT_ONCE = 6;
const FINISHED = new Set(['Succeeded', 'Failed', 'Error']);

/** @returns lines, and before them where they come from */
export async function* runLogs(sources: LogSources, options: LogOptions): AsyncGenerator<Item> {
  const workflow = await sources.getRun();
  if (options.follow && !workflow.status?.finishedAt) yield* followed(sources, workflow, options);
  else yield* read(sources, workflow, options);
}

async function* read(sources: LogSources, workflow: Workflow, options: LogOptions): AsyncGenerator<Item> {
  const pods = await podsOf(sources.cluster, workflow);
  const nodes = Object.values(nodesOf(workflow)).filter((node) => wanted(node, options) && hasBegun(node));
  const found = new Set<LogSource>();
  const lines: LogLine[] = [];
  for (let at = 0; at < nodes.length; at += AT_ONCE) {
    const batch = await Promise.all(nodes.slice(at, at + AT_ONCE).map((node) => readNode(sources, workflow, node, pods.get(node.id), options)));
    for (const { source, lines: more } of batch) {
      found.add(source);
      for (const line of more) lines.push(line);
    }
  }
  for (const source of ['pod', 'kept', 'archived', 'gone'] as const) {
    if (!found.has(source)) continue;
    yield { source };
    break;
  }
  // Stable: lines without time, and of the same time, stay as they came.
  if (nodes.length > 1) lines.sort((a, b) => (a.time && b.time ? (a.time < b.time ? -1 : a.time > b.time ? 1 : 0) : 0));
  yield* lines;
}

async function readNode(sources: LogSources, workflow: Workflow, node: NodeStatus, pod: Pod | undefined, options: LogOptions): Promise<{ source: LogSource; lines: LogLine[] }> {
  const name = pod?.metadata.name ?? podNameOf(workflow, node);
  const lines: LogLine[] = [];
  let source: LogSource = 'gone';
  for (const container of containersFor(pod, options)) {
    const place = { pod: name, container, nodeId: node.id };
    try {
      if (!pod) throw new Error('no Pod');
      const bytes = sources.cluster.logs(workflow.metadata.namespace ?? '', name, { container, timestamps: true, tailLines: options.tailLines ?? MOST_LINES, ...(options.signal && { signal: options.signal }) });
      for await (const line of readLines(bytes)) lines.push(parseLine(line, place));
      source = 'pod';
    } catch {
      const kept = await sources.kept.read(workflow.metadata.namespace ?? '', workflow.metadata.uid ?? '', name, container);
      const bytes = kept ?? await sources.archived(workflow, node.id, container).catch(() => undefined);
      if (!bytes) continue;
      for (const line of await lastLines(bytes, options.tailLines ?? MOST_LINES)) lines.push(parseLine(line, place));
      if (source === 'gone') source = kept ? 'kept' : 'archived';
    }
  }
  return { source, lines };
}

async function lastLines(bytes: AsyncIterable<Uint8Array>, count: number): Promise<string[]> {
  let lines: string[] = [];
  for await (const line of readLines(bytes)) {
    lines.push(line);
    if (lines.length >= 2 * count) lines = lines.slice(-count);
  }
  return lines.slice(-count);
}

/** Starts a reader for each step as it begins; ends when the run has ended and all are read. */
async function* followed(sources: LogSources, workflow: Workflow, options: LogOptions): AsyncGenerator<Item> {
  const items = new Channel<Item>();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  if (options.signal?.aborted) return;
  options.signal?.addEventListener('abort', onAbort, { once: true });
  stop.signal.addEventListener('abort', () => items.end(), { once: true });
  const started = new Set<string>();
  const nodes = new Map<string, NodeStatus>();
  let reading = 0;
  let over = false;
  const settle = (): void => {
    if (over && reading === 0) items.end();
  };
  const begin = (node: NodeStatus): void => {
    started.add(node.id);
    reading += 1;
    void followNode(sources, workflow, node, options, stop.signal, items).finally(() => {
      reading -= 1;
      settle();
    });
  };
  const subscription = sources.watchRun((change) => {
    if (change.reset) nodes.clear();
    for (const node of change.nodes) nodes.set(node.id, node);
    for (const node of nodes.values()) if (!started.has(node.id) && wanted(node, options) && hasBegun(node)) begin(node);
    const target = options.nodeId === undefined ? undefined : nodes.get(options.nodeId);
    over ||= change.deleted === true || Boolean(change.workflow?.status?.finishedAt) || (target !== undefined && FINISHED.has(target.phase ?? ''));
    settle();
  });
  yield { source: 'pod' };
  try {
    yield* items;
  } finally {
    subscription.close();
    stop.abort();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

async function followNode(sources: LogSources, workflow: Workflow, node: NodeStatus, options: LogOptions, signal: AbortSignal, items: Channel<Item>): Promise<void> {
  const { namespace = '' } = workflow.metadata;
  const name = podNameOf(workflow, node);
  const pod = await sources.cluster.get<Pod>(RESOURCE.pod, namespace, name).catch(() => undefined);
  await Promise.all(containersFor(pod, options).map(async (container) => {
    const place = { pod: name, container, nodeId: node.id };
    try {
      const bytes = sources.cluster.logs(namespace, name, { container, timestamps: true, follow: true, signal, ...(options.tailLines !== undefined && { tailLines: options.tailLines }) });
      for await (const line of readLines(bytes)) items.push(parseLine(line, place));
    } catch (error) {
      if (signal.aborted || !isAppError(error)) return;
      const { lines } = await readNode(sources, workflow, node, undefined, { ...options, container });
      for (const line of lines) items.push(line);
    }
  }));
}

function wanted(node: NodeStatus, options: LogOptions): boolean {
  return node.type === 'Pod' && (options.nodeId === undefined || node.id === options.nodeId);
}

function hasBegun(node: NodeStatus): boolean {
  return node.phase === 'Running' || FINISHED.has(node.phase ?? '');
}

function containersFor(pod: Pod | undefined, options: LogOptions): string[] {
  if (options.container) return [options.container];
  const containers = pod ? userContainers(pod) : ['main'];
  return containers.includes('main') ? ['main'] : containers;
}

/** @returns Pods of a run by node id */
export async function podsOf(cluster: Cluster, workflow: Workflow): Promise<Map<string, Pod>> {
  const { namespace = '', name = '' } = workflow.metadata;
  const { items } = await cluster.list<Pod>(RESOURCE.pod, namespace, { labelSelector: `${LABEL.workflow}=${name}` });
  return new Map(items.map((pod) => [pod.metadata.annotations?.[ANNOTATION.nodeId] ?? pod.metadata.name ?? '', pod]));
}

export function podNameOf(workflow: Workflow, node: NodeStatus): string {
  return podName({
    workflowName: workflow.metadata.name ?? '', nodeName: node.name, templateName: node.templateRef?.template ?? node.templateName ?? '',
    version: podNameVersion(workflow.metadata.annotations),
  });
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$/s;

function parseLine(text: string, place: Omit<LogLine, 'text'>): LogLine {
  const match = TIMED.exec(text);
  return match ? { ...place, time: match[1] ?? '', text: match[2] ?? '' } : { ...place, text };
}

/** What several writers push, one reader takes. */
class Channel<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const batch = this.#items.splice(0);
      yield* batch;
      if (batch.length) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
