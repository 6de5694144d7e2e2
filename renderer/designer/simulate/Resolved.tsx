/** What the workflow comes to: the Pods it would make, with every default and tag filled in; and what the cluster would refuse of them. */
import { CircleAlert, CircleCheck, CircleX, RefreshCw, ShieldQuestion } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { ReactElement } from 'react';
import type { Diagnostic } from '../../../engine/spec/diagnostic.ts';
import { asUiError, invoke } from '../../app/bridge.ts';
import type { UiError } from '../../app/bridge.ts';
import { useContextSummary, usePlace, useUi } from '../../app/store.ts';
import type { DrawnObject } from '../../document/objects.ts';
import { useProblems } from '../../editor/language.ts';
import { Button, EmptyState, ErrorState, Loading, Spinner } from '../../ui/parts.tsx';
import { goToText, useDesigner } from '../session.ts';
import { openPlayer, simulate, usePlayer } from './player.ts';

const YamlText = lazy(() => import('../../editor/YamlText.tsx'));

type Plan = NonNullable<ReturnType<typeof usePlayer.getState>['end']>['plans'][number];

export function Resolved(): ReactElement {
  const document = useUi((state) => state.document);
  const id = document?.id ?? '';
  const text = document?.text ?? '';
  const object = useDesigner((state) => state.objects[0]);
  const busy = useDesigner((state) => state.busy);
  const errors = useProblems((state) => state.problems.filter(({ severity }) => severity === 'error').length);
  const { state, end, error, text: simulated } = usePlayer();
  useEffect(() => { openPlayer(id); }, [id]);
  // Opening the view asks for what it shows; a text that changes meanwhile is marked, not chased.
  useEffect(() => { if (errors === 0 && usePlayer.getState().text !== text) simulate(false); }, [id]);
  if (!object && busy) return <Loading words="Reading the text" />;
  if (!object || errors) return <EmptyState icon={<CircleAlert aria-hidden />} title="Nothing can be resolved yet">{errors ? `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} the workflow from running; they are listed below the text.` : 'The text holds no workflow that can be read.'}</EmptyState>;
  if (state === 'failed' && error) return <ErrorState title="It could not be resolved" hint={error.hint} raw={error.message} actions={<Button onClick={() => { simulate(false); }}>Try again</Button>} />;
  if (!end) return state === 'none' ? <EmptyState title="Not resolved" actions={<Button onClick={() => { simulate(false); }}>Resolve</Button>}>The computing was stopped.</EmptyState> : <Loading words="Filling in templates, defaults and tags" />;
  return <Plans key={id} plans={end.plans} pods={end.pods} phase={end.workflow.status?.phase ?? ''} message={end.workflow.status?.message} object={object} text={text} stale={simulated !== text} />;
}

interface PlansProps {
  plans: readonly Plan[];
  pods: number;
  phase: string;
  message: string | undefined;
  object: DrawnObject;
  text: string;
  stale: boolean;
}

function Plans({ plans, pods, phase, message, object, text, stale }: PlansProps): ReactElement {
  const [chosen, setChosen] = useState(0);
  const [part, setPart] = useState<'template' | 'manifest'>('template');
  const plan = plans[Math.min(chosen, plans.length - 1)];
  const own = object.name;
  return (
    <div className="resolved">
      <header className="simulate-bar">
        <b>{pods} {pods === 1 ? 'Pod' : 'Pods'} would be made</b>
        <span className="soft grow cut">{phase === 'Succeeded' ? 'if every step succeeds' : `and the run would end as ${phase}${message === undefined ? '' : `: ${message}`}`}</span>
        {stale ? <Button size="small" onClick={() => { simulate(false); }}><RefreshCw aria-hidden />The text changed: resolve again</Button> : null}
      </header>
      <DryRun object={object} text={text} />
      <div className="simulate-body">
        <ul className="plans" role="listbox" aria-label="Pods" data-pane tabIndex={0} data-pane-focus onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
          event.preventDefault();
          setChosen((now) => Math.max(0, Math.min(plans.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
        }}>
          {plans.map((each, i) => <li key={each.manifest.metadata.name ?? i} role="option" aria-selected={i === chosen} className="plan" onClick={() => { setChosen(i); }}><b className="cut" title={each.nodeName}>{stepName(each.nodeName, own)}</b><small className="cut">{imageOf(each)}</small></li>)}
          {pods > plans.length ? <li className="soft plan">and {pods - plans.length} more</li> : null}
        </ul>
        <section className="pane grow" aria-label="What it comes to" data-pane>
          <div className="plan-parts" role="group" aria-label="Part">
            <button type="button" className="chip" aria-pressed={part === 'template'} onClick={() => { setPart('template'); }}>Template with its values</button>
            <button type="button" className="chip" aria-pressed={part === 'manifest'} onClick={() => { setPart('manifest'); }}>Pod</button>
          </div>
          {plan ? <Suspense fallback={<Loading words="Opening" />}><YamlText value={part === 'template' ? plan.template : plan.manifest} label={part === 'template' ? `Template of ${plan.nodeName} with its values` : `Pod of ${plan.nodeName}`} /></Suspense> : <EmptyState title="No Pod">The workflow ends without making one.</EmptyState>}
        </section>
      </div>
    </div>
  );
}

/** A node's name without the run's own before it. */
function stepName(nodeName: string, run: string): string {
  return nodeName.startsWith(`${run}.`) || nodeName.startsWith(`${run}[`) ? nodeName.slice(run.length).replace(/^\./, '') : nodeName;
}

function imageOf({ template }: Plan): string {
  return template.container?.image ?? template.script?.image ?? template.containerSet?.containers.map(({ image }) => image).join(', ') ?? '';
}

type Asked = { state: 'none' | 'asking' } | { state: 'told'; found: Diagnostic[]; of: string } | { state: 'failed'; error: UiError };

/** Asks the server whether it would take the run and a Pod of each template. */
function DryRun({ object, text }: { object: DrawnObject; text: string }): ReactElement {
  const place = usePlace();
  const context = useContextSummary();
  const parameters = usePlayer((state) => state.parameters);
  const [asked, setAsked] = useState<Asked>({ state: 'none' });
  useEffect(() => { setAsked({ state: 'none' }); }, [place.contextId, place.namespace]);
  const ask = (): void => {
    setAsked({ state: 'asking' });
    invoke('runs.dryRun', { ...place, text, parameters }).then((found) => { setAsked({ state: 'told', found, of: text }); }, (error: unknown) => { setAsked({ state: 'failed', error: asUiError(error) }); });
  };
  const where = `${place.namespace} of ${context?.name ?? place.contextId}`;
  return (
    <section className="dry-run" aria-label="Dry run" aria-live="polite">
      <div className="dry-line">
        <Button size="small" onClick={ask} unable={asked.state === 'asking' ? 'The cluster is being asked' : undefined}>{asked.state === 'asking' ? <Spinner label="Asking" /> : <ShieldQuestion aria-hidden />}Dry run</Button>
        {asked.state === 'told' && asked.found.length === 0 ? <span className="c-Succeeded said-well"><CircleCheck aria-hidden />{asked.of === text ? `${where} would take all of it.` : `${where} would have taken all of it; the text has changed since.`}</span>
          : <span className="soft cut">{asked.state === 'failed' ? `${where} could not be asked: ${asked.error.message}` : asked.state === 'told' ? `${where} would refuse:` : `Asks ${where} without making anything.`}</span>}
      </div>
      {asked.state === 'told' && asked.found.length ? <ul>{asked.found.map((each, i) => <Refusal key={i} diagnostic={each} object={object} />)}</ul> : null}
    </section>
  );
}

function Refusal({ diagnostic, object }: { diagnostic: Diagnostic; object: DrawnObject }): ReactElement {
  const range = rangeOf(diagnostic.path, object);
  return <li className="c-Failed"><CircleX aria-label="Refused" /><button type="button" className="go text" disabled={!range} onClick={() => { if (range) goToText(range.start); }}>{diagnostic.message}{diagnostic.hint === undefined ? null : <span className="soft"> {diagnostic.hint}</span>}</button></li>;
}

/** The place itself, or the nearest around it that is written. */
function rangeOf(path: Diagnostic['path'], object: DrawnObject): { start: number; end: number } | undefined {
  for (let length = path.length; length > 0; length--) {
    const within = path.slice(0, length);
    const range = object.rangeOf(within[0] === 'spec' ? [...object.specPath, ...within.slice(1)] : within);
    if (range) return range;
  }
  return undefined;
}
