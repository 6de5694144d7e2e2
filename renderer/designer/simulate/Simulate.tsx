/** The run before the run: played on its graph with a fast clock, every step going as the person says. */
import { CircleAlert, Pause, Play, RefreshCw, SkipBack, SkipForward, Square, TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { NodeStatus, Workflow } from '../../../engine/spec/types.ts';
import { useUi } from '../../app/store.ts';
import { project } from '../../document/projection.ts';
import { useProblems } from '../../editor/language.ts';
import { parametersOf } from '../../editor/parse.ts';
import { Graph } from '../../monitor/Graph.tsx';
import { calm } from '../../monitor/graph-parts.tsx';
import { Button, EmptyState, ErrorState, Loading, NowContext, Spinner } from '../../ui/parts.tsx';
import { PhasePill } from '../../ui/phase.tsx';
import { shortDuration } from '../../ui/time.ts';
import { useDesigner } from '../session.ts';
import { change, frameAt, nodesAt, openPlayer, pause, resume, runAt, seek, simulate, SPEEDS, stepFrame, stopComputing, totalOf, usePlayer } from './player.ts';
import { NumberField, StepForm } from './StepForm.tsx';

const NO_NODES: ReadonlyMap<string, NodeStatus> = new Map();

export function Simulate(): ReactElement {
  const document = useUi((state) => state.document);
  const id = document?.id ?? '';
  useEffect(() => { openPlayer(id); }, [id]);
  useEffect(() => pause, []);
  const text = document?.text ?? '';
  const workflow = useDesigner((state) => state.objects[0]?.workflow);
  const busy = useDesigner((state) => state.busy);
  const errors = useProblems((state) => state.problems.filter(({ severity }) => severity === 'error').length);
  if (!workflow && busy) return <Loading words="Reading the text" />;
  if (!workflow) return <EmptyState icon={<CircleAlert aria-hidden />} title="Nothing to simulate">The text holds no workflow that can be read.</EmptyState>;
  return <Stage workflow={workflow} text={text} errors={errors} title={document?.title ?? ''} />;
}

function Stage({ workflow, text, errors, title }: { workflow: Workflow; text: string; errors: number; title: string }): ReactElement {
  const { frames, at, state, error, end, begin, text: simulated } = usePlayer();
  const [chosen, setChosen] = useState<string>();
  const [unfolded, setUnfolded] = useState<ReadonlyMap<string, boolean>>(new Map());
  const index = frameAt(frames, at);
  const frame = frames[index];
  const nodes = index < 0 ? NO_NODES : nodesAt(frames, index);
  const shown = useMemo(() => runAt(workflow, end, frame), [workflow, end, frame]);
  const graph = useMemo(() => project(shown, nodes, { folded: unfolded }), [shown, nodes, unfolded]);
  const stale = state === 'ready' && simulated !== text;
  const unable = errors ? `${errors} ${errors === 1 ? 'error keeps' : 'errors keep'} it from running` : undefined;
  const chosenNode = graph.nodes.find((each) => each.id === chosen);
  return (
    <div className="simulate">
      <Controls unable={unable} />
      {stale ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">The text has changed since. What is shown is how it was.</span><Button size="small" unable={unable} onClick={() => { simulate(false); }}>Simulate again</Button></div> : null}
      {state === 'failed' && error ? <ErrorState title="It could not be simulated" hint={error.hint} raw={error.message} actions={<Button onClick={() => { simulate(!calm()); }}>Try again</Button>} /> : (
        <div className="simulate-body">
          <NowContext.Provider value={begin + at}>
            <Graph model={graph} nodes={nodes} scope={`simulate ${title}`} label={`Simulated graph of ${title}`} chosen={chosen} onChoose={setChosen} onFold={(node) => { setUnfolded((map) => new Map(map).set(node.id, !node.folded)); }} />
          </NowContext.Provider>
          <aside className="simulate-form" aria-label="How it goes" data-pane>
            {chosenNode ? <StepForm key={chosenNode.id} node={chosenNode} workflow={shown} status={nodes.get(chosenNode.nodeId ?? '')} /> : <General workflow={workflow} />}
          </aside>
        </div>
      )}
    </div>
  );
}

/** Compute, play, and the place in time. */
function Controls({ unable }: { unable: string | undefined }): ReactElement {
  const player = usePlayer();
  const { state, at, playing, speed, frames, end } = player;
  const total = totalOf(player);
  const frame = frames[frameAt(frames, at)];
  if (state === 'computing') {
    const steps = frames.reduce((sum, { nodes }) => sum + nodes.length, 0);
    return <div className="simulate-bar" role="status"><Spinner label="Simulating" /><span className="grow soft">Simulating: {shortDuration(total)} of its time, {steps} changes so far</span><Button size="small" onClick={stopComputing}><Square aria-hidden />Stop</Button></div>;
  }
  if (state !== 'ready') {
    return <div className="simulate-bar"><Button kind="primary" unable={unable} onClick={() => { simulate(!calm()); }}><Play aria-hidden />Simulate</Button><span className="soft grow">Plays the run without any Pod. Choose a step to say how it goes.</span></div>;
  }
  return (
    <div className="simulate-bar">
      <Button size="icon" tip={playing ? 'Pause' : 'Play'} onClick={() => { if (playing) pause(); else resume(); }}>{playing ? <Pause aria-hidden /> : <Play aria-hidden />}</Button>
      <Button kind="quiet" size="icon" tip="Change before" onClick={() => { stepFrame(-1); }}><SkipBack aria-hidden /></Button>
      <Button kind="quiet" size="icon" tip="Change after" onClick={() => { stepFrame(1); }}><SkipForward aria-hidden /></Button>
      <input type="range" className="grow" min={0} max={Math.max(1, total)} step={Math.max(1, Math.round(total / 1000))} value={at} aria-label="Time" aria-valuetext={`${shortDuration(at)} of ${shortDuration(total)}`} onChange={(event) => { pause(); seek(Number(event.target.value)); }} />
      <span className="num times">{shortDuration(at)} / {shortDuration(total)}</span>
      <select className="field speed" aria-label="Speed" value={speed} onChange={(event) => { usePlayer.setState({ speed: Number(event.target.value) }); }}>{SPEEDS.map((each) => <option key={each} value={each}>{each}×</option>)}</select>
      {frame?.phase ? <PhasePill phase={frame.phase} /> : null}
      <span className="soft pods">{end === undefined ? 'not computed to its end' : `${end.pods} ${end.pods === 1 ? 'Pod' : 'Pods'}`}</span>
      <Button kind="quiet" size="icon" tip="Simulate again" unable={unable} onClick={() => { simulate(!calm()); }}><RefreshCw aria-hidden /></Button>
    </div>
  );
}

/** What holds for the whole run. */
function General({ workflow }: { workflow: Workflow }): ReactElement {
  const { parameters, duration, rules, frames, at } = usePlayer();
  const message = frames[frameAt(frames, at)]?.message;
  const said = Object.keys(rules);
  return (
    <>
      <header className="h"><h2>The whole run</h2></header>
      <div className="simulate-fields">
        {message === undefined ? null : <p className="note text">{message}</p>}
        <NumberField label="A step takes" unit="s" value={duration} min={0} max={86_400} onChange={(value) => { change({ duration: value ?? 10 }); }} />
        {parametersOf(workflow).map(({ name, value, default: fallback }) => (
          <label key={name} className="value"><span>{name}</span><input className="field mono" value={parameters[name] ?? value ?? fallback ?? ''} onChange={(event) => { change({ parameters: { ...parameters, [name]: event.target.value } }); }} /></label>
        ))}
        {said.length ? <><h3 className="sec">Said about steps</h3><ul className="said">{said.map((node) => <li key={node} className="cut mono" title={node}>{node}</li>)}</ul><Button size="small" onClick={() => { change({ rules: {} }); }}>Forget all</Button></> : <p className="soft">Every step succeeds, and outputs that nobody gave tell where they come from. Choose a step in the graph to say otherwise.</p>}
      </div>
    </>
  );
}
