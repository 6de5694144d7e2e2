/**
 * The open folder and the templates of the cluster: what stands around the open file. Their texts are kept the same in the language worker,
 * which says what they hold and what is wrong with them.
 */
import { create } from 'zustand';
import type { FolderChange, FolderFile, OpenedFolder, StreamItems } from '../../../main/ipc/contract.ts';
import { asUiError, invoke, subscribe } from '../../app/bridge.ts';
import type { UiError } from '../../app/bridge.ts';
import { guardUnsaved } from '../../app/commands.ts';
import { openDocument, say, sayError, setUi, useUi } from '../../app/store.ts';
import type { Place } from '../../app/store.ts';
import type { TextFile } from '../../document/language/names.ts';
import { surround } from '../../editor/language.ts';

interface FolderState {
  folder: OpenedFolder | undefined;
  /** By path. */
  files: ReadonlyMap<string, FolderFile>;
  /** All files have been told once. */
  complete: boolean;
  more: boolean;
  error: UiError | undefined;
}

const NONE: FolderState = { folder: undefined, files: new Map(), complete: false, more: false, error: undefined };

export const useFolder = create<FolderState>(() => NONE);

let close: (() => void) | undefined;

/** Asks for a folder, or opens the one behind a handle. */
export async function openFolder(handle?: string): Promise<void> {
  try {
    const folder = await invoke('files.openFolder', handle === undefined ? {} : { handle });
    if (folder) showFolder(folder);
  } catch (error) {
    sayError('The folder was not opened', error);
  }
}

/** Shows a folder in the designer in place of the one before. Files with unsaved changes stay drafts. */
export function showFolder(folder: OpenedFolder): void {
  setUi({ room: 'designer', folded: { ...useUi.getState().folded, 'designer.files': false } });
  if (useFolder.getState().folder?.handle === folder.handle) return;
  closeFolder();
  useFolder.setState({ ...NONE, folder });
  close = subscribe('files.folder', { handle: folder.handle }, take, (error) => { useFolder.setState({ error }); });
}

export function closeFolder(): void {
  close?.();
  close = undefined;
  useFolder.setState(NONE, true);
  const { document, shelf } = useUi.getState();
  if (shelf.length > 0) say('done', shelf.length === 1 ? `${shelf[0]?.title ?? ''} is kept as a draft.` : `${shelf.length} files with unsaved changes are kept as drafts.`);
  const alone = document && { ...document };
  delete alone?.path;
  setUi({ shelf: [], ...(alone && { document: alone }) });
}

function take({ upserts, removed, reset, complete, more }: FolderChange): void {
  const before = useFolder.getState();
  const files = new Map(reset ? [] : before.files);
  for (const file of removed) files.delete(file);
  for (const file of upserts) files.set(file.path, file);
  const ordered = removed.length === 0 && upserts.every(({ path }) => before.files.has(path)) ? files : new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  useFolder.setState({ files: ordered, complete: before.complete || complete, more, error: undefined });
  adopt();
}

/** A file that was open before its folder was is one of it now. */
function adopt(): void {
  const { document } = useUi.getState();
  if (document?.handle === undefined || document.path !== undefined) return;
  const own = [...useFolder.getState().files.values()].find(({ handle }) => handle === document.handle);
  if (own) setUi({ document: { ...document, path: own.path } });
}

/** Opens a file of the folder. `then` is done when it is open. */
export async function openPath(path: string, then?: () => void): Promise<void> {
  const file = useFolder.getState().files.get(path);
  const { document } = useUi.getState();
  if (!file) return;
  if (document?.handle === file.handle) {
    setUi({ room: 'designer' });
    then?.();
    return;
  }
  const left = useUi.getState().shelf.find(({ handle }) => handle === file.handle);
  if (left) {
    // What it was begun from stays what it is compared with.
    guardUnsaved(() => {
      openDocument({ ...left, saved: left.saved ?? '' });
      then?.();
    });
    return;
  }
  try {
    const { handle, name, text } = await invoke('files.read', { handle: file.handle });
    guardUnsaved(() => {
      openDocument({ title: name, text, handle, saved: text, path });
      then?.();
    });
  } catch (error) {
    sayError(`${path} was not opened`, error);
  }
}

/** Makes a file in the folder and opens it. @returns why it was not made */
export async function createFile(path: string, text: string): Promise<string | undefined> {
  const { folder } = useFolder.getState();
  if (!folder) return 'No folder is open.';
  try {
    const made = await invoke('files.create', { folder: folder.handle, path, text });
    guardUnsaved(() => { openDocument({ title: made.name, text: made.text, handle: made.handle, saved: made.text, path: made.path }); });
    return undefined;
  } catch (error) {
    const { message, hint } = asUiError(error);
    return `${message}${hint === undefined ? '' : ` ${hint}`}`;
  }
}

type StoredKind = 'WorkflowTemplate' | 'ClusterWorkflowTemplate';
type TextsItem = StreamItems['definitions.texts'];

/** Templates of the cluster where the person is, by the names they have in the language worker. */
export const useClusterTexts = create<{ place: Place | undefined; texts: ReadonlyMap<string, { kind: StoredKind; name: string; text: string }> }>(() => ({ place: undefined, texts: new Map() }));

/** The name that an object of the cluster has among files; as completion shows it. */
export function clusterFile(kind: string, name: string): string {
  return `${kind} ${name} of the cluster`;
}

/** Follows the templates of a place. @returns what ends that */
export function followCluster(place: Place): () => void {
  useClusterTexts.setState({ place, texts: new Map() });
  const closers = (['WorkflowTemplate', 'ClusterWorkflowTemplate'] as const).map((kind) => subscribe('definitions.texts', { ...place, kind }, (item) => { takeCluster(kind, item); }, () => undefined));
  return () => {
    for (const end of closers) end();
    useClusterTexts.setState({ place: undefined, texts: new Map() });
  };
}

function takeCluster(kind: StoredKind, { change }: TextsItem): void {
  if (!change) return;
  const texts = new Map(useClusterTexts.getState().texts);
  if (change.reset) for (const [key, each] of texts) if (each.kind === kind) texts.delete(key);
  for (const name of change.removed) texts.delete(clusterFile(kind, name));
  for (const { name, text } of change.upserts) texts.set(clusterFile(kind, name), { kind, name, text });
  useClusterTexts.setState({ texts });
}

/** Keeps what stands around the open file the same in the worker. Of the open file it has the text that is being written, and minds no other. */
function tellWorker(): void {
  const wanted = new Map<string, TextFile>();
  for (const [file, { text }] of useFolder.getState().files) if (text !== undefined) wanted.set(file, { file, text });
  for (const { path, text } of useUi.getState().shelf) if (path !== undefined) wanted.set(path, { file: path, text });
  for (const [file, { text }] of useClusterTexts.getState().texts) wanted.set(file, { file, text, cluster: true });
  surround(wanted);
}

useFolder.subscribe((now, before) => { if (now.files !== before.files) tellWorker(); });
useClusterTexts.subscribe(tellWorker);
useUi.subscribe((now, before) => {
  if (now.shelf !== before.shelf) tellWorker();
  if (now.document?.handle !== before.document?.handle) adopt();
});
