/** What of a template's artifacts the Pod must fetch before main and save after it, as variables of the shell scripts. */
import type { PodPlan } from '../operate/types.ts';
import type { Diagnostic } from '../spec/diagnostic.ts';
import { AppError } from '../spec/error.ts';
import type { Artifact, ArtifactLocation, Workflow, WorkflowSpec } from '../spec/types.ts';
import { base64, toBytes } from '../template/go.ts';
import { INPUTS_DIR, MAIN_VOLUMES_DIR, SECRETS_DIR } from './artifact-scripts.ts';
import { isInFolder, locationKey, locationKind, relocated, withKey } from './artifacts.ts';
import type { LocationKind } from './artifacts.ts';

type Fields = Record<string, unknown>;
/** Variables of the scripts by name. */
type Place = Record<string, string>;

export interface InputTransfer {
  kind: LocationKind;
  /** Shell text: the variables, then the call. */
  call: string;
  /** Inline data, for variables of its own. */
  raw?: { id: string; data: string };
  /** In the folder of artifacts of the machine that runs the Pods. */
  local: boolean;
  /** In a volume of the user's, which the loader must have. */
  inVolume: boolean;
  /** The Secret in which a git server's known_hosts and ca.crt may stand, beside its credentials. */
  trust?: string;
}

export interface OutputTransfer {
  /** How the report names it. */
  id: string;
  /** In the folder of artifacts of the machine that runs the Pods. */
  local: boolean;
  /** As the node's status has it. */
  artifact: Artifact;
  call: string;
  /** What main packs: a path and how; absent for logs. */
  pack?: { path: string; how: string };
}

/** The volume that main mounts its input artifacts from, as the plan has it. */
export const INPUTS_VOLUME = 'input-artifacts';

/** Kinds that need a program or a protocol that no public image of ours has. */
const UNSUPPORTED: Readonly<Partial<Record<LocationKind, string>>> = {
  hdfs: 'HDFS', oss: 'Alibaba OSS', plugin: 'artifact plugins',
};

const WHAT_WORKS = 'Use S3, GCS, Azure, HTTP, Artifactory or git, with keys from Secrets.';

type Direction = 'input' | 'output';

/** @returns why no Pod can read, or write, such a place, if none can: `is kept with HDFS, …` */
function obstacle(location: ArtifactLocation, direction: Direction): { why: string; hint: string } | undefined {
  const kind = locationKind(location);
  const unsupported = kind && UNSUPPORTED[kind];
  if (unsupported !== undefined) return { why: `is kept with ${unsupported}, which Tiphys does not speak`, hint: WHAT_WORKS };
  if (direction === 'output' && (kind === 'git' || kind === 'raw')) return { why: `is to be written to ${kind}, which can only be read`, hint: 'Use S3, GCS, Azure, HTTP or Artifactory, or leave the location out where an artifact repository is set up.' };
  if (location.azure?.['useSDKCreds'] === true) return { why: 'takes its Azure keys from the cloud (useSDKCreds), which Tiphys does not do', hint: 'Name a Secret with the key: accountKeySecret.' };
  if (location.s3?.['useSDKCreds'] === true || location.s3?.['roleARN']) {
    return { why: 'takes its S3 keys from the cloud (useSDKCreds, roleARN), which Tiphys does not do', hint: 'Name Secrets with keys: accessKeySecret and secretKeySecret.' };
  }
  if (locationKey(location).split('/').includes('..')) return { why: `has a key with "..": ${locationKey(location)}`, hint: 'Write the key without "..".' };
  return undefined;
}

/** What holds artifacts in a workflow, wherever it stands: in templates, their defaults, calls, hooks, inline. */
const HOLDERS: Readonly<Record<string, Direction>> = { inputs: 'input', arguments: 'input', outputs: 'output' };

interface Named {
  location: ArtifactLocation;
  what: string;
  direction: Direction;
  path: (string | number)[];
}

function* artifactsIn(value: unknown, path: (string | number)[]): Generator<Named> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const at = [...path, key];
    if (key === 'archiveLocation') yield { location: item as ArtifactLocation, what: 'The archiveLocation', direction: 'output', path: at };
    else if (key === 'artifactPaths') yield { location: item as ArtifactLocation, what: 'The list artifactPaths', direction: 'input', path: at };
    else if (key === 'artifacts' && Array.isArray(item) && HOLDERS[path.at(-1) ?? '']) {
      for (const [index, artifact] of (item as Artifact[]).entries()) yield { location: artifact, what: `The artifact "${artifact.name}"`, direction: HOLDERS[path.at(-1) ?? ''] ?? 'input', path: [...at, index] };
    } else yield* artifactsIn(item, at);
  }
}

/** @returns an error for every artifact in a workflow that its Pods could not read or write, before there are any */
export function unreachableArtifacts({ spec }: Workflow): Diagnostic[] {
  return [...artifactsIn(spec, ['spec'])].flatMap(({ location, what, direction, path }): Diagnostic[] => {
    const found = obstacle(location, direction);
    if (!found) return [];
    const template = path[1] === 'templates' ? ` of template "${spec.templates?.[Number(path[2])]?.name ?? ''}"` : '';
    return [{ severity: 'error', code: 'artifact-store', message: `${what}${template} ${found.why}.`, path, hint: found.hint }];
  }).concat(unreadableManifests(spec));
}

/** Manifests of resource templates are read by the engine, not by a Pod, and it has no git. */
function unreadableManifests({ templates = [] }: WorkflowSpec): Diagnostic[] {
  return templates.flatMap(({ name: template = '', inputs, resource }, at) => (inputs?.artifacts ?? []).flatMap((artifact, index): Diagnostic[] => {
    if (resource?.manifestFrom?.artifact?.name !== artifact.name || locationKind(artifact) !== 'git') return [];
    return [{
      severity: 'error', code: 'artifact-store', message: `The artifact "${artifact.name}" of template "${template}" is a manifest, which is not read from git.`,
      path: ['spec', 'templates', at, 'inputs', 'artifacts', index], hint: 'Let a step load it, and hand it on.',
    }];
  }));
}

/** @returns the artifacts to load, in the template's order. Throws AppError `unsupported` for a place that cannot be read. */
export function inputTransfers(plan: PodPlan): InputTransfer[] {
  return (plan.template.inputs?.artifacts ?? []).flatMap((artifact, index): InputTransfer[] => {
    if (!artifact.path || locationKind(artifact) === undefined) return [];
    const location = relocated(artifact, plan.template.archiveLocation);
    const kind = supported(location, artifact, plan, 'input');
    const volume = volumeOf(plan, artifact.path);
    const raw = kind === 'raw' ? (location.raw?.data ?? '') : undefined;
    const place: Place = {
      ...placeOf(location, artifact.name, 'input'), ...(raw === undefined ? {} : { raw: String(index), parts: String(rawParts(raw).length) }),
      name: artifact.name, shown: artifact.path, dest: volume === undefined ? `${INPUTS_DIR}/${artifact.name}` : MAIN_VOLUMES_DIR + artifact.path,
      archive: archiveOf(artifact), ...(artifact.optional ? { optional: '1' } : {}),
      ...(artifact.mode === undefined ? {} : { mode: artifact.mode.toString(8), ...(artifact.recurseMode ? { recurse: '-R' } : {}) }),
    };
    const trust = kind === 'git' ? credentialsOf(location.git ?? {}) : undefined;
    return [{
      kind, call: callOf(place, 'load'), inVolume: volume !== undefined, local: isInFolder(location), ...(raw === undefined ? {} : { raw: { id: String(index), data: raw } }),
      ...(trust === undefined ? {} : { trust }),
    }];
  });
}

/** @returns inline data in parts that fit a variable */
export function rawParts(data: string): string[] {
  // A UTF-16 unit is at most three bytes of UTF-8; Linux allows 128 KiB in one variable.
  return data.match(/[^]{1,32000}(?<![\ud800-\udbff])/g) ?? [];
}

function archiveOf({ archive }: Artifact): string {
  if (archive?.none) return 'none';
  if (archive?.tar) return 'tar';
  return archive?.zip ? 'zip' : 'auto';
}

/** @returns the artifacts and logs to save: the artifacts in the template's order, then logs. Throws AppError `unsupported`. */
export function outputTransfers(plan: PodPlan): OutputTransfer[] {
  const artifacts = (plan.template.outputs?.artifacts ?? []).filter(({ path }) => path);
  const outputs = artifacts.map((artifact, index): OutputTransfer => {
    const path = checkedPath(artifact, plan);
    const how = packing(artifact);
    const saved = withLocation(artifact, fileName(artifact, path, how), plan);
    return { ...transfer(saved, plan, String(index)), pack: { path, how } };
  });
  return [...outputs, ...logTransfers(plan)];
}

/** Argo: a `NAME-logs` for each main container, as it is. */
function logTransfers(plan: PodPlan): OutputTransfer[] {
  if (!plan.template.archiveLocation?.archiveLogs) return [];
  const mains = plan.template.containerSet?.containers.map(({ name = '' }) => name) ?? ['main'];
  return mains.map((container): OutputTransfer => {
    const artifact = withLocation({ name: `${container}-logs` }, `${container}.log`, plan);
    return transfer(artifact, plan, `${container}-logs`, `$d/ctr/${container}/combined`);
  });
}

function transfer(artifact: Artifact, plan: PodPlan, id: string, file?: string): OutputTransfer {
  const location = relocated(artifact, plan.template.archiveLocation);
  supported(location, artifact, plan, 'output');
  const call = callOf({ ...placeOf(location, artifact.name, 'output'), name: artifact.name }, `save ${id}${file === undefined ? '' : ` "${file}"`}`);
  return { id, artifact, call, local: isInFolder(location) };
}

/** @returns the call that deletes an artifact at its whole location. Throws AppError `unsupported`. */
export function dropCall(artifact: Artifact, location: ArtifactLocation, id: string): string {
  return callOf({ ...placeOf(location, artifact.name, 'input'), name: artifact.name, archive: archiveOf(artifact) }, `drop ${id}`);
}

function packing({ archive }: Artifact): string {
  if (archive?.none) return 'none';
  if (archive?.zip) return 'zip';
  const level = archive?.tar?.compressionLevel;
  // gzip has no level that does not compress.
  return level === undefined || level < 0 ? 'tar' : `tar -${Math.max(1, Math.min(level, 9))}`;
}

function fileName({ name }: Artifact, path: string, how: string): string {
  if (how === 'none') return path.slice(path.lastIndexOf('/') + 1);
  return how === 'zip' ? `${name}.zip` : `${name}.tgz`;
}

/** Argo: an artifact without a location gets a key below that of the archive location. */
function withLocation(artifact: Artifact, file: string, plan: PodPlan): Artifact {
  if (locationKind(artifact) !== undefined) return artifact;
  const archive = plan.template.archiveLocation;
  const kind = locationKind(archive);
  if (!archive || kind === undefined) {
    throw new AppError('unsupported', `The artifact "${artifact.name}" of template "${plan.template.name ?? ''}" has no place to go: no artifact repository is set up.`, {
      hint: `Give the artifact a location, or create the ConfigMap artifact-repositories in the namespace ${plan.namespace}.`,
    });
  }
  return { ...artifact, ...withKey(kind, `${locationKey(archive).replace(/\/+$/, '')}/${file}`) };
}

function supported(location: ArtifactLocation, artifact: Artifact, plan: PodPlan, direction: Direction): LocationKind {
  const kind = locationKind(location);
  const place = `The artifact "${artifact.name}" of template "${plan.template.name ?? ''}"`;
  if (kind === undefined) throw new AppError('unsupported', `${place} does not say where it is.`, { hint: 'Give it a location, or set up an artifact repository.' });
  const found = obstacle(location, direction);
  if (found) throw new AppError('unsupported', `${place} ${found.why}.`, { hint: found.hint });
  return kind;
}

function checkedPath(artifact: Artifact, plan: PodPlan): string {
  const path = (artifact.path ?? '').replace(/(?!^)\/+$/, '');
  if (path === '/') throw new AppError('unsupported', `The artifact "${artifact.name}" of template "${plan.template.name ?? ''}" is the whole file system.`, { hint: 'Write its results into a folder, and name that.' });
  return path;
}

/** @returns the volume mount of main that the path lies in, if any */
function volumeOf(plan: PodPlan, path: string): string | undefined {
  const main = plan.spec.containers.find(({ name }) => name === 'main');
  const around = (main?.volumeMounts ?? []).filter(({ name, mountPath }) => name !== INPUTS_VOLUME && isWithin(path, mountPath));
  return around.sort((a, b) => b.mountPath.length - a.mountPath.length)[0]?.mountPath;
}

function isWithin(path: string, mountPath: string): boolean {
  const base = mountPath.replace(/\/+$/, '');
  return path === base || path.startsWith(`${base}/`);
}

function callOf(place: Place, call: string): string {
  const variables = Object.entries(place).map(([name, value]) => `${name}=${quoted(value)}`).join('; ');
  return `${variables}\n${call}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function placeOf(location: ArtifactLocation, name: string, direction: Direction): Place {
  const kind = locationKind(location);
  if (isInFolder(location)) return { kind: 'folder', base: `${FOLDER_DIR}/`, key: locationKey(location), where: locationKey(location) };
  switch (kind) {
    case 's3': return s3Place(location.s3 ?? {}, direction);
    case 'gcs': return gcsPlace(location.gcs ?? {});
    case 'azure': return azurePlace(location.azure ?? {});
    case 'http': return httpPlace(location.http ?? {});
    case 'artifactory': return artifactoryPlace(location.artifactory ?? {});
    case 'git': return gitPlace(location.git ?? {});
    case 'raw': return { kind: 'raw', where: 'its data' };
    default: throw new AppError('unsupported', `The artifact "${name}" is kept in a place that Tiphys does not reach.`);
  }
}

/** Where the folder of artifacts of this machine is mounted in helpers. */
export const FOLDER_DIR = '/var/run/tiphys-artifacts';

function s3Place(s3: Fields, direction: Direction): Place {
  const endpoint = text(s3['endpoint']) || 's3.amazonaws.com';
  const bucket = text(s3['bucket']);
  const key = text(s3['key']).replace(/^\/+/, '');
  const scheme = s3['insecure'] === true ? 'http' : 'https';
  const virtual = s3['addressingStyle'] === 'virtual-hosted' || (!s3['addressingStyle'] && /(^|\.)amazonaws\.com$/.test(endpoint));
  const encryption = (s3['encryptionOptions'] ?? {}) as Fields;
  const create = s3['createBucketIfNotPresent'] as Fields | undefined;
  return {
    kind: 's3', base: virtual ? `${scheme}://${bucket}.${endpoint}/` : `${scheme}://${endpoint}/${encodedKey(bucket)}/`, key: encodedKey(key),
    region: text(s3['region']) || 'us-east-1', where: `s3 ${endpoint}/${bucket}/${key}`,
    ...secretFiles({ ak: s3['accessKeySecret'], sk: s3['secretKeySecret'], token: s3['sessionTokenSecret'], ca: s3['caSecret'], ssec: encryption['serverSideCustomerKeySecret'] }),
    ...(create && direction === 'output' ? { create: create['objectLocking'] === true ? 'locking' : 'plain' } : {}),
    ...(direction === 'output' ? { headers: encryptionHeaders(encryption) } : {}),
  };
}

function encryptionHeaders(encryption: Fields): string {
  if (encryption['enableEncryption'] !== true && !encryption['kmsKeyId']) return '';
  const kms = text(encryption['kmsKeyId']);
  if (!kms) return 'x-amz-server-side-encryption: AES256';
  const context = text(encryption['kmsEncryptionContext']);
  return ['x-amz-server-side-encryption: aws:kms', `x-amz-server-side-encryption-aws-kms-key-id: ${kms}`, ...(context ? [`x-amz-server-side-encryption-context: ${base64(toBytes(context))}`] : [])].join('\n');
}

function gcsPlace(gcs: Fields): Place {
  const bucket = text(gcs['bucket']);
  const key = text(gcs['key']).replace(/^\/+/, '');
  return { kind: 'gcs', base: `https://storage.googleapis.com/${encodedKey(bucket)}/`, key: encodedKey(key), where: `gcs ${bucket}/${key}`, ...secretFiles({ account: gcs['serviceAccountKeySecret'] }) };
}

/** Argo: the endpoint is `https://ACCOUNT.blob.core.windows.net`, or the emulator's with the account as its path. */
function azurePlace(azure: Fields): Place {
  const endpoint = text(azure['endpoint']).replace(/\/+$/, '');
  const [, host = '', folder = ''] = /^https?:\/\/([^/]+)(.*)$/.exec(endpoint) ?? [];
  const container = text(azure['container']);
  const blob = text(azure['blob']).replace(/^\/+/, '');
  return {
    kind: 'azure', base: `${endpoint}/${encodedKey(container)}/`, path: `${folder}/${encodedKey(container)}/`, key: encodedKey(blob),
    owner: folder.split('/')[1] ?? host.split('.')[0] ?? '', where: `azure ${endpoint}/${container}/${blob}`, ...secretFiles({ account: azure['accountKeySecret'] }),
  };
}

function httpPlace(http: Fields): Place {
  const auth = (http['auth'] ?? {}) as { basicAuth?: Fields; clientCert?: Fields; oauth2?: Fields };
  const headers = (http['headers'] ?? []) as { name: string; value: string }[];
  const scopes = (auth.oauth2?.['scopes'] ?? []) as string[];
  const params = (auth.oauth2?.['endpointParams'] ?? []) as { key: string; value?: string }[];
  return {
    kind: 'http', base: text(http['url']), where: text(http['url']), headers: headers.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    ...secretFiles({
      user: auth.basicAuth?.['usernameSecret'], pass: auth.basicAuth?.['passwordSecret'],
      cert: auth.clientCert?.['clientCertSecret'], certkey: auth.clientCert?.['clientKeySecret'],
      oauth_id: auth.oauth2?.['clientIDSecret'], oauth_secret: auth.oauth2?.['clientSecretSecret'], oauth_url: auth.oauth2?.['tokenURLSecret'],
    }),
    ...(auth.oauth2 ? { oauth_data: [...(scopes.length > 0 ? [`scope=${scopes.join(' ')}`] : []), ...params.map(({ key, value = '' }) => `${key}=${value}`)].join('\n') } : {}),
  };
}

function artifactoryPlace(artifactory: Fields): Place {
  const url = text(artifactory['url']);
  return { kind: 'http', base: url, where: url, ...secretFiles({ user: artifactory['usernameSecret'], pass: artifactory['passwordSecret'] }) };
}

/** Where a loader has what the Secrets of git servers say about these servers, one folder each. */
export const TRUST_DIR = '/argo/trust';

/** @returns the name of the Secret with a git server's credentials */
function credentialsOf(git: Fields): string | undefined {
  return ['sshPrivateKeySecret', 'passwordSecret', 'usernameSecret'].map((field) => (git[field] as { name?: string } | undefined)?.name).find((name) => name);
}

function gitPlace(git: Fields): Place {
  const trust = credentialsOf(git);
  const flag = (name: string, field: string): Place => (git[field] === true ? { [name]: '1' } : {});
  const value = (name: string, field: string): Place => (typeof git[field] === 'string' || typeof git[field] === 'number' ? { [name]: String(git[field]) } : {});
  return {
    kind: 'git', base: text(git['repo']), where: text(git['repo']), ...value('revision', 'revision'), ...value('branch', 'branch'), ...value('depth', 'depth'),
    refs: ((git['fetch'] ?? []) as string[]).join('\n'), ...flag('single', 'singleBranch'), ...flag('flat', 'disableSubmodules'),
    ...flag('anyhost', 'insecureIgnoreHostKey'), ...flag('insecure', 'insecureSkipTLS'), ...(trust === undefined ? {} : { trust: `${TRUST_DIR}/${trust}` }),
    ...secretFiles({ user: git['usernameSecret'], pass: git['passwordSecret'], sshkey: git['sshPrivateKeySecret'] }),
  };
}

/** @returns the files of these Secrets, and their names for people */
function secretFiles(references: Record<string, unknown>): Place {
  const named = Object.entries(references).flatMap(([variable, reference]): [string, string, string][] => {
    const { name = '', key = '' } = (reference ?? {}) as { name?: string; key?: string };
    return name ? [[variable, `${SECRETS_DIR}/${name}/${key}`, name]] : [];
  });
  const files = Object.fromEntries(named.map(([variable, file]) => [variable, file]));
  return named.length > 0 ? { ...files, secrets: [...new Set(named.map(([, , name]) => name))].join(', ') } : {};
}

/** A key as a URL has it, by RFC 3986, as signatures want it. */
function encodedKey(key: string): string {
  return encodeURIComponent(key).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%2F', '/');
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
