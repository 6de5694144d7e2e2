/** What a text says: its workflow, and what is wrong with it. */
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { lintText } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Parameter, Workflow } from '../../engine/spec/types.ts';

export interface Parsed {
  /** The first workflow of the text; of a template or schedule, what it would run. */
  workflow: Workflow | undefined;
  kind: string | undefined;
  diagnostics: Diagnostic[];
  /** Start and end of a place in the text, by path in the workflow's document. */
  rangeOf: (path: (string | number)[]) => { start: number; end: number } | undefined;
}

export function parseText(text: string): Parsed {
  const { manifests } = readManifests(text);
  const diagnostics = lintText(text);
  for (const manifest of manifests) {
    if (manifest.kind === 'other') continue;
    const { source, object } = manifest;
    const spec = manifest.kind === 'CronWorkflow' ? manifest.object.spec.workflowSpec : manifest.object.spec;
    const workflow = { ...object, spec } as Workflow;
    const prefix = manifest.kind === 'CronWorkflow' ? ['spec', 'workflowSpec'] : [];
    return {
      workflow, kind: manifest.kind, diagnostics,
      rangeOf: (path) => source.rangeOf(prefix.length ? [...prefix, ...path.slice(1)] : path, 'value') ?? undefined,
    };
  }
  return { workflow: undefined, kind: manifests[0] ? manifests[0].kind : undefined, diagnostics, rangeOf: () => undefined };
}

/** @returns the parameters that the Run dialog asks for, in the order they are written */
export function parametersOf(workflow: Workflow | undefined): Parameter[] {
  return workflow?.spec.arguments?.parameters ?? [];
}
