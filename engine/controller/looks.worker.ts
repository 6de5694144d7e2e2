/**
 * The thread that judges large runs and reads large statuses. It keeps each run as the main thread knows it and is told what
 * changed; what it has to say in return, it says in parcels, when they are asked for.
 */
import { parentPort } from 'node:worker_threads';
import { operate } from '../operate/operate.ts';
import type { Action, LockTable, Observed, PodReport, Refusal, TaskReport } from '../operate/types.ts';
import type { ConfigMap, Pod } from '../spec/kubernetes.ts';
import type { NodeStatus, Workflow, WorkflowTemplate } from '../spec/types.ts';
import { isAppError } from '../spec/error.ts';
import { unpackNodes } from './hydrate.ts';
import { changed, headChange, nodeChanges } from './mirror.ts';
import type { NodeChange } from './mirror.ts';
import { opened, parcels } from './parcels.ts';
import type { Entry } from './parcels.ts';
import type { Answer, Failure, LockAnswers, LookEnd, Request } from './look-thread.ts';

interface ToldTemplate {
  template: WorkflowTemplate;
  fault?: string;
}

/** One run as the main thread has told of it. */
interface Session {
  workflow: Workflow | undefined;
  /** Told since the last look. */
  nodes: NodeChange[];
  pods: Map<string, Pod>;
  reports: Map<string, PodReport>;
  tasks: Map<string, TaskReport>;
  refusals: Map<string, Refusal>;
  namespaced: Map<string, ToldTemplate>;
  cluster: Map<string, ToldTemplate>;
  configMaps: Map<string, ConfigMap>;
  /** The run that estimates go by: its own times at '', and those of its nodes. */
  baseline: Map<string, unknown>;
  /** The same as a run, once a look needs it. */
  baselineRun: Workflow | undefined;
}

const sessions = new Map<string, Session>();
/** Parcels that were not asked for yet, by the request that they answer. */
const waiting = new Map<number, { parcels: Iterator<string>; end: Answer['end'] }>();
/** Characters of one message: what the main thread can take in without being held. */
const MESSAGE = 512 * 1024;

parentPort?.on('message', (request: Request) => {
  try {
    receive(request);
  } catch (error) {
    if (!('id' in request)) throw error;
    waiting.delete(request.id);
    parentPort?.postMessage({ id: request.id, parcels: [], failed: failureOf(error) } satisfies Answer);
  }
});

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error) };
  const { message, stack = message } = error;
  return isAppError(error) ? { code: error.code, message, stack, ...(error.hint !== undefined && { hint: error.hint }) } : { code: 'internal', message, stack };
}

function receive(request: Request): void {
  switch (request.type) {
    case 'parcel':
      { for (const entry of opened(request.text)) take(session(request.run), entry); return; }
    case 'forget':
      { sessions.delete(request.run); return; }
    case 'look':
      { const { entries, end } = look(session(request.run), request); begin(request.id, parcels(entries), end); return; }
    case 'unpack':
      { begin(request.id, parcels(nodeEntries(unpackNodes(request.packed, request.name))), undefined); return; }
    case 'more':
      answer(request.id);
  }
}

function session(run: string): Session {
  let known = sessions.get(run);
  if (!known) {
    known = { workflow: undefined, nodes: [], pods: new Map(), reports: new Map(), tasks: new Map(), refusals: new Map(), namespaced: new Map(), cluster: new Map(), configMaps: new Map(), baseline: new Map(), baselineRun: undefined };
    sessions.set(run, known);
  }
  return known;
}

function take(to: Session, [kind, key, value]: Entry): void {
  if (kind === 'nodes') {
    to.nodes.push([key, value as NodeStatus | undefined]);
    return;
  }
  if (kind === 'baseline') to.baselineRun = undefined;
  if (kind === 'baseline' && key === '') to.baseline.clear();
  const map = to[kind as Exclude<keyof Session, 'workflow' | 'nodes' | 'baselineRun'>] as Map<string, unknown>;
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

type LookRequest = Extract<Request, { type: 'look' }>;

function look(run: Session, request: LookRequest): { entries: Iterable<Entry>; end: LookEnd } {
  const before = changed(run.workflow, request.head, run.nodes);
  run.workflow = before;
  run.nodes = [];
  const missing = new Set<string>();
  const outcome = operate(before, observed(run, request, missing), request.now);
  if (missing.size > 0) return { entries: [], end: { missing: [...missing] } };
  const head = headChange(before, outcome.workflow);
  const nodes = [...nodeChanges(before, outcome.workflow)];
  run.workflow = outcome.workflow;
  return {
    entries: function* (): Generator<Entry> {
      for (const [id, node] of nodes) yield ['nodes', id, node];
      for (const action of outcome.actions) yield ['actions', '', action satisfies Action];
    }(),
    end: { changed: head !== undefined || nodes.length > 0, ...(head && { head }), ...(outcome.wakeAt !== undefined && { wakeAt: outcome.wakeAt }), ...(outcome.locks && { locks: outcome.locks }) },
  };
}

function observed(run: Session, { given, locks }: LookRequest, missing: Set<string>): Observed {
  const faults = new Map([...run.namespaced.values(), ...run.cluster.values()].map(({ template, fault }) => [template, fault]));
  const templates = (told: Map<string, ToldTemplate>): Map<string, WorkflowTemplate> => new Map([...told].map(([name, { template }]) => [name, template]));
  return {
    ...given.plain, baseline: run.baselineRun ??= baselineOf(run.baseline), pods: run.pods, reports: run.reports, tasks: run.tasks, refusals: run.refusals,
    ...(given.templates && { templates: { namespaced: templates(run.namespaced), cluster: templates(run.cluster), faultOf: (template) => faults.get(template) } }),
    ...(given.configMaps && { configMaps: run.configMaps }),
    ...(locks && { locks: lockTable(locks, missing) }),
  };
}

function baselineOf(told: ReadonlyMap<string, unknown>): Workflow | undefined {
  const head = told.get('') as Workflow | undefined;
  return head && { ...head, spec: {}, status: { ...head.status, nodes: Object.fromEntries([...told].filter(([id]) => id !== '')) as Record<string, NodeStatus> } };
}

/** The locks as far as the main thread has told of them; what else is asked for is noted, and the look tried again. */
function lockTable(told: LockAnswers, missing: Set<string>): LockTable {
  const known = (key: string): unknown => {
    if (!told.has(key)) missing.add(key);
    return told.get(key);
  };
  return {
    holders: (lock) => (known(JSON.stringify(['holders', lock])) ?? []) as string[],
    waitingBefore: (lock) => (known(JSON.stringify(['waitingBefore', lock])) ?? 0) as number,
    limit: (namespace, configMap, key) => known(JSON.stringify(['limit', namespace, configMap, key])) as string | null | undefined,
  };
}

function* nodeEntries(nodes: Record<string, NodeStatus>): Generator<Entry> {
  for (const id in nodes) yield ['nodes', id, nodes[id]];
}

function begin(id: number, list: Iterator<string>, end: Answer['end']): void {
  waiting.set(id, { parcels: list, end });
  answer(id);
}

/** The next parcels of an answer, with its end once there are no more. */
function answer(id: number): void {
  const rest = waiting.get(id);
  if (!rest) return;
  const texts: string[] = [];
  for (let size = 0; size < MESSAGE;) {
    const next = rest.parcels.next();
    if (next.done) {
      waiting.delete(id);
      parentPort?.postMessage({ id, parcels: texts, end: rest.end ?? {} } satisfies Answer);
      return;
    }
    texts.push(next.value);
    size += next.value.length;
  }
  parentPort?.postMessage({ id, parcels: texts } satisfies Answer);
}
