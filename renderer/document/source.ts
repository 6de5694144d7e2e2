/** The text of a file with its documents read: what every command starts from. */
import { readDocuments } from '../../engine/spec/yaml.ts';
import type { YamlDocument } from '../../engine/spec/yaml.ts';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';

export interface Source {
  readonly text: string;
  /** The documents of the file that have content. A command names one by its index. */
  readonly parts: readonly YamlDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The texts read last, the newest first: a command starts from what the one before it came to. */
let recent: readonly Source[] = [];
const KEPT = 3;

/** Reads a text with all that commands need. Bad text is no error: its part has no value, and commands are refused there. */
export function readSource(text: string): Source {
  const known = recent.find((source) => source.text === text) ?? read(text);
  if (recent[0] !== known) recent = [known, ...recent.filter((source) => source !== known)].slice(0, KEPT);
  return known;
}

function read(text: string): Source {
  const { documents, diagnostics } = readDocuments(text, { keepSourceTokens: true });
  return { text, parts: documents, diagnostics };
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: offset - start + 1 };
}
