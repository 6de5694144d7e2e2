/** Where things lie. In the sources and in the built program alike, the app's folder is two levels above a module. */
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
/** The folder with package.json, out and assets: the clone, or the packaged app's archive. */
export const appRoot = path.basename(path.dirname(here)) === 'out' ? path.resolve(here, '../..') : path.resolve(here, '..');

/** @returns the folder of all that Tiphys keeps on this machine: settings, drafts, runs of its own store, logs */
export function dataFolder(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (env.TIPHYS_DATA_DIR) return path.resolve(env.TIPHYS_DATA_DIR);
  const home = os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Tiphys');
  if (platform === 'win32') return path.join(env.APPDATA ?? path.join(home, 'AppData', 'Roaming'), 'Tiphys');
  return path.join(env.XDG_DATA_HOME ?? path.join(home, '.local', 'share'), 'tiphys');
}

/** @returns the path as a person reads it, with `~` for the home folder */
export function shorten(file: string): string {
  const home = os.homedir();
  return file === home || file.startsWith(home + path.sep) ? `~${file.slice(home.length)}` : file;
}
