/** The open file: its graph beside its text, with problems at the foot. */
import { FileCode2, FolderOpen, Save, TriangleAlert } from 'lucide-react';
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import { invoke } from '../app/bridge.ts';
import { keysOf, runCommand } from '../app/commands.ts';
import { isDirty, sayError, setUi, useUi } from '../app/store.ts';
import type { OpenDocument } from '../app/store.ts';
import { project, templateKind } from '../document/projection.ts';
import { Graph } from '../monitor/Graph.tsx';
import { Sash } from '../ui/pane.tsx';
import { Button, EmptyState, Loading } from '../ui/parts.tsx';
import { parseText } from '../editor/parse.ts';
import type { Parsed } from '../editor/parse.ts';
import { Problems } from '../editor/Problems.tsx';
import type { TextHandle } from '../editor/TextEditor.tsx';
import { NoFile } from './NoFile.tsx';

const TextEditor = lazy(() => import('../editor/TextEditor.tsx'));
/** Milliseconds after the last key until the draft is kept. */
const DRAFT_MS = 1000;

export function Designer(): ReactElement {
  const document = useUi((state) => state.document);
  return document ? <OpenFile key={document.id} document={document} /> : <NoFile />;
}

function OpenFile({ document }: { document: OpenDocument }): ReactElement {
  const { sizes, folded } = useUi();
  const text = useDeferredValue(document.text);
  const parsed = useMemo(() => parseText(text), [text]);
  const { workflow, stale } = useLastGood(parsed);
  const [unfolded, setUnfolded] = useState<ReadonlyMap<string, boolean>>(new Map());
  const graph = useMemo(() => (workflow ? project(workflow, undefined, { folded: unfolded }) : { nodes: [], edges: [] }), [workflow, unfolded]);
  const [chosen, setChosen] = useState<string>();
  const [caret, setCaret] = useState({ line: 1, column: 1 });
  const editor = useRef<TextHandle>(null);
  useDraft(document);
  const rangeOf = useCallback((id: string | undefined) => {
    const path = graph.nodes.find((node) => node.id === id)?.path;
    return path ? parsed.rangeOf(path) : undefined;
  }, [graph, parsed]);
  const marked = useMemo(() => rangeOf(chosen), [rangeOf, chosen]);
  const onText = useCallback((next: string) => {
    const now = useUi.getState().document;
    if (now && now.text !== next) setUi({ document: { ...now, text: next } });
  }, []);
  const onCaret = useCallback((place: { line: number; column: number; offset: number }) => {
    setCaret(place);
    // The caret marks its node: the innermost whose lines it stands in.
    let best: { id: string; size: number } | undefined;
    for (const node of graph.nodes) {
      const range = node.path ? parsed.rangeOf(node.path) : undefined;
      if (range && place.offset >= range.start && place.offset <= range.end && (!best || range.end - range.start < best.size)) best = { id: node.id, size: range.end - range.start };
    }
    if (best) setChosen(best.id);
  }, [graph, parsed]);
  const main = workflow?.spec.templates?.find((template) => template.name === workflow.spec.entrypoint);
  const width = sizes['designer.text'] ?? 560;
  const errors = parsed.diagnostics.filter((each) => each.severity === 'error').length;
  return (
    <div className="panes">
      <section className="pane grow" aria-label="Drawn graph" data-pane>
        <header className="head design">
          <div className="title">
            <h1 className="cut text">{workflow?.spec.entrypoint ?? document.title}</h1>
            <span className="times">{workflow ? `${templateKind(main)} · ${graph.nodes.length} ${graph.nodes.length === 1 ? 'step' : 'steps'}` : ''}</span>
            <div className="acts">
              <Button kind="quiet" size="icon" tip="Open file…" keys={keysOf('open-file')} onClick={() => { runCommand('open-file'); }}><FolderOpen aria-hidden /></Button>
              <Button size="icon" tip="Save" keys={keysOf('save')} unable={isDirty(document) ? undefined : 'Nothing to save'} onClick={() => { runCommand('save'); }}><Save aria-hidden /></Button>
              <Button kind="primary" tip="Run this workflow" keys={keysOf('run')} unable={errors ? `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} it from running` : undefined} onClick={() => { setUi({ runDialog: { text: document.text } }); }}>Run…</Button>
            </div>
          </div>
        </header>
        {stale ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">The text has a syntax error; this is the last graph that could be read.</span></div> : null}
        {graph.nodes.length ? <Graph model={graph} scope={document.id} label={`Graph of ${document.title}`} chosen={chosen} onChoose={setChosen} onOpen={(id) => { const range = rangeOf(id); if (range) editor.current?.goTo(range.start); }} onFold={(node) => { setUnfolded((map) => new Map(map).set(node.id, !node.folded)); }} />
          : <EmptyState icon={<FileCode2 aria-hidden />} title="Nothing to draw">{parsed.kind === 'other' ? 'This file holds no Argo kind.' : 'The graph appears as soon as the text has an entrypoint and templates.'}</EmptyState>}
      </section>
      <Sash label="Width of the text" size={width} min={320} max={1100} grows="left" onSize={(size) => { setUi({ sizes: { ...sizes, 'designer.text': size } }); }} />
      <section className="pane" style={{ width, flex: 'none' }} aria-label="Text" data-pane>
        <header className="h"><h2 className="mono cut">{document.title}</h2>{isDirty(document) ? <span className="soft">● unsaved</span> : null}<span className="grow" /><span className="soft caret">Ln {caret.line}, Col {caret.column}</span></header>
        <Suspense fallback={<Loading words="Opening the editor" />}>
          <TextEditor text={document.text} version={document.version} label={`Text of ${document.title}`} diagnostics={parsed.diagnostics} marked={marked} onText={onText} onCaret={onCaret} handle={editor} />
        </Suspense>
        <Problems diagnostics={parsed.diagnostics} text={text} folded={folded['designer.problems'] ?? false} onGo={(offset) => editor.current?.goTo(offset)} onFix={(diagnostic) => {
          const { range, fix } = diagnostic;
          if (range && fix !== undefined) editor.current?.replace(range.start, range.end, fix);
        }} />
      </section>
    </div>
  );
}

/** While the text is broken, the last good graph stays. */
function useLastGood(parsed: Parsed): { workflow: Parsed['workflow']; stale: boolean } {
  const good = useRef<Parsed['workflow']>(undefined);
  const broken = parsed.workflow === undefined && parsed.diagnostics.some((each) => each.severity === 'error');
  if (!broken) good.current = parsed.workflow;
  return { workflow: good.current, stale: broken && good.current !== undefined };
}

/** A crash loses nothing: what is not saved is kept as a draft. */
function useDraft(document: OpenDocument): void {
  const { id, title, text, saved, handle } = document;
  useEffect(() => {
    if (text === saved) return;
    const timer = setTimeout(() => {
      invoke('files.saveDraft', { id, title, text, ...(handle === undefined ? {} : { handle }) }).catch((error: unknown) => { sayError('The draft was not kept', error); });
    }, DRAFT_MS);
    return () => { clearTimeout(timer); };
  }, [id, title, text, saved, handle]);
}
