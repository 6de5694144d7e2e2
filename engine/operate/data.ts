/** `data` templates: the keys below an artifact, passed through expressions. Argo: workflow/data */
import { evaluate } from '../template/expr/index.ts';
import { marshalJson, type GoValue } from '../template/go.ts';
import type { Template } from '../spec/types.ts';
import { Fault } from './fault.ts';

/**
 * @param keys full keys of the artifacts
 * @returns outputs.result: JSON
 * Throws Fault for an expression that cannot be carried out.
 */
export function transformed(keys: readonly string[], data: NonNullable<Template['data']>): string {
  let value: GoValue = [...keys];
  for (const [at, { expression }] of data.transformation.entries()) {
    try {
      value = evaluate(expression, new Map([['data', value]]));
    } catch (error) {
      throw new Fault('error', `error processing data step ${at}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return marshalJson(value);
}
