/** The text of the open file with the way to where the caret stands, what has changed in it, and what is wrong with it. */
import { GitCompare } from 'lucide-react';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { isDirty, say, setUi, useUi } from '../app/store.ts';
import type { Fix, Problem } from '../document/language/problems.ts';
import { ask } from '../editor/language.ts';
import { Problems } from '../editor/Problems.tsx';
import { Trail } from '../editor/Trail.tsx';
import { clusterVersion } from '../definitions/saving.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { Button, Loading } from '../ui/parts.tsx';
import { attachEditor, change, followText, goToText, holdsDefinition, objectOf, selectAt, selectedPath, showObject, templateOnCanvas, useDesigner } from './session.ts';

const TextEditor = lazy(() => import('../editor/TextEditor.tsx'));
const DiffView = lazy(() => import('../editor/DiffView.tsx'));

export function TextPane(): ReactElement {
  const title = useUi((state) => state.document?.title ?? '');
  const version = useUi((state) => state.document?.version ?? 0);
  const file = useUi((state) => state.document?.path ?? state.document?.title ?? '');
  const dirty = useUi((state) => isDirty(state.document));
  const folded = useUi((state) => state.folded['designer.problems'] ?? false);
  const definition = useDesigner(holdsDefinition);
  /** The text that the open one is compared with. */
  const [comparing, setComparing] = useState<{ before: string; label: string }>();
  const marked = useMarked();
  const onText = useCallback((next: string) => {
    const now = useUi.getState().document;
    if (!now || now.text === next) return;
    setUi({ document: { ...now, text: next } });
    followText(next);
  }, []);
  const onCaret = useCallback((place: { line: number; column: number; offset: number; byHand: boolean }) => {
    useDesigner.setState({ caret: { line: place.line, column: place.column, offset: place.offset } });
    if (place.byHand) selectAt(place.offset);
  }, []);
  return (
    <div className="text-pane" data-pane>
      <header className="h">
        <h2 className="mono cut">{title}</h2>{dirty ? <span className="soft">● unsaved</span> : null}<span className="grow" />
        {comparing ? <><span className="soft cut">{comparing.label}</span><Button kind="quiet" size="icon small" tip="Back to the text" aria-pressed onClick={() => { setComparing(undefined); }}><GitCompare aria-hidden /></Button></>
          : <Menu items={comparisons(dirty, definition, setComparing)}><button type="button" className="btn quiet icon small" aria-label="Compare with…"><GitCompare aria-hidden /></button></Menu>}
        <Caret />
      </header>
      <CaretTrail />
      <Suspense fallback={<Loading words="Opening the editor" />}>
        <div className="text-box" hidden={comparing !== undefined}>
          <TextEditor version={version} label={`Text of ${title}`} file={file} marked={marked} textNow={textNow} onText={onText} onCaret={onCaret} onHistory={setHistory} handle={attachEditor} />
        </div>
        {comparing ? <DiffView before={comparing.before} label={`Changes of ${title}`} /> : null}
      </Suspense>
      <Problems folded={folded} onGo={show} onFix={mend} />
    </div>
  );
}

/** What the open text can be compared with. */
function comparisons(dirty: boolean, definition: boolean, show: (comparing: { before: string; label: string }) => void): MenuItem[] {
  const compare = async (): Promise<void> => {
    const found = await clusterVersion();
    if ('problem' in found) say('failed', `It was not compared: ${found.problem}`);
    else show({ before: found.text, label: 'against the cluster' });
  };
  return [
    { id: 'saved', label: 'Compare with what was saved', unable: dirty ? undefined : 'Nothing has changed', run: () => { show({ before: useUi.getState().document?.saved ?? '', label: 'against what was saved' }); } },
    { id: 'cluster', label: "Compare with the cluster's version", unable: definition ? undefined : 'It is no CronWorkflow and no template', run: () => void compare() },
  ];
}

function textNow(): string {
  return useUi.getState().document?.text ?? '';
}

function Caret(): ReactElement {
  const { line, column } = useDesigner((state) => state.caret);
  return <span className="soft caret">Ln {line}, Col {column}</span>;
}

function CaretTrail(): ReactElement {
  return <Trail offset={useDesigner((state) => state.caret.offset)} onGo={goToText} />;
}

function mend(fix: Fix): void {
  void mendLater(fix);
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

async function mendLater(fix: Fix): Promise<void> {
  const edits = fix.edits ?? (await ask('fix', [fix]));
  if (!edits) return;
  if ('refused' in edits) say('failed', edits.refused);
  else void change(edits);
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
