import type { Container, Pod } from '../spec/kubernetes.ts';
import { milliseconds } from './time.ts';

/** What one unit of a resource is, for the sums of resourcesDuration. */
const UNITS: Readonly<Record<string, number>> = { cpu: 1, memory: 100 * 1024 * 1024 };
const DEFAULTS: Readonly<Record<string, number>> = { cpu: 0.1, memory: 100 * 1024 * 1024 };
const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** Seconds times units of cpu and memory that a finished Pod used, by what it asked for. Argo: resource.DurationForPod */
export function podDurations(pod: Pod): Record<string, number> | undefined {
  const totals: Record<string, number> = {};
  for (const { name, state } of [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]) {
    const ended = state?.terminated;
    if (!ended?.startedAt || !ended.finishedAt) continue;
    const seconds = Math.max(0, milliseconds(ended.finishedAt) - milliseconds(ended.startedAt)) / 1000;
    const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((candidate) => candidate.name === name);
    for (const kind of Object.keys(UNITS)) totals[kind] = (totals[kind] ?? 0) + seconds * amount(container, kind) / (UNITS[kind] ?? 1);
  }
  const rounded = Object.entries(totals).map(([kind, value]): [string, number] => [kind, Math.round(value)]);
  return rounded.length > 0 ? Object.fromEntries(rounded) : undefined;
}

/** Adds amounts to those that are there. */
export function sumAmounts(to: Record<string, number>, more: Readonly<Record<string, number>> | undefined): void {
  for (const [kind, value] of Object.entries(more ?? {})) to[kind] = (to[kind] ?? 0) + value;
}

/** @returns whether both are the same; none is the same as no amounts */
export function sameAmounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>> | undefined): boolean {
  const kinds = Object.keys(a);
  return kinds.length === Object.keys(b ?? {}).length && kinds.every((kind) => a[kind] === b?.[kind]);
}

function amount(container: Container | undefined, kind: string): number {
  const resources = container?.resources as { requests?: Record<string, unknown>; limits?: Record<string, unknown> } | undefined;
  return quantity(resources?.requests?.[kind] ?? resources?.limits?.[kind]) ?? DEFAULTS[kind] ?? 0;
}

function quantity(value: unknown): number | undefined {
  const match = /^([0-9.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '');
  if (!match) return undefined;
  return Number(match[1]) * (match[2] ? SUFFIXES[match[2]] ?? 1 : 1);
}
