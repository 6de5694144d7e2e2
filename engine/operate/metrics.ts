/**
 * Metrics of a run and of its templates. They are derived from the status, so that any engine can tell them at any time; while
 * a run goes on only their faults are noted. Argo: computeMetrics
 */
import type { Metrics, NodeStatus, Prometheus, Template, Workflow } from '../spec/types.ts';
import { parseFloat64 } from '../template/go.ts';
import { attempt } from './fault.ts';
import { joined, shouldRun, substituteJson } from './language.ts';
import { phaseFulfilled } from './nodes.ts';
import { prepare } from './prepare.ts';
import { Run } from './run.ts';
import { milliseconds } from './time.ts';

/** One value for a metric. */
export interface Sample {
  name: string;
  help: string;
  labels: readonly { key: string; value: string }[];
  kind: 'gauge' | 'counter' | 'histogram';
  value: number;
  /** Of gauges. */
  operation: 'Set' | 'Add' | 'Sub';
  /** Of histograms: upper bounds, ascending. */
  buckets: readonly number[];
  /** Milliseconds since the epoch: what happened first counts first. */
  at: number;
}

/** @returns the values that a run has for its metrics so far */
export function samplesOf(workflow: Workflow, now: number): Sample[] {
  const run = new Run(workflow, { pods: new Map(), reports: new Map() }, now);
  if (attempt(() => prepare(run)).fault || !usesMetrics(run)) return [];
  const samples: Sample[] = [];
  for (const node of run.nodes.all()) {
    const metrics = run.templateOf(node)?.metrics;
    if (metrics) samples.push(...compute(run, metrics, node, emits(run, node) ? 'all' : 'realtime').samples);
  }
  const root = run.nodes.get(run.name);
  if (run.spec.metrics && root) {
    if (workflow.status?.phase) run.globals.set('workflow.status', workflow.status.phase);
    samples.push(...compute(run, run.spec.metrics, root, run.completed ? 'all' : 'realtime').samples);
  }
  return samples.sort((a, b) => a.at - b.at);
}

/** Notes what is wrong with the metrics of nodes that have just ended, and of the run when it has. */
export function noteMetricFaults(run: Run): void {
  if (!usesMetrics(run)) return;
  const faults: string[] = [];
  for (const node of run.nodes.all()) {
    const before = run.input.status?.nodes?.[node.id];
    if ((before && phaseFulfilled(before)) || !emits(run, node)) continue;
    const metrics = run.templateOf(node)?.metrics;
    if (metrics) faults.push(...compute(run, metrics, node, 'all').faults);
  }
  const root = run.nodes.get(run.name);
  if (run.completed && run.spec.metrics && root) {
    run.globals.set('workflow.status', run.status.phase ?? '');
    faults.push(...compute(run, run.spec.metrics, root, 'all').faults);
  }
  if (faults.length === 0) return;
  const known = run.status.conditions?.find(({ type }) => type === 'MetricsError')?.message;
  run.setCondition('MetricsError', 'True', [...(known === undefined ? [] : [known]), ...faults].join(', '));
}

/** A template after its attempt was counted: Argo writes the values into labels and conditions, which the next attempt keeps. */
export function countedTemplate(run: Run, template: Template, last: NodeStatus | undefined): Template {
  const before = last && run.input.status?.nodes?.[last.id];
  if (!template.metrics || !last || !before || phaseFulfilled(before) || !phaseFulfilled(last)) return template;
  const prometheus = (template.metrics.prometheus ?? []).map((metric) => {
    const { labels, when } = attempt(() => filledIn(run, metric, scopeOf(run, last))).value ?? metric;
    return { ...metric, ...(labels && { labels }), ...(when === undefined ? {} : { when }) };
  });
  return { ...template, metrics: { ...template.metrics, prometheus } };
}

const users = new WeakMap<object, boolean>();

function usesMetrics(run: Run): boolean {
  const templates = run.spec.templates ?? [];
  let uses = users.get(templates);
  if (uses === undefined) users.set(templates, uses = [...templates, ...Object.values(run.resolver.storedTemplates())].some(({ metrics }) => metrics !== undefined) || run.spec.templateDefaults?.metrics !== undefined);
  return uses || run.spec.metrics !== undefined;
}

/** What was skipped counts nothing, and the last attempt is counted as its retry node. */
function emits(run: Run, node: NodeStatus): boolean {
  if (!phaseFulfilled(node) || node.type === 'Skipped' || node.phase === 'Skipped' || node.phase === 'Omitted') return false;
  const parent = node.nodeFlag?.retried ? run.nodes.byName(node.name.replace(/\(\d+\)$/, '')) : undefined;
  return parent?.type !== 'Retry' || !phaseFulfilled(parent) || parent.children?.at(-1) !== node.id;
}

function compute(run: Run, metrics: Metrics, node: NodeStatus, which: 'all' | 'realtime'): { samples: Sample[]; faults: string[] } {
  const samples: Sample[] = [];
  const faults: string[] = [];
  const values = scopeOf(run, node);
  for (const metric of metrics.prometheus ?? []) {
    if (which === 'realtime' && !metric.gauge?.realtime) continue;
    const made = attempt(() => sampleOf(run, metric, node, values));
    if (made.fault) faults.push(made.fault.message);
    else if (made.value) samples.push(made.value);
  }
  return { samples, faults };
}

/** @returns undefined when the metric's condition does not hold. Throws. */
function sampleOf(run: Run, metric: Prometheus, node: NodeStatus, values: ReadonlyMap<string, string>): Sample | undefined {
  if (!metric.help) throw new Error(`metric '${metric.name}' must contain a help string under 'help: ' field`);
  const filled = attempt(() => filledIn(run, metric, values));
  if (filled.fault) throw new Error(`unable to substitute parameters for metric '${metric.name}': ${filled.fault.message}`);
  const proceed = attempt(() => shouldRun(filled.value.when));
  if (proceed.fault) throw new Error(`unable to compute 'when' clause for metric '${metric.name}': ${proceed.fault.message}`);
  if (!proceed.value) return undefined;
  const value = metric.gauge?.realtime ? realtime(run, metric, node) : valueOf(run, metric, values);
  const operation = metric.gauge?.operation === 'Add' || metric.gauge?.operation === 'Sub' ? metric.gauge.operation : 'Set';
  const buckets = (metric.histogram?.buckets ?? []).map(Number);
  const kind = metric.gauge ? 'gauge' : metric.histogram ? 'histogram' : 'counter';
  return { name: metric.name, help: metric.help, labels: filled.value.labels ?? [], kind, value, operation, buckets, at: milliseconds(node.finishedAt) || run.now };
}

/** Labels and condition with their tags replaced; the value is another matter when it is told in real time. */
function filledIn(run: Run, { name, labels, when }: Prometheus, values: ReadonlyMap<string, string>): Pick<Prometheus, 'name' | 'labels' | 'when'> {
  const json = JSON.stringify({ name, labels, when });
  return substituteJson(json, joined(json, run.globals, values), 'strict').value as Prometheus;
}

function valueOf(run: Run, metric: Prometheus, values: ReadonlyMap<string, string>): number {
  const written = metric.gauge?.value ?? metric.histogram?.value ?? metric.counter?.value ?? '';
  const json = JSON.stringify(written);
  const text = attempt(() => substituteJson(json, joined(json, run.globals, values), 'strict').value as string);
  if (text.fault) throw new Error(`unable to substitute parameters for metric '${metric.name}': ${text.fault.message}`);
  const value = attempt(() => parseFloat64(text.value));
  if (value.fault) throw new Error(`could not construct metric '${metric.name}': ${value.fault.message}`);
  return value.value;
}

function realtime(run: Run, metric: Prometheus, node: NodeStatus): number {
  const value = metric.gauge?.value ?? '';
  if (!value.startsWith('{{') || !value.endsWith('}}')) throw new Error('real time metrics can only be used with metric variables');
  const name = value.slice(2, -2);
  if (name === 'duration') return seconds(run, node.startedAt, node.finishedAt);
  if (name === 'workflow.duration') return seconds(run, run.status.startedAt, run.status.finishedAt);
  throw new Error(`'${name}' is not available as a real time metric`);
}

function seconds(run: Run, from: string | null | undefined, to: string | null | undefined): number {
  return from ? Math.max(0, ((to ? milliseconds(to) : run.now) - milliseconds(from)) / 1000) : 0;
}

// Argo: prepareMetricScope
function scopeOf(run: Run, node: NodeStatus): Map<string, string> {
  const values = new Map([['duration', seconds(run, node.startedAt, node.finishedAt).toFixed(6)], ['status', node.phase ?? 'Pending'], ['resourcesDuration.cpu', '0'], ['resourcesDuration.memory', '0']]);
  if (node.children?.length) values.set('retries', String(node.children.length - 1));
  for (const { name, value } of node.inputs?.parameters ?? []) if (value !== undefined) values.set(`inputs.parameters.${name}`, value);
  for (const { name, value } of node.outputs?.parameters ?? []) if (value !== undefined) values.set(`outputs.parameters.${name}`, value);
  if (node.outputs?.result !== undefined) values.set('outputs.result', node.outputs.result);
  if (node.outputs?.exitCode !== undefined) values.set('exitCode', node.outputs.exitCode);
  for (const [kind, used] of Object.entries(node.resourcesDuration ?? {})) values.set(`resourcesDuration.${kind}`, String(used));
  return values;
}
