/** Plays the vector files: each by its runner in vectors/, those without one are said to be skipped. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readVectors } from './cases.ts';
import { exceptions } from './features.ts';
import { isWanted, type CaseResult, type Filter } from './run.ts';
import type { Run, Vector } from './vectors/compare.ts';

/** `prepare` gets all vectors of the file first, where they refer to each other. */
interface Runner {
  run?: Run;
  prepare?: (vectors: readonly Vector[]) => void;
}

export async function runVectors(directory: string, filter: Filter): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, lines } of readVectors(directory)) {
    if (filter.files.length > 0 && !filter.files.includes(name)) continue;
    const module = path.join(import.meta.dirname, 'vectors', `${name}.ts`);
    const { run, prepare } = existsSync(module) ? await import(pathToFileURL(module).href) as Runner : {};
    prepare?.(lines.map((line) => JSON.parse(line) as Vector));
    for (const line of lines) {
      const vector = JSON.parse(line) as Vector;
      if (isWanted(filter, name, vector.id)) results.push(judge(name, vector, line, run));
    }
  }
  return results;
}

function judge(file: string, vector: Vector, line: string, run: Run | undefined): CaseResult {
  const { id } = vector;
  if (!run) return { id, file, result: 'skipped', difference: `${file} is not built yet` };
  const difference = attempt(() => run(vector, line));
  const excuse = exceptions.vectors[id];
  if (excuse === undefined) return difference === undefined ? { id, file, result: 'passed' } : { id, file, result: 'failed', difference };
  if (difference === undefined) return { id, file, result: 'failed', difference: `passes, though excepted: ${excuse}` };
  return { id, file, result: 'skipped', difference: excuse };
}

function attempt(act: () => string | undefined): string | undefined {
  try {
    return act();
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : String(error);
  }
}
