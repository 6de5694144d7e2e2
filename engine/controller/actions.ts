/**
 * What operate asks for, done to the cluster. Every action may be done twice without harm: names are derived, so
 * AlreadyExists on what is ours is success, and NotFound on a delete is success.
 */
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, ResourceType } from '../kube/port.ts';
import type { CollectorPlan, PodPlan, Refusal } from '../operate/types.ts';
import { secretVolumes } from '../pod/artifacts.ts';
import { collectorPod } from '../pod/collector.ts';
import { executorPod, imagesToLookUp } from '../pod/executor.ts';
import type { ExecutorOptions, ImageConfig, SidecarMode } from '../pod/executor.ts';
import { helperImagePatch } from '../pod/helper-image.ts';
import { SIDECARS_ENDED } from '../pod/report.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { ConfigMap, KubeObject, OwnerReference, Pod } from '../spec/kubernetes.ts';
import { ANNOTATION, ARGO_API_VERSION, INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { Workflow } from '../spec/types.ts';
import type { HelperImages } from './helper-images.ts';
import { RUN_UID, runUidOf } from './pods.ts';

/** Looks up what an image runs: its configuration at the registry. */
export type ImageLookup = (image: string, plan: PodPlan) => Promise<ImageConfig>;

export interface ActionContext {
  cluster: Cluster;
  helpers: HelperImages;
  lookUpImage: ImageLookup;
  /** What artifacts need in Pods. */
  images: Pick<ExecutorOptions, 'curl' | 'git' | 'artifactFolder'>;
}

/** First server with sidecars as restartable init containers. */
const NATIVE_SIDECARS_MINOR = 29;

export class Actions {
  readonly #context: ActionContext;
  #sidecars: Promise<SidecarMode> | undefined;
  /** Secrets of artifacts that were there, by namespace and name. */
  readonly #secrets = new Set<string>();

  constructor(context: ActionContext) {
    this.#context = context;
  }

  /**
   * Creates the Pod of a plan, or adopts the one that is there.
   * @returns the Pod as the server has it. Throws what the server said.
   */
  async createPod(plan: PodPlan, workflow: Workflow, owned: boolean): Promise<Pod> {
    const { cluster } = this.#context;
    const pod = await this.#podFor(plan, workflow, owned);
    await this.#secretsThere(plan);
    try {
      return await cluster.create(RESOURCE.pod, pod);
    } catch (error) {
      if (!isAppError(error, 'already-exists')) throw error;
    }
    const existing = await cluster.get<Pod>(RESOURCE.pod, plan.namespace, plan.name);
    const ours = existing.metadata.annotations?.[ANNOTATION.nodeId] === plan.nodeId && runUidOf(existing) === workflow.metadata.uid;
    if (ours) return existing;
    throw new AppError('conflict', `Waiting for the Pod ${plan.name} of an earlier run to go.`, { retryable: true });
  }

  /** Asks the server whether it would take the Pod of a plan; nothing is kept. `built` is told the Pod as it is sent. Throws what the server said. */
  async dryRunPod(plan: PodPlan, workflow: Workflow, built: (pod: Pod) => void): Promise<void> {
    const pod = await this.#podFor(plan, workflow, false);
    built(pod);
    await this.#context.cluster.create(RESOURCE.pod, pod, { dryRun: true });
  }

  /** A Pod whose Secrets are missing would wait without a word. What may not be read is left to the kubelet. */
  async #secretsThere(plan: PodPlan): Promise<void> {
    await Promise.all(secretVolumes(plan.template).map(async ({ name }) => {
      const key = `${plan.namespace}/${name}`;
      if (this.#secrets.has(key)) return;
      try {
        await this.#context.cluster.get(RESOURCE.secret, plan.namespace, name);
        this.#secrets.add(key);
      } catch (error) {
        if (!isAppError(error, 'not-found')) return;
        throw new AppError('not-found', `Waiting for the Secret ${name}, which holds the keys of an artifact's store and is not in the namespace ${plan.namespace}.`, { cause: error, retryable: true });
      }
    }));
  }

  /** Creates the Pod that deletes artifacts, or finds the one that is there. */
  async createCollector(plan: CollectorPlan, workflow: Workflow, owned: boolean): Promise<Pod> {
    const { cluster, helpers, images } = this.#context;
    const pod = collectorPod(plan, { busybox: helpers.image(), ...images, instanceId: INSTANCE_ID, ...(owned && { owner: ownerOf(workflow) }) });
    if (!owned) pod.metadata.annotations = { ...pod.metadata.annotations, [RUN_UID]: workflow.metadata.uid ?? '' };
    return cluster.create(RESOURCE.pod, pod).catch((error: unknown) => {
      if (!isAppError(error, 'already-exists')) throw error;
      return cluster.get<Pod>(RESOURCE.pod, plan.namespace, plan.name);
    });
  }

  async #podFor(plan: PodPlan, workflow: Workflow, owned: boolean): Promise<Pod> {
    const mode = await this.#sidecarMode();
    const wanted = imagesToLookUp(plan, { sidecars: mode });
    const { configs, error } = await this.#lookUp(wanted, plan);
    // A sidecar whose command cannot be known is not wrapped: the Pod's deadline ends it.
    const sidecars: SidecarMode = mode === 'wrapped' && error !== undefined ? 'deadline' : mode;
    if (error !== undefined && imagesToLookUp(plan, { sidecars }).some((image) => !configs.has(image))) throw error;
    const { uid = '' } = workflow.metadata;
    const pod = executorPod(plan, {
      busybox: this.#context.helpers.image(), ...this.#context.images, sidecars, imageConfigs: configs, instanceId: INSTANCE_ID,
      ...(owned && { owner: ownerOf(workflow) }),
    });
    if (!owned) pod.metadata.annotations = { ...pod.metadata.annotations, [RUN_UID]: uid };
    return pod;
  }

  async #lookUp(images: readonly string[], plan: PodPlan): Promise<{ configs: Map<string, ImageConfig>; error?: Error }> {
    const configs = new Map<string, ImageConfig>();
    let failed: Error | undefined;
    await Promise.all(images.map(async (image) => {
      try {
        configs.set(image, await this.#context.lookUpImage(image, plan));
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        failed = new AppError('unsupported', `failed to look-up entrypoint/cmd for image "${image}": ${reason}`, {
          cause, retryable: isAppError(cause) && cause.retryable, hint: 'Give the container a command, or make the image\'s registry reachable from this machine.',
        });
      }
    }));
    return failed ? { configs, error: failed } : { configs };
  }

  #sidecarMode(): Promise<SidecarMode> {
    this.#sidecars ??= this.#context.cluster.version().then(
      (version): SidecarMode => (version.major > 1 || version.minor >= NATIVE_SIDECARS_MINOR ? 'native' : 'wrapped'),
      (error: unknown) => {
        this.#sidecars = undefined;
        throw error;
      },
    );
    return this.#sidecars;
  }

  async deletePod(namespace: string, name: string, uid?: string): Promise<void> {
    await this.#delete(RESOURCE.pod, namespace, name, uid);
  }

  /**
   * Ends a Pod's containers: a Pod that has not begun is deleted; a running one gets a deadline that has passed, on which
   * the kubelet sends SIGTERM, then SIGKILL after the grace period. The Pod and its logs stay, no shell is needed in the
   * image, and no right to exec. (Argo execs a kill command instead.)
   */
  async terminatePod(namespace: string, name: string, pod: Pod | undefined): Promise<void> {
    const phase = pod?.status?.phase ?? 'Pending';
    if (phase === 'Succeeded' || phase === 'Failed') return;
    if (phase === 'Pending') return this.deletePod(namespace, name, pod?.metadata.uid);
    await this.#endNow(namespace, name, {});
  }

  /** Ends what still runs in a Pod whose main containers are done, without taking that deadline for the step's own. */
  async endSidecars(namespace: string, name: string, mains: readonly string[]): Promise<void> {
    await this.#endNow(namespace, name, { metadata: { annotations: { [SIDECARS_ENDED]: mains.join(',') } } });
  }

  async #endNow(namespace: string, name: string, extra: Record<string, unknown>): Promise<void> {
    try {
      await this.#context.cluster.patch(RESOURCE.pod, namespace, name, { type: 'merge', body: { ...extra, spec: { activeDeadlineSeconds: 1 } } });
    } catch (error) {
      if (isAppError(error, 'not-found')) return;
      // Without the right to patch Pods, deleting is what is left.
      if (!isAppError(error, 'forbidden') && !isAppError(error, 'invalid')) throw error;
      await this.deletePod(namespace, name);
    }
  }

  /** Which images the Pods' helpers may run from. */
  get helpers(): HelperImages {
    return this.#context.helpers;
  }

  /** Gives our helpers in a Pod another image: Kubernetes allows that, and the kubelet pulls it at once. */
  async patchHelperImage(pod: Pod, image: string): Promise<void> {
    const { namespace = '', name = '' } = pod.metadata;
    try {
      await this.#context.cluster.patch(RESOURCE.pod, namespace, name, { type: 'strategic', body: helperImagePatch(pod, image) });
    } catch (error) {
      if (!isAppError(error, 'not-found')) throw error;
    }
  }

  async labelPod(namespace: string, name: string, labels: Record<string, string>): Promise<void> {
    try {
      await this.#context.cluster.patch(RESOURCE.pod, namespace, name, { type: 'merge', body: { metadata: { labels } } });
    } catch (error) {
      if (!isAppError(error, 'not-found') && !isAppError(error, 'forbidden')) throw error;
    }
  }

  /** Creates a claim or a disruption budget of a run; one of the name that belongs to the run is it. */
  async createOwned(type: ResourceType, object: KubeObject, workflow: Workflow, owned: boolean): Promise<void> {
    const { name = '', uid = '' } = workflow.metadata;
    const owner = { apiVersion: ARGO_API_VERSION, kind: 'Workflow', name, uid, controller: true };
    const labelled: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata, labels: { ...object.metadata.labels, [LABEL.workflow]: name },
        ...(owned && { ownerReferences: object.metadata.ownerReferences ?? [owner] }),
      },
    };
    try {
      await this.#context.cluster.create(type, labelled);
    } catch (error) {
      if (!isAppError(error, 'already-exists')) throw error;
    }
  }

  async deleteObject(type: ResourceType, namespace: string, name: string): Promise<void> {
    await this.#delete(type, namespace, name);
  }

  /** Writes one entry of a memoization cache; the ConfigMap is made when missing. */
  async saveCache(namespace: string, name: string, key: string, value: string): Promise<void> {
    const { cluster } = this.#context;
    const patch = (): Promise<ConfigMap> => cluster.patch<ConfigMap>(RESOURCE.configMap, namespace, name, { type: 'merge', body: { data: { [key]: value } } });
    try {
      await patch();
    } catch (error) {
      if (!isAppError(error, 'not-found')) throw error;
      const fresh: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels: { 'workflows.argoproj.io/configmap-type': 'Cache' } }, data: { [key]: value } };
      await cluster.create(RESOURCE.configMap, fresh).catch((second: unknown) => {
        if (!isAppError(second, 'already-exists')) throw second;
        return patch();
      });
    }
  }

  async #delete(type: ResourceType, namespace: string, name: string, uid?: string): Promise<void> {
    try {
      await this.#context.cluster.delete(type, namespace, name, { propagationPolicy: 'Background', ...(uid !== undefined && { uid }) });
    } catch (error) {
      // Gone, or another object stands under the name: ours is gone.
      if (!isAppError(error, 'not-found') && !(uid !== undefined && isAppError(error, 'conflict'))) throw error;
    }
  }
}

function ownerOf(workflow: Workflow): OwnerReference {
  const { name = '', uid = '' } = workflow.metadata;
  return { apiVersion: ARGO_API_VERSION, kind: 'Workflow', name, uid, controller: true, blockOwnerDeletion: true };
}

const TRANSIENT = new Set(['throttled', 'unavailable', 'unreachable', 'timeout', 'conflict', 'unauthorized', 'cancelled', 'gone', 'not-found']);

/** @returns what operate needs to know of a failed create. Argo: util/errors IsTransientErr */
export function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  if (!isAppError(error)) return { message, transient: false };
  const quota = error.code === 'forbidden' && message.includes('exceeded quota');
  return { message, transient: error.retryable || quota || TRANSIENT.has(error.code) };
}
