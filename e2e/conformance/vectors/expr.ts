import { evaluate, ExprError } from '../../../engine/template/expr/index.ts';
import { randomFrom } from '../../../engine/template/expr/random.ts';
import { environment } from '../../../engine/template/expr/env.ts';
import { formatValue, JsonError, marshalJson, typeName } from '../../../engine/template/go.ts';
import type { GoValue } from '../../../engine/template/go.ts';
import { decodeValues, typed } from './values.ts';

export interface ExprVector {
  id: string;
  group: string;
  expr: string;
  env?: Record<string, unknown>;
  ok: boolean;
  type?: string;
  typed?: string;
  error?: string;
  kind?: 'compile' | 'runtime';
  marshalError?: string;
  evalBool?: string | boolean;
  alternatives?: string[];
  nondeterministic?: boolean;
  timeDependent?: boolean;
}

/** 2026-11-23T00:00:00Z: vectors that read the clock say so and are not compared by it. */
const NOW = Date.UTC(2026, 10, 23);

interface Outcome {
  value?: GoValue;
  error?: ExprError;
}

function compute(vector: ExprVector): Outcome {
  try {
    return { value: evaluate(vector.expr, environment(decodeValues(vector.env)), { now: NOW, random: randomFrom(vector.id) }) };
  } catch (error) {
    if (error instanceof ExprError) return { error };
    throw error;
  }
}

function difference(what: string, expected: unknown, actual: unknown): string | undefined {
  return expected === actual ? undefined : `${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
}

/** Go prints map entries in any order; the vectors' texts are compared with the entries sorted by ours. */
function sameTyped(expected: string, actual: string): boolean {
  const sorted = (text: string): string => Array.from(text).sort().join('');
  return expected === actual || (expected.includes('{') && sorted(expected) === sorted(actual));
}

function evalBool(outcome: Outcome): string | boolean {
  if (outcome.error !== undefined) return `error: ${outcome.error.message}`;
  const value = outcome.value ?? null;
  if (typeof value === 'boolean') return value;
  const shown = typeof value === 'string' || typeof value === 'object' && value !== null ? formatValue(value) : value === null ? '%!s(<nil>)' : `%!s(${typeName(value)}=${formatValue(value)})`;
  return `error: unable to cast expression result '${shown}' to bool`;
}

/** @returns undefined when the vector passes, else the first difference */
export function run(vector: ExprVector): string | undefined {
  const outcome = compute(vector);
  if (vector.timeDependent === true) return undefined;
  if (vector.evalBool !== undefined) {
    const wrong = difference('evalBool', String(vector.evalBool), String(evalBool(outcome)));
    if (wrong !== undefined) return wrong;
  }
  if (!vector.ok) return difference('error', `${vector.kind ?? ''}: ${vector.error ?? ''}`, outcome.error === undefined ? `value ${typed(outcome.value ?? null)}` : `${outcome.error.kind}: ${outcome.error.message}`);
  if (outcome.error !== undefined) return difference('value', vector.typed, `error ${outcome.error.kind}: ${outcome.error.message}`);
  const value = outcome.value ?? null;
  const text = typed(value);
  if (vector.alternatives?.includes(`ok: ${text}`) !== true && !sameTyped(vector.typed ?? '', text)) return difference('value', vector.typed, text);
  return difference('marshalError', vector.marshalError, marshalError(value));
}

function marshalError(value: GoValue): string | undefined {
  try {
    marshalJson(value);
    return undefined;
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}
