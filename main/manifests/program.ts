/** Other people's programs, run without a shell, within limits of time and output. */
import { spawn } from 'node:child_process';
import { AppError } from '../../engine/spec/error.ts';

const MOST_OUTPUT = 16 * 1024 * 1024;

export interface ProgramOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Milliseconds. */
  limit: number;
}

/** @returns what the program printed; undefined when there is no such program. Throws `invalid` with its own words, `timeout`, `too-large`. */
export async function runProgram(name: string, args: readonly string[], { cwd, env, limit }: ProgramOptions): Promise<string | undefined> {
  const child = spawn(name, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let size = 0;
  let reason: AppError | undefined;
  const end = (error: AppError): void => {
    reason ??= error;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => { end(new AppError('timeout', `${name} did not end within ${limit / 1000} seconds.`, { hint: `Try \`${name} ${args.join(' ')}\` in a terminal.` })); }, limit);
  for (const [stream, chunks] of [[child.stdout, out], [child.stderr, err]] as const) {
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT) end(new AppError('too-large', `${name} printed more than 16 MiB.`));
      else chunks.push(chunk);
    });
  }
  const code = await new Promise<number | null | 'missing'>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('missing');
      else reject(new AppError('invalid', `${name} could not be started: ${error.message}`, { cause: error }));
    });
    child.on('close', resolve);
  }).finally(() => { clearTimeout(timer); });
  if (reason) throw reason;
  if (code === 'missing') return undefined;
  if (code !== 0) throw new AppError('invalid', lastWords(name, Buffer.concat(err).toString('utf8'), code), { hint: `\`${name} ${args.join(' ')}\` in a terminal shows the same.` });
  return Buffer.concat(out).toString('utf8');
}

function lastWords(name: string, said: string, code: number | null): string {
  const words = said.trim().replace(/^Error: /m, '');
  return words ? `${name}: ${words.slice(0, 2000)}` : `${name} ended with code ${code ?? 'none'}.`;
}
