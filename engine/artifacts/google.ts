/** Who asks Google's store: the service account of a key file, by a token for requests and by its own signature in links. */
import { createHash, createSign } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { AppError } from '../spec/error.ts';
import type { S3Auth } from './s3.ts';
import { encoded, refusal, saidIn, send } from './store.ts';

/** What is used of the key file. */
interface AccountKey {
  client_email: string;
  private_key: string;
  token_uri?: string;
}

const TOKEN_SECONDS = 3600;
/** A token is renewed so long before it ends. */
const EARLY_MS = 60_000;
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_only';

/** @param key the JSON of a service account's key file. Throws `invalid` when it is none. */
export function googleAuth(key: string, dispatcher: Dispatcher): S3Auth {
  const account = readKey(key);
  let token: Promise<string> | undefined;
  let until = 0;
  return {
    sign: async (_method, _url, headers) => {
      if (!token || Date.now() > until - EARLY_MS) {
        until = Date.now() + TOKEN_SECONDS * 1000;
        token = fetchToken(account, dispatcher);
        token.catch(() => { token = undefined; });
      }
      return { ...headers, authorization: `Bearer ${await token}` };
    },
    presign: (url, seconds) => Promise.resolve(signedLink(account, url, seconds, new Date())),
  };
}

function readKey(text: string): AccountKey {
  try {
    const { client_email: name, private_key: key, token_uri: tokens } = JSON.parse(text) as Partial<Record<string, unknown>>;
    if (typeof name === 'string' && typeof key === 'string') return { client_email: name, private_key: key, ...(typeof tokens === 'string' && { token_uri: tokens }) };
  } catch {
    // Told below: the text itself is a secret.
  }
  throw new AppError('invalid', 'The Secret of the artifact store holds no key file of a Google service account.', { hint: 'Put the JSON file that Google gave you under the key that serviceAccountKeySecret names.' });
}

async function fetchToken({ client_email: name, private_key: key, token_uri: tokens = 'https://oauth2.googleapis.com/token' }: AccountKey, dispatcher: Dispatcher): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claim = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: name, scope: SCOPE, aud: tokens, iat: now, exp: now + TOKEN_SECONDS })}`;
  const assertion = `${claim}.${rsaSha256(claim, key).toString('base64url')}`;
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
  const answer = await send(dispatcher, { method: 'POST', url: new URL(tokens), headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  if (answer.statusCode >= 300) {
    const fault = refusal(answer.statusCode, await saidIn(answer), `a token for ${name}`);
    throw new AppError(fault.code === 'invalid' ? 'unauthorized' : fault.code, fault.message, { retryable: fault.retryable, hint: 'Check the key file in the Secret of the artifact repository: it may have been withdrawn.' });
  }
  const { access_token: token } = await answer.body.json() as { access_token?: unknown };
  if (typeof token !== 'string') throw new AppError('unavailable', `Google gave no token for ${name}.`);
  return token;
}

/** Google's V4 signing process, for a GET of an object. */
function signedLink({ client_email: name, private_key: key }: AccountKey, url: URL, seconds: number, now: Date): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/auto/storage/goog4_request`;
  const query = Object.entries({
    'X-Goog-Algorithm': 'GOOG4-RSA-SHA256', 'X-Goog-Credential': `${name}/${scope}`, 'X-Goog-Date': time, 'X-Goog-Expires': String(seconds), 'X-Goog-SignedHeaders': 'host',
  }).map(([field, value]) => `${field}=${encoded(value)}`).join('&');
  const request = `GET\n${url.pathname}\n${query}\nhost:${url.host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const signature = rsaSha256(`GOOG4-RSA-SHA256\n${time}\n${scope}\n${createHash('sha256').update(request).digest('hex')}`, key).toString('hex');
  return `${url.origin}${url.pathname}?${query}&X-Goog-Signature=${signature}`;
}

function rsaSha256(text: string, key: string): Buffer {
  try {
    return createSign('RSA-SHA256').update(text).sign(key);
  } catch (cause) {
    throw new AppError('invalid', 'The private key of the Google service account cannot be read.', { cause, hint: 'Put the whole key file into the Secret, line ends included.' });
  }
}
