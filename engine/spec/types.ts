/**
 * Argo's kinds (argoproj.io/v1alpha1) as they stand in YAML: field names, optionality and units are Argo's.
 * Argo: pkg/apis/workflow/v1alpha1. What the reader (read.ts) returns fits these types; unknown fields stay on the objects.
 */
import type { Container, Json, KubeObject, ObjectMeta, Volume, VolumeMount } from './kubernetes.ts';

/** Kubernetes' IntOrString: `3` or `"3"`, or a tag that becomes one. */
export type IntOrString = number | string;

export interface ValueFrom {
  path?: string;
  jsonPath?: string;
  jqFilter?: string;
  event?: string;
  parameter?: string;
  expression?: string;
  supplied?: Record<string, never>;
  configMapKeyRef?: { name?: string; key: string; optional?: boolean };
  /** Used when the source has nothing to give. */
  default?: string;
}

export interface Parameter {
  name: string;
  value?: string;
  default?: string;
  description?: string;
  enum?: string[];
  globalName?: string;
  valueFrom?: ValueFrom;
}

/** An artifact; its location is one of s3, git, http, artifactory, hdfs, raw, oss, gcs, azure, plugin. */
export interface Artifact {
  name: string;
  path?: string;
  mode?: number;
  recurseMode?: boolean;
  from?: string;
  fromExpression?: string;
  subPath?: string;
  optional?: boolean;
  globalName?: string;
  deleted?: boolean;
  archive?: { tar?: { compressionLevel?: number }; none?: Record<string, never>; zip?: Record<string, never> };
  archiveLogs?: boolean;
  artifactGC?: Record<string, unknown>;
  s3?: Record<string, unknown>;
  git?: Record<string, unknown>;
  http?: Record<string, unknown>;
  artifactory?: Record<string, unknown>;
  hdfs?: Record<string, unknown>;
  raw?: { data: string };
  oss?: Record<string, unknown>;
  gcs?: Record<string, unknown>;
  azure?: Record<string, unknown>;
  plugin?: Record<string, unknown>;
}

/** Where artifacts go: one location, and whether logs go there too. */
export type ArtifactLocation = Omit<Artifact, 'name' | 'path'>;

export interface Inputs {
  parameters?: Parameter[];
  artifacts?: Artifact[];
}

export type Arguments = Inputs;

export interface Outputs {
  parameters?: Parameter[];
  artifacts?: Artifact[];
  result?: string;
  /** A number as text. */
  exitCode?: string;
}

export interface TemplateRef {
  name?: string;
  template?: string;
  clusterScope?: boolean;
}

export interface Backoff {
  duration?: string;
  factor?: IntOrString;
  maxDuration?: string;
  cap?: string;
}

export interface RetryStrategy {
  limit?: IntOrString;
  retryPolicy?: 'Always' | 'OnFailure' | 'OnError' | 'OnTransientError' | '';
  backoff?: Backoff;
  affinity?: { nodeAntiAffinity?: Record<string, never> };
  expression?: string;
}

export interface Sequence {
  count?: IntOrString;
  start?: IntOrString;
  end?: IntOrString;
  format?: string;
}

export interface ContinueOn {
  error?: boolean;
  failed?: boolean;
}

export interface LifecycleHook {
  template?: string;
  templateRef?: TemplateRef;
  arguments?: Arguments;
  expression?: string;
}

/** What steps and tasks share: a call of a template. */
export interface TemplateCall {
  name?: string;
  template?: string;
  templateRef?: TemplateRef;
  inline?: Template;
  arguments?: Arguments;
  withItems?: Json[];
  withParam?: string;
  withSequence?: Sequence;
  when?: string;
  continueOn?: ContinueOn;
  onExit?: string;
  hooks?: Record<string, LifecycleHook>;
}

export type WorkflowStep = TemplateCall;

export interface DAGTask extends TemplateCall {
  dependencies?: string[];
  depends?: string;
}

export interface DAGTemplate {
  tasks: DAGTask[];
  /** Task names, separated by spaces. */
  target?: string;
  failFast?: boolean;
}

export interface ScriptTemplate extends Container {
  source?: string;
}

export interface ResourceTemplate {
  action: string;
  mergeStrategy?: string;
  manifest?: string;
  manifestFrom?: { artifact?: Artifact };
  setOwnerReference?: boolean;
  successCondition?: string;
  failureCondition?: string;
  flags?: string[];
}

export interface ContainerNode extends Container {
  dependencies?: string[];
}

export interface ContainerSetTemplate {
  containers: ContainerNode[];
  volumeMounts?: VolumeMount[];
  retryStrategy?: { duration?: string; retries: IntOrString };
}

export interface HTTPTemplate {
  method?: string;
  url: string;
  headers?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name?: string; key: string } } }[];
  body?: string;
  bodyFrom?: { bytes?: string };
  timeoutSeconds?: number;
  successCondition?: string;
  insecureSkipVerify?: boolean;
}

export interface DataTemplate {
  source: { artifactPaths?: Artifact };
  transformation: { expression: string }[];
}

export interface UserContainer extends Container {
  mirrorVolumeMounts?: boolean;
}

export interface Metadata {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Prometheus {
  name: string;
  help: string;
  labels?: { key: string; value: string }[];
  when?: string;
  gauge?: { value: string; realtime?: boolean; operation?: string };
  counter?: { value: string };
  histogram?: { value: string; buckets: Json[] };
}

export interface Metrics {
  prometheus?: Prometheus[];
}

export interface SemaphoreRef {
  configMapKeyRef?: { name?: string; key: string };
  namespace?: string;
  database?: { key: string };
}

export interface Synchronization {
  semaphores?: SemaphoreRef[];
  mutexes?: { name?: string; namespace?: string; database?: boolean }[];
}

export interface Memoize {
  key: string;
  cache?: { configMap?: { name?: string; key?: string } };
  maxAge?: string;
}

/** A template: the common fields and exactly one of the types. */
export interface Template {
  name?: string;
  inputs?: Inputs;
  outputs?: Outputs;
  container?: Container;
  containerSet?: ContainerSetTemplate;
  script?: ScriptTemplate;
  steps?: WorkflowStep[][];
  dag?: DAGTemplate;
  resource?: ResourceTemplate;
  data?: DataTemplate;
  suspend?: { duration?: string };
  http?: HTTPTemplate;
  plugin?: Record<string, unknown>;

  metadata?: Metadata;
  annotations?: Record<string, string>;
  daemon?: boolean;
  nodeSelector?: Record<string, string>;
  affinity?: Record<string, unknown>;
  tolerations?: Record<string, unknown>[];
  schedulerName?: string;
  priorityClassName?: string;
  hostAliases?: Record<string, unknown>[];
  securityContext?: Record<string, unknown>;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  executor?: { serviceAccountName?: string };
  volumes?: Volume[];
  initContainers?: UserContainer[];
  sidecars?: UserContainer[];
  archiveLocation?: ArtifactLocation;
  activeDeadlineSeconds?: IntOrString;
  timeout?: string;
  pendingTimeout?: string;
  retryStrategy?: RetryStrategy;
  parallelism?: number;
  failFast?: boolean;
  metrics?: Metrics;
  synchronization?: Synchronization;
  memoize?: Memoize;
  podSpecPatch?: string;
  podResources?: Record<string, unknown>;
  resourceClaims?: Record<string, unknown>[];
}

export interface WorkflowTemplateRef {
  name?: string;
  clusterScope?: boolean;
}

export interface WorkflowSpec {
  templates?: Template[];
  entrypoint?: string;
  arguments?: Arguments;
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  executor?: { serviceAccountName?: string };
  volumes?: Volume[];
  volumeClaimTemplates?: KubeObject[];
  volumeClaimGC?: { strategy?: string };
  parallelism?: number;
  artifactRepositoryRef?: { configMap?: string; key?: string };
  suspend?: boolean;
  nodeSelector?: Record<string, string>;
  affinity?: Record<string, unknown>;
  tolerations?: Record<string, unknown>[];
  schedulerName?: string;
  podPriorityClassName?: string;
  securityContext?: Record<string, unknown>;
  hostAliases?: Record<string, unknown>[];
  imagePullSecrets?: { name?: string }[];
  hostNetwork?: boolean;
  dnsPolicy?: string;
  dnsConfig?: Record<string, unknown>;
  onExit?: string;
  hooks?: Record<string, LifecycleHook>;
  ttlStrategy?: { secondsAfterCompletion?: number; secondsAfterSuccess?: number; secondsAfterFailure?: number };
  activeDeadlineSeconds?: number;
  priority?: number;
  podGC?: { strategy?: string; labelSelector?: Record<string, unknown>; deleteDelayDuration?: string };
  podSpecPatch?: string;
  podDisruptionBudget?: Record<string, unknown>;
  metrics?: Metrics;
  shutdown?: 'Stop' | 'Terminate' | '';
  workflowTemplateRef?: WorkflowTemplateRef;
  synchronization?: Synchronization;
  retryStrategy?: RetryStrategy;
  podMetadata?: Metadata;
  templateDefaults?: Template;
  archiveLogs?: boolean;
  workflowMetadata?: Metadata & { labelsFrom?: Record<string, { expression: string }> };
  artifactGC?: Record<string, unknown>;
  executorPlugins?: Record<string, unknown>[];
  podResources?: Record<string, unknown>;
  resourceClaims?: Record<string, unknown>[];
}

export type NodePhase = 'Pending' | 'Running' | 'Succeeded' | 'Skipped' | 'Failed' | 'Error' | 'Omitted';
export type WorkflowPhase = '' | 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Error';
export type NodeType =
  | 'Pod' | 'Container' | 'Steps' | 'StepGroup' | 'DAG' | 'TaskGroup' | 'Retry' | 'Skipped' | 'Suspend' | 'HTTP' | 'Plugin';

/** One node of a run. `status.nodes` is keyed by `id`. Times are RFC 3339 in UTC with whole seconds, or null. */
export interface NodeStatus {
  id: string;
  name: string;
  displayName: string;
  type: NodeType;
  phase?: NodePhase;
  templateName?: string;
  templateRef?: TemplateRef;
  templateScope?: string;
  boundaryID?: string;
  message?: string;
  startedAt?: string | null;
  finishedAt?: string | null;
  estimatedDuration?: number;
  /** `N/M` */
  progress?: string;
  resourcesDuration?: Record<string, number>;
  podIP?: string;
  daemoned?: boolean;
  nodeFlag?: { hooked?: boolean; retried?: boolean };
  inputs?: Inputs;
  outputs?: Outputs;
  children?: string[];
  outboundNodes?: string[];
  hostNodeName?: string;
  memoizationStatus?: { hit: boolean; key: string; cacheName: string };
  synchronizationStatus?: { waiting?: string };
  taskResultSynced?: boolean;
  failedPodRestarts?: number;
  restartingPodUID?: string;
}

export interface Condition {
  type: string;
  status: string;
  message?: string;
}

export interface SynchronizationStatus {
  semaphore?: { holding?: { semaphore: string; holders?: string[] }[]; waiting?: { semaphore: string; holders?: string[] }[] };
  mutex?: { holding?: { mutex: string; holder: string }[]; waiting?: { mutex: string; holder?: string }[] };
}

export interface WorkflowStatus {
  phase?: WorkflowPhase;
  startedAt?: string | null;
  finishedAt?: string | null;
  estimatedDuration?: number;
  progress?: string;
  message?: string;
  compressedNodes?: string;
  nodes?: Record<string, NodeStatus>;
  offloadNodeStatusVersion?: string;
  storedTemplates?: Record<string, Template>;
  storedWorkflowTemplateSpec?: WorkflowSpec;
  persistentVolumeClaims?: Volume[];
  outputs?: Outputs;
  conditions?: Condition[];
  resourcesDuration?: Record<string, number>;
  synchronization?: SynchronizationStatus;
  artifactRepositoryRef?: Record<string, unknown>;
  artifactGCStatus?: Record<string, unknown>;
  taskResultsCompletionStatus?: Record<string, boolean>;
}

export interface Workflow extends KubeObject {
  metadata: ObjectMeta;
  spec: WorkflowSpec;
  status?: WorkflowStatus;
}

/** WorkflowTemplate and ClusterWorkflowTemplate. */
export interface WorkflowTemplate extends KubeObject {
  spec: WorkflowSpec & { workflowMetadata?: Metadata };
}

export interface CronWorkflowSpec {
  workflowSpec: WorkflowSpec;
  schedules?: string[];
  timezone?: string;
  concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace' | '';
  suspend?: boolean;
  startingDeadlineSeconds?: number;
  successfulJobsHistoryLimit?: number;
  failedJobsHistoryLimit?: number;
  workflowMetadata?: ObjectMeta;
  stopStrategy?: { expression?: string };
  when?: string;
}

export interface CronWorkflowStatus {
  /** References of runs that are not over. */
  active?: { apiVersion?: string; kind?: string; namespace?: string; name?: string; uid?: string; resourceVersion?: string }[] | null;
  lastScheduledTime?: string | null;
  conditions?: Condition[];
  succeeded?: number;
  failed?: number;
  phase?: string;
}

export interface CronWorkflow extends KubeObject {
  spec: CronWorkflowSpec;
  status?: CronWorkflowStatus;
}

export const ARGO_API_VERSION = 'argoproj.io/v1alpha1';

/** Labels and annotations by Argo's own names. */
export const LABEL = {
  workflow: 'workflows.argoproj.io/workflow',
  completed: 'workflows.argoproj.io/completed',
  phase: 'workflows.argoproj.io/phase',
  instanceId: 'workflows.argoproj.io/controller-instanceid',
  onExit: 'workflows.argoproj.io/on-exit',
  cronWorkflow: 'workflows.argoproj.io/cron-workflow',
  workflowTemplate: 'workflows.argoproj.io/workflow-template',
  clusterWorkflowTemplate: 'workflows.argoproj.io/cluster-workflow-template',
  resubmittedFrom: 'workflows.argoproj.io/resubmitted-from-workflow',
  creator: 'workflows.argoproj.io/creator',
} as const;

export const ANNOTATION = {
  nodeId: 'workflows.argoproj.io/node-id',
  nodeName: 'workflows.argoproj.io/node-name',
  podNameFormat: 'workflows.argoproj.io/pod-name-format',
  title: 'workflows.argoproj.io/title',
  description: 'workflows.argoproj.io/description',
  displayName: 'workflows.argoproj.io/display-name',
  defaultContainer: 'kubectl.kubernetes.io/default-container',
} as const;

/** The value of LABEL.instanceId on runs that this engine reconciles; others are only watched. */
export const INSTANCE_ID = 'tiphys';
