import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { V1Container, V1ContainerStatus, V1ObjectMeta, V1Pod, V1PodSpec, V1PodStatus } from '@kubernetes/client-node';
import type { Container, ContainerStatus, ObjectMeta, Pod, PodSpec, PodStatus } from './kubernetes.ts';

/** The fields a type names, without its index signature. */
type Named<T> = keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] };
/** Names of ours that Kubernetes does not have. */
type Unknown<Ours, Theirs> = Exclude<Named<Ours>, keyof Theirs>;

test('every field of our Kubernetes types has the name that Kubernetes gives it', () => {
  // The check is the compiler's: an unknown name makes its list something else than `never[]`.
  const unknown: {
    container: Unknown<Container, V1Container>[]; spec: Unknown<PodSpec, V1PodSpec>[]; status: Unknown<PodStatus, V1PodStatus>[];
    pod: Unknown<Pod, V1Pod>[]; meta: Unknown<ObjectMeta, V1ObjectMeta>[]; containerStatus: Unknown<ContainerStatus, V1ContainerStatus>[];
  } = { container: [], spec: [], status: [], pod: [], meta: [], containerStatus: [] } satisfies Record<string, never[]>;
  const none: Record<string, never[]> = unknown;
  assert.deepEqual(Object.values(none).flat(), []);
});
