/** The YAML and JSON files below a folder that a person chose; nothing outside it is read. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ManifestNotice, ManifestText } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';

const MANIFEST = /\.(ya?ml|json)$/i;
/** They make a folder a source of its own: a chart, a kustomization. */
export const CHART = 'Chart.yaml';
export const KUSTOMIZATIONS: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const SKIPPED = new Set(['node_modules', 'vendor']);
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;

export interface Collected {
  texts: ManifestText[];
  notices: ManifestNotice[];
  /** Charts and kustomizations below the folder, whose files are not among the texts; each with the file that says so. */
  sources: { folder: string; file: string }[];
}

/** @returns the manifests below a folder, in alphabetical order, hidden folders left out. Throws `not-found`, `too-large`. */
export async function collectManifests(folder: string): Promise<Collected> {
  const root = await realpath(folder).catch((cause: unknown) => { throw new AppError('not-found', `${folder}: there is no such folder.`, { cause }); });
  if (!(await stat(root)).isDirectory()) throw new AppError('invalid', `${folder} is not a folder.`, { hint: 'Choose the folder the manifests are in.' });
  const walk: Walk = { root, entries: 0, bytes: 0, texts: [], notices: [], sources: [] };
  await look(root, '', walk, false);
  return { texts: walk.texts, notices: walk.notices, sources: walk.sources };
}

interface Walk extends Collected {
  root: string;
  entries: number;
  bytes: number;
}

/** @param built below a kustomization: its files are those that it names, and only other sources are looked for */
async function look(folder: string, below: string, walk: Walk, built: boolean): Promise<void> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  walk.entries += entries.length;
  if (walk.entries > MOST_ENTRIES) throw new AppError('too-large', `There are more than ${MOST_ENTRIES} files there.`, { hint: 'Choose the folder of the manifests itself, not one far above it.' });
  const own = below ? entries.find(({ name }) => name === CHART || KUSTOMIZATIONS.includes(name)) : undefined;
  if (own) walk.sources.push({ folder: below, file: own.name });
  if (own?.name === CHART) return;
  const jsonnet = entries.find(({ name }) => name.endsWith('.jsonnet'));
  if (jsonnet) walk.notices.push({ severity: 'warning', place: `${below}/${jsonnet.name}`, message: 'Jsonnet below a folder of manifests is not evaluated.', hint: `Choose the folder ${below} for itself.` });
  const named = built || own !== undefined;
  for (const entry of entries) {
    if (named && !entry.isDirectory()) continue;
    const name = below ? `${below}/${entry.name}` : entry.name;
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith('.') || SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) await look(full, name, walk, named);
    else if (MANIFEST.test(entry.name)) await take(full, name, entry.isSymbolicLink(), walk);
    else if (entry.isSymbolicLink() && await isFolder(full)) walk.notices.push({ severity: 'warning', place: name, message: 'A link to a folder is not followed.' });
  }
}

async function isFolder(file: string): Promise<boolean> {
  return await stat(file).then((info) => info.isDirectory(), () => false);
}

async function take(file: string, name: string, isLink: boolean, walk: Walk): Promise<void> {
  const warn = (message: string): void => void walk.notices.push({ severity: 'warning', place: name, message });
  const real = isLink ? await realpath(file).catch(() => undefined) : file;
  if (real === undefined) { warn('A link that leads nowhere.'); return; }
  if (!isInside(walk.root, real)) { warn('This link leads out of the folder: it is left out.'); return; }
  const info = await stat(real);
  if (!info.isFile()) return;
  walk.bytes += info.size;
  if (walk.bytes > MOST_BYTES) throw new AppError('too-large', 'The manifests there have more than 16 MiB.', { hint: 'Choose subfolders one at a time.' });
  try {
    walk.texts.push({ file: name, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(real)) });
  } catch {
    warn('This file cannot be read as a text in UTF-8: it is left out.');
  }
}

/** Both are real paths. */
export function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}
