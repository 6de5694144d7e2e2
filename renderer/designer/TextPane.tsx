/** The text of the open file with the way to where the caret stands, what has changed in it, and what is wrong with it. */
import { GitCompare } from 'lucide-react';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { isDirty, say, setUi, useUi } from '../app/store.ts';
import type { OpenDocument } from '../app/store.ts';
import type { Fix, Problem } from '../document/language/problems.ts';
import { ask } from '../editor/language.ts';
import { Problems } from '../editor/Problems.tsx';
import { Trail } from '../editor/Trail.tsx';
import { isDefinition } from '../app/commands.ts';
import { clusterVersion } from '../definitions/saving.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { Button, Loading } from '../ui/parts.tsx';
import { attachEditor, change, followText, goToText, objectOf, selectAt, selectedPath, showObject, templateOnCanvas, useDesigner } from './session.ts';

const TextEditor = lazy(() => import('../editor/TextEditor.tsx'));
const DiffView = lazy(() => import('../editor/DiffView.tsx'));

export function TextPane({ document }: { document: OpenDocument }): ReactElement {
  const folded = useUi((state) => state.folded['designer.problems'] ?? false);
  const caret = useDesigner((state) => state.caret);
  const [offset, setOffset] = useState(0);
  /** The text that the open one is compared with. */
  const [comparing, setComparing] = useState<{ before: string; label: string }>();
  const marked = useMarked();
  const dirty = isDirty(document);
  const onText = useCallback((next: string) => {
    const now = useUi.getState().document;
    if (!now || now.text === next) return;
    setUi({ document: { ...now, text: next } });
    followText(next);
  }, []);
  const onCaret = useCallback((place: { line: number; column: number; offset: number; byHand: boolean }) => {
    useDesigner.setState({ caret: { line: place.line, column: place.column } });
    setOffset(place.offset);
    if (place.byHand) selectAt(place.offset);
  }, []);
  return (
    <div className="text-pane" data-pane>
      <header className="h">
        <h2 className="mono cut">{document.title}</h2>{dirty ? <span className="soft">● unsaved</span> : null}<span className="grow" />
        {comparing ? <><span className="soft cut">{comparing.label}</span><Button kind="quiet" size="icon small" tip="Back to the text" aria-pressed onClick={() => { setComparing(undefined); }}><GitCompare aria-hidden /></Button></>
          : <Menu items={comparisons(document, setComparing)}><button type="button" className="btn quiet icon small" aria-label="Compare with…"><GitCompare aria-hidden /></button></Menu>}
        <span className="soft caret">Ln {caret.line}, Col {caret.column}</span>
      </header>
      <Trail offset={offset} onGo={goToText} />
      <Suspense fallback={<Loading words="Opening the editor" />}>
        <div className="text-box" hidden={comparing !== undefined}>
          <TextEditor text={document.text} version={document.version} label={`Text of ${document.title}`} file={document.path ?? document.title} marked={marked} onText={onText} onCaret={onCaret} onHistory={setHistory} handle={attachEditor} />
        </div>
        {comparing ? <DiffView before={comparing.before} label={`Changes of ${document.title}`} /> : null}
      </Suspense>
      <Problems text={document.text} folded={folded} onGo={show} onFix={(fix) => { void mend(fix); }} />
    </div>
  );
}

/** What the open text can be compared with. */
function comparisons(document: OpenDocument, show: (comparing: { before: string; label: string }) => void): MenuItem[] {
  const compare = async (): Promise<void> => {
    const found = await clusterVersion();
    if ('problem' in found) say('failed', `It was not compared: ${found.problem}`);
    else show({ before: found.text, label: 'against the cluster' });
  };
  return [
    { id: 'saved', label: 'Compare with what was saved', unable: isDirty(document) ? undefined : 'Nothing has changed', run: () => { show({ before: document.saved ?? '', label: 'against what was saved' }); } },
    { id: 'cluster', label: "Compare with the cluster's version", unable: isDefinition() ? undefined : 'It is no CronWorkflow and no template', run: () => void compare() },
  ];
}

/** Shows a problem in both views: its line in the text, its template and its node on the canvas. */
function show({ range, path }: Problem): void {
  const state = useDesigner.getState();
  const index = state.objects.findIndex((object) => within(object.rangeOf([]), range.start));
  const object = state.objects[index];
  const at = object && path[object.specPath.length] === 'templates' ? path[object.specPath.length + 1] : undefined;
  const template = typeof at === 'number' ? object?.spec.templates?.[at]?.name : undefined;
  if (object && (objectOf(state) !== object || (template !== undefined && templateOnCanvas(state)?.template.name !== template))) showObject(index, template);
  goToText(range.start);
  selectAt(range.start);
}

function within(range: { start: number; end: number } | undefined, offset: number): boolean {
  return range !== undefined && offset >= range.start && offset <= range.end;
}

async function mend(fix: Fix): Promise<void> {
  const edits = fix.edits ?? (await ask('fix', [fix]));
  if (!edits) return;
  if ('refused' in edits) say('failed', edits.refused);
  else change(edits);
}

function setHistory(history: { canUndo: boolean; canRedo: boolean }): void {
  const before = useDesigner.getState().history;
  if (before.canUndo !== history.canUndo || before.canRedo !== history.canRedo) useDesigner.setState({ history });
}

/** The lines of what is selected. */
function useMarked(): { start: number; end: number } | undefined {
  const selection = useDesigner((state) => state.selection);
  const objects = useDesigner((state) => state.objects);
  const stale = useDesigner((state) => state.stale);
  const field = useDesigner((state) => state.field);
  return useMemo(() => {
    const state = useDesigner.getState();
    const path = stale ? undefined : field ?? (selection.length ? selectedPath(state) : undefined);
    return path && objectOf({ ...state, objects })?.rangeOf(path);
  }, [selection, objects, stale, field]);
}
