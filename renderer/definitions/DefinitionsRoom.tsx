/** A list of CronWorkflows or templates beside the one that is chosen. */
import { TriangleAlert, WifiOff } from 'lucide-react';
import { useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement, ReactNode } from 'react';
import { setUi, useContextSummary, usePlace, useUi } from '../app/store.ts';
import { invoke } from '../app/bridge.ts';
import { unusableState } from '../monitor/RunsRoom.tsx';
import { Sash } from '../ui/pane.tsx';
import { Button, EmptyState, ErrorState, useNarrow } from '../ui/parts.tsx';
import type { Definition, DefinitionList } from './live.ts';

interface RoomProps {
  title: string;
  /** `schedules`; for the filter and for what is said of none. */
  nouns: string;
  list: DefinitionList;
  /** Above the rows. */
  chips?: ReactNode;
  actions: ReactNode;
  row: (definition: Definition) => ReactNode;
  detail: (definition: Definition) => ReactElement;
  empty: ReactElement;
  /** The right that listing needs: `cronworkflows`. */
  resource: string;
}

export function DefinitionsRoom({ title, nouns, list, chips, actions, row, detail, empty, resource }: RoomProps): ReactElement {
  const [text, setText] = useState('');
  const { sizes } = useUi();
  const chosen = useUi((state) => state.definition);
  const narrow = useNarrow();
  const blocked = useBlocked(list, nouns, resource);
  if (blocked) return chips === undefined ? blocked : <div className="blocked">{chips}{blocked}</div>;
  const { found = [] } = list;
  const wanted = text.trim().toLowerCase();
  const shown = found.filter((each) => wanted === '' || [each.name, each.title ?? '', each.description ?? ''].some((words) => words.toLowerCase().includes(wanted)));
  const open = found.find((each) => each.name === chosen?.name && each.kind === chosen.kind);
  const width = sizes['definitions.list'] ?? 340;
  return (
    <div className="panes definitions">
      {narrow && open ? null : (
        <>
          <section className="pane list-pane" style={{ ['--size' as string]: `${width}px` }} aria-label={`List of ${nouns}`} data-pane>
            <header className="h"><h2>{title}</h2><span className="grow" />{actions}</header>
            <div className="filter"><input className="field" type="search" placeholder="Filter by name or description" aria-label={`Filter ${nouns}`} value={text} onChange={(event) => { setText(event.target.value); }} onKeyDown={(event) => { if (event.key === 'Escape') setText(''); }} /></div>
            {chips}
            {list.watch?.state === 'reconnecting' ? <div className="banner" role="status"><WifiOff aria-hidden /><span className="grow">Reconnecting; this is the last known state.</span></div> : null}
            {list.watch?.state === 'forbidden' ? <div className="banner" role="status"><TriangleAlert aria-hidden /><span className="grow">You may not list {resource} here.</span></div> : null}
            <Rows label={title} shown={shown} chosen={open} row={row}>
              {list.found === undefined ? <div className="skeleton" aria-hidden>{[70, 55, 80].map((part) => <i key={part} style={{ width: `${part}%` }} />)}</div>
                : shown.length ? undefined : found.length ? <div className="state"><p>None of {found.length} {nouns} fits the filter.</p><Button onClick={() => { setText(''); }}>Clear the filter</Button></div> : <div className="state"><p>None yet.</p></div>}
            </Rows>
          </section>
          <Sash label="Width of the list" size={width} min={240} max={620} grows="right" onSize={(size) => { setUi({ sizes: { ...sizes, 'definitions.list': size } }); }} />
        </>
      )}
      <section className="pane run" aria-label={open?.name ?? title} data-pane>
        {open ? detail(open) : found.length ? <EmptyState title="Choose one">Arrow keys move in the list.</EmptyState> : list.found === undefined ? null : empty}
      </section>
    </div>
  );
}

function Rows({ label, shown, chosen, row, children }: { label: string; shown: readonly Definition[]; chosen: Definition | undefined; row: (definition: Definition) => ReactNode; children: ReactNode }): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const at = shown.findIndex((each) => each === chosen);
  const choose = (index: number): void => {
    const next = shown[Math.max(0, Math.min(shown.length - 1, index))];
    if (!next) return;
    setUi({ definition: { kind: next.kind, name: next.name } });
    box.current?.querySelector(`#definition-${shown.indexOf(next)}`)?.scrollIntoView({ block: 'nearest' });
  };
  const key = (event: KeyboardEvent): void => {
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: shown.length - 1 };
    const index = to[event.key];
    if (index !== undefined) choose(index);
    else if (event.key === 'Escape') setUi({ definition: undefined });
    else return;
    event.preventDefault();
  };
  return (
    <div ref={box} className="rows" role={children ? 'group' : 'listbox'} aria-label={label} tabIndex={0} data-pane-focus aria-activedescendant={at >= 0 ? `definition-${at}` : undefined} onKeyDown={key}>
      {children ?? shown.map((each, index) => (
        <div key={`${each.kind}/${each.name}`} id={`definition-${index}`} role="option" aria-selected={index === at} className="row still" data-definition={each.name} onClick={() => { choose(index); }}>{row(each)}</div>
      ))}
    </div>
  );
}

/** What stands in the way of seeing any of them. */
function useBlocked({ found, watch, error }: DefinitionList, nouns: string, resource: string): ReactElement | undefined {
  const context = useContextSummary();
  const { contextId, namespace } = usePlace();
  if (found !== undefined) return undefined;
  const retry = (): void => { invoke('contexts.connect', { contextId }).catch(() => undefined); };
  const unusable = context && unusableState(context, namespace, retry);
  if (unusable) return unusable;
  if (watch?.state === 'forbidden') return <ErrorState title={`You may not list ${nouns} in ${namespace}`} hint={`Choose another namespace above, or ask for the right to list and watch ${resource} (argoproj.io).`} raw={watch.error.message} />;
  if (error) return <ErrorState title={`The ${nouns} could not be listed`} hint={error.hint} raw={error.message} actions={<Button kind="primary" onClick={retry}>Try again</Button>} />;
  return undefined;
}
