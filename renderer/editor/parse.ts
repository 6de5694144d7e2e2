/** What a text says: its workflow, and what is wrong with it. */
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { lintManifests } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Parameter, Workflow } from '../../engine/spec/types.ts';
import { drawn } from '../document/objects.ts';

export interface Parsed {
  /** The first workflow of the text; of a template or schedule, what it would run. */
  workflow: Workflow | undefined;
  kind: string | undefined;
  diagnostics: Diagnostic[];
}

export function parseText(text: string): Parsed {
  const read = readManifests(text);
  const [first] = read.manifests.flatMap((manifest) => drawn(manifest, () => undefined));
  return { workflow: first?.workflow, kind: first?.kind ?? read.manifests[0]?.kind, diagnostics: lintManifests(read) };
}

/** @returns the parameters that the Run dialog asks for, in the order they are written */
export function parametersOf(workflow: Workflow | undefined): Parameter[] {
  return workflow?.spec.arguments?.parameters ?? [];
}
