import assert from 'node:assert/strict';
import { test } from 'node:test';
import { engineSettings, localRuntime, parseMirror } from './engine-settings.ts';

const read = (values: Record<string, unknown>, env: Record<string, string> = {}, mirrors: string[] = []): { settings: ReturnType<typeof engineSettings>; warnings: string[] } => {
  const warnings: string[] = [];
  return { settings: engineSettings({ clusterId: 'c', value: (key) => values[key], env, mirrors, warn: (message) => warnings.push(message) }), warnings };
};

test('nothing set leaves all to the engine', () => {
  const { settings: { logsLimit, artifactRepository, ...settings }, warnings } = read({});
  assert.deepEqual([settings, warnings, logsLimit?.(), artifactRepository?.()], [{}, [], undefined, undefined]);
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

test('the room for kept logs is set in MiB, and a change counts at once', () => {
  const values: Record<string, unknown> = { 'logs.limit': 200 };
  const { settings: { logsLimit }, warnings } = read(values);
  assert.equal(logsLimit?.(), 200 * 1024 * 1024);
  values['logs.limit'] = 'many';
  assert.deepEqual([logsLimit(), logsLimit()], [undefined, undefined]);
  assert.deepEqual(warnings, ['the setting logs.limit is no number of MiB']);
});

test('each context has an artifact repository of its own; one that cannot be read is passed over', () => {
  const values: Record<string, unknown> = { 'artifacts.repository': { c: 's3: {endpoint: a, bucket: b}', d: 's3: {}' } };
  const { settings: { artifactRepository }, warnings } = read(values);
  assert.deepEqual([artifactRepository?.(), warnings], [{ s3: { endpoint: 'a', bucket: 'b' } }, []]);
  values['artifacts.repository'] = { c: 's3: {}' };
  assert.equal(artifactRepository?.(), undefined);
  assert.match(warnings.join(), /artifacts\.repository is passed over: s3 needs s3\.endpoint and s3\.bucket/);
});

test('how many runs are under way at once is set for all and for each namespace', () => {
  const limits = (values: Record<string, unknown>): unknown => {
    const { settings: { parallelism, namespaceParallelism }, warnings } = read(values);
    return { parallelism, namespaceParallelism, warnings };
  };
  assert.deepEqual(limits({ 'runs.parallelism': 5, 'runs.namespaceParallelism': 0 }), { parallelism: 5, namespaceParallelism: 0, warnings: [] });
  assert.deepEqual(limits({ 'runs.parallelism': -1, 'runs.namespaceParallelism': 'two' }), { parallelism: undefined, namespaceParallelism: undefined, warnings: ['the setting runs.parallelism is no number of runs', 'the setting runs.namespaceParallelism is no number of runs'] });
});

test('what cannot be read is told and passed over', () => {
  const { settings, warnings } = read({ 'registry.mirrors': [{ registry: 'a' }, { registry: 'b', endpoint: 'http://b' }], 'executor.busybox': 7 }, { TIPHYS_REGISTRY_MIRRORS: 'nonsense' });
  assert.deepEqual([settings.registryMirrors, settings.images], [[{ registry: 'b', endpoint: 'http://b' }], undefined]);
  assert.equal(warnings.length, 2);
  assert.equal(read({ 'registry.mirrors': 'x' }).warnings.length, 1);
  for (const text of ['', 'a', '=http://x', 'a=', 'a=ftp://x', 'a=http://', 'a=http://[']) assert.equal(parseMirror(text), undefined, text);
});

test('a runtime that there is not is none', () => {
  assert.deepEqual(['docker', 'podman', 'processes', 'auto', undefined].map(localRuntime), ['docker', 'podman', 'processes', undefined, undefined]);
});
