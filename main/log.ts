/** The log: lines of JSON in a file that starts afresh at 5 MB (the one before is kept). No credential gets in. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { redact } from './redact.ts';

const MAX_SIZE = 5 * 1024 * 1024;

export type Log = (level: 'info' | 'warn' | 'error', message: string, detail?: unknown) => void;

/** @param folder where main.log is kept */
export function openLog(folder: string): Log {
  const file = path.join(folder, 'main.log');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return (level, message, detail) => {
    const entry = { time: new Date().toISOString(), level, message: redact(message), ...(detail === undefined ? {} : { detail: redact(textOf(detail)) }) };
    try {
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_SIZE) renameSync(file, `${file}.1`);
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not end the app; there is nowhere left to say so.
    }
    if (level !== 'info') console.error(`tiphys: ${entry.message}`);
  };
}

function textOf(detail: unknown): string {
  if (detail instanceof Error) return detail.cause === undefined ? detail.stack ?? detail.message : `${detail.stack ?? detail.message}\ncaused by: ${textOf(detail.cause)}`;
  return typeof detail === 'string' ? detail : JSON.stringify(detail);
}
