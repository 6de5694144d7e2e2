import { GoSlice, isSlice, NIL_LIST } from '../go.ts';
import type { Call, FunctionHost, GoValue } from '../go.ts';
import { distinct } from '../expr/builtins.ts';
import { Panic } from '../expr/error.ts';
import { deepEqual } from '../expr/operators.ts';
import { any, ANY, elements, int, isEmpty, kindOf, LIST, limit, toInt64 } from './convert.ts';
import type { Entry } from './convert.ts';

type ListCall = Call;

function sameType(like: GoValue, items: GoValue[]): GoValue {
  return like instanceof GoSlice ? GoSlice.make(like.type, items) : items;
}

const holds = (list: readonly GoValue[], value: GoValue): boolean => list.some((item) => deepEqual(item, value));
const orNil = (items: readonly GoValue[], list: readonly GoValue[]): GoValue => (list.length === 0 ? NIL_LIST : items);

function chunk(args: readonly GoValue[]): GoValue {
  const size = int(args, 0);
  const list = elements(any(args, 1), 'chunk');
  if (size < 1) throw new Panic('runtime error: makeslice: len out of range');
  const out: GoValue[][] = [];
  for (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size));
  return GoSlice.make('[][]interface {}', out);
}

function uniq(args: readonly GoValue[], { grow }: FunctionHost): GoValue {
  return distinct(elements(any(args, 0), 'find uniq on'), deepEqual, grow);
}

function slice(args: readonly GoValue[]): GoValue {
  const value = any(args, 0);
  if (value === null) throw new Panic('runtime error: invalid memory address or nil pointer dereference');
  if (!isSlice(value)) throw new Panic(`list should be type of slice or array but ${kindOf(value)}`);
  if (value.length === 0) return null;
  const start = args.length > 1 ? Number(toInt64(any(args, 1))) : 0;
  const end = args.length > 2 ? Number(toInt64(any(args, 2))) : value.length;
  if (start < 0 || end > value.length || start > end) throw new Panic('reflect.Value.Slice: slice index out of bounds');
  return sameType(value, value.slice(start, end));
}

function concat(args: readonly GoValue[]): GoValue {
  const out = args.flatMap((arg) => elements(arg, 'concat', ' as list'));
  limit(out.length);
  return out.length === 0 ? NIL_LIST : out;
}

const PUSH: ListCall = (args) => [...elements(any(args, 0), 'push on'), any(args, 1)];
const PREPEND: ListCall = (args) => [any(args, 1), ...elements(any(args, 0), 'prepend on')];
const HAS: ListCall = (args) => any(args, 1) !== null && holds(elements(any(args, 1), 'find has on'), any(args, 0));
const COMPACT: ListCall = (args) => elements(any(args, 0), 'compact on').filter((item) => !isEmpty(item));
const REST: ListCall = (args) => orNil(elements(any(args, 0), 'find rest on').slice(1), elements(any(args, 0), 'find rest on'));
const INITIAL: ListCall = (args) => orNil(elements(any(args, 0), 'find initial on').slice(0, -1), elements(any(args, 0), 'find initial on'));
const FIRST: ListCall = (args) => elements(any(args, 0), 'find first on')[0] ?? null;
const LAST: ListCall = (args) => elements(any(args, 0), 'find last on').at(-1) ?? null;
const REVERSE: ListCall = (args) => [...elements(any(args, 0), 'find reverse on')].reverse();
const WITHOUT: ListCall = (args) => elements(any(args, 0), 'find without on').filter((item) => !holds(args.slice(1), item));

/** A function and its must-twin, which differ only in how Go hands the error on. */
function both(name: string, must: string, params: string, result: string, call: ListCall): [string, Entry][] {
  return [[name, [`func(${params}) ${result}`, call]], [must, [`func(${params}) (${result}, error)`, call]]];
}

export const LISTS: Readonly<Record<string, Entry>> = {
  tuple: [`func(...${ANY}) ${LIST}`, (args) => [...args]],
  list: [`func(...${ANY}) ${LIST}`, (args) => [...args]],
  ...Object.fromEntries([
    ...both('append', 'mustAppend', `${ANY}, ${ANY}`, LIST, PUSH), ...both('push', 'mustPush', `${ANY}, ${ANY}`, LIST, PUSH),
    ...both('prepend', 'mustPrepend', `${ANY}, ${ANY}`, LIST, PREPEND), ...both('first', 'mustFirst', ANY, ANY, FIRST), ...both('rest', 'mustRest', ANY, LIST, REST),
    ...both('last', 'mustLast', ANY, ANY, LAST), ...both('initial', 'mustInitial', ANY, LIST, INITIAL), ...both('reverse', 'mustReverse', ANY, LIST, REVERSE),
    ...both('uniq', 'mustUniq', ANY, LIST, uniq), ...both('without', 'mustWithout', `${ANY}, ...${ANY}`, LIST, WITHOUT), ...both('has', 'mustHas', `${ANY}, ${ANY}`, 'bool', HAS),
    ...both('slice', 'mustSlice', `${ANY}, ...${ANY}`, ANY, slice), ...both('compact', 'mustCompact', ANY, LIST, COMPACT), ...both('chunk', 'mustChunk', `int, ${ANY}`, `[]${LIST}`, chunk),
  ]),
  concat: [`func(...${ANY}) ${ANY}`, concat],
};
