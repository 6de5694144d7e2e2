/** What the window and the language worker say to each other. */
import type { TextEdit } from '../document/edit.ts';
import type { TextFile } from '../document/language/names.ts';
import type { Problem } from '../document/language/problems.ts';
import type { LanguageQueries } from '../document/language/service.ts';

export type QueryName = keyof LanguageQueries;

export type ToWorker =
  | { type: 'open'; file: string; text: string; version: number }
  | { type: 'change'; edits: TextEdit[]; version: number }
  | { type: 'surround'; files: TextFile[] }
  | { type: 'ask'; id: number; query: QueryName; args: readonly unknown[] }
  | { type: 'cancel'; id: number };

export type FromWorker =
  | { type: 'answer'; id: number; result: unknown }
  | { type: 'problems'; version: number; problems: Problem[] };
