/** One field of a form: its name, its help, what is wrong with it, and the control that fills it in. */
import { CircleHelp, Plus, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useEffect, useId, useRef, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { Field, FieldType } from '../../../engine/spec/schema.ts';
import type { Path } from '../../../engine/spec/yaml.ts';
import { Button, landmark } from '../../ui/parts.tsx';
import { controlOf, textOf, valueOf, wordOf } from './fields.ts';
import { pointAt, removeAt, setField, useForm, useProblem, useValue } from './form.tsx';
import type { FormState } from './form.tsx';

interface RowProps {
  field: Field;
  path: Path;
  children: (ids: { id: string; about: string | undefined; invalid: boolean }) => ReactNode;
  /** Stands below the field over the whole width. */
  below?: ReactNode;
}

export function FieldRow({ field, path, children, below }: RowProps): ReactElement {
  const id = useId();
  const form = useForm();
  const problem = useProblem(path);
  const set = useValue(path) !== undefined;
  const about = problem ? `${id}-problem` : undefined;
  return (
    <div className="form-row" onFocusCapture={() => { pointAt(path); }}>
      <div className="form-label"><label htmlFor={id} className="cut" title={field.name}>{field.name}{field.required ? <span className="soft" aria-hidden> *</span> : null}</label><Help field={field} /></div>
      <div className="form-control">
        {children({ id, about, invalid: problem?.severity === 'error' })}
        {set && !form.locked ? <Button kind="quiet" size="icon small" className="remove" tip={`Remove ${field.name}`} onClick={() => { setField(form, path, undefined); }}><X aria-hidden /></Button> : <span className="remove" />}
      </div>
      {below === undefined ? null : <div className="form-below">{below}</div>}
      {problem ? <p id={about} className={`form-problem ${problem.severity}`}>{problem.message}{problem.hint === undefined ? '' : ` ${problem.hint}`}</p> : null}
    </div>
  );
}

function Help({ field }: { field: Field }): ReactElement {
  return (
    <Popover.Root>
      <Popover.Trigger asChild><button type="button" className="help" aria-label={`Help on ${field.name}`}><CircleHelp aria-hidden /></button></Popover.Trigger>
      <Popover.Portal container={landmark()}>
        <Popover.Content className="help-card" side="left" align="start" sideOffset={8} collisionPadding={8}>
          <b className="mono">{field.name}</b> <span className="soft">{wordOf(field.type)}{field.required ? ', required' : ''}</span>
          {field.doc === undefined || field.doc === '' ? null : <p>{field.doc}</p>}
          {field.values?.some((value) => value !== '') ? <p className="soft">One of {field.values.filter((value) => value !== '').join(', ')}.</p> : null}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface TextProps {
  value: string;
  /** What is typed is added to others, and the field is empty again. */
  adds?: boolean;
  label?: string;
  id?: string | undefined;
  about?: string | undefined;
  invalid?: boolean;
  long?: boolean;
  list?: string | undefined;
  placeholder?: string;
  onDone: (text: string) => void;
}

/** A text that is written when the person leaves it or presses Enter: one step of undo, not one for each key. */
export function TextField({ value, adds, label, id, about, invalid, long, list, placeholder, onDone }: TextProps): ReactElement {
  const { locked } = useForm();
  const [typed, setTyped] = useState(value);
  // A long text takes its time to change: what was given once is not given again.
  const given = useRef<string | undefined>(undefined);
  useEffect(() => {
    given.current = undefined;
    setTyped(value);
  }, [value]);
  const done = (left = false): void => {
    if (typed === value || (left && typed === given.current)) return;
    given.current = adds === true ? undefined : typed;
    onDone(typed);
    if (adds === true) setTyped('');
  };
  const props = {
    id, value: typed, readOnly: locked, spellCheck: false, className: 'field mono', 'aria-label': label, 'aria-describedby': about, 'aria-invalid': invalid === true ? true : undefined, placeholder,
    onChange: (event: { target: { value: string } }): void => { setTyped(event.target.value); }, onBlur: (): void => { done(true); }, onFocus: (): void => { given.current = undefined; },
  };
  if (long === true || value.includes('\n')) {
    return <textarea {...props} rows={Math.min(14, Math.max(3, typed.split('\n').length))} onKeyDown={(event) => { if (event.key === 'Escape') setTyped(value); if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) done(); }} />;
  }
  return <input {...props} list={list} onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); done(); } if (event.key === 'Escape' && typed !== value) { event.stopPropagation(); setTyped(value); } }} />;
}

/** A field of one value. */
export function ScalarField({ field, path, below }: { field: Field; path: Path; below?: ReactNode }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const control = controlOf(field.type, field.name, field.values);
  const write = (typed: string): void => { setField(form, path, valueOf(typed, field.type, field.name)); };
  return (
    <FieldRow field={field} path={path} below={below}>
      {({ id, about, invalid }) => {
        if (control === 'yes-no') return <Choice id={id} about={about} value={textOf(value)} options={['true', 'false']} names={{ true: 'yes', false: 'no' }} onChoose={(typed) => { setField(form, path, typed === '' ? undefined : typed === 'true'); }} />;
        if (control === 'choice') return <Choice id={id} about={about} value={textOf(value)} options={(field.values ?? []).filter((each) => each !== '')} onChoose={write} />;
        return <TextField id={id} about={about} invalid={invalid} value={textOf(value)} long={control === 'lines'} list={NAMES_TEMPLATE.has(field.name) ? TEMPLATE_LIST : undefined} onDone={write} />;
      }}
    </FieldRow>
  );
}

const NAMES_TEMPLATE: ReadonlySet<string> = new Set(['template', 'entrypoint', 'onExit']);
const TEMPLATE_LIST = 'form-templates';

/** What the fields that name a template offer. */
export function TemplateList(): ReactElement {
  return <datalist id={TEMPLATE_LIST}>{useForm().templates.map((name) => <option key={name} value={name} />)}</datalist>;
}

function Choice({ id, about, value, options, names, onChoose }: { id: string; about: string | undefined; value: string; options: readonly string[]; names?: Readonly<Record<string, string>>; onChoose: (value: string) => void }): ReactElement {
  const { locked } = useForm();
  const all = value === '' || options.includes(value) ? options : [...options, value];
  return (
    <select id={id} className="field" value={value} disabled={locked} aria-describedby={about} onChange={(event) => { onChoose(event.target.value); }}>
      <option value="">not set</option>
      {all.map((option) => <option key={option} value={option}>{names?.[option] ?? option}</option>)}
    </select>
  );
}

/** A list of words: one line for each. */
export function WordsField({ field, path, of }: { field: Field; path: Path; of: FieldType }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    <FieldRow field={field} path={path}>
      {({ id }) => (
        <div className="form-lines" role="group" aria-label={field.name}>
          {items.map((item, index) => (
            <div key={index} className="form-line">
              <TextField id={index === 0 ? id : undefined} label={`${field.name} ${index + 1}`} value={textOf(item)} onDone={(typed) => { setField(form, [...path, index], typed === '' && of.kind === 'scalar' && of.name !== 'string' ? undefined : valueOf(typed, of, '') ?? ''); }} />
              {form.locked ? null : <Button kind="quiet" size="icon small" tip={`Remove ${field.name} ${index + 1}`} onClick={() => { removeAt(form, [...path, index]); }}><X aria-hidden /></Button>}
            </div>
          ))}
          <AddLine id={items.length === 0 ? id : undefined} label={`Add to ${field.name}`} onAdd={(typed) => { setField(form, path, [...items, valueOf(typed, of, '')]); }} />
        </div>
      )}
    </FieldRow>
  );
}

function AddLine({ id, label, onAdd }: { id: string | undefined; label: string; onAdd: (typed: string) => void }): ReactElement {
  return <div className="form-line"><TextField id={id} label={label} adds value="" placeholder="add…" onDone={(typed) => { if (typed !== '') onAdd(typed); }} /></div>;
}

/** A map from names to texts. */
export function PairsField({ field, path, of }: { field: Field; path: Path; of: FieldType }): ReactElement {
  const form = useForm();
  const value = useValue(path);
  const pairs = typeof value === 'object' && value !== null ? (Object.entries(value) as [string, unknown][]) : [];
  return (
    <FieldRow field={field} path={path}>
      {({ id }) => (
        <div className="form-lines" role="group" aria-label={field.name}>
          {pairs.map(([key, item], index) => (
            <div key={index} className="form-line">
              <TextField id={index === 0 ? id : undefined} label={`Key ${index + 1} of ${field.name}`} value={key} onDone={(typed) => { renameKey(form, path, pairs, key, typed); }} />
              <TextField label={`Value of ${key}`} value={textOf(item)} onDone={(typed) => { setField(form, [...path, key], valueOf(typed, of, 'value')); }} />
              {form.locked ? null : <Button kind="quiet" size="icon small" tip={`Remove ${key}`} onClick={() => { removeAt(form, [...path, key]); }}><X aria-hidden /></Button>}
            </div>
          ))}
          <AddLine id={pairs.length === 0 ? id : undefined} label={`Add a key to ${field.name}`} onAdd={(key) => { setField(form, [...path, key], ''); }} />
        </div>
      )}
    </FieldRow>
  );
}

/** Renames a key in its place; an emptied one goes. */
export function renameKey(form: FormState, path: Path, pairs: readonly (readonly [string, unknown])[], from: string, to: string): void {
  if (to === '') removeAt(form, [...path, from]);
  else setField(form, path, Object.fromEntries(pairs.filter(([key]) => key !== to || key === from).map(([key, item]) => [key === from ? to : key, item])));
}

export function AddButton({ words, onAdd }: { words: string; onAdd: () => void }): ReactElement {
  return <Button kind="quiet" size="small" className="add-item" onClick={onAdd}><Plus aria-hidden />{words}</Button>;
}
