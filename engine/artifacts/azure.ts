/** Azure's blob storage as the desktop asks it: requests by Shared Key, links by a service SAS; without a key, what is open to all. */
import { createHmac } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { AppError, isAppError } from '../spec/error.ts';
import { contentOf, encoded, encodedPath, objectOf, rangeHeader, refusal, saidIn, send } from './store.ts';
import type { Answer, Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';
import { decodeEntities, elements, textOf } from './xml.ts';

export interface AzurePlace {
  /** `https://ACCOUNT.blob.core.windows.net`, or an emulator's with the account as its path. */
  endpoint: string;
  container: string;
}

const VERSION = '2021-08-06';

interface AzureRequest {
  method: 'GET' | 'HEAD';
  blob?: string;
  query?: Record<string, string>;
  range?: string;
  signal?: AbortSignal | undefined;
}

export class AzureStore implements ObjectStore {
  readonly #place: AzurePlace;
  readonly #account: string;
  readonly #key: Buffer | undefined;
  readonly #dispatcher: Dispatcher;
  readonly #origin: string | undefined;

  /**
   * @param key of the account, in base64
   * @param origin where links lead to, when the endpoint cannot be reached from where they are opened
   */
  constructor(place: AzurePlace, key: string | undefined, dispatcher: Dispatcher, origin?: string) {
    this.#place = { ...place, endpoint: place.endpoint.replace(/\/+$/, '') };
    const { host, pathname } = new URL(this.#place.endpoint);
    this.#account = pathname.split('/')[1] || (host.split('.')[0] ?? '');
    this.#key = key === undefined ? undefined : Buffer.from(key, 'base64');
    this.#dispatcher = dispatcher;
    this.#origin = origin;
  }

  async list(prefix: string, limit: number, signal?: AbortSignal, next?: string): Promise<Listed> {
    const answer = await this.#send({ method: 'GET', query: { comp: 'list', ...(next === undefined ? {} : { marker: next }), maxresults: String(limit), prefix, restype: 'container' }, signal });
    const text = await answer.body.text();
    const objects = elements(text, 'Blob').map((item): StoredObject => {
      const modified = textOf(item, 'Last-Modified');
      return { key: nameOf(item), size: Number(textOf(item, 'Content-Length') ?? 0), ...(modified === undefined ? {} : { modifiedAt: new Date(modified).toISOString() }) };
    });
    const marker = decodeEntities(textOf(text, 'NextMarker') ?? '');
    return { objects, ...(marker && { next: marker }) };
  }

  async head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    try {
      return objectOf(key, await this.#send({ method: 'HEAD', blob: key, signal }));
    } catch (error) {
      if (isAppError(error, 'not-found')) return undefined;
      // An answer to HEAD has no body: the same question as a GET is told the reason.
      if (isAppError(error) && !error.retryable && error.code !== 'cancelled') await this.get(key, { start: 0, end: 0, ...(signal && { signal }) });
      throw error;
    }
  }

  async get(key: string, range: Range = {}): Promise<StoredContent> {
    const { range: wanted } = rangeHeader(range);
    const answer = await this.#send({ method: 'GET', blob: key, ...(wanted !== undefined && { range: wanted }), signal: range.signal });
    return contentOf(answer, new URL(this.#place.endpoint));
  }

  /** Azure: a service SAS of one blob. */
  presign(key: string, seconds: number): Promise<string> {
    const url = new URL(this.#url(key));
    const at = `${this.#origin ?? url.origin}${url.pathname}`;
    if (!this.#key) return Promise.resolve(at);
    const expiry = new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '');
    const resource = `/blob/${this.#account}/${this.#place.container}/${key}`;
    const signature = this.#hmac(this.#key, ['r', '', expiry, resource, '', '', '', VERSION, 'b', '', '', '', '', '', '', ''].join('\n'));
    const query = { sv: VERSION, sr: 'b', sp: 'r', se: expiry, sig: signature };
    return Promise.resolve(`${at}?${Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`).join('&')}`);
  }

  #url(blob: string | undefined): string {
    return `${this.#place.endpoint}/${encoded(this.#place.container)}${blob === undefined ? '' : `/${encodedPath(blob)}`}`;
  }

  async #send({ method, blob, query = {}, range, signal }: AzureRequest): Promise<Answer> {
    const url = new URL(this.#url(blob));
    const named = Object.entries(query).sort(([a], [b]) => (a < b ? -1 : 1));
    url.search = named.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
    const headers: Record<string, string> = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': VERSION, ...(range !== undefined && { range }) };
    if (this.#key) {
      const ours = `x-ms-date:${headers['x-ms-date'] ?? ''}\nx-ms-version:${VERSION}\n`;
      const resource = `/${this.#account}${url.pathname}${named.map(([name, value]) => `\n${name}:${value}`).join('')}`;
      headers['authorization'] = `SharedKey ${this.#account}:${this.#hmac(this.#key, `${method}${'\n'.repeat(11)}${range ?? ''}\n${ours}${resource}`)}`;
    }
    const answer = await send(this.#dispatcher, { method, url, headers, signal });
    if (answer.statusCode < 300) return answer;
    const { host } = new URL(this.#place.endpoint);
    throw explained(refusal(answer.statusCode, await saidIn(answer), `${host}/${this.#place.container}${blob === undefined ? '' : `/${blob}`}`), this.#key !== undefined);
  }

  #hmac(key: Buffer, text: string): string {
    return createHmac('sha256', key).update(text, 'utf8').digest('base64');
  }
}

/** A container that nobody may read without a key says that it is not there. */
function explained(error: AppError, signed: boolean): AppError {
  if (signed || error.code === 'unavailable') return error;
  return new AppError(error.code, error.message, { hint: error.hint ?? 'The location names no Secret with a key (accountKeySecret): only what is open to all can be read from here.' });
}

/** A name that XML cannot hold is encoded as in a URL. */
function nameOf(item: string): string {
  const [, coded, name = ''] = /<Name( Encoded="true")?>([\s\S]*?)<\/Name>/.exec(item) ?? [];
  return coded === undefined ? decodeEntities(name) : decodeURIComponent(name);
}
