/**
 * npm run conformance [DIR] [--only ID]… [--file NAME]… [-o json] [--direct]: plays the recorded runs of a folder through the
 * whole controller and compares them with what Argo made of them, then its vectors. `--direct` plays with operate alone.
 */
import { exceptions } from './conformance/features.ts';
import { playController } from './conformance/play-controller.ts';
import { playDirectly } from './conformance/play.ts';
import { runCases, type CaseResult } from './conformance/run.ts';
import { runVectors } from './conformance/vectors.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function options(words: readonly string[]): { directory: string; only: string[]; files: string[]; json: boolean; direct: boolean } {
  const found = { directory: '../shared/conformance', only: [] as string[], files: [] as string[], json: false, direct: false };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--only') found.only.push(words[++at] ?? '');
    else if (word === '--file') found.files.push(words[++at] ?? '');
    else if (word === '-o') found.json = words[++at] === 'json';
    else if (word === '-ojson' || word === '--json') found.json = true;
    else if (word === '--direct') found.direct = true;
    else found.directory = word;
  }
  return found;
}

function count(results: readonly CaseResult[]): Counts {
  const of = (result: CaseResult['result']): number => results.filter((each) => each.result === result).length;
  return { passed: of('passed'), failed: of('failed'), skipped: of('skipped') };
}

const { directory, only, files, json, direct } = options(process.argv.slice(2));
const folder = path.resolve(import.meta.dirname, '..', directory);
if (!existsSync(path.join(folder, 'compare.mjs'))) {
  console.log(`conformance: no recorded cases at ${folder}; skipped`);
  process.exit(0);
}
const filter = { only, files };
const cases = direct ? await runCases(folder, filter, playDirectly) : await runCases(folder, filter, playController, exceptions.controller);
const results = [...cases, ...await runVectors(folder, filter)];
const names = [...new Set(results.map(({ file }) => file))];
const byFile = Object.fromEntries(names.map((name) => [name, count(results.filter(({ file }) => file === name))]));
if (json) {
  console.log(JSON.stringify({ ...count(results), files: byFile, cases: results.map(({ id, result, difference }) => ({ id, result, difference })) }));
} else {
  for (const { id, result, difference } of results) if (result === 'failed') console.log(`${id}: ${difference ?? ''}`);
  const reasons = new Map<string, number>();
  for (const { result, difference } of results) if (result === 'skipped') reasons.set(difference ?? '', (reasons.get(difference ?? '') ?? 0) + 1);
  for (const [reason, times] of reasons) console.log(`skipped ${times}: ${reason}`);
  for (const [name, counts] of Object.entries(byFile)) console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  const all = count(results);
  console.log(`all: ${all.passed} passed, ${all.failed} failed, ${all.skipped} skipped`);
}
process.exitCode = results.some(({ result }) => result === 'failed') ? 1 : 0;
