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

// Answers of gojq 0.12.19.
test('oddities of the dialect', () => {
  const cases: [string, string][] = [
    ['reduce (1, 2, 3) as $x (0; if $x == 2 then empty else . + $x end)', '4'], ['"k" as $x | {$x: 1} | tojson', '{"k":1}'], ['-1 as $x | $x', '-1'], ['[1, [2]] | .[][0]?', '2'], ['{"a": [5, 6], "i": 1} | .a[.i]? | tojson', ''], ['[limit(3; repeat(7))] | tojson', '[7,7,7]'],
    ['"aaa" | gsub("a"; "b", "c")', 'bbb\nccc'], ['[range(0, 1; 3, 4)] | tojson', '[0,1,2,0,1,2,3,1,2,1,2,3]'], ['"abc" | .[1]', 'b'], ['[1, 2, 3] | .[1.7], .[-1:][0]', '2\n3'], ['[[1], [2, 3]] | transpose | tojson', '[[1,2],[null,3]]'], ['null | has("a")', 'false'], ['{"a": 1} | join(",")', '1'],
    ['[1, null, "a", true] | join("-")', '1--a-true'], ['"" | split(",") | tojson', '[""]'], ['[empty] | last(.[])', ''], ['1709211845.5 | gmtime | tojson', '[2024,1,29,13,4,5.5,4,59]'], ['1425599621 | strftime("%j %-d %e %U %V %^a %s %p")', '064 5  5 09 10 THU 1425599621 PM'], ['"10:20" | strptime("%H:%M") | mktime', '-2208951600'],
    ['"2015-03-05T23:51:47+09:00" | fromdate', '1425567107'], ['"true" | toboolean', 'true'], ['8 | frexp | tojson', '[0.5,4]'], ['5 | gamma', '24'], ['[1, 2] | IN(1)', 'false'], ['{"a": 1} | env | tojson', '{}'], ['[[0, 1], [2]] | flatten(1) | tojson', '[0,1,2]'], ['5 % -2', '1'], ['"x" * 0 | tojson', '""'], ['"x" * -1 | tojson', 'null'],
  ];
  for (const [filter, expected] of cases) assert.equal(jqFilter('null', filter), expected, filter);
});

test('faults have the words of gojq', () => {
  const cases: [string, string][] = [
    ['(1 | .a) // 2', 'expected an object but got: number (1)'], ['"x" | tonumber', 'tonumber cannot be applied to "x": invalid number'], ['"[1" | fromjson', 'fromjson cannot be applied to "[1": unexpected EOF'], ['{} | sort', 'sort cannot be applied to: object ({})'], ['{} | min_by(.a)', 'min_by([]) cannot be applied to: object ({})'],
    ['null | flatten', 'flatten cannot be applied to: null'], ['1 | getpath(["a"])', 'getpath(["a"]) cannot be applied to: number (1)'], ['{"a": 1} | setpath(["a", "b"]; 2)', 'setpath(["a","b"]; 2) cannot be applied to {"a":1}: expected an object but got: number (1)'], ['"c" | fromdate', 'strptime("%Y-%m-%dT%H:%M:%S%z") cannot be applied to "c": failed to parse "c" with "%Y-%m-%dT%H:%M:%S%z": cannot parse "%Y"'],
    ['12name', 'invalid token "12n"'], ['1.5.5', 'invalid token "1.5."'], ['1e', 'invalid token "1e"'], ['{1: 2}', 'unexpected token "1"'], ['+"a"', 'cannot plus: string ("a")'], ['"a" as [$x] | $x', 'expected an array but got: string ("a")'], ['"a" | test("("; "q")', 'unsupported regular expression flag: "q"'], ['try halt catch 1', 'halt error: null'],
    ['[limit(-1; 1)]', "error: limit doesn't support negative count"], ['date', 'function not defined: date/0'], ['try input catch 1', 'input(s)/0 is not allowed'], ['"*" | @base64d', '@base64d cannot be applied to "*": illegal base64 data at input byte 0'], ['[[1]] | @csv', '@csv cannot format an array including: array ([1])'],
  ];
  for (const [filter, message] of cases) assert.throws(() => jqFilter('null', filter), { message }, filter);
});
