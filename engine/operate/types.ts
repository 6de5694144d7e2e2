/**
 * The core's whole surface: `operate(workflow, observed, now) -> outcome`. Level-based and pure: it is given the world as
 * it stands and says what the world should become. Applied and seen, a second call returns no action.
 */
import type { Artifact, ArtifactLocation, Condition, Outputs, Template, Workflow, WorkflowSpec, WorkflowStatus, WorkflowTemplate } from '../spec/types.ts';
import type { ConfigMap, KubeObject, Pod, PodSpec } from '../spec/kubernetes.ts';

/** What a step left behind, as the in-Pod protocol reports it (pod/report.ts reads it from Pod status and log). */
export interface PodReport {
  outputs?: Outputs;
  /** False while outputs are still on their way (Argo: label report-outputs-completed). */
  complete: boolean;
  /** Why the outputs could not be collected; the node becomes Error with this message. */
  error?: string;
  /** Self-reported `N/M`. */
  progress?: string;
}

/** The world around a workflow, as it was last seen. Everything is optional knowledge except the Pods. */
export interface Observed {
  /** Pods of this workflow by node id (annotation node-id). */
  pods: ReadonlyMap<string, Pod>;
  /** Reports by node id; a node without entry has none yet. */
  reports: ReadonlyMap<string, PodReport>;
  /** WorkflowTemplates by name and ClusterWorkflowTemplates by name. */
  templates?: {
    namespaced: ReadonlyMap<string, WorkflowTemplate>;
    cluster: ReadonlyMap<string, WorkflowTemplate>;
    /** Why one of them does not fit its types and may not be used; undefined for a good one. */
    faultOf?: (template: WorkflowTemplate) => string | undefined;
  };
  /** ConfigMaps of the namespace by name: parameters, caches, semaphores, artifact repositories. */
  configMaps?: ReadonlyMap<string, ConfigMap>;
  /** What became of the work that the engine does itself, by node id; a node without entry has not been begun by this engine. */
  tasks?: ReadonlyMap<string, TaskReport>;
  /** What locks other holders hold; see LockTable. */
  locks?: LockTable;
  /** Refusals of the last actions, by node id: what the API server said when a Pod could not be created. */
  refusals?: ReadonlyMap<string, Refusal>;
  /** The newest run of the same template or schedule that succeeded, for what is said of how long this one will take. */
  baseline?: Workflow | undefined;
  /** So many runs are under way that this one may not begin. */
  postponed?: boolean;
  /** The engine's own settings (Argo: the workflow-controller ConfigMap). */
  settings?: EngineSettings;
  /** What the engine has to say of the run: stands among its conditions. */
  conditions?: readonly Condition[];
  /** How many nodes one call may make; it throws TooManyNodes when there would be more. */
  newNodes?: number;
}

export interface Refusal {
  message: string;
  /** The next try may succeed (quota, throttling, time-out): the node stays Pending with the message. */
  transient: boolean;
}

/** How far the engine's own work for a node is. */
export interface TaskReport {
  /** Pending: nothing was done yet, the message says what is in the way. Running: done, and its end is waited for. */
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  message?: string;
  outputs?: Outputs;
}

/** A template that needs no Pod, with all its tags replaced: `resource` (objects of the cluster) or `data` (a list of artifacts). */
export interface EngineTask {
  nodeId: string;
  nodeName: string;
  template: Template;
  /** RFC 3339. With the node's id it names this attempt: what it created is found again by it. */
  startedAt: string;
  /** The saved status says that the objects were acted on: they are only waited for. */
  acted: boolean;
}

/** What this engine knows of locks beyond the one workflow. Names of locks are `ns/Mutex/x` and `ns/ConfigMap/cm/key`. */
export interface LockTable {
  /** Holder keys (`ns/wf` or `ns/wf/node`) of other workflows. */
  holders(lock: string): readonly string[];
  /** How many wait for it that come before this workflow: by priority, then by age. */
  waitingBefore(lock: string): number;
  /** What a ConfigMap of another namespace says; null: there is no such text; undefined: not read yet. */
  limit(namespace: string, configMap: string, key: string): string | null | undefined;
}

/** What one workflow holds and waits for, by the names of locks. */
export interface LockClaims {
  held: ReadonlyMap<string, readonly string[]>;
  waiting: ReadonlyMap<string, readonly string[]>;
  /** How many may hold a lock that is waited for. */
  limits: ReadonlyMap<string, number>;
}

export interface EngineSettings {
  /** Label value put on Pods; also the owner label of runs. */
  instanceId?: string;
  workflowDefaults?: Partial<Workflow>;
  /** Default artifact repository, in the form of Argo's artifact-repositories entries. */
  artifactRepository?: Record<string, unknown>;
  /** Image that http templates run in. */
  curlImage?: string;
  /** Namespace whose ConfigMaps serve as the controller's. */
  controllerNamespace?: string;
}

/**
 * A Pod as the language means it, before the in-Pod protocol is put around its containers (pod/executor.ts does that):
 * metadata and spec as the user's template says, `template` with all its tags replaced, and what must be collected.
 */
export interface PodPlan {
  nodeId: string;
  nodeName: string;
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: PodSpec;
  template: Template;
  /** Somebody refers to `outputs.result`: keep standard output. */
  includeResult: boolean;
}

/** The Pod that deletes some of a run's artifacts. */
export interface CollectorPlan {
  name: string;
  namespace: string;
  workflow: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  serviceAccountName: string | undefined;
  podSpecPatch: string | undefined;
  securityContext: PodSpec['securityContext'];
  imagePullSecrets: PodSpec['imagePullSecrets'];
  artifacts: { nodeId: string; artifact: Artifact; location: ArtifactLocation }[];
}

export type Action =
  | { type: 'create-pod'; plan: PodPlan }
  | { type: 'delete-pod'; nodeId: string; name: string; uid?: string; delaySeconds?: number }
  /** End all containers: SIGTERM, then SIGKILL after the grace period; a Pending Pod is deleted. */
  | { type: 'terminate-pod'; nodeId: string; name: string }
  | { type: 'label-pod'; nodeId: string; name: string; labels: Record<string, string> }
  | { type: 'create-claim'; object: KubeObject }
  | { type: 'delete-claim'; name: string }
  | { type: 'create-disruption-budget'; object: KubeObject }
  | { type: 'delete-disruption-budget'; name: string }
  /** Begin this, or go on with it, until its node is over. */
  | { type: 'engine-task'; task: EngineTask }
  | { type: 'save-cache'; configMap: string; key: string; value: string }
  | { type: 'collect-artifacts'; plan: CollectorPlan }
  | { type: 'delete-workflow' };

/** What one call of operate says. `workflow` is a new object; the input is never changed. */
export interface Outcome {
  /** The workflow with its new status, labels and annotations (spec only where Argo writes it). */
  workflow: Workflow;
  /** False when `workflow` is the input itself: there is nothing to save. */
  changed: boolean;
  actions: Action[];
  /** Milliseconds since the epoch at which to look again though nothing may have happened. */
  wakeAt?: number;
  /** Absent when no lock is held or waited for. */
  locks?: LockClaims;
}

export type Operate = (workflow: Workflow, observed: Observed, now: number) => Outcome;

export type { Condition, WorkflowSpec, WorkflowStatus };
