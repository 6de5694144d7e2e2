/** kubectl's JSONPath printer and the `jsonpath()` of expressions, against the Go libraries. */
import { isSlice, typeName, toPlain, type GoValue } from '../../../engine/template/go.ts';
import { jsonpathExpression } from '../../../engine/template/jsonpath-expression.ts';
import { jsonpathKubectl } from '../../../engine/template/jsonpath-kubectl.ts';
import { answerOf, difference, first, inputJson, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  return vector.fn === 'kubectl' ? kubectl(vector) : expression(vector);
}

/** After a failure kubectl prints the whole object in Go's notation; what failed stands before that. */
const reason = (text: unknown): unknown => (typeof text === 'string' ? text.replace(/\. Printing more information[^]*$/, '') : text);

function kubectl(vector: Vector): string | undefined {
  const text = inputJson(vector);
  const { value, error } = answerOf(() => jsonpathKubectl(text, String(vector.path)));
  if (error !== undefined || vector.error !== undefined) return difference('error', reason(error), reason(vector.error));
  // Where Go's order of keys is random, the order of what is printed is free.
  const parts = (printed: unknown): unknown => (vector.nondeterministic === true ? String(printed).split(' ').sort() : printed);
  return difference('output', parts(value), parts(vector.output));
}

function expression(vector: Vector): string | undefined {
  const text = inputJson(vector);
  const { value, error } = answerOf((): GoValue => jsonpathExpression(text, String(vector.path)));
  if (error !== undefined || vector.error !== undefined) return difference('error', error, vector.error);
  return first(difference('type', isSlice(value ?? null) ? '[]interface {}' : typeName(value ?? null), vector.goType), difference('output', toPlain(value ?? null), vector.output));
}
