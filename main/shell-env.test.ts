import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { loginEnvironment } from './shell-env.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'tiphys-shell-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });
const posix = { skip: process.platform === 'win32' ? 'a POSIX shell is needed' : false };

/** A login shell whose start-up files print noise and set variables. */
function shell(name: string, body: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "welcome, mail for you"\n${body}\nwhile [ "$#" -gt 1 ]; do shift; done\nexec /bin/sh -c "$1"\n`);
  chmodSync(file, 0o755);
  return file;
}

test('takes the login shell\'s PATH in front of its own, and what is missing', posix, async () => {
  const SHELL = shell('sh-like', 'export PATH=/opt/cloud/bin:/usr/bin AWS_PROFILE=work MULTI="a\nb" HOME=/changed');
  const found = await loginEnvironment({ SHELL, PATH: '/usr/bin:/bin', HOME: '/home/me' }, 'linux');
  const parts = found.PATH?.split(':') ?? [];
  assert.deepEqual(parts.slice(0, 3), ['/opt/cloud/bin', '/usr/bin', '/bin']);
  assert.equal(new Set(parts).size, parts.length);
  assert.deepEqual([found.AWS_PROFILE, found.MULTI], ['work', 'a\nb']);
  assert.equal(found.HOME, undefined, 'what is set stays');
});

test('a shell that fails leaves the well-known folders', posix, async () => {
  const found = await loginEnvironment({ SHELL: shell('broken', 'exit 3'), PATH: '/usr/bin' }, 'darwin');
  assert.deepEqual(Object.keys(found), ['PATH']);
  assert.ok(found.PATH?.startsWith('/usr/bin:') && found.PATH.includes('/opt/homebrew/bin'));
  assert.ok((await loginEnvironment({ SHELL: path.join(folder, 'missing'), PATH: '/usr/bin' }, 'linux')).PATH);
});

test('from a terminal, and on Windows, the environment is whole already', async () => {
  assert.deepEqual(await loginEnvironment({ TERM: 'xterm-256color', PATH: '/usr/bin' }, 'linux'), {});
  assert.deepEqual(await loginEnvironment({ PATH: 'C:\\' }, 'win32'), {});
});
