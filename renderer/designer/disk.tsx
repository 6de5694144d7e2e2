/** The open file on disk: what other programs make of it is merged or asked about, never written over. */
import { FileClock } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import type { ReactElement } from 'react';
import type { OnDisk } from '../../main/ipc/contract.ts';
import { subscribe } from '../app/bridge.ts';
import { say, sayError, settled, setUi, useUi } from '../app/store.ts';
import type { OpenDocument } from '../app/store.ts';
import { editsBetween, mergeTexts } from '../document/merge.ts';
import { Button } from '../ui/parts.tsx';
import { change } from './session.ts';

/** Follows the file behind the open document. */
export function useDisk(handle: string | undefined): void {
  useEffect(() => {
    if (handle === undefined) return undefined;
    return subscribe('files.watch', { handle }, (disk) => { takeIn(handle, disk); }, (error) => { sayError('Changes of the file on disk are not seen', error); });
  }, [handle]);
}

function takeIn(handle: string, disk: OnDisk): void {
  const { document } = useUi.getState();
  if (document?.handle !== handle) return;
  const rest = settled(document);
  if (disk.text === document.saved || disk.text === document.text) {
    // Our own writing, or the same change made twice.
    if (document.disk || disk.text !== document.saved) setUi({ document: { ...rest, ...(disk.text === undefined ? {} : { saved: disk.text, over: disk.version }) } });
  } else if (disk.text !== undefined && document.text === document.saved) {
    replace(document, disk.text, disk);
    say('done', `${document.title} was changed by another program and is shown as it is now.`);
  } else setUi({ document: { ...document, disk } });
}

/** Puts a text in the place of the open one, as one step of its history; the version on disk is what it began from. */
function replace(document: OpenDocument, text: string, { text: saved, version }: OnDisk): void {
  void change(editsBetween(document.text, text));
  const now = useUi.getState().document ?? document;
  setUi({ document: { ...settled(now), text, saved, over: version, version: now.text === text ? now.version : now.version + 1 } });
}

/** Asks what to keep when both the person and another program have changed the file. */
export function DiskBanner(): ReactElement | null {
  // Only what another program has changed is compared, at every key.
  const document = useUi((state) => (state.document?.disk ? state.document : undefined));
  const { disk, saved, text = '' } = document ?? {};
  const merged = useMemo(() => (disk?.text === undefined || saved === undefined ? undefined : mergeTexts(saved, text, disk.text)), [disk, saved, text]);
  if (!document || !disk) return null;
  const keepMine = (): void => {
    // From here the other version is what this text differs from.
    setUi({ document: { ...settled(document), saved: disk.text, over: disk.version } });
  };
  if (disk.text === undefined) {
    const words = disk.version === 'gone' ? 'was deleted on disk. Saving writes it again.' : 'is no text any more on disk. Saving writes it over.';
    return <div className="banner" role="status"><FileClock aria-hidden /><span className="grow"><b>{document.title}</b> {words}</span><Button size="small" onClick={keepMine}>Keep mine</Button></div>;
  }
  const theirs = disk.text;
  const unable = merged && 'conflicts' in merged ? `Both changed the same lines in ${merged.conflicts} ${merged.conflicts === 1 ? 'place' : 'places'}` : undefined;
  return (
    <div className="banner" role="status">
      <FileClock aria-hidden />
      <span className="grow"><b>{document.title}</b> was changed by another program, and here too.{unable === undefined ? '' : ` ${unable}.`}</span>
      <Button size="small" kind={unable === undefined ? 'primary' : 'quiet'} unable={unable} tip="Keep both changes" onClick={() => { if (merged && 'text' in merged) replace(document, merged.text, disk); }}>Merge</Button>
      <Button size="small" tip="The next save writes over the other version" onClick={keepMine}>Keep mine</Button>
      <Button size="small" tip="Undo brings mine back" onClick={() => { replace(document, theirs, disk); }}>Take theirs</Button>
    </div>
  );
}
