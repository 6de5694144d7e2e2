import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain, spans } from './ansi.ts';

const E = '\u001b';

test('colours and weight become spans', () => {
  assert.deepEqual(spans(`a ${E}[31;1mred${E}[0m b`), [{ text: 'a ' }, { text: 'red', color: 'red', bold: true }, { text: ' b' }]);
  assert.deepEqual(spans(`${E}[92mok${E}[39m.`), [{ text: 'ok', color: 'green' }, { text: '.' }]);
  assert.deepEqual(spans(`${E}[38;5;9mx${E}[38;2;1;2;3my`), [{ text: 'x', color: 'red' }, { text: 'y', color: 'red' }]);
});

test('links, clipboard writes, cursor moves and bells are left out', () => {
  const hostile = `${E}]52;c;ZXZpbA==\u0007${E}]8;;https://evil.example${E}\\click${E}]8;;${E}\\ ${E}[2J${E}[1;1Hx\u0007\r`;
  assert.equal(plain(hostile), 'click x');
  assert.deepEqual(spans(hostile).map((span) => span.text).join(''), 'click x');
});

test('plain lines stay as they are', () => {
  assert.deepEqual(spans('plain\ttext ✓'), [{ text: 'plain\ttext ✓' }]);
  assert.deepEqual(spans(''), []);
});
