/** Our Pods beside the recorded ones. */
import type { EngineTask, PodPlan } from '../../engine/operate/types.ts';
import { LABEL } from '../../engine/spec/types.ts';
import type { Container, PodSpec, Volume } from '../../engine/spec/kubernetes.ts';
import type { Case, Comparison, RecordedPod } from './cases.ts';
import type { Session } from './play.ts';

/** @returns how the Pods differ from the recorded ones: which there are, then what each is like */
export function podDifference(played: Case, ours: Pick<Session, 'pods' | 'tasks'>, comparison: Comparison): string | undefined {
  // A recorded workflow may have started another one, whose Pods are not ours.
  const own = played.pods.filter(({ labels }) => labels?.[LABEL.workflow] === undefined || played.then || labels[LABEL.workflow] === played.name);
  const without = own.filter(isEngineWork);
  return taskDifference(without, ours.tasks, comparison) ?? differenceOf(own.filter((pod) => !isEngineWork(pod)), ours.pods, comparison);
}

/** What the engine does itself was a Pod of Argo's executor. */
function isEngineWork({ template }: RecordedPod): boolean {
  return template?.resource !== undefined || template?.data !== undefined;
}

/** Templates are compared; a manifest with an owner is written anew by Argo. */
function taskDifference(recorded: readonly RecordedPod[], tasks: readonly EngineTask[], comparison: Comparison): string | undefined {
  const names = (list: readonly { nodeName?: string; node?: string }[]): string => [...new Set(list.map(({ nodeName, node }) => nodeName ?? node))].sort().join(', ');
  if (names(recorded) !== names(tasks)) return `work without a Pod: expected ${names(recorded)}, got ${names(tasks)}`;
  for (const { node, template } of recorded) {
    const task = tasks.find(({ nodeName }) => nodeName === node);
    if (!task || template?.resource?.setOwnerReference) continue;
    const difference = comparison.differences(withoutEmpty(template), withoutEmpty(task.template), 'template')[0];
    if (difference !== undefined) return `work[${node}].${difference}`;
  }
  return undefined;
}

function differenceOf(recorded: readonly RecordedPod[], plans: readonly PodPlan[], comparison: Comparison): string | undefined {
  const names = (list: readonly { nodeName?: string; node?: string }[]): string => list.map(({ nodeName, node }) => nodeName ?? node).sort().join(', ');
  if (names(recorded) !== names(plans)) return `pods: expected ${names(recorded)}, got ${names(plans)}`;
  for (const expected of recorded) {
    const plan = plans.find(({ nodeName }) => nodeName === expected.node);
    if (!plan) continue;
    if (plan.name !== expected.name) return `pods[${expected.node}].name: expected ${expected.name}, got ${plan.name}`;
    const own = comparison.normalisePod({ metadata: { labels: plan.labels, annotations: plan.annotations }, spec: admitted(plan.spec, expected.spec) });
    const parts = { labels: expected.labels ?? {}, annotations: expected.annotations ?? {}, spec: expected.spec ?? {} };
    const difference = [
      // Argo puts a template too large for a variable elsewhere; the recording does not have it then.
      ...(expected.template ? comparison.differences(withoutEmpty(expected.template), withoutEmpty(plan.template), 'template') : []),
      ...comparison.differences(parts.labels, own.labels, 'labels'),
      ...comparison.differences(parts.annotations, own.annotations, 'annotations'),
      ...comparison.differences(parts.spec, own.spec, 'spec'),
    ][0];
    if (difference !== undefined) return `pods[${expected.node}].${difference}`;
  }
  return undefined;
}

/** The spec as the cluster has it: commands that the registry answered, requests taken from limits, modes of files. */
function admitted(spec: PodSpec, recorded: PodSpec | undefined): PodSpec {
  const lookedUp = (container: Container): Container => {
    const known = recorded?.containers.find(({ name }) => name === container.name);
    if (!known || container.command?.length) return container;
    return { ...container, ...(known.command ? { command: known.command } : {}), ...(container.args === undefined && known.args ? { args: known.args } : {}) };
  };
  const requests = (container: Container): Container => {
    const resources = container.resources as { limits?: Record<string, unknown>; requests?: Record<string, unknown> } | undefined;
    return resources?.limits ? { ...container, resources: { ...resources, requests: { ...resources.limits, ...resources.requests } } } : container;
  };
  return {
    ...spec,
    containers: spec.containers.map((container) => probed(requests(lookedUp(container)))),
    ...(spec.volumes ? { volumes: spec.volumes.map(withMode) } : {}),
  };
}

/** A volume of files with the mode that the API server gives them. */
function withMode(volume: Volume): Volume {
  const filled: Volume = { ...volume };
  for (const kind of ['configMap', 'secret', 'projected', 'downwardAPI'] as const) {
    const source = volume[kind] as object | undefined;
    if (source) filled[kind] = { defaultMode: 420, ...source };
  }
  return filled;
}

/** What the API server adds to probes. */
function probed(container: Container): Container {
  const filled: Container = { ...container };
  for (const kind of ['readinessProbe', 'livenessProbe', 'startupProbe'] as const) {
    const probe = container[kind];
    if (!probe) continue;
    const get = probe['httpGet'] as object | undefined;
    filled[kind] = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3, ...probe, ...(get ? { httpGet: { scheme: 'HTTP', ...get } } : {}) };
  }
  return filled;
}

/** Go writes some empty fields out. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]): [string, unknown] => [key, withoutEmpty(part)]).filter(([, part]) => !isEmpty(part)));
}

function isEmpty(value: unknown): boolean {
  return value === '' || value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
}
