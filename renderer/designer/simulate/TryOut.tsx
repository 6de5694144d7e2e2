/** The expression playground: what an expression gives with the values of a simulation or of the open run, as one step sees them. */
import { CircleX } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement } from 'react';
import type { NodeStatus, Workflow } from '../../../engine/spec/types.ts';
import { useUi } from '../../app/store.ts';
import { isStep } from '../../document/model.ts';
import { scopeAt, tryOut } from '../../document/playground.ts';
import type { PlaygroundKind, PlaygroundResult } from '../../document/playground.ts';
import { useOpenRun } from '../../monitor/live.ts';
import { Button, CopyButton, EmptyState } from '../../ui/parts.tsx';
import { useDesigner } from '../session.ts';
import { nodesAt, openPlayer, runAt, simulate, usePlayer } from './player.ts';

const KINDS: readonly [PlaygroundKind, string, string][] = [
  ['expression', '{{= expression }}', 'sprig.upper(workflow.name)'], ['text', 'Text with tags', 'hello {{workflow.name}}'], ['when', 'when', '{{workflow.name}} != ""'],
];
const MAX_SHOWN = 300;

interface Source {
  workflow: Workflow;
  nodes: ReadonlyMap<string, NodeStatus>;
}

export function TryOut(): ReactElement {
  const id = useUi((state) => state.document?.id ?? '');
  useEffect(() => { openPlayer(id); }, [id]);
  const simulated = useSimulated();
  const run = useOpenRun();
  const [from, setFrom] = useState<'simulation' | 'run'>('simulation');
  const opened: Source | undefined = run.workflow ? { workflow: run.workflow, nodes: run.nodes } : undefined;
  const source = from === 'run' && opened ? opened : simulated;
  const choice = opened ? <select className="field" aria-label="Values of" value={from} onChange={(event) => { setFrom(event.target.value === 'run' ? 'run' : 'simulation'); }}><option value="simulation">the simulation</option><option value="run">{run.name}</option></select> : null;
  if (!source) return <EmptyState title="No values yet" actions={<>{choice}<Button kind="primary" onClick={() => { simulate(false); }}>Simulate</Button></>}>An expression is tried with the values of a simulated run, or of the run that is open in Runs.</EmptyState>;
  return <Bench source={source} choice={choice} />;
}

function useSimulated(): Source | undefined {
  const { frames, end, state } = usePlayer();
  const workflow = useDesigner((state) => state.objects[0]?.workflow);
  return useMemo(() => (state === 'ready' && workflow && frames.length ? { workflow: runAt(workflow, end, frames.at(-1)), nodes: nodesAt(frames, frames.length - 1) } : undefined), [frames, end, state, workflow]);
}

function Bench({ source, choice }: { source: Source; choice: ReactElement | null }): ReactElement {
  const [kind, setKind] = useState<PlaygroundKind>('expression');
  const [texts, setTexts] = useState<Partial<Record<PlaygroundKind, string>>>({});
  const [at, setAt] = useState('');
  const [wanted, setWanted] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const steps = useMemo(() => [...source.nodes.values()].filter(isStep).slice(0, 500), [source]);
  const node = source.nodes.has(at) ? at : steps.at(-1)?.id;
  const scope = useMemo(() => scopeAt(source.workflow, source.nodes, node), [source, node]);
  const text = texts[kind] ?? KINDS.find(([id]) => id === kind)?.[2] ?? '';
  const settled = useDeferredValue(text);
  const result = useMemo(() => tryOut(settled, kind, scope, Date.now()), [settled, kind, scope]);
  const values = useMemo(() => [...scope].filter(([name, value]) => wanted === '' || name.toLowerCase().includes(wanted.toLowerCase()) || value.includes(wanted)), [scope, wanted]);
  const insert = (name: string): void => {
    const { selectionStart = text.length, selectionEnd = text.length } = field.current ?? {};
    const inserted = kind === 'expression' ? (/^[\w.]+$/.test(name) ? name : bracketed(name)) : `{{${name}}}`;
    setTexts({ ...texts, [kind]: text.slice(0, selectionStart) + inserted + text.slice(selectionEnd) });
    field.current?.focus();
  };
  return (
    <div className="try-out">
      <div className="try-line">
        <div className="radios" role="group" aria-label="What it is">{KINDS.map(([id, words]) => <button key={id} type="button" className="chip" aria-pressed={kind === id} onClick={() => { setKind(id); }}>{words}</button>)}</div>
        <span className="grow" />
        {choice}
        <label className="as-step"><span className="soft">as seen by</span><select className="field" value={node ?? ''} onChange={(event) => { setAt(event.target.value); }}>{steps.map((each) => <option key={each.id} value={each.id}>{each.displayName}</option>)}</select></label>
      </div>
      <textarea ref={field} className="field mono" rows={5} spellCheck={false} aria-label="To try" value={text} onChange={(event) => { setTexts({ ...texts, [kind]: event.target.value }); }} />
      <Result result={result} />
      <div className="try-values">
        <header className="h"><h2>{scope.size} values</h2><span className="grow" /><input className="field" type="search" placeholder="Filter" aria-label="Filter values" value={wanted} onChange={(event) => { setWanted(event.target.value); }} /></header>
        <ul aria-label="Values">
          {values.slice(0, MAX_SHOWN).map(([name, value]) => <li key={name}><button type="button" className="mono" title="Put it in" onClick={() => { insert(name); }}>{name}</button><span className="mono soft cut" title={value}>{value}</span></li>)}
          {values.length > MAX_SHOWN ? <li className="soft">and {values.length - MAX_SHOWN} more</li> : null}
          {values.length === 0 ? <li className="soft">No value matches.</li> : null}
        </ul>
      </div>
    </div>
  );
}

/** `tasks.a-b.id` is a subtraction to an expression: names with other signs go into brackets. */
function bracketed(name: string): string {
  return name.split('.').map((part, i) => (/^[A-Za-z_]\w*$/.test(part) ? (i ? `.${part}` : part) : `["${part}"]`)).join('');
}

function Result({ result }: { result: PlaygroundResult }): ReactElement {
  if ('error' in result) return <div className="try-result c-Failed" role="status"><CircleX aria-label="Error" /><span className="text grow">{result.line === undefined ? '' : <b className="num">{result.line}:{result.column} </b>}{result.error}</span></div>;
  return <div className="try-result" role="status"><pre className="mono text grow">{result.value}</pre><span className="badge">{result.type}</span><CopyButton text={result.value} /></div>;
}
