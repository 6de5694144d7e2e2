import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanizeDuration, humanizeTruncated, int32Of, intValueOf, isIntOrTag, parseStringToDuration, readAmount, readAnyString, readIntOrString, ScalarError } from './durations.ts';
import { parseRawJson } from './json.ts';
import { parseQuantity, QuantityError, quantityOfJson, quantityText, resourcesDuration, resourcesDurationText, scaledValue } from './quantity.ts';

test('durations are seconds or Go durations', () => {
  assert.equal(parseStringToDuration('90'), 90_000_000_000n);
  assert.equal(parseStringToDuration('1m30s'), 90_000_000_000n);
  assert.throws(() => parseStringToDuration('1d'), (error) => error instanceof ScalarError && /unable to parse 1d as a duration/.test(error.message));
});

test('durations in words', () => {
  const second = 1_000_000_000n;
  assert.deepEqual([1n, 75n, 3660n, 90_000n, 1_300_000n].map((seconds) => humanizeDuration(seconds * second)), ['1 second', '1 minute 15 seconds', '1 hour 1 minutes', '1 day 1 hours', '2 weeks 1 hours']);
  assert.equal(humanizeTruncated(3660n * second), '1 hour');
});

test('numbers that may be texts', () => {
  assert.equal(int32Of('7'), 7);
  assert.equal(int32Of(undefined), undefined);
  assert.throws(() => int32Of('seven'), /value 'seven' cannot be resolved to an int/);
  assert.equal(intValueOf('seven'), 0n);
  assert.ok(isIntOrTag('{{x}}') && isIntOrTag('1') && !isIntOrTag('x'));
  assert.equal(readIntOrString('"3"'), '3');
  assert.throws(() => readIntOrString('1.5'), /cannot unmarshal number 1.5/);
  assert.equal(readAmount('2.5'), 2.5);
  assert.equal(readAnyString('1e21'), '1000000000000000000000');
  assert.equal(readAnyString('[1]'), '');
});

test('quantities are written as Kubernetes writes them', () => {
  const cases: Record<string, string> = { '1000m': '1', '0.5': '500m', '1024Mi': '1Gi', '1.5Gi': '1536Mi', '2e3': '2e3', '10M': '10M', '0.0000000001': '1n', '-2.5': '-2500m', '512': '512' };
  for (const [text, canonical] of Object.entries(cases)) assert.equal(quantityText(parseQuantity(text)), canonical, text);
  assert.equal(scaledValue(parseQuantity('1500m'), 0), 2n);
  assert.equal(quantityText(quantityOfJson(parseRawJson('2'))), '2');
  for (const text of ['', 'x', '1 Gi', '1.2.3', '1KB', '1e5000']) assert.throws(() => parseQuantity(text), QuantityError, text);
});

test('what containers use is counted by limits, requests and defaults', () => {
  const duration = resourcesDuration([{ seconds: 60, requests: { cpu: '500m' }, limits: { memory: '1Gi' } }, { seconds: 10 }]);
  assert.deepEqual(duration, { cpu: 31, memory: 624 });
  assert.equal(resourcesDurationText({ cpu: 31 }), '31s*(1 cpu)');
});
