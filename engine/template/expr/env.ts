import { GoFunc, marshalJson } from '../go.ts';
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
  for (const [key, value] of values) {
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
    if (!owned.has(branch.get(last))) branch.set(last, value);
  }
  return tree;
}

const FUNCTIONS: readonly (readonly [string, GoFunc])[] = [
  ['asInt', new GoFunc('func(interface {}) interface {}', ([value = null]) => convertToInt(value))],
  ['asFloat', new GoFunc('func(interface {}) interface {}', ([value = null]) => convertToFloat(value))],
  ['jsonpath', new GoFunc('func(string, string) interface {}', ([input = null, path = null]) => jsonpathExpression(toText(input), toText(path)))],
  ['toJson', new GoFunc('func(interface {}) string', ([value = null]) => marshalJson(value))],
];

/** The values at, below and above the dotted names; undefined where one above would hide which values stand beside it. */
function around(values: ReadonlyMap<string, GoValue>, names: readonly string[]): Map<string, GoValue> | undefined {
  const near = new Map<string, GoValue>();
  for (const name of names) {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) if (values.has(name.slice(0, dot))) return undefined;
  }
  const prefixes = names.map((name) => `${name}.`);
  for (const [key, value] of values) {
    for (let i = 0; i < names.length; i++) if (key === names[i] || key.startsWith(prefixes[i] ?? '')) near.set(key, value);
  }
  // A map that holds none of the wanted names is a map all the same, not a name that is unknown.
  for (const name of names) {
    const root = name.slice(0, Math.max(name.indexOf('.'), 0));
    if (root === '' || root === 'sprig' || [...near.keys()].some((key) => key.startsWith(`${name}.`) || key === name)) continue;
    return undefined;
  }
  return near;
}

/**
 * The environment of Argo's expressions: the values with dotted names expanded, and Argo's functions.
 * @param values by dotted name
 * @param names where only these dotted names will be read, what is elsewhere may be left out
 */
// Argo: util/expr/env.GetFuncMap
export function environment(values: ReadonlyMap<string, GoValue>, names?: readonly string[]): Map<string, GoValue> {
  const env = expand((names === undefined ? undefined : around(values, names)) ?? values);
  for (const [name, value] of FUNCTIONS) env.set(name, value);
  env.set('sprig', SPRIG);
  return env;
}
