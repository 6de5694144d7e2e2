/** Plays every case of a folder and says what differs first. */
import { loadComparison, readCases, type Case, type Comparison, type RecordedPod } from './cases.ts';
import { exceptions, missingFeature } from './features.ts';
import { playDirectly, type Player } from './play.ts';
import { playFollowups } from './followups.ts';
import type { Container, PodSpec, Volume } from '../../engine/spec/kubernetes.ts';
import type { PodPlan } from '../../engine/operate/types.ts';

export interface CaseResult {
  id: string;
  file: string;
  result: 'passed' | 'failed' | 'skipped';
  /** The first difference, or why it was skipped. */
  difference?: string;
}

export interface Filter {
  /** Ids; with a trailing `*` their beginnings. None: all. */
  only: readonly string[];
  files: readonly string[];
}

export function isWanted(filter: Filter, file: string, id: string): boolean {
  const matches = (pattern: string): boolean => (pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id);
  return (filter.files.length === 0 || filter.files.includes(file)) && (filter.only.length === 0 || filter.only.some(matches));
}

export async function runCases(directory: string, filter: Filter, player: Player = playDirectly): Promise<CaseResult[]> {
  const comparison = await loadComparison(directory);
  return readCases(directory).filter(({ file, id }) => isWanted(filter, file, id)).map((played) => judge(played, comparison, player));
}

/** A case that is skipped or excepted must differ: one that passes means that the reason is gone. */
function judge(played: Case, comparison: Comparison, player: Player): CaseResult {
  const { id, file } = played;
  const difference = attempt(() => firstDifference(played, comparison, player));
  const excuse = exceptions.cases[id] ?? missingFeature(played);
  if (excuse === undefined) return difference === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference };
  if (difference !== undefined) return { id, file, result: 'skipped', difference: excuse };
  return exceptions.cases[id] === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference: `passes, though excepted: ${excuse}` };
}

function attempt(act: () => string | undefined): string | undefined {
  try {
    return act();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ') : String(error);
  }
}

function firstDifference(played: Case, comparison: Comparison, player: Player): string | undefined {
  if (played.then) return playFollowups(played, comparison);
  const { workflow, pods } = player(played);
  return comparison.differences(played.expect, comparison.normaliseStatus(workflow))[0] ?? podDifference(played.pods, pods, comparison);
}

/** @returns how the Pods differ from the recorded ones: which there are, then what each is like */
export function podDifference(recorded: readonly RecordedPod[], plans: readonly PodPlan[], comparison: Comparison): string | undefined {
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
