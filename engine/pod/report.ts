/** What a Pod says about its step: container states in Argo's terms, and the report of the `wait` container. */
import type { Pod, PodStatus } from '../spec/kubernetes.ts';
import type { Artifact, Parameter } from '../spec/types.ts';
import type { PodReport } from '../operate/types.ts';
import { decodeBase64 } from './base64.ts';
import { helperPull } from './helper-image.ts';
import { REPORT_BEGIN, REPORT_END } from './scripts.ts';
import { FOLLOWS_PROGRESS, HELPERS } from './shared.ts';

/** Set by the engine when it ended a Pod's sidecars by its deadline, so that the deadline is not taken for the step's own. */
export const SIDECARS_ENDED = 'tiphys.dev/sidecars-ended';

/** The report is in the `wait` container's log: read it and call `readReport` with the text. */
export interface ReportInLog {
  needsLog: 'wait';
}

/**
 * @param pod as the cluster has it
 * @param log of the `wait` container, when an earlier call asked for it
 * @returns undefined while the step has not reported yet; a complete report without outputs for a Pod that has none to give
 */
export function readReport(pod: Pod, log?: string): PodReport | ReportInLog | undefined {
  const wait = pod.spec.containers.find((c) => c.name === 'wait');
  if (!wait) return { complete: true };
  const state = pod.status?.containerStatuses?.find((c) => c.name === 'wait')?.state?.terminated;
  if (!state) return undefined;
  const wanted = declaredOutputs(wait.env?.find((e) => e.name === 'TIPHYS_OUTPUTS')?.value);
  const message = parseReport(log === undefined ? state.message : textBetweenMarkers(log));
  if (message?.log && log === undefined) return { needsLog: 'wait' };
  if (!message || message.log) {
    return { complete: true, ...(succeeded(pod) ? { error: `wait: the outputs were not reported (exit code ${state.exitCode})` } : {}) };
  }
  return collect(wanted, message, succeeded(pod));
}

interface Wanted {
  parameters: Parameter[];
  result: boolean;
  artifacts: { id: string; artifact: Artifact }[];
}

interface RawReport {
  log?: boolean;
  result?: string;
  parameters?: Record<string, string>;
  /** Ids of artifacts, by commas. */
  saved?: string;
  /** Why others were not, in base64. */
  faults?: string;
  progress?: string;
}

/** @returns whether the Pod's step says itself how far it is: `wait` prints it */
export function tellsProgress(pod: Pod): boolean {
  return pod.spec.containers.find(({ name }) => name === 'wait')?.env?.some(({ name }) => name === FOLLOWS_PROGRESS) === true;
}

/** @returns the `N/M` that a text ends with; undefined for what is none. Argo: Progress.IsValid */
export function progressIn(text: string | undefined): string | undefined {
  const [progress, done, total] = /(\d{1,15})\/(\d{1,15})\s*$/.exec(text ?? '') ?? [];
  return progress !== undefined && Number(total) > 0 && Number(done) <= Number(total) ? progress.trim() : undefined;
}

function declaredOutputs(text: string | undefined): Wanted {
  const value = parseJson(text?.replaceAll('$$', () => '$'));
  return { parameters: [], result: false, artifacts: [], ...(typeof value === 'object' && value !== null ? value : {}) };
}

function parseReport(text: string | undefined): RawReport | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? value : undefined;
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textBetweenMarkers(log: string): string {
  const begin = log.lastIndexOf(REPORT_BEGIN);
  const end = log.lastIndexOf(REPORT_END);
  return begin < 0 || end < begin ? '' : log.slice(begin + REPORT_BEGIN.length, end).replaceAll(/[\r\n]/g, '');
}

/** Argo: a parameter's value is its file's text without one trailing newline; a missing file is its default, else an error. */
function collect(wanted: Wanted, report: RawReport, mainSucceeded: boolean): PodReport {
  const missing: string[] = [];
  let file = 0;
  const parameters = wanted.parameters.flatMap((parameter): Parameter[] => {
    if (parameter.valueFrom?.path === undefined) return [parameter];
    const encoded = report.parameters?.[String(file++)];
    const value = encoded === undefined ? parameter.valueFrom.default : withoutNewline(decodeBase64(encoded));
    if (value !== undefined) return [{ ...parameter, value }];
    missing.push(`${parameter.valueFrom.path} of output parameter ${parameter.name}`);
    return [];
  });
  const result = wanted.result && report.result !== undefined ? withoutNewline(decodeBase64(report.result)) : undefined;
  const saved = new Set(report.saved?.split(','));
  const artifacts = wanted.artifacts.filter(({ id }) => saved.has(id)).map(({ artifact }) => artifact);
  const outputs = { ...(parameters.length ? { parameters } : {}), ...(artifacts.length ? { artifacts } : {}), ...(result === undefined ? {} : { result }) };
  const faults = decodeBase64(report.faults ?? '');
  // What was there and could not be saved has been told.
  if (!faults) for (const { id, artifact } of wanted.artifacts) if (!saved.has(id) && artifact.path !== undefined && !artifact.optional) missing.push(`${artifact.path} of output artifact ${artifact.name}`);
  const progress = progressIn(report.progress);
  const error = [...(missing.length ? [`the step ended without writing ${missing.join(', ')}`] : []), ...(faults ? [faults] : [])].join('; ');
  return {
    complete: true,
    ...(Object.keys(outputs).length ? { outputs } : {}),
    ...(progress === undefined ? {} : { progress }),
    // A failed step need not have written everything; its own failure is the news.
    ...(error && mainSucceeded ? { error: `wait: Error (exit code 64): ${error}` } : {}),
  };
}

function withoutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** Exit codes of a sidecar that ended well, or because it was told to. */
const TOLD_TO_END = new Set([0, 137, 143]);

/**
 * @returns the Pod as operate reads it: native sidecars stand among the containers, and a Pod whose main containers have
 *   all ended has the phase that these say, though sidecars may still be ending; a helper that cannot be pulled stands
 *   first among the containers, so that the node says what the Pod waits for
 */
export function observedPod(pod: Pod): Pod {
  if (!pod.status) return pod;
  const sidecars = new Set((pod.spec.initContainers ?? []).flatMap((c) => (c.restartPolicy === 'Always' && c.name !== undefined ? [c.name] : [])));
  const init = pod.status.initContainerStatuses ?? [];
  const statuses = [...(pod.status.containerStatuses ?? []), ...init.filter((s) => sidecars.has(s.name))];
  const status: PodStatus = { ...pod.status, containerStatuses: statuses, initContainerStatuses: init.filter((s) => !sidecars.has(s.name)) };
  if (pod.metadata.annotations?.[SIDECARS_ENDED] !== undefined) endedByUs(pod, status);
  else if (status.phase === 'Succeeded' && statuses.some((s) => sidecars.has(s.name) && !TOLD_TO_END.has(s.state?.terminated?.exitCode ?? 0))) status.phase = 'Failed';
  const helper = status.phase === 'Pending' && helperPull(pod)?.state === 'fails' ? init.find((s) => s.name === 'init') : undefined;
  if (helper) status.containerStatuses = [helper, ...statuses];
  return { ...pod, status };
}

/** @returns whether only sidecars are left running, which the engine must end (SidecarMode `deadline`) */
export function onlySidecarsLeft(pod: Pod, mainContainers: readonly string[]): boolean {
  if (pod.status?.phase !== 'Running') return false;
  const statuses = pod.status.containerStatuses ?? [];
  const awaited = statuses.filter((s) => HELPERS.has(s.name) || mainContainers.includes(s.name));
  const others = statuses.filter((s) => !HELPERS.has(s.name) && !mainContainers.includes(s.name));
  return others.some((s) => s.state?.running) && awaited.length > 0 && awaited.every((s) => s.state?.terminated);
}

/** The deadline that ended the sidecars is ours: the step's own end is what counts. */
function endedByUs(pod: Pod, status: PodStatus): void {
  const mains = (pod.metadata.annotations?.[SIDECARS_ENDED] ?? 'main').split(',');
  const awaited = (status.containerStatuses ?? []).filter((s) => HELPERS.has(s.name) || mains.includes(s.name));
  if (!awaited.length || !awaited.every((s) => s.state?.terminated)) return;
  status.phase = awaited.every((s) => s.state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  delete status.reason;
  delete status.message;
}

function succeeded(pod: Pod): boolean {
  const main = pod.status?.containerStatuses?.find((c) => c.name === 'main');
  return main?.state?.terminated?.exitCode === 0;
}
