/** When a resource template is over: its conditions, or the readiness of what it applied. */
import type { TaskReport } from '../operate/types.ts';
import { AppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { Parameter, ResourceTemplate, Template } from '../spec/types.ts';
import { ConditionError, matchConditions, parseCondition, type Requirement } from '../template/conditions.ts';
import { jqFilter } from '../template/jq.ts';
import { jsonpathKubectl } from '../template/jsonpath-kubectl.ts';
import type { Placed } from './act.ts';
import { rolloutState } from './rollout.ts';

/**
 * In a template's metadata.annotations, or in those of a document of its manifest: `ready` waits until the object is ready or
 * has failed, `none` (of a document) does not wait for it. Argo puts the annotation on its Pod and goes on at once.
 */
export const WAIT = 'tiphys.dev/wait';

export interface Conditions {
  success: Requirement[];
  failure: Requirement[];
  /** Without conditions: wait until ready. */
  ready: boolean;
}

/** Throws AppError `invalid`. */
export function conditionsOf(template: Template, resource: ResourceTemplate): Conditions {
  const read = (text: string | undefined, kind: string): Requirement[] => {
    try {
      return text ? parseCondition(text) : [];
    } catch (error) {
      if (error instanceof ConditionError) throw new AppError('invalid', `${kind} condition '${text ?? ''}' failed to parse: ${error.message}`);
      throw error;
    }
  };
  return { success: read(resource.successCondition, 'success'), failure: read(resource.failureCondition, 'fail'), ready: template.metadata?.annotations?.[WAIT] === 'ready' };
}

/** @param states by target, in order; undefined: not seen yet, null: gone */
export function judge(conditions: Conditions, targets: readonly Placed[], states: readonly (KubeObject | null | undefined)[]): TaskReport {
  const open: string[] = [];
  for (const [at, placed] of targets.entries()) {
    const state = states[at];
    if (state === null) return { phase: 'Failed', message: `The resource has been deleted while its status was still being checked: ${nameOf(placed)}` };
    const end = state === undefined ? { state: 'waiting' as const, detail: 'not seen yet' } : stateOf(conditions, placed, state);
    // Argo's message of a condition stands alone; of several objects, which one it was has to be said.
    if (end.state === 'failed') return { phase: 'Failed', message: conditions.ready && !conditions.failure.length || targets.length > 1 ? `${placed.type.kind} ${nameOf(placed)}: ${end.detail}` : end.detail };
    if (end.state === 'waiting') open.push(`${nameOf(placed)}${end.detail ? ` (${end.detail})` : ''}`);
  }
  if (open.length === 0) return { phase: 'Succeeded' };
  const [first = '', ...others] = open;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return { phase: 'Running', message: `${targets.length - open.length} of ${targets.length} ready: ${first}${more}` };
}

function stateOf(conditions: Conditions, placed: Placed, object: KubeObject): { state: 'ready' | 'waiting' | 'failed'; detail: string } {
  const { success, failure } = conditions;
  if (success.length > 0 || failure.length > 0) {
    const verdict = matchConditions(JSON.stringify(object), success, failure);
    if (verdict.result === 'failed') return { state: 'failed', detail: verdict.error };
    // Conditions may be true of what was there before; readiness counts from this apply on.
    const rollout = conditions.ready ? rolloutState(object) : { state: 'ready' as const, detail: '' };
    return rollout.state === 'failed' || verdict.result === 'succeeded' ? rollout : { state: 'waiting', detail: rollout.detail };
  }
  const own = placed.target.object.metadata.annotations?.[WAIT];
  return own === 'none' || (!conditions.ready && own !== 'ready') ? { state: 'ready', detail: '' } : rolloutState(object, own === 'ready');
}

/** @returns whether anything is to be waited for */
export function waits({ success, failure, ready }: Conditions, targets: readonly Placed[]): boolean {
  return success.length > 0 || failure.length > 0 || ready || targets.some(({ target }) => target.object.metadata.annotations?.[WAIT] === 'ready');
}

export function nameOf({ target, namespace }: Placed): string {
  return namespace === undefined ? target.name : `${namespace}/${target.name}`;
}

/**
 * @param objects those of the template, at their end
 * @returns the declared output parameters with their values. Throws AppError for one without value and default.
 */
// Argo: SaveResourceParameters
export function resourceOutputs(template: Template, objects: readonly KubeObject[], now: number): Parameter[] {
  const [only] = objects;
  const json = only === undefined ? undefined : JSON.stringify(objects.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: objects });
  return (template.outputs?.parameters ?? []).map((parameter) => {
    const source = parameter.valueFrom;
    if (!source || (!source.jsonPath && !source.jqFilter)) return parameter;
    if (json === undefined) return { ...parameter, value: source.default ?? '' };
    try {
      return { ...parameter, value: source.jsonPath ? jsonpathKubectl(json, source.jsonPath) : jqFilter(json, source.jqFilter ?? '', now) };
    } catch (error) {
      if (source.default !== undefined) return { ...parameter, value: source.default };
      throw new AppError('invalid', `output parameter ${parameter.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
