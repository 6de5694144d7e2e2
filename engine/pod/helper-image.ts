/** How the image of our helpers fares in a Pod, and the patch that gives them another one. */
import type { Container, ContainerStatus, Pod } from '../spec/kubernetes.ts';
import { DYNAMIC_BUSYBOX } from './scripts.ts';

export interface HelperPull {
  /** What the helpers run from, as the Pod says now. */
  image: string;
  /** `works`: a helper has begun; `fails`: it cannot be had; `unfit`: its busybox is not static; `open`: not known yet. */
  state: 'works' | 'fails' | 'unfit' | 'open';
  reason: string;
  message: string;
}

const PULL_FAILED = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName']);
/**
 * What a registry says of itself holds for all its images. That it cannot be reached says less: where a mirror lacks an
 * image, the runtime asks the image's own registry, and only that one's silence is told.
 */
const REGISTRY_TROUBLE = /too ?many ?requests|\b429\b|\b50[0-4]\b/i;
/** Older kubelets do not repeat why. */
const BARE_BACK_OFF = /^Back-off pulling image "[^"]*"\.?$/;

/** @returns undefined for a Pod without helpers of ours */
export function helperPull(pod: Pod): HelperPull | undefined {
  const { init, wait } = helpersOf(pod);
  const image = (init ?? wait)?.image;
  if (image === undefined) return undefined;
  const initStatus = init && statusOf(pod.status?.initContainerStatuses, 'init');
  const waitStatus = wait && statusOf(pod.status?.containerStatuses, 'wait');
  const code = initStatus?.state?.terminated?.exitCode;
  const waited = waitStatus?.state;
  if (code === DYNAMIC_BUSYBOX) return { image, state: 'unfit', reason: '', message: '' };
  if (code === 0 || waited?.running || waited?.terminated) return { image, state: 'works', reason: '', message: '' };
  return failedPull(initStatus, image) ?? failedPull(waitStatus, image) ?? { image, state: 'open', reason: '', message: '' };
}

function statusOf(statuses: ContainerStatus[] | undefined, name: string): ContainerStatus | undefined {
  return statuses?.find((s) => s.name === name);
}

function failedPull(status: ContainerStatus | undefined, image: string): HelperPull | undefined {
  const { reason = '', message = '' } = status?.state?.waiting ?? {};
  if (!PULL_FAILED.has(reason)) return undefined;
  // Just patched, the status may still speak of the image before.
  const current = status?.image === image || status?.image === '' || message.includes(image);
  return current ? { image, state: 'fails', reason, message } : undefined;
}

/** @returns whether another image may fare better than the one that failed: not when their common registry is the trouble */
export function mayFareBetter(failed: HelperPull, next: string): boolean {
  if (failed.reason === 'InvalidImageName' || registryOf(failed.image) !== registryOf(next)) return true;
  return !REGISTRY_TROUBLE.test(failed.message.replaceAll(failed.image, '')) && !BARE_BACK_OFF.test(failed.message);
}

/** @returns a strategic merge patch that changes the image of our helpers and of nothing else */
export function helperImagePatch(pod: Pod, image: string): { spec: { initContainers?: Container[]; containers?: Container[] } } {
  const { init, wait } = helpersOf(pod);
  return { spec: { ...(init && { initContainers: [{ name: 'init', image }] }), ...(wait && { containers: [{ name: 'wait', image }] }) } };
}

/** Ours are known by what they are given: a user's container may have the same name. */
function helpersOf(pod: Pod): { init: Container | undefined; wait: Container | undefined } {
  const has = (container: Container, variable: string): boolean => container.env?.some((e) => e.name === variable) ?? false;
  const init = pod.spec.initContainers?.find((c) => c.name === 'init' && has(c, 'TIPHYS_RUN'));
  // A `wait` that saves artifacts runs from an image with curl.
  const wait = pod.spec.containers.find((c) => c.name === 'wait' && has(c, 'TIPHYS_OUTPUTS') && (!init || c.image === init.image));
  return { init, wait };
}

function registryOf(image: string): string {
  const first = image.split('/')[0] ?? '';
  return image.includes('/') && (/[.:]/.test(first) || first === 'localhost') ? first : 'docker.io';
}
