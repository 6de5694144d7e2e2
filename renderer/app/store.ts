/** What the window shows and where its user is. Data of clusters comes over streams and lives in monitor/live.ts. */
import { create } from 'zustand';
import type { AppInfo, ContextSummary, FromManifests, OnDisk, Permissions, Sample } from '../../main/ipc/contract.ts';
import type { Confirmation } from '../ui/overlays.tsx';
import { asUiError, invoke } from './bridge.ts';
import type { UiError } from './bridge.ts';

export type Room = 'runs' | 'designer' | 'templates' | 'schedules' | 'samples' | 'settings';
export type RunView = 'graph' | 'timeline' | 'table' | 'log' | 'artifacts' | 'events' | 'yaml';
export type Theme = 'system' | 'light' | 'dark' | 'contrast';

/** A context and a namespace: what most requests are about. */
export interface Place {
  contextId: string;
  namespace: string;
}

/** An object of a cluster as it was read from there. */
export interface Origin extends Place {
  version?: string;
  text: string;
}

/** The file that is being written. */
export interface OpenDocument {
  /** Of the draft that is kept while it is unsaved. */
  id: string;
  title: string;
  text: string;
  /** As it is on disk; undefined for what was never saved. */
  saved: string | undefined;
  handle?: string;
  /** What another program made of the file, and nobody has decided on yet. */
  disk?: OnDisk;
  /** The version on disk that the person let go. */
  over?: string;
  /** Grows when the text is replaced from outside the editor. */
  version: number;
  /** Its path below the folder that is open. */
  path?: string;
  /** The object of a cluster that it was read from, as it was then. */
  origin?: Origin;
}

export interface Toast {
  id: number;
  tone: 'done' | 'failed';
  words: string;
  hint?: string | undefined;
  /** One thing to do about it. */
  action?: { label: string; run: () => void } | undefined;
}

export interface RunDialogRequest {
  text: string;
  /** Values to start from, over the defaults. */
  parameters?: Record<string, string>;
}

interface Remembered {
  theme: Theme;
  contextId: string;
  namespaces: Record<string, string>;
  /** Pixels by pane. */
  sizes: Record<string, number>;
  folded: Record<string, boolean>;
  /** Namespaces a person typed, by context: offered where listing is forbidden. */
  typed: Record<string, string[]>;
}

interface Ui extends Remembered {
  ready: boolean;
  info?: AppInfo;
  contexts?: ContextSummary[];
  contextsError?: UiError;
  permissions?: Permissions;
  permissionsError?: UiError;
  room: Room;
  /** The run that is open, and the step selected in it (id of the graph's node). */
  run?: string;
  step?: string;
  /** The artifact that is looked at, by its id among the run's. */
  artifact?: string;
  view: RunView;
  /** The schedule or template that is open. */
  definition?: { kind: 'CronWorkflow' | 'WorkflowTemplate' | 'ClusterWorkflowTemplate'; name: string };
  samples?: Sample[];
  samplesError?: UiError;
  document?: OpenDocument;
  /** Files of the open folder that were left with unsaved changes: they go on where they were. */
  shelf: readonly OpenDocument[];
  /** What the designer's form is of: the step, its template, the workflow, or its YAML. */
  formTab?: string;
  overlay?: 'palette' | 'keys';
  confirm?: Confirmation;
  runDialog?: RunDialogRequest;
  /** What was made of a folder of manifests, looked at before it is opened. */
  fromManifests?: FromManifests;
  toasts: Toast[];
}

export const useUi = create<Ui>(() => ({
  ready: false, theme: 'system', contextId: 'local', namespaces: {}, sizes: {}, folded: {}, typed: {}, room: 'runs', view: 'graph', toasts: [], shelf: [],
}));

/** Changes state; a key given as undefined is taken away. */
export function setUi(change: { [K in keyof Ui]?: Ui[K] | undefined }): void {
  const state = { ...useUi.getState() } as Record<string, unknown>;
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) delete state[key];
    else state[key] = value;
  }
  useUi.setState(state as unknown as Ui, true);
  if (REMEMBERED.some((key) => key in change)) remember();
}

const REMEMBERED: readonly (keyof Remembered)[] = ['theme', 'contextId', 'namespaces', 'sizes', 'folded', 'typed'];
let saving: ReturnType<typeof setTimeout> | undefined;

function remember(): void {
  clearTimeout(saving);
  saving = setTimeout(() => {
    const { theme, contextId, namespaces, sizes, folded, typed } = useUi.getState();
    // A window that cannot keep its settings is still a window: nothing to tell.
    invoke('settings.set', { key: 'window', value: { theme, contextId, namespaces, sizes, folded, typed } }).catch(() => undefined);
  }, 400);
}

/** Reads what was remembered. Unknown or broken values are left out. */
export async function recall(): Promise<void> {
  const settings = await invoke('settings.get', undefined).catch((): Record<string, unknown> => ({}));
  const kept = settings.window;
  const change: Partial<Remembered> = {};
  if (isRecord(kept)) {
    if (kept.theme === 'light' || kept.theme === 'dark' || kept.theme === 'contrast') change.theme = kept.theme;
    if (typeof kept.contextId === 'string') change.contextId = kept.contextId;
    if (isRecord(kept.namespaces)) change.namespaces = kept.namespaces as Record<string, string>;
    if (isRecord(kept.sizes)) change.sizes = kept.sizes as Record<string, number>;
    if (isRecord(kept.folded)) change.folded = kept.folded as Record<string, boolean>;
    if (isRecord(kept.typed)) change.typed = kept.typed as Record<string, string[]>;
  }
  useUi.setState({ ...change, ready: true });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns the context that is chosen, when it is known */
export function useContextSummary(): ContextSummary | undefined {
  return useUi((state) => state.contexts?.find((context) => context.id === state.contextId));
}

/** @returns where the user is; the namespace is the context's own until another is chosen */
export function placeOf(state: Ui): Place {
  const context = state.contexts?.find((each) => each.id === state.contextId);
  return { contextId: state.contextId, namespace: state.namespaces[state.contextId] ?? context?.namespace ?? 'default' };
}

export function usePlace(): Place {
  const contextId = useUi((state) => state.contextId);
  const namespace = useUi((state) => placeOf(state).namespace);
  return { contextId, namespace };
}

/** Switches the context. The room stays; what is open belongs to the old one. */
export function chooseContext(contextId: string): void {
  if (useUi.getState().contextId === contextId) return;
  setUi({ contextId, run: undefined, step: undefined, artifact: undefined, permissions: undefined, permissionsError: undefined });
}

export function chooseNamespace(namespace: string, typed: boolean): void {
  const state = useUi.getState();
  const known = state.typed[state.contextId] ?? [];
  setUi({
    namespaces: { ...state.namespaces, [state.contextId]: namespace }, run: undefined, step: undefined, artifact: undefined, permissions: undefined, permissionsError: undefined,
    ...(typed && !known.includes(namespace) ? { typed: { ...state.typed, [state.contextId]: [namespace, ...known].slice(0, 20) } } : {}),
  });
}

export function openRun(name: string): void {
  const state = useUi.getState();
  if (state.run === name && state.room === 'runs') return;
  setUi({ room: 'runs', run: name, step: undefined, artifact: undefined, view: state.view });
}

let lastToast = 0;
/** Says that something was done or failed. A failure stays until it is closed. */
export function say(tone: Toast['tone'], words: string, more: { hint?: string | undefined; action?: Toast['action'] } = {}): void {
  const toast = { id: ++lastToast, tone, words, ...more };
  useUi.setState((state) => ({ toasts: [...state.toasts.slice(-2), toast] }));
  if (tone === 'done') setTimeout(() => { dismiss(toast.id); }, 5000);
}

export function dismiss(id: number): void {
  useUi.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) }));
}

/** Says what failed. */
export function sayError(what: string, error: unknown): void {
  const { message, hint } = asUiError(error);
  say('failed', `${what}: ${message}`, { hint });
}

/** Opens a text in the designer; one that was left unsaved goes on as it was. */
export function openDocument(document: { title: string; text: string; handle?: string; saved?: string; id?: string; origin?: OpenDocument['origin']; path?: string }): void {
  const { document: before, shelf } = useUi.getState();
  const version = (before?.version ?? 0) + 1;
  const left = document.handle === undefined ? undefined : shelf.find((each) => each.handle === document.handle);
  if (left) {
    setUi({ room: 'designer', shelf: shelf.filter((each) => each !== left), document: { ...left, version } });
    return;
  }
  setUi({
    room: 'designer',
    document: {
      id: document.id ?? `draft-${Date.now().toString(36)}-${version}`, title: document.title, text: document.text, saved: document.saved, version,
      ...(document.handle === undefined ? {} : { handle: document.handle }), ...(document.origin && { origin: document.origin }), ...(document.path === undefined ? {} : { path: document.path }),
    },
  });
}

/** @returns the document with nothing left to decide about its file */
export function settled(document: OpenDocument): OpenDocument {
  const next = { ...document };
  delete next.disk;
  return next;
}

/** @returns whether the open document has changes that are not saved */
export function isDirty(document: OpenDocument | undefined): boolean {
  return document !== undefined && document.text !== document.saved;
}
