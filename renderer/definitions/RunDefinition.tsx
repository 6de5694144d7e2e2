import { useState } from 'react';
import type { ReactElement, SubmitEvent } from 'react';
import { asUiError, invoke } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { openRun, usePlace, useUi } from '../app/store.ts';
import { Value, Where } from '../editor/RunDialog.tsx';
import { noteHolder } from '../monitor/live.ts';
import { Dialog } from '../ui/overlays.tsx';
import { Button, Spinner } from '../ui/parts.tsx';
import type { Definition } from './live.ts';

/** Values for a run of a CronWorkflow or template; what is written as default stands there already. */
export function RunDefinition({ definition: { kind, name, parameters, description }, onClose }: { definition: Definition; onClose: () => void }): ReactElement {
  const place = usePlace();
  const permissions = useUi((state) => state.permissions);
  const defaults = Object.fromEntries(parameters.map((each) => [each.name, each.value ?? each.default ?? each.valueFrom?.default ?? '']));
  const [values, setValues] = useState<Record<string, string>>(defaults);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<UiError>();
  const missing = parameters.filter((each) => values[each.name] === '' && each.value === undefined && each.default === undefined && !each.valueFrom);
  const unable = permissions?.may['create pods'] === false ? 'You may not create Pods here' : missing.length ? `${missing.map((each) => each.name).join(', ')} ${missing.length === 1 ? 'needs' : 'need'} a value` : undefined;
  const run = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable !== undefined || busy) return;
    setBusy(true);
    setError(undefined);
    const given = Object.fromEntries(Object.entries(values).filter(([key, value]) => value !== defaults[key]));
    invoke('definitions.run', { ...place, kind, name, parameters: given }).then((made) => {
      onClose();
      openRun(made.name);
      noteHolder(place);
    }, (reason: unknown) => {
      setBusy(false);
      setError(asUiError(reason));
    });
  };
  return (
    <Dialog
      title={`Run ${name}`} description={description} onClose={onClose}
      footer={<><Where /><Button onClick={onClose}>Cancel</Button><Button kind="primary" type="submit" form="definition-form" unable={unable}>{busy ? <Spinner label="Starting" /> : null}Run</Button></>}
    >
      <form id="definition-form" className="run-form" onSubmit={run}>
        {error ? <div className="note c-Failed" role="alert"><b>{error.message}</b>{error.hint === undefined ? null : <span>{error.hint}</span>}</div> : null}
        {parameters.map((each, i) => <Value key={each.name} parameter={each} value={values[each.name] ?? ''} first={i === 0} onChange={(value) => { setValues({ ...values, [each.name]: value }); }} />)}
        {parameters.length === 0 ? <p className="soft">It takes no parameters.</p> : null}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
