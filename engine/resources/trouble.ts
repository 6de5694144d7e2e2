/** Why a workload does not become ready: what its Pods say, where it only counts them. */
import type { Cluster } from '../kube/port.ts';
import { RESOURCE } from '../kube/port.ts';
import type { ContainerStatus, KubeObject, Pod } from '../spec/kubernetes.ts';

interface Selector {
  matchLabels?: Record<string, string>;
}

/** A container that is only being started says so, too. */
const ON_THE_WAY = new Set(['ContainerCreating', 'PodInitializing', '']);

/** @returns `Pod NAME: what is wrong with it` of the first of its Pods in trouble; empty when none is, or none may be seen */
export async function podTrouble(cluster: Cluster, namespace: string | undefined, object: KubeObject): Promise<string> {
  const { matchLabels } = ((object['spec'] as { selector?: Selector } | undefined)?.selector ?? {});
  if (namespace === undefined || !matchLabels) return '';
  const labelSelector = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`).join(',');
  const { items } = await cluster.list<Pod>(RESOURCE.pod, namespace, { labelSelector }).catch(() => ({ items: [] as Pod[] }));
  for (const pod of items) {
    const trouble = troubleOf(pod);
    if (trouble) return `Pod ${pod.metadata.name ?? ''}: ${trouble}`;
  }
  return '';
}

function troubleOf({ status = {} }: Pod): string {
  if (status.message) return status.message;
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const trouble = containerTrouble(container);
    if (trouble) return trouble;
  }
  const held = status.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  return held ? [held.reason, held.message].filter(Boolean).join(': ') : '';
}

function containerTrouble({ name, state, lastState }: ContainerStatus): string {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const code = ended && ended.exitCode !== 0 ? `${name} ended with exit code ${ended.exitCode}${ended.reason ? ` (${ended.reason})` : ''}` : '';
  if (ON_THE_WAY.has(reason)) return code;
  return [reason, code || message].filter(Boolean).join(': ');
}
