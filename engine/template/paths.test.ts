import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConditionError, matchConditions, parseCondition, requirementText } from './conditions.ts';
import { toPlain } from './go.ts';
import { jsonpathExpression, JsonPathError } from './jsonpath-expression.ts';
import { jsonpathKubectl, KubectlPathError } from './jsonpath-kubectl.ts';

const SHOP = JSON.stringify({ open: true, books: [{ title: 'A', price: 8, tags: ['x'] }, { title: 'B', price: 12.5 }, { title: 'C', price: 20, tags: [] }], owner: { name: 'Ann' } });

test('jsonpath() of expressions', () => {
  const find = (path: string): unknown => toPlain(jsonpathExpression(SHOP, path));
  assert.equal(find('$.owner.name'), 'Ann');
  assert.deepEqual(find('$.books[*].title'), ['A', 'B', 'C']);
  assert.deepEqual(find('$.books[?(@.price > 10 && @.title != "C")].title'), ['B']);
  assert.deepEqual(find('$.books[?(@.tags)].title'), ['A']);
  assert.equal(find('$.books[(@.length - 1)].title'), 'C');
  assert.deepEqual(find('$.books[-1:]..title'), [['C']]);
  assert.deepEqual(find('$..title'), ['A', 'B', 'C']);
  assert.deepEqual(find("$.books[0]['title','price']"), ['A', 8]);
  assert.deepEqual(find('$.books[::-1][0].title'), 'C');
  for (const path of ['$.nope', 'owner', '$.books[9]', '$.owner[0]', '$.books[', '$[?(]']) assert.throws(() => find(path), JsonPathError, path);
});

test("kubectl's JSONPath", () => {
  const print = (template: string): string => jsonpathKubectl(SHOP, template);
  assert.equal(print('{.owner.name}: {.books[0].title}'), 'Ann: A');
  assert.equal(print('{range .books[*]}{.title}={.price}{"\\n"}{end}'), 'A=8\nB=12.5\nC=20\n');
  assert.equal(print('{.books[?(@.title=="B")].price}'), '12.5');
  assert.equal(print('{.nope}'), '');
  assert.equal(print('{.books[0].tags}'), '["x"]');
  for (const template of ['', '{', '{.books[7].title}', '{.books[x]}', '{if}', '{.owner[0]}', '{.books[?(@.price > "x")]}']) assert.throws(() => print(template), KubectlPathError, template);
});

test('conditions of resource templates', () => {
  const verdict = (success: string, failure: string): string => matchConditions(SHOP, parseCondition(success), parseCondition(failure)).result;
  assert.equal(verdict('open == true, books.0.price < 9', ''), 'succeeded');
  assert.equal(verdict('owner.name == Bob', ''), 'wait');
  assert.equal(verdict('open == true', 'owner.name in (Ann, Bob)'), 'failed');
  assert.equal(verdict('!owner.age, owner.name notin (Bob), books.1.price', ''), 'succeeded');
  assert.deepEqual(parseCondition('a in (c,b), !d, e>1').map(requirementText), ['a in (b,c)', '!d', 'e>1']);
  for (const text of ['a >= 1', 'a == b c', "a == 'b'", 'a > x', ',', 'a.# == 1']) assert.throws(() => parseCondition(text), ConditionError, text);
});
