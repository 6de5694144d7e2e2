/** Who we are to an API server: headers and client certificate, from whatever the kubeconfig's user says. */
import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AppError } from '../spec/error.ts';
import { dropCredential, execCredential, keptCredential } from './exec-plugin.ts';
import type { ExecCredential, ExecOptions } from './exec-plugin.ts';
import type { ClusterConfig, Material, UserConfig } from './kubeconfig.ts';

export interface Identity {
  /** Value of the Authorization header, if any. */
  authorization?: string;
  /** PEM; a change of them needs new connections. */
  certificate?: string;
  key?: string;
}

export interface Credentials {
  /** The identity as it is known now; undefined when it must be fetched first. */
  current(): Identity | undefined;
  fetch(): Promise<Identity>;
  /** The server refused this identity. @returns whether another try may be better */
  refused(identity: Identity): boolean;
  /** Headers that never change: impersonation. */
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Token files are read again after this long. */
const TOKEN_FILE_MS = 60_000;

/** @returns the text of a certificate or key, from data or file */
export async function readMaterial(material: Material, what: string): Promise<string | undefined> {
  if (material.data !== undefined) return material.data;
  if (material.file === undefined) return undefined;
  try {
    return await readFile(material.file, 'utf8');
  } catch (error) {
    throw new AppError('invalid', `The ${what} of this context cannot be read: ${material.file}`, { cause: error, hint: 'Check the path in the kubeconfig and the rights of the file.' });
  }
}

function impersonation(user: UserConfig): Record<string, string | string[]> {
  return {
    ...(user.as === undefined ? {} : { 'impersonate-user': user.as }),
    ...(user.asUid === undefined ? {} : { 'impersonate-uid': user.asUid }),
    ...(user.asGroups.length === 0 ? {} : { 'impersonate-group': user.asGroups }),
    ...Object.fromEntries(Object.entries(user.asUserExtra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`, values])),
  };
}

/** @returns the same credentials, used for another user: what the server calls impersonation */
export function actingFor(own: Credentials, user: string): Credentials {
  return { current: () => own.current(), fetch: () => own.fetch(), refused: (identity) => own.refused(identity), headers: { 'impersonate-user': user } };
}

/** @param exec how plugins are run; `authority` is filled in by the connection */
export function createCredentials(cluster: ClusterConfig, user: UserConfig, exec: ExecOptions): Credentials {
  const headers = impersonation(user);
  if (user.exec) return new PluginCredentials(cluster, user, exec, headers);
  if (user.tokenFile !== undefined && user.token === undefined) return new FileCredentials(user.tokenFile, headers, () => exec.now());
  return new FixedCredentials(user, headers);
}

class FixedCredentials implements Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly #user: UserConfig;
  #identity: Identity | undefined;

  constructor(user: UserConfig, headers: Record<string, string | string[]>) {
    this.#user = user;
    this.headers = headers;
  }

  current(): Identity | undefined {
    return this.#identity;
  }

  async fetch(): Promise<Identity> {
    const user = this.#user;
    const certificate = await readMaterial(user.clientCertificate, 'client certificate');
    const key = await readMaterial(user.clientKey, 'client key');
    const basic = user.username === undefined ? undefined : `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
    const authorization = user.token === undefined ? basic : `Bearer ${user.token}`;
    this.#identity = { ...(certificate === undefined ? {} : { certificate }), ...(key === undefined ? {} : { key }), ...(authorization === undefined ? {} : { authorization }) };
    return this.#identity;
  }

  refused(): boolean {
    // Files may have been renewed since; what stands in the kubeconfig itself has not.
    const fromFile = this.#user.clientCertificate.file !== undefined && this.#user.clientCertificate.data === undefined;
    if (fromFile) this.#identity = undefined;
    return fromFile;
  }
}

class FileCredentials implements Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly #path: string;
  readonly #now: () => number;
  #identity: Identity | undefined;
  #readAt = 0;
  #changedAt = 0;

  constructor(path: string, headers: Record<string, string | string[]>, now: () => number) {
    this.#path = path;
    this.headers = headers;
    this.#now = now;
  }

  current(): Identity | undefined {
    return this.#now() - this.#readAt < TOKEN_FILE_MS ? this.#identity : undefined;
  }

  fetch(): Promise<Identity> {
    try {
      this.#changedAt = statSync(this.#path).mtimeMs;
      this.#identity = { authorization: `Bearer ${readFileSync(this.#path, 'utf8').trim()}` };
      this.#readAt = this.#now();
      return Promise.resolve(this.#identity);
    } catch (error) {
      return Promise.reject(new AppError('unauthorized', `The token file of this context cannot be read: ${this.#path}`, { cause: error, hint: 'Log in again with the tool that writes it.' }));
    }
  }

  refused(identity: Identity): boolean {
    const renewed = this.#identity !== identity || this.#mtime() !== this.#changedAt;
    this.#readAt = 0;
    return renewed;
  }

  #mtime(): number {
    try {
      return statSync(this.#path).mtimeMs;
    } catch {
      return 0;
    }
  }
}

class PluginCredentials implements Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly #cluster: ClusterConfig;
  readonly #user: UserConfig;
  readonly #options: ExecOptions;
  #last: { credential: ExecCredential; identity: Identity } | undefined;

  constructor(cluster: ClusterConfig, user: UserConfig, options: ExecOptions, headers: Record<string, string | string[]>) {
    this.#cluster = cluster;
    this.#user = user;
    this.#options = options;
    this.headers = headers;
  }

  current(): Identity | undefined {
    const { exec } = this.#user;
    const credential = exec && keptCredential(exec, this.#cluster, this.#options.now());
    return credential && this.#identityOf(credential);
  }

  async fetch(): Promise<Identity> {
    const { exec } = this.#user;
    return exec ? this.#identityOf(await execCredential(exec, this.#cluster, this.#options)) : {};
  }

  refused(identity: Identity): boolean {
    const { exec } = this.#user;
    if (exec && this.#last?.identity === identity) dropCredential(exec, this.#cluster, this.#last.credential);
    return exec !== undefined;
  }

  #identityOf(credential: ExecCredential): Identity {
    if (this.#last?.credential !== credential) {
      const { token, certificate, key } = credential;
      this.#last = { credential, identity: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(certificate === undefined ? {} : { certificate }), ...(key === undefined ? {} : { key }) } };
    }
    return this.#last.identity;
  }
}
