/**
 * operate(workflow, observed, now): what the world should become. Three passes: assess what the Pods say, advance what is
 * ready, conclude. Level-based: no events, no memory; applied and seen, a second call decides nothing.
 */
import type { Workflow } from '../spec/types.ts';
import type { Observed, Outcome } from './types.ts';
import { assess } from './assess.ts';
import { collectArtifacts, guardArtifacts } from './artifact-gc.ts';
import { claimVolumes, collectGarbage } from './garbage.ts';
import { conclude } from './conclude.ts';
import { execute } from './execute.ts';
import { attempt } from './fault.ts';
import { Locks } from './locks.ts';
import { noteMetricFaults } from './metrics.ts';
import { prepare } from './prepare.ts';
import { updateSums } from './progress.ts';
import { Run } from './run.ts';

/** Passes within one call; each one changes something, so this only ends what can never end. */
const MAX_PASSES = 10_000;

/**
 * @param now milliseconds since the epoch
 * @returns the workflow as it should be saved, and what is to be done; the input is not changed
 * Throws TooManyNodes, when the caller sets a limit.
 */
export function operate(workflow: Workflow, observed: Observed, now: number): Outcome {
  const run = new Run(workflow, observed, now);
  run.execute = execute;
  run.locks = new Locks(workflow);
  for (const { type, status = '', message } of observed.conditions ?? []) run.setCondition(type, status, message);
  // A run that is being deleted is not carried on: it waits for its artifacts to go.
  if (run.labels['workflows.argoproj.io/completed'] !== 'true' && !run.deleting) reconcile(run);
  collectArtifacts(run);
  collectGarbage(run);
  return outcome(run);
}

/**
 * Ends a run that cannot be judged, in error.
 * @param message why, and what to do about it
 */
export function refuse(workflow: Workflow, observed: Observed, now: number, message: string): Outcome {
  const run = new Run(workflow, observed, now);
  run.locks = new Locks(workflow);
  if (!run.completed) run.mark('Error', message);
  run.locks.release(run, true);
  run.locks.save(run);
  return outcome(run);
}

function reconcile(run: Run): void {
  const done = attempt(() => {
    if (!prepare(run) || isPostponed(run) || !begin(run)) return;
    if (run.input.status?.phase) assess(run);
    if (run.deadline !== undefined) run.wakeAt((run.input.status?.phase ? run.deadline : Math.max(run.deadline, run.now)) + 1);
    for (let pass = 0; pass < MAX_PASSES && !run.completed && !run.spec.suspend; pass++) {
      const before = run.changes;
      if (!claimVolumes(run)) break;
      conclude(run);
      const freed = run.locks.release(run, false);
      if (run.changes === before && !freed) break;
    }
  });
  if (done.fault) run.mark('Error', done.fault.message);
  noteMetricFaults(run);
  if (run.completed) run.locks.release(run, true);
  run.locks.save(run);
  if (run.resolver.storedMore) run.set('storedTemplates', run.resolver.storedTemplates());
  if (run.changes > 0) updateSums(run);
}

/** Too many others are under way: the run waits for its turn. Argo: processNextItem */
function isPostponed(run: Run): boolean {
  if (!run.observed.postponed || run.shutdown === 'Terminate') return false;
  if (!run.status.phase) run.mark('Pending', 'Workflow processing has been postponed because too many workflows are already running');
  return true;
}

/** Takes the workflow's own locks and opens the run. @returns whether it may go on */
function begin(run: Run): boolean {
  const { synchronization } = run.spec;
  if (synchronization && !takeLocks(run, synchronization)) return false;
  if (run.status.phase && run.status.phase !== 'Pending') return true;
  run.setAnnotation('workflows.argoproj.io/pod-name-format', run.podNames);
  guardArtifacts(run);
  if (run.spec.podDisruptionBudget) run.act({ type: 'create-disruption-budget', object: disruptionBudget(run) });
  run.mark('Running');
  if (run.spec.activeDeadlineSeconds !== undefined) run.deadline = Math.floor(run.now / 1000) * 1000 + run.spec.activeDeadlineSeconds * 1000;
  return true;
}

function takeLocks(run: Run, synchronization: NonNullable<Run['spec']['synchronization']>): boolean {
  const answer = attempt(() => run.locks.acquire(run, '', synchronization));
  if (answer.fault) {
    run.mark('Failed', `Failed to acquire the synchronization lock. ${answer.fault.message}`);
    return false;
  }
  if (answer.value.acquired) return true;
  if (run.shutdown === 'Terminate' && run.status.phase === 'Pending') run.mark('Succeeded');
  else run.mark(run.status.phase || 'Pending', answer.value.message);
  return false;
}

function disruptionBudget(run: Run): { apiVersion: string; kind: string; metadata: { name: string; namespace: string; labels: Record<string, string> }; spec: Record<string, unknown> } {
  const labels = { 'workflows.argoproj.io/workflow': run.name };
  return {
    apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: run.name, namespace: run.namespace, labels },
    spec: { selector: { matchLabels: labels }, ...run.spec.podDisruptionBudget },
  };
}

function outcome(run: Run): Outcome {
  const { actions, wakeAt } = run.decided;
  const changed = run.changes > actions.length;
  const workflow: Workflow = changed ? {
    ...run.input,
    metadata: { ...run.input.metadata, labels: run.labels, annotations: run.annotations, ...(run.finalizers && { finalizers: [...run.finalizers] }) },
    status: { ...run.status, nodes: run.nodes.record() },
  } : run.input;
  const locks = run.locks.claims();
  return { workflow, changed, actions, ...(wakeAt !== undefined && { wakeAt }), ...(locks && { locks }) };
}
