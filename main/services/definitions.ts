/** CronWorkflows and templates: list, read as text, save, run. Everything is the engine's own. */
import { stringify } from 'yaml';
import type { DefinitionKind } from '../../engine/index.ts';
import { AppError, isAppError } from '../../engine/spec/error.ts';
import { lintText } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { CronWorkflow, WorkflowTemplate } from '../../engine/spec/types.ts';
import type { Contexts } from './contexts.ts';
import { sendable } from './runs.ts';
import type { Handlers, Sources } from './service.ts';

type Definition = CronWorkflow | WorkflowTemplate;
type DefinitionVerb = 'definitions.text' | 'definitions.save' | 'definitions.apply' | 'definitions.remove' | 'definitions.suspend' | 'definitions.run';
type Engines = Pick<Contexts, 'engine' | 'startEngine'>;

export function definitionHandlers(contexts: Engines): Handlers<DefinitionVerb> {
  return {
    'definitions.text': async ({ contextId, namespace, kind, name }) => {
      const object = await (await contexts.engine(contextId)).definitions.get(kind, namespace, name);
      return { text: textOf(kind, object), ...versionOf(object) };
    },
    'definitions.save': async ({ contextId, namespace, text, version }) => {
      const { kind, object } = readDefinition(text);
      const { definitions } = await contexts.engine(contextId);
      const name = object.metadata.name ?? '';
      const known = await definitions.get(kind, namespace, name).then(() => true, (error: unknown) => {
        if (isAppError(error, 'not-found')) return false;
        throw error;
      });
      const { resourceVersion: written, ...metadata } = object.metadata;
      const expected = version ?? written;
      const wanted = { ...object, metadata: { ...metadata, ...(expected !== undefined && { resourceVersion: expected }) } };
      const saved = known ? await definitions.replace(kind, namespace, wanted) : await definitions.create(kind, namespace, object);
      // Its runs start only where an engine runs.
      if (kind === 'CronWorkflow') await contexts.startEngine(contextId, namespace);
      return { kind, name, created: !known, ...versionOf(saved) };
    },
    'definitions.apply': async ({ contextId, namespace, text, part, as, version, base, force, remove }) => {
      const { kind, object } = definitionOf(text, part, as);
      const { definitions } = await contexts.engine(contextId);
      const outcome = await definitions.apply(kind, namespace, object, {
        ...(version !== undefined && { version }), ...(base !== undefined && { base: readDefinition(base).object }), ...(force && { force }), ...(remove && { remove }),
      });
      const name = object.metadata.name ?? '';
      if (!('object' in outcome)) {
        const { current, ...rest } = outcome;
        return { kind, name, current: { text: textOf(kind, current), ...versionOf(current) }, ...rest };
      }
      // Its runs start only where an engine runs.
      if (kind === 'CronWorkflow') await contexts.startEngine(contextId, namespace);
      return { kind, name, created: outcome.created, text: textOf(kind, outcome.object), ...versionOf(outcome.object) };
    },
    'definitions.remove': async ({ contextId, namespace, kind, name }) => {
      await (await contexts.engine(contextId)).definitions.remove(kind, namespace, name);
      return undefined;
    },
    'definitions.suspend': async ({ contextId, namespace, name, suspended }) => {
      await (await contexts.engine(contextId)).definitions.suspend(namespace, name, suspended);
      if (!suspended) await contexts.startEngine(contextId, namespace);
      return undefined;
    },
    'definitions.run': async ({ contextId, namespace, kind, name, parameters, runName }) => {
      await contexts.startEngine(contextId, namespace);
      const run = await (await contexts.engine(contextId)).definitions.submit(kind, name, { namespace, parameters, ...(runName !== undefined && { name: runName }) });
      return { name: run.metadata.name ?? '' };
    },
  };
}

export function definitionSources(contexts: Pick<Engines, 'engine'>): Sources<'definitions.list' | 'definitions.texts'> {
  return {
    'definitions.list': {
      open: async ({ contextId, namespace, kind }, sink, signal) => {
        const engine = await contexts.engine(contextId);
        if (signal.aborted) return;
        const subscription = engine.definitions.watch(kind, namespace, (change) => { sink.push({ change }); }, (watch) => { sink.push({ watch: sendable(watch) }); });
        signal.addEventListener('abort', () => { subscription.close(); });
      },
      merge: mergeItems,
    },
    'definitions.texts': {
      open: async ({ contextId, namespace, kind }, sink, signal) => {
        const engine = await contexts.engine(contextId);
        if (signal.aborted) return;
        const subscription = engine.definitions.watchObjects(kind, namespace, ({ upserts, ...rest }) => {
          sink.push({ change: { upserts: upserts.map((object) => ({ name: object.metadata.name ?? '', text: textOf(kind, object) })), ...rest } });
        }, (watch) => { sink.push({ watch: sendable(watch) }); });
        signal.addEventListener('abort', () => { subscription.close(); });
      },
      merge: mergeItems,
    },
  };
}

interface Changes<T extends { name: string }> {
  upserts: T[];
  removed: string[];
  reset: boolean;
}

function mergeItems<T extends { name: string }, I extends { change?: Changes<T> }>(older: I, newer: I): I {
  return { ...older, ...newer, ...(older.change && newer.change && { change: mergeChanges(older.change, newer.change) }) };
}

function mergeChanges<T extends { name: string }>(older: Changes<T>, newer: Changes<T>): Changes<T> {
  if (newer.reset) return newer;
  const changed = new Set([...newer.upserts.map(({ name }) => name), ...newer.removed]);
  return {
    upserts: [...older.upserts.filter(({ name }) => !changed.has(name)), ...newer.upserts],
    removed: [...older.removed.filter((name) => !changed.has(name)), ...newer.removed], reset: older.reset,
  };
}

/** What a person edits. */
function textOf(kind: DefinitionKind, { apiVersion, metadata, spec }: Definition): string {
  const { name, namespace, labels, annotations } = metadata;
  const kept = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration'));
  return stringify({
    apiVersion, kind,
    metadata: { name, ...(namespace !== undefined && { namespace }), ...(labels && { labels }), ...(Object.keys(kept).length > 0 && { annotations: kept }) },
    spec,
  }, { lineWidth: 0 });
}

function versionOf({ metadata }: Definition): { version?: string } {
  return metadata.resourceVersion === undefined ? {} : { version: metadata.resourceVersion };
}

/** @returns the one CronWorkflow or template of a text. Throws `invalid` with diagnostics. */
function readDefinition(text: string): { kind: DefinitionKind; object: Definition } {
  const errors = lintText(text, { mode: 'submit' }).filter(({ severity }) => severity === 'error');
  if (errors.length) throw new AppError('invalid', errors.length === 1 ? 'An error keeps it from being saved.' : `${errors.length} errors keep it from being saved.`, { cause: errors, hint: 'Mend what is marked, then save it again.' });
  const found = readManifests(text).manifests.flatMap((manifest): { kind: DefinitionKind; object: Definition }[] =>
    (manifest.kind === 'CronWorkflow' || manifest.kind === 'WorkflowTemplate' || manifest.kind === 'ClusterWorkflowTemplate' ? [{ kind: manifest.kind, object: manifest.object }] : []));
  const [first] = found;
  if (!first || found.length > 1) throw new AppError('invalid', first ? `This text holds ${found.length} objects.` : 'There is no CronWorkflow and no template in this text.', { hint: 'Keep one CronWorkflow, WorkflowTemplate or ClusterWorkflowTemplate in it.' });
  return first;
}

/** @returns the object that is to be saved: one of the text as it is, or what it becomes under another kind and name. Throws `invalid`. */
function definitionOf(text: string, part: number | undefined, as: { kind: DefinitionKind; name: string; schedules?: string[] } | undefined): { kind: DefinitionKind; object: Definition } {
  const manifests = readManifests(text).manifests.filter(({ kind }) => kind !== 'other');
  const found = part === undefined ? manifests[0] : manifests.find(({ document }) => document === part);
  if (!found || found.kind === 'other' || (part === undefined && manifests.length > 1)) return readDefinition(text);
  const errors = lintText(text, { mode: 'submit' }).filter(({ severity, range }) => severity === 'error' && within(range, found.source.range));
  if (errors.length) throw new AppError('invalid', errors.length === 1 ? 'An error keeps it from being saved.' : `${errors.length} errors keep it from being saved.`, { cause: errors, hint: 'Mend what is marked, then save it again.' });
  if (!as) {
    if (found.kind === 'Workflow') throw new AppError('invalid', 'A Workflow is run, not saved.', { hint: 'Save it as a template or a schedule.' });
    return { kind: found.kind, object: found.object };
  }
  const { labels, annotations } = found.object.metadata;
  const metadata = { name: as.name, ...(labels && { labels }), ...(annotations && { annotations }) };
  const spec = found.kind === 'CronWorkflow' ? found.object.spec.workflowSpec : found.object.spec;
  if (as.kind !== 'CronWorkflow') return { kind: as.kind, object: { metadata, spec } };
  if (found.kind === 'CronWorkflow') return { kind: as.kind, object: { metadata, spec: found.object.spec } };
  return { kind: as.kind, object: { metadata, spec: { schedules: as.schedules ?? [], workflowSpec: spec } } };
}

function within({ start }: { start: number }, range: { start: number; end: number }): boolean {
  return start >= range.start && start <= range.end;
}
