/** Conditions and loops: built by parts, with the text always beside them. */
import { X } from 'lucide-react';
import { useId, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { Field } from '../../../engine/spec/schema.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import type { TaskResult } from '../../../engine/template/depends.ts';
import { expandItems } from '../../../engine/template/items.ts';
import { connectable } from '../../document/commands.ts';
import { dependsTasks, parseDependsTree } from '../../document/depends.ts';
import { Button } from '../../ui/parts.tsx';
import { AddButton, FieldRow, TextField } from './Field.tsx';
import { textOf } from './fields.ts';
import { pointAt, setField, taskAt, useForm, useProblem, useValue } from './form.tsx';
import { run } from '../session.ts';
import { partsOf, SIGNS, textOfParts } from './when.ts';
import type { Comparison, WhenParts } from './when.ts';

const RESULTS: readonly TaskResult[] = ['Succeeded', 'Failed', 'Errored', 'Skipped', 'Omitted', 'Daemoned', 'AnySucceeded', 'AllFailed'];

interface Wait {
  name: string;
  result: string | undefined;
}

/** What is waited for, in rows; undefined for an expression that has none. */
function waitsOf(depends: string, list: unknown): { rows: Wait[]; words: string } | undefined {
  if (depends === '') {
    const rows = Array.isArray(list) ? list.map((name) => ({ name: String(name), result: undefined })) : [];
    return { rows, words: rows.length > 1 ? 'all of these' : '' };
  }
  const tree = parseDependsTree(depends);
  if (tree?.type === 'task') return { rows: [{ name: tree.name, result: tree.result }], words: '' };
  if ((tree?.type !== 'and' && tree?.type !== 'or') || !tree.parts.every((part) => part.type === 'task')) return undefined;
  return { rows: dependsTasks(tree).map(({ name, result }) => ({ name, result })), words: tree.type === 'or' ? 'any of these' : 'all of these' };
}

/** What a task waits for: each task with the end that is wanted of it, and the expression as text. */
export function WaitsFor({ path }: { path: Path }): ReactElement {
  const form = useForm();
  const id = useId();
  const depends = textOf(useValue([...path, 'depends']));
  const waits = waitsOf(depends, useValue([...path, 'dependencies']));
  const problem = useProblem([...path, 'depends']);
  const at = taskAt(form, path);
  return (
    <section className="form-list" aria-labelledby={id} onFocusCapture={() => { pointAt([...path, depends === '' ? 'dependencies' : 'depends']); }}>
      <header><span id={id}>waits for</span><span className="grow" /><small className="soft">{waits?.words}</small></header>
      {at && typeof at.task === 'string' && waits ? <WaitRows at={{ template: at.template, task: at.task }} rows={waits.rows} /> : null}
      {depends === '' ? null : <TextField label="depends as text" value={depends} invalid={problem?.severity === 'error'} onDone={(typed) => { setField(form, [...path, 'depends'], typed === '' ? undefined : typed); }} />}
      {problem ? <p className={`form-problem ${problem.severity}`}>{problem.message}</p> : null}
    </section>
  );
}

function WaitRows({ at, rows }: { at: { template: string; task: string }; rows: readonly Wait[] }): ReactElement {
  const { part, source, locked } = useForm();
  const place = { part, template: at.template };
  const free = useMemo(() => (locked ? [] : connectable(source, { part, template: at.template }, at.task)), [locked, source, part, at.template, at.task]);
  return (
    <div className="form-lines">
      {rows.map(({ name, result }, index) => (
        <div key={`${name} ${index}`} className="form-line">
          <span className="mono cut grow">{name}</span>
          <select className="field" aria-label={`End of ${name} that is wanted`} value={result ?? ''} disabled={locked} onChange={(event) => { void run({ type: 'setCondition', ...place, from: name, to: at.task, result: RESULTS.find((each) => each === event.target.value) }); }}>
            <option value="">good end</option>{RESULTS.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
          {locked ? null : <Button kind="quiet" size="icon small" tip={`Do not wait for ${name}`} onClick={() => { void run({ type: 'disconnect', ...place, from: name, to: at.task }); }}><X aria-hidden /></Button>}
        </div>
      ))}
      {free.length > 0 ? (
        <select className="field" aria-label="Wait for another task" value="" onChange={(event) => { void run({ type: 'connect', ...place, from: event.target.value, to: at.task }); }}>
          <option value="">{rows.length === 0 ? 'nothing; add a task…' : 'add a task…'}</option>{free.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      ) : rows.length === 0 ? <p className="soft">Nothing: it starts at once.</p> : null}
    </div>
  );
}

/** `when`: its text, and below it the comparisons it is made of. */
export function WhenField({ field, path }: { field: Field; path: Path }): ReactElement {
  const form = useForm();
  const text = textOf(useValue(path));
  const parts = partsOf(text);
  const write = (next: string): void => { setField(form, path, next === '' ? undefined : next); };
  return (
    <FieldRow field={field} path={path} below={parts === undefined ? <p className="soft">Written in its own way: change it as text.</p> : <WhenBuilder parts={parts} onWrite={(next) => { write(textOfParts(next)); }} />}>
      {({ id, about, invalid }) => <TextField id={id} about={about} invalid={invalid} value={text} placeholder="always" onDone={write} />}
    </FieldRow>
  );
}

function WhenBuilder({ parts: { joined, parts }, onWrite }: { parts: WhenParts; onWrite: (parts: WhenParts) => void }): ReactElement | null {
  const { locked } = useForm();
  const [adding, setAdding] = useState(false);
  const put = (index: number, change: Partial<Comparison>): void => {
    const next = parts.length === index ? [...parts, { left: '', sign: '==', right: '', ...change }] : parts.map((part, at) => (at === index ? { ...part, ...change } : part));
    setAdding(false);
    onWrite({ joined, parts: next });
  };
  if (locked) return null;
  const shown = adding ? [...parts, { left: '', sign: '==', right: '' }] : parts;
  return (
    <div className="form-lines" role="group" aria-label="when by parts">
      {shown.map((part, index) => (
        <div key={index} className="form-line compare">
          {index === 0 ? null : <select className="field joint" aria-label="Joined by" value={joined} onChange={(event) => { onWrite({ joined: event.target.value === '||' ? '||' : '&&', parts }); }}><option value="&&">and</option><option value="||">or</option></select>}
          <TextField label={`Left side ${index + 1}`} value={part.left} placeholder="{{inputs.parameters.…}}" onDone={(left) => { put(index, { left }); }} />
          <select className="field sign" aria-label={`Comparison ${index + 1}`} value={part.sign} onChange={(event) => { put(index, { sign: event.target.value }); }}>{SIGNS.map((sign) => <option key={sign} value={sign}>{sign}</option>)}</select>
          <TextField label={`Right side ${index + 1}`} value={part.right} onDone={(right) => { put(index, { right }); }} />
          <Button kind="quiet" size="icon small" tip={`Remove comparison ${index + 1}`} onClick={() => { setAdding(false); if (index < parts.length) onWrite({ joined, parts: parts.filter((_, at) => at !== index) }); }}><X aria-hidden /></Button>
        </div>
      ))}
      {adding ? null : <AddButton words={parts.length === 0 ? 'Build a condition' : 'And another'} onAdd={() => { setAdding(true); }} />}
    </div>
  );
}

const PREVIEWED = 20;

/** The first turns of a loop, as far as they are known before the run. */
export function LoopPreview({ call }: { call: Readonly<Record<string, unknown>> }): ReactElement {
  const preview = useMemo(() => turnsOf(call), [call]);
  return (
    <div className="loop-preview" role="group" aria-label="Turns of the loop">
      {'note' in preview ? <p className="soft">{preview.note}</p> : (
        <>
          <p className="soft">{preview.count === 1 ? '1 turn' : `${preview.count} turns`}{preview.count > PREVIEWED ? `; the first ${PREVIEWED}` : ''}</p>
          <ol className="mono">{preview.names.map((name, index) => <li key={index} className="cut">{name}</li>)}</ol>
        </>
      )}
    </div>
  );
}

function turnsOf(call: Readonly<Record<string, unknown>>): { names: string[]; count: number } | { note: string } {
  const loop = JSON.stringify([call.withItems, call.withParam, call.withSequence]);
  if (call.withItems === undefined && loop.includes('{{')) return { note: 'Its items are known when it runs.' };
  try {
    const turns = expandItems(call);
    return { names: turns.slice(0, PREVIEWED).map((turn) => turn.name), count: turns.length };
  } catch (error) {
    return { note: `It cannot be expanded: ${error instanceof Error ? error.message : 'unknown reason'}` };
  }
}
