/** Two changes of one text brought together, line by line. */
import { diff3Merge } from 'node-diff3';
import type { TextEdit } from './edit.ts';
import { trimEdits } from './edit.ts';

export type Merged =
  | { text: string }
  /** How many places both changed, each in its own way. */
  | { conflicts: number };

/**
 * @param base what both began from
 * @returns the text with both changes, or how many places somebody must decide on
 */
export function mergeTexts(base: string, mine: string, theirs: string): Merged {
  const pieces = diff3Merge(lines(mine), lines(base), lines(theirs), { excludeFalseConflicts: true });
  const conflicts = pieces.filter((piece) => piece.conflict !== undefined).length;
  return conflicts > 0 ? { conflicts } : { text: pieces.flatMap((piece) => piece.ok ?? []).join('') };
}

/** Every line with its own line end, so that a missing one at the end is a change like others. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** @returns the replacement that makes one text of another */
export function editsBetween(before: string, after: string): TextEdit[] {
  return trimEdits(before, [{ start: 0, end: before.length, text: after }]);
}
