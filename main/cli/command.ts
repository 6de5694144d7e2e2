/** What a command is, and how its arguments are read. */
import { parseArgs } from 'node:util';
import type { Connect, ConnectionOptions } from './connect.ts';
import { usageError } from './io.ts';
import type { Io } from './io.ts';

export interface OptionSpec {
  type: 'string' | 'boolean';
  short?: string;
  multiple?: boolean;
  /** `NAME=VALUE`; shown in the help. */
  argument?: string;
  help: string;
}

export interface CommandContext {
  io: Io;
  connect: Connect;
  /** What is not an option. */
  operands: string[];
  options: Options;
  connection: ConnectionOptions;
}

export interface Command {
  name: string;
  /** After the name: `FILE [options]`. */
  operands: string;
  /** How many operands are taken. */
  count: [least: number, most: number];
  summary: string;
  details?: string;
  options: Record<string, OptionSpec>;
  /** Takes --context and -n. */
  connects: boolean;
  outputs?: readonly string[];
  examples?: string[];
  /** @returns the exit code */
  run(context: CommandContext): Promise<number>;
}

const CONNECTION: Record<string, OptionSpec> = {
  namespace: { type: 'string', short: 'n', argument: 'NAME', help: 'namespace (default: the context\'s own)' },
  context: { type: 'string', argument: 'NAME', help: 'context of the kubeconfig, or `local` (default: the current one)' },
  kubeconfig: { type: 'string', argument: 'FILE', help: 'kubeconfig file (default: $KUBECONFIG, ~/.kube/config)' },
  'registry-mirror': { type: 'string', multiple: true, argument: 'REGISTRY=URL', help: 'where to look up what images run; `*` for every registry (also $TIPHYS_REGISTRY_MIRRORS, setting registry.mirrors)' },
  verbose: { type: 'boolean', help: 'say what the engine does' },
};
const HELP: Record<string, OptionSpec> = { help: { type: 'boolean', short: 'h', help: 'show this help' } };

/** Options as they were given, by name. */
export class Options {
  readonly #values: Record<string, unknown>;

  constructor(values: Record<string, unknown>) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  list(name: string): string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  }

  /** @returns `-p name=value` as a map. Throws `usage`. */
  pairs(name: string): Record<string, string> {
    const pairs: Record<string, string> = {};
    for (const entry of this.list(name)) {
      const at = entry.indexOf('=');
      if (at < 1) throw usageError(`"${entry}" is not NAME=VALUE.`);
      pairs[entry.slice(0, at)] = entry.slice(at + 1);
    }
    return pairs;
  }

  /** @returns a whole number that is not negative. Throws `usage`. */
  count(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value)) throw usageError(`--${name} takes a number, not "${value}".`);
    return Number(value);
  }
}

export function allOptions(command: Command): Record<string, OptionSpec> {
  const output: Record<string, OptionSpec> = command.outputs ? { output: { type: 'string', short: 'o', argument: command.outputs.join('|'), help: 'form of the output' } } : {};
  return { ...command.options, ...output, ...(command.connects && CONNECTION), ...HELP };
}

/** @returns operands and options, or that help is asked for. Throws `usage`. */
export function parseCommand(command: Command, args: readonly string[]): { operands: string[]; options: Options; connection: ConnectionOptions; help: boolean } {
  const specs = allOptions(command);
  const hint = `\`tiphys ${command.name} --help\` shows what it takes.`;
  const config = Object.fromEntries(Object.entries(specs).map(([name, { type, short, multiple }]) => [name, { type, ...(short && { short }), ...(multiple && { multiple }) }]));
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(firstSentence(error), hint);
  }
  const values = parsed.values as Record<string, unknown>;
  const options = new Options(values);
  const help = options.flag('help');
  const [least, most] = command.count;
  if (!help && parsed.positionals.length < least) throw usageError(`tiphys ${command.name} needs ${command.operands.split(' [')[0] ?? ''}.`, hint);
  if (!help && parsed.positionals.length > most) throw usageError(`"${parsed.positionals[most] ?? ''}" is one too many for tiphys ${command.name}.`, hint);
  const output = options.text('output');
  if (output !== undefined && !command.outputs?.includes(output)) throw usageError(`-o takes ${command.outputs?.join(', ') ?? ''}, not "${output}".`, hint);
  const connection: ConnectionOptions = { verbose: options.flag('verbose') };
  for (const name of ['context', 'kubeconfig', 'namespace'] as const) {
    const value = options.text(name);
    if (value !== undefined) connection[name] = value;
  }
  const mirrors = options.list('registry-mirror');
  if (mirrors.length) connection.mirrors = mirrors;
  return { operands: parsed.positionals, options, connection, help };
}

/** parseArgs explains in several sentences how to escape; the first says what is wrong. */
function firstSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('. ')[0] ?? message).replace(/\.?$/, '.');
}

export function helpOf(command: Command): string {
  const options = Object.entries(allOptions(command)).map(([name, { short, argument, help }]): [string, string] =>
    [`${short ? `-${short}, ` : '    '}--${name}${argument ? ` ${argument}` : ''}`, help]);
  const column = Math.max(...options.map(([left]) => left.length));
  return [
    `Usage: tiphys ${command.name} ${command.operands}`.trimEnd(), '', command.summary,
    ...(command.details ? ['', command.details] : []),
    '', 'Options:', ...options.map(([left, help]) => `  ${left.padEnd(column)}  ${help}`),
    ...(command.examples?.length ? ['', 'Examples:', ...command.examples.map((example) => `  ${example}`)] : []), '',
  ].join('\n');
}
