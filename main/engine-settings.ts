/** What a person set for engines, the same for window and command line: images of the helpers, registry mirrors, limits, local runtime. */
import type { EngineOptions } from '../engine/index.ts';
import { readRepository } from '../engine/spec/repository.ts';

type Mirror = NonNullable<EngineOptions['registryMirrors']>[number];
export type LocalRuntime = (typeof RUNTIMES)[number];

const RUNTIMES = ['docker', 'podman', 'processes'] as const;

/** Texts by context id: the repository of its namespaces that name none. */
export const REPOSITORY_SETTING = 'artifacts.repository';

export interface EngineSettingsSource {
  clusterId: string;
  /** A value of settings.json. */
  value: (key: string) => unknown;
  env: Record<string, string | undefined>;
  /** `--registry-mirror`, as given: before all others. */
  mirrors?: readonly string[];
  /** Told of what could not be read and is passed over. */
  warn: (message: string) => void;
}

type Settings = 'images' | 'registryMirrors' | 'logsLimit' | 'artifactRepository' | 'parallelism' | 'namespaceParallelism';

/** @returns options of createEngine; what is not set, or not readable, is left to the engine */
export function engineSettings({ clusterId, value, env, mirrors = [], warn }: EngineSettingsSource): Pick<EngineOptions, Settings> {
  const given = [...mirrors, ...(env['TIPHYS_REGISTRY_MIRRORS'] ?? '').split(/[\s,]+/).filter(Boolean)].flatMap((text) => parseMirror(text) ?? passOver(warn, `the registry mirror "${text}" is not REGISTRY=URL`));
  const registryMirrors = [...given, ...mirrorsOf(value('registry.mirrors'), warn)];
  const busybox = imagesOf(value('executor.busybox'));
  const curl = imagesOf(value('executor.curl'))[0];
  const git = imagesOf(value('executor.git'))[0];
  const images = { ...(busybox.length && { busybox }), ...(curl !== undefined && { curl }), ...(git !== undefined && { git }) };
  return {
    ...(Object.keys(images).length && { images }), ...(registryMirrors.length && { registryMirrors }),
    ...parallelism('parallelism', 'runs.parallelism', value, warn), ...parallelism('namespaceParallelism', 'runs.namespaceParallelism', value, warn),
    logsLimit: asked(() => value('logs.limit'), (limit) => logsLimit(limit, warn)),
    artifactRepository: asked(() => repositoryText(value(REPOSITORY_SETTING), clusterId), (text) => repositoryOf(text, warn)),
  };
}

/** @returns what is set whenever it is asked for; read, and complained about, once as long as it stays the same */
function asked<T>(value: () => unknown, read: (value: unknown) => T | undefined): () => T | undefined {
  let last: { value: unknown; result: T | undefined } | undefined;
  return () => {
    const now = value();
    if (!last || last.value !== now) last = { value: now, result: now === undefined ? undefined : read(now) };
    return last.result;
  };
}

/** The setting is in MiB. @returns bytes */
export function logsLimit(value: unknown, warn: (message: string) => void): number | undefined {
  if (typeof value === 'number' && value > 0) return value * 1024 * 1024;
  passOver(warn, 'the setting logs.limit is no number of MiB');
  return undefined;
}

function repositoryText(setting: unknown, clusterId: string): unknown {
  return typeof setting === 'object' && setting !== null && Object.hasOwn(setting, clusterId) ? (setting as Record<string, unknown>)[clusterId] : undefined;
}

function repositoryOf(text: unknown, warn: (message: string) => void): Record<string, unknown> | undefined {
  try {
    return readRepository(typeof text === 'string' ? text : '');
  } catch (error) {
    passOver(warn, `the setting ${REPOSITORY_SETTING} is passed over: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function parallelism<K extends string>(option: K, key: string, value: EngineSettingsSource['value'], warn: (message: string) => void): Partial<Record<K, number>> {
  const given = value(key);
  if (given === undefined) return {};
  if (Number.isInteger(given) && (given as number) >= 0) return { [option]: given } as Record<K, number>;
  passOver(warn, `the setting ${key} is no number of runs`);
  return {};
}

/** @returns the runtime that the setting `local.runtime` names, if it names one */
export function localRuntime(value: unknown): LocalRuntime | undefined {
  return RUNTIMES.find((each) => each === value);
}

/** @returns the mirror that `REGISTRY=URL` means (`*` for every registry); undefined when it is not that */
export function parseMirror(text: string): Mirror | undefined {
  const at = text.indexOf('=');
  return at < 1 ? undefined : mirrorOf({ registry: text.slice(0, at), endpoint: text.slice(at + 1) });
}

function mirrorOf(entry: unknown): Mirror | undefined {
  const { registry, endpoint } = (typeof entry === 'object' && entry !== null ? entry : {}) as Partial<Record<keyof Mirror, unknown>>;
  if (typeof registry !== 'string' || registry === '' || typeof endpoint !== 'string' || !/^https?:\/\/[^/\s]/.test(endpoint) || !URL.canParse(endpoint)) return undefined;
  return { registry, endpoint: endpoint.replace(/\/+$/, '') };
}

function mirrorsOf(value: unknown, warn: (message: string) => void): Mirror[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return passOver(warn, 'the setting registry.mirrors is no list');
  return value.flatMap((entry) => mirrorOf(entry) ?? passOver(warn, 'an entry of the setting registry.mirrors has no registry and http endpoint'));
}

/** One image, or several in the order in which they are tried. */
function imagesOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((image): image is string => typeof image === 'string' && image !== '');
}

function passOver(warn: (message: string) => void, message: string): [] {
  warn(message);
  return [];
}
