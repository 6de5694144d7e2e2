/** stop, terminate, suspend, resume, retry, resubmit. */
import type { RunAction } from '../../engine/index.ts';
import type { Command, CommandContext, OptionSpec } from './command.ts';
import type { Connection } from './connect.ts';
import { carryOn, followRun } from './follow.ts';
import { connected, findNode, FOLLOW, followMode, nextSteps, PARAMETER } from './runs.ts';
import { formatted, OBJECT_FORMS } from './output.ts';

interface ActionCommand {
  name: string;
  summary: string;
  details?: string;
  done: string;
  options?: Record<string, OptionSpec>;
  /** Of the run that is acted on. */
  action: (context: CommandContext, connection: Connection, run: string) => Promise<RunAction> | RunAction;
  examples?: string[];
}

/** All of them take runs, act on each, and can follow one afterwards. */
function actionCommand(spec: ActionCommand): Command {
  return {
    name: spec.name, operands: 'NAME… [options]', count: [1, 1000], connects: true, outputs: OBJECT_FORMS,
    summary: spec.summary, ...(spec.details !== undefined && { details: spec.details }), ...(spec.examples && { examples: spec.examples }),
    options: { ...spec.options, ...FOLLOW },
    run: (context) => connected(context, async (connection) => {
      const { io, options, operands } = context;
      const mode = operands.length === 1 ? followMode(options) : undefined;
      if (mode) await carryOn(connection, io);
      const output = options.text('output');
      let name = operands[0] ?? '';
      for (const run of operands) {
        const result = await connection.engine.act(connection.namespace, run, await spec.action(context, connection, run));
        name = result?.metadata.name ?? run;
        if (output) io.out(formatted(output, result ?? { metadata: { name } }));
        else io.out(name === run ? `${run} ${spec.done}\n` : `${run} ${spec.done} as ${name}\n`);
      }
      if (mode) return followRun(connection, name, mode, io);
      if (!output) io.err(nextSteps(connection, name));
      return 0;
    }),
  };
}

function message(context: CommandContext): { message?: string } {
  const text = context.options.text('message');
  return text === undefined ? {} : { message: text };
}

const MESSAGE: Record<string, OptionSpec> = { message: { type: 'string', short: 'm', argument: 'TEXT', help: 'why' } };

export const actions: Command[] = [
  actionCommand({
    name: 'stop', done: 'stopped', summary: 'Ends the steps of runs; exit handlers still run.', options: MESSAGE,
    action: (context) => ({ action: 'stop', ...message(context) }), examples: ['tiphys stop hello-x7k2p --wait'],
  }),
  actionCommand({
    name: 'terminate', done: 'terminated', summary: 'Ends runs at once, without their exit handlers.', options: MESSAGE,
    action: (context) => ({ action: 'terminate', ...message(context) }), examples: ['tiphys terminate hello-x7k2p'],
  }),
  actionCommand({
    name: 'suspend', done: 'suspended', summary: 'Lets runs start nothing new until they are resumed. What runs goes on.',
    action: () => ({ action: 'suspend' }), examples: ['tiphys suspend hello-x7k2p'],
  }),
  actionCommand({
    name: 'resume', done: 'resumed', summary: 'Lets suspended runs, and steps that wait for a person, go on.',
    options: {
      node: { type: 'string', argument: 'STEP', help: 'only this waiting step: its display name, name or id' },
      parameter: { ...PARAMETER, help: 'output parameter that the waiting step asks for; may be given again' },
    },
    action: async (context, { engine, namespace }, run) => {
      const step = context.options.text('node');
      const node = step === undefined ? undefined : findNode(await engine.getRun(namespace, run), step);
      const outputs = context.options.pairs('parameter');
      return { action: 'resume', ...(node && { nodeId: node.id }), ...(Object.keys(outputs).length && { outputs }) };
    },
    examples: ['tiphys resume release-4kq2m --node approve -p decision=yes --watch'],
  }),
  actionCommand({
    name: 'retry', done: 'retried', summary: 'Runs again what failed in runs that have ended; what succeeded stays.',
    options: {
      'restart-successful': { type: 'boolean', help: 'also steps that succeeded, of those that --node-field-selector names' },
      'node-field-selector': { type: 'string', argument: 'FIELD=VALUE', help: 'the steps to run again, such as displayName=build' },
      parameter: PARAMETER,
    },
    action: ({ options }) => {
      const selector = options.text('node-field-selector');
      const parameters = options.pairs('parameter');
      return {
        action: 'retry', restartSuccessful: options.flag('restart-successful'),
        ...(selector !== undefined && { nodeFieldSelector: selector }), ...(Object.keys(parameters).length && { parameters }),
      };
    },
    examples: ['tiphys retry hello-x7k2p --watch'],
  }),
  actionCommand({
    name: 'resubmit', done: 'resubmitted', summary: 'Runs finished or running workflows once more, as new runs.',
    options: { memoized: { type: 'boolean', help: 'keep the steps that succeeded' }, parameter: PARAMETER },
    action: ({ options }) => {
      const parameters = options.pairs('parameter');
      return { action: 'resubmit', memoized: options.flag('memoized'), ...(Object.keys(parameters).length && { parameters }) };
    },
    examples: ['tiphys resubmit hello-x7k2p -p message=again --log'],
  }),
];
