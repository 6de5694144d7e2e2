/**
 * A `resource` template carried out by the engine: acts on its objects, then follows them until the conditions are met. An
 * engine that takes it up again does only what is left to do.
 */
import type { Clock } from '../api.ts';
import { backoff, sleep } from '../controller/clock.ts';
import type { Cluster, ResourceType } from '../kube/port.ts';
import type { EngineTask, TaskReport } from '../operate/types.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { KubeObject, OwnerReference } from '../spec/kubernetes.ts';
import type { Artifact, ResourceTemplate, Template } from '../spec/types.ts';
import { parseYaml } from '../spec/yaml.ts';
import { actOnObject, type Acting, type Placed } from './act.ts';
import { readFlags, type ResourceFlags } from './flags.ts';
import { namedTargets, readManifest, targetOf, type Target } from './objects.ts';
import { rolloutState } from './rollout.ts';
import { podTrouble } from './trouble.ts';
import { conditionsOf, judge, nameOf, resourceOutputs, waits, type Conditions } from './wait.ts';
import type { ObjectWatches } from './watches.ts';

export interface ResourceWork {
  cluster: Cluster;
  /** Who acts on the objects. That they are followed is the person's own doing: whoever may create need not be allowed to watch. */
  actor: () => Promise<Cluster>;
  clock: Clock;
  watches: ObjectWatches;
  namespace: string;
  runUid: string;
  /** Absent where no Workflow object is in the cluster that could own anything. */
  owner: OwnerReference | undefined;
  readArtifact: (artifact: Artifact) => Promise<string>;
  report: (report: TaskReport) => void;
  signal: AbortSignal;
}

/** A definition that was applied a moment ago is not served at once. */
const DEFINITION_MS = 30_000;
const DEFINITION_STEP_MS = 500;
/** How often the Pods of what is waited for are looked at. */
const TROUBLE_MS = 10_000;
const TRANSIENT = new Set(['throttled', 'unavailable', 'unreachable', 'timeout', 'unauthorized']);

/** Resolves when the last report was given. Throws AppError for what cannot succeed. */
export async function runResource(task: EngineTask, work: ResourceWork): Promise<void> {
  const { template } = task;
  const resource = template.resource as ResourceTemplate;
  const conditions = conditionsOf(template, resource);
  const flags = readFlags(resource.flags ?? []);
  const creator = `${work.runUid}/${task.nodeId}/${task.startedAt}`;
  const manifest = resource.manifestFrom?.artifact ? await work.readArtifact(inputOf(template, resource.manifestFrom.artifact)) : resource.manifest ?? '';
  const acting: Acting = { cluster: await patiently(work, work.actor), template: resource, flags, creator, signal: work.signal };
  const targets = await patiently(work, () => targetsOf(work, acting, manifest));
  const { placed, objects } = task.acted ? { placed: await placeAll(work, targets, flags), objects: undefined } : await actOnAll(work, acting, targets);
  if (resource.action === 'delete') await deleted(work, flags, placed);
  else if (waits(conditions, placed)) await met(work, template, conditions, placed);
  else {
    const last = objects ?? await Promise.all(placed.map(({ type, namespace, target }) => patiently(work, () => acting.cluster.get(type, namespace, target.name))));
    finish(work, template, last.flatMap((object) => object ?? []));
  }
  if (resource.action === 'delete') finish(work, template, []);
}

function finish(work: ResourceWork, template: Template, objects: readonly KubeObject[]): void {
  const parameters = resourceOutputs(template, objects, work.clock.now());
  work.report({ phase: 'Succeeded', ...(parameters.length > 0 ? { outputs: { parameters } } : {}) });
}

function inputOf(template: Template, artifact: Artifact): Artifact {
  return template.inputs?.artifacts?.find(({ name }) => name === artifact.name) ?? artifact;
}

async function targetsOf(work: ResourceWork, { cluster, template: resource, flags, creator }: Acting, manifest: string): Promise<Target[]> {
  if (resource.action === 'patch' && (resource.mergeStrategy === 'json' || flags.words.length > 0)) {
    const body = parseYaml(manifest).value;
    return (await namedTargets(cluster, flags, work.namespace)).map((target) => ({ ...target, patch: body }));
  }
  if (manifest.trim() === '') return namedTargets(cluster, flags, work.namespace);
  const documents = readManifest(manifest);
  if (documents.length === 0) throw new AppError('invalid', 'no objects passed to ' + resource.action, { hint: 'The manifest is empty.' });
  return documents.map((object, index) => targetOf(resource.setOwnerReference && work.owner ? owned(object, work.owner) : object, creator, index));
}

function owned(object: KubeObject, owner: OwnerReference): KubeObject {
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...(object.metadata.ownerReferences ?? []), owner] } };
}

/** As kubectl: one document that is refused does not keep the others from being tried. */
async function actOnAll(work: ResourceWork, acting: Acting, targets: readonly Target[]): Promise<{ placed: Placed[]; objects: (KubeObject | undefined)[] }> {
  const placed: Placed[] = [];
  const objects: (KubeObject | undefined)[] = [];
  const faults: AppError[] = [];
  for (const target of targets) {
    try {
      const here = await patiently(work, () => place(work, target, acting.flags, targets));
      placed.push(here);
      objects.push(await patiently(work, () => actOnObject(acting, here)));
    } catch (error) {
      if (!isAppError(error) || work.signal.aborted) throw error;
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new AppError(faults[0]?.code ?? 'invalid', faults.map(({ message }) => message).join('; '));
  work.report({ phase: 'Running' });
  return { placed, objects };
}

function placeAll(work: ResourceWork, targets: readonly Target[], flags: ResourceFlags): Promise<Placed[]> {
  return Promise.all(targets.map((target) => patiently(work, () => place(work, target, flags, targets))));
}

async function place(work: ResourceWork, target: Target, flags: ResourceFlags, all: readonly Target[]): Promise<Placed> {
  const type = await typeOf(work, target, all);
  if (!type.namespaced) return { target, type, namespace: undefined };
  const asked = flags.namespace;
  if (asked !== undefined && target.namespace !== undefined && asked !== target.namespace) {
    throw new AppError('invalid', `the namespace from the provided object "${target.namespace}" does not match the namespace "${asked}". You must pass '--namespace=${target.namespace}' to perform this operation.`);
  }
  return { target, type, namespace: target.namespace ?? asked ?? work.namespace };
}

async function typeOf({ cluster, clock, signal }: ResourceWork, { apiVersion, kind }: Target, all: readonly Target[]): Promise<ResourceType> {
  const defined = all.some(({ object }) => object.kind === 'CustomResourceDefinition' && (object['spec'] as { names?: { kind?: string } } | undefined)?.names?.kind === kind);
  const until = clock.now() + (defined ? DEFINITION_MS : 0);
  for (;;) {
    const type = await cluster.resourceFor(apiVersion, kind);
    if (type) return type;
    if (clock.now() >= until) throw new AppError('not-found', `no matches for kind "${kind}" in version "${apiVersion}"`, { hint: 'Install its CustomResourceDefinition first.' });
    await sleep(clock, DEFINITION_STEP_MS, signal);
  }
}

/** Tries again as long as the server is only away or busy; the node waits in Pending and says why. */
async function patiently<T>({ clock, report, signal }: ResourceWork, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const quota = isAppError(error, 'forbidden') && error.message.includes('exceeded quota');
      if (signal.aborted || !isAppError(error) || (!TRANSIENT.has(error.code) && !quota)) throw error;
      report({ phase: 'Pending', message: error.message });
      await sleep(clock, error.retryAfter ?? backoff(attempt), signal);
    }
  }
}

/** kubectl delete waits until the objects are gone, finalizers included. */
function deleted(work: ResourceWork, flags: ResourceFlags, placed: readonly Placed[]): Promise<void> {
  if (!flags.wait || flags.dryRun) return Promise.resolve();
  const gone = new Set<number>();
  return followAll(work, placed, (at, object) => {
    if (object === undefined) gone.add(at);
    const [left] = placed.filter((_, index) => !gone.has(index));
    if (!left) return true;
    work.report({ phase: 'Running', message: `${gone.size} of ${placed.length} gone: ${nameOf(left)}` });
    return false;
  });
}

async function met(work: ResourceWork, template: Template, conditions: Conditions, placed: readonly Placed[]): Promise<void> {
  const states: (KubeObject | null | undefined)[] = placed.map(() => undefined);
  const over = new AbortController();
  let trouble = '';
  let last: TaskReport = { phase: 'Running' };
  const tell = (): void => work.report(withTrouble(last, trouble));
  void everyWhile(work, over.signal, async () => {
    const found = await troubleIn(work, placed, states);
    if (found === trouble || over.signal.aborted) return;
    trouble = found;
    tell();
  });
  try {
    await followAll(work, placed, (at, object) => {
      states[at] = object ?? null;
      last = judge(conditions, placed, states);
      if (last.phase === 'Running') tell();
      return last.phase !== 'Running';
    });
  } finally {
    over.abort();
  }
  if (work.signal.aborted) return;
  if (last.phase === 'Succeeded') finish(work, template, states.flatMap((state) => state ?? []));
  else work.report(withTrouble(last, await troubleIn(work, placed, states)));
}

/** Does something again and again until the signal or the work ends it. */
async function everyWhile({ clock, signal }: ResourceWork, over: AbortSignal, look: () => Promise<void>): Promise<void> {
  const both = AbortSignal.any([signal, over]);
  for (;;) {
    await sleep(clock, TROUBLE_MS, both);
    if (both.aborted) return;
    await look();
  }
}

/** @returns what the Pods say of the first workload that is not ready */
async function troubleIn({ cluster }: ResourceWork, placed: readonly Placed[], states: readonly (KubeObject | null | undefined)[]): Promise<string> {
  const at = states.findIndex((state) => state && rolloutState(state).state !== 'ready');
  const state = states[at];
  return state ? podTrouble(cluster, placed[at]?.namespace, state) : '';
}

function withTrouble(report: TaskReport, trouble: string): TaskReport {
  return trouble ? { ...report, message: report.message ? `${report.message}; ${trouble}` : trouble } : report;
}

function isOver(following: { over: boolean }): boolean {
  return following.over;
}

/** @param onState says whether it is over; what it throws ends the following */
function followAll({ watches, signal }: ResourceWork, placed: readonly Placed[], onState: (at: number, object: KubeObject | undefined) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    if (placed.length === 0) { resolve(); return; }
    const ends: (() => void)[] = [];
    const following = { over: false };
    const stopAll = (): void => {
      for (const stop of ends) stop();
    };
    const end = (settle: () => void): void => {
      following.over = true;
      stopAll();
      settle();
    };
    signal.addEventListener('abort', () => end(resolve), { once: true });
    for (const [at, { type, namespace, target }] of placed.entries()) {
      ends.push(watches.follow(type, namespace, target.name, (object) => {
        if (following.over) return;
        try {
          if (onState(at, object)) end(resolve);
        } catch (error) {
          end(() => { reject(error instanceof Error ? error : new Error(String(error))); });
        }
      }));
    }
    if (isOver(following)) stopAll();
  });
}
