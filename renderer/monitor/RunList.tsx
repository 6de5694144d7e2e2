import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowUp, PanelLeftClose, Play, TriangleAlert, WifiOff, X } from 'lucide-react';
import { memo, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import { keysOf, runCommand } from '../app/commands.ts';
import { openRun, setUi, useUi } from '../app/store.ts';
import type { Phase } from '../document/model.ts';
import { Button, useNow } from '../ui/parts.tsx';
import { PhaseBar, PhaseGlyph, PHASE_WORD } from '../ui/phase.tsx';
import { age, exact } from '../ui/time.ts';
import { useRunList } from './live.ts';
import type { RunSummary } from './live.ts';
import { progressOf, runLine, runPhase } from './words.ts';

const ROW = 62;
/** Phases that are offered as filters, in this order; those without runs are left out, but never Running and Failed. */
const FILTERS: Phase[] = ['Suspended', 'Running', 'Failed', 'Pending', 'Succeeded'];
const ALWAYS: ReadonlySet<Phase> = new Set<Phase>(['Running', 'Failed']);

/** An error is a failure to whoever looks for what went wrong. */
function filterOf(run: RunSummary): Phase {
  const phase = runPhase(run);
  return phase === 'Error' ? 'Failed' : phase;
}

export function RunList(): ReactElement {
  const { runs, watch } = useRunList();
  const chosen = useUi((state) => state.run);
  const [phase, setPhase] = useState<Phase>();
  const [mine, setMine] = useState(false);
  const [text, setText] = useState('');
  const reading = useRef(false);
  const { visible, held, showAll } = useHeld(runs, reading, chosen);
  const counts = useMemo(() => {
    const byPhase = new Map<Phase, number>();
    for (const run of visible) byPhase.set(filterOf(run), (byPhase.get(filterOf(run)) ?? 0) + 1);
    return byPhase;
  }, [visible]);
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return visible.filter((run) => (phase === undefined || filterOf(run) === phase) && (!mine || run.ours)
      && (wanted === '' || run.name.includes(wanted) || (run.note ?? run.message ?? '').toLowerCase().includes(wanted) || (run.title ?? '').toLowerCase().includes(wanted)));
  }, [visible, phase, mine, text]);
  const filtered = phase !== undefined || mine || text !== '';
  return (
    <>
      <header className="h">
        <h2>Runs</h2>
        <span className="grow" />
        <Button kind="quiet" size="icon" tip="Hide the list" keys={keysOf('fold-list')} onClick={() => { runCommand('fold-list'); }}><PanelLeftClose aria-hidden /></Button>
        <Button {...(runs?.size ? { kind: 'primary' as const } : {})} onClick={() => { runCommand('run'); }} tip="Run the open file, or choose a sample" keys={keysOf('run')}>Run…</Button>
      </header>
      <div className="filter">
        <input className="field" type="search" placeholder="Filter by name or message" aria-label="Filter runs" value={text} onChange={(event) => { setText(event.target.value); }} onKeyDown={(event) => { if (event.key === 'Escape') setText(''); }} />
      </div>
      <div className="chips" role="group" aria-label="Filter by phase">
        <Chip on={phase === undefined && !mine} onPress={() => { setPhase(undefined); setMine(false); }}>All {visible.length.toLocaleString('en')}</Chip>
        {FILTERS.filter((each) => ALWAYS.has(each) || counts.has(each)).map((each) => (
          <Chip key={each} on={phase === each} onPress={() => { setPhase(phase === each ? undefined : each); }}><PhaseGlyph phase={each} />{each === 'Suspended' ? 'Waits' : PHASE_WORD[each]} {(counts.get(each) ?? 0).toLocaleString('en')}</Chip>
        ))}
        <Chip on={mine} onPress={() => { setMine(!mine); }}>mine</Chip>
      </div>
      {watch?.state === 'reconnecting' ? <div className="banner" role="status"><WifiOff aria-hidden /><span className="grow">Reconnecting; this is the last known state.</span></div> : null}
      {watch?.state === 'forbidden' ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">No longer allowed to watch; this is the last known state.</span></div> : null}
      {held > 0 ? <button type="button" className="held" onClick={showAll}><ArrowUp aria-hidden />{held} new</button> : null}
      <Rows shown={shown} chosen={chosen} reading={reading}>
        {runs === undefined ? <div className="skeleton" aria-hidden>{[80, 55, 70, 60, 75].map((width) => <i key={width} style={{ width: `${width}%` }} />)}</div>
          : shown.length > 0 ? undefined
            : filtered && visible.length > 0 ? <div className="state"><p>None of {visible.length.toLocaleString('en')} runs fits the filter.</p><Button onClick={() => { setPhase(undefined); setMine(false); setText(''); }}><X aria-hidden />Clear the filter</Button></div>
              : <div className="state"><Play aria-hidden /><p>Runs appear here.</p></div>}
      </Rows>
    </>
  );
}

function Chip({ on, onPress, children }: { on: boolean; onPress: () => void; children: ReactNode }): ReactElement {
  return <button type="button" className="chip" aria-pressed={on} onClick={onPress}>{children}</button>;
}

/** Runs by age, newest first. While somebody reads, new ones wait. */
function useHeld(runs: ReadonlyMap<string, RunSummary> | undefined, reading: { readonly current: boolean }, chosen: string | undefined): { visible: RunSummary[]; held: number; showAll: () => void } {
  const known = useRef<Set<string> | undefined>(undefined);
  const [released, setReleased] = useState(0);
  return useMemo(() => {
    const all = [...(runs?.values() ?? [])].sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.name.localeCompare(b.name));
    // The first answer is shown whole, wherever the pointer rests.
    if (runs === undefined) known.current = undefined;
    else if (!known.current || !reading.current) known.current = new Set(all.map((run) => run.name));
    const seen = known.current ?? new Set<string>();
    const visible = all.filter((run) => seen.has(run.name) || run.name === chosen);
    const showAll = (): void => {
      known.current = undefined;
      setReleased(released + 1);
    };
    return { visible, held: all.length - visible.length, showAll };
  }, [runs, reading, chosen, released]);
}

function Rows({ shown, chosen, reading, children }: { shown: readonly RunSummary[]; chosen: string | undefined; reading: { current: boolean }; children: ReactNode }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(true, 5000);
  const virtual = useVirtualizer({ count: shown.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 8 });
  const at = shown.findIndex((run) => run.name === chosen);
  const move = (to: number): void => {
    const run = shown[Math.max(0, Math.min(shown.length - 1, to))];
    if (!run) return;
    openRun(run.name);
    virtual.scrollToIndex(shown.indexOf(run));
  };
  const key = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? ROW) / ROW) - 1);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: shown.length - 1, PageDown: at + page, PageUp: at - page };
    const to = steps[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Escape') setUi({ run: undefined, step: undefined });
    else if (event.key === 'Enter') document.querySelector<HTMLElement>('.graph, .run [data-pane-focus]')?.focus();
    else return;
    event.preventDefault();
  };
  const settle = (): void => { reading.current = (box.current?.matches(':hover') ?? false) || (box.current?.scrollTop ?? 0) > 4; };
  return (
    <div
      ref={box} className="rows" role={children ? 'group' : 'listbox'} aria-label="Runs" tabIndex={0} data-pane-focus aria-activedescendant={at >= 0 ? `run-${at}` : undefined}
      onKeyDown={key} onScroll={settle} onMouseEnter={settle} onMouseLeave={() => { reading.current = (box.current?.scrollTop ?? 0) > 4; }}
    >
      {children ?? (
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const run = shown[item.index];
            return run ? <Row key={run.name} run={run} index={item.index} size={shown.length} top={item.start} on={run.name === chosen} now={now} /> : null;
          })}
        </div>
      )}
    </div>
  );
}

interface RowProps {
  run: RunSummary;
  index: number;
  size: number;
  top: number;
  on: boolean;
  now: number;
}

const Row = memo(function Row({ run, index, size, top, on, now }: RowProps): ReactElement {
  const phase = runPhase(run);
  const { of } = progressOf(run);
  const line = runLine(run, now);
  return (
    <div id={`run-${index}`} role="option" aria-selected={on} aria-posinset={index + 1} aria-setsize={size} className="row" data-run={run.name} data-phase={phase} style={{ transform: `translateY(${top}px)`, height: ROW }} onClick={() => { openRun(run.name); }}>
      <PhaseGlyph phase={phase} label />
      <b className="cut" title={run.title ?? run.name}>{run.name}</b>
      <time title={exact(run.createdAt)}>{age(run.startedAt ?? run.createdAt, now)}</time>
      <small className="cut" title={line}>{line}{run.ours ? '' : ' · watched only'}</small>
      <PhaseBar counts={run.counts} total={of} />
    </div>
  );
});
