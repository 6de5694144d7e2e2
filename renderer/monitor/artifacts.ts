/** Artifacts of the open run: which there are, how large they are, what is in them, and what is on its way to the disk. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { create } from 'zustand';
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { StreamItems, VerbResponses } from '../../main/ipc/contract.ts';
import { asUiError, invoke, subscribe } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { say, sayError, setUi, usePlace } from '../app/store.ts';
import type { Place } from '../app/store.ts';
import { sizeWords } from '../ui/bytes.ts';

export type ArtifactInfo = VerbResponses['artifacts.list'][number];
export type ArtifactSize = VerbResponses['artifacts.sizes'][number];
export type Preview = StreamItems['artifacts.preview'];

/** Names an artifact among all of a run. */
export function idOf({ nodeId, direction, name }: Pick<ArtifactInfo, 'nodeId' | 'direction' | 'name'>): string {
  return `${nodeId}/${direction}/${name}`;
}

const refOf = ({ nodeId, direction, name }: ArtifactInfo): { nodeId: string; direction: ArtifactInfo['direction']; name: string } => ({ nodeId, direction, name });

/** Changes whenever the run has other artifacts than before. */
function signature(nodes: ReadonlyMap<string, NodeStatus>): string {
  let inputs = 0;
  let outputs = 0;
  let deleted = 0;
  for (const node of nodes.values()) {
    inputs += node.inputs?.artifacts?.length ?? 0;
    for (const artifact of node.outputs?.artifacts ?? []) {
      outputs += 1;
      if (artifact.deleted) deleted += 1;
    }
  }
  return `${inputs} ${outputs} ${deleted}`;
}

export interface ArtifactList {
  /** undefined until the first answer. */
  artifacts: ArtifactInfo[] | undefined;
  error: UiError | undefined;
  again: () => void;
}

/** The artifacts of a run, read again when steps have others. */
export function useArtifacts(name: string, nodes: ReadonlyMap<string, NodeStatus>): ArtifactList {
  const { contextId, namespace } = usePlace();
  const [state, setState] = useState<Pick<ArtifactList, 'artifacts' | 'error'>>({ artifacts: undefined, error: undefined });
  const [tries, setTries] = useState(0);
  const now = useMemo(() => signature(nodes), [nodes]);
  useEffect(() => {
    let gone = false;
    invoke('artifacts.list', { contextId, namespace, name }).then(
      (artifacts) => { if (!gone) setState({ artifacts, error: undefined }); },
      (error: unknown) => { if (!gone) setState((before) => ({ ...before, error: asUiError(error) })); },
    );
    return () => { gone = true; };
  }, [contextId, namespace, name, now, tries]);
  return { ...state, again: useCallback(() => { setTries((n) => n + 1); }, []) };
}

/** Sizes that are asked for together. */
const SIZES_AT_ONCE = 64;
const GATHER_MS = 60;

/** How large artifacts are: asked of the store for those that are shown, once each. */
export function useSizes(name: string): { sizes: ReadonlyMap<string, ArtifactSize>; want: (shown: readonly ArtifactInfo[]) => void } {
  const { contextId, namespace } = usePlace();
  const [sizes, setSizes] = useState<ReadonlyMap<string, ArtifactSize>>(new Map());
  const asked = useRef(new Set<string>());
  const waiting = useRef(new Map<string, ArtifactInfo>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    asked.current = new Set();
    setSizes(new Map());
    return () => { clearTimeout(timer.current); };
  }, [contextId, namespace, name]);
  const want = useCallback((shown: readonly ArtifactInfo[]): void => {
    for (const artifact of shown) {
      const id = idOf(artifact);
      if (artifact.deleted || asked.current.has(id)) continue;
      asked.current.add(id);
      waiting.current.set(id, artifact);
    }
    if (waiting.current.size === 0) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const all = [...waiting.current];
      waiting.current.clear();
      for (let at = 0; at < all.length; at += SIZES_AT_ONCE) {
        const some = all.slice(at, at + SIZES_AT_ONCE);
        invoke('artifacts.sizes', { contextId, namespace, name, refs: some.map(([, artifact]) => refOf(artifact)) }).then(
          (answers) => { setSizes((before) => new Map([...before, ...some.flatMap(([id], i): [string, ArtifactSize][] => { const answer = answers[i]; return answer ? [[id, answer]] : []; })])); },
          (error: unknown) => {
            const { code, message, hint } = asUiError(error);
            const failed = { code, message, ...(hint === undefined ? {} : { hint }) } as ArtifactSize;
            setSizes((before) => new Map([...before, ...some.map(([id]): [string, ArtifactSize] => [id, failed])]));
          },
        );
      }
    }, GATHER_MS);
  }, [contextId, namespace, name]);
  return { sizes, want };
}

export interface Look {
  preview: Preview | undefined;
  error: UiError | undefined;
  stopped: boolean;
  stop: () => void;
  again: () => void;
}

/** What is in an artifact, or in a file of it; the one before is let go. */
export function usePreview(name: string, artifact: ArtifactInfo, file: string | undefined): Look {
  const { contextId, namespace } = usePlace();
  const [state, setState] = useState<Pick<Look, 'preview' | 'error' | 'stopped'>>({ preview: undefined, error: undefined, stopped: false });
  const [tries, setTries] = useState(0);
  const close = useRef<(() => void) | undefined>(undefined);
  const { nodeId, direction, name: artifactName, deleted } = artifact;
  useEffect(() => {
    setState({ preview: undefined, error: undefined, stopped: false });
    if (deleted) return;
    const ref = { nodeId, direction, name: artifactName };
    const end = subscribe('artifacts.preview', { contextId, namespace, name, ref, ...(file !== undefined && { file }) },
      (preview) => { setState({ preview, error: undefined, stopped: false }); }, (error) => { setState({ preview: undefined, error, stopped: false }); });
    close.current = end;
    return end;
  }, [contextId, namespace, name, nodeId, direction, artifactName, deleted, file, tries]);
  return {
    ...state,
    stop: () => {
      close.current?.();
      setState((before) => ({ ...before, stopped: true }));
    },
    again: () => { setTries((n) => n + 1); },
  };
}

export interface Download {
  id: number;
  title: string;
  bytes: number;
  of: number | undefined;
  cancel: () => void;
}

/** What is on its way to the disk; it goes on when another view is opened. */
export const useDownloads = create<{ list: readonly Download[] }>(() => ({ list: [] }));

let last = 0;

/** Asks for a place and writes an artifact, or a file of it, there; `unpack`: all its files. */
export function download(place: Place, run: string, artifact: ArtifactInfo, { file, unpack = false }: { file?: string | undefined; unpack?: boolean } = {}): void {
  const id = ++last;
  const title = file === undefined ? artifact.name : file.slice(file.lastIndexOf('/') + 1);
  const drop = (): void => { useDownloads.setState(({ list }) => ({ list: list.filter((each) => each.id !== id) })); };
  const put = (bytes: number, of: number | undefined): void => {
    useDownloads.setState(({ list }) => {
      const known = list.some((each) => each.id === id);
      const entry: Download = { id, title, bytes, of, cancel };
      return { list: known ? list.map((each) => (each.id === id ? entry : each)) : [...list, entry] };
    });
  };
  const close = subscribe('artifacts.download', { ...place, name: run, ref: refOf(artifact), unpack, ...(file !== undefined && { file }) }, ({ bytes, of, end }) => {
    if (!end) {
      put(bytes, of);
      return;
    }
    close();
    drop();
    if (end.name === undefined) return;
    const left = end.left ? ` ${end.left} ${end.left === 1 ? 'entry was' : 'entries were'} left out: links, or names that lead elsewhere.` : '';
    say('done', `${end.name} is saved${end.files === undefined ? '' : `, ${end.files.toLocaleString('en')} ${end.files === 1 ? 'file' : 'files'}`}.${left}`);
  }, (error) => {
    close();
    drop();
    sayError(`${title} was not downloaded`, error);
  });
  const cancel = (): void => {
    close();
    drop();
    say('done', `The download of ${title} is cancelled; nothing of it is left on the disk.`);
  };
}

/** How long links may be good for. */
export const LIFETIMES: readonly [seconds: number, words: string][] = [[900, '15 minutes'], [3600, '1 hour'], [86_400, '1 day'], [604_800, '7 days']];

/** Puts a link to an artifact, or to a file of it, on the clipboard. */
export async function copyLink(place: Place, run: string, artifact: ArtifactInfo, file: string | undefined, seconds: number): Promise<void> {
  try {
    const { url, expiresAt, local } = await invoke('artifacts.link', { ...place, name: run, ref: refOf(artifact), seconds, ...(file !== undefined && { file }) });
    await navigator.clipboard.writeText(url);
    const until = new Date(expiresAt).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
    if (url.startsWith('file:')) say('done', 'The path of the file is copied.', { hint: 'It is on this machine, and leads nowhere from others.' });
    else if (local) say('done', `The link is copied. It works on this machine only, while Tiphys is open, until ${until}.`, { hint: 'The store is inside the cluster and is reached through a forwarded port. For others, download the artifact.' });
    else say('done', `The link is copied. Whoever has it may read the artifact until ${until}.`);
  } catch (error) {
    sayError('No link was made', error);
  }
}

/** Opens the artifacts of the run at one of them. */
export function openArtifact(artifact: Pick<ArtifactInfo, 'nodeId' | 'direction' | 'name'>): void {
  setUi({ view: 'artifacts', artifact: idOf(artifact) });
}

/** @returns how much there is, in a word */
export function amount(artifact: ArtifactInfo, size: ArtifactSize | undefined): { words: string; title?: string; missing?: boolean } {
  if (artifact.deleted) return { words: 'deleted', title: 'Deleted when the run\'s artifacts were cleaned up', missing: true };
  if (!size) return { words: '' };
  if ('code' in size) {
    const missing = size.code === 'not-found' || size.code === 'gone';
    return { words: missing ? 'missing' : size.code === 'unsupported' ? '–' : 'unknown', title: [size.message, size.hint].filter(Boolean).join(' '), missing };
  }
  return { words: `${sizeWords(size.bytes)}${size.more ? ' +' : ''}`, ...(size.files > 1 && { title: `${size.files.toLocaleString('en')}${size.more ? ' or more' : ''} files` }) };
}
