/**
 * jq filters, in gojq's dialect, for outputs of resource templates (`valueFrom.jqFilter`). Argo: executor.jqFilter.
 * Nothing outside is read: no files, no environment, no further input; steps and depth are bounded.
 */
import { marshalJson, type GoValue } from './go.ts';
import { checkNames, Runner, type Library, type Scope } from './jq-evaluate.ts';
import { FORMATS } from './jq-formats.ts';
import { DEFINITIONS } from './jq-library.ts';
import { natives, readJson } from './jq-natives.ts';
import { JqError, parseDefinitions, parseProgram, type Definition, type JqValue } from './jq-parse.ts';
import { isArray, isObject } from './jq-values.ts';

export { JqError };

/** More text than this is refused. */
const MAX_OUTPUT = 10_000_000;

let definitions: Definition[] | undefined;

function library(now: number | undefined): Library {
  definitions ??= parseDefinitions(DEFINITIONS);
  const scope = definitions.reduce<Scope | undefined>(
    (outer, definition) => ({ kind: 'function', name: `${definition.name}/${definition.parameters.length}`, definition, outer }),
    undefined,
  );
  return { natives: natives(now), formats: FORMATS, scope };
}

/**
 * What a filter yields for a JSON text: its results one a line, strings as they are, trimmed as a whole. `now` in ms
 * since the epoch, for filters that ask for it. Throws JqError, and JsonError for the input.
 */
export function jqFilter(json: string, filter: string, now?: number): string {
  const input = readJson(json);
  let output = '';
  try {
    const program = parseProgram(filter);
    const functions = library(now);
    checkNames(program, functions);
    for (const value of new Runner(functions).values({ body: program, scope: undefined }, input)) {
      output += `${typeof value === 'string' ? value : marshalJson(toGo(value))}\n`;
      if (output.length > MAX_OUTPUT) throw new JqError('the filter yields too much text');
    }
  } catch (error) {
    if (error instanceof RangeError) throw new JqError('the filter recurses too deeply', { cause: error });
    throw error;
  }
  return output.trim();
}

function toGo(value: JqValue): GoValue {
  if (isArray(value)) return value.map(toGo);
  if (isObject(value)) return new Map<GoValue, GoValue>([...value].map(([key, member]) => [key, toGo(member)]));
  return value;
}
