/** What the window makes and a person wants as a file: pictures and texts. Such a file is written once and not followed. */
import path from 'node:path';
import { AppError } from '../../engine/spec/error.ts';
import { writeAtomic } from '../atomic.ts';
import type { Handlers } from './service.ts';

/** @param ask asks where to, given a name; undefined when the person gives up */
export function exportService(ask: (suggestedName: string) => Promise<string | undefined>): Handlers<'files.export'> {
  return {
    'files.export': async ({ suggestedName, base64 }) => {
      const file = await ask(path.basename(suggestedName));
      if (file === undefined) return undefined;
      const name = path.basename(file);
      await writeAtomic(file, Buffer.from(base64, 'base64'), 0o644).catch((cause: unknown) => {
        throw new AppError('unavailable', `${name} could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, hint: 'Choose another place.' });
      });
      return { name };
    },
  };
}
