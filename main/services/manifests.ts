/** Workflows of manifests: the window names a folder by a handle, never by its path. */
import { randomBytes } from 'node:crypto';
import { AppError } from '../../engine/spec/error.ts';
import { generateWorkflow } from '../manifests/generate.ts';
import type { Handlers } from './service.ts';

export interface ManifestSettings {
  /** Asks the person for a folder. */
  choose: () => Promise<string | undefined>;
  /** Settled once the search path of a login shell is known. */
  environment: Promise<unknown>;
}

export function manifestsService({ choose, environment }: ManifestSettings): Handlers<'manifests.generate'> {
  const folders = new Map<string, string>();
  return {
    'manifests.generate': async ({ handle: known, createNamespaces }) => {
      const folder = known === undefined ? await choose() : folders.get(known);
      if (folder === undefined && known === undefined) return undefined;
      if (folder === undefined) throw new AppError('not-found', 'That folder is no longer open here.', { hint: 'Choose it again.' });
      const handle = known ?? randomBytes(12).toString('base64url');
      folders.set(handle, folder);
      await environment;
      return { handle, ...await generateWorkflow([folder], { env: process.env, values: {}, createNamespaces }) };
    },
  };
}
