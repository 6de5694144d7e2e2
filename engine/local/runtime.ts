/** What runs the containers of the local cluster's Pods: Docker, Podman, or processes of this machine. */
import type { Container, Pod } from '../spec/kubernetes.ts';
import type { ExecResult, LogOptions } from '../kube/port.ts';

export interface Mount {
  /** A folder or file of this machine. */
  source: string;
  target: string;
  readOnly: boolean;
}

/** One container, with everything of the Pod that it needs. */
export interface ContainerPlan {
  /** The container's own folder; it names the container, also to a later run of the program. */
  dir: string;
  podUid: string;
  podName: string;
  name: string;
  image: string;
  imagePullPolicy?: string;
  /** As Kubernetes has them: absent means the image's own. */
  command?: string[];
  args?: string[];
  env: Record<string, string>;
  workingDir?: string;
  mounts: Mount[];
  /** Where the container sees its termination message file, `termination` in its folder. */
  terminationPath: string;
  spec: Container;
}

export interface Ended {
  exitCode: number;
  reason: string;
  message?: string;
  /** Milliseconds since the epoch. */
  finishedAt: number;
}

export interface Runtime {
  readonly kind: 'docker' | 'podman' | 'processes';
  /** One sentence for people: how steps run here. */
  readonly description: string;
  /** @returns why this Pod can never run here, for people; undefined when it may */
  refusal?(pod: Pod): string | undefined;
  /** Gets a Pod's common ground (network) ready. */
  preparePod(pod: Pod): Promise<void>;
  /** Throws when the image cannot be had now. */
  ensureImage(image: string, policy?: string): Promise<void>;
  /** Starts the container. Throws when it cannot be, with the reason in the message. */
  start(plan: ContainerPlan): Promise<void>;
  /** @returns how a container started earlier stands: known to run, or ended one way or the other */
  ended(dir: string): Promise<Ended | undefined>;
  /** @returns once the container has ended */
  wait(dir: string): Promise<Ended>;
  /** Asks the container's first process to end, or ends all of it. */
  signal(dir: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  logs(dir: string, options: LogOptions, running: () => boolean): AsyncIterable<Uint8Array>;
  exec(dir: string, command: string[], signal?: AbortSignal): Promise<ExecResult>;
  /** All containers of the Pod have ended; their logs may still be read. */
  podEnded(uid: string): Promise<void>;
  /** Takes away what is left of a Pod besides its folder. */
  removePod(uid: string): Promise<void>;
  /** Takes away a folder whose files are not ours. */
  removeFolder(dir: string): Promise<void>;
}

/** Files in a container's folder. */
export const FILE = { log: 'log', times: 'log.times', exit: 'exit', process: 'process', started: 'started', termination: 'termination', startError: 'start-error', plan: 'plan.json' } as const;
