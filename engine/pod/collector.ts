/** The Pod that deletes artifacts: one container with curl and the Secrets of their stores. Argo: artifact_gc.go */
import type { CollectorPlan } from '../operate/types.ts';
import { AppError } from '../spec/error.ts';
import type { Pod, PodSpec } from '../spec/kubernetes.ts';
import { LABEL } from '../spec/types.ts';
import { parseYaml } from '../spec/yaml.ts';
import { DROP } from './artifact-scripts.ts';
import { isInFolder, secretVolumes } from './artifacts.ts';
import { decodeBase64 } from './base64.ts';
import { folderMounts, folderVolumes, helper, HELPER_RESOURCES, secretMount } from './helpers.ts';
import type { HelperOptions } from './helpers.ts';
import { strategicMerge } from './strategic-merge.ts';
import { dropCall } from './transfers.ts';

/** Argo: such Pods are none of a step's. */
const COMPONENT = 'workflows.argoproj.io/component';

/** @returns the Pod to create. Throws AppError `unsupported` for a podSpecPatch that is none. */
export function collectorPod(plan: CollectorPlan, options: HelperOptions & { owner?: NonNullable<Pod['metadata']['ownerReferences']>[number] }): Pod {
  const volumes = secretVolumes({ outputs: { artifacts: plan.artifacts.map(({ location }, i) => ({ name: String(i), ...location })) } });
  const image = plan.artifacts.every(({ location }) => isInFolder(location)) ? options.busybox : options.curl;
  const container = helper({
    name: 'main', image, command: ['sh', '-c', DROP], resources: HELPER_RESOURCES, mounts: [...volumes.map(secretMount), ...folderMounts(options)],
    env: [
      { name: 'TIPHYS_DROP', value: plan.artifacts.map(({ artifact, location }, i) => dropCall(artifact, location, String(i))).join('') },
      { name: DROPPED, value: JSON.stringify(plan.artifacts.map(({ nodeId, artifact }) => [nodeId, artifact.name])) },
    ],
  }, plan);
  const spec: PodSpec = {
    restartPolicy: 'Never', containers: [container], automountServiceAccountToken: false, volumes: [...volumes, ...folderVolumes(options)],
    ...(plan.serviceAccountName ? { serviceAccountName: plan.serviceAccountName } : {}),
    ...(plan.securityContext ? { securityContext: plan.securityContext } : {}), ...(plan.imagePullSecrets ? { imagePullSecrets: plan.imagePullSecrets } : {}),
  };
  return {
    apiVersion: 'v1', kind: 'Pod', spec: patched(spec, plan),
    metadata: {
      name: plan.name, namespace: plan.namespace, annotations: plan.annotations,
      labels: { ...plan.labels, [LABEL.workflow]: plan.workflow, [COMPONENT]: 'artifact-gc', ...(options.instanceId ? { [LABEL.instanceId]: options.instanceId } : {}) },
      ...(options.owner ? { ownerReferences: [options.owner] } : {}),
    },
  };
}

/** Which artifact each number of the Pod's answer means: read here once it has ended. */
const DROPPED = 'TIPHYS_DROPPED';

export interface Collected {
  /** Node id and name of each artifact that was deleted. */
  deleted: [string, string][];
  /** Why others were not. */
  fault?: string;
}

/** @returns what a Pod that has ended did; undefined while it has not */
export function collected(pod: Pod): Collected | undefined {
  const phase = pod.status?.phase;
  if (phase !== 'Succeeded' && phase !== 'Failed') return undefined;
  const artifacts = (parsed(pod.spec.containers[0]?.env?.find(({ name }) => name === DROPPED)?.value?.replaceAll('$$', () => '$')) ?? []) as [string, string][];
  const ended = pod.status?.containerStatuses?.find(({ name }) => name === 'main')?.state?.terminated;
  const answer = parsed(ended?.message) as { failed: string; faults: string } | undefined;
  if (!answer) return { deleted: [], fault: pod.status?.message ?? `it ended with exit code ${ended?.exitCode ?? 'unknown'} and said nothing` };
  const failed = new Set(answer.failed.split(','));
  const deleted = artifacts.filter((_, i) => !failed.has(String(i)));
  return { deleted, ...(answer.failed ? { fault: decodeBase64(answer.faults) } : {}) };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function patched(spec: PodSpec, { podSpecPatch }: CollectorPlan): PodSpec {
  if (!podSpecPatch) return spec;
  const { value } = parseYaml(podSpecPatch);
  if (typeof value !== 'object' || value === null) throw new AppError('unsupported', 'artifactGC.podSpecPatch is no object.', { hint: 'Write a part of a Pod\'s spec.' });
  return strategicMerge(spec, value);
}
