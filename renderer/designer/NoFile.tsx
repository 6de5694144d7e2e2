import { FileCode2, FileText, FolderOpen, FolderTree, Layers, Sparkles, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import type { Draft, OpenedFolder } from '../../main/ipc/contract.ts';
import { invoke } from '../app/bridge.ts';
import { fromManifests, keysOf, newDocument, openFile } from '../app/commands.ts';
import { openDocument, sayError, setUi } from '../app/store.ts';
import { Button, EmptyState } from '../ui/parts.tsx';
import { age } from '../ui/time.ts';
import { openFolder, useFolder } from './folder/store.ts';

/** No file is open: where to begin, and what was left unsaved. */
export function NoFile(): ReactElement {
  const [drafts, setDrafts] = useState<Draft[]>([]);
  const [recent, setRecent] = useState<OpenedFolder[]>([]);
  const folder = useFolder((state) => state.folder);
  useEffect(() => { invoke('files.recentFolders', undefined).then(setRecent, () => undefined); }, [folder]);
  useEffect(() => { invoke('files.drafts', undefined).then(setDrafts, () => undefined); }, []);
  const remove = (draft: Draft): void => {
    setDrafts(drafts.filter((each) => each.id !== draft.id));
    invoke('files.removeDraft', { id: draft.id }).catch((error: unknown) => { sayError('The draft was not removed', error); });
  };
  return (
    <div className="nofile" data-pane>
      <EmptyState icon={<FileCode2 aria-hidden />} title="No file is open" actions={<><Button kind="primary" tip="Open file…" keys={keysOf('open-file')} onClick={() => void openFile()}><FolderOpen aria-hidden />Open a file…</Button><Button keys={keysOf('open-folder')} tip="Open folder…" onClick={() => void openFolder()}><FolderTree aria-hidden />Open a folder…</Button><Button onClick={newDocument}><FileText aria-hidden />New workflow</Button><Button onClick={() => void fromManifests()}><Layers aria-hidden />From manifests…</Button><Button onClick={() => { setUi({ room: 'samples' }); }}><Sparkles aria-hidden />From a sample</Button></>}>
        Its YAML and its graph stand side by side; the file stays as you write it.
      </EmptyState>
      {recent.length && !folder ? (
        <section className="drafts">
          <h3 className="sec">Folders opened last</h3>
          <ul>{recent.slice(0, 5).map((each) => (
            <li key={each.handle}><button type="button" className="grow" onClick={() => void openFolder(each.handle)}><FolderOpen aria-hidden className="soft" /><b className="cut">{each.name}</b><span className="soft cut where-of" title={each.where}>{each.where}</span></button></li>
          ))}</ul>
        </section>
      ) : null}
      {drafts.length ? (
        <section className="drafts">
          <h3 className="sec">Not saved yet</h3>
          <ul>{drafts.map((draft) => (
            <li key={draft.id}>
              <button type="button" className="grow" onClick={() => { openDocument({ id: draft.id, title: draft.title, text: draft.text, ...(draft.handle === undefined ? {} : { handle: draft.handle }) }); }}><b className="cut">{draft.title}</b><span className="soft">{age(draft.savedAt, Date.now())}</span></button>
              <Button kind="quiet" size="icon" tip={`Remove the draft of ${draft.title}`} onClick={() => { remove(draft); }}><Trash2 aria-hidden /></Button>
            </li>
          ))}</ul>
        </section>
      ) : null}
    </div>
  );
}
