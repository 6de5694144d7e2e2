import { cbc } from '@noble/ciphers/aes.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { encodeBase64, hashSync } from 'bcryptjs';
import { base64, byteLength, fromBytes, toBytes } from '../go.ts';
import type { FunctionHost, GoValue } from '../go.ts';
import { decodeBase64 } from '../expr/builtins.ts';
import { Panic } from '../expr/error.ts';
import { int, limit, text } from './convert.ts';
import type { Entry } from './convert.ts';
import { uuid } from './random.ts';

const ONE = 'func(string) string';
const CERTIFICATE = 'sprig.certificate';

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function adler32(value: string): string {
  let a = 1;
  let b = 0;
  for (const byte of toBytes(value)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return String(b * 65536 + a);
}

const BCRYPT_COST = 10;

function bcrypt(value: string, host: FunctionHost): string {
  const length = byteLength(value);
  if (length > 72) return 'failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes';
  const salt = encodeBase64(host.random(16), 16);
  return hashSync(value, `$2a$${BCRYPT_COST}$${salt}`);
}

function aesKey(password: string): Uint8Array {
  const key = new Uint8Array(32);
  key.set(toBytes(password).slice(0, 32));
  return key;
}

const BLOCK = 16;

function encrypt(password: string, value: string, host: FunctionHost): string {
  if (value === '') return '';
  const iv = host.random(BLOCK);
  const body = cbc(aesKey(password), iv).encrypt(toBytes(value));
  const out = new Uint8Array(BLOCK + body.length);
  out.set(iv);
  out.set(body, BLOCK);
  return base64(out);
}

function decrypt(password: string, value: string): string {
  if (value === '') return '';
  const bytes = decodeBase64(value);
  if (bytes.length < BLOCK) throw new Panic(`runtime error: slice bounds out of range [:${BLOCK}] with capacity ${bytes.length}`);
  if (bytes.length % BLOCK !== 0) throw new Panic('crypto/cipher: input not full blocks');
  const plain = cbc(aesKey(password), bytes.slice(0, BLOCK), { disablePadding: true }).decrypt(bytes.slice(BLOCK));
  const padding = plain.at(-1) ?? 0;
  if (padding > plain.length) throw new Panic(`runtime error: slice bounds out of range [:${plain.length - padding}]`);
  return fromBytes(plain.slice(0, plain.length - padding));
}

/** A DER value: tag, length, contents. */
function der(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const body = parts.flatMap((part) => Array.from(part));
  const length = body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Uint8Array.from([tag, ...length, ...body]);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = base64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const ED25519_OID = [0x06, 0x03, 0x2b, 0x65, 0x70];
const P256_OID = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

function ed25519Key(host: FunctionHost): string {
  const seed = host.random(32);
  ed25519.getPublicKey(seed);
  return pem('PRIVATE KEY', der(SEQUENCE, [0x02, 0x01, 0x00], der(SEQUENCE, ED25519_OID), der(OCTETS, der(OCTETS, seed))));
}

function ecdsaKey(host: FunctionHost): string {
  let secret = host.random(32);
  while (!p256.utils.isValidSecretKey(secret)) secret = host.random(32);
  const point = p256.getPublicKey(secret, false);
  return pem('EC PRIVATE KEY', der(SEQUENCE, [0x02, 0x01, 0x01], der(OCTETS, secret), der(0xa0, P256_OID), der(0xa1, der(0x03, [0], point))));
}

/** Making RSA and DSA keys takes minutes without the machine's own arithmetic, and certificates need them. */
function unavailable(what: string): never {
  throw new Panic(`${what} is not available in expressions: make it in a step`);
}

function privateKey(kind: string, host: FunctionHost): string {
  switch (kind) {
    case 'ed25519': return ed25519Key(host);
    case 'ecdsa': return ecdsaKey(host);
    case '': case 'rsa': case 'dsa': return unavailable(`a private key of type ${kind === '' ? 'rsa' : kind}`);
    default: return `Unknown type ${kind}`;
  }
}

const PEM = /-----BEGIN [A-Z0-9 ]+-----\r?\n[A-Za-z0-9+/=\s]*-----END [A-Z0-9 ]+-----/;

function withKey(key: string): never {
  if (!PEM.test(key)) throw new Panic('parsing private key: no PEM data in input');
  return unavailable('a certificate');
}

function customCertificate(args: readonly GoValue[]): GoValue {
  const decode = (value: string, what: string): string => {
    try {
      return fromBytes(decodeBase64(value));
    } catch (error) {
      if (error instanceof Panic) throw new Panic(`unable to decode base64 ${what}`);
      throw error;
    }
  };
  const certificate = decode(text(args, 0), 'certificate');
  const key = decode(text(args, 1), 'private key');
  if (!PEM.test(certificate)) throw new Panic('unable to decode certificate');
  if (!PEM.test(key)) throw new Panic('error parsing private key: no PEM data in input');
  return unavailable('a certificate');
}

function certificate(params: string, keyAt = -1): Entry {
  return [`func(${params}) (${CERTIFICATE}, error)`, (args) => (keyAt < 0 ? unavailable('a certificate') : withKey(text(args, keyAt)))];
}

const LIST = '[]interface {}';

export const CRYPTO: Readonly<Record<string, Entry>> = {
  sha1sum: [ONE, (args) => hexadecimal(sha1(toBytes(text(args, 0))))],
  sha256sum: [ONE, (args) => hexadecimal(sha256(toBytes(text(args, 0))))],
  sha512sum: [ONE, (args) => hexadecimal(sha512(toBytes(text(args, 0))))],
  adler32sum: [ONE, (args) => adler32(text(args, 0))],
  bcrypt: [ONE, (args, host) => bcrypt(text(args, 0), host)],
  htpasswd: ['func(string, string) string', (args, host) => (text(args, 0).includes(':') ? `invalid username: ${text(args, 0)}` : `${text(args, 0)}:${bcrypt(text(args, 1), host)}`)],
  randBytes: ['func(int) (string, error)', (args, host) => {
    if (int(args, 0) < 0) throw new Panic('runtime error: makeslice: len out of range');
    limit(int(args, 0) * 100);
    return base64(host.random(int(args, 0)));
  }],
  encryptAES: ['func(string, string) (string, error)', (args, host) => encrypt(text(args, 0), text(args, 1), host)],
  decryptAES: ['func(string, string) (string, error)', (args) => decrypt(text(args, 0), text(args, 1))],
  // The counter is a uint32, which no expression can make: in Argo too every call fails.
  derivePassword: ['func(uint32, string, string, string, string) string', () => unavailable('a derived password')],
  genPrivateKey: [ONE, (args, host) => privateKey(text(args, 0), host)],
  buildCustomCert: [`func(string, string) (${CERTIFICATE}, error)`, customCertificate],
  genCA: certificate('string, int'), genCAWithKey: certificate('string, int, string', 2),
  genSelfSignedCert: certificate(`string, ${LIST}, ${LIST}, int`), genSelfSignedCertWithKey: certificate(`string, ${LIST}, ${LIST}, int, string`, 4),
  genSignedCert: certificate(`string, ${LIST}, ${LIST}, int, ${CERTIFICATE}`), genSignedCertWithKey: certificate(`string, ${LIST}, ${LIST}, int, ${CERTIFICATE}, string`, 5),
  uuidv4: ['func() string', (_args, host) => uuid(host)],
  getHostByName: [ONE, () => unavailable('the address of a host')],
};
