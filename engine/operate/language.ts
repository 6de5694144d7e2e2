/**
 * The languages inside a workflow, as the core uses them: tags, expressions, conditions. One door to engine/template, so that
 * the executors speak of steps and not of replacement options.
 */
import { ExprError, evaluate as evaluateExpression } from '../template/expr/index.ts';
import { environment } from '../template/expr/env.ts';
import { GoObject, formatValue, marshalJson, type GoValue } from '../template/go.ts';
import { replaceValid } from '../template/tags.ts';
import { evaluateWhen } from '../template/when.ts';
import { escapeHtmlInJson } from '../template/json.ts';
import { Fault } from './fault.ts';

/** Values of tags by name; null for an absent optional. */
export type Values = ReadonlyMap<string, string | null>;

/** `loose`: unknown tags stay. `references`: unknown `steps.…` and `tasks.…` are faults. `strict`: every unknown tag is. */
export type Mode = 'loose' | 'references' | 'strict';

const STRICT_PREFIXES = ['tasks', 'steps'];

/**
 * Replaces the tags in a JSON text. Throws for tags that must be known and are not.
 * @returns the new text, and what it says
 */
export function substituteJson(json: string, values: Values, mode: Mode): { text: string; value: unknown } {
  return replaceValid(json, values, mode === 'references' ? { allowUnresolved: true, strictPrefixes: STRICT_PREFIXES } : { allowUnresolved: mode === 'loose' });
}

/** Both, the second over the first; globals are left out where no tag of the text can mean one. */
export function joined(text: string, globals: Values, values: Values): Values {
  return text.includes('workflow.') || text.includes('{{=') ? new Map([...globals, ...values]) : values;
}

/** Replaces the tags in all texts of a value; the same value when it has none. */
export function substitute<T>(value: T, values: Values, mode: Mode): T {
  if (value === undefined) return value;
  const text = JSON.stringify(value);
  return text.includes('{{') ? substituteJson(text, values, mode).value as T : value;
}

/** @returns whether a step with this condition runs; no condition is true. Throws for what is no condition. */
export function shouldRun(when: string | undefined): boolean {
  return !when || evaluateWhen(when);
}

/**
 * Evaluates an expression over flat, dotted names; what it gives is a plain value, or the artifact it named.
 * Throws ExprError.
 */
// Argo: expr.Compile and expr.Run over env.GetFuncMap
export function evaluate(expression: string, values: ReadonlyMap<string, unknown>): unknown {
  return fromGo(evaluateExpression(expression, environmentOf(values)));
}

/** @returns the verdict of an expression that must give a boolean. Throws for any other. */
// Argo: argoexpr.EvalBool
export function holds(expression: string, values: ReadonlyMap<string, unknown>): boolean {
  let result: GoValue;
  try {
    result = evaluateExpression(expression, environmentOf(values));
  } catch (error) {
    if (error instanceof ExprError && error.kind === 'runtime') throw new Fault('error', `unable to evaluate expression '${expression}': ${error.message}`);
    throw error;
  }
  if (typeof result !== 'boolean') throw new Fault('error', `unable to cast expression result '${formatValue(result)}' to bool`);
  return result;
}

/** Artifacts travel through expressions as opaque objects and come out as they went in. */
class ArtifactValue extends GoObject {
  readonly artifact: object;

  constructor(artifact: object) {
    super('v1alpha1.Artifact', '', new Map());
    this.artifact = artifact;
  }
}

function environmentOf(values: ReadonlyMap<string, unknown>): Map<string, GoValue> {
  const converted = new Map<string, GoValue>();
  for (const [key, value] of values) converted.set(key, typeof value === 'object' && value !== null ? new ArtifactValue(value) : (value as string | null));
  return environment(converted);
}

function fromGo(value: GoValue): unknown {
  return value instanceof ArtifactValue ? value.artifact : value instanceof GoObject ? value.text : value === null || typeof value === 'string' ? value : new GoResult(value);
}

/** A result that is no text: shown as Go shows it. */
class GoResult {
  readonly value: GoValue;

  constructor(value: GoValue) {
    this.value = value;
  }
}

/** What one tag, with or without braces, stands for. Throws when nothing does. */
export function resolveReference(reference: string, environment: ReadonlyMap<string, unknown>): unknown {
  const tag = reference.startsWith('{{') && reference.endsWith('}}') ? reference.slice(2, -2) : reference;
  if (tag.startsWith('=')) return evaluate(tag.slice(1), environment);
  const key = tag.trim();
  if (!environment.has(key)) throw new Fault('error', `Unable to resolve: ${JSON.stringify(key)}`);
  return environment.get(key);
}

/** A value as Go's fmt prints it into a parameter. */
export function textOf(value: unknown): string {
  if (value instanceof GoResult) return formatParameter(value.value);
  return typeof value === 'string' ? value : goJson(value);
}

/** Argo: AnyStringPtr; lists and maps as JSON */
function formatParameter(value: GoValue): string {
  return typeof value === 'object' && value !== null ? marshalJson(value) : formatValue(value);
}

/** JSON as Go's json.Marshal writes it: <, > and & escaped; with `sort` also the keys of maps in order. */
export function goJson(value: unknown, sort = false): string {
  return escapeHtmlInJson(JSON.stringify(sort ? sortKeys(value) : value));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
