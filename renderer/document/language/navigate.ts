/** From a name to where it is given and used, and its change everywhere. */
import { resolvePlain } from '../../../engine/spec/resolve.ts';
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
  return filesOf(workspace).filter((file) => speaksOf(file, found)).flatMap((file) => (file === workspace.main ? here : occurrencesIn(workspace, file)).filter((each) => each.key === found.key)
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
  return found && (found.symbol.kind !== 'object' || isStored(found)) ? { start: found.start, end: found.end, name: found.symbol.name } : undefined;
}

/** The name of a template that other objects refer to. */
function isStored({ symbol }: Occurrence): boolean {
  return symbol.kind === 'object' && /^(?:Cluster)?WorkflowTemplate$/.test(symbol.object.kind);
}

/** Changes of one file. Objects of the cluster stay as they are: `left` is how many places there speak of the old name. */
export interface FileEdits {
  file: string;
  edits: TextEdit[];
  left?: number;
}

/** Renames the name at an offset in all files, or says why it cannot. The file that gives the name is changed by the document's own command. */
export function renameAt(workspace: Workspace, offset: number, to: string): FileEdits[] | { refused: string } {
  const found = occurrenceAt(occurrencesIn(workspace, workspace.main), offset);
  if (!found || (found.symbol.kind === 'object' && !isStored(found))) return { refused: 'There is no name here that can be changed.' };
  if (isStored(found)) {
    const refused = refusedName(workspace, found.symbol, to);
    if (refused !== undefined) return { refused };
  }
  const out: FileEdits[] = [];
  for (const file of filesOf(workspace).filter((each) => speaksOf(each, found))) {
    const occurrences = occurrencesIn(workspace, file).filter((each) => each.key === found.key);
    if (occurrences.length === 0) continue;
    const given = occurrences.some(({ definition }) => definition);
    if (file.cluster && given) return { refused: `${found.symbol.name} is given in ${file.file}. Open that to change it.` };
    if (file.cluster) {
      out.push({ file: file.file, edits: [], left: occurrences.length });
      continue;
    }
    const edits = given && found.symbol.kind !== 'object' ? renameWhereGiven(file, occurrences, to) : written(occurrences, to);
    if ('refused' in edits) return edits;
    out.push({ file: file.file, edits });
  }
  return out;
}

/** A file in which the name does not stand need not be looked through. */
function speaksOf(file: NamedFile, { symbol }: Occurrence): boolean {
  return file.tree.text.includes(symbol.name);
}

/** Argo: names of stored objects are DNS subdomains. */
function refusedName(workspace: Workspace, symbol: NameSymbol, to: string): string | undefined {
  if (symbol.kind !== 'object') return undefined;
  if (!/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/.test(to)) return 'A name has lower-case letters, digits, "-" and "." only.';
  const taken = filesOf(workspace).some(({ objects }) => objects.some((each) => each.kind === symbol.object.kind && each.name === to));
  return taken && to !== symbol.name ? `There is a ${symbol.object.kind} ${to} already.` : undefined;
}

/** Where the name is only spoken of, it is written in place of the old one: it has to mean the same without quotes. */
function written(occurrences: readonly Occurrence[], to: string): TextEdit[] | { refused: string } {
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(to) || resolvePlain(to).kind !== 'str') return { refused: `"${to}" would have to be put in quotes where other files speak of it. Choose a name of letters, digits, "-" and "_".` };
  return occurrences.map(({ start, end }) => ({ start, end, text: to }));
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
