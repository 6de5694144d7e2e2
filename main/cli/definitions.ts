/** cron … and template …: CronWorkflows, WorkflowTemplates and ClusterWorkflowTemplates. */
import { scheduleWords } from '../../engine/index.ts';
import type { BackfillOptions, DefinitionKind, DefinitionSummary, ScheduleSummary } from '../../engine/index.ts';
import type { Command, CommandContext, OptionSpec } from './command.ts';
import type { Connection } from './connect.ts';
import { painter, plain, usageError } from './io.ts';
import { readDefinitions } from './manifests.ts';
import type { NamedDefinition } from './manifests.ts';
import { lint } from './other.ts';
import { formatted, OBJECT_FORMS } from './output.ts';
import { connected, nextSteps } from './runs.ts';
import { table } from './table.ts';
import { moment, span } from './time.ts';

const CLUSTER: Record<string, OptionSpec> = { cluster: { type: 'boolean', help: 'ClusterWorkflowTemplates: of the whole cluster' } };
const DRY: Record<string, OptionSpec> = { 'dry-run': { type: 'boolean', help: 'check only' } };

interface Group {
  name: 'cron' | 'template';
  noun: string;
  nouns: string;
  options: Record<string, OptionSpec>;
  kindOf: (context: CommandContext) => DefinitionKind;
  lines: (found: readonly DefinitionSummary[], context: CommandContext) => string[];
  details: (found: DefinitionSummary, connection: Connection, context: CommandContext) => Promise<string[]> | string[];
}

/** Both groups list, show, create, update, delete and lint in the same manner. */
function commandsOf(group: Group): Command[] {
  const { name, noun, nouns, options, kindOf } = group;
  const wanted = (objects: readonly NamedDefinition[], context: CommandContext): NamedDefinition[] =>
    objects.map((object) => {
      const fits = name === 'cron' ? object.kind === 'CronWorkflow' : object.kind !== 'CronWorkflow';
      if (!fits) throw usageError(`${object.file} holds a ${object.kind}.`, `\`tiphys ${name === 'cron' ? 'template' : 'cron'} ${context.operands.length ? 'create' : 'list'}\` takes it.`);
      return object;
    });
  const write = (verb: 'create' | 'update', done: string, summary: string): Command => ({
    name: `${name} ${verb}`, operands: 'FILE… [options]', count: [1, 100], connects: true, outputs: OBJECT_FORMS, summary, options: verb === 'create' ? DRY : {},
    examples: [`tiphys ${name} ${verb} ${name === 'cron' ? 'nightly' : 'library'}.yaml`],
    run: async (context) => {
      const objects = wanted((await Promise.all(context.operands.map((file) => readDefinitions(file, context.io)))).flat(), context);
      return connected(context, async ({ engine, namespace }) => {
        const dryRun = context.options.flag('dry-run');
        for (const { kind, object } of objects) {
          const made = verb === 'create' ? await engine.definitions.create(kind, namespace, object, { dryRun }) : await engine.definitions.replace(kind, namespace, object);
          const output = context.options.text('output');
          context.io.out(output ? formatted(output, made) : `${made.metadata.name ?? ''} ${dryRun ? 'would be created' : done}\n`);
        }
        return 0;
      });
    },
  });
  return [
    {
      name: `${name} list`, operands: '[options]', count: [0, 0], connects: true, outputs: OBJECT_FORMS, summary: `Lists the ${nouns} of a namespace.`, options,
      run: (context) => connected(context, async ({ engine, namespace, contextName }) => {
        const found = await engine.definitions.list(kindOf(context), namespace);
        const output = context.options.text('output');
        if (output) context.io.out(formatted(output, output === 'name' ? found.map((each) => ({ metadata: { name: each.name } })) : { items: found }));
        else if (found.length) context.io.out(`${group.lines(found, context).join('\n')}\n`);
        else context.io.err(`There are no ${nouns} in namespace ${namespace} of ${contextName}.\n`);
        return 0;
      }),
    },
    {
      name: `${name} get`, operands: 'NAME [options]', count: [1, 1], connects: true, outputs: OBJECT_FORMS, summary: `Shows a ${noun}.`, options,
      run: (context) => connected(context, async (connection) => {
        const { engine, namespace } = connection;
        const [wantedName = ''] = context.operands;
        const kind = kindOf(context);
        const object = await engine.definitions.get(kind, namespace, wantedName);
        const output = context.options.text('output');
        const summary = (await engine.definitions.list(kind, namespace)).find((each) => each.name === wantedName);
        if (output || !summary) context.io.out(formatted(output ?? 'yaml', object));
        else context.io.out(`${(await group.details(summary, connection, context)).join('\n')}\n`);
        return 0;
      }),
    },
    write('create', 'created', `Checks the ${nouns} of the files and creates them.`),
    write('update', 'updated', `Replaces ${nouns} by those of the files.`),
    {
      name: `${name} delete`, operands: 'NAME… [options]', count: [0, 1000], connects: true, summary: `Deletes ${nouns}.`, options: { ...options, all: { type: 'boolean', help: 'all of the namespace' } },
      run: (context) => connected(context, async ({ engine, namespace }) => {
        const kind = kindOf(context);
        const all = context.options.flag('all');
        if (!all && !context.operands.length) throw usageError(`tiphys ${name} delete needs NAME…, or --all.`);
        const names = all ? (await engine.definitions.list(kind, namespace)).map((each) => each.name) : context.operands;
        for (const each of names) {
          await engine.definitions.remove(kind, namespace, each);
          context.io.out(`${each} deleted\n`);
        }
        return 0;
      }),
    },
    { ...lint, name: `${name} lint`, summary: `Checks ${nouns}; folders with all below them. \`-\` reads standard input.`, examples: [`tiphys ${name} lint .`] },
  ];
}

function stateOf({ ours, suspended, stopped, problems }: ScheduleSummary): string {
  if (problems.length) return 'Error';
  if (stopped) return 'Stopped';
  if (suspended) return 'Suspended';
  return ours ? 'Active' : 'Active (another controller)';
}

function inWords({ schedules, timezone }: ScheduleSummary): string {
  return `${schedules.map(scheduleWords).join('; ')}${timezone ? ` (${timezone})` : ''}`;
}

function until(time: string | undefined, now: number): string {
  return time === undefined ? '' : `in ${span(new Date(now).toISOString(), time, now)}`;
}

const STATE_COLOUR: Record<string, string> = { Error: 'red', Active: 'green' };

const cronGroup: Group = {
  name: 'cron', noun: 'cron workflow', nouns: 'cron workflows', options: {}, kindOf: () => 'CronWorkflow',
  lines: (found, { io }) => {
    const now = io.now();
    const paint = painter(io);
    return table(['NAME', 'STATE', 'SCHEDULE', 'NEXT', 'LAST', 'ACTIVE', 'AGE'], found.flatMap(({ name, createdAt, schedule }) => (schedule ? [[
      name, paint(STATE_COLOUR[stateOf(schedule)] ?? 'yellow', stateOf(schedule)), plain(inWords(schedule)), until(schedule.next[0], now),
      schedule.lastScheduledTime === undefined ? '' : `${span(schedule.lastScheduledTime, undefined, now)} ago`, schedule.active.length ? String(schedule.active.length) : '', span(createdAt, undefined, now),
    ]] : [])));
  },
  details: async ({ name, schedule, parameters }, { engine, namespace }, { io }) => {
    if (!schedule) return [name];
    const now = io.now();
    const runs = (await engine.listRuns(namespace)).filter((run) => run.labels?.['workflows.argoproj.io/cron-workflow'] === name);
    return [
      ...pairs([
        ['Name:', name], ['State:', stateOf(schedule)], ['Schedule:', plain(schedule.schedules.join(', '))], ['In words:', plain(inWords(schedule))], ['Concurrency:', schedule.concurrencyPolicy], ['When:', plain(schedule.when ?? '')],
        ['Last run:', moment(schedule.lastScheduledTime, now)], ['Succeeded:', String(schedule.succeeded)], ['Failed:', String(schedule.failed)], ['Active:', schedule.active.join(', ')], ...schedule.problems.map((problem): [string, string] => ['Problem:', plain(problem)]),
        ['Parameters:', parameterText(parameters)],
      ]),
      ...(schedule.next.length ? ['', 'Next times:', ...schedule.next.map((time) => `  ${time.replace('T', ' ').replace('Z', ' UTC')}  ${until(time, now)}`)] : []),
      ...(runs.length ? ['', 'Runs:', ...table(['NAME', 'STATUS', 'AGE', 'DURATION'], runs.map((run) => [run.name, run.phase || 'Pending', span(run.createdAt, undefined, now), span(run.startedAt, run.finishedAt, now)])).map((line) => `  ${line}`)] : []),
    ];
  },
};

const templateGroup: Group = {
  name: 'template', noun: 'workflow template', nouns: 'workflow templates', options: CLUSTER,
  kindOf: ({ options }) => (options.flag('cluster') ? 'ClusterWorkflowTemplate' : 'WorkflowTemplate'),
  lines: (found, { io }) => table(['NAME', 'AGE', 'PARAMETERS', 'DESCRIPTION'], found.map((each) => [each.name, span(each.createdAt, undefined, io.now()), each.parameters.map(({ name }) => name).join(', '), plain(firstLine(each.description ?? each.title ?? ''))])),
  details: (each, _connection, { io }) => pairs([
    ['Name:', each.name], ['Created:', moment(each.createdAt, io.now())], ['Title:', plain(each.title ?? '')], ['Description:', plain(each.description ?? '')], ['Entrypoint:', each.entrypoint ?? ''], ['Templates:', each.templates.join(', ')], ['Parameters:', parameterText(each.parameters)],
  ]),
};

function parameterText(parameters: DefinitionSummary['parameters']): string {
  return parameters.map(({ name, value }) => (value === undefined ? name : `${name}=${plain(value)}`)).join(', ');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** @returns `Name:   value` lines; those without a value are left out */
function pairs(rows: [string, string][]): string[] {
  return rows.filter(([, value]) => value !== '').map(([key, value]) => `${key.padEnd(14)}${value}`);
}

function suspending(verb: 'suspend' | 'resume'): Command {
  return {
    name: `cron ${verb}`, operands: 'NAME… [options]', count: [1, 1000], connects: true, options: {},
    summary: verb === 'suspend' ? 'Starts no further runs of cron workflows until they are resumed.' : 'Lets suspended cron workflows start runs again.',
    run: (context) => connected(context, async ({ engine, namespace }) => {
      for (const name of context.operands) {
        await engine.definitions.suspend(namespace, name, verb === 'suspend');
        context.io.out(`${name} ${verb === 'suspend' ? 'suspended' : 'resumed'}\n`);
      }
      return 0;
    }),
  };
}

const backfill: Command = {
  name: 'cron backfill', operands: 'NAME --start TIME --end TIME [options]', count: [1, 1], connects: true, outputs: OBJECT_FORMS,
  summary: 'Makes the runs of times that passed: one after the other, or with --parallel all at once.',
  options: {
    start: { type: 'string', argument: 'TIME', help: 'from then on, as 2026-01-31T00:00:00Z' }, end: { type: 'string', argument: 'TIME', help: 'until then' },
    name: { type: 'string', argument: 'NAME', help: 'name of the backfill, part of the runs\' names' }, parallel: { type: 'boolean', help: 'all runs at once' },
    argname: { type: 'string', argument: 'NAME', help: 'parameter that tells a run its time (default: cronScheduleTime)' }, maxworkflowcount: { type: 'string', argument: 'N', help: 'at most so many runs (default: 1000)' },
  },
  examples: ['tiphys cron backfill nightly --start 2026-01-01T00:00:00Z --end 2026-01-07T00:00:00Z'],
  run: async (context) => {
    const { io, options, operands: [name = ''] } = context;
    const [start, end] = [options.text('start'), options.text('end')];
    if (start === undefined || end === undefined) throw usageError('tiphys cron backfill needs --start and --end.', 'Write times as 2026-01-31T00:00:00Z.');
    const wanted: BackfillOptions = { start, end, parallel: options.flag('parallel') };
    const [label, parameter, most] = [options.text('name'), options.text('argname'), options.count('maxworkflowcount')];
    if (label !== undefined) wanted.name = label;
    if (parameter !== undefined) wanted.parameter = parameter;
    if (most !== undefined) wanted.most = most;
    return connected(context, async (connection) => {
      const runs = await connection.engine.definitions.backfill(connection.namespace, name, wanted);
      const output = options.text('output');
      if (output) io.out(formatted(output, runs));
      else {
        for (const run of runs) io.out(`${run.metadata.name ?? ''} submitted\n`);
        io.err(nextSteps(connection, runs[0]?.metadata.name ?? ''));
      }
      return 0;
    });
  },
};

export const definitions: Command[] = [...commandsOf(cronGroup), suspending('suspend'), suspending('resume'), backfill, ...commandsOf(templateGroup)];
