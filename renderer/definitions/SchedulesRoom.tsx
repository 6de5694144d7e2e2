import { CalendarClock, Pause, Pencil, Play, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { guardUnsaved } from '../app/commands.ts';
import { openDocument, openRun, useUi } from '../app/store.ts';
import { useRunList } from '../monitor/live.ts';
import { runLine, runPhase } from '../monitor/words.ts';
import { Button, EmptyState, useNow } from '../ui/parts.tsx';
import { PhaseGlyph, PhasePill } from '../ui/phase.tsx';
import { age, exact } from '../ui/time.ts';
import { askToDelete, edit, suspend } from './actions.ts';
import { DefinitionsRoom } from './DefinitionsRoom.tsx';
import { Parameters } from './Parameters.tsx';
import { useDefinitions } from './live.ts';
import type { Definition, Schedule } from './live.ts';
import { RunDefinition } from './RunDefinition.tsx';
import { agoWords, inWords, inZone, scheduleState, untilWords } from './words.ts';

const CRON_LABEL = 'workflows.argoproj.io/cron-workflow';
const NEW = `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: every-night
spec:
  schedules: ["0 3 * * *"]
  timezone: ${Intl.DateTimeFormat().resolvedOptions().timeZone}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  workflowSpec:
    entrypoint: main
    templates:
    - name: main
      container:
        image: busybox
        command: [echo]
        args: ["good night"]
`;

const write = (): void => { guardUnsaved(() => { openDocument({ title: 'every-night.yaml', text: NEW }); }); };

/** CronWorkflows: when the next run starts, what the last ones did. */
export function SchedulesRoom(): ReactElement {
  const list = useDefinitions('CronWorkflow');
  const now = useNow(true, 5000);
  const crds = useUi((state) => state.permissions?.crds);
  return (
    <DefinitionsRoom
      title="Schedules" nouns="schedules" resource="cronworkflows" list={list} actions={<Button onClick={write}><Plus aria-hidden />New…</Button>}
      row={(each) => <Row definition={each} now={now} />} detail={(each) => <Detail key={each.uid} definition={each} now={now} />}
      empty={(
        <EmptyState icon={<CalendarClock aria-hidden />} title="No schedules yet" actions={<Button kind="primary" onClick={write}>Write one</Button>}>
          A CronWorkflow starts a run at its times, while Tiphys runs here.{crds === false ? ' This cluster does not know the kind, so schedules are kept on this machine.' : ''}
        </EmptyState>
      )}
    />
  );
}

function Row({ definition: { name, title, schedule }, now }: { definition: Definition; now: number }): ReactElement | null {
  if (!schedule) return null;
  const { phase, word } = scheduleState(schedule);
  const [next] = schedule.next;
  const words = inWords(schedule);
  return (
    <>
      <PhaseGlyph phase={phase} />
      <b className="cut" title={title ?? name}>{name}</b>
      <time title={next === undefined ? '' : exact(next)}>{next === undefined ? word : untilWords(next, now)}</time>
      <small className="cut" title={schedule.schedules.join(', ')}>{words}{schedule.timezone === undefined ? '' : ` · ${schedule.timezone}`}</small>
      <small className="cut" title={schedule.problems[0] ?? ''}>{schedule.problems[0] ?? (schedule.lastScheduledTime === undefined ? 'never ran' : `last run ${agoWords(schedule.lastScheduledTime, now)}`)}{schedule.ours ? '' : ' · watched only'}</small>
    </>
  );
}

function Detail({ definition, now }: { definition: Definition; now: number }): ReactElement | null {
  const { name, schedule, description, parameters } = definition;
  const [asking, setAsking] = useState(false);
  if (!schedule) return null;
  const { phase, word } = scheduleState(schedule);
  return (
    <>
      <header className="head plain">
        <div className="title">
          <h1 className="cut text" title={name}>{name}</h1>
          <PhasePill phase={phase} word={word} />
          <div className="acts">
            <Button onClick={() => { setAsking(true); }}><Play aria-hidden />Run now…</Button>
            {schedule.stopped ? null : <Button onClick={() => { suspend(name, !schedule.suspended); }}>{schedule.suspended ? <Play aria-hidden /> : <Pause aria-hidden />}{schedule.suspended ? 'Resume' : 'Suspend'}</Button>}
            <Button onClick={() => { guardUnsaved(() => { edit(definition); }); }}><Pencil aria-hidden />Edit</Button>
            <Button kind="danger" size="icon" tip="Delete…" onClick={() => { askToDelete(definition); }}><Trash2 aria-hidden /></Button>
          </div>
        </div>
      </header>
      <div className="definition" tabIndex={0} role="group" aria-label={`About ${name}`}>
        {description === undefined ? null : <p className="soft">{description}</p>}
        {schedule.problems.map((problem) => <div key={problem} className="note c-Error"><b>Problem</b><span>{problem}</span></div>)}
        {schedule.ours ? null : <div className="note"><b>Watched only</b><span>A controller in the cluster starts its runs: it has no label of Tiphys.</span></div>}
        <Times schedule={schedule} now={now} />
        <Facts schedule={schedule} />
        <Parameters parameters={parameters} />
        <History cron={name} now={now} />
      </div>
      {asking ? <RunDefinition definition={definition} onClose={() => { setAsking(false); }} /> : null}
    </>
  );
}

function Times({ schedule, now }: { schedule: Schedule; now: number }): ReactElement {
  return (
    <section>
      <h2>Next runs</h2>
      {schedule.next.length === 0 ? <p className="soft">{schedule.stopped ? 'None: its stop strategy has ended it.' : schedule.suspended ? 'None while it is suspended.' : 'None.'}</p> : (
        <ol className="times-list">{schedule.next.map((time) => <li key={time} title={exact(time)}><span>{inZone(time, schedule.timezone)}</span><span className="soft">{untilWords(time, now)}</span></li>)}</ol>
      )}
      {schedule.next.length && schedule.timezone !== undefined ? <p className="soft">On the clock of {schedule.timezone}.</p> : null}
    </section>
  );
}

const POLICY: Record<Schedule['concurrencyPolicy'], string> = { Allow: 'Runs may overlap', Forbid: 'No run starts while another is active', Replace: 'A new run ends the active one' };

function Facts({ schedule }: { schedule: Schedule }): ReactElement {
  return (
    <section>
      <h2>Schedule</h2>
      <dl className="kv">
        {schedule.schedules.map((text, i) => [<dt key={`t${i}`}>{i === 0 ? 'Times' : ''}</dt>, <dd key={`d${i}`}><span className="mono">{text}</span></dd>])}
        <dt>In words</dt><dd>{inWords(schedule)}</dd>
        <dt>Overlap</dt><dd>{POLICY[schedule.concurrencyPolicy]}</dd>
        {schedule.when === undefined ? null : <><dt>When</dt><dd className="mono">{schedule.when}</dd></>}
        {schedule.lastScheduledTime === undefined ? null : <><dt>Last run</dt><dd title={exact(schedule.lastScheduledTime)}>{inZone(schedule.lastScheduledTime, schedule.timezone)}</dd></>}
        <dt>Ended so far</dt><dd>{schedule.succeeded} succeeded, {schedule.failed} failed</dd>
      </dl>
    </section>
  );
}

/** The runs that are kept, newest first. */
function History({ cron, now }: { cron: string; now: number }): ReactElement {
  const runs = useRunList((state) => state.runs);
  const own = [...(runs?.values() ?? [])].filter((run) => run.labels?.[CRON_LABEL] === cron).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return (
    <section>
      <h2>Runs</h2>
      {own.length === 0 ? <p className="soft">None is kept.</p> : (
        <ul className="history">
          {own.map((run) => (
            <li key={run.name}><button type="button" onClick={() => { openRun(run.name); }}><PhaseGlyph phase={runPhase(run)} label /><b className="cut">{run.name}</b><span className="soft cut">{runLine(run, now)}</span><time className="soft" title={exact(run.createdAt)}>{age(run.createdAt, now)}</time></button></li>
          ))}
        </ul>
      )}
    </section>
  );
}
