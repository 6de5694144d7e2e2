/** createEngine: the shell put together, one cluster an engine, one NamespaceEngine a namespace. */
import { createHash, randomBytes } from 'node:crypto';
import os from 'node:os';
import type { ArtifactContent, ArtifactEntry, ArtifactInfo, ArtifactPreview, ArtifactRef, ArtifactSize, Engine, EngineDefinitions, EngineHolder, EngineOptions, ReadArtifactOptions, RunAction, RunChange, RunListChange, RunSummary, SimulateOptions, SimulationItem, SubmitOptions } from '../api.ts';
import { entriesOf, filesOf, previewOf, readWithin, sizesOf } from '../artifacts/contents.ts';
import { artifactsOf, locateArtifact } from '../artifacts/locate.ts';
import { ArtifactStores } from '../artifacts/stores.ts';
import type { Place } from '../artifacts/stores.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Subscription, WatchState } from '../kube/port.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import type { KubeObject, Pod } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';
import { folderRepository } from '../pod/artifacts.ts';
import { Actions } from './actions.ts';
import { Admission } from './admission.ts';
import type { ImageLookup } from './actions.ts';
import { systemClock } from './clock.ts';
import { installCrds } from './crds.ts';
import { Catalog } from './catalog.ts';
import { Definitions } from './definitions.ts';
import { DiskStorage } from './disk-storage.ts';
import { dryRun } from './dry-run.ts';
import { hydrate, Hydrator } from './hydrate.ts';
import { HelperImages } from './helper-images.ts';
import { registryLookup } from './images.ts';
import { KeptLogs } from './kept-logs.ts';
import { FairLimiter } from './limiter.ts';
import { podNameOf, podsOf, runLogs } from './logs.ts';
import type { LogOptions } from './logs.ts';
import { RunMetrics } from './metrics.ts';
import { NamespaceEngine } from './namespace.ts';
import type { EngineShared } from './namespace.ts';
import { LockRegistry } from './locks.ts';
import { LookThread } from './look-thread.ts';
import { NodesOnDisk } from './nodes-on-disk.ts';
import { operate } from '../operate/operate.ts';
import type { Operate } from '../operate/types.ts';
import { ObjectWatches } from '../resources/watches.ts';
import { randomSuffix } from './names.ts';
import { taskStarter } from './tasks.ts';
import type { StartTask } from './tasks.ts';
import { actOn } from './person.ts';
import { planPods, simulate, surroundingsOf } from './simulate.ts';
import { checkRun, faultsOf, prepareRun } from './submit.ts';
import { nodesOf, summarize } from './summary.ts';
import { Surroundings } from './surroundings.ts';

/**
 * Both public: every cluster that reaches a registry has them. The busybox has to be static, since it is copied into other
 * images: at Docker Hub the musl one is; a mirror may have only the plain tag.
 */
const DEFAULT_IMAGES = { busybox: ['docker.io/library/busybox:1.36-musl', 'docker.io/library/busybox:1.36'], curl: 'docker.io/curlimages/curl:latest', git: 'docker.io/alpine/git:latest' };
const CREATES_AT_ONCE = 64;
const CHORES_AT_ONCE = 8;
let engines = 0;

/** What a simulation puts in the place of the engine's own: how it judges runs, what images run, how new runs are named. */
export interface EngineParts {
  operate: Operate;
  lookUpImage: ImageLookup;
  /** The random end of a generated name. */
  suffix: () => string;
  /** How templates without a Pod are carried out. */
  startTask: StartTask;
  /** Where large runs are looked at. */
  thread: LookThread;
}

/** @returns an engine for one cluster. Nothing is asked of the cluster before the first call. */
export function createEngine(options: EngineOptions, parts: Partial<EngineParts> = {}): Engine {
  return new ClusterEngine(options, parts);
}

class ClusterEngine implements Engine {
  readonly #shared: EngineShared;
  readonly #namespaces = new Map<string, NamespaceEngine>();
  readonly #artifacts: ArtifactStores;
  readonly definitions: EngineDefinitions;
  /** Of namespaces whose semaphores runs of other namespaces speak of. */
  readonly #foreign = new Map<string, Surroundings>();
  readonly #watches: ObjectWatches;
  readonly #metrics = new Map<string, RunMetrics>();

  constructor(options: EngineOptions, parts: Partial<EngineParts>) {
    const { cluster, clusterId, dataDir } = options;
    this.#artifacts = new ArtifactStores(cluster, cluster.artifactFolder);
    const clock = options.clock ?? systemClock;
    const { busybox, curl, git } = { ...DEFAULT_IMAGES, ...options.images };
    const { artifactFolder } = cluster;
    this.#watches = new ObjectWatches(cluster, clock);
    const helpers = new HelperImages(typeof busybox === 'string' ? [busybox] : busybox, dataDir, clusterId);
    const locks = new LockRegistry((namespace, name) => this.#configMaps(namespace).configMap(name));
    // The thread knows the engine's own operate only.
    const thread = parts.thread ?? (parts.operate ? undefined : new LookThread());
    const nodesOnDisk = new NodesOnDisk(dataDir, clusterId);
    const hydrator = new Hydrator(thread, nodesOnDisk);
    this.#shared = {
      cluster, clock, operate: parts.operate ?? operate, thread, nodesOnDisk, hydrator, suffix: parts.suffix ?? randomSuffix,
      actions: new Actions({ cluster, helpers, images: { curl, git, ...(artifactFolder !== undefined && { artifactFolder }) }, lookUpImage: parts.lookUpImage ?? registryLookup(cluster, options.registryMirrors ?? []) }),
      disk: new DiskStorage(dataDir, clusterId, clock, hydrator),
      kept: new KeptLogs(dataDir, clusterId, cluster, options.logsLimit),
      definitions: new Definitions(cluster, dataDir, clusterId, clock),
      locks,
      admission: new Admission({ parallelism: options.parallelism ?? 0, namespaceParallelism: options.namespaceParallelism ?? 0 }, () => locks.known),
      identity: identityOf(options),
      repository: () => options.artifactRepository?.() ?? (artifactFolder === undefined ? undefined : folderRepository()),
      curlImage: curl,
      startTask: parts.startTask ?? taskStarter({ cluster, clock, watches: this.#watches, artifacts: this.#artifacts }),
      creates: new FairLimiter(CREATES_AT_ONCE), chores: new FairLimiter(CHORES_AT_ONCE),
      log: options.log ?? (() => undefined),
    };
    this.definitions = new Catalog(this.#shared, (workflow, submit) => this.submit(workflow, submit));
  }

  start(namespace: string): Promise<EngineHolder> {
    return this.#namespace(namespace).start();
  }

  async stop(namespace: string): Promise<void> {
    await this.#namespaces.get(namespace)?.stop();
  }

  holder(namespace: string): EngineHolder {
    return this.#namespaces.get(namespace)?.holder() ?? { state: 'none', reason: 'not started' };
  }

  async submit(workflow: Workflow, options: SubmitOptions): Promise<Workflow> {
    const run = prepareRun(workflow, options);
    await checkRun(this.#shared.definitions, run);
    return this.#namespace(options.namespace).create(run, options.dryRun === undefined ? {} : { dryRun: options.dryRun });
  }

  async dryRun(workflow: Workflow, options: SubmitOptions): Promise<Diagnostic[]> {
    const { clock, actions } = this.#shared;
    const { namespace } = options;
    const { name, generateName = 'dry-run-' } = workflow.metadata;
    const run = prepareRun(workflow, { ...options, name: options.name ?? name ?? `${generateName}${this.#shared.suffix()}` });
    const around = await surroundingsOf(run, namespace, this.#shared);
    const faults = faultsOf(run, around.known);
    if (faults.length) return faults;
    const plans = await planPods(run, { namespace, now: clock.now() }, around);
    const { store } = await this.store(namespace);
    return dryRun(run, plans, {
      createRun: store === 'cluster' ? () => this.#namespace(namespace).create(run, { dryRun: true }) : undefined,
      createPod: (plan, built) => actions.dryRunPod(plan, run, built),
    });
  }

  async* simulate(workflow: Workflow, options: SimulateOptions): AsyncGenerator<SimulationItem> {
    yield* simulate(workflow, options, await surroundingsOf(workflow, options.namespace, this.#shared));
  }

  getRun(namespace: string, name: string): Promise<Workflow> {
    return this.#namespace(namespace).get(name);
  }

  async listRuns(namespace: string): Promise<RunSummary[]> {
    const runs = await this.#namespace(namespace).list();
    const summaries: RunSummary[] = [];
    for (const { workflow, ours } of runs) summaries.push(summarize(await this.#shared.hydrator.readable(workflow), ours));
    return summaries.sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.name < b.name ? -1 : 1));
  }

  act(namespace: string, name: string, action: RunAction): Promise<Workflow | undefined> {
    return actOn(this.#namespace(namespace), this.#shared, name, action);
  }

  watchRuns(namespace: string, onChange: (change: RunListChange) => void, onState?: (state: WatchState) => void): Subscription {
    return this.#viewed(namespace).view.watchRuns(onChange, onState);
  }

  watchRun(namespace: string, name: string, onChange: (change: RunChange) => void, onState?: (state: WatchState) => void): Subscription {
    return this.#viewed(namespace).view.watchRun(name, onChange, onState);
  }

  logs(namespace: string, name: string, options: LogOptions): ReturnType<Engine['logs']> {
    const place = this.#viewed(namespace);
    return runLogs({
      cluster: this.#shared.cluster, kept: this.#shared.kept,
      archived: async (workflow, nodeId, container) => {
        const { location } = locateArtifact(hydrate(workflow), { nodeId, name: `${container}-logs`, direction: 'output' });
        return (await readWithin(await this.#artifacts.open(namespace, location))).body;
      },
      getRun: () => place.get(name), watchRun: (onChange) => place.view.watchRun(name, onChange),
    }, options);
  }

  async listArtifacts(namespace: string, name: string, nodeId?: string): Promise<ArtifactInfo[]> {
    return artifactsOf(await this.getRun(namespace, name), nodeId);
  }

  async artifactFiles(namespace: string, name: string, ref: ArtifactRef): ReturnType<Engine['artifactFiles']> {
    return filesOf(await this.#artifact(namespace, name, ref));
  }

  async artifactSizes(namespace: string, name: string, refs: readonly ArtifactRef[], signal?: AbortSignal): Promise<ArtifactSize[]> {
    const run = await this.getRun(namespace, name);
    return sizesOf(refs, async (ref) => this.#artifacts.open(namespace, locateArtifact(run, ref).location), signal);
  }

  async readArtifact(namespace: string, name: string, ref: ArtifactRef, options: ReadArtifactOptions = {}): Promise<ArtifactContent> {
    return readWithin(await this.#artifact(namespace, name, ref), options);
  }

  async *unpackArtifact(namespace: string, name: string, ref: ArtifactRef, signal?: AbortSignal): AsyncGenerator<ArtifactEntry> {
    yield* entriesOf(await this.#artifact(namespace, name, ref), signal);
  }

  async previewArtifact(namespace: string, name: string, ref: ArtifactRef, options: { file?: string; signal?: AbortSignal } = {}): Promise<ArtifactPreview> {
    return previewOf(await this.#artifact(namespace, name, ref), options);
  }

  async presignArtifact(namespace: string, name: string, ref: ArtifactRef, options: { file?: string; seconds?: number } = {}): ReturnType<Engine['presignArtifact']> {
    const { location } = locateArtifact(await this.getRun(namespace, name), ref);
    const { url, seconds, local } = await this.#artifacts.presign(namespace, location, options);
    return { url, expiresAt: new Date(this.#shared.clock.now() + seconds * 1000).toISOString(), local };
  }

  async #artifact(namespace: string, name: string, ref: ArtifactRef): Promise<Place> {
    return this.#artifacts.open(namespace, locateArtifact(await this.getRun(namespace, name), ref).location);
  }

  async pod(namespace: string, name: string, nodeId: string): Promise<Pod | undefined> {
    return (await podsOf(this.#shared.cluster, await this.getRun(namespace, name))).get(nodeId);
  }

  async events(namespace: string, name: string, nodeId?: string): Promise<KubeObject[]> {
    const run = await this.getRun(namespace, name);
    const nodes = nodesOf(run);
    const node = nodeId === undefined ? undefined : nodes[nodeId];
    const podName = node && podNameOf(run, node);
    const { items } = await this.#shared.cluster.list(RESOURCE.event, namespace, podName === undefined ? {} : { fieldSelector: `involvedObject.name=${podName}` });
    const names = podName === undefined ? new Set([name, ...Object.values(nodes).map((n) => podNameOf(run, n))]) : new Set([podName]);
    return items.filter((event) => names.has((event['involvedObject'] as { name?: string } | undefined)?.name ?? '')).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  }

  async metrics(namespace: string): Promise<string> {
    const runs = await this.#namespace(namespace).list();
    let kept = this.#metrics.get(namespace);
    if (!kept) this.#metrics.set(namespace, kept = new RunMetrics());
    const ours: Workflow[] = [];
    for (const run of runs) if (run.ours) ours.push(await this.#shared.hydrator.hydrated(run.workflow));
    return kept.text(ours, this.#shared.clock.now());
  }

  store(namespace: string): ReturnType<Engine['store']> {
    return this.#namespace(namespace).store();
  }

  async installCrds(): Promise<void> {
    await installCrds(this.#shared.cluster, this.#shared.clock);
    this.#shared.definitions.redetect();
    await Promise.all([...this.#namespaces.values()].map((namespace) => namespace.redetect()));
  }

  async close(): Promise<void> {
    const namespaces = [...this.#namespaces.values()];
    this.#namespaces.clear();
    await Promise.all(namespaces.map((namespace) => namespace.close()));
    this.#watches.close();
    await this.#artifacts.close();
    for (const surroundings of this.#foreign.values()) surroundings.close();
    this.#foreign.clear();
    await this.#shared.thread?.close();
  }

  #configMaps(namespace: string): Surroundings {
    let surroundings = this.#foreign.get(namespace);
    if (!surroundings) this.#foreign.set(namespace, surroundings = new Surroundings(this.#shared.cluster, this.#shared.definitions, namespace, () => this.#shared.locks.configMapChanged(namespace)));
    return surroundings;
  }

  #namespace(name: string): NamespaceEngine {
    let namespace = this.#namespaces.get(name);
    if (!namespace) this.#namespaces.set(name, namespace = new NamespaceEngine(name, this.#shared));
    return namespace;
  }

  /** For watchers: the namespace connects by itself, as soon as it can. */
  #viewed(name: string): NamespaceEngine {
    const namespace = this.#namespace(name);
    namespace.openEventually();
    return namespace;
  }
}

/** Last time an event was seen, in whichever field its writer used. */
function timeOf(event: KubeObject): string {
  const { lastTimestamp, eventTime } = event as { lastTimestamp?: string; eventTime?: string };
  return lastTimestamp ?? eventTime ?? event.metadata.creationTimestamp ?? '';
}

/** `user@host/INSTALLATION/PID/SERIAL`: people see the first part; the rest tells a dead process of this machine from a live one. */
function identityOf(options: EngineOptions): string {
  const who = options.identity ?? `${userName()}@${os.hostname()}`;
  const installation = createHash('sha256').update(`${os.hostname()} ${options.dataDir}`).digest('hex').slice(0, 12);
  return `${who.replaceAll('/', '-')}/${installation}/${process.pid}/${++engines}${randomBytes(2).toString('hex')}`;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return 'somebody';
  }
}
