/** Faults in what a user wrote are collected as diagnostics, never thrown. */

export type Severity = 'error' | 'warning' | 'info';

/** Offsets into the text, in UTF-16 units: [start, end). */
export interface TextRange {
  start: number;
  end: number;
}

export interface Diagnostic {
  severity: Severity;
  /** Stable name of the rule, in kebab case: `unknown-template`. */
  code: string;
  message: string;
  /** Path from the document's root: `['spec', 'templates', 0, 'name']`. */
  path: (string | number)[];
  /** Where in the text, when it was read from a text. */
  range?: TextRange;
  /** What to do about it, in one sentence. */
  hint?: string;
  /** A replacement for the text at `range` that mends it. */
  fix?: string;
}
