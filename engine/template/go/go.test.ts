import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as go from '../go.ts';

test('floats print as strconv prints them', () => {
  const table: [number, 'e' | 'f' | 'g', number, string][] = [
    [1, 'g', -1, '1'], [1e6, 'g', -1, '1e+06'], [123456789, 'g', -1, '1.23456789e+08'], [1e21, 'g', -1, '1e+21'], [0.0001, 'g', -1, '0.0001'], [0.00001, 'g', -1, '1e-05'],
    [100000, 'g', -1, '100000'], [2.5, 'f', 0, '2'], [3.5, 'f', 0, '4'], [0.5, 'f', 0, '0'], [1.005, 'f', 2, '1.00'], [1e23, 'f', -1, '100000000000000000000000'],
    [0, 'f', -1, '0'], [-0, 'f', -1, '-0'], [0, 'g', -1, '0'], [0, 'e', 2, '0.00e+00'], [1.5, 'e', -1, '1.5e+00'], [99.99, 'f', 1, '100.0'], [0.001, 'f', 1, '0.0'], [0.06, 'f', 1, '0.1'],
    [1234.5678, 'g', 3, '1.23e+03'], [1234.5678, 'g', 6, '1234.57'], [100, 'g', 3, '100'], [5e-324, 'g', -1, '5e-324'], [12.5, 'f', 6, '12.500000'], [NaN, 'g', -1, 'NaN'], [-Infinity, 'f', 2, '-Inf'],
  ];
  for (const [value, format, precision, text] of table) assert.equal(go.formatFloat(value, format, precision), text, `${value} ${format} ${precision}`);
});

test('strings are quoted as strconv.Quote quotes them, and cut by bytes', () => {
  assert.equal(go.quote('a"b\\\n\x00\x7f\u{10ffff}é\ue000 '), '"a\\"b\\\\\\n\\x00\\x7f\\U0010ffffé\\ue000 "');
  assert.equal(go.byteLength('日a😀'), 8);
  const cut = go.sliceBytes('日本', 0, 4);
  assert.equal(go.byteLength(cut), 4);
  assert.equal(go.quote(cut), '"日\\xe6"');
  assert.equal(go.marshalJson(cut), '"日\\ufffd"');
  assert.equal(go.compareStrings('\u{1f600}', '\uffee'), 1);
});

test('%v and Sprintf', () => {
  assert.equal(go.formatValue([1n, 'a', null, 1.5, new Map<go.GoValue, go.GoValue>([['b', 1n], ['a', [true]]])]), '[1 a <nil> 1.5 map[a:[true] b:1]]');
  assert.equal(go.sprintf('x%d-%05.2f-%q-%-4s|%+d %x %t %%', [7n, 3.14159, 'a"', 'b', 5n, 255n, true]), 'x7-03.14-"a\\""-b   |+5 ff true %');
  assert.equal(go.sprintf('x', [0n]), 'x%!(EXTRA int=0)');
  assert.equal(go.sprintf('%d %s', ['a']), '%!d(string=a) %!s(MISSING)');
  assert.equal(go.sprintf('%v %s', [go.duration(5_405_500_000_000n), null]), '1h30m5.5s %!s(<nil>)');
});

test('JSON is written with sorted keys and HTML escapes, and read with the errors of Go', () => {
  assert.equal(go.marshalJson(new Map<go.GoValue, go.GoValue>([['b', '<&>'], ['a', [1n, 1.5, 1e21, -0]]])), '{"a":[1,1.5,1e+21,-0],"b":"\\u003c\\u0026\\u003e"}');
  assert.equal(go.marshalJson([1n, new Map()], { indent: '  ' }), '[\n  1,\n  {}\n]');
  assert.throws(() => go.marshalJson(NaN), { message: 'json: unsupported value: NaN' });
  assert.deepEqual(go.unmarshalJson('{"a":[1,"\\u00e9",null],"a":2}'), new Map([['a', 2]]));
  const errors = { '': 'unexpected end of JSON input', 'bad': "invalid character 'b' looking for beginning of value", '[1] x': "invalid character 'x' after top-level value", '"\\<"': "invalid character '<' in string escape code", '[1 2]': "invalid character '2' after array element", 'nul': 'unexpected end of JSON input' };
  for (const [text, message] of Object.entries(errors)) assert.throws(() => go.unmarshalJson(text), { message }, text);
});

test('times and durations', () => {
  const time = go.parseTime(go.RFC3339, '2024-02-29T12:30:45.5+02:00');
  assert.equal(go.formatTime(time, go.RFC3339_NANO), '2024-02-29T12:30:45.5+02:00');
  assert.equal(go.formatTime(time, 'Mon Jan _2 3:04PM 2006 002 .000 MST'), 'Thu Feb 29 12:30PM 2024 060 .500 +0200');
  assert.equal(go.timeString(go.parseTime('2006-01-02', '2024-01-02')), '2024-01-02 00:00:00 +0000 UTC');
  assert.throws(() => go.parseTime('bad', '14/08/2023'), { message: 'parsing time "14/08/2023" as "bad": cannot parse "14/08/2023" as "bad"' });
  assert.throws(() => go.parseTime('2006-01-02', '2023-02-29'), { message: 'parsing time "2023-02-29": day out of range' });
  const berlin = go.loadLocation('Europe/Berlin');
  assert.equal(go.formatTime(new go.GoTime(1_720_000_000n * 1_000_000_000n, berlin), '15:04 -0700 MST'), '11:46 +0200 CEST');
  assert.throws(() => go.loadLocation('No/Zone'), { message: 'unknown time zone No/Zone' });
  assert.equal(go.formatDuration(go.parseDuration('-1h30m5.5s')), '-1h30m5.5s');
  assert.equal(go.formatDuration(1500n), '1.5µs');
  assert.throws(() => go.parseDuration('1h 5m'), { message: 'time: unknown unit "h " in duration "1h 5m"' });
});
