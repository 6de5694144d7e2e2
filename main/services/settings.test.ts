import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Settings } from './settings.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-settings-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });
const warnings: string[] = [];
const open = (): Settings => new Settings(folder, (message) => warnings.push(message));

test('what is set is there after a restart, private to the user, whole at any moment', async () => {
  const settings = open();
  await Promise.all(Array.from({ length: 50 }, async (_, i) => settings.handlers['settings.set']({ key: `ui.pane-${i}`, value: { width: i } })));
  await settings.setPlaces([{ contextId: 'c', namespace: 'n' }]);
  await settings.setWindow({ width: 800, height: 600, x: 1, y: 2, maximized: true });
  const again = open();
  const values = await again.handlers['settings.get'](undefined);
  assert.deepEqual(values['ui.pane-49'], { width: 49 });
  assert.equal(Object.keys(values).length, 50);
  assert.deepEqual(again.places, [{ contextId: 'c', namespace: 'n' }]);
  assert.deepEqual(again.window, { width: 800, height: 600, x: 1, y: 2, maximized: true });
  assert.deepEqual(readdirSync(folder), ['settings.json']);
  assert.equal(statSync(path.join(folder, 'settings.json')).mode & 0o777, 0o600);
});

test('an artifact repository is kept by context when it is one, and taken away by an empty text', async () => {
  const settings = open();
  const set = settings.handlers['settings.repository'];
  await assert.rejects(async () => { await set({ contextId: 'c', text: 's3: {bucket: b}' }); }, { code: 'invalid', message: 's3 needs s3.endpoint.' });
  await set({ contextId: 'c', text: 's3: {endpoint: e, bucket: b} # ours' });
  await set({ contextId: 'd', text: 'gcs: {bucket: b}' });
  assert.deepEqual({ ...open().value('artifacts.repository') as object }, { c: 's3: {endpoint: e, bucket: b} # ours', d: 'gcs: {bucket: b}' });
  await set({ contextId: 'c', text: ' ' });
  assert.deepEqual({ ...open().value('artifacts.repository') as object }, { d: 'gcs: {bucket: b}' });
});

test('null removes a setting', async () => {
  const settings = open();
  await settings.handlers['settings.set']({ key: 'theme', value: 'dark' });
  await settings.handlers['settings.set']({ key: 'theme', value: null });
  assert.deepEqual(await open().handlers['settings.get'](undefined), {});
});

test('a file that cannot be read is kept aside, not lost', () => {
  writeFileSync(path.join(folder, 'settings.json'), '{"version": 1, "val');
  const settings = open();
  assert.deepEqual(settings.places, []);
  assert.equal(readFileSync(path.join(folder, 'settings.json.unreadable'), 'utf8'), '{"version": 1, "val');
  assert.match(warnings.at(-1) ?? '', /unreadable/);
});

test('names of objects, and values without measure, are refused', async () => {
  const settings = open();
  for (const key of ['__proto__', 'constructor', 'toString', '', '1a', 'a b']) await assert.rejects(async () => settings.handlers['settings.set']({ key, value: 1 }), { code: 'invalid' }, key);
  await assert.rejects(async () => settings.handlers['settings.set']({ key: 'a', value: 'x'.repeat(300_000) }), { code: 'too-large' });
});

test('the window cannot change what main keeps', async () => {
  const settings = open();
  const values = await settings.handlers['settings.get'](undefined);
  values.places = 'changed';
  assert.deepEqual(settings.places, []);
  assert.deepEqual(await settings.handlers['settings.get'](undefined), {});
});
