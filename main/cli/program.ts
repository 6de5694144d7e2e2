/** The `tiphys` command: which command is meant, its help, its errors, its exit code. */
import { isAppError } from '../../engine/spec/error.ts';
import { actions } from './act.ts';
import { artifacts, copy } from './artifacts.ts';
import { helpOf, parseCommand } from './command.ts';
import type { Command } from './command.ts';
import type { Connect } from './connect.ts';
import { definitions } from './definitions.ts';
import type { Io } from './io.ts';
import { fromManifests } from './from-manifests.ts';
import { contexts, engine, lint } from './other.ts';
import { metrics } from './metrics.ts';
import { errorText } from './output.ts';
import { get, list, logs, remove, submit, watch } from './runs.ts';

export const COMMANDS: readonly Command[] = [contexts, lint, fromManifests, submit, list, get, watch, logs, artifacts, copy, ...actions, remove, ...definitions, metrics, engine];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * @param args after the program's name
 * @returns the exit code: 0 well, 1 a failed run or an error, 2 called wrongly
 */
export async function runProgram(args: readonly string[], io: Io, version: string, connect: Connect): Promise<number> {
  const [name, ...rest] = grouped(args);
  if (name === undefined) {
    io.err(overview());
    return EXIT_USAGE;
  }
  if (name === '--version' || name === 'version') {
    io.out(`tiphys ${version}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') return help(grouped(rest)[0], io);
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (!command) {
    if (rest.some((arg) => arg === '--help' || arg === '-h') && COMMANDS.some((candidate) => candidate.name.startsWith(`${name} `))) return help(name, io);
    io.err(`tiphys: there is no command "${[name, ...rest.slice(0, COMMANDS.some((candidate) => candidate.name.startsWith(`${name} `)) ? 1 : 0)].join(' ')}".\n${nearest(name)}\n`);
    return EXIT_USAGE;
  }
  try {
    const parsed = parseCommand(command, rest);
    if (parsed.help) return help(name, io);
    return await command.run({ io, connect, ...parsed });
  } catch (error) {
    if (io.interrupted.aborted) return EXIT_FAILED;
    io.err(errorText(error));
    return isAppError(error, 'usage') ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** `cron list …` is one command: its two words become one. */
function grouped(args: readonly string[]): string[] {
  const [first, second, ...rest] = args;
  if (first === undefined) return [];
  const two = `${first} ${second ?? ''}`;
  return COMMANDS.some((command) => command.name === two) ? [two, ...rest] : [...args];
}

function help(name: string | undefined, io: Io): number {
  const group = COMMANDS.filter((candidate) => candidate.name.startsWith(`${name ?? ''} `));
  if (group.length) {
    io.out(overview(group));
    return 0;
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (name !== undefined && !command) {
    io.err(`tiphys: there is no command "${name}".\n${nearest(name)}\n`);
    return EXIT_USAGE;
  }
  io.out(command ? helpOf(command) : overview());
  return 0;
}

function overview(shown: readonly Command[] = COMMANDS): string {
  const column = Math.max(...shown.map((command) => command.name.length));
  return [
    'Usage: tiphys COMMAND [arguments]', '', 'Runs and watches workflows in the language of Argo Workflows, with nothing installed in the cluster.', '', 'Commands:',
    ...shown.map((command) => `  ${command.name.padEnd(column)}  ${command.summary.split('. ')[0]?.replace(/\.$/, '') ?? ''}`),
    '', '`tiphys COMMAND --help` shows what a command takes. Exit codes: 0 well, 1 a failed run or an error, 2 called wrongly.', '',
  ].join('\n');
}

/** @returns a hint with the commands that begin alike, or where all are shown */
function nearest(name: string): string {
  const alike = COMMANDS.map((command) => command.name).filter((candidate) => candidate.startsWith(name.slice(0, 2)));
  return alike.length ? `  Did you mean ${alike.map((candidate) => `\`tiphys ${candidate}\``).join(' or ')}?` : '  `tiphys help` shows all commands.';
}
