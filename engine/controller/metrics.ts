/** The metrics of a namespace's runs in Prometheus' text format. */
import { samplesOf } from '../operate/metrics.ts';
import type { Sample } from '../operate/metrics.ts';
import type { Workflow } from '../spec/types.ts';

interface Series {
  labels: Sample['labels'];
  value: number;
  /** Of histograms: observations up to each bucket, then all. */
  counts: number[];
  sum: number;
}

interface Family {
  help: string;
  kind: Sample['kind'];
  buckets: readonly number[];
  series: Map<string, Series>;
}

/** Samples of runs, kept as long as the run stays as it is. */
export class RunMetrics {
  readonly #kept = new Map<string, { version: string; samples: Sample[] }>();

  /** @returns the text that a Prometheus server scrapes. What is measured while it runs is as of `now` (ms). */
  text(runs: readonly Workflow[], now: number): string {
    const uids = new Set(runs.map(({ metadata }) => metadata.uid ?? ''));
    for (const uid of this.#kept.keys()) if (!uids.has(uid)) this.#kept.delete(uid);
    return prometheusText(runs.flatMap((run) => this.#samples(run, now)).sort((a, b) => a.at - b.at));
  }

  #samples(run: Workflow, now: number): Sample[] {
    const { uid = '', resourceVersion = '' } = run.metadata;
    if (run.status?.phase !== 'Succeeded' && run.status?.phase !== 'Failed' && run.status?.phase !== 'Error') return samplesOf(run, now);
    const known = this.#kept.get(uid);
    if (known?.version === resourceVersion) return known.samples;
    const samples = samplesOf(run, now);
    this.#kept.set(uid, { version: resourceVersion, samples });
    return samples;
  }
}

/** @param samples in the order in which they happened; one whose name stands for another kind of metric already is left out, as in Argo */
export function prometheusText(samples: readonly Sample[]): string {
  const families = new Map<string, Family>();
  for (const sample of samples) {
    const family = families.get(sample.name) ?? { help: sample.help, kind: sample.kind, buckets: sample.buckets, series: new Map<string, Series>() };
    if (family.kind !== sample.kind || family.help !== sample.help) continue;
    families.set(sample.name, family);
    count(family, sample);
  }
  return [...families].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, family]) => familyLines(name, family)).map((line) => `${line}\n`).join('');
}

function count(family: Family, sample: Sample): void {
  const key = JSON.stringify(sample.labels.map(({ key: label, value }) => [label, value]).sort());
  const series = family.series.get(key) ?? { labels: sample.labels, value: 0, counts: family.buckets.map(() => 0).concat(0), sum: 0 };
  family.series.set(key, series);
  if (sample.kind === 'histogram') {
    series.sum += sample.value;
    for (const [at, bound] of [...family.buckets, Infinity].entries()) if (sample.value <= bound) series.counts[at] = (series.counts[at] ?? 0) + 1;
  } else if (sample.kind === 'counter' || sample.operation === 'Add') series.value += sample.value;
  else if (sample.operation === 'Sub') series.value -= sample.value;
  else series.value = sample.value;
}

function familyLines(name: string, { help, kind, buckets, series }: Family): string[] {
  const lines = [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`];
  for (const { labels, value, counts, sum } of series.values()) {
    if (kind !== 'histogram') {
      lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
      continue;
    }
    for (const [at, bound] of [...buckets, Infinity].entries()) lines.push(`${name}_bucket${labelText([...labels, { key: 'le', value: numberText(bound) }])} ${counts[at] ?? 0}`);
    lines.push(`${name}_sum${labelText(labels)} ${numberText(sum)}`, `${name}_count${labelText(labels)} ${counts.at(-1) ?? 0}`);
  }
  return lines;
}

function labelText(labels: Sample['labels']): string {
  const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return labels.length === 0 ? '' : `{${labels.map(({ key, value }) => `${key}="${escaped(value)}"`).join(',')}}`;
}

function numberText(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
