/** The files of the open folder: a tree that is found in, with what each holds, what is unsaved and what is wrong. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { CalendarClock, ChevronRight, CircleX, FilePlus2, FileQuestionMark, FileText, Folder, FolderOpen, Layers, MoreHorizontal, TriangleAlert, Workflow } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import { keysOf, runCommand } from '../../app/commands.ts';
import { isDirty, setUi, useUi } from '../../app/store.ts';
import type { StoredObject, Verdict } from '../../document/language/service.ts';
import { useAround, useProblems } from '../../editor/language.ts';
import { Menu } from '../../ui/overlays.tsx';
import { Button, EmptyState, ErrorState, Loading } from '../../ui/parts.tsx';
import { closeFolder, openFolder, openPath, useFolder } from './store.ts';
import { foldersOf, rowsOf } from './tree.ts';
import type { Row } from './tree.ts';

const ROW_PX = 28;
/** Folders of more files begin closed. */
const MANY = 120;

export function FilesPane({ width }: { width: number }): ReactElement {
  const { folder, files, complete, more, error } = useFolder();
  const [text, setText] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const { rows, toggle } = useRows(text);
  return (
    <section className="pane files-pane" style={{ width }} aria-label="Files of the folder" data-pane>
      <header className="h">
        <h2 className="cut" title={folder?.where}>{folder?.name}</h2><span className="grow" />
        <Button kind="quiet" size="icon small" tip="New file in this folder…" onClick={() => { runCommand('new-in-folder'); }}><FilePlus2 aria-hidden /></Button>
        <Menu items={[
          { id: 'open', label: 'Open another folder…', keys: keysOf('open-folder'), run: () => void openFolder() },
          { id: 'hide', label: 'Hide the files', run: () => { setUi({ folded: { ...useUi.getState().folded, 'designer.files': true } }); } },
          { id: 'close', label: 'Close the folder', run: closeFolder },
        ]}><button type="button" className="btn quiet icon small" aria-label="More with this folder"><MoreHorizontal aria-hidden /></button></Menu>
      </header>
      <div className="filter"><input className="field" type="search" placeholder="Find a file or a template" aria-label="Find a file or a template" value={text} onChange={(event) => { setText(event.target.value); }} onKeyDown={(event) => { if (event.key === 'Escape') setText(''); else if (event.key === 'ArrowDown') list.current?.focus(); }} /></div>
      {more ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">Only the first {files.size.toLocaleString('en')} files are shown.</span></div> : null}
      {error ? <ErrorState title="The folder cannot be read" hint={error.hint} raw={error.message} actions={<Button onClick={() => void openFolder()}>Open another…</Button>} />
        : !complete && files.size === 0 ? <Loading words="Reading the folder" />
          : files.size === 0 ? <EmptyState icon={<FolderOpen aria-hidden />} title="No YAML files here" actions={<Button onClick={() => { runCommand('new-in-folder'); }}>New file…</Button>}>Files ending in .yaml appear as they are made.</EmptyState>
            : rows.length === 0 ? <div className="state"><p>None of {files.size.toLocaleString('en')} files is called so.</p><Button onClick={() => { setText(''); }}>Clear</Button></div>
              : <Tree rows={rows} toggle={toggle} list={list} />}
    </section>
  );
}

/** What is seen: all, or what fits the words, by its path or by what it holds. */
function useRows(text: string): { rows: Row[]; toggle: (path: string) => void } {
  const files = useFolder((state) => state.files);
  const stored = useAround((state) => state.stored);
  const open = useUi((state) => state.document?.path);
  const [changed, setChanged] = useState<ReadonlyMap<string, boolean>>(new Map());
  const paths = useMemo(() => [...files.keys()], [files]);
  const folded = useMemo(() => {
    const all = new Set(paths.flatMap(foldersOf));
    const toOpen = new Set(open === undefined ? [] : foldersOf(open));
    return new Set([...all].filter((path) => changed.get(path) ?? (paths.length > MANY && !toOpen.has(path))));
  }, [paths, open, changed]);
  const words = text.trim().toLowerCase();
  const rows = useMemo(() => {
    const fits = (path: string): boolean => path.toLowerCase().includes(words) || (stored.get(path) ?? []).some(({ name, spec }) => name.includes(words) || (spec?.templates ?? []).some((template) => template.name?.toLowerCase().includes(words)));
    return rowsOf(paths, folded, words === '' ? undefined : fits);
  }, [paths, folded, words, stored]);
  return { rows, toggle: (path) => { setChanged(new Map([...changed, [path, !folded.has(path)]])); } };
}

function Tree({ rows, toggle, list }: { rows: readonly Row[]; toggle: (path: string) => void; list: React.RefObject<HTMLDivElement | null> }): ReactElement {
  const open = useUi((state) => state.document?.path);
  const [active, setActive] = useState(open ?? rows[0]?.path ?? '');
  useEffect(() => { if (open !== undefined) setActive(open); }, [open]);
  const at = Math.max(0, rows.findIndex(({ path }) => path === active));
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => list.current, estimateSize: () => ROW_PX, overscan: 12 });
  const go = (index: number): void => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!next) return;
    setActive(next.path);
    virtual.scrollToIndex(rows.indexOf(next));
  };
  const enter = (row: Row): void => {
    setActive(row.path);
    if (row.folder) toggle(row.path);
    else void openPath(row.path);
  };
  const key = (event: KeyboardEvent): void => {
    const row = rows[at];
    if (!row) return;
    if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(rows.length - 1);
    else if (event.key === 'Enter' || event.key === ' ') enter(row);
    else if (event.key === 'ArrowRight') { if (row.folder && !row.open) toggle(row.path); else if (row.folder) go(at + 1); }
    else if (event.key === 'ArrowLeft') { if (row.folder && row.open) toggle(row.path); else go(rows.findIndex(({ path }) => path === foldersOf(row.path).at(-1))); }
    else return;
    event.preventDefault();
  };
  return (
    <div ref={list} className="file-tree" role="tree" aria-label="Files" tabIndex={0} data-pane-focus aria-activedescendant={`file-${at}`} onKeyDown={key}>
      <div role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return row ? (
            <div key={row.path} id={`file-${index}`} role="treeitem" aria-level={row.depth + 1} aria-selected={row.path === open} {...(row.folder ? { 'aria-expanded': row.open } : {})} data-active={index === at || undefined} data-path={row.path}
              className="file-row" style={{ transform: `translateY(${start}px)`, paddingLeft: 8 + row.depth * 14 }} onClick={() => { enter(row); }}>
              {row.folder ? <><ChevronRight aria-hidden className="turn" data-open={row.open || undefined} /><Folder aria-hidden className="soft" /><span className="cut grow">{row.name}</span></> : <FileRow row={row} />}
            </div>
          ) : null;
        })}
      </div>
    </div>
  );
}

function FileRow({ row }: { row: Row }): ReactElement {
  const objects = useAround((state) => state.stored.get(row.path));
  const problem = useFolder((state) => state.files.get(row.path)?.problem);
  const dirty = useUi((state) => (state.document?.path === row.path ? isDirty(state.document) : state.shelf.some(({ path }) => path === row.path)));
  const verdict = useVerdict(row.path);
  const says = problem ?? (objects?.map(({ kind, name }) => (name === '' ? kind : `${kind} ${name}`)).join(', ') ?? '');
  return (
    <>
      <span className="turn" aria-hidden /><FileMark objects={objects} unread={problem !== undefined} />
      <span className="cut grow" title={`${row.path}${says === '' ? '' : `\n${says}`}`}>{row.name}</span>
      {dirty ? <span className="file-dirty" role="img" aria-label="unsaved" title="Unsaved changes">●</span> : null}
      {verdict?.errors ? <span className="file-count c-Failed" title={counted(verdict.errors, 'error')}><CircleX aria-hidden />{verdict.errors}<span className="sr"> {verdict.errors === 1 ? 'error' : 'errors'}</span></span>
        : verdict?.warnings ? <span className="file-count c-Suspended" title={counted(verdict.warnings, 'warning')}><TriangleAlert aria-hidden />{verdict.warnings}<span className="sr"> {verdict.warnings === 1 ? 'warning' : 'warnings'}</span></span> : null}
    </>
  );
}

/** Of the open file, what is said of the text as it is. */
function useVerdict(path: string): Verdict | undefined {
  const open = useUi((state) => state.document?.path === path);
  const told = useAround((state) => state.verdicts.get(path));
  const errors = useProblems((state) => (open ? state.problems.filter(({ severity }) => severity === 'error').length : 0));
  const warnings = useProblems((state) => (open ? state.problems.filter(({ severity }) => severity === 'warning').length : 0));
  return open ? { errors, warnings } : told;
}

const MARKS: Record<StoredObject['kind'], ReactNode> = {
  Workflow: <Workflow aria-hidden />, WorkflowTemplate: <Layers aria-hidden />, ClusterWorkflowTemplate: <Layers aria-hidden strokeWidth={2.6} />, CronWorkflow: <CalendarClock aria-hidden />,
};

function FileMark({ objects, unread }: { objects: readonly StoredObject[] | undefined; unread: boolean }): ReactElement {
  const first = objects?.[0]?.kind;
  return <span className={`file-mark${first === undefined ? ' soft' : ''}`}>{unread ? <FileQuestionMark aria-hidden /> : first === undefined ? <FileText aria-hidden /> : MARKS[first]}</span>;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
