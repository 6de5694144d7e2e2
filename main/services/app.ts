/** About the app itself, and links that leave it. */
import { AppError } from '../../engine/spec/error.ts';
import type { AppInfo } from '../ipc/contract.ts';
import type { Handlers } from './service.ts';

export interface AppServiceOptions {
  info: AppInfo;
  /** Opens an https link in the browser after the person agreed. @returns false when it is no such link */
  openLink: (url: string) => Promise<boolean>;
}

export function appService({ info, openLink }: AppServiceOptions): Handlers<'app.info' | 'app.openExternal'> {
  return {
    'app.info': () => info,
    'app.openExternal': async ({ url }) => {
      if (!await openLink(url)) throw new AppError('invalid', 'Only https links without a password in them can be opened.');
      return undefined;
    },
  };
}
