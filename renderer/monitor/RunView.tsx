import { FileCode2, MoreHorizontal, PanelLeftOpen, PanelRightOpen, Pause, Play, RefreshCw, RotateCcw, Skull, Trash2, WifiOff } from 'lucide-react';
import { Tabs } from 'radix-ui';
import { lazy, Suspense, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import type { Workflow } from '../../engine/spec/types.ts';
import { keysOf, runCommand } from '../app/commands.ts';
import { setUi, useContextSummary, usePlace, useUi } from '../app/store.ts';
import type { RunView as View } from '../app/store.ts';
import type { Counts, GraphModel, GraphNode, Phase } from '../document/model.ts';
import { project } from '../document/projection.ts';
import { countSteps, endedSteps } from '../document/summary.ts';
import { total } from '../document/model.ts';
import { Menu } from '../ui/overlays.tsx';
import type { MenuItem } from '../ui/overlays.tsx';
import { Sash } from '../ui/pane.tsx';
import { Button, EmptyState, ErrorState, Loading, Spinner, useNarrow, useNow } from '../ui/parts.tsx';
import { PhasePill } from '../ui/phase.tsx';
import { between, exact, shortDuration } from '../ui/time.ts';
import { act, askTo, cannotChange, openInDesigner, settled, useAsked } from './actions.ts';
import { Artifacts } from './Artifacts.tsx';
import { Events } from './Events.tsx';
import { Graph } from './Graph.tsx';
import { Inspector } from './Inspector.tsx';
import { useOpenRun, useRunList } from './live.ts';
import { LogView } from './LogView.tsx';
import { select } from './selection.ts';
import { StepTable } from './StepTable.tsx';
import { Timeline } from './Timeline.tsx';
import { runPhase } from './words.ts';

const YamlText = lazy(() => import('../editor/YamlText.tsx'));

const VIEWS: [View, string][] = [['graph', 'Graph'], ['timeline', 'Timeline'], ['table', 'Table'], ['log', 'Log of all steps'], ['artifacts', 'Artifacts'], ['events', 'Events'], ['yaml', 'YAML']];
const NO_GRAPH: GraphModel = { nodes: [], edges: [] };

export function RunView({ name }: { name: string }): ReactElement {
  const place = usePlace();
  const { sizes, folded, view, step } = useUi();
  const run = useOpenRun();
  const narrow = useNarrow();
  const workflow = run.name === name ? run.workflow : undefined;
  const [unfolded, setUnfolded] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [byLoop, setByLoop] = useState(false);
  // A graph of thousands is projected when there is time for it; the window stays quick.
  const nodes = useDeferredValue(run.nodes);
  const graph = useMemo(() => (workflow ? project(workflow, nodes, { folded: unfolded, byLoop }) : NO_GRAPH), [workflow, nodes, unfolded, byLoop]);
  const byName = useMemo(() => new Map([...nodes.values()].map((node) => [node.name, node])), [nodes]);
  const selection = useMemo(() => select(step, graph, nodes, byName), [step, graph, nodes, byName]);
  const counts = useMemo(() => countSteps(nodes), [nodes]);
  const choose = useCallback((id: string | undefined) => { setUi({ step: id }); }, []);
  const fold = useCallback((node: GraphNode) => { setUnfolded((map) => new Map(map).set(node.id, !node.folded)); }, []);
  const openInspector = useCallback(() => {
    const { folded: now } = useUi.getState();
    if (now['runs.inspector']) setUi({ folded: { ...now, 'runs.inspector': false } });
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.inspector [data-pane-focus]')?.focus());
  }, []);
  if (!workflow) {
    return (
      <section className="pane no-run" aria-label="Run" data-pane>
        {run.error ? <ErrorState title={`${name} could not be opened`} hint={run.error.hint ?? 'It may have been deleted meanwhile.'} raw={run.error.message} actions={<Button onClick={() => { setUi({ run: undefined }); }}>Back to the list</Button>} /> : <Loading words={`Opening ${name}`} />}
      </section>
    );
  }
  const width = sizes['runs.inspector'] ?? 372;
  const scope = `${place.contextId}/${place.namespace}/${name}/${workflow.metadata.uid ?? ''}`;
  return (
    <>
      <section className="pane run" aria-label={`Run ${name}`} data-pane>
        <Tabs.Root className="run-tabs" value={view} onValueChange={(value) => { setUi({ view: value as View }); }}>
          <Header workflow={workflow} name={name} counts={counts} deleted={run.deleted} />
          {run.watch?.state === 'reconnecting' ? <div className="banner" role="status"><WifiOff aria-hidden /><span className="grow">Reconnecting; this is the last known state.</span></div> : null}
          {run.deleted ? <div className="banner" role="status"><Trash2 aria-hidden /><span className="grow">This run was deleted. What is shown here is the last that was seen.</span></div> : null}
          <Tabs.Content value="graph" className="view" tabIndex={-1}>
            {graph.nodes.length === 0 ? <EmptyState title="Nothing to draw yet">{workflow.status?.message ?? 'The workflow has no steps, or its template is not known here.'}</EmptyState> : (
              <Graph
                model={graph} nodes={nodes} scope={scope} label={`Graph of ${name}, ${graph.nodes.length} steps`} chosen={step} onChoose={choose} onOpen={openInspector} onFold={fold}
                byLoop={{ on: byLoop, toggle: () => { setByLoop(!byLoop); } }}
              />
            )}
          </Tabs.Content>
          <Tabs.Content value="timeline" className="view" tabIndex={-1}><Timeline nodes={nodes} chosen={step} onChoose={choose} workflow={workflow} /></Tabs.Content>
          <Tabs.Content value="table" className="view" tabIndex={-1}><StepTable nodes={nodes} chosen={step} onChoose={choose} onOpen={openInspector} /></Tabs.Content>
          <Tabs.Content value="log" className="view" tabIndex={-1}><LogView key={name} name={name} nodes={nodes} label={`Log of all steps of ${name}`} live={!workflow.status?.finishedAt} onChoose={choose} /></Tabs.Content>
          <Tabs.Content value="artifacts" className="view" tabIndex={-1}><Artifacts key={name} name={name} nodes={nodes} onChoose={choose} /></Tabs.Content>
          <Tabs.Content value="events" className="view" tabIndex={-1}><Events key={name} name={name} live={!workflow.status?.finishedAt} /></Tabs.Content>
          <Tabs.Content value="yaml" className="view" tabIndex={-1}><Suspense fallback={<Loading words="Opening" />}><YamlText value={workflow} label={`YAML of ${name}`} /></Suspense></Tabs.Content>
        </Tabs.Root>
      </section>
      {folded['runs.inspector'] || (narrow && !selection) ? null : (
        <>
          <Sash label="Width of the inspector" size={width} min={260} max={900} grows="left" onFold={() => { setUi({ folded: { ...folded, 'runs.inspector': true } }); }} onSize={(size) => { setUi({ sizes: { ...sizes, 'runs.inspector': size } }); }} />
          <aside className="pane inspector" style={{ ['--size' as string]: `${width}px` }} aria-label="Inspector" data-pane>
            <Inspector key={selection?.node.id ?? ''} selection={selection} graph={graph} nodes={nodes} workflow={workflow} name={name} counts={counts} onChoose={choose} onFold={fold} />
          </aside>
        </>
      )}
    </>
  );
}

function Header({ workflow, name, counts, deleted }: { workflow: Workflow; name: string; counts: Counts; deleted: boolean }): ReactElement {
  const { status, spec } = workflow;
  const folded = useUi((state) => state.folded);
  const phase: Phase = runPhase({ phase: status?.phase ?? '', counts, suspended: spec.suspend ?? false });
  const done = Boolean(status?.finishedAt);
  const word = !done && spec.shutdown ? (spec.shutdown === 'Stop' ? 'Stopping' : 'Terminating') : undefined;
  return (
    <header className="head">
      <div className="title">
        {folded['runs.list'] ? <Button kind="quiet" size="icon" tip="Show the list" keys={keysOf('fold-list')} onClick={() => { runCommand('fold-list'); }}><PanelLeftOpen aria-hidden /></Button> : null}
        <h1 className="cut text" title={name}>{name}</h1>
        <PhasePill phase={phase} {...(word === undefined ? {} : { word })} />
        <Times workflow={workflow} counts={counts} />
        <Actions workflow={workflow} name={name} counts={counts} done={done} deleted={deleted} />
        {folded['runs.inspector'] ? <Button kind="quiet" size="icon" tip="Show the inspector" keys={keysOf('fold-inspector')} onClick={() => { runCommand('fold-inspector'); }}><PanelRightOpen aria-hidden /></Button> : null}
      </div>
      {status?.message !== undefined && (phase === 'Failed' || phase === 'Error') ? <p className="message cut text" title={status.message}>{status.message}</p> : null}
      <Tabs.List className="tabs" aria-label="Views of the run">{VIEWS.map(([id, title]) => <Tabs.Trigger key={id} value={id}>{title}</Tabs.Trigger>)}</Tabs.List>
    </header>
  );
}

function Times({ workflow, counts }: { workflow: Workflow; counts: Counts }): ReactElement {
  const { startedAt, finishedAt, estimatedDuration, progress = '' } = workflow.status ?? {};
  const now = useNow(!finishedAt);
  const left = remaining(startedAt, finishedAt, estimatedDuration, now);
  const of = Math.max(total(counts), Number(/\/(\d+)$/.exec(progress)?.[1] ?? 0));
  const words = [`${between(startedAt, finishedAt, now) ?? 'not started'}${left === undefined ? '' : `, ≈ ${left} left`}`];
  if (of > 1) words.push(`${endedSteps(counts).toLocaleString('en')} of ${of.toLocaleString('en')}`);
  return <span className="times" title={startedAt ? `Started ${exact(startedAt)}` : ''}>{words.join(' · ')}</span>;
}

/** How long it will take from the runs before, in words; undefined when nobody knows. */
function remaining(startedAt: string | null | undefined, finishedAt: string | null | undefined, estimate: number | undefined, now: number): string | undefined {
  if (estimate === undefined || finishedAt || !startedAt) return undefined;
  const left = estimate * 1000 - (now - Date.parse(startedAt));
  return left > 0 ? shortDuration(left) : undefined;
}

function Actions({ workflow, name, counts, done, deleted }: { workflow: Workflow; name: string; counts: Counts; done: boolean; deleted: boolean }): ReactElement {
  const place = usePlace();
  const key = `${place.contextId}/${place.namespace}/${name}`;
  const asked = useAsked((state) => state[key]);
  const may = useUi((state) => state.permissions?.may);
  const context = useContextSummary();
  const ours = useRunList((state) => state.runs?.get(name)?.ours);
  const reachable = context?.state.state !== 'offline';
  const unable = deleted ? 'The run was deleted' : reachable ? cannotChange(may) : 'The cluster does not answer';
  const doneRef = useRef(done);
  useEffect(() => {
    if (done && !doneRef.current) settled(key);
    doneRef.current = done;
  }, [done, key]);
  const failed = workflow.status?.phase === 'Failed' || workflow.status?.phase === 'Error';
  const paused = workflow.spec.suspend === true;
  const items: (MenuItem | 'line')[] = [
    { id: 'again', label: 'Run again…', icon: <RefreshCw aria-hidden />, unable, run: () => { askTo('resubmit', name, counts); } },
    { id: 'edit', label: 'Open in designer', icon: <FileCode2 aria-hidden />, run: () => { openInDesigner(workflow); } },
    ...(done ? [] : [{ id: 'terminate', label: 'Terminate…', icon: <Skull aria-hidden />, danger: true, unable, run: () => { askTo('terminate', name, counts); } }]),
    'line', { id: 'delete', label: 'Delete…', icon: <Trash2 aria-hidden />, danger: true, unable, run: () => { askTo('delete', name, counts); } },
  ];
  return (
    <div className="acts">
      {ours === false ? <span className="soft watched" title="A controller in the cluster runs it; actions here do what the argo command line does.">watched only</span> : null}
      {asked === undefined ? null : <span className="asked" role="status"><Spinner label={asked} /><span className="cut">{asked}</span></span>}
      {done ? null : paused || counts.Suspended
        ? <Button size="icon" tip={counts.Suspended ? 'Resume: all that wait go on' : 'Resume'} unable={unable} onClick={() => void act(name, { action: 'resume' })}><Play aria-hidden /></Button>
        : <Button size="icon" tip="Suspend: nothing new starts" unable={unable} onClick={() => void act(name, { action: 'suspend' })}><Pause aria-hidden /></Button>}
      {done ? null : <Button unable={unable ?? (workflow.spec.shutdown ? 'It is asked already' : undefined)} onClick={() => { askTo('stop', name, counts); }}>Stop…</Button>}
      {failed ? <Button unable={unable} onClick={() => { askTo('retry', name, counts); }}><RotateCcw aria-hidden />Retry…</Button> : null}
      {done && !failed ? <Button unable={unable} onClick={() => { askTo('resubmit', name, counts); }}>Run again…</Button> : null}
      <Menu items={items}><button type="button" className="btn icon" aria-label="More actions"><MoreHorizontal aria-hidden /></button></Menu>
    </div>
  );
}
