/** Every command on every file: nothing is thrown, only what is named changes, and the inverse restores the bytes. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEdits, invertEdits } from './edit.ts';
import { run } from './commands.ts';
import type { Command } from './command.ts';
import { Draft } from './draft.ts';
import type { TaskAt, TaskRef, TemplateAt } from './draft.ts';
import { readSource } from './source.ts';
import type { Source } from './source.ts';

const SAMPLES = path.resolve(import.meta.dirname, '../../assets/samples');
const SHARED = path.resolve(import.meta.dirname, '../../../shared/conformance/yaml');
const skip = existsSync(SHARED) ? false : "Argo's example files (../shared/conformance/yaml) are not here";

function yamlFiles(folder: string): string[] {
  return readdirSync(folder).map((name) => path.join(folder, name)).flatMap((file) => (statSync(file).isDirectory() ? yamlFiles(file) : /\.(?:ya?ml|json)$/.test(file) ? [file] : []));
}

interface Spot {
  file: string;
  source: Source;
  part: number;
  template: TemplateAt;
  tasks: TaskAt[];
}

/** Every template of every readable document. */
function spotsOf(file: string): Spot[] {
  const source = readSource(readFileSync(file, 'utf8'));
  const roots = source.parts.map((part) => part.value);
  return new Draft(roots, 0).workflows().flatMap((draft) => draft.everyTemplate().map((template) => ({ file, source, part: draft.part, template, tasks: draft.tasks(template) })));
}

function refOf({ path: at }: TaskAt): TaskRef | undefined {
  return at.at(-3) === 'steps' ? [Number(at.at(-2)), Number(at.at(-1))] : undefined;
}

/** One command of each kind that the spot has a place for; `pick` chooses among tasks. */
function commandsAt({ part, template, tasks }: Spot, pick: (most: number) => number): Command[] {
  const at = { part, template: template.name };
  const one = tasks[pick(tasks.length)];
  const two = tasks[pick(tasks.length)];
  const ref: TaskRef = (one && (refOf(one) ?? one.name)) ?? 'none';
  const spot = one && refOf(one);
  const task = { name: 'new', newTemplate: { name: 'new', container: { image: 'busybox', args: ['a: b', '{{x}}'] } } };
  return [
    { type: 'addTask', ...at, task, after: one ? [one.name] : [] },
    { type: 'addStep', ...at, task, at: pick(2) ? { newRow: pick(3) } : [0, pick(3)] },
    { type: 'deleteTasks', ...at, tasks: [ref], force: true },
    { type: 'duplicateTasks', ...at, tasks: [ref] },
    { type: 'moveStep', ...at, from: Array.isArray(spot) ? [Number(spot[0]), Number(spot[1])] : [0, 0], to: pick(2) ? { newRow: pick(3) } : [pick(3), pick(3)] },
    { type: 'connect', ...at, from: one?.name ?? '', to: two?.name ?? '', ...(pick(2) ? { result: 'Failed' as const } : {}) },
    { type: 'disconnect', ...at, from: one?.name ?? '', to: two?.name ?? '' },
    { type: 'insertBetween', ...at, from: one?.name ?? '', to: two?.name ?? '', task: { name: 'mid', template: template.name } },
    { type: 'wireOutput', ...at, from: { task: one?.name ?? '', kind: 'parameter', name: 'p' }, to: { task: two?.name ?? '', input: 'i' } },
    { type: 'renameTask', ...at, task: ref, to: 'renamed' },
    { type: 'renameTemplate', part, from: template.name, to: 'renamed' },
    { type: 'duplicateTemplate', ...at },
    { type: 'removeTemplate', ...at, force: true },
    { type: 'setEntrypoint', ...at },
    { type: 'addParameter', ...at, direction: pick(2) ? 'inputs' : 'outputs', value: { name: 'p', value: 'yes' } },
    { type: 'addArtifact', ...at, direction: 'inputs', value: { name: 'a', path: '/tmp/a' } },
    { type: 'extractTemplate', ...at, tasks: one ? [ref] : [], name: 'part' },
    { type: 'inlineTemplate', ...at, task: ref },
    { type: 'spliceTask', ...at, task: ref },
    { type: 'convertTo', ...at, grammar: template.value.dag ? 'steps' : 'dag' },
    { type: 'setField', part, path: [...template.path, 'timeout'], value: '30s' },
    { type: 'setField', part, path: [...template.path, 'name'], value: pick(2) ? 'x: y' : undefined },
  ];
}

/** What must hold after any command. `run` itself has compared the values. */
function check({ source, file }: Spot, command: Command): 'done' | 'refused' {
  const outcome = run(source, command);
  if ('refused' in outcome) {
    assert.match(outcome.refused, /\.$/, `${file}: ${command.type}`);
    return 'refused';
  }
  const after = applyEdits(source.text, outcome.edits);
  assert.equal(after, outcome.source.text);
  assert.equal(applyEdits(after, invertEdits(source.text, outcome.edits)), source.text);
  const lost = commentsOf(source.text).filter((comment) => !commentsOf(after).includes(comment));
  const named = outcome.edits.map((edit) => source.text.slice(edit.start, edit.end)).join('\n');
  for (const comment of lost) assert.ok(named.includes(comment), `${file}: ${command.type} lost ${comment}`);
  if (!REMOVERS.has(command.type)) assert.deepEqual(lost, [], `${file}: ${command.type}`);
  return 'done';
}

const REMOVERS: ReadonlySet<Command['type']> = new Set(['deleteTasks', 'removeTemplate', 'inlineTemplate', 'spliceTask', 'setField', 'disconnect', 'setCondition']);

function commentsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => /(?:^|\s)(#.*)$/.exec(line)?.[1]?.trim() ?? []);
}

/** @param share tries one in so many of the commands at each place, other ones at the next */
function tryAll(files: readonly string[], share: number): void {
  const spots = files.flatMap(spotsOf);
  let done = 0;
  let every = 0;
  for (const [index, spot] of spots.entries()) {
    let seed = index;
    const commands = commandsAt(spot, (most) => (most > 0 ? (seed = (seed * 7 + 3) % 1009) % most : 0));
    for (const command of commands.filter((_, kind) => (kind + index) % share === 0)) {
      every++;
      if (check(spot, command) === 'done') done++;
    }
  }
  assert.ok(done > every / 3, `${done} of ${every} commands were done`);
}

test('every command on every sample', () => { tryAll(yamlFiles(SAMPLES), 1); });
test("every command on every file of Argo's", { skip }, () => { tryAll(yamlFiles(SHARED), 4); });

test('any field of any sample takes any value', () => {
  const spots = yamlFiles(SAMPLES).flatMap(spotsOf);
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.string({ unit: 'grapheme' }), fc.string().map((text) => `${text}\n  ${text}\n`), fc.constant(undefined));
  fc.assert(fc.property(fc.nat(), fc.nat(), value, (at, deep, next) => {
    const spot = spots[at % spots.length]!;
    const places = pathsOf(spot.source.parts[spot.part]!.value, []);
    const command: Command = { type: 'setField', part: spot.part, path: places[deep % places.length]!, value: next };
    assert.equal(check(spot, command), 'done', JSON.stringify(command));
  }), { numRuns: 300 });
});

function pathsOf(value: unknown, at: (string | number)[]): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [at];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [...(at.length > 0 ? [at] : []), ...entries.flatMap(([key, item]) => pathsOf(item, [...at, key]))];
}
