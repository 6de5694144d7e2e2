/** How long things will take, from the newest run of the same template or schedule that succeeded. Argo: workflow/controller/estimation */
import { LABEL, type Workflow } from '../spec/types.ts';
import { nodeId } from '../template/names.ts';
import { milliseconds } from './time.ts';

const KINDS = [LABEL.workflowTemplate, LABEL.clusterWorkflowTemplate, LABEL.cronWorkflow] as const;

/** @returns the run that the estimates of `workflow` go by; undefined when there is none */
export function baselineOf(workflow: Workflow, runs: Iterable<Workflow>): Workflow | undefined {
  const wanted = KINDS.flatMap((label): [string, string][] => {
    const value = sourceOf(workflow, label);
    return value === undefined ? [] : [[label, value]];
  });
  let newest: Workflow | undefined;
  if (wanted.length === 0) return newest;
  for (const run of runs) {
    const { labels, creationTimestamp = '' } = run.metadata;
    if (run.status?.phase !== 'Succeeded' || !wanted.some(([label, value]) => labels?.[label] === value)) continue;
    if (!newest || creationTimestamp > (newest.metadata.creationTimestamp ?? '')) newest = run;
  }
  return newest;
}

/** A run that has just been made has no label of its template yet. */
function sourceOf({ metadata, spec: { workflowTemplateRef: reference } }: Workflow, label: string): string | undefined {
  const referred = reference?.clusterScope ? LABEL.clusterWorkflowTemplate : LABEL.workflowTemplate;
  return metadata.labels?.[label] ?? (label === referred ? reference?.name : undefined);
}

/** @returns whole seconds that the node of this name, or the run itself, will take; undefined when nobody knows */
export function estimate(workflowName: string, baseline: Workflow | undefined, nodeName?: string): number | undefined {
  const { name = '' } = baseline?.metadata ?? {};
  const from = nodeName === undefined ? baseline?.status : baseline?.status?.nodes?.[nodeId(name, nodeName.replace(workflowName, () => name))];
  if (!from?.startedAt || !from.finishedAt) return undefined;
  const seconds = Math.trunc((milliseconds(from.finishedAt) - milliseconds(from.startedAt)) / 1000);
  return seconds > 0 ? seconds : undefined;
}
