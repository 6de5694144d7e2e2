/** Arguments of the builtins that take a predicate; `?` marks those that may be left out. */
export const PREDICATES: ReadonlyMap<string, readonly string[]> = new Map([
  ...each(['all', 'none', 'any', 'one', 'filter', 'map', 'find', 'findIndex', 'findLast', 'findLastIndex', 'groupBy'], ['list', 'predicate']),
  ...each(['count', 'sum'], ['list', 'predicate?']),
  ...each(['sortBy', 'reduce'], ['list', 'predicate', 'value?']),
]);

function each(names: readonly string[], args: readonly string[]): [string, readonly string[]][] {
  return names.map((name) => [name, args]);
}

const FUNCTIONS = new Set([
  'len', 'type', 'abs', 'ceil', 'floor', 'round', 'int', 'float', 'string', 'trim', 'trimPrefix', 'trimSuffix', 'upper', 'lower', 'split', 'splitAfter', 'replace', 'repeat',
  'join', 'indexOf', 'lastIndexOf', 'hasPrefix', 'hasSuffix', 'max', 'min', 'mean', 'median', 'toJSON', 'fromJSON', 'toBase64', 'fromBase64', 'now', 'duration', 'date',
  'timezone', 'first', 'last', 'get', 'take', 'keys', 'values', 'toPairs', 'fromPairs', 'reverse', 'uniq', 'concat', 'flatten', 'sort', 'bitand', 'bitor', 'bitxor', 'bitnand',
  'bitnot', 'bitshl', 'bitshr', 'bitushr',
]);

/** @returns whether expr-lang has a builtin of this name */
export function isBuiltin(name: string): boolean {
  return PREDICATES.has(name) || FUNCTIONS.has(name);
}
