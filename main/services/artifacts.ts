/** Artifacts of runs: listed, looked at, linked, and written to a place that the person chooses. */
import path from 'node:path';
import type { ArtifactInfo, ArtifactRef, Engine } from '../../engine/index.ts';
import { AppError } from '../../engine/spec/error.ts';
import type { StreamItems, StreamRequest } from '../ipc/contract.ts';
import { exists, fileNameOf, saveEntries, saveFile } from '../saving.ts';
import type { Contexts } from './contexts.ts';
import type { Handlers, Sink, Sources } from './service.ts';

type Engines = Pick<Contexts, 'engine'>;
type Download = StreamRequest<'artifacts.download'>;

/** The questions that only the person can answer; native dialogs in the app. */
export interface SavingDialogs {
  /** @returns the path to save a file to; the dialog has asked before another file goes */
  file(suggestedName: string): Promise<string | undefined>;
  /** @returns the folder to save files into */
  folder(): Promise<string | undefined>;
}

export function artifactHandlers(contexts: Engines): Handlers<'artifacts.list' | 'artifacts.sizes' | 'artifacts.link'> {
  return {
    'artifacts.list': async ({ contextId, namespace, name, nodeId }) => await (await contexts.engine(contextId)).listArtifacts(namespace, name, nodeId),
    'artifacts.sizes': async ({ contextId, namespace, name, refs }) => await (await contexts.engine(contextId)).artifactSizes(namespace, name, refs),
    'artifacts.link': async ({ contextId, namespace, name, ref, ...options }) => await (await contexts.engine(contextId)).presignArtifact(namespace, name, ref, options),
  };
}

export function artifactSources(contexts: Engines, dialogs: SavingDialogs): Sources<'artifacts.preview' | 'artifacts.download'> {
  return {
    'artifacts.preview': {
      open: async ({ contextId, namespace, name, ref, file }, sink, signal) => {
        const preview = await (await contexts.engine(contextId)).previewArtifact(namespace, name, ref, { signal, ...(file !== undefined && { file }) });
        sink.push(preview);
      },
    },
    'artifacts.download': {
      open: async (request, sink, signal) => {
        const engine = await contexts.engine(request.contextId);
        const saved = request.unpack ? await downloadFiles(engine, request, dialogs, sink, signal) : await downloadFile(engine, request, dialogs, sink, signal);
        if (!signal.aborted) sink.push({ bytes: 0, ...saved });
      },
      merge: (older, newer) => ({ ...older, ...newer, bytes: Math.max(older.bytes, newer.bytes) }),
    },
  };
}

type End = Pick<StreamItems['artifacts.download'], 'end'>;
const LEFT: End = { end: {} };

async function downloadFile(engine: Engine, { namespace, name, ref, file }: Download, dialogs: SavingDialogs, sink: Sink<StreamItems['artifacts.download']>, signal: AbortSignal): Promise<End> {
  await mustBeThere(engine, namespace, name, ref, signal);
  const target = await dialogs.file(file === undefined ? fileNameOf(await infoOf(engine, namespace, name, ref)) : path.posix.basename(file));
  if (target === undefined || signal.aborted) return LEFT;
  const { size, body } = await engine.readArtifact(namespace, name, ref, { signal, ...(file !== undefined && { file }) });
  await saveFile(body, target, { signal, onBytes: counter(sink, size) });
  return { end: { name: path.basename(target) } };
}

/** A person is not asked for a place when there is nothing to put there. */
async function mustBeThere(engine: Engine, namespace: string, name: string, ref: ArtifactRef, signal: AbortSignal): Promise<void> {
  const [size] = await engine.artifactSizes(namespace, name, [ref], signal);
  if (size && 'code' in size) throw new AppError(size.code, size.message, size.hint === undefined ? {} : { hint: size.hint });
}

async function downloadFiles(engine: Engine, { namespace, name, ref }: Download, dialogs: SavingDialogs, sink: Sink<StreamItems['artifacts.download']>, signal: AbortSignal): Promise<End> {
  await mustBeThere(engine, namespace, name, ref, signal);
  const folder = await dialogs.folder();
  if (folder === undefined || signal.aborted) return LEFT;
  const entries = engine.unpackArtifact(namespace, name, ref, signal);
  const saved = await saveEntries(entries, { folder, signal, onBytes: counter(sink, undefined), wanted: (own) => freeName(folder, own ?? ref.name) });
  return { end: { name: path.basename(saved.target), files: saved.files, left: saved.left.length } };
}

function counter(sink: Sink<StreamItems['artifacts.download']>, of: number | undefined): (bytes: number) => void {
  let bytes = 0;
  return (more) => {
    bytes += more;
    sink.push({ bytes, ...(of !== undefined && { of }) });
  };
}

async function infoOf(engine: Engine, namespace: string, run: string, ref: ArtifactRef): Promise<ArtifactInfo> {
  const all = await engine.listArtifacts(namespace, run, ref.nodeId);
  const found = all.find(({ name, direction }) => name === ref.name && (ref.direction === undefined || direction === ref.direction));
  if (!found) throw new AppError('not-found', `The step has no artifact "${ref.name}".`);
  return found;
}

/** @returns a path in the folder at which nothing is: the name, or the name and a number */
async function freeName(folder: string, name: string): Promise<string> {
  for (let i = 1; ; i++) {
    const file = path.join(folder, i === 1 ? name : `${name} ${i}`);
    if (!await exists(file)) return file;
  }
}
