/** Every action that has a name: the menu, the palette, the shortcuts and the key sheet read this one list. */
import { invoke } from './bridge.ts';
import { openDocument, say, sayError, settled, setUi, useUi } from './store.ts';
import type { OpenDocument, Room, RunView } from './store.ts';

export interface Command {
  id: string;
  title: string;
  group: 'Go to' | 'Run' | 'File' | 'View' | 'Canvas';
  /** `Mod+K`, `Shift+?`, `F6`: Mod is Ctrl or ⌘. A single letter acts only where nobody types. */
  keys?: string;
  /** Not offered when false. */
  when?: () => boolean;
  /** Its keys mean this only here; elsewhere they mean what they always do. */
  keysWhen?: () => boolean;
  run: () => void;
}

const go = (room: Room, title: string, digit: string): Command => ({ id: `go-${room}`, title, group: 'Go to', keys: `Mod+${digit}`, run: () => { setUi({ room }); } });
const view = (id: RunView, title: string, keys: string): Command => ({
  id: `view-${id}`, title: `View: ${title}`, group: 'View', keys,
  when: () => useUi.getState().room === 'runs' && useUi.getState().run !== undefined, run: () => { setUi({ view: id }); },
});

const COMMANDS: Command[] = [
  go('runs', 'Runs', '1'), go('designer', 'Designer', '2'), go('templates', 'Templates', '3'), go('schedules', 'Schedules', '4'), go('samples', 'Samples', '5'), go('settings', 'Settings', ','),
  { id: 'run', title: 'Run…', group: 'Run', keys: 'Mod+Enter', run: runOpen },
  { id: 'open-file', title: 'Open file…', group: 'File', keys: 'Mod+O', run: () => void openFile() },
  { id: 'new-file', title: 'New workflow', group: 'File', keys: 'Mod+N', run: newDocument },
  { id: 'from-manifests', title: 'New workflow from manifests…', group: 'File', run: () => void fromManifests() },
  { id: 'save', title: 'Save', group: 'File', keys: 'Mod+S', when: () => useUi.getState().document !== undefined, run: () => void saveDocument(false) },
  { id: 'save-as', title: 'Save as…', group: 'File', keys: 'Mod+Shift+S', when: () => useUi.getState().document !== undefined, run: () => void saveDocument(true) },
  view('graph', 'Graph', 'G'), view('timeline', 'Timeline', 'T'), view('table', 'Table', 'B'), view('log', 'Log of all steps', 'L'), view('artifacts', 'Artifacts', 'A'), view('events', 'Events', 'E'), view('yaml', 'YAML', 'Y'),
  { id: 'palette', title: 'Search and commands', group: 'View', keys: 'Mod+K', run: () => { setUi({ overlay: 'palette' }); } },
  { id: 'keys', title: 'Keys of this place', group: 'View', keys: '?', run: () => { setUi({ overlay: 'keys' }); } },
  { id: 'next-pane', title: 'Next pane', group: 'View', keys: 'F6', run: () => { cyclePane(1); } },
  { id: 'previous-pane', title: 'Previous pane', group: 'View', keys: 'Shift+F6', run: () => { cyclePane(-1); } },
  { id: 'fold-list', title: 'Show or hide the pane on the left', group: 'View', keys: 'Mod+B', run: () => { fold(useUi.getState().room === 'designer' ? 'designer.add' : 'runs.list'); } },
  { id: 'fold-inspector', title: 'Show or hide the pane on the right', group: 'View', keys: 'Mod+I', run: () => { fold(useUi.getState().room === 'designer' ? 'designer.right' : 'runs.inspector'); } },
  { id: 'theme-system', title: 'Theme: as the system', group: 'View', run: () => { setUi({ theme: 'system' }); } },
  { id: 'theme-light', title: 'Theme: light', group: 'View', run: () => { setUi({ theme: 'light' }); } },
  { id: 'theme-dark', title: 'Theme: dark', group: 'View', run: () => { setUi({ theme: 'dark' }); } },
  { id: 'theme-contrast', title: 'Theme: high contrast', group: 'View', run: () => { setUi({ theme: 'contrast' }); } },
];

/** Adds the commands of a room. */
export function contribute(more: readonly Command[]): void {
  COMMANDS.push(...more);
}

/** Whether the open text is a CronWorkflow or a template. */
export function isDefinition(): boolean {
  return /^kind: *(CronWorkflow|(Cluster)?WorkflowTemplate)\b/m.test(useUi.getState().document?.text ?? '');
}

/** @returns the commands that make sense now */
export function commands(): Command[] {
  return COMMANDS.filter((command) => command.when?.() ?? true);
}

/** Runs a command by its name; what is unknown or makes no sense now is left alone. */
export function runCommand(id: string): void {
  commands().find((command) => command.id === id)?.run();
}

/** @returns the keys of a command, for a tooltip or a menu */
export function keysOf(id: string): string | undefined {
  return COMMANDS.find((command) => command.id === id)?.keys;
}

/** Runs the command whose keys were pressed. @returns whether there was one */
export function pressed(event: KeyboardEvent): boolean {
  if (event.isComposing) return false;
  const target = event.target as HTMLElement | null;
  const typing = target?.closest('input, textarea, [contenteditable="true"], .monaco-editor') !== null;
  const mod = event.ctrlKey || event.metaKey;
  const open = document.querySelector('[role="dialog"], [role="menu"]') !== null;
  const command = commands().find((each) => each.keys !== undefined && matches(each.keys, event, mod) && (each.keysWhen?.() ?? true));
  if (!command?.keys || open) return false;
  if (typing && !mod && !command.keys.includes('F6')) return false;
  command.run();
  return true;
}

function matches(keys: string, event: KeyboardEvent, mod: boolean): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  if (parts.includes('Mod') !== mod || parts.includes('Alt') !== event.altKey) return false;
  if (key === '?') return event.key === '?';
  return parts.includes('Shift') === event.shiftKey && event.key.toLowerCase() === key.toLowerCase();
}

function fold(pane: string): void {
  const { folded } = useUi.getState();
  setUi({ folded: { ...folded, [pane]: !folded[pane] } });
}

/** Moves the focus to the next pane, at what was last used in it. */
function cyclePane(step: number): void {
  const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter((pane) => pane.offsetParent !== null);
  const at = panes.findIndex((pane) => pane.contains(document.activeElement));
  const next = panes[(at + step + panes.length) % panes.length];
  const target = next?.querySelector<HTMLElement>('[data-pane-focus]') ?? next?.querySelector<HTMLElement>('[tabindex="0"], button, input, textarea');
  target?.focus();
}

const EMPTY = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: my-workflow-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks: []
`;

export function newDocument(): void {
  guardUnsaved(() => { openDocument({ title: 'untitled.yaml', text: EMPTY }); });
}

export async function openFile(): Promise<void> {
  try {
    const file = await invoke('files.open', undefined);
    if (file) guardUnsaved(() => { openDocument({ title: file.name, text: file.text, handle: file.handle, saved: file.text }); });
  } catch (error) {
    sayError('The file was not opened', error);
  }
}

/** Asks for a folder of manifests, and shows what becomes of it. */
export async function fromManifests(): Promise<void> {
  try {
    const made = await invoke('manifests.generate', { createNamespaces: true });
    if (made) setUi({ fromManifests: made });
  } catch (error) {
    sayError('No workflow was made', error);
  }
}

/** Asks before unsaved text is left. Its draft is kept all the same. */
export function guardUnsaved(go: () => void): void {
  const { document } = useUi.getState();
  if (!document || document.text === document.saved || document.text === EMPTY) {
    go();
    return;
  }
  if (document.path !== undefined) {
    shelve(document);
    go();
    return;
  }
  setUi({ confirm: { title: `Leave ${document.title} unsaved?`, body: 'It is kept as a draft and can be opened again from the designer.', action: 'Leave it', run: go } });
}

/** Puts a file of the folder aside with its unsaved changes; a crash loses them no more than those of the open one. */
function shelve(document: OpenDocument): void {
  const { id, title, text, handle } = document;
  setUi({ shelf: [...useUi.getState().shelf.filter((each) => each.id !== id), document] });
  invoke('files.saveDraft', { id, title, text, ...(handle === undefined ? {} : { handle }) }).catch((error: unknown) => { sayError('The draft was not kept', error); });
}

/** Saves the open document; `as` asks for another place. */
export async function saveDocument(as: boolean): Promise<void> {
  const { document } = useUi.getState();
  if (!document) return;
  const { text, title, handle, over } = document;
  try {
    const file = await invoke('files.save', { text, suggestedName: title, ...(handle !== undefined && !as ? { handle } : {}), ...(over === undefined || as ? {} : { over }) });
    if (!file) return;
    const now = settled(useUi.getState().document ?? document);
    if (now.id !== document.id) return;
    if ('changed' in file) {
      setUi({ room: 'designer', document: { ...now, disk: file.changed } });
      say('failed', `${title} was not saved.`, { hint: 'Another program has changed it: decide in the designer what to keep.' });
      return;
    }
    const saved: OpenDocument = { ...now, saved: text, title: file.name, handle: file.handle };
    setUi({ document: saved });
    await invoke('files.removeDraft', { id: document.id });
    say('done', `Saved ${file.name}.`);
  } catch (error) {
    sayError(`${title} was not saved`, error);
  }
}

function runOpen(): void {
  const { document, room } = useUi.getState();
  if (document && room === 'designer') setUi({ runDialog: { text: document.text } });
  else if (document) setUi({ runDialog: { text: document.text } });
  else setUi({ room: 'samples' });
}
