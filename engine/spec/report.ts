import type { Diagnostic } from './diagnostic.ts';

export type Path = readonly (string | number)[];

/** Ends the checking of one thing: Argo stops at its first fault. */
class Refusal extends Error {
  readonly diagnostic: Diagnostic;
  /** The message without the names of what it stands in. */
  readonly core: string;

  constructor(diagnostic: Diagnostic, core: string) {
    super(diagnostic.message);
    this.diagnostic = diagnostic;
    this.core = core;
  }
}

/**
 * Collects what is wrong. Argo ends at the first fault; here only the thing at fault is left (`attempt`), the rest is looked at too.
 * The first error is Argo's own, with its text.
 */
export class Report {
  readonly diagnostics: Diagnostic[] = [];
  private readonly prefixes: string[] = [];
  private readonly seen = new Set<string>();

  /** Ends the thing that is checked now with an error. `fix`: what to write at `path` instead. */
  refuse(code: string, message: string, path: Path, hint: string, fix?: string): never {
    const full = [...this.prefixes, message].join(' ');
    throw new Refusal({ severity: 'error', code, message: full, path: [...path], hint, ...(fix === undefined ? {} : { fix }) }, message);
  }

  /** Runs `check`; its messages start with `prefix`. */
  within<T>(prefix: string, check: () => T): T {
    this.prefixes.push(prefix);
    try {
      return check();
    } finally {
      this.prefixes.pop();
    }
  }

  /** Runs `check`; a refusal in it is noted and goes no further. */
  attempt<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The same template is checked once for each of its callers.
      const key = JSON.stringify([error.diagnostic.code, error.diagnostic.path, error.core]);
      if (!this.seen.has(key)) {
        this.seen.add(key);
        this.diagnostics.push(error.diagnostic);
      }
      return undefined;
    }
  }

  /** Notes what Argo lets through and what fails later. */
  warn(code: string, message: string, path: Path, hint: string, fix?: string): void {
    const key = JSON.stringify([code, path, message]);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.diagnostics.push({ severity: 'warning', code, message, path: [...path], hint, ...(fix === undefined ? {} : { fix }) });
  }
}
