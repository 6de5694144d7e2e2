/**
 * A run that never happens: the workflow goes through the same `operate` as a real one, with Pods that end as the user says, as
 * fast as it can be computed. Deterministic: the same request, the same frames.
 */
import { resume, setOutputs, stop } from '../operate/commands.ts';
import { operate } from '../operate/operate.ts';
import type { Observed, PodPlan } from '../operate/types.ts';
import { AppError, invariant } from '../spec/error.ts';
import type { NodeStatus, Outputs, Workflow, WorkflowPhase } from '../spec/types.ts';
import { listedOutputs, Script, suppliedOf, valueOf } from './script.ts';
import type { StepRule } from './script.ts';
import { SimulatedWorld } from './world.ts';

export interface SimulationRequest {
  /** As it would be created: with name and namespace. */
  workflow: Workflow;
  templates?: Observed['templates'];
  configMaps?: Observed['configMaps'];
  rules: readonly StepRule[];
  /** Seconds of a step that no rule speaks of. */
  duration: number;
  /** Milliseconds since the epoch at which it begins. */
  now: number;
}

/** What changed at one moment. */
export interface SimulationFrame {
  /** Milliseconds since the beginning. */
  atMs: number;
  phase: WorkflowPhase;
  message?: string;
  /** Added or changed. */
  nodes: NodeStatus[];
  /** Of the whole run, once they are known. */
  outputs?: Outputs;
}

/** A run larger than this is refused while it grows: the window could not play it. */
const MAX_NODES = 3000;
const MAX_FRAMES = 20_000;
const MAX_LOOKS = 1000;
/** Nothing is simulated beyond this much of its own time: a month. */
const MAX_MS = 31 * 86_400_000;

export class Simulation {
  readonly #world: SimulatedWorld;
  readonly #script: Script;
  readonly #start: number;
  #workflow: Workflow;
  #now: number;
  #wakeAt: number | undefined;
  #frames = 0;
  #nodes: Readonly<Record<string, NodeStatus>> = {};
  /** When steps that wait for a person go on, by node id. */
  readonly #resumes = new Map<string, number>();

  constructor({ workflow, templates, configMaps, rules, duration, now }: SimulationRequest) {
    const known = [...templates?.namespaced.values() ?? [], ...templates?.cluster.values() ?? []];
    this.#script = new Script(rules, duration, listedOutputs(workflow, known));
    this.#world = new SimulatedWorld(this.#script, { ...(templates && { templates }), ...(configMaps && { configMaps }) });
    this.#workflow = workflow;
    this.#start = now;
    this.#now = now;
  }

  /** The run as it stands. */
  get workflow(): Workflow {
    return this.#workflow;
  }

  /** Every Pod that was made so far, in order. */
  get pods(): readonly PodPlan[] {
    return this.#world.plans;
  }

  /** Goes to the next moment at which something happens. @returns what changed, or undefined at the end. Throws AppError `invalid` for a run without end. */
  next(): SimulationFrame | undefined {
    if (this.#frames > 0) {
      const at = this.#nextMoment();
      if (at === undefined) return undefined;
      this.#now = Math.max(this.#now, at);
      if (this.#now - this.#start > MAX_MS || this.#frames > MAX_FRAMES) throw new AppError('invalid', 'The simulation does not come to an end.', { hint: 'Bound its retries and loops, or let a step of the recursion end otherwise.' });
      this.#world.advance(this.#now);
      this.#resumeDue();
    }
    this.#look();
    this.#frames++;
    return this.#frame();
  }

  #nextMoment(): number | undefined {
    const moments = [this.#world.next, this.#wakeAt, ...this.#resumes.values()].filter((at) => at !== undefined);
    if (this.#workflow.metadata.labels?.['workflows.argoproj.io/completed'] === 'true' || !moments.length) return undefined;
    return Math.min(...moments);
  }

  /** Looks until nothing more follows from what is known at this moment. */
  #look(): void {
    this.#wakeAt = undefined;
    let looks = 0;
    for (let changed = true; changed;) {
      invariant(looks++ < MAX_LOOKS, 'a moment of a simulation ends');
      const outcome = operate(this.#workflow, this.#world.observe(), this.#now);
      this.#workflow = outcome.workflow;
      this.#world.apply(outcome.actions, this.#now);
      this.#wakeAt = outcome.wakeAt !== undefined && outcome.wakeAt > this.#now ? outcome.wakeAt : undefined;
      changed = outcome.actions.length > 0 && Object.keys(outcome.workflow.status?.nodes ?? {}).length <= MAX_NODES;
    }
    this.#awaitPeople();
  }

  #frame(): SimulationFrame {
    const { nodes: now = {}, phase = '', message, outputs } = this.#workflow.status ?? {};
    const nodes = Object.values(now).filter((node) => this.#nodes[node.id] !== node);
    this.#nodes = now;
    const count = Object.keys(now).length;
    if (count > MAX_NODES) throw new AppError('invalid', `The simulated run grows beyond ${MAX_NODES} steps.`, { hint: 'Give its loops shorter lists, or its recursion an end.' });
    return { atMs: this.#now - this.#start, phase, nodes, ...(message !== undefined && { message }), ...(outputs && { outputs }) };
  }

  /** Steps that wait for a person without a duration of their own go on after the time of a step. */
  #awaitPeople(): void {
    for (const node of Object.values(this.#workflow.status?.nodes ?? {})) {
      if (node.type !== 'Suspend' || node.phase !== 'Running' || this.#resumes.has(node.id)) continue;
      const step = this.#script.stepOf(node.name);
      if (step.scripted || !this.#endsByItself(node)) this.#resumes.set(node.id, this.#now + step.duration * 1000);
    }
  }

  #endsByItself({ templateName, templateRef }: NodeStatus): boolean {
    const { spec, status } = this.#workflow;
    const name = templateRef?.template ?? templateName;
    return [...spec.templates ?? [], ...Object.values(status?.storedTemplates ?? {})].some((template) => template.name === name && template.suspend?.duration !== undefined);
  }

  #resumeDue(): void {
    for (const [id, at] of this.#resumes) {
      if (at > this.#now) continue;
      this.#resumes.delete(id);
      const node = this.#workflow.status?.nodes?.[id];
      if (node?.phase === 'Running') this.#answer(node);
    }
  }

  #answer(node: NodeStatus): void {
    const step = this.#script.stepOf(node.name);
    const selector = `id=${node.id}`;
    if (step.outcome !== 'Succeeded') {
      this.#workflow = stop(this.#workflow, { selector, message: step.message ?? 'refused in the simulation' }, this.#now);
      return;
    }
    const parameters = Object.fromEntries(suppliedOf(node.outputs).map((parameter) => [parameter.name, step.parameters?.[parameter.name] ?? parameter.valueFrom?.default ?? valueOf(step, parameter)]));
    if (Object.keys(parameters).length) this.#workflow = setOutputs(this.#workflow, { selector, parameters });
    this.#workflow = resume(this.#workflow, { selector }, this.#now);
  }
}
