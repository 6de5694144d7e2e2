/** CronWorkflows and templates for people: lists, single objects, and runs made of them. */
import type { ApplyOptions, ApplyOutcome, BackfillOptions, DefinitionChange, DefinitionKind, DefinitionSummary, EngineDefinitions, ScheduleSummary, SubmitOptions } from '../api.ts';
import type { Subscription, WatchState } from '../kube/port.ts';
import { backfillRun, backfillTimes, childOf, nextTimes } from '../operate/cron.ts';
import type { Backfill } from '../operate/cron.ts';
import { omit } from '../operate/omit.ts';
import { AppError, isAppError } from '../spec/error.ts';
import { ANNOTATION, ARGO_API_VERSION, INSTANCE_ID, LABEL } from '../spec/types.ts';
import type { CronWorkflow, Workflow, WorkflowSpec, WorkflowTemplate } from '../spec/types.ts';
import { validateClusterWorkflowTemplate, validateCronWorkflow, validateWorkflowTemplate } from '../spec/validate.ts';
import type { Definition, Definitions } from './definitions.ts';
import type { EngineShared } from './namespace.ts';
import { getterOf, templatesOf } from './submit.ts';
import { malformedOf } from './typed.ts';

const NEXT_TIMES = 5;
const MOST_BACKFILLED = 1_000;

export class Catalog implements EngineDefinitions {
  readonly #shared: Pick<EngineShared, 'definitions' | 'clock'>;
  readonly #submit: (workflow: Workflow, options: SubmitOptions) => Promise<Workflow>;

  constructor(shared: Pick<EngineShared, 'definitions' | 'clock'>, submit: (workflow: Workflow, options: SubmitOptions) => Promise<Workflow>) {
    this.#shared = shared;
    this.#submit = submit;
  }

  get #definitions(): Definitions {
    return this.#shared.definitions;
  }

  async list(kind: DefinitionKind, namespace: string): Promise<DefinitionSummary[]> {
    const objects = await this.#definitions.list(kind, namespace);
    return objects.map((object) => this.#summary(kind, object)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(kind: DefinitionKind, namespace: string, name: string): Promise<Definition> {
    return this.#definitions.get(kind, namespace, name);
  }

  async create(kind: DefinitionKind, namespace: string, object: Definition, options: { dryRun?: boolean } = {}): Promise<Definition> {
    const named = { ...object, metadata: omit(object.metadata, 'uid', 'resourceVersion', 'creationTimestamp') };
    await this.#check(kind, namespace, named);
    return this.#definitions.create(kind, namespace, kind === 'CronWorkflow' ? asOurs(withoutStatus(named)) : named, options);
  }

  async replace(kind: DefinitionKind, namespace: string, object: Definition): Promise<Definition> {
    await this.#check(kind, namespace, object);
    const { name = '', resourceVersion, labels, annotations } = object.metadata;
    return this.#definitions.change(kind, namespace, name, (current) => {
      if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion) {
        throw new AppError('conflict', `${name} was changed by somebody else meanwhile.`, { hint: 'Open it again and repeat the change.' });
      }
      const instance = current.metadata.labels?.[LABEL.instanceId];
      const metadata = { ...current.metadata, labels: { ...labels, ...(instance !== undefined && { [LABEL.instanceId]: instance }) }, annotations: { ...annotations } };
      return { ...current, metadata, spec: object.spec };
    });
  }

  async apply(kind: DefinitionKind, namespace: string, object: Definition, options: ApplyOptions = {}): Promise<ApplyOutcome> {
    const { name = '', labels, annotations } = object.metadata;
    const named: Definition = { ...object, metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) } };
    await this.#check(kind, namespace, named);
    if (kind !== 'CronWorkflow') return await this.#definitions.apply(kind, namespace, named, options);
    const current = await this.#definitions.get(kind, namespace, name).catch((error: unknown) => {
      if (isAppError(error, 'not-found')) return undefined;
      throw error;
    });
    // A schedule of somebody else stays theirs.
    const ours = !current || current.metadata.labels?.[LABEL.instanceId] === INSTANCE_ID;
    return await this.#definitions.apply(kind, namespace, ours ? asOurs(withoutStatus(named)) : withoutStatus(named), options);
  }

  remove(kind: DefinitionKind, namespace: string, name: string): Promise<void> {
    return this.#definitions.remove(kind, namespace, name);
  }

  watch(kind: DefinitionKind, namespace: string, onChange: (change: DefinitionChange) => void, onState?: (state: WatchState) => void): Subscription {
    return this.watchObjects(kind, namespace, ({ upserts, ...rest }) => onChange({ upserts: upserts.map((object) => this.#summary(kind, object)), ...rest }), onState);
  }

  watchObjects(kind: DefinitionKind, namespace: string, onChange: (change: { upserts: Definition[]; removed: string[]; reset: boolean }) => void, onState?: (state: WatchState) => void): Subscription {
    return this.#definitions.watch(kind, namespace, {
      onChange: ({ upserts, removed, reset }) => onChange({ upserts, removed: removed.map(({ metadata }) => metadata.name ?? ''), reset }),
      ...(onState && { onState }),
    });
  }

  async suspend(namespace: string, name: string, suspended: boolean): Promise<CronWorkflow> {
    const changed = await this.#definitions.change('CronWorkflow', namespace, name, (object) => {
      const fault = malformedOf(object);
      if (fault) throw new AppError('invalid', `${name} cannot be read: ${fault.message}`, { hint: 'Mend it first.' });
      const cron = object as CronWorkflow;
      return (cron.spec.suspend ?? false) === suspended ? cron : { ...cron, spec: { ...cron.spec, suspend: suspended } };
    });
    return changed as CronWorkflow;
  }

  async submit(kind: DefinitionKind, name: string, options: SubmitOptions): Promise<Workflow> {
    const object = await this.get(kind, options.namespace, name);
    if (kind !== 'CronWorkflow') return this.#submit(runOfTemplate(object, kind === 'ClusterWorkflowTemplate'), options);
    const child = childOf(object as CronWorkflow, this.#shared.clock.now());
    return this.#submit({ ...child, metadata: { ...omit(child.metadata, 'name'), generateName: `${name}-` } }, options);
  }

  async backfill(namespace: string, name: string, options: BackfillOptions): Promise<Workflow[]> {
    const cron = await this.get('CronWorkflow', namespace, name) as CronWorkflow;
    const wanted: Backfill = {
      name: options.name ?? new Date(this.#shared.clock.now()).toISOString().slice(0, 10), parallel: options.parallel ?? false, parameter: options.parameter ?? 'cronScheduleTime',
      start: timeOf('start', options.start), end: timeOf('end', options.end),
    };
    const most = options.most ?? MOST_BACKFILLED;
    const times = backfillTimes(cron, wanted, most + 1);
    if (times.length === 0) throw new AppError('invalid', `${name} has no time between ${options.start} and ${options.end}.`, { hint: 'Choose an earlier start or a later end.' });
    if (times.length > most) throw new AppError('invalid', `${name} has more than ${most} times between ${options.start} and ${options.end}.`, { hint: 'Choose a shorter span, or allow more runs.' });
    const runs: Workflow[] = [];
    for (const time of times) runs.push(await this.#submit(backfillRun(cron, time, wanted), { namespace }));
    return runs;
  }

  /** Throws AppError `invalid` with the diagnostics as its cause. */
  async #check(kind: DefinitionKind, namespace: string, object: Definition): Promise<void> {
    const options = { mode: 'submit' as const, templates: getterOf(await templatesOf(this.#definitions, namespace)) };
    const found = kind === 'CronWorkflow' ? validateCronWorkflow(object as CronWorkflow, options)
      : kind === 'WorkflowTemplate' ? validateWorkflowTemplate(object, options) : validateClusterWorkflowTemplate(object, options);
    const errors = found.filter(({ severity }) => severity === 'error');
    if (errors.length) throw new AppError('invalid', errors[0]?.message ?? 'It is not valid.', { cause: errors, hint: 'Mend it and try again.' });
  }

  #summary(kind: DefinitionKind, object: Definition): DefinitionSummary {
    const { name = '', uid = '', creationTimestamp = '', annotations = {} } = object.metadata;
    const spec: WorkflowSpec = kind === 'CronWorkflow' ? (object as CronWorkflow).spec.workflowSpec : (object as WorkflowTemplate).spec;
    const title = annotations[ANNOTATION.title];
    const description = annotations[ANNOTATION.description];
    const problem = malformedOf(object)?.message;
    return {
      kind, name, uid, createdAt: creationTimestamp, ...(title !== undefined && { title }), ...(description !== undefined && { description }),
      parameters: spec.arguments?.parameters ?? [], templates: (spec.templates ?? []).map((template) => template.name ?? ''), ...(spec.entrypoint !== undefined && { entrypoint: spec.entrypoint }),
      ...(problem !== undefined && { problem }),
      ...(kind === 'CronWorkflow' && { schedule: scheduleOf(object as CronWorkflow, this.#shared.clock.now(), problem) }),
    };
  }
}

function scheduleOf(cron: CronWorkflow, now: number, problem: string | undefined): ScheduleSummary {
  const { spec, status, metadata } = cron;
  const suspended = spec.suspend ?? false;
  const stopped = status?.phase === 'Stopped';
  return {
    ours: metadata.labels?.[LABEL.instanceId] === INSTANCE_ID, schedules: spec.schedules ?? [], ...(spec.timezone && { timezone: spec.timezone }), suspended, stopped,
    concurrencyPolicy: spec.concurrencyPolicy || 'Allow', ...(spec.when && { when: spec.when }), ...(status?.lastScheduledTime && { lastScheduledTime: status.lastScheduledTime }),
    active: (status?.active ?? []).map((reference) => reference.name ?? ''), succeeded: status?.succeeded ?? 0, failed: status?.failed ?? 0,
    problems: [...(problem === undefined ? [] : [problem]), ...problemsOf(cron)],
    next: suspended || stopped || problem !== undefined ? [] : nextTimes(cron, now, NEXT_TIMES).map((time) => new Date(time).toISOString().replace('.000Z', 'Z')),
  };
}

function problemsOf({ status }: CronWorkflow): string[] {
  return (status?.conditions ?? []).filter((condition) => condition.status === 'True').map((condition) => condition.message ?? condition.type);
}

/** Argo: NewWorkflowFromWorkflowTemplate */
function runOfTemplate({ metadata }: Definition, clusterScope: boolean): Workflow {
  const { name = '' } = metadata;
  return {
    apiVersion: ARGO_API_VERSION, kind: 'Workflow',
    metadata: { generateName: `${name}-`, labels: { [clusterScope ? LABEL.clusterWorkflowTemplate : LABEL.workflowTemplate]: name } },
    spec: { workflowTemplateRef: { name, ...(clusterScope && { clusterScope }) } },
  };
}

function asOurs(object: Definition): Definition {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, [LABEL.instanceId]: INSTANCE_ID } } };
}

function withoutStatus(object: Definition): Definition {
  return omit(object as CronWorkflow, 'status') as Definition;
}

function timeOf(which: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new AppError('invalid', `The ${which} "${text}" is no time.`, { hint: 'Write it as 2026-01-31T06:00:00Z.' });
  return time;
}
