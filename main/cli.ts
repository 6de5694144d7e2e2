/** `tiphys` in a terminal. Run by scripts/tiphys.mjs from the sources, or built as out/main/cli.cjs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from './cli/connect.ts';
import type { Io } from './cli/io.ts';
import { runProgram } from './cli/program.ts';
import { appRoot } from './paths.ts';

const PATIENCE_MS = 5_000;
const interruption = new AbortController();

function onSignal(): void {
  // A second Ctrl-C, or an end that takes too long, ends the process as it is: every state can be found again.
  if (interruption.signal.aborted) process.exit(1);
  interruption.abort();
  setTimeout(() => process.exit(1), PATIENCE_MS).unref();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
for (const stream of [process.stdout, process.stderr]) {
  // The reader of a pipe has gone: nothing is left to say.
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
}

const io: Io = {
  out: (chunk) => void process.stdout.write(chunk),
  err: (chunk) => void process.stderr.write(chunk),
  env: process.env, cwd: process.cwd(), tty: process.stdout.isTTY, columns: process.stdout.columns || 80,
  now: () => Date.now(), interrupted: interruption.signal, readStdin: () => text(process.stdin),
};
const { version } = JSON.parse(readFileSync(path.join(appRoot, 'package.json'), 'utf8')) as { version: string };

void runProgram(process.argv.slice(2), io, version, connect).then((code) => {
  process.exitCode = code;
  // Sockets that are kept alive must not keep the program.
  process.stdout.write('', () => process.exit(code));
});
