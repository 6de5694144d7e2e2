import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { NodeStatus } from '../../engine/spec/types.ts';
import { phaseOf, WORST_FIRST } from '../document/model.ts';
import type { Phase } from '../document/model.ts';
import { steps } from '../document/summary.ts';
import { useNow } from '../ui/parts.tsx';
import { PhaseGlyph, PHASE_WORD } from '../ui/phase.tsx';
import { between, clock, exact } from '../ui/time.ts';

const ROW = 30;
const RANK = new Map<Phase, number>(WORST_FIRST.map((phase, i) => [phase, i]));
const COLUMNS = ['Step', 'Phase', 'Template', 'Started', 'Took', 'Message'] as const;
type Column = (typeof COLUMNS)[number];

function took(node: NodeStatus, now: number): number {
  return node.startedAt ? (node.finishedAt ? Date.parse(node.finishedAt) : now) - Date.parse(node.startedAt) : -1;
}

function compare(column: Column, a: NodeStatus, b: NodeStatus, now: number): number {
  switch (column) {
    case 'Step': return a.displayName.localeCompare(b.displayName, 'en', { numeric: true });
    case 'Phase': return (RANK.get(phaseOf(a)) ?? 0) - (RANK.get(phaseOf(b)) ?? 0);
    case 'Template': return (a.templateName ?? '').localeCompare(b.templateName ?? '');
    case 'Started': return (a.startedAt ?? '~').localeCompare(b.startedAt ?? '~') || a.name.localeCompare(b.name, 'en', { numeric: true });
    case 'Took': return took(b, now) - took(a, now);
    case 'Message': return (b.message ?? '').localeCompare(a.message ?? '');
  }
}

interface Props {
  nodes: ReadonlyMap<string, NodeStatus>;
  chosen: string | undefined;
  onChoose: (id: string | undefined) => void;
  onOpen: () => void;
}

/** Every step as a row: sorted by any column, the same selection as the graph. */
export function StepTable({ nodes, chosen, onChoose, onOpen }: Props): ReactElement {
  const [column, setColumn] = useState<Column>('Started');
  const [up, setUp] = useState(true);
  const [text, setText] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(true, 2000);
  const rows = useMemo(() => {
    const wanted = text.toLowerCase();
    const list = steps(nodes).filter((node) => wanted === '' || node.name.toLowerCase().includes(wanted) || (node.message ?? '').toLowerCase().includes(wanted) || phaseOf(node).toLowerCase().startsWith(wanted));
    list.sort((a, b) => compare(column, a, b, Date.now()));
    return up ? list : list.reverse();
  }, [nodes, column, up, text]);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 });
  const at = rows.findIndex((row) => row.name === chosen);
  const key = (event: KeyboardEvent): void => {
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? Math.max(0, at - 1) : event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : undefined;
    if (to !== undefined) {
      const row = rows[Math.min(rows.length - 1, to)];
      if (row) {
        onChoose(row.name);
        virtual.scrollToIndex(rows.indexOf(row));
      }
    } else if (event.key === 'Enter') onOpen();
    else if (event.key === 'Escape') onChoose(undefined);
    else return;
    event.preventDefault();
  };
  return (
    <div className="steptable">
      <div className="log-bar"><input className="field" type="search" placeholder="Filter steps by name, phase or message" aria-label="Filter steps" value={text} onChange={(event) => { setText(event.target.value); }} /><span className="grow" /><span className="soft">{rows.length.toLocaleString('en')} {rows.length === 1 ? 'step' : 'steps'}</span></div>
      <div ref={box} className="rows grid" role="grid" aria-label="Steps" aria-rowcount={rows.length + 1} tabIndex={0} data-pane-focus onKeyDown={key}>
        <div className="tr head-row" role="row" aria-rowindex={1}>
          {COLUMNS.map((each) => (
            <div key={each} role="columnheader" aria-sort={column === each ? (up ? 'ascending' : 'descending') : 'none'}>
              <button type="button" tabIndex={-1} onClick={() => { if (column === each) setUp(!up); else { setColumn(each); setUp(true); } }}>{each}{column === each ? (up ? <ArrowDown aria-hidden /> : <ArrowUp aria-hidden />) : null}</button>
            </div>
          ))}
        </div>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="rowgroup">
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const phase = phaseOf(row);
            return (
              <div key={row.id} role="row" aria-rowindex={item.index + 2} aria-selected={row.name === chosen} className="tr" style={{ transform: `translateY(${item.start}px)` }} onClick={() => { onChoose(row.name); }} onDoubleClick={onOpen}>
                <div role="gridcell" className="cut" title={row.name}>{row.displayName}</div>
                <div role="gridcell"><PhaseGlyph phase={phase} />{PHASE_WORD[phase]}</div>
                <div role="gridcell" className="cut soft" title={row.templateName}>{row.templateName}</div>
                <div role="gridcell" className="soft num" title={exact(row.startedAt)}>{clock(row.startedAt, now)}</div>
                <div role="gridcell" className="soft num">{between(row.startedAt, row.finishedAt, now) ?? ''}</div>
                <div role="gridcell" className="cut soft" title={row.message}>{row.message}</div>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
