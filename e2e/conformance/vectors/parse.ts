/** vectors/parse.jsonl.gz: YAML and decoding as Argo's readers do it. */
import { isDeepStrictEqual } from 'node:util';
import { decode, type Dialect } from '../../../engine/spec/decode.ts';
import { readManifests } from '../../../engine/spec/read.ts';
import { objectType, type FieldType } from '../../../engine/spec/schema.ts';
import { parseYaml, readDocuments } from '../../../engine/spec/yaml.ts';
import { first, type Vector } from './compare.ts';

interface ParseVector {
  yaml: string;
  json?: unknown;
  error?: string;
  strictError?: string;
  controller?: unknown;
  controllerError?: string;
  cli?: unknown;
  cliError?: string;
  cliStrictError?: string;
  parseObjectsResults: number;
}

/** Compares our reading of the text with Argo's; error texts are our own, so only that there is one is compared. */
export function run(vector: Vector): string | undefined {
  const parse = vector as unknown as ParseVector;
  return first(checkYaml(parse), checkController(parse), checkCli(parse));
}

function checkYaml(vector: ParseVector): string | undefined {
  const { value, diagnostics } = parseYaml(vector.yaml);
  const error = diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (vector.error !== undefined) return error ? undefined : `must not be read: ${vector.error}`;
  if (error) return `must be read: ${error.message}`;
  if (JSON.stringify(sortKeys(value ?? null)) !== JSON.stringify(sortKeys(vector.json))) return `value is ${JSON.stringify(value)}`;
  const duplicate = diagnostics.some((diagnostic) => diagnostic.code === 'duplicate-key');
  return duplicate === (vector.strictError !== undefined) ? undefined : `a key given twice is ${duplicate ? '' : 'not '}reported`;
}

function checkController(vector: ParseVector): string | undefined {
  // An object that Argo decodes and cannot write again says nothing of reading.
  if (vector.controllerError?.startsWith('marshal: ')) return undefined;
  const read = readFirst(vector.yaml, 'controller');
  if (vector.controllerError !== undefined) return read.errors.length > 0 ? undefined : `controller refuses: ${vector.controllerError}`;
  if (vector.controller === undefined) return undefined;
  if (read.errors.length > 0) return `controller reads it: ${read.errors.join('; ')}`;
  return compareObjects('controller', read.object, vector.controller);
}

function checkCli(vector: ParseVector): string | undefined {
  // JSON without a kind is a Workflow without fields to the CLI; the controller and we refuse it.
  if (vector.json === null || vector.controllerError?.includes('while decoding JSON') === true) return undefined;
  const read = readFirst(vector.yaml, 'cli');
  if (vector.cliError !== undefined && read.errors.length === 0) return `the CLI refuses: ${vector.cliError}`;
  if (vector.cli !== undefined) {
    if (read.errors.length > 0) return `the CLI reads it: ${read.errors.join('; ')}`;
    const difference = compareObjects('cli', read.object, vector.cli);
    if (difference !== undefined) return difference;
  }
  const { manifests, diagnostics } = readManifests(vector.yaml);
  if (manifests.length !== vector.parseObjectsResults && !readDocuments(vector.yaml).diagnostics.some((diagnostic) => diagnostic.severity === 'error')) {
    return `${manifests.length} objects, not ${vector.parseObjectsResults}`;
  }
  const strict = diagnostics.some((diagnostic) => diagnostic.severity === 'error' || ['unknown-field', 'duplicate-key', 'number-too-large', 'field-case'].includes(diagnostic.code));
  // What the YAML reader refuses when strict, the CLI drops without a word.
  if (vector.strictError !== undefined) return undefined;
  if (vector.cliStrictError !== undefined) return strict ? undefined : `the strict CLI refuses: ${vector.cliStrictError}`;
  return vector.cli !== undefined && strict ? `the strict CLI reads it: ${diagnostics.map((diagnostic) => diagnostic.message).join('; ')}` : undefined;
}

function readFirst(text: string, dialect: Dialect): { object: unknown; errors: string[] } {
  const { manifests, diagnostics } = readManifests(text, { dialect });
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').map((diagnostic) => diagnostic.message);
  return { object: manifests[0]?.object, errors };
}

/** Argo's objects have no unknown fields and leave most empty ones out: both are brought into one form. */
function compareObjects(reader: string, ours: unknown, theirs: unknown): string | undefined {
  const { kind } = theirs as { kind: string };
  const type: FieldType = { kind: 'object', name: kind };
  const a = prune(known(ours, type));
  const b = prune(known(decode(kind, theirs).value, type));
  return isDeepStrictEqual(a, b) ? undefined : `${reader} reads ${JSON.stringify(b)}, we ${JSON.stringify(a)}`;
}

function known(value: unknown, type: FieldType | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => known(item, type?.kind === 'list' ? type.of : type?.kind === 'scalar' && type.name === 'steps' ? { kind: 'list', of: { kind: 'object', name: 'WorkflowStep' } } : undefined));
  if (type?.kind === 'scalar' && type.name === 'quantity') return amount(String(value));
  if (typeof value !== 'object' || value === null || !type) return value;
  const fields = type.kind === 'object' ? objectType(type.name)?.fields : undefined;
  const entries = Object.entries(value).filter(([key]) => !fields || fields.has(key));
  return Object.fromEntries(entries.map(([key, item]) => [key, known(item, type.kind === 'map' ? type.of : fields?.get(key)?.type)]));
}

/** Kubernetes writes a quantity in a form of its own: 1.5 as 1500m. */
function amount(text: string): number {
  const match = /^([-+.\d]+?)(m|k|Ki|M|Mi|G|Gi|[eE]\d+)?$/.exec(text);
  const factors: Record<string, number> = { m: 1e-3, k: 1e3, Ki: 2 ** 10, M: 1e6, Mi: 2 ** 20, G: 1e9, Gi: 2 ** 30 };
  const unit = match?.[2];
  return unit !== undefined && /^[eE]/.test(unit) ? Number(text) : Number(match?.[1]) * (factors[unit ?? ''] ?? 1);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sortKeys(item)]);
}

function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(item) ?? null);
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false ? undefined : (value ?? undefined);
  const entries = Object.entries(value).map(([key, item]) => [key, prune(item)] as const).filter(([, item]) => item !== undefined && !(Array.isArray(item) && item.length === 0));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
