import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatValue, marshalJson } from '../go.ts';
import { environment } from '../expr/env.ts';
import { evaluate, ExprError } from '../expr/index.ts';
import { randomFrom } from '../expr/random.ts';
import { SPRIG } from '../sprig.ts';

const env = environment(new Map());

function json(call: string): string {
  return marshalJson(evaluate(`sprig.${call}`, env, { now: Date.UTC(2024, 1, 29, 12), random: randomFrom('s') }), { html: false });
}

function check(table: Readonly<Record<string, string>>): void {
  for (const [call, expected] of Object.entries(table)) assert.equal(json(call), expected, call);
}

test('all functions that Argo exposes are there, those of the process are not', () => {
  assert.equal(SPRIG.size, 209);
  assert.equal(SPRIG.has('env'), false);
  assert.equal(SPRIG.has('expandenv'), false);
});

test('strings', () => {
  check({
    "abbrev(6, 'abcdefgh')": '"abc..."', "abbrevboth(5, 10, '1234 5678 9123')": '"...5678..."', "trunc(-3, 'abcdef')": '"def"', "substr(1, 3, 'hello')": '"el"', "title('a bc-d')": '"A Bc-D"', "untitle('A Bc')": '"a bc"',
    "initials('Ada King Lovelace')": '"AKL"', "swapcase('aB c')": '"Ab C"', "snakecase('HTTPServer Bld4Floor http2xx')": '"http_server_bld4_floor_http_2xx"', "kebabcase('someThing-Else')": '"some-thing-else"',
    "camelcase('_one_two  three')": '"_OneTwo Three"', "wrap(9, 'one two three')": '"one two\\nthree"', "wrapWith(4, '|', 'abcdefgh ij')": '"abcd|efgh|ij"', "nindent(2, 'a\\nb')": '"\\n  a\\n  b"', "quote('a', nil, 1)": '"\\"a\\" \\"1\\""',
    "cat('a', nil, 2)": '"a 2"', "plural('egg', 'eggs', 1)": '"egg"', "splitn('-', 2, 'a-b-c')": '{"_0":"a","_1":"b-c"}', "join(',', [1, nil, 'x'])": '"1,x"', "sortAlpha(['b', 'a', 3])": '["3","a","b"]', "trimAll('*', '**a*')": '"a"',
  });
});

test('numbers: what is none is 0, decimals are added as decimals', () => {
  check({
    "int('010')": '8', "int('5.9')": '5', "int('x')": '0', "add('3', 4.9, true)": '8', 'addf(0.1, 0.2)': '0.3', 'divf(1, 3)': '0.3333333333333333', 'mulf(1.1, 3)': '3.3', 'subf(1, 0.9)': '0.1', 'max(1, 9, 4)': '9', 'round(2.345, 2)': '2.35',
    "seq(2, 5)": '"2 3 4 5"', 'seq(3, -1, 0)': '"3 2 1 0"', 'untilStep(10, 0, -4)': '[10,6,2]', "toDecimal('17')": '15', "atoi('12a')": '0', 'mod(-7, 3)': '-1',
  });
});

test('lists and dictionaries', () => {
  check({
    'first([1, 2])': '1', 'rest([])': 'null', 'initial([1, 2])': '[1]', 'uniq([1, 1, "1", 1.0])': '[1,"1",1]', 'without([1, 2, 3], 2)': '[1,3]', "has('a', ['a'])": 'true', 'slice([1, 2, 3], 1)': '[2,3]', 'chunk(2, [1, 2, 3])': '[[1,2],[3]]',
    'concat([1], [2])': '[1,2]', 'compact([0, "", 1, nil])': '[1]', "dict('a', 1, 'b')": '{"a":1,"b":""}', "pluck('a', {'a': 1}, {'b': 2})": '[1]', "omit({'a': 1, 'b': 2}, 'a')": '{"b":2}',
    "merge({'a': 1, 'm': {'x': 1}}, {'a': 2, 'm': {'y': 2}})": '{"a":1,"m":{"x":1,"y":2}}', "mergeOverwrite({'a': 1}, {'a': 2})": '{"a":2}', "dig('a', 'b', 'no', {'a': {'b': 7}})": '7', "dig('a', 'c', 'no', {'a': {}})": '"no"',
    "default('d', 0)": '"d"', "ternary('y', 'n', false)": '"n"', "kindOf({})": '"map"', "typeOf(1.5)": '"float64"', "coalesce(0, '', 'x')": '"x"', "toRawJson({'a': '<'})": '"{\\"a\\":\\"<\\"}"',
  });
});

test('dates', () => {
  check({
    "date('2006-01-02', 0)": '"1970-01-01"', "dateInZone('15:04 MST', 0, 'Europe/Berlin')": '"01:00 CET"', "now().Format('2006')": '"2024"', "ago(1709208000 - 60)": '"1m0s"', "durationRound('49h')": '"2d"', "duration('95')": '"1m35s"',
    "unixEpoch(sprig.toDate('2006-01-02', '2024-02-29'))": '"1709164800"', "dateModify('-24h', sprig.toDate('2006-01-02', '2024-03-01'))": '"2024-02-29T00:00:00Z"',
  });
});

test('regular expressions, paths, URLs, versions', () => {
  check({
    "regexReplaceAll('a(x*)b', '-ab-axxb-', '${1}W')": '"-W-xxW-"', "regexFindAll('[aeiou]', 'education', 3)": '["e","u","a"]', "regexSplit('z+', 'pizza', -1)": '["pi","a"]', "regexReplaceAll('', 'ab', '-')": '"-a-b-"', "regexQuoteMeta('1.5+')": '"1\\\\.5\\\\+"',
    "clean('a/../../b/./c/')": '"../b/c"', "dir('/a/b/')": '"/a/b"', "base('/a/b/')": '"b"', "ext('a.tar.gz')": '".gz"', "urlParse('https://u:p%40@h:1/a%20b?q=1#f').userinfo": '"u:p%40"',
    "urlJoin({'scheme': 'https', 'host': 'h', 'path': 'a b', 'query': 'x=1'})": '"https://h/a%20b?x=1"', "semver('v1.2.3-rc.1+b').Prerelease()": '"rc.1"',
    "semverCompare('^1.2', '1.9.9')": 'true', "semverCompare('~1.2.3', '1.3.0')": 'false', "semverCompare('>=1.0 <2.0 || >3', '3.0.1')": 'false', "semverCompare('>=1.0 <2.0 || >3', '4.0.0')": 'true', "semverCompare('1.2 - 1.4.5', '1.4.5')": 'true', "semverCompare('>1.0', '2.0.0-rc1')": 'false', "semverCompare('1.x', '1.7.2')": 'true',
  });
});

test('hashes, ciphers and keys', () => {
  check({
    "sha1sum('abc')": '"a9993e364706816aba3e25717850c26c9cd0d89d"', "sha256sum('')": '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"', "adler32sum('Wikipedia')": '"300286872"', "b32enc('foobar')": '"MZXW6YTBOI======"', "b32dec('MZXW6YTBOI======')": '"foobar"',
    "decryptAES('key', sprig.encryptAES('key', 'héllo'))": '"héllo"', "b64dec('!')": '"illegal base64 data at input byte 0"',
  });
  assert.match(json("genPrivateKey('ecdsa')"), /^"-----BEGIN EC PRIVATE KEY-----\\n/);
  assert.match(json("htpasswd('ada', 'secret')"), /^"ada:\$2a\$10\$[./A-Za-z0-9]{53}"$/);
  assert.throws(() => json("genCA('x', 1)"), /not available in expressions/);
});

test('arguments are checked as Go checks them', () => {
  const messages: Record<string, string> = {
    'upper(1)': 'reflect: Call using int as type string', 'upper()': 'invalid number of arguments: expected 1, got 0', "merge({}, 'x')": 'reflect: cannot use string as type map[string]interface {} in Call', "fail('no')": 'no', 'nope()': 'invalid operation: cannot call nil',
    "first('x')": 'Cannot find first on type string', "mustFromJson('{')": 'unexpected end of JSON input', "repeat(-1, 'x')": 'strings: negative Repeat count',
  };
  for (const [call, reason] of Object.entries(messages)) {
    assert.throws(() => evaluate(`sprig.${call}`, env), (error) => error instanceof ExprError && error.kind === 'runtime' && error.reason === reason, call);
  }
  assert.equal(formatValue(evaluate('sprig.upper(nil)', env)), '');
});
