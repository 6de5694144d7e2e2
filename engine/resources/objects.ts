/** The objects that a resource template means: documents of its manifest, or what its flags name. */
import { createHash } from 'node:crypto';
import { AppError } from '../spec/error.ts';
import type { Cluster, ResourceType } from '../kube/port.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import { parseYaml, splitDocuments } from '../spec/yaml.ts';
import type { ResourceFlags } from './flags.ts';

/** An object to act on. */
export interface Target {
  /** As the manifest has it; of a target that flags name only apiVersion, kind and name. */
  object: KubeObject;
  apiVersion: string;
  kind: string;
  name: string;
  /** Of the manifest or the flags; undefined: the workflow's own. */
  namespace: string | undefined;
  /** Of a patch whose target the flags name. */
  patch?: unknown;
}

/** Throws AppError `invalid` for text that is no manifest. */
export function readManifest(text: string): KubeObject[] {
  return splitDocuments(text).flatMap(({ text: piece }) => {
    const { value, diagnostics } = parseYaml(piece);
    const fault = diagnostics.find(({ severity }) => severity === 'error');
    if (fault) throw new AppError('invalid', `the manifest cannot be read: ${fault.message}`);
    return value === undefined || value === null ? [] : documents(value);
  });
}

function documents(value: unknown): KubeObject[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AppError('invalid', 'the manifest holds no object', { hint: 'Write apiVersion, kind and metadata.' });
  const object = value as KubeObject & { items?: unknown[] };
  if (Array.isArray(object.items) && object.kind?.endsWith('List')) return object.items.flatMap(documents);
  if (!object.kind) throw new AppError('invalid', `Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  if (!object.apiVersion) throw new AppError('invalid', `'apiVersion' is missing in '${JSON.stringify(value)}'`);
  return [{ ...object, metadata: { ...(object.metadata as KubeObject['metadata'] | undefined) } }];
}

/** The end of a generated name comes from the step's attempt, so that an engine that starts again finds what it created. */
export function targetOf(object: KubeObject, seed: string, index: number): Target {
  const { name, generateName, namespace } = object.metadata;
  const generated = generateName === undefined ? '' : generateName.slice(0, 58) + suffixOf(`${seed}/${index}`);
  const chosen = name || generated;
  if (!chosen) throw new AppError('invalid', `${object.kind ?? ''}: metadata.name is missing`);
  return { object: { ...object, metadata: { ...object.metadata, name: chosen } }, apiVersion: object.apiVersion ?? '', kind: object.kind ?? '', name: chosen, namespace };
}

/** As Kubernetes' own: no vowels, nothing that looks like another letter. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

function suffixOf(seed: string): string {
  return [...createHash('sha256').update(seed).digest().subarray(0, 5)].map((byte) => LETTERS.charAt(byte % LETTERS.length)).join('');
}

/** The targets that `TYPE NAME…`, `TYPE/NAME…`, a selector or `--all` mean. Throws AppError. */
export async function namedTargets(cluster: Cluster, flags: ResourceFlags, namespace: string): Promise<Target[]> {
  const { words } = flags;
  if (words.length === 0) throw new AppError('invalid', 'Must provide at least one of flags or manifest.');
  const slashed = words.every((word) => word.includes('/'));
  const pairs = slashed ? words.map((word) => word.split('/') as [string, string]) : (words[0] ?? '').split(',').flatMap((type) => words.slice(1).map((name): [string, string] => [type, name]));
  const named = await Promise.all(pairs.map(async ([type, name]) => identified(await typeNamed(cluster, type), name, flags.namespace)));
  if (named.length > 0) return named;
  if (!flags.all && flags.selector === undefined && flags.fieldSelector === undefined) throw new AppError('invalid', 'resource(s) were provided, but no name was specified', { hint: 'Add a name, --selector or --all.' });
  const lists = await Promise.all((words[0] ?? '').split(',').map(async (word) => {
    const type = await typeNamed(cluster, word);
    const { items } = await cluster.list(type, type.namespaced ? flags.namespace ?? namespace : undefined, {
      ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }), ...(flags.fieldSelector === undefined ? {} : { fieldSelector: flags.fieldSelector }),
    });
    return items.map(({ metadata }) => identified(type, metadata.name ?? '', flags.namespace));
  }));
  return lists.flat();
}

async function typeNamed(cluster: Cluster, word: string): Promise<ResourceType> {
  const type = await cluster.resourceNamed(word);
  if (!type) throw new AppError('not-found', `the server doesn't have a resource type "${word}"`);
  return type;
}

function identified(type: ResourceType, name: string, namespace: string | undefined): Target {
  const apiVersion = type.group ? `${type.group}/${type.version}` : type.version;
  return { object: { apiVersion, kind: type.kind, metadata: { name } }, apiVersion, kind: type.kind, name, namespace };
}
