/** What is asked before something is saved to the cluster: as what, and whose change holds where others own a field. */
import { CircleCheck, Circle, UserRound } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement, SubmitEvent } from 'react';
import { stringify } from 'yaml';
import { useContextSummary, usePlace } from '../app/store.ts';
import type { Choice } from '../document/threeway.ts';
import { Dialog } from '../ui/overlays.tsx';
import { Button, Spinner } from '../ui/parts.tsx';
import { objectOf, useDesigner } from '../designer/session.ts';
import { NOUN } from './actions.ts';
import type { DefinitionKind } from './live.ts';
import { choose, saveAs, saveDecided, stopSaving, useSaving } from './saving.ts';
import type { Deciding, Row } from './saving.ts';

export function SaveDialogs(): ReactElement | null {
  const { asking, deciding } = useSaving();
  if (deciding) return <Decide deciding={deciding} />;
  return asking ? <SaveAs /> : null;
}

const KINDS: readonly DefinitionKind[] = ['WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow'];

function SaveAs(): ReactElement {
  const object = useDesigner(objectOf);
  const place = usePlace();
  const context = useContextSummary();
  const [kind, setKind] = useState<DefinitionKind>(object && object.kind !== 'Workflow' ? object.kind : 'WorkflowTemplate');
  const [name, setName] = useState((object?.name ?? '').replace(/-+$/, ''));
  const [namespace, setNamespace] = useState(place.namespace);
  const [schedule, setSchedule] = useState('0 3 * * *');
  const [problem, setProblem] = useState<string>();
  const asksSchedule = kind === 'CronWorkflow' && object?.kind !== 'CronWorkflow';
  const unable = !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) ? 'Its name has lower-case letters, digits, "-" and "." only' : namespace === '' ? 'It needs a namespace' : asksSchedule && schedule.trim() === '' ? 'It needs a schedule' : undefined;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (unable === undefined) void saveAs({ kind, name, namespace, schedules: [schedule.trim()] }).then(setProblem);
  };
  return (
    <Dialog title="Save to the cluster as" description={`It is saved to ${context?.name ?? place.contextId}. The open text stays as it is.`} onClose={stopSaving} footer={<><Button onClick={stopSaving}>Cancel</Button><Button kind="primary" type="submit" form="save-as" unable={unable}>Save</Button></>}>
      <form id="save-as" className="pass-on" onSubmit={submit}>
        <label className="asked-line"><span>Kind</span><select className="field" value={kind} autoFocus onChange={(event) => { setKind(event.target.value as DefinitionKind); }}>{KINDS.map((each) => <option key={each}>{each}</option>)}</select></label>
        <label className="asked-line"><span>Name</span><input className="field mono" value={name} onChange={(event) => { setName(event.target.value.trim()); }} /></label>
        {kind === 'ClusterWorkflowTemplate' ? <p className="soft">It belongs to the whole cluster, to no namespace.</p> : <label className="asked-line"><span>Namespace</span><input className="field mono" value={namespace} onChange={(event) => { setNamespace(event.target.value.trim()); }} /></label>}
        {asksSchedule ? <label className="asked-line"><span>Schedule: minute, hour, day, month, weekday</span><input className="field mono" value={schedule} onChange={(event) => { setSchedule(event.target.value); }} /></label> : null}
        {problem === undefined ? null : <div className="note c-Failed" role="alert">{problem}</div>}
      </form>
    </Dialog>
  );
}

function Decide({ deciding: { answer, rows, subject } }: { deciding: Deciding }): ReactElement {
  const { busy, problem } = useSaving();
  const open = rows.filter(({ choice }) => choice === undefined).length;
  const managers = [...new Set(rows.flatMap(({ manager }) => manager ?? []))];
  const ids = rows.map(({ difference }) => difference.id);
  const words = [
    answer.changed ? `${answer.name} was changed in the cluster since it was opened.` : '',
    managers.length > 0 ? `${managers.join(' and ')} ${managers.length === 1 ? 'owns' : 'own'} fields that would become others.` : '',
    rows.length === 0 ? 'Nothing of it touches what you changed.' : 'What is kept of theirs is written into your text too.',
  ].filter(Boolean).join(' ');
  const unable = busy ? 'Saving' : open > 0 ? `${open} ${open === 1 ? 'field is' : 'fields are'} not decided yet` : undefined;
  return (
    <Dialog
      title={`Save the ${NOUN[answer.kind]} ${answer.name}`} description={words} wide onClose={stopSaving}
      footer={(
        <>
          {rows.length > 1 ? <><Button kind="quiet" onClick={() => { choose(ids, 'theirs'); }}>Keep all of theirs</Button><Button kind="quiet" onClick={() => { choose(ids, 'mine'); }}>Take all of mine</Button></> : null}
          <span className="grow" />
          <Button onClick={stopSaving} autoFocus>Cancel</Button>
          <Button kind="primary" unable={unable} onClick={() => void saveDecided()}>{busy ? <Spinner /> : null}Save to {answer.kind === 'ClusterWorkflowTemplate' ? 'the cluster' : subject.place.namespace}</Button>
        </>
      )}
    >
      <div className="decide">
        {problem === undefined ? null : <div className="note c-Failed" role="alert">{problem}</div>}
        {rows.map((row) => <Field key={row.difference.id} row={row} />)}
      </div>
    </Dialog>
  );
}

const BY = { mine: 'changed here', theirs: 'changed in the cluster', both: 'changed in both' } as const;

function Field({ row: { difference, manager, choice } }: { row: Row }): ReactElement {
  const { id, mine, theirs, merged, by, base } = difference;
  const options: { choice: Choice; title: string; value: unknown }[] = [
    { choice: 'theirs', title: 'Keep theirs', value: theirs }, { choice: 'mine', title: 'Take mine', value: mine }, ...(merged === undefined ? [] : [{ choice: 'merged' as const, title: 'Both changes', value: merged }]),
  ];
  return (
    <div className="decide-field" role="radiogroup" aria-label={id}>
      <h3><span className="mono cut" title={id}>{id}</span>{manager === undefined ? null : <span className="badge"><UserRound aria-hidden />owned by {manager}</span>}<span className="soft">{base === undefined && by === 'both' ? 'differs' : BY[by]}</span></h3>
      <div className="decide-sides">
        {options.map((option) => (
          <button key={option.choice} type="button" role="radio" aria-checked={choice === option.choice} className="decide-side" onClick={() => { choose([id], option.choice); }}>
            <b>{choice === option.choice ? <CircleCheck aria-hidden /> : <Circle aria-hidden />}{option.title}</b>
            <pre className="mono">{shown(option.value)}</pre>
          </button>
        ))}
      </div>
    </div>
  );
}

const MOST_LINES = 12;

function shown(value: unknown): string {
  if (value === undefined) return 'not there';
  const lines = (typeof value === 'string' ? value : stringify(value, { lineWidth: 0 })).trimEnd().split('\n');
  return lines.length > MOST_LINES ? `${lines.slice(0, MOST_LINES).join('\n')}\nand ${lines.length - MOST_LINES} more lines` : lines.join('\n');
}
