/** The objects of a text that can be drawn: what they would run, and where it is written. */
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { Manifest } from '../../engine/spec/read.ts';
import type { Template, WorkflowSpec } from '../../engine/spec/types.ts';
import type { Path } from '../../engine/spec/yaml.ts';

export interface DrawnObject {
  /** Index of the document in the text. */
  document: number;
  kind: 'Workflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
  /** Its name, its generateName, or nothing. */
  name: string;
  annotations: Readonly<Record<string, string>>;
  spec: WorkflowSpec;
  /** Where `spec` stands in the document: a schedule has it below `spec.workflowSpec`. */
  specPath: Path;
  /** Offsets [start, end) of a place in the text. */
  rangeOf: (path: Path, part?: 'value' | 'key') => { start: number; end: number } | undefined;
}

export interface ObjectsOfText {
  objects: DrawnObject[];
  /** A document has a syntax error: what was read before still tells more. */
  broken: boolean;
  diagnostics: Diagnostic[];
}

/** @returns every object of an Argo kind that runs steps, in the order of the text */
export function readObjects(text: string): ObjectsOfText {
  const { manifests, diagnostics } = readManifests(text);
  const broken = diagnostics.some((each) => each.severity === 'error' && each.code.startsWith('yaml-'));
  return { objects: manifests.flatMap(drawn), broken, diagnostics };
}

function drawn(manifest: Manifest): DrawnObject[] {
  const { document, source, object } = manifest;
  if (manifest.kind === 'other') return [];
  const cron = manifest.kind === 'CronWorkflow';
  return [{
    document, kind: manifest.kind, name: object.metadata.name ?? object.metadata.generateName ?? '', annotations: object.metadata.annotations ?? {},
    spec: cron ? manifest.object.spec.workflowSpec : manifest.object.spec, specPath: cron ? ['spec', 'workflowSpec'] : ['spec'],
    rangeOf: (path, part) => source.rangeOf(path, part),
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
