/** The open text beside an earlier one. Each change has an arrow that takes it back; that is a step of the text's own history. */
import { useEffect, useRef } from 'react';
import type { ReactElement } from 'react';
import { EDITOR_OPTIONS, followTheme, monaco } from './monaco.ts';
import { attachedModel } from './providers.ts';

export default function DiffView({ before, label }: { before: string; label: string }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const modified = attachedModel();
    if (!box.current || !modified) return;
    followTheme();
    const original = monaco.editor.createModel(before, 'yaml');
    const made = monaco.editor.createDiffEditor(box.current, {
      ...EDITOR_OPTIONS, originalEditable: false, renderSideBySide: true, useInlineViewWhenSpaceIsLimited: true, renderSideBySideInlineBreakpoint: 720, renderMarginRevertIcon: true,
      hideUnchangedRegions: { enabled: true, contextLineCount: 3, minimumLineCount: 4 }, ignoreTrimWhitespace: false, renderOverviewRuler: false,
    });
    made.setModel({ original, modified });
    made.getOriginalEditor().updateOptions({ ariaLabel: `Earlier text, ${label}` });
    made.getModifiedEditor().updateOptions({ ariaLabel: `Text now, ${label}` });
    made.getModifiedEditor().focus();
    return () => {
      made.dispose();
      original.dispose();
    };
  }, [before, label]);
  return <div className="editor diff" ref={box} />;
}
