/** Simulations for the outside: the workflow as it would be submitted, with the templates and ConfigMaps that its cluster holds. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SimulateOptions, SimulationItem } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, ResourceType } from '../kube/port.ts';
import { omit } from '../operate/omit.ts';
import { timestamp } from '../operate/time.ts';
import type { Observed, PodPlan } from '../operate/types.ts';
import { Simulation } from '../simulate/simulation.ts';
import type { ConfigMap, KubeObject } from '../spec/kubernetes.ts';
import type { Workflow, WorkflowTemplate } from '../spec/types.ts';
import { prepareRun } from './submit.ts';
import { needsOf } from './surroundings.ts';

/** Milliseconds of computing after which others in the process get their turn. */
const SLICE_MS = 12;
/** Only so many Pods are told with their manifests; all are counted. */
const MAX_MANIFESTS = 400;

/**
 * Plays a workflow without any Pod. Frames come as fast as they can be computed, the planned Pods with the last item. Throws AppError
 * `invalid` for a run that grows without bounds; `signal` ends it.
 * @param cluster where templates and ConfigMaps are looked up, as far as they may be read; without it only those of the workflow are known
 */
export async function* simulate(workflow: Workflow, options: SimulateOptions, cluster?: Cluster): AsyncGenerator<SimulationItem> {
  const { namespace, signal } = options;
  const simulation = await openSimulation(workflow, options, cluster);
  let since = performance.now();
  let frames: SimulationItem['frames'] = [];
  for (let frame = simulation.next(); frame && !signal?.aborted; frame = simulation.next()) {
    frames.push(frame);
    if (performance.now() - since < SLICE_MS) continue;
    yield { frames };
    frames = [];
    await nextTurn();
    since = performance.now();
  }
  const { pods } = simulation;
  yield {
    frames,
    end: {
      pods: pods.length, workflow: { ...simulation.workflow, ...(simulation.workflow.status && { status: omit(simulation.workflow.status, 'nodes') }) },
      plans: pods.slice(0, MAX_MANIFESTS).map(({ nodeName, name: pod, template, spec, labels, annotations }) => ({
        nodeName, template, manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, namespace, labels, annotations }, spec },
      })),
    },
  };
}

/**
 * @returns the Pods that a run would make if all went well, in order. Throws AppError `invalid` for a run that grows without bounds.
 */
export async function planPods(workflow: Workflow, options: Omit<SimulateOptions, 'rules' | 'duration'>, cluster: Cluster): Promise<readonly PodPlan[]> {
  const simulation = await openSimulation(workflow, { ...options, rules: [], duration: 1 }, cluster);
  while (simulation.next()) await nextTurn();
  return simulation.pods;
}

async function openSimulation(workflow: Workflow, { namespace, parameters, rules, duration, now }: SimulateOptions, cluster: Cluster | undefined): Promise<Simulation> {
  // Its name is what the drawn graph calls it before it has one.
  const name = workflow.metadata.name ?? workflow.metadata.generateName ?? 'workflow';
  const run = prepareRun(workflow, { namespace, name, ...(parameters && { parameters }) });
  const around = cluster ? await surroundings(cluster, run, namespace) : {};
  return new Simulation({ workflow: { ...run, metadata: { ...run.metadata, uid: 'simulated', creationTimestamp: timestamp(now) } }, rules, duration, now, ...around });
}

async function surroundings(cluster: Cluster, workflow: Workflow, namespace: string): Promise<Pick<Observed, 'templates' | 'configMaps'>> {
  const needs = needsOf(workflow);
  const [namespaced, clusterWide, configMaps] = await Promise.all([
    needs.templates ? byName<WorkflowTemplate>(cluster, RESOURCE.workflowTemplate, namespace) : new Map<string, WorkflowTemplate>(),
    needs.templates ? byName<WorkflowTemplate>(cluster, RESOURCE.clusterWorkflowTemplate) : new Map<string, WorkflowTemplate>(),
    needs.configMaps ? byName<ConfigMap>(cluster, RESOURCE.configMap, namespace) : new Map<string, ConfigMap>(),
  ]);
  return { templates: { namespaced, cluster: clusterWide }, configMaps };
}

/** What may not be read is not known: the simulated run then says what it misses. */
async function byName<T extends KubeObject>(cluster: Cluster, type: ResourceType, namespace?: string): Promise<Map<string, T>> {
  const items = await cluster.list<T>(type, namespace).then((list) => list.items, () => []);
  return new Map(items.map((item) => [item.metadata.name ?? '', item]));
}
