/** Lines of one step or of all, following live: virtual, searchable, with the colours of the terminal. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDownToLine, ChevronDown, ChevronUp, Copy, Expand, WrapText } from 'lucide-react';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import type { KeyboardEvent, ReactElement } from 'react';
import type { NodeStatus } from '../../engine/spec/types.ts';
import type { StreamItems } from '../../main/ipc/contract.ts';
import { subscribe } from '../app/bridge.ts';
import type { UiError } from '../app/bridge.ts';
import { usePlace } from '../app/store.ts';
import { Button, RawText, Spinner } from '../ui/parts.tsx';
import { plain, spans } from './ansi.ts';

type Line = StreamItems['runs.logs']['lines'][number];
type Source = StreamItems['runs.logs']['source'];

/** More lines than this are not kept in the window: the oldest go. */
const KEPT = 200_000;
/** A longer line is cut on screen; copying takes all of it. */
const LONG = 2000;
const LINE = 20;
const PAINT_MS = 100;

interface LogProps {
  name: string;
  nodeId?: string;
  nodes: ReadonlyMap<string, NodeStatus>;
  label: string;
  live: boolean;
  containers?: string[];
  /** A part of a page: fewer tools. */
  compact?: boolean;
  onGrow?: () => void;
  onChoose?: (id: string) => void;
}

interface Log {
  lines: Line[];
  /** Lines that are no longer kept. */
  dropped: number;
  source: Source;
  ended: boolean;
  error: UiError | undefined;
}

const NO_LOG: Log = { lines: [], dropped: 0, source: undefined, ended: false, error: undefined };

function useLog(name: string, nodeId: string | undefined, container: string | undefined): Log {
  const { contextId, namespace } = usePlace();
  const [log, setLog] = useState<Log>(NO_LOG);
  useEffect(() => {
    setLog(NO_LOG);
    let gathered: Line[] = [];
    let source: Source;
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = (): void => {
      timer = undefined;
      const more = gathered;
      gathered = [];
      setLog((before) => {
        const all = before.lines.length + more.length;
        const lines = all > KEPT ? [...before.lines, ...more].slice(-KEPT) : [...before.lines, ...more];
        return { ...before, lines, dropped: before.dropped + all - lines.length, source: source ?? before.source, ended };
      });
    };
    const close = subscribe('runs.logs', { contextId, namespace, name, follow: true, ...(nodeId === undefined ? {} : { nodeId }), ...(container === undefined ? {} : { container }) }, (item) => {
      for (const line of item.lines) gathered.push(line);
      source = item.source ?? source;
      ended = item.end ?? ended;
      timer ??= setTimeout(flush, PAINT_MS);
    }, (error) => { setLog((before) => ({ ...before, error, ended: true })); });
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [contextId, namespace, name, nodeId, container]);
  return log;
}

const SOURCE_WORD: Record<NonNullable<Source>, string> = { pod: 'from the Pod', kept: 'kept by Tiphys; may be incomplete', archived: 'from the archive', gone: 'the Pod is gone' };

export function LogView({ name, nodeId, nodes, label, live, containers = [], compact, onGrow, onChoose }: LogProps): ReactElement {
  const [container, setContainer] = useState<string>();
  const log = useLog(name, nodeId, container);
  const [wrap, setWrap] = useState(false);
  const [follow, setFollow] = useState(true);
  const search = useSearch(log.lines);
  const copy = (): void => { void navigator.clipboard.writeText(log.lines.map((line) => plain(line.text)).join('\n')); };
  return (
    <div className={compact ? 'log compact' : 'log'}>
      <div className="log-bar">
        <span className="sec">Log</span>
        {containers.length > 1 ? <select className="field" aria-label="Container" value={container ?? containers[0]} onChange={(event) => { setContainer(event.target.value === containers[0] ? undefined : event.target.value); }}>{containers.map((each) => <option key={each}>{each}</option>)}</select> : null}
        <span className="soft cut source">{log.source === undefined || log.source === 'pod' ? '' : SOURCE_WORD[log.source]}{log.dropped ? `${log.dropped.toLocaleString('en')} older lines are not kept` : ''}</span>
        <span className="grow" />
        {compact ? null : <SearchField search={search} onJump={() => { setFollow(false); }} />}
        {live || follow ? <Button kind="quiet" size="small" aria-pressed={follow} tip="Stay at the end as lines come" onClick={() => { setFollow(!follow); }}><ArrowDownToLine aria-hidden />{compact ? '' : 'Follow'}<span className="sr">{compact ? 'Follow' : ''}</span></Button> : null}
        {compact ? null : <Button kind="quiet" size="icon small" aria-pressed={wrap} tip="Wrap long lines" onClick={() => { setWrap(!wrap); }}><WrapText aria-hidden /></Button>}
        <Button kind="quiet" size="icon small" tip="Copy the log" onClick={copy}><Copy aria-hidden /></Button>
        {compact && onGrow ? <Button kind="quiet" size="icon small" tip="Open the log" onClick={onGrow}><Expand aria-hidden /></Button> : null}
      </div>
      <Lines lines={log.lines} wrap={wrap || Boolean(compact)} follow={follow} setFollow={setFollow} label={label} search={search} nodes={nodeId === undefined ? nodes : undefined} onChoose={onChoose} times={!compact}>
        <LogState log={log} live={live} />
      </Lines>
    </div>
  );
}

function LogState({ log, live }: { log: Log; live: boolean }): ReactElement | null {
  if (log.error) return <div className="log-state"><p>The log could not be read. {log.error.hint}</p><RawText text={log.error.message} /></div>;
  if (log.lines.length > 0) return null;
  if (log.source === 'gone') return <p className="log-state">The Pod is gone and nothing of its log was kept.</p>;
  if (log.ended || !live) return <p className="log-state">{log.ended ? 'It wrote nothing.' : 'No lines yet.'}</p>;
  return <p className="log-state"><Spinner label="Waiting for the first line" />Waiting for the first line</p>;
}

interface Search {
  text: string;
  setText: (text: string) => void;
  hits: readonly number[];
  /** Index into `hits`. */
  at: number;
  go: (step: number) => void;
}

function useSearch(lines: readonly Line[]): Search {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const wanted = text.toLowerCase();
  const hits = useMemo(() => {
    if (wanted === '') return [];
    const found: number[] = [];
    lines.forEach((line, i) => { if (plain(line.text).toLowerCase().includes(wanted)) found.push(i); });
    return found;
  }, [lines, wanted]);
  return { text, hits, at: Math.min(at, Math.max(0, hits.length - 1)), setText: (next) => { setText(next); setAt(0); }, go: (step) => { setAt((now) => (now + step + hits.length) % Math.max(1, hits.length)); } };
}

function SearchField({ search, onJump }: { search: Search; onJump: () => void }): ReactElement {
  const go = (step: number): void => {
    onJump();
    search.go(step);
  };
  return (
    <span className="log-search">
      <input
        className="field" type="search" placeholder="Search the log" aria-label="Search the log" value={search.text} onChange={(event) => { search.setText(event.target.value); onJump(); }}
        onKeyDown={(event) => { if (event.key === 'Enter') go(event.shiftKey ? -1 : 1); if (event.key === 'Escape') search.setText(''); }}
      />
      {search.text === '' ? null : <><span className="soft" role="status">{search.hits.length ? `${(search.at + 1).toLocaleString('en')} of ${search.hits.length.toLocaleString('en')}` : 'none'}</span>
        <Button kind="quiet" size="icon small" tip="Before" keys="Shift+Enter" onClick={() => { go(-1); }}><ChevronUp aria-hidden /></Button><Button kind="quiet" size="icon small" tip="Next" keys="Enter" onClick={() => { go(1); }}><ChevronDown aria-hidden /></Button></>}
    </span>
  );
}

interface LinesProps {
  lines: readonly Line[];
  wrap: boolean;
  follow: boolean;
  setFollow: (on: boolean) => void;
  label: string;
  search: Search;
  /** Given when lines are of several steps. */
  nodes: ReadonlyMap<string, NodeStatus> | undefined;
  onChoose: ((id: string) => void) | undefined;
  times: boolean;
  children: ReactElement;
}

function Lines({ lines, wrap, follow, setFollow, label, search, nodes, onChoose, times, children }: LinesProps): ReactElement {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => LINE, overscan: 20 });
  const last = lines.length - 1;
  useEffect(() => { if (follow && last >= 0) virtual.scrollToIndex(last, { align: 'end' }); }, [follow, last, virtual, wrap]);
  const hit = search.hits[search.at];
  useEffect(() => { if (hit !== undefined && search.text !== '') virtual.scrollToIndex(hit, { align: 'center' }); }, [hit, search.text, virtual]);
  useEffect(() => { virtual.measure(); }, [wrap, virtual]);
  const key = (event: KeyboardEvent): void => {
    const element = box.current;
    if (!element) return;
    if (event.key === 'End') { setFollow(true); element.scrollTop = element.scrollHeight; }
    else if (event.key === 'Home') { setFollow(false); element.scrollTop = 0; }
    else return;
    event.preventDefault();
  };
  const wheel = (): void => {
    const element = box.current;
    if (!element) return;
    const end = element.scrollHeight - element.scrollTop - element.clientHeight < LINE;
    if (!end && follow) setFollow(false);
  };
  return (
    <div ref={box} className="lines mono" data-wrap={wrap || undefined} role="log" aria-label={label} aria-live="off" tabIndex={0} onKeyDown={key} onWheel={wheel}>
      {lines.length === 0 ? children : (
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            const step = nodes?.get(line.nodeId);
            return (
              <div key={item.key} data-index={item.index} ref={wrap ? virtual.measureElement : undefined} className="line" data-hit={item.index === hit && search.text !== '' ? true : undefined} style={{ transform: `translateY(${item.start}px)` }}>
                {line.time === undefined ? null : <i title={line.time}>{times ? line.time.slice(11, 19) : line.time.slice(11, 19)} </i>}
                {nodes ? <button type="button" tabIndex={-1} className="of" title={step?.displayName ?? line.nodeId} onClick={() => { if (step) onChoose?.(step.name); }}>{step?.displayName ?? line.nodeId}</button> : null}
                <Text text={line.text} find={search.text} />
              </div>
            );
          })}
        </div>
      )}
    </div>
  );
}

const Text = memo(function Text({ text, find }: { text: string; find: string }): ReactElement {
  const long = text.length > LONG;
  const parts = spans(long ? text.slice(0, LONG) : text);
  return (
    <span className="t">
      {parts.map((span, i) => <span key={i} className={[span.bold ? 'bold' : '', span.dim ? 'soft' : ''].join(' ')} style={span.color === undefined ? undefined : { color: `var(--ansi-${span.color})` }}>{marked(span.text, find)}</span>)}
      {long ? <span className="soft"> … {(text.length - LONG).toLocaleString('en')} more characters</span> : null}
    </span>
  );
});

function marked(text: string, find: string): (string | ReactElement)[] | string {
  if (find === '') return text;
  const lower = text.toLowerCase();
  const wanted = find.toLowerCase();
  const out: (string | ReactElement)[] = [];
  let last = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, last)) {
    out.push(text.slice(last, at), <mark key={at}>{text.slice(at, at + wanted.length)}</mark>);
    last = at + wanted.length;
  }
  out.push(text.slice(last));
  return out;
}
