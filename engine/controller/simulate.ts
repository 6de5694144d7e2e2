/** Simulations for the outside: the workflow as it would be submitted, with the templates and ConfigMaps that are there for it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SimulateOptions, SimulationItem } from '../api.ts';
import { RESOURCE } from '../kube/port.ts';
import type { Cluster } from '../kube/port.ts';
import { omit } from '../operate/omit.ts';
import { timestamp } from '../operate/time.ts';
import type { Observed, PodPlan } from '../operate/types.ts';
import { Simulation } from '../simulate/simulation.ts';
import type { ConfigMap } from '../spec/kubernetes.ts';
import type { Workflow } from '../spec/types.ts';
import type { Definitions } from './definitions.ts';
import { prepareRun, templatesOf } from './submit.ts';
import type { KnownTemplates } from './submit.ts';
import { needsOf } from './surroundings.ts';
import { malformedOf } from './typed.ts';

/** What a run finds when it looks around. */
type Around = Pick<Observed, 'templates' | 'configMaps'>;

/** Milliseconds of computing after which others in the process get their turn. */
const SLICE_MS = 12;
/** Only so many Pods are told with their manifests; all are counted. */
const MAX_MANIFESTS = 400;

/**
 * Plays a workflow without any Pod. Frames come as fast as they can be computed, the planned Pods with the last item. Throws AppError
 * `invalid` for a run that grows without bounds; `signal` ends it.
 * @param around the templates and ConfigMaps that the workflow may speak of; Engine.simulate looks them up
 */
export async function* simulate(workflow: Workflow, options: SimulateOptions, around: Around = {}): AsyncGenerator<SimulationItem> {
  const { namespace, signal } = options;
  const simulation = openSimulation(workflow, options, around);
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
export async function planPods(workflow: Workflow, options: Omit<SimulateOptions, 'rules' | 'duration'>, around: Around): Promise<readonly PodPlan[]> {
  const simulation = openSimulation(workflow, { ...options, rules: [], duration: 1 }, around);
  while (simulation.next()) await nextTurn();
  return simulation.pods;
}

function openSimulation(workflow: Workflow, { namespace, parameters, rules, duration, now }: SimulateOptions, around: Around): Simulation {
  // Its name is what the drawn graph calls it before it has one.
  const name = workflow.metadata.name ?? workflow.metadata.generateName ?? 'workflow';
  const run = prepareRun(workflow, { namespace, name, ...(parameters && { parameters }) });
  return new Simulation({ workflow: { ...run, metadata: { ...run.metadata, uid: 'simulated', creationTimestamp: timestamp(now) } }, rules, duration, now, ...around });
}

/** @returns what the run speaks of, as far as it may be read: of the rest the simulated run says what it misses */
export async function surroundingsOf(workflow: Workflow, namespace: string, { cluster, definitions }: { cluster: Cluster; definitions: Definitions }): Promise<Around & { known: KnownTemplates }> {
  const needs = needsOf(workflow);
  const none: KnownTemplates = {};
  const [known, configMaps] = await Promise.all([
    needs.templates ? templatesOf(definitions, namespace) : none,
    needs.configMaps ? cluster.list<ConfigMap>(RESOURCE.configMap, namespace).then(({ items }) => items, () => []) : [],
  ]);
  return {
    known, configMaps: new Map(configMaps.map((map) => [map.metadata.name ?? '', map])),
    templates: { namespaced: known.namespaced ?? new Map(), cluster: known.cluster ?? new Map(), faultOf: (template) => malformedOf(template)?.message },
  };
}
