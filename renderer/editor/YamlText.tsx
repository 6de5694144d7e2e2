/** An object as YAML, to read. Loaded when it is first wanted: it brings the editor along. */
import { useEffect, useMemo, useRef } from 'react';
import type { ReactElement } from 'react';
import { stringify } from 'yaml';
import { CopyButton } from '../ui/parts.tsx';
import { EDITOR_OPTIONS, followTheme, monaco } from './monaco.ts';

export default function YamlText({ value, label }: { value: object; label: string }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const editor = useRef<monaco.editor.IStandaloneCodeEditor | undefined>(undefined);
  const text = useMemo(() => stringify(withoutNoise(value), { lineWidth: 0, aliasDuplicateObjects: false }), [value]);
  const last = useRef(text);
  last.current = text;
  useEffect(() => {
    if (!box.current) return;
    followTheme();
    const made = monaco.editor.create(box.current, { ...EDITOR_OPTIONS, value: last.current, readOnly: true, domReadOnly: true, ariaLabel: label, renderLineHighlight: 'none' });
    editor.current = made;
    return () => {
      made.getModel()?.dispose();
      made.dispose();
    };
  }, [label]);
  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model || model.getValue() === text) return;
    const view = editor.current?.saveViewState();
    model.setValue(text);
    if (view) editor.current?.restoreViewState(view);
  }, [text]);
  return (
    <div className="yaml">
      <div className="editor" ref={box} />
      <div className="yaml-tools"><CopyButton text={text} words="Copy YAML" /></div>
    </div>
  );
}

/** Field owners and an applied copy say nothing to a person. */
function withoutNoise(value: object): object {
  const metadata = (value as { metadata?: Record<string, unknown> }).metadata;
  if (!metadata) return value;
  const rest = { ...metadata };
  delete rest.managedFields;
  const annotations = rest.annotations as Record<string, unknown> | undefined;
  if (annotations && 'kubectl.kubernetes.io/last-applied-configuration' in annotations) {
    const kept = { ...annotations };
    delete kept['kubectl.kubernetes.io/last-applied-configuration'];
    rest.annotations = kept;
  }
  return { ...value, metadata: rest };
}
