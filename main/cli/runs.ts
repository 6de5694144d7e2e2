/** submit, list, get, watch, logs, delete. */
import { AppError } from '../../engine/spec/error.ts';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import type { RunSummary, SubmitOptions } from '../../engine/index.ts';
import { parse } from 'yaml';
import type { Command, CommandContext, OptionSpec, Options } from './command.ts';
import type { Connection } from './connect.ts';
import { carryOn, followRun, printLogs } from './follow.ts';
import type { FollowMode } from './follow.ts';
import { sourceOf } from './source.ts';
import { readNamed } from './files.ts';
import { painter, plain, usageError } from './io.ts';
import { readForSubmit } from './manifests.ts';
import { formatted, OBJECT_FORMS } from './output.ts';
import { table } from './table.ts';
import { span } from './time.ts';
import { renderRun } from './tree.ts';

export const PARAMETER: OptionSpec = { type: 'string', short: 'p', multiple: true, argument: 'NAME=VALUE', help: 'value of a parameter; may be given again' };
export const FOLLOW: Record<string, OptionSpec> = {
  watch: { type: 'boolean', short: 'w', help: 'show the run until it ends' },
  log: { type: 'boolean', help: 'print the steps\' logs until it ends' },
  wait: { type: 'boolean', help: 'return when it has ended' },
};

/** @returns how the run is to be followed; undefined when it is not. Throws `usage` when two ways are asked for. */
export function followMode(options: Options): FollowMode | undefined {
  const modes = (['watch', 'log', 'wait'] as const).filter((mode) => options.flag(mode));
  if (modes.length > 1) throw usageError(`--${modes.join(' and --')} exclude each other.`);
  return modes[0];
}

/** Opens the connection for `work` and closes it, whatever happens. */
export async function connected(context: CommandContext, work: (connection: Connection) => Promise<number>): Promise<number> {
  const connection = await context.connect(context.connection, context.io);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** What stands on the screen when a run was made or set going and this process does not stay for it. */
export function nextSteps(connection: Connection, name: string): string {
  return `It goes on while an engine runs for the namespace: the app, \`tiphys engine${connection.flags}\`, or \`tiphys watch ${name}${connection.flags}\`.\n`;
}

export const submit: Command = {
  name: 'submit', operands: 'FILE… | --from KIND/NAME [options]', count: [0, 100], connects: true, outputs: OBJECT_FORMS,
  summary: 'Checks the workflows of the files and creates a run of each. `-` reads standard input.',
  details: 'With --watch, --log or --wait the engine runs in this process until the run has ended; the exit code is then the run\'s.',
  options: {
    from: { type: 'string', argument: 'KIND/NAME', help: 'run a cronwf, workflowtemplate or clusterworkflowtemplate of the cluster' },
    parameter: PARAMETER,
    'parameter-file': { type: 'string', short: 'f', argument: 'FILE', help: 'YAML or JSON file with a map of parameters' },
    name: { type: 'string', argument: 'NAME', help: 'name of the run' },
    'generate-name': { type: 'string', argument: 'PREFIX', help: 'start of a generated name' },
    entrypoint: { type: 'string', argument: 'TEMPLATE', help: 'template to begin with' },
    'service-account': { type: 'string', argument: 'NAME', help: 'service account of the Pods' },
    labels: { type: 'string', short: 'l', multiple: true, argument: 'NAME=VALUE', help: 'label of the run; may be given again' },
    'dry-run': { type: 'boolean', help: 'check only, on the server too' },
    ...FOLLOW,
  },
  examples: ['tiphys submit hello.yaml -p message=hi --watch', 'tiphys submit --from cronwf/nightly', 'tiphys submit hello.yaml --context local --log'],
  run: async (context) => {
    const { io, options } = context;
    const mode = followMode(options);
    const from = options.text('from');
    const source = from === undefined ? undefined : sourceOf(from);
    if ((source === undefined) === (context.operands.length === 0)) throw usageError('tiphys submit takes files, or --from KIND/NAME.', '`tiphys submit --help` shows what it takes.');
    const workflows = (await Promise.all(context.operands.map((file) => readForSubmit(file, io)))).flat();
    if (workflows.length > 1 && (mode || options.text('name') !== undefined)) throw usageError('--watch, --log, --wait and --name take one workflow at a time.');
    const parameters = { ...(await parameterFile(options.text('parameter-file'), context)), ...options.pairs('parameter') };
    return connected(context, async (connection) => {
      const { engine, namespace } = connection;
      const wanted = submitOptions(options, namespace, parameters);
      if (mode && !wanted.dryRun) await carryOn(connection, io);
      const made: Workflow[] = [];
      if (source) made.push(await engine.definitions.submit(source.kind, source.name, wanted));
      for (const workflow of workflows) made.push(await engine.submit(workflow, wanted));
      const output = options.text('output');
      if (output) io.out(formatted(output, made.length === 1 && made[0] ? made[0] : made));
      else for (const run of made) io.out(wanted.dryRun ? `${run.metadata.name ?? run.metadata.generateName ?? ''} would run\n` : `${run.metadata.name ?? ''} submitted to namespace ${namespace} of ${connection.contextName}\n`);
      const name = made[0]?.metadata.name ?? '';
      if (wanted.dryRun) return 0;
      if (mode) return followRun(connection, name, mode, io);
      if (!output) io.err(nextSteps(connection, name));
      return 0;
    });
  },
};

function submitOptions(options: Options, namespace: string, parameters: Record<string, string>): SubmitOptions {
  const wanted: SubmitOptions = { namespace, parameters, labels: options.pairs('labels'), dryRun: options.flag('dry-run') };
  const name = options.text('name');
  const generateName = options.text('generate-name');
  const entrypoint = options.text('entrypoint');
  const serviceAccount = options.text('service-account');
  return {
    ...wanted, ...(name !== undefined && { name }), ...(generateName !== undefined && { generateName }),
    ...(entrypoint !== undefined && { entrypoint }), ...(serviceAccount !== undefined && { serviceAccount }),
  };
}

async function parameterFile(file: string | undefined, context: CommandContext): Promise<Record<string, string>> {
  if (file === undefined) return {};
  const { text } = await readNamed(file, context.io);
  const value = parse(text) as unknown;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AppError('invalid', `${file} is not a map of parameters.`, { hint: 'Write one `name: value` a line.' });
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, typeof entry === 'string' ? entry : JSON.stringify(entry)]));
}

export const list: Command = {
  name: 'list', operands: '[options]', count: [0, 0], connects: true, outputs: ['wide', ...OBJECT_FORMS],
  summary: 'Lists the runs of a namespace, newest first.',
  options: {
    status: { type: 'string', argument: 'PHASE,…', help: 'only runs in these phases' },
    running: { type: 'boolean', help: 'only runs that have not ended' },
    completed: { type: 'boolean', help: 'only runs that have ended' },
    limit: { type: 'string', argument: 'N', help: 'at most so many' },
  },
  examples: ['tiphys list -n team-a --status Failed,Error'],
  run: (context) => connected(context, async ({ engine, namespace, contextName }) => {
    const { io, options } = context;
    const phases = options.text('status')?.split(',').map((phase) => phase.trim().toLowerCase());
    const limit = options.count('limit');
    const runs = (await engine.listRuns(namespace)).filter((run) =>
      (!phases || phases.includes((run.phase || 'Pending').toLowerCase())) && (!options.flag('running') || !run.finishedAt) && (!options.flag('completed') || Boolean(run.finishedAt)));
    const shown = limit === undefined ? runs : runs.slice(0, limit);
    const output = options.text('output');
    if (output && output !== 'wide') io.out(formatted(output, output === 'name' ? shown.map((run) => ({ metadata: { name: run.name } })) : { items: shown }));
    else if (!shown.length) io.err(`There are no such runs in namespace ${namespace} of ${contextName}.\n`);
    else io.out(`${listLines(shown, output === 'wide', io).join('\n')}\n`);
    // What the cluster may hold and we may not see must not look like nothing.
    const { store, reason } = output ? { store: undefined, reason: undefined } : await engine.store(namespace);
    if (store === 'disk' && reason) io.err(`Runs of this machine only: ${reason}\n`);
    return 0;
  }),
};

const PHASE_COLOUR: Record<string, string> = { Succeeded: 'green', Failed: 'red', Error: 'red', Running: 'blue' };

function listLines(runs: readonly RunSummary[], wide: boolean, io: CommandContext['io']): string[] {
  const paint = painter(io);
  const now = io.now();
  const rows = runs.map((run) => {
    const phase = run.phase || 'Pending';
    return [
      run.name, paint(run.suspended && !run.finishedAt ? 'yellow' : (PHASE_COLOUR[phase] ?? 'yellow'), run.suspended && !run.finishedAt ? `${phase} (suspended)` : phase),
      span(run.createdAt, undefined, now), span(run.startedAt, run.finishedAt, now), run.progress ?? '', ...(wide ? [run.ours ? 'Tiphys' : 'another controller'] : []), plain(run.note ?? run.message ?? '').replaceAll('\n', ' '),
    ];
  });
  return table(['NAME', 'STATUS', 'AGE', 'DURATION', 'PROGRESS', ...(wide ? ['ENGINE'] : []), 'MESSAGE'], rows);
}

export const get: Command = {
  name: 'get', operands: 'NAME [options]', count: [1, 1], connects: true, outputs: OBJECT_FORMS,
  summary: 'Shows a run: its phase, parameters, and the tree of its steps.',
  options: {},
  examples: ['tiphys get hello-x7k2p', 'tiphys get hello-x7k2p -o yaml'],
  run: (context) => connected(context, async ({ engine, namespace }) => {
    const run = await engine.getRun(namespace, context.operands[0] ?? '');
    const output = context.options.text('output');
    context.io.out(output ? formatted(output, run) : `${renderRun(run, context.io).join('\n')}\n`);
    return 0;
  }),
};

export const watch: Command = {
  name: 'watch', operands: 'NAME [options]', count: [1, 1], connects: true,
  summary: 'Shows a run until it ends, and carries it on meanwhile. The exit code is the run\'s.',
  options: {},
  examples: ['tiphys watch hello-x7k2p'],
  run: (context) => connected(context, async (connection) => {
    const name = context.operands[0] ?? '';
    await connection.engine.getRun(connection.namespace, name);
    await carryOn(connection, context.io);
    return followRun(connection, name, 'watch', context.io);
  }),
};

export const logs: Command = {
  name: 'logs', operands: 'NAME [STEP] [options]', count: [1, 2], connects: true,
  summary: 'Prints the logs of a run\'s steps in the order of their times, or of one step: its display name, name, id or Pod.',
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on until the run ends' },
    container: { type: 'string', short: 'c', argument: 'NAME', help: 'container (default: main)' },
    tail: { type: 'string', argument: 'N', help: 'only the last lines of each step' },
    timestamps: { type: 'boolean', help: 'print the time of each line' },
    'no-prefix': { type: 'boolean', help: 'print no names of steps' },
  },
  examples: ['tiphys logs hello-x7k2p -f', 'tiphys logs hello-x7k2p build --tail 100'],
  run: (context) => connected(context, async (connection) => {
    const { io, options, operands } = context;
    const [name = '', step] = operands;
    const run = await connection.engine.getRun(connection.namespace, name);
    const node = step === undefined ? undefined : findNode(run, step);
    const follow = options.flag('follow') && !run.status?.finishedAt;
    if (follow) await carryOn(connection, io);
    const container = options.text('container');
    const tailLines = options.count('tail');
    const read = await printLogs(connection, name, {
      follow, bare: options.flag('no-prefix'), timestamps: options.flag('timestamps'), ...(node && { nodeId: node.id }), ...(container !== undefined && { container }), ...(tailLines !== undefined && { tailLines }),
    }, io);
    if (read) return 0;
    throw new AppError('gone', 'The Pod is gone and its log was not kept.', { hint: 'Logs are kept on the machine whose engine saw the step end.' });
  }),
};

/** @returns the step a person means. Throws `not-found` with what there is. */
export function findNode(run: Workflow, wanted: string): NodeStatus {
  const nodes = Object.values(run.status?.nodes ?? {});
  const matches = nodes.filter((node) => node.id === wanted || node.name === wanted || node.displayName === wanted || (node.type === 'Pod' && wanted.endsWith(node.id.slice(node.id.lastIndexOf('-')))));
  const pods = matches.filter((node) => node.type === 'Pod');
  const found = pods.length === 1 ? pods[0] : matches.length === 1 ? matches[0] : undefined;
  if (found) return found;
  const run_ = run.metadata.name ?? '';
  if (matches.length > 1) throw new AppError('usage', `"${wanted}" names ${matches.length} steps of ${run_}.`, { hint: `Say which: ${matches.map((node) => node.name).join(', ')}` });
  const names = nodes.filter((node) => node.type === 'Pod' || node.type === 'Suspend').map((node) => node.displayName);
  throw new AppError('not-found', `Run ${run_} has no step "${wanted}".`, { hint: names.length ? `Steps: ${[...new Set(names)].slice(0, 20).join(', ')}` : 'It has no steps yet.' });
}

export const remove: Command = {
  name: 'delete', operands: 'NAME… [options]', count: [0, 1000], connects: true, outputs: ['name'],
  summary: 'Deletes runs with their Pods, and the logs that were kept.',
  options: { completed: { type: 'boolean', help: 'all runs of ours that have ended' } },
  examples: ['tiphys delete hello-x7k2p', 'tiphys delete --completed'],
  run: (context) => connected(context, async ({ engine, namespace }) => {
    const { io, options, operands } = context;
    if (!operands.length && !options.flag('completed')) throw usageError('tiphys delete needs NAME…, or --completed.');
    const completed = options.flag('completed') ? (await engine.listRuns(namespace)).filter((run) => run.ours && run.finishedAt).map((run) => run.name) : [];
    for (const name of [...operands, ...completed]) {
      await engine.act(namespace, name, { action: 'delete' });
      io.out(options.text('output') === 'name' ? `${name}\n` : `${name} deleted\n`);
    }
    return 0;
  }),
};
