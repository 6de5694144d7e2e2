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

const WINDOW = 'the Tiphys window';

/** @returns this program as another one names it to people */
function programName(): string {
  // Electron's main process; the command line may run on the same program as plain Node.
  if ((process as { type?: string }).type === 'browser') return WINDOW;
  const command = process.argv[2] ?? '';
  return /^[a-z]+$/.test(command) ? `\`tiphys ${command}\`` : 'another program';
}

function inUse(pid: number, program: string): AppError {
  const hint = program === WINDOW
    ? 'Use the local cluster in that window, or close the window and try again.'
    : 'Wait until it has ended, or end it (Ctrl-C in its terminal: its runs are carried on by the next program), and try again.';
  return new AppError('unavailable', `The local cluster is open in ${program} (process ${pid}).`, { retryable: true, hint });
}

/** Takes the folder, or throws `unavailable` saying who has it. @returns what gives it back */
export function holdFolder(folder: string): () => void {
  const path = join(folder, 'in-use');
  for (let attempt = 0; ; attempt += 1) {
    try {
      const fd = openSync(path, 'wx', 0o600);
      writeSync(fd, `${process.pid} ${startOf(process.pid)}\n${programName()}`);
      closeSync(fd);
      held.add(path);
      return () => {
        held.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [holder = '', program = 'another program'] = readFileSync(path, 'utf8').split('\n');
    const [pid = 0, start = ''] = holder.split(' ').map((part, at) => (at === 0 ? Number(part) : part)) as [number?, string?];
    const theirs = pid === process.pid ? held.has(path) : pid > 0 && alive(pid) && startOf(pid) === start;
    if (theirs || attempt > 3) throw inUse(pid, program);
    rmSync(path, { force: true });
  }
}
