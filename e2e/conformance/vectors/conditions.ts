/** Conditions of resource templates, against labels.Parse and Argo's matchConditions. */
import { matchConditions, parseCondition, requirementText } from '../../../engine/template/conditions.ts';
import { answerOf, difference, first, inputJson, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  const json = inputJson(vector);
  const success = answerOf(() => parseCondition(String(vector.successCondition)));
  const failure = answerOf(() => parseCondition(String(vector.failureCondition)));
  const parsed = first(
    difference('success', success.error, vector.successConditionParseError),
    difference('failure', failure.error, vector.failureConditionParseError),
    ...['success', 'failure'].map((name) => {
      const expected = vector[`${name}ConditionRequirements`];
      const actual = name === 'success' ? success.value : failure.value;
      return expected === undefined || expected === null ? undefined : difference(`${name} requirements`, actual?.map(requirementText), expected);
    }),
  );
  if (parsed !== undefined || success.value === undefined || failure.value === undefined) return parsed;
  const result = matchConditions(json, success.value, failure.value);
  return first(difference('result', result.result, vector.result), difference('error', 'error' in result ? result.error : undefined, vector.error));
}
