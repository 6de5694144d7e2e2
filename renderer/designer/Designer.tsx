/** The designer: what to add, the canvas, and a form over the text, with the problems at the foot. */
import { CloudUpload, FolderOpen, FolderTree, MoreHorizontal, PanelLeftClose, PanelRightClose, Redo2, Save, TriangleAlert, Undo2 } from 'lucide-react';
import { Tabs } from 'radix-ui';
import { memo, useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { invoke } from '../app/bridge.ts';
import { keysOf, runCommand } from '../app/commands.ts';
import { isDirty, sayError, setUi, usePlace, useUi } from '../app/store.ts';
import type { OpenDocument } from '../app/store.ts';
import { useProblems } from '../editor/language.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { Sash } from '../ui/pane.tsx';
import { Button, Spinner } from '../ui/parts.tsx';
import { AddPane } from './AddPane.tsx';
import { EXPORTS } from './export.ts';
import { Asking } from './Asking.tsx';
import { DiskBanner, useDisk } from './disk.tsx';
import { useNewFile } from './folder/commands.ts';
import { FilesPane } from './folder/FilesPane.tsx';
import { NewFile } from './folder/NewFile.tsx';
import './folder/open.ts';
import { useRenaming } from './folder/rename.ts';
import { RenameDialog } from './folder/RenameDialog.tsx';
import { followCluster, useFolder } from './folder/store.ts';
import { FormPane } from './FormPane.tsx';
import { NoFile } from './NoFile.tsx';
import { beginSession, followText, holdsDefinition, redo, undo, useDesigner } from './session.ts';
import { TABS } from './tabs.ts';
import { TextPane } from './TextPane.tsx';
import { Where } from './Where.tsx';

/** Milliseconds after the last key until the draft is kept. */
const DRAFT_MS = 1000;
/** A window narrower than this shows what can be added as icons only, until the person says otherwise. */
const ROOMY = 1180;
const ROOMY_WITH_FILES = 1560;

export function Designer(): ReactElement {
  const id = useUi((state) => state.document?.id);
  return (
    <div className="panes">
      <FolderSide />
      {id === undefined ? <NoFile /> : <OpenFile key={id} />}
    </div>
  );
}

/** The files of the open folder, when there is one; and the templates of the cluster where the person is. */
function FolderSide(): ReactElement | null {
  const { contextId, namespace } = usePlace();
  const shown = useFilesShown();
  const asking = useNewFile((state) => state.asking);
  const renaming = useRenaming((state) => state.asked);
  const width = useUi((state) => state.sizes['designer.files'] ?? 216);
  useEffect(() => followCluster({ contextId, namespace }), [contextId, namespace]);
  return (
    <>
      {shown ? <><FilesPane width={width} /><Sash label="Width of the files" size={width} min={150} max={480} grows="right" onFold={() => { fold('designer.files', true); }} onSize={(size) => { resize('designer.files', size); }} /></> : null}
      {renaming ? <RenameDialog asked={renaming} /> : null}
      {asking ? <NewFile onClose={() => { useNewFile.setState({ asking: false }); }} /> : null}
    </>
  );
}

function useFilesShown(): boolean {
  const open = useFolder((state) => state.folder !== undefined);
  return useUi((state) => !(state.folded['designer.files'] ?? false)) && open;
}

// What follows is drawn again when it is pressed or dragged, not at every key: who shows the text takes it from the store.
function OpenFile(): ReactElement {
  const sizes = useUi((state) => state.sizes);
  const folded = useUi((state) => state.folded);
  useSession();
  useDraft();
  useDisk(useUi((state) => state.document?.handle));
  const { problems, current } = useProblems();
  const errors = problems.filter((each) => each.severity === 'error').length;
  // Nodes are marked by places in the text as it is.
  useEffect(() => { if (current) useDesigner.setState({ diagnostics: problems }); }, [problems, current]);
  const width = sizes['designer.text'] ?? Math.min(520, Math.round(innerWidth * 0.36));
  const files = useFilesShown();
  const iconsOnly = folded['designer.add'] ?? innerWidth < (files ? ROOMY_WITH_FILES : ROOMY);
  return (
    <div className="panes designer">
      <AddPane iconsOnly={iconsOnly} width={sizes['designer.add'] ?? 208} />
      <Sash label="Width of what can be added" size={sizes['designer.add'] ?? 208} min={150} max={360} grows="right" onFold={() => { fold('designer.add', !iconsOnly); }} onSize={(size) => { resize('designer.add', size); }} />
      <Middle iconsOnly={iconsOnly} errors={errors} />
      {folded['designer.right'] ? null : <Sash label="Width of form and text" size={width} min={300} max={1100} grows="left" onFold={() => { fold('designer.right', true); }} onSize={(size) => { resize('designer.text', size); }} />}
      <section className="pane right-pane" style={{ width }} hidden={folded['designer.right'] ?? false} aria-label="Form and text">
        <FormPane diagnostics={problems} />
        <TextPane />
      </section>
      <Asking />
    </div>
  );
}

/** What else can be done with the open file. */
function moreItems(): (MenuItem | 'line')[] {
  const item = (id: string, label: string): MenuItem => ({ id, label, keys: keysOf(id), run: () => { runCommand(id); } });
  return [item('save-as', 'Save as…'), item('save-cluster-as', 'Save to the cluster as…'), 'line', ...EXPORTS.map(({ id, title }) => item(id, title))];
}

function fold(pane: string, on: boolean): void {
  setUi({ folded: { ...useUi.getState().folded, [pane]: on } });
}

function resize(pane: string, size: number): void {
  setUi({ sizes: { ...useUi.getState().sizes, [pane]: size } });
}

/** The views of the template, under its name and what can be done with it. */
const Middle = memo(function Middle({ iconsOnly, errors }: { iconsOnly: boolean; errors: number }): ReactElement {
  const dirty = useUi((state) => isDirty(state.document));
  const definition = useDesigner(holdsDefinition);
  const tab = useDesigner((state) => state.tab);
  const stale = useDesigner((state) => state.stale);
  const { canUndo, canRedo } = useDesigner((state) => state.history);
  const files = useFilesShown();
  const rightFolded = useUi((state) => state.folded['designer.right'] ?? false);
  return (
    <section className="pane grow middle" aria-label="Template" data-pane>
      <Tabs.Root className="run-tabs" value={tab} onValueChange={(next) => { useDesigner.setState({ tab: next }); }}>
        <header className="head design">
          <div className="title">
            <Where />
            <Busy />
            <div className="acts">
              <Button kind="quiet" size="icon" tip="Open file…" keys={keysOf('open-file')} onClick={() => { runCommand('open-file'); }}><FolderOpen aria-hidden /></Button>
              <Button kind="quiet" size="icon" tip="Save" keys={keysOf('save')} unable={dirty ? undefined : 'Nothing to save'} onClick={() => { runCommand('save'); }}><Save aria-hidden /></Button>
              <Menu items={moreItems()}><button type="button" className="btn quiet icon" aria-label="More with this file"><MoreHorizontal aria-hidden /></button></Menu>
              <Button size="icon" tip="Undo" keys="Mod+Z" unable={canUndo ? undefined : 'Nothing to undo'} onClick={undo}><Undo2 aria-hidden /></Button>
              <Button size="icon" tip="Redo" keys="Mod+Shift+Z" unable={canRedo ? undefined : 'Nothing to redo'} onClick={redo}><Redo2 aria-hidden /></Button>
              {definition ? <Button tip="Save it by server-side apply: what others own is asked about" keys={keysOf('save-cluster')} unable={errors ? `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} it from being saved` : undefined} onClick={() => { runCommand('save-cluster'); }}><CloudUpload aria-hidden />Save to the cluster</Button> : <Button kind="primary" tip="Run this workflow" keys={keysOf('run')} unable={errors ? `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} it from running` : undefined} onClick={() => { setUi({ runDialog: { text: useUi.getState().document?.text ?? '' } }); }}>Run…</Button>}
            </div>
          </div>
          <div className="tab-line">
            <Tabs.List className="tabs" aria-label="Views of the template">{TABS.map(({ id, title }) => <Tabs.Trigger key={id} value={id}>{title}</Tabs.Trigger>)}</Tabs.List>
            <span className="grow" />
            {useFolder.getState().folder && !files ? <Button kind="quiet" size="icon small" tip="Show the files of the folder" onClick={() => { fold('designer.files', false); }}><FolderTree aria-hidden /></Button> : null}
            <Button kind="quiet" size="icon small" tip={iconsOnly ? 'Show names of what can be added' : 'Only icons of what can be added'} aria-pressed={iconsOnly} onClick={() => { fold('designer.add', !iconsOnly); }}><PanelLeftClose aria-hidden /></Button>
            <Button kind="quiet" size="icon small" tip={rightFolded ? 'Show form and text' : 'Hide form and text'} keys="Mod+I" aria-pressed={rightFolded} onClick={() => { fold('designer.right', !rightFolded); }}><PanelRightClose aria-hidden /></Button>
          </div>
        </header>
        <DiskBanner />
        {stale ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">The text has a syntax error. This is what was last read; it can be changed again when the text is mended.</span><Button size="small" unable={canUndo ? undefined : 'Nothing to undo'} onClick={undo}>Undo</Button></div> : null}
        {TABS.map(({ id, View }) => <Tabs.Content key={id} className="view" value={id} tabIndex={-1} data-stale={stale || undefined}>{tab === id ? <View /> : null}</Tabs.Content>)}
      </Tabs.Root>
    </section>
  );
});

/** That a long text is being read or changed. */
function Busy(): ReactElement | null {
  const busy = useDesigner((state) => state.busy);
  return busy ? <span className="soft busy" role="status"><Spinner label={busy === 'reading' ? 'Reading the text' : 'Changing the text'} /></span> : null;
}

/** A session begins with a document, and follows its text when it is replaced from outside. */
function useSession(): void {
  const version = useUi((state) => state.document?.version);
  const [begun, setBegun] = useState<number>();
  if (begun === undefined) {
    setBegun(version);
    beginSession(useUi.getState().document?.text ?? '');
  }
  useEffect(() => { followText(useUi.getState().document?.text ?? ''); }, [version]);
}

/** A crash loses nothing: what is not saved is kept as a draft. */
function useDraft(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const keepSoon = ({ document }: { document?: OpenDocument }): void => {
      clearTimeout(timer);
      if (!document || document.text === document.saved) return;
      const { id, title, text, handle } = document;
      timer = setTimeout(() => {
        invoke('files.saveDraft', { id, title, text, ...(handle === undefined ? {} : { handle }) }).catch((error: unknown) => { sayError('The draft was not kept', error); });
      }, DRAFT_MS);
    };
    keepSoon(useUi.getState());
    const end = useUi.subscribe((state, before) => { if (state.document !== before.document) keepSoon(state); });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, []);
}
