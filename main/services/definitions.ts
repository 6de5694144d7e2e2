/** CronWorkflows and templates: list, read as text, save, run. Everything is the engine's own. */
import { stringify } from 'yaml';
import type { DefinitionKind } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import { lintText } from '../../engine/spec/lint.ts';
import { readManifests } from '../../engine/spec/read.ts';
import type { CronWorkflow, WorkflowTemplate } from '../../engine/spec/types.ts';
import type { YamlDocument } from '../../engine/spec/yaml.ts';
import type { Contexts } from './contexts.ts';
import { sendable } from './runs.ts';
import type { Handlers, Sources } from './service.ts';

type Definition = CronWorkflow | WorkflowTemplate;
type DefinitionVerb = 'definitions.text' | 'definitions.apply' | 'definitions.remove' | 'definitions.suspend' | 'definitions.run';
type Engines = Pick<Contexts, 'engine' | 'startEngine'>;

export function definitionHandlers(contexts: Engines): Handlers<DefinitionVerb> {
  return {
    'definitions.text': async ({ contextId, namespace, kind, name }) => {
      const object = await (await contexts.engine(contextId)).definitions.get(kind, namespace, name);
      return { text: textOf(kind, object), ...versionOf(object) };
    },
    'definitions.apply': async ({ contextId, namespace, text, part, version, base, force, remove }) => {
      const { kind, object } = readDefinition(text, part);
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

/** @returns the CronWorkflow or template of a text: that of one document, or the only one. Throws `invalid` with diagnostics. */
function readDefinition(text: string, part?: number): { kind: DefinitionKind; object: Definition } {
  const found = readManifests(text).manifests.filter(({ document }) => part === undefined || document === part).flatMap((manifest): { kind: DefinitionKind; object: Definition; source: YamlDocument }[] =>
    (manifest.kind === 'CronWorkflow' || manifest.kind === 'WorkflowTemplate' || manifest.kind === 'ClusterWorkflowTemplate' ? [{ kind: manifest.kind, object: manifest.object, source: manifest.source }] : []));
  const [first] = found;
  const within = ({ start }: { start: number }): boolean => part === undefined || !first || (start >= first.source.range.start && start <= first.source.range.end);
  const errors = lintText(text, { mode: 'submit' }).filter(({ severity, range }) => severity === 'error' && within(range));
  if (errors.length) throw new AppError('invalid', errors.length === 1 ? 'An error keeps it from being saved.' : `${errors.length} errors keep it from being saved.`, { cause: errors, hint: 'Mend what is marked, then save it again.' });
  if (!first || found.length > 1) throw new AppError('invalid', first ? `This text holds ${found.length} objects.` : 'There is no CronWorkflow and no template in this text.', { hint: 'Keep one CronWorkflow, WorkflowTemplate or ClusterWorkflowTemplate in it.' });
  return first;
}
