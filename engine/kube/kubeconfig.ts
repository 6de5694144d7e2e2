/**
 * The kubeconfig, read as kubectl reads it: a list of files of which the first to define a name wins, paths relative to their
 * own file. One bad file or context never hides the others: it carries its problems instead.
 */
import { createHash } from 'node:crypto';
import { existsSync, watch as watchFolder } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { isMap } from './store/json.ts';

export interface ExecConfig {
  apiVersion: string;
  /** As the file says, but resolved against the file's folder when it has a slash. */
  command: string;
  args: string[];
  env: Record<string, string>;
  installHint?: string;
  provideClusterInfo: boolean;
  interactiveMode: string;
}

/** Where a certificate or key comes from; data wins over the file when both are given. */
export interface Material {
  data?: string;
  file?: string;
}

export interface ClusterConfig {
  name: string;
  server: string;
  authority: Material;
  insecureSkipTlsVerify: boolean;
  tlsServerName?: string;
  proxyUrl?: string;
  /** The extension client.authentication.k8s.io/exec, handed to credential plugins that ask for it. */
  execExtension?: unknown;
}

export interface UserConfig {
  name: string;
  token?: string;
  tokenFile?: string;
  clientCertificate: Material;
  clientKey: Material;
  username?: string;
  password?: string;
  exec?: ExecConfig;
  authProvider?: string;
  as?: string;
  asUid?: string;
  asGroups: string[];
  asUserExtra: Record<string, string[]>;
}

export interface ContextProblem {
  severity: 'error' | 'warning';
  message: string;
  hint?: string;
}

export interface ResolvedContext {
  /** Stays the same for the same file and name. */
  id: string;
  name: string;
  /** The name, and the file's where another file has the same name. */
  label: string;
  file: string;
  namespace?: string;
  /** Absent when the file does not say it right; `problems` tells. */
  cluster?: ClusterConfig;
  user: UserConfig;
  /** A context with an error cannot be connected to. */
  problems: ContextProblem[];
}

export interface Kubeconfig {
  contexts: ResolvedContext[];
  /** Id of the current context, when the files name one that exists. */
  current?: string;
  files: { path: string; error?: string }[];
}

export interface KubeconfigOptions {
  /** These files, in this order. Otherwise those of $KUBECONFIG, otherwise ~/.kube/config. */
  paths?: string[];
  env?: Record<string, string | undefined>;
  home?: string;
}

const MAX_BYTES = 10 * 1024 * 1024;

interface Named {
  file: string;
  body: Record<string, unknown>;
}

interface ParsedFile {
  path: string;
  hash: string;
  error?: string;
  current?: string;
  clusters: Map<string, Named>;
  users: Map<string, Named>;
  contexts: Map<string, Named>;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);

/** @returns the files that make up the kubeconfig, in order of precedence */
export function kubeconfigPaths(options: KubeconfigOptions = {}): string[] {
  if (options.paths) return options.paths;
  const env = options.env ?? process.env;
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return [...new Set(listed)];
  const home = options.home ?? env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  return [join(home, '.kube', 'config')];
}

/** Reads all files. Never throws: what is wrong is said in `files` and in each context's `problems`. */
export async function loadKubeconfig(options: KubeconfigOptions = {}): Promise<Kubeconfig> {
  const explicit = options.paths !== undefined || Boolean((options.env ?? process.env)['KUBECONFIG']);
  return merge(await Promise.all(kubeconfigPaths(options).map((path) => readOne(path, explicit))));
}

/** @returns the contexts of a text that is not (yet) a file, as one dropped or pasted; relative paths are those of `file`'s folder */
export function parseKubeconfig(content: string, file: string): Kubeconfig {
  return merge([parseOne(file, Buffer.from(content))]);
}

async function readOne(path: string, explicit: boolean): Promise<ParsedFile> {
  const empty: ParsedFile = { path, hash: '', clusters: new Map(), users: new Map(), contexts: new Map() };
  try {
    const real = await realpath(path);
    const info = await stat(real);
    if (!info.isFile()) return { ...empty, error: `${path} is not a file.` };
    if (info.size > MAX_BYTES) return { ...empty, error: `${path} is larger than 10 MB; that is no kubeconfig.` };
    return { ...parseOne(path, await readFile(real)), path };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return explicit ? { ...empty, error: `${path} does not exist.` } : empty;
    return { ...empty, error: code === 'EACCES' ? `${path} may not be read: permission denied.` : `${path} cannot be read: ${(error as Error).message}` };
  }
}

function parseOne(path: string, bytes: Buffer): ParsedFile {
  const out: ParsedFile = { path, hash: createHash('sha256').update(bytes).digest('hex'), clusters: new Map(), users: new Map(), contexts: new Map() };
  let root: unknown;
  try {
    root = parseText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return { ...out, error: `${path} is not valid YAML: ${(error as Error).message.split('\n')[0] ?? ''}` };
  }
  if (root === null || root === undefined) return out;
  if (!isMap(root)) return { ...out, error: `${path} is not a kubeconfig: it holds no map.` };
  const current = text(root['current-context']);
  return {
    ...out, ...(current === undefined ? {} : { current }),
    clusters: named(root['clusters'], 'cluster', path), users: named(root['users'], 'user', path), contexts: named(root['contexts'], 'context', path),
  };
}

function parseText(content: string): unknown {
  if (content.trimStart().startsWith('{')) {
    try {
      return JSON.parse(content) as unknown;
    } catch {
      // A flow map is YAML too.
    }
  }
  return parseYaml(content, { schema: 'core', strict: false, uniqueKeys: false, maxAliasCount: 100, logLevel: 'error' }) as unknown;
}

function named(list: unknown, member: string, file: string): Map<string, Named> {
  const out = new Map<string, Named>();
  if (!Array.isArray(list)) return out;
  for (const entry of list as unknown[]) {
    const name = isMap(entry) ? text(entry['name']) : undefined;
    if (name === undefined || out.has(name)) continue;
    const body = (entry as Record<string, unknown>)[member];
    out.set(name, { file, body: isMap(body) ? body : {} });
  }
  return out;
}

function merge(files: ParsedFile[]): Kubeconfig {
  const clusters = firstWins(files.map((file) => file.clusters));
  const users = firstWins(files.map((file) => file.users));
  const seen = new Set<string>();
  const contexts: ResolvedContext[] = [];
  for (const file of files) {
    for (const [name, entry] of file.contexts) {
      // kubectl would not see a second context of the same name; here it is shown, by its own file's clusters and users.
      const clash = seen.has(name);
      seen.add(name);
      const pick = (own: Map<string, Named>, all: Map<string, Named>, key: string) => (clash ? (own.get(key) ?? all.get(key)) : all.get(key));
      contexts.push(resolveContext(name, entry, clash, (key) => pick(file.clusters, clusters, key), (key) => pick(file.users, users, key)));
    }
  }
  const currentName = files.find((file) => file.current !== undefined)?.current;
  const current = contexts.find((context) => context.name === currentName)?.id;
  return {
    contexts, ...(current === undefined ? {} : { current }),
    files: files.map(({ path, error }) => ({ path, ...(error === undefined ? {} : { error }) })),
  };
}

function firstWins(maps: Map<string, Named>[]): Map<string, Named> {
  return new Map(maps.toReversed().flatMap((map) => [...map]));
}

function resolveContext(name: string, entry: Named, clash: boolean, cluster: (name: string) => Named | undefined, user: (name: string) => Named | undefined): ResolvedContext {
  const problems: ContextProblem[] = [];
  const clusterName = text(entry.body['cluster']) ?? '';
  const userName = text(entry.body['user']) ?? '';
  const clusterEntry = cluster(clusterName);
  const userEntry = user(userName);
  if (!clusterEntry) problems.push({ severity: 'error', message: clusterName ? `The context names the cluster "${clusterName}", which no file defines.` : 'The context names no cluster.', hint: `Add it to ${entry.file}.` });
  if (!userEntry && userName) problems.push({ severity: 'error', message: `The context names the user "${userName}", which no file defines.`, hint: `Add it to ${entry.file}.` });
  const resolved = clusterEntry && resolveCluster(clusterName, clusterEntry, problems);
  const namespace = text(entry.body['namespace']);
  return {
    id: createHash('sha256').update(`${resolve(entry.file)}\0${name}`).digest('hex').slice(0, 16),
    name, label: clash ? `${name} (${entry.file})` : name, file: entry.file, problems,
    ...(namespace === undefined ? {} : { namespace }),
    ...(resolved === undefined ? {} : { cluster: resolved }),
    user: resolveUser(userName, userEntry ?? { file: entry.file, body: {} }, problems),
  };
}

function resolveCluster(name: string, { file, body }: Named, problems: ContextProblem[]): ClusterConfig | undefined {
  const server = text(body['server']);
  const fault = serverFault(server);
  if (fault !== undefined || server === undefined) {
    problems.push({ severity: 'error', message: `Cluster "${name}": ${fault ?? 'there is no server address.'}`, hint: `Correct it in ${file}.` });
    return undefined;
  }
  const insecure = body['insecure-skip-tls-verify'] === true;
  if (insecure) problems.push({ severity: 'warning', message: 'The server\'s certificate is not checked (insecure-skip-tls-verify).' });
  const proxyUrl = text(body['proxy-url']);
  const tlsServerName = text(body['tls-server-name']);
  return {
    name, server, insecureSkipTlsVerify: insecure,
    authority: material(body, 'certificate-authority', file, problems),
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...execExtension(body['extensions']),
  };
}

function serverFault(server: string | undefined): string | undefined {
  if (server === undefined) return 'there is no server address.';
  try {
    const { protocol } = new URL(server);
    return protocol === 'https:' || protocol === 'http:' ? undefined : `"${server}" is no http or https address.`;
  } catch {
    return `"${server}" is no address.`;
  }
}

function execExtension(list: unknown): { execExtension?: unknown } {
  const found = Array.isArray(list) ? list.find((entry) => isMap(entry) && entry['name'] === 'client.authentication.k8s.io/exec') as Record<string, unknown> | undefined : undefined;
  return found === undefined ? {} : { execExtension: found['extension'] };
}

const absolute = (path: string, file: string): string => (isAbsolute(path) ? path : resolve(dirname(file), path));

function material(body: Record<string, unknown>, key: string, file: string, problems: ContextProblem[]): Material {
  const data = text(body[`${key}-data`]);
  const path = text(body[key]);
  if (data !== undefined) {
    const decoded = Buffer.from(data, 'base64').toString('latin1');
    if (!decoded.includes('-----BEGIN ')) problems.push({ severity: 'error', message: `${key}-data is not base64 of a PEM text.`, hint: `Correct it in ${file}.` });
    return { data: decoded };
  }
  if (path === undefined) return {};
  const full = absolute(path, file);
  if (!existsSync(full)) problems.push({ severity: 'error', message: `The file of ${key} does not exist: ${full}`, hint: `Correct it in ${file}.` });
  return { file: full };
}

function resolveUser(name: string, { file, body }: Named, problems: ContextProblem[]): UserConfig {
  const texts: Record<string, string> = {};
  for (const [field, key] of [['token', 'token'], ['username', 'username'], ['password', 'password'], ['as', 'as'], ['asUid', 'as-uid']] as const) {
    const value = text(body[key]);
    if (value !== undefined) texts[field] = value;
  }
  const tokenFile = text(body['tokenFile']);
  const provider = isMap(body['auth-provider']) ? text(body['auth-provider']['name']) : undefined;
  if (provider !== undefined) {
    problems.push({ severity: 'error', message: `The credentials use the auth-provider "${provider}", which Kubernetes has removed.`, hint: 'Use a credential plugin (exec) instead, for example kubelogin for oidc.' });
  }
  return {
    name, ...texts,
    clientCertificate: material(body, 'client-certificate', file, problems), clientKey: material(body, 'client-key', file, problems),
    ...(tokenFile === undefined ? {} : { tokenFile: absolute(tokenFile, file) }),
    ...(provider === undefined ? {} : { authProvider: provider }),
    ...execOf(body['exec'], file, problems),
    asGroups: strings(body['as-groups']),
    asUserExtra: isMap(body['as-user-extra']) ? Object.fromEntries(Object.entries(body['as-user-extra']).map(([key, value]) => [key, strings(value)])) : {},
  };
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map((item) => text(item)).filter((item) => item !== undefined) : []);

function execOf(value: unknown, file: string, problems: ContextProblem[]): { exec?: ExecConfig } {
  if (!isMap(value)) return {};
  const command = text(value['command']);
  const apiVersion = text(value['apiVersion']) ?? '';
  if (command === undefined) {
    problems.push({ severity: 'error', message: 'The credential plugin (exec) names no command.', hint: `Correct it in ${file}.` });
    return {};
  }
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion)) {
    problems.push({ severity: 'error', message: `The credential plugin speaks ${apiVersion || 'no version'}; client.authentication.k8s.io/v1 or v1beta1 is needed.`, hint: 'Update the plugin and the kubeconfig entry it wrote.' });
  }
  const env = Array.isArray(value['env']) ? value['env'].filter(isMap) : [];
  const installHint = text(value['installHint']);
  return {
    exec: {
      apiVersion, command: /[/\\]/.test(command) ? absolute(command, file) : command, args: strings(value['args']),
      env: Object.fromEntries(env.map((entry) => [text(entry['name']) ?? '', text(entry['value']) ?? ''])),
      ...(installHint === undefined ? {} : { installHint }),
      provideClusterInfo: value['provideClusterInfo'] === true, interactiveMode: text(value['interactiveMode']) ?? 'IfAvailable',
    },
  };
}

/** What differs when any of the files was written, replaced or removed: reading them all every few seconds would cost. */
async function signatureOf(paths: readonly string[]): Promise<string> {
  const parts = await Promise.all(paths.map(async (path) => stat(path).then(({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs].join(), () => 'none')));
  return parts.join(';');
}

/**
 * Loads, and again whenever one of the files changes, appears or goes (by folder watch, and by a look every 10 s where
 * watches do not work). Calls back only when the content differs. @returns what ends it
 */
export function watchKubeconfig(options: KubeconfigOptions, onChange: (config: Kubeconfig) => void, pollMs = 10_000): { close(): void } {
  let closed = false;
  let last = '';
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let signature = '';
  const look = () => {
    running = running.then(async () => {
      const now = await signatureOf(kubeconfigPaths(options));
      if (now === signature) return;
      signature = now;
      const config = await loadKubeconfig(options);
      const print = JSON.stringify(config);
      if (closed || print === last) return;
      last = print;
      onChange(config);
    });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, 200);
  };
  const folders = new Set(kubeconfigPaths(options).map((path) => dirname(resolve(path))));
  const watchers = [...folders].flatMap((folder) => {
    try {
      const watcher = watchFolder(folder, { persistent: false }, soon);
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return []; // no such folder yet: the poll finds it
    }
  });
  const poll = setInterval(look, pollMs);
  poll.unref();
  look();
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}
