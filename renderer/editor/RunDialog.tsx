import { useEffect, useMemo, useState } from 'react';
import type { ReactElement, SubmitEvent } from 'react';
import type { Diagnostic } from '../../engine/spec/diagnostic.ts';
import type { Parameter } from '../../engine/spec/types.ts';
import { asUiError, invoke } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { openRun, setUi, useContextSummary, usePlace, useUi } from '../app/store.ts';
import type { RunDialogRequest } from '../app/store.ts';
import { titleOf } from '../document/summary.ts';
import { noteHolder, useRunList } from '../monitor/live.ts';
import { Dialog } from '../ui/overlays.tsx';
import { Button, Loading, RawText, Spinner } from '../ui/parts.tsx';
import { parametersOf } from './parse.ts';
import type { Parsed } from './parse.ts';
import { workOn } from './reader.ts';

/** Kubernetes' name of an object. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/;

/** Values for a run: what is written as default stands there already, a list of values is a choice. */
export function RunDialog({ request }: { request: RunDialogRequest }): ReactElement {
  const parsed = useParsed(request.text);
  const close = (): void => { setUi({ runDialog: undefined }); };
  if (parsed) return <Ready request={request} parsed={parsed} close={close} />;
  return <Dialog title="Run this workflow" onClose={close} footer={<Button onClick={close}>Cancel</Button>}><Loading words="Reading it" /></Dialog>;
}

/** What a text says; undefined while a long one is read. */
function useParsed(text: string): Parsed | undefined {
  const made = useMemo(() => workOn('parse', text), [text]);
  const [later, setLater] = useState<{ of: unknown; is: Parsed }>();
  useEffect(() => { if (made instanceof Promise) void made.then((is) => { setLater({ of: made, is }); }); }, [made]);
  if (!(made instanceof Promise)) return made;
  return later?.of === made ? later.is : undefined;
}

function Ready({ request, parsed, close }: { request: RunDialogRequest; parsed: Parsed; close: () => void }): ReactElement {
  const place = usePlace();
  const permissions = useUi((state) => state.permissions);
  const parameters = parametersOf(parsed.workflow);
  const defaults = useMemo(() => Object.fromEntries(parameters.map((each) => [each.name, request.parameters?.[each.name] ?? each.value ?? each.default ?? each.valueFrom?.default ?? ''])), [parameters, request.parameters]);
  const [values, setValues] = useState<Record<string, string>>(defaults);
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<UiError>();
  const errors = parsed.diagnostics.filter((each) => each.severity === 'error');
  const unable = obstacle(parsed, errors.length, values, name) ?? (permissions?.may['create pods'] === false ? 'You may not create Pods here' : undefined);
  const run = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable !== undefined || busy) return;
    setBusy(true);
    setError(undefined);
    const given = Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== '' || defaults[key] !== ''));
    invoke('runs.submit', { ...place, text: request.text, parameters: given, ...(name === '' ? {} : { name }) }).then(
      (result) => {
        close();
        openRun(result.name);
        noteHolder(place);
      },
      (reason: unknown) => {
        setBusy(false);
        setError(asUiError(reason));
      },
    );
  };
  const title = parsed.workflow ? titleOf(parsed.workflow).replace(/-$/, '') : 'this workflow';
  const description = parsed.workflow?.metadata.annotations?.['workflows.argoproj.io/description'];
  return (
    <Dialog
      title={`Run ${title}`} description={description} onClose={close}
      footer={(
        <>
          <Where />
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" type="submit" form="run-form" autoFocus={parameters.length === 0} unable={unable}>{busy ? <Spinner label="Starting" /> : null}Run</Button>
        </>
      )}
    >
      <form id="run-form" className="run-form" onSubmit={run}>
        {error ? <div className="note c-Failed" role="alert"><b>{error.message}</b>{error.hint === undefined ? null : <span>{error.hint}</span>}<Faults list={error.diagnostics} /></div> : null}
        {errors.length ? <div className="note c-Failed"><b>{errors.length === 1 ? 'An error keeps' : `${errors.length} errors keep`} it from running.</b><Faults list={errors} /><div className="acts"><Button onClick={close}>Back to the text</Button></div></div> : null}
        {parameters.map((each, i) => <Value key={each.name} parameter={each} value={values[each.name] ?? ''} first={i === 0} onChange={(value) => { setValues({ ...values, [each.name]: value }); }} />)}
        {parameters.length === 0 && !errors.length ? <p className="soft">It takes no parameters.</p> : null}
        <details>
          <summary>More</summary>
          <label className="value"><span>Name</span><input className="field mono" value={name} placeholder={`${parsed.workflow?.metadata.generateName ?? parsed.workflow?.metadata.name ?? 'run-'}…`} aria-invalid={name !== '' && !NAME.test(name)} onChange={(event) => { setName(event.target.value); }} /></label>
        </details>
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

/** What keeps it from being run, in words. */
function obstacle(parsed: Parsed, errors: number, values: Readonly<Record<string, string>>, name: string): string | undefined {
  if (errors) return `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} it from running`;
  if (parsed.kind !== 'Workflow') return 'This file holds no Workflow';
  const missing = parametersOf(parsed.workflow).filter((each) => values[each.name] === '' && each.value === undefined && each.default === undefined && !each.valueFrom);
  if (missing.length) return `${missing.map((each) => each.name).join(', ')} ${missing.length === 1 ? 'needs' : 'need'} a value`;
  return name !== '' && !NAME.test(name) ? 'A name has small letters, digits and dashes' : undefined;
}

/** Where the run will be, said beside the button that starts it. */
export function Where(): ReactElement {
  const place = usePlace();
  const context = useContextSummary();
  const holder = useRunList((state) => state.holder);
  return <span className="soft cut grow">in <b className="strong">{place.namespace}</b> of <b className="strong">{context?.name ?? place.contextId}</b>{holder?.state === 'other' ? `; ${holder.identity} runs it` : ''}</span>;
}

export function Value({ parameter, value, first, onChange }: { parameter: Parameter; value: string; first: boolean; onChange: (value: string) => void }): ReactElement {
  const id = `parameter-${parameter.name}`;
  const long = value.includes('\n') || value.length > 80;
  const props = { id, className: 'field mono', value, autoFocus: first, onChange: (event: { target: { value: string } }): void => { onChange(event.target.value); }, ...(parameter.description === undefined ? {} : { 'aria-describedby': `${id}-about` }) };
  const changed = parameter.value !== undefined && value !== parameter.value;
  return (
    <div className="value">
      <label htmlFor={id}>{parameter.name}</label>
      {parameter.enum ? <select {...props}>{(parameter.enum.includes(value) ? parameter.enum : [value, ...parameter.enum]).map((option) => <option key={option} value={option}>{option === '' ? 'choose' : option}</option>)}</select>
        : long ? <textarea {...props} rows={Math.min(12, Math.max(3, value.split('\n').length))} /> : <input {...props} placeholder={parameter.valueFrom ? 'from the cluster' : ''} />}
      {parameter.description === undefined && !changed ? null : <p id={`${id}-about`} className="soft">{parameter.description}{changed ? <button type="button" className="link" onClick={() => { onChange(parameter.value ?? ''); }}>{parameter.description === undefined ? '' : ' '}Back to {parameter.value === '' ? 'empty' : (parameter.value ?? '').slice(0, 40)}</button> : null}</p>}
    </div>
  );
}

function isDiagnostic(value: unknown): value is Diagnostic {
  return typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string';
}

function Faults({ list }: { list: readonly unknown[] }): ReactElement | null {
  const found = list.filter(isDiagnostic);
  if (found.length === 0) return null;
  const rest = found.slice(4);
  return <><ul className="faults">{found.slice(0, 4).map((each, i) => <li key={i}>{each.message}{each.hint === undefined ? '' : ` ${each.hint}`}</li>)}</ul>{rest.length ? <RawText label={`${rest.length} more`} text={rest.map((each) => each.message).join('\n')} /> : null}</>;
}
