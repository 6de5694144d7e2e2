/** An artifact that is one file of an HTTP server: asked as its location says, redirects followed. */
import type { Dispatcher } from 'undici';
import { AppError, isAppError } from '../spec/error.ts';
import { contentOf, header, objectOf, part, rangeHeader, refusal, saidIn, send } from './store.ts';
import type { Answer, Listed, ObjectStore, Range, StoredContent, StoredObject } from './store.ts';

export interface HttpPlace {
  url: string;
  headers: readonly { name: string; value: string }[];
  user?: string;
  password?: string;
  /** An OAuth 2 client, which gets a token before it asks. */
  client?: { id: string; secret: string; tokens: string; fields: readonly [string, string][] };
}

const MOST_REDIRECTS = 5;
const HEAD_REFUSED: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);

export class HttpStore implements ObjectStore {
  readonly #place: HttpPlace;
  readonly #route: (url: URL) => Promise<Dispatcher>;
  readonly #linkTo: string | undefined;
  #token: Promise<string> | undefined;

  /**
   * @param route finds the way to a server
   * @param linkTo what a browser of this machine may open without any credential; undefined when there is nothing
   */
  constructor(place: HttpPlace, route: (url: URL) => Promise<Dispatcher>, linkTo: string | undefined) {
    this.#place = place;
    this.#route = route;
    this.#linkTo = linkTo;
  }

  /** The key is the URL: what is asked for is always the one file. */
  async head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const answer = await this.#ask('HEAD', {}, signal);
    if (answer.statusCode < 300) return objectOf(key, answer);
    // Servers that sign their URLs, or were written in an hour, know only GET.
    if (!HEAD_REFUSED.has(answer.statusCode)) throw this.#refusal(answer.statusCode, '');
    try {
      const { size, body } = await this.get(key, { start: 0, end: 0, ...(signal && { signal }) });
      for await (const chunk of body) if (chunk.length > 0) break;
      return { key, ...(size === undefined ? {} : { size }) };
    } catch (error) {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  list(): Promise<Listed> {
    return Promise.resolve({ objects: [] });
  }

  async get(_key: string, range: Range = {}): Promise<StoredContent> {
    const answer = await this.#ask('GET', rangeHeader(range), range.signal);
    if (answer.statusCode >= 300) throw this.#refusal(answer.statusCode, await saidIn(answer));
    const content = contentOf(answer, new URL(this.#place.url));
    // A server that knows no ranges sends all of it.
    return answer.statusCode === 206 || (range.start === undefined && range.end === undefined) ? content : { ...content, body: part(content.body, range) };
  }

  presign(): Promise<string> {
    if (this.#linkTo !== undefined) return Promise.resolve(this.#linkTo);
    throw new AppError('unsupported', 'An HTTP server that asks for credentials has no links that work without them.', { hint: 'Download the artifact and hand on the file.' });
  }

  async #ask(method: 'GET' | 'HEAD', more: Record<string, string>, signal: AbortSignal | undefined): Promise<Answer> {
    let url = new URL(this.#place.url);
    const home = url.origin;
    const own = await this.#headers();
    for (let redirects = 0; ; redirects++) {
      // Credentials are for the server that the location names, and no other.
      const answer = await send(await this.#route(url), { method, url, headers: { ...(url.origin === home ? own : {}), ...more }, signal });
      const to = header(answer, 'location');
      if (answer.statusCode < 300 || answer.statusCode >= 400 || to === undefined || !URL.canParse(to, url.href)) return answer;
      if (redirects >= MOST_REDIRECTS) throw new AppError('unavailable', `${url.host} sends from one address to the next without end.`);
      await answer.body.dump();
      url = new URL(to, url);
      if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new AppError('unsupported', `The server sends to an address of kind ${url.protocol.replace(':', '')}, which is not followed.`);
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { headers, user, password = '', client } = this.#place;
    const own = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    if (user !== undefined) own['authorization'] = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    else if (client) own['authorization'] = `Bearer ${await (this.#token ??= this.#fetchToken(client))}`;
    return own;
  }

  /** OAuth 2, client credentials. */
  async #fetchToken({ id, secret, tokens, fields }: NonNullable<HttpPlace['client']>): Promise<string> {
    const url = new URL(tokens);
    const body = new URLSearchParams([['grant_type', 'client_credentials'], ['client_id', id], ['client_secret', secret], ...fields.map(([name, value]): [string, string] => [name, value])]).toString();
    const answer = await send(await this.#route(url), { method: 'POST', url, headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }, body });
    const { access_token: token } = answer.statusCode < 300 ? await answer.body.json() as { access_token?: unknown } : {};
    if (typeof token === 'string') return token;
    throw new AppError('unauthorized', `${url.host} gave no token for the client (status ${answer.statusCode}).`, { hint: 'Check clientIDSecret, clientSecretSecret and tokenURLSecret of the location.' });
  }

  #refusal(status: number, said: string): AppError {
    const { host, pathname } = new URL(this.#place.url);
    const error = refusal(status, said, `${host}${pathname}`);
    const credentials = status === 401 || status === 403;
    return credentials ? new AppError(error.code, error.message, { hint: 'Check the credentials that the location names.' }) : error;
  }
}
