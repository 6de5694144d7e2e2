/** From `--context`, `--kubeconfig` and `-n` to a cluster and its engine. */
import { createClient, createEngine, createLocalCluster, loadKubeconfig } from '../../engine/index.ts';
import type { Cluster, Engine, Kubeconfig, ResolvedContext } from '../../engine/index.ts';
import { engineSettings, localRuntime, parseMirror } from '../engine-settings.ts';
import { dataFolder } from '../paths.ts';
import { Settings } from '../services/settings.ts';
import { usageError } from './io.ts';
import type { Io } from './io.ts';

export const LOCAL = 'local';

export interface ConnectionOptions {
  context?: string;
  kubeconfig?: string;
  namespace?: string;
  verbose?: boolean;
  /** `REGISTRY=URL`, as given. */
  mirrors?: readonly string[];
}

export interface Connection {
  engine: Engine;
  cluster: Cluster;
  contextName: string;
  namespace: string;
  /** What to type to come back to this place: ` --context x -n y`. */
  flags: string;
  close(): Promise<void>;
}

export type Connect = (options: ConnectionOptions, io: Io) => Promise<Connection>;

export async function readContexts(options: ConnectionOptions, io: Io): Promise<Kubeconfig> {
  return loadKubeconfig({ env: io.env, ...(options.kubeconfig !== undefined && { paths: [options.kubeconfig] }) });
}

/** @returns the context that is meant; undefined for the embedded local cluster. Throws `usage` when there is none of the name. */
export function chooseContext(config: Kubeconfig, name: string | undefined): ResolvedContext | undefined {
  if (name === LOCAL && !config.contexts.some((context) => context.name === LOCAL)) return undefined;
  if (name === undefined) return config.contexts.find((context) => context.id === config.current);
  const found = config.contexts.find((context) => context.name === name || context.label === name || context.id === name);
  if (found) return found;
  const names = [...config.contexts.map((context) => context.label), LOCAL];
  throw usageError(`There is no context "${name}".`, `Contexts: ${names.join(', ')}.`);
}

/** @returns the flags that a command of the same place needs, without its namespace */
function flagsOf(options: Parameters<Connect>[0], isCurrent: boolean, contextName: string): string[] {
  return [
    ...(options.kubeconfig === undefined ? [] : [`--kubeconfig ${options.kubeconfig}`]),
    ...(isCurrent && options.context === undefined ? [] : [`--context ${contextName}`]),
  ];
}

export const connect: Connect = async (options, io) => {
  const wrong = options.mirrors?.find((text) => !parseMirror(text));
  if (wrong !== undefined) throw usageError(`"${wrong}" is not REGISTRY=URL.`, 'For example: --registry-mirror docker.io=http://127.0.0.1:5000');
  const config = await readContexts(options, io);
  const context = chooseContext(config, options.context ?? io.env['TIPHYS_CONTEXT']);
  const dataDir = dataFolder(io.env);
  const warn = (message: string): void => io.err(`warn: ${message}\n`);
  const settings = new Settings(dataDir, warn);
  const runtime = localRuntime(settings.value('local.runtime'));
  const cluster = context ? createClient(context, { env: io.env, userAgent: 'tiphys-cli' }) : await createLocalCluster({ dataDir, ...(runtime && { runtime }) });
  const contextName = context?.label ?? LOCAL;
  const own = context?.namespace ?? 'default';
  const namespace = options.namespace ?? own;
  const engine = createEngine({
    cluster, clusterId: context?.id ?? LOCAL, dataDir,
    ...engineSettings({ clusterId: context?.id ?? LOCAL, value: (key) => settings.value(key), env: io.env, ...(options.mirrors && { mirrors: options.mirrors }), warn }),
    log: ({ level, message }) => {
      if (options.verbose || level === 'error') io.err(`${level}: ${message}\n`);
    },
  });
  const flags = [
    ...flagsOf(options, context !== undefined && context.id === config.current, contextName),
    ...(namespace === own ? [] : [`-n ${namespace}`]),
  ];
  return {
    engine, cluster, contextName, namespace, flags: flags.map((flag) => ` ${flag}`).join(''),
    close: async () => {
      await engine.close();
      await cluster.close();
    },
  };
};
