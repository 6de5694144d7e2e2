/**
 * Artifacts that are deleted with their run, or when it has ended: by a Pod with the right Secrets, since often only the
 * cluster reaches their store. A finalizer keeps the run until that is done. Argo: artifact_gc.go
 */
import { collected } from '../pod/collector.ts';
import { locationKind, relocated, repositoryLocation } from '../pod/artifacts.ts';
import { LABEL, type Artifact, type NodeStatus, type Template } from '../spec/types.ts';
import { fnv32a } from '../template/names.ts';
import type { Run } from './run.ts';
import type { CollectorPlan } from './types.ts';

type Strategy = 'OnWorkflowCompletion' | 'OnWorkflowDeletion';

/** Keeps a run from going before its artifacts. */
export const FINALIZER = 'workflows.argoproj.io/artifact-gc';
const STRATEGIES = ['OnWorkflowCompletion', 'OnWorkflowDeletion'] as const;
/** Argo's short words in the names of the Pods. */
const SHORT: Readonly<Record<Strategy, string>> = { OnWorkflowCompletion: 'wfcomp', OnWorkflowDeletion: 'wfdel' };
/** Artifacts of one Pod: their calls have to fit a variable, and their faults a termination message. */
const AT_ONCE = 100;

interface GcSettings {
  strategy?: string;
  serviceAccountName?: string;
  podMetadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  podSpecPatch?: string;
  forceFinalizerRemoval?: boolean;
}

/** Keeps a run that begins from being deleted before its artifacts are, when some are to be. */
export function guardArtifacts(run: Run): void {
  const templates = [...(run.spec.templates ?? []), ...Object.values(run.resolver.storedTemplates())];
  if (STRATEGIES.some((strategy) => isUsed(run, templates, strategy))) {
    if (!run.finalizers?.includes(FINALIZER)) run.setFinalizers([...(run.finalizers ?? []), FINALIZER]);
  }
}

function isUsed(run: Run, templates: readonly Template[], strategy: Strategy): boolean {
  return settingsOf(run).strategy === strategy || templates.some(({ outputs }) => (outputs?.artifacts ?? []).some((artifact) => (artifact.artifactGC as GcSettings | undefined)?.strategy === strategy));
}

function settingsOf(run: Run): GcSettings {
  return (run.status.storedWorkflowTemplateSpec ?? run.spec).artifactGC ?? {};
}

/** Deletes what is due, and lets the run go once all is done that can be. */
export function collectArtifacts(run: Run): void {
  if (!run.finalizers?.includes(FINALIZER)) return;
  const due = STRATEGIES.filter((strategy) => run.deleting || (strategy === 'OnWorkflowCompletion' && run.completed));
  const done = due.filter((strategy) => isProcessed(run, strategy) || process(run, strategy));
  const failed = run.status.conditions?.some(({ type, status }) => type === 'ArtifactGCError' && status === 'True') ?? false;
  const waits = STRATEGIES.filter((strategy) => !done.includes(strategy) && remaining(run, strategy));
  if (waits.length > 0 || due.length === 0 || (failed && settingsOf(run).forceFinalizerRemoval !== true)) return;
  run.setFinalizers(run.finalizers.filter((name) => name !== FINALIZER));
}

function isProcessed(run: Run, strategy: Strategy): boolean {
  return (run.status.artifactGCStatus?.['strategiesProcessed'] as Record<string, boolean> | undefined)?.[strategy] === true;
}

/** Whether the strategy has, or will have, something to delete. */
function remaining(run: Run, strategy: Strategy): boolean {
  return run.completed || run.deleting ? artifactsFor(run, strategy).some(({ artifact }) => !artifact.deleted) : true;
}

interface Candidate {
  node: NodeStatus;
  artifact: Artifact;
}

/** Those that are deleted already, too, so that each Pod has the same ones whenever it is asked for. */
function artifactsFor(run: Run, strategy: Strategy): Candidate[] {
  const general = settingsOf(run).strategy;
  return [...run.nodes.all()].filter((node) => node.type === 'Pod').flatMap((node) => (node.outputs?.artifacts ?? [])
    .filter((artifact) => ((artifact.artifactGC as GcSettings | undefined)?.strategy || general) === strategy)
    .map((artifact) => ({ node, artifact })));
}

/** @returns whether all Pods of the strategy have ended */
function process(run: Run, strategy: Strategy): boolean {
  const plans = plansOf(run, artifactsFor(run, strategy), strategy);
  let all = true;
  for (const plan of plans) if (!recoup(run, plan, strategy)) all = false;
  if (all) mark(run, 'strategiesProcessed', strategy);
  return all;
}

/** Takes in what the Pod of a plan did, or asks for it. @returns whether it has ended */
function recoup(run: Run, plan: CollectorPlan, strategy: Strategy): boolean {
  if ((run.status.artifactGCStatus?.['podsRecouped'] as Record<string, boolean> | undefined)?.[plan.name]) return true;
  const pod = run.observed.pods.get(plan.name);
  const result = pod && collected(pod);
  if (!pod) run.act({ type: 'collect-artifacts', plan });
  if (!pod || !result) return false;
  for (const [nodeId, name] of result.deleted) markDeleted(run, nodeId, name);
  if (result.fault !== undefined) run.setCondition('ArtifactGCError', 'True', `Artifact Garbage Collection failed for strategy ${strategy}, pod ${plan.name}: ${result.fault}`);
  else run.act({ type: 'delete-pod', nodeId: plan.name, name: plan.name });
  mark(run, 'podsRecouped', plan.name);
  return true;
}

function mark(run: Run, field: 'strategiesProcessed' | 'podsRecouped', key: string): void {
  const status = run.status.artifactGCStatus ?? {};
  run.set('artifactGCStatus', { ...status, [field]: { ...(status[field] as object | undefined), [key]: true } });
}

function markDeleted(run: Run, nodeId: string, name: string): void {
  const node = run.nodes.get(nodeId);
  if (!node?.outputs?.artifacts) return;
  const artifacts = node.outputs.artifacts.map((artifact) => (artifact.name === name ? { ...artifact, deleted: true } : artifact));
  run.nodes.edit(nodeId).outputs = { ...node.outputs, artifacts };
}

/** One Pod for all artifacts that want the same account and metadata, in portions. */
function plansOf(run: Run, candidates: readonly Candidate[], strategy: Strategy): CollectorPlan[] {
  const groups = new Map<string, { gc: GcSettings; members: Candidate[] }>();
  for (const candidate of candidates) {
    const gc = { ...settingsOf(run), ...candidate.artifact.artifactGC as GcSettings | undefined };
    const key = JSON.stringify([gc.serviceAccountName ?? '', sorted(gc.podMetadata?.labels), sorted(gc.podMetadata?.annotations)]);
    const group = groups.get(key) ?? { gc, members: [] };
    group.members.push(candidate);
    groups.set(key, group);
  }
  return [...groups].flatMap(([key, { gc, members }]) => portions(members).map((portion) => planOf(run, gc, portion, podNameOf(run, strategy, key + idsOf(portion)))));
}

function portions(members: readonly Candidate[]): Candidate[][] {
  return Array.from({ length: Math.ceil(members.length / AT_ONCE) }, (_, i) => members.slice(i * AT_ONCE, (i + 1) * AT_ONCE));
}

/** A name says which artifacts its Pod has, so that no other is taken for it. */
function idsOf(portion: readonly Candidate[]): string {
  return portion.map(({ node, artifact }) => `${node.id}/${artifact.name}`).join();
}

function podNameOf(run: Run, strategy: Strategy, key: string): string {
  const end = `-artgc-${SHORT[strategy]}-${fnv32a(key)}`;
  return run.name.slice(0, 253 - end.length) + end;
}

function sorted(map: Record<string, string> | undefined): [string, string][] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function planOf(run: Run, gc: GcSettings, members: readonly Candidate[], name: string): CollectorPlan {
  const repository = run.status.artifactRepositoryRef?.['artifactRepository'] as Record<string, unknown> | undefined;
  const artifacts = members.map(({ node, artifact }) => {
    const archive = run.templateOf(node)?.archiveLocation;
    return { nodeId: node.id, artifact, location: relocated(artifact, locationKind(archive) === undefined ? repository && repositoryLocation(repository) : archive) };
  });
  return {
    name, namespace: run.namespace, workflow: run.labels[LABEL.workflow] ?? run.name, artifacts,
    labels: gc.podMetadata?.labels ?? {}, annotations: gc.podMetadata?.annotations ?? {},
    serviceAccountName: gc.serviceAccountName ?? run.spec.serviceAccountName, podSpecPatch: gc.podSpecPatch ?? settingsOf(run).podSpecPatch,
    securityContext: run.spec.securityContext, imagePullSecrets: run.spec.imagePullSecrets,
  };
}
