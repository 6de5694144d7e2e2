/** Manifests out of a text, and objects out of a cluster, as typed objects with what is wrong with them. Never throws. */
import { decode, type Dialect } from './decode.ts';
import type { Diagnostic, TextRange } from './diagnostic.ts';
import type { KubeObject } from './kubernetes.ts';
import { KNOWN_KINDS, type KnownKind } from './schema.ts';
import { nearest } from './suggest.ts';
import { ARGO_API_VERSION, type CronWorkflow, type Workflow, type WorkflowTemplate } from './types.ts';
import { readDocuments, type YamlDocument, type YamlText } from './yaml.ts';

interface ManifestBase {
  /** Index of the document in the text. */
  document: number;
  /** Where the document, or a place in it, is written. */
  source: YamlDocument;
  /** The object as it was read, before decoding. */
  raw: unknown;
  /** Argo would read this object: none of its diagnostics is an error. */
  readable: boolean;
}

export type Manifest = ManifestBase & (
  | { kind: 'Workflow'; object: Workflow }
  | { kind: 'WorkflowTemplate' | 'ClusterWorkflowTemplate'; object: WorkflowTemplate }
  | { kind: 'CronWorkflow'; object: CronWorkflow }
  | { kind: 'other'; object: KubeObject }
);

export interface ReadResult {
  manifests: Manifest[];
  diagnostics: Diagnostic[];
}

export interface ReadOptions {
  dialect?: Dialect;
}

/** Reads every object of a YAML or JSON text. Unknown fields stay on the objects and are warned of. */
export function readManifests(text: string, options: ReadOptions = {}): ReadResult {
  return manifestsOf(readDocuments(text), options);
}

/** The same for a text whose documents have been read. */
export function manifestsOf({ documents, diagnostics: found }: YamlText, options: ReadOptions = {}): ReadResult {
  const diagnostics = [...found];
  const manifests: Manifest[] = [];
  for (const [index, source] of documents.entries()) {
    if (source.value === undefined) continue;
    const read = readObject(source.value, options.dialect ?? 'controller');
    diagnostics.push(...locate(read.diagnostics, source));
    if (read.object) manifests.push({ ...read.object, document: index, source, raw: source.value });
  }
  return { manifests, diagnostics };
}

/** Reads a Workflow out of a cluster. `workflow` is absent when the object cannot be one; fields that do not fit are left out and reported. */
export function fromObject(value: unknown): { workflow?: Workflow; diagnostics: Diagnostic[] } {
  const read = readObject(withKind(value), 'controller');
  if (read.object?.kind !== 'Workflow') return { diagnostics: read.diagnostics };
  return { workflow: read.object.object, diagnostics: read.diagnostics };
}

/** Objects of a list come without their kind. */
function withKind(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'kind' in value) return value;
  return { apiVersion: ARGO_API_VERSION, kind: 'Workflow', ...value };
}

/** Gives diagnostics the range of their path, or of the nearest place around it that is written. */
export function locate(diagnostics: readonly Diagnostic[], source: YamlDocument): Diagnostic[] {
  return diagnostics.map((diagnostic) => (diagnostic.range ? diagnostic : { ...diagnostic, range: source.firstLine(nearestRange(diagnostic, source)) }));
}

function nearestRange(diagnostic: Diagnostic, source: YamlDocument): TextRange {
  const onKey = diagnostic.code.startsWith('unknown-field') || diagnostic.code === 'field-case';
  for (let length = diagnostic.path.length; length > 0; length--) {
    const exact = length === diagnostic.path.length;
    // A fault of something that is not written is shown at the key of what it should stand in, not over all of that.
    const range = source.rangeOf(diagnostic.path.slice(0, length), exact && !onKey ? 'value' : 'key');
    if (range) return range;
  }
  return source.rangeOf([]) ?? source.range;
}

type Typed = Manifest extends infer M ? (M extends ManifestBase ? Omit<M, 'document' | 'source' | 'raw'> : never) : never;

function readObject(value: unknown, dialect: Dialect): { object?: Typed; diagnostics: Diagnostic[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { diagnostics: [{ severity: 'error', code: 'not-an-object', message: 'This is no Kubernetes object.', path: [], hint: 'An object starts with apiVersion, kind and metadata.' }] };
  }
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string' || kind === '') {
    return { diagnostics: [{ severity: 'error', code: 'missing-kind', message: "Object 'Kind' is missing.", path: ['kind'], hint: 'Write kind: Workflow, or what it is.' }] };
  }
  if (!isKnown(kind) || !isArgo(value)) return { object: { kind: 'other', object: asKubeObject(value), readable: true }, diagnostics: otherKind(kind, value) };
  const { value: decoded, diagnostics } = decode(kind, value, dialect);
  diagnostics.unshift(...checkApiVersion(value));
  const readable = !diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  const object = { spec: {}, ...asKubeObject(decoded as object) };
  switch (kind) {
    case 'Workflow': return { object: { kind, object: object, readable }, diagnostics };
    case 'WorkflowTemplate': case 'ClusterWorkflowTemplate': return { object: { kind, object, readable }, diagnostics };
    case 'CronWorkflow': return { object: { kind, object: { ...object, spec: { workflowSpec: {}, ...object.spec } }, readable }, diagnostics };
    case 'WorkflowEventBinding': return { object: { kind: 'other', object, readable }, diagnostics };
  }
}

function asKubeObject(value: object): KubeObject {
  const metadata = 'metadata' in value && typeof value.metadata === 'object' && value.metadata !== null && !Array.isArray(value.metadata) ? value.metadata : {};
  return { ...value, metadata: { ...metadata } };
}

function isKnown(kind: string): kind is KnownKind {
  return (KNOWN_KINDS as readonly string[]).includes(kind);
}

/** A kind of the same name in another group is not ours. */
function isArgo(value: object): boolean {
  const version = 'apiVersion' in value ? value.apiVersion : undefined;
  return typeof version !== 'string' || version === '' || !version.includes('/') || version.startsWith('argoproj.io/');
}

function otherKind(kind: string, value: object): Diagnostic[] {
  const version = 'apiVersion' in value ? value.apiVersion : undefined;
  if (typeof version !== 'string' || !version.startsWith('argoproj.io/')) return [];
  const likely = nearest(kind, KNOWN_KINDS);
  if (likely === undefined || kind === likely) return [];
  return [{ severity: 'warning', code: 'unknown-kind', message: `Argo knows no kind ${kind}.`, path: ['kind'], hint: `Did you mean ${likely}?`, fix: likely }];
}

function checkApiVersion(value: object): Diagnostic[] {
  const version = 'apiVersion' in value ? value.apiVersion : undefined;
  if (version === ARGO_API_VERSION || (version !== undefined && typeof version !== 'string')) return [];
  return [{ severity: 'warning', code: 'api-version', message: `apiVersion must be ${ARGO_API_VERSION}.`, path: ['apiVersion'], hint: `Write apiVersion: ${ARGO_API_VERSION}.`, ...(version === undefined ? {} : { fix: ARGO_API_VERSION }) }];
}
