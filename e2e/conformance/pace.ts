/**
 * The recorded controller looks at a run a second after something happened to its Pods, so several ends are seen at once. The
 * engine under test looks at once; for it to see what the recording saw, its looks in between find nothing to do.
 */
import { omit } from '../../engine/operate/omit.ts';
import { operate } from '../../engine/operate/operate.ts';
import type { Observed, Operate, Outcome, PodPlan, PodReport } from '../../engine/operate/types.ts';
import { LABEL, type Workflow } from '../../engine/spec/types.ts';
import type { More } from './kubelet.ts';
import { DELAY, earliest } from './play.ts';
import { REPOSITORY } from './world.ts';

export class Pace {
  /** The run as the engine last had it. */
  workflow: Workflow | undefined;
  /** When the run is to be looked at because something happened (milliseconds). */
  lookAt: number | undefined;
  wakeAt: number | undefined;
  /** When something last changed. */
  moved: number;
  /** The last plan of each node. */
  readonly plans = new Map<string, PodPlan>();
  private name: string;
  private busy = false;
  private readonly more: (nodeId: string) => More | undefined;

  /** @param more what the in-Pod protocol does not report yet */
  constructor(name: string, start: number, more: (nodeId: string) => More | undefined) {
    this.name = name;
    this.lookAt = start;
    this.moved = start;
    this.more = more;
  }

  isDue(now: number): boolean {
    return [this.lookAt, this.wakeAt].some((time) => time !== undefined && time <= now);
  }

  /**
   * Something happened to a Pod.
   * @param seenAt when the recorded controller looked after it, where that is known
   */
  stirred(now: number, seenAt = 0): void {
    this.lookAt ??= Math.max(now + DELAY, seenAt);
  }

  /** A person is doing something: the engine is to come back for it. */
  acting(): void {
    this.busy = true;
  }

  /** A person did something, which is seen at once. */
  acted(name: string, now: number): void {
    this.busy = false;
    this.name = name;
    this.lookAt = now;
    this.moved = now;
  }

  /** What ends at the moment of a look is seen by it. */
  private get next(): number | undefined {
    const next = earliest(this.lookAt, this.wakeAt);
    return next === undefined ? undefined : next + 1;
  }

  readonly operate: Operate = (workflow, observed, now) => {
    if (workflow.metadata.name !== this.name && !this.busy) return unlabelled(workflow, (run) => operate(run, this.complete(observed), now));
    const told = [...observed.refusals?.values() ?? []].some(({ transient }) => !transient);
    if (this.busy || (!this.isDue(now) && !told)) {
      this.workflow = workflow;
      const wakeAt = this.busy ? now + 1 : this.next;
      return { workflow, changed: false, actions: [], ...(wakeAt === undefined ? {} : { wakeAt }) };
    }
    if (this.lookAt !== undefined && this.lookAt <= now) this.lookAt = undefined;
    const outcome = unlabelled(workflow, (run) => operate(run, this.complete(observed), now));
    this.workflow = outcome.workflow;
    if (outcome.changed) this.moved = now;
    for (const action of outcome.actions) if (action.type === 'create-pod') this.plans.set(action.plan.nodeId, action.plan);
    if (outcome.actions.length > 0) this.stirred(now);
    this.wakeAt = outcome.wakeAt;
    const wakeAt = this.next;
    return { ...outcome, ...(wakeAt === undefined ? {} : { wakeAt }) };
  };

  /** With the settings of the recorded controller, and all that its executor reported. */
  private complete(observed: Observed): Observed {
    const reports = new Map([...observed.reports].map(([nodeId, report]): [string, PodReport] => [nodeId, completed(report, this.more(nodeId))]));
    return { ...observed, reports, settings: { ...omit(observed.settings ?? {}, 'instanceId'), artifactRepository: REPOSITORY } };
  }
}

/** The recorded controller had no instance id, which tags of labels would show. */
function unlabelled(workflow: Workflow, look: (run: Workflow) => Outcome): Outcome {
  const id = workflow.metadata.labels?.[LABEL.instanceId];
  if (id === undefined) return look(workflow);
  const outcome = look({ ...workflow, metadata: { ...workflow.metadata, labels: omit(workflow.metadata.labels ?? {}, LABEL.instanceId) } });
  if (!outcome.changed) return { ...outcome, workflow };
  const { metadata } = outcome.workflow;
  return { ...outcome, workflow: { ...outcome.workflow, metadata: { ...metadata, labels: { ...metadata.labels, [LABEL.instanceId]: id } } } };
}

/** Artifacts, progress, and results that nobody refers to are not in our reports. */
function completed(report: PodReport, more: More | undefined): PodReport {
  if (!more || !report.complete) return report;
  const { outputs, progress, whole } = more;
  const rest: PodReport = { ...(whole ? { complete: true } : report), ...(progress === undefined ? {} : { progress }) };
  const told = whole ? outputs : { ...report.outputs, ...outputs };
  return Object.keys(told).length > 0 ? { ...rest, outputs: told } : omit(rest, 'outputs');
}
