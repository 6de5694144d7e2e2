/** An S3 store as the desktop asks it: list, look, read, sign. Requests are signed with SigV4; without keys they go as they are. */
import { AwsV4Signer } from 'aws4fetch';
import type { Dispatcher } from 'undici';
import { networkError } from '../kube/network-error.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { decodeEntities, elements, textOf } from './xml.ts';

export interface S3Place {
  /** `host:port`, as Argo writes it. */
  endpoint: string;
  bucket: string;
  region: string;
  insecure: boolean;
  /** `bucket.endpoint/key` instead of `endpoint/bucket/key`. */
  virtualHosted: boolean;
}

export interface S3Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface S3Object {
  key: string;
  size: number;
  modifiedAt?: string;
}

export interface S3Content {
  size?: number;
  contentType?: string;
  body: AsyncIterable<Uint8Array>;
}

interface S3Request {
  method: 'GET' | 'HEAD' | 'DELETE';
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const DEFAULT_REGION = 'us-east-1';
const MESSAGE_BYTES = 64 * 1024;
const SAYS_WHY: ReadonlySet<string> = new Set(['forbidden', 'unauthorized', 'invalid']);

export class S3Store {
  readonly #place: S3Place;
  readonly #keys: S3Keys | undefined;
  readonly #dispatcher: Dispatcher;
  #region: string;

  /** @param dispatcher leads to the store, whatever its name resolves to */
  constructor(place: S3Place, keys: S3Keys | undefined, dispatcher: Dispatcher) {
    this.#place = place;
    this.#keys = keys;
    this.#dispatcher = dispatcher;
    this.#region = place.region || DEFAULT_REGION;
  }

  /** @returns objects whose keys begin with `prefix`, in order of key, at most `limit` (up to 1000), and whether there are more; those behind the key `after` */
  async list(prefix: string, limit: number, signal?: AbortSignal, after?: string): Promise<{ objects: S3Object[]; more: boolean }> {
    const query = { 'encoding-type': 'url', 'list-type': '2', 'max-keys': String(limit), prefix, ...(after === undefined ? {} : { 'start-after': after }) };
    const answer = await this.#send({ method: 'GET', query, signal });
    const text = await answer.body.text();
    const encoded = textOf(text, 'EncodingType') === 'url';
    const keyOf = (key: string): string => (encoded ? decodeURIComponent(key.replaceAll('+', ' ')) : decodeEntities(key));
    const objects = elements(text, 'Contents').map((item): S3Object => {
      const modifiedAt = textOf(item, 'LastModified');
      return { key: keyOf(textOf(item, 'Key') ?? ''), size: Number(textOf(item, 'Size') ?? 0), ...(modifiedAt === undefined ? {} : { modifiedAt }) };
    });
    return { objects, more: textOf(text, 'IsTruncated') === 'true' };
  }

  /** @returns the object's size and time; undefined when there is none under the key */
  async head(key: string, signal?: AbortSignal): Promise<S3Object | undefined> {
    try {
      const { headers } = await this.#send({ method: 'HEAD', key, signal });
      const modified = one(headers['last-modified']);
      return { key, size: Number(one(headers['content-length']) ?? 0), ...(modified === undefined ? {} : { modifiedAt: new Date(modified).toISOString() }) };
    } catch (error) {
      if (isAppError(error, 'not-found')) return undefined;
      // An answer to HEAD has no body: the same question as a GET is told the reason.
      if (isAppError(error) && SAYS_WHY.has(error.code)) await this.get(key, { start: 0, end: 0, ...(signal && { signal }) });
      throw error;
    }
  }

  /** Opens an object, or bytes `start` to `end` (included) of it. Throws `not-found` when there is none. */
  async get(key: string, options: { start?: number; end?: number; signal?: AbortSignal } = {}): Promise<S3Content> {
    const { start, end, signal } = options;
    const ranged = start !== undefined || end !== undefined;
    const headers: Record<string, string> = ranged ? { range: `bytes=${start ?? 0}-${end ?? ''}` } : {};
    const answer = await this.#send({ method: 'GET', key, headers, signal });
    const total = /\/(\d+)$/.exec(one(answer.headers['content-range']) ?? '')?.[1] ?? one(answer.headers['content-length']);
    const contentType = one(answer.headers['content-type']);
    return { ...(total === undefined ? {} : { size: Number(total) }), ...(contentType === undefined ? {} : { contentType }), body: answer.body };
  }

  /**
   * @param origin scheme, host and port that the link leads to, when the store's own cannot be reached from where it is opened
   * @returns a link to the object that is good for `seconds`
   */
  async presign(key: string, seconds: number, origin?: string): Promise<string> {
    const url = this.#url({ method: 'GET', key, query: { 'X-Amz-Expires': String(seconds) } });
    const at = origin === undefined ? url : `${origin}${new URL(url).pathname}${new URL(url).search}`;
    if (!this.#keys) return at.replace(/[?&]X-Amz-Expires=\d+/, '');
    const signed = await new AwsV4Signer({ method: 'GET', url: at, signQuery: true, ...this.#signing(this.#keys) }).sign();
    return signed.url.toString();
  }

  #signing(keys: S3Keys): S3Keys & { service: string; region: string } {
    return { ...keys, service: 's3', region: this.#region };
  }

  #url({ key = '', query = {} }: S3Request): string {
    const { endpoint, bucket, insecure, virtualHosted } = this.#place;
    const scheme = insecure ? 'http' : 'https';
    const path = key.split('/').map(encoded).join('/');
    const base = virtualHosted ? `${scheme}://${bucket}.${endpoint}/${path}` : `${scheme}://${endpoint}/${encoded(bucket)}/${path}`;
    const search = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
    return search ? `${base}?${search}` : base;
  }

  async #send(request: S3Request, mayLearn = true): Promise<Dispatcher.ResponseData> {
    const url = new URL(this.#url(request));
    const headers = await this.#headers(request, url);
    let answer: Dispatcher.ResponseData;
    try {
      answer = await this.#dispatcher.request({ origin: url.origin, path: url.pathname + url.search, method: request.method, headers, ...(request.signal && { signal: request.signal }) });
    } catch (error) {
      if (request.signal?.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error });
      throw unreachable(error, this.#place);
    }
    if (answer.statusCode < 300) return answer;
    const content = (await answer.body.text().catch(() => '')).slice(0, MESSAGE_BYTES);
    const region = one(answer.headers['x-amz-bucket-region']) ?? textOf(content, 'Region');
    if (mayLearn && region && region !== this.#region) {
      this.#region = region;
      return this.#send(request, false);
    }
    throw refusal(answer.statusCode, content, this.#place, request.key);
  }

  async #headers({ method, headers = {} }: S3Request, url: URL): Promise<Record<string, string>> {
    if (!this.#keys) return headers;
    const signed = await new AwsV4Signer({ method, url: url.toString(), headers, ...this.#signing(this.#keys) }).sign();
    const all: Record<string, string> = {};
    signed.headers.forEach((value, name) => (all[name] = value));
    return all;
  }
}

/** RFC 3986, as SigV4 wants it. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function unreachable(error: unknown, { endpoint }: S3Place): AppError {
  const known = networkError(error, `https://${endpoint}`);
  return new AppError(known.code, known.message.replace('API server', 'artifact store'), { cause: error, retryable: known.retryable, hint: 'Check the endpoint in the artifact repository, and the network to it.' });
}

const REFUSALS: Readonly<Record<string, { code: AppError['code']; hint: string }>> = {
  NoSuchBucket: { code: 'not-found', hint: 'Create the bucket, or correct its name in the artifact repository.' },
  NoSuchKey: { code: 'not-found', hint: 'It was deleted, or was never written.' },
  InvalidAccessKeyId: { code: 'unauthorized', hint: 'Check the access key in the Secret of the artifact repository.' },
  SignatureDoesNotMatch: { code: 'unauthorized', hint: 'Check the secret key in the Secret of the artifact repository.' },
  ExpiredToken: { code: 'unauthorized', hint: 'Renew the session token in the Secret of the artifact repository.' },
  RequestTimeTooSkewed: { code: 'unauthorized', hint: 'Set the clock of this machine.' },
  AccessDenied: { code: 'forbidden', hint: 'Ask for the right to read this bucket.' },
};
const BY_STATUS: Readonly<Record<number, AppError['code']>> = { 400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 416: 'invalid', 429: 'throttled' };

function refusal(status: number, content: string, { endpoint, bucket }: S3Place, key: string | undefined): AppError {
  const code = textOf(content, 'Code') ?? '';
  const known = REFUSALS[code];
  const said = decodeEntities(textOf(content, 'Message') ?? '') || `status ${status}`;
  const where = `${endpoint}/${bucket}${key === undefined ? '' : `/${key}`}`;
  const kind = known?.code ?? BY_STATUS[status] ?? 'unavailable';
  return new AppError(kind, `The artifact store refused ${where}: ${code ? `${code}: ` : ''}${said}`, { retryable: status >= 500 || status === 429, ...(known && { hint: known.hint }) });
}
