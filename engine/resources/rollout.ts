/**
 * When an applied object is ready, by its kind: the rules of `kubectl rollout status` for workloads, and the condition that
 * says so for others. Kinds that have no such state are ready at once.
 */
import type { KubeObject } from '../spec/kubernetes.ts';

export interface RolloutState {
  state: 'ready' | 'waiting' | 'failed';
  /** What is missing or what went wrong; empty when ready. */
  detail: string;
}

type Fields = Record<string, unknown>;

interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
}

const READY: RolloutState = { state: 'ready', detail: '' };
const waiting = (detail: string): RolloutState => ({ state: 'waiting', detail });
const failed = (detail: string): RolloutState => ({ state: 'failed', detail });

/** @param asked the object itself asks for it: a claim is then waited for until it is bound, which without a Pod may be never */
export function rolloutState(object: KubeObject, asked = false): RolloutState {
  const spec = fields(object['spec']);
  const status = fields(object['status']);
  switch (object.kind) {
    case 'Deployment': return unseen(object) ?? deployment(spec, status);
    case 'StatefulSet': return unseen(object) ?? statefulSet(spec, status);
    case 'DaemonSet': return unseen(object) ?? daemonSet(spec, status);
    case 'ReplicaSet':
    case 'ReplicationController': return unseen(object) ?? counted(number(status['availableReplicas']), number(spec['replicas'], 1), 'available');
    case 'Job': return job(spec, status);
    case 'Pod': return pod(status);
    case 'PersistentVolumeClaim': return asked ? phase(status, ['Bound'], ['Lost']) : READY;
    case 'Namespace': return phase(status, ['Active'], []);
    case 'Workflow': return phase(status, ['Succeeded'], ['Failed', 'Error']);
    case 'CustomResourceDefinition': return held(status, 'Established');
    case 'APIService': return held(status, 'Available');
    default: return READY;
  }
}

/** Its controller has not looked at the newest spec: what the status says is old. */
function unseen(object: KubeObject): RolloutState | undefined {
  const observed = number(fields(object['status'])['observedGeneration']);
  return observed < number(object.metadata.generation) ? waiting('not taken up by its controller yet') : undefined;
}

function deployment(spec: Fields, status: Fields): RolloutState {
  const progressing = condition(status, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed(reasonOf(progressing));
  const wanted = number(spec['replicas'], 1);
  const updated = number(status['updatedReplicas']);
  const refused = condition(status, 'ReplicaFailure');
  if (updated < wanted) return waiting(`${updated} of ${wanted} updated${refused?.status === 'True' ? `: ${reasonOf(refused)}` : ''}`);
  const old = number(status['replicas']) - updated;
  if (old > 0) return waiting(`${old} of the old ones still there`);
  return counted(number(status['availableReplicas']), updated, 'available');
}

function statefulSet(spec: Fields, status: Fields): RolloutState {
  const wanted = number(spec['replicas'], 1);
  const ready = counted(number(status['readyReplicas']), wanted, 'ready');
  const strategy = fields(spec['updateStrategy']);
  if (ready.state === 'waiting' || strategy['type'] === 'OnDelete') return ready;
  const partition = number(fields(strategy['rollingUpdate'])['partition']);
  if (partition > 0) return counted(number(status['updatedReplicas']), wanted - partition, 'updated');
  return status['updateRevision'] === status['currentRevision'] ? READY : waiting(`${number(status['updatedReplicas'])} of ${wanted} updated`);
}

function daemonSet(spec: Fields, status: Fields): RolloutState {
  const wanted = number(status['desiredNumberScheduled']);
  if (fields(spec['updateStrategy'])['type'] !== 'OnDelete') {
    const updated = counted(number(status['updatedNumberScheduled']), wanted, 'updated');
    if (updated.state === 'waiting') return updated;
  }
  return counted(number(status['numberAvailable']), wanted, 'available');
}

function job(spec: Fields, status: Fields): RolloutState {
  const end = condition(status, 'Failed') ?? condition(status, 'FailureTarget');
  if (end?.status === 'True') return failed(reasonOf(end));
  // A suspended one does nothing until somebody lets it.
  if (condition(status, 'Complete')?.status === 'True' || spec['suspend'] === true) return READY;
  return waiting(`${number(status['succeeded'])} of ${number(spec['completions'], 1)} done`);
}

function pod(status: Fields): RolloutState {
  if (status['phase'] === 'Failed') return failed(text(status['message']) || text(status['reason']) || 'the Pod failed');
  if (status['phase'] === 'Succeeded') return READY;
  return held(status, 'Ready');
}

function phase(status: Fields, good: readonly string[], bad: readonly string[]): RolloutState {
  const is = text(status['phase']);
  if (good.includes(is)) return READY;
  return bad.includes(is) ? failed(text(status['message']) || is) : waiting(is || 'no phase yet');
}

function held(status: Fields, type: string): RolloutState {
  const found = condition(status, type);
  return found?.status === 'True' ? READY : waiting(found?.message ? reasonOf(found) : `not ${type} yet`);
}

function counted(have: number, want: number, what: string): RolloutState {
  return have >= want ? READY : waiting(`${have} of ${want} ${what}`);
}

function condition(status: Fields, type: string): Condition | undefined {
  const list = Array.isArray(status['conditions']) ? status['conditions'] as Condition[] : [];
  return list.find((each) => each.type === type);
}

function reasonOf({ reason, message }: Condition): string {
  return [reason, message].filter(Boolean).join(': ');
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {};
}

function number(value: unknown, otherwise = 0): number {
  return typeof value === 'number' ? value : otherwise;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
