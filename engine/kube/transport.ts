/**
 * Calls to one API server over kept connections: credentials, one refresh after 401, waiting as asked after 429, a deadline for
 * the whole call, and errors that say what happened. Streams (watches, logs) have connections of their own, so they never
 * stand in the way of calls.
 */
import { BlockList, isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { Agent, ProxyAgent, Socks5ProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { AppError } from '../spec/error.ts';
import type { Credentials, Identity } from './credentials.ts';
import { readMaterial } from './credentials.ts';
import type { ClusterConfig } from './kubeconfig.ts';
import { networkError } from './network-error.ts';
import { statusError } from './status.ts';
import type { ApiStatus } from './status.ts';
import { isMap } from './store/json.ts';

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, from the server's root. */
  path: string;
  body?: unknown;
  contentType?: string;
  signal?: AbortSignal | undefined;
  /** Milliseconds for the call and all its tries. */
  deadline?: number;
}

export interface Streamed {
  body: AsyncIterable<Buffer> & { destroy(error?: Error): unknown };
}

export interface TransportOptions {
  env: Record<string, string | undefined>;
  /** Connections for calls (default 48: more than the engine's creates, so that other calls do not stand behind them). */
  connections?: number;
  deadline?: number;
  userAgent?: string;
}

const CALL_DEADLINE_MS = 30_000;
const CONNECT_MS = 10_000;
const TRIES = 6;
const CONNECTIONS = 80;

interface Agents {
  calls: Dispatcher;
  streams: Dispatcher;
  certificate: string | undefined;
}

export class Transport {
  readonly server: string;
  readonly #origin: string;
  readonly #base: string;
  readonly #cluster: ClusterConfig;
  readonly #credentials: Credentials;
  readonly #options: TransportOptions;
  #agents: Agents | undefined;
  #making: Promise<Agents> | undefined;
  #closed = false;

  constructor(cluster: ClusterConfig, credentials: Credentials, options: TransportOptions) {
    const url = new URL(cluster.server);
    this.server = cluster.server;
    this.#origin = url.origin;
    this.#base = url.pathname.replace(/\/$/, '');
    this.#cluster = cluster;
    this.#credentials = credentials;
    this.#options = options;
  }

  /** @returns the answer's JSON; throws an AppError for everything that is not success */
  async json<T>(call: Call): Promise<T> {
    const deadline = Date.now() + (call.deadline ?? this.#options.deadline ?? CALL_DEADLINE_MS);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), deadline - Date.now());
    const onAbort = () => abort.abort();
    call.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      if (call.signal?.aborted) throw new AppError('cancelled', 'Cancelled.');
      return await this.#tries(call, deadline, abort.signal);
    } catch (error) {
      if (call.signal?.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error });
      if (abort.signal.aborted) throw new AppError('timeout', `The API server at ${new URL(this.server).host} did not answer in time.`, { cause: error, retryable: true, hint: 'It may be overloaded. Try again.' });
      throw error;
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', onAbort);
    }
  }

  async #tries<T>(call: Call, deadline: number, signal: AbortSignal): Promise<T> {
    let refreshed = false;
    for (let attempt = 1; ; attempt += 1) {
      const identity = await this.#identity();
      try {
        return await this.#once<T>(call, identity, signal);
      } catch (error) {
        if (!(error instanceof AppError) || signal.aborted || attempt >= TRIES) throw error;
        if (error.code === 'unauthorized' && !refreshed && this.#credentials.refused(identity)) refreshed = true;
        else {
          const wait = waitBeforeRetry(call, error, attempt);
          if (wait === undefined || Date.now() + wait > deadline) throw error;
          await pause(wait, signal);
        }
      }
    }
  }

  async #once<T>(call: Call, identity: Identity, signal: AbortSignal): Promise<T> {
    const { calls } = await this.#ready(identity);
    const answer = await this.#send(calls, call, identity, signal);
    const content = await answer.body.text().catch((error: unknown) => {
      throw networkError(error, this.server);
    });
    if (answer.statusCode >= 300) throw this.#refusal(answer, content);
    try {
      return JSON.parse(content) as T;
    } catch (error) {
      throw new AppError('unavailable', `${new URL(this.server).host} answered with something that is not an API server's answer.`, { cause: error, hint: 'Check the server address; a proxy or a login page may stand before it.' });
    }
  }

  async #send(dispatcher: Dispatcher, call: Call, identity: Identity, signal: AbortSignal | undefined, streaming = false): Promise<Dispatcher.ResponseData> {
    const headers: Record<string, string | string[]> = { ...this.#credentials.headers, accept: 'application/json', 'user-agent': this.#options.userAgent ?? 'tiphys' };
    if (identity.authorization !== undefined) headers['authorization'] = identity.authorization;
    if (call.body !== undefined) headers['content-type'] = call.contentType ?? 'application/json';
    try {
      return await dispatcher.request({
        origin: this.#origin, path: this.#base + call.path, method: call.method, headers,
        body: call.body === undefined ? null : JSON.stringify(call.body),
        ...(signal === undefined ? {} : { signal }),
        ...(streaming ? { bodyTimeout: 0 } : {}),
      });
    } catch (error) {
      throw networkError(error, this.server);
    }
  }

  #refusal(answer: Dispatcher.ResponseData, content: string): AppError {
    const status = parseStatus(answer.statusCode, content);
    const asked = Number(one(answer.headers['retry-after']));
    const hint = hintFor(answer.statusCode);
    return statusError(status, { ...(hint === undefined ? {} : { hint }), ...(asked > 0 ? { retryAfter: asked * 1000 } : {}) });
  }

  /**
   * Opens a stream of bytes. No deadline once it is open: whoever reads it watches over its silence.
   * A 401 is answered with one fresh credential, as for calls.
   */
  async stream(path: string, signal?: AbortSignal): Promise<Streamed> {
    for (let refreshed = false; ; refreshed = true) {
      const identity = await this.#identity();
      const { streams } = await this.#ready(identity);
      const answer = await this.#send(streams, { method: 'GET', path }, identity, signal, true);
      if (answer.statusCode < 300) return { body: answer.body as Streamed['body'] };
      const error = this.#refusal(answer, await answer.body.text().catch(() => ''));
      if (answer.statusCode !== 401 || refreshed || !this.#credentials.refused(identity)) throw error;
    }
  }

  /** What a web socket to this server needs: its URL, the connections to use and the headers to send. */
  async socket(path: string): Promise<{ url: string; dispatcher: Dispatcher; headers: Record<string, string> }> {
    const identity = await this.#identity();
    const { streams } = await this.#ready(identity);
    const headers: Record<string, string> = { ...(identity.authorization === undefined ? {} : { authorization: identity.authorization }) };
    for (const [name, value] of Object.entries(this.#credentials.headers)) headers[name] = Array.isArray(value) ? value.join(',') : value;
    return { url: `${this.#origin.replace(/^http/, 'ws')}${this.#base}${path}`, dispatcher: streams, headers };
  }

  /** Drops all connections; what is under way fails or, if it only reads, is asked again on new ones. */
  reset(): void {
    const old = this.#agents;
    this.#agents = undefined;
    this.#making = undefined;
    if (old) void Promise.allSettled([old.calls.destroy(), old.streams.destroy()]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const old = this.#agents;
    this.#agents = undefined;
    if (old) await Promise.allSettled([old.calls.destroy(), old.streams.destroy()]);
  }

  async #identity(): Promise<Identity> {
    return this.#credentials.current() ?? this.#credentials.fetch();
  }

  async #ready(identity: Identity): Promise<Agents> {
    if (this.#closed) throw new AppError('cancelled', 'The connection to this cluster is closed.');
    if (this.#agents && this.#agents.certificate !== identity.certificate) this.reset();
    if (this.#agents) return this.#agents;
    this.#making ??= this.#make(identity);
    try {
      this.#agents = await this.#making;
      return this.#agents;
    } finally {
      this.#making = undefined;
    }
  }

  #secureContext(options: SecureContextOptions): SecureContext {
    try {
      return createSecureContext(options);
    } catch (error) {
      throw networkError(error, this.server);
    }
  }

  async #make(identity: Identity): Promise<Agents> {
    const cluster = this.#cluster;
    const authority = await readMaterial(cluster.authority, 'certificate authority');
    const tls = {
      // Made once: each connection would read the certificates anew, for ten milliseconds.
      secureContext: this.#secureContext({
        ...(authority === undefined ? {} : { ca: authority }),
        ...(identity.certificate === undefined ? {} : { cert: identity.certificate }),
        ...(identity.key === undefined ? {} : { key: identity.key }),
      }),
      ...(cluster.tlsServerName === undefined ? {} : { servername: cluster.tlsServerName }),
      ...(cluster.insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
    };
    const proxy = cluster.proxyUrl ?? proxyFor(new URL(cluster.server), this.#options.env);
    const make = (connections: number): Dispatcher => {
      const common = { connections, pipelining: 1, keepAliveTimeout: 30_000, keepAliveMaxTimeout: 60_000, headersTimeout: 35_000, bodyTimeout: 60_000 };
      if (proxy === undefined) return new Agent({ ...common, connect: { ...tls, timeout: CONNECT_MS, keepAlive: true, keepAliveInitialDelay: 30_000 } });
      if (/^socks5h?:/.test(proxy)) return new Socks5ProxyAgent(proxy.replace(/^socks5h:/, 'socks5:'), { ...common, requestTls: tls } as Socks5ProxyAgent.Options);
      return new ProxyAgent({ ...common, uri: proxy, requestTls: tls });
    };
    return { calls: make(this.#options.connections ?? CONNECTIONS), streams: make(256), certificate: identity.certificate };
  }
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function parseStatus(code: number, content: string): ApiStatus {
  try {
    const parsed: unknown = JSON.parse(content);
    if (isMap(parsed) && parsed['kind'] === 'Status' && typeof parsed['message'] === 'string') return { ...parsed, code, reason: typeof parsed['reason'] === 'string' ? parsed['reason'] : '', message: parsed['message'] };
  } catch {
    // Not every refusal is an API server's: proxies have their own pages.
  }
  const line = content.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return { code, reason: '', message: line === '' ? `The server answered with HTTP ${code}.` : `The server answered with HTTP ${code}: ${line}` };
}

function hintFor(code: number): string | undefined {
  switch (code) {
    case 401: return 'The credentials are missing, wrong or have expired: log in again.';
    case 403: return 'Ask the cluster\'s administrator for this right.';
    case 407: return 'The proxy wants a login: put it in proxy-url.';
    default: return undefined;
  }
}

/** @returns ms to wait before the call may be sent again, or undefined when it may not */
function waitBeforeRetry(call: Call, error: AppError, attempt: number): number | undefined {
  const jittered = (base: number) => base * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
  // The server has not begun with a call it answers with 429: any call may be sent again.
  if (error.code === 'throttled') return error.retryAfter ?? Math.min(jittered(500), 8000);
  const harmless = call.method === 'GET';
  if (!harmless || !error.retryable || attempt > 3) return undefined;
  if (error.code === 'unreachable' || error.code === 'unavailable') return error.retryAfter ?? jittered(100);
  return undefined;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** @returns the proxy that the environment names for this address, by the rules of NO_PROXY that Go programs keep */
export function proxyFor(url: URL, env: Record<string, string | undefined>): string | undefined {
  const read = (name: string) => env[name] ?? env[name.toLowerCase()];
  const proxy = (url.protocol === 'https:' ? read('HTTPS_PROXY') : read('HTTP_PROXY')) ?? read('ALL_PROXY');
  if (!proxy) return undefined;
  const name = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (name === 'localhost' || name === '::1' || name.startsWith('127.')) return undefined;
  const excepted = (read('NO_PROXY') ?? '').split(',').map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  if (excepted.some((entry) => isExcepted(name, url.port, entry))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExcepted(name: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  const range = /^(.+)\/(\d+)$/.exec(entry);
  if (range) return inRange(name, range[1] ?? '', Number(range[2]));
  const [, host = entry, wantedPort] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const bare = host.replace(/^\*?\./, '');
  return name.endsWith(`.${bare}`) || (name === bare && bare === host);
}

function inRange(name: string, net: string, bits: number): boolean {
  const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  if (isIP(name) === 0 || isIP(net) !== isIP(name)) return false;
  try {
    const list = new BlockList();
    list.addSubnet(net, bits, family(net));
    return list.check(name, family(name));
  } catch {
    return false;
  }
}
