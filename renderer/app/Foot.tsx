import type { ReactElement } from 'react';
import { useRunList } from '../monitor/live.ts';
import type { RunSummary, WatchState } from '../monitor/live.ts';
import { runPhase } from '../monitor/words.ts';
import { STATE_WORD } from './Rail.tsx';
import { useContextSummary, useUi } from './store.ts';

/** Latency, what is watched, what is stuck, and what the user may not do here. */
export function Foot(): ReactElement {
  const context = useContextSummary();
  const runs = useRunList((state) => state.runs);
  const watch = useRunList((state) => state.watch);
  const permissions = useUi((state) => state.permissions);
  const parts = context ? [context.name, context.state.serverVersion, context.state.latencyMs === undefined ? STATE_WORD[context.state.state] : `${Math.round(context.state.latencyMs)} ms`].filter(Boolean) : [];
  const active = [...(runs?.values() ?? [])].filter((run) => run.phase === 'Running' || run.phase === '' || run.phase === 'Pending');
  const stuck = stuckWords(active);
  const no = permissions ? Object.entries(permissions.may).filter(([, may]) => !may).map(([what]) => what) : [];
  const yes = permissions ? Object.entries(permissions.may).filter(([, may]) => may).map(([what]) => what) : [];
  return (
    <footer className="foot">
      <span className="cut"><i className="dot" data-state-of={context?.state.state} aria-hidden /> {parts.join(' · ')}</span>
      {runs === undefined ? null : <span>{watchWords(active.length, watch)}</span>}
      {stuck === undefined ? null : <span className="cut stuck" title={stuck}>{stuck}</span>}
      <span className="grow" />
      {no.length ? <span className="cut" title={`You may: ${yes.join(', ') || 'nothing'}\nYou may not: ${no.join(', ')}`}>you may not: {no.slice(0, 3).join(', ')}{no.length > 3 ? ` and ${no.length - 3} more` : ''}</span>
        : permissions ? <span className="cut" title={yes.join(', ')}>{permissions.store === 'disk' ? 'runs are kept on this machine' : 'you may do everything Tiphys needs'}</span> : null}
    </footer>
  );
}

function watchWords(active: number, watch: WatchState | undefined): string {
  if (watch?.state === 'reconnecting') return 'reconnecting, last known state';
  return `${active} ${active === 1 ? 'run' : 'runs'} going on`;
}

function stuckWords(runs: readonly RunSummary[]): string | undefined {
  const waiting = runs.filter((run) => runPhase(run) === 'Suspended').length;
  const pending = runs.reduce((sum, run) => sum + (run.counts.Pending ?? 0), 0);
  const reason = runs.find((run) => run.counts.Pending && run.message)?.message;
  const words = [waiting ? `${waiting} ${waiting === 1 ? 'run waits' : 'runs wait'} for you` : undefined, pending ? `${pending} ${pending === 1 ? 'Pod' : 'Pods'} pending${reason === undefined ? '' : `: ${reason}`}` : undefined].filter(Boolean);
  return words.length ? words.join(' · ') : undefined;
}
