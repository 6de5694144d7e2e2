import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jqFilter, JqError } from './jq.ts';

const SHOP = JSON.stringify({ books: [{ t: 'A', n: 2 }, { t: 'B', n: 1 }], open: true });

test('filters as people write them', () => {
  const cases: [string, string][] = [
    ['.books[].t', 'A\nB'], ['.books | map(.n) | add', '3'], ['[.books[] | select(.n > 1).t] | join("-")', 'A'], ['.books | sort_by(.n)[0].t', 'B'], ['{open, first: .books[0].t}', '{"first":"A","open":true}'],
    ['.books[] as {t: $t, n: $n} | "\\($t)\\($n)"', 'A2\nB1'], ['reduce .books[] as $b (0; . + $b.n)', '3'], ['[foreach .books[] as $b (0; . + $b.n; [$b.t, .])] | tojson', '[["A",2],["B",3]]'], ['.books[0].n += 5 | .books[0].n', '7'],
    ['.books |= map(select(.n == 1)) | .books | length', '1'], ['del(.books[0]) | .books[0].t', 'B'], ['[paths(type == "number")] | length', '2'], ['try error({code: 4}) catch .code', '4'], ['.nope // "none"', 'none'], ['.a?//1', '1'],
    ['def twice(f): f | f; 3 | twice(. * 2)', '12'], ['label $f | .books[] | ., break $f | .t', 'A'], ['"a1b22" | [scan("[0-9]+")] | tojson', '["1","22"]'], ['"ab" | gsub("(?<c>.)"; "<\\(.c)>")', '<a><b>'], ['[limit(3; repeat("x"))] | length', '3'],
    ['[range(0; 10; 4)] | tojson', '[0,4,8]'], ['1 | until(. > 1000; . * 2)', '1024'], ['[1, [2, {"a": 3}]] | [tostream] | fromstream(.[]) | tojson', '[1,[2,{"a":3}]]'], ['[3, 1, 2] | (min, max)', '1\n3'], ['"x y" | @uri, @sh, @base64', "x%20y\n'x y'\neCB5"],
    ['1700000000 | todate | ., fromdate', '2023-11-14T22:13:20Z\n1700000000'], ['if .open then "yes" elif .x then 1 else 2 end', 'yes'], ['[.. | numbers] | length', '2'], ['9007199254740993 + 1', '9007199254740994'], ['.books | group_by(.n) | length', '2'],
    ['with_entries(.key |= ascii_upcase) | keys[0]', 'BOOKS'], ['"\\u00e9" | utf8bytelength', '2'], ['.books as [$a] ?// $b | $a.t', 'A'], ['path(.books[0].t) | tojson', '["books",0,"t"]'], ['[splits("x")?] | length', '0'],
  ];
  for (const [filter, expected] of cases) assert.equal(jqFilter(SHOP, filter), expected, filter);
});

test('faults say what is wrong', () => {
  const cases: [string, RegExp][] = [
    ['.books.t', /expected an object but got: array/], ['.open + 1', /cannot add: boolean \(true\) and number \(1\)/], ['nope', /function not defined: nope\/0/], ['$x', /variable not defined: \$x/], ['.a b', /unexpected token "b"/], ['[1', /unexpected EOF/],
    ['', /missing query/], ['1 / 0', /cannot divide number \(1\) by: number \(0\)/], ['path(1 | .a)', /invalid path against|expected an object/], ['error("no")', /error: no/], ['@nope', /format not defined/], ['input', /not allowed/],
  ];
  for (const [filter, message] of cases) assert.throws(() => jqFilter(SHOP, filter), (error) => error instanceof JqError && message.test(error.message), filter);
});

test('nothing runs for ever', () => {
  for (const filter of ['def f: f; f', '[repeat(1)]', 'until(false; . )', '"x" * 1e9', '[range(1e12)] | length', `${'['.repeat(3000)}1`, '.[1e9] = 1', 'def f: 1 + f; f', '[.[]?] | until(false; . + [1])']) {
    assert.throws(() => jqFilter('null', filter), JqError, filter);
  }
});
