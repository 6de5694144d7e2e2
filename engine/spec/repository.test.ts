import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRepository } from './repository.ts';

test('a repository is read as Argo takes it, and what is wrong with it is said', () => {
  assert.deepEqual(readRepository('archiveLogs: true\ns3:\n  endpoint: minio:9000\n  bucket: b\n  insecure: true\n  keyFormat: "{{workflow.name}}"\n  accessKeySecret: {name: minio, key: access}'), {
    archiveLogs: true, s3: { endpoint: 'minio:9000', bucket: 'b', insecure: true, keyFormat: '{{workflow.name}}', accessKeySecret: { name: 'minio', key: 'access' } },
  });
  assert.deepEqual(readRepository('{"azure": {"endpoint": "https://a.blob.core.windows.net", "container": "c", "blobNameFormat": "x"}}'), { azure: { endpoint: 'https://a.blob.core.windows.net', container: 'c', blobNameFormat: 'x' } });
  for (const [text, message] of [
    ['', /a map with one of s3, gcs or azure/], ['just words', /a map/], ['s3: [', /./], ['archiveLogs: true', /names no place/], ['archiveLogs: maybe\ns3: {}', /true or false/], ['oss: {}', /"oss" cannot be written to/], ['constructor: {}', /"constructor"/],
    ['s3: {endpoint: a, bucket: b}\ngcs: {bucket: b}', /of one kind; here are s3 and gcs/], ['s3: {bucket: b}', /needs s3\.endpoint\./], ['gcs: {}', /needs gcs\.bucket/], ['s3: {endpoint: a, bucket: b, bukket: c}', /bukket/],
    ['s3: {endpoint: a, bucket: b, insecure: "no"}', /^s3\.insecure: /], ['s3: {endpoint: a, bucket: b, keyFormat: 3}', /keyFormat is a text/], ['s3: minio', /a map with the settings/],
  ] as const) assert.throws(() => readRepository(text), { code: 'invalid', message }, text);
});
