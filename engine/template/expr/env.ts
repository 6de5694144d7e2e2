import { GoFunc, compareStrings, marshalJson } from '../go.ts';
import type { GoValue } from '../go.ts';
import { jsonpathExpression } from '../jsonpath-expression.ts';
import { SPRIG } from '../sprig.ts';
import { convertToFloat, convertToInt } from './builtins.ts';
import { toText } from './operators.ts';

/** A map of values by dotted names, made into maps within maps. */
type Tree = Map<string, GoValue>;

/**
 * Expands dotted names: `a.b` becomes `b` in the map `a`. Where `a` and `a.b` are both given, `a.b` wins.
 * @returns a new map
 */
// Argo: util/expand.Expand
export function expand(values: ReadonlyMap<string, GoValue>): Map<string, GoValue> {
  const tree: Tree = new Map();
  const owned = new Set<unknown>([tree]);
  for (const key of [...values.keys()].sort(compareStrings)) {
    const parts = key.split('.');
    const last = parts.pop() ?? '';
    let branch = tree;
    for (const part of parts) {
      const next = branch.get(part);
      if (next !== undefined && owned.has(next)) branch = next as Tree;
      else {
        const made: Tree = new Map();
        owned.add(made);
        branch.set(part, made);
        branch = made;
      }
    }
    if (!owned.has(branch.get(last))) branch.set(last, values.get(key) ?? null);
  }
  return tree;
}

const FUNCTIONS: readonly (readonly [string, GoFunc])[] = [
  ['asInt', new GoFunc('func(interface {}) interface {}', ([value = null]) => convertToInt(value))],
  ['asFloat', new GoFunc('func(interface {}) interface {}', ([value = null]) => convertToFloat(value))],
  ['jsonpath', new GoFunc('func(string, string) interface {}', ([input = null, path = null]) => jsonpathExpression(toText(input), toText(path)))],
  ['toJson', new GoFunc('func(interface {}) string', ([value = null]) => marshalJson(value))],
];

/**
 * The environment of Argo's expressions: the values with dotted names expanded, and Argo's functions.
 * @param values by dotted name
 */
// Argo: util/expr/env.GetFuncMap
export function environment(values: ReadonlyMap<string, GoValue>): Map<string, GoValue> {
  const env = expand(values);
  for (const [name, value] of FUNCTIONS) env.set(name, value);
  env.set('sprig', SPRIG);
  return env;
}
