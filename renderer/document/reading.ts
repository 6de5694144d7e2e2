/** What a text says, for all who show it: its values, its objects and where they are written. Goes from one thread to another. */
import type { Diagnostic, TextRange } from '../../engine/spec/diagnostic.ts';
import { packRanges, RangeTable } from '../../engine/spec/ranges.ts';
import type { PackedRanges } from '../../engine/spec/ranges.ts';
import { manifestsOf } from '../../engine/spec/read.ts';
import { drawn } from './objects.ts';
import type { DrawnObject, RangeOf } from './objects.ts';
import { readSource } from './source.ts';
import type { Source } from './source.ts';

/** A document of the text that has content. */
export interface Part {
  value: unknown;
  range: TextRange;
  rangeOf: RangeOf;
}

export interface Reading {
  text: string;
  parts: readonly Part[];
  /** Every object of an Argo kind that runs steps, in the order of the text. */
  objects: readonly DrawnObject[];
  /** A document has a syntax error: what was read before still tells more. */
  broken: boolean;
  diagnostics: readonly Diagnostic[];
}

export const NOTHING_READ: Reading = { text: '', parts: [], objects: [], broken: false, diagnostics: [] };

/** Reads a text. Never throws. */
export function readText(text: string): Reading {
  return readingOf(readSource(text));
}

function readingOf({ text, parts, diagnostics: found }: Source): Reading {
  const { manifests, diagnostics } = manifestsOf({ documents: [...parts], diagnostics: [...found] });
  const broken = diagnostics.some((each) => each.severity === 'error' && each.code.startsWith('yaml-'));
  const objects = manifests.flatMap((manifest) => drawn(manifest, (path, part) => manifest.source.rangeOf(path, part)));
  return { text, parts, objects, broken, diagnostics };
}

/** A reading without its text and without functions. */
export interface PackedReading extends Omit<Reading, 'text' | 'parts' | 'objects'> {
  parts: readonly (Omit<Part, 'rangeOf'> & { ranges: PackedRanges })[];
  objects: readonly Omit<DrawnObject, 'rangeOf'>[];
}

/** Reads a text for another thread. */
export function packText(text: string): PackedReading {
  const source = readSource(text);
  const { objects, broken, diagnostics } = readingOf(source);
  return {
    broken, diagnostics, parts: source.parts.map(({ value, range, contents }) => ({ value, range, ranges: packRanges(contents) })),
    objects: objects.map(({ document, kind, name, annotations, spec, workflow, specPath }) => ({ document, kind, name, annotations, spec, workflow, specPath })),
  };
}

/** @returns the reading of the text that was packed */
export function unpack(text: string, packed: PackedReading): Reading {
  const parts = packed.parts.map(({ value, range, ranges }): Part => {
    const table = new RangeTable(ranges);
    const shifted = (found: TextRange | undefined): TextRange | undefined => found && { start: found.start + range.start, end: found.end + range.start };
    return { value, range, rangeOf: (path, part = 'value') => shifted(table.rangeOf(path, part)) };
  });
  const nowhere: RangeOf = () => undefined;
  return { text, broken: packed.broken, diagnostics: packed.diagnostics, parts, objects: packed.objects.map((object) => ({ ...object, rangeOf: parts[object.document]?.rangeOf ?? nowhere })) };
}
