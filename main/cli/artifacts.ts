/** artifacts, cp. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ArtifactInfo, ArtifactRef, ArtifactSize, Engine } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { exists, fileNameOf, saveEntries, saveFile } from '../saving.ts';
import type { Command } from './command.ts';
import { plain, usageError } from './io.ts';
import type { Io } from './io.ts';
import { formatted } from './output.ts';
import { connected, findNode } from './runs.ts';
import { table } from './table.ts';
import { span } from './time.ts';

/** Sizes that are asked for together. */
const SIZES_AT_ONCE = 64;

export const artifacts: Command = {
  name: 'artifacts', operands: 'RUN [options]', count: [1, 1], connects: true, outputs: ['wide', 'json', 'yaml', 'name'],
  summary: 'Lists the artifacts of a run\'s steps, with their sizes as the store has them.',
  options: { node: { type: 'string', argument: 'STEP', help: 'only of this step: its display name, name, id or Pod' } },
  examples: ['tiphys artifacts hello-x7k2p', 'tiphys artifacts hello-x7k2p --node build -o json'],
  run: (context) => connected(context, async ({ engine, namespace }) => {
    const { io, options, operands } = context;
    const [name = ''] = operands;
    const run = await engine.getRun(namespace, name);
    const step = options.text('node');
    const found = await engine.listArtifacts(namespace, name, step === undefined ? undefined : findNode(run, step).id);
    const output = options.text('output');
    if (output === 'name') {
      io.out(found.map((each) => `${plain(each.name)}\n`).join(''));
      return 0;
    }
    const sizes = await sizesOf(engine, namespace, name, found);
    if (output === 'json' || output === 'yaml') io.out(formatted(output, { artifacts: found.map((each, i) => ({ step: stepName(run, each.nodeId), ...each, ...reportOf(sizes[i]) })) }));
    else if (found.length) io.out(`${lines(run, found, sizes, output === 'wide', io).join('\n')}\n`);
    else io.err(`There are no artifacts in ${step === undefined ? `run ${name}` : `step ${plain(step)}`}.\n`);
    return 0;
  }),
};

async function sizesOf(engine: Engine, namespace: string, name: string, found: readonly ArtifactInfo[]): Promise<(ArtifactSize | undefined)[]> {
  const there = found.filter(({ deleted }) => !deleted);
  const sizes = new Map<ArtifactInfo, ArtifactSize>();
  for (let at = 0; at < there.length; at += SIZES_AT_ONCE) {
    const some = there.slice(at, at + SIZES_AT_ONCE);
    const answers = await engine.artifactSizes(namespace, name, some.map(({ nodeId, name: artifact, direction }) => ({ nodeId, name: artifact, direction })));
    some.forEach((each, i) => { const size = answers[i]; if (size) sizes.set(each, size); });
  }
  return found.map((each) => sizes.get(each));
}

function reportOf(size: ArtifactSize | undefined): Record<string, unknown> {
  if (!size) return {};
  return 'code' in size ? { problem: size } : { files: size.files, bytes: size.bytes, ...(size.more && { more: true }), ...(size.modifiedAt !== undefined && { modifiedAt: size.modifiedAt }) };
}

function lines(run: Workflow, found: readonly ArtifactInfo[], sizes: readonly (ArtifactSize | undefined)[], wide: boolean, io: Io): string[] {
  const rows = found.map((each, i) => {
    const size = sizes[i];
    const age = size && !('code' in size) && size.modifiedAt ? span(size.modifiedAt, undefined, io.now()) : '';
    return [plain(stepName(run, each.nodeId)), plain(each.name), each.direction, each.kind, each.deleted ? 'deleted' : sizeWords(size), age, plain(each.key), ...(wide ? [plain(each.path ?? '')] : [])];
  });
  const problems = new Set(sizes.flatMap((size) => (size && 'code' in size && size.code !== 'not-found' ? [`${plain(size.message)}${size.hint === undefined ? '' : ` ${plain(size.hint)}`}`] : [])));
  for (const problem of problems) io.err(`${problem}\n`);
  return table(['STEP', 'NAME', 'DIRECTION', 'KIND', 'SIZE', 'AGE', 'KEY', ...(wide ? ['PATH'] : [])], rows);
}

function sizeWords(size: ArtifactSize | undefined): string {
  if (!size) return '';
  if ('code' in size) return size.code === 'not-found' ? 'missing' : size.code === 'unsupported' ? '' : 'unknown';
  return `${bytesWords(size.bytes)}${size.more ? '+' : ''}${size.files > 1 ? ` in ${size.files}${size.more ? '+' : ''} files` : ''}`;
}

/** @returns `5B`, `1.2KiB`, `200MiB` */
function bytesWords(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  const value = bytes / 1024 ** unit;
  return `${value < 10 && unit > 0 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${units[unit] ?? ''}`;
}

function stepName(run: Workflow, nodeId: string): string {
  return run.status?.nodes?.[nodeId]?.displayName ?? nodeId;
}

interface Source {
  step: string | undefined;
  artifact: string;
  /** Within the artifact. */
  path: string;
}

/**
 * @param text what comes after the run's name
 * @returns the ways to read `[/STEP]:ARTIFACT[/PATH]`: steps and paths may have colons of their own
 */
function readings(text: string): Source[] {
  return [...text.matchAll(/:/g)].flatMap(({ index }): Source[] => {
    const [, artifact = '', path_ = ''] = /^([A-Za-z0-9_-]+)(?:\/(.*))?$/s.exec(text.slice(index + 1)) ?? [];
    const step = text.slice(0, index);
    return artifact && (step === '' || step.startsWith('/')) ? [{ step: step === '' ? undefined : step.slice(1), artifact, path: path_ }] : [];
  });
}

function isStep(run: Workflow, step: string | undefined): boolean {
  return step === undefined || Object.values(run.status?.nodes ?? {}).some(({ id, name, displayName }) => step === id || step === name || step === displayName);
}

export const copy: Command = {
  name: 'cp', operands: 'RUN[/STEP]:ARTIFACT[/PATH] TARGET [options]', count: [2, 2], connects: true,
  summary: 'Copies an artifact to this machine: archives unpacked, folders with all below them.',
  details: 'A TARGET that is a folder gets the artifact under its own name; otherwise TARGET is the name. With PATH only that file or folder of the artifact. Nothing is written over without --force, links in archives are left out.',
  options: {
    packed: { type: 'boolean', help: 'as it is kept, not unpacked' },
    input: { type: 'boolean', help: 'the step\'s input artifact of this name' },
    force: { type: 'boolean', help: 'write over a file of that name' },
  },
  examples: ['tiphys cp hello-x7k2p:report .', 'tiphys cp hello-x7k2p/train:model/weights.bin weights.bin', 'tiphys cp hello-x7k2p/build:site site.tgz --packed'],
  run: (context) => connected(context, async ({ engine, namespace }) => {
    const { io, options, operands } = context;
    const [source = '', target = ''] = operands;
    const name = /^[^/:]*/.exec(source)?.[0] ?? '';
    const read = readings(source.slice(name.length));
    if (!name || read.length === 0) throw usageError(`"${source}" is not RUN[/STEP]:ARTIFACT[/PATH].`, 'For example: tiphys cp hello-x7k2p/build:report .');
    const run = await engine.getRun(namespace, name);
    const { step, artifact = '', path: within = '' } = read.find((each) => isStep(run, each.step)) ?? read.at(-1) ?? {};
    if (options.flag('packed') && within) throw usageError('--packed takes the whole artifact, without a path.');
    const direction = options.flag('input') ? 'input' : 'output';
    const node = step === undefined ? onlyWith(run, artifact, direction) : findNode(run, step);
    const ref: ArtifactRef = { nodeId: node.id, name: artifact, direction };
    const place: Target = { path: path.resolve(io.cwd, target), isFolder: await stat(path.resolve(io.cwd, target)).then((found) => found.isDirectory(), () => false), force: options.flag('force') };
    if (options.flag('packed')) await copyPacked(engine, namespace, name, ref, place, io);
    else await copyUnpacked(engine, namespace, name, ref, within.replace(/\/+$/, ''), place, io);
    return 0;
  }),
};

interface Target {
  path: string;
  isFolder: boolean;
  /** A file that is there may go. */
  force: boolean;
}

async function copyUnpacked(engine: Engine, namespace: string, name: string, ref: ArtifactRef, within: string, { path: target, isFolder, force }: Target, io: Io): Promise<void> {
  const own = path.posix.basename(within) || undefined;
  const { files, bytes, left, target: made } = await saveEntries(engine.unpackArtifact(namespace, name, ref, io.interrupted), {
    folder: isFolder ? target : path.dirname(target), within, signal: io.interrupted, over: force,
    wanted: async (single) => (isFolder ? path.join(target, single ?? own ?? await keyName(engine, namespace, name, ref)) : target),
  });
  io.out(`${made}: ${files} ${files === 1 ? 'file' : 'files'}, ${bytesWords(bytes)}\n`);
  if (left.length) io.err(`Left out, since they are links or lead elsewhere: ${left.slice(0, 10).map(plain).join(', ')}${left.length > 10 ? ` and ${left.length - 10} more` : ''}\n`);
}

async function copyPacked(engine: Engine, namespace: string, name: string, ref: ArtifactRef, target: Target, io: Io): Promise<void> {
  const file = target.isFolder ? path.join(target.path, await keyName(engine, namespace, name, ref)) : target.path;
  if (!target.force && await exists(file)) throw new AppError('already-exists', `${file} is there already.`, { hint: 'Choose another name, or write over it with --force.' });
  const { files: [first, ...others] } = await engine.artifactFiles(namespace, name, ref);
  if (others.length > 0 || first?.path) throw new AppError('invalid', `The artifact ${ref.name} is a folder, not one file.`, { hint: 'Leave --packed out.' });
  let bytes = 0;
  const { body } = await engine.readArtifact(namespace, name, ref, { signal: io.interrupted });
  await saveFile(body, file, { signal: io.interrupted, onBytes: (more) => { bytes += more; } });
  io.out(`${file}: ${bytesWords(bytes)}\n`);
}

async function keyName(engine: Engine, namespace: string, run: string, { nodeId, name, direction }: ArtifactRef): Promise<string> {
  const found = (await engine.listArtifacts(namespace, run, nodeId)).find((each) => each.name === name && each.direction === direction);
  return found ? fileNameOf(found) : name;
}

/** @returns the one step that has the artifact. Throws `not-found` with what there is, `usage` when several have it. */
function onlyWith(run: Workflow, artifact: string, direction: 'input' | 'output'): NodeStatus {
  const nodes = Object.values(run.status?.nodes ?? {});
  const of = (node: NodeStatus): string[] => ((direction === 'input' ? node.inputs : node.outputs)?.artifacts ?? []).map(({ name }) => name);
  const having = nodes.filter((node) => of(node).includes(artifact));
  // What a step hands on is an artifact of the steps around it, too: the Pod's own is meant.
  const pods = having.filter(({ type }) => type === 'Pod');
  const [found, ...others] = pods.length > 0 ? pods : having;
  const name = run.metadata.name ?? '';
  if (!found) {
    const all = [...new Set(nodes.flatMap(of))];
    throw new AppError('not-found', `Run ${name} has no ${direction} artifact "${artifact}".`, { hint: all.length ? `Artifacts: ${all.slice(0, 20).join(', ')}` : `No step of it has ${direction} artifacts.` });
  }
  if (others.length) throw usageError(`${others.length + 1} steps of ${name} have an artifact "${artifact}".`, `Say whose: ${[found, ...others].slice(0, 20).map(({ displayName }) => `${name}/${displayName}:${artifact}`).join(', ')}`);
  return found;
}
