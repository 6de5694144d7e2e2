/** The samples that come with the app. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import type { Sample } from '../ipc/contract.ts';
import type { Handlers } from './service.ts';

interface Annotated {
  metadata?: { annotations?: Record<string, unknown> };
}

/** @param folder the folder of the sample files */
export function samplesService(folder: string): Handlers<'samples.list'> {
  let samples: Promise<Sample[]> | undefined;
  return { 'samples.list': () => samples ??= readSamples(folder) };
}

async function readSamples(folder: string): Promise<Sample[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const samples = await Promise.all(entries.map(async (entry) => (entry.isDirectory() ? await readFolder(path.join(folder, entry.name)) : await readFiles(folder, [entry.name]))));
  return samples.flat();
}

/** A sample of many files: `kubernetes-spec` holds manifests, `workflows` what applies them. */
async function readFolder(folder: string): Promise<Sample[]> {
  const name = path.basename(folder);
  const manifests = (await readdir(path.join(folder, 'kubernetes-spec'), { recursive: true })).filter(isYaml).length;
  const workflows = path.join(folder, 'workflows');
  return (await readFiles(workflows, (await readdir(workflows)).sort())).map((sample) => ({ ...sample, id: `${name}/${sample.id}`, folder: { name, manifests } }));
}

async function readFiles(folder: string, names: string[]): Promise<Sample[]> {
  return await Promise.all(names.filter(isYaml).map(async (file) => describe(path.basename(file, '.yaml'), await readFile(path.join(folder, file), 'utf8'))));
}

const isYaml = (file: string): boolean => file.endsWith('.yaml');

function describe(id: string, text: string): Sample {
  const annotations = (parse(text) as Annotated).metadata?.annotations ?? {};
  const annotation = (name: string): string | undefined => (typeof annotations[name] === 'string' ? annotations[name] : undefined);
  const sample: Sample = {
    id, text,
    title: annotation('workflows.argoproj.io/title') ?? id,
    description: annotation('workflows.argoproj.io/description') ?? '',
  };
  const expect = annotation('tiphys/expect');
  if (expect !== undefined) sample.expect = expect;
  return sample;
}
