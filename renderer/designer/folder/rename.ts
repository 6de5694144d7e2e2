/** A name changed in several files: seen as a list first, then written everywhere or nowhere. */
import { create } from 'zustand';
import type { FolderFile } from '../../../main/ipc/contract.ts';
import { asUiError, invoke } from '../../app/bridge.ts';
import { say, sayError, setUi, useUi } from '../../app/store.ts';
import { applyEdits } from '../../document/edit.ts';
import type { TextEdit } from '../../document/edit.ts';
import type { FileEdits } from '../../document/language/navigate.ts';
import { editsBetween } from '../../document/merge.ts';
import { ask, textAround, useAround } from '../../editor/language.ts';
import { change } from '../session.ts';
import { useFolder } from './store.ts';

/** One file of a change. */
export interface Changed {
  file: string;
  before: string;
  after: string;
  /** Lines that become others: number from 1, as it is, as it will be. */
  lines: { line: number; before: string; after: string }[];
}

export interface Renaming {
  from: string;
  to: string;
  changed: Changed[];
  /** Objects of the cluster that speak of the old name and are not changed from here. */
  left: { file: string; places: number }[];
}

/** What is being asked about. */
export const useRenaming = create<{ asked: Renaming | undefined }>(() => ({ asked: undefined }));

/** Asks about a change; `changes` count in the texts as the language worker has them. */
export function askRename(changes: readonly FileEdits[], from: string, to: string): void {
  const changed = changes.flatMap(({ file, edits }): Changed[] => {
    const before = textNow(file);
    return before === undefined || edits.length === 0 ? [] : [{ file, before, after: applyEdits(before, edits), lines: linesOf(before, edits) }];
  });
  const left = changes.flatMap(({ file, left: places }) => (places === undefined ? [] : [{ file, places }]));
  useRenaming.setState({ asked: { from, to, changed, left } });
}

function isOpen(file: string): boolean {
  const { document } = useUi.getState();
  return document !== undefined && (document.path ?? document.title) === file;
}

function textNow(file: string): string | undefined {
  return isOpen(file) ? useUi.getState().document?.text : textAround(file);
}

function linesOf(before: string, edits: readonly TextEdit[]): Changed['lines'] {
  const starts = new Map<number, TextEdit[]>();
  for (const edit of edits) {
    const start = before.lastIndexOf('\n', edit.start - 1) + 1;
    starts.set(start, [...(starts.get(start) ?? []), edit]);
  }
  return [...starts].sort(([a], [b]) => a - b).map(([start, own]) => {
    const end = Math.max(before.indexOf('\n', start) < 0 ? before.length : before.indexOf('\n', start), ...own.map((edit) => edit.end));
    const line = before.slice(start, end);
    return { line: before.slice(0, start).split('\n').length, before: line, after: applyEdits(line, own.map((edit) => ({ start: edit.start - start, end: edit.end - start, text: edit.text }))) };
  });
}

/** Writes a change that was asked about. @returns why nothing was written */
export async function rename({ from, to, changed }: Renaming): Promise<string | undefined> {
  const refused = await writeAll(changed);
  if (refused !== undefined) return refused;
  const words = `${from} is ${to} now in ${changed.length} ${changed.length === 1 ? 'file' : 'files'}.`;
  say('done', words, { action: { label: 'Undo everywhere', run: () => { void takeBack(changed); } } });
  return undefined;
}

async function takeBack(changed: readonly Changed[]): Promise<void> {
  const refused = await writeAll(changed.map(({ file, before, after }) => ({ file, before: after, after: before }))).catch((error: unknown) => { sayError('It was not undone', error); });
  if (refused !== undefined) say('failed', 'It was not undone.', { hint: refused });
}

/** Files on disk are written first, all or none; then the open text and those with unsaved changes, which cannot fail. */
async function writeAll(changed: readonly Pick<Changed, 'file' | 'before' | 'after'>[]): Promise<string | undefined> {
  const moved = changed.find(({ file, before }) => textNow(file) !== before);
  if (moved) return `${moved.file} has been changed meanwhile. Begin again.`;
  const { shelf } = useUi.getState();
  const unsaved = new Set(shelf.map(({ path }) => path));
  const { files } = useFolder.getState();
  const onDisk = changed.flatMap(({ file, after }): { found: FolderFile; after: string }[] => {
    const found = isOpen(file) || unsaved.has(file) ? undefined : files.get(file);
    return found ? [{ found, after }] : [];
  });
  if (onDisk.length > 0) {
    try {
      const answer = await invoke('files.rewrite', { files: onDisk.map(({ found, after }) => ({ handle: found.handle, text: after, over: found.version })) });
      if ('changed' in answer) {
        const names = onDisk.flatMap(({ found }) => (answer.changed.includes(found.handle) ? [found.path] : []));
        return `${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} changed by another program meanwhile. Nothing was written; begin again.`;
      }
      const written = new Map(onDisk.map(({ found, after }, i) => [found.path, { ...found, text: after, version: answer.written[i] ?? found.version }]));
      useFolder.setState((state) => ({ files: new Map([...state.files].map(([path, file]) => [path, written.get(path) ?? file])) }));
    } catch (error) {
      return asUiError(error).message;
    }
  }
  const after = new Map(changed.map((each) => [each.file, each.after]));
  if (shelf.some(({ path }) => path !== undefined && after.has(path))) setUi({ shelf: shelf.map((each) => ({ ...each, text: after.get(each.path ?? '') ?? each.text })) });
  const open = changed.find(({ file }) => isOpen(file));
  if (open) await change(editsBetween(open.before, open.after));
  return undefined;
}

/**
 * Changes a name of the open text wherever files around it speak of it, after it was seen as a list.
 * @param offset of the name in the open text
 * @returns whether it is asked about; false when no other file speaks of it
 */
export async function renameEverywhere(offset: number | undefined, from: string, to: string): Promise<boolean> {
  if (offset === undefined || useAround.getState().stored.size === 0) return false;
  const changes = await ask('rename', [offset, to]);
  if (!changes || 'refused' in changes || changes.every(({ file }) => isOpen(file))) return false;
  askRename(changes, from, to);
  return true;
}
