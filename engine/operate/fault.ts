/**
 * Why a template was not carried out. `wait` and `parallelism` mean: nothing is wrong, look again later.
 */
export type FaultKind = 'parallelism' | 'depth' | 'timeout' | 'wait' | 'error';

export class Fault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
    this.name = 'Fault';
  }
}

/** One call would make more nodes than its caller allows: nothing is decided. */
export class TooManyNodes extends Error {}

export const PARALLELISM = new Fault('parallelism', 'Max parallelism reached');
export const TIMEOUT = new Fault('timeout', 'timeout');
export const DEPTH = new Fault('depth', 'Maximum recursion depth exceeded. See https://argo-workflows.readthedocs.io/en/latest/scaling/#maximum-recursion-depth');

/** @returns what was thrown as a Fault; bugs (invariants) stay what they are */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof TooManyNodes) throw error;
  if (error instanceof Error) {
    if (error.message.startsWith('bug: ') || error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) throw error;
    return new Fault(isMissingVariable(error) ? 'wait' : 'error', error.message);
  }
  throw error;
}

function isMissingVariable(error: Error): boolean {
  return (error as { missingVariable?: unknown }).missingVariable === true;
}

/** Runs something that may throw for what the user wrote. */
export function attempt<T>(action: () => T): { value: T; fault?: undefined } | { value?: undefined; fault: Fault } {
  try {
    return { value: action() };
  } catch (error) {
    return { fault: asFault(error) };
  }
}
