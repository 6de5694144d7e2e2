/**
 * The languages inside a workflow, as the core uses them: tags, expressions, conditions. One door to engine/template, so that
 * the executors speak of steps and not of replacement options.
 */
import { replaceTags } from '../template/tags.ts';
import { evaluateWhen } from '../template/when.ts';
import { escapeHtmlInJson } from '../template/json.ts';
import { Fault } from './fault.ts';

/** Values of tags by name; null for an absent optional. */
export type Values = ReadonlyMap<string, string | null>;

/** `loose`: unknown tags stay. `references`: unknown `steps.…` and `tasks.…` are faults. `strict`: every unknown tag is. */
export type Mode = 'loose' | 'references' | 'strict';

const STRICT_PREFIXES = ['tasks', 'steps'];

/** Replaces the tags in a JSON text. Throws for tags that must be known and are not. */
export function substituteText(json: string, values: Values, mode: Mode): string {
  if (!json.includes('{{')) return json;
  return replaceTags(json, values, mode === 'references' ? { allowUnresolved: true, strictPrefixes: STRICT_PREFIXES } : { allowUnresolved: mode === 'loose' });
}

/** Replaces the tags in all texts of a value; the same value when it has none. */
export function substitute<T>(value: T, values: Values, mode: Mode): T {
  if (value === undefined) return value;
  const text = JSON.stringify(value);
  return text.includes('{{') ? JSON.parse(substituteText(text, values, mode)) as T : value;
}

/** @returns whether a step with this condition runs; no condition is true. Throws for what is no condition. */
export function shouldRun(when: string | undefined): boolean {
  return !when || evaluateWhen(when);
}

/** Evaluates an expression over flat, dotted names. */
export function evaluate(expression: string, _environment: ReadonlyMap<string, unknown>): unknown {
  throw new Fault('error', `expressions are not built yet: ${expression}`);
}

export function holds(expression: string, environment: ReadonlyMap<string, unknown>): boolean {
  return evaluate(expression, environment) === true;
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
  return typeof value === 'string' ? value : goJson(value);
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
