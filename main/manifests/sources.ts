/** What kind of source a folder is, and its manifests: plain files, a Helm chart, a Kustomize folder, a Jsonnet application. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { markValues } from '../../engine/index.ts';
import type { ManifestNotice, ManifestText, MarkedValue, Values } from '../../engine/index.ts';
import { AppError, isAppError } from '../../engine/spec/error.ts';
import { parseYaml } from '../../engine/spec/yaml.ts';
import { CHART, collectManifests, KUSTOMIZATIONS } from './collect.ts';
import { readJsonnet } from './jsonnet-source.ts';
import { runProgram } from './program.ts';

export type SourceKind = 'files' | 'helm' | 'kustomize' | 'jsonnet' | 'ksonnet';

export interface ReadSource {
  kind: SourceKind;
  texts: ManifestText[];
  marked: MarkedValue[];
  notices: ManifestNotice[];
}

export interface SourceOptions {
  env: NodeJS.ProcessEnv;
  /** Given by the person, by dotted name: Helm values, Jsonnet arguments and external variables. */
  values: Record<string, string>;
}

interface ReadOptions extends SourceOptions {
  /** How many sources of the workflow were marked. */
  marks: { sources: number };
}

const LIMIT_MS = 60_000;

/** @returns the manifests of a folder and where its values stand in them. Throws AppError with what to do next. */
export async function readSource(folder: string, options: ReadOptions): Promise<ReadSource> {
  const has = (...names: string[]): boolean => names.some((name) => existsSync(path.join(folder, name)));
  if (has(CHART)) return await readChart(folder, options);
  if (has(...KUSTOMIZATIONS)) return { kind: 'kustomize', texts: await buildKustomization(folder, options.env), marked: [], notices: [] };
  const jsonnet = (await readdir(folder).catch((): string[] => [])).filter((name) => name.endsWith('.jsonnet')).sort();
  const ksonnet = has('components/params.libsonnet') || (has('app.yaml') && /^kind:\s*ksonnet\.io\/app\s*$/m.test(await readFile(path.join(folder, 'app.yaml'), 'utf8')));
  if (ksonnet || jsonnet.length) return await readJsonnet(folder, ksonnet ? undefined : jsonnet, options.values, options.marks.sources++);
  return await readFiles(folder, options);
}

/** Plain files, and the charts and kustomizations among them; what is wrong with one of these is told at its place. */
async function readFiles(folder: string, options: ReadOptions): Promise<ReadSource> {
  const { texts, notices, sources } = await collectManifests(folder);
  const all: ReadSource = { kind: 'files', texts, marked: [], notices };
  const parts = await partsOf(folder, sources);
  for (const source of sources.filter((each) => !parts.has(each.folder))) {
    try {
      const read = inGroup(await readSource(path.join(folder, source.folder), options), source.folder);
      all.texts.push(...read.texts);
      all.marked.push(...read.marked);
      all.notices.push(...read.notices);
    } catch (error) {
      if (!isAppError(error)) throw error;
      all.notices.push({ severity: 'error', place: `${source.folder}/${source.file}`, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
    }
  }
  all.texts.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  return all;
}

/** @returns the folders that a kustomization among the sources takes in: they are not built a second time for themselves */
async function partsOf(root: string, sources: readonly { folder: string; file: string }[]): Promise<Set<string>> {
  const parts = new Set<string>();
  for (const { folder, file } of sources.filter((source) => source.file !== CHART)) {
    const { value } = parseYaml(await readFile(path.join(root, folder, file), 'utf8'));
    const fields = typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
    for (const field of ['resources', 'bases', 'components']) {
      for (const entry of Array.isArray(fields[field]) ? fields[field] : []) if (typeof entry === 'string') parts.add(path.posix.join(folder, entry).replace(/\/$/, ''));
    }
  }
  return parts;
}

/** @returns the source as one of several, below a folder of this name; as it is when none is given */
export function inGroup(source: ReadSource, group: string | undefined): ReadSource {
  if (group === undefined) return source;
  const below = (place: string): string => (place ? `${group}/${place}` : '');
  return { ...source, texts: source.texts.map(({ file, text }) => ({ file: below(file), text })), notices: source.notices.map((notice) => ({ ...notice, place: below(notice.place) })) };
}

async function readChart(folder: string, { env, values: given, marks }: ReadOptions): Promise<ReadSource> {
  const defaults = await readFile(path.join(folder, 'values.yaml'), 'utf8').then((text) => parseYaml(text), () => ({ value: {}, diagnostics: [] }));
  const wrong = defaults.diagnostics.find(({ severity }) => severity === 'error');
  if (wrong) throw new AppError('invalid', `values.yaml: ${wrong.message}`, wrong.hint === undefined ? {} : { hint: wrong.hint });
  const values = typeof defaults.value === 'object' && defaults.value !== null ? defaults.value as Values : {};
  for (const [name, value] of Object.entries(given)) setValue(values, name.split('.'), value);
  const work = await mkdtemp(path.join(os.tmpdir(), 'tiphys-helm-'));
  try {
    const file = path.join(work, 'values.json');
    const { sources, marked, left } = await markValues(values, async (changed) => {
      await writeFile(file, JSON.stringify(changed));
      const text = await runProgram('helm', ['template', 'release', folder, '--include-crds', '--skip-tests', '--values', file], { cwd: folder, env, limit: LIMIT_MS });
      if (text === undefined) throw new AppError('unsupported', 'This is a Helm chart, and helm is not on this machine.', { hint: 'Install helm, so that `helm version` answers in a new terminal, and try again.' });
      return splitChart(text);
    }, marks.sources++);
    const notices: ManifestNotice[] = left.length ? [{ severity: 'warning', place: 'values.yaml', message: `${left.length} of its values do not become parameters: there are too many.` }] : [];
    return { kind: 'helm', texts: sources, marked, notices };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function setValue(values: Values, [first = '', ...rest]: string[], value: string): void {
  if (first === '__proto__') return;
  if (!rest.length) values[first] = typeof values[first] === 'number' && /^\d+$/.test(value) ? Number(value) : value;
  else {
    const inner = values[first];
    const map = typeof inner === 'object' && inner !== null ? inner as Values : {};
    values[first] = map;
    setValue(map, rest, value);
  }
}

/** Helm says before each document which template it is of; a subchart is a group of its own. */
function splitChart(text: string): ManifestText[] {
  const found = new Map<string, string>();
  for (const piece of text.split(/^---[ \t]*$/m)) {
    const source = /^# Source: (\S+)$/m.exec(piece)?.[1] ?? 'templates';
    const below = source.split('/charts/').at(-1) ?? source;
    const body = piece.replace(/^# Source: \S+\n/m, '').trim();
    if (body) found.set(below, `${found.has(below) ? `${found.get(below) ?? ''}---\n` : ''}${body}\n`);
  }
  return [...found].map(([file, body]) => ({ file, text: body }));
}

async function buildKustomization(folder: string, env: NodeJS.ProcessEnv): Promise<ManifestText[]> {
  const how = { cwd: folder, env, limit: LIMIT_MS };
  const text = await runProgram('kustomize', ['build', folder], how) ?? await runProgram('kubectl', ['kustomize', folder], how);
  if (text === undefined) throw new AppError('unsupported', 'This is a Kustomize folder, and neither kustomize nor kubectl is on this machine.', { hint: 'Install one of them, so that it answers in a new terminal, and try again.' });
  return [{ file: 'kustomization.yaml', text }];
}
