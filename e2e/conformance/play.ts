/**
 * Plays a recorded case: submits the workflow to operate, lets the world do what it asks, and a person what a person did,
 * until nothing more happens.
 */
import { operate } from '../../engine/operate/operate.ts';
import { fromObject } from '../../engine/spec/read.ts';
import type { Workflow } from '../../engine/spec/types.ts';
import type { PodPlan } from '../../engine/operate/types.ts';
import type { Case } from './cases.ts';
import { act } from './person.ts';
import { NAMESPACE, World } from './world.ts';

/** What a play came to. */
export interface Played {
  workflow: Workflow;
  /** The plan of every Pod, in order of creation. */
  pods: PodPlan[];
}

export type Player = (played: Case) => Played;

/** The controller of the recordings looks at a workflow at most this often. */
const INTERVAL = 1000;
/** A person acts when nothing has moved for this long. */
const STILL = 4000;
const MAX_ROUNDS = 3000;
const MAX_TIME = 24 * 3600 * 1000;

/** The workflow of a case, as it would come from the API server. */
export function submitted(played: Case): Workflow {
  const manifest = played.manifests.at(-1);
  const { generateName: _generateName, ...metadata } = manifest?.metadata ?? {};
  const { status: _status, ...rest } = manifest ?? { metadata: {} };
  const read = fromObject({ ...rest, metadata: { ...metadata, name: played.name, namespace: NAMESPACE, uid: '00000000-0000-0000-0000-000000000000', creationTimestamp: played.creationTimestamp } });
  if (!read.workflow) throw new Error(`no workflow: ${read.diagnostics.map(({ message }) => message).join('; ')}`);
  return read.workflow;
}

/** A workflow is first looked at a moment after it was created. */
export function startOf(played: Case): number {
  return Date.parse(played.creationTimestamp) + 300;
}

/** Plays with operate alone. */
export const playDirectly: Player = (played) => {
  const world = new World(played);
  const game = new Game(world, submitted(played), startOf(played));
  game.run(played);
  return { workflow: game.workflow, pods: world.created };
};

export class Game {
  workflow: Workflow;
  now: number;
  private readonly world: World;
  private readonly start: number;
  private wakeAt: number | undefined;
  private moved: number;
  private looked = -Infinity;

  constructor(world: World, workflow: Workflow, start: number) {
    this.world = world;
    this.workflow = workflow;
    this.start = start;
    this.now = start;
    this.moved = start;
  }

  /** Goes on until nothing more happens. */
  run(played: Pick<Case, 'actions'>): void {
    const actions = [...(played.actions ?? [])];
    let due = true;
    for (let round = 0; round < MAX_ROUNDS && this.now - this.start < MAX_TIME; round++) {
      if (due) this.look();
      if (this.world.deleted) return;
      const action = actions[0];
      const actAt = action === undefined ? undefined : 'at' in action ? this.start + action.at * 1000 : this.moved + STILL;
      const wake = this.wakeAt;
      const times = [this.world.nextEnding, wake, actAt].filter((time) => time !== undefined);
      if (times.length === 0 || (this.isOver() && this.world.nextEnding === undefined && actAt === undefined)) return;
      this.now = Math.max(this.now, Math.min(...times));
      if (wake !== undefined && wake <= this.now) this.wakeAt = undefined;
      if (actAt !== undefined && action !== undefined && actAt <= this.now && this.world.nextEnding !== this.now) {
        actions.shift();
        this.workflow = act(this.workflow, action, this.now);
        this.moved = this.now;
      }
      if (this.now < this.looked + INTERVAL) this.now = this.looked + INTERVAL;
      this.world.advance(this.now);
      due = true;
    }
  }

  private isOver(): boolean {
    return this.workflow.metadata.labels?.['workflows.argoproj.io/completed'] === 'true';
  }

  private look(): void {
    for (let again = 0; again < 20; again++) {
      const outcome = operate(this.workflow, this.world.observe(), this.now);
      this.looked = this.now;
      if (outcome.changed) this.moved = this.now;
      this.workflow = outcome.workflow;
      this.world.apply(outcome.actions, this.now);
      if (outcome.wakeAt !== undefined) this.wakeAt = outcome.wakeAt;
      if (outcome.actions.length === 0 && !outcome.changed) return;
    }
  }
}
