/** A whole text through reading and validation: for the command line and the editor. */
import type { Diagnostic, TextRange } from './diagnostic.ts';
import { locate, readManifests, type Manifest, type ReadResult } from './read.ts';
import type { WorkflowTemplate } from './types.ts';
import { validateClusterWorkflowTemplate, validateCronWorkflow, validateWorkflow, validateWorkflowTemplate, type TemplateGetter, type ValidateMode, type ValidateOptions } from './validate.ts';

export interface LintOptions {
  /** 'lint' without it. */
  mode?: ValidateMode;
  /** Finds objects that are not in the text. Without it, references out of the text are not followed. */
  templates?: TemplateGetter;
}

/** What `argo lint` and `argo submit` refuse where the controller looks away. */
const STRICT: ReadonlySet<string> = new Set(['unknown-field', 'duplicate-key', 'number-too-large', 'field-case']);

/** @returns what is wrong with the text, in its order, each with a range */
export function lintText(text: string, options: LintOptions = {}): (Diagnostic & { range: TextRange })[] {
  return lintManifests(readManifests(text), options);
}

/** The same for a text that has been read. */
export function lintManifests({ manifests, diagnostics }: ReadResult, options: LintOptions = {}): (Diagnostic & { range: TextRange })[] {
  const mode = options.mode ?? 'lint';
  const found = diagnostics.map((diagnostic): Diagnostic => (mode !== 'controller' && STRICT.has(diagnostic.code) ? { ...diagnostic, severity: 'error' } : diagnostic));
  const validateOptions = { mode, ...gettersOf(manifests, options.templates) };
  for (const manifest of manifests) {
    // What could not be read would be reported as missing.
    if (manifest.readable) found.push(...locate(validateManifest(manifest, validateOptions), manifest.source));
  }
  return found.map((diagnostic) => ({ ...diagnostic, range: diagnostic.range ?? { start: 0, end: 0 } })).sort((a, b) => a.range.start - b.range.start);
}

/** @returns what is wrong with one object that was read; kinds that Argo does not validate have nothing wrong */
export function validateManifest(manifest: Manifest, options: ValidateOptions): Diagnostic[] {
  switch (manifest.kind) {
    case 'Workflow': return validateWorkflow(manifest.object, options);
    case 'WorkflowTemplate': return validateWorkflowTemplate(manifest.object, options);
    case 'ClusterWorkflowTemplate': return validateClusterWorkflowTemplate(manifest.object, options);
    case 'CronWorkflow': return validateCronWorkflow(manifest.object, options);
    case 'other': return [];
  }
}

/** Objects of the same text come first. */
function gettersOf(manifests: readonly Manifest[], outside: TemplateGetter | undefined): { templates?: TemplateGetter } {
  const inside = (name: string, clusterScope: boolean): WorkflowTemplate | undefined => {
    const kind = clusterScope ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate';
    return manifests.find((manifest): manifest is Manifest & { object: WorkflowTemplate } => manifest.kind === kind && manifest.object.metadata.name === name)?.object;
  };
  if (outside) return { templates: (name, clusterScope) => inside(name, clusterScope) ?? outside(name, clusterScope) };
  const hasTemplates = manifests.some(({ kind }) => kind === 'WorkflowTemplate' || kind === 'ClusterWorkflowTemplate');
  return hasTemplates ? { templates: (name, clusterScope) => inside(name, clusterScope) ?? 'unknown' } : {};
}

/** @returns line and column of an offset, both from 1; the column counts UTF-16 units */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let index = before.indexOf('\n'); index >= 0; index = before.indexOf('\n', index + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}
