/** The logs that are kept on this machine: what they take, and their end. */
import { clearKeptLogs, DEFAULT_LOGS_LIMIT, keptLogsUse } from '../../engine/index.ts';
import { logsLimit } from '../engine-settings.ts';
import type { Handlers } from './service.ts';

/** @param value a setting by its name */
export function keptLogsService(dataDir: string, value: (key: string) => unknown): Handlers<'logs.use' | 'logs.clear'> {
  return {
    'logs.use': async () => ({ ...await keptLogsUse(dataDir), limit: logsLimit(value('logs.limit'), () => undefined) ?? DEFAULT_LOGS_LIMIT }),
    'logs.clear': async () => {
      await clearKeptLogs(dataDir);
      return undefined;
    },
  };
}
