#!/usr/bin/env node
// The `tiphys` command of a clone: the built program where it is newer than its sources, else the sources through tsx.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies, root } from './ensure.mjs';

/** @returns the time of the newest source below the folders, in ms */
function newest(folders) {
  let latest = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(path.join(root, folder), { recursive: true })) {
      if (entry.endsWith('.ts') && !entry.endsWith('.test.ts')) latest = Math.max(latest, statSync(path.join(root, folder, entry)).mtimeMs);
    }
  }
  return latest;
}

const sources = existsSync(path.join(root, 'main/cli.ts'));
const built = path.join(root, 'out/main/cli.cjs');
const useBuilt = existsSync(built) && (!sources || statSync(built).mtimeMs > newest(['engine', 'main']));
if (!useBuilt) ensureDependencies();
const program = useBuilt ? [built] : ['--import', new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url).href, path.join(root, 'main/cli.ts')];
const child = spawn(process.execPath, [...program, ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal's Ctrl-C reaches both; a signal sent to this process alone is passed on.
process.on('SIGINT', () => undefined);
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
