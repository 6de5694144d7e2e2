/**
 * Credential plugins of the kubeconfig (`exec`): run once however many calls wait for the token, given what the
 * specification promises them, kept until shortly before their credential expires.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { AppError } from '../spec/error.ts';
import type { ClusterConfig, ExecConfig } from './kubeconfig.ts';
import { isMap } from './store/json.ts';

export interface ExecCredential {
  token?: string;
  /** PEM. */
  certificate?: string;
  key?: string;
  /** Milliseconds since the epoch. */
  expiresAt?: number;
}

export interface ExecOptions {
  /** The environment of the person's shell: a window's own often lacks the PATH of the plugin. */
  env: Record<string, string | undefined>;
  now(): number;
  /** Milliseconds; logins in a browser take their time. */
  timeLimit?: number;
  /** PEM of the cluster's authority, for plugins that ask. */
  authority?: string;
}

/** A credential is renewed this long before it expires. */
const MARGIN_MS = 30_000;
const MIN_LIFE_MS = 5_000;
const MAX_OUTPUT = 1024 * 1024;

interface Entry {
  credential?: ExecCredential;
  validUntil: number;
  running?: Promise<ExecCredential>;
}

/** Shared by all connections of the process: the same plugin call is the same credential. */
const cache = new Map<string, Entry>();

const keyOf = (exec: ExecConfig, cluster: ClusterConfig): string =>
  createHash('sha256').update(JSON.stringify([exec, exec.provideClusterInfo ? cluster : null])).digest('hex');

/** @returns the kept credential if it is still good */
export function keptCredential(exec: ExecConfig, cluster: ClusterConfig, now: number): ExecCredential | undefined {
  const entry = cache.get(keyOf(exec, cluster));
  return entry?.credential && now < entry.validUntil ? entry.credential : undefined;
}

/** Forgets the credential, if it is still the one given: the server refused it. */
export function dropCredential(exec: ExecConfig, cluster: ClusterConfig, refused: ExecCredential | undefined): void {
  const entry = cache.get(keyOf(exec, cluster));
  if (entry && entry.credential === refused) delete entry.credential;
}

/** @returns the kept credential, or that of one run of the plugin which all who ask meanwhile share */
export async function execCredential(exec: ExecConfig, cluster: ClusterConfig, options: ExecOptions): Promise<ExecCredential> {
  const kept = keptCredential(exec, cluster, options.now());
  if (kept) return kept;
  const key = keyOf(exec, cluster);
  const entry: Entry = cache.get(key) ?? { validUntil: 0 };
  cache.set(key, entry);
  entry.running ??= runPlugin(exec, cluster, options).then((credential) => {
    entry.credential = credential;
    entry.validUntil = credential.expiresAt === undefined ? Number.POSITIVE_INFINITY : Math.max(credential.expiresAt - MARGIN_MS, options.now() + MIN_LIFE_MS);
    return credential;
  }).finally(() => {
    delete entry.running;
  });
  return entry.running;
}

function execInfo(exec: ExecConfig, cluster: ClusterConfig, authority: string | undefined): string {
  const info = {
    server: cluster.server,
    ...(cluster.tlsServerName === undefined ? {} : { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify ? { 'insecure-skip-tls-verify': true } : {}),
    ...(authority === undefined ? {} : { 'certificate-authority-data': Buffer.from(authority).toString('base64') }),
    ...(cluster.proxyUrl === undefined ? {} : { 'proxy-url': cluster.proxyUrl }),
    ...(cluster.execExtension === undefined ? {} : { config: cluster.execExtension }),
  };
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...(exec.provideClusterInfo ? { cluster: info } : {}) } });
}

async function runPlugin(exec: ExecConfig, cluster: ClusterConfig, options: ExecOptions): Promise<ExecCredential> {
  const named = exec.command.includes('/') ? exec.command.slice(dirname(exec.command).length + 1) : exec.command;
  if (exec.interactiveMode === 'Always') {
    throw new AppError('unauthorized', `The credential plugin "${named}" can only log in from a terminal.`, { hint: `Run it once in a terminal: ${[exec.command, ...exec.args].join(' ')}` });
  }
  const { stdout, stderr, exitCode, failure } = await run(exec, { ...options.env, ...exec.env, KUBERNETES_EXEC_INFO: execInfo(exec, cluster, options.authority) }, options.timeLimit ?? 60_000);
  const said = stderr.trim() === '' ? '' : `\n${stderr.trim()}`;
  if (failure === 'missing') {
    throw new AppError('unauthorized', `The credential plugin "${named}" was not found.`, { hint: exec.installHint ?? `Install it, or add its folder to the search path. The kubeconfig names it for the cluster ${cluster.name}.` });
  }
  if (failure === 'time') throw new AppError('unauthorized', `The credential plugin "${named}" did not answer in time.${said}`, { retryable: true, hint: 'Run it in a terminal to see what it waits for.' });
  if (failure !== undefined) throw new AppError('unauthorized', `The credential plugin "${named}" could not be run: ${failure}`, { hint: exec.installHint ?? 'Check that it may be executed.' });
  if (exitCode !== 0) throw new AppError('unauthorized', `The credential plugin "${named}" failed with code ${exitCode}.${said}`, { hint: exec.installHint ?? `Try it in a terminal: ${[exec.command, ...exec.args].join(' ')}` });
  return parseCredential(stdout, named, exec.apiVersion);
}

function parseCredential(stdout: string, named: string, apiVersion: string): ExecCredential {
  const bad = (why: string) => new AppError('unauthorized', `The credential plugin "${named}" gave an answer that cannot be used: ${why}`, { hint: 'Update the plugin.' });
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw bad('it is not JSON.');
  }
  if (!isMap(answer) || answer['kind'] !== 'ExecCredential') throw bad('it is no ExecCredential.');
  if (answer['apiVersion'] !== apiVersion) throw bad(`its version is ${String(answer['apiVersion'])}, but the kubeconfig says ${apiVersion}.`);
  const status = isMap(answer['status']) ? answer['status'] : {};
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
  const expiresAt = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : NaN;
  if (typeof token !== 'string' && !(typeof certificate === 'string' && typeof key === 'string')) throw bad('it has neither a token nor a certificate with its key.');
  return {
    ...(typeof token === 'string' ? { token } : {}),
    ...(typeof certificate === 'string' && typeof key === 'string' ? { certificate, key } : {}),
    ...(Number.isNaN(expiresAt) ? {} : { expiresAt }),
  };
}

interface RunResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** `missing`, `time`, or what the system said. */
  failure?: string;
}

function run(exec: ExecConfig, env: Record<string, string | undefined>, limitMs: number): Promise<RunResult> {
  return new Promise((resolve) => {
    const posix = process.platform !== 'win32';
    const child = spawn(exec.command, exec.args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: posix, windowsHide: true });
    let stdout = '';
    let stderr = '';
    let failure: string | undefined;
    const kill = (why: string) => {
      failure ??= why;
      try {
        // The whole group: a plugin often starts another program.
        if (posix && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => kill('time'), limitMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (stdout.length > MAX_OUTPUT) kill('its answer is longer than 1 MB.');
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(-8192);
    });
    const done = (exitCode: number) => {
      clearTimeout(timer);
      resolve({ stdout, stderr, exitCode, ...(failure === undefined ? {} : { failure }) });
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      failure ??= error.code === 'ENOENT' ? 'missing' : error.message;
      done(-1);
    });
    child.on('close', (code) => done(code ?? -1));
  });
}
