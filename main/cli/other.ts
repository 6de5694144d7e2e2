/** contexts, lint, engine. */
import type { EngineHolder } from '../../engine/index.ts';
import type { Command } from './command.ts';
import { LOCAL, readContexts } from './connect.ts';
import { readAll } from './files.ts';
import { painter, plain } from './io.ts';
import type { Io } from './io.ts';
import { lintNamed } from './manifests.ts';
import { diagnosticLines, formatted, positionOf } from './output.ts';
import { connected } from './runs.ts';
import { table } from './table.ts';

export const contexts: Command = {
  name: 'contexts', operands: '[options]', count: [0, 0], connects: false, outputs: ['json', 'yaml', 'name'],
  summary: 'Lists the contexts of the kubeconfig, and `local`, the cluster on this machine that is always there.',
  options: { kubeconfig: { type: 'string', argument: 'FILE', help: 'kubeconfig file (default: $KUBECONFIG, ~/.kube/config)' } },
  run: async ({ io, options, connection }) => {
    const config = await readContexts(connection, io);
    const entries = config.contexts.map((context) => ({
      name: context.label, current: context.id === config.current, server: context.cluster?.server ?? '', namespace: context.namespace ?? 'default', problems: context.problems.map((problem) => problem.message),
    }));
    const all = [...entries, { name: LOCAL, current: config.current === undefined, server: 'this machine', namespace: 'default', problems: [] as string[] }];
    const output = options.text('output');
    for (const file of config.files) if (file.error !== undefined) io.err(`${file.path}: ${plain(file.error)}\n`);
    if (output) io.out(formatted(output, output === 'name' ? all.map(({ name }) => ({ metadata: { name } })) : { contexts: all }));
    else io.out(`${table(['CURRENT', 'NAME', 'NAMESPACE', 'SERVER', 'PROBLEM'], all.map((c) => [c.current ? '*' : '', plain(c.name), plain(c.namespace), plain(c.server), plain(c.problems.join('; '))])).join('\n')}\n`);
    return 0;
  },
};

export const lint: Command = {
  name: 'lint', operands: 'FILE|FOLDER… [options]', count: [1, 10_000], connects: false, outputs: ['json'],
  summary: 'Checks workflows, templates and cron workflows; folders with all below them. `-` reads standard input.',
  details: 'Prints FILE:LINE:COLUMN: what is wrong. The exit code is 1 when there is an error, or with --strict a warning.',
  options: { strict: { type: 'boolean', help: 'warnings count as errors' } },
  examples: ['tiphys lint workflows/', 'tiphys lint hello.yaml -o json'],
  run: async ({ io, operands, options }) => {
    const files = await readAll(operands, io);
    const found = files.flatMap((file) => lintNamed(file).map((diagnostic) => ({ file, diagnostic })));
    const errors = found.filter(({ diagnostic }) => diagnostic.severity === 'error').length;
    const warnings = found.filter(({ diagnostic }) => diagnostic.severity === 'warning').length;
    if (options.text('output') === 'json') {
      io.out(formatted('json', {
        files: files.map((file) => file.name), errors, warnings,
        diagnostics: found.map(({ file, diagnostic }) => {
          const [line, column] = diagnostic.range ? positionOf(file.text, diagnostic.range.start) : [undefined, undefined];
          const { severity, code, message, path, hint } = diagnostic;
          return { file: file.name, line, column, severity, code, message, path, hint };
        }),
      }));
    } else {
      for (const { file, diagnostic } of found) io.out(`${coloured(diagnosticLines(file.name, file.text, diagnostic), diagnostic.severity, io).join('\n')}\n`);
      io.err(files.length ? `${count(files.length, 'file')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n` : 'There are no manifests there.\n');
    }
    return errors || (options.flag('strict') && warnings) ? 1 : 0;
  },
};

function coloured(lines: string[], severity: string, io: Io): string[] {
  const paint = painter(io);
  return lines.map((line, i) => (i === 0 ? line.replace(`: ${severity}: `, `: ${paint(severity === 'error' ? 'red' : 'yellow', severity)}: `) : line));
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

const HOLDER_MS = 1_000;

export const engine: Command = {
  name: 'engine', operands: '[options]', count: [0, 0], connects: true,
  summary: 'Runs the engine for a namespace in the foreground, until Ctrl-C. Runs go on while it does.',
  options: { 'install-crds': { type: 'boolean', help: 'first create the CRDs that are missing, so that runs are kept in the cluster' } },
  examples: ['tiphys engine -n team-a', 'tiphys engine --install-crds'],
  run: (context) => connected(context, async (connection) => {
    const { io, options } = context;
    if (options.flag('install-crds')) await connection.engine.installCrds();
    await connection.engine.start(connection.namespace);
    const { store, reason } = await connection.engine.store(connection.namespace);
    io.out(`Engine for namespace ${connection.namespace} of ${connection.contextName}. Runs are kept ${store === 'cluster' ? 'in the cluster' : 'on this machine'}. Ctrl-C ends it; Pods go on.\n`);
    if (reason) io.err(`${reason}\n`);
    const subscription = connection.engine.watchRuns(connection.namespace, (change) => {
      for (const run of change.upserts) if (run.ours && !change.reset) io.out(`${new Date(io.now()).toISOString().slice(11, 19)} ${(run.phase || 'Pending').padEnd(9)} ${run.name}${run.progress ? ` ${run.progress}` : ''}${run.note ? `  ${plain(run.note)}` : ''}\n`);
    });
    await new Promise<void>((resolve) => {
      let said = '';
      const look = (): void => {
        const text = holderText(connection.engine.holder(connection.namespace), connection.namespace);
        if (text !== said) io.err(`${text}\n`);
        said = text;
      };
      look();
      const timer = setInterval(look, HOLDER_MS);
      const end = (): void => {
        clearInterval(timer);
        resolve();
      };
      if (io.interrupted.aborted) end();
      else io.interrupted.addEventListener('abort', end, { once: true });
    });
    subscription.close();
    return 0;
  }),
};

function holderText(holder: EngineHolder, namespace: string): string {
  if (holder.state === 'us') return `Ready: the engine of namespace ${namespace} runs here.${holder.reason ? ` ${holder.reason}` : ''}`;
  if (holder.state === 'other') return `The engine of namespace ${namespace} runs at ${plain(holder.identity)}. This one takes over when that ends.`;
  return `Not running: ${holder.reason ?? 'connecting'}`;
}
