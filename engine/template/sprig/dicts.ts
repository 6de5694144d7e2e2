import { compareKeys, GoMap, GoSlice, isMap, isSlice, JsonError, marshalJson, typeName, unmarshalJson } from '../go.ts';
import type { GoValue, MarshalOptions } from '../go.ts';
import { Panic } from '../expr/error.ts';
import { deepEqual } from '../expr/operators.ts';
import { changeable, own } from '../expr/own.ts';
import { any, ANY, dict, DICT, isEmpty, kindOf, LIST, strings, text, textOf } from './convert.ts';
import type { Entry } from './convert.ts';

function make(args: readonly GoValue[]): GoValue {
  const out = own(new Map<GoValue, GoValue>());
  for (let i = 0; i < args.length; i += 2) out.set(textOf(any(args, i)), i + 1 < args.length ? any(args, i + 1) : '');
  return out;
}

function sorted(map: ReadonlyMap<GoValue, GoValue>): [GoValue, GoValue][] {
  return [...map].sort((a, b) => compareKeys(a[0], b[0]));
}

function pluck(args: readonly GoValue[]): GoValue {
  return args.slice(1).flatMap((map) => (isMap(map) && map.has(text(args, 0)) ? [map.get(text(args, 0)) ?? null] : []));
}

function select(args: readonly GoValue[], keep: boolean): GoValue {
  const keys = new Set(args.slice(1));
  return own(new Map([...dict(args, 0)].filter(([key]) => keys.has(key) === keep)));
}

/** mergo: what the target lacks or has empty is filled in, or all of it is replaced; maps are merged within. */
function merge(target: Map<GoValue, GoValue>, source: ReadonlyMap<GoValue, GoValue>, overwrite: boolean, depth = 0): void {
  if (depth > 100) throw new Panic('recursion depth exceeded');
  for (const [key, value] of source) {
    const present = target.get(key);
    if (value === null) {
      if (overwrite) target.set(key, value);
    } else if (isMap(value) && present !== undefined && isMap(present)) {
      const inner = changeable(present);
      merge(inner, value, overwrite, depth + 1);
      target.set(key, inner);
    } else if (overwrite || present === undefined || isEmpty(present)) target.set(key, value);
  }
}

function merged(args: readonly GoValue[], overwrite: boolean): GoValue {
  const target = changeable(dict(args, 0));
  for (const source of args.slice(1)) if (isMap(source)) merge(target, source, overwrite);
  return target;
}

function dig(args: readonly GoValue[]): GoValue {
  if (args.length < 3) throw new Panic('dig needs at least three arguments');
  const mapOf = (step: GoValue): ReadonlyMap<GoValue, GoValue> => {
    if (isMap(step) && !(step instanceof GoMap)) return step;
    throw new Panic(`interface conversion: interface {} is ${step === null ? 'nil' : typeName(step)}, not ${DICT}`);
  };
  let value: GoValue = args.at(-1) ?? null;
  mapOf(value);
  const wrong = args.slice(0, -2).find((key) => typeof key !== 'string');
  if (wrong !== undefined) throw new Panic(`interface conversion: interface {} is ${wrong === null ? 'nil' : typeName(wrong)}, not string`);
  for (const key of args.slice(0, -2)) {
    const next = mapOf(value).get(key);
    if (next === undefined) return args.at(-2) ?? null;
    value = next;
  }
  return value;
}

function copy(value: GoValue, depth = 0): GoValue {
  if (depth > 1000) throw new Panic('recursion depth exceeded');
  if (value instanceof GoSlice) return GoSlice.make(value.type, value.map((item) => copy(item, depth + 1)));
  if (isSlice(value)) return value.map((item) => copy(item, depth + 1));
  if (!isMap(value)) return value;
  const entries = [...value].map(([key, item]) => [key, copy(item, depth + 1)] as const);
  return value instanceof GoMap ? new GoMap(value.type, entries) : own(new Map(entries));
}

function deepCopy(args: readonly GoValue[]): GoValue {
  if (any(args, 0) === null) throw new Panic('reflect: call of reflect.Value.Type on zero Value');
  return copy(any(args, 0));
}

function firstFilled(args: readonly GoValue[]): GoValue {
  return args.find((value) => !isEmpty(value)) ?? null;
}

/** The lenient twin of a function that may fail: any JSON error gives `otherwise`. */
function lenient(call: () => GoValue, otherwise: GoValue): GoValue {
  try {
    return call();
  } catch (error) {
    if (error instanceof JsonError) return otherwise;
    throw error;
  }
}

function json(name: string, must: string, options: MarshalOptions): [string, Entry][] {
  return [
    [name, [`func(${ANY}) string`, (args) => lenient(() => marshalJson(any(args, 0), options), '')]],
    [must, [`func(${ANY}) (string, error)`, (args) => marshalJson(any(args, 0), options)]],
  ];
}

export const DICTS: Readonly<Record<string, Entry>> = {
  dict: [`func(...${ANY}) ${DICT}`, make],
  get: [`func(${DICT}, string) ${ANY}`, (args) => dict(args, 0).get(text(args, 1)) ?? (dict(args, 0).has(text(args, 1)) ? null : '')],
  set: [`func(${DICT}, string, ${ANY}) ${DICT}`, (args) => changeable(dict(args, 0)).set(text(args, 1), any(args, 2))],
  unset: [`func(${DICT}, string) ${DICT}`, (args) => {
    const map = changeable(dict(args, 0));
    map.delete(text(args, 1));
    return map;
  }],
  hasKey: [`func(${DICT}, string) bool`, (args) => dict(args, 0).has(text(args, 1))],
  pluck: [`func(string, ...${DICT}) ${LIST}`, pluck],
  keys: [`func(...${DICT}) []string`, (args) => strings(args.flatMap((map) => (isMap(map) ? sorted(map).map(([key]) => textOf(key)) : [])))],
  values: [`func(${DICT}) ${LIST}`, (args) => sorted(dict(args, 0)).map(([, value]) => value)],
  pick: [`func(${DICT}, ...string) ${DICT}`, (args) => select(args, true)],
  omit: [`func(${DICT}, ...string) ${DICT}`, (args) => select(args, false)],
  merge: [`func(${DICT}, ...${DICT}) ${ANY}`, (args) => merged(args, false)],
  mustMerge: [`func(${DICT}, ...${DICT}) (${ANY}, error)`, (args) => merged(args, false)],
  mergeOverwrite: [`func(${DICT}, ...${DICT}) ${ANY}`, (args) => merged(args, true)],
  mustMergeOverwrite: [`func(${DICT}, ...${DICT}) (${ANY}, error)`, (args) => merged(args, true)],
  dig: [`func(...${ANY}) (${ANY}, error)`, dig],
  deepCopy: [`func(${ANY}) ${ANY}`, deepCopy],
  mustDeepCopy: [`func(${ANY}) (${ANY}, error)`, deepCopy],
  deepEqual: [`func(${ANY}, ${ANY}) bool`, (args) => deepEqual(any(args, 0), any(args, 1))],
  default: [`func(${ANY}, ...${ANY}) ${ANY}`, (args) => (isEmpty(any(args, 1)) ? any(args, 0) : any(args, 1))],
  empty: [`func(${ANY}) bool`, (args) => isEmpty(any(args, 0))],
  coalesce: [`func(...${ANY}) ${ANY}`, firstFilled],
  all: [`func(...${ANY}) bool`, (args) => !args.some(isEmpty)],
  any: [`func(...${ANY}) bool`, (args) => args.some((value) => !isEmpty(value))],
  ternary: [`func(${ANY}, ${ANY}, bool) ${ANY}`, (args) => (args[2] === true ? any(args, 0) : any(args, 1))],
  typeOf: [`func(${ANY}) string`, (args) => typeName(any(args, 0))],
  typeIs: [`func(string, ${ANY}) bool`, (args) => text(args, 0) === typeName(any(args, 1))],
  typeIsLike: [`func(string, ${ANY}) bool`, (args) => text(args, 0) === typeName(any(args, 1)) || `*${text(args, 0)}` === typeName(any(args, 1))],
  kindOf: [`func(${ANY}) string`, (args) => kindOf(any(args, 0))],
  kindIs: [`func(string, ${ANY}) bool`, (args) => text(args, 0) === kindOf(any(args, 1))],
  fromJson: [`func(string) ${ANY}`, (args) => lenient(() => unmarshalJson(text(args, 0)), null)],
  mustFromJson: [`func(string) (${ANY}, error)`, (args) => unmarshalJson(text(args, 0))],
  ...Object.fromEntries([
    ...json('toJson', 'mustToJson', {}), ...json('toPrettyJson', 'mustToPrettyJson', { indent: '  ' }), ...json('toRawJson', 'mustToRawJson', { html: false }),
  ]),
};
