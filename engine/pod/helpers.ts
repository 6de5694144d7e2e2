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
}

/**
 * @param pod what the Pod says for all its containers
 * @returns a container that passes the `restricted` Pod security level, quotas and limit ranges, whatever the user's containers ask for
 */
export function helper({ name, image, command, env, mounts, resources }: HelperInput, pod: { securityContext?: PodSpec['securityContext'] | undefined }): Container {
  const security = pod.securityContext ?? {};
  const nonRoot = security['runAsNonRoot'] === true && security['runAsUser'] === undefined;
  return {
    name, image, command,
    // Kubernetes expands `$(NAME)` in values and reads `$$` as `$`.
    env: env.map((variable) => ({ name: variable.name, value: variable.value.replaceAll('$', () => '$$') })),
    ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: security['seccompProfile'] ?? { type: 'RuntimeDefault' },
      ...(nonRoot ? { runAsUser: 65534 } : {}),
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
