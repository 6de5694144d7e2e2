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

// Answers of evilmonkeyinc/jsonpath 0.8.1.
test('selectors that cannot be read are refused as a whole', () => {
  const cases: [string, string][] = [
    ['$.books[?(@?price)]', "unexpected token '?' at index 1"], ['$.books[?)@.price)].title', "invalid token. '[?)@.price)].title' does not match any token format"], ['$.books[(1,2]', "invalid token. '[(1,2]' does not match any token format"], ["$.owner['a'x]", "invalid token. '['a'x]' does not match any token format"],
    ['$.books[0,]', "invalid token. '[0,]' does not match any token format"], ['$.books[1:x]', "invalid expression. invalid format 'x'"], ['$本', "unexpected token 'æ' at index 1"], ['$.books[(@.)]', 'invalid token. token string is empty'],
  ];
  for (const [path, reason] of cases) assert.throws(() => jsonpathExpression(SHOP, path), { message: `invalid JSONPath selector '${path}' ${reason}` }, path);
  assert.throws(() => jsonpathExpression(SHOP, '$.1x]'), { message: "key: invalid token key '1x]' not found" });
  assert.deepEqual(toPlain(jsonpathExpression(SHOP, "$.owner['name','name']")), ['Ann', 'Ann']);
  assert.deepEqual(toPlain(jsonpathExpression(SHOP, '$.books[?(@.price in [8,20])].title')), ['A', 'C']);
});

test('requirements stand in the order of their keys', () => {
  assert.deepEqual(parseCondition('status.phase==Failed,metadata.name==x').map(requirementText), ['metadata.name==x', 'status.phase==Failed']);
});
