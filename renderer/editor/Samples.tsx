import { Play } from 'lucide-react';
import { memo, useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import type { Sample } from '../../main/ipc/contract.ts';
import { invoke } from '../app/bridge.ts';
import { guardUnsaved } from '../app/commands.ts';
import { openDocument, openRun, placeOf, sayError, setUi, useUi } from '../app/store.ts';
import { layout } from '../document/layout.ts';
import { project } from '../document/projection.ts';
import { noteHolder } from '../monitor/live.ts';
import { NODE, sizeOf } from '../monitor/layout.ts';
import { Button, ErrorState, Loading, Spinner } from '../ui/parts.tsx';
import { parametersOf, parseText } from './parse.ts';

/** Workflows to begin with: each with its picture, one press to run. */
export function Samples(): ReactElement {
  const { samples, samplesError } = useUi();
  const [text, setText] = useState('');
  if (samplesError) return <ErrorState title="The samples could not be read" hint={samplesError.hint} raw={samplesError.message} />;
  if (!samples) return <Loading words="Reading the samples" />;
  const wanted = text.trim().toLowerCase();
  // The simplest first.
  const shown = [...samples].sort((a, b) => a.text.length - b.text.length).filter((sample) => wanted === '' || `${sample.title} ${sample.description}`.toLowerCase().includes(wanted));
  return (
    <div className="samples" data-pane>
      <header><h1>Samples</h1><p className="soft">Each shows one thing a workflow can do. Run it as it is, or open it and change it.</p><input className="field" type="search" placeholder="Filter samples" aria-label="Filter samples" value={text} onChange={(event) => { setText(event.target.value); }} data-pane-focus /></header>
      <ul>{shown.map((sample) => <Card key={sample.id} sample={sample} />)}</ul>
      {shown.length === 0 ? <p className="soft">No sample is called so.</p> : null}
    </div>
  );
}

/** The first few, for a place that has nothing of its own to show yet. */
export function SampleCards({ count }: { count: number }): ReactElement | null {
  const samples = useUi((state) => state.samples);
  if (!samples?.length) return null;
  return <ul className="cards">{[...samples].sort((a, b) => a.text.length - b.text.length).filter((sample) => FIRST.includes(sample.id)).slice(0, count).map((sample) => <Card key={sample.id} sample={sample} />)}</ul>;
}
/** What says most at first sight. */
const FIRST = ['hello', 'dag-diamond', 'coinflip', 'loop-items'];

/** Starts a sample: at once where there is nothing to ask and nothing at stake. */
async function runSample(sample: Sample): Promise<void> {
  const state = useUi.getState();
  const place = placeOf(state);
  const context = state.contexts?.find((each) => each.id === place.contextId);
  if (context?.production || parametersOf(parseText(sample.text).workflow).length > 0) {
    setUi({ runDialog: { text: sample.text } });
    return;
  }
  try {
    const { name } = await invoke('runs.submit', { ...place, text: sample.text, parameters: {} });
    openRun(name);
    noteHolder(place);
  } catch (error) {
    sayError(`${sample.title} did not start`, error);
  }
}

const Card = memo(function Card({ sample }: { sample: Sample }): ReactElement {
  const [busy, setBusy] = useState(false);
  const open = (): void => { guardUnsaved(() => { openDocument({ title: `${sample.id.slice(sample.id.lastIndexOf('/') + 1)}.yaml`, text: sample.text, saved: sample.text }); }); };
  return (
    <li className="sample">
      <button type="button" className="picture" onClick={open} aria-label={`Open ${sample.title}`}><Thumbnail text={sample.text} /></button>
      <div className="words"><h2>{sample.title}{sample.expect === undefined || sample.expect === 'Succeeded' ? null : <span className="badge">ends {sample.expect} on purpose</span>}{sample.folder ? <span className="badge">part of {sample.folder.manifests} manifests</span> : null}</h2><p className="soft">{sample.description}</p></div>
      <div className="acts"><Button onClick={open}>Open</Button><Button onClick={() => { if (!busy) { setBusy(true); void runSample(sample).finally(() => { setBusy(false); }); } }} aria-label={`Run ${sample.title}`}>{busy ? <Spinner label="Starting" /> : <Play aria-hidden />}Run</Button></div>
    </li>
  );
});

const WIDTH = 260;
const HEIGHT = 118;

/** The drawn graph, small. */
function Thumbnail({ text }: { text: string }): ReactElement | null {
  const picture = useMemo(() => {
    const { workflow } = parseText(text);
    if (!workflow) return undefined;
    const model = project(workflow);
    const { positions } = layout({ nodes: model.nodes.map((node) => ({ id: node.id, ...sizeOf(node) })), edges: model.edges });
    let [right, bottom] = [1, 1];
    for (const { x, y } of positions.values()) { right = Math.max(right, x + NODE.width); bottom = Math.max(bottom, y + NODE.height); }
    const scale = Math.min(0.42, (WIDTH - 36) / right, (HEIGHT - 26) / bottom);
    return { model, positions, scale, left: (WIDTH - right * scale) / 2, top: (HEIGHT - bottom * scale) / 2 };
  }, [text]);
  if (!picture) return null;
  const { model, positions, scale, left, top } = picture;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
      <g transform={`translate(${left} ${top}) scale(${scale})`}>
        {model.edges.map((edge) => {
          const a = positions.get(edge.source);
          const b = positions.get(edge.target);
          if (!a || !b) return null;
          const [x1, y1, x2, y2] = [a.x + NODE.width / 2, a.y + NODE.height, b.x + NODE.width / 2, b.y];
          return <path key={`${edge.source}>${edge.target}`} d={`M${x1} ${y1}C${x1} ${(y1 + y2) / 2},${x2} ${(y1 + y2) / 2},${x2} ${y2}`} />;
        })}
        {model.nodes.map((node) => {
          const at = positions.get(node.id);
          if (!at || node.shape === 'join') return null;
          return <g key={node.id} className={`kind-${node.kind.replace(' ', '-')}`}>{node.shape === 'loop' ? <rect x={at.x + 10} y={at.y + 10} width={NODE.width} height={NODE.height} rx="14" className="behind" /> : null}<rect x={at.x} y={at.y} width={NODE.width} height={NODE.height} rx="14" /><path className="side" d={`M${at.x + 5} ${at.y + 12}v${NODE.height - 24}`} /></g>;
        })}
      </g>
    </svg>
  );
}
