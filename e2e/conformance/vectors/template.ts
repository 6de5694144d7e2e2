import { replaceInText, replaceTags, resolveVariable, simpleTags, TemplateError } from '../../../engine/template/tags.ts';
import { jsonString, marshalJson } from '../../../engine/template/go.ts';
import { decode, decodeValues } from './values.ts';

export interface TemplateVector {
  id: string;
  fn: 'Replace' | 'ReplaceRawJSON' | 'ReplaceStrictAny' | 'TemplateReplace' | 'ResolveVar' | 'ResolveVarFuncMap' | 'Validate';
  text: string;
  params?: Record<string, unknown>;
  allowUnresolved?: boolean;
  strictPrefixes?: string[];
  output?: string;
  result?: unknown;
  value?: unknown;
  tags?: string[];
  error?: string;
  isMissingVariableErr?: boolean;
  alternatives?: string[];
  timeDependent?: boolean;
}

/** 2026-11-23T00:00:00Z: vectors that read the clock say so and are not compared by it. */
const NOW = Date.UTC(2026, 10, 23);

function compute(vector: TemplateVector): string {
  const values = decodeValues(vector.params);
  const common = { now: NOW, seed: vector.id };
  switch (vector.fn) {
    case 'Replace': return replaceTags(jsonString(vector.text), values, { ...common, allowUnresolved: vector.allowUnresolved ?? false });
    case 'ReplaceRawJSON': return replaceTags(vector.text, values, { ...common, allowUnresolved: vector.allowUnresolved ?? false });
    case 'ReplaceStrictAny': return replaceTags(jsonString(vector.text), values, { ...common, allowUnresolved: true, strictPrefixes: vector.strictPrefixes ?? [] });
    case 'TemplateReplace': return replaceInText(vector.text, values, { ...common, allowUnresolved: vector.allowUnresolved ?? false });
    case 'ResolveVar': return marshalJson(resolveVariable(vector.text, values, { functions: false }));
    case 'ResolveVarFuncMap': return marshalJson(resolveVariable(vector.text, values));
    case 'Validate': return JSON.stringify(simpleTags(vector.text));
  }
}

function expected(vector: TemplateVector): string {
  if (vector.fn === 'Validate') return JSON.stringify(vector.tags);
  return vector.fn.startsWith('Resolve') ? marshalJson(decode(vector.value)) : vector.output ?? '';
}

/** @returns undefined when the vector passes, else the first difference */
export function run(vector: TemplateVector): string | undefined {
  let actual: string;
  try {
    actual = compute(vector);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (vector.alternatives?.includes(`error: ${error.message}`) === true || vector.timeDependent === true) return undefined;
    if (vector.error === undefined) return `expected ${expected(vector)}, got the error ${error.message}`;
    if (vector.error !== error.message) return `error: expected ${JSON.stringify(vector.error)}, got ${JSON.stringify(error.message)}`;
    const missing = vector.isMissingVariableErr ?? false;
    return missing === error.missingVariable ? undefined : `missingVariable: expected ${missing}, got ${error.missingVariable}`;
  }
  if (vector.timeDependent === true || vector.alternatives?.includes(`ok: ${actual}`) === true) return undefined;
  if (vector.error !== undefined) return `expected the error ${JSON.stringify(vector.error)}, got ${actual}`;
  return actual === expected(vector) ? undefined : `expected ${expected(vector)}, got ${actual}`;
}
