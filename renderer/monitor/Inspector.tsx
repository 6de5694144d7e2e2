import { useVirtualizer } from '@tanstack/react-virtual';
import { MousePointerClick, PanelRightClose } from 'lucide-react';
import { Tabs } from 'radix-ui';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { Artifact, Inputs, NodeStatus, Outputs, Parameter, Template, Workflow } from '../../engine/spec/types.ts';
import type { KubeObject } from '../../engine/spec/kubernetes.ts';
import { asUiError, invoke } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { keysOf, runCommand } from '../app/commands.ts';
import { usePlace, useUi } from '../app/store.ts';
import type { Counts, GraphModel, GraphNode, Phase } from '../document/model.ts';
import { phaseOf, total, WORST_FIRST } from '../document/model.ts';
import { countWords, triesOf, why } from '../document/summary.ts';
import { Button, CopyButton, Elapsed, EmptyState, ErrorState, Loading, RawText, useNow } from '../ui/parts.tsx';
import { PhaseBar, PhaseGlyph, PHASE_WORD } from '../ui/phase.tsx';
import { between, clock, exact } from '../ui/time.ts';
import { openArtifact } from './artifacts.ts';
import { act, askTo, cannotChange, openInDesigner } from './actions.ts';
import { Events } from './Events.tsx';
import { LogView } from './LogView.tsx';
import type { Selection } from './selection.ts';

const YamlText = lazy(() => import('../editor/YamlText.tsx'));

interface InspectorProps {
  selection: Selection | undefined;
  graph: GraphModel;
  nodes: ReadonlyMap<string, NodeStatus>;
  workflow: Workflow;
  name: string;
  counts: Counts;
  onChoose: (id: string | undefined) => void;
  onFold: (node: GraphNode) => void;
}

/** Explains the selected step: first why, then what, then its log. Nothing selected: the run. */
export function Inspector(props: InspectorProps): ReactElement {
  const { selection } = props;
  if (!selection) return <RunSummary {...props} />;
  const { node } = selection;
  if ((node.shape === 'loop' || node.shape === 'group') && node.members.length > 0) return <Members {...props} node={node} />;
  return <StepInspector {...props} selection={selection} />;
}

function Head({ phase, title, children }: { phase: Phase; title: string; children?: ReactNode }): ReactElement {
  return (
    <header className="h">
      <PhaseGlyph phase={phase} label /><h2 className="cut text" title={title}>{title}</h2>
      <span className="grow" />
      {children}
      <Button kind="quiet" size="icon" tip="Hide the inspector" keys={keysOf('fold-inspector')} onClick={() => { runCommand('fold-inspector'); }}><PanelRightClose aria-hidden /></Button>
    </header>
  );
}

function StepInspector({ selection, graph, nodes, workflow, name, counts, onChoose }: InspectorProps & { selection: Selection }): ReactElement {
  const { node, status, within } = selection;
  const tries = useMemo(() => (status ? triesOf(status, nodes) : []), [status, nodes]);
  const [chosenTry, setTry] = useState<number>();
  const at = Math.min(chosenTry ?? tries.length - 1, tries.length - 1);
  const shown = status?.type === 'Retry' ? (tries[at] ?? status) : status;
  const template = templateOf(workflow, node.templateName);
  const [tab, setTab] = useState('overview');
  const runs = shown && (shown.type === 'Pod' || shown.type === 'Container');
  return (
    <Tabs.Root className="inspect" value={tab} onValueChange={setTab}>
      <Head phase={node.phase} title={node.title}>
        {tries.length > 1 && status?.type === 'Retry' ? (
          <select className="field tries" aria-label="Try" value={at} onChange={(event) => { setTry(Number(event.target.value)); }}>
            {tries.map((each, i) => <option key={each.id} value={i}>try {i + 1} of {tries.length}</option>)}
          </select>
        ) : null}
      </Head>
      {within && within.id !== node.id ? <button type="button" className="back link" onClick={() => { onChoose(within.id); }}>← {within.title}, {within.members.length.toLocaleString('en')} items</button> : null}
      <Tabs.List className="tabs" aria-label="About the step">
        <Tabs.Trigger value="overview" data-pane-focus>Overview</Tabs.Trigger>
        <Tabs.Trigger value="log" disabled={!runs}>Log</Tabs.Trigger>
        <Tabs.Trigger value="events">Events</Tabs.Trigger>
        <Tabs.Trigger value="manifest">Manifest</Tabs.Trigger>
      </Tabs.List>
      <Tabs.Content value="overview" className="overview" tabIndex={-1}>
        <div className="facts">
          <WhyBox node={node} status={shown?.message === undefined ? status : shown} graph={graph} workflow={workflow} name={name} counts={counts} />
          <Summary node={node} status={shown} template={template} />
          {shown ? <InputsOutputs inputs={shown.inputs} outputs={shown.outputs} nodeId={shown.id} /> : null}
        </div>
        {runs ? <LogView key={shown.id} name={name} nodeId={shown.id} nodes={nodes} label={`Log of ${node.title}`} live={!shown.finishedAt} containers={containersOf(template)} compact onGrow={() => { setTab('log'); }} /> : null}
      </Tabs.Content>
      <Tabs.Content value="log" className="view" tabIndex={-1}>
        {runs ? <LogView key={shown.id} name={name} nodeId={shown.id} nodes={nodes} label={`Log of ${node.title}`} live={!shown.finishedAt} containers={containersOf(template)} /> : null}
      </Tabs.Content>
      <Tabs.Content value="events" className="view" tabIndex={-1}>{shown ? <Events key={shown.id} name={name} nodeId={shown.id} live={!shown.finishedAt} /> : <EmptyState title="Not started">Events appear once the step has begun.</EmptyState>}</Tabs.Content>
      <Tabs.Content value="manifest" className="view" tabIndex={-1}><Manifest name={name} status={shown} template={template} /></Tabs.Content>
    </Tabs.Root>
  );
}

function WhyBox({ node, status, graph, workflow, name, counts }: { node: GraphNode; status: NodeStatus | undefined; graph: GraphModel; workflow: Workflow; name: string; counts: Counts }): ReactElement | null {
  const told = why(node, status, graph);
  const may = useUi((state) => state.permissions?.may);
  if (!told) return null;
  const done = Boolean(workflow.status?.finishedAt);
  const failed = told.phase === 'Failed' || told.phase === 'Error';
  const quiet = told.phase === 'Planned' || told.phase === 'Skipped' || told.phase === 'Omitted' || told.phase === 'Pending';
  return (
    <div className={`note why c-${told.phase}`} data-quiet={quiet || undefined}>
      <b className="text">{told.title}</b>
      {told.detail === undefined ? null : <span className="text">{told.detail}</span>}
      {failed ? (
        <div className="acts">
          {status ? <Button unable={done ? cannotChange(may) : 'Once the run has ended'} onClick={() => { askTo('retry', name, counts, { from: { nodeName: status.name, title: node.title } }); }}>Retry from here…</Button> : null}
          <Button onClick={() => { openInDesigner(workflow); }}>Open in designer</Button>
        </div>
      ) : null}
      {told.phase === 'Suspended' && status ? <Approve status={status} name={name} /> : null}
      {told.raw === undefined ? null : <RawText text={told.raw} />}
    </div>
  );
}

/** What a person decides: values where the step asks for them, then on. */
function Approve({ status, name }: { status: NodeStatus; name: string }): ReactElement {
  const asked = (status.outputs?.parameters ?? []).filter((parameter) => parameter.valueFrom?.supplied);
  const given = new Map((status.inputs?.parameters ?? []).map((parameter) => [parameter.name, parameter]));
  const [values, setValues] = useState<Record<string, string>>(() => Object.fromEntries(asked.map((parameter) => [parameter.name, parameter.value ?? parameter.valueFrom?.default ?? given.get(parameter.name)?.value ?? ''])));
  const may = useUi((state) => state.permissions?.may);
  return (
    <>
      {asked.map((parameter) => {
        const options = parameter.enum ?? given.get(parameter.name)?.enum;
        const props = { className: 'field', value: values[parameter.name] ?? '', onChange: (event: { target: { value: string } }) => { setValues({ ...values, [parameter.name]: event.target.value }); } };
        return <label key={parameter.name} className="ask">{parameter.name}{options ? <select {...props}>{options.map((option) => <option key={option}>{option}</option>)}</select> : <input {...props} />}</label>;
      })}
      <div className="acts"><Button unable={cannotChange(may)} onClick={() => void act(name, { action: 'resume', nodeId: status.id, ...(asked.length ? { outputs: values } : {}) })}>Let it go on</Button></div>
    </>
  );
}

function Summary({ node, status, template }: { node: GraphNode; status: NodeStatus | undefined; template: Template | undefined }): ReactElement {
  const rows: [string, ReactNode][] = [];
  const put = (key: string, value: ReactNode): void => { if (value !== undefined && value !== '') rows.push([key, value]); };
  const image = template?.container?.image ?? template?.script?.image;
  put('Phase', <span className="phase-line"><PhaseGlyph phase={node.phase} />{PHASE_WORD[node.phase]}</span>);
  put('Template', node.templateName === undefined ? undefined : <>{node.templateName}{node.templateRef === undefined ? <span className="soft"> · {node.kind}</span> : <span className="link"> · {node.templateRef}</span>}</>);
  if (status?.startedAt) put('Started', <Ran from={status.startedAt} to={status.finishedAt} />);
  put('Image', image === undefined ? undefined : <span className="mono">{image}</span>);
  if (status) for (const [key, value] of statusRows(status)) put(key, value);
  return (
    <section>
      <h3 className="sec">Summary</h3>
      <dl className="kv">{rows.map(([key, value]) => [<dt key={`${key}-k`}>{key}</dt>, <dd key={key}>{value}</dd>])}</dl>
    </section>
  );
}

function statusRows({ hostNodeName, progress, synchronizationStatus, memoizationStatus, id }: NodeStatus): [string, ReactNode][] {
  return [
    ['Node', hostNodeName === undefined ? undefined : <span className="mono">{hostNodeName}</span>],
    ['Progress', progress === '0/1' || progress === '1/1' ? undefined : progress],
    ['Waits for', synchronizationStatus?.waiting],
    ['Cache', memoizationStatus && `${memoizationStatus.hit ? 'taken from' : 'kept in'} ${memoizationStatus.cacheName}`],
    ['Id', <span key="id" className="mono">{id}</span>],
  ];
}

function Ran({ from, to }: { from: string; to: string | null | undefined }): ReactElement {
  const now = useNow(false);
  return <span title={exact(from)}>{clock(from, now)}, {to ? 'ran ' : 'runs for '}<Elapsed from={from} to={to} /></span>;
}

function InputsOutputs({ inputs, outputs, nodeId }: { inputs: Inputs | undefined; outputs: Outputs | undefined; nodeId?: string }): ReactElement | null {
  const has = (io: Inputs | undefined): boolean => Boolean(io?.parameters?.length ?? io?.artifacts?.length);
  const results: [string, string][] = [];
  if (outputs?.result !== undefined) results.push(['result', outputs.result]);
  if (outputs?.exitCode !== undefined) results.push(['exitCode', outputs.exitCode]);
  if (!has(inputs) && !has(outputs) && results.length === 0) return null;
  return (
    <section>
      {has(inputs) ? <><h3 className="sec">Inputs</h3><Values parameters={inputs?.parameters} artifacts={inputs?.artifacts} open={opening(nodeId, 'input')} /></> : null}
      {has(outputs) || results.length ? <><h3 className="sec">Outputs</h3><Values parameters={outputs?.parameters} artifacts={outputs?.artifacts} results={results} open={opening(nodeId, 'output')} /></> : null}
    </section>
  );
}

/** @returns what opens an artifact of a step where it can be looked at */
function opening(nodeId: string | undefined, direction: 'input' | 'output'): ((name: string) => void) | undefined {
  return nodeId === undefined ? undefined : (name) => { openArtifact({ nodeId, direction, name }); };
}

/** Longer values are folded. */
const SHORT = 160;

function Values({ parameters = [], artifacts = [], results = [], open }: { parameters?: Parameter[] | undefined; artifacts?: Artifact[] | undefined; results?: [string, string][]; open?: ((name: string) => void) | undefined }): ReactElement {
  const values: [string, string][] = [...results, ...parameters.map((parameter): [string, string] => [parameter.name, parameter.value ?? parameter.default ?? ''])];
  return (
    <dl className="kv">
      {values.map(([name, value]) => [<dt key={`${name}-k`} title={name}>{name}</dt>, <dd key={name}>{value.length > SHORT || value.includes('\n') ? <LongValue value={value} /> : <span className="mono">{value === '' ? <span className="soft">empty</span> : value}</span>}</dd>])}
      {artifacts.map((artifact) => [<dt key={`${artifact.name}-a`} title={artifact.name}>{artifact.name}</dt>, <dd key={artifact.name}>{open ? <button type="button" className="link" aria-label={`Open the artifact ${artifact.name}`} onClick={() => { open(artifact.name); }}>artifact</button> : 'artifact'}{artifact.deleted ? <span className="soft"> deleted</span> : null}{artifact.path === undefined ? '' : <span className="mono soft"> {artifact.path}</span>}</dd>])}
    </dl>
  );
}

function LongValue({ value }: { value: string }): ReactElement {
  return <details><summary className="mono">{value.slice(0, 60).replaceAll('\n', ' ')}… <span className="soft">{value.length.toLocaleString('en')} characters</span></summary><div className="raw mono">{value}</div><CopyButton text={value} words="Copy value" /></details>;
}

/** The Pod as it is in the cluster; when it is gone, the template it was made from. */
function Manifest({ name, status, template }: { name: string; status: NodeStatus | undefined; template: Template | undefined }): ReactElement {
  const place = usePlace();
  const { contextId, namespace } = place;
  const [pod, setPod] = useState<{ pod?: KubeObject }>();
  const [error, setError] = useState<UiError>();
  const id = status?.id;
  const ended = status?.finishedAt;
  useEffect(() => {
    if (id === undefined) return;
    let gone = false;
    invoke('runs.pod', { contextId, namespace, name, nodeId: id }).then((value) => { if (!gone) setPod(value); }, (reason: unknown) => { if (!gone) setError(asUiError(reason)); });
    return () => { gone = true; };
  }, [contextId, namespace, name, id, ended]);
  const wanted = pod?.pod ?? (id === undefined || pod || error ? template : undefined);
  if (!wanted) return error ? <ErrorState title="The Pod could not be read" hint={error.hint} raw={error.message} /> : id !== undefined && !pod ? <Loading words="Reading the Pod" /> : <EmptyState title="No manifest">This step makes no Pod.</EmptyState>;
  return (
    <>
      <p className="label-line soft">{pod?.pod ? 'The Pod as it is in the cluster' : error ? `The template; the Pod could not be read: ${error.message}` : status ? 'The template; its Pod is gone' : 'The template; the step has not started'}</p>
      <Suspense fallback={<Loading words="Opening" />}><YamlText value={wanted} label="Manifest" /></Suspense>
    </>
  );
}

/** Everything below a loop or group: counts first, the worst on top. */
function Members({ node, nodes, onChoose, onFold }: InspectorProps & { node: GraphNode }): ReactElement {
  const [phase, setPhase] = useState<Phase>();
  const [text, setText] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(true, 5000);
  const members = useMemo(() => {
    const rank = new Map(WORST_FIRST.map((each, i) => [each, i]));
    return node.members.flatMap((id) => nodes.get(id) ?? []).sort((a, b) => (rank.get(phaseOf(a)) ?? 0) - (rank.get(phaseOf(b)) ?? 0));
  }, [node.members, nodes]);
  const shown = members.filter((member) => (phase === undefined || phaseOf(member) === phase) && (text === '' || member.displayName.includes(text) || (member.message ?? '').includes(text)));
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => box.current, estimateSize: () => 30, overscan: 10 });
  return (
    <>
      <Head phase={node.phase} title={node.title}><span className="soft">{node.shape === 'loop' ? 'loop' : node.kind} ×{node.members.length.toLocaleString('en')}</span></Head>
      <div className="members-top">
        <p className="text">{countWords(node.counts)}</p>
        <PhaseBar counts={node.counts} total={total(node.counts)} />
        <input className="field" type="search" placeholder="Filter items" aria-label="Filter items" value={text} onChange={(event) => { setText(event.target.value); }} data-pane-focus />
        <div className="chips">
          {WORST_FIRST.filter((each) => node.counts[each]).map((each) => <button key={each} type="button" className="chip" aria-pressed={phase === each} onClick={() => { setPhase(phase === each ? undefined : each); }}><PhaseGlyph phase={each} />{PHASE_WORD[each]} {(node.counts[each] ?? 0).toLocaleString('en')}</button>)}
        </div>
        {node.foldable && node.members.length <= 500 ? <Button size="small" onClick={() => { onFold(node); }}>Show {node.members.length} in the graph</Button> : null}
      </div>
      <div ref={box} className="rows members" role="list" aria-label={`Items of ${node.title}`}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const member = shown[item.index];
            if (!member) return null;
            return (
              <div key={member.id} role="listitem" className="member" style={{ transform: `translateY(${item.start}px)` }}>
                <button type="button" onClick={() => { onChoose(member.name); }}>
                  <PhaseGlyph phase={phaseOf(member)} label /><span className="cut grow" title={member.displayName}>{member.displayName}</span>
                  <span className="soft cut reason" title={member.message}>{member.message ?? ''}</span><span className="soft">{between(member.startedAt, member.finishedAt, now) ?? ''}</span>
                </button>
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

/** Nothing is selected: what can be said of the whole run. */
function RunSummary({ workflow, counts, graph, nodes, onChoose }: InspectorProps): ReactElement {
  const { status, spec, metadata } = workflow;
  const bad = graph.nodes.filter((node) => node.phase === 'Failed' || node.phase === 'Error' || node.phase === 'Suspended');
  const phase: Phase = status?.phase === '' || status?.phase === undefined ? 'Pending' : status.phase;
  return (
    <>
      <Head phase={phase} title="Run" />
      <div className="overview"><div className="facts">
        {bad.slice(0, 6).map((node) => {
          const told = why(node, reasonOf(node, nodes), graph);
          return (
            <button key={node.id} type="button" className={`note why c-${node.phase}`} onClick={() => { onChoose(node.id); }}>
              <b>{node.title}</b><span>{told?.title ?? countWords(node.counts)}</span>
            </button>
          );
        })}
        <section>
          <h3 className="sec">Summary</h3>
          <dl className="kv">
            <dt>Steps</dt><dd>{countWords(counts) || 'none yet'}</dd>
            {status?.startedAt ? <><dt>Started</dt><dd title={exact(status.startedAt)}>{clock(status.startedAt, Date.now())}</dd></> : null}
            {status?.finishedAt ? <><dt>Ended</dt><dd title={exact(status.finishedAt)}>{clock(status.finishedAt, Date.now())}</dd></> : null}
            <dt>Entrypoint</dt><dd>{spec.entrypoint ?? spec.workflowTemplateRef?.name}</dd>
            {spec.serviceAccountName === undefined ? null : <><dt>Account</dt><dd>{spec.serviceAccountName}</dd></>}
            {status?.message === undefined ? null : <><dt>Message</dt><dd>{status.message}</dd></>}
            <dt>Uid</dt><dd className="mono">{metadata.uid}</dd>
          </dl>
        </section>
        {spec.arguments?.parameters?.length ? <section><h3 className="sec">Parameters</h3><Values parameters={spec.arguments.parameters} /></section> : null}
        <InputsOutputs inputs={undefined} outputs={status?.outputs} />
        <p className="hint soft"><MousePointerClick aria-hidden />Select a step to see why it is as it is, its values and its log.</p>
      </div></div>
    </>
  );
}

/** The node whose message says why: the drawn one's own, or the worst below a loop or group. */
function reasonOf(node: GraphNode, nodes: ReadonlyMap<string, NodeStatus>): NodeStatus | undefined {
  const own = nodes.get(node.nodeId ?? '');
  if (own?.message !== undefined) return own;
  for (const id of node.members) {
    const member = nodes.get(id);
    if (member?.message !== undefined && phaseOf(member) === node.phase) return member;
  }
  return own;
}

function templateOf(workflow: Workflow, name: string | undefined): Template | undefined {
  if (name === undefined) return undefined;
  const stored = workflow.status?.storedTemplates ?? {};
  return workflow.spec.templates?.find((template) => template.name === name) ?? workflow.status?.storedWorkflowTemplateSpec?.templates?.find((template) => template.name === name)
    ?? Object.values(stored).find((template) => template.name === name);
}

function containersOf(template: Template | undefined): string[] {
  if (template?.containerSet) return template.containerSet.containers.flatMap((container) => container.name ?? []);
  return ['main', ...[...(template?.sidecars ?? []), ...(template?.initContainers ?? [])].flatMap((container) => container.name ?? [])];
}
