/**
 * Plays a recorded case through the whole controller: an engine of its own on a fake cluster, with a clock that is told. The
 * Pods are made, watched, reported and ended as on a real cluster; what they do is what the script or the recording says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createEngine } from '../../engine/controller/engine.ts';
import { hydrate } from '../../engine/controller/hydrate.ts';
import { ManualClock } from '../../engine/controller/manual-clock.ts';
import type { Engine, RunAction } from '../../engine/index.ts';
import { createFakeCluster, type FakeCluster } from '../../engine/kube/fake/index.ts';
import { RESOURCE } from '../../engine/kube/port.ts';
import type { EngineTask, PodPlan } from '../../engine/operate/types.ts';
import type { ImageConfig } from '../../engine/pod/executor.ts';
import { isAppError } from '../../engine/spec/error.ts';
import { INSTANCE_ID, LABEL, type Workflow } from '../../engine/spec/types.ts';
import type { Case, Expected, Followup, PersonAction } from './cases.ts';
import { guarded, Kubelet } from './kubelet.ts';
import { Pace } from './pace.ts';
import { ACTOR, act, flag, supplied } from './person.ts';
import { earliest, MAX_ROUNDS, MAX_TIME, PAUSE, startOf, STILL, submitted, type Player, type Session } from './play.ts';
import { NAMESPACE, World } from './world.ts';

const ZERO_UID = '00000000-0000-0000-0000-000000000000';
/** The engine rests so long between two looks at a run, at most. */
const REST = 20;

let directory: string | undefined;
let cases = 0;

/** A folder for the engines' files, removed at the end. */
function dataDir(): string {
  if (directory === undefined) {
    const made = directory = mkdtempSync(path.join(tmpdir(), 'tiphys-conformance-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return directory;
}

/** Plays with an engine on a fake cluster. */
export const playController: Player = async (played) => {
  const session = new ControllerSession(played);
  await session.submit(played);
  return session;
};

class ControllerSession implements Session {
  private readonly clock: ManualClock;
  private readonly cluster: FakeCluster;
  private readonly world: World;
  private readonly engine: Engine;
  private readonly pace: Pace;
  private readonly kubelet: Kubelet;
  private readonly case: Case;
  private start: number;
  private name: string;
  private nextUid: string | undefined;
  private uids = 0;
  private suffix = '';

  constructor(played: Case) {
    this.case = played;
    this.name = played.name;
    this.start = startOf(played);
    this.clock = new ManualClock(Date.parse(played.creationTimestamp));
    this.cluster = createFakeCluster({ clock: this.clock, uid: () => this.uid() });
    this.world = new World(played);
    this.pace = new Pace(played.name, this.start, (nodeId) => this.kubelet.moreOf(nodeId));
    this.kubelet = new Kubelet(this.cluster, this.clock, this.world, this.pace);
    this.engine = createEngine(
      { cluster: guarded(this.cluster), clusterId: `case-${++cases}`, dataDir: dataDir(), clock: this.clock, images: { busybox: 'busybox', curl: 'curl' } },
      { operate: this.pace.operate, lookUpImage: (image, plan) => Promise.resolve(this.lookUpImage(image, plan)), suffix: () => this.suffix, startTask: (...began) => this.kubelet.startTask(...began) },
    );
  }

  private uid(): string {
    const uid = this.nextUid ?? `00000000-0000-4000-8000-${(++this.uids).toString(16).padStart(12, '0')}`;
    this.nextUid = undefined;
    return uid;
  }

  /** What the registry told the recorded controller. */
  private lookUpImage(image: string, plan: PodPlan): ImageConfig {
    const container = this.case.pods.find(({ node }) => node === plan.nodeName)?.spec?.containers.find((each) => each.image === image);
    return { entrypoint: container?.command ?? ['entrypoint'], ...(container?.args ? { cmd: container.args } : {}) };
  }

  async submit(played: Case): Promise<void> {
    const { configMaps } = this.world;
    for (const object of configMaps.values()) await this.cluster.create(RESOURCE.configMap, inNamespace(object));
    for (const manifest of played.manifests.slice(0, -1)) {
      if (manifest.kind === 'WorkflowTemplate') await this.cluster.create(RESOURCE.workflowTemplate, inNamespace(manifest));
      if (manifest.kind === 'ClusterWorkflowTemplate') await this.cluster.create(RESOURCE.clusterWorkflowTemplate, manifest);
    }
    await this.engine.start(NAMESPACE);
    const workflow = submitted(played);
    this.nextUid = ZERO_UID;
    try {
      await this.engine.submit(workflow, { namespace: NAMESPACE });
    } catch (error) {
      if (!isAppError(error, 'invalid')) throw error;
      // What the check of a submit refuses may still come by another way, as with kubectl.
      this.nextUid = ZERO_UID;
      const labels = { ...workflow.metadata.labels, [LABEL.instanceId]: INSTANCE_ID };
      await this.cluster.create(RESOURCE.workflow, { ...workflow, apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata: { ...workflow.metadata, labels } });
    }
  }

  get workflow(): Workflow {
    const kept = this.cluster.store.peek(RESOURCE.workflow, NAMESPACE, this.name) as Workflow | undefined;
    const workflow = kept ? hydrate(kept) : this.pace.workflow;
    if (!workflow) throw new Error('the engine has not looked at the run');
    return workflow;
  }

  get pods(): readonly PodPlan[] {
    return this.kubelet.created;
  }

  get tasks(): readonly EngineTask[] {
    return this.world.begun;
  }

  async play(played: Partial<Pick<Case, 'actions' | 'expect'>>): Promise<void> {
    const { clock, pace, kubelet } = this;
    const actions = [...(played.actions ?? [])];
    await clock.settle();
    for (let round = 0; round < MAX_ROUNDS && clock.now() - this.start < MAX_TIME && !this.isGone(); round++) {
      const action = actions[0];
      const actAt = action === undefined ? undefined : this.timeOf(action);
      const next = earliest(pace.lookAt, pace.wakeAt, kubelet.nextEnding, actAt);
      if (next === undefined || (this.isOver() && earliest(pace.lookAt, kubelet.nextEnding, actAt) === undefined)) return;
      await clock.advance(Math.max(0, next - clock.now()));
      if (pace.isDue(clock.now())) await clock.advance(REST);
      else if (action !== undefined && actAt !== undefined && actAt <= clock.now()) {
        actions.shift();
        await this.act(action, played.expect ?? { nodes: [] });
        await clock.settle();
      }
    }
  }

  private isGone(): boolean {
    return this.pace.workflow !== undefined && this.cluster.store.peek(RESOURCE.workflow, NAMESPACE, this.name) === undefined;
  }

  private isOver(): boolean {
    return this.workflow.metadata.labels?.[LABEL.completed] === 'true';
  }

  /** A resume waits until its step stands still. */
  private timeOf(action: PersonAction): number | undefined {
    if ('at' in action) return this.start + action.at * 1000;
    const nodes = Object.values(this.workflow.status?.nodes ?? {});
    return nodes.some(({ type, phase, displayName }) => type === 'Suspend' && phase === 'Running' && action.resume.includes(displayName)) ? this.pace.moved + STILL : undefined;
  }

  private async act(action: PersonAction, expected: Expected): Promise<void> {
    const workflow = this.workflow;
    this.pace.acting();
    for (const step of actionsOf(action, workflow, expected)) await this.settled(this.engine.act(NAMESPACE, this.name, { ...step, actor: ACTOR }));
    // The outputs of a step are set by the CLI alone, on the object.
    if ('cmd' in action && action.cmd[0] === 'node') await this.cluster.replace(RESOURCE.workflow, act(workflow, action, expected, this.clock.now()));
    this.pace.acted(this.name, this.clock.now());
  }

  async followUp(followup: Followup): Promise<{ workflow: Workflow } | { error: string }> {
    await this.clock.advance(PAUSE);
    const { cmd, after } = followup;
    const old = this.name;
    if (cmd[0] === 'resubmit' && after) this.suffix = after.name.slice(old.length + 1);
    this.pace.acting();
    try {
      const workflow = await this.settled(this.engine.act(NAMESPACE, old, followingAction(cmd)));
      if (!workflow) throw new Error(`no run after ${cmd.join(' ')}`);
      if (followup.script) this.world.script = followup.script;
      this.name = workflow.metadata.name ?? old;
      this.start = this.clock.now();
      this.pace.acted(this.name, this.start);
      return { workflow };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Lets time pass until the engine has answered. */
  private async settled<T>(answer: Promise<T>): Promise<T> {
    const state = { done: false };
    const end = (): void => {
      state.done = true;
    };
    answer.then(end, end);
    for (let turn = 0; !state.done && turn < MAX_ROUNDS; turn++) await (turn < 4 ? this.clock.settle() : this.clock.advance(REST));
    return answer;
  }

  async close(): Promise<void> {
    this.kubelet.close();
    await this.engine.close();
  }
}

function inNamespace<T extends { metadata: object }>(object: T): T {
  return { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } };
}

/** What a person asks of the engine. */
function actionsOf(action: PersonAction, workflow: Workflow, expected: Expected): RunAction[] {
  if ('resume' in action) {
    return action.resume.flatMap((name) => Object.values(workflow.status?.nodes ?? {})
      .filter((node) => node.displayName === name && node.type === 'Suspend' && node.phase === 'Running')
      .map(({ id }): RunAction => ({ action: 'resume', nodeId: id, outputs: supplied(workflow, name, expected) })));
  }
  const message = flag(action.cmd, '--message');
  switch (action.cmd[0]) {
    case 'stop': return [{ action: 'stop', ...(message === undefined ? {} : { message }) }];
    case 'terminate': return [{ action: 'terminate' }];
    case 'suspend': return [{ action: 'suspend' }];
    case 'resume': return [{ action: 'resume' }];
    default: return [];
  }
}

function followingAction(cmd: readonly string[]): RunAction {
  const pairs = cmd.flatMap((word, at) => (word === '-p' ? cmd[at + 1] ?? [] : []));
  const parameters = Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const nodeFieldSelector = flag(cmd, '--node-field-selector');
  if (cmd[0] === 'resubmit') return { action: 'resubmit', memoized: cmd.includes('--memoized'), parameters, actor: ACTOR };
  return { action: 'retry', restartSuccessful: cmd.includes('--restart-successful'), parameters, actor: ACTOR, ...(nodeFieldSelector === undefined ? {} : { nodeFieldSelector }) };
}
