/** jq's functions that are not written in jq, and its formats. The messages are gojq's. */
import { RE2JS } from 're2js';
import { fromBytes, JsonError, toBytes, toValidUtf8, unmarshalJson, base64, type GoValue, isMap, isSlice } from './go.ts';
import { below, computed, type Closure, type Native, type Result, type Runner } from './jq-evaluate.ts';
import { JqError, type JqValue } from './jq-parse.ts';
import { brokenDown, formatDate, parseDate, secondsOf } from './jq-time.ts';
import { compareValues, deletePaths, described, entriesOf, indexValue, indicesOf, integerOf, isArray, isNumber, isObject, isTrue, JqRaised, preview, setPath, split, toJson, typeOf } from './jq-values.ts';

function cannot(name: string, value: JqValue, ...args: JqValue[]): never {
  throw new JqError(`${name}${args.length === 0 ? '' : `(${args.map(preview).join('; ')})`} cannot be applied to: ${described(value)}`);
}

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

const real = (name: string, apply: (value: number) => JqValue): [string, Native] => [`${name}/0`, plain((value) => (isNumber(value) ? apply(Number(value)) : cannot(name, value)))];

const real2 = (name: string, apply: (a: number, b: number) => number): [string, Native] => [`${name}/2`, plain((value, a = null, b = null) => {
  if (!isNumber(a) || !isNumber(b)) return cannot(name, value, a, b);
  return apply(Number(a), Number(b));
})];

const REALS: readonly ['sqrt' | 'floor' | 'ceil' | 'trunc' | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh' | 'cbrt' | 'exp' | 'expm1' | 'log' | 'log2' | 'log10' | 'log1p', ...string[]][] = [
  ['sqrt'], ['floor'], ['ceil'], ['trunc'], ['sin'], ['cos'], ['tan'], ['asin'], ['acos'], ['atan'], ['sinh'], ['cosh'], ['tanh'], ['asinh'], ['acosh'], ['atanh'],
  ['cbrt'], ['exp'], ['expm1'], ['log'], ['log2'], ['log10'], ['log1p'],
];

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
  if (isArray(value) && isNumber(key)) return key >= 0 && Number(key) < value.length;
  if (isObject(value) && typeof key === 'string') return value.has(key);
  return cannot('has', value, key);
}

function contains(value: JqValue, part: JqValue): boolean {
  if (isObject(value) && isObject(part)) {
    return [...part].every(([key, inner]) => {
      const own = value.get(key);
      return own !== undefined && contains(own, inner);
    });
  }
  if (isArray(value) && isArray(part)) return part.every((inner) => value.some((own) => typeOf(own) === typeOf(inner) && contains(own, inner)));
  if (typeof value === 'string' && typeof part === 'string') return value.includes(part);
  if (typeOf(value) === typeOf(part)) return compareValues(value, part) === 0;
  return cannot('contains', value, part);
}

function flatten(value: JqValue, depth: JqValue): JqValue {
  if (!isArray(value) || !isNumber(depth)) return cannot('flatten', value, depth);
  if (depth < 0) throw new JqError(`flatten depth should not be negative: ${described(depth)}`);
  const gather = (list: readonly JqValue[], left: number): JqValue[] => list.flatMap((inner) => (isArray(inner) && left > 0 ? gather(inner, left - 1) : [inner]));
  return gather(value, Math.min(Number(depth), 1000));
}

function indices(value: JqValue, part: JqValue): JqValue {
  if (value === null || part === null) return null;
  if (isArray(value)) return isArray(part) ? indicesOf(value, part) : indicesOf(value, [part]);
  if (typeof value !== 'string' || typeof part !== 'string') return cannot('indices', value, part);
  return indicesOf(Array.from(value), Array.from(part));
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
  if (typeof value !== 'string' || !/^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return cannot('tonumber', value);
  return /^-?\d+$/.test(value) ? BigInt(value) : Number(value);
}

function fromJson(value: string): JqValue {
  try {
    return fromGo(unmarshalJson(value));
  } catch (error) {
    if (error instanceof JsonError) throw new JqError(`fromjson cannot be applied to: ${described(value)}: ${error.message}`, { cause: error });
    throw error;
  }
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

/** Pairs each element with what a filter gives for it. */
function keyed(name: string, input: Result, args: readonly Closure[], run: Runner): { key: JqValue[]; value: JqValue }[] {
  const { value } = input;
  const [by] = args;
  if (!isArray(value) || by === undefined) return cannot(name, value);
  return value.map((element) => ({ key: [...run.values(by, element)], value: element }));
}

function sorted(name: string, input: Result, args: readonly Closure[], run: Runner): { key: JqValue[]; value: JqValue }[] {
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

function extreme(name: string, sign: number): Native {
  return function* native(input, args, run) {
    let best: { key: JqValue[]; value: JqValue } | undefined;
    for (const entry of keyed(name, input, args, run)) {
      const order = best === undefined ? 1 : sign * compareValues(entry.key, best.key);
      if (order > 0 || (order === 0 && sign > 0)) best = entry;
    }
    yield computed(input, best?.value ?? null);
  };
}

function* range(input: Result, args: readonly Closure[], run: Runner): Generator<Result, void, undefined> {
  for (const [from = null, to = null, by = 1n] of product(args, input.value, run)) {
    if (!isNumber(from) || !isNumber(to) || !isNumber(by)) throw new JqError(`range(${[from, to, by].slice(0, args.length).map(preview).join('; ')}) cannot be applied to: ${described(input.value)}`);
    const whole = typeof from === 'bigint' && typeof by === 'bigint';
    for (let i: number | bigint = from; by > 0 ? i < to : by < 0 && i > to; i = whole && typeof i === 'bigint' ? i + by : Number(i) + Number(by)) {
      run.tick();
      yield computed(input, i);
    }
  }
}

function* taken(count: JqValue, filter: Closure, input: Result, run: Runner, skip: boolean): Generator<Result, void, undefined> {
  if (!isNumber(count)) throw new JqError(`limit count is not a number: ${described(count)}`);
  let left = Number(count);
  if (!skip && left <= 0) return;
  for (const result of run.run(filter.body, filter.scope, input)) {
    if (!skip) yield result;
    else if (left <= 0) yield result;
    if (--left <= 0 && !skip) return;
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
    let result = input;
    for (const key of path) result = below(result, key, result.value === null ? null : indexValue(result.value, key));
    yield result;
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

const FLAGS = /^[gimnpslx]*$/;

/** `match` and `test`: the matches of a regular expression, as jq describes them. */
function matching(name: 'match' | 'test', value: JqValue, pattern: JqValue, flagText: JqValue): JqValue[] {
  const [source, flags] = isArray(pattern) ? [pattern[0] ?? null, pattern[1] ?? null] : [pattern, flagText];
  if (typeof value !== 'string' || typeof source !== 'string' || (flags !== null && typeof flags !== 'string')) return cannot(name, value, pattern, flagText);
  const set = flags ?? '';
  if (!FLAGS.test(set)) throw new JqError(`unsupported regular expression flag: ${JSON.stringify(set)}`);
  const matcher = compile(source, set).matcher(value);
  const found: JqValue[] = [];
  while (matcher.find()) {
    if (!(set.includes('n') && matcher.start() === matcher.end())) found.push(name === 'test' ? true : describeMatch(value, matcher, source, set));
    if (name === 'test' || !set.includes('g')) break;
  }
  return found;
}

function compile(source: string, flags: string): RE2JS {
  const inline = (flags.includes('i') ? 'i' : '') + (flags.includes('s') || flags.includes('p') ? 's' : '');
  const pattern = flags.includes('x') ? source.replace(/\\.|#.*|\s+/g, (part) => (part.startsWith('\\') ? part : '')) : source;
  try {
    return RE2JS.compile(inline === '' ? pattern : `(?${inline})${pattern}`);
  } catch (cause) {
    throw new JqError(`invalid regular expression ${JSON.stringify(source)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

type Matcher = ReturnType<RE2JS['matcher']>;

function describeMatch(value: string, matcher: Matcher, source: string, flags: string): JqValue {
  const names = new Map(Object.entries(compile(source, flags).namedGroups()).map(([name, group]) => [group, name]));
  const part = (group: number): Map<string, JqValue> => {
    const start = matcher.start(group);
    if (start < 0) return new Map<string, JqValue>([['offset', -1n], ['length', 0n], ['string', null]]);
    const found = value.slice(start, matcher.end(group));
    return new Map<string, JqValue>([['offset', points(value.slice(0, start))], ['length', points(found)], ['string', found]]);
  };
  const captures = Array.from({ length: matcher.groupCount() }, (_, i) => part(i + 1).set('name', names.get(i + 1) ?? null));
  return part(0).set('captures', captures);
}

function points(value: string): bigint {
  return BigInt(Array.from(value).length);
}

function trimmed(name: string, start: boolean, end: boolean): [string, Native] {
  return text(name, (value) => (start && end ? value.trim() : start ? value.trimStart() : value.trimEnd()));
}

function bsearch(value: JqValue, wanted: JqValue): JqValue {
  if (!isArray(value)) return cannot('bsearch', value, wanted);
  let low = 0;
  let high = value.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareValues(value[middle] ?? null, wanted);
    if (order === 0) return BigInt(middle);
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return BigInt(-1 - low);
}

function isWhole(value: JqValue): value is number | bigint {
  return isNumber(value);
}

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
    ['halt_error/0', plain(error)],
    ['halt_error/1', plain(error)],
    ['input/0', plain(() => { throw new JqError('input(s)/0 is not allowed'); })],
    ['inputs/0', plain(() => { throw new JqError('input(s)/0 is not allowed'); })],
    ['length/0', plain(length)],
    ['utf8bytelength/0', plain((value) => (typeof value === 'string' ? BigInt(toBytes(value).length) : cannot('utf8bytelength', value)))],
    ['type/0', plain(typeOf)],
    ['keys/0', plain(keys)],
    ['keys_unsorted/0', plain(keys)],
    ['has/1', plain((value, key = null) => has(value, key))],
    ['contains/1', plain((value, part = null) => contains(value, part))],
    ['flatten/1', plain((value, depth = null) => flatten(value, depth))],
    ['indices/1', plain((value, part = null) => indices(value, part))],
    ['reverse/0', plain((value) => (value === null ? [] : typeof value === 'string' ? Array.from(value).reverse().join('') : isArray(value) ? [...value].reverse() : cannot('reverse', value)))],
    ['tojson/0', plain(toJson)],
    ['tostring/0', plain((value) => (typeof value === 'string' ? value : toJson(value)))],
    ['tonumber/0', plain(toNumber)],
    text('fromjson', fromJson),
    text('explode', explode),
    ['implode/0', plain(implode)],
    text('ascii_downcase', (value) => value.replace(/[A-Z]/g, (c) => c.toLowerCase())),
    text('ascii_upcase', (value) => value.replace(/[a-z]/g, (c) => c.toUpperCase())),
    trimmed('trim', true, true),
    trimmed('ltrim', true, false),
    trimmed('rtrim', false, true),
    text1('ltrimstr', (value, start) => (value.startsWith(start) ? value.slice(start.length) : value)),
    text1('rtrimstr', (value, end) => (end !== '' && value.endsWith(end) ? value.slice(0, -end.length) : value)),
    text1('startswith', (value, start) => value.startsWith(start)),
    text1('endswith', (value, end) => value.endsWith(end)),
    text1('split', split),
    ['match/2', function* match(input, args, run) {
      for (const [pattern = null, flags = null] of product(args, input.value, run)) for (const found of matching('match', input.value, pattern, flags)) yield computed(input, found);
    }],
    ['test/2', plain((value, pattern = null, flags = null) => matching('test', value, pattern, flags).length > 0)],
    ['path/1', function* path(input, [filter], run) {
      if (filter === undefined) return;
      for (const found of run.paths(filter, input.value)) yield computed(input, found.path);
    }],
    ['getpath/1', getPath],
    ['setpath/2', plain((value, path = null, other = null) => setPath(value, asPath('setpath', value, path), () => other))],
    ['delpaths/1', plain((value, paths = null) => deletePaths(value, asPath('delpaths', value, paths).map((path) => asPath('delpaths', value, path))))],
    ['descend/3', descend],
    ['range/2', range],
    ['range/3', range],
    ['limit/2', counted(false)],
    ['skip/2', counted(true)],
    ['first/1', function* first(input, [filter], run) {
      if (filter !== undefined) yield* taken(1n, filter, input, run, false);
    }],
    ['isempty/1', function* isempty(input, [filter], run) {
      if (filter !== undefined) yield computed(input, taken(1n, filter, input, run, false).next().done === true);
    }],
    ['sort_by/1', function* sortBy(input, args, run) { yield computed(input, sorted('sort_by', input, args, run).map((entry) => entry.value)); }],
    ['group_by/1', function* groupBy(input, args, run) { yield computed(input, grouped('group_by', input, args, run)); }],
    ['unique_by/1', function* uniqueBy(input, args, run) { yield computed(input, grouped('unique_by', input, args, run).map((group) => group[0] ?? null)); }],
    ['min_by/1', extreme('min_by', -1)],
    ['max_by/1', extreme('max_by', 1)],
    ['bsearch/1', plain((value, wanted = null) => bsearch(value, wanted))],
    ['abs/0', plain((value) => (isWhole(value) ? (value < 0 ? -value : value) : cannot('abs', value)))],
    ...REALS.map(([name]) => real(name, (value) => Math[name](value))),
    real('fabs', Math.abs),
    real('round', (value) => (value < 0 ? -Math.round(-value) : Math.round(value))),
    real('rint', (value) => { const floor = Math.floor(value); return value - floor === 0.5 ? (floor % 2 === 0 ? floor : floor + 1) : Math.round(value); }),
    real('exp2', (value) => 2 ** value),
    real('pow10', (value) => 10 ** value),
    real('isinfinite', (value) => value === Infinity || value === -Infinity),
    real('isnan', Number.isNaN),
    real('isnormal', (value) => Number.isFinite(value) && Math.abs(value) >= 2 ** -1022),
    real2('pow', (a, b) => a ** b),
    real2('atan2', Math.atan2),
    real2('fmin', Math.min),
    real2('fmax', Math.max),
    real2('fmod', (a, b) => a % b),
    ['now/0', plain(() => {
      if (now === undefined) throw new JqError('now is not known here');
      return now / 1000;
    })],
    ['gmtime/0', plain((value) => (isNumber(value) ? brokenDown(Number(value)) : cannot('gmtime', value)))],
    ['mktime/0', plain((value) => (isArray(value) ? secondsOf(value) : cannot('mktime', value)))],
    ['strftime/1', plain((value, format = null) => (typeof format === 'string' && (isNumber(value) || isArray(value)) ? formatDate(value, format) : cannot('strftime', value, format)))],
    ['strptime/1', plain((value, format = null) => (typeof format === 'string' && typeof value === 'string' ? parseDate(value, format) : cannot('strptime', value, format)))],
  ]);
}

const asText = (value: JqValue): string => (typeof value === 'string' ? value : toJson(value));
const HTML: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', "'": '&apos;', '"': '&quot;' };

function row(name: string, value: JqValue, separator: string, cell: (value: string) => string): string {
  if (!isArray(value)) throw new JqError(`${name} cannot be applied to: ${described(value)}`);
  return value.map((element) => {
    if (isArray(element) || isObject(element)) throw new JqError(`cannot format an array including: ${described(element)}`);
    return typeof element === 'string' ? cell(element) : element === null ? (name === '@sh' ? 'null' : '') : toJson(element);
  }).join(separator);
}

function uri(value: string): string {
  return Array.from(toBytes(value), (byte) => {
    const c = String.fromCharCode(byte);
    return /[A-Za-z0-9\-_.~]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

function unbase64(value: string): string {
  const digits = value.replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(digits) || digits.length % 4 === 1) throw new JqError(`@base64d cannot be applied to: ${described(value)}`);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const c of digits) {
    bits = (bits << 6) | alphabet.indexOf(c);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 255);
    }
  }
  return toValidUtf8(fromBytes(Uint8Array.from(bytes)));
}

function unuri(value: string): string {
  const bytes: number[] = [];
  for (const part of value.match(/%[0-9a-fA-F]{2}|[^]/gu) ?? []) {
    if (part.length === 3 && part.startsWith('%')) bytes.push(Number.parseInt(part.slice(1), 16));
    else bytes.push(...toBytes(part));
  }
  return toValidUtf8(fromBytes(Uint8Array.from(bytes)));
}

/** The formats, by name. */
export const FORMATS: ReadonlyMap<string, (value: JqValue) => string> = new Map([
  ['@text', asText],
  ['@json', toJson],
  ['@html', (value): string => asText(value).replace(/[<>&'"]/g, (c) => HTML[c] ?? c)],
  ['@uri', (value): string => uri(asText(value))],
  ['@urid', (value): string => unuri(asText(value))],
  ['@csv', (value): string => row('@csv', value, ',', (cell) => `"${cell.replaceAll('"', '""')}"`)],
  ['@tsv', (value): string => row('@tsv', value, '\t', (cell) => cell.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\r', '\\r').replaceAll('\n', '\\n'))],
  ['@sh', (value): string => row('@sh', isArray(value) ? value : [value], ' ', (cell) => `'${cell.replaceAll("'", "'\\''")}'`)],
  ['@base64', (value): string => base64(toBytes(asText(value)))],
  ['@base64d', (value): string => unbase64(asText(value))],
] satisfies [string, (value: JqValue) => string][]);

