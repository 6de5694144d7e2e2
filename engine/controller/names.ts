/** Names that are made up here. */
import { randomBytes } from 'node:crypto';

/** Letters that form no words, as the API server's own generator uses. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** @returns five random letters, for the end of a generated name */
export function randomSuffix(): string {
  return Array.from(randomBytes(5), (byte) => LETTERS[byte % LETTERS.length]).join('');
}
