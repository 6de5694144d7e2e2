/** stop, terminate, suspend, resume, retry, resubmit. */
import type { RunAction } from '../../engine/index.ts';
import type { Command, CommandContext, OptionSpec } from './command.ts';
import type { Connection } from './connect.ts';
import { usageError } from './io.ts';
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

const SELECTOR: OptionSpec = { type: 'string', argument: 'FIELD=VALUE', help: 'only these waiting steps, such as displayName=approve' };

function selector(context: CommandContext): { nodeFieldSelector?: string } {
  const text = context.options.text('node-field-selector');
  return text === undefined ? {} : { nodeFieldSelector: text };
}

const MESSAGE: Record<string, OptionSpec> = { message: { type: 'string', short: 'm', argument: 'TEXT', help: 'why' } };

const PHASES: Readonly<Record<string, 'Succeeded' | 'Failed' | 'Error'>> = { Succeeded: 'Succeeded', Failed: 'Failed', Error: 'Error' };

export const actions: Command[] = [
  actionCommand({
    name: 'node set', done: 'set', summary: 'Sets outputs, message or phase of steps that wait for a person.',
    options: {
      'node-field-selector': SELECTOR, 'output-parameter': { ...PARAMETER, help: 'output parameter that the waiting step asks for; may be given again' }, ...MESSAGE,
      phase: { type: 'string', argument: 'PHASE', help: 'Succeeded, Failed or Error: ends the steps' },
    },
    action: (context) => {
      const { nodeFieldSelector } = selector(context);
      if (nodeFieldSelector === undefined) throw usageError('tiphys node set needs --node-field-selector.', 'Such as --node-field-selector displayName=approve.');
      const wanted = context.options.text('phase');
      const phase = wanted === undefined ? undefined : PHASES[wanted];
      if (wanted !== undefined && !phase) throw usageError(`${wanted} is no phase to set.`, 'Choose Succeeded, Failed or Error.');
      return { action: 'set', nodeFieldSelector, outputs: context.options.pairs('output-parameter'), ...message(context), ...(phase && { phase }) };
    },
    examples: ['tiphys node set release-4kq2m --node-field-selector displayName=approve -p decision=yes'],
  }),
  actionCommand({
    name: 'stop', done: 'stopped', summary: 'Ends the steps of runs; exit handlers still run. With a selector only the waiting steps it names fail.', options: { ...MESSAGE, 'node-field-selector': SELECTOR },
    action: (context) => ({ action: 'stop', ...message(context), ...selector(context) }), examples: ['tiphys stop hello-x7k2p --wait'],
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
      node: { type: 'string', argument: 'STEP', help: 'only this waiting step: its display name, name or id' }, 'node-field-selector': SELECTOR, ...MESSAGE,
      parameter: { ...PARAMETER, help: 'output parameter that the waiting step asks for; may be given again' },
    },
    action: async (context, { engine, namespace }, run) => {
      const step = context.options.text('node');
      const node = step === undefined ? undefined : findNode(await engine.getRun(namespace, run), step);
      const outputs = context.options.pairs('parameter');
      return { action: 'resume', ...message(context), ...selector(context), ...(node && { nodeId: node.id }), ...(Object.keys(outputs).length && { outputs }) };
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
      const steps = options.text('node-field-selector');
      const parameters = options.pairs('parameter');
      return {
        action: 'retry', restartSuccessful: options.flag('restart-successful'),
        ...(steps !== undefined && { nodeFieldSelector: steps }), ...(Object.keys(parameters).length && { parameters }),
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
