/**
 * Asks an image's registry what the image runs: entrypoint and cmd of its configuration. The OCI distribution protocol with
 * mirrors, bearer tokens and the credentials of imagePullSecrets; answers are kept for the life of the program.
 */
import { AppError } from '../spec/error.ts';
import type { ImageConfig } from '../pod/executor.ts';

export interface Mirror {
  /** A registry's host (`docker.io`), or `*` for every one. */
  registry: string;
  /** `http://127.0.0.1:5000` */
  endpoint: string;
}

/** Credentials by registry host, as `auths` of a dockerconfigjson Secret gives them. */
export type RegistryAuths = Record<string, { username: string; password: string }>;

export interface ImageReference {
  registry: string;
  repository: string;
  /** A tag, or a digest with its algorithm. */
  reference: string;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const TIME_LIMIT_MS = 15_000;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * @param image as a container names it: `nginx`, `quay.io/a/b:1`, `host:5000/x@sha256:…`
 * @returns where it is; Docker's rules for what is left out
 */
export function parseImage(image: string): ImageReference {
  const [beforeDigest = '', digest] = image.split('@', 2);
  const slash = beforeDigest.indexOf('/');
  const first = slash < 0 ? '' : beforeDigest.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const rest = hasHost ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = rest.lastIndexOf(':');
  const path = colon > rest.lastIndexOf('/') ? rest.slice(0, colon) : rest;
  const tag = colon > rest.lastIndexOf('/') ? rest.slice(colon + 1) : 'latest';
  const registry = hasHost && first !== 'index.docker.io' ? first : 'docker.io';
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { registry, repository, reference: digest ?? tag };
}

/** @returns credentials out of the text of a `.dockerconfigjson`; what cannot be read is left out */
export function parseDockerConfig(text: string): RegistryAuths {
  const auths: RegistryAuths = {};
  let entries: Record<string, { auth?: string; username?: string; password?: string } | undefined> = {};
  try {
    entries = (JSON.parse(text) as { auths?: typeof entries }).auths ?? {};
  } catch {
    return auths;
  }
  for (const [server, entry] of Object.entries(entries)) {
    const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '').replace(/^index\.docker\.io$/, 'docker.io');
    const [username, ...password] = entry?.auth ? Buffer.from(entry.auth, 'base64').toString().split(':') : [entry?.username, entry?.password];
    if (username) auths[host] = { username, password: password.join(':') };
  }
  return auths;
}

export interface ImageConfigs {
  /**
   * @returns what the image runs when the Pod does not say
   * @throws AppError `unavailable` when no registry answers, `forbidden` and `not-found` as the registry says
   */
  lookUp(image: string, auths?: RegistryAuths): Promise<ImageConfig>;
}

/** @param options.mirrors asked before the registry itself, in order */
export function createImageConfigs(options: { mirrors?: readonly Mirror[]; fetch?: typeof fetch } = {}): ImageConfigs {
  const known = new Map<string, Promise<ImageConfig>>();
  const request = options.fetch ?? fetch;
  return {
    lookUp(image, auths = {}) {
      const key = `${image} ${Object.keys(auths).join(' ')}`;
      const found = known.get(key) ?? readConfig(image, auths, options.mirrors ?? [], request);
      known.set(key, found);
      // A failure is not kept: the next try may find the registry up.
      found.catch(() => known.delete(key));
      return found;
    },
  };
}

async function readConfig(image: string, auths: RegistryAuths, mirrors: readonly Mirror[], request: typeof fetch): Promise<ImageConfig> {
  const parsed = parseImage(image);
  const own = parsed.registry === 'docker.io' ? 'https://registry-1.docker.io' : `${isLoopback(parsed.registry) ? 'http' : 'https'}://${parsed.registry}`;
  const endpoints = [...mirrors.filter((m) => m.registry === '*' || m.registry === parsed.registry).map((m) => m.endpoint.replace(/\/$/, '')), own];
  const failures: string[] = [];
  let last: unknown;
  for (const endpoint of endpoints) {
    try {
      return await new Session(endpoint, parsed, auths[parsed.registry], request).config();
    } catch (error) {
      last = error;
      failures.push(`${new URL(endpoint).host}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new AppError(last instanceof AppError ? last.code : 'unavailable', `failed to look-up entrypoint/cmd for image "${image}": ${failures.join('; ')}`, {
    cause: last, retryable: !(last instanceof AppError) || last.retryable,
    hint: 'Give the container a command, or make the registry reachable (a mirror can be set in the settings).',
  });
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
}

interface Manifest {
  manifests?: { digest: string; platform?: { os?: string; architecture?: string } }[];
  config?: { digest: string };
}

/** One look-up at one endpoint; holds the bearer token between its requests. */
class Session {
  readonly #endpoint: string;
  readonly #image: ImageReference;
  readonly #auth: { username: string; password: string } | undefined;
  readonly #request: typeof fetch;
  #authorization: string | undefined;

  constructor(endpoint: string, image: ImageReference, auth: { username: string; password: string } | undefined, request: typeof fetch) {
    this.#endpoint = endpoint;
    this.#image = image;
    this.#auth = auth;
    this.#request = request;
  }

  async config(): Promise<ImageConfig> {
    let manifest = await this.#json<Manifest>(`manifests/${this.#image.reference}`);
    if (manifest.manifests) {
      const wanted = process.arch === 'arm64' ? 'arm64' : 'amd64';
      const choice = manifest.manifests.find((m) => m.platform?.os === 'linux' && m.platform.architecture === wanted) ?? manifest.manifests[0];
      if (!choice) throw new AppError('invalid', 'the image index is empty');
      manifest = await this.#json<Manifest>(`manifests/${choice.digest}`);
    }
    if (!manifest.config) throw new AppError('unsupported', 'the manifest has no configuration (an image of schema 1)');
    const { config } = await this.#json<{ config?: { Entrypoint?: string[] | null; Cmd?: string[] | null } }>(`blobs/${manifest.config.digest}`);
    return { entrypoint: config?.Entrypoint ?? [], cmd: config?.Cmd ?? [] };
  }

  async #json<T>(path: string): Promise<T> {
    const url = `${this.#endpoint}/v2/${this.#image.repository}/${path}`;
    let response = await this.#get(url);
    if (response.status === 401 && !this.#authorization) {
      this.#authorization = await this.#authorize(response.headers.get('www-authenticate') ?? '');
      response = await this.#get(url);
    }
    if (!response.ok) throw refusal(response.status, `${this.#image.repository}:${this.#image.reference}`);
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new AppError('too-large', 'the registry answered with more than 8 MiB');
    return JSON.parse(text) as T;
  }

  #get(url: string): Promise<Response> {
    const headers = { accept: MANIFEST_TYPES, ...(this.#authorization ? { authorization: this.#authorization } : {}) };
    return this.#request(url, { headers, signal: AbortSignal.timeout(TIME_LIMIT_MS) });
  }

  /** The registry's challenge says where tokens are given: `Bearer realm="…",service="…",scope="…"`. */
  async #authorize(challenge: string): Promise<string> {
    const basic = this.#auth && `Basic ${Buffer.from(`${this.#auth.username}:${this.#auth.password}`).toString('base64')}`;
    const values = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((m) => [m[1] ?? '', m[2] ?? '']));
    if (!/^bearer/i.test(challenge) || !values['realm']) {
      if (basic) return basic;
      throw new AppError('forbidden', 'the registry asks for a login; give the Pod an imagePullSecret');
    }
    const url = new URL(values['realm']);
    if (values['service']) url.searchParams.set('service', values['service']);
    url.searchParams.set('scope', values['scope'] ?? `repository:${this.#image.repository}:pull`);
    const response = await this.#request(url, { headers: basic ? { authorization: basic } : {}, signal: AbortSignal.timeout(TIME_LIMIT_MS) });
    if (!response.ok) throw refusal(response.status, 'token');
    const body = (await response.json()) as { token?: string; access_token?: string };
    return `Bearer ${body.token ?? body.access_token ?? ''}`;
  }
}

function refusal(status: number, what: string): AppError {
  if (status === 404) return new AppError('not-found', `${what} is not there`);
  if (status === 401 || status === 403) return new AppError('forbidden', `${what} may not be read without a login`);
  return new AppError('unavailable', `${what}: HTTP ${status}`, { retryable: true });
}
