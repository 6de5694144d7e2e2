/** kubectl's JSONPath printer and the `jsonpath()` of expressions, against the Go libraries. */
import { isSlice, typeName, toPlain, type GoValue } from '../../../engine/template/go.ts';
import { jsonpathExpression } from '../../../engine/template/jsonpath-expression.ts';
import { answerOf, difference, first, type Vector } from './compare.ts';

export function run(vector: Vector): string | undefined {
  return vector.fn === 'kubectl' ? kubectl(vector) : expression(vector);
}

function kubectl(_vector: Vector): string | undefined {
  return 'not yet';
}

function expression(vector: Vector): string | undefined {
  const text = vector.inputText === undefined ? JSON.stringify(vector.input) : String(vector.inputText);
  const { value, error } = answerOf((): GoValue => jsonpathExpression(text, String(vector.path)));
  if (error !== undefined || vector.error !== undefined) return difference('error', error, vector.error);
  return first(difference('type', isSlice(value ?? null) ? '[]interface {}' : typeName(value ?? null), vector.goType), difference('output', toPlain(value ?? null), vector.output));
}
