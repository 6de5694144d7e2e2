import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { environment } from './expr/env.ts';
import { evaluate, ExprError } from './expr/index.ts';
import { jsonString } from './go.ts';
import { expandSequence } from './items.ts';
import { jqFilter, JqError } from './jq.ts';
import { jsonpathExpression, JsonPathError } from './jsonpath-expression.ts';
import { jsonpathKubectl, KubectlPathError } from './jsonpath-kubectl.ts';
import { replaceTags } from './tags.ts';
import { evaluateWhen, WhenError } from './when.ts';

// What would run for ever, or eat all memory, ends with an error that says where and why. Doubling 25 times is what few lists can do.
const DOUBLED = 'reduce(1..25, [#acc, #acc], [1])';

test('expressions are bounded in steps, memory and depth', () => {
  const cases: [string, RegExp][] = [
    ['map(1..1000, map(1..1000, map(1..1000, 1)))', /^memory budget exceeded \(1:\d+\)/], ["repeat(repeat('abcdefgh', 100000), 100000)", /memory budget exceeded/], ['sprig.repeat(1000000000, "x")', /memory budget exceeded|too large/], ['1..100000000', /memory budget exceeded/],
    ['sprig.until(1000000000)', /memory budget exceeded|too large/], ['sprig.untilStep(0, 1000000000, 1)', /memory budget exceeded/], ['sprig.indent(1000000000, "x")', /memory budget exceeded/], [`toJSON(${DOUBLED})`, /memory budget exceeded/], [`string(${DOUBLED})`, /memory budget exceeded/],
    [`${DOUBLED} == ${DOUBLED}`, /memory budget exceeded/], [`flatten(${DOUBLED})`, /memory budget exceeded/], [DOUBLED, /memory budget exceeded/], ["replace(repeat('a', 1000), 'a', repeat('b', 100000))", /memory budget exceeded/], ['('.repeat(50_000), /nested too deeply/], [`1${'+1'.repeat(20_000)}`, /exceeds maximum allowed nodes/],
    ['reduce(1..60, #acc + #acc, "xxxxxxxxxxxxxxxx")', /memory budget exceeded/], ['"x" matches "((a{1000}){1000}){1000}"', /invalid repeat/],
  ];
  for (const [expression, message] of cases) assert.throws(() => evaluate(expression, environment(new Map()), { now: 0 }), (error) => error instanceof ExprError && message.test(error.message), expression.slice(0, 80));
});

test('jq is bounded in steps, size and depth', () => {
  for (const filter of [
    'def f: f; f', '[repeat(1)]', 'repeat(empty)', 'last(range(1e12))', '[limit(1e9; repeat(1))]', 'until(false; . + [1])', 'reduce range(100) as $x ("a"; . + .)', 'reduce range(40) as $x ([1]; [., .]) | tojson', 'reduce range(40) as $x ({}; {a: ., b: .}) | . == {}',
    'reduce range(100000) as $i ({}; .["k\\($i)"] = $i)', '"x" * 1e9', '.[1e8] = 1', '-'.repeat(20_000), '.a'.repeat(20_000), `1${'+1'.repeat(20_000)}`, '('.repeat(20_000), 'input',
  ]) assert.throws(() => jqFilter('null', filter), JqError, filter.slice(0, 80));
  assert.equal(jqFilter('null', '[range(5000)] - [range(1; 5000)] | tojson'), '[0]');
});

test('JSONPath is bounded in values and depth', () => {
  const wide = JSON.stringify(Array.from({ length: 60 }, () => ({ a: { b: { c: [1, 2, 3] } } })));
  for (const selector of [`$[${'('.repeat(3000)}1${')'.repeat(3000)}]`, `$[?(${'!'.repeat(9000)}@.a)]`, `$${'.a'.repeat(9000)}`]) {
    assert.throws(() => jsonpathExpression(wide, selector), JsonPathError, selector.slice(0, 60));
  }
  for (const template of ['{'.repeat(9000), '{..*'.padEnd(20_000, '*')]) assert.throws(() => jsonpathKubectl(wide, template), KubectlPathError, template.slice(0, 60));
});

test('when, loops and tags are bounded', () => {
  for (const when of [`${'('.repeat(40_000)}1${')'.repeat(40_000)}`, `${'!'.repeat(50_000)}true`, 'a'.repeat(100_001)]) assert.throws(() => evaluateWhen(when), WhenError, when.slice(0, 40));
  assert.throws(() => expandSequence({ count: '1000000000' }));
  const big = new Map([['a', 'x'.repeat(100_000)]]);
  for (const text of ['{{a}}'.repeat(20_000), '{{=a}}'.repeat(2000)]) assert.throws(() => replaceTags(jsonString(text), big, { allowUnresolved: false }), /makes the text longer than 20000000 characters/, text.slice(0, 20));
});

test('nothing of the engine makes code out of text', () => {
  const files = (folder: string): string[] => readdirSync(folder).flatMap((name) => {
    const file = path.join(folder, name);
    return statSync(file).isDirectory() ? files(file) : /(?<!\.test)\.ts$/.test(name) ? [file] : [];
  });
  const engine = files(path.join(import.meta.dirname, '..'));
  assert.ok(engine.length > 50);
  const found = engine.filter((file) => /(?<![.\w'"])eval\s*\(|new Function\b|(?<![.\w])Function\s*\(|import\(['"]node:vm/.test(readFileSync(file, 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '')));
  assert.deepEqual(found, []);
});
