/**
 * Large runs on a thread of their own. What holds a thread for long is done there: operate on thousands of nodes, and the reading of
 * compressed statuses. This side keeps the truth; the thread may die at any moment and is told everything again.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { omit } from '../operate/omit.ts';
import type { Action, LockClaims, LockTable, Observed, Outcome } from '../operate/types.ts';
import { AppError } from '../spec/error.ts';
import type { ErrorCode } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { NodeStatus, Workflow, WorkflowTemplate } from '../spec/types.ts';
import { sameJson } from './equal.ts';
import { changed, headChange, MapMirror, nodeChanges } from './mirror.ts';
import type { HeadChange, NodeChange } from './mirror.ts';
import { inTurns, opened, parcels } from './parcels.ts';
import type { Entry } from './parcels.ts';

/** Answers of a LockTable by the question, as JSON. */
export type LockAnswers = Map<string, unknown>;

/** What of Observed is told by its changes, or asked for. */
type Told = 'pods' | 'reports' | 'tasks' | 'refusals' | 'templates' | 'configMaps' | 'locks' | 'baseline';

/** What of Observed goes along as it is, and which of its maps there are. */
interface Given {
  plain: Omit<Observed, Told>;
  templates: boolean;
  configMaps: boolean;
}

export type Request =
  /** Entries for the next look at a run. */
  | { type: 'parcel'; run: string; text: string }
  | { type: 'look'; id: number; run: string; head?: HeadChange; now: number; given: Given; locks?: LockAnswers }
  | { type: 'forget'; run: string }
  | { type: 'unpack'; id: number; name: string; packed: Uint8Array }
  /** The last parcels were taken in. */
  | { type: 'more'; id: number };

export interface LookEnd {
  /** Questions about locks that were not answered: nothing was decided. */
  missing?: string[];
  changed?: boolean;
  head?: HeadChange;
  wakeAt?: number;
  locks?: LockClaims;
}

export interface Answer {
  id: number;
  parcels: string[];
  /** With the last parcels. */
  end?: LookEnd;
  /** What the work threw. */
  failed?: Failure;
}

export interface Failure {
  code: ErrorCode;
  message: string;
  hint?: string;
  stack?: string;
}

const here = path.dirname(fileURLToPath(import.meta.url));
const built = path.join(here, 'looks.worker.cjs');
/** From the sources, as tests run: these are TypeScript. */
const fromSources = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(new URL('./looks.worker.ts', import.meta.url).href)}); })`;
/** A thread that has nothing to do is ended after this. */
const IDLE_MS = 60_000;

/** The work on the thread could not be done, for a reason in the work itself. */
export class WorkFailed extends AppError {
  constructor({ code, message, hint, stack }: Failure) {
    super(code, message, hint === undefined ? {} : { hint });
    if (stack !== undefined) this.stack = stack;
  }
}

export class LookThread {
  #worker: Worker | undefined;
  #next = 0;
  readonly #asked = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  /** Pieces of work under way: as long as there are any, the process does not end. */
  #busy = 0;
  #idle: NodeJS.Timeout | undefined;
  /** Names the thread's life: what an earlier one knew is lost. */
  life = 0;

  /** Tells the thread something that has no answer. */
  post(request: Request): void {
    this.#started().postMessage(request);
  }

  /** Asks, and takes in the answer's entries as they come. Throws WorkFailed, or AppError `internal` when the thread died. */
  async ask(request: (id: number) => Request, take: (entry: Entry) => void): Promise<LookEnd> {
    const id = this.#next++;
    this.#hold(1);
    try {
      let answer = await this.#exchange(id, request(id));
      for (;;) {
        if (answer.failed !== undefined) throw new WorkFailed(answer.failed);
        await inTurns(answer.parcels, (parcel) => { for (const entry of opened(parcel)) take(entry); return true; });
        if (answer.end) return answer.end;
        answer = await this.#exchange(id, { type: 'more', id });
      }
    } finally {
      this.#hold(-1);
    }
  }

  /** @returns the nodes in a packed status. Throws AppError `unsupported`. */
  async unpack(packed: Uint8Array, name: string): Promise<Record<string, NodeStatus>> {
    const nodes: Record<string, NodeStatus> = {};
    await this.ask((id) => ({ type: 'unpack', id, name, packed }), ([, key, value]) => { nodes[key] = value as NodeStatus; });
    return nodes;
  }

  #exchange(id: number, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#started().postMessage(request);
    });
  }

  #started(): Worker {
    return this.#worker ??= this.#start();
  }

  #start(): Worker {
    const worker = existsSync(built) ? new Worker(built, { execArgv: [] }) : new Worker(fromSources, { eval: true, execArgv: [] });
    worker.on('message', (answer: Answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      asked?.resolve(answer);
    });
    worker.on('error', (error) => { this.#ended(worker, error); });
    worker.on('exit', (code) => { this.#ended(worker, new Error(`exit code ${code}`)); });
    if (this.#busy === 0) worker.unref();
    return worker;
  }

  #ended(worker: Worker, cause: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.life += 1;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of asked) reject(new AppError('internal', `the thread for large runs ended: ${cause.message}`, { cause }));
  }

  #hold(by: 1 | -1): void {
    this.#busy += by;
    clearTimeout(this.#idle);
    if (this.#busy > 0) this.#started().ref();
    else {
      this.#worker?.unref();
      this.#idle = setTimeout(() => { void this.close(); }, IDLE_MS).unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker) this.#ended(worker, new Error('closed'));
    await worker?.terminate();
  }
}

/** The looks at one run. One at a time. */
export class ThreadLooks {
  readonly #thread: LookThread;
  readonly #run: string;
  #life = -1;
  /** The run as the thread holds it. */
  #held: Workflow | undefined;
  #baseline: Workflow | undefined;
  #maps = mirrors();

  /** @param run names it among all runs of the thread */
  constructor(thread: LookThread, run: string) {
    this.#thread = thread;
    this.#run = run;
  }

  /**
   * As operate, with a clock of the caller's.
   * @returns its outcome, and whether the locks it was decided by are as they were
   * Throws WorkFailed when operate does, AppError `internal` when the thread died.
   */
  async look(workflow: Workflow, observed: Observed, now: number): Promise<{ outcome: Outcome; holds: () => boolean }> {
    try {
      return await this.#look(workflow, observed, now);
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** The thread need not remember the run any longer. */
  forget(): void {
    if (this.#life === this.#thread.life) this.#thread.post({ type: 'forget', run: this.#run });
    this.#life = -1;
  }

  async #look(workflow: Workflow, observed: Observed, now: number): Promise<{ outcome: Outcome; holds: () => boolean }> {
    const run = this.#run;
    const told = await this.#tell(workflow, observed);
    const plain = omit(observed, 'pods', 'reports', 'tasks', 'refusals', 'templates', 'configMaps', 'locks', 'baseline');
    const given: Given = { plain, templates: observed.templates !== undefined, configMaps: observed.configMaps !== undefined };
    const locks: LockAnswers = new Map();
    for (let head = told; ; head = undefined) {
      const nodes: NodeChange[] = [];
      const actions: Action[] = [];
      const end = await this.#thread.ask((id) => ({ type: 'look', id, run, now, given, ...(head && { head }), ...(observed.locks && { locks }) }), ([kind, key, value]) => {
        if (kind === 'nodes') nodes.push([key, value as NodeStatus | undefined]);
        else actions.push(value as Action);
      });
      this.#held = workflow;
      if (end.missing) {
        for (const question of end.missing) locks.set(question, answerOf(observed.locks, question));
        continue;
      }
      const next = end.changed ? changed(workflow, end.head, nodes) : workflow;
      this.#held = next;
      const outcome: Outcome = { workflow: next, changed: end.changed === true, actions, ...(end.wakeAt !== undefined && { wakeAt: end.wakeAt }), ...(end.locks && { locks: end.locks }) };
      return { outcome, holds: () => [...locks].every(([question, answer]) => sameJson(answerOf(observed.locks, question), answer)) };
    }
  }

  /** Brings the thread up to date. @returns what of the run's head is new to it */
  async #tell(workflow: Workflow, observed: Observed): Promise<HeadChange | undefined> {
    // A message starts the thread: a new one knows nothing.
    this.#thread.post({ type: 'parcel', run: this.#run, text: '[]' });
    if (this.#life !== this.#thread.life) {
      this.#life = this.#thread.life;
      this.#held = undefined;
      this.#baseline = undefined;
      this.#maps = mirrors();
    }
    const life = this.#life;
    await inTurns(parcels(this.#news(workflow, observed)), (text) => {
      if (this.#thread.life !== life) throw new AppError('internal', 'the thread for large runs ended');
      this.#thread.post({ type: 'parcel', run: this.#run, text });
      return true;
    });
    return headChange(this.#held, workflow);
  }

  *#news(workflow: Workflow, { pods, reports, tasks, refusals, templates, configMaps, baseline }: Observed): Generator<Entry> {
    if (this.#baseline !== baseline) yield* timesOf(baseline);
    this.#baseline = baseline;
    for (const [id, node] of nodeChanges(this.#held, workflow)) yield ['nodes', id, node];
    const maps = this.#maps;
    yield* maps.pods.changes(pods, essence);
    yield* maps.reports.changes(reports);
    yield* maps.tasks.changes(tasks ?? new Map());
    yield* maps.refusals.changes(refusals ?? new Map());
    const withFault = (template: unknown): unknown => ({ template, fault: templates?.faultOf?.(template as WorkflowTemplate) });
    yield* maps.namespaced.changes(templates?.namespaced ?? new Map(), withFault);
    yield* maps.cluster.changes(templates?.cluster ?? new Map(), withFault);
    yield* maps.configMaps.changes(configMaps ?? new Map());
  }
}

type Mirrors = Record<'pods' | 'reports' | 'tasks' | 'refusals' | 'namespaced' | 'cluster' | 'configMaps', MapMirror<unknown>>;

function mirrors(): Mirrors {
  const of = (kind: string): MapMirror<unknown> => new MapMirror(kind);
  return { pods: of('pods'), reports: of('reports'), tasks: of('tasks'), refusals: of('refusals'), namespaced: of('namespaced'), cluster: of('cluster'), configMaps: of('configMaps') };
}

function answerOf(locks: LockTable | undefined, question: string): unknown {
  const [what, name = '', configMap = '', key = ''] = JSON.parse(question) as string[];
  switch (what) {
    case 'holders': return locks?.holders(name);
    case 'waitingBefore': return locks?.waitingBefore(name);
    default: return locks?.limit(name, configMap, key);
  }
}

/** What operate reads of the run that estimates go by: when it, and each of its nodes, began and ended. */
function* timesOf(baseline: Workflow | undefined): Generator<Entry> {
  const times = (of: { startedAt?: string | null; finishedAt?: string | null } | undefined): unknown => ({ startedAt: of?.startedAt, finishedAt: of?.finishedAt });
  yield ['baseline', '', baseline && { metadata: { name: baseline.metadata.name }, status: times(baseline.status) }];
  const nodes = baseline?.status?.nodes ?? {};
  for (const id in nodes) yield ['baseline', id, times(nodes[id])];
}

/** What operate reads of a Pod: a tenth of it. */
function essence(value: unknown): Pod {
  const { metadata, spec, status } = value as Pod;
  const containers = (list: Pod['spec']['containers']): Pod['spec']['containers'] => list.map(({ name, resources }) => ({ ...(name !== undefined && { name }), ...(resources !== undefined && { resources }) }));
  const { name, namespace, uid, labels, deletionTimestamp } = metadata;
  return {
    metadata: { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }), ...(labels && { labels }), ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
    spec: { containers: containers(spec.containers), ...(spec.initContainers && { initContainers: containers(spec.initContainers) }), ...(spec.nodeName !== undefined && { nodeName: spec.nodeName }) },
    ...(status && { status }),
  };
}
