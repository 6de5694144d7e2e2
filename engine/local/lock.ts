/** One program at a time for a folder. */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../spec/error.ts';

const held = new Set<string>();

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The start of a process tells it from a later one with the same id. Empty where the system does not say. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Takes the folder, or throws `unavailable` saying who has it. @returns what gives it back */
export function holdFolder(folder: string): () => void {
  const path = join(folder, 'in-use');
  for (let attempt = 0; ; attempt += 1) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, `${process.pid} ${startOf(process.pid)}`);
      closeSync(fd);
      held.add(path);
      return () => {
        held.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid = 0, start = ''] = readFileSync(path, 'utf8').split(' ').map((part, at) => (at === 0 ? Number(part) : part)) as [number?, string?];
    const theirs = pid === process.pid ? held.has(path) : pid > 0 && alive(pid) && startOf(pid) === start;
    if (theirs || attempt > 3) {
      throw new AppError('unavailable', `The local cluster is open in another program (process ${pid}).`, { retryable: true, hint: 'Close the other window or command, or use that one.' });
    }
    rmSync(path, { force: true });
  }
}
