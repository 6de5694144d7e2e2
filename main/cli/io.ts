/** What the command line touches of the world; tests have their own. */
import { AppError } from '../../engine/spec/error.ts';

export interface Io {
  out(text: string): void;
  err(text: string): void;
  env: Record<string, string | undefined>;
  cwd: string;
  /** Standard output is a terminal: colours, and a screen that is drawn anew. */
  tty: boolean;
  columns: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Aborts on Ctrl-C. */
  interrupted: AbortSignal;
  readStdin(): Promise<string>;
}

/** A fault in how the command was called: exit code 2. */
export function usageError(message: string, hint?: string): AppError {
  return new AppError('usage', message, hint === undefined ? {} : { hint });
}

const CODES: Record<string, string> = { red: '31', green: '32', yellow: '33', blue: '34', gray: '90', bold: '1' };

/** @returns a function that colours text, or leaves it where colours are not wanted */
export function painter(io: Pick<Io, 'tty' | 'env'>): (colour: string, text: string) => string {
  const colours = io.env['NO_COLOR'] ? false : io.tty || Boolean(io.env['FORCE_COLOR']);
  return (colour, text) => (colours && text ? `\u001b[${CODES[colour] ?? '0'}m${text}\u001b[0m` : text);
}

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Contents of clusters and files are data: nothing of them may steer the terminal. */
export function plain(text: string): string {
  return text.replaceAll(CONTROL, '');
}
