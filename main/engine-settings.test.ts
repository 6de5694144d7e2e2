import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineSettings, localRuntime, parseMirror } from './engine-settings.ts';

const read = (values: Record<string, unknown>, env: Record<string, string> = {}, mirrors: string[] = []): { settings: ReturnType<typeof engineSettings>; warnings: string[] } => {
  const warnings: string[] = [];
  return { settings: engineSettings({ value: (key) => values[key], env, mirrors, warn: (message) => warnings.push(message) }), warnings };
};

test('nothing set leaves all to the engine', () => {
  assert.deepEqual(read({}), { settings: {}, warnings: [] });
});

test('flags come before the environment, and that before the settings', () => {
  const { settings, warnings } = read(
    { 'registry.mirrors': [{ registry: 'quay.io', endpoint: 'https://c/' }], 'executor.busybox': 'r.io/busybox:1', 'executor.curl': 'r.io/curl' },
    { TIPHYS_REGISTRY_MIRRORS: 'docker.io=http://b:5000, *=https://d/x' }, ['*=http://a'],
  );
  assert.deepEqual(settings.registryMirrors, [
    { registry: '*', endpoint: 'http://a' }, { registry: 'docker.io', endpoint: 'http://b:5000' }, { registry: '*', endpoint: 'https://d/x' }, { registry: 'quay.io', endpoint: 'https://c' },
  ]);
  assert.deepEqual(settings.images, { busybox: ['r.io/busybox:1'], curl: 'r.io/curl' });
  assert.deepEqual(warnings, []);
  assert.deepEqual(read({ 'executor.busybox': ['a', 'b', 3] }).settings.images, { busybox: ['a', 'b'] });
});

test('the room for kept logs is set in MiB', () => {
  const warned: string[] = [];
  const read = (value: unknown): unknown => engineSettings({ value: (key) => (key === 'logs.limit' ? value : undefined), env: {}, warn: (message) => warned.push(message) });
  assert.deepEqual([read(200), read('many')], [{ logsLimit: 200 * 1024 * 1024 }, {}]);
  assert.deepEqual(warned, ['the setting logs.limit is no number of MiB']);
});

test('how many runs are under way at once is set for all and for each namespace', () => {
  assert.deepEqual(read({ 'runs.parallelism': 5, 'runs.namespaceParallelism': 0 }), { settings: { parallelism: 5, namespaceParallelism: 0 }, warnings: [] });
  assert.deepEqual(read({ 'runs.parallelism': -1, 'runs.namespaceParallelism': 'two' }), { settings: {}, warnings: ['the setting runs.parallelism is no number of runs', 'the setting runs.namespaceParallelism is no number of runs'] });
});

test('what cannot be read is told and passed over', () => {
  const { settings, warnings } = read({ 'registry.mirrors': [{ registry: 'a' }, { registry: 'b', endpoint: 'http://b' }], 'executor.busybox': 7 }, { TIPHYS_REGISTRY_MIRRORS: 'nonsense' });
  assert.deepEqual(settings, { registryMirrors: [{ registry: 'b', endpoint: 'http://b' }] });
  assert.equal(warnings.length, 2);
  assert.equal(read({ 'registry.mirrors': 'x' }).warnings.length, 1);
  for (const text of ['', 'a', '=http://x', 'a=', 'a=ftp://x', 'a=http://', 'a=http://[']) assert.equal(parseMirror(text), undefined, text);
});

test('a runtime that there is not is none', () => {
  assert.deepEqual(['docker', 'podman', 'processes', 'auto', undefined].map(localRuntime), ['docker', 'podman', 'processes', undefined, undefined]);
});
