/** One action of a resource template on one object. All may be done again after a crash: what is created carries who created it. */
import type { Cluster, Patch, ResourceType } from '../kube/port.ts';
import type { ResourceTemplate } from '../spec/types.ts';
import { AppError, isAppError } from '../spec/error.ts';
import type { KubeObject } from '../spec/kubernetes.ts';
import type { ResourceFlags } from './flags.ts';
import type { Target } from './objects.ts';

/** On created objects: the run, the node and its start, so that a second create by an engine that started again finds its own. */
export const CREATED_BY = 'tiphys.dev/created-by';
const FIELD_MANAGER = 'tiphys';
const CONFLICT_TRIES = 5;

export interface Acting {
  cluster: Cluster;
  template: ResourceTemplate;
  flags: ResourceFlags;
  /** See CREATED_BY. */
  creator: string;
  signal: AbortSignal;
}

/** An object where it is. */
export interface Placed {
  target: Target;
  type: ResourceType;
  namespace: string | undefined;
}

/** @returns the object afterwards; undefined when there is none (deleted, or not found where that is allowed). Throws AppError. */
export async function actOnObject(acting: Acting, { target, type, namespace }: Placed): Promise<KubeObject | undefined> {
  const { cluster, template, flags, signal } = acting;
  const object: KubeObject = { ...target.object, metadata: { ...target.object.metadata, ...(namespace === undefined ? {} : { namespace }) } };
  const write = { signal, ...(flags.dryRun ? { dryRun: true } : {}), ...(flags.subresource ? { subresource: flags.subresource } : {}) };
  switch (template.action) {
    case 'get': return cluster.get(type, namespace, target.name).catch((error: unknown) => (flags.ignoreNotFound ? absent(error) : Promise.reject(error as Error)));
    case 'create': return create(acting, type, object);
    case 'apply': return cluster.patch(type, namespace, target.name, { type: 'apply', body: object, fieldManager: flags.fieldManager ?? FIELD_MANAGER, force: !flags.keepConflicts }, write);
    case 'replace': return replace(acting, type, object, write);
    case 'patch': return cluster.patch(type, namespace, target.name, patchOf(template, target.patch ?? object), write);
    case 'delete': {
      const { gracePeriodSeconds, propagationPolicy } = flags;
      await cluster.delete(type, namespace, target.name, { signal, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }), ...(propagationPolicy === undefined ? {} : { propagationPolicy }) }).catch(absent);
      return undefined;
    }
    default: throw new AppError('invalid', `unknown action "${template.action}"`, { hint: 'Use get, create, apply, delete, replace or patch.' });
  }
}

function absent(error: unknown): undefined {
  if (isAppError(error, 'not-found')) return undefined;
  throw error;
}

async function create({ cluster, creator, flags, signal }: Acting, type: ResourceType, object: KubeObject): Promise<KubeObject> {
  const marked = { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [CREATED_BY]: creator } } };
  try {
    return await cluster.create(type, marked, { signal, dryRun: flags.dryRun });
  } catch (error) {
    if (!isAppError(error, 'already-exists')) throw error;
    const there = await cluster.get(type, object.metadata.namespace, object.metadata.name ?? '');
    if (there.metadata.annotations?.[CREATED_BY] === creator) return there;
    throw error;
  }
}

async function replace(acting: Acting, type: ResourceType, object: KubeObject, write: { signal: AbortSignal; dryRun?: boolean; subresource?: 'status' }): Promise<KubeObject> {
  const { cluster, flags } = acting;
  const { namespace, name = '' } = object.metadata;
  if (flags.force) {
    await cluster.delete(type, namespace, name, { gracePeriodSeconds: flags.gracePeriodSeconds ?? 0 }).catch(absent);
    return create(acting, type, object);
  }
  for (let tries = 1; ; tries++) {
    const live = await cluster.get(type, namespace, name);
    const resourceVersion = object.metadata.resourceVersion ?? live.metadata.resourceVersion;
    try {
      return await cluster.replace(type, { ...object, metadata: { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } }, write);
    } catch (error) {
      // Somebody wrote in between: the manifest counts, unless it names the version itself.
      if (!isAppError(error, 'conflict') || object.metadata.resourceVersion !== undefined || tries >= CONFLICT_TRIES) throw error;
    }
  }
}

function patchOf({ mergeStrategy }: ResourceTemplate, body: unknown): Patch {
  if (mergeStrategy !== 'json') return { type: mergeStrategy === 'merge' ? 'merge' : 'strategic', body };
  if (!Array.isArray(body)) throw new AppError('invalid', 'a json patch is a list of operations', { hint: 'Write the manifest as a list of op, path and value.' });
  return { type: 'json', body: body as { op: string; path: string }[] };
}
