import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from './redact.ts';

test('credentials are taken out, the rest stays', () => {
  const secrets: [string, string][] = [
    ['GET /api: 401, Authorization: Bearer abcdef123456.xyz', 'abcdef123456'],
    ['{"token":"s3cr3t-value"}', 's3cr3t'],
    ['password=hunter22 in the config', 'hunter22'],
    ['client-key-data: LS0tLS1CRUdJTg==', 'LS0tLS1CRUdJTg'],
    ['got eyJhbGciOiJSUzI1NiIs.eyJpc3MiOiJrdWJl.sig from the plugin', 'eyJhbGciOiJSUzI1NiIs'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
    ['-----BEGIN PRIVATE KEY-----\ncut off', 'cut off'],
  ];
  for (const [text, secret] of secrets) assert.ok(!redact(text).includes(secret), redact(text));
  for (const text of ['pods "hello-1" not found', 'The token has expired.', 'basic auth is not supported', 'secret my-secret is missing in namespace a']) assert.equal(redact(text), text);
});
