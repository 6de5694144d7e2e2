import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { NodeStatus, Workflow } from '../../engine/spec/types.ts';
import { phaseOf } from '../document/model.ts';
import { steps, triesOf } from '../document/summary.ts';
import { EmptyState, useNow } from '../ui/parts.tsx';
import { PhaseGlyph } from '../ui/phase.tsx';
import { between, shortDuration } from '../ui/time.ts';

const ROW = 28;
/** Seconds between two marks of the axis. */
const TICKS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

interface Props {
  nodes: ReadonlyMap<string, NodeStatus>;
  workflow: Workflow;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
}

/** When each step ran: one row a step, the tries of a retry beside each other. */
export function Timeline({ nodes, workflow, chosen, onChoose }: Props): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const finished = workflow.status?.finishedAt;
  const now = useNow(!finished);
  const rows = useMemo(() => steps(nodes).filter((node) => node.startedAt).sort((a, b) => (a.startedAt ?? '').localeCompare(b.startedAt ?? '') || a.name.localeCompare(b.name, 'en', { numeric: true })), [nodes]);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 });
  const from = Date.parse(workflow.status?.startedAt ?? rows[0]?.startedAt ?? '') || now;
  const to = Math.max(finished ? Date.parse(finished) : now, from + 1000);
  const span = to - from;
  const tick = (TICKS.find((seconds) => span / 1000 / seconds <= 7) ?? 172_800) * 1000;
  const at = rows.findIndex((row) => row.name === chosen);
  const key = (event: KeyboardEvent): void => {
    const next = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? Math.max(0, at - 1) : undefined;
    if (next !== undefined) {
      const row = rows[Math.min(rows.length - 1, next)];
      if (row) { onChoose(row.name); virtual.scrollToIndex(rows.indexOf(row)); }
    } else if (event.key === 'Escape') onChoose(undefined);
    else return;
    event.preventDefault();
  };
  if (rows.length === 0) return <EmptyState title="Nothing has started yet">Bars appear as steps begin.</EmptyState>;
  const bar = (node: NodeStatus): { left: string; width: string } => {
    const begin = Date.parse(node.startedAt ?? '') || from;
    const end = node.finishedAt ? Date.parse(node.finishedAt) : to;
    return { left: `${((begin - from) / span) * 100}%`, width: `max(3px, ${((end - begin) / span) * 100}%)` };
  };
  const ticks = Array.from({ length: Math.floor(span / tick) + 1 }, (_, i) => i * tick);
  return (
    <div ref={box} className="rows timeline" role="listbox" aria-label="Timeline" tabIndex={0} data-pane-focus onKeyDown={key}>
      <div className="axis" aria-hidden><span className="name soft">{rows.length.toLocaleString('en')} steps in {shortDuration(span)}</span><span className="lane">{ticks.map((ms) => <i key={ms} style={{ left: `${(ms / span) * 100}%` }}>{ms === 0 ? '0' : shortDuration(ms)}</i>)}</span></div>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const phase = phaseOf(row);
          const tries = row.type === 'Retry' ? triesOf(row, nodes) : [];
          const took = between(row.startedAt, row.finishedAt, now) ?? '';
          return (
            <div key={row.id} role="option" aria-selected={row.name === chosen} className="tl" style={{ transform: `translateY(${item.start}px)` }} onClick={() => { onChoose(row.name); }}>
              <span className="name"><PhaseGlyph phase={phase} label /><span className="cut" title={row.displayName}>{row.displayName}</span></span>
              <span className="lane">
                {(tries.length ? tries : [row]).map((each) => <i key={each.id} className={`c-${phaseOf(each)}`} style={bar(each)} title={`${each.displayName}: ${between(each.startedAt, each.finishedAt, now) ?? ''}`} />)}
                <em style={labelAt(row, from, to, span)}>{took}</em>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The duration stands after its bar, or before it near the right edge. */
function labelAt(node: NodeStatus, from: number, to: number, span: number): { left?: string; right?: string } {
  const end = (((node.finishedAt ? Date.parse(node.finishedAt) : to) - from) / span) * 100;
  const begin = ((Date.parse(node.startedAt ?? '') - from) / span) * 100;
  if (end < 90) return { left: `calc(${end}% + 6px)` };
  if (begin > 12) return { right: `calc(${100 - begin}% + 6px)` };
  return { right: '6px' };
}
