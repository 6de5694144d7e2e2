/** Templates and ConfigMaps of a namespace, watched from the first run on that speaks of them. */
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, Selectors, Subscription, WatchHandler } from '../kube/port.ts';
import type { Observed } from '../operate/types.ts';
import type { ConfigMap, KubeObject } from '../spec/kubernetes.ts';
import type { Workflow, WorkflowTemplate } from '../spec/types.ts';
import type { Definitions } from './definitions.ts';
import { malformedOf } from './typed.ts';

/** The kinds of surroundings a run needs. */
export interface Needs {
  templates: boolean;
  configMaps: boolean;
  /** The locks of all runs have to be known. */
  locks: boolean;
}

/** @returns what a run's spec speaks of; generous, since watching too much only costs memory */
export function needsOf(workflow: Workflow): Needs {
  const text = JSON.stringify([workflow.spec, workflow.status?.storedTemplates, workflow.status?.storedWorkflowTemplateSpec]);
  const templates = /"(templateRef|workflowTemplateRef)":/.test(text);
  return { templates, configMaps: templates || /"(configMapKeyRef|memoize|configMap|artifactRepositoryRef)":/.test(text), locks: templates || text.includes('"synchronization":') };
}

/** Where Argo's repositories stand when nobody names another ConfigMap: any run's logs may have to go to one. */
const REPOSITORIES = 'artifact-repositories';

class Follower<T extends KubeObject> {
  readonly objects = new Map<string, T>();
  readonly #subscription: Subscription;
  /** The list is known, or will never be: no right, no such kind. */
  settled = false;

  constructor(watch: (handler: WatchHandler<T>) => Subscription, onChange: () => void) {
    this.#subscription = watch({
      onChange: ({ upserts, removed, reset }) => {
        if (reset) this.objects.clear();
        for (const object of removed) this.objects.delete(object.metadata.name ?? '');
        for (const object of upserts) this.objects.set(object.metadata.name ?? '', object);
        this.settled = true;
        onChange();
      },
      onState: (state) => {
        if (this.settled || (state.state !== 'forbidden' && state.state !== 'missing')) return;
        this.settled = true;
        onChange();
      },
    });
  }

  close(): void {
    this.#subscription.close();
  }
}

export class Surroundings {
  readonly #cluster: Cluster;
  readonly #definitions: Definitions;
  readonly #namespace: string;
  readonly #onChange: () => void;
  #namespaced: Follower<WorkflowTemplate> | undefined;
  #clusterWide: Follower<WorkflowTemplate> | undefined;
  #configMaps: Follower<ConfigMap> | undefined;
  #repositories: Follower<ConfigMap> | undefined;

  /** @param onChange anything of it changed: every run that needs surroundings may have to look */
  constructor(cluster: Cluster, definitions: Definitions, namespace: string, onChange: () => void) {
    this.#cluster = cluster;
    this.#definitions = definitions;
    this.#namespace = namespace;
    this.#onChange = onChange;
  }

  #templates(kind: 'WorkflowTemplate' | 'ClusterWorkflowTemplate'): Follower<WorkflowTemplate> {
    return new Follower((handler) => this.#definitions.watch(kind, this.#namespace, handler), this.#onChange);
  }

  #maps(selectors: Selectors): Follower<ConfigMap> {
    return new Follower((handler) => this.#cluster.watch(RESOURCE.configMap, this.#namespace, selectors, handler), this.#onChange);
  }

  /** Begins to watch what is needed. @returns whether it is known already */
  ready(needs: Needs): boolean {
    if (needs.templates) {
      this.#namespaced ??= this.#templates('WorkflowTemplate');
      this.#clusterWide ??= this.#templates('ClusterWorkflowTemplate');
    }
    if (needs.configMaps) this.#configMaps ??= this.#maps({});
    this.#repositories ??= this.#maps({ fieldSelector: `metadata.name=${REPOSITORIES}` });
    const templates = !needs.templates || (this.#namespaced?.settled === true && this.#clusterWide?.settled === true);
    return templates && this.#repositories.settled && (!needs.configMaps || this.#configMaps?.settled === true);
  }

  /** @returns a ConfigMap; undefined while they are being read, null when there is none of the name or none may be seen */
  configMap(name: string): ConfigMap | null | undefined {
    if (!this.ready({ templates: false, configMaps: true, locks: false })) return undefined;
    return this.#configMaps?.objects.get(name) ?? null;
  }

  /** @returns what was asked for of it; the artifact repositories always */
  observed(needs: Needs): Pick<Observed, 'templates' | 'configMaps'> {
    const configMaps = needs.configMaps ? this.#configMaps : this.#repositories;
    return {
      ...(needs.templates && this.#namespaced && { templates: { namespaced: this.#namespaced.objects, cluster: this.#clusterWide?.objects ?? new Map<string, WorkflowTemplate>(), faultOf: (template) => malformedOf(template)?.message } }),
      ...(configMaps && { configMaps: configMaps.objects }),
    };
  }

  close(): void {
    for (const follower of [this.#namespaced, this.#clusterWide, this.#configMaps, this.#repositories]) follower?.close();
  }
}
