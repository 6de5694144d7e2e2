/** Where a template's artifacts and logs go when it does not say, and the secrets that this takes. */
import type { Artifact, ArtifactLocation, Template, WorkflowSpec } from '../spec/types.ts';
import type { Volume } from '../spec/kubernetes.ts';

type Fields = Record<string, unknown>;

/**
 * The endpoint that stands for a folder of the machine on which the Pods run, in an S3 location: status and tools see an
 * S3 artifact with a key, and no server is needed.
 */
const FOLDER_ENDPOINT = 'folder.tiphys.local';
const FOLDER_BUCKET = 'artifacts';

/** @returns the settings of the repository that is a folder of this machine */
export function folderRepository(): Fields {
  return { s3: { endpoint: FOLDER_ENDPOINT, bucket: FOLDER_BUCKET } };
}

/** @returns whether the location is in the folder of the machine on which the Pods run */
export function isInFolder(location: ArtifactLocation): boolean {
  return location.s3?.['endpoint'] === FOLDER_ENDPOINT;
}

/** The kinds of places that an artifact can be in. */
const LOCATIONS = ['s3', 'git', 'http', 'artifactory', 'hdfs', 'raw', 'oss', 'gcs', 'azure', 'plugin'] as const;
export type LocationKind = (typeof LOCATIONS)[number];
/** Where each kind of repository says how keys are made, and the field of the location that takes the key. */
const KEY_FORMATS: Readonly<Record<string, { format: string; key: string }>> = {
  s3: { format: 'keyFormat', key: 'key' }, gcs: { format: 'keyFormat', key: 'key' }, oss: { format: 'keyFormat', key: 'key' },
  azure: { format: 'blobNameFormat', key: 'blob' }, hdfs: { format: 'pathFormat', key: 'path' }, plugin: { format: 'keyFormat', key: 'key' },
};
const DEFAULT_KEY = '{{workflow.name}}/{{pod.name}}';

/** @returns the kind of place that a location names, if any */
export function locationKind(location: ArtifactLocation | undefined): LocationKind | undefined {
  return location && LOCATIONS.find((kind) => location[kind] !== undefined);
}

/** @returns the key of a location within its repository; its URL or repository where it has none */
export function locationKey(location: ArtifactLocation): string {
  const kind = locationKind(location);
  const settings = kind && (location[kind] as Fields | undefined);
  const value = settings?.[KEY_FORMATS[kind ?? '']?.key ?? ''] ?? settings?.['url'] ?? settings?.['repo'];
  return typeof value === 'string' ? value : '';
}

/** @returns a location that is only a key; nothing for a kind that has none */
export function withKey(kind: LocationKind, key: string): ArtifactLocation {
  const field = KEY_FORMATS[kind]?.key;
  return field === undefined ? {} : { [kind]: { [field]: key } };
}

/**
 * @param archive where the template's artifacts go by themselves
 * @returns the location alone, made whole: one that is only a key is a key in the archive location. Argo: Relocate
 */
export function relocated(location: ArtifactLocation, archive: ArtifactLocation | undefined): ArtifactLocation {
  const kind = locationKind(location);
  if (kind !== undefined && (hasLocation(location) || archive?.[kind] === undefined)) return { [kind]: location[kind] };
  const base = locationKind(archive);
  if (base === undefined) return {};
  const whole: ArtifactLocation = { [base]: { ...archive?.[base], ...(kind === undefined ? {} : location[kind]) } };
  return whole;
}

/** A location that is complete, not only a key within the repository. Argo: HasLocation */
function hasLocation(location: ArtifactLocation | undefined): boolean {
  if (!location) return false;
  const s3 = location.s3;
  if (s3) return Boolean(s3['bucket'] && s3['endpoint'] && s3['key']);
  for (const kind of ['gcs', 'oss'] as const) if (location[kind]) return Boolean(location[kind]['bucket'] && location[kind]['key']);
  if (location.azure) return Boolean(location.azure['container'] && location.azure['blob']);
  return LOCATIONS.some((kind) => location[kind] !== undefined);
}

function archivesLogs(template: Template, spec: WorkflowSpec, repository: Fields | undefined): boolean {
  if (repository?.['archiveLogs'] === true) return true;
  return template.archiveLocation?.archiveLogs ?? spec.archiveLogs ?? false;
}

/** @returns the template, with the repository as its archive location when it needs one. Argo: addArchiveLocation */
export function archiveLocation(template: Template, spec: WorkflowSpec, repository: Fields | undefined): Template {
  if (hasLocation(template.archiveLocation)) return template;
  const archiveLogs = archivesLogs(template, spec, repository);
  const artifacts: Artifact[] = [...(template.inputs?.artifacts ?? []), ...(template.outputs?.artifacts ?? [])];
  if (!archiveLogs && !template.data && artifacts.every(hasLocation)) return template;
  return { ...template, archiveLocation: { ...repositoryLocation(repository), archiveLogs } };
}

/** @returns the location that a repository's settings mean, its key format as the key. Argo: ToArtifactLocation */
export function repositoryLocation(repository: Fields | undefined): ArtifactLocation {
  for (const [kind, { format, key }] of Object.entries(KEY_FORMATS)) {
    const settings = repository?.[kind];
    if (typeof settings !== 'object' || settings === null) continue;
    const { [format]: keyFormat, keyPrefix, ...location } = settings as Fields;
    const own = typeof keyFormat === 'string' && keyFormat ? keyFormat : typeof keyPrefix === 'string' && keyPrefix ? `${keyPrefix}/${DEFAULT_KEY}` : DEFAULT_KEY;
    return { [kind]: { ...location, [key]: own } };
  }
  return {};
}

const SECRETS: Readonly<Record<string, readonly string[]>> = {
  s3: ['accessKeySecret', 'secretKeySecret', 'sessionTokenSecret', 'encryptionOptions.serverSideCustomerKeySecret', 'caSecret'],
  git: ['usernameSecret', 'passwordSecret', 'sshPrivateKeySecret'],
  artifactory: ['usernameSecret', 'passwordSecret'],
  hdfs: ['krbCCacheSecret', 'krbKeytabSecret'],
  oss: ['accessKeySecret', 'secretKeySecret'],
  gcs: ['serviceAccountKeySecret'],
  http: ['auth.basicAuth.usernameSecret', 'auth.basicAuth.passwordSecret', 'auth.clientCert.clientCertSecret', 'auth.clientCert.clientKeySecret',
    'auth.oauth2.clientIDSecret', 'auth.oauth2.clientSecretSecret', 'auth.oauth2.tokenURLSecret'],
  azure: ['accountKeySecret'],
};

/** The secrets that artifacts and archive need, one volume each with the keys that are used. */
export function secretVolumes(template: Template): Volume[] {
  const keys = new Map<string, string[]>();
  const locations: (ArtifactLocation | undefined)[] = [template.archiveLocation, ...(template.outputs?.artifacts ?? []), ...(template.inputs?.artifacts ?? [])];
  for (const location of locations) {
    const kind = LOCATIONS.find((candidate) => location?.[candidate] !== undefined);
    const settings = kind && location?.[kind];
    for (const path of (kind && SECRETS[kind]) ?? []) {
      const secret = path.split('.').reduce<unknown>((value, key) => (value as Fields | undefined)?.[key], settings) as { name?: string; key?: string } | undefined;
      if (!secret?.name || !secret.key) continue;
      const list = keys.get(secret.name) ?? [];
      if (!list.includes(secret.key)) list.push(secret.key);
      keys.set(secret.name, list);
    }
  }
  return [...keys].map(([name, list]) => ({ name, secret: { secretName: name, items: list.map((key) => ({ key, path: key })), defaultMode: 420 } }));
}
