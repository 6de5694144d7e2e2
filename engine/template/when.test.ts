import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { evaluateCronWhen, evaluateWhen, WhenError } from './when.ts';

test('conditions as people write them', () => {
  const yes = ['', 'true', 'heads == heads', "'a b' == \"a b\"", '5 > 3 && 2 <= 2', '(1 + 2) * 3 == 9', '10 - 3 - 2 == 5', '!(1 == 2)', 'a in (a, b)', "'x-1' =~ '^x-[0-9]$'", 'false || !false', '2 ** 3 ** 2 == 64',
    'true ? true : false', '0x1F == 31', "'2024-01-01' < '2024-01-02'", '7 % 4 == 3', '~1 == -2', '(1, 2) == (1, 2)', '6 & 3 | 8 == 10'];
  for (const when of yes) assert.equal(evaluateWhen(when), true, when);
  for (const when of ['false', 'a == b', "1 == '1'", 'b < a', 'c in (a, b)', '1 / 0 == 1', 'False == false']) assert.equal(evaluateWhen(when), false, when);
});

test('what is no condition says why', () => {
  const faults: [string, RegExp][] = [
    ['a-b == a-b', /Value 'a' cannot be used with the modifier '-', it is not a number/], ['a == ', /Unexpected end of expression/], ['a # b', /Invalid token: '#'.*hint/], ['heads', /Expected boolean evaluation for 'heads'. Got heads/],
    ['(a == b', /Unbalanced parenthesis/], ["'open", /Unclosed string literal/], ['[open', /Unclosed parameter bracket/], ['f(1)', /Undefined function f/], ['a.b == c', /unexported field/], ['a in (a)', /comparator 'in'/], ['x\\', /out of range/],
    ['((1,2),3) in ((1,2),(3,4))', /cannot be used|uncomparable|boolean/], ['1.2.3 == 1', /Unable to parse numeric value/], ["a =~ '('", /missing closing \)/],
  ];
  for (const [when, message] of faults) assert.throws(() => evaluateWhen(when), (error) => error instanceof WhenError && message.test(error.message), when);
});

test('schedules take no bare words', () => {
  assert.equal(evaluateCronWhen("'a' == 'a'"), true);
  assert.throws(() => evaluateCronWhen('a == a'), /No parameter 'a' found/);
});

test('any text is a verdict or a WhenError', () => {
  const alphabet = ['a', '1', ' ', '(', ')', '&&', '||', '!', '==', '<', "'", '"', ',', '.', '-', '+', '?', ':', '[', ']', '\\', 'in', '=~', '日', '0x'];
  fc.assert(fc.property(fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }), (parts) => {
    try {
      return typeof evaluateWhen(parts.join('')) === 'boolean';
    } catch (error) {
      return error instanceof WhenError;
    }
  }), { numRuns: 2000 });
});

test('deep nesting is refused, not a crash', () => {
  assert.throws(() => evaluateWhen(`${'('.repeat(50_000)}true${')'.repeat(50_000)}`), WhenError);
});

test('what follows a clause without an operator is not looked at', () => {
  assert.equal(evaluateWhen('(1 == 1) 2'), true);
  assert.throws(() => evaluateWhen('(1 >) == 1'), { message: "Failed to evaluate 'when' expresion '(1 >) == 1': Value '1' cannot be used with the comparator '>', it is not a number" });
});
