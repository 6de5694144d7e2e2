/** What the window and the language worker say to each other. */
import type { TextEdit } from '../document/edit.ts';
import type { TextFile } from '../document/language/names.ts';
import type { Problem } from '../document/language/problems.ts';
import type { LanguageQueries, StoredObject, Verdict } from '../document/language/service.ts';

export type QueryName = keyof LanguageQueries;

export type ToWorker =
  | { type: 'open'; file: string; text: string; version: number }
  | { type: 'change'; edits: TextEdit[]; version: number }
  /** Files around the open one that are new or another text now, and those that are gone. */
  | { type: 'surround'; changed: TextFile[]; removed: string[] }
  | { type: 'ask'; id: number; query: QueryName; args: readonly unknown[] }
  | { type: 'cancel'; id: number };

export type FromWorker =
  | { type: 'answer'; id: number; result: unknown }
  | { type: 'problems'; version: number; problems: Problem[] }
  /** What the files around the open one hold, as they are taken in. */
  | { type: 'stored'; files: { file: string; objects: readonly StoredObject[] }[] }
  | { type: 'judged'; files: { file: string; verdict: Verdict }[] };
