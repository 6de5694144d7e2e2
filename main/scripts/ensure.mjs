// What every command needs before it can run: the npm packages of the lockfile. Plain Node, no packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const stamp = path.join(root, 'node_modules/.cache/lockfile.sha256');
const lock = path.join(root, '.cache/installing');

/** Installs the packages of package-lock.json unless exactly these are installed already. Ends the process when npm fails. */
export function ensureDependencies() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 18)) fail(`Node ${process.versions.node} is too old: Tiphys needs 20.18 or later.`);
  const hash = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json'))).digest('hex');
  const current = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (current()) return;
  takeLock();
  try {
    if (current()) return;
    if (!installed()) install();
    mkdirSync(path.dirname(stamp), { recursive: true });
    writeFileSync(stamp, hash);
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function install() {
  console.error('tiphys: installing npm packages (once; about a minute)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Install scripts are not needed: esbuild's binary comes as a package, and the Electron runtime is our own step.
  const result = spawnSync(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32',
  });
  if (result.status === 0) return;
  rmSync(lock, { recursive: true, force: true });
  fail('npm ci failed; the message above says why. Check the connection to the npm registry and run the command again.');
}

/** @returns whether npm itself has installed what the lockfile says, by the record it keeps */
function installed() {
  try {
    const { packages: wanted } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
    const { packages: have } = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'));
    return Object.entries(wanted).every(([name, { version, optional }]) => name === '' || optional || have[name]?.version === version);
  } catch {
    return false;
  }
}

/** Two commands started at once must not both install. A lock that is older than any install is left over from a crash. */
function takeLock() {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 10 * 60_000) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

function fail(message) {
  console.error(`tiphys: ${message}`);
  process.exit(1);
}
