/** Rules about where artifacts are. */
import type { Path, Report } from './report.ts';
import type { Artifact, ArtifactLocation } from './types.ts';

/** The location types in the order in which Argo looks for them. Argo: ArtifactLocation.Get */
const LOCATIONS = ['artifactory', 'azure', 'git', 'gcs', 'hdfs', 'http', 'oss', 'raw', 's3', 'plugin'] as const;
type LocationName = (typeof LOCATIONS)[number];

/** What a location must name to be a whole one. */
const WHOLE: Readonly<Record<LocationName, readonly string[]>> = {
  artifactory: ['url'], azure: ['endpoint', 'container', 'blob'], git: ['repo'], gcs: ['bucket', 'key'], hdfs: ['addresses'], http: ['url'],
  oss: ['bucket', 'endpoint', 'key'], raw: [], s3: ['endpoint', 'bucket', 'key'], plugin: ['key'],
};
/** The field that is the key inside the repository. */
const KEY: Readonly<Partial<Record<LocationName, string>>> = { azure: 'blob', gcs: 'key', hdfs: 'path', oss: 'key', s3: 'key', plugin: 'key' };

/** Whether the artifact says where it is, or at least by what key. Argo: HasLocationOrKey */
export function hasLocationOrKey(artifact: ArtifactLocation): boolean {
  const name = LOCATIONS.find((location) => artifact[location] !== undefined);
  if (name === undefined) return false;
  const location = artifact[name] as Record<string, unknown>;
  if (WHOLE[name].every((field) => isGiven(location[field]))) return true;
  const key = KEY[name];
  return key !== undefined && isGiven(location[key]);
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';
}

/** Refuses locations that Argo refuses; `prefix` names the artifact in the message. */
export function checkLocation(prefix: string, artifact: ArtifactLocation, path: Path, report: Report): void {
  if (artifact.git && !isGiven(artifact.git.repo)) report.refuse('missing-field', `${prefix}.git.repo is required`, [...path, 'git'], 'Write the URL of the repository.');
  if (artifact.hdfs) checkHdfs(`${prefix}.hdfs`, artifact.hdfs, [...path, 'hdfs'], report);
}

// Argo: hdfs.ValidateArtifact
function checkHdfs(prefix: string, hdfs: Record<string, unknown>, path: Path, report: Report): void {
  const need = (fields: readonly string[]): boolean => fields.every((field) => isGiven(hdfs[field]));
  const refuse = (message: string, hint: string): never => report.refuse('missing-field', message, path, hint);
  if (!need(['addresses'])) refuse(`${prefix}.addresses is required`, 'Write the addresses of the name nodes.');
  if (!need(['path'])) refuse(`${prefix}.path is required`, 'Write the path of the file.');
  if (typeof hdfs.path === 'string' && !hdfs.path.startsWith('/')) refuse(`${prefix}.path must be a absolute file path`, 'Start the path with a slash.');
  const cache = isGiven(hdfs.krbCCacheSecret);
  const keytab = isGiven(hdfs.krbKeytabSecret);
  if (!need(['hdfsUser']) && !cache && !keytab) refuse(`either ${prefix}.hdfsUser, ${prefix}.krbCCacheSecret or ${prefix}.krbKeytabSecret is required`, 'Say how to log in.');
  if (keytab && !need(['krbServicePrincipalName', 'krbConfigConfigMap', 'krbUsername', 'krbRealm'])) {
    refuse(`${prefix}.krbServicePrincipalName, ${prefix}.krbConfigConfigMap, ${prefix}.krbUsername and ${prefix}.krbRealm are required with ${prefix}.krbKeytabSecret`, 'Write the missing Kerberos settings.');
  }
  if (cache && !need(['krbServicePrincipalName', 'krbConfigConfigMap'])) {
    refuse(`${prefix}.krbServicePrincipalName and ${prefix}.krbConfigConfigMap are required with ${prefix}.krbCCacheSecret`, 'Write the missing Kerberos settings.');
  }
}

/** Refuses an artifact of a Pod without a path, or with one that leaves the folder it starts in. Argo: Artifact.CleanPath */
export function checkPath(prefix: string, artifact: Artifact, path: Path, report: Report): void {
  const { name, path: file = '' } = artifact;
  if (file === '') report.refuse('missing-path', `${prefix}: Artifact '${name}' did not specify a path`, path, 'Write the path in the container.');
  const inside = file.includes('/../') ? file.slice(0, file.indexOf('/../')) : /\/..$/.test(file) ? file.slice(0, -3) : '';
  const clean = cleanPath(file);
  if (inside !== '' && (!clean.startsWith(`${inside}/`) || clean.length <= inside.length + 1)) {
    report.refuse('path-leaves-folder', `${prefix}: Artifact '${name}' attempted to use a path containing '..'. Directory traversal is not permitted`, [...path, 'path'], 'Write the path without "..".');
  }
}

/** filepath.Clean */
function cleanPath(path: string): string {
  const parts: string[] = [];
  const rooted = path.startsWith('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || !rooted) parts.push(part);
  }
  const clean = parts.join('/');
  return rooted ? `/${clean}` : clean === '' ? '.' : clean;
}
