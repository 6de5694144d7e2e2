/** jq filters, against gojq as Argo calls it. */
import { jqFilter } from '../../../engine/template/jq.ts';
import { answerOf, difference, first, inputJson, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  const json = inputJson(vector);
  const { value, error } = answerOf(() => jqFilter(json, String(vector.filter)));
  return first(difference('error', error, vector.error), difference('output', value, vector.output));
}
