/**
 * First pass: what the Pods say becomes phases, messages and outputs of their nodes. Argo: podReconciliation, assessNodeStatus
 */
import type { ContainerStatus, Pod } from '../spec/kubernetes.ts';
import type { NodePhase, NodeStatus, Outputs, Template } from '../spec/types.ts';
import { HELPERS } from '../pod/shared.ts';
import type { PodReport } from './types.ts';
import { isCompleted, isFulfilled, phaseFulfilled, setMessage } from './nodes.ts';
import { hasOutputs } from './outputs.ts';
import { omit } from './omit.ts';
import { isPartOfExitHandler, type Run } from './run.ts';
import { milliseconds, timestamp } from './time.ts';
import { saveToCache } from './memoize.ts';
import { podDurations } from './durations.ts';
import { assessTasks, isEngineTask } from './engine-task.ts';
import { judgeResponse } from './http.ts';

/** A Pod that is not seen yet may still be on its way to us. */
const GRACE = 10_000;

export function assess(run: Run): void {
  for (const [id, pod] of run.observed.pods) {
    const node = run.nodes.get(id);
    if (!node || (node.type !== 'Pod' && node.type !== 'HTTP')) continue;
    if (!phaseFulfilled(node) && !isSteady(run, node, pod)) assessPod(run, node, pod);
    control(run, id, pod);
  }
  assessTasks(run);
  markMissing(run);
  endWithoutPods(run);
}

function assessPod(run: Run, node: NodeStatus, pod: Pod): void {
  const template = run.templateOf(node);
  const report = run.observed.reports.get(node.id);
  const before = run.nodes.changes;
  const seen = look(node, isOutlived(run, node, pod, template) ? { ...pod, status: omit(pod.status ?? {}, 'message') } : pod, template, report);
  if (!seen) return;
  if (node.type === 'HTTP') writeHttp(run, node, seen, pod, report, template);
  else write(run, node.id, seen, pod, report, template);
  if (template?.containerSet) assessContainers(run, node, pod);
  const after = run.nodes.get(node.id);
  if (!after || run.nodes.changes === before) return;
  run.publish(after.outputs);
  if (after.phase === 'Succeeded') saveToCache(run, after.id);
}

/** Most Pods of a large run go on running: they say nothing new. */
function isSteady(run: Run, node: NodeStatus, pod: Pod): boolean {
  return node.phase === 'Running' && pod.status?.phase === 'Running' && node.children === undefined && !usesDaemons(run)
    && (pod.spec.nodeName === undefined || pod.spec.nodeName === node.hostNodeName)
    && (run.observed.reports.get(node.id)?.progress ?? node.progress) === node.progress && disruption(pod) === '';
}

const daemons = new WeakMap<object, boolean>();

function usesDaemons(run: Run): boolean {
  const templates = run.spec.templates ?? [];
  let uses = daemons.get(templates);
  if (uses === undefined) daemons.set(templates, uses = [...templates, ...Object.values(run.resolver.storedTemplates())].some(({ daemon }) => daemon === true) || run.spec.templateDefaults?.daemon === true);
  return uses;
}

interface Seen {
  phase: NodePhase;
  message: string;
  daemoned: boolean;
}

/** The engine ended this attempt by its Pod's deadline (maxDuration): its containers tell how it ended, as where Argo's executor does it. */
function isOutlived(run: Run, node: NodeStatus, { spec, status }: Pod, template: Template | undefined): boolean {
  if (status?.phase !== 'Failed' || spec.activeDeadlineSeconds !== 1 || !node.nodeFlag?.retried || !template) return false;
  return run.retryStrategy(template)?.backoff?.maxDuration !== undefined && (status.containerStatuses ?? []).some(({ state }) => state?.terminated);
}

/** @returns what the Pod says now; undefined when it is to be left alone for the moment */
function look(node: NodeStatus, pod: Pod, template: Template | undefined, report: PodReport | undefined): Seen | undefined {
  const message = node.message ?? '';
  switch (pod.status?.phase) {
    case undefined: case '': case 'Pending':
      return { phase: 'Pending', message: pendingReason(pod), daemoned: false };
    case 'Running': {
      if (!template?.daemon) return running(node, disruption(pod) || message);
      if (!(pod.status.containerStatuses ?? []).every((container) => container.ready)) return undefined;
      return { ...running(node, message), daemoned: true };
    }
    case 'Succeeded':
      return succeeded(node, pod, template, report);
    case 'Failed':
      if (report && !report.complete) return undefined;
      return { ...disrupted(failedReason(pod, template), pod), daemoned: false };
    default:
      return { phase: 'Error', message: `Unexpected pod phase for ${pod.metadata.name ?? ''}: ${pod.status?.phase ?? ''}`, daemoned: false };
  }
}

/** A daemon is not meant to end. */
function succeeded(node: NodeStatus, pod: Pod, template: Template | undefined, report: PodReport | undefined): Seen | undefined {
  if (!isReported(pod, report)) return undefined;
  if (report?.error) return { phase: 'Error', message: report.error, daemoned: false };
  const message = node.phase === 'Pending' || node.message === disruption(pod) ? '' : node.message ?? '';
  return { phase: template?.daemon ? 'Failed' : 'Succeeded', message, daemoned: false };
}

/** What Kubernetes calls the reasons of a Pod's DisruptionTarget condition. */
const DISRUPTIONS: Readonly<Record<string, string>> = {
  EvictionByEvictionAPI: 'the Pod was evicted, as a drain of its node does',
  PreemptionByScheduler: 'the Pod gave way to one of higher priority',
  DeletionByTaintManager: 'the Pod may not stay on its node, which is not ready or not reachable',
  DeletionByPodGC: 'the node of the Pod is gone',
};

/** @returns why Kubernetes takes the Pod away, if it does. Argo does not say; it only sees a container killed, or no Pod. */
function disruption(pod: Pod): string {
  const found = pod.status?.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  if (!found) return '';
  return `${DISRUPTIONS[found.reason ?? ''] ?? found.reason ?? 'the Pod was taken away'}${found.message ? ` (${found.message})` : ''}`;
}

/** A kubelet that evicts says itself why: then that is the message. */
function disrupted(seen: { phase: NodePhase; message: string }, pod: Pod): { phase: NodePhase; message: string } {
  const why = pod.status?.message || seen.phase === 'Succeeded' ? '' : disruption(pod);
  return why ? { ...seen, message: `${seen.message}: ${why}` } : seen;
}

function running(node: NodeStatus, message: string): Seen {
  return { phase: 'Running', message: node.phase === 'Pending' ? '' : message, daemoned: false };
}

/** Outputs are there, or none are to come: only a `wait` container reports any. */
function isReported(pod: Pod, report: PodReport | undefined): boolean {
  if (report) return report.complete;
  return !pod.spec.containers.some((container) => container.name === 'wait');
}

/** Writes what was seen, and nothing when all of it stands already. */
function write(run: Run, id: string, seen: Seen, pod: Pod, report: PodReport | undefined, template: Template | undefined): void {
  const old = run.nodes.get(id);
  if (!old) return;
  const outputs = outputsOf(old, pod, report, template);
  const host = pod.spec.nodeName;
  const progress = report?.progress ?? old.progress ?? '0/1';
  const ip = seen.daemoned ? pod.status?.podIP : undefined;
  const next = { ...(outputs ? { outputs } : {}), ...(host === undefined ? {} : { hostNodeName: host }), ...(ip === undefined ? {} : { podIP: ip }), phase: seen.phase, progress };
  const same = (Object.keys(next) as (keyof typeof next)[]).every((key) => old[key] === next[key]);
  if (same && (old.message ?? '') === seen.message && (old.daemoned ?? false) === seen.daemoned) return;
  const node = Object.assign(run.nodes.edit(id), next);
  setMessage(node, seen.message);
  if (seen.daemoned) node.daemoned = true;
  else delete node.daemoned;
  if (isFulfilled(node) && !node.finishedAt && !seen.daemoned) finish(node, pod, run.stamp);
}

/** Argo: an HTTP node waits in Pending, and is what its response says. Of a Pod that cannot start the reason is shown. */
function writeHttp(run: Run, node: NodeStatus, seen: Seen, pod: Pod, report: PodReport | undefined, template: Template | undefined): void {
  if (!phaseFulfilled(seen)) {
    const message = seen.phase === 'Pending' ? seen.message : '';
    if ((node.message ?? '') !== message) run.nodes.mark(node.id, 'Pending', message);
    return;
  }
  const main = pod.status?.containerStatuses?.find(({ name }) => name === 'main')?.state?.terminated;
  const end = seen.phase === 'Succeeded' && template?.http ? judgeResponse(template.http, report?.outputs?.parameters ?? []) : { phase: 'Failed' as const, message: main?.message?.trim() || seen.message };
  const own = run.nodes.edit(node.id);
  if ('outputs' in end) own.outputs = end.outputs;
  own.phase = end.phase;
  setMessage(own, end.message);
  finish(own, pod, run.stamp);
}

function finish(node: NodeStatus, pod: Pod, stamp: string): void {
  node.finishedAt = lastEnd(pod) ?? stamp;
  const used = podDurations(pod);
  if (used) node.resourcesDuration = used;
}

function outputsOf(old: NodeStatus, pod: Pod, report: PodReport | undefined, template: Template | undefined): Outputs | undefined {
  const exitCode = pod.status?.containerStatuses?.find(({ name }) => name === 'main')?.state?.terminated?.exitCode;
  const reported = report?.outputs;
  const outputs: Outputs = { ...old.outputs, ...reported };
  if (exitCode !== undefined) outputs.exitCode = String(exitCode);
  if (!hasOutputs(outputs)) return old.outputs;
  if (reported === undefined && template && exitCode === undefined) return old.outputs;
  return old.outputs && JSON.stringify(old.outputs) === JSON.stringify(outputs) ? old.outputs : outputs;
}

/** Argo: getPendingReason */
function pendingReason(pod: Pod): string {
  for (const { state } of pod.status?.containerStatuses ?? []) {
    if (state?.waiting) return state.waiting.message ? `${state.waiting.reason ?? ''}: ${state.waiting.message}` : state.waiting.reason ?? '';
  }
  const unschedulable = pod.status?.conditions?.find(({ reason }) => reason === 'Unschedulable');
  if (!unschedulable) return '';
  return unschedulable.message ? `Unschedulable: ${unschedulable.message}` : 'Unschedulable';
}

function isMain(template: Template | undefined, name: string): boolean {
  const set = template?.containerSet?.containers;
  return set ? set.some((container) => container.name === name) : name === 'main';
}

/** Which container's end tells the story of a failed Pod. Argo: inferFailedReason */
function failedReason(pod: Pod, template: Template | undefined): { phase: NodePhase; message: string } {
  if (pod.status?.message) return { phase: 'Failed', message: pod.status.message };
  const order = ({ name }: ContainerStatus): number => (isMain(template, name) ? 1 : name === 'wait' ? 2 : 3);
  const containers = [...(pod.status?.containerStatuses ?? [])].sort((a, b) => order(a) - order(b));
  const all = [...(pod.status?.initContainerStatuses ?? []), ...containers];
  if (all.length === 0) return { phase: 'Failed', message: `can't find failed message for pod ${pod.metadata.name ?? ''} namespace ${pod.metadata.namespace ?? ''}` };
  let mainDone = false;
  let waitDone = !all.some(({ name }) => name === 'wait');
  for (const container of all) {
    const { waiting, terminated } = container.state ?? {};
    if (waiting) return { phase: 'Error', message: notStarted(container.name, waiting) };
    if (!terminated) continue;
    if (terminated.exitCode !== 0) {
      const failed = containerFailure(container, terminated.exitCode, terminated.reason ?? '', terminated.message, template);
      if (failed) return failed;
    } else if (isMain(template, container.name)) mainDone = true;
    else if (container.name === 'wait') waitDone = true;
  }
  return withoutFailure(mainDone, waitDone);
}

function notStarted(name: string, { reason = '', message = '' }: { reason?: string; message?: string }): string {
  return `Pod failed before ${name} container starts due to ${reason}: ${message}`;
}

function withoutFailure(mainDone: boolean, waitDone: boolean): { phase: NodePhase; message: string } {
  if (mainDone && waitDone) return { phase: 'Succeeded', message: '' };
  const missing = mainDone ? 'wait container did not complete successfully'
    : waitDone ? 'main container did not complete successfully' : 'neither main nor wait container completed successfully';
  return { phase: 'Failed', message: `pod failed: ${missing}` };
}

function containerFailure({ name }: ContainerStatus, exitCode: number, reason: string, detail: string | undefined, template: Template | undefined): { phase: NodePhase; message: string } | undefined {
  const message = `${name}: ${reason} (exit code ${exitCode})${detail ? `: ${detail}` : ''}`;
  if (HELPERS.has(name)) return { phase: 'Error', message };
  if (isMain(template, name)) return { phase: 'Failed', message };
  return exitCode === 137 || exitCode === 143 ? undefined : { phase: 'Failed', message };
}

/** Containers of a set are nodes of their own. */
function assessContainers(run: Run, node: NodeStatus, pod: Pod): void {
  for (const { name, state } of pod.status?.containerStatuses ?? []) {
    const own = run.nodes.byName(`${node.name}.${name}`);
    if (own?.type !== 'Container') continue;
    if (state?.terminated) {
      const { exitCode, reason = '', message = '' } = state.terminated;
      if (exitCode === 0) run.nodes.mark(own.id, 'Succeeded');
      else run.nodes.mark(own.id, exitCode === 64 ? 'Error' : 'Failed', `${name}: ${reason} (exit code ${exitCode}): ${message}`);
    } else if (pod.status?.phase === 'Failed') run.nodes.mark(own.id, 'Failed', 'Pod Failed whilst container running');
    else if (state?.waiting) run.nodes.mark(own.id, 'Pending');
    else if (state?.running) run.nodes.mark(own.id, 'Running');
  }
}

/** The latest end of a container, as a status writes it. */
function lastEnd(pod: Pod): string | undefined {
  let latest = 0;
  for (const { state } of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    latest = Math.max(latest, milliseconds(state?.terminated?.finishedAt));
  }
  return latest > 0 ? timestamp(latest) : undefined;
}

/** Ends Pods that a shutdown or the workflow's deadline overtakes. Argo: applyExecutionControl */
function control(run: Run, id: string, pod: Pod): void {
  const node = run.nodes.get(id);
  if (!node || isFulfilled(node)) return;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
  const onExit = pod.metadata.labels?.['workflows.argoproj.io/on-exit'] !== undefined;
  const stopped = !run.mayExecute(onExit);
  if (!stopped && !(deadlinePassed(run) && !onExit)) return;
  run.act({ type: 'terminate-pod', nodeId: id, name: pod.metadata.name ?? run.podNameOf(node) });
  const strategy = node.type === 'HTTP' ? `Stopped with strategy '${run.shutdown}'` : `workflow shutdown with strategy:  ${run.shutdown}`;
  const message = stopped ? strategy : 'Step exceeded its deadline';
  if (node.phase === 'Running') run.ended.add(id);
  run.nodes.mark(id, 'Failed', message);
  for (const container of run.nodes.within(id)) if (!isFulfilled(container)) run.nodes.mark(container.id, 'Failed', message);
}

export function deadlinePassed(run: Run): boolean {
  return run.deadline !== undefined && run.now > run.deadline;
}

/** A Pod that was there and is gone has been deleted by somebody. */
function markMissing(run: Run): void {
  for (const node of [...run.nodes.all()]) {
    if ((node.type !== 'Pod' && node.type !== 'HTTP') || phaseFulfilled(node) || node.phase === 'Pending' || !node.startedAt || run.observed.pods.has(node.id) || isEngineTask(run, node)) continue;
    const known = milliseconds(node.startedAt) + GRACE;
    if (run.now <= known) {
      run.wakeAt(known + 1);
      continue;
    }
    const own = run.nodes.edit(node.id);
    delete own.daemoned;
    // Why it had to go was the last that was said of it, if anything was.
    run.nodes.mark(node.id, 'Error', node.message ? `pod deleted: ${node.message}` : 'pod deleted');
    for (const container of run.nodes.within(node.id)) if (!isCompleted(container)) run.nodes.mark(container.id, 'Error', 'container deleted');
  }
}

/** Nodes that wait without a Pod end with the workflow. Argo: failNodesWithoutCreatedPodsAfterDeadlineOrShutdown */
function endWithoutPods(run: Run): void {
  const late = deadlinePassed(run);
  if (!late && run.shutdown === '') return;
  for (const node of [...run.nodes.all()]) {
    if (isFulfilled(node)) continue;
    const exit = isPartOfExitHandler(run, node);
    const suspended = node.type === 'Suspend' && node.phase === 'Running';
    const agent = node.type === 'HTTP' || node.type === 'Plugin';
    const locked = node.phase === 'Pending' && node.synchronizationStatus !== undefined;
    if (!run.mayExecute(exit) && (suspended || agent || locked)) run.nodes.mark(node.id, 'Failed', `Stopped with strategy '${run.shutdown}'`);
    else if (late && !exit && (node.phase === 'Pending' || suspended)) run.nodes.mark(node.id, 'Failed', 'Step exceeded its deadline');
  }
}
