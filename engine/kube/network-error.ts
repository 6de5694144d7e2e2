/** What can go wrong before an API server answers, in sentences a person can act on. */
import { AppError } from '../spec/error.ts';

interface Explanation {
  message: (server: string) => string;
  hint: string;
  retryable: boolean;
}

const host = (server: string): string => {
  try {
    return new URL(server).host;
  } catch {
    return server;
  }
};

const unreachable = (what: string, hint: string): Explanation => ({ message: (server) => `The API server at ${host(server)} ${what}.`, hint, retryable: true });
const certificate = (what: string, hint: string): Explanation => ({ message: (server) => `The certificate of ${host(server)} ${what}.`, hint, retryable: false });

const NETWORK = 'Check the network and the VPN.';
const TRUST = 'Check certificate-authority in the kubeconfig; a proxy that inspects traffic needs its own certificate there.';

const EXPLANATIONS: Record<string, Explanation> = {
  ENOTFOUND: unreachable('has a name that cannot be resolved', NETWORK),
  EAI_AGAIN: unreachable('has a name that cannot be resolved right now', NETWORK),
  ECONNREFUSED: unreachable('refuses connections', 'Check that the cluster runs and that the address in the kubeconfig is right.'),
  ETIMEDOUT: unreachable('does not answer', NETWORK),
  UND_ERR_CONNECT_TIMEOUT: unreachable('does not answer', NETWORK),
  EHOSTUNREACH: unreachable('cannot be reached from this network', NETWORK),
  ENETUNREACH: unreachable('cannot be reached from this network', NETWORK),
  ECONNRESET: unreachable('closed the connection', 'It is tried again; if it stays, check proxies and firewalls between here and there.'),
  EPIPE: unreachable('closed the connection', 'It is tried again; if it stays, check proxies and firewalls between here and there.'),
  UND_ERR_SOCKET: unreachable('closed the connection', 'It is tried again; if it stays, check proxies and firewalls between here and there.'),
  UND_ERR_DESTROYED: unreachable('was disconnected, because connections are made anew', 'It is tried again.'),
  UND_ERR_CLOSED: unreachable('was disconnected, because connections are made anew', 'It is tried again.'),
  CERT_HAS_EXPIRED: certificate('has expired', 'The cluster\'s administrator must renew it.'),
  CERT_NOT_YET_VALID: certificate('is not yet valid', 'Check the clock of this machine.'),
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate('is signed by itself and not trusted', TRUST),
  SELF_SIGNED_CERT_IN_CHAIN: certificate('is signed by an authority that is not trusted', TRUST),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate('is signed by an authority that is not trusted', TRUST),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate('is signed by an authority that is not trusted', TRUST),
  ERR_TLS_CERT_ALTNAME_INVALID: certificate('is for another name', 'Check the address in the kubeconfig, or set tls-server-name.'),
  EPROTO: { message: (server) => `${host(server)} does not speak TLS as expected.`, hint: 'Check whether the address should be http or https, and the client certificate.', retryable: false },
  ERR_SSL_WRONG_VERSION_NUMBER: { message: (server) => `${host(server)} does not speak TLS.`, hint: 'Check whether the address should be http or https.', retryable: false },
};

/** @returns the first system or library error code in the chain of causes */
export function codeOf(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth += 1) {
    const { code, errors } = current as { code?: unknown; errors?: unknown };
    if (typeof code === 'string' && code in EXPLANATIONS) return code;
    current = (current as { cause?: unknown }).cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return typeof error === 'object' && error !== null && typeof (error as { code?: unknown }).code === 'string' ? (error as { code: string }).code : undefined;
}

/** @returns an AppError (`unreachable`, `timeout` or `cancelled`) for what a connection threw */
export function networkError(error: unknown, server: string): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const known = code === undefined ? undefined : EXPLANATIONS[code];
  if (known) return new AppError('unreachable', known.message(server), { cause: error, hint: known.hint, retryable: known.retryable });
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new AppError('timeout', `The API server at ${host(server)} did not answer in time.`, { cause: error, retryable: true, hint: 'It may be overloaded. It is tried again.' });
  }
  const told = error instanceof Error ? error.message : String(error);
  return new AppError('unreachable', `The API server at ${host(server)} cannot be reached: ${told}`, { cause: error, retryable: true, hint: NETWORK });
}
