import type { Artifact, Parameter, WorkflowSpec } from '../spec/types.ts';
import { Fault } from './fault.ts';
import { strategicMerge } from '../pod/strategic-merge.ts';

/**
 * One spec over another: what the upper says wins. Parameters are taken whole, by name; artifacts only when they name the
 * same kind of location. Argo: JoinWorkflowSpec
 */
export function mergeSpecs(upper: WorkflowSpec, lower: WorkflowSpec): WorkflowSpec {
  const { arguments: upperArguments, ...upperRest } = upper;
  const { arguments: lowerArguments, ...lowerRest } = lower;
  const merged = strategicMerge(lowerRest as WorkflowSpec, upperRest);
  const parameters = join<Parameter>(upperArguments?.parameters, lowerArguments?.parameters);
  const artifacts = join<Artifact>(upperArguments?.artifacts, lowerArguments?.artifacts);
  if (parameters || artifacts) merged.arguments = { ...(parameters ? { parameters } : {}), ...(artifacts ? { artifacts } : {}) };
  if (upper.suspend === undefined) delete merged.suspend;
  return merged;
}

function join<T extends { name: string }>(upper: readonly T[] | undefined, lower: readonly T[] | undefined): T[] | undefined {
  for (const list of [upper, lower] as unknown[]) if (list !== undefined && !Array.isArray(list)) throw new Fault('error', 'cannot restore slice from map');
  if (!upper && !lower) return undefined;
  const named = new Set((upper ?? []).map(({ name }) => name));
  return [...(upper ?? []), ...(lower ?? []).filter(({ name }) => !named.has(name))];
}
