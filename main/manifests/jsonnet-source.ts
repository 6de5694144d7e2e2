/** Manifests of a Jsonnet or ksonnet application, and where its arguments and parameters stand in them. */
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { markValues } from '../../engine/index.ts';
import type { ManifestNotice, ManifestText, MarkedValue, Values } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import { Jsonnet } from './jsonnet.ts';

export interface JsonnetSource {
  kind: 'jsonnet' | 'ksonnet';
  texts: ManifestText[];
  marked: MarkedValue[];
  notices: ManifestNotice[];
}

/**
 * @param files of a Jsonnet application, below the folder; without them it is a ksonnet one
 * @param given values by name, for arguments, external variables and parameters
 * @param source which of several sources of one workflow it is
 */
export async function readJsonnet(folder: string, files: readonly string[] | undefined, given: Record<string, string>, source: number): Promise<JsonnetSource> {
  const root = await realpath(folder);
  const environment = files ? undefined : await environmentOf(root);
  const libraries = ['lib', 'vendor', ...(environment === undefined ? [] : [`environments/${environment}/.metadata`])].map((name) => path.join(root, name));
  const jsonnet = new Jsonnet(root, libraries);
  try {
    return await (files ? application(root, files, given, jsonnet, source) : ksonnet(root, environment, given, jsonnet, source));
  } finally {
    await jsonnet.close();
  }
}

/** A main.jsonnet stands for all; else every file is evaluated. */
async function application(root: string, files: readonly string[], given: Record<string, string>, jsonnet: Jsonnet, source: number): Promise<JsonnetSource> {
  const wanted = files.includes('main.jsonnet') ? ['main.jsonnet'] : files;
  const texts = new Map(await Promise.all(wanted.map(async (file) => [file, uncommented(await readFile(path.join(root, file), 'utf8'))] as const)));
  const args = new Map([...texts].map(([file, text]) => [file, argumentsOf(text)]));
  const externals = externalsOf((await sourcesOf(root)).join('\n'));
  const values: Values = Object.fromEntries([...externals.map((name): [string, unknown] => [name, given[name] ?? name]), ...[...args.values()].flatMap((all) => Object.entries(all))]);
  const notices = externals.filter((name) => given[name] === undefined).map((name): ManifestNotice => ({
    severity: 'warning', place: '', message: `The external variable ${name} has no value in the source: it begins as "${name}".`, hint: `Change its parameter, or give it: tiphys from-manifests --value ${name}=…`,
  }));
  for (const [name, value] of Object.entries(given)) if (name in values) values[name] = typeof values[name] === 'number' ? Number(value) : value;
  const { sources, marked } = await markValues(values, async (changed) => {
    const now = { ...values, ...changed };
    const code = (names: readonly string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, JSON.stringify(now[name])]));
    const rendered: ManifestText[] = [];
    for (const file of wanted) rendered.push(manifestText(file, await jsonnet.evaluate(path.join(root, file), code(externals), code(Object.keys(args.get(file) ?? {})))));
    return rendered;
  }, source);
  return { kind: 'jsonnet', texts: sources, marked, notices };
}

async function environmentOf(root: string): Promise<string | undefined> {
  const names = (await readdir(path.join(root, 'environments')).catch((): string[] => [])).filter((name) => existsSync(path.join(root, 'environments', name, 'params.libsonnet'))).sort();
  return names.includes('default') ? 'default' : names[0];
}

/** Components get the parameters of components/params.libsonnet, as the environment changes them. */
async function ksonnet(root: string, environment: string | undefined, given: Record<string, string>, jsonnet: Jsonnet, source: number): Promise<JsonnetSource> {
  const folder = path.join(root, 'components');
  const names = (await readdir(folder).catch(() => { throw new AppError('invalid', 'This ksonnet application has no folder components.'); })).sort();
  const parameters = path.join(folder, 'params.libsonnet');
  let values = existsSync(parameters) ? await jsonnet.evaluate(parameters, {}) as Values : {};
  const own = environment === undefined ? undefined : path.join(root, 'environments', environment, 'params.libsonnet');
  if (own !== undefined) values = await jsonnet.evaluate(own, { '__ksonnet/params': JSON.stringify(values) }) as Values;
  const components = (values['components'] ?? {}) as Record<string, Values>;
  for (const [name, value] of Object.entries(given)) {
    const [component = '', parameter = ''] = name.split('.');
    const of = Object.hasOwn(components, component) ? components[component] : undefined;
    if (of && Object.hasOwn(of, parameter)) of[parameter] = typeof of[parameter] === 'number' ? Number(value) : value;
  }
  const environments = JSON.stringify({ name: environment ?? 'default', server: '', namespace: 'default' });
  const { sources, marked } = await markValues(components, async (changed) => {
    const now = JSON.stringify({ ...values, components: { ...components, ...changed } });
    const rendered: ManifestText[] = [];
    for (const name of names) {
      const file = path.join(folder, name);
      if (name.endsWith('.jsonnet')) rendered.push(manifestText(`components/${name}`, await jsonnet.evaluate(file, { '__ksonnet/params': now, '__ksonnet/environments': environments })));
      else if (/\.(ya?ml|json)$/.test(name)) rendered.push({ file: `components/${name}`, text: await readFile(file, 'utf8') });
    }
    return rendered;
  }, source);
  const notices: ManifestNotice[] = environment === undefined ? [] : [{ severity: 'warning', place: `environments/${environment}`, message: `The parameters are those of the environment ${environment}.` }];
  return { kind: 'ksonnet', texts: sources, marked, notices };
}

/** @returns the objects in a value, wherever they stand in it, as YAML documents */
function manifestText(file: string, value: unknown): ManifestText {
  const documents = typeof value === 'string' ? [value] : objectsIn(value).map((object) => stringify(object, { lineWidth: 0, indentSeq: false }));
  return { file, text: documents.join('---\n') };
}

function objectsIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  return 'apiVersion' in value && 'kind' in value ? [value] : Object.values(value).flatMap(objectsIn);
}

async function sourcesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(jsonnet|libsonnet)$/.test(entry.name) && !/(^|[\\/])(vendor|node_modules)([\\/]|$)/.test(path.relative(root, entry.parentPath)));
  return await Promise.all(files.slice(0, 1000).map(async (entry) => uncommented(await readFile(path.join(entry.parentPath, entry.name), 'utf8'))));
}

/** Comments may hold anything; a # or // inside quotes is left. */
function uncommented(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?:\/\/|#)[^\n]*/g, (_, quoted?: string) => quoted ?? '');
}

function externalsOf(text: string): string[] {
  return [...new Set([...text.matchAll(/std\.extVar\(\s*(?:"([^"\\]+)"|'([^'\\]+)')\s*\)/g)].map((match) => match[1] ?? match[2] ?? ''))].filter((name) => !name.startsWith('__ksonnet/'));
}

/** Arguments of a file that is a function, with their values where these are texts or numbers; without one, the name stands for it. */
function argumentsOf(text: string): Values {
  const list = /(?:^|;)\s*function\s*\(([^)]*)\)/.exec(text)?.[1] ?? '';
  const found: Values = {};
  for (const [, name = '', literal] of list.matchAll(/([A-Za-z_]\w*)\s*(?:=\s*("[^"\\]*"|'[^'\\]*'|-?\d+(?:\.\d+)?(?![\w.])|[^,]+))?\s*(?:,|$)/g)) {
    if (literal === undefined) found[name] = name;
    else if (/^["']/.test(literal)) found[name] = literal.slice(1, -1);
    else if (/^-?\d/.test(literal)) found[name] = Number(literal);
  }
  return found;
}
