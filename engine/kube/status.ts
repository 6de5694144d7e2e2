/** Answers of an API server that are not success, as AppErrors. Callers decide by code; the server's own message is kept. */
import { AppError } from '../spec/error.ts';
import type { AppErrorOptions, ErrorCode } from '../spec/error.ts';

/** Kubernetes' own error object (kind Status), as far as it is used. */
export interface ApiStatus {
  code: number;
  reason: string;
  message: string;
  details?: { name?: string; group?: string; kind?: string; uid?: string; retryAfterSeconds?: number; causes?: { reason?: string; message?: string; field?: string }[] };
}

const BY_CODE: Record<number, ErrorCode> = {
  400: 'invalid', 401: 'unauthorized', 403: 'forbidden', 404: 'not-found', 405: 'unsupported', 406: 'unsupported', 408: 'timeout', 409: 'conflict', 410: 'gone',
  413: 'too-large', 415: 'unsupported', 422: 'invalid', 429: 'throttled', 500: 'unavailable', 502: 'unavailable', 503: 'unavailable', 504: 'timeout',
};
const RETRYABLE = new Set<ErrorCode>(['throttled', 'unavailable', 'timeout']);

function codeOf(status: ApiStatus): ErrorCode {
  if (status.reason === 'AlreadyExists') return 'already-exists';
  if (/request is too large/i.test(status.message)) return 'too-large';
  return BY_CODE[status.code] ?? (status.code >= 500 ? 'unavailable' : 'invalid');
}

/**
 * @param status what the server said
 * @param options hint and, in ms, the wait it asked for
 * @returns an AppError whose `cause` is the status itself
 */
export function statusError(status: ApiStatus, options: AppErrorOptions = {}): AppError {
  const code = codeOf(status);
  const asked = options.retryAfter ?? (status.details?.retryAfterSeconds === undefined ? undefined : status.details.retryAfterSeconds * 1000);
  return new AppError(code, status.message, {
    cause: status,
    retryable: options.retryable ?? RETRYABLE.has(code),
    ...(options.hint === undefined ? {} : { hint: options.hint }),
    ...(asked === undefined ? {} : { retryAfter: asked }),
  });
}

/** @returns the server's status behind an error made by `statusError`, if it was */
export function statusOf(error: unknown): ApiStatus | undefined {
  const cause = error instanceof AppError ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause && 'reason' in cause ? (cause as ApiStatus) : undefined;
}
