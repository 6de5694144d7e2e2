/** From a name to where it is given and used, and its change everywhere. */
import { run } from '../commands.ts';
import type { Command } from '../command.ts';
import type { TextEdit } from '../edit.ts';
import { readSource } from '../source.ts';
import type { NamedFile, Workspace } from './names.ts';
import { occurrenceAt, occurrencesIn } from './occurrences.ts';
import type { NameSymbol, Occurrence } from './occurrences.ts';

export interface Location {
  file: string;
  start: number;
  end: number;
  definition: boolean;
}

/** @returns every place of the workspace that gives or speaks of the name at an offset of the main file */
export function referencesAt(workspace: Workspace, offset: number): Location[] {
  const here = occurrencesIn(workspace, workspace.main);
  const found = occurrenceAt(here, offset);
  if (!found) return [];
  return filesOf(workspace).flatMap((file) => (file === workspace.main ? here : occurrencesIn(workspace, file)).filter((each) => each.key === found.key)
    .map(({ start, end, definition }) => ({ file: file.file, start, end, definition })));
}

/** @returns where the name at an offset is given */
export function definitionsAt(workspace: Workspace, offset: number): Location[] {
  return referencesAt(workspace, offset).filter(({ definition }) => definition);
}

/** @returns the places of the main file with the name at an offset */
export function highlightsAt(workspace: Workspace, offset: number): Location[] {
  const here = occurrencesIn(workspace, workspace.main);
  const found = occurrenceAt(here, offset);
  return here.filter((each) => each.key === found?.key).map(({ start, end, definition }) => ({ file: workspace.main.file, start, end, definition }));
}

/** @returns the name at an offset when it can be renamed */
export function renameableAt(workspace: Workspace, offset: number): { start: number; end: number; name: string } | undefined {
  const found = occurrenceAt(occurrencesIn(workspace, workspace.main), offset);
  return found && found.symbol.kind !== 'object' ? { start: found.start, end: found.end, name: found.symbol.name } : undefined;
}

export interface FileEdits {
  file: string;
  edits: TextEdit[];
}

/** Renames the name at an offset in all files, or says why it cannot. The file that gives the name is changed by the document's own command. */
export function renameAt(workspace: Workspace, offset: number, to: string): FileEdits[] | { refused: string } {
  const found = occurrenceAt(occurrencesIn(workspace, workspace.main), offset);
  if (!found) return { refused: 'There is no name here that can be changed.' };
  const out: FileEdits[] = [];
  for (const file of filesOf(workspace)) {
    const occurrences = occurrencesIn(workspace, file).filter((each) => each.key === found.key);
    if (occurrences.length === 0) continue;
    const edits = occurrences.some(({ definition }) => definition) ? renameWhereGiven(file, occurrences, to) : occurrences.map(({ start, end }) => ({ start, end, text: to }));
    if ('refused' in edits) return edits;
    out.push({ file: file.file, edits });
  }
  return out;
}

function renameWhereGiven(file: NamedFile, occurrences: readonly Occurrence[], to: string): TextEdit[] | { refused: string } {
  const given = occurrences.find(({ definition }) => definition);
  const symbol = given?.symbol;
  const part = symbol ? file.tree.documents.slice(0, symbol.object.index).filter(({ root }) => root).length : 0;
  const command = symbol && renameCommand(symbol, part, to);
  if (!command) return { refused: 'This name can be changed in the text only.' };
  const outcome = run(readSource(file.tree.text), command);
  return 'refused' in outcome ? outcome : outcome.edits;
}

function renameCommand(symbol: NameSymbol, part: number, to: string): Command | undefined {
  const from = symbol.name;
  switch (symbol.kind) {
    case 'object': return undefined;
    case 'template': return { type: 'renameTemplate', part, from, to };
    case 'task': return { type: 'renameTask', part, template: symbol.template.name, task: from, to };
    case 'argument': return { type: 'renameArgument', part, kind: kindOf(symbol.sort), from, to };
    case 'port': return { type: symbol.direction === 'inputs' ? 'renameInput' : 'renameOutput', part, template: symbol.template.name, kind: kindOf(symbol.sort), from, to };
  }
}

function kindOf(sort: 'parameters' | 'artifacts'): 'parameter' | 'artifact' {
  return sort === 'parameters' ? 'parameter' : 'artifact';
}

function filesOf(workspace: Workspace): NamedFile[] {
  return [workspace.main, ...workspace.others];
}
