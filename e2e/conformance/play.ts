/**
 * Plays a recorded case: submits the workflow to operate, lets the world do what it asks, and a person what a person did,
 * until nothing more happens.
 */
import { operate } from '../../engine/operate/operate.ts';
import { fromObject } from '../../engine/spec/read.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { EngineTask, PodPlan } from '../../engine/operate/types.ts';
import type { Case, Followup, PersonAction } from './cases.ts';
import { act, carryOut } from './person.ts';
import { NAMESPACE, World } from './world.ts';

/** A case at play. */
export interface Session {
  /** The run as it stands; after a resubmit the new one. */
  readonly workflow: Workflow;
  /** The plan of every Pod that was ever created, in order. */
  readonly pods: readonly PodPlan[];
  /** All work of the engine's own that was ever begun. */
  readonly tasks: readonly EngineTask[];
  /** Goes on until nothing more happens. */
  play(played: Partial<Pick<Case, 'actions' | 'expect'>>): Promise<void>;
  /** Does what came after the end of the run. @returns the run, or what the command was refused with */
  followUp(followup: Followup): Promise<{ workflow: Workflow } | { error: string }>;
  close(): Promise<void>;
}

export type Player = (played: Case) => Promise<Session>;

/** The controller of the recordings looks at a workflow this long after something happened to one of its Pods. */
export const DELAY = 500;
/** A person acts when nothing has moved for this long. */
export const STILL = 4000;
/** Between the end of a run and the command that follows. */
export const PAUSE = 2000;
export const MAX_ROUNDS = 3000;
export const MAX_TIME = 24 * 3600 * 1000;

/** The workflow of a case, as it would come from the API server. */
export function submitted(played: Case): Workflow {
  const manifest = played.manifests.at(-1);
  const metadata = { ...manifest?.metadata };
  delete metadata.generateName;
  const rest = { ...manifest };
  delete rest['status'];
  const read = fromObject({ ...rest, metadata: { ...metadata, name: played.name, namespace: NAMESPACE, uid: '00000000-0000-0000-0000-000000000000', creationTimestamp: played.creationTimestamp } });
  if (!read.workflow) throw new Error(`no workflow: ${read.diagnostics.map(({ message }) => message).join('; ')}`);
  return read.workflow;
}

/** A workflow is first looked at a moment after it was created. */
export function startOf(played: Case): number {
  return Date.parse(played.creationTimestamp) + 300;
}

/** Plays with operate alone. */
export const playDirectly: Player = (played) => Promise.resolve(new DirectSession(played));

class DirectSession implements Session {
  private readonly world: World;
  private game: Game;

  constructor(played: Case) {
    this.world = new World(played);
    this.game = new Game(this.world, submitted(played), startOf(played));
  }

  get workflow(): Workflow {
    return this.game.workflow;
  }

  get pods(): readonly PodPlan[] {
    return this.world.created;
  }

  get tasks(): readonly EngineTask[] {
    return this.world.begun;
  }

  play(played: Partial<Pick<Case, 'actions' | 'expect'>>): Promise<void> {
    this.game.run(played);
    return Promise.resolve();
  }

  followUp(followup: Followup): Promise<{ workflow: Workflow } | { error: string }> {
    const now = this.game.now + PAUSE;
    const done = carryOut(this.game.workflow, followup, now);
    if ('error' in done) return Promise.resolve(done);
    // Work without a Pod is begun anew where its node was taken away.
    for (const id of this.world.tasks.keys()) if (!done.workflow.status?.nodes?.[id]) this.world.tasks.delete(id);
    for (const pod of done.podsToDelete) for (const [id, { metadata }] of this.world.pods) if (metadata.name === pod) this.world.remove(id);
    if (followup.script) this.world.script = followup.script;
    this.game = new Game(this.world, done.workflow, now);
    return Promise.resolve(done);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class Game {
  workflow: Workflow;
  now: number;
  private readonly world: World;
  private readonly start: number;
  private wakeAt: number | undefined;
  /** When the workflow is to be looked at because of what its Pods did. */
  private lookAt: number | undefined;
  private moved: number;

  constructor(world: World, workflow: Workflow, start: number) {
    this.world = world;
    this.workflow = workflow;
    this.start = start;
    this.now = start;
    this.moved = start;
  }

  /** Goes on until nothing more happens. */
  run(played: Partial<Pick<Case, 'actions' | 'expect'>>): void {
    const actions = [...(played.actions ?? [])];
    this.look();
    for (let round = 0; round < MAX_ROUNDS && this.now - this.start < MAX_TIME && !this.world.deleted; round++) {
      const action = actions[0];
      const actAt = action === undefined ? undefined : this.timeOf(action);
      const next = earliest(this.lookAt, this.wakeAt, this.world.nextEnding, actAt);
      if (next === undefined || (this.isOver() && earliest(this.lookAt, this.world.nextEnding, actAt) === undefined)) return;
      this.now = Math.max(this.now, next);
      if (this.world.advance(this.now)) this.lookAt ??= this.now + DELAY;
      const due = [this.lookAt, this.wakeAt].some((time) => time !== undefined && time <= this.now);
      if (actAt !== undefined && action !== undefined && actAt <= this.now && !due) {
        actions.shift();
        this.workflow = act(this.workflow, action, played.expect ?? { nodes: [] }, this.now);
        this.moved = this.now;
        this.look();
      } else if (due) this.look();
    }
  }

  /** A resume waits until its step stands still. */
  private timeOf(action: PersonAction): number | undefined {
    if ('at' in action) return this.start + action.at * 1000;
    const nodes = Object.values(this.workflow.status?.nodes ?? {});
    return nodes.some(({ type, phase, displayName }) => type === 'Suspend' && phase === 'Running' && action.resume.includes(displayName)) ? this.moved + STILL : undefined;
  }

  private isOver(): boolean {
    return this.workflow.metadata.labels?.['workflows.argoproj.io/completed'] === 'true';
  }

  private look(): void {
    if (this.lookAt !== undefined && this.lookAt <= this.now) this.lookAt = undefined;
    if (this.wakeAt !== undefined && this.wakeAt <= this.now) this.wakeAt = undefined;
    let refused = this.world.refusals.size;
    for (;;) {
      const outcome = operate(this.workflow, this.world.observe(), this.now);
      if (outcome.changed) this.moved = this.now;
      this.workflow = outcome.workflow;
      this.world.apply(outcome.actions, this.now);
      if (outcome.actions.length > 0) this.lookAt ??= this.now + DELAY;
      this.wakeAt = outcome.wakeAt;
      if (this.world.refusals.size === refused) return;
      refused = this.world.refusals.size;
    }
  }
}

export function earliest(...times: (number | undefined)[]): number | undefined {
  return times.reduce((first, time) => (first === undefined || (time !== undefined && time < first) ? time : first), undefined);
}
