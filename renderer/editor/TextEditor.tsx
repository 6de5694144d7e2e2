/** The text being written, with what is wrong marked where it stands. */
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import type { ReactElement, Ref } from 'react';
import type { TextEdit } from '../document/edit.ts';
import { useProblems } from './language.ts';
import { EDITOR_OPTIONS, followTheme, monaco } from './monaco.ts';
import { attachLanguage } from './providers.ts';

export interface TextHandle {
  /** Shows and selects nothing: puts the caret at an offset and the line in view. */
  goTo: (offset: number) => void;
  /** Puts replacements of [start, end) into the text as one step of the undo history. The ranges count in the text as it is now. */
  apply: (edits: readonly TextEdit[]) => void;
  undo: () => void;
  redo: () => void;
}

export interface History {
  canUndo: boolean;
  canRedo: boolean;
}

interface Props {
  /** Grows when the text is another document's: then `textNow` replaces what is there. */
  version: number;
  label: string;
  /** Its name among the files around it. */
  file: string;
  /** Lines that belong to the selected step: [start, end) offsets. */
  marked: { start: number; end: number } | undefined;
  /** The text of the open document. */
  textNow: () => string;
  onText: (text: string) => void;
  /** `byHand`: the person moved it, not a change. */
  onCaret: (place: { line: number; column: number; offset: number; byHand: boolean }) => void;
  onHistory: (history: History) => void;
  handle: Ref<TextHandle>;
}

const SEVERITY = { error: monaco.MarkerSeverity.Error, warning: monaco.MarkerSeverity.Warning, info: monaco.MarkerSeverity.Info };

export default function TextEditor({ version, label, file, marked, textNow, onText, onCaret, onHistory, handle }: Props): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const problems = useProblems((state) => state.problems);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor | undefined>(undefined);
  const decorations = useRef<monaco.editor.IEditorDecorationsCollection | undefined>(undefined);
  const callbacks = useRef({ textNow, onText, onCaret, onHistory });
  callbacks.current = { textNow, onText, onCaret, onHistory };
  // Before the handle is given away below: what was asked for meanwhile is done as soon as it is.
  useLayoutEffect(() => {
    if (!box.current) return;
    followTheme();
    const made = monaco.editor.create(box.current, { ...EDITOR_OPTIONS, value: callbacks.current.textNow(), ariaLabel: label });
    editor.current = made;
    decorations.current = made.createDecorationsCollection();
    const model = made.getModel();
    made.onDidChangeModelContent(() => {
      callbacks.current.onText(made.getValue());
      callbacks.current.onHistory({ canUndo: model?.canUndo() ?? false, canRedo: model?.canRedo() ?? false });
    });
    made.onDidChangeCursorPosition(({ position }) => { callbacks.current.onCaret({ line: position.lineNumber, column: position.column, offset: made.getModel()?.getOffsetAt(position) ?? 0, byHand: made.hasTextFocus() }); });
    // What grows above or below, as the list of problems, must not hide the caret.
    let seen = true;
    const look = (): void => { seen = made.getVisibleRanges().some((range) => range.containsPosition(made.getPosition() ?? { lineNumber: 1, column: 1 })); };
    made.onDidScrollChange(look);
    made.onDidChangeCursorPosition(look);
    made.onDidLayoutChange(() => {
      const at = made.getPosition();
      if (seen && at && made.hasTextFocus()) made.revealPosition(at);
    });
    return () => {
      made.getModel()?.dispose();
      made.dispose();
      editor.current = undefined;
    };
  }, [label]);
  useLayoutEffect(() => {
    const model = editor.current?.getModel();
    const language = model ? attachLanguage(model, file) : undefined;
    return () => { language?.dispose(); };
  }, [label, file]);
  const shownVersion = useRef(version);
  useEffect(() => {
    if (shownVersion.current === version) return;
    shownVersion.current = version;
    editor.current?.setValue(callbacks.current.textNow());
    editor.current?.setScrollTop(0);
  }, [version]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model) return;
    monaco.editor.setModelMarkers(model, 'tiphys', problems.map((diagnostic) => {
      const from = model.getPositionAt(diagnostic.range.start);
      const to = model.getPositionAt(Math.max(diagnostic.range.end, diagnostic.range.start + 1));
      // A mark over many lines hides what it is about: its first line is enough.
      const endColumn = to.lineNumber > from.lineNumber ? model.getLineMaxColumn(from.lineNumber) : to.column;
      return { severity: SEVERITY[diagnostic.severity], message: [diagnostic.message, diagnostic.hint].filter(Boolean).join('\n'), code: diagnostic.code, tags: diagnostic.code === 'unused-template' ? [monaco.MarkerTag.Unnecessary] : diagnostic.code === 'deprecated-field' ? [monaco.MarkerTag.Deprecated] : [], startLineNumber: from.lineNumber, startColumn: from.column, endLineNumber: from.lineNumber, endColumn };
    }));
  }, [problems]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model || !decorations.current) return;
    if (!marked) {
      decorations.current.clear();
      return;
    }
    const from = model.getPositionAt(marked.start);
    const to = model.getPositionAt(Math.max(marked.start, marked.end - 1));
    decorations.current.set([{ range: new monaco.Range(from.lineNumber, 1, to.lineNumber, 1), options: { isWholeLine: true, className: 'marked-line' } }]);
    if (!editor.current?.hasTextFocus()) editor.current?.revealLinesInCenterIfOutsideViewport(from.lineNumber, to.lineNumber);
  }, [marked]);
  useImperativeHandle(handle, () => ({
    goTo: (offset) => {
      const model = editor.current?.getModel();
      if (!model || !editor.current) return;
      const position = model.getPositionAt(offset);
      editor.current.setPosition(position);
      editor.current.revealPositionInCenterIfOutsideViewport(position);
      editor.current.focus();
    },
    apply: (edits) => {
      const model = editor.current?.getModel();
      if (!model || !editor.current) return;
      editor.current.pushUndoStop();
      editor.current.executeEdits('designer', edits.map(({ start, end, text: replacement }) => ({ range: monaco.Range.fromPositions(model.getPositionAt(start), model.getPositionAt(end)), text: replacement, forceMoveMarkers: true })));
      editor.current.pushUndoStop();
    },
    undo: () => { editor.current?.trigger('designer', 'undo', null); },
    redo: () => { editor.current?.trigger('designer', 'redo', null); },
  }), []);
  return <div className="editor" ref={box} />;
}
