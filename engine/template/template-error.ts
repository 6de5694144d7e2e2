import type { GoValue } from './go.ts';

export interface TagOptions {
  /** Tags whose names are not known stay as they are, for a later pass. */
  allowUnresolved: boolean;
  /** With these, allowUnresolved is true for all names but those that are one of them or lie below one (`tasks`, `steps`). */
  strictPrefixes?: readonly string[];
  /** The present, in ms since the epoch, for expressions that ask for it. */
  now?: number;
  /** What random values of expressions follow from: the same seed and text give the same values. It must be as hard to guess as they shall be. */
  seed?: string;
}

export interface TagContext {
  now: number | undefined;
  random: ((count: number) => Uint8Array) | undefined;
  values: ReadonlyMap<string, GoValue>;
  options: TagOptions;
  /** Whether a name that is not known is an error. */
  strict: (name: string) => boolean;
}

const MISSING = ['failed to resolve {{', ' is missing', 'variable not in env'];

/** A tag that cannot be replaced. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** A name may still appear: Argo looks again later instead of failing. Argo: template.IsMissingVariableErr */
  readonly missingVariable: boolean;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.missingVariable = MISSING.some((part) => message.includes(part));
  }
}
