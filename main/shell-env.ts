/**
 * The PATH that a login shell has. An app started from a dock or a menu does not inherit it, and the credential plugins of
 * kubeconfigs (aws, gke-gcloud-auth-plugin, kubelogin) are found nowhere else.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

const LIMIT_MS = 10_000;
const COMMON_FOLDERS = ['/opt/homebrew/bin', '/usr/local/bin', '/snap/bin', '.krew/bin', 'google-cloud-sdk/bin', '.local/bin', 'bin'];

/**
 * @param env the environment the app was started with
 * @returns what to add or replace in it; empty when it comes from a terminal and so is whole
 */
export async function loginEnvironment(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): Promise<Record<string, string>> {
  if (platform === 'win32' || (env.TERM !== undefined && env.TERM !== 'dumb')) return {};
  const shell = env.SHELL ?? '/bin/sh';
  const found = await askShell(shell, env).catch(() => undefined);
  const wanted: Record<string, string> = {};
  for (const [name, value] of Object.entries(found ?? {})) {
    if (env[name] === undefined && !/^(ELECTRON_|_$|SHLVL$|PWD$|OLDPWD$|TERM$)/.test(name)) wanted[name] = value;
  }
  const common = COMMON_FOLDERS.map((folder) => (folder.startsWith('/') ? folder : path.join(os.homedir(), folder)));
  wanted.PATH = [...new Set([...(found?.PATH ?? '').split(':'), ...(env.PATH ?? '').split(':'), ...common])].filter(Boolean).join(':');
  return wanted;
}

/** Asks the shell between two marks, since its start-up files may print anything. */
function askShell(shell: string, env: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  const mark = randomUUID();
  const script = `printf %s ${mark}; env -0; printf %s ${mark}`;
  const flags = path.basename(shell) === 'zsh' ? ['-l', '-i', '-c'] : /csh$/.test(shell) ? ['-ic'] : ['-l', '-c'];
  return new Promise((resolve, reject) => {
    const child = spawn(shell, [...flags, script], { env: { ...env, TERM: 'dumb', DISABLE_AUTO_UPDATE: 'true' }, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      // The whole group: a start-up file may wait in a child.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      reject(new Error('the login shell did not answer'));
    }, LIMIT_MS);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      const [, body] = Buffer.concat(chunks).toString('utf8').split(mark);
      if (body === undefined) reject(new Error('the login shell printed no environment'));
      else resolve(Object.fromEntries(body.split('\0').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])));
    });
  });
}
