/** Where contexts come from: the kubeconfig, as it is at any moment, and the embedded local cluster behind them. */
import { createHash } from 'node:crypto';
import { createClient, createLocalCluster, watchKubeconfig } from '../engine/index.ts';
import type { ResolvedContext } from '../engine/index.ts';
import { AppError } from '../engine/spec/error.ts';
import { localRuntime } from './engine-settings.ts';
import type { Log } from './log.ts';
import { shorten } from './paths.ts';
import type { ContextEntry, ContextSource } from './services/contexts.ts';

export interface ClustersOptions {
  dataDir: string;
  /** Settles when the environment is whole: credential plugins need its PATH. */
  environment: Promise<void>;
  /** What the person wants Pods of the local cluster to run as (setting `local.runtime`); what is there decides otherwise. */
  localRuntime: () => unknown;
  log: Log;
}

/** Follows the kubeconfig's files. The list is complete once `ready` settles. */
export function watchClusters({ dataDir, environment, localRuntime: wantedRuntime, log }: ClustersOptions): ContextSource {
  const listeners: (() => void)[] = [];
  let contexts: ContextEntry[] = [];
  const local = localEntry(dataDir, wantedRuntime);
  const ready = environment.then(() => new Promise<void>((resolve) => {
    // $KUBECONFIG may itself come from the login shell.
    watchKubeconfig({}, (config) => {
      for (const { path, error } of config.files) if (error !== undefined) log('warn', `kubeconfig ${path}: ${error}`);
      contexts = config.contexts.map(entryOf);
      for (const listener of listeners) listener();
      resolve();
    });
  }));
  return {
    ready,
    list: () => [...contexts, local],
    onChange: (callback) => { listeners.push(callback); },
  };
}

function entryOf(context: ResolvedContext): ContextEntry {
  const entry: ContextEntry = {
    id: context.id, name: context.label, namespace: context.namespace ?? 'default', kind: 'kubeconfig', origin: shorten(context.file),
    revision: createHash('sha256').update(JSON.stringify(context)).digest('hex'),
    open: () => {
      const problem = context.problems.find(({ severity }) => severity === 'error');
      if (problem) return Promise.reject(new AppError('invalid', problem.message, problem.hint === undefined ? {} : { hint: problem.hint }));
      return Promise.resolve(createClient(context));
    },
  };
  return entry;
}

function localEntry(dataDir: string, wanted: () => unknown): ContextEntry {
  const entry: ContextEntry = {
    id: 'local', name: 'local', namespace: 'default', kind: 'local', revision: '1',
    open: async () => {
      const runtime = localRuntime(wanted());
      const cluster = await createLocalCluster({ dataDir, ...(runtime === undefined ? {} : { runtime }) });
      entry.note = cluster.describe();
      return cluster;
    },
  };
  return entry;
}
