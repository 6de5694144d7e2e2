/** What a run leaves behind and when it goes: claims, Pods, the budget, the Workflow itself. */
import { selectorMatches } from '../spec/selector.ts';
import type { KubeObject, Pod, Volume } from '../spec/kubernetes.ts';
import { LABEL, type NodeStatus } from '../spec/types.ts';
import { durationOf, milliseconds } from './time.ts';
import { TIMEOUT, attempt } from './fault.ts';
import { phaseFulfilled } from './nodes.ts';
import type { Run } from './run.ts';

/** Creates the workflow's claims. @returns whether the run may go on. Argo: createPVCs */
export function claimVolumes(run: Run): boolean {
  const templates = run.spec.volumeClaimTemplates ?? [];
  const claims = run.status.persistentVolumeClaims ?? [];
  if (templates.length === 0) return true;
  if (templates.length === claims.length) return !claims.some((volume) => isRefused(run, claimName(volume)));
  const volumes: Volume[] = [];
  for (const [index, template] of templates.entries()) {
    const name = template.metadata.name;
    if (!name) {
      run.mark('Error', `pvc create error: volumeClaimTemplates[${index}].metadata.name is required`);
      return false;
    }
    const claimName = `${run.name}-${name}`;
    run.act({ type: 'create-claim', object: claim(run, template, claimName) });
    volumes.push({ name, persistentVolumeClaim: { claimName } });
  }
  run.set('persistentVolumeClaims', volumes);
  // Whether the claims were taken is seen in the next call.
  run.wakeAt(run.now + 1);
  return false;
}

function claimName(volume: Volume): string {
  return (volume['persistentVolumeClaim'] as { claimName?: string } | undefined)?.claimName ?? '';
}

/** @returns whether a claim was refused; the run then waits or ends */
function isRefused(run: Run, name: string): boolean {
  const refusal = run.observed.refusals?.get(name);
  if (!refusal) return false;
  run.set('persistentVolumeClaims', undefined);
  run.mark(refusal.transient ? 'Pending' : 'Error', refusal.transient ? `Waiting for a PVC to be created. ${refusal.message}` : `pvc create error: ${refusal.message}`);
  return true;
}

function claim(run: Run, template: KubeObject, name: string): KubeObject {
  const { metadata, ...rest } = template;
  return {
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...rest,
    metadata: { ...metadata, name, namespace: run.namespace, labels: { ...metadata.labels, [LABEL.workflow]: run.name } },
  };
}

/** What is over is labelled or deleted as the workflow wants it. */
export function collectGarbage(run: Run): void {
  if (run.completed) {
    deleteClaims(run);
    if (run.spec.podDisruptionBudget && run.input.status?.phase !== run.status.phase) run.act({ type: 'delete-disruption-budget', name: run.name });
    expire(run);
  }
  collectPods(run);
}

/** Argo: deletePVCs */
function deleteClaims(run: Run): void {
  const claims = run.status.persistentVolumeClaims ?? [];
  const strategy = run.spec.volumeClaimGC?.strategy || 'OnWorkflowSuccess';
  if (claims.length === 0 || (strategy === 'OnWorkflowSuccess' && run.status.phase !== 'Succeeded')) return;
  for (const volume of claims) {
    if (claimName(volume)) run.act({ type: 'delete-claim', name: claimName(volume) });
  }
  run.set('persistentVolumeClaims', undefined);
}

/** The Workflow itself goes some time after its end. Argo: gccontroller */
function expire(run: Run): void {
  const ttl = run.spec.ttlStrategy;
  if (!ttl || !run.status.finishedAt || run.deleting) return;
  const byPhase = run.status.phase === 'Succeeded' ? ttl.secondsAfterSuccess : run.status.phase === 'Failed' ? ttl.secondsAfterFailure : undefined;
  const seconds = byPhase ?? ttl.secondsAfterCompletion;
  if (seconds === undefined) return;
  const time = milliseconds(run.status.finishedAt) + (seconds + 1) * 1000;
  if (run.now >= time) run.act({ type: 'delete-workflow' });
  else run.wakeAt(time);
}

/** Argo's delay before a finished Pod is deleted. */
const DELETE_DELAY_SECONDS = 5;

/** Pods whose nodes are over: deleted when podGC says so, else labelled, once their node has been saved as over. */
function collectPods(run: Run): void {
  const saved = run.input.status?.nodes ?? {};
  for (const [id, pod] of run.observed.pods) {
    const node = run.nodes.get(id);
    if (!node || !phaseFulfilled(node) || pod.metadata.deletionTimestamp) continue;
    const before = saved[id];
    if (waitedTooLong(node, pod)) deletePod(run, node, pod, 0);
    else if (before && phaseFulfilled(before)) collectPod(run, node, pod);
  }
}

/** It must not begin any more. */
function waitedTooLong(node: NodeStatus, pod: Pod): boolean {
  return pod.status?.phase === 'Pending' && node.message === TIMEOUT.message;
}

function collectPod(run: Run, node: NodeStatus, pod: Pod): void {
  const { labels = {} } = pod.metadata;
  if (isCollected(run, node.phase === 'Succeeded', labels)) deletePod(run, node, pod, deleteDelay(run));
  else if (labels[LABEL.completed] !== 'true' && (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')) {
    run.act({ type: 'label-pod', nodeId: node.id, name: pod.metadata.name ?? run.podNameOf(node), labels: { [LABEL.completed]: 'true' } });
  }
}

function deletePod(run: Run, node: NodeStatus, { metadata: { name, uid } }: Pod, delaySeconds: number): void {
  run.act({ type: 'delete-pod', nodeId: node.id, name: name ?? run.podNameOf(node), ...(uid ? { uid } : {}), delaySeconds });
}

function isCollected(run: Run, succeeded: boolean, labels: Record<string, string>): boolean {
  const gc = run.spec.podGC;
  if (!gc?.strategy) return false;
  if (!selectorMatches(gc.labelSelector, labels)) return false;
  switch (gc.strategy) {
    case 'OnPodCompletion': return true;
    case 'OnPodSuccess': return succeeded;
    case 'OnWorkflowCompletion': return run.completed;
    case 'OnWorkflowSuccess': return run.status.phase === 'Succeeded';
    default: return false;
  }
}

function deleteDelay(run: Run): number {
  const text = run.spec.podGC?.deleteDelayDuration;
  const parsed = text ? attempt(() => durationOf(text)) : undefined;
  return parsed?.value === undefined ? DELETE_DELAY_SECONDS : parsed.value / 1000;
}
