/** An artifact repository as a person writes it: an entry of Argo's ConfigMap `artifact-repositories`. */
import { decode } from './decode.ts';
import { AppError } from './error.ts';
import { parseYaml } from './yaml.ts';

type Fields = Record<string, unknown>;

/** The kinds that Pods can write to here: their schema, what stands for a key, and what has to be there. */
const KINDS: Readonly<Record<string, { schema: string; key: string; formats: readonly string[]; needs: readonly string[] }>> = {
  s3: { schema: 'S3Artifact', key: 'key', formats: ['keyFormat', 'keyPrefix'], needs: ['endpoint', 'bucket'] },
  gcs: { schema: 'GCSArtifact', key: 'key', formats: ['keyFormat'], needs: ['bucket'] },
  azure: { schema: 'AzureArtifact', key: 'blob', formats: ['blobNameFormat'], needs: ['endpoint', 'container'] },
};
const EXAMPLE = 'For example:\ns3:\n  endpoint: minio.storage:9000\n  bucket: artifacts\n  insecure: true\n  accessKeySecret: {name: minio, key: accesskey}\n  secretKeySecret: {name: minio, key: secretkey}';

/** @returns the repository of a text in YAML. Throws AppError `invalid` with the first thing that is wrong with it. */
export function readRepository(text: string): Fields {
  const { value, diagnostics } = parseYaml(text);
  const fault = diagnostics.find(({ severity }) => severity === 'error');
  if (fault) throw new AppError('invalid', fault.message, { hint: fault.hint ?? EXAMPLE });
  if (!isFields(value)) throw new AppError('invalid', 'An artifact repository is a map with one of s3, gcs or azure.', { hint: EXAMPLE });
  const { archiveLogs, ...places } = value;
  if (archiveLogs !== undefined && typeof archiveLogs !== 'boolean') throw new AppError('invalid', 'archiveLogs is true or false.');
  const [kind = '', ...others] = Object.keys(places);
  const rules = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!rules || others.length > 0) throw new AppError('invalid', others.length > 0 ? `An artifact repository is of one kind; here are ${[kind, ...others].join(' and ')}.` : kind ? `A repository of kind "${kind}" cannot be written to: take s3, gcs or azure.` : 'It names no place: s3, gcs or azure.', { hint: EXAMPLE });
  checkPlace(kind, places[kind], rules);
  return value;
}

function checkPlace(kind: string, place: unknown, { schema, key, formats, needs }: (typeof KINDS)[string]): void {
  if (!isFields(place)) throw new AppError('invalid', `${kind} is a map with the settings of the store.`, { hint: EXAMPLE });
  for (const field of formats) if (place[field] !== undefined && typeof place[field] !== 'string') throw new AppError('invalid', `${kind}.${field} is a text.`);
  const settings = Object.fromEntries(Object.entries(place).filter(([field]) => !formats.includes(field)));
  const [fault] = decode(schema, { ...settings, [key]: 'x' }).diagnostics;
  if (fault) throw new AppError('invalid', `${kind}.${fault.path.join('.')}: ${fault.message}`, fault.hint === undefined ? {} : { hint: fault.hint });
  const missing = needs.filter((field) => typeof place[field] !== 'string' || place[field] === '');
  if (missing.length > 0) throw new AppError('invalid', `${kind} needs ${missing.map((field) => `${kind}.${field}`).join(' and ')}.`, { hint: EXAMPLE });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
