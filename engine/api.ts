/** The types that the engine speaks with the outside; index.ts is the door. Times are RFC 3339 unless named `…Ms`. */
import type { Diagnostic } from './spec/diagnostic.ts';
import type { ErrorCode } from './spec/error.ts';
import type { KubeObject, Pod } from './spec/kubernetes.ts';
import type { SimulationFrame } from './simulate/simulation.ts';
import type { StepRule } from './simulate/script.ts';
import type { CronWorkflow, NodeStatus, Parameter, Template, Workflow, WorkflowPhase, WorkflowTemplate } from './spec/types.ts';
import type { Cluster, Subscription, WatchState } from './kube/port.ts';

/** Where runs are kept: Workflow objects in the cluster, or the engine's own store on disk when the CRDs are missing. */
export type RunStore = 'cluster' | 'disk';

export interface EngineOptions {
  cluster: Cluster;
  /** Names the cluster in the store on disk and in log lines; the context's id. */
  clusterId: string;
  /** Folder for the engine's own store, kept logs and drafts. */
  dataDir: string;
  /** Bytes that kept logs may take, asked each time one is kept; beyond it the oldest go. 1 GiB without it. */
  logsLimit?: () => number | undefined;
  /** Who holds the engine's lease: shown to others. */
  identity?: string;
  /** Those not named are the engine's own. */
  images?: Partial<ExecutorImages>;
  /** Other places to read images' configurations from: `{ registry: 'docker.io', endpoint: 'http://127.0.0.1:5000' }`. */
  registryMirrors?: readonly { registry: string; endpoint: string }[];
  /** The artifact repository of namespaces that name none, as an entry of Argo's ConfigMap `artifact-repositories`; asked for each run. */
  artifactRepository?: () => Record<string, unknown> | undefined;
  /** Runs of this engine that are under way at once: the others wait, by priority and age. Any number without it. */
  parallelism?: number;
  /** The same for each namespace, unless the Namespace has the label `workflows.argoproj.io/parallelism-limit`. */
  namespaceParallelism?: number;
  /** Milliseconds since the epoch; a test has its own. */
  clock?: Clock;
  log?: (entry: { level: 'info' | 'warn' | 'error'; message: string; [field: string]: unknown }) => void;
}

export interface Clock {
  now(): number;
  /** Calls back once after `ms`; returns what cancels it. */
  after(ms: number, callback: () => void): () => void;
}

/** The images the in-Pod protocol needs: all public, all replaceable by a mirror's. */
export interface ExecutorImages {
  /** A static busybox, or several in the order in which they are tried: the next when one cannot be pulled. */
  busybox: string | readonly string[];
  /** Loads and saves artifacts. */
  curl: string;
  /** Loads artifacts from git. */
  git: string;
}

export interface SubmitOptions {
  namespace: string;
  /** Replace or add workflow parameters. */
  parameters?: Record<string, string>;
  name?: string;
  generateName?: string;
  entrypoint?: string;
  labels?: Record<string, string>;
  serviceAccount?: string;
  dryRun?: boolean;
}

/** A run as a list shows it. */
export interface RunSummary {
  namespace: string;
  name: string;
  uid: string;
  phase: WorkflowPhase;
  message?: string;
  createdAt: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  progress?: string;
  /** Our engine reconciles it; others' runs are only watched. */
  ours: boolean;
  suspended: boolean;
  /** Number of executable nodes by phase; Suspend nodes that wait count as `Suspended`. */
  counts: Partial<Record<NodeStatus['phase'] & string | 'Suspended', number>>;
  /** What a person wants to know without opening: `waits for you: approve`, `step load: OOMKilled`. */
  note?: string;
  labels?: Record<string, string>;
  /** Title annotation or the template it came from. */
  title?: string;
}

export interface RunListChange {
  upserts: RunSummary[];
  /** Names. */
  removed: string[];
  reset: boolean;
}

/** The parts of a run that changed: never the whole object after the first (`reset`). */
export interface RunChange {
  reset: boolean;
  /** Without `status.nodes`; sent when anything of it changed. */
  workflow?: Workflow;
  nodes: NodeStatus[];
  /** Node ids. */
  removedNodes: string[];
  /** The run itself is gone. */
  deleted?: boolean;
}

export type RunAction = RunCommand & {
  /** Who does it: noted in the run's labels, and in the message of a resumed step. */
  actor?: string;
};

type RunCommand =
  | { action: 'terminate' | 'suspend' | 'delete'; message?: string }
  /** With a selector only the waiting steps it matches fail. */
  | { action: 'stop'; message?: string; nodeFieldSelector?: string }
  /** Outputs, message and phase of waiting steps. */
  | { action: 'set'; nodeFieldSelector: string; outputs?: Record<string, string>; phase?: 'Succeeded' | 'Failed' | 'Error'; message?: string }
  /** All waiting Suspend nodes, or those of this id or selector; `outputs` fills supplied parameters. */
  | { action: 'resume'; nodeId?: string; nodeFieldSelector?: string; outputs?: Record<string, string>; message?: string }
  | { action: 'retry'; restartSuccessful?: boolean; nodeFieldSelector?: string; parameters?: Record<string, string> }
  | { action: 'resubmit'; memoized?: boolean; parameters?: Record<string, string> };

export type DefinitionKind = 'CronWorkflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate';

/** What runs are made of again and again, as a list shows it. */
export interface DefinitionSummary {
  kind: DefinitionKind;
  name: string;
  uid: string;
  createdAt: string;
  title?: string;
  description?: string;
  /** The arguments a run takes. */
  parameters: Parameter[];
  /** Names. */
  templates: string[];
  entrypoint?: string;
  /** What of it cannot be read: no run is made of it. */
  problem?: string;
  schedule?: ScheduleSummary;
}

export interface ScheduleSummary {
  /** This engine starts its runs; others' are only watched. */
  ours: boolean;
  schedules: string[];
  timezone?: string;
  suspended: boolean;
  /** Its stopStrategy ended it. */
  stopped: boolean;
  concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace';
  when?: string;
  lastScheduledTime?: string;
  /** Names of runs that are not over. */
  active: string[];
  succeeded: number;
  failed: number;
  /** What is wrong with it. */
  problems: string[];
  /** The next five times; none while suspended or stopped. */
  next: string[];
}

export interface DefinitionChange {
  upserts: DefinitionSummary[];
  /** Names. */
  removed: string[];
  reset: boolean;
}

export interface BackfillOptions {
  /** RFC 3339; times at either end count. */
  start: string;
  end: string;
  /** Names the backfill; by default after the day it is made. */
  name?: string;
  /** All runs at once; otherwise one after the other. */
  parallel?: boolean;
  /** The parameter that tells a run its time (default `cronScheduleTime`). */
  parameter?: string;
  /** At most so many runs (default 1000). */
  most?: number;
}

/** A field that another manager owns, where it stands in the object as the cluster has it. */
export interface FieldClaim {
  path: (string | number)[];
  manager: string;
}

export interface ApplyOptions {
  /** The version that the change was made from. */
  version?: string;
  /** What it was then: with it is known what the person took out. */
  base?: CronWorkflow | WorkflowTemplate;
  /** Takes over what others own and would have another value. */
  force?: boolean;
  /** Fields that others own and that go all the same. */
  remove?: readonly FieldClaim['path'][];
}

export type ApplyOutcome =
  | { object: CronWorkflow | WorkflowTemplate; created: boolean }
  /** Nothing was written. `changed`: it is another version; `conflicts`: others own what would change; `kept`: others own what would stay though it is wanted no more. */
  | { current: CronWorkflow | WorkflowTemplate; changed: boolean; conflicts: FieldClaim[]; kept: FieldClaim[] };

/** CronWorkflows and templates. They are kept in the cluster where it knows their kinds, else on this machine. All throw AppError. */
export interface EngineDefinitions {
  list(kind: DefinitionKind, namespace: string): Promise<DefinitionSummary[]>;
  get(kind: DefinitionKind, namespace: string, name: string): Promise<CronWorkflow | WorkflowTemplate>;
  /** Validates, then creates; a CronWorkflow becomes this engine's. */
  create(kind: DefinitionKind, namespace: string, object: CronWorkflow | WorkflowTemplate, options?: { dryRun?: boolean }): Promise<CronWorkflow | WorkflowTemplate>;
  /** Replaces labels, annotations and spec of the one of that name; its status stays. With a resourceVersion only that version. */
  replace(kind: DefinitionKind, namespace: string, object: CronWorkflow | WorkflowTemplate): Promise<CronWorkflow | WorkflowTemplate>;
  /** Validates, then saves by server-side apply as the manager `tiphys`; where the kind is kept on this machine, by replacing. */
  apply(kind: DefinitionKind, namespace: string, object: CronWorkflow | WorkflowTemplate, options?: ApplyOptions): Promise<ApplyOutcome>;
  remove(kind: DefinitionKind, namespace: string, name: string): Promise<void>;
  watch(kind: DefinitionKind, namespace: string, onChange: (change: DefinitionChange) => void, onState?: (state: WatchState) => void): Subscription;
  /** As watch, with the objects themselves. */
  watchObjects(kind: DefinitionKind, namespace: string, onChange: (change: { upserts: (CronWorkflow | WorkflowTemplate)[]; removed: string[]; reset: boolean }) => void, onState?: (state: WatchState) => void): Subscription;
  suspend(namespace: string, name: string, suspended: boolean): Promise<CronWorkflow>;
  /** Makes a run of it now. */
  submit(kind: DefinitionKind, name: string, options: SubmitOptions): Promise<Workflow>;
  /** Makes up for times that passed. @returns the runs */
  backfill(namespace: string, name: string, options: BackfillOptions): Promise<Workflow[]>;
}

/** Who runs the engine for a namespace. */
export type EngineHolder = { state: 'us'; /** What is not as it should be: no right to leases. */ reason?: string } | { state: 'other'; identity: string; renewedAt: string } | { state: 'none'; reason?: string };

export interface LogLine {
  /** Container's own time, when known. */
  time?: string;
  pod: string;
  container: string;
  nodeId: string;
  text: string;
}

export type LogSource = 'pod' | 'kept' | 'archived' | 'gone';

/** An artifact of a run as a list shows it. */
export interface ArtifactInfo {
  nodeId: string;
  name: string;
  direction: 'input' | 'output';
  /** Where it is kept: a kind of Argo's locations; `none` when its status does not say. */
  kind: 's3' | 'git' | 'http' | 'artifactory' | 'hdfs' | 'raw' | 'oss' | 'gcs' | 'azure' | 'plugin' | 'none';
  /** Its key, or its URL. */
  key: string;
  /** Where it was, or is put, in the container. */
  path?: string;
  /** How it is packed. `none`: a file or a folder as it is. */
  archive: 'tar' | 'zip' | 'none';
  /** Artifact garbage collection took it. */
  deleted: boolean;
}

/** Names an artifact of a run; outputs are looked at first when no direction is given. */
export interface ArtifactRef {
  nodeId: string;
  name: string;
  direction?: 'input' | 'output';
}

/** A file of an artifact: one with an empty path is the artifact itself. */
export interface ArtifactFile {
  /** Below the artifact, with slashes. */
  path: string;
  /** Bytes. */
  size: number;
  modifiedAt?: string;
  /** Of a link in an archive: where it leads. */
  target?: string;
}

/** A file, folder or link out of an artifact that is a folder or an archive. What it says of itself is not to be trusted. */
export interface ArtifactEntry {
  type: 'file' | 'folder' | 'link';
  /** As the artifact has it; empty for one that is a single file. */
  path: string;
  /** Bytes, unpacked. */
  size: number;
  modifiedAt?: string;
  /** Permission bits, when they are known. */
  mode?: number;
  /** Where a link leads. */
  target?: string;
  /** To be read before the next entry is asked for. */
  body: AsyncIterable<Uint8Array>;
}

/** How much there is of an artifact: files and bytes, at least so many when there is `more`; or why it cannot be said. */
export type ArtifactSize = { files: number; bytes: number; more: boolean; modifiedAt?: string } | { code: ErrorCode; message: string; hint?: string };

/** What a person can look at: never more than some megabytes, never anything that runs. */
export type ArtifactPreview =
  /** A folder, or an archive of several files. */
  | { kind: 'files'; files: ArtifactFile[]; more: boolean; archive?: 'tar' | 'zip' }
  | ({ kind: 'text'; text: string; /** The rest is not shown. */ cut: boolean } & ShownFile)
  | ({ kind: 'image'; type: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'image/bmp'; base64: string } & ShownFile)
  /** The first bytes of what is neither text nor picture. */
  | ({ kind: 'bytes'; base64: string; cut: boolean } & ShownFile);

interface ShownFile {
  /** The file within the artifact; empty for the artifact itself. */
  path: string;
  /** Of the whole file, in bytes; absent when it is not known. */
  size?: number;
}

export interface ArtifactContent {
  /** Bytes of the whole file, not of the part that was asked for; absent when the store does not say. */
  size?: number;
  contentType?: string;
  body: AsyncIterable<Uint8Array>;
}

export interface ReadArtifactOptions {
  /** A file of an artifact that is a folder or an archive; as `artifactFiles` or a preview names it. */
  file?: string;
  /** First byte, and last byte included, as in an HTTP range. */
  start?: number;
  end?: number;
  signal?: AbortSignal;
}

export interface Engine {
  /** Takes the lease of the namespace (or says who has it) and reconciles our runs in it until the engine is closed. */
  start(namespace: string): Promise<EngineHolder>;
  /** Stops reconciling in the namespace and gives the lease back. Pods go on. */
  stop(namespace: string): Promise<void>;
  holder(namespace: string): EngineHolder;

  /** Validates, then creates the run. Throws AppError `invalid` with the diagnostics in `cause` when it may not run. */
  submit(workflow: Workflow, options: SubmitOptions): Promise<Workflow>;
  /** Asks the server what it would refuse of the run and of the Pods it would make. Nothing is kept. @returns what it said, with paths in the workflow */
  dryRun(workflow: Workflow, options: SubmitOptions): Promise<Diagnostic[]>;
  /** Plays a workflow without any Pod, with the templates and ConfigMaps that its namespace has. As simulate(), which knows none. */
  simulate(workflow: Workflow, options: SimulateOptions): AsyncGenerator<SimulationItem>;
  getRun(namespace: string, name: string): Promise<Workflow>;
  listRuns(namespace: string): Promise<RunSummary[]>;
  act(namespace: string, name: string, action: RunAction): Promise<Workflow | undefined>;

  watchRuns(namespace: string, onChange: (change: RunListChange) => void, onState?: (state: WatchState) => void): Subscription;
  watchRun(namespace: string, name: string, onChange: (change: RunChange) => void, onState?: (state: WatchState) => void): Subscription;

  /** Lines of a step (or of every step when no node is given), following until `signal` aborts when `follow`. */
  logs(namespace: string, name: string, options: { nodeId?: string; container?: string; follow?: boolean; tailLines?: number; signal?: AbortSignal }): AsyncIterable<LogLine | { source: LogSource }>;
  /** Artifacts of a step, or of the whole run. */
  listArtifacts(namespace: string, name: string, nodeId?: string): Promise<ArtifactInfo[]>;
  /** Files of an artifact, at most 1000: one for a file or an archive, all below it for a folder. `more`: there are others. */
  artifactFiles(namespace: string, name: string, ref: ArtifactRef): Promise<{ files: ArtifactFile[]; more: boolean }>;
  /** How much there is of each; in the order of `refs`. */
  artifactSizes(namespace: string, name: string, refs: readonly ArtifactRef[], signal?: AbortSignal): Promise<ArtifactSize[]>;
  /** Opens an artifact as it is kept, or one file in it. Throws `not-found`, `gone`, `forbidden` (Secret or store), `unreachable`, `unsupported`. */
  readArtifact(namespace: string, name: string, ref: ArtifactRef, options?: ReadArtifactOptions): Promise<ArtifactContent>;
  /** All files of an artifact, out of its folder or archive, one after the other. Throws as readArtifact. */
  unpackArtifact(namespace: string, name: string, ref: ArtifactRef, signal?: AbortSignal): AsyncIterable<ArtifactEntry>;
  /** What a person can look at of an artifact, or of a file in it. Throws as readArtifact. */
  previewArtifact(namespace: string, name: string, ref: ArtifactRef, options?: { file?: string; signal?: AbortSignal }): Promise<ArtifactPreview>;
  /**
   * A link that anyone may open until then; through a port of this machine where the store is inside the cluster: then it is
   * `local`, of use only here and while the engine runs. Throws as readArtifact.
   */
  presignArtifact(namespace: string, name: string, ref: ArtifactRef, options?: { file?: string; seconds?: number }): Promise<{ url: string; expiresAt: string; local: boolean }>;
  /** The Pod of a node as it is in the cluster, or undefined when it is gone. */
  pod(namespace: string, name: string, nodeId: string): Promise<Pod | undefined>;
  events(namespace: string, name: string, nodeId?: string): Promise<KubeObject[]>;

  readonly definitions: EngineDefinitions;
  /** The metrics that our runs of the namespace declare, in Prometheus' text format. They are derived from the runs that are kept. */
  metrics(namespace: string): Promise<string>;

  /** Where runs are kept in this cluster, and what right would change it. */
  store(namespace: string): Promise<{ store: RunStore; reason?: string }>;
  /** Creates our minimal CRDs where missing. Throws `forbidden` where the user may not. */
  installCrds(): Promise<void>;
  close(): Promise<void>;
}

/** What a workflow would do: see simulate(). */
export interface SimulateOptions {
  namespace: string;
  parameters?: Record<string, string>;
  rules: readonly StepRule[];
  /** Seconds of a step that no rule speaks of. */
  duration: number;
  /** Milliseconds since the epoch at which it begins. */
  now: number;
  signal?: AbortSignal;
}

/** A Pod that would be made: what the language means, before the in-Pod protocol is put around it. */
export interface PlannedPod {
  nodeName: string;
  /** With all its tags replaced. */
  template: Template;
  manifest: KubeObject;
}

export interface SimulationItem {
  frames: SimulationFrame[];
  /** With the last frames: the Pods in order (the first 400 with manifests, all counted), and the run without its nodes. */
  end?: { pods: number; plans: PlannedPod[]; workflow: Workflow };
}

export type { SimulationFrame, StepRule };
export type { Cluster, Diagnostic, Workflow, NodeStatus };
