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
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return await Promise.all(files.map(async (file) => describe(path.basename(file, '.yaml'), await readFile(path.join(folder, file), 'utf8'))));
}

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
