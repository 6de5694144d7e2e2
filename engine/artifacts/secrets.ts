/** Keys of stores: they come from the Secrets that a location names, with the user's own rights. */
import { RESOURCE } from '../kube/port.ts';
import type { Cluster, KubeObject } from '../kube/port.ts';
import { AppError, isAppError } from '../spec/error.ts';

/** @returns the text under a Secret's key; undefined when no Secret is named. Throws what a person can ask for or mend. */
export async function secretText(cluster: Cluster, namespace: string, reference: unknown): Promise<string | undefined> {
  const { name = '', key = '' } = (reference ?? {}) as { name?: string; key?: string };
  if (!name) return undefined;
  let data: Record<string, string> | undefined;
  try {
    ({ data } = await cluster.get<KubeObject & { data?: Record<string, string> }>(RESOURCE.secret, namespace, name));
  } catch (error) {
    if (isAppError(error, 'forbidden')) throw new AppError('forbidden', `The keys of the artifact store are in the Secret ${name}, which you may not read.`, { cause: error, hint: `Ask for the right to get the Secret ${name} in the namespace ${namespace}.` });
    if (isAppError(error, 'not-found')) throw new AppError('not-found', `The Secret ${name} with the keys of the artifact store is not there.`, { cause: error, hint: `Create it in the namespace ${namespace}.` });
    throw error;
  }
  const value = data?.[key];
  if (value === undefined) throw new AppError('not-found', `The Secret ${name} has no key "${key}".`, { hint: 'Correct the Secret, or the artifact repository that names it.' });
  return Buffer.from(value, 'base64').toString('utf8').trim();
}
