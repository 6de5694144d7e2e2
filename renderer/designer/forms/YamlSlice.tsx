/** A value as the text has it: for what has no form of its own. */
import { useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import { parseYaml } from '../../../engine/spec/yaml.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import { Button } from '../../ui/parts.tsx';
import { setField, useForm, useValue } from './form.tsx';
import { run } from '../session.ts';
import { sliceOf } from './slice.ts';

export function YamlSlice({ path, label }: { path: Path; label: string }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const range = form.source.parts[form.part]?.rangeOf(path);
  const slice = range && value !== undefined ? sliceOf(form.source.text, range.start, range.end) : '';
  const [typed, setTyped] = useState(slice);
  const [fault, setFault] = useState<string>();
  useEffect(() => { setTyped(slice); setFault(undefined); }, [slice]);
  const write = (): void => {
    const read = parseYaml(typed);
    const error = read.diagnostics.find((each) => each.severity === 'error');
    setFault(error && [error.message, error.hint].filter(Boolean).join(' '));
    if (error) return;
    if (typed.trim() === '') setField(form, path, undefined);
    else if (slice === '') setField(form, path, read.value);
    else void run({ type: 'setText', part: form.part, path, text: typed });
  };
  return (
    <div className="yaml-slice">
      <textarea className="field mono" aria-label={label} aria-invalid={fault === undefined ? undefined : true} spellCheck={false} readOnly={form.locked} value={typed} rows={Math.min(24, Math.max(3, typed.split('\n').length))} onChange={(event) => { setTyped(event.target.value); }} />
      {fault === undefined ? null : <p className="form-problem error" role="alert">{fault}</p>}
      {typed === slice ? null : <div className="acts"><Button kind="primary" size="small" onClick={write}>Apply</Button><Button size="small" onClick={() => { setTyped(slice); setFault(undefined); }}>Put back</Button></div>}
    </div>
  );
}
