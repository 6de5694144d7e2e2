/**
 * The one error that crosses rooms and IPC. Callers decide by `code`, people read `message` and `hint`.
 * A step that fails is a node phase and a fault in user input is a Diagnostic: neither is an AppError.
 */
export type ErrorCode =
  | 'not-found' | 'already-exists' | 'conflict' | 'forbidden' | 'unauthorized' | 'invalid' | 'too-large' | 'gone'
  | 'throttled' | 'unavailable' | 'unreachable' | 'timeout' | 'cancelled' | 'unsupported' | 'usage' | 'internal';

export interface AppErrorOptions {
  cause?: unknown;
  /** The same call may succeed later without anybody changing anything. */
  retryable?: boolean;
  /** What the person can do next. */
  hint?: string;
  /** Milliseconds the other side asked to wait before the next try. */
  retryAfter?: number;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.hint = options.hint;
    this.retryAfter = options.retryAfter;
  }
}

/** @returns whether `error` is an AppError, with this code when one is given */
export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** Throws when the program itself is wrong. Never for what a user or a cluster sent. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
