/**
 * One run under this engine's care: looks at the world with operate, has its actions done, and keeps its status.
 *
 * The order of things makes a crash between any two steps harmless. Pods are made under derived names, so a Pod made and
 * not yet written down is found again; what cannot be undone (deleting and ending Pods, deleting the run) waits until the
 * status that asked for it is saved.
 */
import type { Clock, EngineOptions } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { ResourceType } from '../kube/port.ts';
import { lockClaims } from '../operate/locks.ts';
import { phaseFulfilled } from '../operate/nodes.ts';
import { TooManyNodes } from '../operate/fault.ts';
import { refuse } from '../operate/operate.ts';
import type { Action, LockClaims, Observed, Operate, Outcome, PodPlan, Refusal } from '../operate/types.ts';
import type { HelperPull } from '../pod/helper-image.ts';
import { helperPull, mayFareBetter } from '../pod/helper-image.ts';
import { onlySidecarsLeft } from '../pod/report.ts';
import { isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import { INSTANCE_ID } from '../spec/types.ts';
import type { Condition, TemplateCall, Workflow } from '../spec/types.ts';
import { refusalOf } from './actions.ts';
import type { Actions } from './actions.ts';
import type { Admission } from './admission.ts';
import { backoff } from './clock.ts';
import { sameJson } from './equal.ts';
import { hydrate, readable } from './hydrate.ts';
import type { Hydrator } from './hydrate.ts';
import type { FairLimiter } from './limiter.ts';
import type { LockRegistry } from './locks.ts';
import { ThreadLooks, WorkFailed } from './look-thread.ts';
import type { LookThread } from './look-thread.ts';
import { onDiskCondition } from './nodes-on-disk.ts';
import { inTurns } from './parcels.ts';
import type { PodIndex } from './pods.ts';
import type { RunStorage } from './storage.ts';
import { needsOf } from './surroundings.ts';
import { malformedOf } from './typed.ts';
import type { Needs, Surroundings } from './surroundings.ts';
import { RunTasks } from './tasks.ts';
import type { StartTask } from './tasks.ts';

/** What a run shares with the others of its namespace. */
export interface RunContext {
  clock: Clock;
  operate: Operate;
  /** Where large runs are looked at; without it all are looked at here. */
  thread: LookThread | undefined;
  hydrator: Hydrator;
  actions: Actions;
  creates: FairLimiter;
  chores: FairLimiter;
  pods: PodIndex;
  surroundings: Surroundings;
  /** The artifact repository of those that name none. */
  repository: () => Record<string, unknown> | undefined;
  locks: LockRegistry;
  admission: Admission;
  /** Image of http templates. */
  curlImage: string | undefined;
  startTask: StartTask;
  log: NonNullable<EngineOptions['log']>;
  /** The run that estimates go by. */
  baseline: (workflow: Workflow) => Workflow | undefined;
  /** Asks for another look. */
  enqueue: (name: string) => void;
  /** The run has a new state that the views should show. */
  onUpdate: (workflow: Workflow) => void;
  /** The run is gone from its storage. */
  onGone: (name: string) => void;
  /** Keeps a Pod's logs before it is deleted. */
  keepLogs: (workflow: Workflow, pod: Pod) => Promise<void>;
}

interface Refused extends Refusal {
  /** Of a claim or budget, not of a Pod. */
  claim: boolean;
  attempts: number;
  /** Milliseconds since the epoch. */
  retryAt: number;
}

interface Chore {
  action: Action;
  /** The state of the run that asked for it. */
  version: number;
  attempts: number;
  state: 'waiting' | 'armed' | 'running' | 'done';
  doneAt: number;
  cancel?: () => void;
}

/** The status of a large run is written at most this often per node it has. */
const SAVE_MS_PER_NODE = 0.5;
const SAVE_MS_MOST = 5_000;
const SMALL_RUN = 200;
/** With so many Pods still to be made, making them comes first: looks and saves rest several times longer. */
const MANY_CREATES = 50;
const SAVE_FACTOR_WHILE_CREATING = 4;
/** Rest between two looks, in ms: a little for all, more for large runs. */
const LOOK_MS = 10;
const LOOK_MS_PER_NODE = 0.2;
const LOOK_MS_MOST = 1_000;
const LOOK_FACTOR_WHILE_CREATING = 2.5;
/** From so many nodes on, and when one look would make so many, looks are a matter for the other thread: here they would hold the window. */
const MANY_NODES = 300;
const MANY_NEW_NODES = 25;
/** After so many deaths of the thread in a row the run is looked at here. */
const THREAD_DEATHS = 3;
/** A chore that was done and is asked for again after this is done again. */
const CHORE_FORGOTTEN_MS = 30_000;

export class Run {
  readonly name: string;
  readonly uid: string;
  readonly storage: RunStorage;
  readonly #context: RunContext;
  #workflow: Workflow;
  /** What of it fits no type: then nothing is made of it. */
  #fault: string | undefined;
  /** Counts the states of `#workflow` since this object was made. */
  #version = 0;
  #savedVersion = 0;
  /** The last state whose locks differ from those of the state before: no Pod is made before it is saved. */
  #lockedVersion = 0;
  #saving: Promise<void> | undefined;
  #saveAttempts = 0;
  #lastSave = -Infinity;
  #urgent = false;
  #cancelSave: (() => void) | undefined;
  #cancelWake: (() => void) | undefined;
  /** What others wrote while our own write was under way. */
  #arrived: Workflow | undefined;
  /** Creations under way, by node id or claim name. */
  readonly #creating = new Map<string, Promise<void>>();
  /** Claims and budgets that are known to be there: `PLURAL/NAME`. */
  readonly #owned = new Set<string>();
  readonly #refusals = new Map<string, Refused>();
  readonly #chores = new Map<string, Chore>();
  readonly #tasks: RunTasks;
  readonly #endingSidecars = new Set<string>();
  /** Pods, as they came, whose helpers and sidecars were seen to. */
  readonly #seenTo = new WeakSet<Pod>();
  /** Images that a Pod's helpers could not be had from, by the Pod's uid. */
  readonly #triedHelpers = new Map<string, Set<string>>();
  #needs: { spec: unknown; needs: Needs } | undefined;
  /** The run that estimates go by; it is found once, and read. */
  #baseline: { run: Workflow | undefined; known: boolean } | undefined;
  readonly #looks: ThreadLooks | undefined;
  /** One look makes so many nodes that it is the thread's. */
  #large: boolean;
  #deaths = 0;
  /** The look on the other thread, if one is under way. */
  #looking: Promise<void> | undefined;
  /** Names the state that looks begin from; one taken in from the storage is another. */
  #adopted = 0;
  /** What the storage has to say of the run. */
  #conditions: readonly Condition[] | undefined;
  #exclusive: Promise<unknown> = Promise.resolve();
  #held = 0;
  #counted: { nodes: unknown; count: number } = { nodes: undefined, count: 0 };
  #closed = false;

  /** @param workflow with its nodes */
  constructor(workflow: Workflow, storage: RunStorage, context: RunContext) {
    this.name = workflow.metadata.name ?? '';
    this.uid = workflow.metadata.uid ?? '';
    this.storage = storage;
    this.#context = context;
    this.#fault = malformedOf(workflow)?.message;
    this.#workflow = workflow;
    this.#large = this.#fault === undefined && makesMany(workflow.spec);
    this.#looks = context.thread && new ThreadLooks(context.thread, `${workflow.metadata.namespace ?? ''}/${this.name}/${this.uid}`);
    this.#claim(lockClaims(this.#workflow));
    this.#seen();
    this.#tasks = new RunTasks(context.startTask, storage.kind === 'cluster', () => context.enqueue(this.name));
  }

  /** The run as it is now, saved or not. */
  get workflow(): Workflow {
    return this.#workflow;
  }

  get nodeCount(): number {
    const nodes = this.#workflow.status?.nodes;
    if (nodes !== this.#counted.nodes) this.#counted = { nodes, count: Object.keys(nodes ?? {}).length };
    return this.#counted.count;
  }

  /** Milliseconds from the start of one look to that of the next. */
  get lookRest(): number {
    return Math.min(LOOK_MS_MOST, LOOK_MS + this.nodeCount * LOOK_MS_PER_NODE) * (this.#creating.size >= MANY_CREATES ? LOOK_FACTOR_WHILE_CREATING : 1);
  }

  /** Resolves when no Pod is waiting to be made. */
  async whenCreated(): Promise<void> {
    while (this.#creating.size && !this.#closed) await Promise.all(this.#creating.values());
  }

  /** Takes in what the storage says. Our own writes and older states are recognised and change nothing. */
  adopt(workflow: Workflow): void {
    if (this.#closed || workflow.metadata.uid !== this.uid) return;
    if (this.#saving) {
      this.#arrived = workflow;
      return;
    }
    if (!isNewer(workflow.metadata.resourceVersion, this.#workflow.metadata.resourceVersion)) return;
    if (this.#context.hydrator.takesTime(workflow)) void this.#adoptLater(workflow);
    else this.#replace(hydrate(workflow));
  }

  async #adoptLater(workflow: Workflow): Promise<void> {
    this.#held += 1;
    try {
      const whole = await this.#context.hydrator.hydrated(workflow);
      // Our own write, or a later one of others, may have come first.
      if (!this.#closed && !this.#saving && isNewer(workflow.metadata.resourceVersion, this.#workflow.metadata.resourceVersion)) this.#replace(whole);
    } catch (error) {
      this.#context.log({ level: 'error', message: `run ${this.name}: ${String(error)}`, run: this.name });
    } finally {
      this.#held -= 1;
      if (!this.#closed) this.#context.enqueue(this.name);
    }
  }

  /** The next look starts from this state; what was not saved comes again from the Pods. */
  #replace(workflow: Workflow): void {
    this.#fault = malformedOf(workflow)?.message;
    this.#adopted += 1;
    this.#workflow = workflow;
    this.#savedVersion = ++this.#version;
    this.#lockedVersion = 0;
    this.#claim(lockClaims(workflow));
    this.#seen();
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    for (const chore of this.#chores.values()) chore.cancel?.();
    this.#chores.clear();
    this.#refusals.clear();
    this.#context.onUpdate(workflow);
    this.#context.enqueue(this.name);
  }

  /** One look: operate, then its actions. Returns when they are under way, not when they are done. */
  reconcile(): Promise<void> | undefined {
    const { clock, pods, surroundings, locks, admission } = this.#context;
    if (this.#closed || this.#held || !pods.synced) return undefined;
    const needs = this.#needsNow();
    if (!surroundings.ready(needs) || (needs.locks && !locks.known)) return undefined;
    const admitted = admission.admits(this.#workflow);
    if (admitted === undefined || !this.#knowsBaseline()) return undefined;
    const now = clock.now();
    this.#tasks.prune(this.#workflow);
    // A claim is asked for again once nothing is said of it.
    const refused = new Map<string, Refusal>([...this.#refusals].filter(([, refusal]) => !refusal.claim || refusal.retryAt > now));
    const observed: Observed = { ...this.#observe(refused, needs), postponed: !admitted };
    const outcome = this.#isLarge ? undefined : this.#judge(observed, now);
    const gone = pods.gone(this.name, this.uid);
    if (!outcome) return this.#looking = this.#lookApart(observed, refused, gone, now).finally(() => { this.#looking = undefined; });
    if (!this.#accept(outcome, refused)) return undefined;
    for (const action of outcome.actions) this.#perform(action);
    this.#afterLook(outcome, gone, now);
    return undefined;
  }

  get #isLarge(): boolean {
    return this.#looks !== undefined && this.#fault === undefined && this.#deaths < THREAD_DEATHS && (this.#large || this.nodeCount >= MANY_NODES);
  }

  /** A look on the other thread, whose outcome counts only when it began from the state that is still ours. */
  async #lookApart(observed: Observed, refused: ReadonlyMap<string, Refusal>, gone: readonly Pod[], now: number): Promise<void> {
    const { log, enqueue } = this.#context;
    const adopted = this.#adopted;
    const outdated = (): boolean => this.#closed || this.#adopted !== adopted;
    let outcome: Outcome | undefined;
    try {
      const answer = await this.#looks?.look(this.#workflow, observed, now);
      this.#deaths = 0;
      if (answer?.holds()) outcome = answer.outcome;
    } catch (error) {
      if (error instanceof WorkFailed) outcome = this.#refuseRun(error, observed, now);
      else {
        this.#deaths += 1;
        log({ level: 'error', message: `run ${this.name}: ${String(error)}`, run: this.name });
      }
    }
    if (outdated()) return;
    // Saved meanwhile: the state is the same, its name in the cluster is another.
    if (outcome?.changed) outcome = { ...outcome, workflow: { ...outcome.workflow, metadata: { ...outcome.workflow.metadata, ...versionOf(this.#workflow) } } };
    else if (outcome) outcome = { ...outcome, workflow: this.#workflow };
    if (!outcome) { enqueue(this.name); return; }
    if (!this.#accept(outcome, refused)) return;
    await inTurns(outcome.actions, (action) => {
      if (!outdated()) this.#perform(action);
      return !outdated();
    });
    await inTurns(this.#context.pods.of(this.name, this.uid).pods, ([nodeId, pod]) => {
      this.#seeToPod(nodeId, pod);
      return !outdated();
    });
    if (!outdated()) this.#afterLook(outcome, gone, now);
  }

  /** Makes the outcome of a look the run's own. @returns whether its actions are to be done now */
  #accept(outcome: Outcome, refused: ReadonlyMap<string, Refusal>): boolean {
    // A state that speaks of claims counts only once they are there, or refused.
    if (this.#createsOwned(outcome.actions, refused)) return false;
    // A final refusal is told once: it is in the status now. That of a claim is told to the state that speaks of the claim.
    const asked = new Set(outcome.actions.map((action) => (action.type === 'create-claim' ? action.object.metadata.name : undefined)));
    for (const [id, refusal] of refused) if (!refusal.transient && !asked.has(id)) this.#refusals.delete(id);
    this.#take(outcome.workflow);
    this.#claim(outcome.locks);
    return true;
  }

  /** @param gone Pods that the look saw for the last time */
  #afterLook(outcome: Outcome, gone: readonly Pod[], now: number): void {
    const { pods, enqueue } = this.#context;
    if (gone.length > 0) {
      pods.acknowledge(this.name, this.uid, gone);
      enqueue(this.name);
    }
    this.#seeToPods();
    this.#scheduleSave();
    this.#runChores();
    this.#wakeAt(outcome.wakeAt, now);
  }

  /** A run that fits no type ends in error. @returns undefined when the look is too large to be had here */
  #judge(observed: Observed, now: number): Outcome | undefined {
    if (this.#fault !== undefined) return refuse(this.#workflow, observed, now, `This Workflow cannot be read: ${this.#fault}`);
    try {
      const most = this.#looks !== undefined && this.#deaths < THREAD_DEATHS ? { newNodes: MANY_NEW_NODES } : {};
      return this.#context.operate(this.#workflow, { ...observed, ...most }, now);
    } catch (error) {
      if (!(error instanceof TooManyNodes)) return this.#refuseRun(error, observed, now);
      this.#large = true;
      return undefined;
    }
  }

  /** A run that operate cannot cope with ends in error: no other is held up by it. */
  #refuseRun(error: unknown, observed: Observed, now: number): Outcome {
    this.#context.log({ level: 'error', message: `run ${this.name} could not be judged: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, run: this.name });
    return refuse(this.#workflow, observed, now, `Tiphys cannot go on with this run: ${firstLine(error)}. Its log has the details; please report them.`);
  }

  /** @returns whether the run that estimates go by is read, or there is none; if not, another look comes when it is */
  #knowsBaseline(): boolean {
    if (this.#baseline) return this.#baseline.known;
    const { baseline, hydrator, enqueue } = this.#context;
    const found = baseline(this.#workflow);
    const known = !found || !hydrator.takesTime(found);
    this.#baseline = { run: found && (known ? readable(found) : undefined), known };
    if (!known) {
      void hydrator.readable(found).then((run) => {
        this.#baseline = { run, known: true };
        enqueue(this.name);
      });
    }
    return known;
  }

  #observe(refusals: Map<string, Refusal>, needs: Needs): Observed {
    const { pods, surroundings, locks, curlImage } = this.#context;
    const repository = this.#context.repository();
    const { pods: seen, reports } = pods.of(this.name, this.uid);
    return {
      pods: seen, reports, ...surroundings.observed(needs), baseline: this.#baseline?.run, ...(needs.locks && { locks: locks.tableFor(this.#workflow) }), refusals,
      ...(this.#conditions && { conditions: this.#conditions }), tasks: this.#tasks.reports, settings: { instanceId: INSTANCE_ID, ...(repository && { artifactRepository: repository }), ...(curlImage && { curlImage }) },
    };
  }

  /** Makes the state that a look led to the run's own. */
  #take(next: Workflow): void {
    const before = this.#workflow;
    if (sameWorkflow(before, next)) return;
    this.#workflow = next;
    this.#version += 1;
    if (before.status?.phase !== next.status?.phase) this.#urgent = true;
    if (!sameJson(before.status?.synchronization, next.status?.synchronization)) {
      this.#lockedVersion = this.#version;
      this.#urgent = true;
    }
    this.#seen();
    this.#context.onUpdate(next);
    // What was started may be done already: look again, until nothing changes any more.
    this.#context.enqueue(this.name);
  }

  #claim(claims: LockClaims | undefined): void {
    const { locks, enqueue } = this.#context;
    locks.claim(this.#workflow, claims, () => enqueue(this.name));
  }

  #seen(): void {
    this.#context.admission.see(this.#workflow, () => this.#context.enqueue(this.name));
  }

  #needsNow(): Needs {
    const spec = this.#workflow.spec;
    if (this.#needs?.spec !== spec) this.#needs = { spec, needs: needsOf(this.#workflow) };
    return this.#needs.needs;
  }

  #wakeAt(at: number | undefined, now: number): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    let next = at ?? Infinity;
    for (const refusal of this.#refusals.values()) if (refusal.transient && refusal.retryAt < next) next = refusal.retryAt;
    if (!Number.isFinite(next)) return;
    this.#cancelWake = this.#context.clock.after(Math.max(1, next - now), () => this.#context.enqueue(this.name));
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'create-pod':
        { this.#createPod(action.plan); return; }
      case 'create-claim':
      case 'create-disruption-budget':
        return;
      case 'engine-task':
        { if (!this.#tasks.has(action.task)) this.#addChore(action); return; }
      case 'save-cache':
      case 'delete-pod':
      case 'terminate-pod':
      case 'label-pod':
      case 'delete-claim':
      case 'delete-disruption-budget':
      case 'collect-artifacts':
      case 'delete-workflow':
        { this.#addChore(action); return; }
    }
  }

  #createPod(plan: PodPlan): void {
    const { nodeId } = plan;
    const { creates, pods, clock, enqueue } = this.#context;
    // A lock that is not written down is none: the Pod is asked for again once it is.
    if (this.#lockedVersion > this.#savedVersion) return;
    if (this.#creating.has(nodeId) || pods.of(this.name, this.uid).pods.has(nodeId)) return;
    const refusal = this.#refusals.get(nodeId);
    if ((refusal?.retryAt ?? 0) > clock.now()) return;
    // While a refusal is shown, the node keeps its message.
    if (!refusal) pods.expect(this.name, this.uid, plan);
    const creation = creates.run(this.name, () => this.#create(plan)).then((pod) => {
      this.#refusals.delete(nodeId);
      if (pod && !this.#closed) pods.add(pod);
    }, (error: unknown) => this.#refuse(nodeId, error)).finally(() => {
      this.#creating.delete(nodeId);
      pods.unexpect(this.name, this.uid, nodeId);
      if (!this.#closed) enqueue(this.name);
    });
    this.#creating.set(nodeId, creation);
  }

  /** Its turn has come, perhaps long after it was planned: the run may have been stopped meanwhile. */
  #create(plan: PodPlan): Promise<Pod | undefined> {
    const node = this.#workflow.status?.nodes?.[plan.nodeId];
    if (this.#closed || (node && phaseFulfilled(node))) return Promise.resolve(undefined);
    return this.#context.actions.createPod(plan, this.#workflow, this.storage.kind === 'cluster');
  }

  #refuse(nodeId: string, error: unknown, claim = false): void {
    const refusal = refusalOf(error);
    const attempts = (this.#refusals.get(nodeId)?.attempts ?? 0) + 1;
    const asked = isAppError(error) ? error.retryAfter : undefined;
    this.#refusals.set(nodeId, { ...refusal, claim, attempts, retryAt: this.#context.clock.now() + (asked ?? backoff(attempts)) });
    this.#context.log({ level: 'warn', message: `create refused: ${refusal.message}`, run: this.name, nodeId, transient: refusal.transient });
  }

  /** Creates claims and the disruption budget. @returns whether the run has to wait for that */
  #createsOwned(actions: readonly Action[], refused: ReadonlyMap<string, Refusal>): boolean {
    let waiting = false;
    for (const action of actions) {
      if (action.type !== 'create-claim' && action.type !== 'create-disruption-budget') continue;
      const type = action.type === 'create-claim' ? RESOURCE.persistentVolumeClaim : RESOURCE.podDisruptionBudget;
      const key = action.object.metadata.name ?? '';
      if (this.#owned.has(`${type.plural}/${key}`) || refused.has(key)) continue;
      waiting = true;
      if (this.#creating.has(key)) continue;
      const creation = this.#context.creates.run(this.name, () => this.#context.actions.createOwned(type, action.object, this.#workflow, this.storage.kind === 'cluster')).then(() => {
        this.#owned.add(`${type.plural}/${key}`);
        this.#refusals.delete(key);
      }, (error: unknown) => this.#refuse(key, error, true)).finally(() => {
        this.#creating.delete(key);
        if (!this.#closed) this.#context.enqueue(this.name);
      });
      this.#creating.set(key, creation);
    }
    return waiting;
  }

  /** What the in-Pod protocol needs from outside, for Pods that changed since it was last asked. */
  #seeToPods(): void {
    for (const [nodeId, pod] of this.#context.pods.of(this.name, this.uid).pods) this.#seeToPod(nodeId, pod);
  }

  #seeToPod(nodeId: string, pod: Pod): void {
    if (this.#seenTo.has(pod)) return;
    this.#seenTo.add(pod);
    this.#endSidecars(nodeId, pod);
    this.#seeToHelper(pod);
  }

  /** Sidecars that neither the kubelet nor a wrapper ends are ended by the Pod's deadline once main is done. */
  #endSidecars(nodeId: string, pod: Pod): void {
    const { actions, chores, log } = this.#context;
    if (pod.status?.phase !== 'Running' || pod.spec.containers.length < 2 || this.#endingSidecars.has(nodeId) || !onlySidecarsLeft(pod, ['main'])) return;
    this.#endingSidecars.add(nodeId);
    void chores.run(this.name, () => actions.endSidecars(pod.metadata.namespace ?? '', pod.metadata.name ?? '', ['main'])).catch((error: unknown) => {
      this.#endingSidecars.delete(nodeId);
      this.#seenTo.delete(pod);
      log({ level: 'warn', message: `sidecars could not be ended: ${String(error)}`, run: this.name, nodeId });
    });
  }

  /** A helper whose image cannot be pulled gets the next one; what serves is remembered. */
  #seeToHelper(pod: Pod): void {
    const { helpers } = this.#context.actions;
    if (helpers.candidates.length < 2 || (helpers.settled && pod.status?.phase !== 'Pending')) return;
    const pull = helperPull(pod);
    if (pull?.state === 'fails') this.#mendHelper(pod, pull);
    else if (pull?.state === 'unfit') helpers.unfit(pull.image);
    else if (pull?.state === 'works' && !helpers.settled) this.#rememberHelper(pull.image);
  }

  #rememberHelper(image: string): void {
    try {
      this.#context.actions.helpers.worked(image);
    } catch (error) {
      this.#context.log({ level: 'warn', message: `the helper image could not be written down for the next start: ${String(error)}` });
    }
  }

  #mendHelper(pod: Pod, pull: HelperPull): void {
    const { actions, chores, log } = this.#context;
    const { uid = '', name = '' } = pod.metadata;
    const tried = this.#triedHelpers.get(uid) ?? new Set();
    const next = actions.helpers.next(new Set([...tried, pull.image]));
    if (tried.has(pull.image) || next === undefined || !mayFareBetter(pull, next)) return;
    this.#triedHelpers.set(uid, tried.add(pull.image));
    actions.helpers.failed(pull.image);
    log({ level: 'info', message: `image ${pull.image} cannot be pulled; Pod ${name} gets ${next}`, run: this.name, reason: pull.message });
    chores.run(this.name, () => actions.patchHelperImage(pod, next)).catch((error: unknown) => {
      // Asked again when the Pod changes next, unless the server will not have it.
      if (!isAppError(error, 'forbidden') && !isAppError(error, 'invalid')) tried.delete(pull.image);
      log({ level: 'warn', message: `the helper image of Pod ${name} could not be changed: ${String(error)}`, run: this.name });
    });
  }

  // --- what waits for the saved status ---

  #addChore(action: Action): void {
    const key = choreKey(action);
    const known = this.#chores.get(key);
    if (known && (known.state !== 'done' || this.#context.clock.now() - known.doneAt < CHORE_FORGOTTEN_MS)) return;
    this.#chores.set(key, { action, version: this.#version, attempts: 0, state: 'waiting', doneAt: 0 });
    if (action.type === 'terminate-pod' || action.type === 'engine-task') this.#urgent = true;
  }

  #runChores(): void {
    for (const chore of this.#chores.values()) {
      if (chore.state !== 'waiting' || chore.version > this.#savedVersion) continue;
      // Labels are for tidiness: Pods that are still to be made come first.
      if (chore.action.type === 'label-pod' && this.#creating.size) continue;
      const delay = chore.action.type === 'delete-pod' ? (chore.action.delaySeconds ?? 0) * 1000 : 0;
      if (delay > 0 && chore.attempts === 0) this.#arm(chore, delay);
      else this.#runChore(chore);
    }
  }

  #arm(chore: Chore, ms: number): void {
    chore.state = 'armed';
    chore.cancel = this.#context.clock.after(ms, () => this.#runChore(chore));
  }

  #runChore(chore: Chore): void {
    if (this.#closed) return;
    chore.state = 'running';
    chore.attempts += 1;
    void this.#context.chores.run(this.name, () => (this.#closed ? Promise.resolve() : this.#doChore(chore.action))).then(() => {
      chore.state = 'done';
      chore.doneAt = this.#context.clock.now();
    }, (error: unknown) => {
      this.#context.log({ level: 'warn', message: `${chore.action.type} failed: ${String(error)}`, run: this.name });
      if (!this.#closed && [...this.#chores.values()].includes(chore)) this.#arm(chore, backoff(chore.attempts));
    });
  }

  async #doChore(action: Action): Promise<void> {
    const { actions, pods } = this.#context;
    const namespace = this.#workflow.metadata.namespace ?? '';
    // A Pod that is just being made is there afterwards.
    if ('nodeId' in action) await this.#creating.get(action.nodeId);
    switch (action.type) {
      case 'delete-pod': {
        const pod = pods.raw(this.name, this.uid, action.nodeId);
        if (pod) await this.#context.keepLogs(this.#workflow, pod);
        return actions.deletePod(namespace, action.name, action.uid ?? pod?.metadata.uid);
      }
      case 'terminate-pod':
        return actions.terminatePod(namespace, action.name, pods.raw(this.name, this.uid, action.nodeId));
      case 'label-pod':
        return actions.labelPod(namespace, action.name, action.labels);
      case 'delete-claim':
        return this.#deleteOwned(RESOURCE.persistentVolumeClaim, action.name);
      case 'delete-disruption-budget':
        return this.#deleteOwned(RESOURCE.podDisruptionBudget, action.name);
      case 'save-cache':
        return actions.saveCache(namespace, action.configMap, action.key, action.value);
      case 'engine-task':
        { this.#tasks.start(action.task, this.#workflow); return; }
      case 'collect-artifacts': {
        const pod = await actions.createCollector(action.plan, this.#workflow, this.storage.kind === 'cluster');
        if (!this.#closed) pods.add(pod);
        return;
      }
      case 'delete-workflow':
        return this.#deleteRun();
      default:
        return undefined;
    }
  }

  /** A retried run makes it anew. */
  #deleteOwned(type: ResourceType, name: string): Promise<void> {
    this.#owned.delete(`${type.plural}/${name}`);
    return this.#context.actions.deleteObject(type, this.#workflow.metadata.namespace ?? '', name);
  }

  async #deleteRun(): Promise<void> {
    try {
      await this.storage.remove(this.#workflow.metadata.namespace ?? '', this.name, this.uid);
    } catch (error) {
      if (!isAppError(error, 'not-found') && !isAppError(error, 'conflict')) throw error;
    }
  }

  // --- the saved status ---

  #scheduleSave(): void {
    if (this.#version === this.#savedVersion || this.#saving || this.#cancelSave || this.#closed) {
      // A save that rests is not waited for when something hangs on it.
      if (!this.#urgent || !this.#cancelSave || this.#saveAttempts) return;
      this.#cancelSave();
      this.#cancelSave = undefined;
    }
    const wait = this.#lastSave + this.#saveRest() - this.#context.clock.now();
    if (wait <= 0) this.#save();
    else this.#saveAfter(wait);
  }

  #saveRest(): number {
    if (this.#urgent) return 0;
    const count = this.nodeCount;
    const factor = this.#creating.size >= MANY_CREATES ? SAVE_FACTOR_WHILE_CREATING : 1;
    return count < SMALL_RUN ? 0 : Math.min(SAVE_MS_MOST, count * SAVE_MS_PER_NODE * factor);
  }

  #saveAfter(ms: number): void {
    this.#cancelSave = this.#context.clock.after(ms, () => {
      this.#cancelSave = undefined;
      this.#save();
    });
  }

  #save(): void {
    if (this.#saving || this.#closed || this.#version === this.#savedVersion) return;
    this.#urgent = false;
    this.#lastSave = this.#context.clock.now();
    const version = this.#version;
    this.#saving = this.storage.replace(this.#workflow).then((saved) => {
      this.#saveAttempts = 0;
      if (this.#savedVersion < this.#lockedVersion && this.#lockedVersion <= version) this.#context.enqueue(this.name);
      this.#savedVersion = version;
      this.#workflow = { ...this.#workflow, metadata: { ...this.#workflow.metadata, ...versionOf(saved) } };
      this.#heed(onDiskCondition(saved));
    }, (error: unknown) => this.#saveFailed(error)).finally(() => {
      this.#saving = undefined;
      const arrived = this.#arrived;
      this.#arrived = undefined;
      if (arrived) this.adopt(arrived);
      if (this.#closed) return;
      this.#runChores();
      this.#scheduleSave();
    });
  }

  /** What the storage says of the run becomes part of its state with the next look. */
  #heed(condition: Condition | undefined): void {
    // Told once: its figures change with every save.
    if (!condition || this.#conditions) return;
    this.#conditions = [condition];
    this.#context.log({ level: 'warn', message: `run ${this.name}: ${condition.message ?? ''}`, run: this.name });
    this.#context.enqueue(this.name);
  }

  async #saveFailed(error: unknown): Promise<void> {
    if (isAppError(error, 'conflict')) {
      await this.#reread().catch((second: unknown) => this.#saveLater(second));
    } else if (isAppError(error, 'not-found')) {
      this.#context.onGone(this.name);
    } else {
      this.#saveLater(error);
    }
  }

  async #reread(): Promise<void> {
    const fresh = await this.storage.get(this.#workflow.metadata.namespace ?? '', this.name).catch((error: unknown) => {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    });
    if (this.#closed) return;
    if (fresh?.metadata.uid !== this.uid) { this.#context.onGone(this.name); return; }
    this.#arrived = undefined;
    this.#replace(fresh);
  }

  #saveLater(error: unknown): void {
    this.#saveAttempts += 1;
    const asked = isAppError(error) ? error.retryAfter : undefined;
    this.#context.log({ level: 'warn', message: `status of run ${this.name} could not be saved: ${error instanceof Error ? error.message : String(error)}`, run: this.name });
    if (!this.#closed && !this.#cancelSave) this.#saveAfter(asked ?? backoff(this.#saveAttempts));
  }

  /**
   * Runs `work` while no look and no save is under way, with the saved state up to date: for what a person changes.
   * @returns what `work` returns
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#held += 1;
    const turn = this.#exclusive.then(async () => {
      await this.flush();
      return work();
    }).finally(() => {
      this.#held -= 1;
      if (!this.#closed) this.#context.enqueue(this.name);
    });
    this.#exclusive = turn.catch(() => undefined);
    return turn;
  }

  /** Saves what is not saved; returns when it is, or could not be. */
  async flush(): Promise<void> {
    await this.#looking;
    await this.#saving;
    if (this.#closed || this.#version === this.#savedVersion) return;
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    this.#save();
    await this.#saving;
  }

  /** Ends this engine's care. Nothing is undone: the Pods go on and the next engine finds everything. */
  close(): void {
    this.#closed = true;
    this.#context.admission.forget(this.#workflow);
    this.#tasks.close();
    this.#looks?.forget();
    this.#cancelSave?.();
    this.#cancelWake?.();
    for (const chore of this.#chores.values()) chore.cancel?.();
    this.#context.creates.drop(this.name);
    this.#context.chores.drop(this.name);
  }
}

/** @returns whether the spec says by itself that one look will make many nodes: what loops and tasks it has, not what comes from parameters */
function makesMany({ templates = [] }: Workflow['spec']): boolean {
  const turns = ({ withItems, withSequence }: TemplateCall): number => withItems?.length ?? (Number(withSequence?.count ?? 1) || 1);
  return templates.some(({ dag, steps }) => [dag?.tasks ?? [], ...(steps ?? [])].some((calls) => calls.reduce((sum, call) => sum + turns(call), 0) > MANY_NEW_NODES));
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

function versionOf(saved: Workflow): { resourceVersion?: string; generation?: number } {
  const { resourceVersion, generation } = saved.metadata;
  return { ...(resourceVersion !== undefined && { resourceVersion }), ...(generation !== undefined && { generation }) };
}

function choreKey(action: Action): string {
  switch (action.type) {
    case 'delete-pod':
    case 'terminate-pod':
      return `${action.type}/${action.name}`;
    case 'label-pod':
      return `${action.type}/${action.name}/${JSON.stringify(action.labels)}`;
    case 'engine-task':
      return `${action.type}/${action.task.nodeId}/${action.task.startedAt}`;
    case 'save-cache':
      return `${action.type}/${action.configMap}/${action.key}`;
    case 'collect-artifacts':
      return `${action.type}/${action.plan.name}`;
    case 'delete-claim':
    case 'delete-disruption-budget':
      return `${action.type}/${action.name}`;
    default:
      return action.type;
  }
}

/** What the engine itself writes: the rest of the object is compared by nobody. */
function sameWorkflow(a: Workflow, b: Workflow): boolean {
  return a === b || (sameJson(a.status, b.status) && sameJson(a.spec, b.spec)
    && sameJson(a.metadata.labels, b.metadata.labels) && sameJson(a.metadata.annotations, b.metadata.annotations)
    && sameJson(a.metadata.finalizers, b.metadata.finalizers));
}

/** @returns whether version `a` is later than `b`. Versions are numbers everywhere; where not, another one is taken as later. */
export function isNewer(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined || a === b) return a !== b;
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return BigInt(a) > BigInt(b);
  return true;
}
