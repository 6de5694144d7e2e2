import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { bundleHandler } from './protocol.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-protocol-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });
const bundle = path.join(folder, 'bundle');
mkdirSync(path.join(bundle, 'files'), { recursive: true });
writeFileSync(path.join(bundle, 'index.html'), 'page');
writeFileSync(path.join(bundle, 'files/a font.woff2'), 'font');
writeFileSync(path.join(bundle, 'unlisted.js'), 'unlisted');
writeFileSync(path.join(folder, 'secret'), 'secret');
symlinkSync(path.join(folder, 'secret'), path.join(bundle, 'link'));
const handle = bundleHandler(bundle, ['index.html', 'files/a font.woff2']);
const get = (url: string, method = 'GET'): Promise<Response> => handle({ url, method });

test('serves the listed files with their type and the policy', async () => {
  const page = await get('app://bundle/');
  assert.equal(page.status, 200);
  assert.equal(await page.text(), 'page');
  assert.equal(page.headers.get('Content-Type'), 'text/html; charset=utf-8');
  const policy = page.headers.get('Content-Security-Policy') ?? '';
  for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "object-src 'none'"]) assert.ok(policy.includes(directive), directive);
  assert.ok(!policy.includes('unsafe-eval'));
  assert.ok(!/script-src[^;]*unsafe/.test(policy));
  assert.equal(page.headers.get('X-Content-Type-Options'), 'nosniff');
  const font = await get('app://bundle/files/a%20font.woff2?v=1#x');
  assert.equal(font.headers.get('Content-Type'), 'font/woff2');
});

test('what is not listed does not exist, however it is spelt', async () => {
  const spellings = [
    'app://bundle/unlisted.js', 'app://bundle/link', 'app://bundle/../secret', 'app://bundle/%2e%2e/secret', 'app://bundle/..%2fsecret', 'app://bundle/files/..%2f..%2fsecret',
    'app://bundle/%2e%2e%5csecret', 'app://bundle//etc/passwd', 'app://bundle/%00index.html', 'app://bundle/index.html/', 'app://bundle/INDEX.HTML', 'app://other/index.html',
    'app://bundle:80/index.html', 'file:///etc/passwd', 'https://bundle/index.html', 'app://bundle/%', 'nonsense', '',
  ];
  for (const url of spellings) assert.equal((await get(url)).status, 404, url);
  assert.equal((await get('app://bundle/index.html', 'POST')).status, 404);
});

test('no path whatsoever reaches beyond the list', async () => {
  const part = fc.constantFrom('..', '%2e%2e', '.', '/', '%2f', '\\', '%5c', 'secret', 'bundle', 'index.html', 'files', '%00', '~', 'etc');
  await fc.assert(fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
    const response = await get(`app://bundle/${parts.join('')}`);
    if (response.status === 200) assert.equal(await response.text(), 'page');
    else assert.equal(response.status, 404);
  }), { numRuns: 500 });
});
