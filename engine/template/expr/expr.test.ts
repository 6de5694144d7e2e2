import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { duration, formatValue, GoNumber, GoTime, marshalJson, typeName } from '../go.ts';
import type { GoValue } from '../go.ts';
import { environment, expand } from './env.ts';
import { compile, evaluate, ExprError } from './index.ts';
import { randomFrom } from './random.ts';

const env = environment(new Map<string, GoValue>([
  ['name', 'Ada'], ['count', 3n], ['ratio', 2.5], ['ok', true], ['nothing', null], ['list', [1n, 'a', null]], ['user.name', 'Ada'], ['user.tags', ['x', 'y']], ['at', new GoTime(0n)],
  ['boxed', [new Map([['a', 1n], ['b', 2n]]), new GoTime(0n)]],
]));

function failure(expression: string): ExprError {
  try {
    evaluate(expression, env);
  } catch (error) {
    if (error instanceof ExprError) return error;
    throw error;
  }
  return assert.fail(`${expression} has a value`);
}

/** The value with its type, as `type value`. */
function shown(expression: string): string {
  const value = evaluate(expression, env, { now: Date.UTC(2024, 0, 1), random: randomFrom('t') });
  return `${typeName(value)} ${formatValue(value)}`;
}

test('values keep Go types: int and float64 are two', () => {
  const table: Record<string, string> = {
    '7 / 2': 'float64 3.5', '8 / 2': 'float64 4', '7 % 2': 'int 1', '2 ** 3': 'float64 8', '1 + 1.0': 'float64 2', '9223372036854775807 + 1': 'int -9223372036854775808', '-2 ** 2': 'float64 -4',
    '0x1F + 0b11 + 0o7 + 1_000': 'int 1041', '1e3': 'float64 1000', '1 == 1.0': 'bool true', '1 < 2 < 3': 'bool true', "'a' + 'b'": 'string ab', '1..3': '[]int [1 2 3]', 'int(5.9)': 'int 5', 'count ?? 1': 'int 3',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(shown(expression), expected, expression);
});

test('access: nil is guarded by ?. and ??, and by nothing else', () => {
  const table: Record<string, string> = {
    'user.name': 'string Ada', "user['tags'][-1]": 'string y', 'user.none': '<nil> <nil>', 'user.none?.deep.deeper': '<nil> <nil>', "user.none ?? 'x'": 'string x', 'list[1:]': '[]interface {} [a <nil>]',
    'name[1:]': 'string da', '$env.name': 'string Ada', "'count' in $env": 'bool true', 'get(list, 9)': '<nil> <nil>',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(shown(expression), expected, expression);
  assert.equal(failure('user.none.deep').reason, 'cannot fetch deep from <nil>');
  assert.equal(failure('nope').reason, 'unknown name nope');
  assert.equal(failure('list[7]').reason, 'index out of range: 7 (array length is 3)');
});

test('closures, pipes, variables, conditions', () => {
  const table: Record<string, string> = {
    'map(1..3, # * 2)': '[]interface {} [2 4 6]', 'filter([{a: 1}, {a: 2}], .a > 1)': '[]interface {} [map[a:2]]', 'reduce(1..4, #acc + #, 10)': 'int 20', "[3, 1] | sort() | map(string(#)) | join('-')": 'string 1-3',
    'let x = 2; let y = x * x; x + y': 'int 6', 'if count > 2 { "many" } else { "few" }': 'string many', 'count > 5 ? 1 : 2': 'int 2', 'any(list, # == "a") and not all(list, # != nil)': 'bool true',
    'sortBy([{a: 2}, {a: 1}], .a, "desc") | map(.a)': '[]interface {} [2 1]', 'groupBy(1..4, # % 2)[0]': '[]interface {} [2 4]', 'len(filter(list, # == nil))': 'int 1', '{a: 1, b: [2]}': 'map[string]interface {} map[a:1 b:[2]]',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(shown(expression), expected, expression);
});

test('time', () => {
  const table: Record<string, string> = {
    'at + duration("90s")': 'time.Time 1970-01-01 00:01:30 +0000 UTC', '(date("2024-03-01") - date("2024-02-01")).Hours()': 'float64 696', 'date("2024-02-29").AddDate(1, 0, 0).Format("2006-01-02")': 'string 2025-03-01',
    'now().Year()': 'int 2024', 'duration("1h") * 2 > duration("90m")': 'bool true', 'date("2024-07-01 12:00", "2006-01-02 15:04", "Europe/Berlin").UTC().Hour()': 'int 10', 'at.Weekday().String()': 'string Thursday',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(shown(expression), expected, expression);
});

test('faults say what, where, and whether before or while computing', () => {
  const fault = failure('name +\n count');
  assert.deepEqual([fault.kind, fault.reason, fault.line, fault.column], ['compile', 'invalid operation: + (mismatched types string and int)', 1, 6]);
  assert.equal(failure('count >\n 1 +').message, 'unexpected token EOF (2:4)\n |  1 +\n | ...^');
  assert.equal(failure("asInt('x')").kind, 'runtime');
  assert.equal(failure("name matches '('").kind, 'compile');
  assert.throws(() => compile("'open"), { message: "literal not terminated (1:6)\n | 'open\n | .....^" });
});

test('a value of the environment goes before a builtin of its name', () => {
  const own = environment(new Map<string, GoValue>([['duration', '12.5']]));
  assert.equal(evaluate('asFloat(duration) > 10', own), true);
  assert.equal(evaluate("::duration('1s') == ::duration('1000ms')", own), true);
  assert.throws(() => evaluate("duration('1s')", own), { reason: 'string is not callable' });
});

test('memory, steps and nesting are bounded', () => {
  assert.equal(failure('1..10000000').reason, 'memory budget exceeded');
  assert.equal(failure('let a = 1..9999; all(a, {let b = #; all(a, {# + b > 0})})').reason, 'step budget exceeded');
  assert.equal(failure("repeat('x', 100000000)").reason, 'memory budget exceeded');
  assert.equal(failure(`${'('.repeat(5000)}1${')'.repeat(5000)}`).reason, 'expression is nested too deeply');
  assert.equal(failure(`1${' + 1'.repeat(6000)}`).kind, 'compile');
});

test('an expression changes nothing outside itself', () => {
  const before = marshalJson(env.get('user') ?? null);
  assert.equal(shown("sprig.set(user, 'name', 'Eve').name"), 'string Eve');
  assert.equal(shown('sprig.merge(user, {extra: 1}).extra'), 'int 1');
  assert.equal(marshalJson(env.get('user') ?? null), before);
  assert.equal(shown("let d = {a: 1}; sprig.set(d, 'b', 2); d"), 'map[string]interface {} map[a:1 b:2]');
});

test('dotted names expand; the deeper name wins', () => {
  assert.deepEqual(expand(new Map<string, GoValue>([['a', '1'], ['a.b', '2'], ['a-c', '3'], ['a.d.e', null]])), new Map<string, GoValue>([['a', new Map<GoValue, GoValue>([['b', '2'], ['d', new Map([['e', null]])]])], ['a-c', '3']]));
});

test('property: any text gives a value or an ExprError, and the same one again', () => {
  const word = fc.constantFrom(
    'name', 'count', 'list', 'user', 'nothing', '1', '2.5', "'a'", 'nil', 'true', '[', ']', '{', '}', '(', ')', '.', '?.', '??', '+', '-', '*', '/', '%', '**', '==', '<', '>=', 'in', 'not', 'and', 'or', '..', ',', ':', '?', ';', '|',
    '#', '#acc', 'map(', 'filter(', 'reduce(', 'sum(', 'len(', 'sprig.', 'upper(', 'int(', 'let x =', 'if', 'else', 'matches', 'contains', '$env', '::', 'date(', 'duration(', "'1h'", 'toJSON(', 'keys(', 'sort(', 'first(', '\\', '"', '`', '//', '/*',
  );
  const outcome = (text: string): string => {
    try {
      const value = evaluate(text, env, { now: 0, random: randomFrom(text) });
      return `${typeName(value)} ${formatValue(value)}`;
    } catch (error) {
      assert.ok(error instanceof ExprError, `${text}: ${String(error)}`);
      return error.message;
    }
  };
  fc.assert(fc.property(fc.array(word, { maxLength: 14 }).map((words) => words.join(' ')), (text) => {
    assert.equal(outcome(text), outcome(text));
  }), { numRuns: 3000 });
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    outcome(text);
  }), { numRuns: 500 });
});

test('property: arithmetic of ints wraps at 64 bits, of floats is JavaScript\'s', () => {
  const int = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
  fc.assert(fc.property(int, int, (a, b) => {
    const values = new Map<string, GoValue>([['a', a], ['b', b]]);
    assert.equal(evaluate('a + b', values), BigInt.asIntN(64, a + b));
    assert.equal(evaluate('a * b', values), BigInt.asIntN(64, a * b));
    assert.equal(evaluate('a < b', values), a < b);
  }));
  fc.assert(fc.property(fc.double(), fc.double(), (a, b) => {
    assert.ok(Object.is(evaluate('a - b', new Map<string, GoValue>([['a', a], ['b', b]])), a - b));
  }));
});

test('numbers of other Go types compute as int and float64 do', () => {
  const values = new Map<string, GoValue>([['a', new GoNumber('int64', 5n)], ['b', new GoNumber('uint8', 2n)], ['d', duration(5n)]]);
  assert.equal(evaluate('a + b', values), 7n);
  assert.equal(evaluate('a == 5', values), true);
  assert.throws(() => evaluate('a + d', values), { kind: 'compile' });
});

// Answers of expr 1.17.8.
test('faults of builtins have the words and the place of expr', () => {
  const table: Record<string, string> = {
    'reduce(list)': 'expected at least 3 arguments (1:12)', 'list | map()': 'expected at least 1 arguments (1:12)', 'reduce(list, # , )': 'unexpected token Bracket(")") (1:18)',
    '1 + .5.5': 'invalid float literal: strconv.ParseFloat: parsing ".5.5": invalid syntax (1:8)', 'list[0] ? 1 : 2': 'interface conversion: interface {} is int, not bool (1:15)',
    'keys(list[2])': 'cannot get keys from invalid (1:1)', 'uniq(list[1])': 'cannot uniq string (1:1)', 'toPairs(list[0])': 'cannot transform int to pairs (1:1)', 'fromPairs(list[0])': 'cannot transform %!s(int=1) from pairs (1:1)',
    'join(list[1])': 'invalid argument for join (type string) (1:1)', 'bitor(list[1], 1)': 'cannot use string as argument (type int) to call bitor (1:1)', 'sum(list, string(#))': 'invalid operation: string + int (1:1)',
    'sortBy(list, #, 1)': 'sortBy order argument must be a string (got int) (1:17)', 'sort(list, list[0])': 'sort order argument must be a string (got int) (1:1)', 'list[0][1:]': 'invalid argument for len (type int) (1:8)',
    'trim(1 + duration)': 'invalid operation: + (mismatched types int and func(string) (time.Duration, error)) (1:8)', "timezone('UTC').none()": 'type time.Location has no method none (1:17)', 'date("2024-01-01").Date()': 'func Date returns more then two values (1:20)',
    '!$env': 'interface conversion: interface {} is map[string]interface {}, not bool (1:1)', '$env()': 'map[string]interface {} is not callable (1:1)', 'take(list, list[1])': 'cannot take string elements (1:1)',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(failure(expression).message.split('\n')[0], expected, expression);
});

test('what is no list, where a list is meant', () => {
  const table: Record<string, string> = {
    'sort(list[0])': '[]interface {} []', 'first(list[1])': 'uint8 97', 'last(list[0])': '<nil> <nil>', 'type(get(boxed[1], "Year"))': 'string func', 'map(boxed[0], 1)': '[]interface {} [1 1]', 'find(boxed[0], false)': '<nil> <nil>', 'max(b"ab")': 'uint8 98', 'min(b"ba", 98)': 'uint8 97',
    'boxed[1].Clock()': 'int 0', 'boxed[1].ISOWeek()': 'int 1970', 'boxed[1].Zone()': 'string UTC', '{a: $env != 0}': 'map[string]interface {} map[a:true]',
  };
  for (const [expression, expected] of Object.entries(table)) assert.equal(shown(expression), expected, expression);
  assert.match(failure('filter([1], false)[-1]').message, /^reflect: slice index out of range/);
  assert.match(failure('map(boxed[0], #)').message, /^reflect: call of reflect.Value.Index on map Value \(1:15\)/);
});
