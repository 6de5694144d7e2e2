import { ANY, elementOf, FLOAT, INT, isFloat, isInteger, isList, isMap, isNil, isNumber, isString, isUnknown, LIST, natureOfType, TIME } from './nature.ts';
import type { Nature } from './nature.ts';

const LISTS = 'func([]interface {}, string) []interface {}';
const BITS = 'func(int, int) int';

/** The overloads of the builtins that have fixed types, in the order in which they are tried. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  all: ['func([]interface {}, func(interface {}) bool) bool'], none: ['func([]interface {}, func(interface {}) bool) bool'],
  any: ['func([]interface {}, func(interface {}) bool) bool'], one: ['func([]interface {}, func(interface {}) bool) bool'],
  filter: ['func([]interface {}, func(interface {}) bool) []interface {}'], map: ['func([]interface {}, func(interface {}) interface {}) []interface {}'],
  find: ['func([]interface {}, func(interface {}) bool) interface {}'], findIndex: ['func([]interface {}, func(interface {}) bool) int'],
  findLast: ['func([]interface {}, func(interface {}) bool) interface {}'], findLastIndex: ['func([]interface {}, func(interface {}) bool) int'],
  count: ['func([]interface {}, func(interface {}) bool) int'], sum: ['func([]interface {}, func(interface {}) bool) int'],
  groupBy: ['func([]interface {}, func(interface {}) interface {}) map[interface {}][]interface {}'],
  sortBy: ['func([]interface {}, func(interface {}) bool, string) []interface {}'],
  reduce: ['func([]interface {}, func(interface {}, interface {}) interface {}, interface {}) interface {}'],
  type: ['func(interface {}) string'], string: ['func(interface {}) string'],
  trim: ['func(string) string', 'func(string, string) string'],
  trimPrefix: ['func(string, string) string', 'func(string) string'], trimSuffix: ['func(string, string) string', 'func(string) string'],
  upper: ['func(string) string'], lower: ['func(string) string'],
  split: ['func(string, string) []string', 'func(string, string, int) []string'], splitAfter: ['func(string, string) []string', 'func(string, string, int) []string'],
  replace: ['func(string, string, string, int) string', 'func(string, string, string) string'],
  repeat: ['func(string, int) string'],
  join: ['func([]string, string) string', 'func([]interface {}, string) string', 'func([]interface {}) string', 'func([]string) string'],
  indexOf: ['func(string, string) int'], lastIndexOf: ['func(string, string) int'], hasPrefix: ['func(string, string) bool'], hasSuffix: ['func(string, string) bool'],
  toJSON: ['func(interface {}) string'], fromJSON: ['func(string) interface {}'], toBase64: ['func(string) string'], fromBase64: ['func(string) string'],
  duration: ['func(string) (time.Duration, error)'], timezone: ['func(string) (*time.Location, error)'],
  sort: [LISTS, LISTS.replace('interface {}', 'int'), LISTS.replace('interface {}', 'float64'), LISTS.replace('interface {}', 'string'),
    'func([]interface {}) []interface {}', 'func([]float64) []interface {}', 'func([]string) []interface {}', 'func([]int) []interface {}'],
  bitand: [BITS], bitor: [BITS], bitxor: [BITS], bitnand: [BITS], bitnot: ['func(int) int'], bitshl: [BITS], bitshr: [BITS], bitushr: [BITS],
};

/** @returns the overloads of a builtin, undefined for those that look at their arguments themselves */
export function builtinTypes(name: string): readonly string[] | undefined {
  return TYPES[name];
}

/** @returns the Go type of a builtin that is used as a value */
export function builtinType(name: string): string {
  return TYPES[name]?.[0] ?? 'func(...interface {}) (interface {}, error)';
}

function typeText(nature: Nature): string {
  return isNil(nature) ? '%!s(<nil>)' : isUnknown(nature) ? ANY.type : nature.type;
}

function wrongCount(expected: string, count: number): string {
  return `invalid number of arguments (expected ${expected}, got ${count})`;
}

type Test = (nature: Nature) => boolean;

/** Builtins of one argument: what it may be, what comes out, and the message for anything else. */
interface OneArgument {
  readonly accepts: readonly Test[];
  readonly result: (arg: Nature) => Nature;
  readonly message: (type: string) => string;
}

function one(accepts: readonly Test[], result: Nature | ((arg: Nature) => Nature), message: (type: string) => string): OneArgument {
  return { accepts, result: typeof result === 'function' ? result : () => result, message };
}

const invalid = (name: string) => (type: string): string => `invalid argument for ${name} (type ${type})`;
const element = (arg: Nature): Nature => natureOfType(elementOf({ type: arg.type }).type);

const ONE: Readonly<Record<string, OneArgument>> = {
  len: one([isList, isMap, isString], INT, invalid('len')),
  abs: one([isNumber], (arg) => arg, invalid('abs')),
  ceil: one([isNumber], FLOAT, invalid('ceil')), floor: one([isNumber], FLOAT, invalid('floor')), round: one([isNumber], FLOAT, invalid('round')),
  int: one([isInteger, isFloat, isString], INT, invalid('int')), float: one([isInteger, isFloat, isString], FLOAT, invalid('float')),
  first: one([isList], element, (type) => `cannot get first element from ${type}`), last: one([isList], element, (type) => `cannot get last element from ${type}`),
  keys: one([isMap], LIST, (type) => `cannot get keys from ${type}`), values: one([isMap], LIST, (type) => `cannot get values from ${type}`),
  toPairs: one([isMap], LIST, (type) => `cannot transform ${type} to pairs`),
  fromPairs: one([isList], natureOfType('map[interface {}]interface {}'), (type) => `cannot transform ${type} from pairs`),
  reverse: one([isList], LIST, (type) => `cannot reverse ${type}`), uniq: one([isList], LIST, (type) => `cannot uniq ${type}`),
  flatten: one([isList], LIST, (type) => `cannot flatten ${type}`),
};

/** @returns the nature of the result, or what is wrong with the arguments */
export function validateBuiltin(name: string, args: readonly Nature[]): Nature | string {
  const rule = ONE[name];
  if (rule !== undefined) {
    const [arg] = args;
    if (arg === undefined || args.length !== 1) return wrongCount('1', args.length);
    if (isUnknown(arg)) return rule.result(ANY);
    return rule.accepts.some((test) => test(arg)) ? rule.result(arg) : rule.message(typeText(arg));
  }
  switch (name) {
    case 'max': case 'min': case 'mean': case 'median': return aggregate(name, args);
    case 'now': return args.length === 0 || (args.length === 1 && args[0]?.type === '*time.Location') ? TIME : wrongCount('0', args.length);
    case 'date': return date(args);
    case 'take': return take(args);
    case 'concat': return concat(args);
    default: return ANY;
  }
}

function aggregate(name: string, args: readonly Nature[]): Nature | string {
  const [first] = args;
  if (first === undefined) return `not enough arguments to call ${name}`;
  for (const arg of args) {
    if (isUnknown(arg) || isList(arg)) return ANY;
    if (!isNumber(arg)) return `invalid argument for ${name} (type ${typeText(arg)})`;
  }
  return first;
}

function date(args: readonly Nature[]): Nature | string {
  const most = args[0]?.type === '*time.Location' ? 4 : 3;
  if (args.length < 1) return wrongCount('at least 1', args.length);
  return args.length > most ? wrongCount(`at most ${most}`, args.length) : TIME;
}

function take(args: readonly Nature[]): Nature | string {
  const [list, count] = args;
  if (list === undefined || count === undefined || args.length !== 2) return wrongCount('2', args.length);
  if (!isUnknown(list) && !isList(list)) return `cannot take from ${typeText(list)}`;
  if (!isUnknown(count) && !isInteger(count)) return `cannot take ${typeText(count)} elements`;
  return list;
}

function concat(args: readonly Nature[]): Nature | string {
  if (args.length === 0) return wrongCount('at least 1', 0);
  const bad = args.find((arg) => !isUnknown(arg) && !isList(arg));
  return bad === undefined ? LIST : `cannot concat ${typeText(bad)}`;
}
