/** One artifact: what is in it, as far as a person can look at it here, and what can be done with it. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowLeft, Ban, Download as DownloadIcon, FileArchive, FileQuestion, FileText, Folder, FolderDown, Link2, Lock, RefreshCw, Trash2, Unplug } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import type { UiError } from '../app/bridge.ts';
import { usePlace } from '../app/store.ts';
import { sizeWords } from '../ui/bytes.ts';
import { Menu } from '../ui/overlays.tsx';
import { Button, CopyButton, EmptyState, RawText, Spinner } from '../ui/parts.tsx';
import { age, exact } from '../ui/time.ts';
import { copyLink, download, LIFETIMES, usePreview } from './artifacts.ts';
import type { ArtifactInfo, Look, Preview } from './artifacts.ts';

/** Milliseconds after which a person is told that it takes long, and can stop it. */
const SLOW_MS = 3000;

type Files = Extract<Preview, { kind: 'files' }>;

interface PaneProps {
  run: string;
  artifact: ArtifactInfo;
  /** The step's name as it is shown. */
  step: string;
}

/** Remounted for another artifact. */
export function ArtifactPane({ run, artifact, step }: PaneProps): ReactElement {
  const [file, setFile] = useState<string>();
  const [top, setTop] = useState<Files>();
  const look = usePreview(run, artifact, file);
  const { preview } = look;
  useEffect(() => { if (file === undefined && preview?.kind === 'files') setTop(preview); }, [file, preview]);
  const body = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const go = (to: string | undefined): void => {
    moved.current = true;
    setFile(to);
  };
  // Back from a file, the list is there at once.
  const shown = file === undefined ? preview ?? (look.error || look.stopped ? undefined : top) : preview;
  // Who goes in or out by keys goes on where they came to.
  useEffect(() => {
    if (!shown || !moved.current) return;
    moved.current = false;
    body.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [shown]);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || file === undefined) return;
    event.preventDefault();
    go(undefined);
  };
  return (
    <section className="artifact" aria-label={`Artifact ${artifact.name}`}>
      <header className="artifact-head">
        {file === undefined ? null : <Button kind="quiet" size="icon" tip="Back to the files" keys="Esc" onClick={() => { go(undefined); }}><ArrowLeft aria-hidden /></Button>}
        <h2 className="cut text" title={file ?? artifact.key}>{file ?? artifact.name}</h2>
        <span className="soft cut about" title={about(artifact, step, shown, file)}>{about(artifact, step, shown, file)}</span>
        <span className="grow" />
        <Actions run={run} artifact={artifact} file={file} top={top ?? (preview?.kind === 'files' ? preview : undefined)} readable={look.error === undefined && !artifact.deleted} />
      </header>
      <div ref={body} className="artifact-body" onKeyDown={escape}>
        {shown ? <Shown key={file ?? ''} preview={shown} name={file ?? artifact.name} onOpen={go} /> : <Unshown look={look} artifact={artifact} />}
      </div>
    </section>
  );
}

function about(artifact: ArtifactInfo, step: string, preview: Preview | undefined, file: string | undefined): string {
  const words = [file === undefined ? `${artifact.direction} of ${step}` : `in ${artifact.name} of ${step}`];
  if (preview?.kind === 'files') words.push(`${preview.archive === undefined ? 'folder' : preview.archive} of ${preview.files.length.toLocaleString('en')}${preview.more ? ' or more' : ''} files`);
  else if (preview) {
    if (file === undefined && preview.path !== '') words.push(`${preview.path}, packed`);
    if (preview.size !== undefined) words.push(sizeWords(preview.size));
  }
  return words.join(' · ');
}

function Actions({ run, artifact, file, top, readable }: { run: string; artifact: ArtifactInfo; file: string | undefined; top: Files | undefined; readable: boolean }): ReactElement {
  const place = usePlace();
  const folder = top !== undefined && top.archive === undefined;
  const packed = top?.archive !== undefined;
  const unable = readable ? undefined : 'It cannot be read';
  const noLink = unable ?? (folder && file === undefined ? 'A folder has no link: open a file of it' : packed && file !== undefined ? 'A file in an archive has no link of its own' : undefined);
  return (
    <div className="acts">
      {file === undefined && (folder || packed) ? <Button unable={unable} tip="All its files, into a folder that you choose" onClick={() => { download(place, run, artifact, { unpack: true }); }}><FolderDown aria-hidden />{folder ? 'Download' : 'Unpack'}…</Button> : null}
      {file === undefined && folder ? null : <Button unable={unable} tip={packed && file === undefined ? 'The archive as it is' : undefined} onClick={() => { download(place, run, artifact, { file }); }}><DownloadIcon aria-hidden />Download…</Button>}
      {noLink === undefined ? (
        <Menu items={LIFETIMES.map(([seconds, words]) => ({ id: words, label: `Good for ${words}`, run: () => void copyLink(place, run, artifact, file, seconds) }))}>
          <button type="button" className="btn"><Link2 aria-hidden />Copy link</button>
        </Menu>
      ) : <Button unable={noLink}><Link2 aria-hidden />Copy link</Button>}
      <CopyButton text={file === undefined || packed ? artifact.key : `${artifact.key.replace(/\/$/, '')}/${file}`} words="Copy key" />
    </div>
  );
}

/** Why there is nothing to see: still reading, stopped, deleted, or what went wrong. */
function Unshown({ look, artifact }: { look: Look; artifact: ArtifactInfo }): ReactElement | null {
  const { error, stopped, stop, again } = look;
  if (artifact.deleted) return <EmptyState icon={<Trash2 aria-hidden />} title="Deleted">Artifact garbage collection deleted it. Its key was <span className="mono text">{artifact.key}</span>.</EmptyState>;
  if (stopped) return <EmptyState icon={<Ban aria-hidden />} title="Stopped" actions={<Button onClick={again}><RefreshCw aria-hidden />Read it again</Button>} />;
  return error ? <Failure error={error} again={again} /> : <Reading stop={stop} />;
}

function Reading({ stop }: { stop: () => void }): ReactElement | null {
  const [phase, setPhase] = useState<'new' | 'late' | 'slow'>('new');
  useEffect(() => {
    const late = setTimeout(() => { setPhase('late'); }, 100);
    const slow = setTimeout(() => { setPhase('slow'); }, SLOW_MS);
    return () => {
      clearTimeout(late);
      clearTimeout(slow);
    };
  }, []);
  if (phase === 'new') return null;
  return (
    <div className="state" role="status">
      <Spinner label="Reading" />
      <p>{phase === 'slow' ? 'Still reading. The store is slow, or the file lies deep in a large archive.' : 'Reading'}</p>
      {phase === 'slow' ? <div className="acts"><Button onClick={stop}>Stop</Button></div> : null}
    </div>
  );
}

const FAILURES: Readonly<Record<string, [title: string, icon: ReactNode]>> = {
  'not-found': ['It is not there', <FileQuestion key="i" aria-hidden />], gone: ['Deleted', <Trash2 key="i" aria-hidden />], forbidden: ['You may not read it', <Lock key="i" aria-hidden />], unauthorized: ['The store does not accept the keys', <Lock key="i" aria-hidden />],
  unreachable: ['The store cannot be reached', <Unplug key="i" aria-hidden />], unavailable: ['The store does not answer', <Unplug key="i" aria-hidden />], timeout: ['The store does not answer', <Unplug key="i" aria-hidden />],
  unsupported: ['It cannot be read from here', <Ban key="i" aria-hidden />], 'too-large': ['Too large to show', <FileArchive key="i" aria-hidden />],
};
/** Trying again would change nothing. */
const FINAL = new Set(['gone', 'unsupported', 'too-large']);

function Failure({ error, again }: { error: UiError; again: () => void }): ReactElement {
  const [title, icon] = FAILURES[error.code] ?? ['It could not be read', <FileQuestion key="i" aria-hidden />];
  return (
    <div className="state" role="alert">
      {icon}
      <h2>{title}</h2>
      <p className="text">{error.message}</p>
      {error.hint === undefined ? null : <p className="text">{error.hint}</p>}
      {FINAL.has(error.code) ? null : <div className="acts"><Button onClick={again}><RefreshCw aria-hidden />Try again</Button></div>}
      <RawText text={[error.message, error.hint].filter(Boolean).join('\n')} />
    </div>
  );
}

function Shown({ preview, name, onOpen }: { preview: Preview; name: string; onOpen: (file: string) => void }): ReactElement {
  switch (preview.kind) {
    case 'files': return <FileList files={preview.files} more={preview.more} name={name} onOpen={onOpen} />;
    case 'text': return <TextPreview text={preview.text} cut={preview.cut} name={name} />;
    case 'image': return <Picture type={preview.type} base64={preview.base64} name={name} />;
    case 'bytes': return <BytesPreview base64={preview.base64} cut={preview.cut} name={name} />;
  }
}

function Picture({ type, base64, name }: { type: string; base64: string; name: string }): ReactElement {
  const [damaged, setDamaged] = useState(false);
  if (damaged) return <EmptyState icon={<FileQuestion aria-hidden />} title="The picture is damaged">It begins as a picture, and cannot be drawn. Download it to look at it with other tools.</EmptyState>;
  return <div className="picture" tabIndex={0} role="group" aria-label={`Picture ${name}`}><img src={`data:${type};base64,${base64}`} alt={name} onError={() => { setDamaged(true); }} /></div>;
}

const ROW = 28;

function FileList({ files, more, name, onOpen }: Pick<Files, 'files' | 'more'> & { name: string; onOpen: (file: string) => void }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const virtual = useVirtualizer({ count: files.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 10 });
  const now = Date.now();
  const open = (i: number): void => {
    const file = files[i];
    if (file && file.target === undefined) onOpen(file.path);
  };
  const key = (event: KeyboardEvent): void => {
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? files.length - 1 : undefined;
    if (to !== undefined) {
      const next = Math.max(0, Math.min(files.length - 1, to));
      setAt(next);
      virtual.scrollToIndex(next);
    } else if (event.key === 'Enter') open(at);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div ref={box} className="rows files" role="listbox" aria-label={`Files in ${name}`} tabIndex={0} onKeyDown={key} aria-activedescendant={`file-${at}`}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const file = files[item.index];
            if (!file) return null;
            return (
              <div key={item.key} id={`file-${item.index}`} role="option" aria-selected={item.index === at} className="artifact-file" style={{ transform: `translateY(${item.start}px)` }} onClick={() => { setAt(item.index); open(item.index); }}>
                {file.target === undefined ? <FileText aria-hidden /> : <Link2 aria-hidden />}
                <span className="cut mono" title={file.path}>{file.path}{file.target === undefined ? null : <span className="soft"> → {file.target}</span>}</span>
                <span className="soft num">{file.target === undefined ? sizeWords(file.size) : 'link'}</span><span className="soft num" title={exact(file.modifiedAt)}>{age(file.modifiedAt, now)}</span>
              </div>
            );
          })}
        </div>
      </div>
      {more ? <p className="cut-line soft"><Folder aria-hidden />There are more files than are listed here. Download it to get all.</p> : null}
    </>
  );
}

/** A longer line is cut on screen; copying takes all of it. */
const LONG = 2000;
const LINE = 20;

function TextPreview({ text, cut, name }: { text: string; cut: boolean; name: string }): ReactElement {
  const pretty = useMemo(() => (cut ? undefined : formattedJson(text)), [text, cut]);
  const [asIs, setAsIs] = useState(false);
  const shown = pretty === undefined || asIs ? text : pretty;
  const lines = useMemo(() => shown.split('\n'), [shown]);
  return (
    <>
      <Lines lines={lines} label={`Text of ${name}`} empty="It is empty." />
      <div className="preview-tools">
        {pretty === undefined ? null : <Button kind="quiet" size="small" aria-pressed={!asIs} onClick={() => { setAsIs(!asIs); }}>Formatted</Button>}
        {text === '' ? null : <CopyButton text={shown} />}
      </div>
      {cut ? <CutLine /> : null}
    </>
  );
}

function CutLine(): ReactElement {
  return <p className="cut-line soft"><FileText aria-hidden />Only its beginning is shown. Download it to get all.</p>;
}

/** @returns JSON with a line for each value; undefined for what is not, or is formatted already */
function formattedJson(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const pretty = JSON.stringify(JSON.parse(text), null, 2);
    return pretty === text.trim() ? undefined : pretty;
  } catch {
    return undefined;
  }
}

const BYTES_PER_LINE = 16;

function BytesPreview({ base64, cut, name }: { base64: string; cut: boolean; name: string }): ReactElement {
  const lines = useMemo(() => hexLines(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))), [base64]);
  return (
    <>
      <Lines lines={lines} label={`Bytes of ${name}`} empty="It is empty." />
      {cut ? <CutLine /> : null}
    </>
  );
}

/** @returns lines of place, bytes and characters, as hexdump writes them */
function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    const part = [...bytes.subarray(at, at + BYTES_PER_LINE)];
    const hex = part.map((byte, i) => `${i === 8 ? ' ' : ''}${byte.toString(16).padStart(2, '0')}`).join(' ');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(BYTES_PER_LINE * 3 + 1)} ${part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')}`);
  }
  return lines;
}

function Lines({ lines, label, empty }: { lines: readonly string[]; label: string; empty: string }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => LINE, overscan: 20 });
  if (lines.length === 0 || (lines.length === 1 && lines[0] === '')) return <p className="log-state">{empty}</p>;
  return (
    <div ref={box} className="lines mono" role="group" aria-label={label} tabIndex={0}>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const line = lines[item.index] ?? '';
          return <div key={item.key} className="line" style={{ transform: `translateY(${item.start}px)` }}>{line.slice(0, LONG)}{line.length > LONG ? <span className="soft"> … {(line.length - LONG).toLocaleString('en')} more characters</span> : null}</div>;
        })}
      </div>
    </div>
  );
}
