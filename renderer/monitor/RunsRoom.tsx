import { FileCode2, Play, PlugZap, Sparkles } from 'lucide-react';
import { useEffect } from 'react';
import type { ReactElement } from 'react';
import { invoke } from '../app/bridge.ts';
import { setUi, useContextSummary, usePlace, useUi } from '../app/store.ts';
import { newDocument, openFile } from '../app/commands.ts';
import { Sash } from '../ui/pane.tsx';
import { Button, EmptyState, ErrorState, Spinner, useNarrow } from '../ui/parts.tsx';
import { SampleCards } from '../editor/Samples.tsx';
import type { ContextSummary } from '../../main/ipc/contract.ts';
import { followRun, useRunList } from './live.ts';
import { RunList } from './RunList.tsx';
import { RunView } from './RunView.tsx';

/** List · run · inspector. */
export function RunsRoom(): ReactElement {
  const run = useUi((state) => state.run);
  const { sizes, folded } = useUi();
  const { contextId, namespace } = usePlace();
  const narrow = useNarrow();
  useEffect(() => {
    if (run === undefined) return;
    return followRun({ contextId, namespace }, run);
  }, [contextId, namespace, run]);
  const blocked = useBlocked();
  if (blocked) return blocked;
  const width = sizes['runs.list'] ?? 300;
  return (
    <div className="panes">
      {folded['runs.list'] || (narrow && run !== undefined) ? null : (
        <>
          <section className="pane list-pane" style={{ ['--size' as string]: `${width}px` }} aria-label="List of runs" data-pane><RunList /></section>
          <Sash label="Width of the list" size={width} min={220} max={560} grows="right" onFold={() => { setUi({ folded: { ...folded, 'runs.list': true } }); }} onSize={(size) => { setUi({ sizes: { ...sizes, 'runs.list': size } }); }} />
        </>
      )}
      {run === undefined ? <section className="pane no-run" aria-label="Run" data-pane><NoRun /></section> : <RunView key={`${contextId}/${namespace}/${run}`} name={run} />}
    </div>
  );
}

/** What stands in the way of seeing any run: said in place of the room. */
function useBlocked(): ReactElement | undefined {
  const context = useContextSummary();
  const contextsError = useUi((state) => state.contextsError);
  const { runs, watch, error } = useRunList();
  const { contextId, namespace } = usePlace();
  const retry = (): void => { invoke('contexts.connect', { contextId }).catch(() => undefined); };
  if (contextsError) return <ErrorState title="The contexts could not be read" hint={contextsError.hint} raw={contextsError.message} />;
  if (runs !== undefined) return undefined;
  const unusable = context && unusableState(context, namespace, retry);
  if (unusable) return unusable;
  if (watch?.state === 'forbidden') {
    return <ErrorState title={`You may not list runs in ${namespace}`} hint={`Choose another namespace above, or ask for the right to list workflows in ${namespace}.`} raw={watch.error.message} actions={<UseLocal />} />;
  }
  if (error) return <ErrorState title="The runs could not be listed" hint={error.hint} raw={error.message} actions={<Button kind="primary" onClick={retry}>Try again</Button>} />;
  return undefined;
}

function UseLocal(): ReactElement {
  return <Button onClick={() => { setUi({ contextId: 'local', run: undefined, step: undefined }); }}>Use the local cluster</Button>;
}

/** A context that cannot be used now, and why. */
export function unusableState({ name, state: { state, message } }: ContextSummary, namespace: string, retry: () => void): ReactElement | undefined {
  if (state === 'offline') {
    return <ErrorState title={`${name} does not answer`} hint="Its API server could not be reached. Check the network or VPN, then try again." raw={message} actions={<><Button kind="primary" onClick={retry}>Try again</Button><UseLocal /></>} />;
  }
  if (state === 'auth-needed') {
    return <ErrorState title={`${name} needs you to sign in`} hint={message} actions={<><Button kind="primary" onClick={retry}>Sign in and connect</Button><UseLocal /></>} />;
  }
  if (state === 'no-rights') {
    return <ErrorState title={`You have no rights in ${namespace}`} hint={`Choose another namespace above, or ask for the right to list and create Pods in ${namespace}.`} raw={message} actions={<><Button onClick={retry}>Check again</Button><UseLocal /></>} />;
  }
  if (state === 'connecting' || state === 'idle') {
    return <div className="state" role="status"><Spinner label="Connecting" /><h2>Connecting to {name}</h2><p>{message ?? 'Asking its API server who it is.'}</p></div>;
  }
  return undefined;
}

/** No run is chosen: what to do here. */
function NoRun(): ReactElement {
  const runs = useRunList((state) => state.runs);
  const document = useUi((state) => state.document);
  const { namespace } = usePlace();
  const context = useContextSummary();
  if (runs === undefined) return <div className="state" role="status"><Spinner label="Listing runs" /></div>;
  if (runs.size > 0) return <EmptyState icon={<Play aria-hidden />} title="Choose a run">Arrow keys move in the list, Enter opens. New runs appear at its top.</EmptyState>;
  return (
    <div className="begin">
    <EmptyState
      icon={context?.kind === 'local' ? <Sparkles aria-hidden /> : <PlugZap aria-hidden />} title={`No runs in ${namespace} yet`}
      actions={(
        <>
          <Button kind="primary" onClick={() => { setUi({ room: 'samples' }); }}><Sparkles aria-hidden />See the samples</Button>
          <Button onClick={() => void openFile()}><FileCode2 aria-hidden />Open a file…</Button>
          <Button onClick={() => { if (document) setUi({ room: 'designer' }); else newDocument(); }}>Write one</Button>
        </>
      )}
    >
      {context?.kind === 'local' ? 'This is the cluster inside Tiphys: it needs nothing installed. Start with a sample; each one runs with one press.' : 'Runs of this namespace appear here, whoever starts them. A sample is the quickest way to see one.'}
    </EmptyState>
    <SampleCards count={3} />
    </div>
  );
}
