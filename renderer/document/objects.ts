/** The objects of a text that can be drawn: what they would run, and where it is written. */
import type { TextRange } from '../../engine/spec/diagnostic.ts';
import type { Manifest } from '../../engine/spec/read.ts';
import type { Template, Workflow, WorkflowSpec } from '../../engine/spec/types.ts';
import type { Path } from '../../engine/spec/yaml.ts';

/** Offsets [start, end) of a place in the text; undefined where nothing is written. */
export type RangeOf = (path: Path, part?: 'value' | 'key') => TextRange | undefined;

export interface DrawnObject {
  /** Index of the document in the text. */
  document: number;
  kind: 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
  /** Its name, its generateName, or nothing. */
  name: string;
  annotations: Readonly<Record<string, string>>;
  spec: WorkflowSpec;
  /** What it would run, as a run: of a template or schedule too. */
  workflow: Workflow;
  /** Where `spec` stands in the document: a schedule has it below `spec.workflowSpec`. */
  specPath: Path;
  rangeOf: RangeOf;
}

/** @returns the object of a manifest; none for a kind that runs nothing */
export function drawn(manifest: Manifest, rangeOf: RangeOf): DrawnObject[] {
  const { document, object } = manifest;
  if (manifest.kind === 'other') return [];
  const cron = manifest.kind === 'CronWorkflow';
  const spec = cron ? manifest.object.spec.workflowSpec : manifest.object.spec;
  return [{
    document, kind: manifest.kind, name: object.metadata.name ?? object.metadata.generateName ?? '', annotations: object.metadata.annotations ?? {},
    spec, workflow: { ...object, spec } as Workflow, specPath: cron ? ['spec', 'workflowSpec'] : ['spec'], rangeOf,
  }];
}

/** A template and where it is written, below the document's root. */
export interface PlacedTemplate {
  template: Template;
  path: Path;
}

/** @returns the template of this name; undefined when the object has none */
export function templateOf(object: DrawnObject, name: string | undefined): PlacedTemplate | undefined {
  const index = object.spec.templates?.findIndex((each) => each.name === name) ?? -1;
  const template = object.spec.templates?.[index];
  return template && { template, path: [...object.specPath, 'templates', index] };
}

/** @returns where drawing begins: the entrypoint, else the first template that has steps, else the first */
export function entryOf(object: DrawnObject): PlacedTemplate | undefined {
  const templates = object.spec.templates ?? [];
  const first = templates.find((each) => each.dag ?? each.steps) ?? templates[0];
  return templateOf(object, object.spec.entrypoint) ?? (first ? templateOf(object, first.name) : undefined);
}
