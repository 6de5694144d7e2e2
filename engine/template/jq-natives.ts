/** jq's functions that are not written in jq, and its formats. The messages are gojq's. */
import { FORMATS } from './jq-formats.ts';
import { JsonError, parseFloat64, quote, Regexp, RegexpError, toBytes, trimSpace, unmarshalJson, type GoValue, isMap, isSlice, type RegexpMatch } from './go.ts';
import { below, computed, type Closure, type Native, type Result, type Runner } from './jq-evaluate.ts';
import { DEFINITIONS } from './jq-library.ts';
import { REALS, REALS2 } from './jq-math.ts';
import { JqError, parseDefinitions, type JqValue } from './jq-parse.ts';
import { brokenDown, formatDate, parseDate, secondsOf } from './jq-time.ts';
import {
  add, compareValues, described, deletePaths, entriesOf, indicesOf, integerOf, isArray, isNumber, isObject, isTrue, JqHalt, JqRaised, cannot, operate, preview, setPath, toJson, typeOf, valueAt, within,
} from './jq-values.ts';

/** A function of the input and the values of its arguments. */
function plain(apply: (value: JqValue, ...args: JqValue[]) => JqValue): Native {
  return function* native(input, args, run) {
    for (const values of product(args, input.value, run)) yield computed(input, apply(input.value, ...values));
  };
}

/** All combinations of the arguments' values; the last argument varies slowest. */
function* product(args: readonly Closure[], value: JqValue, run: Runner, count = args.length): Generator<JqValue[], void, undefined> {
  const arg = args[count - 1];
  if (arg === undefined) {
    yield [];
    return;
  }
  for (const last of run.values(arg, value)) for (const others of product(args, value, run, count - 1)) yield [...others, last];
}

const text = (name: string, apply: (value: string) => JqValue): [string, Native] => [`${name}/0`, plain((value) => (typeof value === 'string' ? apply(value) : cannot(name, value)))];

const text1 = (name: string, apply: (value: string, arg: string) => JqValue): [string, Native] => [`${name}/1`, plain((value, arg = null) => (typeof value === 'string' && typeof arg === 'string' ? apply(value, arg) : cannot(name, value, arg)))];

function length(value: JqValue): JqValue {
  if (value === null) return 0n;
  if (typeof value === 'string') return BigInt(Array.from(value).length);
  if (typeof value === 'bigint') return value < 0n ? -value : value;
  if (typeof value === 'number') return Math.abs(value);
  if (isArray(value)) return BigInt(value.length);
  return isObject(value) ? BigInt(value.size) : cannot('length', value);
}

function keys(value: JqValue): JqValue {
  if (isArray(value)) return value.map((_, i) => BigInt(i));
  return isObject(value) ? entriesOf(value).map(([key]) => key) : cannot('keys', value);
}

function has(value: JqValue, key: JqValue): JqValue {
  if (value === null) return false;
  if (isArray(value) && isNumber(key)) return integerOf(key) >= 0n && integerOf(key) < BigInt(value.length);
  if (isObject(value) && typeof key === 'string') return value.has(key);
  return cannot('has', value, key);
}

/** Whether one value lies in another; undefined where the two cannot be compared. */
function holds(value: JqValue, part: JqValue): boolean | undefined {
  if (isObject(value) && isObject(part)) return [...part].every(([key, inner]) => value.has(key) && holds(value.get(key) ?? null, inner) === true);
  if (isArray(value) && isArray(part)) return part.every((inner) => value.some((own) => holds(own, inner) === true));
  if (typeof value === 'string' && typeof part === 'string') return value.includes(part);
  if (isNumber(value) && isNumber(part)) return compareValues(value, part) === 0;
  return value === part ? true : undefined;
}

const contains = (value: JqValue, part: JqValue): boolean => holds(value, part) ?? cannot('contains', value, part);

function flatten(value: JqValue, depth: JqValue): JqValue {
  if (!isArray(value) && !isObject(value)) return cannot('flatten', value);
  if (!isNumber(depth)) return cannot('flatten', depth);
  if (depth < 0) throw new JqError(`flatten depth should not be negative: ${preview(Number(depth))}`);
  const gather = (list: readonly JqValue[], left: number): JqValue[] => list.flatMap((inner) => (isArray(inner) && left !== 0 ? gather(inner, left - 1) : [inner]));
  return gather(membersOf(value) ?? [], Math.min(Number(depth), 1000));
}

/** The members of a list or an object; undefined for anything else. */
function membersOf(value: JqValue): readonly JqValue[] | undefined {
  return isArray(value) ? value : isObject(value) ? entriesOf(value).map(([, member]) => member) : undefined;
}

/** Where a part stands in a list or text, all places of it. */
function places(name: string, value: JqValue, part: JqValue): JqValue[] | null {
  if (value === null) return null;
  if (isArray(value)) return indicesOf(value, isArray(part) ? part : [part]);
  if (typeof value !== 'string' || typeof part !== 'string') return cannot(name, value, part);
  return indicesOf(Array.from(value), Array.from(part));
}

function sumOf(values: Iterable<JqValue>): JqValue {
  let sum: JqValue = null;
  for (const value of values) sum = add(sum, value);
  return sum;
}

/** Long lists are joined at once, and what is no text, number or truth value is an error of adding. */
function join(value: JqValue, separator: JqValue): JqValue {
  const members = membersOf(value);
  if (members === undefined) return cannot('join', value, separator);
  const texts = members.map((member) => (typeof member === 'boolean' || isNumber(member) ? toJson(member) : member ?? ''));
  if (typeof separator === 'string' && texts.every((member) => typeof member === 'string')) return texts.join(separator);
  return members.length === 0 ? '' : sumOf(texts.flatMap((member, i) => [i === 0 ? '' : separator, member]));
}

function explode(value: string): JqValue {
  return Array.from(value, (c) => BigInt(c.codePointAt(0) ?? 0));
}

function implode(value: JqValue): JqValue {
  if (!isArray(value)) return cannot('implode', value);
  return value.map((code) => {
    if (!isNumber(code)) return cannot('implode', value);
    const point = Number(integerOf(code));
    return point < 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? '\uFFFD' : String.fromCodePoint(point);
  }).join('');
}

function toNumber(value: JqValue): JqValue {
  if (isNumber(value)) return value;
  if (typeof value !== 'string') return cannot('tonumber', value);
  return within('tonumber', value, () => {
    if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) throw new JqError('invalid number');
    return /^[+-]?\d+$/.test(value) ? BigInt(value.replace('+', '')) : largest(value);
  });
}

/** A number beyond floating point is infinite. */
function largest(text: string): number {
  try {
    return parseFloat64(text);
  } catch {
    return text.startsWith('-') ? -Infinity : Infinity;
  }
}

function toBoolean(value: JqValue): JqValue {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return cannot('toboolean', value);
  if (value === 'true' || value === 'false') return value === 'true';
  throw new JqError(`toboolean cannot be applied to ${preview(value)}: invalid boolean`);
}

function fromJson(value: string): JqValue {
  try {
    return wholeNumbers(fromGo(unmarshalJson(value)), value);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    if (error.message.includes('after top-level value')) return cannot('fromjson', value);
    const reason = error.message === 'unexpected end of JSON input' ? (value.trim() === '' ? 'EOF' : 'unexpected EOF') : error.message;
    throw new JqError(`fromjson cannot be applied to ${preview(value)}: ${reason}`, { cause: error });
  }
}

/** A number alone keeps its digits. */
function wholeNumbers(value: JqValue, text: string): JqValue {
  return typeof value === 'number' && /^\s*-?\d+\s*$/.test(text) ? BigInt(text.trim()) : value;
}

/** JSON as Go reads it: all numbers are floating-point. Throws JsonError. */
export function readJson(json: string): JqValue {
  return fromGo(unmarshalJson(json));
}

function fromGo(value: GoValue): JqValue {
  if (isSlice(value)) return value.map(fromGo);
  if (isMap(value)) return new Map([...value].map(([key, member]): [string, JqValue] => [key as string, fromGo(member)]));
  return value as JqValue;
}

function error(value: JqValue): never {
  throw new JqRaised(value);
}

/** Pairs each element with what a filter gives for it; without a filter with itself. */
function keyed(name: string, input: Result, args: readonly Closure[], run: Runner): { key: JqValue; value: JqValue }[] {
  const { value } = input;
  const [by] = args;
  if (by === undefined) return isArray(value) ? value.map((element) => ({ key: element, value: element })) : cannot(name, value);
  const members = membersOf(value);
  if (members === undefined) throw new JqError(`cannot iterate over: ${described(value)}`);
  const keys: JqValue[] = members.map((element) => [...run.values(by, element)]);
  if (!isArray(value)) return cannot(name, value, keys);
  return value.map((element, i) => ({ key: keys[i] ?? null, value: element }));
}

function sorted(name: string, input: Result, args: readonly Closure[], run: Runner): { key: JqValue; value: JqValue }[] {
  return keyed(name, input, args, run).sort((a, b) => compareValues(a.key, b.key));
}

function grouped(name: string, input: Result, args: readonly Closure[], run: Runner): JqValue[][] {
  const groups: { key: JqValue; values: JqValue[] }[] = [];
  for (const { key, value } of sorted(name, input, args, run)) {
    const last = groups.at(-1);
    if (last !== undefined && compareValues(last.key, key) === 0) last.values.push(value);
    else groups.push({ key, values: [value] });
  }
  return groups.map((group) => group.values);
}

/** A function over a whole list, with and without a filter that says by what. */
function overLists(name: string, make: (name: string, input: Result, args: readonly Closure[], run: Runner) => JqValue): [string, Native][] {
  const native = (called: string): Native => function* over(input, args, run) { yield computed(input, make(called, input, args, run)); };
  return [[`${name}/0`, native(name)], [`${name}_by/1`, native(`${name}_by`)]];
}

function extreme(sign: number) {
  return (name: string, input: Result, args: readonly Closure[], run: Runner): JqValue => {
    let best: { key: JqValue; value: JqValue } | undefined;
    for (const entry of keyed(name, input, args, run)) {
      const order = best === undefined ? 1 : sign * compareValues(entry.key, best.key);
      if (order > 0 || (order === 0 && sign > 0)) best = entry;
    }
    return best?.value ?? null;
  };
}

/** Of several values for a bound the first bound changes slowest. */
function* range(input: Result, args: readonly Closure[], run: Runner): Generator<Result, void, undefined> {
  const bounds = args.length === 1 ? [{ body: { type: 'literal', value: 0n }, scope: undefined } as const, ...args] : args;
  for (const values of product([...bounds].reverse(), input.value, run)) {
    const [from = null, to = null, by = 1n] = values.reverse();
    for (const bound of [from, to, by]) if (!isNumber(bound)) cannot('range', bound);
    for (let i: JqValue = from; compareValues(by, 0n) * compareValues(i, to) < 0; i = operate('+', i, by)) {
      run.tick();
      yield computed(input, i);
    }
  }
}

function* taken(count: JqValue, filter: Closure, input: Result, run: Runner, skip: boolean): Generator<Result, void, undefined> {
  const name = skip ? 'skip' : 'limit';
  if (compareValues(count, 0n) < 0) throw new JqRaised(`${name} doesn't support negative count`);
  let left = count;
  if (!skip && compareValues(left, 0n) === 0) return;
  for (const result of run.run(filter.body, filter.scope, input)) {
    if (compareValues(left, 0n) > 0) left = operate('-', left, 1n);
    else if (skip) left = -1n;
    if (!skip) yield result;
    else if (compareValues(left, 0n) < 0) yield result;
    if (!skip && compareValues(left, 0n) <= 0) return;
  }
}

function counted(skip: boolean): Native {
  return function* native(input, [count, filter], run) {
    if (count === undefined || filter === undefined) return;
    for (const value of run.values(count, input.value)) yield* taken(value, filter, input, run, skip);
  };
}

function* getPath(input: Result, args: readonly Closure[], run: Runner): Generator<Result, void, undefined> {
  for (const [path = null] of product(args, input.value, run)) {
    if (!isArray(path)) cannot('getpath', input.value, path);
    const value = valueAt(input.value, path);
    yield { ...path.reduce<Result>((result, key) => below(result, key, null), input), value };
  }
}

/**
 * What loops are made of: a result, then what the filter makes of it, and so on, without recursion. `show` says which
 * results are given, `deepen` from which to go on.
 */
function* descend(input: Result, [filter, show, deepen]: readonly Closure[], run: Runner): Generator<Result, void, undefined> {
  if (filter === undefined || show === undefined || deepen === undefined) return;
  const stack: Ahead[] = [new Ahead([input].values())];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    run.tick();
    const result = top.take();
    if (result === undefined) continue;
    // What has nothing more to give is let go at once, so that long loops stay shallow.
    if (!top.isDone()) stack.push(top);
    const goOn = isFirstTrue(run.values(deepen, result.value));
    if (isFirstTrue(run.values(show, result.value))) yield result;
    if (goOn) stack.push(new Ahead(run.run(filter.body, filter.scope, result)));
    if (stack.length > MAX_LOOP) throw new JqError('the filter recurses too deeply');
  }
}

/** An iterator that knows whether there is more. What goes wrong while it looks ahead is raised when its turn comes. */
class Ahead {
  private readonly results: Iterator<Result, void>;
  private next: (() => Result | undefined) | undefined;

  constructor(results: Iterator<Result, void>) {
    this.results = results;
  }

  take(): Result | undefined {
    const next = this.next ?? this.look();
    this.next = undefined;
    return next();
  }

  isDone(): boolean {
    this.next ??= this.look();
    return this.next === nothing;
  }

  private look(): () => Result | undefined {
    try {
      const step = this.results.next();
      return step.done === true ? nothing : (): Result => step.value;
    } catch (raised) {
      return () => {
        throw raised;
      };
    }
  }
}

function nothing(): undefined {
  return undefined;
}

const MAX_LOOP = 100_000;

function isFirstTrue(values: Iterable<JqValue>): boolean {
  for (const value of values) return isTrue(value);
  return false;
}

const asPath = (name: string, value: JqValue, path: JqValue): readonly JqValue[] => (isArray(path) ? path : cannot(name, value, path));

/** `match` and `test`: the matches of a regular expression. */
function matching(name: 'match' | 'test', value: JqValue, source: JqValue, flags: JqValue): { pattern: Regexp; found: RegexpMatch[]; text: string } {
  if (typeof value !== 'string' || typeof source !== 'string' || (flags !== null && typeof flags !== 'string')) return cannot(name, value, source, flags);
  const set = flags ?? '';
  if (!/^[gim]*$/.test(set)) throw new JqError(`unsupported regular expression flag: ${quote(set)}`);
  const whole = `${set.includes('m') ? '(?s)' : ''}${set.includes('i') ? '(?i)' : ''}${source}`;
  try {
    const pattern = Regexp.compile(whole);
    return { pattern, found: pattern.matches(value, set.includes('g') ? -1 : 1), text: value };
  } catch (cause) {
    if (cause instanceof RegexpError) throw new JqError(`invalid regular expression ${quote(whole)}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** A match as jq describes it, with places in characters. */
function describeMatch(match: RegexpMatch, pattern: Regexp, text: string): JqValue {
  const names = new Map(Object.entries(pattern.names()).map(([name, group]) => [group, name]));
  const part = (bounds: readonly [number, number] | undefined): Map<string, JqValue> => {
    if (bounds === undefined) return new Map<string, JqValue>([['offset', -1n], ['length', 0n], ['string', null]]);
    const found = text.slice(...bounds);
    return new Map<string, JqValue>([['offset', points(text.slice(0, bounds[0]))], ['length', points(found)], ['string', found]]);
  };
  const captures = match.bounds.slice(1).map((bounds, i) => part(bounds).set('name', names.get(i + 1) ?? null));
  return part([match.start, match.end]).set('captures', captures);
}

function points(value: string): bigint {
  return BigInt(Array.from(value).length);
}

/** The named groups of a match. */
function captured(value: JqValue): JqValue {
  if (!isArray(value)) throw new JqError(`expected an array but got: ${described(value)}`);
  const named = value.filter(isObject).map((capture): [JqValue, JqValue] => [capture.get('name') ?? null, capture.get('string') ?? null]);
  return new Map(named.filter((entry): entry is [string, JqValue] => typeof entry[0] === 'string'));
}

function transpose(value: JqValue): JqValue {
  if (!isArray(value) || !value.every(isArray)) return cannot('transpose', value);
  const width = Math.max(0, ...value.map((row) => row.length));
  return Array.from({ length: width }, (_, i) => value.map((row) => row[i] ?? null));
}

function bsearch(value: JqValue, wanted: JqValue): JqValue {
  if (!isArray(value)) return cannot('bsearch', value, wanted);
  let low = 0;
  let high = value.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(value[middle] ?? null, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return BigInt(low < value.length && compareValues(value[low] ?? null, wanted) === 0 ? low : -1 - low);
}

const SPACES = '[\\s\\x85]';
const ltrim = (value: string): string => value.replace(new RegExp(`^(?!\\uFEFF)${SPACES}+`), '');
const rtrim = (value: string): string => value.replace(new RegExp(`${SPACES}+$`), '');

/** The functions; `now` in ms since the epoch, for those that ask for the present. */
export function natives(now: number | undefined): Map<string, Native> {
  return new Map<string, Native>([
    ['empty/0', function* empty() { /* nothing */ }],
    ['not/0', plain((value) => !isTrue(value))],
    ['true/0', plain(() => true)],
    ['false/0', plain(() => false)],
    ['null/0', plain(() => null)],
    ['infinite/0', plain(() => Infinity)],
    ['nan/0', plain(() => Number.NaN)],
    ['error/0', plain(error)],
    ['error/1', plain((_value, raised = null) => error(raised))],
    ['halt/0', plain(() => { throw new JqHalt(null); })],
    ['halt_error/0', plain((value) => { throw new JqHalt(value); })],
    ['halt_error/1', plain((value, code = null) => {
      if (!isNumber(code)) return cannot('halt_error', code);
      throw new JqHalt(value);
    })],
    ['env/0', plain(() => new Map())],
    ['builtins/0', plain(() => [...natives(now).keys(), ...parseDefinitions(DEFINITIONS).map(({ name, parameters }) => `${name}/${parameters.length}`)].filter((name) => !name.startsWith('_')).sort())],
    ['repeat/1', function* repeat(input, [filter], run) {
      for (;;) {
        run.tick();
        if (filter !== undefined) yield* run.run(filter.body, filter.scope, input);
      }
    }],
    ['length/0', plain(length)],
    ['utf8bytelength/0', plain((value) => (typeof value === 'string' ? BigInt(toBytes(value).length) : cannot('utf8bytelength', value)))],
    ['type/0', plain(typeOf)],
    ['keys/0', plain(keys)],
    ['has/1', plain((value, key = null) => has(value, key))],
    ['add/0', plain((value) => sumOf(membersOf(value) ?? cannot('add', value)))],
    ['contains/1', plain((value, part = null) => contains(value, part))],
    ['inside/1', plain((value, whole = null) => contains(whole, value))],
    ['flatten/0', plain((value) => flatten(value, Infinity))],
    ['flatten/1', plain((value, depth = null) => flatten(value, depth))],
    ['indices/1', plain((value, part = null) => places('indices', value, part))],
    ['index/1', plain((value, part = null) => places('index', value, part)?.[0] ?? null)],
    ['rindex/1', plain((value, part = null) => places('rindex', value, part)?.at(-1) ?? null)],
    ['reverse/0', plain((value) => (isArray(value) ? [...value].reverse() : cannot('reverse', value)))],
    ['tojson/0', plain(toJson)],
    ['tostring/0', plain((value) => (typeof value === 'string' ? value : toJson(value)))],
    ['tonumber/0', plain(toNumber)],
    ['toboolean/0', plain(toBoolean)],
    text('fromjson', fromJson),
    text('explode', explode),
    ['implode/0', plain(implode)],
    text('ascii_downcase', (value) => value.replace(/[A-Z]/g, (c) => c.toLowerCase())),
    text('ascii_upcase', (value) => value.replace(/[a-z]/g, (c) => c.toUpperCase())),
    text('trim', trimSpace),
    text('ltrim', ltrim),
    text('rtrim', rtrim),
    text1('ltrimstr', withoutStart),
    text1('rtrimstr', withoutEnd),
    text1('trimstr', (value, part) => withoutEnd(withoutStart(value, part), part)),
    text1('startswith', (value, start) => value.startsWith(start)),
    text1('endswith', (value, end) => value.endsWith(end)),
    ['split/1', plain((value, separator = null) => {
      if (typeof value !== 'string') return cannot('split', value);
      return typeof separator !== 'string' ? cannot('split', separator) : separator === '' ? Array.from(value) : value.split(separator);
    })],
    ['join/1', plain((value, separator = null) => join(value, separator))],
    ['format/1', plain((value, name = null) => {
      if (typeof name !== 'string') return cannot('format', name);
      const format = FORMATS.get(`@${name}`);
      if (format === undefined) throw new JqError(`format not defined: @${name}`);
      return format(value);
    })],
    ['match/2', function* match(input, args, run) {
      for (const [flags = null, source = null] of product([...args].reverse(), input.value, run)) {
        const { pattern, found, text: value } = matching('match', input.value, source, flags);
        for (const each of found) yield computed(input, describeMatch(each, pattern, value));
      }
    }],
    ['test/2', function* test(input, args, run) {
      for (const [flags = null, source = null] of product([...args].reverse(), input.value, run)) yield computed(input, matching('test', input.value, source, flags).found.length > 0);
    }],
    ['_captured/0', plain(captured)],
    ['path/1', function* path(input, [filter], run) {
      if (filter === undefined) return;
      for (const found of run.paths(filter, input.value)) yield computed(input, found.path);
    }],
    ['getpath/1', getPath],
    ['setpath/2', plain((value, path = null, other = null) => setPath(value, asPath('setpath', value, path), other))],
    ['delpaths/1', plain((value, paths = null) => deletePaths(value, asPath('delpaths', value, paths)))],
    ['_descend/3', descend],
    ['range/1', range],
    ['range/2', range],
    ['range/3', range],
    ['limit/2', counted(false)],
    ['skip/2', counted(true)],
    ['first/1', function* first(input, [filter], run) {
      if (filter !== undefined) yield* taken(1n, filter, input, run, false);
    }],
    ['last/1', function* last(input, [filter], run) {
      let found: Result | undefined;
      if (filter !== undefined) for (const result of run.run(filter.body, filter.scope, input)) found = result;
      if (found !== undefined) yield found;
    }],
    ['isempty/1', function* isempty(input, [filter], run) {
      if (filter !== undefined) yield computed(input, taken(1n, filter, input, run, false).next().done === true);
    }],
    ...overLists('sort', (...over) => sorted(...over).map((entry) => entry.value)),
    ['group_by/1', function* groupBy(input, args, run) { yield computed(input, grouped('group_by', input, args, run)); }],
    ...overLists('unique', (...over) => grouped(...over).map((group) => group[0] ?? null)),
    ...overLists('min', extreme(-1)),
    ...overLists('max', extreme(1)),
    ['transpose/0', plain(transpose)],
    ['bsearch/1', plain((value, wanted = null) => bsearch(value, wanted))],
    ['abs/0', plain((value) => (isNumber(value) ? (value < 0 ? -value : value) : cannot('abs', value)))],
    ...Object.entries(REALS).map(([name, apply]): [string, Native] => [`${name}/0`, plain((value) => (isNumber(value) ? apply(Number(value)) : cannot(name, value)))]),
    ...Object.entries(REALS2).map(([name, apply]): [string, Native] => [`${name}/2`, plain((_value, a = null, b = null) => {
      if (!isNumber(a)) return cannot(name, a);
      return isNumber(b) ? apply(Number(a), Number(b)) : cannot(name, b);
    })]),
    ['isfinite/0', plain((value) => isNumber(value) && Math.abs(Number(value)) !== Infinity)],
    ['isinfinite/0', plain((value) => isNumber(value) && Math.abs(Number(value)) === Infinity)],
    ['isnan/0', plain((value) => (value === null ? false : isNumber(value) ? Number.isNaN(Number(value)) : cannot('isnan', value)))],
    ['isnormal/0', plain((value) => isNumber(value) && Number.isFinite(Number(value)) && Math.abs(Number(value)) >= 2 ** -1022)],
    ['now/0', plain(() => {
      if (now === undefined) throw new JqError('now is not known here');
      return now / 1000;
    })],
    ...['gmtime', 'localtime'].map((name): [string, Native] => [`${name}/0`, plain((value) => (isNumber(value) ? brokenDown(Number(value)) : cannot(name, value)))]),
    ['mktime/0', plain((value) => (isArray(value) ? within('mktime', value, () => secondsOf(value)) : cannot('mktime', value)))],
    // The helper Pod that Argo runs the filter in has no time zone of its own: local is UTC.
    ...['strftime', 'strflocaltime'].map((name): [string, Native] => [`${name}/1`, plain((value, format = null) => {
      const time = isNumber(value) ? brokenDown(Number(value)) : value;
      if (!isArray(time) || typeof format !== 'string') return cannot(name, time, format);
      return within(`${name}(${preview(format)})`, time, () => formatDate(secondsOf(time), format));
    })]),
    ['strptime/1', plain((value, format = null) => {
      if (typeof value !== 'string' || typeof format !== 'string') return cannot('strptime', value, format);
      return within(`strptime(${preview(format)})`, value, () => parseDate(value, format));
    })],
  ]);
}

const withoutStart = (value: string, start: string): string => (value.startsWith(start) ? value.slice(start.length) : value);
const withoutEnd = (value: string, end: string): string => (end !== '' && value.endsWith(end) ? value.slice(0, -end.length) : value);
