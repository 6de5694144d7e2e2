/** What an API server does to and demands of Pods, as far as the engine can meet it. */
import type { Container, KubeObject, Pod } from '../../spec/kubernetes.ts';
import { statusError } from '../status.ts';
import { isMap, sameJson } from './json.ts';

function refuse(pod: KubeObject, causes: { field: string; message: string }[]): never {
  const list = causes.map(({ field, message }) => `${field}: ${message}`);
  const told = list.length === 1 ? list.join('') : `[${list.join(', ')}]`;
  throw statusError({
    code: 422, reason: 'Invalid', message: `Pod "${pod.metadata.name ?? ''}" is invalid: ${told}`,
    details: { kind: 'Pod', name: pod.metadata.name ?? '', causes },
  });
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function containerFaults(pod: Pod): { field: string; message: string }[] {
  const faults: { field: string; message: string }[] = [];
  const volumes = new Set((pod.spec.volumes ?? []).map(({ name }) => name));
  const seen = new Set<string>();
  const check = (container: Container, field: string) => {
    const name = container.name ?? '';
    if (name === '') faults.push({ field: `${field}.name`, message: 'Required value' });
    else if (!LABEL.test(name)) faults.push({ field: `${field}.name`, message: `Invalid value: "${name}": a lowercase RFC 1123 label is needed` });
    else if (seen.has(name)) faults.push({ field: `${field}.name`, message: `Duplicate value: "${name}"` });
    seen.add(name);
    if (!container.image) faults.push({ field: `${field}.image`, message: 'Required value' });
    const paths = new Set<string>();
    for (const [at, mount] of (container.volumeMounts ?? []).entries()) {
      if (!volumes.has(mount.name)) faults.push({ field: `${field}.volumeMounts[${at}].name`, message: `Not found: "${mount.name}"` });
      if (paths.has(mount.mountPath)) faults.push({ field: `${field}.volumeMounts[${at}].mountPath`, message: `Invalid value: "${mount.mountPath}": must be unique` });
      paths.add(mount.mountPath);
    }
  };
  for (const [at, container] of (pod.spec.initContainers ?? []).entries()) check(container, `spec.initContainers[${at}]`);
  for (const [at, container] of pod.spec.containers.entries()) check(container, `spec.containers[${at}]`);
  return faults;
}

function volumeFaults(pod: Pod): { field: string; message: string }[] {
  const faults: { field: string; message: string }[] = [];
  const seen = new Set<string>();
  for (const [at, volume] of (pod.spec.volumes ?? []).entries()) {
    if (!LABEL.test(volume.name)) faults.push({ field: `spec.volumes[${at}].name`, message: `Invalid value: "${volume.name}"` });
    if (seen.has(volume.name)) faults.push({ field: `spec.volumes[${at}].name`, message: `Duplicate value: "${volume.name}"` });
    seen.add(volume.name);
  }
  return faults;
}

/** Sets what the server fills in, and throws `invalid` for a Pod it would refuse. Changes the Pod given. */
export function preparePod(object: KubeObject): void {
  const spec = isMap(object['spec']) ? object['spec'] : undefined;
  if (!spec || !Array.isArray(spec['containers']) || spec['containers'].length === 0) refuse(object, [{ field: 'spec.containers', message: 'Required value' }]);
  const pod = object as Pod;
  const faults = [...volumeFaults(pod), ...containerFaults(pod)];
  if (faults.length > 0) refuse(pod, faults);
  pod.spec.restartPolicy ??= 'Always';
  pod.spec.terminationGracePeriodSeconds ??= 30;
  pod.spec.schedulerName ??= 'default-scheduler';
  pod.spec.serviceAccountName ??= 'default';
  pod.status = { phase: 'Pending' };
}

/** The spec without what may change in a Pod that exists. */
function fixedPart(pod: Pod): unknown {
  const images = (containers: Container[] | undefined) => containers?.map((container) => ({ ...container, image: '' }));
  const spec: Record<string, unknown> = { ...pod.spec, containers: images(pod.spec.containers), initContainers: images(pod.spec.initContainers) };
  for (const field of ['activeDeadlineSeconds', 'tolerations', 'nodeName', 'terminationGracePeriodSeconds']) delete spec[field];
  return spec;
}

/** Throws `invalid` when the change touches what is fixed in a Pod, or makes its deadline longer. */
export function checkPodUpdate(previous: KubeObject, next: KubeObject): void {
  const [before, after] = [previous as Pod, next as Pod];
  if (!sameJson(fixedPart(before), fixedPart(after))) {
    refuse(next, [{ field: 'spec', message: 'Forbidden: pod updates may not change fields other than images, activeDeadlineSeconds and tolerations' }]);
  }
  const [old, wanted] = [before.spec.activeDeadlineSeconds, after.spec.activeDeadlineSeconds];
  if (old !== undefined && (wanted === undefined || wanted > old)) {
    refuse(next, [{ field: 'spec.activeDeadlineSeconds', message: 'Invalid value: must be less than or equal to previous value' }]);
  }
}

/** @returns whether the Pod has come to its end */
export function isTerminal(object: KubeObject): boolean {
  const phase = (object as Pod).status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}
