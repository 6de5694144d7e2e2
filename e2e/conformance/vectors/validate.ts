/** vectors/validate.jsonl.gz: validation as the controller, submit and lint do it. */
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { validateManifest } from '../../../engine/spec/lint.ts';
import { readManifests, type ReadResult } from '../../../engine/spec/read.ts';
import type { WorkflowTemplate } from '../../../engine/spec/types.ts';
import type { TemplateGetter, ValidateMode } from '../../../engine/spec/validate.ts';
import { first, type Vector } from './compare.ts';

interface View {
  ok?: boolean;
  stage?: string;
  error?: string;
}

interface ValidateVector extends View {
  id: string;
  yaml: string;
  kind: string;
  getter?: string[];
  submit?: View;
  lint: View;
  panic?: string;
  nondeterministic?: boolean;
  alternatives?: string[];
}

const texts = new Map<string, string>();
let shared = false;

/** Vectors refer to each other's manifests by id: gives those that `run` is about to get. */
export function prepare(vectors: readonly Vector[]): void {
  for (const vector of vectors) texts.set(vector.id, vector.yaml as string);
}

/** A file may hold a part of the vectors only; the rest is looked for among the shared ones. */
function textOf(id: string): string | undefined {
  const file = new URL('../../../../shared/conformance/vectors/validate.jsonl.gz', import.meta.url);
  if (!texts.has(id) && !shared && existsSync(file)) {
    shared = true;
    prepare(gunzipSync(readFileSync(file)).toString().trim().split('\n').map((line) => JSON.parse(line) as Vector));
  }
  return texts.get(id);
}

/** Compares verdicts of all three views, and the first error's text where Argo's validator gave it. */
export function run(vector: Vector): string | undefined {
  const expected = vector as unknown as ValidateVector;
  const templates = getterOf(expected.getter ?? []);
  // A manifest that this one refers to is not among the vectors at hand.
  if (templates === undefined) return undefined;
  const read = readManifests(expected.yaml);
  return first(
    compare('controller', expected, play(read, 'controller', templates), expected),
    expected.submit && compare('submit', expected.submit, play(read, 'submit', templates), expected),
    compare('lint', expected.lint, play(read, 'lint', templates), expected),
  );
}

function getterOf(ids: readonly string[]): TemplateGetter | undefined {
  const found: { cluster: boolean; template: WorkflowTemplate }[] = [];
  for (const id of ids) {
    const text = textOf(id);
    if (text === undefined) return undefined;
    const manifest = readManifests(text).manifests[0];
    if (manifest?.readable !== true) continue;
    if (manifest.kind === 'WorkflowTemplate' || manifest.kind === 'ClusterWorkflowTemplate') found.push({ cluster: manifest.kind === 'ClusterWorkflowTemplate', template: manifest.object });
  }
  return (name, clusterScope) => found.find(({ cluster, template }) => cluster === clusterScope && template.metadata.name === name)?.template;
}

interface Played {
  stage: 'read' | 'validate' | 'other';
  error?: string;
}

/** What strict readers refuse beside errors. */
const STRICT = new Set(['unknown-field', 'duplicate-key', 'number-too-large', 'field-case']);

function play({ manifests, diagnostics }: ReadResult, mode: ValidateMode, templates: TemplateGetter): Played {
  const fault = diagnostics.find(({ severity, code }) => severity === 'error' || (mode === 'lint' && STRICT.has(code)));
  if (fault) return { stage: 'read', error: fault.message };
  const manifest = manifests[0];
  if (!manifest || manifest.kind === 'other') return { stage: 'other' };
  const error = validateManifest(manifest, { mode, templates: getterFor(manifest.kind, templates) }).find((diagnostic) => diagnostic.severity === 'error');
  return error ? { stage: 'validate', error: error.message } : { stage: 'validate' };
}

/** A ClusterWorkflowTemplate has no getter for templates of namespaces: Argo falls over where one is asked for. */
function getterFor(kind: string, templates: TemplateGetter): TemplateGetter {
  return (name, clusterScope) => (kind === 'ClusterWorkflowTemplate' && !clusterScope ? undefined : templates(name, clusterScope));
}

function compare(view: string, expected: View, ours: Played, vector: ValidateVector): string | undefined {
  // Argo's lint drops what it cannot read; a kind it does not know it does not look at.
  if (expected.ok === undefined || ['dropped', 'ignoredKind', 'notValidated'].includes(expected.stage ?? '')) return undefined;
  if (expected.error?.startsWith('PANIC') === true) return undefined;
  if (expected.ok) return ours.error === undefined ? undefined : `${view} accepts; we: ${ours.error}`;
  if (ours.error === undefined) return `${view} refuses: ${expected.error ?? ''}`;
  if (expected.stage !== 'validate' || ours.stage !== 'validate') return undefined;
  // The getter of these vectors knows no namespaces.
  const error = ours.error.replace(/ in namespace "[^"]*"/, ' in namespace ""');
  if (error === expected.error) return undefined;
  if (vector.nondeterministic === true || isOneOf(vector.alternatives ?? [], view, error)) return undefined;
  return `${view} says: ${expected.error ?? ''}; we: ${error}`;
}

function isOneOf(alternatives: readonly string[], view: string, error: string): boolean {
  return alternatives.some((text) => {
    const other = JSON.parse(text) as ValidateVector;
    return (view === 'controller' ? other.error : view === 'submit' ? other.submit?.error : other.lint.error) === error;
  });
}
