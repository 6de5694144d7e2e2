/** The containers of ours: what they may use and see. */
import type { Container, PodSpec, Volume, VolumeMount } from '../spec/kubernetes.ts';
import { SECRETS_DIR } from './artifact-scripts.ts';
import { FOLDER_DIR } from './transfers.ts';

export interface HelperOptions {
  /** A static busybox. */
  busybox: string;
  /** An image with curl, and one with git. */
  curl: string;
  git: string;
  /** The folder of artifacts of the machine that the Pods run on, where they do. */
  artifactFolder?: string;
  instanceId?: string;
}

export const HELPER_RESOURCES = { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '500m', memory: '128Mi' } };
/** What packs, unpacks and sends files may take more. */
export const TRANSFER_RESOURCES = { requests: { cpu: '10m', memory: '32Mi' }, limits: { cpu: '2', memory: '512Mi' } };
const FOLDER_VOLUME = 'tiphys-artifacts';

export interface HelperInput {
  name: string;
  image: string;
  command: string[];
  env: { name: string; value: string }[];
  mounts: VolumeMount[];
  resources: typeof HELPER_RESOURCES;
  /** It writes where main does: as root, where the Pod lets its containers be root. */
  asRoot?: boolean;
}

type Security = Record<string, unknown>;
const NOBODY = 65534;

/** Helpers are no more root than the Pod's own containers: these may all forbid it, each for itself. */
function userOf(pod: HelperPod, asRoot: boolean): Security {
  const security: Security = pod.securityContext ?? {};
  if (security['runAsNonRoot'] === true) return security['runAsUser'] === undefined ? { runAsUser: NOBODY } : {};
  const own = (pod.containers ?? []).map((container): Security => container.securityContext ?? {});
  if (own.length > 0 && own.every((each) => each['runAsNonRoot'] === true)) {
    return { runAsNonRoot: true, runAsUser: own.find((each) => each['runAsUser'] !== undefined)?.['runAsUser'] ?? security['runAsUser'] ?? NOBODY };
  }
  return asRoot && security['runAsUser'] === undefined ? { runAsUser: 0 } : {};
}

/** What of a Pod its helpers have to heed. */
interface HelperPod {
  securityContext?: PodSpec['securityContext'] | undefined;
  containers?: readonly Container[];
}

/**
 * @param pod what the Pod says for all its containers
 * @returns a container that passes the `restricted` Pod security level, quotas and limit ranges, whatever the user's containers ask for
 */
export function helper({ name, image, command, env, mounts, resources, asRoot = false }: HelperInput, pod: HelperPod): Container {
  return {
    name, image, command,
    // Kubernetes expands `$(NAME)` in values and reads `$$` as `$`.
    env: env.map((variable) => ({ name: variable.name, value: variable.value.replaceAll('$', () => '$$') })),
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: pod.securityContext?.['seccompProfile'] ?? { type: 'RuntimeDefault' },
      ...userOf(pod, asRoot),
    },
  };
}

/** Where artifacts are in a folder of the machine: its volume, and the mount that helpers have. */
export function folderMounts({ artifactFolder }: HelperOptions): VolumeMount[] {
  return artifactFolder === undefined ? [] : [{ name: FOLDER_VOLUME, mountPath: FOLDER_DIR }];
}

export function folderVolumes({ artifactFolder }: HelperOptions): Volume[] {
  return artifactFolder === undefined ? [] : [{ name: FOLDER_VOLUME, hostPath: { path: artifactFolder, type: 'DirectoryOrCreate' } }];
}

/** @returns where helpers have the volume of a Secret */
export function secretMount({ name }: Volume): VolumeMount {
  return { name, mountPath: `${SECRETS_DIR}/${name}`, readOnly: true };
}
