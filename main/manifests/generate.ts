/** A folder of manifests, a chart, a kustomization or a Jsonnet application → a workflow that applies it. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { workflowFromManifests } from '../../engine/index.ts';
import type { ManifestNotice, ManifestWorkflow } from '../../engine/index.ts';
import { inGroup, readSource } from './sources.ts';
import type { ReadSource, SourceKind, SourceOptions } from './sources.ts';

const MOST_NOTICES = 50;

export interface Generated extends ManifestWorkflow {
  kind: SourceKind;
  /** Of the first folder. */
  name: string;
}

/**
 * @param folders one, whose subfolders are the groups, or several, each a group of its own
 * @param options.name begins the names of the runs; without it, the first folder's name does
 */
export async function generateWorkflow(folders: readonly string[], options: SourceOptions & { name?: string; createNamespaces?: boolean }): Promise<Generated> {
  const read: ReadSource[] = [];
  const marks = { sources: 0 };
  for (const folder of folders) read.push(inGroup(await readSource(folder, { ...options, marks }), folders.length > 1 ? path.basename(path.resolve(folder)) : undefined));
  const name = options.name ?? path.basename(await realpath(folders[0] ?? '.'));
  const made = workflowFromManifests(read.flatMap(({ texts }) => texts), {
    name, marked: read.flatMap(({ marked }) => marked), createNamespaces: options.createNamespaces ?? true,
  });
  const broken = read.some(({ notices }) => notices.some(({ severity }) => severity === 'error'));
  return { ...made, ...(broken ? { text: '', groups: [], parameters: [] } : {}), notices: shown([...read.flatMap(({ notices }) => notices), ...made.notices]), name, kind: read[0]?.kind ?? 'files' };
}

/** Errors first, and no more than a person reads. */
function shown(notices: readonly ManifestNotice[]): ManifestNotice[] {
  const sorted = [...notices].sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  const more = sorted.length - MOST_NOTICES;
  return more <= 0 ? sorted : [...sorted.slice(0, MOST_NOTICES), { severity: 'warning', place: '', message: `There are ${more} more like these.` }];
}
