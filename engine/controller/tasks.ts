/**
 * The engine's own work for templates without a Pod, by run and node. It begins only when the status that asked for it is
 * saved, and an engine that finds a node in the middle of it takes it up again.
 */
import type { Clock } from '../api.ts';
import { readWithin } from '../artifacts/contents.ts';
import type { ArtifactStores } from '../artifacts/stores.ts';
import type { Cluster } from '../kube/port.ts';
import { transformed } from '../operate/data.ts';
import { Fault } from '../operate/fault.ts';
import { phaseFulfilled } from '../operate/nodes.ts';
import type { EngineTask, TaskReport } from '../operate/types.ts';
import { locationKind, relocated, repositoryLocation } from '../pod/artifacts.ts';
import { runResource } from '../resources/resource-task.ts';
import { unpackedFile } from '../resources/unpack.ts';
import type { ObjectWatches } from '../resources/watches.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { ARGO_API_VERSION } from '../spec/types.ts';
import type { Artifact, ArtifactLocation, Template, Workflow } from '../spec/types.ts';

/** The run that a task belongs to. */
export interface TaskRun {
  workflow: Workflow;
  /** It is an object of the cluster, which may own others. */
  inCluster: boolean;
  signal: AbortSignal;
}

/** Begins the work for one node; reports until it is over, or the signal aborts. */
export type StartTask = (task: EngineTask, run: TaskRun, report: (report: TaskReport) => void) => void;

interface Begun {
  startedAt: string;
  control: AbortController;
}

/** The tasks of one run. */
export class RunTasks {
  readonly reports = new Map<string, TaskReport>();
  readonly #begun = new Map<string, Begun>();
  readonly #start: StartTask;
  readonly #inCluster: boolean;
  readonly #onReport: () => void;

  constructor(start: StartTask, inCluster: boolean, onReport: () => void) {
    this.#start = start;
    this.#inCluster = inCluster;
    this.#onReport = onReport;
  }

  has(task: EngineTask): boolean {
    return this.#begun.get(task.nodeId)?.startedAt === task.startedAt;
  }

  /** Begins a task, once. */
  start(task: EngineTask, workflow: Workflow): void {
    if (this.has(task)) return;
    this.#forget(task.nodeId);
    const control = new AbortController();
    this.#begun.set(task.nodeId, { startedAt: task.startedAt, control });
    if (task.acted) this.reports.set(task.nodeId, { phase: 'Running' });
    this.#start(task, { workflow, inCluster: this.#inCluster, signal: control.signal }, (report) => {
      if (control.signal.aborted) return;
      this.reports.set(task.nodeId, report);
      this.#onReport();
    });
  }

  /** Ends what belongs to no open node any more. */
  prune(workflow: Workflow): void {
    for (const [id, { startedAt }] of this.#begun) {
      const node = workflow.status?.nodes?.[id];
      if (!node || node.startedAt !== startedAt || phaseFulfilled(node)) this.#forget(id);
    }
  }

  close(): void {
    for (const id of [...this.#begun.keys()]) this.#forget(id);
  }

  #forget(id: string): void {
    this.#begun.get(id)?.control.abort();
    this.#begun.delete(id);
    this.reports.delete(id);
  }
}

export interface TaskContext {
  cluster: Cluster;
  clock: Clock;
  watches: ObjectWatches;
  artifacts: ArtifactStores;
}

/** Keys that one data template lists. */
const MOST_KEYS = 100_000;
/** Bytes of a manifest that comes from an artifact. */
const MOST_MANIFEST = 16 * 1024 * 1024;

/** @returns what carries tasks out on a cluster */
export function taskStarter(context: TaskContext): StartTask {
  return (task, run, report) => {
    if (!task.template.data) void resource(context, task, run, report);
    else listArtifacts(context, task.template, run, report).catch((error: unknown) => report({ phase: 'Failed', message: faultText(error) }));
  };
}

/** What went wrong and what helps; a missing right is in the server's own words. */
function faultText(error: unknown): string {
  if (isAppError(error)) return error.hint && error.code !== 'forbidden' ? `${error.message} (${error.hint})` : error.message;
  if (error instanceof Fault) return error.message;
  throw error;
}

function resource({ cluster, clock, watches, artifacts }: TaskContext, task: EngineTask, { workflow, inCluster, signal }: TaskRun, tell: (report: TaskReport) => void): Promise<void> {
  const { name = '', namespace = '', uid = '' } = workflow.metadata;
  const account = accountOf(task.template, workflow);
  let note = '';
  const report = (given: TaskReport): void => tell(note ? { ...given, message: given.message ? `${given.message} (${note})` : note } : given);
  const actor = async (): Promise<Cluster> => {
    const other = account === undefined ? cluster : await cluster.asServiceAccount(namespace, account).catch(absentWhenForbidden);
    if (!other) note = `done with your own rights: you may not act for the service account ${account ?? ''}`;
    return other ?? cluster;
  };
  return runResource(task, {
    cluster, actor, clock, watches, namespace, runUid: uid, report, signal,
    owner: inCluster ? { apiVersion: ARGO_API_VERSION, kind: 'Workflow', name, uid, controller: true, blockOwnerDeletion: true } : undefined,
    readArtifact: (artifact) => manifestText(artifacts, namespace, located(workflow, task.template, artifact), signal),
  }).catch((error: unknown) => report({ phase: 'Failed', message: faultText(error) }));
}

/** Not to be told what one may do is not to be allowed it. */
function absentWhenForbidden(error: unknown): undefined {
  if (!isAppError(error, 'forbidden')) throw error;
}

/** The account that Argo's Pod of the template would run as, when one is named. */
function accountOf(template: Template, workflow: Workflow): string | undefined {
  const spec = workflow.status?.storedWorkflowTemplateSpec ?? workflow.spec;
  return [template.executor?.serviceAccountName, spec.executor?.serviceAccountName, template.serviceAccountName, spec.serviceAccountName].find((name) => name);
}

function located(workflow: Workflow, template: Template, artifact: Artifact): Artifact {
  const repository = workflow.status?.artifactRepositoryRef?.['artifactRepository'] as Record<string, unknown> | undefined;
  return { ...artifact, ...relocated(artifact, locationKind(template.archiveLocation) ? template.archiveLocation : repository && repositoryLocation(repository)) };
}

async function manifestText(artifacts: ArtifactStores, namespace: string, artifact: Artifact, signal: AbortSignal): Promise<string> {
  const { body } = await readWithin(await artifacts.open(namespace, artifact), { signal });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size > MOST_MANIFEST) throw new AppError('too-large', `the artifact ${artifact.name} is too large for a manifest`);
  }
  return new TextDecoder().decode(unpackedFile(Buffer.concat(parts), MOST_MANIFEST));
}

/** The artifact's location with its own key, which may be none: the archive's key is that of another artifact. */
function whole(artifact: Artifact, archive: ArtifactLocation | undefined): ArtifactLocation {
  const kind = locationKind(artifact) ?? locationKind(archive);
  return kind === undefined ? {} : relocated({ [kind]: { key: '', ...artifact[kind] } }, archive);
}

async function listArtifacts({ artifacts }: TaskContext, template: Template, { workflow, signal }: TaskRun, report: (report: TaskReport) => void): Promise<void> {
  const data = template.data;
  const artifact = data?.source.artifactPaths;
  if (!data || !artifact) throw new AppError('invalid', 'the data template names no artifactPaths');
  report({ phase: 'Running' });
  const { keys, more } = await artifacts.keys(workflow.metadata.namespace ?? '', whole(artifact, template.archiveLocation), MOST_KEYS, signal);
  if (more) throw new AppError('too-large', `there are more than ${MOST_KEYS} artifacts below ${artifact.name}`, { hint: 'Give it a key that is nearer to what is meant.' });
  report({ phase: 'Succeeded', outputs: { result: transformed(keys, data) } });
}
