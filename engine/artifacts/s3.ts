/** An S3 store as the desktop asks it: list, look, read, sign. Google's store speaks the same language, with signatures of its own. */
import { AwsV4Signer } from 'aws4fetch';
import type { Dispatcher } from 'undici';
import { AppError, isAppError } from '../spec/error.ts';
import { contentOf, encoded, encodedPath, header, objectOf, rangeHeader, refusal, saidIn, send } from './store.ts';
import type { Answer, Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';
import { decodeEntities, elements, textOf } from './xml.ts';

export interface S3Place {
  /** `host:port`, as Argo writes it. */
  endpoint: string;
  bucket: string;
  insecure: boolean;
  /** `bucket.endpoint/key` instead of `endpoint/bucket/key`. */
  virtualHosted: boolean;
}

/** Who asks. */
export interface S3Auth {
  /** @returns the headers of a request that is made in somebody's name */
  sign(method: string, url: URL, headers: Record<string, string>): Promise<Record<string, string>>;
  /** @returns a URL that is good for `seconds` */
  presign(url: URL, seconds: number): Promise<string>;
  /** The store named the region of the bucket. @returns whether that is new, so that the request is worth another try */
  learn?(region: string): boolean;
  /** What a person can do when the store refuses. */
  refused?: string;
}

interface S3Request {
  method: 'GET' | 'HEAD';
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

const SAYS_WHY: ReadonlySet<string> = new Set(['forbidden', 'unauthorized', 'invalid']);

export class S3Store implements ObjectStore {
  readonly #place: S3Place;
  readonly #auth: S3Auth;
  readonly #dispatcher: Dispatcher;
  readonly #origin: string | undefined;

  /**
   * @param dispatcher leads to the store, whatever its name resolves to
   * @param origin scheme, host and port that links lead to, when the store's own cannot be reached from where they are opened
   */
  constructor(place: S3Place, auth: S3Auth, dispatcher: Dispatcher, origin?: string) {
    this.#place = place;
    this.#auth = auth;
    this.#dispatcher = dispatcher;
    this.#origin = origin;
  }

  /** @param limit up to 1000 */
  async list(prefix: string, limit: number, signal?: AbortSignal, next?: string): Promise<Listed> {
    const query = { 'encoding-type': 'url', 'list-type': '2', 'max-keys': String(limit), prefix, ...(next === undefined ? {} : { 'start-after': next }) };
    const answer = await this.#send({ method: 'GET', query, signal });
    const text = await answer.body.text();
    const coded = textOf(text, 'EncodingType') === 'url';
    const keyOf = (key: string): string => (coded ? decodeURIComponent(key.replaceAll('+', ' ')) : decodeEntities(key));
    const objects = elements(text, 'Contents').map((item): StoredObject => {
      const modifiedAt = textOf(item, 'LastModified');
      return { key: keyOf(textOf(item, 'Key') ?? ''), size: Number(textOf(item, 'Size') ?? 0), ...(modifiedAt === undefined ? {} : { modifiedAt }) };
    });
    const last = objects.at(-1);
    return { objects, ...(last && textOf(text, 'IsTruncated') === 'true' ? { next: last.key } : {}) };
  }

  async head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    try {
      return objectOf(key, await this.#send({ method: 'HEAD', key, signal }));
    } catch (error) {
      if (isAppError(error, 'not-found')) return undefined;
      // An answer to HEAD has no body: the same question as a GET is told the reason.
      if (isAppError(error) && SAYS_WHY.has(error.code)) await this.get(key, { start: 0, end: 0, ...(signal && { signal }) });
      throw error;
    }
  }

  async get(key: string, range: Range = {}): Promise<StoredContent> {
    const answer = await this.#send({ method: 'GET', key, headers: rangeHeader(range), signal: range.signal });
    return contentOf(answer, new URL(this.#url({ method: 'GET', key })));
  }

  presign(key: string, seconds: number): Promise<string> {
    const url = new URL(this.#url({ method: 'GET', key }));
    return this.#auth.presign(this.#origin === undefined ? url : new URL(`${this.#origin}${url.pathname}`), seconds);
  }

  #url({ key = '', query = {} }: S3Request): string {
    const { endpoint, bucket, insecure, virtualHosted } = this.#place;
    const scheme = insecure ? 'http' : 'https';
    const path = encodedPath(key);
    const base = virtualHosted ? `${scheme}://${bucket}.${endpoint}/${path}` : `${scheme}://${endpoint}/${encoded(bucket)}/${path}`;
    const search = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&');
    return search ? `${base}?${search}` : base;
  }

  async #send(request: S3Request, mayLearn = true): Promise<Answer> {
    const { method, signal } = request;
    const url = new URL(this.#url(request));
    const answer = await send(this.#dispatcher, { method, url, headers: await this.#auth.sign(method, url, request.headers ?? {}), signal });
    if (answer.statusCode < 300) return answer;
    const said = await saidIn(answer);
    const region = header(answer, 'x-amz-bucket-region') ?? textOf(said, 'Region');
    if (mayLearn && region && this.#auth.learn?.(region)) return this.#send(request, false);
    const { endpoint, bucket } = this.#place;
    const error = refusal(answer.statusCode, said, `${endpoint}/${bucket}${request.key === undefined ? '' : `/${request.key}`}`);
    const hint = error.code === 'forbidden' || error.code === 'unauthorized' ? this.#auth.refused : undefined;
    throw hint === undefined ? error : new AppError(error.code, error.message, { hint });
  }
}

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Nobody in particular: what is open to all. */
export const ANYBODY: S3Auth = {
  refused: 'The location names no Secret with keys. What the cluster itself may read, by the identity of its Pods, this machine may not.',
  sign: (_method, _url, headers) => Promise.resolve(headers),
  presign: (url) => Promise.resolve(url.toString()),
};

/** @returns requests and links signed with SigV4 */
export function awsAuth(keys: AwsKeys, region: string): S3Auth {
  let where = region || 'us-east-1';
  const signing = (): AwsKeys & { service: string; region: string } => ({ ...keys, service: 's3', region: where });
  return {
    sign: async (method, url, headers) => {
      const signed: Record<string, string> = {};
      const { headers: all } = await new AwsV4Signer({ method, url: url.toString(), headers, ...signing() }).sign();
      all.forEach((value, name) => { signed[name] = value; });
      return signed;
    },
    presign: async (url, seconds) => {
      url.searchParams.set('X-Amz-Expires', String(seconds));
      return (await new AwsV4Signer({ method: 'GET', url: url.toString(), signQuery: true, ...signing() }).sign()).url.toString();
    },
    learn: (named) => {
      if (named === where) return false;
      where = named;
      return true;
    },
  };
}
