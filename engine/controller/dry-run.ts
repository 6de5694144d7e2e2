/** What the API server would refuse of a run: the Workflow object, and one Pod of each template, asked with dryRun. Nothing is kept. */
import { statusOf } from '../kube/status.ts';
import type { PodPlan } from '../operate/types.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import { isAppError } from '../spec/error.ts';
import type { Pod } from '../spec/kubernetes.ts';
import type { Template, Workflow } from '../spec/types.ts';

type Path = Diagnostic['path'];

/** The most templates whose Pods are asked for. */
const MAX_TEMPLATES = 50;

export interface DryRunCalls {
  /** Creates the Workflow with dryRun; undefined where runs are not objects of the cluster. */
  createRun: (() => Promise<unknown>) | undefined;
  /** Creates the Pod of a plan with dryRun; `built` is told the Pod as it is sent. */
  createPod: (plan: PodPlan, built: (pod: Pod) => void) => Promise<unknown>;
}

/** @returns what the server said, at the place in the workflow that it is about. Throws AppError when it cannot be asked at all. */
export async function dryRun(workflow: Workflow, plans: readonly PodPlan[], { createRun, createPod }: DryRunCalls): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  if (createRun) await createRun().catch((error: unknown) => { found.push(...refusals(error, (field) => pathOf(field))); });
  const byTemplate = new Map(plans.map((plan) => [plan.template.name ?? plan.nodeName, plan]).reverse() as [string, PodPlan][]);
  for (const plan of [...byTemplate.values()].reverse().slice(0, MAX_TEMPLATES)) {
    let sent: Pod | undefined;
    await createPod(plan, (pod) => { sent = pod; }).catch((error: unknown) => {
      found.push(...refusals(error, (field) => placeInTemplate(workflow, plan.template, sent, field), `Pod of ${plan.nodeName}: `));
    });
  }
  return found;
}

/** One diagnostic for each field that the server names, or one for the whole. What says nothing about the workflow is thrown on. */
function refusals(error: unknown, place: (field: string | undefined) => Path, prefix = ''): Diagnostic[] {
  if (!isAppError(error) || ['unreachable', 'timeout', 'unauthorized', 'unavailable', 'cancelled'].includes(error.code)) throw error;
  const causes = statusOf(error)?.details?.causes?.filter(({ field }) => field !== undefined) ?? [];
  const told = causes.length ? causes.map(({ field, message }) => ({ field, message: `${field ?? ''}: ${message ?? ''}` })) : [{ field: undefined, message: error.message }];
  return told.map(({ field, message }) => ({ severity: 'error', code: `server-${error.code}`, message: prefix + message, path: place(field), ...(error.hint !== undefined && { hint: error.hint }) }));
}

/** `spec.templates[0].container.image` as a path; keys in brackets are names. */
export function pathOf(field: string | undefined): Path {
  return [...(field ?? '').matchAll(/\[(\d+)\]|\[([^\]]*)\]|([^.[\]]+)/g)].map(([, index, key, name]) => (index === undefined ? key ?? name ?? '' : Number(index)));
}

/** Where in the workflow a field of a Pod comes from: its container's template, or the template as a whole. */
function placeInTemplate(workflow: Workflow, { name }: Template, pod: Pod | undefined, field: string | undefined): Path {
  const index = workflow.spec.templates?.findIndex((template) => template.name === name) ?? -1;
  const template = workflow.spec.templates?.[index];
  if (!template) return ['spec'];
  const base: Path = ['spec', 'templates', index];
  const [root, list, at, ...rest] = pathOf(field);
  if (root !== 'spec' || typeof at !== 'number') return base;
  const container = (list === 'containers' ? pod?.spec.containers : list === 'initContainers' ? pod?.spec.initContainers : undefined)?.[at]?.name;
  if (container === 'main') return [...base, template.script ? 'script' : 'container', ...rest];
  for (const part of ['sidecars', 'initContainers'] as const) {
    const own = template[part]?.findIndex((each) => each.name === container) ?? -1;
    if (own >= 0) return [...base, part, own, ...rest];
  }
  return base;
}
