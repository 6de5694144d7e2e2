/** What a kind of store can do, and how every kind is asked over HTTP. */
import type { Dispatcher } from 'undici';
import { networkError } from '../kube/network-error.ts';
import { AppError } from '../spec/error.ts';
import { decodeEntities, textOf } from './xml.ts';

export interface StoredObject {
  key: string;
  /** Bytes; absent when the store does not say. */
  size?: number;
  modifiedAt?: string;
}

export interface StoredContent {
  /** Of the whole object, not of the part that was asked for; absent when the store does not say. */
  size?: number;
  contentType?: string;
  /** The store sent just the part that was asked for. */
  partial?: boolean;
  /** Tells this state of the object from others. */
  tag?: string;
  body: AsyncIterable<Uint8Array>;
}

export interface Range {
  start?: number;
  /** Included. */
  end?: number;
  signal?: AbortSignal;
}

export interface Listed {
  objects: StoredObject[];
  /** Where to go on; undefined when these were the last. */
  next?: string;
}

export interface ObjectStore {
  /** @returns the object's size and time; undefined when there is none under the key */
  head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** @returns objects whose keys begin with `prefix`, in order of key, at most `limit`; from where `next` says */
  list(prefix: string, limit: number, signal?: AbortSignal, next?: string): Promise<Listed>;
  /** Opens an object, or a part of it. Throws `not-found` when there is none. */
  get(key: string, range?: Range): Promise<StoredContent>;
  /** @returns a link to the object that is good for `seconds`; throws `unsupported` where a store has none */
  presign(key: string, seconds: number): Promise<string>;
}

export interface StoreRequest {
  method: 'GET' | 'HEAD' | 'DELETE' | 'POST';
  url: URL;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
}

export type Answer = Dispatcher.ResponseData;

/** Sends a request; whatever the status, the answer is returned. Throws `cancelled`, or what keeps the store from being reached. */
export async function send(dispatcher: Dispatcher, { method, url, headers, body, signal }: StoreRequest): Promise<Answer> {
  try {
    return await dispatcher.request({ origin: url.origin, path: url.pathname + url.search, method, headers, ...(body !== undefined && { body }), ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error });
    throw unreachable(error, url);
  }
}

function unreachable(error: unknown, url: URL): AppError {
  const known = networkError(error, url.origin);
  return new AppError(known.code, known.message.replace('API server', 'artifact store'), { cause: error, retryable: known.retryable, hint: 'Check the endpoint in the artifact repository, and the network to it.' });
}

export function header(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** @returns the header that asks for a part of an object */
export function rangeHeader({ start, end }: Range): Record<string, string> {
  return start === undefined && end === undefined ? {} : { range: `bytes=${start ?? 0}-${end ?? ''}` };
}

/** @returns what the headers of an answer to HEAD say of an object */
export function objectOf(key: string, answer: Answer): StoredObject {
  const size = header(answer, 'content-length');
  const modified = header(answer, 'last-modified');
  return { key, ...(size === undefined ? {} : { size: Number(size) }), ...(modified === undefined ? {} : { modifiedAt: new Date(modified).toISOString() }) };
}

/** @returns the content of an answer to GET of this URL */
export function contentOf(answer: Answer, url: URL): StoredContent {
  const total = /\/(\d+)$/.exec(header(answer, 'content-range') ?? '')?.[1] ?? header(answer, 'content-length');
  const contentType = header(answer, 'content-type');
  const tag = header(answer, 'etag');
  return { ...(total === undefined ? {} : { size: Number(total) }), ...(contentType === undefined ? {} : { contentType }), ...(tag === undefined ? {} : { tag }), partial: answer.statusCode === 206, body: received(answer.body, url) };
}

/** The bytes of an answer; a connection that breaks off says so in words. */
async function* received(body: AsyncIterable<Uint8Array>, url: URL): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw error instanceof Error && error.name === 'AbortError' ? new AppError('cancelled', 'Cancelled.', { cause: error }) : unreachable(error, url);
  }
}

/** RFC 3986, as signatures want it. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** @returns a key as the path of a URL */
export function encodedPath(key: string): string {
  return key.split('/').map(encoded).join('/');
}

const MESSAGE_BYTES = 64 * 1024;

/** @returns the text of an answer that refuses, as far as anybody reads it */
export async function saidIn(answer: Answer): Promise<string> {
  return (await answer.body.text().catch(() => '')).slice(0, MESSAGE_BYTES);
}

const KEYS = 'Secret of the artifact repository';
const NO_CONTAINER = { code: 'not-found', hint: 'Create the bucket, or correct its name in the artifact repository.' } as const;
const NO_OBJECT = { code: 'not-found', hint: 'It was deleted, or was never written.' } as const;
const NO_RIGHT = { code: 'forbidden', hint: 'Ask for the right to read this bucket.' } as const;
const WRONG_KEY = { code: 'unauthorized', hint: `Check the secret key in the ${KEYS}.` } as const;

/** What S3, Google and Azure call it. */
const REFUSALS: Readonly<Record<string, { code: AppError['code']; hint: string }>> = {
  NoSuchBucket: NO_CONTAINER, ContainerNotFound: NO_CONTAINER, NoSuchKey: NO_OBJECT, BlobNotFound: NO_OBJECT,
  InvalidAccessKeyId: { code: 'unauthorized', hint: `Check the access key in the ${KEYS}.` }, SignatureDoesNotMatch: WRONG_KEY, AuthenticationFailed: WRONG_KEY,
  ExpiredToken: { code: 'unauthorized', hint: `Renew the session token in the ${KEYS}.` }, RequestTimeTooSkewed: { code: 'unauthorized', hint: 'Set the clock of this machine.' },
  AccessDenied: NO_RIGHT, AuthorizationFailure: NO_RIGHT, AuthorizationPermissionMismatch: NO_RIGHT,
};
const BY_STATUS: Readonly<Record<number, AppError['code']>> = { 400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 416: 'invalid', 429: 'throttled' };

/** @returns the error that an answer means: `said` is its text, `where` what was asked for */
export function refusal(status: number, said: string, where: string): AppError {
  const code = textOf(said, 'Code') ?? '';
  const known = REFUSALS[code];
  const words = decodeEntities(textOf(said, 'Message') ?? '').split('\n')[0] ?? '';
  const kind = known?.code ?? BY_STATUS[status] ?? 'unavailable';
  return new AppError(kind, `The artifact store refused ${where}: ${code ? `${code}: ` : ''}${words || `status ${status}`}`, { retryable: status >= 500 || status === 429, ...(known && { hint: known.hint }) });
}

/** @returns the bytes of a part, out of all of them */
export async function* part(body: AsyncIterable<Uint8Array>, { start = 0, end = Infinity }: Range): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of body) {
    const from = Math.max(start - at, 0);
    const piece = chunk.subarray(from, Math.max(from, end + 1 - at));
    at += chunk.length;
    if (piece.length > 0) yield piece;
    if (at > end) return;
  }
}
